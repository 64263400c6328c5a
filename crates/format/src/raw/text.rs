//! Columns back to the list of entries.

use serde_json::{Map, Value};

use super::series::RawSeries;
use super::value::{Kind, RawValue};
use crate::json::{Cursor, ValueNotes, push_f64, push_string, push_value, value_of};

/// Appends the list of entries as JSON, one entry per line, indented by four.
pub(super) fn write(series: &RawSeries, out: &mut String) {
    out.push('[');
    // Where in each column the next unwritten value is.
    let mut next = vec![0_usize; series.columns.len()];
    let nested = series.columns.iter().any(|c| c.path.len() > 1);
    let mut blocks = series.blocks.iter().peekable();
    let mut entry = 0;
    while entry < series.len() {
        out.push_str(if entry == 0 { "\n    " } else { ",\n    " });
        if let Some(block) = blocks.next_if(|block| block.first as usize == entry) {
            block.write(out);
            entry += block.t.len();
            continue;
        }
        out.push('{');
        let mut tree = Map::new();
        let mut first = true;
        for (column, next) in series.columns.iter().zip(&mut next) {
            let here = *next < column.numbers.len() && column.entry_of(*next) as usize == entry;
            if !here {
                continue;
            }
            let i = *next;
            *next += 1;
            if nested {
                insert(&mut tree, &column.path, to_tree(column.value(i)));
                continue;
            }
            if !first {
                out.push_str(", ");
            }
            first = false;
            push_string(out, &column.key);
            out.push_str(": ");
            match column.kinds.at(i) {
                Kind::Float => push_f64(out, column.numbers.at(i)),
                _ => push_raw(out, column.value(i)),
            }
        }
        if nested {
            for (i, (key, value)) in tree.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                push_string(out, key);
                out.push_str(": ");
                push_value(out, value, None);
            }
        }
        out.push('}');
        entry += 1;
    }
    out.push_str(if series.is_empty() { "]" } else { "\n  ]" });
}

fn push_raw(out: &mut String, value: RawValue) {
    match value {
        RawValue::Null => out.push_str("null"),
        RawValue::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        RawValue::Int(n) => out.push_str(&n.to_string()),
        RawValue::Float(x) => push_f64(out, x),
        RawValue::Text(s) => push_string(out, &s),
        RawValue::Json(s) => out.push_str(&s),
    }
}

fn to_tree(value: RawValue) -> Value {
    let mut text = String::new();
    push_raw(&mut text, value);
    // Only text that was read before, or that was just written, comes here.
    value_of(&mut Cursor::new(&text), "", &mut ValueNotes::default()).unwrap_or(Value::Null)
}

/// Puts a value at a path, making the objects on the way.
fn insert(map: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [key] => {
            map.insert(key.clone(), value);
        }
        [key, rest @ ..] => {
            let inner = map.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}
