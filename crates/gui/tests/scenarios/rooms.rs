//! Small windows, menus and dialogs, windows of views: what was found by hand in a real window.

use crate::common::{LONG, SHORT, Window, act, docs, focused, has, sample, viewer, viewer_mut, window, window_with};
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{By, NodeT as _, Queryable as _};
use fa_gui::Options;
use fa_gui::state::commands::Dialog;
use fa_gui::state::{Action, FigureFile, Panel, RunRequest, WindowPlace, session};
use fa_plot::options::FigureOptions;
use fa_plot::render::Format;
use fa_plot::theme::Theme;

#[test]
fn a_small_window_shows_one_panel_at_a_time_and_keeps_what_a_wide_one_shows() {
    let files = vec![sample(LONG), sample(SHORT)];
    let mut window = window_with(Options { files, ..Options::default() }, [800.0, 600.0]);
    let figure = |window: &Window| window.query_by_label_contains("Figure all_scaled").map(|node| node.rect());
    let panels = viewer(&window).state.workspace.panels.clone();
    assert!(window.query_by_label("Filter files").is_none(), "drawers are closed at first");
    assert!(figure(&window).is_some_and(|rect| rect.width() > 780.0));
    window.get_by_label("Files").click();
    window.run();
    assert!(window.query_by_label("Filter files").is_some());
    assert!(figure(&window).is_some_and(|rect| rect.width() > 0.55 * 800.0), "the figure keeps most of the room");
    act(&mut window, Action::ShowPanel(Panel::Stats));
    assert!(window.query_by_label("Filter files").is_none(), "one at a time");
    assert!(has(&window, "drag with Shift"));
    act(&mut window, Action::TogglePanel(Panel::Stats));
    assert!(!has(&window, "drag with Shift"));
    assert_eq!(viewer(&window).state.workspace.panels, panels);

    // Still smaller, or everything larger: a panel is in the figure's place.
    act(&mut window, Action::SetScale(2.5));
    window.run();
    assert!(window.query_by_label("Menu").is_some() && window.query_by_label("Edit").is_none());
    act(&mut window, Action::ShowPanel(Panel::Settings));
    assert!(figure(&window).is_none() && has(&window, "Search settings"));
    let screen = window.ctx.content_rect();
    for dialog in [Dialog::RunTest, Dialog::Preferences, Dialog::Help, Dialog::SaveFigure, Dialog::Leave] {
        viewer_mut(&mut window).ask(dialog);
        window.run();
        let Some(close) = window.query_by_label("Close window") else { continue };
        let rect = close.rect();
        assert!(screen.contains_rect(rect), "{dialog:?} can be closed: {rect:?} of {screen:?}");
        window.key_press(Key::Escape);
        window.run();
    }
    act(&mut window, Action::TogglePanel(Panel::Settings));
    assert!(figure(&window).is_some());
}

#[test]
fn escape_closes_an_open_menu_and_nothing_behind_it() {
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    act(&mut window, Action::Brush(view, Some((3.0, 12.0))));
    window.get_by_label("Edit").click();
    window.run();
    assert!(has(&window, "Copy as command"));
    window.key_press(Key::Escape);
    window.run();
    assert!(!has(&window, "Copy as command"));
    assert_eq!(focused(&window).brush, Some((3.0, 12.0)));
    window.key_press(Key::Escape);
    window.run();
    assert_eq!(focused(&window).brush, None);
}

/// The name of the control that has the keyboard.
fn focus_name(window: &Window) -> String {
    let focused = By::new().predicate(|node| node.is_focused() && !node.is_hidden());
    let node = window.root().query_all(focused).last();
    node.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
}

#[test]
fn tab_goes_on_from_the_field_that_enter_has_left() {
    let mut window = window(&[sample(LONG)]);
    window.get_by_label("Filter files").focus();
    window.run();
    window.key_press(Key::Enter);
    window.run();
    window.key_press(Key::Tab);
    window.run();
    let after = focus_name(&window);
    assert!(after.contains("Files table") || after.contains("Clear"), "{after}");
}

#[test]
fn a_run_that_does_not_come_about_goes_back_to_the_dialog_that_asked_for_it() {
    let mut window = window(&[sample(LONG)]);
    let request = RunRequest { test: "rrul".into(), hosts: vec!["far.example".into()], ..RunRequest::default() };
    viewer_mut(&mut window).state.apply(Action::StartRun(Box::new(request)), 0.0);
    let run = docs(&window)[1];
    act(&mut window, Action::RunEnded(run, Err("far.example is not known".into())));
    let why = viewer(&window).state.not_run.as_ref().map(|(_, why)| why.as_str());
    assert_eq!(why, Some("far.example is not known"));
    assert!(has(&window, "Run a test"));
    // There is no file that could be located or read again.
    window.key_press(Key::Escape);
    act(&mut window, Action::ShowPanel(Panel::Problems));
    assert!(has(&window, "far.example is not known") && !has(&window, "Locate…") && !has(&window, "Read again"));
}

