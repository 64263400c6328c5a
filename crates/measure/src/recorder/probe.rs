//! One probe: round trips, one-way delays, losses by direction. Its samples: [`super::probe_sample`].

use std::collections::BTreeMap;

use fa_catalog::Direction;
use fa_format::RawValue;
use serde_json::{Map, Value};

use super::below_zero::BelowZero;
use super::probe_sample::{Delay, Outcome, Sample};
use super::steps::Bins;
use super::summary::Summary;
use super::{Clocks, Measured};
use crate::align::Samples;
use crate::clock_offset::Exchange;
use crate::event::{ProbeLost, ProbeReply, ProbeSent, ProbeTotals, StampKind};
use crate::plan::{ProbeKind, ProbePlan};
use crate::time::{Span, Time};

/// A far end that has a request for longer than this is worth a word: sound ones take microseconds.
const SLOW: Span = Span::from_millis(250);

/// What was told about a probe.
#[derive(Debug, Default)]
pub(super) struct ProbeRecord {
    requests: BTreeMap<u32, Request>,
    /// Answers to requests that had one already.
    duplicates: u64,
    pub(super) totals: Option<ProbeTotals>,
    pub(super) error: Option<String>,
}

/// One request and what became of it.
#[derive(Debug, Clone, Copy)]
struct Request {
    sent: Time,
    /// How late it left; `None` when its sending was not told.
    lateness: Option<Span>,
    fate: Fate,
}

#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Nothing is known yet.
    Open,
    /// Our own kernel did not take it.
    Refused,
    /// Taken for lost, on the way that is named.
    Lost(Option<Direction>),
    Answered(ProbeReply),
}

impl ProbeRecord {
    /// How many requests left later than `limit` after they were due, and how many are known to have left.
    pub(super) fn later_than(&self, limit: Span) -> (usize, usize) {
        let known = || self.requests.values().filter_map(|request| request.lateness);
        (known().filter(|&lateness| lateness > limit).count(), known().count())
    }

    pub(super) fn sent(&mut self, event: &ProbeSent) {
        let fate = if event.refused.is_some() { Fate::Refused } else { Fate::Open };
        let lateness = Some(event.sent - event.due);
        let request = self.requests.entry(event.seq).or_insert(Request { sent: event.sent, lateness, fate });
        request.lateness = lateness;
    }

    pub(super) fn reply(&mut self, event: &ProbeReply) {
        let open = Request { sent: event.sent, lateness: None, fate: Fate::Open };
        let request = self.requests.entry(event.seq).or_insert(open);
        if event.duplicate || matches!(request.fate, Fate::Answered(_)) {
            self.duplicates += 1;
        } else {
            // Also when it was taken for lost: a late answer is an answer.
            request.fate = Fate::Answered(*event);
        }
    }

    pub(super) fn lost(&mut self, event: &ProbeLost) {
        let open = Request { sent: event.sent, lateness: None, fate: Fate::Open };
        let request = self.requests.entry(event.seq).or_insert(open);
        if matches!(request.fate, Fate::Open | Fate::Lost(_)) {
            request.fate = Fate::Lost(event.direction);
        }
    }

    /// Says so when the far end took long to answer.
    pub(super) fn slow_far_end(&self, name: &str) -> Option<String> {
        let (late, worst) = self
            .replies()
            .filter_map(ProbeReply::held)
            .filter(|&held| held > SLOW)
            .fold((0_u64, Span::ZERO), |(late, worst), held| (late + 1, worst.max(held)));
        (late > 0).then(|| {
            let worst = worst.as_millis_f64();
            format!(
                "{name}: the far end had {late} requests for up to {worst:.0} ms before answering; it was overloaded or \
                 stood still. That time is not in the round trips"
            )
        })
    }

    fn replies(&self) -> impl Iterator<Item = &ProbeReply> {
        self.requests.values().filter_map(|request| match &request.fate {
            Fate::Answered(reply) => Some(reply),
            _ => None,
        })
    }

    /// Stamps of both hosts, for the relation of their clocks.
    pub(super) fn exchanges(&self) -> impl Iterator<Item = Exchange> {
        self.replies().filter_map(ProbeReply::exchange)
    }

