//! [`History`]: what a run measured so far, in equal stretches of time, for a live view. From its events alone.

use fa_catalog::Direction;

use crate::event::{ClockSample, Event, FlowBytes, FlowEnd, What};
use crate::plan::{HostId, Plan};
use crate::time::{Span, Time, When};

/// Stretches that a run has at most: as many as the widest terminal has columns.
const MOST: i64 = 512;
/// No stretch is shorter: rates over less are those of buffers.
const SHORTEST: Span = Span::from_millis(200);

/// What was measured during one stretch of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stretch {
    /// Payload that receivers of downloads counted, bytes; `None` before the first was told.
    pub down_bytes: Option<f64>,
    /// The same of uploads.
    pub up_bytes: Option<f64>,
    /// Round trips of requests sent in it.
    pub round_trips: u32,
    /// Their sum, milliseconds.
    pub sum_ms: f64,
    /// The longest, milliseconds.
    pub most_ms: f64,
    /// Requests sent.
    pub sent: u32,
    /// Requests of those taken for lost.
    pub lost: u32,
}

impl Stretch {
    /// Two stretches as one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let sum = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => Some(a + b),
            (one, other) => one.or(other),
        };
        Self {
            down_bytes: sum(self.down_bytes, other.down_bytes),
            up_bytes: sum(self.up_bytes, other.up_bytes),
            round_trips: self.round_trips + other.round_trips,
            sum_ms: self.sum_ms + other.sum_ms,
            most_ms: self.most_ms.max(other.most_ms),
            sent: self.sent + other.sent,
            lost: self.lost + other.lost,
        }
    }

    /// Mean round trip, milliseconds.
    pub fn mean_ms(self) -> Option<f64> {
        (self.round_trips > 0).then(|| self.sum_ms / f64::from(self.round_trips))
    }

    fn bytes(&mut self, direction: Direction) -> &mut Option<f64> {
        match direction {
            Direction::Down => &mut self.down_bytes,
            Direction::Up => &mut self.up_bytes,
        }
    }
}

/// A run so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    test: String,
    hosts: Vec<String>,
    /// When load begins and ends, after the origin.
    load: Option<(Span, Span)>,
    total: Span,
    each: Span,
    origin: Option<Time>,
    stretches: Vec<Stretch>,
    /// Up to when receivers have told, after the origin: of downloads, of uploads.
    told: [Span; 2],
    /// Direction and host of each flow.
    flows: Vec<(Direction, HostId)>,
    /// By host: the exchange with the shortest round trip.
    clocks: Vec<Option<ClockSample>>,
}

impl History {
    /// A run that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one event.
    pub fn observe(&mut self, event: &Event) {
        match &event.what {
            What::Plan(plan) => self.plan(plan),
            What::Origin { at } => self.origin = Some(*at),
            What::Clock(sample) => {
                if let Some(best) = self.clocks.get_mut(usize::from(sample.host.0))
                    && best.is_none_or(|best| sample.round_trip() < best.round_trip())
                {
                    *best = Some(*sample);
                }
            }
            What::FlowBytes(bytes) if bytes.end == FlowEnd::Receiver => self.bytes(bytes, event.at),
            What::ProbeSent(sent) => self.change(sent.sent, |stretch| stretch.sent += 1),
            What::ProbeLost(lost) => self.change(lost.sent, |stretch| stretch.lost += 1),
            What::ProbeReply(reply) if !reply.duplicate => {
                let ms = reply.round_trip().as_millis_f64();
                self.change(reply.sent, |stretch| {
                    stretch.round_trips += 1;
                    stretch.sum_ms += ms;
                    stretch.most_ms = stretch.most_ms.max(ms);
                });
            }
            _ => {}
        }
    }

    /// The test's name.
    pub fn test(&self) -> &str {
        &self.test
    }

    /// Names of the hosts.
    pub fn hosts(&self) -> &[String] {
        &self.hosts
    }

    /// When load begins and ends, seconds after the origin; `None` without load.
    pub fn load_secs(&self) -> Option<(f64, f64)> {
        self.load.map(|(begin, end)| (begin.as_secs_f64(), end.as_secs_f64()))
    }

    /// Length of the run, seconds.
    pub fn total_secs(&self) -> f64 {
        self.total.as_secs_f64()
    }

    /// Seconds that each stretch lasts.
    pub fn each_secs(&self) -> f64 {
        self.each.as_secs_f64()
    }

    /// All stretches from the origin to the planned end.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// Whether the test has flows in that direction.
    pub fn has(&self, direction: Direction) -> bool {
        self.flows.iter().any(|(of, _)| *of == direction)
    }

    /// Up to when receivers of that direction have told their bytes, seconds after the origin.
    pub fn told_secs(&self, direction: Direction) -> f64 {
        self.told[direction as usize].as_secs_f64()
    }

