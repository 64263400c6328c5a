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
    /// Folder in which new files are opened.
    folder: Option<Folder>,
    /// New files whose size was still changing, with that size.
    growing: BTreeMap<PathBuf, u64>,
    /// Between two looks.
    every: Option<Duration>,
    /// Something else is watched: it is looked at soon.
    due: bool,
    stop: bool,
}

/// Files that are not new.
type Known = Arc<HashSet<PathBuf>>;

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    /// Files that are not new; `None` before the first look.
    known: Option<Known>,
}

impl Watched {
    /// Watches another folder, or none. What is in it at the first look is not new.
    pub fn set_folder(&mut self, folder: Option<PathBuf>) {
        self.growing.clear();
        self.folder = folder.map(|path| Folder { path, known: None });
        self.due = true;
    }

    /// Looks every so many seconds.
    pub fn set_interval(&mut self, secs: f64) {
        self.every = Duration::try_from_secs_f64(secs).ok();
    }

    /// Looks once; each change of a file is told once.
    pub fn look(&mut self) -> Vec<Action> {
        let seen = self.asked().look();
        self.compare(seen)
    }

    /// What is to be looked at, to be done without this.
    fn asked(&self) -> Asked {
        let files = self.files.iter().map(|(doc, (path, stamp))| (*doc, path.clone(), *stamp)).collect();
        let folder = self.folder.as_ref().map(|watched| (watched.path.clone(), watched.known.clone()));
        Asked { files, folder }
    }

    /// What of it is news, unless something else is watched by now.
    fn compare(&mut self, seen: Seen) -> Vec<Action> {
        let mut actions = Vec::new();
        for (doc, path, stamp, changed) in seen.files {
            if self.files.get(&doc).is_some_and(|(known, at)| *known == path && *at == stamp) {
                self.files.remove(&doc);
                actions.push(Action::FileChanged(doc, changed));
            }
        }
        let Some((path, files)) = seen.folder else { return actions };
        let Some(folder) = self.folder.as_mut().filter(|folder| folder.path == path) else { return actions };
        let Some(known) = &mut folder.known else {
            folder.known = Some(Arc::new(files.into_iter().map(|(path, _)| path).collect()));
            return actions;
        };
        let mut whole = Vec::new();
        for (path, len) in files {
            // Opened when it has stopped growing.
            if len > 0 && self.growing.insert(path.clone(), len) == Some(len) {
                self.growing.remove(&path);
                Arc::make_mut(known).insert(path.clone());
                whole.push(path);
            }
        }
        if !whole.is_empty() {
            actions.push(Action::Found(whole));
        }
        actions
    }
}

/// Files and a folder to be looked at, with the files in it that are not new.
struct Asked {
    files: Vec<(DocId, PathBuf, Stamp)>,
    folder: Option<(PathBuf, Option<Known>)>,
}

/// Files that changed, and sizes of the files of a folder that are not known.
struct Seen {
    files: Vec<(DocId, PathBuf, Stamp, Changed)>,
    folder: Option<(PathBuf, Vec<(PathBuf, u64)>)>,
}

impl Asked {
    /// Asks the file system, which may take its time.
    fn look(self) -> Seen {
        let changed = |path: &PathBuf, stamp: Stamp| match Stamp::of(path) {
            None => Some(Changed::Deleted),
            Some(now) => (now != stamp).then_some(Changed::Rewritten),
        };
        let files = self.files.into_iter();
        let files = files.filter_map(|(doc, path, stamp)| Some((doc, changed(&path, stamp)?, path, stamp)));
        let folder = self.folder.map(|(folder, known)| {
            let new = list(&folder).into_iter().filter(|path| known.as_ref().is_none_or(|known| !known.contains(path)));
            let sized = new.map(|path| (Stamp::of(&path).map_or(0, |stamp| stamp.len), path));
            (folder, sized.map(|(len, path)| (path, len)).collect())
        });
        Seen { files: files.map(|(doc, changed, path, stamp)| (doc, path, stamp, changed)).collect(), folder }
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
                if last.elapsed() < watched.every.unwrap_or(EVERY) && !std::mem::take(&mut watched.due) {
                    continue;
                }
                last = Instant::now();
                let asked = watched.asked();
                drop(watched);
                // Without the lock: the window must not wait for a file system.
                let folder = asked.folder.as_ref().map(|(folder, _)| folder.clone());
                let seen_now = asked.look();
                let mut actions = mine.lock().unwrap_or_else(PoisonError::into_inner).compare(seen_now);
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
