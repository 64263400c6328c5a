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

/// Powers of ten by the number of digits read at once.
const POWERS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

impl Cursor<'_> {
    /// A number or one of Python's literals, white space before it already skipped.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<Number, Fault> {
        let bytes = self.bytes();
        let start = self.at;
        let mut at = start;
        let negative = bytes.get(at) == Some(&b'-');
        at += usize::from(negative);
        if let Some(decimal) = usual(bytes, at)
            && let Some(value) = nearest(decimal.mantissa, decimal.fraction_digits)
        {
            self.at = at + decimal.len;
            return Ok(Number { value: if negative { -value } else { value }, integer: decimal.integer });
        }
        self.unusual(start, at, negative)
    }

    /// Any number, step by step. `at` is behind the sign.
    fn unusual(&mut self, start: usize, mut at: usize, negative: bool) -> Result<Number, Fault> {
        let bytes = self.bytes();
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
        // Up to 19 digits the mantissa is exact. Leading zeros only make the test stricter than needed.
        if whole_digits + fraction_digits <= 19
            && let Some(value) = nearest(mantissa, fraction_digits)
        {
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

/// A number without sign and exponent: the digits as one integer, and where the point is.
#[derive(Debug, Clone, Copy)]
struct Decimal {
    mantissa: u64,
    fraction_digits: usize,
    integer: bool,
    /// Bytes.
    len: usize,
}

/// The numbers that nearly all are: at most 16 digits before the point and 16 behind it, 19 in all, no exponent.
///
/// Where a number ends is found from three words at once and without a branch on its length: lengths vary from number
/// to number, so branches would be mispredicted, and steps would wait for each other. That is worth a third of the time.
#[inline]
fn usual(bytes: &[u8], at: usize) -> Option<Decimal> {
    let near = bytes.get(at..)?.first_chunk::<40>()?;
    let word = |i: usize| near[i..].first_chunk::<8>().map_or(0, |w| u64::from_le_bytes(*w));
    let words = [word(0), word(8), word(16)];
    let [mut others0, mut others1, others2] = words.map(other_than_digits);
    let first = |a: u64, b: u64| if a != 0 { a.trailing_zeros() / 8 } else { 8 + b.trailing_zeros() / 8 };
    let whole = first(others0, others1) as usize;
    if whole == 0 || whole >= 16 || (whole > 1 && near[0] == b'0') {
        return None;
    }
    let whole_value = match whole {
        // All but Unix times.
        ..=8 => u64::from(eight_digits(words[0] << (64 - 8 * whole))),
        _ => digits_of_two(words[0], words[1], whole),
    };
    if near[whole] != b'.' {
        let exponent = near[whole] | 0x20 == b'e';
        return (!exponent).then_some(Decimal { mantissa: whole_value, fraction_digits: 0, integer: true, len: whole });
    }
    // Forget the point; the next one that is no digit is the end.
    if others0 != 0 {
        others0 &= others0 - 1;
    } else {
        others1 &= others1 - 1;
    }
    let end = if others0 != 0 { others0.trailing_zeros() / 8 } else { 8 + first(others1, others2) } as usize;
    let fraction = end - whole - 1;
    if end >= 24 || fraction == 0 || fraction > 16 || whole + fraction > 19 || near[end] | 0x20 == b'e' {
        return None;
    }
    let fraction_value = digits_of_two(word(whole + 1), word(whole + 9), fraction);
    let mantissa = whole_value * POWERS[fraction.min(8)] * POWERS[fraction - fraction.min(8)] + fraction_value;
    Some(Decimal { mantissa, fraction_digits: fraction, integer: false, len: end })
}

/// Value of the first `n` of sixteen digits.
#[inline(always)]
#[expect(clippy::inline_always, reason = "twice per number; called instead, it costs a tenth of reading results")]
fn digits_of_two(first: u64, second: u64, n: usize) -> u64 {
    // Digits move to the end of the word, zeros come before them.
    let last = |word: u64, n: usize| if n == 0 { 0 } else { word << (64 - 8 * n) };
    let (high, low) = (n.min(8), n - n.min(8));
    u64::from(eight_digits(last(first, high))) * POWERS[low] + u64::from(eight_digits(last(second, low)))
}

/// The float nearest to `mantissa / 10^digits`, ties to even; `None` where that takes more than is done here.
#[inline]
fn nearest(mantissa: u64, digits: usize) -> Option<f64> {
    if mantissa == 0 {
        return Some(0.0);
    }
    // D. Lemire, "Number parsing at a gigabyte per second" (2021), for the exponents that measured numbers have. From
    // -27 on the 128-bit reciprocal is long enough that the product decides every case.
    let reciprocal = RECIPROCALS.get(digits)?;
    let zeros = mantissa.leading_zeros();
    let shifted = mantissa << zeros;
    let (mut low, mut high) = wide(shifted, (reciprocal >> 64) as u64);
    if high & 0x1ff == 0x1ff {
        let (_, carry_from) = wide(shifted, *reciprocal as u64);
        let (sum, carry) = low.overflowing_add(carry_from);
        low = sum;
        high += u64::from(carry);
    }
    let top = (high >> 63) as u32;
    // 53 bits and one more to round by.
    let shift = top + 9;
    let mut bits = high >> shift;
    let q = -(digits as i32);
    // Bit length of 10^q, biased as floats are; 217706 / 2^16 is log2 of 10.
    let mut exponent = ((q * 217_706) >> 16) + 63 + top as i32 - zeros as i32 + 1023;
    // Exactly between two floats is possible only for small powers.
    if low <= 1 && q >= -4 && bits & 3 == 1 && bits << shift == high {
        bits &= !1;
    }
    bits += bits & 1;
    bits >>= 1;
    if bits >> 53 != 0 {
        bits = 1 << 52;
        exponent += 1;
    }
    // 19 digits over at most 27 places are far from both ends of the exponents.
    Some(f64::from_bits((bits & ((1 << 52) - 1)) | (exponent as u64) << 52))
}

/// The product's low and high half.
#[inline]
fn wide(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    (product as u64, (product >> 64) as u64)
}

/// 2^(127 + bits of 5^k) / 5^k, rounded up: the 128 leading bits of 5^-k, for k = 0 to 27.
const RECIPROCALS: [u128; 28] = {
    let mut table = [1_u128 << 127; 28];
    let mut power = 1_u64;
    let mut k = 1;
    while k < table.len() {
        power *= 5;
        // Long division by one bit at a time: the dividend is a one and then only zeros.
        let mut remainder = 1_u128;
        let mut quotient = 0_u128;
        let mut bit = 127 + (64 - power.leading_zeros());
        while bit > 0 {
            remainder <<= 1;
            quotient <<= 1;
            if remainder >= power as u128 {
                remainder -= power as u128;
                quotient |= 1;
            }
            bit -= 1;
        }
        table[k] = quotient + 1;
        k += 1;
    }
    table
};

/// Adds the digits from `at` on to `mantissa` (which wraps after 19 of them) and returns where they end.
///
/// Lengths vary from number to number, and a loop over digits would be mispredicted at the end of each: eight bytes are
/// taken at once, however many of them are digits.
#[inline]
fn digits(bytes: &[u8], mut at: usize, mantissa: &mut u64) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*eight);
        let n = leading_digits(word);
        // The digits move to the end, so to speak: zeros before them.
        let value = if n == 0 { 0 } else { eight_digits(word << (64 - 8 * n)) };
        *mantissa = mantissa.wrapping_mul(POWERS[n as usize]).wrapping_add(u64::from(value));
        at += n as usize;
        if n < 8 {
            return at;
        }
    }
    while let Some(b) = bytes.get(at)
        && b.is_ascii_digit()
    {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(b - b'0'));
        at += 1;
    }
    at
}

