//! A session takes the place of what is open: its files get ids of their own, and what a hand may have broken is mended.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::State;
use super::effect::Effect;
use super::library::DocId;
use super::view::ViewId;
use super::workspace::{FileRef, WindowPlace, Workspace};

impl State {
    pub(super) fn session_read(&mut self, mut session: Workspace) -> Vec<Effect> {
        // Ids start anew above all that are known, so that nothing read so far is taken for another file or view, and whatever
        // numbers a file has been given by hand.
        let mut next_id = self.library.last_id().max(self.workspace.next_id) + 1;
        let mut fresh = || {
            next_id += 1;
            next_id - 1
        };
        let mut docs = BTreeMap::new();
        let mut files = Vec::new();
        for file in session.files.iter() {
            let id = DocId(fresh());
            docs.entry(file.id).or_insert(id);
            files.push(FileRef { id, ..file.clone() });
        }
        session.files = Arc::new(files);
        let mut views = BTreeMap::new();
        session.views.retain(|view| match views.entry(view.id) {
            Entry::Vacant(place) => {
                place.insert(ViewId(fresh()));
                true
            }
            Entry::Occupied(_) => false,
        });
        for view in session.views.iter_mut().chain(&mut session.closed) {
            view.id = views.get(&view.id).copied().unwrap_or_else(|| ViewId(fresh()));
            if !view.options.hide_series.is_empty() {
                // Written before series were hidden by file: by places of files.
                let options = std::mem::take(&mut view.options);
                view.set_typed_options(options);
            }
            view.docs = view.docs.iter().filter_map(|doc| docs.get(doc).copied()).collect();
            view.only = view.only.and_then(|doc| docs.get(&doc).copied());
            view.hidden.retain_mut(|hidden| match hidden.doc {
                None => true,
                Some(doc) => {
                    hidden.doc = docs.get(&doc).copied();
                    hidden.doc.is_some()
                }
            });
        }
        session.next_id = next_id;
        // A file edited by hand may name views in panes that there are not, or the other way round, or one twice.
        let mut placed = std::collections::BTreeSet::new();
        let name = |id: ViewId| views.get(&id).copied();
        session.panes = session.panes.renamed(&name);
        for id in session.panes.views() {
            if !placed.insert(id) {
                session.panes.remove(id);
            }
        }
        session.floating = session.floating.iter().copied().filter_map(name).filter(|id| placed.insert(*id)).collect();
        let window = |place: WindowPlace| Some(WindowPlace { view: name(place.view)?, ..place });
        session.windows = session.windows.iter().copied().filter_map(window).collect();
        let lost: Vec<ViewId> = session.views.iter().map(|view| view.id).filter(|id| !placed.contains(id)).collect();
        for id in lost {
            session.panes.add(id, ViewId(0));
        }
        session.focus = session.focus.and_then(name).or_else(|| session.placed().first().copied());
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
