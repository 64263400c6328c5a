//! The kernel's state of a connection as samples: every field at both ends.
//!
//! What Flent's socket statistics have is in entries of its own among the samples of goodput, where Flent looks for it. All
//! other fields are in two blocks behind them ([`RawSeriesBuilder::push_block`]), one for each end: sixty fields five times
//! a second would be most of the file otherwise.
//!
//! Names are those of `struct tcp_info` with `tcp_` before them at the sender and `receiver_tcp_` at the receiver. Four fields
//! that explain a receiver have the plain name there, and `sender_tcp_` at the sender.

use fa_format::{RawSeriesBuilder, RawValue};
use serde_json::{Map, Value};

use super::Entry;
use crate::align::Samples;
use crate::event::FlowEnd;
use crate::tcp_info::TcpInfo;

/// Keys of the raw samples that become child series: those of Flent's socket statistics.
pub(super) const CHILDREN: &[&str] = &[
    "tcp_cwnd",
    "tcp_rtt",
    "tcp_rtt_var",
    "tcp_pacing_rate",
    "tcp_delivery_rate",
    "tcp_bbr_bw",
    "tcp_bbr_mrtt",
    "tcp_bbr_pacing_gain",
    "tcp_bbr_cwnd_gain",
];

/// Fields whose plain name is the receiver's.
const OF_RECEIVERS: &[&str] = &["rcv_rtt", "rcv_space", "rcv_wnd", "rcv_ooopack"];

/// Every field of the kernel's state: times in ms, rates in Mbit/s, the rest as the kernel counts. The first ones are
/// [`CHILDREN`], in order.
fn fields(info: &TcpInfo) -> Vec<(&'static str, Option<f64>)> {
    let ms = |us: Option<u32>| us.map(|us| f64::from(us) / 1e3);
    let seconds_ms = |us: Option<u64>| us.map(|us| us as f64 / 1e3);
    let mbits = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64 * 8.0 / 1e6);
    let count = |count: Option<u32>| count.map(f64::from);
    let small = |count: Option<u8>| count.map(f64::from);
    let bytes = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64);
    let gain = |gain: u32| f64::from(gain) / 256.0;
    let bbr = info.bbr;
    vec![
        ("cwnd", count(info.snd_cwnd)),
        ("rtt", ms(info.rtt_us)),
        ("rtt_var", ms(info.rttvar_us)),
        ("pacing_rate", mbits(info.pacing_rate)),
        ("delivery_rate", mbits(info.delivery_rate)),
        ("bbr_bw", mbits(bbr.map(|bbr| bbr.bw))),
        ("bbr_mrtt", ms(bbr.map(|bbr| bbr.min_rtt_us))),
        ("bbr_pacing_gain", bbr.map(|bbr| gain(bbr.pacing_gain))),
        ("bbr_cwnd_gain", bbr.map(|bbr| gain(bbr.cwnd_gain))),
        ("min_rtt", ms(info.min_rtt_us)),
        ("max_pacing_rate", mbits(info.max_pacing_rate)),
        ("rehash", count(info.rehash)),
        ("total_rto", info.total_rto.map(f64::from)),
        ("total_rto_recoveries", info.total_rto_recoveries.map(f64::from)),
        ("total_rto_time", count(info.total_rto_time_ms)),
        ("state", small(info.state)),
        ("ca_state", small(info.ca_state)),
        ("retransmits", small(info.retransmits)),
        ("probes", small(info.probes)),
        ("backoff", small(info.backoff)),
        ("options", small(info.options)),
        ("snd_wscale", small(info.wscale.map(|both| both & 15))),
        ("rcv_wscale", small(info.wscale.map(|both| both >> 4))),
        ("rto", ms(info.rto_us)),
        ("ato", ms(info.ato_us)),
        ("snd_mss", count(info.snd_mss)),
        ("rcv_mss", count(info.rcv_mss)),
        ("advmss", count(info.advmss)),
        ("pmtu", count(info.pmtu)),
        ("unacked", count(info.unacked)),
        ("sacked", count(info.sacked)),
        ("lost", count(info.lost)),
        ("retrans_now", count(info.retrans)),
        ("retrans", count(info.total_retrans)),
        ("last_data_sent", count(info.last_data_sent_ms)),
        ("last_data_recv", count(info.last_data_recv_ms)),
        ("last_ack_recv", count(info.last_ack_recv_ms)),
        ("ssthresh", count(info.snd_ssthresh)),
        ("rcv_ssthresh", count(info.rcv_ssthresh)),
        ("reordering", count(info.reordering)),
        ("reord_seen", count(info.reord_seen)),
        ("rcv_rtt", ms(info.rcv_rtt_us)),
        ("rcv_space", count(info.rcv_space)),
        ("bytes_acked", bytes(info.bytes_acked)),
        ("bytes_received", bytes(info.bytes_received)),
        ("bytes_sent", bytes(info.bytes_sent)),
        ("bytes_retrans", bytes(info.bytes_retrans)),
        ("notsent", count(info.notsent_bytes)),
        ("segs_out", count(info.segs_out)),
        ("segs_in", count(info.segs_in)),
        ("data_segs_out", count(info.data_segs_out)),
        ("data_segs_in", count(info.data_segs_in)),
        ("delivered", count(info.delivered)),
        ("delivered_ce", count(info.delivered_ce)),
        ("dsack_dups", count(info.dsack_dups)),
        ("rcv_ooopack", count(info.rcv_ooopack)),
        ("snd_wnd", count(info.snd_wnd)),
        ("rcv_wnd", count(info.rcv_wnd)),
        ("busy_time", seconds_ms(info.busy_time_us)),
        ("rwnd_limited", seconds_ms(info.rwnd_limited_us)),
        ("sndbuf_limited", seconds_ms(info.sndbuf_limited_us)),
        ("app_limited", small(info.app_limited)),
        ("fastopen_client_fail", small(info.fastopen_client_fail)),
        ("received_ce", count(info.received_ce)),
        ("delivered_e1_bytes", count(info.delivered_e1_bytes)),
        ("delivered_e0_bytes", count(info.delivered_e0_bytes)),
        ("delivered_ce_bytes", count(info.delivered_ce_bytes)),
        ("received_e1_bytes", count(info.received_e1_bytes)),
        ("received_e0_bytes", count(info.received_e0_bytes)),
        ("received_ce_bytes", count(info.received_ce_bytes)),
        ("accecn", count(info.accecn)),
    ]
}

