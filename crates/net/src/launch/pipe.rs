//! The way of events out of a run: bounded, and what does not fit is counted.

use fa_measure::{Event, Time, What};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use tokio::sync::Notify;

/// Events that may wait for their reader.
const DEPTH: usize = 65_536;

/// Where a run's threads put events.
#[derive(Debug)]
pub(super) struct Pipe {
    sender: SyncSender<Event>,
    lost: AtomicU64,
    /// Told when an event finds no reader any more.
    gone: Notify,
}

impl Pipe {
    pub(super) fn new() -> (Self, Receiver<Event>) {
        let (sender, receiver) = sync_channel(DEPTH);
        (Self { sender, lost: AtomicU64::new(0), gone: Notify::new() }, receiver)
    }

    /// Puts an event in, or counts it as lost; never waits, because measuring threads call it.
    pub(super) fn push(&self, at: Time, what: What) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let queue = "events of the run".into();
            if self.sender.try_send(Event::new(at, What::Overflow { host: None, queue, lost })).is_err() {
                self.lost.fetch_add(lost, Ordering::Relaxed);
            }
        }
        match self.sender.try_send(Event::new(at, what)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
            Err(TrySendError::Disconnected(_)) => self.gone.notify_one(),
        }
    }

    /// Waits until nobody reads the events any more.
    pub(super) async fn reader_gone(&self) {
        self.gone.notified().await;
    }

    /// Puts an event in and waits for room; for the control plane when nothing is measured.
    pub(super) fn push_patiently(&self, at: Time, what: What) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let queue = "events of the run".into();
            let _ = self.sender.send(Event::new(at, What::Overflow { host: None, queue, lost }));
        }
        // Fails only when the reader is gone, and then nobody misses it.
        let _ = self.sender.send(Event::new(at, what));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn warning(i: usize) -> What {
        What::Warning { host: None, text: i.to_string() }
    }

    #[test]
    fn what_a_slow_reader_misses_is_counted_and_told() {
        let (pipe, events) = Pipe::new();
        for i in 0..DEPTH + 5 {
            pipe.push(Time::ZERO, warning(i));
        }
        for _ in 0..3 {
            events.recv().unwrap();
        }
        pipe.push(Time::ZERO, warning(0));
        let told: Vec<What> = events.try_iter().map(|e| e.what).collect();
        assert!(told.iter().any(|w| matches!(w, What::Overflow { lost: 5, .. })));
    }
}
