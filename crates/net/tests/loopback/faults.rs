//! What is kept, and said, when things go wrong.

use super::build::{PlanExt, launch, launch_with, plan, port, server, server_with, whats};
use fa_catalog::Direction;
use fa_measure::event::{EndReason, FlowEnd};
use fa_measure::plan::ProbeKind;
use fa_measure::{Event, FlowId, Launcher, Stop, What};
use fa_net::{ChildCommand, LaunchOptions, NetLauncher, ServeOptions};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

fn end(events: &[Event]) -> EndReason {
    match &events.last().unwrap().what {
        What::Ended { reason } => reason.clone(),
        other => panic!("the last event is {other:?}"),
    }
}

fn failure(events: &[Event], id: u16) -> Option<(String, Option<String>)> {
    whats(events).find_map(|w| match w {
        What::FlowFailed { flow, error, hint } if *flow == FlowId(id) => Some((error.clone(), hint.clone())),
        _ => None,
    })
}

fn hopeless(plan: fa_measure::Plan) -> String {
    match end(&launch(plan)) {
        EndReason::Failed { error } => error,
        other => panic!("it ended with {other:?}"),
    }
}

#[test]
fn addresses_of_the_other_version_are_told_by_their_option() {
    let server = server();
    let mut bound = plan(port(&server), 100).flow(Direction::Up);
    bound.hosts[0].local_bind = Some("::1".into());
    let error = hopeless(bound);
    assert!(error.contains("--local-bind ::1 is an IPv6 address, and host \"127.0.0.1\" has none"), "{error}");

    let mut asked = plan(port(&server), 100).flow(Direction::Up);
    asked.hosts[0].local_bind = Some("127.0.0.2".into());
    asked.settings.ip_version = Some(fa_measure::plan::IpVersion::V6);
    let error = hopeless(asked);
    assert!(
        error.contains("--local-bind 127.0.0.2 is an IPv4 address, and traffic to 127.0.0.1 is to be IPv6"),
        "{error}"
    );

    let mut control = plan(port(&server), 100).flow(Direction::Up);
    control.settings.options.control_local_bind = Some("::1".into());
    let error = hopeless(control);
    assert!(error.contains("--control-local-bind ::1 is an IPv6 address, and \"127.0.0.1\" has none"), "{error}");

    let mut flow = plan(port(&server), 100).flow(Direction::Up);
    flow.flows[0].local_bind = Some("::1".into());
    let (error, _) = failure(&launch(flow), 0).unwrap();
    assert!(error.contains("::1: it is an IPv6 address, and 127.0.0.1 an IPv4 one"), "{error}");
}

#[test]
fn the_address_bound_to_decides_the_version_of_a_host_that_has_both() {
    // `localhost` has both loopback addresses; the server has IPv4 alone.
    let server = server();
    let mut plan = plan(port(&server), 100).flow(Direction::Up);
    plan.hosts[0] = fa_measure::plan::HostPlan::at("localhost", port(&server));
    plan.hosts[0].local_bind = Some("127.0.0.2".into());
    let events = launch(plan);
    let ready = whats(&events).find_map(|what| match what {
        What::HostReady(ready) => Some(ready.local.ip()),
        _ => None,
    });
    assert_eq!(ready, Some(std::net::IpAddr::from([127, 0, 0, 2])), "{:?}", end(&events));
}

#[test]
fn a_control_host_that_is_not_there_is_named_with_its_port() {
    let server = server();
    let mut plan = plan(port(&server), 100).flow(Direction::Up);
    let closed = closed_port();
    plan.hosts[0].control = Some(format!("127.0.0.3:{closed}"));
    let error = hopeless(plan);
    assert!(error.starts_with("127.0.0.3, where control connections for 127.0.0.1 go (--control-host"), "{error}");
    assert!(error.contains(&format!("TCP port {closed} of 127.0.0.3")), "{error}");
}

