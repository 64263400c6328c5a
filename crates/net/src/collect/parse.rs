//! What programs print, in numbers.

use serde_json::Value;

/// The first number that has a line of its own.
pub(super) fn number_line(text: &str) -> Option<f64> {
    text.lines().find_map(|line| line.trim().parse().ok()).filter(|number: &f64| number.is_finite())
}

/// W, from the output of `ipmitool dcmi power reading`: `Instantaneous power reading:   128 Watts`.
pub(super) fn power(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.contains("Instantaneous power reading"))?;
    let mut words = line.split_once(':')?.1.split_whitespace();
    let watts = words.next()?.parse().ok().filter(|watts: &f64| watts.is_finite())?;
    (words.next()? == "Watts").then_some(watts)
}

/// The number in a message of `mosquitto_sub -F %j`: its payload, or what the payload has under `key` (`a.b` goes deeper).
/// Payloads are text, and text may be JSON.
pub(super) fn payload_value(line: &str, key: Option<&str>) -> Option<f64> {
    let message: Value = serde_json::from_str(line.trim()).ok()?;
    let payload = message.get("payload")?;
    let inner = payload.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let payload = inner.as_ref().unwrap_or(payload);
    let found = match key {
        None => payload,
        Some(key) => match payload.get(key) {
            Some(found) => found,
            None => key.split('.').try_fold(payload, |value, part| value.get(part))?,
        },
    };
    let number = found.as_f64().or_else(|| found.as_str()?.trim().parse().ok());
    number.filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_needs_a_line_of_its_own() {
        assert_eq!(number_line("temp 3\n  41.25\n7\n"), Some(41.25));
        assert_eq!(number_line("1e3"), Some(1000.0));
        for text in ["", "three", "3 W", "nan", "inf"] {
            assert_eq!(number_line(text), None, "{text}");
        }
    }

    #[test]
    fn power_is_found_among_the_other_readings() {
        let text = "\n    Instantaneous power reading:                   128 Watts\n    Minimum during sampling period:\
            \x20               12 Watts\n    Power reading state is:                   activated\n";
        assert_eq!(power(text), Some(128.0));
        assert_eq!(power("    Instantaneous power reading:  128 BTU\n"), None);
        assert_eq!(power("DCMI request failed because: Invalid command (c1)"), None);
    }

    #[test]
    fn payloads_are_numbers_or_objects_with_numbers() {
        assert_eq!(payload_value(r#"{"topic":"t","payload":"12.5"}"#, None), Some(12.5));
        assert_eq!(payload_value(r#"{"payload":{"power":"7"}}"#, Some("power")), Some(7.0));
        assert_eq!(payload_value(r#"{"payload":"{\"a\":{\"b\":3}}"}"#, Some("a.b")), Some(3.0));
        assert_eq!(payload_value(r#"{"payload":{"a.b":4,"a":{"b":3}}}"#, Some("a.b")), Some(4.0));
        for line in ["", "12", r#"{"payload":"off"}"#, r#"{"payload":{"x":1}}"#, r#"{"payload":"NaN"}"#] {
            assert_eq!(payload_value(line, None), None, "{line}");
        }
    }
}
