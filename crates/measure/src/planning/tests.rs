#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use fa_catalog::{Catalog, Setup};

fn plan_of(setup: &Setup, change: impl FnOnce(&mut Settings)) -> Result<Plan, PlanError> {
    let mut settings = Settings::of(setup);
    change(&mut settings);
    Plan::from_expanded(&Catalog::builtin().expand(setup).unwrap(), &settings)
}

fn plan(setup: &Setup) -> Plan {
    plan_of(setup, |_| {}).unwrap()
}

#[test]
fn udp_floods_are_paced_at_the_rate_of_their_parameters() {
    let one = plan(&Setup::new("udp_flood", &["a.example"]));
    let flow = &one.flows[0].datagrams.as_ref().unwrap().traffic;
    assert_eq!((flow.bits_per_sec().round(), flow.fixed_size()), (100e6, Some(1470)));
    let setup = Setup::new("udp_flood_var_up", &["a", "b"])
        .with_param("udp_bandwidths", "10M,20M")
        .with_param("udp_pktsizes", "500,1000");
    let two: Vec<_> = plan(&setup)
        .flows
        .iter()
        .map(|f| {
            let t = &f.datagrams.as_ref().unwrap().traffic;
            (f.host.0, t.bits_per_sec().round(), t.fixed_size().unwrap())
        })
        .collect();
    assert_eq!(two, [(0, 10e6, 500), (1, 20e6, 1000)]);
}

#[test]
fn flents_call_is_fifty_round_trips_a_second() {
    let made = plan(&Setup::new("voip", &["a.example"]));
    let probe = &made.probes[0];
    assert_eq!((probe.kind, probe.interval, probe.payload), (ProbeKind::Udp, Span::from_millis(20), Some(172)));
    assert!(probe.call && made.flows.is_empty());
    let made = plan_of(&Setup::new("voip", &["a.example"]), |s| s.options.irtt_interval_ms = Some(10)).unwrap();
    assert_eq!(made.probes[0].interval, Span::from_millis(10));
}

#[test]
fn d_itgs_call_is_a_flow_that_tells_every_packet() {
    let setup =
        Setup::new("voip-1up", &["a.example"]).with_param("voip_codec", "G.729.2").with_param("voip_marking", "EF");
    let made = plan(&setup);
    let call = made.flows.iter().find(|f| f.series == "VoIP").unwrap();
    let datagrams = call.datagrams.as_ref().unwrap();
    assert_eq!((datagrams.traffic.fixed_size(), datagrams.packets, call.tos), (Some(32), true, Some((184, 184))));
    assert!(!call.is_load());
    let bad = Setup::new("voip", &["a.example"]).with_param("voip_codec", "mp3");
    assert!(plan_of(&bad, |_| {}).unwrap_err().to_string().contains("G.723.1"));
}

#[test]
fn sizes_that_no_datagram_can_have_are_told() {
    for (size, told) in [
        ("constant:100000", "longer than 65507 bytes"),
        ("uniform:60000:70000", "longer than 65507 bytes"),
        ("constant:10", "shorter than 16 bytes"),
        ("list:5:100", "shorter than 16 bytes"),
    ] {
        let notes = plan(&Setup::new("voip", &["a.example"]).with_param("voip_size", size)).notes;
        assert!(notes.iter().any(|note| note.starts_with("VoIP: ") && note.contains(told)), "{size}: {notes:?}");
    }
    let notes = plan(&Setup::new("voip", &["a.example"]).with_param("voip_size", "uniform:16:65507")).notes;
    assert_eq!(notes, [""; 0]);
    let bad = Setup::new("bursts", &["a.example"]).with_param("burst_psize", "big");
    assert!(plan_of(&bad, |_| {}).unwrap_err().to_string().contains("burst_psize=big"));
}

#[test]
fn addresses_to_bind_to_are_checked_by_the_name_of_their_parameter() {
    for (test, name, value) in [
        ("tcp_nup", "local_binds", "127.0.0.2,foo"),
        ("rrul", "ping_local_binds", "foo"),
        ("voip", "voip_local_bind", "foo"),
    ] {
        let setup = Setup::new(test, &["a.example"]).with_param("upload_streams", "2").with_param("ping_hosts", "b");
        let error = plan_of(&setup.with_param(name, value), |_| {}).map(|_| ()).expect_err(name).to_string();
        assert_eq!(
            error,
            format!("{name}={value}: \"foo\" is not an IPv4 or IPv6 address; `ip address` shows those of this host")
        );
    }
    let linked =
        Setup::new("tcp_nup", &["a"]).with_param("upload_streams", "1").with_param("local_binds", "fe80::1%eth0");
    assert_eq!(plan(&linked).flows[0].local_bind.as_deref(), Some("fe80::1%eth0"));
}

