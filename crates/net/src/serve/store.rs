//! What a session saw, until its controller fetches it.
//!
//! While the load runs only byte counts and what has gone wrong are handed out, and not more than a hundredth of what
//! was measured; the rest is kept and handed out afterwards. What it all takes of memory is bounded, for each session and
//! for all together: where there is no room, samples of state make way for byte counts, failures and totals, and what is
//! missing is counted. What was handed out is kept until the next request confirms it.

use super::room::Room;
use fa_measure::What;
use fa_measure::control::{MAX_REPORT, Report};
use fa_measure::event::TcpSample;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes of a byte-count record as JSON, about.
const RECORD_BYTES: u64 = 140;

/// Records that a report may always have, however slow the flows are.
const FREE_RECORDS: usize = 30;

/// A session's records.
#[derive(Debug)]
pub(super) struct Store {
    inner: Mutex<Inner>,
    /// Bytes of memory.
    limit: usize,
    /// What all sessions share.
    room: Arc<Room>,
}

#[derive(Debug, Default)]
struct Inner {
    /// For now.
    live: VecDeque<What>,
    /// For afterwards.
    kept: VecDeque<What>,
    /// Handed out and not confirmed; the first one has number `confirmed`.
    sent: Vec<What>,
    confirmed: u64,
    /// Bytes of memory of all three.
    memory: usize,
    lost: u64,
    /// The same, for want of memory of the whole server.
    lost_to_others: u64,
    /// Bytes measured since the last report.
    measured: u64,
}

impl Store {
    pub(super) fn new(limit: usize, room: Arc<Room>) -> Self {
        Self { inner: Mutex::new(Inner::default()), limit, room }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here can leave the queues half changed.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a record; one too many is counted and lost.
    pub(super) fn push(&self, what: What) {
        let mut inner = self.lock();
        let (weight, sample) = (memory(&what), is_sample(&what));
        loop {
            let own = inner.memory + weight <= self.limit;
            if own && self.room.take(weight) {
                break;
            }
            *(if own { &mut inner.lost_to_others } else { &mut inner.lost }) += 1;
            // The newest ones: what is kept stays without gaps.
            let Some(other) = (if sample { None } else { inner.kept.pop_back() }) else { return };
            self.free(&mut inner, memory(&other));
        }
        inner.memory += weight;
        match &what {
            What::FlowBytes(bytes) => {
                inner.measured += bytes.bytes;
                inner.live.push_back(what);
            }
            sample if is_sample(sample) => inner.kept.push_back(what),
            _ => inner.live.push_back(what),
        }
    }

    fn free(&self, inner: &mut Inner, bytes: usize) {
        let bytes = bytes.min(inner.memory);
        inner.memory -= bytes;
        self.room.give(bytes);
    }

    /// Hands out records; the same ones again when `after` does not confirm the last ones.
    pub(super) fn report(&self, after: u64, all: bool) -> Report {
        let mut inner = self.lock();
        let handed = inner.confirmed + inner.sent.len() as u64;
        if after >= handed {
            inner.confirmed = handed;
            let freed: usize = inner.sent.drain(..).map(|what| memory(&what)).sum();
            self.free(&mut inner, freed);
            let measured = std::mem::take(&mut inner.measured);
            let most = if all { usize::MAX } else { FREE_RECORDS.max((measured / 100 / RECORD_BYTES) as usize) };
            let mut page = Page::new(most);
            if all {
                for (lost, queue) in [
                    (std::mem::take(&mut inner.lost), "records of a session"),
                    (std::mem::take(&mut inner.lost_to_others), "records of all sessions of the server"),
                ] {
                    if lost > 0 {
                        let what = What::Overflow { host: None, queue: queue.into(), lost };
                        // Handed out with the others, and given back with them.
                        let weight = memory(&what);
                        inner.memory += weight;
                        self.room.take_anyway(weight);
                        page.put(what);
                    }
                }
            }
            page.fill(&mut inner.live);
            if all {
                page.fill(&mut inner.kept);
            }
            let records = page.records;
            inner.sent = records;
        }
        let more = !inner.live.is_empty() || all && !inner.kept.is_empty();
        let next = inner.confirmed + inner.sent.len() as u64;
        Report { records: inner.sent.clone(), next, more, ..Report::default() }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.room.give(self.lock().memory);
    }
}

/// A sample of state: one of many, and others tell the outcome.
fn is_sample(what: &What) -> bool {
    matches!(
        what,
        What::OwnLoad(_) | What::TcpInfo(_) | What::CollectorSample(_) | What::Datagrams(_) | What::Packets(_)
    )
}

/// Bytes of memory that a record takes, about.
fn memory(what: &What) -> usize {
    let heap = match what {
        What::FlowBytes(_) => 0,
        What::TcpInfo(_) => size_of::<TcpSample>(),
        What::CollectorSample(sample) => size_of::<Option<f64>>() * sample.values.len(),
        // Rare, or of no fixed size: its text is about as long.
        other => json_length(other),
    };
    size_of::<What>() + heap
}

/// The records of one report, while they are chosen.
struct Page {
    records: Vec<What>,
    most: usize,
    /// JSON so far.
    bytes: usize,
}

impl Page {
    fn new(most: usize) -> Self {
        Self { records: Vec::new(), most, bytes: 0 }
    }

    fn put(&mut self, what: What) {
        self.bytes += json_length(&what);
        self.records.push(what);
    }

