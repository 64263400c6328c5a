//! Leaving out who and where: names of hosts, users and wireless networks, addresses, hardware addresses and commands
//! become placeholders.
//!
//! The same name becomes the same placeholder everywhere in the file, names of series and test parameters included, so it
//! still plots and compares. What cannot identify anybody stays: `localhost`, loopback and unspecified addresses. What was
//! replaced, how often and where, is listed under `REDACTED`. The journal of the run is not redacted, since it has to
//! make the same file again: a file recovered from it is.

mod live;

pub use live::LiveRedactor;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use fa_format::{DataSet, RawSeries, RawValue, RawValues};
use serde_json::{Map, Value, json};

use crate::collect::{Collected, Program, is_this_host};
use crate::plan::Plan;

/// Metadata that is never about a place.
const UNTOUCHED: [&str; 8] = ["NAME", "FLENT_VERSION", "TIME", "T0", "RUN_ID", "RUN_END", "KERNEL_NAME", "IP_VERSION"];

/// Kinds of what is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Host,
    Address,
    Mac,
    User,
    Command,
    Network,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Address => "address",
            Self::Mac => "mac",
            Self::User => "user",
            Self::Command => "command",
            Self::Network => "network",
        }
    }

    const fn plural(self) -> &'static str {
        match self {
            Self::Host => "hosts",
            Self::Address => "addresses",
            Self::Mac => "macs",
            Self::User => "users",
            Self::Command => "commands",
            Self::Network => "networks",
        }
    }
}

/// Replaces in `set`, the data set of a run with this plan, whatever tells who and where; `names` are further names of hosts.
pub(super) fn redact<'a>(set: DataSet, plan: &Plan, names: impl IntoIterator<Item = &'a str>) -> DataSet {
    let mut redactor = Redactor::default();
    redactor.learn(plan, names);
    redactor.data_set(set)
}

#[derive(Debug, Default)]
struct Redactor {
    /// Original → placeholder.
    known: BTreeMap<String, (Kind, String)>,
    /// Originals whose text is looked for, longest first.
    words: Vec<String>,
    counts: BTreeMap<Kind, usize>,
    places: BTreeSet<String>,
}

