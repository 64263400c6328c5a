//! One number for one series of one run: what combining plots and tables reduce a series to.

use std::str::FromStr;

use fa_catalog::Pattern;
use fa_format::Metadata;
use serde_json::Value;

use crate::computed::jain;
use crate::cutoff::Cutoff;
use crate::mos::mean_opinion_score;
use crate::run::{Clock, Run};
use crate::stats::Sample;

/// How a series becomes a number; names are Flent's `combine_mode`.
///
/// The plain statistics look in three places and take the first that has an answer: the whole-run mean that the measuring
/// tool reported (mean only, and only without a cut-off), the raw samples, the time grid. So a mean with a cut-off may
/// differ from the one without by more than the cut-off explains: tools and samples legitimately disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reducer {
    /// A statistic, from the best source there is.
    Best(Statistic),
    /// A statistic of the raw samples only.
    Raw(Statistic),
    /// Largest less smallest value on the grid.
    Span,
    /// Mean of the values on the grid less the smallest of them.
    MeanSpan,
    /// Mean of the values on the grid, a missing one counting as 0.
    MeanZero,
    /// Share of sequence numbers for which no answer came.
    SeqLoss,
    /// Mean opinion score of a call with this delay and loss.
    Mos,
    /// Jain's fairness index of the means of the source series.
    Fairness,
    /// A value of the series' metadata.
    Meta(String),
}

impl Reducer {
    /// The reducer applied to bare numbers, which have no samples, sequence or metadata behind them. `None` for those that
    /// need such.
    pub fn of_sample(&self, sample: &Sample) -> Option<f64> {
        match self {
            Self::Best(statistic) | Self::Raw(statistic) => statistic.of(sample),
            Self::Span => Some(sample.max()? - sample.min()?),
            Self::MeanSpan => Some(sample.mean()? - sample.min()?),
            Self::MeanZero => {
                let all = sample.len() + sample.missing();
                (all > 0).then(|| sample.sum() / all as f64)
            }
            Self::Fairness => jain(sample.sorted()),
            Self::SeqLoss | Self::Mos | Self::Meta(_) => None,
        }
    }
}

/// A plain statistic of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// Arithmetic mean.
    Mean,
    /// 50th percentile.
    Median,
    /// Population standard deviation.
    Std,
    /// Population variance.
    Var,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// 99th percentile.
    P99,
    /// Integral over time: grid values times the step, raw values times the length of their interval.
    Total,
}

impl Statistic {
    /// The statistic of numbers; [`Statistic::Total`] is their sum. `None` of no numbers.
    pub fn of(self, sample: &Sample) -> Option<f64> {
        match self {
            Self::Mean => sample.mean(),
            Self::Median => sample.median(),
            Self::Std => sample.std_dev(),
            Self::Var => sample.variance(),
            Self::Min => sample.min(),
            Self::Max => sample.max(),
            Self::P99 => sample.percentile(99.0),
            Self::Total => (!sample.is_empty()).then(|| sample.sum()),
        }
    }
}

/// A reducer that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no reducer `{0}` (combine_mode)")]
pub struct UnknownReducer(pub String);

impl FromStr for Reducer {
    type Err = UnknownReducer;

    fn from_str(name: &str) -> Result<Self, UnknownReducer> {
        if let Some(key) = name.strip_prefix("meta:") {
            return Ok(Self::Meta(key.to_owned()));
        }
        let (raw, plain) = match name.strip_prefix("raw_") {
            Some(plain) => (true, plain),
            None => (false, name),
        };
        let statistic = match plain {
            "mean" => Statistic::Mean,
            "median" => Statistic::Median,
            "std" => Statistic::Std,
            "var" => Statistic::Var,
            "min" => Statistic::Min,
            "max" => Statistic::Max,
            "pct99" => Statistic::P99,
            "cumsum" => Statistic::Total,
            "seq_loss" if raw => return Ok(Self::SeqLoss),
            "span" if !raw => return Ok(Self::Span),
            "mean_span" if !raw => return Ok(Self::MeanSpan),
            "mean_zero" if !raw => return Ok(Self::MeanZero),
            "mos" if !raw => return Ok(Self::Mos),
            "fairness" | "fairness_mean" if !raw => return Ok(Self::Fairness),
            _ => return Err(UnknownReducer(name.to_owned())),
        };
        Ok(if raw { Self::Raw(statistic) } else { Self::Best(statistic) })
    }
}

