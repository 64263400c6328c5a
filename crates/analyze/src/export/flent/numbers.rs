//! A series' statistics exactly as Flent has them, to the last digit and with its surprises.
//!
//! Elsewhere in this crate a statistic is an answer; here it is a text that scripts compare. So: the order of summation is
//! numpy's, a value of 0 passes for no answer (Flent takes the first source whose answer is true in Python), and a NaN
//! that a file has written out is a number like others.

use fa_format::is_nan_literal;

use crate::cutoff::Cutoff;
use crate::reduce::tool_mean;
use crate::run::{Clock, Run};
use crate::stats::percentile_of_sorted;

/// The numbers of one series.
#[derive(Debug)]
pub(super) struct Numbers {
    /// What the tool said of the whole run; without a cut-off only.
    tool_mean: Option<f64>,
    raw: Vec<f64>,
    raw_total: f64,
    grid: Vec<f64>,
    step: f64,
    /// Points of the grid, missing ones included.
    steps: usize,
}

/// A statistic over bare numbers.
type Statistic = fn(&[f64]) -> Option<f64>;

impl Numbers {
    pub(super) fn of(run: &Run, series: &str, cutoff: Option<Cutoff>) -> Self {
        let (raw, raw_total) = raw(run, series, cutoff);
        Self {
            tool_mean: if cutoff.is_none() { tool_mean(run, series) } else { None },
            raw,
            raw_total,
            grid: grid(run, series, cutoff),
            step: run.step(),
            steps: run.grid_x(Clock::Run).len(),
        }
    }

    /// The mean, and how many values Flent says are behind it.
    pub(super) fn mean(&self) -> (Option<f64>, usize) {
        let raw = || Some((mean(&self.raw)?, self.raw.len()));
        let tool = self.tool_mean.map(|mean| (mean, self.steps));
        let found = tool.filter(|(v, _)| counts(*v)).or_else(|| raw().filter(|(v, _)| counts(*v)));
        match found {
            Some((mean, n)) => (Some(mean), n),
            None => (mean(&self.grid), self.grid.len()),
        }
    }

    pub(super) fn median(&self) -> Option<f64> {
        self.first_that_counts(|v| percentile(v, 50.0))
    }

    pub(super) fn pct99(&self) -> Option<f64> {
        self.first_that_counts(|v| percentile(v, 99.0))
    }

    pub(super) fn min(&self) -> Option<f64> {
        // Python's `min` and `max`: a NaN is never chosen unless it comes first.
        self.first_that_counts(|v| v.iter().copied().reduce(|least, v| if v < least { v } else { least }))
    }

    pub(super) fn max(&self) -> Option<f64> {
        self.first_that_counts(|v| v.iter().copied().reduce(|most, v| if v > most { v } else { most }))
    }

    pub(super) fn variance(&self) -> Option<f64> {
        self.first_that_counts(variance)
    }

    pub(super) fn std_dev(&self) -> Option<f64> {
        self.first_that_counts(|v| variance(v).map(f64::sqrt))
    }

    pub(super) fn total(&self) -> Option<f64> {
        if counts(self.raw_total) {
            return Some(self.raw_total);
        }
        (!self.grid.is_empty()).then(|| self.grid.iter().sum::<f64>() * self.step)
    }

    fn first_that_counts(&self, statistic: Statistic) -> Option<f64> {
        statistic(&self.raw).filter(|v| counts(*v)).or_else(|| statistic(&self.grid))
    }
}

/// True in Python: NaN is, 0 is not.
pub(super) fn counts(value: f64) -> bool {
    value != 0.0
}

/// Values of the grid that are there, inside the cut-off.
fn grid(run: &Run, series: &str, cutoff: Option<Cutoff>) -> Vec<f64> {
    let Some(values) = run.grid(series) else { return Vec::new() };
    let x = run.grid_x(Clock::Run);
    let window = cutoff.map(|c| c.window(run.total_length()).shifted(x.first().copied().unwrap_or(0.0)));
    let inside = |x: f64| window.is_none_or(|w| w.contains(x));
    x.iter().zip(values.iter()).filter(|(x, v)| inside(**x) && is_there(**v)).map(|(_, v)| *v).collect()
}

/// Values of the samples that are there, strictly inside the cut-off, and the sum of value × length of its interval.
fn raw(run: &Run, series: &str, cutoff: Option<Cutoff>) -> (Vec<f64>, f64) {
    let window = cutoff.map(|c| c.window(run.total_length()));
    let inside = |t: f64| window.is_none_or(|w| (w.start == 0.0 || t > run.t0() + w.start) && t < run.t0() + w.end);
    let Some(points) = run.raw(series, None, Clock::Unix) else { return (Vec::new(), 0.0) };
    let values =
        points.x.iter().zip(&points.y).filter(|(t, v)| inside(**t) && is_there(**v)).map(|(_, v)| *v).collect();
    let total = crate::reduce::raw_total(run, series, None, |x| inside(x + run.t0()));
    (values, total.unwrap_or(0.0))
}

/// Missing values are NaN; a literal NaN of the file is a value.
fn is_there(value: f64) -> bool {
    !value.is_nan() || is_nan_literal(value)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| pairwise_sum(values) / values.len() as f64)
}

fn variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: Vec<f64> = values.iter().map(|v| (v - mean) * (v - mean)).collect();
    Some(pairwise_sum(&squares) / values.len() as f64)
}

fn percentile(values: &[f64], p: f64) -> Option<f64> {
    if values.iter().any(|v| v.is_nan()) {
        return Some(f64::NAN);
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    percentile_of_sorted(&sorted, p)
}

/// The sum in numpy's order: eight running sums over up to 128 values, longer input halved until it is that short.
///
/// (Pairwise summation as numpy documents it; the order decides the last digits.)
fn pairwise_sum(values: &[f64]) -> f64 {
    const BLOCK: usize = 128;
    let n = values.len();
    if n < 8 {
        return values.iter().fold(0.0, |sum, v| sum + v);
    }
    if n > BLOCK {
        let half = n / 2 - (n / 2) % 8;
        return pairwise_sum(&values[..half]) + pairwise_sum(&values[half..]);
    }
    let (eights, rest) = values.as_chunks::<8>();
    let mut r = eights[0];
    for eight in &eights[1..] {
        for (sum, v) in r.iter_mut().zip(eight) {
            *sum += v;
        }
    }
    let sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    rest.iter().fold(sum, |sum, v| sum + v)
}
