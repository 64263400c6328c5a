//! What all plot types do alike: the series of a plot, its axes and their labels, its legend.

use fa_catalog::{Expanded, PlotDef, PlotSeries, PlotType};

use super::limits::{ValueRule, bounded};
use super::subject::{Data, Subject};
use super::{Context, Notes, PlotError, flavour, general};
use crate::options::FigureOptions;
use crate::scene::{Axes, Axis, Legend, LegendEntry, Mark, MarkId, Panel, Quantity, Scale, Side};

/// The plot's series without those the user leaves out; a glob over raw keys becomes one series per key.
pub(crate) fn wanted_series(
    def: &PlotDef,
    subjects: &[Subject],
    expanded: &Expanded,
    options: &FigureOptions,
) -> Vec<PlotSeries> {
    asked_for(def, expanded, options)
        .flat_map(|series| match &series.raw_key {
            Some(glob) if is_glob(glob) => by_raw_key(series, glob, subjects),
            _ => vec![series.clone()],
        })
        .collect()
}

/// Notes the series whose samples have no key that their glob over raw keys names: nothing is drawn of them, and nothing
/// else would say so. `wanted`: [`wanted_series`] of the same.
pub(crate) fn note_keys_without_samples(
    def: &PlotDef,
    wanted: &[PlotSeries],
    subjects: &[Subject],
    (expanded, options): (&Expanded, &FigureOptions),
    notes: &mut Notes,
) {
    for series in asked_for(def, expanded, options) {
        let Some(glob) = series.raw_key.as_deref().filter(|key| is_glob(key)) else { continue };
        if wanted.iter().any(|found| found.data == series.data) {
            continue;
        }
        for subject in subjects.iter().filter(|subject| matches!(subject.data, Data::Run(_))) {
            notes.absent(&def.name, &series.data, Some(glob), subject.number, &subject.label);
        }
    }
}

/// The plot's series without those the user leaves out.
fn asked_for<'a>(
    def: &'a PlotDef,
    expanded: &'a Expanded,
    options: &'a FigureOptions,
) -> impl Iterator<Item = &'a PlotSeries> {
    // A scatter plot's series have places of their own.
    let wanted: &[String] = if def.kind == PlotType::Scatter { &[] } else { &options.series };
    def.series
        .iter()
        .filter(|series| !options.filter_series.contains(&series.data))
        .filter(|series| general::is_wanted(&series.data, wanted, expanded))
}

fn is_glob(raw_key: &str) -> bool {
    raw_key.contains(['*', '?', '['])
}

fn by_raw_key(series: &PlotSeries, glob: &str, subjects: &[Subject]) -> Vec<PlotSeries> {
    let pattern = fa_catalog::Pattern { glob: glob.to_owned(), exclude: Vec::new() };
    let mut keys: Vec<String> = subjects
        .iter()
        .flat_map(|subject| match &subject.data {
            Data::Run(run) => run.raw_keys(&series.data),
            Data::Group(_) => Vec::new(),
        })
        .filter(|key| pattern.matches(key))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .map(|key| {
            let label = match series.label.as_deref() {
                Some(label) if !label.is_empty() => Some(format!("{label} -- {key}")),
                Some(_) => Some(key.clone()),
                None => None,
            };
            PlotSeries { label, raw_key: Some(key), ..series.clone() }
        })
        .collect()
}

