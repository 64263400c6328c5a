//! From the series of an expanded test to flows, probes and fetchers.

use crate::call::{self, Call, ROUND_TRIP_BYTES, ROUND_TRIP_INTERVAL_MS};
use crate::collect::{Collected, CollectorId, CollectorPlan};
use crate::plan::{
    DEFAULT_BLOCK, DatagramPlan, FetchId, FetchList, FetchPlan, FlowId, FlowPlan, HostId, HostPlan, IpVersion,
    MAX_BLOCK, MAX_EACH, Plan, PlanError, ProbeId, ProbeKind, ProbePlan, SeriesPlan, Settings, SourcePlan,
};
use crate::time::Span;
use crate::traffic::{MAX_SIZE, MIN_SIZE, Traffic};
use fa_catalog::{Direction, Expanded, FlowDef, ProbeDef, Protocol, SeriesDef, SeriesSource};
use indexmap::IndexMap;

/// Bits per second of a UDP flow when the test does not say; iperf's answer would be 1 Mbit/s, Flent's is this.
const DEFAULT_RATE_BPS: f64 = 100e6;

/// Payload of a UDP flow's datagrams when the test does not say: what fits into one Ethernet frame, as iperf has it.
const DEFAULT_DATAGRAM: u32 = 1470;

/// Source ports of a burst, at most: half of those that Linux gives out.
const MAX_BURST_PORTS: u32 = 10_000;

const NO_DASH: &str = "DASH video is left out: it takes a browser that plays it";

const NO_SCTP: &str = "SCTP is not measured: fa speaks TCP, UDP and ICMP";

/// Makes a plan, series by series.
pub(crate) struct Planner<'a> {
    expanded: &'a Expanded,
    settings: &'a Settings,
    plan: Plan,
}

impl<'a> Planner<'a> {
    pub(crate) fn new(expanded: &'a Expanded, settings: &'a Settings) -> Self {
        let plan = Plan {
            purpose: expanded.purpose.clone(),
            default_plot: expanded.default_plot.clone(),
            total_length_secs: expanded.total_length_secs,
            hosts: Vec::new(),
            host_names: expanded.hosts.clone(),
            series: Vec::with_capacity(expanded.series.len()),
            flows: Vec::new(),
            probes: Vec::new(),
            collectors: Vec::new(),
            fetches: Vec::new(),
            notes: expanded.notes.clone(),
            iterations: None,
            settings: settings.clone(),
        };
        Self { expanded, settings, plan }
    }

    pub(crate) fn finish(mut self) -> Plan {
        self.plan.forget_observed_hosts();
        for host in self.plan.settings.observe.remote_metadata.clone() {
            self.plan.described(host);
        }
        self.plan
    }

    /// Plans one series.
    pub(crate) fn add(&mut self, def: &SeriesDef) -> Result<(), PlanError> {
        let mut units = def.units.clone();
        let source = match &def.source {
            SeriesSource::Flow(flow) => self.flow(def, flow)?,
            SeriesSource::Probe(probe) => self.probe(def, probe)?,
            SeriesSource::Computed(c) => SourcePlan::Computed { function: c.function, sources: c.sources.clone() },
            SeriesSource::Null => SourcePlan::Null,
            SeriesSource::Other { runner, start_secs, length_secs, options } => {
                let window = (Span::from_secs_f64(*start_secs), Span::from_secs_f64(*length_secs));
                match runner.as_str() {
                    "voip" | "ditg" => self.call(def, options, window)?,
                    "http_getter" => self.fetch(def, options, window),
                    "silent_process" if def.role == "burst" => {
                        "Mbits/s".clone_into(&mut units);
                        self.burst(def, options, window)?
                    }
                    "netperf_demo" => SourcePlan::Unsupported { runner: "Sctp".into(), reason: NO_SCTP.into() },
                    _ => self.collector(def, runner, options, window),
                }
            }
        };
        let (name, role, runner) = (def.name.clone(), def.role.clone(), def.runner.clone());
        self.plan.series.push(SeriesPlan { name, units, role, runner, source });
        Ok(())
    }

    fn param(&self, name: &str) -> Option<&str> {
        self.settings.params.get(name).map(|v| v.trim()).filter(|v| !v.is_empty())
    }

