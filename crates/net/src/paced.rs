//! The paced thread: all datagram flows of a host, sent by schedule or received and counted.
//!
//! What to send when is decided by the sessions' [`Streams`]; here are the sockets. Datagrams that are due together leave
//! in one system call, joined where the kernel cuts them again (segmentation offload), and arrive joined where nobody
//! wants to know each of them (receive offload). The thread is none of those of the probes: a flood must not make them wait.

use crate::clock::Clock;
use crate::datagram::DatagramSocket;
use crate::group::{Crew, Engine, GroupId, Groups, Left, Order};
use crate::reflecting;
use crate::sys::batch::{Inbox as Receptions, Told, receive_joined, send_each, send_joined};
use crate::sys::priority;
use crate::wait::{Ready, Waiter};
use crate::worker::{Door, Inbox, Places};
use fa_measure::event::{EndFacts, FlowConnected, FlowEnd};
use fa_measure::flow::OwnClock;
use fa_measure::stream::{Arrived, HEADER, Header, Output, StreamId, StreamSpec, Streams};
use fa_measure::wire::{Packet, Token};
use fa_measure::{Span, Time, When};
use nix::sys::socket::{setsockopt, sockopt};
use socket2::Socket;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

/// Receptions taken per wake-up, each up to 64 KiB.
const RECEPTIONS: usize = 8;

/// Receive buffer asked for: 30 ms at 1 Gbit/s.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// Datagrams refused in a row after which a flow is given up: nobody is there, or no way.
const HOPELESS: u32 = 200;

/// A flow of datagrams to take over, its address shown to be real.
pub(crate) struct NewPaced {
    pub(crate) socket: Socket,
    /// Of a sender: further sockets, each at a port of its own, that take turns with the first one.
    pub(crate) more: Vec<Socket>,
    pub(crate) token: Token,
    pub(crate) spec: StreamSpec,
    /// Of a receiver whose socket hears all ports of a host: where what is not for a flow goes.
    pub(crate) door: Option<reflecting::Door>,
}

/// A flow to add, the only order that no other thread knows.
pub(crate) type PacedOrder = Box<NewPaced>;

/// Handle of the paced thread; the thread ends with it.
pub(crate) type Paced = Crew<Timed, PacedOrder>;

/// Adds flows from another thread.
#[derive(Clone)]
pub(crate) struct PacedDoor(Door<Order<Timed, PacedOrder>>);

impl PacedDoor {
    /// Adds a flow to a group.
    pub(crate) fn add(&self, id: GroupId, flow: NewPaced) {
        self.0.tell(Order::Own(id, Box::new(flow)));
    }
}

impl Paced {
    /// Starts the thread.
    pub(crate) fn start(clock: Clock) -> io::Result<Self> {
        Self::start_as("fa-paced", move |waiter, inbox| {
            priority::raise_a_little();
            let mut payload = vec![0; 65_535];
            rand::Rng::fill_bytes(&mut rand::rng(), &mut payload);
            let (groups, flows, receptions) = (Groups::new(), Places::new(), Receptions::new(RECEPTIONS));
            Loop { clock, waiter, inbox, groups, flows, spread: HashMap::new(), payload, receptions }.run();
        })
    }

    /// What adds flows from elsewhere.
    pub(crate) fn paced_door(&self) -> PacedDoor {
        PacedDoor(self.door())
    }

    /// Adds a flow to a group.
    pub(crate) fn add(&self, id: GroupId, flow: NewPaced) {
        self.tell(id, Box::new(flow));
    }
}

/// The engine of a group, and how it tells the time.
pub(crate) struct Timed {
    streams: Streams,
    clock: OwnClock,
}

impl Timed {
    pub(crate) fn new(clock: OwnClock, step: Span) -> Self {
        Self { streams: Streams::new(clock, step), clock }
    }
}

impl Engine for Timed {
    fn begin(&mut self, origin: Time) {
        self.streams.begin(origin);
    }

    fn stop(&mut self, now: Time) {
        self.streams.stop(now);
    }
}

type Group = crate::group::Group<Timed>;

struct Flow {
    socket: DatagramSocket,
    more: Vec<Socket>,
    door: Option<reflecting::Door>,
    token: Token,
    tag: u32,
    group: GroupId,
    id: StreamId,
    end: FlowEnd,
    /// The kernel cuts joined datagrams.
    joined: bool,
    /// Whose send buffer is full: 0 is `socket`, from 1 on they are `more`.
    full: Option<usize>,
    refused: u32,
    /// Of one with a door: what its queue has dropped so far, and what of that is put down to this flow.
    queue_dropped: u32,
    dropped: u32,
}

