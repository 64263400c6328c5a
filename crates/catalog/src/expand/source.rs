//! One series from one entry: what it is, and everything its keys say.

use super::scope::Local;
use crate::doc::Fold;
use crate::error::Fault;
use crate::marking::tos_pair;
use crate::{
    Computed, ComputedDef, Direction, FlowDef, Pattern, ProbeDef, ProbeKind, Protocol, SeriesDef, SeriesSource, glob,
};

/// A series and what per-flow plots call it.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) def: SeriesDef,
    pub(super) short: String,
}

/// Builds the series; its host index is settled by the caller, who may add hosts.
pub(super) fn draft(local: &Local<'_>, fold: Option<Fold>) -> Result<Draft, Fault> {
    let doc = local.doc;
    let name =
        local.field("name", Some(&doc.name))?.ok_or_else(|| Fault::new("a series needs a name").within("name"))?;
    let own_function = function_of_table(local)?;
    // A table's own function makes that one member of a family computed.
    let null = doc.null && own_function.is_none();
    let function = fold.map(Fold::function).or(own_function).or(doc.compute);
    let kinds = [doc.flow.is_some(), doc.probe.is_some(), function.is_some(), null];
    let source = match kinds.iter().filter(|&&kind| kind).count() {
        0 => match &doc.runner {
            Some(runner) => other(local, runner)?,
            None => return Err(Fault::new("say what it is: flow, probe, fold, compute, null or runner")),
        },
        1 => {
            if let Some(protocol) = doc.flow {
                SeriesSource::Flow(flow(local, protocol)?)
            } else if let Some(kind) = doc.probe {
                SeriesSource::Probe(probe(local, kind)?)
            } else if let Some(function) = function {
                SeriesSource::Computed(computed(local, function, &name)?)
            } else {
                SeriesSource::Null
            }
        }
        _ => return Err(Fault::new("only one of flow, probe, fold, compute and null can be said of a series")),
    };
    let id = local.field("id", doc.id.as_deref())?;
    let short = local.field("short", doc.short.as_deref())?;
    Ok(Draft {
        short: short.or_else(|| id.clone()).unwrap_or_else(|| name.clone()),
        def: SeriesDef {
            units: units(local, &source)?,
            role: role(local, fold, &source)?,
            runner: doc.runner.clone().unwrap_or_else(|| runner(&source).to_owned()),
            id,
            name,
            source,
        },
    })
}

/// The function that an `each` table names: `compute = "sum"`.
fn function_of_table(local: &Local<'_>) -> Result<Option<Computed>, Fault> {
    use serde::Deserialize;
    use serde::de::value::{Error, StrDeserializer};

    let Some(word) = local.field("compute", None)? else { return Ok(None) };
    Computed::deserialize(StrDeserializer::<Error>::new(&word))
        .map(Some)
        .map_err(|error| Fault::new(error.to_string()).within("compute"))
}

fn units(local: &Local<'_>, source: &SeriesSource) -> Result<String, Fault> {
    let said = local.field("units", local.doc.units.as_deref())?;
    Ok(said.unwrap_or_else(|| {
        match source {
            SeriesSource::Probe(_) => "ms",
            SeriesSource::Computed(computed) if computed.function == Computed::Fairness => "Idx",
            SeriesSource::Flow(_) | SeriesSource::Computed(_) => "Mbits/s",
            SeriesSource::Null | SeriesSource::Other { .. } => "",
        }
        .to_owned()
    }))
}

fn role(local: &Local<'_>, fold: Option<Fold>, source: &SeriesSource) -> Result<String, Fault> {
    if let Some(role) = local.field("role", local.doc.role.as_deref())? {
        return Ok(role);
    }
    let stem = local.dir.map(|dir| dir.word().to_owned());
    Ok(match (source, stem, fold) {
        (SeriesSource::Flow(flow), ..) => match flow.direction {
            Direction::Up => "upload".to_owned(),
            Direction::Down => "download".to_owned(),
        },
        (SeriesSource::Probe(probe), ..) => match probe.kind {
            ProbeKind::Udp => "ping.udp".to_owned(),
            ProbeKind::Icmp => "ping.icmp".to_owned(),
            ProbeKind::Tcp => "ping.tcp".to_owned(),
        },
        (_, Some(stem), Some(fold)) => format!("{stem}.{}", fold.word()),
        _ => runner(source).to_owned(),
    })
}

