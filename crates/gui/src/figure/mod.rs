//! Figures of views: which scene a view shows, and the page it makes of it.
//!
//! ```text
//! view, files ── key ─► worker: resolve ─► Figure (Scene, pyramids) ── size, zoom, theme ─► Page ─► paint
//! ```
//!
//! A figure is made anew only when its key changes; while that happens the old one stays in sight.

mod dense;
pub mod hover;
pub mod miniature;
pub mod paint;

use std::collections::HashMap;
use std::sync::Arc;

use fa_plot::layout::{self, Pyramids, layout_with};
use fa_plot::page::{Page, PageSize};
use fa_plot::scene::{Mark, Quantity, Scene};
use fa_plot::theme::Theme;

use crate::state::{DocId, State, View, ViewId, XKind};
use crate::work::{FigureRequest, Job, Workers};

/// What decides a figure.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FigureKey {
    /// Plot.
    pub plot: String,
    /// Files in order, with the version of their content.
    pub docs: Vec<(DocId, u64)>,
    /// Options as names and values.
    pub options: Vec<(&'static str, String)>,
}

/// A figure without its place on paper.
#[derive(Debug)]
pub struct Figure {
    /// What it was made from.
    pub key: FigureKey,
    /// What is drawn; `None` with an error.
    pub scene: Option<Arc<Scene>>,
    /// What makes laying out long lines quick.
    pub pyramids: Arc<Pyramids>,
    /// Why there is no scene.
    pub error: Option<String>,
}

impl Figure {
    /// What the horizontal axis counts.
    pub fn x_kind(&self) -> XKind {
        let Some(scene) = &self.scene else { return XKind::Other };
        let quantity = scene.panels.first().and_then(|p| p.axes.first()).map(|axes| axes.x.quantity);
        let over_time = scene.panels.iter().flat_map(|p| &p.axes).all(|axes| axes.x.ticks.is_none());
        let lines = matches!(
            scene.kind,
            fa_catalog::PlotType::Timeseries | fa_catalog::PlotType::TimeseriesCombine | fa_catalog::PlotType::Meta
        );
        match quantity {
            Some(Quantity::UnixTime) => XKind::Clock,
            Some(_) if lines && over_time => XKind::Run,
            _ => XKind::Other,
        }
    }

    /// The file that a mark of the figure is of: files that could not be read have no place in it.
    pub fn doc(&self, file: usize) -> Option<DocId> {
        self.key.docs.get(file).map(|(doc, _)| *doc)
    }

    /// Limits of the horizontal axis when everything is shown.
    pub fn whole_x(&self) -> Option<(f64, f64)> {
        let axes = self.scene.as_ref()?.panels.first()?.axes.first()?;
        Some(axes.x.limits)
    }

    /// How many axes each panel has.
    pub fn axes(&self) -> Vec<usize> {
        self.scene.iter().flat_map(|scene| &scene.panels).map(|panel| panel.axes.len()).collect()
    }
}

/// A page and what it was made from.
#[derive(Debug)]
struct Laid {
    figure: Arc<Figure>,
    size: PageSize,
    theme: Theme,
    view: layout::View,
    page: Arc<Page>,
}

/// What is known of one view's figure.
#[derive(Debug, Default)]
struct Slot {
    /// Asked for and not there yet.
    asked: Option<FigureKey>,
    figure: Option<Arc<Figure>>,
    laid: Option<Laid>,
    /// The whole run in a strip.
    strip: Option<Laid>,
}

/// The figures of all views.
#[derive(Debug, Default)]
pub struct Figures {
    slots: HashMap<ViewId, Slot>,
    /// Pages laid out, for the frame counter.
    pub layouts: u64,
}

impl Figures {
    /// Asks for the figure of a view if it has to be made anew.
    pub fn want(&mut self, state: &State, view: &View, workers: &Workers) {
        let Some(request) = request(state, view) else { return };
        let slot = self.slots.entry(view.id).or_default();
        let there = slot.figure.as_ref().is_some_and(|figure| figure.key == request.key);
        if there {
            slot.asked = None;
        } else if slot.asked.as_ref() != Some(&request.key) {
            slot.asked = Some(request.key.clone());
            workers.give(Job::Resolve(view.id, Box::new(request)));
        }
    }

    /// A figure was made.
    pub fn arrived(&mut self, view: ViewId, figure: Arc<Figure>) {
        let slot = self.slots.entry(view).or_default();
        if slot.asked.as_ref() == Some(&figure.key) {
            slot.asked = None;
        }
        slot.figure = Some(figure);
    }

    /// The figure of a view, perhaps an older one.
    pub fn get(&self, view: ViewId) -> Option<&Arc<Figure>> {
        self.slots.get(&view)?.figure.as_ref()
    }

    /// Whether the figure in sight is not the one wanted.
    pub fn is_waiting(&self, view: ViewId) -> bool {
        self.slots.get(&view).is_some_and(|slot| slot.asked.is_some())
    }

    /// Forgets views that are gone.
    pub fn keep(&mut self, is_there: impl Fn(ViewId) -> bool) {
        self.slots.retain(|view, _| is_there(*view));
    }

