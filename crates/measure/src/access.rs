//! Who may use a server, for how much, and what it says to the others.
//!
//! Pure decisions: addresses and times come in, admissions and refusals come out. The rules are on by default: without a
//! key only loopback, link-local and private addresses are answered, and every resource has a limit.

use crate::control::{Prepare, Refusal};
use crate::plan::DEFAULT_BLOCK;
use crate::time::{Span, Time};
use crate::traffic::MAX_SIZE;
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address prefix, `192.0.2.0/24`; an address alone is the prefix of its own full length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    address: IpAddr,
    bits: u8,
}

/// A prefix that is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an address prefix; write ADDRESS or ADDRESS/BITS, for example 192.0.2.0/24")]
pub struct PrefixError {
    text: String,
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let error = || PrefixError { text: text.to_owned() };
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| error())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most { Err(error()) } else { Ok(Self { address, bits }) }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Prefix {
    /// Whether `address` is inside; an IPv4 address in IPv6 clothes is its IPv4 self.
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |a: u128, b: u128, width: u32| {
            let shift = width - u32::from(self.bits);
            shift >= width || a >> shift == b >> shift
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

/// Who is answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// These too.
    pub allow: Vec<Prefix>,
    /// Only who proves to know the key, wherever from.
    pub key: bool,
    /// Everybody, with [`Limits::public`].
    pub public: bool,
}

impl Policy {
    /// Whether this source may ask for a session at all.
    ///
    /// # Errors
    /// The refusal to send, with what the operator would have to do.
    pub fn admit(&self, source: IpAddr) -> Result<(), Refusal> {
        let source = source.to_canonical();
        if self.key || self.public || is_near(source) || self.allow.iter().any(|p| p.contains(source)) {
            return Ok(());
        }
        Err(Refusal {
            error: format!(
                "this server answers only loopback, link-local and private addresses; you come from {source}"
            ),
            hint: Some(format!(
                "its operator can start it with --allow {source}, with --key FILE (and you with the same key), or with --public"
            )),
        })
    }
}

/// Loopback, link-local, private (RFC 1918, RFC 4193) and shared (RFC 6598) addresses.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => {
            let shared = a.octets()[0] == 100 && a.octets()[1] & 0xc0 == 64;
            a.is_loopback() || a.is_link_local() || a.is_private() || shared
        }
        IpAddr::V6(a) => a.is_loopback() || a.is_unicast_link_local() || a.is_unique_local(),
    }
}

/// How much one server gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Sessions in all.
    pub sessions: usize,
    /// Sessions per source address (IPv6: per /64).
    pub sessions_per_source: usize,
    /// Sessions a source may open per minute.
    pub opens_per_minute: usize,
    /// Longest run.
    pub length: Span,
    /// Flows of one session.
    pub flows: usize,
    /// Probes of one session.
    pub probes: usize,
    /// Collectors of one session.
    pub collectors: usize,
    /// Requests of one probe; a bit of memory each.
    pub requests: u32,
    /// Shortest probe interval.
    pub interval: Span,
    /// Bytes that one session may move, both ways together.
    pub bytes: Option<u64>,
    /// Bytes of memory for what a session saw, until it is fetched.
    pub memory: usize,
    /// Bytes of memory of all sessions together.
    pub memory_in_all: usize,
    /// Bits per second that the TCP flows of one session may move, both ways together.
    pub rate_bps: Option<u64>,
    /// Bytes that all sessions together may move in 24 hours.
    pub daily_bytes: Option<u64>,
    /// Bits per second of all datagram flows of one session together.
    pub datagram_bps: f64,
    /// Largest datagram.
    pub datagram_bytes: u32,
}

impl Limits {
    /// For clients that are allowed by address or key: enough for a thousand flows, a day, 10 000 probes a second.
    pub const fn normal() -> Self {
        Self {
            sessions: 200,
            sessions_per_source: 100,
            opens_per_minute: 600,
            length: Span::from_millis(24 * 3_600_000),
            flows: 2_000,
            probes: 500,
            collectors: 64,
            requests: 100_000_000,
            interval: Span::from_micros(100),
            bytes: None,
            memory: 256 << 20,
            memory_in_all: 1 << 30,
            rate_bps: None,
            daily_bytes: None,
            datagram_bps: 100e9,
            datagram_bytes: MAX_SIZE,
        }
    }

