//! What the figure in sight, or a number of the statistics, means.

use eframe::egui::{self, RichText};
use fa_analyze::summary::Row;

use super::Viewer;
use crate::state::explain::{self, Section};
use crate::state::{DocId, Loaded};

/// The number that is explained; without one, the plot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) doc: DocId,
    pub(crate) series: String,
    pub(crate) column: &'static str,
}

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let sections = match &viewer.screen.explain {
        Some(number) => explain_number(viewer, number).into_iter().collect(),
        None => explain_plot(viewer),
    };
    if sections.is_empty() {
        ui.label("there is no figure to explain");
        return;
    }
    let height = (ui.ctx().content_rect().height() - 160.0).max(120.0);
    egui::ScrollArea::vertical()
        .id_salt("explained")
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for (n, section) in sections.iter().enumerate() {
                if n > 0 {
                    ui.add_space(6.0);
                }
                ui.add(egui::Label::new(RichText::new(&section.heading).strong()).wrap());
                egui::Grid::new(("explained", n)).num_columns(2).spacing([10.0, 2.0]).show(ui, |ui| {
                    for (what, text) in &section.lines {
                        ui.label(RichText::new(what).weak());
                        let wide = (ui.ctx().content_rect().width() - 60.0).min(620.0) - 140.0;
                        ui.scope(|ui| {
                            ui.set_max_width(wide.max(200.0));
                            ui.add(egui::Label::new(fa_plot::text::one_line(text)).wrap());
                        });
                        ui.end_row();
                    }
                });
            }
        });
    ui.separator();
    ui.horizontal(|ui| {
        if ui.button("Copy").on_hover_text("The whole text").clicked() {
            ui.ctx().copy_text(text(&sections));
        }
        if viewer.screen.explain.is_some() && ui.button("Explain the plot").clicked() {
            viewer.screen.explain = None;
        } else {
            ui.label(RichText::new("A click on a number of the Statistics panel explains it").weak());
        }
    });
}

fn text(sections: &[Section]) -> String {
    let mut all = String::new();
    for section in sections {
        all.push_str(&format!("{}\n", section.heading));
        for (what, text) in &section.lines {
            all.push_str(&format!("  {what}: {text}\n"));
        }
    }
    all
}

fn explain_plot(viewer: &Viewer) -> Vec<Section> {
    let Some(view) = viewer.state.workspace.focused() else { return Vec::new() };
    let Some(scene) = viewer.figure(view.id).and_then(|figure| figure.scene.clone()) else { return Vec::new() };
    let files: Vec<(&Loaded, &[Row])> = view
        .docs
        .iter()
        .filter_map(|doc| viewer.state.library.get(*doc))
        .filter_map(|doc| {
            let rows = doc.summary.as_ref().map_or(&[][..], |summary| &summary.rows);
            Some((&**doc.loaded.as_ref()?, rows))
        })
        .collect();
    let Some((first, _)) = files.first() else { return Vec::new() };
    let def = first.expanded.plots.get(&scene.plot);
    explain::plot(&scene.plot, def, &scene, &files, view.options.data_cutoff)
}

fn explain_number(viewer: &Viewer, number: &Number) -> Option<Section> {
    let (key, all) = viewer.stats.there.as_ref()?;
    let row = all.iter().find(|(doc, _)| *doc == number.doc)?.1.rows.iter().find(|row| row.series == number.series)?;
    let loaded = viewer.state.library.loaded(number.doc)?;
    Some(explain::number(number.column, row, loaded, key.window.is_some()))
}
