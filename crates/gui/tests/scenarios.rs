//! What people do in the window, through names of controls as a screen reader tells them; no display, no GPU.
//!
//! Numbers in names are those of the list of scenarios in the viewer's design. 31 (one window per user) is tested where the
//! socket is, in the command line; 36 (undo) in `state.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{LONG, PING, SHORT, Window, act, docs, focused, sample, viewer, viewer_mut, window, window_with};
use eframe::egui::{self, Event, Key, Modifiers, PointerButton, Pos2, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fa_analyze::cutoff::Cutoff;
use fa_analyze::run::Run;
use fa_analyze::summary::{Summary, SummaryOptions};
use fa_format::{DataSet, Metadata, RawSeries, RawValue};
use fa_gui::figure::{hover, paint};
use fa_gui::state::columns::Column;
use fa_gui::state::commands::Dialog;
use fa_gui::state::{Action, DocState, FigureFile, Panel, Severity, ThemeChoice, XKind};
use fa_gui::{Options, Viewer};
use fa_plot::options::FigureOptions;
use fa_plot::page::Pt;
use fa_plot::render::Format;
use fa_plot::scene::Mark;

/// A ping run of our own making: so many probes at 10 Hz, with gaps and losses where asked for.
fn ping(name: &str, title: &str, t0: f64, values: &[f64]) -> DataSet {
    let mut set = DataSet { metadata: Metadata::for_new_run("ping"), ..DataSet::default() };
    let at = |t: f64| jiff::Timestamp::from_microsecond((t * 1e6) as i64).unwrap().to_string();
    for (key, value) in
        [("T0", at(t0)), ("TIME", at(t0)), ("TITLE", title.to_owned()), ("DATA_FILENAME", name.to_owned())]
    {
        set.metadata.set(key, value);
    }
    set.metadata.set("TOTAL_LENGTH", values.len() as f64 / 10.0);
    set.metadata.set("LENGTH", values.len() as f64 / 10.0);
    set.metadata.set("STEP_SIZE", 0.1);
    set.metadata.set("HOST", "far.example");
    set.x_values = (0..values.len()).map(|i| i as f64 / 10.0).collect();
    let mut raw = RawSeries::builder();
    for (i, v) in values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
        raw.push(t0 + i as f64 / 10.0, &[("seq", RawValue::Int(i as i64)), ("val", RawValue::Float(*v))]);
    }
    set.series.insert("Ping (ms) ICMP".to_owned(), values.to_vec());
    set.raw.insert("Ping (ms) ICMP", raw.finish());
    set
}

fn save(dir: &Path, name: &str, set: &DataSet) -> PathBuf {
    let path = dir.join(name);
    fa_format::save(set, &path).unwrap();
    path
}

fn wave(n: usize) -> Vec<f64> {
    (0..n).map(|i| 20.0 + 5.0 * (i as f64 / 7.0).sin()).collect()
}

fn labels(window: &Window, part: &str) -> Vec<String> {
    let nodes = window.query_all_by_label_contains(part);
    nodes.map(|n| n.accesskit_node().label().unwrap_or_default()).collect()
}

fn has(window: &Window, part: &str) -> bool {
    !labels(window, part).is_empty() || window.query_all_by_value(part).next().is_some() || {
        // Texts are labels with a value.
        fn found(node: &egui_kittest::kittest::AccessKitNode<'_>, part: &str) -> bool {
            node.value().is_some_and(|v| v.contains(part))
                || node.label().is_some_and(|l| l.contains(part))
                || node.children().any(|child| found(&child, part))
        }
        found(&window.root().accesskit_node(), part)
    }
}

/// Where a share of the first panel's data area of a view is on the screen.
fn on_panel(window: &mut Window, panel: usize, x: f32, y: f32) -> Pos2 {
    let canvas = window.get_by_label_contains("Figure ").rect();
    let view = focused(window).id;
    let page = viewer_mut(window).page(view).unwrap();
    let r = page.panels[panel].rect;
    paint::place(Pt { x: r.x + r.w * x, y: r.y + r.h * y }, canvas.min)
}

