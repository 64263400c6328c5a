//! One run from beginning to end.

use super::LaunchOptions;
use super::connect;
use super::far::{Far, Wish, addresses_of};
use super::pipe::Pipe;
use crate::bulk::{Bulk, GroupId, NewStream, Sink};
use crate::clock::Clock;
use crate::collect::{Collecting, Job, Running};
use crate::fetching::{Fetching, Job as FetchJob};
use crate::host::{Detail, HostFacts, facts_after};
use crate::marks::{self, Download, MAX_FLOWS};
use crate::paced::{self, NewPaced, Paced};
use crate::payload::Payload;
use crate::probe_socket::{ProbeSocket, open_icmp};
use crate::probing::Probing;
use crate::socket::Trouble;
use fa_measure::collect::Collected;
use fa_measure::event::{EndReason, FlowConnected, FlowEnd, Phase, Started, What};
use fa_measure::flow::{FlowSpec, Flows, OwnClock};
use fa_measure::framing::Framing;
use fa_measure::plan::{FetchList, FetchPlan, ProbeKind, ProbePlan};
use fa_measure::probe::Probes;
use fa_measure::stream::StreamSpec;
use fa_measure::{FlowId, HostId, Plan, Span, Stop, Time, When};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// Flows connected at the same time; a server accepts only so many connections that are not flows yet.
const CONNECTING: usize = 32;

/// Least time between "all is prepared" and the plan's zero: threads start, far ends hear of it.
const HEAD_START: Span = Span::from_millis(50);

/// The only group of a run's bulk thread.
const GROUP: GroupId = GroupId(0);

/// How long far ends may take to answer to being told to stop.
const STOP_ANSWER: std::time::Duration = std::time::Duration::from_secs(1);

/// Between two words to far ends that are ready while others are not; shorter than they wait.
const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(5);

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
    flows: Vec<NewStream>,
    /// Flows whose marks only a raw socket sees: number, our address, theirs.
    downloads: Vec<(FlowId, SocketAddr, SocketAddr)>,
    datagrams: Vec<NewPaced>,
    probes: Vec<ProbeSocket>,
}

impl Context {
    fn tell(&self, what: What) {
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
        self.tell_own_facts(self.target(&fars)).await;
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
        Ok(Prepared { fars, flows, downloads, datagrams, probes })
    }

    /// Nothing is sent: the run only observes.
    fn is_observation(&self) -> bool {
        let observes = !self.plan.collectors.is_empty() || !self.plan.fetches.is_empty();
        self.plan.flows.is_empty() && self.plan.probes.is_empty() && observes
    }

    /// Where the traffic goes; the first far end where there is none.
    fn target(&self, fars: &[Far]) -> Option<IpAddr> {
        let target = fars.iter().find(|far| self.plan.is_target(far.host)).or(fars.first());
        target.map(|far| far.address.ip())
    }

    async fn reach_all(&self) -> Result<Vec<Far>, Trouble> {
        let mut reaching = JoinSet::new();
        for index in 0..self.plan.hosts.len() {
            let host = HostId(index as u16);
            if !self.plan.needs_server(host) {
                continue;
            }
            let (plan, options, clock, pipe) = (self.plan.clone(), self.options.clone(), self.clock, self.pipe.clone());
            reaching.spawn(async move { (host, Far::reach(&plan, host, &options, clock, pipe).await) });
        }
        let (mut fars, mut missed) = (Vec::new(), Vec::new());
        let mut heart = tokio::time::interval(HEARTBEAT);
        loop {
            let done = tokio::select! {
                done = reaching.join_next() => done,
                _ = heart.tick() => {
                    beat(&fars).await;
                    continue;
                }
            };
            let Some(done) = done else { break };
            match done {
                Ok((_, Ok(far))) => fars.push(far),
                Ok((host, Err(trouble))) => missed.push((host, trouble)),
                Err(e) => return Err(Trouble::new(format!("reaching a host: {e}"))),
            }
        }
        fars.sort_by_key(|f| f.host);
        missed.sort_by_key(|(host, _)| *host);
        // Without any far end, a test of load is none. One of latency still has its ICMP probes.
        let echo_only =
            self.plan.flows.iter().all(|f| !f.is_load()) && self.plan.probes.iter().any(|p| p.kind == ProbeKind::Icmp);
        let reached = fars.iter().any(|far| self.plan.is_target(far.host));
        let missed_target = missed.iter().position(|(host, _)| self.plan.is_target(*host));
        if let Some(at) = missed_target.filter(|_| !reached && !echo_only) {
            return Err(missed.swap_remove(at).1);
        }
        for (host, trouble) in &missed {
            self.fail_host(*host, trouble);
        }
        Ok(fars)
    }

