//! What a user sees: commands, files, exit codes. One binary, so that it links once.
#![expect(clippy::unwrap_used, reason = "tests")]

mod command;
mod diff;
mod faults;
mod figures;
mod files;
mod help;
mod measure;
mod network;
mod spaces;
mod terminal;
mod window;
