//! A far end during a run: reached, prepared, followed, and asked for the rest.

mod follow;

pub(super) use follow::{WAIT, Wish};

use super::LaunchOptions;
use super::control::{Control, ControlError};
use super::local::LocalServer;
use super::pipe::Pipe;
use super::resolve::resolve;
use crate::clock::Clock;
use crate::serve::prove;
use crate::socket::{Trouble, bind_address, version_of};
use fa_measure::collect::{Collected, CollectorId, MAX_COLUMNS, is_this_host};
use fa_measure::control::{
    Begin, ClockAsk, ClockTold, FarCollector, FarDatagrams, FarFlow, FarProbe, Hello, PROTOCOL, Prepare, Prepared,
    Report, ReportAsk, Welcome,
};
use fa_measure::event::{ClockSample, FlowEnd, HostReady, What};
use fa_measure::foreign::{self, spoken};
use fa_measure::plan::{HostPlan, IpVersion, ProbeKind};
use fa_measure::remark::with_series;
use fa_measure::wire::Token;
use fa_measure::{FarTime, FlowId, HostId, Plan, ProbeId, Span, Time};
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Exchanges of stamps before and after the load.
const CLOCK_SAMPLES: usize = 8;

/// Kinds of measuring threads that a far end may tell about.
const MAX_THREADS: usize = 16;

/// A far end that admitted us.
pub(super) struct Far {
    pub(super) host: HostId,
    name: String,
    /// Locked by heartbeats only while all is prepared.
    control: Mutex<Control>,
    bind: Option<IpAddr>,
    /// Contact was lost at this time and is not back yet.
    lost: Option<Time>,
    session: String,
    /// Its end of each of its flows.
    ends: HashMap<FlowId, FlowEnd>,
    collectors: HashSet<CollectorId>,
    /// Records of flows or ends that are not its own.
    foreign: u64,
    pub(super) probe_tokens: HashMap<ProbeId, Token>,
    /// Of its flows of datagrams.
    pub(super) flow_tokens: HashMap<FlowId, Token>,
    pub(super) reflector: SocketAddr,
    /// Where flows and probes go.
    pub(super) address: SocketAddr,
    /// Where control goes.
    pub(super) control_address: SocketAddr,
    clock: Clock,
    pipe: Arc<Pipe>,
    best: Option<ClockSample>,
    cursor: u64,
    /// Ends with this.
    _child: Option<LocalServer>,
}

