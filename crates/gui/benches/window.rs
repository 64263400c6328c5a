//! What a whole window costs, threads included: a thousand files, a file of a million samples, memory, idleness.
//!
//! Not timed by repetition: each part is done once, as a person would, and says what it took beside what was promised.

#![allow(clippy::expect_used, reason = "a bench")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use eframe::egui::{self, Context, Event, Pos2, RawInput, Rect, pos2, vec2};
use fa_format::{DataSet, Metadata, RawSeries, RawValue};
use fa_gui::state::{Action, DocState, XKind};
use fa_gui::{Options, Viewer};

/// Processor time of this thread.
fn thread_time() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux").into()
}

/// The system's allocator, counted: every byte that is alive on the heap of the process.
struct Counting;

static ALIVE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator's interface is unsafe; each call goes to the system's own")]
// SAFETY: every call is passed on unchanged to the system's allocator; counting touches no memory that is handed out.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        ALIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALIVE.fetch_add(size, Ordering::Relaxed);
        ALIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// Resident memory of the process, bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("pages") * 4096
}

/// A window without a screen.
struct Window {
    context: Context,
    viewer: Viewer,
    wakes: Receiver<()>,
    begun: Instant,
    /// Processor time and duration of the longest frame.
    longest: (Duration, Duration),
    frames: u32,
}

impl Window {
    fn open(files: Vec<PathBuf>) -> Self {
        let begun = Instant::now();
        let context = Context::default();
        fa_gui::ui::install_fonts(&context);
        let (sender, wakes) = channel();
        context.set_request_repaint_callback(move |info| {
            if info.delay < Duration::from_hours(1) {
                // The window may be gone.
                let _ = sender.send(());
            }
        });
        let options = Options { files, thread_time: Some(thread_time), ..Options::default() };
        let viewer = Viewer::new(&context, options);
        Self { context, viewer, wakes, begun, longest: (Duration::ZERO, Duration::ZERO), frames: 0 }
    }

    /// A frame with its triangles; its processor time.
    fn frame(&mut self, events: Vec<Event>) -> Duration {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1360.0, 860.0))),
            time: Some(self.begun.elapsed().as_secs_f64()),
            events,
            ..RawInput::default()
        };
        let (cpu, wall) = (thread_time(), Instant::now());
        let mut output = self.context.run_ui(input, |ui| self.viewer.show(ui));
        let shapes = std::mem::take(&mut output.shapes);
        let triangles = self.context.tessellate(shapes, output.pixels_per_point);
        let cpu = thread_time().saturating_sub(cpu);
        output.textures_delta.clear();
        drop(triangles);
        self.longest = (self.longest.0.max(cpu), self.longest.1.max(wall.elapsed()));
        self.frames += 1;
        cpu
    }

    /// Frames when something wakes the window, until `done`; how long it took.
    fn until(&mut self, what: &str, done: impl Fn(&Viewer) -> bool) -> Duration {
        let begun = Instant::now();
        while !done(&self.viewer) {
            assert!(begun.elapsed() < Duration::from_mins(2), "{what} does not come to an end");
            // What comes while a frame is drawn is one wake-up; a screen shows sixty in a second.
            if self.wakes.recv_timeout(Duration::from_millis(50)).is_ok() {
                std::thread::sleep(Duration::from_millis(8));
                while self.wakes.try_recv().is_ok() {}
            }
            self.frame(Vec::new());
        }
        begun.elapsed()
    }

    /// Until nothing is left to do.
    fn settle(&mut self) {
        self.until("drawing", |viewer| !viewer.is_busy() && !viewer.state.workspace.views.is_empty());
        for _ in 0..10 {
            self.frame(Vec::new());
        }
    }

    fn counted_from_here(&mut self) {
        (self.longest, self.frames) = ((Duration::ZERO, Duration::ZERO), 0);
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn samples_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples")
}

