//! The dialog that is open: one at a time, closed by Esc.

use std::path::PathBuf;

use eframe::egui::{self, RichText};
use fa_analyze::export::TableKind;
use fa_plot::render::Format;

use super::{Viewer, columns, explain, help, layouts, notes, open, palette, prefs, run_dialog};
use crate::state::commands::Dialog;
use crate::state::{Action, Export, FigureFile, Panel, ViewId, session};

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
    /// Put this view's figure on the clipboard at the end of the frame.
    pub(crate) copy_image: Option<ViewId>,
    pub(super) focus: bool,
    /// This path is there already; ask once more.
    confirm: Option<PathBuf>,
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
            copy_image: None,
            focus: false,
            confirm: None,
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

/// Sets a dialog up.
pub(super) fn prepare(viewer: &mut Viewer, dialog: Dialog) {
    let folder = viewer.folder();
    viewer.screen.save.focus = true;
    viewer.screen.save.confirm = None;
    match dialog {
        Dialog::Open | Dialog::OpenSession | Dialog::Identify => viewer.screen.open.begin(&folder, dialog),
        Dialog::Watch => {
            let folder = viewer.state.watched.clone().unwrap_or(folder);
            viewer.screen.open.begin(&folder, dialog);
        }
        Dialog::SaveFigure => {
            let view = viewer.state.workspace.focused();
            let plot = view.and_then(|v| viewer.state.plot_of(v)).unwrap_or_else(|| "figure".to_owned());
            let end = name_of(viewer.screen.save.format);
            viewer.screen.save.path = folder.join(format!("{plot}.{end}")).display().to_string();
        }
        Dialog::SaveSession => {
            viewer.screen.save.path = folder.join(format!("viewer{}", session::SUFFIX)).display().to_string();
        }
        Dialog::Export => {
            let name = table_name(viewer.screen.save.table);
            viewer.screen.save.path = folder.join(format!("{name}.csv")).display().to_string();
        }
        Dialog::RunTest => viewer.screen.run.open(&folder),
        Dialog::Palette => viewer.screen.palette.begin(),
        Dialog::Note => {
            viewer.screen.notes.draft.clear();
            viewer.screen.notes.focus = true;
        }
        Dialog::Preferences => viewer.screen.prefs.begin(),
        Dialog::CopyWithNotes => {
            let first = viewer.state.workspace.focused().and_then(|view| view.docs.first());
            let data =
                first.and_then(|doc| viewer.state.library.get(*doc)).map(|doc| doc.path.clone()).unwrap_or_default();
            viewer.screen.save.path = copy_name(&data).display().to_string();
        }
        Dialog::Explain => viewer.screen.explain = None,
        Dialog::Columns | Dialog::Help | Dialog::SaveLayout | Dialog::Leave => {}
    }
}

fn title(dialog: Dialog) -> &'static str {
    match dialog {
        Dialog::Open => "Open files",
        Dialog::SaveFigure => "Save figure",
        Dialog::SaveSession => "Save session",
        Dialog::OpenSession => "Open session",
        Dialog::Export => "Export data",
        Dialog::RunTest => "Run a test",
        Dialog::Columns => "Columns of the files table",
        Dialog::Palette => "Search everything",
        Dialog::Help => "Keys and gestures",
        Dialog::Note => "New note",
        Dialog::Watch => "Watch a folder",
        Dialog::Preferences => "Preferences",
        Dialog::Explain => "What this means",
        Dialog::CopyWithNotes => "Copy with notes",
        Dialog::SaveLayout => "Save layout",
        Dialog::Identify => "What is this file?",
        Dialog::Leave => "A test is running",
    }
}