struct Loop {
    clock: Clock,
    waiter: Waiter,
    inbox: Inbox<Order<Timed, PacedOrder>>,
    groups: Groups<Timed>,
    flows: Places<Flow>,
    /// Flows that come from several ports, by their tags: the kernel gives what is for any of them to one of their sockets.
    spread: HashMap<u32, usize>,
    /// What is sent behind the headers: not compressible.
    payload: Vec<u8>,
    receptions: Receptions,
}

/// Tag of a flow's datagrams.
fn tag(token: Token) -> u32 {
    token.session() as u32
}

/// A moment of a group's own clock in the nanoseconds that its events have.
fn raw(clock: OwnClock, at: Time) -> i64 {
    match clock.when(at) {
        When::Here(time) => time.0,
        When::There(far) => far.0,
    }
}

impl Loop {
    fn run(mut self) {
        let mut ready = Vec::new();
        loop {
            while let Some(order) = self.inbox.next() {
                self.obey(order);
            }
            if !self.inbox.is_wanted() {
                return;
            }
            let due = self.decide();
            let timeout = (due != Time::NEVER).then(|| (due - self.clock.now()).to_duration());
            if self.waiter.wait_exactly(timeout, &mut ready).is_err() {
                // Only a bug can do that (a bad descriptor); without it nothing can go on.
                return;
            }
            if !ready.is_empty() {
                let wall = self.clock.wall_at_zero();
                for event in &ready {
                    self.turn(*event, wall);
                }
            }
        }
    }

    fn obey(&mut self, order: Order<Timed, PacedOrder>) {
        let now = self.clock.now();
        match self.groups.obey(order, now) {
            None => {}
            Some(Left::Close(id, members)) => {
                for index in members {
                    if self.flows.get(index).is_some_and(|flow| flow.group == id) {
                        self.close(index);
                    }
                }
            }
            Some(Left::Own(id, flow)) => self.adopt(id, *flow, now),
        }
    }

    fn adopt(&mut self, group_id: GroupId, new: NewPaced, now: Time) {
        let Some(group) = self.groups.get_mut(group_id) else { return };
        let (end, packets) = (new.spec.end, new.spec.packets);
        let id = group.engine.streams.add(new.spec, now);
        let index = self.flows.claim();
        group.members.push(index);
        group.touched = true;
        if end == FlowEnd::Receiver {
            // More than the system's limit takes a privilege; what was obtained shows in what the queue drops.
            if setsockopt(&new.socket, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
                let _ = new.socket.set_recv_buffer_size(RECEIVE_BUFFER);
            }
        }
        if end == FlowEnd::Receiver && !packets {
            receive_joined(&new.socket);
        }
        let socket = DatagramSocket::new(new.socket, false, false)
            .and_then(|socket| self.waiter.add(&socket, index as u64, true, false).map(|()| socket));
        match socket {
            Ok(socket) => {
                let (tag, joined) = (tag(new.token), true);
                if new.door.is_some() {
                    self.spread.insert(tag, index);
                }
                let flow = Flow {
                    socket,
                    more: new.more,
                    door: new.door,
                    token: new.token,
                    tag,
                    group: group_id,
                    id,
                    end,
                    joined,
                    full: None,
                    refused: 0,
                    queue_dropped: 0,
                    dropped: 0,
                };
                self.flows.put(index, flow);
            }
            Err(e) => group.engine.streams.fail(id, format!("the socket cannot be waited for: {e}"), now),
        }
    }

    /// Asks every engine that has something to say; returns when the next one will have.
    fn decide(&mut self) -> Time {
        for id in self.groups.waiting(self.clock.now()) {
            self.decide_group(id);
        }
        self.groups.due()
    }

