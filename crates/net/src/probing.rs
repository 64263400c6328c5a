//! The pulse thread of a run: sends probes at their times and takes the answers.
//!
//! Deadlines are absolute and the timer has no slack; the thread asks for real-time priority or at least niceness and
//! the run records what it got. When to send what is decided by [`Probes`]; here are the sockets.

use crate::clock::Clock;
use crate::datagram::Stamping;
use crate::group::Sink;
use crate::probe_socket::{ProbeSocket, plausible};
use crate::sys::priority;
use crate::wait::{Waiter, Waker};
use fa_measure::event::{ProbeSetup, StampKind};
use fa_measure::probe::{Input, Output, Probes};
use fa_measure::reflect::Seen;
use fa_measure::{ProbeId, Time, What};
use std::collections::HashMap;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;

/// Datagrams taken from one socket before the others and the schedule have their turn.
const QUOTA: usize = 64;

enum Command {
    Stop,
    Finish(HashMap<ProbeId, Seen>),
}

/// Handle of a run's pulse thread; the thread ends when it is dropped or after [`Self::finish`].
pub(crate) struct Probing {
    commands: Option<SyncSender<Command>>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Probing {
    /// Starts the thread.
    ///
    /// - `engine`: with its probes added;
    /// - `sockets`: one per probe;
    /// - `done`: called once when all is sent and answered or given up.
    pub(crate) fn start(
        clock: Clock,
        engine: Probes,
        sockets: Vec<ProbeSocket>,
        sink: Sink,
        done: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let waiter = Waiter::new()?;
        let waker = waiter.waker();
        for (key, socket) in sockets.iter().enumerate() {
            waiter.add(&socket.socket, key as u64, true, false)?;
        }
        let (commands, inbox) = sync_channel(4);
        let thread = std::thread::Builder::new().name("fa-pulse".into()).spawn(move || {
            let by_probe = sockets.iter().enumerate().map(|(i, s)| (s.probe, i)).collect();
            let done: Option<Box<dyn FnOnce() + Send>> = Some(Box::new(done));
            Loop { clock, engine, sockets, by_probe, sink, done, waiter, sent_at: Time::ZERO }.run(&inbox);
        })?;
        Ok(Self { commands: Some(commands), waker, thread: Some(thread) })
    }

    fn tell(&self, command: Command) {
        if let Some(commands) = &self.commands {
            // Two commands in a run's life: the channel cannot be full; a closed one means the thread has ended.
            let _ = commands.try_send(command);
        }
        self.waker.wake();
    }

    /// No more requests; answers under way are still taken.
    pub(crate) fn stop(&self) {
        self.tell(Command::Stop);
    }

    /// Tells losses and totals by what the reflectors saw, and ends.
    pub(crate) fn finish(mut self, seen: HashMap<ProbeId, Seen>) {
        self.tell(Command::Finish(seen));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Probing {
    fn drop(&mut self) {
        self.commands = None;
        self.waker.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Loop {
    clock: Clock,
    engine: Probes,
    sockets: Vec<ProbeSocket>,
    by_probe: HashMap<ProbeId, usize>,
    sink: Sink,
    done: Option<Box<dyn FnOnce() + Send>>,
    waiter: Waiter,
    sent_at: Time,
}

impl Loop {
    fn run(mut self, inbox: &Receiver<Command>) {
        self.tell_setup();
        let mut ready = Vec::new();
        loop {
            match inbox.try_recv() {
                Ok(Command::Stop) => self.engine.stop(),
                Ok(Command::Finish(mut seen)) => {
                    self.take_answers_of_all();
                    for what in self.engine.finish(|id| seen.remove(&id)) {
                        (self.sink)(self.clock.now(), what);
                    }
                    return;
                }
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {}
            }
            let timeout = match self.decide() {
                Time::NEVER => None,
                due => Some((due - self.clock.now()).to_duration()),
            };
            if self.waiter.wait_exactly(timeout, &mut ready).is_err() {
                return;
            }
            if !ready.is_empty() {
                let wall = self.clock.wall_at_zero();
                for event in &ready {
                    self.take_answers(event.key as usize, wall);
                }
            }
        }
    }

    fn tell_setup(&self) {
        let priority = priority::raise();
        let icmp = self.sockets.iter().map(ProbeSocket::icmp_kind).find(|k| !k.is_empty()).unwrap_or_default();
        let setup = ProbeSetup {
            host: None,
            priority,
            receive_stamps: self.least(|s| s.receive),
            send_stamps: self.least(|s| s.send),
            icmp: icmp.to_owned(),
        };
        (self.sink)(self.clock.now(), What::ProbeSetup(setup));
    }

    /// The kind of stamp that all sockets have.
    fn least(&self, of: impl Fn(Stamping) -> StampKind) -> StampKind {
        let all = self.sockets.iter().all(|s| of(s.socket.stamping()) == StampKind::Kernel);
        if all { StampKind::Kernel } else { StampKind::Program }
    }

    /// Does what is due; returns when the next thing is.
    fn decide(&mut self) -> Time {
        loop {
            let now = self.clock.now();
            match self.engine.poll(now) {
                Output::Send { probe, seq } => self.send(probe, seq),
                Output::Event(what) => (self.sink)(now, what),
                Output::WaitUntil(due) => return due,
                Output::Done => {
                    if let Some(done) = self.done.take() {
                        done();
                    }
                    return Time::NEVER;
                }
            }
        }
    }

    fn send(&mut self, probe: ProbeId, seq: u32) {
        let Some(socket) = self.by_probe.get(&probe).and_then(|&i| self.sockets.get_mut(i)) else {
            self.engine.fail(probe, "this probe has no socket".into(), None);
            return;
        };
        // Before the call: the call itself may be where the time goes.
        let at = self.clock.now();
        let refused = socket.send(seq).err().map(|e| e.raw_os_error().unwrap_or(0));
        self.sent_at = at;
        self.engine.handle(probe, Input::Sent { seq, refused }, at);
        let back = self.clock.now();
        self.engine.handle(probe, Input::Returned { seq, at: back }, back);
    }

    fn take_answers_of_all(&mut self) {
        let wall = self.clock.wall_at_zero();
        for index in 0..self.sockets.len() {
            self.take_answers(index, wall);
        }
    }

    /// Stamps first: an answer is worth more with the stamp of its request.
    fn take_answers(&mut self, index: usize, wall_at_zero: i64) {
        let Some(socket) = self.sockets.get_mut(index) else { return };
        socket.socket.relate(wall_at_zero);
        let probe = socket.probe;
        while let Some(stamp) = socket.next_stamp() {
            if matches!(stamp, Input::Stamped { at, .. } if plausible(at, self.sent_at)) {
                self.engine.handle(probe, stamp, self.clock.now());
            }
        }
        let mut buffer = [0; 2048];
        for _ in 0..QUOTA {
            match socket.socket.receive(&mut buffer, &self.clock) {
                Ok(Some(arrival)) => {
                    let now = self.clock.now();
                    if let Some(total) = arrival.dropped {
                        self.engine.handle(probe, Input::Dropped(total), now);
                    }
                    if arrival.truncated {
                        continue;
                    }
                    if arrival.len == 0 && socket.is_stream() {
                        self.waiter.remove(&socket.socket);
                        self.engine.closed(probe, now);
                        break;
                    }
                    for input in socket.understand_all(&buffer[..arrival.len], &arrival) {
                        self.engine.handle(probe, input, now);
                    }
                }
                Ok(None) => break,
                // "Refused" is the answer to an earlier request: it shows as a loss.
                Err(_) => {}
            }
        }
    }
}
