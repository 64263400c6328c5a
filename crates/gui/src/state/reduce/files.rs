//! Files: opening, closing, ticking, their order in a view.

use std::collections::HashSet;
use std::ops::ControlFlow::{Break, Continue};
use std::path::PathBuf;
use std::sync::Arc;

use super::super::action::{Action, Effect};
use super::super::library::{DocId, DocState};
use super::super::view::{View, ViewId};
use super::super::workspace::{FileRef, Panel};
use super::super::{Sample, State};
use super::Reduced;
use super::views::close_view;

impl State {
    pub(super) fn reduce_files(&mut self, action: Action) -> Reduced {
        let mut effects = Vec::new();
        let w = &mut self.workspace;
        match action {
            Action::Open(paths) => effects.push(Effect::Find(paths)),
            Action::OpenSample(sample) => effects.push(Effect::OpenSample(sample)),
            Action::SampleFound(sample, paths) => return Break(self.sample_found(sample, &paths)),
            Action::Found(paths) => return Break(self.found(paths)),
            Action::Reload(docs) => {
                for id in docs {
                    if let Some(doc) = self.library.get_mut(id)
                        && !doc.live
                    {
                        doc.changed = None;
                        doc.state = DocState::Loading;
                        effects.push(Effect::Load(id, doc.path.clone()));
                    }
                }
            }
            Action::Close(docs) => self.close_files(&docs),
            Action::Locate(doc, path) => {
                let mut files = w.files.as_ref().clone();
                if let Some(file) = files.iter_mut().find(|file| file.id == doc) {
                    file.path.clone_from(&path);
                }
                w.files = Arc::new(files);
                if let Some(known) = self.library.get_mut(doc) {
                    known.path.clone_from(&path);
                    known.state = DocState::Loading;
                    known.changed = None;
                }
                effects.push(Effect::Load(doc, path.clone()));
                effects.push(Effect::ReadNotes(doc, path));
            }
            Action::Reveal(doc) => match self.library.get(doc) {
                Some(known) if known.live => self.refuse("the run has no file yet"),
                Some(known) => effects.push(Effect::Reveal(doc, known.path.clone())),
                None => {}
            },
            Action::WatchFolder(folder) => {
                self.watched.clone_from(&folder);
                self.monitor = None;
                if folder.is_some() {
                    w.show_panel(Panel::Runs);
                }
                self.status = match &folder {
                    Some(folder) => format!("watching {}", folder.display()),
                    None => "watching no folder".to_owned(),
                };
                effects.push(Effect::WatchFolder(folder));
            }
            Action::Tick(doc) => self.tick(doc),
            Action::ShowOnly(docs) => self.show_only(docs),
            Action::MakePrimary(doc) => {
                if let Some(view) = w.focus {
                    self.move_file(view, doc, 0);
                }
            }
            Action::MoveFile(view, doc, to) => self.move_file(view, doc, to),
            other => return Continue(other),
        }
        Break(effects)
    }

    fn found(&mut self, paths: Vec<PathBuf>) -> Vec<Effect> {
        let w = &mut self.workspace;
        let known: HashSet<PathBuf> = w.files.iter().map(|file| file.path.clone()).collect();
        let mut files = w.files.as_ref().clone();
        let mut new = Vec::new();
        for path in paths {
            if let Some(file) = files.iter().find(|file| known.contains(&path) && file.path == path) {
                // Asked for again: it is shown.
                if new.is_empty() && w.focus.is_none() {
                    new.push((file.id, path));
                }
                continue;
            }
            // Ids of closed files are never given again: undo brings those files back.
            let id = DocId(w.next_id.max(self.library.last_id() + 1));
            w.next_id = id.0 + 1;
            files.push(FileRef { id, path: path.clone(), hash: None });
            self.library.ensure(id, &path);
            new.push((id, path));
        }
        let added = files.len() - w.files.len();
        w.files = Arc::new(files);
        if let Some((first, _)) = new.first() {
            match w.focused_mut() {
                Some(view) if view.docs.is_empty() => view.docs.push(*first),
                Some(_) => {}
                None => {
                    w.open_view(Some(*first));
                }
            }
        }
        self.status = if added == 1 { "1 file opened".to_owned() } else { format!("{added} files opened") };
        let mut effects = self.wanted_files();
        let paths: Vec<PathBuf> = new.iter().map(|(_, path)| path.clone()).collect();
        effects.push(Effect::Index(new.clone()));
        effects.extend(new.into_iter().map(|(doc, path)| Effect::ReadNotes(doc, path)));
        effects.push(Effect::Remember(paths));
        effects
    }

