//! How far another host's clock is from ours, from the stamps of exchanges.
//!
//! Each exchange bounds the offset from both sides, by causality alone: the far end cannot have received before we
//! sent, and we cannot have received before it sent.
//! A bound at one moment says something about others too, because clocks run at nearly the same rate; so the bounds of
//! exchanges, widened by how much the rates may differ, are intersected.
//! Nothing is assumed about the path: it may be as asymmetric and as loaded as it likes, and the bound still holds. Exchanges
//! with a short round trip (the narrow ones) decide by themselves.
//!
//! A far clock may be set during the run (our own far ends carry their time on by a clock that nobody sets). A step larger than
//! the round trip makes exchanges contradict each other; a smaller one contradicts nothing, and nobody can tell it from the
//! path. So what was before a moment and what came after it are intersected apart, one filter running forwards and one
//! backwards, and each begins anew at a contradiction: whenever the one step was, one of the two has seen only one side of it.
//! What is possible is from the lower of both to the upper of both; the estimate is the middle and the error bound half the
//! width. A run without steps pays with a bound that is somewhat wider where one of the two has seen little.
//!
//! The rates' difference (drift) is found the same way: a straight line must pass through all intervals; what slopes are
//! left is the drift and its uncertainty. A step below the round trip never excludes the true one. Around it the rate may
//! wander by 20 ppm; where that leaves contradictions that would not be there otherwise, twice as much is allowed, and so
//! on. When no line passes, the widest rate difference of ordinary clocks is allowed everywhere.
//!
//! What cannot be known from stamps, so that the bound may fail: more than one hidden step; and, while no exchange was short (a
//! loaded minute), a step or a wander of the rate that looks like drift between the idle moments around it.
//!
//! Because every estimate respects every bound, no one-way delay computed with it is negative, except by the clocks' own
//! disorder (see [`ClockOffset::disorder_ns`]).

use crate::time::{FarTime, Span, Time};

/// Ordinary oscillators differ by at most 100 ppm; a clock being slewed adds up to as much in practice.
const MAX_RATE_DIFFERENCE: f64 = 200e-6;
/// How much a rate may wander around its mean during a run: temperature by about 1 ppm, a clock that is being disciplined
/// by some more. It costs 0.6 ms of bound in the middle of a minute without one idle moment.
const WANDER: f64 = 20e-6;
/// Bounds that contradict each other by more than this are a clock that was set, which is worth a word.
const STEP_NS: f64 = 1_000_000.0;
/// By more than this one of them is not believed any more; by less, stamps are a little off.
const CONTRADICTION_NS: f64 = 20_000.0;
/// At its ends a run is too short to look at what came before and after apart: so much of it is taken together, unless
/// something in it contradicts.
const ENDS_NS: f64 = 1e9;
/// What reading two clocks of one host one after the other, and scheduling between, may be off.
const STAMP_ERROR_NS: f64 = 2_000.0;
/// Moments of the run between which the drift is looked for; the best exchange of each.
const DRIFT_BINS: usize = 256;

/// The four stamps of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// We sent.
    pub sent: Time,
    /// The far end received.
    pub received_there: FarTime,
    /// The far end sent.
    pub sent_there: FarTime,
    /// We received.
    pub received: Time,
}

/// An offset at one moment, and how wrong it may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offset {
    /// The far clock shows our time plus this, nanoseconds; our time counts from the launch of the run, so most of it is
    /// the launch's wall time.
    pub ns: i64,
    /// The true offset differs by at most this, nanoseconds.
    pub bound_ns: f64,
}

/// The estimated relation of a far clock to ours over a run.
#[derive(Debug, Clone, PartialEq)]
pub struct ClockOffset {
    /// Subtracted from all offsets: nanoseconds since the epoch do not fit an `f64`.
    base_ns: i64,
    /// `None` without any exchange.
    filter: Option<Filter>,
    drift: Option<Drift>,
    exchanges: usize,
}

/// Difference of the two clocks' rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// Positive: the far clock is faster. Parts per million.
    pub ppm: f64,
    /// The true drift differs by at most this.
    pub bound_ppm: f64,
}

/// What one exchange, or one side of it, says.
#[derive(Debug, Clone, Copy)]
struct Bound {
    at: f64,
    value: f64,
}

