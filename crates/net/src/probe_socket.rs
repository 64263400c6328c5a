//! Sockets of probes: how each kind is opened, what it sends, and which answers are its own.

use crate::datagram::DatagramSocket;
use crate::socket::{Trouble, bind_address, bind_toward, set_tos};
use fa_measure::icmp::{self, Icmp};
use fa_measure::plan::ProbePlan;
use fa_measure::probe::Input;
use fa_measure::wire::{LEN, MAX_LEN, Packet, Token};
use fa_measure::{ProbeId, Time};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};

use crate::datagram::Arrival;

/// How a probe's answers are known.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Speech {
    /// Our own datagrams.
    Own { session: u64 },
    /// The same one after the other on a connection.
    Stream { session: u64 },
    /// ICMP echo.
    Echo { version: Icmp, ident: u16, raw: bool },
}

/// A probe's socket, connected to its target.
#[derive(Debug)]
pub(crate) struct ProbeSocket {
    pub(crate) probe: ProbeId,
    pub(crate) socket: DatagramSocket,
    speech: Speech,
    /// The kernel numbers what is sent from 0 on; this is the sequence number of its 0.
    first_numbered: u32,
    /// A request as long as it has to be, when that is longer than what it says.
    padded: Option<Vec<u8>>,
    /// The beginning of an answer whose rest has not come yet, on a connection.
    pending: Vec<u8>,
}

impl ProbeSocket {
    pub(crate) fn new(probe: ProbeId, socket: DatagramSocket, speech: Speech, payload: Option<u32>) -> Self {
        let padded = payload.map(|n| n as usize).filter(|&n| n > LEN).map(|n| {
            let mut bytes = vec![0; n.min(MAX_LEN)];
            rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
            bytes
        });
        Self { probe, socket, speech, first_numbered: 0, padded, pending: Vec::new() }
    }

    /// `datagram socket`, `raw socket`; empty for UDP.
    pub(crate) fn icmp_kind(&self) -> &'static str {
        match self.speech {
            Speech::Own { .. } | Speech::Stream { .. } => "",
            Speech::Echo { raw: true, .. } => "raw socket",
            Speech::Echo { raw: false, .. } => "datagram socket",
        }
    }

    /// Sends request `seq`.
    pub(crate) fn send(&mut self, seq: u32) -> io::Result<()> {
        let request = match self.speech {
            Speech::Own { session } | Speech::Stream { session } => Packet::Request { session, seq }.emit(),
            Speech::Echo { version, ident, .. } => icmp::request(version, ident, seq),
        };
        let request: &[u8] = match &mut self.padded {
            None => &request,
            Some(bytes) => {
                bytes[..LEN].copy_from_slice(&request);
                bytes
            }
        };
        if let Speech::Stream { .. } = self.speech {
            return self.socket.send_whole(request);
        }
        let sent = match self.socket.send(request) {
            // The error of an earlier datagram (nobody listens there) is told at the next call and sends nothing.
            Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => self.socket.send(request),
            other => other,
        };
        if sent.is_err() {
            // Whether the kernel counted it depends on where it failed: the count begins anew.
            self.socket.restart_numbering();
            self.first_numbered = seq.wrapping_add(1);
        }
        sent
    }

    /// Takes the next stamp of sending.
    pub(crate) fn next_stamp(&mut self) -> Option<Input> {
        let (number, at) = self.socket.next_sent()?;
        Some(Input::Stamped { seq: self.first_numbered.wrapping_add(number), at })
    }

    /// Whether it is a connection, which ends.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.speech, Speech::Stream { .. })
    }

    /// Understands all answers that are complete now that these bytes came.
    pub(crate) fn understand_all(&mut self, bytes: &[u8], arrival: &Arrival) -> Vec<Input> {
        if !self.is_stream() {
            return self.understand(bytes, arrival).into_iter().collect();
        }
        self.pending.extend_from_slice(bytes);
        let whole = self.pending.len() / LEN * LEN;
        let taken: Vec<u8> = self.pending.drain(..whole).collect();
        taken.chunks_exact(LEN).filter_map(|answer| self.understand(answer, arrival)).collect()
    }

    /// Understands what arrived; `None` when it is not an answer to this probe.
    fn understand(&self, bytes: &[u8], arrival: &Arrival) -> Option<Input> {
        let (at, kind, tos) = (arrival.at, arrival.kind, arrival.tos);
        match self.speech {
            Speech::Own { session } | Speech::Stream { session } => match Packet::parse_padded(bytes)? {
                Packet::Reply(reply) if reply.session == session => Some(Input::Reply { reply, at, kind, tos }),
                _ => None,
            },
            Speech::Echo { version, ident, raw } => {
                let seq = icmp::reply(version, bytes, ident, raw && version == Icmp::V4)?;
                Some(Input::Echo { seq, at, kind, tos })
            }
        }
    }
}

