//! Lines that go up and down many times within a pixel's width, as the area that their strokes cover.
//!
//! Drawn stroke by stroke, a million noisy points are tens of thousands of slivers on top of each other. Here every column
//! of pixels gets its own small strip instead: how much of it the line covers is what strokes with round joins would cover,
//! told apart in quarters of a pixel.

use std::ops::Range;

use eframe::egui::{Color32, Mesh, Pos2, pos2};

/// Parts of a pixel's width that are told apart.
const PARTS: usize = 4;

/// Points within a column of pixels from which on a line is dense there.
const MANY: usize = 3;

/// Fewer columns than these are not worth it.
const LEAST: usize = 4;

/// A part of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// To be drawn stroke by stroke.
    Sparse(Range<usize>),
    /// To be [filled](fill).
    Dense(Range<usize>),
}

/// Parts a line; neighbouring parts share a point.
pub(super) fn pieces(run: &[Pos2], pixels_per_point: f32) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return pieces };
    let forward = if last.x >= first.x { 1 } else { -1 };
    let column = |i: usize| (run[i].x * pixels_per_point).floor() as i32;
    // First point that is in no piece yet.
    let mut drawn = 0;
    let mut close = |dense: Range<usize>, columns: usize| {
        if columns >= LEAST {
            if dense.start > drawn {
                pieces.push(Piece::Sparse(drawn..dense.start + 1));
            }
            drawn = dense.end - 1;
            pieces.push(Piece::Dense(dense));
        }
        drawn
    };
    let (mut start, mut columns, mut before) = (0, 0, i32::MIN);
    let mut at = 0;
    while at < run.len() {
        let here = column(at);
        let mut end = at + 1;
        while end < run.len() && column(end) == here {
            end += 1;
        }
        let dense = end - at >= MANY;
        if dense && columns > 0 && here == before.saturating_add(forward) {
            columns += 1;
        } else {
            close(start..at, columns);
            (start, columns) = (at, usize::from(dense));
        }
        before = here;
        at = end;
    }
    let drawn = close(start..run.len(), columns);
    if drawn + 1 < run.len() || pieces.is_empty() {
        pieces.push(Piece::Sparse(drawn..run.len()));
    }
    pieces
}

/// Fills what a line covers whose points lie in columns of pixels that follow each other.
///
/// - `width`: of the line, in screen points as its places are
pub(super) fn fill(points: &[Pos2], width: f32, pixels_per_point: f32, colour: Color32, out: &mut Mesh) {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    let column = |p: &Pos2| (p.x * pixels_per_point).floor() as i32;
    let (left, right) = (column(first).min(column(last)), column(first).max(column(last)));
    let pen = Pen::of(width * pixels_per_point / 2.0);
    // Room on both sides for what a pen covers beyond the ends.
    let aside = pen.heights.len() / 2;
    let wide = (right - left + 1) as usize * PARTS;
    let mut spans = vec![Span::NONE; aside + wide + aside];
    for pair in points.windows(2) {
        let at = |p: Pos2| ((p.x * pixels_per_point - left as f32) * PARTS as f32, p.y * pixels_per_point);
        let (a, b) = if pair[0].x <= pair[1].x { (at(pair[0]), at(pair[1])) } else { (at(pair[1]), at(pair[0])) };
        cross(&mut spans[aside..aside + wide], a, b);
    }
    let per_pixel = pixels_per_point.recip();
    for (c, around) in (left..=right).zip(spans.windows(PARTS + 2 * aside).step_by(PARTS)) {
        let mut parts = [Span::NONE; PARTS];
        for (part, around) in parts.iter_mut().zip(around.windows(pen.heights.len())) {
            *part = pen.covers(around);
        }
        let mut strip = Strip { x: [c as f32 * per_pixel, (c + 1) as f32 * per_pixel], levels: 0 };
        profile(&parts, |y, covered| strip.level(out, y * per_pixel, colour.gamma_multiply(covered)));
    }
}

/// What a line covers of a narrow column: from the upper to the lower end, pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    top: f32,
    bottom: f32,
}

impl Span {
    const NONE: Self = Self { top: f32::INFINITY, bottom: f32::NEG_INFINITY };

    fn add(&mut self, y: f32) {
        self.top = self.top.min(y);
        self.bottom = self.bottom.max(y);
    }
}

/// Adds a stroke from left to right; x counts spans.
fn cross(spans: &mut [Span], a: (f32, f32), b: (f32, f32)) {
    let last = spans.len() - 1;
    let (from, to) = ((a.0.max(0.0) as usize).min(last), (b.0.max(0.0) as usize).min(last));
    spans[from].add(a.1);
    if from < to {
        let slope = (b.1 - a.1) / (b.0 - a.0);
        for k in from..to {
            let y = a.1 + slope * ((k + 1) as f32 - a.0);
            spans[k].add(y);
            spans[k + 1].add(y);
        }
    }
    spans[to].add(b.1);
}

/// A round pen: how far it reaches up and down in each of the spans that it covers, from left to right.
struct Pen {
    heights: Vec<f32>,
}

impl Pen {
    /// - `radius`: pixels
    fn of(radius: f32) -> Self {
        let aside = (radius * PARTS as f32) as i32;
        let heights = (-aside..=aside).map(|away| away as f32 / PARTS as f32);
        Self { heights: heights.map(|away| (radius * radius - away * away).max(0.0).sqrt()).collect() }
    }

