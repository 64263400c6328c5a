//! The numbers of a run at a glance: one row per series, in the order in which people ask.
//!
//! Probes first, then download, upload, other measured series, then averages, sums, totals. Statistics are over the raw
//! samples where the file has any, over the time grid otherwise; loss is counted from sequence numbers, or as the receiver
//! of datagrams counted it. Unless the user says
//! otherwise, a series counts while it was planned to run ([`crate::plan`]).

use std::fmt::Write as _;

use fa_catalog::Expanded;
use serde::{Deserialize, Serialize};

use crate::cutoff::Cutoff;
use crate::kind::{self, Class, Direction, Kind, Summing};
use crate::loss::sequence_loss;
use crate::run::{Clock, Origin, Run, Want};
use crate::stats::Sample;

/// Where a series stands in a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Round-trip and one-way times.
    Ping,
    /// Payload towards us.
    Download,
    /// Payload from us.
    Upload,
    /// Other measured series.
    Other,
    /// Averages of others.
    Average,
    /// Sums of others.
    Sum,
    /// Sums over both directions.
    Total,
}

impl Group {
    /// The group of a series.
    pub fn of(class: Class) -> Self {
        match (class.summing, class.kind, class.direction) {
            (Summing::Average | Summing::Other, ..) => Self::Average,
            (Summing::Sum, ..) => Self::Sum,
            (Summing::Total, ..) => Self::Total,
            (Summing::Single, Kind::Rtt | Kind::Owd, _) => Self::Ping,
            (Summing::Single, Kind::Throughput, Direction::Down) => Self::Download,
            (Summing::Single, Kind::Throughput, Direction::Up) => Self::Upload,
            (Summing::Single, ..) => Self::Other,
        }
    }
}

/// One series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Flent's name.
    pub series: String,
    /// Where it stands.
    pub group: Group,
    /// Unit of the values.
    pub unit: String,
    /// Seconds of the run that count: from, to.
    pub window_secs: (f64, f64),
    /// Values behind the statistics.
    pub n: usize,
    /// Points without a value.
    pub missing: usize,
    /// Smallest.
    pub min: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
    /// Population standard deviation.
    pub std: Option<f64>,
    /// Integral of a rate over the window, in the unit without its `/s`; other series have none.
    pub total: Option<f64>,
    /// Probes that were not answered, datagrams that did not arrive; `None` where nothing is numbered or counted.
    pub lost: Option<u64>,
    /// The share of them, 0..=1; `None` where nothing is numbered or counted.
    pub loss: Option<f64>,
    /// Where the values come from: `raw`, `grid` or `computed`.
    pub source: &'static str,
}

/// What to summarise.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SummaryOptions {
    /// Part of the run that counts; without one, what was planned of each series.
    pub cutoff: Option<Cutoff>,
    /// Child series (`TCP upload::tcp_cwnd`) too.
    pub children: bool,
}

/// The summary of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Seconds of the run that count, of any series: from, to.
    pub window_secs: (f64, f64),
    /// One per series, in order.
    pub rows: Vec<Row>,
    /// How latency changed under load, for runs that have both.
    pub verdict: Option<Verdict>,
}

/// Latency before the load against latency under it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Median of all probes before the load, ms.
    pub idle_p50_ms: f64,
    /// 95th percentile of all probes under load, ms.
    pub loaded_p95_ms: f64,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let more = self.loaded_p95_ms - self.idle_p50_ms;
        let sign = if more < 0.0 { '−' } else { '+' };
        write!(
            f,
            "idle {} ms → loaded p95 {} ms ({sign}{})",
            short(self.idle_p50_ms),
            short(self.loaded_p95_ms),
            short(more.abs())
        )
    }
}

impl Summary {
    /// Summarises a run of the test `expanded`.
    pub fn new(run: &Run, expanded: &Expanded, options: SummaryOptions) -> Self {
        let whole = options.cutoff.unwrap_or(Cutoff { start: 0.0, end: 0.0 }).window(run.total_length());
        let mut rows: Vec<Row> = run
            .series_names()
            .filter(|name| options.children || !is_child(name, expanded))
            .map(|name| row(run, expanded, name, options.cutoff))
            .collect();
        // Stable: within a group, the file's order.
        rows.sort_by_key(|row| row.group);
        Self { window_secs: (whole.start, whole.end), rows, verdict: verdict(run, expanded) }
    }

