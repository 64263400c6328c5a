//! Looks at the runs of a folder: journals that grow, journals that were left behind, data files.
//!
//! Journals are read on from where the last look ended; what is old is never read twice.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use fa_catalog::Catalog;
use fa_format::{Metadata, ReadOptions};
use fa_measure::event::{Event, Started, What};
use fa_measure::journal::Tail;
use fa_measure::plan::Plan;
use fa_measure::progress::Progress;
use fa_measure::recorder::Recorder;

use super::live::line;
use super::{Shared, files, is_data_file};
use crate::state::library::Stamp;
use crate::state::monitor::{Monitor, Seen, Stage, journal_of};
use crate::state::{Action, DocId};

/// A journal that says nothing for so long is nobody's any more: whoever writes one does so every second.
const SILENCE: Duration = Duration::from_secs(15);
/// Most bytes of a journal that one look reads: a long one is caught up with in steps.
const AT_ONCE: u64 = 16 << 20;
/// Runs that are listed.
const LISTED: usize = 500;

/// A journal, read as far as it goes.
#[derive(Debug)]
struct Journal {
    path: PathBuf,
    tail: Tail,
    /// Why it cannot be read on.
    trouble: Option<String>,
}

impl Journal {
    fn new(path: PathBuf) -> Self {
        Self { path, tail: Tail::default(), trouble: None }
    }

    /// Events since the last time; whether there is more right now.
    fn next(&mut self) -> (Vec<Event>, bool) {
        if self.trouble.is_some() {
            return (Vec::new(), false);
        }
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(self.tail.read()))?;
            file.take(AT_ONCE).read_to_end(&mut bytes)
        });
        // One that is gone is not in trouble: its run is over.
        let Ok(read) = read else { return (Vec::new(), false) };
        match self.tail.feed(&bytes) {
            Ok((events, _)) => (events, read as u64 == AT_ONCE),
            Err(error) => {
                self.trouble = Some(error.to_string());
                (Vec::new(), false)
            }
        }
    }
}

/// A moment by the clock on the wall, and by one that is never set and does not run while the computer sleeps.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// On the wall.
    pub wall: SystemTime,
    /// Steady.
    pub steady: Instant,
}

impl Now {
    /// This moment.
    pub fn here() -> Self {
        Self { wall: SystemTime::now(), steady: Instant::now() }
    }

    /// So much later.
    #[must_use]
    pub fn later(self, by: Duration) -> Self {
        Self { wall: self.wall + by, steady: self.steady + by }
    }
}

/// For how long a file has not grown: by our own clock, since that of a file server may be another.
#[derive(Debug, Clone, Copy)]
struct Growth {
    len: u64,
    /// When it had grown last, as far as we saw.
    at: Instant,
    /// And for how long it had not when we first saw it, as the file system says.
    before: Duration,
}

impl Growth {
    fn seen(stamp: Stamp, now: Now) -> Self {
        let before = stamp.modified.and_then(|at| now.wall.duration_since(at).ok()).unwrap_or_default();
        Self { len: stamp.len, at: now.steady, before }
    }

    /// For how long it has not grown.
    fn quiet(&mut self, len: u64, now: Now) -> Duration {
        if self.len != len {
            *self = Self { len, at: now.steady, before: Duration::ZERO };
        }
        self.before + now.steady.saturating_duration_since(self.at)
    }
}

/// What is known of a run from its journal.
#[derive(Debug)]
struct Watched {
    journal: Journal,
    growth: Growth,
    started: Option<Started>,
    plan: Option<Box<Plan>>,
    progress: Progress,
    ended: bool,
}

impl Watched {
    fn look(&mut self) {
        loop {
            let (events, more) = self.journal.next();
            for event in &events {
                self.progress.observe(event);
                match &event.what {
                    What::Started(started) => self.started = Some(started.clone()),
                    What::Plan(plan) => self.plan = Some(plan.clone()),
                    What::Ended { .. } => self.ended = true,
                    _ => {}
                }
            }
            if !more {
                return;
            }
        }
    }

