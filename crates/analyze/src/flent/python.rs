//! Numbers and texts as Python writes them.

use std::fmt::Write as _;

use serde_json::Value;

/// `repr` of a float: the fewest digits that read back the same, at least one after the point, an exponent below 1e-4 and
/// from 1e16 up.
pub(super) fn repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = value.to_string();
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

/// A JSON text as `json.dumps(…, indent=4, sort_keys=True)` writes it.
pub(super) fn dumps(value: &Value) -> String {
    let mut out = String::new();
    put(value, 0, &mut out);
    out
}

fn put(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort_unstable();
            list(out, depth, ('{', '}'), keys.into_iter(), |key, out| {
                string(key, out);
                out.push_str(": ");
                put(&map[key], depth + 1, out);
            });
        }
        Value::Array(items) if !items.is_empty() => {
            list(out, depth, ('[', ']'), items.iter(), |item, out| put(item, depth + 1, out));
        }
        Value::String(text) => string(text, out),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => out.push_str(&repr(float)),
            _ => out.push_str(&number.to_string()),
        },
        other => out.push_str(&other.to_string()),
    }
}

fn list<T>(
    out: &mut String,
    depth: usize,
    (open, close): (char, char),
    items: impl Iterator<Item = T>,
    mut each: impl FnMut(T, &mut String),
) {
    out.push(open);
    for (i, item) in items.enumerate() {
        out.push_str(if i == 0 { "\n" } else { ",\n" });
        out.push_str(&"    ".repeat(depth + 1));
        each(item, out);
    }
    out.push('\n');
    out.push_str(&"    ".repeat(depth));
    out.push(close);
}

/// Escaped, everything beyond ASCII as UTF-16.
fn string(text: &str, out: &mut String) {
    let quoted = Value::from(text).to_string();
    for c in quoted.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_python_prints_them() {
        let pairs = [
            (0.0, "0.0"),
            (5.0, "5.0"),
            (0.1, "0.1"),
            (1.445e-05, "1.445e-05"),
            (0.0001, "0.0001"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (-2.5e300, "-2.5e+300"),
        ];
        for (value, text) in pairs {
            assert_eq!(repr(value), text);
        }
        assert_eq!(repr(f64::NAN), "nan");
    }

    #[test]
    fn json_is_sorted_indented_and_ascii() {
        let value = serde_json::json!({"b": [1, 2.0, {}], "a": "ü\n", "c": {}});
        assert_eq!(
            dumps(&value),
            "{\n    \"a\": \"\\u00fc\\n\",\n    \"b\": [\n        1,\n        2.0,\n        {}\n    ],\n    \"c\": {}\n}"
        );
    }
}
