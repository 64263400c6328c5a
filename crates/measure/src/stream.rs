//! Datagram flows: what each datagram carries, what a receiver counts, and what each end does next.
//!
//! A datagram begins with 16 bytes, little-endian, and the rest means nothing:
//!
//! | bytes | holds |
//! |---|---|
//! | 0–3 | tag of the flow: first half of its session; turned around (all bits) in the datagrams that end it |
//! | 4–7 | number of the datagram, low half; 0 in those that end the flow |
//! | 8–15 | when it was sent, the sender's own clock, nanoseconds; how many were sent, in those that end the flow |
//!
//! [`Streams`] decides for one end of a run, as [`Flows`](crate::flow::Flows) does for byte streams: senders by the
//! [`Schedule`] of their [`Traffic`], receivers by what arrives. Definitions of the receiver's numbers:
//!
//! - *lost*: numbers up to the highest (at the end: up to what the sender says it sent) that have not arrived. While the
//!   flow runs a gap counts when the datagram after it arrives, and a late one takes its count back;
//! - *reordered*: arrived after a higher number; *duplicate*: arrived before;
//! - *jitter*: mean of |ΔR − ΔS| over neighbours as they arrive, R arrival and S sending, as D-ITG has it;
//! - *delay*: R − S, each on its own clock: the recorder relates the two;
//! - *dropped*: of the lost, those that its own receive queue had no room for. The kernel counts what it joined to one
//!   unit as one, and tells the count with what it queued next: the numbers missing there were dropped, as many as the
//!   units can have held at most.

mod counter;
mod header;
mod queue;

pub use counter::{Arrived, Counter};
pub use header::{HEADER, Header};
use queue::Queue;

use crate::event::{DatagramInterval, DatagramTotals, FlowBytes, FlowEnd, FlowEnded, PacketSeen, Packets, What};
use crate::flow::OwnClock;
use crate::plan::FlowId;
use crate::time::{Span, Time};
use crate::traffic::{Schedule, Traffic};
use std::collections::VecDeque;

/// Flows whose datagrams are closer together wake up this often and send all that is due then.
pub const TICK: Span = Span::from_micros(250);

/// Datagrams of one [`Output::Send`], at most: what the kernel takes as one with segmentation offload.
pub const MAX_BATCH: u64 = 64;

/// Bytes of one [`Output::Send`], at most.
const MAX_BATCH_BYTES: u64 = 65_000;

/// How long after the end of a flow was told a receiver takes in what was overtaken by it.
const LINGER: Span = Span::from_millis(200);

/// How long after its planned end a receiver waits for word of it.
pub const DRAIN: Span = Span::from_millis(2_500);

/// When the end of a flow is told, after it.
const ENDINGS: [Span; 4] = [Span::ZERO, Span::from_millis(40), Span::from_millis(120), Span::from_millis(300)];

/// Packets of one record, at most: the JSON of one is about 50 bytes.
const PACKETS_PER_RECORD: usize = 200;

/// One end of a datagram flow.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamSpec {
    /// Which flow.
    pub flow: FlowId,
    /// Which end this is.
    pub end: FlowEnd,
    /// When the sender starts, after the origin.
    pub start: Span,
    /// How long it sends.
    pub length: Span,
    /// What it sends.
    pub traffic: Traffic,
    /// Tell every packet, not only counts.
    pub packets: bool,
}

/// A flow of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send datagrams `first`, `first + 1`, … now, `count` of them, each of `size` bytes; then answer with
    /// [`Streams::sent`].
    Send {
        /// Which flow.
        id: StreamId,
        /// Number of the first one.
        first: u64,
        /// How many.
        count: u32,
        /// Bytes of UDP payload of each.
        size: u32,
    },
    /// Send one datagram that ends the flow.
    SendEnd {
        /// Which flow.
        id: StreamId,
        /// Datagrams it had.
        sent: u64,
    },
    /// Tell.
    Event(What),
    /// Close; nothing more is expected.
    Close(StreamId),
    /// Nothing to do before this moment unless something arrives.
    WaitUntil(Time),
    /// Every flow is over.
    Done,
}

#[derive(Debug)]
enum Role {
    Sender {
        schedule: Box<Schedule>,
        /// The send buffer is full.
        blocked: bool,
        /// A `Send` is out.
        sending: bool,
        /// Datagrams that are close together wait for each other until then.
        not_before: Time,
        refused: u64,
        ended: Option<Time>,
        endings: usize,
    },
    Receiver {
        counter: Box<Counter>,
        packets: Vec<PacketSeen>,
        end_told: Option<Time>,
        queue: Queue,
    },
}

#[derive(Debug)]
struct Slot {
    spec: StreamSpec,
    role: Role,
    start: Time,
    stop: Time,
    next_sample: Time,
    told_at: Time,
    /// Payload bytes in all, and up to the last interval told.
    total: u64,
    told: u64,
    first: Option<Time>,
    last: Time,
    worst_lateness: Span,
    error: Option<String>,
    over: bool,
}

