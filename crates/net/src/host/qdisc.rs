//! Queueing disciplines and classes as the kernel dumps them, in words.
//!
//! Parameters are named and written as `tc` shows them (`limit` `10240p`, `target` `5ms`, `rate` `20Mbit`), because
//! that is what files of ten years contain; a flag has the empty string.
//! A discipline not decoded here gives its name and no parameters.

use std::fmt::{Display, Write as _};

use indexmap::IndexMap;
use serde::Serialize;

use super::netlink::{Message, attribute, text, u32_at, u64_at};

const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
const TCA_STATS2: u16 = 7;
const TC_H_ROOT: u32 = 0xffff_ffff;
/// The kernel's clock for shapers counts 64 ns to the tick (since Linux 2.6.26).
const NS_PER_TICK: f64 = 64.0;

/// Parameters in the order in which `tc` lists them.
pub(crate) type Params = IndexMap<String, String>;

/// One qdisc or class of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Discipline {
    /// Handle, as in `8001:` or `1:10`.
    pub(crate) id: String,
    /// Kind, as in `fq_codel`.
    pub(crate) name: String,
    /// `root`, or the handle above.
    pub(crate) parent: String,
    /// What was configured.
    pub(crate) params: Params,
    /// Counters since the qdisc was made, as two lines of text; absent when the kernel gave none.
    #[serde(skip)]
    pub(crate) counters: Option<Counters>,
}

/// Generic counters of a qdisc.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counters {
    bytes: u64,
    packets: u32,
    queued_packets: u32,
    backlog_bytes: u32,
    drops: u32,
    requeues: u32,
    overlimits: u32,
}

/// Whether a message describes a qdisc or a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Qdisc,
    Class,
}

/// Reads one `tcmsg`; `None` when it is cut short or belongs to another interface.
pub(crate) fn discipline(message: Message<'_>, interface: u32, kind: Kind) -> Option<Discipline> {
    let body = message.body;
    if u32_at(body, 4)? != interface {
        return None;
    }
    let (handle, parent, info) = (u32_at(body, 8)?, u32_at(body, 12)?, u32_at(body, 16)?);
    let rest = body.get(20..)?;
    let name = text(attribute(rest, TCA_KIND)?);
    let options = attribute(rest, TCA_OPTIONS).unwrap_or_default();
    let mut params = Params::new();
    match kind {
        // `tcm_info` is the reference count of a qdisc and the leaf's handle of a class.
        Kind::Qdisc if info != 1 => set(&mut params, "refcnt", info),
        Kind::Class if info != 0 => set(&mut params, "leaf", format!("{:x}:", info >> 16)),
        _ => {}
    }
    decode(&name, kind, options, &mut params);
    Some(Discipline {
        id: match kind {
            Kind::Qdisc => format!("{:x}:", handle >> 16),
            Kind::Class => handle_text(handle),
        },
        parent: handle_text(parent),
        params,
        counters: attribute(rest, TCA_STATS2).and_then(counters),
        name,
    })
}

impl Discipline {
    /// The description and counters as text, in the form of `tc -s qdisc`; `None` without counters.
    pub(crate) fn statistics(&self) -> Option<String> {
        let counters = self.counters?;
        let mut out = format!("qdisc {} {}", self.name, self.id);
        if self.parent == "root" {
            out.push_str(" root");
        } else {
            let _ = write!(out, " parent {}", self.parent);
        }
        for (name, value) in &self.params {
            let _ = write!(out, " {name}");
            if !value.is_empty() {
                let _ = write!(out, " {value}");
            }
        }
        let Counters { bytes, packets, queued_packets, backlog_bytes, drops, requeues, overlimits } = counters;
        let _ = write!(
            out,
            "\n Sent {bytes} bytes {packets} pkt (dropped {drops}, overlimits {overlimits} requeues {requeues})\
             \n backlog {backlog_bytes}b {queued_packets}p requeues {requeues}"
        );
        Some(out)
    }
}

