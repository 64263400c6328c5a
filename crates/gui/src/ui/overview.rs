//! The whole run in a strip below a figure that shows a part of it: where that part is, and moving it.
//!
//! The part is dragged, its edges resize it, a click elsewhere brings it there. With the keyboard on it, Left and Right move
//! it, Up and Down make it smaller and larger, Home and End bring it to the ends of the run.

use eframe::egui::{self, Id, Key, Modifiers, Rect, Sense, Stroke, StrokeKind, pos2, vec2};
use fa_plot::page::{Page, PageSize};

use super::Viewer;
use crate::figure::{Figure, paint};
use crate::state::{Action, View, ViewId, XKind};

/// Height of the strip.
const HEIGHT: f32 = 54.0;

/// A figure lower than this has no room for one.
const LEAST: f32 = 260.0;

/// Width of an edge that can be dragged.
const EDGE: f32 = 8.0;

/// A part is not made smaller than this share of the run.
const SMALLEST: f64 = 1e-4;

/// What is dragged on the strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grip {
    Left,
    Whole,
    Right,
}

/// Height that the strip of a view takes from its area: none unless a part of the time axis is shown.
pub(super) fn room(viewer: &Viewer, view: &View, area: Rect) -> f32 {
    let zoomed = viewer.figure(view.id).is_some_and(|figure| {
        let kind = figure.x_kind();
        kind != XKind::Other && view.zoom.x_of(kind).is_some()
    });
    if viewer.state.workspace.overview && zoomed && area.height() >= LEAST { HEIGHT } else { 0.0 }
}

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui, view: &View, figure: &Figure, page: &Page, area: Rect) {
    let kind = figure.x_kind();
    let (Some(whole), Some(axes)) = (figure.whole_x(), page.panels.first().and_then(|p| p.axes.first())) else {
        return;
    };
    let shown = axes.x.limits();
    let theme = viewer.theme(view);
    let painter = ui.painter_at(area);
    painter.rect_filled(area, 0.0, paint::colour(theme.background));
    let inner = area.shrink2(vec2(0.0, 2.0));
    let size = PageSize { width_pt: inner.width() / paint::SCALE, height_pt: inner.height() / paint::SCALE };
    let Some(strip) = viewer.figures.strip(view.id, size, &theme) else { return };
    let mut painted = viewer.screen.strips.remove(&view.id).unwrap_or_default();
    painted.paint(&painter, &strip, inner.min, None);
    viewer.screen.strips.insert(view.id, painted);

    let Some(frame) = strip.panels.first() else { return };
    let data = paint::rect(&frame.rect, inner.min);
    let place = |x: f64| data.left() + ((x - whole.0) / (whole.1 - whole.0)) as f32 * data.width();
    let value = |at: f32| whole.0 + f64::from((at - data.left()) / data.width()) * (whole.1 - whole.0);
    let (a, b) = (place(shown.0).max(data.left()), place(shown.1).min(data.right()));
    // A part of a long run is still something to take hold of.
    let window = Rect::from_x_y_ranges(a..=b.max(a + 3.0), data.y_range());
    let veil = ui.visuals().panel_fill.gamma_multiply(0.72);
    painter.rect_filled(Rect::from_min_max(data.min, pos2(window.left(), data.bottom())), 0.0, veil);
    painter.rect_filled(Rect::from_min_max(pos2(window.right(), data.top()), data.max), 0.0, veil);

    let background = ui.interact(data, Id::unique(("overview", view.id)), Sense::click());
    let focus = ui.interact(window, Id::unique(("overview-part", view.id)), Sense::click_and_drag());
    let unit = if kind == XKind::Run { " s" } else { "" };
    let name = format!("Overview: {:.2}–{:.2}{unit} of {:.2}–{:.2}{unit}", shown.0, shown.1, whole.0, whole.1);
    focus.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Slider, true, &name));
    background.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Overview of the whole run"));
    let accent = ui.visuals().selection.stroke.color;
    let width = if focus.has_focus() { 2.5 } else { 1.0 };
    painter.rect_stroke(window, 1.0, Stroke::new(width, accent), StrokeKind::Inside);

    let mut to: Option<(f64, f64)> = None;
    let mut begins = false;
    let mut grip = |viewer: &mut Viewer, response: &egui::Response, grip: Grip| {
        begins |= response.drag_started();
        let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged()) else { return };
        // Where the pointer took hold: kept, so that what is under it stays under it.
        let key = response.id.with("from");
        if response.drag_started() {
            let press = ui.input(|i| i.pointer.press_origin()).unwrap_or(at);
            ui.data_mut(|d| d.insert_temp(key, (press.x, shown)));
        }
        let Some((from, was)) = ui.data(|d| d.get_temp::<(f32, (f64, f64))>(key)) else { return };
        let by = value(at.x) - value(from);
        to = Some(moved(was, whole, by, grip));
        viewer.screen.hover = None;
    };
    grip(viewer, &focus, Grip::Whole);
    for (side, which, at) in [("start", Grip::Left, window.left()), ("end", Grip::Right, window.right())] {
        let rect = Rect::from_center_size(pos2(at, data.center().y), vec2(EDGE, data.height()));
        let edge = ui.interact(rect, Id::unique(("overview", view.id, side)), Sense::drag());
        let edge = edge.on_hover_cursor(egui::CursorIcon::ResizeHorizontal);
        edge.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Slider, true, format!("Overview {side}")));
        let colour = if edge.hovered() || edge.dragged() { accent } else { accent.gamma_multiply(0.7) };
        let bar = Rect::from_center_size(rect.center(), vec2(4.0, (data.height() * 0.5).min(20.0)));
        painter.rect_filled(bar, 2.0, colour);
        grip(viewer, &edge, which);
    }
    if background.clicked()
        && let Some(at) = background.interact_pointer_pos()
    {
        let middle = f64::midpoint(shown.0, shown.1);
        begins = true;
        to = Some(moved(shown, whole, value(at.x) - middle, Grip::Whole));
    }
    if focus.clicked() {
        focus.request_focus();
    }
    if focus.double_clicked() {
        viewer.screen.act(Action::Fit(view.id));
        return;
    }
    if focus.has_focus()
        && let Some(part) = keys(ui, focus.id, shown, whole)
    {
        begins = true;
        to = Some(part);
    }
    focus.on_hover_text("the part that is shown: drag it or its edges, double click for everything");
    if let Some(part) = to {
        go(viewer, view.id, kind, part, begins);
    }
}

