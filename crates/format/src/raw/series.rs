//! The samples of one series as columns: what every tool reported, nothing resampled, nothing converted.
//!
//! An entry of the file is an object such as `{"t": 1588855601.6, "val": 20.4, "seq": 1}`; its keys differ from entry to
//! entry (a lost probe has no `val`, socket statistics share the list with throughput samples), so a column knows
//! which entries have it. Nested objects become columns named `a::b::c`. A column of floats only is a plain
//! `Vec<f64>`; anything else is kept exactly beside it.

use std::borrow::Cow;

use super::block::{Block, Member};
use super::value::{Kind, Kinds, RawValue};
use crate::column::Packed;

/// The raw samples of one series, by column.
#[derive(Debug, Clone, Default)]
pub struct RawSeries {
    pub(super) len: usize,
    /// One per entry, NaN where the entry has no numeric `t`; empty when column `t` is dense and can serve.
    pub(super) sparse_t: Vec<f64>,
    pub(super) columns: Vec<Column>,
    /// Entries that are written in columns, rising.
    pub(super) blocks: Vec<Block>,
}

/// The numbers of one key, with the entries they belong to. All three have the same length.
#[derive(Debug, Clone)]
pub struct RawNumbers<'a> {
    /// Index of the entry in the series.
    pub entry: Cow<'a, [u32]>,
    /// Unix time of the entry in seconds, NaN where it has none.
    pub t: Cow<'a, [f64]>,
    /// The value; NaN where the file says null.
    pub value: Cow<'a, [f64]>,
}

/// One key of the entries.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Segments joined with `::`.
    pub(super) key: String,
    /// More than one segment where the entry holds nested objects.
    pub(super) path: Vec<String>,
    /// Entries that have the key, rising; `None` while all entries so far have it.
    entries: Option<Entries>,
    /// One per entry that has the key; NaN where the value is not a number.
    pub(super) numbers: Numbers,
    pub(super) kinds: Kinds,
    /// Position in `numbers` and text, rising, for values that a float cannot hold.
    pub(super) texts: Vec<(u32, Box<str>)>,
}

/// Numbers of a column: growing and changeable, then packed.
#[derive(Debug, Clone)]
pub(super) enum Numbers {
    Plain(Vec<f64>),
    Packed(Packed),
}

impl Numbers {
    #[inline]
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.len(),
            Self::Packed(packed) => packed.len(),
        }
    }

    #[inline]
    pub(super) fn at(&self, i: usize) -> f64 {
        match self {
            Self::Plain(plain) => plain[i],
            Self::Packed(packed) => packed.at(i),
        }
    }

    /// For changes; packed numbers are unpacked first.
    #[inline]
    fn plain(&mut self) -> &mut Vec<f64> {
        if let Self::Packed(packed) = self {
            *self = Self::Plain(packed.to_vec());
        }
        match self {
            Self::Plain(plain) => plain,
            Self::Packed(_) => unreachable!("unpacked above"),
        }
    }

    fn all(&self) -> Cow<'_, [f64]> {
        match self {
            Self::Plain(plain) => Cow::Borrowed(plain),
            Self::Packed(packed) => Cow::Owned(packed.to_vec()),
        }
    }

    fn packed(&self) -> Self {
        Self::Packed(match self {
            Self::Plain(plain) => Packed::of(plain),
            Self::Packed(packed) => packed.clone(),
        })
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.capacity() * 8,
            Self::Packed(packed) => packed.bytes(),
        }
    }
}

/// Numbers of entries, rising: growing, then packed.
#[derive(Debug, Clone)]
enum Entries {
    Plain(Vec<u32>),
    Packed(Packed),
}

