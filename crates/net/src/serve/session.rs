//! Sessions of a server: admission, what belongs to one, and its end.

use super::key::Gate;
use super::pace::Pace;
use super::refusals::Refusals;
use super::room::{Reserved, Room};
use super::store::Store;
use crate::bulk::Bulk;
use crate::clock::Clock;
use crate::collect::{Collecting, Job};
use crate::group::{Group, GroupId, Sink};
use crate::paced::{NewPaced, Paced, Timed, connected};
use crate::reflecting::{Expected, Guest, Reflecting};
use crate::spending::Spending;
use fa_measure::access::{Admissions, Budget, Limits, Policy};
use fa_measure::control::{FarCollector, FarFlow, FarProbe, Prepare, Refusal};
use fa_measure::event::What;
use fa_measure::flow::{Flows, OwnClock};
use fa_measure::reflect::Seen;
use fa_measure::stream::StreamSpec;
use fa_measure::wire::Token;
use fa_measure::{FarTime, FlowId, ProbeId, Span, Time};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A session that its controller has not asked about for so long is gone.
const IDLE: Span = Span::from_millis(60_000);

/// The same for one whose connection closed and that has no flow open: most likely its controller was killed.
const DESERTED: Span = Span::from_millis(15_000);

/// How much longer than its run a session may live.
const GRACE: Span = Span::from_millis(120_000);

/// An HTTP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ConnectionId(pub(super) u64);

/// One controller's measurement.
pub(super) struct Session {
    pub(super) group: GroupId,
    pub(super) source: IpAddr,
    lease: Lease,
    test: String,
    /// Time zero of this process as this session tells it.
    pub(super) epoch: FarTime,
    flows: HashMap<FlowId, FarFlow>,
    probes: Vec<(ProbeId, Token)>,
    /// Probes over TCP that have not connected yet.
    pub(super) tcp_probes: HashMap<ProbeId, (Token, FarProbe)>,
    flow_tokens: Vec<Token>,
    /// Flows and probes may come from other addresses.
    elsewhere: bool,
    pub(super) store: Arc<Store>,
    /// Flows connected and not ended; one more while collectors go on.
    pub(super) open_flows: Arc<AtomicU32>,
    /// How long its run lasts.
    length: Span,
    /// What it collects, until it begins; `None`: its controller may not observe this host.
    jobs: Option<Vec<Job>>,
    collecting: Option<Collecting>,
    /// Where the traffic goes that this host only sees.
    pub(super) toward: Option<IpAddr>,
    pub(super) spending: Arc<Spending>,
    /// How fast its web objects go, where the server has a limit.
    pace: Option<Pace>,
    /// Its flows were ended because it may move no more.
    cut: bool,
    /// For as long as it lives.
    _memory: Reserved,
    opened: Time,
}

/// How long a session lives without a word from its controller.
#[derive(Debug, Clone, Copy)]
struct Lease {
    /// The connection that asked last; `None`: it closed.
    connection: Option<ConnectionId>,
    begun: bool,
    heard: Time,
    until: Time,
}

impl Lease {
    /// The controller asked for something. Another connection than before is its new one.
    fn hear(&mut self, connection: ConnectionId, now: Time) {
        (self.connection, self.heard) = (Some(connection), now);
    }

    /// A connection closed. What has begun goes on: the controller may come back for it.
    fn close(&mut self, connection: ConnectionId) {
        if self.connection == Some(connection) {
            self.connection = None;
        }
    }

    /// Why the session has to end now, if it has to.
    fn over(&self, open_flows: u32, now: Time) -> Option<&'static str> {
        match self.connection {
            None if !self.begun || open_flows == 0 && now > self.heard + DESERTED => Some("controller gone"),
            _ if now > self.heard + IDLE || now > self.until => Some("timed out"),
            _ => None,
        }
    }
}

/// Numbers for the status page.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) sessions: AtomicU64,
    pub(super) refused: AtomicU64,
    /// Payload of flows, probes and web objects.
    pub(super) bytes: Arc<AtomicU64>,
}

