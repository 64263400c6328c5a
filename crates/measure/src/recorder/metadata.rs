//! Metadata of a run: Flent's keys in Flent's shapes, then what else explains the numbers.
//!
//! Ours, beyond Flent's:
//!
//! | key | holds |
//! |---|---|
//! | `DELAY` | idle seconds before and after the load; Flent's readers otherwise guess 5 |
//! | `ITERATIONS` | of a test that is run again and again: how often. `ITERATION_PERIOD`: seconds from one run to the next. `TOTAL_LENGTH` is null, `x_values` are numbers of runs, and `SERIES_META` has a list of what is told of each run under the same key |
//! | `RUN_ID`, `SEED` | 32 hexadecimal digits that name the run; seed of everything random in it |
//! | `RUN_END` | `completed`, or why not |
//! | `CPU` | processor count and model (a host fact) |
//! | `CLOCKS` | per host: `offset_ms` at the launch, `bound_ms`, `drift_ppm` with its bound, exchanges, steps |
//! | `PROBE_SETUP` | per host: priority and kinds of stamps that its probes got |
//! | `TEST_OPTIONS` | options of single tools that were not left at their defaults |
//! | `OWN_LOAD` | per host, averaged over the load: processors, share busy and stolen, measuring threads, drops |
//! | `REDACTED` | what was replaced, how often, where (with `--redact` only) |
//! | `WARNINGS` | one sentence each |
//! | `SERIES_META` of a flow | `UPSTREAM_TOS_OBTAINED`, `DOWNSTREAM_TOS_OBTAINED` (where the kernel changed the mark asked for), `CONG_CONTROL_ASKED`, `PAYLOAD` (file of `test_payloads`), `DATA_TOS_SEEN` (of an upload that of the handshake, without ECN bits), `ECN` (agreed on), `ECN_SEEN` (packets with ECN bits reached the receiver), `SEND_BUFFER`, `RECEIVE_BUFFER`, more `TCPI_`, `RECEIVER_TCPI_…`, `TCP_INFO`: every field of the last state of `sender` and `receiver`, names and units as in raw samples |
//! | `SERIES_META` of what was measured | `COMMAND`: what was done for it, in words |
//! | `SERIES_META` of a flow of a fixed size | `FLOW_BYTES`, `COMPLETED` (did its receiver get all), `COMPLETION_TIME` (s): from when it was due to start until its receiver had all |
//! | `SERIES_META` of a flow of datagrams | `PACKETS_…`, `NOT_SENT`, `LOST_HERE`, `DROPPED_BY_RECEIVER`, `JITTER_…`, `DELAY_…` (ms), `DELAY_NEGATIVE` (samples), `SOURCE_PORTS`, `CONGESTION_MARKS` |
//! | `SERIES_META` of a fetcher | `ROUNDS`, `OBJECTS…`, `CONNECTIONS`, `DNS_TIME_MEAN`, `CONNECT_TIME_MEAN`, `FIRST_BYTE_MEAN` (ms) |
//! | `SERIES_META` of a probe | `LOST_UP`, `LOST_DOWN`, `LOST_UNKNOWN`, `LOST_HERE`, `DUPLICATES`, `REORDERED`, `LATENESS_…` (ms), `SEND_RATE`, `RECEIVE_RATE` (Mbit/s of UDP payload, between the first and the last), `OWD_BOUND` (ms, the largest), `OWD_NEGATIVE` (samples) |
//! | `SERIES_META` of what failed | `ERROR` |

use fa_format::Metadata;
use serde_json::{Map, Value, json};

use super::{Clocks, Measured, Recorder, time_text};
use crate::event::{EndReason, ProbeSetup, StampKind, Started};
use crate::options::TestOptions;
use crate::plan::{HostId, IpVersion, Plan, ProbeKind, SourcePlan};
use crate::time::Time;