    fn plan(&mut self, plan: &Plan) {
        self.test.clone_from(&plan.settings.test);
        self.hosts = plan.hosts.iter().map(|host| host.name.clone()).collect();
        self.total = plan.total_length();
        self.flows = plan.flows.iter().map(|flow| (flow.direction, flow.host)).collect();
        let load = || plan.flows.iter().filter(|flow| flow.is_load());
        let begin = load().map(|flow| flow.start).min();
        self.load = begin.zip(load().map(|flow| flow.start + flow.length).max());
        self.clocks = vec![None; plan.hosts.len()];
        self.each = SHORTEST.max(plan.step()).max(Span(self.total.0 / MOST));
        let count = (self.total.0 / self.each.0.max(1) + 1).clamp(1, MOST + 1);
        self.stretches = vec![Stretch::default(); count as usize];
    }

    /// Spreads an interval's bytes over the stretches that it touches.
    fn bytes(&mut self, told: &FlowBytes, at: Time) {
        let Some(&(direction, host)) = self.flows.get(usize::from(told.flow.0)) else { return };
        let end = match told.at {
            When::Here(time) => time,
            When::There(far) => match self.clocks.get(usize::from(host.0)) {
                Some(Some(best)) => Time(far.0.saturating_sub(best.ahead().0)),
                // Told a little after it happened.
                _ => at,
            },
        };
        let Some(origin) = self.origin else { return };
        let until = &mut self.told[direction as usize];
        *until = (*until).max(end - origin);
        let (begin, end) = ((end - told.interval - origin).0 as f64, (end - origin).0 as f64);
        let each = self.each.0.max(1) as f64;
        let (first, last) = ((begin / each).max(0.0) as usize, (end / each).max(0.0) as usize);
        for index in first..=last.min(self.stretches.len().saturating_sub(1)) {
            let from = begin.max(index as f64 * each);
            let to = end.min((index as f64 + 1.0) * each);
            let share = if end > begin { ((to - from) / (end - begin)).max(0.0) } else { 1.0 };
            let bytes = self.stretches[index].bytes(direction);
            *bytes = Some(bytes.unwrap_or(0.0) + share * told.bytes as f64);
        }
    }

    fn change(&mut self, at: Time, change: impl FnOnce(&mut Stretch)) {
        let Some(origin) = self.origin else { return };
        let index = (at - origin).0.max(0) / self.each.0.max(1);
        if let Some(stretch) = self.stretches.get_mut(index as usize) {
            change(stretch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ProbeReply, ProbeSent, StampKind};
    use crate::plan::{FlowId, ProbeId};
    use crate::progress::tests::plan;

    fn at(ms: i64) -> Time {
        Time(ms * 1_000_000)
    }

    fn history(events: impl IntoIterator<Item = (i64, What)>) -> History {
        let mut history = History::new();
        history.observe(&Event::new(at(0), What::Plan(Box::new(plan()))));
        history.observe(&Event::new(at(100), What::Origin { at: at(100) }));
        for (ms, what) in events {
            history.observe(&Event::new(at(ms), what));
        }
        history
    }

    #[test]
    fn an_intervals_bytes_are_spread_over_the_time_they_took() {
        let told = |ms, interval, bytes| {
            let interval = Span::from_millis(interval);
            let at = When::Here(at(ms));
            (ms, What::FlowBytes(FlowBytes { flow: FlowId(0), end: FlowEnd::Receiver, at, interval, bytes }))
        };
        // Stretches of 200 ms from the origin at 100 ms: 500 to 700 ms is the third, 700 to 900 the fourth.
        let found = history([told(800, 200, 1000)]);
        let up: Vec<_> = found.stretches()[..5].iter().map(|stretch| stretch.up_bytes).collect();
        assert_eq!(up, [None, None, Some(500.0), Some(500.0), None]);
        assert_eq!((found.each_secs(), found.total_secs()), (0.2, 20.0));
        assert!(found.has(Direction::Up) && !found.has(Direction::Down));
        assert_eq!((found.told_secs(Direction::Up), found.told_secs(Direction::Down)), (0.7, 0.0));
    }

    #[test]
    fn round_trips_and_losses_count_when_their_requests_left() {
        let sent = |ms| ProbeSent { probe: ProbeId(0), seq: 0, due: at(ms), sent: at(ms), refused: None };
        let reply = ProbeReply {
            probe: ProbeId(0),
            seq: 0,
            sent: at(150),
            sent_kind: StampKind::Kernel,
            received: at(450),
            received_kind: StampKind::Kernel,
            there: None,
            duplicate: false,
            late: false,
            tos_seen: None,
        };
        let found = history([(150, What::ProbeSent(sent(150))), (450, What::ProbeReply(reply))]);
        let first = found.stretches()[0];
        assert_eq!((first.sent, first.round_trips, first.mean_ms(), first.most_ms), (1, 1, Some(300.0), 300.0));
        let both = first.and(Stretch { up_bytes: Some(5.0), lost: 1, ..Stretch::default() });
        assert_eq!((both.up_bytes, both.down_bytes, both.lost, both.sent), (Some(5.0), None, 1, 1));
    }
}
