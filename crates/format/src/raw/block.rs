//! Blocks: many entries in columns, a form of our own for samples with many keys.
//!
//! ```json
//! {"times": [1588855601.6, 1588855601.8], "tcp_rto": [204, 208], "tcp_min_rtt": [null, 0.02], "tcp_pmtu": 1500}
//! ```
//!
//! stands for two entries with these `t`. A list has a number for each of them, null where an entry lacks the key; a number
//! alone is that of all entries. A reader that knows entries only, such as Flent, sees one without `t` and without anything
//! that it looks for.
//!
//! What looks like a block and is none, because a list is too short or holds something else than numbers, stays what it
//! is in any other file: an entry with lists.

use super::parse::Reader;
use super::value::RawValue;
use crate::json::{Cursor, Fault, push_string, push_value};

/// The key that makes an entry a block; always its first.
pub(super) const TIMES: &str = "times";

/// Entries in columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    /// Number of its first entry in the series.
    pub(super) first: u32,
    /// Unix time of each entry, no NaN.
    pub(super) t: Vec<f64>,
    /// Every other key, once.
    pub(super) members: Vec<(String, Member)>,
}

/// One key of a block.
#[derive(Debug, Clone)]
pub(super) enum Member {
    /// The same number in all entries.
    All(f64),
    /// A number for each entry; NaN where it lacks the key.
    Each(Vec<f64>),
}

/// Equal when they would be written as the same text.
impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        match (self, other) {
            (Self::All(a), Self::All(b)) => same(*a, *b),
            (Self::Each(a), Self::Each(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(*a, *b)),
            _ => false,
        }
    }
}

impl Member {
    /// Numbers of a key, one for each entry; `None` when no entry has it.
    pub(super) fn of(numbers: &[f64]) -> Option<Self> {
        let &first = numbers.first()?;
        if numbers.iter().all(|number| number.is_nan()) {
            return None;
        }
        let same = numbers.iter().all(|number| number.to_bits() == first.to_bits());
        Some(if same { Self::All(first) } else { Self::Each(numbers.to_vec()) })
    }

    /// NaN where the entry lacks the key.
    fn at(&self, i: usize) -> f64 {
        match self {
            Self::All(number) => *number,
            Self::Each(numbers) => numbers.get(i).copied().unwrap_or(f64::NAN),
        }
    }
}

impl Block {
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        ["t"].into_iter().chain(self.members.iter().map(|(key, _)| key.as_str()))
    }

    /// Entry and number wherever the key has one.
    pub(super) fn numbers(&self, key: &str) -> impl Iterator<Item = (u32, f64)> + '_ {
        let member = self.members.iter().find(|(have, _)| have == key).map(|(_, member)| member);
        let (times, first) = (key == "t", self.first);
        let all = self.t.iter().enumerate().filter_map(move |(i, &t)| {
            let number = if times { t } else { member?.at(i) };
            Some((first + i as u32, number)).filter(|(_, number)| !number.is_nan())
        });
        let any = times || member.is_some();
        any.then_some(all).into_iter().flatten()
    }

    /// The number of a key in one entry of the series, which may be another block's or none's.
    pub(super) fn value(&self, entry: usize, key: &str) -> Option<RawValue> {
        let i = entry.checked_sub(self.first as usize)?;
        let &t = self.t.get(i)?;
        let member = || self.members.iter().find(|(have, _)| have == key).map(|(_, member)| member.at(i));
        let number = if key == "t" { Some(t) } else { member() };
        number.filter(|number| !number.is_nan()).map(RawValue::Float)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let members = self.members.iter().map(|(key, member)| {
            let numbers = if let Member::Each(numbers) = member { numbers.capacity() * 8 } else { 0 };
            size_of::<(String, Member)>() + key.capacity() + numbers
        });
        self.t.capacity() * 8 + members.sum::<usize>()
    }

    /// Appends the block as JSON.
    pub(super) fn write(&self, out: &mut String) {
        out.push('{');
        push_string(out, TIMES);
        out.push_str(": ");
        push_list(out, &self.t);
        for (key, member) in &self.members {
            out.push_str(", ");
            push_string(out, key);
            out.push_str(": ");
            match member {
                Member::All(number) => push_short(out, *number),
                Member::Each(numbers) => push_list(out, numbers),
            }
        }
        out.push('}');
    }
}

