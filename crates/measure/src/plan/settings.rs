//! What the user asked for.

use super::{HostPlan, IpVersion};
use crate::observe::Observe;
use crate::options::TestOptions;
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