    /// The table as text: columns aligned, a blank line between groups, `–` where there is no number.
    pub fn to_text(&self) -> String {
        self.to_text_within(usize::MAX)
    }

    /// As [`Summary::to_text`], with lines of at most so many characters: columns that do not fit are left out, the least
    /// telling first, and named below.
    pub fn to_text_within(&self, width: usize) -> String {
        let mut lines: Vec<(Option<Group>, [String; 10])> = vec![(None, HEADINGS.map(str::to_owned))];
        lines.extend(self.rows.iter().map(|row| (Some(row.group), row.cells())));
        let widths: [usize; 10] =
            std::array::from_fn(|c| lines.iter().map(|(_, cells)| cells[c].chars().count()).max().unwrap_or(0));
        let mut shown = [true; 10];
        let fits = |shown: &[bool; 10]| {
            let kept: Vec<usize> = widths.iter().zip(shown).filter(|(_, shown)| **shown).map(|(w, _)| *w).collect();
            kept.iter().sum::<usize>() + 2 * (kept.len() - 1) <= width
        };
        let mut left_out = Vec::new();
        for column in LEAST_TELLING_FIRST {
            if fits(&shown) {
                break;
            }
            shown[column] = false;
            left_out.push(HEADINGS[column]);
        }
        let mut text = String::new();
        let mut last = None;
        for (group, cells) in lines {
            if last.is_some() && group != last {
                text.push('\n');
            }
            last = group;
            let padded: Vec<String> = cells
                .iter()
                .zip(widths)
                .enumerate()
                .filter(|(c, _)| shown[*c])
                .map(|(c, (cell, w))| pad(c, cell, w))
                .collect();
            text.push_str(padded.join("  ").trim_end());
            text.push('\n');
        }
        if !left_out.is_empty() {
            let _ = write!(text, "\nno room for {}\n", left_out.join(", "));
        }
        if let Some(verdict) = self.verdict {
            let _ = write!(text, "\n{verdict}\n");
        }
        text
    }
}

/// What a column of statistics says: the definition behind `fa stats`, the viewer's table and `summary` of `fa export`.
///
/// ```
/// assert_eq!(fa_analyze::summary::definition("n"), Some("how many values count"));
/// ```
pub fn definition(column: &str) -> Option<&'static str> {
    Some(match column {
        "n" => "how many values count",
        "missing" => "points of the series without a value; they count nowhere else",
        "min" => "the smallest value",
        "p50" => "the median: half of the values are smaller; linear interpolation between the two closest values",
        "mean" => "the arithmetic mean of the values, each with the same weight",
        "p95" => {
            "the 95th percentile: 95 % of the values are smaller; linear interpolation between the two closest values"
        }
        "p99" => {
            "the 99th percentile: 99 % of the values are smaller; linear interpolation between the two closest values"
        }
        "max" => "the largest value",
        "std" => "the standard deviation of the population: the root of the mean squared distance from the mean",
        "total" => "the integral of the rate over the window, in the unit without its /s",
        "lost" => "probes without an answer (sequence numbers that never came back), or datagrams that did not arrive",
        "loss" => "the share of the numbered probes that got no answer, or of the datagrams that did not arrive",
        "unit" => "the unit of all values of the row but n, lost and loss",
        _ => return None,
    })
}

/// What [`Row::source`] means.
pub fn source_text(source: &str) -> &'static str {
    match source {
        "raw" => "samples as they were measured, at their own times",
        "grid" => "values on the file's grid of equal steps: the file has no samples of this series",
        "computed" => "values that were computed from other series, step by step",
        _ => "unknown",
    }
}

const HEADINGS: [&str; 10] = ["series", "min", "p50", "mean", "p95", "p99", "max", "loss", "n", "unit"];

/// Columns in the order in which they give way where there is no room; name and median stay.
const LEAST_TELLING_FIRST: [usize; 8] = [8, 4, 3, 1, 6, 7, 5, 9];

