//! Whole runs over a simulated network: engines, reflector and recorder together, in virtual time.
#![expect(clippy::unwrap_used, reason = "tests")]

use fa_format::DataSet;
use fa_measure::plan::{Plan, SourcePlan};
use fa_measure::recorder::Recorder;
use fa_measure::{Event, Span, Time, What};
use fa_testkit::{FarClock, Link, Simulation, assert_close, plan, plan_with};
use serde_json::{Map, Value};

fn record(events: &[Event]) -> DataSet {
    Recorder::replay(events).finish().unwrap()
}

fn meta<'a>(data: &'a DataSet, series: &str) -> &'a Map<String, Value> {
    data.metadata.series_meta(series).unwrap_or_else(|| panic!("no series {series:?}"))
}

fn count(data: &DataSet, series: &str, key: &str) -> u64 {
    meta(data, series)[key].as_u64().unwrap_or_else(|| panic!("{series}: {key}"))
}

fn number(data: &DataSet, series: &str, key: &str) -> f64 {
    meta(data, series)[key].as_f64().unwrap_or_else(|| panic!("{series}: {key}"))
}

const UDP: &str = "Ping (ms) UDP BE1";
const ICMP: &str = "Ping (ms) ICMP";

/// The three UDP probes of `rrul_be` without its flows.
fn udp_probes(secs: f64) -> Plan {
    let mut plan = plan("rrul_be", secs);
    plan.flows.clear();
    plan.series.retain(|series| series.name.starts_with("Ping (ms) UDP"));
    plan.probes.retain(|probe| probe.series.starts_with("Ping (ms) UDP"));
    for (series, probe) in plan.series.iter_mut().zip(&plan.probes) {
        series.source = SourcePlan::Probe(probe.id);
    }
    plan
}

/// Values of a series between two moments of the grid.
fn between(data: &DataSet, series: &str, from: f64, to: f64) -> Vec<f64> {
    let points = data.x_values.iter().zip(data.series(series).unwrap());
    let mut found: Vec<f64> =
        points.filter(|(x, y)| (from..to).contains(*x) && y.is_finite()).map(|(_, y)| *y).collect();
    found.sort_unstable_by(f64::total_cmp);
    found
}

fn median(values: &[f64]) -> f64 {
    values[values.len() / 2]
}

#[test]
fn loss_is_counted_once_when_replies_are_reordered() {
    let down = Link::with_delay_ms(20).reordering_every(5);
    let data = record(&Simulation::seeded(7).down(down).run(&plan("ping", 10.0)));
    let sent = count(&data, ICMP, "PACKETS_SENT");
    assert_eq!(count(&data, ICMP, "PACKETS_RECEIVED"), sent, "reordering is not loss");
    assert!(count(&data, ICMP, "REORDERED") > 5);
}

#[test]
fn duplicates_are_not_round_trips() {
    let up = Link::with_delay_ms(20).duplicating_every(5);
    let data = record(&Simulation::seeded(7).up(up).run(&udp_probes(20.0)));
    assert_eq!(count(&data, UDP, "PACKETS_RECEIVED"), count(&data, UDP, "PACKETS_SENT"));
    let (there, here) = (count(&data, UDP, "DUPLICATES_UP"), count(&data, UDP, "DUPLICATES"));
    assert!(there > 0, "the reflector saw both");
    assert!(here >= there, "and answered both");
    let answered = data.raw.series(UDP).unwrap().numbers("val").unwrap().value.len() as u64;
    assert_eq!(answered, count(&data, UDP, "PACKETS_RECEIVED"));
}