impl Redactor {
    fn learn<'a>(&mut self, plan: &Plan, names: impl IntoIterator<Item = &'a str>) {
        for collector in &plan.collectors {
            if let Collected::Program(program) = &collector.what {
                // The whole of what was called, then its parts wherever else they are.
                self.word(Kind::Command, &collector.what.describe());
                match program {
                    Program::Command { command } => {
                        self.word(Kind::Command, command);
                    }
                    Program::Ipmi { host } => host.iter().for_each(|host| self.host(host)),
                    Program::Mqtt { topic, host, user, .. } => {
                        self.word(Kind::Command, topic);
                        self.host(host);
                        if let Some(user) = user {
                            self.word(Kind::User, user);
                        }
                    }
                    Program::Stress { .. } => {}
                }
            }
        }
        let all = plan.hosts.iter().chain(&plan.settings.hosts).chain(&plan.settings.observe.remote_metadata);
        for host in all {
            self.host(&host.name);
            host.control.iter().for_each(|control| self.host(control));
        }
        plan.host_names.iter().for_each(|name| self.host(name));
        let options = &plan.settings.options;
        for list in &options.url_lists {
            match list.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or_default()) {
                Some(authority) => self.host(authority),
                None => _ = self.word(Kind::Command, list),
            }
        }
        let payloads = plan.flows.iter().filter_map(|flow| flow.payload.as_ref());
        payloads.chain(&options.payload_name).for_each(|name| _ = self.word(Kind::Command, name));
        options.control_host.iter().for_each(|control| self.host(control));
        for (key, value) in &plan.settings.params {
            if key.contains("host") {
                value.split(',').for_each(|name| self.host(name.trim()));
            }
            if key.contains("command") && !key.contains("host") && !key.contains("label") {
                self.word(Kind::Command, value);
            }
        }
        names.into_iter().for_each(|name| self.host(name));
    }

    /// A host's name: as given, without what only tells hosts apart, and its first label.
    fn host(&mut self, name: &str) {
        let plan = crate::plan::HostPlan::named(name);
        let target = plan.target();
        if target.is_empty() || is_this_host(target) {
            return;
        }
        if let Some((user, _)) = name.split_once('@') {
            self.word(Kind::User, user);
        }
        let placeholder = self.word(Kind::Host, target);
        if target.parse::<IpAddr>().is_err()
            && let Some((first, _)) = target.split_once('.')
            && !first.is_empty()
            && !self.known.contains_key(first)
        {
            // Its own name without the domain is the same host.
            self.known.insert(first.to_owned(), (Kind::Host, placeholder));
            self.sort_in(first);
        }
    }

    /// Gives a text a placeholder.
    fn word(&mut self, kind: Kind, text: &str) -> String {
        let text = text.trim();
        if let Some((_, known)) = self.known.get(text) {
            return known.clone();
        }
        let placeholder = self.number(kind);
        if !text.is_empty() {
            self.known.insert(text.to_owned(), (kind, placeholder.clone()));
            self.sort_in(text);
        }
        placeholder
    }

    fn number(&mut self, kind: Kind) -> String {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        format!("{}-{count}", kind.word())
    }

    fn sort_in(&mut self, text: &str) {
        let at = self.words.partition_point(|known| known.len() >= text.len());
        self.words.insert(at, text.to_owned());
    }

    /// The placeholder of an address found in a text.
    fn found(&mut self, kind: Kind, text: &str) -> String {
        if let Some((_, known)) = self.known.get(text) {
            return known.clone();
        }
        let placeholder = self.number(kind);
        self.known.insert(text.to_owned(), (kind, placeholder.clone()));
        placeholder
    }

    /// A text without who and where.
    fn text(&mut self, text: &str) -> String {
        let mut parts = vec![Part::Open(text.to_owned())];
        for word in self.words.clone() {
            let Some((_, placeholder)) = self.known.get(&word).cloned() else { continue };
            parts = parts.into_iter().flat_map(|part| part.without(&word, &placeholder)).collect();
        }
        let addresses = |this: &mut Self, text: &str| {
            let text = this.hardware(text);
            let text = this.homes(&text);
            this.addresses(&text)
        };
        let done = parts.into_iter().map(|part| match part {
            Part::Open(text) => addresses(self, &text),
            Part::Closed(placeholder) => placeholder,
        });
        done.collect()
    }

    /// `aa:bb:cc:00:00:01`.
    fn hardware(&mut self, text: &str) -> String {
        const LEN: usize = 17;
        let bytes = text.as_bytes();
        let is_mac = |at: usize| {
            let Some(window) = bytes.get(at..at + LEN) else { return false };
            let shape =
                window.iter().enumerate().all(|(i, b)| if i % 3 == 2 { *b == b':' } else { b.is_ascii_hexdigit() });
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            let two_before = at.checked_sub(2).and_then(|before| bytes.get(before));
            // `::` ends the name of a series, a single colon would make it part of something longer.
            let free = before.is_none_or(|b| !b.is_ascii_alphanumeric() && (*b != b':' || two_before == Some(&b':')));
            let after = bytes
                .get(at + LEN)
                .is_none_or(|b| !b.is_ascii_hexdigit() && (*b != b':' || bytes.get(at + LEN + 1) == Some(&b':')));
            shape && free && after
        };
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            if is_mac(at) {
                let mac = text[at..at + LEN].to_ascii_lowercase();
                out.push_str(&self.found(Kind::Mac, &mac));
                at += LEN;
            } else {
                out.push(c);
                at += c.len_utf8();
            }
        }
        out
    }

    /// `/home/NAME/…`.
    fn homes(&mut self, text: &str) -> String {
        let mut out = text.to_owned();
        for folder in ["/home/", "/Users/"] {
            let mut from = 0;
            while let Some(at) = out[from..].find(folder).map(|at| from + at + folder.len()) {
                let length =
                    out[at..].find(|c: char| c == '/' || c.is_whitespace() || c == '"').unwrap_or(out.len() - at);
                let name = out[at..at + length].to_owned();
                from = at;
                if !name.is_empty() {
                    let placeholder = self.found(Kind::User, &name);
                    out.replace_range(at..at + length, &placeholder);
                    from = at + placeholder.len();
                }
            }
        }
        out
    }

    /// Addresses of the internet protocol, with port, prefix length or scope behind them or not.
    fn addresses(&mut self, text: &str) -> String {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '%' | '-' | '_');
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
            if length == 0 {
                let length = rest.find(part).unwrap_or(rest.len());
                out.push_str(&rest[..length]);
                rest = &rest[length..];
                continue;
            }
            let (token, after) = rest.split_at(length);
            rest = after;
            let bare = token.trim_end_matches(['.', ':']);
            out.push_str(&self.address(bare).unwrap_or_else(|| bare.to_owned()));
            out.push_str(&token[bare.len()..]);
        }
        out
    }

    fn address(&mut self, token: &str) -> Option<String> {
        let plain = token.split_once('%').map_or(token, |(address, _)| address);
        let (address, port) = match (plain.parse::<IpAddr>(), plain.parse::<SocketAddr>()) {
            (Ok(address), _) => (address, None),
            (_, Ok(both)) => (both.ip(), Some(both.port())),
            _ => return None,
        };
        let canonical = address.to_canonical();
        if canonical.is_loopback() || canonical.is_unspecified() {
            return None;
        }
        let placeholder = self.found(Kind::Address, &canonical.to_string());
        Some(port.map_or(placeholder.clone(), |port| format!("{placeholder}:{port}")))
    }

    fn value(&mut self, value: Value, path: &str) -> Value {
        match value {
            Value::String(text) => {
                let clean = self.text(&text);
                if clean != text {
                    self.places.insert(path.to_owned());
                }
                Value::String(clean)
            }
            Value::Array(values) => {
                values.into_iter().map(|value| self.value(value, &format!("{path}:*"))).collect::<Vec<_>>().into()
            }
            Value::Object(map) => self.object(map, path).into(),
            plain => plain,
        }
    }

    fn object(&mut self, map: Map<String, Value>, path: &str) -> Map<String, Value> {
        let mut clean = Map::new();
        for (key, value) in map {
            let name = self.text(&key);
            // One line for all series and all hosts.
            let step = if matches!(path, "SERIES_META" | "REMOTE_METADATA" | "CLOCKS") { "*" } else { &name };
            let below = if path.is_empty() { step.to_owned() } else { format!("{path}:{step}") };
            if name != key {
                self.places.insert(below.clone());
            }
            let value =
                if path.is_empty() && UNTOUCHED.contains(&key.as_str()) { value } else { self.value(value, &below) };
            clean.insert(name, value);
        }
        clean
    }

    /// Names of wireless networks, which facts about a host have under `WIFI_DATA`.
    fn networks(&mut self, facts: &Map<String, Value>) {
        let interfaces = facts.get("WIFI_DATA").and_then(Value::as_object).into_iter().flat_map(Map::values);
        for ssid in interfaces.filter_map(|interface| interface.get("ssid")?.as_str()) {
            self.word(Kind::Network, ssid);
        }
    }

    fn data_set(&mut self, mut set: DataSet) -> DataSet {
        self.networks(set.metadata.as_map());
        let far = set.metadata.get("REMOTE_METADATA").and_then(Value::as_object).into_iter().flat_map(Map::values);
        far.filter_map(Value::as_object).for_each(|facts| self.networks(facts));
        let metadata = self.object(set.metadata.as_map().clone(), "");
        let mut raw = RawValues::default();
        for name in set.raw.names() {
            if let Some(series) = set.raw.series(name) {
                raw.insert(&self.name(name, "raw_values"), self.samples(&series));
            }
        }
        set.raw = raw;
        set.series = set.series.into_iter().map(|(name, values)| (self.name(&name, "results"), values)).collect();
        set.metadata = fa_format::Metadata::from_map(metadata);
        let counts: Map<String, Value> =
            self.counts.iter().map(|(kind, count)| (kind.plural().to_owned(), (*count).into())).collect();
        set.metadata.set("REDACTED", json!({ "replaced": counts, "where": self.places }));
        set
    }

    fn name(&mut self, name: &str, place: &str) -> String {
        let clean = self.text(name);
        if clean != name {
            self.places.insert(place.to_owned());
        }
        clean
    }

    /// Samples with clean keys: stations are named by their hardware addresses.
    fn samples(&mut self, series: &RawSeries) -> RawSeries {
        let keys: Vec<(String, String)> =
            series.keys().into_iter().map(|key| (key.to_owned(), self.text(key))).collect();
        if keys.iter().all(|(key, clean)| key == clean) {
            return series.clone();
        }
        let mut builder = RawSeries::builder();
        for (entry, t) in series.t().iter().enumerate() {
            let values: Vec<(&str, RawValue)> = keys
                .iter()
                .filter(|(key, _)| key != "t")
                .filter_map(|(key, clean)| Some((clean.as_str(), series.value(entry, key)?)))
                .collect();
            builder.push_nested(*t, &values);
        }
        builder.finish()
    }
}