/// What to reduce, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduction<'a> {
    /// Series name.
    pub series: &'a str,
    /// Key of the raw samples in place of `val`.
    pub raw_key: Option<&'a str>,
    /// The reducer.
    pub reducer: Reducer,
    /// Part of the run that counts.
    pub cutoff: Option<Cutoff>,
    /// Series whose same number on the grid divides the result.
    pub norm_by: Option<&'a str>,
    /// Series that a fairness is taken over.
    pub source: Option<&'a Pattern>,
}

impl Reduction<'_> {
    /// The number of this run; `None` when it has none.
    pub fn of(&self, run: &Run) -> Option<f64> {
        match &self.reducer {
            Reducer::Best(statistic) => self.best(run, *statistic),
            Reducer::Raw(statistic) => self.raw(run, *statistic).or_else(|| {
                // Files of version 1 and 2, and those whose samples were thrown away: the grid is all there is.
                let has_samples = self.raw_key.is_some() || run.sets().any(|set| !set.raw.is_empty());
                if has_samples { None } else { self.on_grid(run, self.series, *statistic) }
            }),
            Reducer::Span | Reducer::MeanSpan | Reducer::MeanZero => {
                self.reducer.of_sample(&self.grid(run, self.series))
            }
            Reducer::SeqLoss => self.seq_loss(run),
            Reducer::Mos => self.mos(run),
            Reducer::Fairness => self.fairness(run),
            Reducer::Meta(key) => meta_number(run, self.series, key),
        }
    }

    fn best(&self, run: &Run, statistic: Statistic) -> Option<f64> {
        // The answer of the tool is for the whole run and for its main value only.
        if statistic == Statistic::Mean
            && self.cutoff.is_none()
            && self.raw_key.is_none()
            && let Some(mean) = tool_mean(run, self.series)
        {
            return Some(mean);
        }
        self.raw(run, statistic).or_else(|| {
            let value = self.on_grid(run, self.series, statistic)?;
            match self.norm_by {
                None => Some(value),
                Some(by) => self.on_grid(run, by, statistic).filter(|by| *by != 0.0).map(|by| value / by),
            }
        })
    }

    fn on_grid(&self, run: &Run, series: &str, statistic: Statistic) -> Option<f64> {
        let value = statistic.of(&self.grid(run, series))?;
        Some(if statistic == Statistic::Total { value * run.step() } else { value })
    }

    /// Values on the grid inside the cut-off; counted from the first x.
    fn grid(&self, run: &Run, series: &str) -> Sample {
        let x = run.grid_x(Clock::Run);
        let Some(values) = run.grid(series) else { return Sample::new([]) };
        match self.cutoff {
            None => Sample::new(values.iter().copied()),
            Some(cutoff) => {
                let first = x.first().copied().unwrap_or(0.0);
                let window = cutoff.window(run.total_length()).shifted(first);
                Sample::new(x.iter().zip(values.iter()).filter(|(x, _)| window.contains(**x)).map(|(_, v)| *v))
            }
        }
    }

    fn raw(&self, run: &Run, statistic: Statistic) -> Option<f64> {
        if statistic == Statistic::Total {
            return raw_total(run, self.series, self.raw_key, self.raw_window(run));
        }
        statistic.of(&Sample::new(self.raw_values(run)?))
    }

    /// Raw values inside the cut-off, without the missing ones; `None` when the series has no samples.
    fn raw_values(&self, run: &Run) -> Option<Vec<f64>> {
        let points = run.raw(self.series, self.raw_key, Clock::Run)?;
        let inside = self.raw_window(run);
        Some(points.x.iter().zip(&points.y).filter(|(x, y)| inside(**x) && !y.is_nan()).map(|(_, y)| *y).collect())
    }

    /// Whether a sample counts: strictly inside the cut-off, a start of 0 being no limit.
    fn raw_window(&self, run: &Run) -> impl Fn(f64) -> bool + use<> {
        let window = self.cutoff.map(|c| c.window(run.total_length()));
        move |x| window.is_none_or(|w| (w.start == 0.0 || x > w.start) && x < w.end)
    }

    /// Share of sequence numbers that came to nothing, 0..=1.
    fn seq_loss(&self, run: &Run) -> Option<f64> {
        let parent = fa_catalog::child::split(self.series).map_or(self.series, |(parent, _)| parent);
        if self.cutoff.is_none()
            && let Some(rate) = meta_number(run, parent, "PACKET_LOSS_RATE")
        {
            return Some(rate);
        }
        crate::loss::sequence_loss(run, parent, self.raw_window(run)).and_then(|loss| loss.ratio())
    }

    fn mos(&self, run: &Run) -> Option<f64> {
        let parent = fa_catalog::child::split(self.series).map_or(self.series, |(parent, _)| parent);
        if self.cutoff.is_none()
            && let Some(delay) = meta_number(run, parent, "OWD_UP_MEAN")
        {
            let jitter = meta_number(run, parent, "IPDV_UP_MEAN").unwrap_or(0.0);
            let loss = meta_number(run, parent, "PACKET_LOSS_RATE").unwrap_or(0.0);
            return Some(mean_opinion_score(delay + 2.0 * jitter, loss));
        }
        let call = crate::loss::call_quality(run, parent, self.raw_window(run))?;
        Some(mean_opinion_score(call.delay_ms + 2.0 * call.jitter_ms, call.loss))
    }

    /// Jain's index of the means of every source series.
    fn fairness(&self, run: &Run) -> Option<f64> {
        let source = self.source?;
        let means: Vec<f64> = run
            .series_names()
            .filter(|name| *name != self.series && source.matches(name))
            .filter_map(|name| {
                let mean = Reduction {
                    series: name,
                    reducer: Reducer::Best(Statistic::Mean),
                    norm_by: None,
                    source: None,
                    ..*self
                };
                mean.of(run)
            })
            .collect();
        jain(&means)
    }
}

