//! What workers report: files read, statistics made, things that went wrong. The life of a run is in `runs`.

use std::sync::Arc;

use super::State;
use super::action::{Action, Problem, Severity};
use super::effect::Effect;
use super::library::{Changed, DocId, DocState};
use super::prefs::Prefs;

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
            Action::Loaded(id, path, stamp, result) => {
                // It may be elsewhere by now, and is being read there.
                let Some(doc) = self.library.get_mut(id).filter(|doc| doc.path == path) else { return Vec::new() };
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
            Action::Summarised(id, generation, summary, losses) => {
                if let Some(doc) = self.library.get_mut(id)
                    && doc.loaded.as_ref().is_some_and(|loaded| loaded.generation == generation)
                {
                    doc.summary = Some(summary);
                    doc.losses = Some(losses);
                }
                Vec::new()
            }
            Action::Surveyed(all) => {
                for (id, summary) in all {
                    let Some(doc) = self.library.get_mut(id) else { continue };
                    doc.summary.get_or_insert(summary);
                    if doc.state == DocState::Surveying {
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
            Action::NotesRead { doc: id, expected, there } => {
                let notes = self.workspace.notes.entry(id).or_default();
                *notes = Arc::new(super::notes::carried(notes, &expected, &there));
                let tags = super::notes::tags_of(notes);
                if notes.is_empty() {
                    self.workspace.notes.remove(&id);
                }
                if let Some(doc) = self.library.get_mut(id) {
                    doc.tags = tags;
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
            other => self.report_run(other),
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
        vec![Effect::Prefer { before: Box::new(before), now: Box::new(self.prefs.clone()) }]
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
}
