#![expect(clippy::unwrap_used, reason = "tests")]
//! Bodies captured from Linux 6.18 beside the line that `tc` printed for them; the disciplines which that kernel
//! lacked (fq_codel, codel, fq, cake, netem) are put together from the layouts of `linux/pkt_sched.h`.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn read(body: &[u8], kind: Kind) -> Discipline {
    discipline(Message { kind: 36, flags: 2, body }, 1, kind).unwrap()
}

fn words(discipline: &Discipline) -> String {
    let mut out = format!("{} {} {}", discipline.name, discipline.id, discipline.parent);
    for (name, value) in &discipline.params {
        let _ = write!(out, " {name} {value}");
    }
    out
}

#[test]
fn captured_qdiscs_read_as_tc_printed_them() {
    for (body, expected) in [
        (
            "000000000100000000000100ffffffff0200000008000100746266002c000200280001000001000000000000a0252600000000000000\
             000000000000b0810b000064000000000000300007001400010000000000000000000000000000000000180003000000000000000000\
             000000000000000000000000",
            "tbf 1: root refcnt 2 rate 20Mbit burst 4Kb lat 300ms",
        ),
        (
            "000000000100000000000100ffffffff020000000a000100706669666f000000080002004d000000",
            "pfifo 1: root refcnt 2 limit 77p",
        ),
        (
            "00000000010000000000100110000100010000000a000100626669666f0000000800020000000100",
            "bfifo 110: 1:10 limit 64Kb",
        ),
        (
            "000000000100000000000100ffffffff0200000008000100687462002400020018000200110003000a000000100000000000000000\
             00000008000500e8030000",
            "htb 1: root refcnt 2 r2q 10 default 0x10 direct_packets_stat 0 direct_qlen 1000",
        ),
        (
            "000000000100000000000100ffffffff020000000f000100706669666f5f6661737400001800020003000000010202020102000001\
             01010101010101",
            "pfifo_fast 1: root refcnt 2 bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1",
        ),
        ("000000000100000000000100ffffffff020000000c0001006e6f717565756500", "noqueue 1: root refcnt 2"),
    ] {
        assert_eq!(words(&read(&hex(body), Kind::Qdisc)), expected);
    }
}

#[test]
fn captured_classes_read_as_tc_printed_them() {
    for (body, expected) in [
        ("00000000010000000100010000000100000000000800010074626600", "tbf 1:1 1:"),
        (
            "0000000001000000100001000100010000001001080001006874620034000200300001000001000000000000688909000001000000\
             000000a025260000dc05001027000024f400000000000000000000",
            "htb 1:10 1:1 leaf 110: prio 0 rate 5Mbit ceil 20Mbit burst 15Kb cburst 1600b",
        ),
    ] {
        assert_eq!(words(&read(&hex(body), Kind::Class)), expected);
    }
}

#[test]
fn counters_become_the_lines_of_tc() {
    let body = hex(
        "000000000100000000000100ffffffff0200000008000100746266002c000200280001000001000000000000a0252600000000000000\
         000000000000b0810b000064000000000000300007001400010000000000000000000000000000000000180003000000000000000000\
         000000000000000000000000",
    );
    let text = read(&body, Kind::Qdisc).statistics().unwrap();
    assert_eq!(
        text,
        "qdisc tbf 1: root refcnt 2 rate 20Mbit burst 4Kb lat 300ms\
         \n Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0)\n backlog 0b 0p requeues 0"
    );
}

/// A `tcmsg` for interface 1, handle 8003:, root, with this kind and these options.
fn body(kind: &str, options: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [0, 1, 0x8003_0000, TC_H_ROOT, 2] {
        bytes.extend_from_slice(&u32::to_ne_bytes(word));
    }
    push(&mut bytes, TCA_KIND, &[kind.as_bytes(), b"\0"].concat());
    push(&mut bytes, TCA_OPTIONS, options);
    bytes
}