#[test]
fn a_call_may_go_to_a_host_of_its_own() {
    let setup = Setup::new("ping", &["a.example"]).with_param("voip_host", "b.example");
    let made = plan(&setup);
    let call = made.probes.iter().find(|p| p.call).unwrap();
    assert_eq!(made.host(call.host).unwrap().name, "b.example");
}

#[test]
fn bursts_are_flows_at_their_times() {
    let setup = Setup { length_secs: 30.0, delay_secs: 5.0, ..Setup::new("bursts", &["a.example"]) };
    let made = plan(&setup.with_param("burst_psize", "200").with_param("burst_rate", "5M"));
    let times: Vec<_> = made.flows.iter().map(|f| (f.start.as_secs_f64(), f.length.as_secs_f64())).collect();
    assert_eq!(times, [(5.0, 5.0), (15.0, 5.0), (25.0, 5.0)]);
    let traffic = &made.flows[0].datagrams.as_ref().unwrap().traffic;
    assert_eq!((traffic.fixed_size(), traffic.bits_per_sec().round()), (Some(200), 5e6));
}

#[test]
fn versions_of_one_host_are_two_far_ends() {
    let made = plan(&Setup::new("rrul46", &["a.example"]));
    let versions: Vec<_> = made.hosts.iter().map(|h| (h.name.as_str(), h.ip_version)).collect();
    assert!(versions.contains(&("a.example", Some(IpVersion::V4))), "{versions:?}");
    assert!(versions.contains(&("a.example", Some(IpVersion::V6))), "{versions:?}");
    for flow in &made.flows {
        assert_eq!(made.host(flow.host).unwrap().ip_version, flow.ip_version, "{}", flow.series);
    }
}

#[test]
fn uploads_and_downloads_change_places_and_floods_do_not() {
    let swapped = |test: &str| {
        let made = plan_of(&Setup::new(test, &["a.example"]), |s| s.options.swap_up_down = true).unwrap();
        made.flows[0].direction
    };
    assert_eq!(
        (swapped("tcp_1up"), swapped("tcp_1down"), swapped("udp_flood")),
        (Direction::Down, Direction::Up, Direction::Up)
    );
}

#[test]
fn lists_of_options_go_to_streams_and_hosts_in_order() {
    let setup = Setup::new("rtt_fair_var", &["a", "b"]);
    let made = plan_of(&setup, |s| {
        s.options.local_binds = vec!["10.0.0.1".into(), "10.0.0.2".into()];
        s.options.send_sizes = vec![1000, 2000, 3000];
        s.options.control_host = Some("c".into());
    })
    .unwrap();
    assert_eq!(made.flows.iter().map(|f| f.block).collect::<Vec<_>>(), [1000, 2000, 3000, DEFAULT_BLOCK]);
    for flow in &made.flows {
        let host = made.host(flow.host).unwrap();
        assert_eq!(flow.local_bind.as_deref(), Some(if host.name == "a" { "10.0.0.1" } else { "10.0.0.2" }));
        assert_eq!(host.control.as_deref(), Some("c"));
    }
    assert_eq!(made.hosts.len(), 2, "flows and probes share their far ends: {:?}", made.hosts);
}

#[test]
fn labels_that_would_make_two_streams_one_are_refused() {
    let labelled = |labels: &str| {
        let setup = Setup::new("rrul_var", &["a"]).with_param("bidir_streams", "2").with_param("labels", labels);
        plan_of(&setup, |_| {})
    };
    assert_eq!(labelled("a,b").unwrap().flows.len(), 4);
    let error = labelled("a,a").unwrap_err().to_string();
    assert!(error.contains("labels=a,a") && error.contains("::a"), "{error}");
}

