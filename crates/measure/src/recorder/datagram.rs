//! A datagram flow: goodput, loss and jitter of a flood, and the quality of a call.

use fa_catalog::Direction;
use fa_format::RawValue;
use serde_json::{Map, Value};

use super::below_zero::BelowZero;
use super::steps::Bins;
use super::{Clocks, Entry};
use crate::align::Samples;
use crate::event::{DatagramInterval, DatagramTotals, FlowBytes, FlowEnd, PacketSeen};
use crate::plan::FlowPlan;
use crate::time::{FarTime, Span, Time};

/// What was told about the datagrams of a flow.
#[derive(Debug, Default)]
pub(super) struct DatagramRecord {
    pub(super) intervals: Vec<DatagramInterval>,
    pub(super) packets: Vec<PacketSeen>,
    pub(super) sender: Option<DatagramTotals>,
    pub(super) receiver: Option<DatagramTotals>,
}

/// A child of a series, and its samples.
pub(super) type Column = (Option<String>, Samples);

impl DatagramRecord {
    pub(super) fn total(&mut self, totals: DatagramTotals) {
        match totals.end {
            FlowEnd::Sender => self.sender = Some(totals),
            FlowEnd::Receiver => self.receiver = Some(totals),
        }
    }

    /// Goodput in Mbit/s of UDP payload per interval, with what else the receiver counted in it.
    pub(super) fn flood(
        &self,
        plan: &FlowPlan,
        clocks: &Clocks,
        intervals: &[FlowBytes],
        entries: &mut Vec<Entry>,
    ) -> Vec<Column> {
        let mut samples = Samples::default();
        let mut counted = self.intervals.iter().peekable();
        for interval in intervals {
            let seconds = interval.interval.as_secs_f64();
            let mbits = interval.bytes as f64 * 8.0 / seconds / 1e6;
            let t = clocks.unix_secs(clocks.here(interval.at, plan.host));
            samples.push(t, mbits);
            let mut values = vec![("dur", RawValue::Float(seconds)), ("val", RawValue::Float(mbits))];
            // Several where a short last interval was joined to the one before it.
            let at = clocks.here(interval.at, plan.host);
            let mut of = Vec::new();
            while let Some(one) = counted.next_if(|one| clocks.here(one.at, plan.host) <= at) {
                of.push(one);
            }
            if !of.is_empty() {
                let sum = |of_one: fn(&DatagramInterval) -> i64| RawValue::Int(of.iter().map(|one| of_one(one)).sum());
                values.extend([("packets", sum(|one| one.packets as i64)), ("lost", sum(|one| one.lost))]);
                let jitter = mean(of.iter().filter_map(|one| Some((one.jitter?, one.packets))));
                let delay =
                    mean(of.iter().filter_map(|one| Some((delay(plan, clocks, one.at, one.delay?), one.packets))));
                values.extend(jitter.map(|ms| ("jitter", RawValue::Float(ms))));
                values.extend(delay.map(|ms| ("delay", RawValue::Float(ms))));
                let reordered: u64 = of.iter().map(|one| one.reordered).sum();
                if reordered > 0 {
                    values.push(("reordered", RawValue::Int(reordered as i64)));
                }
            }
            entries.push(Entry { t, values });
        }
        entries.sort_by(|a, b| a.t.total_cmp(&b.t));
        if samples.t.is_empty() { Vec::new() } else { vec![(None, samples)] }
    }

    /// A call, per step from the first arrival on, by D-ITG's definitions: bit rate of the payload (kbit/s), mean one-way
    /// delay and mean change of it from packet to packet (ms), and packets lost, counted where the next one arrives.
    ///
    /// - `sending`: the sender's intervals.
    pub(super) fn call(
        &self,
        plan: &FlowPlan,
        clocks: &Clocks,
        sending: &[FlowBytes],
        entries: &mut Vec<Entry>,
    ) -> Vec<Column> {
        let mut bins = Bins::new(clocks.step_secs);
        let mut seen: Vec<(Time, Span, &PacketSeen)> = self
            .packets
            .iter()
            .map(|packet| (arrival(plan, clocks, packet), transit(plan, clocks, packet), packet))
            .collect();
        seen.sort_by_key(|(at, _, packet)| (*at, packet.seq));
        for (at, delay, packet) in seen {
            let t = clocks.unix_secs(at);
            entries.push(Entry {
                t,
                values: vec![
                    ("seq", RawValue::Int(packet.seq as i64)),
                    ("size", RawValue::Int(packet.size.into())),
                    ("val", RawValue::Float(delay.as_millis_f64())),
                ],
            });
            bins.arrived(t, packet.seq, packet.size, delay.as_millis_f64());
        }
        if let Some(sent) = self.sender.map(|totals| totals.packets).filter(|_| !entries.is_empty()) {
            bins.sent(sent);
        }
        // As long as the sender sent; it is stopped early when the user stops the run.
        let sent_for: f64 = sending.iter().map(|interval| interval.interval.as_secs_f64()).sum();
        bins.columns(true, if sent_for > 0.0 { sent_for } else { plan.length.as_secs_f64() })
    }

