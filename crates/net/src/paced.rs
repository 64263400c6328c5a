//! The paced thread: all datagram flows of a host, sent by schedule or received and counted.
//!
//! What to send when is decided by the sessions' [`Streams`]; here are the sockets. Datagrams that are due together leave
//! in one system call, joined where the kernel cuts them again (segmentation offload), and arrive joined where nobody
//! wants to know each of them (receive offload). The thread is none of those of the probes: a flood must not make them wait.

use crate::bulk::{GroupId, Sink};
use crate::clock::Clock;
use crate::datagram::DatagramSocket;
use crate::sys::batch::{Inbox, Told, receive_joined, send_each, send_joined};
use crate::sys::priority;
use crate::wait::{Ready, Waiter, Waker};
use fa_measure::event::{EndFacts, FlowConnected, FlowEnd};
use fa_measure::flow::OwnClock;
use fa_measure::stream::{Arrived, HEADER, Header, Output, StreamId, StreamSpec, Streams};
use fa_measure::wire::{Packet, Token};
use fa_measure::{Time, What, When};
use nix::sys::socket::{setsockopt, sockopt};
use socket2::Socket;
use std::collections::HashMap;
use std::io;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;

/// Receptions taken per wake-up, each up to 64 KiB.
const RECEPTIONS: usize = 8;

/// Receive buffer asked for: 30 ms at 1 Gbit/s.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// Datagrams refused in a row after which a flow is given up: nobody is there, or no way.
const HOPELESS: u32 = 200;

/// A flow of datagrams to take over, its address shown to be real.
pub(crate) struct NewPaced {
    pub(crate) socket: Socket,
    pub(crate) token: Token,
    pub(crate) spec: StreamSpec,
}

enum Command {
    Group {
        id: GroupId,
        engine: Streams,
        clock: OwnClock,
        sink: Sink,
        done: Box<dyn FnOnce() + Send>,
        limit: Option<u64>,
    },
    Flow {
        id: GroupId,
        flow: Box<NewPaced>,
    },
    Begin {
        id: GroupId,
        origin: Time,
    },
    Stop {
        id: GroupId,
    },
    Forget {
        id: GroupId,
    },
}

/// Handle of the paced thread; the thread ends when it is dropped.
pub(crate) struct Paced {
    commands: Option<Sender<Command>>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

/// Adds flows from another thread.
#[derive(Clone)]
pub(crate) struct PacedDoor {
    commands: Sender<Command>,
    waker: Waker,
}

impl PacedDoor {
    /// Adds a flow to a group.
    pub(crate) fn add(&self, id: GroupId, flow: NewPaced) {
        // A closed channel means that the host of the flow is ending.
        let _ = self.commands.send(Command::Flow { id, flow: Box::new(flow) });
        self.waker.wake();
    }
}

impl Paced {
    /// Starts the thread.
    pub(crate) fn start(clock: Clock) -> io::Result<Self> {
        let waiter = Waiter::new()?;
        let waker = waiter.waker();
        let (commands, inbox) = commands();
        let thread = std::thread::Builder::new().name("fa-paced".into()).spawn(move || {
            priority::raise_a_little();
            let mut payload = vec![0; 65_535];
            rand::Rng::fill_bytes(&mut rand::rng(), &mut payload);
            let (groups, flows, free) = (HashMap::new(), Vec::new(), Vec::new());
            Loop { clock, waiter, inbox, groups, flows, free, payload, receptions: Inbox::new(RECEPTIONS) }.run();
        })?;
        Ok(Self { commands: Some(commands), waker, thread: Some(thread) })
    }

    fn tell(&self, command: Command) {
        if let Some(commands) = &self.commands {
            let _ = commands.send(command);
        }
        self.waker.wake();
    }

    /// What adds flows from elsewhere; `None` when the thread is ending.
    pub(crate) fn door(&self) -> Option<PacedDoor> {
        Some(PacedDoor { commands: self.commands.clone()?, waker: self.waker.clone() })
    }

    /// Adds a group. `done` is called once when all its flows are over after its origin; `limit` is the number of bytes it
    /// may move.
    pub(crate) fn add_group(
        &self,
        id: GroupId,
        step: fa_measure::Span,
        clock: OwnClock,
        sink: Sink,
        limit: Option<u64>,
        done: impl FnOnce() + Send + 'static,
    ) {
        let (engine, done) = (Streams::new(clock, step), Box::new(done));
        self.tell(Command::Group { id, engine, clock, sink, done, limit });
    }

    /// Adds a flow to a group.
    pub(crate) fn add(&self, id: GroupId, flow: NewPaced) {
        self.tell(Command::Flow { id, flow: Box::new(flow) });
    }

