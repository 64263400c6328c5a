//! Curves of any length as few points: what can be seen of them, the same whether their extremes were known beforehand or not.
//!
//! The page is divided into narrow columns, and of each a curve keeps its first, highest, lowest and last point. Columns are
//! counted from the value 0, not from the edge of the page: panning moves them along with the data, so that a picture does not
//! shimmer, and what was found out about a column holds until the zoom changes.

use super::pyramid::Pyramid;
use crate::page::{AxesFrame, Pt, pt};
use crate::scene::Column;

/// Width of the columns within which a curve keeps only its first, lowest, highest and last point, in points.
/// Half a point is less than a pixel at 100 dpi.
pub(super) const COLUMN_PT: f32 = 0.5;

/// Corners that stick out less than this are not worth a point: less than the SVG's own unit of a sixteenth.
const FLAT_PT: f32 = 0.04;

/// Projected runs of the part that is in view, at most four points per column.
///
/// - `x`, `y`: same length, data units; a non-number in either is a gap.
/// - `pyramid`: of `y`, where there is one; `x` ascends then.
pub(super) fn decimated(x: &Column, y: &Column, pyramid: Option<&Pyramid>, frame: &AxesFrame) -> Vec<Vec<Pt>> {
    let columns = Columns { x, n: x.len().min(y.len()), frame };
    let (mut i, hi) = columns.in_view(pyramid.is_some());
    let mut out = Runs::default();
    let place = |(x, y): (f64, f64)| pt(frame.x.place(x), frame.y.place(y));
    // What is known of columns of the page before, and what will be of this one.
    let mut before = pyramid.map(Pyramid::take_known).unwrap_or_default().into_iter().peekable();
    let mut known = Vec::new();
    // Points of the column before: the next one has about as many.
    let mut expected = FEW;
    while i < hi {
        let mut after = i + 1;
        if let Some(pyramid) = pyramid {
            while before.next_if(|old| old.start < i).is_some() {}
            let old = before.next_if(|old| old.start == i && columns.is_whole(old));
            let one = old.or_else(|| {
                after = columns.end(i..hi, expected);
                expected = after - i;
                Known::of(x, y, i..after, pyramid)
            });
            if let Some(one) = one {
                out.enter(columns.of(one.first.0));
                out.sliver.add_all(&one, place);
                i = one.end;
                known.push(one);
                continue;
            }
        }
        while i < after {
            if let Some(pyramid) = pyramid
                && after - i > FEW
            {
                // There is a gap in this column: up to it, and from there on.
                let gap = pyramid.gap(y, i..after);
                if let Some(one) = Known::of(x, y, i..gap, pyramid) {
                    out.enter(columns.of(x.at(i)));
                    out.sliver.add_all(&one, place);
                    i = gap;
                    continue;
                }
            }
            if x.at(i).is_finite() && !y.at(i).is_nan() {
                out.enter(columns.of(x.at(i)));
                out.sliver.add(place((x.at(i), y.at(i))));
            } else {
                out.part();
            }
            i += 1;
        }
    }
    out.part();
    if let Some(pyramid) = pyramid {
        pyramid.keep_known(known);
    }
    out.done
}

/// Fewer points of a column are looked through one by one.
const FEW: usize = 16;

/// What is known of some consecutive points: x and y of four of them, and where the outermost ones are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    start: usize,
    end: usize,
    first: (f64, f64),
    last: (f64, f64),
    /// x of the point that comes next.
    next: Option<f64>,
    low_at: usize,
    low: (f64, f64),
    high_at: usize,
    high: (f64, f64),
}

impl Known {
    /// Of many points without a gap; else `None`.
    fn of(x: &Column, y: &Column, range: std::ops::Range<usize>, pyramid: &Pyramid) -> Option<Self> {
        let (start, end) = (range.start, range.end);
        let extremes = (range.len() > FEW).then(|| pyramid.extremes(y, range)).flatten()?;
        let at = |(i, y): (usize, f64)| (x.at(i), y);
        Some(Self {
            start,
            end,
            first: (x.at(start), y.at(start)),
            last: (x.at(end - 1), y.at(end - 1)),
            next: x.get(end),
            low_at: extremes.low.0,
            low: at(extremes.low),
            high_at: extremes.high.0,
            high: at(extremes.high),
        })
    }
}

/// The columns of the page that points are in.
struct Columns<'a> {
    x: &'a Column,
    n: usize,
    frame: &'a AxesFrame,
}

