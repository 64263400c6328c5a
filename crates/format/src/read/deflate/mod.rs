//! Decompressing deflate (RFC 1951), for texts full of digits.
//!
//! Reading a file is mostly decompressing it, and what that costs on texts of numbers is mispredicted branches: after a literal
//! comes a match about as often as another literal. This decoder looks up as many as three literals, or some and a length, at once
//! (see [`tables`]). It takes a fifth less time than zlib-rs on Flent's files and a quarter less on our own; of the others in
//! Rust that we tried, the one that is as quick on ours (fdeflate) is slower on Flent's and does not say where a stream ended.
//! That is what keeps the promise on reading speed. It is checked against `flate2` on good and on damaged streams in its
//! tests. The whole input is there from the beginning; output comes in steps.
//!
//! Note to the next editor: bits are consumed from the low end of `bits`. [`Reader::refill`] may put more bits there
//! than `count` says; they are the next input bits anyway, and the next refill puts the same ones there again.

mod tables;

use tables::{
    DISTANCE_ENTRIES, DISTANCE_PRIMARY, END, ENTRIES, LITERAL, PRIMARY, SECOND, SPECIAL, build, build_distances,
    build_literals,
};

/// Most bytes that one turn of the loop puts out, and what a copy writes beyond its end.
const SLACK: usize = 512;
/// Order in which the lengths of the length codes come.
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Where decompressing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// As much as was asked for is there, or a little more.
    More,
    /// The stream has ended.
    End,
    /// The input has ended before the stream.
    Cut,
}

/// What stopped an inner loop.
enum Stop {
    Cut,
    Bad(&'static str),
}

impl From<&'static str> for Stop {
    fn from(what: &'static str) -> Self {
        Stop::Bad(what)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    /// The next thing is a block's header.
    Header,
    /// So many bytes are still to be copied.
    Stored(usize),
    Coded,
    End,
}

/// A stream being decompressed.
pub(super) struct Inflate {
    reader: Reader,
    block: Block,
    last: bool,
    literals: Box<[u64; ENTRIES]>,
    distances: Box<[u64; DISTANCE_ENTRIES]>,
    /// Where in the output this stream begins: no copy may reach before.
    start: usize,
}

/// Bits of the input.
#[derive(Debug, Clone, Copy)]
struct Reader {
    pos: usize,
    bits: u64,
    count: u32,
    /// Zero bytes given out after the end of the input.
    phantom: u32,
}

impl Inflate {
    /// A stream that begins at `pos` of the input; what it puts out begins at `start` of the output.
    #[expect(clippy::large_stack_arrays, reason = "they go to the heap at once, and only there")]
    pub(super) fn new(pos: usize, start: usize) -> Self {
        Inflate {
            reader: Reader { pos, bits: 0, count: 0, phantom: 0 },
            block: Block::Header,
            last: false,
            literals: Box::new([0; ENTRIES]),
            distances: Box::new([0; DISTANCE_ENTRIES]),
            start,
        }
    }

    /// Where in the input the next unread byte is.
    pub(super) fn pos(&self) -> usize {
        self.reader.pos - (self.reader.count / 8 - self.reader.phantom.min(self.reader.count / 8)) as usize
    }

    /// Decompresses until `out[..*len]` holds `target` bytes or somewhat more. `out` is made longer as needed.
    pub(super) fn run(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        len: &mut usize,
        target: usize,
    ) -> Result<Status, &'static str> {
        loop {
            let step = match self.block {
                Block::End => return Ok(Status::End),
                _ if *len >= target => return Ok(Status::More),
                Block::Header if self.last => {
                    self.block = Block::End;
                    Ok(())
                }
                Block::Header => self.header(input),
                Block::Stored(left) => self.stored(input, out, len, left.min(target - *len)),
                Block::Coded => {
                    if out.len() < target + SLACK {
                        out.resize(target + SLACK, 0);
                    }
                    self.coded(input, out, len, target)
                }
            };
            match step {
                Ok(()) => {}
                Err(Stop::Cut) => return Ok(Status::Cut),
                Err(Stop::Bad(what)) => return Err(what),
            }
        }
    }

    fn header(&mut self, input: &[u8]) -> Result<(), Stop> {
        let reader = &mut self.reader;
        reader.refill(input);
        self.last = reader.take(1) == 1;
        match reader.take(2) {
            0 => {
                // To the byte boundary; what was read too far goes back.
                reader.take(reader.count % 8);
                let length = reader.take(16);
                let inverse = reader.take(16);
                reader.check()?;
                if length != !inverse & 0xffff {
                    return Err(Stop::Bad("stored block with a wrong length"));
                }
                reader.pos -= (reader.count / 8 - reader.phantom) as usize;
                (reader.bits, reader.count, reader.phantom) = (0, 0, 0);
                self.block = if length == 0 { Block::Header } else { Block::Stored(length as usize) };
                Ok(())
            }
            1 => {
                let mut lengths = [8_u8; 288];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                reader.check()?;
                build_literals(&lengths, &mut self.literals)?;
                build_distances(&[5; 32], &mut self.distances)?;
                self.block = Block::Coded;
                Ok(())
            }
            2 => self.dynamic_header(input),
            _ => {
                reader.check()?;
                Err(Stop::Bad("unknown block type"))
            }
        }
    }

