//! The viewer: files, figures, statistics, metadata, notes and live runs in a window.
//!
//! ```text
//! ui ── Action ─► state ── Effect ─► work ── Reply ─► state, figure ─► ui
//! ```
//!
//! - [`state`]: what the viewer is, plain data, and what actions do to it
//! - [`work`]: threads that read, compute, write and measure
//! - [`figure`]: from a view to the page that is painted, and what is under the pointer
//! - [`ui`]: the window, one panel per file; it reads the state and sends actions
//!
//! It knows no sockets: runs are started through what [`work::live::Measurer`] gives it.

pub mod figure;
pub mod state;
pub mod ui;
pub mod work;

pub use ui::{Options, Viewer};
