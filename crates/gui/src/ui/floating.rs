//! Views in windows of their own: real ones where the window system has them, else windows within ours.

use std::cell::RefCell;

use eframe::egui::{self, RichText, ViewportBuilder, ViewportClass, ViewportId, vec2};

use super::{Viewer, canvas, keys, panes, toolbar};
use crate::state::panes::Side;
use crate::state::{Action, ViewId, WindowPlace};

/// Size of a new window.
const SIZE: [f32; 2] = [840.0, 560.0];

/// The window of a view.
fn id_of(view: ViewId) -> ViewportId {
    ViewportId::from_hash_of(("view", view))
}

pub(super) fn show(viewer: &mut Viewer, context: &egui::Context) {
    let floating = viewer.state.workspace.floating.clone();
    viewer.screen.opened.retain(|view, _| floating.contains(view));
    // Windows within ours are on no other screen than it.
    let screens = if context.embed_viewports() {
        let room = context.content_rect();
        vec![[room.left(), room.top(), room.width(), room.height()]]
    } else {
        viewer.screen.screens.clone()
    };
    for view in floating {
        let title = panes::full_title(viewer, view);
        // Where it was when the session was saved or the view was docked, if that is on a screen.
        let known = viewer.state.workspace.window(view);
        let place = known.map(|place| place.on(&screens));
        let place = *viewer.screen.opened.entry(view).or_insert(place);
        if context.embed_viewports() {
            within(viewer, context, view, (&title, place));
        } else {
            native(viewer, context, view, (&title, place));
        }
    }
}

/// Remembers where a window is, in whole points.
fn placed(viewer: &mut Viewer, view: ViewId, at: Option<egui::Pos2>, size: egui::Vec2) {
    let at = at.map(|at| [at.x.round(), at.y.round()]);
    let place = WindowPlace { view, at, size: [size.x.round(), size.y.round()] };
    if viewer.state.workspace.window(view) != Some(place) {
        viewer.screen.act(Action::PlaceWindow(place));
    }
}

/// A window of the window system.
fn native(viewer: &mut Viewer, context: &egui::Context, view: ViewId, (title, place): (&str, Option<WindowPlace>)) {
    let mut builder = ViewportBuilder::default()
        .with_title(format!("{title} – fa"))
        .with_app_id("fa")
        .with_inner_size(place.map_or(SIZE, |place| place.size))
        .with_min_inner_size([420.0, 280.0]);
    if let Some(at) = place.and_then(|place| place.at) {
        builder = builder.with_position(at);
    }
    let viewer = RefCell::new(viewer);
    context.show_viewport_immediate(id_of(view), builder, |ui, class| {
        let viewer: &mut Viewer = &mut viewer.borrow_mut();
        if class == ViewportClass::EmbeddedWindow {
            ui.set_min_size(vec2(420.0, 280.0));
            content(viewer, ui, view);
            return;
        }
        let (closes, focused) = ui.input(|i| (i.viewport().close_requested(), i.viewport().focused));
        let (outer, inner) = ui.input(|i| (i.viewport().outer_rect, i.viewport().inner_rect));
        if let Some(inner) = inner.filter(|_| !closes) {
            placed(viewer, view, outer.map(|outer| outer.min), inner.size());
        }
        if closes {
            viewer.screen.act(Action::Dock(view, view, Side::Centre));
        }
        if focused == Some(true) {
            if viewer.state.workspace.focus != Some(view) {
                viewer.screen.act(Action::Focus(view));
            }
            let before = viewer.screen.dialog;
            keys::take(viewer, ui.ctx());
            // Dialogs open in the main window.
            if viewer.screen.dialog.is_some() && before != viewer.screen.dialog {
                ui.ctx().send_viewport_cmd_to(ViewportId::ROOT, egui::ViewportCommand::Focus);
            }
        }
        let bare = egui::Frame::NONE.fill(ui.visuals().panel_fill);
        egui::CentralPanel::default().frame(bare).show(ui, |ui| content(viewer, ui, view));
    });
}

/// A window within ours.
fn within(viewer: &mut Viewer, context: &egui::Context, view: ViewId, (title, place): (&str, Option<WindowPlace>)) {
    let mut open = true;
    let room = context.content_rect();
    let size = place
        .map_or_else(|| vec2(SIZE[0].min(room.width() * 0.6), SIZE[1].min(room.height() * 0.6)), |p| p.size.into());
    let mut window = egui::Window::new(RichText::new(panes::cut_to(title, 60)))
        .id(egui::Id::unique(("floating", view)))
        .open(&mut open)
        .collapsible(false)
        .resizable(true)
        .default_size(size)
        .min_size(vec2(360.0, 240.0))
        .constrain(true);
    if let Some(at) = place.and_then(|place| place.at) {
        window = window.default_pos(at);
    }
    if let Some(shown) = window.show(context, |ui| {
        let size = ui.available_size();
        content(viewer, ui, view);
        size
    }) {
        let size = shown.inner.unwrap_or(size);
        placed(viewer, view, Some(shown.response.rect.min), size);
    }
    if !open {
        viewer.screen.act(Action::Dock(view, view, Side::Centre));
    }
}

/// The view with its row of buttons.
fn content(viewer: &mut Viewer, ui: &mut egui::Ui, view: ViewId) {
    let title = panes::full_title(viewer, view);
    ui.horizontal(|ui| {
        let back = ui.small_button("Dock").on_hover_text("Back to the tabs of the main window (closing does the same)");
        back.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Dock view {title}")));
        if back.clicked() {
            viewer.screen.act(Action::Dock(view, view, Side::Centre));
        }
        ui.add(egui::Label::new(RichText::new(&title).weak()).truncate());
    });
    toolbar::show(viewer, ui, view);
    canvas::show(viewer, ui, view);
}
