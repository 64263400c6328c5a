//! The only crate that talks to the kernel: sockets, clock, run loops, daemon, host facts.

mod bulk;
mod clock;
mod datagram;
pub mod host;
pub mod journal_writer;
mod probe_socket;
mod probing;
mod reflecting;
mod serve;
mod socket;
mod sys;
mod wait;

pub use fa_measure::access::Prefix;
pub use serve::{ServeError, ServeOptions, Server, serve};

/// This host's name; empty when the kernel does not tell.
pub(crate) fn host_name() -> String {
    nix::unistd::gethostname().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}
