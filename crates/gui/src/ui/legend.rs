//! Legend entries: a click hides, Alt+click or a double click isolates, dragging or Alt+Up and Alt+Down change their order.
//!
//! The order is a setting of the figure (`--series-order`, or the order of the files), so that a command draws it again.

use eframe::egui::{self, Id, Key, Modifiers, Pos2, Rect, Sense, Stroke, vec2};
use fa_plot::page::{Page, Role, Shape};

use super::Viewer;
use crate::figure::{Figure, paint};
use crate::state::{Action, DocId, View, ViewId};

/// An entry on the screen.
struct Entry<'a> {
    marks: &'a [usize],
    rect: Rect,
    text: &'a str,
}

/// What an entry stands for.
#[derive(Debug, Clone, PartialEq)]
enum Meaning {
    /// A series, in one file or in all.
    Series(String),
    /// A file, with all its series or its only one.
    File(DocId),
}

/// An entry on its way: of which view, and what it stands for.
#[derive(Debug, Clone)]
struct Carried(ViewId, Meaning);

/// Shows what entries can do; returns the mark that the pointer is on.
pub(super) fn show(
    viewer: &mut Viewer,
    ui: &egui::Ui,
    view: &View,
    figure: &Figure,
    page: &Page,
    origin: Pos2,
) -> Option<usize> {
    let mut meant = None;
    let entries = entries(page, origin);
    let meanings: Vec<Option<Meaning>> = entries.iter().map(|entry| meaning(figure, page, entry, &entries)).collect();
    for (i, (entry, meaning)) in entries.iter().zip(&meanings).enumerate() {
        let Entry { marks, rect, text } = entry;
        let id = Id::unique(("legend", view.id, i));
        let response = ui.interact(rect.expand(2.0), id, Sense::click_and_drag());
        let label = format!("Legend {text}");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
        if response.hovered() || response.has_focus() {
            meant = marks.first().copied();
        }
        if response.has_focus() {
            let stroke = Stroke::new(1.5, ui.visuals().selection.stroke.color);
            ui.painter().rect_stroke(rect.expand(2.0), 2.0, stroke, egui::StrokeKind::Inside);
        }
        let Some(mark) = marks.first().and_then(|m| page.marks.get(*m)) else { continue };
        let one_file = marks.iter().filter_map(|m| page.marks.get(*m)).all(|m| m.file == mark.file);
        let one_series = marks.iter().filter_map(|m| page.marks.get(*m)).all(|m| m.series == mark.series);
        let doc = figure.doc(mark.file).filter(|_| one_file);
        let hide = match (doc, one_series) {
            (Some(doc), false) => Action::ToggleFile(view.id, doc),
            _ => Action::ToggleSeries(view.id, mark.series.clone(), doc),
        };
        let alone = match (doc, one_series) {
            (Some(doc), false) => Action::ShowFile(view.id, doc),
            _ => Action::Isolate(view.id, mark.series.clone(), doc),
        };
        let alt = ui.input(|i| i.modifiers.alt);
        if response.double_clicked() || (response.clicked() && alt) {
            viewer.screen.act(alone.clone());
        } else if response.clicked() {
            viewer.screen.act(hide.clone());
        }
        if let Some(meaning) = meaning {
            reorder(viewer, ui, view, (meaning, &meanings), &response);
            response.context_menu(|ui| {
                let step = |down| step(viewer, view, (meaning, &meanings), down);
                let all = [
                    ("Hide", Some(hide)),
                    ("Show alone", Some(alone)),
                    ("Move up", step(false)),
                    ("Move down", step(true)),
                ];
                for (name, action) in all {
                    let button = ui.add_enabled(action.is_some(), egui::Button::new(name));
                    if let Some(action) = action.filter(|_| button.clicked()) {
                        viewer.screen.act(action);
                        ui.close();
                    }
                }
            });
        }
        response.on_hover_text(format!(
            "{text}\nclick: hide · Alt+click or double click: alone · drag, or Alt+Up and Alt+Down: order"
        ));
    }
    meant
}

