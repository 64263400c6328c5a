//! Metadata: the tree of the first file, search, pinned keys, and the keys in which the ticked files differ.

use std::sync::Arc;

use eframe::egui::{self, RichText};
use fa_analyze::metadiff::{DiffOptions, Difference, Found};
use fa_format::Metadata;
use serde_json::Value;

use super::Viewer;
use crate::state::columns::Column;
use crate::state::{Action, DocId, Panel};
use crate::work::{DiffKey, Job};

/// What is chosen in the panel.
#[derive(Debug, Default)]
pub(crate) struct MetadataState {
    pub(crate) search: String,
    /// Differences in place of the tree.
    pub(crate) diff: bool,
    /// Times, ids and counters in the differences, too.
    pub(crate) all: bool,
    /// Open or close everything in the next frame.
    open: Option<bool>,
}

/// The files that are compared: those of the view, or of all views in sight where each shows one.
fn compared(viewer: &Viewer) -> Vec<DocId> {
    let workspace = &viewer.state.workspace;
    let own = workspace.focused().map(|view| view.docs.clone()).unwrap_or_default();
    if own.len() > 1 {
        return own;
    }
    let visible = workspace.visible();
    let mut all: Vec<DocId> = Vec::new();
    for doc in visible.iter().filter_map(|id| workspace.view(*id)).flat_map(|view| view.docs.iter().copied()) {
        if !all.contains(&doc) {
            all.push(doc);
        }
    }
    all
}

/// Asks for the differences if they are in sight and not there.
pub(super) fn want(viewer: &mut Viewer) {
    if !viewer.sees(Panel::Metadata) || !viewer.screen.metadata.diff {
        return;
    }
    let docs = compared(viewer);
    if docs.len() < 2 {
        return;
    }
    let mut key = DiffKey { docs: Vec::new(), all: viewer.screen.metadata.all, versions: Vec::new() };
    let mut files = Vec::new();
    for doc in &docs {
        let Some((known, meta)) = viewer.state.library.get(*doc).and_then(|d| Some((d, d.metadata.as_ref()?))) else {
            continue;
        };
        key.docs.push(*doc);
        key.versions.push(Arc::as_ptr(meta) as usize);
        files.push((known.title(), Arc::clone(meta)));
    }
    let there = viewer.diff.there.as_ref().is_some_and(|(have, _)| *have == key);
    if !there && viewer.diff.asked.as_ref() != Some(&key) {
        viewer.diff.asked = Some(key.clone());
        let options = DiffOptions { all: key.all, keys: Vec::new() };
        viewer.workers.give(Job::Diff(key, files, options));
    }
}

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(view) = viewer.state.workspace.focused().cloned() else {
        ui.label("no view");
        return;
    };
    ui.horizontal_wrapped(|ui| {
        let state = &mut viewer.screen.metadata;
        let edit = ui.add(super::look::field(&mut state.search).hint_text("search metadata…").desired_width(130.0));
        edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search metadata"));
        let several = compared(viewer).len() > 1;
        let state = &mut viewer.screen.metadata;
        let diff = ui.add_enabled(several, egui::Button::selectable(state.diff, "Differences"));
        if diff.on_disabled_hover_text("tick a second file, or show it in another view, first").clicked() {
            state.diff = !state.diff;
        }
        if !state.diff {
            for (text, open) in [("Open all", true), ("Close all", false)] {
                if ui.button(text).clicked() {
                    state.open = Some(open);
                }
            }
        }
    });
    pinned(viewer, ui);
    if viewer.screen.metadata.diff && compared(viewer).len() > 1 {
        differences(viewer, ui);
    } else {
        tree(viewer, ui, &view);
    }
    viewer.screen.metadata.open = None;
}

/// Keys that stay in sight, with the value of every ticked file.
fn pinned(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let workspace = &viewer.state.workspace;
    if workspace.pinned.is_empty() {
        return;
    }
    let docs = workspace.focused().map(|v| v.docs.clone()).unwrap_or_default();
    let mut unpin = None;
    for key in &workspace.pinned {
        ui.horizontal(|ui| {
            if ui.small_button("✖").on_hover_text(format!("Unpin {key}")).clicked() {
                unpin = Some(key.clone());
            }
            ui.label(RichText::new(key).strong());
        });
        for doc in &docs {
            let meta = viewer.state.library.get(*doc).and_then(|d| d.metadata.as_deref());
            let text = meta.and_then(|m| m.get(key)).map_or("–".to_owned(), short);
            ui.add(egui::Label::new(format!("   {text}")).truncate());
        }
    }
    ui.separator();
    if let Some(key) = unpin {
        viewer.screen.act(Action::TogglePin(key));
    }
}

fn tree(viewer: &mut Viewer, ui: &mut egui::Ui, view: &crate::state::View) {
    let Some(doc) = view.docs.first().and_then(|doc| viewer.state.library.get(*doc)) else { return };
    let Some(meta): Option<Arc<Metadata>> = doc.metadata.clone() else {
        ui.label("not read yet");
        return;
    };
    ui.label(RichText::new(fa_plot::text::one_line(&doc.title())).weak());
    let search = viewer.screen.metadata.search.to_lowercase();
    let open = viewer.screen.metadata.open;
    let screen = &mut viewer.screen;
    egui::ScrollArea::vertical().id_salt("metadata").auto_shrink(false).show(ui, |ui| {
        for (key, value) in meta.as_map() {
            node(ui, screen, key, key, value, &search, open);
        }
    });
}

