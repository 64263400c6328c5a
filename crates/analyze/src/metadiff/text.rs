//! Differences for people: a tree, two files in two columns, more as each value with the files that have it.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Difference, Found, MetaDiff, Variant};

/// Least width of a column of values.
const NARROW: usize = 16;

/// Characters of a value where it cannot have a line of its own.
const LONG_VALUE: usize = 72;

/// Members of an object that are shown instead of counted.
const FEW: usize = 3;

/// One printed line.
struct Line {
    depth: usize,
    name: String,
    /// One per column; none for a step to keys below.
    cells: Vec<String>,
}

/// Writing to a string cannot fail.
pub(super) fn text(diff: &MetaDiff, width: usize) -> String {
    if diff.is_same() {
        return String::new();
    }
    let mut text = String::new();
    for (i, file) in diff.files.iter().enumerate() {
        let _ = writeln!(text, "{}  {file}", i + 1);
    }
    text.push('\n');
    let columns = diff.files.len() == 2;
    let mut lines = Vec::new();
    tree(&diff.differences, 0, columns, &mut lines);
    // Of lines with values alone: others may run on into the values' columns.
    let valued = lines.iter().filter(|line| !line.cells.is_empty());
    let names = valued.map(Line::left).max().unwrap_or(0).min(width / 2);
    let most = if columns {
        lines.insert(0, Line { depth: 0, name: String::new(), cells: vec!["1".to_owned(), "2".to_owned()] });
        [(width.saturating_sub(names + 4) / 2).max(NARROW); 2]
    } else {
        [usize::MAX; 2]
    };
    print(&lines, names, &most, width, &mut text);
    text
}

