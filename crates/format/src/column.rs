//! Columns of numbers in as few bytes as they need, without losing a bit.
//!
//! Numbers of data files are rarely 64 bits of news: probes are numbered one by one, stamps are whole microseconds or whole
//! ulps of a Unix time, delays have six decimals. A [`Packed`] column cuts its numbers into blocks; a block finds a unit
//! (10⁻ᵈ or 2⁻ˢ) of which all its numbers are whole multiples, draws a straight line through them, and keeps what is left
//! over in 0, 1, 2 or 4 bytes each. A block for which there is no such unit keeps its numbers as they are. Any number is
//! found without unpacking others.

use std::ops::Range;
use std::sync::Arc;

/// Numbers per block.
const BLOCK: usize = 1 << SHIFT;
const SHIFT: u32 = 9;

/// An immutable column of numbers, cheap to share.
#[derive(Debug, Clone)]
pub enum Column {
    /// As they are.
    Plain(Arc<[f64]>),
    /// In fewer bytes.
    Packed(Arc<Packed>),
}

impl Column {
    /// The same numbers in fewer bytes, if that saves a quarter of them.
    #[must_use]
    pub fn packed(&self) -> Self {
        let Self::Plain(plain) = self else { return self.clone() };
        let packed = Packed::of(plain);
        if packed.bytes() <= plain.len() * 6 { Self::Packed(Arc::new(packed)) } else { self.clone() }
    }

    /// How many numbers.
    pub fn len(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.len(),
            Self::Packed(packed) => packed.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A number by its place, which must be below [`Self::len`].
    #[inline]
    pub fn at(&self, i: usize) -> f64 {
        match self {
            Self::Plain(plain) => plain[i],
            Self::Packed(packed) => packed.at(i),
        }
    }

    /// A number by its place.
    pub fn get(&self, i: usize) -> Option<f64> {
        (i < self.len()).then(|| self.at(i))
    }

    /// The first number.
    pub fn first(&self) -> Option<f64> {
        self.get(0)
    }

    /// The last number.
    pub fn last(&self) -> Option<f64> {
        self.get(self.len().checked_sub(1)?)
    }

    /// All numbers in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = f64> + Clone + '_ {
        (0..self.len()).map(|i| self.at(i))
    }

    /// As a vector.
    pub fn to_vec(&self) -> Vec<f64> {
        self.iter().collect()
    }

    /// Whether each number is at least the one before; false with a NaN.
    pub fn is_sorted(&self) -> bool {
        match self {
            Self::Plain(plain) => plain.is_sorted(),
            Self::Packed(_) => self.iter().is_sorted(),
        }
    }

    /// Of a range in which numbers that satisfy `before` come first: the place of the first that does not.
    pub fn partition_point(&self, range: Range<usize>, before: impl Fn(f64) -> bool) -> usize {
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = usize::midpoint(low, high);
            if before(self.at(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Plain(plain) => plain.len() * 8,
            Self::Packed(packed) => packed.bytes(),
        }
    }
}

impl Default for Column {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl From<Vec<f64>> for Column {
    fn from(numbers: Vec<f64>) -> Self {
        Self::Plain(numbers.into())
    }
}

impl From<&[f64]> for Column {
    fn from(numbers: &[f64]) -> Self {
        Self::Plain(numbers.into())
    }
}

impl From<Arc<[f64]>> for Column {
    fn from(numbers: Arc<[f64]>) -> Self {
        Self::Plain(numbers)
    }
}

impl<const N: usize> From<[f64; N]> for Column {
    fn from(numbers: [f64; N]) -> Self {
        Self::Plain(numbers.into())
    }
}

impl FromIterator<f64> for Column {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Self {
        Self::Plain(numbers.into_iter().collect())
    }
}

/// Equal numbers in the same order, however they are kept.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// A column in few bytes: see the top of this file.
#[derive(Debug, Clone, Default)]
pub struct Packed {
    len: usize,
    blocks: Box<[Block]>,
    bytes: Box<[u8]>,
}

/// What a number is a whole multiple of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// 10⁻ⁿ, n up to 22: dividing by the power is exactly what reading the decimal number does.
    Decimal(u8),
    /// 2⁻ⁿ.
    Binary(u8),
}

#[derive(Debug, Clone, Copy)]
struct Block {
    /// Multiples of the unit at the beginning of the line, and by number; the former less the smallest rest.
    start: i64,
    step: i64,
    /// Where its numbers begin.
    offset: usize,
    unit: Unit,
    /// Bytes of a rest: 0, 1, 2, 4, or 8 for numbers as they are.
    width: u8,
    /// The largest rest stands for a missing number.
    gaps: bool,
}

/// Whole numbers up to here are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Powers of ten that are exact.
const TENS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

impl Unit {
    #[inline]
    fn number(self, multiple: i64) -> f64 {
        match self {
            Self::Decimal(n) => multiple as f64 / TENS[usize::from(n) & 15],
            Self::Binary(n) => multiple as f64 * f64::from_bits((1023 - u64::from(n)) << 52),
        }
    }

