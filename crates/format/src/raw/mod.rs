//! Raw values: found while reading, parsed for a series when it is asked for.

mod block;
mod convert;
mod memory;
mod parse;
mod series;
mod text;
mod value;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;

pub use series::{RawNumbers, RawSeries, RawSeriesBuilder};
pub use value::RawValue;

use crate::json::{Cursor, ValueNotes, value_of};
use crate::note::Note;

/// The raw values of a data set.
///
/// Holds the text of the file and where in it each series is; [`RawValues::series`] parses on first use and keeps the
/// result. Cheap to share between threads. A series that cannot be parsed is left out and named in [`RawValues::notes`].
#[derive(Debug, Clone, Default)]
pub struct RawValues {
    index: OnceLock<Index>,
    later: Option<Later>,
    /// Series that were kept when the text was let go of.
    kept: IndexMap<String, Slot>,
}

/// Where to get the raw values when somebody asks.
#[derive(Debug, Clone)]
pub(crate) struct Later {
    pub(crate) path: PathBuf,
    pub(crate) options: crate::read::ReadOptions,
    /// Size and time of change of the file when the rest of it was read: later it must still be that file.
    pub(crate) stamp: crate::read::FileStamp,
    /// Known already: no raw series at all.
    pub(crate) empty: bool,
    /// Names of all raw series, in order, where they are known: what is not among them need not be looked for.
    pub(crate) names: Option<Vec<String>>,
}

/// The raw values of a text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    pub(crate) text: Arc<String>,
    pub(crate) slots: IndexMap<String, Slot>,
    /// From a file before version 4 with raw values of its own: units are to be converted.
    pub(crate) convert: bool,
    pub(crate) notes: Vec<Note>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Slot {
    /// The list in the text; `None` for a series that was built.
    pub(crate) range: Option<Range<usize>>,
    parsed: OnceLock<Parsed>,
}

#[derive(Debug, Clone, Default)]
struct Parsed {
    series: Option<Arc<RawSeries>>,
    /// Same values as in the text.
    verbatim: bool,
    /// The text is JSON, so that it can be written again.
    writable: bool,
    notes: Vec<Note>,
}

impl Slot {
    pub(crate) fn at(range: Range<usize>) -> Self {
        Slot { range: Some(range), parsed: OnceLock::new() }
    }

    fn built(series: RawSeries) -> Self {
        let parsed = Parsed { series: Some(Arc::new(series)), ..Parsed::default() };
        Slot { range: None, parsed: OnceLock::from(parsed) }
    }
}

impl RawValues {
    pub(crate) fn from_index(index: Index) -> Self {
        RawValues { index: OnceLock::from(index), ..Self::default() }
    }

    pub(crate) fn into_index(self) -> Index {
        self.index.into_inner().unwrap_or_default()
    }

    pub(crate) fn later(later: Later) -> Self {
        RawValues { later: Some(later), ..Self::default() }
    }

    /// Parses the series that `wanted` names and lets go of the text. The others are read again if somebody asks for them after
    /// all, as `later` says.
    pub(crate) fn keep(self, wanted: impl Fn(&str) -> bool, mut later: Later) -> Self {
        let mut index = self.into_index();
        later.empty = index.slots.is_empty();
        later.names = Some(index.slots.keys().cloned().collect());
        let slots = std::mem::take(&mut index.slots);
        let kept = slots.into_iter().filter(|(name, _)| wanted(name)).map(|(name, slot)| {
            index.parsed(&name, &slot);
            (name, slot)
        });
        let kept = kept.collect();
        RawValues { index: OnceLock::new(), later: Some(later), kept }
    }

