//! From samples at their own times to values on one grid, by the rules of the data file.
//!
//! The grid starts at the earliest sample of any series and has one value per step.
//! A value is the straight line between the samples before and after it; no smoothing.
//! Gaps are not bridged: where the next sample is more than five steps away, the value is missing.
//! These are the rules every `.flent.gz` follows, so a figure of ours and one of Flent's show the same line.

use thiserror::Error;

/// Missing, in aligned series: the data file's null.
pub const MISSING: f64 = f64::NAN;

/// More points than this per series are refused: a step far too small for the run, or a clock that jumped.
pub const MAX_POINTS: usize = 1_000_000;

/// The next sample may be this many steps away and still be used.
const REACH_STEPS: f64 = 5.0;
/// Before the first sample, it may be this many steps away.
const LEAD_STEPS: f64 = 0.5;

/// Why samples cannot be aligned.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[non_exhaustive]
pub enum AlignError {
    /// Too many points.
    #[error(
        "samples span {span_secs:.1} s, which at a step of {step_secs} s makes more than {MAX_POINTS} points per series; \
         use a larger --step-size, or look for a clock that jumped"
    )]
    TooManyPoints {
        /// First to last sample.
        span_secs: f64,
        /// Spacing of the grid.
        step_secs: f64,
    },
    /// A step that cannot be.
    #[error("a step of {step_secs} s: it must be more than 0")]
    Step {
        /// Spacing of the grid.
        step_secs: f64,
    },
}

/// Samples of one series: times in seconds, not falling, and as many values; NaN is a sample without value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples {
    /// When, in seconds of any epoch that all series share.
    pub t: Vec<f64>,
    /// What.
    pub value: Vec<f64>,
}

impl Samples {
    /// Appends one sample.
    pub fn push(&mut self, t: f64, value: f64) {
        self.t.push(t);
        self.value.push(value);
    }
}

/// Points in time that all series of a file share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Time of the first point: the earliest sample.
    pub t0: f64,
    /// Seconds between points.
    pub step: f64,
    /// How many points.
    pub len: usize,
}