pub(super) fn show(viewer: &mut Viewer, context: &egui::Context) {
    let Some(dialog) = viewer.screen.dialog else {
        // The keyboard goes back to where it was.
        if std::mem::take(&mut viewer.screen.dialog_was_open)
            && let Some(id) = viewer.screen.before_dialog.take()
        {
            context.memory_mut(|memory| memory.request_focus(id));
        }
        return;
    };
    let just_opened = !std::mem::replace(&mut viewer.screen.dialog_was_open, true);
    if just_opened {
        viewer.screen.before_dialog = context.memory(egui::Memory::focused);
        viewer.screen.dialog_frames = 0;
        // The Enter that chose the menu's entry is not the one that confirms what is asked now.
        context.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Enter));
    }
    // A menu that closes takes the keyboard with it.
    viewer.screen.dialog_frames += 1;
    let lost = (2..6).contains(&viewer.screen.dialog_frames) && context.memory(egui::Memory::focused).is_none();
    if lost {
        viewer.screen.save.focus = true;
        viewer.screen.notes.focus = true;
    }
    if viewer.screen.dialog_frames < 6 {
        context.request_repaint();
    }
    let screen = context.content_rect();
    let mut is_open = true;
    let width = match dialog {
        Dialog::Help | Dialog::Preferences | Dialog::Explain => 620.0,
        Dialog::Palette | Dialog::Open | Dialog::OpenSession | Dialog::Watch | Dialog::RunTest | Dialog::Identify => {
            560.0
        }
        _ => 480.0_f32,
    };
    // Hung from above, so that nothing moves under the pointer when a line comes or goes.
    let long = !matches!(dialog, Dialog::Leave | Dialog::Note | Dialog::SaveLayout) && width > 480.0;
    let top = (screen.height() * if long { 0.05 } else { 0.2 }).min(if long { 40.0 } else { 200.0 });
    // Where it has no room, it is scrolled both ways.
    let small = screen.width() < width + 40.0 || screen.height() < 420.0;
    let width = width.min((screen.width() - 16.0).max(200.0));
    egui::Window::new(title(dialog))
        .id(egui::Id::unique(("dialog", title(dialog))))
        .collapsible(false)
        .resizable(false)
        .open(&mut is_open)
        .anchor(egui::Align2::CENTER_TOP, egui::vec2(0.0, top))
        .default_width(width)
        .min_width(width * 0.7)
        .max_height((screen.height() - top - 40.0).max(120.0))
        .scroll(small)
        .show(context, |ui| {
            ui.set_width(if small { width - 24.0 } else { width });
            // Tab goes on from here to the controls of the dialog.
            let top_line = egui::Rect::from_min_size(ui.cursor().min, egui::vec2(ui.available_width(), 0.0));
            let anchor = ui.interact(top_line, ui.scope_id().with("anchor"), egui::Sense::focusable_noninteractive());
            anchor.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, title(dialog)));
            viewer.screen.regions.add(ui.max_rect(), anchor.id);
            if just_opened || lost || strayed(viewer, ui.ctx()) {
                anchor.request_focus();
            }
            match dialog {
                Dialog::Open | Dialog::OpenSession | Dialog::Watch | Dialog::Identify => {
                    open::show(viewer, ui, dialog);
                }
                Dialog::SaveLayout => layouts::save(viewer, ui),
                Dialog::SaveFigure => save_figure(viewer, ui),
                Dialog::SaveSession => save_session(viewer, ui),
                Dialog::Export => export(viewer, ui),
                Dialog::RunTest => {
                    let height = if small { f32::INFINITY } else { screen.height() - 120.0 };
                    egui::ScrollArea::vertical()
                        .id_salt("run dialog")
                        .max_height(height)
                        .min_scrolled_height(if small { 64.0 } else { height })
                        .show(ui, |ui| run_dialog::show(viewer, ui));
                }
                Dialog::Columns => columns::show(viewer, ui),
                Dialog::Palette => palette::show(viewer, ui),
                Dialog::Help => {
                    egui::ScrollArea::vertical()
                        .max_height(if small { f32::INFINITY } else { screen.height() - 140.0 })
                        .show(ui, |ui| help::show(viewer, ui));
                }
                Dialog::Note => note(viewer, ui),
                Dialog::Preferences => prefs::show(viewer, ui),
                Dialog::Explain => explain::show(viewer, ui),
                Dialog::CopyWithNotes => copy_with_notes(viewer, ui),
                Dialog::Leave => leave(viewer, ui),
            }
        });
    if !is_open {
        viewer.screen.dialog = None;
    }
}