    pub(super) fn measured(&self, plan: &ProbePlan, clocks: &Clocks) -> Measured {
        let clock = clocks.of(plan.host);
        let mut measured = Measured { expects_values: true, ..Measured::default() };
        let mut delays = Delays::default();
        let mut before: Option<(u32, Delay)> = None;
        for (&seq, request) in &self.requests {
            let outcome = match &request.fate {
                Fate::Answered(reply) => {
                    let delay = Delay::of(reply, clock);
                    let previous = before.filter(|(last, _)| last.checked_add(1) == Some(seq)).map(|(_, delay)| delay);
                    before = Some((seq, delay));
                    delays.push(delay, previous);
                    Outcome::Answered { reply, delay, previous }
                }
                Fate::Lost(direction) => Outcome::Lost(direction_text(*direction)),
                Fate::Refused => Outcome::Lost(Some("other")),
                Fate::Open => continue,
            };
            let sample = Sample { kind: plan.kind, seq, sent: request.sent, lateness: request.lateness, outcome };
            measured.entries.push(sample.entry(clocks));
        }
        measured.entries.sort_by(|a, b| a.t.total_cmp(&b.t));
        let mut samples = Samples::default();
        for entry in &measured.entries {
            if let Some((_, RawValue::Float(value))) = entry.values.iter().find(|(key, _)| *key == "val") {
                samples.push(entry.t, *value);
            }
        }
        if plan.call {
            measured.expects_values = false;
            measured.columns = self.call(plan, clocks);
        } else if !samples.t.is_empty() {
            measured.columns.push((None, samples));
        }
        measured.meta = self.meta(plan, &delays);
        measured.below_zero = delays.below_zero;
        let silent = || (delays.round_trip.is_empty()).then(|| "no answer at all".to_owned());
        measured.failure = self.error.clone().or_else(silent);
        measured
    }

    /// A call made of round trips, per step of arrival at the far end: as [`super::datagram`] has it, of the packets that
    /// were answered.
    fn call(&self, plan: &ProbePlan, clocks: &Clocks) -> Vec<(Option<String>, Samples)> {
        let clock = clocks.of(plan.host);
        let size = plan.payload.unwrap_or(crate::wire::LEN as u32);
        let mut arrivals: Vec<(Time, u32, Span, Span)> = self
            .requests
            .iter()
            .filter_map(|(&seq, request)| match &request.fate {
                Fate::Answered(reply) => {
                    let there = reply.there?;
                    let (up, _) = clock.both_ways(&reply.exchange()?);
                    Some((clocks.far(there.received, plan.host), seq, up, reply.round_trip()))
                }
                _ => None,
            })
            .collect();
        arrivals.sort_unstable_by_key(|&(at, seq, ..)| (at, seq));
        let sent = || self.requests.values().map(|request| request.sent);
        let sent_for = sent().max().zip(sent().min()).map_or(Span::ZERO, |(last, first)| last - first + plan.interval);
        let mut bins = Bins::new(clocks.step_secs);
        for (at, seq, up, round_trip) in arrivals {
            let t = clocks.unix_secs(at);
            bins.arrived(t, seq.into(), size, up.as_millis_f64());
            bins.round_trip(t, round_trip.as_millis_f64());
        }
        let open = self.requests.values().filter(|r| matches!(r.fate, Fate::Open)).count();
        bins.sent((self.requests.len() - open) as u64);
        bins.columns(false, sent_for.as_secs_f64())
    }

