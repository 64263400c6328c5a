//! [`Launcher`]: how a plan becomes events, whoever does it.
//!
//! The command line and the viewer start runs through this trait and never see a socket; tests give them a launcher
//! that plays prepared events.

use crate::event::Event;
use crate::plan::Plan;
use std::sync::mpsc::Receiver;
use thiserror::Error;

/// Starts runs.
pub trait Launcher: Send + Sync {
    /// Starts `plan` and returns as soon as its events begin to flow.
    ///
    /// Connecting to the far ends is part of the run: whatever goes wrong from there on comes as events. Only a test
    /// that cannot start at all (no far end reachable) ends with [`EndReason::Failed`](crate::event::EndReason).
    ///
    /// # Errors
    /// [`LaunchError`] when this host cannot run anything, for example when it has no threads left.
    fn start(&self, plan: Plan) -> Result<Run, LaunchError>;
}

/// What becomes of a run that is stopped before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Stop everything at once; nothing more is fetched from the far ends.
    Discard,
    /// End gracefully: stop the flows, fetch what the far ends kept.
    Keep,
}

/// A run under way.
pub struct Run {
    /// Its events; the channel closes after [`What::Ended`](crate::event::What::Ended). It is bounded: what a slow
    /// reader makes it lose is counted and told by [`What::Overflow`](crate::event::What::Overflow).
    pub events: Receiver<Event>,
    stop: Box<dyn Fn(Stop) + Send + Sync>,
}

impl Run {
    /// A run from its events and what stops it. `stop` may be called from any thread, more than once.
    pub fn new(events: Receiver<Event>, stop: impl Fn(Stop) + Send + Sync + 'static) -> Self {
        Self { events, stop: Box::new(stop) }
    }

    /// Asks the run to end; it does so by itself, with the events that are still due.
    pub fn stop(&self, how: Stop) {
        (self.stop)(how);
    }

    /// The two halves, for a reader in one thread and a stop button in another.
    pub fn split(self) -> (Receiver<Event>, Box<dyn Fn(Stop) + Send + Sync>) {
        (self.events, self.stop)
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}

/// A run that could not be started.
#[derive(Debug, Error)]
#[error("{what}{}", hint.as_ref().map(|h| format!("\n{h}")).unwrap_or_default())]
pub struct LaunchError {
    /// What could not be done, and why.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}