#[test]
fn video_in_a_browser_says_why_it_is_left_out() {
    let made = plan(&Setup::new("rrul", &["a"]).with_param("dash_url", "http://b.example/"));
    let reasons: Vec<_> = made
        .series
        .iter()
        .filter_map(|series| match &series.source {
            SourcePlan::Unsupported { reason, .. } => Some(reason.as_str()),
            _ => None,
        })
        .collect();
    assert!(matches!(reasons.as_slice(), [only] if only.contains("browser")), "{reasons:?}");
}

#[test]
fn fixed_sizes_timeouts_and_fetchers_are_planned() {
    let setup = Setup::new("tcp_1up", &["a"]).with_param("flow_bytes", "10M");
    assert_eq!(plan(&setup).flows[0].bytes, Some(10_000_000));
    let bad = Setup::new("tcp_1up", &["a"]).with_param("flow_bytes", "lots");
    assert!(plan_of(&bad, |_| {}).unwrap_err().to_string().contains("flow_bytes"));
    let made = plan_of(&Setup::new("rrul_be", &["a"]), |s| s.options.socket_timeout_secs = Some(1)).unwrap();
    assert!(made.probes.iter().all(|p| p.lost_after.is_some() == (p.kind == ProbeKind::Udp)));
    let made = plan(&Setup::new("http", &["a"]));
    assert_eq!((made.fetches[0].list.clone(), made.fetches[0].workers), (FetchList::Server, 4));
    assert!(made.needs_server(HostId(0)));
    let bound = plan_of(&Setup::new("http", &["a"]), |s| s.options.local_binds = vec!["10.0.0.1".into()]).unwrap();
    assert_eq!(bound.fetches[0].local_bind.as_deref(), Some("10.0.0.1"));
    let setup = Setup { url_lists: vec!["x".into(), "y".into()], ..Setup::new("http", &["a"]) };
    let made = plan_of(&setup, |s| s.options.url_lists = vec!["x".into(), "y".into()]).unwrap();
    let lists: Vec<_> = made.fetches.iter().map(|f| (f.series.as_str(), f.list.clone())).collect();
    assert_eq!(
        lists,
        [("HTTP latency::1", FetchList::Named("x".into())), ("HTTP latency::2", FetchList::Named("y".into())),]
    );
}

#[test]
fn every_part_of_the_catalogue_but_collectors_is_measured() {
    let collectors =
        ["tc", "cpu_stats", "netstat", "wifi_stats", "command_output", "mosquitto_sub", "stress_ng", "dash_js"];
    for test in Catalog::builtin().tests().iter().map(|t| t.name.clone()) {
        let setup = ["upload_streams", "download_streams", "bidir_streams"]
            .iter()
            .fold(Setup::new(test.as_str(), &["a", "b", "c", "d"]), |setup, name| setup.with_param(*name, "2"));
        let made = match plan_of(&setup, |_| {}) {
            Ok(made) => made,
            Err(PlanError::MissingParameters { .. }) => continue,
            Err(error) => panic!("{test}: {error}"),
        };
        for series in &made.series {
            if let SourcePlan::Unsupported { runner, .. } = &series.source {
                assert!(collectors.contains(&runner.as_str()) || runner == "Sctp", "{test}: {runner}");
            }
        }
    }
}

#[test]
fn each_stream_has_the_payload_of_its_place_in_the_list_and_downloads_have_none() {
    let payloads = |test: &str, streams: &str| {
        let setup = Setup::new(test, &["a"]).with_param(streams, "3").with_param("test_payloads", "zeros,text");
        let plan = plan(&setup);
        let found: Vec<_> =
            plan.flows.iter().map(|f| (f.series.clone(), f.payload.clone().unwrap_or_default())).collect();
        (found, plan.notes)
    };
    let own = |name: &str, payload: &str| (name.to_owned(), payload.to_owned());
    let (up, notes) = payloads("tcp_nup", "upload_streams");
    assert_eq!(up, [own("TCP upload::1", "zeros"), own("TCP upload::2", "text"), own("TCP upload::3", "")]);
    assert!(!notes.iter().any(|note| note.contains("not sent")), "{notes:?}");
    let (down, notes) = payloads("tcp_ndown", "download_streams");
    assert!(down.iter().all(|(_, payload)| payload.is_empty()), "{down:?}");
    assert!(notes.iter().any(|note| note.contains("TCP download::1") && note.contains("zeros")), "{notes:?}");
}

