//! Box plots: quartiles, whiskers, outliers.

use crate::stats::Sample;

/// Tukey's box of a set of numbers, as matplotlib draws it by default.
#[derive(Debug, Clone, PartialEq)]
pub struct BoxStats {
    /// Numbers behind the box.
    pub n: usize,
    /// 25th percentile, linear between ranks.
    pub q1: f64,
    /// 50th percentile.
    pub median: f64,
    /// 75th percentile.
    pub q3: f64,
    /// Smallest number not below q1 − 1.5 (q3 − q1); q1 itself when there is none below it.
    pub whisker_lo: f64,
    /// Largest number not above q3 + 1.5 (q3 − q1); q3 itself when there is none above it.
    pub whisker_hi: f64,
    /// Numbers beyond the whiskers, ascending.
    pub fliers: Vec<f64>,
}

impl BoxStats {
    /// The box of `values`; NaN are left out. `None` when no number is there.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let sample = Sample::new(values);
        let (q1, median, q3) = (sample.percentile(25.0)?, sample.median()?, sample.percentile(75.0)?);
        let reach = 1.5 * (q3 - q1);
        let sorted = sample.sorted();
        let whisker_lo = sorted.iter().copied().find(|v| *v >= q1 - reach).map_or(q1, |v| v.min(q1));
        let whisker_hi = sorted.iter().rev().copied().find(|v| *v <= q3 + reach).map_or(q3, |v| v.max(q3));
        let fliers = sorted.iter().copied().filter(|v| *v < whisker_lo || *v > whisker_hi).collect();
        Some(Self { n: sample.len(), q1, median, q3, whisker_lo, whisker_hi, fliers })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn whiskers_end_at_numbers_and_leave_outliers() {
        // q1 at rank 2.25 of 0..9, q3 at 6.75: 3.25 and 7.75; reach 6.75: from −3.5 to 14.5.
        let b = BoxStats::new([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 100.0]).unwrap();
        assert_eq!((b.q1, b.median, b.q3), (3.25, 5.5, 7.75));
        assert_eq!((b.whisker_lo, b.whisker_hi), (1.0, 9.0));
        assert_eq!(b.fliers, [100.0]);
        assert_eq!(b.n, 10);
    }

    #[test]
    fn one_number_is_a_flat_box() {
        let b = BoxStats::new([f64::NAN, 2.0]).unwrap();
        assert_eq!((b.n, b.q1, b.q3, b.whisker_lo, b.whisker_hi), (1, 2.0, 2.0, 2.0, 2.0));
        assert!(b.fliers.is_empty());
        assert_eq!(BoxStats::new([f64::NAN]), None);
    }

    #[test]
    fn a_whisker_never_ends_inside_the_box() {
        // q1 1, q3 10.75 (rank 2.25: 10 + 0.25 * 3): the reach from q3 is 25.375, 13 lies within it.
        let b = BoxStats::new([1.0, 1.0, 10.0, 13.0]).unwrap();
        assert!(b.whisker_lo <= b.q1 && b.whisker_hi >= b.q3);
    }
}
