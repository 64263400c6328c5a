//! The engines of both ends of a run, two links between them, and a clock that jumps.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fa_catalog::Direction;
use fa_measure::event::{ClockSample, EndReason, Event, FlowEnd, HostReady, Phase, StampKind, Started, What};
use fa_measure::flow::{self, FlowSpec, Flows, OwnClock, SlotId};
use fa_measure::plan::{HostId, IpVersion, Plan, ProbeId, ProbeKind};
use fa_measure::probe::{self, Probes};
use fa_measure::reflect::Reflector;
use fa_measure::stream::{self, StreamId, StreamSpec, Streams};
use fa_measure::wire::Reply;
use fa_measure::{FarTime, Span, Time};

use crate::link::Link;
use crate::random::Random;
use crate::stream::{SEGMENT_BYTES, Stream};

/// 2023-11-14T22:13:20Z.
const WALL_NS: i64 = 1_700_000_000_000_000_000;
/// Time of preparations before the plan's times begin to count.
const ORIGIN: Time = Time(100_000_000);
const PROBE_BYTES: u32 = 102;
/// How long a reflector or a kernel holds a request.
const HELD: Span = Span::from_micros(30);
const SESSION: u64 = 1;

/// The far host's clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FarClock {
    /// Ahead of ours at the launch of the run.
    pub ahead: Span,
    /// Faster than ours, parts per million.
    pub drift_ppm: f64,
}

impl FarClock {
    fn epoch(self) -> FarTime {
        FarTime(WALL_NS) + self.ahead
    }

    /// The far engine's own time at a moment of ours.
    fn own(self, here: Time) -> Time {
        Time(here.0 + (here.0 as f64 * self.drift_ppm * 1e-6) as i64)
    }

    /// The first moment of ours at which the far engine's own time has come.
    fn here(self, own: Time) -> Time {
        if own == Time::NEVER {
            return own;
        }
        let mut here = Time((own.0 as f64 / (1.0 + self.drift_ppm * 1e-6)) as i64);
        while self.own(here) < own {
            here.0 += 1;
        }
        here
    }

    /// What it shows at a moment of ours.
    fn shows(self, here: Time) -> FarTime {
        self.epoch() + Span(self.own(here).0)
    }
}

/// A run over simulated links.
#[derive(Debug, Clone)]
pub struct Simulation {
    random: Random,
    up: Link,
    down: Link,
    clock: FarClock,
    late: Span,
}

/// Something under way.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Arrival {
    Request { probe: ProbeId, seq: u32 },
    Reply { probe: ProbeId, reply: Reply },
    Echo { probe: ProbeId, seq: u32 },
    EchoReply { probe: ProbeId, seq: u32 },
    Segment { flow: usize, payload: u64, sent: Time },
    Acknowledgement { flow: usize, round_trip: Span },
    Loss { flow: usize, payload: u64 },
    EndOfStream { flow: usize, at: FlowEnd },
    Datagram { flow: usize, header: stream::Header, size: u32 },
    EndOfDatagrams { flow: usize, sent: u64 },
    Phase(Phase),
}

impl Simulation {
    /// Both ways 10 ms and nothing wrong; the far clock is right.
    pub fn seeded(seed: u64) -> Self {
        let (up, down) = (Link::with_delay_ms(10), Link::with_delay_ms(10));
        Self {
            random: Random::seeded(seed),
            up,
            down,
            clock: FarClock { ahead: Span::ZERO, drift_ppm: 0.0 },
            late: Span::ZERO,
        }
    }

    /// From us to the far end.
    #[must_use]
    pub fn up(mut self, link: Link) -> Self {
        self.up = link;
        self
    }

    /// From the far end to us.
    #[must_use]
    pub fn down(mut self, link: Link) -> Self {
        self.down = link;
        self
    }

    /// The far host's clock.
    #[must_use]
    pub fn far_clock(mut self, clock: FarClock) -> Self {
        self.clock = clock;
        self
    }

    /// Our thread that sends probes wakes up this much after it wanted to.
    #[must_use]
    pub fn waking_late(mut self, late: Span) -> Self {
        self.late = late;
        self
    }

    /// Runs a plan to its end and gives all its events.
    pub fn run(self, plan: &Plan) -> Vec<Event> {
        self.run_to_links(plan).0
    }

    /// The same, and the links with their counts (up, down).
    pub fn run_to_links(self, plan: &Plan) -> (Vec<Event>, Link, Link) {
        let mut run = Run::new(self, plan);
        run.prepare(plan);
        run.go();
        run.collect();
        (run.events, run.net.up, run.net.down)
    }
}

