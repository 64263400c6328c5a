//! Datagram sockets with stamps: what arrived, when, for whom, how marked, and what the queue dropped.

use crate::clock::Clock;
use fa_measure::Time;
use fa_measure::event::StampKind;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, TimestampingFlag, Timestamps, recvmsg, sendmsg,
    setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;
use socket2::{Domain, Socket};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// A datagram as it arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) len: usize,
    /// Whole length when it was longer than the buffer; such datagrams are not ours.
    pub(crate) truncated: bool,
    pub(crate) from: Option<SocketAddr>,
    /// Our address that it was sent to, where the socket asked for it.
    pub(crate) to: Option<IpAddr>,
    pub(crate) at: Time,
    pub(crate) kind: StampKind,
    pub(crate) tos: Option<u8>,
    /// Datagrams this socket's queue dropped so far, when some were.
    pub(crate) dropped: Option<u32>,
}

/// What a socket's stamps are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamping {
    pub(crate) receive: StampKind,
    pub(crate) send: StampKind,
}

/// A datagram socket with stamps.
#[derive(Debug)]
pub(crate) struct DatagramSocket {
    socket: Socket,
    v6: bool,
    stamping: Stamping,
    /// Space for control messages; kept, because it is needed a thousand times a second.
    control: Vec<u8>,
    /// Wall clock at our time zero, taken anew for each turn.
    wall_at_zero: i64,
    /// Of a connection: the end of what it took the beginning of.
    unsent: Vec<u8>,
}

