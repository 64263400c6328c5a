//! Where in a definition file a key stands.

use toml::de::{DeArray, DeTable, DeValue};

use crate::error::Step;

/// Line of the deepest part of `path` that the text has, from 1.
pub(crate) fn locate(text: &str, path: &[Step]) -> usize {
    let Ok(document) = DeTable::parse(text) else { return 1 };
    let mut best = 0;
    let mut table = Some(document.get_ref());
    let mut list: Option<&DeArray> = None;
    for step in path {
        let value = match step {
            Step::Key(key) => {
                let Some((found, value)) =
                    table.and_then(|table| table.iter().find(|(name, _)| name.get_ref() == key.as_str()))
                else {
                    break;
                };
                best = found.span().start;
                value
            }
            Step::Index(index) => {
                let Some(value) = list.and_then(|list| list.get(*index)) else { break };
                best = value.span().start;
                value
            }
        };
        (table, list) = match value.get_ref() {
            DeValue::Table(inner) => (Some(inner), None),
            DeValue::Array(inner) => (None, Some(inner)),
            _ => (None, None),
        };
    }
    line_of(text, best)
}

/// Line of a byte, from 1.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|&b| b == b'\n').count() + 1
}
