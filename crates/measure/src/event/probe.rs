//! What probes tell, and exchanges over the control connection.

use super::StampKind;
use crate::plan::{HostId, ProbeId};
use crate::time::{FarTime, Span, Time};
use fa_catalog::Direction;
use serde::{Deserialize, Serialize};

/// A request left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeSent {
    /// Which probe.
    pub probe: ProbeId,
    /// From 0, one per due time; none is ever skipped.
    pub seq: u32,
    /// When it was due.
    pub due: Time,
    /// When the program handed it to the kernel; later than `due` by our own lateness.
    pub sent: Time,
    /// The kernel refused to take it (error number): it counts as sent and lost on our own host.
    pub refused: Option<i32>,
}

/// An answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeReply {
    /// Which probe.
    pub probe: ProbeId,
    /// Which request.
    pub seq: u32,
    /// When the request left: kernel's stamp or program's, see `sent_kind`.
    pub sent: Time,
    /// Who stamped `sent`.
    pub sent_kind: StampKind,
    /// When the answer arrived.
    pub received: Time,
    /// Who stamped `received`.
    pub received_kind: StampKind,
    /// When the reflector received the request and sent the answer, on its clock; `None` for ICMP.
    pub there: Option<Reflected>,
    /// Another answer to this request was already there.
    pub duplicate: bool,
    /// An answer to a later request was already there.
    pub late: bool,
    /// TOS byte of the answer as it arrived, where the kernel told.
    #[serde(default)]
    pub tos_seen: Option<u8>,
}

impl ProbeReply {
    /// Round trip without the reflector's own time: `(received − sent) − (reflector's send − receive)`.
    pub fn round_trip(&self) -> Span {
        let held = self.there.map_or(Span::ZERO, |t| t.sent - t.received);
        (self.received - self.sent) - held
    }
}

/// A reflector's stamps of one request, on its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reflected {
    /// Arrival of the request.
    pub received: FarTime,
    /// Who stamped the arrival.
    pub received_kind: StampKind,
    /// The answer was handed to the kernel.
    pub sent: FarTime,
    /// TOS byte of the request as it arrived, where the kernel told.
    pub tos_seen: Option<u8>,
}

/// A request is taken for lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeLost {
    /// Which probe.
    pub probe: ProbeId,
    /// Which request.
    pub seq: u32,
    /// When it left.
    pub sent: Time,
    /// Where it was lost: `Up` the request, `Down` the answer, `None` not known.
    pub direction: Option<Direction>,
}

/// Counts of a probe over the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProbeTotals {
    /// Which probe.
    pub probe: ProbeId,
    /// Requests sent.
    pub sent: u64,
    /// Requests that the reflector received, duplicates not counted; `None` when it could not be asked.
    pub received_there: Option<u64>,
    /// Answers received, duplicates not counted.
    pub received: u64,
    /// Duplicates on the way up, as the reflector saw them.
    pub duplicates_up: Option<u64>,
    /// Duplicates of answers.
    pub duplicates: u64,
    /// Requests that reached the reflector after a later one.
    pub reordered_up: Option<u64>,
    /// Answers that came after the answer to a later request.
    pub reordered: u64,
    /// Datagrams that our own receive queue dropped: our loss, not the network's.
    pub dropped_here: u64,
    /// Datagrams that the reflector's receive queue dropped.
    pub dropped_there: Option<u64>,
}

/// Four stamps of one exchange with a far end, over the control connection. UDP probes carry the same four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSample {
    /// Which far end.
    pub host: HostId,
    /// We asked.
    pub sent: Time,
    /// It received.
    pub received_there: FarTime,
    /// It answered.
    pub sent_there: FarTime,
    /// We received.
    pub received: Time,
}

impl ClockSample {
    /// Round trip without the far end's own time; half of it bounds the error of [`Self::ahead`].
    pub fn round_trip(&self) -> Span {
        (self.received - self.sent) - (self.sent_there - self.received_there)
    }

    /// What to add to a [`Time`] of ours to get the far end's [`FarTime`], if both ways took equally long.
    pub fn ahead(&self) -> Span {
        let out = self.received_there.0.saturating_sub(self.sent.0);
        let back = self.sent_there.0.saturating_sub(self.received.0);
        // Halved first: the sum of two stamps since 1970 is near the end of i64.
        Span(out / 2 + back / 2)
    }
}
