//! Many files in groups: which files belong together, and the numbers of each group.

use std::borrow::Cow;

use fa_catalog::Pattern;
use fa_format::Metadata;
use indexmap::IndexMap;
use regex::Regex;

use crate::cutoff::Cutoff;
use crate::reduce::{Reducer, Reduction};
use crate::run::{Clock, Origin, Points, Run};
use crate::stats::Sample;

/// Columns on one x axis: what a group of files, or a series over groups, comes to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// What it stands for: `codel (n=3)`.
    pub title: String,
    /// Seconds, or counting numbers where x is no time.
    pub x: Vec<f64>,
    /// One per series, each as long as `x`; NaN where missing.
    pub columns: Vec<Vec<f64>>,
    /// Seconds its x axis should reach at least, where x is time.
    pub total_length: Option<f64>,
    /// What x counts where it is no time: `File`, `Value`.
    pub counts: Option<&'static str>,
    /// Files behind it.
    pub files: usize,
    /// Which of all files is the first of them.
    pub first: usize,
}

impl Table {
    /// A column with its x.
    pub fn points(&self, column: usize) -> Points {
        match self.columns.get(column) {
            Some(y) => Points { x: self.x.clone(), y: y.clone(), origin: Origin::Grid },
            None => Points { x: self.x.clone(), y: vec![f64::NAN; self.x.len()], origin: Origin::Absent },
        }
    }

    fn counted(title: String, columns: Vec<Vec<f64>>) -> Self {
        let len = columns.iter().map(Vec::len).max().unwrap_or(0);
        let columns = columns
            .into_iter()
            .map(|mut c| {
                c.resize(len, f64::NAN);
                c
            })
            .collect();
        Self { title, x: (0..len).map(|i| i as f64).collect(), columns, counts: Some("File"), ..Self::default() }
    }
}

/// How files become groups, and what a group's numbers are; names are Flent's `group_by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// A group per file name; each series has one number per file.
    Groups,
    /// A group per file name; at each step, the files' values there reduced to one.
    GroupsPoints,
    /// A group per file name; the files' values one file after the other.
    GroupsConcat,
    /// As `Groups`, turned: a table per series, a column per group.
    Series,
    /// Names split at the last `-`: a table per right part, a column per left part. One series only.
    Both,
    /// A group per batch run; one number per file.
    Batch,
    /// A group per batch run; values one file after the other.
    BatchConcat,
    /// As `Batch`, turned.
    BatchSeries,
}

impl GroupBy {
    /// By Flent's name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "groups" => Self::Groups,
            "groups_points" => Self::GroupsPoints,
            "groups_concat" => Self::GroupsConcat,
            "series" => Self::Series,
            "both" => Self::Both,
            "batch" => Self::Batch,
            "batch_concat" => Self::BatchConcat,
            "batch_series" => Self::BatchSeries,
            _ => return None,
        })
    }

    fn by_batch(self) -> bool {
        matches!(self, Self::Batch | Self::BatchConcat | Self::BatchSeries)
    }
}

/// A series to combine.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted<'p> {
    /// Series name.
    pub series: &'p str,
    /// Its name in figures.
    pub label: &'p str,
    /// Key of the raw samples in place of `val`.
    pub raw_key: Option<&'p str>,
    /// The reducer.
    pub reducer: Reducer,
    /// Part of the runs that counts.
    pub cutoff: Option<Cutoff>,
    /// Series to divide by.
    pub norm_by: Option<&'p str>,
    /// Series that a fairness is taken over.
    pub source: Option<Pattern>,
}

impl Wanted<'_> {
    /// Values on the grid. A key of the samples has some only if the recorder made a child series of it.
    fn grid<'r>(&self, run: &'r Run) -> Option<Cow<'r, [f64]>> {
        match self.raw_key {
            None => run.grid(self.series),
            Some(key) => run.grid(&format!("{}::{key}", self.series)),
        }
    }

    /// How the series of one run becomes a number.
    pub fn reduction(&self) -> Reduction<'_> {
        Reduction {
            series: self.series,
            raw_key: self.raw_key,
            reducer: self.reducer.clone(),
            cutoff: self.cutoff,
            norm_by: self.norm_by,
            source: self.source.as_ref(),
        }
    }
}

