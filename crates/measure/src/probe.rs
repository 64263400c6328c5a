//! The probe engine: when to send, what the answers mean, and what was lost where.
//!
//! [`Probes`] holds all probes of a run. Requests go out by schedule: the n-th is due at `start + n · interval`, and when
//! the sender wakes up late it sends everything that has become due, one after the other, and tells how late it was; none
//! is skipped, because the one left out is the one that met the delay. Whoever owns the sockets calls
//! [`handle`](Probes::handle) and [`poll`](Probes::poll), as with [`Flows`](crate::flow::Flows).

use crate::event::{ProbeLost, ProbeReply, ProbeSent, ProbeTotals, Reflected, StampKind, What};
use crate::plan::{ProbeId, ProbeKind, ProbePlan};
use crate::reflect::Seen;
use crate::time::{Span, Time};
use crate::wire::Reply;
use fa_catalog::Direction;
use std::collections::VecDeque;

/// A request without an answer for so long is told as lost; a later answer corrects that.
pub const LOST_AFTER: Span = Span::from_millis(5_000);

/// Shortest wait for answers after the last request.
const LINGER: Span = Span::from_millis(500);

/// How much later than the end of the call a stamp may be for the clocks' sake.
const KEPT: Span = Span::from_micros(100);

/// Answers later than this after their request are no longer matched: bounds the memory of long runs.
const FORGET_AFTER: Span = Span::from_millis(120_000);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Request `seq` was handed to the kernel, or refused with this error number.
    Sent {
        /// Which request.
        seq: u32,
        /// What the kernel said.
        refused: Option<i32>,
    },
    /// The system call that sent a request came back; after [`Input::Sent`].
    Returned {
        /// Which request.
        seq: u32,
        /// When.
        at: Time,
    },
    /// The kernel's stamp of a request's sending.
    Stamped {
        /// Which request.
        seq: u32,
        /// When it left.
        at: Time,
    },
    /// An answer from our own reflector.
    Reply {
        /// The datagram.
        reply: Reply,
        /// Its arrival.
        at: Time,
        /// Who stamped that.
        kind: StampKind,
        /// TOS byte it arrived with, where the kernel told.
        tos: Option<u8>,
    },
    /// An ICMP echo reply.
    Echo {
        /// Which request.
        seq: u32,
        /// Its arrival.
        at: Time,
        /// Who stamped that.
        kind: StampKind,
        /// TOS byte it arrived with, where the kernel told.
        tos: Option<u8>,
    },
    /// Our receive queue has dropped so many datagrams in all.
    Dropped(u32),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send request `seq` now, then answer with [`Input::Sent`].
    Send {
        /// Which probe.
        probe: ProbeId,
        /// Which request.
        seq: u32,
    },
    /// Tell.
    Event(What),
    /// Nothing to do before this moment unless something arrives.
    WaitUntil(Time),
    /// All requests are sent and answered, or given up.
    Done,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    sent: Time,
    stamped: Option<Time>,
    /// When the call that sent it came back; never, where nobody says.
    returned: Time,
    answered: bool,
    told_lost: bool,
    /// What later replies say about this request's arrival at the reflector.
    arrived: Option<bool>,
}

#[derive(Debug)]
struct Probe {
    id: ProbeId,
    kind: ProbeKind,
    start: Time,
    interval: Span,
    count: u32,
    next: u32,
    /// A `Send` is out and not yet confirmed.
    sending: Option<Time>,
    /// Requests from `base` on.
    window: VecDeque<Request>,
    base: u32,
    /// First request not yet looked at for loss.
    loss_at: u32,
    highest_answer: Option<u32>,
    longest: Span,
    last_sent: Time,
    totals: ProbeTotals,
    /// Requests told as lost without knowing where.
    unplaced: Vec<(u32, Time)>,
    failed: bool,
    lost_after: Span,
}

/// All probes of a run.
#[derive(Debug, Default)]
pub struct Probes {
    list: Vec<Probe>,
    out: VecDeque<Output>,
    due: Time,
    stopped: bool,
}

