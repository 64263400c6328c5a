//! Tables for notebooks, spreadsheets and data bases, as CSV.
//!
//! UTF-8, LF, quotes where RFC 4180 wants them, `.` as decimal point, the fewest digits that read back as the same number;
//! missing is empty. Times are UTC (ISO 8601) or seconds. Columns and rows have a fixed order, units are canonical
//! (Mbit/s, ms, s, bytes, packets, 1), and every table can be joined with the others by `run_id`.

pub mod flent;
mod ident;
mod runs;
mod samples;
mod summary;
mod wide;

use std::io::Write;
use std::str::FromStr;

use fa_catalog::Expanded;
use fa_format::DataSet;
use sha2::{Digest, Sha256};

use crate::cutoff::Cutoff;
use crate::run::Run;

pub use ident::{canonical_unit, series_id};

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// One row per raw sample (long form).
    Samples,
    /// One row per step of the time grid, one column per series.
    Wide,
    /// One row per series with its statistics.
    Summary,
    /// One row per run.
    Runs,
}

/// A table that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no table `{0}`: use samples, wide, summary or runs")]
pub struct UnknownTable(pub String);

impl FromStr for TableKind {
    type Err = UnknownTable;

    fn from_str(name: &str) -> Result<Self, UnknownTable> {
        match name {
            "samples" => Ok(Self::Samples),
            "wide" => Ok(Self::Wide),
            "summary" => Ok(Self::Summary),
            "runs" => Ok(Self::Runs),
            _ => Err(UnknownTable(name.to_owned())),
        }
    }
}

/// A run to export.
#[derive(Debug)]
pub struct ExportRun<'a> {
    /// Its numbers.
    pub run: Run<'a>,
    /// Its test.
    pub expanded: &'a Expanded,
    /// See [`run_id`].
    pub run_id: String,
    /// Size of the file, bytes, where it is one.
    pub size_bytes: Option<u64>,
}

impl<'a> ExportRun<'a> {
    /// A data set of a test, identified by [`run_id`] of its file.
    pub fn new(set: &'a DataSet, expanded: &'a Expanded, run_id: String, size_bytes: Option<u64>) -> Self {
        Self { run: Run::new(set, expanded), expanded, run_id, size_bytes }
    }
}

/// Choices of the user.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ExportOptions {
    /// Part of each run that counts; without one, statistics count what was planned of each series, other tables everything.
    pub window: Option<Cutoff>,
    /// In the table of samples every field of the kernel's state of connections, instead of those that explain most.
    pub every_field: bool,
}

/// What can go wrong: writing.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the table: {0}")]
pub struct ExportError(#[from] csv::Error);

/// Identity of a run: the first 12 hexadecimal digits of the SHA-256 of the uncompressed file. It survives renaming and
/// recompression.
///
/// ```
/// assert_eq!(fa_analyze::export::run_id(b""), "e3b0c44298fc");
/// ```
pub fn run_id(uncompressed: &[u8]) -> String {
    let digest = Sha256::digest(uncompressed);
    let head = digest.iter().take(6).fold(0u64, |head, byte| head << 8 | u64::from(*byte));
    format!("{head:012x}")
}

/// Writes a table of runs, in their order. Returns notes for the user: values that have no number.
///
/// # Errors
/// The writer failed.
pub fn write_csv(
    kind: TableKind,
    runs: &[ExportRun],
    options: ExportOptions,
    to: impl Write,
) -> Result<Vec<String>, ExportError> {
    write_table(kind, runs, options, to, true)
}

/// As [`write_csv`] without the head, to go below a table that was begun before. `Wide` and `Runs`, whose columns depend on
/// all runs, have their head here, too.
///
/// # Errors
/// As [`write_csv`].
pub fn write_csv_rows(
    kind: TableKind,
    runs: &[ExportRun],
    options: ExportOptions,
    to: impl Write,
) -> Result<Vec<String>, ExportError> {
    write_table(kind, runs, options, to, false)
}

fn write_table(
    kind: TableKind,
    runs: &[ExportRun],
    options: ExportOptions,
    to: impl Write,
    head: bool,
) -> Result<Vec<String>, ExportError> {
    let mut notes = Vec::new();
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(to);
    match kind {
        TableKind::Samples => notes = samples::write(&mut csv, runs, options, head)?,
        TableKind::Wide => wide::write(&mut csv, runs, options)?,
        TableKind::Summary => summary::write(&mut csv, runs, options, head)?,
        TableKind::Runs => runs::write(&mut csv, runs)?,
    }
    csv.flush().map_err(csv::Error::from)?;
    Ok(notes)
}

/// A number with the fewest digits that read back the same; nothing for a missing one.
fn number(value: f64) -> String {
    match value {
        _ if !value.is_finite() => String::new(),
        // Not `-0`: a stamp a little before the start, rounded.
        0.0 => "0".to_owned(),
        _ => value.to_string(),
    }
}

fn optional(value: Option<f64>) -> String {
    value.map(number).unwrap_or_default()
}

/// ISO 8601, UTC, microseconds.
fn utc(unix_secs: f64) -> String {
    let micros = (unix_secs * 1e6).round();
    if !micros.is_finite() {
        return String::new();
    }
    let at = jiff::Timestamp::from_microsecond(micros as i64);
    at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()).unwrap_or_default()
}

/// Values on Unix time have microseconds at best: differences of them no more.
fn seconds(value: f64) -> String {
    number((value * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times() {
        assert_eq!(number(0.1), "0.1");
        assert_eq!(number(5.0), "5");
        assert_eq!(number(f64::NAN), "");
        assert_eq!((number(-0.0), seconds(-1e-9)), ("0".to_owned(), "0".to_owned()));
        assert_eq!(utc(1_436_816_311.530_151), "2015-07-13T19:38:31.530151Z");
        assert_eq!(seconds(0.600_000_000_000_000_1), "0.6");
    }

    #[test]
    fn a_run_is_known_by_its_content() {
        // SHA-256 of "abc" begins with ba7816bf 8f01.
        assert_eq!(run_id(b"abc"), "ba7816bf8f01");
    }
}
