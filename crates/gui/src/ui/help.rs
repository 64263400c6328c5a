//! Keys and gestures, offline.

use eframe::egui::{self, RichText};

use super::Viewer;
use crate::state::commands::{commands, groups};

const GESTURES: [(&str, &str); 18] = [
    ("drag", "move; on an axis, only along it"),
    ("Shift + drag", "mark a part of the run: statistics of exactly that part"),
    ("right drag", "zoom to a box"),
    ("wheel", "along the time axis; over an axis, zoom it"),
    ("Ctrl + wheel", "zoom time; with Shift, the values"),
    ("double click", "show everything"),
    ("click a legend entry", "hide the series; the Series panel brings it back"),
    ("Alt + click or double click", "the series alone; again for all"),
    ("drag a legend entry", "change the order; so do Alt + Up and Alt + Down on it"),
    ("the strip below", "the whole run: drag the part, or its edges; arrows move and resize it (O: strip on, off)"),
    ("click a row", "tick the file: show it in the view, or not"),
    ("Ctrl + click a row", "open it in a new view"),
    ("drag a tab", "to a side of a view: split; to its middle: beside its tab"),
    ("drag a tab out", "of the window: a window of its own; Ctrl + Shift + F does the same and brings it back"),
    ("arrows, Space, Enter", "in the files table: move, tick, show alone"),
    ("Ctrl + Enter, Shift + Enter, Delete", "in the files table: new view, make it the first file, close"),
    ("F6, Tab", "keyboard to the next part of the window, the next control"),
    ("arrows on a figure", "move and zoom time; C, Shift + C, [ ] and M mark without a mouse"),
];

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    ui.label(RichText::new("With the mouse").strong());
    // Texts are broken where they would make the dialog wider.
    let wide = (ui.available_width() - 220.0).max(320.0);
    egui::Grid::new("gestures").num_columns(2).striped(true).max_col_width(wide).show(ui, |ui| {
        for (what, does) in GESTURES {
            ui.label(RichText::new(what).strong());
            ui.label(does);
            ui.end_row();
        }
    });
    ui.add_space(8.0);
    let all = commands(&viewer.state);
    for menu in groups() {
        let with_keys: Vec<_> = all.iter().filter(|c| c.menu == menu && !c.key.is_empty()).collect();
        if with_keys.is_empty() {
            continue;
        }
        ui.label(RichText::new(menu).strong());
        egui::Grid::new(("keys", menu)).num_columns(2).striped(false).min_col_width(110.0).show(ui, |ui| {
            for command in with_keys {
                ui.label(&command.key);
                ui.label(&command.label);
                ui.end_row();
            }
        });
    }
    ui.add_space(8.0);
    ui.label(RichText::new("Numbers").strong());
    ui.label(
        "Statistics are computed from all samples as measured, never from what is drawn. n counts values, percentiles \
         interpolate linearly between the closest samples, totals integrate rates over time, loss counts sequence \
         numbers without an answer. Red ticks at the foot of a panel are lost probes. A gap in a line is a missing value.",
    );
}