    /// What of the span in the middle is covered when the pen follows these spans.
    fn covers(&self, spans: &[Span]) -> Span {
        let mut covered = Span::NONE;
        for (span, height) in spans.iter().zip(&self.heights) {
            covered.top = covered.top.min(span.top - height);
            covered.bottom = covered.bottom.max(span.bottom + height);
        }
        covered
    }
}

/// How much of a column is covered, from top to bottom: calls `level` with places and shares between which it changes evenly.
fn profile(quarters: &[Span], mut level: impl FnMut(f32, f32)) {
    let (mut n, mut tops, mut bottoms) = (0.0, 0.0, 0.0);
    let (mut outer, mut inner) = (Span::NONE, Span { top: f32::NEG_INFINITY, bottom: f32::INFINITY });
    for q in quarters.iter().filter(|q| q.top < q.bottom) {
        n += 1.0;
        tops += q.top;
        bottoms += q.bottom;
        outer.add(q.top);
        outer.add(q.bottom);
        inner.top = inner.top.max(q.top);
        inner.bottom = inner.bottom.min(q.bottom);
    }
    if n == 0.0 {
        return;
    }
    let full = n / quarters.len() as f32;
    let (top, bottom) = (tops / n, bottoms / n);
    if inner.top >= inner.bottom {
        // Nothing that all have in common: evenly what they cover together.
        let share = full * (bottom - top) / (outer.bottom - outer.top);
        level(outer.top, share);
        level(outer.bottom, share);
        return;
    }
    // Edges are softened over a pixel, as strokes' edges are.
    let middle = f32::midpoint(inner.top, inner.bottom);
    if inner.top - outer.top < 1.0 {
        level(top - 0.5, 0.0);
        level((top + 0.5).min(middle), full);
    } else {
        let share = full * (inner.top - top) / (inner.top - outer.top);
        level(outer.top, share);
        level(inner.top - 0.5, share);
        level((inner.top + 0.5).min(middle), full);
    }
    if outer.bottom - inner.bottom < 1.0 {
        level((bottom - 0.5).max(middle), full);
        level(bottom + 0.5, 0.0);
    } else {
        let share = full * (bottom - inner.bottom) / (outer.bottom - inner.bottom);
        level((inner.bottom - 0.5).max(middle), full);
        level(inner.bottom + 0.5, share);
        level(outer.bottom, share);
    }
}

/// A column of pixels as triangles, from top to bottom.
struct Strip {
    x: [f32; 2],
    levels: u32,
}

impl Strip {
    fn level(&mut self, out: &mut Mesh, y: f32, colour: Color32) {
        let first = out.vertices.len() as u32;
        out.colored_vertex(pos2(self.x[0], y), colour);
        out.colored_vertex(pos2(self.x[1], y), colour);
        if self.levels > 0 {
            out.add_triangle(first - 2, first - 1, first);
            out.add_triangle(first, first - 1, first + 1);
        }
        self.levels += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_stretches_with_many_points_to_a_pixel_are_dense() {
        // Ten pixels with a point each, ten with four each, ten with one each.
        let sparse = |from: i32| (from..from + 10).map(|x| pos2(x as f32 + 0.5, 3.0));
        let dense = (0..40).map(|i| pos2(10.0 + i as f32 / 4.0 + 0.1, (i % 2) as f32 * 9.0));
        let run: Vec<Pos2> = sparse(0).chain(dense).chain(sparse(20)).collect();
        let want = [Piece::Sparse(0..11), Piece::Dense(10..50), Piece::Sparse(49..60)];
        assert_eq!(pieces(&run, 1.0), want);
        // At twice as many pixels there are two points to each: none is dense.
        assert_eq!(pieces(&run, 2.0), [Piece::Sparse(0..60)]);
        let back: Vec<Pos2> = run.iter().rev().copied().collect();
        assert_eq!(pieces(&back, 1.0), [Piece::Sparse(0..11), Piece::Dense(10..50), Piece::Sparse(49..60)]);
        assert_eq!(pieces(&run[10..50], 1.0), [Piece::Dense(0..40)]);
        assert_eq!(pieces(&run[..2], 1.0), [Piece::Sparse(0..2)]);
    }

    #[test]
    fn a_level_stroke_covers_its_width() {
        let mut spans = vec![Span::NONE; 8];
        cross(&mut spans, (0.5, 10.0), (7.5, 10.0));
        let pen = Pen::of(1.5);
        assert_eq!(pen.heights.len(), 13, "six quarters to each side");
        let covered = pen.covers(&[&[Span::NONE; 5][..], &spans].concat());
        assert_eq!(covered, Span { top: 8.5, bottom: 11.5 });
        let mut levels = Vec::new();
        profile(&[covered; 4], |y, share| levels.push((y, share)));
        assert_eq!(levels, [(8.0, 0.0), (9.0, 1.0), (11.0, 1.0), (12.0, 0.0)]);
    }

    #[test]
    fn a_peak_in_a_quarter_of_a_column_is_a_quarter_as_strong() {
        let low = Span { top: 20.0, bottom: 30.0 };
        let mut levels = Vec::new();
        profile(&[low, low, Span { top: 5.0, bottom: 30.0 }, low], |y, share| levels.push((y, share)));
        assert_eq!(levels[..3], [(5.0, 0.25), (19.5, 0.25), (20.5, 1.0)]);
    }
}
