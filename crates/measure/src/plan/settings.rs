//! What the user asked for.

use super::{HostPlan, IpVersion};
use crate::observe::Observe;
use crate::options::TestOptions;
use fa_catalog::Setup;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// What the user asked for; goes into the file's metadata as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Test name: `rrul`.
    pub test: String,
    /// Far ends as given, in order, at least one.
    pub hosts: Vec<HostPlan>,
    /// Seconds of load.
    pub length_secs: f64,
    /// Idle seconds before and after the load.
    pub delay_secs: f64,
    /// Seconds between values of the aligned series, and between samples of byte counts and TCP_INFO.
    pub step_secs: f64,
    /// Free text for figure titles and file names.
    pub title: String,
    /// Free text.
    pub note: String,
    /// Asked for with `-4` or `-6`; otherwise what the host resolves to first, IPv6 before IPv4.
    pub ip_version: Option<IpVersion>,
    /// `--test-parameter key=value`, in the order given.
    pub params: IndexMap<String, String>,
    /// Local address that every socket of the run is bound to.
    pub local_bind: Option<String>,
    /// Seed of everything random in the run, payload included.
    pub seed: u64,
    /// Options of single tools.
    #[serde(default)]
    pub options: TestOptions,
    /// What is recorded beside the traffic.
    #[serde(default)]
    pub observe: Observe,
}

impl Settings {
    /// Those of a test as it is set up and nothing else: hosts at the default port, no title, seed 1, sampled as usual. What a
    /// user asked for beyond that is filled in by whoever knows it.
    #[must_use]
    pub fn of(setup: &Setup) -> Self {
        Self {
            test: setup.test.clone(),
            hosts: setup.hosts.iter().map(HostPlan::named).collect(),
            length_secs: setup.length_secs,
            delay_secs: setup.delay_secs,
            step_secs: setup.step_secs,
            title: String::new(),
            note: String::new(),
            ip_version: None,
            params: setup.params.clone(),
            local_bind: None,
            seed: 1,
            options: TestOptions::default(),
            observe: Observe::default(),
        }
    }
}
