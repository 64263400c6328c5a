//! A byte stream over simulated links: send buffer, window, loss recovery.

use fa_catalog::Direction;
use fa_measure::flow::{SlotId, Want};
use fa_measure::{Span, TcpInfo, Time};

/// Payload of a segment.
pub(crate) const MSS: u32 = 1448;
/// What a segment takes on the line.
pub(crate) const SEGMENT_BYTES: u32 = 1514;
const SEND_BUFFER: u64 = 256 << 10;
/// As many segments as a window may have, so that a link without rate is not flooded.
const MAX_WINDOW: f64 = 2000.0;

/// One flow's connection.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) direction: Direction,
    pub(crate) sender: SlotId,
    pub(crate) receiver: SlotId,
    pub(crate) want: Want,
    pub(crate) closing: bool,
    pub(crate) closed: bool,
    buffered: u64,
    to_repeat: u64,
    in_flight: u64,
    window: f64,
    threshold: f64,
    round_trip: Option<Span>,
    least_round_trip: Option<Span>,
    retransmits: u32,
    /// No further reduction of the window before this.
    recovered_at: Time,
}

impl Stream {
    pub(crate) fn new(direction: Direction, sender: SlotId, receiver: SlotId) -> Self {
        Self {
            direction,
            sender,
            receiver,
            want: Want { read: false, write: false },
            closing: false,
            closed: false,
            buffered: 0,
            to_repeat: 0,
            in_flight: 0,
            window: 10.0,
            threshold: f64::INFINITY,
            round_trip: None,
            least_round_trip: None,
            retransmits: 0,
            recovered_at: Time(i64::MIN),
        }
    }

    /// The program fills the send buffer: how much it wrote.
    pub(crate) fn write(&mut self) -> u64 {
        if !self.want.write || self.closing {
            return 0;
        }
        let written = SEND_BUFFER - self.buffered;
        self.buffered += written;
        written
    }

    /// Payload of the next segment that the window allows.
    pub(crate) fn next_segment(&mut self) -> Option<u64> {
        if self.in_flight as f64 >= self.window.floor() {
            return None;
        }
        let source = if self.to_repeat > 0 { &mut self.to_repeat } else { &mut self.buffered };
        let payload = (*source).min(u64::from(MSS));
        *source -= payload;
        self.in_flight += u64::from(payload > 0);
        (payload > 0).then_some(payload)
    }

    /// All was delivered, and the program has closed.
    pub(crate) fn is_drained(&self) -> bool {
        self.closing && !self.closed && self.buffered == 0 && self.to_repeat == 0 && self.in_flight == 0
    }

    pub(crate) fn acknowledged(&mut self, round_trip: Span) {
        self.in_flight -= 1;
        // RFC 6298's smoothing: one eighth of the new sample.
        self.round_trip = Some(self.round_trip.map_or(round_trip, |old| Span(old.0 + (round_trip.0 - old.0) / 8)));
        self.least_round_trip = Some(self.least_round_trip.map_or(round_trip, |least| least.min(round_trip)));
        self.window += if self.window < self.threshold { 1.0 } else { 1.0 / self.window };
        self.window = self.window.min(MAX_WINDOW);
    }

    pub(crate) fn lost(&mut self, payload: u64, now: Time) {
        self.in_flight -= 1;
        self.to_repeat += payload;
        self.retransmits += 1;
        if now >= self.recovered_at {
            self.window = (self.window / 2.0).max(2.0);
            self.threshold = self.window;
            self.recovered_at = now + self.loss_delay();
        }
    }

    /// How long it takes to notice a loss.
    pub(crate) fn loss_delay(&self) -> Span {
        self.round_trip.unwrap_or(Span::from_millis(200)).max(Span::from_millis(10))
    }

    pub(crate) fn info(&self) -> TcpInfo {
        let us = |span: Option<Span>| span.map(|span| (span.0 / 1000) as u32);
        TcpInfo {
            snd_cwnd: Some(self.window as u32),
            rtt_us: us(self.round_trip),
            min_rtt_us: us(self.least_round_trip),
            total_retrans: Some(self.retransmits),
            snd_mss: Some(MSS),
            unacked: Some(self.in_flight as u32),
            ..TcpInfo::default()
        }
    }
}