    /// How many units a number is, if that is exact.
    #[inline]
    fn multiple(self, number: f64) -> Option<i64> {
        let scaled = match self {
            Self::Decimal(n) => (number * TENS[usize::from(n) & 15]).round_ties_even(),
            Self::Binary(n) => number * f64::from_bits((1023 + u64::from(n)) << 52),
        };
        let multiple = scaled as i64;
        (scaled.abs() <= EXACT && self.number(multiple).to_bits() == number.to_bits()).then_some(multiple)
    }

    /// The coarsest power of two of which all numbers are multiples.
    fn binary(numbers: &[f64]) -> Option<Self> {
        let exponents = numbers.iter().filter(|v| !v.is_nan() && **v != 0.0).map(|v| {
            let bits = v.to_bits();
            let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
            let exponent = ((bits >> 52) & 0x7ff) as i64 - 1023 - 52;
            exponent + i64::from(mantissa.trailing_zeros())
        });
        let finest = -exponents.min().unwrap_or(0).min(0);
        (finest <= 60).then_some(Self::Binary(finest as u8))
    }
}

impl Packed {
    /// Packs numbers.
    pub fn of(numbers: &[f64]) -> Self {
        let (mut blocks, mut bytes) = (Vec::with_capacity(numbers.len().div_ceil(BLOCK)), Vec::new());
        // Neighbouring blocks mostly have the same unit.
        let mut last = Unit::Decimal(0);
        for chunk in numbers.chunks(BLOCK) {
            let block = Block::of(chunk, last, &mut bytes);
            if block.width < 8 {
                last = block.unit;
            }
            blocks.push(block);
        }
        Self { len: numbers.len(), blocks: blocks.into(), bytes: bytes.into() }
    }

    /// How many numbers.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A number by its place, which must be below [`Self::len`].
    #[inline]
    pub fn at(&self, i: usize) -> f64 {
        let block = &self.blocks[i >> SHIFT];
        let within = i & (BLOCK - 1);
        let place = block.offset + within * usize::from(block.width);
        let rest = match block.width {
            0 => 0,
            1 => u64::from(self.bytes[place]),
            2 => u64::from(u16::from_le_bytes(self.array(place))),
            4 => u64::from(u32::from_le_bytes(self.array(place))),
            _ => return f64::from_le_bytes(self.array(place)),
        };
        if block.gaps && rest == largest(block.width) {
            return f64::NAN;
        }
        block.unit.number(block.start + block.step * within as i64 + rest as i64)
    }

    #[inline]
    fn array<const N: usize>(&self, place: usize) -> [u8; N] {
        let mut array = [0; N];
        array.copy_from_slice(&self.bytes[place..place + N]);
        array
    }

