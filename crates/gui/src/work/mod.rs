//! Threads that read, compute and write, so that the window never waits. They take [`Job`]s and send [`Reply`]s back.

pub(crate) mod cache;
mod copy;
pub mod desktop;
mod figures;
pub(crate) mod files;
pub mod identify;
pub mod live;
pub mod monitor;
mod notes;
pub(crate) mod prefs;
mod queue;
pub mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use fa_analyze::cutoff::Cutoff;
use fa_analyze::metadiff::{DiffOptions, MetaDiff};
use fa_analyze::summary::Summary;
use fa_catalog::Catalog;
use fa_format::{DataSet, Metadata};
use fa_plot::options::FigureOptions;

use crate::figure::{Figure, FigureKey};
use crate::state::layouts::Layout;
use crate::state::library::Stamp;
use crate::state::notes::Note;
use crate::state::{Action, DocId, Export, FigureFile, Loaded, NotesChange, Prefs, Problem, Sample, ViewId, Workspace};

pub use figures::page_for_file;
pub use files::is_data_file;
use queue::Queue;

/// Work for a thread.
#[derive(Debug)]
pub enum Job {
    /// Look for data files.
    Find(Vec<PathBuf>),
    /// Read headers.
    Index(Vec<(DocId, PathBuf)>),
    /// Read a file.
    Load(DocId, PathBuf),
    /// Statistics of a file that nobody looks at: it is read and let go of again.
    Survey(DocId, PathBuf),
    /// Statistics over the whole run; the file as it was when it was read.
    Summarise(DocId, Arc<Loaded>, Option<Stamp>),
    /// Notes beside a data file.
    ReadNotes(DocId, PathBuf),
    /// Change them.
    WriteNotes(NotesChange),
    /// Write a copy of a data file with these notes in it.
    CopyWithNotes(PathBuf, Arc<Vec<Note>>, PathBuf),
    /// Write a session.
    SaveSession(PathBuf, Box<Workspace>),
    /// Read a session.
    OpenSession(PathBuf),
    /// A figure of a view.
    Resolve(ViewId, Box<FigureRequest>),
    /// Statistics over a part of runs.
    Stats(StatsKey, Vec<(DocId, Arc<Loaded>)>),
    /// Differences of metadata.
    Diff(DiffKey, Vec<(String, Arc<Metadata>)>, DiffOptions),
    /// Write a figure.
    SaveFigure(PathBuf, Box<SaveFigure>),
    /// Make the image of a figure for the clipboard.
    Image(Box<SaveFigure>),
    /// Say so when a file is another one than that of this digest.
    Recognise(DocId, PathBuf, String),
    /// Keep a list for later windows.
    Keep(PathBuf, String),
    /// Write a table of files, read now where they are not in memory.
    Export(Export, Vec<(PathBuf, Option<Arc<Loaded>>)>),
    /// Remove the cache.
    ClearCache,
    /// Write what is new in the second preferences since the first.
    WritePrefs(PathBuf, Box<Prefs>, Box<Prefs>),
    /// A small picture of a plot, so many pixels wide and high.
    Thumb(ThumbKey, Box<FigureRequest>, (f32, f32)),
    /// Put a sample's files into a folder.
    Sample(Sample, PathBuf),
    /// Show a file in the desktop's file manager.
    Reveal(DocId, PathBuf),
    /// What a file is.
    Identify(PathBuf),
    /// Keep saved layouts.
    WriteLayouts(PathBuf, Vec<Layout>),
    /// A fault of ours.
    #[cfg(test)]
    Panic,
}

impl Job {
    /// What people wait for comes first.
    fn priority(&self) -> usize {
        match self {
            Self::Resolve(..) | Self::Stats(..) | Self::Diff(..) | Self::SaveFigure(..) | Self::Image(_) => 0,
            #[cfg(test)]
            Self::Panic => 1,
            Self::Find(_)
            | Self::Index(_)
            | Self::Load(..)
            | Self::Export(..)
            | Self::SaveSession(..)
            | Self::OpenSession(_)
            | Self::CopyWithNotes(..)
            | Self::Sample(..)
            | Self::Reveal(..)
            | Self::Identify(_)
            | Self::WriteLayouts(..) => 1,
            Self::ReadNotes(..) | Self::WriteNotes(..) | Self::WritePrefs(..) | Self::ClearCache | Self::Keep(..) => 2,
            Self::Summarise(..) | Self::Survey(..) | Self::Thumb(..) | Self::Recognise(..) => 3,
        }
    }

