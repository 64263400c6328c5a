//! A viewer in a window that is not there.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::{Path, PathBuf};

use egui_kittest::Harness;
use fa_gui::state::{Action, DocId, View};
use fa_gui::{Options, Viewer};

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
    let slot = Slot { viewer: None, options: Options { inline: true, ..options } };
    let mut window = Harness::builder()
        .with_size(size)
        .with_max_steps(40)
        .allow_missing_glyphs()
        .with_accessibility_check(false)
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