/// What the columns of the tables are.
#[derive(Debug, Clone, PartialEq)]
pub enum Columns {
    /// The wanted series, in order.
    Series,
    /// Groups of this name.
    Groups(Vec<String>),
}

/// The outcome of combining.
#[derive(Debug, Clone, PartialEq)]
pub struct Combined {
    /// One per group, or one per series where the axes are turned.
    pub tables: Vec<Table>,
    /// What the columns of each table are.
    pub columns: Columns,
    /// What was guessed.
    pub notes: Vec<String>,
}

/// Files that cannot be combined as asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CombineError {
    /// `both` needs exactly one series.
    #[error(
        "grouping by both parts of the name works for plots of one series, this one has {0}; group by `groups` or `series`"
    )]
    OneSeriesOnly(usize),
}

/// Choices of the user.
#[derive(Debug, Clone, Default)]
pub struct CombineOptions {
    /// Matches of these are dropped from names before grouping, the first match of each.
    pub name_filters: Vec<Regex>,
    /// Add `(n=…)` to the titles.
    pub print_n: bool,
}

/// Puts runs into groups and reduces the wanted series of each.
///
/// # Errors
/// `both` with more than one series.
pub fn combine(
    by: GroupBy,
    runs: &[&Run],
    wanted: &[Wanted],
    options: &CombineOptions,
) -> Result<Combined, CombineError> {
    let mut notes = Vec::new();
    let groups = groups(by, runs, options, &mut notes);
    let title = |name: &str, n: usize| if options.print_n { format!("{name} (n={n})") } else { name.to_owned() };
    let titled = |groups: &IndexMap<String, Vec<&Run>>, f: &dyn Fn(&[&Run]) -> Table| -> Vec<Table> {
        groups
            .iter()
            .map(|(name, of)| Table { title: title(name, of.len()), files: of.len(), first: place(runs, of), ..f(of) })
            .collect()
    };
    let (tables, columns) = match by {
        GroupBy::Groups | GroupBy::Batch => {
            (titled(&groups, &|runs| one_number_per_file(runs, wanted)), Columns::Series)
        }
        GroupBy::GroupsPoints => (titled(&groups, &|runs| point_by_point(runs, wanted)), Columns::Series),
        GroupBy::GroupsConcat | GroupBy::BatchConcat => {
            (titled(&groups, &|runs| one_after_the_other(runs, wanted)), Columns::Series)
        }
        GroupBy::Series | GroupBy::BatchSeries => {
            let names = groups.keys().cloned().collect();
            let tables = wanted
                .iter()
                .map(|w| {
                    let columns = groups.values().map(|of_group| numbers(of_group, w)).collect();
                    Table { files: runs.len(), ..Table::counted(w.label.to_owned(), columns) }
                })
                .collect();
            (tables, Columns::Groups(names))
        }
        GroupBy::Both => both(&groups, wanted, &mut notes)?,
    };
    Ok(Combined { tables, columns, notes })
}

/// Where the first run of a group stands among all.
fn place(runs: &[&Run], group: &[&Run]) -> usize {
    runs.iter().position(|run| group.first().is_some_and(|first| std::ptr::eq(*run, *first))).unwrap_or(0)
}

fn numbers(runs: &[&Run], wanted: &Wanted) -> Vec<f64> {
    let reduction = wanted.reduction();
    runs.iter().map(|run| reduction.of(run).unwrap_or(f64::NAN)).collect()
}

fn one_number_per_file(runs: &[&Run], wanted: &[Wanted]) -> Table {
    Table::counted(String::new(), wanted.iter().map(|w| numbers(runs, w)).collect())
}

