//! The state without a window: what actions do, undo and redo, sessions.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::sync::Arc;

use fa_analyze::summary::Summary;
use fa_gui::state::columns::Column;
use fa_gui::state::layouts::Preset;
use fa_gui::state::notes::Note;
use fa_gui::state::panes::Side;
use fa_gui::state::undo::History;
use fa_gui::state::view::{HiddenSeries, YZoom};
use fa_gui::state::{
    Action, DocId, DocState, Effect, Palette, Panel, Prefs, RunRequest, State, ThemeChoice, ViewId, XKind, ZoomState,
    notes, session,
};

/// A state with so many files that nobody has read.
fn with_files(count: usize) -> State {
    let mut state = State::default();
    state.apply(Action::Found((0..count).map(|i| PathBuf::from(format!("/runs/{i}.flent.gz"))).collect()), 0.0);
    state
}

/// Notes beside a file, read for the first time.
fn notes_read(doc: DocId, texts: &[&str]) -> Action {
    let note = |text: &&str| Note { text: (*text).into(), tags: notes::tags_in(text), ..Note::default() };
    Action::NotesRead { doc, expected: Arc::default(), there: Arc::new(texts.iter().map(note).collect()) }
}

fn note_texts(state: &State, doc: DocId) -> Vec<String> {
    state.workspace.notes.get(&doc).into_iter().flat_map(|notes| notes.iter()).map(|note| note.text.clone()).collect()
}

fn docs(state: &State) -> Vec<DocId> {
    state.workspace.files.iter().map(|file| file.id).collect()
}

#[test]
fn the_first_file_is_shown_and_asked_for_and_the_others_are_rows() {
    let mut state = State::default();
    let effects = state.apply(Action::Found(vec!["/a".into(), "/b".into()]), 0.0);
    assert_eq!((state.workspace.files.len(), state.workspace.views.len()), (2, 1));
    let loads = effects.iter().filter(|e| matches!(e, Effect::Load(..))).count();
    assert_eq!(loads, 1, "only what is shown is read");
    assert!(effects.iter().any(|e| matches!(e, Effect::Index(files) if files.len() == 2)));
    // The same file again is the same row.
    state.apply(Action::Found(vec!["/a".into()]), 1.0);
    assert_eq!(state.workspace.files.len(), 2);
}

#[test]
fn the_last_file_of_a_view_stays_ticked_with_a_reason() {
    let mut state = with_files(2);
    let docs = docs(&state);
    state.apply(Action::Tick(docs[0]), 1.0);
    assert!(state.refused.as_deref().is_some_and(|why| why.contains("at least one file")), "{:?}", state.refused);
    state.apply(Action::Tick(docs[1]), 2.0);
    state.apply(Action::Tick(docs[0]), 3.0);
    assert_eq!(state.workspace.focused().unwrap().docs, [docs[1]]);
    assert_eq!(state.refused, None);
}

#[test]
fn closing_a_file_takes_it_out_of_views_and_undo_brings_both_back() {
    let mut state = with_files(3);
    let all = docs(&state);
    state.apply(Action::Tick(all[1]), 1.0);
    let before = state.workspace.clone();
    state.apply(Action::Close(vec![all[1]]), 2.0);
    assert_eq!(docs(&state), [all[0], all[2]]);
    assert_eq!(state.workspace.focused().unwrap().docs, [all[0]]);
    state.apply(Action::Undo, 3.0);
    assert_eq!(state.workspace, before);
    state.apply(Action::Redo, 4.0);
    assert_eq!(docs(&state), [all[0], all[2]]);
}

#[test]
fn changes_of_one_kind_within_400_ms_are_one_step_back() {
    let mut state = with_files(1);
    let view = state.workspace.focus.unwrap();
    let zoom = |to: f64| Action::Slide(view, XKind::Run, Some((0.0, to)), Vec::new());
    for (i, to) in [50.0, 40.0, 30.0].into_iter().enumerate() {
        state.apply(zoom(to), 10.0 + 0.1 * i as f64);
    }
    state.apply(zoom(20.0), 11.0);
    state.apply(Action::Undo, 12.0);
    assert_eq!(state.workspace.focused().unwrap().zoom.x_of(XKind::Run), Some((0.0, 30.0)));
    state.apply(Action::Undo, 13.0);
    assert_eq!(state.workspace.focused().unwrap().zoom.x_of(XKind::Run), None);
}

#[test]
fn a_zoom_survives_settings_and_the_time_axis_another_plot() {
    let mut state = with_files(1);
    let view = state.workspace.focus.unwrap();
    state.apply(Action::ZoomX(view, XKind::Run, Some((10.0, 20.0))), 1.0);
    let y = YZoom { panel: 0, axes: 0, limits: (1.0, 2.0) };
    state.apply(Action::Slide(view, XKind::Run, None, vec![y]), 2.0);
    state.apply(Action::SetOption(view, "zero-y", vec![String::new()]), 3.0);
    assert_eq!(state.workspace.focused().unwrap().zoom.y, [y]);
    state.apply(Action::SetPlot(view, "ping_cdf".into()), 4.0);
    let zoom = &state.workspace.focused().unwrap().zoom;
    assert_eq!((zoom.x_of(XKind::Run), zoom.x_of(XKind::Other), zoom.y.len()), (Some((10.0, 20.0)), None, 0));
}

