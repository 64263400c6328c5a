#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;

use fa_catalog::{Computed, Direction};

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

#[test]
fn goodput_is_what_the_receiver_read_at_its_own_times() {
    let data = record(vec![
        // The sender's count is larger by its buffer; it must not show.
        bytes(UP, FlowEnd::Sender, ms(200), 200, 9_000_000),
        bytes(UP, FlowEnd::Receiver, ms(210), 200, 250_000),
        bytes(UP, FlowEnd::Receiver, ms(410), 200, 500_000),
    ]);
    let found = raw(&data, "TCP upload");
    // 250 kB in 0.2 s are 10 Mbit/s; the offset of 2 s is taken out, up to the drift allowed within 0.4 s.
    assert_eq!((&found[0]["dur"], &found[0]["val"]), (&0.2.into(), &10.0.into()));
    assert_eq!(found[1]["val"], 20.0);
    let t = found[0]["t"].as_f64().unwrap() - UNIX;
    assert!((t - 0.21).abs() < 1e-4, "{t}");
    let meta = meta(&data, "TCP upload");
    assert_eq!((&meta["BYTES_SENT"], &meta["BYTES_RECVD"]), (&9_000_000.into(), &750_000.into()));
    assert_eq!(meta["MEAN_VALUE"], 15.0);
    assert_eq!((&meta["RUNNER"], &meta["IDX"]), (&"NetperfDemoRunner".into(), &0.into()));
    assert_eq!(data.metadata.get("FAILED_RUNNERS").unwrap(), 4, "nothing was told about the others");
}

#[test]
fn a_last_interval_that_was_cut_short_is_joined_to_the_one_before() {
    let data = record(vec![
        bytes(UP, FlowEnd::Receiver, ms(200), 200, 250_000),
        bytes(UP, FlowEnd::Receiver, ms(400), 200, 250_000),
        // 100 kB in a millisecond would be 800 Mbit/s.
        bytes(UP, FlowEnd::Receiver, ms(401), 1, 100_000),
    ]);
    let found = raw(&data, "TCP upload");
    assert_eq!(found.len(), 2);
    assert_eq!(found[1]["dur"], 0.201);
    let mbits = found[1]["val"].as_f64().unwrap();
    assert!((mbits - 350_000.0 * 8.0 / 0.201 / 1e6).abs() < 1e-9, "{mbits}");
}

#[test]
fn a_computed_series_may_stand_before_its_sources() {
    let mut plan = plan();
    plan.series.swap(0, 2);
    let mut events = begin();
    for event in &mut events {
        if let What::Plan(sent) = &mut event.what {
            **sent = plan.clone();
        }
    }
    let samples = (1..=4).map(|i| bytes(DOWN, FlowEnd::Receiver, ms(200 * i), 200, 250_000));
    events.extend(samples.map(|what| Event::new(ms(1000), what)));
    let data = Recorder::replay(&events).finish().unwrap();
    let names: Vec<_> = plan.series.iter().map(|series| &series.name).collect();
    assert!(
        names.iter().position(|n| *n == "TCP totals") < names.iter().position(|n| *n == "TCP download"),
        "{names:?}"
    );
    assert_eq!(data.series("TCP totals").unwrap(), [10.0, 10.0, 10.0]);
}

#[test]
fn the_senders_state_is_in_the_same_list_and_makes_children() {
    let state = |at, cwnd, rtt_us| {
        let info =
            TcpInfo { snd_cwnd: Some(cwnd), rtt_us: Some(rtt_us), pacing_rate: Some(125_000), ..TcpInfo::default() };
        What::TcpInfo(Box::new(TcpSample { flow: UP, end: FlowEnd::Sender, at: When::Here(at), info }))
    };
    let data = record(vec![
        bytes(UP, FlowEnd::Receiver, ms(400), 200, 250_000),
        bytes(UP, FlowEnd::Receiver, ms(200), 200, 250_000),
        state(ms(100), 10, 20_000),
        state(ms(300), 20, 40_000),
    ]);
    let found = raw(&data, "TCP upload");
    let kinds: Vec<_> = found.iter().map(|entry| entry.get("val").is_some()).collect();
    assert_eq!(kinds, [false, true, false, true], "merged by time: {found:?}");
    assert_eq!((&found[0]["tcp_cwnd"], &found[0]["tcp_rtt"]), (&10.0.into(), &20.0.into()));
    assert_eq!(found[0]["tcp_pacing_rate"], 1.0);
    // The grid starts with the earliest sample of any kind, at 0.1; a value at 0.3 is the sample there.
    assert_eq!(data.series("TCP upload::tcp_rtt").unwrap()[..2], [20.0, 40.0]);
    assert!(data.series("TCP upload::tcp_bbr_bw").is_none(), "no child without data");
    assert_eq!(meta(&data, "TCP upload::tcp_cwnd")["RUNNER"], "NullRunner");
    let names: Vec<_> = data.series.keys().map(String::as_str).collect();
    assert_eq!(names[..2], ["TCP upload", "TCP upload::tcp_cwnd"], "children follow their parent");
}

