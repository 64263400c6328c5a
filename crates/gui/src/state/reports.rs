//! What workers report: files read, statistics made, things that went wrong.

use std::sync::Arc;

use super::action::{Action, Effect, Problem, Severity};
use super::library::{Changed, Doc, DocId, DocState};
use super::prefs::Prefs;
use super::view::View;
use super::workspace::{FileRef, Workspace};
use super::{Running, State};

impl State {
    pub(super) fn report(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Indexed(headers) => {
                for (id, header) in headers {
                    let Some(doc) = self.library.get_mut(id) else { continue };
                    match header {
                        Ok(metadata) => {
                            if doc.metadata.is_none() {
                                doc.metadata = Some(metadata);
                            }
                            if doc.state == DocState::Waiting {
                                doc.state = DocState::Indexed;
                            }
                        }
                        Err(why) => self.cannot_read(id, why),
                    }
                }
                self.wanted_files()
            }
            Action::Loaded(id, stamp, result) => {
                let Some(doc) = self.library.get_mut(id) else { return Vec::new() };
                match result {
                    Ok(loaded) => {
                        doc.metadata = Some(Arc::new(loaded.set.metadata.clone()));
                        doc.state = DocState::Ready;
                        doc.stamp = stamp;
                        doc.changed = None;
                        doc.summary = None;
                        let notes = loaded.notes.clone();
                        doc.load(loaded);
                        for text in notes {
                            self.note(Problem { severity: Severity::Note, doc: Some(id), text });
                        }
                        vec![Effect::Summarise(id)]
                    }
                    Err(why) => {
                        self.cannot_read(id, why);
                        Vec::new()
                    }
                }
            }
            Action::Summarised(id, summary, losses) => {
                if let Some(doc) = self.library.get_mut(id) {
                    doc.summary = Some(summary);
                    doc.losses = Some(losses);
                }
                Vec::new()
            }
            Action::Surveyed(all) => {
                for (id, summary) in all {
                    let Some(doc) = self.library.get_mut(id) else { continue };
                    doc.summary.get_or_insert(summary);
                    if doc.state == DocState::Loading && doc.loaded.is_none() {
                        doc.state = DocState::Indexed;
                    }
                }
                // Some of them may be in sight by now.
                self.wanted_files()
            }
            Action::Lightened(id, light) => {
                if let Some(doc) = self.library.get_mut(id)
                    && doc.loaded.as_ref().is_some_and(|loaded| loaded.generation == light.generation)
                {
                    doc.load(light);
                }
                Vec::new()
            }
            Action::FileChanged(id, changed) => self.file_changed(id, changed),
            Action::NotesRead(id, notes) => {
                if let Some(doc) = self.library.get_mut(id) {
                    doc.tags = super::notes::tags_of(&notes);
                }
                if notes.is_empty() {
                    self.workspace.notes.remove(&id);
                } else {
                    self.workspace.notes.insert(id, Arc::new(notes));
                }
                Vec::new()
            }
            Action::Problem(problem) => {
                self.status.clone_from(&problem.text);
                self.note(problem);
                Vec::new()
            }
            Action::Done(text) => {
                self.status = text;
                Vec::new()
            }
            Action::DismissProblem(at) => {
                if at < self.problems.len() {
                    self.problems.remove(at);
                }
                Vec::new()
            }
            Action::ClearProblems => {
                self.problems.clear();
                Vec::new()
            }
            Action::SetPrefs(prefs) => self.set_prefs(*prefs),
            Action::ClearCache => vec![Effect::ClearCache],
            Action::Monitored(monitor) => {
                if self.watched.as_ref() == Some(&monitor.folder) {
                    self.monitor = Some(monitor);
                }
                Vec::new()
            }
            Action::ShowPath(path) => {
                let mut effects = self.reduce(Action::Found(vec![path.clone()]));
                let doc = self.workspace.files.iter().find(|file| file.path == path).map(|file| file.id);
                if let Some(doc) = doc.filter(|doc| self.workspace.focused().is_none_or(|v| !v.docs.contains(doc))) {
                    effects.extend(self.reduce(Action::Tick(doc)));
                }
                effects.extend(self.wanted_files());
                effects
            }
            Action::FollowRun(data) => self.follow(data),
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

    /// Takes other preferences; what a fresh window would look like, this one looks like at once.
    fn set_prefs(&mut self, prefs: Prefs) -> Vec<Effect> {
        if self.prefs == prefs {
            return Vec::new();
        }
        let before = std::mem::replace(&mut self.prefs, prefs);
        let (w, now) = (&mut self.workspace, &self.prefs);
        if before.theme != now.theme {
            w.theme = now.theme;
        }
        if before.palette != now.palette {
            w.palette = now.palette;
        }
        if before.scale != now.scale {
            w.scale = now.scale;
        }
        vec![Effect::Prefer(Box::new(self.prefs.clone()))]
    }

    fn cannot_read(&mut self, id: DocId, why: String) {
        if let Some(doc) = self.library.get_mut(id) {
            doc.state = DocState::Failed(why.clone());
        }
        self.note(Problem::error(why).of(id));
        // A view that shows nothing but this file goes on with the next one that can be read.
        let broken = |id: DocId| self.library.get(id).is_none_or(|doc| matches!(doc.state, DocState::Failed(_)));
        let good = self.workspace.files.iter().map(|file| file.id).find(|id| !broken(*id));
        if let Some(good) = good {
            for view in &mut self.workspace.views {
                if view.docs == [id] {
                    view.docs = vec![good];
                }
            }
        }
    }

    fn file_changed(&mut self, id: DocId, changed: Changed) -> Vec<Effect> {
        let Some(doc) = self.library.get_mut(id) else { return Vec::new() };
        if doc.changed == Some(changed) || doc.live {
            return Vec::new();
        }
        doc.changed = Some(changed);
        let text = match changed {
            Changed::Rewritten => {
                format!("{} was rewritten since it was read: File › Read changed files again", doc.file_name())
            }
            Changed::Deleted => {
                format!("{} is gone; what was read of it is still shown", doc.file_name())
            }
        };
        self.status.clone_from(&text);
        self.note(Problem::warning(text).of(id));
        Vec::new()
    }

    /// A row and a view for a run that somebody else measures.
    fn follow(&mut self, data: std::path::PathBuf) -> Vec<Effect> {
        let w = &mut self.workspace;
        if let Some(known) = w.files.iter().find(|file| file.path == data).map(|file| file.id) {
            return self.reduce(Action::Tick(known));
        }
        let id = DocId(w.next_id.max(self.library.last_id() + 1));
        w.next_id = id.0 + 1;
        let mut files = w.files.as_ref().clone();
        files.push(FileRef { id, path: data.clone(), hash: None });
        w.files = Arc::new(files);
        *self.library.ensure(id, &data) =
            Doc { path: data.clone(), live: true, state: DocState::Loading, ..Doc::default() };
        w.open_view(Some(id));
        self.status = format!("following {}", data.display());
        vec![Effect::Follow(id, data)]
    }

    fn start_run(&mut self, request: Box<super::RunRequest>) -> Vec<Effect> {
        if self.running.is_some() {
            self.refuse("a test is running already: one at a time");
            return Vec::new();
        }
        let w = &mut self.workspace;
        let id = DocId(w.next_id.max(self.library.last_id() + 1));
        w.next_id = id.0 + 1;
        let path = request.folder.join(format!("{} (measuring)", request.test));
        let mut files = w.files.as_ref().clone();
        files.push(FileRef { id, path: path.clone(), hash: None });
        w.files = Arc::new(files);
        *self.library.ensure(id, &path) =
            Doc { path: path.clone(), live: true, state: DocState::Loading, ..Doc::default() };
        w.open_view(Some(id));
        self.status = format!("measuring {} against {}", request.test, request.hosts.join(", "));
        self.running = Some(Running {
            doc: id,
            request: request.clone(),
            stopping: false,
            discarding: false,
            progress: String::new(),
        });
        vec![Effect::StartRun(id, request)]
    }

    fn run_ended(&mut self, id: DocId, result: Result<std::path::PathBuf, String>) -> Vec<Effect> {
        // The followed run of somebody else's may end while ours goes on.
        let discarded = self.running.take_if(|run| run.doc == id).is_some_and(|run| run.discarding);
        let mut files = self.workspace.files.as_ref().clone();
        match result {
            Ok(path) => {
                if let Some(file) = files.iter_mut().find(|file| file.id == id) {
                    file.path.clone_from(&path);
                }
                self.workspace.files = Arc::new(files);
                self.status = format!("written: {}", path.display());
                let Some(doc) = self.library.get_mut(id) else { return Vec::new() };
                doc.live = false;
                doc.path.clone_from(&path);
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
                }
                self.status = why;
                if empty {
                    files.retain(|file| file.id != id);
                    self.workspace.files = Arc::new(files);
                    let views: Vec<_> = self.workspace.views.iter().filter(|v| v.docs == [id]).map(|v| v.id).collect();
                    for view in views {
                        self.reduce(Action::CloseView(view));
                    }
                }
                Vec::new()
            }
        }
    }