#[test]
fn losses_are_told_by_direction_and_none_is_missing() {
    for (up_loss, down_loss) in [(0.1, 0.0), (0.0, 0.1), (0.05, 0.05)] {
        let simulation = Simulation::seeded(3)
            .up(Link::with_delay_ms(5).losing(up_loss))
            .down(Link::with_delay_ms(5).losing(down_loss));
        // Only probes: what the links lost is what must have been measured.
        let plan = udp_probes(60.0);
        let (events, up, down) = simulation.run_to_links(&plan);
        let data = record(&events);
        let sum = |key| plan.series.iter().map(|series| count(&data, &series.name, key)).sum::<u64>();
        assert_eq!(sum("LOST_UP"), up.lost_probes(), "up, {up_loss} {down_loss}");
        assert_eq!(sum("LOST_DOWN"), down.lost_probes(), "down, {up_loss} {down_loss}");
        assert_eq!(sum("LOST_UNKNOWN"), 0);
        assert_eq!(sum("PACKETS_SENT") - sum("PACKETS_RECEIVED"), up.lost_probes() + down.lost_probes());
        assert!(up.lost_probes() + down.lost_probes() > 20);
    }
}

#[test]
fn one_way_delays_are_right_within_their_bound_whatever_the_far_clock_shows() {
    for (ahead_secs, drift_ppm) in [(0.0, 0.0), (3.0, 80.0), (-86_400.0, -95.0)] {
        let clock = FarClock { ahead: Span::from_secs_f64(ahead_secs), drift_ppm };
        let simulation = Simulation::seeded(1)
            .up(Link::with_delay_ms(5).jitter_ms(2))
            .down(Link::with_delay_ms(35))
            .far_clock(clock);
        let data = record(&simulation.run(&udp_probes(42.0)));
        let bound = number(&data, UDP, "OWD_BOUND");
        let (up, down) = (number(&data, UDP, "OWD_UP_MEAN"), number(&data, UDP, "OWD_DOWN_MEAN"));
        // An asymmetric path cannot be told from an offset: the estimate is in the middle, and the bound says so.
        assert!(bound > 14.0 && bound < 30.0, "bound {bound}");
        assert_close("up", up, 6.0, bound);
        assert_close("up and down together", up + down, number(&data, UDP, "RTT_MEAN"), 0.01);
        assert_eq!(count(&data, UDP, "OWD_NEGATIVE"), 0);
        let facts = &data.metadata.get("CLOCKS").unwrap()["far.example"];
        assert_close(
            "offset",
            facts["offset_ms"].as_f64().unwrap(),
            ahead_secs * 1e3,
            facts["bound_ms"].as_f64().unwrap(),
        );
        let drift_bound = facts["drift_bound_ppm"].as_f64().unwrap();
        assert_close("drift", facts["drift_ppm"].as_f64().unwrap(), drift_ppm, drift_bound);
    }
}

#[test]
fn a_delay_below_zero_is_told_and_an_ordinary_run_has_none() {
    let warnings = |data: &DataSet| data.metadata.get("WARNINGS").map(ToString::to_string).unwrap_or_default();
    let events = Simulation::seeded(1).run(&udp_probes(42.0));
    assert!(!warnings(&record(&events)).contains("below zero"));
    let mut wrong = events;
    let reply = wrong
        .iter_mut()
        .filter_map(|event| if let What::ProbeReply(reply) = &mut event.what { Some(reply) } else { None });
    // 10 ms each way: the request cannot have arrived half a millisecond before any offset allows.
    let there = reply.skip(20).find_map(|reply| reply.there.as_mut()).unwrap();
    there.received = there.received - Span::from_micros(20_500);
    let data = record(&wrong);
    let series = udp_probes(42.0).series;
    assert_eq!(series.iter().map(|series| count(&data, &series.name, "OWD_NEGATIVE")).sum::<u64>(), 1);
    assert!(warnings(&data).contains("below zero"), "{}", warnings(&data));
}

#[test]
fn a_symmetric_path_gives_exact_one_way_delays() {
    let clock = FarClock { ahead: Span::from_millis(-1234), drift_ppm: 20.0 };
    let data = record(&Simulation::seeded(1).far_clock(clock).run(&udp_probes(42.0)));
    assert_close("up", number(&data, UDP, "OWD_UP_MEAN"), 10.0, 2.0);
    assert_close("down", number(&data, UDP, "OWD_DOWN_MEAN"), 10.0, 2.0);
}

