//! Plot, options and data sets to [`Scene`].
//!
//! One file or several: a plot's series are looked up in every data set, reduced if the plot combines files, and laid on
//! axes with labels and limits. Nothing here knows of pixels. What was missing, skipped or guessed is in the scene's notes.

mod bars;
mod boxes;
mod cdf;
mod combine;
mod delay;
mod drawable;
mod ellipse;
mod error;
mod flavour;
mod general;
mod histogram;
mod labels;
mod limits;
mod line;
mod needs;
mod notes;
mod numbers;
mod panel;
mod qq;
mod ridge;
mod saved;
mod scatter;
mod shown;
mod spread;
mod style;
mod subject;
mod text;
mod timeseries;

use std::borrow::Borrow;

use fa_analyze::run::Run;
use fa_catalog::{Expanded, Orientation, PlotDef, PlotSeries, PlotType, Setup};
use fa_format::DataSet;

pub use delay::delay_doubts;
pub use drawable::{Drawable, drawable};
pub use error::PlotError;
pub use general::{GENERAL_PLOTS, GeneralPlot};
use labels::LabelFilter;
pub use needs::needs;
pub(crate) use notes::Notes;
pub use saved::is_combined;
use subject::Subject;

use crate::options::FigureOptions;
use crate::scene::{LegendPlacement, Panel, Scene};

/// Idle seconds before the load where neither the user nor the file says.
const DEFAULT_DELAY: f64 = 5.0;

/// What the catalogue needs to know to expand the test of a file: the settings recorded in it.
///
/// Files of Flent do not record DELAY; `delay_override` wins, then the file's, then 5 s.
pub fn setup_from(set: &DataSet, delay_override: Option<f64>) -> Setup {
    let metadata = &set.metadata;
    let hosts = metadata.hosts();
    let mut setup =
        Setup::new(metadata.name(), &if hosts.is_empty() { metadata.host().into_iter().collect() } else { hosts });
    setup.params = metadata.test_parameters();
    if let Some(length) = metadata.length_secs() {
        setup.length_secs = length;
    }
    if let Some(step) = metadata.step_secs() {
        setup.step_secs = step;
    }
    setup.delay_secs = delay_override.or_else(|| metadata.delay_secs()).unwrap_or(DEFAULT_DELAY);
    setup.ip_version = metadata.ip_version().and_then(|v| u8::try_from(v).ok());
    setup.url_lists = url_lists(set);
    setup
}

