//! Figures: a plot of a test, options and data sets in; a [`scene::Scene`], a [`page::Page`], and SVG, PNG, PDF, JSON or
//! terminal text out.
//!
//! ```text
//! plot, options, data sets ── resolve ─► Scene ── layout(size, theme) ─► Page ── render ─► svg, png, pdf, terminal
//!                                          └──── json
//! ```
//!
//! - [`options`]: the figure options, one table for the command line and the viewer
//! - [`resolve`]: which numbers go where: data units, complete labels, limits; no pixels
//! - [`json`]: the scene for programs
//! - [`layout`], [`page`], [`text`], [`ticks`], [`theme`]: where things stand on paper, with the embedded font
//! - [`render`] puts ink on it
//!
//! It does not read files (`fa-format`), does not know the tests (`fa-catalog`), and computes no statistics of its own
//! (`fa-analyze`).
//!
//! ```
//! use fa_catalog::Catalog;
//! use fa_format::{DataSet, Metadata, RawSeries, RawValue};
//! use fa_plot::options::FigureOptions;
//! use fa_plot::resolve::{resolve, setup_from};
//!
//! let mut set = DataSet { metadata: Metadata::for_new_run("ping"), x_values: vec![0.0, 0.2], ..DataSet::default() };
//! set.series.insert("Ping (ms) ICMP".to_owned(), vec![10.0, 12.0]);
//! let mut samples = RawSeries::builder();
//! samples.push(1_500_000_000.1, &[("val", RawValue::Float(10.5))]);
//! set.raw.insert("Ping (ms) ICMP", samples.finish());
//!
//! let test = Catalog::builtin().expand(&setup_from(&set, None))?;
//! let scene = resolve("ping_cdf", &test, &[set], &FigureOptions::default())?;
//! let json = fa_plot::json::to_json(&scene);
//! assert_eq!(json["axes"][0]["series"][0]["x"][0], 10.5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod colour;
pub mod json;
pub mod layout;
pub mod options;
pub mod page;
pub mod render;
pub mod resolve;
pub mod scene;
pub mod si;
pub mod text;
pub mod theme;
pub mod ticks;
