//! The real window: what must be there before one can be opened, and opening it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::Instant;

use eframe::egui;

use super::{Options, Viewer};
use crate::state::Action;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// No display server is named in the environment.
    #[error("no display: neither WAYLAND_DISPLAY nor DISPLAY is set")]
    NoDisplay,
    /// Libraries of the window system are not installed.
    #[error("the window system's libraries are missing: {}", missing.join(", "))]
    Libraries {
        /// Names of files that were looked for.
        missing: Vec<String>,
        /// Debian packages that hold them.
        packages: Vec<&'static str>,
    },
    /// The window could not be opened or broke.
    #[error("the window could not be opened: {0}")]
    Window(String),
}

impl WindowError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        let plot = "`fa plot` draws the same figures without a window, in files or in the terminal";
        match self {
            Self::NoDisplay => format!("{plot}; over ssh, `ssh -X` brings a display along"),
            Self::Libraries { packages, .. } => format!("apt install {}\nor: {plot}", packages.join(" ")),
            Self::Window(_) => format!("apt install {}\nor: {plot}", PACKAGES.join(" ")),
        }
    }
}

/// Debian packages that hold everything that is loaded at run time.
const PACKAGES: [&str; 7] =
    ["libx11-6", "libx11-xcb1", "libxcursor1", "libxi6", "libxkbcommon-x11-0", "libegl1", "libgl1-mesa-dri"];

/// Libraries that an X11 window loads, with the packages that hold them. One file of each row suffices.
const X11: [(&[&str], &str); 6] = [
    (&["libX11.so.6"], "libx11-6"),
    (&["libX11-xcb.so.1"], "libx11-xcb1"),
    (&["libXcursor.so.1"], "libxcursor1"),
    (&["libXi.so.6"], "libxi6"),
    (&["libxkbcommon-x11.so.0"], "libxkbcommon-x11-0"),
    (&["libEGL.so.1", "libGL.so.1"], "libegl1"),
];

/// The same for Wayland.
const WAYLAND: [(&[&str], &str); 3] = [
    (&["libwayland-client.so.0"], "libwayland-client0"),
    (&["libxkbcommon.so.0"], "libxkbcommon0"),
    (&["libEGL.so.1"], "libegl1"),
];

/// Looks whether a window can be opened: winit loads its libraries only when they are used, and panics without them.
///
/// # Errors
/// What is missing.
pub fn check() -> Result<(), WindowError> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let cache = std::fs::read("/etc/ld.so.cache").unwrap_or_default();
    let there = |name: &str| is_cached(&cache, name) || folders().iter().any(|folder| folder.join(name).exists());
    check_with(set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET"), set("DISPLAY"), there)
}

fn check_with(wayland: bool, x11: bool, there: impl Fn(&str) -> bool) -> Result<(), WindowError> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    if !wayland && !x11 {
        return Err(WindowError::NoDisplay);
    }
    let lacks = |list: &[(&'static [&'static str], &'static str)]| -> Vec<(&'static str, &'static str)> {
        list.iter().filter(|(files, _)| !files.iter().any(|f| there(f))).map(|(files, p)| (files[0], *p)).collect()
    };
    let missing = match (wayland, x11) {
        (true, false) => lacks(&WAYLAND),
        (true, true) if lacks(&WAYLAND).is_empty() => Vec::new(),
        _ => lacks(&X11),
    };
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.iter().map(|(_, package)| *package).collect();
    Err(WindowError::Libraries { missing: missing.into_iter().map(|(file, _)| file.to_owned()).collect(), packages })
}

/// Whether the loader's cache names a library: names end with a zero byte there.
fn is_cached(cache: &[u8], name: &str) -> bool {
    let mut wanted = name.as_bytes().to_vec();
    wanted.push(0);
    cache.windows(wanted.len()).any(|window| window == wanted)
}

