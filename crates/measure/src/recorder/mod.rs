//! [`Recorder`]: from events to a data set.
//!
//! Everything in the file comes from events and from nothing else, so the same events always make the same file.
//!
//! - Goodput of a flow: the bytes its receiver's program read, per interval.
//!   The sender's kernel state is mixed into the same list of raw samples and makes the child series `FLOW::tcp_rtt` etc.
//! - Round trip of a probe: (our receive stamp − our send stamp) − (reflector's send − receive stamp).
//! - What a far end stamped is brought to our clock by [`crate::clock_offset`], whose error bound is stored beside.
//! - Where the user wants it, the finished data set names no host, address, hardware address, user or command.
//! - The aligned series follow the rules of [`crate::align`], computed series their definition order.

mod below_zero;
mod collector;
mod command;
mod computed;
mod datagram;
mod fetch;
mod flow;
mod iterated;
mod limits;
mod marks;
mod metadata;
mod probe;
mod probe_sample;
mod redact;
mod steps;
mod summary;
mod tcp_state;

pub use redact::LiveRedactor;

use std::collections::BTreeMap;

use fa_format::{DataSet, RawSeries, RawSeriesBuilder, RawValue};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::align::{Grid, MISSING, Samples};
use crate::clock_offset::{ClockOffset, Exchange};
use crate::collect::CollectorId;
use crate::event::{EndReason, Event, HostReady, OwnLoad, ProbeSetup, Started, What};
use crate::plan::{FetchId, FlowId, HostId, Plan, ProbeId, SeriesPlan, SourcePlan};
use crate::time::{FarTime, Time, When};
use below_zero::BelowZero;
use collector::CollectorRecord;
use computed::compute;
use fetch::FetchRecord;
use flow::FlowRecord;
use probe::ProbeRecord;

/// Aligned values of all series together, at most: 800 MB.
const MAX_VALUES: usize = 100_000_000;

/// Different warnings that are kept; a run that has more has one trouble many times.
const MAX_WARNINGS: usize = 200;

/// Events that do not make a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The first event of a run is missing.
    #[error("the events do not tell when the run started; they are not from the beginning of a run")]
    NotStarted,
    /// The second event of a run is missing.
    #[error("the events do not tell what was to be measured; the run ended before it was planned")]
    NoPlan,
}

/// Collects the events of one run and makes its data set, at the end or at any moment before.
///
/// ```
/// use fa_measure::recorder::{RecordError, Recorder};
///
/// assert_eq!(Recorder::replay(&[]).finish().err(), Some(RecordError::NotStarted));
/// assert!(Recorder::new().snapshot().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Recorder {
    started: Option<Started>,
    plan: Option<Box<Plan>>,
    hosts: BTreeMap<HostId, HostReady>,
    facts_here: Map<String, Value>,
    facts_there: BTreeMap<HostId, Map<String, Value>>,
    flows: Vec<FlowRecord>,
    probes: Vec<ProbeRecord>,
    collectors: Vec<CollectorRecord>,
    fetches: Vec<FetchRecord>,
    origin: Option<Time>,
    exchanges: BTreeMap<HostId, Vec<Exchange>>,
    probe_setups: Vec<ProbeSetup>,
    own_loads: BTreeMap<Option<HostId>, Vec<OwnLoad>>,
    warnings: Vec<String>,
    more_warnings: u64,
    lost_records: IndexMap<String, u64>,
    ended: Option<EndReason>,
}

impl Recorder {
    /// Before the first event.
    pub fn new() -> Self {
        Self::default()
    }

