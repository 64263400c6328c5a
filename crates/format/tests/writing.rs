//! What is written is what was there, and nothing is overwritten.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use fa_format::{
    ALWAYS_WRITTEN, DataSet, Metadata, Note, RawSeries, RawValue, ReadOptions, WriteError, file_name, read, read_bytes,
    save, to_bytes, to_json,
};
use jiff::Zoned;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn small() -> DataSet {
    let mut data = DataSet { metadata: Metadata::for_new_run("rrul"), x_values: vec![0.0, 0.2], ..DataSet::default() };
    data.metadata.set("TOTAL_LENGTH", 1);
    data.series.insert("a".into(), vec![1.0, 2.5]);
    let mut raw = RawSeries::builder();
    raw.push(1.5, &[("val", RawValue::Float(20.4)), ("seq", RawValue::Int(1))]);
    raw.push(
        1.7,
        &[("lost", RawValue::Bool(true)), ("lost_dir", RawValue::Text("up".into())), ("seq", RawValue::Int(2))],
    );
    data.raw.insert("a", raw.finish());
    data
}

fn again(data: &DataSet) -> DataSet {
    read_bytes(&to_bytes(data).unwrap(), Path::new("x.flent.gz"), &ReadOptions::default()).unwrap()
}

#[test]
fn the_text_is_what_flent_reads_and_a_person_can() {
    let mut data = small();
    data.metadata = Metadata::from_map(json!({"NAME": "rrul", "HOSTS": ["h"]}).as_object().unwrap().clone());
    let text = r#"{
"metadata": {
  "NAME": "rrul",
  "HOSTS": [
    "h"
  ]
},
"version": 4,
"x_values": [0.0,0.2],
"results": {
  "a": [1.0,2.5]
},
"raw_values": {
  "a": [
    {"t": 1.5, "val": 20.4, "seq": 1},
    {"t": 1.7, "seq": 2, "lost": true, "lost_dir": "up"}
  ]
}
}
"#;
    assert_eq!(to_json(&data).unwrap(), text);
}

#[test]
fn the_same_data_give_the_same_bytes_in_two_members() {
    let bytes = to_bytes(&small()).unwrap();
    assert_eq!(bytes, to_bytes(&small()).unwrap());
    assert_eq!(bytes, to_bytes(&again(&small())).unwrap());
    // No name, no time in the header.
    assert_eq!(bytes[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(bytes.as_slice()), &mut text).unwrap();
    assert_eq!(text, to_json(&small()).unwrap());
    let mut head = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes.as_slice()), &mut head).unwrap();
    assert!(text[head.len()..].starts_with("\"raw_values\""), "the raw values are a member of their own");
}

#[test]
fn a_new_run_has_all_keys_that_flent_writes() {
    let metadata = Metadata::for_new_run("ping");
    let keys: Vec<&String> = metadata.as_map().keys().collect();
    assert_eq!(keys[..ALWAYS_WRITTEN.len()], ALWAYS_WRITTEN);
    for key in ["REMOTE_METADATA", "SERIES_META", "DELAY", "BATCH_UUID", "HTTP_GETTER_WORKERS"] {
        assert!(metadata.get(key).is_some(), "{key}");
    }
}

#[test]
fn unknown_keys_survive_in_their_order_at_every_level() {
    let text = r#"{"zeta": {"b": 1, "a": [1, 2.0, -0.0, 1e300, null]}, "metadata": {"ZZ": 1, "NAME": "t", "AA": {"y": 1, "x": "ü\n\u0001"}, "TOTAL_LENGTH": 1,
        "SERIES_META": {"s": {"Q": 18446744073709551615, "P": -9223372036854775808}}},
        "alpha": "x", "x_values": [], "results": {}, "version": 4,
        "raw_values": {"s": [{"z": 1, "t": 2.0, "a": {"c": [1, {"d": 2}], "b": {}}, "big": 123456789012345678901234567890, "e": 1E5}]}}"#;
    let data = read_bytes(text.as_bytes(), Path::new("x.json"), &ReadOptions::default()).unwrap();
    assert_eq!(data.notes, [Note::UnknownKeys { keys: vec!["zeta".into(), "alpha".into()] }]);
    let written = to_json(&data).unwrap();
    let order = |text: &str, keys: &[&str]| {
        let places: Vec<usize> = keys.iter().map(|k| text.find(&format!("\"{k}\"")).unwrap()).collect();
        assert!(places.is_sorted(), "{keys:?} in {text}");
    };
    order(&written, &["ZZ", "NAME", "AA", "y", "x", "SERIES_META", "Q", "P"]);
    order(&written, &["zeta", "alpha", "raw_values"]);
    assert!(written.contains("18446744073709551615") && written.contains("-9223372036854775808"));
    // Raw values that nothing converted are copied as they are, to the letter.
    let raw = &text[text.find("[{\"z\"").unwrap()..text.rfind("}}").unwrap()];
    assert!(written.contains(raw));
    let back: Value = serde_json::from_str(&written).unwrap();
    let original: Value = serde_json::from_str(text).unwrap();
    assert_eq!((&back["zeta"], &back["metadata"]), (&original["zeta"], &original["metadata"]));
    // Parsed, they are all there, too.
    let series = data.raw.series("s").unwrap();
    assert_eq!(series.keys(), ["a::b", "a::c", "big", "e", "t", "z"]);
    assert_eq!(series.value(0, "a::c"), Some(RawValue::Json("[1, {\"d\": 2}]".into())));
    assert_eq!(series.value(0, "z"), Some(RawValue::Int(1)));
    assert_eq!(series.value(0, "e"), Some(RawValue::Float(1e5)));
    assert!(series.numbers("a::c").is_none());
}

