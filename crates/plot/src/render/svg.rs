//! SVG through plotters' SVG backend.
//!
//! The backend counts in whole pixels, so it draws on a canvas [`K`] times as large as the page and the root element
//! scales it back: curves stay smooth at any zoom. What the backend has no word for (dashes, edges of filled
//! rectangles, exact baselines, titles for pointers and screen readers) is added to each element it writes.

use std::fmt::Write as _;

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, IntoFont, RGBAColor, ShapeStyle, TextStyle};

use crate::page::{Anchor, Ink, Item, Marker, Page, Pt, Role, Shape, Strip, Stroke, TextRun, pt};
use crate::text::FAMILY;

/// Backend pixels per point.
const K: f32 = 16.0;

/// Families after the embedded one have nearly its widths, for viewers that lack it.
const FAMILIES: &str = "DejaVu Sans, Verdana, sans-serif";

/// The page as an SVG document, one element per line.
pub fn svg(page: &Page) -> String {
    debug_assert!(FAMILIES.starts_with(FAMILY));
    let (w, h) = (page.size.width_pt, page.size.height_pt);
    let mut pen = Pen { out: String::with_capacity(1 << 16), scratch: String::new() };
    let _ = writeln!(
        pen.out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}pt\" height=\"{h}pt\" viewBox=\"0 0 {} {}\" \
         stroke-linejoin=\"round\">",
        w * K,
        h * K
    );
    pen.rect((0, 0), (units(w), units(h)), Some(page.background), None);
    for item in &page.items {
        pen.item(page, item);
    }
    pen.out.push_str("</svg>\n");
    pen.out
}

fn units(points: f32) -> i32 {
    (points * K).round() as i32
}

fn place(p: Pt) -> (i32, i32) {
    (units(p.x), units(p.y))
}

fn colour(ink: Ink) -> RGBAColor {
    // Two decimals of opacity are enough, and short.
    RGBAColor(ink.0, ink.1, ink.2, (f64::from(ink.3) / 255.0 * 100.0).round() / 100.0)
}

fn style(ink: Ink, width: f32) -> ShapeStyle {
    ShapeStyle { color: colour(ink), filled: false, stroke_width: units(width).max(1) as u32 }
}

struct Pen {
    out: String,
    scratch: String,
}

