//! Probes at 1 ms, idle and beside eight saturating flows on the same host.
//!
//! `cargo bench -p fa-net --bench probes -- [SECONDS]` prints how many requests of the schedule left, how late, and how
//! our round trip differs from a packet capture's, per sequence number. The capture needs root (or CAP_NET_RAW); so does
//! real-time priority. The server runs in this process: both ends share the two threads' processor with the load, as on a
//! small machine.

use fa_catalog::{Catalog, Setup};
use fa_measure::event::{ProbeReply, ProbeSetup};
use fa_measure::plan::{HostPlan, IpVersion, ProbeKind, ProbePlan};
use fa_measure::{HostId, Launcher, Plan, ProbeId, Settings, Span, What};
use fa_net::{LaunchOptions, NetLauncher, ServeOptions, Server};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, TimestampingFlag, Timestamps, recvmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io::IoSliceMut;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let secs = std::env::args().skip(1).find(|a| a != "--bench").map_or(Ok(5), |a| a.parse())?;
    for flows in [0, 8] {
        measure(flows, secs)?;
    }
    Ok(())
}

fn plan(port: u16, flows: u32, secs: u32) -> Result<Plan, Error> {
    let host = HostPlan::at("127.0.0.1", port);
    let setup = Setup { length_secs: secs.into(), delay_secs: 0.0, ..Setup::new("tcp_nup", &["127.0.0.1"]) }
        .with_param("upload_streams", flows.max(1).to_string());
    let settings =
        Settings { hosts: vec![host], step_secs: 0.2, ip_version: Some(IpVersion::V4), ..Settings::of(&setup) };
    let mut plan = Plan::from_expanded(&Catalog::builtin().expand(&setup)?, &settings)?;
    plan.flows.truncate(flows as usize);
    plan.probes = vec![ProbePlan {
        id: ProbeId(0),
        series: "probe".into(),
        kind: ProbeKind::Udp,
        host: HostId(0),
        start: Span::ZERO,
        length: Span::from_secs_f64(secs.into()),
        interval: Span::from_millis(1),
        tos: None,
        ip_version: None,
        local_bind: None,
        payload: None,
        call: false,
        lost_after: None,
    }];
    Ok(plan)
}

fn measure(flows: u32, secs: u32) -> Result<(), Error> {
    let options = ServeOptions { address: Some([127, 0, 0, 1].into()), port: 0, ..ServeOptions::default() };
    let server = Server::start(options, |_| {})?;
    let plan = plan(server.addresses()[0].port(), flows, secs)?;
    let planned = plan.probes[0].count();
    let ended = Arc::new(AtomicBool::new(false));
    let capture = capture(ended.clone());
    let run = NetLauncher::new(LaunchOptions::default()).start(plan)?;
    let (mut late, mut replies, mut priority, mut bytes) = (Vec::new(), Vec::new(), String::new(), 0);
    for event in run.events {
        match event.what {
            What::ProbeSent(s) => late.push((s.sent - s.due).0 as f64 / 1e3),
            What::ProbeReply(r) => replies.push(r),
            What::ProbeSetup(ProbeSetup { host: None, priority: got, .. }) => priority = got,
            What::FlowFailed { error, .. } => eprintln!("{error}"),
            What::FlowBytes(b) if matches!(b.at, fa_measure::When::There(_)) => bytes += b.bytes,
            _ => {}
        }
    }
    ended.store(true, Ordering::Relaxed);
    let in_time = late.iter().filter(|&&l| l <= 500.0).count() as f64 / late.len() as f64 * 100.0;
    println!("{flows} flows ({:.1} Gbit/s), priority {priority}:", bytes as f64 * 8e-9 / f64::from(secs));
    println!("  {} of {planned} requests left, {in_time:.2} % within 500 µs of their time", late.len());
    println!("  late, µs: {}", percentiles(late));
    println!("  round trip, µs: {}", percentiles(replies.iter().map(|r| r.round_trip().0 as f64 / 1e3).collect()));
    match capture {
        Err(e) => println!("  no capture: {e}"),
        Ok(thread) => compare(&replies, &thread.join().map_err(|_| "the capture broke")?),
    }
    Ok(())
}

fn percentiles(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let at = |p: f64| values.get(((values.len().max(1) - 1) as f64 * p) as usize).copied().unwrap_or(f64::NAN);
    format!("p1 {:.1}, median {:.1}, p99 {:.1}, max {:.1}", at(0.01), at(0.5), at(0.99), at(1.0))
}

/// Stamps of one exchange on the interface: request out, request in, reply out, reply in; nanoseconds.
type Seen = HashMap<u32, [Option<i64>; 4]>;

fn compare(replies: &[ProbeReply], seen: &Seen) {
    let (mut whole, mut net) = (Vec::new(), Vec::new());
    for reply in replies {
        if let Some([Some(out), Some(there), Some(back), Some(home)]) = seen.get(&reply.seq) {
            whole.push(((reply.received - reply.sent).0 - (home - out)) as f64 / 1e3);
            net.push((reply.round_trip().0 - ((home - out) - (back - there))) as f64 / 1e3);
        }
    }
    println!("  {} exchanges captured", whole.len());
    println!("  ours − capture, with the reflector's time, µs: {}", percentiles(whole));
    println!("  ours − capture, without it, µs: {}", percentiles(net));
}

/// Watches the loopback interface for probes until told to end.
fn capture(ended: Arc<AtomicBool>) -> Result<std::thread::JoinHandle<Seen>, Error> {
    const ALL: i32 = (libc::ETH_P_ALL as u16).to_be() as i32;
    let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(Protocol::from(ALL)))?;
    socket.set_recv_buffer_size(32 << 20)?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    let flags = TimestampingFlag::SOF_TIMESTAMPING_SOFTWARE | TimestampingFlag::SOF_TIMESTAMPING_RX_SOFTWARE;
    setsockopt(&socket, sockopt::Timestamping, &flags)?;
    Ok(std::thread::spawn(move || {
        let mut seen = Seen::new();
        let mut buffer = [0; 128];
        let mut control = nix::cmsg_space!(Timestamps);
        while !ended.load(Ordering::Relaxed) {
            let mut iov = [IoSliceMut::new(&mut buffer)];
            let found = recvmsg::<()>(socket.as_raw_fd(), &mut iov, Some(&mut control), MsgFlags::empty());
            let Ok(message) = found else { continue };
            let stamp = message.cmsgs().into_iter().flatten().find_map(|c| match c {
                ControlMessageOwned::ScmTimestampsns(s) => Some(s.system.tv_sec() * 1_000_000_000 + s.system.tv_nsec()),
                _ => None,
            });
            let len = message.bytes.min(128);
            let (Some(stamp), Some(payload)) = (stamp, buffer[..len].get(28..92)) else { continue };
            if buffer[9] != 17 || payload[..4] != [0x66, 0x61, 0xd0, 0x01] {
                continue;
            }
            let seq = u32::from_le_bytes([payload[16], payload[17], payload[18], payload[19]]);
            let entry = seen.entry(seq).or_default();
            // Each packet passes twice: going out, then coming in.
            let first = match payload[4] {
                5 => 0,
                6 => 2,
                _ => continue,
            };
            let slot = if entry[first].is_none() { first } else { first + 1 };
            entry[slot] = Some(stamp);
        }
        seen
    }))
}
