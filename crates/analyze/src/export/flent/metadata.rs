//! `metadata`.

use fa_catalog::{Computed, SeriesSource};
use serde_json::{Map, Value};

use super::FlentRun;
use super::python;
use crate::reduce::tool_mean;

/// The metadata of all files as a JSON list, as they are after loading.
pub(super) fn list(runs: &[FlentRun]) -> String {
    let all = Value::Array(runs.iter().map(loaded).collect());
    let mut text = String::new();
    python::json(&mut text, &all, 0);
    text.push('\n');
    text
}

/// With an entry at the end of `SERIES_META` for each series that was computed on opening the file.
fn loaded(run: &FlentRun) -> Value {
    let mut metadata = run.run.set().metadata.as_map().clone();
    let entries: Vec<(String, Value)> = run.late_series().map(|name| (name.to_owned(), entry(run, name))).collect();
    if let Some(Value::Object(series)) = metadata.get_mut("SERIES_META") {
        series.extend(entries);
    }
    Value::Object(metadata)
}

fn entry(run: &FlentRun, series: &str) -> Value {
    let mut entry = Map::new();
    if let Some(SeriesSource::Computed(computed)) = run.expanded.series.get(series).map(|def| &def.source) {
        entry.insert("RUNNER".to_owned(), runner(computed.function).into());
    }
    entry.insert("IDX".to_owned(), Value::Null);
    entry.insert("COMPUTED_LATE".to_owned(), true.into());
    if let Some(mean) = tool_mean(run.run, series) {
        entry.insert("MEAN_VALUE".to_owned(), mean.into());
    }
    let mut units = run.units_of_sources(series);
    if let Some(unit) = units.pop() {
        units.push(unit);
        let units = if units.len() == 1 { unit.into() } else { units.into() };
        entry.insert("UNITS".to_owned(), units);
    }
    Value::Object(entry)
}

/// Flent's name of what computes.
fn runner(function: Computed) -> &'static str {
    match function {
        Computed::Average => "AverageRunner",
        Computed::SmoothAverage => "SmoothAverageRunner",
        Computed::Sum => "SumRunner",
        Computed::DiffMin => "DiffMinRunner",
        Computed::Fairness => "FairnessRunner",
    }
}
