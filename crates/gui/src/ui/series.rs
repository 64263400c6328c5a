//! The series of the focused view: show, hide, isolate; what each has.

use eframe::egui::{self, RichText};

use super::Viewer;
use crate::state::Action;

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(view) = viewer.state.workspace.focused().cloned() else {
        ui.label("no view");
        return;
    };
    ui.horizontal(|ui| {
        let filter = &mut viewer.screen.series_filter;
        let edit = ui.add(super::look::field(filter).hint_text("filter series…").desired_width(120.0));
        edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Filter series"));
        let hidden = !view.hidden.is_empty() || view.only.is_some();
        if ui.add_enabled(hidden, egui::Button::new("Show all")).clicked() {
            viewer.screen.act(Action::ShowAllSeries(view.id));
        }
    });
    let filter = viewer.screen.series_filter.to_lowercase();
    let names = viewer.state.series_of(view.id);
    let several = view.docs.len() > 1;
    egui::ScrollArea::vertical().id_salt("series-list").auto_shrink(false).show(ui, |ui| {
        for name in names.iter().filter(|name| name.to_lowercase().contains(&filter)) {
            for doc in &view.docs {
                let Some(known) = viewer.state.library.get(*doc) else { continue };
                let rows = known.summary.iter().flat_map(|s| &s.rows);
                let row = rows.into_iter().find(|row| row.series == *name);
                let mut shown = view.shows(name, *doc);
                let before = shown;
                let title = if several {
                    format!("{name} — {}", fa_plot::text::one_line(&known.title()))
                } else {
                    name.clone()
                };
                let facts = row.map_or("no data".to_owned(), |row| {
                    let median = row.p50.map_or("–".to_owned(), fa_analyze::summary::short);
                    format!("median {median} {}, {} values", row.unit, row.n)
                });
                ui.horizontal(|ui| {
                    let response = ui.checkbox(&mut shown, "");
                    let label = format!("Series {title}, {facts}{}", if before { "" } else { ", hidden" });
                    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, before, &label));
                    if response.has_focus() {
                        for (key, by) in [(egui::Key::ArrowUp, -1), (egui::Key::ArrowDown, 1)] {
                            if ui.input_mut(|i| i.consume_key(egui::Modifiers::ALT, key)) {
                                viewer.screen.act(Action::MoveSeries(view.id, name.clone(), by));
                            }
                        }
                    }
                    if response.changed() {
                        let alt = ui.input(|i| i.modifiers.alt);
                        viewer.screen.act(if alt {
                            Action::Isolate(view.id, name.clone(), Some(*doc))
                        } else {
                            Action::ToggleSeries(view.id, name.clone(), Some(*doc))
                        });
                    }
                    let text = RichText::new(&title);
                    let text = if before { text } else { text.weak().strikethrough() };
                    let label = ui.add(egui::Label::new(text).truncate().sense(egui::Sense::CLICK));
                    let label = label.on_hover_text(format!(
                        "{title}\n{facts}\nclick: show or hide; Alt+click: alone; Alt+Up, Alt+Down: order"
                    ));
                    if label.clicked() {
                        let alt = ui.input(|i| i.modifiers.alt);
                        viewer.screen.act(if alt {
                            Action::Isolate(view.id, name.clone(), Some(*doc))
                        } else {
                            Action::ToggleSeries(view.id, name.clone(), Some(*doc))
                        });
                    }
                    if label.double_clicked() {
                        viewer.screen.act(Action::Isolate(view.id, name.clone(), Some(*doc)));
                    }
                });
            }
        }
    });
}
