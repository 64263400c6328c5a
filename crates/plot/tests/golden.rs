//! What Flent 2.3.0 drew of the same files, number by number.
//!
//! The golden files and the data live beside the project (`../shared`, or `FA_SHARED`); without them the test says so and
//! passes. Tolerances are those of the comparison program that comes with the golden files. Lines are smoothed as Flent does
//! (`--flent-smoothing`), so that every number can be compared; `smooth` tests what we do otherwise. This is the quick look while
//! working on a plot; `tests/golden.sh` compares labels and limits too, through the program, and knows every difference by name.
//!
//! | variable | effect |
//! |---|---|
//! | `FA_GOLDEN_ALL=1` | every case instead of a sample |
//! | `FA_GOLDEN_PART=text` | only golden files whose path has that text |
//! | `FA_GOLDEN_STRICT=1` | what differs on purpose ([`differs_on_purpose`], `docs/differences-from-flent.md`) counts, too |
//! | `FA_GOLDEN_OWN_SMOOTHING=1` | our smoothing: lists the cases that it changes |
//! | `FA_GOLDEN_LABELS=1` | labels and limits that differ are printed |

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use fa_catalog::Catalog;
use fa_format::{DataSet, ReadOptions};
use fa_plot::options::FigureOptions;
use fa_plot::{json, resolve};
use serde_json::Value;

fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("FA_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    path.join("golden").is_dir().then_some(path)
}

/// Without `FA_GOLDEN_ALL`, every so-manieth case is checked.
const EVERY: usize = 10;

/// One golden figure.
struct Case {
    from: String,
    want: Value,
}

impl Case {
    fn plot(&self) -> &str {
        self.want["plot"].as_str().unwrap()
    }

    fn options(&self) -> Vec<&str> {
        self.want["options"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    fn name(&self) -> String {
        let files = self.want["files"].as_array().unwrap().len();
        format!("{}: {} {} [{files} files]", self.from, self.plot(), self.options().join(" "))
    }
}

fn cases(golden: &Path, part: &str) -> Vec<Case> {
    let mut paths = Vec::new();
    let mut folders = vec![golden.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(".plots.jsonl.gz") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let mut cases = Vec::new();
    for path in paths {
        let from = path.strip_prefix(golden).unwrap().to_string_lossy().replace(".plots.jsonl.gz", "");
        if !from.contains(part) {
            continue;
        }
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
        for line in text.lines() {
            let want: Value = serde_json::from_str(line).unwrap();
            let comparable = want.get("error").is_none()
                && !want["skipped"].as_bool().unwrap_or(!want["skipped"].is_null())
                && want["drawn"].as_bool().unwrap_or(true);
            if comparable {
                cases.push(Case { from: from.clone(), want });
            }
        }
    }
    cases
}

/// Arguments as the command line takes them.
fn options_of(args: &[&str]) -> FigureOptions {
    let mut options = FigureOptions::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let arg = arg.strip_prefix("--").unwrap();
        let (name, value) = match arg.split_once('=') {
            Some((name, value)) => (name, value),
            None if fa_plot::options::find(arg).unwrap().kind == fa_plot::options::OptionKind::Flag => (arg, ""),
            None => (arg, *args.next().unwrap()),
        };
        options.set(name, value).unwrap();
    }
    options
}

struct Files {
    folders: Vec<PathBuf>,
    read: HashMap<String, DataSet>,
}

impl Files {
    fn get(&mut self, name: &str) -> DataSet {
        let folders = &self.folders;
        self.read
            .entry(name.to_owned())
            .or_insert_with(|| {
                let path = folders.iter().map(|f| f.join(name)).find(|p| p.exists()).unwrap();
                fa_format::read(&path, &ReadOptions::default()).unwrap()
            })
            .clone()
    }
}

fn close(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b)),
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= (1e-6 * a.abs().max(b.abs())).max(1e-9)
        }
        _ => a == b,
    }
}

/// One number, or a list of one.
fn first(value: &Value) -> &Value {
    value.as_array().and_then(|l| l.first()).unwrap_or(value)
}

