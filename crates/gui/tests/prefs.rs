//! Preferences, keys, caches, memory, copies with notes, explanations: in a window that is not there.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use std::path::Path;

use common::{LONG, PING, SHORT, Window, act, docs, focused, has, sample, viewer, viewer_mut, window, window_with};
use eframe::egui::{self, Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use fa_gui::Options;
use fa_gui::state::columns::Column;
use fa_gui::state::commands::Dialog;
use fa_gui::state::notes::Note;
use fa_gui::state::{Action, DocState, Effect, Panel, Prefs, Severity, State, ThemeChoice};

fn with_config(dir: &Path, text: &str) -> Window {
    let config = dir.join("fa/config.toml");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(&config, text).unwrap();
    let options = Options { files: vec![sample(PING)], config: Some(config), ..Options::default() };
    window_with(options, [1360.0, 860.0])
}

fn config(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("fa/config.toml")).unwrap()
}

#[test]
fn preferences_hold_in_the_first_frame_and_faults_are_named_by_path_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let text = "[gui]\ntheme = \"dark\"\nscale = 1.25\ndigits = 99\n\n[gui.keys]\nnext-plot = \"Alt+P\"\n";
    let mut window = with_config(dir.path(), text);
    let w = &viewer(&window).state.workspace;
    assert_eq!((w.theme, w.scale), (ThemeChoice::Dark, 1.25));
    let problems = &viewer(&window).state.problems;
    let told = problems.iter().any(|p| p.severity == Severity::Warning && p.text.contains("line 4: gui.digits"));
    assert!(told, "{problems:?}");
    let before = focused(&window).plot;
    window.key_press_modifiers(Modifiers::ALT, Key::P);
    window.run();
    assert_ne!(focused(&window).plot, before, "the key of the file steps on");
    let now = focused(&window).plot;
    window.key_press_modifiers(Modifiers::COMMAND, Key::ArrowDown);
    window.run();
    assert_eq!(focused(&window).plot, now, "the built-in one does not any more");
    assert_eq!(config(dir.path()), text, "nothing was written");
}

#[test]
fn a_key_is_changed_in_the_window_conflicts_are_said_and_menus_and_help_show_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = with_config(dir.path(), "# kept\n");
    viewer_mut(&mut window).ask(Dialog::Preferences);
    window.run();
    window.get_by_label("Keys").click();
    window.run();
    window.get_by_role_and_label(egui::accesskit::Role::TextInput, "Search commands and keys").focus();
    window.run();
    window.get_by_role_and_label(egui::accesskit::Role::TextInput, "Search commands and keys").type_text("figure");
    window.run();
    assert!(!has(&window, "Change the key of Open files…"), "only what fits is listed");
    window.get_by_label("Change the key of Save figure…").click();
    window.run();
    assert!(has(&window, "Press the new key of “Save figure…”"));
    window.key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.run();
    assert!(has(&window, "Ctrl+O is the key of “Open files…”"), "a conflict is said");
    assert!(!config(dir.path()).contains("save-figure"), "and nothing is done before it is settled");
    window.get_by_label("Leave it").click();
    window.run();
    window.get_by_label("Change the key of Save figure…").click();
    window.run();
    // As a keyboard sends it: Alt comes first, and alone.
    window.key_press_modifiers(Modifiers::ALT, Key::AltLeft);
    window.run();
    assert!(has(&window, "Press the new key of “Save figure…”") && !has(&window, "can be no command's key"));
    window.key_press_modifiers(Modifiers::ALT, Key::AltLeft);
    window.key_press_modifiers(Modifiers::ALT, Key::F);
    window.run();
    let text = config(dir.path());
    assert!(text.contains("# kept") && text.contains("save-figure = \"Alt+F\""), "{text}");
    window.key_press(Key::Escape);
    window.run();
    window.key_press_modifiers(Modifiers::ALT, Key::F);
    window.run();
    assert!(has(&window, "File to write"), "the new key opens the dialog");
    window.key_press(Key::Escape);
    window.run();
    window.key_press(Key::F1);
    window.run();
    assert!(has(&window, "Alt+F"), "F1 shows it");
    viewer_mut(&mut window).ask(Dialog::Preferences);
    window.run();
    window.get_by_label("Reset all keys").click();
    window.run();
    assert!(!config(dir.path()).contains("save-figure"));
}

#[test]
fn a_key_that_is_taken_can_be_taken_over_and_every_figure_key_can_be_changed() {
    let mut state = State::default();
    let mut prefs = Prefs::default();
    let built_in = fa_gui::state::commands::built_in();
    for id in ["time-zoom-in", "cursor-first", "tick-row1", "cancel", "copy-command"] {
        prefs.bind(id, Some(fa_gui::state::Chord::parse("Ctrl+Alt+Shift+F9").unwrap()), &built_in);
        state.apply(Action::SetPrefs(Box::new(prefs.clone())), 0.0);
        let all = fa_gui::state::commands::commands(&state);
        let have: Vec<_> = all.iter().filter(|c| c.key == "Ctrl+Alt+Shift+F9").map(|c| c.id).collect();
        assert_eq!(have, [id]);
    }
}

