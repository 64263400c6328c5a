//! What follows from actions: work for threads, watching, measuring, the clipboard.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Viewer, layouts, open};
use crate::state::{Action, Effect, Problem, ViewId};
use crate::work::live::{Stopper, check, measure, start};
use crate::work::{Job, SaveFigure};

impl Viewer {
    /// Where samples are put: beside the list of recent files, else where the system keeps temporary files.
    fn samples_folder(&self) -> PathBuf {
        match &self.options.state_dir {
            Some(dir) => dir.join("samples"),
            None => std::env::temp_dir().join(format!("fa-samples-{}", std::process::id())),
        }
    }

    pub(super) fn see_to(&mut self, effect: Effect) {
        let give = |job| self.workers.give(job);
        match effect {
            Effect::Find(paths) => give(Job::Find(paths)),
            Effect::OpenSample(sample) => give(Job::Sample(sample, self.samples_folder())),
            Effect::Reveal(doc, path) => give(Job::Reveal(doc, path)),
            Effect::WriteLayouts(layouts) => {
                // Without a folder they last as long as the window.
                if let Some(dir) = &self.options.state_dir {
                    give(Job::WriteLayouts(layouts::file(dir), layouts));
                }
            }
            Effect::Index(files) => give(Job::Index(files)),
            Effect::Recognise(doc, path, hash) => give(Job::Recognise(doc, path, hash)),
            Effect::Load(doc, path) => give(Job::Load(doc, path)),
            Effect::Summarise(doc) => {
                if let Some(loaded) = self.state.library.loaded(doc) {
                    let stamp = self.state.library.get(doc).and_then(|known| known.stamp);
                    give(Job::Summarise(doc, Arc::clone(loaded), stamp));
                }
                if let Some(known) = self.state.library.get(doc)
                    && let Some(stamp) = known.stamp
                {
                    let path = known.path.clone();
                    self.watcher.with(|watched| watched.files.insert(doc, (path, stamp)));
                }
            }
            Effect::ReadNotes(doc, path) => give(Job::ReadNotes(doc, path)),
            Effect::WriteNotes(change) => give(Job::WriteNotes(change)),
            Effect::CopyWithNotes(data, notes, copy) => give(Job::CopyWithNotes(data, notes, copy)),
            Effect::SaveSession(path, workspace) => give(Job::SaveSession(path, workspace)),
            Effect::OpenSession(path) => give(Job::OpenSession(path)),
            Effect::SaveFigure(view, path, how) => match self.save_figure(view, how) {
                Some(save) => self.workers.give(Job::SaveFigure(path, Box::new(save))),
                None => self.state.note(Problem::error("there is no figure to save")),
            },
            Effect::CopyText(text) => self.to_copy = Some(text),
            Effect::CopyImage(view) => {
                let (format, dpi) = (fa_plot::render::Format::Png, 144.0);
                let how = crate::state::FigureFile { format, size_in: None, dpi, theme: None };
                match self.save_figure(view, how) {
                    Some(save) => self.workers.give(Job::Image(Box::new(save))),
                    None => self.state.note(Problem::error("there is no figure to copy")),
                }
            }
            Effect::Export(export) => {
                let docs = export.docs.iter().filter_map(|doc| self.state.library.get(*doc));
                let files = docs.map(|doc| (doc.path.clone(), doc.loaded.clone())).collect();
                self.workers.give(Job::Export(export, files));
            }
            Effect::CheckServers(request) => {
                if let Some(measurer) = &self.options.measurer {
                    let (measurer, inline) = (Arc::clone(measurer), self.workers.is_inline());
                    check(request, measurer, self.workers.shared(), inline);
                } else {
                    let outcome = Err("this program cannot measure".to_owned());
                    let checked = crate::state::CheckedRun { request: *request, outcome };
                    self.act(Action::ServersChecked(Box::new(checked)));
                }
            }
            Effect::StartRun(doc, request) => match &self.options.measurer {
                Some(measurer) => {
                    let measurer = Arc::clone(measurer);
                    let shared = self.workers.shared();
                    if self.workers.is_inline() {
                        let ended = measure(doc, &request, &*measurer, shared, &Stopper::default());
                        shared.act(Action::RunEnded(doc, ended));
                    } else {
                        self.stopper = Some(start(doc, request, measurer, shared));
                    }
                }
                None => self.act(Action::RunEnded(doc, Err("this program cannot measure".to_owned()))),
            },
            Effect::StopRun(how) => {
                if let Some(stopper) = &self.stopper {
                    stopper.stop(how);
                }
            }
            Effect::Follow(doc, data) => {
                let follower = crate::work::monitor::Follower::new(doc, data);
                if self.workers.is_inline() {
                    self.followers.push(follower);
                } else {
                    crate::work::monitor::follow(follower, self.workers.shared());
                }
            }
            Effect::WatchFolder(folder) => self.watcher.with(|watched| watched.set_folder(folder)),
            Effect::Prefer { before, now } => {
                self.heed(&now);
                if let Some(path) = &self.options.config {
                    self.workers.give(Job::WritePrefs(path.clone(), before, now));
                }
            }
            Effect::ClearCache => self.workers.give(Job::ClearCache),
            Effect::Survey(doc, path) => give(Job::Survey(doc, path)),
            Effect::Remember(paths) => {
                let kept = open::remember(&mut self.recent, paths, self.options.state_dir.as_deref());
                if let Some(job) = kept {
                    self.workers.give(job);
                }
            }
        }
    }

    /// What a file of a view's figure is made from.
    pub fn save_figure(&self, view: ViewId, how: crate::state::FigureFile) -> Option<SaveFigure> {
        let figure = self.figures.get(view)?;
        let shown = self.state.workspace.view(view)?;
        let size = self.screen.sizes.get(&view).copied().unwrap_or_default();
        let part = self.figures.part(&self.state, shown, figure);
        Some(SaveFigure { figure: Arc::clone(figure), view: part, size, theme: self.theme(shown), how })
    }
}