/// A port of this host that nobody listens on.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn without_a_server_the_run_says_what_to_start() {
    let events = launch(plan(closed_port(), 100).flow(Direction::Up));
    let EndReason::Failed { error } = end(&events) else { panic!("{events:?}") };
    assert!(error.contains("run fa serve on 127.0.0.1"), "{error}");
    assert!(failure(&events, 0).is_none(), "a test that did not start is said once, not once per flow");
}

#[test]
fn something_else_on_the_port_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").unwrap();
        stream
    });
    let events = launch(plan(port, 100).flow(Direction::Up));
    let EndReason::Failed { error } = end(&events) else { panic!("{events:?}") };
    assert!(error.contains("not fa serve"), "{error}");
    drop(thread.join());
}

#[test]
fn a_missing_server_on_this_host_is_started_as_a_child() {
    // The child only says where a server is; that one runs here.
    let server = server();
    let script = "echo listening $0; cat > /dev/null";
    let arguments = ["-c".into(), script.into(), server.addresses()[0].to_string().into()];
    let child = ChildCommand { program: "/bin/sh".into(), arguments: arguments.into() };
    let options = LaunchOptions { child: Some(child), ..LaunchOptions::default() };
    let events = launch_with(plan(closed_port(), 50).flow(Direction::Up), options);
    assert_eq!(end(&events), EndReason::Completed);
    assert!(whats(&events).any(|w| matches!(w, What::HostReady(h) if h.child)));
}

#[test]
fn a_congestion_control_that_a_kernel_lacks_fails_its_flow_alone() {
    let server = server();
    let mut plan = plan(port(&server), 100).flow(Direction::Up).flow(Direction::Down).flow(Direction::Down);
    plan.flows[0].cong_control = Some(("warp9".into(), "warp9".into()));
    plan.flows[1].cong_control = Some(("reno".into(), "warp9".into()));
    let events = launch(plan);
    assert_eq!(end(&events), EndReason::Completed);
    for id in [0, 1] {
        let (error, hint) = failure(&events, id).unwrap();
        assert!(error.contains("warp9") && hint.unwrap().contains("reno"), "flow {id}: {error}");
    }
    assert!(failure(&events, 2).is_none());
    assert!(whats(&events).any(|w| matches!(w, What::FlowEnded(e) if e.flow == FlowId(2) && e.bytes > 0)));
}

#[test]
fn what_was_asked_for_is_on_both_sockets() {
    let server = server();
    let mut plan = plan(port(&server), 100).flow(Direction::Down);
    // What an ordinary user may use; reno is always among it.
    let allowed = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_allowed_congestion_control").unwrap();
    let theirs = allowed.split_whitespace().last().unwrap();
    plan.flows[0].cong_control = Some(("reno".into(), theirs.into()));
    plan.flows[0].tos = Some((0x20, 0xb8));
    let events = launch(plan);
    let facts: Vec<_> = whats(&events)
        .filter_map(|w| match w {
            What::FlowConnected(c) => Some((c.end, c.facts.cong_control.clone().unwrap(), c.facts.tos.unwrap() & 0xfc)),
            _ => None,
        })
        .collect();
    assert!(facts.contains(&(FlowEnd::Receiver, "reno".into(), 0x20)), "{facts:?}");
    assert!(facts.contains(&(FlowEnd::Sender, theirs.into(), 0xb8)), "{facts:?}");
    let seen = whats(&events).find_map(|w| match w {
        What::FlowConnected(c) => c.facts.tos_seen,
        _ => None,
    });
    assert_eq!(seen, Some(0x20), "the far end saw our mark");
}

