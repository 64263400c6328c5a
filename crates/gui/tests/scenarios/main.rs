//! What people do in the window, through names of controls as a screen reader tells them; no display, no GPU.
//!
//! Numbers in names are those of the list of scenarios in the viewer's design. 31 (one window per user) is tested where the
//! socket is, in the command line; 36 (undo) in `state.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod access;
mod compare;
mod files;
mod keep;
mod live;
mod marks;
mod rooms;
mod view;
