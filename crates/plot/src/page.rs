//! `Page`: where everything is, in points, with nothing left to decide.
//!
//! [`layout`](crate::layout::layout) makes it from a [`Scene`](crate::scene::Scene), a size, a theme and a view; every
//! renderer only paints it. Lines are decimated and clipped, labels elided, colours final, text boxes measured. Items
//! are in painting order. The origin is the upper left corner, y grows downwards.

use serde::Serialize;

use crate::colour::Rgb;
pub use crate::scene::Marker;
use crate::scene::{Flavour, MarkId, Scale, Side};

/// Size of a page in points (1/72 inch).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PageSize {
    /// Width.
    pub width_pt: f32,
    /// Height.
    pub height_pt: f32,
}

impl PageSize {
    /// A size in inches, as figure options give it.
    pub fn inches(width: f32, height: f32) -> Self {
        Self { width_pt: width * 72.0, height_pt: height * 72.0 }
    }

    /// A size in pixels at a resolution.
    pub fn pixels(width: f32, height: f32, dpi: f32) -> Self {
        Self::inches(width / dpi, height / dpi)
    }
}

impl Default for PageSize {
    /// 8 × 5 inches: 800 × 500 pixels at 100 dpi.
    fn default() -> Self {
        Self::inches(8.0, 5.0)
    }
}

/// A point on the page.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Pt {
    /// From the left edge.
    pub x: f32,
    /// From the top.
    pub y: f32,
}

/// Shorthand for a point.
pub fn pt(x: f32, y: f32) -> Pt {
    Pt { x, y }
}

/// A rectangle on the page.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Rect {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

impl Rect {
    /// From the upper left corner and the size.
    pub fn new(x: f32, y: f32, w: f32, h: f32) -> Self {
        Self { x, y, w, h }
    }

    /// Right edge.
    pub fn right(&self) -> f32 {
        self.x + self.w
    }

    /// Bottom edge.
    pub fn bottom(&self) -> f32 {
        self.y + self.h
    }

    /// Area in square points.
    pub fn area(&self) -> f32 {
        self.w * self.h
    }

    /// Whether a point is inside or on the edge.
    pub fn contains(&self, p: Pt) -> bool {
        p.x >= self.x && p.x <= self.right() && p.y >= self.y && p.y <= self.bottom()
    }

    /// Whether two rectangles share more than an edge; `slack` points of overlap are forgiven.
    pub fn overlaps(&self, other: &Self, slack: f32) -> bool {
        self.x + slack < other.right()
            && other.x + slack < self.right()
            && self.y + slack < other.bottom()
            && other.y + slack < self.bottom()
    }
}

/// A final colour: red, green, blue, opacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Ink(pub u8, pub u8, pub u8, pub u8);

impl Ink {
    /// Opaque, from `0xRRGGBB`.
    pub const fn rgb(hex: u32) -> Self {
        Self((hex >> 16) as u8, (hex >> 8) as u8, hex as u8, 255)
    }

    /// The same colour with another opacity (0–1).
    #[must_use]
    pub fn with_alpha(self, alpha: f32) -> Self {
        Self(self.0, self.1, self.2, (alpha.clamp(0.0, 1.0) * 255.0).round() as u8)
    }

    /// A mixture: 0 is `self`, 1 is `other`; opacity stays.
    #[must_use]
    pub fn mix(self, other: Self, part: f32) -> Self {
        let blend = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * part).round() as u8;
        Self(blend(self.0, other.0), blend(self.1, other.1), blend(self.2, other.2), self.3)
    }
}

impl From<Rgb> for Ink {
    fn from(Rgb(r, g, b): Rgb) -> Self {
        Self(r, g, b, 255)
    }
}

/// How a line is drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stroke {
    /// Colour.
    pub ink: Ink,
    /// Width in points.
    pub width: f32,
    /// On and off lengths in points; empty: solid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dash: Vec<f32>,
    /// Round ends (dots drawn as lines); else flat.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub round: bool,
}

impl Stroke {
    /// A solid line.
    pub fn solid(ink: Ink, width: f32) -> Self {
        Self { ink, width, dash: Vec::new(), round: false }
    }
}

