//! What a flow of datagrams tells beside its bytes.

use super::FlowEnd;
use crate::plan::FlowId;
use crate::time::{Span, When};
use serde::{Deserialize, Serialize};

/// What the receiver of a datagram flow counted during an interval, the same as that of its [`FlowBytes`](super::FlowBytes). Definitions in
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
    /// Receiver: dropped by its own queue, and so among the lost: datagrams, as [`crate::stream`] counts them.
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
