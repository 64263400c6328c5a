//! Text with placeholders: `TCP {dir} {label}`, `{markings[]?CS0}`.
//!
//! | placeholder | becomes |
//! |---|---|
//! | `{name}` | the value of a name; an error where there is none |
//! | `{name?text}` | the value, or `text` (which may hold placeholders) where there is none or it is empty |
//! | `{name[]}`, `{name[]?text}` | the entry of this stream in a comma-separated list |
//!
//! Values are put in as they are: a brace in a host name is not read again.

/// Where the values come from.
pub(crate) trait Names {
    /// The value of a name, `None` where it has none.
    fn value(&self, name: &str, depth: usize) -> Result<Option<String>, String>;
    /// Number of the present stream, from 0.
    fn stream(&self) -> usize;
}

/// Deepest nesting of defaults and of names that stand for templates.
const MAX_DEPTH: usize = 16;

/// `text` with every placeholder replaced.
pub(crate) fn fill(text: &str, names: &dyn Names) -> Result<String, String> {
    fill_nested(text, names, 0)
}

/// As [`fill`], inside a template that is itself being filled.
pub(crate) fn fill_nested(text: &str, names: &dyn Names, depth: usize) -> Result<String, String> {
    if depth > MAX_DEPTH {
        return Err(format!("`{text}` refers to itself"));
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        let inside = &rest[open + 1..];
        let close = closing(inside).ok_or_else(|| format!("`{text}` lacks a closing brace"))?;
        filled.push_str(&placeholder(&inside[..close], names, depth)?);
        rest = &inside[close + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

fn closing(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn placeholder(inside: &str, names: &dyn Names, depth: usize) -> Result<String, String> {
    let (name, default) = match inside.split_once('?') {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let (name, listed) = match name.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (name, false),
    };
    // The name itself may have to be put together: `{{dir}_streams}`.
    let name = &fill_nested(name, names, depth + 1)?;
    let mut value = names.value(name, depth + 1)?;
    if listed {
        value = value.and_then(|list| items(&list).nth(names.stream()).map(str::to_owned));
    }
    match (value.filter(|text| !text.is_empty()), default) {
        (Some(text), _) => Ok(text),
        (None, Some(default)) => fill_nested(default, names, depth + 1),
        (None, None) if listed => {
            let number = names.stream() + 1;
            Err(format!(
                "parameter {name} has no entry number {number}, and one is needed for each in the list beside it"
            ))
        }
        (None, None) => Err(format!("`{{{inside}}}` has no value here")),
    }
}

/// The entries of a comma-separated list; blanks around them do not count.
pub(crate) fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::{Names, fill, fill_nested};

    struct Few;

    impl Names for Few {
        fn value(&self, name: &str, depth: usize) -> Result<Option<String>, String> {
            match name {
                "dir" => Ok(Some("li".to_owned())),
                "host" => Ok(Some("a{b}".to_owned())),
                "list" => Ok(Some("x, y,,z".to_owned())),
                "loop" => fill_nested("{loop}", self, depth).map(Some),
                _ => Ok(None),
            }
        }

        fn stream(&self) -> usize {
            1
        }
    }

    #[test]
    fn placeholders() {
        for (text, expected) in [
            ("plain", "plain"),
            ("to {host}!", "to a{b}!"),
            ("{none?default}", "default"),
            ("{none?}", ""),
            ("{list[]}", "y"),
            ("{list}", "x, y,,z"),
            ("{none[]?{host} ({list[]})}", "a{b} (y)"),
            ("{{dir}st[]}", "y"),
        ] {
            assert_eq!(fill(text, &Few).as_deref(), Ok(expected), "{text}");
        }
        for text in ["{none}", "{open", "{loop}", "{none[]}"] {
            assert!(fill(text, &Few).is_err(), "{text}");
        }
    }
}
