//! Curves on the page: projection, decimation to what can be seen, exact clipping.

use super::decimate::{COLUMN_PT, decimated};
use super::pyramid::Pyramid;
use crate::page::{AxesFrame, Pt, Rect, pt};
use crate::scene::Column;

/// A curve as runs of points inside `rect`, and its single points that no line shows.
#[derive(Debug, Default)]
pub(super) struct Curve {
    pub(super) runs: Vec<Vec<Pt>>,
    pub(super) dots: Vec<Pt>,
}

/// Projects, decimates and clips a curve.
///
/// - `x`, `y`: same length, data units; a non-number in either is a gap.
/// - `pyramid`: of `y`, where there is one; `x` ascends then.
pub(super) fn curve(x: &Column, y: &Column, pyramid: Option<&Pyramid>, frame: &AxesFrame, rect: Rect) -> Curve {
    let mut out = Curve::default();
    for run in decimated(x, y, pyramid, frame) {
        if let [only] = run[..] {
            if rect.contains(only) {
                out.dots.push(only);
            }
            continue;
        }
        if run.iter().all(|p| rect.contains(*p)) {
            out.runs.push(run);
        } else {
            clip_line(&run, rect, &mut out.runs);
        }
    }
    out
}

/// Number of the column of a position.
pub(super) fn column_of(x: f32, rect: Rect) -> i32 {
    let column = (x - rect.x) * (1.0 / COLUMN_PT);
    // Rounding down without the call that `floor` is on the oldest processors.
    column as i32 - i32::from(column < 0.0)
}

/// The parts of a polyline inside a rectangle, appended to `out`.
pub(super) fn clip_line(line: &[Pt], rect: Rect, out: &mut Vec<Vec<Pt>>) {
    let mut run: Vec<Pt> = Vec::new();
    for pair in line.windows(2) {
        match clip_segment(pair[0], pair[1], rect) {
            Some((a, b)) => {
                if run.last() != Some(&a) {
                    keep(&mut run, out);
                    run.push(a);
                }
                run.push(b);
                if b != pair[1] {
                    keep(&mut run, out);
                }
            }
            None => keep(&mut run, out),
        }
    }
    keep(&mut run, out);
}

fn keep(run: &mut Vec<Pt>, out: &mut Vec<Vec<Pt>>) {
    if run.len() > 1 {
        out.push(std::mem::take(run));
    } else {
        run.clear();
    }
}

/// Liang and Barsky's clipping of one segment. Ends inside come back unchanged.
fn clip_segment(a: Pt, b: Pt, rect: Rect) -> Option<(Pt, Pt)> {
    if rect.contains(a) && rect.contains(b) {
        return Some((a, b));
    }
    // Far points have few digits left in f32: the differences need f64.
    let (ax, ay) = (f64::from(a.x), f64::from(a.y));
    let (dx, dy) = (f64::from(b.x) - ax, f64::from(b.y) - ay);
    let (mut t0, mut t1) = (0.0_f64, 1.0_f64);
    let edges = [
        (-dx, ax - f64::from(rect.x)),
        (dx, f64::from(rect.right()) - ax),
        (-dy, ay - f64::from(rect.y)),
        (dy, f64::from(rect.bottom()) - ay),
    ];
    for (p, q) in edges {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            t0 = t0.max(q / p);
        } else {
            t1 = t1.min(q / p);
        }
    }
    if t0 > t1 {
        return None;
    }
    // Rounding must not leave the rectangle.
    let at = |t: f64| {
        pt(((ax + t * dx) as f32).clamp(rect.x, rect.right()), ((ay + t * dy) as f32).clamp(rect.y, rect.bottom()))
    };
    Some((if t0 == 0.0 { a } else { at(t0) }, if t1 == 1.0 { b } else { at(t1) }))
}

/// A polygon clipped to a rectangle (Sutherland and Hodgman); empty when nothing is left.
pub(super) fn clip_polygon(points: &[Pt], rect: Rect) -> Vec<Pt> {
    let mut ring = points.to_vec();
    for side in 0..4 {
        let depth = |p: &Pt| match side {
            0 => p.x - rect.x,
            1 => rect.right() - p.x,
            2 => p.y - rect.y,
            _ => rect.bottom() - p.y,
        };
        let mut next = Vec::with_capacity(ring.len() + 4);
        for i in 0..ring.len() {
            let (a, b) = (ring[i], ring[(i + 1) % ring.len()]);
            let (da, db) = (depth(&a), depth(&b));
            if da >= 0.0 {
                next.push(a);
            }
            if (da >= 0.0) != (db >= 0.0) {
                let t = da / (da - db);
                next.push(pt(a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)));
            }
        }
        ring = next;
    }
    for p in &mut ring {
        *p = pt(p.x.clamp(rect.x, rect.right()), p.y.clamp(rect.y, rect.bottom()));
    }
    if ring.len() < 3 { Vec::new() } else { ring }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Projection;
    use crate::scene::{Scale, Side};

    const RECT: Rect = Rect { x: 10.0, y: 20.0, w: 100.0, h: 50.0 };

    fn frame(x: (f64, f64), y: (f64, f64)) -> AxesFrame {
        AxesFrame::new(
            Projection::new(Scale::Linear, x, (RECT.x, RECT.right())),
            Projection::new(Scale::Linear, y, (RECT.bottom(), RECT.y)),
            Side::Left,
        )
    }

    #[test]
    fn a_gap_ends_a_run_and_a_lonely_point_is_a_dot() {
        let x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let y = [1.0, 2.0, f64::NAN, 3.0, f64::NAN, 4.0, 5.0];
        let c = curve(&x.into(), &y.into(), None, &frame((0.0, 6.0), (0.0, 6.0)), RECT);
        assert_eq!((c.runs.len(), c.dots.len()), (2, 1));
        assert_eq!(c.dots[0], pt(60.0, 45.0));
    }

    #[test]
    fn lines_end_exactly_at_the_edge() {
        let mut out = Vec::new();
        clip_line(&[pt(0.0, 45.0), pt(120.0, 45.0)], RECT, &mut out);
        assert_eq!(out, [vec![pt(10.0, 45.0), pt(110.0, 45.0)]]);
        out.clear();
        // Leaves through the top and comes back: two runs.
        clip_line(&[pt(20.0, 30.0), pt(30.0, 10.0), pt(40.0, 30.0)], RECT, &mut out);
        assert_eq!(out, [vec![pt(20.0, 30.0), pt(25.0, 20.0)], vec![pt(35.0, 20.0), pt(40.0, 30.0)]]);
        out.clear();
        clip_line(&[pt(0.0, 0.0), pt(5.0, 200.0)], RECT, &mut out);
        assert!(out.is_empty());
    }

    #[test]
    fn polygons_are_cut_at_the_edge() {
        let ring = clip_polygon(&[pt(0.0, 30.0), pt(60.0, 30.0), pt(60.0, 60.0), pt(0.0, 60.0)], RECT);
        let area: f32 = (0..ring.len())
            .map(|i| (ring[i], ring[(i + 1) % ring.len()]))
            .map(|(a, b)| a.x * b.y - b.x * a.y)
            .sum::<f32>()
            .abs()
            / 2.0;
        assert!((area - 50.0 * 30.0).abs() < 0.01, "{area}");
        assert!(clip_polygon(&[pt(0.0, 0.0), pt(5.0, 0.0), pt(5.0, 5.0)], RECT).is_empty());
    }
}
