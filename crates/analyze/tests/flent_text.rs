//! The text that Flent 2.3.0 prints of the same files, character by character.
//!
//! The golden files and the data live beside the project (`../shared`, or `FA_SHARED`); without them the tests say so and
//! pass. Where we differ on purpose (`docs/differences-from-flent.md`, "Text"), [`allowed`] is as narrow as it can be.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Read as _;
use std::path::{Path, PathBuf};

use fa_analyze::cutoff::Cutoff;
use fa_analyze::export::flent::{FlentOptions, FlentText, flent_text};
use fa_analyze::run::Run;
use fa_catalog::{Catalog, Expanded, Setup};
use fa_format::{DataSet, MISSING, RawSeries, RawValue, ReadOptions};
use jiff::tz::TimeZone;
use serde_json::Value;

fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("FA_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    path.join("golden").is_dir().then_some(path)
}

/// The test of a file, with the settings that decide about its series.
fn test_of(set: &DataSet) -> Expanded {
    let metadata = &set.metadata;
    let mut setup = Setup::new(metadata.name(), &metadata.hosts());
    setup.params = metadata.test_parameters();
    setup.length_secs = metadata.length_secs().unwrap_or(setup.length_secs);
    setup.step_secs = metadata.step_secs().unwrap_or(setup.step_secs);
    setup.url_lists = match metadata.get("HTTP_GETTER_URLLIST") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let units = |name: &String| {
        let unit = metadata.series_meta(name).and_then(|meta| meta.get("UNITS")).and_then(Value::as_str);
        unit.unwrap_or_default().to_owned()
    };
    let series: Vec<(String, String)> = set.series.keys().map(|name| (name.clone(), units(name))).collect();
    let series: Vec<(&str, &str)> = series.iter().map(|(name, unit)| (name.as_str(), unit.as_str())).collect();
    Catalog::builtin().expand_for_file(&setup, &series).unwrap()
}

fn text(format: FlentText, sets: &[DataSet], cutoff: Option<(f64, f64)>) -> Result<String, String> {
    let test = test_of(&sets[0]);
    let runs: Vec<Run> = sets.iter().map(|set| Run::new(set, &test)).collect();
    let options = FlentOptions { cutoff: cutoff.map(Cutoff::from), zone: TimeZone::UTC };
    flent_text(format, &runs, &test, &options).map_err(|e| e.to_string())
}

fn gunzip(path: &Path) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

/// `--data-cutoff`.
type Window = (f64, f64);

/// A golden file's format and cut-off, by the end of its name, and the data file it is of.
fn kind_of(name: &str) -> Option<(FlentText, Option<Window>, &str)> {
    let kinds = [
        (".cutoff_stats.gz", FlentText::Stats, Some((8.0, 20.0))),
        (".stats.csv.gz", FlentText::StatsCsv, None),
        (".stats_csv.gz", FlentText::StatsCsv, None),
        (".stats.gz", FlentText::Stats, None),
        (".csv.gz", FlentText::Csv, None),
        (".org_table.gz", FlentText::Org, None),
        (".metadata.json.gz", FlentText::Metadata, None),
        (".summary.gz", FlentText::Summary, None),
    ];
    kinds.into_iter().find_map(|(end, format, cutoff)| Some((format, cutoff, name.strip_suffix(end)?)))
}

/// The files that a golden file is of.
fn sources(shared: &Path, folder: &str, stem: &str, format: FlentText) -> Vec<PathBuf> {
    let data = shared.join("data");
    match folder {
        "combine" => {
            let mut files: Vec<PathBuf> = std::fs::read_dir(data.join("derived"))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&format!("batch-{stem}-")))
                .collect();
            files.sort();
            if stem == "dhttp" && format == FlentText::Stats {
                // Made in this order: cubic before bbr.
                files.sort_by_key(|path| path.to_string_lossy().contains("bbr"));
                files.sort_by_key(|path| path.to_string_lossy().contains("pfifo"));
            }
            if format == FlentText::Csv {
                files.truncate(3);
            }
            files
        }
        "edge" => vec![data.join("derived").join(stem)],
        "field" => vec![data.join("field").join(format!("{stem}.flent.gz"))],
        _ => vec![data.join(format!("{stem}.flent.gz"))],
    }
}

