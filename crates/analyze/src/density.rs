//! How values are spread: histograms over bins that samples share, and smooth densities.

use crate::stats::Sample;

/// Most bins that are chosen without being asked for.
const MOST_BINS: f64 = 120.0;
/// Fewest of them.
const FEWEST_BINS: f64 = 16.0;
/// Beyond so many standard deviations a Gaussian adds nothing that a figure shows (1.5e-8 of its height).
const REACH: f64 = 6.0;

/// Edges of bins of one width, a round number near the rule of Freedman and Diaconis (1981), 2·IQR·n^(-1/3): of several
/// samples the geometric mean, between what a narrow one and a wide one need.
///
/// - `lo`, `hi`: what the bins have to cover; the outer edges are multiples of the width at or beyond them.
///
/// At least one bin comes back; none for an empty or infinite range.
///
/// ```
/// use fa_analyze::{density::edges, stats::Sample};
/// // IQR 50, n = 101: the rule says 2·50/101^(1/3) = 21.5; that would be 5 bins, so a round width that makes at least 16.
/// let sample = Sample::new((0..=100).map(f64::from));
/// let edges = edges(&[sample], 0.0, 100.0);
/// assert_eq!((edges[0], edges[1], edges.len()), (0.0, 5.0, 21));
/// ```
pub fn edges(samples: &[Sample], lo: f64, hi: f64) -> Vec<f64> {
    let range = hi - lo;
    if !range.is_finite() || range < 0.0 {
        return Vec::new();
    }
    if range == 0.0 {
        let half = if lo == 0.0 { 0.5 } else { lo.abs() * 0.05 };
        return vec![lo - half, hi + half];
    }
    let widths: Vec<f64> = samples.iter().filter_map(freedman_diaconis).collect();
    let logs: f64 = widths.iter().map(|w| w.ln()).sum();
    let rule = if widths.is_empty() { range } else { (logs / widths.len() as f64).exp() };
    let wanted = rule.clamp(range / MOST_BINS, range / FEWEST_BINS);
    let width = round_width(wanted, range / MOST_BINS);
    let (first, last) = ((lo / width).floor(), (hi / width).ceil());
    let count = (last - first).max(1.0) as usize;
    (0..=count).map(|i| (first + i as f64) * width).collect()
}

/// Edges of `count` equal bins from `lo` to `hi`.
pub fn equal_edges(count: usize, lo: f64, hi: f64) -> Vec<f64> {
    let count = count.max(1);
    (0..=count).map(|i| lo + (hi - lo) * i as f64 / count as f64).collect()
}

fn freedman_diaconis(sample: &Sample) -> Option<f64> {
    let iqr = sample.percentile(75.0)? - sample.percentile(25.0)?;
    let width = 2.0 * iqr / (sample.len() as f64).cbrt();
    (width > 0.0).then_some(width)
}

/// The largest of 1, 2, 2.5 and 5 times a power of ten that is not above `wanted`, or the smallest not below `least` when
/// that one is too small.
fn round_width(wanted: f64, least: f64) -> f64 {
    let power = 10f64.powf(wanted.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0, 20.0].map(|step| step * power);
    let below = steps.iter().rev().find(|step| **step <= wanted * (1.0 + 1e-9)).copied().unwrap_or(power);
    if below >= least {
        return below;
    }
    steps.into_iter().find(|step| *step >= least).unwrap_or(below)
}

/// How many values are in each bin: from its lower edge up to, not including, its upper edge; the last bin has its upper
/// edge too. Values beyond the edges are in none.
///
/// ```
/// use fa_analyze::{density::histogram, stats::Sample};
/// let sample = Sample::new([0.0, 0.5, 1.0, 1.9, 3.0, 7.0]);
/// assert_eq!(histogram(&sample, &[0.0, 1.0, 2.0, 3.0]), [2, 2, 1]);
/// ```
pub fn histogram(sample: &Sample, edges: &[f64]) -> Vec<usize> {
    let sorted = sample.sorted();
    let below = |edge: f64| sorted.partition_point(|v| *v < edge);
    let mut counts: Vec<usize> = edges.windows(2).map(|e| below(e[1]) - below(e[0])).collect();
    if let (Some(count), Some(&end)) = (counts.last_mut(), edges.last()) {
        *count += sorted.partition_point(|v| *v <= end) - below(end);
    }
    counts
}

