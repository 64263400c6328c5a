//! Loaded data against what Flent 2.3.0 loads, for the shared real files; skipped where they are not there.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Read;
use std::path::{Path, PathBuf};

use fa_format::{DataSet, ReadOptions, read, read_header};
use jiff::tz::TimeZone;
use serde_json::Value;

/// The folder with real files, or `None`, which is said.
fn shared(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("FA_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    if folder.join("data").is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {test}: no shared data");
    None
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.is_file() && p.to_string_lossy().contains(".flent") || p.to_string_lossy().contains(".json"))
        .collect();
    files.sort();
    files
}

fn golden(path: &Path) -> Value {
    let mut text = String::new();
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Numbers there have nine significant digits (fifteen from 1e9 on).
fn close(ours: f64, theirs: f64) -> bool {
    let scale = ours.abs().max(theirs.abs());
    (ours - theirs).abs() <= scale * if scale >= 1e9 { 1e-14 } else { 6e-9 }
}

/// Values like `{n, n_null, sum, min, max, head, tail}`.
fn check_numbers(what: &str, ours: &[f64], theirs: &Value) {
    let present: Vec<f64> = ours.iter().copied().filter(|v| !v.is_nan()).collect();
    let nulls = ours.iter().filter(|v| v.is_nan() && !fa_format::is_nan_literal(**v)).count();
    assert_eq!(theirs["n"].as_u64(), Some(ours.len() as u64), "{what}: n");
    assert_eq!(theirs["n_null"].as_u64(), Some(nulls as u64), "{what}: nulls");
    let stats = [
        ("sum", present.iter().sum::<f64>()),
        ("min", present.iter().copied().fold(f64::INFINITY, f64::min)),
        ("max", present.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
    ];
    for (key, value) in stats {
        if let Some(want) = theirs.get(key).and_then(Value::as_f64) {
            assert!(close(value, want), "{what}: {key} {value} {want}");
        } else {
            assert!(present.is_empty(), "{what}: {key} missing there");
        }
    }
    let same = |ours: &[f64], theirs: &Value| {
        for (a, b) in ours.iter().zip(theirs.as_array().unwrap()) {
            assert!(b.as_f64().map_or(a.is_nan(), |b| close(*a, b)), "{what}: {a} {b}");
        }
    };
    same(&ours[..ours.len().min(4)], &theirs["head"]);
    same(&ours[ours.len().saturating_sub(4)..], &theirs["tail"]);
}

/// Metadata are equal but for what we do otherwise on purpose.
fn check_metadata(data: &DataSet, theirs: &Value) {
    let mut ours = data.metadata.as_map().clone();
    let mut theirs = theirs.as_object().unwrap().clone();
    // Flent keeps a second copy of version 1's raw values here; we move them.
    for meta in theirs["SERIES_META"].as_object_mut().unwrap().values_mut() {
        meta.as_object_mut().unwrap().shift_remove("RAW_VALUES");
    }
    // Flent on Python before 3.13 takes every .bz2 file for a .flent.gz file.
    if data.path.as_ref().unwrap().extension().is_some_and(|e| e == "bz2") {
        ours.shift_remove("DATA_FILENAME");
        theirs.shift_remove("DATA_FILENAME");
    }
    // Flent moves a zoneless time without any raw value to the year 2286; we leave it as it is.
    if data.notes.contains(&fa_format::Note::ZoneUnknown) {
        for key in ["TIME", "T0", "BATCH_TIME"] {
            ours.shift_remove(key);
            theirs.shift_remove(key);
        }
    }
    let added_late = |key: &str| data.series.contains_key(key);
    for (key, want) in &theirs {
        if key == "SERIES_META" {
            // Computed series that the file lacks are added by the analysis, not by the reader.
            for (name, want) in want.as_object().unwrap() {
                let late = want.get("COMPUTED_LATE") == Some(&Value::Bool(true)) && !added_late(name);
                if !late {
                    same_json(&format!("SERIES_META {name}"), &ours[key][name.as_str()], want);
                }
            }
            continue;
        }
        same_json(key, ours.get(key).unwrap_or(&Value::Null), want);
    }
    for key in ours.keys() {
        assert!(theirs.contains_key(key), "{key} is ours alone");
    }
}

fn same_json(what: &str, ours: &Value, theirs: &Value) {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) => {
            assert!(close(a.as_f64().unwrap(), b.as_f64().unwrap()), "{what}: {a} {b}");
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{what}");
            a.iter().zip(b).for_each(|(a, b)| same_json(what, a, b));
        }
        (Value::Object(a), Value::Object(b)) => {
            assert_eq!(a.len(), b.len(), "{what}: {a:?} {b:?}");
            b.iter().for_each(|(k, b)| same_json(&format!("{what} {k}"), a.get(k).unwrap_or(&Value::Null), b));
        }
        _ => assert_eq!(ours, theirs, "{what}"),
    }
}

