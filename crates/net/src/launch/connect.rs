//! Connections of flows and probes: made, described, and handed over.

use super::control::{PATIENCE, refusal};
use crate::datagram::DatagramSocket;
use crate::probe_socket::{ProbeSocket, open_udp, own_speech, stream_speech};
use crate::socket::{Trouble, bind_address, bind_toward, end_facts, set_cong_control, set_tos};
use fa_measure::control::UPGRADE;
use fa_measure::event::EndFacts;
use fa_measure::plan::{FlowPlan, ProbePlan};
use fa_measure::wire::{LEN, Packet, Token};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::timeout;

/// A flow's connection at our end.
pub(super) struct FlowSocket {
    pub(super) socket: std::net::TcpStream,
    /// Payload read together with the handshake's answer.
    pub(super) early: u64,
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    pub(super) facts: EndFacts,
}

/// Connects a flow: options, TCP, upgrade.
pub(super) async fn flow(plan: &FlowPlan, address: SocketAddr, session: &str) -> Result<FlowSocket, Trouble> {
    timeout(PATIENCE, connect_flow(plan, address, session))
        .await
        .unwrap_or_else(|_| Err(Trouble::new(format!("{address} did not accept the flow within {PATIENCE:?}"))))
}

async fn connect_flow(plan: &FlowPlan, address: SocketAddr, session: &str) -> Result<FlowSocket, Trouble> {
    let cong_control = plan.cong_control.as_ref().map(|(ours, _)| ours.as_str());
    let tos = plan.tos.map(|(ours, _)| ours);
    let path = format!("/v1/session/{session}/flow/{}", plan.id.0);
    let (socket, early) = upgraded(address, &path, tos, cong_control, plan.local_bind.as_deref()).await?;
    let broken = |e: std::io::Error| Trouble::new(format!("connecting the flow to {address}: {e}"));
    let (local, peer) = (socket.local_addr().map_err(broken)?, socket.peer_addr().map_err(broken)?);
    let facts = end_facts(&SockRef::from(&socket), tos, cong_control);
    Ok(FlowSocket { socket, early, local, peer, facts })
}

/// Connects a probe over TCP: options, TCP, upgrade.
pub(super) async fn tcp_probe(
    plan: &ProbePlan,
    address: SocketAddr,
    session: &str,
    token: Token,
) -> Result<ProbeSocket, Trouble> {
    let path = format!("/v1/session/{session}/probe/{}", plan.id.0);
    let tos = plan.tos.map(|(ours, _)| ours);
    let connected = timeout(PATIENCE, upgraded(address, &path, tos, None, plan.local_bind.as_deref())).await;
    let late = || Trouble::new(format!("{address} did not accept the probe within {PATIENCE:?}"));
    let (socket, _) = connected.unwrap_or_else(|_| Err(late()))?;
    let failed = |e: std::io::Error| Trouble::new(format!("TCP probe to {address}: {e}"));
    // Requests are small and waited for.
    socket.set_nodelay(true).map_err(failed)?;
    let socket = DatagramSocket::new(socket.into(), false, false).map_err(failed)?;
    Ok(ProbeSocket::new(plan.id, socket, stream_speech(token), None))
}

/// A TCP connection that was upgraded to a flow's or a probe's, and how many bytes came together with the answer.
async fn upgraded(
    address: SocketAddr,
    path: &str,
    tos: Option<u8>,
    cong_control: Option<&str>,
    local_bind: Option<&str>,
) -> Result<(std::net::TcpStream, u64), Trouble> {
    let broken = |e: &dyn std::fmt::Display| Trouble::new(format!("connecting to {address}: {e}"));
    let domain = if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP)).map_err(|e| {
        let trouble = broken(&e);
        if e.raw_os_error() == Some(libc::EMFILE) { trouble.hint("raise the limit: ulimit -n") } else { trouble }
    })?;
    if let Some(name) = cong_control {
        set_cong_control(&socket, name)?;
    }
    if let Some(tos) = tos {
        set_tos(&socket, tos)?;
    }
    if let Some(bind) = bind_address(local_bind)? {
        bind_toward(&socket, bind, address)?;
    }
    socket.set_nonblocking(true).map_err(|e| broken(&e))?;
    let stream = TcpSocket::from_std_stream(socket.into()).connect(address).await.map_err(|e| broken(&e))?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
    tokio::spawn(connection.with_upgrades());
    let request = Request::get(path)
        .header(header::HOST, address.to_string())
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, UPGRADE)
        .body(Empty::<Bytes>::new())
        .map_err(|e| broken(&e))?;
    let response = sender.send_request(request).await.map_err(|e| broken(&e))?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let status = response.status();
        let body = Limited::new(response.into_body(), 64 * 1024).collect().await.map_err(|e| broken(&e))?.to_bytes();
        return Err(refusal(status, &body).into_trouble("the far end refused the connection"));
    }
    let upgraded = hyper::upgrade::on(response).await.map_err(|e| broken(&e))?;
    let parts = upgraded
        .downcast::<TokioIo<TcpStream>>()
        .map_err(|_| Trouble::new("the connection came back as something else"))?;
    let socket = parts.io.into_inner().into_std().map_err(|e| broken(&e))?;
    Ok((socket, parts.read_buf.len() as u64))
}

