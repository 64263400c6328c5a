//! Bytes of a file to text: what it is by its content, decompressed within bounds.

use std::io::Read;
use std::path::Path;

use bzip2::bufread::MultiBzDecoder;

use super::deflate::{Inflate, Status};
use crate::error::ReadError;

/// Decompressed bytes from one step to the next check.
const STEP: usize = 256 << 10;
/// Over this many bytes of output …
const BOMB_STRETCH: u64 = 64 << 20;
/// … measured numbers cannot shrink by this factor. Real files shrink to a tenth; deflate's limit is 1 to 1032.
const BOMB_RATIO: u64 = 400;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Gzip,
    Bzip2,
    Plain,
}

/// Tells by the first bytes, never by the name.
pub(super) fn recognise(bytes: &[u8], path: &Path) -> Result<Container, ReadError> {
    let found = match bytes {
        [] => return Err(ReadError::Empty { path: path.to_owned() }),
        [0x1f, 0x8b, ..] => return Ok(Container::Gzip),
        [b'B', b'Z', b'h', ..] => return Ok(Container::Bzip2),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "it is compressed with zstd".to_owned(),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "it is compressed with xz".to_owned(),
        [b'P', b'K', 3, 4, ..] => "it is a zip archive".to_owned(),
        // A byte order mark is tolerated by no JSON reader, but its cause is clear.
        [0xef, 0xbb, 0xbf, ..] => "it begins with a byte order mark".to_owned(),
        _ => return begins_as_json(bytes, path).map(|()| Container::Plain),
    };
    Err(ReadError::NotFlent { path: path.to_owned(), found })
}

/// A data file is a JSON object: anything else is told at once, however large.
fn begins_as_json(text: &[u8], path: &Path) -> Result<(), ReadError> {
    match text.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'{') | None => Ok(()),
        Some(b) => {
            let found = if b.is_ascii_graphic() {
                format!("it begins with {:?}, not with a JSON object", char::from(*b))
            } else {
                format!("it begins with byte 0x{b:02x}, not with a JSON object")
            };
            Err(ReadError::NotFlent { path: path.to_owned(), found })
        }
    }
}

/// Decompressed text, as far as it was asked for or is there.
#[derive(Debug, Default)]
pub(super) struct Inflated {
    /// Longer than what is there while decompressing.
    bytes: Vec<u8>,
    len: usize,
    /// Where decompressed members after the first begin.
    pub(super) member_starts: Vec<usize>,
    /// The compressed data end too early: what is missing.
    pub(super) cut: Option<&'static str>,
}

impl Inflated {
    /// What is there.
    pub(super) fn text(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.bytes
    }
}

/// Decompresses a file step by step, so that a caller can stop early.
pub(super) struct Inflater<'a> {
    path: &'a Path,
    max_bytes: u64,
    input: &'a [u8],
    container: Container,
    pub(super) out: Inflated,
    gzip: Option<Member>,
    bzip2: Option<MultiBzDecoder<&'a [u8]>>,
    used: usize,
    done: bool,
    stretch_from: (u64, u64),
}

/// A gzip member being decompressed.
struct Member {
    stream: Inflate,
    crc: crc32fast::Hasher,
    start: usize,
}

/// What stopped a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The step is full, there may be more.
    More,
    /// A gzip member ended and another begins.
    MemberEnd,
    /// Everything is there.
    End,
}

impl<'a> Inflater<'a> {
    pub(super) fn new(input: &'a [u8], path: &'a Path, max_bytes: u64) -> Result<Self, ReadError> {
        let container = recognise(input, path)?;
        let bzip2 = (container == Container::Bzip2).then(|| MultiBzDecoder::new(input));
        Ok(Inflater {
            path,
            max_bytes,
            input,
            container,
            out: Inflated::default(),
            gzip: None,
            bzip2,
            used: 0,
            done: false,
            stretch_from: (0, 0),
        })
    }

    /// Makes room by what the gzip trailer promises; a hint only, capped by what such data can grow to.
    pub(super) fn expect_all(&mut self) {
        self.expect_at_least(0);
    }

    /// As [`expect_all`](Self::expect_all), for `len` bytes at least.
    pub(super) fn expect_at_least(&mut self, len: usize) {
        let cap = (self.input.len() as u64).saturating_mul(24).min(self.max_bytes);
        let hint = match (self.container, self.input.last_chunk::<4>()) {
            (Container::Gzip, Some(isize)) => u64::from(u32::from_le_bytes(*isize)),
            _ => 0,
        };
        self.expect(len.max(hint.min(cap) as usize));
    }

    /// Makes room for `len` bytes, if nothing was decompressed yet: fresh zeros cost nothing until they are written over.
    fn expect(&mut self, len: usize) {
        if self.out.len == 0 {
            self.out.bytes = vec![0; len + STEP / 16];
        }
    }

