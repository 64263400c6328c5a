//! A small run by hand, and helpers to look at what becomes of it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod collectors;
mod flows;
mod metadata;
mod probes;
mod replay;
mod series;

use super::*;
use crate::collect::{Collected, CollectorPlan, Kernel, Program};
use crate::event::{
    ClockSample, DatagramTotals, EndFacts, FlowBytes, FlowConnected, FlowEnd, FlowEnded, ProbeLost, ProbeReply,
    ProbeSent, ProbeTotals, Reflected, StampKind, TcpSample,
};
use crate::event::{CollectorColumns, CollectorSample};
use crate::journal::{self, Encoder};
use crate::plan::{FlowPlan, HostPlan, IpVersion, ProbeKind, ProbePlan, Settings};
use crate::tcp_info::TcpInfo;
use crate::time::Span;
use fa_catalog::{Computed, Direction};
use std::net::SocketAddr;

/// 2023-11-14T22:13:20Z, a round number of seconds.
const WALL_NS: i64 = 1_700_000_000_000_000_000;
const UNIX: f64 = 1_700_000_000.0;
/// The far clock is this much ahead of ours.
const AHEAD: Span = Span(2_000_000_000);
const HOST: HostId = HostId(0);
const UP: FlowId = FlowId(0);
const DOWN: FlowId = FlowId(1);
const UDP: ProbeId = ProbeId(0);
const ICMP: ProbeId = ProbeId(1);

fn ms(ms: i64) -> Time {
    Time(ms * 1_000_000)
}

/// The far end's stamp of a moment of ours, given in milliseconds.
fn far(at: Time) -> FarTime {
    FarTime(WALL_NS + AHEAD.0 + at.0)
}

fn plan() -> Plan {
    let series = |name: &str, units: &str, runner: &str, source| SeriesPlan {
        name: name.into(),
        units: units.into(),
        role: String::new(),
        runner: runner.into(),
        source,
    };
    let computed = |function, sources: &[&str]| SourcePlan::Computed {
        function,
        sources: sources.iter().map(|&name| name.to_owned()).collect(),
    };
    let flow = |id: FlowId, name: &str, direction| FlowPlan {
        id,
        series: name.into(),
        direction,
        host: HOST,
        start: Span::ZERO,
        length: Span::from_millis(1000),
        tos: Some((0x20, 0x20)),
        cong_control: Some(("cubic".into(), "reno".into())),
        block: 131_072,
        payload: None,
        bytes: None,
        ip_version: None,
        local_bind: None,
        datagrams: None,
    };
    let probe = |id: ProbeId, name: &str, kind| ProbePlan {
        id,
        series: name.into(),
        kind,
        host: HOST,
        start: Span::ZERO,
        length: Span::from_millis(1000),
        interval: Span::from_millis(200),
        tos: Some((0xb8, 0xb8)),
        ip_version: None,
        local_bind: None,
        payload: None,
        call: false,
        lost_after: None,
    };
    Plan {
        settings: Settings {
            test: "mini".into(),
            hosts: vec![HostPlan::named("far.example")],
            length_secs: 1.0,
            delay_secs: 0.5,
            step_secs: 0.2,
            title: "by hand".into(),
            note: String::new(),
            ip_version: None,
            params: IndexMap::from([("upload_streams".to_owned(), "1".to_owned())]),
            local_bind: None,
            seed: 7,
            options: crate::options::TestOptions::default(),
            observe: crate::Observe::default(),
        },
        purpose: "a test".into(),
        default_plot: "all".into(),
        total_length_secs: 2.0,
        hosts: vec![HostPlan::named("far.example")],
        host_names: vec!["far.example".into()],
        series: vec![
            series("TCP upload", "Mbits/s", "netperf_demo", SourcePlan::Flow(UP)),
            series("TCP download", "Mbits/s", "netperf_demo", SourcePlan::Flow(DOWN)),
            series("TCP totals", "Mbits/s", "sum", computed(Computed::Sum, &["TCP upload", "TCP download"])),
            series("Ping (ms) UDP", "ms", "udp_rtt", SourcePlan::Probe(UDP)),
            series("Ping (ms) ICMP", "ms", "ping", SourcePlan::Probe(ICMP)),
            series("Ping (ms) avg", "ms", "average", computed(Computed::Average, &["Ping (ms) UDP", "Ping (ms) ICMP"])),
            series("TCP upload::tcp_cwnd", "", "null", SourcePlan::Null),
            series(
                "cpu_stats_far",
                "misc",
                "cpu_stats",
                SourcePlan::Unsupported { runner: "cpu_stats".into(), reason: "not native yet".into() },
            ),
        ],
        flows: vec![flow(UP, "TCP upload", Direction::Up), flow(DOWN, "TCP download", Direction::Down)],
        probes: vec![probe(UDP, "Ping (ms) UDP", ProbeKind::Udp), probe(ICMP, "Ping (ms) ICMP", ProbeKind::Icmp)],
        collectors: vec![],
        fetches: vec![],
        notes: vec![],
        iterations: None,
    }
}

