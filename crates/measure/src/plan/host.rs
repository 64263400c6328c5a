//! Far ends of a plan, and what their names say.

use super::{DEFAULT_PORT, IpVersion};
use serde::{Deserialize, Serialize};

/// A far end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostPlan {
    /// As the user wrote it: name or address, without port.
    pub name: String,
    /// Port of its `fa serve`.
    pub port: u16,
    /// Where the control connection goes when not to `name` itself.
    pub control: Option<String>,
    /// Version that the series demand for which this host is entered; `None`: the one of the whole run.
    #[serde(default)]
    pub ip_version: Option<IpVersion>,
    /// Local address towards it.
    #[serde(default)]
    pub local_bind: Option<String>,
}

impl HostPlan {
    /// A host by name, at the default port unless it ends in `:PORT`.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        let port = split_port(&name).1.and_then(|port| port.parse().ok()).filter(|&port| port != 0);
        Self { name, port: port.unwrap_or(DEFAULT_PORT), control: None, ip_version: None, local_bind: None }
    }

    /// A host at another port.
    pub fn at(name: impl Into<String>, port: u16) -> Self {
        Self { port, ..Self::named(name) }
    }

    /// Gives the same name a number when it comes again, as Flent does: `a`, `a//2`, `a//3`. Each is a far end of its own.
    pub fn tell_apart(hosts: &mut [Self]) {
        for at in 1..hosts.len() {
            let (before, rest) = hosts.split_at_mut(at);
            let name = &mut rest[0].name;
            let again = |known: &&Self| {
                known.name == *name || known.name.rsplit_once("//").is_some_and(|(first, _)| first == *name)
            };
            let times = before.iter().filter(again).count();
            if times > 0 {
                *name = format!("{name}//{}", times + 1);
            }
        }
    }

    /// What to connect to: the name without what only tells hosts apart. Flent's files know `router//2` (the second
    /// time that it was given) and, from its way through ssh, `root@router`; a name may also have kept its port.
    pub fn target(&self) -> &str {
        let name = self.name.rsplit_once('@').map_or(self.name.as_str(), |(_, name)| name);
        let name = match name.rsplit_once("//") {
            Some((first, n)) if !first.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => first,
            _ => name,
        };
        split_port(name).0
    }
}

/// A host's name and the port behind it: `name:port`, `[2001:db8::1]:port`. An IPv6 address without brackets has none.
fn split_port(text: &str) -> (&str, Option<&str>) {
    if let Some((name, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (name, rest.strip_prefix(':'));
    }
    match text.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') => (name, Some(port)),
        _ => (text, None),
    }
}
