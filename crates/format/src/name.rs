//! File names and titles as Flent makes them.

use std::path::Path;

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::metadata::Metadata;
use crate::time;

/// Longest file name in characters; most file systems allow 255 bytes.
const MAX_NAME: usize = 250;
const SUFFIX: &str = ".flent.gz";

/// A title as it may stand in a file name: every character but ASCII letters, digits and `-` becomes `_`.
///
/// ```
/// assert_eq!(fa_format::sanitise_title("a b/c: ü-1_"), "a_b_c___-1_");
/// ```
pub fn sanitise_title(title: &str) -> String {
    title.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

/// Name of a new data file: `TEST-DATE.TITLE.flent.gz`, without the title's part if it is empty. The date is the local
/// time of `at` (in the zone it carries) without colons. The title is sanitised and cut so that the name has at most 250 characters.
///
/// ```
/// let at: jiff::Zoned = "2020-01-02T03:04:05.678901[UTC]".parse()?;
/// assert_eq!(fa_format::file_name("rrul", &at, "a b"), "rrul-2020-01-02T030405.678901.a_b.flent.gz");
/// assert_eq!(fa_format::file_name("rrul", &at, ""), "rrul-2020-01-02T030405.678901.flent.gz");
/// # Ok::<(), jiff::Error>(())
/// ```
pub fn file_name(test: &str, at: &Zoned, title: &str) -> String {
    let stem = format!("{test}-{}", time::civil_text(at.datetime()).replace(':', ""));
    let mut title = sanitise_title(title);
    title.truncate(MAX_NAME.saturating_sub(stem.chars().count() + 1 + SUFFIX.len()));
    if title.is_empty() { format!("{stem}{SUFFIX}") } else { format!("{stem}.{title}{SUFFIX}") }
}

/// The suffix of a data file's name: the last extension, or the last two where the last is `.gz` or `.bz2`.
/// Suffixes serve names only; what a file is, is decided by its content.
pub(crate) fn suffix(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    // A leading dot makes a hidden file, not an extension.
    let Some((stem, last)) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else { return String::new() };
    match stem.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) {
        Some((_, before)) if last == "gz" || last == "bz2" => format!(".{before}.{last}"),
        _ => format!(".{last}"),
    }
}

impl Metadata {
    /// `NAME - TITLE`, or `NAME - date and time` in `zone` where there is no title.
    pub fn display_title(&self, zone: &TimeZone) -> String {
        if self.title().is_empty() {
            format!("{} - {}", self.name(), self.date_and_time(zone))
        } else {
            format!("{} - {}", self.name(), self.title())
        }
    }

    /// [`Metadata::display_title`] and the time, which is there in any case.
    pub fn long_title(&self, zone: &TimeZone) -> String {
        if self.title().is_empty() {
            self.display_title(zone)
        } else {
            format!("{} - {}", self.display_title(zone), self.date_and_time(zone))
        }
    }

    /// What a legend calls the file: its title, else its time in `zone` with fraction.
    pub fn label(&self, zone: &TimeZone) -> String {
        if !self.title().is_empty() {
            return self.title().to_owned();
        }
        let text = self.as_map().get("TIME").and_then(|v| v.as_str()).unwrap_or_default();
        // Python leaves the fraction out where it is zero.
        time::in_zone(text, zone).map_or_else(
            || text.to_owned(),
            |at| {
                let full = time::civil_text(at.datetime());
                full.strip_suffix(".000000").map_or(full.clone(), str::to_owned)
            },
        )
    }

    fn date_and_time(&self, zone: &TimeZone) -> String {
        let text = self.as_map().get("TIME").and_then(|v| v.as_str()).unwrap_or_default();
        time::in_zone(text, zone).map_or_else(|| text.to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }
}