    /// All numbers in order.
    pub fn to_vec(&self) -> Vec<f64> {
        (0..self.len).map(|i| self.at(i)).collect()
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.bytes.len() + self.blocks.len() * size_of::<Block>()
    }
}

/// The largest rest that fits.
#[inline]
fn largest(width: u8) -> u64 {
    (1 << (8 * u32::from(width))) - 1
}

impl Block {
    /// The shorter of the ways to keep some numbers; appends them to `bytes`.
    fn of(numbers: &[f64], last: Unit, bytes: &mut Vec<u8>) -> Self {
        let offset = bytes.len();
        // A NaN with a payload is not just a missing number.
        let odd = |v: &f64| v.is_infinite() || (v.is_nan() && v.to_bits() != f64::NAN.to_bits());
        let mut best: Option<(Self, Vec<i64>)> = None;
        if !numbers.iter().any(odd) {
            let decimals =
                std::iter::once(last).chain((0..=9).map(Unit::Decimal)).filter(|u| matches!(u, Unit::Decimal(_)));
            let decimal = decimals.into_iter().find_map(|unit| Self::fit(numbers, unit, offset));
            let narrow = |found: &Option<(Self, Vec<i64>)>| found.as_ref().is_some_and(|(block, _)| block.width <= 2);
            best = decimal;
            if !narrow(&best) {
                let binary = Unit::binary(numbers).and_then(|unit| Self::fit(numbers, unit, offset));
                let wider = |other: &Self| best.as_ref().is_none_or(|(block, _)| other.width < block.width);
                if let Some(found) = binary
                    && wider(&found.0)
                {
                    best = Some(found);
                }
            }
        }
        let Some((block, rests)) = best else {
            bytes.extend(numbers.iter().flat_map(|v| v.to_le_bytes()));
            return Self { start: 0, step: 0, offset, unit: Unit::Decimal(0), width: 8, gaps: false };
        };
        for (rest, number) in rests.iter().zip(numbers) {
            let rest = if number.is_nan() { largest(block.width) } else { *rest as u64 };
            bytes.extend_from_slice(&rest.to_le_bytes()[..usize::from(block.width)]);
        }
        block
    }

    /// The numbers as rests beside a line, if they are multiples of this unit and rests are short.
    fn fit(numbers: &[f64], unit: Unit, offset: usize) -> Option<(Self, Vec<i64>)> {
        let mut multiples = Vec::with_capacity(numbers.len());
        let (mut gaps, mut first, mut last) = (false, None, None);
        for (i, number) in numbers.iter().enumerate() {
            if number.is_nan() {
                gaps = true;
                multiples.push(0);
                continue;
            }
            let multiple = unit.multiple(*number)?;
            first.get_or_insert((i as i64, multiple));
            last = Some((i as i64, multiple));
            multiples.push(multiple);
        }
        let (first, last) = (first.unwrap_or((0, 0)), last.unwrap_or((0, 0)));
        let step = (last.1 - first.1) / (last.0 - first.0).max(1);
        // A line as steep as this leads out of what an integer holds.
        let step = if step.unsigned_abs() < 1 << 40 { step } else { 0 };
        let present = || multiples.iter().enumerate().filter(|(i, _)| !numbers[*i].is_nan());
        let rests = || present().map(|(i, multiple)| multiple - step * i as i64);
        let start = rests().min().unwrap_or(0);
        let most = (rests().max().unwrap_or(0) - start) as u64 + u64::from(gaps);
        let width = [0, 1, 2, 4].into_iter().find(|width| most <= largest(*width) && (*width > 0 || !gaps))?;
        let block = Self { start, step, offset, unit, width, gaps };
        let rests = multiples.iter().enumerate().map(|(i, multiple)| multiple - step * i as i64 - start).collect();
        Some((block, rests))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: &mut u64) -> u64 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *seed >> 33
    }

