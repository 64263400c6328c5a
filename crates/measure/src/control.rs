//! The control protocol: what a controller and `fa serve` say to each other, as JSON over HTTP on the server's TCP port.
//!
//! | request | body | answer | what |
//! |---|---|---|---|
//! | `POST /v1/hello` | [`Hello`] | [`Welcome`] | versions, what this server is, challenge where a key is needed |
//! | `POST /v1/session` | [`Prepare`] | [`Prepared`] | admission, tokens for flows and probes |
//! | `POST /v1/session/TOKEN/clock` | [`ClockAsk`] | [`ClockTold`] | four stamps |
//! | `GET /v1/session/TOKEN/flow/N`, `Upgrade: fa-flow` | – | 101 | the connection is flow N from here on |
//! | `GET /v1/session/TOKEN/probe/N`, `Upgrade: fa-flow` | – | 101 | the connection carries probe N from here on |
//! | `POST /v1/session/TOKEN/begin` | [`Begin`] | [`Report`] | the plan's times count from a moment of the server's clock |
//! | `POST /v1/session/TOKEN/report` | [`ReportAsk`] | [`Report`] | what was seen since; at most five a second while the load runs |
//! | `POST /v1/session/TOKEN/stop` | – | [`Report`] | flows and collectors end now |
//! | `POST /v1/session/TOKEN/facts` | [`FactsAsk`] | [`FactsTold`] | what the run did to the host's queues |
//! | `DELETE /v1/session/TOKEN` | – | 204 | forget it all |
//!
//! A session belongs to the address that prepared it. Until `begin` it is gone when its connection closes; from then on
//! another connection may go on with it, as long as not too much time passes in between. Refusals are [`Refusal`] with a
//! fitting status. Everything is bounded: see [`MAX_BODY`].

use crate::collect::{CollectorId, Kernel};
use crate::event::{FlowEnd, ProbeSetup, What};
use crate::plan::{FlowId, ProbeId};
use crate::reflect::Seen;
use crate::time::{FarTime, Span};
use crate::traffic::Traffic;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Version of the control protocol; both sides must have the same.
pub const PROTOCOL: u32 = 3;

/// Name of the protocol that a flow's connection is upgraded to.
pub const UPGRADE: &str = "fa-flow";

/// Longest request body a server reads, bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// Longest answer a controller reads, bytes.
pub const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// Longest JSON of the records of one report, bytes, as long as it is more than one record: with it a report is across a
/// slow path well before the controller's patience ends.
pub const MAX_REPORT: usize = 256 * 1024;

/// First words of a controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Program version.
    pub version: String,
}

/// A server's answer to [`Hello`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Program version.
    pub version: String,
    /// Where a key is needed: hexadecimal digits to be signed with it (HMAC-SHA-256 over the ASCII digits).
    pub challenge: Option<String>,
}

/// Asks for a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prepare {
    /// Test name, for the server's log line.
    pub test: String,
    /// Whole run, from origin to end.
    pub length: Span,
    /// Between samples.
    pub step: Span,
    /// Flows whose other end the server is.
    pub flows: Vec<FarFlow>,
    /// Probes it reflects.
    pub probes: Vec<FarProbe>,
    /// What it collects about its own host.
    #[serde(default)]
    pub collectors: Vec<FarCollector>,
    /// Facts about its host with addresses, gateways and hardware addresses.
    #[serde(default)]
    pub extended: bool,
    /// Where the test's traffic goes, when that is not the server itself: decides which interface `EGRESS_INFO` describes.
    #[serde(default)]
    pub toward: Option<IpAddr>,
    /// Answer to the challenge, 64 hexadecimal digits.
    pub proof: Option<String>,
    /// The challenge it answers.
    pub challenge: Option<String>,
    /// Flows and probes come from other addresses than this request: they are bound to others, or control goes another
    /// way.
    #[serde(default)]
    pub elsewhere: bool,
}

