//! Host facts: what kernel, settings and interface a result was measured with.
//!
//! Everything is read from the kernel (`/proc`, `/sys`, route netlink, one ioctl); no other program is needed.
//! A fact that cannot be had is null, never an error: a measurement does not fail for want of a description.
//! Parsers are pure functions over bytes; files and sockets are touched only here, in `egress` and in `Netlink`.
//!
//! Addresses, gateways, next hop, hardware address and wireless networks identify a place, so they are collected only with
//! [`Detail::Extended`].

mod cpu;
mod egress;
mod module;
pub(crate) mod netlink;
mod qdisc;
mod route;
mod sysctl;
mod wireless;

use std::fs::{self, File};
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value};

pub use cpu::Cpu;
pub use egress::EgressInfo;
pub use route::{Gateway, Target};
pub use wireless::{Channel, Wireless};

/// No file of `/proc` or `/sys` that is read here is near this long.
const MAX_TEXT_BYTES: u64 = 1 << 20;

/// How much a host tells about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Nothing that identifies a place: no addresses.
    Anonymous,
    /// Addresses, gateways, next hop, hardware address too (`--extended-metadata`).
    Extended,
}

impl Detail {
    const fn is_extended(self) -> bool {
        matches!(self, Self::Extended)
    }
}

/// What a host knows about itself; serialised, the keys are those of the data file's metadata.
///
/// ```
/// use fa_net::host::{Detail, HostFacts};
///
/// let facts = HostFacts::collect(Some([127, 0, 0, 1].into()), Detail::Anonymous).to_metadata();
/// assert!(facts.contains_key("KERNEL_RELEASE") && facts.contains_key("EGRESS_INFO"));
/// assert!(!facts.contains_key("IP_ADDRS"), "only when asked for");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub struct HostFacts {
    /// The host's own name.
    pub local_host: Option<String>,
    /// Operating system, as in `Linux`.
    pub kernel_name: Option<String>,
    /// As in `6.1.0-18-amd64`.
    pub kernel_release: Option<String>,
    /// Module → build id, of modules that matter to a network.
    pub module_versions: IndexMap<String, String>,
    /// Kernel settings by their dotted names.
    pub sysctls: IndexMap<String, Value>,
    /// Interface towards the target; null without a target or a way to it.
    pub egress_info: Option<EgressInfo>,
    /// Interface towards the host that controls the run; far ends only, null without a way to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress_info: Option<Option<EgressInfo>>,
    /// Processor.
    pub cpu: Cpu,
    /// Extended only: interface → addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_addrs: Option<IndexMap<String, Vec<IpAddr>>>,
    /// Extended only: default gateways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateways: Option<Vec<Gateway>>,
    /// Extended only: wireless interface → network, channel, power.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wifi_data: Option<IndexMap<String, Wireless>>,
}

impl HostFacts {
    /// Asks the kernel; takes a few milliseconds, so not while a measurement runs.
    ///
    /// - `target`: where packets will go; decides which interface is described.
    pub fn collect(target: Option<Target>, detail: Detail) -> Self {
        let system = nix::sys::utsname::uname().ok();
        let word = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
        let place = match detail {
            Detail::Anonymous => Place::default(),
            Detail::Extended => Place::ask().unwrap_or_default(),
        };
        Self {
            local_host: nix::unistd::gethostname().ok().map(|name| word(&name)),
            kernel_name: system.as_ref().map(|system| word(system.sysname())),
            kernel_release: system.as_ref().map(|system| word(system.release())),
            module_versions: module_versions(Path::new("/sys/module")),
            sysctls: sysctl::sysctls(|path| read_text(Path::new(path))),
            egress_info: target.and_then(|target| egress::egress(target, detail)),
            ingress_info: None,
            cpu: Cpu {
                count: std::thread::available_parallelism().ok().map(usize::from),
                model: read_text(Path::new("/proc/cpuinfo")).as_deref().and_then(cpu::model),
            },
            ip_addrs: place.addresses,
            gateways: place.gateways,
            wifi_data: detail.is_extended().then(wireless::interfaces),
        }
    }

    /// The same of a far end.
    ///
    /// - `controller`: who runs the test; `INGRESS_INFO` describes the way back to it, whatever else is on that way;
    /// - `toward`: where the test's traffic goes that only passes here, as `EGRESS_INFO`; without it this host is the target
    ///   itself, what it sends goes to the controller, and the two are the same.
    pub fn of_far_end(controller: Target, toward: Option<IpAddr>, detail: Detail) -> Self {
        let mut facts = Self::collect(Some(toward.map_or(controller, Target::from)), detail);
        facts.ingress_info = Some(match toward {
            Some(_) => egress::egress(controller, detail),
            None => facts.egress_info.clone(),
        });
        facts
    }

