//! What a view shows: plot, settings, zoom, markings, cursors, series.

use fa_plot::options::FigureOptions;
use std::ops::ControlFlow::{Break, Continue};

use super::super::State;
use super::super::action::Action;
use super::super::library::DocId;
use super::super::view::{HiddenSeries, View, ViewId, XKind, ZoomState};
use super::Reduced;

impl State {
    pub(super) fn reduce_figure(&mut self, action: Action) -> Reduced {
        let w = &mut self.workspace;
        match action {
            Action::SetPlot(view, plot) => {
                if let Some(view) = w.view_mut(view) {
                    view.plot = Some(plot);
                    view.zoom.y.clear();
                    view.zoom.set_x(XKind::Other, None);
                }
            }
            Action::StepPlot(by) => self.step_plot(by),
            Action::SetOption(view, name, values) => self.set_option(view, name, &values),
            Action::ResetOptions(view) => {
                if let Some(view) = w.view_mut(view) {
                    view.options = FigureOptions::default();
                    view.hidden.clear();
                }
            }
            Action::Zoom(view, zoom) => {
                if let Some(view) = w.view_mut(view) {
                    view.zoom_to(zoom);
                    view.follow = false;
                }
            }
            Action::MarkZoom(view) => {
                let linked = w.view(view).is_some_and(|v| v.linked);
                for other in w.views.iter_mut().filter(|v| v.id == view || (linked && v.linked)) {
                    if other.back.last() != Some(&other.zoom) {
                        other.back.push(other.zoom.clone());
                    }
                    other.forward.clear();
                }
            }
            Action::Slide(view, kind, x, y) => {
                let linked = w.view(view).is_some_and(|v| v.linked) && kind != XKind::Other;
                for other in w.views.iter_mut().filter(|v| v.id == view || (linked && v.linked)) {
                    if x.is_some() {
                        other.zoom.set_x(kind, x);
                    }
                    other.follow = false;
                }
                if let Some(view) = w.view_mut(view) {
                    for one in y {
                        view.zoom.set_y(one.panel, one.axes, one.limits);
                    }
                }
            }
            Action::ZoomX(view, kind, limits) => self.zoom_x(view, kind, limits),
            Action::Fit(view) => self.fit(view),
            Action::FitBrush(view) => match w.view(view).and_then(|v| v.brush) {
                Some(brush) => self.zoom_x(view, XKind::Run, Some(brush)),
                None => self.refuse("nothing is marked: drag with Shift over a part of the run first"),
            },
            Action::ZoomBack(view) => {
                if let Some(view) = w.view_mut(view)
                    && let Some(zoom) = view.back.pop()
                {
                    view.forward.push(std::mem::replace(&mut view.zoom, zoom));
                }
            }
            Action::ZoomForward(view) => {
                if let Some(view) = w.view_mut(view)
                    && let Some(zoom) = view.forward.pop()
                {
                    view.back.push(std::mem::replace(&mut view.zoom, zoom));
                }
            }
            Action::ToggleLink(view) => {
                if let Some(view) = w.view_mut(view) {
                    view.linked = !view.linked;
                }
            }
            Action::ToggleSameScale(view) => {
                if let Some(view) = w.view_mut(view) {
                    view.same_scale = !view.same_scale;
                    view.zoom.y.clear();
                }
            }
            Action::Brush(view, brush) => {
                let brush = brush.map(|(a, b)| (a.min(b).max(0.0), a.max(b))).filter(|(a, b)| b > a);
                let linked = w.view(view).is_some_and(|v| v.linked);
                for other in w.views.iter_mut().filter(|v| v.id == view || (linked && v.linked)) {
                    other.brush = brush;
                }
            }
            Action::BrushToCutoff(view) => {
                if let Some(view) = w.view_mut(view)
                    && let Some(brush) = view.brush
                {
                    view.options.data_cutoff = Some(brush);
                }
            }
            Action::Cursor(view, which, at) => {
                let linked = w.view(view).is_some_and(|v| v.linked);
                for other in w.views.iter_mut().filter(|v| v.id == view || (linked && v.linked)) {
                    match at {
                        None => other.cursors.truncate(which),
                        Some(at) if which < other.cursors.len() => other.cursors[which] = at,
                        Some(at) if other.cursors.len() < 2 => other.cursors.push(at),
                        Some(_) => {}
                    }
                }
            }
            Action::ToggleFile(view, doc) => {
                if let Some(view) = w.view_mut(view) {
                    let whole = HiddenSeries { doc: Some(doc), series: None };
                    let hidden = &mut view.hidden;
                    if hidden.contains(&whole) { hidden.retain(|h| *h != whole) } else { hidden.push(whole) }
                }
            }
            Action::ShowFile(view, doc) => {
                if let Some(view) = w.view_mut(view) {
                    view.only = Some(doc).filter(|doc| view.only != Some(*doc) && view.docs.contains(doc));
                }
            }
            Action::ToggleSeries(view, series, doc) => {
                if let Some(view) = w.view_mut(view) {
                    toggle(view, &series, doc);
                }
            }
            Action::Isolate(view, series, doc) => self.isolate(view, &series, doc),
            Action::ShowAllSeries(view) => {
                if let Some(view) = w.view_mut(view) {
                    view.hidden.clear();
                    view.only = None;
                }
            }
            Action::MoveSeries(view, series, by) => self.move_series(view, &series, by),
            Action::Flip(view) => {
                if let Some(view) = w.view_mut(view) {
                    let at = view.only.and_then(|only| view.docs.iter().position(|doc| *doc == only));
                    let next = at.map_or(0, |at| at + 1);
                    view.only = view.docs.get(next).copied().filter(|_| view.docs.len() > 1);
                }
            }
            Action::Follow(view, on) => {
                if let Some(view) = w.view_mut(view) {
                    view.follow = on;
                    if on {
                        view.zoom = ZoomState::default();
                    }
                }
            }
            other => return Continue(other),
        }
        Break(Vec::new())
    }

