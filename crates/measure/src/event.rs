//! [`Event`]: the only thing that leaves a measurement.
//!
//! The same events are what the live view shows, what the journal keeps, what a far end reports and what the recorder
//! builds the data file from. So everything in the file must be in here, wall time, ids and host facts included, and
//! nothing needs to be: payload never is.
//!
//! Times are [`Time`] (our clock) unless the field says [`FarTime`] (the far end's) or [`When`] (either, tagged).
//! Events are ordered by when they reached the stream, not by the times they tell: a far end hands over part of what it
//! saw after the load has ended.

use crate::collect::CollectorId;
use crate::plan::{FetchId, FlowId, HostId, IpVersion, Plan, ProbeId};
use crate::tcp_info::TcpInfo;
use crate::time::{FarTime, Span, Time, When};
use fa_catalog::Direction;
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

/// Which end of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowEnd {
    /// Sends the payload.
    Sender,
    /// Receives the payload; its bytes are the goodput.
    Receiver,
}

impl FlowEnd {
    /// Whether this end of a flow in that direction is on our host.
    pub const fn is_here(self, direction: Direction) -> bool {
        matches!((self, direction), (Self::Sender, Direction::Up) | (Self::Receiver, Direction::Down))
    }

    /// The end of a flow in that direction that is on our host.
    pub const fn here(direction: Direction) -> Self {
        match direction {
            Direction::Up => Self::Sender,
            Direction::Down => Self::Receiver,
        }
    }

    /// The end of a flow in that direction that is on the far host.
    pub const fn there(direction: Direction) -> Self {
        match direction {
            Direction::Up => Self::Receiver,
            Direction::Down => Self::Sender,
        }
    }
}

/// One end of a connection as the kernel says it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndFacts {
    /// Asked for; `None`: kernel's default.
    pub cong_control_asked: Option<String>,
    /// Obtained.
    pub cong_control: Option<String>,
    /// TOS byte asked for on what this end sends.
    pub tos_asked: Option<u8>,
    /// TOS byte set on the socket.
    pub tos: Option<u8>,
    /// TOS byte on packets that arrived here, where the kernel told: Linux does on the side that accepted the connection.
    pub tos_seen: Option<u8>,
    /// Send buffer, bytes as the kernel counts them.
    pub send_buffer: Option<u32>,
    /// Receive buffer, bytes as the kernel counts them.
    pub receive_buffer: Option<u32>,
    /// Largest segment, bytes.
    pub mss: Option<u32>,
}

/// A flow has a connection. Told once per end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowConnected {
    /// Which.
    pub flow: FlowId,
    /// Which end tells.
    pub end: FlowEnd,
    /// When the connection was established, by this end.
    pub at: When,
    /// Its own address.
    pub local: SocketAddr,
    /// The other one, as seen here.
    pub peer: SocketAddr,
    /// Options and what became of them.
    pub facts: EndFacts,
}

/// Bytes of payload that an end's program wrote or read during one interval. Intervals of an end follow each other
/// without gaps, about one step long, the first one beginning when the flow may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowBytes {
    /// Which.
    pub flow: FlowId,
    /// Which end counted.
    pub end: FlowEnd,
    /// End of the interval, on the counting end's clock.
    pub at: When,
    /// Length of the interval.
    pub interval: Span,
    /// Bytes in it.
    pub bytes: u64,
}

/// A flow's kernel state at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TcpSample {
    /// Which.
    pub flow: FlowId,
    /// Which end.
    pub end: FlowEnd,
    /// When, on that end's clock.
    pub at: When,
    /// The state.
    pub info: TcpInfo,
}

/// What the receiver of a datagram flow counted during an interval, the same as that of its [`FlowBytes`]. Definitions in
/// [`crate::stream`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatagramInterval {
    /// Which.
    pub flow: FlowId,
    /// Which end counted.
    pub end: FlowEnd,
    /// End of the interval.
    pub at: When,
    /// Length of the interval.
    pub interval: Span,
    /// New datagrams.
    pub packets: u64,
    /// Gaps that appeared less those that were filled.
    pub lost: i64,
    /// Datagrams that had been there before.
    pub duplicates: u64,
    /// Datagrams that came after a later one.
    pub reordered: u64,
    /// Mean change of the transit time from one datagram to the next; `None` with fewer than two.
    pub jitter: Option<Span>,
    /// Mean of arrival less sending, each in the nanoseconds of its own clock.
    pub delay: Option<i64>,
    /// The least of them.
    pub least_delay: Option<i64>,
    /// The largest of them.
    pub most_delay: Option<i64>,
}

/// Marks on some of the packets of a download as they arrived at its receiver, looked at as it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowMarks {
    /// Which.
    pub flow: FlowId,
    /// TOS byte of the last packet without "congestion experienced".
    pub tos_seen: u8,
    /// Packets looked at.
    pub packets: u64,
    /// Those of them with "congestion experienced".
    pub congestion_marks: u64,
}

/// Datagrams as they arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packets {
    /// Which flow.
    pub flow: FlowId,
    /// Which end saw them.
    pub end: FlowEnd,
    /// In order of arrival, duplicates left out.
    pub packets: Vec<PacketSeen>,
}

