//! What is observed of a host beside its traffic.

use crate::collect::CollectorId;
use crate::plan::HostId;
use crate::time::{Span, When};
use serde::{Deserialize, Serialize};

/// Names of a collector's values. Told again, with another number, when they change during the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectorColumns {
    /// Which collector.
    pub collector: CollectorId,
    /// Number of this list, from 0.
    pub list: u32,
    /// Keys as in the raw samples of the file; `a::b` for a value inside an object.
    pub names: Vec<String>,
}

/// What measuring cost a host during an interval, about a second long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnLoad {
    /// `None`: this host.
    pub host: Option<HostId>,
    /// End of the interval, on that host's clock.
    pub at: When,
    /// Length of the interval.
    pub interval: Span,
    /// Processors it has.
    pub processors: u32,
    /// Share of their time that was neither idle nor waiting for a disk, 0 to 1.
    pub busy: f64,
    /// Share that a hypervisor gave to others.
    pub stolen: f64,
    /// The threads that move packets.
    pub threads: Vec<ThreadLoad>,
    /// Packets that the kernel dropped before it processed them, for want of room.
    pub dropped: u64,
    /// How often what arrived found its receive buffer full, of whatever program; the kernel counts datagrams that it has
    /// joined as one.
    pub receive_errors: u64,
}

/// A thread's share of a processor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThreadLoad {
    /// Its name.
    pub name: String,
    /// Share of the interval in which it ran.
    pub ran: f64,
    /// Share in which it could have run, had there been a processor.
    pub waited: f64,
}

/// What a collector found at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CollectorSample {
    /// Which collector.
    pub collector: CollectorId,
    /// Which list of names.
    pub list: u32,
    /// When, on the clock of the host it ran on.
    pub at: When,
    /// One per name; `None` where there was none.
    pub values: Vec<Option<f64>>,
}
