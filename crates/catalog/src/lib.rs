//! What tests and plots there are: TOML definitions, expressions, roles, expansion.
//!
//! A *test* says which flows, probes and collectors run when, which series they fill and which plots may be drawn of
//! them. Tests are TOML, the built-in ones and a user's own alike; [`Catalog::expand`] fills one in with hosts,
//! parameters and times and gives an [`Expanded`]: series and plots in order, every glob, count and expression
//! resolved. Names are Flent's, so a file of ten years ago gets its plots from its `NAME` and its metadata.
//!
//! This crate reads no files, measures nothing and draws nothing: definitions come in as text.
//!
//! ```
//! use fa_catalog::{Catalog, SeriesSource, Setup};
//!
//! let own = r#"
//!     [test.two_uploads]
//!     base = "tcp_nup"
//!     purpose = "Two uploads, the second marked background"
//!     set = { upload_streams = "2", markings = "CS0,CS1" }
//! "#;
//! let catalog = Catalog::builtin().with_file("mine.toml", own)?;
//! let test = catalog.expand(&Setup::new("two_uploads", &["example.net"]))?;
//! let SeriesSource::Flow(flow) = &test.series["TCP upload::2"].source else { panic!("not a flow") };
//! assert_eq!(flow.tos, Some((32, 32)));
//! assert_eq!(flow.start_secs, 5.0);
//! # Ok::<(), fa_catalog::CatalogError>(())
//! ```

mod catalog;
pub mod child;
mod doc;
mod error;
mod expand;
mod expr;
pub mod glob;
mod inherit;
mod locate;
mod marking;
mod model;
mod template;

pub use catalog::{Catalog, TestSummary};
pub use error::CatalogError;
pub use marking::{tos, tos_name};
pub use model::*;
