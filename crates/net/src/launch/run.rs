//! One run from beginning to end.

use super::LaunchOptions;
use super::far::{Far, Wish, addresses_of};
use super::pipe::Pipe;
use super::reach::heartbeats;
use crate::bulk::{Bulk, NewStream};
use crate::clock::Clock;
use crate::collect::{Collecting, Job, Running};
use crate::fetching::{Fetching, Job as FetchJob};
use crate::group::{Group, GroupId, Sink};
use crate::host::{Detail, HostFacts, Target, facts_after};
use crate::marks::{self, Download, MAX_FLOWS};
use crate::paced::{NewPaced, Paced, Timed};
use crate::probe_socket::ProbeSocket;
use crate::probing::Probing;
use crate::socket::Trouble;
use fa_measure::collect::Collected;
use fa_measure::event::{EndReason, Phase, Started, What};
use fa_measure::flow::{Flows, OwnClock};
use fa_measure::plan::{FetchList, FetchPlan};
use fa_measure::probe::Probes;
use fa_measure::{FlowId, Plan, Span, Stop, Time};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// Least time between "all is prepared" and the plan's zero: threads start, far ends hear of it.
const HEAD_START: Span = Span::from_millis(50);

/// The only group of a run's bulk thread.
const GROUP: GroupId = GroupId(0);

/// How long far ends may take to answer to being told to stop.
const STOP_ANSWER: std::time::Duration = std::time::Duration::from_secs(1);

/// How long far ends may still take to hand over what they have kept when the user is tired of waiting.
const HURRY: Span = Span::from_millis(1_000);

/// A run's environment.
pub(super) struct Context {
    pub(super) plan: Arc<Plan>,
    pub(super) options: LaunchOptions,
    pub(super) clock: Clock,
    pub(super) pipe: Arc<Pipe>,
    pub(super) stop: watch::Receiver<Option<Stop>>,
}

/// Runs the plan; its last event is `Ended`.
pub(super) async fn run(mut context: Context) {
    let (pipe, clock) = (context.pipe.clone(), context.clock);
    let reason = match context.measure().await {
        Ok(reason) => reason,
        Err(trouble) => EndReason::Failed { error: trouble.to_string() },
    };
    pipe.push_patiently(clock.now(), What::Ended { reason });
}

/// The first events of every run.
pub(super) fn tell_beginning(context: &Context) {
    context.tell(What::Started(Started {
        wall_unix_ns: context.clock.wall_at_zero(),
        version: context.options.version.clone(),
        run_id: crate::serve::random_token().to_hex(),
        local_host: crate::host_name(),
    }));
    context.tell(What::Plan(Box::new((*context.plan).clone())));
    context.tell(What::Phase(Phase::Preparing));
}

/// What is ready to measure.
struct Prepared {
    fars: Vec<Far>,
    /// Where the traffic goes.
    target: Option<Target>,
    flows: Vec<NewStream>,
    /// Flows whose marks only a raw socket sees: number, our address, theirs.
    downloads: Vec<(FlowId, SocketAddr, SocketAddr)>,
    datagrams: Vec<NewPaced>,
    probes: Vec<ProbeSocket>,
}

impl Context {
    pub(super) fn tell(&self, what: What) {
        self.pipe.push(self.clock.now(), what);
    }

    fn sink(&self) -> Sink {
        let pipe = self.pipe.clone();
        Arc::new(move |at, what| pipe.push(at, what))
    }

    /// The same, counting flows that broke.
    fn sink_counting(&self, broken: Arc<AtomicUsize>) -> Sink {
        let pipe = self.pipe.clone();
        Arc::new(move |at, what| {
            if matches!(&what, What::FlowEnded(ended) if ended.error.is_some()) {
                broken.fetch_add(1, Ordering::Relaxed);
            }
            pipe.push(at, what);
        })
    }

    async fn measure(&mut self) -> Result<EndReason, Trouble> {
        tell_beginning(self);
        let mut stop = self.stop.clone();
        let prepared = tokio::select! {
            prepared = self.prepare() => prepared?,
            how = stopped(&mut stop, &self.pipe) => return Ok(reason_of(how)),
        };
        self.load(prepared).await
    }

    /// Reaches every far end, connects every flow and opens every probe.
    async fn prepare(&self) -> Result<Prepared, Trouble> {
        let fars = self.reach_all().await?;
        let target = self.target(&fars).await;
        self.tell_own_facts(target).await;
        let (ready, beating) = oneshot::channel();
        let preparing = async {
            let prepared = tokio::join!(self.connect_flows(&fars), self.open_datagrams(&fars), self.open_probes(&fars));
            drop(ready);
            prepared
        };
        let (((flows, downloads), datagrams, probes), ()) = tokio::join!(preparing, heartbeats(&fars, beating));
        if flows.is_empty() && datagrams.is_empty() && probes.is_empty() && !self.is_observation() {
            return Err(Trouble::new("no flow and no probe could be prepared").hint("the warnings above say why"));
        }
        Ok(Prepared { fars, target, flows, downloads, datagrams, probes })
    }

