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

/// The text of a data file's `NOTE` with these notes behind what it says already, one a line: part of the run, text, who and when.
pub fn merged(own: Option<&str>, notes: &[Note]) -> String {
    let mut lines: Vec<String> =
        own.map(str::trim).filter(|own| !own.is_empty()).map(str::to_owned).into_iter().collect();
    for note in notes {
        let part = match (note.t0, note.t1) {
            (Some(a), Some(b)) if a < b => format!("[{a:.2}–{b:.2} s] "),
            (Some(a), _) => format!("[{a:.2} s] "),
            _ => String::new(),
        };
        let by =
            [note.author.as_str(), note.created.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>();
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
        lines.push(format!("{part}{}{by}", note.text.trim()));
    }
    lines.join("\n")
}

/// Notes with the change made to them that leads from some to others: what is missing in the later ones goes, what is new in
/// them comes, once. Everything else stays, in its order.
pub fn carried(notes: &[Note], from: &[Note], to: &[Note]) -> Vec<Note> {
    if notes == from {
        return to.to_vec();
    }
    let without = |all: &[Note], taken: &[Note]| {
        let mut left = all.to_vec();
        for note in taken {
            if let Some(at) = left.iter().position(|other| other == note) {
                left.remove(at);
            }
        }
        left
    };
    let (gone, new) = (without(from, to), without(to, from));
    let mut carried = without(notes, &gone);
    for note in new {
        if !carried.contains(&note) {
            carried.push(note);
        }
    }
    carried
}

/// Words that begin with `#` are tags.
pub fn tags_in(text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter_map(|word| word.strip_prefix('#'));
    words.map(|w| w.trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned()).filter(|w| !w.is_empty()).collect()
}

/// Tags of notes, each once, in the order of the alphabet.
pub fn tags_of(notes: &[Note]) -> Vec<String> {
    let mut tags: Vec<String> = notes.iter().flat_map(|note| note.tags.iter().cloned()).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// Gives the whole run a tag, in the note that holds nothing but tags; or takes it out of all notes on the whole run.
pub fn toggle_tag(notes: &mut Vec<Note>, tag: &str) {
    let tag = tag.trim().trim_start_matches('#');
    if tag.is_empty() || tag.contains(char::is_whitespace) {
        return;
    }
    let whole = |note: &Note| note.t0.is_none() && note.t1.is_none();
    if notes.iter().any(|note| whole(note) && note.tags.iter().any(|t| t == tag)) {
        for note in notes.iter_mut().filter(|note| whole(note)) {
            note.tags.retain(|t| t != tag);
            if tags_in(&note.text).iter().any(|t| t == tag) {
                let others = note.text.split_inclusive(char::is_whitespace);
                let others = others.filter(|word| tags_in(word).first().is_none_or(|t| t != tag));
                others.collect::<String>().trim().clone_into(&mut note.text);
            }
        }
        notes.retain(|note| !(whole(note) && note.text.is_empty() && note.tags.is_empty()));
        return;
    }
    let only_tags = |note: &&mut Note| whole(note) && note.text.split_whitespace().all(|word| word.starts_with('#'));
    match notes.iter_mut().find(only_tags) {
        Some(note) => {
            let text = format!("{} #{tag}", note.text);
            text.trim().clone_into(&mut note.text);
            note.tags.push(tag.to_owned());
        }
        None => notes.push(Note { text: format!("#{tag}"), tags: vec![tag.to_owned()], ..Note::default() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_notes_follow_what_the_file_says_itself() {
        let note = |t0, t1, text: &str| Note { t0, t1, text: text.into(), author: "ann".into(), ..Note::default() };
        let notes =
            [note(None, None, "bad run"), note(Some(1.0), Some(2.5), "dip "), note(Some(3.0), Some(3.0), "here")];
        let text = "own\nbad run (ann)\n[1.00–2.50 s] dip (ann)\n[3.00 s] here (ann)";
        assert_eq!(merged(Some(" own"), &notes), text);
        assert_eq!(merged(None, &[]), "");
    }

    #[test]
    fn a_change_of_notes_is_carried_over_to_others() {
        let note = |text: &str| Note { text: text.into(), ..Note::default() };
        let notes = |texts: &[&str]| texts.iter().map(|text| note(text)).collect::<Vec<_>>();
        let carry = |there: &[&str], from: &[&str], to: &[&str]| {
            carried(&notes(there), &notes(from), &notes(to)).into_iter().map(|note| note.text).collect::<Vec<_>>()
        };
        assert_eq!(carry(&["a"], &["a"], &["b", "a", "a"]), ["b", "a", "a"], "as it was: exactly what is wanted");
        assert_eq!(carry(&["a", "theirs"], &["a"], &["a", "ours"]), ["a", "theirs", "ours"]);
        assert_eq!(carry(&["a", "theirs"], &["a"], &["edited"]), ["theirs", "edited"]);
        assert_eq!(carry(&["theirs"], &["a"], &[]), ["theirs"]);
        assert_eq!(carry(&["theirs", "ours"], &[], &["ours"]), ["theirs", "ours"], "once");
    }

    #[test]
    fn a_tag_comes_and_goes_and_leaves_what_was_written() {
        let mut notes = vec![Note { text: "odd #wifi run".into(), tags: vec!["wifi".into()], ..Note::default() }];
        toggle_tag(&mut notes, "good");
        toggle_tag(&mut notes, "#kept");
        assert_eq!(notes[1].text, "#good #kept");
        assert_eq!(tags_of(&notes), ["good", "kept", "wifi"]);
        toggle_tag(&mut notes, "wifi");
        assert_eq!(notes[0].text, "odd run");
        toggle_tag(&mut notes, "good");
        toggle_tag(&mut notes, "kept");
        assert_eq!(notes.len(), 1, "a note that held only tags goes with the last one");
        // Of a part of the run: not the file's.
        notes[0] =
            Note { t0: Some(1.0), t1: Some(2.0), text: "#bad".into(), tags: vec!["bad".into()], ..Note::default() };
        toggle_tag(&mut notes, "bad");
        assert_eq!(notes.len(), 2);
        toggle_tag(&mut notes, "two words");
        assert_eq!(notes.len(), 2);
    }

    #[test]
    fn notes_are_beside_the_data_and_tags_are_words_with_a_hash() {
        assert_eq!(sidecar(Path::new("/a/b.flent.gz")), Path::new("/a/b.flent.gz.notes.json"));
        assert_eq!(tags_in("bad run #trash, #wifi."), ["trash", "wifi"]);
    }
}