/// Copies of real files: those of `$FA_SHARED/data/derived` where it is there, else the samples.
fn thousand(folder: &Path) {
    let shared = std::env::var_os("FA_SHARED").map(|dir| Path::new(&dir).join("data/derived"));
    let from = shared.filter(|dir| dir.is_dir()).unwrap_or_else(samples_folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&from)
        .expect("files to copy")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".flent.gz") && !path.to_string_lossy().contains("edge-"))
        .collect();
    files.sort();
    let mut bytes = 0;
    for i in 0..1000 {
        let file = &files[i % files.len()];
        bytes += std::fs::copy(file, folder.join(format!("{i:04}.flent.gz"))).expect("a copy");
    }
    println!("1000 files: copies of {} files of {}, {:.0} MB", files.len(), from.display(), bytes as f64 / 1e6);
}

fn a_thousand_files() {
    let dir = tempfile::tempdir().expect("a folder");
    thousand(dir.path());
    let memory = resident();
    let mut window = Window::open(vec![dir.path().to_owned()]);
    let known = |viewer: &Viewer| {
        viewer.state.library.iter().filter(|(_, doc)| !matches!(doc.state, DocState::Waiting)).count()
    };
    let first = window.until("the first row", |viewer| known(viewer) > 0);
    let all = first + window.until("the table", |viewer| known(viewer) == 1000);
    window.settle();
    println!("  first rows after {:.0} ms (≤ 100), all after {:.0} ms (≤ 1500)", ms(first), ms(all));
    println!(
        "  longest of {} frames meanwhile: {:.1} ms CPU, {:.1} ms on the clock (never blocked)",
        window.frames,
        ms(window.longest.0),
        ms(window.longest.1)
    );
    println!("  memory {:.0} MB (≤ 150)", (resident() - memory) as f64 / 1e6);
    window.counted_from_here();
    let began = Instant::now();
    window.viewer.act(Action::Filter("codel".into()));
    window.settle();
    let scroll = |dy| {
        let at = Event::PointerMoved(pos2(150.0, 400.0));
        let unit = egui::MouseWheelUnit::Point;
        let (phase, source) = (egui::TouchPhase::Move, egui::MouseWheelSource::Wheel);
        let wheel = Event::MouseWheel { unit, delta: vec2(0.0, dy), phase, source, modifiers: egui::Modifiers::NONE };
        vec![at, wheel]
    };
    for _ in 0..100 {
        window.frame(scroll(-60.0));
    }
    println!(
        "  filtering and scrolling: {} frames in {:.0} ms, longest {:.1} ms CPU",
        window.frames,
        ms(began.elapsed()),
        ms(window.longest.0)
    );
}

/// A ping run at 1 kHz.
fn long_run(path: &Path, samples: usize) {
    let mut set = DataSet { metadata: Metadata::for_new_run("ping"), ..DataSet::default() };
    for (key, value) in
        [("T0", "2026-01-01T00:00:00.000000Z"), ("TIME", "2026-01-01T00:00:00.000000Z"), ("TITLE", "long")]
    {
        set.metadata.set(key, value);
    }
    let length = samples as f64 / 1000.0;
    set.metadata.set("LENGTH", length);
    set.metadata.set("TOTAL_LENGTH", length);
    set.metadata.set("STEP_SIZE", 0.2);
    set.metadata.set("HOST", "far.example");
    let t0 = 1_767_225_600.0;
    let mut seed = 1_u64;
    let mut raw = RawSeries::builder();
    for i in 0..samples {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let rtt = 20.0 + (seed >> 40) as f64 / 2e6;
        raw.push(t0 + i as f64 / 1000.0, &[("seq", RawValue::Int(i as i64)), ("val", RawValue::Float(rtt))]);
    }
    let steps = (length / 0.2) as usize;
    set.x_values = (0..steps).map(|i| i as f64 * 0.2).collect();
    set.series.insert("Ping (ms) ICMP".into(), vec![24.0; steps]);
    set.raw.insert("Ping (ms) ICMP", raw.finish());
    fa_format::save(&set, path).expect("a file");
}