    pub(super) fn session_read(&mut self, mut session: Workspace) -> Vec<Effect> {
        // Ids start anew above all that are known, so that nothing read so far is taken for another file.
        let base = self.library.last_id().max(self.workspace.next_id);
        let ids: Vec<DocId> = session.files.iter().map(|file| file.id).collect();
        let new_id = |id: DocId| ids.iter().position(|known| *known == id).map(|i| DocId(base + 1 + i as u64));
        let mut files = session.files.as_ref().clone();
        for file in &mut files {
            file.id = new_id(file.id).unwrap_or(file.id);
        }
        let renew = |view: &mut View| {
            if !view.options.hide_series.is_empty() {
                // Written before series were hidden by file: by places of files.
                let options = std::mem::take(&mut view.options);
                view.set_typed_options(options);
            }
            view.docs = view.docs.iter().filter_map(|doc| new_id(*doc)).collect();
            view.only = view.only.and_then(new_id);
            view.hidden.retain_mut(|hidden| match hidden.doc {
                None => true,
                Some(doc) => {
                    hidden.doc = new_id(doc);
                    hidden.doc.is_some()
                }
            });
        };
        session.views.iter_mut().chain(&mut session.closed).for_each(renew);
        let highest = session.views.iter().chain(&session.closed).map(|view| view.id.0).max().unwrap_or(0);
        session.next_id = (base + 1 + ids.len() as u64).max(highest + 1).max(session.next_id);
        session.files = Arc::new(files);
        // A file edited by hand may name views in panes that there are not, or the other way round.
        for id in session.panes.views() {
            if session.view(id).is_none() {
                session.panes.remove(id);
            }
        }
        let in_panes = session.panes.views();
        let known: Vec<_> = session.views.iter().map(|view| view.id).collect();
        session.floating.retain(|id| known.contains(id) && !in_panes.contains(id));
        let placed = session.placed();
        let lost: Vec<_> = session.views.iter().map(|view| view.id).filter(|id| !placed.contains(id)).collect();
        for id in lost {
            session.panes.add(id, super::ViewId(0));
        }
        if session.focus.is_none_or(|focus| session.view(focus).is_none()) {
            session.focus = session.placed().first().copied();
        }
        self.workspace = session;
        self.session += 1;
        let mut effects = Vec::new();
        let mut index = Vec::new();
        let files = Arc::clone(&self.workspace.files);
        for file in files.iter() {
            self.library.ensure(file.id, &file.path);
            index.push((file.id, file.path.clone()));
            effects.push(Effect::ReadNotes(file.id, file.path.clone()));
        }
        effects.push(Effect::Index(index));
        effects.extend(self.wanted_files());
        effects
    }
}
