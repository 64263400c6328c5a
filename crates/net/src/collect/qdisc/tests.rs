#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

pub(super) fn padded(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = ((value.len() + 4) as u16).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

pub(super) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

pub(super) fn wide(wide: &[u64]) -> Vec<u8> {
    wide.iter().flat_map(|wide| wide.to_ne_bytes()).collect()
}

/// A message of a dump: interface 3, with these statistics.
fn qdisc(kind: &str, handle: u32, parent: u32, sent: u64, queue: [u32; 5], app: &[u8]) -> Vec<u8> {
    let mut basic = sent.to_ne_bytes().to_vec();
    basic.extend(words(&[10, 0]));
    let mut stats = padded(BASIC, &basic);
    stats.extend(padded(QUEUE, &words(&queue)));
    stats.extend(padded(APP, app));
    let mut body = words(&[0, 3, handle, parent, 1]);
    body.extend(padded(TCA_KIND, format!("{kind}\0").as_bytes()));
    body.extend(padded(TCA_STATS2, &stats));
    message(RTM_NEWQDISC, &body)
}

pub(super) fn message(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = ((body.len() + 16) as u32).to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend([0; 10]);
    bytes.extend(body);
    bytes
}

pub(super) fn value(values: &[(String, f64)], name: &str) -> Option<f64> {
    values.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

#[test]
fn a_qdisc_with_others_below_it_is_left_out_and_the_leaves_are_summed() {
    // Packets, bytes, drops, requeues, overlimits.
    let mut dump = qdisc("mq", 0x1_0000, ROOT, 600, [9, 900, 9, 0, 0], &[]);
    let codel = |maxpacket, marks| words(&[0, maxpacket, 0, marks, 5, 1, 2]);
    dump.extend(qdisc("fq_codel", 0, 0x1_0001, 100, [1, 100, 4, 1, 2], &codel(1514, 7)));
    dump.extend(qdisc("fq_codel", 0, 0x1_0002, 500, [2, 200, 5, 0, 3], &codel(90, 8)));
    // That of another interface, and the hook for arriving packets, do not count.
    dump.extend(qdisc("clsact", 0xffff_0000, 0xffff_fff1, 77, [7; 5], &[]));
    let found = stats(&dump, 3);
    assert_eq!(found.len(), 3);
    let values = combined(&found);
    for (name, expected) in [
        ("sent_bytes", 600.0),
        ("backlog_pkts", 3.0),
        ("backlog_bytes", 300.0),
        ("dropped", 9.0),
        ("overlimits", 5.0),
        ("ecn_mark", 15.0),
        ("maxpacket", 1514.0),
        ("new_flows_len", 2.0),
        ("qdiscs::mq 1::dropped", 9.0),
        ("qdiscs::fq_codel #2::sent_bytes", 500.0),
    ] {
        assert_eq!(value(&values, name), Some(expected), "{name}");
    }
    assert_eq!(stats(&dump, 4), []);
}

#[test]
fn a_shaper_gives_its_leafs_queue() {
    let mut dump = qdisc("tbf", 0x1_0000, ROOT, 50, [8, 800, 3, 0, 40], &[]);
    dump.extend(qdisc("codel", 0x10_0000, 0x1_0001, 50, [8, 800, 3, 0, 0], &words(&[1514, 6, 2, 5300, 0, 0, 4, 1, 0])));
    let values = combined(&stats(&dump, 3));
    assert_eq!((value(&values, "overlimits"), value(&values, "dropped")), (Some(0.0), Some(3.0)));
    assert_eq!(value(&values, "delay"), Some(5.3), "microseconds become ms");
    assert_eq!(value(&values, "qdiscs::tbf 1::overlimits"), Some(40.0));
}

#[test]
fn a_single_qdisc_is_itself_whatever_it_is() {
    let dump = qdisc("tbf", 0x1_0000, ROOT, 50, [8, 800, 3, 0, 40], &[]);
    let values = combined(&stats(&dump, 3));
    assert_eq!((value(&values, "overlimits"), values.len()), (Some(40.0), 8));
}

#[test]
fn tins_of_cake_keep_their_numbers_and_give_marks_and_delay_of_the_whole() {
    let tin = |marks: u32, delay_us: u32| {
        let mut tin = padded(2, &words(&[100]));
        tin.extend(padded(3, &wide(&[5000])));
        tin.extend(padded(8, &words(&[marks])));
        tin.extend(padded(19, &words(&[delay_us])));
        tin
    };
    let mut tins = padded(1, &tin(3, 70));
    tins.extend(padded(2, &tin(4, 2500)));
    let mut app = padded(5, &words(&[4096]));
    app.extend(padded(10, &tins));
    let values = combined(&stats(&qdisc("cake", 0x1_0000, ROOT, 1, [0; 5], &app), 3));
    for (name, expected) in [
        ("ecn_mark", 7.0),
        ("delay", 2.5),
        ("memory_used", 4096.0),
        ("cake_av_delay::Tin 0", 0.07),
        ("cake_bytes::Tin 1", 5000.0),
    ] {
        assert_eq!(value(&values, name), Some(expected), "{name}");
    }
}

#[test]
fn pie_tells_its_probability_as_a_share_of_one() {
    let mut app = wide(&[u64::MAX / 4]);
    app.extend(words(&[15_000, 0, 0, 900, 1, 2, 30, 4]));
    let values = combined(&stats(&qdisc("pie", 0x1_0000, ROOT, 1, [0; 5], &app), 3));
    assert!((value(&values, "prob").unwrap() - 0.25).abs() < 1e-9);
    assert_eq!((value(&values, "delay"), value(&values, "ecn_mark")), (Some(15.0), Some(4.0)));
    assert_eq!((value(&values, "pkts_in"), value(&values, "maxq")), (Some(900.0), Some(30.0)));
}

#[test]
fn drops_and_marks_are_told_per_interval() {
    let mut reader = Qdisc::new("eth0");
    let mut told = |dropped: f64| {
        let mut values = vec![("dropped".to_owned(), dropped), ("sent_pkts".to_owned(), dropped)];
        reader.differences(&mut values);
        (values[0].1, values[1].1)
    };
    assert_eq!(told(5.0), (0.0, 5.0), "the first has nothing to compare with");
    assert_eq!(told(8.0), (3.0, 8.0));
    assert_eq!(told(2.0), (2.0, 2.0), "a new qdisc");
}

#[test]
fn rates_of_the_interface_are_bytes_over_time() {
    let mut reader = Qdisc::new("eth0");
    let start = Instant::now();
    let mut values = Values::new();
    let counters = |rx: f64, tx: f64| vec![("if_rx_bytes", rx), ("if_tx_bytes", tx)];
    reader.rates(&counters(1000.0, 0.0), start, &mut values);
    reader.rates(&counters(126_000.0, 250_000.0), start + std::time::Duration::from_millis(500), &mut values);
    let told: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    // 125 000 bytes in half a second are 2 Mbit/s.
    assert_eq!(told, [0.0, 0.0, 2.0, 4.0]);
}

#[test]
fn counters_of_a_link_are_read_in_the_kernels_order() {
    let mut body = words(&[0, 7, 0, 0]);
    body.extend(padded(IFLA_STATS64, &wide(&(1..=24).collect::<Vec<u64>>())));
    let (index, counters) = link_counters(&message(RTM_NEWLINK, &body)).unwrap();
    assert_eq!(index, 7);
    assert_eq!((counters[2], counters[15]), (("if_rx_bytes", 3.0), ("if_rx_missed_errors", 16.0)));
}

#[test]
fn cut_answers_give_what_is_whole_and_never_panic() {
    let mut dump = qdisc("fq_codel", 0x1_0000, ROOT, 1, [1; 5], &words(&[0; 10]));
    dump.extend(qdisc("cake", 0x2_0000, ROOT, 1, [1; 5], &padded(10, &padded(1, &words(&[5])))));
    for cut in 0..dump.len() {
        let found = stats(&dump[..cut], 3);
        assert!(found.len() <= 1);
        combined(&found);
    }
}