/// A key of every raw sample of a series, `None` where the sample lacks it or has null there.
fn raw_column(data: &DataSet, series: &str, key: &str) -> Vec<Option<f64>> {
    let raw = data.raw.series(series).unwrap();
    (0..raw.len()).map(|entry| raw.value(entry, key).and_then(|value| value.as_f64())).collect()
}

/// Milliseconds of the file as the whole nanoseconds that they stand for.
fn ns(ms: f64) -> i64 {
    (ms * 1e6).round() as i64
}

#[test]
fn the_stamps_of_a_probe_are_those_of_the_path_and_give_the_delays_that_are_stored() {
    // 5 ms up, 30 µs at the reflector, 35 ms down; its clock 3 s ahead, and we wake up 1.5 ms late.
    let simulation = Simulation::seeded(1)
        .up(Link::with_delay_ms(5))
        .down(Link::with_delay_ms(35))
        .far_clock(FarClock { ahead: Span::from_millis(3000), drift_ppm: 0.0 })
        .waking_late(Span::from_micros(1500));
    let data = record(&simulation.run(&udp_probes(42.0)));
    let column = |key: &str| raw_column(&data, UDP, key).into_iter().map(Option::unwrap).collect::<Vec<_>>();
    let [sent, there, back, received] = ["sent", "received_there", "sent_there", "received"].map(column);
    let [round_trip, up, down, bound] = ["val", "owd_up", "owd_down", "owd_bound"].map(column);
    assert_eq!(sent.len(), 211);
    // The first one finds us awake.
    for i in 1..sent.len() {
        // The schedule begins 100 ms after the launch, which TIME is.
        assert_eq!(ns(sent[i]), 100_000_000 + 200_000_000 * i as i64 + 1_500_000, "request {i}");
        assert_eq!(ns(there[i]) - ns(sent[i]), 3_005_000_000, "the way up and the clock's 3 s");
        assert_eq!(ns(back[i]) - ns(there[i]), 30_000, "held by the reflector");
        assert_eq!(ns(received[i]) - ns(back[i]), 35_000_000 - 3_000_000_000, "the way down, less the 3 s");
        assert_eq!(ns(round_trip[i]), (ns(received[i]) - ns(sent[i])) - (ns(back[i]) - ns(there[i])));
        assert_eq!(ns(round_trip[i]), 40_000_000);
        // Both one-way delays, computed again from the stamps and one offset: nobody can know it better than to the bound.
        let offset = ns(there[i]) - ns(sent[i]) - ns(up[i]);
        assert!((offset - 3_000_000_000).abs() <= ns(bound[i]), "{offset}, bound {}", bound[i]);
        assert_eq!(ns(up[i]) + ns(down[i]), ns(round_trip[i]));
    }
    let late = column("lateness");
    assert!(late[1..].iter().all(|late| *late == 1.5), "{late:?}");
    assert_eq!(number(&data, UDP, "LATENESS_MAX"), 1.5);
    assert!(data.raw.series(UDP).unwrap().numbers("program_stamps").is_none());
}

#[test]
fn a_lost_probe_has_the_stamp_of_its_sending_and_no_other() {
    let simulation =
        Simulation::seeded(1).up(Link::with_delay_ms(5).losing_every(5)).waking_late(Span::from_micros(70));
    for (plan, series) in [(udp_probes(20.0), UDP), (plan("ping", 20.0), ICMP)] {
        let data = record(&simulation.clone().run(&plan));
        let raw = data.raw.series(series).unwrap();
        let lost: Vec<usize> = raw.values("lost").map(|(entry, _)| entry).collect();
        assert!(lost.len() > 10);
        for entry in lost {
            let seq = raw.value(entry, "seq").and_then(|value| value.as_f64()).unwrap();
            assert!(seq > 0.0, "the first one finds us awake");
            assert_eq!(raw_column(&data, series, "sent")[entry].map(ns), Some(ns(100.07 + 200.0 * seq)));
            assert_eq!(raw_column(&data, series, "lateness")[entry], Some(0.07));
            for key in ["val", "received_there", "sent_there", "received", "owd_up", "owd_down"] {
                assert_eq!(raw_column(&data, series, key)[entry], None, "{key}");
            }
        }
    }
}

