//! The workspace: everything that a session file holds and undo restores. Plain data.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::columns::Table;
use super::library::DocId;
use super::notes::Note;
use super::panes::Pane;
use super::view::{View, ViewId};

/// Version of the session format.
pub const SESSION_VERSION: u32 = 1;

/// A file that is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileRef {
    /// Its name here.
    pub id: DocId,
    /// Where it is; in a session file, relative to that where possible.
    pub path: PathBuf,
    /// Digest of its content, in sessions: to recognise it when it was moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeChoice {
    /// As the desktop says.
    #[default]
    System,
    /// Dark on white.
    Light,
    /// Light on dark.
    Dark,
}

impl ThemeChoice {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 3] = [(Self::System, "System"), (Self::Light, "Light"), (Self::Dark, "Dark")];
}

/// Colours of series, safe for the colour-blind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Palette {
    /// The theme's: Okabe and Ito's.
    #[default]
    OkabeIto,
    /// Paul Tol's bright scheme.
    TolBright,
    /// Paul Tol's muted scheme.
    TolMuted,
}

impl Palette {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::OkabeIto, "Okabe–Ito"), (Self::TolBright, "Tol bright"), (Self::TolMuted, "Tol muted")];

    /// As `--colours` takes it; `None` for the theme's own. Colours that would not be seen on the paper are darker or
    /// lighter there than in the published scheme.
    pub fn colours(self, dark: bool) -> Option<&'static str> {
        match (self, dark) {
            (Self::OkabeIto, _) => None,
            (Self::TolBright, false) => Some("#5C6CBB,#D77560,#155C1A,#A17F24,#3C9FC1,#9F3277,#9A8F91"),
            (Self::TolBright, true) => Some("#5C68B5,#F66783,#139634,#DCC444,#64C8F8,#A8487C,#ACCBC9"),
            (Self::TolMuted, false) => Some("#332288,#C9556E,#24652A,#A98B5A,#7690B1,#882255,#3DA493,#8E9A30,#AB3EB0"),
            (Self::TolMuted, true) => Some("#8452BA,#F36569,#16793B,#DECC78,#A5C8E4,#935769,#36C39E,#9A972F,#B43F92"),
        }
    }
}

/// The panels around the views.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Panel {
    /// Open files.
    Files,
    /// Series of the view.
    Series,
    /// Settings of the figure.
    Settings,
    /// Metadata.
    Metadata,
    /// Notes.
    Notes,
    /// Statistics.
    Stats,
    /// What went wrong.
    Problems,
    /// Runs of the watched folder.
    Runs,
}

impl Panel {
    /// All, in the order of their shortcuts Ctrl+1 to Ctrl+8.
    pub const ALL: [Self; 8] = [
        Self::Files,
        Self::Series,
        Self::Settings,
        Self::Metadata,
        Self::Notes,
        Self::Stats,
        Self::Problems,
        Self::Runs,
    ];

    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Self::Files => "Files",
            Self::Series => "Series",
            Self::Settings => "Settings",
            Self::Metadata => "Metadata",
            Self::Notes => "Notes",
            Self::Stats => "Statistics",
            Self::Problems => "Problems",
            Self::Runs => "Runs",
        }
    }

    /// Which of them share a place: one of each group is shown at a time.
    pub fn group(self) -> usize {
        match self {
            Self::Files => 0,
            Self::Series => 1,
            Self::Settings | Self::Metadata | Self::Notes => 2,
            Self::Stats | Self::Problems | Self::Runs => 3,
        }
    }
}

/// Where the window of a view is, in points of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WindowPlace {
    /// The view in it.
    pub view: ViewId,
    /// Its upper left corner, frame and all; `None` where the window system does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<[f32; 2]>,
    /// Width and height of what is in the frame.
    pub size: [f32; 2],
}

impl WindowPlace {
    /// Smallest and largest size of a window that makes sense, points.
    const SIZES: (f32, f32) = (200.0, 20_000.0);