    /// Everything towards a host that cannot be reached has failed.
    fn fail_host(&self, host: HostId, trouble: &Trouble) {
        let (error, hint) = (&trouble.error, &trouble.hint);
        if self.plan.is_described(host) {
            // Its facts are no series that could fail.
            self.tell(What::Warning { host: None, text: format!("no metadata: {trouble}") });
        }
        for flow in self.plan.flows.iter().filter(|f| f.host == host) {
            self.tell(What::FlowFailed { flow: flow.id, error: error.clone(), hint: hint.clone() });
        }
        for probe in self.plan.probes.iter().filter(|p| p.host == host && p.kind.needs_server()) {
            self.tell(What::ProbeFailed { probe: probe.id, error: error.clone(), hint: hint.clone() });
        }
        for fetch in self.plan.fetches.iter().filter(|f| f.host == host && f.list == FetchList::Server) {
            self.tell(What::FetchFailed { fetch: fetch.id, error: error.clone(), hint: hint.clone() });
        }
        for collector in self.plan.collectors.iter().filter(|c| c.host == Some(host)) {
            let (error, hint) = (error.clone(), hint.clone());
            self.tell(What::CollectorFailed { collector: collector.id, error, hint });
        }
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

    pub(super) async fn tell_own_facts(&self, target: Option<IpAddr>) {
        let detail = if self.options.extended { Detail::Extended } else { Detail::Anonymous };
        let collected = tokio::task::spawn_blocking(move || HostFacts::collect(target, detail).to_metadata()).await;
        if let Ok(facts) = collected {
            self.tell(What::HostFacts { host: None, facts });
        }
    }

    /// What the run did to our queues, beside what they had done before it.
    async fn tell_own_counters(&self, target: Option<IpAddr>) {
        let Some(target) = target else { return };
        if let Ok(facts) = tokio::task::spawn_blocking(move || facts_after(target)).await {
            self.tell(What::HostFacts { host: None, facts });
        }
    }

    async fn connect_flows(&self, fars: &[Far]) -> (Vec<NewStream>, Vec<(FlowId, SocketAddr, SocketAddr)>) {
        let mut connecting = JoinSet::new();
        let mut flows = Vec::new();
        let payloads = self.payloads();
        let mut downloads = Vec::new();
        let by_host: HashMap<HostId, &Far> = fars.iter().map(|f| (f.host, f)).collect();
        let streams = self.plan.flows.iter().filter(|f| f.datagrams.is_none());
        let mut waiting = streams.filter_map(|f| by_host.get(&f.host).map(|far| (f, far)));
        loop {
            while connecting.len() < CONNECTING
                && let Some((plan, far)) = waiting.next()
            {
                let (plan, address, session) = (plan.clone(), far.address, far.session().to_owned());
                connecting.spawn(async move {
                    let connected = connect::flow(&plan, address, &session).await;
                    (plan, connected)
                });
            }
            let Some(done) = connecting.join_next().await else { break };
            let Ok((plan, connected)) = done else { continue };
            match connected {
                Ok(c) => {
                    let end = FlowEnd::here(plan.direction);
                    let at = When::Here(self.clock.now());
                    if end == FlowEnd::Receiver {
                        downloads.push((plan.id, c.local, c.peer));
                    }
                    self.tell(What::FlowConnected(Box::new(FlowConnected {
                        flow: plan.id,
                        end,
                        at,
                        local: c.local,
                        peer: c.peer,
                        facts: c.facts,
                    })));
                    flows.push(NewStream {
                        socket: c.socket,
                        spec: FlowSpec {
                            flow: plan.id,
                            end,
                            start: plan.start,
                            length: plan.length,
                            bytes: plan.bytes,
                        },
                        block: plan.block as usize,
                        framing: Framing::None,
                        early: if end == FlowEnd::Receiver { c.early } else { 0 },
                        payload: payloads.get(&plan.id).cloned(),
                    });
                }
                Err(Trouble { error, hint }) => self.tell(What::FlowFailed { flow: plan.id, error, hint }),
            }
        }
        flows.sort_by_key(|f| f.spec.flow);
        (flows, downloads)
    }

    /// What our senders write when that is not random. Streams that carry the same share its bytes.
    fn payloads(&self) -> HashMap<FlowId, Payload> {
        let options = &self.plan.settings.options;
        let streams = || self.plan.flows.iter().filter(|f| f.datagrams.is_none());
        let of_all = options.payload.as_deref();
        if of_all.is_some() && streams().any(|f| FlowEnd::here(f.direction) == FlowEnd::Receiver) {
            let text =
                "the payload of --test-payload is sent by this host only: downloads carry random bytes".to_owned();
            self.tell(What::Warning { host: None, text });
        }
        let mut known: HashMap<(Option<&str>, u32), Payload> = HashMap::new();
        let mut found = HashMap::new();
        for flow in streams().filter(|f| FlowEnd::here(f.direction) == FlowEnd::Sender) {
            let own = flow.payload.as_deref();
            let bytes = own.and_then(|name| options.payloads.get(name)).map(Vec::as_slice).or(of_all);
            let key = (own, flow.block);
            if let Some(same) = known.get(&key) {
                found.insert(flow.id, same.clone());
            } else if let Some(new) = bytes.and_then(|bytes| Payload::new(bytes, flow.block as usize)) {
                found.insert(flow.id, new.clone());
                known.insert(key, new);
            }
        }
        found
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
                far.map(|far| format!("http://{}/v1/session/{}/filelist.txt", far.control_address, far.session()));
            FetchJob { plan: plan.clone(), server_list }
        };
        let possible =
            |plan: &&FetchPlan| plan.list != FetchList::Server || fars.iter().any(|far| far.host == plan.host);
        self.plan.fetches.iter().filter(possible).map(job).collect()
    }