/// Opens a UDP socket towards a reflector; the handshake is still to come.
pub(crate) fn open_udp(tos: Option<u8>, local_bind: Option<&str>, target: SocketAddr) -> Result<Socket, Trouble> {
    let socket =
        open(target.ip(), Type::DGRAM, Protocol::UDP).map_err(|e| Trouble::new(format!("no UDP socket: {e}")))?;
    prepare(&socket, tos, local_bind, target)?;
    Ok(socket)
}

/// Speech of a probe whose token this is.
pub(crate) fn own_speech(token: Token) -> Speech {
    Speech::Own { session: token.session() }
}

/// The same on a connection.
pub(crate) fn stream_speech(token: Token) -> Speech {
    Speech::Stream { session: token.session() }
}

/// Opens an ICMP socket: unprivileged where permitted, else raw. The port of `target` does not matter, its scope does:
/// link-local addresses are nothing without their interface.
pub(crate) fn open_icmp(plan: &ProbePlan, mut target: SocketAddr, ident: u16) -> Result<ProbeSocket, Trouble> {
    target.set_port(0);
    let (version, protocol) = match target {
        SocketAddr::V4(_) => (Icmp::V4, Protocol::ICMPV4),
        SocketAddr::V6(_) => (Icmp::V6, Protocol::ICMPV6),
    };
    let (socket, raw) = match open(target.ip(), Type::DGRAM, protocol) {
        Ok(socket) => (socket, false),
        Err(first) => match open(target.ip(), Type::RAW, protocol) {
            Ok(socket) => (socket, true),
            Err(second) => {
                return Err(Trouble::new(format!("no ICMP socket: unprivileged: {first}; raw: {second}")).hint(
                    "permit it with: sysctl -w net.ipv4.ping_group_range=\"0 2147483647\", or setcap cap_net_raw+ep on fa",
                ));
            }
        },
    };
    prepare(&socket, plan.tos.map(|(ours, _)| ours), plan.local_bind.as_deref(), target)?;
    let socket = DatagramSocket::new(socket, true, false).map_err(|e| Trouble::new(format!("no ICMP socket: {e}")))?;
    Ok(ProbeSocket::new(plan.id, socket, Speech::Echo { version, ident, raw }, None))
}

fn open(target: IpAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let domain = if target.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    Socket::new(domain, kind, Some(protocol))
}

fn prepare(socket: &Socket, tos: Option<u8>, local_bind: Option<&str>, target: SocketAddr) -> Result<(), Trouble> {
    if let Some(tos) = tos {
        set_tos(socket, tos)?;
    }
    if let Some(address) = bind_address(local_bind)? {
        bind_toward(socket, address, target)?;
    }
    socket.connect(&target.into()).map_err(|e| Trouble::new(format!("cannot send to {}: {e}", target.ip())))
}

/// Stamps further from the program's own reading than this belong to another datagram.
pub(crate) fn plausible(stamp: Time, sent: Time) -> bool {
    (stamp - sent).0.abs() < 1_000_000_000
}
