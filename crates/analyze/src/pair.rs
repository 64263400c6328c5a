//! Two series at the same moments: what one counted when the other was sampled.

use crate::run::Points;
use crate::stats::Sample;

/// Neighbours further apart than so many usual steps have nothing to say about the time between them.
const GAP_STEPS: f64 = 5.0;

/// Pairs on time: for every value of `y`, the value of `x` at its moment, linear between the two nearest samples of `x`.
///
/// No pair where `x` has no sample on one side, or where its samples lie more than five times their usual (median) step
/// apart. On a grid that both share, the values of each step are paired as they are.
///
/// ```
/// use fa_analyze::pair::on_time;
/// use fa_analyze::run::{Origin, Points};
/// let points = |x: &[f64], y: &[f64]| Points { x: x.to_vec(), y: y.to_vec(), origin: Origin::Raw };
/// let rate = points(&[0.0, 1.0, 2.0], &[10.0, 20.0, 40.0]);
/// let delay = points(&[-0.5, 0.5, 1.0, 1.75], &[1.0, 2.0, 3.0, 4.0]);
/// assert_eq!(on_time(&rate, &delay), (vec![15.0, 20.0, 35.0], vec![2.0, 3.0, 4.0]));
/// ```
pub fn on_time(x: &Points, y: &Points) -> (Vec<f64>, Vec<f64>) {
    let known = in_time(x);
    let steps = Sample::new(known.windows(2).map(|w| w[1].0 - w[0].0));
    let furthest = steps.median().unwrap_or(0.0) * GAP_STEPS;
    let at = |t: f64| {
        let after = known.partition_point(|p| p.0 < t);
        let next = known.get(after)?;
        if next.0 == t {
            return Some(next.1);
        }
        let last = known.get(after.checked_sub(1)?)?;
        let apart = next.0 - last.0;
        // A gap of exactly five steps counts as one whatever its last digit.
        (apart <= furthest * (1.0 + 1e-9)).then(|| last.1 + (next.1 - last.1) * (t - last.0) / apart)
    };
    in_time(y).into_iter().filter_map(|(t, value)| Some((at(t)?, value))).unzip()
}

/// Samples that have a value, in the order of time.
fn in_time(points: &Points) -> Vec<(f64, f64)> {
    let mut known: Vec<(f64, f64)> =
        points.x.iter().copied().zip(points.y.iter().copied()).filter(|(t, v)| t.is_finite() && !v.is_nan()).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Origin;

    fn points(x: &[f64], y: &[f64]) -> Points {
        Points { x: x.to_vec(), y: y.to_vec(), origin: Origin::Grid }
    }

    #[test]
    fn nothing_is_guessed_across_a_gap_or_beyond_the_ends() {
        let x = points(&[0.0, 1.0, 2.0, 3.0, 9.0, 10.0], &[1.0, 1.0, 1.0, 1.0, 7.0, 7.0]);
        let y = points(&[-1.0, 2.5, 6.0, 9.5, 11.0], &[0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!(on_time(&x, &y), (vec![1.0, 7.0], vec![0.2, 0.4]));
    }

    #[test]
    fn a_shared_grid_pairs_step_by_step() {
        let t = [0.0, 0.2, 0.4];
        let pairs = on_time(&points(&t, &[5.0, f64::NAN, 7.0]), &points(&t, &[1.0, 2.0, f64::NAN]));
        // At 0.2 the first has no value: half way between its neighbours.
        assert_eq!(pairs, (vec![5.0, 6.0], vec![1.0, 2.0]));
    }

    #[test]
    fn samples_out_of_order_are_put_in_order() {
        let pairs = on_time(&points(&[2.0, 0.0, 1.0], &[3.0, 1.0, 2.0]), &points(&[1.5], &[9.0]));
        assert_eq!(pairs, (vec![2.5], vec![9.0]));
    }
}