impl Slot {
    /// Its last interval is told, and nothing has happened since.
    fn is_quiet(&self) -> bool {
        match &self.role {
            Role::Sender { ended, .. } => ended.is_some(),
            Role::Receiver { end_told, counter, .. } => {
                end_told.is_some() && counter.now.packets == 0 && counter.now.duplicates == 0
            }
        }
    }
}

/// All datagram flows of one end.
#[derive(Debug)]
pub struct Streams {
    clock: OwnClock,
    step: Span,
    origin: Option<Time>,
    stopped: Option<Time>,
    slots: Vec<Slot>,
    out: VecDeque<Output>,
    due: Time,
}

impl Streams {
    /// An engine without flows.
    pub fn new(clock: OwnClock, step: Span) -> Self {
        let (origin, stopped) = (None, None);
        let step = step.max(Span::from_millis(1));
        Self { clock, step, origin, stopped, slots: Vec::new(), out: VecDeque::new(), due: Time::NEVER }
    }

    /// Takes a flow; before the origin is known, it is quiet.
    pub fn add(&mut self, spec: StreamSpec, now: Time) -> StreamId {
        let id = StreamId(self.slots.len() as u32);
        let role = match spec.end {
            FlowEnd::Sender => Role::Sender {
                schedule: Box::new(spec.traffic.schedule()),
                blocked: false,
                sending: false,
                not_before: Time(i64::MIN),
                refused: 0,
                ended: None,
                endings: 0,
            },
            FlowEnd::Receiver => Role::Receiver {
                counter: Box::new(Counter::new()),
                packets: Vec::new(),
                end_told: None,
                queue: Queue::default(),
            },
        };
        self.slots.push(Slot {
            spec,
            role,
            start: Time::NEVER,
            stop: Time::NEVER,
            next_sample: Time::NEVER,
            told_at: now,
            total: 0,
            told: 0,
            first: None,
            last: now,
            worst_lateness: Span::ZERO,
            error: None,
            over: false,
        });
        if let Some(origin) = self.origin {
            self.schedule(id, origin);
        }
        id
    }

    /// The plan's times count from `origin`.
    pub fn begin(&mut self, origin: Time) {
        if self.origin.is_none() {
            self.origin = Some(origin);
            for i in 0..self.slots.len() {
                self.schedule(StreamId(i as u32), origin);
            }
        }
    }

    fn schedule(&mut self, id: StreamId, origin: Time) {
        let slot = &mut self.slots[id.0 as usize];
        slot.start = origin + slot.spec.start;
        slot.stop = slot.start + slot.spec.length;
        if let Some(stopped) = self.stopped {
            slot.stop = slot.stop.min(stopped);
        }
        slot.told_at = slot.start;
        slot.next_sample = slot.start + self.step;
        self.due = Time(i64::MIN);
    }

    /// Ends every flow now.
    pub fn stop(&mut self, now: Time) {
        if self.stopped.is_none() {
            self.stopped = Some(now);
            for slot in &mut self.slots {
                slot.stop = slot.stop.min(now);
            }
            self.due = Time(i64::MIN);
        }
    }

    /// Of the datagrams of a [`Output::Send`] the kernel took `taken`; the rest waits until [`Self::writable`].
    pub fn sent(&mut self, id: StreamId, taken: u64, all: bool, now: Time) {
        let Some(slot) = self.slots.get_mut(id.0 as usize) else { return };
        let Role::Sender { schedule, blocked, sending, .. } = &mut slot.role else { return };
        (*sending, *blocked) = (false, !all);
        if taken > 0 {
            let late = (now - slot.start) - schedule.due();
            slot.worst_lateness = slot.worst_lateness.max(late);
            let mut bytes = 0;
            match slot.spec.traffic.fixed_size() {
                Some(size) if taken > 1 => {
                    schedule.skip(taken);
                    bytes = taken * u64::from(size);
                }
                _ => (0..taken).for_each(|_| bytes += u64::from(schedule.take())),
            }
            slot.total += bytes;
            slot.first.get_or_insert(now);
            slot.last = now;
        }
        self.due = Time(i64::MIN);
    }

    /// The kernel did not take a datagram, and will not: it counts as sent, and as lost on this host.
    pub fn refused(&mut self, id: StreamId, now: Time) {
        self.sent(id, 1, true, now);
        if let Some(Slot { role: Role::Sender { refused, .. }, .. }) = self.slots.get_mut(id.0 as usize) {
            *refused += 1;
        }
    }

