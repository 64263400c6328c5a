//! The window: reads the state, sends actions. One panel per file.

mod background;
mod canvas;
mod columns;
mod dialogs;
mod drawers;
mod effects;
mod empty;
mod explain;
mod files;
mod floating;
mod frame;
mod help;
mod identify;
mod keys;
mod layouts;
mod legend;
pub(crate) mod look;
mod menu;
mod metadata;
mod notes;
mod open;
mod overview;
mod palette;
mod panes;
mod perf;
mod plots;
mod prefs;
mod problems;
mod recent_runs;
mod run_check;
mod run_dialog;
mod runs;
mod save;
mod screen;
pub mod script;
mod series;
mod settings;
mod stats;
mod status;
mod toolbar;
pub mod window;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;
use fa_analyze::metadiff::MetaDiff;
use fa_analyze::summary::Summary;
use fa_catalog::Catalog;
use fa_plot::options::ThemeName;
use fa_plot::theme::Theme;

use crate::figure::Figures;
use crate::state::commands::{Dialog, Does};
use crate::state::{Action, DocId, DocState, State, View, ViewId};
use crate::work::live::{Measurer, Stopper};
use crate::work::watch::Watcher;
use crate::work::{DiffKey, StatsKey, Workers};

pub use look::install_fonts;
pub use perf::Perf;
pub(crate) use screen::Screen;

/// What the program around the viewer gives it.
#[derive(Clone, Default)]
pub struct Options {
    /// Files, folders and sessions to open.
    pub files: Vec<PathBuf>,
    /// Plot to show in place of the test's own.
    pub plot: Option<String>,
    /// Part of the run to mark, seconds.
    pub select: Option<(f64, f64)>,
    /// What tests and plots there are.
    pub catalog: Option<Arc<Catalog>>,
    /// What can measure; without it, running tests is not offered.
    pub measurer: Option<Arc<dyn Measurer>>,
    /// Where recent files and the last session are kept; without it, nothing is.
    pub state_dir: Option<PathBuf>,
    /// Show how long frames take.
    pub perf: bool,
    /// Processor time that the calling thread has used; without it, frames are timed by the clock on the wall.
    pub thread_time: Option<fn() -> Duration>,
    /// Jobs are done at once, in the window's thread: for tests.
    pub inline: bool,
    /// The file of preferences; without it, they last as long as the window.
    pub config: Option<PathBuf>,
    /// Where headers and statistics of files are remembered; without it, nothing is.
    pub cache_dir: Option<PathBuf>,
    /// Host the run dialog begins with.
    pub host: Option<String>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("files", &self.files).finish_non_exhaustive()
    }
}

/// Statistics of files.
type Summaries = Vec<(DocId, Arc<Summary>)>;

/// Statistics in sight.
#[derive(Debug, Default)]
pub(crate) struct StatsCache {
    pub(crate) asked: Option<StatsKey>,
    pub(crate) there: Option<(StatsKey, Summaries)>,
}

/// Metadata differences in sight.
#[derive(Debug, Default)]
pub(crate) struct DiffCache {
    pub(crate) asked: Option<DiffKey>,
    pub(crate) there: Option<(DiffKey, Arc<MetaDiff>)>,
}

/// A plot and a part of the run, asked for before there is a view.
type Pending = (Option<String>, Option<(f64, f64)>);

