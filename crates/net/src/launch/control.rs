//! The controller's side of the control protocol: one HTTP connection per far end.

use crate::socket::{Trouble, bound_to};
use fa_measure::control::{MAX_ANSWER, Refusal};
use fa_measure::foreign::spoken;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::error::Error as _;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// How long a far end may take to accept or to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

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
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

/// Connects a TCP socket, bound to an address of ours where one is given.
pub(super) async fn connect(address: SocketAddr, bind: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(bind) = bind.filter(|b| b.is_ipv4() == address.is_ipv4()) {
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
        Ok(Self { sender, authority: address.to_string(), answered: false, local, remote })
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
        timeout(PATIENCE, self.exchange(method, path, body)).await.unwrap_or(Err(ControlError::Silent))
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
        let sent = match self.sender.ready().await {
            Ok(()) => self.sender.send_request(request).await,
            Err(e) => Err(e),
        };
        let response = sent.map_err(|e| self.why(&e))?;
        self.answered = true;
        let status = response.status();
        let bytes = Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await
            .map_err(|e| broken(format!("its answer to {path}: {e}")))?
            .to_bytes();
        if status.is_success() { Ok(bytes) } else { Err(refusal(status, &bytes)) }
    }
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
    fn refusals_cannot_write_on_our_terminal() {
        let refused = refusal(StatusCode::FORBIDDEN, br#"{"error":"no\u001b[0m","hint":"\u0007try"}"#);
        assert!(
            matches!(refused, ControlError::Refused { error, hint } if error == "no[0m" && hint.as_deref() == Some("try"))
        );
    }
}
