//! The window without a view: what can be done first.

use eframe::egui::{self, RichText};

use super::Viewer;
use crate::state::Action;
use crate::state::commands::Dialog;

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    egui::ScrollArea::vertical().id_salt("empty").auto_shrink(false).show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space((ui.available_height() * 0.12).max(10.0));
            ui.heading("No file is open");
            ui.label("Drop data files or folders here, or paste their paths (Ctrl+V; on Wayland dropping is not delivered).");
            ui.add_space(8.0);
            if ui.button(RichText::new("Open files…").size(16.0)).clicked() {
                viewer.ask(Dialog::Open);
            }
            ui.add_space(2.0);
            let can = viewer.options.measurer.is_some();
            let run = ui.add_enabled(can, egui::Button::new(RichText::new("Run a test…").size(16.0)));
            if run.on_disabled_hover_text("this program cannot measure").clicked() {
                viewer.ask(Dialog::RunTest);
            }
            ui.add_space(2.0);
            if ui.button("Open a session…").clicked() {
                viewer.ask(Dialog::OpenSession);
            }
            if let Some(samples) = viewer.options.samples.clone()
                && ui.button("Open the samples").on_hover_text(samples.display().to_string()).clicked()
            {
                viewer.screen.act(Action::Open(vec![samples]));
            }
            ui.add_space(14.0);
            ui.label(RichText::new("Recent").strong());
            if viewer.recent.is_empty() {
                ui.label(RichText::new("nothing was opened yet").weak());
            }
            for path in viewer.recent.clone().into_iter().take(8) {
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let name = super::panes::elided(ui, &name, (ui.available_width() * 0.8).min(520.0));
                if ui.link(name).on_hover_text(path.display().to_string()).clicked() {
                    viewer.screen.act(Action::Open(vec![path]));
                }
            }
            ui.add_space(14.0);
            ui.collapsing("What is a data file?", |ui| {
                ui.label(
                    "A .flent.gz file holds one run of a network test: when, between which hosts and with which settings it \
                     was measured, and what was measured. `fa measure` writes them; so does Flent. Every version is read, \
                     compressed by gzip or bzip2 or not at all.",
                );
            });
        });
    });
}
