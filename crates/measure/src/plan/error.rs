//! Why a test cannot be planned.

use thiserror::Error;

/// A test that cannot be planned.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No far end was named.
    #[error("test {test} needs a host; name one: fa measure {test} HOST")]
    NoHost {
        /// Test name.
        test: String,
    },
    /// The test needs parameters that were not given.
    #[error("test {test} needs --test-parameter {}=VALUE", missing.join("=VALUE --test-parameter "))]
    MissingParameters {
        /// Test name.
        test: String,
        /// Names of the parameters.
        missing: Vec<String>,
    },
    /// A duration that cannot be.
    #[error("{what} is {secs} s, but must be {must}")]
    Duration {
        /// Setting.
        what: &'static str,
        /// Its value.
        secs: f64,
        /// What it must be.
        must: &'static str,
    },
    /// More flows or probes than ids.
    #[error("test {test} has {count} {what}, more than the {max} that one run can have")]
    TooMany {
        /// Test name.
        test: String,
        /// Flows, probes or hosts.
        what: &'static str,
        /// How many.
        count: usize,
        /// At most.
        max: usize,
    },
    /// A flow that would be over before it starts.
    #[error(
        "{series} starts {start_secs} s into the run and would have no time to send (its length is {length_secs} s); use \
         a longer --length or shorter delays between streams"
    )]
    NoTime {
        /// Series.
        series: String,
        /// Planned start, seconds.
        start_secs: f64,
        /// What would be its length, seconds.
        length_secs: f64,
    },
    /// A parameter or option that cannot be.
    #[error("{what}")]
    Parameter {
        /// What is wrong with it, and what can be.
        what: String,
    },
    /// Probes closer together than can be sent.
    #[error("probe interval of {series:?} is {secs} s, shorter than the shortest possible, 0.0001 s")]
    Interval {
        /// Series.
        series: String,
        /// Seconds asked for.
        secs: f64,
    },
}
