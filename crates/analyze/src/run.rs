//! A run to compute with: one data file, or several joined in time, and the series that its test computes.
//!
//! Which numbers a series has: the raw samples where the file has any, at the moments when they were taken; the values on
//! the file's time grid for computed series and for whatever compares or stacks series step by step. The grid is an
//! interpolation made while recording, so statistics over it differ from those over the samples.

use std::borrow::Cow;

use fa_catalog::{Computed, Expanded};
use fa_format::DataSet;
use indexmap::IndexMap;

use crate::computed::{self, LateSeries};

/// Data sets joined in time (usually one), with computed series.
#[derive(Debug)]
pub struct Run<'a> {
    parts: Vec<Part<'a>>,
    total_length: f64,
    step: f64,
}

#[derive(Debug)]
struct Part<'a> {
    set: &'a DataSet,
    computed: IndexMap<String, LateSeries>,
    /// Unix time of x = 0.
    t0: f64,
    /// Where this part's x = 0 lies on the run's axis, seconds.
    offset: f64,
}

/// What x counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clock {
    /// Seconds since the start of the run.
    #[default]
    Run,
    /// Unix time, seconds.
    Unix,
}

/// Which numbers of a series are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Want<'a> {
    /// Series name, or `parent::key` for a key of the parent's samples.
    pub series: &'a str,
    /// Key of the raw samples in place of `val`; `a::b` reaches into nested objects.
    pub raw_key: Option<&'a str>,
    /// Only values on the time grid.
    pub grid_only: bool,
    /// What x counts.
    pub clock: Clock,
}

/// Where points come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Samples as measured.
    Raw,
    /// The file's time grid.
    Grid,
    /// Computed from other series when the file was opened.
    Computed,
    /// The run has no such series: all points on the grid are missing (with a raw key: there are no points).
    Absent,
}

/// Points of one series: two columns of the same length, NaN where `y` is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Points {
    /// Seconds.
    pub x: Vec<f64>,
    /// Values in the series' unit.
    pub y: Vec<f64>,
    /// Where they come from.
    pub origin: Origin,
}

impl Points {
    /// Keeps the points with x inside the window. Raw samples need not be in the order of time.
    pub fn cut(&mut self, window: crate::cutoff::Window) {
        self.retain(|x, _| window.contains(x));
    }

    /// Drops the points without a value.
    pub fn drop_missing(&mut self) {
        self.retain(|_, y| !y.is_nan());
    }

    /// Something to show: any number that is not 0, a missing value counting as something.
    pub fn is_anything(&self) -> bool {
        self.x.iter().chain(&self.y).any(|v| *v != 0.0)
    }

    fn retain(&mut self, keep: impl Fn(f64, f64) -> bool) {
        let kept: Vec<bool> = self.x.iter().zip(&self.y).map(|(x, y)| keep(*x, *y)).collect();
        if kept.iter().all(|k| *k) {
            return;
        }
        for column in [&mut self.x, &mut self.y] {
            let mut keep = kept.iter();
            column.retain(|_| keep.next().copied().unwrap_or(false));
        }
    }
}

impl<'a> Run<'a> {
    /// One file. `expanded` says which series to compute that the file lacks.
    pub fn new(set: &'a DataSet, expanded: &Expanded) -> Self {
        let total_length = total_length(set);
        let step = set.metadata.step_secs().unwrap_or_else(|| grid_step(&set.x_values));
        Self { parts: vec![Part::new(set, expanded, 0.0)], total_length, step }
    }

    /// Several files one after the other: the next one's x = 0 comes one step of the first file after the last x so far.
    ///
    /// On the wall clock nothing is moved. `None` without a file.
    pub fn joined(sets: &[&'a DataSet], expanded: &Expanded) -> Option<Self> {
        let (first, rest) = sets.split_first()?;
        let mut run = Self::new(first, expanded);
        let mut end = last_x(first);
        for set in rest {
            let offset = end + run.step;
            run.parts.push(Part::new(set, expanded, offset));
            run.total_length = run.total_length.max(offset + total_length(set));
            end = offset + last_x(set);
        }
        Some(run)
    }

    /// The (first) data set.
    pub fn set(&self) -> &'a DataSet {
        // A run is made with at least one part.
        self.parts[0].set
    }