impl Far {
    /// Reaches and prepares a far end.
    pub(super) async fn reach(
        plan: &Plan,
        host: HostId,
        options: &LaunchOptions,
        clock: Clock,
        pipe: Arc<Pipe>,
    ) -> Result<Self, Trouble> {
        let host_plan = plan.host(host).ok_or_else(|| Trouble::new("the plan names a host it does not have"))?;
        let name = host_plan.name.clone();
        let options_bind = plan.settings.options.control_local_bind.as_deref();
        let bind = options_bind.or(host_plan.local_bind.as_deref()).or(plan.settings.local_bind.as_deref());
        let bind = bind_address(bind)?;
        // A host that is only observed need not be reachable but for control.
        let observed = host_plan.control.is_some() && !plan.is_target(host);
        let data = if observed { Vec::new() } else { addresses_of(host_plan, plan).await? };
        let addresses = match &host_plan.control {
            None => data.clone(),
            Some(control) => {
                let (control, port) = with_port(control, host_plan.port);
                // Control may go another way altogether: any version will do where none is asked for.
                resolve(control, port, plan.settings.ip_version).await?
            }
        };
        let (addresses, bind) = match bind {
            Some(bind) => way_of_control(host_plan, plan, addresses, bind, &|text| {
                pipe.push(clock.now(), What::Warning { host: Some(host), text });
            })?,
            None => (addresses, None),
        };
        let (mut control, child) = open(host_plan, &addresses, bind, options, &pipe, clock).await?;
        let what = format!("{name} ({})", control.remote);
        let failed = |e: ControlError| e.into_trouble(&what);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let welcome: Welcome =
            control.post("/v1/hello", &Hello { protocol: PROTOCOL, version }).await.map_err(failed)?;
        let mut prepare = ask_for(plan, host);
        prepare.extended = options.extended;
        prepare.toward = passed_by(plan, host).await;
        if let Some(challenge) = &welcome.challenge {
            let key = options.key.as_ref().ok_or_else(|| {
                Trouble::new(format!("{what} wants a key")).hint("give the key it was started with: --key FILE")
            })?;
            prepare.proof = Some(prove(key, challenge));
            prepare.challenge = Some(challenge.clone());
        }
        let prepared: Prepared = control.post("/v1/session", &prepare).await.map_err(|e| match e {
            // It knows only numbers.
            ControlError::Refused { error, hint } => {
                failed(ControlError::Refused { error: with_series(&error, plan), hint })
            }
            // It has answered the hello, which fits into one packet.
            ControlError::Silent => Trouble::new(format!("{what}: it answers short requests, but not long ones"))
                .hint(format!(
                    "packets of full size may be lost on the way (MTU): try ping -M do -s 1472 {name}, and a smaller MTU on \
                     the interface"
                )),
            e => failed(e),
        })?;
        let strange = |what: &str| Trouble::new(format!("{name}: its answer has {what}"));
        if Token::from_hex(&prepared.session).is_none() {
            return Err(strange("no session"));
        }
        let tokens: Option<Vec<Token>> = prepared.probe_tokens.iter().map(|t| Token::from_hex(t)).collect();
        let tokens =
            tokens.filter(|t| t.len() == prepare.probes.len()).ok_or_else(|| strange("no tokens for probes"))?;
        let (control_address, local) = (control.remote, control.local);
        let address = match &host_plan.control {
            None => control_address,
            Some(_) => data.first().copied().unwrap_or(control_address),
        };
        let flow_tokens: Option<HashMap<FlowId, Token>> =
            prepared.flow_tokens.iter().map(|(flow, token)| Some((*flow, Token::from_hex(token)?))).collect();
        let flow_tokens = flow_tokens.ok_or_else(|| strange("no tokens for flows"))?;
        let ready = HostReady {
            host,
            address,
            local,
            ip_version: if address.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 },
            version: spoken(&welcome.version),
            hostname: spoken(&prepared.hostname),
            child: child.is_some(),
        };
        pipe.push(clock.now(), What::HostReady(ready));
        if !prepare.probes.is_empty() {
            let setup = fa_measure::event::ProbeSetup { host: Some(host), ..prepared.probe_setup };
            pipe.push(clock.now(), What::ProbeSetup(setup));
        }
        let facts = prepared.facts;
        let mut far = Self {
            host,
            name,
            control: Mutex::new(control),
            bind,
            lost: None,
            session: prepared.session,
            ends: prepare.flows.iter().map(|f| (f.flow, f.end)).collect(),
            collectors: prepare.collectors.iter().map(|c| c.collector).collect(),
            foreign: 0,
            probe_tokens: prepare.probes.iter().map(|p| p.probe).zip(tokens).collect(),
            flow_tokens,
            reflector: SocketAddr::new(address.ip(), prepared.udp_port),
            address,
            control_address,
            clock,
            pipe,
            best: None,
            cursor: 0,
            _child: child,
        };
        far.tell_facts(facts);
        if let SocketAddr::V6(v6) = &mut far.reflector
            && let SocketAddr::V6(known) = address
        {
            // Link-local addresses are nothing without their interface.
            v6.set_scope_id(known.scope_id());
        }
        far.compare_clocks().await.map_err(|e| e.into_trouble(&what))?;
        Ok(far)
    }

    /// Facts about its host, cleaned.
    fn tell_facts(&self, told: serde_json::Map<String, serde_json::Value>) {
        let (facts, left_out) = foreign::facts(told);
        if left_out > 0 {
            self.warn(format!("it told too much about its host: {left_out} values left out"));
        }
        self.pipe.push_patiently(self.clock.now(), What::HostFacts { host: Some(self.host), facts });
    }

    pub(super) fn session(&self) -> &str {
        &self.session
    }

    fn session_path(&self) -> String {
        format!("/v1/session/{}", self.session)
    }

    fn path(&self, verb: &str) -> String {
        format!("/v1/session/{}/{verb}", self.session)
    }

    /// Relates the two clocks.
    async fn compare_clocks(&mut self) -> Result<(), ControlError> {
        let path = self.path("clock");
        for _ in 0..CLOCK_SAMPLES {
            let sent = self.clock.now();
            let told: ClockTold = self.control.get_mut().post(&path, &ClockAsk {}).await?;
            let received = self.clock.now();
            let sample =
                ClockSample { host: self.host, sent, received_there: told.received, sent_there: told.sent, received };
            self.pipe.push(received, What::Clock(sample));
            if self.best.is_none_or(|b| sample.round_trip() < b.round_trip()) {
                self.best = Some(sample);
            }
        }
        Ok(())
    }

    /// Says something, so that the far end does not take us for dead while others are prepared.
    pub(super) async fn heartbeat(&self) {
        // Should it fail, so does what follows, and that is told.
        let _ = self.control.lock().await.post::<ClockTold>(&self.path("clock"), &ClockAsk {}).await;
    }

    /// Round trip of the control connection, at its best.
    pub(super) fn round_trip(&self) -> Span {
        self.best.map_or(Span::ZERO, |b| b.round_trip())
    }

    /// The plan's times count from `origin`.
    pub(super) async fn begin(&mut self, origin: Time) -> Result<(), Trouble> {
        let ahead = self.best.map_or(Span::ZERO, |b| b.ahead());
        let origin = FarTime(origin.0) + ahead;
        let path = self.path("begin");
        let _: Report = self
            .control
            .get_mut()
            .post(&path, &Begin { origin })
            .await
            .map_err(|e| e.into_trouble(&format!("beginning at {}", self.name)))?;
        Ok(())
    }

    /// Makes a new connection where that may help. The far end keeps the session and what it has measured for a while.
    ///
    /// # Errors
    /// `e` when it is an answer, which another connection would not change; the new one when the server is gone.
    async fn reconnect(&mut self, e: ControlError) -> Result<(), ControlError> {
        if !e.is_of_the_way() {
            return Err(e);
        }
        if self.lost.is_none() {
            self.lost = Some(self.clock.now());
            self.warn(format!("contact is lost ({e}); trying to get it back"));
        }
        self.renew().await
    }

    /// Makes a new connection if there can be one.
    ///
    /// # Errors
    /// When nobody listens there any more: the session is gone with its server.
    async fn renew(&mut self) -> Result<(), ControlError> {
        match Control::connect(self.control_address, self.bind).await {
            Ok(mut control) => {
                control.heard_on(self.control.get_mut().heard());
                self.control = Mutex::new(control);
            }
            Err(ControlError::Connect { address, source }) if source.kind() == io::ErrorKind::ConnectionRefused => {
                return Err(ControlError::Connect { address, source });
            }
            // The next request on the old connection fails too and leads here again.
            Err(_) => {}
        }
        Ok(())
    }

    fn tell_contact(&mut self) {
        if let Some(since) = self.lost.take() {
            self.warn(format!("contact is back after {}", self.clock.now() - since));
        }
    }

    async fn report(&mut self, all: bool) -> Result<Report, ControlError> {
        let path = self.path("report");
        let report: Report = self.control.get_mut().post(&path, &ReportAsk { after: self.cursor, all }).await?;
        self.cursor = report.next;
        Ok(report)
    }

    /// Whoever shows it puts the host's name in front.
    fn warn(&self, text: String) {
        self.pipe.push_patiently(self.clock.now(), What::Warning { host: Some(self.host), text });
    }

    /// A record of the far end becomes an event of the run; only what a far end may tell does.
    fn pass_on(&mut self, what: What, patiently: bool) {
        let host = Some(self.host);
        let own = match &what {
            What::FlowConnected(c) => self.ends.get(&c.flow) == Some(&c.end),
            What::FlowBytes(b) => self.ends.get(&b.flow) == Some(&b.end),
            What::TcpInfo(t) => self.ends.get(&t.flow) == Some(&t.end),
            What::FlowEnded(e) => self.ends.get(&e.flow) == Some(&e.end),
            What::Datagrams(d) => self.ends.get(&d.flow) == Some(&d.end),
            What::Packets(p) => self.ends.get(&p.flow) == Some(&p.end),
            What::DatagramTotals(t) => self.ends.get(&t.flow) == Some(&t.end),
            What::FlowFailed { flow, .. } => self.ends.contains_key(flow),
            What::CollectorColumns(c) => self.collectors.contains(&c.collector) && c.names.len() <= MAX_COLUMNS,
            What::CollectorSample(c) => self.collectors.contains(&c.collector) && c.values.len() <= MAX_COLUMNS,
            What::CollectorFailed { collector, .. } => self.collectors.contains(collector),
            What::OwnLoad(load) => load.threads.len() <= MAX_THREADS,
            What::Warning { .. } | What::Overflow { .. } => true,
            // A hostile server could tell anything else: it would be in our file under our name.
            _ => false,
        };
        if !own {
            self.foreign += 1;
            return;
        }
        let what = match what {
            What::Warning { text, .. } => What::Warning { host, text: spoken(&text) },
            What::Overflow { queue, lost, .. } => What::Overflow { host, queue: spoken(&queue), lost },
            What::FlowFailed { flow, error, hint } => {
                What::FlowFailed { flow, error: spoken(&error), hint: hint.as_deref().map(spoken) }
            }
            What::OwnLoad(mut load) => {
                load.host = host;
                load.threads.iter_mut().for_each(|thread| thread.name = spoken(&thread.name));
                What::OwnLoad(load)
            }
            What::CollectorColumns(mut columns) => {
                columns.names.iter_mut().for_each(|name| *name = spoken(name));
                What::CollectorColumns(columns)
            }
            What::CollectorFailed { collector, error, hint } => {
                What::CollectorFailed { collector, error: spoken(&error), hint: hint.as_deref().map(spoken) }
            }
            What::FlowEnded(mut ended) => {
                ended.error = ended.error.as_deref().map(spoken);
                What::FlowEnded(ended)
            }
            other => other,
        };
        if patiently {
            self.pipe.push_patiently(self.clock.now(), what);
        } else {
            self.pipe.push(self.clock.now(), what);
        }
    }
}

