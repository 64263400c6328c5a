//! What a datagram flow sends: how far apart and how large, as a schedule that its seed decides.
//!
//! The distributions are those of D-ITG (constant, uniform, exponential, normal, Poisson, Pareto, Cauchy, gamma, Weibull,
//! a list) and so are their parameters; on and off times make bursts of any of them. Values are drawn by inverting the
//! distribution function at numbers of a generator of our own, so the same seed gives the same schedule on every host and
//! in every version of every library.

use crate::time::Span;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF as _, DiscreteCDF as _, Gamma, Normal, Poisson};
use std::str::FromStr;

/// Shortest datagram, bytes of UDP payload: it has to hold the header of [`crate::stream`].
pub const MIN_SIZE: u32 = 16;

/// Longest datagram, bytes of UDP payload.
pub const MAX_SIZE: u32 = 65_507;

/// Least time between two datagrams whose distance is drawn at random.
const MIN_GAP_NS: f64 = 1_000.0;

/// Longest time between two datagrams: what heavy tails draw beyond it would end the flow.
const MAX_GAP_NS: f64 = 60e9;

/// Entries of a list, at most.
pub const MAX_LIST: usize = 100_000;

/// A distribution of lengths of time or of sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Always this.
    Constant(f64),
    /// Evenly between two values.
    Uniform(f64, f64),
    /// With this mean.
    Exponential(f64),
    /// Mean and standard deviation.
    Normal(f64, f64),
    /// With this mean; whole numbers.
    Poisson(f64),
    /// Shape and scale: never below the scale.
    Pareto(f64, f64),
    /// Location and scale; it has no mean.
    Cauchy(f64, f64),
    /// Shape and scale: mean is their product.
    Gamma(f64, f64),
    /// Shape and scale.
    Weibull(f64, f64),
    /// One after the other, again and again.
    List(Vec<f64>),
}

/// A text that names no distribution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no distribution: {why}")]
pub struct DistributionError {
    text: String,
    why: String,
}

impl FromStr for Distribution {
    type Err = DistributionError;

    /// `constant:10`, `uniform:5:15`, `exponential:10`, `normal:10:2`, `poisson:10`, `pareto:3:10`, `cauchy:10:1`,
    /// `gamma:2:5`, `weibull:2:10`, `list:10:20:5`; a number alone is constant.
    fn from_str(text: &str) -> Result<Self, DistributionError> {
        let fail = |why: &str| DistributionError { text: text.into(), why: why.into() };
        let mut parts = text.split(':').map(str::trim);
        let first = parts.next().unwrap_or_default();
        if let Ok(value) = first.parse::<f64>() {
            return Self::Constant(value).checked().map_err(|why| fail(&why));
        }
        let numbers: Result<Vec<f64>, _> = parts.map(str::parse::<f64>).collect();
        let numbers = numbers.map_err(|_| fail("what follows the name are numbers, with colons between"))?;
        let made = match (first.to_ascii_lowercase().as_str(), numbers.as_slice()) {
            ("constant", &[a]) => Self::Constant(a),
            ("uniform", &[a, b]) => Self::Uniform(a, b),
            ("exponential", &[a]) => Self::Exponential(a),
            ("normal", &[a, b]) => Self::Normal(a, b),
            ("poisson", &[a]) => Self::Poisson(a),
            ("pareto", &[a, b]) => Self::Pareto(a, b),
            ("cauchy", &[a, b]) => Self::Cauchy(a, b),
            ("gamma", &[a, b]) => Self::Gamma(a, b),
            ("weibull", &[a, b]) => Self::Weibull(a, b),
            ("list", [_, ..]) => Self::List(numbers),
            _ => {
                return Err(fail(
                    "use constant:A, uniform:LOW:HIGH, exponential:MEAN, normal:MEAN:SD, poisson:MEAN, pareto:SHAPE:SCALE, \
                     cauchy:LOCATION:SCALE, gamma:SHAPE:SCALE, weibull:SHAPE:SCALE or list:A:B:…",
                ));
            }
        };
        made.checked().map_err(|why| fail(&why))
    }
}

