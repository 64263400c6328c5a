//! What histograms and ridges have in common: the values of each series and file, and the range that is shown of them.

use fa_analyze::stats::Sample;

use super::limits::Extent;
use super::numbers::Need;
use super::{Context, Notes};
use crate::options::LogBase;

/// Tails are shown up to so many times the span of the central 98 % of the values.
const TAIL: f64 = 1.5;

/// The values of one series of one subject.
#[derive(Debug)]
pub(crate) struct Spread {
    pub(crate) subject: usize,
    pub(crate) series: usize,
    /// On the scale of the axis: logarithms where it is logarithmic.
    pub(crate) sample: Sample,
    /// All values, those that the axis cannot show included.
    pub(crate) n: usize,
}

/// The scale that values are spread over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ruler {
    log: Option<LogBase>,
}

impl Ruler {
    pub(crate) fn new(log: Option<LogBase>) -> Self {
        Self { log }
    }

    /// From a value to its place on the axis; NaN where a logarithmic axis has none.
    pub(crate) fn place(self, value: f64) -> f64 {
        match self.log {
            None => value,
            Some(_) if value <= 0.0 => f64::NAN,
            Some(LogBase::Two) => value.log2(),
            Some(LogBase::Ten) => value.log10(),
        }
    }

    /// And back.
    pub(crate) fn value(self, place: f64) -> f64 {
        match self.log {
            None => place,
            Some(LogBase::Two) => place.exp2(),
            Some(LogBase::Ten) => 10f64.powf(place),
        }
    }
}

/// The values of every series and subject that has any, series by series.
pub(crate) fn spreads(context: &Context, ruler: Ruler, notes: &mut Notes) -> Vec<Spread> {
    let need = Need { grid_only: false, present_only: true };
    let mut out = Vec::new();
    let mut unplaced = 0;
    for series in 0..context.series.len() {
        for subject in 0..context.subjects.len() {
            let Some(numbers) = context.numbers(subject, series, need, notes) else { continue };
            let finite: Vec<f64> = numbers.y.into_iter().filter(|v| v.is_finite()).collect();
            let n = finite.len();
            let sample = Sample::new(finite.into_iter().map(|v| ruler.place(v)));
            unplaced += sample.missing();
            if !sample.is_empty() {
                out.push(Spread { subject, series, sample, n });
            }
        }
    }
    if unplaced > 0 {
        notes.add(format!(
            "plot {}: {unplaced} values of 0 or less have no place on a logarithmic axis",
            context.plot.name
        ));
    }
    out
}

/// The range that is shown, on the scale of the axis: all values, without tails so long that the rest would be a line; the
/// user's bounds first.
pub(crate) fn range(context: &Context, spreads: &[Spread], ruler: Ruler, notes: &mut Notes) -> (f64, f64) {
    let mut extent = Extent::default();
    for spread in spreads {
        extent.merge(Extent::of(spread.sample.sorted()));
    }
    if extent.is_empty() {
        return (0.0, 1.0);
    }
    let pooled = Sample::new(spreads.iter().flat_map(|s| s.sample.sorted().iter().copied()));
    let (mut lo, mut hi) = (extent.min, extent.max);
    if let (Some(low), Some(high)) = (pooled.percentile(1.0), pooled.percentile(99.0)) {
        let span = high - low;
        if span > 0.0 {
            lo = if low - lo > TAIL * span { low - 0.1 * span } else { lo };
            hi = if hi - high > TAIL * span { high + 0.1 * span } else { hi };
        }
    }
    if let Some(bounds) = context.options.bounds_x.first() {
        let end = |value: Option<f64>, own: f64| value.map(|v| ruler.place(v)).filter(|v| v.is_finite()).unwrap_or(own);
        (lo, hi) = (end(bounds.lower, lo), end(bounds.upper, hi));
    }
    let beyond = pooled.sorted().iter().filter(|v| **v < lo || **v > hi).count();
    if beyond > 0 {
        notes.add(format!(
            "plot {}: {beyond} of {} values lie beyond the x axis, from {} to {}; --bounds-x shows them",
            context.plot.name,
            pooled.len(),
            short(ruler.value(extent.min)),
            short(ruler.value(extent.max))
        ));
    }
    if lo < hi { (lo, hi) } else { Extent { min: lo, max: lo }.with_margin() }
}

/// Four digits are enough to see how far a tail reaches.
fn short(value: f64) -> String {
    let decimals = (3.0 - value.abs().max(1e-9).log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