impl Probes {
    /// An engine without probes.
    pub fn new() -> Self {
        Self { due: Time(i64::MIN), ..Self::default() }
    }

    /// Takes a probe; its first request is due at `origin + plan.start`. Probes of one engine keep the order of adding.
    pub fn add(&mut self, plan: &ProbePlan, origin: Time) {
        let start = origin + plan.start;
        self.list.push(Probe {
            id: plan.id,
            kind: plan.kind,
            start,
            interval: plan.interval.max(Span::from_micros(100)),
            count: plan.count(),
            next: 0,
            sending: None,
            window: VecDeque::new(),
            base: 0,
            loss_at: 0,
            highest_answer: None,
            longest: Span::ZERO,
            last_sent: start,
            totals: ProbeTotals { probe: plan.id, ..ProbeTotals::default() },
            unplaced: Vec::new(),
            failed: false,
            lost_after: plan.lost_after.unwrap_or(LOST_AFTER),
        });
        self.due = self.due.min(start);
    }

    /// No more requests; what is under way is still waited for.
    pub fn stop(&mut self) {
        self.stopped = true;
        for probe in &mut self.list {
            probe.count = probe.next;
        }
        self.due = Time(i64::MIN);
    }

    /// A probe cannot go on: its socket is gone.
    pub fn fail(&mut self, id: ProbeId, error: String, hint: Option<String>) {
        if let Some(probe) = self.list.iter_mut().find(|p| p.id == id && !p.failed) {
            probe.failed = true;
            probe.count = probe.next;
            self.out.push_back(Output::Event(What::ProbeFailed { probe: id, error, hint }));
            self.due = Time(i64::MIN);
        }
    }

    /// The connection of a probe was closed by the other end: a failure, unless all its answers are there.
    pub fn closed(&mut self, id: ProbeId, now: Time) {
        let waits = |probe: &&Probe| probe.id == id && probe.looks_again(now).is_some();
        if self.list.iter().any(|probe| waits(&probe)) {
            self.fail(id, "the other end closed the connection".into(), None);
        }
    }

    /// Takes note of what happened to a probe at `now`.
    pub fn handle(&mut self, id: ProbeId, input: Input, now: Time) {
        let Some(probe) = self.list.iter_mut().find(|p| p.id == id) else { return };
        match input {
            Input::Sent { seq, refused } => {
                let Some(due) = probe.sending.take() else { return };
                probe.totals.sent += 1;
                probe.last_sent = now;
                probe.window.push_back(Request {
                    sent: now,
                    stamped: None,
                    returned: Time::NEVER - KEPT,
                    answered: false,
                    told_lost: refused.is_some(),
                    arrived: None,
                });
                let sent = ProbeSent { probe: id, seq, due, sent: now, refused };
                self.out.push_back(Output::Event(What::ProbeSent(sent)));
                if refused.is_some() {
                    let direction = Some(Direction::Up);
                    let lost = ProbeLost { probe: id, seq, sent: now, direction };
                    self.out.push_back(Output::Event(What::ProbeLost(lost)));
                }
            }
            Input::Returned { seq, at } => {
                if let Some(request) = probe.request(seq) {
                    request.returned = at;
                }
            }
            Input::Stamped { seq, at } => {
                // A stamp after the call means that the kernel kept the request, because the next hop's address was
                // not known or the link was down: that wait is the path's, and the stamp would hide it.
                if let Some(request) = probe.request(seq).filter(|request| at <= request.returned + KEPT) {
                    request.stamped = Some(at);
                }
            }
            Input::Reply { reply, at, kind, tos } => {
                probe.learn(&reply);
                probe.answer(reply.seq, Some(reply.there), (at, kind, tos), &mut self.out);
            }
            Input::Echo { seq, at, kind, tos } => probe.answer(seq, None, (at, kind, tos), &mut self.out),
            Input::Dropped(total) => probe.totals.dropped_here = u64::from(total),
        }
        if probe.next == probe.count {
            // It may have been the last answer waited for.
            self.due = now;
        }
    }

