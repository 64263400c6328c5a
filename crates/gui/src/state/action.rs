//! Everything that can happen: what a person does, and what workers report. And what is to be done about it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fa_analyze::summary::Summary;
use fa_format::Metadata;
use fa_measure::Stop;
use fa_plot::options::FigureOptions;
use fa_plot::render::Format;
use serde::{Deserialize, Serialize};

use super::columns::Column;
use super::layouts::Preset;
use super::library::{Changed, DocId, Loaded, Losses, Stamp};
use super::notes::Note;
use super::panes::Side;
use super::prefs::Prefs;
use super::samples::Sample;
use super::view::{ViewId, XKind, YZoom, ZoomState};
use super::workspace::{Palette, Panel, ThemeChoice, WindowPlace, Workspace};

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Action {
    // Files
    /// Open files, folders or patterns.
    Open(Vec<PathBuf>),
    /// Files were found under what was asked for.
    Found(Vec<PathBuf>),
    /// Show data that come with the program.
    OpenSample(Sample),
    /// They are in these files now.
    SampleFound(Sample, Vec<PathBuf>),
    /// Show a file in the desktop's file manager.
    Reveal(DocId),
    /// The header of a file was read, or why not.
    Indexed(Vec<(DocId, Result<Arc<Metadata>, String>)>),
    /// The file of this path was read, or why not.
    Loaded(DocId, PathBuf, Option<Stamp>, Result<Arc<Loaded>, String>),
    /// Statistics of a file over the whole run, of this version of its content.
    Summarised(DocId, u64, Arc<Summary>, Arc<Losses>),
    /// Statistics of files that are not in memory.
    Surveyed(Vec<(DocId, Arc<Summary>)>),
    /// The same content in less memory.
    Lightened(DocId, Arc<Loaded>),
    /// A file changed on disk.
    FileChanged(DocId, Changed),
    /// Read files again.
    Reload(Vec<DocId>),
    /// Take files out of the table and of all views.
    Close(Vec<DocId>),
    /// A missing file is elsewhere.
    Locate(DocId, PathBuf),
    /// Watch a folder for new data files, or stop doing so.
    WatchFolder(Option<PathBuf>),
    /// The runs of the watched folder are as told.
    Monitored(Arc<super::monitor::Monitor>),
    /// Show a data file, opening it if need be.
    ShowPath(PathBuf),
    /// Show the run that somebody else measures into this data file, as it grows.
    FollowRun(PathBuf),

    // Views
    /// Tick or untick a file in the focused view.
    Tick(DocId),
    /// Show exactly these files in the focused view.
    ShowOnly(Vec<DocId>),
    /// Make a file the first one of the focused view.
    MakePrimary(DocId),
    /// Put a file at a place among those of a view.
    MoveFile(ViewId, DocId, usize),
    /// A new view of a file, or an empty one.
    NewView(Option<DocId>),
    /// A second view like this one.
    Duplicate(ViewId),
    /// Give a view the focus.
    Focus(ViewId),
    /// The next or previous view.
    StepView(i32),
    /// Close a view.
    CloseView(ViewId),
    /// Close all.
    CloseAllViews,
    /// Bring back the view that was closed last.
    ReopenView,
    /// Move a view's tab.
    Dock(ViewId, ViewId, Side),
    /// Put a view into a window of its own.
    Float(ViewId),
    /// The window of a view was moved or resized: nothing that is undone.
    PlaceWindow(WindowPlace),
    /// Move the border of a split.
    Share(Vec<bool>, f32),
    /// Another plot.
    SetPlot(ViewId, String),
    /// The next or previous plot that can be drawn.
    StepPlot(i32),
    /// Set an option: all its values; none means the default.
    SetOption(ViewId, &'static str, Vec<String>),
    /// All options to their defaults.
    ResetOptions(ViewId),
    /// Show another part.
    Zoom(ViewId, ZoomState),
    /// A zoom by hand begins: what is shown now can be gone back to.
    MarkZoom(ViewId),
    /// Show another part while the hand moves: horizontally here and in linked views, vertically here.
    Slide(ViewId, XKind, Option<(f64, f64)>, Vec<YZoom>),
    /// Hide or show a file.
    ToggleFile(ViewId, DocId),
    /// Show another part of the time axis, here and in linked views.
    ZoomX(ViewId, XKind, Option<(f64, f64)>),
    /// Show everything.
    Fit(ViewId),
    /// Show the brushed part.
    FitBrush(ViewId),
    /// Show what was shown before.
    ZoomBack(ViewId),
    /// And back again.
    ZoomForward(ViewId),
    /// Link the time axis with other views', or not.
    ToggleLink(ViewId),
    /// Same value scale as other views of the same plot, or not.
    ToggleSameScale(ViewId),
    /// Mark a part of the run.
    Brush(ViewId, Option<(f64, f64)>),
    /// Only the marked part counts in the figure.
    BrushToCutoff(ViewId),
    /// Set the first or second cursor.
    Cursor(ViewId, usize, Option<f64>),
    /// Hide or show a series of a file (`None`: of all files).
    ToggleSeries(ViewId, String, Option<DocId>),
    /// Show only this file of the view, or all again if it is alone already.
    ShowFile(ViewId, DocId),
    /// Show only this series, or all again if it is alone already.
    Isolate(ViewId, String, Option<DocId>),
    /// Show all series.
    ShowAllSeries(ViewId),
    /// Move a series so many places down, or up, in legends and lists.
    MoveSeries(ViewId, String, i32),
    /// Show one file after the other, then all.
    Flip(ViewId),
    /// Follow the right edge while measuring, or not.
    Follow(ViewId, bool),

    // Table and panels
    /// Sort by a column; again to turn the order; a third time for the order of opening.
    Sort(Column),
    /// Filter rows.
    Filter(String),
    /// Add a column.
    AddColumn(Column),
    /// Remove a column.
    RemoveColumn(Column),
    /// Move a column one place to the left or right.
    MoveColumn(Column, i32),
    /// The columns as they were at first.
    ResetColumns,
    /// Rows of one test together, or not.
    ToggleByTest,
    /// Show or hide a panel.
    TogglePanel(Panel),
    /// Show a panel.
    ShowPanel(Panel),
    /// All panels and panes as they were at first.
    ResetLayout,
    /// Panels and panes as a layout of the program's has them.
    ApplyPreset(Preset),
    /// Panels and panes as a saved layout has them.
    ApplyLayout(String),
    /// Save panels and panes as they are, by name.
    SaveLayout(String),
    /// Forget a saved layout.
    DeleteLayout(String),
    /// Show the whole run below figures of a part of it, or not.
    ToggleOverview,
    /// Only the view, or everything.
    ToggleFullScreen,
    /// Light or dark.
    SetTheme(ThemeChoice),
    /// Colours of series.
    SetPalette(Palette),
    /// Size of everything.
    SetScale(f32),
    /// Keep a metadata key in sight, or not.
    TogglePin(String),

    // Notes
    /// The file beside the data holds these notes, where others were expected: none before it was read, or those that this
    /// window wrote there.
    NotesRead {
        /// Data file.
        doc: DocId,
        /// What was expected.
        expected: Arc<Vec<Note>>,
        /// What there is.
        there: Arc<Vec<Note>>,
    },
    /// A new note.
    AddNote(DocId, Note),
    /// Other text for a note.
    EditNote(DocId, usize, String),
    /// Remove a note.
    DeleteNote(DocId, usize),
    /// Write a copy of a data file with its notes in it.
    CopyWithNotes(DocId, PathBuf),
    /// Give a file a tag, or take it away.
    ToggleTag(DocId, String),

    // Sessions, figures, tables
    /// Write the session.
    SaveSession(PathBuf),
    /// Read a session.
    OpenSession(PathBuf),
    /// A session was read.
    SessionRead(Box<Workspace>),
    /// Write a figure.
    SaveFigure(ViewId, PathBuf, FigureFile),
    /// Put the command that draws the same figure on the clipboard.
    CopyCommand(ViewId),
    /// Put the figure on the clipboard.
    CopyImage(ViewId),
    /// Write a table.
    Export(Export),

    // Problems
    /// Something went wrong, or is worth knowing.
    Problem(Problem),
    /// Something was done.
    Done(String),
    /// Forget a problem.
    DismissProblem(usize),
    /// Forget all.
    ClearProblems,

    // Preferences and caches
    /// Prefer something else.
    SetPrefs(Box<Prefs>),
    /// Forget what is known of files that are not open.
    ClearCache,

    // Undo
    /// Take the last change back.
    Undo,
    /// Make it again.
    Redo,

    // Measuring
    /// Ask the servers of a run whether they would take part.
    CheckServers(Box<RunRequest>),
    /// They were asked.
    ServersChecked(Box<CheckedRun>),
    /// Start a run.
    StartRun(Box<RunRequest>),
    /// The run has its first numbers or has new ones.
    RunData(DocId, Arc<Loaded>),
    /// How far the run is, for people.
    RunProgress(DocId, String),
    /// End the run.
    StopRun(Stop),
    /// The run ended: its file, or why there is none.
    RunEnded(DocId, Result<PathBuf, String>),
}

/// How a figure file is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FigureFile {
    /// Format.
    pub format: Format,
    /// Inches; `None`: as large as on the screen.
    pub size_in: Option<(f32, f32)>,
    /// Dots per inch of a PNG.
    pub dpi: f32,
    /// Theme by name; `None`: as on the screen.
    pub theme: Option<&'static str>,
}

