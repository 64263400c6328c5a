//! The list of entries of one series: JSON text to columns.

use std::ops::Range;

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
        order: Vec::new(),
        expected: 0,
        duplicates,
    };
    reader.list()?;
    reader.series.settle();
    Ok(reader.series)
}

struct Reader<'a, 'd> {
    cursor: Cursor<'a>,
    series: RawSeries,
    /// Columns in the order in which the entry before this one had them: nearly always this one's order, too.
    order: Vec<u32>,
    /// How many of `order` this entry has used.
    expected: usize,
    duplicates: &'d mut Vec<String>,
}

impl Reader<'_, '_> {
    fn list(&mut self) -> Result<(), Fault> {
        self.cursor.expect(b'[', "expected a list of entries")?;
        while self.cursor.next_item(self.series.len == 0)? {
            if self.cursor.peek() != Some(b'{') {
                return self.cursor.fail("expected an entry, an object");
            }
            self.cursor.at += 1;
            if self.series.len >= u32::MAX as usize {
                return self.cursor.fail("too many entries");
            }
            let entry = self.series.len as u32;
            self.expected = 0;
            self.flat_entry(entry)?;
            self.order.truncate(self.expected);
            self.series.len += 1;
        }
        Ok(())
    }

    /// Members of the outermost object of an entry.
    fn flat_entry(&mut self, entry: u32) -> Result<(), Fault> {
        let mut first = true;
        loop {
            if first {
                if self.cursor.take(b'}') {
                    return Ok(());
                }
                first = false;
            } else if !self.cursor.take(b',') {
                return self.cursor.expect(b'}', "expected , or }");
            }
            if self.cursor.peek() != Some(b'"') {
                return self.cursor.fail("expected a key");
            }
            let column = if let Some(column) = self.guessed_column() {
                column
            } else {
                let key = self.cursor.string()?;
                self.cursor.expect(b':', "expected :")?;
                if self.cursor.peek() == Some(b'{') {
                    let mut path = vec![key.into_owned()];
                    self.nested(entry, &mut path, 1)?;
                    continue;
                }
                self.column(std::slice::from_ref(&key.into_owned()))?
            };
            self.value(entry, column)?;
        }
    }

    /// The column of the next key, if it is the key that was there in the entry before. Consumes key and colon only then.
    #[inline]
    fn guessed_column(&mut self) -> Option<usize> {
        let column = *self.order.get(self.expected)? as usize;
        let Column { key, plain: true, .. } = &self.series.columns[column] else { return None };
        let at = self.cursor.at;
        let after = self.cursor.bytes()[at + 1..].strip_prefix(key.as_bytes())?;
        if !after.starts_with(b"\":") {
            return None;
        }
        self.cursor.at = at + 1 + key.len() + 2;
        if self.cursor.peek() == Some(b'{') {
            self.cursor.at = at;
            return None;
        }
        self.expected += 1;
        Some(column)
    }

    /// Finds or makes the column of a path and remembers it in the order.
    fn column(&mut self, path: &[String]) -> Result<usize, Fault> {
        let columns = &mut self.series.columns;
        let column = match columns.iter().position(|c| c.path == path) {
            Some(found) => found,
            None if columns.len() < MAX_COLUMNS => {
                columns.push(Column::new(path.to_vec()));
                columns.len() - 1
            }
            None => return self.cursor.fail("too many different keys"),
        };
        self.order.truncate(self.expected);
        self.order.push(column as u32);
        self.expected += 1;
        Ok(column)
    }

    /// A nested object: its leaves are columns of their own.
    fn nested(&mut self, entry: u32, path: &mut Vec<String>, depth: usize) -> Result<(), Fault> {
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
                self.nested(entry, path, depth + 1)?;
            } else {
                let column = self.column(path)?;
                self.value(entry, column)?;
            }
            path.pop();
        }
        if first {
            // An empty object has no leaf: kept as text.
            let column = self.column(path)?;
            let text = &self.cursor.text()[start..self.cursor.at];
            put(&mut self.series.columns[column], entry, self.duplicates, Kind::Json, f64::NAN, Some(text));
        }
        Ok(())
    }

    /// A value that is not an object.
    #[inline]
    fn value(&mut self, entry: u32, column: usize) -> Result<(), Fault> {
        let cursor = &mut self.cursor;
        let (kind, number, text): (Kind, f64, Option<std::borrow::Cow<'_, str>>) = match cursor.peek() {
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => {
                let start = cursor.at;
                let number = cursor.number()?;
                if !number.integer {
                    (Kind::Float, number.value, None)
                } else if number.value.abs() <= 9_007_199_254_740_992.0
                    && !(number.value == 0.0 && number.value.is_sign_negative())
                {
                    (Kind::Int, number.value, None)
                } else {
                    (Kind::BigInt, number.value, Some(cursor.text()[start..cursor.at].into()))
                }
            }
            Some(b'n') => cursor.word("null").map(|()| (Kind::Null, f64::NAN, None))?,
            Some(b't') => cursor.word("true").map(|()| (Kind::True, f64::NAN, None))?,
            Some(b'f') => cursor.word("false").map(|()| (Kind::False, f64::NAN, None))?,
            Some(b'"') => (Kind::Text, f64::NAN, Some(cursor.string()?)),
            Some(b'[') => {
                let start = cursor.at;
                // Checked and kept as text.
                value_of(cursor, "", &mut ValueNotes::default())?;
                (Kind::Json, f64::NAN, Some(cursor.text()[start..cursor.at].into()))
            }
            _ => return cursor.fail("expected a value"),
        };
        put(&mut self.series.columns[column], entry, self.duplicates, kind, number, text.as_deref());
        Ok(())
    }
}

#[inline]
fn put(column: &mut Column, entry: u32, duplicates: &mut Vec<String>, kind: Kind, number: f64, text: Option<&str>) {
    if column.last_entry() == Some(entry) {
        if !duplicates.contains(&column.key) {
            duplicates.push(column.key.clone());
        }
        column.pop();
    }
    match text {
        None => column.push(entry, kind, number),
        Some(text) => column.push_text(entry, kind, number, text),
    }
}