fn name(end: FlowEnd, field: &str) -> String {
    let prefix = match (end, OF_RECEIVERS.contains(&field)) {
        (FlowEnd::Sender, false) | (FlowEnd::Receiver, true) => "",
        (FlowEnd::Sender, true) => "sender_",
        (FlowEnd::Receiver, false) => "receiver_",
    };
    format!("{prefix}tcp_{field}")
}

/// What Flent's socket statistics have of a sender's state.
pub(super) fn entry(t: f64, info: &TcpInfo) -> Option<Entry> {
    let values = CHILDREN.iter().zip(fields(info));
    let values: Vec<_> = values.filter_map(|(key, (_, value))| Some((*key, RawValue::Float(value?)))).collect();
    (!values.is_empty()).then_some(Entry { t, values })
}

/// All fields of one end that are not in entries, each a column; NaN where the kernel did not tell.
pub(super) struct Columns {
    t: Vec<f64>,
    columns: Vec<(String, Vec<f64>)>,
}

impl Columns {
    pub(super) fn of(end: FlowEnd, states: &[(f64, TcpInfo)]) -> Self {
        let here = |field: &str| end == FlowEnd::Receiver || !CHILDREN.iter().any(|key| key[4..] == *field);
        let names = fields(&TcpInfo::default()).into_iter().map(|(field, _)| field).filter(|field| here(field));
        let mut columns: Vec<_> = names.map(|field| (name(end, field), Vec::with_capacity(states.len()))).collect();
        for (_, info) in states {
            let values = fields(info).into_iter().filter(|(field, _)| here(field));
            for ((_, column), (_, value)) in columns.iter_mut().zip(values) {
                column.push(value.unwrap_or(f64::NAN));
            }
        }
        columns.retain(|(_, values)| values.iter().any(|value| !value.is_nan()));
        Self { t: states.iter().map(|(t, _)| *t).collect(), columns }
    }

    pub(super) fn append_to(&self, raw: &mut RawSeriesBuilder) {
        let columns: Vec<_> = self.columns.iter().map(|(key, values)| (key.as_str(), values.as_slice())).collect();
        if !columns.is_empty() {
            raw.push_block(&self.t, &columns);
        }
    }

    /// Each as a child series.
    pub(super) fn series(&self) -> impl Iterator<Item = (Option<String>, Samples)> {
        self.columns.iter().map(|(key, values)| {
            let mut samples = Samples::default();
            for (&t, &value) in self.t.iter().zip(values).filter(|(_, value)| !value.is_nan()) {
                samples.push(t, value);
            }
            (Some(key.clone()), samples)
        })
    }
}

/// Every field of the last state of both ends that is known, by end; null without any.
pub(super) fn last(sender: Option<&TcpInfo>, receiver: Option<&TcpInfo>) -> Value {
    let known = |info: &TcpInfo| {
        let fields = fields(info).into_iter();
        fields.filter_map(|(field, value)| Some((format!("tcp_{field}"), value?.into()))).collect::<Map<_, _>>()
    };
    let ends = [("sender", sender), ("receiver", receiver)];
    let known: Map<_, _> =
        ends.into_iter().filter_map(|(end, info)| Some((end.to_owned(), known(info?).into()))).collect();
    if known.is_empty() { Value::Null } else { known.into() }
}
