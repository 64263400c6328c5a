//! A view: which plot of which files, how it is set, and what part of it is shown. Tabs are views.

use fa_plot::layout;
use fa_plot::options::{FigureOptions, Hidden};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::library::DocId;

/// Names a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ViewId(pub u64);

/// What the horizontal axis counts: a zoom made on one kind means nothing on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum XKind {
    /// Seconds of the run.
    Run,
    /// Time of day.
    Clock,
    /// Anything else: values of a distribution, categories.
    Other,
}

/// How moments of the run and a horizontal axis go together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunAxis {
    /// What the axis counts.
    pub kind: XKind,
    /// When the first file's run began, Unix seconds.
    pub t0: Option<f64>,
}

impl RunAxis {
    /// Where seconds of the run are on the axis; `None` where it has no time.
    pub fn on_axis(self, run_secs: f64) -> Option<f64> {
        match self.kind {
            XKind::Run => Some(run_secs),
            XKind::Clock => self.t0.map(|t0| t0 + run_secs),
            XKind::Other => None,
        }
    }

    /// Seconds of the run at a place of the axis; `None` where it has no time.
    pub fn of_run(self, x: f64) -> Option<f64> {
        match self.kind {
            XKind::Run => Some(x),
            XKind::Clock => self.t0.map(|t0| x - t0),
            XKind::Other => None,
        }
    }
}

/// Limits of the vertical axis of one panel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct YZoom {
    /// Panel.
    pub panel: usize,
    /// Axes of the panel.
    pub axes: usize,
    /// Lower and upper end.
    pub limits: (f64, f64),
}

/// What part of a figure is shown. Without entries: everything.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ZoomState {
    /// Horizontal limits, one per kind of axis: they come back with the kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub x: Vec<(XKind, (f64, f64))>,
    /// Vertical limits of the plot shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub y: Vec<YZoom>,
}

impl ZoomState {
    /// Limits of a kind of horizontal axis.
    pub fn x_of(&self, kind: XKind) -> Option<(f64, f64)> {
        self.x.iter().find(|(k, _)| *k == kind).map(|(_, limits)| *limits)
    }

    /// Sets them, or removes them.
    pub fn set_x(&mut self, kind: XKind, limits: Option<(f64, f64)>) {
        self.x.retain(|(k, _)| *k != kind);
        if let Some(limits) = limits.filter(|(a, b)| a.is_finite() && b.is_finite() && a != b) {
            self.x.push((kind, limits));
        }
    }

    /// Sets the vertical limits of one panel's axes.
    pub fn set_y(&mut self, panel: usize, axes: usize, limits: (f64, f64)) {
        self.y.retain(|z| (z.panel, z.axes) != (panel, axes));
        if limits.0.is_finite() && limits.1.is_finite() && limits.0 != limits.1 {
            self.y.push(YZoom { panel, axes, limits });
        }
    }

    /// As the layout takes it, for a figure of so many panels and axes.
    pub fn for_layout(&self, kind: XKind, axes_of_panels: &[usize]) -> layout::View {
        let x = self.x_of(kind);
        let mut zooms = Vec::new();
        for (panel, count) in axes_of_panels.iter().enumerate() {
            for axes in 0..*count {
                let y = self.y.iter().find(|z| (z.panel, z.axes) == (panel, axes)).map(|z| z.limits);
                if x.is_some() || y.is_some() {
                    zooms.push(layout::Zoom { panel, axes, x, y });
                }
            }
        }
        layout::View { zooms }
    }
}

/// Options as their names and values, which is how they are typed, too.
pub(crate) mod as_pairs {
    use super::{Deserialize, Deserializer, FigureOptions, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(options: &FigureOptions, to: S) -> Result<S::Ok, S::Error> {
        options.to_pairs().serialize(to)
    }

    /// Names and values of a newer program that this one does not know are left out.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<FigureOptions, D::Error> {
        let pairs = Vec::<(String, String)>::deserialize(from)?;
        let mut options = FigureOptions::default();
        for (name, value) in pairs {
            // An option that does not exist here cannot be set; everything else of the session still can.
            drop(options.set(&name, &value));
        }
        Ok(options)
    }
}

/// What is not drawn: a series in all files or in one, or all series of a file. Files are meant themselves, not their
/// places: those change when a file cannot be read, is closed or moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HiddenSeries {
    /// File; `None`: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<DocId>,
    /// Name of the series; `None`: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
}

