//! Our reader against serde_json: it accepts the same texts and reads the same values.

use serde_json::Value;

use super::{Cursor, ValueNotes, close, list_end, push_value, value_of};

/// Reads a whole text.
fn ours(text: &str) -> Option<Value> {
    let mut cursor = Cursor::new(text);
    let value = value_of(&mut cursor, "", &mut ValueNotes::default()).ok()?;
    cursor.peek().is_none().then_some(value)
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

const SEEDS: [&str; 6] = [
    r#"{"a": [1, 2.5, -0, -0.0, 1e5, 1E-7, 12345678901234567890, null], "b": {"c": true, "d": false}}"#,
    r#"["\u00e4\ud83d\ude00\n\\\"\/\b", "ü", "", {}, [], {"": [[]]}]"#,
    "{\"x\": [0.1,\n      10.538749772890014, \n      7.16\t,\r\n1496158967.152647], \"y\": 1.7976931348623157e308}",
    r#"[{"t": 1.5, "val": 2}, {"t": 1.75, "lost": true, "dir": "]"}, {"s": "\\\"["}]"#,
    "123456789.123456789",
    "[-9223372036854775808, 9223372036854775807, 18446744073709551615, 5e-324]",
];

#[test]
fn texts_are_judged_and_read_as_by_serde_json() {
    let mut random = Random(0x5eed);
    let alphabet = b"{}[]\",:\\0123456789.eE+-truefalsnu \n\tNI\x01";
    let (mut good, mut bad) = (0, 0);
    for turn in 0..60_000 {
        let mut bytes = SEEDS[turn % SEEDS.len()].as_bytes().to_vec();
        for _ in 0..random.below(4) {
            if bytes.is_empty() {
                break;
            }
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = alphabet[random.below(alphabet.len())],
                1 => bytes.insert(at, alphabet[random.below(alphabet.len())]),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at + 1),
            }
        }
        let Ok(text) = String::from_utf8(bytes) else { continue };
        // What Python adds is ours alone.
        if text.contains(['N', 'I']) {
            let _ = ours(&text);
            continue;
        }
        let theirs: Option<Value> = serde_json::from_str(&text).ok();
        assert_eq!(ours(&text), theirs, "{text}");
        if let Some(value) = &theirs {
            let mut written = String::new();
            push_value(&mut written, value, Some(2));
            assert_eq!(ours(&written).as_ref(), Some(value), "{written}");
            good += 1;
        } else {
            bad += 1;
        }
    }
    assert!(good > 10_000 && bad > 10_000, "{good} {bad}");
}

#[test]
fn the_end_of_a_list_is_found_whatever_is_in_strings() {
    for text in ["[]", "[1, 2]", r#"["]", 1]"#, r#"["\"]", [2]]"#, r#"[{"a": "]["}, ["]"]]"#, r#"["\\", "]"]"#] {
        let longer = format!("{text}, \"b\": [3]}}");
        assert_eq!(list_end(longer.as_bytes(), 0), Some(text.len()), "{text}");
        for cut in 0..text.len() {
            // A list that is not closed ends nowhere; a bracket in an unfinished string does not close it.
            assert_eq!(list_end(&text.as_bytes()[..cut], 0), None, "{}", &text[..cut]);
        }
    }
    // Longer than the blocks in which quotes are counted.
    let long = format!("[{}\"x]\"]", "\"abc\", ".repeat(100));
    assert_eq!(list_end(long.as_bytes(), 0), Some(long.len()));
}

#[test]
fn a_cut_text_is_closed_after_its_last_complete_value() {
    for (cut, closed) in [
        (r#"{"a": 1, "b": [1, 2"#, r#"{"a": 1, "b": [1]}"#),
        (r#"{"a": 1, "b": [1, 2,"#, r#"{"a": 1, "b": [1, 2]}"#),
        (r#"{"a": 1, "b": "#, r#"{"a": 1}"#),
        (r#"{"a": 1, "b"#, r#"{"a": 1}"#),
        (r#"{"a": {"b": "x]}", "c": tr"#, r#"{"a": {"b": "x]}"}}"#),
        (r#"{"a": [{"b": 1}, {"#, r#"{"a": [{"b": 1}, {}]}"#),
        ("{", "{}"),
    ] {
        let mut text = cut.to_owned();
        assert!(close(&mut text).is_some(), "{cut}");
        assert_eq!(text, closed);
    }
    for whole in SEEDS.iter().filter(|s| s.starts_with(['{', '['])) {
        for cut in (1..=whole.len()).filter(|n| whole.is_char_boundary(*n)) {
            let mut text = whole[..cut].to_owned();
            assert!(close(&mut text).is_some(), "{cut} of {whole}");
            assert!(ours(&text).is_some(), "{text}");
        }
    }
}
