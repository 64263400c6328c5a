//! Closing a text that was cut off.

/// Cuts `text` after its last complete value and closes what is open there, so that it parses. Returns where it was
/// cut, or `None` if not even the beginning of an object is there.
pub(crate) fn close(text: &mut String) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open: Vec<u8> = Vec::new();
    // Where a cut leaves valid JSON, and how many levels are open there.
    let mut safe: Option<(usize, usize)> = None;
    // Inside an object a value is complete only after its colon.
    let mut after_colon = false;
    let mut at = 0;
    while at < bytes.len() {
        let complete = match bytes[at] {
            b'{' | b'[' => {
                if open.len() >= super::MAX_DEPTH {
                    return None;
                }
                open.push(if bytes[at] == b'{' { b'}' } else { b']' });
                after_colon = false;
                at += 1;
                true
            }
            b'}' | b']' => {
                if open.pop() != Some(bytes[at]) {
                    break;
                }
                at += 1;
                true
            }
            b'"' => match string_end(bytes, at) {
                Some(end) => {
                    at = end;
                    let value = after_colon || open.last() == Some(&b']');
                    after_colon &= !value;
                    value
                }
                None => break,
            },
            b':' => {
                after_colon = true;
                at += 1;
                false
            }
            b',' | b' ' | b'\n' | b'\r' | b'\t' => {
                at += 1;
                false
            }
            _ => {
                // A number or word counts only if something follows it: else its end may be missing.
                let end =
                    bytes[at..].iter().position(|b| matches!(b, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'));
                match end {
                    Some(n) => at += n,
                    None => break,
                }
                after_colon = false;
                true
            }
        };
        if complete && !open.is_empty() {
            safe = Some((at, open.len()));
            if bytes[at - 1] != b'{' && bytes[at - 1] != b'[' {
                after_colon = false;
            }
        }
        if open.is_empty() && complete {
            return Some(at);
        }
    }
    let (cut, levels) = safe?;
    // The levels open at the cut are the first ones of the stack at any later point before they close; recompute them.
    let closers = open_at(&bytes[..cut], levels);
    text.truncate(cut);
    for byte in closers.iter().rev() {
        text.push(char::from(*byte));
    }
    Some(cut)
}

fn open_at(bytes: &[u8], expected: usize) -> Vec<u8> {
    let mut open = Vec::with_capacity(expected);
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                open.pop();
            }
            b'"' => {
                at = string_end(bytes, at).unwrap_or(bytes.len());
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    open
}

fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}
