//! What a run will do, all decided: which flows and probes, towards whom, when, and with which marks.
//!
//! A [`Plan`] is built once, from an expanded test and the user's [`Settings`], and never changes afterwards. It travels
//! with the events, so whoever reads those knows what was meant to happen.

mod error;
mod fetch;
mod flow;
mod host;
mod probe;
mod settings;

pub use error::PlanError;
pub use fetch::{FetchList, FetchPlan};
pub use flow::{DatagramPlan, FlowPlan};
pub use host::HostPlan;
pub use probe::{ProbeKind, ProbePlan};
pub use settings::Settings;

use crate::collect::{CollectorId, CollectorPlan, is_this_host};
use crate::planning::Planner;
use crate::time::Span;
use fa_catalog::{Computed, Expanded, SeriesSource};
use serde::{Deserialize, Serialize};

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
    /// The test is run so often, one run after the other, and its series have one value per run; `None`: once, with values
    /// over time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u32>,
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
    /// One value per run of the test, each from a flow, probe … of its own.
    Iterated {
        /// Where those of each run come from.
        runs: Vec<SourcePlan>,
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

/// Largest number of flows, probes or hosts of one run.
pub(crate) const MAX_EACH: usize = 10_000;

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
        let mut plan = planner.finish();
        if let Some(times) = expanded.iterations {
            plan.repeat(times)?;
        }
        match plan.flows.iter().find(|flow| flow.length <= Span::ZERO) {
            None => Ok(plan),
            Some(flow) => Err(PlanError::NoTime {
                series: flow.series.clone(),
                start_secs: flow.start.as_secs_f64(),
                length_secs: flow.length.as_secs_f64(),
            }),
        }
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

    /// Whether anything at all is done with this host.
    pub fn has_part(&self, id: HostId) -> bool {
        self.needs_server(id)
            || self.probes.iter().any(|probe| probe.host == id)
            || self.fetches.iter().any(|fetch| fetch.host == id)
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
mod tests;
