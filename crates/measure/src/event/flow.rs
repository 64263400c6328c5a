//! What the ends of a flow tell.

use crate::plan::FlowId;
use crate::tcp_info::TcpInfo;
use crate::time::{Span, When};
use fa_catalog::Direction;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

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
    /// Bytes that one read asks for; TCP only.
    #[serde(default)]
    pub read_size: Option<u32>,
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
