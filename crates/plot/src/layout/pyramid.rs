//! Extremes of long lines over ranges of points, known beforehand: what lets a viewer lay out ten million points per frame.
//!
//! A pyramid answers "where are the lowest and the highest of these points" and "which of them is nearest" in a logarithmic number of steps, so a page made
//! with pyramids shows the same first, lowest, highest and last point of every column as one made without, at any zoom.

use std::collections::HashMap;
use std::ops::Range;

use crate::scene::{Mark, Scene};

/// Points or entries under one entry of the next level.
const FACTOR: usize = 16;

/// Shorter lines are looked through point by point.
const WORTH_IT: usize = 8192;

/// Marks a bucket with a gap in it: a bit of `low_at`, whose rest is the index.
const GAP: u32 = 1 << 31;

/// Lowest and highest value of a bucket, each with the index of the first such point.
///
/// Values stand beside indices because the points themselves are far apart in memory.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    low: f64,
    high: f64,
    low_at: u32,
    high_at: u32,
}

impl Bucket {
    /// Of no point at all.
    const EMPTY: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY, low_at: 0, high_at: 0 };

    #[inline]
    fn of(value: f64, at: usize) -> Self {
        if value.is_nan() {
            return Self { low_at: GAP, ..Self::EMPTY };
        }
        Self { low: value, high: value, low_at: at as u32, high_at: at as u32 }
    }

    fn has_gap(self) -> bool {
        self.low_at & GAP != 0
    }

    /// No point in it has a value.
    fn is_empty(self) -> bool {
        self.low > self.high
    }

    /// Adds what comes after it; of equal values the first one counts.
    #[inline]
    fn join(&mut self, next: Self) {
        let gap = (self.low_at | next.low_at) & GAP;
        if self.is_empty() {
            *self = next;
        } else if !next.is_empty() {
            if next.low < self.low {
                (self.low, self.low_at) = (next.low, next.low_at & !GAP);
            }
            if next.high > self.high {
                (self.high, self.high_at) = (next.high, next.high_at);
            }
        }
        self.low_at |= gap;
    }
}

/// The extremes of one line.
#[derive(Debug)]
pub struct Pyramid {
    levels: Vec<Vec<Bucket>>,
    /// Number of points.
    len: usize,
}

impl Pyramid {
    /// Of values in the order of x.
    pub fn new(y: &[f64]) -> Self {
        let base: Vec<Bucket> = y
            .chunks(FACTOR)
            .enumerate()
            .map(|(chunk, values)| {
                let mut found = Bucket::EMPTY;
                for (i, value) in values.iter().enumerate() {
                    found.join(Bucket::of(*value, chunk * FACTOR + i));
                }
                found
            })
            .collect();
        let mut levels = vec![base];
        while let Some(below) = levels.last().filter(|level| level.len() > FACTOR) {
            let above = below.chunks(FACTOR).map(|chunk| {
                let mut found = Bucket::EMPTY;
                chunk.iter().for_each(|bucket| found.join(*bucket));
                found
            });
            let above = above.collect();
            levels.push(above);
        }
        Self { levels, len: y.len() }
    }

    /// Points under a bucket of a level.
    fn size(level: usize) -> usize {
        FACTOR.pow(level as u32 + 1)
    }

    /// Indices of the first lowest and the first highest of these points; `None` if one of them has no value.
    pub fn extremes(&self, y: &[f64], range: Range<usize>) -> Option<(usize, usize)> {
        let mut found = Bucket::EMPTY;
        let mut at = range.start;
        while at < range.end {
            // The largest bucket that begins here and ends within the range.
            let mut level = 0;
            let mut size = 1;
            while level < self.levels.len() && at.is_multiple_of(size * FACTOR) && at + size * FACTOR <= range.end {
                size *= FACTOR;
                level += 1;
            }
            found.join(match level.checked_sub(1) {
                Some(level) => self.levels[level][at / size],
                None => Bucket::of(y[at], at),
            });
            if found.has_gap() {
                return None;
            }
            at += size;
        }
        (!found.is_empty()).then_some((found.low_at as usize, found.high_at as usize))
    }

    /// The first of these points without a value, or the end of the range.
    pub fn gap(&self, y: &[f64], range: Range<usize>) -> usize {
        let mut at = range.start;
        while at < range.end {
            let mut size = 1;
            let mut level = 0;
            // Over the largest bucket that begins here and has no gap; what it holds beyond the range does not matter.
            while let Some(bucket) = self.levels.get(level).and_then(|buckets| buckets.get(at / (size * FACTOR)))
                && at.is_multiple_of(size * FACTOR)
                && !bucket.has_gap()
            {
                size *= FACTOR;
                level += 1;
            }
            if level == 0 && y[at].is_nan() {
                return at;
            }
            at += size;
        }
        range.end
    }

