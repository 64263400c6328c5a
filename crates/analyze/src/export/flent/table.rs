//! `csv` and `org_table`: the time grid, all series of all files side by side.

use fa_format::is_nan_literal;
use indexmap::IndexSet;

use super::python::{fixed, repr};
use super::{FlentOptions, FlentRun, FlentTextError, csv_text};
use crate::run::Clock;

/// Columns after the first in the order of their heads.
struct Table {
    /// Its head is the name of the test.
    x: Column,
    columns: Vec<Column>,
}

struct Column {
    head: String,
    values: Vec<f64>,
    /// Positions of the values that the file has without a fraction: Python prints those so, too.
    integers: Vec<u32>,
}

impl Column {
    fn cell(&self, row: usize, of: impl Fn(f64) -> String) -> String {
        let value = self.values[row];
        if self.integers.binary_search(&(row as u32)).is_ok() && value.fract() == 0.0 {
            return format!("{value:.0}");
        }
        of(value)
    }
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
                let integers = run.run.set().integers.series.get(*name).cloned().unwrap_or_default();
                columns.push(Column { head, values, integers });
            }
        }
        columns.sort_by(|a, b| a.head.cmp(&b.head));
        let name = first.run.set().metadata.name().to_owned();
        let x = Column { head: name, values: x, integers: first.run.set().integers.x_values.clone() };
        Ok(Some(Self { x, columns }))
    }

    fn header(&self) -> Vec<String> {
        std::iter::once(&self.x).chain(&self.columns).map(|column| column.head.clone()).collect()
    }

    /// Rows of cells, x first.
    fn rows(&self, cell: impl Fn(f64) -> String) -> impl Iterator<Item = Vec<String>> {
        (0..self.x.values.len())
            .map(move |row| std::iter::once(&self.x).chain(&self.columns).map(|c| c.cell(row, &cell)).collect())
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