    /// What to do next. Call it until it answers [`Output::WaitUntil`] or [`Output::Done`].
    pub fn poll(&mut self, now: Time) -> Output {
        if let Some(output) = self.out.pop_front() {
            return output;
        }
        if now < self.due {
            return Output::WaitUntil(self.due);
        }
        let mut next = Time::NEVER;
        for probe in &mut self.list {
            if probe.next < probe.count {
                let due = probe.start + probe.interval.times(i64::from(probe.next));
                if due <= now && probe.sending.is_none() {
                    let seq = probe.next;
                    probe.next += 1;
                    probe.sending = Some(due);
                    return Output::Send { probe: probe.id, seq };
                }
                next = next.min(due);
            }
            probe.find_losses(now, &mut self.out);
            if let Some(at) = probe.looks_again(now) {
                next = next.min(at);
            }
        }
        // With something to tell first, whether all is done is asked again when that is told.
        self.due = if self.out.is_empty() { next } else { now };
        match self.out.pop_front() {
            Some(output) => output,
            None if next == Time::NEVER => Output::Done,
            None => Output::WaitUntil(next),
        }
    }

    /// The end: tells every request still without an answer as lost, tells again those whose direction is known now by what the
    /// reflectors saw, and gives each probe's totals.
    ///
    /// - `seen`: the reflector's counts of a probe; `None` where there is none to ask.
    pub fn finish(&mut self, mut seen: impl FnMut(ProbeId) -> Option<Seen>) -> Vec<What> {
        let mut told = Vec::new();
        for probe in &mut self.list {
            let seen = if probe.kind.needs_server() { seen(probe.id) } else { None };
            let mut lost = std::mem::take(&mut probe.unplaced);
            let told_before = lost.len();
            for (i, request) in probe.window.iter_mut().enumerate() {
                if !request.answered && !request.told_lost {
                    request.told_lost = true;
                    lost.push((probe.base + i as u32, request.sent));
                }
            }
            for (i, (seq, sent)) in lost.into_iter().enumerate() {
                let arrived = seen.as_ref().and_then(|s| s.has(seq)).or_else(|| probe.request(seq)?.arrived);
                let direction = arrived.map(direction_of);
                if i < told_before && direction.is_none() {
                    continue;
                }
                told.push(What::ProbeLost(ProbeLost { probe: probe.id, seq, sent, direction }));
            }
            if let Some(seen) = seen {
                probe.totals.received_there = Some(seen.received);
                probe.totals.duplicates_up = Some(seen.duplicates);
                probe.totals.reordered_up = Some(seen.reordered);
                probe.totals.dropped_there = Some(seen.dropped);
            }
            told.push(What::ProbeTotals(probe.totals));
        }
        told
    }
}

/// Where a request without an answer was lost, from whether it arrived.
const fn direction_of(arrived: bool) -> Direction {
    if arrived { Direction::Down } else { Direction::Up }
}

impl Probe {
    fn request(&mut self, seq: u32) -> Option<&mut Request> {
        self.window.get_mut(seq.checked_sub(self.base)? as usize)
    }

    /// Notes what a reply's window tells about earlier requests.
    fn learn(&mut self, reply: &Reply) {
        for i in 1..64 {
            let Some(seq) = reply.seq.checked_sub(i) else { break };
            let Some(request) = self.request(seq) else { break };
            if !request.answered {
                request.arrived = Some(reply.window >> i & 1 == 1);
            }
        }
    }