#[test]
fn goodput_is_what_the_bottleneck_lets_through() {
    let slow = Link::with_delay_ms(10).bottleneck(20.0, 50.0);
    let data = record(&Simulation::seeded(5).up(slow.clone()).down(slow).run(&plan_with("tcp_1up", 10.0, 1.0, &[])));
    let up = "TCP upload";
    // Of 1514 bytes on the line 1448 are payload.
    assert_close("mean", number(&data, up, "MEAN_VALUE"), 20.0 * 1448.0 / 1514.0, 0.4);
    let raw = data.raw.series(up).unwrap();
    let (durations, rates) = (raw.numbers("dur").unwrap(), raw.numbers("val").unwrap());
    let bits: f64 = durations.value.iter().zip(rates.value.iter()).map(|(dur, rate)| dur * rate * 1e6).sum();
    assert_close("intervals add up", bits / 8.0, number(&data, up, "BYTES_RECVD"), 1.0);
    assert_eq!(count(&data, up, "BYTES_SENT"), count(&data, up, "BYTES_RECVD"), "the stream was drained");
    assert!(data.series("TCP upload::tcp_cwnd").unwrap().iter().any(|value| *value > 10.0));
    assert_eq!(meta(&data, up)["CONG_CONTROL"], "simulated");
    assert_eq!(data.metadata.failed_runners(), Some(0));
}

#[test]
fn a_long_queue_shows_as_latency_under_load_and_a_short_one_does_not() {
    let run = |queue_ms| {
        let slow = Link::with_delay_ms(10).bottleneck(20.0, queue_ms);
        record(&Simulation::seeded(5).up(slow).run(&plan_with("tcp_1up", 20.0, 5.0, &[])))
    };
    let (long, short) = (run(300.0), run(20.0));
    for data in [&long, &short] {
        assert_close("idle", median(&between(data, ICMP, 0.0, 4.5)), 20.0, 0.5);
        assert_close("afterwards", median(&between(data, ICMP, 27.0, 30.0)), 20.0, 0.5);
    }
    assert!(median(&between(&long, ICMP, 10.0, 24.0)) > 150.0);
    assert!(median(&between(&short, ICMP, 10.0, 24.0)) < 45.0);
}

#[test]
fn an_outage_is_loss_in_the_file_and_not_the_end_of_the_run() {
    let dead = (Time::from_secs_f64(8.0), Time::from_secs_f64(18.0));
    let link = Link::with_delay_ms(10).bottleneck(10.0, 100.0).outage(dead.0, dead.1);
    let data = record(&Simulation::seeded(9).up(link.clone()).down(link).run(&plan_with("rrul_be", 30.0, 2.0, &[])));
    assert_eq!(data.metadata.failed_runners(), Some(0));
    for series in [UDP, ICMP] {
        let lost = count(&data, series, "PACKETS_SENT") - count(&data, series, "PACKETS_RECEIVED");
        assert!((50..=75).contains(&lost), "{series}: {lost} lost of 50 sent during the outage, and some to the queue");
        assert!(between(&data, series, 9.5, 17.0).is_empty(), "no value where nothing came back");
        assert!(between(&data, series, 19.0, 30.0).len() > 40, "the series goes on");
    }
    let lost_entries = data.raw.series(UDP).unwrap().values("lost").count();
    assert!(lost_entries >= 50);
    assert!(between(&data, "TCP upload BE", 10.0, 17.0).iter().all(|rate| *rate == 0.0), "nothing was read");
    assert!(median(&between(&data, "TCP upload BE", 22.0, 30.0)) > 0.5, "and then it was");
}

