//! The table of open files: filter, sort, tick to combine, choose columns, close.

use std::collections::BTreeMap;

use eframe::egui::{self, RichText, Sense};
use egui_extras::{Column as TableColumn, TableBuilder};

use super::{Viewer, look};
use crate::state::columns::Column;
use crate::state::commands::Dialog;
use crate::state::{Action, DocId, DocState, Panel, State};

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowKind {
    /// Heading of the files of a test, with their number.
    Test(String, usize),
    /// A file.
    File(DocId),
}

impl RowKind {
    /// The file of the row.
    pub(super) fn doc(&self) -> Option<DocId> {
        match self {
            Self::File(doc) => Some(*doc),
            Self::Test(..) => None,
        }
    }
}

/// The rows in the order in which they are shown.
pub(super) fn order(state: &State) -> Vec<RowKind> {
    let table = &state.workspace.table;
    let known = |id: DocId| state.library.get(id).map(|doc| (id, doc));
    let mut files: Vec<_> =
        state.workspace.files.iter().filter_map(|f| known(f.id)).filter(|(_, doc)| table.passes(doc)).collect();
    if let Some((column, descending)) = &table.sort {
        let mut keyed: Vec<_> = files.iter().map(|(id, doc)| (column.cell(doc), *id)).collect();
        keyed.sort_by(|a, b| {
            let order = a.0.order(&b.0);
            // What is unknown stays at the end either way.
            let unknown = matches!(a.0, crate::state::columns::Cell::Unknown)
                != matches!(b.0, crate::state::columns::Cell::Unknown);
            if *descending && !unknown { order.reverse() } else { order }
        });
        let order: Vec<DocId> = keyed.into_iter().map(|(_, id)| id).collect();
        files = order.into_iter().filter_map(known).collect();
    }
    if !table.by_test {
        return files.into_iter().map(|(id, _)| RowKind::File(id)).collect();
    }
    // Those that could not be read come last.
    let mut groups: BTreeMap<(bool, &str), Vec<DocId>> = BTreeMap::new();
    for (id, doc) in &files {
        groups.entry((doc.test().is_empty(), doc.test())).or_default().push(*id);
    }
    if groups.len() < 2 {
        return files.into_iter().map(|(id, _)| RowKind::File(id)).collect();
    }
    let mut rows = Vec::new();
    for ((unread, test), docs) in groups {
        let name = if unread { "not read" } else { test };
        rows.push(RowKind::Test(name.to_owned(), docs.len()));
        rows.extend(docs.into_iter().map(RowKind::File));
    }
    rows
}

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    heading(viewer, ui);
    let rows = order(&viewer.state);
    let files = rows.iter().filter(|row| row.doc().is_some()).count();
    let all = viewer.state.workspace.files.len();
    ui.horizontal(|ui| {
        let text = if files == all { plural(all) } else { format!("{files} of {all} files") };
        ui.label(RichText::new(text).weak());
        let ticked = viewer.state.workspace.focused().map_or(0, |v| v.docs.len());
        if ticked > 1 {
            ui.label(RichText::new(format!("{ticked} ticked")).weak());
        }
    });
    if let Some(why) = viewer.state.refused.clone() {
        ui.colored_label(look::warn(ui), format!("⚠ {why}"));
    }
    if all > 0 {
        table(viewer, ui, &rows);
    }
}

fn plural(n: usize) -> String {
    if n == 1 { "1 file".to_owned() } else { format!("{n} files") }
}

fn heading(viewer: &mut Viewer, ui: &mut egui::Ui) {
    ui.add_space(2.0);
    ui.horizontal(|ui| {
        if ui.selectable_label(true, Panel::Files.title()).clicked() {
            viewer.screen.act(Action::TogglePanel(Panel::Files));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.button("Columns").on_hover_text("Choose the columns of the table").clicked() {
                viewer.ask(Dialog::Columns);
            }
            if ui.button("Open").on_hover_text("Open files (Ctrl+O)").clicked() {
                viewer.ask(Dialog::Open);
            }
        });
    });
    let mut filter = viewer.state.workspace.table.filter.clone();
    ui.horizontal(|ui| {
        let clear = !filter.is_empty();
        let width = ui.available_width() - if clear { 28.0 } else { 0.0 };
        let edit = ui.add(super::look::field(&mut filter).hint_text("filter files…").desired_width(width));
        edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Filter files"));
        if clear && ui.button("✖").on_hover_text("Clear the filter").clicked() {
            filter.clear();
        }
        if edit.changed() || filter != viewer.state.workspace.table.filter {
            viewer.screen.act(Action::Filter(filter.clone()));
        }
    });
}

