//! Numbers from numbers: selection, statistics, CDF, boxes, computed series, export.

pub mod boxes;
pub mod cdf;
pub mod cutoff;
pub mod ellipse;
pub mod mos;
pub mod smooth;
pub mod stats;
