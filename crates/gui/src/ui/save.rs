//! Dialogs that ask where to save: figures, sessions, tables, copies with notes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use eframe::egui::{self, RichText};
use fa_analyze::export::TableKind;
use fa_plot::render::Format;

use super::Viewer;
use crate::state::commands::Dialog;
use crate::state::{Action, Export, FigureFile, session};

/// Where and how to save.
#[derive(Debug)]
pub(crate) struct SaveDialog {
    path: String,
    format: Format,
    preset: usize,
    dpi: f32,
    table: TableKind,
    scope_view: bool,
    scope_marked: bool,
    pub(super) focus: bool,
    /// This path is there already; ask once more.
    confirm: Option<PathBuf>,
    /// What is known of the path that is asked for, and when it was looked at.
    there: Option<(There, Instant)>,
}

impl Default for SaveDialog {
    fn default() -> Self {
        Self {
            path: String::new(),
            format: Format::Svg,
            preset: 0,
            dpi: 150.0,
            table: TableKind::Samples,
            scope_view: true,
            scope_marked: true,
            focus: false,
            confirm: None,
            there: None,
        }
    }
}

/// What is at a path.
#[derive(Debug, Clone)]
struct There {
    path: PathBuf,
    /// Its folder is one.
    folder: bool,
    exists: bool,
    /// Why it may not be written over.
    spared: Option<String>,
}

impl SaveDialog {
    /// What is at the path that is asked for: looked at when it is another one, and once a second, not in each frame.
    fn there(&mut self) -> There {
        const EVERY: Duration = Duration::from_secs(1);
        let path = PathBuf::from(self.path.trim());
        let path = std::path::absolute(&path).unwrap_or(path);
        match &self.there {
            Some((there, at)) if there.path == path && at.elapsed() < EVERY => there.clone(),
            _ => {
                let there = There {
                    folder: path.parent().is_some_and(Path::is_dir),
                    exists: path.exists(),
                    spared: crate::work::files::spared(&path).err(),
                    path,
                };
                self.there = Some((there.clone(), Instant::now()));
                there
            }
        }
    }
}

/// Sizes and themes of figure files: name, inches, theme.
type Preset = (&'static str, Option<(f32, f32)>, Option<&'static str>);
const PRESETS: [Preset; 5] = [
    ("as on the screen", None, None),
    ("paper, one column", Some((3.5, 2.4)), Some("paper")),
    ("paper, two columns", Some((7.2, 3.6)), Some("paper")),
    ("slide", Some((10.0, 5.6)), Some("light")),
    ("web", Some((8.0, 5.0)), Some("light")),
];

/// Sets one of these dialogs up.
pub(super) fn prepare(viewer: &mut Viewer, dialog: Dialog, folder: &Path) {
    let path = match dialog {
        Dialog::SaveFigure => {
            let view = viewer.state.workspace.focused();
            let plot = view.and_then(|v| viewer.state.plot_of(v)).unwrap_or_else(|| "figure".to_owned());
            folder.join(format!("{plot}.{}", name_of(viewer.screen.save.format)))
        }
        Dialog::SaveSession => folder.join(format!("viewer{}", session::SUFFIX)),
        Dialog::Export => folder.join(format!("{}.csv", table_name(viewer.screen.save.table))),
        _ => {
            let first = viewer.state.workspace.focused().and_then(|view| view.docs.first());
            let data = first.and_then(|doc| viewer.state.library.get(*doc)).map(|doc| doc.path.clone());
            copy_name(&data.unwrap_or_default())
        }
    };
    let save = &mut viewer.screen.save;
    (save.path, save.confirm, save.there) = (path.display().to_string(), None, None);
}

fn path(viewer: &mut Viewer, ui: &mut egui::Ui) {
    ui.horizontal(|ui| {
        ui.label("File");
        let state = &mut viewer.screen.save;
        let edit = ui.add(super::look::field(&mut state.path).desired_width(f32::INFINITY));
        edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "File to write"));
        if std::mem::take(&mut state.focus) {
            edit.request_focus();
        }
        if edit.changed() {
            state.confirm = None;
        }
    });
}

/// The button that writes; a file that is there is asked about once.
fn write(viewer: &mut Viewer, ui: &mut egui::Ui, label: &str) -> Option<PathBuf> {
    let There { path, folder, exists, spared } = viewer.screen.save.there();
    if !folder {
        ui.colored_label(super::look::warn(ui), "⚠ there is no such folder");
    }
    let confirm = viewer.screen.save.confirm.as_ref() == Some(&path);
    if let Some(why) = &spared {
        ui.colored_label(super::look::warn(ui), format!("⚠ {why}"));
    } else if confirm {
        ui.colored_label(super::look::warn(ui), "⚠ this file is there already");
    }
    let may = folder && spared.is_none() && path.file_name().is_some();
    let text = if confirm { "Replace it" } else { label };
    let enter = ui.input(|i| i.key_pressed(egui::Key::Enter)) && may;
    let clicked = ui.add_enabled(may, egui::Button::new(text)).clicked();
    if !(clicked || enter) {
        return None;
    }
    // Not from memory: it may have come since.
    if (exists || path.exists()) && !confirm {
        viewer.screen.save.confirm = Some(path);
        return None;
    }
    viewer.screen.dialog = None;
    Some(path)
}

fn name_of(format: Format) -> &'static str {
    match format {
        Format::Png => "png",
        Format::Pdf => "pdf",
        _ => "svg",
    }
}

