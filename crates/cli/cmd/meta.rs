//! `fa meta`: the metadata of data files, read without their arrays.

use serde_json::{Map, Value};

use crate::args::MetaArgs;
use crate::failure::{Code, Failure, Outcome};
use crate::inputs;
use crate::output::{self, Console};

pub(crate) fn run(args: &MetaArgs, console: Console) -> Outcome {
    let paths = inputs::expand(&args.files, console)?;
    let mut failed = 0;
    let mut documents = Vec::new();
    let mut notes = inputs::Notes::default();
    for (path, header) in paths.iter().zip(inputs::headers(&paths)) {
        match header {
            Ok(header) => {
                notes.add(path, &header.notes);
                documents.push((path, select(&header.metadata, &args.key)?));
            }
            Err(error) if paths.len() == 1 => return Err(Failure::failed(error)),
            Err(error) => {
                failed += 1;
                Console::warn(error);
            }
        }
    }
    notes.tell(console);
    if documents.is_empty() {
        return Err(Failure::failed("no file could be read"));
    }
    let text = if args.json {
        let array = documents.into_iter().map(|(_, document)| Value::Object(document)).collect();
        // A tree of plain values always serialises.
        format!("{:#}\n", Value::Array(array))
    } else {
        let many = documents.len() > 1;
        let mut text = String::new();
        for (path, document) in documents {
            if many {
                text.push_str(&format!("{}:\n", path.display()));
            }
            for (key, value) in &document {
                tree(key, value, usize::from(many), &mut text);
            }
        }
        text
    };
    output::print(text.as_bytes())?;
    Ok(if failed == 0 { Code::Ok } else { Code::Partial })
}

fn select(metadata: &fa_format::Metadata, keys: &[String]) -> Result<Map<String, Value>, Failure> {
    if keys.is_empty() {
        return Ok(metadata.as_map().clone());
    }
    let mut chosen = Map::new();
    for key in keys {
        let value = metadata.get(key).ok_or_else(|| {
            Failure::failed(format!("no metadata key {key:?} in this file"))
                .hint("`fa meta FILE` prints all keys; parts of a path are separated by `:`")
        })?;
        chosen.insert(key.clone(), value.clone());
    }
    Ok(chosen)
}

/// Objects as an indented tree, short lists on one line.
fn tree(key: &str, value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push_str(&format!("{indent}{key}:\n"));
            for (key, value) in map {
                tree(key, value, depth + 1, text);
            }
        }
        Value::Array(items) if items.iter().any(|i| i.is_object() || i.is_array()) => {
            text.push_str(&format!("{indent}{key}:\n"));
            for (index, item) in items.iter().enumerate() {
                tree(&index.to_string(), item, depth + 1, text);
            }
        }
        Value::String(string) => {
            // Command output is kept with its line ends in some keys; nothing else that a terminal would obey is.
            let string: String = string.replace('\t', " ").chars().filter(|c| *c == '\n' || !c.is_control()).collect();
            let joined = string.trim_end().replace('\n', &format!("\n{indent}    "));
            text.push_str(&format!("{indent}{key}: {joined}\n"));
        }
        other => text.push_str(&format!("{indent}{key}: {other}\n")),
    }
}