#[test]
fn bursts_leave_from_a_thousand_ports_or_as_many_as_asked_for() {
    let ports = |params: &[(&str, &str)]| {
        let mut setup = Setup::new("bursts", &["a"]);
        for (key, value) in params {
            setup.params.insert((*key).into(), (*value).into());
        }
        plan_of(&setup, |_| {}).map(|plan| plan.flows[0].datagrams.as_ref().unwrap().ports)
    };
    assert_eq!(ports(&[]), Ok(1000));
    assert_eq!(ports(&[("burst_ports", "7")]), Ok(7));
    for wrong in ["0", "-1", "10001", "many"] {
        let error = ports(&[("burst_ports", wrong)]).unwrap_err();
        assert!(error.to_string().contains("a number of ports from 1 to 10000"), "{error}");
    }
}

#[test]
fn a_stream_that_could_not_send_is_refused_by_name() {
    let setup = |length_secs| {
        let mut setup =
            Setup::new("tcp_nup", &["a"]).with_param("upload_streams", "2").with_param("stream_delays", "5");
        setup.length_secs = length_secs;
        setup
    };
    let error = plan_of(&setup(5.0), |_| {}).unwrap_err().to_string();
    assert!(error.starts_with("TCP upload::1 starts 10 s into the run") && error.contains("--length"), "{error}");
    let lengths: Vec<_> = plan(&setup(6.0)).flows.iter().map(|flow| flow.length.as_secs_f64()).collect();
    assert_eq!(lengths, [1.0, 6.0]);
}

#[test]
fn every_flow_of_every_test_has_time_to_send_in_ten_seconds() {
    let catalog = Catalog::builtin();
    for test in catalog.tests().into_iter().map(|test| test.name) {
        for length_secs in [1.0, 10.0] {
            let mut setup = Setup::new(&test, &["a", "b", "c", "d"]);
            setup.length_secs = length_secs;
            let Ok(expanded) = catalog.expand(&setup) else { continue };
            let made = Plan::from_expanded(&expanded, &Settings::of(&setup));
            let Err(late @ PlanError::NoTime { .. }) = made else { continue };
            assert!(length_secs < 10.0, "{test}: {late}");
            println!("{test}: {late}");
        }
    }
}

#[test]
fn each_stream_may_have_a_control_host_of_its_own() {
    for (test, count) in
        [("tcp_nup", "upload_streams"), ("tcp_ndown", "download_streams"), ("rrul_var", "bidir_streams")]
    {
        let setup = Setup::new(test, &["a.example"])
            .with_param(count, "3")
            .with_param("control_hosts", "c1.example,c2.example");
        let made = plan(&setup);
        let of = |flow: &crate::plan::FlowPlan| made.host(flow.host).unwrap().control.clone();
        let mut found: Vec<_> = made.flows.iter().map(of).collect();
        // Both directions of a pair have the same.
        found.dedup();
        let expected: Vec<Option<String>> =
            [Some("c1.example"), Some("c2.example"), None].map(|c| c.map(str::to_owned)).into();
        assert_eq!(found[..3], expected, "{test}");
        assert!(made.hosts.iter().all(|host| host.name == "a.example"), "traffic goes to the host: {:?}", made.hosts);
    }
}

#[test]
fn iterations_have_flows_of_their_own_one_after_the_other() {
    let setup = Setup { length_secs: 10.0, delay_secs: 5.0, ..Setup::new("iterated_bidirectional", &["a.example"]) };
    let made = plan(&setup);
    let times: Vec<_> = made.flows.iter().map(|f| (f.id.0, f.series.as_str(), f.start.as_secs_f64())).collect();
    let (down, up) = ("TCP download", "TCP upload");
    assert_eq!(times, [(0, down, 5.0), (1, up, 5.0), (2, down, 20.0), (3, up, 20.0), (4, down, 35.0), (5, up, 35.0)]);
    assert_eq!(made.total_length_secs, 45.0);
    let runs = [1, 3, 5].map(|id| SourcePlan::Flow(FlowId(id))).into();
    assert_eq!(made.series[1].source, SourcePlan::Iterated { runs });
    assert_eq!(plan(&Setup::new("tcp_1up", &["a.example"]).with_param("iterations", "3")).iterations, None);
}
