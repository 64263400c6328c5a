//! Differences for people: a tree, two files in two columns, more as each value with the files that have it.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Difference, Found, MetaDiff, Variant};

/// Least width of a column of values.
const NARROW: usize = 16;

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
    if columns {
        let room = width.saturating_sub(names + 4) / 2;
        lines.insert(0, Line { depth: 0, name: String::new(), cells: vec!["1".to_owned(), "2".to_owned()] });
        print(&lines, names, &[room.max(NARROW); 2], &mut text);
    } else {
        let of_files = lines.iter().filter_map(|line| line.cells.first()).map(|cell| length(cell)).max().unwrap_or(0);
        let room = width.saturating_sub(names + of_files + 4);
        print(&lines, names, &[of_files, room.max(NARROW)], &mut text);
    }
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

fn print(lines: &[Line], names: usize, widths: &[usize], text: &mut String) {
    // As wide as what is in it, at most as wide as there is room.
    let widths: Vec<usize> = widths
        .iter()
        .enumerate()
        .map(|(c, most)| {
            lines.iter().filter_map(|l| l.cells.get(c)).map(|cell| length(cell)).max().unwrap_or(0).min(*most)
        })
        .collect();
    for line in lines {
        let left = format!("{}{}", "  ".repeat(line.depth), line.name);
        let mut row = if line.cells.is_empty() { left } else { format!("{:<names$}", elide(&left, names)) };
        for (cell, width) in line.cells.iter().zip(&widths) {
            let _ = write!(row, "  {:<width$}", elide(cell, *width));
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
}

/// Lines of keys. Neighbours that differ in the same way share one.
fn tree(differences: &[Difference], depth: usize, columns: bool, lines: &mut Vec<Line>) {
    let mut rest = differences;
    while let [first, ..] = rest {
        let alike = rest.iter().take_while(|other| is_like(first, other)).count();
        let unit = first.unit.map(|unit| format!(" ({unit})")).unwrap_or_default();
        let name = match &rest[..alike] {
            [one] => format!("{}{unit}", one.key),
            [first, .., last] => format!("{} … {}{unit} ({alike})", first.key, last.key),
            [] => break,
        };
        values(first, depth, name, columns, lines);
        tree(&first.keys, depth + 1, columns, lines);
        rest = &rest[alike..];
    }
}

/// The same values and the same differences below, under another name.
fn is_like(a: &Difference, b: &Difference) -> bool {
    let same_keys =
        || a.keys.len() == b.keys.len() && a.keys.iter().zip(&b.keys).all(|(a, b)| a.key == b.key && is_like(a, b));
    a.unit == b.unit && a.values == b.values && same_keys()
}

fn values(difference: &Difference, depth: usize, name: String, columns: bool, lines: &mut Vec<Line>) {
    if difference.values.is_empty() {
        lines.push(Line { depth, name, cells: Vec::new() });
        return;
    }
    let shown = part(show(&difference.values));
    if columns {
        let of = |file: usize| {
            let variant = difference.values.iter().position(|variant| variant.files.contains(&file));
            variant.map_or_else(String::new, |v| shown[v].clone())
        };
        lines.push(Line { depth, name, cells: vec![of(0), of(1)] });
        return;
    }
    let mut name = Some(name);
    for (variant, value) in difference.values.iter().zip(shown) {
        let name = name.take().unwrap_or_default();
        lines.push(Line { depth, name, cells: vec![ranges(&variant.files), value] });
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

fn bare(found: &Found) -> String {
    match found {
        Found::Absent(_) => "(absent)".to_owned(),
        Found::Value(Value::String(text)) if text.trim() != text || text.is_empty() || text == "(absent)" => {
            Value::from(text.as_str()).to_string()
        }
        Found::Value(Value::String(text)) => text.replace('\n', "⏎").replace('\t', " "),
        Found::Value(Value::Object(map)) if !map.is_empty() => format!("{{{} keys}}", map.len()),
        Found::Value(Value::Array(list)) if !list.is_empty() => {
            let scalar = |value: &Value| !value.is_object() && !value.is_array();
            if list.iter().all(scalar) {
                list.iter().map(|value| bare(&Found::Value(value.clone()))).collect::<Vec<_>>().join(", ")
            } else {
                format!("[{} entries]", list.len())
            }
        }
        Found::Value(value) => value.to_string(),
    }
}

/// Long texts that begin alike lose that part, but for a few characters to find the place by.
fn part(texts: Vec<String>) -> Vec<String> {
    const LONG: usize = 28;
    const KEPT: usize = 6;
    let Some((first, others)) = texts.split_first() else { return texts };
    let alike_with = |other: &String| first.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let alike = others.iter().map(alike_with).min().unwrap_or(0);
    if alike <= KEPT + 1 || texts.iter().all(|text| length(text) <= LONG) {
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
        let of = |texts: &[&str]| part(texts.iter().map(|text| (*text).to_owned()).collect());
        let long = "0123456789012345678901234567";
        assert_eq!(of(&[&format!("{long}X"), &format!("{long}YZ")]), ["…234567X", "…234567YZ"]);
        assert_eq!(of(&[long, "0123456789"]), [long, "0123456789"], "not longer than the room");
        assert_eq!(of(&["short", &format!("{long}X")]), ["short".to_owned(), format!("{long}X")]);
    }
}
