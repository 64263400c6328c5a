//! Opening: a browser of folders that works on every display, recent files, pasted paths, moved files.

use std::path::{Path, PathBuf};

use eframe::egui::{self, RichText};

use super::Viewer;
use crate::state::commands::Dialog;
use crate::state::{Action, DocId, session};
use crate::work::{Job, is_data_file};

/// Files remembered.
const REMEMBERED: usize = 20;

/// The browser.
#[derive(Debug, Default)]
pub(crate) struct OpenDialog {
    folder: PathBuf,
    path: String,
    entries: Vec<(PathBuf, bool)>,
    chosen: Vec<PathBuf>,
    locating: Option<DocId>,
    error: Option<String>,
    focus: bool,
}

impl OpenDialog {
    /// Begins in a folder.
    pub(super) fn begin(&mut self, folder: &Path, dialog: Dialog) {
        self.locating = None;
        self.focus = true;
        self.look(folder, dialog);
    }

    /// Begins where a missing file was.
    pub(super) fn locate(&mut self, doc: DocId, path: &Path) {
        let folder = path.ancestors().skip(1).find(|p| p.is_dir()).unwrap_or(Path::new("/"));
        self.look(folder, Dialog::Open);
        self.locating = Some(doc);
        self.focus = true;
    }

    fn look(&mut self, folder: &Path, dialog: Dialog) {
        self.chosen.clear();
        self.error = None;
        self.folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        self.path = self.folder.display().to_string();
        match std::fs::read_dir(&self.folder) {
            Ok(entries) => {
                let wanted = |path: &Path| match dialog {
                    Dialog::OpenSession => path.to_string_lossy().ends_with(session::SUFFIX),
                    Dialog::Watch => false,
                    Dialog::Identify => true,
                    _ => is_data_file(path),
                };
                let mut all: Vec<(PathBuf, bool)> = entries
                    .filter_map(|e| Some(e.ok()?.path()))
                    .filter(|p| !p.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.')))
                    .map(|p| (p.is_dir(), p))
                    .filter(|(dir, p)| *dir || wanted(p))
                    .map(|(dir, p)| (p, dir))
                    .collect();
                all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                self.entries = all;
            }
            Err(error) => {
                self.entries.clear();
                self.error = Some(format!("{}: {error}", self.folder.display()));
            }
        }
    }
}

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui, dialog: Dialog) {
    let mut go: Option<PathBuf> = None;
    let mut open: Option<Vec<PathBuf>> = None;
    let state = &mut viewer.screen.open;
    if state.locating.is_some() {
        ui.label("Where is the file now?");
    }
    ui.horizontal(|ui| {
        if ui.button("⬆").on_hover_text("The folder above").clicked() {
            go = state.folder.parent().map(Path::to_path_buf);
        }
        let edit = ui.add(super::look::field(&mut state.path).desired_width(ui.available_width() - 60.0));
        edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Path"));
        if std::mem::take(&mut state.focus) {
            edit.request_focus();
        }
        let enter = edit.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        if ui.button("Go").clicked() || enter {
            let path = PathBuf::from(state.path.trim());
            if path.is_dir() && dialog != Dialog::Watch { go = Some(path) } else { open = Some(vec![path]) }
        }
    });
    if let Some(error) = &state.error {
        ui.colored_label(super::look::error(ui), error);
    }
    let height = ui.text_style_height(&egui::TextStyle::Body) + 6.0;
    egui::ScrollArea::vertical().id_salt("folder").max_height(360.0).auto_shrink(false).show_rows(
        ui,
        height,
        state.entries.len(),
        |ui, rows| {
            for (path, folder) in &state.entries[rows] {
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let chosen = state.chosen.contains(path);
                let text = if *folder { RichText::new(format!("▸ {name}")).strong() } else { RichText::new(&name) };
                let row = ui.add(
                    egui::Button::selectable(chosen, text).truncate().min_size(egui::vec2(ui.available_width(), 0.0)),
                );
                row.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, chosen, &name));
                if *folder && row.clicked() {
                    go = Some(path.clone());
                } else if row.double_clicked() {
                    open = Some(vec![path.clone()]);
                } else if row.clicked() {
                    let many = ui.input(|i| i.modifiers.command || i.modifiers.shift) && state.locating.is_none();
                    if chosen {
                        state.chosen.retain(|p| p != path);
                    } else {
                        if !many {
                            state.chosen.clear();
                        }
                        state.chosen.push(path.clone());
                    }
                }
            }
            if state.entries.is_empty() {
                ui.label(RichText::new("nothing here").weak());
            }
        },
    );
    ui.separator();
    ui.horizontal(|ui| {
        let count = state.chosen.len();
        let label = match (dialog, count) {
            (Dialog::OpenSession, _) => "Open the session".to_owned(),
            (Dialog::Identify, _) => "What is it?".to_owned(),
            (_, 0 | 1) => "Open".to_owned(),
            (_, n) => format!("Open {n} files"),
        };
        if dialog != Dialog::Watch && ui.add_enabled(count > 0, egui::Button::new(label)).clicked() {
            open = Some(state.chosen.clone());
        }
        match dialog {
            Dialog::Open
                if state.locating.is_none()
                    && ui.button("Open the whole folder").on_hover_text("All data files in it and below").clicked() =>
            {
                open = Some(vec![state.folder.clone()]);
            }
            Dialog::Watch => {
                if ui
                    .button("Watch this folder")
                    .on_hover_text("List its runs, and open data files that appear in it")
                    .clicked()
                {
                    open = Some(vec![state.folder.clone()]);
                }
                if viewer.state.watched.is_some() && ui.button("Watch no folder").clicked() {
                    viewer.screen.actions.push(Action::WatchFolder(None));
                    viewer.screen.dialog = None;
                }
            }
            _ => {}
        }
        ui.label(RichText::new("Ctrl+click: several").weak());
    });
    if let Some(folder) = go {
        viewer.screen.open.look(&folder, dialog);
    }
    if let Some(paths) = open {
        viewer.screen.dialog = None;
        let first = paths.first().cloned().unwrap_or_default();
        if dialog == Dialog::Identify {
            return super::identify::ask(viewer, first);
        }
        let action = match (dialog, viewer.screen.open.locating.take()) {
            (Dialog::OpenSession, _) => Action::OpenSession(first),
            (Dialog::Watch, _) => Action::WatchFolder(Some(first)),
            (_, Some(doc)) => Action::Locate(doc, first),
            _ => Action::Open(paths),
        };
        viewer.screen.act(action);
    }
}