impl Entries {
    #[inline]
    fn len(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.len(),
            Self::Packed(packed) => packed.len(),
        }
    }

    #[inline]
    fn at(&self, i: usize) -> u32 {
        match self {
            Self::Plain(plain) => plain[i],
            Self::Packed(packed) => packed.at(i) as u32,
        }
    }

    /// For changes; packed ones are unpacked first.
    #[inline]
    fn plain(&mut self) -> &mut Vec<u32> {
        if let Self::Packed(packed) = self {
            *self = Self::Plain((0..packed.len()).map(|i| packed.at(i) as u32).collect());
        }
        match self {
            Self::Plain(plain) => plain,
            Self::Packed(_) => unreachable!("unpacked above"),
        }
    }

    /// Where an entry is.
    fn position(&self, entry: u32) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.at(middle) < entry { low = middle + 1 } else { high = middle }
        }
        (low < self.len() && self.at(low) == entry).then_some(low)
    }

    fn packed(&self) -> Self {
        Self::Packed(match self {
            Self::Plain(plain) => Packed::of(&plain.iter().map(|entry| f64::from(*entry)).collect::<Vec<_>>()),
            Self::Packed(packed) => packed.clone(),
        })
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.capacity() * 4,
            Self::Packed(packed) => packed.bytes(),
        }
    }
}

impl RawSeries {
    /// The same in fewer bytes; reading numbers takes a little longer then.
    #[must_use]
    pub fn packed(&self) -> Self {
        let columns = self.columns.iter().map(|column| Column {
            key: column.key.clone(),
            path: column.path.clone(),
            entries: column.entries.as_ref().map(Entries::packed),
            numbers: column.numbers.packed(),
            kinds: column.kinds.clone(),
            texts: column.texts.clone(),
        });
        let columns = columns.collect();
        Self { len: self.len, sparse_t: self.sparse_t.clone(), columns, blocks: self.blocks.clone() }
    }

    /// Starts an empty series to push entries into.
    pub fn builder() -> RawSeriesBuilder {
        RawSeriesBuilder::default()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True without entries. Computed series have an empty list in the file.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Unix time in seconds of every entry, NaN where an entry has no numeric `t`. In file order, which is usually,
    /// but not always, the order of time.
    pub fn t(&self) -> Cow<'_, [f64]> {
        match self.column("t") {
            Some(column) if self.sparse_t.is_empty() => column.numbers.all(),
            _ => Cow::Borrowed(&self.sparse_t),
        }
    }

    /// All keys that occur, sorted, `t` included; nested objects as `a::b`.
    pub fn keys(&self) -> Vec<&str> {
        let rows = self.columns.iter().map(|c| c.key.as_str());
        let mut keys: Vec<&str> = rows.chain(self.blocks.iter().flat_map(Block::keys)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Whether the key is in blocks only: one of many that are written in columns ([`RawSeriesBuilder::push_block`]).
    pub fn is_in_columns(&self, key: &str) -> bool {
        self.column(key).is_none() && self.blocks.iter().any(|block| block.keys().any(|have| have == key))
    }

    /// The numbers under `key`: only entries that have it, null as NaN; entries whose value is text, a boolean or a list are left out.
    /// `None` when no entry has a number or null there.
    pub fn numbers(&self, key: &str) -> Option<RawNumbers<'_>> {
        let rows = self.numbers_of_rows(key);
        let mut blocks = self.blocks.iter().flat_map(|block| block.numbers(key)).peekable();
        if blocks.peek().is_none() {
            return rows;
        }
        let rows = rows.iter().flat_map(|rows| rows.entry.iter().copied().zip(rows.value.iter().copied()));
        let mut found: Vec<(u32, f64)> = rows.chain(blocks).collect();
        found.sort_by_key(|(entry, _)| *entry);
        let t = self.t();
        Some(RawNumbers {
            t: found.iter().map(|(entry, _)| t[*entry as usize]).collect(),
            entry: found.iter().map(|(entry, _)| *entry).collect(),
            value: found.iter().map(|(_, value)| *value).collect(),
        })
    }

    fn numbers_of_rows(&self, key: &str) -> Option<RawNumbers<'_>> {
        let column = self.column(key)?;
        let numeric = |i: usize| matches!(column.kinds.at(i), Kind::Float | Kind::Int | Kind::BigInt | Kind::Null);
        let all = (0..column.numbers.len()).all(numeric);
        let t = self.t();
        if all {
            let entry: Vec<u32> = (0..column.numbers.len()).map(|i| column.entry_of(i)).collect();
            let t = match &column.entries {
                Some(_) => Cow::Owned(entry.iter().map(|&e| t[e as usize]).collect()),
                None => t,
            };
            let entry: Cow<'_, [u32]> = Cow::Owned(entry);
            return (!entry.is_empty()).then(|| RawNumbers { entry, t, value: column.numbers.all() });
        }
        let keep: Vec<usize> = (0..column.numbers.len()).filter(|&i| numeric(i)).collect();
        if keep.is_empty() {
            return None;
        }
        let entry: Vec<u32> = keep.iter().map(|&i| column.entry_of(i)).collect();
        Some(RawNumbers {
            t: entry.iter().map(|&e| t[e as usize]).collect(),
            value: keep.iter().map(|&i| column.numbers.at(i)).collect(),
            entry: Cow::Owned(entry),
        })
    }