    fn dynamic_header(&mut self, input: &[u8]) -> Result<(), Stop> {
        let reader = &mut self.reader;
        let (literals, distances) = (reader.take(5) as usize + 257, reader.take(5) as usize + 1);
        let count = reader.take(4) as usize + 4;
        if literals > 286 || distances > 30 {
            reader.check()?;
            return Err(Stop::Bad("too many codes"));
        }
        let mut lengths = [0_u8; 19];
        for &at in &ORDER[..count] {
            reader.refill(input);
            lengths[at] = reader.take(3) as u8;
        }
        reader.check()?;
        let mut table = [0_u64; 128];
        build(&lengths, 7, &mut table, |symbol, len| (symbol as u64) << 16 | u64::from(len), false)?;
        let mut all = [0_u8; 286 + 30];
        let mut at = 0;
        while at < literals + distances {
            reader.refill(input);
            let entry = table[(reader.bits & 127) as usize];
            reader.take(entry as u32 & 0xff);
            let (value, times) = match entry >> 16 {
                16 if at == 0 => {
                    reader.check()?;
                    return Err(Stop::Bad("nothing to repeat"));
                }
                16 => (all[at - 1], 3 + reader.take(2)),
                17 => (0, 3 + reader.take(3)),
                18 => (0, 11 + reader.take(7)),
                length => (length as u8, 1),
            };
            reader.check()?;
            let Some(run) = all[..literals + distances].get_mut(at..at + times as usize) else {
                return Err(Stop::Bad("too many code lengths"));
            };
            run.fill(value);
            at += times as usize;
        }
        if all[256] == 0 {
            return Err(Stop::Bad("no code for the end of the block"));
        }
        build_literals(&all[..literals], &mut self.literals)?;
        build_distances(&all[literals..literals + distances], &mut self.distances)?;
        self.block = Block::Coded;
        Ok(())
    }

    fn stored(&mut self, input: &[u8], out: &mut Vec<u8>, len: &mut usize, wanted: usize) -> Result<(), Stop> {
        let Block::Stored(left) = self.block else { return Ok(()) };
        let take = wanted.min(input.len() - self.reader.pos);
        if take == 0 {
            return Err(Stop::Cut);
        }
        if out.len() < *len + take {
            out.resize(*len + take, 0);
        }
        out[*len..*len + take].copy_from_slice(&input[self.reader.pos..self.reader.pos + take]);
        self.reader.pos += take;
        *len += take;
        self.block = if take == left { Block::Header } else { Block::Stored(left - take) };
        Ok(())
    }

    /// The loop that everything is about. `out` has room for `target` and [`SLACK`] bytes.
    fn coded(&mut self, input: &[u8], out: &mut [u8], len: &mut usize, target: usize) -> Result<(), Stop> {
        let mut reader = self.reader;
        let (literals, distances) = (&*self.literals, &*self.distances);
        let mut at = *len;
        let result = loop {
            if at >= target {
                break Ok(());
            }
            // What a turn puts out from bits that are not there does not count.
            *len = at;
            reader.refill(input);
            let mut entry = literals[(reader.bits as usize) & ((1 << PRIMARY) - 1)];
            at = put_literals(out, at, entry);
            // 56 bits are there: three look-ups take at most 33, and a fourth one with a second table and extra bits 20.
            let mut turns = 0;
            while entry & LITERAL != 0 && turns < 3 {
                reader.consume(entry);
                entry = literals[(reader.bits as usize) & ((1 << PRIMARY) - 1)];
                at = put_literals(out, at, entry);
                turns += 1;
            }
            if entry & SECOND != 0 && entry & SPECIAL != 0 {
                entry = literals[second(entry, reader.bits, PRIMARY) & (ENTRIES - 1)];
                at = put_literals(out, at, entry);
            }
            if entry & LITERAL != 0 {
                reader.consume(entry);
                if reader.phantom != 0 && reader.check().is_err() {
                    break Err(Stop::Cut);
                }
                continue;
            }
            if entry & SPECIAL != 0 {
                reader.consume(entry);
                if reader.phantom != 0 && reader.check().is_err() {
                    break Err(Stop::Cut);
                }
                if entry & END == 0 {
                    break Err(Stop::Bad("invalid code"));
                }
                self.block = Block::Header;
                break Ok(());
            }
            let length = value(entry, reader.bits) as usize;
            reader.consume(entry);
            reader.refill(input);
            let mut entry = distances[(reader.bits as usize) & ((1 << DISTANCE_PRIMARY) - 1)];
            if entry & SECOND != 0 {
                entry = distances[second(entry, reader.bits, DISTANCE_PRIMARY) & (DISTANCE_ENTRIES - 1)];
            }
            let distance = value(entry, reader.bits) as usize;
            reader.consume(entry);
            if reader.phantom != 0 && reader.check().is_err() {
                break Err(Stop::Cut);
            }
            if entry & SPECIAL != 0 {
                break Err(Stop::Bad("invalid distance code"));
            }
            if distance > at - self.start {
                break Err(Stop::Bad("a distance reaches before the beginning"));
            }
            copy(out, at, distance, length);
            at += length;
        };
        self.reader = reader;
        if result.is_ok() {
            *len = at;
        }
        result
    }
}

