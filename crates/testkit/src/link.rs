//! One direction of a path: rate and queue, delay, loss, reordering, duplication, outages.

use fa_measure::{Span, Time};

use crate::random::Random;

/// One direction of a path, and what it did to the packets.
#[derive(Debug, Clone)]
pub struct Link {
    delay: Span,
    jitter: Span,
    /// Bits per second; `None`: as fast as one likes.
    rate_bps: Option<f64>,
    /// Bytes that may wait; more are dropped at the tail.
    queue_bytes: f64,
    loss: f64,
    lose_every: Option<u64>,
    duplicate_every: Option<u64>,
    reorder_every: Option<u64>,
    outages: Vec<(Time, Time)>,
    /// When the last bit of what waits has left.
    free_at: Time,
    packets: u64,
    /// Small packets (probes) that did not arrive, for comparison with what was measured.
    lost_probes: u64,
}

/// A packet held back for reordering arrives this much later: behind the next ones of a 200 ms schedule.
const HELD_BACK: Span = Span::from_millis(450);

impl Link {
    /// A link with this delay and nothing wrong with it.
    pub fn with_delay_ms(delay_ms: i64) -> Self {
        Self {
            delay: Span::from_millis(delay_ms),
            jitter: Span::ZERO,
            rate_bps: None,
            queue_bytes: f64::INFINITY,
            loss: 0.0,
            lose_every: None,
            duplicate_every: None,
            reorder_every: None,
            outages: Vec::new(),
            free_at: Time(i64::MIN),
            packets: 0,
            lost_probes: 0,
        }
    }

    /// Up to this much more delay, evenly spread.
    #[must_use]
    pub fn jitter_ms(mut self, jitter_ms: i64) -> Self {
        self.jitter = Span::from_millis(jitter_ms);
        self
    }

    /// A bottleneck with a queue that holds as many bytes as it sends in `queue_ms`.
    #[must_use]
    pub fn bottleneck(mut self, mbits: f64, queue_ms: f64) -> Self {
        self.rate_bps = Some(mbits * 1e6);
        self.queue_bytes = mbits * 1e6 / 8.0 * queue_ms / 1e3;
        self
    }

    /// Loses packets at random.
    #[must_use]
    pub fn losing(mut self, probability: f64) -> Self {
        self.loss = probability;
        self
    }

    /// Loses every n-th packet.
    #[must_use]
    pub fn losing_every(mut self, n: u64) -> Self {
        self.lose_every = Some(n.max(1));
        self
    }

    /// Delivers every n-th packet twice.
    #[must_use]
    pub fn duplicating_every(mut self, n: u64) -> Self {
        self.duplicate_every = Some(n.max(1));
        self
    }

    /// Delivers every n-th packet after the ones behind it.
    #[must_use]
    pub fn reordering_every(mut self, n: u64) -> Self {
        self.reorder_every = Some(n.max(1));
        self
    }

    /// Delivers nothing that is sent in between.
    #[must_use]
    pub fn outage(mut self, from: Time, to: Time) -> Self {
        self.outages.push((from, to));
        self
    }

    /// Probes that did not arrive.
    pub fn lost_probes(&self) -> u64 {
        self.lost_probes
    }

    /// Sends a packet at `now`: when it arrives, once, not at all, or twice.
    pub(crate) fn send(&mut self, now: Time, bytes: u32, random: &mut Random) -> Vec<Time> {
        self.packets += 1;
        let nth = |every: Option<u64>| every.is_some_and(|every| self.packets.is_multiple_of(every));
        let (twice, held) = (nth(self.duplicate_every), nth(self.reorder_every));
        let out = self.outages.iter().any(|&(from, to)| now >= from && now < to);
        let lost = out || nth(self.lose_every) || random.chance(self.loss) || self.is_full(now, bytes);
        if lost {
            return Vec::new();
        }
        let mut arrival = self.transmit(now, bytes) + self.delay + Span((self.jitter.0 as f64 * random.unit()) as i64);
        if held {
            arrival += HELD_BACK;
        }
        if twice { vec![arrival, arrival + Span::from_millis(1)] } else { vec![arrival] }
    }

    /// The same for a probe, whose loss is counted.
    pub(crate) fn send_probe(&mut self, now: Time, bytes: u32, random: &mut Random) -> Vec<Time> {
        let arrivals = self.send(now, bytes, random);
        self.lost_probes += u64::from(arrivals.is_empty());
        arrivals
    }

    /// When something that is never lost (an acknowledgement, the end of a stream) arrives: queue and delay, after any
    /// outage.
    pub(crate) fn arrival_of_signal(&self, now: Time) -> Time {
        let after_outage = self.outages.iter().filter(|&&(from, to)| now >= from && now < to).map(|&(_, to)| to).max();
        after_outage.unwrap_or(now).max(self.free_at) + self.delay
    }

    fn is_full(&self, now: Time, bytes: u32) -> bool {
        let Some(rate) = self.rate_bps else { return false };
        let waiting = (self.free_at - now).as_secs_f64().max(0.0) * rate / 8.0;
        waiting + f64::from(bytes) > self.queue_bytes
    }

    fn transmit(&mut self, now: Time, bytes: u32) -> Time {
        let Some(rate) = self.rate_bps else { return now };
        self.free_at = self.free_at.max(now) + Span::from_secs_f64(f64::from(bytes) * 8.0 / rate);
        self.free_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bottleneck_delays_by_what_waits_and_drops_what_does_not_fit() {
        // 1 Mbit/s: 1250 bytes take 10 ms. A queue of 20 ms holds two.
        let mut link = Link::with_delay_ms(5).bottleneck(1.0, 20.0);
        let mut random = Random::seeded(1);
        let ms = |ms: i64| Time(ms * 1_000_000);
        assert_eq!(link.send(ms(0), 1250, &mut random), [ms(15)]);
        assert_eq!(link.send(ms(0), 1250, &mut random), [ms(25)]);
        assert_eq!(link.send(ms(0), 1250, &mut random), []);
        assert_eq!(link.send(ms(10), 1250, &mut random), [ms(35)]);
    }

    #[test]
    fn the_same_seed_loses_the_same_packets() {
        let lost = |seed| {
            let (mut link, mut random) = (Link::with_delay_ms(1).losing(0.3), Random::seeded(seed));
            (0..1000).map(|i| link.send_probe(Time(i), 100, &mut random).len()).collect::<Vec<_>>()
        };
        assert_eq!(lost(3), lost(3));
        assert_ne!(lost(3), lost(4));
        let share = lost(5).iter().filter(|&&arrivals| arrivals == 0).count();
        assert!((250..350).contains(&share), "{share} of 1000 at 30 %");
    }
}