/// Does a line differ only in what the manual lists? `head` is the first line of the text.
fn allowed(format: FlentText, head: &str, want: &str, got: &str) -> bool {
    // Dates of a file that tells neither zone nor the time of any sample: Flent gets to the year 2286.
    if want.contains("2286-11-20 17:38:31") && want.replace("2286-11-20 17:38:31", "2015-07-13 21:38:31") == got {
        return true;
    }
    // Under old versions of Python the name of a bzip2 file gets a second suffix.
    if want.contains(".flent.bz2.flent.gz,") && want.replace(".bz2.flent.gz,", ".bz2,") == got {
        return true;
    }
    let separator = match format {
        FlentText::Csv | FlentText::StatsCsv => ',',
        FlentText::Org => '|',
        _ => return false,
    };
    let cells = |line: &str| line.trim_end().split(separator).map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let (head, want_cells, got_cells) = (cells(head), cells(want), cells(got));
    want_cells.len() == got_cells.len()
        && want_cells.iter().zip(&got_cells).enumerate().all(|(i, (w, g))| {
            // One statement of a table is about one series, another about many.
            let of_fairness = head.get(i).is_some_and(|series| series.ends_with("fairness"))
                || (format == FlentText::StatsCsv && want.contains("fairness"));
            let whole = format == FlentText::StatsCsv && *g == format!("{w}.0");
            w == g || whole || (of_fairness && last_digit(w, g))
        })
}

/// Floats that differ by a few units of the last place.
fn last_digit(a: &str, b: &str) -> bool {
    let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>()) else { return false };
    (a - b).abs() <= 8.0 * f64::EPSILON * a.abs()
}

/// Flent raises an exception there, ours says what can be said.
fn flent_fails(want: &str) -> bool {
    want.starts_with("ERROR TypeError")
}

