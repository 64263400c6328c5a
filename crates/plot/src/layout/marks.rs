//! Data on the page: every mark of a scene as items, clipped to its data area.

use crate::page::{AxesFrame, Ink, Marker, Projection, Pt, Rect, Role, Shape, Stroke, pt};
use crate::scene::{Area, BarMark, BoxMark, Dash, Ellipse, Flavour, Line, Mark, Style};
use crate::theme::{Palette, Theme};

use super::band::strips;
use super::legend::Sample;
use super::path::{clip_line, clip_polygon, curve};
use super::pyramid::Pyramid;
use super::sheet::Sheet;

/// Least distance of markers along a line, in points: closer ones would hide it.
const MARKER_PITCH: f32 = 14.0;

/// What drawing a mark needs to know about its surroundings.
pub(super) struct Canvas<'a> {
    pub(super) theme: &'a Theme,
    pub(super) palette: &'a Palette<'a>,
    pub(super) panel: usize,
    pub(super) frame: AxesFrame,
    pub(super) rect: Rect,
    /// Factor of fonts and markers for the page's size.
    pub(super) scale: f32,
}

impl Canvas<'_> {
    fn push(&self, sheet: &mut Sheet, mark: usize, shape: Shape) {
        sheet.push(Role::Data, Some(self.panel), shape);
        if let Some(item) = sheet.items.last_mut() {
            item.marks.push(mark);
        }
    }

    fn path(&self, sheet: &mut Sheet, mark: usize, points: &[Pt], stroke: &Stroke) {
        let mut runs = Vec::new();
        clip_line(points, self.rect, &mut runs);
        if !runs.is_empty() {
            self.push(sheet, mark, Shape::Path { runs, stroke: stroke.clone() });
        }
    }

    /// Draws a mark; `numbers` are the indices in the page's list of its parts (boxes, bars) or of itself.
    ///
    /// - `pyramid`: of a long line.
    pub(super) fn draw(&self, sheet: &mut Sheet, mark: &Mark, numbers: &[usize], pyramid: Option<&Pyramid>) {
        let number = |i: usize| numbers.get(i).copied().unwrap_or_default();
        match mark {
            Mark::Line(line) => self.line(sheet, line, number(0), pyramid),
            Mark::Boxes(m) => {
                for (i, b) in m.boxes.iter().enumerate() {
                    self.one_box(sheet, b, m.id.flavour, number(i));
                }
            }
            Mark::Bars(m) => {
                for (i, b) in m.bars.iter().enumerate() {
                    self.bar(sheet, b, m.id.flavour, number(i));
                }
            }
            Mark::Area(m) => self.area(sheet, m, number(0)),
            Mark::Ellipse(m) => self.ellipse(sheet, m, number(0)),
        }
    }

    fn line(&self, sheet: &mut Sheet, line: &Line, mark: usize, pyramid: Option<&Pyramid>) {
        let ink = self.palette.ink(&line.style, line.id.flavour);
        let stroke = stroke_of(&line.style, ink, self.palette, self.theme);
        if let Some(stroke) = &stroke {
            let curve = curve(&line.x, &line.y, pyramid, &self.frame, self.rect);
            if !curve.runs.is_empty() {
                self.push(sheet, mark, Shape::Path { runs: curve.runs, stroke: stroke.clone() });
            }
            if !curve.dots.is_empty() {
                let radius = stroke.width * 0.9;
                self.push(sheet, mark, Shape::Markers { at: curve.dots, marker: Marker::Circle, radius, ink });
            }
        }
        if let Some((marker, every)) = self.palette.marker(&line.style) {
            let at = self.marker_places(line, every.max(1), stroke.is_some());
            if !at.is_empty() {
                let crowd = if stroke.is_none() { at.len() } else { 0 };
                let radius = self.marker_radius(crowd);
                self.push(sheet, mark, Shape::Markers { at, marker, radius, ink });
            }
        }
    }

    /// Every n-th point; on a line no closer than can be told apart, without one no two in the same half point.
    fn marker_places(&self, line: &Line, every: usize, on_line: bool) -> Vec<Pt> {
        let mut out: Vec<Pt> = Vec::new();
        let mut taken = std::collections::HashSet::new();
        for (x, y) in line.x.iter().zip(line.y.iter()).step_by(every) {
            if !x.is_finite() || y.is_nan() {
                continue;
            }
            let p = pt(self.frame.x.place(x), self.frame.y.place(y));
            if !self.rect.contains(p) {
                continue;
            }
            if on_line {
                let far = |q: &Pt| (q.x - p.x).hypot(q.y - p.y) >= MARKER_PITCH * self.scale;
                if out.last().is_none_or(far) {
                    out.push(p);
                }
            } else if taken.insert(((p.x * 2.0).round() as i32, (p.y * 2.0).round() as i32)) {
                out.push(p);
            }
        }
        out
    }

    fn one_box(&self, sheet: &mut Sheet, b: &BoxMark, flavour: Flavour, mark: usize) {
        let ink = self.palette.ink(&b.style, flavour);
        let x = |v: f64| self.frame.x.place(v);
        let y = |v: f64| self.frame.y.place(v);
        let (left, right) = ordered(x(b.x - b.width / 2.0), x(b.x + b.width / 2.0));
        // Boxes side by side keep a little air.
        let (left, right) = if right - left > 4.0 { (left + 0.4, right - 0.4) } else { (left, right) };
        let middle = f32::midpoint(left, right);
        let thin = Stroke::solid(ink, (0.9 * self.theme.weight).min((right - left) * 0.5).max(0.3));
        let cap = (right - left) * 0.25;
        for (whisker, quartile) in [(b.whisker_lo, b.q1), (b.whisker_hi, b.q3)] {
            self.path(sheet, mark, &[pt(middle, y(quartile)), pt(middle, y(whisker))], &thin);
            self.path(sheet, mark, &[pt(middle - cap, y(whisker)), pt(middle + cap, y(whisker))], &thin);
        }
        let (top, bottom) = ordered(y(b.q1), y(b.q3));
        if let Some(rect) = self.clipped(left, top, right, bottom) {
            let fill = Some(ink.mix(self.theme.face, 0.62));
            self.push(sheet, mark, Shape::Rect { rect, fill, stroke: Some(thin.clone()) });
        }
        let bold = Stroke::solid(ink.mix(self.theme.ink, 0.35), thin.width * 2.0);
        self.path(sheet, mark, &[pt(left, y(b.median)), pt(right, y(b.median))], &bold);
        self.fliers(sheet, b, ink, middle, right - left, mark);
    }

    /// Points beyond the whiskers: dots, and where dots would merge a line as wide as they.
    fn fliers(&self, sheet: &mut Sheet, b: &BoxMark, ink: Ink, x: f32, width: f32, mark: usize) {
        let radius = (1.1 * self.scale).min(width * 0.3).max(0.4);
        let mut dots: Vec<Pt> = Vec::new();
        let mut runs: Vec<Vec<Pt>> = Vec::new();
        let mut span: Option<(f32, f32)> = None;
        let mut close = |span: Option<(f32, f32)>| match span {
            Some((a, z)) if (a - z).abs() > radius * 0.5 => runs.push(vec![pt(x, a), pt(x, z)]),
            Some((a, z)) => dots.push(pt(x, f32::midpoint(a, z))),
            None => {}
        };
        for value in b.fliers.iter() {
            let p = pt(x, self.frame.y.place(*value));
            if !self.rect.contains(p) {
                continue;
            }
            span = match span {
                Some((a, z)) if (p.y - z).abs() <= radius => Some((a, p.y)),
                other => {
                    close(other);
                    Some((p.y, p.y))
                }
            };
        }
        close(span);
        if !runs.is_empty() {
            let stroke = Stroke { ink, width: radius * 2.0, dash: Vec::new(), round: true };
            self.push(sheet, mark, Shape::Path { runs, stroke });
        }
        if !dots.is_empty() {
            self.push(sheet, mark, Shape::Markers { at: dots, marker: Marker::Circle, radius, ink });
        }
    }

    fn bar(&self, sheet: &mut Sheet, b: &BarMark, flavour: Flavour, mark: usize) {
        let ink = self.palette.ink(&b.style, flavour);
        let x = |v: f64| self.frame.x.place(v);
        let y = |v: f64| self.frame.y.place(v);
        let (left, right) = ordered(x(b.x), x(b.x + b.width));
        let (left, right) = if right - left > 4.0 { (left + 0.4, right - 0.4) } else { (left, right) };
        let (top, bottom) = ordered(y(b.y), y(0.0));
        if let Some(rect) = self.clipped(left, top, right, bottom) {
            let stroke = Stroke::solid(ink, 0.6 * self.theme.weight);
            self.push(
                sheet,
                mark,
                Shape::Rect { rect, fill: Some(ink.mix(self.theme.face, 0.25)), stroke: Some(stroke) },
            );
        }
        if b.yerr > 0.0 {
            let middle = f32::midpoint(left, right);
            let thin = Stroke::solid(self.theme.ink, (0.8 * self.theme.weight).min((right - left) * 0.5).max(0.3));
            let cap = ((right - left) * 0.3).min(2.5 * self.scale);
            self.path(sheet, mark, &[pt(middle, y(b.y - b.yerr)), pt(middle, y(b.y + b.yerr))], &thin);
            for end in [b.y - b.yerr, b.y + b.yerr] {
                self.path(sheet, mark, &[pt(middle - cap, y(end)), pt(middle + cap, y(end))], &thin);
            }
        }
    }

    fn clipped(&self, left: f32, top: f32, right: f32, bottom: f32) -> Option<Rect> {
        let r = self.rect;
        let (left, right) = (left.max(r.x), right.min(r.right()));
        let (top, bottom) = (top.max(r.y), bottom.min(r.bottom()));
        (left < right && top <= bottom).then(|| Rect::new(left, top, right - left, bottom - top))
    }

    fn area(&self, sheet: &mut Sheet, area: &Area, mark: usize) {
        let ink = self.palette.ink(&area.style, area.id.flavour);
        let n = area.x.len().min(area.y_lo.len()).min(area.y_hi.len());
        let fill = ink.mix(self.theme.face, 1.0 - area.opacity.clamp(0.0, 1.0));
        for edges in strips(&area.x[..n], &area.y_lo[..n], &area.y_hi[..n], &self.frame, self.rect) {
            self.push(sheet, mark, Shape::Band { edges, fill });
        }
    }

    fn ellipse(&self, sheet: &mut Sheet, e: &Ellipse, mark: usize) {
        const CORNERS: usize = 96;
        let ink = self.palette.ink(&e.style, e.id.flavour);
        let (sin, cos) = e.angle_deg.to_radians().sin_cos();
        let mut ring: Vec<Pt> = (0..CORNERS)
            .map(|i| std::f64::consts::TAU * i as f64 / CORNERS as f64)
            .map(|t| (e.width / 2.0 * t.cos(), e.height / 2.0 * t.sin()))
            .map(|(a, b)| pt(self.frame.x.place(e.x + a * cos - b * sin), self.frame.y.place(e.y + a * sin + b * cos)))
            .filter(|p| p.x.is_finite() && p.y.is_finite())
            .collect();
        let points = clip_polygon(&ring, self.rect);
        if !points.is_empty() {
            self.push(sheet, mark, Shape::Polygon { points, fill: ink.with_alpha(0.35) });
        }
        ring.extend(ring.first().copied());
        self.path(sheet, mark, &ring, &Stroke::solid(ink, self.theme.weight));
    }

    /// Radius of a marker; of a crowd of points without a line, smaller, so that they do not merge.
    fn marker_radius(&self, crowd: usize) -> f32 {
        let alone = 2.4 * self.scale.min(1.2) * self.theme.weight.min(1.0);
        match crowd {
            0..300 => alone,
            300..2000 => alone * 0.7,
            _ => alone * 0.45,
        }
    }

    /// The legend's specimen of a mark, or of its `part`-th box or bar.
    pub(super) fn sample(&self, mark: &Mark, part: usize) -> Sample {
        let swatch = |style: &Style, flavour, fade| {
            let ink = self.palette.ink(style, flavour);
            Sample::Swatch(ink.mix(self.theme.face, fade), Stroke::solid(ink, 0.8 * self.theme.weight))
        };
        match mark {
            Mark::Line(m) => {
                let ink = self.palette.ink(&m.style, m.id.flavour);
                let stroke = stroke_of(&m.style, ink, self.palette, self.theme);
                let marker = self.palette.marker(&m.style).map(|(marker, _)| (marker, self.marker_radius(0), ink));
                Sample::Line(stroke, marker)
            }
            Mark::Boxes(m) => m.boxes.get(part).map_or(Sample::None, |b| swatch(&b.style, m.id.flavour, 0.62)),
            Mark::Bars(m) => m.bars.get(part).map_or(Sample::None, |b| swatch(&b.style, m.id.flavour, 0.25)),
            Mark::Area(m) => swatch(&m.style, m.id.flavour, 1.0 - m.opacity.clamp(0.0, 1.0)),
            Mark::Ellipse(m) => swatch(&m.style, m.id.flavour, 0.65),
        }
    }
}