/// Tab has left the dialog for what is behind it; the mouse may go there.
fn strayed(viewer: &mut Viewer, context: &egui::Context) -> bool {
    // From its last control, the keyboard gets there in the frame after.
    let tab = context.input(|i| i.key_pressed(egui::Key::Tab));
    let tabbed = std::mem::replace(&mut viewer.screen.tabbed, tab);
    if !(tab || tabbed) || viewer.screen.dialog.is_none() {
        return false;
    }
    let focused = context.memory(egui::Memory::focused).and_then(|id| context.read_response(id));
    focused.is_some_and(|response| response.layer_id.order == egui::Order::Background)
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
    let path = PathBuf::from(viewer.screen.save.path.trim());
    let path = std::path::absolute(&path).unwrap_or(path);
    let folder = path.parent().is_some_and(std::path::Path::is_dir);
    if !folder {
        ui.colored_label(super::look::warn(ui), "⚠ there is no such folder");
    }
    let confirm = viewer.screen.save.confirm.as_ref() == Some(&path);
    if confirm {
        ui.colored_label(super::look::warn(ui), "⚠ this file is there already");
    }
    let text = if confirm { "Replace it" } else { label };
    let enter = ui.input(|i| i.key_pressed(egui::Key::Enter)) && folder;
    let clicked = ui.add_enabled(folder && path.file_name().is_some(), egui::Button::new(text)).clicked();
    if !(clicked || enter) {
        return None;
    }
    if path.exists() && !confirm {
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

fn save_figure(viewer: &mut Viewer, ui: &mut egui::Ui) {
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
            name_number(&dpi, "Dots per inch", viewer.screen.save.dpi.into());
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

/// What screen readers call a number that can be changed.
pub(super) fn name_number(response: &egui::Response, name: &str, value: f64) {
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::SpinButton, true, name);
        info.value = Some(value);
        info
    });
}

/// The window was asked to close while a test is running.
fn leave(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(run) = viewer.state.running.clone() else {
        viewer.screen.dialog = None;
        return;
    };
    ui.label(format!("What was measured so far: {}", run.progress));
    ui.label("Until the run ends, it is in a journal beside the data files; `fa recover` makes a data file of it.");
    ui.horizontal_wrapped(|ui| {
        for (text, how) in
            [("Stop, keep, close", fa_measure::Stop::Keep), ("Stop, discard, close", fa_measure::Stop::Discard)]
        {
            if ui.button(text).clicked() {
                viewer.screen.leaving = true;
                viewer.screen.dialog = None;
                viewer.screen.act(Action::StopRun(how));
            }
        }
        if ui.button("Go on measuring").clicked() {
            viewer.screen.dialog = None;
        }
    });
}

fn save_session(viewer: &mut Viewer, ui: &mut egui::Ui) {
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

fn export(viewer: &mut Viewer, ui: &mut egui::Ui) {
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

fn note(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(view) = viewer.state.workspace.focused().cloned() else { return };
    let Some(doc) = view.docs.first().copied() else { return };
    let part = view.brush.or_else(|| view.cursors.first().map(|c| (*c, *c)));
    ui.label(match part {
        Some((a, b)) if a < b => format!("On {a:.2}–{b:.2} s of the first file"),
        Some((a, _)) => format!("On {a:.2} s of the first file"),
        None => "On the first file as a whole".to_owned(),
    });
    let state = &mut viewer.screen.notes;
    let edit =
        ui.add(egui::TextEdit::multiline(&mut state.draft).hint_text("#words are tags").desired_width(f32::INFINITY));
    edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Text of the note"));
    if std::mem::take(&mut state.focus) {
        edit.request_focus();
    }
    let empty = state.draft.trim().is_empty();
    if ui.add_enabled(!empty, egui::Button::new("Add")).clicked() {
        let text = std::mem::take(&mut viewer.screen.notes.draft);
        viewer.screen.act(Action::AddNote(doc, notes::note(&text, part)));
        viewer.screen.act(Action::ShowPanel(Panel::Notes));
        viewer.screen.dialog = None;
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

fn copy_with_notes(viewer: &mut Viewer, ui: &mut egui::Ui) {
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
    let target = PathBuf::from(viewer.screen.save.path.trim());
    let target = std::path::absolute(&target).unwrap_or(target);
    let why = match () {
        () if target.exists() => Some("this file is there already; data files are never replaced"),
        () if !target.parent().is_some_and(std::path::Path::is_dir) => Some("there is no such folder"),
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
