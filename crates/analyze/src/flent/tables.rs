//! `csv`, `org_table` and `metadata`.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::FlentRun;
use super::python::{dumps, repr};
use crate::run::Clock;

/// Runs whose time grids differ cannot share one table.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "at row {row}, time is {first} s in {first_file} but {other} s in {other_file}: files of one such table need the same steps; \
     `--table wide` takes any"
)]
pub struct MismatchError {
    /// Row, from 0.
    pub row: usize,
    /// Time in the first file.
    pub first: f64,
    /// The first file.
    pub first_file: String,
    /// Time in the other.
    pub other: f64,
    /// The other file.
    pub other_file: String,
}

/// `flent -f csv`: a row per step, a column per series and run, sorted by heading; CRLF.
///
/// Several runs are cut to the shortest; those without a title are named by their time in `zone`.
///
/// # Errors
/// The runs' grids differ.
pub fn csv_text(runs: &[FlentRun], zone: &TimeZone) -> Result<String, MismatchError> {
    let Some(table) = table(runs, zone, repr, "")? else { return Ok(String::new()) };
    Ok(table.iter().map(|row| csv_row(row)).collect())
}

/// `flent -f org_table`: the same for Org mode, with two decimals.
///
/// # Errors
/// As [`csv_text`].
pub fn org_table(runs: &[FlentRun], zone: &TimeZone) -> Result<String, MismatchError> {
    let Some(table) = table(runs, zone, |v| format!("{v:.2}"), "None")? else {
        let name = runs.first().map_or("", |run| run.run.set().metadata.name());
        return Ok(format!("{name} -- empty\n"));
    };
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let Some((header, rows)) = table.split_first() else { return Ok(String::new()) };
    let rule: Vec<String> = header.iter().map(|cell| "-".repeat(cell.chars().count() + 2)).collect();
    let body: String = rows.iter().map(|row| line(row)).collect();
    Ok(format!("{}|{}|\n{body}", line(header), rule.join("+")))
}

/// `flent -f metadata`: a list of the runs' metadata.
pub fn metadata_text(runs: &[FlentRun]) -> String {
    let all: Vec<Value> = runs.iter().map(|run| Value::Object(run.run.set().metadata.as_map().clone())).collect();
    dumps(&Value::Array(all)) + "\n"
}

/// Heading and rows as text; `None` when a run has no raw values, which Flent takes for empty.
fn table(
    runs: &[FlentRun],
    zone: &TimeZone,
    number: impl Fn(f64) -> String,
    missing: &str,
) -> Result<Option<Vec<Vec<String>>>, MismatchError> {
    let Some(first) = runs.first().filter(|run| !run.run.set().is_empty()) else { return Ok(None) };
    let grids: Vec<_> = runs.iter().map(|run| run.run.grid_x(Clock::Run)).collect();
    let steps = grids.iter().map(|x| x.len()).min().unwrap_or(0);
    for (run, x) in runs.iter().zip(&grids) {
        if let Some(row) = (0..steps).find(|i| x[*i] != grids[0][*i]) {
            return Err(MismatchError {
                row,
                first: grids[0][row],
                first_file: first.run.set().base_name(),
                other: x[row],
                other_file: run.run.set().base_name(),
            });
        }
    }
    let mut columns: Vec<(String, _)> = Vec::new();
    for run in runs {
        for series in run.series() {
            let heading = if runs.len() > 1 { format!("{series} - {}", label(run, zone)) } else { series.to_owned() };
            columns.extend(run.run.grid(series).map(|values| (heading, values)));
        }
    }
    columns.sort_by(|a, b| a.0.cmp(&b.0));
    let name = first.run.set().metadata.name().to_owned();
    let mut table = vec![std::iter::once(name).chain(columns.iter().map(|(heading, _)| heading.clone())).collect()];
    for i in 0..steps {
        let cell = |v: f64| match v {
            v if fa_format::is_nan_literal(v) => "nan".to_owned(),
            v if v.is_nan() => missing.to_owned(),
            v => number(v),
        };
        table.push(std::iter::once(number(grids[0][i])).chain(columns.iter().map(|(_, v)| cell(v[i]))).collect());
    }
    Ok(Some(table))
}

/// The run's title, else when it was.
fn label(run: &FlentRun, zone: &TimeZone) -> String {
    match run.run.set().metadata.title() {
        "" => run.time(zone.clone(), true).replace(' ', "T"),
        title => title.to_owned(),
    }
}

/// Python's default CSV: CRLF, quotes where needed.
pub(super) fn csv_row(cells: &[String]) -> String {
    let quoted = cells.iter().map(|cell| {
        if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
    });
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}
