//! The table of files: opening, filtering, sorting, closing, what is broken, what changes while it is open.

use std::path::PathBuf;

use crate::common::{
    LONG, PING, SHORT, act, docs, focused, has, labels, ping, sample, save, viewer, wave, window, window_with,
};
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use fa_gui::Options;
use fa_gui::state::columns::Column;
use fa_gui::state::{Action, DocState, Panel, Severity};

#[test]
fn s01_an_empty_window_offers_to_open_and_to_run_and_shows_what_was_opened() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("recent.json"), r#"["/runs/old.flent.gz"]"#).unwrap();
    let options = Options { state_dir: Some(dir.path().to_owned()), ..Options::default() };
    let mut window = window_with(options, [1000.0, 700.0]);
    for text in ["Open files…", "Run a test…", "Recent", "old.flent.gz", "What is a data file?"] {
        assert!(has(&window, text), "{text}");
    }
    window.get_by_label("Open files…").click();
    window.run();
    assert!(has(&window, "Open the whole folder"));
    window.key_press(Key::Escape);
    window.run();
    assert!(!has(&window, "Open the whole folder"), "Esc closes");
}

#[test]
fn s03_mixed_tests_are_grouped() {
    let dir = tempfile::tempdir().unwrap();
    let mut files: Vec<PathBuf> = (0..8)
        .map(|i| save(dir.path(), &format!("p{i}.flent.gz"), &ping("p", &format!("run {i}"), 1.6e9, &wave(50))))
        .collect();
    files.extend([sample(LONG), sample(SHORT)]);
    let window = window(&files);
    assert!(has(&window, "ping (8)") && has(&window, "rrul (2)"), "headings with counts");
    assert!(has(&window, "10 files"));
    assert_eq!(focused(&window).docs, docs(&window)[..1], "the first one is the primary one");
}

#[test]
fn s06_the_last_file_cannot_be_unticked_and_the_reason_is_shown() {
    let mut window = window(&[sample(PING)]);
    let title = viewer(&window).state.library.get(docs(&window)[0]).unwrap().title();
    window.get_by_label(&format!("Show {title}")).click();
    window.run();
    assert!(has(&window, "a view shows at least one file"));
    assert_eq!(focused(&window).docs.len(), 1);
}

#[test]
fn s07_a_click_with_ctrl_opens_a_new_view() {
    let mut window = window(&[sample(LONG), sample(SHORT)]);
    let title = viewer(&window).state.library.get(docs(&window)[1]).unwrap().title();
    let node = window.query_all_by_value(&title).next().or_else(|| window.query_all_by_label(&title).next());
    node.expect("the cell").click_modifiers(Modifiers::COMMAND);
    window.run();
    assert_eq!(viewer(&window).state.workspace.views.len(), 2);
    assert_eq!(focused(&window).docs, docs(&window)[1..]);
}

#[test]
fn s08_closing_a_file_removes_its_row_and_series_and_undo_restores_both() {
    let mut window = window(&[sample(LONG), sample(SHORT)]);
    let all = docs(&window);
    act(&mut window, Action::Tick(all[1]));
    let before = labels(&window, "Mark ").len();
    act(&mut window, Action::Close(vec![all[1]]));
    assert_eq!(labels(&window, "Mark ").len(), before / 2);
    assert!(has(&window, "1 file"));
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run();
    assert_eq!(labels(&window, "Mark ").len(), before);
    assert!(has(&window, "2 files"));
}

#[test]
fn s09_a_broken_file_is_a_row_with_its_reason_and_the_others_load() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = std::fs::read(sample(PING)).unwrap();
    let cut = dir.path().join("cut.flent.gz");
    std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let no = dir.path().join("no.flent.gz");
    std::fs::write(&no, b"not json at all").unwrap();
    let mut window = window(&[cut, no, sample(PING)]);
    let all = docs(&window);
    assert_eq!(all.len(), 3);
    act(&mut window, Action::ShowPanel(Panel::Problems));
    let broken = |id| matches!(&viewer(&window).state.library.get(id).unwrap().state, DocState::Failed(_));
    assert!(broken(all[0]) && broken(all[1]));
    assert!(labels(&window, "Problem: ").len() >= 2, "{:?}", labels(&window, "Problem: "));
    assert!(
        viewer(&window).state.problems.iter().any(|p| p.severity == Severity::Error && p.text.contains("no.flent.gz"))
    );
    assert!(has(&window, "Figure ping"), "the good one is shown");
}

#[test]
fn s10_a_thousand_files_are_filtered_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = (0..1000)
        .map(|i| {
            let qdisc = ["fq_codel", "codel", "pie", "cake"][i % 4];
            save(dir.path(), &format!("{i:04}.flent.gz"), &ping("x", &format!("{qdisc} rep {i}"), 1.6e9, &wave(3)))
        })
        .collect();
    let mut window = window(&files);
    assert!(has(&window, "1000 files"));
    window.get_by_label("Filter files").focus();
    window.get_by_label("Filter files").type_text("fq_codel");
    window.run();
    assert!(has(&window, "250 of 1000 files"));
    assert_eq!(
        viewer(&window).state.library.iter().filter(|(_, d)| d.loaded.is_some()).count(),
        1,
        "only the shown one is read"
    );
}

