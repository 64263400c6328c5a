//! Probes of a plan.

use super::{HostId, IpVersion, ProbeId};
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// What a probe sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeKind {
    /// A datagram that `fa serve` answers with its stamps.
    Udp,
    /// An ICMP echo request.
    Icmp,
    /// A request over a TCP connection that `fa serve` answers with its stamps.
    Tcp,
}

impl ProbeKind {
    /// Whether `fa serve` has to answer it.
    pub const fn needs_server(self) -> bool {
        !matches!(self, Self::Icmp)
    }
}

/// A series of round trips at a fixed rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbePlan {
    /// Its number.
    pub id: ProbeId,
    /// Series it fills.
    pub series: String,
    /// What is sent.
    pub kind: ProbeKind,
    /// The other end.
    pub host: HostId,
    /// When the first one is due, after the run's origin.
    pub start: Span,
    /// From the first to the last one.
    pub length: Span,
    /// Between one and the next.
    pub interval: Span,
    /// TOS byte of the request and of the answer.
    pub tos: Option<(u8, u8)>,
    /// Demanded by the series itself.
    pub ip_version: Option<IpVersion>,
    /// Local address to bind to.
    pub local_bind: Option<String>,
    /// Payload bytes of requests and answers, when more than they need.
    #[serde(default)]
    pub payload: Option<u32>,
    /// A call: the series has children for delay, jitter, loss, round trip and bit rate.
    #[serde(default)]
    pub call: bool,
    /// A request without an answer for so long is told as lost.
    #[serde(default)]
    pub lost_after: Option<Span>,
}

impl ProbePlan {
    /// How many requests the schedule has: one at the start, then one per interval up to and including the end.
    pub fn count(&self) -> u32 {
        u32::try_from(self.length.0.max(0) / self.interval.0.max(1) + 1).unwrap_or(u32::MAX)
    }
}
