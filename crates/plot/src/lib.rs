//! Plot + options + data sets to Scene, Page and SVG, PNG, PDF, terminal.

pub mod colour;
pub mod json;
pub mod options;
pub mod resolve;
pub mod scene;
