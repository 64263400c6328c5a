//! Where views are: a tree of splits with groups of tabs as leaves. Plain data; the window only paints it.

use serde::{Deserialize, Serialize};

use super::view::ViewId;

/// A part of the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pane {
    /// Views on top of each other, one of them shown.
    Tabs {
        /// In order.
        views: Vec<ViewId>,
        /// Index of the one shown.
        active: usize,
    },
    /// Two parts side by side or above each other.
    Split {
        /// Above each other.
        vertical: bool,
        /// Share of the first one, 0–1.
        share: f32,
        /// Left or upper part.
        first: Box<Pane>,
        /// Right or lower part.
        second: Box<Pane>,
    },
}

/// Where a dragged tab is dropped on another view's pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Among its tabs.
    Centre,
    /// A new pane at this side of it.
    Left,
    /// See `Left`.
    Right,
    /// See `Left`.
    Top,
    /// See `Left`.
    Bottom,
}

impl Default for Pane {
    fn default() -> Self {
        Self::Tabs { views: Vec::new(), active: 0 }
    }
}

impl Pane {
    /// All views, from left to right and from top to bottom.
    pub fn views(&self) -> Vec<ViewId> {
        match self {
            Self::Tabs { views, .. } => views.clone(),
            Self::Split { first, second, .. } => [first.views(), second.views()].concat(),
        }
    }

    /// The views that can be seen: one of each group of tabs.
    pub fn visible(&self) -> Vec<ViewId> {
        match self {
            Self::Tabs { views, active } => views.get(*active).copied().into_iter().collect(),
            Self::Split { first, second, .. } => [first.visible(), second.visible()].concat(),
        }
    }

    fn tabs_with(&mut self, view: ViewId) -> Option<(&mut Vec<ViewId>, &mut usize)> {
        match self {
            Self::Tabs { views, active } => views.contains(&view).then_some((views, active)),
            Self::Split { first, second, .. } => first.tabs_with(view).or_else(|| second.tabs_with(view)),
        }
    }

    /// Brings a view to the front of its tabs.
    pub fn show(&mut self, view: ViewId) {
        if let Some((views, active)) = self.tabs_with(view) {
            *active = views.iter().position(|v| *v == view).unwrap_or(0);
        }
    }

    /// Adds a view behind the tab of another, or to the first group of tabs, and shows it.
    pub fn add(&mut self, view: ViewId, beside: ViewId) {
        let place = match self.tabs_with(beside) {
            Some((views, active)) => {
                let at = views.iter().position(|v| *v == beside).map_or(views.len(), |i| i + 1);
                views.insert(at, view);
                *active = at;
                return;
            }
            None => self.first_tabs(),
        };
        place.0.push(view);
        *place.1 = place.0.len() - 1;
    }

    fn first_tabs(&mut self) -> (&mut Vec<ViewId>, &mut usize) {
        match self {
            Self::Tabs { views, active } => (views, active),
            Self::Split { first, .. } => first.first_tabs(),
        }
    }

    /// Adds a view behind all tabs of the first group; what is in front stays there.
    pub fn push(&mut self, view: ViewId) {
        self.first_tabs().0.push(view);
    }

    /// The same panes with other views in them; panes without any go.
    #[must_use]
    pub fn renamed(&self, name: &impl Fn(ViewId) -> Option<ViewId>) -> Self {
        match self {
            Self::Tabs { views, active } => {
                let front = views.get(*active).copied().and_then(name);
                let views: Vec<ViewId> = views.iter().copied().filter_map(name).collect();
                let active = front.and_then(|front| views.iter().position(|v| *v == front)).unwrap_or(0);
                Self::Tabs { views, active }
            }
            Self::Split { vertical, share, first, second } => {
                let (first, second) = (first.renamed(name), second.renamed(name));
                match (first.views().is_empty(), second.views().is_empty()) {
                    (true, _) => second,
                    (_, true) => first,
                    _ => Self::Split {
                        vertical: *vertical,
                        share: *share,
                        first: Box::new(first),
                        second: Box::new(second),
                    },
                }
            }
        }
    }

