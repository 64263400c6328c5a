//! The pulse thread of a server: admits probes by their tokens and reflects them.
//!
//! A token is known only to who got it over the control connection, an address is believed only after a nonce came back
//! from it, and no answer is longer than what it answers. Each admitted probe gets a socket of its own, bound to the same
//! port and connected to its sender, so what it drops is counted for it alone.

use crate::clock::Clock;
use crate::datagram::{Arrival, DatagramSocket};
use crate::socket::set_tos;
use crate::spending::Spending;
use crate::sys::priority;
use crate::wait::Waiter;
use crate::worker::{self, Inbox, Places, Worker};
use fa_measure::access::{Policy, may_send_to};
use fa_measure::event::StampKind;
use fa_measure::reflect::{Reflector, Seen};
use fa_measure::time::{FarTime, Span};
use fa_measure::wire::{self, Packet, Token};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

/// Datagrams taken from one socket before the others have their turn.
const QUOTA: usize = 64;

/// What becomes of who shows a token.
pub(crate) enum Guest {
    /// A probe, answered here.
    Probe {
        /// Requests in its schedule.
        count: u32,
    },
    /// A flow of datagrams.
    Flow {
        /// Its socket, and the address that has shown to be real, go there.
        take: Box<dyn Fn(Socket, SocketAddr) + Send>,
        /// It comes from several ports of that host: the socket hears them all.
        spread: bool,
    },
}

/// A probe or flow that may come.
pub(crate) struct Expected {
    /// What it is.
    pub(crate) guest: Guest,
    /// TOS byte of the replies.
    pub(crate) tos: Option<u8>,
    /// Time zero as this session tells it.
    pub(crate) epoch: FarTime,
    /// Where the session's controller is: probes come from the same host. `None`: from any that may ask at all.
    pub(crate) controller: Option<IpAddr>,
    /// Where requests and answers count as moved.
    pub(crate) spending: Arc<Spending>,
}

enum Command {
    Expect(Token, Expected),
    Forget(Token),
    Ask(Vec<Token>, SyncSender<Vec<Option<Seen>>>),
    Connection { token: Token, socket: std::net::TcpStream, answering: Answering },
    Stranger { bytes: Vec<u8>, from: SocketAddr, to: SocketAddr },
}

/// The way back for what a socket hears that hears all ports of a host, and that is not for it.
#[derive(Clone)]
pub(crate) struct Door(worker::Door<Command>);

impl Door {
    /// Somebody at `from` knocks at `to`, our own address.
    pub(crate) fn knock(&self, bytes: &[u8], from: SocketAddr, to: SocketAddr) {
        self.0.tell(Command::Stranger { bytes: bytes.to_vec(), from, to });
    }
}

/// Handle of the thread; the thread ends when it is dropped.
pub(crate) struct Reflecting {
    worker: Worker<Command>,
    /// What the thread obtained.
    pub(crate) priority: String,
    /// Stamps of what arrives.
    pub(crate) receive_stamps: StampKind,
}

impl Reflecting {
    /// Starts the thread on sockets already bound to the server's port.
    ///
    /// - `policy`: whom to hear at all.
    pub(crate) fn start(clock: Clock, ports: Vec<Socket>, policy: Policy) -> io::Result<Self> {
        let waiter = Waiter::new()?;
        let mut members = Places::new();
        let mut receive_stamps = StampKind::Kernel;
        for socket in ports {
            let local = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
            let socket = DatagramSocket::new(socket, false, true)?;
            receive_stamps =
                if socket.stamping().receive == StampKind::Program { StampKind::Program } else { receive_stamps };
            let index = members.claim();
            waiter.add(&socket, index as u64, true, false)?;
            members.put(index, Member::Port { socket, port: local.port() });
        }
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let mut secret = [0; 32];
        rand::Rng::fill_bytes(&mut rand::rng(), &mut secret);
        let worker = Worker::start("fa-pulse", waiter, move |waiter, inbox| {
            let _ = tell.send(priority::raise());
            let (expected, admitted) = (HashMap::new(), HashMap::new());
            Loop { clock, waiter, members, expected, admitted, secret, policy }.run(&inbox);
        })?;
        let priority = told.recv().unwrap_or_default();
        Ok(Self { worker, priority, receive_stamps })
    }

    /// The way back to this thread.
    pub(crate) fn door(&self) -> Door {
        Door(self.worker.door())
    }

