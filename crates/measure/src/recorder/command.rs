//! `COMMAND` of a series: what was done for it, in words, where Flent has the command line of its helper.

use std::fmt::Write as _;

use fa_catalog::Direction;

use crate::plan::{FetchList, FetchPlan, FlowPlan, HostId, Plan, ProbeKind, ProbePlan, SourcePlan};
use crate::time::Span;

/// What was done for a series; `None` for those that are computed, hold only children, or were not measured. Collectors
/// tell their sources themselves.
pub(super) fn command(plan: &Plan, source: &SourcePlan) -> Option<String> {
    match source {
        SourcePlan::Flow(id) => plan.flow(*id).map(|flow| of_flow(plan, flow)),
        SourcePlan::Probe(id) => plan.probe(*id).map(|probe| of_probe(plan, probe)),
        SourcePlan::Fetch(id) => plan.fetches.get(usize::from(id.0)).map(|fetch| of_fetch(plan, fetch)),
        SourcePlan::Iterated { runs } => {
            let one = command(plan, runs.first()?)?;
            let period = plan.total_length_secs / runs.len() as f64;
            Some(format!("{one}; {} times, every {period} s", runs.len()))
        }
        SourcePlan::Collector(_) | SourcePlan::Computed { .. } | SourcePlan::Null | SourcePlan::Unsupported { .. } => {
            None
        }
    }
}

fn host(plan: &Plan, id: HostId) -> &str {
    plan.host(id).map_or("the far end", |host| host.name.as_str())
}

fn window(start: Span, length: Span) -> String {
    format!("from {} s for {} s", start.as_secs_f64(), length.as_secs_f64())
}

/// What several kinds may have: marks, an own address.
fn more(text: &mut String, tos: Option<(u8, u8)>, bind: Option<&str>) {
    match tos {
        Some((up, down)) if up == down => _ = write!(text, ", TOS {up:#04x}"),
        Some((up, down)) => _ = write!(text, ", TOS {up:#04x} up and {down:#04x} down"),
        None => {}
    }
    if let Some(bind) = bind {
        let _ = write!(text, ", bound to {bind}");
    }
}

fn of_flow(plan: &Plan, flow: &FlowPlan) -> String {
    let protocol = if flow.datagrams.is_some() { "UDP" } else { "TCP" };
    let way = match flow.direction {
        Direction::Up => "to",
        Direction::Down => "from",
    };
    let mut text = format!("fa: {protocol} {way} {}, {}", host(plan, flow.host), window(flow.start, flow.length));
    if let Some(datagrams) = &flow.datagrams {
        // As a person would write it: 20, not 20.000000.
        let mbits = (datagrams.traffic.bits_per_sec()).round() / 1e6;
        let _ = match (&datagrams.name, datagrams.traffic.fixed_size()) {
            (Some(name), _) => write!(text, ", {name}"),
            (None, Some(size)) => write!(text, ", {mbits} Mbit/s in datagrams of {size} bytes"),
            (None, None) => write!(text, ", {mbits} Mbit/s"),
        };
    } else {
        let _ = write!(text, ", writes of {} bytes", flow.block);
    }
    if let Some((here, there)) = &flow.cong_control {
        let sender = if flow.direction == Direction::Up { here } else { there };
        let _ = write!(text, ", {sender}");
    }
    if let Some(bytes) = flow.bytes {
        let _ = write!(text, ", at most {bytes} bytes");
    }
    more(&mut text, flow.tos, flow.local_bind.as_deref());
    text
}

fn of_probe(plan: &Plan, probe: &ProbePlan) -> String {
    let protocol = match probe.kind {
        ProbeKind::Udp => "UDP",
        ProbeKind::Tcp => "TCP",
        ProbeKind::Icmp => "ICMP",
    };
    let mut text = format!(
        "fa: {protocol} round trips to {}, {}, every {} ms",
        host(plan, probe.host),
        window(probe.start, probe.length),
        probe.interval.as_millis_f64()
    );
    if let Some(bytes) = probe.payload {
        let _ = write!(text, ", {bytes} bytes");
    }
    more(&mut text, probe.tos, probe.local_bind.as_deref());
    text
}

fn of_fetch(plan: &Plan, fetch: &FetchPlan) -> String {
    let list = match &fetch.list {
        FetchList::Server => format!("filelist.txt of {}", host(plan, fetch.host)),
        FetchList::Named(name) => name.clone(),
    };
    format!(
        "fa: HTTP GET of what {list} names, {}, every {} ms, {} at a time",
        window(fetch.start, fetch.length),
        fetch.interval.as_millis_f64(),
        fetch.workers
    )
}
