//! The files table: which columns, in which order, what is in their cells.

use std::cmp::Ordering;

use fa_analyze::summary::{Group, significant};
use serde::{Deserialize, Serialize};

use super::library::Doc;

/// What a column shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Title of the run.
    Title,
    /// Name of the file.
    FileName,
    /// Folder of the file.
    Folder,
    /// Name of the test.
    Test,
    /// When it was measured, UTC.
    Time,
    /// Length of the run, seconds.
    Duration,
    /// Far host.
    Host,
    /// Median of the medians of the probes, ms.
    Latency50,
    /// Largest 95th percentile of the probes, ms.
    Latency95,
    /// Sum of the downloads' means, Mbit/s.
    Download,
    /// Sum of the uploads' means, Mbit/s.
    Upload,
    /// Probes lost, percent.
    Loss,
    /// Tags of the file's notes.
    Tags,
    /// A metadata value by its path, steps joined by `:`.
    Meta(String),
}

impl Column {
    /// The columns that are always offered.
    pub const FIXED: [Self; 13] = [
        Self::Title,
        Self::FileName,
        Self::Folder,
        Self::Test,
        Self::Time,
        Self::Duration,
        Self::Host,
        Self::Latency50,
        Self::Latency95,
        Self::Download,
        Self::Upload,
        Self::Loss,
        Self::Tags,
    ];

    /// Heading.
    pub fn title(&self) -> String {
        match self {
            Self::Title => "Title",
            Self::FileName => "File",
            Self::Folder => "Folder",
            Self::Test => "Test",
            Self::Time => "Time (UTC)",
            Self::Duration => "Length (s)",
            Self::Host => "Host",
            Self::Latency50 => "RTT p50 (ms)",
            Self::Latency95 => "RTT p95 (ms)",
            Self::Download => "Down (Mbit/s)",
            Self::Upload => "Up (Mbit/s)",
            Self::Loss => "Loss (%)",
            Self::Tags => "Tags",
            Self::Meta(path) => return path.clone(),
        }
        .to_owned()
    }

    /// What it shows, for people.
    pub fn help(&self) -> String {
        match self {
            Self::Title => "Title of the run, or the file's name where it has none".into(),
            Self::FileName => "Name of the file without its folder".into(),
            Self::Folder => "Folder of the file".into(),
            Self::Test => "Name of the test".into(),
            Self::Time => "When the run began".into(),
            Self::Duration => "Length of the whole run".into(),
            Self::Host => "Host measured against".into(),
            Self::Latency50 => "Median over the probes of their median round-trip times, whole run".into(),
            Self::Latency95 => "Largest 95th percentile of a probe's round-trip times, whole run".into(),
            Self::Download => "Sum over the downloads of their mean rates, whole run".into(),
            Self::Upload => "Sum over the uploads of their mean rates, whole run".into(),
            Self::Loss => "Probes without an answer, of all numbered ones".into(),
            Self::Tags => "Tags: words with # in the notes on the file; the filter finds them as tag:NAME".into(),
            Self::Meta(path) => format!("Metadata value {path}"),
        }
    }

    /// Needs the numbers of the file, not only its metadata.
    pub fn is_computed(&self) -> bool {
        matches!(self, Self::Latency50 | Self::Latency95 | Self::Download | Self::Upload | Self::Loss)
    }

    /// Numbers stand at the right.
    pub fn is_number(&self) -> bool {
        self.is_computed() || *self == Self::Duration
    }

    /// What is in the cell of a file.
    pub fn cell(&self, doc: &Doc) -> Cell {
        let meta = doc.metadata.as_deref();
        let text = |text: Option<&str>| text.map_or(Cell::Unknown, |t| Cell::Text(t.to_owned()));
        let number = |value: Option<f64>| value.map_or(Cell::Unknown, Cell::Number);
        if self.is_computed() && doc.summary.is_none() {
            return Cell::Unknown;
        }
        match self {
            Self::Title => Cell::Text(doc.title()),
            Self::FileName => Cell::Text(doc.file_name()),
            Self::Folder => Cell::Text(doc.path.parent().map(|p| p.display().to_string()).unwrap_or_default()),
            Self::Test => text(meta.map(fa_format::Metadata::name)),
            Self::Time => match meta.and_then(|m| m.time_unix().or_else(|| m.t0_unix())) {
                Some(unix) => Cell::Time(unix),
                None => Cell::Unknown,
            },
            Self::Duration => number(meta.and_then(fa_format::Metadata::total_length_secs)),
            Self::Host => text(meta.and_then(fa_format::Metadata::host)),
            Self::Latency50 => {
                let mut all = doc.figure_of(Group::Ping, |row| row.p50);
                all.sort_by(f64::total_cmp);
                number(fa_analyze::stats::percentile_of_sorted(&all, 50.0))
            }
            Self::Latency95 => number(doc.figure_of(Group::Ping, |row| row.p95).into_iter().reduce(f64::max)),
            Self::Download => number(sum(&doc.figure_of(Group::Download, |row| row.mean))),
            Self::Upload => number(sum(&doc.figure_of(Group::Upload, |row| row.mean))),
            Self::Loss => {
                let rows = doc.summary.iter().flat_map(|s| &s.rows).filter(|row| row.group == Group::Ping);
                let (mut lost, mut sent) = (0.0, 0.0);
                for row in rows {
                    if let (Some(l), Some(ratio)) = (row.lost, row.loss) {
                        lost += l as f64;
                        sent += if ratio > 0.0 { l as f64 / ratio } else { row.n as f64 };
                    }
                }
                number((sent > 0.0).then(|| 100.0 * lost / sent))
            }
            Self::Tags if doc.tags.is_empty() => Cell::Unknown,
            Self::Tags => Cell::Text(doc.tags.join(" ")),
            Self::Meta(path) => match meta.and_then(|m| m.get(path)) {
                None => Cell::Unknown,
                Some(serde_json::Value::String(text)) => Cell::Text(text.clone()),
                Some(serde_json::Value::Number(n)) => n.as_f64().map_or(Cell::Unknown, Cell::Number),
                Some(other) => Cell::Text(other.to_string()),
            },
        }
    }
}