#[test]
fn linked_views_move_together_until_they_are_unlinked() {
    let mut state = with_files(1);
    let first = state.workspace.focus.unwrap();
    state.apply(Action::Duplicate(first), 1.0);
    let second = state.workspace.focus.unwrap();
    let x_of = |state: &State, view| state.workspace.view(view).unwrap().zoom.x_of(XKind::Run);
    state.apply(Action::ZoomX(first, XKind::Run, Some((1.0, 2.0))), 2.0);
    assert_eq!(x_of(&state, second), Some((1.0, 2.0)));
    state.apply(Action::ToggleLink(second), 3.0);
    state.apply(Action::ZoomX(first, XKind::Run, Some((3.0, 4.0))), 4.0);
    assert_eq!((x_of(&state, first), x_of(&state, second)), (Some((3.0, 4.0)), Some((1.0, 2.0))));
}

#[test]
fn an_option_that_cannot_be_set_changes_nothing_and_says_why() {
    let mut state = with_files(1);
    let view = state.workspace.focus.unwrap();
    let before = state.workspace.clone();
    state.apply(Action::SetOption(view, "bounds-y", vec!["a".into()]), 1.0);
    assert_eq!(state.workspace, before);
    assert!(state.refused.unwrap().contains("bounds-y"));
}

#[test]
fn notes_go_to_a_file_beside_the_data_and_undo_writes_them_again() {
    let mut state = with_files(1);
    let doc = docs(&state)[0];
    let written = |effects: &[Effect]| -> Vec<(PathBuf, usize)> {
        let notes = effects.iter().filter_map(|e| match e {
            Effect::WriteNotes(change) => Some((change.path.clone(), change.after.len())),
            _ => None,
        });
        notes.collect()
    };
    let note = Note { text: "odd".into(), ..Note::default() };
    let effects = state.apply(Action::AddNote(doc, note), 1.0);
    assert_eq!(written(&effects), [("/runs/0.flent.gz.notes.json".into(), 1)]);
    let effects = state.apply(Action::Undo, 2.0);
    assert_eq!(written(&effects), [("/runs/0.flent.gz.notes.json".into(), 0)]);
}

#[test]
fn undo_of_something_else_leaves_notes_that_were_read_meanwhile_on_disk() {
    let mut state = with_files(1);
    let (view, doc) = (state.workspace.focus.unwrap(), docs(&state)[0]);
    state.apply(Action::Brush(view, Some((1.0, 2.0))), 1.0);
    state.apply(notes_read(doc, &["theirs"]), 2.0);
    let effects = state.apply(Action::Undo, 3.0);
    assert!(!effects.iter().any(|e| matches!(e, Effect::WriteNotes(_))), "{effects:?}");
    assert_eq!(note_texts(&state, doc), ["theirs"]);
    assert_eq!(state.workspace.focused().unwrap().brush, None);
    // A note written before the others were read is a step of its own still.
    state.apply(Action::AddNote(doc, Note { text: "ours".into(), ..Note::default() }), 4.0);
    let expected = Arc::clone(&state.workspace.notes[&doc]);
    let there = [expected.to_vec(), vec![Note { text: "late".into(), ..Note::default() }]].concat();
    state.apply(Action::NotesRead { doc, expected, there: Arc::new(there) }, 5.0);
    assert_eq!(note_texts(&state, doc), ["theirs", "ours", "late"]);
    let effects = state.apply(Action::Undo, 6.0);
    assert_eq!(note_texts(&state, doc), ["theirs", "late"]);
    assert!(effects.iter().any(|e| matches!(e, Effect::WriteNotes(c) if c.before.len() == 3 && c.after.len() == 2)));
}

