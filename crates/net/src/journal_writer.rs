//! Writes the journal of a run beside its data file, and makes a data set from one that was left behind.
//!
//! A thread of its own does the writing, so a slow disk cannot disturb a measurement: whoever records an event hands
//! it to a bounded queue and goes on. What the queue cannot take is counted, told in the journal itself, and shown.
//! Once a second everything written so far is with the operating system, which keeps it when the program dies.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use fa_format::DataSet;
use fa_measure::event::{Event, What};
use fa_measure::journal::{self, Encoder, JournalError, JournalNote};
use thiserror::Error;

/// Events that may wait for the disk: some seconds of a run with a thousand flows.
const QUEUE_EVENTS: usize = 65_536;
/// How long what was measured may stay in our memory.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// Written in one go when it comes to this much before the second is over.
const BLOCK_BYTES: usize = 256 << 10;

/// Why there is no journal, or not all of it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalWriteError {
    /// The file could not be made.
    #[error("could not create the journal: {source}\nfile: {path}\nchoose another folder with --data-dir")]
    Create {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file could not be written on.
    #[error("could not write the journal, events after that are only in memory: {reason}\nfile: {path}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// No thread for it.
    #[error("could not start the journal's thread: {0}")]
    Thread(#[source] io::Error),
}

/// Why no data set could be made of a journal.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecoverError {
    /// The file cannot be opened.
    #[error("could not open the journal: {source}\nfile: {path}")]
    Open {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is no journal, or nothing of use is in it.
    #[error("{source}\nfile: {path}")]
    Journal {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: JournalError,
    },
}

/// Where the journal of a data file is.
///
/// ```
/// use std::path::Path;
///
/// let journal = fa_net::journal_writer::journal_path(Path::new("a/rrul.flent.gz"));
/// assert_eq!(journal, Path::new("a/rrul.flent.gz.journal"));
/// assert_eq!(fa_net::journal_writer::target_path(&journal).as_deref(), Some(Path::new("a/rrul.flent.gz")));
/// let renamed = fa_net::journal_writer::target_path(Path::new("a/t1.journal"));
/// assert_eq!(renamed.as_deref(), Some(Path::new("a/t1.flent.gz")));
/// ```
pub fn journal_path(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(".journal");
    name.into()
}

/// The data file that a journal is for, by its name; `None` when it is not named as one.
pub fn target_path(journal: &Path) -> Option<PathBuf> {
    if journal.extension()? != "journal" {
        return None;
    }
    let target = journal.with_extension("");
    let name = target.file_name()?.to_str().unwrap_or_default();
    // A journal may have been renamed.
    if [".flent", ".flent.gz", ".flent.bz2"].iter().any(|suffix| name.ends_with(suffix)) {
        return Some(target);
    }
    let mut named = target.into_os_string();
    named.push(".flent.gz");
    Some(named.into())
}

/// Makes the data set of the run whose journal is at `path`.
///
/// # Errors
/// [`RecoverError`] with the file's name; damage within the journal is a note, not an error.
pub fn recover(path: &Path) -> Result<(DataSet, Vec<JournalNote>), RecoverError> {
    let file = File::open(path).map_err(|source| RecoverError::Open { path: path.into(), source })?;
    journal::recover(BufReader::new(file)).map_err(|source| RecoverError::Journal { path: path.into(), source })
}

/// Writes what a journal begins with; a file that cannot even hold that is not left behind.
fn mark(path: &Path, file: &mut impl Write) -> io::Result<()> {
    file.write_all(&Encoder::header()).inspect_err(|_| {
        // It is empty: nothing is lost with it, and nothing more can be done.
        let _ = std::fs::remove_file(path);
    })
}

/// A journal being written.
#[derive(Debug)]
pub struct JournalWriter {
    path: PathBuf,
    queue: SyncSender<Event>,
    /// Not yet told in the journal.
    untold: u64,
    lost: u64,
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
}

/// What the writing thread tells.
#[derive(Debug, Default)]
struct Shared {
    /// Events that came after writing failed.
    dropped: AtomicU64,
    error: Mutex<Option<String>>,
}

impl Shared {
    fn error(&self) -> Option<String> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fail(&self, error: &io::Error) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
    }
}