    /// The group's plan times count from `origin`.
    pub(crate) fn begin(&self, id: GroupId, origin: Time) {
        self.tell(Command::Begin { id, origin });
    }

    /// The group's flows end now.
    pub(crate) fn stop(&self, id: GroupId) {
        self.tell(Command::Stop { id });
    }

    /// The group's sockets are closed at once and it is forgotten.
    pub(crate) fn forget(&self, id: GroupId) {
        self.tell(Command::Forget { id });
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        // Doors may be left open: the thread sees that it is not wanted by its missing handle.
        self.commands = None;
        self.waker.wake();
        if let Some(thread) = self.thread.take()
            && thread.is_finished()
        {
            let _ = thread.join();
        }
    }
}

/// Not bounded here but by the limits on sessions and flows; the control plane must not block.
fn commands() -> (Sender<Command>, Receiver<Command>) {
    channel()
}

struct Group {
    engine: Streams,
    clock: OwnClock,
    sink: Sink,
    done: Option<Box<dyn FnOnce() + Send>>,
    /// Index into `flows` by number of the engine.
    ids: Vec<usize>,
    left: Option<u64>,
    touched: bool,
    due: Time,
}

struct Flow {
    socket: DatagramSocket,
    token: Token,
    tag: u32,
    group: GroupId,
    id: StreamId,
    end: FlowEnd,
    /// The kernel cuts joined datagrams.
    joined: bool,
    waits_to_write: bool,
    refused: u32,
}

struct Loop {
    clock: Clock,
    waiter: Waiter,
    inbox: Receiver<Command>,
    groups: HashMap<GroupId, Group>,
    flows: Vec<Option<Flow>>,
    free: Vec<usize>,
    /// What is sent behind the headers: not compressible.
    payload: Vec<u8>,
    receptions: Inbox,
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
            loop {
                match self.inbox.try_recv() {
                    Ok(command) => self.obey(command),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
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

    fn obey(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Group { id, engine, clock, sink, done, limit } => {
                let (done, ids) = (Some(done), Vec::new());
                self.groups.insert(id, Group { engine, clock, sink, done, ids, left: limit, touched: true, due: now });
            }
            Command::Flow { id, flow } => self.adopt(id, *flow, now),
            Command::Begin { id, origin } => {
                if let Some(group) = self.groups.get_mut(&id) {
                    group.engine.begin(origin);
                    group.touched = true;
                }
            }
            Command::Stop { id } => {
                if let Some(group) = self.groups.get_mut(&id) {
                    group.engine.stop(now);
                    group.touched = true;
                }
            }
            Command::Forget { id } => {
                if let Some(group) = self.groups.remove(&id) {
                    for index in group.ids {
                        self.close(index);
                    }
                }
            }
        }
    }

    fn adopt(&mut self, group_id: GroupId, new: NewPaced, now: Time) {
        let Some(group) = self.groups.get_mut(&group_id) else { return };
        let (end, packets) = (new.spec.end, new.spec.packets);
        let id = group.engine.add(new.spec, now);
        let index = self.free.pop().unwrap_or_else(|| {
            self.flows.push(None);
            self.flows.len() - 1
        });
        group.ids.push(index);
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
                self.flows[index] = Some(Flow {
                    socket,
                    token: new.token,
                    tag,
                    group: group_id,
                    id,
                    end,
                    joined,
                    waits_to_write: false,
                    refused: 0,
                });
            }
            Err(e) => group.engine.fail(id, format!("the socket cannot be waited for: {e}"), now),
        }
    }

    /// Asks every engine that has something to say; returns when the next one will have.
    fn decide(&mut self) -> Time {
        let now = self.clock.now();
        let waiting: Vec<GroupId> =
            self.groups.iter().filter(|(_, g)| g.touched || g.due <= now).map(|(&id, _)| id).collect();
        for id in waiting {
            self.decide_group(id);
        }
        self.groups.values().map(|g| g.due).min().unwrap_or(Time::NEVER)
    }