fn table(viewer: &mut Viewer, ui: &mut egui::Ui, rows: &[RowKind]) {
    let table = viewer.state.workspace.table.clone();
    let focus = viewer.state.workspace.focused().cloned();
    let height = ui.text_style_height(&egui::TextStyle::Body) + 5.0;
    let row_keys = keys(viewer, ui, rows);
    let time = text_width(ui, "0000-00-00 00:00:00") + 8.0;
    let tags = known_tags(&viewer.state);
    egui::ScrollArea::horizontal().id_salt("files").auto_shrink(false).show(ui, |ui| {
        let mut builder = TableBuilder::new(ui)
            .id_salt(("files", table.columns.len()))
            .striped(true)
            .resizable(true)
            .auto_shrink(false)
            // Rows are clicked; the keyboard moves through them as a whole.
            .sense(Sense::CLICK)
            .cell_layout(egui::Layout::left_to_right(egui::Align::Center))
            .column(TableColumn::exact(20.0))
            .column(TableColumn::exact(18.0));
        for column in &table.columns {
            builder = builder.column(TableColumn::initial(width_of(column, time)).at_least(36.0).clip(true));
        }
        if row_keys {
            builder = builder.scroll_to_row(viewer.screen.row, None);
        }
        let screen = &mut viewer.screen;
        let state = &viewer.state;
        builder
            .header(height, |mut header| {
                header.col(|_| {});
                header.col(|_| {});
                for column in &table.columns {
                    header.col(|ui| {
                        let sort = table.sort.as_ref().filter(|(by, _)| by == column);
                        let sign = sort.map_or("", |(_, down)| if *down { " ▼" } else { " ▲" });
                        let text = RichText::new(format!("{}{sign}", column.title())).strong();
                        let button =
                            ui.add(egui::Button::new(text).frame(false).truncate()).on_hover_text(column.help());
                        if button.clicked() {
                            screen.act(Action::Sort(column.clone()));
                        }
                        button.context_menu(|ui| {
                            for (label, action) in [
                                ("Sort", Action::Sort(column.clone())),
                                ("Move left", Action::MoveColumn(column.clone(), -1)),
                                ("Move right", Action::MoveColumn(column.clone(), 1)),
                                ("Remove column", Action::RemoveColumn(column.clone())),
                                ("Reset columns", Action::ResetColumns),
                            ] {
                                if ui.button(label).clicked() {
                                    screen.act(action);
                                    ui.close();
                                }
                            }
                        });
                    });
                }
            })
            .body(|body| {
                body.rows(height, rows.len(), |mut row| {
                    let at = row.index();
                    match &rows[at] {
                        RowKind::Test(name, count) => {
                            row.col(|_| {});
                            row.col(|_| {});
                            row.col(|ui| {
                                ui.label(RichText::new(format!("{name} ({count})")).strong());
                            });
                        }
                        RowKind::File(id) => {
                            let Some(doc) = state.library.get(*id) else { return };
                            let ticked = focus.as_ref().is_some_and(|v| v.docs.contains(id));
                            let primary = focus.as_ref().is_some_and(|v| v.docs.first() == Some(id));
                            row.set_selected(at == screen.row && row_keys);
                            row.col(|ui| tick(ui, screen, *id, doc, ticked));
                            row.col(|ui| status(ui, doc));
                            for column in &table.columns {
                                row.col(|ui| {
                                    let text = column.cell(doc).text(state.prefs.digits);
                                    let rich =
                                        if primary { RichText::new(&text).strong() } else { RichText::new(&text) };
                                    let layout = if column.is_number() {
                                        egui::Layout::right_to_left(egui::Align::Center)
                                    } else {
                                        egui::Layout::left_to_right(egui::Align::Center)
                                    };
                                    ui.with_layout(layout, |ui| {
                                        ui.add(egui::Label::new(rich).truncate().selectable(false));
                                    });
                                });
                            }
                            let response = row.response();
                            let modifiers = response.ctx.input(|i| i.modifiers);
                            if response.clicked() {
                                screen.row = at;
                                screen.act(if modifiers.command {
                                    Action::NewView(Some(*id))
                                } else {
                                    Action::Tick(*id)
                                });
                            }
                            if response.double_clicked() {
                                screen.act(Action::ShowOnly(vec![*id]));
                            }
                            response.context_menu(|ui| menu(ui, screen, *id, doc, &tags));
                        }
                    }
                });
            });
    });
}

