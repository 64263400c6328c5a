//! Statistics of the files of the view, over the whole run or what is marked, always from all data; and values at cursors.

use std::sync::Arc;

use eframe::egui::{self, RichText};
use egui_extras::{Column as TableColumn, TableBuilder};
use fa_analyze::summary::{Row, definition, significant};

use super::Viewer;
use super::explain::Number;
use crate::figure::hover;
use crate::state::{Action, DocId, Panel, View, XKind};
use crate::work::{Job, StatsKey};

/// Asks for the statistics if they are in sight and not there.
pub(super) fn want(viewer: &mut Viewer) {
    let workspace = &viewer.state.workspace;
    if !viewer.sees(Panel::Stats) {
        return;
    }
    let Some(view) = workspace.focused() else { return };
    let mut key = StatsKey { docs: Vec::new(), window: window(viewer, view) };
    let mut runs = Vec::new();
    for doc in &view.docs {
        if let Some(loaded) = viewer.state.library.loaded(*doc) {
            key.docs.push((*doc, loaded.generation));
            runs.push((*doc, Arc::clone(loaded)));
        }
    }
    let there = viewer.stats.there.as_ref().is_some_and(|(have, _)| *have == key);
    if !runs.is_empty() && !there && viewer.stats.asked.as_ref() != Some(&key) {
        viewer.stats.asked = Some(key.clone());
        viewer.workers.give(Job::Stats(key, runs));
    }
}

/// The part of the runs that counts: what is marked, or what the figure is cut off to.
fn window(_viewer: &Viewer, view: &View) -> Option<(f64, f64)> {
    view.brush.or(view.options.data_cutoff)
}

const HEADINGS: [&str; 11] = ["n", "min", "p50", "mean", "p95", "p99", "max", "total", "lost", "loss", "unit"];

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(view) = viewer.state.workspace.focused().cloned() else {
        ui.label("no view");
        return;
    };
    ui.horizontal_wrapped(|ui| {
        match window(viewer, &view) {
            Some((a, b)) if view.brush.is_some() => {
                ui.label(RichText::new(format!("Marked: {a:.2} – {b:.2} s ({:.2} s)", b - a)).strong())
            }
            Some((a, b)) => ui.label(RichText::new(format!("Cut-off: {a}, {b} s")).strong()),
            None => ui.label(RichText::new("Whole run — drag with Shift over a figure to mark a part").weak()),
        };
        if view.brush.is_some() {
            if ui.button("Zoom to it").clicked() {
                viewer.screen.act(Action::FitBrush(view.id));
            }
            if ui.button("Use as cut-off").clicked() {
                viewer.screen.act(Action::BrushToCutoff(view.id));
            }
            if ui.button("Export…").on_hover_text("Export what is marked").clicked() {
                viewer.ask(crate::state::commands::Dialog::Export);
            }
            if ui.button("Remove").clicked() {
                viewer.screen.act(Action::Brush(view.id, None));
            }
        }
        if viewer.stats.asked.is_some() {
            ui.label("computing…");
        }
    });
    if !view.cursors.is_empty() {
        cursors(viewer, ui, &view);
    }
    table(viewer, ui, &view);
}