    fn decide_group(&mut self, id: GroupId) {
        loop {
            let now = self.clock.now();
            let Some(group) = self.groups.get_mut(&id) else { return };
            group.touched = false;
            match group.engine.poll(now) {
                Output::WaitUntil(due) => {
                    group.due = due;
                    return;
                }
                Output::Done => {
                    group.due = Time::NEVER;
                    if let Some(done) = group.done.take() {
                        done();
                    }
                    return;
                }
                Output::Event(what) => (group.sink)(now, what),
                Output::Close(id) => {
                    let index = group.ids[id.0 as usize];
                    self.close(index);
                }
                Output::Send { id, first, count, size } => {
                    let index = group.ids[id.0 as usize];
                    if let Some(flow) = self.flows.get_mut(index).and_then(Option::as_mut) {
                        let (clock, payload) = (&self.clock, &mut self.payload);
                        let moved = flow.send(group, payload, clock, first, count as usize, size as usize);
                        if flow.waits_to_write {
                            // Failing means that the socket is gone, which sending will tell.
                            let _ = self.waiter.change(&flow.socket, index as u64, true, true);
                        }
                        spend(group, moved, now);
                    } else {
                        group.engine.fail(id, "this flow has no socket".into(), now);
                    }
                }
                Output::SendEnd { id, sent } => {
                    let index = group.ids[id.0 as usize];
                    if let Some(flow) = self.flows.get(index).and_then(Option::as_ref) {
                        // Told four times: one may be lost or find a full buffer.
                        let _ = flow.socket.send(&Header::end(flow.tag, sent).emit());
                    }
                }
            }
        }
    }

    fn close(&mut self, index: usize) {
        if let Some(flow) = self.flows.get_mut(index).and_then(Option::take) {
            self.waiter.remove(&flow.socket);
            self.free.push(index);
        }
    }

    fn turn(&mut self, event: Ready, wall_at_zero: i64) {
        let index = event.key as usize;
        let Some(Some(flow)) = self.flows.get_mut(index) else { return };
        let Some(group) = self.groups.get_mut(&flow.group) else { return };
        group.touched = true;
        if event.write && flow.waits_to_write {
            flow.waits_to_write = false;
            let _ = self.waiter.change(&flow.socket, event.key, true, false);
            group.engine.writable(flow.id);
        }
        if event.read {
            let now = self.clock.now();
            let before = group.engine.total(flow.id);
            let mut again = false;
            let (engine, clock) = (&mut group.engine, group.clock);
            let taken = self.receptions.receive(&flow.socket, |bytes, told| {
                again |= take(engine, flow, clock, bytes, &told, wall_at_zero, now);
            });
            if again {
                // Its welcome was lost.
                let _ = flow.socket.send(&Packet::Welcome(flow.token).emit());
            }
            let moved = group.engine.total(flow.id) - before;
            spend(group, moved, now);
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
pub(crate) fn connected(socket: &Socket, spec: &StreamSpec, tos_asked: Option<u8>, at: When) -> Option<FlowConnected> {
    let (local, peer) = (socket.local_addr().ok()?.as_socket()?, socket.peer_addr().ok()?.as_socket()?);
    let facts = EndFacts {
        cong_control_asked: None,
        cong_control: None,
        tos_asked,
        tos: crate::socket::tos(socket),
        tos_seen: None,
        send_buffer: socket.send_buffer_size().ok().map(|b| b as u32),
        receive_buffer: socket.recv_buffer_size().ok().map(|b| b as u32),
        mss: None,
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
    if let Some(dropped) = told.dropped {
        engine.dropped(flow.id, dropped);
    }
    let at = told.stamp.map_or(now, |(secs, nanos)| Time(secs * 1_000_000_000 + nanos - wall_at_zero));
    let at = raw(clock, at);
    let size = if told.segment == 0 { bytes.len().max(1) } else { told.segment };
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

/// Counts against the group's limit, and ends its flows when it is reached.
fn spend(group: &mut Group, moved: u64, now: Time) {
    let Some(left) = &mut group.left else { return };
    *left = left.saturating_sub(moved);
    if *left == 0 {
        group.left = None;
        let text = "the byte limit of this server is reached: all flows of datagrams end".into();
        (group.sink)(now, What::Warning { host: None, text });
        group.engine.stop(now);
    }
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
        let stamp = raw(group.clock, now);
        for (number, datagram) in (first..).zip(bytes.chunks_exact_mut(size)) {
            let header = Header { tag: self.tag, seq: number as u32, stamp };
            datagram[..HEADER].copy_from_slice(&header.emit());
        }
        match self.put(bytes, count, size) {
            Ok(taken) => {
                self.refused = 0;
                self.waits_to_write = taken < count;
                group.engine.sent(self.id, taken as u64, taken == count, now);
                (taken * size) as u64
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                self.waits_to_write = true;
                group.engine.sent(self.id, 0, false, now);
                0
            }
            Err(e) => {
                group.engine.refused(self.id, now);
                self.refuse(group, &e, now);
                0
            }
        }
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
            group.engine.fail(self.id, format!("datagrams cannot be sent: {e}"), now);
        }
    }
}
