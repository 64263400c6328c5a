//! What the receive queue of a flow dropped, in datagrams.

/// What the receive queue of a flow had no room for.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Units that it dropped so far, as the kernel counts: modulo 2³².
    told: u32,
    /// Units of them whose datagrams have not been missed yet.
    unseen: u64,
    /// Datagrams of the largest unit so far.
    largest: u64,
    /// Datagrams.
    pub(super) dropped: u64,
}

impl Queue {
    /// With a unit of so many datagrams it is told that so many units were dropped in all.
    pub(super) fn told(&mut self, total: Option<u32>, datagrams: u64) {
        self.largest = self.largest.max(datagrams);
        if let Some(total) = total {
            self.unseen += u64::from(total.wrapping_sub(std::mem::replace(&mut self.told, total)));
        }
    }

    /// So many numbers are missing before what came now.
    pub(super) fn missing(&mut self, gap: u64) {
        if gap > 0 && self.unseen > 0 {
            self.dropped += gap.min(self.unseen.saturating_mul(self.largest.max(1)));
            self.unseen = 0;
        }
    }
}