    /// Moves records here until it is full; one always fits.
    fn fill(&mut self, queue: &mut VecDeque<What>) {
        while self.records.len() < self.most
            && let Some(next) = queue.front()
            && (self.records.is_empty() || self.bytes + json_length(next) <= MAX_REPORT)
            && let Some(next) = queue.pop_front()
        {
            self.put(next);
        }
    }
}

/// Bytes of a record as JSON.
fn json_length(what: &What) -> usize {
    let mut counter = Counter(0);
    // A counter takes everything.
    let _ = serde_json::to_writer(&mut counter, what);
    counter.0
}

struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fa_measure::event::{FlowBytes, FlowEnd};
    use fa_measure::{FarTime, FlowId, Span, TcpInfo, When};

    fn bytes(bytes: u64) -> What {
        let at = When::There(FarTime(0));
        What::FlowBytes(FlowBytes { flow: FlowId(0), end: FlowEnd::Receiver, at, interval: Span(1), bytes })
    }

    fn sample() -> What {
        let at = When::There(FarTime(0));
        let info = TcpInfo::default();
        What::TcpInfo(Box::new(TcpSample { flow: FlowId(0), end: FlowEnd::Receiver, at, info }))
    }

    /// A store with so much memory of its own and all it wants of the server's.
    fn store(limit: usize) -> Store {
        Store::new(limit, Arc::new(Room::new(usize::MAX)))
    }

    #[test]
    fn every_record_is_handed_out_once_it_is_confirmed_and_again_until_then() {
        let store = store(1 << 20);
        store.push(bytes(1));
        let first = store.report(0, false);
        assert_eq!((first.records.len(), first.next), (1, 1));
        store.push(bytes(2));
        assert_eq!(store.report(0, false), Report { more: true, ..first }, "the answer was lost: the same again");
        assert_eq!(store.report(1, false).records, [bytes(2)]);
        assert_eq!(store.report(2, false).records, []);
    }

    #[test]
    fn kernel_state_waits_until_the_load_is_over() {
        let store = store(1 << 20);
        store.push(sample());
        store.push(bytes(1));
        assert_eq!(store.report(0, false).records, [bytes(1)]);
        assert_eq!(store.report(1, true).records, [sample()]);
    }

    #[test]
    fn reports_are_a_hundredth_of_what_was_measured() {
        let store = store(1 << 24);
        for _ in 0..1000 {
            store.push(bytes(14_000));
        }
        // 14 MB measured: a hundredth is 140 kB, a thousand records.
        assert_eq!(store.report(0, false).records.len(), 1000);
        for _ in 0..1000 {
            store.push(bytes(14));
        }
        let report = store.report(1000, false);
        assert_eq!((report.records.len(), report.more), (FREE_RECORDS, true));
    }

    #[test]
    fn long_reports_come_in_pages_that_a_slow_path_carries() {
        let store = store(1 << 26);
        for n in 0..6000 {
            store.push(bytes(n));
            store.push(sample());
        }
        let (mut after, mut records, mut pages) = (0, Vec::new(), 0);
        loop {
            let report = store.report(after, true);
            assert!(json_length_of(&report) <= MAX_REPORT + 20_000, "page {pages}: {}", json_length_of(&report));
            assert_eq!(report.more, !report.records.is_empty() && records.len() + report.records.len() < 12000);
            (after, pages) = (report.next, pages + 1);
            if report.records.is_empty() {
                break;
            }
            records.extend(report.records);
        }
        assert!(pages > 4, "{pages}");
        assert_eq!(records.len(), 12000);
        assert!((0..6000).all(|n| records[n as usize] == bytes(n)), "in order, none twice");
    }

    /// Records and the commas between them.
    fn json_length_of(report: &Report) -> usize {
        report.records.iter().map(|r| json_length(r) + 1).sum()
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let store = store(2 * memory(&sample()));
        for _ in 0..5 {
            store.push(sample());
        }
        let report = store.report(0, true);
        assert!(matches!(report.records[0], What::Overflow { lost: 3, .. }), "{report:?}");
        assert_eq!(report.records.len(), 3);
    }

    #[test]
    fn samples_make_way_for_byte_counts_and_come_back_when_there_is_room() {
        let room = 3 * memory(&sample());
        let store = store(room);
        for _ in 0..3 {
            store.push(sample());
        }
        let count = room / memory(&bytes(0));
        for n in 0..count as u64 {
            store.push(bytes(n));
        }
        let all = store.report(0, true);
        assert!(matches!(all.records[0], What::Overflow { lost: 3, .. }), "the samples: {:?}", all.records);
        assert_eq!(all.records.len(), 1 + count);
        let held = count * memory(&bytes(0)) + memory(&all.records[0]);
        assert_eq!(store.lock().memory, held, "kept until it is confirmed");
        assert_eq!(store.report(all.next, true).records, []);
        assert_eq!(store.lock().memory, 0);
        store.push(sample());
        assert_eq!(store.report(all.next, true).records, [sample()]);
    }

    #[test]
    fn sessions_share_the_servers_memory_and_give_it_back() {
        let room = Arc::new(Room::new(4 * memory(&sample())));
        let stores = [(); 2].map(|()| Store::new(usize::MAX, room.clone()));
        for _ in 0..3 {
            stores[0].push(sample());
            stores[1].push(sample());
        }
        let told = stores[1].report(0, true);
        let queue = "records of all sessions of the server".to_owned();
        assert_eq!(told.records, [What::Overflow { host: None, queue, lost: 1 }, sample(), sample()]);
        stores[1].report(told.next, true);
        assert_eq!(room.taken(), 2 * memory(&sample()), "confirmed, so gone");
        drop(stores);
        assert_eq!(room.taken(), 0);
    }
}