    /// The value of `key` in entry number `entry`, exactly as in the file; `None` where the entry lacks it.
    pub fn value(&self, entry: usize, key: &str) -> Option<RawValue> {
        let row = || {
            let column = self.column(key)?;
            column.position_of(entry).map(|i| column.value(i))
        };
        self.blocks.iter().find_map(|block| block.value(entry, key)).or_else(row)
    }

    /// All values of `key` with the index of their entry, exactly as in the file.
    pub fn values<'a>(&'a self, key: &str) -> impl Iterator<Item = (usize, RawValue)> + 'a {
        let column = self.column(key);
        let rows =
            column.into_iter().flat_map(|c| (0..c.numbers.len()).map(move |i| (c.entry_of(i) as usize, c.value(i))));
        let blocks = self.blocks.iter().flat_map(|block| block.numbers(key));
        let mut merged: Vec<(usize, RawValue)> =
            blocks.map(|(entry, number)| (entry as usize, RawValue::Float(number))).collect();
        let plain = merged.is_empty();
        if !plain {
            merged.extend(rows.clone());
            merged.sort_by_key(|(entry, _)| *entry);
        }
        plain.then_some(rows).into_iter().flatten().chain(merged)
    }

    /// Smallest `t` of all entries.
    pub fn first_t(&self) -> Option<f64> {
        self.t().iter().copied().filter(|t| !t.is_nan()).min_by(f64::total_cmp)
    }

    pub(super) fn column(&self, key: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.key == key)
    }
}

/// Equal when both would be written as the same entries, whatever the order of keys.
impl PartialEq for RawSeries {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len
            && self.blocks == other.blocks
            && self.columns.len() == other.columns.len()
            && self.columns.iter().all(|a| {
                other.columns.iter().any(|b| {
                    a.path == b.path
                        && a.numbers.len() == b.numbers.len()
                        && (0..a.numbers.len()).all(|i| a.entry_of(i) == b.entry_of(i) && a.value(i) == b.value(i))
                })
            })
    }
}

impl Column {
    pub(super) fn new(path: Vec<String>) -> Self {
        Column {
            key: path.join("::"),
            path,
            entries: None,
            numbers: Numbers::Plain(Vec::new()),
            kinds: Kinds::Uniform(Kind::Float),
            texts: Vec::new(),
        }
    }

    /// Which entry value number `i` belongs to.
    pub(super) fn entry_of(&self, i: usize) -> u32 {
        self.entries.as_ref().map_or(i as u32, |e| e.at(i))
    }

    /// Where in the column entry number `entry` is.
    pub(super) fn position_of(&self, entry: usize) -> Option<usize> {
        match &self.entries {
            None => (entry < self.numbers.len()).then_some(entry),
            Some(entries) => entries.position(entry as u32),
        }
    }

    /// The last entry that has the key.
    pub(super) fn last_entry(&self) -> Option<u32> {
        match &self.entries {
            None => (self.numbers.len() as u32).checked_sub(1),
            Some(entries) => entries.len().checked_sub(1).map(|last| entries.at(last)),
        }
    }

