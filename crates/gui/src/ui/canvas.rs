//! A figure on the screen: the page, and everything the pointer does on it.

use eframe::egui::{self, Align2, Color32, Id, PointerButton, Pos2, Rect, Sense, Stroke, StrokeKind, pos2, vec2};
use fa_plot::page::{Page, PageSize, Projection};

use super::{Viewer, look};
use crate::figure::hover::{self, Hit};
use crate::figure::{Figure, paint};
use crate::state::view::YZoom;
use crate::state::{Action, DocState, Panel, View, ViewId, XKind};

/// What a drag does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Drag {
    /// Moves the part that is shown: which axes.
    Pan { view: ViewId, panel: usize, x: bool, y: bool },
    /// Marks a part of the run: from this position on.
    Brush { view: ViewId, panel: usize, from: f64 },
    /// Zooms to a box.
    Box { view: ViewId, panel: usize, from: Pos2 },
}

/// Turns of the wheel within this time are one zoom, seconds.
const WHEEL_SECS: f64 = 0.5;

/// Series that screen readers are told of, per view.
const MOST_NODES: usize = 200;

/// What has the keyboard when a figure has it.
pub(super) fn id(view: ViewId) -> Id {
    Id::unique(("canvas", view))
}

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui, id: ViewId) {
    let Some(view) = viewer.state.workspace.view(id).cloned() else { return };
    let whole = ui.available_rect_before_wrap();
    let strip = super::overview::room(viewer, &view, whole);
    let area = whole.with_max_y(whole.bottom() - strip);
    let response = ui.interact(area, self::id(id), Sense::click_and_drag());
    ui.advance_cursor_after_rect(whole);
    viewer.screen.regions.add(area, response.id);
    if response.has_focus() {
        let filter =
            egui::EventFilter { horizontal_arrows: true, vertical_arrows: true, ..egui::EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    }
    if response.gained_focus() && viewer.state.workspace.focus != Some(id) {
        viewer.screen.act(Action::Focus(id));
    }
    if response.clicked() || response.drag_started() {
        response.request_focus();
        if viewer.state.workspace.focus != Some(id) {
            viewer.screen.act(Action::Focus(id));
        }
    }
    let size = PageSize {
        width_pt: (area.width() / paint::SCALE).max(20.0),
        height_pt: (area.height() / paint::SCALE).max(20.0),
    };
    viewer.screen.sizes.insert(id, size);
    let theme = viewer.theme(&view);
    viewer.state.looks.insert(id, (size.width_pt, size.height_pt, theme.name == "dark"));
    let painter = ui.painter_at(area);
    painter.rect_filled(area, 0.0, paint::colour(theme.background));
    let Some((figure, page)) = viewer.figures.page(&viewer.state, &view, size, &theme) else {
        message(viewer, ui, &view, area);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Figure: nothing yet"));
        return;
    };
    let origin = area.min;
    nodes(viewer, ui, &view, &figure, &page, &response);
    // What the pointer means: a sample, or the series of a legend entry.
    let pointer = ui.ctx().pointer_latest_pos().filter(|_| response.contains_pointer()).or(viewer.screen.pointer);
    let pointer = pointer.filter(|at| area.contains(*at));
    let hit = pointer
        .filter(|_| viewer.screen.drag.is_none())
        .and_then(|at| hover::nearest(figure.scene.as_deref()?, &figure.pyramids, &page, paint::unplace(at, origin)));
    if let Some(hit) = &hit {
        viewer.screen.hover = Some((id, hit.clone()));
    } else if viewer.screen.hover.as_ref().is_some_and(|(v, _)| *v == id) {
        viewer.screen.hover = None;
    }
    let entry = super::legend::show(viewer, ui, &view, &figure, &page, origin);
    let highlight = entry.or_else(|| hit.as_ref().map(|hit| hit.mark)).filter(|_| page.marks.len() > 1);
    let mut painted = viewer.screen.painted.remove(&id).unwrap_or_default();
    painted.paint(&painter, &page, origin, highlight);
    viewer.screen.painted.insert(id, painted);

    overlays(viewer, &painter, &view, &figure, &page, origin);
    if let Some(hit) = &hit {
        tooltip(viewer, &painter, &view, &figure, hit, origin, area);
    }
    let has_keyboard = response.has_focus();
    if has_keyboard || viewer.state.workspace.focus == Some(id) && viewer.state.workspace.visible().len() > 1 {
        let colour = ui.visuals().selection.stroke.color;
        let width = if has_keyboard { 2.0 } else { 1.0 };
        painter.rect_stroke(area.shrink(1.0), 0.0, Stroke::new(width, colour), StrokeKind::Inside);
    }
    if strip > 0.0 {
        super::overview::show(viewer, ui, &view, &figure, &page, whole.with_min_y(area.bottom()));
    }
    drags(viewer, ui, &view, &figure, &page, &response, origin);
    wheel(viewer, ui, &view, &figure, &page, &response, origin);
    if response.double_clicked() {
        viewer.screen.act(Action::Fit(id));
    }
    menu(viewer, &response, &view, hit.as_ref());
}

/// Why there is no figure.
fn message(viewer: &Viewer, ui: &egui::Ui, view: &View, area: Rect) {
    let error = viewer.figure(view.id).and_then(|figure| figure.error.clone());
    let failed = view.docs.iter().find_map(|doc| match &viewer.state.library.get(*doc)?.state {
        DocState::Failed(why) => Some(why.clone()),
        _ => None,
    });
    let live = view.docs.iter().any(|doc| viewer.state.library.get(*doc).is_some_and(|doc| doc.live));
    let text = error.or(failed).unwrap_or_else(|| match (view.docs.is_empty(), live) {
        (true, _) => "Tick a file to see it here.".to_owned(),
        (_, true) => "Waiting for the first numbers…".to_owned(),
        _ => "Reading…".to_owned(),
    });
    let font = egui::TextStyle::Body.resolve(ui.style());
    let colour = ui.visuals().weak_text_color();
    let galley = ui.painter().layout(text, font, colour, area.width() * 0.8);
    ui.painter().galley(area.center() - galley.size() / 2.0, galley, colour);
}

/// What screen readers are told: the figure as a whole, and every series with its median.
fn nodes(viewer: &Viewer, ui: &egui::Ui, view: &View, figure: &Figure, page: &Page, response: &egui::Response) {
    let plot = viewer.state.plot_of(view).unwrap_or_default();
    let label = format!("Figure {plot}: {} files, {} marks", view.docs.len(), page.marks.len());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &label));
    for (i, mark) in page.marks.iter().enumerate().take(MOST_NODES) {
        let id = figure.doc(mark.file);
        let doc = id.and_then(|doc| viewer.state.library.get(doc));
        let row = doc.and_then(|d| d.summary.as_ref()?.rows.iter().find(|row| row.series == mark.series));
        let facts = row.map_or(String::new(), |row| {
            let median = row.p50.map_or("–".to_owned(), fa_analyze::summary::short);
            format!(", median {median} {}, {} samples", row.unit, row.n)
        });
        let shown = id.is_none_or(|id| view.shows(&mark.series, id));
        let hidden = if shown { "" } else { ", hidden" };
        let file = doc.map(|d| fa_plot::text::one_line(&d.title())).unwrap_or_default();
        let text = format!("Mark {}, file {file}{facts}{hidden}", mark.series);
        let node = ui.interact(response.rect, response.id.with(("mark", i)), Sense::hover());
        node.widget_info(|| egui::WidgetInfo::selected(egui::Role::ListItem, true, shown, &text));
    }
}

