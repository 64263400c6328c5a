//! What must hold of every page: nothing collides, nothing leaves it, most of it is data; and what renderers make of it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common {
    pub(crate) mod scenes;
}

use common::scenes::{self, Noise};
use fa_catalog::PlotType;
use fa_plot::layout::{View, Zoom, layout};
use fa_plot::page::{Page, PageSize, Pt, Role, Shape, Strip};
use fa_plot::render;
use fa_plot::scene::{Colour, DataText, Flavour, LegendPlacement, Line, Mark, Marker, Quantity, Scale, Scene, Side};
use fa_plot::theme::Theme;
use proptest::prelude::*;

const SIZES: [(f32, f32); 6] =
    [(576.0, 360.0), (800.0, 500.0), (252.0, 180.0), (460.8, 345.6), (252.0, 126.0), (1500.0, 400.0)];

fn check(page: &Page, what: &str) {
    let (w, h) = (page.size.width_pt, page.size.height_pt);
    let texts: Vec<_> = page.texts().collect();
    for (i, (item, run)) in texts.iter().enumerate() {
        let b = run.bounds;
        assert!(
            b.x >= -0.1 && b.y >= -0.1 && b.right() <= w + 0.1 && b.bottom() <= h + 0.1,
            "{what}: {:?} {:?} leaves the page of {w} x {h}: {b:?}",
            item.role,
            run.text
        );
        for (other, second) in &texts[i + 1..] {
            assert!(
                !b.overlaps(&second.bounds, 0.1),
                "{what}: {:?} {:?} and {:?} {:?} overlap",
                item.role,
                run.text,
                other.role,
                second.text
            );
        }
    }
    if !page.panels.is_empty() {
        let share = page.data_share();
        assert!(share >= 0.55, "{what}: data has {:.1} % of {w} x {h}", share * 100.0);
    }
    for item in page.items.iter().filter(|i| i.role == Role::Data) {
        let rect = page.panels[item.panel.unwrap()].rect;
        let points: Vec<_> = match &item.shape {
            Shape::Path { runs, .. } => runs.iter().flatten().copied().collect(),
            Shape::Polygon { points, .. } => points.clone(),
            Shape::Band { edges, .. } => Strip::outline(edges),
            Shape::Markers { at, .. } => at.clone(),
            _ => Vec::new(),
        };
        for p in points {
            assert!(rect.contains(p), "{what}: {p:?} is outside {rect:?}");
        }
    }
}

fn every_scene() -> Vec<(String, Scene)> {
    let mut out = Vec::new();
    for n in [1, 5, 40, 100] {
        for length in [8, 120] {
            let names = scenes::absurd(n, length);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            out.push((format!("all_scaled {n} x {length}"), scenes::all_scaled(&names[..n.min(40)], 50)));
            out.push((format!("cdf {n} x {length}"), scenes::cdf(&names)));
            out.push((format!("box {n} x {length}"), scenes::boxes(&names, 40)));
            out.push((format!("bar {n} x {length}"), scenes::bars(&names)));
            out.push((format!("ellipses {n} x {length}"), scenes::ellipses(&names[..n.min(12)])));
        }
    }
    for scale in [Scale::Linear, Scale::Log2, Scale::Log10] {
        for inverted in [false, true] {
            out.push((format!("totals {scale:?} {inverted}"), scenes::totals(scale, inverted)));
        }
    }
    out.push(("areas".into(), scenes::areas()));
    out.push(("busiest".into(), scenes::busiest(200, 200)));
    out
}

#[test]
fn no_text_collides_or_leaves_the_page_and_data_has_its_share() {
    for (name, scene) in every_scene() {
        for (width_pt, height_pt) in SIZES {
            let theme = if width_pt < 300.0 { Theme::paper() } else { Theme::light() };
            let page = layout(&scene, PageSize { width_pt, height_pt }, &theme, None);
            check(&page, &format!("{name} at {width_pt} x {height_pt}"));
        }
    }
}