fn drag(window: &mut Window, from: Pos2, to: Pos2, button: PointerButton, modifiers: Modifiers) {
    let press = |pos, pressed| Event::PointerButton { pos, button, pressed, modifiers };
    window.event(Event::ModifiersChanged(modifiers));
    window.event(Event::PointerMoved(from));
    window.event(press(from, true));
    for i in 1..=4 {
        window.event(Event::PointerMoved(from + (to - from) * (i as f32 / 4.0)));
    }
    window.event(press(to, false));
    window.event(Event::ModifiersChanged(Modifiers::NONE));
    window.run();
}

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
    let mut other = common::window(&[save(dir.path(), "a.flent.gz", &set)]);
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
    let hit = hover::nearest(figure.scene.as_ref().unwrap(), &page, at).expect("a sample");
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
        .filter_map(|m| if let Mark::Line(l) = m { l.x.first().copied() } else { None })
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

#[test]
fn s27_and_s28_what_is_exported_is_what_is_shown_and_the_command_draws_it_again() {
    for (plot, zoom) in [("all_scaled", true), ("ping_cdf", false), ("box_totals", false), ("totals", true)] {
        let mut window = window(&[sample(LONG), sample(SHORT)]);
        let second = docs(&window)[1];
        let view = focused(&window).id;
        act(&mut window, Action::Tick(second));
        act(&mut window, Action::SetPlot(view, plot.into()));
        act(&mut window, Action::SetOption(view, "zero-y", vec![String::new()]));
        if zoom {
            act(&mut window, Action::ZoomX(view, XKind::Run, Some((8.0, 12.0))));
            let y = fa_gui::state::view::YZoom { panel: 0, axes: 0, limits: (0.0, 9.0) };
            act(&mut window, Action::Slide(view, XKind::Run, None, vec![y]));
            act(&mut window, Action::ToggleSeries(view, "TCP upload BE".into(), Some(second)));
        }
        let shown = viewer_mut(&mut window).page(view).unwrap();
        let how = FigureFile { format: Format::Svg, size_in: None, dpi: 100.0, theme: None };
        let save = viewer(&window).save_figure(view, how).unwrap();
        let exported = fa_gui::work::page_for_file(&save).unwrap();
        assert_eq!(*shown, exported, "{plot}: the same scene, size and view give the same page");

        // The command line: options from its words, the same files, the size of the screen.
        let command = viewer(&window).state.command_of(view).unwrap();
        let mut options = FigureOptions::default();
        for word in shell_words(&command).iter().filter_map(|w| w.strip_prefix("--")) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            options.set(name, value).unwrap();
        }
        let sets: Vec<DataSet> = [LONG, SHORT]
            .iter()
            .map(|f| fa_format::read(&sample(f), &fa_format::ReadOptions::default()).unwrap())
            .collect();
        let loaded = viewer(&window).state.library.loaded(docs(&window)[0]).unwrap().clone();
        let scene = fa_plot::resolve::resolve(plot, &loaded.expanded, &sets, &options).unwrap();
        let size = fa_plot::page::PageSize::inches(
            options.figure_width.unwrap() as f32,
            options.figure_height.unwrap() as f32,
        );
        let again = fa_plot::layout::layout(&scene, size, &fa_plot::theme::Theme::light(), None);
        assert!(fa_plot::render::svg(&again) == fa_plot::render::svg(&shown), "{plot}: {command}");
    }
}

/// Words of a POSIX shell, as far as single quotes go.
fn shell_words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words
}

#[test]
fn s29_a_note_is_written_beside_the_data_and_never_into_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.flent.gz");
    std::fs::copy(sample(PING), &path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let mut window = window(std::slice::from_ref(&path));
    act(&mut window, Action::ShowPanel(Panel::Notes));
    window.get_by_label("New note").focus();
    window.get_by_label("New note").type_text("microwave on #wifi");
    window.run();
    window.get_by_label("Add note").click();
    window.run();
    let text = std::fs::read_to_string(dir.path().join("run.flent.gz.notes.json")).unwrap();
    assert!(text.contains("microwave on #wifi") && text.contains("\"wifi\""), "{text}");
    assert_eq!(std::fs::read(&path).unwrap(), before, "the data file is as it was");
    let again = common::window(std::slice::from_ref(&path));
    assert_eq!(viewer(&again).state.workspace.notes.len(), 1, "read again with the file");
}