/// What an item is on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The data area's own background.
    Face,
    /// Grid line.
    Grid,
    /// Axis line.
    AxisLine,
    /// Tick mark.
    Tick,
    /// Number or category at a tick.
    TickLabel,
    /// Name of an axis.
    AxisLabel,
    /// Line between groups of boxes or bars.
    Divider,
    /// Name of a group of boxes or bars, or of an ellipse.
    GroupText,
    /// Data.
    Data,
    /// Background of a legend inside the data area.
    LegendFrame,
    /// Heading of a legend.
    LegendTitle,
    /// Specimen of a mark in a legend.
    LegendSample,
    /// Label in a legend.
    LegendText,
    /// Title line.
    Title,
    /// Explanation of shortened labels.
    Caption,
    /// The line that says when and between whom.
    Annotation,
    /// The user's note.
    Note,
    /// "Nothing to draw" and why.
    Message,
}

/// Which end of a text its anchor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// Text begins at the anchor.
    Start,
    /// Text is centred on the anchor.
    Middle,
    /// Text ends at the anchor.
    End,
}

/// One line of text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TextRun {
    /// What is written, possibly elided.
    pub text: String,
    /// The complete text where `text` is shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full: Option<String>,
    /// Anchor on the baseline.
    pub at: Pt,
    /// Which end of the text the anchor is.
    pub anchor: Anchor,
    /// Font size in points.
    pub size: f32,
    /// Colour.
    pub ink: Ink,
    /// Reads from bottom to top.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub upright: bool,
    /// The measured box on the page.
    pub bounds: Rect,
}

/// One place of an area between two edges.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Strip {
    /// Where.
    pub x: f32,
    /// Upper edge.
    pub top: f32,
    /// Lower edge.
    pub bottom: f32,
}

impl Strip {
    /// The outline of an area: along the upper edges, and back along the lower ones.
    pub fn outline(edges: &[Self]) -> Vec<Pt> {
        let upper = edges.iter().map(|e| pt(e.x, e.top));
        upper.chain(edges.iter().rev().map(|e| pt(e.x, e.bottom))).collect()
    }
}

/// Geometry.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Rectangle.
    Rect {
        /// Where.
        rect: Rect,
        /// Inside.
        fill: Option<Ink>,
        /// Edge.
        stroke: Option<Stroke>,
    },
    /// Runs of points joined by lines; a gap in the data ends a run. Already decimated and clipped.
    Path {
        /// Each has two points or more.
        runs: Vec<Vec<Pt>>,
        /// Look.
        stroke: Stroke,
    },
    /// Area between two edges, already clipped.
    Band {
        /// Places in order; between neighbours both edges are straight.
        edges: Vec<Strip>,
        /// Inside.
        fill: Ink,
    },
    /// Filled convex polygon, closed, already clipped.
    Polygon {
        /// Corners.
        points: Vec<Pt>,
        /// Inside.
        fill: Ink,
    },
    /// The same marker at many places.
    Markers {
        /// Centres.
        at: Vec<Pt>,
        /// Shape.
        #[serde(serialize_with = "marker_name")]
        marker: Marker,
        /// Half of its size in points.
        radius: f32,
        /// Colour.
        ink: Ink,
    },
    /// Text.
    Text(TextRun),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn marker_name<S: serde::Serializer>(marker: &Marker, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("{marker:?}"))
}

/// One thing to paint.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// What it is.
    pub role: Role,
    /// Panel it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panel: Option<usize>,
    /// Marks it stands for, as indices into [`Page::marks`]: one for data, several for a shared legend entry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<usize>,
    /// Geometry.
    pub shape: Shape,
}

/// A mark of the scene, for highlighting, hiding and screen readers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarkInfo {
    /// Panel, axes and mark index in the scene.
    pub place: (usize, usize, usize),
    /// Series name in the data set.
    pub series: String,
    /// Index of the file.
    pub file: usize,
    /// Index of the series in the plot.
    pub index: usize,
    /// Direction of payload: `download`, `upload`, `latency` or `other`.
    pub flavour: &'static str,
    /// Complete label.
    pub label: String,
}

