//! The parts of the window around the views: panels, files dropped and pasted, light and dark.

use std::path::PathBuf;

use eframe::egui;

use super::{Viewer, files, look, metadata, notes, open, problems, runs, series, settings, stats};
use crate::state::{Action, Panel, Severity, ThemeChoice};

impl Viewer {
    pub(super) fn apply_look(&mut self, context: &egui::Context) {
        let w = &self.state.workspace;
        let system_dark = context.input(|i| i.raw.system_theme) == Some(egui::Theme::Dark);
        let dark = match w.theme {
            ThemeChoice::System => system_dark,
            ThemeChoice::Light => false,
            ThemeChoice::Dark => true,
        };
        let look = look::Look { dark, scale: w.scale };
        if self.look.as_ref() != Some(&look) {
            look.apply(context);
            self.look = Some(look);
        }
    }

    pub(super) fn take_drops(&mut self, context: &egui::Context) {
        let (dropped, pasted) = context.input(|i| {
            let dropped: Vec<PathBuf> = i.raw.dropped_files.iter().map(|f| f.path().to_path_buf()).collect();
            let pasted = i.events.iter().find_map(|e| match e {
                egui::Event::Paste(text) => Some(text.clone()),
                _ => None,
            });
            (dropped, pasted)
        });
        if !dropped.is_empty() {
            self.act(Action::Open(dropped));
        }
        if let Some(text) = pasted.filter(|_| !context.text_edit_focused()) {
            let paths = open::paths_in(&text);
            if paths.is_empty() {
                "the clipboard holds no paths of files".clone_into(&mut self.state.status);
            } else {
                self.act(Action::Open(paths));
            }
        }
    }

    pub(super) fn show_panels(&mut self, ui: &mut egui::Ui) {
        let width = ui.available_width();
        // What was pulled wide in a large window leaves room for the figure in a small one.
        let most = if width < 1000.0 { 0.35 } else { 0.5 };
        let height = ui.available_height();
        let shown = |viewer: &Self, panel| viewer.state.workspace.shows(panel);
        let below = [Panel::Stats, Panel::Problems, Panel::Runs].into_iter().find(|panel| shown(self, *panel));
        if let Some(panel) = below {
            egui::Panel::bottom("below")
                .resizable(true)
                .default_size((height * 0.28).min(240.0))
                .size_range(60.0..=height * 0.6)
                .show(ui, |ui| {
                    // It stays as high as it was made, whatever is in it.
                    ui.set_min_height(ui.available_height());
                    self.panel_tabs(ui, panel);
                    match panel {
                        Panel::Stats => stats::show(self, ui),
                        Panel::Runs => runs::show(self, ui),
                        _ => problems::show(self, ui),
                    }
                });
        }
        let (files, series) = (shown(self, Panel::Files), shown(self, Panel::Series));
        if files || series {
            let size = (width * 0.285).min(420.0);
            egui::Panel::left("left").resizable(true).default_size(size).size_range(150.0..=width * most).show(
                ui,
                |ui| {
                    ui.set_min_width(ui.available_width());
                    if series {
                        let part = if files { ui.available_height() * 0.4 } else { ui.available_height() };
                        egui::Panel::bottom("series")
                            .resizable(true)
                            .default_size(part)
                            .size_range(80.0..=height * 0.8)
                            .show(ui, |ui| {
                                self.panel_tabs(ui, Panel::Series);
                                series::show(self, ui);
                            });
                    }
                    if files {
                        egui::CentralPanel::default().frame(egui::Frame::NONE).show(ui, |ui| files::show(self, ui));
                    }
                },
            );
        }
        let right = [Panel::Settings, Panel::Metadata, Panel::Notes].into_iter().find(|panel| shown(self, *panel));
        if let Some(panel) = right {
            egui::Panel::right("right").resizable(true).default_size(300.0).size_range(180.0..=width * most).show(
                ui,
                |ui| {
                    ui.set_min_width(ui.available_width());
                    self.panel_tabs(ui, panel);
                    match panel {
                        Panel::Settings => settings::show(self, ui),
                        Panel::Metadata => metadata::show(self, ui),
                        _ => notes::show(self, ui),
                    }
                },
            );
        }
    }

    /// The name of a panel, with the number of problems.
    pub(super) fn title_of(&self, panel: Panel) -> String {
        // What is only worth knowing is no problem.
        let wrong = self.state.problems.iter().filter(|p| p.severity > Severity::Note).count();
        if panel == Panel::Problems && wrong > 0 {
            return format!("{} {wrong}", panel.title());
        }
        panel.title().to_owned()
    }

    /// Headings of the panels that share a place; a click shows another one.
    fn panel_tabs(&mut self, ui: &mut egui::Ui, shown: Panel) {
        ui.add_space(2.0);
        let area = ui.max_rect();
        ui.horizontal(|ui| {
            for panel in Panel::ALL.into_iter().filter(|p| p.group() == shown.group()) {
                let tab = ui.selectable_label(panel == shown, self.title_of(panel));
                if panel == shown {
                    self.screen.regions.add(area, tab.id);
                }
                if tab.clicked() {
                    self.screen.act(if panel == shown { Action::TogglePanel(panel) } else { Action::ShowPanel(panel) });
                }
            }
        });
        ui.separator();
    }
}
