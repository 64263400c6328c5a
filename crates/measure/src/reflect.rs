//! The far end of a probe: what a reflector counts and answers.

use crate::event::{Reflected, StampKind};
use crate::time::FarTime;
use crate::wire::Reply;
use serde::{Deserialize, Serialize};

/// Most runs of missing requests that are handed over; a run with more losses than that tells the rest by its counts.
pub const MAX_GAPS: usize = 10_000;

/// What a reflector has seen of one probe.
#[derive(Debug)]
pub struct Reflector {
    session: u64,
    /// One bit per request of the schedule.
    seen: Vec<u64>,
    count: u32,
    highest: Option<u32>,
    received: u32,
    duplicates: u32,
    reordered: u32,
    dropped: u32,
}

/// Counts of a reflector, handed over at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Requests received, duplicates not counted.
    pub received: u64,
    /// Duplicates.
    pub duplicates: u64,
    /// Requests that came after a later one.
    pub reordered: u64,
    /// Datagrams that the receive queue dropped.
    pub dropped: u64,
    /// Highest sequence number received.
    pub highest: Option<u32>,
    /// Runs of requests up to the highest that never came: first and last.
    pub gaps: Vec<(u32, u32)>,
}

impl Reflector {
    /// - `session`: first half of the token;
    /// - `count`: requests in the schedule; others are not answered. The limit is the caller's: it costs a bit each.
    pub fn new(session: u64, count: u32) -> Self {
        let words = (count as usize).div_ceil(64);
        let (seen, highest) = (vec![0; words], None);
        Self { session, seen, count, highest, received: 0, duplicates: 0, reordered: 0, dropped: 0 }
    }

    /// The receive queue has dropped so many datagrams in all.
    pub fn dropped(&mut self, total: u32) {
        self.dropped = total;
    }

    /// A request came; the reply lacks only its time of sending. `None`: not a request of this session.
    pub fn request(
        &mut self,
        session: u64,
        seq: u32,
        at: FarTime,
        kind: StampKind,
        tos_seen: Option<u8>,
    ) -> Option<Reply> {
        if session != self.session || seq >= self.count {
            return None;
        }
        let (word, bit) = ((seq / 64) as usize, 1u64 << (seq % 64));
        if self.seen[word] & bit == 0 {
            self.seen[word] |= bit;
            self.received += 1;
            if self.highest.is_some_and(|h| h > seq) {
                self.reordered += 1;
            }
            self.highest = self.highest.max(Some(seq));
        } else {
            self.duplicates = self.duplicates.saturating_add(1);
        }
        Some(Reply {
            session,
            seq,
            there: Reflected { received: at, received_kind: kind, sent: at, tos_seen },
            received: self.received,
            duplicates: self.duplicates,
            window: self.window(seq),
            reordered: self.reordered,
            dropped: self.dropped,
        })
    }

    /// Bit i: request `seq − i` was received.
    fn window(&self, seq: u32) -> u64 {
        let (word, shift) = ((seq / 64) as usize, seq % 64);
        // Bits of this word up to `seq`, moved to the top, then the rest from the word before.
        let mut newest_first = self.seen[word] << (63 - shift);
        if shift < 63 && word > 0 {
            newest_first |= self.seen[word - 1] >> (shift + 1);
        }
        newest_first.reverse_bits()
    }

    /// All counts.
    pub fn seen(&self) -> Seen {
        let mut gaps: Vec<(u32, u32)> = Vec::new();
        for seq in 0..self.highest.map_or(0, |h| h + 1) {
            if self.seen[(seq / 64) as usize] >> (seq % 64) & 1 == 1 {
                continue;
            }
            let full = gaps.len() == MAX_GAPS;
            match gaps.last_mut() {
                Some((_, last)) if *last + 1 == seq => *last = seq,
                _ if full => break,
                _ => gaps.push((seq, seq)),
            }
        }
        Seen {
            received: u64::from(self.received),
            duplicates: u64::from(self.duplicates),
            reordered: u64::from(self.reordered),
            dropped: u64::from(self.dropped),
            highest: self.highest,
            gaps,
        }
    }
}

impl Seen {
    /// Whether request `seq` was received; `None` when the gaps were too many to tell.
    pub fn has(&self, seq: u32) -> Option<bool> {
        if self.highest.is_none_or(|h| seq > h) {
            return Some(false);
        }
        let at = self.gaps.partition_point(|&(_, last)| last < seq);
        match self.gaps.get(at) {
            Some(&(first, _)) => Some(seq < first),
            None if self.gaps.len() >= MAX_GAPS => None,
            None => Some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn ask(r: &mut Reflector, seq: u32) -> Reply {
        r.request(5, seq, FarTime(1), StampKind::Kernel, None).unwrap()
    }

    #[test]
    fn counts_window_and_gaps_tell_what_came() {
        let mut r = Reflector::new(5, 200);
        for seq in [0, 1, 3, 2, 3, 70] {
            ask(&mut r, seq);
        }
        let reply = ask(&mut r, 71);
        assert_eq!((reply.received, reply.duplicates, reply.reordered), (6, 1, 1));
        // 71 and 70 came; 63 back from 71 is 8, which did not.
        assert_eq!(reply.window, 0b11);
        assert_eq!(ask(&mut r, 66).window, 1 | 1 << 63, "66 and 3");
        let seen = r.seen();
        assert_eq!(seen.gaps, [(4, 65), (67, 69)]);
        assert_eq!(
            (seen.has(4), seen.has(66), seen.has(71), seen.has(72)),
            (Some(false), Some(true), Some(true), Some(false))
        );
    }

    #[test]
    fn others_are_not_answered() {
        let mut r = Reflector::new(5, 10);
        assert_eq!(r.request(6, 0, FarTime(1), StampKind::Kernel, None), None);
        assert_eq!(r.request(5, 10, FarTime(1), StampKind::Kernel, None), None);
    }

    proptest! {
        #[test]
        fn the_window_agrees_with_a_plain_set(seqs in prop::collection::vec(0u32..300, 1..200)) {
            let mut r = Reflector::new(5, 300);
            let mut set = std::collections::BTreeSet::new();
            for seq in seqs {
                set.insert(seq);
                let window = ask(&mut r, seq).window;
                for i in 0..64 {
                    prop_assert_eq!(window >> i & 1 == 1, seq >= i && set.contains(&(seq - i)));
                }
            }
            let seen = r.seen();
            for seq in 0..300 {
                prop_assert_eq!(seen.has(seq), Some(set.contains(&seq)));
            }
        }
    }
}