/// Lowest and highest possible offset at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Limits {
    low: f64,
    high: f64,
}

impl Limits {
    const OPEN: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// After so much time.
    fn after(self, distance: f64, allowance: f64) -> Self {
        Self { low: self.low - allowance * distance, high: self.high + allowance * distance }
    }
}

/// The bounds of all exchanges as events in order of time, and what is known at each from it and those before it, and from
/// it and those after it.
#[derive(Debug, Clone, PartialEq)]
struct Filter {
    slope: f64,
    allowance: f64,
    at: Vec<f64>,
    /// Forwards.
    before: Vec<Limits>,
    /// Backwards.
    after: Vec<Limits>,
    /// Until when the run's first exchanges, and from when its last ones, are taken together: indices.
    settled: (Option<usize>, Option<usize>),
    /// Moments at which either began anew because of a contradiction.
    contradictions: usize,
    /// Of those forwards, the ones that are a clock that was set.
    steps: usize,
    /// By how much bounds contradict each other at worst, steps left out.
    disorder_ns: f64,
}

/// One side of an exchange.
#[derive(Debug, Clone, Copy)]
struct Side {
    at: f64,
    /// An upper bound; else a lower one.
    is_upper: bool,
    value: f64,
    /// The other side's value.
    other: f64,
}

impl Side {
    /// All of them in order of time, less a slope.
    fn all(both: &[(Bound, Bound)], slope: f64) -> Vec<Self> {
        let mut sides: Vec<Self> = both
            .iter()
            .flat_map(|(upper, lower)| {
                let (high, low) = (upper.value - slope * upper.at, lower.value - slope * lower.at);
                [
                    Self { at: upper.at, is_upper: true, value: high, other: low },
                    Self { at: lower.at, is_upper: false, value: low, other: high },
                ]
            })
            .collect();
        sides.sort_by(|a, b| a.at.total_cmp(&b.at));
        sides
    }

    /// What is known with this side, too; by how much it contradicts what was known.
    fn joined(&self, known: Limits) -> (Limits, f64) {
        let contradiction = if self.is_upper { known.low - self.value } else { self.value - known.high };
        let (low, high) = if self.is_upper { (self.other, self.value) } else { (self.value, self.other) };
        let joined = if contradiction > CONTRADICTION_NS {
            // Its own exchange is all that can be believed.
            Limits { low, high }
        } else if self.is_upper {
            Limits { high: known.high.min(self.value), ..known }
        } else {
            Limits { low: known.low.max(self.value), ..known }
        };
        (joined, contradiction)
    }
}

impl Filter {
    fn new(both: &[(Bound, Bound)], slope: f64, allowance: f64) -> Self {
        let sides = Side::all(both, slope);
        let (mut contradictions, mut steps, mut disorder_ns) = (0, 0, 0.0_f64);
        let mut pass = |sides: &mut dyn Iterator<Item = &Side>, forwards: bool| {
            let (mut known, mut last, mut all) = (Limits::OPEN, None, Vec::new());
            for side in sides {
                known = known.after(last.map_or(0.0, |last: f64| (side.at - last).abs()), allowance);
                let contradiction;
                (known, contradiction) = side.joined(known);
                contradictions += usize::from(contradiction > CONTRADICTION_NS);
                if contradiction > STEP_NS {
                    steps += usize::from(forwards);
                } else {
                    disorder_ns = disorder_ns.max(contradiction);
                }
                last = Some(side.at);
                all.push(known);
            }
            all
        };
        let before = pass(&mut sides.iter(), true);
        let mut after = pass(&mut sides.iter().rev(), false);
        after.reverse();
        let at: Vec<f64> = sides.iter().map(|side| side.at).collect();
        let (first, last) = (at.first().copied().unwrap_or(0.0), at.last().copied().unwrap_or(0.0));
        let head = at.partition_point(|&at| at <= first + ENDS_NS);
        let tail = at.partition_point(|&at| at < last - ENDS_NS);
        let agree = |part: &[Side]| {
            let (mut known, mut last) = (Limits::OPEN, first);
            part.iter().all(|side| {
                let (joined, contradiction) = side.joined(known.after((side.at - last).abs(), allowance));
                (known, last) = (joined, side.at);
                contradiction <= CONTRADICTION_NS
            })
        };
        let head = head.checked_sub(1).filter(|_| agree(&sides[..head]));
        let tail = Some(tail).filter(|&tail| tail < sides.len() && agree(&sides[tail..]));
        Self { slope, allowance, at, before, after, settled: (head, tail), contradictions, steps, disorder_ns }
    }