fn table(viewer: &mut Viewer, ui: &mut egui::Ui, view: &View) {
    let Some((_, all)) = viewer.stats.there.as_ref() else { return };
    let all = all.clone();
    // Only what the view shows, if that is known; else every series.
    let drawn = viewer.state.series_of(view.id);
    let several = view.docs.len() > 1;
    let mut rows: Vec<(usize, DocId, &Row)> = Vec::new();
    for (file, doc) in view.docs.iter().enumerate() {
        let Some((_, summary)) = all.iter().find(|(id, _)| id == doc) else { continue };
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for row in &summary.rows {
            if drawn.contains(&row.series) && view.shows(&row.series, *doc) { own.push(row) } else { others.push(row) }
        }
        let list = if own.is_empty() { others } else { own };
        rows.extend(list.into_iter().map(|row| (file, *doc, row)));
    }
    if several {
        // The same series of all files below each other: to be compared.
        let position = |row: &Row| drawn.iter().position(|name| *name == row.series).unwrap_or(usize::MAX);
        rows.sort_by_key(|(file, _, row)| (position(row), *file));
    }
    let height = ui.text_style_height(&egui::TextStyle::Body) + 3.0;
    let digits = viewer.state.prefs.digits;
    let mut explain = None;
    egui::ScrollArea::horizontal().id_salt("stats").auto_shrink(false).show(ui, |ui| {
        let mut builder = TableBuilder::new(ui)
            .striped(true)
            .resizable(true)
            .auto_shrink(false)
            .min_scrolled_height(40.0)
            .cell_layout(egui::Layout::right_to_left(egui::Align::Center))
            .column(TableColumn::initial(190.0).at_least(60.0).clip(true));
        if several {
            builder = builder.column(TableColumn::initial(150.0).at_least(40.0).clip(true));
        }
        for heading in HEADINGS {
            builder = builder
                .column(TableColumn::initial(if heading == "total" { 84.0 } else { 58.0 }).at_least(30.0).clip(true));
        }
        if several {
            builder = builder.column(TableColumn::initial(84.0).at_least(40.0).clip(true));
        }
        builder
            .header(height, |mut header| {
                let mut heading = |text: &str, left: bool, help: &str| {
                    header.col(|ui| {
                        let label = egui::Label::new(RichText::new(text).strong());
                        if left {
                            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| ui.add(label));
                        } else {
                            ui.add(label).on_hover_text(help);
                        }
                    });
                };
                heading("Series", true, "");
                if several {
                    heading("File", true, "");
                }
                for text in HEADINGS {
                    heading(text, false, definition(text).unwrap_or_default());
                }
                if several {
                    heading("Δ p50", false, "difference of the medians to the first file");
                }
            })
            .body(|body| {
                body.rows(height, rows.len(), |mut table_row| {
                    let (file, doc, row) = &rows[table_row.index()];
                    let left = |ui: &mut egui::Ui, text: &str| {
                        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                            ui.add(egui::Label::new(text).truncate());
                        });
                    };
                    table_row.col(|ui| left(ui, &row.series));
                    if several {
                        let title = viewer.state.library.get(*doc).map(crate::state::Doc::title).unwrap_or_default();
                        table_row.col(|ui| left(ui, &fa_plot::text::one_line(&title)));
                    }
                    for (column, text) in HEADINGS.into_iter().zip(cells(row, digits)) {
                        table_row.col(|ui| {
                            let cell = ui.add(egui::Label::new(text.as_str()).sense(egui::Sense::click()));
                            let named = format!("{column} of {}: {text}", row.series);
                            cell.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &named));
                            if cell.clicked() && column != "unit" {
                                explain = Some(Number { doc: *doc, series: row.series.clone(), column });
                            }
                        });
                    }
                    if several {
                        let first = rows.iter().find(|(f, _, r)| *f == 0 && r.series == row.series);
                        let delta = first.filter(|_| *file > 0).and_then(|(_, _, first)| Some(row.p50? - first.p50?));
                        table_row.col(|ui| {
                            ui.label(delta.map_or(String::new(), |d| {
                                format!("{}{}", if d < 0.0 { "−" } else { "+" }, significant(d.abs(), digits))
                            }));
                        });
                    }
                });
            });
    });
    if let Some(number) = explain {
        viewer.screen.explain = Some(number);
        viewer.screen.dialog = Some(crate::state::commands::Dialog::Explain);
    }
}

/// The cells behind the names, as [`HEADINGS`].
fn cells(row: &Row, digits: u8) -> [String; 11] {
    let short = |v: f64| significant(v, digits);
    let number = |v: Option<f64>| v.map_or("–".to_owned(), short);
    [
        row.n.to_string(),
        number(row.min),
        number(row.p50),
        number(row.mean),
        number(row.p95),
        number(row.p99),
        number(row.max),
        row.total.map_or("–".to_owned(), |v| format!("{} {}", short(v), row.unit.trim_end_matches("/s"))),
        row.lost.map_or("–".to_owned(), |n| n.to_string()),
        row.loss.map_or("–".to_owned(), |l| format!("{} %", short(100.0 * l))),
        row.unit.clone(),
    ]
}