    /// Appends the value of `entry`, which must be after all entries so far.
    #[inline]
    pub(super) fn push(&mut self, entry: u32, kind: Kind, number: f64) {
        match &mut self.entries {
            None if entry as usize == self.numbers.len() => {}
            None => {
                let mut entries: Vec<u32> = (0..self.numbers.len() as u32).collect();
                entries.push(entry);
                self.entries = Some(Entries::Plain(entries));
            }
            Some(entries) => entries.plain().push(entry),
        }
        self.kinds.push(self.numbers.len(), kind);
        self.numbers.plain().push(number);
    }

    pub(super) fn push_text(&mut self, entry: u32, kind: Kind, number: f64, text: &str) {
        let at = self.numbers.len() as u32;
        self.push(entry, kind, number);
        self.texts.push((at, text.into()));
    }

    /// Replaces a number by another number or null.
    pub(super) fn set(&mut self, i: usize, kind: Kind, number: f64) {
        self.numbers.plain()[i] = number;
        self.kinds.set(i, self.numbers.len(), kind);
        if !self.texts.is_empty() {
            self.texts.retain(|(at, _)| *at as usize != i);
        }
    }

    /// Bytes of its numbers.
    pub(super) fn bytes(&self) -> usize {
        self.numbers.bytes() + self.entries.as_ref().map_or(0, Entries::bytes)
    }

    /// Takes the last value away again (a key given twice in one entry: the later one counts).
    pub(super) fn pop(&mut self) {
        if self.numbers.plain().pop().is_some() {
            if let Some(entries) = &mut self.entries {
                entries.plain().pop();
            }
            let at = self.numbers.len();
            self.kinds.truncate(at);
            self.texts.retain(|(i, _)| (*i as usize) < at);
        }
    }

    fn text(&self, i: usize) -> &str {
        let found = self.texts.binary_search_by_key(&(i as u32), |(at, _)| *at);
        found.map_or("", |n| &self.texts[n].1)
    }

    pub(super) fn value(&self, i: usize) -> RawValue {
        let number = self.numbers.at(i);
        match self.kinds.at(i) {
            Kind::Float => RawValue::Float(number),
            Kind::Int => RawValue::Int(number as i64),
            Kind::BigInt | Kind::Json => RawValue::Json(self.text(i).to_owned()),
            Kind::Null => RawValue::Null,
            Kind::False => RawValue::Bool(false),
            Kind::True => RawValue::Bool(true),
            Kind::Text => RawValue::Text(self.text(i).to_owned()),
        }
    }
}

/// Builds a [`RawSeries`] entry by entry, for a recorder.
///
/// ```
/// use fa_format::{RawSeries, RawValue};
/// let mut b = RawSeries::builder();
/// b.push(1588855601.5, &[("val", RawValue::Float(20.4)), ("seq", RawValue::Int(1))]);
/// b.push(1588855601.7, &[("lost", RawValue::Bool(true)), ("seq", RawValue::Int(2))]);
/// let series = b.finish();
/// assert_eq!(series.len(), 2);
/// assert_eq!(series.numbers("val").map(|n| n.value.len()), Some(1));
/// ```
#[derive(Debug, Clone, Default)]
pub struct RawSeriesBuilder {
    series: RawSeries,
}

impl RawSeriesBuilder {
    /// Appends an entry at Unix time `t` (seconds; NaN writes no `t`) with its other values. A key given twice counts once, the later one.
    pub fn push(&mut self, t: f64, values: &[(&str, RawValue)]) {
        self.entry(t, values, false);
    }

    /// The same, but a key `a::b` is the key `b` of an object `a`. No entry may have both `a` and `a::b`.
    pub fn push_nested(&mut self, t: f64, values: &[(&str, RawValue)]) {
        self.entry(t, values, true);
    }

