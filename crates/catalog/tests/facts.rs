//! Every definition against the facts of Flent's: series, plots, labels, in order.
//!
//! `data/facts.json` is made by `data/make_facts.py`; it resolves globs and labels by itself. Each case is expanded with
//! two settings, so that a number cannot stand for the expression it should be.
#![expect(clippy::unwrap_used, reason = "tests")]

use fa_catalog::{Catalog, Expanded, PlotDef, PlotSeries, SeriesDef, SeriesSource, Setup};
use serde_json::Value;

/// Differences from Flent on purpose: case, beginning of the fault, reason.
const ON_PURPOSE: [(&str, &str, &str); 5] = [
    (
        "udp_flood_var_up/rates",
        "UDP upload host2.example: time",
        "a stream's delay moves its start, as in the TCP tests",
    ),
    ("rrul_be_nflows/unset", "plot download", UNNUMBERED),
    ("rrul_be_nflows/unset", "plot upload", UNNUMBERED),
    ("rrul_be_nflows/unset", "plot box_download", UNNUMBERED),
    ("rrul_be_nflows/unset", "plot box_upload", UNNUMBERED),
];
const UNNUMBERED: &str = "without a number of streams there is one flow each way, and it is drawn";

#[test]
fn every_definition_equals_the_facts() {
    let facts: Value = serde_json::from_str(include_str!("data/facts.json")).unwrap();
    let only = std::env::var("FA_CASE").ok();
    let mut faults = Vec::new();
    let mut cases = 0;
    for case in facts["cases"].as_array().unwrap() {
        let name = case["case"].as_str().unwrap();
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        cases += 1;
        // A variant's numbers were worked out with the first setting.
        let settings = if case["unordered"] == true { 1 } else { 2 };
        for index in 0..settings {
            let mut check = Check { facts: &facts, case, index, faults: Vec::new() };
            check.run();
            let known =
                |fault: &String| ON_PURPOSE.iter().any(|(case, start, _)| *case == name && fault.starts_with(start));
            check.faults.retain(|fault| !known(fault));
            let count = check.faults.len();
            check.faults.truncate(4);
            if count > 4 {
                check.faults.push(format!("and {} more", count - 4));
            }
            faults.extend(check.faults.into_iter().map(|fault| format!("{name} [{index}]: {fault}")));
        }
    }
    println!("{cases} cases");
    let total = faults.len();
    faults.truncate(60);
    assert!(faults.is_empty(), "{total} differences:\n{}", faults.join("\n"));
}

struct Check<'a> {
    facts: &'a Value,
    case: &'a Value,
    index: usize,
    faults: Vec<String>,
}

impl<'a> Check<'a> {
    fn run(&mut self) {
        let settings = &self.facts["settings"][self.index];
        let mut setup = Setup::new(text(&self.case["test"]), &[]);
        setup.hosts = strings(&self.case["hosts"]);
        setup.length_secs = settings["LENGTH"].as_f64().unwrap();
        setup.delay_secs = settings["DELAY"].as_f64().unwrap();
        setup.step_secs = settings["STEP_SIZE"].as_f64().unwrap();
        setup.url_lists = strings(&self.case["url_lists"]);
        for (name, value) in self.case["params"].as_object().unwrap() {
            setup.params.insert(name.clone(), text(value));
        }
        match Catalog::builtin().expand(&setup) {
            Err(error) => self.faults.push(error.to_string()),
            Ok(test) => self.compare(&test),
        }
    }

