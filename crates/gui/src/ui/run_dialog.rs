//! Running a test: what, against whom, how long, where to. [`super::run_check`] shows what would happen.

use std::path::PathBuf;

use eframe::egui::{self, RichText};
use fa_measure::plan::Plan;

use super::dialogs::name_number;
use super::{Viewer, look, run_check};
use crate::state::planned;
use crate::state::{Action, RunRequest};

/// What is filled in.
#[derive(Debug)]
pub(crate) struct RunDialog {
    search: String,
    /// What is run, but for what people type as one text.
    run: RunRequest,
    hosts: String,
    params: String,
    folder: String,
    key: String,
    /// Name of a preset to be.
    name: String,
    planned: Option<(RunRequest, Result<Plan, String>)>,
    /// The list of tests is open.
    listing: bool,
    /// Show every flow and probe of the plan.
    pub(super) details: bool,
    /// Show what the file would hold.
    pub(super) stored: bool,
    pub(super) stored_search: String,
}

impl Default for RunDialog {
    fn default() -> Self {
        Self {
            search: String::new(),
            run: RunRequest { test: "rrul".to_owned(), ..RunRequest::default() },
            hosts: "localhost".to_owned(),
            params: String::new(),
            folder: String::new(),
            key: String::new(),
            name: String::new(),
            planned: None,
            listing: false,
            details: false,
            stored: false,
            stored_search: String::new(),
        }
    }
}

impl RunDialog {
    pub(super) fn begin(&mut self, host: Option<String>) {
        if let Some(host) = host {
            self.hosts = host;
        }
    }

    pub(super) fn open(&mut self, folder: &std::path::Path) {
        if self.folder.is_empty() {
            self.folder = folder.display().to_string();
        }
    }

    /// Fills in a host and shows all that is known before the start; the run to ask about.
    pub(super) fn check(&mut self, host: &str) -> Option<RunRequest> {
        host.clone_into(&mut self.hosts);
        (self.details, self.stored) = (true, true);
        self.request().ok()
    }

    /// Takes over a run that was saved or made before; the folder stays.
    fn fill(&mut self, run: &RunRequest) {
        self.hosts = run.hosts.join(", ");
        let pairs: Vec<String> = run.params.iter().map(|(key, value)| format!("{key}={value}")).collect();
        self.params = pairs.join("; ");
        self.key = run.key.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        self.run = run.clone();
    }