/// Drags, drops and keys that change the order.
fn reorder(
    viewer: &mut Viewer,
    ui: &egui::Ui,
    view: &View,
    (meaning, all): (&Meaning, &[Option<Meaning>]),
    response: &egui::Response,
) {
    response.dnd_set_drag_payload(Carried(view.id, meaning.clone()));
    if let Some(over) = response.dnd_hover_payload::<Carried>()
        && over.0 == view.id
        && over.1 != *meaning
    {
        let before = position(all, &over.1) > position(all, meaning);
        let y = if before { response.rect.top() } else { response.rect.bottom() };
        let colour = ui.visuals().selection.stroke.color;
        ui.painter().hline(response.rect.x_range(), y, Stroke::new(2.0, colour));
    }
    if let Some(dropped) = response.dnd_release_payload::<Carried>()
        && dropped.0 == view.id
        && dropped.1 != *meaning
        && let Some(action) = onto(viewer, view, &dropped.1, meaning)
    {
        viewer.screen.act(action);
    }
    if response.has_focus() {
        for (key, down) in [(Key::ArrowUp, false), (Key::ArrowDown, true)] {
            if ui.input_mut(|i| i.consume_key(Modifiers::ALT, key))
                && let Some(action) = step(viewer, view, (meaning, all), down)
            {
                viewer.screen.act(action);
            }
        }
    }
}

fn position(all: &[Option<Meaning>], meaning: &Meaning) -> usize {
    all.iter().position(|other| other.as_ref() == Some(meaning)).unwrap_or(usize::MAX)
}

/// Moves an entry past the next one of its kind.
fn step(viewer: &Viewer, view: &View, (meaning, all): (&Meaning, &[Option<Meaning>]), down: bool) -> Option<Action> {
    let kind = std::mem::discriminant(meaning);
    let mut peers: Vec<&Meaning> = Vec::new();
    for other in all.iter().flatten().filter(|other| std::mem::discriminant(*other) == kind) {
        if !peers.contains(&other) {
            peers.push(other);
        }
    }
    let at = peers.iter().position(|other| *other == meaning)?;
    let to = if down { at + 1 } else { at.checked_sub(1)? };
    onto(viewer, view, meaning, peers.get(to)?)
}

/// Moves an entry to the place of another.
fn onto(viewer: &Viewer, view: &View, moved: &Meaning, target: &Meaning) -> Option<Action> {
    match (moved, target) {
        (Meaning::Series(from), Meaning::Series(to)) => {
            let order = viewer.state.series_of(view.id);
            let place = |name: &String| order.iter().position(|other| other == name);
            Some(Action::MoveSeries(view.id, from.clone(), place(to)? as i32 - place(from)? as i32))
        }
        (Meaning::File(from), Meaning::File(to)) => {
            let at = view.docs.iter().position(|doc| doc == to)?;
            Some(Action::MoveFile(view.id, *from, at))
        }
        // A series cannot stand among files.
        _ => None,
    }
}

/// What an entry stands for: a file where it has all its series, or where there is only one series.
fn meaning(figure: &Figure, page: &Page, entry: &Entry<'_>, all: &[Entry<'_>]) -> Option<Meaning> {
    let of = |entry: &Entry<'_>| entry.marks.iter().filter_map(|m| page.marks.get(*m)).collect::<Vec<_>>();
    let own = of(entry);
    let first = own.first()?;
    let same_file = own.iter().all(|m| m.file == first.file);
    let same_series = own.iter().all(|m| m.series == first.series);
    let only_series = all.iter().flat_map(of).all(|m| m.series == first.series);
    match (same_file, same_series) {
        (true, false) => figure.doc(first.file).map(Meaning::File),
        (true, true) if only_series && all.len() > 1 => figure.doc(first.file).map(Meaning::File),
        (_, true) => Some(Meaning::Series(first.series.clone())),
        _ => None,
    }
}

/// Specimen and text of each entry together.
fn entries(page: &Page, origin: Pos2) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let parts = page.items.iter().filter(|i| matches!(i.role, Role::LegendText | Role::LegendSample));
    for item in parts.filter(|item| !item.marks.is_empty()) {
        let (rect, text) = match &item.shape {
            Shape::Text(run) => (paint::rect(&run.bounds, origin), run.full.as_deref().unwrap_or(&run.text)),
            Shape::Rect { rect, .. } => (paint::rect(rect, origin), ""),
            Shape::Path { runs, .. } => {
                let points: Vec<Pos2> = runs.iter().flatten().map(|p| paint::place(*p, origin)).collect();
                (Rect::from_points(&points).expand(3.0), "")
            }
            _ => continue,
        };
        // A label may have several lines.
        let near =
            |entry: &&mut Entry<'_>| entry.marks == item.marks && entry.rect.expand2(vec2(16.0, 8.0)).intersects(rect);
        match entries.iter_mut().find(near) {
            Some(entry) => {
                entry.rect = entry.rect.union(rect);
                if entry.text.is_empty() {
                    entry.text = text;
                }
            }
            None => entries.push(Entry { marks: &item.marks, rect, text }),
        }
    }
    entries
}
