//! Collectors: what is observed beside the traffic, by schedule, on this host or on others.
//!
//! What the kernel tells ([`Kernel`]) can be collected on any host that runs `fa serve`. Programs ([`Program`]) are only
//! started on this host and only from what its user typed: no message can ask a far end for one.

use crate::plan::HostId;
use crate::time::{Span, Time};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A collector of a run, numbered from 0 in definition order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CollectorId(pub u16);

/// Most columns of one collector: a host has some hundred network counters and at most some thousand processors.
pub const MAX_COLUMNS: usize = 8192;

/// What is collected, where and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CollectorPlan {
    /// Its number.
    pub id: CollectorId,
    /// Series it fills.
    pub series: String,
    /// Where; `None`: this host.
    pub host: Option<HostId>,
    /// When the first sample is due, after the run's origin.
    pub start: Span,
    /// From the first to the last one.
    pub length: Span,
    /// Between one and the next.
    pub interval: Span,
    /// What.
    pub what: Collected,
}

/// What a collector collects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Collected {
    /// Something the kernel tells.
    Kernel(Kernel),
    /// What a program on this host prints.
    Program(Program),
}

/// What the kernel tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// Load of the processors, 0 to 1: `load`, `cpu0`, …
    Cpu,
    /// Counters of the protocols since the host came up.
    Netstat,
    /// Queueing disciplines and counters of an interface.
    Qdisc {
        /// Its name.
        interface: String,
    },
    /// Air time and aggregation of the stations of a wireless interface.
    Wifi {
        /// Its name.
        interface: String,
        /// Hardware addresses; `all` for every one.
        stations: Vec<String>,
    },
}

/// A program on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Program {
    /// A command line for the shell, run again for each sample; prints a number on a line of its own.
    Command {
        /// As the user typed it.
        command: String,
    },
    /// Power that a host's management controller measures, W, by `ipmitool`.
    Ipmi {
        /// The controller; `None`: this host's own.
        host: Option<String>,
    },
    /// Values published on an MQTT topic, by `mosquitto_sub`.
    Mqtt {
        /// Topic.
        topic: String,
        /// Broker.
        host: String,
        /// Its port.
        port: u16,
        /// User name at the broker.
        user: Option<String>,
        /// Where in a JSON payload the value is; `None`: the payload is the value.
        payload_key: Option<String>,
    },
    /// Load on the processors, by `stress-ng`.
    Stress {
        /// Workers.
        stressors: u32,
        /// Load of each, percent.
        load: u32,
    },
}

/// Flent's name of the script that asks a management controller, which `fa` does with `ipmitool`.
const FLENT_IPMI: &str = "power-consumption";

impl Collected {
    /// What a runner of Flent's collects; `None` for a runner that is no collector.
    ///
    /// # Errors
    /// What is wrong with its options, or why it cannot run here.
    pub fn of_runner(runner: &str, options: &IndexMap<String, String>) -> Option<Result<Self, String>> {
        let text = |key: &str| options.get(key).map(|text| text.trim()).filter(|text| !text.is_empty());
        let need = |key: &str| text(key).map(str::to_owned).ok_or_else(|| format!("{runner} needs the option {key}"));
        let number = |key: &str, default: u32| match text(key) {
            None => Ok(default),
            Some(text) => text.parse::<u32>().map_err(|_| format!("{key} {text:?} is not a number")),
        };
        Some(match runner {
            "cpu_stats" => Ok(Self::Kernel(Kernel::Cpu)),
            "netstat" => Ok(Self::Kernel(Kernel::Netstat)),
            "tc" => need("interface").map(|interface| Self::Kernel(Kernel::Qdisc { interface })),
            "wifi_stats" => need("interface").map(|interface| {
                let listed = text("stations").unwrap_or("all").split(',').map(str::trim);
                let stations = listed.filter(|mac| !mac.is_empty()).map(str::to_owned).collect();
                Self::Kernel(Kernel::Wifi { interface, stations })
            }),
            "command_output" => need("command").and_then(|command| {
                let host = text("host").filter(|host| !is_this_host(host));
                if command == FLENT_IPMI {
                    return Ok(Self::Program(Program::Ipmi { host: host.map(str::to_owned) }));
                }
                match host {
                    None => Ok(Self::Program(Program::Command { command })),
                    Some(host) => Err(format!("commands run on this host only, not on {host}")),
                }
            }),
            "mosquitto_sub" => need("topic").and_then(|topic| {
                Ok(Self::Program(Program::Mqtt {
                    topic,
                    host: text("host").unwrap_or("localhost").to_owned(),
                    port: u16::try_from(number("port", 8883)?).map_err(|_| "no such port".to_owned())?,
                    user: text("user").map(str::to_owned),
                    payload_key: text("payload_key").map(str::to_owned),
                }))
            }),
            "stress_ng" => number("n_stressors", 1).and_then(|stressors| {
                Ok(Self::Program(Program::Stress { stressors, load: number("cpu_load", 100)?.min(100) }))
            }),
            _ => return None,
        })
    }

