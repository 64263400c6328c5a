//! `samples`: one row per raw sample, and per step for series that have none.

use std::io::Write;

use fa_format::RawValue;
use indexmap::{IndexMap, IndexSet};

use super::ident::{Ident, ident, idents};
use super::{ExportOptions, ExportRun, number, seconds, utc};
use crate::cutoff::Window;
use crate::kind;
use crate::run::{Clock, Want};
use crate::summary::{source_name, unit_of};

const COLUMNS: [&str; 12] =
    ["run_id", "series_id", "series", "kind", "direction", "flow", "t_s", "t_utc", "value", "unit", "lost", "source"];

/// Keys of raw entries that describe the entry rather than measure something.
const NOT_VALUES: [&str; 7] = ["t", "val", "seq", "dur", "size", "lost", "lost_dir"];

/// Fields of the kernel's state that explain a flow; what else is written in columns is left out where it is not asked for.
const EXPLAINING: [&str; 13] = [
    "tcp_ssthresh",
    "tcp_min_rtt",
    "tcp_unacked",
    "tcp_lost",
    "tcp_retrans",
    "tcp_delivered_ce",
    "tcp_notsent",
    "tcp_snd_wnd",
    "tcp_ca_state",
    "tcp_rcv_rtt",
    "tcp_rcv_space",
    "tcp_rcv_wnd",
    "tcp_rcv_ooopack",
];

/// What is to be said when a run is written.
#[derive(Default)]
struct Remarks {
    /// Samples that stand for "no limit", by key.
    unlimited: IndexMap<String, usize>,
    /// Keys that were left out.
    left_out: IndexSet<String>,
}

/// Returns notes: values that have no number.
pub(super) fn write<W: Write>(
    csv: &mut csv::Writer<W>,
    runs: &[ExportRun],
    options: ExportOptions,
    head: bool,
) -> csv::Result<Vec<String>> {
    let mut notes = Vec::new();
    if head {
        csv.write_record(COLUMNS)?;
    }
    for export in runs {
        let window = options.window.map(|cutoff| cutoff.window(export.run.total_length()));
        let mut remarks = Remarks::default();
        let idents = idents(&export.run, export.expanded);
        for ident in &idents {
            if !write_raw(csv, export, ident, (window, options.every_field), &mut remarks)?
                && !is_raw_child(export, &ident.name)
            {
                write_grid(csv, export, ident, window)?;
            }
        }
        if !remarks.left_out.is_empty() {
            let (file, count) = (export.run.set().base_name(), remarks.left_out.len());
            notes
                .push(format!("{file}: {count} more fields of the kernel's state of flows: --every-field writes them"));
        }
        notes.extend(remarks.unlimited.iter().map(|(key, n)| {
            format!("{}: {key} is \"no limit\" in {n} samples, written as missing", export.run.set().base_name())
        }));
    }
    Ok(notes)
}

/// Its samples are written under its parent's.
fn is_raw_child(export: &ExportRun, series: &str) -> bool {
    let raw = &export.run.set().raw;
    let Some((parent, key)) = fa_catalog::child::split_last(series) else { return false };
    !raw.contains(series) && raw.series(parent).is_some_and(|samples| samples.numbers(key).is_some())
}

/// The samples of a series and, under `series::key`, what else its entries measure. False when there are none.
fn write_raw<W: Write>(
    csv: &mut csv::Writer<W>,
    export: &ExportRun,
    ident: &Ident,
    (window, every_field): (Option<Window>, bool),
    remarks: &mut Remarks,
) -> csv::Result<bool> {
    let Some(raw) = export.run.set().raw.series(&ident.name).filter(|raw| !raw.is_empty()) else { return Ok(false) };
    let t0 = export.run.t0();
    let inside = |t: f64| window.is_none_or(|w| w.contains(t - t0));
    let mut lost = vec![None; raw.len()];
    if raw.numbers("seq").is_some() {
        lost.fill(Some(false));
    }
    for (entry, value) in raw.values("lost") {
        lost[entry] = Some(!matches!(value, RawValue::Bool(false) | RawValue::Null));
    }
    let mut values = vec![None; raw.len()];
    if let Some(numbers) = raw.numbers("val") {
        for (entry, value) in numbers.entry.iter().zip(numbers.value.iter()) {
            values[*entry as usize] = Some(*value);
        }
    }
    for (entry, t) in raw.t().iter().enumerate().filter(|(_, t)| inside(**t)) {
        // Entries of socket statistics alone are no samples of the flow.
        if values[entry].is_some() || lost[entry] == Some(true) {
            let value = values[entry].unwrap_or(f64::NAN) * ident.factor;
            write_row(csv, export, ident, (t - t0, *t), value, lost[entry], "raw")?;
        }
    }
    for key in raw.keys().into_iter().filter(|key| !NOT_VALUES.contains(key)) {
        let name = format!("{}::{key}", ident.name);
        let wanted = every_field || EXPLAINING.contains(&key) || export.run.set().series(&name).is_some();
        if !wanted && raw.is_in_columns(key) {
            remarks.left_out.insert(key.to_owned());
            continue;
        }
        let Some(numbers) = raw.numbers(key) else { continue };
        let child = super::ident::Ident { flow: ident.flow, ..ident_of_child(&name, export) };
        for (t, value) in numbers.t.iter().zip(numbers.value.iter()).filter(|(t, _)| inside(**t)) {
            let known = crate::key::value(key, *value);
            if known.is_nan() && !value.is_nan() {
                *remarks.unlimited.entry(key.to_owned()).or_default() += 1;
            }
            write_row(csv, export, &child, (t - t0, *t), known * child.factor, None, "raw")?;
        }
    }
    Ok(true)
}

fn ident_of_child(name: &str, export: &ExportRun) -> Ident {
    ident(name, kind::of(name, export.expanded), None, &unit_of(&export.run, export.expanded, name))
}

fn write_grid<W: Write>(
    csv: &mut csv::Writer<W>,
    export: &ExportRun,
    ident: &Ident,
    window: Option<Window>,
) -> csv::Result<()> {
    let mut points =
        export.run.points(&Want { series: &ident.name, grid_only: true, clock: Clock::Run, ..Want::default() });
    if let Some(window) = window {
        points.cut(window);
    }
    let source = source_name(points.origin, ident.class);
    for (x, y) in points.x.iter().zip(&points.y).filter(|(_, y)| !y.is_nan()) {
        write_row(csv, export, ident, (*x, export.run.unix_secs(*x)), y * ident.factor, None, source)?;
    }
    Ok(())
}

fn write_row<W: Write>(
    csv: &mut csv::Writer<W>,
    export: &ExportRun,
    ident: &Ident,
    (t, unix): (f64, f64),
    value: f64,
    lost: Option<bool>,
    source: &str,
) -> csv::Result<()> {
    csv.write_record([
        export.run_id.as_str(),
        &ident.id,
        &ident.name,
        ident.class.kind.name(),
        ident.class.direction.name(),
        &ident.flow.map(|n| n.to_string()).unwrap_or_default(),
        &seconds(t),
        &utc(unix),
        &number(value),
        &ident.unit,
        lost.map_or("", |lost| if lost { "true" } else { "false" }),
        source,
    ])
}