/// At each step of the longest run: the runs' values there, reduced.
fn point_by_point(runs: &[&Run], wanted: &[Wanted]) -> Table {
    let longest = runs.iter().map(|run| run.grid_x(Clock::Run)).max_by_key(|x| x.len()).unwrap_or_default();
    let total_length = runs.iter().map(|run| run.total_length()).fold(0.0, f64::max);
    // One x axis for all columns: the widest cut-off; a column's own one blanks the rest.
    let windows: Vec<_> = wanted.iter().map(|w| w.cutoff.map(|c| c.window(total_length))).collect();
    let keep: Vec<usize> = (0..longest.len())
        .filter(|i| windows.is_empty() || windows.iter().any(|w| w.is_none_or(|w| w.contains(longest[*i]))))
        .collect();
    let columns = wanted
        .iter()
        .zip(&windows)
        .map(|(w, window)| {
            let values: Vec<_> = runs.iter().filter_map(|run| w.grid(run)).collect();
            let reduce = |i: usize| {
                let at_step = Sample::new(values.iter().filter_map(|v| v.get(i).copied()));
                w.reducer.of_sample(&at_step).unwrap_or(f64::NAN)
            };
            keep.iter()
                .map(|i| if window.is_none_or(|w| w.contains(longest[*i])) { reduce(*i) } else { f64::NAN })
                .collect()
        })
        .collect();
    let x = keep.iter().map(|i| longest[*i]).collect();
    Table { x, columns, total_length: Some(total_length), ..Table::default() }
}

/// All values of the group's runs on their grids, in sequence. With `span`, each run's less its smallest.
fn one_after_the_other(runs: &[&Run], wanted: &[Wanted]) -> Table {
    let columns = wanted
        .iter()
        .map(|w| {
            let mut column = Vec::new();
            for run in runs {
                let x = run.grid_x(Clock::Run);
                // A run without the series takes its room, so that all columns keep step.
                let values = w.grid(run).unwrap_or_else(|| vec![f64::NAN; x.len()].into());
                let window = w.cutoff.map(|c| c.window(run.total_length()));
                let inside = |x: f64| window.is_none_or(|w| w.start < x && x < w.end);
                let least =
                    if w.reducer == Reducer::Span { values.iter().copied().fold(f64::INFINITY, f64::min) } else { 0.0 };
                column.extend(x.iter().zip(values.iter()).filter(|(x, _)| inside(**x)).map(|(_, v)| v - least));
            }
            column
        })
        .collect();
    Table { counts: Some("Value"), ..Table::counted(String::new(), columns) }
}

fn both(
    groups: &IndexMap<String, Vec<&Run>>,
    wanted: &[Wanted],
    notes: &mut Vec<String>,
) -> Result<(Vec<Table>, Columns), CombineError> {
    let [only] = wanted else { return Err(CombineError::OneSeriesOnly(wanted.len())) };
    let mut lefts: Vec<&str> = Vec::new();
    let mut rights: IndexMap<&str, IndexMap<&str, &Vec<&Run>>> = IndexMap::new();
    for (name, runs) in groups {
        let (left, right) = name.rsplit_once('-').unwrap_or_else(|| {
            notes.push(format!("group `{name}` has no `-` to split its name at: taken whole"));
            (name, "")
        });
        if !lefts.contains(&left) {
            lefts.push(left);
        }
        rights.entry(right).or_default().insert(left, runs);
    }
    let tables = rights
        .iter()
        .map(|(right, of_left)| {
            let columns = lefts
                .iter()
                .map(|left| of_left.get(left).map(|runs| numbers(runs, only)).unwrap_or_default())
                .collect();
            let files = of_left.values().map(|runs| runs.len()).sum();
            Table { files, ..Table::counted((*right).to_owned(), columns) }
        })
        .collect();
    Ok((tables, Columns::Groups(lefts.into_iter().map(str::to_owned).collect())))
}

