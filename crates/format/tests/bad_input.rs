//! What is wrong with a file is an error that says so, or a note; never a panic, never without bounds.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Write;
use std::path::Path;

use fa_format::{DataSet, Note, ReadError, ReadOptions, read_bytes, read_header_bytes, to_bytes};
use flate2::Compression;
use flate2::write::GzEncoder;

const GOOD: &str = r#"{"metadata": {"NAME": "ping", "LENGTH": 1, "STEP_SIZE": 0.2, "TOTAL_LENGTH": 1},
  "raw_values": {"Ping (ms)": [{"t": 1588855601.5, "val": 10.5}, {"t": 1588855601.7, "val": 11.25}]},
  "results": {"Ping (ms)": [10.5, null, 11.25], "TCP upload": [1.0, 2.0, 3.0]},
  "version": 4, "x_values": [0.0, 0.2, 0.4]}"#;

fn read(bytes: impl AsRef<[u8]>) -> Result<DataSet, ReadError> {
    read_bytes(bytes.as_ref(), Path::new("x.flent.gz"), &ReadOptions::default())
}

fn keeping(bytes: impl AsRef<[u8]>) -> Result<DataSet, ReadError> {
    let options = ReadOptions { keep_partial: true, ..ReadOptions::default() };
    read_bytes(bytes.as_ref(), Path::new("x.flent.gz"), &options)
}

fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// Values as bits, so that missing ones are equal.
fn bits(data: &DataSet) -> Vec<(String, Vec<u64>)> {
    data.series.iter().map(|(k, v)| (k.clone(), v.iter().map(|x| x.to_bits()).collect())).collect()
}

/// The good file with one text replaced.
fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from));
    GOOD.replacen(from, to, 1)
}

#[track_caller]
fn message(result: Result<DataSet, ReadError>) -> String {
    let text = result.unwrap_err().to_string();
    assert!(text.contains("x.flent.gz"), "{text}");
    assert!(text.contains("likely cause:") || text.contains("try:"), "{text}");
    text
}

#[test]
fn the_good_file_is_good_in_every_container() {
    assert!(read(GOOD).unwrap().notes.is_empty());
    let in_gzip = read(gzip(GOOD)).unwrap();
    assert_eq!(in_gzip.series.len(), 2);
    // Several members anywhere, and zeros after the last, are one file.
    let (a, b) = GOOD.split_at(150);
    let mut members = [gzip(a), gzip(""), gzip(b)].concat();
    members.extend([0; 512]);
    assert_eq!(bits(&read(members).unwrap()), bits(&in_gzip));
    let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bz.write_all(GOOD.as_bytes()).unwrap();
    let bz = bz.finish().unwrap();
    assert_eq!(bits(&read(&bz).unwrap()), bits(&in_gzip));
    assert!(matches!(read(&bz[..bz.len() - 20]), Err(ReadError::Truncated { .. } | ReadError::Damaged { .. })));
}

#[test]
fn what_is_no_data_file_is_told_by_its_beginning() {
    assert!(matches!(read(""), Err(ReadError::Empty { .. })));
    assert!(message(read("#!/bin/sh\n")).contains("it begins with '#'"));
    assert!(message(read([0x28, 0xb5, 0x2f, 0xfd, 0])).contains("zstd"));
    assert!(message(read("[1, 2]")).contains("it begins with '['"));
    assert!(message(read(gzip("<html>"))).contains("it begins with '<'"));
    assert!(matches!(read("   \n"), Err(ReadError::Shape { .. } | ReadError::Truncated { .. })));
    assert!(message(read([0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0, 1, 2])).contains("damaged"));
}