#[test]
fn a_server_that_dies_leaves_what_was_measured() {
    let server = server();
    let run = NetLauncher::default()
        .start(plan(port(&server), 60_000).flow(Direction::Up).flow(Direction::Down).probe(ProbeKind::Udp, 10))
        .unwrap();
    let mut server = Some(server);
    let mut seen = Vec::new();
    // A minute, if it did not end by itself.
    for event in run.events {
        if matches!(event.what, What::FlowBytes(_)) {
            server = None;
        }
        seen.push(event);
    }
    assert!(server.is_none());
    let error = "all 2 flows broke, nothing is left to measure".to_owned();
    assert_eq!(end(&seen), EndReason::Failed { error });
    assert!(whats(&seen).any(|w| matches!(w, What::FlowBytes(b) if b.bytes > 0)));
    let ended = whats(&seen).filter(|w| matches!(w, What::FlowEnded(e) if e.error.is_some() && e.info.is_some()));
    assert_eq!(ended.count(), 2, "totals and kernel state of flows that broke");
    assert!(whats(&seen).any(|w| matches!(w, What::Warning { host: Some(_), .. })));
    assert!(whats(&seen).any(|w| matches!(w, What::ProbeTotals(t) if t.sent > 0)));
}

#[test]
fn stopping_keeps_or_discards() {
    for (how, reason) in [(Stop::Keep, EndReason::StoppedKeep), (Stop::Discard, EndReason::StoppedDiscard)] {
        let server = server();
        let run = NetLauncher::default().start(plan(port(&server), 60_000).flow(Direction::Up)).unwrap();
        let (events, stop) = run.split();
        let mut seen = Vec::new();
        for event in events {
            if matches!(event.what, What::FlowBytes(_)) {
                stop(how);
            }
            seen.push(event);
        }
        assert_eq!(end(&seen), reason);
        let totals = whats(&seen).filter(|w| matches!(w, What::FlowEnded(_))).count();
        assert_eq!(totals, if how == Stop::Keep { 2 } else { 0 }, "both ends' totals only when they are wanted");
    }
}

#[test]
fn a_run_without_readers_ends() {
    let (line, lines) = std::sync::mpsc::channel();
    let options =
        ServeOptions { address: Some(std::net::Ipv4Addr::LOCALHOST.into()), port: 0, ..ServeOptions::default() };
    let server = fa_net::Server::start(options, move |l| line.send(l.to_owned()).unwrap()).unwrap();
    let run = NetLauncher::default().start(plan(port(&server), 60_000).flow(Direction::Up)).unwrap();
    for event in &run.events {
        if matches!(event.what, What::FlowBytes(_)) {
            break;
        }
    }
    drop(run);
    let told = lines.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    assert!(told.contains("1 flows"), "{told}");
}