    /// After all these events.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut recorder = Self::new();
        for event in events {
            recorder.observe(event);
        }
        recorder
    }

    /// Takes in one event. An event about a flow or probe that the plan does not have is left out with a warning.
    pub fn observe(&mut self, event: &Event) {
        match &event.what {
            What::Started(started) => self.started = Some(started.clone()),
            What::Plan(plan) => {
                self.flows.resize_with(plan.flows.len(), FlowRecord::default);
                self.probes.resize_with(plan.probes.len(), ProbeRecord::default);
                self.collectors.resize_with(plan.collectors.len(), CollectorRecord::default);
                self.fetches.resize_with(plan.fetches.len(), FetchRecord::default);
                self.plan = Some(plan.clone());
            }
            What::HostReady(ready) => {
                self.hosts.insert(ready.host, ready.clone());
            }
            What::HostFacts { host, facts } => {
                let known = match host {
                    None => &mut self.facts_here,
                    Some(host) => self.facts_there.entry(*host).or_default(),
                };
                merge(known, facts);
            }
            What::ProbeSetup(setup) => self.probe_setups.push(setup.clone()),
            What::FlowConnected(connected) => {
                self.flow(connected.flow, |flow| flow.end(connected.end).connected = Some((**connected).clone()));
            }
            What::FlowBytes(bytes) => self.flow(bytes.flow, |flow| flow.end(bytes.end).intervals.push(*bytes)),
            What::TcpInfo(sample) => {
                self.flow(sample.flow, |flow| flow.end(sample.end).states.push((sample.at, sample.info)));
            }
            What::Datagrams(interval) => {
                self.flow(interval.flow, |flow| flow.datagrams.intervals.push(**interval));
            }
            What::Packets(packets) => {
                self.flow(packets.flow, |flow| flow.datagrams.packets.extend_from_slice(&packets.packets));
            }
            What::FlowMarks(marks) => self.flow(marks.flow, |flow| flow.marks = Some(*marks)),
            What::DatagramTotals(totals) => {
                self.flow(totals.flow, |flow| flow.datagrams.total(**totals));
            }
            What::Fetched(fetched) => self.fetch(fetched.fetch, |fetch| fetch.rounds.push(**fetched)),
            What::FetchFailed { fetch, error, hint } => {
                let text = with_hint(error, hint.as_deref());
                self.fetch(*fetch, |fetch| fetch.error = fetch.error.take().or(Some(text)));
            }
            What::OwnLoad(load) => self.own_loads.entry(load.host).or_default().push((**load).clone()),
            What::Origin { at } => self.origin = Some(*at),
            What::FlowEnded(ended) => {
                self.flow(ended.flow, |flow| flow.end(ended.end).ended = Some((**ended).clone()));
            }
            What::FlowFailed { flow, error, hint } => {
                let text = with_hint(error, hint.as_deref());
                self.flow(*flow, |flow| flow.error = flow.error.take().or(Some(text)));
            }
            What::ProbeSent(sent) => self.probe(sent.probe, |probe| probe.sent(sent)),
            What::ProbeReply(reply) => self.probe(reply.probe, |probe| probe.reply(reply)),
            What::ProbeLost(lost) => self.probe(lost.probe, |probe| probe.lost(lost)),
            What::ProbeTotals(totals) => self.probe(totals.probe, |probe| probe.totals = Some(*totals)),
            What::ProbeFailed { probe, error, hint } => {
                let text = with_hint(error, hint.as_deref());
                self.probe(*probe, |probe| probe.error = probe.error.take().or(Some(text)));
            }
            What::CollectorColumns(columns) => {
                let taken = self.collector(columns.collector, |collector| collector.columns(columns));
                self.doubt(taken, columns.collector, "names of values");
            }
            What::CollectorSample(sample) => {
                let taken = self.collector(sample.collector, |collector| collector.sample(sample));
                self.doubt(taken, sample.collector, "samples");
            }
            What::CollectorFacts { collector, facts } => {
                self.collector(*collector, |collector| merge(&mut collector.facts, facts));
            }
            What::CollectorFailed { collector, error, hint } => {
                let text = with_hint(error, hint.as_deref());
                self.collector(*collector, |collector| collector.error = collector.error.take().or(Some(text)));
            }
            What::Clock(sample) => self.exchanges.entry(sample.host).or_default().push(Exchange {
                sent: sample.sent,
                received_there: sample.received_there,
                sent_there: sample.sent_there,
                received: sample.received,
            }),
            What::Warning { host, text } => {
                let text = self.host_name(*host).map_or_else(|| text.clone(), |name| format!("{name}: {text}"));
                self.warn(text);
            }
            What::Overflow { host, queue, lost } => {
                let name = self.host_name(*host).unwrap_or("this host");
                let total = self.lost_records.entry(format!("{name}: {queue}")).or_default();
                *total = total.saturating_add(*lost);
            }
            What::Ended { reason } => self.ended = Some(reason.clone()),
            What::Phase(_) | What::Waiting { .. } => {}
        }
    }

    /// The data set so far, for looking at; empty until it is known what is measured. Of the kernel's state of connections it has
    /// only what is drawn, so that it is made quickly.
    pub fn snapshot(&self) -> DataSet {
        self.data_set(false).unwrap_or_default()
    }

    /// The data set of the run, whether it ended or was cut short.
    ///
    /// `DATA_FILENAME` is null: whoever chooses the name sets it.
    ///
    /// # Errors
    /// [`RecordError`] when the events do not even tell what was to be measured.
    pub fn finish(self) -> Result<DataSet, RecordError> {
        let set = self.data_set(true)?;
        let Some(plan) = self.plan.as_deref().filter(|plan| plan.settings.observe.redact) else { return Ok(set) };
        let here = self.started.iter().map(|started| started.local_host.as_str());
        let there = self.hosts.values().map(|ready| ready.hostname.as_str());
        Ok(redact::redact(set, plan, here.chain(there)))
    }

    fn flow(&mut self, id: FlowId, change: impl FnOnce(&mut FlowRecord)) {
        match self.flows.get_mut(usize::from(id.0)) {
            Some(flow) => change(flow),
            None => self.warn(format!("left out what was told about flow {}, which the plan does not have", id.0)),
        }
    }

    fn probe(&mut self, id: ProbeId, change: impl FnOnce(&mut ProbeRecord)) {
        match self.probes.get_mut(usize::from(id.0)) {
            Some(probe) => change(probe),
            None => self.warn(format!("left out what was told about probe {}, which the plan does not have", id.0)),
        }
    }

    /// What a change says; nothing for a collector that the plan does not have.
    fn collector<R>(&mut self, id: CollectorId, change: impl FnOnce(&mut CollectorRecord) -> R) -> Option<R> {
        let found = self.collectors.get_mut(usize::from(id.0)).map(change);
        if found.is_none() {
            self.warn(format!("left out what was told about collector {}, which the plan does not have", id.0));
        }
        found
    }

    fn doubt(&mut self, taken: Option<bool>, id: CollectorId, what: &str) {
        if taken == Some(false) {
            self.warn(format!("left out {what} of collector {} that do not fit together", id.0));
        }
    }

    fn fetch(&mut self, id: FetchId, change: impl FnOnce(&mut FetchRecord)) {
        match self.fetches.get_mut(usize::from(id.0)) {
            Some(fetch) => change(fetch),
            None => self.warn(format!("left out what was told about fetcher {}, which the plan does not have", id.0)),
        }
    }

    /// Keeps a warning once; after [`MAX_WARNINGS`] only their number.
    fn warn(&mut self, text: String) {
        if self.warnings.len() >= MAX_WARNINGS {
            self.more_warnings += 1;
        } else if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    fn host_name(&self, host: Option<HostId>) -> Option<&str> {
        let plan = self.plan.as_ref()?;
        plan.hosts.get(usize::from(host?.0)).map(|host| host.name.as_str())
    }

    fn data_set(&self, complete: bool) -> Result<DataSet, RecordError> {
        let started = self.started.as_ref().ok_or(RecordError::NotStarted)?;
        let plan = self.plan.as_deref().ok_or(RecordError::NoPlan)?;
        let clocks = self.clocks(plan, started);
        let mut warnings = self.warnings.clone();
        if self.more_warnings > 0 {
            warnings.push(format!("and {} more warnings", self.more_warnings));
        }
        let (own_load, limits) = self.limits(plan, &clocks);
        warnings.extend(limits);
        let detail = match (complete, plan.settings.observe.socket_stats) {
            (_, true) => Detail::EverySeries,
            (true, false) => Detail::Every,
            (false, false) => Detail::Live,
        };
        let series = plan.series.iter().enumerate();
        let mut measured: Vec<Measured> =
            series.map(|(index, series)| self.measure(plan, &clocks, index, series, detail)).collect();

        for (series, measured) in plan.series.iter().zip(&measured) {
            let all = std::iter::once(measured).chain(&measured.runs);
            warnings.extend(all.filter_map(|measured| measured.below_zero.warning(&series.name)));
        }
        warnings.extend(clocks.doubts(plan));
        warnings.extend(plan.flows.iter().zip(&self.flows).filter_map(|(flow, record)| record.unfinished(flow)));
        warnings
            .extend(marks::changed(plan.flows.iter().zip(&self.flows).filter(|(flow, _)| flow.datagrams.is_none())));
        let probes = plan.probes.iter().zip(&self.probes);
        warnings.extend(probes.filter_map(|(probe, record)| record.slow_far_end(&probe.series)));

        let grid = grid(plan, &measured).unwrap_or_else(|why| {
            warnings.push(format!("aligned series are empty: {why}"));
            Grid { t0: 0.0, step: plan.settings.step_secs, len: 0 }
        });
        let (x_values, len) = match plan.iterations {
            Some(times) => ((0..times).map(f64::from).collect(), times as usize),
            None => (grid.x_values(), grid.len),
        };
        let mut data = DataSet { x_values, ..DataSet::default() };
        for (series, measured) in plan.series.iter().zip(&mut measured) {
            if let SourcePlan::Iterated { .. } = series.source {
                let values = measured.runs.iter().map(iterated::value);
                data.series.insert(series.name.clone(), values.collect());
                continue;
            }
            for (child, samples) in measured.columns.iter().filter(|_| plan.iterations.is_none()) {
                data.series.insert(child_name(&series.name, child.as_deref()), grid.resample(samples));
            }
            let computed = matches!(series.source, SourcePlan::Computed { .. });
            if (computed || measured.expects_values) && !data.series.contains_key(&series.name) {
                data.series.insert(series.name.clone(), vec![MISSING; len]);
            }
        }
        // Definitions may name an average before its sources: they keep their places, the numbers come now.
        for series in &plan.series {
            if let SourcePlan::Computed { function, sources } = &series.source {
                let inputs: Vec<&[f64]> = sources.iter().filter_map(|name| data.series(name)).collect();
                let values = compute(*function, &inputs, len);
                data.series.insert(series.name.clone(), values);
            }
        }
        computed::describe(plan, &mut measured);
        for (series, measured) in plan.series.iter().zip(&mut measured) {
            let raw = measured.raw.take().unwrap_or_else(|| raw_samples(&measured.entries).finish());
            data.raw.insert(&series.name, raw);
            for (run, measured) in (1..).zip(&mut measured.runs) {
                let raw = measured.raw.take().unwrap_or_else(|| raw_samples(&measured.entries).finish());
                data.raw.insert(&format!("{}::{run}", series.name), raw);
            }
        }
        let t0 = (grid.len > 0).then_some(grid.t0);
        data.metadata = self.metadata(started, plan, &clocks, t0, &measured, warnings);
        data.metadata.set("OWN_LOAD", own_load);
        Ok(data)
    }

    /// What the hosts themselves did to the result.
    fn limits(&self, plan: &Plan, clocks: &Clocks) -> (Map<String, Value>, Vec<String>) {
        let told: Vec<limits::Told> = self
            .own_loads
            .iter()
            .map(|(host, loads)| {
                let at = |load: &OwnLoad| clocks.here(load.at, host.unwrap_or(HostId(0)));
                (*host, loads.iter().map(|load| (at(load), load.clone())).collect())
            })
            .collect();
        let (facts, mut warnings) = limits::of_hosts(plan, self.origin, &told);
        warnings.extend(limits::of_buffers(plan, plan.flows.iter().zip(&self.flows)));
        warnings.extend(limits::of_datagrams(plan, plan.flows.iter().zip(&self.flows)));
        warnings
            .extend(plan.probes.iter().zip(&self.probes).flat_map(|(probe, record)| limits::of_probe(probe, record)));
        (facts, warnings)
    }

    fn measure(&self, plan: &Plan, clocks: &Clocks, index: usize, series: &SeriesPlan, detail: Detail) -> Measured {
        let mut measured = self.of_source(plan, clocks, &series.source, detail);
        let runner = metadata::runner_class(&series.runner, &series.source, plan);
        let mut meta = Map::from_iter([("IDX".to_owned(), Value::from(index)), ("RUNNER".to_owned(), runner.into())]);
        if !series.units.is_empty() {
            meta.insert("UNITS".into(), series.units.clone().into());
        }
        if let Some(command) = command::command(plan, &series.source) {
            meta.insert("COMMAND".into(), command.into());
        }
        meta.append(&mut measured.meta);
        if let Some(failure) = &measured.failure {
            meta.insert("ERROR".into(), failure.clone().into());
        }
        measured.meta = meta;
        measured
    }

    fn of_source(&self, plan: &Plan, clocks: &Clocks, source: &SourcePlan, detail: Detail) -> Measured {
        match source {
            SourcePlan::Flow(id) => match (plan.flow(*id), self.flows.get(usize::from(id.0))) {
                (Some(flow), Some(record)) => record.measured(flow, clocks, self.origin, detail),
                _ => Measured::default(),
            },
            SourcePlan::Probe(id) => match (plan.probe(*id), self.probes.get(usize::from(id.0))) {
                (Some(probe), Some(record)) => record.measured(probe, clocks),
                _ => Measured::default(),
            },
            SourcePlan::Collector(id) => match (plan.collector(*id), self.collectors.get(usize::from(id.0))) {
                (Some(collector), Some(record)) => record.measured(collector, clocks),
                _ => Measured::default(),
            },
            SourcePlan::Fetch(id) => match (plan.fetches.get(usize::from(id.0)), self.fetches.get(usize::from(id.0))) {
                (Some(fetch), Some(record)) => record.measured(fetch, clocks),
                _ => Measured::default(),
            },
            SourcePlan::Unsupported { reason, .. } => {
                Measured { failure: Some(reason.clone()), expects_values: true, ..Measured::default() }
            }
            SourcePlan::Iterated { runs } => {
                iterated::fold(runs.iter().map(|source| self.of_source(plan, clocks, source, detail)).collect())
            }
            SourcePlan::Computed { .. } | SourcePlan::Null => Measured::default(),
        }
    }

    /// Relates every far end's clock to ours, from control exchanges and probes together.
    fn clocks(&self, plan: &Plan, started: &Started) -> Clocks {
        let mut exchanges = self.exchanges.clone();
        for (probe, record) in plan.probes.iter().zip(&self.probes) {
            exchanges.entry(probe.host).or_default().extend(record.exchanges());
        }
        let estimate = |host: usize| {
            let of_host = u16::try_from(host).ok().and_then(|host| exchanges.get(&HostId(host)));
            of_host.and_then(|exchanges| ClockOffset::estimate(exchanges))
        };
        Clocks {
            wall_unix_ns: started.wall_unix_ns,
            step_secs: plan.settings.step_secs,
            assumed: ClockOffset::assumed(started.wall_unix_ns),
            hosts: (0..plan.hosts.len()).map(estimate).collect(),
        }
    }
}