impl Distribution {
    /// The same when its parameters can be; a server checks what a client sends with this.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn checked(self) -> Result<Self, String> {
        let finite = |a: f64| a.is_finite() && a >= 0.0;
        let good = match &self {
            Self::Constant(a) | Self::Exponential(a) => finite(*a) && *a > 0.0,
            // Beyond that the inversion takes too long, and a normal distribution is the same.
            Self::Poisson(a) => finite(*a) && *a > 0.0 && *a <= 1e6,
            Self::Uniform(a, b) => finite(*a) && finite(*b) && a <= b,
            Self::Normal(a, b) | Self::Cauchy(a, b) => finite(*a) && finite(*b) && *b > 0.0,
            Self::Pareto(a, b) | Self::Gamma(a, b) | Self::Weibull(a, b) => {
                finite(*a) && finite(*b) && *a > 0.0 && *b > 0.0
            }
            Self::List(list) => !list.is_empty() && list.len() <= MAX_LIST && list.iter().all(|a| finite(*a)),
        };
        if good { Ok(self) } else { Err("its numbers have to be finite, not negative, and scales above 0".into()) }
    }

    /// What is expected in the long run; `None` where there is no mean.
    pub fn mean(&self) -> Option<f64> {
        match self {
            Self::Constant(a) | Self::Exponential(a) | Self::Poisson(a) | Self::Normal(a, _) => Some(*a),
            Self::Uniform(a, b) => Some(f64::midpoint(*a, *b)),
            Self::Pareto(shape, scale) => (*shape > 1.0).then(|| shape * scale / (shape - 1.0)),
            Self::Cauchy(..) => None,
            Self::Gamma(shape, scale) => Some(shape * scale),
            Self::Weibull(shape, scale) => Some(scale * statrs::function::gamma::gamma(1.0 + 1.0 / shape)),
            Self::List(list) => Some(list.iter().sum::<f64>() / list.len().max(1) as f64),
        }
    }

    /// Between which values they lie, but for a hundredth at either end where there is no end.
    pub fn range(&self) -> (f64, f64) {
        match self {
            Self::Constant(a) => (*a, *a),
            Self::Uniform(a, b) => (*a, *b),
            Self::List(list) => {
                list.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), a| (low.min(*a), high.max(*a)))
            }
            _ => {
                let (a, b) = (self.draw(0.01, 0), self.draw(0.99, 0));
                (a.min(b), a.max(b))
            }
        }
    }

    /// What is expected of values that are each held between two limits, which is also there where the distribution itself
    /// has no mean. Of Poisson's and gamma distributions, whose values take long to compute, it is the mean held between them.
    fn mean_within(&self, least: f64, most: f64) -> f64 {
        /// Halvings of both tails, and draws in each.
        const HALVINGS: i32 = 40;
        const DRAWS: u32 = 64;
        match self {
            Self::Constant(mean) | Self::Poisson(mean) => return mean.clamp(least, most),
            Self::Gamma(shape, scale) => return (shape * scale).clamp(least, most),
            Self::List(list) => {
                return list.iter().map(|a| a.clamp(least, most)).sum::<f64>() / list.len().max(1) as f64;
            }
            _ => {}
        }
        let draw = |u: f64| self.draw(u, 0).clamp(least, most);
        let mut sum = 0.0;
        for width in (2..=HALVINGS).map(|i| 0.5_f64.powi(i)) {
            // From `width` to twice that, and as far from the other end.
            for u in (0..DRAWS).map(|i| width * (1.0 + (f64::from(i) + 0.5) / f64::from(DRAWS))) {
                sum += (draw(u) + draw(1.0 - u)) * width / f64::from(DRAWS);
            }
        }
        sum.clamp(least, most)
    }

    /// The value at a number from 0 to 1, both excluded; `n` counts draws, for lists.
    fn draw(&self, u: f64, n: u64) -> f64 {
        match self {
            Self::Constant(a) => *a,
            Self::Uniform(a, b) => a + (b - a) * u,
            Self::Exponential(mean) => -mean * u.ln(),
            Self::Normal(mean, sd) => Normal::new(*mean, *sd).map_or(*mean, |d| d.inverse_cdf(u)),
            Self::Poisson(mean) => Poisson::new(*mean).map_or(*mean, |d| d.inverse_cdf(u) as f64),
            Self::Pareto(shape, scale) => scale / u.powf(1.0 / shape),
            Self::Cauchy(location, scale) => location + scale * (std::f64::consts::PI * (u - 0.5)).tan(),
            Self::Gamma(shape, scale) => Gamma::new(*shape, 1.0 / scale).map_or(*scale, |d| d.inverse_cdf(u)),
            Self::Weibull(shape, scale) => scale * (-u.ln()).powf(1.0 / shape),
            Self::List(list) => list[(n % list.len() as u64) as usize],
        }
    }

    /// The same with every parameter that is a length multiplied.
    #[must_use]
    pub fn times(self, by: f64) -> Self {
        match self {
            Self::Constant(a) => Self::Constant(a * by),
            Self::Uniform(a, b) => Self::Uniform(a * by, b * by),
            Self::Exponential(a) => Self::Exponential(a * by),
            Self::Normal(a, b) => Self::Normal(a * by, b * by),
            Self::Poisson(a) => Self::Poisson(a * by),
            Self::Pareto(shape, a) => Self::Pareto(shape, a * by),
            Self::Cauchy(a, b) => Self::Cauchy(a * by, b * by),
            Self::Gamma(shape, a) => Self::Gamma(shape, a * by),
            Self::Weibull(shape, a) => Self::Weibull(shape, a * by),
            Self::List(list) => Self::List(list.into_iter().map(|a| a * by).collect()),
        }
    }
}