/// Paths in a pasted text: one a line, as paths or as `file://` addresses.
pub(super) fn paths_in(text: &str) -> Vec<PathBuf> {
    let lines = text.lines().map(|line| line.trim().trim_matches(['"', '\'']));
    let paths = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).filter_map(|line| {
        let path = match line.strip_prefix("file://") {
            Some(rest) => PathBuf::from(decoded(rest.strip_prefix("localhost").unwrap_or(rest))),
            None => PathBuf::from(line),
        };
        (path.exists() || line.contains(['*', '?'])).then_some(path)
    });
    paths.collect()
}

/// Without the percent signs of addresses (RFC 3986).
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes.get(i + 1..i + 3).and_then(|h| std::str::from_utf8(h).ok());
        match (bytes[i], hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 3;
            }
            (byte, _) => {
                out.push(byte);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn recent_file(dir: &Path) -> PathBuf {
    dir.join("recent.json")
}

/// Files opened lately, newest first; none where nothing is kept.
pub(super) fn read_recent(dir: Option<&Path>) -> Vec<PathBuf> {
    let text = dir.and_then(|dir| std::fs::read_to_string(recent_file(dir)).ok());
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Remembers files as opened; what is to be written, where anything is kept.
pub(super) fn remember(recent: &mut Vec<PathBuf>, paths: Vec<PathBuf>, dir: Option<&Path>) -> Option<Job> {
    for path in paths.into_iter().take(REMEMBERED).rev() {
        recent.retain(|p| *p != path);
        recent.insert(0, path);
    }
    recent.truncate(REMEMBERED);
    let text = serde_json::to_string_pretty(recent).ok()?;
    Some(Job::Keep(recent_file(dir?), text))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn pasted_addresses_and_paths_are_found() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a b.flent.gz");
        std::fs::write(&file, "x").unwrap();
        let address = format!("file://{}", file.display()).replace(' ', "%20");
        let text = format!("# comment\n{address}\n\"{}\"\nnot a path\n", file.display());
        assert_eq!(paths_in(&text), [file.clone(), file]);
    }

    #[test]
    fn the_newest_file_is_the_first_one_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let mut recent = Vec::new();
        let mut kept = None;
        for name in ["a", "b", "a"] {
            kept = remember(&mut recent, vec![name.into()], Some(dir.path()));
        }
        assert_eq!(recent, [PathBuf::from("a"), "b".into()]);
        let Some(Job::Keep(path, text)) = kept else { panic!("something is kept") };
        std::fs::write(path, text).unwrap();
        assert_eq!(read_recent(Some(dir.path())), recent);
        assert!(remember(&mut recent, vec!["c".into()], None).is_none());
    }
}
