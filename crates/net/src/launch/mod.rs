//! Running a plan on this host: reach the far ends, connect, measure, collect.

mod connect;
mod control;
mod far;
pub(crate) mod local;
mod open;
mod pipe;
mod reach;
mod rehearse;
mod resolve;
mod run;

pub use local::ChildCommand;
pub use rehearse::{Answer, Rehearsal};

use crate::clock::Clock;
use fa_measure::{LaunchError, Launcher, Plan, Run};
use pipe::Pipe;
use run::Context;
use std::sync::Arc;
use tokio::sync::watch;

/// What a launcher needs to know besides the plan.
#[derive(Debug, Clone, Default)]
pub struct LaunchOptions {
    /// Key of servers that want one.
    pub key: Option<Vec<u8>>,
    /// What to start where `localhost` has no server; `None`: nothing.
    pub child: Option<ChildCommand>,
    /// Program version for the data file.
    pub version: String,
    /// Record what identifies this host, too: addresses, gateways, MAC addresses.
    pub extended: bool,
}

impl LaunchOptions {
    /// This program: its version, and itself as the server for `localhost`.
    pub fn this_program() -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { key: None, child: ChildCommand::this_program().ok(), version, extended: false }
    }
}

/// Runs plans on this host's network.
#[derive(Debug, Clone, Default)]
pub struct NetLauncher {
    options: LaunchOptions,
}

impl NetLauncher {
    /// A launcher with these options.
    pub fn new(options: LaunchOptions) -> Self {
        Self { options }
    }

    fn options(&self) -> &LaunchOptions {
        &self.options
    }
}

impl Launcher for NetLauncher {
    fn start(&self, plan: Plan) -> Result<Run, LaunchError> {
        let failed = |e: std::io::Error| LaunchError { what: format!("cannot start measuring: {e}"), hint: None };
        crate::raise_descriptor_limit();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (pipe, events) = Pipe::new();
        let (asked, stop) = watch::channel(None);
        let (plan, pipe, options) = (Arc::new(plan), Arc::new(pipe), self.options.clone());
        let context = Context { plan, options, clock: Clock::start(), pipe, stop };
        std::thread::Builder::new()
            .name("fa-run".into())
            .spawn(move || {
                runtime.block_on(run::run(context));
            })
            .map_err(failed)?;
        Ok(Run::new(events, move |how| {
            // After the end there is nobody to hear it.
            let _ = asked.send(Some(how));
        }))
    }
}