/// What is drawn over a figure: marking, cursors, losses, notes, drags, the shared moment.
fn overlays(viewer: &Viewer, painter: &egui::Painter, view: &View, figure: &Figure, page: &Page, origin: Pos2) {
    let kind = figure.x_kind();
    let visuals = painter.ctx().global_style().visuals.clone();
    let accent = visuals.selection.stroke.color;
    let fill = visuals.selection.bg_fill.gamma_multiply(0.25);
    let axis = viewer.state.run_axis(view, kind);
    let on_axis = |x: f64| axis.on_axis(x);
    let shared = viewer.screen.hover.as_ref().filter(|(other, _)| *other != view.id).and_then(|(other, hit)| {
        let linked = viewer.state.workspace.view(*other).is_some_and(|v| v.linked);
        let same = viewer.figure(*other).is_some_and(|f| f.x_kind() == kind && kind != XKind::Other);
        (linked && view.linked && same).then_some(hit.x)
    });
    for (p, panel) in page.panels.iter().enumerate() {
        let Some(axes) = panel.axes.first() else { continue };
        let data = paint::rect(&panel.rect, origin);
        let place = |x: f64| origin.x + axes.x.place(x) * paint::SCALE;
        let vertical = |x: f64, colour: Color32, width: f32| {
            let at = place(x);
            if data.x_range().contains(at) {
                painter.vline(at, data.y_range(), Stroke::new(width, colour));
            }
        };
        if let Some((a, b)) = view.brush.and_then(|(a, b)| Some((on_axis(a)?, on_axis(b)?))) {
            let band = Rect::from_x_y_ranges(place(a)..=place(b), data.y_range()).intersect(data);
            if band.is_positive() {
                painter.rect_filled(band, 0.0, fill);
                painter.rect_stroke(band, 0.0, Stroke::new(1.0, accent), StrokeKind::Inside);
            }
        }
        for (i, x) in view.cursors.iter().filter_map(|x| on_axis(*x)).enumerate() {
            vertical(x, accent, 1.5);
            let font = egui::FontId::proportional(11.0);
            painter.text(pos2(place(x) + 3.0, data.top() + 2.0), Align2::LEFT_TOP, (i + 1).to_string(), font, accent);
        }
        if let Some(x) = shared {
            vertical(x, accent.gamma_multiply(0.6), 1.0);
        }
        for doc in &view.docs {
            for note in viewer.state.workspace.notes.get(doc).into_iter().flat_map(|n| n.iter()) {
                if let (Some(a), Some(b)) = (note.t0.and_then(on_axis), note.t1.and_then(on_axis)) {
                    let bar = Rect::from_x_y_ranges(place(a)..=place(b), data.top()..=data.top() + 4.0).intersect(data);
                    if bar.is_positive() {
                        painter.rect_filled(bar, 0.0, look::warn_of(visuals.dark_mode));
                    }
                }
            }
        }
        if kind != XKind::Other {
            losses(viewer, painter, (view, figure), page, p, data, &|x| on_axis(x).map(place));
        }
    }
    match viewer.screen.drag {
        Some(Drag::Brush { view: of, panel, from }) if of == view.id => {
            if let (Some(panel), Some(at)) = (page.panels.get(panel), painter.ctx().pointer_latest_pos()) {
                let data = paint::rect(&panel.rect, origin);
                let Some(axes) = panel.axes.first() else { return };
                let start = origin.x + axes.x.place(from) * paint::SCALE;
                let band = Rect::from_x_y_ranges(start.min(at.x)..=start.max(at.x), data.y_range()).intersect(data);
                painter.rect_filled(band, 0.0, fill);
            }
        }
        Some(Drag::Box { view: of, from, .. }) if of == view.id => {
            if let Some(at) = painter.ctx().pointer_latest_pos() {
                painter.rect_stroke(Rect::from_two_pos(from, at), 0.0, Stroke::new(1.0, accent), StrokeKind::Inside);
            }
        }
        _ => {}
    }
}