    fn compare(&mut self, test: &Expanded) {
        self.number("total", Some(test.total_length_secs), &self.case["total"].clone());
        self.equal("default plot", &test.default_plot, &text(&self.case["opens"]));
        let expected: Vec<Value> = self.of("series", &self.case["series"]).into_iter().flat_map(spread).collect();
        let mut names: Vec<&str> = test.series.keys().map(String::as_str).collect();
        let mut wanted: Vec<&str> = expected.iter().map(|fact| fact["name"].as_str().unwrap()).collect();
        if self.case["unordered"] == true {
            names.sort_unstable();
            wanted.sort_unstable();
        }
        self.equal("series", &names, &wanted);
        for fact in &expected {
            if let Some(series) = test.series.get(fact["name"].as_str().unwrap()) {
                self.series(test, series, fact);
            }
        }
        let mut names: Vec<&str> = test.plots.keys().map(String::as_str).collect();
        let plots = self.of("plots", &self.case["plots"]);
        let mut wanted: Vec<&str> = plots.iter().map(|plot| plot["name"].as_str().unwrap()).collect();
        if self.case["unordered"] == true {
            names.sort_unstable();
            wanted.sort_unstable();
        }
        self.equal("plots", &names, &wanted);
        for fact in plots {
            if let Some(plot) = test.plots.get(fact["name"].as_str().unwrap()) {
                self.plot(plot, fact);
            }
        }
    }

