//! Writing JSON text.

use serde_json::Value;

use super::value::is_non_finite_value;
use crate::dataset::is_nan_literal;

/// Appends a number: shortest text that reads back as the same float; a missing point is null; NaN and infinities that
/// a file had are written as Python does.
pub(crate) fn push_f64(out: &mut String, value: f64) {
    if value.is_finite() {
        push_value(out, &Value::from(value), None);
    } else if is_nan_literal(value) {
        out.push_str("NaN");
    } else if value.is_nan() {
        out.push_str("null");
    } else {
        out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
}

/// Appends a string with quotes.
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.push_str("\\u00");
                out.push(char::from(HEX[c as usize >> 4]));
                out.push(char::from(HEX[c as usize & 15]));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Appends a tree; with `indent`, one member per line, the first level indented by that many blanks.
pub(crate) fn push_value(out: &mut String, value: &Value, indent: Option<usize>) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(n) => {
            use std::fmt::Write as _;
            let _ = write!(out, "{n}"); // writing to a String cannot fail
        }
        Value::String(s) => match is_non_finite_value(value) {
            Some(word) => out.push_str(word),
            None => push_string(out, s),
        },
        Value::Array(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                separate(out, i, indent);
                push_value(out, item, indent.map(|n| n + 2));
            }
            close(out, ']', list.is_empty(), indent);
        }
        Value::Object(map) => {
            out.push('{');
            for (i, (key, item)) in map.iter().enumerate() {
                separate(out, i, indent);
                push_string(out, key);
                out.push_str(": ");
                push_value(out, item, indent.map(|n| n + 2));
            }
            close(out, '}', map.is_empty(), indent);
        }
    }
}

fn separate(out: &mut String, i: usize, indent: Option<usize>) {
    if i > 0 {
        out.push(',');
    }
    match indent {
        Some(n) => new_line(out, n),
        None if i > 0 => out.push(' '),
        None => {}
    }
}

fn close(out: &mut String, bracket: char, empty: bool, indent: Option<usize>) {
    if let Some(n) = indent
        && !empty
    {
        new_line(out, n.saturating_sub(2));
    }
    out.push(bracket);
}

fn new_line(out: &mut String, blanks: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', blanks));
}
