//! Runs that are started from the window.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::{LONG, PING, act, docs, focused, has, sample, save, viewer, viewer_mut, window, window_with};
use egui_kittest::kittest::Queryable as _;
use fa_gui::state::commands::Dialog;
use fa_gui::state::{Action, DocState, RunRequest, XKind};
use fa_gui::{Options, Viewer};

/// Plays prepared events in place of a network.
struct Played {
    dir: PathBuf,
}

impl fa_gui::work::live::Measurer for Played {
    fn plan(&self, request: &fa_gui::state::RunRequest) -> Result<fa_measure::plan::Plan, String> {
        // Simulating the dialog's whole minute of eight flows takes as long.
        Ok(fa_testkit::plan(&request.test, request.length_secs.min(2.0)))
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
