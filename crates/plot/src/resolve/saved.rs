//! Combined sets as data sets of their own: stored for reuse, and drawn as they are when they come back.
//!
//! Keys and names are Flent's (`FROM_COMBINER`, `COMBINER_PLOT`, `COMBINER_SERIES`), so that either program reads the files of
//! the other. Flent takes a file without raw series for empty and draws nothing of its own combined files; ours have an empty
//! list of samples for each series and are drawn.

use fa_analyze::combine::{GroupBy, Table};
use fa_analyze::run::Run;
use fa_catalog::{PlotDef, PlotSeries};
use fa_format::{DataSet, RawSeries};
use serde_json::{Map, Value, json};

use super::PlotError;

/// Whether a data set is a combination of others.
pub fn is_combined(set: &DataSet) -> bool {
    set.metadata.get("FROM_COMBINER").is_some_and(Value::is_string)
}

/// Flent's name of what made the combination.
fn combiner(by: GroupBy) -> &'static str {
    match by {
        GroupBy::Groups => "GroupsCombiner",
        GroupBy::GroupsPoints => "GroupsPointsCombiner",
        GroupBy::GroupsConcat => "GroupsConcatCombiner",
        GroupBy::Series => "SeriesCombiner",
        GroupBy::Both => "BothCombiner",
        GroupBy::Batch => "BatchCombiner",
        GroupBy::BatchConcat => "BatchConcatCombiner",
        GroupBy::BatchSeries => "BatchSeriesCombiner",
    }
}

/// Whether the columns of a table are groups.
fn turned(by: GroupBy) -> bool {
    matches!(by, GroupBy::Series | GroupBy::Both | GroupBy::BatchSeries)
}

/// Name under which a series of the plot is stored.
fn name_of(series: &PlotSeries, by: GroupBy) -> String {
    match &series.raw_key {
        _ if turned(by) => series.label.clone().unwrap_or_default(),
        Some(key) => format!("{}::{key}", series.data),
        None => series.data.clone(),
    }
}

/// A combined set with the metadata of the first file behind it.
pub(crate) fn to_set(plot: &PlotDef, by: GroupBy, series: &[PlotSeries], table: &Table, first: &DataSet) -> DataSet {
    let mut set = DataSet { metadata: first.metadata.clone(), x_values: table.x.clone(), ..DataSet::default() };
    let mut entries = Vec::new();
    for (series, column) in series.iter().zip(&table.columns) {
        let name = name_of(series, by);
        let mut entry = Map::new();
        entry.insert("data".to_owned(), name.clone().into());
        entry.insert("label".to_owned(), series.label.clone().unwrap_or_default().into());
        if let Some(mode) = series.combine_mode.as_ref().filter(|_| !turned(by)) {
            entry.insert("combine_mode".to_owned(), mode.clone().into());
        }
        if series.axis == 2 {
            entry.insert("axis".to_owned(), 2.into());
        }
        entries.push(Value::Object(entry));
        set.raw.insert(&name, RawSeries::builder().finish());
        set.series.insert(name, column.clone());
    }
    set.metadata.set("TITLE", table.title.clone());
    set.metadata.set("FROM_COMBINER", combiner(by));
    set.metadata.set("COMBINER_PLOT", plot.name.clone());
    set.metadata.set("COMBINER_SERIES", entries);
    set.metadata.set("COMBINER_FILES", json!(table.files));
    set
}

/// Series, and tables with a column for each, of files that are combinations.
pub(crate) fn from_sets(
    plot: &PlotDef,
    by: GroupBy,
    series: &[PlotSeries],
    runs: &[&Run],
) -> Result<(Vec<PlotSeries>, Vec<Table>), PlotError> {
    for run in runs {
        let metadata = &run.set().metadata;
        let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
        let (of_plot, made_by) = (text("COMBINER_PLOT"), text("FROM_COMBINER"));
        if of_plot != plot.name || made_by != combiner(by) {
            return Err(PlotError::Unsupported {
                plot: plot.name.clone(),
                why: format!(
                    "{} was combined for plot {of_plot} by {made_by}, and here it would be {}",
                    run.set().base_name(),
                    combiner(by)
                ),
            });
        }
    }
    let series = if turned(by) { stored(series, runs) } else { series.to_vec() };
    let names: Vec<String> = series.iter().map(|series| name_of(series, by)).collect();
    let table = |run: &&Run| {
        let set = run.set();
        let missing = || vec![f64::NAN; set.x_values.len()];
        Table {
            title: set.metadata.title().to_owned(),
            x: set.x_values.clone(),
            columns: names.iter().map(|name| set.series.get(name).cloned().unwrap_or_else(missing)).collect(),
            total_length: (by == GroupBy::GroupsPoints).then(|| run.total_length()),
            files: set.metadata.get("COMBINER_FILES").and_then(Value::as_u64).map_or(2, |n| n as usize),
            ..Table::default()
        }
    };
    Ok((series, runs.iter().map(table).collect()))
}

/// The groups that a turned set has as its series.
fn stored(series: &[PlotSeries], runs: &[&Run]) -> Vec<PlotSeries> {
    let Some(model) = series.first() else { return Vec::new() };
    let mut names: Vec<String> = Vec::new();
    for name in runs.iter().flat_map(|run| run.set().series.keys()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names.into_iter().map(|name| PlotSeries { label: Some(name), ..model.clone() }).collect()
}