/// How often a handshake that got no answer is tried, each time waiting twice as long.
const HANDSHAKES: u32 = 5;

/// Opens a UDP probe and shows the reflector that its address is real.
pub(super) async fn probe(plan: &ProbePlan, reflector: SocketAddr, token: Token) -> Result<ProbeSocket, Trouble> {
    let failed = |e: std::io::Error| Trouble::new(format!("UDP to {reflector}: {e}"));
    let socket = open_udp(plan.tos.map(|(ours, _)| ours), plan.local_bind.as_deref(), reflector)?;
    let socket = introduced(socket, reflector, token).await?;
    let socket = DatagramSocket::new(socket, true, false).map_err(failed)?;
    Ok(ProbeSocket::new(plan.id, socket, own_speech(token), plan.payload))
}

/// The sockets of a flow of datagrams at our end: the one that has shown to be real, and those of further ports. Fewer of them
/// than asked for where the system has no more, which the last one tells.
pub(super) struct DatagramSockets {
    pub(super) first: Socket,
    pub(super) more: Vec<Socket>,
    pub(super) missing: Option<Trouble>,
}

/// Opens the sockets of a flow of datagrams, at our end.
pub(super) async fn datagrams(plan: &FlowPlan, far: SocketAddr, token: Token) -> Result<DatagramSockets, Trouble> {
    let first = introduced(datagram_socket(plan, far)?, far, token).await?;
    let ports = plan.datagrams.as_ref().map_or(1, |datagrams| datagrams.ports);
    let mut sockets = DatagramSockets { first, more: Vec::new(), missing: None };
    for _ in 1..ports {
        let opened = datagram_socket(plan, far).and_then(|socket| {
            let quiet = socket.set_nonblocking(true).map_err(|e| Trouble::new(format!("UDP to {far}: {e}")));
            quiet.map(|()| socket)
        });
        match opened {
            Ok(socket) => sockets.more.push(socket),
            Err(trouble) => {
                sockets.missing = Some(trouble);
                break;
            }
        }
    }
    Ok(sockets)
}

fn datagram_socket(plan: &FlowPlan, far: SocketAddr) -> Result<Socket, Trouble> {
    let tos = plan.tos.map(|(ours, _)| ours);
    let socket = open_udp(tos, plan.local_bind.as_deref(), far)?;
    if let Some(datagrams) = &plan.datagrams {
        let failed = |what: &str, e: std::io::Error| Trouble::new(format!("{what} cannot be set: {e}"));
        if let Some(ttl) = datagrams.ttl {
            let set = if far.is_ipv4() { socket.set_ttl_v4(ttl) } else { socket.set_unicast_hops_v6(ttl) };
            set.map_err(|e| failed("the number of hops", e))?;
        }
        if let Some(interface) = &datagrams.interface {
            let set = socket.bind_device(Some(interface.as_bytes()));
            set.map_err(|e| failed(&format!("interface {interface:?}"), e))?;
        }
    }
    Ok(socket)
}

/// A UDP socket whose address the far end believes.
async fn introduced(socket: Socket, reflector: SocketAddr, token: Token) -> Result<Socket, Trouble> {
    let failed = |e: std::io::Error| Trouble::new(format!("UDP to {reflector}: {e}"));
    socket.set_nonblocking(true).map_err(failed)?;
    let socket = UdpSocket::from_std(socket.into()).map_err(failed)?;
    let mut packet = Packet::Hello(token);
    let mut buffer = [0; LEN + 1];
    let mut last = None;
    'tries: for attempt in 0..HANDSHAKES {
        let patience = Duration::from_millis(200 << attempt);
        if let Err(e) = socket.send(&packet.emit()).await {
            last = Some(e);
        }
        loop {
            match timeout(patience, socket.recv(&mut buffer)).await {
                Ok(Ok(n)) => match Packet::parse(&buffer[..n]) {
                    Some(Packet::Challenge(back, nonce)) if back == token => {
                        packet = Packet::Answer(token, nonce);
                        if let Err(e) = socket.send(&packet.emit()).await {
                            last = Some(e);
                        }
                    }
                    Some(Packet::Welcome(back)) if back == token => {
                        return Ok(Socket::from(socket.into_std().map_err(failed)?));
                    }
                    _ => {}
                },
                Ok(Err(e)) => {
                    last = Some(e);
                    // Nobody listens there, says the far host: asking at once again would not help.
                    tokio::time::sleep(patience).await;
                    continue 'tries;
                }
                Err(_) => continue 'tries,
            }
        }
    }
    let why = last.map_or_else(|| "no answer".to_owned(), |e| e.to_string());
    Err(Trouble::new(format!("UDP does not get through to {reflector}: {why}"))
        .hint("the same port is needed for UDP as for TCP: look at firewalls on the way"))
}
