//! Packets of a call, put together per step: what the children of a call are made of.

use super::datagram::Column;
use crate::align::Samples;

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
