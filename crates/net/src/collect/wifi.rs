//! Stations of a wireless interface: air time and aggregation, from debugfs of mac80211.
//!
//! Air time in µs per interval, received from and sent to the station, and the mean number of frames in an aggregate. Only
//! root may read debugfs, and it must be mounted.

use super::{Values, text};
use crate::socket::Trouble;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Where mac80211 has its statistics.
const ROOT: &str = "/sys/kernel/debug/ieee80211";

/// A wireless interface's stations and their last air times.
#[derive(Debug)]
pub(super) struct Wifi {
    root: PathBuf,
    interface: String,
    /// Empty: all.
    stations: Vec<String>,
    last: HashMap<String, Airtime>,
}

/// Cumulative air time of a station, µs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Airtime {
    rx: u64,
    tx: u64,
}

impl Wifi {
    pub(super) fn new(interface: &str, stations: &[String]) -> Self {
        let all = stations.iter().any(|mac| mac.eq_ignore_ascii_case("all"));
        let stations = if all { Vec::new() } else { stations.iter().map(|mac| mac.to_ascii_lowercase()).collect() };
        Self { root: ROOT.into(), interface: interface.to_owned(), stations, last: HashMap::new() }
    }

    pub(super) fn read(&mut self) -> Result<Values, Trouble> {
        let folder = self.folder()?;
        let mut values = Values::new();
        let mut found: Vec<(String, PathBuf)> = fs::read_dir(&folder)
            .map_err(|e| Trouble::new(format!("{}: {e}", folder.display())))?
            .filter_map(|entry| {
                let entry = entry.ok()?;
                Some((entry.file_name().into_string().ok()?.to_ascii_lowercase(), entry.path()))
            })
            .filter(|(mac, _)| self.stations.is_empty() || self.stations.contains(mac))
            .collect();
        found.sort();
        for (mac, path) in found {
            if let Some(now) = text::read(&path.join("airtime")).ok().as_deref().and_then(airtime) {
                // The first reading has nothing to compare with; the counters begin anew when a station comes back.
                let before = self.last.insert(mac.clone(), now).unwrap_or(now);
                for (name, now, before) in [("airtime_rx", now.rx, before.rx), ("airtime_tx", now.tx, before.tx)] {
                    let passed = if now < before { now } else { now - before };
                    values.push((format!("stations::{mac}::{name}"), passed as f64));
                }
            }
            if let Some(size) = text::read(&path.join("rc_stats")).ok().as_deref().and_then(aggregate) {
                values.push((format!("stations::{mac}::avg_aggr_size"), size));
            }
        }
        Ok(values)
    }

    /// Where the interface's stations are.
    fn folder(&self) -> Result<PathBuf, Trouble> {
        let plain = !self.interface.is_empty() && !self.interface.contains(['/', '\0']);
        let phys = fs::read_dir(&self.root).map_err(|e| {
            Trouble::new(format!("{}: {e}", self.root.display()))
                .hint("statistics of stations need root, debugfs (mount -t debugfs none /sys/kernel/debug) and a driver of mac80211")
        })?;
        let folder = |phy: &Path| phy.join(format!("netdev:{}", self.interface)).join("stations");
        let found = phys.filter_map(|phy| Some(folder(&phy.ok()?.path()))).find(|folder| plain && folder.is_dir());
        found.ok_or_else(|| Trouble::new(format!("{} has no stations in {}", self.interface, self.root.display())))
    }
}

/// `RX: 123 us`, `TX: 456 us`.
fn airtime(text: &str) -> Option<Airtime> {
    let of = |name: &str| {
        let rest = text.lines().find_map(|line| line.trim().strip_prefix(name))?;
        rest.trim_start_matches(':').split_whitespace().next()?.parse().ok()
    };
    Some(Airtime { rx: of("RX")?, tx: of("TX")? })
}

/// `Average # of aggregated frames per A-MPDU: 1.5`.
fn aggregate(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.contains("A-MPDU"))?;
    line.rsplit_once(':')?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// As a recent kernel writes it.
    fn station(root: &Path, mac: &str, rx: u64, tx: u64) {
        let folder = root.join("phy0/netdev:wlan0/stations").join(mac);
        fs::create_dir_all(&folder).unwrap();
        let airtime = format!("RX: {rx} us\nTX: {tx} us\nWeight: 256\nVirt-T: VO: 0 us\n");
        fs::write(folder.join("airtime"), airtime).unwrap();
        let rates = "mode guard #  rate\nHT20 LGI 1 MCS0\n\nTotal packet count::    ideal 50      lookaround 3\n\
            Average # of aggregated frames per A-MPDU: 3.4\n";
        fs::write(folder.join("rc_stats"), rates).unwrap();
    }

    #[test]
    fn air_time_is_counted_per_interval_and_only_of_listed_stations() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = ("aa:bb:cc:00:00:01", "aa:bb:cc:00:00:02");
        let mut wifi = Wifi { root: dir.path().into(), ..Wifi::new("wlan0", &["AA:BB:CC:00:00:01".into()]) };
        station(dir.path(), a, 1000, 500);
        station(dir.path(), b, 1, 1);
        let values = |values: Values| values.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>();
        let name = |what: &str| format!("stations::{a}::{what}");
        let expected = |rx: u64, tx: u64| {
            vec![
                format!("{}={rx}", name("airtime_rx")),
                format!("{}={tx}", name("airtime_tx")),
                format!("{}=3.4", name("avg_aggr_size")),
            ]
        };
        assert_eq!(values(wifi.read().unwrap()), expected(0, 0), "nothing to compare with yet");
        station(dir.path(), a, 1200, 900);
        assert_eq!(values(wifi.read().unwrap()), expected(200, 400));
        station(dir.path(), a, 7, 3);
        assert_eq!(values(wifi.read().unwrap()), expected(7, 3), "it came back and counts anew");
        let mut all = Wifi { root: dir.path().into(), ..Wifi::new("wlan0", &["all".into()]) };
        assert_eq!(all.read().unwrap().len(), 6);
    }

    #[test]
    fn what_is_missing_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let mut wifi = Wifi { root: dir.path().join("none"), ..Wifi::new("wlan0", &[]) };
        assert!(wifi.read().unwrap_err().hint.unwrap().contains("debugfs"));
        let mut wifi = Wifi { root: dir.path().into(), ..Wifi::new("../..", &[]) };
        assert!(wifi.read().unwrap_err().error.contains("no stations"));
    }
}