impl Recorder {
    pub(super) fn metadata(
        &self,
        started: &Started,
        plan: &Plan,
        clocks: &Clocks,
        t0: Option<f64>,
        measured: &[Measured],
        warnings: Vec<String>,
    ) -> Metadata {
        let settings = &plan.settings;
        let mut metadata = Metadata::for_new_run(&settings.test);
        let mut set = |key: &str, value: Value| metadata.set(key, value);
        set("TITLE", settings.title.clone().into());
        set("NOTE", Some(&settings.note).filter(|note| !note.is_empty()).cloned().into());
        set("HOST", plan.host_names.first().cloned().into());
        set("HOSTS", plan.host_names.clone().into());
        set("LOCAL_HOST", started.local_host.clone().into());
        set("TIME", time_text(i128::from(started.wall_unix_ns)).into());
        set("T0", t0.and_then(|t0| time_text((t0 * 1e6).round() as i128 * 1000)).into());
        set("LENGTH", whole(settings.length_secs));
        // Readers take it for the end of x, which here counts runs: without it they take the last of them.
        set("TOTAL_LENGTH", plan.iterations.map_or_else(|| whole(plan.total_length_secs), |_| Value::Null));
        set("STEP_SIZE", settings.step_secs.into());
        set("DELAY", whole(settings.delay_secs));
        if let Some(times) = plan.iterations {
            set("ITERATIONS", times.into());
            set("ITERATION_PERIOD", whole(plan.total_length_secs / f64::from(times)));
        }
        set(
            "TEST_PARAMETERS",
            settings.params.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect::<Map<_, _>>().into(),
        );
        // Readers tell our files from Flent's by the name before the number.
        let named = started.version.starts_with("fa ");
        let version = if named { started.version.clone() } else { format!("fa {}", started.version) };
        set("FLENT_VERSION", version.into());
        // As in Flent, what was asked for; a test may have far ends of both.
        let ip_version = settings.ip_version.or(self.hosts.values().next().map(|ready| ready.ip_version));
        set("IP_VERSION", ip_version.map(IpVersion::number).into());
        let options = &settings.options;
        set("HTTP_GETTER_WORKERS", options.http_workers.into());
        set("HTTP_GETTER_URLLIST", Some(&options.url_lists).filter(|lists| !lists.is_empty()).cloned().into());
        set("HTTP_GETTER_DNS", Some(options.dns_servers.join(",")).filter(|dns| !dns.is_empty()).into());
        let used = serde_json::to_value(options).unwrap_or_default();
        let usual = serde_json::to_value(TestOptions::default()).unwrap_or_default();
        let asked: Map<_, _> = used
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, value)| usual.get(key.as_str()) != Some(value) && key.as_str() != "lists")
            .map(|(key, value)| (key.to_uppercase(), value.clone()))
            .collect();
        set("TEST_OPTIONS", asked.into());
        let failed = measured.iter().filter(|series| series.failure.is_some()).count();
        set("FAILED_RUNNERS", failed.into());
        for (key, value) in &self.facts_here {
            // Our own name is already there, as told at the start.
            if key != "LOCAL_HOST" {
                set(key, value.clone());
            }
        }
        set("REMOTE_METADATA", self.remote_metadata(plan).into());
        let series_meta = plan.series.iter().zip(measured).map(|(s, m)| (s.name.clone(), m.meta.clone().into()));
        set("SERIES_META", series_meta.collect::<Map<_, _>>().into());
        set("RUN_ID", started.run_id.clone().into());
        set("RUN_END", self.run_end().into());
        set("SEED", settings.seed.into());
        set("CLOCKS", clock_facts(plan, clocks).into());
        set("PROBE_SETUP", self.probe_setups.iter().map(|setup| probe_setup(plan, setup)).collect::<Vec<_>>().into());
        let warnings = plan.notes.iter().cloned().chain(warnings).chain(
            self.lost_records.iter().map(|(queue, lost)| format!("{queue} was full: {lost} records are missing")),
        );
        set("WARNINGS", warnings.collect::<Vec<_>>().into());
        metadata
    }

    fn remote_metadata(&self, plan: &Plan) -> Map<String, Value> {
        let mut found = Map::new();
        for (index, named) in plan.hosts.iter().enumerate() {
            let id = HostId(index as u16);
            let mut facts = self.facts_there.get(&id).cloned().unwrap_or_default();
            if let Some(ready) = self.hosts.get(&id) {
                facts.insert("FA_VERSION".into(), ready.version.clone().into());
                facts.entry("LOCAL_HOST").or_insert_with(|| ready.hostname.clone().into());
            }
            if !facts.is_empty() {
                found.insert(named.name.clone(), facts.into());
            }
        }
        found
    }

    fn run_end(&self) -> String {
        match &self.ended {
            None => "cut short: recovered from what was recorded until then".into(),
            Some(EndReason::Completed) => "completed".into(),
            Some(EndReason::StoppedKeep | EndReason::StoppedDiscard) => "stopped by the user".into(),
            Some(EndReason::Failed { error }) => format!("failed: {error}"),
        }
    }
}

