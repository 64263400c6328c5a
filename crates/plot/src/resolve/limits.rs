//! How far axes reach.

use fa_analyze::stats::Sample;

use super::numbers::Numbers;
use crate::options::{Bounds, FigureOptions, LogBase};
use crate::scene::Scale;

/// Part of the data's span that is left free at each end where nothing else decides.
const MARGIN: f64 = 0.05;

/// Smallest and largest number seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Extent {
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Default for Extent {
    fn default() -> Self {
        Self { min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

impl Extent {
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = &'a f64>) -> Self {
        let mut extent = Self::default();
        for v in values {
            extent.add(*v);
        }
        extent
    }

    /// NaN and infinities do not count.
    pub(crate) fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.min = self.min.min(value);
            self.max = self.max.max(value);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    pub(crate) fn is_empty(self) -> bool {
        self.min > self.max
    }

    /// The extent with 5 % of its span at either end; a single number gets room around it. Nothing is like a single 0: points
    /// without a value leave an axis as narrow as Flent's.
    pub(crate) fn with_margin(self) -> (f64, f64) {
        let (lo, hi) = match self {
            Self { min, max } if self.is_empty() || (min == max && min == 0.0) => (-MARGIN, MARGIN),
            Self { min, max } if min == max => (min - MARGIN * min.abs(), max + MARGIN * max.abs()),
            Self { min, max } => (min, max),
        };
        let free = (hi - lo) * MARGIN;
        (lo - free, hi + free)
    }
}

/// Limits of a time axis: from the first point to the end of the run or the last point, whichever is later, with a margin
/// where the data are far from 0.
///
/// `points` spans all x, `visible` the x of the first file's points that have a value: as in Flent, the first file decides the
/// margin and others only widen the axis. `end` is the end of the run on this axis.
pub(crate) fn time(points: Extent, visible: Extent, end: Option<f64>) -> (f64, f64) {
    if points.is_empty() {
        return (0.0, end.filter(|e| *e > 0.0).unwrap_or(1.0));
    }
    let (auto_left, auto_right) = visible.with_margin();
    let left = if auto_left > 0.0 { auto_left.min(points.min) } else { points.min };
    let right = points.max.max(auto_right).max(end.unwrap_or(f64::NEG_INFINITY));
    (left, right)
}

/// What decides the limits of a value axis besides its numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueRule {
    /// Percentiles of the numbers that the axis spans.
    pub(crate) percentiles: (f64, f64),
    pub(crate) zero: bool,
    pub(crate) log: Option<LogBase>,
}

impl ValueRule {
    pub(crate) fn new(percentiles: Option<(f64, f64)>, options: &FigureOptions) -> Self {
        // An axis that has to show 0 cannot be logarithmic.
        let log = options.log_scale_y.filter(|_| !options.zero_y);
        Self { percentiles: percentiles.unwrap_or((0.0, 100.0)), zero: options.zero_y, log }
    }

    pub(crate) fn scale(self) -> Scale {
        match self.log {
            None => Scale::Linear,
            Some(LogBase::Two) => Scale::Log2,
            Some(LogBase::Ten) => Scale::Log10,
        }
    }

    /// Limits of an axis with these numbers, NaN for missing ones: the percentiles with 1 % of their distance at either end.
    /// No number at all, not even a missing one, gives 0 to 1.
    pub(crate) fn limits(self, values: impl IntoIterator<Item = f64>) -> (f64, f64) {
        let mut any = false;
        let sample = Sample::new(values.into_iter().inspect(|_| any = true).filter(|v| v.is_finite()));
        let at = |p: f64| sample.percentile(p);
        let (Some(lo), Some(hi)) = (at(self.percentiles.0), at(self.percentiles.1)) else {
            return match self.log {
                Some(_) => (1.0, 10.0),
                None if any => Extent::default().with_margin(),
                None => (0.0, 1.0),
            };
        };
        let margin = 0.01 * (hi - lo);
        if self.log.is_some() {
            return log_limits(&sample, lo, hi, margin);
        }
        if self.zero {
            return if hi > 0.0 { (0.0, hi * 1.01) } else { (lo * 1.01, 0.0) };
        }
        if lo == hi { Extent { min: lo, max: hi }.with_margin() } else { (lo - margin, hi + margin) }
    }
}

/// A logarithmic axis begins above 0: where the margin would reach below it, 5 % of the positive numbers' decades are free.
fn log_limits(sample: &Sample, lo: f64, hi: f64, margin: f64) -> (f64, f64) {
    let smallest = sample.sorted().iter().copied().find(|v| *v > 0.0);
    let Some(smallest) = smallest else { return (1.0, 10.0) };
    let smallest = smallest.max(lo);
    let below = |largest: f64| smallest * (largest / smallest).max(1.0).powf(-MARGIN);
    let bottom = if lo - margin > 0.0 { lo - margin } else { below(sample.max().unwrap_or(smallest)) };
    let top = if hi > bottom { hi + margin } else { bottom * 10.0 };
    (bottom, top)
}

/// Limits with the user's ends in place of those given.
pub(crate) fn bounded(limits: (f64, f64), bounds: Option<&Bounds>) -> (f64, f64) {
    let Some(bounds) = bounds else { return limits };
    (bounds.lower.unwrap_or(limits.0), bounds.upper.unwrap_or(limits.1))
}

/// All y values of several sets of numbers.
pub(crate) fn values<'n>(numbers: impl IntoIterator<Item = &'n Numbers>) -> impl Iterator<Item = f64> {
    numbers.into_iter().flat_map(|n| n.y.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(log: Option<LogBase>, zero: bool) -> ValueRule {
        ValueRule { percentiles: (0.0, 100.0), zero, log }
    }

    #[test]
    fn a_value_axis_has_one_percent_at_each_end() {
        assert_eq!(rule(None, false).limits([0.0, 100.0, f64::NAN]), (-1.0, 101.0));
        assert_eq!(rule(None, true).limits([50.0, 100.0]), (0.0, 101.0));
    }

    #[test]
    fn equal_numbers_get_room() {
        let (lo, hi) = rule(None, false).limits([10.0, 10.0]);
        assert!((lo - 9.45).abs() < 1e-12 && (hi - 10.55).abs() < 1e-12);
        assert_eq!(rule(None, false).limits([]), (0.0, 1.0));
        assert!(rule(None, false).limits([f64::NAN]).1 < 0.1);
    }

    #[test]
    fn a_logarithmic_axis_never_reaches_zero() {
        let (lo, hi) = rule(Some(LogBase::Ten), false).limits([0.0, 0.5, 100.0]);
        // Of the 2.3 decades from 0.5 to 100, a twentieth is free.
        assert!((lo - 0.5 * 200f64.powf(-0.05)).abs() < 1e-12, "{lo}");
        assert_eq!(hi, 101.0);
        assert!(rule(Some(LogBase::Ten), false).limits([-1.0, 0.0]).0 > 0.0);
    }

    #[test]
    fn a_time_axis_reaches_the_end_of_the_run() {
        let x = Extent::of(&[0.0, 60.0]);
        assert_eq!(time(x, x, Some(70.0)), (0.0, 70.0));
        assert_eq!(time(x, x, Some(50.0)), (0.0, 63.0));
        // Far from 0, data keep a margin on the left.
        let x = Extent::of(&[100.0, 120.0]);
        assert_eq!(time(x, x, None), (99.0, 121.0));
        // A line that has no value yet still begins where its grid does.
        assert_eq!(time(Extent::of(&[0.0, 120.0]), x, None), (0.0, 121.0));
        // The margin is the first file's.
        assert_eq!(time(Extent::of(&[0.0, 120.0]), Extent::of(&[0.0, 60.0]), None), (0.0, 120.0));
        assert_eq!(time(Extent::of(&[0.0, 60.0]), Extent::default(), None), (0.0, 60.0));
        assert_eq!(time(Extent::default(), Extent::default(), Some(70.0)), (0.0, 70.0));
    }
}
