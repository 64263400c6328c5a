//! A run before it begins: what would be sent, when, to whom, and how much of it.

use fa_catalog::Direction;
use fa_measure::Span;
use fa_measure::plan::{Plan, ProbeKind};
use fa_measure::wire;

/// Headers of IPv4 and UDP, bytes.
const UDP_HEADERS: u64 = 28;
/// Payload of an ICMP probe and its headers, about, bytes.
const ICMP_BYTES: u64 = 84;

/// One thing that a run does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `TCP flow, up`.
    pub what: String,
    /// Series that it fills.
    pub series: String,
    /// The other end.
    pub host: String,
    /// Seconds of the run: `5–65 s`.
    pub when: String,
    /// Marks, rates, intervals.
    pub how: String,
}

/// A run in a line.
pub fn summary(plan: &Plan) -> String {
    let count = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    };
    let parts: Vec<String> = [
        count(plan.flows.len(), "flow"),
        count(plan.probes.len(), "probe"),
        count(plan.collectors.len(), "collector"),
        count(plan.fetches.len(), "fetcher"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let secs = plan.total_length().as_secs_f64();
    match &parts[..] {
        [] => format!("nothing to send, {secs:.0} s in all"),
        [all @ .., last] if !all.is_empty() => format!("{} and {last}, {secs:.0} s in all", all.join(", ")),
        _ => format!("{}, {secs:.0} s in all", parts.join("")),
    }
}

/// Everything that a run does, in the plan's order.
pub fn rows(plan: &Plan) -> Vec<Row> {
    let host = |index: u16| plan.hosts.get(usize::from(index)).map_or(String::new(), |host| host.name.clone());
    let mut rows = Vec::new();
    for flow in &plan.flows {
        let way = match flow.direction {
            Direction::Up => "up",
            Direction::Down => "down",
        };
        let mut how = Vec::new();
        if let Some(datagrams) = &flow.datagrams {
            how.push(rate(datagrams.traffic.bits_per_sec()));
        }
        if let Some(bytes) = flow.bytes {
            how.push(size(bytes));
        }
        how.extend(tos(flow.tos));
        if let Some((ours, theirs)) = flow.cong_control.as_ref().filter(|_| flow.datagrams.is_none()) {
            how.push(if ours == theirs { ours.clone() } else { format!("{ours}/{theirs}") });
        }
        rows.push(Row {
            what: format!("{} flow, {way}", if flow.datagrams.is_some() { "UDP" } else { "TCP" }),
            series: flow.series.clone(),
            host: host(flow.host.0),
            when: when(flow.start, flow.length),
            how: how.join(", "),
        });
    }
    for probe in &plan.probes {
        let kind = match probe.kind {
            ProbeKind::Udp => "UDP probe",
            ProbeKind::Icmp => "ICMP probe",
            ProbeKind::Tcp => "TCP probe",
        };
        let mut how = vec![format!("every {} ms, {} in all", probe.interval.as_secs_f64() * 1e3, probe.count())];
        how.extend(tos(probe.tos));
        rows.push(Row {
            what: kind.to_owned(),
            series: probe.series.clone(),
            host: host(probe.host.0),
            when: when(probe.start, probe.length),
            how: how.join(", "),
        });
    }
    for collector in &plan.collectors {
        rows.push(Row {
            what: "collector".to_owned(),
            series: collector.series.clone(),
            host: collector.host.map_or("this host".to_owned(), |id| host(id.0)),
            when: when(collector.start, collector.length),
            how: format!("every {} s", collector.interval.as_secs_f64()),
        });
    }
    for fetch in &plan.fetches {
        rows.push(Row {
            what: "web objects".to_owned(),
            series: fetch.series.clone(),
            host: host(fetch.host.0),
            when: when(fetch.start, fetch.length),
            how: format!("every {} s, {} at a time", fetch.interval.as_secs_f64(), fetch.workers),
        });
    }
    rows
}

/// How much will be sent, as far as that can be told before.
pub fn volume(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for (direction, name) in [(Direction::Up, "up"), (Direction::Down, "down")] {
        let flows = || plan.flows.iter().filter(|flow| flow.direction == direction);
        // As fast as the line lets them: together they fill it from the first one's start to the last one's end.
        let greedy: Vec<_> = flows().filter(|flow| flow.datagrams.is_none() && flow.bytes.is_none()).collect();
        let begin = greedy.iter().map(|flow| flow.start).min();
        let end = greedy.iter().map(|flow| flow.start + flow.length).max();
        if let (Some(begin), Some(end)) = (begin, end) {
            let secs = (end - begin).as_secs_f64();
            let per_100 = secs * 100e6 / 8.0;
            lines.push(format!(
                "{name}: as much as the line takes for {secs:.0} s, {} for every 100 Mbit/s",
                size(per_100 as u64)
            ));
        }
        let fixed: u64 = flows()
            .map(|flow| match (&flow.datagrams, flow.bytes) {
                (_, Some(bytes)) => bytes,
                (Some(datagrams), None) => {
                    (datagrams.traffic.bits_per_sec() / 8.0 * flow.length.as_secs_f64()).round() as u64
                }
                (None, None) => 0,
            })
            .sum();
        if fixed > 0 {
            lines.push(format!("{name}: {} in flows of a fixed rate or size, at most", size(fixed)));
        }
    }
    let probes: u64 = plan
        .probes
        .iter()
        .map(|probe| {
            let one = match probe.kind {
                ProbeKind::Icmp => ICMP_BYTES,
                _ => UDP_HEADERS + u64::from(probe.payload.unwrap_or(0)).max(wire::LEN as u64),
            };
            one * u64::from(probe.count())
        })
        .sum();
    if probes > 0 {
        lines.push(format!("probes: about {} in each direction", size(probes)));
    }
    lines
}

fn when(start: Span, length: Span) -> String {
    let (from, to) = (start.as_secs_f64(), (start + length).as_secs_f64());
    format!("{}–{} s", (from * 10.0).round() / 10.0, (to * 10.0).round() / 10.0)
}

fn tos(tos: Option<(u8, u8)>) -> Option<String> {
    let (ours, theirs) = tos.filter(|tos| *tos != (0, 0))?;
    Some(if ours == theirs { format!("TOS {ours:#04x}") } else { format!("TOS {ours:#04x}/{theirs:#04x}") })
}

fn rate(bits_per_sec: f64) -> String {
    if bits_per_sec >= 1e6 {
        format!("{} Mbit/s", fa_analyze::summary::significant(bits_per_sec / 1e6, 3))
    } else {
        format!("{} kbit/s", fa_analyze::summary::significant(bits_per_sec / 1e3, 3))
    }
}

/// Bytes for people, decimal units.
pub fn size(bytes: u64) -> String {
    let (unit, by) = match bytes {
        0..1_000 => return format!("{bytes} B"),
        1_000..1_000_000 => ("kB", 1e3),
        1_000_000..1_000_000_000 => ("MB", 1e6),
        _ => ("GB", 1e9),
    };
    format!("{} {unit}", fa_analyze::summary::significant(bytes as f64 / by, 3))
}
