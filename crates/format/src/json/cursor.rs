//! Walking over JSON text.

use std::borrow::Cow;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Byte offset into the text.
    pub(crate) at: usize,
    pub(crate) kind: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Syntax(&'static str),
    /// The text ends where more must follow.
    End,
    TooDeep,
}

impl Fault {
    /// In words.
    pub(crate) fn what(self) -> &'static str {
        match self.kind {
            FaultKind::Syntax(what) => what,
            FaultKind::End => "the text ends here",
            FaultKind::TooDeep => "nested too deep",
        }
    }
}

/// A place in a JSON text. Every method skips white space before what it reads, none after it.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pub(crate) at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Cursor { text, bytes: text.as_bytes(), at: 0 }
    }

    /// Starts in the middle; `at` must be on a character boundary.
    pub(crate) fn starting_at(text: &'a str, at: usize) -> Self {
        Cursor { text, bytes: text.as_bytes(), at }
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    #[inline]
    pub(crate) fn fail<T>(&self, what: &'static str) -> Result<T, Fault> {
        let kind = if self.at >= self.bytes.len() { FaultKind::End } else { FaultKind::Syntax(what) };
        Err(Fault { at: self.at, kind })
    }

    /// Skips white space: in these files a line break and a run of blanks, or one blank, or nothing.
    #[inline]
    pub(crate) fn blank(&mut self) {
        if self.bytes.get(self.at).is_none_or(|b| *b <= b' ') {
            self.blank_here();
        }
    }

    fn blank_here(&mut self) {
        let bytes = self.bytes;
        let mut at = self.at;
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(at) {
            at += 1;
            // Indentation, eight at a time.
            while let Some(eight) = bytes[at..].first_chunk::<8>() {
                let blanks = (u64::from_le_bytes(*eight) ^ 0x2020_2020_2020_2020).trailing_zeros() / 8;
                at += blanks as usize;
                if blanks < 8 {
                    break;
                }
            }
        }
        self.at = at;
    }

    /// The next byte after white space, not consumed.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        self.blank();
        self.bytes.get(self.at).copied()
    }

    /// Consumes `byte` if it comes next.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.take(byte) { Ok(()) } else { self.fail(what) }
    }

    /// Consumes a word such as `null`.
    #[inline]
    pub(crate) fn word(&mut self, word: &'static str) -> Result<(), Fault> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        if rest.len() < word.len() && word.as_bytes().starts_with(rest) {
            return Err(Fault { at: self.bytes.len(), kind: FaultKind::End });
        }
        self.fail("not a JSON value")
    }

    /// A string.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.expect(b'"', "expected a string")?;
        let start = self.at;
        // Eight bytes at a time as long as none of them ends the string.
        while let Some(eight) = self.bytes[self.at..].first_chunk::<8>()
            && plain(u64::from_le_bytes(*eight))
        {
            self.at += 8;
        }
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    let text = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                Some(b'\\') => return self.escaped_string(start).map(Cow::Owned),
                Some(0..0x20) => return self.fail("control character in a string"),
                Some(_) => self.at += 1,
                None => return self.fail("unfinished string"),
            }
        }
    }

    /// The rest of a string whose first escape is next.
    fn escaped_string(&mut self, start: usize) -> Result<String, Fault> {
        let mut out = self.text[start..self.at].to_owned();
        loop {
            let from = self.at;
            while self.bytes.get(self.at).is_some_and(|b| !matches!(b, b'"' | b'\\' | 0..0x20)) {
                self.at += 1;
            }
            out.push_str(&self.text[from..self.at]);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escape()?);
                }
                Some(_) => return self.fail("control character in a string"),
                None => return self.fail("unfinished string"),
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        let Some(letter) = self.bytes.get(self.at) else { return self.fail("unfinished string") };
        let plain = match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                return self.unicode();
            }
            _ => return self.fail("unknown escape"),
        };
        self.at += 1;
        Ok(plain)
    }

    /// Four hexadecimal digits, or two groups of them for a surrogate pair.
    fn unicode(&mut self) -> Result<char, Fault> {
        let first = self.hex4()?;
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        if first >= 0xdc00 {
            return self.fail("lone surrogate in a string");
        }
        if !self.bytes[self.at..].starts_with(b"\\u") {
            return self.fail("lone surrogate in a string");
        }
        self.at += 2;
        let second = self.hex4()?;
        if !(0xdc00..0xe000).contains(&second) {
            return self.fail("lone surrogate in a string");
        }
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        match char::from_u32(code) {
            Some(c) => Ok(c),
            None => self.fail("lone surrogate in a string"),
        }
    }

    fn hex4(&mut self) -> Result<u32, Fault> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.bytes.get(self.at).and_then(|b| char::from(*b).to_digit(16)) else {
                return self.fail("expected four hexadecimal digits");
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }

    /// Walks over the members of an object: after `{`, and after each value. The next key, or `None` at `}`.
    pub(crate) fn next_key(&mut self, first: bool) -> Result<Option<Cow<'a, str>>, Fault> {
        if first {
            if self.take(b'}') {
                return Ok(None);
            }
        } else if !self.take(b',') {
            self.expect(b'}', "expected , or }")?;
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return self.fail("expected a key");
        }
        let key = self.string()?;
        self.expect(b':', "expected :")?;
        Ok(Some(key))
    }

    /// Walks over the items of a list: after `[`, and after each value. True if another item follows.
    #[inline]
    pub(crate) fn next_item(&mut self, first: bool) -> Result<bool, Fault> {
        match self.peek() {
            Some(b']') => {
                self.at += 1;
                Ok(false)
            }
            Some(_) if first => Ok(true),
            Some(b',') => {
                self.at += 1;
                // A comma must be followed by a value; the value's reader says so.
                if self.peek() == Some(b']') { self.fail("expected a value after ,") } else { Ok(true) }
            }
            _ => self.fail("expected , or ]"),
        }
    }

    /// What kind of value comes next, in words for messages.
    pub(crate) fn kind(&mut self) -> &'static str {
        match self.peek() {
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "text",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => "a number",
            Some(_) => "something else",
            None => "the end of the file",
        }
    }
}

/// True if none of eight bytes is a quote, a backslash or a control character.
#[inline]
fn plain(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The high bit of each byte that is zero; a byte after a zero one may be marked, too, which is on the safe side.
    let zeros = |w: u64| w.wrapping_sub(ONES) & !w;
    let special = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (special | control) & (ONES << 7) == 0
}
