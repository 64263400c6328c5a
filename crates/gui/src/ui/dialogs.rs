//! The dialog that is open: one at a time, closed by Esc.

use eframe::egui;

use super::{Viewer, columns, explain, help, layouts, notes, open, palette, prefs, run_dialog, save};
use crate::state::commands::Dialog;
use crate::state::{Action, Panel};

/// Sets a dialog up.
pub(super) fn prepare(viewer: &mut Viewer, dialog: Dialog) {
    let folder = viewer.folder();
    viewer.screen.save.focus = true;
    match dialog {
        Dialog::Open | Dialog::OpenSession | Dialog::Identify => viewer.screen.open.begin(&folder, dialog),
        Dialog::Watch => {
            let folder = viewer.state.watched.clone().unwrap_or(folder);
            viewer.screen.open.begin(&folder, dialog);
        }
        Dialog::SaveFigure | Dialog::SaveSession | Dialog::Export | Dialog::CopyWithNotes => {
            save::prepare(viewer, dialog, &folder);
        }
        Dialog::RunTest => viewer.screen.run.open(&folder),
        Dialog::Palette => viewer.screen.palette.begin(),
        Dialog::Note => {
            viewer.screen.notes.draft.clear();
            viewer.screen.notes.focus = true;
        }
        Dialog::Preferences => viewer.screen.prefs.begin(),
        Dialog::Explain => viewer.screen.explain = None,
        Dialog::Columns | Dialog::Help | Dialog::SaveLayout | Dialog::Leave => {}
    }
}

fn title(dialog: Dialog) -> &'static str {
    match dialog {
        Dialog::Open => "Open files",
        Dialog::SaveFigure => "Save figure",
        Dialog::SaveSession => "Save session",
        Dialog::OpenSession => "Open session",
        Dialog::Export => "Export data",
        Dialog::RunTest => "Run a test",
        Dialog::Columns => "Columns of the files table",
        Dialog::Palette => "Search everything",
        Dialog::Help => "Keys and gestures",
        Dialog::Note => "New note",
        Dialog::Watch => "Watch a folder",
        Dialog::Preferences => "Preferences",
        Dialog::Explain => "What this means",
        Dialog::CopyWithNotes => "Copy with notes",
        Dialog::SaveLayout => "Save layout",
        Dialog::Identify => "What is this file?",
        Dialog::Leave => "A test is running",
    }
}

pub(super) fn show(viewer: &mut Viewer, context: &egui::Context) {
    let Some(dialog) = viewer.screen.dialog else {
        // The keyboard goes back to where it was.
        if std::mem::take(&mut viewer.screen.dialog_was_open)
            && let Some(id) = viewer.screen.before_dialog.take()
        {
            context.memory_mut(|memory| memory.request_focus(id));
        }
        return;
    };
    let just_opened = !std::mem::replace(&mut viewer.screen.dialog_was_open, true);
    if just_opened {
        viewer.screen.before_dialog = context.memory(egui::Memory::focused);
        viewer.screen.dialog_frames = 0;
        // The Enter that chose the menu's entry is not the one that confirms what is asked now.
        context.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Enter));
    }
    // A menu that closes takes the keyboard with it.
    viewer.screen.dialog_frames += 1;
    let lost = (2..6).contains(&viewer.screen.dialog_frames) && context.memory(egui::Memory::focused).is_none();
    if lost {
        viewer.screen.save.focus = true;
        viewer.screen.notes.focus = true;
    }
    if viewer.screen.dialog_frames < 6 {
        context.request_repaint();
    }
    let screen = context.content_rect();
    let mut is_open = true;
    let width = match dialog {
        Dialog::Help | Dialog::Preferences | Dialog::Explain => 620.0,
        Dialog::Palette | Dialog::Open | Dialog::OpenSession | Dialog::Watch | Dialog::RunTest | Dialog::Identify => {
            560.0
        }
        _ => 480.0_f32,
    };
    // Hung from above, so that nothing moves under the pointer when a line comes or goes.
    let long = !matches!(dialog, Dialog::Leave | Dialog::Note | Dialog::SaveLayout) && width > 480.0;
    let top = (screen.height() * if long { 0.05 } else { 0.2 }).min(if long { 40.0 } else { 200.0 });
    // Where it has no room, it is scrolled both ways.
    let small = screen.width() < width + 40.0 || screen.height() < 420.0;
    let width = width.min((screen.width() - 16.0).max(200.0));
    egui::Window::new(title(dialog))
        .id(egui::Id::unique(("dialog", title(dialog))))
        .collapsible(false)
        .resizable(false)
        .open(&mut is_open)
        .anchor(egui::Align2::CENTER_TOP, egui::vec2(0.0, top))
        .default_width(width)
        .min_width(width * 0.7)
        .default_height((screen.height() - top - 40.0).max(120.0))
        .max_height((screen.height() - top - 40.0).max(120.0))
        .scroll(small)
        .show(context, |ui| {
            ui.set_width(if small { width - 24.0 } else { width });
            // Tab goes on from here to the controls of the dialog.
            let top_line = egui::Rect::from_min_size(ui.cursor().min, egui::vec2(ui.available_width(), 0.0));
            let anchor = ui.interact(top_line, ui.scope_id().with("anchor"), egui::Sense::focusable_noninteractive());
            anchor.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, title(dialog)));
            viewer.screen.regions.add(ui.max_rect(), anchor.id);
            if just_opened || lost || strayed(viewer, ui.ctx()) {
                anchor.request_focus();
            }
            match dialog {
                Dialog::Open | Dialog::OpenSession | Dialog::Watch | Dialog::Identify => {
                    open::show(viewer, ui, dialog);
                }
                Dialog::SaveLayout => layouts::save(viewer, ui),
                Dialog::SaveFigure => save::figure(viewer, ui),
                Dialog::SaveSession => save::session(viewer, ui),
                Dialog::Export => save::export(viewer, ui),
                Dialog::RunTest => {
                    let height = if small { f32::INFINITY } else { screen.height() - 120.0 };
                    egui::ScrollArea::vertical()
                        .id_salt("run dialog")
                        .max_height(height)
                        .min_scrolled_height(if small { 64.0 } else { height })
                        .show(ui, |ui| run_dialog::show(viewer, ui));
                }
                Dialog::Columns => columns::show(viewer, ui),
                Dialog::Palette => palette::show(viewer, ui),
                Dialog::Help => {
                    egui::ScrollArea::vertical()
                        .max_height(if small { f32::INFINITY } else { screen.height() - 140.0 })
                        .show(ui, |ui| help::show(viewer, ui));
                }
                Dialog::Note => note(viewer, ui),
                Dialog::Preferences => prefs::show(viewer, ui),
                Dialog::Explain => explain::show(viewer, ui),
                Dialog::CopyWithNotes => save::copy_with_notes(viewer, ui),
                Dialog::Leave => leave(viewer, ui),
            }
        });
    if !is_open {
        viewer.screen.dialog = None;
    }
}