    /// For everybody: an `rrul` of a minute fits, a flood does not.
    pub const fn public() -> Self {
        Self {
            sessions: 20,
            sessions_per_source: 2,
            opens_per_minute: 6,
            length: Span::from_millis(120_000),
            flows: 16,
            probes: 16,
            collectors: 16,
            requests: 100_000,
            interval: Span::from_millis(1),
            bytes: Some(20_000_000_000),
            memory: 16 << 20,
            memory_in_all: 128 << 20,
            rate_bps: Some(1_000_000_000),
            daily_bytes: Some(500_000_000_000),
            // A flood needs no acknowledgements: it could drown a slow line beside the client's.
            datagram_bps: 20e6,
            datagram_bytes: 1_472,
        }
    }

    /// Bytes of memory that a session takes as long as it lives, beside what it saw: a bit per request of its probes, and a
    /// few kilobytes for each flow and probe.
    pub fn memory_of(ask: &Prepare) -> usize {
        const EACH: usize = 4096;
        let requests: usize = ask.probes.iter().map(|probe| (probe.count as usize).div_ceil(8)).sum();
        requests + EACH * (1 + ask.flows.len() + ask.probes.len() + ask.collectors.len())
    }

    /// Whether a session like this fits.
    ///
    /// # Errors
    /// The refusal to send, naming the limit.
    pub fn check(&self, ask: &Prepare) -> Result<(), Refusal> {
        let no =
            |what: String| Err(Refusal { error: what, hint: Some("ask for less, or the operator for more".into()) });
        if ask.length <= Span::ZERO || ask.length > self.length {
            return no(format!("a run of {} is not possible here; the longest is {}", ask.length, self.length));
        }
        if ask.step < Span::from_millis(1) {
            return no(format!("a step of {} is not possible here; the shortest is 1 ms", ask.step));
        }
        if ask.flows.len() > self.flows {
            return no(format!("{} flows are not possible here; at most {}", ask.flows.len(), self.flows));
        }
        if ask.probes.len() > self.probes {
            return no(format!("{} probes are not possible here; at most {}", ask.probes.len(), self.probes));
        }
        if ask.collectors.len() > self.collectors {
            return no(format!(
                "{} collectors are not possible here; at most {}",
                ask.collectors.len(),
                self.collectors
            ));
        }
        for collector in &ask.collectors {
            let within = collector.start >= Span::ZERO && collector.length >= Span::ZERO;
            if !within || collector.start + collector.length > ask.length {
                return no(format!("collector {} lasts longer than the run", collector.collector.0));
            }
            if collector.interval < Span::from_millis(1) {
                return no(format!(
                    "collector {}: {} between samples; the least is 1 ms",
                    collector.collector.0, collector.interval
                ));
            }
        }
        for flow in &ask.flows {
            if flow.length < Span::ZERO || flow.start < Span::ZERO || flow.start + flow.length > ask.length {
                return no(format!("flow {} lasts longer than the run", flow.flow.0));
            }
            if flow.block == 0 || flow.block > 128 * DEFAULT_BLOCK {
                return no(format!("flow {}: blocks of {} bytes are not possible", flow.flow.0, flow.block));
            }
        }
        let mut rate = 0.0;
        for flow in &ask.flows {
            let Some(datagrams) = &flow.datagrams else { continue };
            let traffic = datagrams.traffic.clone().checked();
            let traffic = match traffic {
                Ok(traffic) => traffic,
                Err(why) => return no(format!("flow {}: {why}", flow.flow.0)),
            };
            let largest = traffic.fixed_size().unwrap_or(MAX_SIZE);
            if largest > self.datagram_bytes {
                return no(format!(
                    "flow {}: datagrams of {largest} bytes are not possible here; at most {}",
                    flow.flow.0, self.datagram_bytes
                ));
            }
            rate += traffic.bits_per_sec();
        }
        if rate > self.datagram_bps {
            return no(format!(
                "datagrams of {:.0} Mbit/s are not possible here; at most {:.0} Mbit/s in all",
                rate / 1e6,
                self.datagram_bps / 1e6
            ));
        }
        for probe in &ask.probes {
            if probe.count > self.requests || probe.interval < self.interval {
                return no(format!(
                    "probe {}: {} requests every {} are not possible here; at most {} every {}",
                    probe.probe.0, probe.count, probe.interval, self.requests, self.interval
                ));
            }
        }
        let ids = |n: usize, unique: usize| n == unique;
        let flow_ids: std::collections::HashSet<_> = ask.flows.iter().map(|f| f.flow).collect();
        let probe_ids: std::collections::HashSet<_> = ask.probes.iter().map(|p| p.probe).collect();
        if !ids(ask.flows.len(), flow_ids.len()) || !ids(ask.probes.len(), probe_ids.len()) {
            return no("two flows or probes have the same number".into());
        }
        Ok(())
    }
}

