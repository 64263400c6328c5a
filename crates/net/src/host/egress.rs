//! The interface that leads to a target: driver, byte queue limits, offloads, queueing disciplines.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use indexmap::IndexMap;
use serde::Serialize;
use socket2::{Domain, Socket, Type};

use super::netlink::{Ask, Netlink, request};
use super::qdisc::{Discipline, Kind, disciplines};
use super::route::{DESTINATION, INTERFACE, Link, Route, Target, links, route, route_request_body};
use super::{Detail, read_text};
use crate::sys::ethtool::{self, Query};

/// What `EGRESS_INFO` holds; the shape is Flent's. Missing facts are null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EgressInfo {
    /// Interface name.
    pub iface: String,
    /// Kernel driver; null for links without hardware or driver information.
    pub driver: Option<String>,
    /// Byte queue limit (`limit_max`) of each transmit queue, in bytes, as text.
    pub bql: Option<IndexMap<String, String>>,
    /// Five offloads by `ethtool`'s long names.
    pub offloads: Option<IndexMap<&'static str, bool>>,
    /// `qlen`, `mtu`, `speed`, `duplex`, and with extended facts `ether`.
    pub link_params: Option<IndexMap<&'static str, String>>,
    /// Queueing disciplines, root first.
    qdiscs: Option<Vec<Discipline>>,
    /// Classes; null when there are none.
    classes: Option<Vec<Discipline>>,
    /// Counters of the qdiscs before the run, one text each.
    pub tc_stats_pre: Option<Vec<String>>,
    /// Extended only: our address on the way to the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src: Option<IpAddr>,
    /// Extended only: the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<IpAddr>,
    /// Extended only: next hop; null when the target is on the link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nexthop: Option<Option<IpAddr>>,
}

/// Facts about the way to `target`; `None` when the kernel knows no way, or does not tell.
pub(crate) fn egress(target: Target, detail: Detail) -> Option<EgressInfo> {
    let mut netlink = Netlink::open().ok()?;
    let route = route_to(&mut netlink, target)?;
    let answer = netlink.ask(&request(Ask::Link, true, &[0; 16], &[])).ok()?;
    let link = links(&answer).into_iter().find(|link| link.index == route.interface)?;
    let qdiscs = dump(&mut netlink, link.index, Kind::Qdisc);
    let classes = dump(&mut netlink, link.index, Kind::Class).filter(|classes| !classes.is_empty());
    let control = Socket::new(Domain::IPV4, Type::DGRAM, None).ok();
    let sysfs = Path::new("/sys/class/net").join(&link.name);
    Some(EgressInfo {
        driver: driver(&sysfs, control.as_ref(), &link.name),
        bql: byte_queue_limits(&sysfs),
        offloads: control.as_ref().and_then(|control| offloads(control, &link.name)),
        link_params: Some(link_params(&sysfs, &link, detail)),
        tc_stats_pre: qdiscs.as_deref().and_then(statistics),
        qdiscs,
        classes,
        src: route.source.filter(|_| detail.is_extended()),
        target: detail.is_extended().then_some(target.address),
        nexthop: detail.is_extended().then_some(route.gateway),
        iface: link.name,
    })
}

/// Counters of the qdiscs on the way to `target` now, one text each: what `tc_stats_post` holds after a run.
pub(crate) fn qdisc_statistics(target: Target) -> Option<Vec<String>> {
    let mut netlink = Netlink::open().ok()?;
    let interface = route_to(&mut netlink, target)?.interface;
    statistics(&dump(&mut netlink, interface, Kind::Qdisc)?)
}

fn route_to(netlink: &mut Netlink, target: Target) -> Option<Route> {
    let (body, destination) = route_request_body(target.address);
    let interface = target.interface.map(u32::to_ne_bytes);
    let mut attributes: Vec<(u16, &[u8])> = vec![(DESTINATION, &destination)];
    attributes.extend(interface.iter().map(|index| (INTERFACE, index.as_slice())));
    let answer = netlink.ask(&request(Ask::Route, false, &body, &attributes)).ok()?;
    route(&answer)
}

fn statistics(qdiscs: &[Discipline]) -> Option<Vec<String>> {
    let texts: Vec<_> = qdiscs.iter().filter_map(Discipline::statistics).collect();
    (!texts.is_empty()).then_some(texts)
}

