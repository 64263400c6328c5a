//! Options of flows' and probes' sockets: set what was asked for, tell what was obtained.

use fa_measure::event::EndFacts;
use socket2::Socket;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// What went wrong with one flow or probe, in words for the data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) error: String,
    pub(crate) hint: Option<String>,
}

impl Trouble {
    pub(crate) fn new(error: impl Into<String>) -> Self {
        Self { error: error.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

/// Sets the congestion control of a TCP socket.
pub(crate) fn set_cong_control(socket: &Socket, name: &str) -> Result<(), Trouble> {
    socket.set_tcp_congestion(name.as_bytes()).map_err(|e| {
        let error = format!("congestion control {name:?} cannot be used: {e}");
        let list = |file: &str| {
            let text = std::fs::read_to_string(format!("/proc/sys/net/ipv4/{file}")).unwrap_or_default();
            text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        let (available, allowed) = (list("tcp_available_congestion_control"), list("tcp_allowed_congestion_control"));
        let hint = if available.iter().any(|a| a == name) && !allowed.iter().any(|a| a == name) {
            let allowed = allowed.join(" ");
            format!(
                "only root may use it on that host; there: sysctl -w net.ipv4.tcp_allowed_congestion_control=\"{allowed} {name}\", \
                 or at a far end that root starts: fa serve --keep-privileges"
            )
        } else {
            format!("that kernel has {}; others may need modprobe tcp_{name}", available.join(", "))
        };
        Trouble::new(error).hint(hint)
    })
}

/// Congestion control of a TCP socket.
pub(crate) fn cong_control(socket: &Socket) -> Option<String> {
    let name = socket.tcp_congestion().ok()?;
    let name: Vec<u8> = name.into_iter().take_while(|&b| b != 0).collect();
    String::from_utf8(name).ok()
}

/// Sets the TOS byte (IPv6: traffic class) of what a socket sends.
pub(crate) fn set_tos(socket: &Socket, tos: u8) -> Result<(), Trouble> {
    let set = if is_v6(socket) { socket.set_tclass_v6(tos.into()) } else { socket.set_tos_v4(tos.into()) };
    set.map_err(|e| Trouble::new(format!("TOS byte {tos:#04x} cannot be set: {e}")))
}

/// TOS byte of what a socket sends.
pub(crate) fn tos(socket: &Socket) -> Option<u8> {
    let tos = if is_v6(socket) { socket.tclass_v6() } else { socket.tos_v4() };
    tos.ok().map(|t| t as u8)
}

fn is_v6(socket: &Socket) -> bool {
    socket.domain().is_ok_and(|d| d == socket2::Domain::IPV6)
}

/// One end of a connected TCP socket as the kernel says it is.
pub(crate) fn end_facts(socket: &Socket, tos_asked: Option<u8>, cong_control_asked: Option<&str>) -> EndFacts {
    let size = |bytes: io::Result<usize>| bytes.ok().map(|b| b as u32);
    EndFacts {
        cong_control_asked: cong_control_asked.map(str::to_owned),
        cong_control: cong_control(socket),
        tos_asked,
        tos: tos(socket),
        tos_seen: None,
        send_buffer: size(socket.send_buffer_size()),
        receive_buffer: size(socket.recv_buffer_size()),
        mss: socket.tcp_mss().ok(),
        read_size: Some(crate::bulk::QUOTA as u32),
    }
}

/// Where to bind a socket that will be connected to `target`: a link-local address is that of the interface that leads there.
pub(crate) fn bound_to(address: IpAddr, target: SocketAddr) -> SocketAddr {
    let mut bound = SocketAddr::new(address, 0);
    if let (SocketAddr::V6(bound), SocketAddr::V6(target)) = (&mut bound, target)
        && bound.ip().is_unicast_link_local()
    {
        bound.set_scope_id(target.scope_id());
    }
    bound
}

/// Binds a socket that will be connected to `target` to an address of this host.
pub(crate) fn bind_toward(socket: &Socket, address: IpAddr, target: SocketAddr) -> Result<(), Trouble> {
    if address.is_ipv4() != target.is_ipv4() {
        return Err(Trouble::new(format!(
            "cannot bind to {address}: it is an {} address, and {} an {} one",
            version_of(address),
            target.ip(),
            version_of(target.ip())
        ))
        .hint("--local-bind and the parameters named …local_bind take addresses of the version that the host has"));
    }
    socket.bind(&bound_to(address, target).into()).map_err(|e| {
        Trouble::new(format!("cannot bind to {address}: {e}")).hint("`ip address` shows those of this host")
    })
}

/// The version of IP of an address, in words.
pub(crate) fn version_of(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

/// Reads an address to bind to; the interface behind a link-local one (`fe80::1%eth0`) is that of the target.
pub(crate) fn bind_address(text: Option<&str>) -> Result<Option<IpAddr>, Trouble> {
    text.map(|t| {
        t.split_once('%').map_or(t, |(address, _)| address).parse().map_err(|_| {
            Trouble::new(format!("{t:?} cannot be bound to: not an address")).hint("name one of this host's addresses")
        })
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use socket2::{Domain, Protocol, Type};

    #[test]
    fn an_algorithm_the_kernel_lacks_is_told_with_those_it_has() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
        let default = cong_control(&socket).unwrap();
        let trouble = set_cong_control(&socket, "warp9").unwrap_err();
        assert!(trouble.error.contains("warp9"), "{trouble}");
        assert!(trouble.hint.unwrap().contains(&default));
        set_cong_control(&socket, &default).unwrap();
    }

    #[test]
    fn link_local_addresses_are_bound_where_the_target_is() {
        let target = SocketAddr::V6(std::net::SocketAddrV6::new("fe80::2".parse().unwrap(), 5999, 0, 7));
        let bound = bind_address(Some("fe80::1%eth0")).unwrap().map(|address| bound_to(address, target)).unwrap();
        assert_eq!(bound.to_string(), "[fe80::1%7]:0");
        assert_eq!(bound_to("2001:db8::1".parse().unwrap(), target).to_string(), "[2001:db8::1]:0");
    }

    #[test]
    fn an_address_of_the_other_version_is_told_in_words() {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
        let target = "127.0.0.1:9".parse().unwrap();
        let trouble = bind_toward(&socket, "::1".parse().unwrap(), target).unwrap_err();
        assert_eq!(trouble.error, "cannot bind to ::1: it is an IPv6 address, and 127.0.0.1 an IPv4 one");
        bind_toward(&socket, "127.0.0.1".parse().unwrap(), target).unwrap();
    }

    #[test]
    fn marks_are_set_and_read_back() {
        for domain in [Domain::IPV4, Domain::IPV6] {
            let Ok(socket) = Socket::new(domain, Type::DGRAM, None) else { continue };
            set_tos(&socket, 0xb8).unwrap();
            assert_eq!(tos(&socket), Some(0xb8));
        }
    }
}
