//! `wide`: one row per step of a run's time grid, one column per series; several runs below each other.

use std::io::Write;

use indexmap::IndexMap;

use super::ident::{idents, unit_suffix};
use super::{ExportOptions, ExportRun, number, seconds, utc};
use crate::run::Clock;

pub(super) fn write<W: Write>(csv: &mut csv::Writer<W>, runs: &[ExportRun], options: ExportOptions) -> csv::Result<()> {
    // Columns of all runs, in the order in which they first appear.
    let mut columns: IndexMap<String, ()> = IndexMap::new();
    let per_run: Vec<IndexMap<String, (String, f64)>> = runs
        .iter()
        .map(|export| {
            let idents = idents(&export.run, export.expanded);
            idents.into_iter().map(|ident| (column(&ident.id, &ident.unit), (ident.name, ident.factor))).collect()
        })
        .collect();
    for run in &per_run {
        columns.extend(run.keys().map(|name| (name.clone(), ())));
    }
    let header = ["run_id", "t_s", "t_utc"].into_iter().chain(columns.keys().map(String::as_str));
    csv.write_record(header)?;
    for (export, names) in runs.iter().zip(&per_run) {
        let x = export.run.grid_x(Clock::Run);
        let window = options.window.map(|cutoff| cutoff.window(export.run.total_length()));
        let series: Vec<_> = columns
            .keys()
            .map(|column| names.get(column).and_then(|(name, factor)| Some((export.run.grid(name)?, *factor))))
            .collect();
        for (i, x) in x.iter().enumerate().filter(|(_, x)| window.is_none_or(|w| w.contains(**x))) {
            let lead = [export.run_id.clone(), seconds(*x), utc(export.run.unix_secs(*x))];
            let values = series.iter().map(|s| match s {
                Some((values, factor)) => number(values.get(i).map_or(f64::NAN, |v| v * factor)),
                None => String::new(),
            });
            csv.write_record(lead.into_iter().chain(values))?;
        }
    }
    Ok(())
}

fn column(id: &str, unit: &str) -> String {
    let unit = unit_suffix(unit);
    if unit.is_empty() { id.to_owned() } else { format!("{id}_{unit}") }
}