impl Context<'_> {
    /// How many axes the plot has: one, or two that share x.
    pub(crate) fn axes_count(&self) -> usize {
        if self.plot.dual_axes { 2 } else { 1 }
    }

    /// Index of the axes that a series is drawn on.
    pub(crate) fn axes_of(&self, series: usize) -> usize {
        usize::from(self.series[series].axis == 2 && self.plot.dual_axes)
    }

    /// Several files or groups are compared.
    pub(crate) fn several(&self) -> bool {
        self.subjects.len() > 1
    }

    /// Identity of a mark.
    pub(crate) fn mark_id(&self, series: usize, subject: usize) -> MarkId {
        let what = &self.series[series];
        MarkId {
            series: what.data.clone(),
            file: self.subjects[subject].number,
            index: series,
            flavour: flavour::of(&what.data, self.expanded),
        }
    }

    /// Unit of a series, empty where the test does not say.
    pub(crate) fn unit(&self, series: usize) -> &str {
        self.expanded.series.get(&self.series[series].data).map_or("", |def| def.units.as_str())
    }

    /// The unit of each axes: that of its series, which must agree. Values under a raw key have units of their own.
    pub(crate) fn units(&self) -> Result<Vec<String>, PlotError> {
        let mut units: Vec<Option<String>> = vec![None; self.axes_count()];
        for series in 0..self.series.len() {
            let unit = self.unit(series);
            let of_axes = &mut units[self.axes_of(series)];
            match of_axes {
                None => *of_axes = Some(unit.to_owned()),
                Some(first) if self.series[series].raw_key.is_none() && first != unit && !unit.is_empty() => {
                    if first.is_empty() {
                        unit.clone_into(first);
                        continue;
                    }
                    return Err(PlotError::UnitsDiffer {
                        plot: self.plot.name.clone(),
                        first: first.clone(),
                        second: unit.to_owned(),
                        series: self.series[series].data.clone(),
                    });
                }
                Some(_) => {}
            }
        }
        Ok(units.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// The label that the plot or the unit gives the n-th axis, with the mark of normalisation.
    pub(crate) fn value_label(&self, n: usize, unit: &str) -> String {
        let own = self.plot.axis_labels.get(n).and_then(Option::as_deref).filter(|l| !l.is_empty());
        let label = own.unwrap_or(unit);
        if self.options.norm_factor.is_empty() { label.to_owned() } else { normalised(label) }
    }

    /// The user's label of the n-th x axis, else `default`.
    pub(crate) fn x_label(&self, n: usize, default: &str) -> String {
        nth_or_last(&self.options.label_x, n).map_or_else(|| default.to_owned(), Clone::clone)
    }

    /// The user's label of the n-th y axis, else `default`.
    pub(crate) fn y_label(&self, n: usize, default: String) -> String {
        nth_or_last(&self.options.label_y, n).cloned().unwrap_or(default)
    }

    /// A value axis: limits of these numbers, the user's bounds, turned over if it shows latency and the user asks.
    pub(crate) fn value_axis(&self, n: usize, unit: &str, rule: ValueRule, limits: (f64, f64)) -> Axis {
        let (lo, hi) = bounded(limits, self.options.bounds_y.get(n));
        let turned = self.options.invert_latency_y && unit == "ms";
        Axis {
            label: self.y_label(n, self.value_label(n, unit)),
            limits: if turned { (hi, lo) } else { (lo, hi) },
            scale: rule.scale(),
            ticks: None,
            quantity: Quantity::Plain,
        }
    }

    /// The panel with its legend, whose entries are the labelled marks in drawing order, after the user's filters.
    pub(crate) fn finish(&self, axes: Vec<Axes>, dividers: Vec<f64>) -> Panel {
        let mut found: Vec<(String, (usize, usize, usize))> = Vec::new();
        for (a, axes) in axes.iter().enumerate() {
            for (m, mark) in axes.marks.iter().enumerate() {
                found.extend(labels_of(mark).map(|(sample, label)| (label, (a, m, sample))));
            }
        }
        let labels: Vec<String> = found.iter().map(|(label, _)| label.clone()).collect();
        let series: Vec<&String> = found.iter().map(|(_, (a, m, _))| &axes[*a].marks[*m].id().series).collect();
        let places: Vec<usize> = series.iter().map(|name| self.place_of(name)).collect();
        let mut entries: Vec<(usize, LegendEntry)> = self
            .filter
            .apply(&labels)
            .into_iter()
            .zip(found)
            .map(|(label, (_, sample))| LegendEntry { label, sample })
            .zip(places)
            .map(|(entry, place)| (place, entry))
            .collect();
        entries.sort_by_key(|(place, _)| *place);
        let mut entries: Vec<LegendEntry> = entries.into_iter().map(|(_, entry)| entry).collect();
        if self.options.reverse_legend {
            entries.reverse();
        }
        let title = self.options.legend_title.clone().or_else(|| self.plot.legend_title.clone()).unwrap_or_default();
        let shown = !entries.is_empty() && !self.options.no_legend;
        Panel { title: None, axes, legend: shown.then_some(Legend { title, entries }), dividers, show_x_ticks: true }
    }
}

impl Context<'_> {
    /// Where the user wants a series in the legend; those not named come last, as they are.
    fn place_of(&self, series: &String) -> usize {
        let order = &self.options.series_order;
        if let Some(exact) = order.iter().position(|one| one == series) {
            return exact;
        }
        let wanted = |one: &String| general::is_wanted(series, std::slice::from_ref(one), self.expanded);
        order.iter().position(wanted).unwrap_or(order.len())
    }
}

/// Labels of a mark, each with the index of the box or bar it stands for.
fn labels_of(mark: &Mark) -> impl Iterator<Item = (usize, String)> {
    let labels: Vec<(usize, String)> = match mark {
        Mark::Line(line) => line.label.iter().map(|l| (0, l.clone())).collect(),
        Mark::Area(area) => area.label.iter().map(|l| (0, l.clone())).collect(),
        Mark::Ellipse(ellipse) => ellipse.label.iter().map(|l| (0, l.clone())).collect(),
        Mark::Bars(bars) => bars.label.iter().map(|l| (0, l.clone())).collect(),
        Mark::Boxes(boxes) => {
            boxes.boxes.iter().enumerate().filter_map(|(i, b)| Some((i, b.legend.clone()?))).collect()
        }
    };
    labels.into_iter().filter(|(_, label)| !label.is_empty())
}

fn nth_or_last(list: &[String], n: usize) -> Option<&String> {
    list.get(n).or_else(|| list.last())
}

fn normalised(label: &str) -> String {
    let mut chars = label.chars();
    match chars.next() {
        Some(first) => format!("Normalised {}{}", first.to_lowercase(), chars.as_str()),
        None => "Normalised".to_owned(),
    }
}

/// A horizontal axis without categories.
pub(crate) fn x_axis(label: String, limits: (f64, f64), scale: Scale, quantity: Quantity) -> Axis {
    Axis { label, limits, scale, ticks: None, quantity }
}

/// Side of the n-th axes of a panel.
pub(crate) fn side(n: usize) -> Side {
    if n == 0 { Side::Left } else { Side::Right }
}
