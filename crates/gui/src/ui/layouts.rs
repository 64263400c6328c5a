//! Layouts: those that come with the program, and own ones saved by name.

use std::path::{Path, PathBuf};

use eframe::egui::{self, RichText};

use super::Viewer;
use crate::state::layouts::Layout;
use crate::state::{Action, Problem};
use crate::work::files::read_layouts;

/// The file that own layouts are kept in.
pub(super) fn file(dir: &Path) -> PathBuf {
    dir.join("layouts.json")
}

/// Own layouts, none where nothing is kept; and what is wrong with their file.
pub(super) fn read(dir: Option<&Path>) -> (Vec<Layout>, Option<Problem>) {
    dir.map(|dir| read_layouts(&file(dir))).unwrap_or_default()
}

/// Own layouts in the menu.
pub(super) fn menu(viewer: &mut Viewer, ui: &mut egui::Ui) {
    ui.menu_button("Own layouts", |ui| {
        if viewer.state.layouts.is_empty() {
            ui.label("none is saved yet");
        }
        for layout in viewer.state.layouts.clone() {
            ui.horizontal(|ui| {
                if ui.button(&layout.name).clicked() {
                    viewer.screen.act(Action::ApplyLayout(layout.name.clone()));
                    ui.close();
                }
                let delete = ui.small_button("✖").on_hover_text("Forget this layout");
                delete.widget_info(|| {
                    let label = format!("Forget layout {}", layout.name);
                    egui::WidgetInfo::labeled(egui::Role::Button, true, label)
                });
                if delete.clicked() {
                    viewer.screen.act(Action::DeleteLayout(layout.name.clone()));
                }
            });
        }
    });
}

/// The dialog that asks for a name.
pub(super) fn save(viewer: &mut Viewer, ui: &mut egui::Ui) {
    ui.label("Which panels are shown and how views stand beside each other. It fits any number of views.");
    let name = &mut viewer.screen.layout_name;
    let edit = ui.add(super::look::field(name).hint_text("name").desired_width(f32::INFINITY));
    edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Name of the layout"));
    if std::mem::take(&mut viewer.screen.save.focus) {
        edit.request_focus();
    }
    let name = viewer.screen.layout_name.trim().to_owned();
    let there = viewer.state.layouts.iter().any(|layout| layout.name == name);
    if there {
        ui.label(RichText::new("a layout of this name is replaced").weak());
    }
    let enter = ui.input(|i| i.key_pressed(egui::Key::Enter)) && !name.is_empty();
    if ui.add_enabled(!name.is_empty(), egui::Button::new("Save layout")).clicked() || enter {
        viewer.screen.act(Action::SaveLayout(name));
        viewer.screen.dialog = None;
    }
}
