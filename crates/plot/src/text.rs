//! Measuring, wrapping and eliding text with the embedded font.
//!
//! Every text box on a [`Page`](crate::page::Page) is measured here, so that a figure looks the same on a machine
//! without any fonts. Kerning is left out: it only makes text narrower than the box reserved for it.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, ScaleFont};

/// Family name of the embedded font, as it stands in SVG and PDF files.
pub const FAMILY: &str = "DejaVu Sans";

/// The embedded font: TrueType bytes of DejaVu Sans.
pub fn embedded_font() -> &'static [u8] {
    dejavu::sans::regular()
}

/// What text is measured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metrics {
    /// The embedded font, proportional.
    #[default]
    Embedded,
    /// Character cells of a terminal: every character as wide as [`CELL_WIDTH_EM`] of the size, lines one size high.
    Cells,
}

/// Width of a terminal cell relative to its height.
pub const CELL_WIDTH_EM: f32 = 0.5;

/// Advances of the printable ASCII characters in thousandths of the size would lose digits; these are exact ratios.
struct Advances {
    font: Option<FontRef<'static>>,
    ascii: [f32; 128],
    ascent: f32,
    descent: f32,
}

fn advances() -> &'static Advances {
    static TABLE: OnceLock<Advances> = OnceLock::new();
    TABLE.get_or_init(|| {
        // The font is compiled in; were it ever unreadable, the fallback keeps its usual proportions.
        let font = FontRef::try_from_slice(embedded_font()).ok();
        let mut ascii = [0.6; 128];
        let (mut ascent, mut descent) = (0.93, 0.24);
        if let Some(font) = &font {
            let units = font.units_per_em().unwrap_or(2048.0);
            // `as_scaled` wants pixels per line height; its unit-free twin is the unscaled interface.
            for (code, advance) in ascii.iter_mut().enumerate() {
                let glyph = font.glyph_id(char::from(u8::try_from(code).unwrap_or(b'?')));
                *advance = font.h_advance_unscaled(glyph) / units;
            }
            ascent = font.as_scaled(font.height_unscaled()).ascent() / units;
            descent = -font.as_scaled(font.height_unscaled()).descent() / units;
        }
        Advances { font, ascii, ascent, descent }
    })
}

impl Metrics {
    /// Width of one character at size 1. A character the font lacks counts as a full em.
    fn advance(self, c: char) -> f32 {
        match self {
            Self::Cells => CELL_WIDTH_EM * if is_wide(c) { 2.0 } else { 1.0 },
            Self::Embedded => {
                let table = advances();
                let code = c as usize;
                if code < 128 {
                    return table.ascii[code];
                }
                let Some(font) = &table.font else { return 0.6 };
                let glyph = font.glyph_id(c);
                if glyph.0 == 0 {
                    return 1.0;
                }
                font.h_advance_unscaled(glyph) / font.units_per_em().unwrap_or(2048.0)
            }
        }
    }

    /// Width of a text in points.
    ///
    /// - `size`: font size in points.
    pub fn width(self, text: &str, size: f32) -> f32 {
        text.chars().map(|c| self.advance(c)).sum::<f32>() * size
    }

    /// Height of the box of one line, in points: capitals, accents and descenders fit.
    pub fn line_height(self, size: f32) -> f32 {
        match self {
            Self::Cells => size,
            Self::Embedded => size * 1.17,
        }
    }

    /// Distance from the top of a line's box to its baseline, in points.
    pub fn baseline(self, size: f32) -> f32 {
        match self {
            Self::Cells => size * 0.75,
            Self::Embedded => {
                let table = advances();
                // The font's own line (1.164 em) centred in the box.
                (size * 1.17 - size * (table.ascent + table.descent)) / 2.0 + size * table.ascent
            }
        }
    }

    /// The text, or its head and tail around an ellipsis when it is wider than `width`; empty when nothing fits.
    pub fn elide(self, text: &str, size: f32, width: f32) -> String {
        if self.width(text, size) <= width {
            return text.to_owned();
        }
        let chars: Vec<char> = text.chars().collect();
        let mut room = width - self.width("…", size);
        if room < 0.0 {
            return String::new();
        }
        // Head and tail grow in turn: both ends of a file name tell runs apart.
        let (mut head, mut tail) = (0, chars.len());
        while head < tail {
            let from_head = head <= chars.len() - tail;
            let c = if from_head { chars[head] } else { chars[tail - 1] };
            let advance = self.advance(c) * size;
            if advance > room {
                break;
            }
            room -= advance;
            if from_head {
                head += 1;
            } else {
                tail -= 1;
            }
        }
        let front: String = chars[..head].iter().collect();
        let back: String = chars[tail..].iter().collect();
        format!("{}…{}", front.trim_end(), back.trim_start())
    }

