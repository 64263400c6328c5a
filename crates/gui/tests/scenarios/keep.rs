//! What is kept: figures, commands, notes, sessions.

use crate::common::{LONG, PING, SHORT, act, docs, focused, sample, viewer, viewer_mut, window};
use egui_kittest::kittest::Queryable as _;
use fa_format::DataSet;
use fa_gui::state::{Action, DocState, FigureFile, Panel, XKind};
use fa_plot::options::FigureOptions;
use fa_plot::render::Format;

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

#[test]
fn a_command_is_put_on_the_clipboard_once() {
    use eframe::egui::{Event, Key, Modifiers, OutputCommand};
    let mut window = window(&[sample(PING)]);
    let copied = |window: &crate::common::Window| -> Vec<String> {
        let commands = window.output().platform_output.commands.iter();
        let texts =
            commands.filter_map(|c| if let OutputCommand::CopyText(text) = c { Some(text.clone()) } else { None });
        texts.collect()
    };
    // One event a frame: what a frame puts on the clipboard is seen before the next one.
    let press = |window: &mut crate::common::Window, key, modifiers| {
        let event = Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
        window.event(event);
        window.step();
    };
    press(&mut window, Key::C, Modifiers::COMMAND | Modifiers::SHIFT);
    assert!(copied(&window).iter().any(|text| text.starts_with("fa plot ")), "{:?}", copied(&window));
    // Whatever is done next, what somebody else put there meanwhile stays.
    for _ in 0..2 {
        press(&mut window, Key::F11, Modifiers::NONE);
        assert!(copied(&window).is_empty());
    }
}

#[test]
fn undo_while_somebody_types_takes_back_the_typing_and_not_the_workspace() {
    use eframe::egui::{Key, Modifiers};
    let mut window = window(&[sample(PING)]);
    let view = focused(&window).id;
    act(&mut window, Action::ShowPanel(Panel::Notes));
    act(&mut window, Action::Brush(view, Some((1.0, 2.0))));
    window.get_by_label("New note").focus();
    window.run();
    window.get_by_label("New note").type_text("odd");
    window.run();
    for (keys, key) in [(Modifiers::COMMAND, Key::Z), (Modifiers::COMMAND, Key::ArrowLeft)] {
        window.key_press_modifiers(keys, key);
        window.run();
    }
    assert_eq!(focused(&window).brush, Some((1.0, 2.0)));
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
    let again = crate::common::window(std::slice::from_ref(&path));
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
