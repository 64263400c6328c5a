//! A series of a test that is run again and again: one value per run.
//!
//! The value of a run is its mean: goodput of a flow from its first byte to its last, mean round trip of a probe. A run that
//! failed has none. The series itself has no samples, so that readers take its values; those of each run are under the name of
//! the series and the number of the run, from 1 (`TCP upload::2`).

use serde_json::{Map, Value};

use super::Measured;
use super::summary::Summary;
use crate::align::MISSING;

/// The value of one run.
pub(super) fn value(run: &Measured) -> f64 {
    if run.failure.is_some() {
        return MISSING;
    }
    let samples = || run.columns.iter().find(|(child, _)| child.is_none()).map(|(_, samples)| samples);
    let mean = || Summary::of(samples()?.value.iter().copied()).map(|summary| summary.mean);
    run.meta.get("MEAN_VALUE").and_then(Value::as_f64).or_else(mean).unwrap_or(MISSING)
}

/// All runs as one series.
pub(super) fn fold(runs: Vec<Measured>) -> Measured {
    let times = runs.len();
    let failures = runs.iter().enumerate().filter_map(|(run, measured)| Some((run + 1, measured.failure.as_ref()?)));
    let failures: Vec<String> = failures.map(|(run, why)| format!("run {run} of {times}: {why}")).collect();
    let summary = Summary::of(runs.iter().map(value));
    let of_runs: Vec<Value> = runs.iter().map(|run| run.meta.clone().into()).collect();
    let meta = Map::from_iter([
        ("MEAN_VALUE".to_owned(), Value::from(summary.map(|summary| summary.mean))),
        ("MIN_VALUE".to_owned(), Value::from(summary.map(|summary| summary.min))),
        ("MAX_VALUE".to_owned(), Value::from(summary.map(|summary| summary.max))),
        ("ITERATIONS".to_owned(), of_runs.into()),
    ]);
    let failure = (!failures.is_empty()).then(|| failures.join("; "));
    Measured { meta, failure, expects_values: true, runs, ..Measured::default() }
}
