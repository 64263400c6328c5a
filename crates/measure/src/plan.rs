//! What a run will do, all decided: which flows and probes, towards whom, when, and with which marks.
//!
//! A [`Plan`] is built once, from an expanded test and the user's [`Settings`], and never changes afterwards. It travels
//! with the events, so whoever reads those knows what was meant to happen.

use crate::collect::{CollectorId, CollectorPlan, is_this_host};
use crate::observe::Observe;
use crate::options::TestOptions;
use crate::planning::Planner;
use crate::time::Span;
use crate::traffic::Traffic;
use fa_catalog::{Computed, Direction, Expanded, SeriesSource};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// TCP and UDP port of `fa serve` when none is named.
pub const DEFAULT_PORT: u16 = 5999;

/// Bytes per write of a bulk flow when the test does not say: what iperf3 uses, and about the cheapest per byte.
pub const DEFAULT_BLOCK: u32 = 128 * 1024;

/// Most bytes per write.
pub const MAX_BLOCK: u32 = 16 * 1024 * 1024;

/// A flow of a run, numbered from 0 in definition order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlowId(pub u16);

/// A probe of a run, numbered from 0 in definition order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProbeId(pub u16);

/// A fetcher of web objects of a run, numbered from 0 in definition order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FetchId(pub u16);

/// A host of a run: index into [`Plan::hosts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HostId(pub u16);

/// Internet protocol version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum IpVersion {
    /// IPv4.
    #[serde(rename = "4")]
    V4,
    /// IPv6.
    #[serde(rename = "6")]
    V6,
}

impl IpVersion {
    /// 4 or 6, as metadata has it.
    pub const fn number(self) -> u8 {
        match self {
            Self::V4 => 4,
            Self::V6 => 6,
        }
    }

    /// From 4 or 6.
    pub const fn from_number(n: u8) -> Option<Self> {
        match n {
            4 => Some(Self::V4),
            6 => Some(Self::V6),
            _ => None,
        }
    }
}

/// What the user asked for; goes into the file's metadata as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Test name: `rrul`.
    pub test: String,
    /// Far ends as given, in order, at least one.
    pub hosts: Vec<HostPlan>,
    /// Seconds of load.
    pub length_secs: f64,
    /// Idle seconds before and after the load.
    pub delay_secs: f64,
    /// Seconds between values of the aligned series, and between samples of byte counts and TCP_INFO.
    pub step_secs: f64,
    /// Free text for figure titles and file names.
    pub title: String,
    /// Free text.
    pub note: String,
    /// Asked for with `-4` or `-6`; otherwise what the host resolves to first, IPv6 before IPv4.
    pub ip_version: Option<IpVersion>,
    /// `--test-parameter key=value`, in the order given.
    pub params: IndexMap<String, String>,
    /// Local address that every socket of the run is bound to.
    pub local_bind: Option<String>,
    /// Seed of everything random in the run, payload included.
    pub seed: u64,
    /// Options of single tools.
    #[serde(default)]
    pub options: TestOptions,
    /// What is recorded beside the traffic.
    #[serde(default)]
    pub observe: Observe,
}

/// A far end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostPlan {
    /// As the user wrote it: name or address, without port.
    pub name: String,
    /// Port of its `fa serve`.
    pub port: u16,
    /// Where the control connection goes when not to `name` itself.
    pub control: Option<String>,
    /// Version that the series demand for which this host is entered; `None`: the one of the whole run.
    #[serde(default)]
    pub ip_version: Option<IpVersion>,
    /// Local address towards it.
    #[serde(default)]
    pub local_bind: Option<String>,
}

impl HostPlan {
    /// A host by name, at the default port unless it ends in `:PORT`.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        let port = split_port(&name).1.and_then(|port| port.parse().ok()).filter(|&port| port != 0);
        Self { name, port: port.unwrap_or(DEFAULT_PORT), control: None, ip_version: None, local_bind: None }
    }

    /// A host at another port.
    pub fn at(name: impl Into<String>, port: u16) -> Self {
        Self { port, ..Self::named(name) }
    }

    /// Gives the same name a number when it comes again, as Flent does: `a`, `a//2`, `a//3`. Each is a far end of its own.
    pub fn tell_apart(hosts: &mut [Self]) {
        for at in 1..hosts.len() {
            let (before, rest) = hosts.split_at_mut(at);
            let name = &mut rest[0].name;
            let again = |known: &&Self| {
                known.name == *name || known.name.rsplit_once("//").is_some_and(|(first, _)| first == *name)
            };
            let times = before.iter().filter(again).count();
            if times > 0 {
                *name = format!("{name}//{}", times + 1);
            }
        }
    }

    /// What to connect to: the name without what only tells hosts apart. Flent's files know `router//2` (the second
    /// time that it was given) and, from its way through ssh, `root@router`; a name may also have kept its port.
    pub fn target(&self) -> &str {
        let name = self.name.rsplit_once('@').map_or(self.name.as_str(), |(_, name)| name);
        let name = match name.rsplit_once("//") {
            Some((first, n)) if !first.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => first,
            _ => name,
        };
        split_port(name).0
    }
}