    /// The place as it can be used: on screens that there are (left, top, width, height; empty if unknown), not larger
    /// than any of them. A window that would not be all on one of them goes where the window system puts it.
    #[must_use]
    pub fn on(self, screens: &[[f32; 4]]) -> Self {
        let (least, most) = Self::SIZES;
        let whole = |v: f32| if v.is_finite() { v.clamp(least, most) } else { least };
        let mut size = self.size.map(whole);
        let fits = |at: &[f32; 2]| {
            // Frames reach a little over the edge of the screen.
            const EDGE: f32 = 16.0;
            let inside = |from: f32, length: f32, start: f32, room: f32| {
                from >= start - EDGE && from + length <= start + room + EDGE
            };
            at.iter().all(|v| v.is_finite())
                && screens.iter().any(|[x, y, w, h]| inside(at[0], size[0], *x, *w) && inside(at[1], size[1], *y, *h))
        };
        let at = self.at.filter(fits);
        if at.is_none() {
            for (axis, length) in size.iter_mut().enumerate() {
                let room = screens.iter().map(|screen| 0.9 * screen[2 + axis]).reduce(f32::max);
                *length = length.min(room.map_or(most, |room| room.max(least)));
            }
        }
        Self { at, size, ..self }
    }
}

/// Everything a session holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    /// [`SESSION_VERSION`] of the program that wrote it.
    #[serde(default)]
    pub version: u32,
    /// Open files in the order of opening.
    #[serde(default)]
    pub files: Arc<Vec<FileRef>>,
    /// All views.
    #[serde(default)]
    pub views: Vec<View>,
    /// Where they are.
    #[serde(default)]
    pub panes: Pane,
    /// Views in windows of their own, in the order in which they were taken out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub floating: Vec<ViewId>,
    /// Where the windows of such views are, or were when they were docked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<WindowPlace>,
    /// The view that commands mean.
    #[serde(default)]
    pub focus: Option<ViewId>,
    /// Closed views, the last one last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<View>,
    /// Files table.
    #[serde(default)]
    pub table: Table,
    /// Panels that are shown.
    #[serde(default = "default_panels")]
    pub panels: Vec<Panel>,
    /// The whole run is shown below a figure of which a part of the time axis is shown.
    #[serde(default = "yes")]
    pub overview: bool,
    /// Only the view with the focus is shown.
    #[serde(default)]
    pub full_screen: bool,
    /// Light or dark.
    #[serde(default)]
    pub theme: ThemeChoice,
    /// Colours of series.
    #[serde(default)]
    pub palette: Palette,
    /// Size of everything, 0.75–2.5.
    #[serde(default = "one")]
    pub scale: f32,
    /// Metadata keys that stay in sight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pinned: Vec<String>,
    /// Notes of the files that have any. They live in files of their own beside the data.
    #[serde(skip)]
    pub notes: BTreeMap<DocId, Arc<Vec<Note>>>,
    /// The next id of a file or view.
    #[serde(default)]
    pub next_id: u64,
    /// Keys of newer programs: written back as they are.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

fn yes() -> bool {
    true
}

fn one() -> f32 {
    1.0
}

fn default_panels() -> Vec<Panel> {
    vec![Panel::Files, Panel::Settings]
}

impl Default for Workspace {
    fn default() -> Self {
        Self {
            version: SESSION_VERSION,
            files: Arc::default(),
            views: Vec::new(),
            panes: Pane::default(),
            floating: Vec::new(),
            windows: Vec::new(),
            focus: None,
            closed: Vec::new(),
            table: Table::default(),
            panels: default_panels(),
            overview: true,
            full_screen: false,
            theme: ThemeChoice::default(),
            palette: Palette::default(),
            scale: one(),
            pinned: Vec::new(),
            notes: BTreeMap::new(),
            next_id: 1,
            unknown: Map::new(),
        }
    }
}