impl Columns<'_> {
    /// Number of the column of a value.
    fn of(&self, x: f64) -> i64 {
        let column = self.frame.x.along(x) * (1.0 / f64::from(COLUMN_PT));
        // Rounding down without the call that `floor` is on the oldest processors.
        let towards_zero = column as i64;
        towards_zero - i64::from(column < towards_zero as f64)
    }

    /// Whether one column comes before another when x ascends.
    fn comes_before(&self, one: i64, other: i64) -> bool {
        if self.frame.x.pos_ascends() { one < other } else { one > other }
    }

    /// Indices of the points in view, with one neighbour on each side so that lines reach the edges, and what shares a column
    /// with these; all points where x does not ascend.
    fn in_view(&self, ascends: bool) -> (usize, usize) {
        let (x, n) = (self.x, self.n);
        if n == 0 || !(ascends || x.is_sorted()) {
            return (0, n);
        }
        let (a, b) = self.frame.x.limits();
        let (a, b) = (a.min(b), a.max(b));
        let lo = x.partition_point(0..n, |v| v < a).saturating_sub(1);
        let hi = (x.partition_point(0..n, |v| v <= b) + 1).min(n);
        let (first, last) = (self.of(x.at(lo)), self.of(x.at(hi - 1)));
        let lo = x.partition_point(0..lo, |v| self.comes_before(self.of(v), first));
        let hi = x.partition_point(hi..n, |v| !self.comes_before(last, self.of(v)));
        (lo, hi)
    }

    /// Whether points that begin a column are still all of it.
    fn is_whole(&self, known: &Known) -> bool {
        let here = self.of(known.first.0);
        self.of(known.last.0) == here && known.next.is_none_or(|next| self.of(next) != here)
    }

    /// Where the column of the first of these points ends. x ascends, so do columns: galloping from where it is expected, then
    /// halving.
    fn end(&self, range: std::ops::Range<usize>, expected: usize) -> usize {
        let here = self.of(self.x.at(range.start));
        let same = |i: usize| self.of(self.x.at(i)) == here;
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
}

/// Runs under construction.
#[derive(Default)]
struct Runs {
    done: Vec<Vec<Pt>>,
    run: Vec<Pt>,
    sliver: Sliver,
}

impl Runs {
    /// The next point is in this column.
    fn enter(&mut self, column: i64) {
        if self.sliver.index != column {
            self.sliver.flush(&mut self.run);
            self.sliver.index = column;
        }
    }

    /// A gap, or the end.
    fn part(&mut self) {
        self.sliver.flush(&mut self.run);
        if !self.run.is_empty() {
            self.done.push(simplified(&self.run));
            self.run.clear();
        }
    }
}

/// Extremes of consecutive points in one column of the page, each with its order of arrival.
#[derive(Default)]
struct Sliver {
    index: i64,
    count: usize,
    first: Pt,
    last: Pt,
    top: (usize, Pt),
    low: (usize, Pt),
}

impl Sliver {
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

    /// Consecutive points at once, of which the first, the last, and the first lowest and highest are known.
    fn add_all(&mut self, known: &Known, place: impl Fn((f64, f64)) -> Pt) {
        let (low, high) = (known.low_at, known.high_at);
        let (a, b) = (place(known.low), place(known.high));
        // Downwards on paper: an inverted axis has its highest value at the bottom. Equal ones are both at the first.
        let ((top, at_top), (bottom, at_bottom)) =
            if b.y <= a.y { ((high, b), (low, a)) } else { ((low, a), (high, b)) };
        if self.count == 0 {
            self.first = place(known.first);
        }
        if self.count == 0 || at_top.y < self.top.1.y {
            self.top = (self.count + top - known.start, at_top);
        }
        if self.count == 0 || at_bottom.y > self.low.1.y {
            self.low = (self.count + bottom - known.start, at_bottom);
        }
        self.last = place(known.last);
        self.count += known.end - known.start;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Projection, Rect};
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
    fn decimation_keeps_extremes_and_order() {
        // 100 000 points, one outlier each way inside the same column.
        let x: Column = (0..100_000).map(f64::from).collect();
        let mut y = vec![5.0; 100_000];
        y[50_010] = 9.0;
        y[50_020] = 1.0;
        let runs = decimated(&x, &y.into(), None, &frame((0.0, 1e5), (0.0, 10.0)));
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
        let (x, y) = (Column::from(x), Column::from(y));
        let runs = decimated(&x, &y, None, &frame);
        assert!(runs[0].len() < 100, "{}", runs[0].len());
        for (x, y) in x.iter().zip(y.iter()) {
            let p = pt(frame.x.place(x), frame.y.place(y));
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
    fn only_the_visible_part_is_projected() {
        let x: Vec<f64> = (0..1000).map(f64::from).collect();
        let zigzag: Vec<f64> = (0..1000).map(|i| f64::from(i % 2) * 1000.0).collect();
        let runs = decimated(&x.into(), &zigzag.into(), None, &frame((500.0, 510.0), (0.0, 1000.0)));
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
        let y: Vec<f64> = x
            .iter()
            .map(|x| if *x % 1009.0 == 7.0 || (40_000.0..40_900.0).contains(x) { f64::NAN } else { next() })
            .collect();
        // Packed or not makes no difference either.
        let (x, y) = (Column::from(x), Column::from(y));
        let packed = [x.packed(), y.packed()];
        assert!(packed.iter().all(|column| matches!(column, Column::Packed(_))));
        let pyramid = Pyramid::new(&packed[1]);
        // The pyramid remembers columns of the frame before, which must not show.
        let panning = (0..40).map(|i| f64::from(i) * 13.7).map(|at| ((at, at + 31_000.0), (0.0, 2e7)));
        let jumps = [
            ((0.0, 60_000.0), (0.0, 2e7)),
            ((0.0, 60_000.0), (2e7, 0.0)),
            ((60_000.0, 0.0), (0.0, 2e7)),
            ((20_000.5, 31_000.0), (0.0, 1e6)),
            ((5.0, 5.5), (0.0, 2e7)),
            ((-1e6, 1e6), (-1e9, 1e9)),
        ];
        for (limits, values) in panning.chain(jumps) {
            let frame = frame(limits, values);
            assert_eq!(
                decimated(&packed[0], &packed[1], Some(&pyramid), &frame),
                decimated(&x, &y, None, &frame),
                "{limits:?}"
            );
        }
    }
}
