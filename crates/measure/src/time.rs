//! Times and spans, in whole nanoseconds, and whose clock they were read on.
//!
//! A run has one time axis: [`Time`], nanoseconds since its launch on the clock of the host that runs `fa measure`. What
//! another host stamped stays on that host's clock as [`FarTime`]; the two types do not mix, and going from one to the
//! other takes an estimated offset (see [`ClockSample`](crate::event::ClockSample)).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A moment of a run: nanoseconds since it was launched, on our monotonic clock. The plan's own times count from a later
/// moment, when all is prepared: see [`What::Origin`](crate::event::What::Origin).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub i64);

/// A moment on a far end's clock: nanoseconds since the Unix epoch as that host believes, read from its wall clock once
/// per session and carried on by its monotonic clock, so it never jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FarTime(pub i64);

/// A length of time in nanoseconds; negative where a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(pub i64);

/// A stamp and the clock it was read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Read here.
    Here(Time),
    /// Read by the far end that the event is about.
    There(FarTime),
}

const NANOS_PER_SEC: f64 = 1e9;

/// Seconds to whole nanoseconds; what cannot be a length of time (NaN) becomes 0, what is too long saturates.
fn nanos_from_secs(secs: f64) -> i64 {
    // `as` saturates at the ends of i64 and maps NaN to 0.
    (secs * NANOS_PER_SEC).round() as i64
}

impl Time {
    /// The launch of the run.
    pub const ZERO: Self = Self(0);
    /// Later than any run.
    pub const NEVER: Self = Self(i64::MAX);

    /// From seconds since the launch of the run.
    pub fn from_secs_f64(secs: f64) -> Self {
        Self(nanos_from_secs(secs))
    }

    /// Seconds since the launch of the run.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC
    }
}

impl FarTime {
    /// Seconds since the Unix epoch on the far end's clock.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From seconds.
    pub fn from_secs_f64(secs: f64) -> Self {
        Self(nanos_from_secs(secs))
    }

    /// From milliseconds.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// From microseconds.
    pub const fn from_micros(us: i64) -> Self {
        Self(us.saturating_mul(1_000))
    }

    /// Seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC
    }

    /// Milliseconds.
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// As the standard library's type; negative spans become zero.
    pub fn to_duration(self) -> std::time::Duration {
        std::time::Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }

    /// `n` times as long, saturating.
    #[must_use]
    pub const fn times(self, n: i64) -> Self {
        Self(self.0.saturating_mul(n))
    }
}

impl From<std::time::Duration> for Span {
    fn from(d: std::time::Duration) -> Self {
        Self(i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
    }
}

// Saturating throughout: stamps come from other hosts, and arithmetic on them must not panic.
macro_rules! moments {
    ($($moment:ty),*) => {$(
        impl Add<Span> for $moment {
            type Output = Self;
            fn add(self, by: Span) -> Self {
                Self(self.0.saturating_add(by.0))
            }
        }
        impl AddAssign<Span> for $moment {
            fn add_assign(&mut self, by: Span) {
                *self = *self + by;
            }
        }
        impl Sub<Span> for $moment {
            type Output = Self;
            fn sub(self, by: Span) -> Self {
                Self(self.0.saturating_sub(by.0))
            }
        }
        impl Sub for $moment {
            type Output = Span;
            fn sub(self, from: Self) -> Span {
                Span(self.0.saturating_sub(from.0))
            }
        }
    )*};
}
moments!(Time, FarTime);

impl Add for Span {
    type Output = Self;
    fn add(self, by: Self) -> Self {
        Self(self.0.saturating_add(by.0))
    }
}

impl Sub for Span {
    type Output = Self;
    fn sub(self, by: Self) -> Self {
        Self(self.0.saturating_sub(by.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s", self.as_secs_f64())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.unsigned_abs() < 1_000_000_000 {
            write!(f, "{:.3} ms", self.as_millis_f64())
        } else {
            write!(f, "{:.3} s", self.as_secs_f64())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_whole_nanoseconds() {
        assert_eq!(Time::from_secs_f64(0.2), Time(200_000_000));
        assert_eq!(Span::from_secs_f64(-1.5), Span(-1_500_000_000));
        assert_eq!(Span::from_secs_f64(f64::NAN), Span::ZERO);
    }

    #[test]
    fn arithmetic_on_hostile_stamps_saturates() {
        assert_eq!(FarTime(i64::MIN) - FarTime(i64::MAX), Span(i64::MIN));
        assert_eq!(Time::NEVER + Span(1), Time::NEVER);
    }
}
