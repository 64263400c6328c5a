//! Choosing the columns of the files table.

use std::collections::BTreeMap;

use eframe::egui::{self, RichText};
use serde_json::Value;

use super::Viewer;
use crate::state::Action;
use crate::state::columns::Column;

/// What is searched for.
#[derive(Debug, Default)]
pub(crate) struct ColumnsState {
    pub(crate) search: String,
}

/// Keys offered at most.
const MOST: usize = 200;

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let table = viewer.state.workspace.table.clone();
    ui.label(RichText::new("Shown").strong());
    for (i, column) in table.columns.iter().enumerate() {
        ui.horizontal(|ui| {
            let mut button = |text: &str, label: String, enabled: bool, action: Action| {
                let response = ui.add_enabled(enabled, egui::Button::new(text).small());
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, enabled, &label));
                if response.clicked() {
                    viewer.screen.act(action);
                }
            };
            let title = column.title();
            button("▲", format!("Move {title} to the left"), i > 0, Action::MoveColumn(column.clone(), -1));
            button(
                "▼",
                format!("Move {title} to the right"),
                i + 1 < table.columns.len(),
                Action::MoveColumn(column.clone(), 1),
            );
            button(
                "✖",
                format!("Remove column {title}"),
                table.columns.len() > 1,
                Action::RemoveColumn(column.clone()),
            );
            ui.label(title);
        });
    }
    ui.horizontal(|ui| {
        if ui.button("Reset columns").clicked() {
            viewer.screen.act(Action::ResetColumns);
        }
        let mut by_test = table.by_test;
        if ui.checkbox(&mut by_test, "Group by test").changed() {
            viewer.screen.act(Action::ToggleByTest);
        }
    });
    ui.separator();
    ui.label(RichText::new("More").strong());
    let search = &mut viewer.screen.columns.search;
    let edit =
        ui.add(super::look::field(search).hint_text("search columns and metadata…").desired_width(f32::INFINITY));
    edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search columns"));
    let search = search.to_lowercase();
    let metadata = keys(viewer);
    egui::ScrollArea::vertical().id_salt("columns").max_height(320.0).auto_shrink([false, true]).show(ui, |ui| {
        for column in Column::FIXED.into_iter().filter(|c| !table.columns.contains(c)) {
            let title = column.title();
            if !title.to_lowercase().contains(&search) {
                continue;
            }
            ui.horizontal(|ui| {
                let add = ui.small_button("+");
                add.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Add column {title}")));
                if add.clicked() {
                    viewer.screen.act(Action::AddColumn(column.clone()));
                }
                ui.label(&title).on_hover_text(column.help());
                if column.is_computed() {
                    ui.label(RichText::new("computed: every file is read").weak());
                }
            });
        }
        for (path, example) in metadata.iter().filter(|(p, _)| p.to_lowercase().contains(&search)).take(MOST) {
            let column = Column::Meta(path.clone());
            if table.columns.contains(&column) {
                continue;
            }
            ui.horizontal(|ui| {
                let add = ui.small_button("+");
                add.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Add column {path}")));
                if add.clicked() {
                    viewer.screen.act(Action::AddColumn(column));
                }
                ui.label(path);
                ui.add(egui::Label::new(RichText::new(example).weak()).truncate());
            });
        }
    });
}

/// Paths of all single values in the metadata of the first files, each with a value as an example.
fn keys(viewer: &Viewer) -> BTreeMap<String, String> {
    const LOOKED_AT: usize = 5;
    let mut all = BTreeMap::new();
    for (_, doc) in viewer.state.library.iter().take(LOOKED_AT) {
        if let Some(meta) = &doc.metadata {
            for (key, value) in meta.as_map() {
                gather(key.clone(), value, &mut all, 0);
            }
        }
    }
    all
}

fn gather(path: String, value: &Value, into: &mut BTreeMap<String, String>, depth: usize) {
    const DEEPEST: usize = 6;
    const LONGEST: usize = 80;
    match value {
        Value::Object(map) if depth < DEEPEST => {
            for (key, value) in map {
                gather(format!("{path}:{key}"), value, into, depth + 1);
            }
        }
        Value::Array(list) if depth < DEEPEST => {
            for (i, value) in list.iter().enumerate().take(4) {
                gather(format!("{path}:{i}"), value, into, depth + 1);
            }
        }
        Value::Null | Value::Object(_) | Value::Array(_) => {}
        value => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text: String = fa_plot::text::one_line(&text).chars().take(LONGEST).collect();
            into.entry(path).or_insert(text);
        }
    }
}
