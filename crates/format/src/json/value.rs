//! Whole JSON values as serde_json's tree, for metadata.

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::cursor::{Cursor, Fault, FaultKind};
use crate::dataset::NAN_LITERAL;
use crate::note::Note;

/// Deepest nesting that is read. Real files have seven levels.
pub(crate) const MAX_DEPTH: usize = 128;

/// JSON trees cannot hold NaN and infinities; they are kept as text that begins with this character, which Unicode sets
/// aside for use inside programs, and written back as the literals they were.
const MARK: char = '\u{fdd0}';

/// What was doubtful in a value.
#[derive(Debug, Default)]
pub(crate) struct ValueNotes {
    pub(crate) notes: Vec<Note>,
    pub(crate) non_finite: usize,
}

/// The literal (`NaN`, `Infinity`, `-Infinity`) that a metadata value was in the file, if it was one: JSON knows none of
/// them, so a tree holds them as marked text.
pub fn is_non_finite_value(value: &Value) -> Option<&'static str> {
    let rest = value.as_str()?.strip_prefix(MARK)?;
    ["NaN", "Infinity", "-Infinity"].into_iter().find(|word| *word == rest)
}

/// Reads one value of any kind. `place` is what messages call it.
pub(crate) fn value_of(cursor: &mut Cursor<'_>, place: &str, notes: &mut ValueNotes) -> Result<Value, Fault> {
    read(cursor, place, notes, 1)
}

fn read(cursor: &mut Cursor<'_>, place: &str, notes: &mut ValueNotes, depth: usize) -> Result<Value, Fault> {
    if depth > MAX_DEPTH {
        return Err(Fault { at: cursor.at, kind: FaultKind::TooDeep });
    }
    match cursor.peek() {
        Some(b'{') => {
            cursor.at += 1;
            let mut map = Map::new();
            let mut first = true;
            while let Some(key) = cursor.next_key(first)? {
                first = false;
                let value = read(cursor, &key, notes, depth + 1)?;
                match map.entry(key) {
                    Entry::Vacant(entry) => {
                        entry.insert(value);
                    }
                    Entry::Occupied(mut entry) => {
                        let key = entry.key().clone();
                        notes.notes.push(Note::DuplicateKey { place: place.to_owned(), key });
                        entry.insert(value);
                    }
                }
            }
            Ok(Value::Object(map))
        }
        Some(b'[') => {
            cursor.at += 1;
            let mut list = Vec::new();
            while cursor.next_item(list.is_empty())? {
                list.push(read(cursor, place, notes, depth + 1)?);
            }
            Ok(Value::Array(list))
        }
        Some(b'"') => Ok(Value::String(cursor.string()?.into_owned())),
        Some(b't') => cursor.word("true").map(|()| Value::Bool(true)),
        Some(b'f') => cursor.word("false").map(|()| Value::Bool(false)),
        Some(b'n') => cursor.word("null").map(|()| Value::Null),
        Some(b'-' | b'0'..=b'9' | b'N' | b'I') => scalar(cursor, place, notes),
        _ => cursor.fail("expected a value"),
    }
}

fn scalar(cursor: &mut Cursor<'_>, place: &str, notes: &mut ValueNotes) -> Result<Value, Fault> {
    let start = cursor.at;
    let number = cursor.number()?;
    let text = &cursor.text()[start..cursor.at];
    if number.integer && text != "-0" {
        if let Ok(n) = text.parse::<u64>() {
            return Ok(n.into());
        }
        if let Ok(n) = text.parse::<i64>() {
            return Ok(n.into());
        }
        notes.notes.push(Note::NumberRounded { place: place.to_owned(), text: text.chars().take(80).collect() });
    }
    if number.value.is_finite() {
        return Ok(number.value.into());
    }
    notes.non_finite += 1;
    let word = match number.value {
        v if v.to_bits() == NAN_LITERAL.to_bits() => "NaN",
        v if v > 0.0 => "Infinity",
        _ => "-Infinity",
    };
    Ok(Value::String(format!("{MARK}{word}")))
}
