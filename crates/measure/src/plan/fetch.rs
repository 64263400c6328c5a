//! Fetchers of a plan.

use super::{FetchId, HostId, IpVersion};
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// Fetching web objects, again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchPlan {
    /// Its number.
    pub id: FetchId,
    /// Series it fills.
    pub series: String,
    /// Where the list of objects is: a file, or a URL.
    pub list: FetchList,
    /// Host of the list when that is our server.
    pub host: HostId,
    /// When the first round is due, after the run's origin.
    pub start: Span,
    /// From the first round to the last one.
    pub length: Span,
    /// Between the beginnings of rounds; one that takes longer delays the next.
    pub interval: Span,
    /// How long one object may take.
    pub timeout: Span,
    /// Objects fetched at the same time.
    pub workers: u16,
    /// Name servers to ask instead of the system's.
    pub dns: Vec<String>,
    /// Internet protocol version to use.
    pub ip_version: Option<IpVersion>,
    /// Local address of its connections.
    #[serde(default)]
    pub local_bind: Option<String>,
}

/// Where the addresses of objects come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchList {
    /// `filelist.txt` of the host's `fa serve`.
    Server,
    /// A list at this URL, or in this file.
    Named(String),
}