    /// Takes a view out; panes without tabs go.
    pub fn remove(&mut self, view: ViewId) {
        match self {
            Self::Tabs { views, active } => {
                if let Some(at) = views.iter().position(|v| *v == view) {
                    views.remove(at);
                    if *active > at || *active >= views.len() {
                        *active = active.saturating_sub(1);
                    }
                }
            }
            Self::Split { first, second, .. } => {
                first.remove(view);
                second.remove(view);
                let rest = match (first.views().is_empty(), second.views().is_empty()) {
                    (true, _) => Some(std::mem::take(&mut **second)),
                    (_, true) => Some(std::mem::take(&mut **first)),
                    _ => None,
                };
                if let Some(rest) = rest {
                    *self = rest;
                }
            }
        }
    }

    /// Moves or adds a view to a side of another one's pane.
    pub fn dock(&mut self, view: ViewId, target: ViewId, side: Side) {
        let alone = self.tabs_with(target).is_some_and(|(views, _)| *views == [view]);
        if view == target && (alone || side == Side::Centre) {
            return;
        }
        let anchor = if view == target {
            // The pane keeps its other tabs; one of them names it.
            self.tabs_with(target).and_then(|(views, _)| views.iter().copied().find(|v| *v != view))
        } else {
            Some(target)
        };
        let Some(anchor) = anchor else { return };
        self.remove(view);
        if side == Side::Centre {
            self.add(view, anchor);
        } else {
            self.split(view, anchor, side);
        }
    }

    fn split(&mut self, view: ViewId, target: ViewId, side: Side) {
        match self {
            Self::Tabs { views, .. } if views.contains(&target) => {
                let old = Box::new(std::mem::take(self));
                let new = Box::new(Self::Tabs { views: vec![view], active: 0 });
                let vertical = matches!(side, Side::Top | Side::Bottom);
                let (first, second) = if matches!(side, Side::Left | Side::Top) { (new, old) } else { (old, new) };
                *self = Self::Split { vertical, share: 0.5, first, second };
            }
            Self::Tabs { .. } => {}
            Self::Split { first, second, .. } => {
                first.split(view, target, side);
                second.split(view, target, side);
            }
        }
    }

    /// The share of a split, by its path from the root: `false` is the first part, `true` the second.
    pub fn set_share(&mut self, path: &[bool], to: f32) {
        if let Self::Split { share, first, second, .. } = self {
            match path.split_first() {
                None => *share = to.clamp(0.1, 0.9),
                Some((false, rest)) => first.set_share(rest, to),
                Some((true, rest)) => second.set_share(rest, to),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(pane: &Pane) -> Vec<u64> {
        pane.views().iter().map(|v| v.0).collect()
    }

    #[test]
    fn a_tab_dropped_at_a_side_splits_and_goes_back() {
        let mut pane = Pane::default();
        for id in 1..=3 {
            pane.add(ViewId(id), ViewId(id - 1));
        }
        assert_eq!(ids(&pane), [1, 2, 3]);
        pane.dock(ViewId(2), ViewId(2), Side::Right);
        assert_eq!(ids(&pane), [1, 3, 2]);
        assert_eq!(pane.visible().len(), 2);
        pane.dock(ViewId(1), ViewId(2), Side::Top);
        assert_eq!(ids(&pane), [3, 1, 2]);
        pane.set_share(&[true], 2.0);
        pane.dock(ViewId(2), ViewId(1), Side::Centre);
        pane.dock(ViewId(3), ViewId(1), Side::Centre);
        assert_eq!(ids(&pane), [1, 3, 2]);
        assert!(matches!(pane, Pane::Tabs { .. }), "{pane:?}");
    }

    #[test]
    fn docking_a_lonely_tab_on_itself_changes_nothing() {
        let mut pane = Pane::default();
        pane.add(ViewId(1), ViewId(0));
        let before = pane.clone();
        for side in [Side::Centre, Side::Left, Side::Right, Side::Top, Side::Bottom] {
            pane.dock(ViewId(1), ViewId(1), side);
            assert_eq!(pane, before);
        }
    }
}
