//! More that people do in the window: views of their own windows, layouts, samples, tags, the order of legends, the strip of
//! the whole run. Controls are found by the names that a screen reader tells.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use std::path::PathBuf;

use common::{
    LONG, PING, SHORT, Window, act, docs, focused, has, labels, sample, viewer, viewer_mut, window, window_with,
};
use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2, pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fa_gui::Options;
use fa_gui::state::columns::Column;
use fa_gui::state::panes::Side;
use fa_gui::state::{Action, DocState, Panel, XKind};
use fa_plot::options::FigureOptions;
use fa_plot::scene::{Colour, Mark};

fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
    let press = |pos, pressed| Event::PointerButton { pos, button, pressed, modifiers };
    window.event(Event::PointerMoved(from));
    window.step();
    window.event(press(from, true));
    window.step();
    for i in 1..=6 {
        window.event(Event::PointerMoved(from + (to - from) * (i as f32 / 6.0)));
        window.step();
    }
    window.event(press(to, false));
    window.run();
}

fn click(window: &mut Window, at: Pos2) {
    let press =
        |pressed| Event::PointerButton { pos: at, button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE };
    window.event(Event::PointerMoved(at));
    window.step();
    window.event(press(true));
    window.event(press(false));
    window.run();
}

/// Options of the command that draws the focused view again.
fn command_options(window: &Window) -> FigureOptions {
    let command = viewer(window).state.command_of(focused(window).id).expect("a command");
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    let mut options = FigureOptions::default();
    for word in words.iter().filter_map(|w| w.strip_prefix("--")) {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        options.set(name, value).unwrap();
    }
    options
}

/// Labels of the legend of a panel of the focused view's figure.
fn legend(window: &Window, panel: usize) -> Vec<String> {
    let scene = viewer(window).figure(focused(window).id).unwrap().scene.clone().unwrap();
    scene.panels[panel].legend.as_ref().unwrap().entries.iter().map(|entry| entry.label.clone()).collect()
}

#[test]
fn a_view_gets_a_window_of_its_own_by_key_and_comes_back_by_its_button() {
    let mut window = window(&[sample(LONG), sample(PING)]);
    let second = docs(&window)[1];
    act(&mut window, Action::NewView(Some(second)));
    let view = focused(&window).id;
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::F);
    window.run();
    assert_eq!(viewer(&window).state.workspace.floating, [view]);
    assert!(has(&window, "Figure all_scaled") && has(&window, "Figure ping"), "both are shown");
    let title = viewer(&window).state.library.get(second).unwrap().title();
    window.get_by_label(&format!("Dock view ping · {title}")).click();
    window.run();
    assert!(viewer(&window).state.workspace.floating.is_empty());
    assert_eq!(viewer(&window).state.workspace.panes.views().len(), 2);
    // From the menu of its tab.
    window.get_by_label_contains("View ping").click_button(PointerButton::Secondary);
    window.run();
    window.get_by_label("Into a window of its own").click();
    window.run();
    assert_eq!(viewer(&window).state.workspace.floating, [view]);
}

#[test]
fn tabs_say_what_differs_and_tell_screen_readers_everything() {
    let mut window = window(&[sample(LONG), sample(SHORT)]);
    let second = docs(&window)[1];
    act(&mut window, Action::NewView(Some(second)));
    for full in ["View all_scaled · 300 ms buffer", "View all_scaled · 20 ms buffer"] {
        assert_eq!(labels(&window, full).len(), 1, "{full}");
    }
    // A closed view comes back with its settings.
    let view = focused(&window).id;
    act(&mut window, Action::SetOption(view, "zero-y", vec![String::new()]));
    window.key_press_modifiers(Modifiers::COMMAND, Key::W);
    window.run();
    assert_eq!(viewer(&window).state.workspace.views.len(), 1);
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::T);
    window.run();
    assert!(focused(&window).options.zero_y);
}