    fn entry(&mut self, t: f64, values: &[(&str, RawValue)], nested: bool) {
        let entry = self.series.len as u32;
        if !t.is_nan() {
            self.put(entry, "t", &RawValue::Float(t), false);
        }
        for (key, value) in values {
            self.put(entry, key, value, nested);
        }
        self.series.len += 1;
    }

    /// Appends entries at the Unix times `t` (seconds, no NaN), whose values are written in columns: much shorter than entry by
    /// entry where there are many keys. NaN where an entry lacks the key; a list that is not as
    /// long as `t` is left out, and so is a key given a second time.
    pub fn push_block(&mut self, t: &[f64], columns: &[(&str, &[f64])]) {
        if t.is_empty() || t.iter().any(|t| t.is_nan()) {
            return;
        }
        let mut block = Block { first: self.series.len as u32, t: t.to_vec(), members: Vec::new() };
        for (key, numbers) in columns {
            let new = *key != "t" && block.members.iter().all(|(have, _)| have != key);
            let whole = numbers.len() == t.len();
            block
                .members
                .extend(Member::of(numbers).filter(|_| new && whole).map(|member| ((*key).to_owned(), member)));
        }
        self.series.len += t.len();
        self.series.blocks.push(block);
    }

    /// How many entries were pushed.
    pub fn len(&self) -> usize {
        self.series.len
    }

    /// True before the first push.
    pub fn is_empty(&self) -> bool {
        self.series.len == 0
    }

    /// The finished series.
    pub fn finish(mut self) -> RawSeries {
        self.series.settle();
        self.series
    }

    fn column(&mut self, key: &str, nested: bool) -> &mut Column {
        let columns = &mut self.series.columns;
        let found = columns.iter().position(|c| c.key == key).unwrap_or_else(|| {
            let path = if nested { key.split("::").map(str::to_owned).collect() } else { vec![key.to_owned()] };
            columns.push(Column::new(path));
            columns.len() - 1
        });
        &mut columns[found]
    }

    fn put(&mut self, entry: u32, key: &str, value: &RawValue, nested: bool) {
        let column = self.column(key, nested);
        if column.last_entry() == Some(entry) {
            column.pop();
        }
        match value {
            RawValue::Null => column.push(entry, Kind::Null, f64::NAN),
            RawValue::Bool(b) => column.push(entry, if *b { Kind::True } else { Kind::False }, f64::NAN),
            RawValue::Int(n) if n.unsigned_abs() <= 1 << 53 => column.push(entry, Kind::Int, *n as f64),
            RawValue::Int(n) => column.push_text(entry, Kind::BigInt, *n as f64, &n.to_string()),
            RawValue::Float(x) => column.push(entry, Kind::Float, *x),
            RawValue::Text(s) => column.push_text(entry, Kind::Text, f64::NAN, s),
            RawValue::Json(s) => column.push_text(entry, Kind::Json, f64::NAN, s),
        }
    }
}

impl RawSeries {
    /// Computes what is derived from the columns; to be called once all entries are in.
    pub(super) fn settle(&mut self) {
        let dense = self.column("t").is_some_and(|c| {
            c.path.len() == 1 && c.numbers.len() == self.len && c.kinds.all(|k| matches!(k, Kind::Float | Kind::Int))
        });
        self.sparse_t = if dense { Vec::new() } else { vec![f64::NAN; self.len] };
        if !dense && let Some(column) = self.columns.iter().find(|c| c.key == "t") {
            for (i, &number) in column.numbers.all().iter().enumerate() {
                self.sparse_t[column.entry_of(i) as usize] = number;
            }
        }
        for block in &self.blocks {
            let first = block.first as usize;
            self.sparse_t[first..first + block.t.len()].copy_from_slice(&block.t);
        }
        // A column that is absent from the last entries is not dense although its values are the first ones.
        for column in &mut self.columns {
            if column.entries.is_none() && column.numbers.len() != self.len {
                column.entries = Some(Entries::Plain((0..column.numbers.len() as u32).collect()));
            }
        }
    }
}