/// Lost probes as ticks at the foot of the panels that show their series: never thinned out so far that one is unseen.
fn losses(
    viewer: &Viewer,
    painter: &egui::Painter,
    (view, figure): (&View, &Figure),
    page: &Page,
    panel: usize,
    data: Rect,
    place: &dyn Fn(f64) -> Option<f32>,
) {
    let mut drawn = std::collections::HashSet::new();
    for mark in page.marks.iter().filter(|m| m.place.0 == panel) {
        let Some(id) = figure.doc(mark.file).filter(|id| view.shows(&mark.series, *id)) else { continue };
        let doc = viewer.state.library.get(id);
        let Some(times) = doc.and_then(|d| d.losses.as_ref()?.get(&mark.series)) else { continue };
        // One tick per column of pixels is all that can be seen: the next one is looked for beyond it.
        let colour = look::error_of(painter.ctx().global_style().visuals.dark_mode);
        let mut at = times.partition_point(|t| place(*t).is_some_and(|x| x < data.left()));
        while let Some(x) = times.get(at).and_then(|t| place(*t)).filter(|x| *x <= data.right()) {
            if drawn.insert(x.round() as i32) {
                painter.vline(x, data.bottom() - 6.0..=data.bottom(), Stroke::new(1.0, colour));
            }
            let rest = &times[at..];
            at += rest.partition_point(|t| place(*t).is_some_and(|other| other.round() <= x.round())).max(1);
        }
    }
}