    fn answer(
        &mut self,
        seq: u32,
        there: Option<Reflected>,
        (at, kind, tos_seen): (Time, StampKind, Option<u8>),
        out: &mut VecDeque<Output>,
    ) {
        let (id, late) = (self.id, self.highest_answer.is_some_and(|h| h > seq));
        let Some(request) = self.request(seq) else { return };
        let duplicate = request.answered;
        request.answered = true;
        let (sent, sent_kind) = match request.stamped {
            Some(stamped) => (stamped, StampKind::Kernel),
            None => (request.sent, StampKind::Program),
        };
        if duplicate {
            self.totals.duplicates += 1;
        } else {
            self.totals.received += 1;
            self.totals.reordered += u64::from(late);
            self.highest_answer = self.highest_answer.max(Some(seq));
            self.unplaced.retain(|&(lost, _)| lost != seq);
        }
        let reply = ProbeReply {
            probe: id,
            seq,
            sent,
            sent_kind,
            received: at,
            received_kind: kind,
            there,
            duplicate,
            late,
            tos_seen,
        };
        self.longest = self.longest.max(reply.round_trip());
        out.push_back(Output::Event(What::ProbeReply(reply)));
    }

    /// Tells requests that have been out too long, and forgets those that nobody can answer any more.
    fn find_losses(&mut self, now: Time, out: &mut VecDeque<Output>) {
        while let Some(&request) = self.loss_at.checked_sub(self.base).and_then(|i| self.window.get(i as usize)) {
            if !request.answered && now < request.sent + self.lost_after {
                break;
            }
            if !request.answered && !request.told_lost {
                let (probe, seq) = (self.id, self.loss_at);
                let direction = request.arrived.map(direction_of);
                if direction.is_none() {
                    self.unplaced.push((seq, request.sent));
                }
                if let Some(request) = self.request(seq) {
                    request.told_lost = true;
                }
                out.push_back(Output::Event(What::ProbeLost(ProbeLost { probe, seq, sent: request.sent, direction })));
            }
            self.loss_at += 1;
        }
        while self.base < self.loss_at && self.window.front().is_some_and(|r| now >= r.sent + FORGET_AFTER) {
            self.window.pop_front();
            self.base += 1;
        }
    }

