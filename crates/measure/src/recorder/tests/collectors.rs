//! Samples of collectors.

use super::*;

fn columns(list: u32, names: &[&str]) -> What {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    What::CollectorColumns(CollectorColumns { collector: CollectorId(0), list, names })
}

fn sample(list: u32, at: When, values: &[Option<f64>]) -> What {
    What::CollectorSample(CollectorSample { collector: CollectorId(0), list, at, values: values.to_vec() })
}

#[test]
fn samples_of_a_far_collector_are_on_our_clock_and_have_a_series_per_value() {
    let told = vec![
        columns(0, &["load", "cpu0"]),
        sample(0, When::There(far(ms(100))), &[Some(0.25), Some(0.5)]),
        sample(0, When::There(far(ms(300))), &[Some(0.75), None]),
        // A processor comes up.
        columns(1, &["load", "cpu0", "cpu1"]),
        sample(1, When::There(far(ms(500))), &[Some(1.0), Some(1.0), Some(1.0)]),
    ];
    let set = collected(with_collector(Collected::Kernel(Kernel::Cpu), Some(HOST)), told);
    let raw = set.raw.series("stats").unwrap();
    let load = raw.numbers("load").unwrap();
    for (found, expected) in load.t.iter().zip([UNIX + 0.1, UNIX + 0.3, UNIX + 0.5]) {
        assert!((found - expected).abs() < 1e-6, "{found}");
    }
    assert_eq!(&*load.value, [0.25, 0.75, 1.0]);
    assert_eq!(raw.numbers("cpu1").unwrap().value.len(), 1);
    for name in ["stats::load", "stats::cpu0", "stats::cpu1"] {
        assert!(set.series(name).is_some(), "{name}");
    }
    assert!(set.series("stats").is_none(), "only the children have values");
    let meta = &set.metadata.get("SERIES_META").unwrap()["stats"];
    assert_eq!((&meta["RUNNER"], &meta["COMMAND"]), (&"CpuStatsRunner".into(), &"/proc/stat".into()));
    assert!(meta.get("ERROR").is_none());
}

#[test]
fn stations_are_objects_in_the_raw_samples_and_come_last_in_names_of_series() {
    let wifi = Kernel::Wifi { interface: "wlan0".into(), stations: vec![] };
    let mac = "aa:bb:cc:00:00:01";
    let told =
        vec![columns(0, &[&format!("stations::{mac}::airtime_rx")]), sample(0, When::Here(ms(100)), &[Some(400.0)])];
    let set = collected(with_collector(Collected::Kernel(wifi), None), told);
    assert!(set.series(&format!("stats::airtime_rx::{mac}")).is_some());
    assert!(
        fa_format::to_json(&set).unwrap().contains(&format!(r#"{{"{mac}": {{"airtime_rx": 400.0}}}}"#)),
        "nested as Flent has it"
    );
}

#[test]
fn a_program_fills_its_own_series_and_one_that_failed_is_nulls() {
    let command = || Collected::Program(Program::Command { command: "echo 3".into() });
    let told = vec![
        columns(0, &["value"]),
        sample(0, When::Here(ms(0)), &[Some(3.0)]),
        sample(0, When::Here(ms(400)), &[Some(5.0)]),
    ];
    let set = collected(with_collector(command(), None), told);
    assert!(set.series("stats").unwrap().iter().any(|value| (value - 3.0).abs() < 1e-9));
    assert_eq!(set.metadata.get("SERIES_META").unwrap()["stats"]["MEAN_VALUE"], 4.0);
    let before = set.metadata.failed_runners().unwrap();

    let error = "mosquitto_sub: not found".to_owned();
    let failed = What::CollectorFailed { collector: CollectorId(0), error, hint: Some("install it".into()) };
    let told = vec![
        failed,
        bytes(DOWN, FlowEnd::Receiver, ms(200), 200, 1000),
        bytes(DOWN, FlowEnd::Receiver, ms(400), 200, 1000),
    ];
    let set = collected(with_collector(command(), None), told);
    assert!(set.series("stats").unwrap().iter().all(|value| value.is_nan()), "{:?}", set.series("stats"));
    assert_eq!(set.metadata.get("SERIES_META").unwrap()["stats"]["ERROR"], "mosquitto_sub: not found; install it");
    // The two flows and probes that were silent in the first run: one of them told something here.
    assert_eq!(set.metadata.failed_runners().unwrap(), before, "one flow less, the collector more");
}

#[test]
fn samples_that_do_not_fit_their_names_are_left_out_with_a_warning() {
    let told = vec![
        columns(0, &["load"]),
        sample(0, When::Here(ms(1)), &[Some(1.0), Some(2.0)]),
        sample(7, When::Here(ms(1)), &[Some(1.0)]),
        columns(9, &["load"]),
    ];
    let set = collected(with_collector(Collected::Kernel(Kernel::Cpu), None), told);
    assert!(set.raw.series("stats").unwrap().is_empty());
    let warnings = set.metadata.get("WARNINGS").unwrap().to_string();
    assert!(warnings.contains("samples of collector 0") && warnings.contains("names of values"), "{warnings}");
}