/// How many of these eight bytes, from the first (lowest) on, are ASCII digits.
#[inline]
fn leading_digits(word: u64) -> u32 {
    other_than_digits(word).trailing_zeros() / 8
}

/// Zero in the bytes that are ASCII digits; exactly one bit in one that is a point.
#[inline]
fn other_than_digits(word: u64) -> u64 {
    // Zero where the byte is 0x30 to 0x3f, and where adding 6 does not leave that range.
    let high = (word & 0xf0f0_f0f0_f0f0_f0f0) ^ 0x3030_3030_3030_3030;
    let over_nine = ((word & 0x0f0f_0f0f_0f0f_0f0f) + 0x0606_0606_0606_0606) & 0x1010_1010_1010_1010;
    high | over_nine
}

/// Value of eight ASCII digits, first one in the lowest byte: pairs, then fours, then all. Zero bytes count as digit 0.
#[inline]
fn eight_digits(word: u64) -> u32 {
    let digits = word & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (digits.wrapping_mul(2561) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(6_553_601) >> 16) & 0x0000_ffff_0000_ffff;
    (fours.wrapping_mul(42_949_672_960_001) >> 32) as u32
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn ours(text: &str) -> f64 {
        let mut cursor = Cursor::new(text);
        let number = cursor.number().unwrap();
        assert_eq!(cursor.at, text.len(), "{text}");
        number.value
    }

    #[track_caller]
    fn check(text: &str) {
        let want: f64 = text.parse().unwrap();
        assert_eq!(ours(text).to_bits(), want.to_bits(), "{text}: {} instead of {want}", ours(text));
    }

    #[test]
    fn numbers_are_the_nearest_floats() {
        for text in ["0", "-0", "-0.0", "5", "0.1", "0.6000000000000001", "47.692307692307686", "1496158967.152647"] {
            check(text);
        }
        // Halfway between two floats, just below and just above.
        for text in ["9007199254740993", "9007199254740992.9", "9007199254740993.1", "4503599627370497.5"] {
            check(text);
        }
        // Too long for one word, and exponents of both signs.
        for text in
            ["123456789012345678901234567890", "0.1234567890123456789012345", "1e-320", "1.7976931348623157e308"]
        {
            check(text);
        }
    }

    #[test]
    fn numbers_of_all_lengths_are_the_nearest_floats() {
        // A fixed sequence (xorshift), so that a failure repeats.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..200_000 {
            let digits = next().to_string();
            let digits = &digits[..=next() as usize % digits.len()];
            let point = next() as usize % (digits.len() + 1);
            let whole = digits[..point].trim_start_matches('0');
            let whole = if whole.is_empty() { "0" } else { whole };
            let text = if point == digits.len() { whole.to_owned() } else { format!("{whole}.{}", &digits[point..]) };
            check(&text);
            // As written by a program: the shortest text of some float.
            let float = f64::from_bits(next() % (1 << 62));
            if float.abs() > 1e-9 && float < 1e15 {
                check(&float.to_string());
            }
            let measured = (next() % 1_000_000_007) as f64 / (1 + next() % 99_991) as f64;
            check(&measured.to_string());
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["01", "1.", ".5", "-", "+1", "1e", "1e+", "NaN1x", "Inf", "-NaN", "1e999"] {
            let mut cursor = Cursor::new(text);
            assert!(cursor.number().is_err() || cursor.at < text.len(), "{text}");
        }
        assert!(ours("NaN").is_nan());
        assert_eq!(ours("-Infinity"), f64::NEG_INFINITY);
    }
}
