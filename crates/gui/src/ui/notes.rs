//! Notes of the files of the view: written beside the data, never into it.

use std::collections::HashMap;

use eframe::egui::{self, RichText};

use super::Viewer;
use crate::state::notes::{Note, tags_in};
use crate::state::{Action, DocId};

/// What is being written.
#[derive(Debug, Default)]
pub(crate) struct NotesState {
    pub(crate) draft: String,
    /// Put the keyboard into the draft in the next frame.
    pub(crate) focus: bool,
    edits: HashMap<(DocId, usize), String>,
}

/// A note made now.
pub(super) fn note(text: &str, part: Option<(f64, f64)>) -> Note {
    Note {
        t0: part.map(|p| p.0),
        t1: part.map(|p| p.1),
        text: text.trim().to_owned(),
        tags: tags_in(text),
        author: std::env::var("USER").unwrap_or_default(),
        created: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        ..Note::default()
    }
}

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(view) = viewer.state.workspace.focused().cloned() else {
        ui.label("no view");
        return;
    };
    let Some(first) = view.docs.first().copied() else { return };
    let about = match view.brush {
        Some((a, b)) => format!("on {a:.1}–{b:.1} s of the first file"),
        None => "on the first file".to_owned(),
    };
    let draft = ui.add(
        egui::TextEdit::multiline(&mut viewer.screen.notes.draft)
            .hint_text("a note; #words are tags")
            .desired_rows(2)
            .desired_width(f32::INFINITY),
    );
    draft.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "New note"));
    if std::mem::take(&mut viewer.screen.notes.focus) {
        draft.request_focus();
    }
    let empty = viewer.screen.notes.draft.trim().is_empty();
    ui.horizontal(|ui| {
        if ui.add_enabled(!empty, egui::Button::new("Add note")).clicked() {
            let text = std::mem::take(&mut viewer.screen.notes.draft);
            viewer.screen.act(Action::AddNote(first, note(&text, view.brush)));
        }
        ui.add(egui::Label::new(RichText::new(about).weak()).truncate());
    });
    let noted = viewer.state.workspace.notes.get(&first).is_some_and(|notes| !notes.is_empty());
    if noted
        && ui
            .button("Copy of the file with its notes…")
            .on_hover_text("The data file itself is never written")
            .clicked()
    {
        viewer.ask(crate::state::commands::Dialog::CopyWithNotes);
    }
    ui.separator();
    egui::ScrollArea::vertical().id_salt("notes").auto_shrink(false).show(ui, |ui| {
        for doc in &view.docs {
            let Some(known) = viewer.state.library.get(*doc) else { continue };
            let notes = viewer.state.workspace.notes.get(doc).cloned().unwrap_or_default();
            let own = known.metadata.as_deref().and_then(|m| m.note().map(str::to_owned));
            if notes.is_empty() && own.is_none() && view.docs.len() > 1 {
                continue;
            }
            ui.add(egui::Label::new(RichText::new(fa_plot::text::one_line(&known.title())).strong()).truncate());
            if let Some(text) = own {
                ui.label(text).on_hover_text("NOTE of the data file");
            }
            for (i, note) in notes.iter().enumerate() {
                one(viewer, ui, *doc, i, note, view.id);
            }
            if notes.is_empty() {
                ui.label(RichText::new("no notes").weak());
            }
        }
    });
}

fn one(viewer: &mut Viewer, ui: &mut egui::Ui, doc: DocId, at: usize, note: &Note, view: crate::state::ViewId) {
    let edits = &mut viewer.screen.notes.edits;
    let mut text = edits.get(&(doc, at)).cloned().unwrap_or_else(|| note.text.clone());
    let edit = ui.add(egui::TextEdit::multiline(&mut text).desired_rows(1).desired_width(f32::INFINITY));
    edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, format!("Note {}", at + 1)));
    if edit.changed() {
        edits.insert((doc, at), text.clone());
    }
    if edit.lost_focus() && text != note.text {
        edits.remove(&(doc, at));
        viewer.screen.act(Action::EditNote(doc, at, text));
    }
    ui.horizontal(|ui| {
        if let (Some(a), Some(b)) = (note.t0, note.t1)
            && ui.small_button(format!("{a:.1}–{b:.1} s")).on_hover_text("Mark this part").clicked()
        {
            viewer.screen.act(Action::Brush(view, Some((a, b))));
        }
        ui.label(RichText::new(format!("{} {}", note.author, note.created)).weak().small());
        let delete = ui.small_button("✖").on_hover_text("Delete the note (undo brings it back)");
        delete.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Delete note {}", at + 1)));
        if delete.clicked() {
            viewer.screen.act(Action::DeleteNote(doc, at));
        }
    });
}
