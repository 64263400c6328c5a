//! `summary`: one row per series and run with its statistics, and how they were made.

use std::io::Write;

use super::ident::{Ident, idents};
use super::{ExportOptions, ExportRun, number, optional};
use crate::cutoff::Cutoff;
use crate::loss::sequence_loss;
use crate::reduce::{tool_mean, total as total_of};
use crate::run::Want;
use crate::stats::Sample;
use crate::summary::source_name;

const COLUMNS: [&str; 33] = [
    "run_id",
    "file",
    "title",
    "test",
    "series_id",
    "series",
    "kind",
    "direction",
    "unit",
    "window_start_s",
    "window_end_s",
    "n",
    "n_missing",
    "n_lost",
    "loss_ratio",
    "mean",
    "std",
    "min",
    "p01",
    "p05",
    "p10",
    "p25",
    "p50",
    "p75",
    "p90",
    "p95",
    "p99",
    "p999",
    "max",
    "total",
    "total_unit",
    "tool_mean",
    "method",
];

/// As the columns from p01 to p999 name them.
const PERCENTILES: [f64; 10] = [1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9];

pub(super) fn write<W: Write>(
    csv: &mut csv::Writer<W>,
    runs: &[ExportRun],
    options: ExportOptions,
    head: bool,
) -> csv::Result<()> {
    if head {
        csv.write_record(COLUMNS)?;
    }
    for export in runs {
        for ident in idents(&export.run, export.expanded) {
            csv.write_record(row(export, &ident, options.window))?;
        }
    }
    Ok(())
}

fn row(export: &ExportRun, ident: &Ident, cutoff: Option<Cutoff>) -> Vec<String> {
    let run = &export.run;
    let (window, stamps) = crate::plan::counted(run, export.expanded, &ident.name, cutoff);
    let mut points = run.points(&Want { series: &ident.name, ..Want::default() });
    points.cut(stamps);
    let source = source_name(points.origin, ident.class);
    let sample = Sample::new(points.y.iter().map(|y| y * ident.factor));
    let inside = |x: f64| stamps.contains(x);
    let loss = sequence_loss(run, &ident.name, inside);
    let metadata = &run.set().metadata;
    let mut row = vec![
        export.run_id.clone(),
        run.set().base_name(),
        metadata.title().to_owned(),
        metadata.name().to_owned(),
        ident.id.clone(),
        ident.name.clone(),
        ident.class.kind.name().to_owned(),
        ident.class.direction.name().to_owned(),
        ident.unit.clone(),
        number(window.start),
        number(window.end),
        sample.len().to_string(),
        sample.missing().to_string(),
        loss.map(|loss| loss.lost().to_string()).unwrap_or_default(),
        optional(loss.and_then(|loss| loss.ratio())),
        optional(sample.mean()),
        optional(sample.std_dev()),
        optional(sample.min()),
    ];
    row.extend(PERCENTILES.iter().map(|p| optional(sample.percentile(*p))));
    row.push(optional(sample.max()));
    let (total, total_unit) = total(export, ident, inside);
    row.push(optional(total));
    row.push(total_unit.to_owned());
    row.push(optional(tool_mean(run, &ident.name).map(|mean| mean * ident.factor)));
    row.push(format!("{source}; percentiles linear; std of the population"));
    row
}

/// Integral of a rate over time, Mbit; other series have none.
fn total(export: &ExportRun, ident: &Ident, inside: impl Fn(f64) -> bool) -> (Option<f64>, &'static str) {
    if ident.unit != "Mbit/s" {
        return (None, "");
    }
    match total_of(&export.run, &ident.name, inside) {
        Some(total) => (Some(total * ident.factor), "Mbit"),
        None => (None, ""),
    }
}
