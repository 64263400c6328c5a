//! The life of a run: servers are asked, it starts, grows and ends; and runs of others are followed.

use std::path::PathBuf;
use std::sync::Arc;

use super::action::{Action, Problem};
use super::effect::Effect;
use super::library::{DocId, DocState};
use super::reduce::drop_files;
use super::{RunRequest, Running, State};

impl State {
    pub(super) fn report_run(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::FollowRun(data) => self.follow(&data),
            Action::CheckServers(request) => {
                if self.checking.is_some() {
                    self.refuse("servers are being asked already");
                    return Vec::new();
                }
                self.checking = Some(request.clone());
                vec![Effect::CheckServers(request)]
            }
            Action::ServersChecked(checked) => {
                self.checking = None;
                self.checked = Some(*checked);
                Vec::new()
            }
            Action::StartRun(request) => self.start_run(request),
            Action::RunData(id, loaded) => {
                if let Some(doc) = self.library.get_mut(id) {
                    doc.metadata = Some(Arc::new(loaded.set.metadata.clone()));
                    doc.state = DocState::Ready;
                    doc.load(loaded);
                }
                Vec::new()
            }
            Action::RunProgress(id, text) => {
                if let Some(run) = self.running.as_mut().filter(|run| run.doc == id) {
                    run.progress = text;
                }
                Vec::new()
            }
            Action::StopRun(how) => {
                let Some(run) = &mut self.running else { return Vec::new() };
                run.stopping = true;
                run.discarding = how == fa_measure::Stop::Discard;
                vec![Effect::StopRun(how)]
            }
            Action::RunEnded(id, result) => self.run_ended(id, result),
            _ => Vec::new(),
        }
    }

    /// A row and a view for a run that somebody else measures; the row of before, if it is known.
    fn follow(&mut self, data: &std::path::Path) -> Vec<Effect> {
        let (id, new) = self.row(data);
        let Some(doc) = self.library.get_mut(id) else { return Vec::new() };
        // What failed earlier may go on by now: it is followed again.
        let effects = if doc.live || matches!(doc.state, DocState::Ready | DocState::Loading) {
            Vec::new()
        } else {
            doc.begin_again();
            (doc.live, doc.state) = (true, DocState::Loading);
            vec![Effect::Follow(id, data.to_owned())]
        };
        if new {
            self.workspace.open_view(Some(id));
        }
        self.status = format!("following {}", data.display());
        effects
    }

    fn start_run(&mut self, request: Box<RunRequest>) -> Vec<Effect> {
        if self.running.is_some() {
            self.refuse("a test is running already: one at a time");
            return Vec::new();
        }
        let path = request.folder.join(format!("{} (measuring)", request.test));
        let id = self.new_row(&path);
        if let Some(doc) = self.library.get_mut(id) {
            (doc.live, doc.state) = (true, DocState::Loading);
        }
        self.workspace.open_view(Some(id));
        self.not_run = None;
        self.status = format!("measuring {} against {}", request.test, request.hosts.join(", "));
        self.run_lost = false;
        self.running = Some(Running {
            doc: id,
            request: request.clone(),
            stopping: false,
            discarding: false,
            progress: String::new(),
        });
        vec![Effect::StartRun(id, request)]
    }

    fn run_ended(&mut self, id: DocId, result: Result<PathBuf, String>) -> Vec<Effect> {
        // The followed run of somebody else's may end while ours goes on.
        let run = self.running.take_if(|run| run.doc == id);
        let discarded = run.as_ref().is_some_and(|run| run.discarding);
        if run.is_some() {
            self.run_lost = result.is_err() && !discarded;
        }
        match result {
            Ok(path) => {
                self.status = format!("written: {}", path.display());
                self.is_at(id, &path);
                let Some(doc) = self.library.get_mut(id) else { return Vec::new() };
                doc.live = false;
                doc.state = DocState::Loading;
                vec![Effect::Load(id, path.clone()), Effect::Remember(vec![path])]
            }
            Err(why) => {
                // Nothing is to be left of a run that nobody wants.
                let empty = discarded || self.library.loaded(id).is_none();
                if let Some(doc) = self.library.get_mut(id) {
                    doc.live = false;
                    doc.state = DocState::Failed(why.clone());
                }
                if !discarded {
                    self.note(Problem::error(why.clone()).of(id));
                    if let Some(run) = run.filter(|_| empty) {
                        self.not_run = Some((run.request, why.clone()));
                    }
                }
                self.status = why;
                if empty {
                    // Undo brings back no rows that the library has forgotten.
                    drop_files(&mut self.workspace, &[id]);
                    self.library.forget(id);
                }
                Vec::new()
            }
        }
    }
}