fn go(viewer: &mut Viewer, view: ViewId, kind: XKind, part: (f64, f64), begins: bool) {
    if begins {
        viewer.screen.act(Action::MarkZoom(view));
    }
    viewer.screen.act(Action::Slide(view, kind, Some(part), Vec::new()));
}

/// The part moved or resized by so much, within the run.
fn moved((a, b): (f64, f64), whole: (f64, f64), by: f64, grip: Grip) -> (f64, f64) {
    let least = (whole.1 - whole.0) * SMALLEST;
    match grip {
        Grip::Left => ((a + by).min(b - least).max(whole.0), b),
        Grip::Right => (a, (b + by).max(a + least).min(whole.1)),
        Grip::Whole => {
            let width = (b - a).min(whole.1 - whole.0);
            // By rounding, the last place may be left of the first.
            let left = (a + by).min(whole.1 - width).max(whole.0);
            (left, left + width)
        }
    }
}

/// What a key on the strip asks for.
fn keys(ui: &egui::Ui, id: Id, shown: (f64, f64), whole: (f64, f64)) -> Option<(f64, f64)> {
    // The arrows are for the part, not for wandering to other controls.
    let arrows = egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..egui::EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
    let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    let width = shown.1 - shown.0;
    let scaled = |factor: f64| {
        let (middle, half) = (f64::midpoint(shown.0, shown.1), width / 2.0 * factor);
        (middle - half).max(whole.0)..(middle + half).min(whole.1)
    };
    let by = |by: f64| Some(moved(shown, whole, by, Grip::Whole));
    if pressed(Key::ArrowLeft) {
        return by(-width / 10.0);
    }
    if pressed(Key::ArrowRight) {
        return by(width / 10.0);
    }
    if pressed(Key::Home) {
        return by(whole.0 - shown.0);
    }
    if pressed(Key::End) {
        return by(whole.1 - shown.1);
    }
    let part = if pressed(Key::ArrowUp) {
        scaled(1.0 / 1.3)
    } else if pressed(Key::ArrowDown) {
        scaled(1.3)
    } else {
        return None;
    };
    Some((part.start, part.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_moved_and_resized_within_the_run() {
        let whole = (0.0, 100.0);
        assert_eq!(moved((10.0, 20.0), whole, 5.0, Grip::Whole), (15.0, 25.0));
        assert_eq!(moved((10.0, 20.0), whole, -50.0, Grip::Whole), (0.0, 10.0));
        assert_eq!(moved((10.0, 20.0), whole, 500.0, Grip::Whole), (90.0, 100.0));
        assert_eq!(moved((10.0, 20.0), whole, 5.0, Grip::Left), (15.0, 20.0));
        assert_eq!(moved((10.0, 20.0), whole, 50.0, Grip::Left), (19.99, 20.0));
        assert_eq!(moved((10.0, 20.0), whole, 500.0, Grip::Right), (10.0, 100.0));
        // Where rounding makes the part a little wider than the room there is.
        for whole in [(0.1, 10.3), (1.3, 8.7)] {
            assert_eq!(moved(whole, whole, 1.0, Grip::Whole).0.to_bits(), f64::to_bits(whole.0));
        }
        // A part larger than the run becomes the run.
        assert_eq!(moved((-50.0, 150.0), whole, 1.0, Grip::Whole), (0.0, 100.0));
    }
}