    /// The file that is written, or read beside a data file: jobs about one file are done one after the other, in the order in
    /// which they were given.
    fn file(&self) -> Option<PathBuf> {
        match self {
            Self::ReadNotes(_, data) => Some(crate::state::notes::sidecar(data)),
            Self::WriteNotes(change) => Some(change.path.clone()),
            Self::CopyWithNotes(_, _, path)
            | Self::SaveSession(path, _)
            | Self::OpenSession(path)
            | Self::SaveFigure(path, _)
            | Self::WritePrefs(path, ..)
            | Self::Keep(path, _)
            | Self::WriteLayouts(path, _) => Some(path.clone()),
            Self::Export(export, _) => Some(export.path.clone()),
            _ => None,
        }
    }

    /// Must be done even when the window closes.
    fn writes(&self) -> bool {
        matches!(
            self,
            Self::CopyWithNotes(..)
                | Self::WriteNotes(..)
                | Self::SaveSession(..)
                | Self::SaveFigure(..)
                | Self::Export(..)
                | Self::WritePrefs(..)
                | Self::WriteLayouts(..)
                | Self::Keep(..)
        )
    }
}

/// What a figure is made from.
#[derive(Debug)]
pub struct FigureRequest {
    /// Tells figures apart.
    pub key: FigureKey,
    /// Test of the first file.
    pub expanded: Arc<fa_catalog::Expanded>,
    /// Files in order.
    pub sets: Vec<Arc<DataSet>>,
}

/// Which small picture of a plot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ThumbKey {
    /// What is drawn.
    pub figure: FigureKey,
    /// Light on dark.
    pub dark: bool,
}

/// A small picture.
#[derive(Debug, Clone)]
pub struct Thumb {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// Four bytes a pixel.
    pub rgba: Vec<u8>,
}

/// A figure to be written.
#[derive(Debug)]
pub struct SaveFigure {
    /// What is drawn.
    pub figure: Arc<Figure>,
    /// What part of it.
    pub view: fa_plot::layout::View,
    /// As large as on the screen, points.
    pub size: fa_plot::page::PageSize,
    /// As on the screen.
    pub theme: fa_plot::theme::Theme,
    /// Format and what differs from the screen.
    pub how: FigureFile,
}

/// Which statistics: files with the version of their content, and the part of the runs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StatsKey {
    /// Files.
    pub docs: Vec<(DocId, u64)>,
    /// Part of the run, seconds; `None`: all of it.
    pub window: Option<(f64, f64)>,
}

/// Which differences.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DiffKey {
    /// Files.
    pub docs: Vec<DocId>,
    /// Volatile values too.
    pub all: bool,
    /// Versions of the metadata, by address.
    pub versions: Vec<usize>,
}

/// What a thread has to say.
#[derive(Debug)]
pub enum Reply {
    /// Something happened.
    Act(Box<Action>),
    /// A figure is ready.
    Figure(ViewId, Arc<Figure>),
    /// Statistics are ready, one per file.
    Stats(StatsKey, Vec<(DocId, Arc<Summary>)>),
    /// Differences are ready.
    Diff(DiffKey, Arc<MetaDiff>),
    /// A small picture is ready, or why there is none.
    Thumb(ThumbKey, Result<Thumb, String>),
    /// The image of a figure for the clipboard, or why there is none.
    Image(Result<Thumb, String>),
    /// What a file is.
    Identified(PathBuf, Vec<String>),
}

impl Reply {
    pub(crate) fn act(action: Action) -> Self {
        Self::Act(Box::new(action))
    }
}

/// Wakes the window up.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// How many kinds of urgency there are.
const URGENCIES: usize = 4;

/// What threads share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) replies: Sender<Reply>,
    pub(crate) waker: Waker,
    /// What is known of files.
    pub(crate) cache: Arc<cache::Cache>,
}

impl Shared {
    pub(crate) fn send(&self, reply: Reply) {
        // Without a window there is nobody to tell.
        drop(self.replies.send(reply));
        (self.waker)();
    }

    pub(crate) fn act(&self, action: Action) {
        self.send(Reply::act(action));
    }
}