/// Which numbers go into a table file.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// Of which files.
    pub docs: Vec<DocId>,
    /// Which table.
    pub table: fa_analyze::export::TableKind,
    /// Part of each run.
    pub window: Option<(f64, f64)>,
    /// Where to.
    pub path: PathBuf,
}

/// Something that went wrong or is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad.
    pub severity: Severity,
    /// Which file, if one.
    pub doc: Option<DocId>,
    /// What, why, and what to do.
    pub text: String,
}

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Something is not as it should be.
    Warning,
    /// Something could not be done.
    Error,
}

impl Problem {
    /// Something could not be done.
    pub fn error(text: impl Into<String>) -> Self {
        Self { severity: Severity::Error, doc: None, text: text.into() }
    }

    /// Something is not as it should be.
    pub fn warning(text: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, doc: None, text: text.into() }
    }

    /// Something worth knowing.
    pub fn note(text: impl Into<String>) -> Self {
        Self { severity: Severity::Note, doc: None, text: text.into() }
    }

    /// With the file it is about.
    #[must_use]
    pub fn of(mut self, doc: DocId) -> Self {
        self.doc = Some(doc);
        self
    }
}

/// What servers say to a run before it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedRun {
    /// Which run.
    pub request: RunRequest,
    /// What they say, or why nobody could be asked.
    pub outcome: Result<Rehearsed, String>,
}

