//! The menu bar.

use eframe::egui;

use super::Viewer;
use crate::state::commands::{Command, Dialog, Does, MENUS, commands};

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let all = commands(&viewer.state);
    let mut chosen: Option<Does> = None;
    egui::MenuBar::new().ui(ui, |ui| {
        let bar = ui.max_rect();
        for menu in MENUS {
            let button = ui.menu_button(menu, |ui| {
                for command in all.iter().filter(|c| c.menu == menu && !c.id.ends_with("-2")) {
                    if let Some(does) = entry(ui, command) {
                        chosen = Some(does);
                        ui.close();
                    }
                }
                match menu {
                    "File" => {
                        ui.separator();
                        recent(viewer, ui);
                    }
                    "View" => {
                        ui.separator();
                        super::layouts::menu(viewer, ui);
                    }
                    _ => {}
                }
            });
            if menu == MENUS[0] {
                viewer.screen.regions.add(bar, button.response.id);
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let key = all.iter().find(|c| c.id == "palette").map_or("", |c| c.key.as_str());
            let search = ui
                .button(format!("Search everything…  {key}"))
                .on_hover_text("Commands, files, series, settings, metadata");
            if search.clicked() {
                chosen = Some(Does::Ask(Dialog::Palette));
            }
            if let Some(run) = &viewer.state.running {
                let text = if run.stopping { "stopping…".to_owned() } else { format!("● {}", run.progress) };
                ui.colored_label(super::look::error(ui), text);
            }
        });
    });
    if let Some(does) = chosen {
        viewer.perform(does);
    }
}

fn recent(viewer: &mut Viewer, ui: &mut egui::Ui) {
    ui.menu_button("Open recent", |ui| {
        if viewer.recent.is_empty() {
            ui.label("nothing was opened yet");
        }
        for path in viewer.recent.clone() {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                viewer.screen.act(crate::state::Action::Open(vec![path]));
                ui.close();
            }
        }
    });
}

/// One entry; what it does when it was clicked.
fn entry(ui: &mut egui::Ui, command: &Command) -> Option<Does> {
    let button = egui::Button::new(command.label.as_str()).shortcut_text(command.key.as_str());
    let response = ui.add_enabled(command.does.is_ok(), button);
    match &command.does {
        Ok(does) => response.clicked().then(|| does.clone()),
        Err(why) => {
            response.on_disabled_hover_text(*why);
            None
        }
    }
}
