//! The controller's side of the control protocol: one HTTP connection per far end.

use crate::socket::{Trouble, bound_to};
use fa_measure::control::{MAX_ANSWER, Refusal};
use fa_measure::foreign::spoken;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error as _;
use std::io::{self, Read as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// How long a far end may take to accept, to begin an answer, and to go on with it.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

/// How long one answer may take in all, on the slowest of lines.
const LONGEST: Duration = Duration::from_mins(2);

/// Why a far end could not be talked to.
#[derive(Debug, thiserror::Error)]
pub(super) enum ControlError {
    #[error("{address}: {source}")]
    Connect { address: SocketAddr, source: io::Error },
    #[error("{error}")]
    Refused { error: String, hint: Option<String> },
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Silent,
    #[error("no answer for {} s after the run", super::far::WAIT.0 / 1_000_000_000)]
    GivenUp,
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("what answers there is not fa serve: {0}")]
    Stranger(String),
}

impl ControlError {
    /// Whether another connection may do better.
    pub(super) fn is_of_the_way(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Silent | Self::Broken(_))
    }

    pub(super) fn into_trouble(self, what: &str) -> Trouble {
        let hint = match &self {
            Self::Refused { hint, .. } => hint.clone(),
            Self::Stranger(_) => Some("is another program on that port? name fa serve's as HOST:PORT".into()),
            _ => None,
        };
        Trouble { error: format!("{what}: {self}"), hint }
    }
}

/// A control connection.
pub(super) struct Control {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
    /// It has spoken HTTP before.
    answered: bool,
    heard: Heard,
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

/// How many bytes of answers have come: who waits for a long one sees by it that it is on its way.
#[derive(Debug, Clone, Default)]
pub(super) struct Heard(Arc<AtomicU64>);

impl Heard {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Connects a TCP socket, bound to an address of ours where one is given.
pub(super) async fn connect(address: SocketAddr, bind: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(bind) = bind {
        socket.bind(bound_to(bind, address))?;
    }
    timeout(PATIENCE, socket.connect(address)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

impl Control {
    pub(super) async fn connect(address: SocketAddr, bind: Option<IpAddr>) -> Result<Self, ControlError> {
        let failed = |source| ControlError::Connect { address, source };
        let stream = connect(address, bind).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let (local, remote) = (stream.local_addr().map_err(failed)?, stream.peer_addr().map_err(failed)?);
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|e| ControlError::Broken(e.to_string()))?;
        // It ends when `sender` is dropped or the far end closes.
        tokio::spawn(connection);
        let (authority, heard) = (address.to_string(), Heard::default());
        Ok(Self { sender, authority, answered: false, heard, local, remote })
    }

    /// Asks and understands the answer.
    pub(super) async fn ask<R: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<R, ControlError> {
        let bytes = self.raw(method, path, body).await?;
        serde_json::from_slice(&bytes).map_err(|e| ControlError::Stranger(format!("its answer to {path}: {e}")))
    }

    /// Posts and understands the answer.
    pub(super) async fn post<R: DeserializeOwned>(
        &mut self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<R, ControlError> {
        self.ask(Method::POST, path, body).await
    }

    /// Asks for nothing but to be heard.
    pub(super) async fn delete(&mut self, path: &str) -> Result<(), ControlError> {
        self.raw(Method::DELETE, path, &()).await.map(|_| ())
    }

    async fn raw(&mut self, method: Method, path: &str, body: &impl Serialize) -> Result<Bytes, ControlError> {
        timeout(LONGEST, self.exchange(method, path, body)).await.unwrap_or(Err(ControlError::Silent))
    }

    async fn exchange(&mut self, method: Method, path: &str, body: &impl Serialize) -> Result<Bytes, ControlError> {
        let broken = |e: String| ControlError::Broken(e);
        let body = serde_json::to_vec(body).map_err(|e| broken(e.to_string()))?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.authority)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|e| broken(e.to_string()))?;
        let begun = async {
            self.sender.ready().await?;
            self.sender.send_request(request).await
        };
        let begun = timeout(PATIENCE, begun).await.map_err(|_| ControlError::Silent)?;
        let response = begun.map_err(|e| self.why(&e))?;
        self.answered = true;
        let status = response.status();
        let packed = response.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "gzip");
        let bytes = self.body(response.into_body(), path).await?;
        let bytes =
            if packed { unpack(&bytes).map_err(|e| broken(format!("its answer to {path}: {e}")))? } else { bytes };
        if status.is_success() { Ok(bytes) } else { Err(refusal(status, &bytes)) }
    }

    /// What an answer holds, as long as it goes on coming.
    async fn body(&self, mut body: Incoming, path: &str) -> Result<Bytes, ControlError> {
        let broken = |e: String| ControlError::Broken(format!("its answer to {path}: {e}"));
        let mut bytes = Vec::new();
        while let Some(frame) = timeout(PATIENCE, body.frame()).await.map_err(|_| ControlError::Silent)? {
            let Ok(part) = frame.map_err(|e| broken(e.to_string()))?.into_data() else { continue };
            self.heard.0.fetch_add(part.len() as u64, Ordering::Relaxed);
            if bytes.len() + part.len() > MAX_ANSWER {
                return Err(broken("it is too long".into()));
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes.into())
    }

    /// What has come on this connection, for others to look at.
    pub(super) fn heard(&self) -> Heard {
        self.heard.clone()
    }

    /// Goes on counting where an earlier connection has ended.
    pub(super) fn heard_on(&mut self, before: Heard) {
        self.heard = before;
    }
}

/// Takes an answer's compression off.
fn unpack(packed: &[u8]) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).take(MAX_ANSWER as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_ANSWER {
        return Err(io::Error::other("it is too long"));
    }
    Ok(bytes.into())
}

impl Control {
    /// Why a request failed. Before the first answer anything but an error of the kernel's means that somebody else is
    /// on that port: programs that speak first, or hang up at the sight of HTTP.
    fn why(&self, e: &hyper::Error) -> ControlError {
        let kernel = e.source().filter(|s| s.is::<io::Error>());
        match kernel {
            Some(source) => ControlError::Broken(source.to_string()),
            None if self.answered => ControlError::Broken(e.to_string()),
            None => ControlError::Stranger(e.to_string()),
        }
    }
}

/// What a status that is no success means.
pub(super) fn refusal(status: StatusCode, body: &[u8]) -> ControlError {
    match serde_json::from_slice::<Refusal>(body) {
        Ok(Refusal { error, hint }) => {
            ControlError::Refused { error: spoken(&error), hint: hint.as_deref().map(spoken) }
        }
        Err(_) => ControlError::Stranger(format!("it answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_cannot_become_endless() {
        let pack = |bytes: &[u8]| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            io::Write::write_all(&mut packed, bytes).and_then(|()| packed.finish()).unwrap_or_default()
        };
        assert!(unpack(&pack(b"[1, 2]")).is_ok_and(|bytes| bytes == b"[1, 2]"[..]));
        assert!(unpack(&pack(&vec![0; MAX_ANSWER + 1])).is_err());
        assert!(unpack(b"nonsense").is_err());
    }

    #[test]
    fn refusals_cannot_write_on_our_terminal() {
        let refused = refusal(StatusCode::FORBIDDEN, br#"{"error":"no\u001b[0m","hint":"\u0007try"}"#);
        assert!(
            matches!(refused, ControlError::Refused { error, hint } if error == "no[0m" && hint.as_deref() == Some("try"))
        );
    }
}