/// Addresses to try for a host, of the version that the user or one of the host's series demands, else of the one that
/// its traffic is bound to.
pub(super) async fn addresses_of(host_plan: &HostPlan, plan: &Plan) -> Result<Vec<SocketAddr>, Trouble> {
    let (target, port) = (host_plan.target(), host_plan.port);
    let asked = host_plan.ip_version.or(plan.settings.ip_version);
    let bind = bind_address(host_plan.local_bind.as_deref().or(plan.settings.local_bind.as_deref()))?;
    let Some(bind) = bind else { return resolve(target, port, asked).await };
    let version = if bind.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 };
    let differs = |of_host: &str| {
        Trouble::new(format!("--local-bind {bind} is an {} address, and {of_host}", version_of(bind)))
            .hint("bind to an address of the version that the host has; `ip address` shows those of this host")
    };
    match asked {
        Some(asked) if asked != version => {
            Err(differs(&format!("traffic to {} is to be IPv{}", host_plan.name, asked.number())))
        }
        _ => match resolve(target, port, Some(version)).await {
            // Is it the version, or the host?
            Err(trouble) => match resolve(target, port, None).await {
                Ok(_) => Err(differs(&format!("host {:?} has none", host_plan.name))),
                Err(_) => Err(trouble),
            },
            found => found,
        },
    }
}

