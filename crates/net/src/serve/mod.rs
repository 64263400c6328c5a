//! `fa serve`: the far end of measurements.
//!
//! One TCP port for control (HTTP) and flows (upgraded connections), the same number on UDP for probes and flows of
//! datagrams. Four threads: control here (tokio), all streams in the bulk thread, all probes in the pulse thread, all
//! flows of datagrams in the paced thread.

mod http;
mod key;
mod listen;
mod objects;
mod pace;
mod privilege;
mod refusals;
mod room;
mod session;
mod store;

pub(crate) use key::prove;
pub(crate) use session::random_token;

use crate::bulk::Bulk;
use crate::clock::Clock;
use crate::paced::Paced;
use crate::reflecting::Reflecting;
use axum::Extension;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use fa_measure::access::{Limits, Policy, Prefix, source_of};
use fa_measure::plan::DEFAULT_PORT;
use http::Peer;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use session::{ConnectionId, Shared, Threads};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tower::ServiceExt;

/// Connections that are not (or not yet) flows, per source: an address, or the /64 around one of IPv6.
const CONNECTIONS_PER_SOURCE: usize = 128;

/// The same for all sources together.
const CONNECTIONS: usize = 2048;

/// Those who will be refused anyway are only heard, to be told why, while fewer than this are open, and not for long.
const CONNECTIONS_WITH_STRANGERS: usize = 256;

/// What [`HEADER_TIMEOUT`] is for them.
const STRANGER_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a request may take from its head to its answer: a body that trickles in holds its connection no longer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may take to say what it wants, first or next: longer than a controller needs to connect all
/// its flows after it was admitted, during which it has nothing to say.
const HEADER_TIMEOUT: Duration = Duration::from_secs(20);

/// What `fa serve` is asked for.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Address to listen on; `None`: all.
    pub address: Option<IpAddr>,
    /// TCP and UDP port; 0: any free one.
    pub port: u16,
    /// Sources that are answered besides loopback, link-local and private ones.
    pub allow: Vec<Prefix>,
    /// Key that clients have to know.
    pub key: Option<Vec<u8>>,
    /// Answer everybody, within tight limits.
    pub public: bool,
    /// Bits per second that the TCP flows of a session may move; `None`: 1 Gbit/s in public, else no limit.
    pub rate_bps: Option<u64>,
    /// Bytes that all sessions together may move in 24 hours; `None`: 500 GB in public, else no limit.
    pub daily_bytes: Option<u64>,
    /// Bytes of memory that all sessions together may take; `None`: 134 MB in public, else 1074 MB.
    pub memory: Option<usize>,
    /// Whom to become after binding when started as root; `None`: stay.
    pub become_user: Option<String>,
    /// End when standard input is closed: this server is some measurement's child process.
    pub until_stdin_closes: bool,
}

impl Default for ServeOptions {
    fn default() -> Self {
        let (address, allow, key) = (None, Vec::new(), None);
        let (rate_bps, daily_bytes, memory, become_user) = (None, None, None, None);
        let (port, public, until_stdin_closes) = (DEFAULT_PORT, false, false);
        Self { address, port, allow, key, public, rate_bps, daily_bytes, memory, become_user, until_stdin_closes }
    }
}

/// A server that cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A port that cannot be had.
    #[error("cannot listen on {what} {address}: {source}\n{}", likely(source))]
    Listen {
        /// TCP or UDP.
        what: &'static str,
        /// Where.
        address: SocketAddr,
        /// The kernel's reason.
        source: io::Error,
    },
    /// Neither IPv4 nor IPv6.
    #[error("cannot listen: this host has neither IPv4 nor IPv6")]
    NoAddress,
    /// Root that could not be given up.
    #[error("cannot become user {user}: {source}\nname another with --user, or serve as root with --keep-privileges")]
    Privileges {
        /// Who to become.
        user: String,
        /// The kernel's reason.
        source: io::Error,
    },
    /// No such user.
    #[error(
        "--user {user}: there is no such user\n`getent passwd` names those there are; --keep-privileges serves as root"
    )]
    NoUser {
        /// Who to become.
        user: String,
    },
    /// Something else the kernel refused.
    #[error("cannot start serving: {0}")]
    Io(#[from] io::Error),
}

