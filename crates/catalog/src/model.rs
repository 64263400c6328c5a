//! The expanded catalogue: what one test, with its hosts and parameters filled in, measures and draws.
//!
//! [`Expanded`] is the whole answer: series in definition order and plots in definition order, with every glob, count
//! and expression resolved. `measure` turns the flows and probes into a plan, `plot` turns the plots into scenes, and
//! neither looks at TOML.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// What decides which series and plots a test has: its name and the settings of the (first) file or the command line.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// Test name, for example `rrul`.
    pub test: String,
    /// Target hosts in order; a test that needs more fills up by cycling through its defaults.
    pub hosts: Vec<String>,
    /// `TEST_PARAMETERS`: values stay text, as in the file.
    pub params: IndexMap<String, String>,
    /// `LENGTH`: base duration, seconds.
    pub length_secs: f64,
    /// `DELAY`: idle lead-in and lead-out, seconds.
    pub delay_secs: f64,
    /// `STEP_SIZE`: grid spacing, seconds.
    pub step_secs: f64,
    /// 4 or 6 where asked for.
    pub ip_version: Option<u8>,
    /// `HTTP_GETTER_URLLIST`: two or more make one fetch series each.
    pub url_lists: Vec<String>,
}

impl Setup {
    /// A test against these hosts with Flent's defaults: 60 s of load, 5 s of idle before and after, a step of 0.2 s.
    pub fn new(test: impl Into<String>, hosts: &[&str]) -> Self {
        Self {
            test: test.into(),
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
            params: IndexMap::new(),
            length_secs: 60.0,
            delay_secs: 5.0,
            step_secs: 0.2,
            ip_version: None,
            url_lists: Vec::new(),
        }
    }

    /// The same with a test parameter set.
    #[must_use]
    pub fn with_param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }
}

/// One test, expanded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expanded {
    /// Test name.
    pub name: String,
    /// What the test is for, one line, our own words; first line of a figure's title.
    pub purpose: String,
    /// The plot to open with.
    pub default_plot: String,
    /// Every host that a flow or probe names by index: the given ones, repeated in turn until the test has as many as
    /// it needs, then those that only a parameter names (`ping_hosts`).
    pub hosts: Vec<String>,
    /// Parameters the test cannot be measured without and that were not given; a viewer need not mind.
    pub missing_params: Vec<String>,
    /// Given parameters that no definition of the test asked for, or that the test sets itself: they change nothing in the
    /// expansion. Those that only a measurement knows (`flow_bytes`) are among them.
    pub unread_params: Vec<String>,
    /// Names that more than one series was given; only the last of each is there.
    pub named_twice: Vec<String>,
    /// Whole run in seconds (`TOTAL_LENGTH`).
    pub total_length_secs: f64,
    /// The whole test is run so often, one run after the other, and every series has one value per run; `None`: the usual test,
    /// run once, with values over time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u32>,
    /// Every series, measured ones and computed ones, in definition order.
    pub series: IndexMap<String, SeriesDef>,
    /// Every plot by name, in definition order.
    pub plots: IndexMap<String, PlotDef>,
    /// Doubts worth telling: unknown test recognised by its series, a missing required parameter and the like.
    pub notes: Vec<String>,
}

/// One series of a test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesDef {
    /// Flent's name, kept exactly: `TCP upload BE`.
    pub name: String,
    /// Flent's unit: `Mbits/s`, `ms`, …; empty when the series only announces children.
    pub units: String,
    /// Short name for legends; the series name where absent.
    pub id: Option<String>,
    /// What it is, dotted: `upload`, `upload.avg`, `download.sum`, `totals`, `ping.udp`, `ping.icmp`, `ping.avg`, …
    pub role: String,
    /// Flent's name of what produces it: `netperf_demo`, `ping`, `udp_rtt`, `average`, …
    pub runner: String,
    /// Where its numbers come from.
    pub source: SeriesSource,
}