#[test]
fn undo_closes_no_files_and_no_runs_that_came_meanwhile() {
    let mut state = with_files(1);
    let view = state.workspace.focus.unwrap();
    let zoomed = |state: &State| state.workspace.view(view).unwrap().zoom.x_of(XKind::Run);
    state.apply(Action::ZoomX(view, XKind::Run, Some((1.0, 2.0))), 1.0);
    state.apply(Action::Found(vec!["/runs/b".into()]), 2.0);
    state.apply(Action::StartRun(Box::default()), 3.0);
    let run = state.running.as_ref().unwrap().doc;
    state.apply(Action::Undo, 4.0);
    assert_eq!((docs(&state).len(), zoomed(&state)), (3, None));
    assert!(state.workspace.views.iter().any(|view| view.docs == [run]), "the run is still in sight");
    state.apply(Action::Redo, 5.0);
    assert_eq!((docs(&state).len(), zoomed(&state)), (3, Some((1.0, 2.0))));
    state.apply(Action::RunEnded(run, Ok("/runs/real.flent.gz".into())), 6.0);
    state.apply(Action::Undo, 7.0);
    assert_eq!(state.workspace.file(run).unwrap().path, PathBuf::from("/runs/real.flent.gz"));
    // Nor does it take back preferences.
    state.apply(Action::SetPrefs(Box::new(Prefs { scale: 1.5, ..Prefs::default() })), 7.5);
    state.apply(Action::Redo, 7.6);
    assert_eq!(state.workspace.scale.to_bits(), 1.5f32.to_bits());
    // A run that nothing is left of is in no step either.
    state.apply(Action::StartRun(Box::default()), 8.0);
    let run = state.running.as_ref().unwrap().doc;
    let shown = state.workspace.focus.unwrap();
    state.apply(Action::Brush(shown, Some((1.0, 2.0))), 9.0);
    state.apply(Action::RunEnded(run, Err("no server".into())), 10.0);
    state.apply(Action::Undo, 11.0);
    assert!(state.workspace.file(run).is_none() && state.workspace.view(shown).is_none());
}

#[test]
fn a_file_that_is_closed_and_opened_again_is_one_row_whatever_is_undone() {
    let mut state = with_files(2);
    let doc = docs(&state)[1];
    state.apply(Action::Close(vec![doc]), 1.0);
    let path = PathBuf::from("/runs/1.flent.gz");
    state.apply(Action::Found(vec![path.clone()]), 2.0);
    assert_eq!(docs(&state)[1], doc);
    state.apply(Action::Undo, 3.0);
    assert_eq!(docs(&state).len(), 2);
    // What could not be read is tried again when it is asked for again.
    state.apply(Action::Indexed(vec![(doc, Err("half of it".into()))]), 4.0);
    let effects = state.apply(Action::Found(vec![path]), 5.0);
    assert_eq!(state.library.get(doc).unwrap().state, DocState::Waiting);
    assert!(effects.iter().any(|e| matches!(e, Effect::Index(files) if files.len() == 1)));
}

#[test]
fn what_is_said_of_another_place_or_version_of_a_file_is_not_taken_for_this_one() {
    let mut state = with_files(2);
    let [first, second] = docs(&state)[..] else { panic!("two") };
    let nothing = || Arc::new(Summary { window_secs: (0.0, 1.0), rows: Vec::new(), verdict: None });
    state.apply(Action::Locate(first, "/moved/0.flent.gz".into()), 1.0);
    state.apply(Action::Loaded(first, "/runs/0.flent.gz".into(), None, Err("it is gone".into())), 2.0);
    assert_eq!(state.library.get(first).unwrap().state, DocState::Loading, "it is being read where it is now");
    // Statistics from the cache say nothing about a file that is being read.
    state.apply(Action::Surveyed(vec![(first, nothing())]), 3.0);
    assert_eq!(state.library.get(first).unwrap().state, DocState::Loading);
    // Statistics of numbers that are not there any more are nobody's.
    state.apply(Action::Summarised(second, 77, nothing(), Arc::default()), 4.0);
    assert!(state.library.get(second).unwrap().summary.is_none());
    // A file of which only a column is needed is read once, and once more when it is shown.
    state.apply(Action::AddColumn(Column::Latency95), 5.0);
    let meta = || Ok(Arc::new(fa_format::Metadata::for_new_run("ping")));
    let effects = state.apply(Action::Indexed(vec![(second, meta())]), 6.0);
    assert!(matches!(&effects[..], [Effect::Survey(doc, _)] if *doc == second), "{effects:?}");
    assert!(state.apply(Action::Tick(second), 7.0).is_empty(), "not while it is being read");
    let effects = state.apply(Action::Surveyed(vec![(second, nothing())]), 8.0);
    assert!(matches!(&effects[..], [Effect::Load(doc, _)] if *doc == second), "{effects:?}");
}

#[test]
fn a_followed_run_that_was_given_up_is_followed_again() {
    let mut state = with_files(1);
    let follow = || Action::FollowRun("/runs/theirs.flent.gz".into());
    let follows = |effects: &[Effect]| effects.iter().filter(|e| matches!(e, Effect::Follow(..))).count();
    assert_eq!(follows(&state.apply(follow(), 1.0)), 1);
    let doc = docs(&state)[1];
    assert_eq!(follows(&state.apply(follow(), 2.0)), 0, "it is");
    state.apply(Action::Close(vec![doc]), 3.0);
    assert_eq!(follows(&state.apply(follow(), 4.0)), 0, "still");
    assert_eq!(docs(&state)[1], doc);
    state.library.get_mut(doc).unwrap().live = false;
    state.library.get_mut(doc).unwrap().state = DocState::Failed("nothing was heard".into());
    assert_eq!(follows(&state.apply(follow(), 5.0)), 1);
    assert!(state.library.get(doc).unwrap().live);
    // Or its data file is there after all.
    state.library.get_mut(doc).unwrap().live = false;
    state.library.get_mut(doc).unwrap().state = DocState::Failed("nothing was heard".into());
    let effects = state.apply(Action::Found(vec!["/runs/theirs.flent.gz".into()]), 6.0);
    assert!(effects.iter().any(|e| matches!(e, Effect::Load(id, _) if *id == doc)), "{effects:?}");
}