    /// Names of all raw series, if they are known without reading the file again.
    fn known_names(&self) -> Option<&[String]> {
        if self.index.get().is_some() {
            return None;
        }
        self.later.as_ref()?.names.as_deref()
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| self.later.as_ref().map_or_else(Index::default, crate::read::raw_later))
    }

    /// True if there is no raw series (one with an empty list of entries counts as a series).
    pub fn is_empty(&self) -> bool {
        match (self.index.get(), &self.later) {
            (None, Some(later)) => later.empty,
            _ => self.index().slots.is_empty(),
        }
    }

    /// How many raw series there are.
    pub fn series_count(&self) -> usize {
        self.known_names().map_or_else(|| self.index().slots.len(), <[String]>::len)
    }

    /// Names of the raw series in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let known = self.known_names();
        let slots = known.is_none().then(|| self.index().slots.keys());
        known.unwrap_or_default().iter().chain(slots.into_iter().flatten()).map(String::as_str)
    }

    /// True if there is a raw series of that name.
    pub fn contains(&self, name: &str) -> bool {
        match self.known_names() {
            Some(names) => names.iter().any(|known| known == name),
            None => self.index().slots.contains_key(name),
        }
    }

    /// The samples of a series, parsed now if they were not before, in today's units. `None` if there is no such series,
    /// or if it is malformed, which [`RawValues::notes`] then says.
    pub fn series(&self, name: &str) -> Option<Arc<RawSeries>> {
        if let Some(parsed) = self.kept.get(name).and_then(|slot| slot.parsed.get()) {
            return parsed.series.clone();
        }
        if self.known_names().is_some_and(|names| !names.iter().any(|known| known == name)) {
            return None;
        }
        let index = self.index();
        index.slots.get(name).and_then(|slot| index.parsed(name, slot).series.clone())
    }

    /// Adds or replaces a series.
    pub fn insert(&mut self, name: &str, series: RawSeries) {
        self.kept.shift_remove(name);
        self.index_mut().slots.insert(name.to_owned(), Slot::built(series));
    }

    /// What was converted or could not be used, of the series parsed so far.
    pub fn notes(&self) -> Vec<Note> {
        let index = self.index.get();
        let slots = self.kept.values().chain(index.into_iter().flat_map(|index| index.slots.values()));
        let of_slots = slots.filter_map(|slot| slot.parsed.get()).flat_map(|parsed| &parsed.notes);
        index.into_iter().flat_map(|index| &index.notes).chain(of_slots).cloned().collect()
    }

    /// Smallest `t` of all raw values, in Unix seconds. Parses every series.
    pub fn first_t(&self) -> Option<f64> {
        self.index().first_t()
    }

    /// Appends `{…}` with all series, verbatim where the text of the file is still right.
    pub(crate) fn write(&self, out: &mut String) {
        let index = self.index();
        out.push('{');
        for (i, (name, slot)) in index.slots.iter().enumerate() {
            out.push_str(if i == 0 { "\n  " } else { ",\n  " });
            crate::json::push_string(out, name);
            out.push_str(": ");
            let parsed = index.parsed(name, slot);
            match (&slot.range, &parsed.series) {
                (_, Some(series)) if !parsed.verbatim => text::write(series, out),
                (Some(range), _) if parsed.writable => out.push_str(&index.text[range.clone()]),
                // Not even JSON: a note says so.
                _ => out.push_str("[]"),
            }
        }
        out.push_str(if index.slots.is_empty() { "}" } else { "\n}" });
    }

    fn index_mut(&mut self) -> &mut Index {
        self.index();
        // The line above filled it.
        match self.index.get_mut() {
            Some(index) => index,
            None => unreachable!("filled by index()"),
        }
    }
}

impl Index {
    fn parsed<'a>(&self, name: &str, slot: &'a Slot) -> &'a Parsed {
        slot.parsed.get_or_init(|| {
            let Some(range) = slot.range.clone() else { return Parsed::default() };
            let mut duplicates = Vec::new();
            let mut notes = Vec::new();
            let parsed = parse::parse(&self.text, range.clone(), &mut duplicates);
            notes.extend(
                duplicates.into_iter().map(|key| Note::DuplicateKey { place: format!("raw values of {name:?}"), key }),
            );
            match parsed {
                Ok(mut series) => {
                    let what = if self.convert { convert::convert(name, &mut series) } else { None };
                    notes.extend(what.map(|what| Note::RawConverted { series: name.to_owned(), what }));
                    Parsed { series: Some(Arc::new(series)), verbatim: what.is_none(), writable: true, notes }
                }
                Err(fault) => {
                    let (series, what) = (name.to_owned(), fault.what().to_owned());
                    notes.push(Note::RawMalformed { series, at: fault.at as u64, what });
                    let mut cursor = Cursor::starting_at(&self.text[..range.end], range.start);
                    let writable = value_of(&mut cursor, "", &mut ValueNotes::default()).is_ok();
                    Parsed { series: None, verbatim: true, writable, notes }
                }
            }
        })
    }

    pub(crate) fn first_t(&self) -> Option<f64> {
        let firsts = self.slots.iter().filter_map(|(name, slot)| self.parsed(name, slot).series.as_ref()?.first_t());
        firsts.min_by(f64::total_cmp)
    }
}

/// Equal when all series are; parses them.
impl PartialEq for RawValues {
    fn eq(&self, other: &Self) -> bool {
        self.names().eq(other.names()) && self.names().all(|name| self.series(name) == other.series(name))
    }
}
