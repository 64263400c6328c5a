//! Runs of the watched folder, whoever makes them: what is being measured, what is done, what was cut short.

use eframe::egui::{self, RichText};

use super::{Viewer, look};
use crate::state::commands::Dialog;
use crate::state::monitor::{Seen, Stage};
use crate::state::{Action, DocId};

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let monitor = viewer.state.monitor.clone();
    ui.horizontal_wrapped(|ui| {
        match (&viewer.state.watched, &monitor) {
            (None, _) => {
                ui.label("No folder is watched: its runs would be listed here, whoever makes them.");
            }
            (Some(folder), None) => {
                ui.label(format!("Looking at {}…", folder.display()));
            }
            (Some(folder), Some(monitor)) => {
                let text = format!("{}: {}", folder.display(), monitor.summary());
                ui.add(egui::Label::new(RichText::new(text).strong()).truncate());
            }
        }
        if ui.button("Watch a folder…").clicked() {
            viewer.ask(Dialog::Watch);
        }
        if viewer.state.watched.is_some() && ui.button("Stop watching").clicked() {
            viewer.screen.act(Action::WatchFolder(None));
        }
    });
    let Some(monitor) = monitor else { return };
    egui::ScrollArea::both().id_salt("runs").auto_shrink(false).show(ui, |ui| {
        egui::Grid::new("runs").num_columns(9).striped(true).spacing([12.0, 3.0]).show(ui, |ui| {
            for heading in ["", "State", "Test", "Hosts", "Title", "Began (UTC)", "Done", "Last heard", "Now"] {
                ui.label(RichText::new(heading).strong());
            }
            ui.end_row();
            for run in &monitor.runs {
                row(viewer, ui, run);
                ui.end_row();
            }
        });
        if monitor.more > 0 {
            ui.label(format!("and {} older ones", monitor.more));
        }
    });
}

/// The file of a run, if it is open: by its path, or because this window measures it.
fn open_as(viewer: &Viewer, run: &Seen) -> Option<DocId> {
    let by_path = viewer.state.workspace.files.iter().find(|file| file.path == run.data).map(|file| file.id);
    by_path.or_else(|| {
        let own = viewer.state.running.as_ref()?.doc;
        let id = viewer.state.library.get(own)?.metadata.as_deref()?.get("RUN_ID")?.as_str()?;
        (!run.run_id.is_empty() && id == run.run_id).then_some(own)
    })
}

fn row(viewer: &mut Viewer, ui: &mut egui::Ui, run: &Seen) {
    let name = run.data.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let doc = open_as(viewer, run);
    let shown = doc.is_some_and(|doc| viewer.state.workspace.focused().is_some_and(|view| view.docs.contains(&doc)));
    let can = matches!(run.stage, Stage::Running | Stage::Done | Stage::Partly(_));
    let mut ticked = shown;
    let tick = ui.add_enabled(can, egui::Checkbox::without_text(&mut ticked));
    let named = format!("Show the run {name}");
    tick.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, can, shown, &named));
    if tick.on_hover_text("Show it; one that is being measured grows").changed() {
        viewer.screen.act(match doc {
            Some(doc) => Action::Tick(doc),
            None if run.stage == Stage::Running => Action::FollowRun(run.data.clone()),
            None => Action::ShowPath(run.data.clone()),
        });
    }
    let state = RichText::new(run.stage.text());
    let state = match run.stage {
        Stage::Running => state.strong(),
        Stage::Done => state,
        Stage::Partly(_) | Stage::CutShort => state.color(look::warn(ui)),
        Stage::Unreadable(_) => state.color(look::error(ui)),
    };
    let label = ui.add(egui::Label::new(state).extend());
    if let Stage::Unreadable(why) = &run.stage {
        label.on_hover_text(why);
    }
    let cell = |ui: &mut egui::Ui, text: &str| {
        let text: String = fa_plot::text::one_line(text).chars().take(60).collect();
        ui.add(egui::Label::new(text).extend());
    };
    cell(ui, &run.test);
    cell(ui, &run.hosts.join(", "));
    cell(ui, if run.title.is_empty() { &name } else { &run.title });
    let began = run.started_unix.and_then(|unix| jiff::Timestamp::from_second(unix as i64).ok());
    cell(ui, &began.map_or("–".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string()));
    match run.stage {
        Stage::Running | Stage::CutShort if run.planned_secs > 0.0 => {
            let share = (run.elapsed_secs / run.planned_secs).clamp(0.0, 1.0) as f32;
            let text = format!("{:.0}/{:.0} s", run.elapsed_secs, run.planned_secs);
            ui.add(egui::ProgressBar::new(share).desired_width(90.0).text(text));
        }
        _ => cell(ui, &format!("{:.0} s", run.planned_secs)),
    }
    match run.stage {
        Stage::Running | Stage::CutShort => cell(ui, &age(run.quiet_secs)),
        _ => cell(ui, ""),
    }
    match &run.stage {
        Stage::Running => cell(ui, &run.line),
        Stage::CutShort => {
            let command = run.recover();
            ui.horizontal(|ui| {
                ui.add(egui::Label::new(RichText::new(&command).monospace()).extend());
                let copy = ui.small_button("Copy");
                copy.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Copy {command}")));
                if copy.clicked() {
                    ui.ctx().copy_text(command.clone());
                }
            });
        }
        Stage::Unreadable(why) => cell(ui, why),
        Stage::Partly(_) | Stage::Done => cell(ui, &name),
    }
}

/// Seconds for people, coarse.
fn age(secs: f64) -> String {
    match secs {
        s if s < 60.0 => format!("{s:.0} s ago"),
        s if s < 3600.0 => format!("{:.0} min ago", s / 60.0),
        s if s < 86_400.0 => format!("{:.0} h ago", s / 3600.0),
        s => format!("{:.0} days ago", s / 86_400.0),
    }
}
