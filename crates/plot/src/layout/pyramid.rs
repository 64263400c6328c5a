//! Extremes of long lines over ranges of points, known beforehand: what lets a viewer lay out ten million points per frame.
//!
//! A pyramid answers "where are the lowest and the highest of these points" in a logarithmic number of steps, so a page made
//! with pyramids shows the same first, lowest, highest and last point of every column as one made without, at any zoom.

use std::collections::HashMap;
use std::ops::Range;

use crate::scene::{Mark, Scene};

/// Points or entries under one entry of the next level.
const FACTOR: usize = 16;

/// Shorter lines are looked through point by point.
const WORTH_IT: usize = 8192;

/// Lowest and highest value of a bucket, as indices of the first such point; [`NONE`] where the bucket has a gap.
#[derive(Debug, Clone, Copy)]
struct Extremes {
    low: u32,
    high: u32,
}

/// Stands for a bucket with a gap in it.
const NONE: u32 = u32::MAX;

/// The extremes of one line.
#[derive(Debug)]
pub struct Pyramid {
    levels: Vec<Vec<Extremes>>,
}

impl Pyramid {
    /// Of values in the order of x.
    pub fn new(y: &[f64]) -> Self {
        let base: Vec<Extremes> = y
            .chunks(FACTOR)
            .enumerate()
            .map(|(chunk, values)| {
                let mut found = Extremes { low: 0, high: 0 };
                let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
                for (i, v) in values.iter().enumerate() {
                    if v.is_nan() {
                        return Extremes { low: NONE, high: NONE };
                    }
                    let at = (chunk * FACTOR + i) as u32;
                    if *v < low || i == 0 {
                        (low, found.low) = (*v, at);
                    }
                    if *v > high || i == 0 {
                        (high, found.high) = (*v, at);
                    }
                }
                found
            })
            .collect();
        let mut levels = vec![base];
        while let Some(below) = levels.last().filter(|level| level.len() > FACTOR) {
            let above = below.chunks(FACTOR).map(|chunk| {
                chunk.iter().copied().reduce(|a, b| joined(y, a, b)).unwrap_or(Extremes { low: NONE, high: NONE })
            });
            let above = above.collect();
            levels.push(above);
        }
        Self { levels }
    }

    /// Indices of the first lowest and the first highest of these points; `None` if one of them has no value.
    pub fn extremes(&self, y: &[f64], range: Range<usize>) -> Option<(usize, usize)> {
        let mut found: Option<Extremes> = None;
        let mut add = |one: Extremes| {
            found = Some(found.map_or(one, |so_far| joined(y, so_far, one)));
            one.low != NONE
        };
        let mut at = range.start;
        while at < range.end {
            // The largest bucket that begins here and ends within the range.
            let mut level = 0;
            let mut size = 1;
            while level < self.levels.len() && at.is_multiple_of(size * FACTOR) && at + size * FACTOR <= range.end {
                size *= FACTOR;
                level += 1;
            }
            let one = match level.checked_sub(1) {
                Some(level) => self.levels[level][at / size],
                None if y[at].is_nan() => Extremes { low: NONE, high: NONE },
                None => Extremes { low: at as u32, high: at as u32 },
            };
            if !add(one) {
                return None;
            }
            at += size;
        }
        found.map(|e| (e.low as usize, e.high as usize))
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.levels.iter().map(|level| level.len() * size_of::<Extremes>()).sum()
    }
}

/// Of two neighbouring ranges, the left one first.
fn joined(y: &[f64], a: Extremes, b: Extremes) -> Extremes {
    if a.low == NONE || b.low == NONE {
        return Extremes { low: NONE, high: NONE };
    }
    Extremes {
        low: if y[b.low as usize] < y[a.low as usize] { b.low } else { a.low },
        high: if y[b.high as usize] > y[a.high as usize] { b.high } else { a.high },
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
                        && line.x.len() < NONE as usize
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
        }
        assert!(pyramid.bytes() < 5000);
    }
}
