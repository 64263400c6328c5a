//! Keys of raw samples: what a probe or the kernel says beside the value of a series, `owd_up`, `tcp_cwnd`, `backlog_bytes`.

use crate::kind::{Direction, Kind};

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// What is measured.
    pub kind: Kind,
    /// Unit of the values, Flent's spelling; `1` for numbers without a dimension.
    pub unit: &'static str,
    /// The direction where it is not that of the series it belongs to.
    pub direction: Option<Direction>,
}

/// What a key of raw samples means; `None` for keys of tools that are not known here.
///
/// Kernel state (`tcp_…`) has the names of `struct tcp_info`, queues those of `tc -s qdisc`.
///
/// Those of a receiver (`receiver_tcp_…`), and the few of a sender whose plain name is the receiver's (`sender_tcp_…`), mean what
/// they mean without.
pub fn known(key: &str) -> Option<Key> {
    let key = of_either_end(key);
    let (kind, unit, direction) = match key {
        "owd_up" => (Kind::Owd, "ms", Some(Direction::Up)),
        "owd_down" => (Kind::Owd, "ms", Some(Direction::Down)),
        // The stamps are milliseconds since the file's TIME.
        "owd_bound" | "lateness" | "sent" | "received" | "received_there" | "sent_there" => {
            (Kind::Other, "ms", Some(Direction::None))
        }
        "ipdv" => (Kind::Jitter, "ms", Some(Direction::Both)),
        "ipdv_up" => (Kind::Jitter, "ms", Some(Direction::Up)),
        "ipdv_down" => (Kind::Jitter, "ms", Some(Direction::Down)),
        "tcp_rtt" | "tcp_min_rtt" | "tcp_rcv_rtt" | "tcp_bbr_mrtt" => (Kind::Rtt, "ms", None),
        "tcp_rtt_var" => (Kind::Jitter, "ms", None),
        "tcp_cwnd" | "tcp_ssthresh" => (Kind::Cwnd, "packets", None),
        "tcp_pacing_rate" | "tcp_delivery_rate" | "tcp_bbr_bw" => (Kind::Rate, "Mbits/s", None),
        "tcp_lost" | "tcp_retrans" | "tcp_retrans_now" => (Kind::Loss, "packets", None),
        "tcp_bytes_retrans" => (Kind::Loss, "bytes", None),
        "tcp_max_pacing_rate" => (Kind::Other, "Mbits/s", None),
        "tcp_rto" | "tcp_ato" | "tcp_busy_time" | "tcp_rwnd_limited" | "tcp_sndbuf_limited" | "tcp_last_data_sent"
        | "tcp_last_data_recv" | "tcp_last_ack_recv" | "tcp_total_rto_time" => (Kind::Other, "ms", None),
        "tcp_unacked" | "tcp_sacked" | "tcp_delivered" | "tcp_delivered_ce" | "tcp_rcv_ooopack" | "tcp_reordering"
        | "tcp_received_ce" | "tcp_segs_out" | "tcp_segs_in" | "tcp_data_segs_out" | "tcp_data_segs_in" => {
            (Kind::Other, "packets", None)
        }
        "tcp_snd_wnd"
        | "tcp_rcv_wnd"
        | "tcp_rcv_space"
        | "tcp_rcv_ssthresh"
        | "tcp_bytes_sent"
        | "tcp_bytes_acked"
        | "tcp_bytes_received"
        | "tcp_snd_mss"
        | "tcp_rcv_mss"
        | "tcp_advmss"
        | "tcp_pmtu"
        | "tcp_delivered_e1_bytes"
        | "tcp_delivered_e0_bytes"
        | "tcp_delivered_ce_bytes"
        | "tcp_received_e1_bytes"
        | "tcp_received_e0_bytes"
        | "tcp_received_ce_bytes" => (Kind::Other, "bytes", None),
        "tcp_bbr_pacing_gain"
        | "tcp_bbr_cwnd_gain"
        | "tcp_ca_state"
        | "tcp_state"
        | "tcp_options"
        | "tcp_retransmits"
        | "tcp_probes"
        | "tcp_backoff"
        | "tcp_snd_wscale"
        | "tcp_rcv_wscale"
        | "tcp_rehash"
        | "tcp_total_rto"
        | "tcp_total_rto_recoveries"
        | "tcp_reord_seen"
        | "tcp_dsack_dups" => (Kind::Other, "1", None),
        "tcp_notsent" | "backlog_bytes" | "sent_bytes" | "maxpacket" => (Kind::Queue, "bytes", None),
        "backlog_pkts" | "sent_pkts" | "dropped" | "ecn_mark" | "drop_overlimit" => (Kind::Queue, "packets", None),
        "requeues" | "backlog_requeues" | "overlimits" | "count" | "lastcount" => (Kind::Queue, "1", None),
        "load" => (Kind::Cpu, "1", None),
        _ if key.strip_prefix("cpu").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) => {
            (Kind::Cpu, "1", None)
        }
        _ => return None,
    };
    Some(Key { kind, unit, direction })
}

/// The value, or NaN where the kernel's number stands for "no limit": a slow-start threshold that was never set is 2³¹ − 1
/// packets (`TCP_INFINITE_SSTHRESH`), a flow that is not paced has the largest rate there is.
pub fn value(key: &str, value: f64) -> f64 {
    let unlimited = match of_either_end(key) {
        "tcp_ssthresh" => value >= 2_147_483_647.0,
        // 2³² − 1 bytes/s in old kernels, 2⁶⁴ − 1 in others, here in Mbit/s.
        "tcp_pacing_rate" => value >= 1e12 || (value - 34_359.738_36).abs() < 1e-5,
        _ => false,
    };
    if unlimited { f64::NAN } else { value }
}

fn of_either_end(key: &str) -> &str {
    let plain = key.strip_prefix("receiver_").or_else(|| key.strip_prefix("sender_"));
    plain.filter(|plain| plain.starts_with("tcp_")).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_receiver_means_what_that_of_a_sender_means() {
        assert_eq!(known("receiver_tcp_rto"), known("tcp_rto"));
        assert_eq!(known("sender_tcp_rcv_space").map(|k| k.unit), Some("bytes"));
        assert!(value("receiver_tcp_ssthresh", 2_147_483_647.0).is_nan());
        assert_eq!(known("receiver_load"), None);
    }

    #[test]
    fn delays_have_a_direction_of_their_own() {
        assert_eq!(known("owd_up").and_then(|k| k.direction), Some(Direction::Up));
        assert_eq!(known("ipdv_down").map(|k| (k.kind, k.direction)), Some((Kind::Jitter, Some(Direction::Down))));
        assert_eq!(known("tcp_rtt").map(|k| (k.kind, k.unit, k.direction)), Some((Kind::Rtt, "ms", None)));
        assert_eq!(known("cpu12").map(|k| k.kind), Some(Kind::Cpu));
        assert_eq!(known("cpu"), None);
    }

    #[test]
    fn what_was_never_limited_has_no_number() {
        assert!(value("tcp_ssthresh", 2_147_483_647.0).is_nan());
        assert_eq!(value("tcp_ssthresh", 20.0), 20.0);
        assert!(value("tcp_pacing_rate", 18_446_744_073_709_551_615.0 * 8e-6).is_nan());
        assert!(value("tcp_pacing_rate", 4_294_967_295.0 * 8e-6).is_nan());
        assert_eq!(value("tcp_cwnd", 2_147_483_647.0), 2_147_483_647.0);
    }
}