/// Where libraries are besides what the cache knows.
fn folders() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        std::env::var_os("LD_LIBRARY_PATH").map(|v| std::env::split_paths(&v).collect()).unwrap_or_default();
    let usual = ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/run/opengl-driver/lib", "/usr/local/lib"];
    all.extend(usual.into_iter().map(PathBuf::from));
    all.extend([Path::new("/usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH))]);
    all
}

/// What the window does besides being a window.
#[derive(Default)]
pub struct Running {
    /// Paths that other processes ask to open.
    pub requests: Option<Receiver<Vec<PathBuf>>>,
    /// Called once with what wakes the window up.
    pub waker: Option<Box<dyn FnOnce(crate::work::Waker) + Send>>,
    /// When the process began.
    pub begun: Option<Instant>,
    /// Close after the first frame in which everything asked for is drawn: for smoke tests.
    pub exit_when_drawn: bool,
    /// Write a picture of the window here when everything is drawn, and close.
    pub screenshot: Option<PathBuf>,
    /// Called after frames with the viewer: scripts of screenshots.
    pub script: Option<Script>,
    /// Told how long frames took, when the window is closed.
    pub perf: Option<std::sync::mpsc::Sender<super::Perf>>,
}

/// Drives the viewer from outside; true when it is done.
pub type Script = Box<dyn FnMut(&mut Viewer, &egui::Context) -> bool>;

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}

/// All screens in points: left, top, width, height.
fn screens(frame: &eframe::Frame, pixels_per_point: f32) -> Vec<[f32; 4]> {
    let Some(window) = frame.winit_window() else { return Vec::new() };
    let all = window.available_monitors().map(|screen| {
        let (at, size) = (screen.position(), screen.size());
        [at.x as f32, at.y as f32, size.width as f32, size.height as f32].map(|pixels| pixels / pixels_per_point)
    });
    all.collect()
}

struct App {
    viewer: Viewer,
    running: Running,
    scripted: bool,
    settled: u32,
    shot: Option<Receiver<Result<(), String>>>,
}

impl eframe::App for App {
    fn logic(&mut self, context: &egui::Context, _frame: &mut eframe::Frame) {
        if let Some(requests) = &self.running.requests {
            let mut raised = false;
            for paths in requests.try_iter() {
                raised = true;
                if !paths.is_empty() {
                    self.viewer.act(Action::Open(paths));
                }
            }
            if raised {
                context.send_viewport_cmd(egui::ViewportCommand::Minimized(false));
                context.send_viewport_cmd(egui::ViewportCommand::Focus);
            }
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let context = ui.ctx().clone();
        // Screens come and go; a session that is being read may name windows in this very frame.
        if self.viewer.screen.screens.is_empty() || self.viewer.opens_windows() {
            self.viewer.screen.screens = screens(frame, context.pixels_per_point());
        }
        self.viewer.ask_before_closing(&context);
        self.viewer.show(ui);
        if !self.scripted {
            self.scripted = match &mut self.running.script {
                Some(script) => script(&mut self.viewer, &context),
                None => true,
            };
            if !self.scripted {
                context.request_repaint_after(std::time::Duration::from_millis(30));
                return;
            }
        }
        self.close_when_done(&context);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.viewer.autosave();
        if let Some(told) = &self.running.perf {
            // Whoever asked may have gone.
            let _ = told.send(self.viewer.perf);
        }
    }
}

impl App {
    fn close_when_done(&mut self, context: &egui::Context) {
        if !self.running.exit_when_drawn && self.running.screenshot.is_none() {
            return;
        }
        if let Some(written) = self.shot.as_ref().and_then(|shot| shot.try_recv().ok()) {
            if let Err(why) = written {
                self.viewer.act(Action::Problem(crate::state::Problem::error(why)));
            }
            self.close_unasked(context);
            return;
        }
        context.request_repaint();
        if self.viewer.is_busy() || self.viewer.state.running.is_some() && self.running.script.is_none() {
            self.settled = 0;
            return;
        }
        self.settled += 1;
        // A few frames more: tables find their widths, tooltips their places.
        if self.settled < 6 || self.shot.is_some() {
            return;
        }
        if let Some(path) = self.running.screenshot.clone() {
            let (told, written) = std::sync::mpsc::channel();
            self.shot = Some(written);
            context.request_screenshot(move |image| {
                // The window may be gone by then.
                drop(told.send(write_png(&path, &image)));
            });
        } else {
            self.close_unasked(context);
        }
    }

    /// Nobody is there to be asked about a run; its journal stays.
    fn close_unasked(&mut self, context: &egui::Context) {
        self.viewer.screen.leaving = true;
        context.send_viewport_cmd(egui::ViewportCommand::Close);
    }
}

fn write_png(path: &Path, image: &egui::ColorImage) -> Result<(), String> {
    let [width, height] = image.size;
    let rgba: Vec<u8> = image.pixels.iter().flat_map(eframe::egui::Color32::to_array).collect();
    let bytes = fa_plot::render::png_of_pixels(width as u32, height as u32, &rgba).map_err(|e| e.to_string())?;
    crate::work::files::replace(path, &bytes)
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// See [`WindowError`]. Nothing of it panics: what winit throws is caught and told.
pub fn run(options: Options, mut running: Running) -> Result<(), WindowError> {
    check()?;
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("fa")
            .with_app_id("fa")
            .with_inner_size([1360.0, 860.0])
            .with_min_inner_size([720.0, 480.0])
            .with_drag_and_drop(true),
        renderer: eframe::Renderer::Glow,
        ..eframe::NativeOptions::default()
    };
    let begun = running.begun.unwrap_or_else(Instant::now);
    // winit's panics would print a backtrace's worth of noise; what is said instead is our own message.
    let quiet = std::panic::take_hook();
    let told = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let heard = std::sync::Arc::clone(&told);
    std::panic::set_hook(Box::new(move |info| {
        if let Ok(mut text) = heard.lock() {
            *text = info.to_string();
        }
    }));
    let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let creator: eframe::AppCreator<'_> = Box::new(move |creation| {
            let context = creation.egui_ctx.clone();
            let mut viewer = Viewer::new(&context, options);
            viewer.begun_at(begun);
            if let Some(give) = running.waker.take() {
                give(std::sync::Arc::new(move || context.request_repaint()));
            }
            Ok(Box::new(App { viewer, running, scripted: false, settled: 0, shot: None }))
        });
        eframe::run_native("fa", native, creator)
    }));
    std::panic::set_hook(quiet);
    match opened {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(WindowError::Window(error.to_string())),
        Err(_) => Err(WindowError::Window(told.lock().map(|t| t.clone()).unwrap_or_default())),
    }
}

