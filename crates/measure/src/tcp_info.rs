//! A flow's kernel state as data.

use serde::{Deserialize, Serialize};

/// `TCP_INFO` of one socket at one moment. Absent: the kernel is too old to tell. Names are the kernel's. Two fields that it
/// has not filled for years, `fackets` and `last_ack_sent`, are left out.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TcpInfo {
    /// Congestion avoidance state (0 open, 1 disorder, 2 CWR, 3 recovery, 4 loss).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_state: Option<u8>,
    /// Negotiated options: 1 timestamps, 2 SACK, 4 window scaling, 8 ECN, 16 ECN seen, 32 SYN data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<u8>,
    /// Retransmission timeout, µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rto_us: Option<u32>,
    /// Delayed-acknowledgement timeout, µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ato_us: Option<u32>,
    /// Largest segment we send, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snd_mss: Option<u32>,
    /// Largest segment seen, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rcv_mss: Option<u32>,
    /// Segments in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unacked: Option<u32>,
    /// Segments selectively acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sacked: Option<u32>,
    /// Segments taken for lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<u32>,
    /// Segments retransmitted and in flight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrans: Option<u32>,
    /// Path MTU, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pmtu: Option<u32>,
    /// Smoothed round trip, µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rtt_us: Option<u32>,
    /// Its mean deviation, µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rttvar_us: Option<u32>,
    /// Slow start threshold, segments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snd_ssthresh: Option<u32>,
    /// Receiver's slow start threshold, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rcv_ssthresh: Option<u32>,
    /// Congestion window, segments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snd_cwnd: Option<u32>,
    /// Reordering the sender expects, segments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reordering: Option<u32>,
    /// Receiver's estimate of the round trip, µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rcv_rtt_us: Option<u32>,
    /// Receiver's buffer estimate, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rcv_space: Option<u32>,
    /// Segments retransmitted since the connection began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_retrans: Option<u32>,
    /// Pacing rate, bytes/s; absent too while the kernel does not pace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pacing_rate: Option<u64>,
    /// Bytes acknowledged since the connection began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_acked: Option<u64>,
    /// Bytes received in order since the connection began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_received: Option<u64>,
    /// Segments sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segs_out: Option<u32>,
    /// Segments received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segs_in: Option<u32>,
    /// Bytes written but not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notsent_bytes: Option<u32>,
    /// Smallest round trip, µs; absent while the kernel has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_rtt_us: Option<u32>,
    /// Rate of delivery, bytes/s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_rate: Option<u64>,
    /// Time with data to send, µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_time_us: Option<u64>,
    /// Time limited by the receiver's window, µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rwnd_limited_us: Option<u64>,
    /// Time limited by our send buffer, µs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sndbuf_limited_us: Option<u64>,
    /// Segments delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<u32>,
    /// Segments delivered with a congestion mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_ce: Option<u32>,
    /// Bytes sent, retransmissions included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_sent: Option<u64>,
    /// Bytes retransmitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_retrans: Option<u64>,
    /// Duplicate SACKs received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dsack_dups: Option<u32>,
    /// Reordering events seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reord_seen: Option<u32>,
    /// Segments received out of order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rcv_ooopack: Option<u32>,
    /// Window the peer offers, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snd_wnd: Option<u32>,
    /// Window we offer, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rcv_wnd: Option<u32>,
    /// State of the connection (1 established, 7 closed …).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<u8>,
    /// Retransmissions of the oldest segment without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retransmits: Option<u8>,
    /// Probes of a closed window, or to see whether the peer is alive, without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<u8>,
    /// How often the timeout was doubled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<u8>,
    /// Window scales: ours for sending in the lower four bits, for receiving in the upper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wscale: Option<u8>,
    /// Times that the path was chosen anew after a timeout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehash: Option<u32>,
    /// Timeouts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_rto: Option<u16>,
    /// Recoveries after timeouts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_rto_recoveries: Option<u16>,
    /// Time in recovery after timeouts, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_rto_time_ms: Option<u32>,
    /// Since the last data sent, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_data_sent_ms: Option<u32>,
    /// Since the last data received, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_data_recv_ms: Option<u32>,
    /// Since the last acknowledgement received, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_ack_recv_ms: Option<u32>,
    /// Largest segment announced to the peer, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advmss: Option<u32>,
    /// Upper bound of the pacing rate, bytes/s; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_pacing_rate: Option<u64>,
    /// Segments with data received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_segs_in: Option<u32>,
    /// Segments with data sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_segs_out: Option<u32>,
    /// Whether `delivery_rate` is that of the program rather than of the network: 1 or 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_limited: Option<u8>,
    /// Why a connection was not opened with data in its first segment (0: nothing known).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fastopen_client_fail: Option<u8>,
    /// Segments received with a congestion mark. This and the next ones: Linux 6.18, accurate ECN (RFC 9768).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_ce: Option<u32>,
    /// Bytes delivered as ECT(1), as the receiver tells, modulo 2³².
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_e1_bytes: Option<u32>,
    /// The same as ECT(0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_e0_bytes: Option<u32>,
    /// The same with a congestion mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_ce_bytes: Option<u32>,
    /// Bytes received as ECT(1), modulo 2³².
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_e1_bytes: Option<u32>,
    /// The same as ECT(0).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_e0_bytes: Option<u32>,
    /// The same with a congestion mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_ce_bytes: Option<u32>,
    /// What became of accurate ECN, as the kernel has it: the meaning of the bits differs between versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accecn: Option<u32>,
    /// State of BBR, when that is the congestion control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bbr: Option<BbrInfo>,
}

/// State of the BBR congestion control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BbrInfo {
    /// Bottleneck bandwidth, bytes/s.
    pub bw: u64,
    /// Smallest round trip, µs.
    pub min_rtt_us: u32,
    /// Pacing gain × 256.
    pub pacing_gain: u32,
    /// Window gain × 256.
    pub cwnd_gain: u32,
}
