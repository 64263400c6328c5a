//! The server's requests: control protocol, flow upgrades, status page, health, metrics.

use super::objects;
use super::session::{ConnectionId, Session, Shared};
use crate::bulk::NewStream;
use crate::host::{Detail, HostFacts, Target, facts_after_far_end};
use crate::socket::{Trouble, end_facts, set_cong_control, set_tos};
use crate::sys::seen_tos::seen_tos;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use fa_measure::control::{
    Begin, ClockAsk, ClockTold, FactsAsk, FactsTold, FarFlow, Hello, MAX_BODY, PROTOCOL, Prepare, Prepared, Refusal,
    Report, ReportAsk, UPGRADE, Welcome,
};
use fa_measure::event::{FlowConnected, FlowEnd, ProbeSetup, StampKind, What};
use fa_measure::flow::{FlowSpec, OwnClock};
use fa_measure::framing::Framing;
use fa_measure::wire::Token;
use fa_measure::{FlowId, ProbeId, Span, Time};
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper_util::rt::TokioIo;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How far from now a run may begin.
const MAX_AWAY: Span = Span::from_millis(60_000);

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    pub(super) connection: ConnectionId,
}

impl Peer {
    pub(super) fn ip(&self) -> IpAddr {
        self.address.ip()
    }
}

pub(super) type Server = State<Arc<Shared>>;
type Answer<T> = Result<Json<T>, No>;

/// A refusal and its status.
pub(super) struct No(StatusCode, Refusal);

impl No {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self(status, Refusal { error: error.into(), hint: None })
    }

    pub(super) fn refused(status: StatusCode, refusal: Refusal) -> Self {
        Self(status, refusal)
    }

    pub(super) fn gone() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is no such session, or not any more")
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

impl From<Trouble> for No {
    fn from(t: Trouble) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, Refusal { error: t.error, hint: t.hint })
    }
}

/// All requests.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(status))
        .route("/health", get(|| async { "ok\n" }))
        .route("/metrics", get(metrics))
        .route("/v1/hello", post(hello))
        .route("/v1/session", post(prepare))
        .route("/v1/session/{token}", delete(forget))
        .route("/v1/session/{token}/clock", post(clock))
        .route("/v1/session/{token}/begin", post(begin))
        .route("/v1/session/{token}/report", post(report))
        .route("/v1/session/{token}/stop", post(stop))
        .route("/v1/session/{token}/facts", post(facts))
        .route("/v1/session/{token}/flow/{flow}", get(flow))
        .route("/v1/session/{token}/probe/{probe}", get(probe))
        .route("/v1/session/{token}/filelist.txt", get(objects::list_of_session))
        .route("/v1/session/{token}/object/{size}", get(objects::object_of_session))
        .route("/filelist.txt", get(objects::list))
        .route("/object/{size}", get(objects::object))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(shared.clone(), admit))
        .with_state(shared)
}

/// Turns away who may not ask at all, whatever the request.
async fn admit(State(shared): Server, Extension(peer): Extension<Peer>, request: Request, next: Next) -> Response {
    match shared.policy.admit(peer.ip()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            shared.turned_away(peer.ip(), &refusal);
            No(StatusCode::FORBIDDEN, refusal).into_response()
        }
    }
}

async fn status(State(shared): Server, Extension(peer): Extension<Peer>) -> Html<String> {
    let t = &shared.totals;
    if !shared.trusts(peer.ip()) {
        return Html("<!doctype html><title>fa serve</title><h1>fa serve</h1>\n".into());
    }
    Html(format!(
        "<!doctype html><title>fa serve</title><h1>fa serve {}</h1><p>{} sessions open, {} served, {} refused, {:.1} MB \
         moved.<p>Measure against this host with <code>fa measure TEST HOST</code>. <a href=/metrics>metrics</a>\n",
        env!("CARGO_PKG_VERSION"),
        shared.open_sessions(),
        t.sessions.load(Ordering::Relaxed),
        t.refused.load(Ordering::Relaxed),
        t.bytes.load(Ordering::Relaxed) as f64 / 1e6,
    ))
}

async fn metrics(State(shared): Server, Extension(peer): Extension<Peer>) -> Result<String, No> {
    if !shared.trusts(peer.ip()) {
        return Err(No::new(
            StatusCode::FORBIDDEN,
            "numbers are for those that the operator admitted by address (--allow)",
        ));
    }
    let t = &shared.totals;
    Ok(format!(
        "# TYPE fa_sessions_open gauge\nfa_sessions_open {}\n# TYPE fa_sessions_total counter\nfa_sessions_total {}\n\
         # TYPE fa_refused_total counter\nfa_refused_total {}\n# TYPE fa_bytes_total counter\nfa_bytes_total {}\n\
         # TYPE fa_session_memory_bytes gauge\nfa_session_memory_bytes {}\n",
        shared.open_sessions(),
        t.sessions.load(Ordering::Relaxed),
        t.refused.load(Ordering::Relaxed),
        t.bytes.load(Ordering::Relaxed),
        shared.room.taken(),
    ))
}

