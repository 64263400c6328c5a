//! Plot + options + data sets to Scene, Page and SVG, PNG, PDF, terminal.

pub mod colour;
pub mod json;
pub mod layout;
pub mod options;
pub mod page;
pub mod render;
pub mod resolve;
pub mod scene;
pub mod text;
pub mod theme;
pub mod ticks;