    /// The text in at most `max_lines` lines of at most `width` points, broken at blanks where possible and behind
    /// `-_/.,:` otherwise; `None` when that cannot be done.
    pub fn wrap(self, text: &str, size: f32, width: f32, max_lines: usize) -> Option<Vec<String>> {
        if self.width(text, size) <= width {
            return Some(vec![text.to_owned()]);
        }
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for piece in pieces(text) {
            let fits = |line: &str, piece: &str| self.width(&format!("{line}{}", piece.trim_end()), size) <= width;
            if fits(&line, piece) {
                line.push_str(piece);
                continue;
            }
            if line.trim().is_empty() || lines.len() + 1 >= max_lines {
                return None;
            }
            lines.push(line.trim_end().to_owned());
            piece.trim_start().clone_into(&mut line);
            if self.width(line.trim_end(), size) > width {
                return None;
            }
        }
        if !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
        }
        Some(lines)
    }
}

/// Cuts a text behind blanks and separators; the pieces joined are the text.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', '-', '_', '/', ',', ':'])
}

/// Characters that terminals show two cells wide: the East Asian blocks and emoji, coarsely.
pub(crate) fn is_wide(c: char) -> bool {
    matches!(c as u32, 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF)
}

/// Characters that only change how an emoji before them looks. The embedded font has no emoji; without these, each stays
/// the one box that says a character is missing.
fn modifies_emoji(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{20E3}')
}

/// A label fit for one line: every run of blanks and line breaks becomes one blank (as in SVG), other control
/// characters go, and so do characters without a width of their own: byte order marks, what joins emoji or varies them.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, ' ' | '\n' | '\t' | '\r') {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if c == '\u{200D}' {
            // Joins letters in some scripts; between emoji it is one more box.
            if out.chars().next_back().is_some_and(char::is_alphabetic) {
                out.push(c);
            }
        } else if !(c.is_control()
            || modifies_emoji(c)
            || matches!(c, '\u{FFFE}' | '\u{FFFF}' | '\u{FEFF}' | '\u{200B}' | '\u{2060}'))
        {
            out.push(c);
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn widths_are_those_of_the_font() {
        // DejaVu Sans: units per em 2048, advance of "0" 1303, of "m" 1995.
        let width = Metrics::Embedded.width("0m", 10.0);
        assert!((width - (1303.0 + 1995.0) / 2048.0 * 10.0).abs() < 1e-3, "{width}");
    }

    #[test]
    fn the_line_box_holds_the_font() {
        let table = advances();
        assert!(table.ascent > 0.9 && table.ascent < 0.95, "{}", table.ascent);
        assert!(table.descent > 0.2 && table.descent < 0.25, "{}", table.descent);
    }

    #[test]
    fn elided_text_keeps_both_ends_and_fits() {
        let m = Metrics::Embedded;
        let text = "rrul-2020-01-01T000000.000000.fq_codel-500mbit-run-17";
        let short = m.elide(text, 8.0, 100.0);
        assert!(m.width(&short, 8.0) <= 100.0);
        assert!(short.starts_with("rrul-2") && short.ends_with("un-17"), "{short}");
        assert_eq!(m.elide("abc", 8.0, 100.0), "abc");
        assert_eq!(m.elide("abc", 8.0, 1.0), "");
    }

    #[test]
    fn wrapping_keeps_every_word() {
        let m = Metrics::Cells;
        let lines = m.wrap("one two three-four five", 2.0, 9.0, 4).unwrap();
        assert_eq!(lines, ["one two", "three-", "four five"]);
        assert!(m.wrap("one two three-four five", 2.0, 9.0, 2).is_none());
        assert!(m.wrap("abcdefghijkl", 2.0, 9.0, 5).is_none(), "nowhere to break");
    }

    #[test]
    fn labels_become_one_line() {
        assert_eq!(one_line(" a\r\n\tb\u{7}c "), "a bc");
        assert_eq!(one_line("👩\u{200D}👧 ☀\u{FE0F} \u{FEFF}x"), "👩👧 ☀ x");
    }
}
