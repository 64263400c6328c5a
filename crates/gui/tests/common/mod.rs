//! A viewer in a window that is not there.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

pub(crate) mod raster;

use std::path::{Path, PathBuf};

use eframe::egui::{Event, Modifiers, PointerButton, Pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, HarnessBuilder};
use fa_format::{DataSet, Metadata, RawSeries, RawValue};
use fa_gui::figure::paint;
use fa_gui::state::{Action, DocId, View};
use fa_gui::{Options, Viewer};
use fa_plot::page::Pt;

/// A sample file of the project.
pub(crate) fn sample(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name);
    path.canonicalize().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub(crate) const LONG: &str = "bufferbloat-long.flent.gz";
pub(crate) const SHORT: &str = "bufferbloat-short.flent.gz";
pub(crate) const PING: &str = "ping-idle.flent.gz";

/// The viewer is made in the first frame, when there is a context.
pub(crate) struct Slot {
    pub(crate) viewer: Option<Viewer>,
    options: Options,
}

pub(crate) type Window = Harness<'static, Slot>;

/// A window of this size with files open; every job is done at once.
pub(crate) fn window_with(options: Options, size: [f32; 2]) -> Window {
    build(options, size, Harness::builder())
}

/// The same with what turns its frames into pixels.
pub(crate) fn pictured(files: &[PathBuf], size: [f32; 2]) -> (Window, raster::Textures) {
    let textures = raster::Textures::default();
    let options = Options { files: files.to_vec(), ..Options::default() };
    (build(options, size, Harness::builder().renderer(textures.clone())), textures)
}

fn build(options: Options, size: [f32; 2], builder: HarnessBuilder<Slot>) -> Window {
    let slot = Slot { viewer: None, options: Options { inline: true, ..options } };
    let mut window = builder
        .with_size(size)
        .with_max_steps(40)
        .allow_missing_glyphs()
        .with_context_setup(fa_gui::ui::install_fonts)
        .build_ui_state(
            |ui, slot: &mut Slot| {
                let options = slot.options.clone();
                slot.viewer.get_or_insert_with(|| Viewer::new(ui.ctx(), options)).show(ui);
            },
            slot,
        );
    window.run();
    window
}

pub(crate) fn window(files: &[PathBuf]) -> Window {
    window_with(Options { files: files.to_vec(), ..Options::default() }, [1360.0, 860.0])
}

pub(crate) fn viewer(window: &Window) -> &Viewer {
    window.state().viewer.as_ref().expect("made in the first frame")
}

pub(crate) fn viewer_mut(window: &mut Window) -> &mut Viewer {
    window.state_mut().viewer.as_mut().expect("made in the first frame")
}

pub(crate) fn act(window: &mut Window, action: Action) {
    viewer_mut(window).act(action);
    window.run();
}

pub(crate) fn focused(window: &Window) -> View {
    viewer(window).state.workspace.focused().cloned().expect("a view")
}

pub(crate) fn docs(window: &Window) -> Vec<DocId> {
    viewer(window).state.workspace.files.iter().map(|f| f.id).collect()
}

/// A ping run of our own making: so many probes at 10 Hz, with gaps and losses where asked for.
pub(crate) fn ping(name: &str, title: &str, t0: f64, values: &[f64]) -> DataSet {
    let mut set = DataSet { metadata: Metadata::for_new_run("ping"), ..DataSet::default() };
    let at = |t: f64| jiff::Timestamp::from_microsecond((t * 1e6) as i64).unwrap().to_string();
    for (key, value) in
        [("T0", at(t0)), ("TIME", at(t0)), ("TITLE", title.to_owned()), ("DATA_FILENAME", name.to_owned())]
    {
        set.metadata.set(key, value);
    }
    set.metadata.set("TOTAL_LENGTH", values.len() as f64 / 10.0);
    set.metadata.set("LENGTH", values.len() as f64 / 10.0);
    set.metadata.set("STEP_SIZE", 0.1);
    set.metadata.set("HOST", "far.example");
    set.x_values = (0..values.len()).map(|i| i as f64 / 10.0).collect();
    let mut raw = RawSeries::builder();
    for (i, v) in values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
        raw.push(t0 + i as f64 / 10.0, &[("seq", RawValue::Int(i as i64)), ("val", RawValue::Float(*v))]);
    }
    set.series.insert("Ping (ms) ICMP".to_owned(), values.to_vec());
    set.raw.insert("Ping (ms) ICMP", raw.finish());
    set
}

pub(crate) fn save(dir: &Path, name: &str, set: &DataSet) -> PathBuf {
    let path = dir.join(name);
    fa_format::save(set, &path).unwrap();
    path
}

pub(crate) fn wave(n: usize) -> Vec<f64> {
    (0..n).map(|i| 20.0 + 5.0 * (i as f64 / 7.0).sin()).collect()
}

pub(crate) fn labels(window: &Window, part: &str) -> Vec<String> {
    let nodes = window.query_all_by_label_contains(part);
    nodes.map(|n| n.accesskit_node().label().unwrap_or_default()).collect()
}

/// Whether some control's name or text has this part.
pub(crate) fn has(window: &Window, part: &str) -> bool {
    fn found(node: &egui_kittest::kittest::AccessKitNode<'_>, part: &str) -> bool {
        node.value().is_some_and(|v| v.contains(part))
            || node.label().is_some_and(|l| l.contains(part))
            || node.children().any(|child| found(&child, part))
    }
    found(&window.root().accesskit_node(), part)
}

/// Where a share of the first panel's data area of a view is on the screen.
pub(crate) fn on_panel(window: &mut Window, panel: usize, x: f32, y: f32) -> Pos2 {
    let canvas = window.get_by_label_contains("Figure ").rect();
    let view = focused(window).id;
    let page = viewer_mut(window).page(view).unwrap();
    let r = page.panels[panel].rect;
    paint::place(Pt { x: r.x + r.w * x, y: r.y + r.h * y }, canvas.min)
}

pub(crate) fn drag(window: &mut Window, from: Pos2, to: Pos2, button: PointerButton, modifiers: Modifiers) {
    let press = |pos, pressed| Event::PointerButton { pos, button, pressed, modifiers };
    window.event(Event::ModifiersChanged(modifiers));
    window.event(Event::PointerMoved(from));
    window.event(press(from, true));
    for i in 1..=4 {
        window.event(Event::PointerMoved(from + (to - from) * (i as f32 / 4.0)));
    }
    window.event(press(to, false));
    window.event(Event::ModifiersChanged(Modifiers::NONE));
    window.run();
}
