//! What a figure compares: files, runs joined from files, or groups of files reduced to numbers.

use fa_analyze::combine::Table;
use fa_analyze::run::{Clock, Points, Run, Want};
use fa_catalog::PlotSeries;
use fa_format::DataSet;
use jiff::tz::TimeZone;

/// One thing that is compared with others.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) data: Data<'a>,
    /// Its name in labels and ticks.
    pub(crate) label: String,
    /// Which one it is of all files, those that only widen the axes counted after the others; of all groups.
    pub(crate) number: usize,
}

/// Where its numbers are.
#[derive(Debug)]
pub(crate) enum Data<'a> {
    Run(&'a Run<'a>),
    Group(&'a Table),
}

impl<'a> Subject<'a> {
    pub(crate) fn run(run: &'a Run<'a>, label: String, number: usize) -> Self {
        Self { data: Data::Run(run), label, number }
    }

    pub(crate) fn group(table: &'a Table, label: String, number: usize) -> Self {
        Self { data: Data::Group(table), label, number }
    }

    /// Seconds that its x axis should reach at least.
    pub(crate) fn total_length(&self) -> Option<f64> {
        match &self.data {
            Data::Run(run) => Some(run.total_length()),
            Data::Group(table) => table.total_length,
        }
    }

    /// Unix time of x = 0.
    pub(crate) fn t0(&self) -> f64 {
        match &self.data {
            Data::Run(run) => run.t0(),
            Data::Group(_) => 0.0,
        }
    }

    /// The numbers of the `index`-th series of the plot, as recorded.
    pub(crate) fn points(&self, series: &PlotSeries, index: usize, grid_only: bool, clock: Clock) -> Points {
        match &self.data {
            Data::Run(run) => {
                run.points(&Want { series: &series.data, raw_key: series.raw_key.as_deref(), grid_only, clock })
            }
            Data::Group(table) => table.points(index),
        }
    }
}

/// The name of a file in labels: the user's own, its title, or the time of its run.
pub(crate) fn label_of(set: &DataSet, own: Option<&String>) -> String {
    if let Some(own) = own {
        return own.clone();
    }
    let title = set.metadata.title();
    if !title.is_empty() {
        return title.to_owned();
    }
    local_time(set).unwrap_or_else(|| set.base_name())
}

/// When the run was started, local time of the reader.
pub(crate) fn local_time(set: &DataSet) -> Option<String> {
    let micros = (set.metadata.time_unix()? * 1e6).round();
    let at = jiff::Timestamp::from_microsecond(micros as i64).ok()?.to_zoned(TimeZone::system()).datetime();
    Some(if at.subsec_nanosecond() == 0 {
        at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    } else {
        at.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()
    })
}
