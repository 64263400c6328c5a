//! What fetching web objects tells.

use crate::plan::FetchId;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// A round of fetching: every object of the list once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fetched {
    /// Which fetcher.
    pub fetch: FetchId,
    /// When the round began.
    pub began: Time,
    /// From then until the last object was there.
    pub took: Span,
    /// Objects that came.
    pub objects: u32,
    /// Objects that did not: refused, broken, or not in time.
    pub failed: u32,
    /// Of those, the ones that did not come in time.
    pub timed_out: u32,
    /// Of those, the ones that the server answered with another status than success.
    #[serde(default)]
    pub refused: u32,
    /// Payload of all.
    pub bytes: u64,
    /// Connections that had to be made.
    pub connections: u32,
    /// The longest that the name of a server took to be looked up; `None` without a look-up.
    pub name_lookup: Option<Span>,
    /// The longest that a connection took.
    pub connecting: Option<Span>,
    /// The longest from a request to the first byte of its answer.
    pub first_byte: Option<Span>,
}

impl Fetched {
    /// Whether its time means something: all was answered, and something came. What a server refuses (404 and the like) it
    /// refuses in every round; what broke or took too long would make the time that of the fault.
    pub fn is_complete(&self) -> bool {
        self.objects > 0 && self.failed == self.refused
    }
}