/// Whether a key or anything below it is searched for.
fn fits(path: &str, value: &Value, search: &str) -> bool {
    if search.is_empty() || path.to_lowercase().contains(search) {
        return true;
    }
    match value {
        Value::Object(map) => map.iter().any(|(k, v)| fits(&format!("{path}:{k}"), v, search)),
        Value::Array(list) => list.iter().any(|v| fits(path, v, search)),
        other => other.to_string().to_lowercase().contains(search),
    }
}

fn node(
    ui: &mut egui::Ui,
    screen: &mut super::Screen,
    path: &str,
    name: &str,
    value: &Value,
    search: &str,
    open: Option<bool>,
) {
    if !fits(path, value, search) {
        return;
    }
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    if children.is_empty() {
        leaf(ui, screen, path, name, value);
        return;
    }
    let force = open.or((!search.is_empty()).then_some(true));
    let header =
        egui::CollapsingHeader::new(format!("{name}  ({})", children.len())).id_salt(path).open(force).show(ui, |ui| {
            for (key, child) in &children {
                node(ui, screen, &format!("{path}:{key}"), key, child, search, open);
            }
        });
    header.header_response.context_menu(|ui| menu(ui, screen, path, value));
}

fn leaf(ui: &mut egui::Ui, screen: &mut super::Screen, path: &str, name: &str, value: &Value) {
    let row = ui.horizontal(|ui| {
        let key = ui.add(egui::Label::new(RichText::new(name).weak()).sense(egui::Sense::click()));
        let text = ui.add(egui::Label::new(short(value)).truncate().sense(egui::Sense::click()));
        let text = text.on_hover_text(format!("{path}\n{}", long(value)));
        key.union(text)
    });
    row.inner.context_menu(|ui| menu(ui, screen, path, value));
}

fn menu(ui: &mut egui::Ui, screen: &mut super::Screen, path: &str, value: &Value) {
    ui.label(RichText::new(path).strong());
    if ui.button("Pin").clicked() {
        screen.act(Action::TogglePin(path.to_owned()));
        ui.close();
    }
    if ui.button("Add as a column of the files table").clicked() {
        screen.act(Action::AddColumn(Column::Meta(path.to_owned())));
        ui.close();
    }
    for (label, text) in [
        ("Copy the value", long(value)),
        ("Copy the path", path.to_owned()),
        ("Copy as JSON", serde_json::to_string_pretty(value).unwrap_or_default()),
    ] {
        if ui.button(label).clicked() {
            ui.ctx().copy_text(text);
            ui.close();
        }
    }
}

fn short(value: &Value) -> String {
    const LONGEST: usize = 400;
    fa_plot::text::one_line(&long(value)).chars().take(LONGEST).collect()
}

fn long(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "null".to_owned(),
        other => other.to_string(),
    }
}

fn differences(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let mut all = viewer.screen.metadata.all;
    if ui.checkbox(&mut all, "times, ids and counters, too").changed() {
        viewer.screen.metadata.all = all;
    }
    let Some((_, diff)) = viewer.diff.there.clone() else {
        ui.label("comparing…");
        return;
    };
    let count = match diff.count() {
        1 => "1 key differs".to_owned(),
        n => format!("{n} keys differ"),
    };
    ui.label(RichText::new(format!("{count}, {} volatile ones left out", diff.left_out)).strong());
    let search = viewer.screen.metadata.search.to_lowercase();
    let screen = &mut viewer.screen;
    egui::ScrollArea::vertical().id_salt("differences").auto_shrink(false).show(ui, |ui| {
        if diff.differences.is_empty() {
            ui.label("The files do not differ in their settings.");
        }
        for one in &diff.differences {
            difference(ui, screen, one, &diff.files, &search);
        }
    });
}

fn difference(ui: &mut egui::Ui, screen: &mut super::Screen, one: &Difference, files: &[String], search: &str) {
    let found = search.is_empty() || serde_json::to_string(one).unwrap_or_default().to_lowercase().contains(search);
    if !found {
        return;
    }
    if !one.values.is_empty() {
        let label = ui.add(egui::Label::new(RichText::new(&one.path).strong()).wrap().sense(egui::Sense::click()));
        label.context_menu(|ui| {
            if ui.button("Pin").clicked() {
                screen.act(Action::TogglePin(one.path.clone()));
                ui.close();
            }
            if ui.button("Add as a column of the files table").clicked() {
                screen.act(Action::AddColumn(Column::Meta(one.path.clone())));
                ui.close();
            }
        });
        for variant in &one.values {
            let text = match &variant.found {
                Found::Value(value) => short(value),
                Found::Absent(_) => "(not there)".to_owned(),
            };
            let names: Vec<String> =
                variant.files.iter().filter_map(|f| files.get(*f)).map(|f| fa_plot::text::one_line(f)).collect();
            let unit = one.unit.map(|u| format!(" {u}")).unwrap_or_default();
            ui.horizontal(|ui| {
                ui.add_space(10.0);
                ui.label(format!("{text}{unit}"));
                ui.add(egui::Label::new(RichText::new(names.join(", ")).weak()).truncate())
                    .on_hover_text(names.join("\n"));
            });
        }
    }
    for below in &one.keys {
        difference(ui, screen, below, files, search);
    }
}