/// The sample under the pointer, in full.
fn tooltip(
    viewer: &Viewer,
    painter: &egui::Painter,
    view: &View,
    figure: &Figure,
    hit: &Hit,
    origin: Pos2,
    area: Rect,
) {
    let at = paint::place(hit.at, origin);
    let visuals = painter.ctx().global_style().visuals.clone();
    painter.circle(at, 4.0, Color32::TRANSPARENT, Stroke::new(1.5, visuals.text_color()));
    let doc = figure.doc(hit.file).and_then(|doc| viewer.state.library.get(doc));
    let mut lines = vec![fa_plot::text::one_line(&hit.label)];
    lines.extend(hit.text.iter().cloned());
    if let Some(doc) = doc {
        let over_time = viewer.figure(view.id).is_some_and(|f| f.x_kind() == XKind::Run);
        let t0 = doc.metadata.as_deref().and_then(fa_format::Metadata::t0_unix).filter(|_| over_time);
        lines.extend(t0.map(|t0| hover::utc(t0 + hit.x)));
        lines.push(doc.file_name());
    }
    let font = egui::FontId::proportional(12.0);
    let galley = painter.layout(lines.join("\n"), font, visuals.text_color(), 360.0);
    let size = galley.size() + vec2(12.0, 8.0);
    // Beside the sample, on the side with more room.
    let x = if at.x + 14.0 + size.x > area.right() { at.x - 14.0 - size.x } else { at.x + 14.0 };
    let y = (at.y - size.y / 2.0).clamp(area.top(), (area.bottom() - size.y).max(area.top()));
    let card = Rect::from_min_size(pos2(x.max(area.left()), y), size);
    painter.rect(card, 4.0, visuals.window_fill, visuals.window_stroke, StrokeKind::Inside);
    painter.galley(card.min + vec2(6.0, 4.0), galley, visuals.text_color());
}

/// The panel and whether the pointer is over its data or one of its axes.
fn panel_near(page: &Page, at: fa_plot::page::Pt) -> Option<(usize, bool, bool)> {
    if let Some(panel) = hover::panel_at(page, at) {
        return Some((panel, true, true));
    }
    for (p, panel) in page.panels.iter().enumerate() {
        let r = &panel.rect;
        let beside = at.y >= r.y && at.y <= r.bottom();
        let below = at.x >= r.x && at.x <= r.right();
        if beside
            && (at.x < r.x && at.x > r.x - 60.0 || at.x > r.right() && at.x < r.right() + 45.0 && panel.axes.len() > 1)
        {
            return Some((p, false, true));
        }
        if below && at.y > r.bottom() && at.y < r.bottom() + 30.0 {
            return Some((p, true, false));
        }
    }
    None
}

