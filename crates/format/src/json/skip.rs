//! Finding the end of a list without looking at what is in it.

use memchr::memchr;

/// Where the list that begins at `start` (its `[`) ends: the offset after its `]`. `None` if the text ends before.
///
/// What is inside is checked when it is parsed, not here. Lists of raw entries are found by counting bytes, which
/// processors do many at a time: if up to the next `]` there is no other `[`, no backslash and an even number of quotes,
/// that `]` is in no string and closes this list.
pub(crate) fn list_end(bytes: &[u8], start: usize) -> Option<usize> {
    let inner = start + 1;
    let end = inner + memchr(b']', bytes.get(inner..)?)?;
    if plain(&bytes[inner..end]) { Some(end + 1) } else { slow(bytes, start) }
}

fn plain(bytes: &[u8]) -> bool {
    let mut quotes = 0_usize;
    // Blocks short enough for counters of one byte, which is what makes the loop wide.
    for block in bytes.chunks(192) {
        let (mut q, mut odd) = (0_u8, 0_u8);
        for &b in block {
            q += u8::from(b == b'"');
            odd |= u8::from(b == b'[') | u8::from(b == b'\\');
        }
        if odd != 0 {
            return false;
        }
        quotes += usize::from(q);
    }
    quotes.is_multiple_of(2)
}

/// Byte by byte, with strings and escapes. Any bracket or brace counts as one level: mixed-up ones fail when parsed.
fn slow(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at += 1;
                loop {
                    at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
                    if bytes[at] == b'"' {
                        break;
                    }
                    at += 2;
                }
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}