#[test]
fn what_was_asked_and_what_was_obtained_are_both_kept() {
    let address: SocketAddr = "192.0.2.1:1".parse().unwrap();
    let connected = |end, at, tos, cong_control: &str| {
        What::FlowConnected(Box::new(FlowConnected {
            flow: UP,
            end,
            at,
            local: address,
            peer: address,
            facts: EndFacts {
                cong_control_asked: None,
                cong_control: Some(cong_control.into()),
                tos_asked: Some(0x20),
                tos: Some(tos),
                tos_seen: (end == FlowEnd::Receiver).then_some(0),
                send_buffer: Some(16_384),
                receive_buffer: Some(65_536),
                mss: Some(1448),
            },
        }))
    };
    let info = TcpInfo { total_retrans: Some(3), options: Some(8), rtt_us: Some(1234), ..TcpInfo::default() };
    let ended = |end, at, bytes, elapsed_ms, info| {
        What::FlowEnded(Box::new(FlowEnded {
            flow: UP,
            end,
            at,
            elapsed: Span::from_millis(elapsed_ms),
            bytes,
            info,
            cong_control: None,
            tos_seen: None,
            error: None,
        }))
    };
    let data = record(vec![
        connected(FlowEnd::Sender, When::Here(ms(1)), 0x20, "cubic"),
        connected(FlowEnd::Receiver, When::There(far(ms(2))), 0, "reno"),
        bytes(UP, FlowEnd::Receiver, ms(200), 200, 250_000),
        ended(FlowEnd::Sender, When::Here(ms(1000)), 2_000_000, 1000, Some(info)),
        ended(FlowEnd::Receiver, When::There(far(ms(1100))), 1_250_000, 1000, None),
    ]);
    let meta = meta(&data, "TCP upload");
    for (key, expected) in [
        ("CONG_CONTROL_ASKED", Value::from("cubic")),
        ("CONG_CONTROL", Value::from("cubic")),
        ("UPSTREAM_TOS", Value::from(0x20)),
        ("DOWNSTREAM_TOS", Value::from(0)),
        ("DATA_TOS", Value::from(0x20)),
        ("DATA_TOS_SEEN", Value::from(0)),
        ("ECN", Value::from(true)),
        ("TCP_MSS", Value::from(1448)),
        ("TCP_RETRANSMIT", Value::from(3)),
        ("TCPI_RTT", Value::from(1234)),
        ("SEND_SIZE", Value::from(131_072)),
        ("MEAN_VALUE", Value::from(10.0)),
        ("ELAPSED_TIME", Value::from(1.0)),
        ("BYTES_SENT", Value::from(2_000_000)),
        ("BYTES_RECVD", Value::from(1_250_000)),
    ] {
        assert_eq!(meta[key], expected, "{key}");
    }
}