/// Entries and numbers of a file in memory.
fn counted(viewer: &Viewer) -> (usize, usize) {
    let (mut entries, mut numbers) = (0, 0);
    for (_, doc) in viewer.state.library.iter() {
        let Some(loaded) = &doc.loaded else { continue };
        numbers += loaded.set.x_values.len() * (1 + loaded.set.series.len());
        for name in loaded.set.series.keys() {
            let Some(raw) = loaded.set.raw.series(name) else { continue };
            entries += raw.len();
            numbers += raw.keys().iter().filter_map(|key| raw.numbers(key)).map(|n| n.value.len()).sum::<usize>();
        }
    }
    (entries, numbers)
}

fn panned(window: &mut Window, frames: u32) -> (f64, f64) {
    let view = window.viewer.state.workspace.focus.expect("a view");
    window.counted_from_here();
    let mut sum = Duration::ZERO;
    for i in 0..frames {
        let page = window.viewer.page(view).expect("a page");
        let (a, b) = page.panels[0].axes[0].x.limits();
        let by = (b - a) * if (i / 50).is_multiple_of(2) { 0.004 } else { -0.004 };
        window.viewer.act(Action::Slide(view, XKind::Run, Some((a + by, b + by)), Vec::new()));
        sum += window.frame(Vec::new());
    }
    (ms(sum) / f64::from(frames), ms(window.longest.0))
}

fn one_file(what: &str, path: &Path) {
    let empty = {
        // Fonts and the catalogue are not the file's.
        let mut window = Window::open(vec![samples_folder().join("ping-idle.flent.gz")]);
        window.settle();
        (ALIVE.load(Ordering::Relaxed), resident())
    };
    let begun = Instant::now();
    let mut window = Window::open(vec![path.to_owned()]);
    window.settle();
    let shown = begun.elapsed();
    window.until("the statistics", |viewer| viewer.state.library.iter().all(|(_, doc)| doc.summary.is_some()));
    let (entries, numbers) = counted(&window.viewer);
    // The last job of loading lets go of the file's text after its statistics are there.
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(20));
        window.frame(Vec::new());
    }
    let bytes = ALIVE.load(Ordering::Relaxed).saturating_sub(empty.0) as f64;
    let resident = resident().saturating_sub(empty.1) as f64;
    println!("{what}: {entries} samples, {numbers} numbers; shown after {:.0} ms", ms(shown));
    println!(
        "  memory alive {:.1} MB: {:.1} bytes a sample (≤ 24), {:.1} a number; {:.1} MB resident, with what the allocator keeps",
        bytes / 1e6,
        bytes / entries as f64,
        bytes / numbers as f64,
        resident / 1e6
    );
    let (mean, longest) = panned(&mut window, 200);
    println!("  panning the window, whole run in sight: mean {mean:.2} ms CPU a frame, longest {longest:.2}");
    window.counted_from_here();
    let mut sum = Duration::ZERO;
    for i in 0..200 {
        sum += window.frame(vec![Event::PointerMoved(pos2(500.0 + i as f32 * 2.0, 420.0))]);
    }
    println!("  hovering: mean {:.2} ms CPU a frame, longest {:.2}", ms(sum) / 200.0, ms(window.longest.0));
    idle(&mut window);
}

fn idle(window: &mut Window) {
    window.frame(vec![Event::PointerGone]);
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(20));
        while window.wakes.try_recv().is_ok() {}
        window.frame(Vec::new());
    }
    while window.wakes.try_recv().is_ok() {}
    std::thread::sleep(Duration::from_secs(3));
    println!("  repaints asked for in 3 s of idleness: {} (0)", window.wakes.try_iter().count());
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is = |name: &str| wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str()));
    if is("files") {
        a_thousand_files();
    }
    let dir = tempfile::tempdir().expect("a folder");
    if is("real") {
        let shared = std::env::var_os("FA_SHARED").map(|dir| Path::new(&dir).join("data"));
        let real = shared.map(|dir| dir.join("test-rrul_be-socket_stats.flent.gz")).filter(|path| path.is_file());
        let real = real.unwrap_or_else(|| samples_folder().join("bufferbloat-long.flent.gz"));
        one_file(&real.file_name().unwrap_or_default().to_string_lossy(), &real);
    }
    if is("million") {
        let path = dir.path().join("million.flent.gz");
        long_run(&path, 1_000_000);
        one_file("a million samples in one series", &path);
    }
}