    /// Lowest and highest possible offset at a moment; the wrong way round where stamps contradict each other.
    fn limits(&self, time: f64) -> Limits {
        let next = self.at.partition_point(|&at| at <= time);
        // A side at this very moment belongs to both.
        let here = self.at.partition_point(|&at| at < time);
        let carried = |i: usize, of: &[Limits]| of[i].after((time - self.at[i]).abs(), self.allowance);
        let joined = |own: Option<Limits>, settled: Option<Limits>| {
            let (own, more) = (own.unwrap_or(Limits::OPEN), settled.unwrap_or(Limits::OPEN));
            Limits { low: own.low.max(more.low), high: own.high.min(more.high) }
        };
        let head = self.settled.0.filter(|&i| time < self.at[i]).map(|i| carried(i, &self.before));
        let tail = self.settled.1.filter(|&i| time > self.at[i]).map(|i| carried(i, &self.after));
        let before = joined(next.checked_sub(1).map(|i| carried(i, &self.before)), head);
        let after = joined((here < self.at.len()).then(|| carried(here, &self.after)), tail);
        // One that has just begun knows one side only: the other one decides that.
        let widest = |a: f64, b: f64, wider: fn(f64, f64) -> f64| match (a.is_finite(), b.is_finite()) {
            (true, true) => wider(a, b),
            (true, false) => a,
            _ => b,
        };
        let trend = self.slope * time;
        Limits {
            low: trend + widest(before.low, after.low, f64::min),
            high: trend + widest(before.high, after.high, f64::max),
        }
    }
}

impl ClockOffset {
    /// Estimates from all exchanges of a run, in any order; `None` without any.
    pub fn estimate(exchanges: &[Exchange]) -> Option<Self> {
        let first = exchanges.first()?;
        let base_ns = first.received_there.0.saturating_sub(first.sent.0);
        let relative = |far: FarTime, here: Time| far.0.saturating_sub(here.0).saturating_sub(base_ns) as f64;
        let mut both: Vec<(Bound, Bound)> = exchanges
            .iter()
            .map(|e| {
                let upper = Bound { at: e.sent.0 as f64, value: relative(e.received_there, e.sent) };
                let lower = Bound { at: e.received.0 as f64, value: relative(e.sent_there, e.received) };
                (upper, lower)
            })
            .collect();
        both.sort_by(|a, b| a.1.at.total_cmp(&b.1.at));
        let (filter, drift) = filter(&both);
        Some(Self { base_ns, filter: Some(filter), drift, exchanges: exchanges.len() })
    }

    /// A far clock that is taken to show our wall time, for want of any exchange.
    pub fn assumed(wall_unix_ns: i64) -> Self {
        Self { base_ns: wall_unix_ns, filter: None, drift: None, exchanges: 0 }
    }

    /// The offset at a moment of our clock.
    pub fn at(&self, time: Time) -> Offset {
        let Some(filter) = &self.filter else { return Offset { ns: self.base_ns, bound_ns: f64::INFINITY } };
        let Limits { low, high } = filter.limits(time.0 as f64);
        Offset {
            ns: self.base_ns.saturating_add(f64::midpoint(low, high).round() as i64),
            bound_ns: (high - low).abs() / 2.0 + STAMP_ERROR_NS,
        }
    }

    /// A far stamp on our clock.
    pub fn here(&self, far: FarTime) -> Time {
        // The offset is wanted at a moment that it is itself needed to find; it changes by parts in ten thousand, so the
        // second guess is exact to nanoseconds.
        let guess = Time(far.0.saturating_sub(self.base_ns));
        let guess = Time(far.0.saturating_sub(self.at(guess).ns));
        Time(far.0.saturating_sub(self.at(guess).ns))
    }

    /// From one stamp of ours to one of the far end's.
    pub fn up(&self, sent: Time, received_there: FarTime) -> Span {
        Span(received_there.0.saturating_sub(self.at(sent).ns).saturating_sub(sent.0))
    }