#[test]
fn a_run_whose_file_was_lost_is_told_before_the_window_closes() {
    let mut state = with_files(1);
    for (how, result, lost) in [
        (None, Err("no room"), true),
        (None, Ok("/runs/x.flent.gz"), false),
        (Some(fa_measure::Stop::Discard), Err("discarded"), false),
        (Some(fa_measure::Stop::Keep), Err("no room"), true),
    ] {
        state.apply(Action::StartRun(Box::default()), 1.0);
        assert!(!state.run_lost);
        let run = state.running.as_ref().unwrap().doc;
        if let Some(how) = how {
            state.apply(Action::StopRun(how), 2.0);
        }
        state.apply(Action::RunEnded(run, result.map(PathBuf::from).map_err(str::to_owned)), 3.0);
        assert_eq!(state.run_lost, lost);
    }
}

#[test]
fn undo_moves_no_windows() {
    let mut state = with_files(1);
    let view = state.workspace.focus.unwrap();
    let at = |x| fa_gui::state::WindowPlace { view, at: Some([x, 0.0]), size: [300.0, 300.0] };
    state.apply(Action::PlaceWindow(at(1.0)), 1.0);
    state.apply(Action::Brush(view, Some((1.0, 2.0))), 2.0);
    state.apply(Action::PlaceWindow(at(9.0)), 3.0);
    state.apply(Action::Undo, 4.0);
    assert_eq!(state.workspace.windows, [at(9.0)]);
}

#[test]
fn own_layouts_have_commands_of_their_own_that_can_be_given_keys() {
    use fa_gui::state::commands::{built_in, commands};
    let mut state = with_files(1);
    for name in ["first", "second"] {
        state.apply(Action::SaveLayout(name.into()), 1.0);
    }
    // Saved again, it stays where it was: its key is still its own.
    state.apply(Action::SaveLayout("first".into()), 2.0);
    let own: Vec<(&str, String)> = commands(&state)
        .into_iter()
        .filter(|command| command.id.starts_with("layout-own"))
        .map(|command| (command.id, command.label))
        .collect();
    assert_eq!(own, [("layout-own-1", "Own layout: first".to_owned()), ("layout-own-2", "Own layout: second".into())]);
    assert!(own.iter().all(|(id, _)| built_in().iter().any(|(known, _)| known == id)));
}

#[test]
fn a_located_file_is_compared_with_what_the_session_says_it_was() {
    let text = r#"{"version": 1, "files": [{"id": 1, "path": "a", "hash": "0123456789ab"}, {"id": 2, "path": "b"}]}"#;
    let mut state = State::default();
    let read = session::from_text(text, "/s.fa-session.json".as_ref()).unwrap();
    state.apply(Action::SessionRead(Box::new(read)), 1.0);
    let [a, b] = docs(&state)[..] else { panic!("two") };
    let effects = state.apply(Action::Locate(a, "/else/a".into()), 2.0);
    assert!(effects.iter().any(|e| matches!(e, Effect::Recognise(id, _, hash) if *id == a && hash == "0123456789ab")));
    let effects = state.apply(Action::Locate(b, "/else/b".into()), 3.0);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Recognise(..))), "nothing is known of it");
}

#[test]
fn a_session_with_absurd_numbers_is_opened_and_goes_on() {
    let text = r#"{"version": 1, "next_id": 18446744073709551615, "focus": 18446744073709551615,
        "files": [{"id": 18446744073709551615, "path": "a"}, {"id": 7, "path": "b"}],
        "views": [{"id": 18446744073709551615, "docs": [18446744073709551615]}, {"id": 3, "docs": [7]},
                  {"id": 3, "docs": [7]}],
        "panes": {"tabs": {"views": [3, 3, 99], "active": 0}}}"#;
    let read = session::from_text(text, "/s.fa-session.json".as_ref()).unwrap();
    let mut state = with_files(1);
    state.apply(Action::SessionRead(Box::new(read)), 1.0);
    assert_eq!(state.workspace.views.len(), 2);
    state.apply(Action::NewView(None), 2.0);
    let mut placed = state.workspace.placed();
    placed.sort_unstable();
    assert_eq!(placed, state.workspace.views.iter().map(|view| view.id).collect::<Vec<_>>());
}

