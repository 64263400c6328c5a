//! Preferences: general ones, and the keys of commands.

use std::ops::RangeInclusive;

use eframe::egui::{self, Key, Modifiers, RichText};

use super::{Viewer, keys, look};
use crate::state::commands::{built_in, commands, groups};
use crate::state::prefs::limits;
use crate::state::{Action, Chord, Palette, Prefs, ThemeChoice, config};

/// What is being changed.
#[derive(Debug, Default)]
pub(crate) struct PrefsState {
    keys: bool,
    search: String,
    /// The command whose new key is waited for.
    pub(super) listening: Option<&'static str>,
    /// A key that is another command's, and the command that it is wanted for.
    wanted: Option<(&'static str, Chord)>,
    error: Option<String>,
}

impl PrefsState {
    pub(super) fn begin(&mut self) {
        *self = Self { keys: self.keys, ..Self::default() };
    }

    /// Shows the keys.
    pub(super) fn show_keys(&mut self) {
        self.keys = true;
    }

    /// A key was pressed while one was waited for. Esc ends the waiting.
    pub(super) fn heard(&mut self, key: Key, modifiers: Modifiers) {
        let Some(id) = self.listening else { return };
        let pressed = keys::chord(key, modifiers).ok_or_else(|| format!("{} can be no command's key", key.name()));
        match pressed.and_then(config::usable) {
            Ok(chord) if chord.key == "Esc" && !chord.ctrl && !chord.alt => {
                (self.listening, self.error) = (None, None);
            }
            Ok(chord) => {
                self.listening = None;
                self.wanted = Some((id, chord));
                self.error = None;
            }
            Err(why) => self.error = Some(why),
        }
    }
}

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    ui.horizontal(|ui| {
        for (keys, title) in [(false, "General"), (true, "Keys")] {
            if ui.selectable_label(viewer.screen.prefs.keys == keys, title).clicked() {
                viewer.screen.prefs.keys = keys;
                viewer.screen.prefs.listening = None;
            }
        }
    });
    ui.separator();
    let mut prefs = viewer.state.prefs.clone();
    if viewer.screen.prefs.keys {
        show_keys(viewer, ui, &mut prefs);
    } else {
        general(viewer, ui, &mut prefs);
    }
    ui.separator();
    let place = match &viewer.options.config {
        Some(path) => format!("Written to {}, section [gui]; what else is in it stays.", path.display()),
        None => "There is no file for preferences: they hold until the window closes.".to_owned(),
    };
    ui.add(egui::Label::new(RichText::new(place).weak().small()).wrap());
    if prefs != viewer.state.prefs {
        viewer.screen.act(Action::SetPrefs(Box::new(prefs)));
    }
}

/// Sizes of everything that are offered, percent.
const SIZES: [(u16, &str); 10] = [
    (75, "75 %"),
    (90, "90 %"),
    (100, "100 %"),
    (110, "110 %"),
    (125, "125 %"),
    (150, "150 %"),
    (175, "175 %"),
    (200, "200 %"),
    (225, "225 %"),
    (250, "250 %"),
];

