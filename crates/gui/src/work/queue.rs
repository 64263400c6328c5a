//! Jobs that wait for a thread: the urgent ones first, and those about one file one after the other.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{Job, URGENCIES};

#[derive(Default)]
struct Jobs {
    waiting: [VecDeque<Job>; URGENCIES],
    /// Files that somebody reads or writes now.
    busy: Vec<PathBuf>,
    closed: bool,
}

#[derive(Default)]
pub(super) struct Queue {
    jobs: Mutex<Jobs>,
    ready: Condvar,
}

/// A file is one job's until this is dropped.
pub(super) struct Turn<'a> {
    queue: &'a Queue,
    file: Option<PathBuf>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            self.queue.lock().busy.retain(|busy| *busy != file);
            self.queue.ready.notify_all();
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn give(&self, job: Job) {
        let mut jobs = self.lock();
        if let Job::Resolve(view, _) = &job {
            // Only the newest figure of a view is of interest.
            jobs.waiting[0].retain(|other| !matches!(other, Job::Resolve(v, _) if v == view));
        }
        let mut job = job;
        if let Job::WritePrefs(file, from, _) = &mut job {
            // Changes that were not written yet are part of this one.
            jobs.waiting.iter_mut().for_each(|waiting| {
                waiting.retain(|other| match other {
                    Job::WritePrefs(path, before, _) if path == file => {
                        from.clone_from(before);
                        false
                    }
                    _ => true,
                });
            });
        }
        let urgency = job.priority();
        jobs.waiting[urgency].push_back(job);
        drop(jobs);
        self.ready.notify_all();
    }

    /// The next job among the `most` most urgent kinds; waits for one. `None` when there will be none any more.
    pub(super) fn take(&self, most: usize) -> Option<(Job, Turn<'_>)> {
        let mut jobs = self.lock();
        loop {
            if jobs.closed {
                return None;
            }
            if let Some((job, file)) = jobs.next(most) {
                return Some((job, Turn { queue: self, file }));
            }
            jobs = self.ready.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing more is taken. Waits for what is being written, and gives back what is still to be written, in order; nobody
    /// waits for what was to be read.
    pub(super) fn close(&self) -> Vec<Job> {
        let mut jobs = self.lock();
        jobs.closed = true;
        let rest = jobs.waiting.iter_mut().flat_map(std::mem::take).filter(Job::writes).collect();
        self.ready.notify_all();
        while !jobs.busy.is_empty() {
            jobs = self.ready.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
        rest
    }
}

impl Jobs {
    fn next(&mut self, most: usize) -> Option<(Job, Option<PathBuf>)> {
        let Self { waiting, busy, .. } = self;
        for waiting in &mut waiting[..most] {
            let free = |job: &Job| job.file().is_none_or(|file| !busy.contains(&file));
            if let Some(job) = waiting.iter().position(free).and_then(|at| waiting.remove(at)) {
                let file = job.file();
                busy.extend(file.clone());
                return Some((job, file));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::state::DocId;

    fn layouts(path: &str) -> Job {
        Job::WriteLayouts(path.into(), Vec::new())
    }

    #[test]
    fn jobs_about_one_file_are_done_one_after_the_other_in_order() {
        let queue = Queue::default();
        queue.give(Job::SaveSession("/a".into(), Box::default()));
        queue.give(layouts("/a"));
        queue.give(layouts("/b"));
        let (first, turn) = queue.take(URGENCIES).unwrap();
        assert!(matches!(first, Job::SaveSession(..)));
        let (second, _other) = queue.take(URGENCIES).unwrap();
        assert!(matches!(second, Job::WriteLayouts(path, _) if path.ends_with("b")), "/a is being written");
        drop(turn);
        let (third, _turn) = queue.take(URGENCIES).unwrap();
        assert!(matches!(third, Job::WriteLayouts(path, _) if path.ends_with("a")));
    }

    #[test]
    fn closing_waits_for_what_is_being_written_and_gives_back_the_rest_in_order() {
        let queue = Queue::default();
        for path in ["/a", "/a", "/b"] {
            queue.give(layouts(path));
        }
        queue.give(Job::Load(DocId(1), "/c".into()));
        let (_, turn) = queue.take(URGENCIES).unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // Until the other thread has closed the queue.
                while !queue.lock().closed {
                    std::thread::yield_now();
                }
                done.store(true, std::sync::atomic::Ordering::SeqCst);
                drop(turn);
            });
            let rest = queue.close();
            assert!(done.load(std::sync::atomic::Ordering::SeqCst), "it waited");
            assert!(
                matches!(&rest[..], [Job::WriteLayouts(a, _), Job::WriteLayouts(b, _)] if a.ends_with("a") && b.ends_with("b"))
            );
        });
        assert!(queue.take(URGENCIES).is_none());
    }
}
