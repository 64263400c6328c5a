//! Names of children of series, and what looks like one: `TCP upload BE::tcp_cwnd` is `tcp_cwnd` of `TCP upload BE`, but the
//! colons of a host that is written as an address, as in `TCP upload BE 2001:db8::1`, part nothing.

use std::net::Ipv6Addr;
use std::ops::Range;

/// What parts a child from its parent.
const MARK: &str = "::";

/// Parent and child at the first mark; `None` for a name without one.
///
/// ```
/// use fa_catalog::child;
///
/// assert_eq!(child::split("TCP upload fd00::2::tcp_rtt"), Some(("TCP upload fd00::2", "tcp_rtt")));
/// assert_eq!(child::split("VoIP::rtt::max"), Some(("VoIP", "rtt::max")));
/// assert_eq!(child::split_last("VoIP::rtt::max"), Some(("VoIP::rtt", "max")));
/// assert_eq!(child::split("TCP upload fd00::2"), None);
/// ```
pub fn split(name: &str) -> Option<(&str, &str)> {
    marks(name).next().map(|at| (&name[..at], &name[at + MARK.len()..]))
}

/// Parent and child at the last mark.
pub fn split_last(name: &str) -> Option<(&str, &str)> {
    marks(name).last().map(|at| (&name[..at], &name[at + MARK.len()..]))
}

/// Where marks are, in bytes.
fn marks(name: &str) -> impl Iterator<Item = usize> {
    let addresses = addresses(name);
    let outside = move |at: &usize| !addresses.iter().any(|address| address.contains(at));
    name.match_indices(MARK).map(|(at, _)| at).filter(outside)
}

/// Where IPv6 addresses are in a name, in bytes, each with its scope.
pub(crate) fn addresses(name: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // Most names have none.
    if name.matches(':').nth(1).is_none() {
        return found;
    }
    let mut begin = 0;
    let parts = |c: char| c.is_whitespace() || "()[],_".contains(c);
    for word in name.split_inclusive(parts) {
        let word_end = begin + word.trim_end_matches(parts).len();
        if let Some(len) = address(&name[begin..word_end]) {
            found.push(begin..begin + len);
        }
        begin += word.len();
    }
    found
}

/// How much of the beginning of a word is an address: all of it, or what stands before a mark.
fn address(word: &str) -> Option<usize> {
    /// The longest address, written out.
    const LONGEST: usize = 45;
    let ends = word.match_indices(MARK).map(|(at, _)| at).chain([word.len()]);
    ends.filter(|&end| {
        let (bare, scope) = word[..end].split_once('%').unwrap_or((&word[..end], ""));
        bare.len() <= LONGEST && !scope.contains(':') && bare.parse().is_ok_and(may_be_a_host)
    })
    .max()
}

/// Whether hosts have such addresses. Marks and numbers of streams read as addresses too: `BE::1`, `AF11::2`.
fn may_be_a_host(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    let global = first >> 13 == 1;
    let translated = first == 0x64 && address.segments()[1] == 0xff9b;
    global
        || translated
        || address.is_loopback()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        || address.to_ipv4_mapped().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_hosts_are_no_children() {
        for (name, parts) in [
            ("TCP upload BE", None),
            ("TCP upload BE::tcp_cwnd", Some(("TCP upload BE", "tcp_cwnd"))),
            ("TCP upload BE::1", Some(("TCP upload BE", "1"))),
            ("TCP upload AF11::2", Some(("TCP upload AF11", "2"))),
            ("TCP upload EF::bad", Some(("TCP upload EF", "bad"))),
            ("Ping (ms) ::1", None),
            ("Ping (ms) ::1::owd_up", Some(("Ping (ms) ::1", "owd_up"))),
            ("TCP upload 2001:db8::1 BE", None),
            ("TCP upload 2001:db8::1 BE::tcp_rtt", Some(("TCP upload 2001:db8::1 BE", "tcp_rtt"))),
            ("TCP upload 2001:db8:0:1:2:3:4:5", None),
            ("TCP upload fe80::1%eth0", None),
            ("TCP upload fe80::1%eth0::tcp_rtt", Some(("TCP upload fe80::1%eth0", "tcp_rtt"))),
            ("TCP upload [fd00::1]:5998", None),
            ("qdisc_stats_fd00::1", None),
            ("qdisc_stats_fd00::1::ecn_mark", Some(("qdisc_stats_fd00::1", "ecn_mark"))),
            ("::", Some(("", ""))),
        ] {
            assert_eq!(split(name), parts, "{name}");
        }
    }
}