fn angles_close(a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (first(a).as_f64(), first(b).as_f64()) else { return false };
    let turn = (a - b).rem_euclid(180.0);
    !(1e-4..=180.0 - 1e-4).contains(&turn)
}

/// First difference in numbers.
fn difference(want: &Value, got: &Value) -> Option<String> {
    let (want, got) = (want["axes"].as_array()?, got["axes"].as_array()?);
    if want.len() != got.len() {
        return Some(format!("{} axes, want {}", got.len(), want.len()));
    }
    (0..want.len()).find_map(|n| axes_difference(&want[n], &got[n]).map(|d| format!("axes {n} {d}")))
}

fn axes_difference(want: &Value, got: &Value) -> Option<String> {
    let (want, got) = (want["series"].as_array()?, got["series"].as_array()?);
    if want.len() != got.len() {
        return Some(format!("{} series, want {}", got.len(), want.len()));
    }
    (0..want.len()).find_map(|n| series_difference(&want[n], &got[n]).map(|d| format!("series {n} {d}")))
}

fn series_difference(want: &Value, got: &Value) -> Option<String> {
    if want["kind"] != got["kind"] {
        return Some(format!("is a {}, want {}", got["kind"], want["kind"]));
    }
    if want["kind"] == "box" {
        let (want, got) = (want["boxes"].as_array()?, got["boxes"].as_array()?);
        if want.len() != got.len() {
            return Some(format!("{} boxes, want {}", got.len(), want.len()));
        }
        let keys = ["n", "q1", "median", "q3", "whisker_lo", "whisker_hi", "n_fliers"];
        return want.iter().zip(got).find_map(|(w, g)| keys.iter().find_map(|k| value_difference(k, &w[*k], &g[*k])));
    }
    let keys: &[&str] = match want["kind"].as_str()? {
        "bar" => &["y", "yerr"],
        "ellipse" => &["x", "y", "width"],
        // The lower edges in the golden files are all the total: an artefact of how they were recorded.
        "area" => &["x", "y_hi"],
        _ => &["x", "y"],
    };
    if want["kind"] == "ellipse" && !angles_close(&want["angle"], &got["angle"]) {
        return Some(format!("angle {}, want {}", got["angle"], want["angle"]));
    }
    if want["kind"] == "ellipse" {
        // The short axis of pairs on one line is 0 but for rounding.
        let (w, g) = (first(&want["height"]).as_f64()?, first(&got["height"]).as_f64()?);
        let long = first(&want["width"]).as_f64()?;
        if (w - g).abs() > 1e-6 * long.max(w) {
            return Some(format!("height {g}, want {w}"));
        }
    }
    if want["kind"] == "line" && (want["x"].as_array().map_or(0, Vec::len) as u64) < want["n"].as_u64()? {
        return value_difference("n", &want["n"], &got["n"]);
    }
    keys.iter().find_map(|key| value_difference(key, &want[*key], &got[*key]))
}

fn value_difference(key: &str, want: &Value, got: &Value) -> Option<String> {
    if close(want, got) {
        return None;
    }
    if let (Value::Array(w), Value::Array(g)) = (want, got) {
        if w.len() != g.len() {
            return Some(format!("{key}: {} values, want {}", g.len(), w.len()));
        }
        let i = w.iter().zip(g).position(|(w, g)| !close(w, g))?;
        return Some(format!("{key}[{i}]: {}, want {}", g[i], w[i]));
    }
    Some(format!("{key}: {got}, want {want}"))
}

/// Why a case may have other numbers, beyond smoothing; `docs/differences-from-flent.md` has the reasons in full.
fn differs_on_purpose(case: &Case) -> Option<&'static str> {
    let options = case.options();
    let combines = case.want["type"].as_str().unwrap().ends_with("_combine");
    if options.contains(&"--concatenate") {
        return Some("raw samples of all files are joined");
    }
    if combines && options.contains(&"--data-cutoff") {
        return Some("a cut-off is applied to the runs only, not to file numbers again");
    }
    if case.plot() == "tcp_rtt_bar_combine" && options.contains(&"groups_concat") {
        return Some("values on the grid are throughput: they do not stand for the round-trip times of a raw key");
    }
    if case.from == "edge/edge-v4-nulls.flent.gz" && combines {
        return Some("a NaN among the samples is a missing value, not the mean of all of them");
    }
    None
}