/// Names and units to the left, numbers to the right.
fn pad(column: usize, cell: &str, width: usize) -> String {
    if column == 0 || column == HEADINGS.len() - 1 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
}

impl Row {
    fn cells(&self) -> [String; 10] {
        let number = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), short);
        let loss = self.loss.map_or_else(|| "–".to_owned(), |loss| format!("{}%", short(100.0 * loss)));
        [
            self.series.clone(),
            number(self.min),
            number(self.p50),
            number(self.mean),
            number(self.p95),
            number(self.p99),
            number(self.max),
            loss,
            self.n.to_string(),
            self.unit.clone(),
        ]
    }
}

/// A number for people: three digits that count, no exponent, thousands in full.
///
/// ```
/// use fa_analyze::summary::short;
/// assert_eq!([0.01234, 1.234, 12.34, 123.4, 1234.5, 0.0].map(short), ["0.0123", "1.23", "12.3", "123", "1234", "0"]);
/// ```
pub fn short(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if size == 0.0 || size >= 99.95 => 0,
        _ if size >= 9.995 => 1,
        _ if size >= 0.9995 => 2,
        _ => (2.0 - size.log10().floor()).clamp(3.0, 9.0) as usize,
    };
    format!("{value:.decimals$}")
}

/// A number for people with so many digits that count; as [`short`], which has three.
///
/// ```
/// use fa_analyze::summary::significant;
/// assert_eq!([0.012_345_6, 1.234_56, 99.999_9, 1234.56, 0.0].map(|v| significant(v, 5)), ["0.012346", "1.2346", "100.00", "1234.6", "0"]);
/// ```
pub fn significant(value: f64, digits: u8) -> String {
    const MOST: i32 = 12;
    let size = value.abs();
    if size == 0.0 || !size.is_finite() {
        return format!("{value:.0}");
    }
    let decimals = |size: f64| (i32::from(digits) - 1 - size.log10().floor() as i32).clamp(0, MOST) as usize;
    let first = decimals(size);
    // Rounding may bring a digit more in front: 99.999 is 100.
    let rounded: f64 = format!("{size:.first$}").parse().unwrap_or(size);
    let decimals = if rounded > 0.0 { decimals(rounded).min(first) } else { first };
    format!("{value:.decimals$}")
}

/// A child announces a key of its parent's samples; series that a test numbers (`TCP upload::1`) are none.
fn is_child(name: &str, expanded: &Expanded) -> bool {
    fa_catalog::child::split(name).is_some() && !expanded.series.contains_key(name)
}

/// The unit of a series: the test's, else what the file says, else that of the key of samples that it is.
pub fn unit_of(run: &Run, expanded: &Expanded, series: &str) -> String {
    let defined = expanded.series.get(series).map(|def| def.units.as_str()).filter(|unit| !unit.is_empty());
    let recorded = || run.set().metadata.series_meta(series)?.get("UNITS")?.as_str();
    let of_key = || Some(crate::key::known(fa_catalog::child::split_last(series)?.1)?.unit);
    defined.or_else(recorded).or_else(of_key).unwrap_or_default().to_owned()
}

fn row(run: &Run, expanded: &Expanded, series: &str, cutoff: Option<Cutoff>) -> Row {
    let class = kind::of(series, expanded);
    let (window, stamps) = crate::plan::counted(run, expanded, series, cutoff);
    let mut points = run.points(&Want { series, ..Want::default() });
    points.cut(stamps);
    let sample = Sample::new(points.y);
    let inside = |x: f64| stamps.contains(x);
    let loss = sequence_loss(run, series, inside);
    let unit = unit_of(run, expanded, series);
    Row {
        series: series.to_owned(),
        group: Group::of(class),
        window_secs: (window.start, window.end),
        n: sample.len(),
        missing: sample.missing(),
        min: sample.min(),
        p50: sample.median(),
        mean: sample.mean(),
        p95: sample.percentile(95.0),
        p99: sample.percentile(99.0),
        max: sample.max(),
        std: sample.std_dev(),
        total: if unit.ends_with("/s") { crate::reduce::total(run, series, inside) } else { None },
        lost: loss.map(|loss| loss.lost()),
        loss: loss.and_then(|loss| loss.ratio()),
        unit,
        source: source_name(points.origin, class),
    }
}