fn counters(stats: &[u8]) -> Option<Counters> {
    let (basic, queue) = (attribute(stats, 1)?, attribute(stats, 3)?);
    Some(Counters {
        bytes: u64_at(basic, 0)?,
        packets: u32_at(basic, 8)?,
        queued_packets: u32_at(queue, 0)?,
        backlog_bytes: u32_at(queue, 4)?,
        drops: u32_at(queue, 8)?,
        requeues: u32_at(queue, 12)?,
        overlimits: u32_at(queue, 16)?,
    })
}

/// A handle as `tc` writes it: `root`, `none`, `1:`, `:4`, `1:10` (hexadecimal).
fn handle_text(handle: u32) -> String {
    match (handle >> 16, handle & 0xffff) {
        _ if handle == TC_H_ROOT => "root".into(),
        (0, 0) => "none".into(),
        (0, minor) => format!(":{minor:x}"),
        (major, 0) => format!("{major:x}:"),
        (major, minor) => format!("{major:x}:{minor:x}"),
    }
}

fn set(params: &mut Params, name: &str, value: impl Display) {
    params.insert(name.into(), format!("{value}"));
}

/// Sets `name` from a 32-bit attribute, written by `format`; nothing when it is absent.
fn set_u32(params: &mut Params, options: &[u8], kind: u16, name: &str, format: impl Fn(u32) -> String) {
    if let Some(value) = attribute(options, kind).and_then(|value| u32_at(value, 0)) {
        set(params, name, format(value));
    }
}

/// Sets the flag `name` when the 32-bit attribute is there and not zero.
fn set_flag(params: &mut Params, options: &[u8], kind: u16, name: &str) {
    if attribute(options, kind).and_then(|value| u32_at(value, 0)).is_some_and(|value| value != 0) {
        set(params, name, "");
    }
}

fn decode(name: &str, kind: Kind, options: &[u8], params: &mut Params) {
    match (name, kind) {
        ("pfifo", Kind::Qdisc) => fifo(options, params, packets),
        ("bfifo", Kind::Qdisc) => fifo(options, params, |value| size(f64::from(value))),
        ("pfifo_fast" | "prio", Kind::Qdisc) => bands(options, params),
        ("tbf", Kind::Qdisc) => tbf(options, params),
        ("fq_codel", Kind::Qdisc) => fq_codel(options, params),
        ("codel", Kind::Qdisc) => codel(options, params),
        ("fq", Kind::Qdisc) => fq(options, params),
        ("cake", Kind::Qdisc) => cake(options, params),
        ("netem", Kind::Qdisc) => netem(options, params),
        ("htb", Kind::Qdisc) => htb(options, params),
        ("htb", Kind::Class) => htb_class(options, params),
        _ => {}
    }
}

fn fifo(options: &[u8], params: &mut Params, format: impl Fn(u32) -> String) {
    if let Some(limit) = u32_at(options, 0) {
        set(params, "limit", format(limit));
    }
}

fn bands(options: &[u8], params: &mut Params) {
    let (Some(bands), Some(map)) = (u32_at(options, 0), options.get(4..20)) else { return };
    set(params, "bands", bands);
    let map: Vec<_> = map.iter().map(u8::to_string).collect();
    set(params, "priomap", map.join(" "));
}

/// `tc_tbf_qopt`: rate and peak rate (12 bytes each), limit in bytes, burst and mtu in ticks at that rate.
fn tbf(options: &[u8], params: &mut Params) {
    let Some(parms) = attribute(options, 1) else { return };
    let (Some(limit), Some(buffer)) = (u32_at(parms, 24), u32_at(parms, 28)) else { return };
    let Some(rate_bytes) = rate_bytes(options, 4, parms, 8) else { return };
    set(params, "rate", rate(rate_bytes));
    set(params, "burst", size(burst_bytes(rate_bytes, buffer)));
    if let Some(peak) = rate_bytes_nonzero(options, 5, parms, 20) {
        set(params, "peakrate", rate(peak));
    }
    // The latency limit a full bucket leaves: time to send `limit` bytes less the burst's.
    let latency_us = 1e6 * f64::from(limit) / rate_bytes - f64::from(buffer) * NS_PER_TICK / 1e3;
    if rate_bytes > 0.0 && latency_us >= 0.0 {
        set(params, "lat", time_us(latency_us));
    } else {
        set(params, "limit", size(f64::from(limit)));
    }
}

