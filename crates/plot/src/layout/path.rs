//! Curves on the page: projection, decimation to what can be seen, exact clipping.

use super::pyramid::Pyramid;
use crate::page::{AxesFrame, Pt, Rect, pt};

/// Width of the columns within which a curve keeps only its first, lowest, highest and last point, in points.
/// Half a point is less than a pixel at 100 dpi.
const COLUMN_PT: f32 = 0.5;

/// Corners that stick out less than this are not worth a point: less than the SVG's own unit of a sixteenth.
const FLAT_PT: f32 = 0.04;

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
pub(super) fn curve(x: &[f64], y: &[f64], pyramid: Option<&Pyramid>, frame: &AxesFrame, rect: Rect) -> Curve {
    let mut out = Curve::default();
    for run in decimated(x, y, pyramid, frame, rect) {
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

/// Projected runs, at most four points per column.
fn decimated(x: &[f64], y: &[f64], pyramid: Option<&Pyramid>, frame: &AxesFrame, rect: Rect) -> Vec<Vec<Pt>> {
    let n = x.len().min(y.len());
    let (mut lo, mut hi) = (0, n);
    // Only what is in view, and one neighbour on each side so that lines reach the edges.
    if n > 0 && (pyramid.is_some() || x[..n].is_sorted()) {
        let (a, b) = frame.x.limits();
        let (a, b) = (a.min(b), a.max(b));
        lo = x[..n].partition_point(|v| *v < a).saturating_sub(1);
        hi = (x[..n].partition_point(|v| *v <= b) + 1).min(n);
    }
    let mut runs = Vec::new();
    let mut column = Column::default();
    let mut run: Vec<Pt> = Vec::new();
    let place = |x: f64, y: f64| pt(frame.x.place(x), frame.y.place(y));
    let mut i = lo;
    // Points of the column before: the next one has about as many.
    let mut expected = FEW;
    while i < hi {
        let mut after = i + 1;
        if pyramid.is_some() {
            after = end_of_column(x, frame, rect, i..hi, expected);
            expected = after - i;
        }
        while i < after {
            if let Some(pyramid) = pyramid
                && after - i > FEW
                && let Some((upto, extremes)) = without_gap(pyramid, y, i..after)
            {
                let index = column_of(frame.x.place(x[i]), rect);
                if column.index != index {
                    column.flush(&mut run);
                    column.index = index;
                }
                column.add_all(i..upto, extremes, |i| place(x[i], y[i]));
                i = upto;
                continue;
            }
            let (at, value) = (x[i], y[i]);
            i += 1;
            if !at.is_finite() || value.is_nan() {
                column.flush(&mut run);
                if !run.is_empty() {
                    runs.push(simplified(&run));
                    run.clear();
                }
                continue;
            }
            let p = place(at, value);
            let index = column_of(p.x, rect);
            if column.index != index {
                column.flush(&mut run);
                column.index = index;
            }
            column.add(p);
        }
    }
    column.flush(&mut run);
    if !run.is_empty() {
        runs.push(simplified(&run));
    }
    runs
}

/// Fewer points of a column are looked through one by one.
const FEW: usize = 16;

/// The points from the first of a range to a gap or to its end, if they are many: where they end, and their extremes.
fn without_gap(pyramid: &Pyramid, y: &[f64], range: std::ops::Range<usize>) -> Option<(usize, (usize, usize))> {
    if let Some(extremes) = pyramid.extremes(y, range.clone()) {
        return Some((range.end, extremes));
    }
    let gap = pyramid.gap(y, range.clone());
    let extremes = (gap - range.start > FEW).then(|| pyramid.extremes(y, range.start..gap)).flatten();
    extremes.map(|extremes| (gap, extremes))
}

/// Where the column of the first of these points ends. x ascends, so do columns: galloping from where it is expected, then halving.
fn end_of_column(x: &[f64], frame: &AxesFrame, rect: Rect, range: std::ops::Range<usize>, expected: usize) -> usize {
    let column = |i: usize| column_of(frame.x.place(x[i]), rect);
    let forward = frame.x.pos_ascends();
    let here = column(range.start);
    let same = |i: usize| if forward { column(i) <= here } else { column(i) >= here };
    // The last point known to be inside, and the first known not to be.
    let (mut inside, mut outside) = (range.start, range.end);
    let guess = range.start + expected;
    if guess < range.end {
        let mut step = 1;
        if same(guess) {
            inside = guess;
            while inside + step < range.end && same(inside + step) {
                inside += step;
                step *= 2;
            }
            outside = (inside + step).min(range.end);
        } else {
            outside = guess;
            while outside - inside > step && !same(outside - step) {
                outside -= step;
                step *= 2;
            }
            inside = inside.max(outside.saturating_sub(step));
        }
    }
    while outside - inside > 1 {
        let middle = usize::midpoint(inside, outside);
        if same(middle) {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    outside
}

/// Number of the column of a position.
pub(super) fn column_of(x: f32, rect: Rect) -> i32 {
    let column = (x - rect.x) * (1.0 / COLUMN_PT);
    // Rounding down without the call that `floor` is on the oldest processors.
    column as i32 - i32::from(column < 0.0)
}

/// Extremes of consecutive points in one column, each with its order of arrival.
#[derive(Default)]
struct Column {
    index: i32,
    count: usize,
    first: Pt,
    last: Pt,
    top: (usize, Pt),
    low: (usize, Pt),
}

impl Column {
    fn add(&mut self, p: Pt) {
        if self.count == 0 {
            self.first = p;
            self.top = (0, p);
            self.low = (0, p);
        }
        if p.y < self.top.1.y {
            self.top = (self.count, p);
        }
        if p.y > self.low.1.y {
            self.low = (self.count, p);
        }
        self.last = p;
        self.count += 1;
    }

    /// Consecutive points at once; `extremes` are the indices of the first lowest and the first highest value.
    fn add_all(&mut self, range: std::ops::Range<usize>, extremes: (usize, usize), place: impl Fn(usize) -> Pt) {
        let (low, high) = extremes;
        let (a, b) = (place(low), place(high));
        // Downwards on paper: an inverted axis has its highest value at the bottom. Equal ones are both at the first.
        let ((top, at_top), (bottom, at_bottom)) =
            if b.y <= a.y { ((high, b), (low, a)) } else { ((low, a), (high, b)) };
        if self.count == 0 {
            self.first = place(range.start);
        }
        if self.count == 0 || at_top.y < self.top.1.y {
            self.top = (self.count + top - range.start, at_top);
        }
        if self.count == 0 || at_bottom.y > self.low.1.y {
            self.low = (self.count + bottom - range.start, at_bottom);
        }
        self.last = place(range.end - 1);
        self.count += range.len();
    }

    fn flush(&mut self, run: &mut Vec<Pt>) {
        if self.count == 0 {
            return;
        }
        let (a, b) = if self.top.0 <= self.low.0 { (self.top.1, self.low.1) } else { (self.low.1, self.top.1) };
        for p in [self.first, a, b, self.last] {
            push(run, p);
        }
        self.count = 0;
    }
}

/// Appends a point unless it repeats the last one.
fn push(run: &mut Vec<Pt>, p: Pt) {
    if run.last() != Some(&p) {
        run.push(p);
    }
}

/// The run without corners that lie within [`FLAT_PT`] of a straight line through their neighbours that stay.
///
/// From each corner kept, points are passed over while one direction passes them all at that distance (sleeve fitting):
/// one pass, and smooth curves shrink to a tenth while noise keeps every point.
fn simplified(run: &[Pt]) -> Vec<Pt> {
    let Some(&first) = run.first() else { return Vec::new() };
    let cross = |a: Pt, b: Pt| a.x * b.y - a.y * b.x;
    let mut out = Vec::with_capacity(run.len());
    out.push(first);
    let mut anchor = first;
    let mut before = first;
    let mut reach = 0.0_f32;
    // Outermost directions from the anchor that still pass every point: clockwise and counter-clockwise.
    let mut sleeve: Option<(Pt, Pt)> = None;
    for &p in &run[1..] {
        let mut d = pt(p.x - anchor.x, p.y - anchor.y);
        // Plain roots: page coordinates neither overflow nor vanish, and `hypot` costs as much as the rest.
        let mut r = (d.x * d.x + d.y * d.y).sqrt();
        let inside = sleeve.is_none_or(|(low, high)| cross(low, d) >= 0.0 && cross(d, high) >= 0.0);
        if r < reach || !inside {
            out.push(before);
            anchor = before;
            sleeve = None;
            d = pt(p.x - anchor.x, p.y - anchor.y);
            r = (d.x * d.x + d.y * d.y).sqrt();
        }
        reach = r;
        before = p;
        if r > FLAT_PT {
            let side = pt(-d.y / r * FLAT_PT, d.x / r * FLAT_PT);
            let (mut low, mut high) = (pt(d.x - side.x, d.y - side.y), pt(d.x + side.x, d.y + side.y));
            if let Some((l, h)) = sleeve {
                low = if cross(l, low) >= 0.0 { low } else { l };
                high = if cross(high, h) >= 0.0 { high } else { h };
            }
            sleeve = Some((low, high));
        }
    }
    push(&mut out, before);
    out
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
        let c = curve(&x, &y, None, &frame((0.0, 6.0), (0.0, 6.0)), RECT);
        assert_eq!((c.runs.len(), c.dots.len()), (2, 1));
        assert_eq!(c.dots[0], pt(60.0, 45.0));
    }

    #[test]
    fn decimation_keeps_extremes_and_order() {
        // 100 000 points, one outlier each way inside the same column.
        let x: Vec<f64> = (0..100_000).map(f64::from).collect();
        let mut y = vec![5.0; 100_000];
        y[50_010] = 9.0;
        y[50_020] = 1.0;
        let runs = decimated(&x, &y, None, &frame((0.0, 1e5), (0.0, 10.0)), RECT);
        assert_eq!(runs.len(), 1);
        assert!(runs[0].len() < 12, "level stretches shrink to their ends: {}", runs[0].len());
        let top = runs[0].iter().map(|p| p.y).fold(f32::MAX, f32::min);
        let low = runs[0].iter().map(|p| p.y).fold(f32::MIN, f32::max);
        assert_eq!((top, low), (25.0, 65.0));
        assert!(runs[0].windows(2).all(|w| w[0].x <= w[1].x + 1e-3));
    }

    #[test]
    fn smooth_curves_lose_points_but_not_their_shape() {
        let x: Vec<f64> = (0..2000).map(|i| f64::from(i) / 20.0).collect();
        let y: Vec<f64> = x.iter().map(|v| 5.0 + 4.0 * (v / 10.0).sin()).collect();
        let frame = frame((0.0, 100.0), (0.0, 10.0));
        let runs = decimated(&x, &y, None, &frame, RECT);
        assert!(runs[0].len() < 100, "{}", runs[0].len());
        for (x, y) in x.iter().zip(&y) {
            let p = pt(frame.x.place(*x), frame.y.place(*y));
            let off = runs[0].windows(2).map(|w| distance(p, w[0], w[1])).fold(f32::MAX, f32::min);
            assert!(off < 2.1 * FLAT_PT, "{p:?} is {off} off");
        }
    }

    fn distance(p: Pt, a: Pt, b: Pt) -> f32 {
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let t = (((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy).max(1e-12)).clamp(0.0, 1.0);
        (a.x + t * dx - p.x).hypot(a.y + t * dy - p.y)
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

    #[test]
    fn only_the_visible_part_is_projected() {
        let x: Vec<f64> = (0..1000).map(f64::from).collect();
        let zigzag: Vec<f64> = (0..1000).map(|i| f64::from(i % 2) * 1000.0).collect();
        let runs = decimated(&x, &zigzag, None, &frame((500.0, 510.0), (0.0, 1000.0)), RECT);
        assert_eq!(runs[0].len(), 13, "eleven in view, one on each side");
    }

    #[test]
    fn a_pyramid_changes_nothing_but_the_time_it_takes() {
        let mut seed = 3_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 40) as f64
        };
        let x: Vec<f64> = (0..60_000).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| if *x % 20_011.0 == 7.0 { f64::NAN } else { next() }).collect();
        let pyramid = Pyramid::new(&y);
        for (limits, values) in [
            ((0.0, 60_000.0), (0.0, 2e7)),
            ((0.0, 60_000.0), (2e7, 0.0)),
            ((60_000.0, 0.0), (0.0, 2e7)),
            ((20_000.5, 31_000.0), (0.0, 1e6)),
            ((5.0, 5.5), (0.0, 2e7)),
            ((-1e6, 1e6), (-1e9, 1e9)),
        ] {
            let frame = frame(limits, values);
            assert_eq!(
                decimated(&x, &y, Some(&pyramid), &frame, RECT),
                decimated(&x, &y, None, &frame, RECT),
                "{limits:?}"
            );
        }
    }
}
