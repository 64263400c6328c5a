//! Small pages that together have every mark, axis and theme: what pixel tests paint.
#![allow(dead_code, reason = "every user takes some of them")]

use std::sync::Arc;

use fa_catalog::PlotType;
use fa_plot::layout::{Pyramids, View, Zoom, layout, layout_with};
use fa_plot::page::{Page, PageSize};
use fa_plot::scene::{
    Area, Axes, Colour, Dash, Flavour, LegendPlacement, Line, Mark, Marker, Quantity, Scale, Scene, Side, Style,
};
use fa_plot::theme::Theme;

use super::scenes::{self, Noise, axis, id, style};

/// Size of the pages in points.
pub(crate) const SIZE: PageSize = PageSize { width_pt: 320.0, height_pt: 200.0 };

/// Names with their pages.
pub(crate) fn pages() -> Vec<(&'static str, Page)> {
    let light = Theme::light();
    let plain = |scene: &Scene| layout(scene, SIZE, &light, None);
    let mut all_scaled = scenes::all_scaled(&["x"], 120);
    all_scaled.title.truncate(1);
    let mut inside = scenes::totals(Scale::Linear, false);
    inside.legend_placement = LegendPlacement::Inside("upper right".into());
    let (long, pyramids) = long_line();
    let (faint, of_faint) = murmur();
    let zoom = |x, y| View { zooms: vec![Zoom { panel: 0, axes: 0, x, y }] };
    let mut message = scenes::cdf(&["a"]);
    message.empty = Some("no file has numbers of the series `Ping (ms) ICMP`".into());
    vec![
        ("gaps", plain(&gaps())),
        ("dashes", plain(&dashes())),
        ("markers", plain(&markers())),
        ("step", plain(&steps())),
        ("cdf", plain(&scenes::cdf(&["codel", "fq_codel", "pie"]))),
        ("boxes", plain(&scenes::boxes(&["codel", "fq_codel"], 30))),
        ("bars", plain(&scenes::bars(&["codel", "fq_codel"]))),
        ("bands", plain(&scenes::areas())),
        ("ridge", plain(&ridge())),
        ("ellipses", plain(&scenes::ellipses(&["codel", "fq_codel", "pie"]))),
        ("scatter", plain(&scatter())),
        ("log-dual", plain(&scenes::totals(Scale::Log10, true))),
        ("legend-inside", plain(&inside)),
        ("zoomed", layout(&scenes::busiest(3, 700), SIZE, &light, Some(&zoom(Some((40.0, 60.0)), Some((8.0, 14.0)))))),
        ("long", layout_with(&long, SIZE, &light, Some(&zoom(Some((3.0, 77.0)), None)), &pyramids)),
        ("murmur", layout_with(&faint, SIZE, &light, Some(&zoom(Some((3.0, 77.0)), None)), &of_faint)),
        ("dark", layout(&all_scaled, SIZE, &Theme::dark(), None)),
        ("paper", layout(&dashes(), SIZE, &Theme::paper(), None)),
        ("message", plain(&message)),
    ]
}

fn single(kind: PlotType, marks: Vec<Mark>, x: (f64, f64), y: (f64, f64)) -> Scene {
    let a = scenes::axes(axis("Time (s)", x), axis("Latency (ms)", y), Side::Left, marks);
    let mut scene = scenes::scene("ping", kind, vec![scenes::panel(vec![a], "", true)]);
    scene.title.truncate(1);
    scene
}

fn line(name: &str, index: usize, points: impl Iterator<Item = (f64, f64)>, look: Style) -> Mark {
    let (x, y): (Vec<f64>, Vec<f64>) = points.unzip();
    let id = id(name, 0, index, Flavour::Latency);
    Mark::Line(Line { id, label: Some(name.into()), x: x.into(), y: y.into(), style: look })
}

/// A line with a hole, with a point that stands alone, and one that leaves the data area.
fn gaps() -> Scene {
    let wave = |i: f64| 20.0 + 8.0 * (i / 6.0).sin();
    let holed = (0..100).map(|i| match i {
        30..=44 | 46..=59 => (f64::from(i), f64::NAN),
        _ => (f64::from(i), wave(f64::from(i))),
    });
    let leaving = (0..100).map(|i| (f64::from(i), if (70..75).contains(&i) { 90.0 } else { 12.0 }));
    let marks =
        vec![line("probe", 0, holed, style(Colour::Cycle(0))), line("other", 1, leaving, style(Colour::Cycle(1)))];
    single(PlotType::Timeseries, marks, (0.0, 99.0), (0.0, 40.0))
}

fn dashes() -> Scene {
    let looks = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot].map(Some);
    let marks = looks.into_iter().enumerate().map(|(i, dash)| {
        let points = (0..50).map(move |n| (f64::from(n), 8.0 * (i + 1) as f64 + 3.0 * (f64::from(n) / 5.0).sin()));
        line(&format!("file {i}"), i, points, Style { dash, width: 1.0 + 0.5 * i as f32, ..style(Colour::Cycle(i)) })
    });
    single(PlotType::Timeseries, marks.collect(), (0.0, 49.0), (0.0, 40.0))
}

const EVERY_MARKER: [Marker; 10] = [
    Marker::Circle,
    Marker::TriangleUp,
    Marker::Square,
    Marker::TriangleDown,
    Marker::Diamond,
    Marker::Star,
    Marker::TriangleLeft,
    Marker::TriangleRight,
    Marker::Cross,
    Marker::Plus,
];

