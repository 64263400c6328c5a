//! Where ticks are and what they say.
//!
//! Steps are 1, 2, 2.5 or 5 times a power of ten; numbers carry no superfluous digits; large and small ones are said in
//! a larger or smaller unit, or with an SI prefix. Logarithmic axes of less than a decade fall back to equal steps,
//! so that no axis is without numbers.

use std::fmt::Write as _;

use jiff::civil::DateTime;

use crate::scene::{Quantity, Scale};
use crate::si::{self, Said};

/// Ticks of one axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ticks {
    /// Values and what they say, rising.
    pub major: Vec<(f64, String)>,
    /// Values of unlabelled grid lines between.
    pub minor: Vec<f64>,
    /// Name of the axis, in place of its label: the unit is another one.
    pub name: Option<String>,
    /// What to add to the axis name (date and zone of a time axis, a power of ten without a prefix).
    pub remark: Option<String>,
}

/// Ticks of an axis.
///
/// - `limits`: the two ends, in either order, finite and different; positive on a logarithmic scale.
/// - `label`: name of the axis with its unit.
/// - `most`: greatest number of labelled ticks; fewer than two are raised to two.
pub fn choose(limits: (f64, f64), scale: Scale, quantity: Quantity, label: &str, most: usize) -> Ticks {
    let (lo, hi) = (limits.0.min(limits.1), limits.0.max(limits.1));
    let most = most.max(2);
    match (quantity, scale) {
        (Quantity::UnixTime, _) => time_of_day(lo, hi, most),
        (_, Scale::Linear) => linear(lo, hi, label, most),
        (_, Scale::Log10) => log10(lo, hi, label, most),
        (_, Scale::Log2) => log2(lo, hi, label, most),
    }
}

/// Multiples of `step` within the limits, edges included despite rounding.
fn multiples(lo: f64, hi: f64, step: f64) -> Vec<f64> {
    let slack = 1e-9;
    let first = (lo / step - slack).ceil();
    let last = (hi / step + slack).floor();
    let countable = first.is_finite() && last.is_finite() && last - first <= 1e4;
    if !countable {
        return Vec::new();
    }
    (0..=((last - first).max(-1.0) as i64)).map(|i| (first + i as f64) * step).collect()
}

/// The smallest nice step with at most `most` ticks.
fn nice_step(lo: f64, hi: f64, most: usize) -> f64 {
    let raw = (hi - lo) / most as f64;
    let mut power = raw.log10().floor() as i32;
    loop {
        for m in [1.0, 2.0, 2.5, 5.0] {
            let step = m * 10_f64.powi(power);
            if step >= raw * 0.5 && ((hi / step + 1e-9).floor() - (lo / step - 1e-9).ceil()) < most as f64 {
                return step;
            }
        }
        power += 1;
        if power > 400 {
            return hi - lo;
        }
    }
}

fn linear(lo: f64, hi: f64, label: &str, most: usize) -> Ticks {
    let step = nice_step(lo, hi, most);
    let values = multiples(lo, hi, step);
    let (exponent, said) = si::scaled(label, lo.abs().max(hi.abs()), step);
    let unit = 10_f64.powi(exponent);
    let suffix = if let Said::Suffix(prefix) = said { prefix } else { "" };
    let text = |v: f64| {
        let text = number(v / unit, step / unit);
        // Nothing of a thing is nothing of a thousand.
        if text == "0" { text } else { text + suffix }
    };
    let major = values.iter().map(|&v| (if v == 0.0 { 0.0 } else { v }, text(v))).collect();
    let remark = (said == Said::Power).then(|| format!("×10{}", superscript(exponent)));
    let name = if let Said::Unit(name) = said { Some(name) } else { None };
    Ticks { major, name, remark, ..Ticks::default() }
}

/// A tick's number: as many decimals as its step needs, no trailing zeros, thousands apart from five digits on.
fn number(value: f64, step: f64) -> String {
    let mut decimals = 0;
    let mut scaled = step.abs();
    while decimals < 12 && (scaled - scaled.round()).abs() > 1e-6 * scaled {
        scaled *= 10.0;
        decimals += 1;
    }
    plain(value, decimals)
}

fn plain(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" {
        return "0".into();
    }
    let (whole, rest) = text.split_once('.').map_or((text, ""), |(w, r)| (w, r));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |d| ("\u{2212}", d));
    let mut out = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && digits.len() > 4 && (digits.len() - i) % 3 == 0 {
            out.push('\u{202F}'); // narrow no-break space
        }
        out.push(digit);
    }
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    out
}