    /// From one stamp of the far end's to one of ours.
    pub fn down(&self, sent_there: FarTime, received: Time) -> Span {
        Span(received.0.saturating_sub(sent_there.0.saturating_sub(self.at(received).ns)))
    }

    /// How long both ways of an exchange took, with one offset for both, so that together they are its round trip. That is
    /// the mean of the estimates at its two ends, or the nearest at which neither is below zero.
    pub fn both_ways(&self, exchange: &Exchange) -> (Span, Span) {
        let high = exchange.received_there.0.saturating_sub(exchange.sent.0);
        let low = exchange.sent_there.0.saturating_sub(exchange.received.0);
        let (first, last) = (self.at(exchange.sent).ns, self.at(exchange.received).ns);
        let mean = first.saturating_add(last.saturating_sub(first) / 2);
        let offset = if low <= high { mean.clamp(low, high) } else { mean };
        (Span(high.saturating_sub(offset)), Span(offset.saturating_sub(low)))
    }

    /// How many exchanges it rests on.
    pub fn exchanges(&self) -> usize {
        self.exchanges
    }

    /// Difference of the rates; `None` when no constant one explains the exchanges, or none is needed.
    pub fn drift(&self) -> Option<Drift> {
        self.drift
    }

    /// How often the far clock was set during the run.
    pub fn steps(&self) -> usize {
        self.filter.as_ref().map_or(0, |filter| filter.steps)
    }

    /// By how much stamps contradict each other at worst, nanoseconds, where no clock was set: one-way delays can be negative by
    /// half of it.
    pub fn disorder_ns(&self) -> f64 {
        self.filter.as_ref().map_or(0.0, |filter| filter.disorder_ns)
    }
}

/// Takes the drift out where there is one, and allows as much wander as the exchanges demand.
fn filter(both: &[(Bound, Bound)]) -> (Filter, Option<Drift>) {
    let widest = Filter::new(both, 0.0, MAX_RATE_DIFFERENCE);
    let Some(drift) = drift(both).filter(|_| widest.steps == 0) else { return (widest, None) };
    let mut allowance = drift.bound_ppm * 1e-6 + WANDER;
    while allowance < MAX_RATE_DIFFERENCE {
        let narrow = Filter::new(both, drift.ppm * 1e-6, allowance);
        if narrow.contradictions <= widest.contradictions {
            return (narrow, Some(drift));
        }
        allowance *= 2.0;
    }
    (widest, Some(drift))
}

/// Slopes of the straight lines that pass between all bounds; `None` when there is none, or just one moment.
fn drift(both: &[(Bound, Bound)]) -> Option<Drift> {
    let (first, last) = (both.first()?.1.at, both.last()?.1.at);
    let bin = |at: f64| (((at - first) / (last - first).max(1.0)) * (DRIFT_BINS as f64 - 1.0)).max(0.0) as usize;
    // Of each bin only the tightest bound on each side matters for slopes over more than a bin's width.
    let mut uppers: Vec<Option<Bound>> = vec![None; DRIFT_BINS];
    let mut lowers: Vec<Option<Bound>> = vec![None; DRIFT_BINS];
    for (upper, lower) in both {
        let slot = &mut uppers[bin(upper.at).min(DRIFT_BINS - 1)];
        if slot.is_none_or(|old| upper.value < old.value) {
            *slot = Some(*upper);
        }
        let slot = &mut lowers[bin(lower.at).min(DRIFT_BINS - 1)];
        if slot.is_none_or(|old| lower.value > old.value) {
            *slot = Some(*lower);
        }
    }
    let (mut smallest, mut largest) = (-MAX_RATE_DIFFERENCE, MAX_RATE_DIFFERENCE);
    for upper in uppers.iter().flatten() {
        for lower in lowers.iter().flatten() {
            let slope = (upper.value + STAMP_ERROR_NS - lower.value) / (upper.at - lower.at);
            if upper.at > lower.at {
                largest = largest.min(slope);
            } else if upper.at < lower.at {
                smallest = smallest.max(slope);
            }
        }
    }
    (smallest <= largest)
        .then(|| Drift { ppm: f64::midpoint(smallest, largest) * 1e6, bound_ppm: (largest - smallest) / 2.0 * 1e6 })
}

#[cfg(test)]
mod tests;
