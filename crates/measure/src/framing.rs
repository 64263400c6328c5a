//! [`Framing`]: structure inside a byte stream, for flows that need more than volume.
//!
//! The run loop owns the buffers; a framing writes into them just before they are sent and looks at them just after they
//! were read. [`Framing::None`] does nothing and is what bulk flows use. [`Framing::Blocks`] divides the stream into
//! blocks that begin with a header: number, length, time of sending and how many bytes of answer are asked for. Round
//! trips, request/response traffic and gap detection are built on the [`Mark`]s it finds.

use crate::time::Time;
use thiserror::Error;

/// Bytes of a block's header.
pub const HEADER: usize = 24;

/// Longest block; a larger one in a header is an error, not an allocation.
pub const MAX_BLOCK: u32 = 16 * 1024 * 1024;

const MAGIC: u16 = 0xfab1;

/// A block's header: 24 bytes, little-endian: magic `b1 fa`, two zero bytes, length, bytes of answer asked for, low half
/// of the number, time of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockHeader {
    /// Bytes of the whole block, header included.
    pub len: u32,
    /// Bytes of answer the sender asks for; 0: none.
    pub reply: u32,
    /// Blocks before this one in the stream, modulo 2³².
    pub seq: u32,
    /// When the header was filled in, on the sender's clock, nanoseconds.
    pub stamp: i64,
}

impl BlockHeader {
    /// The bytes on the wire.
    pub fn emit(&self) -> [u8; HEADER] {
        let mut b = [0; HEADER];
        b[0..2].copy_from_slice(&MAGIC.to_le_bytes());
        b[4..8].copy_from_slice(&self.len.to_le_bytes());
        b[8..12].copy_from_slice(&self.reply.to_le_bytes());
        b[12..16].copy_from_slice(&self.seq.to_le_bytes());
        b[16..24].copy_from_slice(&self.stamp.to_le_bytes());
        b
    }

    /// Reads the bytes of the wire.
    ///
    /// # Errors
    /// [`FramingError`] when this is not a header or its length cannot be.
    pub fn parse(b: &[u8; HEADER]) -> Result<Self, FramingError> {
        let u32_at = |i: usize| u32::from_le_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
        if u16::from_le_bytes([b[0], b[1]]) != MAGIC || b[2] != 0 || b[3] != 0 {
            return Err(FramingError::Magic { found: [b[0], b[1], b[2], b[3]] });
        }
        let len = u32_at(4);
        if len < HEADER as u32 || len > MAX_BLOCK {
            return Err(FramingError::Length { len });
        }
        let mut stamp = [0; 8];
        stamp.copy_from_slice(&b[16..24]);
        Ok(Self { len, reply: u32_at(8), seq: u32_at(12), stamp: i64::from_le_bytes(stamp) })
    }
}

/// A block was received in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its header.
    pub header: BlockHeader,
    /// When the last byte of the header was read.
    pub began: Time,
    /// When its last byte was read.
    pub ended: Time,
}

/// A stream that is not what it should be: the flow fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FramingError {
    /// Where a header should begin there is something else.
    #[error("expected the header of a block, found bytes {found:02x?}")]
    Magic {
        /// First bytes found.
        found: [u8; 4],
    },
    /// A length below the header's own or above [`MAX_BLOCK`].
    #[error("a block says it has {len} bytes; possible are {HEADER} to {MAX_BLOCK}")]
    Length {
        /// As told.
        len: u32,
    },
}

/// Structure inside a byte stream.
#[derive(Debug, Default)]
pub enum Framing {
    /// None: bytes are bytes.
    #[default]
    None,
    /// Blocks with headers.
    Blocks(Box<Blocks>),
}

impl Framing {
    /// Blocks of this length, each asking for so many bytes of answer.
    pub fn blocks(len: u32, reply: u32) -> Self {
        Self::Blocks(Box::new(Blocks::new(len, reply)))
    }

    /// Prepares `buffer` as the next bytes of the stream. What is then really written is told with [`Self::sent`];
    /// until that, filling again gives the same stream again.
    pub fn fill(&mut self, buffer: &mut [u8], now: Time) {
        match self {
            Self::None => {}
            Self::Blocks(blocks) => blocks.fill(buffer, now),
        }
    }

    /// So many of the filled bytes were written.
    pub fn sent(&mut self, bytes: usize) {
        match self {
            Self::None => {}
            Self::Blocks(blocks) => blocks.sent(bytes),
        }
    }

    /// Looks at the next bytes of the stream and adds what was completed to `marks`.
    ///
    /// # Errors
    /// [`FramingError`] when the stream breaks its own structure; nothing more can be read from it.
    pub fn scan(&mut self, bytes: &[u8], now: Time, marks: &mut Vec<Mark>) -> Result<(), FramingError> {
        match self {
            Self::None => Ok(()),
            Self::Blocks(blocks) => blocks.scan(bytes, now, marks),
        }
    }
}

/// State of a stream of blocks, both directions.
#[derive(Debug)]
pub struct Blocks {
    len: u32,
    reply: u32,
    /// Sending: number of the block under way and bytes of it already written.
    seq: u32,
    written: u32,
    /// Header of the block under way once a byte of it left: its stamp must not change any more.
    frozen: Option<[u8; HEADER]>,
    /// Headers of the last fill, to freeze the one that was cut in two.
    filled_at: Time,
    /// Receiving: header bytes so far, or the header and the bytes of the block still missing.
    header: [u8; HEADER],
    have: usize,
    current: Option<(BlockHeader, Time, u32)>,
}