/// Arrow keys move through rows, Space ticks, Enter shows alone. Says whether the keyboard is here.
fn keys(viewer: &mut Viewer, ui: &mut egui::Ui, rows: &[RowKind]) -> bool {
    let id = ui.make_persistent_id("files-keys");
    let rect = egui::Rect::from_min_size(ui.cursor().min, egui::vec2(ui.available_width(), 1.0));
    let focus = ui.interact(rect, id, Sense::focusable_noninteractive());
    focus.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::ListItem, true, {
            let doc = rows.get(viewer.screen.row).and_then(RowKind::doc).and_then(|id| viewer.state.library.get(id));
            let title = doc.map(|doc| fa_plot::text::one_line(&doc.title())).unwrap_or_default();
            format!("Files table, row {title}: arrow keys, Space ticks, Enter shows alone, Delete closes")
        })
    });
    viewer.screen.regions.add(ui.max_rect(), id);
    if !focus.has_focus() {
        return false;
    }
    let filter = egui::EventFilter { vertical_arrows: true, ..egui::EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    let key = |modifiers, key| ui.input_mut(|i| i.consume_key(modifiers, key));
    let (up, down) = (key(egui::Modifiers::NONE, egui::Key::ArrowUp), key(egui::Modifiers::NONE, egui::Key::ArrowDown));
    let space = key(egui::Modifiers::NONE, egui::Key::Space);
    // With modifiers first: a plain Enter is consumed whatever is held.
    let new_view = key(egui::Modifiers::COMMAND, egui::Key::Enter);
    let first = key(egui::Modifiers::SHIFT, egui::Key::Enter);
    let enter = key(egui::Modifiers::NONE, egui::Key::Enter);
    let delete = key(egui::Modifiers::NONE, egui::Key::Delete);
    let mut at = viewer.screen.row.min(rows.len().saturating_sub(1));
    if down {
        at = (at + 1).min(rows.len().saturating_sub(1));
    }
    if up {
        at = at.saturating_sub(1);
    }
    viewer.screen.row = at;
    if let Some(doc) = rows.get(at).and_then(RowKind::doc) {
        if space {
            viewer.screen.act(Action::Tick(doc));
        }
        if enter {
            viewer.screen.act(Action::ShowOnly(vec![doc]));
        }
        if new_view {
            viewer.screen.act(Action::NewView(Some(doc)));
        }
        if first {
            viewer.screen.act(Action::MakePrimary(doc));
        }
        if delete {
            viewer.screen.act(Action::Close(vec![doc]));
        }
    }
    true
}

fn tick(ui: &mut egui::Ui, screen: &mut super::Screen, id: DocId, doc: &crate::state::Doc, mut ticked: bool) {
    let before = ticked;
    let label = format!("Show {}", fa_plot::text::one_line(&doc.title()));
    let response = ui.checkbox(&mut ticked, "");
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, before, &label));
    if response.changed() {
        screen.act(Action::Tick(id));
    }
}

