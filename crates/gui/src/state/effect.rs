//! Work that an action asks for: what the window gives to its threads, to the watcher and to the clipboard.

use std::path::PathBuf;
use std::sync::Arc;

use fa_measure::Stop;

use super::action::{Export, FigureFile, RunRequest};
use super::layouts::Layout;
use super::library::DocId;
use super::notes::Note;
use super::prefs::Prefs;
use super::samples::Sample;
use super::view::ViewId;
use super::workspace::Workspace;

/// A change of the notes beside a data file. What somebody else wrote there meanwhile is kept: it is a change that is made, not
/// a list that is put in place of another.
#[derive(Debug, Clone, PartialEq)]
pub struct NotesChange {
    /// Data file.
    pub doc: DocId,
    /// The file of its notes.
    pub path: PathBuf,
    /// Notes before the change, as this window knows them.
    pub before: Arc<Vec<Note>>,
    /// Notes after it.
    pub after: Arc<Vec<Note>>,
}

/// Work that an action asks for.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Look for data files.
    Find(Vec<PathBuf>),
    /// Put a sample's files where they can be read.
    OpenSample(Sample),
    /// Show a file in the desktop's file manager.
    Reveal(DocId, PathBuf),
    /// Keep saved layouts.
    WriteLayouts(Vec<Layout>),
    /// Read headers.
    Index(Vec<(DocId, PathBuf)>),
    /// Read a file.
    Load(DocId, PathBuf),
    /// Compare a file with the digest of the one that is meant.
    Recognise(DocId, PathBuf, String),
    /// Compute its statistics.
    Summarise(DocId),
    /// Compute the statistics of a file that is not to stay in memory.
    Survey(DocId, PathBuf),
    /// Read the notes beside a data file.
    ReadNotes(DocId, PathBuf),
    /// Change them.
    WriteNotes(NotesChange),
    /// Write a copy of a data file with these notes in it.
    CopyWithNotes(PathBuf, Arc<Vec<Note>>, PathBuf),
    /// Write the session.
    SaveSession(PathBuf, Box<Workspace>),
    /// Read a session.
    OpenSession(PathBuf),
    /// Write a figure.
    SaveFigure(ViewId, PathBuf, FigureFile),
    /// Put text on the clipboard.
    CopyText(String),
    /// Put a view's figure on the clipboard.
    CopyImage(ViewId),
    /// Write a table.
    Export(Export),
    /// Ask the servers of a run.
    CheckServers(Box<RunRequest>),
    /// Start a run.
    StartRun(DocId, Box<RunRequest>),
    /// End it.
    StopRun(Stop),
    /// Watch a folder.
    WatchFolder(Option<PathBuf>),
    /// Follow the journal of the run that will be this data file.
    Follow(DocId, PathBuf),
    /// Remember files as opened.
    Remember(Vec<PathBuf>),
    /// Heed these preferences and write what is new in them since those of before.
    Prefer {
        /// Before.
        before: Box<Prefs>,
        /// Now.
        now: Box<Prefs>,
    },
    /// Remove the cache.
    ClearCache,
}
