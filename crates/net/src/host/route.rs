//! Routes, links and addresses: which interface leads to a target, and what the host is called on its networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use indexmap::IndexMap;
use serde::Serialize;

use super::netlink::{Message, attribute, messages, text, u32_at};

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PREFSRC: u16 = 7;
const RT_TABLE_MAIN: u8 = 254;
const RTN_UNICAST: u8 = 1;

/// Where packets will go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The address.
    pub address: IpAddr,
    /// Index of the interface, where the address alone does not say: a link-local one may be on any link.
    pub interface: Option<u32>,
}

impl<A: Into<IpAddr>> From<A> for Target {
    fn from(address: A) -> Self {
        Self { address: address.into(), interface: None }
    }
}

impl Target {
    /// With the interface that a socket's address names.
    pub fn of(address: SocketAddr) -> Self {
        let interface = match address {
            SocketAddr::V6(v6) => Some(v6.scope_id()).filter(|&scope| scope != 0),
            SocketAddr::V4(_) => None,
        };
        Self { address: address.ip().to_canonical(), interface }
    }
}

/// The way to one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    /// Index of the interface that packets leave through.
    pub(crate) interface: u32,
    /// Next hop, when the target is not on the link.
    pub(crate) gateway: Option<IpAddr>,
    /// Source address the kernel would choose.
    pub(crate) source: Option<IpAddr>,
}

/// A network interface as far as route netlink describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) mtu: Option<u32>,
    pub(crate) queue_length: Option<u32>,
    /// Hardware address, six bytes as text; only Ethernet-like links have one.
    pub(crate) ether: Option<String>,
}

/// A default gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gateway {
    /// Interface that leads there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iface: Option<String>,
    /// Its address.
    pub ip: IpAddr,
}

/// The fixed part and destination attribute of a route request.
pub(crate) fn route_request_body(target: IpAddr) -> ([u8; 12], Vec<u8>) {
    let (family, octets) = match target {
        IpAddr::V4(address) => (libc::AF_INET, address.octets().to_vec()),
        IpAddr::V6(address) => (libc::AF_INET6, address.octets().to_vec()),
    };
    let mut body = [0; 12];
    body[0] = family as u8;
    body[1] = (octets.len() * 8) as u8;
    (body, octets)
}

/// Number of the destination attribute in a route request.
pub(crate) const DESTINATION: u16 = RTA_DST;
/// Number of the attribute that names the interface in it.
pub(crate) const INTERFACE: u16 = RTA_OIF;

/// The route in the answer to a route request.
pub(crate) fn route(answer: &[u8]) -> Option<Route> {
    let message = messages(answer).find(|message| message.kind == RTM_NEWROUTE)?;
    let attributes = message.body.get(12..)?;
    Some(Route {
        interface: u32_at(attribute(attributes, RTA_OIF)?, 0)?,
        gateway: attribute(attributes, RTA_GATEWAY).and_then(address),
        source: attribute(attributes, RTA_PREFSRC).and_then(address),
    })
}

/// All links in a dump.
pub(crate) fn links(answer: &[u8]) -> Vec<Link> {
    messages(answer).filter(|message| message.kind == RTM_NEWLINK).filter_map(link).collect()
}

fn link(message: Message<'_>) -> Option<Link> {
    let attributes = message.body.get(16..)?;
    let number = |kind| attribute(attributes, kind).and_then(|value| u32_at(value, 0));
    let ether = attribute(attributes, 1).filter(|value| value.len() == 6 && value.iter().any(|&byte| byte != 0));
    Some(Link {
        index: u32_at(message.body, 4)?,
        name: text(attribute(attributes, 3)?),
        mtu: number(4),
        queue_length: number(13),
        ether: ether.map(|value| value.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")),
    })
}

/// Interface name → its addresses, in the kernel's order.
pub(crate) fn addresses(answer: &[u8], links: &[Link]) -> IndexMap<String, Vec<IpAddr>> {
    let mut found: IndexMap<String, Vec<IpAddr>> = IndexMap::new();
    for message in messages(answer).filter(|message| message.kind == RTM_NEWADDR) {
        let Some(attributes) = message.body.get(8..) else { continue };
        // The local address (2) differs from the address (1) on point-to-point links.
        let value = attribute(attributes, 2).or_else(|| attribute(attributes, 1));
        let (Some(index), Some(address)) = (u32_at(message.body, 4), value.and_then(address)) else { continue };
        if let Some(link) = links.iter().find(|link| link.index == index) {
            found.entry(link.name.clone()).or_default().push(address);
        }
    }
    found
}

/// The default gateways of the main table.
pub(crate) fn gateways(answer: &[u8], links: &[Link]) -> Vec<Gateway> {
    let gateway = |message: Message<'_>| {
        let &[_, destination_len, _, _, table, _, _, kind, ..] = message.body else { return None };
        let attributes = message.body.get(12..)?;
        let is_default = destination_len == 0 && table == RT_TABLE_MAIN && kind == RTN_UNICAST;
        let ip = address(attribute(attributes, RTA_GATEWAY)?).filter(|_| is_default)?;
        let index = attribute(attributes, RTA_OIF).and_then(|value| u32_at(value, 0));
        let iface = links.iter().find(|link| Some(link.index) == index).map(|link| link.name.clone());
        Some(Gateway { iface, ip })
    };
    messages(answer).filter(|message| message.kind == RTM_NEWROUTE).filter_map(gateway).collect()
}

