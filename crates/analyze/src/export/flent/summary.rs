//! `summary`.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::numbers::Numbers;
use super::python::fixed;
use super::{FlentOptions, FlentRun};

/// Width of a number, and of the count less the longest unit.
const WIDTH: usize = 12;

/// Every file with one line per series. Writing to a string cannot fail.
pub(super) fn summary(runs: &[FlentRun], options: &FlentOptions) -> String {
    let mut text = String::new();
    for run in runs {
        let metadata = &run.run.set().metadata;
        let _ = write!(text, "\nSummary of {} test run from {}\n", metadata.name(), local_time(run, &options.zone));
        if !metadata.title().is_empty() {
            let _ = writeln!(text, "  Title: '{}'", metadata.title());
        }
        text.push('\n');
        let names = run.sorted_series();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        // Of all series that the test defines, whether the file has them or not.
        let unit_width = run.expanded.series.values().map(|def| def.units.chars().count()).max().unwrap_or(0);
        let count_width = WIDTH + unit_width;
        let blanks = width + 3;
        let _ = writeln!(
            text,
            " {:blanks$}{:>WIDTH$} {:>WIDTH$} {:>WIDTH$} {:>count_width$}",
            "", "avg", "median", "99th %", "# data pts"
        );
        for series in names {
            let _ = write!(text, " {series:<width$} : ");
            line(&mut text, run, series, options, count_width);
        }
    }
    text
}

fn line(text: &mut String, run: &FlentRun, series: &str, options: &FlentOptions, count_width: usize) {
    let numbers = Numbers::of(run.run, series, options.cutoff);
    let (mean, n) = numbers.mean();
    let Some(mean) = mean else {
        text.push_str("No data.\n");
        return;
    };
    let median = numbers.median().unwrap_or(f64::NAN);
    let (unit, divisor) = scale(run.recorded_unit(series), mean, median);
    let mean = fixed(mean / divisor, 2);
    // The key alone counts: series that were computed while recording say `false` and get no percentiles either.
    let meta = run.run.set().metadata.series_meta(series);
    let late =
        run.late_series().any(|late| late == series) || meta.is_some_and(|meta| meta.contains_key("COMPUTED_LATE"));
    let (median, pct99) = if late {
        ("N/A".to_owned(), "N/A".to_owned())
    } else {
        (fixed(median / divisor, 2), fixed(numbers.pct99().unwrap_or(f64::NAN), 2))
    };
    let count = count_width - unit.chars().count().min(count_width);
    let _ = writeln!(text, "{mean:>WIDTH$} {median:>WIDTH$} {pct99:>WIDTH$} {unit}{n:>count$}");
}

/// Flent's units for bytes: kilobytes are not divided, and what is less is divided by itself.
fn scale(unit: &str, mean: f64, median: f64) -> (&str, f64) {
    if unit != "bytes" {
        return (unit, 1.0);
    }
    let size = if median > mean { median } else { mean };
    if size > f64::from(1 << 30) {
        ("Gbytes", f64::from(1 << 30))
    } else if size > f64::from(1 << 20) {
        ("Mbytes", f64::from(1 << 20))
    } else if size > f64::from(1 << 10) {
        ("Kbytes", 1.0)
    } else if size == 0.0 {
        ("bytes", 1.0)
    } else {
        ("bytes", size)
    }
}

/// Start of the run in the reader's zone, whole seconds.
fn local_time(run: &FlentRun, zone: &TimeZone) -> String {
    let micros = run.run.set().metadata.time_unix().map(|t| (t * 1e6).round() as i64);
    let at = micros.and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
    at.map_or_else(|| run.time(), |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string())
}
