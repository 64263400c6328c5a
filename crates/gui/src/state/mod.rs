//! What the viewer is: plain data, and what happens to it. Nothing here draws, reads files or waits.
//!
//! ```text
//! window ── Action ─► State::apply ── Effect ─► workers ── Action ─► State::apply …
//! ```

pub mod action;
pub mod columns;
pub mod commands;
pub mod config;
pub mod effect;
pub mod explain;
pub mod keys;
pub mod layouts;
pub mod library;
pub mod monitor;
pub mod notes;
pub mod panes;
pub mod planned;
pub mod prefs;
mod rebase;
mod reduce;
mod reports;
mod reproduce;
mod runs;
pub mod samples;
pub mod session;
mod takeover;
pub mod titles;
pub mod undo;
pub mod view;
pub mod workspace;

pub use action::{Action, CheckedRun, Export, FigureFile, Problem, RunRequest, Severity};
pub use effect::{Effect, NotesChange};
pub use keys::Chord;
pub use library::{Doc, DocId, DocState, Library, Loaded};
pub use prefs::{Prefs, RunPreset};
pub use samples::Sample;
pub use view::{RunAxis, View, ViewId, XKind, ZoomState};
pub use workspace::{FileRef, Palette, Panel, ThemeChoice, WindowPlace, Workspace};

use undo::History;

/// A run that is being measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// Its row in the table.
    pub doc: DocId,
    /// What is measured.
    pub request: Box<RunRequest>,
    /// Somebody asked it to end.
    pub stopping: bool,
    /// And does not want what was measured.
    pub discarding: bool,
    /// How far it is.
    pub progress: String,
}

/// Everything.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What a session holds and undo restores.
    pub workspace: Workspace,
    /// What is known of the files.
    pub library: Library,
    /// Earlier and later workspaces.
    pub history: History,
    /// What went wrong, oldest first.
    pub problems: Vec<Problem>,
    /// The last thing that was done, for the status line.
    pub status: String,
    /// Why the last thing asked for was not done; shown where it was asked for.
    pub refused: Option<String>,
    /// A run under way.
    pub running: Option<Running>,
    /// The run that was asked for last and did not come about, and why; for the dialog that asked for it.
    pub not_run: Option<(Box<RunRequest>, String)>,
    /// The last run of this window ended without a data file, and nobody wanted that.
    pub run_lost: bool,
    /// The run whose servers are being asked.
    pub checking: Option<Box<RunRequest>>,
    /// What the servers of a run said last.
    pub checked: Option<CheckedRun>,
    /// The folder that is watched.
    pub watched: Option<std::path::PathBuf>,
    /// Its runs.
    pub monitor: Option<std::sync::Arc<monitor::Monitor>>,
    /// Size of each view's figure on the screen, points, and whether it is dark.
    pub looks: std::collections::BTreeMap<ViewId, (f32, f32, bool)>,
    /// Layouts saved by name.
    pub layouts: Vec<layouts::Layout>,
    /// Counts sessions opened, so that caches know.
    pub session: u64,
    /// Counts actions: what was looked at longest ago is let go of first.
    looked: u64,
    /// What a person prefers, whatever the session.
    pub prefs: Prefs,
}

impl State {
    /// Applies an action at a time (seconds, any zero point): changes the state and says what is to be done.
    ///
    /// Changes of the workspace by a person can be undone; those of the same kind within 400 ms are one. Whatever else changes
    /// it (files that were found, notes that were read, a run that began or ended) is nobody's to take back: it is put into
    /// every workspace that undo and redo know.
    pub fn apply(&mut self, action: Action, now_secs: f64) -> Vec<Effect> {
        match action {
            Action::Undo => self.restore(true),
            Action::Redo => self.restore(false),
            // Two things: that the file is open is no step, that it is shown is one.
            Action::ShowPath(path) => {
                let mut effects = self.step(Action::Found(vec![path.clone()]), now_secs);
                effects.extend(self.show_row(&path, now_secs));
                effects
            }
            Action::FollowRun(path) => {
                let mut effects = self.step(Action::FollowRun(path.clone()), now_secs);
                effects.extend(self.show_row(&path, now_secs));
                effects
            }
            action => self.step(action, now_secs),
        }
    }

    fn step(&mut self, action: Action, now_secs: f64) -> Vec<Effect> {
        let before = self.workspace.clone();
        let gesture = action.gesture();
        self.refused = None;
        let mut effects = self.reduce(action);
        self.let_go();
        match gesture {
            None => self.history.absorb(&before, &self.workspace),
            Some(gesture) if before != self.workspace => {
                effects.extend(self.catch_up(&before));
                self.history.push(before, gesture, now_secs);
            }
            Some(_) => {}
        }
        effects
    }

    /// Ticks an open file in the focused view, unless it is shown there.
    fn show_row(&mut self, path: &std::path::Path, now_secs: f64) -> Vec<Effect> {
        let doc = self.workspace.files.iter().find(|file| file.path == path).map(|file| file.id);
        match doc.filter(|doc| self.workspace.focused().is_none_or(|view| !view.docs.contains(doc))) {
            Some(doc) => self.step(Action::Tick(doc), now_secs),
            None => Vec::new(),
        }
    }