/// The grid of all series together; why not, when there would be too much of it.
fn grid(plan: &Plan, measured: &[Measured]) -> Result<Grid, String> {
    let all = || {
        measured
            .iter()
            .flat_map(|series| std::iter::once(series).chain(&series.runs))
            .flat_map(|series| series.columns.iter().map(|(_, samples)| samples))
    };
    let grid = Grid::over(all(), plan.settings.step_secs).map_err(|error| error.to_string())?;
    let columns = all().count() + plan.series.len();
    if grid.len.saturating_mul(columns) > MAX_VALUES {
        return Err(format!("{columns} series of {} points are more than {MAX_VALUES} values", grid.len));
    }
    Ok(grid)
}

/// All clocks of a run.
#[derive(Debug)]
struct Clocks {
    wall_unix_ns: i64,
    /// Between values of the aligned series.
    step_secs: f64,
    assumed: ClockOffset,
    /// By host; `None` without any exchange.
    hosts: Vec<Option<ClockOffset>>,
}

impl Clocks {
    fn of(&self, host: HostId) -> &ClockOffset {
        self.hosts.get(usize::from(host.0)).and_then(Option::as_ref).unwrap_or(&self.assumed)
    }

    /// What readers of one-way delays should know.
    fn doubts(&self, plan: &Plan) -> Vec<String> {
        let clocks = plan.hosts.iter().zip(&self.hosts).filter_map(|(host, clock)| Some((host, clock.as_ref()?)));
        let set = clocks.filter(|(_, clock)| clock.steps() > 0);
        set.map(|(host, clock)| {
            format!(
                "{}: its clock was set {} times during the run; one-way delays around those moments are uncertain by \
                 as much as it was set",
                host.name,
                clock.steps()
            )
        })
        .collect()
    }

