//! The window: reads the state, sends actions. One panel per file.

mod canvas;
mod columns;
mod dialogs;
mod empty;
mod explain;
mod files;
mod help;
mod keys;
pub(crate) mod look;
mod menu;
mod metadata;
mod notes;
mod open;
mod palette;
mod panes;
mod prefs;
mod problems;
mod recent_runs;
mod run_check;
mod run_dialog;
pub mod script;
mod series;
mod settings;
mod stats;
mod status;
mod toolbar;
pub mod window;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui;
use fa_analyze::metadiff::MetaDiff;
use fa_analyze::summary::Summary;
use fa_catalog::Catalog;
use fa_plot::options::ThemeName;
use fa_plot::page::PageSize;
use fa_plot::theme::Theme;

use crate::figure::Figures;
use crate::figure::hover::Hit;
use crate::figure::paint::Painted;
use crate::state::commands::{Dialog, Does};
use crate::state::{Action, DocId, Effect, Panel, Problem, State, ThemeChoice, View, ViewId};
use crate::work::live::{Measurer, Stopper, check, measure, start};
use crate::work::watch::Watcher;
use crate::work::{DiffKey, Job, Reply, SaveFigure, StatsKey, Workers};

pub use look::install_fonts;

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
    /// Folder with sample data, for the empty window.
    pub samples: Option<PathBuf>,
    /// Show how long frames take.
    pub perf: bool,
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

/// What is on the screen and nowhere else: never saved, never undone.
#[derive(Default)]
pub(crate) struct Screen {
    /// Actions of this frame.
    pub(crate) actions: Vec<Action>,
    /// The dialog that is open.
    pub(crate) dialog: Option<Dialog>,
    pub(crate) open: open::OpenDialog,
    pub(crate) save: dialogs::SaveDialog,
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
    /// Close the window.
    pub(crate) quit: bool,
    /// The row the keyboard is on in the files table.
    pub(crate) row: usize,
    pub(crate) painted: HashMap<ViewId, Painted>,
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

/// How long frames take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Perf {
    /// Frames drawn.
    pub frames: u64,
    /// Time of the last frame in this thread, ms.
    pub last_ms: f64,
    /// Moving mean of it, ms.
    pub mean_ms: f64,
    /// Longest so far, ms.
    pub worst_ms: f64,
    /// From start to the end of the first frame, ms.
    pub first_frame_ms: Option<f64>,
    /// From start to the first figure on the screen, ms.
    pub first_plot_ms: Option<f64>,
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
    /// What was put on the clipboard last, for tests.
    pub copied: Option<String>,
    /// What `--view` and `--select` ask for, until the first view is there.
    pending: Option<Pending>,
    look: Option<look::Look>,
    /// Counts changes of preferences.
    prefs_turn: u64,
}

impl std::fmt::Debug for Viewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Viewer").field("state", &self.state).finish_non_exhaustive()
    }
}

/// The session that was open when a window closed.
fn last_session(state_dir: &std::path::Path) -> PathBuf {
    state_dir.join(format!("last{}", crate::state::session::SUFFIX))
}

