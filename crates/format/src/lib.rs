//! `.flent.gz` data files: what is in them, reading every version, writing, and an index of many.
//!
//! It reads what Flent (and netperf-wrapper) wrote in ten years, versions 1 to 4, brings it up to version 4 with a
//! [`Note`] for everything guessed or changed, and writes version 4 that Flent 2.x opens. Raw samples are found while
//! reading and parsed for a series when it is asked for.
//!
//! It does not compute (averages, combinations and statistics are `fa-analyze`), knows no test and no plot, and never overwrites a file.
//!
//! ```
//! use fa_format::{DataSet, Metadata, RawSeries, RawValue, ReadOptions, read_bytes, to_bytes};
//!
//! let mut data = DataSet { metadata: Metadata::for_new_run("ping"), x_values: vec![0.0, 0.2], ..DataSet::default() };
//! data.series.insert("Ping (ms)".to_owned(), vec![10.5, fa_format::MISSING]);
//! let mut samples = RawSeries::builder();
//! samples.push(1588855601.5, &[("seq", RawValue::Int(1)), ("val", RawValue::Float(10.5))]);
//! data.raw.insert("Ping (ms)", samples.finish());
//!
//! let bytes = to_bytes(&data)?;
//! let again = read_bytes(&bytes, "ping.flent.gz".as_ref(), &ReadOptions::default())?;
//! assert_eq!(again.series["Ping (ms)"][0], 10.5);
//! assert!(again.series["Ping (ms)"][1].is_nan());
//! assert_eq!(again.raw.series("Ping (ms)"), data.raw.series("Ping (ms)"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod column;
mod dataset;
mod error;
mod json;
mod metadata;
mod name;
mod note;
mod raw;
mod read;
mod time;
mod write;

pub use column::{Column, Packed};
pub use dataset::{DataSet, Header, Integers, MISSING, NAN_LITERAL, NEWEST_VERSION, is_nan_literal};
pub use error::{ReadError, WriteError};
pub use json::is_non_finite_value as non_finite_literal;
pub use metadata::{ALWAYS_WRITTEN, Metadata};
pub use name::{file_name, sanitise_title};
pub use note::{Conversion, Note};
pub use raw::{RawNumbers, RawSeries, RawSeriesBuilder, RawValue, RawValues};
pub use read::{
    RawReading, ReadOptions, Wanted, index, read, read_bytes, read_header, read_header_bytes, read_only, uncompressed,
};
pub use time::time_text;
pub use write::{save, to_bytes, to_json};