impl Reader {
    /// Makes at least 56 bits available, zeros after the end of the input.
    #[inline]
    fn refill(&mut self, input: &[u8]) {
        if let Some(word) = input.get(self.pos..).and_then(|rest| rest.first_chunk::<8>()) {
            self.bits |= u64::from_le_bytes(*word) << self.count;
            self.pos += ((63 - self.count) >> 3) as usize;
            self.count |= 0b11_1000; // 56 more, or what makes 56 to 63
        } else {
            self.refill_slowly(input);
        }
    }

    #[cold]
    fn refill_slowly(&mut self, input: &[u8]) {
        while self.count < 56 {
            match input.get(self.pos) {
                Some(byte) => {
                    self.bits |= u64::from(*byte) << self.count;
                    self.pos += 1;
                }
                None => self.phantom += 1,
            }
            self.count += 8;
        }
    }

    /// Were all bits consumed so far really there?
    fn check(&self) -> Result<(), Stop> {
        if self.count < self.phantom * 8 { Err(Stop::Cut) } else { Ok(()) }
    }

    fn take(&mut self, n: u32) -> u32 {
        let value = self.bits & ((1 << n) - 1);
        self.bits >>= n;
        self.count -= n;
        value as u32
    }

    #[inline]
    fn consume(&mut self, entry: u64) {
        self.bits >>= entry & 63;
        self.count -= entry as u32 & 63;
    }
}

/// Puts the literals of an entry out; always writes four bytes, even for none.
#[inline]
fn put_literals(out: &mut [u8], at: usize, entry: u64) -> usize {
    if let Some(four) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()) {
        *four = ((entry >> 32) as u32).to_le_bytes();
    }
    at + (entry >> 56) as usize
}

/// Base of a length or distance plus its extra bits.
#[inline]
fn value(entry: u64, bits: u64) -> u32 {
    let code = (entry >> 8) & 15;
    let all = bits & ((1 << (entry & 63)) - 1);
    u32::from((entry >> 16) as u16) + (all >> code) as u32
}

/// Index into the second table.
#[inline]
fn second(entry: u64, bits: u64, primary: u32) -> usize {
    let mask = (1_usize << (entry & 15)) - 1;
    (entry >> 16) as usize + ((bits >> primary) as usize & mask)
}

/// Copies `length` bytes from `distance` before `at`; may write up to 32 bytes too many.
#[inline]
fn copy(out: &mut [u8], at: usize, distance: usize, length: usize) {
    let from = at - distance;
    if distance >= 32 {
        // Most are shorter than this, so one turn it is, without a branch to mispredict.
        chunk::<32>(out, from, at);
        let mut done = 32;
        while done < length {
            chunk::<32>(out, from + done, at + done);
            done += 32;
        }
    } else if distance >= 8 {
        let mut done = 0;
        while done < length {
            chunk::<8>(out, from + done, at + done);
            done += 8;
        }
    } else if distance == 1 {
        let byte = out[from];
        out[at..at + length].fill(byte);
    } else {
        for i in 0..length {
            out[at + i] = out[from + i];
        }
    }
}