/// Seconds; whole ones as an integer, which is what Flent writes and expects.
fn whole(secs: f64) -> Value {
    if secs.fract() == 0.0 && secs.abs() < 1e15 { Value::from(secs as i64) } else { Value::from(secs) }
}

/// Per far end: its clock minus ours at the start, drift, and how wrong both may be.
fn clock_facts(plan: &Plan, clocks: &Clocks) -> Map<String, Value> {
    let mut found = Map::new();
    for (index, host) in plan.hosts.iter().enumerate() {
        let clock = clocks.of(HostId(index as u16));
        if clock.exchanges() == 0 {
            found.insert(host.name.clone(), Value::Null);
            continue;
        }
        let offset = clock.at(Time::ZERO);
        let offset_ms = offset.ns.saturating_sub(clocks.wall_unix_ns) as f64 / 1e6;
        let facts = json!({
            "offset_ms": offset_ms,
            "bound_ms": offset.bound_ns / 1e6,
            "drift_ppm": clock.drift().map(|drift| drift.ppm),
            "drift_bound_ppm": clock.drift().map(|drift| drift.bound_ppm),
            "exchanges": clock.exchanges(),
            "steps": clock.steps(),
            "disorder_ms": clock.disorder_ns() / 1e6,
        });
        found.insert(host.name.clone(), facts);
    }
    found
}

fn probe_setup(plan: &Plan, setup: &ProbeSetup) -> Value {
    let stamps = |kind| match kind {
        StampKind::Kernel => "kernel",
        StampKind::Program => "program",
    };
    let host = setup.host.and_then(|host| plan.hosts.get(usize::from(host.0))).map(|host| host.name.clone());
    json!({
        "host": host,
        "priority": setup.priority,
        "receive_stamps": stamps(setup.receive_stamps),
        "send_stamps": stamps(setup.send_stamps),
        "icmp": setup.icmp,
    })
}

/// Flent's class name of what produced a series: its loader and the plots know series by it.
pub(super) fn runner_class(runner: &str, source: &SourcePlan, plan: &Plan) -> String {
    match source {
        // Flent names the tool behind the delegate; ours answers with irtt's samples.
        SourcePlan::Probe(id) if plan.probe(*id).is_some_and(|probe| probe.kind == ProbeKind::Udp) => {
            "IrttRunner".into()
        }
        SourcePlan::Flow(id) if plan.flow(*id).is_some_and(|flow| !flow.is_load()) => "DitgRunner".into(),
        SourcePlan::Iterated { runs } if !runs.is_empty() => runner_class(runner, &runs[0], plan),
        SourcePlan::Null => "NullRunner".into(),
        _ => {
            let capital = |word: &str| {
                let mut letters = word.chars();
                letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
            };
            runner.split('_').filter_map(capital).chain(["Runner".to_owned()]).collect()
        }
    }
}
