//! Files of tests that no catalogue knows: roles from names and units.

use super::finish;
use super::scope::Settings;
use super::series::{SeriesList, role_within};
use crate::catalog::Catalog;
use crate::error::Fault;
use crate::{Computed, ComputedDef, Expanded, SeriesDef, SeriesSource, Setup};

/// The test in the built-in files that says which plots and computed series an unknown test gets.
const ANY: &str = "any";

/// The usual plots over whatever series a file has.
pub(crate) fn recognise(catalog: &Catalog, setup: &Setup, series: &[(&str, &str)]) -> Result<Expanded, Fault> {
    let flat = catalog.flatten(ANY)?;
    let mut settings = Settings::new(&flat, setup)?;
    let mut list = SeriesList::default();
    let mut computed = SeriesList::default();
    computed.apply(catalog, &flat.ops, &mut settings)?;
    for &(name, units) in series {
        let role = role(name, units);
        list.shorts.insert(name.to_owned(), short(name).to_owned());
        let source = match computed.series.get(name) {
            Some(known) => known.source.clone(),
            None => function(role).map_or(SeriesSource::Null, |function| {
                SeriesSource::Computed(ComputedDef { function, sources: Vec::new(), patterns: Vec::new() })
            }),
        };
        list.series.insert(
            name.to_owned(),
            SeriesDef {
                name: name.to_owned(),
                units: units.to_owned(),
                id: None,
                role: role.to_owned(),
                runner: "unknown".to_owned(),
                source,
            },
        );
    }
    // Means and sums over what was recognised, where the file has none of its own.
    for (name, def) in computed.series {
        let base = def.role.split('.').next().unwrap_or_default();
        let has_sources = list.series.values().any(|def| measured_below(def, base));
        if has_sources && !list.series.contains_key(&name) {
            list.series.insert(name, def);
        }
    }
    list.notes.push(format!(
        "no catalogue knows the test `{}`: plots are chosen by the names and units of its {} series",
        setup.test,
        series.len()
    ));
    finish(catalog, &flat, setup, settings, list)
}

/// Whether a measured series has the role `base` or one below it.
fn measured_below(def: &SeriesDef, base: &str) -> bool {
    role_within(&def.role, base) && !matches!(def.source, SeriesSource::Computed(_))
}

/// What per-flow plots call it: `BE` of `TCP upload BE`, `ICMP` of `Ping (ms) ICMP`.
fn short(name: &str) -> &str {
    let rest = ["upload", "download", "(ms)"].iter().find_map(|word| name.split_once(word)).map(|(_, rest)| rest);
    let short = rest.unwrap_or_default().trim_start_matches([' ', ':']);
    if short.is_empty() { name } else { short }
}

/// The function behind a role that is computed.
fn function(role: &str) -> Option<Computed> {
    match role.rsplit('.').next() {
        Some("avg") => Some(Computed::Average),
        Some("sum" | "totals") => Some(Computed::Sum),
        Some("fairness") => Some(Computed::Fairness),
        _ => None,
    }
}

/// What a series most likely is.
fn role(name: &str, units: &str) -> &'static str {
    let lower = name.to_lowercase();
    let rate = matches!(units, "Mbits/s" | "Kbits/s" | "bits/s" | "Gbits/s" | "MBytes/s");
    // `a::b` is a child: what its parent reports beside its value, unless it is a numbered stream.
    let child = crate::child::split(name).is_some_and(|(_, rest)| rest.starts_with("tcp_") || !rate && units != "ms");
    if child {
        return "child";
    }
    let ends = |word: &str| lower.ends_with(&format!(" {word}"));
    let fold = ["avg", "sum", "fairness"].into_iter().find(|word| ends(word));
    match (rate || units == "Idx", lower.contains("upload"), lower.contains("download"), fold) {
        (true, true, _, None) => "upload",
        (true, true, _, Some("avg")) => "upload.avg",
        (true, true, _, Some("sum")) => "upload.sum",
        (true, true, _, Some(_)) => "upload.fairness",
        (true, _, true, None) => "download",
        (true, _, true, Some("avg")) => "download.avg",
        (true, _, true, Some("sum")) => "download.sum",
        (true, _, true, Some(_)) => "download.fairness",
        (true, false, false, _) if ends("totals") => "totals",
        (true, false, false, _) => "upload",
        (false, ..) if lower.starts_with("ping") && fold == Some("avg") => "ping.avg",
        (false, ..) if lower.contains("icmp") => "ping.icmp",
        (false, ..) if lower.starts_with("ping") => "ping.udp",
        (false, ..) if lower.starts_with("http") => "http",
        (false, ..) if units == "ms" => "ping.udp",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::role;

    #[test]
    fn roles_from_names_and_units() {
        for (name, units, expected) in [
            ("TCP upload BE", "Mbits/s", "upload"),
            ("TCP upload::3", "Mbits/s", "upload"),
            ("TCP upload avg", "Mbits/s", "upload.avg"),
            ("TCP download sum", "Mbits/s", "download.sum"),
            ("TCP totals", "Mbits/s", "totals"),
            ("TCP upload fairness", "Idx", "upload.fairness"),
            ("Ping (ms) ICMP", "ms", "ping.icmp"),
            ("Ping (ms) UDP BE", "ms", "ping.udp"),
            ("Ping (ms) avg", "ms", "ping.avg"),
            ("TCP upload BE::tcp_cwnd", "", "child"),
            ("HTTP latency", "ms", "http"),
            ("cpu_stats_localhost", "misc", "other"),
        ] {
            assert_eq!(role(name, units), expected, "{name}");
        }
    }
}
