//! Areas between two curves, as strips that any painter can fill: both edges have their points at the same places.

use crate::page::{AxesFrame, Rect, Strip};

use super::path::column_of;

/// Projects, decimates and clips the area between two curves; a gap in either ends a strip.
///
/// - `x`, `lo`, `hi`: same length, data units.
pub(super) fn strips(x: &[f64], lo: &[f64], hi: &[f64], frame: &AxesFrame, rect: Rect) -> Vec<Vec<Strip>> {
    let mut out = Vec::new();
    let mut strip: Vec<Strip> = Vec::new();
    let mut column: Vec<Strip> = Vec::new();
    let mut index = i32::MIN;
    for ((x, lo), hi) in x.iter().zip(lo).zip(hi) {
        if !x.is_finite() || lo.is_nan() || hi.is_nan() {
            flush(&mut column, &mut strip);
            keep(&mut strip, rect, &mut out);
            continue;
        }
        let (a, b) = (frame.y.place(*hi), frame.y.place(*lo));
        let p = Strip { x: frame.x.place(*x), top: a.min(b), bottom: a.max(b) };
        let at = column_of(p.x, rect);
        if at != index {
            flush(&mut column, &mut strip);
            index = at;
        }
        column.push(p);
    }
    flush(&mut column, &mut strip);
    keep(&mut strip, rect, &mut out);
    out
}

/// Of a crowded column stay the ends and between them its whole extent.
fn flush(column: &mut Vec<Strip>, strip: &mut Vec<Strip>) {
    if let ([first, .., last], true) = (&column[..], column.len() > 3) {
        let top = column.iter().map(|p| p.top).fold(f32::MAX, f32::min);
        let bottom = column.iter().map(|p| p.bottom).fold(f32::MIN, f32::max);
        strip.extend([*first, Strip { x: f32::midpoint(first.x, last.x), top, bottom }, *last]);
    } else {
        strip.extend_from_slice(column);
    }
    column.clear();
}

fn keep(strip: &mut Vec<Strip>, rect: Rect, out: &mut Vec<Vec<Strip>>) {
    let clipped = clip(strip, rect);
    strip.clear();
    if clipped.len() > 1 {
        out.push(clipped);
    }
}

/// Cuts a strip at the edges of a rectangle: new places where an edge crosses, then everything pressed inside.
fn clip(strip: &[Strip], rect: Rect) -> Vec<Strip> {
    let mut out = Vec::with_capacity(strip.len());
    for pair in strip.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if a.x.max(b.x) < rect.x || a.x.min(b.x) > rect.right() {
            continue;
        }
        let mut cuts = vec![0.0_f32, 1.0];
        let mut cut = |from: f32, to: f32, edge: f32| {
            let t = (edge - from) / (to - from);
            if t > 0.0 && t < 1.0 {
                cuts.push(t);
            }
        };
        for edge in [rect.x, rect.right()] {
            cut(a.x, b.x, edge);
        }
        for edge in [rect.y, rect.bottom()] {
            cut(a.top, b.top, edge);
            cut(a.bottom, b.bottom, edge);
        }
        cuts.sort_by(f32::total_cmp);
        for t in cuts {
            let mix = |a: f32, b: f32| a + (b - a) * t;
            let x = mix(a.x, b.x);
            // Rounding must not lose the cut itself.
            if x < rect.x - 0.01 || x > rect.right() + 0.01 {
                continue;
            }
            let inside = |y: f32| y.clamp(rect.y, rect.bottom());
            let x = x.clamp(rect.x, rect.right());
            let p = Strip { x, top: inside(mix(a.top, b.top)), bottom: inside(mix(a.bottom, b.bottom)) };
            if out.last() != Some(&p) {
                out.push(p);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Projection;
    use crate::scene::{Scale, Side};

    const RECT: Rect = Rect { x: 0.0, y: 0.0, w: 100.0, h: 100.0 };

    fn area(strips: &[Vec<Strip>]) -> f32 {
        let part = |a: &Strip, b: &Strip| (b.x - a.x) * ((a.bottom - a.top) + (b.bottom - b.top)) / 2.0;
        strips.iter().flat_map(|s| s.windows(2).map(|w| part(&w[0], &w[1]))).sum()
    }

    fn frame(y: (f64, f64)) -> AxesFrame {
        let x = Projection::new(Scale::Linear, (0.0, 10.0), (0.0, 100.0));
        AxesFrame::new(x, Projection::new(Scale::Linear, y, (100.0, 0.0)), Side::Left)
    }

    #[test]
    fn the_area_is_kept_and_cut_at_the_edges() {
        // A triangle of height 10 over 0..10: half of the square.
        let (x, lo, hi) = ([0.0, 10.0], [0.0, 0.0], [0.0, 10.0]);
        let whole = strips(&x, &lo, &hi, &frame((0.0, 10.0)), RECT);
        assert!((area(&whole) - 5000.0).abs() < 0.1, "{}", area(&whole));
        // Seen up to half its height: half a triangle (1/8 of the square, stretched twofold) and a full half.
        let cut = strips(&x, &lo, &hi, &frame((0.0, 5.0)), RECT);
        assert!((area(&cut) - 7500.0).abs() < 0.1, "{}", area(&cut));
    }

    #[test]
    fn gaps_part_strips_and_crowds_shrink() {
        let x: Vec<f64> = (0..10_000).map(|i| f64::from(i) / 1000.0).collect();
        let lo = vec![2.0; x.len()];
        let mut hi = vec![8.0; x.len()];
        hi[5000] = f64::NAN;
        let strips = strips(&x, &lo, &hi, &frame((0.0, 10.0)), RECT);
        assert_eq!(strips.len(), 2);
        assert!(strips.iter().map(Vec::len).sum::<usize>() < 900);
        assert!((area(&strips) - 6000.0).abs() < 2.0, "{}", area(&strips));
    }
}