#[test]
fn the_empty_window_shows_samples_without_any_file_of_ones_own() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { state_dir: Some(dir.path().to_owned()), ..Options::default() };
    let mut window = window_with(options, [1360.0, 900.0]);
    assert_eq!(labels(&window, "Sample: ").len(), 3);
    window.get_by_label("Sample: Two buffers compared").click();
    window.run();
    let view = focused(&window);
    assert_eq!((view.docs.len(), view.plot.as_deref()), (2, Some("ping_cdf")));
    assert!(has(&window, "Figure ping_cdf: 2 files"));
    assert!(viewer(&window).state.library.iter().all(|(_, doc)| doc.state == DocState::Ready));
    assert!(!dir.path().join("recent.json").exists(), "samples are not what somebody worked on lately");
}

#[test]
fn a_file_is_explained_before_it_is_opened() {
    let mut window = window_with(Options::default(), [1000.0, 800.0]);
    window.get_by_label("What is this file?").click();
    window.run();
    let path = window.get_by_label("Path");
    path.focus();
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.get_by_label("Path").type_text(&sample(PING).display().to_string());
    window.run();
    window.get_by_label("Go").click();
    window.run();
    assert!(has(&window, "A data file of a network test") && has(&window, "Test: ping"));
    assert!(docs(&window).is_empty(), "nothing is opened by asking");
    window.get_by_label("Open it").click();
    window.run();
    assert!(has(&window, "Figure ping"));
}

#[test]
fn files_are_tagged_from_their_menu_and_found_by_tag() {
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = [LONG, PING]
        .iter()
        .map(|name| {
            std::fs::copy(sample(name), dir.path().join(name)).unwrap();
            dir.path().join(name)
        })
        .collect();
    let mut window = window(&files);
    assert!(!labels(&window, "Status: read").is_empty(), "a status for every row");
    let title = viewer(&window).state.library.get(docs(&window)[1]).unwrap().title();
    let cell = window.query_all_by_value(&title).next().or_else(|| window.query_all_by_label(&title).next());
    cell.expect("the row").click_button(PointerButton::Secondary);
    window.run();
    assert!(has(&window, "Show in the file manager"));
    window.get_by_label_contains("Tags").hover();
    window.run();
    if window.query_by_label("Tag good").is_none() {
        window.get_by_label_contains("Tags").click();
        window.run();
    }
    window.get_by_label("Tag good").click();
    window.run();
    let beside = std::fs::read_to_string(dir.path().join(format!("{PING}.notes.json"))).unwrap();
    assert!(beside.contains("#good"), "{beside}");
    assert!(viewer(&window).state.workspace.table.columns.contains(&Column::Tags));
    act(&mut window, Action::Filter("tag:good".into()));
    assert!(has(&window, "1 of 2 files"));
    act(&mut window, Action::Filter("tag:bad".into()));
    assert!(has(&window, "0 of 2 files"));
}

#[test]
fn a_file_that_cannot_be_shown_in_the_file_manager_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.flent.gz");
    std::fs::copy(sample(PING), &path).unwrap();
    let mut window = window(std::slice::from_ref(&path));
    std::fs::remove_file(&path).unwrap();
    let doc = docs(&window)[0];
    act(&mut window, Action::Reveal(doc));
    assert!(viewer(&window).state.problems.iter().any(|p| p.text.contains("nothing to show")));
    assert!(has(&window, "nothing to show"), "in the status line");
}

#[test]
fn the_plot_selector_has_pictures_of_plots_in_sight_and_reasons_for_the_others() {
    let mut window = window(&[sample(LONG)]);
    window.get_by_label_contains("Plot: ").click();
    window.run();
    for _ in 0..8 {
        window.step();
    }
    window.run();
    let made = viewer(&window).pictures();
    let offered = labels(&window, "Draw ").len();
    assert!(made >= 3 && made <= offered, "{made} pictures of {offered} plots: those in sight");
    window.get_by_label("Search plots").focus();
    window.run();
    window.get_by_label("Search plots").type_text("ping_cdf");
    window.run();
    assert!(labels(&window, "Draw ").iter().all(|l| l.contains("ping_cdf")), "{:?}", labels(&window, "Draw "));
    window.query_all_by_label_contains("Draw ping_cdf:").next().expect("the plot").click();
    window.run();
    assert_eq!(focused(&window).plot.as_deref(), Some("ping_cdf"));
    let mut idle = common::window(&[sample(PING)]);
    idle.get_by_label_contains("Plot: ").click();
    idle.run();
    assert!(!labels(&idle, "cannot be drawn: ").is_empty());
}

