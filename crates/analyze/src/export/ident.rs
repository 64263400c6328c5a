//! Names of series and units as columns have them, and what else identifies a series.

use fa_catalog::Expanded;

use crate::kind::{self, Class, Summing};
use crate::run::Run;
use crate::summary::unit_of;

/// Lower case with underscores: `TCP upload BE::tcp_cwnd` → `tcp_upload_be__tcp_cwnd`, `Ping (ms) ICMP` → `ping_icmp`.
///
/// A unit in the name is left out: columns have it in theirs.
///
/// ```
/// assert_eq!(fa_analyze::export::series_id("Ping (ms) ICMP"), "ping_icmp");
/// ```
pub fn series_id(series: &str) -> String {
    let parts: Vec<String> = series.replace("(ms)", "").split("::").map(snake).collect();
    parts.join("__")
}

fn snake(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// A unit as tables write it, and the factor that brings values to it.
pub fn canonical_unit(unit: &str) -> (&str, f64) {
    match unit {
        "Mbits/s" | "Mbit/s" => ("Mbit/s", 1.0),
        "bits/s" => ("Mbit/s", 1e-6),
        "Kbits/s" | "Kbps" => ("Mbit/s", 1e-3),
        "us" => ("ms", 1e-3),
        "count" | "Idx" => ("1", 1.0),
        other => (other, 1.0),
    }
}

/// The end of a column's name.
pub(super) fn unit_suffix(unit: &str) -> String {
    match unit {
        "Mbit/s" => "mbps".to_owned(),
        "packets" => "pkts".to_owned(),
        "1" | "" => String::new(),
        other => snake(other),
    }
}

/// What identifies a series in long tables.
#[derive(Debug, Clone)]
pub(super) struct Ident {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) class: Class,
    /// Position among the measured series of the same kind and direction, from 1.
    pub(super) flow: Option<usize>,
    pub(super) unit: String,
    /// Brings values to `unit`.
    pub(super) factor: f64,
}

/// All series of a run with their identity, in the order of the file; children of raw samples follow their parents.
pub(super) fn idents(run: &Run, expanded: &Expanded) -> Vec<Ident> {
    let mut seen: Vec<Class> = Vec::new();
    run.series_names()
        .map(|name| {
            let class = kind::of(name, expanded);
            let child = fa_catalog::child::split(name).is_some() && !expanded.series.contains_key(name);
            let flow = (class.summing == Summing::Single && !child).then(|| {
                seen.push(class);
                seen.iter().filter(|c| **c == class).count()
            });
            ident(name, class, flow, &unit_of(run, expanded, name))
        })
        .collect()
}

pub(super) fn ident(name: &str, class: Class, flow: Option<usize>, unit: &str) -> Ident {
    let (unit, factor) = canonical_unit(unit);
    Ident { id: series_id(name), name: name.to_owned(), class, flow, unit: unit.to_owned(), factor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain_words() {
        assert_eq!(series_id("TCP upload BE::tcp_cwnd"), "tcp_upload_be__tcp_cwnd");
        assert_eq!(series_id("TCP upload::12"), "tcp_upload__12");
        assert_eq!(series_id("Ping (ms) UDP BE1"), "ping_udp_be1");
        assert_eq!(unit_suffix("Mbit/s"), "mbps");
    }
}