/// Who a session counts for: the address, or the /64 around an IPv6 address.
pub fn source_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(a) => IpAddr::V6(Ipv6Addr::from_bits(a.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Counts sessions and openings per source.
#[derive(Debug)]
pub struct Admissions {
    limits: Limits,
    open: HashMap<IpAddr, usize>,
    recent: HashMap<IpAddr, Vec<Time>>,
}

impl Admissions {
    /// Nobody yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, open: HashMap::new(), recent: HashMap::new() }
    }

    /// Counts a new session in.
    ///
    /// # Errors
    /// The refusal to send.
    pub fn open(&mut self, address: IpAddr, now: Time) -> Result<(), Refusal> {
        let source = source_of(address);
        let minute_ago = now - Span::from_millis(60_000);
        // Forgetting here keeps the table as small as the last minute's sources.
        self.recent.retain(|_, times| {
            times.retain(|&t| t > minute_ago);
            !times.is_empty()
        });
        let later = Some("try again later".to_owned());
        if self.open.values().sum::<usize>() >= self.limits.sessions {
            return Err(Refusal { error: format!("all {} sessions are taken", self.limits.sessions), hint: later });
        }
        if self.open.get(&source).copied().unwrap_or(0) >= self.limits.sessions_per_source {
            let error =
                format!("{source} has {} sessions already, the most it may have", self.limits.sessions_per_source);
            return Err(Refusal { error, hint: later });
        }
        let recent = self.recent.entry(source).or_default();
        if recent.len() >= self.limits.opens_per_minute {
            let error = format!("{source} has opened {} sessions in the last minute", recent.len());
            return Err(Refusal { error, hint: later });
        }
        recent.push(now);
        *self.open.entry(source).or_default() += 1;
        Ok(())
    }

    /// A session is gone.
    pub fn close(&mut self, address: IpAddr) {
        let source = source_of(address);
        if let Some(open) = self.open.get_mut(&source) {
            *open -= 1;
            if *open == 0 {
                self.open.remove(&source);
            }
        }
    }
}

/// What all sessions of a server together have moved since a day began, against what they may.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    limit: Option<u64>,
    began: Time,
    /// The server's count when the day began.
    before: u64,
}

/// Length of a budget's day.
const DAY: Span = Span::from_millis(24 * 3_600_000);

impl Budget {
    /// A budget that begins now; `None`: no limit.
    pub const fn new(limit: Option<u64>, now: Time) -> Self {
        Self { limit, began: now, before: 0 }
    }

    /// Whether anything is left, `moved` being all that the server ever moved.
    ///
    /// # Errors
    /// The refusal to send, with when to come again.
    pub fn check(&mut self, moved: u64, now: Time) -> Result<(), Refusal> {
        let Some(limit) = self.limit else { return Ok(()) };
        if now - self.began >= DAY {
            (self.began, self.before) = (now, moved);
        }
        if moved.saturating_sub(self.before) < limit {
            return Ok(());
        }
        let hours = (DAY - (now - self.began)).as_secs_f64() / 3600.0;
        Err(Refusal {
            error: format!("this server has moved the {:.0} GB that it may move in a day", limit as f64 / 1e9),
            hint: Some(format!("try again in {:.0} h", hours.ceil())),
        })
    }
}

