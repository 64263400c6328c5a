//! Replayed, cut short and mutated journals.

use super::*;

#[test]
fn events_of_another_plan_are_left_out_and_said() {
    let data = record(vec![bytes(FlowId(9), FlowEnd::Receiver, ms(200), 200, 1), reply(ProbeId(9), 0, 0, 1, 1)]);
    let warnings = data.metadata.get("WARNINGS").unwrap().to_string();
    assert!(warnings.contains("flow 9") && warnings.contains("probe 9"), "{warnings}");
}

/// A run with something of everything.
fn busy() -> Vec<Event> {
    let mut what = vec![];
    for i in 0..20 {
        let at = 200 * i;
        what.push(sent(UDP, i as u32, at));
        what.push(if i % 7 == 3 { lost(UDP, i as u32, at, None) } else { reply(UDP, i as u32, at, 3 + i % 4, 2) });
        what.push(bytes(UP, FlowEnd::Receiver, ms(at + 200), 200, 10_000 * i as u64));
        let info = TcpInfo { snd_cwnd: Some(10 + i as u32), ..TcpInfo::default() };
        what.push(What::TcpInfo(Box::new(TcpSample { flow: UP, end: FlowEnd::Sender, at: When::Here(ms(at)), info })));
    }
    what.push(What::Ended { reason: EndReason::Completed });
    begin().into_iter().chain(events(what)).collect()
}

#[test]
fn a_replayed_journal_gives_the_same_file_bit_for_bit() {
    let events = busy();
    let mut live = Recorder::new();
    let mut file = Encoder::header().to_vec();
    let mut encoder = Encoder::default();
    for event in &events {
        live.observe(event);
        encoder.encode(event, &mut file).unwrap();
        let _ = live.snapshot();
    }
    let (recovered, notes) = journal::recover(file.as_slice()).unwrap();
    assert_eq!(notes, []);
    assert_eq!(fa_format::to_bytes(&recovered).unwrap(), fa_format::to_bytes(&live.finish().unwrap()).unwrap());
}

#[test]
fn what_was_dropped_from_a_journal_is_a_warning_of_the_file() {
    let mut file = Encoder::header().to_vec();
    let mut encoder = Encoder::default();
    for event in &busy() {
        encoder.encode(event, &mut file).unwrap();
    }
    let last = file.len() - 5;
    file[last] ^= 1;
    let (recovered, notes) = journal::recover(file.as_slice()).unwrap();
    let warnings = recovered.metadata.get("WARNINGS").unwrap().to_string();
    assert!(warnings.contains("dropped the journal record at byte"), "{warnings}");
    assert_eq!(notes.len(), 1);
}

#[test]
fn a_run_cut_short_anywhere_gives_a_file_that_reads_back() {
    let events = busy();
    for cut in 2..events.len() {
        let data = Recorder::replay(&events[..cut]).finish().unwrap();
        assert!(
            cut == events.len() || data.metadata.get("RUN_END").unwrap().as_str().unwrap().starts_with("cut short")
        );
        let bytes = fa_format::to_bytes(&data).unwrap();
        let back = fa_format::read_bytes(&bytes, "cut".as_ref(), &fa_format::ReadOptions::default()).unwrap();
        assert_eq!(back.series.len(), data.series.len());
    }
    assert_eq!(Recorder::replay(&events[..1]).finish().err(), Some(RecordError::NoPlan));
}

/// Seeded noise (xorshift64*).
struct Noise(u64);

impl Noise {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }
}

#[test]
fn mutated_journals_never_panic_and_lose_only_what_was_touched() {
    let events = busy();
    let mut file = Encoder::header().to_vec();
    let mut encoder = Encoder::default();
    for event in &events {
        encoder.encode(event, &mut file).unwrap();
    }
    let mut noise = Noise(42);
    for _ in 0..200 {
        let mut broken = file.clone();
        match noise.below(4) {
            0 => broken.truncate(noise.below(broken.len())),
            1 => (0..8).for_each(|_| {
                let at = noise.below(broken.len());
                broken[at] = noise.below(256) as u8;
            }),
            2 => {
                let (at, len) = (noise.below(broken.len()), noise.below(64));
                broken.splice(at..at, std::iter::repeat_n(0xff, len));
            }
            _ => {
                let at = noise.below(broken.len() - 64);
                broken.drain(at..at + 1 + noise.below(63));
            }
        }
        if let Ok(journal) = journal::read(broken.as_slice()) {
            assert!(journal.events.len() <= events.len());
            let _ = Recorder::replay(&journal.events).snapshot();
        }
    }
}

#[test]
fn hostile_numbers_in_valid_events_do_no_harm() {
    // A journal's checksum is no protection against whoever writes one.
    let text = journal_text();
    let mut noise = Noise(43);
    for _ in 0..100 {
        let mut text = text.clone();
        for _ in 0..3 {
            let digits: Vec<usize> =
                text.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
            let at = digits[noise.below(digits.len())];
            let big = ["9", "99999999999", "-1", "4294967295", "1e300"][noise.below(5)];
            text.replace_range(at..=at, big);
        }
        let events: Vec<Event> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let data = Recorder::replay(&events).snapshot();
        let _ = fa_format::to_bytes(&data);
    }
}

fn journal_text() -> String {
    busy().iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect()
}
