//! A page on the screen: the same items as in an SVG file, as triangles.
//!
//! Everything but text is tessellated once per page, place and highlighting, and copied from then on.

use std::sync::Arc;

use eframe::egui::epaint::{self, TessellationOptions, Tessellator};
use eframe::egui::{Color32, FontFamily, FontId, Galley, Mesh, Painter, Pos2, Rect, Shape, Vec2, pos2, vec2};
use fa_plot::page::{Anchor, Ink, Item, Page, Pt, Role, Strip, Stroke, TextRun};
use fa_plot::render::{Outline, outline};

use super::dense::{Piece, fill, pieces};

/// Screen points per page point: a figure's 8 pt numbers are as large as the window's own text.
pub const SCALE: f32 = 4.0 / 3.0;

/// Name of the font family that figures are written in.
pub const FAMILY: &str = "figure";

/// Dashes of one item; a line that would need more is drawn solid and fainter.
const MOST_DASHES: f32 = 6000.0;

/// Opacity of what is not meant while something is highlighted.
const DIMMED: f32 = 0.22;

/// What the triangles of a page depend on.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stamp {
    origin: Pos2,
    pixels_per_point: f32,
    highlight: Option<usize>,
}

/// The triangles of a page.
#[derive(Debug, Default)]
pub struct Painted {
    made_from: Option<(Arc<Page>, Stamp)>,
    mesh: Arc<Mesh>,
}

impl Painted {
    /// Paints a page with its upper left corner at `origin`.
    ///
    /// - `highlight`: index of the mark that is meant; everything else fades.
    pub fn paint(&mut self, painter: &Painter, page: &Arc<Page>, origin: Pos2, highlight: Option<usize>) {
        let stamp = Stamp { origin, pixels_per_point: painter.pixels_per_point(), highlight };
        let same = self.made_from.as_ref().is_some_and(|(old, at)| Arc::ptr_eq(old, page) && *at == stamp);
        if !same {
            // The old page's memory, where nobody draws it any more.
            let mut old = Arc::try_unwrap(std::mem::take(&mut self.mesh)).unwrap_or_default();
            old.clear();
            self.mesh = Arc::new(mesh(page, stamp, old));
            self.made_from = Some((Arc::clone(page), stamp));
        }
        painter.add(Shape::Mesh(Arc::clone(&self.mesh)));
        for (item, run) in page.texts() {
            text(painter, run, origin, faded(item, highlight));
        }
    }

    /// Triangles' corners, for the frame counter.
    pub fn vertices(&self) -> usize {
        self.mesh.vertices.len()
    }
}

/// Where a point of the page is on the screen.
pub fn place(p: Pt, origin: Pos2) -> Pos2 {
    origin + vec2(p.x, p.y) * SCALE
}

/// A rectangle of the page on the screen.
pub fn rect(r: &fa_plot::page::Rect, origin: Pos2) -> Rect {
    Rect::from_min_size(origin + vec2(r.x, r.y) * SCALE, vec2(r.w, r.h) * SCALE)
}

/// A point of the screen on the page.
pub fn unplace(at: Pos2, origin: Pos2) -> Pt {
    let d = (at - origin) / SCALE;
    Pt { x: d.x, y: d.y }
}

/// An ink as a colour of the screen.
pub fn colour(ink: Ink) -> Color32 {
    Color32::from_rgba_unmultiplied(ink.0, ink.1, ink.2, ink.3)
}

/// Whether an item is not the one meant.
fn faded(item: &Item, highlight: Option<usize>) -> bool {
    let Some(mark) = highlight else { return false };
    let touched = matches!(item.role, Role::Data | Role::LegendSample | Role::LegendText);
    touched && !item.marks.contains(&mark)
}

/// - `out`: an empty mesh to fill
fn mesh(page: &Page, stamp: Stamp, out: Mesh) -> Mesh {
    let options = TessellationOptions { prerasterized_discs: false, ..TessellationOptions::default() };
    let mut pen = Pen {
        tessellator: Tessellator::new(stamp.pixels_per_point, options, [1, 1], Vec::new()),
        out,
        origin: stamp.origin,
        fade: 1.0,
        pixels_per_point: stamp.pixels_per_point,
    };
    let size = vec2(page.size.width_pt, page.size.height_pt) * SCALE;
    pen.shape(Shape::rect_filled(Rect::from_min_size(stamp.origin, size), 0.0, colour(page.background)));
    for item in &page.items {
        pen.fade = if faded(item, stamp.highlight) { DIMMED } else { 1.0 };
        pen.item(item);
    }
    pen.out
}

