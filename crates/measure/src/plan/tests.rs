#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::collect::Collected;
use fa_catalog::{Catalog, Direction, Setup};

fn plan(setup: &Setup) -> Result<Plan, PlanError> {
    Plan::from_expanded(&Catalog::builtin().expand(setup).unwrap(), &Settings::of(setup))
}

#[test]
fn rrul_is_four_flows_each_way_and_four_probes_all_the_time() {
    let plan = plan(&Setup::new("rrul", &["a.example"])).unwrap();
    let count = |d| plan.flows.iter().filter(|f| f.direction == d).count();
    assert_eq!((count(Direction::Up), count(Direction::Down)), (4, 4));
    for flow in &plan.flows {
        assert_eq!((flow.start, flow.length), (Span::from_millis(5_000), Span::from_millis(60_000)));
    }
    let kinds: Vec<_> = plan.probes.iter().map(|p| p.kind).collect();
    assert_eq!(kinds.iter().filter(|&&k| k == ProbeKind::Udp).count(), 3);
    assert_eq!(kinds.iter().filter(|&&k| k == ProbeKind::Icmp).count(), 1);
    for probe in &plan.probes {
        // 70 s at 0.2 s, both ends included.
        assert_eq!((probe.start, probe.count()), (Span::ZERO, 351));
    }
    assert_eq!(plan.hosts.len(), 1);
    assert!(plan.needs_server(HostId(0)));
    let marked = plan.flows.iter().find(|f| f.series == "TCP upload EF").unwrap();
    assert_eq!(marked.tos, Some((0xb8, 0xb8)));
    for (i, series) in plan.series.iter().enumerate() {
        if let SourcePlan::Flow(id) = series.source {
            assert_eq!(plan.flow(id).unwrap().series, series.name, "series {i}");
        }
    }
}

#[test]
fn hosts_are_entered_once_and_keep_their_ports() {
    let setup = Setup::new("rrul", &["a.example"]);
    let mut settings = Settings::of(&setup);
    settings.hosts[0].port = 7000;
    let plan = Plan::from_expanded(&Catalog::builtin().expand(&setup).unwrap(), &settings).unwrap();
    assert_eq!(plan.hosts, [HostPlan::at("a.example", 7000)]);
}

#[test]
fn collectors_of_hosts_here_and_elsewhere_are_planned() {
    let mut setup = Setup::new("rrul", &["a.example"]);
    for (key, value) in [
        ("cpu_stats_hosts", "localhost,router:6000"),
        ("netstat_hosts", "a.example"),
        ("qdisc_stats_hosts", "router:6000"),
        ("qdisc_stats_interfaces", "eth0"),
    ] {
        setup.params.insert(key.into(), value.into());
    }
    let mut settings = Settings::of(&setup);
    settings.hosts[0].port = 7000;
    let plan = Plan::from_expanded(&Catalog::builtin().expand(&setup).unwrap(), &settings).unwrap();
    let found: Vec<_> = plan.collectors.iter().map(|c| (c.series.as_str(), c.host.map(|id| id.0))).collect();
    assert_eq!(
        found,
        [
            ("qdisc_stats_router:6000", Some(1)),
            ("cpu_stats_localhost", None),
            ("cpu_stats_router:6000", Some(1)),
            ("netstat_a.example", Some(0)),
        ]
    );
    assert_eq!((plan.hosts[0].port, plan.hosts[1].port, plan.hosts[1].target()), (7000, 6000, "router"));
    assert_eq!(plan.host_names, ["a.example"], "targets of traffic only");
    assert!(plan.needs_server(HostId(1)) && !plan.is_target(HostId(1)));
    let cpu = &plan.collectors[1];
    assert_eq!((cpu.start, cpu.length, cpu.interval), (Span::ZERO, Span::from_millis(70_000), plan.step()));
}

#[test]
fn a_host_that_is_named_again_gets_a_number() {
    let mut hosts: Vec<HostPlan> = ["a", "b", "a", "a"].into_iter().map(HostPlan::named).collect();
    hosts[2].port = 7000;
    HostPlan::tell_apart(&mut hosts);
    let found: Vec<_> = hosts.iter().map(|host| (host.name.as_str(), host.target(), host.port)).collect();
    assert_eq!(found, [("a", "a", 5999), ("b", "b", 5999), ("a//2", "a", 7000), ("a//3", "a", 5999)]);
}

#[test]
fn a_test_that_only_observes_needs_no_host() {
    let mut setup = Setup::new("qdisc-stats", &[]);
    setup.params.insert("interface".into(), "lo".into());
    let plan = plan(&setup).unwrap();
    assert_eq!((plan.hosts.len(), plan.host_names.len(), plan.collectors.len()), (0, 0, 1));
}

#[test]
fn both_interfaces_of_a_host_are_observed() {
    let mut setup = Setup::new("tcp_1up", &["a.example"]);
    setup.params.insert("qdisc_stats_hosts".into(), "router,router".into());
    setup.params.insert("qdisc_stats_interfaces".into(), "eth0,ifb0".into());
    let plan = plan(&setup).unwrap();
    let found: Vec<_> = plan.collectors.iter().map(|c| (c.series.as_str(), c.what.clone())).collect();
    let qdisc = |interface: &str| Collected::Kernel(crate::collect::Kernel::Qdisc { interface: interface.into() });
    assert_eq!(found, [("qdisc_stats_router (eth0)", qdisc("eth0")), ("qdisc_stats_router", qdisc("ifb0"))]);
    assert!(plan.series.iter().any(|series| series.name == "qdisc_stats_router (eth0)::dropped"));
}

#[test]
fn names_that_tell_hosts_apart_lead_to_the_same_host() {
    for (name, target) in [
        ("router", "router"),
        ("router//2", "router"),
        ("root@router", "router"),
        ("router:6000", "router"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:7", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("//2", "//2"),
    ] {
        assert_eq!(HostPlan::named(name).target(), target, "{name}");
    }
}

#[test]
fn impossible_durations_are_refused_by_name() {
    let setup = Setup::new("ping", &["a.example"]);
    let expanded = Catalog::builtin().expand(&setup).unwrap();
    for (length, step, what) in [(0.0, 0.2, "length"), (f64::NAN, 0.2, "length"), (10.0, 0.0, "step size")] {
        let settings = Settings { length_secs: length, step_secs: step, ..Settings::of(&setup) };
        let error = Plan::from_expanded(&expanded, &settings).unwrap_err();
        assert!(error.to_string().starts_with(what), "{error}");
    }
    let settings = Settings { hosts: Vec::new(), ..Settings::of(&setup) };
    assert!(matches!(Plan::from_expanded(&expanded, &settings), Err(PlanError::NoHost { .. })));
}

#[test]
fn a_plan_survives_its_json() {
    let plan = plan(&Setup::new("rrul", &["a.example"])).unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
}