/// A piece of a text: to be looked through, or replaced already.
enum Part {
    Open(String),
    Closed(String),
}

impl Part {
    /// The pieces around and instead of every place where `word` stands by itself.
    fn without(self, word: &str, placeholder: &str) -> Vec<Self> {
        let Self::Open(text) = self else { return vec![self] };
        let is_word = |c: char| c.is_alphanumeric();
        let mut parts = Vec::new();
        let (mut from, mut open) = (0, 0);
        while let Some(at) = text[from..].find(word).map(|at| from + at) {
            let end = at + word.len();
            let starts = !text[..at].chars().next_back().is_some_and(is_word) || !word.starts_with(is_word);
            let ends = !text[end..].chars().next().is_some_and(is_word) || !word.ends_with(is_word);
            if starts && ends {
                parts.push(Self::Open(text[open..at].to_owned()));
                parts.push(Self::Closed(placeholder.to_owned()));
                open = end;
            }
            from = end;
        }
        parts.push(Self::Open(text[open..].to_owned()));
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(hosts: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        for host in hosts {
            redactor.host(host);
        }
        redactor
    }

    #[test]
    fn the_same_thing_gets_the_same_placeholder_everywhere() {
        let mut redactor = redactor(&["router.example.net", "192.0.2.9", "toke@ap"]);
        assert_eq!(redactor.text("cpu_stats_router.example.net::load"), "cpu_stats_host-1::load");
        assert_eq!(redactor.text("router: 192.0.2.9:5999 is away"), "host-1: host-2:5999 is away");
        assert_eq!(redactor.text("toke@ap, ap//2"), "user-1@host-3, host-3//2");
        assert_eq!(redactor.text("via 198.51.100.7 and [2001:db8::1%eth0]:80"), "via address-1 and [address-2]:80");
        assert_eq!(redactor.text("198.51.100.7:5999."), "address-1:5999.");
        assert_eq!(redactor.text("wifi::airtime_rx::AA:bb:cc:00:00:01"), "wifi::airtime_rx::mac-1");
        assert_eq!(redactor.text("aa:bb:cc:00:00:01"), "mac-1");
        assert_eq!(redactor.text("/home/toke/run.sh /home/ann"), "/home/user-1/run.sh /home/user-2");
    }

    #[test]
    fn what_identifies_nobody_stays() {
        let mut redactor = redactor(&["localhost", "127.0.0.1", "ap"]);
        for text in [
            "TCP upload::tcp_cwnd",
            "localhost 127.0.0.1 ::1 0.0.0.0:5999",
            "map apart",
            "2026-11-22T01:02:03.000000Z",
            "qdisc fq_codel 8001: root limit 10240p",
            "6.1.0-18-amd64",
            "ü",
        ] {
            assert_eq!(redactor.text(text), text);
        }
    }

    #[test]
    fn a_placeholder_is_not_looked_through_again() {
        let mut redactor = redactor(&["far", "host", "1"]);
        assert_eq!(redactor.text("far host 1"), "host-1 host-2 host-3");
    }
}
