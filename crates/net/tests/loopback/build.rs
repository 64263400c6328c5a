//! Plans and servers for the tests.

use fa_catalog::Direction;
use fa_measure::plan::{DEFAULT_BLOCK, FlowPlan, HostPlan, ProbeKind, ProbePlan};
use fa_measure::{Event, FlowId, HostId, Launcher, Plan, ProbeId, Settings, Span, What};
use fa_net::{LaunchOptions, NetLauncher, ServeOptions, Server};
use std::net::Ipv4Addr;

pub(crate) fn server() -> Server {
    server_with(ServeOptions::default())
}

/// A server on a free port of 127.0.0.1.
pub(crate) fn server_with(options: ServeOptions) -> Server {
    Server::start(ServeOptions { address: Some(Ipv4Addr::LOCALHOST.into()), port: 0, ..options }, |_| {}).unwrap()
}

pub(crate) fn port(server: &Server) -> u16 {
    server.addresses()[0].port()
}

/// A plan of nothing yet against 127.0.0.1; the lead-in is 50 ms.
pub(crate) fn plan(port: u16, length_ms: i64) -> Plan {
    let host = HostPlan::at("127.0.0.1", port);
    let length_secs = length_ms as f64 / 1e3;
    let settings = Settings {
        test: "test".into(),
        hosts: vec![host.clone()],
        length_secs,
        delay_secs: 0.05,
        step_secs: 0.05,
        ..Settings::of(&fa_catalog::Setup::new("ping", &["127.0.0.1"]))
    };
    Plan {
        settings,
        purpose: String::new(),
        default_plot: String::new(),
        total_length_secs: length_secs + 0.1,
        hosts: vec![host],
        host_names: vec!["127.0.0.1".into()],
        series: vec![],
        flows: vec![],
        probes: vec![],
        collectors: vec![],
        fetches: vec![],
        notes: vec![],
        iterations: None,
    }
}

pub(crate) trait PlanExt {
    fn flow(self, direction: Direction) -> Self;
    fn probe(self, kind: ProbeKind, interval_ms: i64) -> Self;
}

impl PlanExt for Plan {
    fn flow(mut self, direction: Direction) -> Self {
        let id = FlowId(self.flows.len() as u16);
        self.flows.push(FlowPlan {
            id,
            series: format!("flow {}", id.0),
            direction,
            host: HostId(0),
            start: Span::from_millis(50),
            length: Span::from_secs_f64(self.settings.length_secs),
            tos: None,
            cong_control: None,
            block: DEFAULT_BLOCK,
            payload: None,
            bytes: None,
            ip_version: None,
            local_bind: None,
            datagrams: None,
        });
        self
    }

    fn probe(mut self, kind: ProbeKind, interval_ms: i64) -> Self {
        let id = ProbeId(self.probes.len() as u16);
        self.probes.push(ProbePlan {
            id,
            series: format!("probe {}", id.0),
            kind,
            host: HostId(0),
            start: Span::ZERO,
            length: self.total_length(),
            interval: Span::from_millis(interval_ms),
            tos: None,
            ip_version: None,
            local_bind: None,
            payload: None,
            call: false,
            lost_after: None,
        });
        self
    }
}

pub(crate) fn launch(plan: Plan) -> Vec<Event> {
    launch_with(plan, LaunchOptions { version: "test".into(), ..LaunchOptions::default() })
}

/// Runs a plan and returns all its events.
pub(crate) fn launch_with(plan: Plan, options: LaunchOptions) -> Vec<Event> {
    NetLauncher::new(options).start(plan).unwrap().events.iter().collect()
}

/// What a run told, without the times.
pub(crate) fn whats(events: &[Event]) -> impl Iterator<Item = &What> {
    events.iter().map(|e| &e.what)
}