/// `HTTP_GETTER_URLLIST` is a text in some files and a list in others.
fn url_lists(set: &DataSet) -> Vec<String> {
    match set.metadata.get("HTTP_GETTER_URLLIST") {
        Some(serde_json::Value::String(one)) => vec![one.clone()],
        Some(serde_json::Value::Array(list)) => list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// The figure of a plot over data sets, in the order given. `expanded` is the test of the first one.
///
/// A scene with nothing to show is not an error: [`Scene::empty`] says why.
///
/// # Errors
/// No data set, an unknown plot, units that cannot share an axis, or a combination that the plot type does not have.
pub fn resolve<S: Borrow<DataSet>>(
    plot: &str,
    expanded: &Expanded,
    sets: &[S],
    options: &FigureOptions,
) -> Result<Scene, PlotError> {
    resolve_scaled(plot, expanded, sets, &[] as &[DataSet], options)
}

/// As [`resolve`], with data sets that only widen the axes.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_scaled<S: Borrow<DataSet>, T: Borrow<DataSet>>(
    plot: &str,
    expanded: &Expanded,
    sets: &[S],
    scale: &[T],
    options: &FigureOptions,
) -> Result<Scene, PlotError> {
    let sets: Vec<&DataSet> = sets.iter().map(Borrow::borrow).collect();
    let scale: Vec<&DataSet> = scale.iter().map(Borrow::borrow).collect();
    resolve_sets(plot, expanded, &sets, &scale, options)
}

fn resolve_sets(
    plot: &str,
    expanded: &Expanded,
    sets: &[&DataSet],
    scale: &[&DataSet],
    options: &FigureOptions,
) -> Result<Scene, PlotError> {
    if general::named(plot, expanded, options).is_none() {
        find_plot(plot, expanded)?;
    }
    if sets.is_empty() {
        return Err(PlotError::NoData);
    }
    let mut notes = Notes::new(sets.len() + scale.len());
    let mut others: Vec<&str> =
        sets.iter().map(|set| set.metadata.name()).filter(|name| *name != expanded.name).collect();
    if !others.is_empty() {
        let count = others.len();
        others.sort_unstable();
        others.dedup();
        notes.add(format!("{count} files of other tests ({}) are drawn as if of {}", others.join(", "), expanded.name));
    }
    let drawn = if options.scale_mode { &sets[..1] } else { sets };
    let runs = runs(drawn, expanded, options);
    let def = &match general::named(plot, expanded, options) {
        Some(general) => general::define(general, expanded, &runs, options, &mut notes)?,
        None => general::narrowed(find_plot(plot, expanded)?, expanded, options, &mut notes)?,
    };
    if options.bins.is_some() && def.kind != PlotType::Histogram {
        notes.add(format!("plot {} is no histogram: --bins does nothing here", def.name));
    }
    if options.colour_by.is_some() && matches!(def.kind, PlotType::Qq | PlotType::LineCombine) {
        notes.add(format!(
            "plot {}: its colours stand for neither files nor series: --colour-by does nothing here",
            def.name
        ));
    }
    let for_scale: Vec<Run> = sets[drawn.len()..].iter().chain(scale).map(|set| Run::new(set, expanded)).collect();
    let filter = LabelFilter::new(options);
    let labels: Vec<String> =
        runs.iter().enumerate().map(|(i, run)| subject::label_of(run.set(), options.override_label.get(i))).collect();
    let subjects: Vec<Subject> = runs
        .iter()
        .zip(filter.apply(&labels))
        .enumerate()
        .map(|(i, (run, label))| Subject::run(run, label, i))
        .collect();
    let scale_subjects: Vec<Subject> = for_scale
        .iter()
        .enumerate()
        .map(|(i, run)| Subject::run(run, subject::label_of(run.set(), None), runs.len() + i))
        .collect();

    let figure = Figure { expanded, options, filter, subjects, scale: scale_subjects };
    let mut panels = figure.panels(def, &mut notes)?;
    shown::hide(&mut panels, &options.hide_series);
    shown::zoom(&mut panels, &options.zoom);
    let anything = panels.iter().any(|panel| panel.axes.iter().any(|axes| !axes.marks.is_empty()));
    let single = runs.len() == 1;
    Ok(Scene {
        plot: def.name.clone(),
        kind: def.kind,
        files: drawn.iter().map(|set| set.base_name()).collect(),
        title: text::title(expanded, def, &runs, single, options),
        figure_text: text::figure_text(&runs, options),
        host: text::common_host(drawn),
        figure_note: options.figure_note.clone(),
        orientation: def.orientation,
        empty: (!anything).then(|| text::why_empty(def, &notes)),
        notes: notes.all(),
        brief_notes: notes.brief(),
        legend_placement: placement(options),
        legend_columns: options.legend_columns,
        palette: options.colours.clone(),
        panels,
    })
}

/// The groups of files that a combining plot draws, each as a data set of its own: stored as files, they are drawn again
/// without the files behind them. None of a plot that combines nothing.
///
/// # Errors
/// As [`resolve`].
pub fn combined_sets<S: Borrow<DataSet>>(
    plot: &str,
    expanded: &Expanded,
    sets: &[S],
    options: &FigureOptions,
) -> Result<Vec<DataSet>, PlotError> {
    if general::named(plot, expanded, options).is_some() {
        return Ok(Vec::new());
    }
    let def = &general::narrowed(find_plot(plot, expanded)?, expanded, options, &mut Notes::default())?;
    let sets: Vec<&DataSet> = sets.iter().map(Borrow::borrow).collect();
    let runs = runs(&sets, expanded, options);
    let filter = LabelFilter::new(options);
    let subjects: Vec<Subject> = runs.iter().enumerate().map(|(i, run)| Subject::run(run, String::new(), i)).collect();
    let panels: Vec<&PlotDef> = match def.kind {
        PlotType::Meta => def.subplots.iter().filter_map(|name| expanded.plots.get(name)).collect(),
        _ => vec![def],
    };
    let mut combined = Vec::new();
    for plot in panels.into_iter().filter(|plot| combine::combines(plot.kind)) {
        let series = panel::wanted_series(plot, &subjects, expanded, options);
        let (columns, scale) = ((0..series.len()).collect::<Vec<_>>(), []);
        let context = Context {
            plot,
            expanded,
            options,
            filter: &filter,
            series: &series,
            columns: &columns,
            subjects: &subjects,
            scale: &scale,
            shared_x: None,
        };
        let groups = combine::combination(&context, &mut Notes::default())?;
        for table in groups.tables.iter().filter(|table| !table.x.is_empty()) {
            let first = sets.get(table.first).unwrap_or(&sets[0]);
            combined.push(saved::to_set(plot, groups.by, &groups.series, table, first));
        }
    }
    Ok(combined)
}

fn find_plot<'e>(plot: &str, expanded: &'e Expanded) -> Result<&'e PlotDef, PlotError> {
    expanded.plots.get(plot).ok_or_else(|| {
        let close = expanded
            .plots
            .keys()
            .map(|name| (strsim::jaro_winkler(name, plot), name))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        PlotError::UnknownPlot {
            test: expanded.name.clone(),
            plot: plot.to_owned(),
            suggestion: close.map(|(_, name)| name.clone()),
        }
    })
}

