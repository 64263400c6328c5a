use super::*;
use crate::time::When;
use proptest::prelude::*;

const US: i64 = 1_000;
const MS: i64 = 1_000_000;

fn at_us(us: i64) -> Time {
    Time(us * US)
}

fn spec(end: FlowEnd, traffic: Traffic) -> StreamSpec {
    let (start, length) = (Span::from_millis(100), Span::from_millis(100));
    StreamSpec { flow: FlowId(2), end, start, length, traffic, packets: false }
}

fn arrived(seq: u32, sent_us: i64, at_us: i64) -> Arrived {
    let header = Header { tag: 7, seq, stamp: sent_us * US };
    Arrived { header, at: at_us * US, size: 100, tos: Some(2) }
}

/// Runs a sender in virtual time, in which every send takes nothing; what it sent and when.
fn run_sender(traffic: Traffic) -> (Vec<(i64, u64, u32)>, Vec<What>, usize) {
    let mut streams = Streams::new(OwnClock::Here, Span::from_millis(20));
    streams.add(spec(FlowEnd::Sender, traffic), Time::ZERO);
    streams.begin(Time::ZERO);
    let (mut now, mut sends, mut told, mut ends) = (Time::ZERO, Vec::new(), Vec::new(), 0);
    loop {
        match streams.poll(now) {
            Output::Send { id, first, count, .. } => {
                sends.push((now.0 / US, first, count));
                streams.sent(id, count.into(), true, now);
            }
            Output::SendEnd { .. } => ends += 1,
            Output::Event(what) => told.push(what),
            Output::Close(_) => {}
            Output::WaitUntil(next) => now = next.max(now),
            Output::Done => return (sends, told, ends),
        }
    }
}

#[test]
fn slow_flows_send_each_datagram_at_its_time() {
    // 1000 bytes at 800 kbit/s: one every 10 ms.
    let (sends, told, ends) = run_sender(Traffic::at_rate(800_000.0, 1000, 1));
    assert_eq!(
        sends.iter().map(|s| s.0).collect::<Vec<_>>(),
        (0..10).map(|i| 100_000 + i * 10_000).collect::<Vec<_>>()
    );
    assert!(sends.iter().enumerate().all(|(i, s)| s.1 == i as u64 && s.2 == 1));
    assert_eq!(ends, ENDINGS.len());
    let totals = told.iter().find_map(|w| match w {
        What::DatagramTotals(t) => Some((t.packets, t.bytes, t.unsent)),
        _ => None,
    });
    assert_eq!(totals, Some((10, 10_000, 0)));
}

#[test]
fn fast_flows_send_what_is_due_at_every_tick_and_no_more() {
    // 1 Gbit/s of 1448 bytes: 8633 in 100 ms.
    let (sends, ..) = run_sender(Traffic::at_rate(1e9, 1448, 1));
    let sent: u64 = sends.iter().map(|s| u64::from(s.2)).sum();
    assert_eq!(sent, 8633);
    assert!(sends.iter().all(|s| s.2 <= 44), "{:?}", sends.iter().map(|s| s.2).max());
    for (us, first, count) in sends {
        let due = ((us - 100_000) as f64 / 11.584) as u64;
        assert!(first + u64::from(count) <= due + 1, "nothing before its time");
        assert!(due - first < 45, "at {us}: {first}, due {due}");
    }
}

