//! The flow engine: what each byte stream of one end does next.
//!
//! [`Flows`] holds all streams of one end of one run and is driven by whoever owns the sockets: tell it what happened
//! with [`handle`](Flows::handle), then call [`poll`](Flows::poll) and do what it says until it answers
//! [`Output::WaitUntil`] or [`Output::Done`]. It never sees payload, only counts, so a wake-up costs nanoseconds
//! whatever the rate.
//!
//! A sender is quiet until its start, writes until its stop, closes its direction and waits for the receiver to have read
//! everything; a receiver reads until the end of the stream. Neither waits longer than [`DRAIN`].

use crate::event::{FlowBytes, FlowEnd, FlowEnded, TcpSample, What};
use crate::plan::FlowId;
use crate::tcp_info::TcpInfo;
use crate::time::{FarTime, Span, Time, When};
use std::collections::VecDeque;

/// How long after its planned stop an end waits for the other: long enough for the deepest buffers seen in the field
/// (some seconds), short enough that a dead peer does not hold up the run.
pub const DRAIN: Span = Span::from_millis(5_000);

/// How much earlier than planned the far end may close before it counts as a failure: clocks differ a little.
const EARLY: Span = Span::from_millis(100);

/// Whose clock the engine's times are on, to put it on the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnClock {
    /// The host that runs the measurement.
    Here,
    /// A far end, whose [`Time::ZERO`] is this.
    There(FarTime),
}

impl OwnClock {
    /// A stamp of this clock.
    pub fn when(self, at: Time) -> When {
        match self {
            Self::Here => When::Here(at),
            Self::There(epoch) => When::There(epoch + Span(at.0)),
        }
    }
}

/// One end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowSpec {
    /// Which flow.
    pub flow: FlowId,
    /// Which end this is.
    pub end: FlowEnd,
    /// When the sender starts, after the origin.
    pub start: Span,
    /// How long it sends.
    pub length: Span,
    /// Bytes after which it ends, when that comes first.
    pub bytes: Option<u64>,
}

/// A stream of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(pub u32);

/// What happened to a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// So many bytes were written.
    Wrote(u64),
    /// So many bytes were read.
    Read(u64),
    /// The other end closed its direction.
    EndOfStream,
    /// A system call failed.
    Failed(String),
    /// Answer to [`Output::Sample`]; `None` when the kernel does not tell.
    Info(Option<Box<TcpInfo>>),
    /// Answer to [`Output::LastSample`].
    LastInfo {
        /// Kernel state.
        info: Option<Box<TcpInfo>>,
        /// Congestion control in use.
        cong_control: Option<String>,
        /// TOS byte seen on arriving packets.
        tos_seen: Option<u8>,
    },
}

/// What a stream waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// Data to read, or the end of the stream.
    pub read: bool,
    /// Room to write.
    pub write: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// From now on wake up for this.
    Want(SlotId, Want),
    /// Read the kernel's state and answer with [`Input::Info`].
    Sample(SlotId),
    /// The same, for the last time, and answer with [`Input::LastInfo`].
    LastSample(SlotId),
    /// Nothing more will be sent: close our direction.
    CloseWrite(SlotId),
    /// Close; what is still buffered is of no interest.
    Close(SlotId),
    /// Tell.
    Event(What),
    /// Nothing to do before this moment unless something happens.
    WaitUntil(Time),
    /// Every stream is closed.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Sender before its start; a receiver never waits.
    Waiting,
    Running,
    /// Sender after its stop: the other end is still reading.
    Draining,
    /// The last sample is asked for.
    Closing,
    Closed,
}

#[derive(Debug)]
struct Slot {
    spec: FlowSpec,
    state: State,
    /// Bytes in all, and up to the last interval told.
    total: u64,
    told: u64,
    told_at: Time,
    next_sample: Time,
    start: Time,
    stop: Time,
    first: Option<Time>,
    last: Time,
    error: Option<String>,
}

/// All streams of one end.
#[derive(Debug)]
pub struct Flows {
    clock: OwnClock,
    step: Span,
    origin: Option<Time>,
    stopped: Option<Time>,
    end_expected: bool,
    /// Kernel state is asked for at every step.
    samples: bool,
    slots: Vec<Slot>,
    open: usize,
    out: VecDeque<Output>,
    /// Earliest moment at which a slot has something to do.
    due: Time,
}

