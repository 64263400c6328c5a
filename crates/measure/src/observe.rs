//! What a run records beside its traffic, and what it keeps to itself.

use crate::plan::HostPlan;
use serde::{Deserialize, Serialize};

/// Choices of the user about what is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Observe {
    /// Hosts with `fa serve` whose facts go into `REMOTE_METADATA`, besides those that the test itself talks to.
    #[serde(default)]
    pub remote_metadata: Vec<HostPlan>,
    /// Every field of `TCP_INFO` of both ends, each as a series of its own; the samples are there in any case.
    #[serde(default)]
    pub socket_stats: bool,
    /// The file names no host, address, hardware address, user or command: see [`crate::recorder`].
    #[serde(default)]
    pub redact: bool,
}
