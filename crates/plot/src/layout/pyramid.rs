//! Extremes of long lines over ranges of points, known beforehand: what lets a viewer lay out ten million points per frame.
//!
//! A pyramid answers "where are the lowest and the highest of these points" and "which of them is nearest" in a logarithmic number of steps, so a page made
//! with pyramids shows the same first, lowest, highest and last point of every column as one made without, at any zoom.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;

use super::decimate::Known;
use crate::scene::{Column, LONG, Mark, Scene};

/// Points or entries under one entry of the next level.
const FACTOR: usize = 1 << SHIFT;
const SHIFT: u32 = 4;

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

    /// Of some points, one by one.
    #[inline]
    fn of(y: &Column, range: Range<usize>) -> Self {
        let mut found = Self::EMPTY;
        let mut gap = 0;
        for i in range {
            let value = y.at(i);
            let one = Self { low: value, high: value, low_at: i as u32, high_at: i as u32 };
            if value.is_nan() {
                gap = GAP;
            } else if found.is_empty() {
                found = one;
            } else {
                if value < found.low {
                    (found.low, found.low_at) = (one.low, one.low_at);
                }
                if value > found.high {
                    (found.high, found.high_at) = (one.high, one.high_at);
                }
            }
        }
        found.low_at |= gap;
        found
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

/// The first lowest and the first highest of some points: index and value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extremes {
    /// The first lowest.
    pub low: (usize, f64),
    /// The first highest.
    pub high: (usize, f64),
}

/// The pyramid of one line.
#[derive(Debug)]
pub struct Pyramid {
    levels: Vec<Vec<Bucket>>,
    /// Number of points.
    len: usize,
    /// What was found out about columns of the page laid out last.
    known: Mutex<Vec<Known>>,
}

impl Pyramid {
    /// Of values in the order of x.
    pub fn new(y: &Column) -> Self {
        let starts = (0..y.len()).step_by(FACTOR);
        let base: Vec<Bucket> = starts.map(|at| Bucket::of(y, at..(at + FACTOR).min(y.len()))).collect();
        let mut levels = vec![base];
        while let Some(below) = levels.last().filter(|level| level.len() > FACTOR) {
            let above = below.chunks(FACTOR).map(|chunk| {
                let mut found = Bucket::EMPTY;
                for bucket in chunk {
                    found.join(*bucket);
                }
                found
            });
            let above = above.collect();
            levels.push(above);
        }
        Self { levels, len: y.len(), known: Mutex::default() }
    }

    /// Points under a bucket of a level.
    fn size(level: usize) -> usize {
        FACTOR << (SHIFT * level as u32)
    }

    /// The first lowest and the first highest of these points; `None` if one of them has no value.
    #[inline]
    pub fn extremes(&self, y: &Column, range: Range<usize>) -> Option<Extremes> {
        // From both ends to the middle, and from small buckets to large ones.
        let (mut left, mut right) = (Bucket::EMPTY, Bucket::EMPTY);
        let Range { start, end } = range;
        let (mut from, mut to) = (start.next_multiple_of(FACTOR).min(end), (end & !(FACTOR - 1)).max(start));
        if from > to {
            // Within one bucket.
            (from, to) = (end, end);
        }
        left.join(Bucket::of(y, start..from));
        right.join(Bucket::of(y, to..end));
        (from, to) = (from >> SHIFT, to >> SHIFT);
        let mut levels = self.levels.iter().peekable();
        while let Some(level) = levels.next()
            && from < to
            && !left.has_gap()
            && !right.has_gap()
        {
            let is_top = levels.peek().is_none();
            let (inner_from, inner_to) = (from.next_multiple_of(FACTOR), to & !(FACTOR - 1));
            let (end_left, start_right) =
                if is_top || inner_from >= inner_to { (to, to) } else { (inner_from, inner_to) };
            for bucket in &level[from..end_left] {
                left.join(*bucket);
            }
            let mut part = Bucket::EMPTY;
            for bucket in &level[start_right..to] {
                part.join(*bucket);
            }
            part.join(right);
            right = part;
            (from, to) = (end_left >> SHIFT, start_right >> SHIFT);
        }
        left.join(right);
        let index = |at: u32| at as usize;
        let known = !left.has_gap() && !left.is_empty();
        known.then(|| Extremes { low: (index(left.low_at), left.low), high: (index(left.high_at), left.high) })
    }

    /// The first of these points without a value, or the end of the range.
    pub fn gap(&self, y: &Column, range: Range<usize>) -> usize {
        let mut at = range.start;
        while at < range.end {
            let mut level = 0;
            // Over the largest bucket that begins here and has no gap; what it holds beyond the range does not matter.
            while let Some(bucket) = self.levels.get(level).and_then(|buckets| buckets.get(at / Self::size(level)))
                && at & (Self::size(level) - 1) == 0
                && !bucket.has_gap()
            {
                level += 1;
            }
            match level.checked_sub(1) {
                None if y.at(at).is_nan() => return at,
                None => at += 1,
                Some(level) => at += Self::size(level),
            }
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

    /// What is known of columns, in the order of points; nothing while another thread makes use of it.
    pub(super) fn take_known(&self) -> Vec<Known> {
        self.known.try_lock().map(|mut known| std::mem::take(&mut *known)).unwrap_or_default()
    }

    /// Keeps what is known for the next page.
    pub(super) fn keep_known(&self, known: Vec<Known>) {
        if let Ok(mut place) = self.known.try_lock() {
            *place = known;
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
                        && line.x.len() >= LONG
                        && line.x.len() < GAP as usize
                        && line.x.iter().all(f64::is_finite)
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
        let column = Column::from(y.clone());
        let pyramid = Pyramid::new(&column);
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
                Extremes { low: (low, y[low]), high: (high, y[high]) }
            });
            assert_eq!(pyramid.extremes(&column, range.clone()), want, "{range:?}");
            let gap = range.clone().find(|i| y[*i].is_nan()).unwrap_or(range.end);
            assert_eq!(pyramid.gap(&column, range.clone()), gap, "{range:?}");
        }
        assert!(pyramid.bytes() < 2 * 5000);
    }
}
