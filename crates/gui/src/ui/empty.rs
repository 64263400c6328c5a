//! The window without a view: what can be done first. And where dragged files may be dropped.

use std::path::PathBuf;

use eframe::egui::{self, Align2, FontId, RichText, Stroke, StrokeKind, vec2};

use super::{Viewer, identify};
use crate::state::commands::Dialog;
use crate::state::{Action, Sample};

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    egui::ScrollArea::vertical().id_salt("empty").auto_shrink(false).show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space((ui.available_height() * 0.08).max(10.0));
            ui.heading("No file is open");
            drop_target(ui);
            ui.add_space(6.0);
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
            ui.add_space(2.0);
            let what = ui.button("What is this file?");
            if what.on_hover_text("Choose a file: what it is, by its content, before it is opened").clicked() {
                viewer.ask(Dialog::Identify);
            }
            ui.add_space(14.0);
            ui.label(RichText::new("Or look at a sample").strong());
            for sample in Sample::ALL {
                let button = ui.button(sample.title()).on_hover_text(sample.help());
                button.widget_info(|| {
                    let label = format!("Sample: {}", sample.title());
                    egui::WidgetInfo::labeled(egui::Role::Button, true, label)
                });
                if button.clicked() {
                    viewer.screen.act(Action::OpenSample(sample));
                }
                ui.label(RichText::new(sample.help()).weak().small());
            }
            ui.add_space(14.0);
            recent(viewer, ui);
            ui.add_space(14.0);
            ui.label(RichText::new("What is a data file?").strong());
            ui.allocate_ui(vec2(ui.available_width().min(520.0), 0.0), |ui| {
                ui.label(
                    RichText::new(
                        "A .flent.gz file holds one run of a network test: when, between which hosts and with which \
                         settings it was measured, and what was measured. `fa measure` writes them; so does Flent. \
                         Every version is read, compressed by gzip or bzip2 or not at all.",
                    )
                    .weak(),
                );
            });
        });
    });
}

fn drop_target(ui: &mut egui::Ui) {
    let size = vec2((ui.available_width() * 0.7).clamp(200.0, 520.0), 54.0);
    let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
    let stroke = Stroke::new(1.0, ui.visuals().weak_text_color());
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
    ui.painter().extend(egui::Shape::dashed_line(&corners, stroke, 6.0, 4.0));
    let text = "Drop data files or folders here, or paste their paths (Ctrl+V; on Wayland dropping is not delivered).";
    let inside = egui::UiBuilder::new().max_rect(rect.shrink(8.0)).layout(egui::Layout::top_down(egui::Align::Center));
    ui.scope_builder(inside, |ui| ui.add(egui::Label::new(text).wrap()));
}

fn recent(viewer: &mut Viewer, ui: &mut egui::Ui) {
    ui.label(RichText::new("Recent").strong());
    if viewer.recent.is_empty() {
        ui.label(RichText::new("nothing was opened yet").weak());
    }
    for path in viewer.recent.clone().into_iter().take(8) {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = super::panes::elided(ui, &name, (ui.available_width() * 0.8).min(520.0));
        let link = ui.link(name).on_hover_text(path.display().to_string());
        if link.clicked() {
            viewer.screen.act(Action::Open(vec![path.clone()]));
        }
        link.context_menu(|ui| {
            if ui.button("What is this file?").clicked() {
                identify::ask(viewer, path);
                ui.close();
            }
        });
    }
}

/// Says what happens with files that are held over the window.
pub(super) fn show_hovered(context: &egui::Context) {
    let hovered: Vec<Option<PathBuf>> =
        context.input(|i| i.raw.hovered_files.iter().map(|file| file.path.clone()).collect());
    if hovered.is_empty() {
        return;
    }
    let names: Vec<String> = hovered
        .iter()
        .flatten()
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .take(3)
        .collect();
    let text = match (hovered.len(), names.join(", ")) {
        (1, name) if !name.is_empty() => format!("Drop to open {name}"),
        (n, names) if !names.is_empty() => format!("Drop to open {n} files: {names}{}", if n > 3 { ", …" } else { "" }),
        (n, _) => format!("Drop to open {n} files"),
    };
    let rect = context.content_rect();
    let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::unique("drop"));
    let painter = context.layer_painter(layer);
    let visuals = context.global_style().visuals.clone();
    painter.rect_filled(rect, 0.0, visuals.panel_fill.gamma_multiply(0.85));
    painter.rect_stroke(rect.shrink(12.0), 8.0, Stroke::new(3.0, visuals.selection.stroke.color), StrokeKind::Inside);
    painter.text(rect.center(), Align2::CENTER_CENTER, text, FontId::proportional(22.0), visuals.strong_text_color());
}