fn sum(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum())
}

/// What is in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing, or not yet.
    Unknown,
    /// Text, any.
    Text(String),
    /// A number in the unit of the heading.
    Number(f64),
    /// Unix time.
    Time(f64),
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(3))
    }
}

impl Cell {
    /// As the table shows it, numbers with so many digits that count.
    pub fn text(&self, digits: u8) -> String {
        match self {
            Self::Unknown => "–".to_owned(),
            // One line, whatever is in it.
            Self::Text(text) => fa_plot::text::one_line(text),
            Self::Number(value) if value.fract() == 0.0 && value.abs() < 1e9 => value.to_string(),
            Self::Number(value) => significant(*value, digits),
            Self::Time(unix) => jiff::Timestamp::from_second(*unix as i64)
                .map_or_else(|_| "–".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        }
    }

    /// Numbers by value, texts by the alphabet (numbers in them by value), what is unknown last.
    pub fn order(&self, other: &Self) -> Ordering {
        let rank = |cell: &Self| match cell {
            Self::Number(_) | Self::Time(_) => 0,
            Self::Text(_) => 1,
            Self::Unknown => 2,
        };
        match (self, other) {
            (Self::Number(a) | Self::Time(a), Self::Number(b) | Self::Time(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => natural(a, b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// `run-2` comes before `run-10`; upper and lower case are the same unless nothing else differs.
fn natural(a: &str, b: &str) -> Ordering {
    let mut left = a.chars().peekable();
    let mut right = b.chars().peekable();
    loop {
        match (left.peek().copied(), right.peek().copied()) {
            (None, None) => return a.cmp(b),
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let digits = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
                    let mut text = String::new();
                    while let Some(c) = chars.next_if(char::is_ascii_digit) {
                        text.push(c);
                    }
                    text.trim_start_matches('0').to_owned()
                };
                let (m, n) = (digits(&mut left), digits(&mut right));
                let order = m.len().cmp(&n.len()).then_with(|| m.cmp(&n));
                if order != Ordering::Equal {
                    return order;
                }
            }
            (Some(x), Some(y)) => {
                let order = x.to_lowercase().cmp(y.to_lowercase());
                if order != Ordering::Equal {
                    return order;
                }
                left.next();
                right.next();
            }
        }
    }
}

/// How the files table is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Column and whether it descends; `None`: the order of opening.
    #[serde(default)]
    pub sort: Option<(Column, bool)>,
    /// Only rows with all these words in one of their cells.
    #[serde(default)]
    pub filter: String,
    /// Rows of one test together.
    #[serde(default)]
    pub by_test: bool,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            columns: vec![Column::Title, Column::Test, Column::Time, Column::Duration, Column::Host],
            sort: None,
            filter: String::new(),
            by_test: true,
        }
    }
}

impl Table {
    /// Whether a file passes the filter: every word is found in its name, title, test, host or a column's cell; `key=text`
    /// looks into one metadata key, `tag:name` for a tag (`tag:` for any).
    pub fn passes(&self, doc: &Doc) -> bool {
        let filter = self.filter.to_lowercase();
        let mut words = filter.split_whitespace().peekable();
        if words.peek().is_none() {
            return true;
        }
        let mut text = doc.path.display().to_string();
        for cell in [Column::Title, Column::Test, Column::Host, Column::Time].iter().chain(&self.columns) {
            text.push(' ');
            text.push_str(&cell.cell(doc).to_string());
        }
        let text = text.to_lowercase();
        let meta = |key: &str, value: &str| {
            let map = doc.metadata.as_deref();
            let found = map.and_then(|m| m.get(key).or_else(|| m.get(&key.to_uppercase())));
            found.is_some_and(|v| v.to_string().to_lowercase().contains(value))
        };
        words.all(|word| match word.strip_prefix("tag:") {
            Some("") => !doc.tags.is_empty(),
            Some(tag) => doc.tags.iter().any(|own| own.to_lowercase() == tag),
            None => text.contains(word) || word.split_once('=').is_some_and(|(key, value)| meta(key, value)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_sort_by_value_and_unknown_comes_last() {
        let mut cells = [
            Cell::Unknown,
            Cell::Text("run-10".into()),
            Cell::Text("run-2".into()),
            Cell::Number(3.0),
            Cell::Text("Run-1".into()),
        ];
        cells.sort_by(Cell::order);
        let shown: Vec<String> = cells.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["3", "Run-1", "run-2", "run-10", "–"]);
    }

    #[test]
    fn a_tag_is_filtered_by_its_whole_name() {
        let doc = Doc { tags: vec!["good".into(), "WiFi".into()], ..Doc::default() };
        let passes = |filter: &str| Table { filter: filter.into(), ..Table::default() }.passes(&doc);
        assert!(passes("tag:good") && passes("tag:wifi tag:good") && passes("tag:"));
        assert!(!passes("tag:goo") && !passes("tag:bad"));
        assert!(!Table { filter: "tag:".into(), ..Table::default() }.passes(&Doc::default()));
    }

    #[test]
    fn a_cell_is_one_line_whatever_its_text() {
        assert_eq!(Cell::Text("a\nb\t\u{7}c".into()).to_string(), "a b c");
    }
}
