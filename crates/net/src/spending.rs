//! Bytes that a server's session has moved against what it may: streams, datagrams, probes and web objects share one
//! budget, whichever thread moves them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The count of one session.
pub(crate) struct Spending {
    moved: AtomicU64,
    /// Bytes it may move; `None`: no limit.
    most: Option<u64>,
    /// Of all sessions that ever were.
    all: Arc<AtomicU64>,
    over: AtomicBool,
    /// Hears once that the limit is reached.
    reached: Box<dyn Fn() + Send + Sync>,
}

impl Spending {
    /// Nothing moved yet; `all` is counted up, too.
    pub(crate) fn new(most: Option<u64>, all: Arc<AtomicU64>, reached: impl Fn() + Send + Sync + 'static) -> Self {
        Self { moved: AtomicU64::new(0), most, all, over: AtomicBool::new(false), reached: Box::new(reached) }
    }

    /// Counts bytes that were moved; false when no more may be.
    pub(crate) fn count(&self, bytes: u64) -> bool {
        self.all.fetch_add(bytes, Ordering::Relaxed);
        let moved = self.moved.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if self.most.is_some_and(|most| moved >= most) && self.end() {
            (self.reached)();
        }
        !self.is_over()
    }

    /// Counts bytes that are about to be moved; false when they are too many, which then count for nothing.
    pub(crate) fn reserve(&self, bytes: u64) -> bool {
        let within = |moved: u64| {
            let sum = moved.checked_add(bytes)?;
            self.most.is_none_or(|most| sum <= most).then_some(sum)
        };
        let reserved = !self.is_over() && self.moved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok();
        if reserved {
            self.all.fetch_add(bytes, Ordering::Relaxed);
        }
        reserved
    }

    /// Nothing may be moved any more; false when it was so already.
    pub(crate) fn end(&self) -> bool {
        !self.over.swap(true, Ordering::Relaxed)
    }

    /// Whether nothing may be moved any more.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Bytes so far.
    pub(crate) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_told_once_whoever_reaches_it() {
        let (all, told) = (Arc::new(AtomicU64::new(5)), Arc::new(AtomicU64::new(0)));
        let hears = told.clone();
        let reached = move || {
            hears.fetch_add(1, Ordering::Relaxed);
        };
        let spending = Spending::new(Some(100), all.clone(), reached);
        assert_eq!((spending.count(60), spending.reserve(41)), (true, false), "101 of 100");
        assert!(spending.reserve(30));
        assert_eq!([spending.count(10), spending.count(10)], [false, false]);
        assert!(!spending.reserve(0), "over is over");
        assert_eq!((spending.moved(), all.load(Ordering::Relaxed), told.load(Ordering::Relaxed)), (110, 115, 1));
    }

    #[test]
    fn without_a_limit_only_the_operators_day_ends_it() {
        let spending = Spending::new(None, Arc::default(), || panic!("there is no limit"));
        assert_eq!((spending.count(u64::MAX / 2), spending.reserve(1)), (true, true));
        assert!(spending.end() && !spending.end());
        assert_eq!((spending.count(1), spending.reserve(1)), (false, false));
    }
}
