//! Old files brought up to version 4, step by step, in the order in which Flent does it; and what every version gets on load.

use std::path::Path;

use indexmap::IndexMap;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::dataset::NEWEST_VERSION;
use crate::name;
use crate::note::Note;
use crate::raw::{RawSeries, RawValue};
use crate::time::{self, Stamp};

/// Metadata keys that hold times.
const TIMES: [&str; 3] = ["TIME", "T0", "BATCH_TIME"];

/// Does bringing these metadata up to date need anything but themselves? Then a header must read on.
pub(super) fn needs_the_data(metadata: &Map<String, Value>) -> bool {
    let zoneless = |key: &&str| matches!(text(metadata, key).and_then(time::parse), Some(Stamp::Zoneless(_)));
    let old_series = |meta: &Value| meta.get("RAW_VALUES").is_some() || in_bits(meta);
    TIMES.iter().any(zoneless)
        || metadata.get("TOTAL_LENGTH").is_none_or(Value::is_null)
        || metadata.contains_key("NETPERF_WRAPPER_VERSION")
        || metadata.get("SERIES_META").and_then(Value::as_object).is_some_and(|m| m.values().any(old_series))
}

/// The version of a file that was cut off before it said: told from the version of the program.
///
/// In real files 0.11 wrote version 2, 0.14 to 1.0 wrote 3, and 1.9 and later wrote 4.
pub(super) fn guess_version(metadata: &Map<String, Value>) -> u8 {
    if metadata.contains_key("NETPERF_WRAPPER_VERSION") {
        return 1;
    }
    let mut parts = text(metadata, "FLENT_VERSION").unwrap_or_default().split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(0)), Some(Ok(minor))) if minor < 14 => 2,
        (Some(Ok(0)), _) => 3,
        (Some(Ok(1)), Some(Ok(minor))) if minor < 9 => 3,
        _ => NEWEST_VERSION,
    }
}

/// Version 1: raw values are in `SERIES_META`. Takes them out, as JSON text per series.
///
/// Flent leaves a second copy there; we do not, because it is the larger part of such a file.
pub(super) fn take_raw_from_series_meta(metadata: &mut Map<String, Value>) -> IndexMap<String, Value> {
    let Some(Value::Object(all)) = metadata.get_mut("SERIES_META") else { return IndexMap::new() };
    let take = |(series, meta): (&String, &mut Value)| {
        meta.as_object_mut()?.shift_remove("RAW_VALUES").map(|raw| (series.clone(), raw))
    };
    all.iter_mut().filter_map(take).collect()
}

/// Version 1 without raw values: one entry per point of the results, at T0 (or TIME) plus x, nulls kept.
pub(super) fn fake_raw(metadata: &Map<String, Value>, x_values: &[f64], values: &[f64]) -> RawSeries {
    let start = ["T0", "TIME"].iter().find_map(|key| text(metadata, key).and_then(time::unix)).unwrap_or(0.0);
    let mut series = RawSeries::builder();
    for (x, value) in x_values.iter().zip(values) {
        let value = if value.is_nan() { RawValue::Null } else { RawValue::Float(*value) };
        series.push(start + x, &[("val", value)]);
    }
    series.finish()
}

/// Version 1 came from netperf-wrapper.
pub(super) fn rename_version_key(metadata: &mut Map<String, Value>, notes: &mut Vec<Note>) {
    if let Some(version) = metadata.shift_remove("NETPERF_WRAPPER_VERSION") {
        metadata.insert("FLENT_VERSION".to_owned(), version);
        notes.push(Note::VersionKeyRenamed);
    }
}

/// Before version 4 some `MEAN_VALUE`s were in bits/s.
pub(super) fn mean_values(metadata: &mut Map<String, Value>, notes: &mut Vec<Note>) {
    let Some(Value::Object(all)) = metadata.get_mut("SERIES_META") else { return };
    for (series, meta) in all {
        if !in_bits(meta) {
            continue;
        }
        let Some(mean) = meta.get("MEAN_VALUE").and_then(Value::as_f64) else { continue };
        meta["MEAN_VALUE"] = (mean / 1e6).into();
        meta["UNITS"] = "Mbits/s".into();
        notes.push(Note::MeanConverted { series: series.clone() });
    }
}

fn in_bits(meta: &Value) -> bool {
    meta.get("UNITS").is_some_and(|u| u == "bits/s") && meta.get("MEAN_VALUE").is_some()
}

/// Times of all versions become UTC with six fraction digits.
///
/// Zoneless ones are local time of the recorder: whole hours are taken off so that the first of them is within half an hour of
/// the earliest raw sample. `first_t` is asked for only then.
pub(super) fn times(metadata: &mut Map<String, Value>, first_t: impl FnOnce() -> Option<f64>, notes: &mut Vec<Note>) {
    let mut zoneless: Vec<(&str, DateTime)> = Vec::new();
    for key in TIMES {
        let Some(value) = text(metadata, key) else { continue };
        match time::parse(value) {
            Some(Stamp::Utc(_)) => {}
            Some(Stamp::Zoneless(civil)) => zoneless.push((key, civil)),
            None => notes.push(Note::BadTime { key: key.to_owned(), text: value.chars().take(80).collect() }),
        }
    }
    let Some((_, first)) = zoneless.first() else { return };
    let hours = first_t().filter(|t| t.is_finite()).and_then(|t| {
        let local = time::unix_secs(TimeZone::UTC.to_timestamp(*first).ok()?);
        let hours = ((local - t) / 3600.0).round();
        // Zones are at most 14 hours from UTC, and a clock can be wrong; a year is not a zone.
        (hours.abs() <= 26.0).then_some(hours as i64)
    });
    match hours {
        Some(hours) => notes.push(Note::ZoneGuessed { hours }),
        None => notes.push(Note::ZoneUnknown),
    }
    for (key, civil) in zoneless {
        let utc = civil.checked_sub(SignedDuration::from_hours(hours.unwrap_or(0))).unwrap_or(civil);
        metadata.insert(key.to_owned(), format!("{}Z", time::civil_text(utc)).into());
    }
}

/// What every version gets on load: `TOTAL_LENGTH`, `SERIES_META`, and the suffix at the end of `DATA_FILENAME`.
pub(super) fn complete(metadata: &mut Map<String, Value>, x_values: &[f64], path: &Path, notes: &mut Vec<Note>) {
    if metadata.get("TOTAL_LENGTH").is_none_or(Value::is_null) {
        let last = x_values.iter().copied().filter(|x| x.is_finite()).max_by(f64::total_cmp);
        if let Some(secs) = last {
            metadata.insert("TOTAL_LENGTH".to_owned(), secs.into());
            // Of a test that is run again and again it is missing on purpose: x counts runs.
            if !metadata.contains_key("ITERATIONS") {
                notes.push(Note::TotalLengthFromData { secs });
            }
        }
    }
    metadata.entry("SERIES_META").or_insert_with(|| Value::Object(Map::new()));
    let suffix = name::suffix(path);
    if let Some(recorded) = text(metadata, "DATA_FILENAME")
        && !recorded.ends_with(&suffix)
    {
        let name = format!("{recorded}{suffix}");
        metadata.insert("DATA_FILENAME".to_owned(), name.clone().into());
        notes.push(Note::FilenameCompleted { name });
    }
}

fn text<'a>(metadata: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    metadata.get(key)?.as_str()
}
