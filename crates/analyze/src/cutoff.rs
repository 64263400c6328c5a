//! Cut-offs: which part of a run counts.

/// A window of a run: from `start` to `end` seconds; an end of 0 or less counts from the end of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cutoff {
    /// Seconds after the start.
    pub start: f64,
    /// Seconds after the start when positive, else seconds before the end (0: the end itself).
    pub end: f64,
}

impl Cutoff {
    /// The window in seconds from the start of a run of `total_length` seconds; both ends belong to it.
    pub fn window(self, total_length: f64) -> Window {
        let end = if self.end <= 0.0 { self.end + total_length } else { self.end };
        Window { start: self.start, end }
    }
}

impl From<(f64, f64)> for Cutoff {
    fn from((start, end): (f64, f64)) -> Self {
        Self { start, end }
    }
}

/// A closed interval of x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// First x inside.
    pub start: f64,
    /// Last x inside.
    pub end: f64,
}

impl Window {
    /// Whether `x` lies in the window, ends included.
    pub fn contains(self, x: f64) -> bool {
        self.start <= x && x <= self.end
    }

    /// The same window on a clock that shows `by` more.
    #[must_use]
    pub fn shifted(self, by: f64) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }

    /// The indices of ascending `x` that lie in the window.
    pub fn range(self, x: &[f64]) -> std::ops::Range<usize> {
        let from = x.partition_point(|x| *x < self.start);
        let to = x.partition_point(|x| *x <= self.end);
        from..to.max(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_of_zero_or_less_counts_from_the_end() {
        assert_eq!(Cutoff::from((5.0, -5.0)).window(70.0), Window { start: 5.0, end: 65.0 });
        assert_eq!(Cutoff::from((5.0, 0.0)).window(70.0), Window { start: 5.0, end: 70.0 });
        assert_eq!(Cutoff::from((8.0, 20.0)).window(70.0), Window { start: 8.0, end: 20.0 });
    }

    #[test]
    fn both_ends_are_inside_and_an_inverted_window_is_empty() {
        let x = [0.0, 1.0, 2.0, 3.0];
        assert_eq!(Window { start: 1.0, end: 2.0 }.range(&x), 1..3);
        assert_eq!(Window { start: 2.5, end: 1.0 }.range(&x), 3..3);
        assert_eq!(Window { start: -1.0, end: 9.0 }.range(&x), 0..4);
        assert_eq!(Window { start: 5.0, end: 9.0 }.range(&x), 4..4);
    }
}
