//! What a figure and a number mean, in words: definition, unit, who measured it, which values, which part of the run.
//!
//! Definitions are those of the catalogue and of [`fa_analyze::summary`]; nothing is defined here a second time.

use fa_analyze::summary::{Row, definition, significant, source_text};
use fa_catalog::{
    Computed, Direction, Expanded, FlowDef, PlotDef, PlotType, ProbeDef, ProbeKind, Protocol, SeriesSource,
};
use fa_format::Metadata;
use fa_plot::scene::{Axis, Mark, Scale, Scene};

use super::library::Loaded;

/// Something explained.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// What.
    pub heading: String,
    /// Aspects of it, each with what there is to say.
    pub lines: Vec<(String, String)>,
}

impl Section {
    fn new(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), lines: Vec::new() }
    }

    fn say(&mut self, what: &str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.lines.push((what.to_owned(), text));
        }
    }
}

/// What a figure shows, then each thing that is drawn.
///
/// - `files`: the view's files in order, with their statistics where they are known
/// - `window`: part of the run that the figure is cut to
pub fn plot(
    name: &str,
    def: Option<&PlotDef>,
    scene: &Scene,
    files: &[(&Loaded, &[Row])],
    window: Option<(f64, f64)>,
) -> Vec<Section> {
    let mut about = Section::new(format!("The plot {name}"));
    about.say("Shows", def.map_or_else(|| scene.title.join(", "), |def| def.text.clone()));
    about.say("Type", kind(scene.kind));
    for (n, panel) in scene.panels.iter().enumerate() {
        for axes in &panel.axes {
            let place = if scene.panels.len() > 1 { format!("Panel {}", n + 1) } else { "Axes".to_owned() };
            // Panels below each other share an axis, whose label is at the last one.
            let across = if axes.x.label.is_empty() { String::new() } else { format!("across: {}; ", axis(&axes.x)) };
            about.say(&place, format!("{across}up: {}", axis(&axes.y)));
        }
    }
    about.say(
        "Part of the run",
        match window {
            Some((a, b)) => format!("{a} to {b} s, by the cut-off in the settings (0 or less counts from the end)"),
            None => "all that the files hold".to_owned(),
        },
    );
    if let Some(why) = &scene.empty {
        about.say("Empty because", why.clone());
    }
    let mut all = vec![about];
    for mark in scene.panels.iter().flat_map(|panel| &panel.axes).flat_map(|axes| &axes.marks) {
        let (id, label, drawn) = drawn(mark);
        let Some((loaded, rows)) = files.get(id.file) else { continue };
        let label = if label == id.series { label } else { format!("{} — “{label}” in the legend", id.series) };
        let heading = match scene.files.get(id.file).filter(|_| scene.files.len() > 1) {
            Some(file) => format!("{label} — {file}"),
            None => label,
        };
        let mut section = Section::new(fa_plot::text::one_line(&heading));
        say_series(&mut section, &id.series, loaded);
        section.say("Drawn", drawn);
        let parts = def.into_iter().flat_map(|def| &def.subplots).filter_map(|name| loaded.expanded.plots.get(name));
        let asked = def.into_iter().chain(parts).flat_map(|def| &def.series).find(|series| series.data == id.series);
        if let Some(points) = asked.and_then(|series| series.smoothing) {
            section.say("Smoothed", format!("a centred moving mean of {points} values"));
        }
        if let Some(row) = rows.iter().find(|row| row.series == id.series) {
            section.say("Values", format!("{} {}", row.n, source_text(row.source)));
            section.say("Counted", part(row));
        }
        if !all.contains(&section) {
            all.push(section);
        }
    }
    all
}

/// What a number of the statistics means.
///
/// - `column`: heading of the table
/// - `by_hand`: somebody marked the part of the run, or cut the figure to it
pub fn number(column: &str, row: &Row, loaded: &Loaded, by_hand: bool) -> Section {
    let value = match column {
        "n" => Some(row.n as f64),
        "min" => row.min,
        "p50" => row.p50,
        "mean" => row.mean,
        "p95" => row.p95,
        "p99" => row.p99,
        "max" => row.max,
        "total" => row.total,
        "lost" => row.lost.map(|n| n as f64),
        "loss" => row.loss,
        _ => None,
    };
    let mut section = Section::new(format!("{column} of {}", row.series));
    let unit = match column {
        "n" | "lost" | "loss" => "",
        "total" => row.unit.trim_end_matches("/s"),
        _ => row.unit.as_str(),
    };
    section
        .say("Value", value.map_or("there is none".to_owned(), |v| format!("{} {unit}", exact(v)).trim().to_owned()));
    section.say("Is", definition(column).unwrap_or_default());
    let source = match column {
        "lost" | "loss" => "sequence numbers of the samples".to_owned(),
        _ => format!("{} {}", row.n, source_text(row.source)),
    };
    section.say("From", source);
    if row.missing > 0 {
        section.say("Left out", format!("{} points without a value", row.missing));
    }
    let why = if by_hand {
        "by your marking or cut-off"
    } else {
        "by the plan of the run: a flow from its start for its length, everything else until the end"
    };
    section.say("Part of the run", format!("{}, {why}", part(row)));
    say_series(&mut section, &row.series, loaded);
    section.say("The same by command", command(column, row, loaded, by_hand));
    section
}