/// Bytes that may be moved now so that a rate is kept: an allowance that fills up as time goes by.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    bytes_per_sec: f64,
    left: f64,
    at: Time,
}

/// An allowance fills up for so long, seconds: short against a sampling interval, long against a wake-up.
const ALLOWANCE_SECS: f64 = 0.02;

/// About two packets.
const WORTH: usize = 3000;

impl Allowance {
    /// Full, from now on.
    pub fn new(bits_per_sec: u64, now: Time) -> Self {
        let bytes_per_sec = (bits_per_sec as f64 / 8.0).max(1.0);
        Self { bytes_per_sec, left: bytes_per_sec * ALLOWANCE_SECS, at: now }
    }

    /// When something may be moved again; `None`: now.
    pub fn wait(&mut self, now: Time) -> Option<Time> {
        let passed = (now - self.at).as_secs_f64().max(0.0);
        self.left = (self.left + passed * self.bytes_per_sec).min(self.bytes_per_sec * ALLOWANCE_SECS);
        self.at = now;
        // To half full, so that who waited can do a good deal at once.
        let half = self.bytes_per_sec * ALLOWANCE_SECS / 2.0;
        (self.left <= 0.0).then(|| now + Span::from_secs_f64((half - self.left) / self.bytes_per_sec))
    }

    /// What one of `streams` may move at once without taking what is the others', bytes; never so little that it is not worth a
    /// wake-up.
    pub fn share(&self, streams: usize) -> usize {
        (self.left.max(0.0) as usize / streams.max(1)).max(WORTH)
    }

    /// So many bytes were moved.
    pub fn take(&mut self, bytes: u64) {
        self.left -= bytes as f64;
    }
}