/// The server's end of a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FarFlow {
    /// Which.
    pub flow: FlowId,
    /// Which end the server is.
    pub end: FlowEnd,
    /// When the sender starts, after the origin.
    pub start: Span,
    /// How long it sends.
    pub length: Span,
    /// TOS byte of what the server sends.
    pub tos: Option<u8>,
    /// Congestion control of what the server sends.
    pub cong_control: Option<String>,
    /// Bytes per write.
    pub block: u32,
    /// Bytes after which the sender ends.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// Tell samples of kernel state.
    #[serde(default = "yes")]
    pub socket_stats: bool,
    /// Datagrams instead of a byte stream.
    #[serde(default)]
    pub datagrams: Option<FarDatagrams>,
}

const fn yes() -> bool {
    true
}

/// What a flow of datagrams carries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FarDatagrams {
    /// What is sent.
    pub traffic: Traffic,
    /// Tell every packet.
    pub packets: bool,
    /// They come from several ports of the host whose first one has shown to be real.
    #[serde(default)]
    pub spread: bool,
}

/// The server's end of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FarProbe {
    /// Which.
    pub probe: ProbeId,
    /// Requests in its schedule.
    pub count: u32,
    /// Between one request and the next.
    pub interval: Span,
    /// TOS byte of the replies.
    pub tos: Option<u8>,
    /// Over a connection of its own instead of datagrams.
    #[serde(default)]
    pub tcp: bool,
}

/// A collector on the server's host. There is nothing in here that could name a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FarCollector {
    /// Which.
    pub collector: CollectorId,
    /// What.
    pub what: Kernel,
    /// When the first sample is due, after the origin.
    pub start: Span,
    /// From the first to the last one.
    pub length: Span,
    /// Between one and the next.
    pub interval: Span,
}

/// A session is admitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// Names the session: 32 hexadecimal digits.
    pub session: String,
    /// The server's host name.
    pub hostname: String,
    /// One token per probe, in the order asked for.
    pub probe_tokens: Vec<String>,
    /// Tokens of the flows of datagrams.
    #[serde(default)]
    pub flow_tokens: Vec<(FlowId, String)>,
    /// UDP port that reflects.
    pub udp_port: u16,
    /// What its probe thread obtained.
    pub probe_setup: ProbeSetup,
    /// Facts about the server's host, keys as in the metadata.
    pub facts: serde_json::Map<String, serde_json::Value>,
}

/// Asks for the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockAsk {}

/// The server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockTold {
    /// When it read the request.
    pub received: FarTime,
    /// When it wrote the answer.
    pub sent: FarTime,
}

/// The plan's times count from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// A moment of the server's clock, a little ahead.
    pub origin: FarTime,
}

/// Asks for what was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportAsk {
    /// Records up to this cursor have arrived and can be forgotten.
    pub after: u64,
    /// The load is over: hand over also what was kept back.
    pub all: bool,
}

/// Asks for facts after the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsAsk {}

/// Facts after the run, to be merged with those before it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FactsTold {
    /// Keys as in the metadata.
    pub facts: serde_json::Map<String, serde_json::Value>,
}

/// What a server saw.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Report {
    /// Records in the order they were made: bytes and warnings while the load runs, everything afterwards.
    pub records: Vec<What>,
    /// Where to go on.
    pub next: u64,
    /// More is there right now.
    pub more: bool,
    /// Flows still open, and one more while its collectors go on.
    pub open_flows: u32,
    /// What each reflector saw; only when `all` was asked for.
    pub seen: Vec<(ProbeId, Seen)>,
}

/// Why a server said no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What was refused and why.
    pub error: String,
    /// What the operator or the user would have to do.
    pub hint: Option<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_are_plain_json() {
        let ask = ReportAsk { after: 3, all: true };
        assert_eq!(serde_json::to_string(&ask).unwrap(), r#"{"after":3,"all":true}"#);
        let flow: FarFlow = serde_json::from_str(
            r#"{"flow":0,"end":"sender","start":5000000000,"length":1,"tos":null,"cong_control":"cubic","block":8192}"#,
        )
        .unwrap();
        assert_eq!((flow.end, flow.start), (FlowEnd::Sender, Span::from_millis(5000)));
    }

    proptest! {
        #[test]
        fn hostile_bodies_never_panic(body in ".{0,300}") {
            let _ = serde_json::from_str::<Prepare>(&body);
            let _ = serde_json::from_str::<Report>(&body);
        }
    }
}