    fn bind(&self, own: Option<&str>, host: HostId) -> Option<String> {
        let of_host = || self.plan.host(host).and_then(|h| h.local_bind.clone());
        own.map(str::to_owned).or_else(of_host).or_else(|| self.settings.local_bind.clone())
    }

    /// The address that a series names to be bound to; options are checked where they are read.
    fn own_address<'t>(&self, def: &SeriesDef, text: Option<&'t str>) -> Result<Option<&'t str>, PlanError> {
        let Some(text) = text else { return Ok(None) };
        let bare = text.split_once('%').map_or(text, |(address, _)| address);
        if bare.parse::<std::net::IpAddr>().is_ok() {
            return Ok(Some(text));
        }
        let names = |name: &&&str| self.param(name).is_some_and(|list| list.split(',').any(|item| item.trim() == text));
        let given = match ["local_binds", "ping_local_binds", "voip_local_bind"].iter().find(names) {
            Some(name) => format!("{name}={}", self.param(name).unwrap_or_default()),
            None => format!("{}: bind", def.name),
        };
        let what = format!("{given}: {text:?} is not an IPv4 or IPv6 address; `ip address` shows those of this host");
        Err(PlanError::Parameter { what })
    }

    fn flow(&mut self, def: &SeriesDef, flow: &FlowDef) -> Result<SourcePlan, PlanError> {
        if flow.protocol == Protocol::Sctp {
            return Ok(SourcePlan::Unsupported { runner: "Sctp".into(), reason: NO_SCTP.into() });
        }
        // No test's own names are those of another series, whatever hosts there are; labels that the user gave twice would halve the load.
        if self.expanded.named_twice.contains(&def.name)
            && let Some(labels) = self.param("labels")
        {
            let what =
                format!("labels={labels} gives two streams the name {}: each needs a label of its own", def.name);
            return Err(PlanError::Parameter { what });
        }
        let id = FlowId(self.plan.flows.len() as u16);
        let version = flow.ip_version.and_then(IpVersion::from_number);
        let host = self.host_id(flow.host, flow.control_host.as_deref(), version);
        let datagrams = match flow.protocol {
            Protocol::Udp => Some(self.paced(def, flow.rate_bps, flow.packet_bytes, id)?),
            Protocol::Tcp | Protocol::Sctp => None,
        };
        let tcp = datagrams.is_none();
        let swapped = tcp && self.settings.options.swap_up_down;
        let direction = match (flow.direction, swapped) {
            (Direction::Up, false) | (Direction::Down, true) => Direction::Up,
            _ => Direction::Down,
        };
        let bytes = match self.param("flow_bytes").filter(|_| tcp) {
            None => None,
            Some(text) => Some(bytes(text).ok_or_else(|| PlanError::Parameter {
                what: format!("flow_bytes={text}: a number of bytes such as 500000, 10M (10 × 10⁶) or 1G"),
            })?),
        };
        if let Some(size) = flow.remote_recv_size {
            self.plan.notes.push(format!(
                "{}: reads of {size} bytes at the far end were asked for; fa reads what is there, up to 128 KiB",
                def.name
            ));
        }
        let payload = flow.payload.clone().filter(|_| tcp);
        if let Some(name) = payload.as_ref().filter(|_| direction == Direction::Down) {
            self.plan.notes.push(format!(
                "{}: a download carries what its server sends, random bytes; {name} of test_payloads is not sent",
                def.name
            ));
        }
        let planned = FlowPlan {
            id,
            host,
            series: def.name.clone(),
            direction,
            start: Span::from_secs_f64(flow.start_secs),
            length: Span::from_secs_f64(flow.length_secs),
            tos: flow.tos,
            cong_control: flow.cong_control.clone().filter(|_| tcp),
            block: self.block(def, flow.send_size, id),
            payload: payload.filter(|_| direction == Direction::Up),
            bytes,
            ip_version: version,
            local_bind: self.bind(self.own_address(def, flow.local_bind.as_deref())?, host),
            datagrams,
        };
        self.plan.flows.push(planned);
        Ok(SourcePlan::Flow(id))
    }

    /// Bytes per write: of the series, of the option for its stream, or ours.
    fn block(&mut self, def: &SeriesDef, own: Option<u32>, id: FlowId) -> u32 {
        let sizes = &self.settings.options.send_sizes;
        let listed = || if sizes.len() == 1 { sizes.first() } else { sizes.get(usize::from(id.0)) };
        let asked = own.or_else(|| listed().copied()).unwrap_or(DEFAULT_BLOCK);
        let block = asked.clamp(1, MAX_BLOCK);
        if block != asked {
            self.plan.notes.push(format!("{}: writes of {asked} bytes are not possible; {block} it is", def.name));
        }
        block
    }

    /// Datagrams at a rate.
    fn paced(
        &mut self,
        def: &SeriesDef,
        rate_bps: Option<f64>,
        size: Option<u32>,
        id: FlowId,
    ) -> Result<DatagramPlan, PlanError> {
        let asked = size.unwrap_or(DEFAULT_DATAGRAM);
        let size = asked.clamp(MIN_SIZE, MAX_SIZE);
        if size != asked {
            let what = format!("{}: datagrams of {asked} bytes are not possible; {size} it is", def.name);
            self.plan.notes.push(what);
        }
        let rate = rate_bps.unwrap_or(DEFAULT_RATE_BPS);
        let wrong = |why: String| PlanError::Parameter { what: format!("{}: a rate of {rate} bit/s: {why}", def.name) };
        if rate <= 0.0 {
            return Err(wrong("it has to be more than 0".into()));
        }
        let traffic = Traffic::at_rate(rate, size, self.seed(id)).checked().map_err(wrong)?;
        Ok(DatagramPlan { traffic, packets: false, name: None, ttl: None, interface: None, ports: 1 })
    }

    fn seed(&self, id: FlowId) -> u64 {
        self.settings.seed ^ (u64::from(id.0) << 48)
    }

    fn probe(&mut self, def: &SeriesDef, probe: &ProbeDef) -> Result<SourcePlan, PlanError> {
        let kind = match probe.kind {
            fa_catalog::ProbeKind::Udp => ProbeKind::Udp,
            fa_catalog::ProbeKind::Icmp => ProbeKind::Icmp,
            fa_catalog::ProbeKind::Tcp => ProbeKind::Tcp,
        };
        let mut secs = probe.interval_secs;
        if let Some(ms) = self.settings.options.irtt_interval_ms.filter(|_| kind == ProbeKind::Udp) {
            secs = f64::from(ms) / 1e3;
        }
        if secs.is_nan() || secs < 1e-4 {
            return Err(PlanError::Interval { series: def.name.clone(), secs });
        }
        let version = probe.ip_version.and_then(IpVersion::from_number);
        let host = self.host_id(probe.host, None, version);
        let interval = Span::from_secs_f64(secs);
        let window = (Span::from_secs_f64(probe.start_secs), Span::from_secs_f64(probe.length_secs));
        let id = self.push_probe(def, kind, host, window, interval);
        let bind = self.bind(self.own_address(def, probe.local_bind.as_deref())?, host);
        if let Some(planned) = self.plan.probes.last_mut() {
            (planned.tos, planned.ip_version, planned.local_bind) = (probe.tos, version, bind);
        }
        Ok(SourcePlan::Probe(id))
    }

    fn push_probe(
        &mut self,
        def: &SeriesDef,
        kind: ProbeKind,
        host: HostId,
        (start, length): (Span, Span),
        interval: Span,
    ) -> ProbeId {
        let id = ProbeId(self.plan.probes.len() as u16);
        let lost_after = match self.settings.options.socket_timeout_secs {
            Some(0) => Some(Span::from_millis(100_000)),
            Some(secs) => Some(Span::from_millis(i64::from(secs) * 1000)),
            None => None,
        };
        self.plan.probes.push(ProbePlan {
            id,
            series: def.name.clone(),
            kind,
            host,
            start,
            length,
            interval,
            tos: None,
            ip_version: None,
            local_bind: None,
            payload: None,
            call: false,
            lost_after: lost_after.filter(|_| kind == ProbeKind::Udp),
        });
        id
    }

    /// A call: round trips as Flent makes them, or a flow as D-ITG does.
    fn call(
        &mut self,
        def: &SeriesDef,
        options: &IndexMap<String, String>,
        window: (Span, Span),
    ) -> Result<SourcePlan, PlanError> {
        let wrong = |what: String| PlanError::Parameter { what };
        let option = |key: &str| options.get(key).map(|v| v.trim()).filter(|v| !v.is_empty());
        let id = FlowId(self.plan.flows.len() as u16);
        let call = Call::from_params(&self.settings.params, &self.settings.options.lists, self.seed(id));
        let call = call.map_err(wrong)?;
        let without_effect = call::without_effect(&self.settings.params);
        self.plan.notes.extend(without_effect.into_iter().map(|note| format!("{}: {note}", def.name)));
        let tos = match option("marking") {
            None => None,
            Some(text) => {
                Some(fa_catalog::tos(text).ok_or_else(|| wrong(format!("voip_marking={text} is not a mark")))?)
            }
        };
        let tos = tos.map(|tos| (tos, tos));
        let at = self.host_index(option("host"));
        let version = self.settings.ip_version;
        let host = self.host_id(at, option("control_host"), None);
        let local_bind = self.bind(self.own_address(def, option("local_bind"))?, host);
        match call {
            Call::RoundTrips => {
                let ms = self.settings.options.irtt_interval_ms.map_or(ROUND_TRIP_INTERVAL_MS, i64::from);
                let id = self.push_probe(def, ProbeKind::Udp, host, window, Span::from_millis(ms.max(1)));
                if let Some(probe) = self.plan.probes.last_mut() {
                    (probe.tos, probe.ip_version, probe.local_bind) = (tos, version, local_bind);
                    (probe.payload, probe.call) = (Some(ROUND_TRIP_BYTES), true);
                }
                Ok(SourcePlan::Probe(id))
            }
            Call::OneWay { traffic, name } => {
                let (least, most) = traffic.size.range();
                if least < f64::from(MIN_SIZE) {
                    self.plan.notes.push(format!(
                        "{}: datagrams shorter than {MIN_SIZE} bytes are made that long, to hold their number and time",
                        def.name
                    ));
                }
                if most > f64::from(MAX_SIZE) {
                    self.plan.notes.push(format!(
                        "{}: datagrams longer than {MAX_SIZE} bytes, the most that UDP can carry, are made that long",
                        def.name
                    ));
                }
                let ttl = match self.param("voip_ttl") {
                    None => None,
                    Some(text) => Some(text.parse().ok().filter(|ttl| (1..=255).contains(ttl)).ok_or_else(|| {
                        PlanError::Parameter { what: format!("voip_ttl={text}: a number from 1 to 255") }
                    })?),
                };
                let interface = self.param("voip_interface").map(str::to_owned);
                let datagrams = DatagramPlan { traffic, packets: true, name: Some(name), ttl, interface, ports: 1 };
                self.push_datagrams(def, id, host, window, datagrams);
                if let Some(flow) = self.plan.flows.last_mut() {
                    (flow.tos, flow.local_bind) = (tos, local_bind);
                }
                Ok(SourcePlan::Flow(id))
            }
        }
    }

    /// A burst of datagrams.
    fn burst(
        &mut self,
        def: &SeriesDef,
        options: &IndexMap<String, String>,
        window: (Span, Span),
    ) -> Result<SourcePlan, PlanError> {
        let wrong = |what: String| PlanError::Parameter { what };
        let id = FlowId(self.plan.flows.len() as u16);
        let size = match options.get("packet").map(|text| text.trim()).filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => Some(
                text.parse().map_err(|_| wrong(format!("burst_psize={text} is no number of bytes such as 1000")))?,
            ),
        };
        let rate = match self.param("burst_rate") {
            None => None,
            Some(text) => {
                Some(bytes(text).ok_or_else(|| wrong(format!("burst_rate={text} is no rate such as 50M")))? as f64)
            }
        };
        let tos = match options.get("tos") {
            None => None,
            Some(text) => Some(fa_catalog::tos(text).ok_or_else(|| wrong(format!("burst_tos={text} is not a mark")))?),
        };
        let mut datagrams = self.paced(def, rate, size, id)?;
        if let Some(text) = options.get("ports") {
            let ports = text.trim().parse().ok().filter(|ports| (1..=MAX_BURST_PORTS).contains(ports));
            datagrams.ports = ports
                .ok_or_else(|| wrong(format!("burst_ports={text}: a number of ports from 1 to {MAX_BURST_PORTS}")))?;
        }
        let host = self.host_id(0, None, None);
        self.push_datagrams(def, id, host, window, datagrams);
        let local_bind = self.bind(None, host);
        if let Some(flow) = self.plan.flows.last_mut() {
            (flow.tos, flow.local_bind) = (tos.map(|tos| (tos, tos)), local_bind);
        }
        Ok(SourcePlan::Flow(id))
    }

    fn push_datagrams(
        &mut self,
        def: &SeriesDef,
        id: FlowId,
        host: HostId,
        (start, length): (Span, Span),
        datagrams: DatagramPlan,
    ) {
        let longest = Span::from_secs_f64(self.plan.total_length_secs);
        self.plan.flows.push(FlowPlan {
            id,
            series: def.name.clone(),
            direction: Direction::Up,
            host,
            start,
            length: Span(length.0.min((longest - start).0).max(0)),
            tos: None,
            cong_control: None,
            block: DEFAULT_BLOCK,
            payload: None,
            bytes: None,
            ip_version: self.settings.ip_version,
            local_bind: None,
            datagrams: Some(datagrams),
        });
    }

    fn fetch(
        &mut self,
        def: &SeriesDef,
        options: &IndexMap<String, String>,
        (start, length): (Span, Span),
    ) -> SourcePlan {
        let id = FetchId(self.plan.fetches.len() as u16);
        let given = &self.settings.options;
        let named = options.get("url_file").map(|v| v.trim()).filter(|v| !v.is_empty());
        let named = named.map(str::to_owned).or_else(|| given.url_lists.get(usize::from(id.0)).cloned());
        let timeout = given.http_timeout_ms.map_or(length, |ms| Span::from_millis(ms.into()));
        let (workers, dns) = (given.http_workers.max(1), given.dns_servers.clone());
        let host = self.host_id(0, None, None);
        let local_bind = self.bind(None, host);
        self.plan.fetches.push(FetchPlan {
            id,
            series: def.name.clone(),
            list: named.map_or(FetchList::Server, FetchList::Named),
            host,
            start,
            length,
            interval: Span::from_secs_f64(self.settings.step_secs),
            timeout,
            workers,
            dns,
            ip_version: self.settings.ip_version,
            local_bind,
        });
        SourcePlan::Fetch(id)
    }

    /// What a kernel counts or a program tells.
    fn collector(
        &mut self,
        def: &SeriesDef,
        runner: &str,
        options: &IndexMap<String, String>,
        (start, length): (Span, Span),
    ) -> SourcePlan {
        let runner = runner.to_owned();
        let what = match Collected::of_runner(&runner, options) {
            Some(Ok(what)) => what,
            Some(Err(reason)) => return SourcePlan::Unsupported { runner, reason },
            None => {
                let reason =
                    if runner == "dash_js" { NO_DASH.into() } else { format!("runner {runner} is not native yet") };
                return SourcePlan::Unsupported { runner, reason };
            }
        };
        let id = CollectorId(self.plan.collectors.len() as u16);
        let host = match &what {
            Collected::Kernel(_) => options.get("host").and_then(|host| self.plan.elsewhere(host)),
            Collected::Program(_) => None,
        };
        let (series, interval) = (def.name.clone(), self.plan.step());
        self.plan.collectors.push(CollectorPlan { id, series, host, start, length, interval, what });
        SourcePlan::Collector(id)
    }

    /// Index of a host that a series names: by name, or by its number from 1.
    fn host_index(&self, text: Option<&str>) -> usize {
        let Some(text) = text else { return 0 };
        let number = || text.parse::<usize>().ok()?.checked_sub(1);
        self.expanded.hosts.iter().position(|h| h == text).or_else(number).unwrap_or(0)
    }

    /// Number of the far end that index `at` of the expanded test names; enters it when it is new.
    fn host_id(&mut self, at: usize, control: Option<&str>, version: Option<IpVersion>) -> HostId {
        let given = &self.settings.hosts;
        let name = self.expanded.hosts.get(at).or_else(|| given.get(at % given.len().max(1)).map(|h| &h.name));
        let name = name.map_or("localhost", String::as_str);
        let known = given.iter().position(|h| h.name == name);
        let mut host = known.map_or_else(|| HostPlan::named(name), |i| given[i].clone());
        // A control host without a port has its server at the same port.
        let control = control.filter(|c| *c != host.name).or(self.settings.options.control_host.as_deref());
        host.control = control.map(str::to_owned).or(host.control);
        host.ip_version = version.filter(|_| version != self.settings.ip_version);
        let binds = &self.settings.options.local_binds;
        let bind = if binds.len() == 1 { binds.first() } else { binds.get(known.unwrap_or(at)) };
        host.local_bind = bind.cloned().or(host.local_bind);
        self.plan.enter(host)
    }
}