#[test]
fn far_reports_that_come_after_the_run_are_put_in_their_place() {
    let slow = Link::with_delay_ms(10).bottleneck(20.0, 50.0);
    let clock = FarClock { ahead: Span::from_millis(5000), drift_ppm: 0.0 };
    let run = Simulation::seeded(2).up(slow.clone()).down(slow).far_clock(clock);
    let data = record(&run.run(&plan_with("tcp_1down", 5.0, 1.0, &[])));
    let raw = data.raw.series("TCP download").unwrap();
    for key in ["val", "tcp_cwnd", "tcp_snd_mss"] {
        let found = raw.numbers(key).unwrap();
        assert!(found.t.windows(2).all(|pair| pair[0] <= pair[1]), "{key}: in order of time");
    }
    let first_t = data.metadata.t0_unix().unwrap();
    let states = raw.numbers("tcp_cwnd").unwrap();
    let t: Vec<f64> = states.entry.iter().map(|&entry| raw.t()[entry as usize] - first_t).collect();
    assert_close("first state of the far sender", t[0], 1.2, 0.1);
    assert!(t.len() > 20);
}

#[test]
fn a_test_that_is_run_again_and_again_has_one_value_per_run() {
    // Runs of 6 s: load from 1 to 6, 7 to 12, 13 to 18; during the second one nothing passes for two seconds.
    let link = |rate| {
        let (from, to) = (Time::from_secs_f64(8.0), Time::from_secs_f64(10.0));
        Link::with_delay_ms(5).bottleneck(rate, 30.0).outage(from, to)
    };
    let plan = plan_with("iterated_bidirectional", 5.0, 1.0, &[("iterations", "3")]);
    assert_eq!((plan.flows.len(), plan.total_length_secs, plan.iterations), (6, 18.0, Some(3)));
    let data = record(&Simulation::seeded(3).up(link(20.0)).down(link(10.0)).run(&plan));
    assert_eq!(data.x_values, [0.0, 1.0, 2.0], "numbers of runs");
    assert_eq!(data.series.keys().collect::<Vec<_>>(), ["TCP download", "TCP upload"]);
    for (series, rate) in [("TCP upload", 20.0), ("TCP download", 10.0)] {
        let values = data.series(series).unwrap();
        for (run, value) in (1..).zip(values) {
            // Against the samples of that run.
            let raw = data.raw.series(&format!("{series}::{run}")).unwrap();
            let of = |key| raw.numbers(key).unwrap();
            let bits: f64 = of("val").value.iter().zip(of("dur").value.iter()).map(|(rate, secs)| rate * secs).sum();
            let secs: f64 = of("dur").value.iter().sum();
            assert_close("a run's value", *value, bits / secs, 0.03 * rate);
            assert!(raw.numbers("tcp_snd_mss").is_some(), "samples of the kernel's state, too");
            let begin = raw.first_t().unwrap() - data.raw.series(&format!("{series}::1")).unwrap().first_t().unwrap();
            assert_close("begin of a run", begin, 6.0 * f64::from(run - 1), 0.3);
        }
        assert!(values[0] > 0.7 * rate && values[2] > 0.7 * rate, "{series}: {values:?}");
        assert!(values[1] > 0.3 * values[0] && values[1] < 0.75 * values[0], "the one with the outage: {values:?}");
        assert_close("mean", number(&data, series, "MEAN_VALUE"), values.iter().sum::<f64>() / 3.0, 1e-9);
        assert_eq!(meta(&data, series)["ITERATIONS"].as_array().unwrap().len(), 3);
        assert!(data.raw.series(series).unwrap().is_empty(), "readers take the values");
    }
    assert_eq!(data.metadata.get("ITERATIONS"), Some(&3.into()));
    assert_eq!(data.metadata.get("ITERATION_PERIOD"), Some(&6.into()));
    assert_eq!(data.metadata.failed_runners(), Some(0));
}

#[test]
fn the_same_seed_gives_the_same_file() {
    let bytes = |seed| {
        let link = Link::with_delay_ms(10).bottleneck(10.0, 100.0).losing(0.01).jitter_ms(3);
        let events = Simulation::seeded(seed).up(link).run(&plan_with("rrul_be", 3.0, 1.0, &[]));
        fa_format::to_bytes(&record(&events)).unwrap()
    };
    assert!(bytes(1) == bytes(1));
    assert!(bytes(1) != bytes(2));
}