struct Pen {
    tessellator: Tessellator,
    out: Mesh,
    origin: Pos2,
    fade: f32,
    pixels_per_point: f32,
}

impl Pen {
    fn shape(&mut self, shape: Shape) {
        self.tessellator.tessellate_shape(shape, &mut self.out);
    }

    fn colour(&self, ink: Ink) -> Color32 {
        colour(ink).gamma_multiply(self.fade)
    }

    fn stroke(&self, stroke: &Stroke) -> epaint::Stroke {
        epaint::Stroke::new(stroke.width * SCALE, self.colour(stroke.ink))
    }

    fn item(&mut self, item: &Item) {
        use fa_plot::page::Shape as On;
        match &item.shape {
            On::Rect { rect: r, fill, stroke } => {
                let r = rect(r, self.origin);
                if let Some(fill) = fill {
                    let fill = self.colour(*fill);
                    self.shape(Shape::rect_filled(r, 0.0, fill));
                }
                if let Some(stroke) = stroke {
                    let corners = [r.left_top(), r.right_top(), r.right_bottom(), r.left_bottom(), r.left_top()];
                    let stroke = self.stroke(stroke);
                    self.line(&corners, stroke);
                }
            }
            On::Path { runs, stroke } => self.path(runs, stroke),
            On::Band { edges, fill } => self.band(edges, *fill),
            On::Polygon { points, fill } => {
                let points = points.iter().map(|p| place(*p, self.origin)).collect();
                let fill = self.colour(*fill);
                self.shape(Shape::convex_polygon(points, fill, epaint::Stroke::NONE));
            }
            On::Markers { at, marker, radius, ink } => {
                let ink = self.colour(*ink);
                for p in at {
                    self.marker(outline(*marker, *p, *radius), *p, *radius, ink);
                }
            }
            On::Text(_) => {}
        }
    }

    fn line(&mut self, points: &[Pos2], stroke: epaint::Stroke) {
        match points {
            [a, b] => self.tessellator.tessellate_line_segment([*a, *b], stroke, &mut self.out),
            _ => self.shape(Shape::line(points.to_vec(), stroke)),
        }
    }

    fn path(&mut self, runs: &[Vec<Pt>], stroke: &Stroke) {
        let mut pen = self.stroke(stroke);
        let runs: Vec<Vec<Pos2>> =
            runs.iter().map(|run| run.iter().map(|p| place(*p, self.origin)).collect()).collect();
        let pattern: Vec<f32> = stroke.dash.iter().map(|d| (d * SCALE).max(0.5)).collect();
        let period: f32 = pattern.iter().sum();
        if period > 0.0 {
            let length: f32 = runs.iter().map(|run| length(run)).sum();
            let dashes = length / period * (pattern.len() as f32 / 2.0).max(1.0);
            if dashes <= MOST_DASHES {
                // The tessellator lets a line fade out over a pixel beyond each end, which is half a pixel too long.
                let beyond = 0.5 / self.pixels_per_point;
                for run in &runs {
                    dashed(run, &pattern, &mut |a, b| {
                        let by = (b - a).normalized() * beyond.min((b - a).length() * 0.45);
                        self.tessellator.tessellate_line_segment([a + by, b - by], pen, &mut self.out);
                    });
                }
                return;
            }
            // A cloud of dashes is a grey cloud.
            pen.color = pen.color.gamma_multiply(0.7);
        }
        for run in &runs {
            for piece in pieces(run, self.pixels_per_point) {
                match piece {
                    Piece::Sparse(part) => self.line(&run[part], pen),
                    Piece::Dense(part) => fill(&run[part], pen.width, self.pixels_per_point, pen.color, &mut self.out),
                }
            }
            if stroke.round {
                for end in [run.first(), run.last()].into_iter().flatten() {
                    self.shape(Shape::circle_filled(*end, pen.width / 2.0, pen.color));
                }
            }
        }
    }

    /// Strips between neighbouring places: an area as a whole is not convex.
    fn band(&mut self, edges: &[Strip], fill: Ink) {
        let fill = self.colour(fill);
        let first = self.out.vertices.len() as u32;
        for edge in edges {
            for y in [edge.top, edge.bottom] {
                self.out.colored_vertex(place(Pt { x: edge.x, y }, self.origin), fill);
            }
        }
        for i in 1..edges.len() as u32 {
            let (a, b) = (first + 2 * (i - 1), first + 2 * i);
            self.out.add_triangle(a, a + 1, b);
            self.out.add_triangle(b, a + 1, b + 1);
        }
    }