    /// A probe with this token may come.
    pub(crate) fn expect(&self, token: Token, expected: Expected) {
        self.worker.tell(Command::Expect(token, expected));
    }

    /// It may no more, and its socket is closed.
    pub(crate) fn forget(&self, token: Token) {
        self.worker.tell(Command::Forget(token));
    }

    /// A probe's connection, from here on.
    pub(crate) fn connection(
        &self,
        token: Token,
        socket: std::net::TcpStream,
        count: u32,
        epoch: FarTime,
        spending: Arc<Spending>,
    ) {
        let answering = Answering { reflector: Reflector::new(token.session(), count), epoch, spending };
        self.worker.tell(Command::Connection { token, socket, answering });
    }

    /// What was seen of these probes; `None` for one that never came. The answer comes through `reply`.
    pub(crate) fn ask(&self, tokens: Vec<Token>, reply: SyncSender<Vec<Option<Seen>>>) {
        self.worker.tell(Command::Ask(tokens, reply));
    }
}

enum Member {
    /// The server's own port.
    Port { socket: DatagramSocket, port: u16 },
    /// An admitted probe.
    Probe { socket: DatagramSocket, token: Token, answering: Answering },
    /// One on a connection, and the beginning of a request whose rest has not come yet.
    Connection { socket: DatagramSocket, answering: Answering, pending: Vec<u8> },
}

/// What answering a probe takes.
struct Answering {
    reflector: Reflector,
    /// Time zero as its session tells it.
    epoch: FarTime,
    spending: Arc<Spending>,
}

struct Loop {
    clock: Clock,
    waiter: Waiter,
    members: Places<Member>,
    expected: HashMap<Token, Expected>,
    admitted: HashMap<Token, usize>,
    secret: [u8; 32],
    policy: Policy,
}