    /// All its data sets, in time.
    pub fn sets(&self) -> impl Iterator<Item = &'a DataSet> {
        self.parts.iter().map(|part| part.set)
    }

    /// Unix time of x = 0, seconds.
    pub fn t0(&self) -> f64 {
        self.parts[0].t0
    }

    /// Whether x counts runs of a test that was run again and again (`ITERATIONS`), each with one value, instead of seconds.
    pub fn is_iterated(&self) -> bool {
        self.set().metadata.get("ITERATIONS").is_some()
    }

    /// Unix time of an x; NaN where x is no time.
    pub(crate) fn unix_secs(&self, x: f64) -> f64 {
        if self.is_iterated() { f64::NAN } else { x + self.t0() }
    }

    /// Whole run, seconds (`TOTAL_LENGTH`).
    pub fn total_length(&self) -> f64 {
        self.total_length
    }

    /// Spacing of the grid, seconds.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// The time grid.
    pub fn grid_x(&self, clock: Clock) -> Cow<'a, [f64]> {
        match self.parts.as_slice() {
            [only] if clock == Clock::Run => Cow::Borrowed(&only.set.x_values),
            _ => self.parts.iter().flat_map(|p| p.set.x_values.iter().map(|x| x + p.shift(clock))).collect(),
        }
    }

    /// Names of all series with values on the grid: the file's, then those computed on opening it.
    pub fn series_names(&self) -> impl Iterator<Item = &str> {
        let part = &self.parts[0];
        part.set.series.keys().map(String::as_str).chain(part.computed.keys().map(String::as_str))
    }

    /// Whether the series was computed on opening the file.
    pub fn is_computed_late(&self, series: &str) -> bool {
        self.parts.iter().any(|p| p.computed.contains_key(series))
    }

    /// For a series computed on opening the file: the function and the names of its sources.
    pub fn computed_from(&self, series: &str) -> Option<(Computed, &[String])> {
        self.parts.first()?.computed.get(series).map(|c| (c.function, c.sources.as_slice()))
    }

    /// Values of a series on the grid, NaN where missing; `None` when no part has it.
    pub fn grid(&self, series: &str) -> Option<Cow<'_, [f64]>> {
        if let [only] = self.parts.as_slice() {
            return only.grid(series).map(Cow::Borrowed);
        }
        self.parts.iter().any(|p| p.grid(series).is_some()).then(|| {
            let mut values = Vec::new();
            for part in &self.parts {
                match part.grid(series) {
                    Some(own) => values.extend_from_slice(own),
                    None => values.resize(values.len() + part.set.x_values.len(), f64::NAN),
                }
            }
            Cow::Owned(values)
        })
    }

    /// Raw samples of `series` that carry `key` (default `val`): time and value, null as NaN. Without entries: `None`.
    ///
    /// A name without raw samples of its own and without a key given is taken for `parent::key`.
    pub fn raw(&self, series: &str, raw_key: Option<&str>, clock: Clock) -> Option<Points> {
        let mut points = Points { x: Vec::new(), y: Vec::new(), origin: Origin::Raw };
        let mut found = false;
        for (i, part) in self.parts.iter().enumerate() {
            if i > 0 && clock == Clock::Unix {
                points.x.push(self.pause_before(i));
                points.y.push(f64::NAN);
            }
            found |= part.raw(series, raw_key, clock, &mut points);
        }
        found.then_some(points)
    }

    /// The numbers to draw or describe a series with.
    pub fn points(&self, want: &Want) -> Points {
        if !want.grid_only
            && let Some(points) = self.raw(want.series, want.raw_key, want.clock)
        {
            return points;
        }
        if want.raw_key.is_some() && !want.grid_only {
            return Points { x: Vec::new(), y: Vec::new(), origin: Origin::Absent };
        }
        let x = self.grid_x(want.clock).into_owned();
        let mut points = match self.grid(want.series) {
            Some(y) => {
                let origin = if self.is_computed_late(want.series) { Origin::Computed } else { Origin::Grid };
                Points { x, y: y.into_owned(), origin }
            }
            None => Points { y: vec![f64::NAN; x.len()], x, origin: Origin::Absent },
        };
        if want.clock == Clock::Unix {
            self.insert_pauses(&mut points);
        }
        points
    }

    /// On the wall clock there is time between two runs: a point without a value in the middle of it keeps lines apart.
    fn insert_pauses(&self, points: &mut Points) {
        let mut at = 0;
        for i in 1..self.parts.len() {
            at += self.parts[i - 1].set.x_values.len();
            points.x.insert(at, self.pause_before(i));
            points.y.insert(at, f64::NAN);
            at += 1;
        }
    }

    /// Unix time in the middle between the end of the part before and the beginning of this one.
    fn pause_before(&self, part: usize) -> f64 {
        let before = &self.parts[part - 1];
        let end = before.t0 + last_x(before.set);
        let part = &self.parts[part];
        f64::midpoint(end, part.t0 + part.set.x_values.first().copied().unwrap_or(0.0))
    }

    /// Keys of a series' raw samples that hold numbers, sorted.
    pub fn raw_keys(&self, series: &str) -> Vec<String> {
        let mut keys: Vec<String> = self
            .parts
            .iter()
            .filter_map(|p| p.set.raw.series(series))
            .flat_map(|raw| raw.keys().into_iter().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl<'a> Part<'a> {
    fn new(set: &'a DataSet, expanded: &Expanded, offset: f64) -> Self {
        let t0 = set.metadata.t0_unix().or_else(|| set.metadata.time_unix()).unwrap_or(0.0);
        Self { set, computed: computed::late_series(set, expanded), t0, offset }
    }

    /// What is added to this part's own x.
    fn shift(&self, clock: Clock) -> f64 {
        match clock {
            Clock::Run => self.offset,
            Clock::Unix => self.t0,
        }
    }

    fn grid(&self, series: &str) -> Option<&[f64]> {
        self.set.series(series).or_else(|| {
            // Sources come before what is computed from them: this ends.
            self.computed.get(series).map(|late| late.values(self.set.x_values.len(), |source| self.grid(source)))
        })
    }

    /// Appends the samples; false when there are none.
    fn raw(&self, series: &str, raw_key: Option<&str>, clock: Clock, to: &mut Points) -> bool {
        // What was computed on opening the file was never sampled; asking would read a file again that was read without samples.
        if self.computed.contains_key(series) {
            return false;
        }
        // A series of its own, even an empty one, has its own samples only.
        let (raw, key) = match (self.set.raw.series(series), raw_key) {
            (Some(raw), key) => (raw, key.unwrap_or("val")),
            (None, Some(_)) => return false,
            (None, None) => {
                let Some((parent, key)) = fa_catalog::child::split_last(series) else { return false };
                let Some(raw) = self.set.raw.series(parent) else { return false };
                (raw, key)
            }
        };
        let Some(numbers) = raw.numbers(key) else { return false };
        let shift = match clock {
            Clock::Run => self.offset - self.t0,
            Clock::Unix => 0.0,
        };
        to.x.reserve(numbers.t.len());
        to.y.reserve(numbers.t.len());
        for (t, value) in numbers.t.iter().zip(numbers.value.iter()) {
            if !t.is_nan() {
                to.x.push(t + shift);
                to.y.push(crate::key::value(key, *value));
            }
        }
        true
    }
}

/// `TOTAL_LENGTH`, else the last x.
fn total_length(set: &DataSet) -> f64 {
    set.metadata.total_length_secs().unwrap_or_else(|| last_x(set))
}

fn last_x(set: &DataSet) -> f64 {
    set.x_values.last().copied().unwrap_or(0.0)
}

fn grid_step(x: &[f64]) -> f64 {
    match x {
        [a, b, ..] => b - a,
        _ => 0.0,
    }
}
