//! Flows of datagrams over the loopback interface, both ways, with everything that is told of them.

use crate::build::{PlanExt, launch, plan, port, server, whats};
use fa_catalog::Direction;
use fa_measure::event::{DatagramTotals, FlowEnd, What};
use fa_measure::plan::{DatagramPlan, FetchId, FetchList, FetchPlan, HostId, ProbeKind};
use fa_measure::traffic::Traffic;
use fa_measure::{Event, Plan, Span};

fn flood(port: u16, direction: Direction, traffic: Traffic, packets: bool) -> Plan {
    let mut plan = plan(port, 300).flow(direction);
    plan.flows[0].datagrams = Some(DatagramPlan { traffic, packets, name: None, ttl: None, interface: None, ports: 1 });
    plan.flows[0].tos = Some((0xb8, 0x28));
    plan
}

fn totals(events: &[Event], end: FlowEnd) -> DatagramTotals {
    let found = whats(events).find_map(|what| match what {
        What::DatagramTotals(totals) if totals.end == end => Some(**totals),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no totals of the {end:?}: {events:?}"))
}

#[test]
fn what_one_end_sends_the_other_counts() {
    let server = server();
    for direction in [Direction::Up, Direction::Down] {
        // 20 Mbit/s of 1000 bytes: 750 datagrams in 300 ms.
        let events = launch(flood(port(&server), direction, Traffic::at_rate(20e6, 1000, 1), false));
        let (sent, received) = (totals(&events, FlowEnd::Sender), totals(&events, FlowEnd::Receiver));
        assert_eq!((sent.packets, sent.bytes), (750, 750_000), "{direction:?}");
        assert!(received.end_known, "{direction:?}");
        assert_eq!(received.packets as i64 + received.lost, 750, "{direction:?}: what did not come is lost");
        let interval_sum: u64 = whats(&events)
            .filter_map(|what| match what {
                What::Datagrams(interval) => Some(interval.packets),
                _ => None,
            })
            .sum();
        assert_eq!(interval_sum, received.packets, "{direction:?}");
        let tos = whats(&events).find_map(|what| match what {
            What::FlowEnded(ended) if ended.end == FlowEnd::Receiver => ended.tos_seen,
            _ => None,
        });
        assert_eq!(tos, Some(if direction == Direction::Up { 0xb8 } else { 0x28 }), "marks as they arrive");
    }
}

#[test]
fn bursts_from_many_ports_are_heard_each_by_its_own_flow_and_probes_still_get_in() {
    let server = server();
    // Both bursts at once, so that the kernel gives the packets of one to the socket of the other; the probe's handshake and
    // those of a later run come by that socket, too.
    let burst = |events: &[Event], flow: u16, end| {
        let of = |what: &What| match what {
            What::DatagramTotals(totals) if totals.end == end && totals.flow.0 == flow => Some(**totals),
            _ => None,
        };
        whats(events).find_map(of).unwrap_or_else(|| panic!("no totals of the {end:?} of {flow}: {events:?}"))
    };
    let mut two = plan(port(&server), 300).flow(Direction::Up).flow(Direction::Up).probe(ProbeKind::Udp, 20);
    for (flow, ports) in two.flows.iter_mut().zip([50, 7]) {
        let traffic = Traffic::at_rate(4e6, 500, 1);
        flow.datagrams = Some(DatagramPlan { traffic, packets: false, name: None, ttl: None, interface: None, ports });
    }
    for _ in 0..2 {
        let events = launch(two.clone());
        for flow in [0, 1] {
            // 4 Mbit/s of 500 bytes: 300 datagrams in 300 ms.
            let (sent, received) = (burst(&events, flow, FlowEnd::Sender), burst(&events, flow, FlowEnd::Receiver));
            assert_eq!(sent.packets, 300);
            assert!(received.end_known, "flow {flow}");
            assert_eq!((received.packets as i64 + received.lost, received.duplicates), (300, 0), "flow {flow}");
            assert!(received.packets > 250, "flow {flow}: {received:?}");
        }
        let connected = |what: &&What| matches!(what, What::FlowConnected(c) if c.end == FlowEnd::Receiver);
        assert_eq!(whats(&events).filter(connected).count(), 2);
        let answers = whats(&events).filter(|what| matches!(what, What::ProbeReply(_))).count();
        assert!(answers > 5, "{answers}");
    }
}

#[test]
fn every_packet_of_a_call_is_told() {
    let server = server();
    let events = launch(flood(port(&server), Direction::Up, Traffic::at_rate(73_600.0, 92, 1), true));
    let packets: Vec<_> = whats(&events)
        .filter_map(|what| match what {
            What::Packets(packets) => Some(packets.packets.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(packets.len() as u64, totals(&events, FlowEnd::Receiver).packets);
    assert!(packets.iter().all(|packet| packet.size == 92));
}

#[test]
fn requests_may_be_longer_than_what_they_say_and_answers_are_as_long() {
    let server = server();
    let mut plan = plan(port(&server), 200).probe(ProbeKind::Udp, 20);
    plan.probes[0].payload = Some(172);
    plan.probes[0].tos = Some((0x20, 0x48));
    let events = launch(plan);
    let replies: Vec<_> = whats(&events)
        .filter_map(|what| match what {
            What::ProbeReply(reply) => Some(*reply),
            _ => None,
        })
        .collect();
    assert!(replies.len() > 5, "{events:?}");
    assert!(replies.iter().all(|r| r.there.and_then(|t| t.tos_seen) == Some(0x20) && r.tos_seen == Some(0x48)));
}

#[test]
fn a_flow_of_a_fixed_size_moves_just_that() {
    let server = server();
    for direction in [Direction::Up, Direction::Down] {
        let mut plan = plan(port(&server), 3_000).flow(direction);
        plan.flows[0].bytes = Some(1_234_567);
        let events = launch(plan);
        let ended: Vec<_> = whats(&events)
            .filter_map(|what| match what {
                What::FlowEnded(ended) => Some((ended.bytes, ended.error.clone())),
                _ => None,
            })
            .collect();
        assert_eq!(ended, [(1_234_567, None), (1_234_567, None)], "{direction:?}");
    }
}

#[test]
fn requests_over_a_connection_are_answered_with_the_far_ends_stamps() {
    let server = server();
    let events = launch(plan(port(&server), 200).probe(ProbeKind::Tcp, 20));
    let replies = whats(&events).filter(|what| matches!(what, What::ProbeReply(r) if r.there.is_some())).count();
    let totals = whats(&events).find_map(|what| match what {
        What::ProbeTotals(totals) => Some((totals.sent, totals.received, totals.received_there)),
        _ => None,
    });
    let (sent, received, there) = totals.unwrap_or_else(|| panic!("{events:?}"));
    assert!(sent > 10 && received == sent && there == Some(sent), "{totals:?}");
    assert_eq!(replies as u64, received);
}

#[test]
fn objects_are_fetched_on_kept_connections() {
    let server = server();
    let mut plan = plan(port(&server), 300);
    plan.fetches.push(FetchPlan {
        id: FetchId(0),
        series: "HTTP latency".into(),
        list: FetchList::Server,
        host: HostId(0),
        start: Span::ZERO,
        length: Span::from_millis(300),
        interval: Span::from_millis(100),
        timeout: Span::from_millis(2_000),
        workers: 2,
        dns: Vec::new(),
        ip_version: None,
        local_bind: None,
    });
    let events = launch(plan);
    let rounds: Vec<_> = whats(&events)
        .filter_map(|what| match what {
            What::Fetched(fetched) => Some(**fetched),
            _ => None,
        })
        .collect();
    assert!(rounds.len() >= 2, "{events:?}");
    // 16 objects of 469 500 bytes in all.
    assert!(rounds.iter().all(|r| (r.objects, r.failed, r.bytes) == (16, 0, 469_500)), "{rounds:?}");
    // The first worker has that of the list.
    assert_eq!(rounds.iter().map(|r| r.connections).collect::<Vec<_>>()[..2], [1, 0], "kept from round to round");
}
