//! Names of type-of-service bytes.

/// The 21 names Flent knows, with the whole byte (DSCP in the upper six bits, ECN clear).
const NAMES: [(&str, u8); 21] = [
    ("AF11", 40),
    ("AF12", 48),
    ("AF13", 56),
    ("AF21", 72),
    ("AF22", 80),
    ("AF23", 88),
    ("AF31", 104),
    ("AF32", 112),
    ("AF33", 120),
    ("AF41", 136),
    ("AF42", 144),
    ("AF43", 152),
    ("CS0", 0),
    ("CS1", 32),
    ("CS2", 64),
    ("CS3", 96),
    ("CS4", 128),
    ("CS5", 160),
    ("CS6", 192),
    ("CS7", 224),
    ("EF", 184),
];

/// The byte of one mark: a name (`CS1`, in either case), `0x` and hexadecimal digits, or a decimal number up to 255.
pub fn tos(mark: &str) -> Option<u8> {
    let mark = mark.trim();
    if let Some((_, byte)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(mark)) {
        return Some(*byte);
    }
    match mark.strip_prefix("0x").or_else(|| mark.strip_prefix("0X")) {
        Some(hex) => u8::from_str_radix(hex, 16).ok(),
        None => mark.parse().ok(),
    }
}

/// The bytes of `up,down`, or of one mark for both ways.
pub(crate) fn tos_pair(marks: &str) -> Result<(u8, u8), String> {
    let (up, down) = marks.split_once(',').unwrap_or((marks, marks));
    let byte = |mark: &str| {
        tos(mark).ok_or_else(|| {
            format!("`{mark}` is not a mark: use a name such as CS1, AF41 or EF, or a number from 0 to 255 (0x.. for hexadecimal)")
        })
    };
    Ok((byte(up)?, byte(down)?))
}

/// The name of a byte, where it has one.
pub fn tos_name(byte: u8) -> Option<&'static str> {
    NAMES.iter().find(|(_, value)| *value == byte).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::{tos, tos_name, tos_pair};

    #[test]
    fn names_numbers_and_nonsense() {
        assert_eq!(tos("EF"), Some(184));
        assert_eq!(tos("cs1"), Some(32));
        assert_eq!(tos("0x10"), Some(16));
        assert_eq!(tos("16"), Some(16));
        for wrong in ["", "256", "0x100", "EF1", "-1", "0x"] {
            assert_eq!(tos(wrong), None, "{wrong}");
        }
        assert_eq!(tos_pair("CS5,EF"), Ok((160, 184)));
        assert_eq!(tos_pair("CS1"), Ok((32, 32)));
        assert!(tos_pair("CS1,XX").is_err_and(|problem| problem.contains("`XX`")));
        assert_eq!(tos_name(192), Some("CS6"));
        assert_eq!(tos_name(1), None);
    }
}