#[test]
fn legends_below_and_panels_side_by_side_obey_the_same_rules() {
    for (name, mut scene) in every_scene() {
        scene.legend_placement = LegendPlacement::Below;
        check(&layout(&scene, PageSize::default(), &Theme::light(), None), &format!("{name}, below"));
        scene.legend_placement = LegendPlacement::Inside("best".into());
        check(&layout(&scene, PageSize::default(), &Theme::light(), None), &format!("{name}, inside"));
        scene.legend_placement = LegendPlacement::Outside;
        scene.orientation = fa_catalog::Orientation::Horizontal;
        check(&layout(&scene, PageSize::default(), &Theme::light(), None), &format!("{name}, side by side"));
    }
}

#[test]
fn an_ordinary_figure_shows_all_its_words() {
    let page = layout(&scenes::all_scaled(&["fq_codel", "pfifo"], 300), PageSize::default(), &Theme::light(), None);
    let said = |role: Role| -> Vec<&str> {
        page.texts().filter(|(i, _)| i.role == role).map(|(_, r)| r.text.as_str()).collect()
    };
    assert_eq!(said(Role::Title).len(), 3);
    assert_eq!(said(Role::Annotation).len(), 1);
    assert_eq!(said(Role::AxisLabel).len(), 4, "three vertical axes and the shared horizontal one");
    // Five classes and two files, each once: not three times ten.
    assert_eq!(said(Role::LegendText), ["BE", "BK", "CS5", "EF", "Avg", "fq_codel", "pfifo"]);
    assert!(said(Role::TickLabel).len() >= 12);
    assert!(page.notes.is_empty(), "{:?}", page.notes);
    let be = page.items.iter().find(|i| matches!(&i.shape, Shape::Text(r) if r.text == "BE")).unwrap();
    assert_eq!(be.marks.len(), 6, "BE stands for three panels and two files");
}

#[test]
fn what_does_not_fit_is_counted_and_noted() {
    let names = scenes::absurd(100, 120);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let page = layout(&scenes::cdf(&names), PageSize::default(), &Theme::light(), None);
    let labels: Vec<&str> =
        page.texts().filter(|(i, _)| i.role == Role::LegendText).map(|(_, r)| r.text.as_str()).collect();
    let more = labels.last().unwrap();
    assert_eq!(*more, format!("… and {} more", 100 - (labels.len() - 1)));
    assert!(labels.len() > 20, "{}", labels.len());
    assert!(page.notes.iter().any(|n| n.contains("of 100 legend entries")), "{:?}", page.notes);
    let caption: Vec<&str> =
        page.texts().filter(|(i, _)| i.role == Role::Caption).map(|(_, r)| r.text.as_str()).collect();
    assert!(caption[0].starts_with("left out of labels: batch-2019-05-04T120000-"), "{caption:?}");
}

#[test]
fn the_same_scene_gives_the_same_bytes() {
    let scene = scenes::all_scaled(&["a", "b"], 500);
    let pages: Vec<Page> = (0..2).map(|_| layout(&scene, PageSize::default(), &Theme::light(), None)).collect();
    assert_eq!(pages[0], pages[1]);
    assert_eq!(render::svg(&pages[0]), render::svg(&pages[1]));
    assert_eq!(render::png(&pages[0], 1.0).unwrap(), render::png(&pages[1], 1.0).unwrap());
    assert_eq!(render::pdf(&pages[0]).unwrap(), render::pdf(&pages[1]).unwrap());
    assert_eq!(serde_json::to_string(&pages[0]).unwrap(), serde_json::to_string(&pages[1]).unwrap());
}

/// Highest and lowest point of lines in each column of half a point.
fn extent_of_columns(runs: &[Vec<Pt>], left: f32, columns: usize) -> Vec<(f32, f32)> {
    let mut out = vec![(f32::MAX, f32::MIN); columns];
    for (a, b) in runs.iter().flat_map(|r| r.windows(2).map(|w| (w[0], w[1]))) {
        let column = |x: f32| ((x - left) * 2.0).floor() as usize;
        for (c, (top, low)) in out.iter_mut().enumerate().take(column(b.x) + 1).skip(column(a.x)) {
            let edges = (left + c as f32 * 0.5, left + (c + 1) as f32 * 0.5);
            let y =
                |x: f32| if b.x > a.x { a.y + (b.y - a.y) * ((x - a.x) / (b.x - a.x)).clamp(0.0, 1.0) } else { a.y };
            for y in [y(edges.0.max(a.x)), y(edges.1.min(b.x)), if b.x < edges.1 { b.y } else { y(edges.1) }] {
                (*top, *low) = (top.min(y), low.max(y));
            }
        }
    }
    out
}

