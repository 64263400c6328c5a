//! A small HTTP/1.1 client: one worker with one connection per server, kept as long as the server keeps it.

use super::lookup;
use crate::clock::Clock;
use crate::socket::{bound_to, version_of};
use fa_measure::plan::IpVersion;
use fa_measure::{Span, Time};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::net::{TcpSocket, TcpStream};

/// Where an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Url {
    host: String,
    port: u16,
    path: String,
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}:{}{}", self.host, self.port, self.path)
    }
}

impl Url {
    /// What the `Host` header says: an interface of ours means nothing to the server.
    fn authority(&self) -> String {
        let host = match self.host.split_once('%') {
            Some((address, _)) => format!("{address}]"),
            None => self.host.clone(),
        };
        if self.port == 80 { host } else { format!("{host}:{}", self.port) }
    }

    /// Reads `http://HOST[:PORT]/PATH`, or a path beside `base`.
    pub(super) fn parse(text: &str, base: Option<&Self>) -> Result<Self, String> {
        let text = text.split('#').next().unwrap_or_default();
        if text.is_empty() || text.chars().any(|c| c.is_control() || c == ' ') {
            return Err("this is no address".into());
        }
        if let Some(rest) = text.strip_prefix("http://") {
            let (authority, path) = match rest.find('/') {
                Some(at) => rest.split_at(at),
                None => (rest, "/"),
            };
            let (host, port) = match authority.rsplit_once(':') {
                Some((host, port)) if !port.ends_with(']') && (!host.contains(':') || host.ends_with(']')) => {
                    (host, port.parse().map_err(|_| format!("{port:?} is no port"))?)
                }
                _ => (authority, 80),
            };
            if host.is_empty() || host.contains('@') {
                return Err("there is no host in it".into());
            }
            return Ok(Self { host: host.into(), port, path: path.into() });
        }
        if text.contains("://") {
            return Err("only http:// can be fetched: there is no TLS here".into());
        }
        let base = base.ok_or("it has no http:// in front")?;
        let path = if text.starts_with('/') {
            text.to_owned()
        } else {
            let folder = base.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{text}")
        };
        Ok(Self { path, ..base.clone() })
    }
}

/// An object that came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Got {
    pub(super) bytes: u64,
    /// Only when a connection was made for it.
    pub(super) name_lookup: Option<Span>,
    pub(super) connecting: Option<Span>,
    pub(super) first_byte: Span,
}

/// One that did not.
#[derive(Debug, Clone)]
pub(super) struct Missed {
    pub(super) text: String,
    pub(super) timed_out: bool,
    /// The server answered, with another status than success.
    pub(super) refused: bool,
}

impl Missed {
    fn timed_out(limit: std::time::Duration) -> Self {
        Self { text: format!("not there within {limit:?}"), timed_out: true, refused: false }
    }
}

/// A request without success.
struct Failed {
    text: String,
    /// Something of an answer had come.
    answered: bool,
    /// The answer has another status than success.
    refused: bool,
}

/// One worker.
pub(super) struct Client {
    clock: Clock,
    dns: Vec<SocketAddr>,
    version: Option<IpVersion>,
    timeout: Span,
    /// Our address of all connections.
    bind: Option<IpAddr>,
    connections: HashMap<(String, u16), SendRequest<Empty<Bytes>>>,
}

/// How a new connection came about.
struct Made {
    /// `None` for an address, which is not looked up.
    name_lookup: Option<Span>,
    connecting: Span,
}

impl Client {
    pub(super) fn new(
        clock: Clock,
        dns: Vec<SocketAddr>,
        version: Option<IpVersion>,
        timeout: Span,
        bind: Option<IpAddr>,
    ) -> Self {
        Self { clock, dns, version, timeout, bind, connections: HashMap::new() }
    }

    /// Fetches an object; `take` gets its bytes.
    pub(super) async fn get(&mut self, url: &Url, take: impl FnMut(&[u8])) -> Result<Got, Missed> {
        let limit = self.timeout.to_duration();
        let got = tokio::time::timeout(limit, self.try_get(url, take)).await;
        let got = got.unwrap_or_else(|_| Err(Missed::timed_out(limit)));
        if got.is_err() {
            // What is left of the answer would be taken for the next one.
            self.connections.remove(&(url.host.clone(), url.port));
        }
        got
    }

