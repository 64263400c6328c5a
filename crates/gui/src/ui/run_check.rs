//! Before a run: its plan in full, what the servers say to it, and what the file would hold.

use eframe::egui::{self, RichText};
use fa_measure::plan::Plan;

use super::{Viewer, look};
use crate::state::action::CheckedRun;
use crate::state::{Action, RunRequest, planned};

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui, plan: &Plan, request: &RunRequest) {
    let checking = viewer.state.checking.is_some();
    let checked = viewer.state.checked.clone().filter(|checked| checked.request == *request);
    ui.horizontal(|ui| {
        let text = if checking { "Asking…" } else { "Check the servers" };
        let ask = ui.add_enabled(!checking, egui::Button::new(text));
        let help = "Asks them to admit just this run, compares clocks, tries UDP; sends no load";
        if ask.on_hover_text(help).clicked() {
            viewer.screen.act(Action::CheckServers(Box::new(request.clone())));
        }
        ui.toggle_value(&mut viewer.screen.run.details, "Plan in full");
        let stored = ui.add_enabled(
            checked.as_ref().is_some_and(|checked| checked.outcome.is_ok()),
            egui::Button::selectable(viewer.screen.run.stored, "What the file will say"),
        );
        if stored.on_disabled_hover_text("check the servers first: they tell about themselves").clicked() {
            viewer.screen.run.stored = !viewer.screen.run.stored;
        }
    });
    if let Some(checked) = &checked {
        answers(ui, checked);
    }
    if viewer.screen.run.details {
        details(ui, plan);
    }
    if viewer.screen.run.stored
        && let Some(checked) = &checked
    {
        metadata(viewer, ui, checked);
    }
}

fn answers(ui: &mut egui::Ui, checked: &CheckedRun) {
    let outcome = match &checked.outcome {
        Ok(outcome) => outcome,
        Err(why) => {
            ui.colored_label(look::error(ui), format!("⊗ {why}"));
            return;
        }
    };
    for host in &outcome.hosts {
        match &host.trouble {
            None => ui.label(RichText::new(format!("✔ {} would take part", host.name)).strong()),
            Some(why) => ui.colored_label(look::error(ui), format!("⊗ {}: {why}", host.name)),
        };
        egui::Grid::new(("server", &host.name)).num_columns(2).spacing([10.0, 1.0]).show(ui, |ui| {
            for (what, text) in &host.facts {
                ui.label(RichText::new(what).weak());
                ui.add(egui::Label::new(fa_plot::text::one_line(text)).truncate());
                ui.end_row();
            }
        });
    }
    if outcome.hosts.is_empty() {
        ui.label("no server is needed for this test");
    }
}

fn details(ui: &mut egui::Ui, plan: &Plan) {
    egui::ScrollArea::both().id_salt("plan").max_height(180.0).min_scrolled_height(120.0).show(ui, |ui| {
        egui::Grid::new("plan").num_columns(5).striped(true).spacing([12.0, 1.0]).show(ui, |ui| {
            for heading in ["What", "Series", "Host", "When", "How"] {
                ui.label(RichText::new(heading).strong());
            }
            ui.end_row();
            for row in planned::rows(plan) {
                for text in [&row.what, &row.series, &row.host, &row.when, &row.how] {
                    ui.add(egui::Label::new(text).extend());
                }
                ui.end_row();
            }
        });
    });
}

fn metadata(viewer: &mut Viewer, ui: &mut egui::Ui, checked: &CheckedRun) {
    let Ok(outcome) = &checked.outcome else { return };
    ui.horizontal(|ui| {
        let search = super::look::field(&mut viewer.screen.run.stored_search).hint_text("search…").desired_width(160.0);
        ui.add(search).widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search what is stored"));
        let text = "About the run and its hosts; results come on top. As it would be written now.";
        ui.label(RichText::new(text).weak().small());
    });
    let search = viewer.screen.run.stored_search.to_lowercase();
    let (keys, values) = (ui.available_width() * 0.42, ui.available_width() * 0.5);
    egui::ScrollArea::vertical()
        .id_salt("stored")
        .max_height(200.0)
        .min_scrolled_height(120.0)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            egui::Grid::new("stored").num_columns(2).striped(true).spacing([10.0, 1.0]).show(ui, |ui| {
                for (key, value) in &outcome.stored {
                    if format!("{key} {value}").to_lowercase().contains(&search) {
                        // Long names leave room for what they say.
                        cell(ui, keys, RichText::new(key).strong());
                        cell(ui, values, RichText::new(fa_plot::text::one_line(value)));
                        ui.end_row();
                    }
                }
            });
        });
}

/// A text in a column of this width, in full under the pointer.
fn cell(ui: &mut egui::Ui, width: f32, text: RichText) {
    ui.scope(|ui| {
        ui.set_min_width(width);
        ui.set_max_width(width);
        ui.add(egui::Label::new(text).truncate());
    });
}