impl Loop {
    fn run(mut self, inbox: &Inbox<Command>) {
        let mut ready = Vec::new();
        loop {
            while let Some(command) = inbox.next() {
                self.obey(command);
            }
            if !inbox.is_wanted() {
                return;
            }
            if self.waiter.wait_exactly(None, &mut ready).is_err() {
                return;
            }
            let wall = self.clock.wall_at_zero();
            for event in &ready {
                self.turn(event.key as usize, wall);
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Expect(token, expected) => {
                self.expected.insert(token, expected);
            }
            Command::Forget(token) => {
                self.expected.remove(&token);
                if let Some(index) = self.admitted.remove(&token)
                    && let Some(Member::Probe { socket, .. } | Member::Connection { socket, .. }) =
                        self.members.take(index)
                {
                    self.waiter.remove(&socket);
                }
            }
            Command::Connection { token, socket, answering } => {
                // Who cannot be waited for is not answered, which its own end sees.
                let Ok(socket) = DatagramSocket::new(socket.into(), false, false) else { return };
                let index = self.members.claim();
                if self.waiter.add(&socket, index as u64, true, false).is_err() {
                    self.members.give_back(index);
                    return;
                }
                self.members.put(index, Member::Connection { socket, answering, pending: Vec::new() });
                self.admitted.insert(token, index);
            }
            Command::Stranger { bytes, from, to } => {
                // The ports have the first places.
                let ports = (0..).map_while(|index| match self.members.get(index) {
                    Some(Member::Port { socket, port }) => Some((index, *port, socket.is_v6())),
                    _ => None,
                });
                let mut own = ports.filter(|&(_, port, v6)| port == to.port() && v6 == to.is_ipv6());
                if let Some((index, ..)) = own.next() {
                    self.doorman(index, &bytes, from, Some(to.ip()));
                }
            }
            Command::Ask(tokens, reply) => {
                let seen = tokens.iter().map(|token| {
                    let index = *self.admitted.get(token)?;
                    match self.members.get(index)? {
                        Member::Probe { answering, .. } | Member::Connection { answering, .. } => {
                            Some(answering.reflector.seen())
                        }
                        Member::Port { .. } => None,
                    }
                });
                // Who asked may have gone.
                let _ = reply.try_send(seen.collect());
            }
        }
    }

    fn turn(&mut self, index: usize, wall_at_zero: i64) {
        let mut buffer = [0; wire::MAX_LEN];
        for _ in 0..QUOTA {
            let Some(member) = self.members.get_mut(index) else { return };
            let socket = match member {
                Member::Port { socket, .. } | Member::Probe { socket, .. } | Member::Connection { socket, .. } => {
                    socket
                }
            };
            socket.relate(wall_at_zero);
            let arrival = match socket.receive(&mut buffer, &self.clock) {
                Ok(Some(arrival)) => arrival,
                Ok(None) => return,
                // The client's socket is gone: its host says so for each reply. Nothing to do about it.
                Err(_) => continue,
            };
            if arrival.truncated {
                continue;
            }
            let bytes = &buffer[..arrival.len];
            match member {
                Member::Probe { socket, token, answering } => {
                    answering.reflect(&self.clock, socket, *token, bytes, &arrival);
                }
                Member::Connection { socket, answering, pending } => {
                    if bytes.is_empty() {
                        // Its end; the counts stay until the session asks for them.
                        self.waiter.remove(&*socket);
                        return;
                    }
                    pending.extend_from_slice(bytes);
                    let whole = pending.len() / wire::LEN * wire::LEN;
                    let taken: Vec<u8> = pending.drain(..whole).collect();
                    for request in taken.chunks_exact(wire::LEN) {
                        answering.answer(&self.clock, request, &arrival, |reply| drop(socket.send_whole(reply)));
                    }
                }
                Member::Port { .. } => {
                    if let Some(from) = arrival.from {
                        self.doorman(index, bytes, from, arrival.to);
                    }
                }
            }
        }
    }

    /// Who is not admitted yet: hello is answered with a nonce, the nonce with a welcome, all else with silence.
    fn doorman(&mut self, index: usize, bytes: &[u8], from: SocketAddr, to: Option<IpAddr>) {
        let Some(packet) = Packet::parse(bytes) else { return };
        let (Packet::Hello(token) | Packet::Answer(token, _)) = packet else { return };
        let Some(expected) = self.expected.get(&token) else { return };
        let welcome = match expected.controller {
            Some(controller) => from.ip().to_canonical() == controller.to_canonical(),
            None => self.policy.admit(from.ip()).is_ok(),
        };
        let tos = expected.tos;
        let spread = matches!(expected.guest, Guest::Flow { spread: true, .. });
        if !welcome || !may_send_to(from.ip()) || from.port() == 0 {
            return;
        }
        let nonce = self.nonce(token, from);
        let Some(Member::Port { socket, port }) = self.members.get(index) else { return };
        match packet {
            Packet::Hello(_) => {
                // Lost or refused alike: the client asks again.
                let _ = socket.send_from(&Packet::Challenge(token, nonce).emit(), to, from);
            }
            Packet::Answer(_, answer) if answer == nonce && !self.admitted.contains_key(&token) => {
                let v6 = socket.is_v6();
                let local = to.map(|to| SocketAddr::new(to, *port));
                let mut peer = from;
                if spread {
                    // Linux takes such a socket for one that hears all ports of the host.
                    peer.set_port(0);
                }
                if let Ok(socket) = connected(local, peer, v6, tos) {
                    self.admit(index, token, socket, from, to);
                }
            }
            // Its welcome was lost; its socket cannot answer.
            Packet::Answer(_, answer) if answer == nonce && spread => {
                let _ = socket.send_from(&Packet::Welcome(token).emit(), to, from);
            }
            _ => {}
        }
    }

    fn nonce(&self, token: Token, from: SocketAddr) -> u64 {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else { return 0 };
        mac.update(&token.0);
        mac.update(from.to_string().as_bytes());
        let mut nonce = [0; 8];
        nonce.copy_from_slice(&mac.finalize().into_bytes()[..8]);
        u64::from_le_bytes(nonce)
    }

    fn admit(&mut self, port: usize, token: Token, mut socket: DatagramSocket, from: SocketAddr, to: Option<IpAddr>) {
        let Some(expected) = self.expected.get(&token) else { return };
        let mut answering = match &expected.guest {
            Guest::Probe { count } => Answering {
                reflector: Reflector::new(token.session(), *count),
                epoch: expected.epoch,
                spending: expected.spending.clone(),
            },
            Guest::Flow { take, spread } => {
                let welcome = Packet::Welcome(token).emit();
                let told = match self.members.get(port) {
                    Some(Member::Port { socket, .. }) if *spread => socket.send_from(&welcome, to, from),
                    _ => socket.send(&welcome),
                };
                // Whatever was caught between bind and connect is not worth keeping: the flow has not begun, and strangers
                // ask again.
                if told.is_ok()
                    && let Ok(copy) = socket.socket().try_clone()
                {
                    take(copy, from);
                    self.admitted.insert(token, usize::MAX);
                }
                return;
            }
        };
        let index = self.members.claim();
        if self.waiter.add(&socket, index as u64, true, false).is_err()
            || socket.send(&Packet::Welcome(token).emit()).is_err()
        {
            self.members.give_back(index);
            return;
        }
        // Between bind and connect the new socket may have caught what others sent to the port: back to the door.
        let mut strangers = Vec::new();
        let mut buffer = [0; 256];
        socket.relate(self.clock.wall_at_zero());
        let peer = socket.socket().peer_addr().ok().and_then(|a| a.as_socket());
        while let Ok(Some(arrival)) = socket.receive(&mut buffer, &self.clock) {
            let bytes = buffer[..arrival.len].to_vec();
            if arrival.from == peer {
                answering.reflect(&self.clock, &socket, token, &bytes, &arrival);
            } else if !arrival.truncated {
                strangers.push((bytes, arrival));
            }
        }
        self.members.put(index, Member::Probe { socket, token, answering });
        self.admitted.insert(token, index);
        for (bytes, arrival) in strangers {
            if let Some(from) = arrival.from {
                self.doorman(port, &bytes, from, arrival.to);
            }
        }
    }
}

/// A socket on the server's port that only hears `peer`.
fn connected(local: Option<SocketAddr>, peer: SocketAddr, v6: bool, tos: Option<u8>) -> io::Result<DatagramSocket> {
    let local = local.ok_or(io::ErrorKind::AddrNotAvailable)?;
    let socket = Socket::new(if v6 { Domain::IPV6 } else { Domain::IPV4 }, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    if v6 {
        socket.set_only_v6(true)?;
    }
    if let Some(tos) = tos {
        set_tos(&socket, tos).map_err(|e| io::Error::other(e.error))?;
    }
    // Link-local addresses need the scope that the sender's address has.
    let local = match (local, peer) {
        (SocketAddr::V6(mut local), SocketAddr::V6(peer)) => {
            local.set_scope_id(peer.scope_id());
            SocketAddr::V6(local)
        }
        (other, _) => other,
    };
    socket.bind(&local.into())?;
    socket.connect(&peer.into())?;
    DatagramSocket::new(socket, false, true)
}

impl Answering {
    /// Answers what came from an admitted probe's address.
    fn reflect(&mut self, clock: &Clock, socket: &DatagramSocket, token: Token, bytes: &[u8], arrival: &Arrival) {
        if let Some(dropped) = arrival.dropped {
            self.reflector.dropped(dropped);
        }
        // Its welcome was lost.
        if matches!(Packet::parse(bytes), Some(Packet::Answer(again, _)) if again == token) {
            let _ = socket.send(&Packet::Welcome(token).emit());
            return;
        }
        // A reply that our own queue refuses is lost on the way back, and the client sees that.
        self.answer(clock, bytes, arrival, |reply| drop(socket.send(reply)));
    }

    /// Answers a request with its stamps; anything else with silence, and all when nothing may be moved any more.
    fn answer(&mut self, clock: &Clock, bytes: &[u8], arrival: &Arrival, send: impl FnOnce(&[u8])) {
        let Some(Packet::Request { session, seq }) = Packet::parse_padded(bytes) else { return };
        let at = self.epoch + Span(arrival.at.0);
        let Some(mut reply) = self.reflector.request(session, seq, at, arrival.kind, arrival.tos) else { return };
        // The answer is as long as the request.
        if self.spending.is_over() || !self.spending.count(2 * bytes.len() as u64) {
            return;
        }
        reply.there.sent = self.epoch + Span(clock.now().0);
        let reply = Packet::Reply(reply).emit();
        if bytes.len() == wire::LEN {
            send(&reply);
        } else {
            // As long as the request, with its own padding: never longer.
            let mut padded = [0; wire::MAX_LEN];
            padded[..bytes.len()].copy_from_slice(bytes);
            padded[..wire::LEN].copy_from_slice(&reply);
            send(&padded[..bytes.len()]);
        }
    }
}

/// No answer is longer than what it answers: all packets have one length, but for requests and their replies.
const _: () = assert!(wire::LEN == 64);