    /// Packs, compares every bit, and gives bytes per number.
    fn cost(numbers: &[f64]) -> f64 {
        let packed = Packed::of(numbers);
        assert_eq!(packed.len(), numbers.len());
        for (i, number) in numbers.iter().enumerate() {
            assert_eq!(packed.at(i).to_bits(), number.to_bits(), "number {i}: {number}");
        }
        packed.bytes() as f64 / numbers.len() as f64
    }

    #[test]
    fn what_files_hold_takes_few_bytes() {
        let mut seed = 1;
        let n = 20_000;
        let numbered: Vec<f64> = (0..n).map(f64::from).collect();
        assert!(cost(&numbered) < 0.1);
        let unix: Vec<f64> =
            (0..n).map(|i| 1_767_225_600.25 + f64::from(i) / 1000.0 + (noise(&mut seed) % 900) as f64 * 1e-7).collect();
        assert!(cost(&unix) < 2.1, "{}", cost(&unix));
        let since: Vec<f64> = unix.iter().map(|t| t - 1_767_225_600.125).collect();
        assert!(cost(&since) < 2.1);
        let delays: Vec<f64> = (0..n).map(|_| (20_000_000 + noise(&mut seed) % 8_000_000) as f64 / 1e6).collect();
        assert!(cost(&delays) < 4.1);
        let tenths: Vec<f64> = (0..n).map(|_| (noise(&mut seed) % 2000) as f64 / 10.0).collect();
        assert!(cost(&tenths) < 2.1);
        let lossy: Vec<f64> =
            delays.iter().map(|d| if noise(&mut seed).is_multiple_of(50) { f64::NAN } else { *d }).collect();
        assert!(cost(&lossy) < 4.1);
    }

    #[test]
    fn whatever_numbers_there_are_come_back_bit_by_bit() {
        let mut seed = 7;
        let any: Vec<f64> = (0..3000).map(|_| f64::from_bits(noise(&mut seed) << 33 | noise(&mut seed))).collect();
        assert!(cost(&any) < 8.2);
        let odd = [f64::NAN, crate::NAN_LITERAL, f64::INFINITY, -f64::INFINITY, -0.0, 0.0, 5e-324, 1e308, -1e308, 0.1];
        cost(&odd);
        cost(&[f64::NAN; 600]);
        cost(&[-0.0; 3]);
        cost(&[0.1, 0.2, 0.3, 1e22, 9e15, -9e15, 123_456_789.123_456]);
        cost(&[EXACT, -EXACT, 0.0]);
        let mut steep = [f64::NAN; BLOCK];
        (steep[0], steep[1]) = (-EXACT, EXACT);
        cost(&steep);
        cost(&[1e-7, 3e9, f64::NAN, 2.5]);
        for _ in 0..200 {
            let unit = 10_f64.powi((noise(&mut seed) % 12) as i32);
            let numbers: Vec<f64> = (0..noise(&mut seed) % 1200)
                .map(|_| match noise(&mut seed) % 9 {
                    0 => f64::NAN,
                    1 => -(noise(&mut seed) as f64) / unit,
                    _ => (noise(&mut seed) % 100_000) as f64 / unit,
                })
                .collect();
            if !numbers.is_empty() {
                cost(&numbers);
            }
        }
    }

    #[test]
    fn a_packed_column_answers_as_a_plain_one() {
        let plain: Column = (0..2000).map(|i| f64::from(i / 3) / 10.0).collect();
        let packed = plain.packed();
        assert!(matches!(packed, Column::Packed(_)) && packed.bytes() < plain.bytes() / 3);
        assert_eq!(packed, plain);
        assert!(packed.is_sorted() && packed.first() == plain.first() && packed.last() == plain.last());
        for at in [-1.0, 0.0, 33.3, 66.6, 70.0] {
            let places = [&plain, &packed].map(|column| column.partition_point(0..2000, |v| v < at));
            assert_eq!(places[0], places[1]);
            assert_eq!(places[0], plain.iter().position(|v| v >= at).unwrap_or(2000));
        }
        assert_eq!((packed.get(2000), Column::default().last()), (None, None));
    }
}