/// Bytes per second: the 64-bit attribute where the kernel needed it, else the 32-bit field.
fn rate_bytes(options: &[u8], attribute_64: u16, parms: &[u8], at: usize) -> Option<f64> {
    match attribute(options, attribute_64).and_then(|value| u64_at(value, 0)) {
        Some(rate) => Some(rate as f64),
        None => u32_at(parms, at).map(f64::from),
    }
}

fn rate_bytes_nonzero(options: &[u8], attribute_64: u16, parms: &[u8], at: usize) -> Option<f64> {
    rate_bytes(options, attribute_64, parms, at).filter(|&rate| rate > 0.0)
}

fn burst_bytes(rate_bytes: f64, ticks: u32) -> f64 {
    (rate_bytes * f64::from(ticks) * NS_PER_TICK / 1e9).floor()
}

fn fq_codel(options: &[u8], params: &mut Params) {
    set_u32(params, options, 2, "limit", packets);
    set_u32(params, options, 5, "flows", |flows| flows.to_string());
    set_u32(params, options, 6, "quantum", |quantum| quantum.to_string());
    set_u32(params, options, 1, "target", |us| time_us(f64::from(us)));
    set_u32(params, options, 7, "ce_threshold", |us| time_us(f64::from(us)));
    set_u32(params, options, 3, "interval", |us| time_us(f64::from(us)));
    set_u32(params, options, 9, "memory_limit", |bytes| size(f64::from(bytes)));
    set_flag(params, options, 4, "ecn");
    set_u32(params, options, 8, "drop_batch", |count| count.to_string());
}

fn codel(options: &[u8], params: &mut Params) {
    set_u32(params, options, 2, "limit", packets);
    set_u32(params, options, 1, "target", |us| time_us(f64::from(us)));
    set_u32(params, options, 5, "ce_threshold", |us| time_us(f64::from(us)));
    set_u32(params, options, 3, "interval", |us| time_us(f64::from(us)));
    set_flag(params, options, 4, "ecn");
}

fn fq(options: &[u8], params: &mut Params) {
    let bytes = |value: u32| size(f64::from(value));
    let us = |value: u32| time_us(f64::from(value));
    set_u32(params, options, 1, "limit", packets);
    set_u32(params, options, 2, "flow_limit", packets);
    set_u32(params, options, 8, "buckets", |log| 1_u64.checked_shl(log).unwrap_or(0).to_string());
    set_u32(params, options, 10, "orphan_mask", |mask| mask.to_string());
    set_u32(params, options, 3, "quantum", bytes);
    set_u32(params, options, 4, "initial_quantum", bytes);
    if attribute(options, 7).and_then(|value| u32_at(value, 0)).is_some_and(|rate| rate != u32::MAX) {
        set_u32(params, options, 7, "maxrate", |value| rate(f64::from(value)));
    }
    set_u32(params, options, 11, "low_rate_threshold", |value| rate(f64::from(value)));
    set_u32(params, options, 9, "refill_delay", us);
    if attribute(options, 12).and_then(|value| u32_at(value, 0)).is_some_and(|value| value != u32::MAX) {
        set_u32(params, options, 12, "ce_threshold", us);
    }
    set_u32(params, options, 13, "timer_slack", |ns| time_us(f64::from(ns) / 1e3));
    set_u32(params, options, 14, "horizon", us);
    // A byte: what happens to a packet beyond the horizon.
    match attribute(options, 15).and_then(|value| value.first()) {
        Some(0) => set(params, "horizon_cap", ""),
        Some(_) => set(params, "horizon_drop", ""),
        None => {}
    }
}