#[test]
fn a_session_comes_back_with_its_views_and_other_ids() {
    let mut state = with_files(3);
    let view = state.workspace.focus.unwrap();
    let all = docs(&state);
    state.apply(Action::Tick(all[2]), 1.0);
    state.apply(Action::SetOption(view, "zero-y", vec![String::new()]), 2.0);
    state.apply(Action::Brush(view, Some((5.0, 9.0))), 3.0);
    state.apply(Action::AddColumn(Column::Latency95), 4.0);
    let text = session::to_text(&state.workspace, "/runs/s.fa-session.json".as_ref()).unwrap();
    let read = session::from_text(&text, "/moved/s.fa-session.json".as_ref()).unwrap();
    let mut other = with_files(1);
    let effects = other.apply(Action::SessionRead(Box::new(read)), 5.0);
    let back = other.workspace.focused().unwrap();
    let paths: Vec<PathBuf> = back.docs.iter().map(|doc| other.workspace.file(*doc).unwrap().path.clone()).collect();
    assert_eq!(paths, [PathBuf::from("/moved/0.flent.gz"), "/moved/2.flent.gz".into()]);
    assert_eq!((back.options.zero_y, back.brush), (true, Some((5.0, 9.0))));
    assert!(other.workspace.table.columns.contains(&Column::Latency95));
    assert!(effects.iter().any(|e| matches!(e, Effect::Index(files) if files.len() == 3)));
    other.apply(Action::Undo, 6.0);
    assert_eq!(other.workspace.files.len(), 1, "opening a session can be undone");
}

#[test]
fn what_is_hidden_stays_with_its_file_when_others_go_or_cannot_be_read() {
    let mut state = with_files(3);
    let (view, all) = (state.workspace.focus.unwrap(), docs(&state));
    state.apply(Action::ShowOnly(all.clone()), 1.0);
    state.apply(Action::ToggleSeries(view, "a".into(), Some(all[2])), 2.0);
    state.apply(Action::ToggleSeries(view, "b".into(), None), 3.0);
    let hidden = |state: &State, drawn: &[DocId]| -> Vec<String> {
        let view = state.workspace.focused().unwrap();
        view.figure_options(drawn).hide_series.iter().map(ToString::to_string).collect()
    };
    assert_eq!(hidden(&state, &all), ["3:a", "*:b"]);
    assert_eq!(hidden(&state, &[all[0], all[2]]), ["2:a", "*:b"], "the file in the middle cannot be read");
    assert_eq!(hidden(&state, &all[..2]), ["*:b"]);
    // Another order, another setting, a file less: the same file is meant.
    state.apply(Action::MakePrimary(all[2]), 4.0);
    state.apply(Action::SetOption(view, "zero-y", vec![String::new()]), 5.0);
    assert_eq!(hidden(&state, &state.workspace.focused().unwrap().docs), ["1:a", "*:b"]);
    state.apply(Action::Close(vec![all[0]]), 6.0);
    assert_eq!(state.workspace.focused().unwrap().docs, [all[2], all[1]]);
    assert_eq!(hidden(&state, &[all[2], all[1]]), ["1:a", "*:b"]);
    assert!(
        !state.workspace.focused().unwrap().shows("a", all[2]) && state.workspace.focused().unwrap().shows("a", all[1])
    );
    // What is typed counts the files of the view.
    state.apply(Action::SetOption(view, "hide-series", vec!["2:c".into(), "9:d".into()]), 7.0);
    let expected = [HiddenSeries { doc: Some(all[1]), series: Some("c".into()) }];
    assert_eq!(state.workspace.focused().unwrap().hidden, expected);
    state.apply(Action::Tick(all[1]), 8.0);
    assert!(state.workspace.focused().unwrap().hidden.is_empty(), "nothing is left of a file that is not shown");
}

#[test]
fn a_session_of_before_hides_the_same_series() {
    let text = r#"{"version": 1, "files": [{"id": 5, "path": "a"}, {"id": 9, "path": "b"}],
        "views": [{"id": 1, "docs": [5, 9], "options": [["hide-series", "2:x"], ["zero-y", ""]], "only": 1}],
        "panes": {"tabs": {"views": [1], "active": 0}}, "focus": 1, "floating": [1, 77]}"#;
    let read = session::from_text(text, "/s.fa-session.json".as_ref()).unwrap();
    let mut state = with_files(2);
    state.apply(Action::SessionRead(Box::new(read)), 1.0);
    let view = state.workspace.focused().unwrap();
    assert_eq!(view.hidden, [HiddenSeries { doc: Some(view.docs[1]), series: Some("x".into()) }]);
    assert!(view.options.zero_y && view.options.hide_series.is_empty());
    assert!(state.workspace.floating.is_empty(), "it is among the tabs already, and there is no other");
    // And written and read again, with other ids.
    let again = session::to_text(&state.workspace, "/s.fa-session.json".as_ref()).unwrap();
    let again = session::from_text(&again, "/s.fa-session.json".as_ref()).unwrap();
    let mut other = with_files(4);
    other.apply(Action::SessionRead(Box::new(again)), 1.0);
    let view = other.workspace.focused().unwrap();
    assert_eq!(view.hidden, [HiddenSeries { doc: Some(view.docs[1]), series: Some("x".into()) }]);
}

