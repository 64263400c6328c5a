//! Computed series, and what every series tells.

use super::*;

#[test]
fn a_computed_series_may_stand_before_its_sources() {
    let mut plan = plan();
    plan.series.swap(0, 2);
    let mut events = begin();
    for event in &mut events {
        if let What::Plan(sent) = &mut event.what {
            **sent = plan.clone();
        }
    }
    let samples = (1..=4).map(|i| bytes(DOWN, FlowEnd::Receiver, ms(200 * i), 200, 250_000));
    events.extend(samples.map(|what| Event::new(ms(1000), what)));
    let data = Recorder::replay(&events).finish().unwrap();
    let names: Vec<_> = plan.series.iter().map(|series| &series.name).collect();
    assert!(
        names.iter().position(|n| *n == "TCP totals") < names.iter().position(|n| *n == "TCP download"),
        "{names:?}"
    );
    assert_eq!(data.series("TCP totals").unwrap(), [10.0, 10.0, 10.0]);
}

#[test]
fn computed_series_follow_the_steps_and_the_means() {
    let mut what = Vec::new();
    for i in 1..=4 {
        what.push(bytes(DOWN, FlowEnd::Receiver, ms(200 * i), 200, 250_000));
        what.push(reply(UDP, i as u32, 200 * i - 10, 4, 5));
        what.push(reply(ICMP, i as u32, 200 * i - 20, 10, 10));
    }
    let data = record(what);
    // The earliest sample is at 0.2 and so is the grid; the upload has no sample and is left out of the sum.
    assert_eq!(data.series("TCP totals").unwrap(), [10.0, 10.0, 10.0]);
    assert_eq!(data.series("Ping (ms) avg").unwrap(), [14.5, 14.5, 14.5]);
    assert_eq!(data.x_values, [0.0, 0.2, 0.4]);
    let average = meta(&data, "Ping (ms) avg");
    assert_eq!(average["MEAN_VALUE"], 14.5);
    assert_eq!((&average["RUNNER"], &average["COMPUTED_LATE"]), (&"AverageRunner".into(), &false.into()));
    assert!(data.series("TCP upload").unwrap().iter().all(|value| value.is_nan()), "nulls where nothing came");
    assert_eq!(data.metadata.get("T0").unwrap(), "2023-11-14T22:13:20.200000Z");
}

#[test]
fn every_measured_series_tells_its_marks_and_what_was_done() {
    let mut all = begin();
    for event in &mut all {
        if let What::Plan(planned) = &mut event.what {
            (planned.probes[0].tos, planned.probes[1].tos) = (None, None);
        }
    }
    all.extend(events(vec![sent(UDP, 0, 0), reply(UDP, 0, 0, 1, 1), sent(ICMP, 0, 0), reply(ICMP, 0, 0, 1, 1)]));
    let data = Recorder::replay(&all).finish().unwrap();
    for series in ["Ping (ms) UDP", "Ping (ms) ICMP"] {
        let meta = meta(&data, series);
        assert_eq!((&meta["UPSTREAM_TOS"], &meta["DOWNSTREAM_TOS"]), (&0.into(), &0.into()), "{series}");
    }
    let command = |series| meta(&data, series).get("COMMAND").cloned();
    assert_eq!(
        command("TCP download"),
        Some("fa: TCP from far.example, from 0 s for 1 s, writes of 131072 bytes, reno, TOS 0x20".into())
    );
    assert_eq!(
        command("Ping (ms) ICMP"),
        Some("fa: ICMP round trips to far.example, from 0 s for 1 s, every 200 ms".into())
    );
    assert_eq!((command("Ping (ms) avg"), command("TCP upload::tcp_cwnd")), (None, None));
}