    async fn try_get(&mut self, url: &Url, mut take: impl FnMut(&[u8])) -> Result<Got, Missed> {
        let missed = |text: String| Missed { text, timed_out: false, refused: false };
        let key = (url.host.clone(), url.port);
        let mut made = None;
        let mut kept = self.connections.remove(&key).filter(|sender| !sender.is_closed());
        // A server may close a kept connection at any moment: such a request is made again on a new one.
        loop {
            let reused = kept.is_some();
            let mut sender = if let Some(sender) = kept.take() {
                sender
            } else {
                let (sender, how) = self.connect(url).await.map_err(missed)?;
                made = Some(how);
                sender
            };
            let asked = self.clock.now();
            match self.ask(&mut sender, url, asked, &mut take).await {
                Ok((bytes, first_byte)) => {
                    self.connections.insert(key, sender);
                    let (name_lookup, connecting) = made.map_or((None, None), |m| (m.name_lookup, Some(m.connecting)));
                    return Ok(Got { bytes, name_lookup, connecting, first_byte });
                }
                Err(Failed { answered: false, .. }) if reused => {}
                Err(Failed { text, refused, .. }) => return Err(Missed { refused, ..missed(text) }),
            }
        }
    }

    async fn connect(&self, url: &Url) -> Result<(SendRequest<Empty<Bytes>>, Made), String> {
        let began = self.clock.now();
        let addresses = lookup::addresses(&url.host, &self.dns, self.version).await?;
        let known = self.clock.now();
        let mut last = String::new();
        for mut address in addresses {
            address.set_port(url.port);
            match self.stream_to(address).await {
                Ok(stream) => {
                    let connected = self.clock.now();
                    // Requests are small and waited for.
                    let _ = stream.set_nodelay(true);
                    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
                    tokio::spawn(connection);
                    let name_lookup = lookup::literal(&url.host).is_none().then(|| known - began);
                    return Ok((sender, Made { name_lookup, connecting: connected - known }));
                }
                Err(e) => last = format!("{address}: {e}"),
            }
        }
        Err(last)
    }

    async fn stream_to(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let Some(bind) = self.bind else { return TcpStream::connect(address).await };
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if bind.is_ipv4() != address.is_ipv4() {
            let why = format!("it cannot be reached from {bind}, an {} address", version_of(bind));
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let bound = bound_to(bind, address);
        socket.bind(bound).map_err(|e| io::Error::new(e.kind(), format!("cannot bind to {}: {e}", bound.ip())))?;
        socket.connect(address).await
    }

    async fn ask(
        &self,
        sender: &mut SendRequest<Empty<Bytes>>,
        url: &Url,
        asked: Time,
        take: &mut impl FnMut(&[u8]),
    ) -> Result<(u64, Span), Failed> {
        let before = |e: hyper::Error| Failed { text: e.to_string(), answered: false, refused: false };
        let broken = |text: String| Failed { text, answered: true, refused: false };
        let authority = url.authority();
        let request = Request::get(&url.path)
            .header(header::HOST, authority)
            .header(header::USER_AGENT, concat!("fa/", env!("CARGO_PKG_VERSION")))
            .body(Empty::new())
            .map_err(|e| broken(e.to_string()))?;
        sender.ready().await.map_err(before)?;
        let response = sender.send_request(request).await.map_err(before)?;
        let first_byte = self.clock.now() - asked;
        if !response.status().is_success() {
            return Err(Failed { refused: true, ..broken(format!("the server answers {}", response.status())) });
        }
        let mut body = response.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|e| broken(e.to_string()))?;
            if let Some(data) = frame.data_ref() {
                bytes += data.len() as u64;
                take(data);
            }
        }
        Ok((bytes, first_byte))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn addresses_of_objects_are_read_with_and_without_a_list_beside_them() {
        let url = |text: &str| Url::parse(text, None).map(|u| u.to_string());
        assert_eq!(url("http://a.example").unwrap(), "http://a.example:80/");
        assert_eq!(url("http://a.example:8080/x/y?z#part").unwrap(), "http://a.example:8080/x/y?z");
        assert_eq!(url("http://[2001:db8::1]:81/x").unwrap(), "http://[2001:db8::1]:81/x");
        assert_eq!(url("http://[2001:db8::1]/x").unwrap(), "http://[2001:db8::1]:80/x");
        let scoped = Url::parse("http://[fe80::1%2]:81/x", None).unwrap();
        assert_eq!(
            (scoped.to_string().as_str(), scoped.authority().as_str()),
            ("http://[fe80::1%2]:81/x", "[fe80::1]:81")
        );
        let list = Url::parse("http://a:1/lists/filelist.txt", None).unwrap();
        assert_eq!(Url::parse("object/5", Some(&list)).unwrap().to_string(), "http://a:1/lists/object/5");
        assert_eq!(Url::parse("/object/5", Some(&list)).unwrap().to_string(), "http://a:1/object/5");
        for (bad, why) in
            [("https://a/", "TLS"), ("x", "http://"), ("http://", "host"), ("http://a:b/", "port"), ("a b", "address")]
        {
            assert!(url(bad).unwrap_err().contains(why), "{bad}");
        }
    }
}
