//! Reading: bytes → text ([`container`]) → what the file says ([`image`]) → upgraded to version 4 ([`upgrade`]) → [`DataSet`].

mod container;
mod deflate;
mod header;
mod image;
mod options;
mod upgrade;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

pub use header::{index, read_header, read_header_bytes};
pub(crate) use options::FileStamp;
pub use options::{RawReading, ReadOptions};

use crate::dataset::{DataSet, NEWEST_VERSION};
use crate::error::ReadError;
use crate::json::{self, Cursor, Fault, FaultKind, MAX_DEPTH};
use crate::metadata::Metadata;
use crate::note::Note;
use crate::raw::{Index, Later, RawValues, Slot};
use container::{Inflater, Step};
use image::{Extent, Image, Problem};

/// How a text that must end at the raw values goes on, for the longest white space that we write: enough to see whether there are any.
const PEEK: usize = 256;

/// Reads a data file of any version; gzip, bzip2 or plain JSON, told by its content.
///
/// # Errors
/// See [`ReadError`]: each says file, place and likely cause. What is usable but doubtful is in [`DataSet::notes`] instead.
pub fn read(path: &Path, options: &ReadOptions) -> Result<DataSet, ReadError> {
    let (bytes, stamp) = bytes_of(path, options)?;
    read_inner(&bytes, path, options, Some(stamp), None)
}

/// What of a file is of use to somebody; the rest is let go of as soon as the file is read.
pub trait Wanted: Sync {
    /// Whether the values of this series are.
    fn series(&self, name: &str) -> bool;
    /// Whether the raw values of this series are, in a file with these metadata.
    fn raw(&self, name: &str, metadata: &Metadata) -> bool;
}

/// Reads a file for one purpose, to hold many at once: series that are not wanted are gone, raw values that are not wanted are
/// read again if somebody asks for them after all. [`ReadOptions::raw`] is not heeded.
///
/// # Errors
/// As [`read`]. A fault in raw values that are not wanted may go unseen.
pub fn read_only(path: &Path, options: &ReadOptions, wanted: &dyn Wanted) -> Result<DataSet, ReadError> {
    let (bytes, stamp) = bytes_of(path, options)?;
    let later = ReadOptions { raw: RawReading::Later, ..options.clone() };
    let mut data = read_inner(&bytes, path, &later, Some(stamp), Some(wanted))?;
    data.series.retain(|name, _| wanted.series(name));
    data.integers.series.retain(|name, _| wanted.series(name));
    data.series.shrink_to_fit();
    Ok(data)
}

fn bytes_of(path: &Path, options: &ReadOptions) -> Result<(Vec<u8>, FileStamp), ReadError> {
    let io = |source| ReadError::Io { path: path.to_owned(), source };
    let stamp = FileStamp::of(path).map_err(io)?;
    // A device or a pipe may have no end: what is larger than the limit even before decompressing is not read on.
    let mut bytes = Vec::with_capacity(stamp.len.min(options.max_bytes).min(1 << 30) as usize + 1);
    let mut file = File::open(path).map_err(io)?.take(options.max_bytes.saturating_add(1));
    file.read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > options.max_bytes {
        return Err(ReadError::TooLarge { path: path.to_owned(), limit: options.max_bytes });
    }
    Ok((bytes, stamp))
}

/// Reads a data file from memory; `path` serves messages and, by its suffix, `DATA_FILENAME`.
///
/// [`RawReading::Later`] means the same as `Now` here: there is no file to come back to.
///
/// # Errors
/// As [`read`], but for the file system.
///
/// ```
/// let text = br#"{"metadata": {"NAME": "ping", "TOTAL_LENGTH": 1}, "version": 4, "x_values": [0.0, 0.2],
///     "results": {"Ping (ms)": [10.5, null]}, "raw_values": {"Ping (ms)": [{"t": 1588855601.5, "val": 10.5}]}}"#;
/// let data = fa_format::read_bytes(text, "ping.flent".as_ref(), &fa_format::ReadOptions::default())?;
/// assert_eq!((data.metadata.name(), data.series["Ping (ms)"][0], data.length()), ("ping", 10.5, 1));
/// # Ok::<(), fa_format::ReadError>(())
/// ```
pub fn read_bytes(bytes: &[u8], path: &Path, options: &ReadOptions) -> Result<DataSet, ReadError> {
    read_inner(bytes, path, options, None, None)
}

