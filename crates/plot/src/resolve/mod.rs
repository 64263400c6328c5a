//! Plot, options and data sets to [`Scene`](crate::scene::Scene).

mod error;

pub use error::PlotError;
