//! What changes a workspace and is no step of a person's: files that were found, notes that were read, a run that began. It
//! goes into every workspace that undo and redo remember, so that taking a step back takes nothing else back.

use std::sync::Arc;

use super::library::{DocId, Library};
use super::notes::{Note, carried};
use super::reduce::{drop_files, tidy_files};
use super::view::{View, ViewId};
use super::workspace::{FileRef, WindowPlace, Workspace};

/// Notes of a file.
type Notes = Arc<Vec<Note>>;

/// What came from outside between two workspaces. Files that go and files that are elsewhere are not here: the library knows,
/// see [`Workspace::agree_with`].
#[derive(Debug, Default)]
pub(super) struct Outside {
    files: Vec<FileRef>,
    views: Vec<View>,
    /// Files of a view before and after.
    shown: Vec<(ViewId, Vec<DocId>, Vec<DocId>)>,
    notes: Vec<(DocId, Notes, Notes)>,
    /// Panels, theme, palette and scale before and after, where one of them is another.
    look: Option<Box<(Workspace, Workspace)>>,
    /// Windows that are elsewhere now.
    windows: Vec<WindowPlace>,
    next_id: u64,
}

impl Outside {
    /// What leads from one to the other.
    pub(super) fn between(before: &Workspace, after: &Workspace) -> Self {
        let mut change = Self { next_id: after.next_id, ..Self::default() };
        if !Arc::ptr_eq(&before.files, &after.files) {
            let known: std::collections::HashSet<DocId> = before.files.iter().map(|file| file.id).collect();
            change.files = after.files.iter().filter(|file| !known.contains(&file.id)).cloned().collect();
        }
        for view in &after.views {
            match before.view(view.id) {
                None => change.views.push(view.clone()),
                Some(old) if old.docs != view.docs => {
                    change.shown.push((view.id, old.docs.clone(), view.docs.clone()));
                }
                Some(_) => {}
            }
        }
        for doc in before.notes.keys().chain(after.notes.keys().filter(|doc| !before.notes.contains_key(doc))) {
            let (old, new) = (before.notes.get(doc), after.notes.get(doc));
            if old != new {
                change.notes.push((*doc, old.cloned().unwrap_or_default(), new.cloned().unwrap_or_default()));
            }
        }
        change.windows = after.windows.iter().filter(|place| !before.windows.contains(place)).copied().collect();
        let look = |w: &Workspace| (w.panels.clone(), w.theme, w.palette, w.scale.to_bits());
        if look(before) != look(after) {
            let only = |w: &Workspace| {
                let (panels, theme, palette, scale) = (w.panels.clone(), w.theme, w.palette, w.scale);
                Workspace { panels, theme, palette, scale, ..Workspace::default() }
            };
            change.look = Some(Box::new((only(before), only(after))));
        }
        change
    }

    /// Nothing came.
    pub(super) fn is_none(&self) -> bool {
        self.files.is_empty()
            && self.views.is_empty()
            && self.shown.is_empty()
            && self.notes.is_empty()
            && self.windows.is_empty()
            && self.look.is_none()
    }
}

/// What had the value of before gets that of after; what a person had set otherwise stays.
fn follow<T: PartialEq + Clone>(value: &mut T, before: &T, after: &T) {
    if value == before {
        value.clone_from(after);
    }
}

impl Workspace {
    /// Makes a change from outside here, too.
    pub(super) fn take_in(&mut self, change: &Outside) {
        self.next_id = self.next_id.max(change.next_id);
        let new: Vec<FileRef> = change.files.iter().filter(|file| self.file(file.id).is_none()).cloned().collect();
        if !new.is_empty() {
            Arc::make_mut(&mut self.files).extend(new);
        }
        for (id, before, after) in &change.shown {
            let known = |doc: &DocId| self.files.iter().any(|file| file.id == *doc);
            let after: Vec<DocId> = after.iter().copied().filter(known).collect();
            if let Some(view) = self.view_mut(*id) {
                follow(&mut view.docs, before, &after);
                tidy_files(view);
            }
        }
        for view in &change.views {
            let focus = self.focus;
            self.add_view(view.clone());
            if let Some(focus) = focus {
                self.focus_on(focus);
            }
        }
        for (doc, before, after) in &change.notes {
            let notes = self.notes.entry(*doc).or_default();
            // Most workspaces share them; they go on doing so.
            *notes = if notes == before { Arc::clone(after) } else { Arc::new(carried(notes, before, after)) };
            if notes.is_empty() {
                self.notes.remove(doc);
            }
        }
        for place in &change.windows {
            self.windows.retain(|other| other.view != place.view);
            self.windows.push(*place);
        }
        if let Some((before, after)) = change.look.as_deref() {
            follow(&mut self.panels, &before.panels, &after.panels);
            // What is preferred now holds whatever was chosen earlier.
            if before.theme != after.theme {
                self.theme = after.theme;
            }
            if before.palette != after.palette {
                self.palette = after.palette;
            }
            if before.scale.to_bits() != after.scale.to_bits() {
                self.scale = after.scale;
            }
        }
    }

    /// Files are where the library says, and those that it has forgotten are not open.
    pub(super) fn agree_with(&mut self, library: &Library) {
        let gone: Vec<DocId> = self.files.iter().map(|file| file.id).filter(|id| library.get(*id).is_none()).collect();
        if !gone.is_empty() {
            drop_files(self, &gone);
        }
        let moved = |file: &FileRef| library.get(file.id).is_some_and(|doc| doc.path != file.path);
        if self.files.iter().any(moved) {
            for file in Arc::make_mut(&mut self.files) {
                if let Some(doc) = library.get(file.id) {
                    file.path.clone_from(&doc.path);
                }
            }
        }
    }
}