/// Runs by group, groups in the order of their first run.
fn groups<'r, 'a>(
    by: GroupBy,
    runs: &[&'r Run<'a>],
    options: &CombineOptions,
    notes: &mut Vec<String>,
) -> IndexMap<String, Vec<&'r Run<'a>>> {
    let names: Vec<String> = if by.by_batch() {
        runs.iter().map(|run| batch_name(run, notes)).collect()
    } else {
        let stems: Vec<String> = runs.iter().map(|run| stem(run)).collect();
        titled(runs, &stems, &options.name_filters).unwrap_or_else(|| group_names(&stems, &options.name_filters))
    };
    let mut groups: IndexMap<String, Vec<&Run>> = IndexMap::new();
    for (name, run) in names.into_iter().zip(runs) {
        groups.entry(name).or_default().push(run);
    }
    groups
}

fn batch_name(run: &Run, notes: &mut Vec<String>) -> String {
    let metadata = &run.set().metadata;
    let title = metadata.batch_title().or_else(|| metadata.batch_name()).or_else(|| metadata.batch_uuid());
    let title = title.unwrap_or_else(|| {
        notes.push(format!("{} was not recorded by a batch", run.set().base_name()));
        "no batch"
    });
    format!("{title} - {}", metadata.name())
}

/// The name at recording time without its suffix: renaming a file does not change its group.
fn stem(run: &Run) -> String {
    let set = run.set();
    let name = set.metadata.data_filename().map_or_else(|| set.base_name(), str::to_owned);
    let suffixes = [".flent.gz", ".flent.bz2", ".flent", ".flnt", ".json.gz", ".json"];
    let cut = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix));
    cut.map_or(name.clone(), str::to_owned)
}

/// Groups by title, with the test where there are several, when the names of all files are those given without being asked
/// (`test-2026-11-22T001228.042805.title`): what differs between such names is the time, and cutting it up says nothing.
/// Runs of one title belong together; one without stands alone, under its time.
fn titled(runs: &[&Run], stems: &[String], filters: &[Regex]) -> Option<Vec<String>> {
    let stamps: Option<Vec<&str>> =
        runs.iter().zip(stems).map(|(run, stem)| stamp(stem, &run.set().metadata)).collect();
    let stamps = stamps.filter(|stamps| stamps.len() > 1)?;
    let tests: Vec<&str> = runs.iter().map(|run| run.set().metadata.name()).collect();
    let several = tests.iter().any(|test| *test != tests[0]);
    let name = |((run, stamp), test): ((&&Run, &str), &str)| {
        let title = run.set().metadata.title();
        let mut name = if title.is_empty() { stamp.to_owned() } else { title.to_owned() };
        for filter in filters {
            name = filter.replace(&name, "").into_owned();
        }
        if several { format!("{test} {name}") } else { name }
    };
    Some(runs.iter().zip(stamps).zip(tests).map(name).collect())
}

/// The time within a name given without being asked: `2026-11-22T001228` of `rrul-2026-11-22T001228.042805.title`.
fn stamp<'s>(stem: &'s str, metadata: &Metadata) -> Option<&'s str> {
    const SHAPE: &[u8] = b"dddd-dd-ddTdddddd";
    let rest = stem.strip_prefix(metadata.name())?.strip_prefix('-')?;
    let stamp = rest.get(..SHAPE.len())?;
    let fits = |(c, shape): (u8, &u8)| if *shape == b'd' { c.is_ascii_digit() } else { c == *shape };
    let ends = rest[SHAPE.len()..].is_empty() || rest[SHAPE.len()..].starts_with('.');
    (ends && stamp.bytes().zip(SHAPE).all(fits)).then_some(stamp)
}