    /// A sample's files are on disk: they are shown in a view of their own, with the plot that says most about them.
    fn sample_found(&mut self, sample: Sample, paths: &[PathBuf]) -> Vec<Effect> {
        let fresh = self.workspace.views.is_empty();
        let mut effects = self.found(paths.to_vec());
        // Samples are not what somebody worked on lately.
        effects.retain(|effect| !matches!(effect, Effect::Remember(_)));
        let w = &mut self.workspace;
        let docs: Vec<DocId> = w.files.iter().filter(|file| paths.contains(&file.path)).map(|file| file.id).collect();
        if !fresh {
            w.open_view(None);
        }
        self.show_only(docs);
        if let Some(view) = self.workspace.focused_mut() {
            view.plot = sample.plot().map(str::to_owned);
        }
        effects.extend(self.wanted_files());
        effects
    }

    fn close_files(&mut self, docs: &[DocId]) {
        let w = &mut self.workspace;
        let running = self.running.as_ref().map(|run| run.doc);
        if docs.iter().any(|doc| Some(*doc) == running) {
            self.refuse("the run is still being measured: stop it first");
            return;
        }
        let files: Vec<FileRef> = w.files.iter().filter(|file| !docs.contains(&file.id)).cloned().collect();
        w.files = Arc::new(files);
        for view in &mut w.views {
            if view.docs.iter().any(|doc| docs.contains(doc)) {
                view.docs.retain(|doc| !docs.contains(doc));
                tidy_files(view);
            }
        }
        let empty: Vec<ViewId> = w.views.iter().filter(|view| view.docs.is_empty()).map(|view| view.id).collect();
        for view in empty {
            close_view(w, view);
        }
        self.status = if docs.len() == 1 { "1 file closed".to_owned() } else { format!("{} files closed", docs.len()) };
    }

    fn tick(&mut self, doc: DocId) {
        if self.workspace.file(doc).is_none() {
            return;
        }
        let Some(view) = self.workspace.focused_mut() else {
            self.workspace.open_view(Some(doc));
            return;
        };
        if !view.docs.contains(&doc) {
            view.docs.push(doc);
        } else if view.docs.len() == 1 {
            self.refuse("a view shows at least one file: tick another one first, or close the view");
        } else {
            view.docs.retain(|d| *d != doc);
            tidy_files(view);
        }
    }

    fn show_only(&mut self, mut docs: Vec<DocId>) {
        let w = &mut self.workspace;
        docs.retain(|doc| w.file(*doc).is_some());
        if docs.is_empty() {
            return;
        }
        if w.focused().is_none() {
            w.open_view(None);
        }
        if let Some(view) = w.focused_mut() {
            view.docs = docs;
            tidy_files(view);
        }
    }

    /// Puts a file of a view at a place among its files; one that is not shown yet is shown.
    fn move_file(&mut self, view: ViewId, doc: DocId, to: usize) {
        if self.workspace.file(doc).is_none() {
            return;
        }
        if let Some(view) = self.workspace.view_mut(view) {
            view.docs.retain(|d| *d != doc);
            view.docs.insert(to.min(view.docs.len()), doc);
        }
    }
}

/// What refers to files that a view no longer shows means nothing.
fn tidy_files(view: &mut View) {
    let docs = view.docs.clone();
    view.only = view.only.filter(|only| docs.contains(only));
    view.hidden.retain(|hidden| hidden.doc.is_none_or(|doc| docs.contains(&doc)));
}