/// A host's name and the port behind it: `name:port`, `[2001:db8::1]:port`. An IPv6 address without brackets has none.
fn split_port(text: &str) -> (&str, Option<&str>) {
    if let Some((name, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (name, rest.strip_prefix(':'));
    }
    match text.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') => (name, Some(port)),
        _ => (text, None),
    }
}

/// A run, decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// What the user asked for.
    pub settings: Settings,
    /// What the test is for, one line.
    pub purpose: String,
    /// The plot to open the file with.
    pub default_plot: String,
    /// Whole run, lead-in and lead-out included (`TOTAL_LENGTH`).
    pub total_length_secs: f64,
    /// Every far end once, in order of first use; the index is the [`HostId`].
    pub hosts: Vec<HostPlan>,
    /// `HOSTS` as the file has it: what the test's host indices name, repetitions included.
    pub host_names: Vec<String>,
    /// Every series in definition order; its index is `IDX` in `SERIES_META`.
    pub series: Vec<SeriesPlan>,
    /// Flows; the index is the [`FlowId`].
    pub flows: Vec<FlowPlan>,
    /// Probes; the index is the [`ProbeId`].
    pub probes: Vec<ProbePlan>,
    /// Collectors; the index is the [`CollectorId`].
    #[serde(default)]
    pub collectors: Vec<CollectorPlan>,
    /// Fetchers; the index is the [`FetchId`].
    #[serde(default)]
    pub fetches: Vec<FetchPlan>,
    /// Doubts of the expansion, to be shown.
    pub notes: Vec<String>,
}

/// A series of the data file and where its numbers come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesPlan {
    /// Flent's name, kept exactly.
    pub name: String,
    /// Flent's unit; empty where it has none.
    pub units: String,
    /// What it is, dotted: `upload`, `ping.udp`, `ping.avg`.
    pub role: String,
    /// Flent's name of what produces it: `netperf_demo`, `ping`, `average`, …
    pub runner: String,
    /// Where its numbers come from.
    pub source: SourcePlan,
}

/// Where the numbers of a series come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourcePlan {
    /// This flow.
    Flow(FlowId),
    /// This probe.
    Probe(ProbeId),
    /// This collector.
    Collector(CollectorId),
    /// This fetcher.
    Fetch(FetchId),
    /// A function of other series.
    Computed {
        /// The function, step by step over the sources.
        function: Computed,
        /// Names of the sources in definition order.
        sources: Vec<String>,
    },
    /// Announces a unit for child series only.
    Null,
    /// Cannot run natively in this version: stays empty, is counted as failed and said so.
    Unsupported {
        /// Flent's runner name.
        runner: String,
        /// What is missing, for the user.
        reason: String,
    },
}

/// A flow: a byte stream, or datagrams on a schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowPlan {
    /// Its number.
    pub id: FlowId,
    /// Series it fills.
    pub series: String,
    /// Which way the payload goes, seen from here.
    pub direction: Direction,
    /// The other end.
    pub host: HostId,
    /// When the sender starts, after the run's origin.
    pub start: Span,
    /// How long it sends.
    pub length: Span,
    /// TOS byte of what we send and of what the far end sends; `None`: left alone.
    pub tos: Option<(u8, u8)>,
    /// Congestion control asked for at our end and at the far end; `None`: each kernel's default.
    pub cong_control: Option<(String, String)>,
    /// Bytes per write.
    pub block: u32,
    /// File whose bytes the sender writes, again and again, where that is this host: see
    /// [`TestOptions::payloads`](crate::options::TestOptions::payloads). `None`: that of `--test-payload`, or random bytes.
    #[serde(default)]
    pub payload: Option<String>,
    /// Bytes after which the sender ends, when that is before its time is over.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// Demanded by the series itself.
    pub ip_version: Option<IpVersion>,
    /// Local address to bind to.
    pub local_bind: Option<String>,
    /// Datagrams instead of a byte stream.
    #[serde(default)]
    pub datagrams: Option<DatagramPlan>,
}

