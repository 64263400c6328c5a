//! The only crate that talks to the kernel: sockets, clock, run loops, daemon, host facts.
//!
//! [`Server`] is `fa serve`; [`NetLauncher`] runs a [`Plan`](fa_measure::Plan) against such servers and gives back
//! events. What to do is decided in `fa-measure`; here is how it is done on Linux.
//!
//! Two threads measure at each end. The *bulk* thread moves all byte streams, the *pulse* thread sends or reflects all
//! probes; everything else (control protocol, name lookup) is a third one's work and does not disturb them.
//!
//! It does not write files, choose tests or draw: events are all that leaves it.
//!
//! ```
//! use fa_measure::{Launcher, What};
//! use fa_net::{LaunchOptions, NetLauncher, ServeOptions, Server};
//! # use fa_catalog::Setup;
//! # use fa_measure::{plan::HostPlan, Plan, Settings};
//!
//! // A server on a free port of this host …
//! let options = ServeOptions { address: Some([127, 0, 0, 1].into()), port: 0, ..ServeOptions::default() };
//! let server = Server::start(options, |line| println!("{line}"))?;
//!
//! // … a plan against it, here of two probes and no flows …
//! # let host = HostPlan::at("127.0.0.1", server.addresses()[0].port());
//! # let setup = Setup { length_secs: 0.2, delay_secs: 0.0, step_secs: 0.05, ..Setup::new("ping", &["127.0.0.1"]) };
//! # let settings = Settings { hosts: vec![host], ..Settings::of(&setup) };
//! # let expanded = fa_catalog::Catalog::builtin().expand(&setup)?;
//! let plan = Plan::from_expanded(&expanded, &settings)?;
//!
//! // … and what happens.
//! let run = NetLauncher::new(LaunchOptions::this_program()).start(plan)?;
//! let replies = run.events.iter().filter(|event| matches!(event.what, What::ProbeReply(_))).count();
//! assert!(replies > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bulk;
mod clock;
mod collect;
mod datagram;
mod fetching;
mod group;
pub mod host;
pub mod journal_writer;
mod launch;
mod marks;
mod paced;
mod payload;
mod probe_socket;
mod probing;
mod reflecting;
mod serve;
mod socket;
mod spending;
mod sys;
mod wait;
mod worker;

pub use fa_measure::access::Prefix;
pub use fetching::check_object_list;
pub use launch::{Answer, ChildCommand, LaunchOptions, NetLauncher, Rehearsal};
pub use serve::{ServeError, ServeOptions, Server, serve};

/// This host's name; empty when the kernel does not tell.
pub(crate) fn host_name() -> String {
    nix::unistd::gethostname().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Allows as many open descriptors as this user may have: a thousand flows need a thousand.
pub(crate) fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        // Refused: the flows that do not fit fail one by one, with a hint.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