#[test]
fn a_key_keeps_those_out_who_do_not_know_it() {
    let server = server_with(ServeOptions { key: Some(b"sesame".to_vec()), ..ServeOptions::default() });
    let try_with = |key: Option<&[u8]>| {
        let options = LaunchOptions { key: key.map(<[u8]>::to_vec), ..LaunchOptions::default() };
        end(&launch_with(plan(port(&server), 50).flow(Direction::Up), options))
    };
    assert_eq!(try_with(Some(b"sesame")), EndReason::Completed);
    for (key, says) in [(None, "--key"), (Some(&b"simsim"[..]), "another")] {
        let EndReason::Failed { error } = try_with(key) else { panic!("{key:?} was admitted") };
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn a_public_server_lets_an_rrul_through_and_not_more() {
    let server = server_with(ServeOptions { public: true, ..ServeOptions::default() });
    let try_flows = |flows: usize| {
        let mut all = plan(port(&server), 50);
        for _ in 0..flows {
            all = all.flow(Direction::Up);
        }
        end(&launch(all.probe(ProbeKind::Udp, 200)))
    };
    assert_eq!(try_flows(8), EndReason::Completed);
    let EndReason::Failed { error } = try_flows(17) else { panic!("17 flows were admitted") };
    assert!(error.contains("17 flows") && error.contains("at most 16"), "{error}");
}

#[test]
fn probes_and_web_objects_count_against_the_days_bytes() {
    let server = server_with(ServeOptions { daily_bytes: Some(100_000), ..ServeOptions::default() });
    // 1400 bytes each way every 5 ms: 100 kB after 36 requests; the server looks once a second.
    let mut probing = plan(port(&server), 2_500).probe(ProbeKind::Udp, 5);
    probing.probes[0].payload = Some(1400);
    let events = launch(probing);
    assert_eq!(end(&events), EndReason::Completed);
    let told = whats(&events).any(|w| matches!(w, What::Warning { text, .. } if text.contains("may move in a day")));
    assert!(told, "{:?}", end(&events));
    let totals = whats(&events).find_map(|w| match w {
        What::ProbeTotals(totals) => Some(*totals),
        _ => None,
    });
    let totals = totals.unwrap();
    let (received, there) = (totals.received, totals.received_there.unwrap());
    assert!((36..there.saturating_sub(100)).contains(&received), "{totals:?}");
    // The objects of those known by address are of the same budget.
    let mut stream = TcpStream::connect(server.addresses()[0]).unwrap();
    stream.write_all(b"GET /object/10 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("may move in a day"), "{answer}");
}

#[test]
fn many_clients_are_served_at_once() {
    let server = server();
    let port = port(&server);
    let clients: Vec<_> = (0..4)
        .map(|_| std::thread::spawn(move || launch(plan(port, 200).flow(Direction::Up).probe(ProbeKind::Udp, 10))))
        .collect();
    for client in clients {
        let events = client.join().unwrap();
        assert_eq!(end(&events), EndReason::Completed);
        assert!(whats(&events).any(|w| matches!(w, What::ProbeTotals(t) if t.received_there == Some(t.sent))));
    }
}

#[test]
fn two_hundred_flows_all_move_and_no_report_is_lost() {
    let server = server();
    let mut all = plan(port(&server), 300);
    for _ in 0..100 {
        all = all.flow(Direction::Up).flow(Direction::Down);
    }
    let events = launch(all);
    assert_eq!(end(&events), EndReason::Completed);
    let ended = whats(&events).filter(|w| matches!(w, What::FlowEnded(e) if e.bytes > 0 && e.error.is_none())).count();
    assert_eq!(ended, 400);
    assert!(!whats(&events).any(|w| matches!(w, What::Overflow { .. })));
}

/// Something between client and server that forwards connections, and hands out the first one.
fn middlebox(server: SocketAddr) -> (u16, std::sync::mpsc::Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (first, firsts) = std::sync::mpsc::sync_channel(1);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(server).unwrap());
            let _ = first.try_send(client.try_clone().unwrap());
            for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
            }
        }
    });
    (port, firsts)
}

#[test]
fn a_control_connection_that_breaks_is_made_again_and_nothing_is_missing() {
    let server = server();
    let (port, firsts) = middlebox(server.addresses()[0]);
    let run = NetLauncher::default().start(plan(port, 1500).flow(Direction::Up).flow(Direction::Down)).unwrap();
    let mut control = None;
    let mut seen = Vec::new();
    for event in run.events {
        if control.is_none() && matches!(event.what, What::FlowBytes(_)) {
            control = Some(firsts.recv().unwrap());
            control.as_ref().unwrap().shutdown(Shutdown::Both).unwrap();
        }
        seen.push(event);
    }
    assert_eq!(end(&seen), EndReason::Completed);
    let warned =
        |says: &str| whats(&seen).filter(|w| matches!(w, What::Warning { text, .. } if text.contains(says))).count();
    assert_eq!((warned("is lost"), warned("is back after"), warned("missing")), (1, 1, 0), "{seen:?}");
    assert!(failure(&seen, 0).is_none() && failure(&seen, 1).is_none());
    // Flow 0 goes there: what the far end counted in its intervals is all that it received, each interval once.
    let there = whats(&seen).filter_map(|w| match w {
        What::FlowBytes(b) if b.flow == FlowId(0) && b.end == FlowEnd::Receiver => Some(b.bytes),
        _ => None,
    });
    let total = whats(&seen).find_map(|w| match w {
        What::FlowEnded(e) if e.flow == FlowId(0) && e.end == FlowEnd::Receiver => Some(e.bytes),
        _ => None,
    });
    assert_eq!(Some(there.sum()), total);
}