/// How far a file is, as a sign that a screen reader has words for.
fn status(ui: &mut egui::Ui, doc: &crate::state::Doc) {
    let weak = ui.visuals().weak_text_color();
    let (sign, colour, what) = match (&doc.state, doc.trouble()) {
        (DocState::Failed(_), Some(why)) => ("⊗", look::error(ui), format!("Problem: {why}")),
        (_, Some(why)) => ("⚠", look::warn(ui), format!("Problem: {why}")),
        _ if doc.live => ("●", look::error(ui), "Status: being measured".to_owned()),
        (DocState::Loading | DocState::Surveying, _) => ("…", weak, "Status: being read".to_owned()),
        (DocState::Waiting, _) => ("…", weak, "Status: waiting to be read".to_owned()),
        (DocState::Indexed, _) => ("○", weak, "Status: metadata are read; numbers when it is shown".to_owned()),
        (DocState::Ready | DocState::Failed(_), _) => ("✔", weak, "Status: read".to_owned()),
    };
    let label = ui.add(egui::Label::new(RichText::new(sign).color(colour)).sense(Sense::hover()).selectable(false));
    label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &what));
    label.on_hover_text(&what);
}

/// Tags that files have, and two that most people want.
fn known_tags(state: &State) -> Vec<String> {
    let own = state.workspace.files.iter().filter_map(|file| state.library.get(file.id)).flat_map(|doc| &doc.tags);
    let mut all: Vec<String> = own.cloned().chain(["good", "bad"].map(str::to_owned)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Tags of a file: tick known ones, or type a new one.
fn tag_menu(ui: &mut egui::Ui, screen: &mut super::Screen, id: DocId, doc: &crate::state::Doc, known: &[String]) {
    ui.menu_button("Tags", |ui| {
        for tag in known {
            let mut on = doc.tags.contains(tag);
            let tick = ui.checkbox(&mut on, tag);
            tick.widget_info(|| {
                egui::WidgetInfo::selected(egui::Role::CheckBox, true, doc.tags.contains(tag), format!("Tag {tag}"))
            });
            if tick.changed() {
                screen.act(Action::ToggleTag(id, tag.clone()));
            }
        }
        let edit = ui.add(super::look::field(&mut screen.tag).hint_text("new tag").desired_width(110.0));
        edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "New tag"));
        if edit.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter)) && !screen.tag.trim().is_empty() {
            let tag = std::mem::take(&mut screen.tag).trim().replace(char::is_whitespace, "-");
            screen.act(Action::ToggleTag(id, tag));
            ui.close();
        }
        ui.label(RichText::new("kept in the notes beside the file").weak().small());
    });
}

fn menu(ui: &mut egui::Ui, screen: &mut super::Screen, id: DocId, doc: &crate::state::Doc, tags: &[String]) {
    ui.label(RichText::new(fa_plot::text::one_line(&doc.title())).strong());
    if let Some(why) = doc.trouble() {
        ui.label(why);
    }
    for (label, action) in [
        ("Show only this file", Action::ShowOnly(vec![id])),
        ("Make it the first file", Action::MakePrimary(id)),
        ("Open in a new view", Action::NewView(Some(id))),
        ("Show in the file manager", Action::Reveal(id)),
        ("Read again", Action::Reload(vec![id])),
        ("Close the file", Action::Close(vec![id])),
    ] {
        if ui.button(label).clicked() {
            screen.act(action);
            ui.close();
        }
    }
    tag_menu(ui, screen, id, doc, tags);
    if matches!(doc.state, DocState::Failed(_)) && ui.button("It is elsewhere: locate…").clicked() {
        screen.open.locate(id, &doc.path);
        screen.dialog = Some(Dialog::Open);
        ui.close();
    }
    if ui.button("Copy the path").clicked() {
        ui.ctx().copy_text(doc.path.display().to_string());
        ui.close();
    }
}

fn text_width(ui: &egui::Ui, text: &str) -> f32 {
    let font = egui::TextStyle::Body.resolve(ui.style());
    ui.painter().layout_no_wrap(text.to_owned(), font, egui::Color32::WHITE).size().x
}

/// - `time`: width of a date with its time
fn width_of(column: &Column, time: f32) -> f32 {
    match column {
        Column::Title => 112.0,
        Column::FileName => 150.0,
        Column::Time => time,
        Column::Folder => 140.0,
        Column::Test => 54.0,
        Column::Host | Column::Meta(_) => 80.0,
        _ => 76.0,
    }
}
