//! Measuring threads: how they are told what to do, and how they end.

use crate::wait::{Waiter, Waker};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// Handle of a thread that waits for sockets and for orders; it ends when this is dropped.
pub(crate) struct Worker<O> {
    door: Door<O>,
    wanted: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Gives orders from anywhere.
pub(crate) struct Door<O> {
    orders: Sender<O>,
    waker: Waker,
}

impl<O> Clone for Door<O> {
    fn clone(&self) -> Self {
        Self { orders: self.orders.clone(), waker: self.waker.clone() }
    }
}

impl<O> Door<O> {
    /// Gives an order; nobody hears it when the thread is ending.
    pub(crate) fn tell(&self, order: O) {
        let _ = self.orders.send(order);
        self.waker.wake();
    }
}

/// The thread's side.
pub(crate) struct Inbox<O> {
    orders: Receiver<O>,
    wanted: Arc<AtomicBool>,
}

impl<O> Inbox<O> {
    /// The next order, if there is one.
    pub(crate) fn next(&self) -> Option<O> {
        self.orders.try_recv().ok()
    }

    /// Whether the thread has a handle.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire)
    }
}

impl<O: Send + 'static> Worker<O> {
    /// Starts a thread. What it runs looks into the inbox whenever the waiter has waited, and returns when it is not wanted.
    ///
    /// Orders are few (some per flow or probe of a session) and come from the control plane, which must not block: they are
    /// bounded only by the limits on sessions.
    pub(crate) fn start(
        name: &str,
        waiter: Waiter,
        run: impl FnOnce(Waiter, Inbox<O>) + Send + 'static,
    ) -> io::Result<Self> {
        let (orders, inbox) = channel();
        let door = Door { orders, waker: waiter.waker() };
        let wanted = Arc::new(AtomicBool::new(true));
        let inbox = Inbox { orders: inbox, wanted: wanted.clone() };
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || run(waiter, inbox))?;
        Ok(Self { door, wanted, thread: Some(thread) })
    }

    /// Gives an order.
    pub(crate) fn tell(&self, order: O) {
        self.door.tell(order);
    }

    /// What gives orders from elsewhere.
    pub(crate) fn door(&self) -> Door<O> {
        self.door.clone()
    }
}

impl<O> Drop for Worker<O> {
    fn drop(&mut self) {
        // Doors may be left open.
        self.wanted.store(false, Ordering::Release);
        self.door.waker.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Things under numbers that stay theirs; numbers that are free are given again.
pub(crate) struct Places<T> {
    places: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Places<T> {
    pub(crate) fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }

    /// A free number, empty until [`put`](Self::put).
    pub(crate) fn claim(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        })
    }

    /// Fills a number.
    pub(crate) fn put(&mut self, index: usize, thing: T) {
        self.places[index] = Some(thing);
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.places.get(index)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.places.get_mut(index)?.as_mut()
    }

    /// Frees a number and gives back what was there.
    pub(crate) fn take(&mut self, index: usize) -> Option<T> {
        let taken = self.places.get_mut(index)?.take();
        if taken.is_some() {
            self.free.push(index);
        }
        taken
    }

    /// Frees a number that was claimed and not filled.
    pub(crate) fn give_back(&mut self, index: usize) {
        self.free.push(index);
    }
}