impl DatagramSocket {
    /// Takes a socket and asks for everything it can tell; what the kernel refuses is done without.
    ///
    /// - `stamp_sending`: ask for stamps of what is sent too;
    /// - `wants_target`: ask for our own address that each datagram was sent to.
    pub(crate) fn new(socket: Socket, stamp_sending: bool, wants_target: bool) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let v6 = socket.domain()? == Domain::IPV6;
        let receive = TimestampingFlag::SOF_TIMESTAMPING_SOFTWARE | TimestampingFlag::SOF_TIMESTAMPING_RX_SOFTWARE;
        let mut stamping = Stamping { receive: StampKind::Program, send: StampKind::Program };
        if stamp_sending && setsockopt(&socket, sockopt::Timestamping, &(receive | send_stamps())).is_ok() {
            stamping = Stamping { receive: StampKind::Kernel, send: StampKind::Kernel };
        } else if setsockopt(&socket, sockopt::Timestamping, &receive).is_ok() {
            stamping.receive = StampKind::Kernel;
        }
        // Each of these only adds a fact: without them the fact is absent.
        let _ = setsockopt(&socket, sockopt::RxqOvfl, &1);
        if v6 {
            let _ = setsockopt(&socket, sockopt::Ipv6RecvTClass, &true);
        } else {
            let _ = setsockopt(&socket, sockopt::IpRecvTos, &true);
        }
        if wants_target {
            if v6 {
                setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
            } else {
                setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
            }
        }
        let control =
            cmsg_space!(Timestamps, [libc::in6_pktinfo; 2], [u32; 4], libc::sock_extended_err, libc::sockaddr_in6);
        Ok(Self { socket, v6, stamping, control, wall_at_zero: 0, unsent: Vec::new() })
    }

    pub(crate) fn stamping(&self) -> Stamping {
        self.stamping
    }

    pub(crate) fn is_v6(&self) -> bool {
        self.v6
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Kernel stamps are on the wall clock: takes the wall clock's present relation to ours.
    pub(crate) fn relate(&mut self, wall_at_zero: i64) {
        self.wall_at_zero = wall_at_zero;
    }

    fn time_of(&self, stamp: TimeSpec) -> Time {
        Time(stamp.tv_sec() * 1_000_000_000 + stamp.tv_nsec() - self.wall_at_zero)
    }

    /// Takes the next datagram; `None` when there is none.
    ///
    /// # Errors
    /// The kernel's, for example that an earlier datagram was refused over there.
    pub(crate) fn receive(&mut self, buffer: &mut [u8], clock: &Clock) -> io::Result<Option<Arrival>> {
        let mut iov = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let mut control = std::mem::take(&mut self.control);
        let found = recvmsg::<SockaddrStorage>(self.socket.as_raw_fd(), &mut iov, Some(&mut control), flags);
        let arrival = match found {
            Ok(message) => {
                let mut arrival = Arrival {
                    len: message.bytes,
                    truncated: message.flags.contains(MsgFlags::MSG_TRUNC),
                    from: message.address.as_ref().and_then(address_of),
                    to: None,
                    at: clock.now(),
                    kind: StampKind::Program,
                    tos: None,
                    dropped: None,
                };
                for told in message.cmsgs().into_iter().flatten() {
                    match told {
                        ControlMessageOwned::ScmTimestampsns(stamps) if stamps.system.tv_sec() != 0 => {
                            arrival.at = self.time_of(stamps.system);
                            arrival.kind = StampKind::Kernel;
                        }
                        ControlMessageOwned::Ipv4Tos(tos) => arrival.tos = Some(tos),
                        ControlMessageOwned::Ipv6TClass(tos) => arrival.tos = Some(tos as u8),
                        ControlMessageOwned::RxqOvfl(dropped) => arrival.dropped = Some(dropped),
                        ControlMessageOwned::Ipv4PacketInfo(info) => {
                            arrival.to = Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()).into());
                        }
                        ControlMessageOwned::Ipv6PacketInfo(info) => {
                            arrival.to = Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into());
                        }
                        _ => {}
                    }
                }
                Ok(Some(arrival))
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
            Err(e) => Err(e.into()),
        };
        self.control = control;
        arrival
    }

    /// Takes the next stamp of something sent: its number among all that this socket sent, and when it left.
    pub(crate) fn next_sent(&mut self) -> Option<(u32, Time)> {
        if self.stamping.send == StampKind::Program {
            return None;
        }
        let mut control = std::mem::take(&mut self.control);
        let mut found = None;
        // A datagram may come back with its error: those are taken and passed over.
        while found.is_none() {
            let mut nothing = [0; 64];
            let mut iov = [IoSliceMut::new(&mut nothing)];
            let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
            let Ok(message) = recvmsg::<SockaddrStorage>(self.socket.as_raw_fd(), &mut iov, Some(&mut control), flags)
            else {
                break;
            };
            let (mut at, mut number) = (None, None);
            for told in message.cmsgs().into_iter().flatten() {
                match told {
                    ControlMessageOwned::ScmTimestampsns(stamps) => at = Some(self.time_of(stamps.system)),
                    ControlMessageOwned::Ipv4RecvErr(e, _) | ControlMessageOwned::Ipv6RecvErr(e, _)
                        if e.ee_origin == libc::SO_EE_ORIGIN_TIMESTAMPING =>
                    {
                        number = Some(e.ee_data);
                    }
                    _ => {}
                }
            }
            found = number.zip(at);
        }
        self.control = control;
        found
    }

    /// Lets the kernel number what is sent from 0 again.
    pub(crate) fn restart_numbering(&mut self) {
        if self.stamping.send == StampKind::Kernel {
            let receive = TimestampingFlag::SOF_TIMESTAMPING_SOFTWARE | TimestampingFlag::SOF_TIMESTAMPING_RX_SOFTWARE;
            // The counter is set to 0 when numbering is switched on.
            let again = setsockopt(&self.socket, sockopt::Timestamping, &receive)
                .and_then(|()| setsockopt(&self.socket, sockopt::Timestamping, &(receive | send_stamps())));
            if again.is_err() {
                self.stamping.send = StampKind::Program;
            }
        }
    }

    /// Sends to whom the socket is connected.
    pub(crate) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.socket.send(bytes).map(|_| ())
    }

    /// Sends on a connection, where the pieces of a message follow from its beginning: what was begun is ended before anything
    /// else is sent, and a message is either begun or refused.
    pub(crate) fn send_whole(&mut self, bytes: &[u8]) -> io::Result<()> {
        while !self.unsent.is_empty() {
            let n = self.socket.send(&self.unsent)?;
            self.unsent.drain(..n);
        }
        let n = self.socket.send(bytes)?;
        self.unsent.extend_from_slice(&bytes[n..]);
        Ok(())
    }

    /// Sends to `to` from our address `from`, so that a host with several answers with the one that was asked.
    pub(crate) fn send_from(&self, bytes: &[u8], from: Option<IpAddr>, to: SocketAddr) -> io::Result<()> {
        let iov = [IoSlice::new(bytes)];
        let to = SockaddrStorage::from(to);
        let fd = self.socket.as_raw_fd();
        let flags = MsgFlags::MSG_DONTWAIT;
        match from {
            Some(IpAddr::V4(a)) => {
                let s_addr = u32::from_ne_bytes(a.octets());
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr { s_addr },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                sendmsg(fd, &iov, &[ControlMessage::Ipv4PacketInfo(&info)], flags, Some(&to))?;
            }
            Some(IpAddr::V6(a)) => {
                let address = libc::in6_addr { s6_addr: a.octets() };
                let info = libc::in6_pktinfo { ipi6_addr: address, ipi6_ifindex: 0 };
                sendmsg(fd, &iov, &[ControlMessage::Ipv6PacketInfo(&info)], flags, Some(&to))?;
            }
            None => {
                sendmsg(fd, &iov, &[], flags, Some(&to))?;
            }
        }
        Ok(())
    }
}