/// Flent's name of what produces a series of this kind.
fn runner(source: &SeriesSource) -> &str {
    match source {
        SeriesSource::Flow(flow) if flow.protocol == Protocol::Udp => "iperf_csv",
        SeriesSource::Flow(_) => "netperf_demo",
        SeriesSource::Probe(probe) => match probe.kind {
            ProbeKind::Udp => "udp_rtt",
            ProbeKind::Icmp => "ping",
            ProbeKind::Tcp => "netperf_demo",
        },
        SeriesSource::Computed(computed) => match computed.function {
            Computed::Average => "average",
            Computed::Sum => "sum",
            Computed::SmoothAverage => "smooth_average",
            Computed::DiffMin => "diff_min",
            Computed::Fairness => "fairness",
        },
        SeriesSource::Null => "null",
        SeriesSource::Other { runner, .. } => runner,
    }
}

fn flow(local: &Local<'_>, protocol: Protocol) -> Result<FlowDef, Fault> {
    let doc = local.doc;
    let dir = local.dir.ok_or_else(|| Fault::new("a flow needs a direction: dir = \"upload\" or \"download\""))?;
    let own = local.field("cc", doc.cc.as_deref())?;
    let asked = match protocol {
        Protocol::Tcp => own.or_else(|| local.settings.param("tcp_cong_control").map(str::to_owned)),
        Protocol::Udp | Protocol::Sctp => own,
    };
    Ok(FlowDef {
        protocol,
        direction: dir.direction(),
        host: default_host(local),
        start_secs: seconds(local, "start", doc.start.as_deref(), "D")?,
        length_secs: seconds(local, "length", doc.length.as_deref(), "L")?,
        tos: marks(local)?,
        cong_control: asked.map(|text| match text.split_once(',') {
            Some((up, down)) => (up.trim().to_owned(), down.trim().to_owned()),
            None => (text.trim().to_owned(), text.trim().to_owned()),
        }),
        send_size: bytes(local, "send_size", doc.send_size.as_deref())?,
        payload: local.field("payload", doc.payload.as_deref())?,
        remote_recv_size: bytes(local, "recv_size", doc.recv_size.as_deref())?,
        ip_version: ip_version(local)?,
        rate_bps: match local.field("rate", doc.rate.as_deref())? {
            None => None,
            Some(text) => Some(scaled(&text, Capitals::Decimal).map_err(|problem| Fault::new(problem).within("rate"))?),
        },
        packet_bytes: bytes(local, "packet", doc.packet.as_deref())?,
        local_bind: local.field("bind", doc.bind.as_deref())?,
        control_host: local.field("control", doc.control.as_deref())?,
    })
}

fn probe(local: &Local<'_>, kind: ProbeKind) -> Result<ProbeDef, Fault> {
    let doc = local.doc;
    let interval_secs = local.number("interval", doc.interval.as_deref(), "S")?;
    if interval_secs <= 0.0 {
        return Err(Fault::new(format!("{interval_secs} s between probes: it must be more than 0")).within("interval"));
    }
    Ok(ProbeDef {
        kind,
        host: default_host(local),
        start_secs: seconds(local, "start", doc.start.as_deref(), "0")?,
        length_secs: seconds(local, "length", doc.length.as_deref(), "T")?,
        interval_secs,
        tos: marks(local)?,
        ip_version: ip_version(local)?,
        local_bind: local.field("bind", doc.bind.as_deref())?,
    })
}

fn computed(local: &Local<'_>, function: Computed, name: &str) -> Result<ComputedDef, Fault> {
    let doc = local.doc;
    let siblings: Vec<String> = doc
        .fold
        .iter()
        .map(|fold| Local { fold: Some(fold.word()), ..*local }.field("name", Some(&doc.name)))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .filter(|sibling| sibling != name)
        .collect();
    let mut patterns = Vec::new();
    for over in &doc.over {
        let glob = local.field("over", Some(over))?.unwrap_or_default();
        let mut exclude = Vec::new();
        for pattern in &doc.exclude {
            exclude.extend(local.field("exclude", Some(pattern))?);
        }
        // A mean must not take the sum in, nor the sum the mean.
        exclude.extend(siblings.iter().filter(|sibling| glob::matches(&glob, sibling)).cloned());
        patterns.push(Pattern { glob, exclude });
    }
    if patterns.is_empty() {
        return Err(Fault::new("a computed series needs sources").within("over"));
    }
    Ok(ComputedDef { function, sources: Vec::new(), patterns })
}