struct Run {
    net: Simulation,
    now: Time,
    order: u64,
    /// Earliest first; the order of sending decides between equals.
    pending: BinaryHeap<Reverse<(Time, u64, usize)>>,
    arrivals: Vec<Option<Arrival>>,
    events: Vec<Event>,
    /// What the far end keeps until the load is over.
    kept: Vec<What>,
    here: Flows,
    there: Flows,
    streams: Vec<Stream>,
    datagrams: Datagrams,
    probes: Probes,
    kinds: Vec<ProbeKind>,
    reflectors: Vec<Reflector>,
}

/// Both ends of all datagram flows.
struct Datagrams {
    here: Streams,
    there: Streams,
    /// Which way, the sender's number, the receiver's.
    flows: Vec<(Direction, StreamId, StreamId)>,
}

impl Datagrams {
    fn new(plan: &Plan, epoch: FarTime) -> Self {
        let mut here = Streams::new(OwnClock::Here, plan.step());
        let mut there = Streams::new(OwnClock::There(epoch), plan.step());
        let mut flows = Vec::new();
        for flow in &plan.flows {
            let Some(datagrams) = &flow.datagrams else { continue };
            let spec = |end| StreamSpec {
                flow: flow.id,
                end,
                start: flow.start,
                length: flow.length,
                traffic: datagrams.traffic.clone(),
                packets: datagrams.packets,
            };
            let own = here.add(spec(FlowEnd::here(flow.direction)), Time::ZERO);
            let far = there.add(spec(FlowEnd::there(flow.direction)), Time::ZERO);
            flows.push(match flow.direction {
                Direction::Up => (flow.direction, own, far),
                Direction::Down => (flow.direction, far, own),
            });
        }
        Self { here, there, flows }
    }

    fn engine(&mut self, side: Side) -> &mut Streams {
        match side {
            Side::Here => &mut self.here,
            Side::There => &mut self.there,
        }
    }

    /// The flow that this side sends under that number.
    fn sender(&self, side: Side, id: StreamId) -> usize {
        let found = self.flows.iter().position(|&(way, sender, _)| sender == id && sender_side(way) == side);
        found.unwrap_or_default()
    }

    fn receiver(&self, flow: usize) -> (Side, StreamId) {
        let (way, _, receiver) = self.flows[flow];
        (other(sender_side(way)), receiver)
    }
}

/// Which of the two hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Here,
    There,
}

impl Run {
    fn new(net: Simulation, plan: &Plan) -> Self {
        let mut here = Flows::new(OwnClock::Here, plan.step());
        let mut there = Flows::new(OwnClock::There(net.clock.epoch()), plan.step());
        let spec = |flow: &fa_measure::plan::FlowPlan, end| FlowSpec {
            flow: flow.id,
            end,
            start: flow.start,
            length: flow.length,
            bytes: flow.bytes,
        };
        let streams = plan.flows.iter().filter(|flow| flow.datagrams.is_none()).map(|flow| {
            let own = here.add(spec(flow, FlowEnd::here(flow.direction)), Time::ZERO);
            let far = there.add(spec(flow, FlowEnd::there(flow.direction)), Time::ZERO);
            match flow.direction {
                Direction::Up => Stream::new(flow.direction, own, far),
                Direction::Down => Stream::new(flow.direction, far, own),
            }
        });
        let streams = streams.collect();
        let datagrams = Datagrams::new(plan, net.clock.epoch());
        let mut probes = Probes::new();
        for probe in &plan.probes {
            probes.add(probe, ORIGIN);
        }
        Self {
            now: Time::ZERO,
            order: 0,
            pending: BinaryHeap::new(),
            arrivals: Vec::new(),
            events: Vec::new(),
            kept: Vec::new(),
            here,
            there,
            streams,
            datagrams,
            probes,
            kinds: plan.probes.iter().map(|probe| probe.kind).collect(),
            reflectors: plan.probes.iter().map(|probe| Reflector::new(SESSION, probe.count())).collect(),
            net,
        }
    }

    fn tell(&mut self, what: What) {
        self.events.push(Event::new(self.now, what));
    }

    fn schedule(&mut self, at: Time, arrival: Arrival) {
        self.arrivals.push(Some(arrival));
        self.order += 1;
        self.pending.push(Reverse((at, self.order, self.arrivals.len() - 1)));
    }