/// The threads.
pub struct Workers {
    queue: Arc<Queue>,
    shared: Shared,
    replies: Receiver<Reply>,
    /// Jobs are done at once, in the caller: for tests, and where there are no threads to be had.
    inline: bool,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers").field("inline", &self.inline).finish_non_exhaustive()
    }
}

impl Workers {
    /// Threads that wait for work.
    pub fn start(catalog: Arc<Catalog>, waker: Waker) -> Self {
        let mut workers = Self::inline(catalog, waker);
        let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8);
        let mut started = 0;
        for n in 0..threads {
            let (queue, shared) = (Arc::clone(&workers.queue), workers.shared.clone());
            // One thread is kept for what people wait for.
            let most = if n == 0 { 1 } else { URGENCIES };
            let thread = std::thread::Builder::new().name(format!("fa-work-{n}"));
            started += usize::from(thread.spawn(move || work(&queue, &shared, most)).is_ok());
        }
        workers.inline = started < 2;
        workers
    }

    /// No threads: every job is done when it is given.
    pub fn inline(catalog: Arc<Catalog>, waker: Waker) -> Self {
        let (sender, replies) = channel();
        Self {
            queue: Arc::default(),
            shared: Shared { catalog, replies: sender, waker, cache: Arc::default() },
            replies,
            inline: true,
        }
    }

    /// Gives a job away.
    pub fn give(&self, job: Job) {
        if self.inline {
            do_job(job, &self.shared);
        } else {
            self.queue.give(job);
        }
    }

    /// What threads have said since the last time.
    pub fn replies(&self) -> Vec<Reply> {
        self.replies.try_iter().collect()
    }

    /// Waits a moment for one reply.
    pub fn wait(&self, at_most: std::time::Duration) -> Option<Reply> {
        self.replies.recv_timeout(at_most).ok()
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Whether jobs are done at once.
    pub fn is_inline(&self) -> bool {
        self.inline
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for job in self.queue.close() {
            guarded(job, &self.shared);
        }
    }
}

fn work(queue: &Queue, shared: &Shared, most: usize) {
    while let Some((job, turn)) = queue.take(most) {
        guarded(job, shared);
        drop(turn);
    }
}

/// Does a job; one that panics is a problem to be told, and not the end of its thread.
fn guarded(job: Job, shared: &Shared) {
    let about = About::of(&job);
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| do_job(job, shared)));
    if let Err(payload) = done {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
        about.failed(&format!("a fault of this program: {text}; please report it with the file"), shared);
    }
}

/// Whom a job that fails badly is reported to: nobody waits for it for ever.
enum About {
    Doc(DocId, PathBuf),
    Figure(ViewId, Box<FigureKey>),
    Thumb(ThumbKey),
    Other,
}

impl About {
    fn of(job: &Job) -> Self {
        match job {
            Job::Load(doc, path) | Job::Survey(doc, path) => Self::Doc(*doc, path.clone()),
            Job::Resolve(view, request) => Self::Figure(*view, Box::new(request.key.clone())),
            Job::Thumb(key, ..) => Self::Thumb(key.clone()),
            _ => Self::Other,
        }
    }

    fn failed(self, why: &str, shared: &Shared) {
        match self {
            Self::Doc(doc, path) => shared.act(Action::Loaded(doc, path, None, Err(why.to_owned()))),
            Self::Figure(view, key) => {
                let error = Some(why.to_owned());
                let figure = Figure { key: *key, scene: None, pyramids: Arc::default(), error };
                shared.send(Reply::Figure(view, Arc::new(figure)));
            }
            Self::Thumb(key) => shared.send(Reply::Thumb(key, Err(why.to_owned()))),
            Self::Other => shared.act(Action::Problem(Problem::error(why))),
        }
    }
}