#[test]
fn changing_a_preference_shows_at_once_and_is_written_once() {
    let mut state = State::default();
    let prefs = Prefs { theme: ThemeChoice::Dark, scale: 1.5, ..Prefs::default() };
    let effects = state.apply(Action::SetPrefs(Box::new(prefs.clone())), 0.0);
    assert!(matches!(&effects[..], [Effect::Prefer { now, .. }] if **now == prefs), "{effects:?}");
    assert_eq!((state.workspace.theme, state.workspace.scale), (ThemeChoice::Dark, 1.5));
    assert!(state.apply(Action::SetPrefs(Box::new(prefs)), 1.0).is_empty());
}

#[test]
fn a_file_that_is_no_toml_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut window = with_config(dir.path(), "[gui\n");
    assert!(viewer(&window).state.problems.iter().any(|p| p.text.contains("line 1") && p.text.contains("not TOML")));
    act(&mut window, Action::SetPrefs(Box::new(Prefs { digits: 5, ..Prefs::default() })));
    assert_eq!(config(dir.path()), "[gui\n");
    assert!(viewer(&window).state.problems.iter().any(|p| p.text.contains("could not write the preferences")));
}

#[test]
fn the_last_session_is_opened_again_when_that_is_preferred() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = viewer(&window(&[sample(PING), sample(SHORT)])).state.workspace.clone();
    session.table.filter = "short".into();
    let path = dir.path().join("last.fa-session.json");
    std::fs::write(&path, fa_gui::state::session::to_text(&session, &path).unwrap()).unwrap();
    for (text, files) in [("", 0), ("[gui]\nresume = true\n", 2)] {
        let config = dir.path().join("config.toml");
        std::fs::write(&config, text).unwrap();
        let options = Options { config: Some(config), state_dir: Some(dir.path().to_owned()), ..Options::default() };
        let window = window_with(options, [1000.0, 700.0]);
        assert_eq!(docs(&window).len(), files, "{text}");
    }
}

#[test]
fn digits_of_tables_are_as_preferred() {
    let mut window = window(&[sample(PING)]);
    act(&mut window, Action::ShowPanel(Panel::Stats));
    let doc = docs(&window)[0];
    let p50 = viewer(&window).state.library.get(doc).unwrap().summary.as_ref().unwrap().rows[0].p50.unwrap();
    for digits in [3, 6] {
        act(&mut window, Action::SetPrefs(Box::new(Prefs { digits, ..Prefs::default() })));
        window.run();
        let text = fa_analyze::summary::significant(p50, digits);
        let cell = format!("p50 of Ping (ms) ICMP: {text}");
        assert!(has(&window, &cell), "{cell}");
    }
}

#[test]
fn a_number_and_the_plot_are_explained() {
    let mut window = window(&[sample(LONG)]);
    act(&mut window, Action::ShowPanel(Panel::Stats));
    window.run();
    let p95 = window.query_all_by_label_contains("p95 of Ping (ms) ICMP: ").next().expect("a cell");
    p95.click();
    window.run();
    for part in [
        "p95 of Ping (ms) ICMP",
        "the 95th percentile",
        "samples as they were measured",
        "by the plan of the run",
        "ICMP echo requests",
    ] {
        assert!(has(&window, part), "{part}");
    }
    window.get_by_label("Explain the plot").click();
    window.run();
    for part in [
        "The plot all_scaled",
        "several plots in one figure",
        "the arithmetic mean, step by step, of",
        "congestion control",
        "Mbits/s",
    ] {
        assert!(has(&window, part), "{part}");
    }
}

#[test]
fn files_that_no_view_shows_are_let_go_of_and_read_again_when_shown() {
    let mut window = window(&[sample(LONG), sample(SHORT), sample(PING)]);
    let all = docs(&window);
    for doc in &all[1..] {
        act(&mut window, Action::Tick(*doc));
    }
    let in_memory = |window: &Window| -> Vec<bool> {
        all.iter().map(|doc| viewer(window).state.library.loaded(*doc).is_some()).collect()
    };
    assert_eq!(in_memory(&window), [true; 3]);
    let bytes = viewer(&window).state.library.memory_bytes();
    // The first one and not much else fits.
    viewer_mut(&mut window).state.prefs.memory_mb = 0;
    act(&mut window, Action::ShowOnly(vec![all[1]]));
    assert_eq!(in_memory(&window), [false, true, false]);
    let state = &viewer(&window).state;
    assert!(state.library.memory_bytes() < bytes);
    let gone = state.library.get(all[0]).unwrap();
    assert_eq!(gone.state, DocState::Indexed);
    assert!(gone.summary.is_some() && gone.metadata.is_some(), "what the table shows stays");
    act(&mut window, Action::ShowOnly(vec![all[0]]));
    assert_eq!(in_memory(&window), [true, false, false]);
    assert!(has(&window, "Figure "));
}

