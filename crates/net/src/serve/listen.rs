//! Where a server listens: TCP and UDP on one number, IPv4 and IPv6 apart.

use super::ServeError;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

/// Sockets of one server, all on one port.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) tcp: Vec<TcpListener>,
    pub(super) udp: Vec<Socket>,
    pub(super) addresses: Vec<SocketAddr>,
}

/// Numbers tried when the kernel may choose: the one that is free for TCP may be taken for UDP.
const ATTEMPTS: usize = 16;

/// Listens on `address`, or on all IPv4 and IPv6 addresses.
pub(super) fn listen(address: Option<IpAddr>, port: u16) -> Result<Ports, ServeError> {
    let wanted: Vec<IpAddr> =
        address.map_or_else(|| vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()], |a| vec![a]);
    let mut last = None;
    for _ in 0..if port == 0 { ATTEMPTS } else { 1 } {
        match try_port(&wanted, port) {
            Ok(ports) => return Ok(ports),
            Err(e) => last = Some(e),
        }
    }
    Err(last.unwrap_or(ServeError::NoAddress))
}

fn try_port(wanted: &[IpAddr], port: u16) -> Result<Ports, ServeError> {
    let mut ports = Ports { tcp: Vec::new(), udp: Vec::new(), addresses: Vec::new() };
    let mut port = port;
    for &ip in wanted {
        let at = SocketAddr::new(ip, port);
        let listener = match tcp(at) {
            Ok(listener) => listener,
            // A host without IPv6 (or without IPv4) still serves with the other.
            Err(e) if wanted.len() > 1 && absent(&e) => continue,
            Err(source) => return Err(ServeError::Listen { what: "TCP", address: at, source }),
        };
        let bound = listener.local_addr().map_err(|source| ServeError::Listen { what: "TCP", address: at, source })?;
        port = bound.port();
        ports.udp.push(udp(bound).map_err(|source| ServeError::Listen { what: "UDP", address: bound, source })?);
        ports.tcp.push(listener);
        ports.addresses.push(bound);
    }
    if ports.tcp.is_empty() { Err(ServeError::NoAddress) } else { Ok(ports) }
}

fn absent(e: &io::Error) -> bool {
    matches!(e.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL))
}

fn domain(at: SocketAddr) -> Domain {
    if at.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 }
}

fn tcp(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(domain(at), Type::STREAM, Some(Protocol::TCP))?;
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&at.into())?;
    socket.listen(1024)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn udp(at: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(domain(at), Type::DGRAM, Some(Protocol::UDP))?;
    if at.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // The sockets of admitted probes share the port.
    socket.set_reuse_address(true)?;
    socket.bind(&at.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn tcp_and_udp_share_a_number() {
        let ports = listen(Some(Ipv4Addr::LOCALHOST.into()), 0).unwrap();
        let udp = ports.udp[0].local_addr().unwrap().as_socket().unwrap();
        assert_eq!(ports.addresses, [udp]);
        assert_eq!(ports.tcp[0].local_addr().unwrap(), udp);
    }

    #[test]
    fn an_address_of_somebody_else_is_told_from_a_port_in_use() {
        // RFC 5737: for documentation, on no interface.
        let error = listen(Some(Ipv4Addr::new(192, 0, 2, 1).into()), 0).unwrap_err().to_string();
        assert!(error.contains("no address of this host") && !error.contains("another program"), "{error}");
    }

    #[test]
    fn a_port_in_use_is_named() {
        let ports = listen(Some(Ipv4Addr::LOCALHOST.into()), 0).unwrap();
        let error = listen(Some(Ipv4Addr::LOCALHOST.into()), ports.addresses[0].port()).unwrap_err();
        assert!(error.to_string().contains(&ports.addresses[0].to_string()), "{error}");
        assert!(error.to_string().contains("another program"), "{error}");
    }
}