/// Names of the groups that files with these names (without suffix) belong to.
///
/// What all names begin with is dropped, back to the last `-`; then the first match of each filter; then the first number
/// that is a word of its own, the number of the repetition, with a separator on either side. A single name stays whole.
///
/// ```
/// let names = ["rrul-codel-01", "rrul-codel-02", "rrul-pfifo-01"].map(str::to_owned);
/// assert_eq!(fa_analyze::combine::group_names(&names, &[]), ["codel", "codel", "pfifo"]);
/// ```
pub fn group_names(names: &[String], filters: &[Regex]) -> Vec<String> {
    let prefix = common_prefix(names);
    names
        .iter()
        .map(|name| {
            let mut name = name[prefix..].to_owned();
            for filter in filters {
                name = filter.replace(&name, "").into_owned();
            }
            if names.len() > 1 { without_number(&name) } else { name }
        })
        .collect()
}

/// Bytes that all names begin with, back to the last `-`; 0 for a single name.
fn common_prefix(names: &[String]) -> usize {
    let Some((first, rest)) = names.split_first().filter(|(_, rest)| !rest.is_empty()) else { return 0 };
    let shared = |other: &String| first.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let mut len = rest.iter().map(shared).min().unwrap_or(0);
    while !first.is_char_boundary(len) {
        len -= 1;
    }
    first[..len].rfind('-').map_or(if first.contains('-') { 0 } else { len }, |dash| dash + 1)
}

/// Drops the first run of digits that stands alone, and one separator before and after it.
fn without_number(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let word = |i: usize| chars.get(i).is_some_and(|c| c.is_alphanumeric() || *c == '_');
    let mut i = 0;
    while i < chars.len() {
        if !chars[i].is_ascii_digit() {
            i += 1;
            continue;
        }
        let mut end = i;
        while end < chars.len() && chars[end].is_ascii_digit() {
            end += 1;
        }
        let alone = (i == 0 || !word(i - 1)) && !word(end);
        if alone {
            let from = i.saturating_sub(1);
            let to = (end + 1).min(chars.len());
            return chars[..from].iter().chain(&chars[to..]).collect();
        }
        i = end;
    }
    name.to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn groups_are_what_is_left_of_the_names() {
        assert_eq!(group_names(&names(&["a-b-codel-01", "a-b-codel-02"]), &[]), ["", ""]);
        assert_eq!(group_names(&names(&["x-10-codel-1", "x-10-pie-1"]), &[]), ["codel", "pie"]);
        let filter = [Regex::new("-[a-z]+it").unwrap()];
        assert_eq!(group_names(&names(&["b-codel-mbit-01", "b-pie-gbit-01"]), &filter), ["codel", "pie"]);
    }

    #[test]
    fn the_time_in_a_name_given_without_being_asked_is_found() {
        let mut rrul = Metadata::default();
        rrul.set("NAME", "rrul");
        assert_eq!(stamp("rrul-2026-11-22T001228.042805.300_ms_buffer", &rrul), Some("2026-11-22T001228"));
        assert_eq!(stamp("rrul-2026-11-22T001228", &rrul), Some("2026-11-22T001228"));
        assert_eq!(stamp("batch-rrul-2017-05-29T143141-10ms-codel-01", &rrul), None);
        assert_eq!(stamp("rrul-2017-05-29T143141-10ms-codel-01", &rrul), None);
        assert_eq!(stamp("rrul-codel-01", &rrul), None);
    }

    #[test]
    fn a_single_name_stays_whole() {
        assert_eq!(group_names(&names(&["batch-http-1up-2015-07-12T20"]), &[]), ["batch-http-1up-2015-07-12T20"]);
    }

    #[test]
    fn digits_within_words_stay() {
        assert_eq!(without_number("10ms-codel-3-x"), "10ms-codelx");
        assert_eq!(without_number("10ms-codel"), "10ms-codel");
        assert_eq!(without_number("01"), "");
    }

    #[test]
    fn every_flent_name_is_known() {
        for name in
            ["groups", "groups_points", "groups_concat", "series", "both", "batch", "batch_concat", "batch_series"]
        {
            assert!(GroupBy::named(name).is_some());
        }
        assert_eq!(GroupBy::named("size"), None);
    }
}
