//! Objects for tests that fetch: a list, and objects of any size up to a limit, of random bytes.
//!
//! They are there for sessions under their tokens, and without one for those whom the operator admitted by address.

use super::http::{No, Peer, Server, token};
use super::pace::Pace;
use super::session::Shared;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Frame, SizeHint};
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use tokio::time::Sleep;

/// Largest object, bytes.
const MAX_SIZE: u64 = 100_000_000;

/// The same for those who are served because everybody is.
const MAX_SIZE_PUBLIC: u64 = 1_000_000;

/// What one page of the web is made of, more or less: a document, styles and scripts, images; bytes.
const PAGE: [u64; 16] = [
    60_000, 30_000, 20_000, 90_000, 45_000, 120_000, 15_000, 8_000, 5_000, 5_000, 25_000, 40_000, 3_000, 2_000, 1_000,
    500,
];

/// Bytes handed over at a time.
const CHUNK: usize = 64 * 1024;

/// The list of a session, with addresses beside its own.
pub(super) async fn list_of_session(
    State(shared): Server,
    Extension(peer): Extension<Peer>,
    Path(session): Path<String>,
) -> Result<Response, No> {
    shared.with_data(token(&session)?, peer.ip(), |_| ()).ok_or_else(No::gone)?;
    Ok(page())
}

/// The list for those known by address.
pub(super) async fn list(State(shared): Server, Extension(peer): Extension<Peer>) -> Result<Response, No> {
    check_known(&shared, peer)?;
    Ok(page())
}

/// An object of a session, counted as its bytes.
pub(super) async fn object_of_session(
    State(shared): Server,
    Extension(peer): Extension<Peer>,
    Path((session, size)): Path<(String, u64)>,
) -> Result<Response, No> {
    let largest = if shared.trusts(peer.ip()) { MAX_SIZE } else { MAX_SIZE_PUBLIC };
    check_size(size, largest)?;
    check_budget(&shared)?;
    let found = shared.with_data(token(&session)?, peer.ip(), |s| (s.spending.clone(), s.pace()));
    let (spending, pace) = found.ok_or_else(No::gone)?;
    if !spending.reserve(size) {
        return Err(No::new(StatusCode::FORBIDDEN, "the byte limit of this server is reached"));
    }
    Ok(random(size, pace))
}

/// An object for those known by address.
pub(super) async fn object(
    State(shared): Server,
    Extension(peer): Extension<Peer>,
    Path(size): Path<u64>,
) -> Result<Response, No> {
    check_known(&shared, peer)?;
    check_size(size, MAX_SIZE)?;
    check_budget(&shared)?;
    shared.totals.bytes.fetch_add(size, Ordering::Relaxed);
    Ok(random(size, shared.pace.clone()))
}

fn check_known(shared: &Shared, peer: Peer) -> Result<(), No> {
    if shared.trusts(peer.ip()) {
        return Ok(());
    }
    Err(No::new(StatusCode::FORBIDDEN, "objects are for sessions, and for those that the operator admitted by address"))
}

fn check_budget(shared: &Shared) -> Result<(), No> {
    shared.within_budget().map_err(|refusal| No::refused(StatusCode::FORBIDDEN, refusal))
}

fn check_size(size: u64, largest: u64) -> Result<(), No> {
    if size <= largest {
        return Ok(());
    }
    Err(No::new(StatusCode::FORBIDDEN, format!("objects of {size} bytes are not there; at most {largest}")))
}

/// One address per line, beside the list's own.
fn page() -> Response {
    // A number behind each, so that no two have one address.
    let lines: Vec<String> = (1..).zip(PAGE).map(|(n, size)| format!("object/{size}?{n}\n")).collect();
    ([(header::CONTENT_TYPE, "text/plain"), (header::CACHE_CONTROL, "no-store")], lines.concat()).into_response()
}

fn random(size: u64, pace: Option<Pace>) -> Response {
    static BYTES: OnceLock<Bytes> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        let mut bytes = vec![0; CHUNK];
        rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
        bytes.into()
    });
    let body = match usize::try_from(size) {
        Ok(size) if size <= CHUNK && pace.is_none() => {
            Body::new(Full::new(bytes.slice(..size)).map_err(|never| match never {}))
        }
        _ => Body::new(Repeated { bytes: bytes.clone(), left: size, pace, waiting: None }),
    };
    let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, body).into_response()
}

/// The same bytes again and again.
struct Repeated {
    bytes: Bytes,
    left: u64,
    pace: Option<Pace>,
    /// Until it may go on.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl hyper::body::Body for Repeated {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut most = self.bytes.len();
        while let Some(pace) = self.pace.clone() {
            if let Some(waiting) = &mut self.waiting {
                std::task::ready!(waiting.as_mut().poll(context));
            }
            match pace.next(self.left) {
                Ok(now) => {
                    self.waiting = None;
                    most = now;
                    break;
                }
                Err(until) => self.waiting = Some(Box::pin(tokio::time::sleep_until(until.into()))),
            }
        }
        let now = (most as u64).min(self.left);
        self.left -= now;
        Poll::Ready(Some(Ok(Frame::data(self.bytes.slice(..now as usize)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
