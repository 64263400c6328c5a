//! What Flent 2.3.0 prints of the same files.
//!
//! The golden texts lie beside the project (`../shared`, or `FA_SHARED`); without them the test says so and passes.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Read as _;
use std::path::{Path, PathBuf};

use fa_analyze::cutoff::Cutoff;
use fa_analyze::flent::{FlentRun, csv_text, metadata_text, org_table, stats_csv, stats_text, summary_text};
use fa_analyze::run::Run;
use fa_catalog::{Catalog, Setup};
use fa_format::{DataSet, ReadOptions};
use jiff::tz::TimeZone;

fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("FA_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    path.join("golden").is_dir().then_some(path)
}

fn text(path: &Path) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

fn setup(set: &DataSet) -> Setup {
    let mut setup = Setup::new(set.metadata.name(), &set.metadata.hosts());
    setup.params = set.metadata.test_parameters();
    setup
}

/// Words must be equal, numbers within a millionth, or by one in the last digit that is printed.
fn line_difference(want: &str, got: &str) -> bool {
    let words = |line: &str| -> Vec<String> {
        if line.matches(',').count() > 2 {
            return line.split(',').map(str::to_owned).collect();
        }
        line.split_whitespace().map(str::to_owned).collect()
    };
    if want.contains("No data.") && got.contains(" 0.00 ") {
        return false;
    }
    let (want, got) = (words(want), words(got));
    want.len() != got.len() || want.iter().zip(&got).any(|(w, g)| w != g && !close(w, g) && !on_purpose(&got, w, g))
}

/// `docs/differences-from-flent.md`, section 5: a result of 0 is a result, and an index has no unit.
fn on_purpose(line: &[String], want: &str, got: &str) -> bool {
    let zero = |text: &str| text.parse() == Ok(0.0);
    let of_no_mean = line.last().is_some_and(|word| word == got) || line.iter().any(|word| word == "0.00");
    let count = got.parse::<usize>().is_ok() && want.parse::<usize>().is_ok();
    zero(got) || (count && of_no_mean) || (got == "Idx" && line.iter().any(|word| word == "fairness"))
}

/// Files on which Flent's text itself is wrong.
fn flent_is_wrong(name: &str, want: &str) -> bool {
    // It stops, dates the run to the year 2286, adds a suffix to the name, takes a NaN for the mean of all, or shows an index
    // over no series.
    let files = ["edge-v2-noraw", "edge-v4-bz2", "edge-v4-nulls", "tcp_4down-2016-05-22", "tcp_4up-2016-05-22"];
    want.starts_with("ERROR") || files.iter().any(|file| name.starts_with(file))
}

fn close(want: &str, got: &str) -> bool {
    let (Ok(w), Ok(g)) = (want.parse::<f64>(), got.parse::<f64>()) else { return false };
    let decimals = want.split_once('.').map_or(0, |(_, d)| d.len());
    let last = if want.contains('e') { 0.0 } else { 10f64.powi(-(decimals as i32)) };
    (w - g).abs() <= (1e-6 * w.abs()).max(1.01 * last.min(0.01))
}

fn compare(name: &str, want: &str, got: &str, wrong: &mut Vec<String>) {
    let (want_lines, got_lines): (Vec<&str>, Vec<&str>) = (want.lines().collect(), got.lines().collect());
    if want_lines.len() != got_lines.len() {
        wrong.push(format!("{name}: {} lines, want {}", got_lines.len(), want_lines.len()));
    }
    if let Some(i) = (0..want_lines.len().min(got_lines.len())).find(|i| line_difference(want_lines[*i], got_lines[*i]))
    {
        wrong.push(format!("{name}:{}: {:.300}\n  want: {:.300}", i + 1, got_lines[i], want_lines[i]));
    }
}

/// Texts of one file against the golden ones beside `stem`.
fn check_file(stem: &Path, set: &DataSet, wrong: &mut Vec<String>) {
    let Ok(expanded) = Catalog::builtin().expand(&setup(set)) else { return };
    let run = Run::new(set, &expanded);
    let runs = [FlentRun { run: &run, expanded: &expanded }];
    let mut check = |suffix: &str, got: &dyn Fn() -> String| {
        let path = PathBuf::from(format!("{}.{suffix}.gz", stem.display()));
        if path.exists() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let want = text(&path);
            if !flent_is_wrong(&name, &want) {
                compare(&name, &want, &got(), wrong);
            }
        }
    };
    check("stats", &|| stats_text(&runs, None));
    check("cutoff_stats", &|| stats_text(&runs, Some(Cutoff::from((8.0, 20.0)))));
    check("stats.csv", &|| stats_csv(&runs, None));
    check("stats_csv", &|| stats_csv(&runs, None));
    check("summary", &|| summary_text(&runs, None, &TimeZone::UTC));
    check("csv", &|| csv_text(&runs, &TimeZone::UTC).unwrap());
    check("org_table", &|| org_table(&runs, &TimeZone::UTC).unwrap());
    // Flent adds what it computed on opening the file to the metadata it prints; ours are the file's.
    if !run.series_names().any(|name| run.is_computed_late(name)) {
        check("metadata.json", &|| metadata_text(&runs));
    }
}

#[test]
fn texts_are_flents() {
    let Some(shared) = shared() else {
        println!("skipped: texts_are_flents: no shared data");
        return;
    };
    let all = std::env::var_os("FA_GOLDEN_ALL").is_some();
    let mut wrong = Vec::new();
    for (data, golden, whole_name, every) in
        [("", "", false, 1), ("derived", "edge", true, 1), ("field", "field", false, 5)]
    {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(shared.join("data").join(data)).unwrap().map(|e| e.unwrap().path()).collect();
        files.retain(|path| path.is_file() && path.to_string_lossy().contains(".flent"));
        files.sort();
        for path in files.iter().step_by(if all { 1 } else { every }) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let stem = if whole_name { name.clone() } else { name.replace(".flent.gz", "") };
            let Ok(set) = fa_format::read(path, &ReadOptions::default()) else { continue };
            check_file(&shared.join("golden").join(golden).join(stem), &set, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
