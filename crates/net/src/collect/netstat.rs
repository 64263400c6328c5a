//! Counters of the protocols: `/proc/net/netstat`, `/proc/net/snmp` and `/proc/net/snmp6`.
//!
//! Absolute values since the host came up. Those of `TcpExt` bear their bare names, as in files of Flent, which collects no
//! others; all others are named as `nstat` does: group and counter in one word (`TcpRetransSegs`, `UdpRcvbufErrors`,
//! `Ip6InReceives`).

use super::{Values, text};
use crate::socket::Trouble;
use std::path::Path;

/// Groups that are left out: nobody has UDP-Lite, and one counter per type of ICMP message is more than it tells.
const LEFT_OUT: [&str; 3] = ["UdpLite", "IcmpMsg", "MPTcpExt"];
const LEFT_OUT_6: [&str; 3] = ["UdpLite6", "Icmp6InType", "Icmp6OutType"];

/// This host's counters now.
pub(crate) fn read() -> Result<Values, Trouble> {
    let mut values = parse(&text::read(Path::new("/proc/net/netstat"))?);
    values.extend(parse(&text::read(Path::new("/proc/net/snmp"))?));
    // Absent where there is no IPv6.
    let version_6 = text::read(Path::new("/proc/net/snmp6"));
    values.extend(version_6.map(|text| parse6(&text)).unwrap_or_default());
    Ok(values)
}

/// Pairs of lines, `Group: name name …` and `Group: number number …`.
fn parse(text: &str) -> Values {
    let mut values = Values::new();
    let mut lines = text.lines();
    while let (Some(names), Some(numbers)) = (lines.next(), lines.next()) {
        let (Some((group, names)), Some((same, numbers))) = (names.split_once(':'), numbers.split_once(':')) else {
            continue;
        };
        if group != same || LEFT_OUT.contains(&group) {
            continue;
        }
        let group = if group == "TcpExt" { "" } else { group };
        let pairs = names.split_whitespace().zip(numbers.split_whitespace());
        values.extend(pairs.filter_map(|(name, number)| Some((format!("{group}{name}"), number.parse().ok()?))));
    }
    values
}

/// One counter a line, the group already in its name.
fn parse6(text: &str) -> Values {
    let pair = |line: &str| {
        let (name, number) = line.split_once(char::is_whitespace)?;
        let wanted = !LEFT_OUT_6.iter().any(|group| name.starts_with(group));
        Some((name.to_owned(), number.trim().parse().ok().filter(|_| wanted)?))
    };
    text.lines().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_named_as_flent_and_nstat_do() {
        let text = "TcpExt: SyncookiesSent TCPLostRetransmit\nTcpExt: 0 17\nIpExt: InOctets OutOctets\nIpExt: 5 6\n\
            MPTcpExt: MPCapableSYNRX\nMPTcpExt: 0\n";
        let names: Vec<_> = parse(text).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(names, ["SyncookiesSent=0", "TCPLostRetransmit=17", "IpExtInOctets=5", "IpExtOutOctets=6"]);
        let text = "Tcp: RtoAlgorithm MaxConn RetransSegs\nTcp: 1 -1 40\nUdpLite: InDatagrams\nUdpLite: 1\n";
        let names: Vec<_> = parse(text).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(names, ["TcpRtoAlgorithm=1", "TcpMaxConn=-1", "TcpRetransSegs=40"]);
    }

    #[test]
    fn counters_of_version_6_have_a_line_each() {
        let text = "Ip6InReceives                   \t70\nIcmp6InMsgs                     \t3\nIcmp6InType134   2\nUdp6RcvbufErrors  9\n";
        let names: Vec<_> = parse6(text).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(names, ["Ip6InReceives=70", "Icmp6InMsgs=3", "Udp6RcvbufErrors=9"]);
    }

    #[test]
    fn torn_text_gives_what_is_whole() {
        let text = "TcpExt: A B C\nTcpExt: 1 2\nTcp: X\n";
        assert_eq!(parse(text).len(), 2);
        assert_eq!(parse("TcpExt: A\nIpExt: 1\n"), []);
    }
}
