//! The text of a file as it is: keys, numbers and the places of raw values, nothing upgraded.

use std::ops::Range;

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde_json::{Map, Value};

use crate::dataset::Integers;
use crate::json::{Cursor, Fault, FaultKind, ValueNotes, list_end, value_of};
use crate::note::Note;
use crate::raw::Slot;

/// What a file holds, before upgrading.
#[derive(Debug, Default)]
pub(super) struct Image {
    pub(super) metadata: Option<Map<String, Value>>,
    /// `None` when missing or not a whole number: counts as version 1.
    pub(super) version: Option<u64>,
    pub(super) x_values: Option<Vec<f64>>,
    pub(super) results: Option<IndexMap<String, Vec<f64>>>,
    pub(super) raw: Option<IndexMap<String, Slot>>,
    pub(super) unknown: Map<String, Value>,
    pub(super) notes: Vec<Note>,
    /// Where the object ended; `None` if the text ended first, after a comma and with all but the raw values.
    pub(super) end: Option<usize>,
    /// Where that comma is.
    stopped_at: usize,
    /// Numbers written without a fraction.
    pub(super) integers: Integers,
    /// Those of the list read last.
    last_integers: Vec<u32>,
    /// Length of the list of numbers read last.
    usual_len: usize,
}

/// What is wrong with the text.
#[derive(Debug)]
pub(super) enum Problem {
    Text { fault: Fault, place: String },
    Shape { at: usize, key: String, want: &'static str, found: &'static str },
}

/// How much of a text to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// The text is the first part of one of our own files and may end where the raw values begin.
    FirstMember,
}

/// Reads the text in one pass.
pub(super) fn read(text: &str, extent: Extent) -> Result<Image, Problem> {
    let mut cursor = Cursor::new(text);
    let image = Image::default();
    if cursor.peek() != Some(b'{') {
        let found = cursor.kind();
        return Err(Problem::Shape { at: cursor.at, key: "the file".to_owned(), want: "a JSON object", found });
    }
    cursor.at += 1;
    members(image, cursor, true, extent)
}

/// Reads on where [`Extent::FirstMember`] stopped, in the whole text.
pub(super) fn read_on(image: Image, text: &str) -> Result<Image, Problem> {
    let cursor = Cursor::starting_at(text, image.stopped_at);
    members(image, cursor, false, Extent::Whole)
}

fn members(mut image: Image, mut cursor: Cursor<'_>, mut first: bool, extent: Extent) -> Result<Image, Problem> {
    let at_top = |fault| Problem::Text { fault, place: String::new() };
    loop {
        if extent == Extent::FirstMember && image.lacks_only_raw() {
            let mut probe = cursor.clone();
            if probe.take(b',') && probe.peek().is_none() {
                image.stopped_at = cursor.at;
                return Ok(image);
            }
        }
        let Some(key) = cursor.next_key(first).map_err(at_top)? else { break };
        first = false;
        let twice = match key.as_ref() {
            "metadata" => {
                let value = image.any(&mut cursor, "metadata")?;
                let Value::Object(map) = value else {
                    return Err(shape(&cursor, "metadata", "an object", kind_of(&value)));
                };
                image.metadata.replace(map).is_some()
            }
            // A version that is not a whole number counts as 1, like a missing one.
            "version" => {
                let version = image.any(&mut cursor, "version")?;
                image.version.replace(version.as_u64().unwrap_or(1)).is_some()
            }
            "x_values" => {
                let numbers = image.numbers(&mut cursor, "x_values")?;
                image.integers.x_values = std::mem::take(&mut image.last_integers);
                image.x_values.replace(numbers).is_some()
            }
            "results" => {
                let results = image.results(&mut cursor)?;
                image.results.replace(results).is_some()
            }
            "raw_values" => {
                let raw = image.raw_values(&mut cursor)?;
                image.raw.replace(raw).is_some()
            }
            other => {
                let value = image.any(&mut cursor, other)?;
                image.unknown.insert(other.to_owned(), value).is_some()
            }
        };
        if twice {
            image.notes.push(Note::DuplicateKey { place: "the file".to_owned(), key: key.into_owned() });
        }
    }
    image.end = Some(cursor.at);
    if cursor.peek().is_some() {
        return Err(at_top(Fault {
            at: cursor.at,
            kind: FaultKind::Syntax("more data after the end of the JSON object"),
        }));
    }
    if !image.unknown.is_empty() {
        image.notes.push(Note::UnknownKeys { keys: image.unknown.keys().cloned().collect() });
    }
    Ok(image)
}

impl Image {
    fn lacks_only_raw(&self) -> bool {
        self.raw.is_none()
            && self.metadata.is_some()
            && self.version.is_some()
            && self.x_values.is_some()
            && self.results.is_some()
    }

    /// A value of any kind, with its notes.
    fn any(&mut self, cursor: &mut Cursor<'_>, place: &str) -> Result<Value, Problem> {
        let mut notes = ValueNotes::default();
        let value =
            value_of(cursor, place, &mut notes).map_err(|fault| Problem::Text { fault, place: place.to_owned() })?;
        self.notes.append(&mut notes.notes);
        self.non_finite(place, notes.non_finite);
        Ok(value)
    }

