//! Statistics of a set of numbers: moments and quantiles.
//!
//! Missing values are NaN and never enter a number: [`Sample`] counts them and drops them. Quantiles are numpy's default
//! ("linear", type 7 of Hyndman and Fan 1996), spread is the population's (divisor n): both as Flent prints them.

/// A set of numbers, sorted, with what was missing counted.
///
/// ```
/// use fa_analyze::stats::Sample;
/// let s = Sample::new([4.0, 1.0, f64::NAN, 3.0, 2.0]);
/// assert_eq!((s.len(), s.missing()), (4, 1));
/// assert_eq!(s.percentile(50.0), Some(2.5));
/// assert_eq!(s.mean(), Some(2.5));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    sorted: Vec<f64>,
    sum: f64,
    missing: usize,
}

impl Sample {
    /// Takes the numbers in any order; NaN counts as missing.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut missing = 0;
        let mut sorted: Vec<f64> = values
            .into_iter()
            .filter(|v| {
                let there = !v.is_nan();
                missing += usize::from(!there);
                there
            })
            .collect();
        // Summed before sorting: the order of recording is the order in which others sum.
        let sum = sorted.iter().sum();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { sorted, sum, missing }
    }

    /// Numbers that are there.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// No number is there.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// NaN among the input.
    pub fn missing(&self) -> usize {
        self.missing
    }

    /// The numbers, ascending.
    pub fn sorted(&self) -> &[f64] {
        &self.sorted
    }

    /// The numbers, ascending, without a copy.
    pub fn into_sorted(self) -> Vec<f64> {
        self.sorted
    }

    /// Smallest number.
    pub fn min(&self) -> Option<f64> {
        self.sorted.first().copied()
    }

    /// Largest number.
    pub fn max(&self) -> Option<f64> {
        self.sorted.last().copied()
    }

    /// Sum of the numbers; 0 of none.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// Arithmetic mean.
    pub fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.sum / self.len() as f64)
    }

    /// The `p`-th percentile, `p` in 0..=100; linear between the two nearest ranks, the ranks being 0..n-1.
    pub fn percentile(&self, p: f64) -> Option<f64> {
        percentile_of_sorted(&self.sorted, p)
    }

    /// The 50th percentile.
    pub fn median(&self) -> Option<f64> {
        self.percentile(50.0)
    }

    /// Population variance: mean of the squared distances from the mean.
    pub fn variance(&self) -> Option<f64> {
        let mean = self.mean()?;
        Some(self.sorted.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / self.len() as f64)
    }

    /// Population standard deviation.
    pub fn std_dev(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }
}

/// The float nearest to the exact sum, whatever the order of the numbers (Shewchuk 1997: sums and their rounding errors are
/// kept as floats that do not overlap).
///
/// ```
/// use fa_analyze::stats::exact_sum;
/// assert_eq!(exact_sum(&[1e16, 1.0, -1e16]), 1.0);
/// assert_eq!(exact_sum(&[0.1; 10]), 1.0);
/// ```
pub fn exact_sum(values: &[f64]) -> f64 {
    let mut partials: Vec<f64> = Vec::with_capacity(8);
    for value in values {
        let mut x = *value;
        let mut kept = 0;
        for i in 0..partials.len() {
            let (large, small) = if x.abs() < partials[i].abs() { (partials[i], x) } else { (x, partials[i]) };
            x = large + small;
            let error = small - (x - large);
            if error != 0.0 {
                partials[kept] = error;
                kept += 1;
            }
        }
        partials.truncate(kept);
        partials.push(x);
    }
    if partials.iter().any(|p| !p.is_finite()) {
        return values.iter().sum();
    }
    let Some(mut sum) = partials.pop() else { return 0.0 };
    while let Some(next) = partials.pop() {
        let before = sum;
        sum = before + next;
        let error = next - (sum - before);
        if error != 0.0 {
            // The rest decides where the error is exactly half a digit.
            if partials.last().is_some_and(|rest| (error < 0.0) == (*rest < 0.0) && *rest != 0.0) {
                let twice = error * 2.0;
                let away = sum + twice;
                if twice == away - sum {
                    sum = away;
                }
            }
            break;
        }
    }
    sum
}

/// The `p`-th percentile of ascending numbers without NaN; see [`Sample::percentile`].
pub fn percentile_of_sorted(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = (p / 100.0).clamp(0.0, 1.0) * last as f64;
    let below = rank.floor();
    let fraction = rank - below;
    let lo = *sorted.get(below as usize)?;
    let hi = sorted.get(below as usize + 1).copied().unwrap_or(lo);
    // From the nearer end, so that p = 100 gives the last number exactly; equal ends (also infinite ones) give that end.
    Some(if lo == hi {
        lo
    } else if fraction < 0.5 {
        lo + (hi - lo) * fraction
    } else {
        hi - (hi - lo) * (1.0 - fraction)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_interpolate_between_ranks() {
        // Ranks of 1, 2, 4, 8: 0..3; the 99th percentile lies at rank 2.97: 4 + 0.97 * 4.
        let s = Sample::new([8.0, 1.0, 4.0, 2.0]);
        assert_eq!(s.percentile(0.0), Some(1.0));
        assert_eq!(s.percentile(25.0), Some(1.75));
        assert_eq!(s.percentile(50.0), Some(3.0));
        assert!((s.percentile(99.0).unwrap_or(0.0) - 7.88).abs() < 1e-12);
        assert_eq!(s.percentile(100.0), Some(8.0));
    }

    #[test]
    fn spread_is_of_the_population() {
        // Mean 5, squared distances 9 1 1 1 0 0 4 16, sum 32, over 8: variance 4.
        let s = Sample::new([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!(s.variance(), Some(4.0));
        assert_eq!(s.std_dev(), Some(2.0));
        assert_eq!(s.sum(), 40.0);
    }

    #[test]
    fn nothing_has_no_statistics() {
        let s = Sample::new([f64::NAN, f64::NAN]);
        assert_eq!((s.len(), s.missing()), (0, 2));
        assert_eq!(s.mean(), None);
        assert_eq!(s.percentile(50.0), None);
        assert_eq!(s.std_dev(), None);
        assert_eq!(s.sum(), 0.0);
    }

    #[test]
    fn one_number_is_every_percentile_of_itself() {
        let s = Sample::new([3.25]);
        assert_eq!(s.percentile(1.0), Some(3.25));
        assert_eq!(s.percentile(99.9), Some(3.25));
        assert_eq!(s.std_dev(), Some(0.0));
    }

    #[test]
    fn infinities_do_not_turn_into_nan() {
        let s = Sample::new([1.0, f64::INFINITY, f64::INFINITY]);
        assert_eq!(s.percentile(90.0), Some(f64::INFINITY));
    }
}