    /// There is room again in the send buffer.
    pub fn writable(&mut self, id: StreamId) {
        if let Some(Slot { role: Role::Sender { blocked, .. }, .. }) = self.slots.get_mut(id.0 as usize) {
            *blocked = false;
            self.due = Time(i64::MIN);
        }
    }

    /// A flow cannot go on.
    pub fn fail(&mut self, id: StreamId, error: String, now: Time) {
        if let Some(slot) = self.slots.get_mut(id.0 as usize).filter(|s| !s.over) {
            slot.error.get_or_insert(error);
            self.finish(id, now);
        }
    }

    /// A datagram of this flow arrived.
    pub fn arrived(&mut self, id: StreamId, arrived: &Arrived, now: Time) {
        let Some(slot) = self.slots.get_mut(id.0 as usize).filter(|s| !s.over) else { return };
        let Role::Receiver { counter, packets, queue, .. } = &mut slot.role else { return };
        let before = counter.next();
        let number = counter.count(arrived);
        queue.missing(counter.next().saturating_sub(before + 1));
        if let Some(number) = number {
            slot.total += u64::from(arrived.size);
            slot.first.get_or_insert(now);
            slot.last = now;
            if slot.spec.packets {
                let (sent, received, size) = (arrived.header.stamp, arrived.at, arrived.size);
                packets.push(PacketSeen { seq: number, sent, received, size });
                if packets.len() == PACKETS_PER_RECORD {
                    let packets = std::mem::take(packets);
                    let record = Packets { flow: slot.spec.flow, end: slot.spec.end, packets };
                    self.out.push_back(Output::Event(What::Packets(Box::new(record))));
                }
            }
        }
    }

    /// The sender says that this was all.
    pub fn ended(&mut self, id: StreamId, sent: u64, now: Time) {
        let Some(slot) = self.slots.get_mut(id.0 as usize) else { return };
        if let Role::Receiver { counter, end_told, queue, .. } = &mut slot.role
            && end_told.is_none()
        {
            let before = counter.next();
            counter.sent(sent);
            queue.missing(counter.next() - before);
            *end_told = Some(now);
            // The flow's last interval ends here: what comes later was overtaken.
            self.tell_interval(id, now);
            self.due = Time(i64::MIN);
        }
    }

    /// `datagrams` of a flow arrived as one unit, and with it that its receive queue has dropped `units` such units in
    /// all, where that was told; said before the datagrams themselves.
    pub fn unit(&mut self, id: StreamId, datagrams: u64, units: Option<u32>) {
        if let Some(Slot { role: Role::Receiver { queue, .. }, .. }) = self.slots.get_mut(id.0 as usize) {
            queue.told(units, datagrams);
        }
    }

    /// Payload bytes of a flow so far.
    pub fn total(&self, id: StreamId) -> u64 {
        self.slots.get(id.0 as usize).map_or(0, |s| s.total)
    }

    /// What to do next. Call it until it answers [`Output::WaitUntil`] or [`Output::Done`].
    pub fn poll(&mut self, now: Time) -> Output {
        if self.out.is_empty() && now >= self.due {
            self.advance(now);
        }
        if let Some(output) = self.out.pop_front() {
            return output;
        }
        if self.origin.is_some() && self.slots.iter().all(|s| s.over) {
            return Output::Done;
        }
        Output::WaitUntil(self.due)
    }

    fn advance(&mut self, now: Time) {
        let mut due = Time::NEVER;
        for i in 0..self.slots.len() {
            let id = StreamId(i as u32);
            if self.slots[i].over || self.origin.is_none() {
                continue;
            }
            if now >= self.slots[i].next_sample {
                let slot = &mut self.slots[i];
                let missed = (now - slot.next_sample).0 / self.step.0;
                slot.next_sample += self.step.times(missed + 1);
                if !slot.is_quiet() {
                    self.tell_interval(id, now);
                }
            }
            due = due.min(self.slots[i].next_sample).min(self.step_on(id, now));
        }
        self.due = due;
    }

