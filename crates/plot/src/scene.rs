//! `Scene`: what is drawn, in data units. No pixels, no fonts, nothing decimated, labels complete.
//!
//! `resolve` makes it from plots, options and data sets; `layout` turns it into a [`crate::page::Page`]; `json` prints
//! it. Anything that depends on the size of the paper belongs to the page.

use std::sync::Arc;

use fa_catalog::{Orientation, PlotType};
pub use fa_format::Column;

use crate::colour::Rgb;

/// A complete figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Plot name: `all_scaled`.
    pub plot: String,
    /// Plot type.
    pub kind: PlotType,
    /// Base names of the files, in the order given.
    pub files: Vec<String>,
    /// Title lines: test, plot, and the file's own title when there is one file.
    pub title: Vec<String>,
    /// The line at the bottom: hosts, time, length and step.
    pub figure_text: Vec<String>,
    /// The only far host of all files: what is drawn need not repeat it at every label.
    pub host: Option<String>,
    /// The user's note, bottom left.
    pub figure_note: Option<String>,
    /// Panels in drawing order.
    pub panels: Vec<Panel>,
    /// Below each other or side by side.
    pub orientation: Orientation,
    /// Why nothing is drawn; `None` when something is.
    pub empty: Option<String>,
    /// What was skipped, clipped or guessed on the way.
    pub notes: Vec<String>,
    /// The same in few lines: what files lack counted instead of listed.
    pub brief_notes: Vec<String>,
    /// Where the legends go.
    pub legend_placement: LegendPlacement,
    /// Columns of each legend, where the user asked for a number.
    pub legend_columns: Option<u32>,
    /// The colour cycle the user asked for; empty: the theme's.
    pub palette: Vec<Rgb>,
}

impl Scene {
    /// Packs the columns of long lines: the same numbers in less memory, for a scene that is kept.
    pub fn pack(&mut self) {
        for mark in self.panels.iter_mut().flat_map(|p| &mut p.axes).flat_map(|a| &mut a.marks) {
            if let Mark::Line(line) = mark
                && line.x.len() >= LONG
            {
                (line.x, line.y) = (line.x.packed(), line.y.packed());
            }
        }
    }
}

/// From how many points on a line is long: worth packing, and knowing its extremes beforehand.
pub(crate) const LONG: usize = 8192;

/// One rectangle of data with its axes and legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Heading, where panels stand for files; complete.
    pub title: Option<String>,
    /// One set of axes, or two that share x (the second one's y axis is on the right).
    pub axes: Vec<Axes>,
    /// Legend, complete labels.
    pub legend: Option<Legend>,
    /// Vertical dotted lines between groups of boxes and bars, in x units.
    pub dividers: Vec<f64>,
    /// Draw tick labels on the x axis (panels that share it show them once).
    pub show_x_ticks: bool,
}

/// Axes in Flent's sense: one x axis, one y axis, and what is drawn on them.
#[derive(Debug, Clone, PartialEq)]
pub struct Axes {
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Side of the vertical axis.
    pub side: Side,
    /// In drawing order.
    pub marks: Vec<Mark>,
    /// Text at data coordinates: names above groups of boxes, names of ellipses.
    pub texts: Vec<DataText>,
}

/// Side of a vertical axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// Usual.
    #[default]
    Left,
    /// Second axis of a dual plot.
    Right,
}

/// An axis: label, limits, scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Full label with its unit; may be empty.
    pub label: String,
    /// Left/bottom and right/top; reversed when the axis is inverted.
    pub limits: (f64, f64),
    /// Linear or logarithmic.
    pub scale: Scale,
    /// Fixed tick positions and labels (categories); `None`: chosen by the layout.
    pub ticks: Option<Vec<(f64, String)>>,
    /// What the numbers are, so that the layout can choose tick texts.
    pub quantity: Quantity,
}

/// Scale of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal steps.
    #[default]
    Linear,
    /// Powers of two.
    Log2,
    /// Powers of ten.
    Log10,
}

/// What an axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quantity {
    /// A plain number in the unit of the label.
    #[default]
    Plain,
    /// Seconds since the Unix epoch, shown as time of day.
    UnixTime,
    /// Categories: ticks are given.
    Category,
}

/// Text at data coordinates, anchored at the middle of its bottom edge.
#[derive(Debug, Clone, PartialEq)]
pub struct DataText {
    /// Position.
    pub x: f64,
    /// Position.
    pub y: f64,
    /// Text, complete.
    pub text: String,
}

/// What the data behind a mark is; colours follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flavour {
    /// Payload towards us.
    Download,
    /// Payload from us.
    Upload,
    /// Delay.
    Latency,
    /// Anything else.
    #[default]
    Other,
}

/// Identity of a mark: stable across redraws, used for highlighting, hiding and accessibility.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MarkId {
    /// Series name in the data set.
    pub series: String,
    /// Index of the data set among the figure's files (or groups).
    pub file: usize,
    /// Index of the series in the plot.
    pub index: usize,
    /// What the data is.
    pub flavour: Flavour,
}

/// How a mark is to look. Themes turn `colour` into ink.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// Which colour.
    pub colour: Colour,
    /// Points.
    pub width: f32,
    /// Line pattern; `None` draws no line, only markers.
    pub dash: Option<Dash>,
    /// Marker, with "every n-th point".
    pub marker: Option<(Marker, usize)>,
}

