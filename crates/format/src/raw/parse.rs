//! The list of entries of one series: JSON text to columns.
//!
//! Entries are much alike: after `t` comes `, "val": `, and after `val` an entry ends and the next begins. The
//! reader remembers, per column, the text between a value and the next one; where the same text comes again it jumps over
//! it at once. Only texts that were read the long way before are jumped over, so nothing goes unchecked.

use std::ops::Range;

use super::block;
use super::series::{Column, RawSeries};
use super::value::Kind;
use crate::json::{Cursor, Fault, FaultKind, MAX_DEPTH, ValueNotes, value_of};

/// The most columns one series may have; a real one with a column per station and key has some dozens.
const MAX_COLUMNS: usize = 10_000;

/// Reads the list of entries at `range` of `text`. `duplicates` receives keys that occur twice in an entry.
pub(super) fn parse(text: &str, range: Range<usize>, duplicates: &mut Vec<String>) -> Result<RawSeries, Fault> {
    let mut reader = Reader {
        cursor: Cursor::starting_at(&text[..range.end], range.start),
        series: RawSeries::default(),
        gaps: Vec::new(),
        last: None,
        duplicates,
    };
    reader.list()?;
    reader.series.settle();
    Ok(reader.series)
}

/// What followed a value once, up to the value after it.
#[derive(Debug, Clone)]
struct Gap {
    text: Range<usize>,
    /// Whose value comes next.
    column: usize,
    /// The text ends an entry and begins another.
    new_entry: bool,
}

pub(super) struct Reader<'a, 'd> {
    pub(super) cursor: Cursor<'a>,
    /// `series.len` counts entries that have begun.
    pub(super) series: RawSeries,
    /// Per column the two texts seen last after a value of it: entries of two shapes take turns in some series.
    gaps: Vec<[Option<Gap>; 2]>,
    /// Column and end of the value read last, if it was not nested.
    last: Option<(usize, usize)>,
    pub(super) duplicates: &'d mut Vec<String>,
}

impl Reader<'_, '_> {
    fn list(&mut self) -> Result<(), Fault> {
        self.cursor.expect(b'[', "expected a list of entries")?;
        if !self.cursor.next_item(true)? {
            return Ok(());
        }
        self.begin_entry()?;
        let mut fresh = true;
        while self.next_member(fresh)? {
            self.member()?;
            self.jump()?;
            fresh = false;
        }
        Ok(())
    }

    /// Goes to the next key, over the ends of entries; false at the end of the list. `fresh`: an entry just began.
    fn next_member(&mut self, mut fresh: bool) -> Result<bool, Fault> {
        loop {
            if fresh {
                if !self.cursor.take(b'}') {
                    return Ok(true);
                }
            } else {
                if self.cursor.take(b',') {
                    return Ok(true);
                }
                self.cursor.expect(b'}', "expected , or }")?;
            }
            if !self.cursor.next_item(false)? {
                return Ok(false);
            }
            self.begin_entry()?;
            fresh = true;
        }
    }

    /// Goes on as long as the text is one seen before.
    #[inline]
    fn jump(&mut self) -> Result<(), Fault> {
        let bytes = self.cursor.bytes();
        while let Some((column, end)) = self.last {
            let rest = &bytes[end..];
            let known = |gap: &&Gap| rest.starts_with(&bytes[gap.text.clone()]);
            let [one, two] = &self.gaps[column];
            let Some(gap) = one.as_ref().filter(known).or_else(|| two.as_ref().filter(known)) else { break };
            let next = gap.column;
            self.cursor.at = end + gap.text.len();
            // Objects and blocks are read the long way.
            if matches!(self.cursor.peek(), Some(b'{' | b'[')) {
                self.cursor.at = end;
                break;
            }
            if gap.new_entry {
                self.count_entry()?;
            }
            self.value(next)?;
            self.last = Some((next, self.cursor.at));
        }
        Ok(())
    }

    fn begin_entry(&mut self) -> Result<(), Fault> {
        self.cursor.expect(b'{', "expected an entry, an object")?;
        self.count_entry()
    }

    fn count_entry(&mut self) -> Result<(), Fault> {
        if self.series.len >= u32::MAX as usize {
            return self.cursor.fail("too many entries");
        }
        self.series.len += 1;
        Ok(())
    }

