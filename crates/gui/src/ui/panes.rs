//! Views as tabs that dock and split.

use std::collections::HashMap;

use eframe::egui::{self, Id, Rect, RichText, Sense, UiBuilder, pos2, vec2};

use super::{Viewer, canvas, toolbar};
use crate::state::panes::{Pane, Side};
use crate::state::titles::{self, Full};
use crate::state::{Action, ViewId};

/// Width of the border between two panes.
const BORDER: f32 = 5.0;

/// A tab on its way.
#[derive(Debug, Clone, Copy)]
struct Dragged(ViewId);

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let area = ui.available_rect_before_wrap();
    let w = &viewer.state.workspace;
    let alone = w.focus.filter(|view| !w.floats(*view)).or_else(|| w.panes.visible().first().copied());
    if w.full_screen
        && let Some(view) = alone
    {
        canvas::show(viewer, ui, view);
        return;
    }
    let pane = w.panes.clone();
    if pane.views().is_empty() {
        all_float(viewer, ui);
        return;
    }
    let names = names(viewer);
    part(viewer, ui, &pane, (area, &names), &mut Vec::new());
    dropped_outside(viewer, ui);
    ui.advance_cursor_after_rect(area);
}

/// All views are in windows of their own.
fn all_float(viewer: &mut Viewer, ui: &mut egui::Ui) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() * 0.4);
        if ui.button("All views are in windows of their own: bring them back").clicked() {
            for view in viewer.state.workspace.floating.clone() {
                viewer.screen.act(Action::Dock(view, view, Side::Centre));
            }
        }
    });
}

fn part(
    viewer: &mut Viewer,
    ui: &mut egui::Ui,
    pane: &Pane,
    (area, names): (Rect, &HashMap<ViewId, String>),
    path: &mut Vec<bool>,
) {
    match pane {
        Pane::Tabs { views, active } => {
            let salt = ("pane", path.clone());
            ui.scope_builder(UiBuilder::new().id_salt(salt).max_rect(area), |ui| {
                ui.set_clip_rect(area.intersect(ui.clip_rect()));
                tabs(viewer, ui, (views, *active), names, area);
            });
        }
        Pane::Split { vertical, share, first, second } => {
            let (a, border, b) = cut(area, *vertical, *share);
            path.push(false);
            part(viewer, ui, first, (a, names), path);
            path.pop();
            path.push(true);
            part(viewer, ui, second, (b, names), path);
            path.pop();
            let handle = ui.interact(border, Id::unique(("border", path.clone())), Sense::drag());
            let icon = if *vertical { egui::CursorIcon::ResizeVertical } else { egui::CursorIcon::ResizeHorizontal };
            let handle = handle.on_hover_cursor(icon);
            if let Some(at) = handle.interact_pointer_pos().filter(|_| handle.dragged()) {
                let share =
                    if *vertical { (at.y - area.top()) / area.height() } else { (at.x - area.left()) / area.width() };
                viewer.screen.act(Action::Share(path.clone(), share));
            }
            let colour = ui.visuals().widgets.noninteractive.bg_stroke.color;
            ui.painter().rect_filled(border.shrink(1.5), 0.0, colour);
        }
    }
}

fn cut(area: Rect, vertical: bool, share: f32) -> (Rect, Rect, Rect) {
    if vertical {
        let at = area.top() + area.height() * share;
        (
            Rect::from_min_max(area.min, pos2(area.right(), at - BORDER / 2.0)),
            Rect::from_min_max(pos2(area.left(), at - BORDER / 2.0), pos2(area.right(), at + BORDER / 2.0)),
            Rect::from_min_max(pos2(area.left(), at + BORDER / 2.0), area.max),
        )
    } else {
        let at = area.left() + area.width() * share;
        (
            Rect::from_min_max(area.min, pos2(at - BORDER / 2.0, area.bottom())),
            Rect::from_min_max(pos2(at - BORDER / 2.0, area.top()), pos2(at + BORDER / 2.0, area.bottom())),
            Rect::from_min_max(pos2(at + BORDER / 2.0, area.top()), area.max),
        )
    }
}

/// What a view shows, in full.
fn full(viewer: &Viewer, id: ViewId) -> Full {
    let Some(view) = viewer.state.workspace.view(id) else { return Full::default() };
    let first = view.docs.first().and_then(|doc| viewer.state.library.get(*doc));
    Full {
        plot: viewer.state.plot_of(view).unwrap_or_else(|| "(no plot)".to_owned()),
        file: fa_plot::text::one_line(&first.map(crate::state::Doc::title).unwrap_or_default()),
        files: view.docs.len(),
    }
}

/// Title of a view: plot and file, complete.
pub(super) fn full_title(viewer: &Viewer, id: ViewId) -> String {
    full(viewer, id).text()
}

/// Names of tabs, as much as tells them apart.
fn names(viewer: &Viewer) -> HashMap<ViewId, String> {
    let all = viewer.state.workspace.placed();
    let full: Vec<Full> = all.iter().map(|id| full(viewer, *id)).collect();
    all.into_iter().zip(titles::short(&full)).collect()
}

/// The beginning of a text, so many characters.
pub(super) fn cut_to(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars { text.to_owned() } else { text.chars().take(chars - 1).chain(['…']).collect() }
}

