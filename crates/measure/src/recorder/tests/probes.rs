//! What the file says of probes.

use super::*;

#[test]
fn probes_have_irtts_shape_and_the_reflectors_time_is_not_network() {
    let data = record(vec![
        sent(UDP, 0, 0),
        reply(UDP, 0, 0, 1, 1),
        sent(UDP, 1, 200),
        reply(UDP, 1, 200, 4, 1),
        sent(UDP, 2, 400),
        lost(UDP, 2, 400, Some(Direction::Down)),
        sent(UDP, 3, 600),
        reply(UDP, 3, 600, 1, 2),
    ]);
    let found = raw(&data, "Ping (ms) UDP");
    // 1 up, 1 held, 1 down: received 3 ms after it was sent, of which 2 are network.
    assert_eq!((&found[0]["val"], &found[0]["seq"]), (&2.0.into(), &0.into()));
    assert!((found[0]["t"].as_f64().unwrap() - UNIX - 0.003).abs() < 1e-6);
    assert!(found[0].get("ipdv").is_none(), "the first has no neighbour");
    assert_eq!(found[1]["val"], 5.0);
    assert_eq!(found[1]["ipdv"], 3.0);
    let up = found[1]["owd_up"].as_f64().unwrap();
    let down = found[1]["owd_down"].as_f64().unwrap();
    // The first exchange pins the offset to 2 s ± 1 ms in the middle; 0.2 s later it may have moved by 40 µs.
    assert!((up - 4.0).abs() < 0.1 && (down - 1.0).abs() < 0.1, "up {up}, down {down}");
    assert!((found[1]["ipdv_up"].as_f64().unwrap() - 3.0).abs() < 0.1);
    assert_eq!(
        found[2],
        json(
            r#"{"t":1700000000.40005,"seq":2,"lost":true,"lost_dir":"down","lateness":0.05,"sent":400.05,
            "received_there":null,"sent_there":null,"received":null}"#
        )
    );
    assert!(found[3].get("ipdv").is_none(), "not after a loss");
    let meta = meta(&data, "Ping (ms) UDP");
    for (key, expected) in [
        ("RUNNER", Value::from("IrttRunner")),
        ("PACKETS_SENT", Value::from(4)),
        ("PACKETS_RECEIVED", Value::from(3)),
        ("PACKET_LOSS_RATE", Value::from(0.25)),
        ("LOST_DOWN", Value::from(1)),
        ("LOST_UP", Value::from(0)),
        ("RTT_MIN", Value::from(2.0)),
        ("RTT_MEDIAN", Value::from(3.0)),
        ("RTT_MAX", Value::from(5.0)),
        ("MIN_VALUE", Value::from(2.0)),
        ("IPDV_MEAN", Value::from(3.0)),
        ("LATENESS_MAX", Value::from(0.05)),
        ("UPSTREAM_TOS", Value::from(0xb8)),
        ("UPSTREAM_TOS_SEEN", Value::from(0)),
        ("OWD_NEGATIVE", Value::from(0)),
        ("COMMAND", Value::from("fa: UDP round trips to far.example, from 0 s for 1 s, every 200 ms, TOS 0xb8")),
    ] {
        assert_eq!(meta[key], expected, "{key}");
    }
    assert!((meta["RTT_MEAN"].as_f64().unwrap() - 10.0 / 3.0).abs() < 1e-12);
    // 64 bytes 200 ms apart; answers at 3, 206 and 604 ms.
    let rate = |key: &str| meta[key].as_f64().unwrap();
    assert!((rate("SEND_RATE") - 64.0 * 8.0 / 0.2 / 1e6).abs() < 1e-12, "{}", rate("SEND_RATE"));
    assert!((rate("RECEIVE_RATE") - 2.0 * 64.0 * 8.0 / 0.601 / 1e6).abs() < 1e-12, "{}", rate("RECEIVE_RATE"));
}

#[test]
fn reordered_and_late_answers_are_not_lost_and_duplicates_count_once() {
    let data = record(vec![
        sent(ICMP, 0, 0),
        sent(ICMP, 1, 200),
        reply(ICMP, 1, 200, 5, 5),
        lost(ICMP, 0, 0, None),
        // Given up on too early: the answer comes after all.
        reply(ICMP, 0, 0, 300, 300),
        reply(ICMP, 1, 200, 6, 6),
        // And what was answered is not lost, whatever else is said.
        lost(ICMP, 1, 200, None),
    ]);
    let meta = meta(&data, "Ping (ms) ICMP");
    assert_eq!((&meta["PACKETS_SENT"], &meta["PACKETS_RECEIVED"]), (&2.into(), &2.into()));
    assert_eq!((&meta["PACKET_LOSS_RATE"], &meta["DUPLICATES"]), (&0.0.into(), &1.into()));
    let found = raw(&data, "Ping (ms) ICMP");
    assert_eq!(
        found[0],
        json(r#"{"t":1700000000.21,"seq":1.0,"val":10.0,"sent":200.0,"received":210.0,"lateness":0.05}"#),
        "sorted by arrival"
    );
    assert_eq!(
        found[1],
        json(r#"{"t":1700000000.6,"seq":0.0,"val":600.0,"sent":0.0,"received":600.0,"lateness":0.05}"#)
    );
}

#[test]
fn what_is_still_under_way_is_neither_received_nor_lost() {
    let data = record(vec![sent(ICMP, 0, 0), reply(ICMP, 0, 0, 1, 1), sent(ICMP, 1, 200)]);
    let meta = meta(&data, "Ping (ms) ICMP");
    assert_eq!((&meta["PACKETS_SENT"], &meta["UNANSWERED"]), (&1.into(), &1.into()));
    assert_eq!(meta["PACKET_LOSS_RATE"], 0.0);
}

#[test]
fn a_request_our_own_kernel_refused_is_not_the_networks_loss() {
    let refused = ProbeSent { probe: UDP, seq: 0, due: ms(0), sent: ms(0), refused: Some(105) };
    let data = record(vec![What::ProbeSent(refused), lost(UDP, 0, 0, Some(Direction::Up))]);
    let meta = meta(&data, "Ping (ms) UDP");
    assert_eq!((&meta["LOST_HERE"], &meta["LOST_UP"]), (&1.into(), &0.into()));
    assert_eq!(raw(&data, "Ping (ms) UDP")[0]["lost_dir"], "other");
}

#[test]
fn counts_of_the_reflector_go_into_the_file_and_untold_requests_are_said() {
    let totals =
        ProbeTotals { probe: UDP, sent: 3, reordered_up: Some(2), dropped_there: Some(1), ..ProbeTotals::default() };
    let data = record(vec![sent(UDP, 0, 0), reply(UDP, 0, 0, 1, 1), What::ProbeTotals(totals)]);
    let meta = meta(&data, "Ping (ms) UDP");
    assert_eq!((&meta["REORDERED_UP"], &meta["DROPPED_THERE"]), (&2.into(), &1.into()));
    assert_eq!(meta["EVENTS_MISSING"], 2);
}