impl AsFd for DatagramSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Stamps of what is sent, numbered, without a copy of the datagram: taken when it comes to the queueing discipline.
///
/// Not `TX_SOFTWARE`, which stamps when the driver gets it: the queue of our own interface is part of the way, and often
/// the longest (tried: behind our own 20 Mbit/s shaper with a 300 ms queue, that stamp showed 7 µs where ping saw 200 ms).
fn send_stamps() -> TimestampingFlag {
    /// `SOF_TIMESTAMPING_TX_SCHED` of linux/net_tstamp.h (since Linux 3.17), which nix does not name.
    const AT_QUEUE: u32 = 1 << 8;
    TimestampingFlag::from_bits_retain(AT_QUEUE)
        | TimestampingFlag::SOF_TIMESTAMPING_OPT_ID
        | TimestampingFlag::SOF_TIMESTAMPING_OPT_TSONLY
}

fn address_of(storage: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddr::from((v4.ip(), v4.port())));
    }
    storage.as_sockaddr_in6().map(|&v6| SocketAddr::V6(v6.into()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use socket2::Type;
    use std::net::UdpSocket;

    #[test]
    fn a_datagram_is_stamped_where_it_leaves_and_where_it_arrives() {
        let clock = Clock::start();
        let target = UdpSocket::bind("127.0.0.1:0").unwrap();
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
        socket.connect(&target.local_addr().unwrap().into()).unwrap();
        crate::socket::set_tos(&socket, 0x20).unwrap();
        let mut sender = DatagramSocket::new(socket, true, false).unwrap();
        let mut receiver = DatagramSocket::new(target.into(), false, true).unwrap();
        sender.relate(clock.wall_at_zero());
        receiver.relate(clock.wall_at_zero());

        let mut buffer = [0; 64];
        // The kernel switches stamping on some time after it was asked for, when nobody else had it on: until then
        // datagrams come without.
        let stamped = (0..100_000).find_map(|sent| {
            let before = clock.now();
            sender.send(b"one").unwrap();
            // Loopback delivers within the call.
            let arrival = receiver.receive(&mut buffer, &clock).unwrap().unwrap();
            let number_and_time = sender.next_sent();
            (arrival.kind == StampKind::Kernel).then_some((sent, before, arrival, number_and_time))
        });
        let (sent, before, arrival, left) = stamped.unwrap();
        let after = clock.now();
        assert_eq!((arrival.len, arrival.tos, arrival.truncated), (3, Some(0x20), false));
        assert_eq!(arrival.to, Some("127.0.0.1".parse().unwrap()));
        let (number, left) = left.unwrap();
        assert_eq!(number, sent);
        let slack = fa_measure::Span::from_millis(1);
        assert!(before <= left + slack && left <= arrival.at && arrival.at <= after + slack);
        assert!(receiver.receive(&mut buffer, &clock).unwrap().is_none());
    }
}
