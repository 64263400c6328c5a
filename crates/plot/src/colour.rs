//! Colours as definitions and options write them.

use std::fmt;
use std::str::FromStr;

/// A colour by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// A text that is no colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a colour: use #rrggbb, #rgb or a name such as black, tomato or steelblue")]
pub struct UnknownColour(pub String);

impl FromStr for Rgb {
    type Err = UnknownColour;

    fn from_str(text: &str) -> Result<Self, UnknownColour> {
        let unknown = || UnknownColour(text.to_owned());
        let name = text.trim().to_ascii_lowercase();
        if let Some(digits) = name.strip_prefix('#') {
            let value = u32::from_str_radix(digits, 16).map_err(|_| unknown())?;
            return match digits.len() {
                6 => Ok(Self((value >> 16) as u8, (value >> 8) as u8, value as u8)),
                3 => Ok(Self(nibble(value >> 8), nibble(value >> 4), nibble(value))),
                _ => Err(unknown()),
            };
        }
        NAMES.iter().find(|(n, _)| *n == name).map(|(_, c)| *c).ok_or_else(unknown)
    }
}

fn nibble(value: u32) -> u8 {
    (value & 0xf) as u8 * 0x11
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// The CSS names people use in plot definitions, and matplotlib's letters.
const NAMES: &[(&str, Rgb)] = &[
    ("black", Rgb(0, 0, 0)),
    ("k", Rgb(0, 0, 0)),
    ("white", Rgb(255, 255, 255)),
    ("w", Rgb(255, 255, 255)),
    ("red", Rgb(255, 0, 0)),
    ("r", Rgb(255, 0, 0)),
    ("green", Rgb(0, 128, 0)),
    ("g", Rgb(0, 128, 0)),
    ("blue", Rgb(0, 0, 255)),
    ("b", Rgb(0, 0, 255)),
    ("cyan", Rgb(0, 255, 255)),
    ("c", Rgb(0, 191, 191)),
    ("magenta", Rgb(255, 0, 255)),
    ("m", Rgb(191, 0, 191)),
    ("yellow", Rgb(255, 255, 0)),
    ("y", Rgb(191, 191, 0)),
    ("gray", Rgb(128, 128, 128)),
    ("grey", Rgb(128, 128, 128)),
    ("lightgray", Rgb(211, 211, 211)),
    ("lightgrey", Rgb(211, 211, 211)),
    ("darkgray", Rgb(169, 169, 169)),
    ("darkgrey", Rgb(169, 169, 169)),
    ("silver", Rgb(192, 192, 192)),
    ("orange", Rgb(255, 165, 0)),
    ("darkorange", Rgb(255, 140, 0)),
    ("purple", Rgb(128, 0, 128)),
    ("indigo", Rgb(75, 0, 130)),
    ("violet", Rgb(238, 130, 238)),
    ("brown", Rgb(165, 42, 42)),
    ("maroon", Rgb(128, 0, 0)),
    ("chocolate", Rgb(210, 105, 30)),
    ("pink", Rgb(255, 192, 203)),
    ("hotpink", Rgb(255, 105, 180)),
    ("crimson", Rgb(220, 20, 60)),
    ("tomato", Rgb(255, 99, 71)),
    ("salmon", Rgb(250, 128, 114)),
    ("coral", Rgb(255, 127, 80)),
    ("gold", Rgb(255, 215, 0)),
    ("olive", Rgb(128, 128, 0)),
    ("lime", Rgb(0, 255, 0)),
    ("darkgreen", Rgb(0, 100, 0)),
    ("forestgreen", Rgb(34, 139, 34)),
    ("seagreen", Rgb(46, 139, 87)),
    ("teal", Rgb(0, 128, 128)),
    ("turquoise", Rgb(64, 224, 208)),
    ("navy", Rgb(0, 0, 128)),
    ("darkblue", Rgb(0, 0, 139)),
    ("royalblue", Rgb(65, 105, 225)),
    ("steelblue", Rgb(70, 130, 180)),
    ("skyblue", Rgb(135, 206, 235)),
    ("dodgerblue", Rgb(30, 144, 255)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_and_names() {
        assert_eq!("#1b9e77".parse(), Ok(Rgb(0x1b, 0x9e, 0x77)));
        assert_eq!("#0f8".parse(), Ok(Rgb(0, 0xff, 0x88)));
        assert_eq!("Black".parse(), Ok(Rgb(0, 0, 0)));
        for bad in ["#12345", "#12345g", "blackish", "", "#"] {
            assert!(bad.parse::<Rgb>().is_err(), "{bad}");
        }
        assert_eq!(Rgb(1, 2, 255).to_string(), "#0102ff");
    }
}