#[test]
fn decimation_does_not_change_the_picture() {
    // 200 000 points on 576 points of width.
    let mut scene = scenes::busiest(1, 200_000);
    scene.panels[0].legend = None;
    scene.title.clear();
    scene.figure_text.clear();
    let page = layout(&scene, PageSize::default(), &Theme::light(), None);
    let data = page.items.iter().find(|i| i.role == Role::Data).unwrap();
    let Shape::Path { runs: drawn, .. } = &data.shape else { panic!("a line") };
    assert!(drawn.iter().map(Vec::len).sum::<usize>() < 6000);
    let Mark::Line(line) = &scene.panels[0].axes[0].marks[0] else { panic!("a line") };
    let (frame, rect) = (page.panels[0].axes[0], page.panels[0].rect);
    let mut full = vec![Vec::new()];
    for (x, y) in line.x.iter().zip(line.y.iter()) {
        if y.is_nan() {
            full.push(Vec::new());
        } else {
            full.last_mut().unwrap().push(Pt { x: frame.x.place(x), y: frame.y.place(y) });
        }
    }
    let columns = (rect.w * 2.0) as usize;
    let (shown, wanted) = (extent_of_columns(drawn, rect.x, columns), extent_of_columns(&full, rect.x, columns));
    for (column, (s, w)) in shown.iter().zip(&wanted).enumerate() {
        // Steep flanks may move sideways by less than a tenth of a point: compare with the neighbours' extents too.
        let near = &wanted[column.saturating_sub(1)..(column + 2).min(columns)];
        let widest = near.iter().fold((f32::MAX, f32::MIN), |a, b| (a.0.min(b.0), a.1.max(b.1)));
        assert!(s.0 >= widest.0 - 0.1 && s.1 <= widest.1 + 0.1, "column {column}: {s:?} beyond {widest:?}");
        let near = &shown[column.saturating_sub(1)..(column + 2).min(columns)];
        let widest = near.iter().fold((f32::MAX, f32::MIN), |a, b| (a.0.min(b.0), a.1.max(b.1)));
        assert!(w.0 >= widest.0 - 0.1 && w.1 <= widest.1 + 0.1, "column {column}: {w:?} missing from {widest:?}");
    }
}

#[test]
fn a_zoomed_view_shows_its_limits_and_stays_inside() {
    let scene = scenes::totals(Scale::Log10, true);
    let view = View { zooms: vec![Zoom { panel: 0, axes: 0, x: Some((40.0, 60.0)), y: None }] };
    let page = layout(&scene, PageSize::default(), &Theme::light(), Some(&view));
    check(&page, "zoomed");
    let (lo, hi) = page.panels[0].axes[0].x.limits();
    assert!((lo - 40.0).abs() < 1e-9 && (hi - 60.0).abs() < 1e-9);
    assert_ne!(page, layout(&scene, PageSize::default(), &Theme::light(), None));
}

#[test]
fn directions_that_share_a_panel_have_their_hues() {
    let scene = scenes::totals(Scale::Linear, false);
    let theme = Theme::light();
    let page = layout(&scene, PageSize::default(), &theme, None);
    let inks: Vec<_> = page
        .items
        .iter()
        .filter(|i| i.role == Role::Data)
        .filter_map(|i| if let Shape::Path { stroke, .. } = &i.shape { Some(stroke.ink) } else { None })
        .collect();
    assert_eq!(inks, [theme.down[0], theme.up[0], theme.latency[0]]);
    let own = theme.with_colours(&["#123456".parse().unwrap(), "#654321".parse().unwrap()]);
    let page = layout(&scene, PageSize::default(), &own, None);
    let first = page.items.iter().find(|i| i.role == Role::Data).unwrap();
    let Shape::Path { stroke, .. } = &first.shape else { panic!("a line") };
    assert_eq!(stroke.ink, own.cycle[0], "--colours wins over directions");
}