/// The ellipses of some axes: the point that each belongs to, in data units, and the rectangle around it on the page.
pub(super) fn ellipses(axes: &crate::scene::Axes, frame: &AxesFrame) -> Vec<(f64, f64, Rect)> {
    let pairs = axes.marks.windows(2);
    pairs
        .filter_map(|pair| match pair {
            [Mark::Ellipse(e), Mark::Line(point)] => Some((e, point.x.first()?, point.y.first()?)),
            _ => None,
        })
        .map(|(e, x, y)| {
            let (sin, cos) = e.angle_deg.to_radians().sin_cos();
            let (a, b) = (e.width / 2.0, e.height / 2.0);
            let (half_x, half_y) = ((a * cos).hypot(b * sin), (a * sin).hypot(b * cos));
            let (left, right) = ordered(frame.x.place(e.x - half_x), frame.x.place(e.x + half_x));
            let (top, bottom) = ordered(frame.y.place(e.y - half_y), frame.y.place(e.y + half_y));
            (x, y, Rect::new(left, top, right - left, bottom - top))
        })
        .collect()
}

fn ordered(a: f32, b: f32) -> (f32, f32) {
    if a <= b { (a, b) } else { (b, a) }
}

/// The stroke of a style; `None` where it draws no line.
fn stroke_of(style: &Style, ink: Ink, palette: &Palette<'_>, theme: &Theme) -> Option<Stroke> {
    let width = style.width.clamp(0.1, 20.0) * theme.weight;
    let dash = match palette.dash(style)? {
        Dash::Solid => Vec::new(),
        Dash::Dashed => vec![4.0 * width, 2.0 * width],
        Dash::Dotted => vec![1.2 * width, 1.8 * width],
        Dash::DashDot => vec![6.0 * width, 2.0 * width, 1.5 * width, 2.0 * width],
    };
    Some(Stroke { ink, width, dash, round: false })
}

/// Where a projection puts a value, for callers without the frame's names.
pub(super) fn place(x: &Projection, y: &Projection, at: (f64, f64)) -> Pt {
    pt(x.place(at.0), y.place(at.1))
}