    fn marker(&mut self, shape: Outline, at: Pt, radius: f32, ink: Color32) {
        match shape {
            Outline::Circle => self.shape(Shape::circle_filled(place(at, self.origin), radius * SCALE, ink)),
            Outline::Filled(corners) => {
                // A fan from the centre: stars are not convex, but every corner is seen from there.
                let first = self.out.vertices.len() as u32;
                self.out.colored_vertex(place(at, self.origin), ink);
                for corner in &corners {
                    self.out.colored_vertex(place(*corner, self.origin), ink);
                }
                let n = corners.len() as u32;
                for i in 0..n {
                    self.out.add_triangle(first, first + 1 + i, first + 1 + (i + 1) % n);
                }
            }
            Outline::Strokes(lines) => {
                let stroke = epaint::Stroke::new(radius * 0.4 * SCALE, ink);
                for [a, b] in lines {
                    let ends = [place(a, self.origin), place(b, self.origin)];
                    self.tessellator.tessellate_line_segment(ends, stroke, &mut self.out);
                }
            }
        }
    }
}

fn length(run: &[Pos2]) -> f32 {
    run.windows(2).map(|pair| (pair[1] - pair[0]).length()).sum()
}

/// The "on" pieces of a line; the pattern goes on around corners.
fn dashed(run: &[Pos2], pattern: &[f32], draw: &mut impl FnMut(Pos2, Pos2)) {
    let (mut part, mut left) = (0, pattern[0]);
    for pair in run.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        let mut rest = (to - from).length();
        if rest <= 0.0 {
            continue;
        }
        let direction: Vec2 = (to - from) / rest;
        while rest > 0.0 {
            let step = left.min(rest);
            let next = from + direction * step;
            if part % 2 == 0 {
                draw(from, next);
            }
            from = next;
            rest -= step;
            left -= step;
            if left <= 0.0 {
                part = (part + 1) % (pattern.len() + pattern.len() % 2);
                left = pattern[part % pattern.len()];
            }
        }
    }
}

fn text(painter: &Painter, run: &TextRun, origin: Pos2, faded: bool) {
    let font = FontId::new(run.size * SCALE, FontFamily::Name(FAMILY.into()));
    let ink = colour(run.ink).gamma_multiply(if faded { DIMMED } else { 1.0 });
    let galley = painter.layout_no_wrap(run.text.clone(), font, ink);
    let size = galley.size();
    let down = baseline(&galley);
    let along = match run.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => size.x / 2.0,
        Anchor::End => size.x,
    };
    let at = place(run.at, origin);
    if run.upright {
        // Turned around its corner: along the text is up, down is to the right.
        let corner = pos2(at.x - down, at.y + along);
        painter.add(epaint::TextShape::new(corner, galley, ink).with_angle(-std::f32::consts::FRAC_PI_2));
    } else {
        painter.galley(pos2(at.x - along, at.y - down), galley, ink);
    }
}

/// Distance from the top of a line of text to its baseline.
fn baseline(galley: &Galley) -> f32 {
    let Some(row) = galley.rows.first() else { return 0.0 };
    row.glyphs.first().map_or(row.size.y * 0.8, |glyph| row.pos.y + glyph.pos.y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_go_on_around_corners_and_cover_their_share() {
        let run = [pos2(0.0, 0.0), pos2(10.0, 0.0), pos2(10.0, 5.0)];
        let mut pieces = Vec::new();
        dashed(&run, &[4.0, 2.0], &mut |a, b| pieces.push((a, b)));
        let drawn: f32 = pieces.iter().map(|(a, b)| (*b - *a).length()).sum();
        // On 0–4, 6–10, 12–15 (of 16).
        assert!((drawn - 11.0).abs() < 1e-3, "{pieces:?}");
    }

    #[test]
    fn dotted_lines_of_one_point_are_there() {
        // The dividers of box plots: dash 1, gap 2, 0.7 wide.
        let stroke = Stroke { dash: vec![1.0, 2.0], ..Stroke::solid(Ink::rgb(0), 0.7) };
        let mut pen = Pen {
            tessellator: Tessellator::new(1.0, TessellationOptions::default(), [1, 1], Vec::new()),
            out: Mesh::default(),
            origin: Pos2::ZERO,
            fade: 1.0,
            pixels_per_point: 1.0,
        };
        pen.path(&[vec![Pt { x: 5.0, y: 0.0 }, Pt { x: 5.0, y: 30.0 }]], &stroke);
        assert!(pen.out.indices.len() >= 10 * 6, "{} corners", pen.out.indices.len());
        assert!(pen.out.vertices.iter().any(|v| v.color.a() > 100));
    }
}
