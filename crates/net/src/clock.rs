//! Clocks: the only place that reads them.

use fa_measure::{FarTime, Time};
use nix::time::{ClockId, clock_gettime};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A process's or a run's time axis: monotonic, beginning when it was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    base: Instant,
}

impl Clock {
    /// Time zero is now.
    pub(crate) fn start() -> Self {
        Self { base: Instant::now() }
    }

    /// Time since zero.
    pub(crate) fn now(&self) -> Time {
        Time(i64::try_from(self.base.elapsed().as_nanos()).unwrap_or(i64::MAX))
    }

    /// The same moment as the standard library's type, for timers.
    pub(crate) fn instant(&self, at: Time) -> Instant {
        self.base + std::time::Duration::from_nanos(u64::try_from(at.0).unwrap_or(0))
    }

    /// What the wall clock showed at time zero, nanoseconds since the Unix epoch, as of now.
    ///
    /// The two clocks cannot be read at once: of several tries the one in which the monotonic clock moved least counts.
    pub(crate) fn wall_at_zero(&self) -> i64 {
        let mut best = (i64::MAX, 0);
        for _ in 0..3 {
            let before = self.now();
            let wall = realtime();
            let apart = (self.now() - before).0;
            if apart < best.0 {
                best = (apart, wall - before.0 - apart / 2);
            }
        }
        best.1
    }

    /// Time zero as a far end tells it.
    pub(crate) fn epoch(&self) -> FarTime {
        FarTime(self.wall_at_zero())
    }
}

/// Nanoseconds since the Unix epoch by the wall clock, which kernel stamps are on.
fn realtime() -> i64 {
    match clock_gettime(ClockId::CLOCK_REALTIME) {
        Ok(t) => t.tv_sec() * 1_000_000_000 + t.tv_nsec(),
        Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_stamps_land_on_our_axis() {
        let clock = Clock::start();
        let (before, stamp, after) = (clock.now(), realtime(), clock.now());
        let at = stamp - clock.wall_at_zero();
        // A stamp taken between two readings lies between them, give or take what reading costs.
        assert!(at >= before.0 - 1_000_000 && at <= after.0 + 1_000_000, "{before:?} {at} {after:?}");
    }
}
