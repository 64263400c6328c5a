//! Names of web servers to addresses: by the system, or by name servers that the user chose.

use crate::socket::Trouble;
use fa_measure::dns;
use fa_measure::plan::IpVersion;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;

/// How long a name server may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads `ADDRESS[:PORT]` of name servers.
pub(super) fn servers(texts: &[String]) -> Result<Vec<SocketAddr>, Trouble> {
    let read = |text: &String| {
        let text = text.trim();
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        text.parse().or_else(|_| bare.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53))).map_err(|_| {
            Trouble::new(format!("{text:?} is no name server")).hint("give addresses: ADDRESS or ADDRESS:PORT")
        })
    };
    texts.iter().map(read).collect()
}

/// An address written out, with its interface where it is a link-local one; `None` for a name.
pub(super) fn literal(host: &str) -> Option<SocketAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let scoped = || format!("[{bare}]:0").parse().ok();
    bare.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 0)).ok().or_else(scoped)
}

/// Addresses of a name, of the version wanted; their port is 0.
pub(super) async fn addresses(
    name: &str,
    dns: &[SocketAddr],
    version: Option<IpVersion>,
) -> Result<Vec<SocketAddr>, String> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let fits = |address: &SocketAddr| version.is_none_or(|v| (v == IpVersion::V4) == address.is_ipv4());
    let found: Vec<SocketAddr> = if let Some(address) = literal(name) {
        vec![address]
    } else if dns.is_empty() || bare.contains('%') {
        // The system also knows names of interfaces.
        tokio::net::lookup_host((bare, 0)).await.map_err(|e| format!("{bare}: {e}"))?.collect()
    } else {
        ask(bare, dns, version).await?.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect()
    };
    let found: Vec<SocketAddr> = found.into_iter().filter(fits).collect();
    if found.is_empty() { Err(format!("{bare} has no address of the version asked for")) } else { Ok(found) }
}

/// The first of these servers that knows.
async fn ask(name: &str, dns: &[SocketAddr], version: Option<IpVersion>) -> Result<Vec<IpAddr>, String> {
    let kinds: &[bool] = match version {
        Some(IpVersion::V4) => &[false],
        Some(IpVersion::V6) => &[true],
        // In the order in which the system's resolver mostly tells them.
        None => &[true, false],
    };
    let mut last = String::new();
    for &server in dns {
        let mut all = Vec::new();
        for &v6 in kinds {
            match ask_one(name, server, v6).await {
                Ok(found) if !found.is_empty() => all.extend(found),
                Ok(_) => last = format!("{server} knows no address of {name}"),
                Err(e) => last = format!("name server {server}: {e}"),
            }
        }
        if !all.is_empty() {
            return Ok(all);
        }
    }
    Err(last)
}

async fn ask_one(name: &str, server: SocketAddr, v6: bool) -> Result<Vec<IpAddr>, String> {
    let mut id = [0; 2];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut id);
    let id = u16::from_ne_bytes(id);
    let question = dns::question(id, name, v6).ok_or_else(|| format!("{name:?} is no name"))?;
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let text = |e: std::io::Error| e.to_string();
    let socket = UdpSocket::bind((any, 0)).await.map_err(text)?;
    socket.connect(server).await.map_err(text)?;
    socket.send(&question).await.map_err(text)?;
    let mut buffer = [0; 1500];
    let answer = async {
        loop {
            let n = socket.recv(&mut buffer).await.map_err(text)?;
            if buffer.get(..2) == Some(&id.to_be_bytes()) {
                return dns::addresses(id, &buffer[..n]).ok_or_else(|| format!("it does not know {name}"));
            }
        }
    };
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err("no answer".into()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_chosen_name_server_tells_both_versions_as_the_system_does() {
        let dns = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let at = dns.local_addr().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((n, from)) = dns.recv_from(&mut buffer) {
                let mut answer = buffer[..n].to_vec();
                answer[2..8].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1]);
                // The kind that was asked for is the last but one pair of bytes: 1 or 28.
                if buffer[n - 3] == 1 {
                    answer.extend(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01");
                } else {
                    answer.extend(b"\xc0\x0c\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x10");
                    answer.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
                }
                let _ = dns.send_to(&answer, from);
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let told = |version| runtime.block_on(addresses("web.example", &[at], version)).unwrap();
        let (v4, v6) = ("192.0.2.1:0".parse().unwrap(), "[2001:db8::1]:0".parse().unwrap());
        assert_eq!(told(None), [v6, v4]);
        assert_eq!(told(Some(IpVersion::V4)), [v4]);
        assert_eq!(told(Some(IpVersion::V6)), [v6]);
    }

    #[test]
    fn addresses_are_no_names_and_keep_their_interface() {
        assert_eq!(literal("192.0.2.1"), Some("192.0.2.1:0".parse().unwrap()));
        assert_eq!(literal("[2001:db8::1]"), Some("[2001:db8::1]:0".parse().unwrap()));
        let Some(SocketAddr::V6(local)) = literal("[fe80::1%7]") else { panic!("an address") };
        assert_eq!(local.scope_id(), 7);
        assert_eq!(literal("example.org"), None);
    }
}