fn runs<'a>(sets: &[&'a DataSet], expanded: &Expanded, options: &FigureOptions) -> Vec<Run<'a>> {
    if options.concatenate {
        return Run::joined(sets, expanded).into_iter().collect();
    }
    sets.iter().map(|set| Run::new(set, expanded)).collect()
}

fn placement(options: &FigureOptions) -> LegendPlacement {
    match &options.legend_placement {
        _ if options.no_legend => LegendPlacement::Hidden,
        Some(place) => LegendPlacement::Inside(place.clone()),
        None if options.horizontal_legend => LegendPlacement::Below,
        None => LegendPlacement::Outside,
    }
}

/// Everything that all panels of a figure share.
#[derive(Debug)]
struct Figure<'a> {
    expanded: &'a Expanded,
    options: &'a FigureOptions,
    filter: LabelFilter,
    subjects: Vec<Subject<'a>>,
    scale: Vec<Subject<'a>>,
}

/// One plot to be resolved into one panel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) plot: &'a PlotDef,
    pub(crate) expanded: &'a Expanded,
    pub(crate) options: &'a FigureOptions,
    pub(crate) filter: &'a LabelFilter,
    /// What is drawn, without what the user filtered out, globs over raw keys expanded.
    pub(crate) series: &'a [PlotSeries],
    /// For each of `series`, its column in the tables of groups.
    pub(crate) columns: &'a [usize],
    pub(crate) subjects: &'a [Subject<'a>],
    /// Only widen the axes.
    pub(crate) scale: &'a [Subject<'a>],
    /// x limits of the panels above, which share the x axis.
    pub(crate) shared_x: Option<(f64, f64)>,
}

impl<'a> Figure<'a> {
    fn panels(&self, def: &'a PlotDef, notes: &mut Notes) -> Result<Vec<Panel>, PlotError> {
        if def.kind == PlotType::Meta {
            return self.meta(def, notes);
        }
        if self.options.subplot_combine {
            return self.panel_per_subject(def, notes);
        }
        Ok(vec![self.panel(def, &self.subjects, None, notes)?])
    }

