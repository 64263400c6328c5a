//! What measuring costs this host: whether a result is limited by it can only be told from here.

use super::cpu::{Stat, now};
use super::netstat;
use super::text::read;
use fa_measure::event::{OwnLoad, ThreadLoad};
use fa_measure::{Span, Time, When};
use std::collections::BTreeMap;
use std::path::Path;

/// Threads that move packets, by the names they give themselves.
const MEASURING: [&str; 3] = ["fa-bulk", "fa-pulse", "fa-paced"];

/// Time that a thread ran and waited for a processor, nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Spent {
    ran: u64,
    waited: u64,
}

/// Everything that is compared.
#[derive(Debug)]
struct Reading {
    at: Time,
    stat: Stat,
    /// By thread number.
    threads: BTreeMap<u32, (String, Spent)>,
    dropped: u64,
    receive_errors: u64,
}

/// The last reading.
#[derive(Debug, Default)]
pub(super) struct Own {
    last: Option<Reading>,
}

impl Own {
    /// The load since the last call; `when` is how `at` is told.
    pub(super) fn read(&mut self, at: Time, when: When) -> Option<OwnLoad> {
        let now = Reading {
            at,
            stat: now().ok()?,
            threads: threads(),
            dropped: read(Path::new("/proc/net/softnet_stat")).map_or(0, |text| dropped(&text)),
            receive_errors: netstat::read().map_or(0, |values| receive_errors(&values)),
        };
        let load = self.last.as_ref().and_then(|last| compare(last, &now, when));
        if self.last.is_none() || load.is_some() {
            self.last = Some(now);
        }
        load
    }
}

fn compare(last: &Reading, now: &Reading, when: When) -> Option<OwnLoad> {
    let interval = now.at - last.at;
    let passed = now.stat.all.since(last.stat.all);
    let busy = passed.load();
    if !busy.is_finite() || interval <= Span::ZERO {
        return None;
    }
    let mut threads: Vec<ThreadLoad> = Vec::new();
    for (number, (name, spent)) in &now.threads {
        let before = last.threads.get(number).map_or(Spent::default(), |(_, before)| *before);
        let share = |now: u64, before: u64| now.saturating_sub(before) as f64 / interval.0 as f64;
        let (ran, waited) = (share(spent.ran, before.ran), share(spent.waited, before.waited));
        match threads.iter_mut().find(|thread| thread.name == *name) {
            // Several servers of one process have threads of the same name: the busiest one tells.
            Some(thread) => (thread.ran, thread.waited) = (thread.ran.max(ran), thread.waited.max(waited)),
            None => threads.push(ThreadLoad { name: name.clone(), ran, waited }),
        }
    }
    Some(OwnLoad {
        host: None,
        at: when,
        interval,
        processors: now.stat.each.len() as u32,
        busy,
        stolen: passed.steal(),
        threads,
        dropped: now.dropped.saturating_sub(last.dropped),
        receive_errors: now.receive_errors.saturating_sub(last.receive_errors),
    })
}

/// The measuring threads of this process.
fn threads() -> BTreeMap<u32, (String, Spent)> {
    let entries = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let thread = |entry: std::fs::DirEntry| {
        let number = entry.file_name().to_str()?.parse().ok()?;
        let name = read(&entry.path().join("comm")).ok()?.trim().to_owned();
        let spent = spent(&read(&entry.path().join("schedstat")).ok()?)?;
        MEASURING.contains(&name.as_str()).then_some((number, (name, spent)))
    };
    entries.filter_map(thread).collect()
}

/// `/proc/…/schedstat`: time run, time waited, turns.
fn spent(text: &str) -> Option<Spent> {
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    Some(Spent { ran: numbers.next()?.ok()?, waited: numbers.next()?.ok()? })
}

/// Packets that all processors together dropped before processing them: second column of `/proc/net/softnet_stat`,
/// hexadecimal.
fn dropped(text: &str) -> u64 {
    let of = |line: &str| u64::from_str_radix(line.split_whitespace().nth(1)?, 16).ok();
    text.lines().filter_map(of).sum()
}

/// Datagrams that found their receive buffer full.
fn receive_errors(values: &[(String, f64)]) -> u64 {
    let of = |wanted: &str| values.iter().find(|(name, _)| name == wanted).map_or(0.0, |(_, value)| *value);
    (of("UdpRcvbufErrors") + of("Udp6RcvbufErrors")) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::cpu::parse;

    fn reading(ms: i64, ticks: &str, bulk: Spent, dropped: u64) -> Reading {
        let stat = parse(&format!("cpu  {ticks}\ncpu0 {ticks}\n")).unwrap_or_default();
        let threads =
            BTreeMap::from([(7, ("fa-bulk".to_owned(), bulk)), (9, ("fa-bulk".to_owned(), Spent::default()))]);
        Reading { at: Time(ms * 1_000_000), stat, threads, dropped, receive_errors: 2 * dropped }
    }

    #[test]
    fn shares_are_of_the_time_between_two_readings() {
        let before = reading(1000, "10 0 0 90 0 0 0 0", Spent { ran: 5_000_000, waited: 0 }, 1);
        let now = reading(1500, "40 0 0 100 0 0 0 10", Spent { ran: 255_000_000, waited: 50_000_000 }, 4);
        let load = compare(&before, &now, When::Here(now.at));
        let Some(load) = load else { panic!("nothing") };
        // 50 ticks: 30 user, 10 idle, 10 stolen.
        assert!((load.busy - 0.8).abs() < 1e-12 && (load.stolen - 0.2).abs() < 1e-12);
        assert_eq!(load.threads.len(), 1);
        assert!((load.threads[0].ran - 0.5).abs() < 1e-12 && (load.threads[0].waited - 0.1).abs() < 1e-12);
        assert_eq!((load.dropped, load.receive_errors, load.interval), (3, 6, Span::from_millis(500)));
        assert!(compare(&now, &now, When::Here(now.at)).is_none(), "no time passed");
    }

    #[test]
    fn counters_of_the_kernel_are_found_in_its_text() {
        assert_eq!(dropped("00000001 0000000a 0 0\n00000002 00000001 0 0\n"), 11);
        assert_eq!(spent("123 456 7\n"), Some(Spent { ran: 123, waited: 456 }));
        assert_eq!(spent("x"), None);
        let values = [("UdpRcvbufErrors".to_owned(), 3.0), ("Udp6RcvbufErrors".to_owned(), 4.0)];
        assert_eq!(receive_errors(&values), 7);
    }
}
