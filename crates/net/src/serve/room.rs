//! Memory that all sessions of a server share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes taken of a fixed number of them.
#[derive(Debug)]
pub(super) struct Room {
    limit: usize,
    taken: AtomicUsize,
}

impl Room {
    /// All of it free.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, taken: AtomicUsize::new(0) }
    }

    /// Takes bytes; false when so many are not free.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let within = |taken: usize| taken.checked_add(bytes).filter(|sum| *sum <= self.limit);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok()
    }

    /// Takes bytes even where they are not free; for what tells about that.
    pub(super) fn take_anyway(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Gives bytes back that were taken.
    pub(super) fn give(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Bytes taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Takes bytes for as long as the answer lives; `None` when so many are not free.
    pub(super) fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Reserved> {
        self.take(bytes).then(|| Reserved { room: self.clone(), bytes })
    }
}

/// Bytes taken until this is dropped.
#[derive(Debug)]
pub(super) struct Reserved {
    room: Arc<Room>,
    bytes: usize,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.room.give(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again_and_more_than_all_cannot() {
        let room = Arc::new(Room::new(100));
        let reserved = room.reserve(60).unwrap();
        assert!(room.reserve(41).is_none() && room.take(40) && !room.take(1) && !room.take(usize::MAX));
        drop(reserved);
        assert_eq!(room.taken(), 40);
        room.give(40);
        assert!(room.reserve(100).is_some());
    }
}
