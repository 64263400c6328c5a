//! Commands: what menus, keys and the palette offer, each once, with its name, shortcut and when it can be used.

use super::action::Action;
use super::layouts::Preset;
use super::panes::Side;
use super::workspace::{Palette, Panel, ThemeChoice};
use super::{State, XKind};

/// What a command does.
#[derive(Debug, Clone)]
pub enum Does {
    /// Changes the state.
    Act(Action),
    /// Opens a dialog.
    Ask(Dialog),
    /// Does something to the figure in sight, which knows its own limits.
    OnFigure(OnFigure),
    /// Ends the program.
    Quit,
    /// Ends what is under way: a dialog, a drag, a marking.
    Cancel,
    /// Puts the keyboard into the next part of the window, or the previous one.
    Region(isize),
}

/// What keys do to a figure or a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OnFigure {
    /// Makes the part of the time axis so many times as long.
    ScaleTime(f64),
    /// Moves along the time axis by this share of what is shown.
    PanTime(f64),
    /// Makes the part of the value axes so many times as long.
    ScaleValues(f64),
    /// Sets the first or second cursor at the pointer, or takes it away.
    Cursor(usize),
    /// Moves the last cursor by a sample.
    StepCursor(bool),
    /// Ticks the n-th row of the files table, from 0.
    TickNth(usize),
}

/// Dialogs and cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialog {
    /// Which files to open.
    Open,
    /// Where to save the figure.
    SaveFigure,
    /// Where to save the session.
    SaveSession,
    /// Which session to open.
    OpenSession,
    /// Which table to export.
    Export,
    /// Which test to run.
    RunTest,
    /// Which columns to show.
    Columns,
    /// What can be done.
    Palette,
    /// Gestures and keys.
    Help,
    /// A note on what is marked.
    Note,
    /// Which folder to watch.
    Watch,
    /// Where to write a copy with notes.
    CopyWithNotes,
    /// What a person prefers.
    Preferences,
    /// What the figure or a number means.
    Explain,
    /// A name for the layout.
    SaveLayout,
    /// Which file to ask about.
    Identify,
    /// What becomes of the run when the window is closed.
    Leave,
}

/// One command.
#[derive(Debug, Clone)]
pub struct Command {
    /// Stable name.
    pub id: &'static str,
    /// As a menu shows it.
    pub label: String,
    /// Menu it is in.
    pub menu: &'static str,
    /// Key that it has now, as text: `Ctrl+S`; empty without one.
    pub key: String,
    /// Key that it has unless a person wants another one.
    pub built_in: &'static str,
    /// What it does, or why it cannot be used now.
    pub does: Result<Does, &'static str>,
}

/// All menus in order.
pub const MENUS: [&str; 7] = ["File", "Edit", "View", "Data", "Plot", "Tools", "Help"];

/// Commands that are in no menu, only keys.
pub const KEYS_ONLY: &str = "On a figure and in the table";

/// The menus, and what has keys only.
pub fn groups() -> impl Iterator<Item = &'static str> {
    MENUS.into_iter().chain([KEYS_ONLY])
}

/// Ids of all commands with their built-in keys.
pub fn built_in() -> Vec<(&'static str, &'static str)> {
    let own = OWN_LAYOUTS.into_iter().map(|id| (id, ""));
    commands(&State::default()).into_iter().map(|command| (command.id, command.built_in)).chain(own).collect()
}

const NO_VIEW: &str = "there is no view: open a file first";

/// Keys and names of the commands that are made from lists.
const KEYS: [&str; 8] = ["Ctrl+1", "Ctrl+2", "Ctrl+3", "Ctrl+4", "Ctrl+5", "Ctrl+6", "Ctrl+7", "Ctrl+8"];
const IDS: [&str; 8] = [
    "panel-files",
    "panel-series",
    "panel-settings",
    "panel-metadata",
    "panel-notes",
    "panel-stats",
    "panel-problems",
    "panel-runs",
];
const LAYOUTS: [&str; 3] = ["layout-one-figure", "layout-compare", "layout-statistics"];
/// Own layouts in their order; keys are for places in it. Those beyond have none, and are only in the menu.
const OWN_LAYOUTS: [&str; 12] = [
    "layout-own-1",
    "layout-own-2",
    "layout-own-3",
    "layout-own-4",
    "layout-own-5",
    "layout-own-6",
    "layout-own-7",
    "layout-own-8",
    "layout-own-9",
    "layout-own-10",
    "layout-own-11",
    "layout-own-12",
];
const THEMES: [&str; 3] = ["theme-system", "theme-light", "theme-dark"];
const PALETTES: [&str; 3] = ["palette-okabe-ito", "palette-tol-bright", "palette-tol-muted"];