#[test]
fn probes_have_irtts_shape_and_the_reflectors_time_is_not_network() {
    let data = record(vec![
        sent(UDP, 0, 0),
        reply(UDP, 0, 0, 1, 1),
        sent(UDP, 1, 200),
        reply(UDP, 1, 200, 4, 1),
        sent(UDP, 2, 400),
        lost(UDP, 2, 400, Some(Direction::Down)),
        sent(UDP, 3, 600),
        reply(UDP, 3, 600, 1, 2),
    ]);
    let found = raw(&data, "Ping (ms) UDP");
    // 1 up, 1 held, 1 down: received 3 ms after it was sent, of which 2 are network.
    assert_eq!((&found[0]["val"], &found[0]["seq"]), (&2.0.into(), &0.into()));
    assert!((found[0]["t"].as_f64().unwrap() - UNIX - 0.003).abs() < 1e-6);
    assert!(found[0].get("ipdv").is_none(), "the first has no neighbour");
    assert_eq!(found[1]["val"], 5.0);
    assert_eq!(found[1]["ipdv"], 3.0);
    let up = found[1]["owd_up"].as_f64().unwrap();
    let down = found[1]["owd_down"].as_f64().unwrap();
    // The first exchange pins the offset to 2 s ± 1 ms in the middle; 0.2 s later it may have moved by 40 µs.
    assert!((up - 4.0).abs() < 0.1 && (down - 1.0).abs() < 0.1, "up {up}, down {down}");
    assert!((found[1]["ipdv_up"].as_f64().unwrap() - 3.0).abs() < 0.1);
    assert_eq!(
        found[2],
        json(
            r#"{"t":1700000000.40005,"seq":2,"lost":true,"lost_dir":"down","lateness":0.05,"sent":400.05,
            "received_there":null,"sent_there":null,"received":null}"#
        )
    );
    assert!(found[3].get("ipdv").is_none(), "not after a loss");
    let meta = meta(&data, "Ping (ms) UDP");
    for (key, expected) in [
        ("RUNNER", Value::from("IrttRunner")),
        ("PACKETS_SENT", Value::from(4)),
        ("PACKETS_RECEIVED", Value::from(3)),
        ("PACKET_LOSS_RATE", Value::from(0.25)),
        ("LOST_DOWN", Value::from(1)),
        ("LOST_UP", Value::from(0)),
        ("RTT_MIN", Value::from(2.0)),
        ("RTT_MEDIAN", Value::from(3.0)),
        ("RTT_MAX", Value::from(5.0)),
        ("MIN_VALUE", Value::from(2.0)),
        ("IPDV_MEAN", Value::from(3.0)),
        ("LATENESS_MAX", Value::from(0.05)),
        ("UPSTREAM_TOS", Value::from(0xb8)),
        ("UPSTREAM_TOS_SEEN", Value::from(0)),
        ("OWD_NEGATIVE", Value::from(0)),
        ("COMMAND", Value::from("fa: UDP round trips to far.example, from 0 s for 1 s, every 200 ms, TOS 0xb8")),
    ] {
        assert_eq!(meta[key], expected, "{key}");
    }
    assert!((meta["RTT_MEAN"].as_f64().unwrap() - 10.0 / 3.0).abs() < 1e-12);
    // 64 bytes 200 ms apart; answers at 3, 206 and 604 ms.
    let rate = |key: &str| meta[key].as_f64().unwrap();
    assert!((rate("SEND_RATE") - 64.0 * 8.0 / 0.2 / 1e6).abs() < 1e-12, "{}", rate("SEND_RATE"));
    assert!((rate("RECEIVE_RATE") - 2.0 * 64.0 * 8.0 / 0.601 / 1e6).abs() < 1e-12, "{}", rate("RECEIVE_RATE"));
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn reordered_and_late_answers_are_not_lost_and_duplicates_count_once() {
    let data = record(vec![
        sent(ICMP, 0, 0),
        sent(ICMP, 1, 200),
        reply(ICMP, 1, 200, 5, 5),
        lost(ICMP, 0, 0, None),
        // Given up on too early: the answer comes after all.
        reply(ICMP, 0, 0, 300, 300),
        reply(ICMP, 1, 200, 6, 6),
        // And what was answered is not lost, whatever else is said.
        lost(ICMP, 1, 200, None),
    ]);
    let meta = meta(&data, "Ping (ms) ICMP");
    assert_eq!((&meta["PACKETS_SENT"], &meta["PACKETS_RECEIVED"]), (&2.into(), &2.into()));
    assert_eq!((&meta["PACKET_LOSS_RATE"], &meta["DUPLICATES"]), (&0.0.into(), &1.into()));
    let found = raw(&data, "Ping (ms) ICMP");
    assert_eq!(
        found[0],
        json(r#"{"t":1700000000.21,"seq":1.0,"val":10.0,"sent":200.0,"received":210.0,"lateness":0.05}"#),
        "sorted by arrival"
    );
    assert_eq!(
        found[1],
        json(r#"{"t":1700000000.6,"seq":0.0,"val":600.0,"sent":0.0,"received":600.0,"lateness":0.05}"#)
    );
}

#[test]
fn what_is_still_under_way_is_neither_received_nor_lost() {
    let data = record(vec![sent(ICMP, 0, 0), reply(ICMP, 0, 0, 1, 1), sent(ICMP, 1, 200)]);
    let meta = meta(&data, "Ping (ms) ICMP");
    assert_eq!((&meta["PACKETS_SENT"], &meta["UNANSWERED"]), (&1.into(), &1.into()));
    assert_eq!(meta["PACKET_LOSS_RATE"], 0.0);
}

#[test]
fn a_request_our_own_kernel_refused_is_not_the_networks_loss() {
    let refused = ProbeSent { probe: UDP, seq: 0, due: ms(0), sent: ms(0), refused: Some(105) };
    let data = record(vec![What::ProbeSent(refused), lost(UDP, 0, 0, Some(Direction::Up))]);
    let meta = meta(&data, "Ping (ms) UDP");
    assert_eq!((&meta["LOST_HERE"], &meta["LOST_UP"]), (&1.into(), &0.into()));
    assert_eq!(raw(&data, "Ping (ms) UDP")[0]["lost_dir"], "other");
}

#[test]
fn counts_of_the_reflector_go_into_the_file_and_untold_requests_are_said() {
    let totals =
        ProbeTotals { probe: UDP, sent: 3, reordered_up: Some(2), dropped_there: Some(1), ..ProbeTotals::default() };
    let data = record(vec![sent(UDP, 0, 0), reply(UDP, 0, 0, 1, 1), What::ProbeTotals(totals)]);
    let meta = meta(&data, "Ping (ms) UDP");
    assert_eq!((&meta["REORDERED_UP"], &meta["DROPPED_THERE"]), (&2.into(), &1.into()));
    assert_eq!(meta["EVENTS_MISSING"], 2);
}

#[test]
fn computed_series_follow_the_steps_and_the_means() {
    let mut what = Vec::new();
    for i in 1..=4 {
        what.push(bytes(DOWN, FlowEnd::Receiver, ms(200 * i), 200, 250_000));
        what.push(reply(UDP, i as u32, 200 * i - 10, 4, 5));
        what.push(reply(ICMP, i as u32, 200 * i - 20, 10, 10));
    }
    let data = record(what);
    // The earliest sample is at 0.2 and so is the grid; the upload has no sample and is left out of the sum.
    assert_eq!(data.series("TCP totals").unwrap(), [10.0, 10.0, 10.0]);
    assert_eq!(data.series("Ping (ms) avg").unwrap(), [14.5, 14.5, 14.5]);
    assert_eq!(data.x_values, [0.0, 0.2, 0.4]);
    let average = meta(&data, "Ping (ms) avg");
    assert_eq!(average["MEAN_VALUE"], 14.5);
    assert_eq!((&average["RUNNER"], &average["COMPUTED_LATE"]), (&"AverageRunner".into(), &false.into()));
    assert!(data.series("TCP upload").unwrap().iter().all(|value| value.is_nan()), "nulls where nothing came");
    assert_eq!(data.metadata.get("T0").unwrap(), "2023-11-14T22:13:20.200000Z");
}

#[test]
fn a_failed_flow_and_a_missing_collector_are_data() {
    let failed = What::FlowFailed { flow: UP, error: "connect: refused".into(), hint: Some("start fa serve".into()) };
    let data = record(vec![failed, bytes(DOWN, FlowEnd::Receiver, ms(200), 200, 1000)]);
    assert_eq!(meta(&data, "TCP upload")["ERROR"], "connect: refused; start fa serve");
    assert_eq!(meta(&data, "cpu_stats_far")["ERROR"], "not native yet");
    assert_eq!(meta(&data, "cpu_stats_far")["RUNNER"], "CpuStatsRunner");
    assert!(data.series("cpu_stats_far").is_some() && data.raw.contains("cpu_stats_far"));
    assert!(!meta(&data, "TCP download").contains_key("ERROR"));
}

#[test]
fn metadata_says_what_ran_where_and_when() {
    let more = serde_json::from_str(r#"{"EGRESS_INFO":{"tc_stats_post":["x"]}}"#).unwrap();
    let data = record(vec![
        What::HostFacts { host: None, facts: more },
        What::Warning { host: Some(HOST), text: "queue full".into() },
        What::Overflow { host: None, queue: "journal".into(), lost: 3 },
        What::Overflow { host: None, queue: "journal".into(), lost: 4 },
        What::Ended { reason: EndReason::Completed },
    ]);
    let get = |key: &str| data.metadata.get(key).unwrap().clone();
    for (key, expected) in [
        ("NAME", r#""mini""#),
        ("TITLE", r#""by hand""#),
        ("NOTE", "null"),
        ("HOST", r#""far.example""#),
        ("HOSTS", r#"["far.example"]"#),
        ("LOCAL_HOST", r#""here""#),
        ("TIME", r#""2023-11-14T22:13:20.000000Z""#),
        ("LENGTH", "1"),
        ("TOTAL_LENGTH", "2"),
        ("STEP_SIZE", "0.2"),
        ("DELAY", "0.5"),
        ("TEST_PARAMETERS", r#"{"upload_streams":"1"}"#),
        ("FLENT_VERSION", r#""fa 0.1.0""#),
        ("IP_VERSION", "4"),
        ("KERNEL_NAME", r#""Linux""#),
        ("EGRESS_INFO", r#"{"iface":"lo","tc_stats_post":["x"]}"#),
        ("REMOTE_METADATA", r#"{"far.example":{"KERNEL_RELEASE":"6.1","FA_VERSION":"fa 0.1.0","LOCAL_HOST":"there"}}"#),
        ("RUN_END", r#""completed""#),
        ("WARNINGS", r#"["far.example: queue full","this host: journal was full: 7 records are missing"]"#),
    ] {
        assert_eq!(get(key), json(expected), "{key}");
    }
    let clock = &get("CLOCKS")["far.example"];
    assert!((clock["offset_ms"].as_f64().unwrap() - 2000.0).abs() < 0.01, "{clock}");
    assert!((clock["bound_ms"].as_f64().unwrap() - 1.0).abs() < 0.01, "{clock}");
}

#[test]
fn a_flood_of_warnings_is_counted() {
    let flood = (0..300).map(|i| What::Warning { host: None, text: format!("number {i}") }).collect();
    let data = record(flood);
    let warnings = data.metadata.get("WARNINGS").unwrap().as_array().unwrap().clone();
    assert_eq!(warnings.len(), 201);
    assert_eq!(warnings[200], "and 100 more warnings");
}

#[test]
fn events_of_another_plan_are_left_out_and_said() {
    let data = record(vec![bytes(FlowId(9), FlowEnd::Receiver, ms(200), 200, 1), reply(ProbeId(9), 0, 0, 1, 1)]);
    let warnings = data.metadata.get("WARNINGS").unwrap().to_string();
    assert!(warnings.contains("flow 9") && warnings.contains("probe 9"), "{warnings}");
}

/// A run with something of everything.
fn busy() -> Vec<Event> {
    let mut what = vec![];
    for i in 0..20 {
        let at = 200 * i;
        what.push(sent(UDP, i as u32, at));
        what.push(if i % 7 == 3 { lost(UDP, i as u32, at, None) } else { reply(UDP, i as u32, at, 3 + i % 4, 2) });
        what.push(bytes(UP, FlowEnd::Receiver, ms(at + 200), 200, 10_000 * i as u64));
        let info = TcpInfo { snd_cwnd: Some(10 + i as u32), ..TcpInfo::default() };
        what.push(What::TcpInfo(Box::new(TcpSample { flow: UP, end: FlowEnd::Sender, at: When::Here(ms(at)), info })));
    }
    what.push(What::Ended { reason: EndReason::Completed });
    begin().into_iter().chain(events(what)).collect()
}

#[test]
fn a_replayed_journal_gives_the_same_file_bit_for_bit() {
    let events = busy();
    let mut live = Recorder::new();
    let mut file = Encoder::header().to_vec();
    let mut encoder = Encoder::default();
    for event in &events {
        live.observe(event);
        encoder.encode(event, &mut file).unwrap();
        let _ = live.snapshot();
    }
    let (recovered, notes) = journal::recover(file.as_slice()).unwrap();
    assert_eq!(notes, []);
    assert_eq!(fa_format::to_bytes(&recovered).unwrap(), fa_format::to_bytes(&live.finish().unwrap()).unwrap());
}

#[test]
fn a_run_cut_short_anywhere_gives_a_file_that_reads_back() {
    let events = busy();
    for cut in 2..events.len() {
        let data = Recorder::replay(&events[..cut]).finish().unwrap();
        assert!(
            cut == events.len() || data.metadata.get("RUN_END").unwrap().as_str().unwrap().starts_with("cut short")
        );
        let bytes = fa_format::to_bytes(&data).unwrap();
        let back = fa_format::read_bytes(&bytes, "cut".as_ref(), &fa_format::ReadOptions::default()).unwrap();
        assert_eq!(back.series.len(), data.series.len());
    }
    assert_eq!(Recorder::replay(&events[..1]).finish().err(), Some(RecordError::NoPlan));
}

/// Seeded noise (xorshift64*).
struct Noise(u64);

impl Noise {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }
}

#[test]
fn mutated_journals_never_panic_and_lose_only_what_was_touched() {
    let events = busy();
    let mut file = Encoder::header().to_vec();
    let mut encoder = Encoder::default();
    for event in &events {
        encoder.encode(event, &mut file).unwrap();
    }
    let mut noise = Noise(42);
    for _ in 0..200 {
        let mut broken = file.clone();
        match noise.below(4) {
            0 => broken.truncate(noise.below(broken.len())),
            1 => (0..8).for_each(|_| {
                let at = noise.below(broken.len());
                broken[at] = noise.below(256) as u8;
            }),
            2 => {
                let (at, len) = (noise.below(broken.len()), noise.below(64));
                broken.splice(at..at, std::iter::repeat_n(0xff, len));
            }
            _ => {
                let at = noise.below(broken.len() - 64);
                broken.drain(at..at + 1 + noise.below(63));
            }
        }
        if let Ok(journal) = journal::read(broken.as_slice()) {
            assert!(journal.events.len() <= events.len());
            let _ = Recorder::replay(&journal.events).snapshot();
        }
    }
}

#[test]
fn hostile_numbers_in_valid_events_do_no_harm() {
    // A journal's checksum is no protection against whoever writes one.
    let text = journal_text();
    let mut noise = Noise(43);
    for _ in 0..100 {
        let mut text = text.clone();
        for _ in 0..3 {
            let digits: Vec<usize> =
                text.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
            let at = digits[noise.below(digits.len())];
            let big = ["9", "99999999999", "-1", "4294967295", "1e300"][noise.below(5)];
            text.replace_range(at..=at, big);
        }
        let events: Vec<Event> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let data = Recorder::replay(&events).snapshot();
        let _ = fa_format::to_bytes(&data);
    }
}

fn journal_text() -> String {
    busy().iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect()
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

fn columns(list: u32, names: &[&str]) -> What {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    What::CollectorColumns(CollectorColumns { collector: CollectorId(0), list, names })
}

fn sample(list: u32, at: When, values: &[Option<f64>]) -> What {
    What::CollectorSample(CollectorSample { collector: CollectorId(0), list, at, values: values.to_vec() })
}

#[test]
fn samples_of_a_far_collector_are_on_our_clock_and_have_a_series_per_value() {
    let told = vec![
        columns(0, &["load", "cpu0"]),
        sample(0, When::There(far(ms(100))), &[Some(0.25), Some(0.5)]),
        sample(0, When::There(far(ms(300))), &[Some(0.75), None]),
        // A processor comes up.
        columns(1, &["load", "cpu0", "cpu1"]),
        sample(1, When::There(far(ms(500))), &[Some(1.0), Some(1.0), Some(1.0)]),
    ];
    let set = collected(with_collector(Collected::Kernel(Kernel::Cpu), Some(HOST)), told);
    let raw = set.raw.series("stats").unwrap();
    let load = raw.numbers("load").unwrap();
    for (found, expected) in load.t.iter().zip([UNIX + 0.1, UNIX + 0.3, UNIX + 0.5]) {
        assert!((found - expected).abs() < 1e-6, "{found}");
    }
    assert_eq!(&*load.value, [0.25, 0.75, 1.0]);
    assert_eq!(raw.numbers("cpu1").unwrap().value.len(), 1);
    for name in ["stats::load", "stats::cpu0", "stats::cpu1"] {
        assert!(set.series(name).is_some(), "{name}");
    }
    assert!(set.series("stats").is_none(), "only the children have values");
    let meta = &set.metadata.get("SERIES_META").unwrap()["stats"];
    assert_eq!((&meta["RUNNER"], &meta["COMMAND"]), (&"CpuStatsRunner".into(), &"/proc/stat".into()));
    assert!(meta.get("ERROR").is_none());
}

#[test]
fn stations_are_objects_in_the_raw_samples_and_come_last_in_names_of_series() {
    let wifi = Kernel::Wifi { interface: "wlan0".into(), stations: vec![] };
    let mac = "aa:bb:cc:00:00:01";
    let told =
        vec![columns(0, &[&format!("stations::{mac}::airtime_rx")]), sample(0, When::Here(ms(100)), &[Some(400.0)])];
    let set = collected(with_collector(Collected::Kernel(wifi), None), told);
    assert!(set.series(&format!("stats::airtime_rx::{mac}")).is_some());
    assert!(
        fa_format::to_json(&set).unwrap().contains(&format!(r#"{{"{mac}": {{"airtime_rx": 400.0}}}}"#)),
        "nested as Flent has it"
    );
}

#[test]
fn a_program_fills_its_own_series_and_one_that_failed_is_nulls() {
    let command = || Collected::Program(Program::Command { command: "echo 3".into() });
    let told = vec![
        columns(0, &["value"]),
        sample(0, When::Here(ms(0)), &[Some(3.0)]),
        sample(0, When::Here(ms(400)), &[Some(5.0)]),
    ];
    let set = collected(with_collector(command(), None), told);
    assert!(set.series("stats").unwrap().iter().any(|value| (value - 3.0).abs() < 1e-9));
    assert_eq!(set.metadata.get("SERIES_META").unwrap()["stats"]["MEAN_VALUE"], 4.0);
    let before = set.metadata.failed_runners().unwrap();

    let error = "mosquitto_sub: not found".to_owned();
    let failed = What::CollectorFailed { collector: CollectorId(0), error, hint: Some("install it".into()) };
    let told = vec![
        failed,
        bytes(DOWN, FlowEnd::Receiver, ms(200), 200, 1000),
        bytes(DOWN, FlowEnd::Receiver, ms(400), 200, 1000),
    ];
    let set = collected(with_collector(command(), None), told);
    assert!(set.series("stats").unwrap().iter().all(|value| value.is_nan()), "{:?}", set.series("stats"));
    assert_eq!(set.metadata.get("SERIES_META").unwrap()["stats"]["ERROR"], "mosquitto_sub: not found; install it");
    // The two flows and probes that were silent in the first run: one of them told something here.
    assert_eq!(set.metadata.failed_runners().unwrap(), before, "one flow less, the collector more");
}

#[test]
fn samples_that_do_not_fit_their_names_are_left_out_with_a_warning() {
    let told = vec![
        columns(0, &["load"]),
        sample(0, When::Here(ms(1)), &[Some(1.0), Some(2.0)]),
        sample(7, When::Here(ms(1)), &[Some(1.0)]),
        columns(9, &["load"]),
    ];
    let set = collected(with_collector(Collected::Kernel(Kernel::Cpu), None), told);
    assert!(set.raw.series("stats").unwrap().is_empty());
    let warnings = set.metadata.get("WARNINGS").unwrap().to_string();
    assert!(warnings.contains("samples of collector 0") && warnings.contains("names of values"), "{warnings}");
}

#[test]
fn a_redacted_file_names_nobody_and_says_what_was_left_out() {
    let mut plan = with_collector(Collected::Program(Program::Command { command: "cat /home/toke/x".into() }), None);
    plan.settings.observe.redact = true;
    plan.settings.params.insert("command".into(), "cat /home/toke/x".into());
    plan.settings.note = "from my desk to far.example".into();
    plan.series[0].name = "TCP upload far.example".into();
    plan.flows[0].series = "TCP upload far.example".into();
    let facts = serde_json::from_str(
        r#"{"IP_ADDRS":{"eth0":["198.51.100.7"]},"EGRESS_INFO":{"link_params":{"ether":"02:fc:00:00:00:01"},"nexthop":"198.51.100.1"}}"#,
    );
    let told = vec![
        What::HostFacts { host: None, facts: facts.unwrap() },
        What::Warning { host: Some(HOST), text: "contact to 192.0.2.1:5999 lost".into() },
        bytes(UP, FlowEnd::Receiver, ms(200), 200, 1000),
    ];
    let text = fa_format::to_json(&collected(plan, told)).unwrap();
    for secret in ["far.example", "192.0.2.1", "198.51.100", "02:fc:00", "toke", "\"there\"", "\"here\""] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains("TCP upload host-1") && text.contains("from my desk to host-1"));
    assert!(text.contains("\"REDACTED\"") && text.contains("IP_ADDRS:eth0:*"), "{text}");
}

#[test]
fn every_field_of_both_ends_is_a_series_when_asked_for() {
    let state = |end, at| {
        let info = TcpInfo { rtt_us: Some(1500), snd_mss: Some(1448), rcv_space: Some(14_480), ..TcpInfo::default() };
        What::TcpInfo(Box::new(TcpSample { flow: UP, end, at, info }))
    };
    let told = || {
        vec![
            state(FlowEnd::Sender, When::Here(ms(100))),
            state(FlowEnd::Receiver, When::There(far(ms(110)))),
            bytes(UP, FlowEnd::Receiver, ms(200), 200, 1000),
        ]
    };
    let few = collected(plan(), told());
    let last = &meta(&few, "TCP upload")["TCP_INFO"];
    for end in ["sender", "receiver"] {
        let found = [&last[end]["tcp_rtt"], &last[end]["tcp_snd_mss"], &last[end]["tcp_rcv_space"]];
        assert_eq!(found, [&Value::from(1.5), &Value::from(1448.0), &Value::from(14_480.0)], "{end}, without asking");
    }
    assert!(few.series("TCP upload::tcp_rtt").is_some() && few.series("TCP upload::tcp_snd_mss").is_none());
    let mut every = plan();
    every.settings.observe.socket_stats = true;
    let every = collected(every, told());
    for name in ["tcp_rtt", "tcp_snd_mss", "tcp_rcv_space", "receiver_tcp_rtt", "receiver_tcp_rcv_space"] {
        assert!(every.series(&format!("TCP upload::{name}")).is_some(), "{name}");
    }
    let raw = every.raw.series("TCP upload").unwrap();
    assert_eq!(&*raw.numbers("tcp_rtt").unwrap().value, [1.5], "the sender's alone");
    assert_eq!(&*raw.numbers("tcp_rcv_space").unwrap().value, [14_480.0], "the receiver's alone");
}

/// Warnings of a run whose upload is a flow of datagrams with these totals.
fn warnings_of_datagrams(sender: DatagramTotals, receiver: DatagramTotals) -> Vec<String> {
    let told = [(sender, FlowEnd::Sender), (receiver, FlowEnd::Receiver)]
        .map(|(totals, end)| What::DatagramTotals(Box::new(DatagramTotals { flow: UP, end, ..totals })));
    let data = record(told.into());
    let warnings = data.metadata.get("WARNINGS").unwrap().as_array().unwrap().clone();
    let of_flow = |text: &Value| text.as_str().filter(|text| text.contains(": TCP upload: ")).map(str::to_owned);
    warnings.iter().filter_map(of_flow).collect()
}

#[test]
fn a_flow_of_datagrams_that_its_own_hosts_limited_says_so() {
    let sender = |packets, unsent, refused, late_ms| DatagramTotals {
        packets,
        unsent,
        refused,
        lateness: Span::from_millis(late_ms),
        ..DatagramTotals::default()
    };
    let receiver = |dropped| DatagramTotals { packets: 12_000, dropped, ..DatagramTotals::default() };
    // 100 Mbit/s into an interface of our own with 50.
    let texts = warnings_of_datagrams(sender(12_481, 13_030, 0, 1528), receiver(0));
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].starts_with("this host: TCP upload: 13030 of 25511 datagrams were not sent"), "{texts:?}");
    assert!(texts[0].contains("up to 1528 ms after their time"), "{texts:?}");
    let texts = warnings_of_datagrams(sender(10_000, 0, 7, 50), receiver(44));
    let parts =
        ["left up to 50 ms after", "refused to send 7 of 10000", "far.example: TCP upload: 44 datagrams arrived"];
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts.iter().zip(parts).all(|(text, part)| text.contains(part)), "{texts:?}");
    assert_eq!(warnings_of_datagrams(sender(10_000, 10, 0, 49), receiver(0)), Vec::<String>::new(), "sound");
}

/// A download of a megabyte by the plan, of which so many bytes arrived.
fn fixed_size(arrived: u64) -> DataSet {
    let mut plan = plan();
    plan.flows[usize::from(DOWN.0)].bytes = Some(1_000_000);
    let mut all = begin();
    for event in &mut all {
        if let What::Plan(planned) = &mut event.what {
            **planned = plan.clone();
        }
    }
    let ended = FlowEnded {
        flow: DOWN,
        end: FlowEnd::Receiver,
        at: When::Here(ms(900)),
        elapsed: Span::from_millis(900),
        bytes: arrived,
        info: None,
        cong_control: None,
        tos_seen: None,
        error: None,
    };
    all.extend(events(vec![What::Origin { at: ms(100) }, What::FlowEnded(Box::new(ended))]));
    Recorder::replay(&all).finish().unwrap()
}

#[test]
fn a_flow_of_a_fixed_size_says_whether_it_got_there() {
    let done = fixed_size(1_000_000);
    let found = meta(&done, "TCP download");
    assert_eq!((&found["COMPLETED"], &found["COMPLETION_TIME"]), (&true.into(), &0.8.into()));
    let warnings = |set: &DataSet| set.metadata.get("WARNINGS").unwrap().to_string();
    assert!(!warnings(&done).contains("completion"), "{}", warnings(&done));
    let cut = fixed_size(999_999);
    let found = meta(&cut, "TCP download");
    assert_eq!((&found["COMPLETED"], found.get("COMPLETION_TIME")), (&false.into(), None));
    assert!(warnings(&cut).contains("TCP download: 999999 of its 1000000 bytes"), "{}", warnings(&cut));
}

#[test]
fn every_measured_series_tells_its_marks_and_what_was_done() {
    let mut all = begin();
    for event in &mut all {
        if let What::Plan(planned) = &mut event.what {
            (planned.probes[0].tos, planned.probes[1].tos) = (None, None);
        }
    }
    all.extend(events(vec![sent(UDP, 0, 0), reply(UDP, 0, 0, 1, 1), sent(ICMP, 0, 0), reply(ICMP, 0, 0, 1, 1)]));
    let data = Recorder::replay(&all).finish().unwrap();
    for series in ["Ping (ms) UDP", "Ping (ms) ICMP"] {
        let meta = meta(&data, series);
        assert_eq!((&meta["UPSTREAM_TOS"], &meta["DOWNSTREAM_TOS"]), (&0.into(), &0.into()), "{series}");
    }
    let command = |series| meta(&data, series).get("COMMAND").cloned();
    assert_eq!(
        command("TCP download"),
        Some("fa: TCP from far.example, from 0 s for 1 s, writes of 131072 bytes, reno, TOS 0x20".into())
    );
    assert_eq!(
        command("Ping (ms) ICMP"),
        Some("fa: ICMP round trips to far.example, from 0 s for 1 s, every 200 ms".into())
    );
    assert_eq!((command("Ping (ms) avg"), command("TCP upload::tcp_cwnd")), (None, None));
}