fn cake(options: &[u8], params: &mut Params) {
    let number = |kind| attribute(options, kind).and_then(|value| u32_at(value, 0));
    match attribute(options, 2).and_then(|value| u64_at(value, 0)) {
        Some(0) => set(params, "bandwidth", "unlimited"),
        Some(bytes) => set(params, "bandwidth", rate(bytes as f64)),
        None => {}
    }
    set_flag(params, options, 9, "autorate-ingress");
    let diffserv = ["diffserv3", "diffserv4", "diffserv8", "besteffort", "precedence"];
    if let Some(name) = number(3).and_then(|mode| diffserv.get(mode as usize)) {
        set(params, name, "");
    }
    let flows = ["flowblind", "srchost", "dsthost", "hosts", "flows", "dual-srchost", "dual-dsthost", "triple-isolate"];
    if let Some(name) = number(5).and_then(|mode| flows.get(mode as usize)) {
        set(params, name, "");
    }
    let ack = ["no-ack-filter", "ack-filter", "ack-filter-aggressive"];
    for (kind, names) in [
        (11, &["nonat", "nat"][..]),
        (13, &["nowash", "wash"]),
        (15, &["", "ingress"]),
        (16, &ack),
        (17, &["no-split-gso", "split-gso"]),
    ] {
        if let Some(name) = number(kind).and_then(|mode| names.get(mode as usize)).filter(|name| !name.is_empty()) {
            set(params, name, "");
        }
    }
    set_u32(params, options, 7, "rtt", |us| time_us(f64::from(us)));
    if attribute(options, 12).is_some() {
        set(params, "raw", "");
    } else {
        if let Some(name) = number(4).and_then(|mode| ["noatm", "atm", "ptm"].get(mode as usize)) {
            set(params, name, "");
        }
        set_u32(params, options, 6, "overhead", |bytes| (bytes as i32).to_string());
    }
    for (kind, name) in [(14, "mpu"), (10, "memlimit"), (18, "fwmark")] {
        match number(kind) {
            None | Some(0) => {}
            Some(bytes) if kind == 10 => set(params, name, size(f64::from(bytes))),
            Some(mask) if kind == 18 => set(params, name, format!("{mask:#x}")),
            Some(bytes) => set(params, name, bytes),
        }
    }
}

/// `tc_netem_qopt` (latency, limit, loss, gap, duplicate, jitter), then attributes.
fn netem(options: &[u8], params: &mut Params) {
    let Some(attrs) = options.get(24..) else { return };
    let number = |at| u32_at(options, at).unwrap_or(0);
    set(params, "limit", number(4));
    let us = |kind, at| {
        let exact_ns = attribute(attrs, kind).and_then(|value| u64_at(value, 0));
        exact_ns.map_or(f64::from(number(at)) * NS_PER_TICK, |ns| ns as f64) / 1e3
    };
    let (delay, jitter) = (us(10, 0), us(11, 20));
    if delay > 0.0 {
        let jitter = if jitter > 0.0 { format!(" {}", time_us(jitter)) } else { String::new() };
        set(params, "delay", time_us(delay) + &jitter);
    }
    for (at, name) in [(8, "loss"), (16, "duplicate")] {
        if number(at) != 0 {
            set(params, name, percent(number(at)));
        }
    }
    // Reordering and corruption: probability, then correlation.
    for (kind, name) in [(3, "reorder"), (4, "corrupt")] {
        if let Some(probability) = attribute(attrs, kind).and_then(|value| u32_at(value, 0)).filter(|&p| p != 0) {
            set(params, name, percent(probability));
        }
    }
    if number(12) != 0 {
        set(params, "gap", number(12));
    }
    if let Some(bytes) = attribute(attrs, 6).and_then(|parms| rate_bytes_nonzero(attrs, 8, parms, 0)) {
        set(params, "rate", rate(bytes));
    }
    set_flag(params, attrs, 7, "ecn");
}

