//! Watching: files that change or go while they are open, and folders in which new ones appear.
//!
//! By looking again every two seconds (or as preferred): works on every file system, network ones included, and costs nothing to speak of.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::monitor::Looker;
use super::{Shared, is_data_file};
use crate::state::library::{Changed, Stamp};
use crate::state::{Action, DocId};

/// Between two looks, unless a person wants another time.
const EVERY: Duration = Duration::from_secs(2);
/// Between two looks at the clock: another interval is heeded soon, and the thread ends soon.
const TICK: Duration = Duration::from_millis(500);

/// What is watched.
#[derive(Debug, Default)]
pub struct Watched {
    /// Open files as they were read.
    pub files: BTreeMap<DocId, (PathBuf, Stamp)>,
    /// Folder in which new files are opened, with those that were known.
    folder: Option<(PathBuf, HashSet<PathBuf>)>,
    /// New files whose size was still changing, with that size.
    growing: BTreeMap<PathBuf, u64>,
    /// Between two looks.
    every: Option<Duration>,
    stop: bool,
}

impl Watched {
    /// Watches another folder, or none. What is in it already is not new.
    pub fn set_folder(&mut self, folder: Option<PathBuf>) {
        self.growing.clear();
        self.folder = folder.map(|folder| {
            let known = list(&folder).into_iter().collect();
            (folder, known)
        });
    }

    /// Looks every so many seconds.
    pub fn set_interval(&mut self, secs: f64) {
        self.every = Duration::try_from_secs_f64(secs).ok();
    }

    /// Looks once; each change of a file is told once.
    pub fn look(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        self.files.retain(|doc, (path, stamp)| {
            let changed = match Stamp::of(path) {
                None => Some(Changed::Deleted),
                Some(now) => (now != *stamp).then_some(Changed::Rewritten),
            };
            actions.extend(changed.map(|changed| Action::FileChanged(*doc, changed)));
            changed.is_none()
        });
        if let Some((folder, known)) = &mut self.folder {
            let mut whole = Vec::new();
            for path in list(folder).into_iter().filter(|path| !known.contains(path)) {
                let len = Stamp::of(&path).map_or(0, |s| s.len);
                // Opened when it has stopped growing.
                if len > 0 && self.growing.insert(path.clone(), len) == Some(len) {
                    whole.push(path);
                }
            }
            for path in &whole {
                self.growing.remove(path);
                known.insert(path.clone());
            }
            if !whole.is_empty() {
                actions.push(Action::Found(whole));
            }
        }
        actions
    }
}

fn list(folder: &std::path::Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| is_data_file(p)).collect();
    files.sort();
    files
}

/// The thread that looks.
#[derive(Debug)]
pub(crate) struct Watcher {
    watched: Arc<Mutex<Watched>>,
}

impl Watcher {
    /// Starts looking; without a thread nothing is noticed, and everything else works.
    pub(crate) fn start(shared: &Shared) -> Self {
        let watched = Arc::new(Mutex::new(Watched::default()));
        let (shared, mine) = (shared.clone(), Arc::clone(&watched));
        let thread = std::thread::Builder::new().name("fa-watch".to_owned()).spawn(move || {
            let (mut looker, mut seen) = (Looker::default(), None);
            let mut last = Instant::now();
            loop {
                std::thread::sleep(TICK);
                let mut watched = mine.lock().unwrap_or_else(PoisonError::into_inner);
                if watched.stop {
                    return;
                }
                if last.elapsed() < watched.every.unwrap_or(EVERY) {
                    continue;
                }
                last = Instant::now();
                let mut actions = watched.look();
                let folder = watched.folder.as_ref().map(|(folder, _)| folder.clone());
                drop(watched);
                // Without the lock: the window must not wait for journals to be read.
                if let Some(folder) = folder {
                    let now = looker.look(&folder, super::monitor::Now::here());
                    if seen.as_ref() != Some(&now) {
                        seen = Some(now.clone());
                        actions.push(Action::Monitored(Arc::new(now)));
                    }
                } else {
                    seen = None;
                }
                for action in actions {
                    shared.act(action);
                }
            }
        });
        drop(thread);
        Self { watched }
    }

    /// Without a thread: somebody calls [`Watched::look`].
    pub(crate) fn idle() -> Self {
        Self { watched: Arc::default() }
    }

    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Watched) -> T) -> T {
        f(&mut self.watched.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.with(|watched| watched.stop = true);
    }
}