impl Workspace {
    /// A view.
    pub fn view(&self, id: ViewId) -> Option<&View> {
        self.views.iter().find(|view| view.id == id)
    }

    /// A view, to be changed.
    pub fn view_mut(&mut self, id: ViewId) -> Option<&mut View> {
        self.views.iter_mut().find(|view| view.id == id)
    }

    /// The view that commands mean.
    pub fn focused(&self) -> Option<&View> {
        self.view(self.focus?)
    }

    /// The same, to be changed.
    pub fn focused_mut(&mut self) -> Option<&mut View> {
        let focus = self.focus?;
        self.view_mut(focus)
    }

    /// All views in the order of their places: from left to right, from top to bottom, then those that float.
    pub fn placed(&self) -> Vec<ViewId> {
        [self.panes.views(), self.floating.clone()].concat()
    }

    /// The views that can be seen.
    pub fn visible(&self) -> Vec<ViewId> {
        [self.panes.visible(), self.floating.clone()].concat()
    }

    /// Whether a view is in a window of its own.
    pub fn floats(&self, id: ViewId) -> bool {
        self.floating.contains(&id)
    }

    /// Where the window of a view is or was.
    pub fn window(&self, id: ViewId) -> Option<WindowPlace> {
        self.windows.iter().copied().find(|place| place.view == id)
    }

    /// A file that is open.
    pub fn file(&self, doc: DocId) -> Option<&FileRef> {
        self.files.iter().find(|file| file.id == doc)
    }

    /// A number nothing else has.
    pub fn fresh_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// Whether a panel is shown.
    pub fn shows(&self, panel: Panel) -> bool {
        self.panels.contains(&panel)
    }

    /// Shows a panel, in place of the one that shares its place.
    pub fn show_panel(&mut self, panel: Panel) {
        self.panels.retain(|p| p.group() != panel.group());
        self.panels.push(panel);
        self.panels.sort_unstable();
    }

    /// Shows a view of a file in a new tab beside the focused one.
    pub fn open_view(&mut self, doc: Option<DocId>) -> ViewId {
        let id = ViewId(self.fresh_id());
        let view = View::new(id, doc);
        self.add_view(view);
        id
    }

    /// Adds a view beside the focused one and gives it the focus.
    pub fn add_view(&mut self, view: View) {
        let id = view.id;
        self.views.push(view);
        let beside = self.focus.unwrap_or(ViewId(0));
        self.panes.add(id, beside);
        self.focus = Some(id);
    }

    /// Gives a view the focus and brings it to the front.
    pub fn focus_on(&mut self, id: ViewId) {
        if self.view(id).is_some() {
            self.focus = Some(id);
            self.panes.show(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_opens_where_it_was_only_if_that_is_on_a_screen() {
        let place = |x, y, w, h| WindowPlace { view: ViewId(1), at: Some([x, y]), size: [w, h] };
        // A laptop, and a screen to the right of it.
        let both = [[0.0, 0.0, 1280.0, 800.0], [1280.0, 0.0, 1920.0, 1080.0]];
        let right = place(1400.0, 100.0, 800.0, 600.0);
        assert_eq!(right.on(&both), right);
        // The second screen is gone.
        assert_eq!(right.on(&both[..1]), WindowPlace { at: None, ..right });
        // Half on one, half on the other; too large for what is there; nonsense.
        assert_eq!(place(1000.0, 100.0, 800.0, 600.0).on(&both).at, None);
        let large = place(1300.0, 10.0, 1900.0, 1000.0).on(&both[..1]);
        assert_eq!((large.at, large.size), (None, [1152.0, 720.0]));
        let odd = place(f32::NAN, 0.0, f32::INFINITY, -3.0).on(&both);
        assert_eq!((odd.at, odd.size), (None, [200.0, 200.0]));
        // What screens there are is not known: the size stays.
        assert_eq!(right.on(&[]), WindowPlace { at: None, ..right });
    }
}