    /// Key and value, read the long way; or a whole block of entries.
    fn member(&mut self) -> Result<(), Fault> {
        if self.cursor.peek() != Some(b'"') {
            return self.cursor.fail("expected a key");
        }
        let entries_before = self.last.map(|(column, _)| self.series.columns[column].last_entry());
        let key = self.cursor.string()?.into_owned();
        self.cursor.expect(b':', "expected :")?;
        if self.cursor.peek() == Some(b'{') {
            self.last = None;
            return self.nested(&mut vec![key], 1);
        }
        if key == block::TIMES && self.cursor.peek() == Some(b'[') && self.is_first_of_entry() && self.block()? {
            self.last = None;
            return Ok(());
        }
        let column = self.column(&[key])?;
        let start = self.cursor.at;
        self.value(column)?;
        if let Some((before, end)) = self.last {
            let entry = self.series.len as u32 - 1;
            // An entry without members lies between, perhaps: such a text is not worth remembering.
            let new_entry = match entries_before.flatten().map(|e| entry.wrapping_sub(e)) {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            };
            if let Some(new_entry) = new_entry {
                let slots = &mut self.gaps[before];
                slots.swap(0, 1);
                slots[0] = Some(Gap { text: end..start, column, new_entry });
            }
        }
        self.last = Some((column, self.cursor.at));
        Ok(())
    }

    fn is_first_of_entry(&self) -> bool {
        let entry = self.series.len as u32 - 1;
        self.series.columns.iter().all(|column| column.last_entry().is_none_or(|last| last < entry))
    }

    /// Finds or makes the column of a path.
    fn column(&mut self, path: &[String]) -> Result<usize, Fault> {
        let columns = &mut self.series.columns;
        if let Some(found) = columns.iter().position(|c| c.path == path) {
            return Ok(found);
        }
        if columns.len() >= MAX_COLUMNS {
            return self.cursor.fail("too many different keys");
        }
        columns.push(Column::new(path.to_vec()));
        self.gaps.push([None, None]);
        Ok(columns.len() - 1)
    }

    /// A nested object: its leaves are columns of their own.
    fn nested(&mut self, path: &mut Vec<String>, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault { at: self.cursor.at, kind: FaultKind::TooDeep });
        }
        let start = self.cursor.at;
        self.cursor.at += 1;
        let mut first = true;
        while let Some(key) = self.cursor.next_key(first)? {
            first = false;
            path.push(key.into_owned());
            if self.cursor.peek() == Some(b'{') {
                self.nested(path, depth + 1)?;
            } else {
                let column = self.column(path)?;
                self.value(column)?;
            }
            path.pop();
        }
        if first {
            // An empty object has no leaf: kept as text.
            let column = self.column(path)?;
            let text = &self.cursor.text()[start..self.cursor.at];
            self.put(column, Kind::Json, f64::NAN, Some(text));
        }
        Ok(())
    }

    /// A value that is not an object.
    #[inline]
    fn value(&mut self, column: usize) -> Result<(), Fault> {
        if !matches!(self.cursor.peek(), Some(b'-' | b'0'..=b'9' | b'N' | b'I')) {
            return self.other_value(column);
        }
        let start = self.cursor.at;
        let number = self.cursor.number()?;
        let whole = || {
            number.value.abs() <= 9_007_199_254_740_992.0 && !(number.value == 0.0 && number.value.is_sign_negative())
        };
        if !number.integer {
            self.put(column, Kind::Float, number.value, None);
        } else if whole() {
            self.put(column, Kind::Int, number.value, None);
        } else {
            let text = &self.cursor.text()[start..self.cursor.at];
            self.put(column, Kind::BigInt, number.value, Some(text));
        }
        Ok(())
    }

    fn other_value(&mut self, column: usize) -> Result<(), Fault> {
        let cursor = &mut self.cursor;
        let kind = match cursor.peek() {
            Some(b'n') => cursor.word("null").map(|()| Kind::Null)?,
            Some(b't') => cursor.word("true").map(|()| Kind::True)?,
            Some(b'f') => cursor.word("false").map(|()| Kind::False)?,
            Some(b'"') => {
                let text = cursor.string()?;
                self.put(column, Kind::Text, f64::NAN, Some(&text));
                return Ok(());
            }
            Some(b'[') => {
                let start = cursor.at;
                // Checked and kept as text.
                value_of(cursor, "", &mut ValueNotes::default())?;
                let text = &cursor.text()[start..cursor.at];
                self.put(column, Kind::Json, f64::NAN, Some(text));
                return Ok(());
            }
            _ => return cursor.fail("expected a value"),
        };
        self.put(column, kind, f64::NAN, None);
        Ok(())
    }

    #[inline]
    fn put(&mut self, column: usize, kind: Kind, number: f64, text: Option<&str>) {
        let entry = self.series.len as u32 - 1;
        let column = &mut self.series.columns[column];
        if column.last_entry() == Some(entry) {
            if !self.duplicates.contains(&column.key) {
                self.duplicates.push(column.key.clone());
            }
            column.pop();
        }
        match text {
            None => column.push(entry, kind, number),
            Some(text) => column.push_text(entry, kind, number, text),
        }
    }
}
