//! Made-up scenes for tests, benchmarks and the specimen sheet.
#![allow(dead_code, reason = "every user takes some of them")]

use std::sync::Arc;

use fa_catalog::{Orientation, PlotType};
use fa_plot::scene::{
    Area, Axes, Axis, BarMark, Bars, BoxMark, Boxes, Colour, Column, Dash, DataText, Ellipse, Flavour, Legend,
    LegendEntry, LegendPlacement, Line, Mark, MarkId, Marker, Panel, Quantity, Scale, Scene, Side, Style,
};

/// Reproducible noise in 0–1.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

pub(crate) fn style(colour: Colour) -> Style {
    Style { colour, width: 1.0, dash: Some(Dash::Solid), marker: None }
}

pub(crate) fn id(series: &str, file: usize, index: usize, flavour: Flavour) -> MarkId {
    MarkId { series: series.into(), file, index, flavour }
}

pub(crate) fn axis(label: &str, limits: (f64, f64)) -> Axis {
    Axis { label: label.into(), limits, scale: Scale::Linear, ticks: None, quantity: Quantity::Plain }
}

pub(crate) fn scene(plot: &str, kind: PlotType, panels: Vec<Panel>) -> Scene {
    Scene {
        plot: plot.into(),
        kind,
        files: vec!["rrul-2020-01-01T000000.000000.synthetic.flent.gz".into()],
        title: vec![
            "Realtime Response Under Load".into(),
            "Download, upload, ping (scaled versions)".into(),
            "fq_codel on the bottleneck, 100/20 Mbit/s".into(),
        ],
        host: None,
        figure_text: vec![
            "Local/remote: laptop/server.example.org - Time: 2020-01-01T00:00:00Z - Length/step: 60s/0.20s".into(),
        ],
        figure_note: None,
        panels,
        orientation: Orientation::Vertical,
        empty: None,
        notes: Vec::new(),
        brief_notes: Vec::new(),
        legend_placement: LegendPlacement::Outside,
        legend_columns: None,
        palette: Vec::new(),
    }
}

/// One wandering series with some gaps.
pub(crate) fn wander(seed: u64, n: usize, level: f64, spread: f64) -> (Column, Column) {
    let mut noise = Noise::new(seed);
    let x = (0..n).map(|i| 5.0 + i as f64 * 140.0 / n as f64).collect();
    let mut v = level;
    let y = (0..n)
        .map(|_| {
            v += (level - v) * 0.05 + (noise.next() - 0.5) * spread;
            let spike = if noise.next() > 0.995 { spread * 6.0 * noise.next() } else { 0.0 };
            if noise.next() > 0.997 { f64::NAN } else { (v + spike).max(0.0) }
        })
        .collect();
    (x, y)
}

fn extent(lines: &[Mark]) -> (f64, f64) {
    let values = lines.iter().filter_map(|m| if let Mark::Line(l) = m { Some(l.y.iter()) } else { None }).flatten();
    let (lo, hi) = values.filter(|v| v.is_finite()).fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
    let margin = (hi - lo) * 0.01;
    (lo - margin, hi + margin)
}

/// Lines of classes × files, as `all_scaled` has them.
pub(crate) fn lines(flavour: Flavour, what: &str, files: &[&str], n: usize, level: f64, spread: f64) -> Vec<Mark> {
    let dashes = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];
    let mut out = Vec::new();
    for (f, file) in files.iter().enumerate() {
        for (i, class) in ["BE", "BK", "CS5", "EF", "Avg"].iter().enumerate() {
            let (x, y) = wander((f * 10 + i) as u64 + level as u64, n, level + i as f64 * spread * 0.3, spread);
            let label = if files.len() > 1 { format!("{class} - {file}") } else { (*class).to_owned() };
            let mut style = style(if *class == "Avg" { Colour::Ink } else { Colour::Cycle(i) });
            if *class == "Avg" {
                style.width = 2.0;
            }
            if f < 4 {
                style.dash = Some(dashes[f]);
            } else {
                let markers = [
                    Marker::Circle,
                    Marker::TriangleUp,
                    Marker::Square,
                    Marker::TriangleDown,
                    Marker::Diamond,
                    Marker::Star,
                ];
                style.marker = Some((markers[(f - 4) % 6], 10));
            }
            out.push(Mark::Line(Line {
                id: id(&format!("{what} {class}"), f, i, flavour),
                label: Some(label),
                x,
                y,
                style,
            }));
        }
    }
    out
}

