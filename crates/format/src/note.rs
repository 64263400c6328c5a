//! What the reader guessed, changed or left out: data, to be shown, never silently mended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something about a file that is usable but doubtful, or was changed while loading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Note {
    /// An old version was brought up to the current one.
    Upgraded {
        /// Version of the file.
        from: u8,
    },
    /// Version 1 keeps raw values inside `SERIES_META`; they were moved to `raw_values`.
    RawMovedFromSeriesMeta {
        /// How many series.
        series: usize,
    },
    /// Version 1 without raw values: made from the results, marked `FAKE_RAW_VALUES`.
    RawMadeFromResults,
    /// `NETPERF_WRAPPER_VERSION` became `FLENT_VERSION`.
    VersionKeyRenamed,
    /// Units of raw values were converted, as every reader of files before version 4 must.
    RawConverted {
        /// The series.
        series: String,
        /// What was done.
        what: Conversion,
    },
    /// `MEAN_VALUE` of a series was in bits/s and is now in Mbits/s.
    MeanConverted {
        /// The series.
        series: String,
    },
    /// Times without a zone were the recorder's local time; whole hours were subtracted so that they fit the raw values.
    ZoneGuessed {
        /// Hours that the local time was ahead of UTC.
        hours: i64,
    },
    /// Times without a zone, and no raw value to guess the zone from: taken as UTC.
    ZoneUnknown,
    /// A time that could not be understood was left as it is.
    BadTime {
        /// The metadata key.
        key: String,
        /// Its value.
        text: String,
    },
    /// `TOTAL_LENGTH` was missing: the largest x value was taken.
    TotalLengthFromData {
        /// Seconds.
        secs: f64,
    },
    /// `DATA_FILENAME` lacked the suffix of the file and got it.
    FilenameCompleted {
        /// The name now.
        name: String,
    },
    /// The file has no `raw_values`: Flent takes it as empty.
    NoRawValues,
    /// Raw values of one series could not be used; everything else could.
    RawMalformed {
        /// The series.
        series: String,
        /// Offset into the decompressed file.
        at: u64,
        /// What is wrong there.
        what: String,
    },
    /// Raw values were to be read later, and that failed.
    RawUnavailable {
        /// Why.
        reason: String,
    },
    /// A key that occurs twice in one object; the later value counts.
    DuplicateKey {
        /// Which object.
        place: String,
        /// The key.
        key: String,
    },
    /// An integer with more digits than could be kept.
    NumberRounded {
        /// Which key.
        place: String,
        /// As it was written.
        text: String,
    },
    /// The literals NaN or Infinity, which JSON does not know but Python writes.
    NonFinite {
        /// Where: a series or metadata.
        place: String,
        /// How many.
        count: usize,
    },
    /// Keys of the file that Flent does not define; kept.
    UnknownKeys {
        /// The keys.
        keys: Vec<String>,
    },
    /// The file was cut off and what parses was kept.
    Truncated {
        /// Decompressed bytes used.
        at: u64,
        /// What ended early.
        what: String,
    },
    /// Of a file that was cut off: its version, which Flent writes near the end, was told from the program's.
    VersionGuessed {
        /// What was assumed.
        version: u8,
    },
    /// Of a file that was cut off: the series ended early and was filled up with missing values.
    SeriesPadded {
        /// The series.
        series: String,
        /// Values that were there.
        got: usize,
        /// Values now.
        want: usize,
    },
    /// Of a file that was cut off: `x_values` were missing or incomplete, and the rest are multiples of `STEP_SIZE`.
    TimesFromStep {
        /// The step in seconds.
        step_secs: f64,
    },
}

/// A unit conversion of raw values in files before version 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conversion {
    /// Round trips per second became milliseconds per round trip.
    RateToMilliseconds,
    /// Seconds became milliseconds.
    SecondsToMilliseconds,
    /// Cumulative air time per station became differences.
    AirtimeToDifferences,
    /// Cumulative `dropped` and `ecn_mark` became differences.
    DropsToDifferences,
}

impl fmt::Display for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Conversion::RateToMilliseconds => "round trips per second to milliseconds",
            Conversion::SecondsToMilliseconds => "seconds to milliseconds",
            Conversion::AirtimeToDifferences => "cumulative air time to differences",
            Conversion::DropsToDifferences => "cumulative drops and marks to differences",
        })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Upgraded { from } => write!(f, "upgraded from file version {from}"),
            Note::RawMovedFromSeriesMeta { series } => {
                write!(f, "raw values of {series} series moved out of SERIES_META")
            }
            Note::RawMadeFromResults => f.write_str("no raw values: made from the results (FAKE_RAW_VALUES)"),
            Note::VersionKeyRenamed => f.write_str("NETPERF_WRAPPER_VERSION renamed to FLENT_VERSION"),
            Note::RawConverted { series, what } => write!(f, "raw values of {series:?} converted: {what}"),
            Note::MeanConverted { series } => write!(f, "MEAN_VALUE of {series:?} converted from bits/s to Mbits/s"),
            Note::ZoneGuessed { hours } => {
                write!(f, "times have no zone: guessed UTC{hours:+} from the raw values and converted to UTC")
            }
            Note::ZoneUnknown => f.write_str("times have no zone and no raw value tells it: taken as UTC"),
            Note::BadTime { key, text } => write!(f, "{key} is not a time: {text:?}"),
            Note::TotalLengthFromData { secs } => write!(f, "TOTAL_LENGTH was missing: {secs} s from the data"),
            Note::FilenameCompleted { name } => write!(f, "DATA_FILENAME completed to {name:?}"),
            Note::NoRawValues => f.write_str("no raw values in the file: Flent takes it as empty"),
            Note::RawMalformed { series, at, what } => {
                write!(f, "raw values of {series:?} left out: byte {at}: {what}")
            }
            Note::RawUnavailable { reason } => write!(f, "raw values could not be read: {reason}"),
            Note::DuplicateKey { place, key } => write!(f, "key {key:?} occurs twice in {place}: the later one counts"),
            Note::NumberRounded { place, text } => write!(f, "integer {text} in {place} was rounded"),
            Note::NonFinite { place, count } => write!(f, "{count} NaN or Infinity literals in {place}"),
            Note::UnknownKeys { keys } => write!(f, "keys Flent does not define were kept: {}", keys.join(", ")),
            Note::Truncated { at, what } => write!(f, "the file was cut off ({what}): kept what parses, {at} bytes"),
            Note::VersionGuessed { version } => {
                write!(f, "the file version was cut off: {version} assumed from the program that wrote the file")
            }
            Note::SeriesPadded { series, got, want } => {
                write!(f, "series {series:?} was cut off: {got} values filled up to {want}")
            }
            Note::TimesFromStep { step_secs } => write!(f, "x_values were cut off: multiples of {step_secs} s taken"),
        }
    }
}