#[test]
fn a_full_send_buffer_delays_and_a_wish_to_end_does_not_wait_for_it() {
    let mut streams = Streams::new(OwnClock::Here, Span::from_millis(20));
    let id = streams.add(spec(FlowEnd::Sender, Traffic::at_rate(800_000.0, 1000, 1)), Time::ZERO);
    streams.begin(Time::ZERO);
    let sends = |streams: &mut Streams, now| {
        let mut found = Vec::new();
        loop {
            match streams.poll(now) {
                Output::Send { first, count, .. } => found.push((first, count)),
                Output::WaitUntil(_) | Output::Done => return found,
                _ => {}
            }
        }
    };
    assert_eq!(sends(&mut streams, at_us(100_000)), [(0, 1)]);
    streams.sent(id, 0, false, at_us(100_000));
    assert_eq!(sends(&mut streams, at_us(150_000)), [], "no room");
    streams.writable(id);
    assert_eq!(sends(&mut streams, at_us(150_000)), [(0, 6)], "none is skipped");
    streams.sent(id, 2, false, at_us(150_000));
    let mut told = Vec::new();
    let mut now = at_us(200_000);
    loop {
        match streams.poll(now) {
            Output::WaitUntil(next) => now = next,
            Output::Event(What::DatagramTotals(t)) => told.push((t.packets, t.unsent, t.lateness)),
            Output::Done => break,
            _ => {}
        }
    }
    assert_eq!(told, [(2, 8, Span::from_millis(50))]);
}

#[test]
fn loss_reordering_and_duplicates_are_what_the_numbers_say() {
    let mut c = Counter::new();
    // 0 1 3 2 2 6 (4 and 5 missing), then 4 late.
    for (seq, lost) in [(0, 0), (1, 0), (3, 1), (2, 0), (2, 0), (6, 2), (4, 1)] {
        c.count(&arrived(seq, 0, 0));
        assert_eq!(c.now.lost, lost, "after {seq}");
    }
    assert_eq!((c.received, c.duplicates, c.reordered, c.tos_seen, c.congestion_marks), (6, 1, 2, Some(2), 0));
    c.sent(10);
    assert_eq!(c.now.lost, 1 + 3, "5, and 7 to 9 at the end");
    c.sent(10);
    assert_eq!(c.now.lost, 4, "told twice");
}

#[test]
fn jitter_is_the_mean_of_changes_in_transit_time() {
    let mut c = Counter::new();
    // Transit 10, 12, 11, 11 ms: changes 2, 1, 0.
    for (seq, transit) in [(0, 10_000), (1, 12_000), (2, 11_000), (3, 11_000)] {
        let sent = i64::from(seq) * 20_000;
        c.count(&arrived(seq, sent, sent + transit));
    }
    let sums = c.interval();
    assert_eq!(sums.jitter(), Some(Span::from_millis(1)));
    assert_eq!((sums.delay(), sums.least_delay, sums.most_delay), (Some(11 * MS), Some(10 * MS), Some(12 * MS)));
}

#[test]
fn numbers_go_on_beyond_32_bits() {
    let mut c = Counter::new();
    c.highest = Some(0x1_ffff_fff0);
    assert_eq!(c.count(&arrived(0xffff_fff1, 0, 0)), Some(0x1_ffff_fff1));
    assert_eq!(c.count(&arrived(0, 0, 0)), Some(0x2_0000_0000));
    assert_eq!(c.count(&arrived(0xffff_ffff, 0, 0)), Some(0x1_ffff_ffff), "late");
    assert_eq!(c.now.lost, 13);
}

#[test]
fn a_receiver_ends_soon_after_the_sender_and_not_for_ever_without_it() {
    let receive = |end_at: Option<i64>| {
        let mut streams = Streams::new(OwnClock::Here, Span::from_millis(50));
        let traffic = Traffic::at_rate(800_000.0, 100, 1);
        let id = streams.add(StreamSpec { packets: true, ..spec(FlowEnd::Receiver, traffic) }, Time::ZERO);
        streams.begin(Time::ZERO);
        streams.arrived(id, &arrived(0, 100_000, 101_000), at_us(101_000));
        let (mut now, mut told) = (at_us(101_000), Vec::new());
        loop {
            match streams.poll(now) {
                Output::WaitUntil(next) => {
                    if let Some(end) = end_at.map(at_us).filter(|&end| now < end && next >= end) {
                        now = end;
                        streams.ended(id, 3, now);
                    } else {
                        now = next;
                    }
                }
                Output::Event(what) => told.push(what),
                Output::Done => return (now, told),
                _ => {}
            }
        }
    };
    let (over, told) = receive(Some(201_000));
    assert_eq!(over, at_us(201_000) + LINGER);
    let lost: i64 = told.iter().map(|w| if let What::Datagrams(d) = w { d.lost } else { 0 }).sum();
    assert_eq!(lost, 2, "lost at the end, seen because the sender told");
    let bytes: u64 = told.iter().map(|w| if let What::FlowBytes(b) = w { b.bytes } else { 0 }).sum();
    assert_eq!(bytes, 100);
    let seen = told.iter().find_map(|w| if let What::Packets(p) = w { Some(p.packets.clone()) } else { None });
    assert_eq!(seen.map(|p| p.len()), Some(1));
    let (over, told) = receive(None);
    assert_eq!(over, at_us(200_000) + DRAIN);
    assert!(told.iter().any(|w| matches!(w, What::DatagramTotals(t) if !t.end_known)));
    assert!(matches!(told.last(), Some(What::FlowEnded(e)) if e.error.is_none() && matches!(e.at, When::Here(_))));
}

