//! The bulk thread: all byte streams of a host.
//!
//! One thread for all, because many threads make unequal shares; level-triggered and with a quota per wake-up, so every
//! stream gets its turn. What to do is decided by the sessions' [`Flows`]; here are only the sockets and buffers.

use crate::clock::Clock;
use crate::payload::Payload;
use crate::socket;
use crate::sys::tcp_info::tcp_info;
use crate::wait::{Ready, Waiter, Waker};
use fa_measure::access::Allowance;
use fa_measure::flow::{FlowSpec, Flows, Input, Output, SlotId, Want};
use fa_measure::framing::Framing;
use fa_measure::{Time, What};
use socket2::SockRef;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// Bytes moved for one stream per wake-up, and the size of the receive buffer.
const QUOTA: usize = 128 * 1024;

/// Takes events; never blocks for long.
pub(crate) type Sink = Arc<dyn Fn(Time, What) + Send + Sync>;

/// A group of streams with one engine; the same number for as long as it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct GroupId(pub(crate) u64);

/// A connected stream to take over.
pub(crate) struct NewStream {
    pub(crate) socket: TcpStream,
    pub(crate) spec: FlowSpec,
    /// Bytes per write.
    pub(crate) block: usize,
    pub(crate) framing: Framing,
    /// Payload that was read together with the handshake.
    pub(crate) early: u64,
    /// What is sent, at least one block of it; `None`: random bytes.
    pub(crate) payload: Option<Payload>,
}

enum Command {
    Group { id: GroupId, engine: Flows, sink: Sink, done: Box<dyn FnOnce() + Send>, limit: Option<u64> },
    Stream { id: GroupId, stream: Box<NewStream> },
    Rate { id: GroupId, bits_per_sec: u64 },
    Begin { id: GroupId, origin: Time },
    ExpectEnd { id: GroupId },
    Stop { id: GroupId },
    Forget { id: GroupId },
}

