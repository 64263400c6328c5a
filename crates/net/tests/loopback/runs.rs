//! What a run that goes well tells.

use super::build::{PlanExt, launch, plan, port, server, whats};
use fa_catalog::Direction;
use fa_measure::event::{EndReason, FlowEnd, StampKind};
use fa_measure::plan::{IpVersion, ProbeKind};
use fa_measure::{Event, FlowId, Span, What};
use fa_net::{ServeOptions, Server};
use std::net::Ipv6Addr;

fn bytes(events: &[Event], flow: u16, end: FlowEnd) -> u64 {
    whats(events)
        .filter_map(|w| match w {
            What::FlowBytes(b) if b.flow == FlowId(flow) && b.end == end => Some(b.bytes),
            _ => None,
        })
        .sum()
}

fn ended(events: &[Event], flow: u16, end: FlowEnd) -> u64 {
    whats(events)
        .find_map(|w| match w {
            What::FlowEnded(e) if e.flow == FlowId(flow) && e.end == end => {
                assert_eq!(e.error, None, "{e:?}");
                Some(e.bytes)
            }
            _ => None,
        })
        .unwrap()
}

#[test]
fn both_ends_of_flows_count_the_same_bytes() {
    let server = server();
    let events = launch(plan(port(&server), 300).flow(Direction::Up).flow(Direction::Down));
    assert!(matches!(events[0].what, What::Started(_)) && matches!(events[1].what, What::Plan(_)));
    assert_eq!(events.last().unwrap().what, What::Ended { reason: EndReason::Completed });
    for flow in [0, 1] {
        let (sent, received) = (ended(&events, flow, FlowEnd::Sender), ended(&events, flow, FlowEnd::Receiver));
        assert!(sent > 0, "flow {flow} moved nothing");
        assert_eq!(sent, received, "flow {flow}: nothing is thrown away at the end");
        for end in [FlowEnd::Sender, FlowEnd::Receiver] {
            assert_eq!(bytes(&events, flow, end), sent, "flow {flow} {end:?}: intervals add up to the total");
        }
        let samples = whats(&events).filter(
            |w| matches!(w, What::TcpInfo(s) if s.flow == FlowId(flow) && s.end == FlowEnd::Sender && s.info.rtt_us.is_some()),
        );
        assert!(samples.count() >= 3, "flow {flow}: the sender's kernel state each step");
        let connected: Vec<_> = whats(&events)
            .filter_map(|w| match w {
                What::FlowConnected(c) if c.flow == FlowId(flow) => {
                    Some((c.end, c.facts.cong_control.clone().unwrap()))
                }
                _ => None,
            })
            .collect();
        assert_eq!(connected.len(), 2, "both ends tell: {connected:?}");
    }
}

#[test]
fn intervals_follow_each_other_without_gaps() {
    let server = server();
    let events = launch(plan(port(&server), 300).flow(Direction::Down));
    let mut end = None;
    for what in whats(&events) {
        if let What::FlowBytes(b) = what
            && b.end == FlowEnd::Receiver
        {
            let fa_measure::When::Here(at) = b.at else { panic!("{b:?}") };
            if let Some(end) = end {
                assert_eq!(at - b.interval, end);
            }
            end = Some(at);
        }
    }
    assert!(end.is_some());
}

#[test]
fn every_probe_of_the_schedule_is_sent_and_answered_with_kernel_stamps() {
    let server = server();
    let plan = plan(port(&server), 200).probe(ProbeKind::Udp, 10);
    let expected = u64::from(plan.probes[0].count());
    let events = launch(plan);
    let sent: Vec<u32> = whats(&events)
        .filter_map(|w| match w {
            What::ProbeSent(s) => Some(s.seq),
            _ => None,
        })
        .collect();
    assert_eq!(sent, (0..expected as u32).collect::<Vec<_>>());
    let mut replies = 0;
    for what in whats(&events) {
        if let What::ProbeReply(r) = what {
            replies += 1;
            assert_eq!((r.sent_kind, r.received_kind), (StampKind::Kernel, StampKind::Kernel));
            assert_eq!(r.there.unwrap().received_kind, StampKind::Kernel);
            assert!(r.round_trip() > Span::ZERO && r.round_trip() < Span::from_millis(1000), "{r:?}");
        }
    }
    assert_eq!(replies, expected);
    let totals = whats(&events).find_map(|w| match w {
        What::ProbeTotals(t) => Some(*t),
        _ => None,
    });
    let totals = totals.unwrap();
    assert_eq!((totals.sent, totals.received, totals.received_there), (expected, expected, Some(expected)));
}