/// The page that a figure is waited for in the window's thread: a frame or two, so that quick changes do not flicker.
const PATIENCE: Duration = Duration::from_millis(12);

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
            copied: None,
            pending,
            look: None,
            prefs_turn: 0,
            options,
        };
        viewer.screen.run.begin(viewer.options.host.clone());
        viewer.read_prefs();
        let files = viewer.options.files.clone();
        let last = viewer.options.state_dir.as_deref().map(last_session);
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
        let now = self.begun.elapsed().as_secs_f64();
        let effects = self.state.apply(action, now);
        for effect in effects {
            self.see_to(effect);
        }
    }

    /// Counts time from another moment: the start of the process.
    pub fn begun_at(&mut self, at: Instant) {
        self.begun = at;
    }

    fn see_to(&mut self, effect: Effect) {
        let give = |job| self.workers.give(job);
        match effect {
            Effect::Find(paths) => give(Job::Find(paths)),
            Effect::Index(files) => give(Job::Index(files)),
            Effect::Load(doc, path) => give(Job::Load(doc, path)),
            Effect::Summarise(doc) => {
                if let Some(loaded) = self.state.library.loaded(doc) {
                    let stamp = self.state.library.get(doc).and_then(|known| known.stamp);
                    give(Job::Summarise(doc, Arc::clone(loaded), stamp));
                }
                if let Some(known) = self.state.library.get(doc)
                    && let Some(stamp) = known.stamp
                {
                    let path = known.path.clone();
                    self.watcher.with(|watched| watched.files.insert(doc, (path, stamp)));
                }
            }
            Effect::ReadNotes(doc, path) => give(Job::ReadNotes(doc, path)),
            Effect::WriteNotes(path, notes) => give(Job::WriteNotes(path, notes)),
            Effect::CopyWithNotes(data, notes, copy) => give(Job::CopyWithNotes(data, notes, copy)),
            Effect::SaveSession(path, workspace) => give(Job::SaveSession(path, workspace)),
            Effect::OpenSession(path) => give(Job::OpenSession(path)),
            Effect::SaveFigure(view, path, how) => match self.save_figure(view, how) {
                Some(save) => self.workers.give(Job::SaveFigure(path, Box::new(save))),
                None => self.state.note(Problem::error("there is no figure to save")),
            },
            Effect::CopyText(text) => self.copied = Some(text),
            Effect::CopyImage(view) => self.screen.save.copy_image = Some(view),
            Effect::Export(export) => {
                let docs = export.docs.iter().filter_map(|doc| self.state.library.get(*doc));
                let files = docs.map(|doc| (doc.path.clone(), doc.loaded.clone())).collect();
                self.workers.give(Job::Export(export, files));
            }
            Effect::CheckServers(request) => {
                if let Some(measurer) = &self.options.measurer {
                    let (measurer, inline) = (Arc::clone(measurer), self.workers.is_inline());
                    check(request, measurer, self.workers.shared(), inline);
                } else {
                    let outcome = Err("this program cannot measure".to_owned());
                    let checked = crate::state::CheckedRun { request: *request, outcome };
                    self.act(Action::ServersChecked(Box::new(checked)));
                }
            }
            Effect::StartRun(doc, request) => match &self.options.measurer {
                Some(measurer) => {
                    let measurer = Arc::clone(measurer);
                    let shared = self.workers.shared();
                    if self.workers.is_inline() {
                        let ended = measure(doc, &request, &*measurer, shared, &Stopper::default());
                        shared.act(Action::RunEnded(doc, ended));
                    } else {
                        self.stopper = Some(start(doc, request, measurer, shared));
                    }
                }
                None => self.act(Action::RunEnded(doc, Err("this program cannot measure".to_owned()))),
            },
            Effect::StopRun(how) => {
                if let Some(stopper) = &self.stopper {
                    stopper.stop(how);
                }
            }
            Effect::WatchFolder(folder) => self.watcher.with(|watched| watched.set_folder(folder)),
            Effect::Prefer(prefs) => {
                self.heed(&prefs);
                self.prefs_turn += 1;
                if let Some(path) = &self.options.config {
                    self.workers.give(Job::WritePrefs(path.clone(), prefs, self.prefs_turn));
                }
            }
            Effect::ClearCache => self.workers.give(Job::ClearCache),
            Effect::Survey(doc, path) => give(Job::Survey(doc, path)),
            Effect::Remember(paths) => open::remember(&mut self.recent, paths, self.options.state_dir.as_deref()),
        }
    }

    /// What a file of a view's figure is made from.
    pub fn save_figure(&self, view: ViewId, how: crate::state::FigureFile) -> Option<SaveFigure> {
        let figure = self.figures.get(view)?;
        let shown = self.state.workspace.view(view)?;
        let size = self.screen.sizes.get(&view).copied().unwrap_or_default();
        let part = self.figures.part(&self.state, shown, figure);
        Some(SaveFigure { figure: Arc::clone(figure), view: part, size, theme: self.theme(shown), how })
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
        match self.state.workspace.palette.colours() {
            None => theme,
            Some(colours) => {
                let colours: Vec<fa_plot::colour::Rgb> = colours.split(',').filter_map(|c| c.parse().ok()).collect();
                theme.with_colours(&colours)
            }
        }
    }

    /// Takes in what workers have to say, and asks them for what is needed. Draws nothing.
    pub fn logic(&mut self) {
        loop {
            let replies = self.workers.replies();
            if replies.is_empty() {
                break;
            }
            for reply in replies {
                self.take_in(reply);
            }
        }
        if let Some((plot, select)) = self.pending.clone()
            && let Some(view) = self.state.workspace.focused()
            && let Some(loaded) = view.docs.first().and_then(|doc| self.state.library.loaded(*doc)).cloned()
        {
            let id = view.id;
            self.pending = None;
            if let Some(plot) = plot {
                if loaded.plot(&plot).is_some() {
                    self.act(Action::SetPlot(id, plot));
                } else {
                    let text = format!("test {} has no plot {plot}: `fa list plots` names them", loaded.expanded.name);
                    self.act(Action::Problem(Problem::error(text)));
                }
            }
            if select.is_some() {
                self.act(Action::Brush(id, select));
                self.act(Action::ShowPanel(Panel::Stats));
            }
        }
        self.want();
        // What takes a moment only is waited for, so that the old figure does not flash up.
        let patience = Instant::now();
        let visible = self.state.workspace.panes.visible();
        while !self.workers.is_inline()
            && visible.iter().any(|view| self.figures.is_waiting(*view))
            && patience.elapsed() < PATIENCE
        {
            match self.workers.wait(PATIENCE.saturating_sub(patience.elapsed())) {
                Some(reply) => self.take_in(reply),
                None => break,
            }
        }
        for reply in self.workers.replies() {
            self.take_in(reply);
        }
        self.want();
    }

    fn want(&mut self) {
        let visible = self.state.workspace.panes.visible();
        for view in self.state.workspace.views.iter().filter(|v| visible.contains(&v.id) || v.same_scale) {
            self.figures.want(&self.state, view, &self.workers);
        }
        stats::want(self);
        metadata::want(self);
        let workspace = &self.state.workspace;
        self.figures.keep(|view| workspace.view(view).is_some());
        self.screen.painted.retain(|view, _| workspace.view(*view).is_some());
    }

    fn take_in(&mut self, reply: Reply) {
        match reply {
            Reply::Act(action) => self.act(*action),
            Reply::Figure(view, figure) => self.figures.arrived(view, figure),
            Reply::Stats(key, all) => {
                if self.stats.asked.as_ref() == Some(&key) {
                    self.stats.asked = None;
                }
                self.stats.there = Some((key, all));
            }
            Reply::Diff(key, diff) => {
                if self.diff.asked.as_ref() == Some(&key) {
                    self.diff.asked = None;
                }
                self.diff.there = Some((key, diff));
            }
        }
    }

    /// Draws a frame.
    pub fn show(&mut self, ui: &mut egui::Ui) {
        let begun = Instant::now();
        self.logic();
        self.apply_look(ui.ctx());
        self.take_drops(ui.ctx());
        keys::take(self, ui.ctx());
        self.screen.meant = None;
        let full = self.state.workspace.full_screen;
        if !full {
            egui::Panel::top("menu").show(ui, |ui| menu::show(self, ui));
            egui::Panel::bottom("status").show(ui, |ui| status::show(self, ui));
            self.show_panels(ui);
        }
        let bare = egui::Frame::NONE.fill(ui.visuals().panel_fill);
        egui::CentralPanel::default().frame(bare).show(ui, |ui| {
            if self.state.workspace.views.is_empty() {
                empty::show(self, ui);
            } else {
                panes::show(self, ui);
            }
        });
        dialogs::show(self, ui.ctx());
        self.finish(ui.ctx());
        let ms = begun.elapsed().as_secs_f64() * 1e3;
        let perf = &mut self.perf;
        perf.frames += 1;
        perf.last_ms = ms;
        perf.mean_ms = if perf.frames == 1 { ms } else { perf.mean_ms * 0.9 + ms * 0.1 };
        perf.worst_ms = perf.worst_ms.max(ms);
        let since = self.begun.elapsed().as_secs_f64() * 1e3;
        perf.first_frame_ms.get_or_insert(since);
        if perf.first_plot_ms.is_none() && !self.screen.painted.is_empty() {
            perf.first_plot_ms = Some(since);
        }
    }

    fn apply_look(&mut self, context: &egui::Context) {
        let w = &self.state.workspace;
        let system_dark = context.input(|i| i.raw.system_theme) == Some(egui::Theme::Dark);
        let dark = match w.theme {
            ThemeChoice::System => system_dark,
            ThemeChoice::Light => false,
            ThemeChoice::Dark => true,
        };
        let look = look::Look { dark, scale: w.scale };
        if self.look.as_ref() != Some(&look) {
            look.apply(context);
            self.look = Some(look);
        }
    }

    fn take_drops(&mut self, context: &egui::Context) {
        let (dropped, pasted) = context.input(|i| {
            let dropped: Vec<PathBuf> = i.raw.dropped_files.iter().map(|f| f.path().to_path_buf()).collect();
            let pasted = i.events.iter().find_map(|e| match e {
                egui::Event::Paste(text) => Some(text.clone()),
                _ => None,
            });
            (dropped, pasted)
        });
        if !dropped.is_empty() {
            self.act(Action::Open(dropped));
        }
        if let Some(text) = pasted.filter(|_| !context.egui_wants_keyboard_input()) {
            let paths = open::paths_in(&text);
            if paths.is_empty() {
                "the clipboard holds no paths of files".clone_into(&mut self.state.status);
            } else {
                self.act(Action::Open(paths));
            }
        }
    }

    fn show_panels(&mut self, ui: &mut egui::Ui) {
        let width = ui.available_width();
        let narrow = width < 900.0;
        let height = ui.available_height();
        let shown = |viewer: &Self, panel| viewer.state.workspace.shows(panel);
        if shown(self, Panel::Stats) || shown(self, Panel::Problems) {
            let panel = if shown(self, Panel::Stats) { Panel::Stats } else { Panel::Problems };
            egui::Panel::bottom("below")
                .resizable(true)
                .default_size((height * 0.28).min(240.0))
                .size_range(60.0..=height * 0.6)
                .show(ui, |ui| {
                    self.panel_tabs(ui, panel);
                    match panel {
                        Panel::Stats => stats::show(self, ui),
                        _ => problems::show(self, ui),
                    }
                });
        }
        let (files, series) = (shown(self, Panel::Files), shown(self, Panel::Series));
        if files || series {
            let size = if narrow { width * 0.3 } else { (width * 0.26).min(400.0) };
            egui::Panel::left("left").resizable(true).default_size(size).size_range(150.0..=width * 0.5).show(
                ui,
                |ui| {
                    if series {
                        let part = if files { ui.available_height() * 0.4 } else { ui.available_height() };
                        egui::Panel::bottom("series")
                            .resizable(true)
                            .default_size(part)
                            .size_range(80.0..=height * 0.8)
                            .show(ui, |ui| {
                                self.panel_tabs(ui, Panel::Series);
                                series::show(self, ui);
                            });
                    }
                    if files {
                        egui::CentralPanel::default().frame(egui::Frame::NONE).show(ui, |ui| files::show(self, ui));
                    }
                },
            );
        }
        let right = [Panel::Settings, Panel::Metadata, Panel::Notes].into_iter().find(|panel| shown(self, *panel));
        if let Some(panel) = right {
            let size = if narrow { width * 0.3 } else { 300.0 };
            egui::Panel::right("right").resizable(true).default_size(size).size_range(180.0..=width * 0.5).show(
                ui,
                |ui| {
                    self.panel_tabs(ui, panel);
                    match panel {
                        Panel::Settings => settings::show(self, ui),
                        Panel::Metadata => metadata::show(self, ui),
                        _ => notes::show(self, ui),
                    }
                },
            );
        }
    }

    /// Headings of the panels that share a place; a click shows another one.
    fn panel_tabs(&mut self, ui: &mut egui::Ui, shown: Panel) {
        ui.add_space(2.0);
        ui.horizontal(|ui| {
            for panel in Panel::ALL.into_iter().filter(|p| p.group() == shown.group()) {
                let mut title = panel.title().to_owned();
                if panel == Panel::Problems && !self.state.problems.is_empty() {
                    title = format!("{title} {}", self.state.problems.len());
                }
                let tab = ui.selectable_label(panel == shown, title);
                if tab.clicked() {
                    self.screen.act(if panel == shown { Action::TogglePanel(panel) } else { Action::ShowPanel(panel) });
                }
            }
        });
        ui.separator();
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
        if let Some(text) = self.copied.clone().filter(|_| any) {
            context.copy_text(text);
        }
        if let Some(view) = self.screen.save.copy_image.take() {
            self.copy_image(context, view);
        }
        if self.screen.quit {
            context.send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    fn copy_image(&mut self, context: &egui::Context, view: ViewId) {
        let how =
            crate::state::FigureFile { format: fa_plot::render::Format::Png, size_in: None, dpi: 144.0, theme: None };
        let Some(save) = self.save_figure(view, how) else { return };
        let Some(page) = crate::work::page_for_file(&save) else { return };
        match fa_plot::render::pixels(&page, how.dpi / 72.0) {
            Ok((width, height, rgba)) => {
                context.copy_image(egui::ColorImage::from_rgba_unmultiplied([width as usize, height as usize], &rgba));
                "the image is on the clipboard".clone_into(&mut self.state.status);
            }
            Err(error) => self.state.note(Problem::error(error.to_string())),
        }
    }

    /// Does what a command says.
    pub(crate) fn perform(&mut self, does: Does) {
        match does {
            Does::Act(action) => self.screen.act(action),
            Does::Ask(dialog) => self.ask(dialog),
            Does::OnFigure(what) => keys::on_figure(self, what),
            Does::Quit => self.screen.quit = true,
            Does::Cancel => {
                if self.screen.dialog.take().is_none() {
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
        let loading = self.state.library.iter().any(|(_, doc)| doc.state == crate::state::DocState::Loading);
        let waiting = self.state.workspace.panes.visible().iter().any(|view| self.figures.is_waiting(*view));
        loading || waiting || self.stats.asked.is_some() || self.diff.asked.is_some()
    }

    /// The page of a view as it was painted last.
    pub fn page(&mut self, view: ViewId) -> Option<Arc<fa_plot::page::Page>> {
        let size = self.screen.sizes.get(&view).copied()?;
        let shown = self.state.workspace.view(view)?.clone();
        let theme = self.theme(&shown);
        self.figures.page(&self.state, &shown, size, &theme).map(|(_, page)| page)
    }

    /// The figure of a view as it is now.
    pub fn figure(&self, view: ViewId) -> Option<&Arc<crate::figure::Figure>> {
        self.figures.get(view)
    }
}