/// A power as text: plain digits where they are few, else `10⁶`.
fn power(base: u32, exponent: i32) -> String {
    let value = f64::from(base).powi(exponent);
    if (1e-4..1e5).contains(&value) && (base == 10 || exponent >= -3) {
        return plain(value, 4);
    }
    format!("{base}{}", superscript(exponent))
}

/// A whole number in superscript digits.
fn superscript(n: i32) -> String {
    n.to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            d => char::from_u32(0x2070 + d.to_digit(10).unwrap_or(0)).unwrap_or(d),
        })
        .collect()
}

fn log10(lo: f64, hi: f64, label: &str, most: usize) -> Ticks {
    let (a, b) = (lo.log10(), hi.log10());
    if b - a < 1.0 {
        return linear(lo, hi, label, most);
    }
    let first = a.floor() as i32;
    let last = b.ceil() as i32;
    let inside = |v: f64| v >= lo * (1.0 - 1e-9) && v <= hi * (1.0 + 1e-9);
    let set = |digits: &[f64]| -> Vec<(f64, String)> {
        (first..=last)
            .flat_map(|p| digits.iter().map(move |m| (p, *m)))
            .map(|(p, m)| (m * 10_f64.powi(p), p, m))
            .filter(|(v, ..)| inside(*v))
            .map(|(v, p, m)| {
                let short = if (1e-4..1e5).contains(&v) { plain(v, 6) } else { format!("{m}·{}", power(10, p)) };
                (v, if m == 1.0 { power(10, p) } else { short })
            })
            .collect()
    };
    let minor = if last - first <= 8 {
        (first..=last)
            .flat_map(|p| (2..10).map(move |m| f64::from(m) * 10_f64.powi(p)))
            .filter(|v| inside(*v))
            .collect()
    } else {
        Vec::new()
    };
    for digits in [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]] {
        let major = set(digits);
        if major.len() <= most && major.len() >= 2 {
            return Ticks { major, minor, ..Ticks::default() };
        }
    }
    let major = set(&[1.0]);
    if major.len() < 2 {
        return linear(lo, hi, label, most);
    }
    let stride = major.len().div_ceil(most);
    let major = major.into_iter().step_by(stride).collect();
    Ticks { major, minor: Vec::new(), ..Ticks::default() }
}

fn log2(lo: f64, hi: f64, label: &str, most: usize) -> Ticks {
    let (a, b) = (lo.log2(), hi.log2());
    let (first, last) = ((a - 1e-9).ceil() as i32, (b + 1e-9).floor() as i32);
    if last - first < 1 {
        return linear(lo, hi, label, most);
    }
    let stride = ((last - first + 1) as usize).div_ceil(most);
    let major = (first..=last).step_by(stride).map(|p| (2_f64.powi(p), power(2, p))).collect();
    Ticks { major, ..Ticks::default() }
}

/// Steps of a time axis, seconds.
const TIME_STEPS: [f64; 24] = [
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1800.0,
    3600.0,
    7200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    604_800.0,
    1_209_600.0,
    2_592_000.0,
    7_776_000.0,
    31_536_000.0,
];

fn time_of_day(lo: f64, hi: f64, most: usize) -> Ticks {
    let count = |step: f64| (hi / step).floor() - (lo / step).ceil() + 1.0;
    let step = TIME_STEPS.into_iter().find(|s| count(*s) <= most as f64).unwrap_or_else(|| nice_step(lo, hi, most));
    // Below a second the clock needs decimals.
    let step = if count(1.0) < 2.0 { nice_step(lo, hi, most) } else { step };
    let decimals = if step >= 1.0 { 0 } else { (-step.log10()).ceil().clamp(1.0, 9.0) as usize };
    let same_day = civil(lo).map(DateTime::date) == civil(hi).map(DateTime::date);
    let major = multiples(lo, hi, step).into_iter().map(|v| (v, clock(v, step, same_day, decimals))).collect();
    let remark = civil(lo).map(|t| if same_day { format!("{}, UTC", t.date()) } else { "UTC".into() });
    Ticks { major, remark, ..Ticks::default() }
}

fn civil(secs: f64) -> Option<DateTime> {
    let stamp = jiff::Timestamp::from_second(secs.floor() as i64).ok()?;
    Some(jiff::tz::TimeZone::UTC.to_datetime(stamp))
}

