//! What went wrong, newest first, each with what can be done about it.

use eframe::egui::{self, RichText};

use super::{Viewer, look};
use crate::state::commands::Dialog;
use crate::state::{Action, Severity};

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let problems = viewer.state.problems.clone();
    ui.horizontal(|ui| {
        if problems.is_empty() {
            ui.label("No problems.");
            return;
        }
        if ui.button("Copy report").clicked() {
            let lines: Vec<String> = problems.iter().map(|p| format!("{}: {}", word(p.severity), p.text)).collect();
            ui.ctx().copy_text(lines.join("\n"));
        }
        if ui.button("Clear").clicked() {
            viewer.screen.act(Action::ClearProblems);
        }
    });
    egui::ScrollArea::vertical().id_salt("problems").auto_shrink(false).show(ui, |ui| {
        for (i, problem) in problems.iter().enumerate().rev() {
            ui.horizontal_wrapped(|ui| {
                let (sign, colour) = match problem.severity {
                    Severity::Error => ("⊗", look::error(ui)),
                    Severity::Warning => ("⚠", look::warn(ui)),
                    Severity::Note => ("ℹ", ui.visuals().text_color()),
                };
                ui.label(RichText::new(format!("{sign} {}", word(problem.severity))).color(colour));
                if let Some(doc) = problem.doc.and_then(|id| viewer.state.library.get(id)) {
                    ui.label(RichText::new(doc.file_name()).strong());
                }
                ui.add(egui::Label::new(problem.text.as_str()).wrap());
                // Of a run that was not measured there is no file to look for.
                if let Some(doc) = problem.doc.filter(|doc| viewer.state.workspace.file(*doc).is_some()) {
                    if problem.severity == Severity::Error
                        && ui.small_button("Locate…").clicked()
                        && let Some(known) = viewer.state.library.get(doc)
                    {
                        viewer.screen.open.locate(doc, &known.path.clone());
                        viewer.screen.dialog = Some(Dialog::Open);
                    }
                    if problem.severity != Severity::Note && ui.small_button("Read again").clicked() {
                        viewer.screen.act(Action::Reload(vec![doc]));
                    }
                }
                if ui.small_button("✖").on_hover_text("Forget this one").clicked() {
                    viewer.screen.act(Action::DismissProblem(i));
                }
            });
        }
    });
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