impl FlowPlan {
    /// Whether it is there to load the network; a call is not.
    pub fn is_load(&self) -> bool {
        self.datagrams.as_ref().is_none_or(|d| !d.packets)
    }
}

/// What a flow of datagrams sends, and what is told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatagramPlan {
    /// What it sends.
    pub traffic: Traffic,
    /// A call: every packet is told, and the series has children for delay, jitter, loss and bit rate.
    pub packets: bool,
    /// What it stands for, for the data file.
    pub name: Option<String>,
    /// Hops that what we send may take (IPv6: hop limit).
    #[serde(default)]
    pub ttl: Option<u32>,
    /// Interface that what we send leaves by.
    #[serde(default)]
    pub interface: Option<String>,
    /// Source ports that what we send leaves from, in turn.
    #[serde(default = "one")]
    pub ports: u32,
}

fn one() -> u32 {
    1
}

/// Fetching web objects, again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchPlan {
    /// Its number.
    pub id: FetchId,
    /// Series it fills.
    pub series: String,
    /// Where the list of objects is: a file, or a URL.
    pub list: FetchList,
    /// Host of the list when that is our server.
    pub host: HostId,
    /// When the first round is due, after the run's origin.
    pub start: Span,
    /// From the first round to the last one.
    pub length: Span,
    /// Between the beginnings of rounds; one that takes longer delays the next.
    pub interval: Span,
    /// How long one object may take.
    pub timeout: Span,
    /// Objects fetched at the same time.
    pub workers: u16,
    /// Name servers to ask instead of the system's.
    pub dns: Vec<String>,
    /// Internet protocol version to use.
    pub ip_version: Option<IpVersion>,
}

/// Where the addresses of objects come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchList {
    /// `filelist.txt` of the host's `fa serve`.
    Server,
    /// A list at this URL, or in this file.
    Named(String),
}

/// What a probe sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeKind {
    /// A datagram that `fa serve` answers with its stamps.
    Udp,
    /// An ICMP echo request.
    Icmp,
    /// A request over a TCP connection that `fa serve` answers with its stamps.
    Tcp,
}

impl ProbeKind {
    /// Whether `fa serve` has to answer it.
    pub const fn needs_server(self) -> bool {
        !matches!(self, Self::Icmp)
    }
}

/// A series of round trips at a fixed rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbePlan {
    /// Its number.
    pub id: ProbeId,
    /// Series it fills.
    pub series: String,
    /// What is sent.
    pub kind: ProbeKind,
    /// The other end.
    pub host: HostId,
    /// When the first one is due, after the run's origin.
    pub start: Span,
    /// From the first to the last one.
    pub length: Span,
    /// Between one and the next.
    pub interval: Span,
    /// TOS byte of the request and of the answer.
    pub tos: Option<(u8, u8)>,
    /// Demanded by the series itself.
    pub ip_version: Option<IpVersion>,
    /// Local address to bind to.
    pub local_bind: Option<String>,
    /// Payload bytes of requests and answers, when more than they need.
    #[serde(default)]
    pub payload: Option<u32>,
    /// A call: the series has children for delay, jitter, loss, round trip and bit rate.
    #[serde(default)]
    pub call: bool,
    /// A request without an answer for so long is told as lost.
    #[serde(default)]
    pub lost_after: Option<Span>,
}

impl ProbePlan {
    /// How many requests the schedule has: one at the start, then one per interval up to and including the end.
    pub fn count(&self) -> u32 {
        u32::try_from(self.length.0.max(0) / self.interval.0.max(1) + 1).unwrap_or(u32::MAX)
    }
}