fn begin() -> Vec<Event> {
    let started = Started {
        wall_unix_ns: WALL_NS,
        version: "fa 0.1.0".into(),
        run_id: "00112233445566778899aabbccddeeff".into(),
        local_host: "here".into(),
    };
    let address: SocketAddr = "192.0.2.1:5999".parse().unwrap();
    let ready = HostReady {
        host: HOST,
        address,
        local: address,
        ip_version: IpVersion::V4,
        version: "fa 0.1.0".into(),
        hostname: "there".into(),
        child: false,
    };
    // A round trip of 2 ms, the same both ways.
    let clock =
        ClockSample { host: HOST, sent: ms(0), received_there: far(ms(1)), sent_there: far(ms(1)), received: ms(2) };
    let facts = |text: &str| serde_json::from_str(text).unwrap();
    events(vec![
        What::Started(started),
        What::Plan(Box::new(plan())),
        What::HostReady(ready),
        What::HostFacts { host: None, facts: facts(r#"{"KERNEL_NAME":"Linux","EGRESS_INFO":{"iface":"lo"}}"#) },
        What::HostFacts { host: Some(HOST), facts: facts(r#"{"KERNEL_RELEASE":"6.1"}"#) },
        What::Clock(clock),
    ])
}

fn events(what: Vec<What>) -> Vec<Event> {
    what.into_iter().map(|what| Event::new(Time::ZERO, what)).collect()
}

fn bytes(flow: FlowId, end: FlowEnd, at: Time, interval_ms: i64, bytes: u64) -> What {
    let here = matches!((flow, end), (UP, FlowEnd::Sender) | (DOWN, FlowEnd::Receiver));
    let at = if here { When::Here(at) } else { When::There(far(at)) };
    What::FlowBytes(FlowBytes { flow, end, at, interval: Span::from_millis(interval_ms), bytes })
}

fn sent(probe: ProbeId, seq: u32, at: i64) -> What {
    // Each one leaves 50 µs late.
    What::ProbeSent(ProbeSent { probe, seq, due: ms(at), sent: ms(at) + Span::from_micros(50), refused: None })
}

/// An answer to a request sent at `at` ms, `up` ms on the way there, held for 1 ms, `down` ms on the way back.
fn reply(probe: ProbeId, seq: u32, at: i64, up: i64, down: i64) -> What {
    let there = (probe == UDP).then(|| Reflected {
        received: far(ms(at + up)),
        received_kind: StampKind::Kernel,
        sent: far(ms(at + up + 1)),
        tos_seen: Some(0),
    });
    let held = i64::from(there.is_some());
    What::ProbeReply(ProbeReply {
        probe,
        seq,
        sent: ms(at),
        sent_kind: StampKind::Kernel,
        received: ms(at + up + held + down),
        received_kind: StampKind::Kernel,
        there,
        duplicate: false,
        late: false,
        tos_seen: None,
    })
}

fn lost(probe: ProbeId, seq: u32, at: i64, direction: Option<Direction>) -> What {
    What::ProbeLost(ProbeLost { probe, seq, sent: ms(at), direction })
}

fn record(what: Vec<What>) -> DataSet {
    Recorder::replay(begin().iter().chain(&events(what))).finish().unwrap()
}

fn raw(data: &DataSet, series: &str) -> Vec<serde_json::Value> {
    let text: serde_json::Value = serde_json::from_str(&fa_format::to_json(data).unwrap()).unwrap();
    text["raw_values"][series].as_array().unwrap().clone()
}

fn meta(data: &DataSet, series: &str) -> Map<String, Value> {
    data.metadata.series_meta(series).unwrap().clone()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The plan with one more series, of a collector.
fn with_collector(what: Collected, host: Option<HostId>) -> Plan {
    let id = CollectorId(0);
    let (start, length, interval) = (Span::ZERO, Span::from_millis(1000), Span::from_millis(200));
    let mut plan = plan();
    plan.series.push(SeriesPlan {
        name: "stats".into(),
        units: "misc".into(),
        role: String::new(),
        runner: "cpu_stats".into(),
        source: SourcePlan::Collector(id),
    });
    plan.collectors = vec![CollectorPlan { id, series: "stats".into(), host, start, length, interval, what }];
    plan
}

fn collected(plan: Plan, told: Vec<What>) -> DataSet {
    let mut all = begin();
    all[1] = Event::new(Time::ZERO, What::Plan(Box::new(plan)));
    all.extend(events(told));
    Recorder::replay(&all).finish().unwrap()
}