    /// Opens the sockets of flows of datagrams and shows the far ends that they are real.
    async fn open_datagrams(&self, fars: &[Far]) -> Vec<NewPaced> {
        let mut opening = JoinSet::new();
        let mut flows = Vec::new();
        let mut waiting = self.plan.flows.iter().filter_map(|flow| {
            let far = fars.iter().find(|far| far.host == flow.host)?;
            Some((flow, far.reflector, *far.flow_tokens.get(&flow.id)?))
        });
        loop {
            while opening.len() < CONNECTING
                && let Some((plan, reflector, token)) = waiting.next()
            {
                let plan = plan.clone();
                opening.spawn(async move {
                    let opened = connect::datagrams(&plan, reflector, token).await;
                    (plan, token, opened)
                });
            }
            let Some(done) = opening.join_next().await else { break };
            let Ok((plan, token, opened)) = done else { continue };
            let (Some(datagrams), end) = (plan.datagrams, FlowEnd::here(plan.direction)) else { continue };
            let (traffic, packets) = (datagrams.traffic, datagrams.packets);
            let spec = StreamSpec { flow: plan.id, end, start: plan.start, length: plan.length, traffic, packets };
            match opened {
                Ok(socket) => {
                    let (tos, at) = (plan.tos.map(|(ours, _)| ours), When::Here(self.clock.now()));
                    if let Some(connected) = paced::connected(&socket, &spec, tos, at) {
                        self.tell(What::FlowConnected(Box::new(connected)));
                    }
                    flows.push(NewPaced { socket, token, spec });
                }
                Err(Trouble { error, hint }) => self.tell(What::FlowFailed { flow: plan.id, error, hint }),
            }
        }
        flows.sort_by_key(|f| f.spec.flow);
        flows
    }

