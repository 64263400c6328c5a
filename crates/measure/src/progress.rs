//! [`Progress`]: what the one-line view of a run shows, from its events alone.

use std::collections::VecDeque;

use fa_catalog::Direction;

use crate::event::{Event, FlowEnd, Phase, What};
use crate::plan::{FlowId, HostId, Plan};
use crate::time::{Span, Time};

/// Round trips of this long are averaged.
const LATENCY_WINDOW: Span = Span::from_millis(1000);
/// A flow that reported nothing for this long, and for three steps, counts as standing still.
const SILENCE: Span = Span::from_millis(1500);

/// Where a run stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    phase: Phase,
    origin: Option<Time>,
    now: Time,
    total: Span,
    silence: Span,
    flows: Vec<FlowRate>,
    round_trips: VecDeque<(Time, Span)>,
    sent: u64,
    lost: u64,
    failed: usize,
    waiting: Option<(HostId, Span)>,
}

/// What a flow's receiver last told.
#[derive(Debug, Clone, Copy, PartialEq)]
struct FlowRate {
    direction: Direction,
    mbits: f64,
    told: Option<Time>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            phase: Phase::Preparing,
            origin: None,
            now: Time::ZERO,
            total: Span::ZERO,
            silence: SILENCE,
            flows: Vec::new(),
            round_trips: VecDeque::new(),
            sent: 0,
            lost: 0,
            failed: 0,
            waiting: None,
        }
    }
}

impl Progress {
    /// A run that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one event.
    pub fn observe(&mut self, event: &Event) {
        self.now = self.now.max(event.at);
        self.waiting = None;
        match &event.what {
            What::Plan(plan) => self.plan(plan),
            What::Origin { at } => self.origin = Some(*at),
            What::Phase(phase) => self.phase = *phase,
            What::Waiting { host, left, .. } => self.waiting = Some((*host, *left)),
            What::FlowBytes(bytes) if bytes.end == FlowEnd::Receiver && bytes.interval > Span::ZERO => {
                let mbits = bytes.bytes as f64 * 8.0 / bytes.interval.as_secs_f64() / 1e6;
                if let Some(rate) = self.flow(bytes.flow) {
                    rate.mbits = mbits;
                    rate.told = Some(event.at);
                }
            }
            What::FlowEnded(ended) => {
                if let Some(rate) = self.flow(ended.flow) {
                    rate.told = None;
                }
            }
            What::FlowFailed { flow, .. } => {
                self.failed += 1;
                if let Some(rate) = self.flow(*flow) {
                    rate.told = None;
                }
            }
            What::ProbeFailed { .. } | What::CollectorFailed { .. } => self.failed += 1,
            What::ProbeSent(_) => self.sent += 1,
            What::ProbeLost(_) => self.lost += 1,
            What::ProbeReply(reply) if !reply.duplicate => {
                self.round_trips.push_back((event.at, reply.round_trip()));
            }
            _ => {}
        }
        let oldest = self.now - LATENCY_WINDOW;
        while self.round_trips.front().is_some_and(|(at, _)| *at < oldest) {
            self.round_trips.pop_front();
        }
    }

    /// What the run is doing.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Since the origin of the plan's times; zero before it.
    pub fn elapsed(&self) -> Span {
        self.origin.map_or(Span::ZERO, |origin| (self.now - origin).max(Span::ZERO))
    }

    /// How long the run is planned to last.
    pub fn total(&self) -> Span {
        self.total
    }

    /// Goodput of all flows in that direction, Mbit/s, by what their receivers last told; `None` when the run has none.
    pub fn mbits(&self, direction: Direction) -> Option<f64> {
        let of_direction = || self.flows.iter().filter(move |flow| flow.direction == direction);
        of_direction().next()?;
        let fresh = |flow: &&FlowRate| flow.told.is_some_and(|told| self.now - told <= self.silence);
        // Not `sum`: that of nothing is minus zero.
        Some(of_direction().filter(fresh).fold(0.0, |sum, flow| sum + flow.mbits))
    }

    /// Mean round trip of all probes over the last second, milliseconds; `None` when none came back.
    pub fn latency_ms(&self) -> Option<f64> {
        let sum: f64 = self.round_trips.iter().map(|(_, span)| span.as_millis_f64()).sum();
        (!self.round_trips.is_empty()).then(|| sum / self.round_trips.len() as f64)
    }

    /// Probes taken for lost, of those sent.
    pub fn lost_of_sent(&self) -> (u64, u64) {
        (self.lost, self.sent)
    }

    /// Flows, probes and collectors that failed.
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// The far end that is waited for after the run, and for how long at the most.
    pub fn waiting(&self) -> Option<(HostId, Span)> {
        self.waiting
    }

