//! Options of tests, as they reach the sockets.

use crate::build::{PlanExt, launch, plan, port, server, whats};
use fa_catalog::Direction;
use fa_measure::event::{Fetched, FlowEnd, What};
use fa_measure::plan::{DatagramPlan, FetchId, FetchList, FetchPlan, HostId, ProbeKind};
use fa_measure::traffic::Traffic;
use fa_measure::{Event, Span};
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::sync::{Arc, LazyLock, Mutex};

fn failures(events: &[Event]) -> Vec<String> {
    whats(events)
        .filter_map(|what| match what {
            What::FlowFailed { error, .. } | What::ProbeFailed { error, .. } | What::FetchFailed { error, .. } => {
                Some(error.clone())
            }
            _ => None,
        })
        .collect()
}

/// Where flows went out, at our end.
fn local_addresses(events: &[Event]) -> Vec<IpAddr> {
    whats(events)
        .filter_map(|what| match what {
            What::FlowConnected(c) if c.end == FlowEnd::Sender => Some(c.local.ip()),
            _ => None,
        })
        .collect()
}

#[test]
fn flows_and_probes_may_be_bound_to_other_addresses_than_control() {
    let server = server();
    let bound = Some("127.0.0.2".to_owned());
    let mut plan = plan(port(&server), 200).flow(Direction::Up).flow(Direction::Up);
    plan = plan.probe(ProbeKind::Udp, 50).probe(ProbeKind::Tcp, 50);
    let traffic = Traffic::at_rate(1e6, 500, 1);
    plan.flows[1].datagrams = Some(DatagramPlan {
        traffic,
        packets: false,
        name: None,
        ttl: Some(3),
        interface: Some("lo".into()),
        ports: 1,
    });
    plan.flows.iter_mut().for_each(|flow| flow.local_bind.clone_from(&bound));
    plan.probes.iter_mut().for_each(|probe| probe.local_bind.clone_from(&bound));
    let events = launch(plan);
    assert_eq!(failures(&events), [""; 0]);
    assert_eq!(local_addresses(&events), [IpAddr::from([127, 0, 0, 2]); 2]);
    let ready = whats(&events).find_map(|what| match what {
        What::HostReady(ready) => Some(ready.local.ip()),
        _ => None,
    });
    assert_eq!(ready, Some(IpAddr::from([127, 0, 0, 1])), "control is not bound");
    assert!(whats(&events).any(|what| matches!(what, What::ProbeReply(_))));
}

#[test]
fn an_address_that_is_not_ours_is_named_as_such() {
    let server = server();
    let mut plan = plan(port(&server), 200).flow(Direction::Up);
    // For documentation only (RFC 5737): nobody has it.
    plan.settings.local_bind = Some("192.0.2.1".into());
    let failed = format!("{:?}", launch(plan));
    assert!(failed.contains("192.0.2.1 is no address of this host") && failed.contains("--local-bind"), "{failed}");
    assert!(!failed.contains("run fa serve"), "{failed}");
}

#[test]
fn control_may_go_another_way_than_flows() {
    let server = crate::build::server_with(fa_net::ServeOptions::default());
    let mut plan = plan(port(&server), 200).flow(Direction::Up).probe(ProbeKind::Udp, 50);
    plan.hosts[0].control = Some(format!("127.0.0.1:{}", port(&server)));
    plan.settings.options.control_local_bind = Some("127.0.0.3".into());
    let events = launch(plan);
    assert_eq!(failures(&events), [""; 0]);
    assert_eq!(local_addresses(&events), [IpAddr::from([127, 0, 0, 1])]);
    let ready = whats(&events).find_map(|what| match what {
        What::HostReady(ready) => Some(ready.local.ip()),
        _ => None,
    });
    assert_eq!(ready, Some(IpAddr::from([127, 0, 0, 3])));
}

#[test]
fn kernel_state_is_not_sampled_where_nobody_wants_it() {
    let server = server();
    for wanted in [true, false] {
        let mut plan = plan(port(&server), 300).flow(Direction::Up).flow(Direction::Down);
        plan.settings.options.socket_stats = wanted;
        let events = launch(plan);
        assert_eq!(whats(&events).any(|what| matches!(what, What::TcpInfo(_))), wanted);
        let last = |what: &&What| matches!(what, What::FlowEnded(e) if e.info.is_some());
        assert_eq!(whats(&events).filter(last).count(), 4, "the last state stays");
    }
}

