//! How to read.

use std::time::SystemTime;

/// How to read a file.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// Most bytes a file may decompress to. Default 2 GiB.
    pub max_bytes: u64,
    /// Of a file that is cut off, keep what parses and say so in a note, where otherwise it is an error.
    pub keep_partial: bool,
    /// What to do with raw values, which are 40 to 94 % of a file.
    pub raw: RawReading,
}

/// What to do with raw values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RawReading {
    /// Find them and keep their text; parse a series when it is asked for. For a figure of one file.
    #[default]
    Now,
    /// Keep nothing of them, of our own files not even decompress them; read the file again if one is asked for after all. For
    /// combinations of many files. A fault in that part of the file is found only then, and is a note.
    Later,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions { max_bytes: 2 << 30, keep_partial: false, raw: RawReading::Now }
    }
}

impl ReadOptions {
    /// The default, without raw values until they are asked for.
    pub fn without_raw() -> Self {
        ReadOptions { raw: RawReading::Later, ..Self::default() }
    }
}

/// What tells that a file is still the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileStamp {
    pub(crate) len: u64,
    pub(crate) modified: Option<SystemTime>,
}