    fn decide_group(&mut self, id: GroupId) {
        loop {
            let now = self.clock.now();
            let Some(group) = self.groups.get_mut(id) else { return };
            group.touched = false;
            match group.engine.streams.poll(now) {
                Output::WaitUntil(due) => {
                    group.due = due;
                    return;
                }
                Output::Done => {
                    group.finish();
                    return;
                }
                Output::Event(what) => (group.sink)(now, what),
                Output::Close(id) => {
                    let index = group.members[id.0 as usize];
                    self.close(index);
                }
                Output::Send { id, first, count, size } => {
                    let index = group.members[id.0 as usize];
                    if let Some(flow) = self.flows.get_mut(index) {
                        let (clock, payload) = (&self.clock, &mut self.payload);
                        let moved = flow.send(group, payload, clock, first, count as usize, size as usize);
                        // Failing means that the socket is gone, which sending will tell.
                        let _ = match flow.full {
                            None => Ok(()),
                            Some(0) => self.waiter.change(&flow.socket, index as u64, true, true),
                            // Waited for only meanwhile: what their errors say, sending says too.
                            Some(port) => self.waiter.add(&flow.more[port - 1], index as u64, false, true),
                        };
                        group.spend(moved, now);
                    } else {
                        group.engine.streams.fail(id, "this flow has no socket".into(), now);
                    }
                }
                Output::SendEnd { id, sent } => {
                    let index = group.members[id.0 as usize];
                    if let Some(flow) = self.flows.get(index) {
                        // Told four times: one may be lost or find a full buffer.
                        let _ = flow.socket.send(&Header::end(flow.tag, sent).emit());
                    }
                }
            }
        }
    }

    fn close(&mut self, index: usize) {
        if let Some(flow) = self.flows.take(index) {
            self.waiter.remove(&flow.socket);
            if flow.door.is_some() {
                self.spread.remove(&flow.tag);
            }
        }
    }

    /// A socket that hears all ports of a host: what it hears is for the flow whose tag it has, or for the door.
    fn turn_spread(&mut self, index: usize, wall_at_zero: i64) {
        let now = self.clock.now();
        let Some(flow) = self.flows.get(index) else { return };
        let to = flow.socket.socket().local_addr().ok().and_then(|to| to.as_socket());
        let mut heard = Vec::new();
        // An error is about what this socket sent, and it sends nothing.
        let _ = self.receptions.receive(&flow.socket, |bytes, told| {
            if let (Some(Packet::Hello(_) | Packet::Answer(..)), Some(door), Some(from), Some(to)) =
                (Packet::parse(bytes), &flow.door, told.from, to)
            {
                return door.knock(bytes, from, to);
            }
            let size = if told.segment == 0 { bytes.len().max(1) } else { told.segment };
            let at = told.stamp.map_or(now, |(secs, nanos)| Time(secs * 1_000_000_000 + nanos - wall_at_zero));
            let headers = bytes.chunks(size).filter_map(|datagram| Some((Header::parse(datagram)?, datagram.len())));
            // With the first of what was joined: how many those are, and what the queue dropped before them.
            let mut unit = Some((bytes.len().div_ceil(size) as u64, told.dropped));
            heard.extend(headers.map(|(header, len)| (header, len as u32, at, told.tos, unit.take())));
        });
        for (header, size, at, tos, unit) in heard {
            let (found, ends) = match (self.spread.get(&header.tag), self.spread.get(&!header.tag)) {
                (Some(&found), _) => (found, false),
                (None, Some(&found)) => (found, true),
                (None, None) => continue,
            };
            if let Some((datagrams, dropped)) = unit {
                self.put_down(index, found, datagrams, dropped);
            }
            let Some(flow) = self.flows.get(found) else { continue };
            let Some(group) = self.groups.get_mut(flow.group) else { continue };
            group.touched = true;
            let (clock, engine) = (group.engine.clock, &mut group.engine.streams);
            if let Some(sent) = header.ends(flow.tag).filter(|_| ends) {
                engine.ended(flow.id, sent, now);
            } else {
                let before = engine.total(flow.id);
                engine.arrived(flow.id, &Arrived { header, at: raw(clock, at), size, tos }, now);
                let moved = engine.total(flow.id) - before;
                group.spend(moved, now);
            }
        }
    }

    /// What a socket's queue dropped in all is put down to the flow of the unit that this was told with.
    fn put_down(&mut self, socket: usize, flow: usize, datagrams: u64, total: Option<u32>) {
        let Some(heard_by) = self.flows.get_mut(socket) else { return };
        let new = total.map(|total| total.wrapping_sub(std::mem::replace(&mut heard_by.queue_dropped, total)));
        let Some(flow) = self.flows.get_mut(flow) else { return };
        flow.dropped = flow.dropped.wrapping_add(new.unwrap_or(0));
        if let Some(group) = self.groups.get_mut(flow.group) {
            group.engine.streams.unit(flow.id, datagrams, new.map(|_| flow.dropped));
        }
    }

