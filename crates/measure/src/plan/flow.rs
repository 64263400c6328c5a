//! Flows of a plan.

use super::{FlowId, HostId, IpVersion};
use crate::time::Span;
use crate::traffic::Traffic;
use fa_catalog::Direction;
use serde::{Deserialize, Serialize};

/// A flow: a byte stream, or datagrams on a schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowPlan {
    /// Its number.
    pub id: FlowId,
    /// Series it fills.
    pub series: String,
    /// Which way the payload goes, seen from here.
    pub direction: Direction,
    /// The other end.
    pub host: HostId,
    /// When the sender starts, after the run's origin.
    pub start: Span,
    /// How long it sends.
    pub length: Span,
    /// TOS byte of what we send and of what the far end sends; `None`: left alone.
    pub tos: Option<(u8, u8)>,
    /// Congestion control asked for at our end and at the far end; `None`: each kernel's default.
    pub cong_control: Option<(String, String)>,
    /// Bytes per write.
    pub block: u32,
    /// File whose bytes the sender writes, again and again, where that is this host: see
    /// [`TestOptions::payloads`](crate::options::TestOptions::payloads). `None`: that of `--test-payload`, or random bytes.
    #[serde(default)]
    pub payload: Option<String>,
    /// Bytes after which the sender ends, when that is before its time is over.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// Demanded by the series itself.
    pub ip_version: Option<IpVersion>,
    /// Local address to bind to.
    pub local_bind: Option<String>,
    /// Datagrams instead of a byte stream.
    #[serde(default)]
    pub datagrams: Option<DatagramPlan>,
}

impl FlowPlan {
    /// Whether it is there to load the network; a call is not.
    pub fn is_load(&self) -> bool {
        self.datagrams.as_ref().is_none_or(|d| !d.packets)
    }
}

/// What a flow of datagrams sends, and what is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatagramPlan {
    /// What it sends.
    pub traffic: Traffic,
    /// A call: every packet is told, and the series has children for delay, jitter, loss and bit rate.
    pub packets: bool,
    /// What it stands for, for the data file.
    pub name: Option<String>,
    /// Hops that what we send may take (IPv6: hop limit).
    #[serde(default)]
    pub ttl: Option<u32>,
    /// Interface that what we send leaves by.
    #[serde(default)]
    pub interface: Option<String>,
    /// Source ports that what we send leaves from, in turn.
    #[serde(default = "one")]
    pub ports: u32,
}

fn one() -> u32 {
    1
}