    /// Takes a step back, or makes it again.
    fn restore(&mut self, back: bool) -> Vec<Effect> {
        let before = self.workspace.clone();
        let went = if back { self.history.undo(&self.workspace) } else { self.history.redo(&self.workspace) };
        let Some((workspace, gesture)) = went else {
            if back { "nothing to undo" } else { "nothing to redo" }.clone_into(&mut self.status);
            return Vec::new();
        };
        self.workspace = workspace;
        // What was numbered since keeps its number for itself.
        self.workspace.next_id = self.workspace.next_id.max(before.next_id);
        self.workspace.agree_with(&self.library);
        self.status = format!("{}: {gesture}", if back { "undone" } else { "done again" });
        self.catch_up(&before)
    }

    /// What follows from a workspace that is another one now: files to read, notes to write.
    fn catch_up(&mut self, before: &Workspace) -> Vec<Effect> {
        let mut effects = Vec::new();
        effects.extend(self.wanted_files());
        for file in self.workspace.files.iter() {
            let of = |workspace: &Workspace| workspace.notes.get(&file.id).cloned().unwrap_or_default();
            let (before, after) = (of(before), of(&self.workspace));
            if before != after {
                if let Some(doc) = self.library.get_mut(file.id) {
                    doc.tags = notes::tags_of(&after);
                }
                let path = notes::sidecar(&file.path);
                effects.push(Effect::WriteNotes(NotesChange { doc: file.id, path, before, after }));
            }
        }
        effects
    }

    /// A note in the problems pane.
    pub fn note(&mut self, problem: Problem) {
        const KEPT: usize = 1000;
        if self.problems.last() != Some(&problem) {
            self.problems.push(problem);
        }
        if self.problems.len() > KEPT {
            self.problems.remove(0);
        }
    }

    /// Refuses what was asked for.
    fn refuse(&mut self, why: impl Into<String>) {
        let why = why.into();
        self.status.clone_from(&why);
        self.refused = Some(why);
    }

    /// The plot that a view shows.
    pub fn plot_of(&self, view: &View) -> Option<String> {
        if let Some(plot) = &view.plot {
            return Some(plot.clone());
        }
        view.docs.iter().find_map(|doc| self.library.loaded(*doc)).map(|loaded| loaded.default_plot())
    }

    /// What the horizontal axis of a view counts.
    pub fn x_kind(&self, view: &View) -> XKind {
        let plot = self.plot_of(view);
        let first = view.docs.iter().find_map(|doc| self.library.loaded(*doc));
        let over_time = first.zip(plot).and_then(|(l, plot)| l.plot(&plot)).is_none_or(library::PlotInfo::over_time);
        match (over_time, view.options.absolute_time) {
            (true, false) => XKind::Run,
            (true, true) => XKind::Clock,
            (false, _) => XKind::Other,
        }
    }

    /// Moments of the run on a figure of a view whose horizontal axis counts this.
    pub fn run_axis(&self, view: &View, kind: XKind) -> RunAxis {
        let first = view.docs.first().and_then(|doc| self.library.loaded(*doc));
        RunAxis { kind, t0: first.and_then(|loaded| loaded.set.metadata.t0_unix()) }
    }

    /// Files whose numbers are needed and not there: to be shown, or only for a column of the table.
    fn wanted_files(&mut self) -> Vec<Effect> {
        let needs_all = self.workspace.table.columns.iter().any(columns::Column::is_computed)
            || self.workspace.table.sort.as_ref().is_some_and(|(column, _)| column.is_computed());
        let mut shown: Vec<DocId> = self.workspace.views.iter().flat_map(|view| view.docs.clone()).collect();
        shown.sort_unstable();
        shown.dedup();
        let mut effects = Vec::new();
        for id in &shown {
            let Some(doc) = self.library.get_mut(*id) else { continue };
            let ready = matches!(doc.state, DocState::Waiting | DocState::Indexed);
            if ready && doc.loaded.is_none() && !doc.live {
                doc.state = DocState::Loading;
                effects.push(Effect::Load(*id, doc.path.clone()));
            }
        }
        for file in self.workspace.files.iter().filter(|_| needs_all) {
            let Some(doc) = self.library.get_mut(file.id) else { continue };
            // Only once it is known that nothing is known of it.
            if doc.state == DocState::Indexed && doc.summary.is_none() && !doc.live {
                doc.state = DocState::Surveying;
                effects.push(Effect::Survey(file.id, doc.path.clone()));
            }
        }
        effects
    }

    /// Lets go of files that no view shows, those first that were looked at longest ago, until the others are below the
    /// bound. Their statistics stay; when they are shown again, they are read again.
    fn let_go(&mut self) {
        self.looked += 1;
        let looked = self.looked;
        for id in self.workspace.views.iter().flat_map(|view| &view.docs) {
            if let Some(doc) = self.library.get_mut(*id) {
                doc.looked = looked;
            }
        }
        let bound = self.prefs.memory_bytes();
        let mut bytes = self.library.memory_bytes();
        if bytes <= bound {
            return;
        }
        // What was changed on disk cannot be had again, and what has no statistics yet is about to get them.
        let mut old: Vec<(u64, DocId)> = self
            .library
            .iter()
            .filter(|(_, doc)| doc.loaded.is_some() && !doc.live && doc.looked < looked)
            .filter(|(_, doc)| doc.changed.is_none() && doc.summary.is_some() && doc.state == DocState::Ready)
            .map(|(id, doc)| (doc.looked, id))
            .collect();
        old.sort_unstable();
        for (_, id) in old {
            if bytes <= bound {
                return;
            }
            if let Some(doc) = self.library.get_mut(id)
                && doc.loaded.take().is_some()
            {
                bytes = bytes.saturating_sub(std::mem::take(&mut doc.bytes));
                doc.losses = None;
                doc.state = DocState::Indexed;
            }
        }
    }
}