    /// The facts that a list of numbers means.
    fn of(&self, table: &str, numbers: &Value) -> Vec<&'a Value> {
        let numbers = numbers.as_array().unwrap().iter();
        numbers.map(|number| &self.facts[table][number.as_u64().unwrap() as usize]).collect()
    }

    fn series(&mut self, test: &Expanded, series: &SeriesDef, fact: &Value) {
        let what = |key: &str| format!("{}: {key}", series.name);
        self.equal(&what("units"), &series.units, &text(&fact["units"]));
        self.equal(&what("runner"), &series.runner, &text(&fact["runner"]));
        self.equal(&what("id"), &series.id, &optional(&fact["id"]));
        let kind = match &series.source {
            SeriesSource::Flow(_) => "flow",
            SeriesSource::Probe(_) => "probe",
            SeriesSource::Computed(_) => "computed",
            SeriesSource::Null => "null",
            SeriesSource::Other { .. } => "other",
        };
        self.equal(&what("kind"), &kind, &fact["kind"].as_str().unwrap());
        match &series.source {
            SeriesSource::Flow(flow) => {
                self.equal(&what("protocol"), &word(&flow.protocol), &text(&fact["protocol"]));
                self.equal(&what("direction"), &word(&flow.direction), &text(&fact["direction"]));
                self.equal(&what("host"), &test.hosts[flow.host], &text(&fact["host"]));
                self.pair(&what("time"), Some((flow.start_secs, flow.length_secs)), &fact["time"]);
                self.equal(&what("tos"), &tos(flow.tos), &fact["tos"]);
                let cc = flow.cong_control.as_ref().map(|(up, down)| {
                    assert_eq!(up, down);
                    up.clone()
                });
                self.equal(&what("cong_control"), &cc, &optional(&fact["cong_control"]));
                self.equal(&what("ip_version"), &flow.ip_version.map(u64::from), &fact["ip_version"].as_u64());
                self.equal(&what("send_size"), &flow.send_size.map(u64::from), &fact["send_size"].as_u64());
                self.equal(&what("recv_size"), &flow.remote_recv_size.map(u64::from), &fact["recv_size"].as_u64());
                self.equal(&what("packet"), &flow.packet_bytes.map(u64::from), &fact["packet"].as_u64());
                if fact.get("rate").is_some() {
                    self.equal(&what("rate"), &flow.rate_bps, &fact["rate"].as_f64());
                }
                self.equal(&what("local_bind"), &flow.local_bind, &optional(&fact["local_bind"]));
                self.equal(&what("control_host"), &flow.control_host, &optional(&fact["control_host"]));
            }
            SeriesSource::Probe(probe) => {
                self.equal(&what("protocol"), &word(&probe.kind), &text(&fact["protocol"]));
                self.equal(&what("host"), &test.hosts[probe.host], &text(&fact["host"]));
                self.pair(&what("time"), Some((probe.start_secs, probe.length_secs)), &fact["time"]);
                self.number(&what("interval"), Some(probe.interval_secs), &fact["interval"]);
                self.equal(&what("tos"), &tos(probe.tos), &fact["tos"]);
                self.equal(&what("ip_version"), &probe.ip_version.map(u64::from), &fact["ip_version"].as_u64());
                self.equal(&what("local_bind"), &probe.local_bind, &optional(&fact["local_bind"]));
            }
            SeriesSource::Computed(computed) => {
                let wanted: Vec<String> = strings(&fact["sources"]).iter().flat_map(|name| spread_text(name)).collect();
                let (mut found, mut wanted) = (computed.sources.clone(), wanted);
                if self.case["unordered"] == true {
                    found.sort();
                    wanted.sort();
                }
                self.equal(&what("sources"), &found, &wanted);
            }
            SeriesSource::Other { start_secs, length_secs, options, .. } => {
                if fact.get("time").is_some() {
                    self.pair(&what("time"), Some((*start_secs, *length_secs)), &fact["time"]);
                }
                self.equal(&what("interface"), &options.get("interface").cloned(), &optional(&fact["interface"]));
            }
            SeriesSource::Null => {}
        }
    }

    fn plot(&mut self, plot: &PlotDef, fact: &Value) {
        let what = |key: &str| format!("plot {}: {key}", plot.name);
        self.equal(&what("type"), &word(&plot.kind), &text(&fact["type"]));
        let labels: Vec<Option<String>> =
            fact["axis_labels"].as_array().map(|list| list.iter().map(optional).collect()).unwrap_or_default();
        self.equal(&what("axis_labels"), &plot.axis_labels, &labels);
        self.equal(&what("dual_axes"), &plot.dual_axes, &(fact["dual_axes"] == true));
        self.equal(&what("legend_title"), &plot.legend_title, &optional(&fact["legend_title"]));
        self.equal(&what("group_by"), &plot.group_by, &optional(&fact["group_by"]));
        self.equal(&what("colour_mode"), &plot.colour_mode, &optional(&fact["colour_mode"]));
        self.equal(&what("stacked"), &plot.stacked, &(fact["stacked"] == true));
        self.equal(&what("share_axis"), &plot.share_axis, &(fact["share_axis"] != false));
        self.equal(&what("subplots"), &plot.subplots, &strings(&fact["subplots"]));
        let orientation = optional(&fact["orientation"]).unwrap_or_else(|| "vertical".to_owned());
        self.equal(&what("orientation"), &word(&plot.orientation), &orientation);
        let scaling = fact["scaling"].as_array().map(|ends| (ends[0].as_f64().unwrap(), ends[1].as_f64().unwrap()));
        self.equal(&what("scaling"), &plot.scaling, &scaling);
        self.pair(&what("cutoff"), plot.cutoff, &fact["cutoff"]);
        let mut wanted: Vec<Value> = self.of("entries", &fact["series"]).into_iter().flat_map(spread).collect();
        let mut found: Vec<&PlotSeries> = plot.series.iter().collect();
        if self.case["unordered"] == true {
            wanted.sort_by_key(|fact| format!("{}{}{}", fact["data"], fact["label"], fact["raw_key"]));
            found.sort_by_key(|s| {
                format!("{}{}{}", Value::from(s.data.clone()), value(s.label.as_ref()), value(s.raw_key.as_ref()))
            });
        }
        let drawn: Vec<&String> = found.iter().map(|entry| &entry.data).collect();
        self.equal(
            &what("data"),
            &drawn,
            &wanted.iter().map(|fact| text(&fact["data"])).collect::<Vec<_>>().iter().collect(),
        );
        for (entry, fact) in found.iter().zip(&wanted) {
            let what = |key: &str| format!("plot {}: {}: {key}", plot.name, entry.data);
            self.equal(&what("label"), &entry.label, &optional(&fact["label"]));
            self.equal(&what("axis"), &u64::from(entry.axis), &fact["axis"].as_u64().unwrap_or(1));
            self.number(&what("smoothing"), entry.smoothing, &fact["smoothing"]);
            self.equal(&what("raw_key"), &entry.raw_key, &optional(&fact["raw_key"]));
            self.equal(&what("combine_mode"), &entry.combine_mode, &optional(&fact["combine_mode"]));
            self.equal(&what("norm_by"), &entry.norm_by, &optional(&fact["norm_by"]));
            self.equal(&what("source"), &entry.source, &optional(&fact["source"]));
            self.pair(&what("cutoff"), entry.cutoff, &fact["cutoff"]);
            self.equal(&what("color"), &entry.style.color, &optional(&fact["color"]));
            self.equal(&what("linewidth"), &entry.style.linewidth, &fact["linewidth"].as_f64());
            self.equal(&what("linestyle"), &entry.style.linestyle, &optional(&fact["linestyle"]));
            self.equal(&what("marker"), &entry.style.marker, &optional(&fact["marker"]));
            self.equal(&what("markevery"), &entry.style.markevery.map(|n| n as u64), &fact["markevery"].as_u64());
        }
    }

    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, found: &T, wanted: &T) {
        if found != wanted {
            self.faults.push(format!("{what}: {found:?} instead of {wanted:?}"));
        }
    }

    /// `wanted` holds the number for each setting, or is absent.
    fn number(&mut self, what: &str, found: Option<f64>, wanted: &Value) {
        let wanted = wanted.get(self.index).and_then(Value::as_f64);
        let close = match (found, wanted) {
            (Some(found), Some(wanted)) => (found - wanted).abs() < 1e-9,
            (found, wanted) => found == wanted,
        };
        if !close {
            self.faults.push(format!("{what}: {found:?} instead of {wanted:?}"));
        }
    }

    fn pair(&mut self, what: &str, found: Option<(f64, f64)>, wanted: &Value) {
        let wanted = wanted.get(self.index).map(|pair| (pair[0].as_f64().unwrap(), pair[1].as_f64().unwrap()));
        let close = match (found, wanted) {
            (Some(a), Some(b)) => (a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9,
            (found, wanted) => found == wanted,
        };
        if !close {
            self.faults.push(format!("{what}: {found:?} instead of {wanted:?}"));
        }
    }
}

