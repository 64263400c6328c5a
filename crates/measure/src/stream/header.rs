//! What is at the beginning of every datagram.

/// Bytes at the beginning of every datagram.
pub const HEADER: usize = 16;

/// First bytes of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Tag of the flow.
    pub tag: u32,
    /// Number, low half.
    pub seq: u32,
    /// Sender's clock; how many were sent, in those that end the flow.
    pub stamp: i64,
}

impl Header {
    /// The bytes on the wire.
    pub fn emit(&self) -> [u8; HEADER] {
        let mut b = [0; HEADER];
        b[0..4].copy_from_slice(&self.tag.to_le_bytes());
        b[4..8].copy_from_slice(&self.seq.to_le_bytes());
        b[8..16].copy_from_slice(&self.stamp.to_le_bytes());
        b
    }

    /// Reads them; `None` when there are too few.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let b: &[u8; HEADER] = bytes.get(..HEADER)?.try_into().ok()?;
        let u32_at = |i: usize| u32::from_le_bytes([b[i], b[i + 1], b[i + 2], b[i + 3]]);
        let stamp = (u64::from(u32_at(8)) | u64::from(u32_at(12)) << 32) as i64;
        Some(Self { tag: u32_at(0), seq: u32_at(4), stamp })
    }

    /// Ends a flow.
    pub fn end(tag: u32, sent: u64) -> Self {
        Self { tag: !tag, seq: 0, stamp: sent as i64 }
    }

    /// How many datagrams the flow had, when this ends the flow with that tag.
    pub fn ends(&self, tag: u32) -> Option<u64> {
        (self.tag == !tag).then_some(self.stamp as u64)
    }
}
