//! [`Event`]: the only thing that leaves a measurement.
//!
//! The same events are what the live view shows, what the journal keeps, what a far end reports and what the recorder
//! builds the data file from. So everything in the file must be in here, wall time, ids and host facts included, and
//! nothing needs to be: payload never is.
//!
//! Times are [`Time`] (our clock) unless the field says [`FarTime`](crate::time::FarTime) (the far end's) or
//! [`When`](crate::time::When) (either, tagged).
//! Events are ordered by when they reached the stream, not by the times they tell: a far end hands over part of what it
//! saw after the load has ended.

mod datagram;
mod fetch;
mod flow;
mod host;
mod probe;

pub use datagram::{DatagramInterval, DatagramTotals, PacketSeen, Packets};
pub use fetch::Fetched;
pub use flow::{EndFacts, FlowBytes, FlowConnected, FlowEnd, FlowEnded, FlowMarks, TcpSample};
pub use host::{CollectorColumns, CollectorSample, OwnLoad, ThreadLoad};
pub use probe::{ClockSample, ProbeLost, ProbeReply, ProbeSent, ProbeTotals, Reflected};

use crate::collect::CollectorId;
use crate::plan::{FetchId, FlowId, HostId, IpVersion, Plan, ProbeId};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// Version of the event vocabulary, in every event: readers refuse newer ones instead of guessing.
pub const EVENT_VERSION: u16 = 1;

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// [`EVENT_VERSION`] of the writer.
    pub v: u16,
    /// When it entered the stream, on our clock.
    pub at: Time,
    /// What happened.
    pub what: What,
}

impl Event {
    /// An event of this version.
    pub const fn new(at: Time, what: What) -> Self {
        Self { v: EVENT_VERSION, at, what }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// First event of a run.
    Started(Started),
    /// What the run will do; second event.
    Plan(Box<Plan>),
    /// A far end answered and admitted us.
    HostReady(HostReady),
    /// Facts about a host: kernel, interfaces, sysctls … as far as it can tell.
    HostFacts {
        /// `None`: this host.
        host: Option<HostId>,
        /// Keys are metadata keys (`KERNEL_RELEASE`, `SYSCTLS`, `EGRESS_INFO`, …).
        facts: serde_json::Map<String, serde_json::Value>,
    },
    /// All is prepared: the plan's times (`FlowPlan::start`, `ProbePlan::start`) count from this moment.
    Origin {
        /// At or shortly after the event itself.
        at: Time,
    },
    /// The run enters a phase.
    Phase(Phase),
    /// Priority and stamps that the probes of a host got.
    ProbeSetup(ProbeSetup),
    /// A flow has a connection.
    FlowConnected(Box<FlowConnected>),
    /// Bytes of a flow at one of its ends during an interval.
    FlowBytes(FlowBytes),
    /// A flow's kernel state.
    TcpInfo(Box<TcpSample>),
    /// What a datagram flow's receiver counted during an interval.
    Datagrams(Box<DatagramInterval>),
    /// Marks on the packets of a flow as they arrived here.
    FlowMarks(FlowMarks),
    /// Datagrams of a flow that tells every one.
    Packets(Box<Packets>),
    /// Counts of one end of a datagram flow over the run.
    DatagramTotals(Box<DatagramTotals>),
    /// A request left.
    ProbeSent(ProbeSent),
    /// An answer came.
    ProbeReply(ProbeReply),
    /// A request is taken for lost; a later event about the same sequence number corrects this one.
    ProbeLost(ProbeLost),
    /// What a probe's reflector saw, told at the end.
    ProbeTotals(ProbeTotals),
    /// Four stamps that relate a far end's clock to ours.
    Clock(ClockSample),
    /// What a collector's samples hold from here on; before the first of them.
    CollectorColumns(CollectorColumns),
    /// A collector's sample.
    CollectorSample(CollectorSample),
    /// What else is known about a collector, for its entry in `SERIES_META`.
    CollectorFacts {
        /// Which.
        collector: CollectorId,
        /// Keys as in `SERIES_META`.
        facts: serde_json::Map<String, serde_json::Value>,
    },
    /// What measuring cost a host.
    OwnLoad(Box<OwnLoad>),
    /// A collector cannot collect, or not any more. Data like a failed flow.
    CollectorFailed {
        /// Which.
        collector: CollectorId,
        /// Where and what.
        error: String,
        /// What to do about it, when known.
        hint: Option<String>,
    },
    /// Something the user should know.
    Warning {
        /// The far end it came from or is about; `None`: this host or the whole run.
        host: Option<HostId>,
        /// One sentence.
        text: String,
    },
    /// The run is over but for what a far end has kept, and that far end does not answer; told each second. For those who
    /// watch: it is nothing that a file has.
    Waiting {
        /// Which far end.
        host: HostId,
        /// For so long already.
        waited: Span,
        /// For so much longer at the most.
        left: Span,
    },
    /// A round of fetching web objects is over.
    Fetched(Box<Fetched>),
    /// A flow failed. It is data: its series stays as far as it got, the rest goes on.
    FlowFailed {
        /// Which.
        flow: FlowId,
        /// Where and what: operation, address, system's text.
        error: String,
        /// What to do about it, when known.
        hint: Option<String>,
    },
    /// A probe cannot be sent. Data like a failed flow.
    ProbeFailed {
        /// Which.
        probe: ProbeId,
        /// Where and what.
        error: String,
        /// What to do about it, when known.
        hint: Option<String>,
    },
    /// A fetcher cannot go on. Data like a failed flow.
    FetchFailed {
        /// Which.
        fetch: FetchId,
        /// Where and what.
        error: String,
        /// What to do about it, when known.
        hint: Option<String>,
    },
    /// A flow's end is done, and its totals.
    FlowEnded(Box<FlowEnded>),
    /// Records that a bounded queue could not take: what is missing, and where.
    Overflow {
        /// The far end; `None`: this host.
        host: Option<HostId>,
        /// Which queue.
        queue: String,
        /// Records lost since the last such event.
        lost: u64,
    },
    /// Last event of a run.
    Ended {
        /// Why.
        reason: EndReason,
    },
}

impl What {
    /// Whether it is a measured value: a run that has any is worth a file, however it ended.
    pub const fn is_sample(&self) -> bool {
        matches!(
            self,
            Self::FlowBytes(_)
                | Self::Datagrams(_)
                | Self::Packets(_)
                | Self::ProbeReply(_)
                | Self::CollectorSample(_)
                | Self::Fetched(_)
        )
    }
}

/// Begin of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// Nanoseconds since the Unix epoch, by our wall clock, at [`Time::ZERO`]. The only wall time of a run:
    /// `wall_unix_ns + time` is what the file calls `t`.
    pub wall_unix_ns: i64,
    /// Version of `fa`, as `FLENT_VERSION` has it.
    pub version: String,
    /// Names the run: 32 hexadecimal digits.
    pub run_id: String,
    /// Our host name.
    pub local_host: String,
}