#[test]
fn json_of_another_shape_is_refused_with_the_place() {
    assert!(message(read("{}")).contains("has no metadata"));
    assert!(message(read(with(r#""NAME": "ping", "#, ""))).contains("has no NAME"));
    assert!(message(read(with(r#""x_values""#, r#""y_values""#))).contains("has no x_values"));
    assert!(message(read(with(r#""results""#, r#""other""#))).contains("has no results"));
    let text = with("[0.0, 0.2, 0.4]", "{}");
    let at = text.rfind("{}").unwrap();
    assert!(message(read(&text)).contains(&format!("byte {at}: x_values must be a list of numbers, found an object")));
    assert!(
        message(read(with("[1.0, 2.0, 3.0]", r#"[1.0, "2", 3.0]"#))).contains("TCP upload must be a list of numbers")
    );
    assert!(message(read(with("[0.0, 0.2, 0.4]", "[0.0, null, 0.4]"))).contains("x_values[1]"));
}

#[test]
fn bad_json_is_refused_with_the_byte() {
    for (from, to, what) in [
        ("1.0, 2.0", "1.0 2.0", "expected , or ]"),
        ("1.0, 2.0", "1.0, 02.0", "a number must not begin with 0"),
        ("1.0, 2.0", "1.0,, 2.0", "must be a list of numbers"),
        ("3.0]", "3.0,]", "expected a value after ,"),
        (r#""version": 4"#, r#""version" 4"#, "expected :"),
        (r#""version": 4"#, r"version: 4", "expected a key"),
        (r#""ping""#, r#""pi\xng""#, "unknown escape"),
        (r#""ping""#, "\"pi\nng\"", "control character in a string"),
        (r#""ping""#, r#""\ud800""#, "lone surrogate"),
        (r#""ping""#, "nul", "not a JSON value"),
        ("0.4]}", "0.4]} {}", "more data"),
        ("1.0, 2.0", "1e999, 2.0", "number out of range"),
    ] {
        let text = message(read(with(from, to)));
        assert!(text.contains(what) && text.contains("byte "), "{to}: {text}");
    }
}

#[test]
fn versions_are_checked() {
    for (version, newest) in [("5", 5), ("4000000000000", 4_000_000_000_000)] {
        let text = with(r#""version": 4"#, &format!(r#""version": {version}"#));
        let error = read(&text).unwrap_err();
        assert!(matches!(error, ReadError::TooNew { found, newest: 4, .. } if found == newest), "{error}");
        // A header that sees the version says the same; ours see it at once.
        let own = format!(r#"{{"metadata": {{"NAME": "a", "TOTAL_LENGTH": 1}}, "version": {version}, "x": 1}}"#);
        let header = read_header_bytes(own.as_bytes(), Path::new("x.flent"), &ReadOptions::default());
        assert!(matches!(header, Err(ReadError::TooNew { .. })));
    }
    for odd in ["\"four\"", "null", "2.5", "-1"] {
        let data = read(with(r#""version": 4"#, &format!(r#""version": {odd}"#))).unwrap();
        assert_eq!(data.file_version, 1, "{odd}");
    }
}

#[test]
fn a_series_of_the_wrong_length_is_refused() {
    let error = read(with("[1.0, 2.0, 3.0]", "[1.0, 2.0]")).unwrap_err();
    assert!(matches!(&error, ReadError::Length { series, got: 2, want: 3, .. } if series == "TCP upload"), "{error}");
}

#[test]
fn text_that_is_not_utf8_is_refused_with_the_byte() {
    let mut bytes = GOOD.as_bytes().to_vec();
    let at = GOOD.find("ping").unwrap();
    bytes[at] = 0xff;
    let error = read(gzip(&bytes)).unwrap_err();
    assert!(matches!(error, ReadError::NotUtf8 { at: found, .. } if found == at as u64), "{error}");
}

#[test]
fn nesting_is_bounded_everywhere() {
    let deep = "[".repeat(100_000);
    let objects = r#"{"a":"#.repeat(100_000);
    for bomb in [&deep, &objects] {
        assert!(matches!(read(with(r#""ping""#, bomb)), Err(ReadError::TooDeep { .. })));
        assert!(matches!(read(format!(r#"{{"other": {bomb}"#)), Err(ReadError::TooDeep { .. })));
        let header =
            read_header_bytes(with(r#""ping""#, bomb).as_bytes(), Path::new("x.flent"), &ReadOptions::default());
        assert!(header.is_err());
        assert!(keeping(with(r#""ping""#, bomb)).is_err());
    }
    // Well-formed, but deep, inside a raw entry: only that series is lost, and a note says so.
    let closed = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let data = read(with("11.25}", &format!("{closed}}}"))).unwrap();
    assert!(data.raw.series("Ping (ms)").is_none());
    assert!(matches!(&data.raw.notes()[0], Note::RawMalformed { series, .. } if series == "Ping (ms)"));
    let nested = format!("{}1{}", r#"{"a":"#.repeat(5000), "}".repeat(5000));
    assert!(read(with("11.25}", &format!("{nested}}}"))).unwrap().raw.series("Ping (ms)").is_none());
}

#[test]
fn decompression_is_bounded() {
    // A gigabyte of zeros is refused at its first byte, one of blanks by its ratio.
    let zeros = gzip(vec![0_u8; 1 << 20]);
    assert!(matches!(read(&zeros), Err(ReadError::NotFlent { .. })));
    let mut bomb = gzip("{");
    let blanks = gzip(vec![b' '; 8 << 20]);
    for _ in 0..1200 {
        bomb.extend_from_slice(&blanks);
    }
    assert!(bomb.len() > 9_000_000, "ten gigabytes in ten megabytes");
    let error = read(&bomb).unwrap_err();
    assert!(matches!(error, ReadError::Bomb { to, .. } if to <= 80 << 20), "{error}");
    // Something that grows more slowly stops at the limit.
    let options = ReadOptions { max_bytes: 100, ..ReadOptions::default() };
    let error = read_bytes(&gzip(GOOD), Path::new("x.flent.gz"), &options).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { limit: 100, .. }), "{error}");
}

#[test]
fn a_file_without_end_is_not_read_to_its_end() {
    let zero = Path::new("/dev/zero");
    if !zero.exists() {
        return;
    }
    let options = ReadOptions { max_bytes: 1 << 20, ..ReadOptions::default() };
    assert!(matches!(fa_format::read(zero, &options), Err(ReadError::TooLarge { .. })));
    assert!(fa_format::read_header(zero, &options).is_err());
}

#[test]
fn damage_is_told_from_truncation() {
    let packed = gzip(GOOD);
    let mut damaged = packed.clone();
    let last = damaged.len() - 6;
    damaged[last] ^= 1;
    assert!(message(read(&damaged)).contains("checksum does not match"));
    for cut in 1..packed.len() {
        let error = read(&packed[..cut]).unwrap_err();
        assert!(matches!(error, ReadError::Truncated { .. } | ReadError::NotFlent { .. }), "{cut}: {error}");
    }
    // A plain file that is cut off.
    for cut in (1..GOOD.len()).filter(|n| GOOD[..*n].trim_end().len() == *n) {
        let error = read(&GOOD[..cut]).unwrap_err();
        assert!(matches!(error, ReadError::Truncated { .. }), "{cut}: {error}");
    }
    // Garbage after a member.
    let mut tail = packed;
    tail.extend_from_slice(b"garbage");
    assert!(matches!(read(&tail), Err(ReadError::Damaged { .. })));
}

#[test]
fn a_file_cut_at_the_boundary_of_its_members_says_so_and_keeps_its_results() {
    let whole = to_bytes(&read(GOOD).unwrap()).unwrap();
    // Our own files: the second member begins with the second gzip header.
    let boundary = (10..whole.len()).find(|i| whole[*i..].starts_with(&[0x1f, 0x8b, 8])).unwrap();
    let cut = &whole[..boundary];
    assert!(message(read(cut)).contains("the second gzip member is missing"));
    let kept = keeping(cut).unwrap();
    assert_eq!(kept.series["TCP upload"], [1.0, 2.0, 3.0]);
    assert!(kept.raw.is_empty());
    assert!(kept.notes.iter().any(|n| matches!(n, Note::Truncated { .. })));
}

#[test]
fn what_parses_of_a_cut_file_is_kept_when_asked() {
    let mut with_results = 0;
    for cut in 80..GOOD.len() {
        let text = &GOOD[..cut];
        let data = keeping(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let note = data.notes.iter().any(|n| matches!(n, Note::Truncated { .. }));
        assert!(note || text.ends_with("]}") && cut == GOOD.len(), "{text}");
        with_results += usize::from(!data.series.is_empty());
        // Whatever is there is a data set that can be written and read again.
        read(to_bytes(&data).unwrap()).unwrap();
    }
    assert!(with_results > 50);
    // Cut inside the second series: the first is whole, the second is filled up, times are made from the step.
    let cut = &GOOD[..GOOD.find("2.0, 3.0").unwrap() + 5];
    let data = keeping(cut).unwrap();
    assert_eq!(data.series["Ping (ms)"][0], 10.5);
    assert_eq!(data.x_values, [0.0, 0.2, 0.4]);
    assert!(data.series["TCP upload"][2].is_nan());
    assert!(data.notes.contains(&Note::SeriesPadded { series: "TCP upload".into(), got: 2, want: 3 }));
    assert!(data.notes.contains(&Note::TimesFromStep { step_secs: 0.2 }));
    assert!(data.notes.contains(&Note::VersionGuessed { version: 4 }));
    // Cut inside a raw entry: the entries before it stay.
    let cut = &GOOD[..GOOD.find("11.25").unwrap()];
    let raw = keeping(cut).unwrap().raw.series("Ping (ms)").unwrap();
    assert_eq!(raw.numbers("val").unwrap().value.as_ref(), [10.5]);
}

#[test]
fn python_literals_are_numbers_and_noted() {
    let text = with("[1.0, 2.0, 3.0]", "[NaN, Infinity, -Infinity]").replace(r#""LENGTH": 1"#, r#""LENGTH": NaN"#);
    let data = read(&text).unwrap();
    let values = &data.series["TCP upload"];
    assert!(fa_format::is_nan_literal(values[0]) && values[1] == f64::INFINITY && values[2] == f64::NEG_INFINITY);
    assert!(!fa_format::is_nan_literal(data.series["Ping (ms)"][1]), "null is not NaN");
    assert!(data.notes.contains(&Note::NonFinite { place: "TCP upload".into(), count: 3 }));
    assert!(data.notes.contains(&Note::NonFinite { place: "metadata".into(), count: 1 }));
    assert_eq!(data.metadata.length_secs(), None);
    let written = fa_format::to_json(&data).unwrap();
    assert!(written.contains("[NaN,Infinity,-Infinity]") && written.contains(r#""LENGTH": NaN"#));
    assert!(written.contains("[10.5,null,11.25]"));
}

#[test]
fn duplicate_keys_are_noted_and_the_later_one_counts() {
    let duplicate = |place: &str, key: &str| Note::DuplicateKey { place: place.into(), key: key.into() };
    let data = read(with(r#""LENGTH": 1"#, r#""LENGTH": 7, "LENGTH": 2"#)).unwrap();
    assert_eq!((data.metadata.length_secs(), &data.notes[0]), (Some(2.0), &duplicate("metadata", "LENGTH")));
    let data = read(with(r#""TCP upload""#, r#""Ping (ms)""#)).unwrap();
    assert_eq!((data.series["Ping (ms)"][1], &data.notes[0]), (2.0, &duplicate("results", "Ping (ms)")));
    let data = read(with(r#""version": 4"#, r#""version": 5, "version": 4"#)).unwrap();
    assert_eq!(data.notes[0], duplicate("the file", "version"));
    let data = read(with(r#""val": 10.5"#, r#""val": 9.0, "val": 10.5"#)).unwrap();
    assert_eq!(data.raw.series("Ping (ms)").unwrap().numbers("val").unwrap().value.as_ref(), [10.5, 11.25]);
    assert_eq!(data.raw.notes(), [duplicate("raw values of \"Ping (ms)\"", "val")]);
}

#[test]
fn a_malformed_raw_series_is_left_out_with_a_note() {
    for bad in ["null", "3", r#"[{"t": 1.0}, 5]"#, r#"[{"t": 1.0 "val": 2}]"#, r#"[{"t" 1.0}]"#, "{\"a\": []}"] {
        let text = GOOD.replacen(&GOOD[GOOD.find("[{").unwrap()..=GOOD.find("}]").unwrap() + 1], bad, 1);
        let data = read(&text).unwrap();
        assert_eq!(data.length(), 1);
        assert!(data.raw.series("Ping (ms)").is_none(), "{bad}");
        assert!(matches!(&data.all_notes()[0], Note::RawMalformed { .. }), "{bad}");
        // It can still be written, and what is JSON stays as it is.
        let again = read(to_bytes(&data).unwrap()).unwrap();
        assert_eq!(again.length(), 1);
    }
}
