//! Every migration of old versions, on small files; numbers by hand.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use fa_format::{Conversion, DataSet, Note, RawValue, ReadOptions, read_bytes, read_header_bytes};
use serde_json::{Value, json};

fn read(file: &Value) -> DataSet {
    let text = file.to_string();
    let data = read_bytes(text.as_bytes(), Path::new("old.json"), &ReadOptions::default()).unwrap();
    let header = read_header_bytes(text.as_bytes(), Path::new("old.json"), &ReadOptions::default()).unwrap();
    assert_eq!(header.metadata, data.metadata, "a header is the same");
    data
}

fn file(version: u8, raw: &Value) -> Value {
    json!({
        "metadata": {"NAME": "t", "TOTAL_LENGTH": 10, "TIME": "2020-01-02T03:04:05.000000Z", "SERIES_META": {}},
        "raw_values": raw, "results": {}, "version": version, "x_values": [],
    })
}

fn numbers(data: &DataSet, series: &str, key: &str) -> Vec<f64> {
    data.raw.series(series).unwrap().numbers(key).unwrap().value.to_vec()
}

#[test]
fn udp_samples_with_a_duration_were_rates() {
    let raw = json!({"Ping UDP BE": [
        {"dur": 0.2, "t": 1.0, "val": 50.0}, {"dur": 0.2, "t": 2.0, "val": 0.0}, {"t": 3.0, "val": 7.0},
        {"dur": 0.2, "t": 4.0, "val": null}, {"dur": 0.2, "t": 5.0, "val": 4}]});
    let old = read(&file(3, &raw));
    let values = numbers(&old, "Ping UDP BE", "val");
    assert_eq!((values[0], values[2], values[4]), (20.0, 7.0, 250.0));
    assert!(values[1].is_nan() && values[3].is_nan());
    let series = old.raw.series("Ping UDP BE").unwrap();
    assert_eq!(series.value(1, "val"), Some(RawValue::Null), "no reply at all is no round trip");
    let what = Conversion::RateToMilliseconds;
    assert_eq!(
        old.all_notes(),
        [Note::Upgraded { from: 3 }, Note::RawConverted { series: "Ping UDP BE".into(), what }]
    );
    // What version 4 has stays.
    assert_eq!(numbers(&read(&file(4, &raw)), "Ping UDP BE", "val")[0], 50.0);
}

#[test]
fn http_latency_was_in_seconds_but_only_under_that_name() {
    let entries = json!([{"t": 1.0, "val": 0.25}, {"t": 2.0, "val": null}]);
    let old = read(&file(2, &json!({"HTTP latency": entries, "HTTP latency::1": entries})));
    assert_eq!(numbers(&old, "HTTP latency", "val")[0], 250.0);
    assert_eq!(numbers(&old, "HTTP latency::1", "val")[0], 0.25);
}

#[test]
fn air_time_was_cumulative_per_station() {
    let entry = |t: f64, a: f64, b: f64| json!({"t": t, "stations": {"aa:bb": {"airtime_tx": a, "airtime_rx": b, "avg_aggr_size": 3.5}}});
    let old =
        read(&file(3, &json!({"wifi": [entry(1.0, 100.0, 7.0), entry(2.0, 130.0, 7.0), entry(3.0, 190.0, 10.0)]})));
    assert_eq!(numbers(&old, "wifi", "stations::aa:bb::airtime_tx"), [0.0, 30.0, 60.0]);
    assert_eq!(numbers(&old, "wifi", "stations::aa:bb::airtime_rx"), [0.0, 0.0, 3.0]);
    assert_eq!(numbers(&old, "wifi", "stations::aa:bb::avg_aggr_size"), [3.5, 3.5, 3.5]);
    // Written and read again it is the same, nested as before, and not converted twice.
    let again = read(&serde_json::from_str(&fa_format::to_json(&old).unwrap()).unwrap());
    assert!(again.raw == old.raw);
}

#[test]
fn drops_and_marks_were_cumulative_as_the_first_entry_tells() {
    let with = json!([{"t": 1.0, "dropped": 5.0, "ecn_mark": 1.0, "delay": 3.0}, {"t": 2.0, "dropped": 9.0, "ecn_mark": 1.0, "delay": 4.0}]);
    let without = json!([{"t": 1.0, "delay": 3.0}, {"t": 2.0, "dropped": 9.0}]);
    let old = read(&file(3, &json!({"a": with, "b": without})));
    assert_eq!(numbers(&old, "a", "dropped"), [0.0, 4.0]);
    assert_eq!(numbers(&old, "a", "ecn_mark"), [0.0, 0.0]);
    assert_eq!(numbers(&old, "a", "delay"), [3.0, 4.0]);
    assert_eq!(numbers(&old, "b", "dropped"), [9.0]);
}

#[test]
fn means_in_bits_become_megabits() {
    let mut f = file(3, &json!({}));
    f["metadata"]["SERIES_META"] =
        json!({"a": {"UNITS": "bits/s", "MEAN_VALUE": 12_345_678.0, "IDX": 3}, "b": {"UNITS": "bits/s"}});
    let old = read(&f);
    assert_eq!(old.metadata.get("SERIES_META:a:MEAN_VALUE"), Some(&json!(12.345_678)));
    assert_eq!(old.metadata.get("SERIES_META:a:UNITS"), Some(&json!("Mbits/s")));
    assert_eq!(old.metadata.get("SERIES_META:b:UNITS"), Some(&json!("bits/s")));
    f["version"] = 4.into();
    assert_eq!(read(&f).metadata.get("SERIES_META:a:UNITS"), Some(&json!("bits/s")));
}