#[test]
fn s30_a_session_survives_its_folder_being_moved_and_a_lost_file_is_located() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old");
    std::fs::create_dir(&old).unwrap();
    for name in [LONG, PING] {
        std::fs::copy(sample(name), old.join(name)).unwrap();
    }
    let mut first = window(&[old.join(LONG), old.join(PING)]);
    let view = focused(&first).id;
    act(&mut first, Action::ZoomX(view, XKind::Run, Some((8.0, 12.0))));
    act(&mut first, Action::SaveSession(old.join("s.fa-session.json")));
    let new = dir.path().join("new");
    std::fs::rename(&old, &new).unwrap();
    let elsewhere = dir.path().join("elsewhere.flent.gz");
    std::fs::rename(new.join(LONG), &elsewhere).unwrap();
    let mut window = window(&[new.join("s.fa-session.json")]);
    let all = docs(&window);
    assert_eq!(all.len(), 2);
    let lost = all
        .iter()
        .copied()
        .find(|d| matches!(viewer(&window).state.library.get(*d).unwrap().state, DocState::Failed(_)));
    act(&mut window, Action::Locate(lost.expect("one is missing"), elsewhere));
    let found = viewer(&window).state.library.get(lost.unwrap()).unwrap();
    assert_eq!(found.state, DocState::Ready);
    assert_eq!(focused(&window).zoom.x_of(XKind::Run), Some((8.0, 12.0)));
}

/// Plays prepared events in place of a network.
struct Played {
    dir: PathBuf,
}

impl fa_gui::work::live::Measurer for Played {
    fn plan(&self, request: &fa_gui::state::RunRequest) -> Result<fa_measure::plan::Plan, String> {
        Ok(fa_testkit::plan(&request.test, request.length_secs))
    }

    fn launcher(&self, _request: &fa_gui::state::RunRequest) -> Box<dyn fa_measure::Launcher> {
        struct Player;
        impl fa_measure::Launcher for Player {
            fn start(
                &self,
                plan: fa_measure::plan::Plan,
            ) -> Result<fa_measure::Run, fa_measure::launcher::LaunchError> {
                let events = fa_testkit::Simulation::seeded(5).run(&plan);
                let (to, from) = std::sync::mpsc::channel();
                for event in events {
                    to.send(event).expect("somebody listens");
                }
                Ok(fa_measure::Run::new(from, |_| {}))
            }
        }
        Box::new(Player)
    }

    fn journal(&self, _folder: &Path) -> Box<dyn fa_gui::work::live::Journal> {
        struct None_;
        impl fa_gui::work::live::Journal for None_ {
            fn record(&mut self, _event: &fa_measure::Event) -> Result<(), String> {
                Ok(())
            }
            fn discard(self: Box<Self>) {}
            fn keep(self: Box<Self>) -> Option<PathBuf> {
                None
            }
        }
        Box::new(None_)
    }

    fn save(&self, recorder: fa_measure::recorder::Recorder, _folder: &Path) -> Result<PathBuf, String> {
        let set = recorder.finish().map_err(|e| e.to_string())?;
        Ok(save(&self.dir, "live.flent.gz", &set))
    }
}

#[test]
fn s32_a_run_is_started_from_the_dialog_and_its_file_appears() {
    let dir = tempfile::tempdir().unwrap();
    let measurer = Arc::new(Played { dir: dir.path().to_owned() });
    let mut window = window_with(Options { measurer: Some(measurer), ..Options::default() }, [1360.0, 860.0]);
    viewer_mut(&mut window).ask(Dialog::RunTest);
    window.run();
    assert!(has(&window, "flows and"), "planned before anything is sent");
    window.get_by_label("Start").click();
    window.run();
    let v: &Viewer = viewer(&window);
    assert!(v.state.running.is_none());
    assert_eq!(docs(&window).len(), 1);
    let doc = v.state.library.get(docs(&window)[0]).unwrap();
    assert_eq!((doc.file_name().as_str(), doc.live, &doc.state), ("live.flent.gz", false, &DocState::Ready));
    assert!(has(&window, "Figure "), "and is shown");
}