#[test]
fn svg_is_readable_and_scales_to_the_page() {
    let page = layout(&scenes::boxes(&["a<b>&\"c\"", "d"], 20), PageSize::default(), &Theme::light(), None);
    let svg = render::svg(&page);
    assert!(svg.starts_with(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"576pt\" height=\"360pt\" viewBox=\"0 0 9216 5760\""
    ));
    assert!(svg.contains("a&lt;b&gt;&amp;&quot;c&quot;"), "labels are escaped");
    assert_eq!(svg.matches("<text").count(), page.texts().count(), "text stays text");
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
    let options = usvg::Options { dpi: 72.0, ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(&svg, &options).unwrap();
    assert!((tree.size().width() - 576.0).abs() < 0.01 && (tree.size().height() - 360.0).abs() < 0.01);
}

#[test]
fn png_has_the_pixels_asked_for_and_the_colours_of_the_theme() {
    let page = layout(&scenes::cdf(&["a"]), PageSize::inches(6.4, 4.8), &Theme::dark(), None);
    let image = resvg::tiny_skia::Pixmap::decode_png(&render::png(&page, 100.0 / 72.0).unwrap()).unwrap();
    assert_eq!((image.width(), image.height()), (640, 480));
    let corner = image.pixel(0, 0).unwrap();
    assert_eq!((corner.red(), corner.green(), corner.blue(), corner.alpha()), (0x1B, 0x1E, 0x23, 255));
    // The curve rises from the lower left: its colour is somewhere in the data area, and text is drawn.
    let count = |ink: fa_plot::page::Ink| {
        image.pixels().iter().filter(|p| (p.red(), p.green(), p.blue()) == (ink.0, ink.1, ink.2)).count()
    };
    assert!(count(Theme::dark().cycle[0]) > 100);
    assert!(count(Theme::dark().ink) > 50);
    assert!(render::png(&page, 1000.0).is_err(), "too large to be meant");
}

#[test]
fn pdf_has_the_size_of_the_page_and_its_text() {
    let page = layout(&scenes::cdf(&["a"]), PageSize::inches(3.5, 2.5), &Theme::paper(), None);
    let pdf = render::pdf(&page).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.starts_with("%PDF-"));
    assert!(text.contains("/MediaBox [0 0 252 180]"), "size in points");
    assert!(text.contains("DejaVuSans") && text.contains("/ToUnicode"), "text can be searched and copied");
    assert!(!text.contains("/Subtype /Image"), "all of it vector");
}

#[test]
fn a_scene_without_data_says_why() {
    let mut scene = scenes::cdf(&["a"]);
    scene.empty = Some("no file has the series 'Ping (ms) ICMP'".into());
    let page = layout(&scene, PageSize::default(), &Theme::light(), None);
    check(&page, "empty");
    assert_eq!(
        page.texts().map(|(_, r)| r.text.as_str()).collect::<Vec<_>>(),
        ["no file has the series 'Ping (ms) ICMP'"]
    );
}

#[test]
fn the_terminal_gets_a_figure_of_its_size() {
    for (columns, rows) in [(80, 24), (20, 8), (200, 60)] {
        let text = render::terminal(&scenes::all_scaled(&["a", "b"], 300), columns, rows, false);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() <= rows);
        assert!(lines.iter().all(|l| l.chars().count() <= columns), "{columns} x {rows}:\n{text}");
        assert!(text.chars().any(|c| ('\u{2801}'..='\u{28FF}').contains(&c)), "data is drawn");
    }
    let coloured = render::terminal(&scenes::cdf(&["a"]), 80, 24, true);
    assert!(coloured.contains("\x1b[38;5;"));
    assert!(!render::terminal(&scenes::cdf(&["a"]), 80, 24, false).contains('\x1b'));
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        10 => -1e3..1e3,
        2 => Just(0.0),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => -1e308..1e308,
        1 => -1e-12..1e-12,
    ]
}

