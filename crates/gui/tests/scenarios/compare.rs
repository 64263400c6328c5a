//! Several files or views: ticking, linking, same scales, differences.

use crate::common::{
    LONG, PING, SHORT, Window, act, docs, focused, has, labels, ping, sample, save, viewer, viewer_mut, wave, window,
};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fa_gui::state::{Action, Panel, XKind};
use fa_plot::scene::Mark;

#[test]
fn s04_a_second_file_is_drawn_too_and_the_plot_keeps_its_room() {
    let mut window = window(&[sample(LONG), sample(SHORT)]);
    let before = labels(&window, "Mark ").len();
    let title = viewer(&window).state.library.get(docs(&window)[1]).unwrap().title();
    let name = format!("Show {title}");
    let node = window.get_by_label(&name);
    node.click();
    window.run();
    assert_eq!(focused(&window).docs.len(), 2);
    assert_eq!(labels(&window, "Mark ").len(), 2 * before);
    let view = focused(&window).id;
    let page = viewer_mut(&mut window).page(view).unwrap();
    let share = page.panels[0].rect.w / page.size.width_pt;
    assert!(share >= 0.55, "data has {share} of the width");
}

#[test]
fn s05_a_file_of_another_test_is_explained_and_common_plots_are_offered() {
    let mut window = window(&[sample(LONG), sample(PING)]);
    let both = docs(&window);
    let view = focused(&window).id;
    act(&mut window, Action::SetPlot(view, "upload".into()));
    act(&mut window, Action::Tick(both[1]));
    assert!(has(&window, "has none of the series of upload"));
    assert!(has(&window, "Plots that show all:"));
    let offered =
        window.query_all_by_label_contains("ping").find(|n| n.accesskit_node().label().as_deref() == Some("ping"));
    offered.expect("the plot of pings is one of them").click();
    window.run();
    assert_eq!(focused(&window).plot.as_deref(), Some("ping"));
    assert!(!has(&window, "has none of the series of"));
}

#[test]
fn s17_two_views_share_their_time_axis_until_unlinked() {
    let mut window = window(&[sample(LONG)]);
    let first = focused(&window).id;
    act(&mut window, Action::Duplicate(first));
    let second = focused(&window).id;
    act(&mut window, Action::Dock(second, second, fa_gui::state::panes::Side::Right));
    act(&mut window, Action::ZoomX(first, XKind::Run, Some((8.0, 12.0))));
    let limits = |window: &mut Window, view| viewer_mut(window).page(view).unwrap().panels[0].axes[0].x.limits();
    assert_eq!((limits(&mut window, first), limits(&mut window, second)), ((8.0, 12.0), (8.0, 12.0)));
    let button = window.query_all_by_label("linked").next().expect("a button in each view");
    button.click();
    window.run();
    act(&mut window, Action::ZoomX(first, XKind::Run, Some((9.0, 10.0))));
    assert_ne!(limits(&mut window, first), limits(&mut window, second));
}

#[test]
fn s18_same_scale_spans_what_both_views_show() {
    let mut window = window(&[sample(LONG), sample(SHORT)]);
    let first = focused(&window).id;
    act(&mut window, Action::SetPlot(first, "ping".into()));
    let other = docs(&window)[1];
    act(&mut window, Action::NewView(Some(other)));
    let second = focused(&window).id;
    act(&mut window, Action::SetPlot(second, "ping".into()));
    act(&mut window, Action::Dock(second, second, fa_gui::state::panes::Side::Right));
    let limits = |window: &mut Window, view| viewer_mut(window).page(view).unwrap().panels[0].axes[0].y.limits();
    let (a, b) = (limits(&mut window, first), limits(&mut window, second));
    assert_ne!(a, b);
    act(&mut window, Action::ToggleSameScale(first));
    act(&mut window, Action::ToggleSameScale(second));
    let (c, d) = (limits(&mut window, first), limits(&mut window, second));
    assert_eq!((c, d), ((a.0.min(b.0), a.1.max(b.1)), (a.0.min(b.0), a.1.max(b.1))));
    act(&mut window, Action::ToggleSameScale(first));
    assert_eq!(limits(&mut window, first), a);
}

#[test]
fn s25_time_of_day_keeps_runs_apart() {
    let dir = tempfile::tempdir().unwrap();
    let a = save(dir.path(), "a.flent.gz", &ping("a", "a", 1.6e9, &wave(50)));
    let b = save(dir.path(), "b.flent.gz", &ping("b", "b", 1.6e9 + 20.0, &wave(50)));
    let mut window = window(&[a, b]);
    let second = docs(&window)[1];
    act(&mut window, Action::Tick(second));
    window.get_by_label("time of day").click();
    window.run();
    let scene = viewer(&window).figure(focused(&window).id).unwrap().scene.clone().unwrap();
    let starts: Vec<f64> = scene.panels[0].axes[0]
        .marks
        .iter()
        .filter_map(|m| if let Mark::Line(l) = m { l.x.first() } else { None })
        .collect();
    let (first, last) = (starts[0], starts[starts.len() - 1]);
    assert!((last - first - 20.0).abs() < 1e-3, "{starts:?}");
}

#[test]
fn s26_differences_list_only_what_differs_and_pins_stay() {
    let dir = tempfile::tempdir().unwrap();
    let make = |name: &str, qdisc: &str| {
        let mut set = ping(name, name, 1.6e9, &wave(20));
        set.metadata.set("QDISC", qdisc);
        set.metadata.set("KERNEL", "6.1");
        save(dir.path(), &format!("{name}.flent.gz"), &set)
    };
    let mut window = window(&[make("a", "codel"), make("b", "pie")]);
    let second = docs(&window)[1];
    act(&mut window, Action::Tick(second));
    act(&mut window, Action::ShowPanel(Panel::Metadata));
    window.get_by_label("Differences").click();
    window.run();
    assert!(has(&window, "QDISC") && has(&window, "codel") && has(&window, "pie"));
    assert!(!has(&window, "KERNEL"), "the same in both");
    act(&mut window, Action::TogglePin("KERNEL".into()));
    act(&mut window, Action::NewView(Some(second)));
    assert!(has(&window, "KERNEL") && has(&window, "6.1"), "pinned in every view");
}
