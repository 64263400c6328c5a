//! A line about work on many files: drawn anew on a terminal once the work has taken a second, gone when it is finished.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::output::Console;

/// Work that takes less says nothing.
const SILENT: Duration = Duration::from_secs(1);
/// Between two drawings.
const PAUSE: Duration = Duration::from_millis(100);
/// Places of the bar.
const WIDTH: usize = 24;

/// How far the work on many things is; threads report to it.
pub(crate) struct Progress<W: Write> {
    what: &'static str,
    total: usize,
    done: AtomicUsize,
    /// The stream and when it was drawn to last; nothing when nobody would look at it.
    line: Option<Mutex<(W, Option<Duration>)>>,
}

impl Progress<std::io::Stderr> {
    /// On standard error, if that is a terminal and progress is wanted.
    pub(crate) fn new(what: &'static str, total: usize, console: Console) -> Self {
        let shown = console.stderr_tty && !console.quiet && total > 1;
        Self::on(shown.then(std::io::stderr), what, total)
    }
}

impl<W: Write> Progress<W> {
    fn on(stream: Option<W>, what: &'static str, total: usize) -> Self {
        Self { what, total, done: AtomicUsize::new(0), line: stream.map(|stream| Mutex::new((stream, None))) }
    }

    /// One more is done. `begin` is when the work began.
    pub(crate) fn step(&self, begin: Instant) {
        self.step_at(begin.elapsed());
    }

    fn step_at(&self, now: Duration) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let Some(line) = &self.line else { return };
        // Another thread is drawing: it is fresh enough.
        let Ok(mut line) = line.try_lock() else { return };
        let (stream, last) = &mut *line;
        if now < SILENT || last.is_some_and(|last| now < last + PAUSE) {
            return;
        }
        *last = Some(now);
        let full = WIDTH * done / self.total.max(1);
        let bar = format!("{}{}", "█".repeat(full), "░".repeat(WIDTH - full.min(WIDTH)));
        // A line that cannot be drawn is no reason to stop the work.
        drop(write!(stream, "\r{} {bar} {done} of {}\x1b[K", self.what, self.total).and_then(|()| stream.flush()));
    }

    /// Takes the line away.
    pub(crate) fn finish(self) {
        if let Some(Ok((mut stream, Some(_)))) = self.line.map(Mutex::into_inner) {
            drop(write!(stream, "\r\x1b[K").and_then(|()| stream.flush()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(steps_ms: &[u64]) -> String {
        let mut out = Vec::new();
        let progress = Progress::on(Some(&mut out), "reading", 4);
        for ms in steps_ms {
            progress.step_at(Duration::from_millis(*ms));
        }
        progress.finish();
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn quick_work_says_nothing() {
        assert_eq!(drawn(&[10, 500, 990, 999]), "");
    }

    #[test]
    fn the_line_comes_after_a_second_not_too_often_and_goes_at_the_end() {
        let text = drawn(&[10, 1000, 1050, 1100]);
        let lines: Vec<&str> = text.split('\r').filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.len(), 3, "{text:?}");
        assert!(lines[0].starts_with("reading ") && lines[0].contains("2 of 4"), "{text:?}");
        assert!(lines[1].contains("4 of 4"), "{text:?}");
        assert_eq!(lines[2], "\x1b[K");
    }

    #[test]
    fn without_a_terminal_nothing_is_drawn() {
        let progress = Progress::<Vec<u8>>::on(None, "reading", 1);
        progress.step_at(Duration::from_secs(9));
        progress.finish();
    }
}
