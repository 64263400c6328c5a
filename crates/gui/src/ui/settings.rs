//! Settings of the figure, made from the one table of options that the command line uses, too.

use std::collections::HashMap;

use eframe::egui::{self, RichText};
use fa_plot::options::{OPTIONS, OptionGroup, OptionKind, OptionSpec};

use super::{Viewer, look};
use crate::state::{Action, View, ViewId};

/// What is typed and not yet a setting.
#[derive(Debug, Default)]
pub(crate) struct SettingsState {
    pub(crate) search: String,
    /// Texts by view and option, while they differ from the setting.
    drafts: HashMap<(ViewId, &'static str), String>,
    /// Why the last text could not be used.
    refused: Option<(&'static str, String)>,
    /// Open this option's group and show it: from the palette.
    pub(crate) show: Option<&'static str>,
}

const GROUPS: [OptionGroup; 6] = [
    OptionGroup::Axes,
    OptionGroup::Series,
    OptionGroup::Files,
    OptionGroup::Legend,
    OptionGroup::Text,
    OptionGroup::Figure,
];

/// What a person would call an option.
pub(super) fn title(spec: &OptionSpec) -> String {
    let mut text = spec.name.replace('-', " ");
    if let Some(first) = text.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// Options that only repeat another one are for the command line.
fn is_offered(spec: &OptionSpec) -> bool {
    !matches!(spec.name, "log-scale" | "scale-data")
}

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(view) = viewer.state.workspace.focused().cloned() else {
        ui.label("no view");
        return;
    };
    let pairs = view.typed_options().to_pairs();
    ui.horizontal_wrapped(|ui| {
        let search = &mut viewer.screen.settings.search;
        let edit = ui.add(super::look::field(search).hint_text("search settings…").desired_width(150.0));
        edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search settings"));
        let reset = ui.add_enabled(!pairs.is_empty(), egui::Button::new("Reset all"));
        if reset.on_hover_text("All settings of this view to their defaults").clicked() {
            viewer.screen.act(Action::ResetOptions(view.id));
            viewer.screen.settings.drafts.clear();
        }
    });
    let search = viewer.screen.settings.search.to_lowercase();
    let wanted = viewer.screen.settings.show.take();
    if let Some(name) = wanted {
        name.clone_into(&mut viewer.screen.settings.search);
    }
    egui::ScrollArea::vertical().id_salt("settings").auto_shrink(false).show(ui, |ui| {
        for group in GROUPS {
            let specs: Vec<&OptionSpec> = OPTIONS
                .iter()
                .filter(|s| s.group == group && is_offered(s))
                .filter(|s| {
                    let hay = format!("{} {} {}", s.name, title(s), s.help).to_lowercase();
                    search.split_whitespace().all(|word| hay.contains(word))
                })
                .collect();
            if specs.is_empty() {
                continue;
            }
            let changed = specs.iter().filter(|s| pairs.iter().any(|(n, _)| *n == s.name)).count();
            let heading =
                if changed > 0 { format!("{} • {changed} changed", group.title()) } else { group.title().to_owned() };
            let open = matches!(group, OptionGroup::Axes) || changed > 0 || !search.is_empty();
            egui::CollapsingHeader::new(RichText::new(heading).strong())
                .id_salt(group.title())
                .default_open(open)
                .open((!search.is_empty()).then_some(true))
                .show(ui, |ui| {
                    for spec in specs {
                        option(viewer, ui, &view, spec, &pairs);
                    }
                });
        }
    });
}

fn option(
    viewer: &mut Viewer,
    ui: &mut egui::Ui,
    view: &View,
    spec: &'static OptionSpec,
    pairs: &[(&'static str, String)],
) {
    let values: Vec<String> = pairs.iter().filter(|(n, _)| *n == spec.name).map(|(_, v)| v.clone()).collect();
    let changed = !values.is_empty();
    let name = title(spec);
    let help = format!("{}\nDefault: {}\nOn the command line: --{}", spec.help, spec.default, spec.name);
    let mut set: Option<Vec<String>> = None;
    ui.horizontal(|ui| {
        if let OptionKind::Flag = spec.kind {
            let mut on = changed;
            if ui.checkbox(&mut on, name.as_str()).on_hover_text(&help).changed() {
                set = Some(if on { vec![String::new()] } else { Vec::new() });
            }
        } else {
            ui.label(name.as_str()).on_hover_text(&help);
        }
        if changed {
            ui.label(RichText::new("•").color(look::warn(ui)).strong()).on_hover_text("differs from the default");
            let reset = ui.small_button("↺").on_hover_text(format!("Back to the default: {}", spec.default));
            reset.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Reset {name}")));
            if reset.clicked() {
                set = Some(Vec::new());
            }
        }
    });
    match spec.kind {
        OptionKind::Flag => {}
        OptionKind::Choice(choices) => {
            let now = values.first().cloned();
            ui.horizontal(|ui| {
                ui.add_space(16.0);
                let shown = now.clone().unwrap_or_else(|| spec.default.to_owned());
                let combo =
                    egui::ComboBox::from_id_salt(spec.name).selected_text(shown).width(170.0).show_ui(ui, |ui| {
                        if ui.selectable_label(now.is_none(), spec.default).clicked() {
                            set = Some(Vec::new());
                        }
                        for choice in choices {
                            if ui.selectable_label(now.as_deref() == Some(*choice), *choice).clicked() {
                                set = Some(vec![(*choice).to_owned()]);
                            }
                        }
                    });
                let label = format!("{name}: {}", now.as_deref().unwrap_or(spec.default));
                combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
            });
        }
        _ => {
            // Several values: a line each.
            let joined = values.join("\n");
            let drafts = &mut viewer.screen.settings.drafts;
            let mut text = drafts.get(&(view.id, spec.name)).cloned().unwrap_or_else(|| joined.clone());
            let edit = ui
                .horizontal(|ui| {
                    ui.add_space(16.0);
                    let width = ui.available_width() - 8.0;
                    let rows = text.lines().count().clamp(1, 6);
                    if spec.repeatable && rows > 1 {
                        ui.add(egui::TextEdit::multiline(&mut text).desired_rows(rows).desired_width(width))
                    } else {
                        ui.add(super::look::field(&mut text).hint_text(hint(spec)).desired_width(width))
                    }
                })
                .inner;
            edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, &name));
            let edit = edit.on_hover_text(hint(spec));
            if edit.changed() {
                drafts.insert((view.id, spec.name), text.clone());
            }
            if edit.lost_focus() && text != joined {
                let lines: Vec<String> =
                    text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect();
                let mut trial = fa_plot::options::FigureOptions::default();
                match lines.iter().try_for_each(|value| trial.set(spec.name, value)) {
                    Ok(()) => {
                        drafts.remove(&(view.id, spec.name));
                        viewer.screen.settings.refused = None;
                        set = Some(lines);
                    }
                    Err(error) => viewer.screen.settings.refused = Some((spec.name, error.to_string())),
                }
            } else if edit.lost_focus() {
                drafts.remove(&(view.id, spec.name));
            }
            if let Some((of, why)) = &viewer.screen.settings.refused
                && *of == spec.name
            {
                ui.colored_label(look::error(ui), format!("⊗ {why}"));
            }
        }
    }
    if let Some(values) = set {
        viewer.screen.settings.drafts.remove(&(view.id, spec.name));
        viewer.screen.act(Action::SetOption(view.id, spec.name, values));
    }
}

fn hint(spec: &OptionSpec) -> String {
    let shape = match spec.kind {
        OptionKind::Bounds => "upper, or lower,upper",
        OptionKind::Pair => "from,to",
        OptionKind::Replacement => "from=to",
        OptionKind::Colours => "#rrggbb,…",
        OptionKind::Hidden => "file:series",
        OptionKind::Zoom => "panel:x0,x1,y0,y1",
        _ => "",
    };
    if shape.is_empty() { spec.default.to_owned() } else { format!("{} ({shape})", spec.default) }
}