    /// Of the intervals of a flood and the packets of a call.
    pub(super) fn below_zero(&self, plan: &FlowPlan, clocks: &Clocks) -> BelowZero {
        let clock = clocks.of(plan.host);
        let mut below_zero = BelowZero::default();
        let mut note = |at: Time, delay: Span| below_zero.note([(delay.as_millis_f64(), clock.at(at).bound_ns / 1e6)]);
        for packet in &self.packets {
            note(arrival(plan, clocks, packet), transit(plan, clocks, packet));
        }
        let means = self.intervals.iter().filter(|_| self.packets.is_empty());
        for (interval, raw) in means.filter_map(|one| Some((one, one.delay?))) {
            note(clocks.here(interval.at, plan.host), delay(plan, clocks, interval.at, raw));
        }
        below_zero
    }

    pub(super) fn meta(&self, plan: &FlowPlan, clocks: &Clocks, below_zero: BelowZero) -> Map<String, Value> {
        let ms = |span: Option<Span>| Value::from(span.map(Span::as_millis_f64));
        let (sender, receiver) = (self.sender, self.receiver);
        let traffic = plan.datagrams.as_ref().map(|datagrams| &datagrams.traffic);
        let sent = sender.map(|totals| totals.packets);
        let received = receiver.map(|totals| totals.packets);
        // What the sender counted is the truth; the receiver's own gaps are all there is without it.
        let lost = match (sent, received) {
            (Some(sent), Some(received)) => Some(sent.saturating_sub(received)),
            _ => receiver.map(|totals| totals.lost.max(0) as u64),
        };
        let all = sent.or_else(|| Some(received? + lost?)).filter(|&all| all > 0);
        let count = |end: Option<DatagramTotals>, of: fn(&DatagramTotals) -> u64| Value::from(end.as_ref().map(of));
        let delays = self.intervals.iter().filter_map(|i| Some((delay(plan, clocks, i.at, i.delay?), i.packets)));
        let mean_delay = mean(delays);
        let clock = clocks.of(plan.host);
        let bound = self.intervals.last().map(|i| clock.at(clocks.here(i.at, plan.host)).bound_ns / 1e6);
        let bound = bound.filter(|bound| bound.is_finite() && clock.exchanges() > 0);
        let entries = [
            ("PACKETS_SENT", Value::from(sent)),
            ("PACKETS_RECEIVED", Value::from(received)),
            ("PACKETS_LOST", Value::from(lost)),
            ("PACKET_LOSS_RATE", Value::from(lost.zip(all).map(|(lost, all)| lost as f64 / all as f64))),
            ("LOST_HERE", count(sender, |totals| totals.refused)),
            ("NOT_SENT", count(sender, |totals| totals.unsent)),
            ("SEND_LATENESS_MAX", ms(sender.map(|totals| totals.lateness))),
            ("DUPLICATES", count(receiver, |totals| totals.duplicates)),
            ("REORDERED", count(receiver, |totals| totals.reordered)),
            ("DROPPED_BY_RECEIVER", count(receiver, |totals| totals.dropped)),
            ("CONGESTION_MARKS", count(receiver, |totals| totals.congestion_marks)),
            ("JITTER_MEAN", ms(receiver.and_then(|totals| totals.jitter))),
            ("JITTER_RFC3550", ms(receiver.and_then(|totals| totals.smoothed_jitter))),
            ("DELAY_MEAN", Value::from(mean_delay)),
            ("DELAY_BOUND", Value::from(bound)),
            ("DELAY_NEGATIVE", Value::from(bound.map(|_| below_zero.count()))),
            ("DATAGRAM_SIZE", Value::from(traffic.and_then(crate::traffic::Traffic::fixed_size))),
            ("SOURCE_PORTS", Value::from(plan.datagrams.as_ref().map(|d| d.ports).filter(|&ports| ports > 1))),
            ("RATE_ASKED", Value::from(traffic.map(|traffic| traffic.bits_per_sec() / 1e6))),
            ("TRAFFIC", Value::from(plan.datagrams.as_ref().and_then(|datagrams| datagrams.name.clone()))),
        ];
        entries.into_iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Milliseconds in the mean of so many datagrams each; `None` of none.
fn mean(spans: impl Iterator<Item = (Span, u64)>) -> Option<f64> {
    let add = |(sum, all): (f64, u64), (span, packets): (Span, u64)| {
        (sum + span.as_millis_f64() * packets as f64, all.saturating_add(packets))
    };
    let (sum, all) = spans.fold((0.0, 0), add);
    (all > 0).then(|| sum / all as f64)
}

/// When a packet arrived, on our clock.
fn arrival(plan: &FlowPlan, clocks: &Clocks, packet: &PacketSeen) -> Time {
    match plan.direction {
        Direction::Up => clocks.far(FarTime(packet.received), plan.host),
        Direction::Down => Time(packet.received),
    }
}

/// How long a packet was under way.
fn transit(plan: &FlowPlan, clocks: &Clocks, packet: &PacketSeen) -> Span {
    let clock = clocks.of(plan.host);
    match plan.direction {
        Direction::Up => clock.up(Time(packet.sent), FarTime(packet.received)),
        Direction::Down => clock.down(FarTime(packet.sent), Time(packet.received)),
    }
}

/// A difference of two clocks, arrival less sending, as the time that the datagrams were under way.
fn delay(plan: &FlowPlan, clocks: &Clocks, at: crate::time::When, raw: i64) -> Span {
    use crate::time::When;
    let clock = clocks.of(plan.host);
    match (plan.direction, at) {
        (Direction::Up, When::There(far)) => clock.up(Time(far.0.saturating_sub(raw)), far),
        (Direction::Down, When::Here(here)) => clock.down(FarTime(here.0.saturating_sub(raw)), here),
        // Told by the wrong end.
        _ => Span::ZERO,
    }
}
