//! What a receiver counts.

use super::Header;
use crate::time::Span;

/// Numbers behind the highest that are told apart from duplicates.
const WINDOW: u64 = 4096;

/// What a receiver counts.
#[derive(Debug)]
pub struct Counter {
    /// One bit per number, of the last [`WINDOW`] up to the highest.
    pub(super) window: Vec<u64>,
    pub(super) highest: Option<u64>,
    pub(super) received: u64,
    pub(super) bytes: u64,
    pub(super) duplicates: u64,
    pub(super) reordered: u64,
    pub(super) congestion_marks: u64,
    pub(super) tos_seen: Option<u8>,
    pub(super) transit: Option<i64>,
    /// RFC 3550, section 6.4.1, nanoseconds.
    pub(super) smoothed_jitter: f64,
    pub(super) all: Sums,
    pub(super) now: Sums,
}

/// Sums over an interval.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) lost: i64,
    pub(super) duplicates: u64,
    pub(super) reordered: u64,
    pub(super) jitter_ns: u64,
    pub(super) jitter_count: u64,
    pub(super) delay_ns: i128,
    pub(super) delay_count: u64,
    pub(super) least_delay: Option<i64>,
    pub(super) most_delay: Option<i64>,
}

/// A datagram as it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// Its header.
    pub header: Header,
    /// Arrival on this end's clock, in the nanoseconds that its events have.
    pub at: i64,
    /// Bytes of UDP payload.
    pub size: u32,
    /// TOS byte, where the kernel told.
    pub tos: Option<u8>,
}

impl Counter {
    pub(super) fn new() -> Self {
        Self {
            window: vec![0; (WINDOW / 64) as usize],
            highest: None,
            received: 0,
            bytes: 0,
            duplicates: 0,
            reordered: 0,
            congestion_marks: 0,
            tos_seen: None,
            transit: None,
            smoothed_jitter: 0.0,
            all: Sums::default(),
            now: Sums::default(),
        }
    }

    /// The number after the highest so far.
    pub(super) fn next(&self) -> u64 {
        self.highest.map_or(0, |h| h + 1)
    }

    /// The whole number of a datagram from its low half: the one nearest to the highest so far.
    pub(super) fn number(&self, low: u32) -> u64 {
        let Some(highest) = self.highest else { return low.into() };
        let ahead = low.wrapping_sub(highest as u32) as i32;
        highest.saturating_add_signed(ahead.into())
    }

    pub(super) fn bit(&mut self, number: u64) -> (&mut u64, u64) {
        let at = number % WINDOW;
        (&mut self.window[(at / 64) as usize], 1 << (at % 64))
    }

    /// Counts a datagram; its number when it is a new one.
    pub(super) fn count(&mut self, a: &Arrived) -> Option<u64> {
        let number = self.number(a.header.seq);
        if let Some(tos) = a.tos {
            self.tos_seen = Some(tos);
            self.congestion_marks += u64::from(tos & 3 == 3);
        }
        let next = self.next();
        if number >= next {
            let gap = number - next;
            // A jump over the whole window leaves nothing of it.
            for passed in next.max(number.saturating_sub(WINDOW - 1))..number {
                let (word, bit) = self.bit(passed);
                *word &= !bit;
            }
            self.now.lost += gap as i64;
            self.highest = Some(number);
        } else {
            let too_old = number + WINDOW <= next;
            let (word, bit) = self.bit(number);
            if too_old || *word & bit != 0 {
                self.duplicates += 1;
                self.now.duplicates += 1;
                return None;
            }
            self.reordered += 1;
            self.now.reordered += 1;
            self.now.lost -= 1;
        }
        let (word, bit) = self.bit(number);
        *word |= bit;
        self.received += 1;
        self.bytes += u64::from(a.size);
        self.now.packets += 1;
        self.now.bytes += u64::from(a.size);
        let transit = a.at.wrapping_sub(a.header.stamp);
        if let Some(before) = self.transit {
            let apart = transit.abs_diff(before);
            self.now.jitter_ns = self.now.jitter_ns.saturating_add(apart);
            self.now.jitter_count += 1;
            self.smoothed_jitter += (apart as f64 - self.smoothed_jitter) / 16.0;
        }
        self.transit = Some(transit);
        self.now.delay_ns += i128::from(transit);
        self.now.delay_count += 1;
        self.now.least_delay = Some(self.now.least_delay.map_or(transit, |least| least.min(transit)));
        self.now.most_delay = Some(self.now.most_delay.map_or(transit, |most| most.max(transit)));
        Some(number)
    }

    /// The sender says how many there were: what is missing behind the highest is lost too.
    pub(super) fn sent(&mut self, total: u64) {
        let known = self.next();
        // More than the bits of a number's low half can tell would be nonsense.
        if total > known && total - known < u64::from(u32::MAX) {
            self.now.lost += (total - known) as i64;
            self.highest = Some(total - 1);
        }
    }

    /// Ends an interval.
    pub(super) fn interval(&mut self) -> Sums {
        let now = std::mem::take(&mut self.now);
        self.all.packets += now.packets;
        self.all.lost += now.lost;
        self.all.jitter_ns = self.all.jitter_ns.saturating_add(now.jitter_ns);
        self.all.jitter_count += now.jitter_count;
        self.all.delay_ns += now.delay_ns;
        self.all.delay_count += now.delay_count;
        now
    }
}

impl Sums {
    pub(super) fn jitter(&self) -> Option<Span> {
        (self.jitter_count > 0).then(|| Span((self.jitter_ns / self.jitter_count) as i64))
    }

    pub(super) fn delay(&self) -> Option<i64> {
        (self.delay_count > 0).then(|| (self.delay_ns / i128::from(self.delay_count)) as i64)
    }
}
