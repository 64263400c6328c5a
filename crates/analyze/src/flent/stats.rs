//! `stats`, `stats_csv` and `summary`.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::python::repr;
use super::{FlentRun, Numbers};
use crate::cutoff::Cutoff;

/// `flent -f stats`: a block per run, a paragraph per series.
pub fn stats_text(runs: &[FlentRun], cutoff: Option<Cutoff>) -> String {
    let mut text = String::from(
        "Warning: Totals are computed as cumulative sum * step size,\nso spurious values wreck havoc with the results.\n",
    );
    for run in runs {
        let _ = writeln!(text, "Results {}:", run.heading());
        for series in run.series() {
            let _ = writeln!(text, " {series}:");
            paragraph(&run.numbers(series, cutoff), &mut text);
        }
    }
    text
}

fn paragraph(numbers: &Numbers, text: &mut String) {
    if !numbers.has_data() {
        text.push_str("  No data.\n");
        return;
    }
    let _ = writeln!(text, "  Data points: {}", numbers.count);
    let unit = &numbers.unit;
    let mut line = |name: &str, value: Option<f64>, unit: &str| {
        let _ = match value {
            Some(value) => writeln!(text, "  {:<12} {value:.6}{unit}", format!("{name}:")),
            None => writeln!(text, "  {:<12} nan{unit}", format!("{name}:")),
        };
    };
    let of_unit = format!(" {unit}");
    if unit != "ms" {
        line("Total", numbers.total, &format!(" {}", unit.replace("/s", "")));
    }
    line("Min", numbers.min, &of_unit);
    line("Median", numbers.median, &of_unit);
    line("99th %", numbers.p99, &of_unit);
    line("Max", numbers.max, &of_unit);
    line("Mean", numbers.mean, &of_unit);
    line("Std dev", numbers.std, "");
    line("Variance", numbers.var, "");
}

/// `flent -f stats_csv`: a row per series of every run.
pub fn stats_csv(runs: &[FlentRun], cutoff: Option<Cutoff>) -> String {
    let mut text = String::from(
        "filename,title,series,units,datapoints,mean,median,min,max,std_dev,variance,cumul_total,pct99\r\n",
    );
    for run in runs {
        let file = run.run.set().metadata.data_filename().unwrap_or_default().to_owned();
        for series in run.series() {
            let n = run.numbers(series, cutoff);
            let mut cells = vec![file.clone(), run.heading(), series.to_owned(), n.unit.clone(), n.count.to_string()];
            if n.has_data() {
                let values = [n.mean, n.median, n.min, n.max, n.std, n.var, n.total, n.p99];
                cells.extend(values.map(|v| v.map(repr).unwrap_or_default()));
            }
            text.push_str(&super::tables::csv_row(&cells));
        }
    }
    text
}

/// `flent -f summary`, which is also what Flent prints after a run. Times are shown in `zone`.
pub fn summary_text(runs: &[FlentRun], cutoff: Option<Cutoff>, zone: &TimeZone) -> String {
    runs.iter().map(|run| summary(run, cutoff, zone)).collect()
}

fn summary(run: &FlentRun, cutoff: Option<Cutoff>, zone: &TimeZone) -> String {
    let metadata = &run.run.set().metadata;
    let mut text = format!("\nSummary of {} test run from {}\n", metadata.name(), run.time(zone.clone(), false));
    if !metadata.title().is_empty() {
        let _ = writeln!(text, "  Title: '{}'", metadata.title());
    }
    text.push('\n');
    let series = run.series();
    let width = series.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let rows: Vec<(&str, Numbers)> = series
        .iter()
        .map(|name| (*name, Numbers { unit: run.recorded_unit(name), ..run.numbers(name, cutoff) }))
        .collect();
    let widest_unit = rows.iter().map(|(_, n)| n.unit.chars().count()).max().unwrap_or(0);
    let _ = writeln!(
        text,
        " {:<width$}   {:>12} {:>12} {:>12} {:>w$}",
        "",
        "avg",
        "median",
        "99th %",
        "# data pts",
        w = 12 + widest_unit
    );
    for (name, mut numbers) in rows {
        let _ = write!(text, " {name:<width$} : ");
        let Some(mean) = numbers.mean else {
            text.push_str("No data.\n");
            continue;
        };
        // Averages and sums made afterwards hide their quantiles: those of averages say little.
        if is_marked_computed(run, name) {
            (numbers.median, numbers.p99) = (None, None);
        }
        let (unit, divisor) = scaled(&numbers.unit, mean);
        let cell = |value: Option<f64>| value.map_or_else(|| "N/A".to_owned(), |v| format!("{:.2}", v / divisor));
        let count_width = 12 + widest_unit - unit.chars().count().min(widest_unit);
        let _ = writeln!(
            text,
            "{:>12} {:>12} {:>12} {unit}{:>count_width$}",
            cell(Some(mean)),
            cell(numbers.median),
            cell(numbers.p99),
            numbers.count
        );
    }
    text
}

/// Files say of series computed from others whether that was while recording; Flent looks only whether they say it.
fn is_marked_computed(run: &FlentRun, series: &str) -> bool {
    let marked = run.run.set().metadata.series_meta(series).is_some_and(|meta| meta.contains_key("COMPUTED_LATE"));
    marked || run.run.is_computed_late(series)
}

/// Bytes in the unit that suits their mean.
fn scaled(unit: &str, mean: f64) -> (&str, f64) {
    const KIB: f64 = 1024.0;
    match unit {
        "bytes" if mean > KIB * KIB * KIB => ("Gbytes", KIB * KIB * KIB),
        "bytes" if mean > KIB * KIB => ("Mbytes", KIB * KIB),
        "bytes" if mean > KIB => ("Kbytes", KIB),
        _ => (unit, 1.0),
    }
}
