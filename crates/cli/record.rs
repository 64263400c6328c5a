//! From a recorded run to its file: name, data set, warnings. The same for a run just ended and for a journal.

use std::path::{Path, PathBuf};

use fa_format::DataSet;
use fa_measure::recorder::Recorder;
use jiff::{Timestamp, tz::TimeZone};

use crate::failure::Failure;
use crate::output::Console;

/// A data set and the file it is in.
pub(crate) struct Saved {
    pub(crate) set: DataSet,
    pub(crate) path: PathBuf,
}

/// The data file's name by Flent's rules, in local time, from the start in microseconds since the Unix epoch.
pub(crate) fn file_name(test: &str, wall_unix_us: i64, title: &str) -> String {
    let at = Timestamp::from_microsecond(wall_unix_us).unwrap_or(Timestamp::UNIX_EPOCH);
    let at = at.to_zoned(TimeZone::system());
    // Flent's names have at most 250 characters; ours leave room for `.journal` and for a temporary name beside them.
    let shorter = fa_format::file_name(test, &at, "").len() + LONGEST_SUFFIX + 1;
    let title: String = title.chars().take(LONGEST_NAME.saturating_sub(shorter)).collect();
    fa_format::file_name(test, &at, &title)
}

/// Longest name that file systems take.
const LONGEST_NAME: usize = 255;
/// What is put before and behind the name of a data file while it is written.
const LONGEST_SUFFIX: usize = 32;

/// Writes the data file of a run into a folder, under its own name.
///
/// - `spare`: where to write it when that fails, because nothing else holds all of the run.
pub(crate) fn save(recorder: Recorder, folder: &Path, spare: Option<&Path>) -> Result<Saved, Failure> {
    let mut set = recorder.finish().map_err(Failure::failed)?;
    let started_us = (set.metadata.time_unix().unwrap_or(0.0) * 1e6).round() as i64;
    let name = file_name(set.metadata.name(), started_us, set.metadata.title());
    let path = if folder == Path::new(".") { PathBuf::from(&name) } else { folder.join(&name) };
    let Err(failure) = write(&mut set, &path) else { return Ok(Saved { set, path }) };
    let Some(path) = spare.map(|spare| spare.join(&name)) else { return Err(failure) };
    if write(&mut set, &path).is_err() {
        return Err(failure);
    }
    Console::warn(format!("{}\nit is in {} instead", failure.message, path.display()));
    Ok(Saved { set, path })
}

/// Writes a data set under a name of the caller's choice; never over an existing file.
pub(crate) fn save_as(mut set: DataSet, path: PathBuf) -> Result<Saved, Failure> {
    write(&mut set, &path)?;
    Ok(Saved { set, path })
}

fn write(set: &mut DataSet, path: &Path) -> Result<(), Failure> {
    if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
        set.metadata.set("DATA_FILENAME", name);
    }
    fa_format::save(set, path).map_err(Failure::failed)
}

/// What the recorder wants the reader of a file to know.
pub(crate) fn warnings(set: &DataSet) -> Vec<String> {
    let list = set.metadata.get("WARNINGS").and_then(|value| value.as_array());
    list.into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Series that failed, each with why.
pub(crate) fn failures(set: &DataSet) -> Vec<(String, String)> {
    let series = set.metadata.get("SERIES_META").and_then(|value| value.as_object());
    let error = |meta: &serde_json::Value| Some(meta.get("ERROR")?.as_str()?.to_owned());
    series.into_iter().flatten().filter_map(|(name, meta)| Some((name.clone(), error(meta)?))).collect()
}

/// A key file: its content without the line end.
pub(crate) fn read_key(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut key = std::fs::read(path).map_err(|e| Failure::usage(format!("--key {}: {e}", path.display())))?;
    while key.last().is_some_and(u8::is_ascii_whitespace) {
        key.pop();
    }
    if key.len() < 16 {
        return Err(Failure::usage(format!("--key {}: {} bytes are too easy to guess", path.display(), key.len()))
            .hint("make one with: head -c 32 /dev/urandom | base64 > key"));
    }
    Ok(key)
}
