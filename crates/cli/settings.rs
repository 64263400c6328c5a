//! From the arguments of `fa measure` to a [`Plan`]: hosts, parameters, the test's expansion.

use fa_catalog::{Catalog, CatalogError, Expanded, SeriesSource, Setup};
use fa_measure::Observe;
use fa_measure::plan::{DEFAULT_PORT, HostId, HostPlan, IpVersion, Plan, Settings, SourcePlan};
use indexmap::IndexMap;

use crate::args::MeasureArgs;
use crate::failure::{Code, Failure};

/// Decides the run, or says what is wrong with the command line.
pub(crate) fn plan(args: &MeasureArgs, catalog: &Catalog) -> Result<(Plan, Expanded), Failure> {
    let mut hosts: Vec<HostPlan> =
        args.more_hosts.iter().chain(&args.hosts).map(|text| host(text)).collect::<Result<_, _>>()?;
    HostPlan::tell_apart(&mut hosts);
    let ip_version = match (args.ipv4, args.ipv6) {
        (true, _) => Some(IpVersion::V4),
        (_, true) => Some(IpVersion::V6),
        _ => None,
    };
    let mut params = parameters(&args.test_parameters)?;
    args.test_options.name_marks(&mut params)?;
    let options = args.test_options.read(&params)?;
    let setup = Setup {
        test: args.test.clone(),
        hosts: hosts.iter().map(|h| h.name.clone()).collect(),
        params,
        length_secs: f64::from(args.length),
        delay_secs: f64::from(args.delay),
        step_secs: args.step_size,
        ip_version: ip_version.map(IpVersion::number),
        url_lists: options.url_lists.clone(),
    };
    let expanded = catalog.expand(&setup).map_err(|e| unknown(&e))?;
    let is_traffic = |source: &SeriesSource| match source {
        SeriesSource::Flow(_) | SeriesSource::Probe(_) => true,
        SeriesSource::Other { runner, .. } => {
            ["voip", "ditg", "http_getter", "silent_process"].contains(&runner.as_str())
        }
        SeriesSource::Computed(_) | SeriesSource::Null => false,
    };
    if hosts.is_empty() && expanded.series.values().any(|series| is_traffic(&series.source)) {
        return Err(Failure::usage(format!("test {} needs a host", args.test))
            .hint(format!("fa measure {} HOST, where HOST runs `fa serve`; `localhost` starts its own", args.test)));
    }
    if let Some(first) = expanded.missing_params.first() {
        return Err(Failure::usage(format!(
            "test {} needs the parameter {}",
            args.test,
            expanded.missing_params.join(", ")
        ))
        .hint(format!("--test-parameter {first}=VALUE")));
    }
    let settings = Settings {
        hosts,
        title: args.title.clone(),
        note: args.note.clone().unwrap_or_default(),
        ip_version,
        seed: u64::from_ne_bytes(seed()),
        options,
        observe: Observe {
            remote_metadata: args.remote_metadata.iter().map(|text| host(text)).collect::<Result<_, _>>()?,
            socket_stats: args.socket_stats,
            redact: args.redact,
        },
        ..Settings::of(&setup)
    };
    let mut plan = Plan::from_expanded(&expanded, &settings).map_err(Failure::usage)?;
    let unread = expanded.unread_params.iter().map(String::as_str);
    let unread = unread.filter(|name| PARAMETERS.contains(name) && !of_measuring(name));
    plan.notes.extend(unread.map(|name| format!("parameter {name} has no effect on test {}", args.test)));
    let numbered = plan.hosts.iter().enumerate().map(|(i, host)| (HostId(i as u16), host));
    let idle: Vec<&str> = numbered.filter(|&(id, _)| !plan.has_part(id)).map(|(_, host)| host.name.as_str()).collect();
    if !idle.is_empty() {
        plan.notes.push(format!("test {} uses fewer hosts: nothing is done with {}", args.test, idle.join(", ")));
    }
    let nothing = plan.flows.is_empty() && plan.probes.is_empty() && plan.fetches.is_empty();
    if nothing && plan.collectors.is_empty() {
        let reasons = plan.series.iter().filter_map(|series| match &series.source {
            SourcePlan::Unsupported { reason, .. } => Some(format!("{}: {reason}", series.name)),
            _ => None,
        });
        let why = reasons.collect::<Vec<_>>().join("; ");
        return Err(Failure::new(Code::Missing, format!("test {} cannot be measured: {why}", args.test))
            .hint("its data files can be read and plotted; `fa list tests` names the others"));
    }
    for name in plan.settings.params.keys() {
        if let Some(known) = misspelt(name) {
            crate::output::Console::warn(format!("no test reads a parameter {name}; did you mean {known}?"));
        }
    }
    Ok((plan, expanded))
}