/// Whether datagrams may be sent there at all.
pub fn may_send_to(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(a) => !a.is_multicast() && !a.is_unspecified() && a != Ipv4Addr::BROADCAST,
        IpAddr::V6(a) => !a.is_multicast() && !a.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn strangers_are_refused_with_what_the_operator_can_do() {
        let policy = Policy::default();
        for near in [
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "192.168.1.1",
            "169.254.0.9",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "100.64.0.1",
        ] {
            assert_eq!(policy.admit(ip(near)), Ok(()), "{near}");
        }
        for far in ["192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", "100.128.0.1"] {
            assert!(policy.admit(ip(far)).unwrap_err().hint.unwrap().contains("--allow"), "{far}");
        }
        let policy = Policy { allow: vec!["192.0.2.0/28".parse().unwrap()], ..Policy::default() };
        assert_eq!(policy.admit(ip("192.0.2.15")), Ok(()));
        assert!(policy.admit(ip("192.0.2.16")).is_err());
    }

    #[test]
    fn prefixes_have_edges() {
        assert!("0.0.0.0/0".parse::<Prefix>().unwrap().contains(ip("255.1.2.3")));
        assert!("::/0".parse::<Prefix>().unwrap().contains(ip("2001:db8::1")));
        assert!(!"::/0".parse::<Prefix>().unwrap().contains(ip("192.0.2.1")));
        for bad in ["10.0.0.0/33", "host", "", "10.0.0.0/", "::/129"] {
            assert!(bad.parse::<Prefix>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_source_cannot_take_everything() {
        let mut admissions = Admissions::new(Limits::public());
        let now = Time::ZERO;
        assert_eq!(admissions.open(ip("2001:db8::1"), now), Ok(()));
        assert_eq!(admissions.open(ip("2001:db8::2"), now), Ok(()));
        assert!(admissions.open(ip("2001:db8::3"), now).is_err(), "same /64");
        assert_eq!(admissions.open(ip("192.0.2.1"), now), Ok(()));
        admissions.close(ip("2001:db8::1"));
        for _ in 0..4 {
            assert_eq!(admissions.open(ip("2001:db8::1"), now), Ok(()));
            admissions.close(ip("2001:db8::1"));
        }
        let refusal = admissions.open(ip("2001:db8::1"), now).unwrap_err();
        assert!(refusal.error.contains("last minute"), "{refusal:?}");
        assert_eq!(admissions.open(ip("2001:db8::1"), Time::from_secs_f64(61.0)), Ok(()));
    }

    #[test]
    fn floods_have_a_limit_of_their_own() {
        let flow = |rate, size| crate::control::FarFlow {
            flow: crate::FlowId(0),
            end: crate::event::FlowEnd::Sender,
            start: Span::ZERO,
            length: Span::from_millis(1000),
            tos: None,
            cong_control: None,
            block: 1,
            bytes: None,
            socket_stats: true,
            datagrams: Some(crate::control::FarDatagrams {
                traffic: crate::traffic::Traffic::at_rate(rate, size, 1),
                packets: false,
                spread: false,
            }),
        };
        let ask = |flows| Prepare {
            test: String::new(),
            length: Span::from_millis(1000),
            step: Span::from_millis(200),
            flows,
            probes: vec![],
            proof: None,
            challenge: None,
            elsewhere: false,
            collectors: vec![],
            extended: false,
            toward: None,
        };
        assert_eq!(Limits::public().check(&ask(vec![flow(19e6, 1400)])), Ok(()));
        for (refused, why) in [(flow(21e6, 1400), "20 Mbit/s"), (flow(1e6, 60_000), "1472"), (flow(1e16, 100), "0.1")] {
            let refusal = Limits::public().check(&ask(vec![refused])).unwrap_err();
            assert!(refusal.error.contains(why), "{refusal:?}");
        }
        assert_eq!(Limits::normal().check(&ask(vec![flow(1e9, 60_000)])), Ok(()));
    }

    #[test]
    fn a_days_bytes_are_for_all_and_come_again_the_next_day() {
        let hour = |h: f64| Time::from_secs_f64(h * 3600.0);
        let mut budget = Budget::new(Some(1000), Time::ZERO);
        assert_eq!(budget.check(999, hour(1.0)), Ok(()));
        let refusal = budget.check(1000, hour(20.5)).unwrap_err();
        assert_eq!(refusal.hint.as_deref(), Some("try again in 4 h"));
        assert_eq!(budget.check(1000, hour(24.0)), Ok(()), "a new day");
        assert!(budget.check(2000, hour(25.0)).is_err());
        assert_eq!(Budget::new(None, Time::ZERO).check(u64::MAX, hour(1.0)), Ok(()));
    }

    #[test]
    fn an_allowance_keeps_its_rate_whoever_takes_how_much_at_once() {
        // 80 Mbit/s for 10 s are 100 MB.
        for chunk in [1_000, 128 * 1024, 1_000_000] {
            let mut allowance = Allowance::new(80_000_000, Time::ZERO);
            let (mut now, mut moved) = (Time::ZERO, 0_u64);
            let end = Time::from_secs_f64(10.0);
            while now < end {
                if let Some(at) = allowance.wait(now) {
                    assert!(at > now);
                    now = at;
                } else {
                    allowance.take(chunk);
                    moved += chunk;
                }
            }
            assert!((99_000_000..=102_000_000).contains(&moved), "{chunk}: {moved}");
        }
    }

    #[test]
    fn nothing_is_sent_to_groups() {
        for bad in ["224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1", "::", "::ffff:224.0.0.1"] {
            assert!(!may_send_to(ip(bad)), "{bad}");
        }
        assert!(may_send_to(ip("192.0.2.1")));
    }

    proptest! {
        #[test]
        fn a_prefix_contains_its_own_address_and_survives_text(bits in 0u8..=128, a in any::<u128>()) {
            let prefix = Prefix { address: IpAddr::V6(Ipv6Addr::from_bits(a | 1 << 127)), bits };
            prop_assert!(prefix.contains(prefix.address));
            prop_assert_eq!(prefix.to_string().parse::<Prefix>().unwrap(), prefix);
        }
    }
}
