//! Approximate comparison of pictures: how many pixels differ, by how much, and where.

use std::fmt;

/// Pixels, row by row from the upper left on, four bytes each: red, green, blue, opacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `4 * width * height` bytes.
    pub rgba: Vec<u8>,
}

/// What still counts as the same picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Pixels whose red, green and blue differ by no more than this (0–255) are equal.
    pub colour: u8,
    /// Part of all pixels that may differ by more, 0–1.
    pub share: f64,
}

/// Two pictures that are not the same.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Why, for people: how many pixels, where, the worst of them.
    pub text: String,
    /// Left, top, right and bottom pixel of the smallest rectangle around all that differ.
    pub within: [usize; 4],
    /// The expected picture in pale grey, differing pixels in red.
    pub picture: Picture,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Picture {
    /// From pixels as [`Picture::rgba`] holds them.
    ///
    /// # Panics
    /// When their number does not fit the size.
    pub fn new(width: usize, height: usize, rgba: Vec<u8>) -> Self {
        assert_eq!(rgba.len(), 4 * width * height, "a picture of {width} x {height}");
        Self { width, height, rgba }
    }

    /// Red, green and blue of a pixel.
    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let i = 4 * (y * self.width + x);
        [self.rgba[i], self.rgba[i + 1], self.rgba[i + 2]]
    }

    /// A part of the picture; what lies outside of it is left out.
    #[must_use]
    pub fn part(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let (right, bottom) = ((left + width).min(self.width), (top + height).min(self.height));
        let rows = (top..bottom).flat_map(|y| &self.rgba[4 * (y * self.width + left)..4 * (y * self.width + right)]);
        Self::new(right - left, bottom - top, rows.copied().collect())
    }

    /// Every pixel the mean of those within `radius`, so that painters that soften edges differently can be compared.
    #[must_use]
    pub fn softened(&self, radius: usize) -> Self {
        let mut rgba = Vec::with_capacity(self.rgba.len());
        for y in 0..self.height {
            let rows = y.saturating_sub(radius)..(y + radius + 1).min(self.height);
            for x in 0..self.width {
                let columns = x.saturating_sub(radius)..(x + radius + 1).min(self.width);
                let mut sum = [0_usize; 3];
                for row in rows.clone() {
                    for column in columns.clone() {
                        for (sum, v) in sum.iter_mut().zip(self.at(column, row)) {
                            *sum += usize::from(v);
                        }
                    }
                }
                let n = rows.len() * columns.len();
                rgba.extend(sum.map(|s| ((s + n / 2) / n) as u8));
                rgba.push(255);
            }
        }
        Self::new(self.width, self.height, rgba)
    }

    /// Compares with what is expected.
    ///
    /// # Errors
    /// What differs by more than the tolerance; pictures of different sizes always do.
    pub fn compare(&self, expected: &Self, tolerance: Tolerance) -> Result<(), Box<Difference>> {
        if (self.width, self.height) != (expected.width, expected.height) {
            let text =
                format!("{} x {} pixels, expected {} x {}", self.width, self.height, expected.width, expected.height);
            let within = [0, 0, self.width.saturating_sub(1), self.height.saturating_sub(1)];
            return Err(Box::new(Difference { text, within, picture: self.clone() }));
        }
        let mut picture = Vec::with_capacity(self.rgba.len());
        let mut within = [usize::MAX, usize::MAX, 0, 0];
        let (mut count, mut worst, mut worst_at) = (0_usize, 0, (0, 0));
        for y in 0..self.height {
            for x in 0..self.width {
                let (a, b) = (self.at(x, y), expected.at(x, y));
                let distance = a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap_or_default();
                if distance > tolerance.colour {
                    count += 1;
                    within = [within[0].min(x), within[1].min(y), within[2].max(x), within[3].max(y)];
                    picture.extend([220, 0, 0, 255]);
                } else {
                    let grey = (b.map(u16::from).iter().sum::<u16>() / 3) as u8;
                    let pale = 192 + grey / 4;
                    picture.extend([pale, pale, pale, 255]);
                }
                if distance > worst {
                    (worst, worst_at) = (distance, (x, y));
                }
            }
        }
        let all = (self.width * self.height).max(1);
        let share = count as f64 / all as f64;
        if share <= tolerance.share {
            return Ok(());
        }
        let (x, y) = worst_at;
        let text = format!(
            "{count} of {all} pixels ({:.2} %, allowed {:.2} %) differ by more than {}, between ({}, {}) and ({}, {}); \
             the worst is ({x}, {y}): {:?}, expected {:?}",
            share * 100.0,
            tolerance.share * 100.0,
            tolerance.colour,
            within[0],
            within[1],
            within[2],
            within[3],
            self.at(x, y),
            expected.at(x, y)
        );
        Err(Box::new(Difference { text, within, picture: Self::new(self.width, self.height, picture) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn white(width: usize, height: usize) -> Picture {
        Picture::new(width, height, vec![255; 4 * width * height])
    }

    fn dotted(at: &[(usize, usize)], shade: u8) -> Picture {
        let mut picture = white(20, 10);
        for (x, y) in at {
            picture.rgba[4 * (y * 20 + x)] = shade;
        }
        picture
    }

    #[test]
    fn few_or_faint_differences_are_forgiven_and_others_are_located() {
        let tolerance = Tolerance { colour: 20, share: 0.01 };
        assert!(dotted(&[(3, 4), (7, 9)], 0).compare(&white(20, 10), tolerance).is_ok(), "two of two hundred");
        let many: Vec<_> = (0..20).map(|x| (x, 5)).collect();
        assert!(dotted(&many, 240).compare(&white(20, 10), tolerance).is_ok(), "fifteen of 255");
        let difference = dotted(&[(3, 4), (7, 9), (5, 5)], 0).compare(&white(20, 10), tolerance).expect_err("three");
        assert_eq!(difference.within, [3, 4, 7, 9]);
        assert!(difference.text.starts_with("3 of 200 pixels"), "{difference}");
        assert_eq!((difference.picture.at(3, 4), difference.picture.at(0, 0)), ([220, 0, 0], [255, 255, 255]));
        assert!(white(20, 9).compare(&white(20, 10), tolerance).is_err(), "sizes");
    }

    #[test]
    fn softening_keeps_the_sum_of_the_ink() {
        let soft = dotted(&[(10, 5)], 0).softened(1);
        let ink: usize =
            (0..10).flat_map(|y| (0..20).map(move |x| (x, y))).map(|(x, y)| 255 - usize::from(soft.at(x, y)[0])).sum();
        assert_eq!(ink, 9 * 28, "nine pixels of a ninth each");
        let part = soft.part(9, 4, 3, 100);
        assert_eq!((part.width, part.height, part.at(0, 0)[0]), (3, 6, 227));
    }
}
