//! `csv` and `org_table`: the time grid, all series of all files side by side.

use fa_format::is_nan_literal;
use indexmap::IndexSet;

use super::python::{fixed, repr};
use super::{FlentOptions, FlentRun, FlentTextError, csv_text};
use crate::run::Clock;

/// Columns after the first in the order of their heads.
struct Table {
    name: String,
    x: Vec<f64>,
    columns: Vec<(String, Vec<f64>)>,
}

impl Table {
    /// `None` where Flent calls the (first) file empty: it has no raw series at all.
    fn of(runs: &[FlentRun], options: &FlentOptions) -> Result<Option<Self>, FlentTextError> {
        let Some(first) = runs.first() else { return Ok(None) };
        if first.run.set().is_empty() {
            return Ok(None);
        }
        let grids: Vec<_> = runs.iter().map(|run| run.run.grid_x(Clock::Run)).collect();
        let rows = grids.iter().map(|x| x.len()).min().unwrap_or(0);
        let x = grids[0][..rows].to_vec();
        for (run, grid) in runs.iter().zip(&grids) {
            if let Some(row) = (0..rows).find(|row| grid[*row] != x[*row]) {
                let file = run.run.set().base_name();
                return Err(FlentTextError::Grids { row: row + 1, first: x[row], other: grid[row], file });
            }
        }
        // Every file gets the columns of all.
        let names: IndexSet<&str> = runs.iter().flat_map(FlentRun::series).collect();
        let mut columns = Vec::with_capacity(names.len() * runs.len());
        for run in runs {
            let label = (runs.len() > 1).then(|| run.run.set().metadata.label(&options.zone));
            for name in &names {
                let head = label.as_ref().map_or_else(|| (*name).to_owned(), |label| format!("{name} - {label}"));
                let mut values = run.run.grid(name).map_or_else(Vec::new, |values| values.to_vec());
                values.resize(rows, fa_format::MISSING);
                columns.push((head, values));
            }
        }
        columns.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Some(Self { name: first.run.set().metadata.name().to_owned(), x, columns }))
    }

    fn header(&self) -> Vec<String> {
        std::iter::once(self.name.clone()).chain(self.columns.iter().map(|(head, _)| head.clone())).collect()
    }

    /// Rows of cells, x first.
    fn rows(&self, cell: impl Fn(f64) -> String) -> impl Iterator<Item = Vec<String>> {
        self.x.iter().enumerate().map(move |(i, x)| {
            std::iter::once(cell(*x)).chain(self.columns.iter().map(|(_, values)| cell(values[i]))).collect()
        })
    }
}

fn is_missing(value: f64) -> bool {
    value.is_nan() && !is_nan_literal(value)
}

pub(super) fn csv(runs: &[FlentRun], options: &FlentOptions) -> Result<String, FlentTextError> {
    let Some(table) = Table::of(runs, options)? else { return Ok(String::new()) };
    let cell = |v: f64| if is_missing(v) { String::new() } else { repr(v) };
    Ok(csv_text(std::iter::once(table.header()).chain(table.rows(cell)))?)
}

pub(super) fn org(runs: &[FlentRun], options: &FlentOptions) -> Result<String, FlentTextError> {
    let Some(table) = Table::of(runs, options)? else {
        let name = runs.first().map_or("", |run| run.run.set().metadata.name());
        return Ok(format!("{name} -- empty\n"));
    };
    let header = table.header();
    let rule: Vec<String> = header.iter().map(|head| "-".repeat(head.chars().count() + 2)).collect();
    let mut text = format!("| {} |\n|{}|\n", header.join(" | "), rule.join("+"));
    for row in table.rows(|v| if is_missing(v) { "None".to_owned() } else { fixed(v, 2) }) {
        text.push_str("| ");
        text.push_str(&row.join(" | "));
        text.push_str(" |\n");
    }
    Ok(text)
}