impl Blocks {
    fn new(len: u32, reply: u32) -> Self {
        Self {
            len: len.clamp(HEADER as u32, MAX_BLOCK),
            reply,
            seq: 0,
            written: 0,
            frozen: None,
            filled_at: Time::ZERO,
            header: [0; HEADER],
            have: 0,
            current: None,
        }
    }

    fn header_of(&self, seq: u32, now: Time) -> [u8; HEADER] {
        BlockHeader { len: self.len, reply: self.reply, seq, stamp: now.0 }.emit()
    }

    fn fill(&mut self, buffer: &mut [u8], now: Time) {
        self.filled_at = now;
        let (mut seq, mut offset, mut at) = (self.seq, self.written as usize, 0);
        while at < buffer.len() {
            if offset < HEADER {
                let header = match self.frozen {
                    Some(frozen) if seq == self.seq => frozen,
                    _ => self.header_of(seq, now),
                };
                let n = (HEADER - offset).min(buffer.len() - at);
                buffer[at..at + n].copy_from_slice(&header[offset..offset + n]);
                offset += n;
                at += n;
            } else {
                let n = (self.len as usize - offset).min(buffer.len() - at);
                offset += n;
                at += n;
            }
            if offset == self.len as usize {
                seq = seq.wrapping_add(1);
                offset = 0;
            }
        }
    }

    fn sent(&mut self, bytes: usize) {
        let position = u64::from(self.written) + bytes as u64;
        let blocks = position / u64::from(self.len);
        if blocks > 0 {
            self.frozen = None;
            self.seq = self.seq.wrapping_add(blocks as u32);
        }
        self.written = (position % u64::from(self.len)) as u32;
        if self.written == 0 {
            self.frozen = None;
        } else if (self.written as usize) < HEADER && self.frozen.is_none() {
            self.frozen = Some(self.header_of(self.seq, self.filled_at));
        }
    }

    fn scan(&mut self, mut bytes: &[u8], now: Time, marks: &mut Vec<Mark>) -> Result<(), FramingError> {
        while !bytes.is_empty() {
            if let Some((header, began, missing)) = self.current {
                let n = (missing as usize).min(bytes.len());
                bytes = &bytes[n..];
                self.take(header, began, missing - n as u32, now, marks);
            } else {
                let n = (HEADER - self.have).min(bytes.len());
                self.header[self.have..self.have + n].copy_from_slice(&bytes[..n]);
                self.have += n;
                bytes = &bytes[n..];
                if self.have == HEADER {
                    let header = BlockHeader::parse(&self.header)?;
                    self.have = 0;
                    self.take(header, now, header.len - HEADER as u32, now, marks);
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, header: BlockHeader, began: Time, missing: u32, now: Time, marks: &mut Vec<Mark>) {
        self.current = if missing == 0 {
            marks.push(Mark { header, began, ended: now });
            None
        } else {
            Some((header, began, missing))
        };
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However a stream is cut by partial writes and reads, every block arrives once, in order, with the stamp of
        /// the fill that sent the first byte of its header.
        #[test]
        fn cuts_do_not_matter(len in 24u32..200, buffer in 1usize..300, writes in prop::collection::vec(0usize..300, 1..60), cut in 1usize..50) {
            let mut tx = Framing::blocks(len, 9);
            let mut stream = Vec::new();
            for (i, take) in writes.iter().enumerate() {
                let mut b = vec![0xaa; buffer];
                tx.fill(&mut b, Time(i as i64));
                let n = (*take).min(buffer);
                stream.extend_from_slice(&b[..n]);
                tx.sent(n);
            }
            let mut rx = Framing::blocks(24, 0);
            let mut marks = Vec::new();
            for (i, piece) in stream.chunks(cut).enumerate() {
                rx.scan(piece, Time(i as i64), &mut marks).unwrap();
            }
            prop_assert_eq!(marks.len(), stream.len() / len as usize);
            for (i, mark) in marks.iter().enumerate() {
                prop_assert_eq!((mark.header.seq, mark.header.len, mark.header.reply), (i as u32, len, 9));
                prop_assert!(mark.began <= mark.ended);
            }
            prop_assert!(marks.windows(2).all(|w| w[0].header.stamp <= w[1].header.stamp));
        }

        #[test]
        fn hostile_streams_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut marks = Vec::new();
            let _ = Framing::blocks(1000, 0).scan(&bytes, Time::ZERO, &mut marks);
        }
    }

    #[test]
    fn a_lie_about_the_length_is_an_error() {
        let mut header = BlockHeader { len: 24, reply: 0, seq: 0, stamp: 0 }.emit();
        header[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        let found = Framing::blocks(24, 0).scan(&header, Time::ZERO, &mut Vec::new());
        assert_eq!(found, Err(FramingError::Length { len: u32::MAX }));
    }

    #[test]
    fn no_framing_leaves_the_bytes_alone() {
        let mut buffer = [7; 40];
        let mut framing = Framing::None;
        framing.fill(&mut buffer, Time::ZERO);
        assert_eq!(buffer, [7; 40]);
    }
}