fn drags(
    viewer: &mut Viewer,
    ui: &egui::Ui,
    view: &View,
    figure: &Figure,
    page: &Page,
    response: &egui::Response,
    origin: Pos2,
) {
    let kind = figure.x_kind();
    let shift = ui.input(|i| i.modifiers.shift);
    let press = ui.input(|i| i.pointer.press_origin()).or_else(|| response.interact_pointer_pos());
    if response.drag_started() {
        let Some(from) = press else { return };
        let at = paint::unplace(from, origin);
        let Some((panel, x, y)) = panel_near(page, at) else { return };
        viewer.screen.drag = if response.drag_started_by(PointerButton::Secondary) {
            (x && y).then_some(Drag::Box { view: view.id, panel, from })
        } else if shift && x && y {
            if let (XKind::Run, Some(axes)) = (kind, page.panels[panel].axes.first()) {
                Some(Drag::Brush { view: view.id, panel, from: axes.x.value(at.x) })
            } else {
                "only plots over the time of the run can be marked".clone_into(&mut viewer.state.status);
                None
            }
        } else if page.panels[panel].axes.is_empty() {
            None
        } else {
            viewer.screen.act(Action::MarkZoom(view.id));
            Some(Drag::Pan { view: view.id, panel, x, y })
        };
    }
    let Some(drag) = viewer.screen.drag else { return };
    match drag {
        Drag::Pan { view: of, panel, x, y } if of == view.id => {
            let by = response.drag_delta() / paint::SCALE;
            if by != egui::Vec2::ZERO
                && let Some(frame) = page.panels.get(panel)
            {
                let r = &frame.rect;
                let categories = figure
                    .scene
                    .as_ref()
                    .is_some_and(|s| s.panels.get(panel).is_some_and(|p| p.axes.iter().any(|a| a.x.ticks.is_some())));
                let limits_x = frame.axes.first().map(|a| (a.x.value(r.x - by.x), a.x.value(r.right() - by.x)));
                let ys = frame.axes.iter().enumerate().map(|(axes, a)| YZoom {
                    panel,
                    axes,
                    limits: (a.y.value(r.bottom() - by.y), a.y.value(r.y - by.y)),
                });
                let ys = if y && by.y != 0.0 { ys.collect() } else { Vec::new() };
                viewer.screen.act(Action::Slide(
                    view.id,
                    kind,
                    limits_x.filter(|_| x && by.x != 0.0 && !categories),
                    ys,
                ));
            }
            if response.drag_stopped() {
                viewer.screen.drag = None;
            }
        }
        Drag::Brush { view: of, panel, from } if of == view.id && response.drag_stopped() => {
            viewer.screen.drag = None;
            let at = response.interact_pointer_pos().or_else(|| ui.ctx().pointer_latest_pos());
            if let (Some(at), Some(axes)) = (at, page.panels.get(panel).and_then(|p| p.axes.first())) {
                let r = &page.panels[panel].rect;
                let to = axes.x.value(paint::unplace(at, origin).x.clamp(r.x, r.right()));
                viewer.screen.act(Action::Brush(view.id, Some((from, to))));
                viewer.screen.act(Action::ShowPanel(Panel::Stats));
            }
        }
        Drag::Box { view: of, panel, from } if of == view.id && response.drag_stopped() => {
            viewer.screen.drag = None;
            let at = response.interact_pointer_pos().or_else(|| ui.ctx().pointer_latest_pos());
            if let (Some(at), Some(frame)) = (at, page.panels.get(panel)) {
                let (a, b) = (paint::unplace(from, origin), paint::unplace(at, origin));
                let r = &frame.rect;
                let clamp = |v: f32, lo: f32, hi: f32| v.clamp(lo, hi);
                let (x0, x1) = (clamp(a.x.min(b.x), r.x, r.right()), clamp(a.x.max(b.x), r.x, r.right()));
                let (y0, y1) = (clamp(a.y.min(b.y), r.y, r.bottom()), clamp(a.y.max(b.y), r.y, r.bottom()));
                if x1 - x0 < 3.0 || y1 - y0 < 3.0 {
                    return;
                }
                let x = frame.axes.first().map(|axes| (axes.x.value(x0), axes.x.value(x1)));
                let ys = frame.axes.iter().enumerate().map(|(axes, a)| YZoom {
                    panel,
                    axes,
                    limits: (a.y.value(y1), a.y.value(y0)),
                });
                viewer.screen.act(Action::MarkZoom(view.id));
                viewer.screen.act(Action::Slide(view.id, kind, x, ys.collect()));
            }
        }
        _ => {}
    }
}

/// Limits scaled about a place between them, on the axis' own scale.
pub(super) fn scaled(axis: &Projection, factor: f64, anchor: f64) -> (f64, f64) {
    let (a, b) = axis.limits();
    let (a, b) = if axis.log { (a.ln(), b.ln()) } else { (a, b) };
    let middle = a + (b - a) * anchor;
    let (a, b) = (middle - (middle - a) * factor, middle + (b - middle) * factor);
    if axis.log { (a.exp(), b.exp()) } else { (a, b) }
}