fn command(column: &str, row: &Row, loaded: &Loaded, by_hand: bool) -> String {
    let Some(path) = &loaded.set.path else { return String::new() };
    let window = if by_hand { format!(" --window {},{}", row.window_secs.0, row.window_secs.1) } else { String::new() };
    match column {
        "lost" => String::new(),
        _ => format!("fa stats {}{window}", super::action::quoted(&path.display().to_string())),
    }
}

/// All digits that the number has, and no more than it needs.
fn exact(value: f64) -> String {
    let short = significant(value, 3);
    let long = format!("{value}");
    if short == long { short } else { format!("{long} (shown as {short})") }
}

fn part(row: &Row) -> String {
    let secs = |value: f64| (value * 100.0).round() / 100.0;
    format!("{} to {} s", secs(row.window_secs.0), secs(row.window_secs.1))
}

/// What a series is and where it comes from.
fn say_series(section: &mut Section, series: &str, loaded: &Loaded) {
    let (expanded, metadata) = (&*loaded.expanded, &loaded.set.metadata);
    let parent = fa_catalog::child::split_last(series).filter(|_| !expanded.series.contains_key(series));
    if let Some((parent, key)) = parent {
        section.say("Series", format!("{key} of the samples of {parent}"));
    }
    let name = parent.map_or(series, |(parent, _)| parent);
    let run = fa_analyze::run::Run::new(&loaded.set, expanded);
    section.say("Unit", fa_analyze::summary::unit_of(&run, expanded, series));
    section.say("Is what", what(name, expanded));
    section.say("Measured by", runner(name, expanded, metadata));
}

/// What the test's definition says of a series.
fn what(series: &str, expanded: &Expanded) -> String {
    let Some(def) = expanded.series.get(series) else {
        return "the test's definition does not name it; it is what the file says".to_owned();
    };
    match &def.source {
        SeriesSource::Flow(flow) => flow_text(flow, expanded),
        SeriesSource::Probe(probe) => probe_text(probe, expanded),
        SeriesSource::Computed(computed) => {
            let function = match computed.function {
                Computed::Average => "the arithmetic mean, step by step, of",
                Computed::Sum => "the sum, step by step, of",
                Computed::SmoothAverage => "the running mean over five steps of the mean, step by step, of",
                Computed::DiffMin => "the distance to the smallest value of the run, of",
                Computed::Fairness => "Jain's fairness index, step by step, of",
            };
            format!("{function} {}", computed.sources.join(", "))
        }
        SeriesSource::Null => "the parent of other series; it has no numbers of its own".to_owned(),
        SeriesSource::Other { runner, start_secs, length_secs, .. } => {
            format!("what {runner} collects, from {start_secs} s for {length_secs} s")
        }
    }
}

fn host(index: usize, expanded: &Expanded) -> String {
    expanded.hosts.get(index).map_or("the far end".to_owned(), Clone::clone)
}

fn flow_text(flow: &FlowDef, expanded: &Expanded) -> String {
    let what = match flow.protocol {
        Protocol::Tcp => "payload of a TCP stream per time, counted by its receiver",
        Protocol::Udp => "payload of UDP datagrams per time, counted by their receiver",
        Protocol::Sctp => "payload of an SCTP stream per time",
    };
    let way = match flow.direction {
        Direction::Up => format!("to {}", host(flow.host, expanded)),
        Direction::Down => format!("from {}", host(flow.host, expanded)),
    };
    let mut text = format!("{what}, {way}, from {} s for {} s", flow.start_secs, flow.length_secs);
    if let Some((ours, theirs)) = flow.tos.filter(|tos| *tos != (0, 0)) {
        text.push_str(&format!(", TOS {ours:#04x} and back {theirs:#04x}"));
    }
    if let Some((ours, theirs)) = &flow.cong_control {
        let both = if ours == theirs { ours.clone() } else { format!("{ours}, far end {theirs}") };
        text.push_str(&format!(", congestion control {both}"));
    }
    text
}