impl Flows {
    /// An engine without streams.
    ///
    /// - `step`: between samples; at least a millisecond.
    pub fn new(clock: OwnClock, step: Span) -> Self {
        Self {
            clock,
            step: step.max(Span::from_millis(1)),
            origin: None,
            stopped: None,
            end_expected: false,
            samples: true,
            slots: Vec::new(),
            open: 0,
            out: VecDeque::new(),
            due: Time::NEVER,
        }
    }

    /// The same without samples of kernel state while streams run; the last one stays.
    #[must_use]
    pub fn without_samples(self) -> Self {
        Self { samples: false, ..self }
    }

    /// Takes a connected stream. Its times count from the origin; before that one is known, senders are quiet.
    pub fn add(&mut self, spec: FlowSpec, now: Time) -> SlotId {
        let id = SlotId(self.slots.len() as u32);
        let sender = spec.end == FlowEnd::Sender;
        self.slots.push(Slot {
            spec,
            state: if sender { State::Waiting } else { State::Running },
            total: 0,
            told: 0,
            told_at: now,
            next_sample: Time::NEVER,
            start: Time::NEVER,
            stop: Time::NEVER,
            first: None,
            last: now,
            error: None,
        });
        self.open += 1;
        self.out.push_back(Output::Want(id, Want { read: !sender, write: false }));
        if let Some(origin) = self.origin {
            self.schedule(id, origin);
        }
        id
    }

    /// The plan's times count from `origin`.
    pub fn begin(&mut self, origin: Time) {
        if self.origin.is_some() {
            return;
        }
        self.origin = Some(origin);
        for i in 0..self.slots.len() {
            self.schedule(SlotId(i as u32), origin);
        }
    }

    /// From now on a stream that the other end closes has not failed: that end is being told to stop.
    pub fn expect_end(&mut self) {
        self.end_expected = true;
    }

    /// Ends every stream now: senders stop, receivers read what is still under way.
    pub fn stop(&mut self, now: Time) {
        if self.stopped.is_some() {
            return;
        }
        self.stopped = Some(now);
        for slot in &mut self.slots {
            slot.stop = slot.stop.min(now);
        }
        self.due = now;
    }

    /// Bytes of a stream so far.
    pub fn total(&self, id: SlotId) -> u64 {
        self.slots.get(id.0 as usize).map_or(0, |s| s.total)
    }

    fn schedule(&mut self, id: SlotId, origin: Time) {
        let slot = &mut self.slots[id.0 as usize];
        slot.start = origin + slot.spec.start;
        slot.stop = slot.start + slot.spec.length;
        if let Some(stopped) = self.stopped {
            slot.stop = slot.stop.min(stopped);
        }
        slot.told_at = slot.start;
        slot.next_sample = slot.start + self.step;
        self.due = self.due.min(slot.deadline());
    }

