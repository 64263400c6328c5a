//! Marking, cursors, legend.

use crate::common::{LONG, Window, act, docs, drag, focused, has, on_panel, sample, viewer, window};
use eframe::egui::{Modifiers, PointerButton};
use egui_kittest::kittest::Queryable as _;
use fa_analyze::cutoff::Cutoff;
use fa_analyze::run::Run;
use fa_analyze::summary::{Summary, SummaryOptions};
use fa_gui::state::{Action, Panel};
use fa_plot::scene::Mark;

#[test]
fn s19_a_brush_gives_the_statistics_of_exactly_that_part() {
    let mut window = window(&[sample(LONG)]);
    let (a, b) = (on_panel(&mut window, 0, 0.3, 0.5), on_panel(&mut window, 0, 0.6, 0.5));
    drag(&mut window, a, b, PointerButton::Primary, Modifiers::SHIFT);
    let (from, to) = focused(&window).brush.expect("marked");
    assert!(has(&window, "Marked: "), "the panel is shown");
    let loaded = viewer(&window).state.library.loaded(docs(&window)[0]).unwrap().clone();
    let run = Run::new(&loaded.set, &loaded.expanded);
    let cutoff = Some(Cutoff { start: from, end: to });
    let expected = Summary::new(&run, &loaded.expanded, SummaryOptions { cutoff, children: false });
    let row = expected.rows.iter().find(|r| r.series == "Ping (ms) ICMP").expect("a probe");
    assert!(row.n > 5);
    for text in
        [row.n.to_string(), fa_analyze::summary::short(row.p50.unwrap()), fa_analyze::summary::short(row.p99.unwrap())]
    {
        assert!(has(&window, &text), "{text}");
    }
    window.get_by_label("Use as cut-off").click();
    window.run();
    assert_eq!(focused(&window).options.data_cutoff, Some((from, to)));
}

#[test]
fn s20_two_cursors_show_values_and_their_difference() {
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    act(&mut window, Action::Cursor(view, 0, Some(5.0)));
    act(&mut window, Action::Cursor(view, 1, Some(12.5)));
    act(&mut window, Action::ShowPanel(Panel::Stats));
    assert!(has(&window, "Cursor 1: 5.000 s") && has(&window, "Cursor 2: 12.500 s") && has(&window, "Δt = 7.500 s"));
}

#[test]
fn s20_cursors_are_moments_of_the_run_whatever_the_axis_counts() {
    use eframe::egui::Key;
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    act(&mut window, Action::SetOption(view, "absolute-time", vec![String::new()]));
    window.key_press(Key::C);
    window.run();
    let set = focused(&window).cursors;
    assert!(set.len() == 1 && (0.0..1000.0).contains(&set[0]), "seconds of the run: {set:?}");
    window.key_press(Key::CloseBracket);
    window.run();
    let next = focused(&window).cursors;
    assert!(next[0] > set[0] && next[0] < set[0] + 1.0, "{next:?}");
    act(&mut window, Action::ShowPanel(Panel::Stats));
    // The time of day, and the values there.
    let doc = docs(&window)[0];
    let t0 = viewer(&window).state.library.loaded(doc).unwrap().set.metadata.t0_unix().unwrap();
    assert!(has(&window, &format!("Cursor 1: {}", fa_gui::figure::hover::utc(t0 + next[0]))));
    act(&mut window, Action::SetOption(view, "absolute-time", Vec::new()));
    assert!(has(&window, &format!("Cursor 1: {:.3} s", next[0])));
    // A distribution has no moments.
    act(&mut window, Action::Cursor(view, 0, None));
    act(&mut window, Action::SetPlot(view, "ping_cdf".into()));
    window.key_press(Key::C);
    window.run();
    assert!(focused(&window).cursors.is_empty());
    assert!(viewer(&window).state.status.contains("no axis of time"), "{}", viewer(&window).state.status);
}

#[test]
fn s21_legend_entries_hide_isolate_and_hiding_everything_is_safe() {
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    let scene = |window: &Window| viewer(window).figure(view).unwrap().scene.clone().unwrap();
    let drawn = |window: &Window| {
        let scene = scene(window);
        let marks = scene.panels.iter().flat_map(|p| &p.axes).flat_map(|a| &a.marks);
        marks.filter(|m| matches!(m, Mark::Line(l) if !l.x.is_empty())).count()
    };
    let all = drawn(&window);
    let entry = window.query_all_by_label_contains("Legend BE").next().expect("an entry");
    entry.click();
    window.run();
    assert_eq!(drawn(&window), all - 1);
    assert!(has(&window, "1 hidden: show all"));
    window.get_by_label("1 hidden: show all").click();
    window.run();
    assert_eq!(drawn(&window), all);
    let entry = window.query_all_by_label_contains("Legend BE").next().expect("an entry");
    entry.click_modifiers(Modifiers::ALT);
    window.run();
    assert_eq!(drawn(&window), 1, "alone");
    for name in viewer(&window).state.series_of(view) {
        if focused(&window).shows(&name, docs(&window)[0]) {
            act(&mut window, Action::ToggleSeries(view, name, None));
        }
    }
    assert_eq!(drawn(&window), 0);
    act(&mut window, Action::ShowAllSeries(view));
    assert_eq!(drawn(&window), all);
}
