//! The only crate that talks to the kernel: sockets, clock, run loops, daemon, host facts.

pub mod host;
pub mod journal_writer;
mod sys;
