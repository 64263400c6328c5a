//! What a rehearsal of a run brought to light, in words for the viewer's dialog.

use fa_gui::state::action::{HostAnswer, Rehearsed};
use fa_measure::HostId;
use fa_measure::event::{ClockSample, What};
use fa_measure::recorder::Recorder;
use fa_net::Rehearsal;
use serde_json::{Map, Value};

/// Answers of all hosts, and what the data file would say.
pub(crate) fn told(rehearsal: &Rehearsal, names: &[String]) -> Rehearsed {
    let hosts = rehearsal.hosts.iter().map(|answer| HostAnswer {
        name: names.get(usize::from(answer.host.0)).cloned().unwrap_or_default(),
        trouble: answer.trouble.clone(),
        facts: facts(rehearsal, answer.host, answer.udp.as_ref()),
    });
    let mut recorder = Recorder::new();
    for event in &rehearsal.events {
        recorder.observe(event);
    }
    // Redaction works on the finished data set, as in a run.
    let stored = recorder.finish().map_or_else(|_| Vec::new(), |set| leaves(set.metadata.as_map()));
    Rehearsed { hosts: hosts.collect(), stored }
}

fn facts(
    rehearsal: &Rehearsal,
    host: HostId,
    udp: Option<&Result<std::time::Duration, String>>,
) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut say = |what: &str, text: String| facts.push((what.to_owned(), text));
    let mut wall_ns = 0;
    let mut best: Option<ClockSample> = None;
    for event in &rehearsal.events {
        match &event.what {
            What::Started(started) => wall_ns = started.wall_unix_ns,
            What::HostReady(ready) if ready.host == host => {
                let ours = if ready.child { ", started for this, since none was there" } else { "" };
                say("Server", format!("fa {} on {} at {}{ours}", ready.version, ready.hostname, ready.address));
                say("Allowed", format!("yes, from {}", ready.local.ip()));
            }
            What::ProbeSetup(setup) if setup.host == Some(host) => {
                let stamps = format!("{:?}", setup.receive_stamps).to_lowercase();
                say("Answers probes", format!("with {} priority, {stamps} receive stamps", setup.priority));
            }
            What::HostFacts { host: Some(about), facts } if *about == host => {
                let kernel = facts.get("KERNEL_RELEASE").and_then(Value::as_str);
                if let Some(kernel) = kernel {
                    say("Kernel", kernel.to_owned());
                }
                let sysctl = |name: &str| facts.get("SYSCTLS")?.get(name)?.as_str().map(str::to_owned);
                if let Some(default) = sysctl("net.ipv4.tcp_congestion_control") {
                    let others = sysctl("net.ipv4.tcp_available_congestion_control").unwrap_or_default();
                    say("Congestion control", format!("{default} unless asked for another of: {others}"));
                }
            }
            What::Clock(sample)
                if sample.host == host && best.is_none_or(|best| sample.round_trip() < best.round_trip()) =>
            {
                best = Some(*sample);
            }
            What::Warning { host: Some(about), text } if *about == host => say("Note", text.clone()),
            _ => {}
        }
    }
    if let Some(best) = best {
        let round_trip_ms = best.round_trip().as_secs_f64() * 1e3;
        let ahead_ms = (best.ahead().0 - wall_ns) as f64 / 1e6;
        say("Round trip", format!("{round_trip_ms:.2} ms over TCP, the best of a few"));
        // No "-0.00".
        let ahead_ms = (100.0 * ahead_ms).round() / 100.0 + 0.0;
        say("Its clock", format!("{ahead_ms:+.2} ms against ours, ± {:.2} ms", round_trip_ms / 2.0));
    }
    match udp {
        Some(Ok(took)) => say("UDP", format!("gets through, handshake in {:.1} ms", took.as_secs_f64() * 1e3)),
        Some(Err(why)) => say("UDP", format!("⚠ {why}")),
        None => {}
    }
    facts
}

/// Paths and values of everything that is not null, in order.
fn leaves(map: &Map<String, Value>) -> Vec<(String, String)> {
    fn visit(path: &str, value: &Value, out: &mut Vec<(String, String)>) {
        match value {
            Value::Null => {}
            Value::Object(map) => map.iter().for_each(|(key, value)| visit(&format!("{path}:{key}"), value, out)),
            Value::Array(list) if list.iter().any(|v| v.is_object() || v.is_array()) => {
                list.iter().enumerate().for_each(|(n, value)| visit(&format!("{path}:{n}"), value, out));
            }
            Value::String(text) => out.push((path.to_owned(), text.clone())),
            other => out.push((path.to_owned(), other.to_string())),
        }
    }
    let mut out = Vec::new();
    map.iter().for_each(|(key, value)| visit(key, value, &mut out));
    out
}
