//! Keys by name: `Ctrl+Shift+S`. Which command has which key is in [`super::commands`], what a person changed in
//! [`super::prefs`].

use std::fmt;

/// A key with its modifiers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    /// Control, or Command on a Mac.
    pub ctrl: bool,
    /// Alt.
    pub alt: bool,
    /// Shift.
    pub shift: bool,
    /// Name of the key: one of [`NAMED`], [`SIGNS`], a letter, a digit, `F1` to `F24`.
    pub key: String,
}

/// Keys with names.
pub const NAMED: [&str; 15] = [
    "Left",
    "Right",
    "Up",
    "Down",
    "Esc",
    "Enter",
    "Space",
    "Tab",
    "Backspace",
    "Insert",
    "Delete",
    "Home",
    "End",
    "PageUp",
    "PageDown",
];

/// Keys that are signs. Which of them need Shift depends on the keyboard, so Shift does not count with them.
pub const SIGNS: [&str; 17] = ["+", "-", "=", "?", "!", ",", ".", ":", ";", "/", "\\", "|", "[", "]", "{", "}", "`"];

impl Chord {
    /// From its name.
    ///
    /// # Errors
    /// What is no key in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut chord = Self { ctrl: false, alt: false, shift: false, key: String::new() };
        let mut rest = text.trim();
        // The last sign may be the key `+` itself.
        while let Some((word, after)) =
            rest.split_once('+').filter(|(word, after)| !word.is_empty() && !after.is_empty())
        {
            match word.trim().to_ascii_lowercase().as_str() {
                "ctrl" | "control" | "cmd" => chord.ctrl = true,
                "alt" => chord.alt = true,
                "shift" => chord.shift = true,
                _ => return Err(format!("{word:?} is no modifier: Ctrl, Alt and Shift are")),
            }
            rest = after.trim();
        }
        chord.key = key(rest)
            .ok_or_else(|| format!("{rest:?} is no key: A, 1, F5, Left, Space, PageUp, + and the like are"))?;
        Ok(chord)
    }

    /// Whether it is a sign, with which Shift does not count.
    pub fn is_sign(&self) -> bool {
        SIGNS.contains(&self.key.as_str())
    }

    /// Whether pressing `pressed` means this one.
    pub fn is(&self, pressed: &Self) -> bool {
        let shift = self.shift == pressed.shift || (self.is_sign() && !self.shift);
        self.ctrl == pressed.ctrl && self.alt == pressed.alt && shift && self.key == pressed.key
    }

    /// It types something: not to be taken from somebody who is typing.
    pub fn types(&self) -> bool {
        let function = self.key.len() > 1 && self.key.starts_with('F') && self.key[1..].parse::<u8>().is_ok();
        !self.ctrl && !self.alt && !function
    }

    /// With Ctrl or Alt it moves in a text, marks or removes words of it, or takes typing back.
    pub fn edits(&self) -> bool {
        let moves = ["Left", "Right", "Up", "Down", "Home", "End", "Backspace", "Delete"].contains(&self.key.as_str());
        (self.ctrl || self.alt) && moves || self.ctrl && !self.alt && ["A", "Y", "Z"].contains(&self.key.as_str())
    }
}

/// The name of a key as we write it.
fn key(text: &str) -> Option<String> {
    let found = NAMED.iter().chain(&SIGNS).find(|name| name.eq_ignore_ascii_case(text));
    if let Some(name) = found {
        return Some((*name).to_owned());
    }
    let upper = text.to_ascii_uppercase();
    let one = upper.len() == 1 && upper.bytes().all(|b| b.is_ascii_alphanumeric());
    let function = upper.strip_prefix('F').and_then(|n| n.parse::<u8>().ok()).is_some_and(|n| (1..=24).contains(&n));
    (one || function).then_some(upper)
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (on, name) in [(self.ctrl, "Ctrl+"), (self.alt, "Alt+"), (self.shift, "Shift+")] {
            if on {
                f.write_str(name)?;
            }
        }
        f.write_str(&self.key)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_order_and_written_in_one() {
        for (text, name) in [
            ("ctrl+s", "Ctrl+S"),
            ("Shift+Ctrl+F5", "Ctrl+Shift+F5"),
            ("Ctrl++", "Ctrl++"),
            ("+", "+"),
            (" alt + left ", "Alt+Left"),
            ("?", "?"),
        ] {
            assert_eq!(Chord::parse(text).unwrap().to_string(), name);
        }
        for text in ["", "Hyper+A", "F25", "Ctrl+", "ab", "ä"] {
            assert!(Chord::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shift_counts_with_letters_and_not_with_signs() {
        let chord = |text| Chord::parse(text).unwrap();
        assert!(chord("?").is(&chord("Shift+?")) && chord("Ctrl++").is(&chord("Ctrl+Shift++")));
        assert!(!chord("X").is(&chord("Shift+X")) && !chord("Ctrl+Z").is(&chord("Ctrl+Shift+Z")));
        assert!(["Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+Right", "Alt+Up", "Ctrl+Backspace"].iter().all(|c| chord(c).edits()));
        assert!(!["Ctrl+S", "Ctrl+Alt+Z", "F6", "Z", "Ctrl+Shift+C"].iter().any(|c| chord(c).edits()));
        assert!(chord("X").types() && !chord("F5").types() && !chord("Ctrl+X").types());
    }
}
