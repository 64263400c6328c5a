//! What far ends tell, made fit to be shown and stored: a server may be hostile, its words are data and nothing else.

use serde_json::{Map, Value};

/// Longest text of a server that is shown, characters.
const MAX_SPOKEN: usize = 500;
/// Longest text inside facts, characters: the statistics of a qdisc are some hundred.
const MAX_TEXT: usize = 4000;
/// Longest key inside facts, characters.
const MAX_KEY: usize = 200;
/// Deepest nesting of facts; a host's own have five.
const MAX_DEPTH: usize = 10;
/// Values inside one answer of facts, all together; a host with many queues has some thousand.
const MAX_VALUES: usize = 50_000;

/// Text of a server as it may be shown on a terminal: no control characters, nothing that changes the direction of
/// writing, and not too much of it.
///
/// ```
/// assert_eq!(fa_measure::foreign::spoken("a\u{1b}[2J\r\nb\u{202e}c"), "a[2Jbc");
/// ```
pub fn spoken(text: &str) -> String {
    text.chars().filter(|&c| harmless(c)).take(MAX_SPOKEN).collect()
}

/// Neither a control character nor one that turns text around or hides it.
fn harmless(c: char) -> bool {
    let turns = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    !c.is_control() && !turns
}

/// Facts about a far host, cleaned: texts without control characters (line ends stay: counters are in lines; tabs stay: they
/// part the numbers of kernel settings such as `net.ipv4.tcp_rmem`) and bounded in length, depth and number. The second number tells how many values had to be left out.
pub fn facts(told: Map<String, Value>) -> (Map<String, Value>, u64) {
    let mut cleaner = Cleaner { room: MAX_VALUES, left_out: 0 };
    let facts = cleaner.object(told, 0);
    (facts, cleaner.left_out)
}

struct Cleaner {
    room: usize,
    left_out: u64,
}

impl Cleaner {
    fn value(&mut self, value: Value, depth: usize) -> Option<Value> {
        if self.room == 0 || depth > MAX_DEPTH {
            self.left_out += 1;
            return None;
        }
        self.room -= 1;
        Some(match value {
            Value::String(text) => {
                Value::String(text.chars().filter(|&c| c == '\n' || c == '\t' || harmless(c)).take(MAX_TEXT).collect())
            }
            Value::Array(values) => {
                values.into_iter().filter_map(|value| self.value(value, depth + 1)).collect::<Vec<_>>().into()
            }
            Value::Object(map) => self.object(map, depth + 1).into(),
            plain => plain,
        })
    }

    fn object(&mut self, map: Map<String, Value>, depth: usize) -> Map<String, Value> {
        let mut clean = Map::new();
        for (key, value) in map {
            let key: String = key.chars().filter(|&c| harmless(c)).take(MAX_KEY).collect();
            if let Some(value) = self.value(value, depth) {
                clean.insert(key, value);
            }
        }
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else { panic!("{value}") };
        map
    }

    #[test]
    fn servers_cannot_write_on_our_terminal() {
        assert_eq!(spoken("a\u{1b}[2J\r\nb\u{9b}c\u{7f}é"), "a[2Jbcé");
        assert_eq!(spoken(&"ä".repeat(9000)).chars().count(), MAX_SPOKEN);
    }

    #[test]
    fn facts_keep_their_shape_and_lose_what_a_terminal_would_obey() {
        let told = json!({"KERNEL_RELEASE": "6.1\u{1b}[31m", "EGRESS_INFO": {"tc_stats_pre": ["a\n b\u{7}"], "bql": null},
            "k\u{9b}ey": 3});
        let expected =
            json!({"KERNEL_RELEASE": "6.1[31m", "EGRESS_INFO": {"tc_stats_pre": ["a\n b"], "bql": null}, "key": 3});
        assert_eq!(facts(object(told)), (object(expected), 0));
    }

    #[test]
    fn kernel_settings_with_several_numbers_keep_them_apart() {
        let told = json!({"SYSCTLS": {"net.ipv4.tcp_rmem": "4096\t131072\t6291456"}});
        assert_eq!(facts(object(told.clone())), (object(told), 0));
    }

    #[test]
    fn facts_are_bounded_in_length_depth_and_number() {
        let mut deep = json!(1);
        for _ in 0..50 {
            deep = json!([deep]);
        }
        let told = json!({"long": "x".repeat(100_000), "many": vec![0; 200_000], "deep": deep});
        let (clean, left_out) = facts(object(told));
        assert!(left_out > 100_000);
        assert!(Value::from(clean).to_string().len() < 4 * MAX_VALUES);
    }

    proptest! {
        #[test]
        fn nothing_told_survives_as_a_control_character(text in ".*", key in ".*") {
            let (clean, _) = facts(object(json!({ key: [text] })));
            let text = Value::from(clean).to_string();
            prop_assert!(text.chars().all(harmless), "{text:?}");
        }
    }
}
