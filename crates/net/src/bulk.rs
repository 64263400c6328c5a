//! The bulk thread: all byte streams of a host.
//!
//! One thread for all, because many threads make unequal shares; level-triggered and with a quota per wake-up, so every
//! stream gets its turn. What to do is decided by the sessions' [`Flows`]; here are only the sockets and buffers.

use crate::clock::Clock;
use crate::group::{Crew, Engine, GroupId, Groups, Left, Order};
use crate::payload::Payload;
use crate::socket;
use crate::sys::tcp_info::tcp_info;
use crate::wait::{Ready, Waiter};
use crate::worker::{Inbox, Places};
use fa_measure::Time;
use fa_measure::access::Allowance;
use fa_measure::flow::{FlowSpec, Flows, Input, Output, SlotId, Want};
use fa_measure::framing::Framing;
use socket2::SockRef;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};

/// Bytes moved for one stream per wake-up, and the size of the receive buffer.
pub(crate) const QUOTA: usize = 128 * 1024;

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

/// What only this thread is told.
pub(crate) enum BulkOrder {
    Add(Box<NewStream>),
    /// Bits per second.
    Rate(u64),
    ExpectEnd,
}

impl Engine for Flows {
    fn begin(&mut self, origin: Time) {
        self.begin(origin);
    }

    fn stop(&mut self, now: Time) {
        self.stop(now);
    }
}

/// Handle of the bulk thread; the thread ends with it.
pub(crate) type Bulk = Crew<Flows, BulkOrder>;

impl Bulk {
    /// Starts the thread.
    pub(crate) fn start(clock: Clock) -> io::Result<Self> {
        Self::start_as("fa-bulk", move |waiter, inbox| {
            let (groups, throttles, streams, payload) = (Groups::new(), HashMap::new(), Places::new(), Vec::new());
            Loop { clock, waiter, inbox, groups, throttles, streams, payload }.run();
        })
    }

    /// The group's streams together move no more than so much.
    pub(crate) fn limit_rate(&self, id: GroupId, bits_per_sec: u64) {
        self.tell(id, BulkOrder::Rate(bits_per_sec));
    }

    /// Adds a stream to a group.
    pub(crate) fn add(&self, id: GroupId, stream: NewStream) {
        self.tell(id, BulkOrder::Add(Box::new(stream)));
    }

    /// The other ends are being told to stop: that they close is no failure.
    pub(crate) fn expect_end(&self, id: GroupId) {
        self.tell(id, BulkOrder::ExpectEnd);
    }
}

/// A group whose rate is limited.
struct Throttle {
    /// What it may move at the moment.
    allowance: Allowance,
    /// Streams that wait until it may move something again.
    paused: Vec<usize>,
    resume: Time,
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
    inbox: Inbox<Order<Flows, BulkOrder>>,
    groups: Groups<Flows>,
    throttles: HashMap<GroupId, Throttle>,
    streams: Places<Stream>,
    /// What bulk flows send; as long as the longest block. Not compressible, so that links that compress do not
    /// flatter themselves.
    payload: Vec<u8>,
}

