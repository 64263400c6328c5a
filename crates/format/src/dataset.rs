//! The loaded file.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::metadata::Metadata;
use crate::note::Note;
use crate::raw::RawValues;

/// The newest file version, and the one that is written.
pub const NEWEST_VERSION: u8 = 4;

/// What stands for a missing point (null in the file) in series and raw numbers: any NaN but [`NAN_LITERAL`].
pub const MISSING: f64 = f64::NAN;

/// What stands for the literal `NaN` of a file, which is not the same as null: a NaN with a payload of its own, so that it is written back as it was.
pub const NAN_LITERAL: f64 = f64::from_bits(0x7ff8_0000_0000_fa0a);

/// Is this the literal `NaN` of a file, and not a missing point?
pub fn is_nan_literal(value: f64) -> bool {
    value.to_bits() == NAN_LITERAL.to_bits()
}

/// One data file in memory, brought up to version 4.
#[derive(Debug, Clone, Default)]
pub struct DataSet {
    /// About the run.
    pub metadata: Metadata,
    /// Seconds from T0, one per step (or run numbers, for tests of several runs).
    pub x_values: Vec<f64>,
    /// The aligned series in the file's order, each as long as `x_values`; NaN where a point is missing.
    pub series: IndexMap<String, Vec<f64>>,
    /// Which numbers the file has without a fraction.
    pub integers: Integers,
    /// The samples as measured, per series.
    pub raw: RawValues,
    /// What was guessed, changed or left out while loading. Raw values add their own: see [`DataSet::all_notes`].
    pub notes: Vec<Note>,
    /// Where it was read from.
    pub path: Option<PathBuf>,
    /// Version of the file (the data are brought up to [`NEWEST_VERSION`]); 0 for a data set that never was a file.
    pub file_version: u8,
    /// Top-level keys that Flent does not define, in order.
    pub unknown: Map<String, Value>,
}

/// Positions, ascending, of the numbers that a file has without a fraction: `13`, not `13.0`. Python keeps the two apart, and so
/// does a file that is written again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Integers {
    /// Of the times.
    pub x_values: Vec<u32>,
    /// Of the values of series that have any.
    pub series: IndexMap<String, Vec<u32>>,
}

impl DataSet {
    /// Base name of the file it was read from; without a file, `DATA_FILENAME`.
    pub fn base_name(&self) -> String {
        let of_path = self.path.as_ref().and_then(|p| p.file_name()).map(|n| n.to_string_lossy().into_owned());
        of_path.or_else(|| self.metadata.data_filename().map(str::to_owned)).unwrap_or_default()
    }

    /// Flent's idea of a data set's length: the number of raw series. A data set of length 0 counts as empty: no CSV, nothing plotted.
    pub fn length(&self) -> usize {
        self.raw.series_count()
    }

    /// True if [`DataSet::length`] is 0; cheaper than asking for it.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Values of a series.
    pub fn series(&self, name: &str) -> Option<&[f64]> {
        self.series.get(name).map(Vec::as_slice)
    }

    /// The same data set without the text of its file and with packed samples, in about an eighth of the memory; parses all raw series. `None` where it does
    /// not come from a file, or has let go of the text already.
    ///
    /// ```
    /// # let dir = std::env::temp_dir().join(format!("fa-doc-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir)?;
    /// # let path = dir.join("x.flent");
    /// std::fs::write(&path, br#"{"metadata": {"NAME": "ping"}, "version": 4, "x_values": [0.0],
    ///     "results": {"Ping (ms)": [10.5]}, "raw_values": {"Ping (ms)": [{"t": 1588855601.5, "val": 10.5}]}}"#)?;
    /// let data = fa_format::read(&path, &fa_format::ReadOptions::default())?;
    /// let light = data.without_text().expect("it was read with its text");
    /// assert_eq!(light.raw, data.raw);
    /// assert!(light.memory_bytes() < data.memory_bytes() && light.without_text().is_none());
    /// # std::fs::remove_dir_all(&dir)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn without_text(&self) -> Option<Self> {
        let raw = self.raw.without_text()?;
        Some(Self {
            metadata: self.metadata.clone(),
            x_values: self.x_values.clone(),
            series: self.series.clone(),
            integers: self.integers.clone(),
            raw,
            notes: self.notes.clone(),
            path: self.path.clone(),
            file_version: self.file_version,
            unknown: self.unknown.clone(),
        })
    }

    /// Bytes of its numbers and, where it is still there, of its text; what is small is left out.
    pub fn memory_bytes(&self) -> usize {
        let grid: usize = self.series.values().map(|values| values.capacity() * 8).sum();
        self.x_values.capacity() * 8 + grid + self.raw.memory_bytes()
    }

    /// The notes of loading and those of raw values parsed so far.
    pub fn all_notes(&self) -> Vec<Note> {
        let mut notes = self.notes.clone();
        notes.extend(self.raw.notes());
        notes
    }
}

/// Metadata of a file without its arrays.
#[derive(Debug, Clone)]
pub struct Header {
    /// The same as a full read gives.
    pub metadata: Metadata,
    /// Version of the file, where it was cheap to know: Flent writes it after the data.
    pub version: Option<u8>,
    /// What was guessed or changed in the metadata.
    pub notes: Vec<Note>,
    /// Where it was read from.
    pub path: PathBuf,
}
