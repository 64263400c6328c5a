//! How fast web objects go, where a server has a limit: an allowance that the objects of a session share.

use crate::clock::Clock;
use fa_measure::access::Allowance;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Bytes of an object at a time, at most.
const PART: u64 = 16 * 1024;

/// A rate that several objects keep to together.
#[derive(Debug, Clone)]
pub(super) struct Pace(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bits_per_sec: u64,
    clock: Clock,
    allowance: Mutex<Allowance>,
    told: AtomicBool,
}

impl Pace {
    pub(super) fn new(bits_per_sec: u64, clock: Clock) -> Self {
        let allowance = Mutex::new(Allowance::new(bits_per_sec, clock.now()));
        Self(Arc::new(Shared { bits_per_sec, clock, allowance, told: AtomicBool::new(false) }))
    }

    /// What a client should know, once.
    pub(super) fn remark(&self) -> Option<String> {
        let rate = self.0.bits_per_sec as f64 / 1e6;
        let first = !self.0.told.swap(true, Ordering::Relaxed);
        first.then(|| {
            format!("this server sends the web objects of one client at {rate:.0} Mbit/s at most, all together")
        })
    }

    /// How many of `left` bytes may go now.
    ///
    /// # Errors
    /// The moment to ask again.
    pub(super) fn next(&self, left: u64) -> Result<usize, Instant> {
        let Shared { clock, allowance, .. } = &*self.0;
        let mut allowance = allowance.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = allowance.wait(clock.now()) {
            return Err(clock.instant(until));
        }
        let now = left.min(PART);
        allowance.take(now);
        Ok(now as usize)
    }
}