#[test]
fn a_probe_under_load_is_measured_beside_the_flows() {
    let server = server();
    let mut all = plan(port(&server), 300);
    for direction in [Direction::Up, Direction::Down] {
        for _ in 0..4 {
            all = all.flow(direction);
        }
    }
    let all = all.probe(ProbeKind::Udp, 10).probe(ProbeKind::Udp, 10).probe(ProbeKind::Icmp, 20);
    let events = launch(all);
    for flow in 0..8 {
        assert!(ended(&events, flow, FlowEnd::Receiver) > 0);
    }
    let replies = whats(&events).filter(|w| matches!(w, What::ProbeReply(r) if r.probe.0 < 2)).count();
    assert!(replies > 40, "{replies}");
    // ICMP may be forbidden here: then it is a note, and the rest went on all the same.
    let echoes = whats(&events).filter(|w| matches!(w, What::ProbeReply(r) if r.probe.0 == 2)).count();
    let refused = whats(&events).any(|w| matches!(w, What::ProbeFailed { probe, .. } if probe.0 == 2));
    assert!(echoes > 10 || refused, "{echoes}");
}

#[test]
fn clocks_of_one_host_differ_by_less_than_the_bound() {
    let server = server();
    let events = launch(plan(port(&server), 50).flow(Direction::Up));
    let What::Started(started) = &events[0].what else { panic!() };
    let mut samples = 0;
    for what in whats(&events) {
        if let What::Clock(c) = what {
            samples += 1;
            let offset = c.ahead().0 - started.wall_unix_ns;
            // The wall clock was read twice, each time to well under a millisecond.
            assert!(offset.abs() <= c.round_trip().0 / 2 + 1_000_000, "{offset} {c:?}");
        }
    }
    assert_eq!(samples, 16, "eight before and eight after");
}

#[test]
fn ipv6_is_measured_like_ipv4() {
    let options = ServeOptions { address: Some(Ipv6Addr::LOCALHOST.into()), port: 0, ..ServeOptions::default() };
    let Ok(server) = Server::start(options, |_| {}) else {
        println!("skipped: ipv6_is_measured_like_ipv4: no IPv6 here");
        return;
    };
    let mut plan = plan(port(&server), 100).flow(Direction::Up).flow(Direction::Down).probe(ProbeKind::Udp, 10);
    plan.hosts[0].name = "::1".into();
    plan.flows[1].tos = Some((0x20, 0x20));
    plan.probes[0].tos = Some((0xb8, 0x48));
    let events = launch(plan);
    assert!(whats(&events).any(|w| matches!(w, What::HostReady(h) if h.ip_version == IpVersion::V6)));
    for flow in [0, 1] {
        assert!(ended(&events, flow, FlowEnd::Receiver) > 0);
    }
    let replies: Vec<_> = whats(&events)
        .filter_map(|w| match w {
            What::ProbeReply(r) => r.there?.tos_seen,
            _ => None,
        })
        .collect();
    assert!(!replies.is_empty() && replies.iter().all(|&tos| tos == 0xb8), "marks arrive: {replies:?}");
}

#[test]
fn sizes_of_writes_are_what_was_asked_for() {
    let server = server();
    for block in [1_000, 300_000] {
        let mut plan = plan(port(&server), 100).flow(Direction::Up);
        plan.flows[0].block = block;
        let events = launch(plan);
        let sent = ended(&events, 0, FlowEnd::Sender);
        assert!(sent > 0 && sent == ended(&events, 0, FlowEnd::Receiver), "{block}");
    }
}
