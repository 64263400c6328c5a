//! Empirical distributions: cumulative, and one against another.

use crate::stats::Sample;

/// Empirical distribution function: the numbers ascending, and for the i-th of n (from 1) the share i/n.
///
/// Drawn as a line through these points; equal numbers stay separate points. Missing values (NaN) are no numbers: a lost
/// probe has no place in a distribution of delays.
///
/// ```
/// let (x, share) = fa_analyze::cdf::cdf([3.0, 1.0, f64::NAN, 1.0]);
/// assert_eq!(x, [1.0, 1.0, 3.0]);
/// assert_eq!(share, [1.0 / 3.0, 2.0 / 3.0, 1.0]);
/// ```
pub fn cdf(values: impl IntoIterator<Item = f64>) -> (Vec<f64>, Vec<f64>) {
    let sorted = Sample::new(values).into_sorted();
    let n = sorted.len() as f64;
    let share = (1..=sorted.len()).map(|i| i as f64 / n).collect();
    (sorted, share)
}

/// Quantiles of two sets against each other, as many as the smaller set has.
///
/// The smaller set gives its numbers as they are; the larger one is read at ranks k·N/n, k = 0..n-1, linear between ranks:
/// so its largest number appears only when both sets are of one size. Returns the quantiles of the first and the second set.
pub fn qq(first: impl IntoIterator<Item = f64>, second: impl IntoIterator<Item = f64>) -> (Vec<f64>, Vec<f64>) {
    let (a, b) = (Sample::new(first).into_sorted(), Sample::new(second).into_sorted());
    let n = a.len().min(b.len());
    (thin(a, n), thin(b, n))
}

fn thin(sorted: Vec<f64>, n: usize) -> Vec<f64> {
    if sorted.len() == n {
        return sorted;
    }
    let step = sorted.len() as f64 / n as f64;
    (0..n)
        .map(|k| {
            let rank = k as f64 * step;
            let below = (rank.floor() as usize).min(sorted.len() - 1);
            let above = (below + 1).min(sorted.len() - 1);
            sorted[below] + (sorted[above] - sorted[below]) * (rank - below as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gives_nothing() {
        assert_eq!(cdf([]), (vec![], vec![]));
        assert_eq!(qq([], [1.0]), (vec![], vec![]));
    }

    #[test]
    fn the_larger_set_is_thinned_by_rank() {
        // Five numbers read at ranks 0 and 2.5.
        let (a, b) = qq([10.0, 20.0, 30.0, 40.0, 50.0], [2.0, 1.0]);
        assert_eq!(a, [10.0, 35.0]);
        assert_eq!(b, [1.0, 2.0]);
    }
}