async fn hello(State(shared): Server, Extension(peer): Extension<Peer>, Json(ask): Json<Hello>) -> Answer<Welcome> {
    if ask.protocol != PROTOCOL {
        return Err(No(
            StatusCode::CONFLICT,
            Refusal {
                error: format!("this server speaks control protocol {PROTOCOL}, the client {}", ask.protocol),
                hint: Some(format!("use the same version of fa on both hosts; here is {}", env!("CARGO_PKG_VERSION"))),
            },
        ));
    }
    Ok(Json(Welcome {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").into(),
        challenge: shared.challenge(peer.ip()),
    }))
}

async fn prepare(
    State(shared): Server,
    Extension(peer): Extension<Peer>,
    Json(ask): Json<Prepare>,
) -> Answer<Prepared> {
    let admitted = shared.prepare(&ask, peer.ip(), peer.connection).map_err(|refusal| {
        shared.turned_away(peer.ip(), &refusal);
        No(StatusCode::FORBIDDEN, refusal)
    })?;
    let (controller, toward) = (Target::of(peer.address), ask.toward);
    let detail = if ask.extended && admitted.may_observe { Detail::Extended } else { Detail::Anonymous };
    let facts = tokio::task::spawn_blocking(move || HostFacts::of_far_end(controller, toward, detail).to_metadata());
    Ok(Json(Prepared {
        session: admitted.token.to_hex(),
        hostname: crate::host_name(),
        probe_tokens: admitted.probe_tokens.iter().map(|t| t.to_hex()).collect(),
        flow_tokens: admitted.flow_tokens.iter().map(|(f, t)| (*f, t.to_hex())).collect(),
        udp_port: shared.udp_port,
        probe_setup: ProbeSetup {
            host: None,
            priority: shared.reflecting.priority.clone(),
            receive_stamps: shared.reflecting.receive_stamps,
            // The reply carries the time of its own sending, which no kernel stamp can be in time for.
            send_stamps: StampKind::Program,
            icmp: String::new(),
        },
        facts: facts.await.unwrap_or_default(),
    }))
}

pub(super) fn token(text: &str) -> Result<Token, No> {
    Token::from_hex(text).ok_or_else(No::gone)
}

async fn clock(
    State(shared): Server,
    Extension(peer): Extension<Peer>,
    Path(session): Path<String>,
    Json(ClockAsk {}): Json<ClockAsk>,
) -> Answer<ClockTold> {
    let now = shared.clock.now();
    let epoch = shared.hear(token(&session)?, peer.ip(), peer.connection, |s| s.epoch).ok_or_else(No::gone)?;
    Ok(Json(ClockTold { received: epoch + Span(now.0), sent: epoch + Span(shared.clock.now().0) }))
}

async fn begin(
    State(shared): Server,
    Extension(peer): Extension<Peer>,
    Path(session): Path<String>,
    Json(ask): Json<Begin>,
) -> Answer<Report> {
    let token = token(&session)?;
    let (group, epoch) = shared.hear(token, peer.ip(), peer.connection, |s| (s.group, s.epoch)).ok_or_else(No::gone)?;
    let origin = Time::ZERO + (ask.origin - epoch);
    let now = shared.clock.now();
    // A begin in the past is late by the network's delay; one far from now is a clock that went wrong.
    if (origin - now).0.unsigned_abs() > MAX_AWAY.0.unsigned_abs() {
        return Err(No::new(StatusCode::BAD_REQUEST, "the origin is more than a minute away from now"));
    }
    let first = shared.with(token, peer.ip(), |session| session.begin(shared.clock, origin)).ok_or_else(No::gone)?;
    if first {
        shared.bulk.begin(group, origin);
        shared.paced.begin(group, origin);
    }
    Ok(Json(Report::default()))
}