/// The text of a data file as it was before compression: what identifies a run whatever it is packed in.
///
/// # Errors
/// As [`read_bytes`], for what concerns the container; the JSON is not looked at.
pub fn uncompressed(bytes: &[u8], path: &Path, options: &ReadOptions) -> Result<Vec<u8>, ReadError> {
    let mut inflater = Inflater::new(bytes, path, options.max_bytes)?;
    inflater.expect_all();
    Ok(inflater.finish()?.into_bytes())
}

/// `wanted` says which raw series stay, where the others are let go of; none without it.
fn read_inner(
    bytes: &[u8],
    path: &Path,
    options: &ReadOptions,
    stamp: Option<FileStamp>,
    wanted: Option<&dyn Wanted>,
) -> Result<DataSet, ReadError> {
    let mut inflater = Inflater::new(bytes, path, options.max_bytes)?;
    let file = stamp;
    let stamp = stamp.filter(|_| options.raw == RawReading::Later);
    let mut begun = None;
    if let Some(stamp) = stamp
        && let Some((image, empty)) = before_raw(&mut inflater, bytes.len())?
    {
        if empty || !wanted.is_some_and(|wanted| keeps_any(&image, wanted)) {
            let later = Later { path: path.to_owned(), options: options.clone(), stamp, empty, names: None };
            return finish(image, Some(RawValues::later(later)), Arc::default(), path, None);
        }
        begun = Some(image);
    }
    inflater.expect_all();
    let inflated = inflater.finish()?;
    let (cut, several) = (inflated.cut, !inflated.member_starts.is_empty());
    let mut text = utf8(inflated.into_bytes(), path, cut.is_some() && options.keep_partial)?;
    let mut cut_at = None;
    if let Some(what) = cut {
        if !options.keep_partial {
            return Err(ReadError::Truncated { path: path.to_owned(), what, at: text.len() as u64 });
        }
        cut_at = Some((text.len(), what));
        json::close(&mut text);
    }
    let begun = begun.filter(|_| cut_at.is_none());
    let image = match begun.map_or_else(|| image::read(&text, Extent::Whole), |image| image::read_on(image, &text)) {
        // The container is whole but the text is not: a member is missing, or a plain file was cut off.
        Err(Problem::Text { fault: Fault { kind: FaultKind::End, .. }, .. }) => {
            let at = text.len();
            // Our own files end a member there.
            let what = if text.trim_end().ends_with(',') && !several {
                "the JSON text ends, the second gzip member is missing"
            } else {
                "the JSON text ends"
            };
            if !options.keep_partial {
                return Err(ReadError::Truncated { path: path.to_owned(), what, at: at as u64 });
            }
            cut_at = cut_at.or(Some((at, what)));
            json::close(&mut text);
            image::read(&text, Extent::Whole)
        }
        other => other,
    };
    let image = image.map_err(|problem| problem.at(path))?;
    let text = Arc::new(text);
    let mut data = finish(image, None, text, path, cut_at)?;
    if let Some(stamp) = stamp {
        return Ok(data.without_raw_text(path, options, stamp, wanted));
    }
    if let Some(stamp) = file {
        // For those who let go of the text later.
        let later = Later { path: path.to_owned(), options: options.clone(), stamp, empty: false, names: None };
        data.raw.remember(later);
    }
    Ok(data)
}

/// Whether raw values of any of the series, or of a parent of one, are to stay.
fn keeps_any(image: &Image, wanted: &dyn Wanted) -> bool {
    let metadata = Metadata::from_map(image.metadata.clone().unwrap_or_default());
    let names = image.results.iter().flat_map(IndexMap::keys);
    let mut with_parents =
        names.flat_map(|name| [Some(name.as_str()), name.rsplit_once("::").map(|(parent, _)| parent)]);
    with_parents.any(|name| name.is_some_and(|name| wanted.raw(name, &metadata)))
}