    /// Unix seconds of a moment of our clock, as files have it.
    fn unix_secs(&self, time: Time) -> f64 {
        let ns = self.wall_unix_ns.saturating_add(time.0);
        // In two parts: nanoseconds since 1970 have more digits than an `f64`, and would be rounded twice.
        (ns.div_euclid(1_000_000_000)) as f64 + ns.rem_euclid(1_000_000_000) as f64 / 1e9
    }

    /// Our time of a stamp that this end or that far end made.
    fn here(&self, when: When, host: HostId) -> Time {
        match when {
            When::Here(time) => time,
            When::There(far) => self.far(far, host),
        }
    }

    fn far(&self, far: FarTime, host: HostId) -> Time {
        self.of(host).here(far)
    }
}

/// A raw sample: Unix seconds and what was found then.
#[derive(Debug, Clone)]
struct Entry {
    t: f64,
    values: Vec<(&'static str, RawValue)>,
}

/// How much of the kernel's state of a connection is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// What is drawn.
    Live,
    /// Every field of both ends.
    Every,
    /// Every field, each a series of its own as well.
    EverySeries,
}

/// What the events tell about one series.
#[derive(Debug, Default)]
struct Measured {
    /// Raw samples in order of time.
    entries: Vec<Entry>,
    /// Raw samples whose keys are only known from the events, instead of `entries`.
    raw: Option<RawSeries>,
    /// What is to be aligned: the series itself (`None`) and its children.
    columns: Vec<(Option<String>, Samples)>,
    /// Beyond what every series has.
    meta: Map<String, Value>,
    /// Why it is incomplete.
    failure: Option<String>,
    /// It has a line of its own in the file even when nothing was measured.
    expects_values: bool,
    /// Delays that no network can make.
    below_zero: BelowZero,
    /// What was measured in each run of a test that is run again and again.
    runs: Vec<Measured>,
}

fn child_name(series: &str, child: Option<&str>) -> String {
    child.map_or_else(|| series.to_owned(), |child| format!("{series}::{child}"))
}

fn raw_samples(entries: &[Entry]) -> RawSeriesBuilder {
    let mut builder = RawSeries::builder();
    for entry in entries {
        builder.push(entry.t, &entry.values);
    }
    builder
}

fn with_hint(error: &str, hint: Option<&str>) -> String {
    hint.map_or_else(|| error.to_owned(), |hint| format!("{error}; {hint}"))
}

/// Adds facts to those known; objects are merged, so that a host can tell more about its interface later.
fn merge(known: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (key, value) in more {
        match (known.get_mut(key), value) {
            (Some(Value::Object(known)), Value::Object(more)) => merge(known, more),
            _ => {
                known.insert(key.clone(), value.clone());
            }
        }
    }
}

/// A wall time as files have it; `None` outside the years that it can write.
fn time_text(unix_ns: i128) -> Option<String> {
    Timestamp::from_nanosecond(unix_ns).ok().map(fa_format::time_text)
}

#[cfg(test)]
mod tests;