/// Handle of the bulk thread; the thread ends when the last handle is gone.
pub(crate) struct Bulk {
    commands: Sender<Command>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Bulk {
    /// Starts the thread.
    pub(crate) fn start(clock: Clock) -> io::Result<Self> {
        let waiter = Waiter::new()?;
        let waker = waiter.waker();
        let (commands, inbox) = commands();
        let thread = std::thread::Builder::new().name("fa-bulk".into()).spawn(move || {
            let (groups, streams, free, payload) = (HashMap::new(), Vec::new(), Vec::new(), Vec::new());
            Loop { clock, waiter, inbox, groups, streams, free, payload }.run();
        })?;
        Ok(Self { commands, waker, thread: Some(thread) })
    }

    fn tell(&self, command: Command) {
        // The thread only ends with this handle, or by a bug that `join` would show.
        let _ = self.commands.send(command);
        self.waker.wake();
    }

    /// Adds a group. `done` is called once when all its streams are closed after its origin; `limit` is the number of
    /// bytes it may move.
    pub(crate) fn add_group(
        &self,
        id: GroupId,
        engine: Flows,
        sink: Sink,
        limit: Option<u64>,
        done: impl FnOnce() + Send + 'static,
    ) {
        self.tell(Command::Group { id, engine, sink, done: Box::new(done), limit });
    }

    /// The group's streams together move no more than so much.
    pub(crate) fn limit_rate(&self, id: GroupId, bits_per_sec: u64) {
        self.tell(Command::Rate { id, bits_per_sec });
    }

    /// Adds a stream to a group.
    pub(crate) fn add(&self, id: GroupId, stream: NewStream) {
        self.tell(Command::Stream { id, stream: Box::new(stream) });
    }

    /// The group's plan times count from `origin`.
    pub(crate) fn begin(&self, id: GroupId, origin: Time) {
        self.tell(Command::Begin { id, origin });
    }

    /// The other ends are being told to stop: that they close is no failure.
    pub(crate) fn expect_end(&self, id: GroupId) {
        self.tell(Command::ExpectEnd { id });
    }

    /// The group's streams end gracefully, now.
    pub(crate) fn stop(&self, id: GroupId) {
        self.tell(Command::Stop { id });
    }

    /// The group's streams are closed at once and it is forgotten.
    pub(crate) fn forget(&self, id: GroupId) {
        self.tell(Command::Forget { id });
    }
}

impl Drop for Bulk {
    fn drop(&mut self) {
        // Closing the channel is the signal to end.
        let (closed, _) = commands();
        self.commands = closed;
        self.waker.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Commands are few (some per flow of a session) and come from the control plane, which must not block: not bounded here
/// but by the limits on sessions and flows.
fn commands() -> (Sender<Command>, Receiver<Command>) {
    channel()
}

struct Group {
    engine: Flows,
    sink: Sink,
    done: Option<Box<dyn FnOnce() + Send>>,
    /// Index into `streams` by slot.
    slots: Vec<usize>,
    /// Bytes it may still move.
    left: Option<u64>,
    /// What it may move at the moment, where its rate is limited.
    allowance: Option<Allowance>,
    /// Streams that wait until the group may move something again.
    paused: Vec<usize>,
    resume: Time,
    touched: bool,
    due: Time,
}

struct Stream {
    socket: TcpStream,
    group: GroupId,
    slot: SlotId,
    block: usize,
    framing: Framing,
    want: Want,
    /// Not waited for, whatever it wants: the group has used up its allowance.
    paused: bool,
    /// Blocks with headers of their own cannot share the payload buffer.
    own_buffer: Vec<u8>,
    /// Bytes that a flow of a fixed size has still to send.
    left: Option<u64>,
    /// Instead of random bytes.
    payload: Option<Payload>,
}

struct Loop {
    clock: Clock,
    waiter: Waiter,
    inbox: Receiver<Command>,
    groups: HashMap<GroupId, Group>,
    streams: Vec<Option<Stream>>,
    free: Vec<usize>,
    /// What bulk flows send; as long as the longest block. Not compressible, so that links that compress do not
    /// flatter themselves.
    payload: Vec<u8>,
}

impl Loop {
    fn run(mut self) {
        let mut buffer = vec![0; QUOTA];
        let mut ready = Vec::new();
        loop {
            if !self.take_commands() {
                return;
            }
            let due = self.decide();
            let timeout = (due != Time::NEVER).then(|| (due - self.clock.now()).to_duration());
            if self.waiter.wait(timeout, &mut ready).is_err() {
                // Only a bug can do that (a bad descriptor); without it nothing can go on.
                return;
            }
            for event in &ready {
                self.turn(*event, &mut buffer);
            }
        }
    }

    /// Does what the control plane asks; false when there is nobody left to ask.
    fn take_commands(&mut self) -> bool {
        loop {
            match self.inbox.try_recv() {
                Ok(command) => self.obey(command),
                Err(std::sync::mpsc::TryRecvError::Empty) => return true,
                Err(std::sync::mpsc::TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn obey(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Group { id, engine, sink, done, limit } => {
                let (done, slots) = (Some(done), Vec::new());
                let (allowance, paused, resume) = (None, Vec::new(), Time::NEVER);
                let (left, touched, due) = (limit, true, now);
                let group = Group { engine, sink, done, slots, left, allowance, paused, resume, touched, due };
                self.groups.insert(id, group);
            }
            Command::Stream { id, stream } => self.adopt(id, *stream, now),
            Command::Rate { id, bits_per_sec } => {
                if let Some(group) = self.groups.get_mut(&id) {
                    group.allowance = Some(Allowance::new(bits_per_sec, now));
                }
            }
            Command::Begin { id, origin } => {
                if let Some(group) = self.groups.get_mut(&id) {
                    group.engine.begin(origin);
                    group.touched = true;
                }
            }
            Command::ExpectEnd { id } => {
                if let Some(group) = self.groups.get_mut(&id) {
                    group.engine.expect_end();
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
                    for index in group.slots {
                        self.close(index);
                    }
                }
            }
        }
    }

    fn adopt(&mut self, id: GroupId, new: NewStream, now: Time) {
        let Some(group) = self.groups.get_mut(&id) else { return };
        let index = self.free.pop().unwrap_or_else(|| {
            self.streams.push(None);
            self.streams.len() - 1
        });
        let slot = group.engine.add(new.spec, now);
        group.slots.push(index);
        group.touched = true;
        let prepared =
            new.socket.set_nonblocking(true).and_then(|()| self.waiter.add(&new.socket, index as u64, false, false));
        let block = new.block.max(1);
        if self.payload.len() < block {
            self.payload.resize(block, 0);
            rand::Rng::fill_bytes(&mut rand::rng(), &mut self.payload);
        }
        let own_buffer = match new.framing {
            Framing::None => Vec::new(),
            Framing::Blocks(_) => vec![0; block],
        };
        self.streams[index] = Some(Stream {
            socket: new.socket,
            group: id,
            slot,
            block,
            framing: new.framing,
            want: Want { read: false, write: false },
            paused: false,
            own_buffer,
            left: new.spec.bytes,
            payload: new.payload,
        });
        if new.early > 0 {
            group.engine.handle(slot, Input::Read(new.early), now);
        }
        if let Err(e) = prepared {
            group.engine.handle(slot, Input::Failed(format!("the connection cannot be waited for: {e}")), now);
        }
    }

    /// Asks every engine that has something to say; returns when the next one will have.
    fn decide(&mut self) -> Time {
        let mut next = Time::NEVER;
        let now = self.clock.now();
        let waiting: Vec<GroupId> = self
            .groups
            .iter()
            .filter(|(_, g)| g.touched || g.due <= now || g.resume <= now)
            .map(|(&id, _)| id)
            .collect();
        for id in waiting {
            self.decide_group(id);
        }
        for group in self.groups.values() {
            next = next.min(group.due).min(group.resume);
        }
        next
    }

    fn decide_group(&mut self, id: GroupId) {
        self.resume(id);
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
                Output::Want(slot, want) => {
                    let index = group.slots[slot.0 as usize];
                    if let Some(stream) = &mut self.streams[index] {
                        stream.want = want;
                        if stream.paused {
                            continue;
                        }
                        if let Err(e) = self.waiter.change(&stream.socket, index as u64, want.read, want.write) {
                            let error = format!("the connection cannot be waited for: {e}");
                            group.engine.handle(slot, Input::Failed(error), now);
                        }
                    }
                }
                Output::Sample(slot) => {
                    if let Some(stream) = &self.streams[group.slots[slot.0 as usize]] {
                        let info = tcp_info(&stream.socket).map(Box::new);
                        group.engine.handle(slot, Input::Info(info), now);
                    }
                }
                Output::LastSample(slot) => {
                    let stream = self.streams[group.slots[slot.0 as usize]].as_ref();
                    let info = stream.and_then(|s| tcp_info(&s.socket)).map(Box::new);
                    let cong_control = stream.and_then(|s| socket::cong_control(&SockRef::from(&s.socket)));
                    group.engine.handle(slot, Input::LastInfo { info, cong_control, tos_seen: None }, now);
                }
                Output::CloseWrite(slot) => {
                    if let Some(stream) = &self.streams[group.slots[slot.0 as usize]] {
                        // Failing means that the connection is gone, which reading will tell.
                        let _ = stream.socket.shutdown(Shutdown::Write);
                    }
                }
                Output::Close(slot) => {
                    let index = group.slots[slot.0 as usize];
                    self.close(index);
                }
            }
        }
    }

    /// Lets the streams of a group go on whose time has come.
    fn resume(&mut self, id: GroupId) {
        let now = self.clock.now();
        let Some(group) = self.groups.get_mut(&id).filter(|group| group.resume <= now) else { return };
        group.resume = Time::NEVER;
        for index in std::mem::take(&mut group.paused) {
            // The place may be another group's by now.
            if let Some(stream) = self.streams[index].as_mut().filter(|stream| stream.group == id && stream.paused) {
                stream.paused = false;
                // Failing means that the descriptor is bad, which the next use of it tells.
                let _ = self.waiter.change(&stream.socket, index as u64, stream.want.read, stream.want.write);
            }
        }
    }

    fn close(&mut self, index: usize) {
        if let Some(stream) = self.streams[index].take() {
            self.waiter.remove(&stream.socket);
            self.free.push(index);
        }
    }

    /// One stream's turn: at most [`QUOTA`] bytes.
    fn turn(&mut self, event: Ready, buffer: &mut [u8]) {
        let Some(Some(stream)) = self.streams.get_mut(event.key as usize) else { return };
        let Some(group) = self.groups.get_mut(&stream.group) else { return };
        group.touched = true;
        if let Some(at) = group.allowance.as_mut().filter(|_| !event.error).and_then(|a| a.wait(self.clock.now())) {
            if group.paused.is_empty() {
                group.resume = at;
            }
            group.paused.push(event.key as usize);
            stream.paused = true;
            let _ = self.waiter.change(&stream.socket, event.key, false, false);
            return;
        }
        let mut moved = 0;
        let outcome = if stream.want.write && event.write {
            stream.write(&self.payload, &self.clock, &mut moved).map(|()| Input::Wrote(moved))
        } else if stream.want.read && event.read {
            stream.read(buffer, &self.clock, &mut moved).map(
                |open| {
                    if open { Input::Read(moved) } else { Input::EndOfStream }
                },
            )
        } else if event.error {
            Err(stream.socket.take_error().ok().flatten().map_or_else(|| "connection closed".into(), |e| e.to_string()))
        } else {
            return;
        };
        let now = self.clock.now();
        if moved > 0 && !matches!(outcome, Ok(Input::Wrote(_) | Input::Read(_))) {
            let counted = if stream.want.write { Input::Wrote(moved) } else { Input::Read(moved) };
            group.engine.handle(stream.slot, counted, now);
        }
        let input = outcome.unwrap_or_else(Input::Failed);
        group.engine.handle(stream.slot, input, now);
        if let Some(allowance) = &mut group.allowance {
            allowance.take(moved);
        }
        if let Some(left) = &mut group.left {
            *left = left.saturating_sub(moved);
            if *left == 0 {
                group.left = None;
                let text = "the byte limit of this server is reached: all flows end".into();
                (group.sink)(now, What::Warning { host: None, text });
                group.engine.stop(now);
            }
        }
    }
}

impl Stream {
    fn write(&mut self, payload: &[u8], clock: &Clock, moved: &mut u64) -> Result<(), String> {
        while (*moved as usize) < QUOTA && self.left != Some(0) {
            let bytes = match &mut self.framing {
                Framing::None => {
                    let most = self.left.map_or(self.block, |left| left.min(self.block as u64) as usize);
                    self.payload.as_ref().map_or(&payload[..most], |own| own.next(most))
                }
                framing @ Framing::Blocks(_) => {
                    framing.fill(&mut self.own_buffer, clock.now());
                    &self.own_buffer
                }
            };
            let asked = bytes.len();
            match self.socket.write(bytes) {
                Ok(n) => {
                    *moved += n as u64;
                    self.framing.sent(n);
                    if let Some(own) = &mut self.payload {
                        own.sent(n);
                    }
                    if let Some(left) = &mut self.left {
                        *left = left.saturating_sub(n as u64);
                    }
                    if n < asked {
                        return Ok(());
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(format!("sending failed: {e}")),
            }
        }
        Ok(())
    }

    /// False at the end of the stream.
    fn read(&mut self, buffer: &mut [u8], clock: &Clock, moved: &mut u64) -> Result<bool, String> {
        loop {
            match self.socket.read(buffer) {
                Ok(0) => return Ok(false),
                Ok(n) => {
                    *moved += n as u64;
                    if matches!(self.framing, Framing::Blocks(_)) {
                        let mut marks = Vec::new();
                        self.framing.scan(&buffer[..n], clock.now(), &mut marks).map_err(|e| e.to_string())?;
                    }
                    return Ok(true);
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(format!("receiving failed: {e}")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use fa_measure::event::FlowEnd;
    use fa_measure::flow::OwnClock;
    use fa_measure::{FlowId, Span};
    use std::net::TcpListener;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn a_group_keeps_to_its_rate() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        let reader = std::thread::spawn(move || io::copy(&mut theirs, &mut io::sink()).unwrap());
        let clock = Clock::start();
        let bulk = Bulk::start(clock).unwrap();
        let sink: Sink = Arc::new(|_, _| {});
        let (done, ended) = sync_channel(1);
        let engine = Flows::new(OwnClock::Here, Span::from_millis(100));
        let group = GroupId(1);
        bulk.add_group(group, engine, sink, None, move || done.send(()).unwrap());
        bulk.limit_rate(group, 80_000_000);
        let (start, length) = (Span::ZERO, Span::from_millis(500));
        let spec = FlowSpec { flow: FlowId(0), end: FlowEnd::Sender, start, length, bytes: None };
        bulk.add(
            group,
            NewStream { socket: ours, spec, block: 10_000, framing: Framing::None, early: 0, payload: None },
        );
        bulk.begin(group, clock.now());
        ended.recv().unwrap();
        let moved = reader.join().unwrap();
        // Half a second at 10 MB/s; unlimited it would be some hundred times as much.
        assert!((100_000..8_000_000).contains(&moved), "{moved}");
    }

    #[test]
    fn each_stream_carries_its_own_payload_without_a_seam() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let clock = Clock::start();
        let bulk = Bulk::start(clock).unwrap();
        let sink: Sink = Arc::new(|_, _| {});
        let (done, ended) = sync_channel(1);
        let group = GroupId(3);
        let engine = Flows::new(OwnClock::Here, Span::from_millis(100));
        bulk.add_group(group, engine, sink, None, move || done.send(()).unwrap());
        let payloads: [&[u8]; 2] = [b"one of seventeen.", b"two"];
        let mut readers = Vec::new();
        for (id, payload) in payloads.into_iter().enumerate() {
            let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (mut theirs, _) = listener.accept().unwrap();
            readers.push(std::thread::spawn(move || {
                let mut read = Vec::new();
                theirs.read_to_end(&mut read).map(|_| read).unwrap()
            }));
            let (start, length, bytes) = (Span::ZERO, Span::from_millis(60_000), Some(300_001));
            let spec = FlowSpec { flow: FlowId(id as u16), end: FlowEnd::Sender, start, length, bytes };
            let payload = Payload::new(payload, 1000);
            bulk.add(group, NewStream { socket: ours, spec, block: 1000, framing: Framing::None, early: 0, payload });
        }
        bulk.begin(group, clock.now());
        ended.recv().unwrap();
        for (reader, payload) in readers.into_iter().zip(payloads) {
            let read = reader.join().unwrap();
            assert!(read == payload.iter().copied().cycle().take(300_001).collect::<Vec<u8>>());
        }
    }

    #[test]
    fn a_group_ends_at_its_byte_limit() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        let reader = std::thread::spawn(move || io::copy(&mut theirs, &mut io::sink()).unwrap());

        let clock = Clock::start();
        let bulk = Bulk::start(clock).unwrap();
        let (tell, told) = sync_channel(10_000);
        let sink: Sink = Arc::new(move |_, what| {
            let _ = tell.try_send(what);
        });
        let (done, ended) = sync_channel(1);
        let engine = Flows::new(OwnClock::Here, Span::from_millis(100));
        let group = GroupId(7);
        bulk.add_group(group, engine, sink, Some(1_000_000), move || done.send(()).unwrap());
        let (start, length) = (Span::ZERO, Span::from_millis(3_600_000));
        let spec = FlowSpec { flow: FlowId(0), end: FlowEnd::Sender, start, length, bytes: None };
        bulk.add(
            group,
            NewStream { socket: ours, spec, block: 10_000, framing: Framing::None, early: 0, payload: None },
        );
        bulk.begin(group, clock.now());
        ended.recv().unwrap();
        let moved = reader.join().unwrap();
        // What is written in the wake-up that reaches the limit still goes out.
        assert!((1_000_000..1_000_000 + 2 * QUOTA as u64).contains(&moved), "{moved}");
        assert!(told.try_iter().any(|w| matches!(w, What::Warning { text, .. } if text.contains("byte limit"))));
    }
}
