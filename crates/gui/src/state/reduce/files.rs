//! Files: opening, closing, ticking, their order in a view.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow::{Break, Continue};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::action::Action;
use super::super::effect::Effect;
use super::super::library::{Doc, DocId, DocState};
use super::super::view::{View, ViewId};
use super::super::workspace::{FileRef, Panel, Workspace};
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
                        // What was wrong with it is told again if it still is.
                        self.problems.retain(|problem| problem.doc != Some(id));
                    }
                }
                if !effects.is_empty() {
                    "reading changed files again".clone_into(&mut self.status);
                }
            }
            Action::Close(docs) => self.close_files(&docs),
            Action::Locate(doc, path) => {
                self.is_at(doc, &path);
                // Where a session says what it was, it is told when this is another one.
                let hash = self.workspace.file(doc).and_then(|file| file.hash.clone());
                effects.extend(hash.map(|hash| Effect::Recognise(doc, path.clone(), hash)));
                if let Some(known) = self.library.get_mut(doc) {
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

    /// A row for a file that nothing is known of.
    pub(in super::super) fn new_row(&mut self, path: &Path) -> DocId {
        let w = &mut self.workspace;
        let id = DocId(w.next_id.max(self.library.last_id() + 1));
        w.next_id = id.0 + 1;
        self.library.ensure(id, path);
        Arc::make_mut(&mut w.files).push(FileRef { id, path: path.to_owned(), hash: None });
        id
    }

    /// The row of a file: the one that is open, the one it had before it was closed, or a new one; and whether it was not open.
    pub(in super::super) fn row(&mut self, path: &Path) -> (DocId, bool) {
        if let Some(file) = self.workspace.files.iter().find(|file| file.path == path) {
            return (file.id, false);
        }
        // A file has one name, so that undo does not bring it back beside itself.
        let Some(id) = self.library.iter().find(|(_, doc)| doc.path == path).map(|(id, _)| id) else {
            return (self.new_row(path), true);
        };
        if let Some(doc) = self.library.get_mut(id)
            && !doc.live
        {
            doc.begin_again();
        }
        Arc::make_mut(&mut self.workspace.files).push(FileRef { id, path: path.to_owned(), hash: None });
        (id, true)
    }

    /// A file is elsewhere now. The library says where files are; no undo changes that.
    pub(in super::super) fn is_at(&mut self, id: DocId, path: &Path) {
        if let Some(doc) = self.library.get_mut(id) {
            path.clone_into(&mut doc.path);
        }
        self.workspace.agree_with(&self.library);
    }

    fn found(&mut self, paths: Vec<PathBuf>) -> Vec<Effect> {
        let open: HashMap<PathBuf, DocId> =
            self.workspace.files.iter().map(|file| (file.path.clone(), file.id)).collect();
        let known: HashSet<PathBuf> = self.library.iter().map(|(_, doc)| doc.path.clone()).collect();
        let before = self.workspace.files.len();
        let mut new = Vec::new();
        for path in paths {
            let id = match open.get(&path) {
                Some(id) => {
                    let doc = self.library.get_mut(*id).filter(|doc| !doc.live);
                    let failed = doc.filter(|doc| matches!(doc.state, DocState::Failed(_)));
                    // Asked for again: what failed is tried again, and it is shown when nothing is.
                    let again = failed.map(Doc::begin_again).is_some();
                    let shown = new.is_empty() && self.workspace.focus.is_none();
                    if !again && !shown {
                        continue;
                    }
                    *id
                }
                None if known.contains(&path) => self.row(&path).0,
                None => self.new_row(&path),
            };
            new.push((id, path));
        }
        let added = self.workspace.files.len() - before;
        let w = &mut self.workspace;
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
        drop_files(w, docs);
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

/// Takes files out of the table and of all views; views that show nothing else go.
pub(in super::super) fn drop_files(w: &mut Workspace, docs: &[DocId]) {
    Arc::make_mut(&mut w.files).retain(|file| !docs.contains(&file.id));
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
}

/// What refers to files that a view no longer shows means nothing.
pub(in super::super) fn tidy_files(view: &mut View) {
    let docs = view.docs.clone();
    view.only = view.only.filter(|only| docs.contains(only));
    view.hidden.retain(|hidden| hidden.doc.is_none_or(|doc| docs.contains(&doc)));
}
