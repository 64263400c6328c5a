//! Delays below zero, which no network can make.
//!
//! One-way delays rest on an estimate of how far two clocks are apart, and that has a bound. A delay below zero by no more
//! than the bound agrees with it: the file counts those (`OWD_NEGATIVE`, `DELAY_NEGATIVE`) and keeps the numbers as they came
//! out, since setting them to zero would shift every mean. One below that says that a clock or a stamp was wrong: that is a
//! warning.

/// What was seen of delays below zero in a series.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BelowZero {
    samples: u64,
    /// No more below zero than the bound of the clocks allows.
    within: u64,
    /// Further below.
    beyond: u64,
    worst_ms: f64,
}

impl BelowZero {
    /// A sample's delays, each with how wrong it may be, milliseconds.
    pub(super) fn note(&mut self, delays: impl IntoIterator<Item = (f64, f64)>) {
        self.samples += 1;
        let (mut within, mut beyond) = (false, false);
        for (delay, bound) in delays {
            within |= delay < 0.0;
            beyond |= delay < -bound;
            self.worst_ms = self.worst_ms.min(delay);
        }
        self.beyond += u64::from(beyond);
        self.within += u64::from(within && !beyond);
    }

    /// Samples with a delay below zero, for the data file.
    pub(super) fn count(&self) -> u64 {
        self.within + self.beyond
    }

    /// What to say about a series, when it cannot be explained by the clocks' bound.
    pub(super) fn warning(&self, series: &str) -> Option<String> {
        (self.beyond > 0).then(|| {
            format!(
                "{series}: {} of {} samples have a delay further below zero than the bound of the clocks allows, {:.3} ms \
                 at worst: the far clock was set or its stamps are not exact; see OWD_BOUND and CLOCKS",
                self.beyond, self.samples, self.worst_ms
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_below_zero_within_the_bound_is_counted_and_no_warning() {
        let mut seen = BelowZero::default();
        seen.note([(-0.028, 0.34), (0.05, 0.34)]);
        seen.note([(0.01, 0.34)]);
        assert_eq!((seen.count(), seen.warning("UDP upload")), (1, None));
        seen.note([(0.2, 0.34), (-0.35, 0.34)]);
        assert_eq!(seen.count(), 2);
        let said = seen.warning("UDP upload").unwrap_or_default();
        assert!(said.starts_with("UDP upload: 1 of 3 samples") && said.contains("-0.350 ms"), "{said}");
    }
}