#[test]
fn files_let_go_of_are_those_looked_at_longest_ago_and_never_ones_that_changed_on_disk() {
    let mut window = window(&[sample(LONG), sample(SHORT), sample(PING)]);
    let all = docs(&window);
    for doc in [all[1], all[2], all[0]] {
        act(&mut window, Action::ShowOnly(vec![doc]));
    }
    act(&mut window, Action::FileChanged(all[1], fa_gui::state::library::Changed::Deleted));
    viewer_mut(&mut window).state.prefs.memory_mb = 0;
    act(&mut window, Action::Done("something else".into()));
    let there = |doc| viewer(&window).state.library.loaded(doc).is_some();
    assert!(there(all[0]) && there(all[1]) && !there(all[2]), "gone files cannot be read again");
}

#[test]
fn a_column_of_statistics_reads_files_without_keeping_them_and_the_cache_knows_them_later() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..5 {
        std::fs::copy(sample(PING), dir.path().join(format!("{n}.flent.gz"))).unwrap();
    }
    let cache = dir.path().join("cache");
    let open = || {
        let files = vec![dir.path().to_owned()];
        window_with(Options { files, cache_dir: Some(cache.clone()), ..Options::default() }, [1360.0, 860.0])
    };
    let mut first = open();
    act(&mut first, Action::AddColumn(Column::Latency50));
    let medians = |window: &Window| -> Vec<String> {
        let state = &viewer(window).state;
        state
            .workspace
            .files
            .iter()
            .map(|f| Column::Latency50.cell(state.library.get(f.id).unwrap()).to_string())
            .collect()
    };
    let there = medians(&first);
    assert!(there.iter().all(|cell| cell != "–" && *cell == there[0]), "{there:?}");
    let loaded = viewer(&first).state.library.iter().filter(|(_, doc)| doc.loaded.is_some()).count();
    assert_eq!(loaded, 1, "only the one that is shown is in memory");
    assert_eq!(std::fs::read_dir(cache.join("index")).unwrap().count(), 5);

    // Another window knows them without reading: the files could not be read any more.
    let mut second = open();
    let known = viewer(&second).state.library.iter().filter(|(_, doc)| doc.summary.is_some()).count();
    assert_eq!(known, 5);
    act(&mut second, Action::AddColumn(Column::Latency50));
    assert_eq!(medians(&second), there);

    act(&mut second, Action::ClearCache);
    assert_eq!(std::fs::read_dir(cache.join("index")).unwrap().count(), 0);
    assert!(has(&second, "the cache is empty: 5 entries"));
}

#[test]
fn a_copy_has_the_notes_and_the_data_file_is_the_same_as_before() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("run.flent.gz");
    std::fs::copy(sample(LONG), &data).unwrap();
    let before = std::fs::read(&data).unwrap();
    let mut window = window(std::slice::from_ref(&data));
    let doc = docs(&window)[0];
    let note = Note { t0: Some(5.0), t1: Some(9.5), text: "the queue fills #bloat".into(), ..Note::default() };
    act(&mut window, Action::AddNote(doc, note));
    act(&mut window, Action::ShowPanel(Panel::Notes));
    window.get_by_label("Copy of the file with its notes…").click();
    window.run();
    assert!(has(&window, "The data file stays as it is"));
    window.get_by_label("Write the copy").click();
    window.run();
    let copy = dir.path().join("run-notes.flent.gz");
    let read = |path: &Path| fa_format::read(path, &fa_format::ReadOptions::default()).unwrap();
    let (old, mut new) = (read(&data), read(&copy));
    assert!(new.metadata.note().unwrap().ends_with("[5.00–9.50 s] the queue fills #bloat"));
    assert_eq!(std::fs::read(&data).unwrap(), before, "the original is untouched");
    for (key, value) in old.metadata.as_map() {
        assert!(
            ["NOTE", "DATA_FILENAME"].contains(&key.as_str()) || new.metadata.as_map().get(key) == Some(value),
            "{key}"
        );
    }
    new.metadata = old.metadata.clone();
    assert!(
        fa_format::to_json(&old).unwrap() == fa_format::to_json(&new).unwrap(),
        "all else is the same, raw values verbatim"
    );
    // Neither the original nor anything else is written over.
    act(&mut window, Action::CopyWithNotes(doc, data.clone()));
    assert_eq!(std::fs::read(&data).unwrap(), before);
    assert!(viewer(&window).state.problems.iter().any(|p| p.text.contains("no copy of")));
}