/// A run as far as it can be told before it begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rehearsed {
    /// Every server of the run.
    pub hosts: Vec<HostAnswer>,
    /// What the data file would say about the run and its hosts: metadata paths and values, redacted as asked for.
    pub stored: Vec<(String, String)>,
}

/// What became of asking one server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostAnswer {
    /// Its name.
    pub name: String,
    /// Why it would not take part, with what to do about it.
    pub trouble: Option<String>,
    /// What it says of itself, and what was found out about the way to it.
    pub facts: Vec<(String, String)>,
}

/// A test to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunRequest {
    /// Test name.
    pub test: String,
    /// Hosts, with `:PORT` where it is not the usual one.
    pub hosts: Vec<String>,
    /// Title.
    pub title: String,
    /// Seconds of load.
    pub length_secs: f64,
    /// Idle seconds before and after.
    pub delay_secs: f64,
    /// Seconds between samples.
    pub step_secs: f64,
    /// Test parameters.
    pub params: Vec<(String, String)>,
    /// Folder of the data file.
    pub folder: PathBuf,
    /// Addresses and the like go into the file.
    pub extended: bool,
    /// No names of hosts and users, no addresses, no commands go into the file.
    pub redact: bool,
    /// File with the key of servers that want one.
    pub key: Option<PathBuf>,
}