/// What a datagram flow sends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Between one datagram and the next, milliseconds.
    pub gap_ms: Distribution,
    /// Bytes of UDP payload.
    pub size: Distribution,
    /// Lengths of time, in milliseconds, in which datagrams are sent and in which none are, in turn.
    pub on_off_ms: Option<(Distribution, Distribution)>,
    /// Decides what is drawn.
    pub seed: u64,
}

impl Traffic {
    /// Datagrams of one size at a constant rate.
    ///
    /// - `bits_per_sec`: of UDP payload, as iperf counts.
    pub fn at_rate(bits_per_sec: f64, size: u32, seed: u64) -> Self {
        let gap_ms = Distribution::Constant(f64::from(size) * 8.0 / bits_per_sec * 1e3);
        Self { gap_ms, size: Distribution::Constant(size.into()), on_off_ms: None, seed }
    }

    /// Size of every datagram, where all are equal.
    pub fn fixed_size(&self) -> Option<u32> {
        match self.size {
            Distribution::Constant(size) => Some(clamp_size(size)),
            _ => None,
        }
    }

    /// Time between all datagrams in nanoseconds, where it is always the same.
    fn fixed_gap_ns(&self) -> Option<f64> {
        match (&self.gap_ms, &self.on_off_ms) {
            (Distribution::Constant(ms), None) => Some(ms * 1e6),
            _ => None,
        }
    }

    /// Bits of UDP payload per second that are expected while it sends, of sizes and gaps as they are held within limits.
    pub fn bits_per_sec(&self) -> f64 {
        self.size.mean_within(MIN_SIZE.into(), MAX_SIZE.into()) * 8.0 * self.packets_per_sec()
    }

    /// Datagrams per second that are expected while it sends.
    pub fn packets_per_sec(&self) -> f64 {
        1e9 / match self.fixed_gap_ns() {
            Some(gap) => gap.max(1.0),
            None => self.gap_ms.mean_within(MIN_GAP_NS / 1e6, MAX_GAP_NS / 1e6) * 1e6,
        }
    }

    /// Checks what came over the network.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn checked(self) -> Result<Self, String> {
        let on_off_ms = match self.on_off_ms {
            None => None,
            Some((on, off)) => Some((on.checked()?, off.checked()?)),
        };
        let (gap_ms, size) = (self.gap_ms.checked()?, self.size.checked()?);
        if gap_ms.mean().is_some_and(|mean| mean * 1e6 < 100.0) {
            return Err("less than 0.1 µs between datagrams".into());
        }
        Ok(Self { gap_ms, size, on_off_ms, seed: self.seed })
    }

    /// The schedule from its beginning.
    pub fn schedule(&self) -> Schedule {
        let mut schedule = Schedule {
            traffic: self.clone(),
            random: SplitMix(self.seed),
            number: 0,
            due_ns: 0.0,
            until_off_ns: f64::INFINITY,
            phases: 0,
        };
        if let Some((on, _)) = &self.on_off_ms {
            schedule.until_off_ns = positive_ns(on.draw(schedule.random.unit(), 0));
        }
        schedule
    }
}

fn positive_ns(ms: f64) -> f64 {
    (ms * 1e6).clamp(MIN_GAP_NS, MAX_GAP_NS)
}

fn clamp_size(size: f64) -> u32 {
    (size.round() as u32).clamp(MIN_SIZE, MAX_SIZE)
}

/// When each datagram is due and how large it is.
#[derive(Debug, Clone)]
pub struct Schedule {
    traffic: Traffic,
    random: SplitMix,
    number: u64,
    /// Of the next one, after the start of the flow.
    due_ns: f64,
    /// When the present time of sending ends.
    until_off_ns: f64,
    phases: u64,
}