/// Parameters that tests and mixins read. Others are free: they are only stored.
const PARAMETERS: &[&str] = &[
    "upload_streams",
    "download_streams",
    "bidir_streams",
    "labels",
    "ping_labels",
    "marking",
    "markings",
    "control_hosts",
    "local_binds",
    "cc_algo",
    "cc_algos",
    "send_sizes",
    "udp_bandwidth",
    "udp_bandwidths",
    "udp_pktsize",
    "udp_pktsizes",
    "stream_delays",
    "tcp_cong_control",
    "data_directions",
    "ping_hosts",
    "voip_host",
    "voip_local_bind",
    "voip_control_host",
    "voip_marking",
    "voip_codec",
    "voip_header",
    "voip_vad",
    "voip_profile",
    "voip_gap",
    "voip_size",
    "voip_on_off",
    "voip_ttl",
    "voip_interface",
    "ping_local_binds",
    "ping_markings",
    "test_payloads",
    "burst_length",
    "burst_ports",
    "burst_psize",
    "burst_tos",
    "burst_rate",
    "flow_bytes",
    "include_http",
    "iterations",
    "dash_url",
    "dash_control_host",
    "cpu_stats_hosts",
    "netstat_hosts",
    "qdisc_stats_hosts",
    "qdisc_stats_interfaces",
    "wifi_stats_hosts",
    "wifi_stats_interfaces",
    "wifi_stats_stations",
    "interface",
    "command",
    "command-host",
    "command-label",
    "n_cpu_runners",
    "cpu_load",
    "ipmi_power_command",
    "ipmi_host",
    "mqtt_topic",
    "mqtt_host",
    "mqtt_port",
    "mqtt_user",
    "mqtt_payload_key",
];

/// Whether a parameter is read when streams are planned, not by the definitions of tests.
fn of_measuring(name: &str) -> bool {
    ["flow_bytes", "burst_rate", "burst_ports", "voip_ttl", "voip_interface"].contains(&name)
        || fa_measure::call::PARAMETERS.contains(&name)
}

/// The parameter that was probably meant by one that nothing reads.
fn misspelt(name: &str) -> Option<&'static str> {
    if PARAMETERS.contains(&name) {
        return None;
    }
    let close = |known: &&str| strsim::damerau_levenshtein(name, known);
    PARAMETERS.iter().copied().min_by_key(close).filter(|known| close(known) <= 2)
}

pub(crate) fn unknown(error: &CatalogError) -> Failure {
    // It names the next command itself: the list of tests, or the parameter to mend.
    Failure::usage(error)
}

/// Something that differs between runs; nothing secret hangs on it.
fn seed() -> [u8; 8] {
    use std::hash::{BuildHasher as _, Hasher as _};
    std::collections::hash_map::RandomState::new().build_hasher().finish().to_ne_bytes()
}

/// `name`, `name:port`, `1.2.3.4:port`, `2001:db8::1`, `[2001:db8::1]:port`.
fn host(text: &str) -> Result<HostPlan, Failure> {
    let bad = |why: &str| {
        Failure::usage(format!("{text:?} is no host: {why}")).hint("write NAME, NAME:PORT, ADDRESS or [IPV6]:PORT")
    };
    let (name, port) = if let Some(rest) = text.strip_prefix('[') {
        let (name, after) = rest.split_once(']').ok_or_else(|| bad("a bracket is not closed"))?;
        match after.strip_prefix(':') {
            Some(port) => (name, Some(port)),
            None if after.is_empty() => (name, None),
            None => return Err(bad("after the bracket only :PORT may follow")),
        }
    } else {
        match text.rsplit_once(':') {
            // More than one colon without brackets is an IPv6 address.
            Some((name, port)) if !name.contains(':') => (name, Some(port)),
            _ => (text, None),
        }
    };
    if name.is_empty() {
        return Err(bad("the name is empty"));
    }
    // Taken for a host, a parameter would be stored as one and change nothing.
    if name.contains(['=', ' ', '/']) && !name.contains("//") {
        let parameter = text.contains('=').then(|| format!("parameters are given as --test-parameter {text}"));
        let hint = parameter.unwrap_or_else(|| "write NAME, NAME:PORT, ADDRESS or [IPV6]:PORT".into());
        return Err(Failure::usage(format!("{text:?} is no name of a host")).hint(hint));
    }
    let port = match port {
        None => DEFAULT_PORT,
        Some(port) => port.parse().ok().filter(|&p| p != 0).ok_or_else(|| bad("the port is not from 1 to 65535"))?,
    };
    Ok(HostPlan::at(name, port))
}

/// `key=value`, several separated by `;`, as Flent takes them.
fn parameters(texts: &[String]) -> Result<IndexMap<String, String>, Failure> {
    let mut parameters = IndexMap::new();
    for pair in texts.iter().flat_map(|text| text.split(';')).map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair
            .split_once('=')
            .filter(|(key, _)| !key.trim().is_empty())
            .ok_or_else(|| Failure::usage(format!("--test-parameter {pair}: expected KEY=VALUE")))?;
        parameters.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn hosts_may_carry_a_port() {
        for (text, name, port) in [
            ("localhost", "localhost", 5999),
            ("10.0.0.1:6000", "10.0.0.1", 6000),
            ("2001:db8::1", "2001:db8::1", 5999),
            ("[2001:db8::1]:7", "2001:db8::1", 7),
            ("[::1]", "::1", 5999),
        ] {
            let host = host(text).unwrap();
            assert_eq!((host.name.as_str(), host.port), (name, port), "{text}");
        }
        for text in ["", ":1", "a:0", "a:70000", "[::1", "[::1]x", "upload_streams=4", "a b"] {
            assert_eq!(host(text).unwrap_err().code, crate::failure::Code::Usage, "{text}");
        }
    }

    #[test]
    fn parameters_may_share_an_argument() {
        let both = parameters(&["a=1; b = x=y".to_owned(), "c=".to_owned()]).unwrap();
        assert_eq!(both.iter().map(|(k, v)| format!("{k}:{v}")).collect::<Vec<_>>(), ["a:1", "b:x=y", "c:"]);
        assert!(parameters(&["novalue".to_owned()]).unwrap_err().message.contains("novalue"));
    }
}