    /// Takes note of what happened.
    pub fn handle(&mut self, id: SlotId, input: Input, now: Time) {
        let Some(slot) = self.slots.get_mut(id.0 as usize) else { return };
        match input {
            Input::Wrote(bytes) | Input::Read(bytes) => {
                slot.total += bytes;
                if slot.first.is_none() {
                    slot.first = Some(now);
                }
                slot.last = now;
                if slot.spec.end == FlowEnd::Sender && slot.is_complete() {
                    slot.stop = slot.stop.min(now);
                    self.due = self.due.min(now);
                }
            }
            Input::EndOfStream => match slot.state {
                State::Closing | State::Closed => {}
                State::Draining => self.finish(id, now),
                State::Waiting | State::Running => {
                    let early = slot.stop - now;
                    if early > EARLY && !self.end_expected && !slot.is_complete() {
                        let when = if slot.stop == Time::NEVER { String::new() } else { format!(" {early}") };
                        slot.error = Some(format!("the other end closed the connection{when} before its time"));
                    }
                    self.finish(id, now);
                }
            },
            Input::Failed(error) => {
                // After the stop a reset only says that the other end did not wait for the rest.
                if !matches!(slot.state, State::Closing | State::Closed) {
                    if slot.state != State::Draining && now < slot.stop {
                        slot.error = Some(error);
                    }
                    self.finish(id, now);
                }
            }
            Input::Info(info) => {
                if let Some(info) = info {
                    let (flow, end) = (slot.spec.flow, slot.spec.end);
                    let at = self.clock.when(now);
                    self.out.push_back(Output::Event(What::TcpInfo(Box::new(TcpSample {
                        flow,
                        end,
                        at,
                        info: *info,
                    }))));
                }
            }
            Input::LastInfo { info, cong_control, tos_seen } => {
                if slot.state != State::Closing {
                    return;
                }
                slot.state = State::Closed;
                self.open -= 1;
                let (flow, end) = (slot.spec.flow, slot.spec.end);
                let error = slot.error.take();
                if let Some(error) = &error {
                    self.out.push_back(Output::Event(What::FlowFailed { flow, error: error.clone(), hint: None }));
                }
                self.out.push_back(Output::Event(What::FlowEnded(Box::new(FlowEnded {
                    flow,
                    end,
                    at: self.clock.when(now),
                    elapsed: slot.first.map_or(Span::ZERO, |first| slot.last - first),
                    bytes: slot.total,
                    info: info.map(|i| *i),
                    cong_control,
                    tos_seen,
                    error,
                }))));
                self.out.push_back(Output::Close(id));
            }
        }
    }

    /// What to do next. Call it until it answers [`Output::WaitUntil`] or [`Output::Done`].
    pub fn poll(&mut self, now: Time) -> Output {
        if self.out.is_empty() && now >= self.due {
            self.advance(now);
        }
        if let Some(output) = self.out.pop_front() {
            return output;
        }
        if self.open == 0 && self.origin.is_some() {
            return Output::Done;
        }
        Output::WaitUntil(self.due)
    }

    /// Lets every slot do what is due, and finds the next moment.
    fn advance(&mut self, now: Time) {
        for i in 0..self.slots.len() {
            let id = SlotId(i as u32);
            let slot = &mut self.slots[i];
            match slot.state {
                State::Closing | State::Closed => continue,
                State::Waiting if now >= slot.stop => {
                    // Stopped before it began.
                    slot.state = State::Draining;
                    self.out.push_back(Output::Want(id, Want { read: true, write: false }));
                    self.out.push_back(Output::CloseWrite(id));
                }
                State::Waiting if now >= slot.start => {
                    slot.state = State::Running;
                    self.out.push_back(Output::Want(id, Want { read: false, write: true }));
                }
                State::Running if slot.spec.end == FlowEnd::Sender && now >= slot.stop => {
                    slot.state = State::Draining;
                    self.tell_bytes(id, now);
                    self.out.push_back(Output::Want(id, Want { read: true, write: false }));
                    self.out.push_back(Output::CloseWrite(id));
                }
                _ => {}
            }
            let slot = &mut self.slots[i];
            if now >= slot.stop + DRAIN {
                if slot.spec.end == FlowEnd::Receiver && slot.error.is_none() {
                    slot.error =
                        Some(format!("the sender had not closed the connection {DRAIN} after its planned end"));
                }
                self.finish(id, now);
                continue;
            }
            if now >= slot.next_sample {
                // A late wake-up makes one longer interval, not several invented ones.
                let missed = (now - slot.next_sample).0 / self.step.0;
                slot.next_sample += self.step.times(missed + 1);
                if slot.state == State::Running {
                    self.tell_bytes(id, now);
                }
                if self.samples {
                    self.out.push_back(Output::Sample(id));
                }
            }
        }
        self.due = self.slots.iter().map(Slot::deadline).min().unwrap_or(Time::NEVER);
    }

    /// Tells the bytes since the last interval.
    fn tell_bytes(&mut self, id: SlotId, now: Time) {
        let slot = &mut self.slots[id.0 as usize];
        let interval = now - slot.told_at;
        if interval <= Span::ZERO {
            return;
        }
        let bytes = slot.total - slot.told;
        slot.told = slot.total;
        slot.told_at = now;
        let (flow, end) = (slot.spec.flow, slot.spec.end);
        let at = self.clock.when(now);
        self.out.push_back(Output::Event(What::FlowBytes(FlowBytes { flow, end, at, interval, bytes })));
    }

