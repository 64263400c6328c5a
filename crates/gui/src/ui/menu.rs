//! The menu bar.

use eframe::egui;

use super::Viewer;
use super::drawers::Room;
use crate::state::Panel;
use crate::state::commands::{Command, Dialog, Does, MENUS, commands};

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let all = commands(&viewer.state);
    let mut chosen: Option<Does> = None;
    egui::MenuBar::new().ui(ui, |ui| {
        let bar = ui.max_rect();
        let mut one = |viewer: &mut Viewer, ui: &mut egui::Ui, menu: &'static str| {
            let button = ui.menu_button(menu, |ui| {
                // A menu that is longer than the window is scrolled.
                let most = ui.ctx().content_rect().height() - 40.0;
                egui::ScrollArea::vertical().max_height(most).min_scrolled_height(most).show(ui, |ui| {
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
            });
            button.response.id
        };
        let first = if viewer.screen.room == Room::Tiny {
            let menus = ui.menu_button("Menu", |ui| {
                for menu in MENUS {
                    one(viewer, ui, menu);
                }
            });
            panels(viewer, ui);
            menus.response.id
        } else {
            let ids: Vec<egui::Id> = MENUS.into_iter().map(|menu| one(viewer, ui, menu)).collect();
            ids[0]
        };
        viewer.screen.regions.add(bar, first);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let key = all.iter().find(|c| c.id == "palette").map_or("", |c| c.key.as_str());
            let text = if viewer.screen.room == Room::Wide {
                format!("Search everything…  {key}")
            } else {
                "Search…".to_owned()
            };
            let search = ui.button(text).on_hover_text("Commands, files, series, settings, metadata");
            if search.clicked() {
                chosen = Some(Does::Ask(Dialog::Palette));
            }
            live(viewer, ui);
        });
    });
    if let Some(does) = chosen {
        viewer.perform(does);
    }
}

/// All panels, where there is no room for their names.
fn panels(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let open = viewer.screen.drawer;
    let shown = open.map_or_else(|| "Figure".to_owned(), |panel| viewer.title_of(panel));
    ui.menu_button(format!("{shown} ▼"), |ui| {
        if ui.selectable_label(open.is_none(), "Figure").clicked() {
            viewer.screen.drawer = None;
            ui.close();
        }
        for panel in Panel::ALL {
            if ui.selectable_label(open == Some(panel), viewer.title_of(panel)).clicked() {
                viewer.screen.drawer = Some(panel);
                ui.close();
            }
        }
    });
}

/// The run that is measured, from whatever view: how it goes, and how it is stopped.
fn live(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(run) = &viewer.state.running else { return };
    let text = if run.stopping { "stopping…".to_owned() } else { format!("● {}", run.progress) };
    if !run.stopping {
        for (text, help, how) in [
            ("Stop and discard", "Nothing of the run is left", fa_measure::Stop::Discard),
            ("■ Stop and keep", "What was measured so far becomes a data file", fa_measure::Stop::Keep),
        ] {
            if ui.button(text).on_hover_text(help).clicked() {
                viewer.screen.act(crate::state::Action::StopRun(how));
            }
        }
    }
    let text = egui::RichText::new(text).color(super::look::error(ui));
    ui.add(egui::Label::new(text).truncate());
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