/// One datagram as it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketSeen {
    /// Its number, from 0.
    pub seq: u64,
    /// When it was sent: nanoseconds of the sender's clock.
    pub sent: i64,
    /// When it arrived: nanoseconds of the receiver's clock.
    pub received: i64,
    /// Bytes of UDP payload.
    pub size: u32,
}

/// Counts of one end of a datagram flow; what the other end counts is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatagramTotals {
    /// Which flow.
    pub flow: FlowId,
    /// Which end.
    pub end: FlowEnd,
    /// Sender: datagrams sent, those that its kernel refused included. Receiver: different ones received.
    pub packets: u64,
    /// Their payload.
    pub bytes: u64,
    /// Sender: refused by its own kernel.
    pub refused: u64,
    /// Sender: were due, and not sent because its own send buffer was full until the end.
    pub unsent: u64,
    /// Sender: how late the latest one was.
    pub lateness: Span,
    /// Receiver: never arrived.
    pub lost: i64,
    /// Receiver: had been there before.
    pub duplicates: u64,
    /// Receiver: came after a later one.
    pub reordered: u64,
    /// Receiver: dropped by its own queue, and so among the lost.
    pub dropped: u64,
    /// Receiver: arrived with "congestion experienced".
    pub congestion_marks: u64,
    /// Receiver: mean change of the transit time.
    pub jitter: Option<Span>,
    /// Receiver: the same smoothed as in RFC 3550, at the end.
    pub smoothed_jitter: Option<Span>,
    /// Receiver: the sender has told how many there were, so what was lost at the end is counted.
    pub end_known: bool,
}

impl Default for DatagramTotals {
    fn default() -> Self {
        Self {
            flow: FlowId(0),
            end: FlowEnd::Sender,
            packets: 0,
            bytes: 0,
            refused: 0,
            unsent: 0,
            lateness: Span::ZERO,
            lost: 0,
            duplicates: 0,
            reordered: 0,
            dropped: 0,
            congestion_marks: 0,
            jitter: None,
            smoothed_jitter: None,
            end_known: false,
        }
    }
}

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

/// Names of a collector's values. Told again, with another number, when they change during the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorColumns {
    /// Which collector.
    pub collector: CollectorId,
    /// Number of this list, from 0.
    pub list: u32,
    /// Keys as in the raw samples of the file; `a::b` for a value inside an object.
    pub names: Vec<String>,
}

/// What measuring cost a host during an interval, about a second long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnLoad {
    /// `None`: this host.
    pub host: Option<HostId>,
    /// End of the interval, on that host's clock.
    pub at: When,
    /// Length of the interval.
    pub interval: Span,
    /// Processors it has.
    pub processors: u32,
    /// Share of their time that was neither idle nor waiting for a disk, 0 to 1.
    pub busy: f64,
    /// Share that a hypervisor gave to others.
    pub stolen: f64,
    /// The threads that move packets.
    pub threads: Vec<ThreadLoad>,
    /// Packets that the kernel dropped before it processed them, for want of room.
    pub dropped: u64,
    /// Datagrams that found their receive buffer full, of whatever program.
    pub receive_errors: u64,
}

/// A thread's share of a processor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThreadLoad {
    /// Its name.
    pub name: String,
    /// Share of the interval in which it ran.
    pub ran: f64,
    /// Share in which it could have run, had there been a processor.
    pub waited: f64,
}

/// What a collector found at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CollectorSample {
    /// Which collector.
    pub collector: CollectorId,
    /// Which list of names.
    pub list: u32,
    /// When, on the clock of the host it ran on.
    pub at: When,
    /// One per name; `None` where there was none.
    pub values: Vec<Option<f64>>,
}

/// A round of fetching: every object of the list once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fetched {
    /// Which fetcher.
    pub fetch: FetchId,
    /// When the round began.
    pub began: Time,
    /// From then until the last object was there.
    pub took: Span,
    /// Objects that came.
    pub objects: u32,
    /// Objects that did not: refused, broken, or not in time.
    pub failed: u32,
    /// Of those, the ones that did not come in time.
    pub timed_out: u32,
    /// Payload of all.
    pub bytes: u64,
    /// Connections that had to be made.
    pub connections: u32,
    /// The longest that the name of a server took to be looked up; `None` without a look-up.
    pub name_lookup: Option<Span>,
    /// The longest that a connection took.
    pub connecting: Option<Span>,
    /// The longest from a request to the first byte of its answer.
    pub first_byte: Option<Span>,
}

/// Totals of one end of a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowEnded {
    /// Which.
    pub flow: FlowId,
    /// Which end.
    pub end: FlowEnd,
    /// When this end stopped sending, or saw the end of the stream.
    pub at: When,
    /// First byte to last byte.
    pub elapsed: Span,
    /// Bytes of payload in all.
    pub bytes: u64,
    /// Kernel state just before the close; also of a flow that broke.
    pub info: Option<TcpInfo>,
    /// Obtained congestion control, asked again at the end.
    pub cong_control: Option<String>,
    /// TOS byte on packets that arrived here, where the kernel told.
    pub tos_seen: Option<u8>,
    /// Why it ended before its time; `None`: as planned.
    pub error: Option<String>,
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