/// Where the numbers of a series come from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SeriesSource {
    /// A byte stream or a paced datagram flow.
    Flow(FlowDef),
    /// A latency probe.
    Probe(ProbeDef),
    /// A function of other series.
    Computed(ComputedDef),
    /// Announces a unit for child series; has no numbers of its own.
    Null,
    /// A collector or foreign program that this version cannot run natively (`tc`, `cpu_stats`, `voip`, …).
    Other {
        /// Flent's runner name.
        runner: String,
        /// Seconds after the start of the run.
        start_secs: f64,
        /// Seconds it runs.
        length_secs: f64,
        /// Its settings under Flent's names (`host`, `interface`, `command`, …).
        options: IndexMap<String, String>,
    },
}

/// Transport of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// TCP byte stream.
    Tcp,
    /// UDP datagrams.
    Udp,
    /// SCTP, only for reading old files.
    Sctp,
}

/// Direction of payload, seen from the host that runs `fa measure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From us to the far end.
    Up,
    /// From the far end to us.
    Down,
}

/// A load flow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlowDef {
    /// TCP, UDP.
    pub protocol: Protocol,
    /// Which way the payload goes.
    pub direction: Direction,
    /// Index into the expanded test's hosts, from 0.
    pub host: usize,
    /// Seconds after the start of the run.
    pub start_secs: f64,
    /// Seconds of load.
    pub length_secs: f64,
    /// TOS bytes (DSCP and ECN) for our sending and the far end's sending; `None`: leave unmarked.
    pub tos: Option<(u8, u8)>,
    /// Congestion control for our end and the far end, as written by the user; `None`: the kernel's default.
    pub cong_control: Option<(String, String)>,
    /// Bytes per write.
    pub send_size: Option<u32>,
    /// File whose bytes the sender writes.
    pub payload: Option<String>,
    /// Bytes per call at the far end (netperf's `-M`).
    pub remote_recv_size: Option<u32>,
    /// 4 or 6 where the series demands it.
    pub ip_version: Option<u8>,
    /// Bits per second, for paced flows.
    pub rate_bps: Option<f64>,
    /// Payload bytes of a datagram.
    pub packet_bytes: Option<u32>,
    /// Local address to bind to.
    pub local_bind: Option<String>,
    /// Where the control connection goes if not to the host itself.
    pub control_host: Option<String>,
}

/// A latency probe.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProbeDef {
    /// What is sent.
    pub kind: ProbeKind,
    /// Index into the expanded test's hosts, from 0.
    pub host: usize,
    /// Seconds after the start of the run.
    pub start_secs: f64,
    /// Seconds of probing.
    pub length_secs: f64,
    /// Seconds between probes.
    pub interval_secs: f64,
    /// TOS byte of the probe and of its answer.
    pub tos: Option<(u8, u8)>,
    /// 4 or 6 where the series demands it.
    pub ip_version: Option<u8>,
    /// Local address to bind to.
    pub local_bind: Option<String>,
}

/// Kind of probe packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeKind {
    /// UDP datagram answered by `fa serve`.
    Udp,
    /// ICMP echo.
    Icmp,
    /// TCP request and response (old files only).
    Tcp,
}

/// A computed series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComputedDef {
    /// The function, step by step over the sources.
    pub function: Computed,
    /// Resolved names of the sources, in definition order.
    pub sources: Vec<String>,
    /// The patterns the names came from: a file may hold series that no definition names.
    pub patterns: Vec<Pattern>,
}

/// Functions of computed series, at each step over the values that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Computed {
    /// Arithmetic mean.
    Average,
    /// Sum.
    Sum,
    /// Average, then the running mean of the last five.
    SmoothAverage,
    /// Value minus the smallest value of the run.
    DiffMin,
    /// Jain's fairness index.
    Fairness,
}

/// A glob over series names: `*` does not cross `:`, `**` does; excludes are plain shell globs where `*` crosses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pattern {
    /// A name or a glob; the whole name must match.
    pub glob: String,
    /// Names left out.
    pub exclude: Vec<String>,
}