#[test]
fn a_flood_shows_the_rate_of_its_bottleneck_and_loses_the_rest() {
    // 1500 bytes on the line for 1458 of payload; 20 Mbit/s asked, 10 Mbit/s there.
    let params = [("udp_bandwidth", "20M"), ("udp_pktsize", "1458")];
    let slow = Link::with_delay_ms(10).bottleneck(10.0, 50.0);
    let data = record(&Simulation::seeded(4).up(slow).run(&plan_with("udp_flood", 10.0, 1.0, &params)));
    let up = "UDP upload";
    let expected = 10.0 * 1458.0 / 1500.0;
    assert_close("goodput", number(&data, up, "MEAN_VALUE"), expected, 0.1);
    let (sent, received) = (count(&data, up, "PACKETS_SENT"), count(&data, up, "PACKETS_RECEIVED"));
    assert_eq!(sent, (20e6_f64 * 10.0 / 8.0 / 1458.0).ceil() as u64);
    assert_eq!(count(&data, up, "PACKETS_LOST"), sent - received);
    assert_close("loss", number(&data, up, "PACKET_LOSS_RATE"), 1.0 - expected / 20.0, 0.01);
    assert_eq!(count(&data, up, "BYTES_RECVD"), received * 1458);
    let lost: f64 = data.raw.series(up).unwrap().numbers("lost").unwrap().value.iter().sum();
    assert_eq!(lost as u64, sent - received, "what each interval lost adds up");
    // The queue is full: 10 ms of way and 50 ms of queue.
    let raw = data.raw.series(up).unwrap();
    let delays = raw.numbers("delay").unwrap();
    assert_close("delay", delays.value[delays.value.len() / 2], 60.0, 2.0 + number(&data, up, "DELAY_BOUND"));
    assert_eq!(data.metadata.failed_runners(), Some(0));
}

#[test]
fn both_kinds_of_call_tell_delay_jitter_loss_and_bit_rate() {
    for params in [&[][..], &[("voip_codec", "G.711.2")][..]] {
        let clock = FarClock { ahead: Span::from_millis(7_000), drift_ppm: 10.0 };
        let up = Link::with_delay_ms(30).losing_every(10);
        let simulation = Simulation::seeded(6).up(up).down(Link::with_delay_ms(30)).far_clock(clock);
        let data = record(&simulation.run(&plan_with("voip", 20.0, 0.0, params)));
        let middle = |child: &str| median(&between(&data, &format!("VoIP::{child}"), 1.0, 18.0));
        assert_close("delay", middle("delay"), 30.0, 2.0);
        assert_close("jitter", middle("jitter"), 0.0, 0.01);
        // 172 bytes fifty times a second, nine of ten: 61.92 kbit/s.
        assert_close("bit rate", middle("bitrate"), 61.92, 0.1);
        // One of the ten that a step of 200 ms has.
        assert_close("loss", middle("loss"), 1.0, 0.001);
        assert_close("induced", middle("induced_delay"), 0.0, 1.0);
        assert_close("loss rate", number(&data, "VoIP", "PACKET_LOSS_RATE"), 0.1, 0.005);
        let raw = data.raw.series("VoIP").unwrap();
        assert!(raw.numbers("seq").unwrap().value.len() > 850);
        assert_eq!(data.metadata.failed_runners(), Some(0));
        let runner = &meta(&data, "VoIP")["RUNNER"];
        assert_eq!(runner, if params.is_empty() { "IrttRunner" } else { "DitgRunner" });
    }
}

#[test]
fn bursts_come_and_go() {
    let params = [("burst_length", "2"), ("burst_rate", "5M"), ("burst_psize", "458")];
    let data = record(&Simulation::seeded(6).run(&plan_with("bursts", 12.0, 1.0, &params)));
    assert_close("during", median(&between(&data, "Burst 0", 1.5, 2.5)), 5.0, 0.1);
    assert!(between(&data, "Burst 0", 4.0, 6.0).is_empty());
}