/// Half of Silverman's bandwidth for a Gaussian density: 0.9·min(s, IQR/1.34)·n^(-1/5), with s of divisor n − 1 (Silverman 1986,
/// 3.31); the other one where one of the two is 0; and of that half: the rule is for one peak, and delays often have two,
/// idle and loaded, which it would smear. `None` without spread.
pub fn bandwidth(sample: &Sample) -> Option<f64> {
    let n = sample.len() as f64;
    let deviation = sample.std_dev()? * (n / (n - 1.0).max(1.0)).sqrt();
    let quartiles = (sample.percentile(75.0)? - sample.percentile(25.0)?) / 1.34;
    let spread = if quartiles > 0.0 { quartiles.min(deviation) } else { deviation };
    (spread > 0.0).then(|| 0.5 * 0.9 * spread * n.powf(-0.2))
}

/// Density at the places `at` (ascending): the mean of Gaussians of standard deviation `bandwidth` around the values.
///
/// ```
/// use fa_analyze::{density::density, stats::Sample};
/// // Two values one bandwidth to either side: (φ(1) + φ(-1)) / 2 = e^(-1/2) / √(2π).
/// let at_middle = density(&Sample::new([1.0, 3.0]), 1.0, &[2.0])[0];
/// assert!((at_middle - (-0.5f64).exp() / std::f64::consts::TAU.sqrt()).abs() < 1e-12);
/// ```
pub fn density(sample: &Sample, bandwidth: f64, at: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; at.len()];
    let scale = 1.0 / (sample.len().max(1) as f64 * bandwidth * std::f64::consts::TAU.sqrt());
    let mut from = 0;
    for value in sample.sorted() {
        while from < at.len() && at[from] < value - REACH * bandwidth {
            from += 1;
        }
        for (place, sum) in at[from..].iter().zip(&mut out[from..]) {
            let z = (place - value) / bandwidth;
            if z > REACH {
                break;
            }
            *sum += (-0.5 * z * z).exp() * scale;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_value_inside_is_counted_once() {
        let sample = Sample::new((0..1000).map(|i| f64::from(i * 37 % 1000) / 10.0));
        let bins = edges(std::slice::from_ref(&sample), sample.min().unwrap(), sample.max().unwrap());
        assert_eq!(histogram(&sample, &bins).iter().sum::<usize>(), 1000);
        // IQR 49.95, n = 1000: width 9.99, round below it 5.
        assert_eq!((bins[0], bins[1], bins.len()), (0.0, 5.0, 21));
    }

    #[test]
    fn an_outlier_does_not_make_a_million_bins() {
        let sample = Sample::new((0..1000).map(|i| f64::from(i % 10)).chain([1e6]));
        let bins = edges(std::slice::from_ref(&sample), 0.0, 1e6);
        assert!((8..=121).contains(&bins.len()), "{}", bins.len());
        assert!(bins[0] <= 0.0 && *bins.last().unwrap() >= 1e6);
    }

    #[test]
    fn equal_values_share_one_bin_and_have_no_density() {
        let sample = Sample::new([20.0; 5]);
        let bins = edges(std::slice::from_ref(&sample), 20.0, 20.0);
        assert_eq!(histogram(&sample, &bins), [5]);
        assert_eq!(bandwidth(&sample), None);
        assert_eq!(edges(&[], f64::NAN, 1.0), Vec::<f64>::new());
    }

    #[test]
    fn half_of_silvermans_rule_by_hand() {
        // 1..5: s = √2.5 = 1.5811, IQR 2 / 1.34 = 1.4925 < s; 0.45 · 1.4925 · 5^-0.2 = 0.48679.
        let h = bandwidth(&Sample::new([1.0, 2.0, 3.0, 4.0, 5.0])).unwrap();
        assert!((h - 0.45 * (2.0 / 1.34) * 5f64.powf(-0.2)).abs() < 1e-12);
        assert!((h - 0.486_79).abs() < 1e-4, "{h}");
    }

    #[test]
    fn a_density_has_the_area_one() {
        let sample = Sample::new((0..200).map(|i| f64::from(i * 61 % 200)));
        let at: Vec<f64> = (-100..300).map(f64::from).collect();
        let area: f64 = density(&sample, bandwidth(&sample).unwrap(), &at).iter().sum();
        assert!((area - 1.0).abs() < 1e-6, "{area}");
    }
}