    /// Nothing is sent: the run only observes.
    fn is_observation(&self) -> bool {
        let observes = !self.plan.collectors.is_empty() || !self.plan.fetches.is_empty();
        self.plan.flows.is_empty() && self.plan.probes.is_empty() && observes
    }

    /// Where the traffic goes; the first far end where there is none. Without any far end: where the probes go.
    async fn target(&self, fars: &[Far]) -> Option<Target> {
        let target = fars.iter().find(|far| self.plan.is_target(far.host)).or(fars.first());
        if let Some(far) = target {
            return Some(Target::of(far.address));
        }
        let probe = self.plan.probes.iter().find(|probe| !probe.kind.needs_server())?;
        let addresses = addresses_of(self.plan.host(probe.host)?, &self.plan).await.ok()?;
        addresses.first().copied().map(Target::of)
    }

    /// Programs of this host; one that cannot be started is a failed collector.
    fn start_programs(&self, origin: Time) -> Vec<Running> {
        let mut programs = Vec::new();
        for plan in &self.plan.collectors {
            match Running::start(self.clock, plan, origin, self.sink()) {
                Ok(running) => programs.extend(running),
                Err(e) => {
                    let error = format!("no thread for a program: {e}");
                    self.tell(What::CollectorFailed { collector: plan.id, error, hint: None });
                }
            }
        }
        programs
    }

    /// What the kernel of this host is asked for.
    fn own_jobs(&self) -> Vec<Job> {
        let own = self.plan.collectors.iter().filter(|c| c.host.is_none());
        own.filter_map(|c| match &c.what {
            Collected::Kernel(what) => Some(Job {
                collector: c.id,
                what: what.clone(),
                start: c.start,
                length: c.length,
                interval: c.interval,
            }),
            Collected::Program(_) => None,
        })
        .collect()
    }

    pub(super) async fn tell_own_facts(&self, target: Option<Target>) {
        let detail = if self.options.extended { Detail::Extended } else { Detail::Anonymous };
        let collected = tokio::task::spawn_blocking(move || HostFacts::collect(target, detail).to_metadata()).await;
        if let Ok(mut facts) = collected {
            if let Some(target) = target {
                // Probes alone have no far end that would tell.
                facts.insert("IP_VERSION".into(), if target.address.is_ipv4() { 4 } else { 6 }.into());
            }
            self.tell(What::HostFacts { host: None, facts });
        }
    }

    /// What the run did to our queues, beside what they had done before it.
    async fn tell_own_counters(&self, target: Option<Target>) {
        let Some(target) = target else { return };
        if let Ok(facts) = tokio::task::spawn_blocking(move || facts_after(target)).await {
            self.tell(What::HostFacts { host: None, facts });
        }
    }

    /// Looks at the first packets of downloads; what is found comes as events.
    fn look_at_marks(&self, origin: Time, downloads: &[(FlowId, SocketAddr, SocketAddr)]) -> JoinSet<()> {
        let mut looking = JoinSet::new();
        for &(flow, local, peer) in downloads.iter().take(MAX_FLOWS) {
            let Some(plan) = self.plan.flow(flow) else { continue };
            let download = Download { flow, local, peer, start: origin + plan.start };
            let (clock, sink) = (self.clock, self.sink());
            looking.spawn(async move {
                if let Some(found) = marks::look(clock, download).await {
                    sink(clock.now(), found);
                }
            });
        }
        looking
    }

    /// What the fetchers have to do; those of hosts that were not reached have been told as failed.
    fn fetch_jobs(&self, fars: &[Far]) -> Vec<FetchJob> {
        let job = |plan: &FetchPlan| {
            let far = fars.iter().find(|far| far.host == plan.host);
            let server_list =
                far.map(|far| format!("http://{}/v1/session/{}/filelist.txt", far.address, far.session()));
            FetchJob { plan: plan.clone(), server_list }
        };
        let possible =
            |plan: &&FetchPlan| plan.list != FetchList::Server || fars.iter().any(|far| far.host == plan.host);
        self.plan.fetches.iter().filter(possible).map(job).collect()
    }

