//! Plot + options + data sets to Scene, Page and SVG, PNG, PDF, terminal.

pub mod scene;