    /// Begins the end of a stream: last interval, then the last sample.
    fn finish(&mut self, id: SlotId, now: Time) {
        let sender_drained = self.slots[id.0 as usize].state == State::Draining;
        if !sender_drained {
            self.tell_bytes(id, now);
        }
        self.slots[id.0 as usize].state = State::Closing;
        self.out.push_back(Output::Want(id, Want { read: false, write: false }));
        self.out.push_back(Output::LastSample(id));
    }
}

impl Slot {
    /// A flow of a fixed size has moved all of it.
    fn is_complete(&self) -> bool {
        self.spec.bytes.is_some_and(|bytes| self.total >= bytes)
    }

    /// When this slot next has something to do without being told.
    fn deadline(&self) -> Time {
        match self.state {
            State::Waiting => self.start.min(self.stop),
            State::Running if self.spec.end == FlowEnd::Sender => self.next_sample.min(self.stop),
            State::Running | State::Draining => self.next_sample.min(self.stop + DRAIN),
            State::Closing | State::Closed => Time::NEVER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn at(ms: i64) -> Time {
        Time(ms * MS)
    }

    fn drain(flows: &mut Flows, now: Time) -> (Vec<Output>, Option<Time>) {
        let mut seen = Vec::new();
        loop {
            match flows.poll(now) {
                Output::WaitUntil(next) => return (seen, Some(next)),
                Output::Done => return (seen, None),
                other => seen.push(other),
            }
        }
    }

    fn spec(end: FlowEnd) -> FlowSpec {
        let (start, length) = (Span::from_millis(500), Span::from_millis(1000));
        FlowSpec { flow: FlowId(3), end, start, length, bytes: None }
    }

    fn bytes(out: &[Output]) -> Vec<(i64, u64)> {
        out.iter()
            .filter_map(|o| match o {
                Output::Event(What::FlowBytes(b)) => Some((b.interval.0 / MS, b.bytes)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_sender_is_quiet_until_its_start_and_closes_at_its_stop() {
        let mut flows = Flows::new(OwnClock::Here, Span::from_millis(200));
        let id = flows.add(spec(FlowEnd::Sender), at(0));
        let (out, next) = drain(&mut flows, at(0));
        assert_eq!(out, [Output::Want(id, Want { read: false, write: false })]);
        assert_eq!(next, Some(Time::NEVER), "no origin, nothing to do");

        flows.begin(at(1000));
        assert_eq!(drain(&mut flows, at(1000)).1, Some(at(1500)));
        let (out, next) = drain(&mut flows, at(1500));
        assert_eq!(out, [Output::Want(id, Want { read: false, write: true })]);
        assert_eq!(next, Some(at(1700)));

        flows.handle(id, Input::Wrote(1000), at(1600));
        let (out, _) = drain(&mut flows, at(1700));
        assert_eq!(bytes(&out), [(200, 1000)]);
        assert!(out.contains(&Output::Sample(id)));

        flows.handle(id, Input::Wrote(500), at(2450));
        let (out, _) = drain(&mut flows, at(2500));
        assert_eq!(bytes(&out), [(800, 500)], "one long interval after a long sleep");
        assert!(out.contains(&Output::CloseWrite(id)));

        flows.handle(id, Input::EndOfStream, at(2600));
        assert!(drain(&mut flows, at(2600)).0.contains(&Output::LastSample(id)));
        flows.handle(id, Input::LastInfo { info: None, cong_control: None, tos_seen: None }, at(2600));
        let (out, next) = drain(&mut flows, at(2600));
        let Output::Event(What::FlowEnded(end)) = &out[0] else { panic!("{out:?}") };
        assert_eq!((end.bytes, end.elapsed, &end.error), (1500, Span::from_millis(850), &None));
        assert_eq!(next, None, "done");
    }

    #[test]
    fn a_receiver_counts_what_arrives_before_its_own_origin_in_the_first_interval() {
        let epoch = FarTime(7_000_000_000);
        let mut flows = Flows::new(OwnClock::There(epoch), Span::from_millis(200));
        let id = flows.add(spec(FlowEnd::Receiver), at(0));
        flows.handle(id, Input::Read(10), at(1499));
        flows.begin(at(1000));
        let (out, _) = drain(&mut flows, at(1700));
        assert_eq!(bytes(&out), [(200, 10)]);
        assert!(
            out.iter()
                .any(|o| matches!(o, Output::Event(What::FlowBytes(b)) if b.at == When::There(FarTime(8_700_000_000))))
        );
    }

    #[test]
    fn an_early_end_is_a_failure_and_keeps_the_bytes() {
        let mut flows = Flows::new(OwnClock::Here, Span::from_millis(200));
        let id = flows.add(spec(FlowEnd::Receiver), at(0));
        flows.begin(at(0));
        flows.handle(id, Input::Read(77), at(900));
        flows.handle(id, Input::EndOfStream, at(1000));
        flows.handle(id, Input::LastInfo { info: None, cong_control: None, tos_seen: None }, at(1000));
        let (out, next) = drain(&mut flows, at(1000));
        assert!(
            out.iter()
                .any(|o| matches!(o, Output::Event(What::FlowFailed { error, .. }) if error.contains("500.000 ms")))
        );
        assert!(
            out.iter().any(|o| matches!(o, Output::Event(What::FlowEnded(e)) if e.bytes == 77 && e.error.is_some()))
        );
        assert_eq!(next, None);
    }

    #[test]
    fn a_flow_of_a_fixed_size_ends_with_it_at_both_ends() {
        let sized = |end| FlowSpec { bytes: Some(1000), ..spec(end) };
        let mut flows = Flows::new(OwnClock::Here, Span::from_millis(200));
        let (sender, receiver) = (flows.add(sized(FlowEnd::Sender), at(0)), flows.add(sized(FlowEnd::Receiver), at(0)));
        flows.begin(at(0));
        drain(&mut flows, at(500));
        flows.handle(sender, Input::Wrote(999), at(510));
        assert!(!drain(&mut flows, at(510)).0.contains(&Output::CloseWrite(sender)));
        flows.handle(sender, Input::Wrote(1), at(520));
        assert!(drain(&mut flows, at(520)).0.contains(&Output::CloseWrite(sender)));
        flows.handle(receiver, Input::Read(1000), at(530));
        flows.handle(receiver, Input::EndOfStream, at(540));
        drain(&mut flows, at(540));
        flows.handle(receiver, Input::LastInfo { info: None, cong_control: None, tos_seen: None }, at(540));
        let (out, _) = drain(&mut flows, at(540));
        assert!(
            out.iter().any(|o| matches!(o, Output::Event(What::FlowEnded(e)) if e.error.is_none() && e.bytes == 1000))
        );
    }

    #[test]
    fn a_silent_sender_does_not_hold_the_receiver_for_ever() {
        let mut flows = Flows::new(OwnClock::Here, Span::from_millis(200));
        let id = flows.add(spec(FlowEnd::Receiver), at(0));
        flows.begin(at(0));
        let (out, _) = drain(&mut flows, at(1500) + DRAIN);
        assert!(out.contains(&Output::LastSample(id)));
    }

    #[test]
    fn an_early_end_is_an_error_unless_the_other_end_was_told_to_stop() {
        for expected in [false, true] {
            let mut flows = Flows::new(OwnClock::Here, Span::from_millis(200));
            let id = flows.add(spec(FlowEnd::Receiver), at(0));
            flows.begin(at(0));
            drain(&mut flows, at(600));
            if expected {
                flows.expect_end();
            }
            flows.handle(id, Input::EndOfStream, at(600));
            drain(&mut flows, at(600));
            flows.handle(id, Input::LastInfo { info: None, cong_control: None, tos_seen: None }, at(600));
            let (out, _) = drain(&mut flows, at(600));
            let failed = out.iter().any(|o| matches!(o, Output::Event(What::FlowFailed { .. })));
            assert_eq!(failed, !expected);
        }
    }

    #[test]
    fn stopping_ends_what_runs_and_what_has_not_begun() {
        let mut flows = Flows::new(OwnClock::Here, Span::from_millis(200));
        let id = flows.add(spec(FlowEnd::Sender), at(0));
        flows.begin(at(0));
        flows.stop(at(100));
        assert!(drain(&mut flows, at(100)).0.contains(&Output::CloseWrite(id)));
    }
}
