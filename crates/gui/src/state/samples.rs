//! Sample data in the program itself: something to look at before there is anything of one's own.

/// What can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// A line under load whose router has a large buffer.
    UnderLoad,
    /// The same load with a large and with a small buffer.
    TwoBuffers,
    /// A line that carries nothing but probes.
    Idle,
}

/// A file of a sample: its name, and its bytes as `fa measure` wrote them (`samples/README.md` says how).
pub type SampleFile = (&'static str, &'static [u8]);

const LONG: SampleFile = ("bufferbloat-long.flent.gz", include_bytes!("../../../../samples/bufferbloat-long.flent.gz"));
const SHORT: SampleFile =
    ("bufferbloat-short.flent.gz", include_bytes!("../../../../samples/bufferbloat-short.flent.gz"));
const IDLE: SampleFile = ("ping-idle.flent.gz", include_bytes!("../../../../samples/ping-idle.flent.gz"));

impl Sample {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::UnderLoad, Self::TwoBuffers, Self::Idle];

    /// What a button says.
    pub fn title(self) -> &'static str {
        match self {
            Self::UnderLoad => "A line under load",
            Self::TwoBuffers => "Two buffers compared",
            Self::Idle => "An idle line",
        }
    }

    /// What is to be seen.
    pub fn help(self) -> &'static str {
        match self {
            Self::UnderLoad => {
                "rrul over 20 Mbit/s with a buffer of 300 ms: four flows each way fill it, and latency rises"
            }
            Self::TwoBuffers => "the distributions of latency with buffers of 300 ms and of 20 ms, in one figure",
            Self::Idle => "probes alone: how latency looks when nothing else is sent",
        }
    }

    /// Its files, the first one first.
    pub fn files(self) -> &'static [SampleFile] {
        match self {
            Self::UnderLoad => &[LONG],
            Self::TwoBuffers => &[LONG, SHORT],
            Self::Idle => &[IDLE],
        }
    }

    /// The plot to open with; `None`: the test's own.
    pub fn plot(self) -> Option<&'static str> {
        match self {
            Self::UnderLoad | Self::Idle => None,
            Self::TwoBuffers => Some("ping_cdf"),
        }
    }
}