/// The likely cause of a refusal to listen, and what to do about it.
fn likely(e: &io::Error) -> &'static str {
    match e.kind() {
        io::ErrorKind::AddrInUse => {
            "another program has the port (ss -lntup); choose another with --listen ADDRESS:PORT"
        }
        io::ErrorKind::AddrNotAvailable => "it is no address of this host; `ip address` shows those there are",
        io::ErrorKind::PermissionDenied => "ports below 1024 are for root; choose another with --listen ADDRESS:PORT",
        _ => "choose another with --listen ADDRESS:PORT",
    }
}

/// A server under way; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts a server and returns as soon as it listens.
    ///
    /// - `log`: gets one line per session that ended.
    ///
    /// # Errors
    /// [`ServeError`] when the port cannot be had.
    pub fn start(options: ServeOptions, log: impl Fn(&str) + Send + Sync + 'static) -> Result<Self, ServeError> {
        crate::raise_descriptor_limit();
        let ports = listen::listen(options.address, options.port)?;
        let addresses = ports.addresses;
        let clock = Clock::start();
        let policy = Policy { allow: options.allow, key: options.key.is_some(), public: options.public };
        let reflecting = Reflecting::start(clock, ports.udp, policy.clone())?;
        let threads = Threads { bulk: Bulk::start(clock)?, reflecting, paced: Paced::start(clock)? };
        let port = addresses.first().map_or(0, SocketAddr::port);
        let mut limits = if policy.public { Limits::public() } else { Limits::normal() };
        limits.rate_bps = options.rate_bps.or(limits.rate_bps);
        limits.daily_bytes = options.daily_bytes.or(limits.daily_bytes);
        limits.memory_in_all = options.memory.unwrap_or(limits.memory_in_all);
        let shared = Arc::new(Shared::new(clock, threads, policy, limits, options.key, port, Box::new(log)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new()
            .name("fa-control".into())
            .spawn(move || runtime.block_on(run(ports.tcp, shared, stopped)))?;
        Ok(Self { addresses, stop, thread: Some(thread) })
    }

    /// Where it listens; all have the same port.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Waits until somebody else ends it, for example a signal handler.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    /// What ends this server from another thread.
    pub fn stopper(&self) -> impl Fn() + Send + Sync + 'static {
        let stop = self.stop.clone();
        move || {
            stop.send_replace(true);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serves until the process ends, or standard input where the options say so.
///
/// - `ready`: gets where it listens; a child process also tells that on standard output, for its parent;
/// - `notice`: gets what it gave up of its privileges, if it did;
/// - `log`: gets one line per session that ended.
///
/// # Errors
/// [`ServeError`] when it cannot start.
pub fn serve(
    options: ServeOptions,
    ready: impl FnOnce(&[SocketAddr]),
    notice: impl FnOnce(&str),
    log: impl Fn(&str) + Send + Sync + 'static,
) -> Result<(), ServeError> {
    let with_parent = options.until_stdin_closes;
    let user = options.become_user.clone();
    let server = Server::start(options, log)?;
    // All sockets are bound and all threads have the priority they may have.
    let told = user.map(|user| privilege::give_up(&user)).transpose()?;
    if let Some(text) = told.flatten() {
        notice(&text);
    }
    ready(server.addresses());
    if with_parent {
        if let Some(&address) = server.addresses().first() {
            println!("{}", crate::launch::local::announcement(address));
        }
        // Whatever the parent says is of no interest, only that it is there.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        drop(server);
    } else {
        server.wait();
    }
    Ok(())
}

/// Connections per source that are not flows.
type Guests = Arc<Mutex<Open>>;

/// Counts connections that are not flows.
#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
}

impl Open {
    /// Counts one in, if there is room.
    fn enter(&mut self, address: IpAddr, stranger: bool) -> bool {
        let most = if stranger { CONNECTIONS_WITH_STRANGERS } else { CONNECTIONS };
        let of_source = self.by_source.get(&source_of(address)).copied().unwrap_or(0);
        if self.all >= most || of_source >= CONNECTIONS_PER_SOURCE {
            return false;
        }
        self.all += 1;
        self.by_source.insert(source_of(address), of_source + 1);
        true
    }

    fn leave(&mut self, address: IpAddr) {
        let source = source_of(address);
        if let Some(open) = self.by_source.get_mut(&source) {
            (self.all, *open) = (self.all.saturating_sub(1), *open - 1);
            if *open == 0 {
                self.by_source.remove(&source);
            }
        }
    }
}

async fn run(listeners: Vec<std::net::TcpListener>, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let guests = Guests::default();
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for listener in listeners {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { continue };
        let (shared, guests, next) = (shared.clone(), guests.clone(), next.clone());
        tasks.spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, address)) => {
                        let connection = ConnectionId(next.fetch_add(1, Ordering::Relaxed));
                        welcome(stream, Peer { address, connection }, &shared, &guests);
                    }
                    // Out of descriptors, or the client is gone already: others may still come, but not in a hot loop.
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
    }
    let sweeper = shared.clone();
    tasks.spawn(async move {
        let mut every = tokio::time::interval(Duration::from_secs(1));
        loop {
            every.tick().await;
            sweeper.sweep();
        }
    });
    // An error means that the handle is gone, which is the same.
    let _ = stopped.wait_for(|&stop| stop).await;
}