/// A test that cannot be planned.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No far end was named.
    #[error("test {test} needs a host; name one: fa measure {test} HOST")]
    NoHost {
        /// Test name.
        test: String,
    },
    /// The test needs parameters that were not given.
    #[error("test {test} needs --test-parameter {}=VALUE", missing.join("=VALUE --test-parameter "))]
    MissingParameters {
        /// Test name.
        test: String,
        /// Names of the parameters.
        missing: Vec<String>,
    },
    /// A duration that cannot be.
    #[error("{what} is {secs} s, but must be {must}")]
    Duration {
        /// Setting.
        what: &'static str,
        /// Its value.
        secs: f64,
        /// What it must be.
        must: &'static str,
    },
    /// More flows or probes than ids.
    #[error("test {test} has {count} {what}, more than the {max} that one run can have")]
    TooMany {
        /// Test name.
        test: String,
        /// Flows, probes or hosts.
        what: &'static str,
        /// How many.
        count: usize,
        /// At most.
        max: usize,
    },
    /// A parameter or option that cannot be.
    #[error("{what}")]
    Parameter {
        /// What is wrong with it, and what can be.
        what: String,
    },
    /// Probes closer together than can be sent.
    #[error("probe interval of {series:?} is {secs} s, shorter than the shortest possible, 0.0001 s")]
    Interval {
        /// Series.
        series: String,
        /// Seconds asked for.
        secs: f64,
    },
}

/// Largest number of flows, probes or hosts of one run.
const MAX_EACH: usize = 10_000;

impl Plan {
    /// Decides a run.
    ///
    /// - `expanded`: the test with counts, globs and times filled in;
    /// - `settings`: what the user asked for; ports and control addresses are looked up there by host name.
    ///
    /// A series that this version cannot measure becomes [`SourcePlan::Unsupported`] and the rest of the test runs.
    ///
    /// # Errors
    /// [`PlanError`] when there is no host, a duration is negative or not a number, or there is too much of something.
    pub fn from_expanded(expanded: &Expanded, settings: &Settings) -> Result<Self, PlanError> {
        check(expanded, settings)?;
        let mut planner = Planner::new(expanded, settings);
        for def in expanded.series.values() {
            planner.add(def)?;
        }
        Ok(planner.finish())
    }

    /// `HOSTS` names targets of traffic. Hosts that are only observed would be taken for some by readers.
    pub(crate) fn forget_observed_hosts(&mut self) {
        let flows = self.flows.iter().map(|f| f.host);
        let others = self.probes.iter().map(|p| p.host).chain(self.fetches.iter().map(|f| f.host));
        let targets: Vec<HostId> = flows.chain(others).collect();
        let target = |name: &str| targets.iter().any(|&id| self.host(id).is_some_and(|host| host.name == name));
        let given = |name: &str| self.settings.hosts.iter().any(|host| host.name == name);
        let kept = self.host_names.iter().filter(|name| given(name) || target(name)).cloned().collect();
        self.host_names = kept;
    }

    /// Number of a host that is named for observation; `None` when it is this one.
    pub(crate) fn elsewhere(&mut self, name: &str) -> Option<HostId> {
        let given = self.settings.hosts.iter().find(|host| host.name == name);
        if given.is_none() && is_this_host(name) || name.eq_ignore_ascii_case("localhost") {
            return None;
        }
        // One that flows go to already, whatever they are bound to, is the same far end.
        if let Some(known) = self.hosts.iter().position(|host| host.name == name) {
            return Some(HostId(known as u16));
        }
        let host = given.cloned().unwrap_or_else(|| HostPlan::named(name));
        Some(self.enter(host))
    }

    /// Enters a host that is to tell about itself.
    pub(crate) fn described(&mut self, host: HostPlan) {
        let known = self.hosts.iter().any(|known| known.name == host.name);
        if !known {
            self.enter(host);
        }
    }

    /// Whether this far end is to tell about itself, whatever else it does.
    pub fn is_described(&self, id: HostId) -> bool {
        let wanted = &self.settings.observe.remote_metadata;
        self.host(id).is_some_and(|host| wanted.iter().any(|named| named.name == host.name))
    }

    /// Number of a host, a new one when it is not known yet.
    pub(crate) fn enter(&mut self, host: HostPlan) -> HostId {
        let known = self.hosts.iter().position(|h| *h == host);
        HostId(known.unwrap_or_else(|| {
            self.hosts.push(host);
            self.hosts.len() - 1
        }) as u16)
    }

    /// A far end by its number.
    pub fn host(&self, id: HostId) -> Option<&HostPlan> {
        self.hosts.get(usize::from(id.0))
    }

    /// Whether flows, probes, fetches, collectors or facts need `fa serve` at this far end; pure ICMP does not.
    pub fn needs_server(&self, id: HostId) -> bool {
        self.is_target(id) || self.is_described(id) || self.collectors.iter().any(|c| c.host == Some(id))
    }

    /// Whether flows, probes or fetches that need `fa serve` go to this far end.
    pub fn is_target(&self, id: HostId) -> bool {
        self.flows.iter().any(|f| f.host == id)
            || self.probes.iter().any(|p| p.host == id && p.kind.needs_server())
            || self.fetches.iter().any(|f| f.host == id && f.list == FetchList::Server)
    }