impl Reader<'_, '_> {
    /// Reads the rest of an entry whose first key was [`TIMES`] and whose value is a list, up to its last byte before `}`. False,
    /// and nothing was read, when it is not a block.
    pub(super) fn block(&mut self) -> Result<bool, Fault> {
        let start = self.cursor.at;
        // The entry that began is the first of the block.
        let first = self.series.len as u32 - 1;
        let Some(block) = block(&mut self.cursor, first, self.duplicates) else {
            self.cursor.at = start;
            return Ok(false);
        };
        if self.series.len + block.t.len() > u32::MAX as usize {
            return self.cursor.fail("too many entries");
        }
        self.series.len += block.t.len() - 1;
        self.series.blocks.push(block);
        Ok(true)
    }
}

/// The cursor is after it; `None` when it is no block.
fn block(cursor: &mut Cursor<'_>, first: u32, duplicates: &mut Vec<String>) -> Option<Block> {
    let t = numbers(cursor, 0)?;
    if t.is_empty() || t.iter().any(|t| t.is_nan()) {
        return None;
    }
    let mut block = Block { first, t, members: Vec::new() };
    while cursor.peek() != Some(b'}') {
        cursor.expect(b',', "expected ,").ok()?;
        if cursor.peek() != Some(b'"') {
            return None;
        }
        let key = cursor.string().ok()?.into_owned();
        cursor.expect(b':', "expected :").ok()?;
        let member = match cursor.peek()? {
            b'[' => Member::Each(numbers(cursor, block.t.len()).filter(|each| each.len() == block.t.len())?),
            _ => Member::All(number(cursor)?),
        };
        // The times are the entries' `t` already.
        if key == "t" {
            return None;
        }
        match block.members.iter_mut().find(|(have, _)| *have == key) {
            Some((key, given)) => {
                duplicates.push(key.clone());
                *given = member;
            }
            None => block.members.push((key, member)),
        }
    }
    Some(block)
}

/// - `about`: how many there should be.
fn numbers(cursor: &mut Cursor<'_>, about: usize) -> Option<Vec<f64>> {
    cursor.expect(b'[', "expected a list").ok()?;
    // Each takes two bytes of text at least.
    let mut numbers = Vec::with_capacity(about.min(cursor.bytes().len().saturating_sub(cursor.at) / 2));
    let mut first = true;
    while cursor.next_item(first).ok()? {
        first = false;
        if cursor.peek()? == b'n' {
            cursor.word("null").ok()?;
            numbers.push(f64::NAN);
        } else {
            numbers.push(number(cursor)?);
        }
    }
    Some(numbers)
}

/// A finite number: what is missing is null in a block, never one of Python's literals.
fn number(cursor: &mut Cursor<'_>) -> Option<f64> {
    if !matches!(cursor.peek()?, b'-' | b'0'..=b'9') {
        return None;
    }
    cursor.number().ok().map(|number| number.value).filter(|value| value.is_finite())
}

fn push_list(out: &mut String, numbers: &[f64]) {
    for (i, &number) in numbers.iter().enumerate() {
        out.push(if i == 0 { '[' } else { ',' });
        push_short(out, number);
    }
    out.push(']');
}