/// The fact for each number of a range `{1..n}` in its name or data.
fn spread(fact: &Value) -> Vec<Value> {
    let key = if fact.get("data").is_some() { "data" } else { "name" };
    spread_text(fact[key].as_str().unwrap())
        .into_iter()
        .map(|name| {
            let mut one = fact.clone();
            let number = name.rsplit("::").next().unwrap().to_owned();
            for other in ["id", "label"] {
                if let Some(text) = one[other].as_str()
                    && let Some(open) = text.find('{')
                {
                    one[other] = Value::from(format!("{}{number}", &text[..open]));
                }
            }
            one[key] = Value::from(name);
            one
        })
        .collect()
}

fn spread_text(name: &str) -> Vec<String> {
    let Some((stem, range)) = name.strip_suffix('}').and_then(|name| name.split_once("::{")) else {
        return vec![name.to_owned()];
    };
    let (first, last) = range.split_once("..").unwrap();
    (first.parse::<u32>().unwrap()..=last.parse().unwrap()).map(|n| format!("{stem}::{n}")).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn optional(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn value(text: Option<&String>) -> Value {
    text.cloned().map_or(Value::Null, Value::from)
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().map(|list| list.iter().map(text).collect()).unwrap_or_default()
}

fn tos(bytes: Option<(u8, u8)>) -> Value {
    bytes.map_or(Value::Null, |(up, down)| serde_json::json!([up, down]))
}

fn word<T: serde::Serialize>(value: &T) -> String {
    text(&serde_json::to_value(value).unwrap())
}