/// A colour by meaning or by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Colour {
    /// n-th colour of the theme's cycle.
    Cycle(usize),
    /// Asked for by the plot's definition.
    Rgb(Rgb),
    /// The theme's text colour (black on paper).
    Ink,
}

/// Line patterns, in the order in which files get them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dash {
    /// ───
    Solid,
    /// – –
    Dashed,
    /// 2 on, 4 off.
    Dotted,
    /// 8 on, 4 off, 2 on, 4 off.
    DashDot,
}

/// Marker shapes, in the order in which files get them after the dashes are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// o
    Circle,
    /// ^
    TriangleUp,
    /// s
    Square,
    /// v
    TriangleDown,
    /// D
    Diamond,
    /// *
    Star,
    /// <
    TriangleLeft,
    /// >
    TriangleRight,
    /// x
    Cross,
    /// +
    Plus,
}

/// Something drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// Points joined by a line; NaN breaks it.
    Line(Line),
    /// Boxes of one series over files.
    Boxes(Boxes),
    /// Bars with error bars.
    Bars(Bars),
    /// Area between two curves.
    Area(Area),
    /// Filled ellipse.
    Ellipse(Ellipse),
}

impl Mark {
    /// Its identity.
    pub fn id(&self) -> &MarkId {
        match self {
            Self::Line(mark) => &mark.id,
            Self::Boxes(mark) => &mark.id,
            Self::Bars(mark) => &mark.id,
            Self::Area(mark) => &mark.id,
            Self::Ellipse(mark) => &mark.id,
        }
    }
}

/// A line or a set of points.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Identity.
    pub id: MarkId,
    /// Full label; `None` keeps it out of the legend.
    pub label: Option<String>,
    /// Shared columns, same length; NaN in `y` is a gap.
    pub x: Column,
    /// See `x`.
    pub y: Column,
    /// Look.
    pub style: Style,
}

/// Boxes of one series.
#[derive(Debug, Clone, PartialEq)]
pub struct Boxes {
    /// Identity of the series; `file` is that of the first box.
    pub id: MarkId,
    /// One per file that has data.
    pub boxes: Vec<BoxMark>,
}

/// One box.
#[derive(Debug, Clone, PartialEq)]
pub struct BoxMark {
    /// Centre of the box.
    pub x: f64,
    /// Full width in x units.
    pub width: f64,
    /// File (or group) index.
    pub file: usize,
    /// Points behind the box.
    pub n: usize,
    /// First quartile.
    pub q1: f64,
    /// Median.
    pub median: f64,
    /// Third quartile.
    pub q3: f64,
    /// Furthest point within 1.5 IQR below the box.
    pub whisker_lo: f64,
    /// Furthest point within 1.5 IQR above the box.
    pub whisker_hi: f64,
    /// Points beyond the whiskers, ascending, all of them.
    pub fliers: Arc<[f64]>,
    /// Look.
    pub style: Style,
    /// Label if this box stands for its file in the legend.
    pub legend: Option<String>,
}

/// Bars of one series over files.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// Identity.
    pub id: MarkId,
    /// Legend label.
    pub label: Option<String>,
    /// One per file.
    pub bars: Vec<BarMark>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct BarMark {
    /// Left edge.
    pub x: f64,
    /// Width in x units.
    pub width: f64,
    /// Height: the mean.
    pub y: f64,
    /// Half length of the error bar: the population standard deviation.
    pub yerr: f64,
    /// File (or group) index.
    pub file: usize,
    /// Look.
    pub style: Style,
}

/// Area between two curves.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Identity.
    pub id: MarkId,
    /// Legend label.
    pub label: Option<String>,
    /// Shared columns of the same length.
    pub x: Arc<[f64]>,
    /// Lower edge.
    pub y_lo: Arc<[f64]>,
    /// Upper edge.
    pub y_hi: Arc<[f64]>,
    /// Look.
    pub style: Style,
    /// How much of its colour the fill has, 0–1; what lies behind does not show.
    pub opacity: f32,
}

/// Ellipse.
#[derive(Debug, Clone, PartialEq)]
pub struct Ellipse {
    /// Identity.
    pub id: MarkId,
    /// Legend label.
    pub label: Option<String>,
    /// Centre.
    pub x: f64,
    /// Centre.
    pub y: f64,
    /// Full first axis, data units.
    pub width: f64,
    /// Full second axis, data units.
    pub height: f64,
    /// Degrees, counter-clockwise, of the first axis.
    pub angle_deg: f64,
    /// Look.
    pub style: Style,
}

/// A legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Legend {
    /// Heading; may be empty.
    pub title: String,
    /// Entries in order.
    pub entries: Vec<LegendEntry>,
}

/// One line of a legend.
#[derive(Debug, Clone, PartialEq)]
pub struct LegendEntry {
    /// Label after the user's filters, complete.
    pub label: String,
    /// Which axes of the panel, which mark on them, and which box or bar of the mark: the sample to show.
    pub sample: (usize, usize, usize),
}

/// Where legends go.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum LegendPlacement {
    /// Outside, to the right; the layout may move it below when the data would get less than its share.
    #[default]
    Outside,
    /// Below the figure.
    Below,
    /// Inside the data area, matplotlib's place names (`upper right`, `best`, …).
    Inside(String),
    /// None at all.
    Hidden,
}
