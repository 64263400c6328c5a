//! Metadata without the arrays, stopping as early as the file allows.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::container::{Inflater, Step};
use super::{RawReading, ReadOptions, upgrade};
use crate::dataset::{Header, NEWEST_VERSION};
use crate::error::ReadError;
use crate::json::{Cursor, ValueNotes, value_of};
use crate::metadata::Metadata;
use crate::note::Note;

/// Compressed bytes to try first: the metadata of most files fit many times.
const FIRST: usize = 32 << 10;
/// Decompressed bytes per try.
const STEP: usize = 16 << 10;
/// Room for `, "version": 4,` after the metadata.
const AFTER: usize = 32;

/// Reads the metadata of a file, and decompresses no more of it than needed.
///
/// The metadata are the same as [`read`](crate::read) gives. Files whose metadata depend on their data (times without a zone, no
/// `TOTAL_LENGTH`, units of old versions) are read whole.
///
/// # Errors
/// As [`read`](crate::read), for what was looked at: a fault behind the metadata goes unseen.
pub fn read_header(path: &Path, options: &ReadOptions) -> Result<Header, ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let mut bytes = Vec::with_capacity(FIRST);
    file.by_ref().take(FIRST as u64).read_to_end(&mut bytes).map_err(io)?;
    if let Some(header) = early(&bytes, path, options)? {
        return Ok(header);
    }
    if bytes.len() == FIRST {
        // As in a full read, what has no end is not read to its end.
        file.take(options.max_bytes).read_to_end(&mut bytes).map_err(io)?;
        if let Some(header) = early(&bytes, path, options)? {
            return Ok(header);
        }
    }
    whole(&bytes, path, options)
}

/// Headers of many files, in parallel, in the order of `paths`.
pub fn index(paths: &[PathBuf]) -> Vec<Result<Header, ReadError>> {
    let options = ReadOptions::default();
    paths.par_iter().map(|path| read_header(path, &options)).collect()
}

/// [`read_header`] of bytes, for those that are all there.
///
/// # Errors
/// As [`read_header`].
pub fn read_header_bytes(bytes: &[u8], path: &Path, options: &ReadOptions) -> Result<Header, ReadError> {
    match early(bytes, path, options)? {
        Some(header) => Ok(header),
        None => whole(bytes, path, options),
    }
}

fn whole(bytes: &[u8], path: &Path, options: &ReadOptions) -> Result<Header, ReadError> {
    let options = ReadOptions { raw: RawReading::Now, ..options.clone() };
    let data = super::read_bytes(bytes, path, &options)?;
    Ok(Header { metadata: data.metadata, version: Some(data.file_version), notes: data.notes, path: path.to_owned() })
}

/// The header from the beginning of a file. `None` if that does not suffice, or something looks wrong: a full read will say what.
fn early(bytes: &[u8], path: &Path, options: &ReadOptions) -> Result<Option<Header>, ReadError> {
    let mut inflater = Inflater::new(bytes, path, options.max_bytes)?;
    let mut search = Search::default();
    let end = loop {
        let step = inflater.step(STEP)?;
        let text = inflater.out.text();
        match search.advance(text) {
            Found::End(end) => {
                if step == Step::More && text.len() < end + AFTER {
                    inflater.step(AFTER)?;
                }
                break end;
            }
            Found::NotFirst => return Ok(None),
            Found::NotYet if step == Step::End => return Ok(None),
            Found::NotYet => {}
        }
    };
    let text = inflater.out.text();
    let Ok(object) = std::str::from_utf8(&text[search.start..end]) else { return Ok(None) };
    let mut notes = ValueNotes::default();
    let Ok(Value::Object(metadata)) = value_of(&mut Cursor::new(object), "metadata", &mut notes) else {
        return Ok(None);
    };
    let version = version_after(&text[end..]);
    if version.is_some_and(|v| v > u64::from(NEWEST_VERSION) || v < 2) || upgrade::needs_the_data(&metadata) {
        return Ok(None);
    }
    if notes.non_finite > 0 {
        notes.notes.push(Note::NonFinite { place: "metadata".to_owned(), count: notes.non_finite });
    }
    Ok(header(metadata, notes.notes, version, path))
}

fn header(mut metadata: Map<String, Value>, mut notes: Vec<Note>, version: Option<u64>, path: &Path) -> Option<Header> {
    metadata.get("NAME").filter(|name| name.is_string())?;
    upgrade::times(&mut metadata, || None, &mut notes);
    upgrade::complete(&mut metadata, &[], path, &mut notes);
    let version = version.and_then(|v| u8::try_from(v).ok());
    Some(Header { metadata: Metadata::from_map(metadata), version, notes, path: path.to_owned() })
}

/// The version, if it follows the metadata as in our own files.
fn version_after(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).or_else(|e| std::str::from_utf8(&bytes[..e.valid_up_to()])).ok()?;
    let mut cursor = Cursor::new(text);
    if !cursor.take(b',') || cursor.string().ok()? != "version" || !cursor.take(b':') {
        return None;
    }
    cursor.peek()?;
    let start = cursor.at;
    cursor.number().ok()?;
    let end = cursor.at;
    // A number at the end of what is there may go on.
    cursor.peek()?;
    text[start..end].parse().ok()
}

/// Looks for the end of the metadata, in a text that grows.
#[derive(Debug, Default)]
struct Search {
    /// Where the object begins; 0 until known.
    start: usize,
    at: usize,
    depth: usize,
    in_string: bool,
}

enum Found {
    NotYet,
    /// The first key is another one.
    NotFirst,
    End(usize),
}

impl Search {
    fn advance(&mut self, bytes: &[u8]) -> Found {
        if self.start == 0 {
            match metadata_start(bytes) {
                Ok(Some(start)) => (self.start, self.at) = (start, start),
                Ok(None) => return Found::NotYet,
                Err(()) => return Found::NotFirst,
            }
        }
        while let Some(b) = bytes.get(self.at) {
            match (self.in_string, b) {
                (true, b'\\') => {
                    if self.at + 1 >= bytes.len() {
                        return Found::NotYet;
                    }
                    self.at += 1;
                }
                (_, b'"') => self.in_string = !self.in_string,
                (false, b'{' | b'[') => self.depth += 1,
                (false, b'}' | b']') => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Found::End(self.at + 1);
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        Found::NotYet
    }
}

/// Where the metadata object begins, if it is the first member; `None` while the text is too short to tell.
fn metadata_start(bytes: &[u8]) -> Result<Option<usize>, ()> {
    let mut at = 0;
    for part in ["{", "\"metadata\"", ":", "{"] {
        at += bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        if part.len() > bytes.len() - at {
            return Ok(None);
        }
        if !bytes[at..].starts_with(part.as_bytes()) {
            return Err(());
        }
        at += part.len();
    }
    Ok(Some(at - 1))
}