fn fetch(list: FetchList) -> FetchPlan {
    FetchPlan {
        id: FetchId(0),
        series: "HTTP latency".into(),
        list,
        host: HostId(0),
        start: Span::ZERO,
        length: Span::from_millis(100),
        interval: Span::from_millis(1_000),
        timeout: Span::from_millis(2_000),
        workers: 1,
        dns: Vec::new(),
        ip_version: None,
        local_bind: None,
    }
}

/// One object too many.
static LONG: LazyLock<String> = LazyLock::new(|| "a\n".repeat(10_001));

/// Who asked for what.
type Asked = Arc<Mutex<Vec<(IpAddr, String)>>>;

/// Answers every request with a list of one object, and notes who asked for what. `/once` is answered once.
fn web_server(at: &str) -> (u16, Asked) {
    let listener = TcpListener::bind(at).unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok((mut stream, from)) = listener.accept() {
            let mut buffer = [0; 4096];
            let n = stream.read(&mut buffer).unwrap_or(0);
            let path = String::from_utf8_lossy(&buffer[..n]).split(' ').nth(1).unwrap_or_default().to_owned();
            let (status, body) = match path.rsplit('/').next() {
                Some("in-part.txt") => ("200 OK", "a\ngone\n"),
                Some("long.txt") => ("200 OK", LONG.as_str()),
                Some("once.txt") => ("200 OK", "once\n"),
                Some("nothing.txt") => ("200 OK", "gone\n"),
                Some("gone") => ("404 Not Found", ""),
                _ => ("200 OK", "a\n"),
            };
            let again = path == "/once" && seen.lock().unwrap().iter().any(|(_, before)| *before == path);
            seen.lock().unwrap().push((from.ip(), path));
            if again {
                held.push(stream);
                continue;
            }
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, asked)
}

fn rounds(events: &[Event]) -> Vec<Fetched> {
    let round = |what: &What| if let What::Fetched(fetched) = what { Some(**fetched) } else { None };
    whats(events).filter_map(round).collect()
}

#[test]
fn objects_are_fetched_from_the_address_that_is_bound_and_a_session_knows_them_there() {
    let server = server();
    let mut own = plan(port(&server), 200);
    own.fetches.push(FetchPlan { local_bind: Some("127.0.0.2".into()), ..fetch(FetchList::Server) });
    let events = launch(own);
    assert_eq!(failures(&events), [""; 0]);
    assert_eq!(rounds(&events).first().map(|r| (r.objects, r.failed)), Some((16, 0)), "{events:?}");

    let (web, asked) = web_server("127.0.0.1:0");
    let mut other = plan(port(&server), 200);
    let list = FetchList::Named(format!("http://127.0.0.1:{web}/list"));
    other.fetches.push(FetchPlan { local_bind: Some("127.0.0.2".into()), ..fetch(list) });
    let events = launch(other);
    assert_eq!(rounds(&events).first().map(|r| (r.objects, r.failed)), Some((1, 0)), "{events:?}");
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked, [("/list"), ("/a")].map(|path| (IpAddr::from([127, 0, 0, 2]), path.to_owned())));
}

#[test]
fn an_object_that_is_refused_is_named_and_does_not_cost_the_others_their_time() {
    let server = server();
    let (web, _) = web_server("127.0.0.1:0");
    let fetched = |list: &str| {
        let mut plan = plan(port(&server), 200);
        plan.fetches.push(fetch(FetchList::Named(format!("http://127.0.0.1:{web}/{list}"))));
        launch(plan)
    };
    let events = fetched("in-part.txt");
    assert_eq!(failures(&events), [""; 0]);
    let first = rounds(&events)[0];
    assert_eq!((first.objects, first.failed, first.refused, first.is_complete()), (1, 1, 1, true));
    let told = whats(&events).filter(
        |what| matches!(what, What::Warning { text, .. } if text.contains("/gone") && text.contains("404") && text.contains("1 of the 2")),
    );
    assert_eq!(told.count(), 1, "once, not in each round: {events:?}");

    let events = fetched("nothing.txt");
    assert!(!rounds(&events)[0].is_complete());
    let failed = failures(&events);
    assert!(matches!(failed.as_slice(), [only] if only.contains("/gone") && only.contains("404")), "{failed:?}");
}