impl Viewer {
    /// Whether a view is about to get a window.
    fn opens_windows(&self) -> bool {
        self.state.workspace.floating.iter().any(|view| !self.screen.opened.contains_key(view))
    }

    /// A window is not closed over a run without a word; it closes by itself once the run has ended as was asked for.
    fn ask_before_closing(&mut self, context: &egui::Context) {
        let running = self.state.running.is_some();
        // Whoever closes it again does not want to wait for the end: the journal stays.
        if running && !self.screen.leaving && context.input(|i| i.viewport().close_requested()) {
            context.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            self.screen.quit = false;
            self.ask(crate::state::commands::Dialog::Leave);
        } else if self.screen.leaving && !running {
            self.screen.leaving = false;
            // Not over the news that there is no data file, and what to do about it.
            if self.state.run_lost {
                self.act(Action::ShowPanel(crate::state::Panel::Problems));
            } else {
                self.screen.quit = true;
            }
        }
    }

    /// Keeps the session for the next time.
    fn autosave(&self) {
        let Some(dir) = &self.options.state_dir else { return };
        crate::work::files::keep_session(dir, &self.state.workspace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_packages() {
        let all = |_: &str| true;
        assert!(matches!(check_with(false, false, all), Err(WindowError::NoDisplay)));
        assert!(check_with(false, true, all).is_ok());
        let lacks = |name: &str| name != "libxkbcommon-x11.so.0" && name != "libEGL.so.1" && name != "libGL.so.1";
        let error = check_with(false, true, lacks).expect_err("two are missing");
        let hint = error.hint();
        assert!(hint.contains("libxkbcommon-x11-0") && hint.contains("libegl1") && hint.contains("fa plot"), "{hint}");
        // Either of two libraries draws.
        assert!(check_with(false, true, |name| name != "libEGL.so.1").is_ok());
        // Wayland is there and complete: X11 is not needed.
        assert!(check_with(true, true, |name| !name.starts_with("libX")).is_ok());
    }

    #[test]
    fn libraries_are_found_in_the_loaders_cache_by_their_whole_name() {
        let cache = b"xx/usr/lib/libX11.so.6\0libX11.so.6\0libX11-xcb.so.1\0";
        assert!(is_cached(cache, "libX11.so.6") && is_cached(cache, "libX11-xcb.so.1"));
        assert!(!is_cached(cache, "libX11.so"));
    }
}