fn other(local: &Local<'_>, runner: &str) -> Result<SeriesSource, Fault> {
    let mut options = indexmap::IndexMap::new();
    for (key, text) in &local.doc.options {
        if let Some(value) = local.field(key, Some(text)).map_err(|fault| fault.within("options"))? {
            options.insert(key.clone(), value);
        }
    }
    Ok(SeriesSource::Other {
        runner: runner.to_owned(),
        start_secs: seconds(local, "start", local.doc.start.as_deref(), "0")?,
        length_secs: seconds(local, "length", local.doc.length.as_deref(), "T")?,
        options,
    })
}

/// The stream's own host in a test that goes through the hosts, else the first.
fn default_host(local: &Local<'_>) -> usize {
    if local.doc.repeat.as_deref() == Some("hosts") { local.stream } else { 0 }
}

/// Seconds, never below zero: a start offset longer than the test leaves nothing of the flow.
fn seconds(local: &Local<'_>, key: &str, own: Option<&str>, default: &str) -> Result<f64, Fault> {
    Ok(local.number(key, own, default)?.max(0.0))
}

fn marks(local: &Local<'_>) -> Result<Option<(u8, u8)>, Fault> {
    match local.field("mark", local.doc.mark.as_deref())? {
        None => Ok(None),
        Some(text) => tos_pair(&text).map(Some).map_err(|problem| Fault::new(problem).within("mark")),
    }
}

fn ip_version(local: &Local<'_>) -> Result<Option<u8>, Fault> {
    match local.field("ip", local.doc.ip.as_deref())?.as_deref() {
        None => Ok(local.settings.ip_version),
        Some("4") => Ok(Some(4)),
        Some("6") => Ok(Some(6)),
        Some(other) => Err(Fault::new(format!("`{other}` is no IP version: 4 or 6")).within("ip")),
    }
}

fn bytes(local: &Local<'_>, key: &str, own: Option<&str>) -> Result<Option<u32>, Fault> {
    let Some(text) = local.field(key, own)? else { return Ok(None) };
    let number = scaled(&text, Capitals::Binary).map_err(|problem| Fault::new(problem).within(key))?;
    if number >= 1.0 && number <= f64::from(u32::MAX) {
        Ok(Some(number as u32))
    } else {
        Err(Fault::new(format!("`{text}` is not a number of bytes from 1 to {}", u32::MAX)).within(key))
    }
}

/// What the capital suffixes mean: netperf's sizes count in 1024, iperf's rates in 1000.
#[derive(Clone, Copy)]
enum Capitals {
    Binary,
    Decimal,
}

/// A number with a suffix: `k`, `m`, `g` are powers of 1000.
fn scaled(text: &str, capitals: Capitals) -> Result<f64, String> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(split);
    let kilo: f64 = match capitals {
        Capitals::Binary => 1024.0,
        Capitals::Decimal => 1000.0,
    };
    let factor = match suffix {
        "" => 1.0,
        "k" => 1e3,
        "m" => 1e6,
        "g" => 1e9,
        "K" => kilo,
        "M" => kilo.powi(2),
        "G" => kilo.powi(3),
        _ => return Err(format!("`{text}` has an unknown suffix: use k, m, g, K, M or G")),
    };
    match digits.trim().parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number * factor),
        _ => Err(format!("`{text}` is not a number with a suffix such as 20M")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Capitals, scaled};

    #[test]
    fn suffixes_as_netperf_and_iperf_take_them() {
        assert_eq!(scaled("8k", Capitals::Binary), Ok(8000.0));
        assert_eq!(scaled("64K", Capitals::Binary), Ok(65536.0));
        assert_eq!(scaled("20M", Capitals::Decimal), Ok(20e6));
        assert_eq!(scaled("1.5G", Capitals::Decimal), Ok(1.5e9));
        assert_eq!(scaled("1200", Capitals::Binary), Ok(1200.0));
        for wrong in ["", "M", "20X", "-1", "1e400"] {
            assert!(scaled(wrong, Capitals::Decimal).is_err(), "{wrong}");
        }
    }
}