impl Schedule {
    /// Number of the next datagram.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When the next datagram is due, after the start.
    pub fn due(&self) -> Span {
        match self.traffic.fixed_gap_ns() {
            // A product: sums of a gap that is no whole number drift away.
            Some(gap) => Span((gap * self.number as f64).round() as i64),
            None => Span(self.due_ns as i64),
        }
    }

    /// How many datagrams are due at `elapsed` after the start, the next one included, where all gaps are equal; else 1
    /// when the next one is due.
    pub fn due_count(&self, elapsed: Span) -> u64 {
        match self.traffic.fixed_gap_ns() {
            Some(gap) if elapsed >= Span::ZERO => {
                (((elapsed.0 as f64 + 0.5) / gap) as u64 + 1).saturating_sub(self.number)
            }
            Some(_) => 0,
            None => u64::from(self.due() <= elapsed),
        }
    }

    /// Size of the next datagram, and steps on.
    pub fn take(&mut self) -> u32 {
        if let (Some(size), Some(_)) = (self.traffic.fixed_size(), self.traffic.fixed_gap_ns()) {
            self.number += 1;
            return size;
        }
        let size = clamp_size(self.traffic.size.draw(self.random.unit(), self.number));
        let gap = positive_ns(self.traffic.gap_ms.draw(self.random.unit(), self.number));
        self.number += 1;
        self.due_ns += gap;
        if let Some((on, off)) = &self.traffic.on_off_ms {
            while self.due_ns >= self.until_off_ns {
                let pause = positive_ns(off.draw(self.random.unit(), self.phases));
                self.phases += 1;
                let sending = positive_ns(on.draw(self.random.unit(), self.phases));
                // The gap that led over the edge goes on after the pause.
                self.due_ns += pause;
                self.until_off_ns += pause + sending;
            }
        }
        size
    }

