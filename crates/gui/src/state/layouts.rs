//! Layouts: which panels are shown and how the views stand, ready made or saved by name, for any number of views.

use serde::{Deserialize, Serialize};

use super::panes::Pane;
use super::view::ViewId;
use super::workspace::{Panel, Workspace};

/// Panels and places of views. A view is named by its place among all views: `ViewId(0)` is the first one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// What it is called.
    pub name: String,
    /// Panels that are shown.
    pub panels: Vec<Panel>,
    /// Where views are; views beyond those it names are tabs of the first pane.
    #[serde(default)]
    pub panes: Pane,
    /// Places of views that float.
    #[serde(default)]
    pub floating: Vec<usize>,
}

/// Layouts that come with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// One figure as large as can be beside the files.
    OneFigure,
    /// Views side by side, with the metadata in which their files differ and statistics below.
    Compare,
    /// Files, series and statistics around one figure.
    Statistics,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OneFigure, Self::Compare, Self::Statistics];

    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::OneFigure => "one figure",
            Self::Compare => "compare",
            Self::Statistics => "statistics",
        }
    }

    /// The layout for so many views.
    pub fn layout(self, views: usize) -> Layout {
        let panels = match self {
            Self::OneFigure => vec![Panel::Files],
            Self::Compare => vec![Panel::Files, Panel::Metadata, Panel::Stats],
            Self::Statistics => vec![Panel::Files, Panel::Series, Panel::Stats],
        };
        let panes = if self == Self::Compare { side_by_side(views) } else { Pane::default() };
        Layout { name: self.title().to_owned(), panels, panes, floating: Vec::new() }
    }
}

/// Up to three views in a row, four in a square; more are tabs of the first pane.
fn side_by_side(views: usize) -> Pane {
    let alone = |n: u64| Box::new(Pane::Tabs { views: vec![ViewId(n)], active: 0 });
    let beside = |share: f32, first, second| Pane::Split { vertical: false, share, first, second };
    match views {
        0 | 1 => Pane::default(),
        2 => beside(0.5, alone(0), alone(1)),
        3 => beside(1.0 / 3.0, alone(0), Box::new(beside(0.5, alone(1), alone(2)))),
        _ => Pane::Split {
            vertical: true,
            share: 0.5,
            first: Box::new(beside(0.5, alone(0), alone(1))),
            second: Box::new(beside(0.5, alone(2), alone(3))),
        },
    }
}

impl Workspace {
    /// Panels and places as they are now.
    pub fn layout(&self, name: &str) -> Layout {
        let placed = self.placed();
        let place = |id: ViewId| placed.iter().position(|other| *other == id);
        Layout {
            name: name.to_owned(),
            panels: self.panels.clone(),
            panes: self.panes.renamed(&|id| Some(ViewId(place(id)? as u64))),
            floating: self.floating.iter().filter_map(|id| place(*id)).collect(),
        }
    }

    /// Puts panels and views where a layout says. No view is lost, and the one with the focus stays in front.
    pub fn arrange(&mut self, layout: &Layout) {
        let placed = self.placed();
        self.floating = layout.floating.iter().filter_map(|n| placed.get(*n).copied()).collect();
        let floating = self.floating.clone();
        let view = |id: ViewId| placed.get(id.0 as usize).copied().filter(|id| !floating.contains(id));
        self.panes = layout.panes.renamed(&view);
        let there = self.panes.views();
        for id in placed.iter().filter(|id| !there.contains(id) && !self.floating.contains(id)) {
            self.panes.push(*id);
        }
        self.panels.clone_from(&layout.panels);
        self.full_screen = false;
        if let Some(focus) = self.focus {
            self.panes.show(focus);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_views(count: usize) -> Workspace {
        let mut w = Workspace::default();
        for _ in 0..count {
            w.open_view(None);
        }
        w
    }

    #[test]
    fn a_layout_keeps_every_view_whatever_their_number() {
        let mut saved = with_views(3);
        let last = saved.focus.unwrap_or(ViewId(0));
        let first = saved.placed()[0];
        saved.panes.dock(last, first, super::super::panes::Side::Right);
        let layout = saved.layout("mine");
        for count in 0..6 {
            let mut w = with_views(count);
            let mut before = w.placed();
            let shapes = Preset::ALL.map(|preset| preset.layout(count));
            for layout in shapes.iter().chain([&layout]) {
                w.arrange(layout);
                let mut after = w.placed();
                after.sort_unstable();
                before.sort_unstable();
                assert_eq!(after, before, "{} of {count}", layout.name);
                assert_eq!(w.panels, layout.panels);
            }
        }
        saved.arrange(&Preset::OneFigure.layout(3));
        saved.arrange(&layout);
        assert_eq!(saved.panes.visible().len(), 2, "two panes again");
    }

    #[test]
    fn comparing_puts_views_side_by_side() {
        for (views, panes) in [(1, 1), (2, 2), (3, 3), (4, 4), (6, 4)] {
            let mut w = with_views(views);
            w.arrange(&Preset::Compare.layout(views));
            assert_eq!(w.panes.visible().len(), panes, "{views} views");
        }
    }
}