#[test]
fn files_are_never_overwritten_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.flent.gz", "a.flent", "a.flent.bz2", "a.json.gz"] {
        let path = folder.path().join(name);
        save(&small(), &path).unwrap();
        let before = std::fs::read(&path).unwrap();
        let mut other = small();
        other.metadata.set("NAME", "other");
        assert!(matches!(save(&other, &path), Err(WriteError::Exists { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        let data = read(&path, &ReadOptions::default()).unwrap();
        assert_eq!((data.base_name(), data.series), (name.to_owned(), small().series));
    }
    assert_eq!(std::fs::read(folder.path().join("a.flent")).unwrap(), to_json(&small()).unwrap().into_bytes());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4, "no temporary file is left");
    let nowhere = save(&small(), &folder.path().join("no/such/folder.flent.gz")).unwrap_err();
    assert!(matches!(&nowhere, WriteError::Io { doing: "create", .. }), "{nowhere}");
}

#[test]
fn what_no_reader_would_take_is_not_written() {
    let mut data = small();
    data.series.insert("b".into(), vec![1.0]);
    assert!(matches!(to_bytes(&data), Err(WriteError::Length { got: 1, want: 2, .. })));
    assert!(matches!(to_bytes(&DataSet::default()), Err(WriteError::NoName)));
}

#[test]
fn a_file_read_without_raw_values_gets_them_when_asked_unless_it_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.flent.gz");
    save(&small(), &path).unwrap();
    let later = read(&path, &ReadOptions::without_raw()).unwrap();
    assert!(!later.is_empty());
    assert!(later.raw == small().raw);
    let later = read(&path, &ReadOptions::without_raw()).unwrap();
    std::fs::remove_file(&path).unwrap();
    let mut other = small();
    other.metadata.set("TITLE", "another file");
    save(&other, &path).unwrap();
    assert_eq!(later.length(), 0);
    assert!(matches!(&later.all_notes()[0], Note::RawUnavailable { reason } if reason.contains("changed")));
    // One without raw values is known to be empty without reading on.
    let empty = folder.path().join("b.flent.gz");
    let data = DataSet { raw: fa_format::RawValues::default(), ..small() };
    save(&data, &empty).unwrap();
    let later = read(&empty, &ReadOptions::without_raw()).unwrap();
    std::fs::remove_file(&empty).unwrap();
    assert!(later.is_empty() && later.all_notes().is_empty());
}

#[test]
fn file_names_are_those_of_flent() {
    let at: Zoned = "2020-01-02T03:04:05.678901234[UTC]".parse().unwrap();
    assert_eq!(file_name("rrul", &at, "a b/c: ü-1_"), "rrul-2020-01-02T030405.678901.a_b_c___-1_.flent.gz");
    let on_the_second: Zoned = "2020-01-02T03:04:05[UTC]".parse().unwrap();
    assert_eq!(file_name("rrul", &on_the_second, ""), "rrul-2020-01-02T030405.000000.flent.gz");
    let long = file_name("rrul", &at, &"ü".repeat(400));
    assert_eq!(long.len(), 250);
    assert!(long.ends_with("__.flent.gz"));
    let local: Zoned = "2020-07-02T03:04:05[Europe/Vienna]".parse().unwrap_or(at);
    assert!(file_name("ping", &local, "").starts_with("ping-2020-0"));
}