impl JournalWriter {
    /// Creates the journal at `path`, which must not exist.
    ///
    /// # Errors
    /// [`JournalWriteError`] when the file exists or cannot be made, or there is no thread to be had.
    pub fn create(path: &Path) -> Result<Self, JournalWriteError> {
        let create = |source| JournalWriteError::Create { path: path.into(), source };
        let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(create)?;
        mark(path, &mut file).map_err(create)?;
        Self::start(path, Durable(file), QUEUE_EVENTS)
    }

    fn start(path: &Path, sink: impl Write + Send + 'static, capacity: usize) -> Result<Self, JournalWriteError> {
        let (queue, events) = sync_channel(capacity);
        let shared = Arc::new(Shared::default());
        let told = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("fa-journal".into())
            .spawn(move || write(&events, sink, &told))
            .map_err(JournalWriteError::Thread)?;
        Ok(Self { path: path.into(), queue, untold: 0, lost: 0, shared, thread })
    }

    /// Hands over one event; never waits.
    pub fn record(&mut self, event: &Event) {
        if self.untold > 0 {
            let what = What::Overflow { host: None, queue: "journal".into(), lost: self.untold };
            if self.queue.try_send(Event::new(event.at, what)).is_ok() {
                self.untold = 0;
            }
        }
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.queue.try_send(event.clone()) {
            self.untold += 1;
            self.lost += 1;
        }
    }