/// Sum of value × length of its interval over the raw samples at `inside` seconds of the run. `None` where samples have no
/// length (probes).
pub(crate) fn raw_total(run: &Run, series: &str, raw_key: Option<&str>, inside: impl Fn(f64) -> bool) -> Option<f64> {
    let mut total = None;
    for set in run.sets() {
        let Some(raw) = set.raw.series(series) else { continue };
        let (Some(values), Some(durations)) = (raw.numbers(raw_key.unwrap_or("val")), raw.numbers("dur")) else {
            continue;
        };
        let mut d = 0;
        for ((entry, t), value) in values.entry.iter().zip(values.t.iter()).zip(values.value.iter()) {
            while durations.entry.get(d).is_some_and(|e| e < entry) {
                d += 1;
            }
            let of_entry = durations.entry.get(d) == Some(entry);
            if of_entry && inside(t - run.t0()) && !value.is_nan() {
                *total.get_or_insert(0.0) += value * durations.value[d];
            }
        }
    }
    total
}

/// Integral of a series over time at `inside` seconds of the run: of its samples where they have a length, else of its
/// values on the grid. `None` without values.
pub fn total(run: &Run, series: &str, inside: impl Fn(f64) -> bool) -> Option<f64> {
    raw_total(run, series, None, &inside).or_else(|| {
        let (x, values) = (run.grid_x(Clock::Run), run.grid(series)?);
        let inside = x.iter().zip(values.iter()).filter(|(x, _)| inside(**x)).map(|(_, v)| *v);
        Statistic::Total.of(&Sample::new(inside)).map(|sum| sum * run.step())
    })
}

/// A number of the series' metadata; numbers written as text count too.
pub fn meta_number(run: &Run, series: &str, key: &str) -> Option<f64> {
    number_of(&run.set().metadata, series, key)
}

/// A number of a series' metadata; numbers written as text count too.
pub(crate) fn number_of(metadata: &Metadata, series: &str, key: &str) -> Option<f64> {
    match metadata.series_meta(series)?.get(key)? {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The whole-run mean that the measuring tool reported; for a series computed on opening the file, the same function of
/// its sources' means.
pub fn tool_mean(run: &Run, series: &str) -> Option<f64> {
    meta_number(run, series, "MEAN_VALUE").or_else(|| {
        let (function, sources) = run.computed_from(series)?;
        let means: Vec<f64> = sources.iter().filter_map(|s| tool_mean(run, s)).collect();
        let steps: Vec<&[f64]> = means.iter().map(std::slice::from_ref).collect();
        crate::computed::apply(function, &steps, 1).first().copied().filter(|v| !v.is_nan())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_flents_names_are_known() {
        for name in [
            "mean",
            "median",
            "std",
            "var",
            "min",
            "max",
            "pct99",
            "cumsum",
            "span",
            "mean_span",
            "mean_zero",
            "raw_mean",
            "raw_median",
            "raw_std",
            "raw_var",
            "raw_min",
            "raw_max",
            "raw_pct99",
            "raw_cumsum",
            "raw_seq_loss",
            "meta:TCP_MSS",
            "mos",
            "fairness",
            "fairness_mean",
        ] {
            assert!(name.parse::<Reducer>().is_ok(), "{name}");
        }
        for bad in ["", "raw_", "raw_mos", "average", "seq_loss", "raw_span"] {
            assert!(bad.parse::<Reducer>().is_err(), "{bad}");
        }
    }
}