#[test]
fn a_view_floats_and_comes_back_and_none_is_lost() {
    let mut state = with_files(1);
    let first = state.workspace.focus.unwrap();
    state.apply(Action::Duplicate(first), 1.0);
    let second = state.workspace.focus.unwrap();
    state.apply(Action::Float(second), 2.0);
    let w = &state.workspace;
    assert_eq!((w.panes.views(), w.floating.clone(), w.focus), (vec![first], vec![second], Some(second)));
    assert_eq!(w.visible(), [first, second]);
    state.apply(Action::StepView(1), 3.0);
    assert_eq!(state.workspace.focus, Some(first));
    // The other one, too: the main window is empty then.
    state.apply(Action::Float(first), 4.0);
    assert!(state.workspace.panes.views().is_empty());
    state.apply(Action::Dock(second, second, Side::Centre), 5.0);
    assert_eq!((state.workspace.panes.views(), state.workspace.floating.clone()), (vec![second], vec![first]));
    // To a side of a view that floats: nowhere but among the tabs.
    state.apply(Action::Dock(second, first, Side::Left), 6.0);
    assert_eq!(state.workspace.panes.views(), [second]);
    state.apply(Action::Dock(first, second, Side::Left), 7.0);
    assert_eq!(state.workspace.panes.visible(), [first, second]);
    state.apply(Action::Undo, 8.0);
    assert_eq!(state.workspace.floating, [first]);
    state.apply(Action::CloseView(first), 9.0);
    assert_eq!((state.workspace.floating.len(), state.workspace.focus), (0, Some(second)));
    state.apply(Action::ReopenView, 10.0);
    assert_eq!(state.workspace.panes.views().len(), 2, "it comes back among the tabs");
}

#[test]
fn layouts_are_saved_by_name_applied_and_forgotten() {
    let mut state = with_files(1);
    let first = state.workspace.focus.unwrap();
    state.apply(Action::Duplicate(first), 1.0);
    let second = state.workspace.focus.unwrap();
    state.apply(Action::Dock(second, first, Side::Bottom), 2.0);
    state.apply(Action::ShowPanel(Panel::Notes), 3.0);
    let shape = state.workspace.panes.clone();
    let effects = state.apply(Action::SaveLayout("  mine ".into()), 4.0);
    assert!(matches!(&effects[..], [Effect::WriteLayouts(all)] if all.len() == 1 && all[0].name == "mine"));
    state.apply(Action::ApplyPreset(Preset::OneFigure), 5.0);
    assert_eq!((state.workspace.panes.visible().len(), &state.workspace.panels[..]), (1, &[Panel::Files][..]));
    state.apply(Action::ApplyLayout("mine".into()), 6.0);
    assert_eq!(state.workspace.panes, shape);
    assert!(state.workspace.shows(Panel::Notes));
    state.apply(Action::Undo, 7.0);
    assert_eq!(state.workspace.panes.visible().len(), 1);
    state.apply(Action::SaveLayout(" ".into()), 8.0);
    assert!(state.refused.is_some());
    state.apply(Action::DeleteLayout("mine".into()), 9.0);
    state.apply(Action::ApplyLayout("mine".into()), 10.0);
    assert!(state.refused.as_deref().is_some_and(|why| why.contains("mine")));
}

#[test]
fn a_tag_is_written_beside_the_file_and_its_column_appears() {
    let mut state = with_files(2);
    let doc = docs(&state)[1];
    let effects = state.apply(Action::ToggleTag(doc, "good".into()), 1.0);
    assert!(matches!(&effects[..], [Effect::WriteNotes(change)]
        if change.path.ends_with("1.flent.gz.notes.json") && change.after[0].text == "#good"));
    assert_eq!(state.library.get(doc).unwrap().tags, ["good"]);
    assert!(state.workspace.table.columns.contains(&Column::Tags));
    state.apply(Action::Undo, 2.0);
    assert!(state.library.get(doc).unwrap().tags.is_empty());
    state.apply(notes_read(doc, &["#wifi"]), 3.0);
    assert_eq!(state.library.get(doc).unwrap().tags, ["wifi"]);
}

#[test]
fn files_are_shown_in_turn_and_alone() {
    let mut state = with_files(3);
    let (view, all) = (state.workspace.focus.unwrap(), docs(&state));
    state.apply(Action::ShowOnly(all[..2].to_vec()), 1.0);
    let mut turns = Vec::new();
    for step in 0..4 {
        state.apply(Action::Flip(view), 2.0 + f64::from(step));
        turns.push(state.workspace.focused().unwrap().only);
    }
    assert_eq!(turns, [Some(all[0]), Some(all[1]), None, Some(all[0])]);
    state.apply(Action::ShowFile(view, all[1]), 10.0);
    assert_eq!(state.workspace.focused().unwrap().only, Some(all[1]));
    state.apply(Action::ShowFile(view, all[2]), 11.0);
    assert_eq!(state.workspace.focused().unwrap().only, None, "it is not in the view");
}