fn general(viewer: &mut Viewer, ui: &mut egui::Ui, prefs: &mut Prefs) {
    egui::Grid::new("preferences").striped(false).num_columns(2).spacing([14.0, 8.0]).show(ui, |ui| {
        choice(ui, "Theme", &ThemeChoice::ALL, &mut prefs.theme);
        choice(ui, "Colours of series", &Palette::ALL, &mut prefs.palette);
        let before = (prefs.scale * 100.0).round() as u16;
        let mut percent = before;
        choice(ui, "Size of everything", &SIZES, &mut percent);
        if percent != before {
            prefs.scale = f32::from(percent) / 100.0;
        }
        let mut digits = f64::from(prefs.digits);
        number(
            ui,
            "Digits in tables",
            &mut digits,
            whole(&limits::DIGITS),
            1.0,
            "",
            "digits that count; exact values are in exports",
        );
        prefs.digits = digits as u8;
        number(
            ui,
            "Look for changes every",
            &mut prefs.watch_secs,
            limits::WATCH,
            0.5,
            " s",
            "open files and the watched folder",
        );
        label(ui, "When no file is named");
        let resume = ui.checkbox(&mut prefs.resume, "open the last session again");
        resume.on_hover_text("Files, views and settings as they were when a window was closed last");
        ui.end_row();
        let mut memory = f64::from(prefs.memory_mb);
        number(
            ui,
            "Files in memory",
            &mut memory,
            whole(&limits::MEMORY),
            16.0,
            " MB",
            "above it, files that no view shows are let go of, and read again when needed",
        );
        prefs.memory_mb = memory as u32;
        let mut cache = f64::from(prefs.cache_mb);
        number(
            ui,
            "Cache on disk",
            &mut cache,
            whole(&limits::CACHE),
            16.0,
            " MB",
            "headers and statistics of files, so that folders open quickly; 0: none",
        );
        prefs.cache_mb = cache as u32;
        label(ui, "");
        let known = viewer.options.cache_dir.is_some();
        if ui.add_enabled(known, egui::Button::new("Clear the cache")).clicked() {
            viewer.screen.act(Action::ClearCache);
        }
        ui.end_row();
    });
    if ui.button("Everything as at first").on_hover_text("All of this page; keys and saved runs stay").clicked() {
        let fresh = Prefs::default();
        *prefs = Prefs { keys: std::mem::take(&mut prefs.keys), runs: std::mem::take(&mut prefs.runs), ..fresh };
    }
}

fn label(ui: &mut egui::Ui, text: &str) {
    ui.label(text);
}

fn choice<T: Copy + PartialEq>(ui: &mut egui::Ui, name: &str, all: &[(T, &str)], value: &mut T) {
    label(ui, name);
    let shown = all.iter().find(|(v, _)| v == value).map_or("another", |(_, name)| *name);
    let combo = egui::ComboBox::from_id_salt(name).selected_text(shown).width(180.0).show_ui(ui, |ui| {
        for (v, text) in all {
            ui.selectable_value(value, *v, *text);
        }
    });
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("{name}: {shown}")));
    ui.end_row();
}

fn whole(range: &RangeInclusive<i64>) -> RangeInclusive<f64> {
    *range.start() as f64..=*range.end() as f64
}

fn number(
    ui: &mut egui::Ui,
    name: &str,
    value: &mut f64,
    range: RangeInclusive<f64>,
    step: f64,
    unit: &str,
    help: &str,
) {
    let named = ui.label(name).on_hover_text(help);
    ui.horizontal(|ui| {
        let drag = egui::DragValue::new(value)
            .range(range)
            .speed(step * 0.2)
            .suffix(unit)
            .max_decimals(usize::from(step < 1.0));
        ui.add(drag).on_hover_text(help).labelled_by(named.id);
        ui.label(RichText::new(help).weak().small());
    });
    ui.end_row();
}