    fn step_plot(&mut self, by: i32) {
        let Some(view) = self.workspace.focused() else { return };
        let Some(plot) = self.plot_of(view) else { return };
        let Some(loaded) = view.docs.first().and_then(|doc| self.library.loaded(*doc)) else { return };
        let names: Vec<&String> =
            loaded.plots.iter().filter(|p| p.drawable || p.name == plot).map(|p| &p.name).collect();
        let Some(at) = names.iter().position(|name| **name == plot) else { return };
        let next = (at as i64 + i64::from(by)).rem_euclid(names.len() as i64) as usize;
        let (view, plot) = (view.id, names[next].clone());
        self.reduce(Action::SetPlot(view, plot));
    }

    /// Sets all values of one option, keeping the others in their order.
    fn set_option(&mut self, view: ViewId, name: &str, values: &[String]) {
        let Some(view) = self.workspace.view_mut(view) else { return };
        let mut options = FigureOptions::default();
        let others = view.typed_options().to_pairs().into_iter().filter(|(n, _)| *n != name);
        let own = values.iter().map(|value| (name, value.clone()));
        let mut trouble = None;
        for (name, value) in others.chain(own) {
            if let Err(error) = options.set(name, &value) {
                trouble.get_or_insert(error.to_string());
            }
        }
        match trouble {
            None => view.set_typed_options(options),
            Some(why) => self.refuse(why),
        }
    }

    fn zoom_x(&mut self, view: ViewId, kind: XKind, limits: Option<(f64, f64)>) {
        let linked = self.workspace.view(view).is_some_and(|v| v.linked) && kind != XKind::Other;
        for other in self.workspace.views.iter_mut().filter(|v| v.id == view || (linked && v.linked)) {
            let mut zoom = other.zoom.clone();
            zoom.set_x(kind, limits);
            other.zoom_to(zoom);
            other.follow = limits.is_none();
        }
    }

    fn fit(&mut self, view: ViewId) {
        let w = &mut self.workspace;
        let Some(own) = w.view_mut(view) else { return };
        let (linked, zooms) = (own.linked, own.zoom.x.clone());
        own.zoom_to(ZoomState::default());
        own.follow = true;
        for (kind, _) in zooms.into_iter().filter(|(kind, _)| linked && *kind != XKind::Other) {
            for other in w.views.iter_mut().filter(|v| v.linked && v.id != view) {
                let mut zoom = other.zoom.clone();
                zoom.set_x(kind, None);
                other.zoom_to(zoom);
            }
        }
    }

    fn isolate(&mut self, view: ViewId, series: &str, doc: Option<DocId>) {
        let all = self.series_of(view);
        let Some(view) = self.workspace.view_mut(view) else { return };
        let wanted = |name: &str, of: DocId| name == series && doc.is_none_or(|d| d == of);
        let hidden: Vec<HiddenSeries> = all
            .iter()
            .flat_map(|name| view.docs.iter().map(move |doc| (name, *doc)))
            .filter(|(name, doc)| !wanted(name, *doc))
            .map(|(name, doc)| HiddenSeries { doc: Some(doc), series: Some(name.clone()) })
            .collect();
        let alone = hidden.iter().all(|h| view.hidden.contains(h)) && view.hidden.len() == hidden.len();
        view.hidden = if alone { Vec::new() } else { hidden };
    }

    /// Moves a series so many places down (up: negative) in legends and lists; the order is a setting of the figure.
    fn move_series(&mut self, view: ViewId, series: &str, by: i32) {
        let mut order = self.series_of(view);
        let Some(at) = order.iter().position(|name| name == series) else { return };
        let to = (at as i64 + i64::from(by)).clamp(0, order.len() as i64 - 1) as usize;
        let name = order.remove(at);
        order.insert(to, name);
        if let Some(view) = self.workspace.view_mut(view) {
            view.options.series_order = order;
        }
    }
}

/// Hides a series of a file (`None`: of all files), or shows it again.
fn toggle(view: &mut View, series: &str, doc: Option<DocId>) {
    let meant: Vec<DocId> = view.docs.iter().copied().filter(|d| doc.is_none_or(|m| m == *d)).collect();
    let hidden = &mut view.hidden;
    if meant.is_empty() {
        return;
    }
    if meant.iter().all(|doc| hidden.iter().any(|h| h.hides(series, *doc))) {
        // What hid it with others, hides only the others from now on.
        let keep: Vec<HiddenSeries> = hidden
            .iter()
            .filter(|h| h.series.as_deref() == Some(series) && h.doc.is_none() && doc.is_some())
            .flat_map(|_| view.docs.iter().filter(|d| Some(**d) != doc))
            .map(|doc| HiddenSeries { doc: Some(*doc), series: Some(series.to_owned()) })
            .collect();
        hidden.retain(|h| !meant.iter().any(|doc| h.hides(series, *doc)));
        hidden.extend(keep);
    } else {
        hidden.push(HiddenSeries { doc, series: Some(series.to_owned()) });
    }
}