    /// Panels of other plots, one x axis for all unless the plot says otherwise.
    fn meta(&self, def: &PlotDef, notes: &mut Notes) -> Result<Vec<Panel>, PlotError> {
        if self.options.subplot_combine {
            return Err(PlotError::Unsupported {
                plot: def.name.clone(),
                why: "its panels are plots already; --subplot-combine works for each of them alone".to_owned(),
            });
        }
        let mut panels: Vec<Panel> = Vec::new();
        let mut shared_x = None;
        for name in &def.subplots {
            let Some(sub) = self.expanded.plots.get(name) else {
                notes.add(format!("plot {}: there is no plot {name} for its panel", def.name));
                continue;
            };
            let panel = self.panel(sub, &self.subjects, shared_x, notes)?;
            if def.share_axis && panel.axes.iter().any(|axes| !axes.marks.is_empty()) {
                shared_x = panel.axes.first().map(|axes| axes.x.limits);
            }
            panels.push(panel);
        }
        if def.share_axis {
            share_x(&mut panels, shared_x, def.orientation);
        }
        Ok(panels)
    }

    /// The plot once per file, below each other; those with a number on the x axis show the same part of it.
    fn panel_per_subject(&self, def: &'a PlotDef, notes: &mut Notes) -> Result<Vec<Panel>, PlotError> {
        let mut panels = Vec::new();
        for subject in &self.subjects {
            let mut panel = self.panel(def, std::slice::from_ref(subject), None, notes)?;
            panel.title = Some(subject.label.clone());
            panels.push(panel);
        }
        if matches!(def.kind, PlotType::Timeseries | PlotType::Cdf | PlotType::Ellipsis) {
            let all = panels.iter().filter(|panel| panel.axes.iter().any(|axes| !axes.marks.is_empty()));
            let limits = all.filter_map(|panel| panel.axes.first()).map(|axes| axes.x.limits);
            let widest = limits.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
            share_x(&mut panels, widest.filter(|(lo, hi)| lo < hi), Orientation::Vertical);
        }
        Ok(panels)
    }

    /// One plot on one panel.
    fn panel(
        &self,
        def: &PlotDef,
        subjects: &[Subject],
        shared_x: Option<(f64, f64)>,
        notes: &mut Notes,
    ) -> Result<Panel, PlotError> {
        let series = panel::wanted_series(def, subjects, self.expanded, self.options);
        panel::note_keys_without_samples(def, &series, subjects, (self.expanded, self.options), notes);
        let columns: Vec<usize> = (0..series.len()).collect();
        let context = Context {
            plot: def,
            expanded: self.expanded,
            options: self.options,
            filter: &self.filter,
            series: &series,
            columns: &columns,
            subjects,
            scale: &self.scale,
            shared_x,
        };
        match def.kind {
            PlotType::Timeseries => timeseries::panel(&context, notes),
            PlotType::Cdf => cdf::panel(&context, notes),
            PlotType::Box => boxes::panel(&context, notes),
            PlotType::Bar => bars::panel(&context, notes),
            PlotType::Qq => qq::panel(&context, notes),
            PlotType::Ellipsis => ellipse::panel(&context, notes),
            PlotType::Scatter => scatter::panel(&context, notes),
            PlotType::Histogram => histogram::panel(&context, notes),
            PlotType::Ridge => ridge::panel(&context, notes),
            PlotType::TimeseriesCombine
            | PlotType::LineCombine
            | PlotType::BoxCombine
            | PlotType::BarCombine
            | PlotType::CdfCombine
            | PlotType::EllipsisCombine => combine::panel(&context, notes),
            PlotType::Meta => Err(PlotError::Unsupported {
                plot: def.name.clone(),
                why: "a panel cannot consist of panels".to_owned(),
            }),
        }
    }
}

/// Panels below each other show one x axis: the same limits, ticks and label only on the last.
fn share_x(panels: &mut [Panel], limits: Option<(f64, f64)>, orientation: Orientation) {
    let last = panels.len().saturating_sub(1);
    for (i, panel) in panels.iter_mut().enumerate() {
        let hide = i < last && orientation == Orientation::Vertical;
        panel.show_x_ticks = !hide;
        for axes in &mut panel.axes {
            if let Some(limits) = limits {
                axes.x.limits = limits;
            }
            if i < last {
                axes.x.label.clear();
            }
        }
    }
}