#[test]
fn equals_flents_text() {
    let Some(shared) = shared() else {
        println!("skipped: equals_flents_text: no shared data");
        return;
    };
    let part = std::env::var("FA_GOLDEN_PART").unwrap_or_default();
    let mut checked = 0;
    let mut wrong = Vec::new();
    // The golden files of one data file follow each other: it is read once.
    let mut read: (Vec<PathBuf>, Vec<DataSet>) = Default::default();
    for folder in ["", "combine", "edge", "field"] {
        let mut names: Vec<String> = std::fs::read_dir(shared.join("golden").join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        for name in names {
            let Some((format, cutoff, stem)) = kind_of(&name) else { continue };
            if !format!("{folder}/{name}").contains(&part) {
                continue;
            }
            let want = gunzip(&shared.join("golden").join(folder).join(&name));
            let files = sources(&shared, folder, stem, format);
            if read.0 != files {
                let sets = files.iter().map(|path| fa_format::read(path, &ReadOptions::default()).unwrap()).collect();
                read = (files, sets);
            }
            let got = text(format, &read.1, cutoff).unwrap_or_else(|e| format!("ERROR {e}"));
            checked += 1;
            if flent_fails(&want) {
                assert!(!got.starts_with("ERROR"), "{name}: {got}");
                continue;
            }
            let head = want.lines().next().unwrap_or_default().to_owned();
            let (want, got): (Vec<&str>, Vec<&str>) = (want.split('\n').collect(), got.split('\n').collect());
            let first = (0..want.len().max(got.len())).find(|i| {
                let (want, got) = (want.get(*i).copied(), got.get(*i).copied());
                want != got && !want.zip(got).is_some_and(|(want, got)| allowed(format, &head, want, got))
            });
            if let Some(i) = first {
                let (want, got) = (want.get(i).copied().unwrap_or("(end)"), got.get(i).copied().unwrap_or("(end)"));
                let same = want.chars().zip(got.chars()).take_while(|(w, g)| w == g).count();
                let part = |line: &str| line.chars().skip(same.saturating_sub(80)).take(160).collect::<String>();
                let (want, got) = (part(want), part(got));
                wrong.push(format!("{folder}/{name} line {}, column {same}:\n  want {want:?}\n  got  {got:?}", i + 1));
            }
        }
    }
    println!("{checked} golden texts checked");
    assert!(wrong.is_empty(), "{} of {checked} differ:\n{}", wrong.len(), wrong.join("\n"));
}

const T0: f64 = 1_577_836_800.5;

/// A run of `test` from 2020-01-01T00:00:00Z with three steps of 0.2 s.
fn small(test: &str, title: &str, series: &[(&str, [f64; 3])]) -> DataSet {
    let mut metadata = fa_format::Metadata::default();
    for (key, value) in [("NAME", test), ("TITLE", title), ("DATA_FILENAME", "small.flent.gz")] {
        metadata.set(key, value);
    }
    metadata.set("TIME", "2020-01-01T00:00:00.000000Z");
    metadata.set("T0", "2020-01-01T00:00:00.500000Z");
    metadata.set("STEP_SIZE", 0.2);
    metadata.set("HOSTS", vec!["h"]);
    metadata.set("SERIES_META", serde_json::json!({}));
    let mut set = DataSet { metadata, x_values: vec![0.0, 0.2, 0.4], ..DataSet::default() };
    for (name, values) in series {
        set.series.insert((*name).to_owned(), values.to_vec());
        set.raw.insert(name, RawSeries::builder().finish());
    }
    set
}

#[test]
fn stats_take_the_first_source_that_is_not_zero() {
    let mut set = small("tcp_1up", "t", &[("TCP upload", [4.0, MISSING, 8.0]), ("Ping (ms) ICMP", [0.0, 0.0, 0.0])]);
    let mut samples = RawSeries::builder();
    for (i, value) in
        [RawValue::Float(-2.0), RawValue::Null, RawValue::Float(2.0), RawValue::Float(6.0)].iter().enumerate()
    {
        samples.push(T0 + 0.1 * i as f64, &[("val", value.clone()), ("dur", RawValue::Float(0.5))]);
    }
    set.raw.insert("TCP upload", samples.finish());
    // Samples -2, 2, 6 (the missing one makes Flent fail): mean 2, variance 32/3, total 0.5 · 6.
    let want = "Warning: Totals are computed as cumulative sum * step size,
so spurious values wreck havoc with the results.
Results 2020-01-01 00:00:00 - t:
 Ping (ms) ICMP:
  No data.
 TCP upload:
  Data points: 3
  Total:       3.000000 Mbits
  Min:         -2.000000 Mbits/s
  Median:      2.000000 Mbits/s
  99th %:      5.920000 Mbits/s
  Max:         6.000000 Mbits/s
  Mean:        2.000000 Mbits/s
  Std dev:     3.265986
  Variance:    10.666667
";
    assert_eq!(text(FlentText::Stats, std::slice::from_ref(&set), None).unwrap(), want);
    // Strictly between 0.05 s and 0.25 s only the sample of 2 (and the missing one); its spread of 0 gives way to the grid's.
    let want = "filename,title,series,units,datapoints,mean,median,min,max,std_dev,variance,cumul_total,pct99\r
small.flent.gz,2020-01-01 00:00:00 - t,Ping (ms) ICMP,ms,1\r
small.flent.gz,2020-01-01 00:00:00 - t,TCP upload,Mbits/s,1,2.0,2.0,2.0,2.0,,,1.0,2.0\r
";
    assert_eq!(text(FlentText::StatsCsv, std::slice::from_ref(&set), Some((0.05, 0.25))).unwrap(), want);
    // The tool's mean of the whole run wins, and then every step counts as a point.
    set.metadata.set("SERIES_META", serde_json::json!({"TCP upload": {"MEAN_VALUE": 5.5}}));
    let csv = text(FlentText::StatsCsv, &[set], None).unwrap();
    assert!(csv.contains(",TCP upload,Mbits/s,3,5.5,2.0,-2.0,6.0,"), "{csv}");
}

#[test]
fn summaries_have_flents_units() {
    // What Flent 2.3.0 prints of these numbers: bytes are divided by themselves, kilobytes not at all.
    let row = |values: [f64; 3]| {
        let set = small("qdisc-stats", "", &[("qdisc-stats::backlog_bytes", values)]);
        text(FlentText::Summary, &[set], None)
            .unwrap()
            .lines()
            .last()
            .unwrap()
            .replace(" qdisc-stats::backlog_bytes : ", "")
    };
    assert_eq!(row([500.0, 700.0, MISSING]), "        1.00         1.00       698.00 bytes             2");
    assert_eq!(row([5000.0, 6000.0, 7000.0]), "     6000.00      6000.00      6980.00 Kbytes            3");
    assert_eq!(row([5e6, 3e6, 2.0]), "        2.54         2.86   4960000.00 Mbytes            3");
    assert_eq!(row([5e9, 1.0, 2e9]), "        2.17         1.86 4940000000.00 Gbytes            3");
    assert_eq!(row([0.0; 3]), "        0.00         0.00         0.00 bytes             3");
    assert_eq!(row([-5.0, -6.0, 1.0]), "        1.00         1.50         0.88 bytes             3");
    assert_eq!(row([MISSING; 3]), "No data.");
}

#[test]
fn summaries_leave_out_percentiles_of_computed_series() {
    let mut set = small("ping", "a title", &[("Ping (ms) ICMP", [1.0, 2.0, 3.0]), ("x", [1.0, 2.0, 3.0])]);
    set.metadata.set("SERIES_META", serde_json::json!({"x": {"COMPUTED_LATE": false, "UNITS": "s"}}));
    let want = "
Summary of ping test run from 2020-01-01 00:00:00
  Title: 'a title'

                           avg       median       99th %     # data pts
 Ping (ms) ICMP :         2.00         2.00         2.98 ms           3
 x              :         2.00          N/A          N/A s            3
";
    assert_eq!(text(FlentText::Summary, &[set], None).unwrap(), want);
}

#[test]
fn tables_have_the_columns_of_all_files() {
    let a = small("ping", "a", &[("Ping (ms) ICMP", [1.0, MISSING, 1e-5])]);
    let b = small("ping", "b,c", &[("other", [f64::INFINITY, fa_format::NAN_LITERAL, 2.0])]);
    let want = "ping,Ping (ms) ICMP - a,\"Ping (ms) ICMP - b,c\",other - a,\"other - b,c\"\r
0.0,1.0,,,inf\r
0.2,,,,nan\r
0.4,1e-05,,,2.0\r
";
    assert_eq!(text(FlentText::Csv, &[a.clone(), b], None).unwrap(), want);
    let want = "| ping | Ping (ms) ICMP |
|------+----------------|
| 0.00 | 1.00 |
| 0.20 | None |
| 0.40 | 0.00 |
";
    assert_eq!(text(FlentText::Org, std::slice::from_ref(&a), None).unwrap(), want);

    let mut coarse = a.clone();
    coarse.x_values = vec![0.0, 0.5, 1.0];
    let error = text(FlentText::Csv, &[a.clone(), coarse], None).unwrap_err();
    assert!(error.starts_with("row 2: x is 0.2 in the first file and 0.5 in small.flent.gz"), "{error}");
    let empty = DataSet { raw: fa_format::RawValues::default(), ..a };
    assert_eq!(text(FlentText::Csv, std::slice::from_ref(&empty), None).unwrap(), "");
    assert_eq!(text(FlentText::Org, &[empty], None).unwrap(), "ping -- empty\n");
}

#[test]
fn metadata_has_what_was_computed_on_opening() {
    let mut set = small("tcp_nup", "", &[("TCP upload::1", [1.0, 2.0, 3.0]), ("TCP upload::2", [3.0, 2.0, 1.0])]);
    set.metadata.set("TEST_PARAMETERS", serde_json::json!({"upload_streams": "2"}));
    set.metadata.set("SERIES_META", serde_json::json!({
        "TCP upload::1": {"MEAN_VALUE": 1.0, "UNITS": "Mbits/s"}, "TCP upload::2": {"MEAN_VALUE": 3.0, "UNITS": "Mbits/s"},
    }));
    let text = text(FlentText::Metadata, &[set], None).unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    // (1 + 3)² / (2 · (1 + 9)).
    let want = serde_json::json!({
        "RUNNER": "FairnessRunner", "IDX": null, "COMPUTED_LATE": true, "MEAN_VALUE": 0.8, "UNITS": "Mbits/s",
    });
    assert_eq!(list[0]["SERIES_META"]["TCP upload fairness"], want);
    assert!(text.starts_with("[\n    {\n        \"NAME\": \"tcp_nup\",\n"), "{text}");
}