async fn report(
    State(shared): Server,
    Extension(peer): Extension<Peer>,
    Path(session): Path<String>,
    Json(ask): Json<ReportAsk>,
) -> Result<Response, No> {
    let token = token(&session)?;
    let (store, open) = shared
        .hear(token, peer.ip(), peer.connection, |s| (s.store.clone(), s.open_flows.clone()))
        .ok_or_else(No::gone)?;
    // Read before the records: a flow that ends in between has its last record in the next report.
    let open_flows = open.load(Ordering::Acquire);
    let mut report = store.report(ask.after, ask.all);
    report.open_flows = open_flows;
    if ask.all && !report.more {
        report.seen = shared.seen(token, peer.ip()).await;
    }
    Ok(packed(&report))
}

/// An answer, compressed where it is longer than a packet: reports are long, alike, and wanted over slow lines too.
fn packed(report: &Report) -> Response {
    /// From here on.
    const LONG: usize = 1000;
    let Ok(json) = serde_json::to_vec(report) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let kind = (header::CONTENT_TYPE, "application/json");
    if json.len() < LONG {
        return ([kind], json).into_response();
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory.
    match packed.write_all(&json).and_then(|()| packed.finish()) {
        Ok(packed) => ([kind, (header::CONTENT_ENCODING, "gzip")], packed).into_response(),
        Err(_) => ([kind], json).into_response(),
    }
}

async fn stop(State(shared): Server, Extension(peer): Extension<Peer>, Path(session): Path<String>) -> Answer<Report> {
    let heard = shared.hear(token(&session)?, peer.ip(), peer.connection, |session| {
        session.stop_collecting();
        session.group
    });
    let group = heard.ok_or_else(No::gone)?;
    shared.bulk.stop(group);
    shared.paced.stop(group);
    Ok(Json(Report::default()))
}

/// What the run did to the queues on the ways that were described before it.
async fn facts(
    State(shared): Server,
    Extension(peer): Extension<Peer>,
    Path(session): Path<String>,
    Json(FactsAsk {}): Json<FactsAsk>,
) -> Answer<FactsTold> {
    let toward = shared.hear(token(&session)?, peer.ip(), peer.connection, |s| s.toward).ok_or_else(No::gone)?;
    let controller = Target::of(peer.address);
    let facts = tokio::task::spawn_blocking(move || facts_after_far_end(controller, toward));
    Ok(Json(FactsTold { facts: facts.await.unwrap_or_default() }))
}

async fn forget(
    State(shared): Server,
    Extension(peer): Extension<Peer>,
    Path(session): Path<String>,
) -> Result<StatusCode, No> {
    let token = token(&session)?;
    shared.with(token, peer.ip(), |_| ()).ok_or_else(No::gone)?;
    shared.close(token, "done");
    Ok(StatusCode::NO_CONTENT)
}

/// What every connection that is to be upgraded has to ask for.
fn check_upgrade(request: &Request) -> Result<(), No> {
    let asked =
        request.headers().get(header::UPGRADE).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(UPGRADE.as_bytes()));
    if asked {
        return Ok(());
    }
    Err(No::new(StatusCode::UPGRADE_REQUIRED, format!("a flow's connection needs Upgrade: {UPGRADE}")))
}

/// The answer that upgrades.
fn switching() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static(UPGRADE));
    response
}

/// A connection carries a probe.
async fn probe(
    State(shared): Server,
    Extension(peer): Extension<Peer>,
    Path((session, probe)): Path<(String, u16)>,
    mut request: Request,
) -> Result<Response, No> {
    check_upgrade(&request)?;
    let take = |s: &mut Session| s.tcp_probes.remove(&ProbeId(probe)).map(|found| (found, s.epoch, s.spending.clone()));
    let session = token(&session)?;
    let found = shared.with_data(session, peer.ip(), take).ok_or_else(No::gone)?;
    let ((token, far), epoch, spending) = found.ok_or_else(|| {
        No::new(StatusCode::CONFLICT, format!("probe {probe} is not announced, or connected already"))
    })?;
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<tokio::net::TcpStream>>() else { return };
        let Ok(socket) = parts.io.into_inner().into_std() else { return };
        // A client waits for the upgrade before its first request: nothing is in the buffer.
        let marked = far.tos.map_or(Ok(()), |tos| set_tos(&SockRef::from(&socket), tos));
        if marked.is_ok() && socket.set_nodelay(true).is_ok() {
            // Only of a session that is still there, whose end makes the thread forget it: the end of a session waits for this.
            let take = |_: &mut Session| shared.reflecting.connection(token, socket, far.count, epoch, spending);
            let _ = shared.with_data(session, peer.ip(), take);
        }
    });
    Ok(switching())
}

