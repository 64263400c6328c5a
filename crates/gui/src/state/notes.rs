//! Notes on files and on parts of runs, kept in a file of their own beside the data: `x.flent.gz.notes.json`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One note.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Note {
    /// Start of the part it is about, seconds of the run; `None`: the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t0: Option<f64>,
    /// End of that part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t1: Option<f64>,
    /// What is said.
    pub text: String,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// When, ISO 8601, UTC.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub created: String,
    /// Keys of newer programs.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// The file of a data file's notes.
pub fn sidecar(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".notes.json");
    name.into()
}

/// Words that begin with `#` are tags.
pub fn tags_in(text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter_map(|word| word.strip_prefix('#'));
    words.map(|w| w.trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned()).filter(|w| !w.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_beside_the_data_and_tags_are_words_with_a_hash() {
        assert_eq!(sidecar(Path::new("/a/b.flent.gz")), Path::new("/a/b.flent.gz.notes.json"));
        assert_eq!(tags_in("bad run #trash, #wifi."), ["trash", "wifi"]);
    }
}