impl Grid {
    /// The grid of these series; no points when there are no samples.
    ///
    /// # Errors
    /// [`AlignError`] when the grid would have more than [`MAX_POINTS`] points, or the step is not positive.
    pub fn over<'a>(series: impl IntoIterator<Item = &'a Samples>, step: f64) -> Result<Self, AlignError> {
        if step.is_nan() || step <= 0.0 {
            return Err(AlignError::Step { step_secs: step });
        }
        let mut ends: Option<(f64, f64)> = None;
        for samples in series {
            if let (Some(&first), Some(&last)) = (samples.t.first(), samples.t.last()) {
                let (low, high) = ends.unwrap_or((first, last));
                ends = Some((low.min(first), high.max(last)));
            }
        }
        let Some((t0, end)) = ends else { return Ok(Self { t0: 0.0, step, len: 0 }) };
        let points = ((end - t0) / step).ceil();
        if points.is_nan() || points > MAX_POINTS as f64 {
            return Err(AlignError::TooManyPoints { span_secs: end - t0, step_secs: step });
        }
        Ok(Self { t0, step, len: points as usize })
    }

    /// Seconds from the first point, as products, so that rounding does not add up.
    pub fn x_values(&self) -> Vec<f64> {
        (0..self.len).map(|i| self.step * i as f64).collect()
    }

    /// The series at each point.
    pub fn resample(&self, samples: &Samples) -> Vec<f64> {
        let Samples { t, value } = samples;
        let mut out = Vec::with_capacity(self.len);
        let mut next = 0;
        let mut ended = false;
        for i in 0..self.len {
            let at = self.t0 + self.step * i as f64;
            while t.get(next).is_some_and(|&sample| sample <= at) {
                next += 1;
            }
            let before = next.checked_sub(1);
            let point = match (before, t.get(next)) {
                (Some(before), Some(&after)) if (after - at).abs() <= REACH_STEPS * self.step => {
                    let (t1, v1, v2) = (t[before], value[before], value[next]);
                    v1 + (v2 - v1) * ((at - t1) / (after - t1))
                }
                (None, Some(&first)) if first - at <= LEAD_STEPS * self.step => value[next],
                // Past the end the last value counts once, unless it is what the line ended with.
                (Some(last), None) if !ended => {
                    ended = true;
                    let near = (at - t[last]).abs() <= REACH_STEPS * self.step;
                    let repeats = out.last() == Some(&value[last]);
                    if near && !repeats { value[last] } else { MISSING }
                }
                _ => MISSING,
            };
            out.push(point);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn samples(points: &[(f64, f64)]) -> Samples {
        Samples { t: points.iter().map(|p| p.0).collect(), value: points.iter().map(|p| p.1).collect() }
    }

    /// Compares with NaN equal to NaN.
    fn assert_values(found: &[f64], expected: &[f64]) {
        let same = found.len() == expected.len()
            && found.iter().zip(expected).all(|(a, b)| a.is_nan() && b.is_nan() || (a - b).abs() < 1e-12);
        assert!(same, "found {found:?}, expected {expected:?}");
    }

    #[test]
    fn values_lie_on_the_line_between_neighbours() {
        // By hand: first samples at 10 and 10.5, so t0 = 10; last at 12.5, so ceil(2.5 / 0.5) = 5 points.
        let a = samples(&[(10.0, 1.0), (11.0, 3.0), (12.5, 0.0)]);
        let b = samples(&[(10.5, 8.0), (11.5, 4.0)]);
        let grid = Grid::over([&a, &b], 0.5).unwrap();
        assert_eq!(grid, Grid { t0: 10.0, step: 0.5, len: 5 });
        assert_eq!(grid.x_values(), [0.0, 0.5, 1.0, 1.5, 2.0]);
        // a at 10, 10.5, 11, 11.5, 12: 1; halfway to 3; 3; a third and two thirds down to 0.
        assert_values(&grid.resample(&a), &[1.0, 2.0, 3.0, 2.0, 1.0]);
        // b at 10: its first sample is 0.5 away, more than half a step: missing. At 10.5 the sample itself (weight 0 of
        // the next), 11: halfway, 11.5: past the end, last value once, then missing.
        assert_values(&grid.resample(&b), &[MISSING, 8.0, 6.0, 4.0, MISSING]);
    }

    #[test]
    fn the_first_sample_counts_up_to_half_a_step_ahead() {
        let early = samples(&[(0.0, 0.0), (4.0, 0.0)]);
        let a = samples(&[(1.5, 7.0), (2.0, 9.0)]);
        let grid = Grid::over([&early, &a], 1.0).unwrap();
        // t = 0: 1.5 away; t = 1: 0.5 away, exactly half a step, counts; t = 2 past the end: 9 once.
        assert_values(&grid.resample(&a), &[MISSING, 7.0, 9.0, MISSING]);
    }

    #[test]
    fn a_gap_is_bridged_only_when_the_next_sample_is_within_five_steps() {
        let a = samples(&[(0.0, 0.0), (8.0, 8.0), (9.0, 9.0)]);
        let grid = Grid::over([&a], 1.0).unwrap();
        // The next sample (8) is more than 5 away from 0, 1, 2; from 3 on the line is drawn, whatever lies behind.
        assert_values(&grid.resample(&a), &[MISSING, MISSING, MISSING, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    }

    #[test]
    fn the_last_value_is_not_repeated_and_not_carried_far() {
        let long = samples(&[(0.0, 1.0), (20.0, 1.0)]);
        let flat = samples(&[(0.0, 5.0), (1.5, 5.0)]);
        let far = samples(&[(0.0, 5.0), (0.1, 6.0)]);
        let grid = Grid::over([&long, &flat], 1.0).unwrap();
        // At 1 the line gives 5; at 2 the last value is 5 again: missing.
        assert_values(&grid.resample(&flat)[..4], &[5.0, 5.0, MISSING, MISSING]);
        let sparse = Grid { t0: 0.0, step: 0.01, len: 20 };
        // Sample at 0.1, points at 0.10 (past the end, distance 0), later ones missing.
        assert_values(&sparse.resample(&far)[9..13], &[5.9, 6.0, MISSING, MISSING]);
    }

    #[test]
    fn a_sample_without_value_makes_its_surroundings_missing() {
        let a = samples(&[(0.0, 1.0), (1.0, MISSING), (2.0, 3.0), (3.0, 4.0)]);
        let grid = Grid::over([&a], 0.5).unwrap();
        assert_values(&grid.resample(&a), &[MISSING, MISSING, MISSING, MISSING, 3.0, 3.5]);
    }

    #[test]
    fn nothing_gives_nothing_and_too_much_is_refused() {
        let none = Samples::default();
        let grid = Grid::over([&none], 0.2).unwrap();
        assert_eq!((grid.len, grid.resample(&none)), (0, vec![]));
        let one = samples(&[(5.0, 1.0)]);
        assert_eq!(Grid::over([&one], 0.2).unwrap().len, 0, "a single moment spans no step");
        let jump = samples(&[(0.0, 1.0), (1.7e9, 1.0)]);
        assert!(matches!(Grid::over([&jump], 0.2), Err(AlignError::TooManyPoints { .. })));
        assert!(matches!(Grid::over([&jump], 0.0), Err(AlignError::Step { .. })));
    }

    /// What Flent aligned when it recorded a file, aligned again from the file's own raw samples.
    #[test]
    fn a_file_of_flents_is_aligned_as_flent_did_it() {
        let shared = std::env::var_os("FA_SHARED")
            .map_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into(), std::path::PathBuf::from);
        let path = shared.join("data/test-rrul_be-socket_stats.flent.gz");
        if !path.exists() {
            println!("skipped: a_file_of_flents_is_aligned_as_flent_did_it: no shared data");
            return;
        }
        let data = fa_format::read(&path, &fa_format::ReadOptions::default()).unwrap();
        let mut all = indexmap::IndexMap::new();
        for name in data.series.keys() {
            let (parent, key) = name.split_once("::").unwrap_or((name, "val"));
            let raw = data.raw.series(parent).unwrap();
            let Some(numbers) = raw.numbers(key) else { continue };
            let t = numbers.entry.iter().map(|&entry| raw.t()[entry as usize]).collect();
            all.insert(name.clone(), Samples { t, value: numbers.value.to_vec() });
        }
        let grid = Grid::over(all.values(), data.metadata.step_secs().unwrap()).unwrap();
        assert_eq!(grid.x_values(), data.x_values);
        assert!(all.len() > 25);
        for (name, samples) in &all {
            for (i, (found, expected)) in grid.resample(samples).iter().zip(&data.series[name]).enumerate() {
                let same = found.is_nan() && expected.is_nan() || (found - expected).abs() <= 1e-6 * expected.abs();
                assert!(same, "{name} at {i}: {found} instead of {expected}");
            }
        }
    }
}