    /// When to look for losses again; `None` when this probe is done.
    fn looks_again(&self, now: Time) -> Option<Time> {
        if self.next < self.count || self.sending.is_some() {
            return Some(now + Span::from_millis(1_000));
        }
        if self.window.iter().skip((self.loss_at - self.base) as usize).all(|r| r.answered || r.told_lost) {
            return None;
        }
        // After the last request: as long as the slowest answers took, and then some.
        let give_up = self.last_sent + self.longest.times(3).max(LINGER).min(self.lost_after);
        (now < give_up).then_some(give_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::HostId;
    use crate::time::FarTime;

    const MS: i64 = 1_000_000;

    fn at(ms: i64) -> Time {
        Time(ms * MS)
    }

    fn plan(length_ms: i64) -> ProbePlan {
        ProbePlan {
            id: ProbeId(0),
            series: "Ping".into(),
            kind: ProbeKind::Udp,
            host: HostId(0),
            start: Span::ZERO,
            length: Span::from_millis(length_ms),
            interval: Span::from_millis(10),
            tos: None,
            ip_version: None,
            local_bind: None,
            payload: None,
            call: false,
            lost_after: None,
        }
    }

    fn engine(length_ms: i64) -> Probes {
        let mut probes = Probes::new();
        probes.add(&plan(length_ms), at(0));
        probes
    }

    /// Does what the engine says at `now`, sending in no time; returns events and when it wants to wake up.
    fn drive(probes: &mut Probes, now: Time) -> (Vec<What>, Option<Time>) {
        let mut events = Vec::new();
        loop {
            match probes.poll(now) {
                Output::Send { probe, seq } => probes.handle(probe, Input::Sent { seq, refused: None }, now),
                Output::Event(what) => events.push(what),
                Output::WaitUntil(next) => return (events, Some(next)),
                Output::Done => return (events, None),
            }
        }
    }

    fn reply(seq: u32, window: u64) -> Reply {
        let there = Reflected {
            received: FarTime(1_000),
            received_kind: StampKind::Kernel,
            sent: FarTime(1_000 + MS),
            tos_seen: None,
        };
        Reply { session: 0, seq, there, received: 0, duplicates: 0, window, reordered: 0, dropped: 0 }
    }

    #[test]
    fn a_connection_may_close_when_all_is_answered_and_not_before() {
        for answered in [false, true] {
            let mut probes = engine(10);
            drive(&mut probes, at(0));
            drive(&mut probes, at(10));
            for seq in 0..if answered { 2 } else { 1 } {
                let reply = reply(seq, 1);
                let input = Input::Reply { reply, at: at(11), kind: StampKind::Kernel, tos: None };
                probes.handle(ProbeId(0), input, at(11));
            }
            probes.closed(ProbeId(0), at(12));
            let (told, _) = drive(&mut probes, at(12));
            assert_eq!(told.iter().any(|what| matches!(what, What::ProbeFailed { .. })), !answered);
        }
    }

    #[test]
    fn a_late_wake_up_sends_everything_that_became_due() {
        let mut probes = engine(100);
        let (events, next) = drive(&mut probes, at(35));
        let lateness: Vec<i64> = events
            .iter()
            .filter_map(|e| match e {
                What::ProbeSent(s) => Some((s.sent - s.due).0 / MS),
                _ => None,
            })
            .collect();
        assert_eq!(lateness, [35, 25, 15, 5]);
        assert_eq!(next, Some(at(40)));
    }

    #[test]
    fn a_request_that_the_kernel_kept_counts_from_when_it_was_handed_over() {
        let round_trip = |stamp| {
            let mut probes = engine(0);
            drive(&mut probes, at(0));
            probes.handle(ProbeId(0), Input::Returned { seq: 0, at: Time(20_000) }, at(1));
            probes.handle(ProbeId(0), Input::Stamped { seq: 0, at: stamp }, at(1));
            let arrived = at(2000);
            let input = Input::Echo { seq: 0, at: arrived, kind: StampKind::Kernel, tos: None };
            probes.handle(ProbeId(0), input, arrived);
            let (events, _) = drive(&mut probes, arrived);
            events
                .iter()
                .find_map(|e| if let What::ProbeReply(r) = e { Some((r.round_trip(), r.sent_kind)) } else { None })
        };
        assert_eq!(round_trip(Time(15_000)), Some((Span(2000 * MS - 15_000), StampKind::Kernel)));
        // Two seconds in the kernel's own queue, waiting for the link: as ping would say.
        assert_eq!(round_trip(at(1999)), Some((Span(2000 * MS), StampKind::Program)));
    }

    #[test]
    fn round_trips_leave_out_the_reflectors_own_time() {
        let mut probes = engine(0);
        drive(&mut probes, at(0));
        probes.handle(ProbeId(0), Input::Stamped { seq: 0, at: Time(10_000) }, at(1));
        probes.handle(
            ProbeId(0),
            Input::Reply { reply: reply(0, 1), at: at(3), kind: StampKind::Kernel, tos: None },
            at(4),
        );
        let (events, next) = drive(&mut probes, at(4));
        let [What::ProbeReply(r)] = events[..] else { panic!("{events:?}") };
        // 3 ms − 10 µs, less the 1 ms that the reflector held it.
        assert_eq!(r.round_trip(), Span(2 * MS - 10_000));
        assert_eq!(next, None, "one request, one answer: done at once");
    }

    #[test]
    fn a_loss_that_is_told_last_ends_the_probe() {
        let mut probes = Probes::new();
        probes.add(&ProbePlan { lost_after: Some(Span::from_millis(50)), ..plan(0) }, at(0));
        assert_eq!(drive(&mut probes, at(0)).1, Some(at(50)));
        let (told, next) = drive(&mut probes, at(50));
        assert!(matches!(told[..], [What::ProbeLost(_)]), "{told:?}");
        assert_eq!(next, None, "done, and not waiting for ever");
    }

    #[test]
    fn reordering_is_not_loss_and_duplicates_count_once() {
        let mut probes = engine(20);
        drive(&mut probes, at(20));
        for (seq, window) in [(1, 3), (0, 1), (1, 3), (2, 7)] {
            let input = Input::Reply { reply: reply(seq, window), at: at(25), kind: StampKind::Kernel, tos: None };
            probes.handle(ProbeId(0), input, at(25));
        }
        drive(&mut probes, at(25));
        let told = probes.finish(|_| None);
        let [What::ProbeTotals(totals)] = told[..] else { panic!("{told:?}") };
        assert_eq!((totals.sent, totals.received, totals.duplicates, totals.reordered), (3, 3, 1, 1));
    }

    #[test]
    fn losses_have_a_direction_from_later_replies() {
        let mut probes = engine(30);
        drive(&mut probes, at(30));
        // Of 0..3 the reflector got 0, 1 and 3 (bits 3, 2 and 0), and only 0 and 3 were answered.
        for (seq, window) in [(0, 1), (3, 0b1101)] {
            let input = Input::Reply { reply: reply(seq, window), at: at(31), kind: StampKind::Kernel, tos: None };
            probes.handle(ProbeId(0), input, at(31));
        }
        let (events, _) = drive(&mut probes, at(30) + LOST_AFTER);
        let lost: Vec<_> = events
            .iter()
            .filter_map(|e| match e {
                What::ProbeLost(l) => Some((l.seq, l.direction)),
                _ => None,
            })
            .collect();
        assert_eq!(lost, [(1, Some(Direction::Down)), (2, Some(Direction::Up))]);
    }

    #[test]
    fn losses_without_any_reply_get_their_direction_from_the_reflectors_counts() {
        let mut probes = engine(10);
        drive(&mut probes, at(10));
        let (events, _) = drive(&mut probes, at(10) + LOST_AFTER);
        assert_eq!(events.len(), 2, "{events:?}");
        let seen = Seen { received: 1, highest: Some(1), gaps: vec![(0, 0)], ..Seen::default() };
        let mut unseen = engine(10);
        drive(&mut unseen, at(10));
        drive(&mut unseen, at(10) + LOST_AFTER);
        let told = unseen.finish(|_| None);
        assert!(!told.iter().any(|e| matches!(e, What::ProbeLost(_))), "told already: {told:?}");
        let told = probes.finish(|_| Some(seen.clone()));
        let directions: Vec<_> = told
            .iter()
            .filter_map(|e| match e {
                What::ProbeLost(l) => l.direction,
                _ => None,
            })
            .collect();
        assert_eq!(directions, [Direction::Up, Direction::Down]);
    }

    #[test]
    fn ten_seconds_without_answers_do_not_stop_the_schedule() {
        let mut probes = engine(10_000);
        let mut now = at(0);
        let mut sent = 0;
        let mut lost = 0;
        loop {
            let (events, next) = drive(&mut probes, now);
            sent += events.iter().filter(|e| matches!(e, What::ProbeSent(_))).count();
            lost += events.iter().filter(|e| matches!(e, What::ProbeLost(_))).count();
            let Some(next) = next else { break };
            assert!(next > now);
            now = next;
        }
        lost += probes.finish(|_| None).iter().filter(|e| matches!(e, What::ProbeLost(_))).count();
        assert_eq!(sent, 1001);
        assert!(lost >= 1001, "each told at least once: {lost}");
    }

    #[test]
    fn without_probes_there_is_nothing_to_wait_for() {
        assert_eq!(Probes::new().poll(at(0)), Output::Done);
    }

    #[test]
    fn a_refused_request_is_lost_here() {
        let mut probes = engine(0);
        assert_eq!(probes.poll(at(0)), Output::Send { probe: ProbeId(0), seq: 0 });
        probes.handle(ProbeId(0), Input::Sent { seq: 0, refused: Some(105) }, at(0));
        let (events, next) = drive(&mut probes, at(0));
        assert!(matches!(events[..], [What::ProbeSent(_), What::ProbeLost(_)]), "{events:?}");
        assert_eq!(next, None);
    }
}
