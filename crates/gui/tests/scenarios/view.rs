//! One figure: plot, settings, zoom, the sample under the pointer, gaps.

use crate::common::{
    LONG, PING, act, docs, drag, focused, has, labels, on_panel, ping, sample, save, viewer, viewer_mut, wave, window,
};
use eframe::egui::{Key, Modifiers, PointerButton, vec2};
use egui_kittest::kittest::Queryable as _;
use fa_gui::figure::{hover, paint};
use fa_gui::state::{Action, XKind};
use fa_plot::page::Pt;
use fa_plot::scene::Mark;

#[test]
fn s02_one_file_shows_its_tests_own_plot_with_a_node_per_series() {
    let window = window(&[sample(LONG)]);
    assert!(has(&window, "Figure all_scaled"), "the plot that rrul opens with");
    let marks = labels(&window, "Mark ");
    let scene = viewer(&window).figure(focused(&window).id).unwrap().scene.clone().unwrap();
    let lines: usize = scene.panels.iter().flat_map(|p| &p.axes).map(|a| a.marks.len()).sum();
    assert_eq!(marks.len(), lines);
    assert!(
        marks.iter().any(|m| m.contains("TCP upload") && m.contains("median") && m.contains("samples")),
        "{marks:?}"
    );
}

#[test]
fn s13_another_plot_keeps_the_part_of_the_time_axis() {
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    act(&mut window, Action::ZoomX(view, XKind::Run, Some((8.0, 12.0))));
    act(&mut window, Action::SetPlot(view, "ping".into()));
    let page = viewer_mut(&mut window).page(view).unwrap();
    assert_eq!(page.panels[0].axes[0].x.limits(), (8.0, 12.0));
}

#[test]
fn s14_a_setting_keeps_the_zoom() {
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    act(&mut window, Action::ZoomX(view, XKind::Run, Some((8.0, 12.0))));
    window.get_by_label("Zero y").click();
    window.run();
    assert!(focused(&window).options.zero_y);
    let page = viewer_mut(&mut window).page(view).unwrap();
    assert_eq!(page.panels[0].axes[0].x.limits(), (8.0, 12.0));
    assert!(has(&window, "1 changed"));
    window.get_by_label("Reset Zero y").click();
    window.run();
    assert!(!focused(&window).options.zero_y);
}

#[test]
fn s15_a_plot_that_cannot_be_drawn_says_why() {
    let mut window = window(&[sample(PING)]);
    window.get_by_label_contains("Plot: ").click();
    window.run();
    assert!(!labels(&window, "cannot be drawn: the test has none of its series").is_empty());
    let dir = tempfile::tempdir().unwrap();
    let mut set = ping("rrul", "no load", 1.6e9, &wave(50));
    set.metadata.set("NAME", "rrul");
    let mut other = crate::common::window(&[save(dir.path(), "a.flent.gz", &set)]);
    other.get_by_label_contains("Plot: ").click();
    other.run();
    let reasons = labels(&other, "cannot be drawn: the file lacks TCP");
    assert!(reasons.iter().any(|r| r.starts_with("upload ")), "{reasons:?}");
}

#[test]
fn s16_a_box_is_zoomed_to_and_left_again() {
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    let whole = viewer_mut(&mut window).page(view).unwrap().panels[0].axes[0].x.limits();
    let (a, b) = (on_panel(&mut window, 0, 0.25, 0.25), on_panel(&mut window, 0, 0.75, 0.75));
    drag(&mut window, a, b, PointerButton::Secondary, Modifiers::NONE);
    let zoomed = viewer_mut(&mut window).page(view).unwrap().panels[0].axes[0].x.limits();
    let span = |l: (f64, f64)| l.1 - l.0;
    assert!((span(zoomed) / span(whole) - 0.5).abs() < 0.02, "{zoomed:?} of {whole:?}");
    window.key_press_modifiers(Modifiers::ALT, Key::ArrowLeft);
    window.run();
    assert_eq!(viewer_mut(&mut window).page(view).unwrap().panels[0].axes[0].x.limits(), whole);
}

#[test]
fn s22_the_sample_under_the_pointer_is_exact() {
    let dir = tempfile::tempdir().unwrap();
    let mut values = wave(100);
    values[40] = 23.456_789_012_3;
    let path = save(dir.path(), "a.flent.gz", &ping("a", "a", 1.6e9, &values));
    let mut window = window(&[path]);
    let view = focused(&window).id;
    let page = viewer_mut(&mut window).page(view).unwrap();
    let axes = page.panels[0].axes[0];
    let at = Pt { x: axes.x.place(4.0), y: axes.y.place(values[40]) };
    let figure = viewer(&window).figure(view).unwrap().clone();
    let hit = hover::nearest(figure.scene.as_ref().unwrap(), &figure.pyramids, &page, at).expect("a sample");
    assert_eq!(hit.text[0], "23.4567890123 ms");
    // And on the screen: the marker and the card appear when the pointer comes near.
    let origin = window.get_by_label_contains("Figure ").rect().min;
    window.hover_at(paint::place(at, origin) + vec2(2.0, 2.0));
    window.run();
    assert!(has(&window, "t = 4.000 s"), "the status line says when");
}

#[test]
fn s23_gaps_break_lines_and_losses_are_known_at_every_zoom() {
    let dir = tempfile::tempdir().unwrap();
    let mut values = wave(3000);
    for lost in [700, 701, 1500] {
        values[lost] = f64::NAN;
    }
    values[2000] = 900.0;
    let path = save(dir.path(), "a.flent.gz", &ping("a", "a", 1.6e9, &values));
    let mut window = window(&[path]);
    let doc = viewer(&window).state.library.get(docs(&window)[0]).unwrap();
    let losses = doc.losses.as_ref().unwrap()["Ping (ms) ICMP"].clone();
    assert_eq!(losses.iter().map(|t| (t * 10.0).round() as i64).collect::<Vec<_>>(), [700, 701, 1500]);
    let view = focused(&window).id;
    for span in [300.0, 3000.0, 30_000.0] {
        act(&mut window, Action::ZoomX(view, XKind::Run, Some((200.0 - span / 2.0, 200.0 + span / 2.0))));
        let page = viewer_mut(&mut window).page(view).unwrap();
        let axes = page.panels[0].axes[0];
        let top = axes.y.place(900.0);
        let reached = page.items.iter().any(|item| match &item.shape {
            fa_plot::page::Shape::Path { runs, .. } => runs.iter().flatten().any(|p| (p.y - top).abs() < 0.2),
            _ => false,
        });
        assert!(reached, "the highest sample is drawn when {span} s are shown");
    }
}

#[test]
fn s24_a_logarithmic_axis_with_zeros_warns_and_keeps_the_points() {
    let dir = tempfile::tempdir().unwrap();
    let mut values = wave(50);
    values[10] = 0.0;
    values[11] = -3.0;
    let path = save(dir.path(), "a.flent.gz", &ping("a", "a", 1.6e9, &values));
    let mut window = window(&[path]);
    let view = focused(&window).id;
    window.get_by_label("log").click();
    window.run();
    assert!(focused(&window).options.log_scale_y.is_some());
    let scene = viewer(&window).figure(view).unwrap().scene.clone().unwrap();
    let Mark::Line(line) = &scene.panels[0].axes[0].marks[0] else { panic!("a line") };
    assert_eq!(line.y.len(), 50, "no point is dropped");
    let page = viewer_mut(&mut window).page(view).unwrap();
    assert!(page.panels[0].axes[0].y.limits().0 > 0.0);
}