    fn non_finite(&mut self, place: &str, count: usize) {
        if count > 0 {
            self.notes.push(Note::NonFinite { place: place.to_owned(), count });
        }
    }

    fn results(&mut self, cursor: &mut Cursor<'_>) -> Result<IndexMap<String, Vec<f64>>, Problem> {
        open_object(cursor, "results")?;
        let mut results: IndexMap<String, Vec<f64>> = IndexMap::new();
        let mut first = true;
        while let Some(key) = cursor.next_key(first).map_err(in_place("results"))? {
            first = false;
            let numbers = self.numbers(cursor, &key)?;
            if !self.last_integers.is_empty() {
                self.integers.series.insert(key.to_string(), std::mem::take(&mut self.last_integers));
            }
            match results.entry(key.into_owned()) {
                Entry::Vacant(entry) => {
                    entry.insert(numbers);
                }
                Entry::Occupied(mut entry) => {
                    let key = entry.key().clone();
                    self.notes.push(Note::DuplicateKey { place: "results".to_owned(), key });
                    entry.insert(numbers);
                }
            }
        }
        Ok(results)
    }

    /// A list of numbers and nulls.
    fn numbers(&mut self, cursor: &mut Cursor<'_>, name: &str) -> Result<Vec<f64>, Problem> {
        if cursor.peek() != Some(b'[') {
            let found = cursor.kind();
            return Err(shape(cursor, name, "a list of numbers", found));
        }
        cursor.at += 1;
        // The series of a file are equally long; but never more than the rest of the text could hold.
        let mut numbers = Vec::with_capacity(self.usual_len.min((cursor.bytes().len() - cursor.at) / 2));
        let mut integers = Vec::new();
        let mut non_finite = 0;
        let problem = in_place(name);
        while cursor.next_item(numbers.is_empty()).map_err(&problem)? {
            match cursor.peek() {
                Some(b'-' | b'0'..=b'9' | b'N' | b'I') => {
                    let number = cursor.number().map_err(&problem)?;
                    non_finite += usize::from(!number.value.is_finite());
                    if number.integer {
                        integers.push(numbers.len() as u32);
                    }
                    numbers.push(number.value);
                }
                Some(b'n') => {
                    cursor.word("null").map_err(&problem)?;
                    numbers.push(crate::dataset::MISSING);
                }
                None => return Err(problem(Fault { at: cursor.at, kind: FaultKind::End })),
                Some(_) => {
                    let found = cursor.kind();
                    return Err(shape(cursor, name, "a list of numbers", found));
                }
            }
        }
        self.non_finite(name, non_finite);
        self.last_integers = integers;
        self.usual_len = numbers.len();
        Ok(numbers)
    }

    /// Where the raw values of each series are.
    fn raw_values(&mut self, cursor: &mut Cursor<'_>) -> Result<IndexMap<String, Slot>, Problem> {
        open_object(cursor, "raw_values")?;
        let mut slots: IndexMap<String, Slot> = IndexMap::new();
        let mut first = true;
        while let Some(key) = cursor.next_key(first).map_err(in_place("raw_values"))? {
            first = false;
            let range = raw_range(cursor, &key)?;
            if slots.insert(key.clone().into_owned(), Slot::at(range)).is_some() {
                self.notes.push(Note::DuplicateKey { place: "raw_values".to_owned(), key: key.into_owned() });
            }
        }
        Ok(slots)
    }
}

/// Where the entries of one series are; what is in the list is checked when it is parsed.
fn raw_range(cursor: &mut Cursor<'_>, name: &str) -> Result<Range<usize>, Problem> {
    let problem = in_place(name);
    if cursor.peek() == Some(b'[') {
        let start = cursor.at;
        let end = list_end(cursor.bytes(), start);
        let end = end.ok_or(Fault { at: cursor.bytes().len(), kind: FaultKind::End }).map_err(problem)?;
        cursor.at = end;
        return Ok(start..end);
    }
    let start = cursor.at;
    value_of(cursor, name, &mut ValueNotes::default()).map_err(problem)?;
    Ok(start..cursor.at)
}

fn open_object(cursor: &mut Cursor<'_>, key: &'static str) -> Result<(), Problem> {
    if cursor.peek() != Some(b'{') {
        let found = cursor.kind();
        return Err(shape(cursor, key, "an object", found));
    }
    cursor.at += 1;
    Ok(())
}

fn in_place(place: &str) -> impl Fn(Fault) -> Problem {
    move |fault| Problem::Text { fault, place: place.to_owned() }
}

fn shape(cursor: &Cursor<'_>, key: &str, want: &'static str, found: &'static str) -> Problem {
    // A text that ends is cut off, not of another shape.
    if cursor.at >= cursor.bytes().len() {
        return Problem::Text { fault: Fault { at: cursor.at, kind: FaultKind::End }, place: key.to_owned() };
    }
    Problem::Shape { at: cursor.at, key: key.to_owned(), want, found }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
