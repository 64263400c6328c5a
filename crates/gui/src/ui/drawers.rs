//! Small windows: one panel at a time beside the figure, or in its place, chosen in a row of names.
//!
//! A window is small when it is small or what is in it is large: both count in points.

use eframe::egui::{self, vec2};

use super::{Viewer, files, metadata, notes, problems, runs, series, settings, stats};
use crate::state::{Action, Panel};

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Room {
    /// Panels stand beside the figure.
    #[default]
    Wide,
    /// One panel at a time stands beside the figure.
    Narrow,
    /// A panel takes the figure's place.
    Tiny,
}

impl Room {
    /// The room in an area of so many points.
    pub(super) fn of(size: egui::Vec2) -> Self {
        if size.x < 560.0 || size.y < 360.0 {
            Self::Tiny
        } else if size.x < 900.0 {
            Self::Narrow
        } else {
            Self::Wide
        }
    }
}

impl Viewer {
    /// In a small window, showing a panel means opening its drawer; what a wide window shows stays as it is.
    pub(super) fn drawn_out(&mut self, action: &Action) -> bool {
        if self.screen.room == Room::Wide {
            return false;
        }
        match action {
            Action::TogglePanel(panel) if self.screen.drawer == Some(*panel) => self.screen.drawer = None,
            Action::TogglePanel(panel) | Action::ShowPanel(panel) => self.screen.drawer = Some(*panel),
            _ => return false,
        }
        true
    }

    /// Whether a panel can be seen.
    pub(super) fn sees(&self, panel: Panel) -> bool {
        match self.screen.room {
            Room::Wide => self.state.workspace.shows(panel),
            _ => self.screen.drawer == Some(panel),
        }
    }

    /// The names of all panels; in a tiny window they are in a menu.
    pub(super) fn show_drawer_names(&mut self, ui: &mut egui::Ui) {
        if self.screen.room != Room::Narrow {
            return;
        }
        egui::Panel::top("drawers").show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                let bar = ui.max_rect();
                for panel in Panel::ALL {
                    let open = self.screen.drawer == Some(panel);
                    let name = ui.selectable_label(open, self.title_of(panel));
                    if panel == Panel::Files {
                        self.screen.regions.add(bar, name.id);
                    }
                    if name.clicked() {
                        self.screen.act(Action::TogglePanel(panel));
                    }
                }
            });
        });
    }

    /// The drawer that is open, beside the figure. Says whether it is in the figure's place.
    pub(super) fn show_drawer(&mut self, ui: &mut egui::Ui) -> bool {
        let Some(panel) = self.screen.drawer else { return false };
        let room = ui.available_size();
        if self.screen.room == Room::Tiny {
            egui::CentralPanel::default().show(ui, |ui| self.panel_content(ui, panel));
            return true;
        }
        let id = ("drawer", panel.group());
        let content = |ui: &mut egui::Ui| {
            ui.set_min_size(vec2(ui.available_width(), ui.available_height()));
            self.panel_content(ui, panel);
        };
        let aside = (room.x * 0.42).min(320.0);
        match panel.group() {
            0 | 1 => {
                let side = egui::Panel::left(egui::Id::unique(id)).resizable(true);
                side.default_size(aside).size_range(150.0..=room.x * 0.6).show(ui, content);
            }
            2 => {
                let side = egui::Panel::right(egui::Id::unique(id)).resizable(true);
                side.default_size(aside).size_range(150.0..=room.x * 0.6).show(ui, content);
            }
            _ => {
                let below = egui::Panel::bottom(egui::Id::unique(id)).resizable(true);
                below.default_size(room.y * 0.42).size_range(60.0..=room.y * 0.7).show(ui, content);
            }
        }
        false
    }

    fn panel_content(&mut self, ui: &mut egui::Ui, panel: Panel) {
        match panel {
            Panel::Files => files::show(self, ui),
            Panel::Series => series::show(self, ui),
            Panel::Settings => settings::show(self, ui),
            Panel::Metadata => metadata::show(self, ui),
            Panel::Notes => notes::show(self, ui),
            Panel::Stats => stats::show(self, ui),
            Panel::Problems => problems::show(self, ui),
            Panel::Runs => runs::show(self, ui),
        }
    }
}
