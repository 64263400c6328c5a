//! The reader over damaged files: no panic, and what is accepted can be written and read again.
//!
//! Seeded, so that a failure repeats; the seed and the turn are printed. `FA_FUZZ_SECS` makes it longer than two seconds,
//! `FA_FUZZ_SEED` gives another sequence.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::time::{Duration, Instant};

use fa_format::{RawReading, ReadOptions, read_bytes, read_header_bytes, to_bytes};

const SEEDS: [&str; 4] = [
    r#"{"metadata": {"NAME": "ping", "LENGTH": 1, "STEP_SIZE": 0.2, "TIME": "2020-01-02T03:04:05.000000Z", "TOTAL_LENGTH": 1, "SERIES_META": {"a": {"UNITS": "bits/s", "MEAN_VALUE": 2e6}}},
  "raw_values": {"Ping (ms) UDP": [{"t": 1588855601.5, "dur": 0.2, "val": 10.5}, {"t": 1588855601.7, "val": null, "seq": 3, "lost": true, "dir": "up]"}],
    "wifi": [{"t": 1.0, "stations": {"aa:bb": {"airtime_tx": 5.0, "x": {}}}}, {"t": 2.0, "stations": {"aa:bb": {"airtime_tx": 9.0}}}],
    "q": [{"dropped": 3.0, "t": 5}, {"dropped": 4.5, "t": 6, "l": [1, [2]]}], "c": []},
  "results": {"Ping (ms)": [10.5, null, 11.25], "a": [1.0, NaN, -Infinity]}, "version": 3, "x_values": [0.0, 0.2, 0.4]}"#,
    r#"{"metadata":{"NAME":"t","TIME":"2015-07-13T17:08:10.0","NETPERF_WRAPPER_VERSION":"0.5","SERIES_META":{"HTTP latency":{"RAW_VALUES":[{"t":1436800090.0,"val":0.5}]}}},"results":{"HTTP latency":[500.0]},"x_values":[0.0]}"#,
    r#"{"metadata":{"NAME":"t","T0":"2015-07-13T15:08:10.5","TOTAL_LENGTH":null},"version":2,"x_values":[0,1],"results":{"a":[1,2]},"zz":[{"\u00e4":"\ud83d\ude00"}],"raw_values":{"a":[{"t":1,"val":1}]}}"#,
    r#"{"x_values": [0.6000000000000001, 123456789012345678901234567890], "results": {}, "metadata": {"NAME": ""}, "version": 1}"#,
];

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// Changes a few places: bits, bytes of JSON's alphabet, pieces moved and doubled, digits run wild, the end cut off.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = b"{}[]\",:\\0e.-nNtI \n"[random.below(18)],
            2 => bytes.insert(at, b"{}[]\",:\\0e.-nNtI \n"[random.below(18)]),
            3 => drop(bytes.remove(at)),
            4 => bytes.truncate(at),
            5 => {
                let end = (at + random.below(60)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            6 => {
                let end = (at + random.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let digits = vec![b'0' + random.below(10) as u8; random.below(400)];
                bytes.splice(at..at, digits);
            }
        }
    }
}

/// Everything that reads.
fn target(bytes: &[u8]) {
    let path = Path::new("fuzz.flent.gz");
    let _ = read_header_bytes(bytes, path, &ReadOptions::default());
    for keep_partial in [false, true] {
        for raw in [RawReading::Now, RawReading::Later] {
            let options = ReadOptions { max_bytes: 1 << 22, keep_partial, raw };
            let data = match read_bytes(bytes, path, &options) {
                Ok(data) => data,
                Err(e) => {
                    assert!(e.to_string().contains("fuzz.flent.gz"));
                    continue;
                }
            };
            for name in data.raw.names() {
                if let Some(series) = data.raw.series(name) {
                    assert_eq!(series.t().len(), series.len());
                    for key in series.keys() {
                        assert!(series.values(key).all(|(entry, value)| series.value(entry, key) == Some(value)));
                        let numbers = series.numbers(key);
                        assert!(numbers.is_none_or(|n| n.t.len() == n.value.len() && n.entry.len() == n.t.len()));
                    }
                }
            }
            assert!(data.all_notes().iter().all(|note| !note.to_string().is_empty()));
            // An empty NAME is read but not written.
            let Ok(written) = to_bytes(&data) else {
                assert!(data.metadata.name().is_empty());
                continue;
            };
            let again = read_bytes(&written, path, &ReadOptions::default()).unwrap();
            assert_eq!(again.metadata, data.metadata);
            assert_eq!(to_bytes(&again).unwrap(), written);
        }
    }
}

#[test]
fn damaged_files_never_panic() {
    let number = |name: &str, default| std::env::var(name).ok().and_then(|s| s.parse().ok()).unwrap_or(default);
    let (secs, seed) = (number("FA_FUZZ_SECS", 2), number("FA_FUZZ_SEED", 20_200_102));
    let mut random = Random(seed | 1);
    let packed: Vec<Vec<u8>> = SEEDS
        .iter()
        .filter_map(|seed| to_bytes(&read_bytes(seed.as_bytes(), Path::new("s"), &ReadOptions::default()).ok()?).ok())
        .collect();
    assert_eq!(packed.len(), 3, "the last one has no name");
    let until = Instant::now() + Duration::from_secs(secs);
    let mut turn = 0;
    while Instant::now() < until {
        turn += 1;
        let mut bytes = match random.below(4) {
            0 => packed[random.below(packed.len())].clone(),
            n => SEEDS[(turn + n) % SEEDS.len()].as_bytes().to_vec(),
        };
        mutate(&mut bytes, &mut random);
        let done = std::panic::catch_unwind(|| target(&bytes));
        if let Err(panic) = done {
            println!("seed {seed}, turn {turn}, input {:?}", String::from_utf8_lossy(&bytes));
            std::panic::resume_unwind(panic);
        }
    }
    println!("{turn} turns");
}