/// Addresses that control may go to from the address that it is to be bound to, and that address.
fn way_of_control(
    host: &HostPlan,
    plan: &Plan,
    mut addresses: Vec<SocketAddr>,
    bind: IpAddr,
    warn: &dyn Fn(String),
) -> Result<(Vec<SocketAddr>, Option<IpAddr>), Trouble> {
    let far = host.control.as_deref().unwrap_or(&host.name);
    if addresses.iter().any(|address| address.is_ipv4() == bind.is_ipv4()) {
        addresses.retain(|address| address.is_ipv4() == bind.is_ipv4());
        return Ok((addresses, Some(bind)));
    }
    let version = version_of(bind);
    if plan.settings.options.control_local_bind.is_some() {
        let error = format!("--control-local-bind {bind} is an {version} address, and {far:?} has none");
        return Err(Trouble::new(error).hint("bind control to an address of the version that the far end has"));
    }
    // Traffic is bound to it; control goes another way, which was asked for too.
    warn(format!("control goes to {far}, which has no {version} address, and is not bound to {bind}"));
    Ok((addresses, None))
}

/// A name and the port after its colon, or the usual one.
fn with_port(text: &str, usual: u16) -> (&str, u16) {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if name.ends_with(']') || !name.contains(':') => (name, port.parse().ok()),
        _ => (text, None),
    };
    port.map_or((text, usual), |port| (name, port))
}

/// Where the test's traffic goes that this host only sees; `None` when it is a target of traffic itself.
async fn passed_by(plan: &Plan, host: HostId) -> Option<IpAddr> {
    if plan.is_target(host) {
        return None;
    }
    let target = (0..plan.hosts.len()).map(|i| HostId(i as u16)).find(|&id| plan.is_target(id))?;
    let addresses = addresses_of(plan.host(target)?, plan).await.ok()?;
    addresses.first().map(SocketAddr::ip)
}