    fn turn(&mut self, event: Ready, wall_at_zero: i64) {
        let index = event.key as usize;
        let Some(flow) = self.flows.get_mut(index) else { return };
        if flow.door.is_some() {
            return self.turn_spread(index, wall_at_zero);
        }
        let Some(group) = self.groups.get_mut(flow.group) else { return };
        group.touched = true;
        if event.write
            && let Some(port) = flow.full.take()
        {
            match port.checked_sub(1) {
                None => drop(self.waiter.change(&flow.socket, event.key, true, false)),
                Some(other) => self.waiter.remove(&flow.more[other]),
            }
            group.engine.streams.writable(flow.id);
        }
        if event.read {
            let now = self.clock.now();
            let before = group.engine.streams.total(flow.id);
            let mut again = false;
            let (clock, engine) = (group.engine.clock, &mut group.engine.streams);
            let taken = self.receptions.receive(&flow.socket, |bytes, told| {
                again |= take(engine, flow, clock, bytes, &told, wall_at_zero, now);
            });
            if again {
                // Its welcome was lost.
                let _ = flow.socket.send(&Packet::Welcome(flow.token).emit());
            }
            let moved = group.engine.streams.total(flow.id) - before;
            group.spend(moved, now);
            if let Err(e) = taken {
                // The other end says that nobody is there; a sender also hears that when it sends.
                if flow.end == FlowEnd::Sender {
                    flow.refuse(group, &e, now);
                }
            }
        }
    }
}

/// What a flow's socket is, for the run.
pub(crate) fn connected(
    socket: &Socket,
    peer: SocketAddr,
    spec: &StreamSpec,
    tos_asked: Option<u8>,
    at: When,
) -> Option<FlowConnected> {
    let local = socket.local_addr().ok()?.as_socket()?;
    let facts = EndFacts {
        cong_control_asked: None,
        cong_control: None,
        tos_asked,
        tos: crate::socket::tos(socket),
        tos_seen: None,
        send_buffer: socket.send_buffer_size().ok().map(|b| b as u32),
        receive_buffer: socket.recv_buffer_size().ok().map(|b| b as u32),
        mss: None,
        read_size: None,
    };
    Some(FlowConnected { flow: spec.flow, end: spec.end, at, local, peer, facts })
}

/// Takes in what was received; true when the other end asks for its welcome again.
fn take(
    engine: &mut Streams,
    flow: &Flow,
    clock: OwnClock,
    bytes: &[u8],
    told: &Told,
    wall_at_zero: i64,
    now: Time,
) -> bool {
    let at = told.stamp.map_or(now, |(secs, nanos)| Time(secs * 1_000_000_000 + nanos - wall_at_zero));
    let at = raw(clock, at);
    let size = if told.segment == 0 { bytes.len().max(1) } else { told.segment };
    engine.unit(flow.id, bytes.len().div_ceil(size) as u64, told.dropped);
    let mut again = false;
    for datagram in bytes.chunks(size) {
        let Some(header) = Header::parse(datagram) else { continue };
        if header.tag == flow.tag && flow.end == FlowEnd::Receiver {
            engine.arrived(flow.id, &Arrived { header, at, size: datagram.len() as u32, tos: told.tos }, now);
        } else if let Some(sent) = header.ends(flow.tag) {
            engine.ended(flow.id, sent, now);
        } else {
            again |= matches!(Packet::parse(datagram), Some(Packet::Answer(token, _)) if token == flow.token);
        }
    }
    again
}

impl Flow {
    /// Sends as many as the kernel takes; how many bytes that was.
    fn send(
        &mut self,
        group: &mut Group,
        payload: &mut [u8],
        clock: &Clock,
        first: u64,
        count: usize,
        size: usize,
    ) -> u64 {
        let now = clock.now();
        let Some(bytes) = payload.get_mut(..count * size) else { return 0 };
        let stamp = raw(group.engine.clock, now);
        for (number, datagram) in (first..).zip(bytes.chunks_exact_mut(size)) {
            let header = Header { tag: self.tag, seq: number as u32, stamp };
            datagram[..HEADER].copy_from_slice(&header.emit());
        }
        let one = self.more.is_empty();
        let put = if one { self.put(bytes, count, size) } else { self.put_in_turn(bytes, first, size) };
        match put {
            Ok(taken) => {
                self.refused = 0;
                self.full = (taken < count).then(|| self.port_of(first + taken as u64));
                group.engine.streams.sent(self.id, taken as u64, taken == count, now);
                (taken * size) as u64
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                self.full = Some(self.port_of(first));
                group.engine.streams.sent(self.id, 0, false, now);
                0
            }
            Err(e) => {
                group.engine.streams.refused(self.id, now);
                self.refuse(group, &e, now);
                0
            }
        }
    }

