//! Earlier and later workspaces.

use std::collections::VecDeque;

use super::rebase::Outside;
use super::workspace::Workspace;

/// Changes that can be taken back.
const DEPTH: usize = 200;

/// Changes of the same kind within this time are one, seconds.
const COALESCE_SECS: f64 = 0.4;

/// A workspace and the gesture that left it.
#[derive(Debug, Clone)]
struct Step {
    workspace: Workspace,
    gesture: &'static str,
}

/// What can be taken back and made again.
#[derive(Debug, Clone)]
pub struct History {
    past: VecDeque<Step>,
    future: Vec<Step>,
    depth: usize,
    last: Option<(&'static str, f64)>,
}

impl Default for History {
    fn default() -> Self {
        Self { past: VecDeque::new(), future: Vec::new(), depth: DEPTH, last: None }
    }
}

impl History {
    /// With another depth.
    pub fn with_depth(depth: usize) -> Self {
        Self { depth, ..Self::default() }
    }

    /// Remembers the workspace before a change.
    pub fn push(&mut self, before: Workspace, gesture: &'static str, now_secs: f64) {
        let coalesced =
            self.last.is_some_and(|(last, at)| last == gesture && (0.0..COALESCE_SECS).contains(&(now_secs - at)));
        self.last = Some((gesture, now_secs));
        self.future.clear();
        if coalesced && !self.past.is_empty() {
            return;
        }
        self.past.push_back(Step { workspace: before, gesture });
        if self.past.len() > self.depth {
            self.past.pop_front();
        }
    }

    /// The workspace before the last change, and what that was.
    pub fn undo(&mut self, now: &Workspace) -> Option<(Workspace, &'static str)> {
        let step = self.past.pop_back()?;
        self.last = None;
        self.future.push(Step { workspace: now.clone(), gesture: step.gesture });
        Some((step.workspace, step.gesture))
    }

    /// The workspace after the change that was taken back last.
    pub fn redo(&mut self, now: &Workspace) -> Option<(Workspace, &'static str)> {
        let step = self.future.pop()?;
        self.last = None;
        self.past.push_back(Step { workspace: now.clone(), gesture: step.gesture });
        Some((step.workspace, step.gesture))
    }

    /// Takes what changed between two workspaces, and is no step, into all that are remembered: it stays whatever is undone.
    pub(super) fn absorb(&mut self, before: &Workspace, after: &Workspace) {
        if self.past.is_empty() && self.future.is_empty() {
            return;
        }
        let change = Outside::between(before, after);
        if change.is_none() {
            return;
        }
        for step in self.past.iter_mut().chain(&mut self.future) {
            step.workspace.take_in(&change);
        }
    }

    /// What undo would take back.
    pub fn undoable(&self) -> Option<&'static str> {
        self.past.back().map(|step| step.gesture)
    }

    /// What redo would make again.
    pub fn redoable(&self) -> Option<&'static str> {
        self.future.last().map(|step| step.gesture)
    }
}
