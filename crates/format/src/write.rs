//! Writing version 4: what Flent 2.x opens, and what we can stop reading before the raw values.
//!
//! Keys are in the order metadata, version, x_values, results, (unknown ones,) raw_values. The raw values are a gzip
//! member of their own; both members together are one JSON text, so that any reader of gzip sees an ordinary file.
//! The same data set always gives the same bytes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use zlib_rs::{DeflateConfig, ReturnCode, Strategy, compress_bound, compress_slice};

use crate::dataset::{DataSet, NEWEST_VERSION};
use crate::error::WriteError;
use crate::json::{push_f64, push_string, push_value};

/// gzip of one member; 9 takes twice the time for 1 % less.
const DEFLATE: DeflateConfig = DeflateConfig {
    level: 6,
    strategy: Strategy::Default,
    mem_level: 9,
    // 15 for the largest window, and 16 for a gzip header, which carries no name and no time.
    window_bits: 15 + 16,
    method: zlib_rs::Method::Deflated,
};
/// Of the part with the results. Their numbers repeat by chance only: with matches of three or four bytes left out it is 7 %
/// smaller and a fifth quicker to decompress (level 7 is the lowest at which zlib-rs does that). Raw values, full of the same
/// keys, are not.
const NUMBERS: DeflateConfig = DeflateConfig { level: 7, strategy: Strategy::Filtered, ..DEFLATE };

/// The file as gzip, two members.
///
/// # Errors
/// [`WriteError::Length`] and [`WriteError::NoName`] for data that no reader would take.
pub fn to_bytes(data: &DataSet) -> Result<Vec<u8>, WriteError> {
    let (head, raw) = texts(data)?;
    let mut bytes = gzip(&head, NUMBERS)?;
    bytes.extend(gzip(&raw, DEFLATE)?);
    Ok(bytes)
}

/// The file as JSON text.
///
/// # Errors
/// As [`to_bytes`].
pub fn to_json(data: &DataSet) -> Result<String, WriteError> {
    let (mut head, raw) = texts(data)?;
    head.push_str(&raw);
    Ok(head)
}

/// Writes the file under a temporary name, synced, and then gives it its own: `.gz` is compressed with gzip, `.bz2` with
/// bzip2, anything else is plain text.
///
/// # Errors
/// [`WriteError::Exists`] if there is such a file, which stays as it is; [`WriteError::Io`].
pub fn save(data: &DataSet, path: &Path) -> Result<(), WriteError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(WriteError::Exists { path: path.to_owned() });
    }
    let bytes = match path.extension().and_then(|e| e.to_str()) {
        Some("gz") => to_bytes(data)?,
        Some("bz2") => bzip2(to_json(data)?.as_bytes()).map_err(|e| WriteError::io("compress", path, e))?,
        _ => to_json(data)?.into_bytes(),
    };
    let temporary = Temporary::create(path)?;
    temporary.fill(&bytes)?;
    temporary.become_final(path)
}

/// The part before the raw values, and the rest.
fn texts(data: &DataSet) -> Result<(String, String), WriteError> {
    if data.metadata.name().is_empty() {
        return Err(WriteError::NoName);
    }
    let want = data.x_values.len();
    if let Some((series, values)) = data.series.iter().find(|(_, values)| values.len() != want) {
        return Err(WriteError::Length { series: series.clone(), got: values.len(), want });
    }
    let mut out = String::from("{\n\"metadata\": ");
    push_value(&mut out, &Value::Object(data.metadata.as_map().clone()), Some(2));
    out.push_str(",\n\"version\": ");
    out.push_str(&NEWEST_VERSION.to_string());
    out.push_str(",\n\"x_values\": ");
    push_numbers(&mut out, &data.x_values, &data.integers.x_values);
    out.push_str(",\n\"results\": {");
    for (i, (name, values)) in data.series.iter().enumerate() {
        out.push_str(if i == 0 { "\n  " } else { ",\n  " });
        push_string(&mut out, name);
        out.push_str(": ");
        push_numbers(&mut out, values, data.integers.series.get(name).map_or(&[][..], Vec::as_slice));
    }
    out.push_str(if data.series.is_empty() { "}" } else { "\n}" });
    for (key, value) in &data.unknown {
        out.push_str(",\n");
        push_string(&mut out, key);
        out.push_str(": ");
        push_value(&mut out, value, Some(2));
    }
    out.push_str(",\n");
    let mut raw = String::from("\"raw_values\": ");
    data.raw.write(&mut raw);
    raw.push_str("\n}\n");
    Ok((out, raw))
}

/// A list of numbers, those at `integers` without a fraction.
fn push_numbers(out: &mut String, numbers: &[f64], mut integers: &[u32]) {
    out.push('[');
    for (i, value) in numbers.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        if let [first, rest @ ..] = integers
            && *first as usize == i
        {
            integers = rest;
            // -0 would lose its sign, and beyond 2^53 not every integer is a float.
            if value.fract() == 0.0
                && value.abs() < 9_007_199_254_740_992.0
                && (*value != 0.0 || value.is_sign_positive())
            {
                out.push_str(&(*value as i64).to_string());
                continue;
            }
        }
        push_f64(out, *value);
    }
    out.push(']');
}

fn gzip(text: &str, config: DeflateConfig) -> Result<Vec<u8>, WriteError> {
    let mut room = vec![0; compress_bound(text.len()) + 64];
    let (packed, code) = compress_slice(&mut room, text.as_bytes(), config);
    if code != ReturnCode::Ok {
        return Err(WriteError::Compress { code: format!("{code:?}") });
    }
    let len = packed.len();
    room.truncate(len);
    Ok(room)
}

fn bzip2(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(text)?;
    encoder.finish()
}

/// A file under a temporary name beside its target, removed unless it becomes final.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn create(target: &Path) -> Result<Self, WriteError> {
        let name = target.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        // Short, because the target's name may already be as long as the file system allows.
        let stem: String = name.chars().take(40).collect();
        let mut number = 0_u32;
        loop {
            let path = target.with_file_name(format!(".{stem}.{}-{number}.tmp", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Temporary { path, file }),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists && number < 1000 => number += 1,
                Err(e) => return Err(WriteError::io("create", &path, e)),
            }
        }
    }

    fn fill(&self, bytes: &[u8]) -> Result<(), WriteError> {
        let mut file = &self.file;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| WriteError::io("write", &self.path, e))
    }

    /// A second name for the file and then away with the first: unlike a rename this never replaces a file.
    fn become_final(self, target: &Path) -> Result<(), WriteError> {
        match fs::hard_link(&self.path, target) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                return Err(WriteError::Exists { path: target.to_owned() });
            }
            // File systems without links: take the name first, then replace our own empty file.
            Err(_) => {
                let taken = OpenOptions::new().write(true).create_new(true).open(target);
                taken.map_err(|e| match e.kind() {
                    io::ErrorKind::AlreadyExists => WriteError::Exists { path: target.to_owned() },
                    _ => WriteError::io("create", target, e),
                })?;
                fs::rename(&self.path, target).map_err(|e| WriteError::io("rename to", target, e))?;
            }
        }
        // The name is on disk only when the folder is; where folders cannot be opened there is nothing to do.
        let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove.
        let _ = fs::remove_file(&self.path);
    }
}