/// A seeded generator: the same actions in every run of the test.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

fn any_action(state: &State, dice: &mut Dice) -> Action {
    let known = docs(state);
    let doc = if known.is_empty() { DocId(1) } else { known[dice.roll(known.len())] };
    let views: Vec<ViewId> = state.workspace.views.iter().map(|v| v.id).collect();
    let view = if views.is_empty() { ViewId(1) } else { views[dice.roll(views.len())] };
    let other = if views.is_empty() { ViewId(1) } else { views[dice.roll(views.len())] };
    let t = dice.roll(100) as f64;
    let column = Column::FIXED[dice.roll(Column::FIXED.len())].clone();
    let side = [Side::Centre, Side::Left, Side::Right, Side::Top, Side::Bottom][dice.roll(5)];
    match dice.roll(49) {
        0..=2 => Action::Tick(doc),
        3 => Action::Close(vec![doc]),
        4 => Action::NewView(Some(doc)),
        5 => Action::Duplicate(view),
        6 => Action::CloseView(view),
        7 => Action::ReopenView,
        8 => Action::Dock(view, other, side),
        9 => Action::Share(vec![dice.roll(2) == 0], t as f32 / 100.0),
        10 => Action::SetPlot(view, ["all", "ping_cdf", "totals"][dice.roll(3)].into()),
        11 => Action::SetOption(view, "zero-y", vec![String::new()]),
        12 => Action::SetOption(view, "bounds-y", vec![format!("{},{}", t, t + 1.0)]),
        13 => Action::SetOption(view, "zero-y", Vec::new()),
        14 => Action::ResetOptions(view),
        15 => Action::ZoomX(view, XKind::Run, Some((t, t + 5.0))),
        16 => Action::Slide(
            view,
            XKind::Clock,
            Some((t, t + 5.0)),
            vec![YZoom { panel: 0, axes: 0, limits: (0.0, t + 1.0) }],
        ),
        17 => Action::Fit(view),
        18 => Action::ZoomBack(view),
        19 => Action::ZoomForward(view),
        20 => Action::MarkZoom(view),
        21 => Action::ToggleLink(view),
        22 => Action::ToggleSameScale(view),
        23 => Action::Brush(view, Some((t, t + 3.0))),
        24 => Action::BrushToCutoff(view),
        25 => Action::Cursor(view, dice.roll(2), Some(t)),
        26 => Action::ToggleSeries(view, "TCP upload".into(), [None, Some(doc)][dice.roll(2)]),
        27 => Action::ToggleFile(view, doc),
        28 => Action::ShowAllSeries(view),
        29 => Action::Flip(view),
        30 => Action::Sort(column),
        31 => Action::AddColumn(column),
        32 => Action::RemoveColumn(column),
        33 => Action::MoveColumn(column, [-1, 1][dice.roll(2)]),
        34 => Action::TogglePanel(Panel::ALL[dice.roll(7)]),
        35 => Action::SetTheme(ThemeChoice::ALL[dice.roll(3)].0),
        36 => Action::SetPalette(Palette::ALL[dice.roll(3)].0),
        37 => Action::SetScale(0.5 + t as f32 / 50.0),
        38 => Action::AddNote(doc, Note { text: format!("{t}"), ..Note::default() }),
        39 => Action::DeleteNote(doc, 0),
        40 => Action::Zoom(view, ZoomState::default()),
        41 | 42 => Action::Float(view),
        43 => Action::ApplyPreset(Preset::ALL[dice.roll(3)]),
        44 => Action::ToggleTag(doc, ["good", "bad"][dice.roll(2)].into()),
        45 => Action::MoveFile(view, doc, dice.roll(3)),
        46 => Action::ShowFile(view, doc),
        47 => Action::ToggleOverview,
        _ => Action::Focus(other),
    }
}

/// Something from outside, which is nobody's step: what is found, read, measured. Files are named by their paths.
fn any_event(state: &State, dice: &mut Dice, step: usize) -> Event {
    let known: Vec<PathBuf> = state.workspace.files.iter().map(|file| file.path.clone()).collect();
    let path = known.get(dice.roll(known.len().max(1))).cloned().unwrap_or_default();
    let new = PathBuf::from(format!("/new/{step}"));
    match dice.roll(9) {
        0 => Event::Found(new),
        1 => Event::Found(path),
        2 => Event::Located(path, new),
        3 | 4 => Event::NotesRead(path, format!("note {step}")),
        5 => Event::RunStarted(new),
        6 => Event::RunEnded(dice.roll(2) == 0),
        7 => Event::Broken(path),
        _ => Event::Preferred(1.0 + dice.roll(8) as f32 / 10.0),
    }
}

#[derive(Debug, Clone)]
enum Event {
    Found(PathBuf),
    Located(PathBuf, PathBuf),
    NotesRead(PathBuf, String),
    RunStarted(PathBuf),
    RunEnded(bool),
    Broken(PathBuf),
    Preferred(f32),
}

