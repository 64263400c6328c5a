//! Units of raw values before version 4. `results` and `x_values` were never changed between versions.

use super::series::{Column, RawSeries};
use super::value::Kind;
use crate::note::Conversion;

/// Brings the raw values of one series of a file before version 4 to today's units. Says what was done, if anything.
///
/// The rules exclude each other and are tried in this order. They are Flent's, wrong corners included, because files
/// of ten years were looked at through them: `HTTP latency::1` is not converted, and the first entry alone decides
/// about counters.
pub(super) fn convert(name: &str, series: &mut RawSeries) -> Option<Conversion> {
    if name.contains("UDP") {
        return rates(series).then_some(Conversion::RateToMilliseconds);
    }
    if name == "HTTP latency" {
        return seconds(series).then_some(Conversion::SecondsToMilliseconds);
    }
    let first_has = |wanted: &str| {
        series.columns.iter().any(|c| c.path.first().is_some_and(|s| s == wanted) && c.position_of(0).is_some())
    };
    if first_has("stations") {
        let mut any = false;
        for column in &mut series.columns {
            let [top, _, leaf] = column.path.as_slice() else { continue };
            if top == "stations" && (leaf == "airtime_tx" || leaf == "airtime_rx") {
                differences(column);
                any = true;
            }
        }
        return any.then_some(Conversion::AirtimeToDifferences);
    }
    if first_has("dropped") || first_has("ecn_mark") {
        for column in &mut series.columns {
            if column.key == "dropped" || column.key == "ecn_mark" {
                differences(column);
            }
        }
        return Some(Conversion::DropsToDifferences);
    }
    None
}

/// UDP request/response samples (those with `dur`) counted round trips per second.
fn rates(series: &mut RawSeries) -> bool {
    let Some(dur) = series.column("dur") else { return false };
    let with_dur: Vec<u32> = (0..dur.numbers.len()).map(|i| dur.entry_of(i)).collect();
    let Some(values) = series.columns.iter_mut().find(|c| c.key == "val") else { return false };
    let mut any = false;
    for entry in with_dur {
        let Some(i) = values.position_of(entry as usize) else { continue };
        let rate = values.numbers.at(i);
        if !number(values.kinds.at(i)) {
            continue;
        }
        if rate == 0.0 {
            values.set(i, Kind::Null, f64::NAN);
        } else {
            values.set(i, Kind::Float, 1000.0 / rate);
        }
        any = true;
    }
    any
}

fn seconds(series: &mut RawSeries) -> bool {
    let Some(values) = series.columns.iter_mut().find(|c| c.key == "val") else { return false };
    let mut any = false;
    for i in 0..values.numbers.len() {
        if number(values.kinds.at(i)) {
            values.set(i, Kind::Float, values.numbers.at(i) * 1000.0);
            any = true;
        }
    }
    any
}

/// Cumulative counts to differences; the first one becomes 0.
fn differences(column: &mut Column) {
    let mut last: Option<f64> = None;
    for i in 0..column.numbers.len() {
        if number(column.kinds.at(i)) {
            let now = column.numbers.at(i);
            column.set(i, Kind::Float, last.map_or(0.0, |before| now - before));
            last = Some(now);
        }
    }
}

fn number(kind: Kind) -> bool {
    matches!(kind, Kind::Float | Kind::Int | Kind::BigInt)
}