/// All commands with what they would do now.
pub fn commands(state: &State) -> Vec<Command> {
    let mut all = Vec::with_capacity(120);
    let mut add = |id, menu, label: &str, key, does| {
        all.push(Command { id, label: label.to_owned(), menu, key: String::new(), built_in: key, does });
    };
    let act = |action| Ok(Does::Act(action));
    let ask = |dialog| Ok(Does::Ask(dialog));
    let w = &state.workspace;
    let focus = w.focused();
    let view = |make: fn(super::ViewId) -> Action| focus.map(|v| Does::Act(make(v.id))).ok_or(NO_VIEW);
    let ticked = focus.map(|v| v.docs.clone()).unwrap_or_default();

    add("open", "File", "Open files…", "Ctrl+O", ask(Dialog::Open));
    add("watch", "File", "Watch a folder…", "", ask(Dialog::Watch));
    add("identify", "File", "What is this file?", "", ask(Dialog::Identify));
    let again =
        |id: &super::DocId| state.library.get(*id).is_some_and(|doc| doc.changed.is_some() || ticked.contains(id));
    let reload: Vec<_> = w.files.iter().map(|f| f.id).filter(again).collect();
    add(
        "reload",
        "File",
        "Read changed files again",
        "F5",
        if reload.is_empty() { Err("no file is open") } else { act(Action::Reload(reload)) },
    );
    add("save-figure", "File", "Save figure…", "Ctrl+S", focus.map(|_| Does::Ask(Dialog::SaveFigure)).ok_or(NO_VIEW));
    add("export", "File", "Export data…", "Ctrl+E", focus.map(|_| Does::Ask(Dialog::Export)).ok_or(NO_VIEW));
    add("save-session", "File", "Save session…", "Ctrl+Shift+S", ask(Dialog::SaveSession));
    add("open-session", "File", "Open session…", "", ask(Dialog::OpenSession));
    add(
        "close-files",
        "File",
        "Close the ticked files",
        "",
        if ticked.is_empty() { Err(NO_VIEW) } else { act(Action::Close(ticked.clone())) },
    );
    add("quit", "File", "Quit", "Ctrl+Q", Ok(Does::Quit));

    add(
        "undo",
        "Edit",
        &state.history.undoable().map_or("Undo".to_owned(), |g| format!("Undo {g}")),
        "Ctrl+Z",
        if state.history.undoable().is_some() { act(Action::Undo) } else { Err("nothing to undo") },
    );
    add(
        "redo",
        "Edit",
        &state.history.redoable().map_or("Redo".to_owned(), |g| format!("Redo {g}")),
        "Ctrl+Shift+Z",
        if state.history.redoable().is_some() { act(Action::Redo) } else { Err("nothing to redo") },
    );
    add("copy-command", "Edit", "Copy as command", "Ctrl+Shift+C", view(Action::CopyCommand));
    add("copy-image", "Edit", "Copy image", "Ctrl+Alt+C", view(Action::CopyImage));
    add("palette", "Edit", "Search everything…", "Ctrl+K", ask(Dialog::Palette));
    add("preferences", "Edit", "Preferences…", "Ctrl+,", ask(Dialog::Preferences));
    add("clear-cache", "Edit", "Clear the cache", "", act(Action::ClearCache));
    add("palette-2", "Edit", "Command palette…", "Ctrl+Shift+P", ask(Dialog::Palette));

    add("new-view", "View", "New view", "Ctrl+N", act(Action::NewView(ticked.first().copied())));
    add("duplicate", "View", "Duplicate view", "", view(Action::Duplicate));
    add("close-view", "View", "Close view", "Ctrl+W", view(Action::CloseView));
    add(
        "close-views",
        "View",
        "Close all views",
        "Ctrl+Shift+W",
        focus.map(|_| Does::Act(Action::CloseAllViews)).ok_or(NO_VIEW),
    );
    add(
        "reopen-view",
        "View",
        "Reopen closed view",
        "Ctrl+Shift+T",
        if w.closed.is_empty() { Err("no view was closed") } else { act(Action::ReopenView) },
    );
    add("next-view", "View", "Next view", "Ctrl+Tab", act(Action::StepView(1)));
    add("previous-view", "View", "Previous view", "Ctrl+Shift+Tab", act(Action::StepView(-1)));
    add("next-view-2", "View", "View to the right", "Ctrl+Right", act(Action::StepView(1)));
    add("previous-view-2", "View", "View to the left", "Ctrl+Left", act(Action::StepView(-1)));
    add("next-region", "View", "Keyboard to the next part of the window", "F6", Ok(Does::Region(1)));
    add("previous-region", "View", "Keyboard to the previous part", "Shift+F6", Ok(Does::Region(-1)));
    add("split-right", "View", "Split to the right", "", view(|id| Action::Dock(id, id, Side::Right)));
    add("split-below", "View", "Split below", "", view(|id| Action::Dock(id, id, Side::Bottom)));
    for ((panel, key), id) in Panel::ALL.into_iter().zip(KEYS).zip(IDS) {
        add(id, "View", &format!("Panel: {}", panel.title()), key, act(Action::TogglePanel(panel)));
    }
    add(
        "full-screen",
        "View",
        "Only the plot",
        "F11",
        focus.map(|_| Does::Act(Action::ToggleFullScreen)).ok_or(NO_VIEW),
    );
    let float = focus.map(|v| {
        if w.floats(v.id) { Action::Dock(v.id, v.id, super::panes::Side::Centre) } else { Action::Float(v.id) }
    });
    let label =
        if focus.is_some_and(|v| w.floats(v.id)) { "View back to the tabs" } else { "View into its own window" };
    add("float", "View", label, "Ctrl+Shift+F", float.map(Does::Act).ok_or(NO_VIEW));
    for (preset, id) in Preset::ALL.into_iter().zip(LAYOUTS) {
        add(id, "View", &format!("Layout: {}", preset.title()), "", act(Action::ApplyPreset(preset)));
    }
    for (layout, id) in state.layouts.iter().zip(OWN_LAYOUTS) {
        let label = format!("Own layout: {}", layout.name);
        // In the menu they have a place of their own.
        add(id, "View", &label, "", act(Action::ApplyLayout(layout.name.clone())));
    }
    add("save-layout", "View", "Save layout…", "", ask(Dialog::SaveLayout));
    add("reset-layout", "View", "Reset layout", "", act(Action::ResetLayout));
    let label = if w.overview { "No overview strip" } else { "Overview strip below zoomed figures" };
    add("overview", "View", label, "O", act(Action::ToggleOverview));
    add("larger", "View", "Larger", "Ctrl++", act(Action::SetScale(w.scale + 0.1)));
    add("smaller", "View", "Smaller", "Ctrl+-", act(Action::SetScale(w.scale - 0.1)));
    add("normal-size", "View", "Normal size", "Ctrl+0", act(Action::SetScale(1.0)));
    for ((theme, name), id) in ThemeChoice::ALL.into_iter().zip(THEMES) {
        add(id, "View", &format!("Theme: {name}"), "", act(Action::SetTheme(theme)));
    }
    for ((palette, name), id) in Palette::ALL.into_iter().zip(PALETTES) {
        add(id, "View", &format!("Colours: {name}"), "", act(Action::SetPalette(palette)));
    }

    add("columns", "Data", "Columns of the files table…", "", ask(Dialog::Columns));
    add("by-test", "Data", "Group files by test", "", act(Action::ToggleByTest));
    let option = |name: &'static str, on: bool| {
        focus
            .map(|v| Does::Act(Action::SetOption(v.id, name, if on { Vec::new() } else { vec![String::new()] })))
            .ok_or(NO_VIEW)
    };
    let is = |test: fn(&fa_plot::options::FigureOptions) -> bool| focus.is_some_and(|v| test(&v.options));
    add("concatenate", "Data", "Join files in time", "", option("concatenate", is(|o| o.concatenate)));
    add("multiples", "Data", "A panel per file", "", option("subplot-combine", is(|o| o.subplot_combine)));
    add("scale-mode", "Data", "Other files only widen the axes", "", option("scale-mode", is(|o| o.scale_mode)));
    add("flip", "Data", "Show one file after the other", "B", view(Action::Flip));
    add(
        "note",
        "Data",
        "Note on the file or what is marked…",
        "N",
        focus.map(|_| Does::Ask(Dialog::Note)).ok_or(NO_VIEW),
    );
    let noted =
        focus.and_then(|v| v.docs.first()).and_then(|doc| w.notes.get(doc)).is_some_and(|notes| !notes.is_empty());
    add(
        "copy-with-notes",
        "Data",
        "Copy of the first file with its notes…",
        "",
        if noted { ask(Dialog::CopyWithNotes) } else { Err("there are no notes on the first file of the view") },
    );

    add("previous-plot", "Plot", "Previous plot", "Ctrl+Up", act(Action::StepPlot(-1)));
    add("next-plot", "Plot", "Next plot", "Ctrl+Down", act(Action::StepPlot(1)));
    add("fit", "Plot", "Show everything", "0", view(Action::Fit));
    add("fit-brush", "Plot", "Show what is marked", "F", view(Action::FitBrush));
    add(
        "zoom-back",
        "Plot",
        "Zoom back",
        "Alt+Left",
        focus.filter(|v| !v.back.is_empty()).map(|v| Does::Act(Action::ZoomBack(v.id))).ok_or("nothing to go back to"),
    );
    add(
        "zoom-forward",
        "Plot",
        "Zoom forward",
        "Alt+Right",
        focus
            .filter(|v| !v.forward.is_empty())
            .map(|v| Does::Act(Action::ZoomForward(v.id)))
            .ok_or("nothing to go forward to"),
    );
    let log = if is(|o| o.log_scale_y.is_some()) { Vec::new() } else { vec!["log10".to_owned()] };
    add(
        "log",
        "Plot",
        "Logarithmic values",
        "L",
        focus.map(|v| Does::Act(Action::SetOption(v.id, "log-scale-y", log))).ok_or(NO_VIEW),
    );
    add("zero", "Plot", "Values from zero", "Z", option("zero-y", is(|o| o.zero_y)));
    add("invert", "Plot", "Latency upside down", "I", option("invert-latency-y", is(|o| o.invert_latency_y)));
    add("absolute", "Plot", "Time of day", "T", option("absolute-time", is(|o| o.absolute_time)));
    let by_file = is(|o| o.colour_by == Some(fa_plot::options::ColourBy::File));
    let value = if by_file { Vec::new() } else { vec!["file".to_owned()] };
    add(
        "colour-by",
        "Plot",
        if by_file { "Colours by series" } else { "Colours by file" },
        "",
        focus.map(|v| Does::Act(Action::SetOption(v.id, "colour-by", value))).ok_or(NO_VIEW),
    );
    add("same-scale", "Plot", "Same scale as other views", "=", view(Action::ToggleSameScale));
    add("link", "Plot", "Link the time axis with other views", "", view(Action::ToggleLink));
    let show_all = focus.filter(|v| !v.hidden.is_empty() || v.only.is_some());
    add(
        "show-all",
        "Plot",
        "Show all series",
        "",
        show_all.map(|v| Does::Act(Action::ShowAllSeries(v.id))).ok_or("no series is hidden"),
    );
    let brush = focus.filter(|v| v.brush.is_some());
    add(
        "clear-brush",
        "Plot",
        "Remove the marking",
        "",
        brush.map(|v| Does::Act(Action::Brush(v.id, None))).ok_or("nothing is marked"),
    );
    add(
        "brush-cutoff",
        "Plot",
        "Use the marking as cut-off",
        "",
        brush.map(|v| Does::Act(Action::BrushToCutoff(v.id))).ok_or("nothing is marked"),
    );
    add(
        "mark-all",
        "Plot",
        "Mark what is shown, or what is between two cursors",
        "M",
        focus
            .filter(|v| state.x_kind(v) == XKind::Run)
            .map(|v| {
                let whole = v
                    .docs
                    .iter()
                    .filter_map(|d| state.library.loaded(*d))
                    .filter_map(|l| l.set.metadata.total_length_secs())
                    .fold(0.0, f64::max);
                let shown = v.zoom.x_of(XKind::Run).unwrap_or((0.0, whole));
                let part = if let [a, b] = v.cursors[..] { (a.min(b), a.max(b)) } else { shown };
                Does::Act(Action::Brush(v.id, Some(part)))
            })
            .ok_or("only plots over the time of the run can be marked"),
    );
    add(
        "clear-cursors",
        "Plot",
        "Remove cursors",
        "",
        focus
            .filter(|v| !v.cursors.is_empty())
            .map(|v| Does::Act(Action::Cursor(v.id, 0, None)))
            .ok_or("there is no cursor"),
    );
    add("reset-settings", "Plot", "All settings to their defaults", "", view(Action::ResetOptions));

    add(
        "run",
        "Tools",
        "Run a test…",
        "Ctrl+R",
        if state.running.is_some() { Err("a test is running already") } else { ask(Dialog::RunTest) },
    );
    add(
        "stop-keep",
        "Tools",
        "Stop the run and keep what was measured",
        "",
        if state.running.is_some() { act(Action::StopRun(fa_measure::Stop::Keep)) } else { Err("no test is running") },
    );
    add(
        "stop-discard",
        "Tools",
        "Stop the run and discard it",
        "",
        if state.running.is_some() {
            act(Action::StopRun(fa_measure::Stop::Discard))
        } else {
            Err("no test is running")
        },
    );

    for (id, label, key, does) in ON_FIGURE {
        add(id, KEYS_ONLY, label, key, focus.map(|_| Does::OnFigure(does)).ok_or(NO_VIEW));
    }
    for (n, (id, key)) in TICKS.into_iter().enumerate() {
        add(id, KEYS_ONLY, &format!("Tick the {}. row", n + 1), key, Ok(Does::OnFigure(OnFigure::TickNth(n))));
    }
    add("cancel", "Edit", "Cancel", "Esc", Ok(Does::Cancel));
    add("explain", "Help", "Explain this plot", "Shift+F1", focus.map(|_| Does::Ask(Dialog::Explain)).ok_or(NO_VIEW));
    add("help", "Help", "Keys and gestures", "F1", ask(Dialog::Help));
    add("help-2", "Help", "Keys and gestures (card)", "?", ask(Dialog::Help));
    if state.prefs.keys.is_empty() {
        for command in &mut all {
            command.key = command.built_in.to_owned();
        }
        return all;
    }
    let ids: Vec<_> = all.iter().map(|command| (command.id, command.built_in)).collect();
    for (command, key) in all.iter_mut().zip(state.prefs.keys_of(&ids)) {
        command.key = key.map(|chord| chord.to_string()).unwrap_or_default();
    }
    all
}