    /// A collector by its number.
    pub fn collector(&self, id: CollectorId) -> Option<&CollectorPlan> {
        self.collectors.get(usize::from(id.0))
    }

    /// When the last collector is done, after the run's origin.
    pub fn collected(&self) -> Span {
        self.collectors.iter().map(|c| c.start + c.length).max().unwrap_or(Span::ZERO)
    }

    /// A flow by its number.
    pub fn flow(&self, id: FlowId) -> Option<&FlowPlan> {
        self.flows.get(usize::from(id.0))
    }

    /// A probe by its number.
    pub fn probe(&self, id: ProbeId) -> Option<&ProbePlan> {
        self.probes.get(usize::from(id.0))
    }

    /// Whole run.
    pub fn total_length(&self) -> Span {
        Span::from_secs_f64(self.total_length_secs)
    }

    /// Until the last flow is over: some tests have flows that outlast the length they tell, when the delay is short.
    pub fn lasts(&self) -> Span {
        let flows = self.flows.iter().map(|flow| flow.start + flow.length);
        flows.max().unwrap_or(Span::ZERO).max(self.total_length())
    }

    /// Between samples of byte counts and TCP_INFO.
    pub fn step(&self) -> Span {
        Span::from_secs_f64(self.settings.step_secs)
    }
}

fn check(expanded: &Expanded, settings: &Settings) -> Result<(), PlanError> {
    let test = || expanded.name.clone();
    let traffic = |source: &SeriesSource| match source {
        SeriesSource::Flow(_) | SeriesSource::Probe(_) => true,
        SeriesSource::Other { runner, .. } => {
            ["voip", "ditg", "http_getter", "silent_process"].contains(&runner.as_str())
        }
        SeriesSource::Computed(_) | SeriesSource::Null => false,
    };
    if settings.hosts.is_empty() && expanded.series.values().any(|def| traffic(&def.source)) {
        return Err(PlanError::NoHost { test: test() });
    }
    if !expanded.missing_params.is_empty() {
        return Err(PlanError::MissingParameters { test: test(), missing: expanded.missing_params.clone() });
    }
    for (what, secs, ok, must) in [
        ("length", settings.length_secs, settings.length_secs > 0.0, "more than 0"),
        ("delay", settings.delay_secs, settings.delay_secs >= 0.0, "0 or more"),
        ("step size", settings.step_secs, settings.step_secs >= 0.001, "0.001 or more"),
        ("total length", expanded.total_length_secs, expanded.total_length_secs > 0.0, "more than 0"),
    ] {
        if !ok || !secs.is_finite() {
            return Err(PlanError::Duration { what, secs, must });
        }
    }
    for (what, count) in [("series", expanded.series.len()), ("hosts", expanded.hosts.len())] {
        if count > MAX_EACH {
            return Err(PlanError::TooMany { test: test(), what, count, max: MAX_EACH });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::collect::Collected;
    use fa_catalog::{Catalog, Setup};

    fn settings(setup: &Setup) -> Settings {
        Settings {
            test: setup.test.clone(),
            hosts: setup.hosts.iter().map(HostPlan::named).collect(),
            length_secs: setup.length_secs,
            delay_secs: setup.delay_secs,
            step_secs: setup.step_secs,
            title: String::new(),
            note: String::new(),
            ip_version: None,
            params: setup.params.clone(),
            local_bind: None,
            seed: 1,
            options: TestOptions::default(),
            observe: crate::Observe::default(),
        }
    }

    fn plan(setup: &Setup) -> Result<Plan, PlanError> {
        Plan::from_expanded(&Catalog::builtin().expand(setup).unwrap(), &settings(setup))
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
        let mut settings = settings(&setup);
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
        let mut settings = settings(&setup);
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
            let settings = Settings { length_secs: length, step_secs: step, ..settings(&setup) };
            let error = Plan::from_expanded(&expanded, &settings).unwrap_err();
            assert!(error.to_string().starts_with(what), "{error}");
        }
        let settings = Settings { hosts: Vec::new(), ..settings(&setup) };
        assert!(matches!(Plan::from_expanded(&expanded, &settings), Err(PlanError::NoHost { .. })));
    }

    #[test]
    fn a_plan_survives_its_json() {
        let plan = plan(&Setup::new("rrul", &["a.example"])).unwrap();
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }
}