    /// Looks for the nearest of these points, by a distance that only the caller knows.
    ///
    /// - `within`: how near it has to be
    /// - `least`: no point with an index of this range and a value between these two is nearer than this
    /// - `look`: looks at points one by one; how near the nearest so far is, at most `within`
    pub fn nearest(
        &self,
        range: Range<usize>,
        within: f32,
        least: impl Fn(Range<usize>, (f64, f64)) -> f32,
        mut look: impl FnMut(Range<usize>) -> f32,
    ) {
        let mut best = within;
        // Level, number of the bucket, and the least distance of its points; the nearest one is opened first.
        let mut open: Vec<(usize, usize, f32)> = Vec::new();
        let part = |level: usize, bucket: usize| {
            let (start, end) = (bucket * Self::size(level), (bucket + 1) * Self::size(level));
            start.max(range.start)..end.min(range.end).min(self.len)
        };
        let consider = |open: &mut Vec<(usize, usize, f32)>, level: usize, buckets: Range<usize>, best: f32| {
            for (i, bucket) in self.levels[level][buckets.clone()].iter().enumerate() {
                let number = buckets.start + i;
                let points = part(level, number);
                if points.is_empty() || bucket.is_empty() {
                    continue;
                }
                let bound = least(points, (bucket.low, bucket.high));
                if bound <= best {
                    open.push((level, number, bound));
                }
            }
        };
        let top = self.levels.len() - 1;
        consider(&mut open, top, 0..self.levels[top].len(), best);
        while let Some(nearest) = (0..open.len()).min_by(|a, b| open[*a].2.total_cmp(&open[*b].2)) {
            let (level, bucket, bound) = open.swap_remove(nearest);
            if bound > best {
                break;
            }
            match level.checked_sub(1) {
                None => best = look(part(level, bucket)).min(best),
                Some(below) => {
                    let children = bucket * FACTOR..((bucket + 1) * FACTOR).min(self.levels[below].len());
                    consider(&mut open, below, children, best);
                }
            }
        }
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.levels.iter().map(|level| level.capacity() * size_of::<Bucket>()).sum()
    }
}

/// The pyramids of a scene's long lines, by panel, axes and mark.
#[derive(Debug, Default)]
pub struct Pyramids(HashMap<(usize, usize, usize), Pyramid>);

impl Pyramids {
    /// For every line that is long and ascends in x.
    pub fn of(scene: &Scene) -> Self {
        let mut all = HashMap::new();
        for (p, panel) in scene.panels.iter().enumerate() {
            for (a, axes) in panel.axes.iter().enumerate() {
                for (m, mark) in axes.marks.iter().enumerate() {
                    if let Mark::Line(line) = mark
                        && line.x.len() == line.y.len()
                        && line.x.len() >= WORTH_IT
                        && line.x.len() < GAP as usize
                        && line.x.iter().all(|x| x.is_finite())
                        && line.x.is_sorted()
                    {
                        all.insert((p, a, m), Pyramid::new(&line.y));
                    }
                }
            }
        }
        Self(all)
    }

    /// Of a line by its panel, axes and mark; `None` for short lines and for those whose x does not ascend.
    pub fn get(&self, place: (usize, usize, usize)) -> Option<&Pyramid> {
        self.0.get(&place)
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.0.values().map(Pyramid::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_gives_what_looking_through_it_gives() {
        let mut seed = 1_u64;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize
        };
        let y: Vec<f64> = (0..5000).map(|i| if i == 2500 { f64::NAN } else { (next() % 97) as f64 }).collect();
        let pyramid = Pyramid::new(&y);
        for _ in 0..2000 {
            let (a, b) = (next() % 5000, next() % 5000);
            let range = a.min(b)..a.max(b) + 1;
            let values = &y[range.clone()];
            let want = (!values.iter().any(|v| v.is_nan())).then(|| {
                let (mut low, mut high) = (range.start, range.start);
                for i in range.clone() {
                    if y[i] < y[low] {
                        low = i;
                    }
                    if y[i] > y[high] {
                        high = i;
                    }
                }
                (low, high)
            });
            assert_eq!(pyramid.extremes(&y, range.clone()), want, "{range:?}");
            let gap = range.clone().find(|i| y[*i].is_nan()).unwrap_or(range.end);
            assert_eq!(pyramid.gap(&y, range.clone()), gap, "{range:?}");
        }
        assert!(pyramid.bytes() < 2 * 5000);
    }
}