    fn seen(&self, data: &Path, quiet: Duration) -> Seen {
        let plan = self.plan.as_deref();
        let stage = match &self.journal.trouble {
            Some(why) => Stage::Unreadable(why.clone()),
            None if self.ended || quiet > SILENCE => Stage::CutShort,
            None => Stage::Running,
        };
        Seen {
            data: data.to_owned(),
            stage,
            test: plan.map_or(String::new(), |plan| plan.settings.test.clone()),
            hosts: plan.map_or(Vec::new(), |plan| plan.hosts.iter().map(|host| host.name.clone()).collect()),
            title: plan.map_or(String::new(), |plan| plan.settings.title.clone()),
            started_unix: self.started.as_ref().map(|started| started.wall_unix_ns as f64 / 1e9),
            elapsed_secs: self.progress.elapsed().as_secs_f64(),
            planned_secs: plan.map_or(0.0, |plan| plan.total_length_secs),
            quiet_secs: quiet.as_secs_f64(),
            line: if self.plan.is_some() { line(&self.progress) } else { String::new() },
            run_id: self.started.as_ref().map_or(String::new(), |started| started.run_id.clone()),
        }
    }
}

/// Looks at one folder again and again.
#[derive(Debug, Default)]
pub struct Looker {
    folder: PathBuf,
    journals: HashMap<PathBuf, Watched>,
    finished: HashMap<PathBuf, (Stamp, Seen)>,
}

impl Looker {
    /// What there is in a folder now.
    pub fn look(&mut self, folder: &Path, now: Now) -> Monitor {
        if self.folder != folder {
            *self = Self { folder: folder.to_owned(), ..Self::default() };
        }
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        let mut runs = Vec::new();
        let is_journal = |path: &&PathBuf| path.extension().is_some_and(|end| end == "journal");
        self.journals.retain(|path, _| paths.contains(path));
        for path in paths.iter().filter(is_journal) {
            let Some(stamp) = Stamp::of(path) else { continue };
            let watched = self.journals.entry(path.clone()).or_insert_with(|| Watched {
                journal: Journal::new(path.clone()),
                growth: Growth::seen(stamp, now),
                started: None,
                plan: None,
                progress: Progress::new(),
                ended: false,
            });
            watched.look();
            let quiet = watched.growth.quiet(stamp.len, now);
            runs.push(watched.seen(&path.with_extension(""), quiet));
        }
        let data: Vec<(&PathBuf, Stamp)> =
            paths.iter().filter(|path| is_data_file(path)).filter_map(|path| Some((path, Stamp::of(path)?))).collect();
        self.finished.retain(|path, _| data.iter().any(|(there, _)| *there == path));
        for (path, stamp) in data {
            // While its journal is there, the data file may be half of it.
            if runs.iter().any(|run: &Seen| run.data == *path && run.stage == Stage::Running) {
                continue;
            }
            let known = self.finished.get(path).filter(|(at, _)| *at == stamp);
            let seen = known.map_or_else(|| finished(path), |(_, seen)| seen.clone());
            self.finished.insert(path.clone(), (stamp, seen.clone()));
            runs.push(seen);
        }
        runs.sort_by(|a, b| {
            let first = |run: &Seen| run.stage != Stage::Running;
            let time = |run: &Seen| run.started_unix.unwrap_or(0.0);
            first(a).cmp(&first(b)).then(time(b).total_cmp(&time(a))).then_with(|| a.data.cmp(&b.data))
        });
        let more = runs.len().saturating_sub(LISTED);
        runs.truncate(LISTED);
        Monitor { folder: folder.to_owned(), runs, more }
    }
}

fn finished(path: &Path) -> Seen {
    let mut seen = Seen {
        data: path.to_owned(),
        stage: Stage::Done,
        test: String::new(),
        hosts: Vec::new(),
        title: String::new(),
        started_unix: None,
        elapsed_secs: 0.0,
        planned_secs: 0.0,
        quiet_secs: 0.0,
        line: String::new(),
        run_id: String::new(),
    };
    match fa_format::read_header(path, &ReadOptions::default()) {
        Err(error) => seen.stage = Stage::Unreadable(error.to_string()),
        Ok(header) => {
            let meta: &Metadata = &header.metadata;
            if let Some(failed) = meta.failed_runners().filter(|n| *n > 0) {
                seen.stage = Stage::Partly(failed.unsigned_abs());
            }
            meta.name().clone_into(&mut seen.test);
            meta.title().clone_into(&mut seen.title);
            seen.hosts = meta.hosts().into_iter().map(str::to_owned).collect();
            seen.started_unix = meta.time_unix().or_else(|| meta.t0_unix());
            seen.planned_secs = meta.total_length_secs().unwrap_or(0.0);
            seen.elapsed_secs = seen.planned_secs;
            meta.get("RUN_ID").and_then(|id| id.as_str()).unwrap_or_default().clone_into(&mut seen.run_id);
        }
    }
    seen
}

