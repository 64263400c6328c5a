//! From a plot's series to the numbers that are drawn.

use fa_analyze::cutoff::Cutoff;
use fa_analyze::run::{Clock, Origin, Points};
use fa_analyze::smooth::{moving_mean, zero_padded_mean};
use fa_catalog::PlotSeries;

use super::subject::{Data, Subject};
use super::{Context, Notes};

/// One series of one subject, as drawn: columns of the same length.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    /// Index of the subject.
    pub(crate) subject: usize,
    /// Index of the series in the plot.
    pub(crate) series: usize,
    pub(crate) x: Vec<f64>,
    /// NaN where missing.
    pub(crate) y: Vec<f64>,
}

/// What a plot type needs of the numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Need {
    /// Values on the time grid even where there are samples.
    pub(crate) grid_only: bool,
    /// Points without a value say nothing.
    pub(crate) present_only: bool,
}

impl Context<'_> {
    /// What x counts in this figure.
    pub(crate) fn clock(&self) -> Clock {
        if self.options.absolute_time { Clock::Unix } else { Clock::Run }
    }

    /// The numbers of one series of one subject; `None` when there is nothing to show.
    pub(crate) fn numbers(&self, subject: usize, series: usize, need: Need, notes: &mut Notes) -> Option<Numbers> {
        self.numbers_of(&self.subjects[subject], subject, series, need, notes)
    }

    /// As [`Self::numbers`], of any subject.
    pub(crate) fn numbers_of(
        &self,
        of: &Subject,
        subject: usize,
        series: usize,
        need: Need,
        notes: &mut Notes,
    ) -> Option<Numbers> {
        let what = &self.series[series];
        let mut points = of.points(what, self.columns[series], need.grid_only, self.clock());
        self.note_absence(of, what, &points, notes);
        self.cut(of, &mut points);
        if need.present_only {
            points.drop_missing();
        }
        if let Some(factor) = self.norm_factor(series) {
            points.y.iter_mut().for_each(|y| *y /= factor);
        }
        if !points.is_anything() {
            return None;
        }
        self.smooth(what, &mut points, notes);
        Some(Numbers { subject, series, x: points.x, y: points.y })
    }

    /// The divisor of a series; factors are used in turn.
    pub(crate) fn norm_factor(&self, series: usize) -> Option<f64> {
        let factors = &self.options.norm_factor;
        factors.get(series % factors.len().max(1)).copied()
    }

    /// The cut-off of what is drawn as recorded: the user's, else the plot's. (A series' own one is for reducers.)
    fn cutoff(&self) -> Option<Cutoff> {
        self.options.data_cutoff.or(self.plot.cutoff).map(Cutoff::from)
    }

    fn cut(&self, of: &Subject, points: &mut Points) {
        // Groups were cut when their files were reduced; their x is not always time.
        let Data::Run(run) = &of.data else { return };
        let Some(cutoff) = self.cutoff() else { return };
        let window = cutoff.window(run.total_length());
        points.cut(match self.clock() {
            Clock::Run => window,
            Clock::Unix => window.shifted(run.t0()),
        });
    }

    fn note_absence(&self, of: &Subject, series: &PlotSeries, points: &Points, notes: &mut Notes) {
        if points.origin == Origin::Absent && matches!(of.data, Data::Run(_)) {
            notes.absent(&self.plot.name, &series.data, series.raw_key.as_deref(), of.number, &of.label);
        }
    }

    fn smooth(&self, series: &PlotSeries, points: &mut Points, notes: &mut Notes) {
        let Some(window) = series.smoothing.filter(|w| *w > 1.0) else { return };
        let mean = if self.options.flent_smoothing { zero_padded_mean } else { moving_mean };
        match mean(&points.y, window.round() as usize) {
            Some(smoothed) => points.y = smoothed,
            None => notes.add(format!(
                "series `{}` has {} points, fewer than the {window} it would be smoothed over: drawn as it is",
                series.data,
                points.y.len()
            )),
        }
    }
}