fn push(bytes: &mut Vec<u8>, kind: u16, value: &[u8]) {
    bytes.extend_from_slice(&(value.len() as u16 + 4).to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn numbers(pairs: &[(u16, u32)]) -> Vec<u8> {
    let mut options = Vec::new();
    for (kind, value) in pairs {
        push(&mut options, *kind, &value.to_ne_bytes());
    }
    options
}

#[test]
fn fair_queues_and_codel_say_their_limits_and_times() {
    let fq_codel = numbers(&[(1, 4999), (2, 10240), (3, 99_999), (4, 1), (6, 1514), (5, 1024), (8, 64), (9, 32 << 20)]);
    assert_eq!(
        words(&read(&body("fq_codel", &fq_codel), Kind::Qdisc)),
        "fq_codel 8003: root refcnt 2 limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb \
         ecn  drop_batch 64"
    );
    let codel = numbers(&[(1, 4999), (2, 1000), (3, 99_999), (4, 0)]);
    assert_eq!(
        words(&read(&body("codel", &codel), Kind::Qdisc)),
        "codel 8003: root refcnt 2 limit 1000p target 5ms interval 100ms"
    );
    let mut fq =
        numbers(&[(1, 10_000), (2, 100), (3, 3028), (4, 15_140), (7, u32::MAX), (8, 10), (9, 40_000), (11, 68_750)]);
    push(&mut fq, 15, &[1]);
    assert_eq!(
        words(&read(&body("fq", &fq), Kind::Qdisc)),
        "fq 8003: root refcnt 2 limit 10000p flow_limit 100p buckets 1024 quantum 3028b initial_quantum 15140b \
         low_rate_threshold 550Kbit refill_delay 40ms horizon_drop "
    );
}

#[test]
fn cake_and_netem_say_rate_mode_and_delay() {
    let mut cake = Vec::new();
    push(&mut cake, 2, &2_500_000_u64.to_ne_bytes());
    cake.extend(numbers(&[(3, 0), (5, 7), (11, 1), (13, 0), (16, 0), (17, 1), (7, 100_000), (12, 0), (6, 0)]));
    assert_eq!(
        words(&read(&body("cake", &cake), Kind::Qdisc)),
        "cake 8003: root refcnt 2 bandwidth 20Mbit diffserv3  triple-isolate  nat  nowash  no-ack-filter  split-gso  \
         rtt 100ms raw "
    );
    let mut netem = Vec::new();
    for word in [312_500, 2000, u32::MAX / 64, 0, 0, 46_875] {
        netem.extend_from_slice(&u32::to_ne_bytes(word));
    }
    push(&mut netem, 10, &20_000_000_u64.to_ne_bytes());
    assert_eq!(
        words(&read(&body("netem", &netem), Kind::Qdisc)),
        "netem 8003: root refcnt 2 limit 2000 delay 20ms 3ms loss 1.5625%"
    );
}

#[test]
fn what_is_not_known_keeps_its_name() {
    assert_eq!(words(&read(&body("teql0", &[1, 2, 3, 4, 5]), Kind::Qdisc)), "teql0 8003: root refcnt 2");
}

#[test]
fn every_truncation_and_byte_flip_is_survived() {
    for kind in ["tbf", "fq_codel", "codel", "fq", "cake", "netem", "htb", "pfifo", "prio"] {
        let whole = body(kind, &numbers(&[(1, u32::MAX), (2, 7), (8, 70), (12, 0)]));
        for cut in 0..whole.len() {
            let message = Message { kind: 36, flags: 0, body: &whole[..cut] };
            let _ = discipline(message, 1, Kind::Qdisc).map(|found| found.statistics());
        }
        for at in 20..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut broken = whole.clone();
                broken[at] = value;
                for kind in [Kind::Qdisc, Kind::Class] {
                    let _ = discipline(Message { kind: 36, flags: 0, body: &broken }, 1, kind);
                }
            }
        }
    }
}

#[test]
fn units_are_written_as_tc_writes_them() {
    assert_eq!(handle_text(4), ":4");
    assert_eq!(handle_text(0), "none");
    assert_eq!(handle_text(0x8001_000a), "8001:a");
    assert_eq!(rate(125.0), "1Kbit");
    assert_eq!(rate(187_500.0), "1500Kbit");
    assert_eq!(rate(12_500_000_000.0), "100Gbit");
    assert_eq!(size(1514.0), "1514b");
    assert_eq!(size(15.0 * 1024.0 - 3.0), "15Kb");
    assert_eq!(time_us(4999.0), "5ms");
    assert_eq!(time_us(999.0), "999us");
    assert_eq!(time_us(1.5e6), "1.5s");
    assert_eq!(percent(u32::MAX), "100%");
}