pub(super) fn figure(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(view) = viewer.state.workspace.focus else { return };
    ui.horizontal(|ui| {
        ui.label("Format");
        for format in [Format::Svg, Format::Pdf, Format::Png] {
            let state = &mut viewer.screen.save;
            if ui.selectable_label(state.format == format, name_of(format).to_uppercase()).clicked() {
                state.format = format;
                state.path = PathBuf::from(&state.path).with_extension(name_of(format)).display().to_string();
            }
        }
    });
    ui.horizontal(|ui| {
        ui.label("Size");
        for (i, (name, size, _)) in PRESETS.iter().enumerate() {
            let help = size.map_or("exactly what is on the screen".to_owned(), |(w, h)| format!("{w} × {h} inches"));
            if ui.selectable_label(viewer.screen.save.preset == i, *name).on_hover_text(help).clicked() {
                viewer.screen.save.preset = i;
            }
        }
    });
    if viewer.screen.save.format == Format::Png {
        ui.horizontal(|ui| {
            ui.label("Dots per inch");
            let dpi = ui.add(egui::DragValue::new(&mut viewer.screen.save.dpi).range(36.0..=1200.0));
            super::dialogs::name_number(&dpi, "Dots per inch", viewer.screen.save.dpi.into());
        });
    }
    path(viewer, ui);
    let (_, size_in, theme) = PRESETS[viewer.screen.save.preset];
    let how = FigureFile { format: viewer.screen.save.format, size_in, dpi: viewer.screen.save.dpi, theme };
    if let Some(path) = write(viewer, ui, "Save") {
        viewer.screen.act(Action::SaveFigure(view, path, how));
    }
    let path = PathBuf::from(viewer.screen.save.path.trim());
    if let Some(command) = viewer.state.command_of_file(view, &how, &path) {
        ui.separator();
        ui.label(RichText::new("The same on the command line:").weak());
        ui.add(egui::Label::new(RichText::new(command).monospace().small()).wrap());
    }
}

pub(super) fn session(viewer: &mut Viewer, ui: &mut egui::Ui) {
    ui.label("Files, views, settings and layout. Paths are relative, so that the folder can be moved as a whole.");
    path(viewer, ui);
    if let Some(path) = write(viewer, ui, "Save session") {
        viewer.screen.act(Action::SaveSession(path));
    }
}

fn table_name(table: TableKind) -> &'static str {
    match table {
        TableKind::Samples => "samples",
        TableKind::Wide => "wide",
        TableKind::Summary => "summary",
        TableKind::Runs => "runs",
    }
}

pub(super) fn export(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(view) = viewer.state.workspace.focused().cloned() else { return };
    for (table, help) in [
        (TableKind::Samples, "one row per sample as measured"),
        (TableKind::Wide, "one row per step of time, one column per series"),
        (TableKind::Summary, "one row per series with its statistics"),
        (TableKind::Runs, "one row per file with its metadata"),
    ] {
        let state = &mut viewer.screen.save;
        if ui.radio(state.table == table, format!("{}: {help}", table_name(table))).clicked() {
            state.table = table;
            state.path =
                PathBuf::from(&state.path).with_file_name(format!("{}.csv", table_name(table))).display().to_string();
        }
    }
    ui.horizontal(|ui| {
        let state = &mut viewer.screen.save;
        ui.radio_value(&mut state.scope_view, true, "files of this view");
        ui.radio_value(&mut state.scope_view, false, "all open files");
    });
    if let Some((a, b)) = view.brush {
        ui.checkbox(&mut viewer.screen.save.scope_marked, format!("only what is marked ({a:.2}–{b:.2} s)"));
    }
    path(viewer, ui);
    let docs = if viewer.screen.save.scope_view {
        view.docs.clone()
    } else {
        viewer.state.workspace.files.iter().map(|f| f.id).collect()
    };
    let window = view.brush.filter(|_| viewer.screen.save.scope_marked);
    let table = viewer.screen.save.table;
    if let Some(path) = write(viewer, ui, "Export") {
        viewer.screen.act(Action::Export(Export { docs, table, window, path }));
    }
}

/// `a.flent.gz` becomes `a-notes.flent.gz`, with a number where that is there already.
fn copy_name(data: &std::path::Path) -> PathBuf {
    let name = data.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let (stem, end) = name.find(".flent").map_or((name.as_str(), ""), |at| name.split_at(at));
    let end = if end.is_empty() { ".flent.gz" } else { end };
    let numbered = (1..1000).map(|n| if n == 1 { String::new() } else { format!("-{n}") });
    let names = numbered.map(|n| data.with_file_name(format!("{stem}-notes{n}{end}")));
    names.into_iter().find(|path| !path.exists()).unwrap_or_else(|| data.with_file_name(format!("{stem}-notes{end}")))
}

pub(super) fn copy_with_notes(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(doc) = viewer.state.workspace.focused().and_then(|view| view.docs.first().copied()) else { return };
    let Some(known) = viewer.state.library.get(doc) else { return };
    ui.label("The data file stays as it is. Its copy has in NOTE:");
    let own = known.metadata.as_deref().and_then(|m| m.note().map(str::to_owned));
    let notes = viewer.state.workspace.notes.get(&doc).cloned().unwrap_or_default();
    let text = crate::state::notes::merged(own.as_deref(), &notes);
    egui::ScrollArea::vertical().max_height(160.0).show(ui, |ui| {
        ui.add(egui::Label::new(RichText::new(text).weak()).wrap());
    });
    path(viewer, ui);
    let There { path: target, folder, exists, .. } = viewer.screen.save.there();
    let why = match () {
        () if exists => Some("this file is there already; data files are never replaced"),
        () if !folder => Some("there is no such folder"),
        () => None,
    };
    if let Some(why) = why {
        ui.colored_label(super::look::warn(ui), format!("⚠ {why}"));
    }
    if ui.add_enabled(why.is_none(), egui::Button::new("Write the copy")).clicked() {
        viewer.screen.act(Action::CopyWithNotes(doc, target));
        viewer.screen.dialog = None;
    }
}