/// 2015-07-13T15:08:10 UTC.
const SAMPLE: f64 = 1_436_800_090.0;

fn zoneless(raw: &Value) -> Value {
    let mut f = file(2, raw);
    f["metadata"]["TIME"] = "2015-07-13T17:08:05.042138".into();
    f["metadata"]["T0"] = "2015-07-13T17:08:10".into();
    f["metadata"]["BATCH_TIME"] = Value::Null;
    f
}

#[test]
fn the_zone_is_guessed_from_the_earliest_sample() {
    let raw = json!({"a": [{"t": SAMPLE + 3.0, "val": 1.0}], "b": [{"val": 1.0}, {"t": SAMPLE, "val": 1.0}]});
    let old = read(&zoneless(&raw));
    assert_eq!(old.metadata.get("TIME"), Some(&json!("2015-07-13T15:08:05.042138Z")));
    assert_eq!(old.metadata.get("T0"), Some(&json!("2015-07-13T15:08:10.000000Z")));
    assert_eq!(old.metadata.t0_unix(), Some(SAMPLE));
    assert!(old.notes.contains(&Note::ZoneGuessed { hours: 2 }));
}

#[test]
fn without_a_sample_zoneless_times_stay_as_they_are() {
    let old = read(&zoneless(&json!({"a": [{"val": 1.0}], "b": []})));
    assert_eq!(old.metadata.get("T0"), Some(&json!("2015-07-13T17:08:10.000000Z")));
    assert!(old.notes.contains(&Note::ZoneUnknown));
    // Nor is a sample from another year a zone.
    let old = read(&zoneless(&json!({"a": [{"t": 5.0}]})));
    assert!(old.notes.contains(&Note::ZoneUnknown));
}

#[test]
fn a_time_that_is_none_stays_and_is_noted() {
    let mut f = file(4, &json!({}));
    f["metadata"]["TIME"] = "yesterday".into();
    let data = read(&f);
    assert_eq!((data.metadata.time_unix(), data.metadata.get("TIME")), (None, Some(&json!("yesterday"))));
    assert_eq!(data.notes, [Note::BadTime { key: "TIME".into(), text: "yesterday".into() }]);
}

#[test]
fn version_1_has_its_raw_values_in_the_metadata() {
    let f = json!({
        "metadata": {"NAME": "t", "TIME": "2015-07-13T17:08:10.0", "NETPERF_WRAPPER_VERSION": "0.5", "LENGTH": 60,
            "SERIES_META": {"HTTP latency": {"UNITS": "s", "RAW_VALUES": [{"t": SAMPLE, "val": 0.5}]}}},
        "results": {"HTTP latency": [500.0]}, "x_values": [0.0],
    });
    let old = read(&f);
    assert_eq!(numbers(&old, "HTTP latency", "val"), [500.0]);
    assert_eq!(old.metadata.get("SERIES_META:HTTP latency:RAW_VALUES"), None);
    assert_eq!(old.metadata.flent_version(), Some("0.5"));
    assert_eq!(old.metadata.get("TIME"), Some(&json!("2015-07-13T15:08:10.000000Z")));
    assert_eq!(old.metadata.total_length_secs(), Some(0.0));
    let expected = [
        Note::Upgraded { from: 1 },
        Note::RawMovedFromSeriesMeta { series: 1 },
        Note::VersionKeyRenamed,
        Note::ZoneGuessed { hours: 2 },
        Note::TotalLengthFromData { secs: 0.0 },
    ];
    assert_eq!(old.notes, expected);
}

#[test]
fn version_1_without_raw_values_gets_them_from_its_results() {
    let f = json!({
        "metadata": {"NAME": "t", "T0": "2015-07-13T15:08:10.500000", "TIME": "2015-07-13T15:08:00.5", "TOTAL_LENGTH": 1},
        "results": {"HTTP latency": [500.0, null, 600.0]}, "x_values": [0.0, 0.5, 1.0],
    });
    let old = read(&f);
    let raw = old.raw.series("HTTP latency").unwrap();
    assert_eq!(*raw.t(), [SAMPLE + 0.5, SAMPLE + 1.0, SAMPLE + 1.5]);
    assert_eq!(raw.value(1, "val"), Some(RawValue::Null));
    assert_eq!(raw.value(2, "val"), Some(RawValue::Float(600.0)), "made values are not converted");
    assert_eq!(old.metadata.get("FAKE_RAW_VALUES"), Some(&json!(true)));
    assert!(old.notes.contains(&Note::RawMadeFromResults));
}

#[test]
fn every_version_gets_what_is_missing() {
    let mut f = file(4, &json!({"a": []}));
    f["metadata"] = json!({"NAME": "t", "DATA_FILENAME": "old"});
    f["x_values"] = json!([0.0, 0.2, 0.4]);
    let data = read(&f);
    assert_eq!(data.metadata.total_length_secs(), Some(0.4));
    assert_eq!(data.metadata.get("SERIES_META"), Some(&json!({})));
    assert_eq!(data.metadata.data_filename(), Some("old.json"));
    let expected = [Note::TotalLengthFromData { secs: 0.4 }, Note::FilenameCompleted { name: "old.json".into() }];
    assert_eq!(data.notes, expected);
    f.as_object_mut().unwrap().remove("raw_values");
    assert!(read(&f).notes.contains(&Note::NoRawValues));
}