fn address(value: &[u8]) -> Option<IpAddr> {
    match value.len() {
        4 => Some(IpAddr::V4(Ipv4Addr::from(*value.first_chunk::<4>()?))),
        16 => Some(IpAddr::V6(Ipv6Addr::from(*value.first_chunk::<16>()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::netlink::{Ask, request};
    use super::*;

    /// A message of this kind with a body and attributes, as the kernel would send it.
    fn message(kind: u16, body: &[u8], attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = request(Ask::Link, false, body, attributes);
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes
    }

    fn eth0() -> Vec<u8> {
        let mut body = [0; 16];
        body[4..8].copy_from_slice(&4_u32.to_ne_bytes());
        message(
            RTM_NEWLINK,
            &body,
            &[(3, b"eth0\0"), (4, &1400_u32.to_ne_bytes()), (13, &1000_u32.to_ne_bytes()), (1, &[2, 0xfc, 0, 0, 0, 1])],
        )
    }

    #[test]
    fn a_link_has_name_mtu_queue_length_and_address() {
        let found = links(&eth0());
        let expected = Link {
            index: 4,
            name: "eth0".into(),
            mtu: Some(1400),
            queue_length: Some(1000),
            ether: Some("02:fc:00:00:00:01".into()),
        };
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_route_names_interface_source_and_next_hop() {
        let answer = message(
            RTM_NEWROUTE,
            &[2, 32, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0],
            &[(RTA_OIF, &4_u32.to_ne_bytes()), (RTA_GATEWAY, &[192, 0, 2, 1]), (RTA_PREFSRC, &[192, 0, 2, 2])],
        );
        let found = route(&answer).unwrap();
        assert_eq!(found.interface, 4);
        assert_eq!(found.gateway.unwrap().to_string(), "192.0.2.1");
        assert_eq!(found.source.unwrap().to_string(), "192.0.2.2");
        for cut in 0..answer.len() {
            assert_eq!(route(&answer[..cut]), None);
        }
    }

    #[test]
    fn the_interface_of_a_link_local_address_is_its_scope() {
        let of = |text: &str| Target::of(text.parse().unwrap()).interface;
        assert_eq!((of("[fe80::1%7]:5999"), of("[2001:db8::1]:5999"), of("192.0.2.1:5999")), (Some(7), None, None));
    }

    #[test]
    fn only_default_routes_of_the_main_table_are_gateways() {
        let oif = 4_u32.to_ne_bytes();
        let attributes: &[(u16, &[u8])] = &[(RTA_OIF, &oif), (RTA_GATEWAY, &[192, 0, 2, 1])];
        let answer = [
            message(RTM_NEWROUTE, &[2, 0, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0], attributes),
            message(RTM_NEWROUTE, &[2, 24, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0], attributes),
            message(RTM_NEWROUTE, &[2, 0, 0, 0, 255, 0, 0, 1, 0, 0, 0, 0], attributes),
        ]
        .concat();
        let found = gateways(&answer, &links(&eth0()));
        assert_eq!(serde_json::to_string(&found).unwrap(), r#"[{"iface":"eth0","ip":"192.0.2.1"}]"#);
    }

    #[test]
    fn addresses_are_grouped_by_interface() {
        let body = [2, 24, 0, 0, 4, 0, 0, 0];
        let answer = [
            message(RTM_NEWADDR, &body, &[(1, &[192, 0, 2, 2]), (2, &[192, 0, 2, 2])]),
            message(RTM_NEWADDR, &body, &[(1, &[0; 16])]),
            message(RTM_NEWADDR, &[2, 24, 0, 0, 9, 0, 0, 0], &[(1, &[10, 0, 0, 1])]),
        ]
        .concat();
        let found = addresses(&answer, &links(&eth0()));
        assert_eq!(serde_json::to_string(&found).unwrap(), r#"{"eth0":["192.0.2.2","::"]}"#);
    }
}