    /// Events that are not in the journal, because the queue was full or writing failed.
    pub fn lost(&self) -> u64 {
        self.lost + self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Why writing failed, as soon as it has.
    pub fn error(&self) -> Option<String> {
        self.shared.error()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is still waiting and leaves the journal for `fa recover`.
    ///
    /// # Errors
    /// [`JournalWriteError::Write`] when not everything could be written.
    pub fn finish(self) -> Result<PathBuf, JournalWriteError> {
        drop(self.queue);
        if self.thread.join().is_err() {
            let reason = "its thread came to an unexpected end".into();
            return Err(JournalWriteError::Write { path: self.path, reason });
        }
        match self.shared.error() {
            None => Ok(self.path),
            Some(reason) => Err(JournalWriteError::Write { path: self.path, reason }),
        }
    }

    /// Ends and removes the journal: the data file is written and nobody needs it any more.
    ///
    /// # Errors
    /// The operating system's, when the file cannot be removed.
    pub fn discard(self) -> io::Result<()> {
        let path = self.path.clone();
        // Whether its last bytes could be written no longer matters.
        let _ = self.finish();
        fs::remove_file(path)
    }
}

/// A file whose flush reaches the disk: a journal is for power cuts, too.
struct Durable(File);

impl Write for Durable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Body of the thread: until all senders are gone.
fn write(events: &Receiver<Event>, mut sink: impl Write, shared: &Shared) {
    let mut encoder = Encoder::default();
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let mut due = Instant::now() + FLUSH_EVERY;
    let mut failed = false;
    loop {
        let received = events.recv_timeout(due.saturating_duration_since(Instant::now()));
        match &received {
            Ok(event) if !failed => {
                if encoder.encode(event, &mut block).is_err() {
                    shared.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok(_) => _ = shared.dropped.fetch_add(1, Ordering::Relaxed),
            Err(_) => {}
        }
        // A journal without its beginning is of no use.
        let begun = matches!(&received, Ok(event) if matches!(event.what, What::Plan(_)));
        let ended = received == Err(RecvTimeoutError::Disconnected);
        let now = Instant::now();
        if block.len() >= BLOCK_BYTES || now >= due || begun || ended {
            due = now + FLUSH_EVERY;
            if let Err(error) =
                if block.is_empty() { Ok(()) } else { sink.write_all(&block).and_then(|()| sink.flush()) }
            {
                // A full disk does not get better by trying with every event; the measurement goes on.
                shared.fail(&error);
                failed = true;
            }
            block.clear();
        }
        if ended {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use fa_measure::Time;

    fn event(number: i64) -> Event {
        Event::new(Time(number), What::Warning { host: None, text: format!("event {number}") })
    }

    #[test]
    fn everything_recorded_is_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.flent.gz.journal");
        let mut writer = JournalWriter::create(&path).unwrap();
        let events: Vec<Event> = (0..10_000).map(event).collect();
        for event in &events {
            writer.record(event);
        }
        assert_eq!(writer.lost(), 0);
        assert_eq!(writer.finish().unwrap(), path);
        let found = journal::read(File::open(&path).unwrap()).unwrap();
        assert_eq!((found.events, found.notes), (events, vec![]));
    }

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.journal");
        fs::write(&path, "precious").unwrap();
        assert!(matches!(JournalWriter::create(&path), Err(JournalWriteError::Create { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn a_disk_without_room_for_a_journal_keeps_no_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.journal");
        fs::write(&path, "").unwrap();
        assert!(mark(&path, &mut [0_u8; 5].as_mut_slice()).is_err());
        assert!(!path.exists());
    }

    #[test]
    fn a_finished_run_leaves_no_journal() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.journal");
        let mut writer = JournalWriter::create(&path).unwrap();
        writer.record(&event(1));
        writer.discard().unwrap();
        assert!(!path.exists());
    }

    /// A disk that takes a given number of writes, each only after it was allowed.
    struct Disk {
        allowed: Receiver<()>,
        writes: usize,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Until the sender is gone; from then on without waiting.
            let _ = self.allowed.recv();
            let Some(left) = self.writes.checked_sub(1) else {
                return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left"));
            };
            self.writes = left;
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_full_queue_cannot_take_is_counted_and_told() {
        let (allow, allowed) = sync_channel(1);
        let written = Arc::new(Mutex::new(Encoder::header().to_vec()));
        let disk = Disk { allowed, writes: usize::MAX, written: Arc::clone(&written) };
        let mut writer = JournalWriter::start(Path::new("x.journal"), disk, 2).unwrap();
        // An event larger than a block makes the thread write at once, and there it waits for the disk.
        let big = Event::new(Time(0), What::Warning { host: None, text: "x".repeat(BLOCK_BYTES) });
        writer.record(&big);
        while writer.lost() == 0 {
            writer.record(&event(1));
        }
        let lost = writer.lost();
        drop(allow);
        // With the disk free again, the first event that fits is preceded by what was lost.
        while writer.untold > 0 {
            writer.record(&event(2));
        }
        let all_lost = writer.lost();
        assert!(all_lost >= lost && lost >= 1);
        writer.finish().unwrap();
        let file = written.lock().unwrap().clone();
        let found = journal::read(file.as_slice()).unwrap();
        let told: u64 = found
            .events
            .iter()
            .map(|event| if let What::Overflow { lost, .. } = &event.what { *lost } else { 0 })
            .sum();
        assert_eq!(told, all_lost);
    }

    #[test]
    fn a_full_disk_stops_the_journal_and_not_the_run() {
        let (allow, allowed) = sync_channel(1);
        drop(allow);
        let disk = Disk { allowed, writes: 0, written: Arc::default() };
        let mut writer = JournalWriter::start(Path::new("x.journal"), disk, 16).unwrap();
        writer.record(&event(1));
        let error = writer.finish().unwrap_err().to_string();
        assert!(error.contains("no space left") && error.contains("x.journal"), "{error}");
    }

    #[test]
    fn a_journal_that_is_none_is_an_error_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.journal");
        fs::write(&path, "{}").unwrap();
        let error = recover(&path).unwrap_err().to_string();
        assert!(error.contains("not a journal") && error.contains("run.journal"), "{error}");
        assert_eq!(target_path(Path::new("x.flent.gz")), None);
    }
}
