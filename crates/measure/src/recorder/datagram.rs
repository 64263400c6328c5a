//! A datagram flow: goodput, loss and jitter of a flood, and the quality of a call.

use fa_catalog::Direction;
use fa_format::RawValue;
use serde_json::{Map, Value};

use super::below_zero::BelowZero;
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
type Column = (Option<String>, Samples);

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
            if let Some(counted) = of.last() {
                let float = |span: Option<Span>| span.map(|span| RawValue::Float(span.as_millis_f64()));
                let sum = |of_one: fn(&DatagramInterval) -> i64| RawValue::Int(of.iter().map(|one| of_one(one)).sum());
                values.extend([("packets", sum(|one| one.packets as i64)), ("lost", sum(|one| one.lost))]);
                values.extend(float(counted.jitter).map(|value| ("jitter", value)));
                let delay = counted.delay.map(|raw| delay(plan, clocks, counted.at, raw));
                values.extend(float(delay).map(|value| ("delay", value)));
                if counted.reordered > 0 {
                    values.push(("reordered", RawValue::Int(counted.reordered as i64)));
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
        let delays: Vec<(Span, u64)> =
            self.intervals.iter().filter_map(|i| Some((delay(plan, clocks, i.at, i.delay?), i.packets))).collect();
        let weight: u64 = delays.iter().map(|(_, packets)| packets).sum();
        let mean_delay = (weight > 0)
            .then(|| delays.iter().map(|(d, n)| d.as_millis_f64() * *n as f64).sum::<f64>() / weight as f64);
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

/// Packets of a call, put together per step.
#[derive(Debug)]
pub(super) struct Bins {
    step: f64,
    first: Option<f64>,
    last: f64,
    /// Between the last two packets, at most a step.
    gap: f64,
    next: u64,
    before: Option<f64>,
    steps: Vec<Bin>,
}

/// One step.
#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    packets: u32,
    bytes: u64,
    delay: f64,
    jitter: f64,
    changes: u32,
    lost: i64,
    round_trip: f64,
    round_trips: u32,
}

/// Steps of a call, at most: what a clock that jumped would make more of is left out.
const MAX_BINS: f64 = 1e6;

impl Bins {
    pub(super) fn new(step: f64) -> Self {
        Self { step, first: None, last: 0.0, gap: step, next: 0, before: None, steps: Vec::new() }
    }

    fn bin(&mut self, t: f64) -> Option<&mut Bin> {
        let first = *self.first.get_or_insert(t);
        // Half a nanosecond: a packet on the edge belongs to the step that begins there.
        let index = ((t - first) / self.step + 1e-9).floor();
        if !(0.0..MAX_BINS).contains(&index) {
            return None;
        }
        if t > self.last && self.last > 0.0 {
            self.gap = (t - self.last).min(self.step);
        }
        self.last = self.last.max(t);
        let index = index as usize;
        if self.steps.len() <= index {
            self.steps.resize(index + 1, Bin::default());
        }
        self.steps.get_mut(index)
    }

    /// A packet arrived at `t`, seconds, after `delay` milliseconds.
    pub(super) fn arrived(&mut self, t: f64, seq: u64, size: u32, delay: f64) {
        let (before, next) = (self.before.replace(delay), self.next);
        self.next = next.max(seq + 1);
        let Some(bin) = self.bin(t) else { return };
        bin.packets += 1;
        bin.bytes += u64::from(size);
        bin.delay += delay;
        // A late one takes back the gap that it left.
        bin.lost += if seq >= next { (seq - next) as i64 } else { -1 };
        if let Some(before) = before {
            bin.jitter += (delay - before).abs();
            bin.changes += 1;
        }
    }

    /// A round trip of that packet, milliseconds.
    pub(super) fn round_trip(&mut self, t: f64, ms: f64) {
        if let Some(bin) = self.bin(t) {
            bin.round_trip += ms;
            bin.round_trips += 1;
        }
    }

    /// So many were sent in all: what is missing at the end was lost too.
    pub(super) fn sent(&mut self, total: u64) {
        let missing = total.saturating_sub(self.next);
        if let Some(bin) = self.steps.last_mut() {
            bin.lost += missing as i64;
        }
    }

    /// Flent's children of a call, each from the beginning of its step to its end.
    ///
    /// - `length`: seconds from the first packet to the end of the flow, which may cut the last step short. Its bit rate is
    ///   over what there is of it, and that of a packet at the very end over the time that it goes on for.
    pub(super) fn columns(&self, one_way: bool, length: f64) -> Vec<Column> {
        let Some(first) = self.first else { return Vec::new() };
        let mut columns = ["bitrate", "delay", "jitter", "loss", "rtt"].map(|name| Held::new(name, first, self.step));
        for (i, bin) in self.steps.iter().enumerate() {
            let begins = self.step * i as f64;
            let there = (length.max(self.last + self.gap - first) - begins).clamp(1e-9, self.step);
            let of = |sum: f64, count: u32| (count > 0).then(|| sum / f64::from(count));
            columns[0].step(i, Some(bin.bytes as f64 * 8.0 / there / 1e3));
            columns[1].step(i, of(bin.delay, bin.packets));
            columns[2].step(i, of(bin.jitter, bin.changes));
            columns[3].step(i, Some(bin.lost as f64));
            columns[4].step(i, of(bin.round_trip, bin.round_trips));
        }
        let [bitrate, delay, jitter, loss, rtt] = columns.map(Held::finish);
        let mut columns = vec![bitrate, delay, jitter, loss];
        if !one_way {
            columns.push(rtt);
        }
        columns.retain(|(_, samples)| !samples.t.is_empty());
        columns
    }
}

/// Values of steps as samples: one where a step begins, and one more where the last of several in a row ends, because a
/// sample without a near one behind it has no place on the grid of the file.
struct Held {
    name: &'static str,
    first: f64,
    step: f64,
    last: Option<(usize, f64)>,
    samples: Samples,
}

impl Held {
    fn new(name: &'static str, first: f64, step: f64) -> Self {
        Self { name, first, step, last: None, samples: Samples::default() }
    }

    fn step(&mut self, i: usize, value: Option<f64>) {
        match value {
            Some(value) => {
                self.samples.push(self.first + self.step * i as f64, value);
                self.last = Some((i, value));
            }
            None => self.end(),
        }
    }

    fn end(&mut self) {
        if let Some((i, value)) = self.last.take() {
            self.samples.push(self.first + self.step * (i + 1) as f64, value);
        }
    }

    fn finish(mut self) -> Column {
        self.end();
        (Some(self.name.to_owned()), self.samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column<'a>(columns: &'a [Column], name: &str) -> &'a Samples {
        let found = columns.iter().find(|(child, _)| child.as_deref() == Some(name));
        &found.unwrap_or_else(|| panic!("no {name}")).1
    }

    #[test]
    fn steps_of_a_call_are_counted_as_d_itg_counts_them() {
        // 92 bytes every 10 ms, steps of 100 ms; numbers 13 and 14 lost, delays 5 and 7 ms in turn.
        let mut bins = Bins::new(0.1);
        for seq in (0..30).filter(|seq| ![13, 14].contains(seq)) {
            let delay = if seq % 2 == 0 { 5.0 } else { 7.0 };
            bins.arrived(100.0 + seq as f64 * 0.01, seq, 92, delay);
        }
        bins.sent(32);
        let columns = bins.columns(true, 0.3);
        let rate = column(&columns, "bitrate");
        assert!((rate.value[0] - 73.6).abs() < 1e-9, "ten of 92 bytes in 100 ms: {rate:?}");
        assert!((rate.value[1] - 58.88).abs() < 1e-9, "eight of them");
        let loss = column(&columns, "loss");
        assert_eq!(
            loss.value,
            [0.0, 2.0, 2.0, 2.0],
            "the last one's end; the gap where the next one arrives; two more at the end"
        );
        assert!((column(&columns, "delay").value[0] - 6.0).abs() < 1e-12);
        assert!((column(&columns, "jitter").value[0] - 2.0).abs() < 1e-12);
        assert!((loss.t[1] - 100.1).abs() < 1e-9, "a step counts at its beginning");
    }

    #[test]
    fn a_late_packet_was_not_lost() {
        let mut bins = Bins::new(1.0);
        for seq in [0, 2, 1, 3] {
            bins.arrived(seq as f64 * 0.01, seq, 50, 1.0);
        }
        bins.sent(4);
        assert_eq!(column(&bins.columns(true, 1.0), "loss").value, [0.0, 0.0]);
    }

    #[test]
    fn every_step_that_holds_packets_is_on_the_grid_also_before_a_pause_and_at_the_end() {
        use crate::align::Grid;
        // 92 bytes every 10 ms for half a second, a pause of three, and again for 0.08 s until the flow ends.
        let mut bins = Bins::new(0.2);
        for (seq, ms) in (0..50).map(|i| i * 10).chain((0..8).map(|i| 3500 + i * 10)).enumerate() {
            bins.arrived(100.0 + f64::from(ms) / 1e3, seq as u64, 92, 5.0);
        }
        bins.sent(58);
        let columns = bins.columns(true, 3.58);
        let grid = Grid::over(columns.iter().map(|(_, samples)| samples), 0.2).unwrap_or_else(|e| panic!("{e}"));
        let on_grid = |name| grid.resample(column(&columns, name));
        let (rate, delay, loss) = (on_grid("bitrate"), on_grid("delay"), on_grid("loss"));
        assert!(grid.len >= 18, "{}", grid.len);
        for (step, kbits) in [(0, 73.6), (1, 73.6), (2, 36.8), (3, 0.0), (10, 0.0), (17, 5.888 / 0.18)] {
            assert!((rate[step] - kbits).abs() < 1e-6, "step {step}: {rate:?}");
            assert!(loss[step].abs() < 1e-9, "step {step}: {loss:?}");
            assert_eq!((delay[step] - 5.0).abs() < 1e-9, kbits > 0.0, "step {step}: {delay:?}");
        }
    }
}