fn tabs(
    viewer: &mut Viewer,
    ui: &mut egui::Ui,
    (views, active): (&[ViewId], usize),
    names: &HashMap<ViewId, String>,
    area: Rect,
) {
    ui.add_space(2.0);
    egui::ScrollArea::horizontal().id_salt("tabs").auto_shrink([false, true]).show(ui, |ui| {
        ui.horizontal(|ui| {
            for (i, view) in views.iter().enumerate() {
                tab(viewer, ui, *view, names.get(view).map_or("", String::as_str), i == active);
            }
            let plus = ui.small_button("+").on_hover_text("New view (Ctrl+N)");
            plus.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "New view"));
            if plus.clicked() {
                let doc = viewer.state.workspace.focused().and_then(|v| v.docs.first().copied());
                viewer.screen.act(Action::NewView(doc));
            }
        });
    });
    let Some(view) = views.get(active).copied() else { return };
    toolbar::show(viewer, ui, view);
    canvas::show(viewer, ui, view);
    drop_zone(viewer, ui, view, area);
}

fn tab(viewer: &mut Viewer, ui: &mut egui::Ui, view: ViewId, name: &str, active: bool) {
    const WIDEST: f32 = 220.0;
    let text = full_title(viewer, view);
    let shown = elided(ui, name, WIDEST);
    let focused = viewer.state.workspace.focus == Some(view);
    let rich = if focused { RichText::new(shown).strong() } else { RichText::new(shown) };
    let tab = ui.add(egui::Button::selectable(active, rich).sense(Sense::click_and_drag()));
    tab.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, active, format!("View {text}")));
    let tab = tab.on_hover_text(&text);
    if tab.clicked() {
        viewer.screen.act(Action::Focus(view));
    }
    if tab.middle_clicked() {
        viewer.screen.act(Action::CloseView(view));
    }
    tab.dnd_set_drag_payload(Dragged(view));
    tab.context_menu(|ui| {
        for (label, action) in [
            ("Split to the right", Action::Dock(view, view, Side::Right)),
            ("Split below", Action::Dock(view, view, Side::Bottom)),
            ("Into a window of its own", Action::Float(view)),
            ("Duplicate", Action::Duplicate(view)),
            ("Close", Action::CloseView(view)),
        ] {
            if ui.button(label).clicked() {
                viewer.screen.act(action);
                ui.close();
            }
        }
    });
    let close = ui.add(egui::Button::new("×").frame(false).small());
    close.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Close view {text}")));
    if close.clicked() {
        viewer.screen.act(Action::CloseView(view));
    }
}

/// A text cut in its middle to a width, in the window's font.
pub(super) fn elided(ui: &egui::Ui, text: &str, width: f32) -> String {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let measure =
        |text: &str| ui.painter().layout_no_wrap(text.to_owned(), font.clone(), egui::Color32::WHITE).size().x;
    let text = fa_plot::text::one_line(text);
    if measure(&text) <= width {
        return text;
    }
    let chars: Vec<char> = text.chars().collect();
    let (mut low, mut high) = (0, chars.len());
    let cut = |keep: usize| {
        let head: String = chars[..keep.div_ceil(2)].iter().collect();
        let tail: String = chars[chars.len() - keep / 2..].iter().collect();
        format!("{head}…{tail}")
    };
    while low < high {
        let middle = (low + high).div_ceil(2);
        if measure(&cut(middle)) <= width { low = middle } else { high = middle - 1 }
    }
    cut(low)
}

/// A tab that is dropped outside the window gets one of its own.
fn dropped_outside(viewer: &mut Viewer, ui: &egui::Ui) {
    let Some(dragged) = egui::DragAndDrop::payload::<Dragged>(ui.ctx()) else { return };
    let outside = ui.ctx().pointer_latest_pos().is_none_or(|at| !ui.ctx().content_rect().contains(at));
    if outside && ui.input(|i| i.pointer.any_released()) {
        egui::DragAndDrop::clear_payload(ui.ctx());
        viewer.screen.act(Action::Float(dragged.0));
    }
}

/// Where a dragged tab would go, and going there.
fn drop_zone(viewer: &mut Viewer, ui: &mut egui::Ui, target: ViewId, area: Rect) {
    let Some(dragged) = egui::DragAndDrop::payload::<Dragged>(ui.ctx()) else { return };
    let Some(at) = ui.ctx().pointer_latest_pos().filter(|at| area.contains(*at)) else { return };
    let (x, y) = ((at.x - area.left()) / area.width(), (at.y - area.top()) / area.height());
    let side = match (x, y) {
        (x, _) if x < 0.25 => Side::Left,
        (x, _) if x > 0.75 => Side::Right,
        (_, y) if y > 0.75 => Side::Bottom,
        (_, y) if y > 0.1 && y < 0.3 => Side::Top,
        _ => Side::Centre,
    };
    let half = area.size() / 2.0;
    let zone = match side {
        Side::Centre => area,
        Side::Left => Rect::from_min_size(area.min, vec2(half.x, area.height())),
        Side::Right => Rect::from_min_size(area.min + vec2(half.x, 0.0), vec2(half.x, area.height())),
        Side::Top => Rect::from_min_size(area.min, vec2(area.width(), half.y)),
        Side::Bottom => Rect::from_min_size(area.min + vec2(0.0, half.y), vec2(area.width(), half.y)),
    };
    ui.painter().rect_filled(zone, 4.0, ui.visuals().selection.bg_fill.gamma_multiply(0.35));
    if ui.input(|i| i.pointer.any_released()) {
        egui::DragAndDrop::clear_payload(ui.ctx());
        viewer.screen.act(Action::Dock(dragged.0, target, side));
    }
}
