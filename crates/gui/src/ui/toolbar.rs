//! The row above a figure: which plot, and what people change most.

use eframe::egui::{self, RichText};
use fa_plot::options::ColourBy;

use super::drawers::Room;
use super::{Viewer, look};
use crate::state::library::PlotInfo;
use crate::state::{Action, View, ViewId};

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui, id: ViewId) {
    let Some(view) = viewer.state.workspace.view(id).cloned() else { return };
    // Where several rows of buttons would leave no room for the figure, one row is scrolled.
    if viewer.screen.room == Room::Tiny || ui.available_height() < 160.0 {
        let scroll = egui::ScrollArea::horizontal().id_salt(("toolbar", id)).auto_shrink([false, true]);
        scroll.show(ui, |ui| ui.horizontal(|ui| row(viewer, ui, &view)));
    } else {
        ui.horizontal_wrapped(|ui| row(viewer, ui, &view));
    }
    explain(viewer, ui, &view);
}

fn row(viewer: &mut Viewer, ui: &mut egui::Ui, view: &View) {
    let id = view.id;
    super::plots::show(viewer, ui, view);
    let flag = |ui: &mut egui::Ui, text: &str, help: &str, on: bool| {
        ui.add(egui::Button::selectable(on, text)).on_hover_text(help).clicked()
    };
    let set = |name: &'static str, on: bool, value: &str| {
        Action::SetOption(id, name, if on { Vec::new() } else { vec![value.to_owned()] })
    };
    let o = view.options.clone();
    if flag(ui, "log", "Logarithmic values (L)", o.log_scale_y.is_some()) {
        viewer.screen.act(set("log-scale-y", o.log_scale_y.is_some(), "log10"));
    }
    if flag(ui, "from 0", "Values from zero (Z)", o.zero_y) {
        viewer.screen.act(set("zero-y", o.zero_y, ""));
    }
    if flag(ui, "time of day", "Wall-clock time on the x axis (T)", o.absolute_time) {
        viewer.screen.act(set("absolute-time", o.absolute_time, ""));
    }
    if flag(ui, "= scale", "Same scale as other views of this plot (=)", view.same_scale) {
        viewer.screen.act(Action::ToggleSameScale(id));
    }
    if flag(ui, "linked", "Time axis moves together with other views", view.linked) {
        viewer.screen.act(Action::ToggleLink(id));
    }
    if view.docs.len() > 1 {
        combine(viewer, ui, view);
        let by_file = o.colour_by == Some(ColourBy::File);
        if flag(
            ui,
            "colour by file",
            "Colours tell files apart and line patterns series, or the other way round",
            by_file,
        ) {
            viewer.screen.act(set("colour-by", by_file, "file"));
        }
    }
    if ui.button("fit").on_hover_text("Show everything (0, or double click)").clicked() {
        viewer.screen.act(Action::Fit(id));
    }
    if ui.button("Save…").on_hover_text("Save the figure as it is (Ctrl+S)").clicked() {
        viewer.screen.act(Action::Focus(id));
        viewer.ask(crate::state::commands::Dialog::SaveFigure);
    }
    let hidden = view.hidden.len();
    if hidden > 0 && ui.button(format!("{hidden} hidden: show all")).clicked() {
        viewer.screen.act(Action::ShowAllSeries(id));
    }
    live(viewer, ui, view);
    if viewer.figures.is_waiting(id) {
        ui.label(RichText::new("drawing…").weak());
    }
}