fn show_keys(viewer: &mut Viewer, ui: &mut egui::Ui, prefs: &mut Prefs) {
    let all = commands(&viewer.state);
    let ids = built_in();
    let name = |id: &str| all.iter().find(|c| c.id == id).map_or(id.to_owned(), |c| c.label.clone());
    // A key that was pressed: taken at once if it is free, asked about if it is another command's.
    if let Some((id, chord)) = viewer.screen.prefs.wanted.clone() {
        let text = chord.to_string();
        match all.iter().find(|c| c.key == text && c.id != id) {
            None => {
                prefs.bind(id, Some(chord), &ids);
                viewer.screen.prefs.wanted = None;
            }
            Some(other) => {
                ui.horizontal_wrapped(|ui| {
                    let text = format!("⚠ {text} is the key of “{}”.", other.label);
                    ui.label(RichText::new(text).color(look::warn(ui)).strong());
                    if ui.button(format!("Give it to “{}”", name(id))).clicked() {
                        prefs.bind(id, Some(chord), &ids);
                        viewer.screen.prefs.wanted = None;
                    }
                    if ui.button("Leave it").clicked() {
                        viewer.screen.prefs.wanted = None;
                    }
                });
            }
        }
    }
    if let Some(id) = viewer.screen.prefs.listening {
        ui.label(RichText::new(format!("Press the new key of “{}”; Esc leaves it as it is", name(id))).strong());
    }
    if let Some(why) = &viewer.screen.prefs.error {
        ui.colored_label(look::error(ui), why);
    }
    ui.horizontal(|ui| {
        let edit =
            super::look::field(&mut viewer.screen.prefs.search).hint_text("command or key…").desired_width(260.0);
        let edit = ui.add_enabled(viewer.screen.prefs.listening.is_none(), edit);
        edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search commands and keys"));
        if ui.add_enabled(!prefs.keys.is_empty(), egui::Button::new("Reset all keys")).clicked() {
            prefs.keys.clear();
        }
    });
    let search = viewer.screen.prefs.search.to_lowercase();
    let height = (ui.ctx().content_rect().height() - 260.0).clamp(120.0, 460.0);
    egui::ScrollArea::vertical()
        .id_salt("keys")
        .max_height(height)
        .min_scrolled_height(height)
        .auto_shrink(false)
        .show(ui, |ui| {
            for group in groups() {
                let fits = |c: &&crate::state::commands::Command| {
                    c.menu == group && format!("{} {}", c.label, c.key).to_lowercase().contains(&search)
                };
                let rows: Vec<_> = all.iter().filter(fits).collect();
                if rows.is_empty() {
                    continue;
                }
                ui.label(RichText::new(group).strong());
                egui::Grid::new(("key table", group)).num_columns(3).striped(true).min_col_width(90.0).show(ui, |ui| {
                    for command in rows {
                        row(viewer, ui, prefs, command, &ids);
                    }
                });
            }
        });
}

fn row(
    viewer: &mut Viewer,
    ui: &mut egui::Ui,
    prefs: &mut Prefs,
    command: &crate::state::commands::Command,
    ids: &[(&'static str, &'static str)],
) {
    let own = prefs.keys.contains_key(command.id);
    let mark = if own { format!("● {}", command.label) } else { command.label.clone() };
    ui.allocate_ui_with_layout(egui::vec2(300.0, 18.0), egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_min_width(300.0);
        ui.add(egui::Label::new(mark).truncate());
    });
    let listening = viewer.screen.prefs.listening == Some(command.id);
    let text = match command.key.as_str() {
        _ if listening => "…",
        "" => "–",
        key => key,
    };
    let change = ui.add_sized([110.0, 18.0], egui::Button::selectable(listening, text));
    let named = format!("Change the key of {}", command.label);
    change.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, listening, &named));
    if change.on_hover_text("Click, then press the new key").clicked() {
        viewer.screen.prefs.listening = Some(command.id);
        viewer.screen.prefs.wanted = None;
        viewer.screen.prefs.error = None;
    }
    ui.horizontal(|ui| {
        let none = ui.add_enabled(!command.key.is_empty(), egui::Button::new("✖").small());
        let named = format!("No key for {}", command.label);
        none.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &named));
        if none.on_hover_text("No key").clicked() {
            prefs.bind(command.id, None, ids);
        }
        let reset = ui.add_enabled(own, egui::Button::new("Reset").small());
        let named = format!("Reset the key of {}", command.label);
        reset.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &named));
        if reset
            .on_hover_text(format!("Built in: {}", if command.built_in.is_empty() { "none" } else { command.built_in }))
            .clicked()
        {
            prefs.keys.remove(command.id);
        }
    });
    ui.end_row();
}
