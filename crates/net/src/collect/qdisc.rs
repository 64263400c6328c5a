//! Queueing disciplines and counters of an interface, by netlink.
//!
//! Keys are Flent's (`backlog_bytes`, `dropped`, `ecn_mark`, `new_flows_len`, …). As there, `dropped` and `ecn_mark` count
//! since the last sample and all other counters since the qdisc was made; delays are in ms. Where an interface has several
//! qdiscs, those that have others below them are left out and the rest is summed (of delays, probabilities and sizes the
//! largest counts); each single one is kept in the raw samples under `qdiscs`. Counters of the interface itself begin with
//! `if_`, and `if_rx_mbits` and `if_tx_mbits` are its rates since the last sample. Traffic classes: [`class`].

mod class;

use super::Values;
use crate::host::netlink::{Ask, Message, Netlink, attribute, attributes, messages, request, text, u32_at, u64_at};
use crate::socket::Trouble;
use std::collections::HashMap;
use std::time::Instant;

const IFLA_IFNAME: u16 = 3;
const IFLA_STATS64: u16 = 23;
const RTM_NEWLINK: u16 = 16;
const RTM_NEWQDISC: u16 = 36;
const TCA_KIND: u16 = 1;
const TCA_STATS2: u16 = 7;
/// Attributes of `TCA_STATS2`.
const BASIC: u16 = 1;
const QUEUE: u16 = 3;
const APP: u16 = 4;
const PACKETS_64: u16 = 8;
/// Parents from here on are the hooks for arriving packets, which have no queue.
const INGRESS: u32 = 0xffff_fff0;
const ROOT: u32 = 0xffff_ffff;

/// Counted since the last sample.
const PER_INTERVAL: [&str; 2] = ["dropped", "ecn_mark"];

/// Keys of classes begin so.
const CLASSES: &str = "classes::";

/// Of several qdiscs the largest value counts.
const LARGEST: [&str; 7] = ["delay", "prob", "maxpacket", "maxq", "count", "lastcount", "unthrottle_latency"];

/// Reads an interface.
#[derive(Debug)]
pub(super) struct Qdisc {
    interface: String,
    netlink: Option<Netlink>,
    last: HashMap<String, f64>,
    /// Bytes received and sent, and when.
    moved: Option<(f64, f64, Instant)>,
    classes: class::Rates,
}

impl Qdisc {
    pub(super) fn new(interface: &str) -> Self {
        Self {
            interface: interface.to_owned(),
            netlink: None,
            last: HashMap::new(),
            moved: None,
            classes: class::Rates::default(),
        }
    }