/// Lines whose values at the cursors are shown.
const MOST_VALUES: usize = 12;

/// Values of all lines at the cursors.
fn cursors(viewer: &mut Viewer, ui: &mut egui::Ui, view: &View) {
    let Some(figure) = viewer.figure(view.id).cloned() else { return };
    let Some(scene) = figure.scene.clone() else { return };
    let Some(page) = viewer.page(view.id) else { return };
    let step = view.docs.first().and_then(|d| viewer.state.library.loaded(*d)).and_then(|l| l.set.metadata.step_secs());
    let within = 5.0 * step.unwrap_or(0.2).max(0.05);
    let axis = viewer.state.run_axis(view, figure.x_kind());
    let places: Vec<f64> = view.cursors.iter().filter_map(|at| axis.on_axis(*at)).collect();
    let at: Vec<Vec<hover::ValueAt>> = places.iter().map(|x| hover::values_at(&scene, &page, *x, within)).collect();
    ui.horizontal_wrapped(|ui| {
        for (i, at) in view.cursors.iter().enumerate() {
            let text = match axis.on_axis(*at).filter(|_| axis.kind == XKind::Clock) {
                Some(x) => hover::utc(x),
                None => format!("{at:.3} s"),
            };
            ui.label(RichText::new(format!("Cursor {}: {text}", i + 1)).strong());
        }
        if let [a, b] = view.cursors[..] {
            ui.label(RichText::new(format!("Δt = {:.3} s", b - a)).strong());
        }
        if ui.small_button("✖").on_hover_text("Remove cursors").clicked() {
            viewer.screen.act(Action::Cursor(view.id, 0, None));
        }
    });
    let digits = viewer.state.prefs.digits;
    let labels: Vec<String> = at.first().into_iter().flatten().take(MOST_VALUES).map(|one| one.label.clone()).collect();
    let width = column_width(ui, &labels, (ui.available_width() * 0.4).clamp(120.0, 420.0));
    // The statistics below keep their room.
    let most = (ui.available_height() * 0.5).max(60.0);
    let scroll = egui::ScrollArea::vertical().id_salt("cursor-values").max_height(most).auto_shrink([false, true]);
    scroll.show(ui, |ui| {
        egui::Grid::new("cursors").striped(true).num_columns(4).show(ui, |ui| {
            for (n, first) in at.first().into_iter().flatten().enumerate().take(MOST_VALUES) {
                let label = super::panes::elided(ui, &first.label, width);
                ui.add(egui::Label::new(label).extend()).on_hover_text(&first.label);
                let values: Vec<Option<f64>> = at.iter().map(|list| list.get(n).and_then(|v| v.value)).collect();
                for value in &values {
                    let text = value.map_or("–".to_owned(), |v| format!("{} {}", hover::number(v), first.unit));
                    ui.add(egui::Label::new(text).extend());
                }
                if let [Some(a), Some(b)] = values[..] {
                    ui.add(egui::Label::new(format!("Δ {}", significant(b - a, digits))).extend());
                }
                ui.end_row();
            }
        });
    });
    if at.first().is_some_and(|all| all.len() > MOST_VALUES) {
        ui.label(RichText::new(format!("{} more lines; hide some to see them", at[0].len() - MOST_VALUES)).weak());
    }
}

/// As wide as the widest of these texts, at most so much.
fn column_width(ui: &egui::Ui, texts: &[String], most: f32) -> f32 {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let width = |text: &String| ui.painter().layout_no_wrap(text.clone(), font.clone(), egui::Color32::WHITE).size().x;
    texts.iter().map(width).fold(0.0, f32::max).min(most) + 1.0
}