/// Overlay, a panel each, one after the other in time, or in turn.
fn combine(viewer: &mut Viewer, ui: &mut egui::Ui, view: &View) {
    let o = &view.options;
    let only = view.only.and_then(|only| view.docs.iter().position(|doc| *doc == only));
    let now = match (o.concatenate, o.subplot_combine, o.scale_mode, only) {
        (_, _, _, Some(n)) => format!("file {} of {}", n + 1, view.docs.len()),
        (true, ..) => "joined in time".to_owned(),
        (_, true, ..) => "a panel each".to_owned(),
        (_, _, true, _) => "first only, same scale".to_owned(),
        _ => "overlay".to_owned(),
    };
    let set = |name: &'static str, on: bool| {
        Action::SetOption(view.id, name, if on { vec![String::new()] } else { Vec::new() })
    };
    let choices: [(&str, [bool; 3]); 4] = [
        ("overlay", [false, false, false]),
        ("a panel each", [false, true, false]),
        ("joined in time", [true, false, false]),
        ("first only, same scale", [false, false, true]),
    ];
    let combo = egui::ComboBox::from_id_salt(("combine", view.id)).selected_text(&now).show_ui(ui, |ui| {
        for (name, [join, panels, scale]) in choices {
            if ui.selectable_label(now == name, name).clicked() {
                viewer.screen.act(set("concatenate", join));
                viewer.screen.act(set("subplot-combine", panels));
                viewer.screen.act(set("scale-mode", scale));
            }
        }
        if ui.selectable_label(view.only.is_some(), "one after the other (B)").clicked() {
            viewer.screen.act(Action::Flip(view.id));
        }
    });
    combo
        .response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Combine files: {now}")));
}

/// The run that this view shows, if it is still being measured.
fn live(viewer: &mut Viewer, ui: &mut egui::Ui, view: &View) {
    let Some(run) = viewer.state.running.clone().filter(|run| view.docs.contains(&run.doc)) else { return };
    if !run.stopping && !view.follow && ui.button("Follow the run again").clicked() {
        viewer.screen.act(Action::Follow(view.id, true));
    }
}

/// Why not everything that is ticked can be seen, and what would show all of it.
fn explain(viewer: &mut Viewer, ui: &mut egui::Ui, view: &View) {
    let Some(plot) = viewer.state.plot_of(view) else { return };
    let loaded: Vec<_> =
        view.docs.iter().filter_map(|doc| Some((*doc, viewer.state.library.loaded(*doc)?.clone()))).collect();
    let Some((_, first)) = loaded.first() else { return };
    let lacks = |l: &crate::state::Loaded| match l.plot(&plot) {
        Some(info) => !info.drawable,
        None => !draws_any(l, first, &plot),
    };
    let odd: Vec<_> = loaded.iter().filter(|(_, l)| lacks(l)).collect();
    if odd.is_empty() {
        return;
    }
    let names: Vec<String> = odd
        .iter()
        .filter_map(|(doc, l)| {
            let doc = viewer.state.library.get(*doc)?;
            Some(format!("{} (test {})", fa_plot::text::one_line(&doc.title()), l.expanded.name))
        })
        .collect();
    ui.horizontal_wrapped(|ui| {
        let text = format!("⚠ {} has none of the series of {plot}.", names.join(", "));
        ui.label(RichText::new(text).color(look::warn(ui)));
        let common = first.plots.iter().filter(|p| p.drawable && p.name != plot).filter(|p| {
            loaded[1..]
                .iter()
                .all(|(_, l)| l.plot(&p.name).map_or_else(|| draws_any(l, first, &p.name), |i| i.drawable))
        });
        let common: Vec<&PlotInfo> = common.take(4).collect();
        if common.is_empty() {
            ui.label("No plot of the first file's test can show all of them.");
        } else {
            ui.label("Plots that show all:");
            for plot in common {
                if ui.button(&plot.name).on_hover_text(&plot.description).clicked() {
                    viewer.screen.act(Action::SetPlot(view.id, plot.name.clone()));
                }
            }
        }
    });
}

/// Whether a file of another test has a series that a plot of the first file's test draws.
fn draws_any(loaded: &crate::state::Loaded, first: &crate::state::Loaded, plot: &str) -> bool {
    let plots = &first.expanded.plots;
    let Some(def) = plots.get(plot) else { return false };
    let subs = def.subplots.iter().filter_map(|name| plots.get(name));
    let mut series = std::iter::once(def).chain(subs).flat_map(|def| &def.series);
    series.any(|s| loaded.set.series.contains_key(&s.data))
}