    async fn open_probes(&self, fars: &[Far]) -> Vec<ProbeSocket> {
        let mut opening = JoinSet::new();
        let mut sockets = Vec::new();
        for plan in &self.plan.probes {
            let opened = match plan.kind {
                ProbeKind::Udp | ProbeKind::Tcp => {
                    let far = fars.iter().find(|f| f.host == plan.host);
                    if let Some((far, &token)) = far.and_then(|f| Some((f, f.probe_tokens.get(&plan.id)?))) {
                        let (plan, reflector, address) = (plan.clone(), far.reflector, far.address);
                        let session = far.session().to_owned();
                        opening.spawn(async move {
                            let opened = match plan.kind {
                                ProbeKind::Tcp => connect::tcp_probe(&plan, address, &session, token).await,
                                _ => connect::probe(&plan, reflector, token).await,
                            };
                            (plan.id, opened)
                        });
                    }
                    continue;
                }
                ProbeKind::Icmp => self.open_echo(plan, fars).await,
            };
            self.keep(plan.id, opened, &mut sockets);
        }
        while let Some(done) = opening.join_next().await {
            if let Ok((probe, opened)) = done {
                self.keep(probe, opened, &mut sockets);
            }
        }
        sockets.sort_by_key(|s| s.probe);
        sockets
    }

    fn keep(&self, probe: fa_measure::ProbeId, opened: Result<ProbeSocket, Trouble>, sockets: &mut Vec<ProbeSocket>) {
        match opened {
            Ok(socket) => sockets.push(socket),
            Err(Trouble { error, hint }) => self.tell(What::ProbeFailed { probe, error, hint }),
        }
    }

    async fn open_echo(&self, plan: &ProbePlan, fars: &[Far]) -> Result<ProbeSocket, Trouble> {
        let known = fars.iter().find(|f| f.host == plan.host).map(|f| f.address);
        let fits = |a: &SocketAddr| plan.ip_version.is_none_or(|v| a.is_ipv4() == (v.number() == 4));
        let target = if let Some(address) = known.filter(fits) {
            address
        } else {
            let host = self.plan.host(plan.host).ok_or_else(|| Trouble::new("the plan names no such host"))?;
            let addresses = addresses_of(host, &self.plan).await?;
            let error = || Trouble::new(format!("{} has no address of the version asked for", host.name));
            addresses.into_iter().find(fits).ok_or_else(error)?
        };
        let mut ident = [0; 2];
        rand::Rng::fill_bytes(&mut rand::rng(), &mut ident);
        open_icmp(plan, target, u16::from_ne_bytes(ident))
    }

    /// Measures: everything is connected.
    async fn load(&mut self, prepared: Prepared) -> Result<EndReason, Trouble> {
        let Prepared { mut fars, flows, downloads, datagrams, probes } = prepared;
        let target = self.target(&fars);
        let no_thread = |e: io::Error| Trouble::new(format!("a measuring thread cannot be started: {e}"));
        let bulk = Bulk::start(self.clock).map_err(no_thread)?;
        let (flows_done, mut flows_ended) = oneshot::channel();
        let engine = Flows::new(OwnClock::Here, self.plan.step());
        let engine = if self.plan.settings.options.socket_stats { engine } else { engine.without_samples() };
        let (streams, broken) = (flows.len(), Arc::new(AtomicUsize::new(0)));
        bulk.add_group(GROUP, engine, self.sink_counting(broken.clone()), None, move || {
            let _ = flows_done.send(());
        });
        for stream in flows {
            bulk.add(GROUP, stream);
        }
        let paced = if datagrams.is_empty() { None } else { Some(Paced::start(self.clock).map_err(no_thread)?) };
        let (datagrams_done, mut datagrams_ended) = oneshot::channel();
        let mut datagrams_open = paced.is_some();
        if let Some(paced) = &paced {
            paced.add_group(GROUP, self.plan.step(), OwnClock::Here, self.sink(), None, move || {
                let _ = datagrams_done.send(());
            });
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
        let mut seen = HashMap::new();
        loop {
            tokio::select! {
                done = following.join_next() => match done {
                    Some(Ok(of_host)) => seen.extend(of_host),
                    Some(Err(e)) => self.tell(What::Warning { host: None, text: format!("collecting: {e}") }),
                    None => break,
                },
                asked = stopped(&mut self.stop, &self.pipe) => if asked == Stop::Discard {
                    return Ok(EndReason::StoppedDiscard);
                },
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

/// One heartbeat for each far end.
async fn beat(fars: &[Far]) {
    for far in fars {
        far.heartbeat().await;
    }
}

/// Heartbeats until `ready` is dropped; never given up half way, which would close the connection.
async fn heartbeats(fars: &[Far], mut ready: oneshot::Receiver<()>) {
    while tokio::time::timeout(HEARTBEAT, &mut ready).await.is_err() {
        beat(fars).await;
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