pub(crate) fn legend_of(axes: &[Axes], title: &str) -> Legend {
    let mut entries = Vec::new();
    for (a, axes) in axes.iter().enumerate() {
        for (m, mark) in axes.marks.iter().enumerate() {
            let label = match mark {
                Mark::Line(l) => l.label.clone(),
                Mark::Bars(l) => l.label.clone(),
                Mark::Area(l) => l.label.clone(),
                Mark::Ellipse(l) => l.label.clone(),
                Mark::Boxes(l) => {
                    if m == 0 {
                        entries.extend(l.boxes.iter().enumerate().filter_map(|(i, b)| {
                            b.legend.clone().map(|label| LegendEntry { label, sample: (a, m, i) })
                        }));
                    }
                    None
                }
            };
            entries.extend(label.map(|label| LegendEntry { label, sample: (a, m, 0) }));
        }
    }
    Legend { title: title.into(), entries }
}

pub(crate) fn axes(x: Axis, y: Axis, side: Side, marks: Vec<Mark>) -> Axes {
    Axes { x, y, side, marks, texts: Vec::new() }
}

pub(crate) fn panel(axes: Vec<Axes>, legend_title: &str, show_x_ticks: bool) -> Panel {
    let legend = legend_of(&axes, legend_title);
    let legend = (!legend.entries.is_empty()).then_some(legend);
    Panel { title: None, axes, legend, dividers: Vec::new(), show_x_ticks }
}

/// Three panels sharing x, as Flent's `all_scaled`.
pub(crate) fn all_scaled(files: &[&str], n: usize) -> Scene {
    let specs = [
        (Flavour::Download, "TCP download", "TCP download\nMbits/s", 8.0, 1.0),
        (Flavour::Upload, "TCP upload", "TCP upload\nMbits/s", 2.0, 0.3),
        (Flavour::Latency, "Ping", "Latency\nms", 20.0, 6.0),
    ];
    let panels = specs.iter().enumerate().map(|(i, (flavour, what, label, level, spread))| {
        let marks = lines(*flavour, what, files, n, *level, *spread);
        let limits = extent(&marks);
        let x = axis(if i == 2 { "Time (s)" } else { "" }, (0.0, 147.0));
        panel(vec![axes(x, axis(label, limits), Side::Left, marks)], "", i == 2)
    });
    scene("all_scaled", PlotType::Meta, panels.collect())
}

/// Two y axes: throughput logarithmic on the left, latency inverted on the right.
pub(crate) fn totals(log: Scale, inverted: bool) -> Scene {
    let line = |what: &str, i: usize, flavour, level, spread, seed| {
        let (x, y) = wander(seed, 700, level, spread);
        Mark::Line(Line { id: id(what, 0, i, flavour), label: Some(what.into()), x, y, style: style(Colour::Cycle(i)) })
    };
    let left = vec![
        line("TCP download sum", 0, Flavour::Download, 80.0, 20.0, 1),
        line("TCP upload sum", 1, Flavour::Upload, 15.0, 3.0, 2),
    ];
    let right = vec![line("Ping (ms) avg", 2, Flavour::Latency, 40.0, 10.0, 3)];
    let mut y = axis("Mbits/s", extent(&left));
    y.scale = log;
    let (lo, hi) = extent(&right);
    let y2 = axis("ms", if inverted { (hi, lo) } else { (lo, hi) });
    let x = axis("Time (s)", (0.0, 147.0));
    let both = vec![axes(x.clone(), y, Side::Left, left), axes(x, y2, Side::Right, right)];
    scene("totals", PlotType::Timeseries, vec![panel(both, "", true)])
}