#[test]
fn an_object_that_is_waited_for_to_the_end_is_told() {
    let server = server();
    let (web, _) = web_server("127.0.0.1:0");
    let mut plan = plan(port(&server), 200);
    let list = FetchList::Named(format!("http://127.0.0.1:{web}/once.txt"));
    let (interval, timeout) = (Span::from_millis(20), Span::from_millis(60_000));
    plan.fetches.push(FetchPlan { interval, timeout, ..fetch(list) });
    let events = launch(plan);
    let counts: Vec<_> = rounds(&events).iter().map(|r| (r.objects, r.failed, r.timed_out)).collect();
    assert_eq!(counts, [(1, 0, 0), (0, 1, 1)], "{events:?}");
    let told = |what: &What| matches!(what, What::Warning { text, .. } if text.contains("/once") && text.contains("end of the run"));
    assert!(whats(&events).any(told), "{events:?}");
}

#[test]
fn a_list_that_is_too_long_is_refused_and_not_cut() {
    let server = server();
    let (web, _) = web_server("127.0.0.1:0");
    let mut plan = plan(port(&server), 200);
    plan.fetches.push(fetch(FetchList::Named(format!("http://127.0.0.1:{web}/long.txt"))));
    let events = launch(plan);
    let failed = failures(&events);
    assert!(matches!(failed.as_slice(), [only] if only.contains("more than 10000 objects")), "{failed:?}");
}

#[test]
fn objects_come_from_the_host_and_not_from_where_control_goes() {
    let server = server();
    let port = port(&server);
    let (_, asked) = web_server(&format!("127.0.0.2:{port}"));
    let mut plan = plan(port, 200);
    plan.hosts[0].name = "127.0.0.2".into();
    plan.hosts[0].control = Some(format!("127.0.0.1:{port}"));
    plan.fetches.push(fetch(FetchList::Server));
    let events = launch(plan);
    assert_eq!(rounds(&events).first().map(|r| (r.objects, r.failed)), Some((1, 0)), "{events:?}");
    assert!(asked.lock().unwrap().iter().any(|(_, path)| path.ends_with("/filelist.txt")));
}

#[test]
fn names_of_web_servers_are_looked_up_where_the_user_says() {
    // A name server that knows one address of everything.
    let dns = UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = dns.local_addr().unwrap();
    let asked = std::thread::spawn(move || {
        let mut buffer = [0; 512];
        let (n, from) = dns.recv_from(&mut buffer).unwrap();
        let mut answer = buffer[..n].to_vec();
        answer[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1]);
        answer.extend(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01");
        dns.send_to(&answer, from).unwrap();
        buffer[..n].to_vec()
    });
    let server = server();
    let mut plan = plan(port(&server), 200);
    plan.fetches.push(FetchPlan {
        dns: vec![at.to_string()],
        ip_version: Some(fa_measure::plan::IpVersion::V4),
        ..fetch(FetchList::Named(format!("http://web.example:{}/filelist.txt", port(&server))))
    });
    let events = launch(plan);
    let question = asked.join().unwrap();
    let objects = whats(&events).find_map(|what| match what {
        What::Fetched(fetched) => Some((fetched.objects, fetched.failed)),
        _ => None,
    });
    assert_eq!(objects, Some((16, 0)), "{events:?}");
    assert!(question.windows(11).any(|w| w == b"\x03web\x07exampl"), "{question:?}");
}

#[test]
fn who_only_receives_needs_no_congestion_control() {
    let server = server();
    let mut plan = plan(port(&server), 100).flow(Direction::Up).flow(Direction::Down);
    plan.flows[0].cong_control = Some(("reno".into(), "warp9".into()));
    plan.flows[1].cong_control = Some(("reno".into(), "warp9".into()));
    let failed = failures(&launch(plan));
    assert!(matches!(failed.as_slice(), [only] if only.contains("warp9")), "the download alone: {failed:?}");
}