    fn prepare(&mut self, plan: &Plan) {
        let local = std::net::SocketAddr::from(([192, 0, 2, 1], 40_000));
        self.tell(What::Started(Started {
            wall_unix_ns: WALL_NS,
            version: "fa 0.1.0".into(),
            run_id: "00000000000000000000000000000001".into(),
            local_host: "here.example".into(),
        }));
        self.tell(What::Plan(Box::new(plan.clone())));
        self.tell(What::HostReady(HostReady {
            host: HostId(0),
            address: std::net::SocketAddr::from(([192, 0, 2, 2], fa_measure::plan::DEFAULT_PORT)),
            local,
            ip_version: IpVersion::V4,
            version: "fa 0.1.0".into(),
            hostname: "far.example".into(),
            child: false,
        }));
        self.tell(What::Phase(Phase::Preparing));
        for _ in 0..5 {
            let sent = self.now;
            let received_there = self.net.up.arrival_of_signal(sent);
            let sent_there = received_there + HELD;
            let received = self.net.down.arrival_of_signal(sent_there);
            let clock = self.net.clock;
            self.now = received;
            self.tell(What::Clock(ClockSample {
                host: HostId(0),
                sent,
                received_there: clock.shows(received_there),
                sent_there: clock.shows(sent_there),
                received,
            }));
        }
        self.now = self.now.min(ORIGIN);
        self.tell(What::Origin { at: ORIGIN });
        self.here.begin(ORIGIN);
        self.there.begin(self.net.clock.own(ORIGIN));
        self.datagrams.here.begin(ORIGIN);
        self.datagrams.there.begin(self.net.clock.own(ORIGIN));
        let first = plan.flows.iter().map(|flow| flow.start).min();
        let last = plan.flows.iter().map(|flow| flow.start + flow.length).max();
        self.schedule(ORIGIN, Arrival::Phase(Phase::LeadIn));
        if let (Some(first), Some(last)) = (first, last) {
            self.schedule(ORIGIN + first, Arrival::Phase(Phase::Load));
            self.schedule(ORIGIN + last, Arrival::Phase(Phase::LeadOut));
        }
    }

    /// Until nothing is left to do.
    fn go(&mut self) {
        loop {
            let wake = self.drive();
            let arrival = self.pending.peek().map_or(Time::NEVER, |Reverse((at, ..))| *at);
            let next = wake.min(arrival);
            if next == Time::NEVER {
                return;
            }
            self.now = self.now.max(next);
            while let Some(&Reverse((at, _, index))) = self.pending.peek() {
                if at > self.now {
                    break;
                }
                self.pending.pop();
                if let Some(arrival) = self.arrivals[index].take() {
                    self.arrive(arrival);
                }
            }
        }
    }

    /// Lets all engines do what they want to; when the next one wants to.
    fn drive(&mut self) -> Time {
        let here = self.drive_flows(Side::Here);
        let there = self.drive_flows(Side::There);
        let here = here.min(self.drive_datagrams(Side::Here));
        let there = there.min(self.drive_datagrams(Side::There));
        let probes = loop {
            match self.probes.poll(self.now) {
                probe::Output::Send { probe, seq } => self.send_request(probe, seq),
                probe::Output::Event(what) => self.tell(what),
                probe::Output::WaitUntil(at) => break at + self.net.late,
                probe::Output::Done => break Time::NEVER,
            }
        };
        here.min(self.net.clock.here(there)).min(probes)
    }

    fn drive_flows(&mut self, side: Side) -> Time {
        loop {
            let now = self.side_time(side);
            let output = self.engine(side).poll(now);
            match output {
                flow::Output::Want(slot, want) => {
                    if let Some(flow) = self.sending_stream(side, slot) {
                        self.streams[flow].want = want;
                        self.pump(flow);
                    }
                }
                flow::Output::Sample(slot) => {
                    let info = self.sending_stream(side, slot).map(|flow| Box::new(self.streams[flow].info()));
                    self.engine(side).handle(slot, flow::Input::Info(info), now);
                }
                flow::Output::LastSample(slot) => {
                    let info = self.sending_stream(side, slot).map(|flow| Box::new(self.streams[flow].info()));
                    let cong_control = info.is_some().then(|| "simulated".to_owned());
                    let input = flow::Input::LastInfo { info, cong_control, tos_seen: None };
                    self.engine(side).handle(slot, input, now);
                }
                flow::Output::CloseWrite(slot) => {
                    if let Some(flow) = self.sending_stream(side, slot) {
                        self.streams[flow].closing = true;
                        self.pump(flow);
                    }
                }
                flow::Output::Close(slot) => self.closed(side, slot),
                flow::Output::Event(what) => {
                    // As in a real run: during the load the far end sends counts only.
                    if side == Side::Here || matches!(what, What::FlowBytes(_)) {
                        self.tell(what);
                    } else {
                        self.kept.push(what);
                    }
                }
                flow::Output::WaitUntil(at) => return at,
                flow::Output::Done => return Time::NEVER,
            }
        }
    }