    /// Steps over `count` datagrams of a flow whose gaps and sizes are all equal.
    pub fn skip(&mut self, count: u64) {
        self.number += count;
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Evenly from 0 to 1, both excluded.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn traffic(gap: &str, size: &str) -> Traffic {
        Traffic { gap_ms: gap.parse().unwrap(), size: size.parse().unwrap(), on_off_ms: None, seed: 5 }
    }

    /// Mean and standard deviation of gaps in ms, and mean size, over the first `n`.
    fn statistics(traffic: &Traffic, n: usize) -> (f64, f64, f64) {
        let mut schedule = traffic.schedule();
        let (mut gaps, mut sizes, mut before) = (Vec::new(), 0.0, 0.0);
        for _ in 0..n {
            sizes += f64::from(schedule.take());
            let due = schedule.due().as_millis_f64();
            gaps.push(due - before);
            before = due;
        }
        let mean = gaps.iter().sum::<f64>() / n as f64;
        let var = gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n as f64;
        (mean, var.sqrt(), sizes / n as f64)
    }

    #[test]
    fn a_rate_is_bits_of_payload_per_second() {
        // 1448 bytes at 1 Gbit/s are 11.584 µs apart.
        let t = Traffic::at_rate(1e9, 1448, 1);
        let mut s = t.schedule();
        assert_eq!(s.due_count(Span::ZERO), 1);
        assert_eq!(s.due_count(Span::from_millis(1)), 87, "86 whole gaps and the first");
        s.skip(86);
        assert_eq!(s.due(), Span(996_224));
        assert!((t.bits_per_sec() - 1e9).abs() < 1.0);
        s.skip(86_325_000);
        assert_eq!(s.due().0 / 1_000_000, 999_989, "no drift after a thousand seconds");
    }

    #[test]
    fn ranges_hold_all_but_a_hundredth_at_either_end() {
        // By hand: quantiles of 0.01 and 0.99.
        for (text, low, high) in [
            ("constant:100000", 100_000.0, 100_000.0),
            ("uniform:5:15", 5.0, 15.0),
            ("list:3:1:2", 1.0, 3.0),
            ("exponential:100", 1.005, 460.517),
            ("normal:100:10", 76.737, 123.263),
            ("pareto:1:1", 1.010, 100.0),
        ] {
            let (least, most) = text.parse::<Distribution>().unwrap().range();
            assert!((least - low).abs() < 1e-3 && (most - high).abs() < 1e-3, "{text}: {least} to {most}");
        }
    }

    #[test]
    fn drawn_values_have_the_moments_of_their_distribution() {
        // Mean and standard deviation by the formulas of each distribution, in ms.
        for (gap, mean, sd) in [
            ("constant:10", 10.0, 0.0),
            ("uniform:5:15", 10.0, 10.0 / 12f64.sqrt()),
            ("exponential:10", 10.0, 10.0),
            ("normal:10:2", 10.0, 2.0),
            ("poisson:10", 10.0, 10f64.sqrt()),
            ("pareto:5:8", 10.0, 8.0 / 4.0 * (5.0f64 / 3.0).sqrt()),
            ("gamma:4:2.5", 10.0, 5.0),
            ("weibull:2:10", 8.862_269, 10.0 * (1.0 - std::f64::consts::FRAC_PI_4).sqrt()),
            ("list:5:15", 10.0, 5.0),
        ] {
            let t = traffic(gap, "100");
            let (found, deviation, _) = statistics(&t, 20_000);
            assert!((found - mean).abs() < 0.02 * mean, "{gap}: mean {found}");
            assert!((deviation - sd).abs() < 0.05 * sd + 1e-9, "{gap}: standard deviation {deviation}, not {sd}");
            assert!((t.gap_ms.mean().unwrap() - mean).abs() < 1e-5, "{gap}");
        }
        // Cauchy has no moments: half of all values are within one scale of the location.
        let mut s = traffic("cauchy:50:5", "100").schedule();
        let mut before = Span::ZERO;
        let within = (0..10_000).filter(|_| {
            s.take();
            let gap = (s.due() - before).as_millis_f64();
            before = s.due();
            (45.0..55.0).contains(&gap)
        });
        assert!((within.count() as f64 / 10_000.0 - 0.5).abs() < 0.02);
    }

    #[test]
    fn sizes_beyond_the_limits_count_as_they_are_sent() {
        for size in ["normal:100:1000", "exponential:30", "uniform:0:40", "list:1:100:2000000", "weibull:0.5:20"] {
            let t = traffic("10", size);
            let (gap_ms, _, bytes) = statistics(&t, 200_000);
            let ratio = t.bits_per_sec() / (bytes * 8.0 / (gap_ms / 1e3));
            assert!((0.98..1.02).contains(&ratio), "{size}: {ratio}");
        }
    }

    #[test]
    fn gaps_and_sizes_without_a_mean_have_the_rate_that_is_sent() {
        for (gap, size) in
            [("cauchy:20:1", "92"), ("pareto:0.9:0.05", "92"), ("10", "cauchy:100:20"), ("pareto:1:5", "500")]
        {
            let t = traffic(gap, size);
            let (gap_ms, _, bytes) = statistics(&t, 200_000);
            let found = bytes * 8.0 / (gap_ms / 1e3);
            let ratio = t.bits_per_sec() / found;
            assert!((0.75..1.33).contains(&ratio), "{gap}, {size}: {} is not {found}", t.bits_per_sec());
            assert!(t.packets_per_sec() < 1e4, "{gap}");
        }
    }

    #[test]
    fn sizes_are_drawn_apart_from_times_and_fit_a_datagram() {
        let (gap, _, size) = statistics(&traffic("exponential:3", "normal:500:100"), 20_000);
        assert!((gap - 3.0).abs() < 0.1 && (size - 500.0).abs() < 5.0, "{gap} {size}");
        let mut s = traffic("1", "list:1:100000:40").schedule();
        assert_eq!([s.take(), s.take(), s.take(), s.take()], [16, 65_507, 40, 16]);
    }

    #[test]
    fn off_times_are_silent() {
        let mut t = traffic("1", "100");
        t.on_off_ms = Some(("10".parse().unwrap(), "90".parse().unwrap()));
        let mut s = t.schedule();
        let due: Vec<i64> = (0..30)
            .map(|_| {
                let due = s.due();
                s.take();
                due.0 / 1_000_000
            })
            .collect();
        assert!(due.iter().all(|ms| ms % 100 < 10), "{due:?}");
        assert_eq!((due[9], due[10]), (9, 100));
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule() {
        let run = |seed| {
            let mut s = Traffic { seed, ..traffic("gamma:2:3", "uniform:50:1500") }.schedule();
            (0..100).map(|_| (s.due(), s.take())).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn what_is_no_distribution_is_said_with_what_there_is() {
        for text in
            ["", "normal:1", "exponential:-1", "list", "uniform:5:1", "cauchy:1:0", "fish:1", "nan", "poisson:1e9"]
        {
            let error = text.parse::<Distribution>().unwrap_err();
            assert!(error.to_string().contains("is no distribution"), "{text}");
        }
        assert_eq!("12.5".parse(), Ok(Distribution::Constant(12.5)));
        assert!(Traffic::at_rate(1e15, 100, 1).checked().is_err());
    }
}
