//! What can be wrong with a file or with writing one.

use std::path::{Path, PathBuf};

/// Why a file could not be read.
///
/// Every message names the file and, where there is one, the byte: an offset into the *decompressed* text unless it says
/// otherwise. The last line names a likely cause or something to try.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The operating system refused.
    #[error("could not read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Zero bytes.
    #[error("{} is empty\nlikely cause: the program that wrote it stopped before the end; if `fa measure` did, try: fa recover", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Neither compressed nor the beginning of a JSON object.
    #[error("{} is not a Flent data file: {found}\ntry: file '{}'", path.display(), path.display())]
    NotFlent {
        /// The file.
        path: PathBuf,
        /// What it looks like instead.
        found: String,
    },
    /// The compressed data are damaged.
    #[error("{} is damaged: {format} data fail after {at} decompressed bytes: {cause}\nlikely cause: a bad copy or disk\ntry: {format} -t '{}'", path.display(), path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// `gzip` or `bzip2`.
        format: &'static str,
        /// Decompressed bytes before the damage.
        at: u64,
        /// What the decompressor said.
        cause: String,
    },
    /// The file ends too early.
    #[error("{} is cut off: {what} after {at} decompressed bytes\nlikely cause: an unfinished download or copy, or a full disk\ntry: copy it again, or use what is there: --keep-partial", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// What ended.
        what: &'static str,
        /// Decompressed bytes that are there.
        at: u64,
    },
    /// Decompresses to more than the limit.
    #[error("{} decompresses to more than {limit} bytes\nlikely cause: not a data file; real ones have at most some hundred MB\ntry: zcat '{}' | head -c 1000", path.display(), path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// [`ReadOptions::max_bytes`](crate::ReadOptions::max_bytes).
        limit: u64,
    },
    /// Compressed far beyond what measured numbers can be.
    #[error("{} is a decompression bomb: bytes {from} to {to} come from {compressed} compressed bytes\nlikely cause: not measured data", path.display())]
    Bomb {
        /// The file.
        path: PathBuf,
        /// Beginning of the suspicious stretch.
        from: u64,
        /// Its end.
        to: u64,
        /// What it was made from.
        compressed: u64,
    },
    /// Text that is not UTF-8.
    #[error("{}: byte {at} is not UTF-8\nlikely cause: the file was converted or damaged\ntry: zcat -f '{}' | tail -c +{at} | head -c 80 | xxd", path.display(), path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// First offending byte.
        at: u64,
    },
    /// Not valid JSON.
    #[error("{}: byte {at}: {what}{}\nlikely cause: the file was edited or damaged\ntry: zcat -f '{}' | tail -c +{at} | head -c 80", path.display(), in_place(place), path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
        /// What was expected or found.
        what: &'static str,
        /// Key or series, empty at the top.
        place: String,
    },
    /// Lists in lists in lists.
    #[error("{}: byte {at}: nested more than {limit} deep\nlikely cause: not a data file", path.display())]
    TooDeep {
        /// The file.
        path: PathBuf,
        /// Where the limit was passed.
        at: u64,
        /// The limit.
        limit: usize,
    },
    /// JSON, but of another shape.
    #[error("{}: byte {at}: {key} must be {want}, found {found}\nlikely cause: JSON of another program; a Flent file is an object with metadata, x_values and results", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Where.
        at: u64,
        /// Which key.
        key: String,
        /// What it should be.
        want: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A required key is missing.
    #[error("{} has no {key}\nlikely cause: JSON of another program; a Flent file is an object with metadata (with a NAME), x_values and results", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
    },
    /// From a newer program.
    #[error("{}: file format version {found} is newer than the newest known, {newest}\nlikely cause: written by a newer Flent or fa\ntry: update fa", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The newest this program reads.
        newest: u8,
    },
    /// A time that is no number.
    #[error("{}: x_values[{index}] is null, NaN or infinite\nlikely cause: the file was edited by hand", path.display())]
    XValue {
        /// The file.
        path: PathBuf,
        /// Which entry.
        index: usize,
    },
    /// A series and the times do not match.
    #[error("{}: series {series:?} has {got} values for {want} times\nlikely cause: the file was edited by hand", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// The series.
        series: String,
        /// Its values.
        got: usize,
        /// Entries in `x_values`.
        want: usize,
    },
}

fn in_place(place: &str) -> String {
    if place.is_empty() { String::new() } else { format!(" (in {place})") }
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The operating system refused.
    #[error("could not {doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The compressor gave up.
    #[error("could not compress: {code}\nlikely cause: out of memory")]
    Compress {
        /// What it said.
        code: String,
    },
    /// Data files are never overwritten.
    #[error("{} exists; data files are never overwritten\ntry: another name or folder", path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// The data set would not be readable.
    #[error("series {series:?} has {got} values for {want} times; such a file could not be read again")]
    Length {
        /// The series.
        series: String,
        /// Its values.
        got: usize,
        /// Entries in `x_values`.
        want: usize,
    },
    /// Without a NAME nobody can tell what the file is.
    #[error("the metadata have no NAME (of the test); such a file could not be read again")]
    NoName,
}

impl WriteError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        WriteError::Io { doing, path: path.to_owned(), source }
    }
}