#[inline]
fn chunk<const N: usize>(out: &mut [u8], from: usize, to: usize) {
    if let Some(bytes) = out[from..].first_chunk::<N>().copied()
        && let Some(place) = out[to..].first_chunk_mut::<N>()
    {
        *place = bytes;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::fmt::Write as _;
    use std::io::Write;

    use flate2::write::DeflateEncoder;
    use flate2::{Compression, Decompress, FlushDecompress};

    use super::*;

    /// All of it, in steps of `step` bytes; the number of input bytes used.
    fn ours(input: &[u8], step: usize) -> Result<(Vec<u8>, usize, Status), &'static str> {
        let (mut out, mut len) = (Vec::new(), 0);
        let mut stream = Inflate::new(0, 0);
        loop {
            let target = len + step;
            let status = stream.run(input, &mut out, &mut len, target)?;
            if status != Status::More {
                out.truncate(len);
                return Ok((out, stream.pos(), status));
            }
            assert!(len >= target);
        }
    }

    /// What flate2 makes of it; `None` if it finds the input damaged.
    fn theirs(input: &[u8]) -> Option<(Vec<u8>, usize, Status)> {
        let mut stream = Decompress::new(false);
        let mut out = Vec::with_capacity(1 << 16);
        loop {
            out.reserve(1 << 16);
            let (before, used) = (out.len(), stream.total_in());
            let status = stream.decompress_vec(&input[used as usize..], &mut out, FlushDecompress::None).ok()?;
            let used = stream.total_in() as usize;
            match status {
                flate2::Status::StreamEnd => return Some((out, used, Status::End)),
                _ if out.len() == before => return Some((out, used, Status::Cut)),
                _ => {}
            }
        }
    }

    struct Random(u64);

    impl Random {
        fn below(&mut self, n: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % n
        }
    }

    /// Texts of several kinds: like ours, random, constant, short.
    fn texts(random: &mut Random) -> Vec<Vec<u8>> {
        let mut numbers = String::new();
        for _ in 0..5_000 {
            write!(numbers, "{}, \n      ", random.below(1 << 40) as f64 / 1e7).unwrap();
        }
        let noise = (0..100_000).map(|_| random.below(256) as u8).collect();
        let skewed = (0..100_000).map(|_| random.below(1 + random.0 % 256) as u8).collect();
        let mut far = vec![7_u8; 40_000];
        far.extend((0..40_000).map(|_| random.below(3) as u8));
        vec![numbers.into_bytes(), noise, skewed, far, vec![0; 300_000], b"abcabcabcabcd".to_vec(), Vec::new()]
    }

    fn deflate(text: &[u8], level: u32) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(level));
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn whatever_flate2_compresses_comes_back() {
        let mut random = Random(42);
        for text in texts(&mut random) {
            for level in [0, 1, 3, 6, 9] {
                let mut packed = deflate(&text, level);
                let used = packed.len();
                packed.extend_from_slice(b"trailer");
                for step in [1_usize << 20, 65536, 1000] {
                    let (out, pos, status) = ours(&packed, step).unwrap();
                    assert!(out == text && pos == used && status == Status::End, "level {level} step {step}");
                }
            }
        }
    }

    #[test]
    fn a_stream_that_is_cut_gives_a_part_and_says_so() {
        let mut random = Random(43);
        let text = texts(&mut random).swap_remove(0);
        let packed = deflate(&text, 6);
        for cut in (0..packed.len()).step_by(997).chain([packed.len() - 1]) {
            let (out, _, status) = ours(&packed[..cut], 4096).unwrap();
            assert_eq!(status, Status::Cut);
            assert!(text.starts_with(&out));
            // Nothing is lost but perhaps the last few symbols.
            assert!(out.len() + 300 >= theirs(&packed[..cut]).unwrap().0.len());
        }
    }

    #[test]
    fn damaged_streams_are_judged_as_flate2_judges_them() {
        let mut random = Random(44);
        let packed: Vec<Vec<u8>> =
            texts(&mut random).iter().flat_map(|t| [1, 6].map(|l| deflate(&t[..t.len().min(3000)], l))).collect();
        for turn in 0..3000 {
            let mut input = packed[turn % packed.len()].clone();
            for _ in 0..=random.below(3) {
                let at = random.below(input.len() as u64) as usize;
                input[at] ^= 1 << random.below(8);
            }
            match (ours(&input, 1 << 12), theirs(&input)) {
                (Ok((a, pos, Status::End)), Some((b, used, Status::End))) => {
                    assert!(a == b && pos == used, "turn {turn}");
                }
                // Where an error lies in the last bits, one may see the damage and the other the end.
                (Ok((_, _, Status::Cut)) | Err(_), Some((_, _, Status::Cut)) | None) => {}
                (a, b) => panic!("turn {turn}: {:?} {:?}", a.map(|a| a.2), b.map(|b| b.2)),
            }
        }
    }

    #[test]
    fn noise_is_no_danger() {
        let mut random = Random(45);
        for _ in 0..5_000 {
            let input: Vec<u8> = (0..random.below(200)).map(|_| random.below(256) as u8).collect();
            let a = ours(&input, 1 << 12);
            if let (Ok((a, _, Status::End)), Some((b, _, Status::End))) = (&a, theirs(&input)) {
                assert_eq!(*a, b);
            }
        }
    }
}
