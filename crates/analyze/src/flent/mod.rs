//! Text as Flent prints it, for scripts that read it: `stats`, `stats_csv`, `summary`, `csv`, `org_table`, `metadata`.
//!
//! Equal to Flent 2.3.0's but for what `docs/differences-from-flent.md` lists. For new work use [`crate::summary`] and
//! [`crate::export`]: these formats mix the tool's own means with statistics of samples and carry no units per column.

mod python;
mod stats;
mod tables;

use fa_catalog::Expanded;
use jiff::tz::TimeZone;

use crate::cutoff::Cutoff;
use crate::reduce::{Reducer, Reduction, Statistic, tool_mean};
use crate::run::{Clock, Run};
use crate::stats::Sample;
use crate::summary::unit_of;

pub use stats::{stats_csv, stats_text, summary_text};
pub use tables::{MismatchError, csv_text, metadata_text, org_table};

/// A run and its test.
#[derive(Debug, Clone, Copy)]
pub struct FlentRun<'a> {
    /// The numbers.
    pub run: &'a Run<'a>,
    /// The test.
    pub expanded: &'a Expanded,
}

impl FlentRun<'_> {
    /// Series in Flent's order: sorted.
    fn series(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.run.series_names().collect();
        names.sort_unstable();
        names
    }

    /// `2017-05-30 15:42:30.986169`: when the run was started, in a zone.
    fn time(&self, zone: TimeZone, fraction: bool) -> String {
        let Some(secs) = self.run.set().metadata.time_unix() else { return String::new() };
        let Ok(at) = jiff::Timestamp::from_microsecond((secs * 1e6).round() as i64) else { return String::new() };
        let at = at.to_zoned(zone);
        let format =
            if fraction && at.subsec_nanosecond() != 0 { "%Y-%m-%d %H:%M:%S.%6f" } else { "%Y-%m-%d %H:%M:%S" };
        at.strftime(format).to_string()
    }

    /// Time and title, as headings have them.
    fn heading(&self) -> String {
        let time = self.time(TimeZone::UTC, true);
        match self.run.set().metadata.title() {
            "" => time,
            title => format!("{time} - {title}"),
        }
    }

    fn numbers(&self, series: &str, cutoff: Option<Cutoff>) -> Numbers {
        let of = |statistic| {
            let reducer = Reducer::Best(statistic);
            Reduction { series, raw_key: None, reducer, cutoff, norm_by: None, source: None }.of(self.run)
        };
        Numbers {
            unit: self.unit(series),
            count: self.count(series, cutoff),
            mean: of(Statistic::Mean),
            median: of(Statistic::Median),
            min: of(Statistic::Min),
            max: of(Statistic::Max),
            std: of(Statistic::Std),
            var: of(Statistic::Var),
            total: of(Statistic::Total),
            p99: of(Statistic::P99),
        }
    }

    /// The test's unit, which `stats` prints.
    fn unit(&self, series: &str) -> String {
        if self.expanded.series.contains_key(series) { unit_of(self.run, self.expanded, series) } else { String::new() }
    }

    /// The unit that the file records, which `summary` prints; the test's where it records none.
    fn recorded_unit(&self, series: &str) -> String {
        let meta = self.run.set().metadata.series_meta(series);
        match meta.and_then(|meta| meta.get("UNITS")) {
            Some(serde_json::Value::String(unit)) => unit.clone(),
            _ => self.unit(series),
        }
    }

    /// How many values the mean was taken of. The tool's own mean counts all steps, missing ones too.
    fn count(&self, series: &str, cutoff: Option<Cutoff>) -> usize {
        if cutoff.is_none() && tool_mean(self.run, series).is_some() {
            return self.run.grid_x(Clock::Run).len();
        }
        let reduction = Reduction {
            series,
            raw_key: None,
            reducer: Reducer::Best(Statistic::Mean),
            cutoff,
            norm_by: None,
            source: None,
        };
        reduction.values(self.run).len()
    }
}

/// What Flent's formats print of a series.
struct Numbers {
    unit: String,
    count: usize,
    mean: Option<f64>,
    median: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    std: Option<f64>,
    var: Option<f64>,
    total: Option<f64>,
    p99: Option<f64>,
}

impl Numbers {
    /// Flent takes a mean of 0 for no data, too.
    fn has_data(&self) -> bool {
        self.mean.is_some_and(|mean| mean != 0.0)
    }
}

impl Reduction<'_> {
    /// The values behind a statistic with a cut-off or without a tool's mean: samples, else the grid.
    fn values(&self, run: &Run) -> Sample {
        match self.raw_values(run).filter(|values| !values.is_empty()) {
            Some(values) => Sample::new(values),
            None => self.grid(run, self.series),
        }
    }
}