impl Pen {
    /// Lets the backend write one element and hands it over for finishing.
    fn element(&mut self, draw: impl FnOnce(&mut SVGBackend<'_>), finish: impl FnOnce(&mut String)) {
        self.scratch.clear();
        let mut backend = SVGBackend::with_string(&mut self.scratch, (1, 1));
        // Writing to a string cannot fail.
        draw(&mut backend);
        drop(backend);
        // The backend puts a root element of its own around what it draws.
        let Some((_, inside)) = self.scratch.split_once('\n') else { return };
        let inside = inside.strip_suffix("</svg>\n").unwrap_or(inside);
        let mut element = inside.trim_end().replace(" opacity=\"1\"", "");
        if element.is_empty() {
            return;
        }
        finish(&mut element);
        self.out.push_str(&element);
        self.out.push('\n');
    }

    fn item(&mut self, page: &Page, item: &Item) {
        let title = match item.role {
            Role::Data => item.marks.first().and_then(|m| page.marks.get(*m)).map(|m| m.label.as_str()),
            _ => None,
        };
        match &item.shape {
            Shape::Rect { rect, fill, stroke } => {
                let (a, b) = (pt(rect.x, rect.y), pt(rect.right(), rect.bottom()));
                self.rect(place(a), place(b), *fill, stroke.as_ref());
            }
            Shape::Path { runs, stroke } => {
                // One title for a line of many pieces.
                let group = title.filter(|_| runs.len() > 1);
                if let Some(title) = group {
                    let _ = writeln!(self.out, "<g><title>{}</title>", escaped(title));
                }
                for run in runs {
                    self.path(run, stroke, if group.is_some() { None } else { title });
                }
                if group.is_some() {
                    self.out.push_str("</g>\n");
                }
            }
            Shape::Band { edges, fill } => self.polygon(&Strip::outline(edges), *fill, title),
            Shape::Polygon { points, fill } => self.polygon(points, *fill, title),
            Shape::Markers { at, marker, radius, ink } => {
                for p in at {
                    self.marker(*p, *marker, *radius, *ink);
                }
            }
            Shape::Text(run) => self.text(run),
        }
    }

    fn rect(&mut self, a: (i32, i32), b: (i32, i32), fill: Option<Ink>, stroke: Option<&Stroke>) {
        let ink = fill.or(stroke.map(|s| s.ink));
        let Some(ink) = ink else { return };
        let style = style(ink, 0.0);
        self.element(
            |backend| drop(backend.draw_rect(a, b, &style, fill.is_some())),
            |e| {
                if let Some(stroke) = stroke {
                    set(e, "stroke", &hex(stroke.ink));
                    add(e, &line_attributes(stroke));
                    add(e, &format!(" stroke-width=\"{}\"", units(stroke.width).max(1)));
                } else {
                    remove(e, "stroke");
                }
            },
        );
    }

    fn polygon(&mut self, points: &[Pt], fill: Ink, title: Option<&str>) {
        let style = style(fill, 0.0);
        let points: Vec<(i32, i32)> = points.iter().copied().map(place).collect();
        self.element(|b| drop(b.fill_polygon(points, &style)), |e| add_title(e, title));
    }

    fn path(&mut self, run: &[Pt], stroke: &Stroke, title: Option<&str>) {
        let style = style(stroke.ink, stroke.width);
        let points: Vec<(i32, i32)> = run.iter().copied().map(place).collect();
        self.element(
            |b| drop(b.draw_path(points, &style)),
            |e| {
                *e = e.replace(" \"/>", "\"/>");
                add(e, &line_attributes(stroke));
                add_title(e, title);
            },
        );
    }

    fn marker(&mut self, p: Pt, marker: Marker, radius: f32, ink: Ink) {
        match outline(marker, p, radius) {
            Outline::Circle => {
                let style = style(ink, 0.0);
                let radius = units(radius).max(1) as u32;
                self.element(
                    |b| drop(b.draw_circle(place(p), radius, &style, true)),
                    |e| {
                        remove(e, "stroke");
                        remove(e, "stroke-width");
                    },
                );
            }
            Outline::Filled(corners) => {
                let style = style(ink, 0.0);
                let corners: Vec<(i32, i32)> = corners.into_iter().map(place).collect();
                self.element(|b| drop(b.fill_polygon(corners, &style)), |_| {});
            }
            Outline::Strokes(lines) => {
                for line in lines {
                    self.path(&line, &Stroke::solid(ink, radius * 0.4), None);
                }
            }
        }
    }

    fn text(&mut self, run: &TextRun) {
        let side = match run.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let size = f64::from(run.size * K);
        let transform = if run.upright { FontTransform::Rotate270 } else { FontTransform::None };
        let ink = colour(run.ink);
        let style = TextStyle::from((FAMILIES, size).into_font().transform(transform))
            .color(&ink)
            .pos(Pos::new(side, VPos::Bottom));
        self.element(
            |b| drop(b.draw_text(&run.text, &style, place(run.at))),
            |e| {
                // Positions are exact baselines.
                remove(e, "dy");
                set(e, "font-size", &format!("{}", (size * 10.0).round() / 10.0));
                *e = e.replacen(">\n", ">", 1).replace("\n</text>", "</text>");
                add_title(e, run.full.as_deref());
            },
        );
    }
}

fn hex(ink: Ink) -> String {
    format!("#{:02X}{:02X}{:02X}", ink.0, ink.1, ink.2)
}

fn line_attributes(stroke: &Stroke) -> String {
    let mut out = String::new();
    if !stroke.dash.is_empty() {
        let dash: Vec<String> = stroke.dash.iter().map(|d| units(*d).max(1).to_string()).collect();
        let _ = write!(out, " stroke-dasharray=\"{}\"", dash.join(" "));
    }
    if stroke.round {
        out.push_str(" stroke-linecap=\"round\"");
    }
    out
}

/// Where the attributes of an element end.
fn head_end(element: &str) -> usize {
    let end = element.find('>').unwrap_or(element.len());
    if element[..end].ends_with('/') { end - 1 } else { end }
}

/// Adds attributes.
fn add(element: &mut String, attributes: &str) {
    let end = head_end(element);
    element.insert_str(end, attributes);
}

/// Where an attribute with its leading blank is.
fn find(element: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let key = format!(" {name}=\"");
    let from = element[..head_end(element)].find(&key)?;
    let value = from + key.len();
    Some(from..value + element[value..].find('"')? + 1)
}

fn remove(element: &mut String, name: &str) {
    if let Some(range) = find(element, name) {
        element.replace_range(range, "");
    }
}

fn set(element: &mut String, name: &str, value: &str) {
    if let Some(range) = find(element, name) {
        element.replace_range(range, &format!(" {name}=\"{value}\""));
    }
}

/// Adds a `<title>`: what a pointer or a screen reader is told.
fn add_title(element: &mut String, title: Option<&str>) {
    let Some(title) = title else { return };
    let title = format!("<title>{}</title>", escaped(title));
    if element.ends_with("/>") {
        let name = element[1..].split(' ').next().unwrap_or_default().to_owned();
        element.truncate(element.len() - 2);
        let _ = write!(element, ">{title}</{name}>");
    } else if let Some(at) = element.find('>') {
        element.insert_str(at + 1, &title);
    }
}

fn escaped(text: &str) -> String {
    crate::text::one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// How a marker is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Outline {
    /// A disc.
    Circle,
    /// A filled polygon, not always convex.
    Filled(Vec<Pt>),
    /// Lines, a fifth of the marker's size wide.
    Strokes(Vec<[Pt; 2]>),
}

/// The outline of a marker around a point; `r` is half its size.
pub fn outline(marker: Marker, p: Pt, r: f32) -> Outline {
    let polygon =
        |corners: &[(f32, f32)]| Outline::Filled(corners.iter().map(|(x, y)| pt(p.x + x * r, p.y + y * r)).collect());
    match marker {
        Marker::Circle => Outline::Circle,
        Marker::TriangleUp => polygon(&[(0.0, -1.1), (1.0, 0.8), (-1.0, 0.8)]),
        Marker::TriangleDown => polygon(&[(0.0, 1.1), (1.0, -0.8), (-1.0, -0.8)]),
        Marker::TriangleLeft => polygon(&[(-1.1, 0.0), (0.8, -1.0), (0.8, 1.0)]),
        Marker::TriangleRight => polygon(&[(1.1, 0.0), (-0.8, -1.0), (-0.8, 1.0)]),
        Marker::Square => polygon(&[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)]),
        Marker::Diamond => polygon(&[(0.0, -1.2), (1.0, 0.0), (0.0, 1.2), (-1.0, 0.0)]),
        Marker::Star => {
            let corner = |i: u16| {
                let (angle, r) =
                    (f32::from(i) * std::f32::consts::PI / 5.0, if i.is_multiple_of(2) { 1.25 } else { 0.5 });
                (angle.sin() * r, -angle.cos() * r)
            };
            polygon(&(0..10).map(corner).collect::<Vec<_>>())
        }
        Marker::Cross => {
            let d = r * 0.9;
            Outline::Strokes(vec![
                [pt(p.x - d, p.y - d), pt(p.x + d, p.y + d)],
                [pt(p.x - d, p.y + d), pt(p.x + d, p.y - d)],
            ])
        }
        Marker::Plus => {
            let d = r * 1.1;
            Outline::Strokes(vec![[pt(p.x - d, p.y), pt(p.x + d, p.y)], [pt(p.x, p.y - d), pt(p.x, p.y + d)]])
        }
    }
}
