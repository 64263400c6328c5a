//! Runs that are started from the window.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::common::{LONG, PING, act, docs, focused, has, sample, save, viewer, viewer_mut, window, window_with};
use egui_kittest::kittest::Queryable as _;
use fa_gui::state::commands::Dialog;
use fa_gui::state::{Action, DocState, RunRequest, XKind};
use fa_gui::{Options, Viewer};
use fa_measure::event::{EndReason, Event, What};

/// Plays prepared events in place of a network.
struct Played {
    dir: PathBuf,
    /// What becomes of the events.
    cut: fn(Vec<Event>) -> Vec<Event>,
    /// What became of the journal.
    journal: Arc<Mutex<Vec<&'static str>>>,
}

impl Played {
    fn into(dir: &Path, cut: fn(Vec<Event>) -> Vec<Event>) -> Self {
        Self { dir: dir.to_owned(), cut, journal: Arc::default() }
    }
}

impl fa_gui::work::live::Measurer for Played {
    fn plan(&self, request: &fa_gui::state::RunRequest) -> Result<fa_measure::plan::Plan, String> {
        // Simulating the dialog's whole minute of eight flows takes as long.
        Ok(fa_testkit::plan(&request.test, request.length_secs.min(2.0)))
    }

    fn launcher(&self, _request: &fa_gui::state::RunRequest) -> Box<dyn fa_measure::Launcher> {
        struct Player(fn(Vec<Event>) -> Vec<Event>);
        impl fa_measure::Launcher for Player {
            fn start(
                &self,
                plan: fa_measure::plan::Plan,
            ) -> Result<fa_measure::Run, fa_measure::launcher::LaunchError> {
                let events = (self.0)(fa_testkit::Simulation::seeded(5).run(&plan));
                let (to, from) = std::sync::mpsc::channel();
                for event in events {
                    to.send(event).expect("somebody listens");
                }
                Ok(fa_measure::Run::new(from, |_| {}))
            }
        }
        Box::new(Player(self.cut))
    }

    fn journal(&self, _folder: &Path) -> Box<dyn fa_gui::work::live::Journal> {
        struct Told(Arc<Mutex<Vec<&'static str>>>);
        impl fa_gui::work::live::Journal for Told {
            fn record(&mut self, _event: &Event) -> Result<(), String> {
                Ok(())
            }
            fn discard(self: Box<Self>) {
                self.0.lock().unwrap().push("discarded");
            }
            fn keep(self: Box<Self>) -> Option<PathBuf> {
                self.0.lock().unwrap().push("kept");
                Some("/runs/x.journal".into())
            }
        }
        Box::new(Told(Arc::clone(&self.journal)))
    }

    fn save(&self, recorder: fa_measure::recorder::Recorder, _folder: &Path) -> Result<PathBuf, String> {
        if !self.dir.is_dir() {
            return Err("there is no room".to_owned());
        }
        let set = recorder.finish().map_err(|e| e.to_string())?;
        Ok(save(&self.dir, "live.flent.gz", &set))
    }
}

/// A window that can measure.
pub(crate) fn with_player() -> crate::common::Window {
    let measurer = Arc::new(Played::into(&std::env::temp_dir(), std::convert::identity));
    window_with(Options { measurer: Some(measurer), ..Options::default() }, [1360.0, 860.0])
}

#[test]
fn s32_a_run_is_started_from_the_dialog_and_its_file_appears() {
    let dir = tempfile::tempdir().unwrap();
    let measurer = Arc::new(Played::into(dir.path(), |events| events));
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

/// What became of the journal of a run with these events, how many rows there are after it, and what was told.
fn after(cut: fn(Vec<Event>) -> Vec<Event>, writable: bool) -> (Vec<&'static str>, usize, String) {
    let dir = tempfile::tempdir().unwrap();
    let folder = if writable { dir.path().to_owned() } else { dir.path().join("missing") };
    let played = Arc::new(Played::into(&folder, cut));
    let mut window = window_with(Options { measurer: Some(played.clone()), ..Options::default() }, [1360.0, 860.0]);
    let request = RunRequest { test: "ping".into(), hosts: vec!["far.example".into()], ..RunRequest::default() };
    act(&mut window, Action::StartRun(Box::new(request)));
    let told = viewer(&window).state.problems.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join("\n");
    let journal = played.journal.lock().unwrap().clone();
    (journal, docs(&window).len(), told)
}

#[test]
fn what_was_measured_is_kept_however_a_run_ends() {
    // The channel closes without a word.
    let (journal, rows, told) = after(
        |mut events| {
            events.pop();
            events
        },
        true,
    );
    assert_eq!((journal, rows), (vec!["discarded"], 1), "the file is written");
    assert!(told.contains("ended early: the run ended without saying why"), "{told}");
    // It fails at last.
    let fails = |mut events: Vec<Event>| {
        let at = events.pop().unwrap().at;
        events.push(Event::new(at, What::Ended { reason: EndReason::Failed { error: "no route".into() } }));
        events
    };
    let (journal, rows, told) = after(fails, true);
    assert_eq!((journal, rows), (vec!["discarded"], 1));
    assert!(told.contains("ended early: no route"), "{told}");
    // The file cannot be written: the journal stays.
    let (journal, _, told) = after(fails, false);
    assert_eq!(journal, ["kept"]);
    assert!(told.contains("fa recover /runs/x.journal"), "{told}");
    // Nothing was measured, or nobody wants it: nothing is left.
    let (journal, rows, _) = after(|events| events.into_iter().take(2).collect(), true);
    assert_eq!((journal, rows), (vec!["discarded"], 0));
    let discards = |mut events: Vec<Event>| {
        let at = events.pop().unwrap().at;
        events.push(Event::new(at, What::Ended { reason: EndReason::StoppedDiscard }));
        events
    };
    assert_eq!(after(discards, true).0, ["discarded"]);
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
fn s32_of_a_discarded_run_neither_row_nor_view_nor_problem_is_left() {
    let mut window = window(&[sample(PING)]);
    let request = RunRequest {
        test: "ping".into(),
        hosts: vec!["far.example".into()],
        title: "live".into(),
        length_secs: 20.0,
        delay_secs: 5.0,
        step_secs: 0.2,
        params: Vec::new(),
        folder: PathBuf::from("/runs"),
        extended: false,
        key: None,
        redact: false,
    };
    // The network is left out: what follows from the start is not seen to.
    viewer_mut(&mut window).state.apply(Action::StartRun(Box::new(request)), 0.0);
    let (first, run) = (docs(&window)[0], docs(&window)[1]);
    let numbers = viewer(&window).state.library.loaded(first).unwrap().clone();
    act(&mut window, Action::RunData(run, numbers));
    assert_eq!(viewer(&window).state.workspace.views.len(), 2, "it is shown while it runs");
    viewer_mut(&mut window).state.apply(Action::StopRun(fa_measure::Stop::Discard), 1.0);
    act(&mut window, Action::RunEnded(run, Err("the run was stopped and discarded".into())));
    assert_eq!(docs(&window), [first]);
    let state = &viewer(&window).state;
    assert_eq!((state.workspace.views.len(), state.problems.len(), state.running.is_none()), (1, 0, true));
}