    /// How `SERIES_META` names the source under `COMMAND`, where Flent has the command line of its helper.
    pub fn describe(&self) -> String {
        match self {
            Self::Kernel(Kernel::Cpu) => "/proc/stat".into(),
            Self::Kernel(Kernel::Netstat) => "/proc/net/netstat /proc/net/snmp".into(),
            Self::Kernel(Kernel::Qdisc { interface }) => format!("netlink {interface}"),
            Self::Kernel(Kernel::Wifi { interface, .. }) => format!("debugfs {interface}"),
            Self::Program(Program::Command { command }) => command.clone(),
            Self::Program(Program::Ipmi { host: None }) => "ipmitool dcmi power reading".into(),
            Self::Program(Program::Ipmi { host: Some(host) }) => {
                format!("ipmitool -I lanplus -H {host} -E dcmi power reading")
            }
            Self::Program(Program::Mqtt { topic, host, port, .. }) => {
                format!("mosquitto_sub -h {host} -p {port} -t {topic}")
            }
            Self::Program(Program::Stress { stressors, load }) => {
                format!("stress-ng --cpu {stressors} --cpu-load {load}")
            }
        }
    }

    /// Key of the value in the raw samples when there is one value that fills the series itself.
    pub fn own_key(&self) -> Option<&'static str> {
        match self {
            Self::Kernel(_) => None,
            Self::Program(Program::Stress { .. }) => Some("val"),
            Self::Program(_) => Some("value"),
        }
    }
}

/// Whether a name means the host that measures: `localhost` and loopback addresses.
pub fn is_this_host(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// When samples are due: a fixed grid from the start on. A sample that could not be taken in time is taken late, with its
/// real stamp, and those that fell due meanwhile are not made up for: two readings of a counter at once tell nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    next: Time,
    end: Time,
    interval: Span,
}

impl Schedule {
    /// The schedule of a collector whose run has this origin.
    pub fn new(origin: Time, start: Span, length: Span, interval: Span) -> Self {
        let first = origin + start;
        Self { next: first, end: first + length, interval: Span(interval.0.max(1_000_000)) }
    }

    /// When the next sample is due; `None` when there is none left.
    pub fn due(&self) -> Option<Time> {
        (self.next <= self.end).then_some(self.next)
    }

    /// A sample was taken at `now`.
    pub fn taken(&mut self, now: Time) {
        let behind = (now - self.next).0.max(0) / self.interval.0;
        self.next += self.interval.times(behind + 1);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn of(runner: &str, options: &[(&str, &str)]) -> Result<Collected, String> {
        let options = options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Collected::of_runner(runner, &options).unwrap()
    }

    #[test]
    fn runners_of_flent_are_understood() {
        assert_eq!(of("cpu_stats", &[("host", "a")]), Ok(Collected::Kernel(Kernel::Cpu)));
        let stations = vec!["aa:bb:cc:00:00:01".to_owned(), "aa:bb:cc:00:00:02".to_owned()];
        assert_eq!(
            of("wifi_stats", &[("interface", "wlan0"), ("stations", "aa:bb:cc:00:00:01, aa:bb:cc:00:00:02")]),
            Ok(Collected::Kernel(Kernel::Wifi { interface: "wlan0".into(), stations }))
        );
        assert!(of("tc", &[]).unwrap_err().contains("interface"));
        assert!(of("stress_ng", &[("n_stressors", "many")]).unwrap_err().contains("many"));
        assert_eq!(Collected::of_runner("voip", &IndexMap::new()), None);
    }

    #[test]
    fn commands_run_nowhere_but_here() {
        let command = Program::Command { command: "date +%s".into() };
        assert_eq!(of("command_output", &[("command", "date +%s"), ("host", "::1")]), Ok(Collected::Program(command)));
        assert!(of("command_output", &[("command", "x"), ("host", "far")]).unwrap_err().contains("this host only"));
        let ipmi = Program::Ipmi { host: Some("bmc".into()) };
        assert_eq!(
            of("command_output", &[("command", "power-consumption"), ("host", "bmc")]),
            Ok(Collected::Program(ipmi))
        );
    }

    #[test]
    fn a_late_sample_does_not_shift_those_after_it() {
        let ms = |ms: i64| Time(ms * 1_000_000);
        let span = Span::from_millis;
        let mut schedule = Schedule::new(ms(100), span(50), span(400), span(100));
        assert_eq!(schedule.due(), Some(ms(150)));
        schedule.taken(ms(151));
        assert_eq!(schedule.due(), Some(ms(250)));
        schedule.taken(ms(470));
        assert_eq!(schedule.due(), Some(ms(550)), "350 and 450 passed meanwhile");
        schedule.taken(ms(550));
        assert_eq!(schedule.due(), None, "the end is 550");
    }
}
