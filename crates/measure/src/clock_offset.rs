//! How far another host's clock is from ours, from the stamps of exchanges.
//!
//! Each exchange bounds the offset from both sides, by causality alone: the far end cannot have received before we
//! sent, and we cannot have received before it sent.
//! A bound at one moment says something about others too, because clocks run at nearly the same rate; so the bounds of all
//! exchanges, widened by how much the rates may differ, are intersected.
//! The estimate is the middle of what is left and the error bound is half its width.
//! Nothing is assumed about the path: it may be as asymmetric and as loaded as it likes, and the bound still holds. Exchanges
//! with a short round trip (the narrow ones) decide by themselves.
//!
//! The rates' difference (drift) is found the same way: a straight line must pass through all intervals; what slopes are
//! left is the drift and its uncertainty. When no line passes, the rate changed during the run, and the widest rate
//! difference of ordinary clocks is allowed everywhere.
//!
//! A far clock that is set (our own far ends carry their time on by a clock that nobody sets) shows when exchanges contradict
//! each other. When exactly it happened is only known to be between the last exchange that fits what was before and not what
//! came after, and the first that fits only the latter; in between both are possible and the bound covers both. A step smaller
//! than the shortest round trip contradicts nothing: nobody can tell it from the path.
//!
//! Because every estimate respects every bound, no one-way delay computed with it is negative, except by the clocks' own
//! disorder (see [`ClockOffset::disorder_ns`]).

use crate::time::{FarTime, Span, Time};

/// Ordinary oscillators differ by at most 100 ppm; a clock being slewed adds up to as much in practice.
const MAX_RATE_DIFFERENCE: f64 = 200e-6;
/// How much a rate may wander around its mean during a run: temperature by about 1 ppm, a clock that is being disciplined
/// by some more. It costs 0.6 ms of bound in the middle of a minute without one idle moment.
const WANDER: f64 = 20e-6;
/// Bounds that contradict each other by more than this are a clock that was set; by less, stamps that are a little off.
const STEP_NS: f64 = 1_000_000.0;
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
    segments: Vec<Segment>,
    drift: Option<Drift>,
    exchanges: usize,
    disorder_ns: f64,
}

/// Difference of the two clocks' rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// Positive: the far clock is faster. Parts per million.
    pub ppm: f64,
    /// The true drift differs by at most this.
    pub bound_ppm: f64,
}

/// A stretch between two steps of the far clock.
#[derive(Debug, Clone, PartialEq)]
struct Segment {
    start_ns: f64,
    /// Until here it surely held; between it and the next one's start, either may hold.
    end_ns: f64,
    /// Slope taken out before intersecting, and what is allowed around it.
    slope: f64,
    allowance: f64,
    upper: Envelope,
    lower: Envelope,
}

/// One side of the bounds at rising times, already reconciled with all its neighbours: `value[i]` is the tightest bound
/// at `at[i]` that any exchange implies. Kept as "smallest" for both sides; the lower side is negated.
#[derive(Debug, Clone, PartialEq)]
struct Envelope {
    at: Vec<f64>,
    value: Vec<f64>,
}

/// A one-sided bound on the offset at a moment, both in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Bound {
    at: f64,
    value: f64,
}

impl Envelope {
    /// Smallest of `value + allowance · distance` at each of the bounds' times; `bounds` in order of time.
    fn new(bounds: &[Bound], slope: f64, allowance: f64) -> Self {
        let at: Vec<f64> = bounds.iter().map(|bound| bound.at).collect();
        let mut value: Vec<f64> = bounds.iter().map(|bound| bound.value - slope * bound.at).collect();
        for i in 1..value.len() {
            value[i] = value[i].min(value[i - 1] + allowance * (at[i] - at[i - 1]));
        }
        for i in (1..value.len()).rev() {
            value[i - 1] = value[i - 1].min(value[i] + allowance * (at[i] - at[i - 1]));
        }
        Self { at, value }
    }

    /// The tightest bound at any time.
    fn at(&self, time: f64, allowance: f64) -> f64 {
        let next = self.at.partition_point(|&at| at <= time);
        let reach = |i: usize| self.value[i] + allowance * (time - self.at[i]).abs();
        let before = next.checked_sub(1).map_or(f64::INFINITY, reach);
        let after = if next < self.at.len() { reach(next) } else { f64::INFINITY };
        before.min(after)
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
        let parts = split_at_steps(&both);
        let drift = (parts.len() == 1).then(|| drift(&both)).flatten();
        let (slope, allowance) = drift.map_or((0.0, MAX_RATE_DIFFERENCE), |drift| {
            (drift.ppm * 1e-6, (drift.bound_ppm * 1e-6 + WANDER).min(MAX_RATE_DIFFERENCE))
        });
        let segments: Vec<_> = sure(&parts).into_iter().map(|part| Segment::new(part, slope, allowance)).collect();
        let disorder_ns = segments.iter().map(Segment::disorder_ns).fold(0.0, f64::max);
        Some(Self { base_ns, segments, drift, exchanges: exchanges.len(), disorder_ns })
    }