fn wheel(
    viewer: &mut Viewer,
    ui: &egui::Ui,
    view: &View,
    figure: &Figure,
    page: &Page,
    response: &egui::Response,
    origin: Pos2,
) {
    if !response.contains_pointer() {
        return;
    }
    let Some(at) = ui.ctx().pointer_latest_pos() else { return };
    let at = paint::unplace(at, origin);
    let Some((panel, over_x, over_y)) = panel_near(page, at) else { return };
    let (scroll, zoom, shift, now) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta(), i.modifiers.shift, i.time));
    let frame = &page.panels[panel];
    let Some(first) = frame.axes.first() else { return };
    let r = &frame.rect;
    let kind = figure.x_kind();
    let over_axis = !(over_x && over_y);
    let mut factor = f64::from(1.0 / zoom);
    let turned = f64::from(scroll.y + scroll.x);
    if over_axis && zoom == 1.0 && turned != 0.0 {
        // Over an axis the plain wheel zooms it.
        factor = (-turned / 240.0).exp();
    }
    let anchor_x = f64::from((at.x - r.x) / r.w);
    let anchor_y = f64::from((r.bottom() - at.y) / r.h);
    let (mut x, mut ys) = (None, Vec::new());
    if factor != 1.0 {
        if over_x {
            x = Some(scaled(&first.x, factor, anchor_x));
        }
        if over_y && (over_axis || shift) {
            for (axes, a) in frame.axes.iter().enumerate() {
                ys.push(YZoom { panel, axes, limits: scaled(&a.y, factor, anchor_y) });
            }
            if shift {
                x = None;
            }
        }
    } else if turned != 0.0 {
        let by = (turned as f32) / paint::SCALE;
        x = Some((first.x.value(r.x - by), first.x.value(r.right() - by)));
    }
    if x.is_none() && ys.is_empty() {
        return;
    }
    let key = Id::unique(("wheel", view.id));
    let last = ui.data(|d| d.get_temp::<f64>(key)).unwrap_or(f64::NEG_INFINITY);
    if now - last > WHEEL_SECS {
        viewer.screen.act(Action::MarkZoom(view.id));
    }
    ui.data_mut(|d| d.insert_temp(key, now));
    viewer.screen.act(Action::Slide(view.id, kind, x, ys));
}

fn menu(viewer: &mut Viewer, response: &egui::Response, view: &View, hit: Option<&Hit>) {
    let key = Id::unique(("menu-hit", view.id));
    if response.secondary_clicked() {
        response.ctx.data_mut(|d| d.insert_temp(key, hit.cloned().map(|h| (h.label, h.file, h.x))));
    }
    response.context_menu(|ui| {
        let hit: Option<(String, usize, f64)> = ui.data(|d| d.get_temp(key)).flatten();
        if let Some((label, _, x)) = &hit {
            ui.label(egui::RichText::new(label).strong());
            let kind = viewer.figure(view.id).map_or(XKind::Other, |figure| figure.x_kind());
            let at = viewer.state.run_axis(view, kind).of_run(*x);
            if at.is_some() && ui.button("Cursor here").clicked() {
                viewer.screen.act(Action::Cursor(view.id, 0, at));
                viewer.screen.act(Action::ShowPanel(Panel::Stats));
                ui.close();
            }
        }
        for (text, action) in [
            ("Show everything", Action::Fit(view.id)),
            ("Zoom back", Action::ZoomBack(view.id)),
            ("Copy as command", Action::CopyCommand(view.id)),
            ("Copy image", Action::CopyImage(view.id)),
        ] {
            if ui.button(text).clicked() {
                viewer.screen.act(action);
                ui.close();
            }
        }
        ui.separator();
        ui.label(egui::RichText::new("drag: move · Shift+drag: mark · right drag: zoom to a box\nwheel: along · Ctrl+wheel: zoom · over an axis: that one\ndouble click: everything · ?: all keys").weak().small());
    });
}
