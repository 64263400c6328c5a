//! Options of single tools, under Flent's names on the command line.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// What `fa measure` takes beside the test, its hosts and its times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TestOptions {
    /// `--local-bind`: local addresses, one for each host in order, or one for all.
    pub local_binds: Vec<String>,
    /// `--control-host`: where control connections go.
    pub control_host: Option<String>,
    /// `--control-local-bind`: local address of control connections.
    pub control_local_bind: Option<String>,
    /// `--send-size`: bytes per write of TCP flows, one for each stream in order, or one for all.
    pub send_sizes: Vec<u32>,
    /// `--test-payload`: what our senders write, again and again, instead of random bytes.
    #[serde(skip)]
    pub payload: Option<Vec<u8>>,
    /// Name of the file of `payload`, for the data file.
    pub payload_name: Option<String>,
    /// What is in the files that test parameter `test_payloads` names, one for each stream in order.
    #[serde(skip)]
    pub payloads: IndexMap<String, Vec<u8>>,
    /// `--swap-up-down`: TCP uploads become downloads and the other way round.
    pub swap_up_down: bool,
    /// `--no-socket-stats` turns off the samples of kernel state.
    pub socket_stats: bool,
    /// `--socket-timeout`: seconds after which a request without an answer is lost; 0: never while the probe runs.
    pub socket_timeout_secs: Option<u32>,
    /// `--irtt-sampling-interval`: milliseconds between the requests of every UDP probe, calls included.
    pub irtt_interval_ms: Option<u32>,
    /// `--http-getter-urllist`: files or URLs; one fetcher for each.
    pub url_lists: Vec<String>,
    /// `--http-getter-dns-servers`: name servers, as given.
    pub dns_servers: Vec<String>,
    /// `--http-getter-timeout`: milliseconds for one object; the length of the test otherwise.
    pub http_timeout_ms: Option<u32>,
    /// `--http-getter-workers`: objects fetched at the same time.
    pub http_workers: u16,
    /// What `file:NAME` stands for in test parameters.
    pub lists: IndexMap<String, Vec<f64>>,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self {
            local_binds: Vec::new(),
            control_host: None,
            control_local_bind: None,
            send_sizes: Vec::new(),
            payload: None,
            payload_name: None,
            payloads: IndexMap::new(),
            swap_up_down: false,
            socket_stats: true,
            socket_timeout_secs: None,
            irtt_interval_ms: None,
            url_lists: Vec::new(),
            dns_servers: Vec::new(),
            http_timeout_ms: None,
            http_workers: 4,
            lists: IndexMap::new(),
        }
    }
}