    /// Measures: everything is connected.
    async fn load(&mut self, prepared: Prepared) -> Result<EndReason, Trouble> {
        let Prepared { mut fars, target, flows, downloads, datagrams, probes } = prepared;
        let no_thread = |e: io::Error| Trouble::new(format!("a measuring thread cannot be started: {e}"));
        let bulk = Bulk::start(self.clock).map_err(no_thread)?;
        let (flows_done, mut flows_ended) = oneshot::channel();
        let engine = Flows::new(OwnClock::Here, self.plan.step());
        let engine = if self.plan.settings.options.socket_stats { engine } else { engine.without_samples() };
        let (streams, broken) = (flows.len(), Arc::new(AtomicUsize::new(0)));
        let done = move || {
            let _ = flows_done.send(());
        };
        bulk.add_group(GROUP, Group::new(engine, self.sink_counting(broken.clone()), None, done));
        for stream in flows {
            bulk.add(GROUP, stream);
        }
        let paced = if datagrams.is_empty() { None } else { Some(Paced::start(self.clock).map_err(no_thread)?) };
        let (datagrams_done, mut datagrams_ended) = oneshot::channel();
        let mut datagrams_open = paced.is_some();
        if let Some(paced) = &paced {
            let done = move || {
                let _ = datagrams_done.send(());
            };
            let engine = Timed::new(OwnClock::Here, self.plan.step());
            paced.add_group(GROUP, Group::new(engine, self.sink(), None, done));
            for flow in datagrams {
                paced.add(GROUP, flow);
            }
        }
        let slowest = fars.iter().map(Far::round_trip).max().unwrap_or(Span::ZERO);
        let origin = self.clock.now() + HEAD_START + slowest.times(2);
        for far in &mut fars {
            if let Err(trouble) = far.begin(origin).await {
                self.tell(What::Warning { host: Some(far.host), text: trouble.to_string() });
            }
        }
        bulk.begin(GROUP, origin);
        if let Some(paced) = &paced {
            paced.begin(GROUP, origin);
        }
        let (probes_done, mut probes_ended) = oneshot::channel();
        let mut engine = Probes::new();
        for socket in &probes {
            if let Some(plan) = self.plan.probe(socket.probe) {
                engine.add(plan, origin);
            }
        }
        let probing = Probing::start(self.clock, engine, probes, self.sink(), move || {
            let _ = probes_done.send(());
        })
        .map_err(no_thread)?;
        self.tell(What::Origin { at: origin });
        let collecting = Collecting::start(
            self.clock,
            OwnClock::Here,
            self.own_jobs(),
            (origin, self.plan.total_length()),
            self.sink(),
            || {},
        )
        .map_err(no_thread)?;
        let programs = self.start_programs(origin);
        let looking = self.look_at_marks(origin, &downloads);
        let (fetches_done, mut fetches_ended) = oneshot::channel();
        let jobs = self.fetch_jobs(&fars);
        let mut fetches_open = !jobs.is_empty();
        let fetching = Fetching::start(self.clock, origin, jobs, self.sink(), move || {
            let _ = fetches_done.send(());
        })
        .map_err(no_thread)?;
        // Collectors go on where flows and probes have ended, here and elsewhere.
        let mut collected = origin + self.plan.collected();

        let (wish, wished) = watch::channel(Wish::Run);
        let mut following = JoinSet::new();
        let (stopped_there, mut all_stopped) = mpsc::channel(fars.len().max(1));
        for far in fars {
            following.spawn(far.follow(wished.clone(), stopped_there.clone()));
        }
        drop((wished, stopped_there));

        let mut phases = self.phases(origin).into_iter();
        let mut phase = phases.next();
        let (mut bulk_open, mut probes_open) = (true, true);
        let load_ends = origin + self.plan.flows.iter().map(|f| f.start + f.length).max().unwrap_or(Span::ZERO);
        let (mut how, mut nothing_left) = (None, false);
        while bulk_open || probes_open || datagrams_open || fetches_open || self.clock.now() < collected {
            let next = phase.map_or(Time::NEVER, |(at, _)| at);
            let mut asked = None;
            tokio::select! {
                _ = &mut flows_ended, if bulk_open => {
                    bulk_open = false;
                    // Without any load left, the rest of the run would measure something else under its name.
                    nothing_left = streams > 0
                        && broken.load(Ordering::Relaxed) == streams
                        && self.clock.now() < load_ends
                        && !datagrams_open
                        && !fetches_open
                        && how.is_none();
                    if nothing_left {
                        asked = Some(Stop::Keep);
                    }
                }
                _ = &mut probes_ended, if probes_open => probes_open = false,
                _ = &mut datagrams_ended, if datagrams_open => datagrams_open = false,
                _ = &mut fetches_ended, if fetches_open => fetches_open = false,
                () = tokio::time::sleep_until(self.clock.instant(collected).into()),
                    if !bulk_open && !probes_open && !datagrams_open && !fetches_open => {}
                () = tokio::time::sleep_until(self.clock.instant(next).into()), if phase.is_some() => {
                    if let Some((_, what)) = phase {
                        self.tell(What::Phase(what));
                    }
                    phase = phases.next();
                }
                stop = stopped(&mut self.stop, &self.pipe), if how != Some(Stop::Discard) => asked = Some(stop),
            }
            let Some(asked) = asked else { continue };
            how = Some(asked);
            phase = None;
            collected = Time::ZERO;
            collecting.stop();
            fetching.stop();
            programs.iter().for_each(Running::stop);
            if asked == Stop::Discard {
                break;
            }
            // Far ends first: a receiver that does not know yet would take our end of the stream for a fault.
            bulk.expect_end(GROUP);
            let _ = wish.send(Wish::Stop);
            let answers = async {
                for _ in 0..following.len() {
                    all_stopped.recv().await;
                }
            };
            let _ = tokio::time::timeout(STOP_ANSWER, answers).await;
            bulk.stop(GROUP);
            if let Some(paced) = &paced {
                paced.stop(GROUP);
            }
            probing.stop();
        }
        if how == Some(Stop::Discard) {
            // Before far ends reset the flows: nobody wants to hear of that.
            drop((bulk, paced));
            let _ = wish.send(Wish::Abandon);
            let goodbye = async { while following.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(STOP_ANSWER, goodbye).await;
            return Ok(EndReason::StoppedDiscard);
        }
        drop((collecting, fetching, looking));
        // Those that do not end by themselves take a while.
        let _ = tokio::task::spawn_blocking(move || drop(programs)).await;
        self.tell(What::Phase(Phase::Collecting));
        self.tell_own_counters(target).await;
        let _ = wish.send(Wish::Collect);
        let (mut seen, mut hurry) = (HashMap::new(), None);
        loop {
            let patience = hurry.unwrap_or(Time::NEVER);
            tokio::select! {
                done = following.join_next() => match done {
                    Some(Ok(of_host)) => seen.extend(of_host),
                    Some(Err(e)) => self.tell(What::Warning { host: None, text: format!("collecting: {e}") }),
                    None => break,
                },
                asked = stopped(&mut self.stop, &self.pipe) => match asked {
                    Stop::Discard => return Ok(EndReason::StoppedDiscard),
                    // Who answers has time to finish.
                    Stop::Keep => hurry = Some(self.clock.now() + HURRY),
                },
                () = tokio::time::sleep_until(self.clock.instant(patience).into()), if hurry.is_some() => {
                    let text = "what a far end had kept is missing: stopped waiting for it, as asked".to_owned();
                    self.tell(What::Warning { host: None, text });
                    break;
                }
            }
        }
        probing.finish(seen);
        bulk.forget(GROUP);
        drop(paced);
        if nothing_left {
            return Ok(EndReason::Failed { error: every_flow_broke(streams) });
        }
        Ok(how.map_or(EndReason::Completed, reason_of))
    }

    /// When each phase begins.
    fn phases(&self, origin: Time) -> Vec<(Time, Phase)> {
        let mut phases = vec![(origin, Phase::LeadIn)];
        let load = || self.plan.flows.iter().filter(|f| f.is_load());
        let first = load().map(|f| f.start).min();
        let last = load().map(|f| f.start + f.length).max();
        if let (Some(first), Some(last)) = (first, last) {
            phases.push((origin + first, Phase::Load));
            phases.push((origin + last, Phase::LeadOut));
        }
        phases
    }
}

/// Waits until the run is told to stop, or nobody reads its events any more.
async fn stopped(stop: &mut watch::Receiver<Option<Stop>>, pipe: &Pipe) -> Stop {
    let told = async {
        loop {
            if stop.changed().await.is_err() {
                // The button is gone; the run goes on as long as there is a reader.
                std::future::pending::<()>().await;
            }
            if let Some(how) = *stop.borrow_and_update() {
                return how;
            }
        }
    };
    tokio::select! {
        how = told => how,
        () = pipe.reader_gone() => Stop::Discard,
    }
}

fn every_flow_broke(flows: usize) -> String {
    match flows {
        1 => "the flow broke, nothing is left to measure".to_owned(),
        _ => format!("all {flows} flows broke, nothing is left to measure"),
    }
}

fn reason_of(how: Stop) -> EndReason {
    match how {
        Stop::Keep => EndReason::StoppedKeep,
        Stop::Discard => EndReason::StoppedDiscard,
    }
}