impl Event {
    /// What it is in a state with numbers of its own.
    fn action(&self, state: &State) -> Option<Action> {
        let doc = |path: &PathBuf| state.workspace.files.iter().find(|file| file.path == *path).map(|file| file.id);
        Some(match self {
            Self::Found(path) => Action::Found(vec![path.clone()]),
            Self::Located(from, to) => Action::Locate(doc(from)?, to.clone()),
            Self::NotesRead(path, text) => notes_read(doc(path)?, &[text]),
            Self::RunStarted(folder) => {
                Action::StartRun(Box::new(RunRequest { folder: folder.clone(), ..RunRequest::default() }))
            }
            Self::RunEnded(well) => {
                let run = state.running.as_ref()?;
                let written = run.request.folder.join("x.flent.gz");
                Action::RunEnded(run.doc, if *well { Ok(written) } else { Err("no server".into()) })
            }
            Self::Broken(path) => Action::Indexed(vec![(doc(path)?, Err("broken".into()))]),
            Self::Preferred(scale) => Action::SetPrefs(Box::new(Prefs { scale: *scale, ..Prefs::default() })),
        })
    }
}

#[test]
fn whatever_is_undone_what_came_from_outside_is_as_if_nobody_had_done_anything() {
    let open = |state: &State| -> std::collections::BTreeMap<PathBuf, Vec<String>> {
        state.workspace.files.iter().map(|file| (file.path.clone(), note_texts(state, file.id))).collect()
    };
    for seed in [3, 8, 77] {
        let mut dice = Dice(seed);
        let (mut state, mut alone) = (with_files(6), with_files(6));
        state.history = History::with_depth(5000);
        for step in 0..2000 {
            let now = step as f64;
            match dice.roll(12) {
                0 => drop(state.apply(Action::Undo, now)),
                1 => drop(state.apply(Action::Redo, now)),
                2 | 3 => {
                    let event = any_event(&state, &mut dice, step);
                    if let Some(action) = event.action(&state) {
                        state.apply(action, now);
                        let action =
                            event.action(&alone).unwrap_or_else(|| panic!("seed {seed}, step {step}: {event:?}"));
                        alone.apply(action, now);
                    }
                }
                _ => {
                    let action = any_action(&state, &mut dice);
                    state.apply(action, now);
                }
            }
            holds(&state, &format!("seed {seed}, step {step}"));
        }
        while state.history.undoable().is_some() {
            state.apply(Action::Undo, 1e6);
            holds(&state, &format!("seed {seed}, undoing"));
        }
        assert_eq!(open(&state), open(&alone), "seed {seed}");
    }
}

/// What holds always: every view is in exactly one place, shows known files, and one of them has the focus.
fn holds(state: &State, at: &str) {
    let w = &state.workspace;
    let mut placed = w.placed();
    let mut views: Vec<ViewId> = w.views.iter().map(|v| v.id).collect();
    placed.sort_unstable();
    views.sort_unstable();
    assert_eq!(placed, views, "{at}");
    assert!(w.focus.is_none_or(|focus| w.view(focus).is_some()), "{at}");
    assert_eq!(w.focus.is_none(), w.views.is_empty(), "{at}");
    assert!(w.views.iter().all(|v| v.docs.iter().all(|d| w.file(*d).is_some())), "{at}");
    let running = state.running.as_ref().map(|run| run.doc);
    assert!(running.is_none_or(|doc| w.file(doc).is_some()), "{at}: the row of a run is there");
}

#[test]
fn ten_thousand_actions_undone_are_the_beginning_and_redone_the_end() {
    for seed in [1, 7, 99] {
        let mut dice = Dice(seed);
        let mut state = with_files(12);
        state.history = History::with_depth(20_000);
        let begin = state.workspace.clone();
        let mut now = 1.0;
        for step in 0..10_000 {
            now += 1.0;
            match dice.roll(12) {
                0 => drop(state.apply(Action::Undo, now)),
                1 => drop(state.apply(Action::Redo, now)),
                _ => {
                    let action = any_action(&state, &mut dice);
                    state.apply(action, now);
                }
            }
            holds(&state, &format!("seed {seed}, step {step}"));
        }
        // Focus is no change that is undone: where it ends up is not compared.
        let comparable = |workspace: &fa_gui::state::Workspace| {
            let mut w = workspace.clone();
            w.focus = None;
            // Numbers are never given twice.
            w.next_id = 0;
            w
        };
        let end = state.workspace.clone();
        let mut back = 0;
        while state.history.undoable().is_some() {
            state.apply(Action::Undo, now);
            back += 1;
        }
        assert!(back > 1000, "{back}");
        assert_eq!(comparable(&state.workspace), comparable(&begin), "seed {seed}");
        // Not all that can be redone: the last of the ten thousand may have been undone, too.
        for _ in 0..back {
            state.apply(Action::Redo, now);
        }
        assert_eq!(comparable(&state.workspace), comparable(&end), "seed {seed}");
    }
}