/// A far end is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostReady {
    /// Which.
    pub host: HostId,
    /// Where it is.
    pub address: SocketAddr,
    /// From where we speak to it.
    pub local: SocketAddr,
    /// Internet protocol version used for it.
    pub ip_version: IpVersion,
    /// Its program version.
    pub version: String,
    /// Its own host name.
    pub hostname: String,
    /// We started it ourselves, as a child process.
    pub child: bool,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Connecting, preparing, reading clocks.
    Preparing,
    /// Probes only, before the load.
    LeadIn,
    /// Flows are sending.
    Load,
    /// Probes only, after the load.
    LeadOut,
    /// Fetching what far ends kept.
    Collecting,
}

/// Kind of clock behind the stamps of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StampKind {
    /// The kernel stamped the packet.
    Kernel,
    /// The program read its clock next to the system call.
    Program,
}

/// What a host's probe thread obtained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeSetup {
    /// `None`: this host.
    pub host: Option<HostId>,
    /// `real-time 10`, `nice -10`, `normal`.
    pub priority: String,
    /// Stamps of what is received.
    pub receive_stamps: StampKind,
    /// Stamps of what is sent.
    pub send_stamps: StampKind,
    /// Per probe kind `icmp`: `datagram socket`, `raw socket`; empty without ICMP probes.
    pub icmp: String,
}

/// Why a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// As planned.
    Completed,
    /// The user stopped it and keeps what was measured.
    StoppedKeep,
    /// The user stopped it and does not want a file.
    StoppedDiscard,
    /// It could not go on.
    Failed {
        /// Why.
        error: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collectors_numbers_and_web_objects_are_measured_values_and_news_about_them_are_not() {
        let sample = CollectorSample {
            collector: CollectorId(0),
            list: 0,
            at: crate::time::When::Here(Time::ZERO),
            values: Vec::new(),
        };
        assert!(What::CollectorSample(sample).is_sample());
        let ended = What::Ended { reason: EndReason::Completed };
        let failed = What::FetchFailed { fetch: FetchId(0), error: String::new(), hint: None };
        assert!(!ended.is_sample() && !failed.is_sample());
    }
}