fn check(path: &Path, theirs: &Value) {
    let data = read(path, &ReadOptions::default()).unwrap();
    check_metadata(&data, &theirs["metadata"]);
    let unknown_zone = data.notes.contains(&fa_format::Note::ZoneUnknown) && data.file_version > 1;
    if !unknown_zone {
        assert_eq!(format!("{:.6}", data.metadata.t0_unix().unwrap()), theirs["t0"].as_str().unwrap());
        assert_eq!(data.metadata.display_title(&TimeZone::UTC), theirs["title"].as_str().unwrap());
        assert_eq!(data.metadata.long_title(&TimeZone::UTC), theirs["long_title"].as_str().unwrap());
        assert_eq!(data.metadata.label(&TimeZone::UTC), theirs["label"].as_str().unwrap());
    }
    check_numbers("x_values", &data.x_values, &theirs["x_values"]);
    let results = theirs["results"].as_object().unwrap();
    for (name, want) in results {
        if let Some(ours) = data.series(name) {
            check_numbers(name, ours, want);
        } else {
            let meta = &theirs["metadata"]["SERIES_META"][name.as_str()];
            assert_eq!(meta.get("COMPUTED_LATE"), Some(&Value::Bool(true)), "{name} is missing");
        }
    }
    assert!(data.series.keys().all(|name| results.contains_key(name)));
    let order: Vec<&String> = results.keys().filter(|name| data.series.contains_key(*name)).collect();
    assert_eq!(data.series.keys().collect::<Vec<_>>(), order, "order of series");
    check_raw(&data, theirs["raw_values"].as_object().unwrap());
    assert_eq!(
        data.raw.first_t().is_some(),
        data.length() > 0 && data.raw.names().any(|n| !data.raw.series(n).unwrap().is_empty())
    );
}

fn check_raw(data: &DataSet, theirs: &serde_json::Map<String, Value>) {
    assert_eq!(data.length(), theirs.len(), "raw series");
    for (name, want) in theirs {
        let ours = data.raw.series(name).unwrap_or_else(|| panic!("{name}: {:?}", data.raw.notes()));
        assert_eq!(want["n"].as_u64(), Some(ours.len() as u64), "{name}: entries");
        for (key, want) in want["keys"].as_object().unwrap() {
            let what = format!("raw {name} {key}");
            // Text and booleans count as values there.
            if ours
                .values(key)
                .any(|(_, value)| matches!(value, fa_format::RawValue::Text(_) | fa_format::RawValue::Bool(_)))
            {
                assert_eq!(want["n"].as_u64(), Some(ours.values(key).count() as u64), "{what}");
                continue;
            }
            let numbers = ours.numbers(key).unwrap_or_else(|| panic!("{what} is missing"));
            if key == "t" {
                let ends = [numbers.value.first(), numbers.value.last()].map(|t| format!("{:.6}", t.unwrap()));
                assert_eq!(want["n"].as_u64(), Some(numbers.value.len() as u64), "{what}");
                assert_eq!(ends, [want["first"].as_str().unwrap(), want["last"].as_str().unwrap()], "{what}");
            } else {
                check_numbers(&what, &numbers.value, want);
            }
        }
    }
}

#[test]
fn the_six_real_files_load_as_in_flent() {
    let Some(shared) = shared("the_six_real_files_load_as_in_flent") else { return };
    for path in files(&shared.join("data")) {
        let name = path.file_name().unwrap().to_string_lossy().replace(".flent.gz", "");
        println!("{name}");
        check(&path, &golden(&shared.join(format!("golden/{name}.load.json.gz"))));
    }
}

