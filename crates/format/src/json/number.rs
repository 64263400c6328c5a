//! Numbers, exactly: the float nearest to the decimal text, always.

use super::cursor::{Cursor, Fault};
use crate::dataset::NAN_LITERAL;

/// A number as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number {
    pub(crate) value: f64,
    /// Written without fraction and exponent.
    pub(crate) integer: bool,
}

/// Powers of ten that a float holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

impl Cursor<'_> {
    /// A number or one of Python's literals, white space before it already skipped.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<Number, Fault> {
        let bytes = self.bytes();
        let start = self.at;
        let mut at = start;
        let negative = bytes.get(at) == Some(&b'-');
        at += usize::from(negative);
        let mut mantissa = 0_u64;
        let whole = at;
        at = digits(bytes, at, &mut mantissa);
        let whole_digits = at - whole;
        if whole_digits == 0 {
            return self.literal(negative);
        }
        if whole_digits > 1 && bytes[whole] == b'0' {
            self.at = whole + 1;
            return self.fail("a number must not begin with 0");
        }
        let mut fraction_digits = 0;
        let mut integer = true;
        if bytes.get(at) == Some(&b'.') {
            integer = false;
            let from = at + 1;
            at = digits(bytes, from, &mut mantissa);
            fraction_digits = at - from;
            if fraction_digits == 0 {
                self.at = at;
                return self.fail("expected a digit");
            }
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            return self.with_exponent(start, at);
        }
        self.at = at;
        // Exact: both are exact floats and one division rounds once. Leading zeros only make the test stricter than needed.
        if whole_digits + fraction_digits <= 19 && mantissa <= 1 << 53 && fraction_digits < EXACT_POWERS.len() {
            let value = mantissa as f64 / EXACT_POWERS[fraction_digits];
            return Ok(Number { value: if negative { -value } else { value }, integer });
        }
        let value = self.rounded(start);
        if value.is_infinite() {
            self.at = start;
            return self.fail("number out of range");
        }
        Ok(Number { value, integer })
    }

    #[cold]
    fn with_exponent(&mut self, start: usize, e: usize) -> Result<Number, Fault> {
        let bytes = self.bytes();
        let mut at = e + 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        let from = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        self.at = at;
        if at == from {
            return self.fail("expected a digit");
        }
        let value = self.rounded(start);
        if value.is_infinite() {
            self.at = start;
            return self.fail("number out of range");
        }
        Ok(Number { value, integer: false })
    }

    /// The standard library's parser rounds correctly whatever the length.
    fn rounded(&self, start: usize) -> f64 {
        self.text()[start..self.at].parse().unwrap_or(f64::NAN)
    }

    /// NaN, Infinity, -Infinity.
    #[cold]
    fn literal(&mut self, negative: bool) -> Result<Number, Fault> {
        let start = self.at;
        self.at += usize::from(negative);
        let value = match self.bytes().get(self.at) {
            Some(b'N') if !negative => self.word("NaN").map(|()| NAN_LITERAL),
            Some(b'I') => self.word("Infinity").map(|()| if negative { f64::NEG_INFINITY } else { f64::INFINITY }),
            _ if negative => self.fail("expected a digit"),
            _ => {
                self.at = start;
                self.fail("expected a number")
            }
        }?;
        Ok(Number { value, integer: false })
    }
}

/// Adds the digits from `at` on to `mantissa` (which wraps after 19 of them) and returns where they end.
#[inline]
fn digits(bytes: &[u8], mut at: usize, mantissa: &mut u64) -> usize {
    let mut sum = *mantissa;
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*eight);
        if !all_digits(word) {
            break;
        }
        sum = sum.wrapping_mul(100_000_000).wrapping_add(u64::from(eight_digits(word)));
        at += 8;
    }
    while let Some(b) = bytes.get(at)
        && b.is_ascii_digit()
    {
        sum = sum.wrapping_mul(10).wrapping_add(u64::from(b - b'0'));
        at += 1;
    }
    *mantissa = sum;
    at
}

/// Are these eight bytes all ASCII digits?
#[inline]
fn all_digits(word: u64) -> bool {
    let high = word & 0xf0f0_f0f0_f0f0_f0f0;
    let over_nine = (word.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0) >> 4;
    (high | over_nine) == 0x3333_3333_3333_3333
}

/// Value of eight ASCII digits, first one in the lowest byte: pairs, then fours, then all.
#[inline]
fn eight_digits(word: u64) -> u32 {
    let digits = word & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (digits.wrapping_mul(2561) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(6_553_601) >> 16) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(42_949_672_960_001) >> 32) as u32
}