/// Follows one run that somebody else measures, from its journal.
#[derive(Debug)]
pub(crate) struct Follower {
    doc: DocId,
    data: PathBuf,
    journal: Journal,
    recorder: Recorder,
    progress: Progress,
    samples: bool,
    growth: Option<Growth>,
    over: bool,
}

impl Follower {
    pub(crate) fn new(doc: DocId, data: PathBuf) -> Self {
        let journal = Journal::new(journal_of(&data));
        Self {
            doc,
            data,
            journal,
            recorder: Recorder::new(),
            progress: Progress::new(),
            samples: false,
            growth: None,
            over: false,
        }
    }

    /// What there is to say since the last time; nothing more after the run is over.
    pub(crate) fn step(&mut self, catalog: &Catalog, now: Now) -> Vec<Action> {
        if self.over {
            return Vec::new();
        }
        let mut ended = false;
        let mut fresh = false;
        loop {
            let (events, more) = self.journal.next();
            for event in &events {
                self.recorder.observe(event);
                self.progress.observe(event);
                fresh = true;
                self.samples |= event.what.is_sample();
                ended |= matches!(event.what, What::Ended { .. });
            }
            if !more {
                break;
            }
        }
        let mut actions = Vec::new();
        if fresh
            && self.samples
            && let Ok(loaded) = files::loaded(self.recorder.snapshot(), catalog)
        {
            actions.push(Action::RunData(self.doc, std::sync::Arc::new(loaded)));
        }
        let there = Stamp::of(&self.journal.path);
        // From when it was first looked at: whoever follows a run has seen it grow.
        let quiet = there.map_or(Duration::ZERO, |stamp| {
            let fresh = Growth { len: stamp.len, at: now.steady, before: Duration::ZERO };
            self.growth.get_or_insert(fresh).quiet(stamp.len, now)
        });
        let recover = format!("fa recover {}", crate::state::action::quoted(&self.journal.path.display().to_string()));
        let over = match (there, &self.journal.trouble) {
            (_, Some(why)) => Some(Err(format!("the journal cannot be followed: {why}"))),
            (None, _) if self.data.is_file() => Some(Ok(self.data.clone())),
            (None, _) => Some(Err("the run was discarded: its journal is gone and there is no data file".to_owned())),
            // Its program may be writing the data file right now.
            (Some(_), _) if ended && quiet > SILENCE => {
                Some(Err(format!("the run ended without its data file; {recover}")))
            }
            (Some(_), _) if quiet > SILENCE => {
                let secs = quiet.as_secs();
                Some(Err(format!("nothing was heard of the run for {secs} s: it was cut short; {recover}")))
            }
            _ => None,
        };
        if let Some(over) = over {
            self.over = true;
            actions.push(Action::RunEnded(self.doc, over));
        }
        actions
    }

    /// The run is over, one way or another.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }
}

/// Follows a run in a thread of its own until it is over.
pub(crate) fn follow(mut follower: Follower, shared: &Shared) {
    const EVERY: Duration = Duration::from_millis(500);
    let mine = shared.clone();
    let doc = follower.doc;
    let thread = std::thread::Builder::new().name("fa-follow".to_owned()).spawn(move || {
        while !follower.is_over() {
            for action in follower.step(&mine.catalog, Now::here()) {
                mine.act(action);
            }
            std::thread::sleep(EVERY);
        }
    });
    if let Err(error) = thread {
        shared.act(Action::RunEnded(doc, Err(format!("could not start a thread: {error}"))));
    }
}