#[test]
fn metadata_are_found_by_path() {
    let map = json!({"A": {"b:c": [10, {"d": "x"}]}, "E:F": 1, "HOSTS": ["h", "h//2"]});
    let metadata = Metadata::from_map(map.as_object().unwrap().clone());
    assert_eq!(metadata.get("A:b:c:0"), None, "a key with : only at the end of a path");
    assert_eq!(metadata.get("A:b:c"), Some(&json!([10, {"d": "x"}])));
    assert_eq!(metadata.get("E:F"), Some(&json!(1)));
    assert_eq!(metadata.get("HOSTS:1"), Some(&json!("h//2")));
    assert_eq!(metadata.get("HOSTS:7"), None);
    assert_eq!(metadata.hosts(), ["h", "h//2"]);
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,4}", "TCP (up|down)load::[0-9]", ".{0,6}", Just("t".to_owned()), Just("a::b".to_owned())]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |x| x.is_finite()),
        (0_i64..1 << 53, 0..12_i32).prop_map(|(n, e)| n as f64 / 10_f64.powi(e)),
        Just(0.0),
        Just(-0.0),
        Just(f64::INFINITY),
        Just(fa_format::NAN_LITERAL),
        Just(fa_format::MISSING),
    ]
}

fn value() -> impl Strategy<Value = RawValue> {
    prop_oneof![
        4 => number().prop_filter("null is another kind", |x| !x.is_nan() || fa_format::is_nan_literal(*x)).prop_map(RawValue::Float),
        2 => (-(1_i64 << 53)..=1 << 53).prop_map(RawValue::Int),
        1 => Just(RawValue::Null),
        1 => any::<bool>().prop_map(RawValue::Bool),
        1 => ".{0,8}".prop_map(RawValue::Text),
        1 => Just(RawValue::Json("[1, {}]".into())),
        1 => Just(RawValue::Json("{}".into())),
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

prop_compose! {
    fn data_set()(
        n in 0_usize..6,
        metadata in prop::collection::vec(("[A-Z_]{1,5}", json_value()), 0..5),
        unknown in prop::collection::vec(("[a-z]{1,5}!", json_value()), 0..3),
        names in prop::collection::vec(key(), 0..4),
        pool in prop::collection::vec(number(), 24..25),
        raw in prop::collection::vec((key(), prop::collection::vec((number(), prop::collection::vec((key(), value()), 0..4)), 0..6)), 0..3),
    ) -> DataSet {
        let mut map: Map<String, Value> = metadata.into_iter().filter(|(k, _)| k != "TIME").collect();
        map.insert("NAME".into(), "t".into());
        map.insert("TOTAL_LENGTH".into(), 1.into());
        map.insert("SERIES_META".into(), json!({}));
        let mut data = DataSet { metadata: Metadata::from_map(map), unknown: unknown.into_iter().collect(), ..DataSet::default() };
        data.x_values = (0..n).map(|i| i as f64 * 0.2).collect();
        for (i, name) in names.into_iter().enumerate() {
            data.series.insert(name, pool[i * 6..i * 6 + n].to_vec());
        }
        for (name, entries) in raw {
            let mut series = RawSeries::builder();
            for (t, values) in &entries {
                let values: Vec<(&str, RawValue)> = values.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
                series.push(*t, &values);
            }
            data.raw.insert(&name, series.finish());
        }
        data
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(data in data_set()) {
        let back = again(&data);
        prop_assert_eq!(&back.metadata, &data.metadata);
        prop_assert_eq!(&back.unknown, &data.unknown);
        prop_assert_eq!(&back.x_values, &data.x_values);
        prop_assert!(back.series.keys().eq(data.series.keys()));
        for (name, values) in &data.series {
            let bits = |v: &Vec<f64>| v.iter().map(|x| if x.is_nan() && !fa_format::is_nan_literal(*x) { 1 } else { x.to_bits() }).collect::<Vec<_>>();
            prop_assert_eq!(bits(&back.series[name]), bits(values));
        }
        prop_assert!(back.raw == data.raw, "{:?} {:?} {}", back.raw.notes(), data.raw, to_json(&data).unwrap());
        prop_assert!(back.raw.notes().is_empty());
        // And once more gives the same bytes.
        prop_assert_eq!(to_bytes(&back).unwrap(), to_bytes(&data).unwrap());
    }
}

#[test]
fn whole_numbers_stay_whole_where_the_file_had_them_so() {
    let text = r#"{"metadata": {"NAME": "ping", "TOTAL_LENGTH": 1}, "version": 4, "x_values": [0, 0.2, 1, 2.0],
        "results": {"a": [13, 13.0, null, -7], "b": [1.0, 2.5, -0, 123456789012345678901]}, "raw_values": {}}"#;
    let data = read_bytes(text.as_bytes(), Path::new("ping.flent"), &ReadOptions::default()).unwrap();
    let written = to_json(&data).unwrap();
    for list in ["[0,0.2,1,2.0]", "[13,13.0,null,-7]", "[1.0,2.5,-0.0,1.2345678901234568e+20]"] {
        assert!(written.contains(list), "{list} in {written}");
    }
    // New values are written as numbers of their kind, whatever was there before.
    let mut changed = data.clone();
    changed.series["a"][0] = 13.5;
    assert!(to_json(&changed).unwrap().contains("[13.5,13.0,null,-7]"));
}