prop_compose! {
    fn any_scene()(
        panels in 1..4_usize,
        files in 1..30_usize,
        label in "[ -~]{0,40}|\\PC{0,60}",
        title in proptest::collection::vec("\\PC{0,80}", 0..4),
        limits in proptest::collection::vec((number(), number()), 6),
        scales in proptest::collection::vec(0..3_u8, 6),
        flags in 0..64_u32,
        texts in proptest::collection::vec(("\\PC{0,30}", number(), number()), 0..6),
        seed in 0..1000_u64,
    ) -> Drawn {
        let scale = |i: usize| [Scale::Linear, Scale::Log2, Scale::Log10][usize::from(scales[i])];
        let panel = |p: usize| {
            let mut noise = Noise::new(seed + p as u64);
            let marks = |side: usize| (0..files).map(|f| {
                let n = 1 + (noise_of(seed, f) * 80.0) as usize;
                let (x, y) = scenes::wander(seed + (f * 3 + side) as u64, n, 10.0, 30.0);
                let mut style = scenes::style(Colour::Cycle(f));
                if f % 3 == 1 {
                    style.marker = Some((Marker::Star, 3));
                    style.dash = style.dash.filter(|_| f % 2 == 0);
                }
                let label = (f % 5 != 4).then(|| format!("{label} {f} - {label}"));
                Mark::Line(Line { id: scenes::id("s", f, p, Flavour::Other), label, x, y, style })
            }).collect::<Vec<_>>();
            let mut x = scenes::axis(&label, limits[p]);
            x.scale = scale(p);
            if flags & 1 != 0 {
                x.quantity = Quantity::UnixTime;
            }
            if flags & 2 != 0 {
                x.ticks = Some((0..files * 3).map(|i| (i as f64, format!("{label}{i}"))).collect());
            }
            let mut y = scenes::axis(&label, limits[3 + p % 3]);
            y.scale = scale(3 + p % 3);
            let mut first = scenes::axes(x.clone(), y.clone(), Side::Left, marks(0));
            first.texts = texts.iter().map(|(text, x, y)| DataText { x: *x, y: *y, text: text.clone() }).collect();
            let mut axes = vec![first];
            if flags & 4 != 0 {
                axes.push(scenes::axes(x, y, Side::Right, marks(1)));
            }
            let mut out = scenes::panel(axes, if flags & 8 != 0 { &label } else { "" }, flags & 16 != 0 || p == 2);
            out.dividers = vec![noise.next() * 100.0];
            out.title = (flags & 32 != 0).then(|| label.clone());
            out
        };
        let mut out = scenes::scene("random", PlotType::Timeseries, (0..panels).map(panel).collect());
        out.title = title;
        out.figure_note = Some(label.clone());
        Drawn(out)
    }
}

/// A scene whose data is not printed when a test fails.
struct Drawn(Scene);

impl std::fmt::Debug for Drawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "title {:?}", self.0.title)?;
        for panel in &self.0.panels {
            for axes in &panel.axes {
                write!(f, "\n  {:?}\n  {:?}\n  texts {:?}, {} marks", axes.x, axes.y, axes.texts, axes.marks.len())?;
            }
            write!(f, "\n  legend {:?}, dividers {:?}", panel.legend, panel.dividers)?;
        }
        Ok(())
    }
}

fn noise_of(seed: u64, i: usize) -> f64 {
    Noise::new(seed * 31 + i as u64).next()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_drawn_obeys_the_rules(scene in any_scene(), width_pt in 100.0_f32..1600.0, height_pt in 80.0_f32..1200.0) {
        let page = layout(&scene.0, PageSize { width_pt, height_pt }, &Theme::light(), None);
        check(&page, "random");
        let svg = render::svg(&page);
        prop_assert!(!svg.contains("NaN"));
        prop_assert!(usvg::roxmltree::Document::parse(&svg).is_ok(), "not XML");
    }
}