/// Of one of our own files, everything but the raw values, without decompressing them; `None` for any other file. Says whether
/// there are no raw values.
fn before_raw(inflater: &mut Inflater<'_>, len: usize) -> Result<Option<(Image, bool)>, ReadError> {
    // Numbers shrink to less than half, and the raw values are the larger part of most files.
    inflater.expect_at_least(2 * len);
    loop {
        match inflater.step(64 << 10)? {
            Step::More => {}
            Step::End => return Ok(None),
            Step::MemberEnd => break,
        }
    }
    let Ok(text) = std::str::from_utf8(inflater.out.text()) else { return Ok(None) };
    let Ok(image) = image::read(text, Extent::FirstMember) else { return Ok(None) };
    if image.end.is_some() {
        return Ok(None);
    }
    let from = inflater.out.text().len();
    inflater.step(PEEK)?;
    let Ok(next) = std::str::from_utf8(&inflater.out.text()[from..]) else { return Ok(None) };
    let mut cursor = Cursor::new(next);
    let raw = cursor.string().is_ok_and(|key| key == "raw_values") && cursor.take(b':') && cursor.take(b'{');
    Ok(match (raw, cursor.peek()) {
        (true, Some(b'"')) => Some((image, false)),
        (true, Some(b'}')) => Some((image, true)),
        _ => None,
    })
}

fn utf8(bytes: Vec<u8>, path: &Path, cut: bool) -> Result<String, ReadError> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(e) => {
            let error = e.utf8_error();
            let at = error.valid_up_to();
            // The cut may have gone through a character.
            if cut && error.error_len().is_none() {
                let mut bytes = e.into_bytes();
                bytes.truncate(at);
                return Ok(String::from_utf8(bytes).unwrap_or_default());
            }
            Err(ReadError::NotUtf8 { path: path.to_owned(), at: at as u64 })
        }
    }
}

impl Problem {
    fn at(self, path: &Path) -> ReadError {
        let path = path.to_owned();
        match self {
            Problem::Text { fault: Fault { at, kind: FaultKind::TooDeep }, .. } => {
                ReadError::TooDeep { path, at: at as u64, limit: MAX_DEPTH }
            }
            Problem::Text { fault: Fault { at, kind: FaultKind::End }, .. } => {
                ReadError::Truncated { path, what: "the JSON text ends", at: at as u64 }
            }
            Problem::Text { fault, place } => {
                ReadError::Syntax { path, at: fault.at as u64, what: fault.what(), place }
            }
            Problem::Shape { at, key, want, found } => ReadError::Shape { path, at: at as u64, key, want, found },
        }
    }
}