/// `tc_htb_glob`: version, rate to quantum, default class, debug, packets sent past the classes.
fn htb(options: &[u8], params: &mut Params) {
    let Some(init) = attribute(options, 2) else { return };
    for (at, name) in [(4, "r2q"), (8, "default"), (16, "direct_packets_stat")] {
        if let Some(value) = u32_at(init, at) {
            let text = if name == "default" { format!("{value:#x}") } else { value.to_string() };
            set(params, name, text);
        }
    }
    set_u32(params, options, 5, "direct_qlen", |packets| packets.to_string());
}

/// `tc_htb_opt`: rate and ceiling (12 bytes each), their bursts in ticks, quantum, level, priority.
fn htb_class(options: &[u8], params: &mut Params) {
    let Some(parms) = attribute(options, 1) else { return };
    let (Some(rate_bytes), Some(ceil_bytes)) = (rate_bytes(options, 6, parms, 8), rate_bytes(options, 7, parms, 20))
    else {
        return;
    };
    let number = |at| u32_at(parms, at).unwrap_or(0);
    if number(36) == 0 {
        set(params, "prio", number(40));
    }
    set(params, "rate", rate(rate_bytes));
    set(params, "ceil", rate(ceil_bytes));
    set(params, "burst", size(burst_bytes(rate_bytes, number(24))));
    set(params, "cburst", size(burst_bytes(ceil_bytes, number(28))));
}

fn packets(count: u32) -> String {
    format!("{count}p")
}

/// A probability as the kernel keeps it: 2³²−1 is certain.
fn percent(probability: u32) -> String {
    format!("{}%", significant(100.0 * f64::from(probability) / f64::from(u32::MAX), 6))
}

/// Microseconds as the largest of s, ms, us that gives at least one, three significant digits.
fn time_us(us: f64) -> String {
    if us >= 1e6 {
        format!("{}s", significant(us / 1e6, 3))
    } else if us >= 1e3 {
        format!("{}ms", significant(us / 1e3, 3))
    } else {
        format!("{}us", us.floor())
    }
}

/// Bytes; in Kb or Mb (of 1024) when that is a whole number to within rounding of the kernel's ticks.
fn size(bytes: f64) -> String {
    let near = |unit: f64, slack: f64| {
        let whole = (bytes / unit).round();
        (bytes >= unit && (whole * unit - bytes).abs() < slack).then_some(whole)
    };
    if let Some(mebibytes) = near(1024.0 * 1024.0, 1024.0) {
        format!("{mebibytes}Mb")
    } else if let Some(kibibytes) = near(1024.0, 16.0) {
        format!("{kibibytes}Kb")
    } else {
        format!("{bytes}b")
    }
}

/// Bytes per second as bits per second, in the largest unit that is whole or leaves at least 1000.
fn rate(bytes_per_s: f64) -> String {
    let mut value = bytes_per_s * 8.0;
    let mut unit = "";
    for next in ["K", "M", "G", "T"] {
        if value < 1e3 || (value % 1e3 != 0.0 && value < 1e6) {
            break;
        }
        value /= 1e3;
        unit = next;
    }
    format!("{value:.0}{unit}bit")
}

/// `value` with at most this many significant digits and no trailing zeros.
fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let decimals = (digits as i32 - 1 - value.abs().log10().floor() as i32).max(0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// All qdiscs or classes of one interface in a dump, in the kernel's order.
pub(crate) fn disciplines(answer: &[u8], interface: u32, kind: Kind) -> Vec<Discipline> {
    let wanted = match kind {
        Kind::Qdisc => 36, // RTM_NEWQDISC
        Kind::Class => 40, // RTM_NEWTCLASS
    };
    super::netlink::messages(answer)
        .filter(|message| message.kind == wanted)
        .filter_map(|message| discipline(message, interface, kind))
        .collect()
}

#[cfg(test)]
mod tests;
