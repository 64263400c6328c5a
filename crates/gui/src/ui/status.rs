//! The line at the bottom: what is open, what was done, what can be undone.

use eframe::egui::{self, RichText};

use super::drawers::Room;
use super::{Viewer, look};
use crate::figure::hover::utc;
use crate::state::{Action, Panel, Severity};

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    ui.horizontal(|ui| {
        let files = viewer.state.workspace.files.len();
        let (mut series, mut samples) = (0, 0);
        if let Some(view) = viewer.state.workspace.focused() {
            for doc in view.docs.iter().filter_map(|d| viewer.state.library.get(*d)) {
                let rows = doc.summary.iter().flat_map(|s| &s.rows);
                for row in rows {
                    series += 1;
                    samples += row.n;
                }
            }
        }
        let mut text = format!("{files} file{}", if files == 1 { "" } else { "s" });
        let room = viewer.screen.room;
        if series > 0 && room != Room::Tiny {
            text.push_str(&format!(" · {series} series · {samples} samples"));
        }
        ui.label(text);
        if let Some((view, hit)) = viewer.screen.hover.as_ref().filter(|_| room != Room::Tiny) {
            let t0 = viewer.figure(*view).and_then(|figure| figure.doc(hit.file)).and_then(|doc| {
                let set = &viewer.state.library.loaded(doc)?.set;
                set.metadata.t0_unix()
            });
            let over_time = viewer.figure(*view).is_some_and(|f| f.x_kind() == crate::state::XKind::Run);
            if let Some(t0) = t0.filter(|_| over_time) {
                ui.label(format!("t = {:.3} s  {}", hit.x, utc(t0 + hit.x)));
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let worst = viewer.state.problems.iter().map(|p| p.severity).max();
            if let Some(worst) = worst.filter(|w| *w > Severity::Note) {
                let count = viewer.state.problems.iter().filter(|p| p.severity > Severity::Note).count();
                let colour = if worst == Severity::Error { look::error(ui) } else { look::warn(ui) };
                let text = format!("⚠ {count} problem{}", if count == 1 { "" } else { "s" });
                if ui.add(egui::Button::new(RichText::new(text).color(colour)).frame(false)).clicked() {
                    viewer.screen.act(Action::ShowPanel(Panel::Problems));
                }
            }
            if viewer.options.perf {
                let perf = viewer.perf;
                let corners: usize = viewer.screen.painted.values().map(crate::figure::paint::Painted::vertices).sum();
                ui.label(format!(
                    "{perf} · {} layouts · {corners} corners · {:.1} MB",
                    viewer.figures.layouts,
                    viewer.figures.bytes() as f64 / 1e6,
                ));
            }
            if let Some(gesture) = viewer.state.history.undoable().filter(|_| room == Room::Wide) {
                ui.label(RichText::new(format!("undo: {gesture}")).weak());
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(
                    egui::Label::new(RichText::new(fa_plot::text::one_line(&viewer.state.status)).weak()).truncate(),
                );
            });
        });
    });
}