    /// The page of a view; laid out anew only if something is different.
    pub fn page(
        &mut self,
        state: &State,
        view: &View,
        size: PageSize,
        theme: &Theme,
    ) -> Option<(Arc<Figure>, Arc<Page>)> {
        let figure = Arc::clone(self.get(view.id)?);
        let part = self.part(state, view, &figure);
        let slot = self.slots.get_mut(&view.id)?;
        if let Some(laid) = &slot.laid
            && Arc::ptr_eq(&laid.figure, &figure)
            && laid.size == size
            && laid.view == part
            && laid.theme == *theme
        {
            return Some((figure, Arc::clone(&laid.page)));
        }
        let scene = figure.scene.as_ref()?;
        let page = Arc::new(layout_with(scene, size, theme, Some(&part), &figure.pyramids));
        self.layouts += 1;
        let laid =
            Laid { figure: Arc::clone(&figure), size, theme: theme.clone(), view: part, page: Arc::clone(&page) };
        slot.laid = Some(laid);
        Some((figure, page))
    }

    /// The whole run as a strip without words: the first panel of a view's figure.
    pub fn strip(&mut self, view: ViewId, size: PageSize, theme: &Theme) -> Option<Arc<Page>> {
        let slot = self.slots.get_mut(&view)?;
        let figure = slot.figure.as_ref()?;
        if let Some(laid) = &slot.strip
            && Arc::ptr_eq(&laid.figure, figure)
            && laid.size == size
            && laid.theme == *theme
        {
            return Some(Arc::clone(&laid.page));
        }
        let scene = miniature::bare(figure.scene.as_ref()?, 1);
        let page = Arc::new(layout_with(&scene, size, theme, None, &figure.pyramids));
        self.layouts += 1;
        slot.strip = Some(Laid {
            figure: Arc::clone(figure),
            size,
            theme: theme.clone(),
            view: layout::View::default(),
            page: Arc::clone(&page),
        });
        Some(page)
    }

    /// What part of a figure a view shows: its zoom, over the scale it shares with others.
    pub fn part(&self, state: &State, view: &View, figure: &Figure) -> layout::View {
        let kind = figure.x_kind();
        let mut part = view.zoom.for_layout(kind, &figure.axes());
        if view.same_scale {
            for (panel, axes, x, y) in self.shared_scale(state, view, figure) {
                let zoomed = part.zooms.iter_mut().find(|z| (z.panel, z.axes) == (panel, axes));
                match zoomed {
                    Some(zoom) => {
                        zoom.y = zoom.y.or(Some(y));
                        zoom.x = zoom.x.or(x);
                    }
                    None => part.zooms.push(layout::Zoom { panel, axes, x, y: Some(y) }),
                }
            }
        }
        part
    }

    /// Limits that span those of all views of the same plot with this setting.
    #[expect(clippy::type_complexity, reason = "panel, axes, and limits of both axes, once")]
    fn shared_scale(
        &self,
        state: &State,
        view: &View,
        figure: &Figure,
    ) -> Vec<(usize, usize, Option<(f64, f64)>, (f64, f64))> {
        let mut all = Vec::new();
        let Some(scene) = &figure.scene else { return all };
        let others = state.workspace.views.iter().filter(|v| v.same_scale && v.id != view.id);
        let others: Vec<&Arc<Scene>> = others
            .filter_map(|v| self.get(v.id))
            .filter(|other| other.key.plot == figure.key.plot)
            .filter_map(|other| other.scene.as_ref())
            .collect();
        let values_on_x = figure.x_kind() == XKind::Other;
        for (p, panel) in scene.panels.iter().enumerate() {
            for (a, axes) in panel.axes.iter().enumerate() {
                let (mut x, mut y) = (axes.x.limits, axes.y.limits);
                for other in &others {
                    if let Some(theirs) = other.panels.get(p).and_then(|panel| panel.axes.get(a)) {
                        x = union(x, theirs.x.limits);
                        y = union(y, theirs.y.limits);
                    }
                }
                let x = (values_on_x && axes.x.ticks.is_none()).then_some(x);
                all.push((p, a, x, y));
            }
        }
        all
    }

    /// Bytes of the numbers in scenes and pyramids.
    pub fn bytes(&self) -> usize {
        self.slots.values().filter_map(|slot| slot.figure.as_ref()).map(|figure| bytes(figure)).sum()
    }
}

fn bytes(figure: &Figure) -> usize {
    let marks = figure.scene.iter().flat_map(|s| &s.panels).flat_map(|p| &p.axes).flat_map(|a| &a.marks);
    let columns: usize = marks
        .map(|mark| match mark {
            Mark::Line(line) => line.x.bytes() + line.y.bytes(),
            Mark::Area(area) => area.x.len() * 24,
            _ => 0,
        })
        .sum();
    columns + figure.pyramids.bytes()
}

/// The span of both, in the direction of the first.
fn union(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let (low, high) = (a.0.min(a.1).min(b.0.min(b.1)), a.0.max(a.1).max(b.0.max(b.1)));
    if a.0 <= a.1 { (low, high) } else { (high, low) }
}

/// What the figure of a view is made from; `None` while none of its files is read.
pub(crate) fn request(state: &State, view: &View) -> Option<FigureRequest> {
    let mut first = None;
    let (mut docs, mut sets) = (Vec::new(), Vec::new());
    for doc in &view.docs {
        if let Some(loaded) = state.library.loaded(*doc) {
            first.get_or_insert(loaded);
            docs.push((*doc, loaded.generation));
            sets.push(Arc::clone(&loaded.set));
        }
    }
    let first = first?;
    let plot = view.plot.clone().unwrap_or_else(|| first.default_plot());
    let drawn: Vec<DocId> = docs.iter().map(|(doc, _)| *doc).collect();
    let key = FigureKey { plot, docs, options: view.figure_options(&drawn).to_pairs() };
    Some(FigureRequest { key, expanded: Arc::clone(&first.expanded), sets })
}