fn clock(secs: f64, step: f64, same_day: bool, decimals: usize) -> String {
    let Some(t) = civil(secs + 1e-9) else { return plain(secs, 0) };
    if step >= 86_400.0 {
        return t.date().to_string();
    }
    let mut text = format!("{:02}:{:02}", t.hour(), t.minute());
    if step < 60.0 {
        let _ = write!(text, ":{:02}", t.second());
    }
    if decimals > 0 {
        let fraction = (secs - secs.floor()).clamp(0.0, 0.999_999_999);
        text.push_str(format!("{fraction:.decimals$}").trim_start_matches(['0', '1']));
    }
    if !same_day {
        text = format!("{:02}-{:02} {text}", t.month(), t.day());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(limits: (f64, f64), scale: Scale, most: usize) -> Vec<String> {
        choose(limits, scale, Quantity::Plain, "", most).major.into_iter().map(|(_, s)| s).collect()
    }

    #[test]
    fn steps_are_nice_and_digits_are_few() {
        assert_eq!(said((0.0, 10.0), Scale::Linear, 5), ["0", "2.5", "5", "7.5", "10"]);
        assert_eq!(said((0.0, 10.0), Scale::Linear, 6), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(said((-0.3, 0.31), Scale::Linear, 4), ["\u{2212}0.2", "0", "0.2"]);
        assert_eq!(said((0.0, 50_000.0), Scale::Linear, 3), ["0", "20k", "40k"]);
        assert_eq!(said((5.0, 157.5), Scale::Linear, 8), ["20", "40", "60", "80", "100", "120", "140"]);
    }

    #[test]
    fn an_inverted_axis_has_the_same_ticks() {
        assert_eq!(
            choose((10.0, 0.0), Scale::Linear, Quantity::Plain, "", 6),
            choose((0.0, 10.0), Scale::Linear, Quantity::Plain, "", 6)
        );
    }

    #[test]
    fn great_and_small_numbers_have_prefixes() {
        let said = |limits, label| {
            let ticks = choose(limits, Scale::Linear, Quantity::Plain, label, 5);
            (ticks.major.iter().map(|t| t.1.clone()).collect::<Vec<_>>(), ticks.name)
        };
        assert_eq!(said((0.0, 4.2e9), "Packets"), (["0", "1G", "2G", "3G", "4G"].map(str::to_owned).to_vec(), None));
        assert_eq!(said((0.0, 3e-6), "").0, ["0", "1µ", "2µ", "3µ"]);
        assert_eq!(
            said((0.0, 4e4), "Delay (ms)"),
            (["0", "10", "20", "30", "40"].map(str::to_owned).to_vec(), Some("Delay (s)".to_owned()))
        );
        // Equal but for the last digits: the digits must stay.
        assert_eq!(said((1e7, 1e7 + 4.0), "Packets").0[1], "10\u{202F}000\u{202F}001");
    }

    #[test]
    fn logarithmic_axes_always_have_numbers() {
        assert_eq!(said((1.0, 1000.0), Scale::Log10, 5), ["1", "10", "100", "1000"]);
        assert_eq!(said((1.0, 100.0), Scale::Log10, 8), ["1", "2", "5", "10", "20", "50", "100"]);
        assert_eq!(said((20.0, 90.0), Scale::Log10, 5), ["20", "40", "60", "80"]);
        assert_eq!(said((1e-9, 1e9), Scale::Log10, 4), ["10⁻⁹", "0.0001", "10", "10⁶"]);
        assert_eq!(said((0.5, 40.0), Scale::Log2, 8), ["0.5", "1", "2", "4", "8", "16", "32"]);
        assert_eq!(said((33.0, 60.0), Scale::Log2, 5), ["40", "50", "60"]);
        assert_eq!(said((1.0, 1e9), Scale::Log2, 4).len(), 4);
    }

    #[test]
    fn time_axes_show_the_clock() {
        // 2012-11-30T15:43:00Z.
        let start = 1_354_290_180.0;
        let ticks = choose((start, start + 70.0), Scale::Linear, Quantity::UnixTime, "", 5);
        let said: Vec<&str> = ticks.major.iter().map(|t| t.1.as_str()).collect();
        assert_eq!(said, ["15:43:00", "15:43:15", "15:43:30", "15:43:45", "15:44:00"]);
        assert_eq!(ticks.remark.as_deref(), Some("2012-11-30, UTC"));
        let over_night = choose((start, start + 86_400.0), Scale::Linear, Quantity::UnixTime, "", 5);
        assert_eq!(over_night.major[0].1, "11-30 18:00");
    }

    #[test]
    fn no_axis_gets_more_ticks_than_asked() {
        for (lo, hi) in [(0.0, 1.0), (-1e-12, 1e-12), (0.3, 0.301), (1e15, 2e15), (-7.0, 9e4)] {
            for most in 2..12 {
                let n = choose((lo, hi), Scale::Linear, Quantity::Plain, "", most).major.len();
                assert!(n <= most && n >= 1, "{lo}..{hi}, {most}: {n}");
            }
        }
    }
}