/// Opens the control connection; starts a server of our own where that makes sense.
async fn open(
    host: &HostPlan,
    addresses: &[SocketAddr],
    bind: Option<IpAddr>,
    options: &LaunchOptions,
    pipe: &Pipe,
    clock: Clock,
) -> Result<(Control, Option<LocalServer>), Trouble> {
    let mut last = None;
    for &address in addresses {
        match Control::connect(address, bind).await {
            Ok(control) => return Ok((control, None)),
            Err(e) => last = Some(e),
        }
    }
    let name = &host.name;
    let refused = matches!(&last, Some(ControlError::Connect { source, .. }) if source.kind() == io::ErrorKind::ConnectionRefused);
    // Who names a control host means a certain server.
    let ours = is_this_host(host.target()) && host.control.is_none();
    if let (true, true, Some(command), Some(first)) = (refused, ours, &options.child, addresses.first()) {
        let server = LocalServer::start(command, first.ip())?;
        let text = format!("no server on {name}: started one on {} for this run", server.address);
        pipe.push(clock.now(), What::Warning { host: None, text });
        let control =
            Control::connect(server.address, bind).await.map_err(|e| e.into_trouble("the server just started"))?;
        return Ok((control, Some(server)));
    }
    if let (Some(bind), Some(ControlError::Connect { source, .. })) = (bind, &last)
        && source.kind() == io::ErrorKind::AddrNotAvailable
    {
        return Err(Trouble::new(format!("{bind} is no address of this host, so nothing can be bound to it"))
            .hint("--local-bind and --control-local-bind take addresses that `ip address` shows here"));
    }
    let why = last.map_or_else(|| "no address".to_owned(), |e| e.to_string());
    if let Some(control) = &host.control {
        let (machine, port) = with_port(control, host.port);
        return Err(Trouble::new(format!(
            "{machine}, where control connections for {name} go (--control-host, control_hosts), cannot be reached: {why}"
        ))
        .hint(format!("run fa serve on {name}, and let TCP port {port} of {machine} through to it")));
    }
    Err(Trouble::new(format!("{name} cannot be reached: {why}"))
        .hint(format!("run fa serve on {name}, and let TCP and UDP port {} through", host.port)))
}

/// What a far end has to do for this plan.
fn ask_for(plan: &Plan, host: HostId) -> Prepare {
    let flows = plan.flows.iter().filter(|f| f.host == host).map(|f| FarFlow {
        flow: f.id,
        end: FlowEnd::there(f.direction),
        start: f.start,
        length: f.length,
        tos: f.tos.map(|(_, theirs)| theirs),
        cong_control: f.cong_control.as_ref().map(|(_, theirs)| theirs.clone()),
        block: f.block,
        bytes: f.bytes,
        socket_stats: plan.settings.options.socket_stats,
        datagrams: f.datagrams.as_ref().map(|d| FarDatagrams {
            traffic: d.traffic.clone(),
            packets: d.packets,
            spread: d.ports > 1 && FlowEnd::there(f.direction) == FlowEnd::Receiver,
        }),
    });
    let probes = plan.probes.iter().filter(|p| p.host == host && p.kind.needs_server()).map(|p| FarProbe {
        probe: p.id,
        count: p.count(),
        interval: p.interval,
        tos: p.tos.map(|(_, theirs)| theirs),
        tcp: p.kind == ProbeKind::Tcp,
    });
    let collectors = plan.collectors.iter().filter(|c| c.host == Some(host)).filter_map(|c| match &c.what {
        Collected::Kernel(what) => Some(FarCollector {
            collector: c.id,
            what: what.clone(),
            start: c.start,
            length: c.length,
            interval: c.interval,
        }),
        // Nobody is asked to start programs.
        Collected::Program(_) => None,
    });
    Prepare {
        test: plan.settings.test.clone(),
        length: plan.lasts(),
        step: plan.step(),
        flows: flows.collect(),
        probes: probes.collect(),
        collectors: collectors.collect(),
        extended: false,
        toward: None,
        proof: None,
        challenge: None,
        elsewhere: comes_from_elsewhere(plan, host),
    }
}

/// Whether flows, probes or fetchers have other addresses of ours than control has.
fn comes_from_elsewhere(plan: &Plan, host: HostId) -> bool {
    let options = &plan.settings.options;
    let of_host = plan.host(host);
    let own = of_host.and_then(|h| h.local_bind.as_ref()).or(plan.settings.local_bind.as_ref());
    let control = options.control_local_bind.as_ref().or(own);
    let flows = plan.flows.iter().filter(|f| f.host == host).map(|f| &f.local_bind);
    let probes = plan.probes.iter().filter(|p| p.host == host).map(|p| &p.local_bind);
    let fetches = plan.fetches.iter().filter(|f| f.host == host).map(|f| &f.local_bind);
    of_host.is_some_and(|h| h.control.is_some())
        || flows.chain(probes).chain(fetches).any(|bind| bind.as_ref() != control)
}
