//! Between frames: taking in what threads have made, and asking them for what is needed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Viewer, identify, metadata, stats};
use crate::state::{Action, Panel, Problem};
use crate::work::Reply;

/// How long the window's thread waits for a figure: a frame or two, so that quick changes do not flicker.
const PATIENCE: Duration = Duration::from_millis(12);

impl Viewer {
    /// Takes in what workers have to say, and asks them for what is needed. Draws nothing.
    pub fn logic(&mut self) {
        let (now, catalog) = (crate::work::monitor::Now::here(), Arc::clone(&self.catalog));
        let actions: Vec<Action> = self.followers.iter_mut().flat_map(|one| one.step(&catalog, now)).collect();
        self.followers.retain(|one| !one.is_over());
        for action in actions {
            self.act(action);
        }
        loop {
            let replies = self.workers.replies();
            if replies.is_empty() {
                break;
            }
            for reply in replies {
                self.take_in(reply);
            }
        }
        if let Some((plot, select)) = self.pending.clone()
            && let Some(view) = self.state.workspace.focused()
            && let Some(loaded) = view.docs.first().and_then(|doc| self.state.library.loaded(*doc)).cloned()
        {
            let id = view.id;
            self.pending = None;
            if let Some(plot) = plot {
                if loaded.plot(&plot).is_some() {
                    self.act(Action::SetPlot(id, plot));
                } else {
                    let text = format!("test {} has no plot {plot}: `fa list plots` names them", loaded.expanded.name);
                    self.act(Action::Problem(Problem::error(text)));
                }
            }
            if select.is_some() {
                self.act(Action::Brush(id, select));
                self.act(Action::ShowPanel(Panel::Stats));
            }
        }
        self.want();
        // What takes a moment only is waited for, so that the old figure does not flash up.
        let patience = Instant::now();
        let visible = self.state.workspace.visible();
        while !self.workers.is_inline()
            && visible.iter().any(|view| self.figures.is_waiting(*view))
            && patience.elapsed() < PATIENCE
        {
            match self.workers.wait(PATIENCE.saturating_sub(patience.elapsed())) {
                Some(reply) => self.take_in(reply),
                None => break,
            }
        }
        for reply in self.workers.replies() {
            self.take_in(reply);
        }
        self.want();
    }

    fn want(&mut self) {
        let visible = self.state.workspace.visible();
        for view in self.state.workspace.views.iter().filter(|v| visible.contains(&v.id) || v.same_scale) {
            self.figures.want(&self.state, view, &self.workers);
        }
        stats::want(self);
        metadata::want(self);
        let workspace = &self.state.workspace;
        self.figures.keep(|view| workspace.view(view).is_some());
        self.screen.painted.retain(|view, _| workspace.view(*view).is_some());
        self.screen.strips.retain(|view, _| workspace.view(*view).is_some());
    }

    fn take_in(&mut self, reply: Reply) {
        match reply {
            Reply::Act(action) => self.act(*action),
            Reply::Figure(view, figure) => self.figures.arrived(view, figure),
            Reply::Image(Ok(image)) => {
                self.image = Some(image);
                "the image is on the clipboard".clone_into(&mut self.state.status);
            }
            Reply::Image(Err(why)) => self.act(Action::Problem(Problem::error(why))),
            Reply::Thumb(key, made) => self.screen.thumbs.arrived(key, made),
            Reply::Identified(path, facts) => identify::arrived(self, &path, facts),
            Reply::Stats(key, all) => {
                if self.stats.asked.as_ref() == Some(&key) {
                    self.stats.asked = None;
                }
                self.stats.there = Some((key, all));
            }
            Reply::Diff(key, diff) => {
                if self.diff.asked.as_ref() == Some(&key) {
                    self.diff.asked = None;
                }
                self.diff.there = Some((key, diff));
            }
        }
    }
}
