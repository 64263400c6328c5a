//! What a stream carries when that is not random: the bytes of a file, again and again, without a seam.

use std::sync::Arc;

/// Bytes to send, and how far they were.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    /// The bytes, and so many of them again that a block may begin at any of them.
    bytes: Arc<[u8]>,
    /// How many there are before they repeat.
    period: usize,
    at: usize,
}

impl Payload {
    /// - `bytes`: what to repeat; without any there is nothing to send, which is `None`;
    /// - `block`: most bytes of one write.
    pub(crate) fn new(bytes: &[u8], block: usize) -> Option<Self> {
        let period = bytes.len();
        (period > 0).then(|| Self {
            bytes: bytes.iter().copied().cycle().take(period + block).collect(),
            period,
            at: 0,
        })
    }

    /// The next bytes, as many as wanted or as a block has.
    pub(crate) fn next(&self, wanted: usize) -> &[u8] {
        let most = wanted.min(self.bytes.len() - self.period);
        &self.bytes[self.at..self.at + most]
    }

    /// So many of them were taken.
    pub(crate) fn sent(&mut self, taken: usize) {
        self.at = (self.at + taken) % self.period;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn bytes_go_on_where_a_write_was_cut() {
        assert!(Payload::new(b"", 10).is_none());
        let mut payload = Payload::new(b"abcdefg", 5).unwrap();
        let mut sent = Vec::new();
        for taken in [5, 1, 4, 5, 2, 5, 3, 5, 5] {
            sent.extend_from_slice(&payload.next(5)[..taken]);
            payload.sent(taken);
        }
        assert_eq!(sent, b"abcdefg".iter().copied().cycle().take(35).collect::<Vec<u8>>());
        assert_eq!(Payload::new(b"abcdefg", 5).unwrap().next(100), b"abcde", "never more than a block");
        assert_eq!(Payload::new(b"ab", 7).unwrap().next(7), b"abababa");
    }
}