    /// As metadata: keys and shapes of the data file.
    pub fn to_metadata(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            // Only maps with keys other than text fail to serialise, and there are none.
            _ => Map::new(),
        }
    }
}

/// What changed during a run, in the shape of the same metadata, to be merged with what was collected before it: the
/// qdisc counters on the way to `target`.
pub fn facts_after(target: Target) -> Map<String, Value> {
    let after = Map::from_iter([("tc_stats_post".to_owned(), Value::from(egress::qdisc_statistics(target)))]);
    Map::from_iter([("EGRESS_INFO".to_owned(), Value::Object(after))])
}

/// What [`facts_after`] is here, for a far end as in [`HostFacts::of_far_end`].
pub(crate) fn facts_after_far_end(controller: Target, toward: Option<IpAddr>) -> Map<String, Value> {
    let mut facts = facts_after(toward.map_or(controller, Target::from));
    let mut back = facts_after(controller);
    facts.extend(back.remove("EGRESS_INFO").map(|info| ("INGRESS_INFO".to_owned(), info)));
    facts
}

/// What identifies where a host is.
#[derive(Debug, Default)]
struct Place {
    addresses: Option<IndexMap<String, Vec<IpAddr>>>,
    gateways: Option<Vec<Gateway>>,
}

impl Place {
    fn ask() -> Option<Self> {
        let mut netlink = netlink::Netlink::open().ok()?;
        let mut dump = |ask, body: &[u8]| netlink.ask(&netlink::request(ask, true, body, &[])).ok();
        let links = route::links(&dump(netlink::Ask::Link, &[0; 16])?);
        Some(Self {
            addresses: dump(netlink::Ask::Address, &[0; 8]).map(|answer| route::addresses(&answer, &links)),
            gateways: dump(netlink::Ask::Route, &[0; 12]).map(|answer| route::gateways(&answer, &links)),
        })
    }
}

fn module_versions(sysfs: &Path) -> IndexMap<String, String> {
    let entries = fs::read_dir(sysfs).into_iter().flatten();
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    module::versions(names, |name| read_bytes(&sysfs.join(name).join("notes/.note.gnu.build-id")))
}

/// A small file's text; `None` when it is missing, unreadable, or not text.
fn read_text(path: &Path) -> Option<String> {
    String::from_utf8(read_bytes(path)?).ok()
}

fn read_bytes(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_TEXT_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn this_host_describes_its_loopback_without_addresses() {
        if !cfg!(target_os = "linux") {
            println!("skipped: this_host_describes_its_loopback_without_addresses: needs Linux");
            return;
        }
        let facts = HostFacts::collect(Some([127, 0, 0, 1].into()), Detail::Anonymous).to_metadata();
        assert_eq!(facts["KERNEL_NAME"], "Linux");
        let egress = facts["EGRESS_INFO"].as_object().unwrap();
        assert_eq!(egress["iface"], "lo");
        for key in ["driver", "bql", "offloads", "link_params", "qdiscs", "classes", "tc_stats_pre"] {
            assert!(egress.contains_key(key), "{key} is there, null or not");
        }
        for key in ["src", "target", "nexthop"] {
            assert!(!egress.contains_key(key), "{key} only when asked for");
        }
    }

    #[test]
    fn counters_afterwards_are_of_the_same_qdiscs() {
        let target = [127, 0, 0, 1].into();
        let before = HostFacts::collect(Some(target), Detail::Anonymous).to_metadata();
        let names = |texts: &Value| {
            let first_words = |text: &Value| text.as_str().unwrap().lines().next().unwrap().to_owned();
            texts.as_array().map(|texts| texts.iter().map(first_words).collect::<Vec<_>>())
        };
        let after = facts_after(target);
        assert_eq!(names(&after["EGRESS_INFO"]["tc_stats_post"]), names(&before["EGRESS_INFO"]["tc_stats_pre"]));
    }

    #[test]
    fn extended_facts_have_addresses() {
        let facts = HostFacts::collect(Some([127, 0, 0, 1].into()), Detail::Extended).to_metadata();
        assert!(facts.contains_key("IP_ADDRS") && facts.contains_key("GATEWAYS") && facts["WIFI_DATA"].is_object());
        assert_eq!(facts["EGRESS_INFO"]["target"], "127.0.0.1");
        assert_eq!(facts["EGRESS_INFO"]["nexthop"], Value::Null);
    }
}
