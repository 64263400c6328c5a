//! A name server's question and answer (RFC 1035), as far as addresses go: for fetchers that ask certain servers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const A: u16 = 1;
const AAAA: u16 = 28;
const INTERNET: u16 = 1;

/// Labels that an answer's names may have, pointers included: more is a loop.
const MAX_LABELS: usize = 128;

/// A question for the addresses of `name`; `None` when that cannot be a name.
pub fn question(id: u16, name: &str, v6: bool) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend(id.to_be_bytes());
    // Recursion desired; one question.
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        if label.is_empty() || label.len() > 63 || !label.is_ascii() {
            return None;
        }
        bytes.push(label.len() as u8);
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    if bytes.len() > 12 + 255 {
        return None;
    }
    bytes.extend(if v6 { AAAA } else { A }.to_be_bytes());
    bytes.extend(INTERNET.to_be_bytes());
    Some(bytes)
}

/// Addresses in the answer to the question with this number; `None` when it is not the answer to it, or says no.
pub fn addresses(id: u16, bytes: &[u8]) -> Option<Vec<IpAddr>> {
    let u16_at = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let flags = u16_at(2)?;
    if u16_at(0)? != id || flags & 0x8000 == 0 || flags & 0xf != 0 {
        return None;
    }
    let (questions, answers) = (u16_at(4)?, u16_at(6)?);
    let mut at = 12;
    for _ in 0..questions {
        at = after_name(bytes, at)? + 4;
    }
    let mut found = Vec::new();
    for _ in 0..answers {
        at = after_name(bytes, at)?;
        let (kind, length) = (u16_at(at)?, usize::from(u16_at(at + 8)?));
        let data = bytes.get(at + 10..at + 10 + length)?;
        if kind == A
            && let Ok(octets) = <[u8; 4]>::try_from(data)
        {
            found.push(Ipv4Addr::from(octets).into());
        } else if kind == AAAA
            && let Ok(octets) = <[u8; 16]>::try_from(data)
        {
            found.push(Ipv6Addr::from(octets).into());
        }
        at += 10 + length;
    }
    Some(found)
}

/// Where a name ends.
fn after_name(bytes: &[u8], mut at: usize) -> Option<usize> {
    for _ in 0..MAX_LABELS {
        let length = *bytes.get(at)?;
        match length {
            0 => return Some(at + 1),
            // A pointer is the end of a name.
            192.. => return Some(at + 2),
            _ => at += 1 + usize::from(length),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_question_is_laid_out_as_the_standard_says() {
        let bytes = question(0x1234, "a.example", false).unwrap();
        assert_eq!(bytes, b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x07example\x00\x00\x01\x00\x01");
        assert_eq!(question(1, "a..b", false), None);
        assert_eq!(question(1, &"x".repeat(64), false), None);
    }

    #[test]
    fn addresses_are_found_behind_an_alias() {
        let mut answer = question(7, "a.example", false).unwrap();
        answer[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 2]);
        // a.example is an alias, whose address is 192.0.2.9.
        answer.extend(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01b\xc0\x0e");
        answer.extend(b"\xc0\x27\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x09");
        assert_eq!(addresses(7, &answer), Some(vec!["192.0.2.9".parse().unwrap()]));
        assert_eq!(addresses(8, &answer), None, "another question's");
        answer[3] |= 3;
        assert_eq!(addresses(7, &answer), None, "no such name");
    }

    proptest! {
        #[test]
        fn hostile_answers_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let id = bytes.get(..2).map_or(0, |b| u16::from_be_bytes([b[0], b[1]]));
            let _ = addresses(id, &bytes);
        }
    }
}