/// A connection becomes a flow.
async fn flow(
    State(shared): Server,
    Extension(peer): Extension<Peer>,
    Path((session, flow)): Path<(String, u16)>,
    mut request: Request,
) -> Result<Response, No> {
    check_upgrade(&request)?;
    let token = token(&session)?;
    let far = shared.with_data(token, peer.ip(), |s| s.take_flow(FlowId(flow))).ok_or_else(No::gone)?;
    let far = far
        .ok_or_else(|| No::new(StatusCode::CONFLICT, format!("flow {flow} is not announced, or connected already")))?;
    check_cong_control(&far, peer.address)?;
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<tokio::net::TcpStream>>() else { return };
        let Ok(socket) = parts.io.into_inner().into_std() else { return };
        adopt(&shared, token, peer, &far, socket, parts.read_buf.len() as u64);
    });
    Ok(switching())
}

/// Congestion controls that are loaded in this kernel.
fn cong_controls() -> Vec<String> {
    let files = ["tcp_available_congestion_control", "tcp_allowed_congestion_control"];
    let texts = files.map(|f| std::fs::read_to_string(format!("/proc/sys/net/ipv4/{f}")).unwrap_or_default());
    texts.iter().flat_map(|t| t.split_whitespace()).map(str::to_owned).collect()
}

/// A client must not make the kernel load modules, which naming one to it would do where we are root.
fn may_use(name: &str, loaded: &[String]) -> Result<(), Trouble> {
    if loaded.iter().any(|l| l == name) {
        return Ok(());
    }
    let mut names = loaded.to_vec();
    names.sort_unstable();
    names.dedup();
    let name: String = name.chars().filter(|c| !c.is_control()).take(32).collect();
    Err(Trouble::new(format!("congestion control {name:?} is not loaded there"))
        .hint(format!("that host has {}; its operator may load others: modprobe tcp_{name}", names.join(", "))))
}

/// Tries the congestion control on a socket of its own, so that a refusal is still an HTTP answer.
fn check_cong_control(far: &FarFlow, peer: SocketAddr) -> Result<(), No> {
    // Who receives has nothing to control: that it would not be permitted here is no reason to refuse.
    if let Some(name) = far.cong_control.as_ref().filter(|_| far.end == FlowEnd::Sender) {
        may_use(name, &cong_controls())?;
        let domain = if peer.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
        let scratch = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))
            .map_err(|e| No::new(StatusCode::SERVICE_UNAVAILABLE, format!("no socket: {e}")))?;
        set_cong_control(&scratch, name)?;
    }
    Ok(())
}

/// Sets the options of a flow's connection and hands it to the bulk thread.
fn adopt(shared: &Shared, token: Token, peer: Peer, far: &FarFlow, socket: std::net::TcpStream, early: u64) {
    let found = shared.with_data(token, peer.ip(), |s| (s.group, s.epoch, s.store.clone(), s.open_flows.clone()));
    let Some((group, epoch, store, open)) = found else { return };
    let options = SockRef::from(&socket);
    let asked = far.cong_control.as_ref().filter(|_| far.end == FlowEnd::Sender);
    let set = asked.map_or(Ok(()), |name| set_cong_control(&options, name));
    let set = set.and_then(|()| far.tos.map_or(Ok(()), |tos| set_tos(&options, tos)));
    if let Err(Trouble { error, hint }) = set {
        store.push(What::FlowFailed { flow: far.flow, error, hint });
        return;
    }
    let at = OwnClock::There(epoch).when(shared.clock.now());
    if let Ok(local) = socket.local_addr() {
        let mut facts = end_facts(&options, far.tos, far.cong_control.as_deref());
        facts.tos_seen = seen_tos(&socket, peer.address.is_ipv6());
        let connected = FlowConnected { flow: far.flow, end: far.end, at, local, peer: peer.address, facts };
        store.push(What::FlowConnected(Box::new(connected)));
    }
    open.fetch_add(1, Ordering::Relaxed);
    let early = if far.end == FlowEnd::Receiver { early } else { 0 };
    let spec = FlowSpec { flow: far.flow, end: far.end, start: far.start, length: far.length, bytes: far.bytes };
    shared.bulk.add(
        group,
        NewStream { socket, spec, block: far.block as usize, framing: Framing::None, early, payload: None },
    );
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn only_loaded_congestion_controls_get_to_the_kernel() {
        let loaded = ["reno".to_owned(), "cubic".to_owned(), "reno".to_owned()];
        may_use("cubic", &loaded).unwrap();
        let trouble = may_use("vegas", &loaded).unwrap_err();
        assert!(trouble.hint.unwrap().contains("has cubic, reno;"));
        assert!(may_use("", &loaded).is_err() && may_use("cubic\0", &loaded).is_err());
        assert!(cong_controls().iter().any(|n| n == "reno"), "part of every kernel");
    }
}