    fn request(&self) -> Result<RunRequest, String> {
        let hosts: Vec<String> = self.hosts.split([',', ' ']).filter(|h| !h.is_empty()).map(str::to_owned).collect();
        if hosts.is_empty() {
            return Err("which host? One that runs `fa serve`; localhost starts its own".to_owned());
        }
        let folder = PathBuf::from(self.folder.trim());
        if !folder.is_dir() {
            return Err(format!("there is no folder {}", folder.display()));
        }
        let mut params = Vec::new();
        for pair in self.params.split([';', '\n']).map(str::trim).filter(|p| !p.is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| format!("{pair}: parameters are KEY=VALUE"))?;
            params.push((key.trim().to_owned(), value.trim().to_owned()));
        }
        let key = Some(self.key.trim()).filter(|key| !key.is_empty()).map(PathBuf::from);
        let title = self.run.title.trim().to_owned();
        Ok(RunRequest { hosts, title, params, folder, key, ..self.run.clone() })
    }
}

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(measurer) = viewer.options.measurer.clone() else {
        ui.label("This program was built without measuring.");
        return;
    };
    presets(viewer, ui);
    form(viewer, ui);
    let dialog = &mut viewer.screen.run;
    let request = dialog.request();
    // Planning is a dry run: it says what is wrong before anything is sent.
    let plan = match &request {
        Err(why) => Err(why.clone()),
        Ok(request) => match &dialog.planned {
            Some((planned, plan)) if planned == request => plan.clone(),
            _ => {
                let plan = measurer.plan(request);
                dialog.planned = Some((request.clone(), plan.clone()));
                plan
            }
        },
    };
    if let Some((asked, why)) = &viewer.state.not_run
        && request.as_ref().is_ok_and(|request| *request == **asked)
    {
        ui.add(egui::Label::new(RichText::new(format!("⊗ not measured: {why}")).color(look::error(ui))).wrap());
    }
    match &plan {
        Ok(plan) => {
            ui.label(format!("✔ {}", planned::summary(plan)));
            for line in planned::volume(plan) {
                ui.label(RichText::new(line).weak());
            }
            for note in &plan.notes {
                ui.colored_label(look::warn(ui), format!("⚠ {note}"));
            }
        }
        Err(why) => {
            ui.colored_label(look::error(ui), format!("⊗ {why}"));
        }
    }
    let running = viewer.state.running.is_some();
    ui.horizontal(|ui| {
        let start = ui.add_enabled(plan.is_ok() && !running, egui::Button::new(RichText::new("Start").strong()));
        if start.on_disabled_hover_text(if running { "a test is running already" } else { "see above" }).clicked()
            && let Ok(request) = &request
        {
            viewer.screen.dialog = None;
            let dir = viewer.options.state_dir.as_deref();
            let kept = super::recent_runs::remember(&mut viewer.recent_runs, request, dir);
            if let Some(job) = kept {
                viewer.workers.give(job);
            }
            viewer.screen.act(Action::StartRun(Box::new(request.clone())));
        }
        let text = "A run can be stopped and kept; what was measured is in a journal from the first second.";
        ui.label(RichText::new(text).weak().small());
    });
    ui.separator();
    if let (Ok(plan), Ok(request)) = (&plan, &request) {
        run_check::show(viewer, ui, plan, request);
    }
}

/// Runs with a name, and those made lately.
fn presets(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let mut chosen = None;
    let mut prefs = viewer.state.prefs.clone();
    ui.horizontal(|ui| {
        ui.menu_button("Saved runs", |ui| {
            if prefs.runs.is_empty() {
                ui.label("none yet: fill in the form and save it under a name");
            }
            let mut gone = None;
            for (n, preset) in prefs.runs.iter().enumerate() {
                ui.horizontal(|ui| {
                    if ui.button(&preset.name).on_hover_text(line(&preset.run)).clicked() {
                        chosen = Some(preset.run.clone());
                        viewer.screen.run.name.clone_from(&preset.name);
                        ui.close();
                    }
                    let delete = ui.small_button("✖").on_hover_text("Forget it");
                    let named = format!("Forget the run {}", preset.name);
                    delete.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &named));
                    if delete.clicked() {
                        gone = Some(n);
                    }
                });
            }
            if let Some(n) = gone {
                prefs.runs.remove(n);
            }
        });
        ui.menu_button("Recent runs", |ui| {
            if viewer.recent_runs.is_empty() {
                ui.label("none yet");
            }
            for run in &viewer.recent_runs {
                if ui.button(line(run)).clicked() {
                    chosen = Some(run.clone());
                    ui.close();
                }
            }
        });
        let name = super::look::field(&mut viewer.screen.run.name).hint_text("name").desired_width(120.0);
        ui.add(name).widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Name of the saved run"));
        let name = viewer.screen.run.name.trim().to_owned();
        let request = viewer.screen.run.request();
        let known = prefs.runs.iter().any(|preset| preset.name == name);
        let text = if known { "Save over it" } else { "Save" };
        let save = ui.add_enabled(!name.is_empty() && request.is_ok(), egui::Button::new(text));
        save.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Save the run under this name"));
        if save.on_hover_text("Test, hosts and options, in the preferences").clicked()
            && let Ok(request) = &request
        {
            prefs.save_run(&name, request);
        }
    });
    if let Some(run) = chosen {
        viewer.screen.run.fill(&run);
    }
    if prefs != viewer.state.prefs {
        viewer.screen.act(Action::SetPrefs(Box::new(prefs)));
    }
}