    pub(super) fn read(&mut self) -> Result<Values, Trouble> {
        let name = &self.interface;
        let failed = |e: std::io::Error| Trouble::new(format!("interface {name}: {e}"));
        let mut netlink = self.netlink.take().map_or_else(Netlink::open, Ok).map_err(failed)?;
        let mut zero_ended = name.clone().into_bytes();
        zero_ended.push(0);
        let link = netlink.ask(&request(Ask::Link, false, &[0; 16], &[(IFLA_IFNAME, &zero_ended)])).map_err(|e| {
            Trouble::new(format!("interface {name:?}: {e}")).hint(format!("this host has {}", interfaces().join(", ")))
        })?;
        let read_at = Instant::now();
        let (index, counters) = link_counters(&link)
            .ok_or_else(|| Trouble::new(format!("interface {name}: the kernel's answer is short")))?;
        let mut body = [0; 20];
        body[4..8].copy_from_slice(&index.to_ne_bytes());
        let dump = netlink.ask(&request(Ask::Qdisc, true, &body, &[])).map_err(failed)?;
        let qdiscs = stats(&dump, index);
        let mut values = combined(&qdiscs);
        if qdiscs.iter().any(|qdisc| class::has_classes(&qdisc.kind)) {
            let dump = netlink.ask(&request(Ask::Class, true, &body, &[])).map_err(failed)?;
            class::put(&class::classes(&dump, index), &mut values);
        }
        let classes_read_at = Instant::now();
        self.netlink = Some(netlink);
        self.differences(&mut values);
        self.classes.put(classes_read_at, &mut values);
        self.rates(&counters, read_at, &mut values);
        values.extend(counters.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Ok(values)
    }

    /// Turns what is counted per interval into what it grew by.
    fn differences(&mut self, values: &mut Values) {
        for (name, value) in values {
            let key = name.rsplit("::").next().unwrap_or_default();
            if PER_INTERVAL.contains(&key) {
                let now = *value;
                let before = self.last.insert(name.clone(), now).unwrap_or(now);
                // A qdisc made anew counts from zero.
                *value = if now < before { now } else { now - before };
            }
        }
    }

    fn rates(&mut self, counters: &[(&'static str, f64)], at: Instant, values: &mut Values) {
        let of = |wanted: &str| counters.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        let (Some(rx), Some(tx)) = (of("if_rx_bytes"), of("if_tx_bytes")) else { return };
        // From the first sample on, so that the names stay the same.
        let (rx_before, tx_before, before) = self.moved.replace((rx, tx, at)).unwrap_or((rx, tx, at));
        let seconds = (at - before).as_secs_f64();
        let mbits = |now: f64, before: f64| if seconds > 0.0 { (now - before).max(0.0) * 8e-6 / seconds } else { 0.0 };
        values.push(("if_rx_mbits".to_owned(), mbits(rx, rx_before)));
        values.push(("if_tx_mbits".to_owned(), mbits(tx, tx_before)));
    }
}

/// Names of this host's interfaces.
fn interfaces() -> Vec<String> {
    let entries = std::fs::read_dir("/sys/class/net").into_iter().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Index of a link and its counters (`struct rtnl_link_stats64`).
fn link_counters(answer: &[u8]) -> Option<(u32, Vec<(&'static str, f64)>)> {
    const NAMES: [&str; 16] = [
        "if_rx_packets",
        "if_tx_packets",
        "if_rx_bytes",
        "if_tx_bytes",
        "if_rx_errors",
        "if_tx_errors",
        "if_rx_dropped",
        "if_tx_dropped",
        "if_multicast",
        "if_collisions",
        "if_rx_length_errors",
        "if_rx_over_errors",
        "if_rx_crc_errors",
        "if_rx_frame_errors",
        "if_rx_fifo_errors",
        "if_rx_missed_errors",
    ];
    let message = messages(answer).find(|message| message.kind == RTM_NEWLINK)?;
    let stats = attribute(message.body.get(16..)?, IFLA_STATS64).unwrap_or_default();
    let counters = NAMES.into_iter().enumerate().filter_map(|(i, name)| Some((name, u64_at(stats, i * 8)? as f64)));
    Some((u32_at(message.body, 4)?, counters.collect()))
}

/// One qdisc's counters.
#[derive(Debug, Clone, PartialEq)]
struct Stats {
    kind: String,
    /// Upper half of the handle.
    major: u32,
    parent: u32,
    values: Vec<(&'static str, f64)>,
    /// Of the parts of a qdisc: key, part, value.
    parts: Vec<(&'static str, String, f64)>,
}

/// The qdiscs of one interface in a dump that have a queue.
fn stats(answer: &[u8], interface: u32) -> Vec<Stats> {
    let of = |message: Message<'_>| {
        let body = message.body;
        let (handle, parent) = (u32_at(body, 8)?, u32_at(body, 12)?);
        if u32_at(body, 4)? != interface || (INGRESS..ROOT).contains(&parent) {
            return None;
        }
        let rest = body.get(20..)?;
        let kind = text(attribute(rest, TCA_KIND)?);
        let (values, parts) = counters(&kind, attribute(rest, TCA_STATS2).unwrap_or_default());
        Some(Stats { kind, major: handle >> 16, parent, values, parts })
    };
    messages(answer).filter(|message| message.kind == RTM_NEWQDISC).filter_map(of).collect()
}

type Counters = (Vec<(&'static str, f64)>, Vec<(&'static str, String, f64)>);

/// What all qdiscs and classes count.
fn common(stats: &[u8], mut put: impl FnMut(&'static str, Option<f64>)) {
    let basic = attribute(stats, BASIC).unwrap_or_default();
    let queue = attribute(stats, QUEUE).unwrap_or_default();
    let packets = attribute(stats, PACKETS_64).and_then(|bytes| u64_at(bytes, 0)).map(|packets| packets as f64);
    put("sent_bytes", u64_at(basic, 0).map(|bytes| bytes as f64));
    put("sent_pkts", packets.or_else(|| u32_of(basic, 8)));
    put("dropped", u32_of(queue, 8));
    put("overlimits", u32_of(queue, 16));
    put("requeues", u32_of(queue, 12));
    put("backlog_bytes", u32_of(queue, 4));
    put("backlog_pkts", u32_of(queue, 0));
    put("backlog_requeues", u32_of(queue, 12));
}

fn u32_of(bytes: &[u8], at: usize) -> Option<f64> {
    u32_at(bytes, at).map(f64::from)
}

/// What all qdiscs count, then what only this kind does.
fn counters(kind: &str, stats: &[u8]) -> Counters {
    let (mut values, mut parts) = (Vec::new(), Vec::new());
    let mut put = |name: &'static str, value: Option<f64>| values.extend(value.map(|value| (name, value)));
    common(stats, &mut put);
    let app = attribute(stats, APP).unwrap_or_default();
    match kind {
        // The first word says that the counters are those of a qdisc, not of a class.
        "fq_codel" if u32_at(app, 0) == Some(0) => {
            let names = [
                "maxpacket",
                "drop_overlimit",
                "ecn_mark",
                "new_flow_count",
                "new_flows_len",
                "old_flows_len",
                "ce_mark",
                "memory_used",
                "drop_overmemory",
            ];
            names.into_iter().enumerate().for_each(|(i, name)| put(name, u32_of(app, 4 + 4 * i)));
        }
        "codel" => {
            for (i, name) in ["maxpacket", "count", "lastcount"].into_iter().enumerate() {
                put(name, u32_of(app, 4 * i));
            }
            put("delay", u32_of(app, 12).map(|us| us / 1e3));
            put("drop_next", u32_at(app, 16).map(|us| f64::from(us as i32) / 1e3));
            for (i, name) in ["drop_overlimit", "ecn_mark", "dropping", "ce_mark"].into_iter().enumerate() {
                put(name, u32_of(app, 20 + 4 * i));
            }
        }
        "pie" => {
            put("prob", u64_at(app, 0).map(|prob| prob as f64 / u64::MAX as f64));
            put("delay", u32_of(app, 8).map(|us| us / 1e3));
            put("avg_dq_rate", u32_of(app, 12));
            for (i, name) in ["pkts_in", "dropped_pie", "overlimit_pie", "maxq", "ecn_mark"].into_iter().enumerate() {
                put(name, u32_of(app, 20 + 4 * i));
            }
        }
        "fq_pie" => {
            let names = [
                "pkts_in",
                "dropped_pie",
                "overlimit_pie",
                "overmemory",
                "ecn_mark",
                "new_flow_count",
                "new_flows_len",
                "old_flows_len",
                "memory_used",
            ];
            names.into_iter().enumerate().for_each(|(i, name)| put(name, u32_of(app, 4 * i)));
        }
        "fq" => {
            let wide =
                ["gc_flows", "highprio", "tcp_retrans", "throttled", "flows_plimit", "pkts_too_long", "alloc_errors"];
            for (i, name) in wide.into_iter().enumerate() {
                put(name, u64_at(app, 8 * i).map(|n| n as f64));
            }
            for (i, name) in ["flows", "inactive_flows", "throttled_flows"].into_iter().enumerate() {
                put(name, u32_of(app, 64 + 4 * i));
            }
            put("unthrottle_latency", u32_of(app, 76).map(|ns| ns / 1e6));
            put("ce_mark", u64_at(app, 80).map(|n| n as f64));
        }
        "red" | "choke" => {
            for (i, name) in ["early", "pdrop", "other", "ecn_mark"].into_iter().enumerate() {
                put(name, u32_of(app, 4 * i));
            }
        }
        "cake" => cake(app, &mut put, &mut parts),
        _ => {}
    }
    (values, parts)
}

/// `TCA_CAKE_STATS_…`: the whole, then each tin. `delay` is the largest of the tins' mean delays.
fn cake(app: &[u8], put: &mut impl FnMut(&'static str, Option<f64>), parts: &mut Vec<(&'static str, String, f64)>) {
    put("memory_used", attribute(app, 5).and_then(|bytes| u32_at(bytes, 0)).map(f64::from));
    put("capacity_estimate", attribute(app, 2).and_then(|bytes| u64_at(bytes, 0)).map(|bytes| bytes as f64 * 8e-6));
    let (mut marks, mut delay) = (None, None);
    for (tin, values) in attributes(attribute(app, 10).unwrap_or_default()) {
        let number = |kind| attribute(values, kind).and_then(|bytes| u32_at(bytes, 0)).map(f64::from);
        let wide = |kind| attribute(values, kind).and_then(|bytes| u64_at(bytes, 0)).map(|n| n as f64);
        let ms = |kind| number(kind).map(|us| us / 1e3);
        let found = [
            ("cake_pkts", number(2)),
            ("cake_bytes", wide(3)),
            ("cake_drops", number(4)),
            ("cake_ack_drops", number(6)),
            ("cake_marks", number(8)),
            ("cake_backlog_pkts", number(10)),
            ("cake_backlog_bytes", number(11)),
            ("cake_threshold", wide(12).map(|bytes| bytes * 8e-6)),
            ("cake_target", ms(13)),
            ("cake_interval", ms(14)),
            ("cake_pk_delay", ms(18)),
            ("cake_av_delay", ms(19)),
            ("cake_sp_delay", ms(20)),
            ("cake_sp_flows", number(21)),
            ("cake_bk_flows", number(22)),
            ("cake_un_flows", number(23)),
            ("cake_max_len", number(24)),
        ];
        // Attributes of a list are numbered from 1, tins from 0.
        let tin = format!("Tin {}", tin.saturating_sub(1));
        parts.extend(found.into_iter().filter_map(|(name, value)| Some((name, tin.clone(), value?))));
        marks = number(8).map_or(marks, |more| Some(marks.unwrap_or(0.0) + more));
        delay = ms(19).map_or(delay, |ms| Some(delay.map_or(ms, |most: f64| most.max(ms))));
    }
    put("ecn_mark", marks);
    put("delay", delay);
}

/// One interface's values from those of its qdiscs.
fn combined(qdiscs: &[Stats]) -> Values {
    let is_above = |one: &Stats| {
        let below =
            |other: &Stats| other.parent != ROOT && other.parent >> 16 == one.major && !std::ptr::eq(other, one);
        one.major != 0 && qdiscs.iter().any(below)
    };
    let mut values = Values::new();
    for qdisc in qdiscs.iter().filter(|one| !is_above(one)) {
        for &(name, value) in &qdisc.values {
            match values.iter_mut().find(|(known, _)| known == name) {
                None => values.push((name.to_owned(), value)),
                Some((_, largest)) if LARGEST.contains(&name) => *largest = largest.max(value),
                Some((_, sum)) => *sum += value,
            }
        }
        for (name, part, value) in &qdisc.parts {
            let name = format!("{name}::{part}");
            match values.iter_mut().find(|(known, _)| *known == name) {
                None => values.push((name, *value)),
                Some((_, sum)) => *sum += value,
            }
        }
    }
    if qdiscs.len() > 1 {
        for (i, qdisc) in qdiscs.iter().enumerate() {
            // Unnamed ones of the queues of a device are told apart by their place.
            let id = if qdisc.major == 0 {
                format!("{} #{i}", qdisc.kind)
            } else {
                format!("{} {:x}", qdisc.kind, qdisc.major)
            };
            values.extend(qdisc.values.iter().map(|(name, value)| (format!("qdiscs::{id}::{name}"), *value)));
        }
    }
    values
}

#[cfg(test)]
mod tests;