/// Commands of figures by key. Flent's: lower case zooms in.
const ON_FIGURE: [(&str, &str, &str, OnFigure); 12] = [
    ("time-zoom-in", "Zoom into time a little", "X", OnFigure::ScaleTime(1.0 / 1.1)),
    ("time-zoom-out", "Zoom out of time a little", "Shift+X", OnFigure::ScaleTime(1.1)),
    ("values-zoom-in", "Zoom into the values a little", "Y", OnFigure::ScaleValues(1.0 / 1.1)),
    ("values-zoom-out", "Zoom out of the values a little", "Shift+Y", OnFigure::ScaleValues(1.1)),
    ("time-closer", "Zoom into time", "W", OnFigure::ScaleTime(1.0 / 1.3)),
    ("time-wider", "Zoom out of time", "S", OnFigure::ScaleTime(1.3)),
    ("time-left", "Move to earlier times", "A", OnFigure::PanTime(-0.2)),
    ("time-right", "Move to later times", "D", OnFigure::PanTime(0.2)),
    ("cursor-first", "First time cursor at the pointer", "C", OnFigure::Cursor(0)),
    ("cursor-second", "Second time cursor at the pointer", "Shift+C", OnFigure::Cursor(1)),
    ("cursor-back", "Cursor back by a sample", "[", OnFigure::StepCursor(false)),
    ("cursor-forward", "Cursor on by a sample", "]", OnFigure::StepCursor(true)),
];

/// Rows of the table by key.
const TICKS: [(&str, &str); 9] = [
    ("tick-row1", "1"),
    ("tick-row2", "2"),
    ("tick-row3", "3"),
    ("tick-row4", "4"),
    ("tick-row5", "5"),
    ("tick-row6", "6"),
    ("tick-row7", "7"),
    ("tick-row8", "8"),
    ("tick-row9", "9"),
];