impl Default for RunRequest {
    fn default() -> Self {
        Self {
            test: String::new(),
            hosts: Vec::new(),
            title: String::new(),
            length_secs: 60.0,
            delay_secs: 5.0,
            step_secs: 0.2,
            params: Vec::new(),
            folder: PathBuf::new(),
            extended: false,
            redact: false,
            key: None,
        }
    }
}

impl Action {
    /// What it is called in the undo menu; `None` for what is not a person's change of the workspace.
    pub fn gesture(&self) -> Option<&'static str> {
        Some(match self {
            Self::Close(_) => "close file",
            Self::Tick(_) | Self::ShowOnly(_) => "choose files",
            Self::MakePrimary(_) | Self::MoveFile(..) => "order of files",
            Self::SampleFound(..) => "open sample",
            Self::NewView(_) | Self::Duplicate(_) => "new view",
            Self::CloseView(_) | Self::CloseAllViews => "close view",
            Self::ReopenView => "reopen view",
            Self::Dock(..) | Self::Float(_) => "move view",
            Self::Share(..) => "move border",
            Self::SetPlot(..) | Self::StepPlot(_) => "plot",
            Self::SetOption(_, name, _) => name,
            Self::ResetOptions(_) => "reset settings",
            Self::Zoom(..)
            | Self::ZoomX(..)
            | Self::MarkZoom(_)
            | Self::Slide(..)
            | Self::Fit(_)
            | Self::FitBrush(_)
            | Self::ZoomBack(_)
            | Self::ZoomForward(_) => "zoom",
            Self::ToggleLink(_) => "link axes",
            Self::ToggleSameScale(_) => "same scale",
            Self::Brush(..) => "brush",
            Self::BrushToCutoff(_) => "cut-off",
            Self::Cursor(..) => "cursor",
            Self::ToggleSeries(..)
            | Self::ToggleFile(..)
            | Self::ShowFile(..)
            | Self::Isolate(..)
            | Self::ShowAllSeries(_) => "series",
            Self::MoveSeries(..) => "order of series",
            Self::Flip(_) => "flip",
            Self::Sort(_) => "sort",
            Self::Filter(_) => "filter",
            Self::AddColumn(_) | Self::RemoveColumn(_) | Self::MoveColumn(..) | Self::ResetColumns => "columns",
            Self::ToggleByTest => "grouping",
            Self::TogglePanel(_) | Self::ShowPanel(_) => "panels",
            Self::ResetLayout | Self::ApplyPreset(_) | Self::ApplyLayout(_) => "layout",
            Self::ToggleOverview => "overview",
            Self::ToggleFullScreen => "full screen",
            Self::SetTheme(_) => "theme",
            Self::SetPalette(_) => "palette",
            Self::SetScale(_) => "size",
            Self::TogglePin(_) => "pin",
            Self::AddNote(..) | Self::EditNote(..) | Self::DeleteNote(..) => "note",
            Self::ToggleTag(..) => "tag",
            Self::SessionRead(_) => "open session",
            _ => return None,
        })
    }
}

/// The command line that draws the figure of a view into a file.
pub fn command(plot: &str, options: &FigureOptions, files: &[PathBuf], output: &Path) -> String {
    let mut words = vec!["fa".to_owned(), "plot".to_owned(), plot.to_owned()];
    words.extend(files.iter().map(|path| path.display().to_string()));
    words.extend(options.to_args());
    words.extend(["-o".to_owned(), output.display().to_string()]);
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// For a POSIX shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_survive_a_shell() {
        let options = FigureOptions::from_pairs([("override-title", "it's $HOME"), ("zero-y", "")]).unwrap_or_default();
        assert_eq!(
            command("all", &options, &["a b.flent.gz".into()], Path::new("all.svg")),
            r"fa plot all 'a b.flent.gz' --zero-y '--override-title=it'\''s $HOME' -o all.svg"
        );
    }
}