/// Flent's plot types, and where we go beyond them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlotType {
    /// Lines over time.
    Timeseries,
    /// Lines over time, one set of data per group of files.
    TimeseriesCombine,
    /// One line per group over the series.
    LineCombine,
    /// Box plot.
    Box,
    /// Box plot over groups of files.
    BoxCombine,
    /// Bars with the standard deviation.
    Bar,
    /// Bars over groups of files.
    BarCombine,
    /// Empirical distribution.
    Cdf,
    /// Empirical distribution over groups of files.
    CdfCombine,
    /// Quantiles against quantiles of two files.
    Qq,
    /// Confidence ellipse of two series.
    Ellipsis,
    /// Confidence ellipse over groups of files.
    EllipsisCombine,
    /// Several plots in one figure.
    Meta,
    /// Values of one series against those of others at the same time.
    Scatter,
    /// How many values lie in each of equal ranges.
    Histogram,
    /// Densities of files below each other.
    Ridge,
}

/// Panels below each other or side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// Below each other.
    #[default]
    Vertical,
    /// Side by side.
    Horizontal,
}

/// One plot of a test, globs resolved against the test's series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlotDef {
    /// Flent's name: `all_scaled`.
    pub name: String,
    /// Line, box, …
    pub kind: PlotType,
    /// What it shows, our own words; second line of a figure's title.
    pub text: String,
    /// Heading of the legend.
    pub legend_title: Option<String>,
    /// Labels in Flent's order (y axis, second y axis; x for a CDF); `None` falls back to the unit.
    pub axis_labels: Vec<Option<String>>,
    /// A second y axis on the right.
    pub dual_axes: bool,
    /// Percentiles of the data that the y axis spans.
    pub scaling: Option<(f64, f64)>,
    /// Seconds from the start, and from the end when ≤ 0.
    pub cutoff: Option<(f64, f64)>,
    /// How files are grouped, for the combining types.
    pub group_by: Option<String>,
    /// `groups` or `series`.
    pub colour_mode: Option<String>,
    /// Areas on top of each other instead of lines.
    pub stacked: bool,
    /// Names of the plots inside a meta plot.
    pub subplots: Vec<String>,
    /// Whether the panels of a meta plot share the x axis.
    pub share_axis: bool,
    /// Layout of the panels of a meta plot.
    pub orientation: Orientation,
    /// What is drawn, in order.
    pub series: Vec<PlotSeries>,
}

/// One entry of a plot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlotSeries {
    /// Series name; it need not exist in the test or the file.
    pub data: String,
    /// Final label (`L -- ID` for globs); `None`: unlabelled.
    pub label: Option<String>,
    /// 1 = left, 2 = right.
    pub axis: u8,
    /// Points of a centred moving mean; "5 seconds' worth" is resolved with the step and may be fractional in Flent.
    pub smoothing: Option<f64>,
    /// Key (or glob over keys) of the raw values to draw instead of `val`.
    pub raw_key: Option<String>,
    /// Reducer for combining plots.
    pub combine_mode: Option<String>,
    /// Series to divide by, for combining plots.
    pub norm_by: Option<String>,
    /// Source pattern of the fairness reducers.
    pub source: Option<String>,
    /// Cutoff of this series alone.
    pub cutoff: Option<(f64, f64)>,
    /// Asked-for line properties.
    pub style: SeriesStyle,
}

/// Line properties that a definition asks for.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SeriesStyle {
    /// Colour name or `#rrggbb`.
    pub color: Option<String>,
    /// Points.
    pub linewidth: Option<f64>,
    /// matplotlib's notation: `-`, `--`, `None`, …
    pub linestyle: Option<String>,
    /// matplotlib's notation: `o`, `x`, …
    pub marker: Option<String>,
    /// Marker on every n-th point.
    pub markevery: Option<usize>,
}
