//! Views and their places: tabs, splits, windows of their own, panels, layouts, looks.

use super::super::State;
use super::super::action::Action;
use super::super::effect::Effect;
use super::super::layouts::Layout;
use super::super::panes::{Pane, Side};
use super::super::view::{View, ViewId};
use super::super::workspace::{Panel, Workspace};
use super::Reduced;
use std::ops::ControlFlow::{Break, Continue};

/// Closed views that can be brought back.
const CLOSED_KEPT: usize = 20;

impl State {
    pub(super) fn reduce_views(&mut self, action: Action) -> Reduced {
        let w = &mut self.workspace;
        match action {
            Action::NewView(doc) => {
                let doc = doc.filter(|doc| w.file(*doc).is_some());
                w.open_view(doc);
            }
            Action::Duplicate(view) => {
                if let Some(view) = w.view(view).cloned() {
                    let id = ViewId(w.fresh_id());
                    w.add_view(View { id, ..view });
                }
            }
            Action::Focus(view) => w.focus_on(view),
            Action::StepView(by) => {
                let all = w.placed();
                if let Some(at) = all.iter().position(|v| Some(*v) == w.focus) {
                    let next = (at as i64 + i64::from(by)).rem_euclid(all.len() as i64) as usize;
                    w.focus_on(all[next]);
                }
            }
            Action::CloseView(view) => close_view(w, view),
            Action::CloseAllViews => {
                for view in w.placed() {
                    close_view(w, view);
                }
            }
            Action::ReopenView => match w.closed.pop() {
                Some(mut view) => {
                    view.docs.retain(|doc| w.file(*doc).is_some());
                    w.add_view(view);
                }
                None => self.refuse("no view was closed"),
            },
            Action::Dock(view, target, side) => {
                dock(w, view, target, side);
                w.focus_on(view);
            }
            Action::Float(view) => {
                if w.view(view).is_some() && !w.floats(view) {
                    w.panes.remove(view);
                    w.floating.push(view);
                    w.full_screen = false;
                    w.focus_on(view);
                }
            }
            Action::PlaceWindow(place) => {
                w.windows.retain(|other| other.view != place.view);
                w.windows.push(place);
            }
            Action::Share(path, share) => w.panes.set_share(&path, share),
            Action::TogglePanel(panel) => {
                if w.shows(panel) {
                    w.panels.retain(|p| *p != panel);
                } else {
                    w.show_panel(panel);
                }
            }
            Action::ShowPanel(panel) => w.show_panel(panel),
            Action::ResetLayout => {
                let fresh = Workspace::default();
                w.overview = fresh.overview;
                w.arrange(&Layout {
                    name: String::new(),
                    panels: fresh.panels,
                    panes: Pane::default(),
                    floating: Vec::new(),
                });
            }
            Action::ApplyPreset(preset) => {
                let layout = preset.layout(w.views.len());
                w.arrange(&layout);
                self.status = format!("layout: {}", preset.title());
            }
            Action::ApplyLayout(name) => match self.layouts.iter().find(|layout| layout.name == name) {
                Some(layout) => w.arrange(layout),
                None => self.refuse(format!("there is no layout {name}")),
            },
            Action::SaveLayout(name) => {
                let name = name.trim().to_owned();
                if name.is_empty() {
                    self.refuse("a layout needs a name");
                } else {
                    let layout = w.layout(&name);
                    // In its place: keys are for places.
                    match self.layouts.iter_mut().find(|other| other.name == name) {
                        Some(known) => *known = layout,
                        None => self.layouts.push(layout),
                    }
                    self.status = format!("layout {name} saved");
                    return Break(vec![Effect::WriteLayouts(self.layouts.clone())]);
                }
            }
            Action::DeleteLayout(name) => {
                self.layouts.retain(|layout| layout.name != name);
                return Break(vec![Effect::WriteLayouts(self.layouts.clone())]);
            }
            Action::ToggleOverview => w.overview = !w.overview,
            Action::ToggleFullScreen => w.full_screen = !w.full_screen,
            Action::SetTheme(theme) => w.theme = theme,
            Action::SetPalette(palette) => w.palette = palette,
            Action::SetScale(scale) => w.scale = (scale.clamp(0.75, 2.5) * 20.0).round() / 20.0,
            other => return Continue(other),
        }
        Break(Vec::new())
    }
}

/// Puts a view's tab to another's pane; one that floats comes back.
fn dock(w: &mut Workspace, view: ViewId, target: ViewId, side: Side) {
    if w.view(view).is_none() {
        return;
    }
    let floated = w.floats(view);
    let docked = w.panes.views().contains(&target);
    w.floating.retain(|id| *id != view);
    if docked && (view != target || !floated) {
        w.panes.dock(view, target, side);
    } else if floated {
        w.panes.add(view, ViewId(0));
    }
}

/// Closes a view; it can be brought back unless it was empty.
pub(super) fn close_view(w: &mut Workspace, id: ViewId) {
    let Some(at) = w.views.iter().position(|view| view.id == id) else { return };
    let place = w.placed().iter().position(|v| *v == id).unwrap_or(0);
    w.panes.remove(id);
    w.floating.retain(|view| *view != id);
    let view = w.views.remove(at);
    if !view.docs.is_empty() {
        w.closed.push(view);
        if w.closed.len() > CLOSED_KEPT {
            w.closed.remove(0);
        }
    }
    if w.focus == Some(id) {
        let left = w.placed();
        w.focus = left.get(place.min(left.len().saturating_sub(1))).copied();
        if let Some(focus) = w.focus {
            w.panes.show(focus);
        }
    }
    // One panel stays reachable without views: the files.
    if w.views.is_empty() {
        w.full_screen = false;
        if !w.shows(Panel::Files) {
            w.show_panel(Panel::Files);
        }
    }
}