    fn drive_datagrams(&mut self, side: Side) -> Time {
        loop {
            let now = self.side_time(side);
            match self.datagrams.engine(side).poll(now) {
                stream::Output::Send { id, first, count, size } => {
                    let stamp = match side {
                        Side::Here => self.now.0,
                        Side::There => self.net.clock.shows(self.now).0,
                    };
                    let flow = self.datagrams.sender(side, id);
                    for n in 0..u64::from(count) {
                        let header = stream::Header { tag: 0, seq: (first + n) as u32, stamp };
                        // Ethernet, IP and UDP headers.
                        let link = match side {
                            Side::Here => &mut self.net.up,
                            Side::There => &mut self.net.down,
                        };
                        for at in link.send(self.now, size + 42, &mut self.net.random) {
                            self.schedule(at, Arrival::Datagram { flow, header, size });
                        }
                    }
                    self.datagrams.engine(side).sent(id, count.into(), true, now);
                }
                stream::Output::SendEnd { id, sent } => {
                    let flow = self.datagrams.sender(side, id);
                    let link = match side {
                        Side::Here => &self.net.up,
                        Side::There => &self.net.down,
                    };
                    let at = link.arrival_of_signal(self.now);
                    self.schedule(at, Arrival::EndOfDatagrams { flow, sent });
                }
                stream::Output::Event(what) => {
                    if side == Side::Here || matches!(what, What::FlowBytes(_)) {
                        self.tell(what);
                    } else {
                        self.kept.push(what);
                    }
                }
                stream::Output::Close(_) => {}
                stream::Output::WaitUntil(at) => return at,
                stream::Output::Done => return Time::NEVER,
            }
        }
    }

    fn engine(&mut self, side: Side) -> &mut Flows {
        match side {
            Side::Here => &mut self.here,
            Side::There => &mut self.there,
        }
    }

    fn side_time(&self, side: Side) -> Time {
        match side {
            Side::Here => self.now,
            Side::There => self.net.clock.own(self.now),
        }
    }

    /// The stream that this slot is the sender of.
    fn sending_stream(&self, side: Side, slot: SlotId) -> Option<usize> {
        self.streams.iter().position(|stream| stream.sender == slot && sender_side(stream.direction) == side)
    }

    /// A receiver that closes lets the sender know.
    fn closed(&mut self, side: Side, slot: SlotId) {
        let found = self.streams.iter().position(|s| s.receiver == slot && sender_side(s.direction) != side);
        if let Some(flow) = found {
            let back = match self.streams[flow].direction {
                Direction::Up => &self.net.down,
                Direction::Down => &self.net.up,
            };
            let at = back.arrival_of_signal(self.now);
            self.schedule(at, Arrival::EndOfStream { flow, at: FlowEnd::Sender });
        }
    }

    /// The program writes, the window sends.
    fn pump(&mut self, flow: usize) {
        loop {
            let stream = &mut self.streams[flow];
            let (side, slot) = (sender_side(stream.direction), stream.sender);
            let written = stream.write();
            if written > 0 {
                let now = self.side_time(side);
                self.engine(side).handle(slot, flow::Input::Wrote(written), now);
            }
            let stream = &mut self.streams[flow];
            let Some(payload) = stream.next_segment() else { break };
            let notice = self.now + stream.loss_delay();
            let link = match stream.direction {
                Direction::Up => &mut self.net.up,
                Direction::Down => &mut self.net.down,
            };
            // A copy of a segment is thrown away by the receiver's kernel.
            match link.send(self.now, SEGMENT_BYTES, &mut self.net.random).first() {
                Some(&at) => self.schedule(at, Arrival::Segment { flow, payload, sent: self.now }),
                None => self.schedule(notice, Arrival::Loss { flow, payload }),
            }
        }
        if self.streams[flow].is_drained() {
            self.streams[flow].closed = true;
            let link = match self.streams[flow].direction {
                Direction::Up => &self.net.up,
                Direction::Down => &self.net.down,
            };
            let at = link.arrival_of_signal(self.now);
            self.schedule(at, Arrival::EndOfStream { flow, at: FlowEnd::Receiver });
        }
    }