fn probe_text(probe: &ProbeDef, expanded: &Expanded) -> String {
    let what = match probe.kind {
        ProbeKind::Udp => "round-trip times of UDP datagrams that the far end answers",
        ProbeKind::Icmp => "round-trip times of ICMP echo requests",
        ProbeKind::Tcp => "round-trip times of requests over a TCP connection",
    };
    let tos = match probe.tos.filter(|tos| *tos != (0, 0)) {
        Some((ours, _)) => format!(", TOS {ours:#04x}"),
        None => String::new(),
    };
    let (start, length, every) = (probe.start_secs, probe.length_secs, probe.interval_secs);
    format!("{what}, {}, every {every} s from {start} s for {length} s{tos}", host(probe.host, expanded))
}

/// Flent's name of what measured it, and in which program.
fn runner(series: &str, expanded: &Expanded, metadata: &Metadata) -> String {
    let said = metadata.series_meta(series).and_then(|meta| meta.get("RUNNER")).and_then(|r| r.as_str());
    let defined = expanded.series.get(series).map(|def| def.runner.as_str());
    let Some(runner) = said.or(defined) else { return String::new() };
    match metadata.flent_version() {
        Some(version) => format!("{runner} of {version}"),
        None => runner.to_owned(),
    }
}

/// A mark's identity, label, and what of it is drawn.
fn drawn(mark: &Mark) -> (&fa_plot::scene::MarkId, String, String) {
    match mark {
        Mark::Line(line) => {
            let n = line.y.iter().filter(|y| y.is_finite()).count();
            let gaps = line.y.len() - n;
            let gaps = if gaps > 0 { format!(", {gaps} gaps") } else { String::new() };
            (&line.id, line.label.clone().unwrap_or_else(|| line.id.series.clone()), format!("{n} points{gaps}"))
        }
        Mark::Boxes(boxes) => {
            let text = "the box from the 25th to the 75th percentile with the median, whiskers, and points beyond them";
            (&boxes.id, boxes.id.series.clone(), text.to_owned())
        }
        Mark::Bars(bars) => (&bars.id, bars.id.series.clone(), "the mean, with the standard deviation".to_owned()),
        Mark::Area(area) => (&area.id, area.id.series.clone(), format!("{} points", area.x.len())),
        Mark::Ellipse(ellipse) => {
            (&ellipse.id, ellipse.id.series.clone(), "an ellipse around the mean of two series".to_owned())
        }
    }
}

fn axis(axis: &Axis) -> String {
    let label = if axis.label.is_empty() { "no unit" } else { axis.label.as_str() };
    let scale = match axis.scale {
        Scale::Linear => "",
        Scale::Log2 => ", powers of two",
        Scale::Log10 => ", powers of ten",
    };
    let inverted = if axis.limits.0 > axis.limits.1 { ", upside down" } else { "" };
    format!("{label}{scale}{inverted}")
}

fn kind(kind: PlotType) -> &'static str {
    match kind {
        PlotType::Timeseries => {
            "lines over the time of the run; a gap is a missing value, a red tick at the foot a lost probe"
        }
        PlotType::TimeseriesCombine => "lines over time, each made of a group of files",
        PlotType::LineCombine => "a line per group of files over the series",
        PlotType::Box => "boxes: a distribution per series and file",
        PlotType::BoxCombine => "boxes: a distribution per group of files, each file reduced to one value",
        PlotType::Bar => "bars: means with their standard deviations",
        PlotType::BarCombine => "bars: means over groups of files, with their standard deviations",
        PlotType::Cdf => "an empirical distribution: up is the share of values that are at most as large as across",
        PlotType::CdfCombine => "an empirical distribution of groups of files, each file reduced to one value",
        PlotType::Qq => "quantiles of one file against those of the other: on the diagonal they are distributed alike",
        PlotType::Ellipsis => "an ellipse per file around the means of two series, as wide as they vary",
        PlotType::EllipsisCombine => "an ellipse per group of files around the means of two series",
        PlotType::Meta => "several plots in one figure",
        PlotType::Scatter => "one series against another at the same time",
        PlotType::Histogram => "the share of values in each range",
        PlotType::Ridge => "densities of the files' values below each other",
    }
}