#[test]
fn s32_new_numbers_do_not_steal_the_view() {
    let mut window = window(&[sample(LONG)]);
    let view = focused(&window).id;
    act(&mut window, Action::ZoomX(view, XKind::Run, Some((8.0, 12.0))));
    let doc = docs(&window)[0];
    let mut longer = viewer(&window).state.library.loaded(doc).unwrap().as_ref().clone();
    longer.generation += 1_000_000;
    act(&mut window, Action::RunData(doc, Arc::new(longer)));
    let page = viewer_mut(&mut window).page(view).unwrap();
    assert_eq!(page.panels[0].axes[0].x.limits(), (8.0, 12.0));
    assert!(!focused(&window).follow);
}

#[test]
fn s33_themes_and_sizes_keep_every_text_on_the_page() {
    for (theme, scale) in [(ThemeChoice::Dark, 2.0), (ThemeChoice::Light, 0.75), (ThemeChoice::Dark, 2.5)] {
        let mut window = window(&[sample(LONG)]);
        act(&mut window, Action::SetTheme(theme));
        act(&mut window, Action::SetScale(scale));
        window.run();
        let view = focused(&window).id;
        let page = viewer_mut(&mut window).page(view).unwrap();
        assert_eq!(page.background == fa_plot::theme::Theme::dark().background, theme == ThemeChoice::Dark);
        for (_, run) in page.texts() {
            let b = run.bounds;
            let inside = b.x >= -0.5
                && b.y >= -0.5
                && b.right() <= page.size.width_pt + 0.5
                && b.bottom() <= page.size.height_pt + 0.5;
            assert!(inside, "{scale}: {:?} at {b:?} of {:?}", run.text, page.size);
        }
    }
}

#[test]
fn s34_every_panel_is_reached_by_keys() {
    let mut window = window(&[sample(LONG)]);
    let keys = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7];
    for (panel, key) in Panel::ALL.into_iter().zip(keys) {
        let shown = viewer(&window).state.workspace.shows(panel);
        window.key_press_modifiers(Modifiers::COMMAND, key);
        window.run();
        assert_eq!(viewer(&window).state.workspace.shows(panel), !shown, "{panel:?}");
    }
    window.key_press(Key::F11);
    window.run();
    assert!(viewer(&window).state.workspace.full_screen);
    window.key_press(Key::Escape);
    window.run();
    assert!(!viewer(&window).state.workspace.full_screen);
    window.key_press_modifiers(Modifiers::COMMAND, Key::ArrowDown);
    window.run();
    assert!(focused(&window).plot.is_some(), "the next plot");
    window.key_press(Key::Tab);
    window.run();
    assert!(window.root().accesskit_node().children().count() > 0);
}

#[test]
fn s35_the_palette_finds_series_keys_settings_and_commands() {
    let mut window = window(&[sample(LONG)]);
    for (query, found) in [
        ("show everything", "Command: Show everything"),
        ("upload BE", "Series: TCP upload BE"),
        ("log scale y", "Setting: Log scale y"),
        ("ping_cdf", "Plot: ping_cdf"),
        ("LOCAL_HOST", "Metadata: LOCAL_HOST"),
    ] {
        viewer_mut(&mut window).ask(Dialog::Palette);
        window.run();
        window.get_by_role_and_label(egui::accesskit::Role::TextInput, "Search everything").type_text(query);
        window.run();
        let hits = labels(&window, found);
        assert!(!hits.is_empty(), "{query}: {:?}", labels(&window, ": "));
        window.key_press(Key::Escape);
        window.run();
    }
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
fn s38_nothing_is_drawn_when_nothing_changes() {
    let mut window = window(&[sample(LONG)]);
    window.run();
    window.step();
    let output = window.output();
    let delay = output.viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert!(delay >= std::time::Duration::from_secs(1), "{delay:?}");
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
    std::fs::write(dir.path().join("new.flent.gz"), "half").unwrap();
    assert!(watched.look().is_empty(), "it may still grow");
    std::fs::write(dir.path().join("new.flent.gz"), "whole now").unwrap();
    assert!(watched.look().is_empty());
    let opened = watched.look();
    assert!(matches!(&opened[..], [Action::Found(files)] if files == &[dir.path().join("new.flent.gz")]), "{opened:?}");
}