    /// What one flow has to do; when it next has.
    fn step_on(&mut self, id: StreamId, now: Time) -> Time {
        let slot = &mut self.slots[id.0 as usize];
        match &mut slot.role {
            Role::Receiver { end_told, .. } => {
                let until = end_told.map_or(slot.stop + DRAIN, |told| told + LINGER);
                if now < until {
                    return until;
                }
                if end_told.is_none() && slot.first.is_none() {
                    slot.error.get_or_insert_with(|| "no datagram arrived".to_owned());
                }
                self.finish(id, now);
                Time::NEVER
            }
            Role::Sender { ended: Some(at), endings, .. } => {
                let Some(&after) = ENDINGS.get(*endings) else {
                    self.finish(id, now);
                    return Time::NEVER;
                };
                let next = *at + after;
                if now < next {
                    return next;
                }
                *endings += 1;
                let Role::Sender { schedule, .. } = &slot.role else { return Time::NEVER };
                self.out.push_back(Output::SendEnd { id, sent: schedule.number() });
                now
            }
            Role::Sender { schedule, blocked, sending, not_before, ended, .. } => {
                // What is due before the end only: a late wake-up sends no more than was planned, and no less.
                let elapsed = now.min(slot.stop + Span(-1)) - slot.start;
                let due = schedule.due_count(elapsed);
                if now >= slot.stop && (due == 0 || *blocked) {
                    *ended = Some(now);
                    self.tell_interval(id, now);
                    return now;
                }
                if *blocked || *sending {
                    return slot.stop;
                }
                let next = (slot.start + schedule.due()).max(*not_before);
                if now < next || due == 0 {
                    return next.min(slot.stop);
                }
                let (first, traffic) = (schedule.number(), &slot.spec.traffic);
                let (count, size) = match traffic.fixed_size() {
                    Some(size) => (due.min(MAX_BATCH).min((MAX_BATCH_BYTES / u64::from(size)).max(1)), size),
                    None => (1, schedule.as_ref().clone().take()),
                };
                *sending = true;
                *not_before = if due > count || traffic.fixed_size().is_none() { now } else { now + TICK };
                self.out.push_back(Output::Send { id, first, count: count as u32, size });
                slot.stop
            }
        }
    }

    /// Tells what happened since the last interval.
    fn tell_interval(&mut self, id: StreamId, now: Time) {
        let slot = &mut self.slots[id.0 as usize];
        let interval = now - slot.told_at;
        if interval <= Span::ZERO {
            return;
        }
        let (flow, end, at) = (slot.spec.flow, slot.spec.end, self.clock.when(now));
        let bytes = slot.total - slot.told;
        (slot.told, slot.told_at) = (slot.total, now);
        self.out.push_back(Output::Event(What::FlowBytes(FlowBytes { flow, end, at, interval, bytes })));
        if let Role::Receiver { counter, packets, .. } = &mut slot.role {
            let sums = counter.interval();
            self.out.push_back(Output::Event(What::Datagrams(Box::new(DatagramInterval {
                flow,
                end,
                at,
                interval,
                packets: sums.packets,
                lost: sums.lost,
                duplicates: sums.duplicates,
                reordered: sums.reordered,
                jitter: sums.jitter(),
                delay: sums.delay(),
                least_delay: sums.least_delay,
                most_delay: sums.most_delay,
            }))));
            if !packets.is_empty() {
                let packets = std::mem::take(packets);
                self.out.push_back(Output::Event(What::Packets(Box::new(Packets { flow, end, packets }))));
            }
        }
    }

    /// A flow is over: its last interval and totals.
    fn finish(&mut self, id: StreamId, now: Time) {
        if !self.slots[id.0 as usize].is_quiet() {
            self.tell_interval(id, now);
        }
        let slot = &mut self.slots[id.0 as usize];
        slot.over = true;
        let (flow, end, at) = (slot.spec.flow, slot.spec.end, self.clock.when(now));
        let mut totals = DatagramTotals { flow, end, bytes: slot.total, ..DatagramTotals::default() };
        let mut tos_seen = None;
        match &slot.role {
            Role::Sender { schedule, refused, .. } => {
                totals.packets = schedule.number();
                totals.refused = *refused;
                let planned =
                    slot.spec.traffic.fixed_size().map_or(0, |_| schedule.due_count(slot.stop - slot.start + Span(-1)));
                totals.unsent = planned;
                totals.lateness = slot.worst_lateness;
            }
            Role::Receiver { counter, queue, end_told, .. } => {
                totals.packets = counter.received;
                totals.lost = counter.all.lost;
                totals.duplicates = counter.duplicates;
                totals.reordered = counter.reordered;
                totals.dropped = queue.dropped;
                totals.congestion_marks = counter.congestion_marks;
                totals.jitter = counter.all.jitter();
                totals.smoothed_jitter = counter.transit.map(|_| Span(counter.smoothed_jitter as i64));
                totals.end_known = end_told.is_some();
                tos_seen = counter.tos_seen;
            }
        }
        let error = slot.error.take();
        if let Some(error) = &error {
            self.out.push_back(Output::Event(What::FlowFailed { flow, error: error.clone(), hint: None }));
        }
        self.out.push_back(Output::Event(What::DatagramTotals(Box::new(totals))));
        self.out.push_back(Output::Event(What::FlowEnded(Box::new(FlowEnded {
            flow,
            end,
            at,
            elapsed: slot.first.map_or(Span::ZERO, |first| slot.last - first),
            bytes: slot.total,
            info: None,
            cong_control: None,
            tos_seen,
            error,
        }))));
        self.out.push_back(Output::Close(id));
        self.due = Time(i64::MIN);
    }
}

#[cfg(test)]
#[path = "stream/tests.rs"]
mod tests;