#[test]
fn s11_files_are_sorted_by_a_computed_column() {
    let dir = tempfile::tempdir().unwrap();
    let level = |v: f64| vec![v; 40];
    let files: Vec<PathBuf> = [(30.0, "b"), (10.0, "c"), (20.0, "a")]
        .into_iter()
        .map(|(v, name)| save(dir.path(), &format!("{name}.flent.gz"), &ping(name, name, 1.6e9, &level(v))))
        .collect();
    let mut window = window(&files);
    act(&mut window, Action::AddColumn(Column::Latency50));
    act(&mut window, Action::Sort(Column::Latency50));
    let rect = |title: &str| {
        let node = window.query_all_by_value(title).next().or_else(|| window.query_all_by_label(title).next());
        node.expect("a row").rect().center().y
    };
    assert!(rect("c") < rect("a") && rect("a") < rect("b"));
    let doc = viewer(&window).state.library.get(docs(&window)[0]).unwrap();
    assert_eq!(Column::Latency50.cell(doc).to_string(), "30");
}

#[test]
fn s12_columns_are_added_removed_and_reset() {
    let mut window = window(&[sample(LONG)]);
    window.get_by_label("Columns").click();
    window.run();
    window.get_by_label("Add column File").click();
    window.run();
    assert!(viewer(&window).state.workspace.table.columns.contains(&Column::FileName));
    window.get_by_label("Remove column File").click();
    window.run();
    assert!(!viewer(&window).state.workspace.table.columns.contains(&Column::FileName));
    window.get_by_label("Search columns").focus();
    window.get_by_label("Search columns").type_text("kernel");
    window.run();
    let add = window.query_all_by_label_contains("Add column ").next().expect("a metadata key");
    add.click();
    window.run();
    assert!(
        viewer(&window)
            .state
            .workspace
            .table
            .columns
            .iter()
            .any(|c| matches!(c, Column::Meta(k) if k.to_lowercase().contains("kernel")))
    );
    window.get_by_label("Reset columns").click();
    window.run();
    assert_eq!(viewer(&window).state.workspace.table.columns, fa_gui::state::columns::Table::default().columns);
}

#[test]
fn s37_titles_of_any_kind_stay_in_their_cells() {
    let dir = tempfile::tempdir().unwrap();
    let titles = ["x".repeat(300), "שלום عالم".to_owned(), "two\nlines\tand 🚀 emoji".to_owned(), String::new()];
    let files: Vec<PathBuf> = titles
        .iter()
        .enumerate()
        .map(|(i, title)| save(dir.path(), &format!("{i}.flent.gz"), &ping("x", title, 1.6e9, &wave(30))))
        .collect();
    let mut window = window(&files);
    for doc in docs(&window)[1..].to_vec() {
        act(&mut window, Action::Tick(doc));
    }
    let width = window.get_by_label_contains("Figure ").rect().width();
    assert!(width > 600.0, "the figure keeps its room: {width}");
    for node in window.query_all_by_label_contains("View ") {
        assert!(node.rect().width() < 260.0, "a tab is {} wide", node.rect().width());
    }
}

#[test]
fn a_file_that_is_rewritten_or_deleted_is_noticed_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.flent.gz");
    std::fs::copy(sample(PING), &path).unwrap();
    let mut window = window(std::slice::from_ref(&path));
    let stamp = viewer(&window).state.library.get(docs(&window)[0]).unwrap().stamp.unwrap();
    let mut watched = fa_gui::work::watch::Watched::default();
    watched.files.insert(docs(&window)[0], (path.clone(), stamp));
    assert!(watched.look().is_empty());
    std::fs::remove_file(&path).unwrap();
    for action in watched.look() {
        act(&mut window, action);
    }
    assert!(watched.look().is_empty(), "told once");
    assert!(has(&window, "is gone"));
    assert!(has(&window, "Figure ping"), "what was read is still shown");
}

#[test]
fn files_appearing_in_a_watched_folder_are_opened_when_they_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("old.flent.gz"), "x").unwrap();
    let mut watched = fa_gui::work::watch::Watched::default();
    watched.set_folder(Some(dir.path().to_owned()));
    assert!(watched.look().is_empty(), "what is there is not new");
    std::fs::write(dir.path().join("new.flent.gz"), "half").unwrap();
    assert!(watched.look().is_empty(), "it may still grow");
    std::fs::write(dir.path().join("new.flent.gz"), "whole now").unwrap();
    assert!(watched.look().is_empty());
    let opened = watched.look();
    assert!(matches!(&opened[..], [Action::Found(files)] if files == &[dir.path().join("new.flent.gz")]), "{opened:?}");
}
