//! Values as Python writes them: numbers, times, JSON.

use std::fmt::Write as _;

use serde_json::Value;

/// The shortest text that reads back as the same float, with Python's choice between plain and exponent notation.
///
/// Python has an exponent from 1e16 on and below 1e-4, and writes whole numbers with `.0`.
pub(super) fn repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let short = nearest_digits(value);
    // `{:e}` always has an exponent.
    let (digits, exponent) = short.split_once('e').unwrap_or((&short, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let decimals = digits.trim_start_matches('-').len().saturating_sub(2) as i32 - exponent;
    format!("{value:.*}", decimals.max(1) as usize)
}

/// The fewest digits that read back as `value`, as `d.dde±x`. Where two such texts are equally near, the one with the even
/// last digit, as in Python; Rust takes the upper one.
fn nearest_digits(value: f64) -> String {
    let short = format!("{value:e}");
    let digits = short.bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
    let even = format!("{value:.*e}", digits.saturating_sub(1));
    if even.parse() == Ok(value) { even } else { short }
}

/// `%.Nf`: the decimal nearest to the exact value, halves to even.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    if value.is_finite() { format!("{value:.decimals$}") } else { repr(value) }
}

/// JSON as Python's `json` writes it with an indent of four: all that is not printable ASCII is escaped.
pub(super) fn json(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => match n.as_f64() {
            Some(float) if n.is_f64() => out.push_str(&repr(float)),
            _ => {
                let _ = write!(out, "{n}"); // writing to a String cannot fail
            }
        },
        Value::String(text) => match fa_format::non_finite_literal(value) {
            Some(literal) => out.push_str(literal),
            None => string(out, text),
        },
        Value::Array(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                new_line(out, i > 0, indent + 4);
                json(out, item, indent + 4);
            }
            close(out, ']', list.is_empty(), indent);
        }
        Value::Object(map) => {
            out.push('{');
            for (i, (key, item)) in map.iter().enumerate() {
                new_line(out, i > 0, indent + 4);
                string(out, key);
                out.push_str(": ");
                json(out, item, indent + 4);
            }
            close(out, '}', map.is_empty(), indent);
        }
    }
}

fn new_line(out: &mut String, comma: bool, indent: usize) {
    if comma {
        out.push(',');
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn close(out: &mut String, bracket: char, empty: bool, indent: usize) {
    if !empty {
        new_line(out, false, indent);
    }
    out.push(bracket);
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}"); // writing to a String cannot fail
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_python_prints_them() {
        // Each as Python 3 prints it.
        let cases: [(f64, &str); 16] = [
            (1.0, "1.0"),
            (0.0, "0.0"),
            (13.25, "13.25"),
            (0.230_319_976_806_640_63, "0.23031997680664062"),
            (123_456_789_012_345.5, "123456789012345.5"),
            (0.600_000_000_000_000_1, "0.6000000000000001"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1e22, "1e+22"),
            (1.5e-7, "1.5e-07"),
            (1e-4, "0.0001"),
            (9.9e-5, "9.9e-05"),
            (1.25e-100, "1.25e-100"),
            (-0.0, "-0.0"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in cases {
            assert_eq!(repr(value), text);
        }
    }

    #[test]
    fn halves_go_to_the_even_digit() {
        assert_eq!([0.125, 0.375, 2.675, -0.001].map(|v| fixed(v, 2)), ["0.12", "0.38", "2.67", "-0.00"]);
        assert_eq!(fixed(f64::NAN, 6), "nan");
    }

    #[test]
    fn json_is_indented_and_ascii() {
        let value = serde_json::json!({"b": [1, 1e16, {}], "a": "ü\u{7f}\u{1d11e}\"\n", "c": []});
        let mut text = String::new();
        json(&mut text, &value, 0);
        let want = "{\n    \"b\": [\n        1,\n        1e+16,\n        {}\n    ],\n    \"a\": \"\\u00fc\\u007f\\ud834\\udd1e\\\"\\n\",\n    \"c\": []\n}";
        assert_eq!(text, want);
    }
}
