//! The files table, pins, notes and tags, sessions, and what goes out: figures, commands, tables.

use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;

use super::super::action::Action;
use super::super::columns::{self, Column};
use super::super::effect::Effect;
use super::super::{State, notes};
use super::Reduced;

impl State {
    pub(super) fn reduce_table(&mut self, action: Action) -> Reduced {
        let mut effects = Vec::new();
        let w = &mut self.workspace;
        match action {
            Action::Sort(column) => {
                w.table.sort = match w.table.sort.take() {
                    Some((by, false)) if by == column => Some((column, true)),
                    Some((by, true)) if by == column => None,
                    _ => Some((column, false)),
                };
            }
            Action::Filter(text) => w.table.filter = text,
            Action::AddColumn(column) => {
                if !w.table.columns.contains(&column) {
                    w.table.columns.push(column);
                }
            }
            Action::RemoveColumn(column) => {
                if w.table.columns.len() > 1 {
                    w.table.columns.retain(|c| *c != column);
                } else {
                    self.refuse("the last column stays");
                }
            }
            Action::MoveColumn(column, by) => {
                if let Some(at) = w.table.columns.iter().position(|c| *c == column) {
                    let to = (at as i64 + i64::from(by)).clamp(0, w.table.columns.len() as i64 - 1) as usize;
                    let column = w.table.columns.remove(at);
                    w.table.columns.insert(to, column);
                }
            }
            Action::ResetColumns => w.table.columns = columns::Table::default().columns,
            Action::ToggleByTest => w.table.by_test = !w.table.by_test,
            Action::TogglePin(key) => {
                if w.pinned.contains(&key) {
                    w.pinned.retain(|k| *k != key);
                } else {
                    w.pinned.push(key);
                }
            }
            Action::AddNote(doc, note) => {
                Arc::make_mut(w.notes.entry(doc).or_default()).push(note);
            }
            Action::EditNote(doc, at, text) => {
                if let Some(notes) = w.notes.get_mut(&doc)
                    && let Some(note) = Arc::make_mut(notes).get_mut(at)
                {
                    note.tags = notes::tags_in(&text);
                    note.text = text;
                }
            }
            Action::DeleteNote(doc, at) => {
                if let Some(notes) = w.notes.get_mut(&doc).filter(|notes| at < notes.len()) {
                    Arc::make_mut(notes).remove(at);
                }
            }
            Action::ToggleTag(doc, tag) => {
                if w.file(doc).is_none() {
                    return Break(effects);
                }
                let own = w.notes.entry(doc).or_default();
                notes::toggle_tag(Arc::make_mut(own), &tag);
                // A tag that is not in sight is a tag that seems not to be there.
                if !w.table.columns.contains(&Column::Tags) && !own.is_empty() {
                    w.table.columns.insert(1.min(w.table.columns.len()), Column::Tags);
                }
            }
            Action::CopyWithNotes(doc, path) => match w.notes.get(&doc).filter(|notes| !notes.is_empty()) {
                Some(notes) => {
                    let data = w.file(doc).map(|file| file.path.clone());
                    effects.extend(data.map(|data| Effect::CopyWithNotes(data, Arc::clone(notes), path)));
                }
                None => self.refuse("there are no notes on this file"),
            },
            Action::SaveSession(path) => effects.push(Effect::SaveSession(path, Box::new(w.clone()))),
            Action::OpenSession(path) => effects.push(Effect::OpenSession(path)),
            Action::SessionRead(session) => return Break(self.session_read(*session)),
            Action::SaveFigure(view, path, how) => effects.push(Effect::SaveFigure(view, path, how)),
            Action::CopyCommand(view) => match self.command_of(view) {
                Some(text) => {
                    "the command is on the clipboard".clone_into(&mut self.status);
                    effects.push(Effect::CopyText(text));
                }
                None => self.refuse("this view shows no figure"),
            },
            Action::CopyImage(view) => effects.push(Effect::CopyImage(view)),
            Action::Export(export) => effects.push(Effect::Export(export)),
            other => return Continue(other),
        }
        Break(effects)
    }
}