    fn meta(&self, plan: &ProbePlan, delays: &Delays) -> Map<String, Value> {
        let count = |wanted: fn(&Fate) -> bool| self.requests.values().filter(|r| wanted(&r.fate)).count() as u64;
        let lost_up = count(|fate| matches!(fate, Fate::Lost(Some(Direction::Up))));
        let lost_down = count(|fate| matches!(fate, Fate::Lost(Some(Direction::Down))));
        let lost_unknown = count(|fate| matches!(fate, Fate::Lost(None)));
        let lost_here = count(|fate| matches!(fate, Fate::Refused));
        let open = count(|fate| matches!(fate, Fate::Open));
        let received = delays.round_trip.len() as u64;
        // Requests whose answer may still be on its way are neither received nor lost.
        let sent = self.requests.len() as u64 - open;
        let totals = self.totals;
        let round_trip = Summary::of(delays.round_trip.iter().copied());
        let lateness = self.requests.values().filter_map(|r| r.lateness).map(Span::as_millis_f64);
        let lateness = Summary::of(lateness);
        let mean = |values: &[f64]| Value::from(Summary::of(values.iter().copied()).map(|summary| summary.mean));
        let tos_seen = self.replies().filter_map(|reply| reply.there?.tos_seen).last();
        let tos_seen_here = self.replies().filter_map(|reply| reply.tos_seen).last();
        let held = Summary::of(self.replies().filter_map(ProbeReply::held).map(Span::as_millis_f64));
        let program_stamps = self.replies().filter(|r| r.uses_program_stamps()).count();
        let mut entries = vec![
            ("MEAN_VALUE", Value::from(round_trip.map(|s| s.mean))),
            ("MIN_VALUE", Value::from(round_trip.map(|s| s.min))),
            ("MAX_VALUE", Value::from(round_trip.map(|s| s.max))),
            ("PACKETS_SENT", Value::from(sent)),
            ("PACKETS_RECEIVED", Value::from(received)),
            ("PACKET_LOSS_RATE", Value::from((sent > 0).then(|| (sent - received) as f64 / sent as f64))),
            ("LOST_UP", Value::from(lost_up)),
            ("LOST_DOWN", Value::from(lost_down)),
            ("LOST_UNKNOWN", Value::from(lost_unknown)),
            ("LOST_HERE", Value::from(lost_here)),
            ("DUPLICATES", Value::from(totals.map_or(self.duplicates, |t| t.duplicates))),
            ("DUPLICATES_UP", Value::from(totals.and_then(|t| t.duplicates_up))),
            (
                "REORDERED",
                Value::from(totals.map_or(self.replies().filter(|r| r.late).count() as u64, |t| t.reordered)),
            ),
            ("REORDERED_UP", Value::from(totals.and_then(|t| t.reordered_up))),
            ("DROPPED_HERE", Value::from(totals.map(|t| t.dropped_here))),
            ("DROPPED_THERE", Value::from(totals.and_then(|t| t.dropped_there))),
            ("LATENESS_MEAN", Value::from(lateness.map(|s| s.mean))),
            ("LATENESS_P99", Value::from(lateness.map(|s| s.p99))),
            ("LATENESS_MAX", Value::from(lateness.map(|s| s.max))),
            ("HELD_MEDIAN", Value::from(held.map(|s| s.median))),
            ("HELD_P99", Value::from(held.map(|s| s.p99))),
            ("HELD_MAX", Value::from(held.map(|s| s.max))),
            ("PROGRAM_STAMPS", Value::from(program_stamps)),
            ("UPSTREAM_TOS", Value::from(plan.tos.map_or(0, |(up, _)| up))),
            ("DOWNSTREAM_TOS", Value::from(plan.tos.map_or(0, |(_, down)| down))),
            ("UPSTREAM_TOS_SEEN", Value::from(tos_seen)),
            ("DOWNSTREAM_TOS_SEEN", Value::from(tos_seen_here)),
            ("PAYLOAD", Value::from(plan.payload)),
        ];
        if open > 0 {
            entries.push(("UNANSWERED", Value::from(open)));
        }
        if let Some(untold) = totals.map(|t| t.sent.abs_diff(sent + open)).filter(|&untold| untold > 0) {
            entries.push(("EVENTS_MISSING", Value::from(untold)));
        }
        if plan.kind == ProbeKind::Udp {
            let left = self.requests.values().filter(|r| !matches!(r.fate, Fate::Refused)).map(|r| r.sent);
            let arrived = self.replies().map(|reply| reply.received);
            let bits = f64::from(plan.payload.unwrap_or(crate::wire::LEN as u32)) * 8.0;
            let mbits = |per_sec: f64| Value::from(per_sec * bits / 1e6);
            entries.extend([
                ("SEND_RATE", per_sec(left).map_or(Value::Null, mbits)),
                ("RECEIVE_RATE", per_sec(arrived).map_or(Value::Null, mbits)),
            ]);
        }
        if plan.kind.needs_server() {
            entries.extend([
                ("RTT_MEAN", Value::from(round_trip.map(|s| s.mean))),
                ("RTT_MEDIAN", Value::from(round_trip.map(|s| s.median))),
                ("RTT_MIN", Value::from(round_trip.map(|s| s.min))),
                ("RTT_MAX", Value::from(round_trip.map(|s| s.max))),
                ("OWD_UP_MEAN", mean(&delays.up)),
                ("OWD_DOWN_MEAN", mean(&delays.down)),
                ("OWD_BOUND", Value::from(delays.bound_ms)),
                ("OWD_NEGATIVE", Value::from(delays.below_zero.count())),
                ("IPDV_MEAN", mean(&delays.variation)),
                ("IPDV_UP_MEAN", mean(&delays.variation_up)),
                ("IPDV_DOWN_MEAN", mean(&delays.variation_down)),
            ]);
        }
        let told = entries.into_iter().filter(|(key, value)| !value.is_null() || *key == "MEAN_VALUE");
        told.map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// How many per second: all but the first, over the time from the first to the last; `None` of fewer than two.
fn per_sec(times: impl Iterator<Item = Time>) -> Option<f64> {
    let times: Vec<Time> = times.collect();
    let span = *times.iter().max()? - *times.iter().min()?;
    (span > Span::ZERO).then(|| (times.len() - 1) as f64 / span.as_secs_f64())
}

impl ProbeReply {
    /// Its four stamps; `None` without a reflector.
    pub(super) fn exchange(&self) -> Option<Exchange> {
        let there = self.there?;
        let (received_there, sent_there) = (there.received, there.sent);
        Some(Exchange { sent: self.sent, received_there, sent_there, received: self.received })
    }

    /// How long the far end had the request before it answered; it is not in the round trip.
    fn held(&self) -> Option<Span> {
        self.there.map(|there| there.sent - there.received)
    }

    fn uses_program_stamps(&self) -> bool {
        self.sent_kind == StampKind::Program || self.received_kind == StampKind::Program
    }
}

/// All delays of a probe, milliseconds.
#[derive(Debug, Default)]
struct Delays {
    round_trip: Vec<f64>,
    up: Vec<f64>,
    down: Vec<f64>,
    /// Differences of neighbours, without sign.
    variation: Vec<f64>,
    variation_up: Vec<f64>,
    variation_down: Vec<f64>,
    below_zero: BelowZero,
    /// The largest error of the one-way delays that the clocks allow.
    bound_ms: Option<f64>,
}

impl Delays {
    fn push(&mut self, delay: Delay, previous: Option<Delay>) {
        self.round_trip.push(delay.round_trip.as_millis_f64());
        let unsigned = |a: Span, b: Span| (a - b).as_millis_f64().abs();
        self.variation.extend(previous.map(|previous| unsigned(delay.round_trip, previous.round_trip)));
        if let Some((up, down)) = delay.up_down {
            self.up.push(up.as_millis_f64());
            self.down.push(down.as_millis_f64());
            if let Some((up_before, down_before)) = previous.and_then(|previous| previous.up_down) {
                self.variation_up.push(unsigned(up, up_before));
                self.variation_down.push(unsigned(down, down_before));
            }
            let bound = delay.bound_ms();
            self.bound_ms = Some(self.bound_ms.map_or(bound, |most| most.max(bound))).filter(|bound| bound.is_finite());
        }
        // A round trip needs no relation of clocks.
        let one_way = delay.up_down.into_iter().flat_map(|(up, down)| [up, down]);
        let one_way = one_way.map(|span| (span.as_millis_f64(), delay.bound_ms()));
        self.below_zero.note(one_way.chain([(delay.round_trip.as_millis_f64(), 0.0)]));
    }
}

fn direction_text(direction: Option<Direction>) -> Option<&'static str> {
    direction.map(|direction| match direction {
        Direction::Up => "up",
        Direction::Down => "down",
    })
}
