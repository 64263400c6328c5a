//! `stats` and `stats_csv`.

use std::fmt::Write as _;

use super::numbers::{Numbers, counts};
use super::python::{fixed, repr};
use super::{FlentOptions, FlentRun, csv_text};

const WARNING: &str = "Warning: Totals are computed as cumulative sum * step size,\n\
                       so spurious values wreck havoc with the results.\n";

const COLUMNS: [&str; 13] = [
    "filename",
    "title",
    "series",
    "units",
    "datapoints",
    "mean",
    "median",
    "min",
    "max",
    "std_dev",
    "variance",
    "cumul_total",
    "pct99",
];

/// The warning once, then every file with a block of lines per series.
pub(super) fn lines(runs: &[FlentRun], options: &FlentOptions) -> String {
    let mut text = WARNING.to_owned();
    for run in runs {
        let _ = writeln!(text, "Results {}:", run.time_and_title());
        for series in run.sorted_series() {
            let _ = writeln!(text, " {series}:");
            block(&mut text, &Numbers::of(run.run, series, options.cutoff), run.unit(series));
        }
    }
    text
}

/// Writing to a string cannot fail.
fn block(text: &mut String, numbers: &Numbers, unit: &str) {
    let (mean, n) = numbers.mean();
    let Some(mean) = mean.filter(|mean| counts(*mean)) else {
        text.push_str("  No data.\n");
        return;
    };
    let value = |v: Option<f64>| v.map_or_else(|| "None".to_owned(), |v| fixed(v, 6));
    let _ = writeln!(text, "  Data points: {n}");
    if unit != "ms" {
        let _ = writeln!(text, "  Total:       {} {}", value(numbers.total()), unit.replace("/s", ""));
    }
    let _ = writeln!(text, "  Min:         {} {unit}", value(numbers.min()));
    let _ = writeln!(text, "  Median:      {} {unit}", value(numbers.median()));
    let _ = writeln!(text, "  99th %:      {} {unit}", value(numbers.pct99()));
    let _ = writeln!(text, "  Max:         {} {unit}", value(numbers.max()));
    let _ = writeln!(text, "  Mean:        {} {unit}", fixed(mean, 6));
    let _ = writeln!(text, "  Std dev:     {}", value(numbers.std_dev()));
    let _ = writeln!(text, "  Variance:    {}", value(numbers.variance()));
}

/// One row per series; the row ends after the count where there is nothing to say.
pub(super) fn csv(runs: &[FlentRun], options: &FlentOptions) -> Result<String, csv::Error> {
    let header = std::iter::once(COLUMNS.map(str::to_owned).to_vec());
    let rows = runs.iter().flat_map(|run| {
        let file = run.run.set().metadata.data_filename().unwrap_or_default();
        let title = run.time_and_title();
        let rows: Vec<Vec<String>> = run
            .sorted_series()
            .into_iter()
            .map(|series| {
                let numbers = Numbers::of(run.run, series, options.cutoff);
                let mut row = vec![file.to_owned(), title.clone(), series.to_owned(), run.unit(series).to_owned()];
                row.extend(cells(&numbers));
                row
            })
            .collect();
        rows
    });
    csv_text(header.chain(rows))
}

fn cells(numbers: &Numbers) -> Vec<String> {
    let (mean, n) = numbers.mean();
    let mut cells = vec![n.to_string()];
    if let Some(mean) = mean.filter(|mean| counts(*mean)) {
        let value = |v: Option<f64>| v.map(repr).unwrap_or_default();
        cells.push(repr(mean));
        cells.extend([numbers.median(), numbers.min(), numbers.max(), numbers.std_dev()].map(value));
        cells.extend([numbers.variance(), numbers.total(), numbers.pct99()].map(value));
    }
    cells
}