/// Takes a connection, unless its source has too many already.
fn welcome(stream: tokio::net::TcpStream, peer: Peer, shared: &Arc<Shared>, guests: &Guests) {
    let ip = peer.address.ip();
    let stranger = shared.policy.admit(ip).is_err();
    if !guests.lock().unwrap_or_else(PoisonError::into_inner).enter(ip, stranger) {
        return;
    }
    // Answers are small and waited for.
    let _ = stream.set_nodelay(true);
    let (shared, guests) = (shared.clone(), guests.clone());
    tokio::spawn(async move {
        let app = http::router(shared.clone()).layer(Extension(peer));
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            within(REQUEST_TIMEOUT, app.clone().oneshot(request.map(axum::body::Body::new)))
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(if stranger { STRANGER_TIMEOUT } else { HEADER_TIMEOUT })
            .max_buf_size(64 * 1024)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        // However it ended, the sessions that hang on it end too.
        let _ = connection.await;
        shared.close_connection(peer.connection);
        guests.lock().unwrap_or_else(PoisonError::into_inner).leave(ip);
    });
}

/// The answer to a request, or that it took too long.
async fn within(
    limit: Duration,
    answer: impl Future<Output = Result<axum::response::Response, std::convert::Infallible>>,
) -> Result<axum::response::Response, std::convert::Infallible> {
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Ok(StatusCode::REQUEST_TIMEOUT.into_response()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn connections_are_bounded_per_source_and_in_all() {
        let mut open = Open::default();
        let v6 = |net: u128, host: u128| IpAddr::from(std::net::Ipv6Addr::from_bits(net << 64 | host));
        for host in 0..CONNECTIONS_PER_SOURCE as u128 {
            assert!(open.enter(v6(1, host), false));
        }
        assert!(!open.enter(v6(1, 9999), false), "another address of the same network");
        open.leave(v6(1, 0));
        assert!(open.enter(v6(1, 9999), false));
        let more = (2..10_000).take_while(|&net| open.enter(v6(net, 1), false)).count();
        assert_eq!(more, CONNECTIONS - CONNECTIONS_PER_SOURCE);
        assert!(!open.enter(v6(0, 1), true), "full for strangers long ago");
        for net in 2..2 + more as u128 {
            open.leave(v6(net, 1));
        }
        assert!(open.enter(v6(0, 1), true));
        open.leave(v6(0, 1));
        assert_eq!((open.all, open.by_source.len()), (CONNECTIONS_PER_SOURCE, 1));
    }

    #[test]
    fn a_request_that_never_ends_is_answered() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(within(Duration::from_millis(1), std::future::pending()));
        assert_eq!(answer.unwrap().status(), StatusCode::REQUEST_TIMEOUT);
    }
}
