//! What was skipped, clipped or guessed while a figure was made: all of it, and the same in a few lines.

use indexmap::{IndexMap, IndexSet};

/// Names in one line; the others are counted.
const NAMED: usize = 3;

/// Each thing once.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    all: IndexSet<String>,
    lines: Vec<Line>,
    /// Files that are drawn or widen the axes.
    files: usize,
}

/// One line of the short form.
#[derive(Debug)]
enum Line {
    Plain(String),
    Absent(Absent),
}

/// What files lack of one plot.
#[derive(Debug, Default)]
struct Absent {
    plot: String,
    /// Per series (with its key) the numbers of the files.
    series: IndexMap<String, IndexSet<usize>>,
    /// Name of the file that lacks something, of the first one if several do.
    file: String,
    first: String,
}

impl Notes {
    pub(crate) fn new(files: usize) -> Self {
        Self { files, ..Self::default() }
    }

    pub(crate) fn add(&mut self, note: String) {
        if self.all.insert(note.clone()) {
            self.lines.push(Line::Plain(note));
        }
    }

    /// A file has no such series, or its samples have no such key.
    pub(crate) fn absent(&mut self, plot: &str, series: &str, raw_key: Option<&str>, file: usize, label: &str) {
        let (what, name) = match raw_key {
            Some(key) => (format!("series `{series}` has no `{key}`"), format!("{series} [{key}]")),
            None => (format!("series `{series}` is missing"), series.to_owned()),
        };
        let text = format!("plot {plot}: {what} in {label}");
        self.all.insert(text.clone());
        let of_plot = self.lines.iter().position(|line| matches!(line, Line::Absent(a) if a.plot == plot));
        let at = of_plot.unwrap_or_else(|| {
            let (plot, file) = (plot.to_owned(), label.to_owned());
            self.lines.push(Line::Absent(Absent { plot, file, first: text, series: IndexMap::new() }));
            self.lines.len() - 1
        });
        if let Line::Absent(absent) = &mut self.lines[at] {
            absent.series.entry(name).or_default().insert(file);
        }
    }

    /// Everything, one thing a line.
    pub(crate) fn all(&self) -> Vec<String> {
        self.all.iter().cloned().collect()
    }

    /// The same, what is missing in one line per plot.
    pub(crate) fn brief(&self) -> Vec<String> {
        let line = |line: &Line| match line {
            Line::Plain(text) => text.clone(),
            Line::Absent(absent) => absent.text(self.files),
        };
        self.lines.iter().map(line).collect()
    }
}

impl Absent {
    fn text(&self, of: usize) -> String {
        let files: IndexSet<usize> = self.series.values().flatten().copied().collect();
        if self.series.len() == 1 && files.len() == 1 {
            return self.first.clone();
        }
        let mut names: Vec<String> = self.series.keys().take(NAMED).map(|name| format!("`{name}`")).collect();
        if self.series.len() > NAMED {
            names.push(format!("{} more", self.series.len() - NAMED));
        }
        let last = names.pop().unwrap_or_default();
        let names = if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) };
        let all = self.series.values().all(|lacking| lacking.len() == files.len());
        let some = if all { "" } else { "some of " };
        if files.len() == 1 {
            format!("plot {}: {} series are missing in {}: {names}", self.plot, self.series.len(), self.file)
        } else {
            format!("plot {}: {} of {of} files lack {some}{names}", self.plot, files.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_files_lack_is_one_line() {
        let mut notes = Notes::new(40);
        notes.add("first".to_owned());
        for file in 0..12 {
            notes.absent("ping_cdf", "Ping (ms) ICMP", None, file, &format!("run {file}"));
        }
        assert_eq!(notes.brief(), ["first", "plot ping_cdf: 12 of 40 files lack `Ping (ms) ICMP`"]);
        assert_eq!(notes.all().len(), 13);
        for series in ["A", "B", "C", "D"] {
            notes.absent("ping_cdf", series, None, 3, "run 3");
        }
        let line = "plot ping_cdf: 12 of 40 files lack some of `Ping (ms) ICMP`, `A`, `B` and 2 more";
        assert_eq!(notes.brief()[1], line);
    }

    #[test]
    fn one_file_is_named() {
        let mut notes = Notes::new(1);
        notes.absent("p", "A", Some("tcp_rtt"), 0, "run");
        assert_eq!(notes.brief(), ["plot p: series `A` has no `tcp_rtt` in run"]);
        notes.absent("p", "B", None, 0, "run");
        assert_eq!(notes.brief(), ["plot p: 2 series are missing in run: `A [tcp_rtt]` and `B`"]);
    }
}
