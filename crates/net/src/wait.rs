//! Waiting for sockets, for another thread and for a moment, whichever comes first.
//!
//! Level-triggered: what was not read or written stays ready, so a turn may stop after a bounded amount and no flow can
//! starve the others. (Edge-triggered, 1000 flows on one thread moved nothing at all in a trial.) `epoll` is spoken to
//! directly: the `polling` crate re-arms a timer and its notifier on every wait, three more system calls per wake-up.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::time::TimeSpec;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

/// Key of the waker among the keys of sockets.
const WAKER: u64 = u64::MAX;

/// Events taken per wait.
const BATCH: usize = 256;

/// What a socket is ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) key: u64,
    pub(crate) read: bool,
    pub(crate) write: bool,
    /// An error or, for stamped sockets, something in the error queue.
    pub(crate) error: bool,
}

/// Waits for many sockets.
pub(crate) struct Waiter {
    epoll: Epoll,
    waker: Waker,
    events: Vec<EpollEvent>,
}

/// Wakes a [`Waiter`] from another thread.
#[derive(Clone)]
pub(crate) struct Waker(Arc<EventFd>);

impl Waker {
    pub(crate) fn wake(&self) {
        // It can only fail when the counter is full: then the waiter is awake anyway.
        let _ = self.0.write(1);
    }
}

impl Waiter {
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let eventfd = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC)?;
        epoll.add(&eventfd, EpollEvent::new(EpollFlags::EPOLLIN, WAKER))?;
        Ok(Self { epoll, waker: Waker(Arc::new(eventfd)), events: vec![EpollEvent::empty(); BATCH] })
    }

    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Takes a socket under `key`.
    pub(crate) fn add(&self, socket: impl AsFd, key: u64, read: bool, write: bool) -> io::Result<()> {
        Ok(self.epoll.add(socket, EpollEvent::new(flags(read, write), key))?)
    }

    /// Changes what a socket waits for.
    pub(crate) fn change(&self, socket: impl AsFd, key: u64, read: bool, write: bool) -> io::Result<()> {
        Ok(self.epoll.modify(socket, &mut EpollEvent::new(flags(read, write), key))?)
    }

    /// Forgets a socket.
    pub(crate) fn remove(&self, socket: impl AsFd) {
        // Failing means it was not there, which is what is wanted.
        let _ = self.epoll.delete(socket);
    }

    /// Waits at most `timeout`, to the millisecond, and puts what is ready into `ready`.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        // Rounded up: waking before the deadline would mean waking twice.
        let timeout = timeout.map_or(EpollTimeout::NONE, |t| {
            let ms = t.as_nanos().div_ceil(1_000_000).min(60_000) as u16;
            EpollTimeout::from(ms)
        });
        self.take(timeout, ready)
    }

    /// The same, to the nanosecond as far as the kernel's timers go.
    pub(crate) fn wait_exactly(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        let timeout = timeout.map(TimeSpec::from_duration);
        let mut fds = [PollFd::new(self.epoll.0.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut fds, timeout, None) {
            Ok(0) | Err(Errno::EINTR) => {
                ready.clear();
                Ok(())
            }
            Ok(_) => self.take(EpollTimeout::ZERO, ready),
            Err(e) => Err(e.into()),
        }
    }

    fn take(&mut self, timeout: EpollTimeout, ready: &mut Vec<Ready>) -> io::Result<()> {
        ready.clear();
        let n = match self.epoll.wait(&mut self.events, timeout) {
            Ok(n) => n,
            Err(Errno::EINTR) => 0,
            Err(e) => return Err(e.into()),
        };
        for event in &self.events[..n] {
            if event.data() == WAKER {
                let _ = self.waker.0.read();
                continue;
            }
            let flags = event.events();
            let hung = flags.intersects(EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR);
            ready.push(Ready {
                key: event.data(),
                read: flags.contains(EpollFlags::EPOLLIN) || hung,
                write: flags.contains(EpollFlags::EPOLLOUT) || hung,
                error: hung,
            });
        }
        Ok(())
    }
}

fn flags(read: bool, write: bool) -> EpollFlags {
    let mut flags = EpollFlags::empty();
    flags.set(EpollFlags::EPOLLIN, read);
    flags.set(EpollFlags::EPOLLOUT, write);
    flags
}