    /// Which socket sends the datagram with this number.
    fn port_of(&self, number: u64) -> usize {
        (number % (self.more.len() as u64 + 1)) as usize
    }

    /// Each from the next port, the one of its number; how many were taken.
    fn put_in_turn(&mut self, bytes: &[u8], first: u64, size: usize) -> io::Result<usize> {
        let mut taken = 0;
        for (number, datagram) in (first..).zip(bytes.chunks_exact(size)) {
            let send = || match self.port_of(number).checked_sub(1) {
                None => self.socket.send(datagram),
                Some(other) => self.more[other].send(datagram).map(|_| ()),
            };
            // The error of an earlier datagram is told at the next call, which sends nothing.
            let sent = send().or_else(|e| if e.kind() == io::ErrorKind::ConnectionRefused { send() } else { Err(e) });
            match sent {
                Ok(()) => taken += 1,
                Err(e) if taken == 0 => return Err(e),
                Err(_) => break,
            }
        }
        Ok(taken)
    }

    fn put(&mut self, bytes: &[u8], count: usize, size: usize) -> io::Result<usize> {
        if self.joined && count > 1 {
            match send_joined(&self.socket, bytes, size as u16) {
                Ok(()) => return Ok(count),
                // No offload on this way, or datagrams larger than a packet: one by one from now on.
                Err(e) if matches!(e.raw_os_error(), Some(libc::EIO | libc::EINVAL | libc::EMSGSIZE)) => {
                    self.joined = false;
                }
                Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(e) => return Err(e),
            }
        }
        match send_each(&self.socket, bytes, size) {
            // The error of an earlier datagram is told at the next call, which sends nothing.
            Err(e) if e.kind() == io::ErrorKind::ConnectionRefused && self.refused < HOPELESS => {
                self.refused += 1;
                let refused = self.refused;
                let sent = send_each(&self.socket, bytes, size);
                // Not forgotten by this success: it says nothing about the other end.
                self.refused = refused;
                sent
            }
            other => other,
        }
    }

    /// Gives up when it goes on like this.
    fn refuse(&mut self, group: &mut Group, e: &io::Error, now: Time) {
        self.refused += 1;
        if self.refused > HOPELESS {
            group.engine.streams.fail(self.id, format!("datagrams cannot be sent: {e}"), now);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use fa_measure::traffic::Traffic;
    use fa_measure::{FlowId, Span};
    use std::collections::BTreeMap;
    use std::net::UdpSocket;
    use std::sync::Arc;
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    #[test]
    fn datagrams_of_a_burst_leave_from_its_ports_in_turn() {
        let far = UdpSocket::bind("127.0.0.1:0").unwrap();
        far.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let open = || {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.connect(far.local_addr().unwrap()).unwrap();
            socket.set_nonblocking(true).unwrap();
            Socket::from(socket)
        };
        let clock = Clock::start();
        let paced = Paced::start(clock).unwrap();
        let sink: crate::group::Sink = Arc::new(|_, _| {});
        let (done, ended) = sync_channel(1);
        let group = GroupId(1);
        let step = Span::from_millis(50);
        let engine = Timed::new(OwnClock::Here, step);
        paced.add_group(group, Group::new(engine, sink, None, move || done.send(()).unwrap()));
        // 100 datagrams in 40 ms, from five ports.
        let traffic = Traffic::at_rate(2e6, 100, 1);
        let (start, length) = (Span::ZERO, Span::from_millis(40));
        let spec = StreamSpec { flow: FlowId(0), end: FlowEnd::Sender, start, length, traffic, packets: false };
        let more = (1..5).map(|_| open()).collect();
        paced.add(group, NewPaced { socket: open(), more, token: Token([7; 16]), spec, door: None });
        paced.begin(group, clock.now());
        ended.recv().unwrap();
        let mut by_port: BTreeMap<u16, Vec<u32>> = BTreeMap::new();
        let mut buffer = [0; 200];
        for _ in 0..100 {
            let (len, from) = far.recv_from(&mut buffer).unwrap();
            by_port.entry(from.port()).or_default().push(Header::parse(&buffer[..len]).unwrap().seq);
        }
        assert_eq!(by_port.len(), 5);
        for numbers in by_port.values() {
            assert_eq!(numbers.len(), 20);
            assert!(numbers.iter().all(|number| number % 5 == numbers[0] % 5), "{numbers:?}");
        }
    }
}