/// As written in tables. Series computed while recording have grid values only, but are computed all the same.
pub fn source_name(origin: Origin, class: Class) -> &'static str {
    match origin {
        Origin::Raw => "raw",
        Origin::Computed => "computed",
        Origin::Grid | Origin::Absent if class.summing != Summing::Single => "computed",
        Origin::Grid | Origin::Absent => "grid",
    }
}

/// All round-trip samples before the load against those under it; only where the test has load and idle time before it.
fn verdict(run: &Run, expanded: &Expanded) -> Option<Verdict> {
    let (start, end) = load(expanded)?;
    let (mut idle, mut loaded) = (Vec::new(), Vec::new());
    for name in run.series_names() {
        let class = kind::of(name, expanded);
        if class.kind != Kind::Rtt || class.summing != Summing::Single || is_child(name, expanded) {
            continue;
        }
        let Some(points) = run.raw(name, None, Clock::Run) else { continue };
        for (x, y) in points.x.iter().zip(&points.y).filter(|(_, y)| !y.is_nan()) {
            if *x < start {
                idle.push(*y);
            } else if *x <= end {
                loaded.push(*y);
            }
        }
    }
    let idle_p50_ms = Sample::new(idle).median()?;
    let loaded_p95_ms = Sample::new(loaded).percentile(95.0)?;
    Some(Verdict { idle_p50_ms, loaded_p95_ms })
}

/// When the first flow starts and the last one ends, seconds.
fn load(expanded: &Expanded) -> Option<(f64, f64)> {
    let mut span: Option<(f64, f64)> = None;
    for def in expanded.series.values() {
        if let fa_catalog::SeriesSource::Flow(flow) = &def.source {
            let (start, end) = (flow.start_secs, flow.start_secs + flow.length_secs);
            span = Some(span.map_or((start, end), |(s, e)| (s.min(start), e.max(end))));
        }
    }
    span.filter(|(start, _)| *start > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people_keep_three_digits() {
        assert_eq!(short(9.999), "10.0");
        assert_eq!(short(99.96), "100");
        assert_eq!(short(0.999_99), "1.00");
        assert_eq!(short(-12.34), "-12.3");
        assert_eq!(short(0.000_123_4), "0.000123");
        assert_eq!(short(123_456.0), "123456");
    }

    #[test]
    fn groups_come_in_the_order_people_ask() {
        let group = |name: &str| Group::of(kind::by_name(name, ""));
        let names =
            ["Ping (ms) ICMP", "TCP download BE", "TCP upload BE", "Ping (ms) avg", "TCP upload sum", "TCP totals"];
        let groups: Vec<Group> = names.iter().map(|n| group(n)).collect();
        assert!(groups.is_sorted());
        assert_eq!(groups.len(), 6);
        assert_eq!(groups[3], Group::Average);
    }

    #[test]
    fn the_text_is_aligned_and_says_where_there_is_no_number() {
        let row = |series: &str, group, p50, loss| Row {
            series: series.into(),
            group,
            unit: "ms".into(),
            window_secs: (0.0, 70.0),
            n: 10,
            missing: 0,
            min: Some(1.0),
            p50,
            mean: Some(2.5),
            p95: None,
            p99: None,
            max: Some(120.0),
            std: None,
            total: None,
            lost: None,
            loss,
            source: "raw",
        };
        let summary = Summary {
            window_secs: (0.0, 70.0),
            rows: vec![row("Ping", Group::Ping, Some(2.0), Some(0.005)), row("Sum", Group::Sum, None, None)],
            verdict: Some(Verdict { idle_p50_ms: 12.0, loaded_p95_ms: 48.0 }),
        };
        insta::assert_snapshot!(summary.to_text(), @r"
        series   min   p50  mean  p95  p99  max    loss   n  unit
        Ping    1.00  2.00  2.50    –    –  120  0.500%  10  ms

        Sum     1.00     –  2.50    –    –  120       –  10  ms

        idle 12.0 ms → loaded p95 48.0 ms (+36.0)
        ");
    }
}