/// Shortest text: numbers of a block are floats, whether they have a fraction or not. One without an end has none.
fn push_short(out: &mut String, number: f64) {
    if number.fract() == 0.0 && number.is_sign_positive() && number < 9_007_199_254_740_992.0 {
        push_value(out, &(number as u64).into(), None);
    } else if number.is_finite() {
        push_value(out, &number.into(), None);
    } else {
        out.push_str("null");
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::series::RawSeries;
    use super::super::{parse, text};
    use crate::raw::RawValue;

    fn read(text: &str) -> RawSeries {
        parse::parse(text, 0..text.len(), &mut Vec::new()).unwrap()
    }

    fn numbers(series: &RawSeries, key: &str) -> Vec<(u32, f64, f64)> {
        let found = series.numbers(key).unwrap();
        found.entry.iter().zip(found.t.iter()).zip(found.value.iter()).map(|((&e, &t), &v)| (e, t, v)).collect()
    }

    #[test]
    fn a_block_is_many_entries_and_is_written_as_it_was_read() {
        let given = r#"[{"t": 0.5, "val": 1.5}, {"times": [1,2,3], "a": [7,7.5,8], "b": [null,2,null], "c": 1500}, {"t": 9, "val": 2}]"#;
        let series = read(given);
        assert_eq!(series.len(), 5);
        assert_eq!(*series.t(), [0.5, 1.0, 2.0, 3.0, 9.0]);
        assert_eq!(numbers(&series, "val"), [(0, 0.5, 1.5), (4, 9.0, 2.0)]);
        assert_eq!(numbers(&series, "a"), [(1, 1.0, 7.0), (2, 2.0, 7.5), (3, 3.0, 8.0)]);
        assert_eq!(numbers(&series, "b"), [(2, 2.0, 2.0)]);
        assert_eq!(numbers(&series, "c").iter().map(|v| v.2).collect::<Vec<_>>(), [1500.0; 3]);
        assert_eq!((series.value(1, "b"), series.value(2, "b")), (None, Some(RawValue::Float(2.0))));
        assert_eq!(
            (series.value(0, "val"), series.value(3, "t")),
            (Some(RawValue::Float(1.5)), Some(RawValue::Float(3.0)))
        );
        assert_eq!(series.values("t").map(|(entry, _)| entry).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(series.keys(), ["a", "b", "c", "t", "val"]);
        assert_eq!(series.first_t(), Some(0.5));
        let mut out = String::new();
        text::write(&series, &mut out);
        assert_eq!(out.replace("\n    ", " ").replace("[ {", "[{").replace("\n  ]", "]"), given);
        assert_eq!(read(&out), series);
    }

    #[test]
    fn what_was_built_is_what_is_read_back() {
        let mut builder = RawSeries::builder();
        builder.push(1.0, &[("val", RawValue::Float(4.5))]);
        builder.push_block(&[1.25, 1.5], &[("x", &[f64::NAN, 3.0]), ("y", &[2.0, 2.0]), ("none", &[f64::NAN; 2])]);
        builder.push_block(&[1.75], &[("y", &[0.1])]);
        let series = builder.finish();
        let mut out = String::new();
        text::write(&series, &mut out);
        assert!(out.contains(r#"{"times": [1.25,1.5], "x": [null,3], "y": 2},"#), "{out}");
        assert!(out.contains(r#"{"times": [1.75], "y": 0.1}"#) && !out.contains("none"), "{out}");
        let again = read(&out);
        assert_eq!(again, series);
        let mut twice = String::new();
        text::write(&again, &mut twice);
        assert_eq!(twice, out);
    }

    #[test]
    fn what_only_looks_like_a_block_stays_an_entry_with_lists() {
        for odd in [
            r#"[{"times": [1,2], "a": [1]}]"#,
            r#"[{"times": [1,2], "a": "x"}]"#,
            r#"[{"times": [1,"2"], "a": [1,2]}]"#,
            r#"[{"times": [], "a": []}]"#,
            r#"[{"times": [null], "a": [1]}]"#,
            r#"[{"times": [1], "a": {"b": 1}}]"#,
            r#"[{"times": [1], "t": 1}]"#,
            r#"[{"a": [1], "times": [1]}]"#,
        ] {
            let series = read(odd);
            assert_eq!(series.len(), 1, "{odd}");
            assert!(matches!(series.value(0, "times"), Some(RawValue::Json(_))), "{odd}");
        }
        let twice = r#"[{"times": [1,2], "a": [1,2], "a": 3}]"#;
        let mut duplicates = Vec::new();
        let series = parse::parse(twice, 0..twice.len(), &mut duplicates).unwrap();
        assert_eq!((series.numbers("a").unwrap().value.to_vec(), duplicates), (vec![3.0, 3.0], vec!["a".to_owned()]));
        assert!(parse::parse(r#"[{"times": [1,2], "a": [1,2}]"#, 0..29, &mut Vec::new()).is_err());
    }
}
