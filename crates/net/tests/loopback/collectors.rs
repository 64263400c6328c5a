//! Collectors here and at far ends.

use super::build::{PlanExt, launch, launch_with, plan, port, server, server_with, whats};
use fa_catalog::Direction;
use fa_measure::collect::{Collected, CollectorPlan, Kernel};
use fa_measure::event::{EndReason, Event};
use fa_measure::plan::{HostPlan, SeriesPlan, SourcePlan};
use fa_measure::recorder::Recorder;
use fa_measure::{CollectorId, HostId, Plan, Span, What, When};
use fa_net::{LaunchOptions, ServeOptions};

/// Adds a collector, every 50 ms over the whole run.
fn collect(plan: &mut Plan, host: Option<HostId>, what: Kernel) -> CollectorId {
    let id = CollectorId(plan.collectors.len() as u16);
    let series = format!("stats {}", id.0);
    let source = SourcePlan::Collector(id);
    let (units, role, runner) = ("misc".into(), String::new(), "cpu_stats".into());
    plan.series.push(SeriesPlan { name: series.clone(), units, role, runner, source });
    let (start, length, interval) = (Span::ZERO, plan.total_length(), Span::from_millis(50));
    plan.collectors.push(CollectorPlan { id, series, host, start, length, interval, what: Collected::Kernel(what) });
    id
}

fn stamps(events: &[Event], collector: CollectorId) -> Vec<When> {
    whats(events)
        .filter_map(|w| match w {
            What::CollectorSample(s) if s.collector == collector => Some(s.at),
            _ => None,
        })
        .collect()
}

#[test]
fn both_ends_and_a_host_between_are_observed_during_a_run() {
    let (target, between) = (server(), server());
    let mut plan = plan(port(&target), 200).flow(Direction::Up);
    plan.hosts.push(HostPlan { control: Some("127.0.0.1".into()), ..HostPlan::at("between", port(&between)) });
    let here = collect(&mut plan, None, Kernel::Netstat);
    let there = collect(&mut plan, Some(HostId(0)), Kernel::Netstat);
    let lo = || Kernel::Qdisc { interface: "lo".into() };
    let on_the_way = collect(&mut plan, Some(HostId(1)), lo());
    let events = launch(plan);
    assert_eq!(events.last().unwrap().what, What::Ended { reason: EndReason::Completed });
    // 300 ms: 7 samples, fewer where the machine is slow.
    let ours = stamps(&events, here);
    assert!(ours.len() >= 3 && ours.iter().all(|at| matches!(at, When::Here(_))), "{ours:?}");
    for id in [there, on_the_way] {
        let theirs = stamps(&events, id);
        assert!(theirs.len() >= 3 && theirs.iter().all(|at| matches!(at, When::There(_))), "{id:?}: {theirs:?}");
    }
    let set = Recorder::replay(&events).finish().unwrap();
    let sent = set.raw.series("stats 2").unwrap();
    let sent = sent.numbers("if_tx_bytes").unwrap();
    let moved = sent.value.last().unwrap() - sent.value[0];
    assert!(moved > 100_000.0, "the flow went over lo: {moved}");
    let far = set.metadata.get("REMOTE_METADATA").unwrap();
    assert_eq!(far["between"]["EGRESS_INFO"]["iface"], "lo");
    for host in ["between", "127.0.0.1"] {
        assert_eq!(far[host]["INGRESS_INFO"]["iface"], "lo", "{host}");
        assert!(
            far[host]["INGRESS_INFO"].get("tc_stats_post").is_some(),
            "{host} tells how the queues look afterwards"
        );
        assert!(far[host].get("IP_ADDRS").is_none(), "only when asked for");
    }
}

#[test]
fn what_identifies_a_far_host_is_told_only_when_asked_for() {
    let server = server();
    let options = LaunchOptions { version: "test".into(), extended: true, ..LaunchOptions::default() };
    let events = launch_with(plan(port(&server), 100).flow(Direction::Up), options);
    let set = Recorder::replay(&events).finish().unwrap();
    let far = &set.metadata.get("REMOTE_METADATA").unwrap()["127.0.0.1"];
    assert!(far.get("IP_ADDRS").is_some() && far.get("GATEWAYS").is_some(), "{far}");
    assert_eq!(far["INGRESS_INFO"]["target"], "127.0.0.1");
}

#[test]
fn a_run_of_collectors_alone_lasts_as_long_as_they_do() {
    let mut plan = plan(1, 200);
    plan.hosts.clear();
    let cpu = collect(&mut plan, None, Kernel::Cpu);
    let events = launch(plan);
    assert_eq!(events.last().unwrap().what, What::Ended { reason: EndReason::Completed });
    assert!(!stamps(&events, cpu).is_empty());
}

#[test]
fn a_host_to_be_observed_that_is_away_costs_only_its_own_series() {
    let server = server();
    let mut plan = plan(port(&server), 100).flow(Direction::Up);
    // A port that was free a moment ago.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    plan.hosts.push(HostPlan::at("127.0.0.1", nobody));
    let id = collect(&mut plan, Some(HostId(1)), Kernel::Cpu);
    let events = launch(plan);
    assert_eq!(events.last().unwrap().what, What::Ended { reason: EndReason::Completed });
    let failed = |w: &&What| matches!(w, What::CollectorFailed { collector, .. } if *collector == id);
    assert_eq!(whats(&events).filter(failed).count(), 1);
    assert!(whats(&events).all(|w| !matches!(w, What::FlowFailed { .. })));
}

#[test]
fn a_public_server_tells_those_it_knows_by_address() {
    let server = server_with(ServeOptions { public: true, ..ServeOptions::default() });
    let mut plan = plan(port(&server), 100).flow(Direction::Up);
    let id = collect(&mut plan, Some(HostId(0)), Kernel::Netstat);
    assert!(!stamps(&launch(plan), id).is_empty(), "127.0.0.1 is near");
}
