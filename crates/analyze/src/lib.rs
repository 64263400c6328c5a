//! Numbers from numbers: selection, statistics, CDF, boxes, computed series, export.

pub mod boxes;
pub mod cdf;
pub mod combine;
pub mod computed;
pub mod cutoff;
pub mod ellipse;
pub mod kind;
pub mod loss;
pub mod mos;
pub mod reduce;
pub mod run;
pub mod smooth;
pub mod stats;