/// From what the file says to the data set: checks and upgrades.
fn finish(
    image: Image,
    later: Option<RawValues>,
    text: Arc<String>,
    path: &Path,
    cut: Option<(usize, &'static str)>,
) -> Result<DataSet, ReadError> {
    let missing = |key| ReadError::Missing { path: path.to_owned(), key };
    let mut notes = image.notes;
    if let Some((at, what)) = cut {
        notes.push(Note::Truncated { at: at as u64, what: what.to_owned() });
    }
    let mut metadata = image.metadata.ok_or_else(|| missing("metadata"))?;
    let version = match (image.version, cut) {
        (Some(version), _) => version,
        (None, Some(_)) => {
            let version = upgrade::guess_version(&metadata);
            notes.push(Note::VersionGuessed { version });
            u64::from(version)
        }
        (None, None) => 1,
    };
    // Flent compares only upwards: 0 is as old as 1.
    let file_version = match u8::try_from(version) {
        Ok(v) if v <= NEWEST_VERSION => v.max(1),
        _ => return Err(ReadError::TooNew { path: path.to_owned(), found: version, newest: NEWEST_VERSION }),
    };
    if !metadata.get("NAME").is_some_and(Value::is_string) {
        return Err(missing("NAME"));
    }
    let mut series = match (image.results, cut) {
        (Some(results), _) => results,
        (None, Some(_)) => IndexMap::new(),
        (None, None) => return Err(missing("results")),
    };
    let x_values = match (image.x_values, cut) {
        (x, Some(_)) => with_times_from_step(x.unwrap_or_default(), &metadata, &series, &mut notes),
        (Some(x), None) => x,
        (None, None) => return Err(missing("x_values")),
    };
    if let Some(at) = x_values.iter().position(|x| !x.is_finite()) {
        return Err(ReadError::XValue { path: path.to_owned(), index: at });
    }
    if cut.is_some() {
        pad(&mut series, x_values.len(), &mut notes);
    }
    let want = x_values.len();
    if let Some((name, values)) = series.iter().find(|(_, values)| values.len() != want) {
        return Err(ReadError::Length { path: path.to_owned(), series: name.clone(), got: values.len(), want });
    }

    let no_raw = image.raw.is_none() && later.is_none();
    let mut raw = Index { text, slots: image.raw.unwrap_or_default(), ..Index::default() };
    if file_version < NEWEST_VERSION {
        notes.push(Note::Upgraded { from: file_version });
    }
    let mut faked = None;
    if file_version == 1 {
        let moved = upgrade::take_raw_from_series_meta(&mut metadata);
        if moved.is_empty() {
            let mut made = RawValues::default();
            for (name, values) in &series {
                made.insert(name, upgrade::fake_raw(&metadata, &x_values, values));
            }
            metadata.insert("FAKE_RAW_VALUES".to_owned(), true.into());
            notes.push(Note::RawMadeFromResults);
            faked = Some(made);
        } else {
            notes.push(Note::RawMovedFromSeriesMeta { series: moved.len() });
            raw = as_text(&moved);
        }
        upgrade::rename_version_key(&mut metadata, &mut notes);
    } else if no_raw {
        notes.push(Note::NoRawValues);
    }
    if file_version < NEWEST_VERSION && faked.is_none() {
        raw.convert = true;
        upgrade::mean_values(&mut metadata, &mut notes);
    }
    let raw = later.or(faked).unwrap_or_else(|| RawValues::from_index(raw));
    upgrade::times(&mut metadata, || raw.first_t(), &mut notes);
    upgrade::complete(&mut metadata, &x_values, path, &mut notes);
    Ok(DataSet {
        metadata: Metadata::from_map(metadata),
        x_values,
        series,
        integers: image.integers,
        raw,
        notes,
        path: Some(path.to_owned()),
        file_version,
        unknown: image.unknown,
    })
}

/// Raw values that were metadata, as text with places in it, like those of later versions.
fn as_text(moved: &IndexMap<String, Value>) -> Index {
    let mut text = String::new();
    let mut slots = IndexMap::new();
    for (name, entries) in moved {
        let start = text.len();
        json::push_value(&mut text, entries, None);
        slots.insert(name.clone(), Slot::at(start..text.len()));
    }
    Index { text: Arc::new(text), slots, ..Index::default() }
}

/// Of a file that was cut off before or in `x_values`: those missing are multiples of the step.
fn with_times_from_step(
    mut x_values: Vec<f64>,
    metadata: &serde_json::Map<String, Value>,
    series: &IndexMap<String, Vec<f64>>,
    notes: &mut Vec<Note>,
) -> Vec<f64> {
    let longest = series.values().map(Vec::len).max().unwrap_or(0);
    let step_secs = metadata.get("STEP_SIZE").and_then(Value::as_f64).unwrap_or(0.2);
    if longest > x_values.len() {
        notes.push(Note::TimesFromStep { step_secs });
        x_values.extend((x_values.len()..longest).map(|i| i as f64 * step_secs));
    }
    x_values
}

/// Of a file that was cut off: a series that ended early gets missing values.
fn pad(series: &mut IndexMap<String, Vec<f64>>, want: usize, notes: &mut Vec<Note>) {
    for (name, values) in series {
        if values.len() < want {
            notes.push(Note::SeriesPadded { series: name.clone(), got: values.len(), want });
            values.resize(want, crate::dataset::MISSING);
        }
    }
}

impl FileStamp {
    fn of(path: &Path) -> std::io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(FileStamp { len: metadata.len(), modified: metadata.modified().ok() })
    }
}

impl DataSet {
    /// Lets go of the text of the raw values, but for the series that are wanted; they are read again if somebody asks.
    fn without_raw_text(
        mut self,
        path: &Path,
        options: &ReadOptions,
        stamp: FileStamp,
        wanted: Option<&dyn Wanted>,
    ) -> Self {
        let mut told = self.raw.notes();
        let later = Later { path: path.to_owned(), options: options.clone(), stamp, empty: false, names: None };
        let raw = std::mem::take(&mut self.raw);
        self.raw = raw.keep(|name| wanted.is_some_and(|wanted| wanted.raw(name, &self.metadata)), later);
        let still = self.raw.notes();
        told.retain(|note| !still.contains(note));
        self.notes.append(&mut told);
        self
    }
}

/// The raw values of a file that was read without them.
pub(crate) fn raw_later(later: &Later) -> Index {
    let options = ReadOptions { raw: RawReading::Now, ..later.options.clone() };
    let unchanged = FileStamp::of(&later.path).is_ok_and(|now| now == later.stamp);
    let reason = if unchanged {
        match read(&later.path, &options) {
            Ok(data) => return data.raw.into_index(),
            Err(e) => e.to_string(),
        }
    } else {
        format!("{} changed since it was read", later.path.display())
    };
    Index { notes: vec![Note::RawUnavailable { reason }], ..Index::default() }
}