/// Tab has left the dialog for what is behind it; the mouse may go there.
fn strayed(viewer: &mut Viewer, context: &egui::Context) -> bool {
    // From its last control, the keyboard gets there in the frame after.
    let tab = context.input(|i| i.key_pressed(egui::Key::Tab));
    let tabbed = std::mem::replace(&mut viewer.screen.tabbed, tab);
    if !(tab || tabbed) || viewer.screen.dialog.is_none() {
        return false;
    }
    let focused = context.memory(egui::Memory::focused).and_then(|id| context.read_response(id));
    focused.is_some_and(|response| response.layer_id.order == egui::Order::Background)
}

/// What screen readers call a number that can be changed.
pub(super) fn name_number(response: &egui::Response, name: &str, value: f64) {
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::SpinButton, true, name);
        info.value = Some(value);
        info
    });
}

/// The window was asked to close while a test is running.
fn leave(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(run) = viewer.state.running.clone() else {
        viewer.screen.dialog = None;
        return;
    };
    ui.label(format!("What was measured so far: {}", run.progress));
    ui.label("Until the run ends, it is in a journal beside the data files; `fa recover` makes a data file of it.");
    ui.horizontal_wrapped(|ui| {
        for (text, how) in
            [("Stop, keep, close", fa_measure::Stop::Keep), ("Stop, discard, close", fa_measure::Stop::Discard)]
        {
            if ui.button(text).clicked() {
                viewer.screen.leaving = true;
                viewer.screen.dialog = None;
                viewer.screen.act(Action::StopRun(how));
            }
        }
        if ui.button("Go on measuring").clicked() {
            viewer.screen.dialog = None;
        }
    });
}

fn note(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(view) = viewer.state.workspace.focused().cloned() else { return };
    let Some(doc) = view.docs.first().copied() else { return };
    let part = view.brush.or_else(|| view.cursors.first().map(|c| (*c, *c)));
    ui.label(match part {
        Some((a, b)) if a < b => format!("On {a:.2}–{b:.2} s of the first file"),
        Some((a, _)) => format!("On {a:.2} s of the first file"),
        None => "On the first file as a whole".to_owned(),
    });
    let state = &mut viewer.screen.notes;
    let edit =
        ui.add(egui::TextEdit::multiline(&mut state.draft).hint_text("#words are tags").desired_width(f32::INFINITY));
    edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Text of the note"));
    if std::mem::take(&mut state.focus) {
        edit.request_focus();
    }
    let empty = state.draft.trim().is_empty();
    if ui.add_enabled(!empty, egui::Button::new("Add")).clicked() {
        let text = std::mem::take(&mut viewer.screen.notes.draft);
        viewer.screen.act(Action::AddNote(doc, notes::note(&text, part)));
        viewer.screen.act(Action::ShowPanel(Panel::Notes));
        viewer.screen.dialog = None;
    }
}