impl HiddenSeries {
    /// Whether this hides a series of a file.
    pub fn hides(&self, series: &str, doc: DocId) -> bool {
        self.doc.is_none_or(|d| d == doc) && self.series.as_deref().is_none_or(|s| s == series)
    }
}

/// One view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Its name.
    pub id: ViewId,
    /// Plot; `None`: the one that the first file's test opens with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plot: Option<String>,
    /// Files in order; the first one decides test, labels and scales.
    pub docs: Vec<DocId>,
    /// Settings of the figure, without what [`Self::hidden`] and [`Self::zoom`] hold.
    #[serde(default, with = "as_pairs")]
    pub options: FigureOptions,
    /// What is not drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<HiddenSeries>,
    /// What part is shown.
    #[serde(default)]
    pub zoom: ZoomState,
    /// What was shown before, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub back: Vec<ZoomState>,
    /// What was gone back from, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forward: Vec<ZoomState>,
    /// Its time axis moves together with those of the other linked views.
    #[serde(default = "yes")]
    pub linked: bool,
    /// Its value axes span what all views of the same plot with this setting show.
    #[serde(default)]
    pub same_scale: bool,
    /// Marked part of the run, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brush: Option<(f64, f64)>,
    /// Time cursors, seconds of the run: at most two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cursors: Vec<f64>,
    /// Only this one of its files is shown, the others keep their places.
    #[serde(default, rename = "only_file", skip_serializing_if = "Option::is_none")]
    pub only: Option<DocId>,
    /// While measuring, the right edge is followed.
    #[serde(default = "yes")]
    pub follow: bool,
}

fn yes() -> bool {
    true
}

/// Steps that can be gone back.
const ZOOMS_KEPT: usize = 100;

impl View {
    /// A view of one file.
    pub fn new(id: ViewId, doc: Option<DocId>) -> Self {
        Self {
            id,
            plot: None,
            docs: doc.into_iter().collect(),
            options: FigureOptions::default(),
            hidden: Vec::new(),
            zoom: ZoomState::default(),
            back: Vec::new(),
            forward: Vec::new(),
            linked: true,
            same_scale: false,
            brush: None,
            cursors: Vec::new(),
            only: None,
            follow: true,
        }
    }

    /// Shows another part; the one shown so far can be gone back to.
    pub fn zoom_to(&mut self, zoom: ZoomState) {
        if zoom != self.zoom {
            self.back.push(std::mem::replace(&mut self.zoom, zoom));
            if self.back.len() > ZOOMS_KEPT {
                self.back.remove(0);
            }
            self.forward.clear();
        }
    }

    /// The options with which the figure of these of its files is made: those set, and what hides series and files.
    pub fn figure_options(&self, drawn: &[DocId]) -> FigureOptions {
        let mut options = self.options.clone();
        options.hide_series.extend(self.hidden.iter().filter_map(|hidden| at_places(hidden, drawn)));
        if let Some(only) = self.only.filter(|only| drawn.len() > 1 && drawn.contains(only)) {
            let others = (0..drawn.len()).filter(|i| drawn[*i] != only);
            options.hide_series.extend(others.map(|file| Hidden { file: Some(file), series: None }));
        }
        options
    }

    /// The options as a person would type them for all files of the view.
    pub fn typed_options(&self) -> FigureOptions {
        let mut options = self.options.clone();
        options.hide_series.extend(self.hidden.iter().filter_map(|hidden| at_places(hidden, &self.docs)));
        options
    }

    /// Takes over options that were typed: files are counted as in the view.
    pub fn set_typed_options(&mut self, mut options: FigureOptions) {
        let typed = std::mem::take(&mut options.hide_series);
        let meant = typed.into_iter().filter_map(|Hidden { file, series }| {
            Some(HiddenSeries { doc: file.map(|n| self.docs.get(n).copied().ok_or(())).transpose().ok()?, series })
        });
        self.hidden = meant.collect();
        self.options = options;
    }

    /// Whether a series of a file is drawn.
    pub fn shows(&self, series: &str, doc: DocId) -> bool {
        !self.hidden.iter().any(|h| h.hides(series, doc)) && self.only.is_none_or(|only| only == doc)
    }
}

/// What hides the same in a figure of these files; `None` when the file is not among them.
fn at_places(hidden: &HiddenSeries, files: &[DocId]) -> Option<Hidden> {
    let file = match hidden.doc {
        None => None,
        Some(doc) => Some(files.iter().position(|other| *other == doc)?),
    };
    Some(Hidden { file, series: hidden.series.clone() })
}
