//! Load of the processors from `/proc/stat`, as shares of the time between two readings.
//!
//! `load` is what was neither idle nor waiting for a disk, as Flent counts it; `cpu0` … are the same per processor. What
//! the load consisted of follows, for the whole host: `user` (nice included), `system`, `irq`, `softirq` (where most of
//! the kernel's work on received packets is done), `steal` (a hypervisor gave the time to others) and `iowait`.

use super::Values;
use super::text::read;
use crate::socket::Trouble;
use std::path::Path;

/// Ticks of one processor, or of all: user, nice, system, idle, iowait, irq, softirq, steal. Time of guests is in `user`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ticks([u64; 8]);

impl Ticks {
    /// From the numbers of a line; what an old kernel lacks is 0.
    fn parse(numbers: &str) -> Self {
        let mut ticks = [0; 8];
        for (slot, number) in ticks.iter_mut().zip(numbers.split_whitespace()) {
            *slot = number.parse().unwrap_or(0);
        }
        Self(ticks)
    }

    /// What passed since `before`. Counters of a processor that was away may go back; that counts as nothing.
    pub(crate) fn since(self, before: Self) -> Self {
        let mut passed = self.0;
        for (now, before) in passed.iter_mut().zip(before.0) {
            *now = now.saturating_sub(before);
        }
        Self(passed)
    }

    fn all(self) -> u64 {
        self.0.iter().sum()
    }

    fn share(self, which: &[usize]) -> f64 {
        which.iter().map(|&i| self.0[i]).sum::<u64>() as f64 / self.all() as f64
    }

    /// What a hypervisor gave to others, 0 to 1.
    pub(crate) fn steal(self) -> f64 {
        self.share(&[7])
    }

    /// Neither idle nor waiting for a disk, 0 to 1; not a number when no time passed.
    pub(crate) fn load(self) -> f64 {
        self.share(&[0, 1, 2, 5, 6, 7])
    }
}

/// One reading of `/proc/stat`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) all: Ticks,
    /// By number.
    pub(crate) each: Vec<(u32, Ticks)>,
}

/// Reads the text of `/proc/stat`; `None` without a line for all processors.
pub(crate) fn parse(text: &str) -> Option<Stat> {
    let mut stat = Stat::default();
    let mut found = false;
    for (name, numbers) in text.lines().filter_map(|line| line.split_once(' ')) {
        match name.strip_prefix("cpu") {
            Some("") => (stat.all, found) = (Ticks::parse(numbers), true),
            Some(number) => stat.each.extend(number.parse().ok().map(|number| (number, Ticks::parse(numbers)))),
            None => {}
        }
    }
    found.then_some(stat)
}

/// This host's processors now.
pub(crate) fn now() -> Result<Stat, Trouble> {
    parse(&read(Path::new("/proc/stat"))?).ok_or_else(|| Trouble::new("/proc/stat has no line about all processors"))
}

/// The last reading.
#[derive(Debug, Default)]
pub(super) struct Cpu {
    last: Option<Stat>,
}

impl Cpu {
    /// Load since the last reading; nothing the first time, and while the kernel's clock has not ticked.
    pub(super) fn read(&mut self) -> Result<Values, Trouble> {
        let now = now()?;
        let values = self.last.as_ref().map(|last| load(&now, last)).unwrap_or_default();
        if self.last.is_none() || !values.is_empty() {
            self.last = Some(now);
        }
        Ok(values)
    }
}

fn load(now: &Stat, last: &Stat) -> Values {
    let all = now.all.since(last.all);
    if all.all() == 0 {
        return Values::new();
    }
    let mut values = vec![("load".to_owned(), all.load())];
    for (number, ticks) in &now.each {
        // A processor that just came up has no past here.
        if let Some((_, before)) = last.each.iter().find(|(n, _)| n == number) {
            values.push((format!("cpu{number}"), ticks.since(*before).load()));
        }
    }
    let parts: [(&str, &[usize]); 6] =
        [("user", &[0, 1]), ("system", &[2]), ("irq", &[5]), ("softirq", &[6]), ("steal", &[7]), ("iowait", &[4])];
    values.extend(parts.map(|(name, which)| (name.to_owned(), all.share(which))));
    values
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const BEFORE: &str = "cpu  100 0 50 800 40 0 10 0 0 0\ncpu0 60 0 20 400 10 0 10 0 0 0\ncpu1 40 0 30 400 30 0 0 0 0 0\n\
        intr 12 0 3\nctxt 99\n";
    const AFTER: &str = "cpu  120 10 60 880 60 0 20 0 7 0\ncpu0 80 10 30 410 10 0 20 0 7 0\ncpu1 40 0 30 470 50 0 0 0 0 0\n\
        intr 12 0 3\nctxt 99\n";

    #[test]
    fn load_is_the_share_of_time_that_is_neither_idle_nor_waiting() {
        let values = load(&parse(AFTER).unwrap(), &parse(BEFORE).unwrap());
        let of = |name: &str| values.iter().find(|(n, _)| n == name).unwrap().1;
        // 150 ticks: 20 user, 10 nice, 10 system, 80 idle, 20 waiting, 10 softirq. Guest time is in user already.
        assert!((of("load") - 50.0 / 150.0).abs() < 1e-12);
        assert!((of("user") - 30.0 / 150.0).abs() < 1e-12);
        assert!((of("softirq") - 10.0 / 150.0).abs() < 1e-12);
        // 60 ticks: 20 + 10 + 10 + 10 busy, 10 idle.
        assert!((of("cpu0") - 50.0 / 60.0).abs() < 1e-12);
        assert!(of("cpu1").abs() < 1e-12, "only idle and waiting");
        assert_eq!(values[0].0, "load");
    }

    #[test]
    fn nothing_is_told_before_the_clock_ticks() {
        let stat = parse(BEFORE).unwrap();
        assert_eq!(load(&stat, &stat), []);
    }

    #[test]
    fn a_processor_that_comes_up_has_no_load_before_its_second_reading() {
        let one = "cpu  1 0 0 9\ncpu0 1 0 0 9\n";
        let two = "cpu  4 0 0 16\ncpu0 2 0 0 18\ncpu7 2 0 0 3\n";
        let values = load(&parse(two).unwrap(), &parse(one).unwrap());
        assert!(values.iter().all(|(name, _)| name != "cpu7"), "{values:?}");
        assert!((values[1].1 - 0.1).abs() < 1e-12, "{values:?}");
    }

    #[test]
    fn other_text_is_no_reading() {
        assert_eq!(parse(""), None);
        assert_eq!(parse("cpuidle 1 2\nbtime 5\n"), None);
    }
}
