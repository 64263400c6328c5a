//! Numbers from numbers: which values a series has, statistics, distributions, groups of files, tables.
//!
//! It does not read files (`fa-format` does), does not know what tests and plots there are (`fa-catalog`), and draws
//! nothing (`fa-plot`). All functions are pure; a missing value is NaN and enters no statistic.
//!
//! - [`run`]: a data file, or several joined in time, to compute with: raw samples, time grid, computed series
//! - [`stats`], [`cdf`], [`boxes`], [`ellipse`], [`mos`], [`smooth`], [`cutoff`], [`loss`], [`density`], [`pair`]:
//!   statistics over plain numbers
//! - [`reduce`], [`combine`]: one number per series and file, many files in groups
//! - [`summary`], [`export`], [`export::flent`]: what people, notebooks and old scripts read
//! - [`metadiff`]: in what the settings of runs differ
//!
//! Where Flent's numbers follow from a mistake, ours differ: `docs/differences-from-flent.md`.
//!
//! ```
//! use fa_analyze::run::Run;
//! use fa_analyze::summary::{Summary, SummaryOptions};
//! use fa_catalog::{Catalog, Setup};
//! use fa_format::{DataSet, Metadata, RawSeries, RawValue};
//!
//! let mut set = DataSet { metadata: Metadata::for_new_run("ping"), x_values: vec![0.0, 0.2], ..DataSet::default() };
//! set.series.insert("Ping (ms) ICMP".to_owned(), vec![10.0, 12.0]);
//! let mut samples = RawSeries::builder();
//! samples.push(1_500_000_000.0, &[("seq", RawValue::Int(1)), ("val", RawValue::Float(10.0))]);
//! samples.push(1_500_000_000.4, &[("seq", RawValue::Int(3)), ("val", RawValue::Float(14.0))]);
//! set.raw.insert("Ping (ms) ICMP", samples.finish());
//!
//! let test = Catalog::builtin().expand(&Setup::new("ping", &["example.net"]))?;
//! let summary = Summary::new(&Run::new(&set, &test), &test, SummaryOptions::default());
//! assert_eq!((summary.rows[0].n, summary.rows[0].mean, summary.rows[0].loss), (2, Some(12.0), Some(1.0 / 3.0)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod boxes;
pub mod cdf;
pub mod combine;
pub mod computed;
pub mod cutoff;
pub mod density;
pub mod ellipse;
pub mod export;
pub mod key;
pub mod kind;
pub mod loss;
pub mod metadiff;
pub mod mos;
pub mod needs;
pub mod pair;
pub mod plan;
pub mod reduce;
pub mod run;
pub mod smooth;
pub mod stats;
pub mod summary;
