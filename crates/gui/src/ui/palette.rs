//! Search everything: commands, files, plots, series, settings, metadata.

use eframe::egui::{self, RichText};
use fa_plot::options::OPTIONS;

use super::{Viewer, settings};
use crate::state::commands::{Does, commands};
use crate::state::{Action, Panel};

/// What is typed and chosen.
#[derive(Debug, Default)]
pub(crate) struct PaletteState {
    query: String,
    at: usize,
    focus: bool,
}

impl PaletteState {
    pub(super) fn begin(&mut self) {
        self.query.clear();
        self.at = 0;
        self.focus = true;
    }
}

/// Something found.
struct Entry {
    kind: &'static str,
    text: String,
    detail: String,
    does: Result<Choice, String>,
}

/// What choosing it does.
enum Choice {
    Do(Does),
    Setting(&'static str),
    Metadata(String),
}

/// Entries shown at most.
const MOST: usize = 60;

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let state = &mut viewer.screen.palette;
    let edit = ui.add(
        super::look::field(&mut state.query)
            .hint_text("commands, files, plots, series, settings, metadata…")
            .desired_width(f32::INFINITY),
    );
    edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search everything"));
    if std::mem::take(&mut state.focus) {
        edit.request_focus();
    }
    if edit.changed() {
        state.at = 0;
    }
    let query = state.query.to_lowercase();
    let entries = entries(viewer, &query);
    let (up, down, enter) = ui.input(|i| {
        (i.key_pressed(egui::Key::ArrowUp), i.key_pressed(egui::Key::ArrowDown), i.key_pressed(egui::Key::Enter))
    });
    let state = &mut viewer.screen.palette;
    let last = entries.len().saturating_sub(1);
    if down {
        state.at = (state.at + 1).min(last);
    }
    if up {
        state.at = state.at.saturating_sub(1);
    }
    let at = state.at.min(last);
    let mut chosen = None;
    egui::ScrollArea::vertical().id_salt("palette").max_height(420.0).auto_shrink([false, true]).show(ui, |ui| {
        if entries.is_empty() {
            ui.label("nothing found");
        }
        for (i, entry) in entries.into_iter().enumerate() {
            let text = format!("{}: {}", entry.kind, entry.text);
            let rich = if entry.does.is_ok() { RichText::new(&text) } else { RichText::new(&text).weak() };
            let button = egui::Button::selectable(i == at, rich).truncate().shortcut_text(entry.detail.as_str());
            let row = ui.add_sized([ui.available_width(), 20.0], button);
            row.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, i == at, &text));
            if i == at && (up || down) {
                row.scroll_to_me(None);
            }
            let hit = row.clicked() || (enter && i == at);
            match entry.does {
                Ok(choice) if hit => chosen = Some(choice),
                Ok(_) => {}
                Err(why) => {
                    row.on_hover_text(why);
                }
            }
        }
    });
    if let Some(choice) = chosen {
        viewer.screen.dialog = None;
        match choice {
            Choice::Do(does) => viewer.perform(does),
            Choice::Setting(name) => {
                viewer.screen.act(Action::ShowPanel(Panel::Settings));
                viewer.screen.settings.show = Some(name);
            }
            Choice::Metadata(key) => {
                viewer.screen.act(Action::ShowPanel(Panel::Metadata));
                viewer.screen.metadata.diff = false;
                viewer.screen.metadata.search = key;
            }
        }
    }
}

fn entries(viewer: &Viewer, query: &str) -> Vec<Entry> {
    let words: Vec<&str> = query.split_whitespace().collect();
    let fits = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let mut all = Vec::new();
    for command in commands(&viewer.state) {
        if fits(&format!("command {}", command.label)) && command.id != "cancel" && !command.id.ends_with("-2") {
            let does = command.does.map(Choice::Do).map_err(str::to_owned);
            all.push(Entry { kind: "Command", text: command.label, detail: command.key, does });
        }
    }
    if words.is_empty() {
        return all;
    }
    let state = &viewer.state;
    for file in state.workspace.files.iter() {
        let Some(doc) = state.library.get(file.id) else { continue };
        let text = fa_plot::text::one_line(&format!("{} ({})", doc.title(), doc.test()));
        if fits(&format!("file {text} {}", doc.file_name())) {
            let does = Ok(Choice::Do(Does::Act(Action::Tick(file.id))));
            all.push(Entry { kind: "File", text, detail: "tick".to_owned(), does });
        }
    }
    if let Some(view) = state.workspace.focused() {
        let loaded = view.docs.iter().find_map(|doc| state.library.loaded(*doc));
        for plot in loaded.iter().flat_map(|l| l.plots.iter()) {
            if fits(&format!("plot {} {}", plot.name, plot.description)) {
                let does = match plot.reason() {
                    None => Ok(Choice::Do(Does::Act(Action::SetPlot(view.id, plot.name.clone())))),
                    Some(why) => Err(why),
                };
                let text = format!("{} ({})", plot.name, plot.description);
                all.push(Entry { kind: "Plot", text, detail: String::new(), does });
            }
        }
        for series in state.series_of(view.id) {
            if fits(&format!("series {series}")) {
                let does = Ok(Choice::Do(Does::Act(Action::Isolate(view.id, series.clone(), None))));
                all.push(Entry { kind: "Series", text: series, detail: "show alone".to_owned(), does });
            }
        }
        for spec in OPTIONS {
            if fits(&format!("setting {} {} {}", spec.name, settings::title(spec), spec.help)) {
                let detail = format!("--{}", spec.name);
                all.push(Entry {
                    kind: "Setting",
                    text: settings::title(spec),
                    detail,
                    does: Ok(Choice::Setting(spec.name)),
                });
            }
        }
        let meta = view.docs.first().and_then(|doc| state.library.get(*doc)).and_then(|doc| doc.metadata.clone());
        for (key, value) in meta.iter().flat_map(|m| m.as_map()) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text: String = fa_plot::text::one_line(&text).chars().take(60).collect();
            if fits(&format!("metadata {key} {text}")) {
                let does = Ok(Choice::Metadata(key.clone()));
                all.push(Entry { kind: "Metadata", text: format!("{key} = {text}"), detail: String::new(), does });
            }
        }
    }
    all.truncate(MOST);
    all
}