#[test]
fn reading_a_file_again_takes_back_what_was_said_about_it() {
    let mut window = window(&[sample(LONG)]);
    let doc = docs(&window)[0];
    act(&mut window, Action::FileChanged(doc, fa_gui::state::library::Changed::Rewritten));
    let about = |window: &Window| viewer(window).state.problems.iter().any(|p| p.text.contains("rewritten"));
    assert!(about(&window));
    act(&mut window, Action::Reload(vec![doc]));
    assert!(!about(&window));
}

#[test]
fn the_window_of_a_view_is_where_the_session_had_it() {
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    act(&mut window, Action::Float(view));
    let place = WindowPlace { view, at: Some([700.0, 300.0]), size: [500.0, 300.0] };
    act(&mut window, Action::PlaceWindow(place));
    // Moving a window is nothing that is undone.
    assert_eq!(viewer(&window).state.history.undoable(), Some("move view"));
    let path = std::path::Path::new("/s/a.fa-session.json");
    let mut workspace = viewer(&window).state.workspace.clone();
    // The window may have told its real place meanwhile.
    workspace.windows = vec![place];
    let text = session::to_text(&workspace, path).unwrap();
    let read = session::from_text(&text, path).unwrap();
    assert_eq!((read.window(view), read.floating.as_slice()), (Some(place), [view].as_slice()));
    let mut other = window_with(Options::default(), [1360.0, 860.0]);
    act(&mut other, Action::SessionRead(Box::new(read)));
    let shown = other.get_by_label_contains("Dock view").rect();
    assert!((shown.left() - 700.0).abs() < 30.0 && (shown.top() - 300.0).abs() < 60.0, "{shown:?}");
}

#[test]
fn the_save_dialog_tells_the_command_for_what_is_chosen() {
    let window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    for (size_in, theme) in [(Some((3.5, 2.4)), Some("paper")), (None, None)] {
        let how = FigureFile { format: Format::Png, size_in, dpi: 200.0, theme };
        let command = viewer(&window).state.command_of_file(view, &how, std::path::Path::new("/tmp/a b.png")).unwrap();
        assert!(command.ends_with("-o '/tmp/a b.png'") && command.contains("--figure-dpi=200"), "{command}");
        let mut options = FigureOptions::default();
        for word in command.split(' ').filter_map(|w| w.strip_prefix("--")) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            options.set(name, value).unwrap();
        }
        let set = fa_format::read(&sample(LONG), &fa_format::ReadOptions::default()).unwrap();
        let loaded = viewer(&window).state.library.loaded(docs(&window)[0]).unwrap().clone();
        let scene = fa_plot::resolve::resolve("all_scaled", &loaded.expanded, &[set], &options).unwrap();
        let (size, dpi) = options.size();
        let again = fa_plot::layout::layout(&scene, size, &Theme::named(theme.unwrap_or("light")).unwrap(), None);
        let save = viewer(&window).save_figure(view, how).unwrap();
        let file = fa_gui::work::page_for_file(&save).unwrap();
        assert!((dpi - 200.0).abs() < 1e-9);
        assert_eq!(fa_plot::render::svg(&again), fa_plot::render::svg(&file), "{command}");
    }
}

#[test]
fn the_search_of_the_list_of_tests_has_the_keyboard_and_enter_takes_the_first() {
    let mut window = crate::live::with_player();
    viewer_mut(&mut window).ask(Dialog::RunTest);
    window.run();
    window.get_by_label("Test: rrul").click();
    window.run();
    window.get_by_label("Search tests").type_text("voip");
    window.run();
    window.key_press_modifiers(Modifiers::NONE, Key::Enter);
    window.run();
    assert!(has(&window, "Test: voip"), "called so, not only described so");
    // Tab goes on from there, and never to what is behind the dialog.
    for n in 0..40 {
        window.key_press(Key::Tab);
        window.run();
        let name = focus_name(&window);
        assert!(n > 0 || name == "Hosts", "{name}");
        assert!(!["File", "Edit", "Filter files", "Columns", "Open"].contains(&name.as_str()), "{name}");
    }
}
