//! Marks on the packets of downloads as they arrive here.
//!
//! The kernel keeps the TOS byte of a TCP connection's packets only on the side that accepted it. On the connecting side a
//! raw socket sees them, where we may have one (`CAP_NET_RAW`): with a filter for one connection, open for the first part of
//! a second of the flow, so that it costs next to nothing.

use crate::clock::Clock;
use crate::datagram::DatagramSocket;
use fa_measure::event::{FlowMarks, What};
use fa_measure::{FlowId, Span, Time};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};
use std::net::SocketAddr;

/// How long a flow is looked at, from its start on.
const LOOK: Span = Span::from_millis(300);

/// Flows that are looked at, at most: each filter is asked about every packet of the host.
pub(crate) const MAX_FLOWS: usize = 32;

/// Packets taken into account per flow.
const PACKETS: usize = 200;

/// A flow to look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Download {
    pub(crate) flow: FlowId,
    pub(crate) local: SocketAddr,
    pub(crate) peer: SocketAddr,
    /// When its sender starts.
    pub(crate) start: Time,
}

/// Looks at one flow; `None` where that is not permitted or nothing came.
pub(crate) async fn look(clock: Clock, download: Download) -> Option<What> {
    tokio::time::sleep_until(clock.instant(download.start).into()).await;
    let mut socket = open(&download)?;
    tokio::time::sleep_until(clock.instant(download.start + LOOK).into()).await;
    let mut buffer = [0; 128];
    let (mut packets, mut marked, mut tos_seen) = (0, 0, None);
    while packets < PACKETS
        && let Ok(Some(arrival)) = socket.receive(&mut buffer, &clock)
    {
        if let Some(tos) = arrival.tos {
            packets += 1;
            marked += u64::from(tos & 3 == 3);
            // With or without "congestion experienced" it is the same mark.
            tos_seen = Some(tos_seen.map_or(tos, |seen: u8| if tos & 3 == 3 { seen } else { tos }));
        }
    }
    let tos_seen = tos_seen?;
    let (flow, packets) = (download.flow, packets as u64);
    Some(What::FlowMarks(FlowMarks { flow, tos_seen, packets, congestion_marks: marked }))
}

/// A raw socket that gets the packets of this connection only.
fn open(download: &Download) -> Option<DatagramSocket> {
    let v6 = download.local.is_ipv6();
    let domain = if v6 { Domain::IPV6 } else { Domain::IPV4 };
    let socket = Socket::new(domain, Type::RAW, Some(Protocol::TCP)).ok()?;
    socket.attach_filter(&filter(v6, download.peer.port(), download.local.port())).ok()?;
    socket.bind(&SocketAddr::new(download.local.ip(), 0).into()).ok()?;
    DatagramSocket::new(socket, false, false).ok()
}

/// A program of the kernel's packet filter: keeps what comes from port `from` to port `to`. IPv4 raw sockets see the IP
/// header first, IPv6 ones do not.
fn filter(v6: bool, from: u16, to: u16) -> Vec<SockFilter> {
    const LOAD_HALF_AT_X: u16 = 0x48;
    const LOAD_HALF: u16 = 0x28;
    const X_IS_HEADER_LENGTH: u16 = 0xb1;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let load = if v6 { LOAD_HALF } else { LOAD_HALF_AT_X };
    let mut program = Vec::new();
    if !v6 {
        program.push(SockFilter::new(X_IS_HEADER_LENGTH, 0, 0, 0));
    }
    program.extend([
        SockFilter::new(load, 0, 0, 0),
        SockFilter::new(JUMP_IF_EQUAL, 0, 3, from.into()),
        SockFilter::new(load, 0, 0, 2),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, to.into()),
        SockFilter::new(RETURN, 0, 0, 128),
        SockFilter::new(RETURN, 0, 0, 0),
    ]);
    program
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn the_connecting_side_sees_the_mark_of_the_accepting_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        crate::socket::set_tos(&socket2::SockRef::from(&theirs), 0x68).unwrap();
        let (local, peer) = (ours.local_addr().unwrap(), ours.peer_addr().unwrap());
        let download = Download { flow: FlowId(0), local, peer, start: Time::ZERO };
        let clock = Clock::start();
        let Some(mut socket) = open(&download) else {
            println!("skipped: the_connecting_side_sees_the_mark_of_the_accepting_one: no raw sockets here");
            return;
        };
        theirs.write_all(b"marked").unwrap();
        let mut buffer = [0; 128];
        // Loopback delivers within the call.
        let arrival = socket.receive(&mut buffer, &clock).unwrap().unwrap();
        assert_eq!(arrival.tos, Some(0x68));
        // What goes the other way, and other connections, are not kept.
        (&ours).write_all(b"back").unwrap();
        assert!(!matches!(socket.receive(&mut buffer, &clock), Ok(Some(a)) if a.tos != Some(0x68)));
    }
}
