//! Colours as definitions and options write them.

use std::fmt;
use std::str::FromStr;

/// A colour by value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// How well a colour is seen on another: the ratio of their luminances, 1–21 (WCAG 2.2, "contrast ratio").
pub fn contrast(a: Rgb, b: Rgb) -> f64 {
    let luminance = |Rgb(r, g, b): Rgb| {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// How far apart two colours are for the eye that tells them apart least: CIE 1976 ΔE, the least of normal sight,
/// protanopia and deuteranopia (Viénot, Brettel and Mollon 1999), and tritanopia (Machado, Oliveira and Fernandes 2009).
pub fn apart(a: Rgb, b: Rgb) -> f64 {
    const EYES: [[[f64; 3]; 3]; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.1124, 0.8876, 0.0], [0.1124, 0.8876, 0.0], [0.004, -0.004, 1.0]],
        [[0.2928, 0.7072, 0.0], [0.2928, 0.7072, 0.0], [-0.0223, 0.0223, 1.0]],
        [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
    ];
    let distance = |eye: &[[f64; 3]; 3]| {
        let (p, q) = (lab(a, eye), lab(b, eye));
        p.iter().zip(q).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
    };
    EYES.iter().map(distance).fold(f64::INFINITY, f64::min)
}

/// Lightness and the two chromatic axes of a colour as an eye sees it; the eye mixes linear red, green and blue.
fn lab(Rgb(r, g, b): Rgb, eye: &[[f64; 3]; 3]) -> [f64; 3] {
    let rgb = [r, g, b].map(|c| (f64::from(c) / 255.0).powf(2.2));
    let [r, g, b] = eye.map(|row| row.iter().zip(rgb).map(|(m, v)| m * v).sum::<f64>().clamp(0.0, 1.0));
    let xyz = [
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    ];
    let [x, y, z] = xyz.map(|v: f64| if v > 0.008_856 { v.cbrt() } else { 7.787 * v + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

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

    #[test]
    fn contrast_and_distance_are_those_of_the_books() {
        let (black, white) = (Rgb(0, 0, 0), Rgb(255, 255, 255));
        assert!((contrast(black, white) - 21.0).abs() < 1e-9);
        assert!((contrast(white, Rgb(0x76, 0x76, 0x76)) - 4.54).abs() < 0.005, "the lightest grey for text on white");
        assert!((apart(black, white) - 100.0).abs() < 0.1);
        let (red, green) = (Rgb(190, 60, 40), Rgb(105, 115, 40));
        assert!(apart(red, green) < 15.0, "much the same without red receptors");
    }
}