fn do_job(job: Job, shared: &Shared) {
    match job {
        Job::Find(paths) => files::find(&paths, shared),
        Job::Index(files) => files::index(&files, shared),
        Job::Load(doc, path) => {
            let (stamp, result) = files::load(&path, &shared.catalog);
            shared.act(Action::Loaded(doc, path, stamp, result));
        }
        Job::Survey(doc, path) => files::survey(doc, &path, shared),
        Job::Summarise(doc, loaded, stamp) => {
            let (losses, notes) = figures::losses(&loaded);
            let summary = Arc::new(figures::summary(&loaded, None));
            for note in notes {
                shared.act(Action::Problem(Problem::note(note).of(doc)));
            }
            shared.act(Action::Summarised(doc, loaded.generation, Arc::clone(&summary), Arc::new(losses)));
            if let (Some(stamp), Some(path)) = (stamp, &loaded.set.path) {
                shared.cache.put(path, stamp, &loaded.set.metadata, Some(&summary));
            }
            if let Some(set) = loaded.set.without_text() {
                shared.act(Action::Lightened(doc, Arc::new(Loaded { set: Arc::new(set), ..(*loaded).clone() })));
            }
        }
        Job::ReadNotes(doc, path) => notes::tell(doc, &path, shared),
        Job::WriteNotes(change) => notes::change(&change, shared),
        Job::CopyWithNotes(data, notes, copy) => copy::with_notes(&data, &notes, &copy, shared),
        Job::SaveSession(path, workspace) => files::save_session(&path, *workspace, shared),
        Job::OpenSession(path) => files::open_session(&path, shared),
        Job::Resolve(view, request) => shared.send(Reply::Figure(view, Arc::new(figures::resolve(*request)))),
        Job::Stats(key, docs) => {
            let cutoff = key.window.map(Cutoff::from);
            let all = docs.iter().map(|(doc, loaded)| (*doc, Arc::new(figures::summary(loaded, cutoff)))).collect();
            shared.send(Reply::Stats(key, all));
        }
        Job::Diff(key, files, options) => {
            let files: Vec<(&str, &Metadata)> = files.iter().map(|(name, meta)| (name.as_str(), &**meta)).collect();
            shared.send(Reply::Diff(key, Arc::new(fa_analyze::metadiff::diff(&files, &options))));
        }
        Job::SaveFigure(path, save) => figures::save(&path, &save, shared),
        #[cfg(test)]
        Job::Panic => panic!("a fault of ours"),
        Job::Image(save) => shared.send(Reply::Image(figures::image(&save))),
        Job::Recognise(doc, path, hash) => files::recognise(doc, &path, &hash, shared),
        Job::Keep(path, text) => files::keep(&path, &text),
        Job::Export(export, runs) => figures::export(&export, runs, shared),
        Job::ClearCache => shared.act(match shared.cache.clear() {
            Ok((files, bytes)) => {
                Action::Done(format!("the cache is empty: {files} entries, {:.1} MB removed", bytes as f64 / 1e6))
            }
            Err(why) => Action::Problem(Problem::error(format!("could not clear the cache: {why}"))),
        }),
        Job::WritePrefs(path, before, now) => prefs::write(&path, &before, &now, shared),
        Job::Thumb(key, request, size) => {
            let made = figures::thumb(*request, key.dark, size);
            shared.send(Reply::Thumb(key, made));
        }
        Job::Sample(sample, folder) => files::write_sample(sample, &folder, shared),
        Job::Reveal(doc, path) => desktop::reveal(doc, &path, shared),
        Job::Identify(path) => {
            let facts = identify::facts(&path, &shared.catalog);
            shared.send(Reply::Identified(path, facts));
        }
        Job::WriteLayouts(path, layouts) => files::write_layouts(&path, &layouts, shared),
    }
}

/// The options of a figure as its key holds them.
pub(crate) fn options_of(pairs: &[(&'static str, String)]) -> FigureOptions {
    let mut options = FigureOptions::default();
    for (name, value) in pairs {
        // They came from options: each of them can be set.
        drop(options.set(name, value));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_panics_is_told_and_the_threads_go_on() {
        let catalog = Arc::new(Catalog::builtin().clone());
        let workers = Workers::start(catalog, Arc::new(|| ()));
        // More than there are threads.
        for _ in 0..20 {
            workers.give(Job::Panic);
        }
        workers.give(Job::Find(vec!["/there/is/no/such.flent.gz".into()]));
        let mut told = Vec::new();
        while told.len() < 21 {
            match workers.wait(std::time::Duration::from_mins(1)) {
                Some(Reply::Act(action)) => told.extend(match *action {
                    Action::Problem(problem) => Some(problem.text),
                    _ => None,
                }),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(told.iter().filter(|text| text.contains("a fault of ours")).count(), 20, "{told:?}");
        assert!(told.iter().any(|text| text.contains("there is no file")), "{told:?}");
    }
}
