//! Real runs over loopback: no root, no network, no fixed ports.
#![expect(clippy::unwrap_used, reason = "tests")]

mod build;
mod collectors;
mod datagrams;
mod faults;
mod hostile;
mod options;
mod runs;