/// What the run is to check: everything or a sample, and how much to say.
struct Selection {
    all: bool,
    part: String,
    show_labels: bool,
    /// Purposeful differences count as differences: to list the cases that have them.
    strict: bool,
    /// Smoothed lines as we draw them unless asked otherwise.
    own_smoothing: bool,
}

impl Selection {
    fn from_environment() -> Self {
        Self {
            all: std::env::var_os("FA_GOLDEN_ALL").is_some(),
            part: std::env::var("FA_GOLDEN_PART").unwrap_or_default(),
            show_labels: std::env::var_os("FA_GOLDEN_LABELS").is_some(),
            strict: std::env::var_os("FA_GOLDEN_STRICT").is_some(),
            own_smoothing: std::env::var_os("FA_GOLDEN_OWN_SMOOTHING").is_some(),
        }
    }
}

/// Draws a case and compares the numbers: the first that differs.
fn check(case: &Case, catalog: &Catalog, files: &mut Files, selection: &Selection) -> Option<String> {
    let names = case.want["files"].as_array().unwrap();
    let sets: Vec<DataSet> = names.iter().map(|f| files.get(f.as_str().unwrap())).collect();
    let expanded = match catalog.expand(&resolve::setup_from(&sets[0], None)) {
        Ok(expanded) => expanded,
        Err(error) => return Some(error.to_string()),
    };
    let mut options = options_of(&case.options());
    options.flent_smoothing = !selection.own_smoothing;
    let scene = match resolve::resolve(case.plot(), &expanded, &sets, &options) {
        Ok(scene) => scene,
        Err(error) => return Some(error.to_string()),
    };
    let got = json::to_json(&scene);
    if selection.show_labels {
        print_labels(case, &got);
    }
    difference(&case.want, &got)
}

/// Labels and limits that differ: no failure, but worth a look.
fn print_labels(case: &Case, got: &Value) {
    let labels =
        |axes: &Value| -> Value { axes["series"].as_array().unwrap().iter().map(|s| s["label"].clone()).collect() };
    for (want, got) in case.want["axes"].as_array().unwrap().iter().zip(got["axes"].as_array().unwrap()) {
        for key in ["xlabel", "ylabel", "xlim", "ylim"].into_iter().filter(|key| !close(&want[*key], &got[*key])) {
            println!("{}: {key} {}, Flent's {}", case.name(), got[key], want[key]);
        }
        if labels(want) != labels(got) {
            println!("{}: labels {}, Flent's {}", case.name(), labels(got), labels(want));
        }
    }
}

#[test]
fn figures_have_flents_numbers() {
    let Some(shared) = shared() else {
        println!("skipped: figures_have_flents_numbers: no shared data");
        return;
    };
    let selection = Selection::from_environment();
    let data = shared.join("data");
    let mut files =
        Files { folders: vec![data.clone(), data.join("derived"), data.join("field")], read: HashMap::new() };
    let catalog = Catalog::builtin();
    let (mut wrong, mut checked, mut on_purpose) = (Vec::new(), 0, 0);
    let mut from = String::new();
    for (i, case) in cases(&shared.join("golden"), &selection.part).iter().enumerate() {
        if !selection.all && i % EVERY != 0 {
            continue;
        }
        if case.from != from {
            files.read.clear();
            from.clone_from(&case.from);
        }
        checked += 1;
        if !selection.strict && differs_on_purpose(case).is_some() {
            on_purpose += 1;
            continue;
        }
        if let Some(difference) = check(case, catalog, &mut files, &selection) {
            wrong.push(format!("{}: {difference}", case.name()));
        }
    }
    println!("{checked} figures, {on_purpose} differ on purpose, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