/// All of a server that its requests share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) bulk: Bulk,
    pub(super) reflecting: Reflecting,
    pub(super) paced: Paced,
    pub(super) policy: Policy,
    limits: Limits,
    gate: Option<Gate>,
    /// Of web objects without a session.
    pub(super) pace: Option<Pace>,
    pub(super) udp_port: u16,
    pub(super) totals: Totals,
    /// Memory for all sessions.
    pub(super) room: Arc<Room>,
    log: Box<dyn Fn(&str) + Send + Sync>,
    refusals: Mutex<Refusals>,
    state: Mutex<State>,
}

struct State {
    sessions: HashMap<Token, Session>,
    admissions: Admissions,
    budget: Budget,
    next_group: u64,
}

/// The threads that measure.
pub(super) struct Threads {
    pub(super) bulk: Bulk,
    pub(super) reflecting: Reflecting,
    pub(super) paced: Paced,
}

/// A session that was admitted.
pub(super) struct Admitted {
    pub(super) token: Token,
    pub(super) probe_tokens: Vec<Token>,
    /// Whether its controller may know what identifies this host.
    pub(super) may_observe: bool,
    pub(super) flow_tokens: Vec<(FlowId, Token)>,
}

impl Shared {
    pub(super) fn new(
        clock: Clock,
        Threads { bulk, reflecting, paced }: Threads,
        policy: Policy,
        limits: Limits,
        key: Option<Vec<u8>>,
        udp_port: u16,
        log: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Self {
        let budget = Budget::new(limits.daily_bytes, clock.now());
        let state = State { sessions: HashMap::new(), admissions: Admissions::new(limits), budget, next_group: 0 };
        let (totals, room) = (Totals::default(), Arc::new(Room::new(limits.memory_in_all)));
        let (gate, state) = (key.map(Gate::new), Mutex::new(state));
        let pace = limits.rate_bps.map(|rate| Pace::new(rate, clock));
        Self {
            clock,
            bulk,
            reflecting,
            paced,
            policy,
            limits,
            gate,
            pace,
            udp_port,
            totals,
            room,
            log,
            refusals: Mutex::default(),
            state,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code in here panics half way through a change; if it did, serving on is better than not.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a refusal and tells the operator.
    pub(super) fn turned_away(&self, source: IpAddr, refusal: &Refusal) {
        self.totals.refused.fetch_add(1, Ordering::Relaxed);
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = refusals.line(self.clock.now(), source, &refusal.error) {
            (self.log)(&line);
        }
    }

    /// Sessions open now.
    pub(super) fn open_sessions(&self) -> usize {
        self.lock().sessions.len()
    }

    /// The gate that this source has to pass, where a key is needed from it.
    fn gate(&self, source: IpAddr) -> Option<&Gate> {
        self.gate.as_ref().filter(|_| !self.policy.allow.iter().any(|p| p.contains(source)))
    }

    /// Whether this source may see numbers of the server without more ado than its address.
    pub(super) fn trusts(&self, source: IpAddr) -> bool {
        let by_address = Policy { key: false, public: false, ..self.policy.clone() };
        match self.gate(source) {
            Some(_) => source.to_canonical().is_loopback(),
            None => by_address.admit(source).is_ok(),
        }
    }

    /// Whether this source, once admitted, may observe this host: it is known by its address or has shown the key.
    fn may_observe(&self, source: IpAddr) -> bool {
        self.gate(source).is_some() || self.trusts(source)
    }

    /// A new challenge, where a key is needed from this source.
    pub(super) fn challenge(&self, source: IpAddr) -> Option<String> {
        self.gate(source).map(|gate| gate.challenge(source, self.clock.now()))
    }

    /// Whether the request proves to know the key.
    fn proven(&self, ask: &Prepare, source: IpAddr) -> Result<(), Refusal> {
        let Some(gate) = self.gate(source) else { return Ok(()) };
        gate.pass(ask.challenge.as_deref(), ask.proof.as_deref(), source, self.clock.now()).map_err(|error| Refusal {
            error: error.into(),
            hint: Some("this server was started with --key; give the same key with --key FILE".into()),
        })
    }

    /// Admits a session, or refuses it.
    pub(super) fn prepare(
        self: &Arc<Self>,
        ask: &Prepare,
        source: IpAddr,
        connection: ConnectionId,
    ) -> Result<Admitted, Refusal> {
        self.proven(ask, source)?;
        self.limits.check(ask)?;
        let now = self.clock.now();
        let memory = self.reserve(Limits::memory_of(ask))?;
        let mut state = self.lock();
        let moved = self.totals.bytes.load(Ordering::Relaxed);
        state.budget.check(moved, now)?;
        state.admissions.open(source, now)?;
        let token = random_token();
        let probe_tokens: Vec<Token> = ask.probes.iter().map(|_| random_token()).collect();
        let group = GroupId(state.next_group);
        state.next_group += 1;
        let epoch = self.clock.epoch();
        let store = Arc::new(Store::new(self.limits.memory, self.room.clone()));
        let told = store.clone();
        let spending = Arc::new(Spending::new(self.limits.bytes, self.totals.bytes.clone(), move || {
            let text =
                "the byte limit of this server is reached: flows end, and probes are not answered any more".into();
            told.push(What::Warning { host: None, text });
        }));
        let may_observe = self.may_observe(source);
        let jobs = may_observe.then(|| ask.collectors.iter().map(job).collect());
        if !may_observe {
            for FarCollector { collector, .. } in &ask.collectors {
                let error = "this server does not tell strangers about its host".to_owned();
                let hint = "its operator can admit you by address (--allow) or by key (--key)".to_owned();
                store.push(What::CollectorFailed { collector: *collector, error, hint: Some(hint) });
            }
        }
        let flow_tokens: Vec<(FlowId, Token)> =
            ask.flows.iter().filter(|f| f.datagrams.is_some()).map(|f| (f.flow, random_token())).collect();
        // Whose data come from elsewhere proves nothing by its address: the token and the handshake have to do.
        let controller = (!ask.elsewhere).then_some(source);
        let session = Session {
            group,
            source,
            lease: Lease { connection: Some(connection), begun: false, heard: now, until: now + ask.length + GRACE },
            test: ask.test.chars().filter(|c| !c.is_control()).take(60).collect(),
            epoch,
            flows: ask.flows.iter().map(|f| (f.flow, f.clone())).collect(),
            probes: ask.probes.iter().map(|p| p.probe).zip(probe_tokens.iter().copied()).collect(),
            tcp_probes: ask
                .probes
                .iter()
                .zip(&probe_tokens)
                .filter(|(probe, _)| probe.tcp)
                .map(|(probe, &token)| (probe.probe, (token, probe.clone())))
                .collect(),
            flow_tokens: flow_tokens.iter().map(|&(_, token)| token).collect(),
            elsewhere: ask.elsewhere,
            store: store.clone(),
            open_flows: Arc::default(),
            length: ask.length,
            jobs,
            collecting: None,
            toward: ask.toward,
            spending: spending.clone(),
            pace: self.limits.rate_bps.map(|rate| Pace::new(rate, self.clock)),
            cut: false,
            _memory: memory,
            opened: now,
        };
        let open = session.open_flows.clone();
        let (flow_store, session_open) = (store.clone(), open.clone());
        let sink: Sink = Arc::new(move |_at: Time, what: What| {
            let ended = matches!(what, What::FlowEnded(_));
            store.push(what);
            if ended {
                // After its record: who sees no flow open finds the ends of all of them in the store.
                open.fetch_sub(1, Ordering::Release);
            }
        });
        let clock = OwnClock::There(epoch);
        let engine = Flows::new(clock, ask.step);
        let sampled = ask.flows.iter().any(|f| f.socket_stats);
        let engine = if sampled { engine } else { engine.without_samples() };
        let datagrams = Timed::new(clock, ask.step);
        self.paced.add_group(group, Group::new(datagrams, sink.clone(), Some(spending.clone()), || {}));
        self.bulk.add_group(group, Group::new(engine, sink, Some(spending.clone()), || {}));
        if let Some(bits_per_sec) = self.limits.rate_bps.filter(|_| ask.flows.iter().any(|f| f.datagrams.is_none())) {
            self.bulk.limit_rate(group, bits_per_sec);
            let rate = bits_per_sec as f64 / 1e6;
            let text =
                format!("this server lets the TCP flows of one client move {rate:.0} Mbit/s at most, all together");
            flow_store.push(What::Warning { host: None, text });
        }
        // Those over TCP come as connections of their own.
        for (probe, &token) in ask.probes.iter().zip(&probe_tokens).filter(|(probe, _)| !probe.tcp) {
            let guest = Guest::Probe { count: probe.count };
            let (tos, spending) = (probe.tos, spending.clone());
            self.reflecting.expect(token, Expected { guest, tos, epoch, controller, spending });
        }
        for (flow, token) in &flow_tokens {
            let Some(far) = ask.flows.iter().find(|f| f.flow == *flow) else { continue };
            let (flows, Some(datagrams)) = (self.paced.paced_door(), &far.datagrams) else { continue };
            let spec = StreamSpec {
                flow: *flow,
                end: far.end,
                start: far.start,
                length: far.length,
                traffic: datagrams.traffic.clone(),
                packets: datagrams.packets,
            };
            let (token, tos, clock) = (*token, far.tos, self.clock);
            let (store, open) = (flow_store.clone(), session_open.clone());
            let (spread, back) = (datagrams.spread, self.reflecting.door());
            let take = Box::new(move |socket: socket2::Socket, from: std::net::SocketAddr| {
                let at = OwnClock::There(epoch).when(clock.now());
                if let Some(connected) = connected(&socket, from, &spec, tos, at) {
                    store.push(What::FlowConnected(Box::new(connected)));
                }
                open.fetch_add(1, Ordering::Relaxed);
                let door = spread.then(|| back.clone());
                flows.add(group, NewPaced { socket, more: Vec::new(), token, spec: spec.clone(), door });
            });
            let guest = Guest::Flow { take, spread };
            let spending = spending.clone();
            self.reflecting.expect(token, Expected { guest, tos, epoch, controller, spending });
        }
        state.sessions.insert(token, session);
        self.totals.sessions.fetch_add(1, Ordering::Relaxed);
        Ok(Admitted { token, probe_tokens, may_observe, flow_tokens })
    }

    /// Memory for a session, for as long as it lives.
    fn reserve(&self, bytes: usize) -> Result<Reserved, Refusal> {
        self.room.reserve(bytes).ok_or_else(|| {
            let mb = |bytes: usize| bytes as f64 / 1e6;
            let (taken, limit) = (mb(self.room.taken()), mb(self.limits.memory_in_all));
            Refusal {
                error: format!(
                    "this session needs {:.1} MB of memory, and of the {limit:.0} MB that this server has for all sessions \
                     {taken:.1} MB are taken",
                    mb(bytes)
                ),
                hint: Some("try again later, or with fewer or slower probes, or a shorter run".into()),
            }
        })
    }

    /// Whether all sessions together may still move something today.
    ///
    /// # Errors
    /// The refusal to send.
    pub(super) fn within_budget(&self) -> Result<(), Refusal> {
        self.lock().budget.check(self.totals.bytes.load(Ordering::Relaxed), self.clock.now())
    }

    /// Looks at a session on behalf of `source`; `None` when there is none or it belongs to another host.
    pub(super) fn with<R>(&self, token: Token, source: IpAddr, f: impl FnOnce(&mut Session) -> R) -> Option<R> {
        let mut state = self.lock();
        state.sessions.get_mut(&token).filter(|s| s.source == source).map(f)
    }

    /// The same for a flow or probe of the session, which may come from elsewhere.
    pub(super) fn with_data<R>(&self, token: Token, source: IpAddr, f: impl FnOnce(&mut Session) -> R) -> Option<R> {
        let mut state = self.lock();
        state.sessions.get_mut(&token).filter(|s| s.source == source || s.elsewhere).map(f)
    }

    /// The same for a request of its controller, which keeps the session alive.
    pub(super) fn hear<R>(
        &self,
        token: Token,
        source: IpAddr,
        connection: ConnectionId,
        f: impl FnOnce(&mut Session) -> R,
    ) -> Option<R> {
        let now = self.clock.now();
        self.with(token, source, |session| {
            session.lease.hear(connection, now);
            f(session)
        })
    }

    /// What the reflectors of a session saw.
    pub(super) async fn seen(&self, token: Token, source: IpAddr) -> Vec<(ProbeId, Seen)> {
        let probes = self.with(token, source, |s| s.probes.clone()).unwrap_or_default();
        if probes.is_empty() {
            return Vec::new();
        }
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        self.reflecting.ask(probes.iter().map(|p| p.1).collect(), reply);
        // The thread answers within a turn; the control plane must not wait in its own thread.
        let seen = tokio::task::spawn_blocking(move || answer.recv_timeout(std::time::Duration::from_secs(2))).await;
        let seen = seen.ok().and_then(Result::ok).unwrap_or_default();
        probes.into_iter().zip(seen).map(|((probe, _), seen)| (probe, seen.unwrap_or_default())).collect()
    }

    /// Ends one session.
    pub(super) fn close(&self, token: Token, why: &str) {
        let Some(session) = self.lock().sessions.remove(&token) else { return };
        self.end(&session, why);
    }

    /// A connection closed: ends its sessions that have not begun, and leaves the others for a while.
    pub(super) fn close_connection(&self, connection: ConnectionId) {
        self.lock().sessions.values_mut().for_each(|s| s.lease.close(connection));
        self.sweep();
    }

    /// Ends what has been silent or open for too long.
    pub(super) fn sweep(&self) {
        let now = self.clock.now();
        let over = |s: &Session| s.lease.over(s.open_flows.load(Ordering::Acquire), now);
        let gone: Vec<(Session, &str)> = {
            let mut state = self.lock();
            let gone: Vec<_> = state.sessions.iter().filter_map(|(&t, s)| Some((t, over(s)?))).collect();
            let gone = gone.into_iter().filter_map(|(t, why)| Some((state.sessions.remove(&t)?, why))).collect();
            self.keep_to_budget(&mut state, now);
            gone
        };
        for (session, why) in gone {
            self.end(&session, why);
        }
    }

    /// Ends the flows of sessions that have moved all they may, and of all sessions when the day's bytes are moved; what they
    /// measured can still be fetched.
    fn keep_to_budget(&self, state: &mut State, now: Time) {
        let day = state.budget.check(self.totals.bytes.load(Ordering::Relaxed), now);
        for session in state.sessions.values_mut().filter(|session| !session.cut) {
            match &day {
                Err(refusal) if session.spending.end() => {
                    let text = format!("{}: flows end, and probes are not answered any more", refusal.error);
                    session.store.push(What::Warning { host: None, text });
                }
                _ if !session.spending.is_over() => continue,
                _ => {}
            }
            session.cut = true;
            self.bulk.stop(session.group);
            self.paced.stop(session.group);
        }
    }

    fn end(&self, session: &Session, why: &str) {
        self.lock().admissions.close(session.source);
        self.bulk.forget(session.group);
        for (_, token) in &session.probes {
            self.reflecting.forget(*token);
        }
        self.paced.forget(session.group);
        for token in &session.flow_tokens {
            self.reflecting.forget(*token);
        }
        (self.log)(&format!(
            "{} {}: {} flows, {} probes, {:.1} MB in {:.1} s, {why}",
            session.source,
            if session.test.is_empty() { "test" } else { &session.test },
            session.flows.len(),
            session.probes.len(),
            session.spending.moved() as f64 / 1e6,
            (self.clock.now() - session.opened).as_secs_f64(),
        ));
    }
}

impl Session {
    /// The run begins: what is collected on this host counts its time from `origin`. False when it had begun already, which
    /// changes nothing: a second origin would tear apart what counts from the first.
    pub(super) fn begin(&mut self, clock: Clock, origin: Time) -> bool {
        if std::mem::replace(&mut self.lease.begun, true) {
            return false;
        }
        let Some(jobs) = self.jobs.take() else { return true };
        let collectors: Vec<_> = jobs.iter().map(|job| job.collector).collect();
        let (store, open) = (self.store.clone(), self.open_flows.clone());
        let sink = Arc::new(move |_at: Time, what: What| store.push(what));
        // What is asked for is waited for; the host's own load is not.
        let waited_for = !jobs.is_empty();
        if waited_for {
            open.fetch_add(1, Ordering::Relaxed);
        }
        let close = open.clone();
        let done = move || {
            if waited_for {
                close.fetch_sub(1, Ordering::Release);
            }
        };
        let own = OwnClock::There(self.epoch);
        match Collecting::start(clock, own, jobs, (origin, self.length), sink, done) {
            Ok(collecting) => self.collecting = Some(collecting),
            // The flows go on without.
            Err(e) => {
                for collector in collectors {
                    let error = format!("no thread for collectors: {e}");
                    self.store.push(What::CollectorFailed { collector, error, hint: None });
                }
                if waited_for {
                    open.fetch_sub(1, Ordering::Release);
                }
            }
        }
        true
    }

    /// What its web objects keep to; the first one is told about.
    pub(super) fn pace(&mut self) -> Option<Pace> {
        let pace = self.pace.as_ref()?;
        if let Some(text) = pace.remark() {
            self.store.push(What::Warning { host: None, text });
        }
        Some(pace.clone())
    }

    /// Collects no more.
    pub(super) fn stop_collecting(&mut self) {
        self.jobs = None;
        if let Some(collecting) = &self.collecting {
            collecting.stop();
        }
    }

    /// Hands out a flow's description, once.
    pub(super) fn take_flow(&mut self, flow: FlowId) -> Option<FarFlow> {
        let far = self.flows.get_mut(&flow)?;
        let taken = far.clone();
        // A second connection for the same flow finds a block size of 0, which no admitted flow has.
        far.block = 0;
        (taken.block > 0 && taken.datagrams.is_none()).then_some(taken)
    }
}

fn job(far: &FarCollector) -> Job {
    let FarCollector { collector, what, start, length, interval } = far.clone();
    Job { collector, what, start, length, interval }
}

/// 128 random bits.
pub(crate) fn random_token() -> Token {
    let mut bytes = [0; 16];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
    Token(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ConnectionId = ConnectionId(1);
    const B: ConnectionId = ConnectionId(2);

    fn at(secs: i64) -> Time {
        Time::ZERO + Span::from_millis(1000 * secs)
    }

    fn lease(begun: bool) -> Lease {
        Lease { connection: Some(A), begun, heard: at(0), until: at(1000) }
    }

    #[test]
    fn what_has_not_begun_ends_with_its_connection() {
        let mut lease = lease(false);
        lease.close(B);
        assert_eq!(lease.over(0, at(1)), None, "another one's");
        lease.close(A);
        assert_eq!(lease.over(0, at(1)), Some("controller gone"));
    }

    #[test]
    fn what_has_begun_outlives_its_connection_for_a_while() {
        let mut lost = lease(true);
        lost.close(A);
        assert_eq!((lost.over(1, at(60)), lost.over(1, at(61))), (None, Some("timed out")));
        assert_eq!((lost.over(0, at(15)), lost.over(0, at(16))), (None, Some("controller gone")), "all flows ended");
        lost.hear(B, at(50));
        lost.close(A);
        assert_eq!((lost.over(0, at(110)), lost.over(0, at(111))), (None, Some("timed out")), "B has it now");
    }

    #[test]
    fn no_session_outlives_its_plan() {
        let mut lease = lease(true);
        lease.hear(A, at(1000));
        assert_eq!((lease.over(9, at(1000)), lease.over(9, at(1001))), (None, Some("timed out")));
    }
}