#[test]
fn legend_entries_are_reordered_by_dragging_and_by_keys_and_a_command_draws_the_same() {
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    act(&mut window, Action::SetPlot(view, "ping".into()));
    let before = legend(&window, 0);
    assert!(before.len() >= 4, "{before:?}");
    let entry = |window: &Window, name: &str| {
        let found = window
            .query_all_by_label_contains("Legend ")
            .find(|node| node.accesskit_node().label().is_some_and(|label| label == format!("Legend {name}")));
        found.unwrap_or_else(|| panic!("{name}: {:?}", labels(window, "Legend "))).rect().center()
    };
    // Labels on the screen leave out the host that all have in common.
    let short = |label: &str| label.strip_prefix("10.77.2.2 ").unwrap_or(label).to_owned();
    let (from, to) = (entry(&window, &short(&before[0])), entry(&window, &short(&before[2])));
    drag(&mut window, from, to);
    let dragged = legend(&window, 0);
    assert_eq!(dragged[..3], [before[1].clone(), before[2].clone(), before[0].clone()]);
    assert!(!command_options(&window).series_order.is_empty());

    // With the keyboard on an entry.
    let name = format!("Legend {}", short(&before[0]));
    let node = window.query_all_by_label_contains(&name).next().unwrap();
    node.focus();
    window.run();
    window.key_press_modifiers(Modifiers::ALT, Key::ArrowUp);
    window.run();
    let moved = legend(&window, 0);
    assert_eq!(moved[..3], [before[1].clone(), before[0].clone(), before[2].clone()]);

    // The command draws the same page.
    let options = command_options(&window);
    let loaded = viewer(&window).state.library.loaded(docs(&window)[0]).unwrap().clone();
    let sets = [fa_format::read(&sample(LONG), &fa_format::ReadOptions::default()).unwrap()];
    let scene = fa_plot::resolve::resolve("ping", &loaded.expanded, &sets, &options).unwrap();
    let (width, height) = (options.figure_width.unwrap() as f32, options.figure_height.unwrap() as f32);
    let size = fa_plot::page::PageSize::inches(width, height);
    let again = fa_plot::layout::layout(&scene, size, &fa_plot::theme::Theme::light(), None);
    let shown = viewer_mut(&mut window).page(view).unwrap();
    assert!(fa_plot::render::svg(&again) == fa_plot::render::svg(&shown));
    act(&mut window, Action::Undo);
    assert_ne!(legend(&window, 0), moved);
}

#[test]
fn files_of_a_legend_are_reordered_too() {
    let mut window = window(&[sample(LONG), sample(SHORT)]);
    let (view, all) = (focused(&window).id, docs(&window));
    act(&mut window, Action::Tick(all[1]));
    act(&mut window, Action::SetPlot(view, "box_totals".into()));
    act(&mut window, Action::SetPlot(view, "ping".into()));
    let file = window
        .query_all_by_label_contains("Legend 20 ms buffer")
        .next()
        .unwrap_or_else(|| panic!("files have entries of their own: {:?}", labels(&window, "Legend ")));
    file.focus();
    window.run();
    window.key_press_modifiers(Modifiers::ALT, Key::ArrowUp);
    window.run();
    assert_eq!(focused(&window).docs, [all[1], all[0]]);
}