    fn plan(&mut self, plan: &Plan) {
        self.total = plan.total_length();
        self.silence = SILENCE.max(plan.step().times(3));
        let rate = |direction| FlowRate { direction, mbits: 0.0, told: None };
        self.flows = plan.flows.iter().map(|flow| rate(flow.direction)).collect();
    }

    fn flow(&mut self, id: FlowId) -> Option<&mut FlowRate> {
        self.flows.get_mut(usize::from(id.0))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::event::{FlowBytes, ProbeReply, StampKind};
    use crate::plan::{FlowPlan, HostId, HostPlan, ProbeId, Settings};
    use crate::time::When;

    pub(crate) fn plan() -> Plan {
        let flow = |id, direction| FlowPlan {
            id: FlowId(id),
            series: format!("flow {id}"),
            direction,
            host: HostId(0),
            start: Span::ZERO,
            length: Span::from_millis(10_000),
            tos: None,
            cong_control: None,
            block: 1,
            payload: None,
            bytes: None,
            ip_version: None,
            local_bind: None,
            datagrams: None,
        };
        let host = HostPlan::named("far.example");
        Plan {
            settings: Settings {
                test: "mini".into(),
                hosts: vec![host.clone()],
                length_secs: 10.0,
                delay_secs: 5.0,
                step_secs: 0.2,
                title: String::new(),
                note: String::new(),
                ip_version: None,
                params: indexmap::IndexMap::new(),
                local_bind: None,
                seed: 0,
                options: crate::options::TestOptions::default(),
                observe: crate::Observe::default(),
            },
            purpose: String::new(),
            default_plot: String::new(),
            total_length_secs: 20.0,
            hosts: vec![host],
            host_names: vec![],
            series: vec![],
            flows: vec![flow(0, Direction::Up), flow(1, Direction::Up)],
            probes: vec![],
            collectors: vec![],
            fetches: vec![],
            notes: vec![],
            iterations: None,
        }
    }

    fn at(ms: i64) -> Time {
        Time(ms * 1_000_000)
    }

    fn told(flow: u16, end: FlowEnd, ms: i64, bytes: u64) -> Event {
        let interval = Span::from_millis(200);
        let counts = FlowBytes { flow: FlowId(flow), end, at: When::Here(at(ms)), interval, bytes };
        Event::new(at(ms), What::FlowBytes(counts))
    }

    fn reply(ms: i64, round_trip_ms: i64) -> Event {
        let reply = ProbeReply {
            probe: ProbeId(0),
            seq: 0,
            sent: at(ms - round_trip_ms),
            sent_kind: StampKind::Kernel,
            received: at(ms),
            received_kind: StampKind::Kernel,
            there: None,
            duplicate: false,
            late: false,
            tos_seen: None,
        };
        Event::new(at(ms), What::ProbeReply(reply))
    }

    fn progress(events: &[Event]) -> Progress {
        let mut progress = Progress::new();
        progress.observe(&Event::new(at(0), What::Plan(Box::new(plan()))));
        progress.observe(&Event::new(at(100), What::Origin { at: at(100) }));
        for event in events {
            progress.observe(event);
        }
        progress
    }

    #[test]
    fn rates_add_up_by_direction_and_only_receivers_count() {
        let found = progress(&[
            told(0, FlowEnd::Receiver, 1000, 250_000),
            told(1, FlowEnd::Receiver, 1100, 500_000),
            told(1, FlowEnd::Sender, 1100, 9_000_000),
        ]);
        assert_eq!(found.mbits(Direction::Up), Some(30.0));
        assert_eq!(found.mbits(Direction::Down), None, "no such flow in the plan");
        assert_eq!(found.elapsed(), Span::from_millis(1000), "since the origin");
        assert_eq!(found.total(), Span::from_millis(20_000));
    }

    #[test]
    fn a_flow_that_says_nothing_stands_still() {
        let found = progress(&[told(0, FlowEnd::Receiver, 1000, 250_000), told(1, FlowEnd::Receiver, 3000, 250_000)]);
        assert_eq!(found.mbits(Direction::Up), Some(10.0));
        let silent = progress(&[]).mbits(Direction::Up).map(f64::to_bits);
        assert_eq!(silent, Some(0.0_f64.to_bits()), "not minus zero");
    }

    #[test]
    fn latency_is_the_mean_of_the_last_second() {
        let found = progress(&[reply(500, 100), reply(2000, 10), reply(2500, 20)]);
        assert_eq!(found.latency_ms(), Some(15.0));
        assert_eq!(progress(&[]).latency_ms(), None);
    }
}