impl Loop {
    fn run(mut self) {
        let mut buffer = vec![0; QUOTA];
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
            if self.waiter.wait(timeout, &mut ready).is_err() {
                // Only a bug can do that (a bad descriptor); without it nothing can go on.
                return;
            }
            for event in &ready {
                self.turn(*event, &mut buffer);
            }
        }
    }

    fn obey(&mut self, order: Order<Flows, BulkOrder>) {
        let now = self.clock.now();
        if let Order::Forget(id) = &order {
            self.throttles.remove(id);
        }
        match self.groups.obey(order, now) {
            None => {}
            Some(Left::Close(id, members)) => {
                for index in members {
                    if self.streams.get(index).is_some_and(|stream| stream.group == id) {
                        self.close(index);
                    }
                }
            }
            Some(Left::Own(id, BulkOrder::Add(stream))) => self.adopt(id, *stream, now),
            Some(Left::Own(id, BulkOrder::Rate(bits_per_sec))) => {
                let allowance = Allowance::new(bits_per_sec, now);
                self.throttles.insert(id, Throttle { allowance, paused: Vec::new(), resume: Time::NEVER });
            }
            Some(Left::Own(id, BulkOrder::ExpectEnd)) => {
                if let Some(group) = self.groups.get_mut(id) {
                    group.engine.expect_end();
                }
            }
        }
    }

    fn adopt(&mut self, id: GroupId, new: NewStream, now: Time) {
        let Some(group) = self.groups.get_mut(id) else { return };
        let index = self.streams.claim();
        let slot = group.engine.add(new.spec, now);
        group.members.push(index);
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
        let stream = Stream {
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
        };
        self.streams.put(index, stream);
        if new.early > 0 {
            group.engine.handle(slot, Input::Read(new.early), now);
        }
        if let Err(e) = prepared {
            group.engine.handle(slot, Input::Failed(format!("the connection cannot be waited for: {e}")), now);
        }
    }

    /// Asks every engine that has something to say; returns when the next one will have.
    fn decide(&mut self) -> Time {
        let now = self.clock.now();
        let resuming: Vec<GroupId> =
            self.throttles.iter().filter(|(_, throttle)| throttle.resume <= now).map(|(&id, _)| id).collect();
        for id in resuming {
            self.resume(id);
        }
        for id in self.groups.waiting(now) {
            self.decide_group(id);
        }
        let resume = self.throttles.values().map(|throttle| throttle.resume).min().unwrap_or(Time::NEVER);
        self.groups.due().min(resume)
    }

    fn decide_group(&mut self, id: GroupId) {
        loop {
            let now = self.clock.now();
            let Some(group) = self.groups.get_mut(id) else { return };
            group.touched = false;
            match group.engine.poll(now) {
                Output::WaitUntil(due) => {
                    group.due = due;
                    return;
                }
                Output::Done => {
                    group.finish();
                    return;
                }
                Output::Event(what) => (group.sink)(now, what),
                Output::Want(slot, want) => {
                    let index = group.members[slot.0 as usize];
                    if let Some(stream) = self.streams.get_mut(index) {
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
                    if let Some(stream) = self.streams.get(group.members[slot.0 as usize]) {
                        let info = tcp_info(&stream.socket).map(Box::new);
                        group.engine.handle(slot, Input::Info(info), now);
                    }
                }
                Output::LastSample(slot) => {
                    let stream = self.streams.get(group.members[slot.0 as usize]);
                    let info = stream.and_then(|s| tcp_info(&s.socket)).map(Box::new);
                    let cong_control = stream.and_then(|s| socket::cong_control(&SockRef::from(&s.socket)));
                    group.engine.handle(slot, Input::LastInfo { info, cong_control, tos_seen: None }, now);
                }
                Output::CloseWrite(slot) => {
                    if let Some(stream) = self.streams.get(group.members[slot.0 as usize]) {
                        // Failing means that the connection is gone, which reading will tell.
                        let _ = stream.socket.shutdown(Shutdown::Write);
                    }
                }
                Output::Close(slot) => {
                    let index = group.members[slot.0 as usize];
                    self.close(index);
                }
            }
        }
    }

    /// Lets the streams of a group go on whose time has come.
    fn resume(&mut self, id: GroupId) {
        let Some(throttle) = self.throttles.get_mut(&id) else { return };
        throttle.resume = Time::NEVER;
        for index in std::mem::take(&mut throttle.paused) {
            // The place may be another group's by now.
            if let Some(stream) = self.streams.get_mut(index).filter(|stream| stream.group == id && stream.paused) {
                stream.paused = false;
                // Failing means that the descriptor is bad, which the next use of it tells.
                let _ = self.waiter.change(&stream.socket, index as u64, stream.want.read, stream.want.write);
            }
        }
    }

    fn close(&mut self, index: usize) {
        if let Some(stream) = self.streams.take(index) {
            self.waiter.remove(&stream.socket);
        }
    }

    /// One stream's turn: at most [`QUOTA`] bytes.
    fn turn(&mut self, event: Ready, buffer: &mut [u8]) {
        let Some(stream) = self.streams.get_mut(event.key as usize) else { return };
        let Some(group) = self.groups.get_mut(stream.group) else { return };
        group.touched = true;
        let mut throttle = self.throttles.get_mut(&stream.group);
        if let Some(throttle) = throttle.as_deref_mut().filter(|_| !event.error)
            && let Some(at) = throttle.allowance.wait(self.clock.now())
        {
            if throttle.paused.is_empty() {
                throttle.resume = at;
            }
            throttle.paused.push(event.key as usize);
            stream.paused = true;
            let _ = self.waiter.change(&stream.socket, event.key, false, false);
            return;
        }
        let most = throttle.as_deref().map_or(QUOTA, |t| t.allowance.share(group.members.len()).min(QUOTA));
        let mut moved = 0;
        let outcome = if stream.want.write && event.write {
            stream.write(&self.payload, &self.clock, most, &mut moved).map(|()| Input::Wrote(moved))
        } else if stream.want.read && event.read {
            stream
                .read(&mut buffer[..most], &self.clock, &mut moved)
                .map(|open| if open { Input::Read(moved) } else { Input::EndOfStream })
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
        if let Some(throttle) = throttle {
            throttle.allowance.take(moved);
        }
        group.spend(moved, now);
    }
}

impl Stream {
    /// About `quota` bytes: a block that was begun is ended.
    fn write(&mut self, payload: &[u8], clock: &Clock, quota: usize, moved: &mut u64) -> Result<(), String> {
        let block = self.block.min(quota.max(1));
        while (*moved as usize) < quota && self.left != Some(0) {
            let bytes = match &mut self.framing {
                Framing::None => {
                    let most = self.left.map_or(block, |left| left.min(block as u64) as usize);
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
    use crate::group::{Group, Sink};
    use crate::spending::Spending;
    use fa_measure::event::FlowEnd;
    use fa_measure::flow::OwnClock;
    use fa_measure::{FlowId, Span};
    use std::net::TcpListener;
    use std::sync::Arc;
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
        bulk.add_group(group, Group::new(engine, sink, None, move || done.send(()).unwrap()));
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
        bulk.add_group(group, Group::new(engine, sink, None, move || done.send(()).unwrap()));
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
    fn forgetting_a_group_leaves_flows_that_took_its_places_alone() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let clock = Clock::start();
        let bulk = Bulk::start(clock).unwrap();
        let sink: Sink = Arc::new(|_, _| {});
        // The first flow is over, and its place free, when the second one comes.
        let mut second = None;
        for (id, bytes) in [(1, 1000), (2, 30_000_000)] {
            let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (mut theirs, _) = listener.accept().unwrap();
            let (done, ended) = sync_channel(1);
            let group = GroupId(id);
            let engine = Flows::new(OwnClock::Here, Span::from_millis(100));
            bulk.add_group(group, Group::new(engine, sink.clone(), None, move || done.send(()).unwrap()));
            let (start, length) = (Span::ZERO, Span::from_millis(60_000));
            let spec = FlowSpec { flow: FlowId(0), end: FlowEnd::Sender, start, length, bytes: Some(bytes) };
            let (framing, payload) = (Framing::None, None);
            bulk.add(group, NewStream { socket: ours, spec, block: 1000, framing, early: 0, payload });
            bulk.begin(group, clock.now());
            if id == 1 {
                io::copy(&mut theirs, &mut io::sink()).unwrap();
                ended.recv().unwrap();
            } else {
                second = Some((theirs, ended));
            }
        }
        let (mut theirs, ended) = second.unwrap();
        bulk.forget(GroupId(1));
        // Nothing was read yet: thirty megabytes are more than the socket's buffers hold, so it cannot be over.
        assert_eq!(io::copy(&mut theirs, &mut io::sink()).unwrap(), 30_000_000);
        ended.recv().unwrap();
    }

    #[test]
    fn a_group_ends_at_its_byte_limit() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        let reader = std::thread::spawn(move || io::copy(&mut theirs, &mut io::sink()).unwrap());

        let clock = Clock::start();
        let bulk = Bulk::start(clock).unwrap();
        let (tell, told) = sync_channel(10);
        let spending = Spending::new(Some(1_000_000), Arc::default(), move || tell.send(()).unwrap());
        let sink: Sink = Arc::new(|_, _| {});
        let (done, ended) = sync_channel(1);
        let engine = Flows::new(OwnClock::Here, Span::from_millis(100));
        let group = GroupId(7);
        bulk.add_group(group, Group::new(engine, sink, Some(Arc::new(spending)), move || done.send(()).unwrap()));
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
        assert_eq!(told.try_iter().count(), 1);
    }
}