/// A number with a suffix: powers of 1000.
fn bytes(text: &str) -> Option<u64> {
    let (digits, factor) = match text.trim().split_at_checked(text.trim().len().saturating_sub(1))? {
        (digits, "k" | "K") => (digits, 1e3),
        (digits, "m" | "M") => (digits, 1e6),
        (digits, "g" | "G") => (digits, 1e9),
        _ => (text.trim(), 1.0),
    };
    let number = digits.trim().parse::<f64>().ok()? * factor;
    (number.is_finite() && number >= 1.0).then_some(number as u64)
}

impl Plan {
    /// Puts the test so often one after the other, each run with flows, probes … of its own, from its lead-in to its end.
    ///
    /// # Errors
    /// [`PlanError::TooMany`].
    pub(crate) fn repeat(&mut self, times: u32) -> Result<(), PlanError> {
        let period = self.lasts();
        let counts = [
            ("flows", self.flows.len()),
            ("probes", self.probes.len()),
            ("collectors", self.collectors.len()),
            ("fetchers", self.fetches.len()),
        ];
        for (what, count) in counts {
            let count = count.saturating_mul(times as usize);
            if count > MAX_EACH {
                return Err(PlanError::TooMany { test: self.settings.test.clone(), what, count, max: MAX_EACH });
            }
        }
        let [flows, probes, collectors, fetches] = counts.map(|(_, count)| count as u16);
        for run in 1..times as u16 {
            let later = Span(period.0 * i64::from(run));
            for i in 0..usize::from(flows) {
                let mut flow = self.flows[i].clone();
                (flow.id.0, flow.start) = (flow.id.0 + run * flows, flow.start + later);
                self.flows.push(flow);
            }
            for i in 0..usize::from(probes) {
                let mut probe = self.probes[i].clone();
                (probe.id.0, probe.start) = (probe.id.0 + run * probes, probe.start + later);
                self.probes.push(probe);
            }
            for i in 0..usize::from(collectors) {
                let mut collector = self.collectors[i].clone();
                (collector.id.0, collector.start) = (collector.id.0 + run * collectors, collector.start + later);
                self.collectors.push(collector);
            }
            for i in 0..usize::from(fetches) {
                let mut fetch = self.fetches[i].clone();
                (fetch.id.0, fetch.start) = (fetch.id.0 + run * fetches, fetch.start + later);
                self.fetches.push(fetch);
            }
        }
        for series in &mut self.series {
            let of_run = |run: u16| match &series.source {
                SourcePlan::Flow(id) => Some(SourcePlan::Flow(FlowId(id.0 + run * flows))),
                SourcePlan::Probe(id) => Some(SourcePlan::Probe(ProbeId(id.0 + run * probes))),
                SourcePlan::Collector(id) => Some(SourcePlan::Collector(CollectorId(id.0 + run * collectors))),
                SourcePlan::Fetch(id) => Some(SourcePlan::Fetch(FetchId(id.0 + run * fetches))),
                _ => None,
            };
            let runs: Option<Vec<_>> = (0..times as u16).map(of_run).collect();
            if let Some(runs) = runs {
                series.source = SourcePlan::Iterated { runs };
            }
        }
        self.total_length_secs = period.as_secs_f64() * f64::from(times);
        self.iterations = Some(times);
        Ok(())
    }
}

#[cfg(test)]
#[path = "planning/tests.rs"]
mod tests;