/// The viewer.
pub struct Viewer {
    /// What it is.
    pub state: State,
    pub(crate) options: Options,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) workers: Workers,
    pub(crate) watcher: Watcher,
    pub(crate) figures: Figures,
    pub(crate) stats: StatsCache,
    pub(crate) diff: DiffCache,
    pub(crate) screen: Screen,
    pub(crate) recent: Vec<PathBuf>,
    /// Runs made lately.
    pub(crate) recent_runs: Vec<crate::state::RunRequest>,
    stopper: Option<Stopper>,
    /// How long frames take.
    pub perf: Perf,
    begun: Instant,
    /// Text on its way to the clipboard.
    to_copy: Option<String>,
    /// An image on its way there.
    image: Option<crate::work::Thumb>,
    /// What was put on the clipboard last, for tests.
    pub copied: Option<String>,
    /// What `--view` and `--select` ask for, until the first view is there.
    pending: Option<Pending>,
    look: Option<look::Look>,
    /// Runs that are followed without a thread.
    followers: Vec<crate::work::monitor::Follower>,
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewer").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Viewer {
    /// A viewer that draws in `context`, and begins to open what `options` name.
    pub fn new(context: &egui::Context, options: Options) -> Self {
        look::install_fonts(context);
        let catalog = options.catalog.clone().unwrap_or_else(|| Arc::new(Catalog::builtin().clone()));
        let repaint = context.clone();
        let waker: crate::work::Waker = Arc::new(move || repaint.request_repaint());
        let workers = if options.inline {
            Workers::inline(Arc::clone(&catalog), waker)
        } else {
            Workers::start(Arc::clone(&catalog), waker)
        };
        let watcher = if options.inline { Watcher::idle() } else { Watcher::start(workers.shared()) };
        let pending =
            (options.plot.is_some() || options.select.is_some()).then(|| (options.plot.clone(), options.select));
        let mut viewer = Self {
            state: State::default(),
            recent: open::read_recent(options.state_dir.as_deref()),
            recent_runs: recent_runs::read(options.state_dir.as_deref()),
            catalog,
            workers,
            watcher,
            figures: Figures::default(),
            stats: StatsCache::default(),
            diff: DiffCache::default(),
            screen: Screen::default(),
            stopper: None,
            perf: Perf::default(),
            begun: Instant::now(),
            to_copy: None,
            image: None,
            copied: None,
            pending,
            look: None,
            followers: Vec::new(),
            options,
        };
        viewer.screen.run.begin(viewer.options.host.clone());
        viewer.read_prefs();
        let (layouts, problem) = layouts::read(viewer.options.state_dir.as_deref());
        viewer.state.layouts = layouts;
        if let Some(problem) = problem {
            viewer.state.note(problem);
        }
        let files = viewer.options.files.clone();
        let last = viewer.options.state_dir.as_deref().map(crate::work::files::last_session);
        if !files.is_empty() {
            viewer.act(Action::Open(files));
        } else if let Some(last) = last.filter(|last| viewer.state.prefs.resume && last.is_file()) {
            viewer.act(Action::OpenSession(last));
        }
        viewer
    }

    /// Takes the preferences from their file, before the first frame: they decide what it looks like.
    fn read_prefs(&mut self) {
        if let Some(folder) = &self.options.cache_dir {
            self.workers.shared().cache.begin(folder.join("index"));
        }
        let (prefs, problems) = self.options.config.as_deref().map(crate::work::prefs::read).unwrap_or_default();
        for problem in problems {
            self.state.note(problem);
        }
        let w = &mut self.state.workspace;
        (w.theme, w.palette, w.scale) = (prefs.theme, prefs.palette, prefs.scale);
        self.heed(&prefs);
        self.state.prefs = prefs;
    }

    /// Does what preferences say about work behind the window.
    fn heed(&mut self, prefs: &crate::state::Prefs) {
        self.watcher.with(|watched| watched.set_interval(prefs.watch_secs));
        self.workers.shared().cache.set_limit(u64::from(prefs.cache_mb) * 1_000_000);
    }

    /// Applies an action and sees to what follows from it.
    pub fn act(&mut self, action: Action) {
        if matches!(action, Action::ApplyPreset(crate::state::layouts::Preset::Compare)) {
            self.screen.metadata.diff = true;
        }
        if self.drawn_out(&action) {
            return;
        }
        let now = self.begun.elapsed().as_secs_f64();
        let ended = matches!(action, Action::RunEnded(..));
        let effects = self.state.apply(action, now);
        // A run that did not come about goes back to who asked for it.
        if ended && self.state.not_run.is_some() && self.screen.dialog.is_none() && !self.screen.leaving {
            self.ask(Dialog::RunTest);
        }
        for effect in effects {
            self.see_to(effect);
        }
    }

    /// Counts time from another moment: the start of the process.
    pub fn begun_at(&mut self, at: Instant) {
        self.begun = at;
    }

    /// The theme of figures on the screen.
    pub(crate) fn theme(&self, view: &View) -> Theme {
        let dark = self.look.as_ref().is_some_and(|look| look.dark);
        let theme = match view.options.theme {
            ThemeName::Light if dark => Theme::dark(),
            ThemeName::Light => Theme::light(),
            ThemeName::Dark => Theme::dark(),
            ThemeName::Paper => Theme::paper(),
        };
        match self.state.workspace.palette.colours(theme.name == "dark") {
            None => theme,
            Some(colours) => {
                let colours: Vec<fa_plot::colour::Rgb> = colours.split(',').filter_map(|c| c.parse().ok()).collect();
                theme.with_colours(&colours)
            }
        }
    }

    /// Draws a frame.
    pub fn show(&mut self, ui: &mut egui::Ui) {
        let now = self.processor_time();
        self.perf.begins(now);
        self.logic();
        self.apply_look(ui.ctx());
        self.take_drops(ui.ctx());
        keys::take(self, ui.ctx());
        self.screen.regions.begin();
        self.screen.meant = None;
        keys::resume(self, ui.ctx());
        self.screen.room = drawers::Room::of(ui.available_size());
        let full = self.state.workspace.full_screen;
        let mut covered = false;
        if !full {
            egui::Panel::top("menu").show(ui, |ui| menu::show(self, ui));
            egui::Panel::bottom("status").show(ui, |ui| status::show(self, ui));
            if self.screen.room == drawers::Room::Wide {
                self.show_panels(ui);
            } else {
                self.show_drawer_names(ui);
                covered = self.show_drawer(ui);
            }
        }
        if !covered {
            let bare = egui::Frame::NONE.fill(ui.visuals().panel_fill);
            egui::CentralPanel::default().frame(bare).show(ui, |ui| {
                if self.state.workspace.views.is_empty() {
                    empty::show(self, ui);
                } else {
                    panes::show(self, ui);
                }
            });
        }
        floating::show(self, ui.ctx());
        dialogs::show(self, ui.ctx());
        identify::show(self, ui.ctx());
        empty::show_hovered(ui.ctx());
        self.finish(ui.ctx());
        let now = self.processor_time();
        let perf = &mut self.perf;
        perf.ends(now);
        let since = self.begun.elapsed().as_secs_f64() * 1e3;
        perf.first_frame_ms.get_or_insert(since);
        if perf.first_plot_ms.is_none() && !self.screen.painted.is_empty() {
            perf.first_plot_ms = Some(since);
        }
    }

    /// What this thread has used so far, as well as it can be told.
    fn processor_time(&self) -> Duration {
        self.options.thread_time.map_or_else(|| self.begun.elapsed(), |time| time())
    }

    /// Applies what was asked for in this frame.
    fn finish(&mut self, context: &egui::Context) {
        let actions = std::mem::take(&mut self.screen.actions);
        let any = !actions.is_empty();
        for action in actions {
            self.act(action);
        }
        if any {
            context.request_repaint();
        }
        if let Some(text) = self.to_copy.take() {
            context.copy_text(text.clone());
            self.copied = Some(text);
        }
        if let Some(image) = self.image.take() {
            context.copy_image(egui::ColorImage::from_rgba_unmultiplied([image.width, image.height], &image.rgba));
        }
        if self.screen.quit {
            context.send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    /// Does what a command says.
    pub(crate) fn perform(&mut self, does: Does) {
        match does {
            Does::Act(action) => self.screen.act(action),
            Does::Ask(dialog) => self.ask(dialog),
            Does::OnFigure(what) => keys::on_figure(self, what),
            Does::Quit => self.screen.quit = true,
            // Only a key can move the keyboard; from a menu there is nothing to step from.
            Does::Region(_) => {}
            Does::Cancel => {
                if self.screen.asked.take().is_none() && self.screen.dialog.take().is_none() {
                    self.screen.drag = None;
                    if self.state.workspace.full_screen {
                        self.screen.act(Action::ToggleFullScreen);
                    } else if let Some(view) = self.state.workspace.focused().filter(|v| v.brush.is_some()) {
                        let id = view.id;
                        self.screen.act(Action::Brush(id, None));
                    }
                }
            }
        }
    }

    /// Opens a dialog.
    pub fn ask(&mut self, dialog: Dialog) {
        dialogs::prepare(self, dialog);
        self.screen.dialog = Some(dialog);
    }

    /// The folder that dialogs begin in: that of the first file of the focused view, else the current one.
    pub(crate) fn folder(&self) -> PathBuf {
        let first = self.state.workspace.focused().and_then(|view| view.docs.first());
        let file = first.and_then(|doc| self.state.library.get(*doc)).filter(|doc| !doc.live);
        let folder = file.and_then(|doc| doc.path.parent()).map(std::path::Path::to_path_buf);
        folder.or_else(|| std::env::current_dir().ok()).unwrap_or_else(|| PathBuf::from("."))
    }

    /// Whether anything is being read or computed.
    pub fn is_busy(&self) -> bool {
        let reads = |state: &DocState| matches!(state, DocState::Loading | DocState::Surveying);
        let loading = self.state.library.iter().any(|(_, doc)| reads(&doc.state));
        let waiting = self.state.workspace.visible().iter().any(|view| self.figures.is_waiting(*view));
        loading || waiting || self.stats.asked.is_some() || self.diff.asked.is_some()
    }

    /// The page of a view as it was painted last.
    pub fn page(&mut self, view: ViewId) -> Option<Arc<fa_plot::page::Page>> {
        let size = self.screen.sizes.get(&view).copied()?;
        let shown = self.state.workspace.view(view)?.clone();
        let theme = self.theme(&shown);
        self.figures.page(&self.state, &shown, size, &theme).map(|(_, page)| page)
    }

    /// How many small pictures of plots there are.
    pub fn pictures(&self) -> usize {
        self.screen.thumbs.there()
    }

    /// The figure of a view as it is now.
    pub fn figure(&self, view: ViewId) -> Option<&Arc<crate::figure::Figure>> {
        self.figures.get(view)
    }
}
