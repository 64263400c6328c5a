//! The few statistics that go into a file's metadata.

/// Of a list of finite numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summary {
    pub(super) min: f64,
    pub(super) mean: f64,
    pub(super) median: f64,
    /// Smallest value that at least 99 % of all do not exceed.
    pub(super) p99: f64,
    pub(super) max: f64,
}

impl Summary {
    /// `None` of nothing.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_unstable_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let middle = values.len() / 2;
        let median =
            if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) };
        let rank = (values.len() as f64 * 0.99).ceil() as usize;
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Some(Self { min, mean, median, p99: values[rank.clamp(1, values.len()) - 1], max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_worked_out_by_hand() {
        let found = Summary::of([4.0, 1.0, f64::NAN, 3.0, 2.0]);
        assert_eq!(found, Some(Summary { min: 1.0, mean: 2.5, median: 2.5, p99: 4.0, max: 4.0 }));
        let hundred = Summary::of((1..=100).map(f64::from));
        assert_eq!(hundred.map(|s| (s.median, s.p99)), Some((50.5, 99.0)));
        assert_eq!(Summary::of([]), None);
    }
}
