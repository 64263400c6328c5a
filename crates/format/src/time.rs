//! Time stamps of the file: `2015-07-13T19:38:31.530151Z`, and the zoneless ones of old versions.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// A time as files of version 3 and later have it: UTC, six fraction digits, `Z`. Finer digits are cut off.
///
/// ```
/// let t = jiff::Timestamp::from_microsecond(1_436_816_311_530_151).unwrap_or_default();
/// assert_eq!(fa_format::time_text(t), "2015-07-13T19:38:31.530151Z");
/// ```
pub fn time_text(at: Timestamp) -> String {
    format!("{}Z", civil_text(TimeZone::UTC.to_datetime(at)))
}

/// `%Y-%m-%dT%H:%M:%S.%f` of a time without zone.
pub(crate) fn civil_text(at: DateTime) -> String {
    let micros = at.subsec_nanosecond() / 1000;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{micros:06}",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// A time of a file as written there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Stamp {
    /// With `Z`.
    Utc(Timestamp),
    /// Local time of the recording machine, zone unknown.
    Zoneless(DateTime),
}

/// Understands both forms; the fraction is optional.
pub(crate) fn parse(text: &str) -> Option<Stamp> {
    // Only the two shapes that files have; jiff alone would also take zones, week dates and the like.
    if text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    match text.strip_suffix('Z') {
        Some(civil) => {
            let civil: DateTime = civil.parse().ok()?;
            Some(Stamp::Utc(TimeZone::UTC.to_timestamp(civil).ok()?))
        }
        None => Some(Stamp::Zoneless(text.parse().ok()?)),
    }
}

/// Unix seconds of a file's time; a zoneless one counts as UTC.
pub(crate) fn unix(text: &str) -> Option<f64> {
    let at = match parse(text)? {
        Stamp::Utc(at) => at,
        Stamp::Zoneless(civil) => TimeZone::UTC.to_timestamp(civil).ok()?,
    };
    Some(unix_secs(at))
}

/// Whole seconds plus microseconds, added as floats: the sum that Flent makes, to the last bit.
pub(crate) fn unix_secs(at: Timestamp) -> f64 {
    let micros = at.as_microsecond();
    micros.div_euclid(1_000_000) as f64 + micros.rem_euclid(1_000_000) as f64 / 1e6
}

/// The same instant in a zone, for titles.
pub(crate) fn in_zone(text: &str, zone: &TimeZone) -> Option<Zoned> {
    match parse(text)? {
        Stamp::Utc(at) => Some(at.to_zoned(zone.clone())),
        Stamp::Zoneless(civil) => Some(TimeZone::UTC.to_timestamp(civil).ok()?.to_zoned(zone.clone())),
    }
}