    /// A far clock that is taken to show our wall time, for want of any exchange.
    pub fn assumed(wall_unix_ns: i64) -> Self {
        Self { base_ns: wall_unix_ns, segments: Vec::new(), drift: None, exchanges: 0, disorder_ns: 0.0 }
    }

    /// The offset at a moment of our clock.
    pub fn at(&self, time: Time) -> Offset {
        let at = time.0 as f64;
        let after = self.segments.partition_point(|segment| segment.start_ns <= at);
        let Some(segment) = self.segments.get(after.saturating_sub(1)) else {
            return Offset { ns: self.base_ns, bound_ns: f64::INFINITY };
        };
        let (mut low, mut high) = segment.bounds(at);
        if let Some(next) = self.segments.get(after.max(1)).filter(|_| at > segment.end_ns) {
            let (next_low, next_high) = next.bounds(at);
            (low, high) = (low.min(next_low), high.max(next_high));
        }
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
        self.segments.len().saturating_sub(1)
    }

    /// By how much stamps contradict causality at worst, nanoseconds: one-way delays can be negative by half of it.
    pub fn disorder_ns(&self) -> f64 {
        self.disorder_ns
    }
}

impl Segment {
    fn new(part: &[(Bound, Bound)], slope: f64, allowance: f64) -> Self {
        // An exchange under way during the step may belong to either side with either stamp.
        let start_ns = part.iter().map(|(_, lower)| lower.at).fold(f64::INFINITY, f64::min);
        let end_ns = part.iter().map(|(upper, _)| upper.at).fold(f64::NEG_INFINITY, f64::max);
        let mut upper: Vec<Bound> = part.iter().map(|(upper, _)| *upper).collect();
        upper.sort_by(|a, b| a.at.total_cmp(&b.at));
        let lower: Vec<Bound> = part.iter().map(|(_, l)| Bound { at: l.at, value: -l.value }).collect();
        Self {
            start_ns,
            end_ns,
            slope,
            allowance,
            upper: Envelope::new(&upper, slope, allowance),
            lower: Envelope::new(&lower, -slope, allowance),
        }
    }

    /// Lowest and highest possible offset at a moment; the wrong way round where stamps contradict each other.
    fn bounds(&self, at: f64) -> (f64, f64) {
        let trend = self.slope * at;
        (trend - self.lower.at(at, self.allowance), trend + self.upper.at(at, self.allowance))
    }

    fn disorder_ns(&self) -> f64 {
        let times = self.upper.at.iter().chain(&self.lower.at);
        times.map(|&at| self.bounds(at)).map(|(low, high)| low - high).fold(0.0, f64::max)
    }
}

/// The tightest bounds of the exchanges seen so far, carried to the next one's time.
#[derive(Debug, Clone, Copy, Default)]
struct Running(Option<(Bound, Bound)>);

impl Running {
    /// Takes in an exchange; false, and nothing taken in, when it contradicts those before by a clock that was set.
    fn agrees(&mut self, new: &(Bound, Bound)) -> bool {
        let reach = |bound: Bound, at: f64| MAX_RATE_DIFFERENCE * (at - bound.at).abs();
        let Some((upper, lower)) = &mut self.0 else {
            self.0 = Some(*new);
            return true;
        };
        let (new_upper, new_lower) = *new;
        if new_lower.value > upper.value + reach(*upper, new_lower.at) + STEP_NS
            || new_upper.value < lower.value - reach(*lower, new_upper.at) - STEP_NS
        {
            return false;
        }
        if new_upper.value <= upper.value + reach(*upper, new_upper.at) {
            *upper = new_upper;
        }
        if new_lower.value >= lower.value - reach(*lower, new_lower.at) {
            *lower = new_lower;
        }
        true
    }
}

/// Splits exchanges (in order of their arrival) where one contradicts those before it by a clock that was set.
fn split_at_steps(both: &[(Bound, Bound)]) -> Vec<&[(Bound, Bound)]> {
    let mut parts = Vec::new();
    let (mut start, mut running) = (0, Running::default());
    for (i, exchange) in both.iter().enumerate() {
        if !running.agrees(exchange) {
            parts.push(&both[start..i]);
            (start, running) = (i, Running::default());
            running.agrees(exchange);
        }
    }
    parts.push(&both[start..]);
    parts
}

/// The same parts without those exchanges at their ends that might as well be after the step.
fn sure<'a>(parts: &[&'a [(Bound, Bound)]]) -> Vec<&'a [(Bound, Bound)]> {
    let mut sure = parts.to_vec();
    for (i, pair) in parts.windows(2).enumerate() {
        let mut running = Running::default();
        for exchange in pair[1].iter().rev() {
            running.agrees(exchange);
        }
        let after = pair[0].iter().rev().take_while(|exchange| running.agrees(exchange)).count();
        if after < pair[0].len() {
            sure[i] = &pair[0][..pair[0].len() - after];
        }
    }
    sure
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