#[test]
fn colours_tell_files_or_series_apart_by_one_toggle_and_in_the_command() {
    let mut window = window(&[sample(LONG), sample(SHORT)]);
    let (view, all) = (focused(&window).id, docs(&window));
    act(&mut window, Action::Tick(all[1]));
    act(&mut window, Action::SetPlot(view, "ping".into()));
    let colours = |window: &Window| -> Vec<(usize, Colour)> {
        let scene = viewer(window).figure(view).unwrap().scene.clone().unwrap();
        let marks = scene.panels[0].axes[0].marks.clone();
        marks
            .iter()
            .filter_map(|m| if let Mark::Line(l) = m { Some((l.id.file, l.style.colour)) } else { None })
            .collect()
    };
    let by_series = colours(&window);
    window.get_by_label("colour by file").click();
    window.run();
    let by_file = colours(&window);
    assert!(by_file.iter().all(|(file, colour)| *colour == Colour::Cycle(*file)), "{by_file:?}");
    assert_eq!(command_options(&window).colour_by, Some(fa_plot::options::ColourBy::File));
    window.get_by_label("colour by file").click();
    window.run();
    assert_eq!(colours(&window), by_series);
    assert_eq!(command_options(&window).colour_by, None);
}

#[test]
fn layouts_are_applied_from_the_menu_and_own_ones_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let files = vec![sample(LONG), sample(SHORT)];
    let options = Options { state_dir: Some(dir.path().to_owned()), files, ..Options::default() };
    let mut window = window_with(options.clone(), [1360.0, 860.0]);
    let second = docs(&window)[1];
    act(&mut window, Action::NewView(Some(second)));
    let menu = |window: &mut Window, entry: &str| {
        window.get_by_label("View").click();
        window.run();
        window.query_all_by_label_contains(entry).next().unwrap_or_else(|| panic!("{entry}")).click();
        window.run();
    };
    menu(&mut window, "Layout: compare");
    let w = &viewer(&window).state.workspace;
    assert_eq!(w.panes.visible().len(), 2, "side by side");
    assert!(w.shows(Panel::Metadata) && w.shows(Panel::Stats) && !w.shows(Panel::Settings));
    assert!(has(&window, "key differs") || has(&window, "keys differ"), "of the files of both views");
    menu(&mut window, "Save layout…");
    window.get_by_label("Name of the layout").type_text("two up");
    window.run();
    window.get_by_role_and_label(Role::Button, "Save layout").click();
    window.run();
    menu(&mut window, "Layout: one figure");
    assert_eq!(viewer(&window).state.workspace.panes.visible().len(), 1);
    act(&mut window, Action::ResetLayout);
    // Another window knows it.
    let again = window_with(options, [1360.0, 860.0]);
    assert_eq!(viewer(&again).state.layouts.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(), ["two up"]);
    act(&mut window, Action::ApplyLayout("two up".into()));
    assert_eq!(viewer(&window).state.workspace.panes.visible().len(), 2);
}

#[test]
fn a_file_that_cannot_be_read_moves_no_hidden_series() {
    let dir = tempfile::tempdir().unwrap();
    let broken = dir.path().join("broken.flent.gz");
    std::fs::write(&broken, b"not json at all").unwrap();
    let mut window = window(&[sample(LONG), broken, sample(SHORT)]);
    let (view, all) = (focused(&window).id, docs(&window));
    act(&mut window, Action::SetPlot(view, "ping".into()));
    act(&mut window, Action::ShowOnly(all.clone()));
    act(&mut window, Action::ToggleSeries(view, "Ping (ms) ICMP".into(), Some(all[2])));
    let scene = viewer(&window).figure(view).unwrap().scene.clone().unwrap();
    let empty: Vec<(usize, String)> = scene.panels[0].axes[0]
        .marks
        .iter()
        .filter_map(
            |m| if let Mark::Line(l) = m { l.x.is_empty().then(|| (l.id.file, l.id.series.clone())) } else { None },
        )
        .collect();
    assert_eq!(empty, [(1, "Ping (ms) ICMP".to_owned())], "the second of the two that are drawn");
    let title = viewer(&window).state.library.get(all[2]).unwrap().title();
    let told = labels(&window, "Mark Ping (ms) ICMP");
    assert!(told.iter().any(|l| l.contains(&title) && l.ends_with("hidden")), "{told:?}");
    assert!(told.iter().any(|l| !l.contains(&title) && !l.ends_with("hidden")), "{told:?}");
    let command = viewer(&window).state.command_of(view).unwrap();
    assert!(command.contains("--hide-series=2:Ping") && !command.contains("broken"), "{command}");
}

