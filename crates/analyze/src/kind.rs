//! What a series measures, in which direction, and whether it sums up others.

use fa_catalog::Expanded;
use serde::Serialize;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Payload per time.
    Throughput,
    /// Round-trip time.
    Rtt,
    /// One-way delay.
    Owd,
    /// Variation of delay.
    Jitter,
    /// Lost packets.
    Loss,
    /// Congestion window.
    Cwnd,
    /// Another rate, such as pacing.
    Rate,
    /// Queue statistics.
    Queue,
    /// Processor load.
    Cpu,
    /// Fetch times.
    Http,
    /// Call quality.
    Mos,
    /// Anything else.
    Other,
}

impl Kind {
    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Rtt => "rtt",
            Self::Owd => "owd",
            Self::Jitter => "jitter",
            Self::Loss => "loss",
            Self::Cwnd => "cwnd",
            Self::Rate => "rate",
            Self::Queue => "queue",
            Self::Cpu => "cpu",
            Self::Http => "http",
            Self::Mos => "mos",
            Self::Other => "other",
        }
    }
}

/// Which way the payload goes, seen from the measuring host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Towards it.
    Down,
    /// From it.
    Up,
    /// Both together.
    Both,
    /// No payload.
    None,
}

impl Direction {
    /// As written in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
            Self::Both => "both",
            Self::None => "none",
        }
    }
}

/// Whether a series sums up others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Summing {
    /// A measured series.
    Single,
    /// Average of others.
    Average,
    /// Sum of others.
    Sum,
    /// Sum over both directions.
    Total,
    /// Another function of others, such as fairness.
    Other,
}

/// What a series is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Class {
    /// What is measured.
    pub kind: Kind,
    /// Which way.
    pub direction: Direction,
    /// Whether it sums up others.
    pub summing: Summing,
}

/// The class of a series: by the key of the samples that it is (`TCP upload::tcp_cwnd`), by its role in the test, else by its
/// name and unit.
pub fn of(series: &str, expanded: &Expanded) -> Class {
    if let Some((parent, key)) = fa_catalog::child::split_last(series)
        && let Some(key) = crate::key::known(key)
    {
        let direction = key.direction.unwrap_or_else(|| of(parent, expanded).direction);
        return Class { kind: key.kind, direction, summing: Summing::Single };
    }
    match expanded.series.get(series) {
        Some(def) => by_role(&def.role).unwrap_or_else(|| by_name(series, &def.units)),
        None => by_name(series, ""),
    }
}

fn by_role(role: &str) -> Option<Class> {
    let mut parts = role.split('.');
    let head = parts.next()?;
    let (kind, direction) = match head {
        "upload" => (Kind::Throughput, Direction::Up),
        "download" => (Kind::Throughput, Direction::Down),
        "totals" | "total" => {
            return Some(Class { kind: Kind::Throughput, direction: Direction::Both, summing: Summing::Total });
        }
        "ping" => (Kind::Rtt, Direction::None),
        "http" => (Kind::Http, Direction::None),
        "cpu" => (Kind::Cpu, Direction::None),
        "qdisc" => (Kind::Queue, Direction::None),
        _ => return None,
    };
    let summing = parts.fold(Summing::Single, |summing, part| match part {
        "avg" | "average" | "smooth" => Summing::Average,
        "sum" => Summing::Sum,
        "fairness" | "min" => Summing::Other,
        _ => summing,
    });
    let kind = if summing == Summing::Other { Kind::Other } else { kind };
    Some(Class { kind, direction, summing })
}

/// By what names in files look like: `TCP upload BE`, `Ping (ms) ICMP`, `VoIP::jitter`, `TCP upload::tcp_cwnd`.
pub fn by_name(series: &str, units: &str) -> Class {
    let name = series.to_ascii_lowercase();
    let (parent, child) =
        fa_catalog::child::split_last(&name).map_or((name.as_str(), ""), |(parent, child)| (parent, child));
    let has = |word: &str| parent.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| w == word);
    let direction = match (has("upload") || has("up"), has("download") || has("down")) {
        (true, true) => Direction::Both,
        (true, false) => Direction::Up,
        (false, true) => Direction::Down,
        (false, false) => Direction::None,
    };
    let summing = if has("totals") {
        Summing::Total
    } else if has("sum") {
        Summing::Sum
    } else if has("avg") {
        Summing::Average
    } else if has("fairness") {
        Summing::Other
    } else {
        Summing::Single
    };
    let kind = kind_of_child(child).unwrap_or_else(|| {
        if summing == Summing::Other {
            Kind::Other
        } else if has("totals")
            || direction != Direction::None
            || units.starts_with("Mbits")
            || units.starts_with("bits")
        {
            Kind::Throughput
        } else if has("http") {
            Kind::Http
        } else if has("ping") || units == "ms" {
            Kind::Rtt
        } else if has("cpu") {
            Kind::Cpu
        } else if has("qdisc") {
            Kind::Queue
        } else {
            Kind::Other
        }
    });
    Class { kind, direction: if has("totals") { Direction::Both } else { direction }, summing }
}

fn kind_of_child(child: &str) -> Option<Kind> {
    Some(match child {
        "tcp_cwnd" => Kind::Cwnd,
        "tcp_rtt" | "rtt" => Kind::Rtt,
        "tcp_rtt_var" | "jitter" | "ipdv" | "ipdv_up" | "ipdv_down" => Kind::Jitter,
        "tcp_pacing_rate" | "tcp_delivery_rate" | "tcp_bbr_bw" | "bitrate" => Kind::Rate,
        "owd_up" | "owd_down" | "delay" | "induced_delay" => Kind::Owd,
        "loss" => Kind::Loss,
        "dropped" | "ecn_mark" => Kind::Queue,
        _ if child.starts_with("backlog") => Kind::Queue,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_without_a_known_test() {
        let class = |name: &str, unit: &str| {
            let c = by_name(name, unit);
            (c.kind, c.direction, c.summing)
        };
        assert_eq!(class("TCP upload BE", ""), (Kind::Throughput, Direction::Up, Summing::Single));
        assert_eq!(class("TCP download avg", "Mbits/s"), (Kind::Throughput, Direction::Down, Summing::Average));
        assert_eq!(class("TCP totals", ""), (Kind::Throughput, Direction::Both, Summing::Total));
        assert_eq!(class("Ping (ms) ICMP", ""), (Kind::Rtt, Direction::None, Summing::Single));
        assert_eq!(class("TCP upload::2::tcp_cwnd", ""), (Kind::Cwnd, Direction::Up, Summing::Single));
        assert_eq!(class("TCP upload fairness", ""), (Kind::Other, Direction::Up, Summing::Other));
        assert_eq!(class("VoIP::jitter", "ms"), (Kind::Jitter, Direction::None, Summing::Single));
    }

    #[test]
    fn roles_win_over_names() {
        let c = by_role("ping.udp").map(|c| (c.kind, c.summing));
        assert_eq!(c, Some((Kind::Rtt, Summing::Single)));
        assert_eq!(by_role("upload.fairness").map(|c| c.summing), Some(Summing::Other));
        assert_eq!(by_role("dash.bitrate"), None);
    }
}
