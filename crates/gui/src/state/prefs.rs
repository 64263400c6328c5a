//! Preferences: what holds for every window, session and file. Plain data; [`super::config`] reads and writes them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::action::RunRequest;
use super::keys::Chord;
use super::workspace::{Palette, ThemeChoice};

/// What a person prefers.
#[derive(Debug, Clone, PartialEq)]
pub struct Prefs {
    /// Theme of a fresh window.
    pub theme: ThemeChoice,
    /// Colours of series in a fresh window.
    pub palette: Palette,
    /// Size of everything in a fresh window.
    pub scale: f32,
    /// Digits that count in tables of numbers.
    pub digits: u8,
    /// Seconds between two looks at files and folders.
    pub watch_secs: f64,
    /// Open the last session when no file is named.
    pub resume: bool,
    /// Megabytes that files in memory may take before those that no view shows are let go of.
    pub memory_mb: u32,
    /// Megabytes of the cache of headers and statistics; 0: none.
    pub cache_mb: u32,
    /// Keys of commands by id that differ from the built-in ones; `None`: no key.
    pub keys: BTreeMap<String, Option<Chord>>,
    /// Runs with a name.
    pub runs: Vec<RunPreset>,
}

/// A run with a name: everything of the dialog but the folder, which is where the work is.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPreset {
    /// What it is called.
    pub name: String,
    /// What is run; its folder is empty.
    pub run: RunRequest,
}

/// Limits of sizes and numbers.
pub mod limits {
    use std::ops::RangeInclusive;

    /// Size of everything.
    pub const SCALE: RangeInclusive<f64> = 0.75..=2.5;
    /// Digits that count.
    pub const DIGITS: RangeInclusive<i64> = 2..=9;
    /// Seconds between two looks.
    pub const WATCH: RangeInclusive<f64> = 0.5..=3600.0;
    /// Megabytes of files in memory.
    pub const MEMORY: RangeInclusive<i64> = 16..=1_000_000;
    /// Megabytes of cache.
    pub const CACHE: RangeInclusive<i64> = 0..=100_000;
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::System,
            palette: Palette::OkabeIto,
            scale: 1.0,
            digits: 3,
            watch_secs: 2.0,
            resume: false,
            memory_mb: 512,
            cache_mb: 256,
            keys: BTreeMap::new(),
            runs: Vec::new(),
        }
    }
}

impl Prefs {
    /// Gives commands the keys that a person wants.
    ///
    /// - `built_in`: ids and built-in keys, in the order of the table
    ///
    /// A key that a person gave to one command is taken from the command that has it built in. Of two commands with the
    /// same key by a person's own hand the first one has it.
    pub fn keys_of(&self, built_in: &[(&'static str, &'static str)]) -> Vec<Option<Chord>> {
        let mut taken: Vec<&Chord> = Vec::new();
        let mut own: BTreeMap<&str, Option<&Chord>> = BTreeMap::new();
        for (id, _) in built_in {
            if let Some(chosen) = self.keys.get(*id) {
                let free = chosen.as_ref().filter(|chord| !taken.contains(chord));
                taken.extend(free);
                own.insert(id, free);
            }
        }
        let key = |(id, built_in): &(&'static str, &'static str)| match own.get(id) {
            Some(chosen) => chosen.cloned(),
            None => Chord::parse(built_in).ok().filter(|chord| !taken.contains(&chord)),
        };
        built_in.iter().map(key).collect()
    }

    /// Gives a command a key (`None`: none), and takes it from the command that had it.
    pub fn bind(&mut self, id: &str, chord: Option<Chord>, built_in: &[(&'static str, &'static str)]) {
        let had: Vec<&str> = match &chord {
            None => Vec::new(),
            Some(chord) => {
                let keys = self.keys_of(built_in);
                built_in
                    .iter()
                    .zip(keys)
                    .filter(|(_, key)| key.as_ref() == Some(chord))
                    .map(|((id, _), _)| *id)
                    .collect()
            }
        };
        for other in had.into_iter().filter(|other| *other != id) {
            self.keys.insert(other.to_owned(), None);
        }
        let default = built_in.iter().find(|(known, _)| *known == id).and_then(|(_, key)| Chord::parse(key).ok());
        if default == chord {
            self.keys.remove(id);
        } else {
            self.keys.insert(id.to_owned(), chord);
        }
    }

    /// Bytes that files in memory may take.
    pub fn memory_bytes(&self) -> usize {
        self.memory_mb as usize * 1_000_000
    }

    /// Saves a run under a name, in place of the one that had it.
    pub fn save_run(&mut self, name: &str, run: &RunRequest) {
        let run = RunRequest { folder: PathBuf::new(), ..run.clone() };
        match self.runs.iter_mut().find(|preset| preset.name == name) {
            Some(preset) => preset.run = run,
            None => self.runs.push(RunPreset { name: name.to_owned(), run }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const BUILT_IN: [(&str, &str); 3] = [("save", "Ctrl+S"), ("fit", "0"), ("link", "")];

    fn names(prefs: &Prefs) -> Vec<String> {
        prefs.keys_of(&BUILT_IN).into_iter().map(|key| key.map_or(String::new(), |c| c.to_string())).collect()
    }

    #[test]
    fn a_key_has_one_command_and_reset_brings_the_built_in_one_back() {
        let mut prefs = Prefs::default();
        assert_eq!(names(&prefs), ["Ctrl+S", "0", ""]);
        prefs.bind("link", Some(Chord::parse("Ctrl+S").unwrap()), &BUILT_IN);
        assert_eq!(names(&prefs), ["", "0", "Ctrl+S"]);
        prefs.bind("save", Some(Chord::parse("Ctrl+S").unwrap()), &BUILT_IN);
        assert_eq!(names(&prefs), ["Ctrl+S", "0", ""]);
        assert!(!prefs.keys.contains_key("save"), "the built-in key is no preference");
        prefs.bind("fit", None, &BUILT_IN);
        assert_eq!(names(&prefs), ["Ctrl+S", "", ""]);
        prefs.keys.clear();
        assert_eq!(names(&prefs), ["Ctrl+S", "0", ""]);
    }

    #[test]
    fn of_two_commands_with_one_key_by_hand_the_first_has_it() {
        let key = Some(Chord::parse("Alt+Q").unwrap());
        let keys = [("fit".to_owned(), key.clone()), ("link".to_owned(), key)].into();
        assert_eq!(names(&Prefs { keys, ..Prefs::default() }), ["Ctrl+S", "Alt+Q", ""]);
    }
}