#[test]
fn the_strip_of_the_whole_run_moves_and_resizes_what_is_shown() {
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    assert!(labels(&window, "Overview").is_empty(), "everything is shown: there is nothing to find");
    act(&mut window, Action::ZoomX(view, XKind::Run, Some((8.0, 12.0))));
    let part = |window: &Window| window.get_by_label_contains("Overview: ").rect();
    let shown = |window: &Window| focused(window).zoom.x_of(XKind::Run).unwrap();
    assert!(has(&window, "Overview: 8.00–12.00 s of 0.00–26.00 s"), "{:?}", labels(&window, "Overview"));
    let whole = window.get_by_label("Overview of the whole run").rect();
    let second = whole.width() / 26.0;

    let at = part(&window).center();
    drag(&mut window, at, at + eframe::egui::vec2(5.0 * second, 0.0));
    let (a, b) = shown(&window);
    assert!((a - 13.0).abs() < 0.1 && (b - a - 4.0).abs() < 1e-9, "{a} {b}");
    let edge = window.get_by_label("Overview end").rect().center();
    drag(&mut window, edge, edge + eframe::egui::vec2(3.0 * second, 0.0));
    let (c, d) = shown(&window);
    assert!((c - a).abs() < 1e-9 && (d - b - 3.0).abs() < 0.1, "{c} {d}");

    // A click beside it brings it there; keys move and resize it.
    let target = pos2(whole.left() + 3.0 * second, whole.center().y);
    click(&mut window, target);
    let (e, f) = shown(&window);
    assert!(e.abs() < 1e-9 && (f - e - (d - c)).abs() < 1e-9, "{e} {f}: as far left as the run goes");
    window.get_by_label_contains("Overview: ").focus();
    window.run();
    window.key_press(Key::ArrowRight);
    window.run();
    assert!((shown(&window).0 - (f - e) / 10.0).abs() < 1e-9);
    window.key_press(Key::ArrowUp);
    window.run();
    let (g, h) = shown(&window);
    assert!((h - g - (f - e) / 1.3).abs() < 1e-9);

    // The figure above it is still exactly what is exported.
    let page = viewer_mut(&mut window).page(view).unwrap();
    assert_eq!(page.panels[0].axes[0].x.limits(), (g, h));
    window.key_press(Key::O);
    window.run();
    assert!(labels(&window, "Overview").is_empty(), "switched off");
    window.key_press(Key::O);
    window.run();
    window.key_press(Key::Num0);
    window.run();
    assert!(labels(&window, "Overview").is_empty(), "everything is shown again");
}

#[test]
fn values_at_cursors_are_told_with_their_whole_labels() {
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    act(&mut window, Action::SetPlot(view, "ping".into()));
    act(&mut window, Action::Cursor(view, 0, Some(6.0)));
    act(&mut window, Action::ShowPanel(Panel::Stats));
    assert!(has(&window, "10.77.2.2 UDP EF") || has(&window, "10.77.2.2 ICMP"), "not cut to 10.7…");
}

#[test]
fn notes_are_no_problems() {
    let mut window = window(&[sample(PING)]);
    act(&mut window, Action::ShowPanel(Panel::Problems));
    let note = fa_gui::state::Problem::note("started a server for this run");
    act(&mut window, Action::Problem(note));
    assert!(has(&window, "started a server"));
    assert!(!has(&window, "Problems 1") && !has(&window, "1 problem"));
    act(&mut window, Action::Problem(fa_gui::state::Problem::warning("odd")));
    assert!(has(&window, "Problems 1") && has(&window, "1 problem"));
}

#[test]
fn a_tab_dragged_to_a_side_splits_and_the_split_is_kept() {
    let mut window = window(&[sample(LONG)]);
    let first = focused(&window).id;
    act(&mut window, Action::Duplicate(first));
    let second = focused(&window).id;
    act(&mut window, Action::Dock(second, first, Side::Right));
    assert_eq!(viewer(&window).state.workspace.visible(), [first, second]);
    assert_eq!(labels(&window, "Figure all_scaled").len(), 2);
}