impl MarkInfo {
    /// From a mark's identity.
    pub fn new(place: (usize, usize, usize), id: &MarkId, label: &str) -> Self {
        let flavour = match id.flavour {
            Flavour::Download => "download",
            Flavour::Upload => "upload",
            Flavour::Latency => "latency",
            Flavour::Other => "other",
        };
        Self { place, series: id.series.clone(), file: id.file, index: id.index, flavour, label: label.to_owned() }
    }
}

/// How one axis maps values to the page.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Projection {
    /// Whether the axis is logarithmic.
    pub log: bool,
    /// Values at the two ends (already logarithms when `log`).
    value: (f64, f64),
    /// Positions of the two ends in points.
    pos: (f32, f32),
    /// Points per value.
    rate: f64,
}

impl Projection {
    /// - `limits`: values at the left or lower end and at the right or upper end; positive when `scale` is logarithmic.
    /// - `pos`: where these are on the page, points.
    pub fn new(scale: Scale, limits: (f64, f64), pos: (f32, f32)) -> Self {
        let log = scale != Scale::Linear;
        let value = if log { (limits.0.ln(), limits.1.ln()) } else { limits };
        let rate = f64::from(pos.1 - pos.0) / (value.1 - value.0);
        Self { log, value, pos, rate }
    }

    /// Position of a value; NaN for NaN, and minus infinity on a logarithmic axis lands far beyond its lower end.
    pub fn place(&self, value: f64) -> f32 {
        let v = if self.log { if value > 0.0 { value.ln() } else { -1e3 } } else { value };
        if value.is_nan() {
            return f32::NAN;
        }
        // Beyond a million points there is nothing to see, and f32 keeps its digits.
        (f64::from(self.pos.0) + (v - self.value.0) * self.rate).clamp(-1e6, 1e6) as f32
    }

    /// How far a value is from 0, or from 1 on a logarithmic axis, in points of a page without an end: the same wherever the
    /// axis begins.
    pub(crate) fn along(&self, value: f64) -> f64 {
        let v = if self.log { if value > 0.0 { value.ln() } else { -1e3 } } else { value };
        v * self.rate
    }

    /// Larger values are further right (or further down).
    pub(crate) fn pos_ascends(&self) -> bool {
        self.rate >= 0.0
    }

    /// Value at a position: the inverse of [`Projection::place`].
    pub fn value(&self, pos: f32) -> f64 {
        let part = f64::from(pos - self.pos.0) / f64::from(self.pos.1 - self.pos.0);
        let v = self.value.0 + part * (self.value.1 - self.value.0);
        if self.log { v.exp() } else { v }
    }

    /// Values at the two ends.
    pub fn limits(&self) -> (f64, f64) {
        if self.log { (self.value.0.exp(), self.value.1.exp()) } else { self.value }
    }
}

/// One set of axes on the page.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AxesFrame {
    /// Horizontal.
    pub x: Projection,
    /// Vertical.
    pub y: Projection,
    /// Whether its vertical axis is on the right.
    pub right: bool,
}

impl AxesFrame {
    pub(crate) fn new(x: Projection, y: Projection, side: Side) -> Self {
        Self { x, y, right: side == Side::Right }
    }
}

/// One panel on the page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PanelFrame {
    /// The data area. All data items of the panel are clipped to it, lines exactly, markers by their centres.
    pub rect: Rect,
    /// One set of axes, or two.
    pub axes: Vec<AxesFrame>,
}

/// A complete page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// Size.
    pub size: PageSize,
    /// Paper colour.
    pub background: Ink,
    /// Everything, in painting order.
    pub items: Vec<Item>,
    /// Where the data areas are.
    pub panels: Vec<PanelFrame>,
    /// What the items' marks are.
    pub marks: Vec<MarkInfo>,
    /// What was shortened, hidden or clamped to make it fit.
    pub notes: Vec<String>,
}

impl Page {
    /// Part of the page that is data area, 0–1.
    pub fn data_share(&self) -> f32 {
        let data: f32 = self.panels.iter().map(|p| p.rect.area()).sum();
        data / (self.size.width_pt * self.size.height_pt)
    }

    /// All texts with their boxes.
    pub fn texts(&self) -> impl Iterator<Item = (&Item, &TextRun)> {
        self.items.iter().filter_map(|item| match &item.shape {
            Shape::Text(run) => Some((item, run)),
            _ => None,
        })
    }
}