/// Cumulative distributions.
pub(crate) fn cdf(files: &[&str]) -> Scene {
    let mut marks = Vec::new();
    for (f, file) in files.iter().enumerate() {
        let mut noise = Noise::new(f as u64 + 3);
        let mut v: Vec<f64> = (0..2800).map(|_| 10.0 - (1.0 - noise.next()).ln() * (3.0 + f as f64 * 2.0)).collect();
        v.sort_by(f64::total_cmp);
        let n = v.len();
        let y = (1..=n).map(|i| i as f64 / n as f64).collect();
        let style = style(Colour::Cycle(f));
        marks.push(Mark::Line(Line {
            id: id("Ping", f, 0, Flavour::Latency),
            label: Some((*file).into()),
            x: v.into(),
            y,
            style,
        }));
    }
    let a = axes(axis("ms", (0.0, 80.0)), axis("Cumulative probability", (0.0, 1.0)), Side::Left, marks);
    scene("icmp_cdf", PlotType::Cdf, vec![panel(vec![a], "", true)])
}

/// Boxes of three series over files.
pub(crate) fn boxes(files: &[&str], fliers: usize) -> Scene {
    let series = ["TCP download", "TCP upload", "Ping (ms) ICMP"];
    let flavours = [Flavour::Download, Flavour::Upload, Flavour::Latency];
    let (mut marks, mut texts, mut ticks, mut dividers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut pos = 1.0;
    for (s, name) in series.iter().enumerate() {
        let start = pos;
        let mut list = Vec::new();
        for (f, file) in files.iter().enumerate() {
            let mut noise = Noise::new((s * 100 + f) as u64);
            let base = 10.0 + noise.next() * 20.0;
            let out: Vec<f64> = (0..fliers).map(|_| base + 14.0 + noise.next().powi(3) * 40.0).collect();
            let mut out = out;
            out.sort_by(f64::total_cmp);
            list.push(BoxMark {
                x: pos,
                width: 0.5,
                file: f,
                n: 100,
                q1: base,
                median: base + 3.0,
                q3: base + 5.0,
                whisker_lo: base - 6.0,
                whisker_hi: base + 12.0,
                fliers: out.into(),
                style: style(Colour::Cycle(f)),
                legend: (s == 0 && files.len() > 1).then(|| (*file).to_owned()),
            });
            ticks.push((pos, (*file).to_owned()));
            pos += 1.0;
        }
        texts.push(DataText { x: start + files.len() as f64 / 2.0 - 0.5, y: 81.0, text: (*name).into() });
        marks.push(Mark::Boxes(Boxes { id: id(name, 0, s, flavours[s]), boxes: list }));
        if s < 2 {
            dividers.push(pos);
        }
        pos += 1.0;
    }
    let mut x = axis("", (0.0, pos - 1.0));
    x.quantity = Quantity::Category;
    x.ticks = Some(if files.len() > 1 { ticks } else { Vec::new() });
    let mut a = axes(x, axis("Mbits/s, ms", (0.0, 80.0)), Side::Left, marks);
    a.texts = texts;
    let mut p = panel(vec![a], "", true);
    p.dividers = dividers;
    scene("box_totals", PlotType::Box, vec![p])
}

/// Bars of three series over files.
pub(crate) fn bars(files: &[&str]) -> Scene {
    let series = ["TCP download sum", "TCP upload sum", "Ping (ms) avg"];
    let flavours = [Flavour::Download, Flavour::Upload, Flavour::Latency];
    let (mut marks, mut texts, mut ticks) = (Vec::new(), Vec::new(), Vec::new());
    let mut pos = 1.0;
    for (s, name) in series.iter().enumerate() {
        let start = pos;
        let mut noise = Noise::new(s as u64 + 40);
        let mut list = Vec::new();
        for (f, file) in files.iter().enumerate() {
            list.push(BarMark {
                x: pos - 0.5,
                width: 1.0,
                y: 20.0 + 60.0 * noise.next(),
                yerr: 4.0 + 8.0 * noise.next(),
                file: f,
                style: style(Colour::Cycle(s)),
            });
            ticks.push((pos, (*file).to_owned()));
            pos += 1.0;
        }
        texts.push(DataText { x: start + files.len() as f64 / 2.0 - 0.5, y: 96.0, text: (*name).into() });
        marks.push(Mark::Bars(Bars { id: id(name, 0, s, flavours[s]), label: Some((*name).into()), bars: list }));
        pos += 1.0;
    }
    let mut x = axis("", (0.0, pos - 1.0));
    x.quantity = Quantity::Category;
    x.ticks = Some(ticks);
    let mut a = axes(x, axis("Mbits/s, ms", (0.0, 95.0)), Side::Left, marks);
    a.texts = texts;
    scene("totals_bar", PlotType::Bar, vec![panel(vec![a], "", true)])
}

/// Ellipses with names.
pub(crate) fn ellipses(files: &[&str]) -> Scene {
    let (mut marks, mut texts) = (Vec::new(), Vec::new());
    for (f, file) in files.iter().enumerate() {
        let (x, y) = (20.0 + 12.0 * f as f64, 60.0 - 8.0 * f as f64);
        marks.push(Mark::Ellipse(Ellipse {
            id: id("Ping", f, 0, Flavour::Latency),
            label: Some((*file).into()),
            x,
            y,
            width: 20.0,
            height: 8.0,
            angle_deg: 30.0 * f as f64,
            style: style(Colour::Cycle(f)),
        }));
        let mut dot = style(Colour::Cycle(f));
        dot.dash = None;
        dot.marker = Some((Marker::Circle, 1));
        marks.push(Mark::Line(Line {
            id: id("Ping", f, 0, Flavour::Latency),
            label: None,
            x: vec![x].into(),
            y: vec![y].into(),
            style: dot,
        }));
        texts.push(DataText { x, y: y + 1.0, text: (*file).into() });
    }
    let mut a = axes(axis("Induced latency (ms)", (80.0, 0.0)), axis("Mbits/s", (0.0, 80.0)), Side::Left, marks);
    a.texts = texts;
    scene("ping_ellipsis", PlotType::Ellipsis, vec![panel(vec![a], "", true)])
}

/// Stacked areas over the clock.
pub(crate) fn areas() -> Scene {
    let n = 300;
    let start = 1_354_290_180.0;
    let x: Arc<[f64]> = (0..n).map(|i| start + f64::from(i) * 0.5).collect();
    let mut below = vec![0.0; n as usize];
    let mut marks = Vec::new();
    for i in 0..4 {
        let (_, y) = wander(i as u64, n as usize, 5.0, 1.0);
        let top: Vec<f64> = below.iter().zip(y.iter()).map(|(a, b)| a + if b.is_nan() { 0.0 } else { b }).collect();
        marks.push(Mark::Area(Area {
            id: id("TCP", 0, i, Flavour::Download),
            label: Some(format!("TCP download {i}")),
            x: Arc::clone(&x),
            y_lo: below.clone().into(),
            y_hi: top.clone().into(),
            style: style(Colour::Cycle(i)),
            opacity: 0.8,
        }));
        below = top;
    }
    let mut time = axis("Time", (start, start + 150.0));
    time.quantity = Quantity::UnixTime;
    let a = axes(time, axis("Mbits/s", (0.0, 30.0)), Side::Left, marks);
    scene("stacked", PlotType::Timeseries, vec![panel(vec![a], "Flows", true)])
}

/// A single panel with many series of full length: the busiest plot.
pub(crate) fn busiest(series: usize, n: usize) -> Scene {
    let marks: Vec<Mark> = (0..series)
        .map(|i| {
            let (x, y) = wander(i as u64, n, 10.0 + i as f64, 3.0);
            let name = format!("TCP download {i} - batch-rrul-2020-fq_codel-{i}");
            Mark::Line(Line {
                id: id(&name, 0, i, Flavour::Download),
                label: Some(name),
                x,
                y,
                style: style(Colour::Cycle(i)),
            })
        })
        .collect();
    let limits = extent(&marks);
    let a = axes(axis("Time (s)", (0.0, 147.0)), axis("Mbits/s", limits), Side::Left, marks);
    scene("tcp_nup", PlotType::Timeseries, vec![panel(vec![a], "", true)])
}

/// Absurd file names.
pub(crate) fn absurd(n: usize, length: usize) -> Vec<String> {
    (0..n)
        .map(|i| {
            let stem = format!("batch-2019-05-04T120000-{}-house-gateway-openwrt-", ["codel", "pie", "cake"][i % 3]);
            let pad = "long-description-of-everything-that-was-configured-".repeat(4);
            let tail = format!("-repetition-{i:03}");
            let keep = length.saturating_sub(tail.len());
            format!("{}{tail}", &format!("{stem}{pad}")[..keep.min(stem.len() + pad.len())])
        })
        .collect()
}