proptest! {
    #[test]
    fn counts_agree_with_a_plain_set(seqs in prop::collection::vec(0u32..500, 1..300)) {
        let mut c = Counter::new();
        let mut set = std::collections::BTreeSet::new();
        let mut duplicates = 0;
        for &seq in &seqs {
            c.count(&arrived(seq, 0, 0));
            duplicates += u64::from(!set.insert(seq));
        }
        let highest = u64::from(*seqs.iter().max().unwrap_or(&0));
        prop_assert_eq!(c.received, set.len() as u64);
        prop_assert_eq!(c.duplicates, duplicates);
        prop_assert_eq!(c.now.lost, (highest + 1) as i64 - set.len() as i64);
    }

    #[test]
    fn hostile_headers_never_panic(headers in prop::collection::vec((any::<u32>(), any::<i64>(), any::<i64>()), 1..50), total in any::<u64>()) {
        let mut c = Counter::new();
        for (seq, stamp, at) in headers {
            c.count(&Arrived { header: Header { tag: 0, seq, stamp }, at, size: 65_507, tos: None });
            c.sent(total);
        }
    }

    #[test]
    fn headers_survive_the_wire(tag in any::<u32>(), seq in any::<u32>(), stamp in any::<i64>()) {
        let header = Header { tag, seq, stamp };
        prop_assert_eq!(Header::parse(&header.emit()), Some(header));
        prop_assert_eq!(Header::end(tag, 9).ends(tag), Some(9));
        prop_assert_eq!(header.ends(tag), None);
    }
}

#[test]
fn what_its_own_queue_dropped_is_counted_in_datagrams_though_the_kernel_counts_what_it_joined_as_one() {
    let mut streams = Streams::new(OwnClock::Here, Span::from_millis(20));
    let id = streams.add(spec(FlowEnd::Receiver, Traffic::at_rate(1e9, 1448, 1)), Time::ZERO);
    streams.begin(Time::ZERO);
    let mut arrive = |first: u32, count: u32, units| {
        streams.unit(id, count.into(), units);
        (first..first + count).for_each(|seq| streams.arrived(id, &arrived(seq, 0, 0), at_us(110_000)));
    };
    arrive(0, 44, None);
    // Two units of 44 found no room, then one of 12 and one of 44.
    arrive(132, 44, Some(2));
    arrive(232, 44, Some(4));
    // The network loses three: the queue's count has not risen.
    arrive(279, 1, Some(4));
    // One more unit of 20 at the very end, which the word of the end is told with.
    streams.unit(id, 1, Some(5));
    streams.ended(id, 300, at_us(200_000));
    let mut now = at_us(200_000);
    let totals = loop {
        match streams.poll(now) {
            Output::Event(What::DatagramTotals(totals)) => break totals,
            Output::WaitUntil(next) => now = next,
            other => assert_ne!(other, Output::Done),
        }
    };
    assert_eq!((totals.dropped, totals.lost, totals.packets), (88 + 56 + 20, 88 + 56 + 3 + 20, 133));
}