#[test]
fn the_field_recordings_load_as_in_flent() {
    let Some(shared) = shared("the_field_recordings_load_as_in_flent") else { return };
    let files = files(&shared.join("data/field"));
    assert!(files.len() >= 42);
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().replace(".flent.gz", "");
        println!("{name}");
        // Flent refuses the one test that it does not know; we only read.
        if name.starts_with("rrul_be_delayed") {
            read(&path, &ReadOptions::default()).unwrap();
            continue;
        }
        check(&path, &golden(&shared.join(format!("golden/field/{name}.load.json.gz"))));
    }
}

#[test]
fn the_edge_cases_load_as_in_flent() {
    let Some(shared) = shared("the_edge_cases_load_as_in_flent") else { return };
    for path in files(&shared.join("data/derived")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("edge-") || name.contains("v5") {
            continue;
        }
        println!("{name}");
        // The second one was loaded with absolute times, which is the analysis' job here.
        check(&path, &golden(&shared.join(format!("golden/edge/{name}.load.json.gz")))[0]);
    }
}

#[test]
fn a_header_equals_the_metadata_of_a_full_read() {
    let Some(shared) = shared("a_header_equals_the_metadata_of_a_full_read") else { return };
    let mut paths = files(&shared.join("data"));
    paths.extend(files(&shared.join("data/derived")));
    paths.extend(files(&shared.join("data/field")));
    paths.retain(|p| !p.to_string_lossy().contains("edge-v5"));
    assert!(paths.len() >= 6 + 27 + 42);
    for path in &paths {
        let full = read(path, &ReadOptions::default()).unwrap();
        let header = read_header(path, &ReadOptions::default()).unwrap();
        assert_eq!(header.metadata, full.metadata, "{}", path.display());
        assert!(header.version.is_none_or(|v| v == full.file_version), "{}", path.display());
    }
    assert!(fa_format::index(&paths).iter().all(Result::is_ok));
}

#[test]
fn version_5_is_refused() {
    let Some(shared) = shared("version_5_is_refused") else { return };
    let path = shared.join("data/derived/edge-v5.flent.gz");
    let error = read(&path, &ReadOptions::default()).unwrap_err();
    assert!(matches!(error, fa_format::ReadError::TooNew { found: 5, newest: 4, .. }), "{error}");
}

#[test]
fn what_is_written_reads_back_the_same_in_both_ways_of_reading() {
    let Some(shared) = shared("what_is_written_reads_back_the_same_in_both_ways_of_reading") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut paths = files(&shared.join("data"));
    paths.extend(files(&shared.join("data/derived")));
    paths.extend(files(&shared.join("data/field")).into_iter().step_by(5));
    for path in paths.iter().filter(|p| !p.to_string_lossy().contains("edge-v5")) {
        let data = read(path, &ReadOptions::default()).unwrap();
        let copy = folder.path().join(path.file_name().unwrap());
        fa_format::save(&data, &copy).unwrap();
        for options in [ReadOptions::default(), ReadOptions::without_raw()] {
            let again = read(&copy, &options).unwrap();
            assert_eq!(again.metadata, data.metadata, "{}", path.display());
            assert_eq!(again.file_version, 4);
            assert_eq!(again.x_values, data.x_values);
            assert_eq!(again.is_empty(), data.is_empty());
            assert!(again.series.keys().eq(data.series.keys()));
            for (name, values) in &data.series {
                let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
                assert!(again.series[name].iter().zip(values).all(same), "{name}");
            }
            assert!(again.raw == data.raw, "{}", path.display());
            let notes = again.all_notes();
            assert!(notes.iter().all(|n| matches!(n, fa_format::Note::NonFinite { .. })), "{notes:?}");
        }
        assert_eq!(read_header(&copy, &ReadOptions::default()).unwrap().metadata, data.metadata);
        // Flent's own files, too, can be read without raw values, and asked for them afterwards.
        let later = read(path, &ReadOptions::without_raw()).unwrap();
        assert_eq!(later.length(), data.length());
        assert!(later.raw == data.raw);
    }
}
