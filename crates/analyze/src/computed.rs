//! Series that a test computes from others, step by step over the time grid.
//!
//! Files hold those computed while recording; what a newer definition adds is computed when a file is opened. At each step
//! only the values that are there count: the sum of four flows of which one has no value yet is the sum of three.

use std::sync::OnceLock;

use fa_catalog::{Computed, Expanded, SeriesSource};
use fa_format::DataSet;
use indexmap::IndexMap;

use crate::stats::exact_sum;

/// A series computed on opening a file.
#[derive(Debug, Clone, PartialEq)]
pub struct LateSeries {
    /// What was computed.
    pub function: Computed,
    /// From which series.
    pub sources: Vec<String>,
    /// The outcome, as long as the grid, computed when somebody asks: a figure needs few of them, and fairness is dear.
    values: OnceLock<Vec<f64>>,
}

impl LateSeries {
    /// The outcome over `steps` steps, from the values of the sources.
    pub(crate) fn values<'a>(&self, steps: usize, values_of: impl Fn(&str) -> Option<&'a [f64]>) -> &[f64] {
        self.values.get_or_init(|| {
            let sources: Vec<&[f64]> = self.sources.iter().filter_map(|source| values_of(source)).collect();
            apply(self.function, &sources, steps)
        })
    }
}

/// The computed series that the test defines and the file lacks, in definition order.
///
/// Sources are the series of the file that the definition's patterns take. A series none of whose sources is in the file
/// is not there either. Later series may be computed from earlier ones.
pub fn late_series(set: &DataSet, expanded: &Expanded) -> IndexMap<String, LateSeries> {
    let mut late: IndexMap<String, LateSeries> = IndexMap::new();
    for (name, def) in &expanded.series {
        let SeriesSource::Computed(computed) = &def.source else { continue };
        if set.series.contains_key(name) {
            continue;
        }
        let sources: Vec<String> = set
            .series
            .keys()
            .chain(late.keys())
            .filter(|source| *source != name && computed.patterns.iter().any(|pattern| pattern.matches(source)))
            .cloned()
            .collect();
        if !sources.is_empty() {
            let values = OnceLock::new();
            late.insert(name.clone(), LateSeries { function: computed.function, sources, values });
        }
    }
    late
}

/// A function of `sources` at each of `steps` steps; missing (NaN) where no source has a value.
///
/// - average: arithmetic mean; sum: total.
/// - smooth average: mean of the last five averages that are there.
/// - least difference: the first source less its smallest value of the whole run.
/// - fairness: Jain's index (Σv)² / (n Σv²), 1 when all are equal, 1/n when one has everything; missing when all are 0.
pub fn apply(function: Computed, sources: &[&[f64]], steps: usize) -> Vec<f64> {
    let mut at_step = Vec::with_capacity(sources.len());
    let mut each = |f: &mut dyn FnMut(&[f64]) -> f64| -> Vec<f64> {
        (0..steps)
            .map(|i| {
                at_step.clear();
                at_step.extend(sources.iter().filter_map(|s| s.get(i).copied()).filter(|v| !v.is_nan()));
                if at_step.is_empty() { f64::NAN } else { f(&at_step) }
            })
            .collect()
    };
    match function {
        Computed::Average => each(&mut mean),
        Computed::Sum => each(&mut |v| v.iter().sum()),
        Computed::SmoothAverage => {
            let mut last: std::collections::VecDeque<f64> = std::collections::VecDeque::with_capacity(6);
            each(&mut |v| {
                last.push_back(mean(v));
                if last.len() > 5 {
                    last.pop_front();
                }
                last.iter().sum::<f64>() / last.len() as f64
            })
        }
        Computed::DiffMin => {
            let source = sources.first().copied().unwrap_or_default();
            let least = source.iter().copied().fold(f64::INFINITY, f64::min);
            (0..steps).map(|i| source.get(i).map_or(f64::NAN, |v| v - least)).collect()
        }
        Computed::Fairness => each(&mut |v| jain(v).unwrap_or(f64::NAN)),
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Jain's fairness index (Σv)² / (n Σv²) of numbers without NaN (Jain, Chiu, Hawe 1984). `None` of none, or when all are 0.
///
/// ```
/// use fa_analyze::computed::jain;
/// assert_eq!(jain(&[2.0, 2.0]), Some(1.0));
/// assert_eq!(jain(&[4.0, 0.0]), Some(0.5));
/// assert_eq!(jain(&[0.0]), None);
/// ```
pub fn jain(values: &[f64]) -> Option<f64> {
    // Summed exactly, so that the index of equal values is 1 and that of the same values in another order the same.
    let sum = exact_sum(values);
    let squares = exact_sum(&values.iter().map(|v| v * v).collect::<Vec<_>>());
    (squares > 0.0).then(|| sum * sum / (values.len() as f64 * squares))
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: f64 = f64::NAN;

    fn run(function: Computed, sources: &[&[f64]]) -> String {
        format!("{:?}", apply(function, sources, sources[0].len()))
    }

    #[test]
    fn only_values_that_are_there_count() {
        let (a, b) = ([1.0, N, 4.0, N], [3.0, 5.0, N, N]);
        assert_eq!(run(Computed::Average, &[&a, &b]), "[2.0, 5.0, 4.0, NaN]");
        assert_eq!(run(Computed::Sum, &[&a, &b]), "[4.0, 5.0, 4.0, NaN]");
    }

    #[test]
    fn fairness_per_step() {
        // (1+3)²/(2·10) = 0.8; one flow alone is fair; all zero: no index.
        let (a, b) = ([1.0, 2.0, 0.0], [3.0, N, 0.0]);
        assert_eq!(run(Computed::Fairness, &[&a, &b]), "[0.8, 1.0, NaN]");
    }

    #[test]
    fn smooth_average_runs_over_the_last_five() {
        let a = [5.0, 15.0, N, 10.0, 10.0, 10.0, 55.0];
        // 5, (5+15)/2, gap, 30/3, 40/4, 50/5, (15+10+10+10+55)/5.
        assert_eq!(run(Computed::SmoothAverage, &[&a]), "[5.0, 10.0, NaN, 10.0, 10.0, 10.0, 20.0]");
    }

    #[test]
    fn difference_from_the_smallest() {
        assert_eq!(run(Computed::DiffMin, &[&[7.0, N, 5.0]]), "[2.0, NaN, 0.0]");
    }
}