fn markers() -> Scene {
    let marks = EVERY_MARKER.into_iter().enumerate().map(|(i, marker)| {
        let points = (0..8).map(move |n| (f64::from(n), (10 - i) as f64 + 0.3 * f64::from(n % 3)));
        let dash = (i % 2 == 0).then_some(Dash::Solid);
        line(&format!("{marker:?}"), i, points, Style { dash, marker: Some((marker, 1)), ..style(Colour::Cycle(i)) })
    });
    single(PlotType::Timeseries, marks.collect(), (-0.5, 7.5), (0.0, 11.5))
}

/// A value that holds until the next one: what a queue's limit or a congestion window looks like.
fn steps() -> Scene {
    let mut noise = Noise::new(4);
    let levels: Vec<f64> = (0..12).map(|_| (noise.next() * 8.0).round() + 1.0).collect();
    let corners: Vec<(f64, f64)> =
        levels.iter().enumerate().flat_map(|(i, v)| [(i as f64, *v), (i as f64 + 1.0, *v)]).collect();
    let marks = vec![line("cwnd", 0, corners.into_iter(), Style { width: 1.5, ..style(Colour::Cycle(0)) })];
    single(PlotType::Timeseries, marks, (0.0, 12.0), (0.0, 10.0))
}

/// Densities of runs, each on its own row and reaching into the one above.
fn ridge() -> Scene {
    let places: Arc<[f64]> = (0..200).map(|i| f64::from(i) / 2.0).collect();
    let rows = 5;
    let mut marks = Vec::new();
    for row in 0..rows {
        let base = (rows - 1 - row) as f64;
        let centre = 30.0 + 10.0 * row as f64;
        let y: Arc<[f64]> = places.iter().map(|x| base + 1.6 * (-((x - centre) / 9.0).powi(2)).exp()).collect();
        let id = id("Ping", row, 0, Flavour::Latency);
        let look = style(Colour::Cycle(row));
        marks.push(Mark::Area(Area {
            id: id.clone(),
            label: None,
            x: Arc::clone(&places),
            y_lo: vec![base; places.len()].into(),
            y_hi: Arc::clone(&y),
            style: look.clone(),
            opacity: 0.45,
        }));
        marks.push(Mark::Line(Line { id, label: None, x: Arc::clone(&places).into(), y: y.into(), style: look }));
    }
    let mut y = axis("Density, each row to its peak", (-0.1, rows as f64 + 0.8));
    y.quantity = Quantity::Category;
    y.ticks = Some((0..rows).map(|row| ((rows - 1 - row) as f64, format!("run {row}"))).collect());
    let a = Axes { x: axis("Ping (ms)", (0.0, 99.5)), y, side: Side::Left, marks, texts: Vec::new() };
    let mut scene = scenes::scene("ping_ridge", PlotType::Ridge, vec![scenes::panel(vec![a], "", true)]);
    scene.title.truncate(1);
    scene
}

/// Clouds of points without lines, one of them so dense that points fall together.
fn scatter() -> Scene {
    let mut noise = Noise::new(9);
    let mut cloud = |n: usize, at: (f64, f64), wide: f64| -> Vec<(f64, f64)> {
        (0..n)
            .map(|_| {
                let (a, b) = (noise.next() + noise.next() - 1.0, noise.next() + noise.next() - 1.0);
                (at.0 + wide * a, at.1 + wide * 0.4 * b)
            })
            .collect()
    };
    let look = |n, marker| Style { dash: None, marker: Some((marker, 1)), ..style(Colour::Cycle(n)) };
    let marks = vec![
        line("codel", 0, cloud(60, (30.0, 25.0), 25.0).into_iter(), look(0, Marker::Circle)),
        line("pie", 1, cloud(40, (60.0, 15.0), 20.0).into_iter(), look(1, Marker::TriangleUp)),
        line("cake", 2, cloud(2500, (75.0, 30.0), 12.0).into_iter(), look(2, Marker::Square)),
    ];
    single(PlotType::Scatter, marks, (0.0, 99.0), (0.0, 40.0))
}

/// Twenty thousand points with a rare extreme: decimated through a pyramid.
fn long_line() -> (Scene, Pyramids) {
    let mut noise = Noise::new(2);
    let points: Vec<(f64, f64)> = (0..20_000)
        .map(|i| {
            let spike = if i == 9_001 { 18.0 } else { 0.0 };
            (f64::from(i) / 250.0, 15.0 + 4.0 * noise.next() + spike)
        })
        .collect();
    let scene = single(
        PlotType::Timeseries,
        vec![line("probe", 0, points.into_iter(), style(Colour::Cycle(0)))],
        (0.0, 80.0),
        (0.0, 40.0),
    );
    let pyramids = Pyramids::of(&scene);
    (scene, pyramids)
}

/// Twenty thousand points of noise about as high as its line is thick, and one of slow waves under it.
fn murmur() -> (Scene, Pyramids) {
    let mut noise = Noise::new(5);
    let mut points = |height: f64, wave: f64| {
        let values: Vec<(f64, f64)> = (0..20_000)
            .map(|i| f64::from(i) / 250.0)
            .map(|x| (x, 20.0 - wave + wave * (x / 9.0).sin() + height * noise.next()))
            .collect();
        values.into_iter()
    };
    let marks = vec![
        line("level", 0, points(0.3, 0.0), style(Colour::Cycle(0))),
        line("waves", 1, points(0.9, 8.0), style(Colour::Cycle(1))),
    ];
    let scene = single(PlotType::Timeseries, marks, (0.0, 80.0), (0.0, 40.0));
    let pyramids = Pyramids::of(&scene);
    (scene, pyramids)
}
