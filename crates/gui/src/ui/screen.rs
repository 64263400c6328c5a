//! What is on the screen and nowhere else.

use std::collections::HashMap;

use eframe::egui;
use fa_plot::page::PageSize;

use super::{
    canvas, columns, drawers, explain, identify, keys, metadata, notes, open, palette, plots, prefs, run_dialog, save,
    settings,
};
use crate::figure::hover::Hit;
use crate::figure::paint::Painted;
use crate::state::commands::Dialog;
use crate::state::{Action, Panel, ViewId, WindowPlace};

/// What is on the screen and nowhere else: never saved, never undone.
#[derive(Default)]
pub(crate) struct Screen {
    /// Actions of this frame.
    pub(crate) actions: Vec<Action>,
    /// The dialog that is open.
    pub(crate) dialog: Option<Dialog>,
    pub(crate) open: open::OpenDialog,
    pub(crate) save: save::SaveDialog,
    pub(crate) run: run_dialog::RunDialog,
    pub(crate) palette: palette::PaletteState,
    pub(crate) settings: settings::SettingsState,
    pub(crate) metadata: metadata::MetadataState,
    pub(crate) notes: notes::NotesState,
    pub(crate) columns: columns::ColumnsState,
    pub(crate) prefs: prefs::PrefsState,
    /// The number that is explained.
    pub(crate) explain: Option<explain::Number>,
    pub(crate) plot_search: String,
    pub(crate) series_filter: String,
    /// The sample under the pointer, by view.
    pub(crate) hover: Option<(ViewId, Hit)>,
    /// The mark that a legend entry or a list under the pointer means.
    pub(crate) meant: Option<(ViewId, usize)>,
    /// A drag on a figure.
    pub(crate) drag: Option<canvas::Drag>,
    /// How much room there is in the window.
    pub(crate) room: drawers::Room,
    /// The panel that a small window shows.
    pub(crate) drawer: Option<Panel>,
    /// Where the keyboard was last, for Tab after Enter has ended the typing in a field.
    pub(crate) last_focus: Option<egui::Id>,
    /// Where windows of views were opened: told to the window system once.
    pub(crate) opened: HashMap<ViewId, Option<WindowPlace>>,
    /// The screens that there are, in points: left, top, width, height. Empty where that is not known.
    pub(crate) screens: Vec<[f32; 4]>,
    /// Close the window.
    pub(crate) quit: bool,
    /// Close it as soon as the run has ended.
    pub(crate) leaving: bool,
    /// Parts of the window for the keyboard.
    pub(crate) regions: keys::Regions,
    /// What had the keyboard before the dialog that is open.
    pub(crate) before_dialog: Option<egui::Id>,
    pub(crate) dialog_was_open: bool,
    /// Tab was pressed in the last frame.
    pub(crate) tabbed: bool,
    /// Frames since it was opened.
    pub(crate) dialog_frames: u32,
    /// The row the keyboard is on in the files table.
    pub(crate) row: usize,
    pub(crate) painted: HashMap<ViewId, Painted>,
    /// The same of the strips of whole runs.
    pub(crate) strips: HashMap<ViewId, Painted>,
    /// Small pictures of plots.
    pub(crate) thumbs: plots::Thumbs,
    /// The file that somebody asks about.
    pub(crate) asked: Option<identify::Asked>,
    /// Name of the layout to be saved.
    pub(crate) layout_name: String,
    /// Tag that is being typed in a file's menu.
    pub(crate) tag: String,
    /// Where scripts say the pointer is.
    pub(crate) pointer: Option<egui::Pos2>,
    /// Size of each view's page in the last frame.
    pub(crate) sizes: HashMap<ViewId, PageSize>,
}

impl Screen {
    /// Sends an action.
    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }
}