    /// Decompresses up to `amount` more bytes.
    pub(super) fn step(&mut self, amount: usize) -> Result<Step, ReadError> {
        let before = self.out.len;
        let step = match self.container {
            Container::Gzip => self.gzip_step(amount)?,
            Container::Bzip2 => self.bzip2_step(amount)?,
            Container::Plain => self.plain_step(amount),
        };
        let at = self.out.len as u64;
        if at > self.max_bytes {
            return Err(ReadError::TooLarge { path: self.path.to_owned(), limit: self.max_bytes });
        }
        if before == 0 {
            begins_as_json(self.out.text(), self.path)?;
        }
        let (from, used) = self.stretch_from;
        if at - from >= BOMB_STRETCH {
            let compressed = (self.used as u64 - used).max(1);
            if (at - from) / compressed > BOMB_RATIO {
                return Err(ReadError::Bomb { path: self.path.to_owned(), from, to: at, compressed });
            }
            self.stretch_from = (at, self.used as u64);
        }
        Ok(step)
    }

    /// Decompresses the rest.
    pub(super) fn finish(mut self) -> Result<Inflated, ReadError> {
        while self.step(STEP)? != Step::End {}
        Ok(self.out)
    }

    fn plain_step(&mut self, amount: usize) -> Step {
        let rest = &self.input[self.used..];
        let take = rest.len().min(amount);
        self.append(&rest[..take]);
        self.used += take;
        if take == rest.len() { Step::End } else { Step::More }
    }

    fn append(&mut self, bytes: &[u8]) {
        self.out.bytes.truncate(self.out.len);
        self.out.bytes.extend_from_slice(bytes);
        self.out.len = self.out.bytes.len();
    }

    fn bzip2_step(&mut self, amount: usize) -> Result<Step, ReadError> {
        let Some(decoder) = &mut self.bzip2 else { return Ok(Step::End) };
        let mut bytes = Vec::new();
        let read = decoder.by_ref().take(amount as u64).read_to_end(&mut bytes);
        self.used = self.input.len() - decoder.get_ref().len();
        self.append(&bytes);
        match read {
            Ok(n) if n < amount => Ok(Step::End),
            Ok(_) => Ok(Step::More),
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof || self.used == self.input.len() => {
                self.out.cut = Some("the bzip2 data end");
                Ok(Step::End)
            }
            Err(e) => Err(self.damaged("bzip2", e.to_string())),
        }
    }

    fn gzip_step(&mut self, amount: usize) -> Result<Step, ReadError> {
        if self.done {
            return Ok(Step::End);
        }
        let mut member = match self.gzip.take() {
            Some(member) => member,
            None => match gzip_header(&self.input[self.used..]) {
                Ok(Some(len)) => {
                    self.used += len;
                    let start = self.out.len;
                    Member { stream: Inflate::new(self.used, start), crc: crc32fast::Hasher::new(), start }
                }
                Ok(None) => return Ok(self.cut_off("the gzip header ends")),
                Err(cause) => return Err(self.damaged("gzip", cause.to_owned())),
            },
        };
        let from = self.out.len;
        let status = member.stream.run(self.input, &mut self.out.bytes, &mut self.out.len, from + amount);
        self.used = member.stream.pos();
        member.crc.update(&self.out.bytes[from..self.out.len]);
        match status {
            Ok(Status::End) => self.member_end(member),
            Ok(Status::Cut) => Ok(self.cut_off("the gzip data end")),
            Ok(Status::More) => {
                self.gzip = Some(member);
                Ok(Step::More)
            }
            Err(cause) => Err(self.damaged("gzip", cause.to_owned())),
        }
    }

    /// Checks the trailer and looks for another member.
    fn member_end(&mut self, member: Member) -> Result<Step, ReadError> {
        let Some(trailer) = self.input[self.used..].first_chunk::<8>() else {
            return Ok(self.cut_off("the gzip trailer is missing"));
        };
        let [c0, c1, c2, c3, l0, l1, l2, l3] = *trailer;
        let len = (self.out.len - member.start) as u32;
        if u32::from_le_bytes([c0, c1, c2, c3]) != member.crc.finalize() || u32::from_le_bytes([l0, l1, l2, l3]) != len
        {
            return Err(self.damaged("gzip", "checksum does not match".to_owned()));
        }
        self.used += 8;
        let rest = &self.input[self.used..];
        // gzip itself ignores zero padding after a member.
        if rest.iter().all(|b| *b == 0) {
            self.done = true;
            return Ok(Step::End);
        }
        self.out.member_starts.push(self.out.len);
        Ok(Step::MemberEnd)
    }

    fn cut_off(&mut self, what: &'static str) -> Step {
        self.out.cut = Some(what);
        self.done = true;
        Step::End
    }

    fn damaged(&self, format: &'static str, cause: String) -> ReadError {
        ReadError::Damaged { path: self.path.to_owned(), format, at: self.out.len as u64, cause }
    }
}

/// Length of a gzip member's header, `None` if it is not all there.
fn gzip_header(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    if bytes.len() < 2 {
        return Ok(None);
    }
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Err("something that is not gzip follows");
    }
    let Some([_, _, method, flags, _, _, _, _, _, _]) = bytes.first_chunk::<10>() else { return Ok(None) };
    if *method != 8 {
        return Err("unknown gzip compression method");
    }
    let mut at = 10;
    if flags & 4 != 0 {
        let Some(extra) = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>()) else { return Ok(None) };
        at += 2 + usize::from(u16::from_le_bytes(*extra));
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            let Some(end) = bytes.get(at..).and_then(|rest| memchr::memchr(0, rest)) else { return Ok(None) };
            at += end + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    Ok((at <= bytes.len()).then_some(at))
}