    fn send_request(&mut self, probe: ProbeId, seq: u32) {
        self.probes.handle(probe, probe::Input::Sent { seq, refused: None }, self.now);
        self.probes.handle(probe, probe::Input::Stamped { seq, at: self.now }, self.now);
        for at in self.net.up.send_probe(self.now, PROBE_BYTES, &mut self.net.random) {
            let arrival = match self.kinds[usize::from(probe.0)] {
                ProbeKind::Udp | ProbeKind::Tcp => Arrival::Request { probe, seq },
                ProbeKind::Icmp => Arrival::Echo { probe, seq },
            };
            self.schedule(at, arrival);
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        let (now, clock) = (self.now, self.net.clock);
        match arrival {
            Arrival::Request { probe, seq } => {
                let reflector = &mut self.reflectors[usize::from(probe.0)];
                let reply = reflector.request(SESSION, seq, clock.shows(now), StampKind::Kernel, Some(0));
                if let Some(mut reply) = reply {
                    reply.there.sent = clock.shows(now + HELD);
                    for at in self.net.down.send_probe(now + HELD, PROBE_BYTES, &mut self.net.random) {
                        self.schedule(at, Arrival::Reply { probe, reply });
                    }
                }
            }
            Arrival::Echo { probe, seq } => {
                for at in self.net.down.send_probe(now, PROBE_BYTES, &mut self.net.random) {
                    self.schedule(at, Arrival::EchoReply { probe, seq });
                }
            }
            Arrival::Reply { probe, reply } => {
                self.probes.handle(
                    probe,
                    probe::Input::Reply { reply, at: now, kind: StampKind::Kernel, tos: None },
                    now,
                );
            }
            Arrival::EchoReply { probe, seq } => {
                self.probes.handle(probe, probe::Input::Echo { seq, at: now, kind: StampKind::Kernel, tos: None }, now);
            }
            Arrival::Segment { flow, payload, sent } => {
                let stream = &self.streams[flow];
                let (side, slot) = (other(sender_side(stream.direction)), stream.receiver);
                let back = match stream.direction {
                    Direction::Up => &self.net.down,
                    Direction::Down => &self.net.up,
                };
                let at = back.arrival_of_signal(now);
                let their = self.side_time(side);
                self.engine(side).handle(slot, flow::Input::Read(payload), their);
                self.schedule(at, Arrival::Acknowledgement { flow, round_trip: at - sent });
            }
            Arrival::Acknowledgement { flow, round_trip } => {
                self.streams[flow].acknowledged(round_trip);
                self.pump(flow);
            }
            Arrival::Loss { flow, payload } => {
                self.streams[flow].lost(payload, now);
                self.pump(flow);
            }
            Arrival::EndOfStream { flow, at } => {
                let stream = &self.streams[flow];
                let sender = sender_side(stream.direction);
                let (side, slot) = match at {
                    FlowEnd::Sender => (sender, stream.sender),
                    FlowEnd::Receiver => (other(sender), stream.receiver),
                };
                let their = self.side_time(side);
                self.engine(side).handle(slot, flow::Input::EndOfStream, their);
            }
            Arrival::Datagram { flow, header, size } => {
                let (side, id) = self.datagrams.receiver(flow);
                let at = match side {
                    Side::Here => now.0,
                    Side::There => clock.shows(now).0,
                };
                let their = self.side_time(side);
                self.datagrams.engine(side).arrived(id, &stream::Arrived { header, at, size, tos: None }, their);
            }
            Arrival::EndOfDatagrams { flow, sent } => {
                let (side, id) = self.datagrams.receiver(flow);
                let their = self.side_time(side);
                self.datagrams.engine(side).ended(id, sent, their);
            }
            Arrival::Phase(phase) => self.tell(What::Phase(phase)),
        }
    }

    /// The end: what the far end kept, and the probes' counts.
    fn collect(&mut self) {
        self.tell(What::Phase(Phase::Collecting));
        for what in std::mem::take(&mut self.kept) {
            self.tell(what);
        }
        let reflectors = &self.reflectors;
        let told = self.probes.finish(|id| reflectors.get(usize::from(id.0)).map(Reflector::seen));
        for what in told {
            self.tell(what);
        }
        self.tell(What::Ended { reason: EndReason::Completed });
    }
}

const fn sender_side(direction: Direction) -> Side {
    match direction {
        Direction::Up => Side::Here,
        Direction::Down => Side::There,
    }
}

const fn other(side: Side) -> Side {
    match side {
        Side::Here => Side::There,
        Side::There => Side::Here,
    }
}
