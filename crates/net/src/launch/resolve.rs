//! Names to addresses.

use crate::socket::Trouble;
use fa_measure::plan::IpVersion;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Addresses of a host, of the wanted version, in the order to try them.
///
/// The system's order is kept: it prefers IPv6 where the host has a route for it. `localhost` has both loopback addresses,
/// whatever the system's list of hosts leaves out (RFC 6761 §6.3).
pub(super) async fn resolve(name: &str, port: u16, version: Option<IpVersion>) -> Result<Vec<SocketAddr>, Trouble> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let all: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => tokio::net::lookup_host((bare, port))
            .await
            .map_err(|e| {
                Trouble::new(format!("host {name:?} is not known: {e}")).hint("check the spelling, or give its address")
            })?
            .collect(),
    };
    let mut wanted: Vec<SocketAddr> = Vec::new();
    for address in all {
        let fits = version.is_none_or(|v| (v == IpVersion::V4) == address.is_ipv4());
        if fits && !wanted.contains(&address) {
            wanted.push(address);
        }
    }
    let loopback =
        version.map(|v| if v == IpVersion::V4 { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
    if let (true, true, Some(loopback)) = (wanted.is_empty(), bare.eq_ignore_ascii_case("localhost"), loopback) {
        wanted.push(SocketAddr::new(loopback, port));
    }
    if wanted.is_empty() {
        let version = version.map_or(4, IpVersion::number);
        return Err(Trouble::new(format!("host {name:?} has no IPv{version} address")));
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn resolved(name: &str, version: Option<IpVersion>) -> Result<Vec<SocketAddr>, Trouble> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(resolve(name, 7, version))
    }

    #[test]
    fn addresses_need_no_resolver_and_versions_are_kept_to() {
        assert_eq!(resolved("127.0.0.1", None).unwrap(), ["127.0.0.1:7".parse().unwrap()]);
        assert_eq!(resolved("[::1]", Some(IpVersion::V6)).unwrap(), ["[::1]:7".parse().unwrap()]);
        let trouble = resolved("127.0.0.1", Some(IpVersion::V6)).unwrap_err();
        assert!(trouble.error.contains("no IPv6 address"), "{trouble}");
    }

    #[test]
    fn localhost_has_both_loopback_addresses() {
        for (version, address) in [(IpVersion::V4, "127.0.0.1:7"), (IpVersion::V6, "[::1]:7")] {
            assert_eq!(resolved("localhost", Some(version)).unwrap(), [address.parse().unwrap()]);
        }
    }
}