impl Line {
    fn left(&self) -> usize {
        2 * self.depth + length(&self.name)
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Columns are as wide as what is in them, at most `most`. A line with more than that goes on below, a value to a line.
fn print(lines: &[Line], names: usize, most: &[usize], width: usize, text: &mut String) {
    let fits = |line: &Line| line.cells.iter().zip(most).all(|(cell, most)| length(cell) <= *most);
    let column = |c: usize| lines.iter().filter(|line| fits(line)).filter_map(move |line| line.cells.get(c));
    let widest = |c: usize| column(c).map(|cell| length(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..most.len()).map(widest).collect();
    for line in lines {
        let indent = "  ".repeat(line.depth);
        if line.cells.is_empty() || !fits(line) {
            let _ = writeln!(text, "{indent}{}", line.name);
            let room = width.saturating_sub(length(&indent) + 5).max(NARROW);
            for (i, cell) in part(line.cells.clone(), room).iter().enumerate() {
                let _ = writeln!(text, "{indent}  {}  {}", i + 1, elide(cell, room));
            }
            continue;
        }
        let mut row = format!("{:<names$}", elide(&format!("{indent}{}", line.name), names));
        for (cell, width) in line.cells.iter().zip(&widths) {
            let _ = write!(row, "  {cell:<width$}");
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
}

/// Lines of keys. Those of one place that differ in the same way share one.
fn tree(differences: &[Difference], depth: usize, columns: bool, lines: &mut Vec<Line>) {
    let mut rest: Vec<&Difference> = differences.iter().collect();
    while let Some(first) = rest.first().copied() {
        let (alike, others): (Vec<&Difference>, Vec<&Difference>) =
            rest.iter().partition(|other| is_like(first, other));
        let unit = first.unit.map(|unit| format!(" ({unit})")).unwrap_or_default();
        values(first, depth, format!("{}{unit}", joint_name(&alike)), columns, lines);
        tree(&first.keys, depth + 1, columns, lines);
        rest = others;
    }
}

fn joint_name(alike: &[&Difference]) -> String {
    const LONG: usize = 36;
    match alike {
        [] => String::new(),
        [one] => one.key.clone(),
        [first, .., last] => {
            let both = format!("{} … {} ({})", first.key, last.key, alike.len());
            if length(&both) <= LONG { both } else { format!("{} (+{})", first.key, alike.len() - 1) }
        }
    }
}

/// The same to look at under another name, and so is what differs below.
fn is_like(a: &Difference, b: &Difference) -> bool {
    let files = |d: &Difference| d.values.iter().map(|variant| variant.files.clone()).collect::<Vec<_>>();
    let same_keys =
        || a.keys.len() == b.keys.len() && a.keys.iter().zip(&b.keys).all(|(a, b)| a.key == b.key && is_like(a, b));
    a.unit == b.unit && files(a) == files(b) && show(&a.values) == show(&b.values) && same_keys()
}

fn values(difference: &Difference, depth: usize, name: String, columns: bool, lines: &mut Vec<Line>) {
    if difference.values.is_empty() {
        lines.push(Line { depth, name, cells: Vec::new() });
        return;
    }
    let shown = show(&difference.values);
    if columns {
        let of = |file: usize| {
            let variant = difference.values.iter().position(|variant| variant.files.contains(&file));
            variant.map_or_else(String::new, |v| shown[v].clone())
        };
        lines.push(Line { depth, name, cells: vec![of(0), of(1)] });
        return;
    }
    let mut name = Some(name);
    for (variant, value) in difference.values.iter().zip(part(shown, LONG_VALUE)) {
        let name = name.take().unwrap_or_default();
        lines.push(Line { depth, name, cells: vec![ranges(&variant.files), elide(&value, LONG_VALUE)] });
    }
}

/// Numbers of files from 1, neighbours as ranges: `1-3, 5`.
fn ranges(files: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for file in files {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *file => *last = *file,
            _ => parts.push((*file, *file)),
        }
    }
    let part = |(first, last): (usize, usize)| match last - first {
        0 => (first + 1).to_string(),
        1 => format!("{}, {}", first + 1, last + 1),
        _ => format!("{}-{}", first + 1, last + 1),
    };
    parts.into_iter().map(part).collect::<Vec<_>>().join(", ")
}

/// Values as text: strings bare, unless that makes two values look alike.
fn show(variants: &[Variant]) -> Vec<String> {
    let bare: Vec<String> = variants.iter().map(|variant| bare(&variant.found)).collect();
    let is_clear = |i: usize| bare.iter().filter(|other| **other == bare[i]).count() == 1;
    variants
        .iter()
        .enumerate()
        .map(|(i, variant)| match &variant.found {
            Found::Value(value) if !is_clear(i) => value.to_string(),
            _ => bare[i].clone(),
        })
        .collect()
}

fn is_scalar(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn bare(found: &Found) -> String {
    match found {
        Found::Absent(_) => "(absent)".to_owned(),
        Found::Value(Value::String(text)) if text.trim() != text || text.is_empty() || text == "(absent)" => {
            Value::from(text.as_str()).to_string()
        }
        Found::Value(Value::String(text)) => text.replace('\n', "⏎").replace('\t', " "),
        Found::Value(Value::Object(map)) if !map.is_empty() => {
            if map.len() <= FEW && map.values().all(is_scalar) {
                let member = |(key, value): (&String, &Value)| format!("{key}: {}", bare(&Found::Value(value.clone())));
                map.iter().map(member).collect::<Vec<_>>().join(", ")
            } else {
                format!("{{{} keys}}", map.len())
            }
        }
        Found::Value(Value::Array(list)) if !list.is_empty() => {
            if list.iter().all(is_scalar) {
                list.iter().map(|value| bare(&Found::Value(value.clone()))).collect::<Vec<_>>().join(", ")
            } else {
                format!("[{} entries]", list.len())
            }
        }
        Found::Value(value) => value.to_string(),
    }
}

/// Where one is longer than `room`, texts that begin alike lose that part, but for a few characters to find the place by.
fn part(texts: Vec<String>, room: usize) -> Vec<String> {
    const KEPT: usize = 6;
    let Some((first, others)) = texts.split_first() else { return texts };
    let alike_with = |other: &String| first.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let alike = others.iter().map(alike_with).min().unwrap_or(0);
    if alike <= KEPT + 1 || texts.iter().all(|text| length(text) <= room) {
        return texts;
    }
    texts.iter().map(|text| std::iter::once('…').chain(text.chars().skip(alike - KEPT)).collect()).collect()
}

/// At most `width` characters: the middle gives way to `…`.
fn elide(text: &str, width: usize) -> String {
    let n = length(text);
    if n <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(1);
    let (head, tail) = (kept - kept / 2, kept / 2);
    text.chars().take(head).chain(['…']).chain(text.chars().skip(n - tail)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_numbered_from_one() {
        assert_eq!(ranges(&[0]), "1");
        assert_eq!(ranges(&[0, 1]), "1, 2");
        assert_eq!(ranges(&[0, 1, 2, 4, 6, 7]), "1-3, 5, 7, 8");
    }

    #[test]
    fn long_texts_lose_their_middle() {
        assert_eq!(elide("abcdef", 6), "abcdef");
        assert_eq!(elide("abcdefg", 6), "abc…fg");
        assert_eq!(elide("abc", 1), "…");
        assert_eq!(elide("abc", 0), "…");
    }

    #[test]
    fn texts_that_begin_alike_are_shown_where_they_part() {
        let of = |texts: &[&str]| part(texts.iter().map(|text| (*text).to_owned()).collect(), 28);
        let long = "0123456789012345678901234567";
        assert_eq!(of(&[&format!("{long}X"), &format!("{long}YZ")]), ["…234567X", "…234567YZ"]);
        assert_eq!(of(&[long, "0123456789"]), [long, "0123456789"], "not longer than the room");
        assert_eq!(of(&["short", &format!("{long}X")]), ["short".to_owned(), format!("{long}X")]);
    }
}
