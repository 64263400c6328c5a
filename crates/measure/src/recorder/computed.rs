//! Series that are functions of other series.

use std::collections::HashMap;

use fa_catalog::Computed;
use serde_json::Value;

use super::Measured;
use crate::align::MISSING;
use crate::plan::{Plan, SourcePlan};

/// How many averages a smooth average spans.
const SMOOTH_SPAN: usize = 5;

/// The function at each of `len` steps, over the sources that have a value there; missing where none has.
pub(super) fn compute(function: Computed, sources: &[&[f64]], len: usize) -> Vec<f64> {
    let at = |step: usize| -> Vec<f64> {
        sources.iter().filter_map(|source| source.get(step)).copied().filter(|value| value.is_finite()).collect()
    };
    let reduce = |step| reduce(function, &at(step)).unwrap_or(MISSING);
    let values: Vec<f64> = (0..len).map(reduce).collect();
    match function {
        Computed::Average | Computed::Sum | Computed::Fairness => values,
        Computed::SmoothAverage => smooth(&values),
        Computed::DiffMin => {
            let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
            values.into_iter().map(|value| value - smallest).collect()
        }
    }
}

/// One step. What goes on over time (smoothing, the smallest value) is not done here.
fn reduce(function: Computed, values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let sum: f64 = values.iter().sum();
    match function {
        Computed::Sum => Some(sum),
        Computed::Average | Computed::SmoothAverage | Computed::DiffMin => Some(sum / values.len() as f64),
        Computed::Fairness => {
            // Jain's index: (Σx)² / (n Σx²), 1 when all are equal, 1/n when one has everything.
            let squares: f64 = values.iter().map(|value| value * value).sum();
            (squares > 0.0).then(|| sum * sum / (values.len() as f64 * squares))
        }
    }
}

/// Mean of the last five averages that exist; missing where there is no average.
fn smooth(values: &[f64]) -> Vec<f64> {
    let mut last = Vec::with_capacity(SMOOTH_SPAN + 1);
    values
        .iter()
        .map(|&value| {
            if value.is_nan() {
                return MISSING;
            }
            last.push(value);
            if last.len() > SMOOTH_SPAN {
                last.remove(0);
            }
            last.iter().sum::<f64>() / last.len() as f64
        })
        .collect()
}

/// Gives computed series their metadata: the function of the sources' means, and the sources' unit when it is the same.
///
/// In definition order, because a computed series may be a source of a later one.
pub(super) fn describe(plan: &Plan, measured: &mut [Measured]) {
    let index: HashMap<&str, usize> = plan.series.iter().enumerate().map(|(i, s)| (s.name.as_str(), i)).collect();
    for (i, series) in plan.series.iter().enumerate() {
        let SourcePlan::Computed { function, sources } = &series.source else { continue };
        let (mut means, mut units) = (Vec::new(), Vec::new());
        for source in sources.iter().filter_map(|name| measured.get(*index.get(name.as_str())?)) {
            means.extend(source.meta.get("MEAN_VALUE").and_then(Value::as_f64));
            if let Some(unit) = source.meta.get("UNITS").filter(|unit| !units.contains(*unit)) {
                units.push(unit.clone());
            }
        }
        let mean = if *function == Computed::DiffMin {
            means.iter().copied().fold(None, |least: Option<f64>, mean| Some(least.map_or(mean, |l| l.min(mean))))
        } else {
            reduce(*function, &means)
        };
        let meta = &mut measured[i].meta;
        meta.insert("COMPUTED_LATE".into(), Value::Bool(false));
        meta.insert("MEAN_VALUE".into(), Value::from(mean));
        match units.len() {
            0 => {}
            1 => _ = meta.insert("UNITS".into(), units.remove(0)),
            _ => _ = meta.insert("UNITS".into(), Value::Array(units)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: f64 = MISSING;

    fn same(found: &[f64], expected: &[f64]) -> bool {
        found.len() == expected.len()
            && found.iter().zip(expected).all(|(a, b)| a.is_nan() && b.is_nan() || (a - b).abs() < 1e-12)
    }

    #[test]
    fn each_function_takes_the_values_that_are_there() {
        let (a, b) = ([1.0, 2.0, NONE, NONE], [3.0, NONE, 5.0, NONE]);
        let sources: [&[f64]; 2] = [&a, &b];
        for (function, expected) in [
            (Computed::Average, [2.0, 2.0, 5.0, NONE]),
            (Computed::Sum, [4.0, 2.0, 5.0, NONE]),
            // (1 + 3)² / (2 · 10) = 0.8; one flow alone is fair.
            (Computed::Fairness, [0.8, 1.0, 1.0, NONE]),
            (Computed::DiffMin, [0.0, 0.0, 3.0, NONE]),
            // Averages 2, 2, 5: means 2, 2, 3.
            (Computed::SmoothAverage, [2.0, 2.0, 3.0, NONE]),
        ] {
            let found = compute(function, &sources, 4);
            assert!(same(&found, &expected), "{function:?}: {found:?}");
        }
    }

    #[test]
    fn a_smooth_average_forgets_what_is_older_than_five() {
        let values = [10.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let found = compute(Computed::SmoothAverage, &[&values], 6);
        assert!(same(&found, &[10.0, 5.0, 10.0 / 3.0, 2.5, 2.0, 0.0]), "{found:?}");
    }

    #[test]
    fn no_throughput_at_all_has_no_fairness() {
        assert!(compute(Computed::Fairness, &[&[0.0], &[0.0]], 1)[0].is_nan());
    }
}