fn dump(netlink: &mut Netlink, interface: u32, kind: Kind) -> Option<Vec<Discipline>> {
    let ask = match kind {
        Kind::Qdisc => Ask::Qdisc,
        Kind::Class => Ask::Class,
    };
    // `tcmsg`: the kernel lists the classes of the interface named here, and qdiscs of all.
    let mut body = [0; 20];
    body[4..8].copy_from_slice(&interface.to_ne_bytes());
    let answer = netlink.ask(&request(ask, true, &body, &[])).ok()?;
    Some(disciplines(&answer, interface, kind))
}

/// The module behind the device where there is a device, else what the driver calls itself (veth, tun, bridge).
fn driver(sysfs: &Path, control: Option<&Socket>, name: &str) -> Option<String> {
    let link = fs::read_link(sysfs.join("device/driver")).ok();
    let module = link.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    module.or_else(|| ethtool::driver(control?, name).ok()).filter(|driver| !driver.is_empty())
}

fn byte_queue_limits(sysfs: &Path) -> Option<IndexMap<String, String>> {
    let mut queues: Vec<_> = fs::read_dir(sysfs.join("queues"))
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let number: u32 = name.strip_prefix("tx-")?.parse().ok()?;
            let limit = read_text(&entry.path().join("byte_queue_limits/limit_max"))?;
            Some((number, name, limit.trim().to_owned()))
        })
        .collect();
    queues.sort_unstable();
    (!queues.is_empty()).then(|| queues.into_iter().map(|(_, name, limit)| (name, limit)).collect())
}

fn offloads(control: &Socket, name: &str) -> Option<IndexMap<&'static str, bool>> {
    const LRO: u32 = 1 << 15;
    let on = |query, mask| ethtool::query(control, name, query).map(|value| value & mask != 0);
    // A link that answers none of them has no offloads to speak of; one missing answer means "not possible here".
    let found = [
        ("tcp-segmentation-offload", on(Query::Tso, u32::MAX)),
        ("udp-fragmentation-offload", on(Query::Ufo, u32::MAX)),
        ("generic-segmentation-offload", on(Query::Gso, u32::MAX)),
        ("generic-receive-offload", on(Query::Gro, u32::MAX)),
        ("large-receive-offload", on(Query::Flags, LRO)),
    ];
    let any = found.iter().any(|(_, answer)| answer.is_ok());
    any.then(|| found.into_iter().map(|(name, answer)| (name, answer.unwrap_or(false))).collect())
}

fn link_params(sysfs: &Path, link: &Link, detail: Detail) -> IndexMap<&'static str, String> {
    let mut params = IndexMap::new();
    let mut set = |name, value: Option<String>| {
        if let Some(value) = value {
            params.insert(name, value);
        }
    };
    set("qlen", link.queue_length.map(|packets| packets.to_string()));
    set("mtu", link.mtu.map(|bytes| bytes.to_string()));
    // The kernel answers -1, or an error, when a link has no speed.
    let speed = read_text(&sysfs.join("speed")).and_then(|text| text.trim().parse::<u32>().ok());
    set("speed", speed.map(|mbits| format!("{mbits}Mb/s")));
    set("duplex", read_text(&sysfs.join("duplex")).and_then(|text| duplex(&text)));
    set("ether", link.ether.clone().filter(|_| detail.is_extended()));
    params
}

/// `Full` or `Half`, capitalised as `ethtool` does.
fn duplex(text: &str) -> Option<String> {
    match text.trim() {
        "full" => Some("Full".into()),
        "half" => Some("Half".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn queue_limits_are_listed_by_queue_number() {
        let dir = tempfile::tempdir().unwrap();
        for queue in ["tx-10", "tx-2", "rx-0"] {
            let limits = dir.path().join("queues").join(queue).join("byte_queue_limits");
            fs::create_dir_all(&limits).unwrap();
            fs::write(limits.join("limit_max"), "1879048192\n").unwrap();
        }
        let found = byte_queue_limits(dir.path()).unwrap();
        assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["tx-2", "tx-10"]);
        assert_eq!(found["tx-2"], "1879048192");
        assert_eq!(byte_queue_limits(&dir.path().join("none")), None);
    }

    #[test]
    fn addresses_are_given_only_when_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("speed"), "-1\n").unwrap();
        fs::write(dir.path().join("duplex"), "full\n").unwrap();
        let link = Link {
            index: 2,
            name: "eth0".into(),
            mtu: Some(1500),
            queue_length: Some(1000),
            ether: Some("02:fc:00:00:00:01".into()),
        };
        let json = |detail| serde_json::to_string(&link_params(dir.path(), &link, detail)).unwrap();
        assert_eq!(json(Detail::Anonymous), r#"{"qlen":"1000","mtu":"1500","duplex":"Full"}"#);
        assert!(json(Detail::Extended).contains("02:fc:00"));
    }
}