/// `rrul 10.0.0.1, 60 s, "title"`
fn line(run: &RunRequest) -> String {
    let title = if run.title.is_empty() { String::new() } else { format!(", “{}”", run.title) };
    fa_plot::text::one_line(&format!("{} {}, {} s{title}", run.test, run.hosts.join(" "), run.length_secs))
}

/// A field for whole seconds.
fn whole(value: &mut f64, range: std::ops::RangeInclusive<f64>) -> egui::DragValue<'_> {
    egui::DragValue::new(value).range(range).speed(0.5).fixed_decimals(0)
}

fn form(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let tests = viewer.catalog.tests();
    let dialog = &mut viewer.screen.run;
    egui::Grid::new("run").striped(false).num_columns(2).spacing([10.0, 6.0]).show(ui, |ui| {
        ui.label("Test");
        let combo = egui::ComboBox::from_id_salt("test")
            .selected_text(&dialog.run.test)
            .width(340.0)
            .height(380.0)
            .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
            .show_ui(ui, |ui| {
                let edit = ui.add(super::look::field(&mut dialog.search).hint_text("search tests…"));
                edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search tests"));
                // What is typed next is looked for; Enter takes the first that is found.
                if !dialog.listing {
                    edit.request_focus();
                }
                let mut enter = edit.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
                let search = dialog.search.to_lowercase();
                // Those that are called so come before those that are only described so.
                let mut found: Vec<_> = tests
                    .iter()
                    .map(|test| (test, format!("{}  ({})", test.name, test.purpose)))
                    .filter(|(_, text)| text.to_lowercase().contains(&search))
                    .collect();
                found.sort_by_key(|(test, _)| (test.name != search, !test.name.contains(&search)));
                for (test, text) in found {
                    let button = egui::Button::selectable(test.name == dialog.run.test, text).truncate();
                    if ui.add(button).clicked() || std::mem::take(&mut enter) {
                        dialog.run.test.clone_from(&test.name);
                        ui.close();
                    }
                }
            });
        if std::mem::replace(&mut dialog.listing, combo.inner.is_some()) && !dialog.listing {
            dialog.search.clear();
            // What had the keyboard is gone.
            combo.response.request_focus();
        }
        let named = format!("Test: {}", dialog.run.test);
        combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &named));
        ui.end_row();
        let text = |ui: &mut egui::Ui, label: &str, value: &mut String, hint: &str| {
            ui.label(label);
            let edit = ui.add(super::look::field(value).hint_text(hint.to_owned()).desired_width(340.0));
            edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, label));
            ui.end_row();
        };
        text(ui, "Hosts", &mut dialog.hosts, "host, host:port, …");
        text(ui, "Title", &mut dialog.run.title, "part of the file's name and of legends");
        ui.label("Seconds");
        ui.horizontal(|ui| {
            let run = &mut dialog.run;
            ui.label("load");
            let length = ui.add(whole(&mut run.length_secs, 1.0..=86_400.0));
            name_number(&length, "Seconds of load", run.length_secs);
            ui.label("idle before and after");
            let delay = ui.add(whole(&mut run.delay_secs, 0.0..=3600.0));
            name_number(&delay, "Seconds idle before and after", run.delay_secs);
            // Whole seconds, as the test's plan has them.
            (run.length_secs, run.delay_secs) = (run.length_secs.round(), run.delay_secs.round());
            ui.label("step");
            let step = ui.add(egui::DragValue::new(&mut run.step_secs).range(0.001..=60.0).speed(0.01));
            name_number(&step, "Seconds per step", run.step_secs);
        });
        ui.end_row();
        text(ui, "Parameters", &mut dialog.params, "tcp_cong_control=cubic; …");
        text(ui, "Folder", &mut dialog.folder, "");
        text(ui, "Key file", &mut dialog.key, "only for servers that want a key");
        ui.label("Privacy");
        ui.vertical(|ui| {
            let run = &mut dialog.run;
            ui.checkbox(&mut run.extended, "store addresses, gateways and MAC addresses, too");
            ui.checkbox(&mut run.redact, "store no names, addresses or commands: placeholders take their places");
        });
        ui.end_row();
    });
}
