//! Views in windows of their own: real ones where the window system has them, else windows within ours.

use std::cell::RefCell;

use eframe::egui::{self, RichText, ViewportBuilder, ViewportClass, ViewportId, vec2};

use super::{Viewer, canvas, keys, panes, toolbar};
use crate::state::panes::Side;
use crate::state::{Action, ViewId};

/// Size of a new window.
const SIZE: [f32; 2] = [840.0, 560.0];

/// The window of a view.
fn id_of(view: ViewId) -> ViewportId {
    ViewportId::from_hash_of(("view", view))
}

pub(super) fn show(viewer: &mut Viewer, context: &egui::Context) {
    for view in viewer.state.workspace.floating.clone() {
        let title = panes::full_title(viewer, view);
        if context.embed_viewports() {
            within(viewer, context, view, &title);
        } else {
            native(viewer, context, view, &title);
        }
    }
}

/// A window of the window system.
fn native(viewer: &mut Viewer, context: &egui::Context, view: ViewId, title: &str) {
    let builder = ViewportBuilder::default()
        .with_title(format!("{title} – fa"))
        .with_app_id("fa")
        .with_inner_size(SIZE)
        .with_min_inner_size([420.0, 280.0]);
    let viewer = RefCell::new(viewer);
    context.show_viewport_immediate(id_of(view), builder, |ui, class| {
        let viewer: &mut Viewer = &mut viewer.borrow_mut();
        if class == ViewportClass::EmbeddedWindow {
            ui.set_min_size(vec2(420.0, 280.0));
            content(viewer, ui, view);
            return;
        }
        let (closes, focused) = ui.input(|i| (i.viewport().close_requested(), i.viewport().focused));
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
fn within(viewer: &mut Viewer, context: &egui::Context, view: ViewId, title: &str) {
    let mut open = true;
    let room = context.content_rect();
    egui::Window::new(RichText::new(panes::cut_to(title, 60)))
        .id(egui::Id::unique(("floating", view)))
        .open(&mut open)
        .collapsible(false)
        .resizable(true)
        .default_size(vec2(SIZE[0].min(room.width() * 0.6), SIZE[1].min(room.height() * 0.6)))
        .min_size(vec2(360.0, 240.0))
        .constrain(true)
        .show(context, |ui| content(viewer, ui, view));
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
