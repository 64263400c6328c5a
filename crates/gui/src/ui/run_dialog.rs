//! Running a test: what, against whom, how long, where to.

use std::path::PathBuf;

use eframe::egui::{self, RichText};

use super::{Viewer, look};
use crate::state::{Action, RunRequest};

/// What is filled in.
#[derive(Debug)]
pub(crate) struct RunDialog {
    search: String,
    test: String,
    hosts: String,
    title: String,
    length: f64,
    delay: f64,
    step: f64,
    params: String,
    folder: String,
    extended: bool,
    checked: Option<(RunRequest, Result<String, String>)>,
}

impl Default for RunDialog {
    fn default() -> Self {
        Self {
            search: String::new(),
            test: "rrul".to_owned(),
            hosts: "localhost".to_owned(),
            title: String::new(),
            length: 60.0,
            delay: 5.0,
            step: 0.2,
            params: String::new(),
            folder: String::new(),
            extended: false,
            checked: None,
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
        Ok(RunRequest {
            test: self.test.clone(),
            hosts,
            title: self.title.trim().to_owned(),
            length_secs: self.length,
            delay_secs: self.delay,
            step_secs: self.step,
            params,
            folder,
            extended: self.extended,
            ..RunRequest::default()
        })
    }
}

pub(super) fn show(viewer: &mut Viewer, ui: &mut egui::Ui) {
    let Some(measurer) = viewer.options.measurer.clone() else {
        ui.label("This program was built without measuring.");
        return;
    };
    let tests = viewer.catalog.tests();
    let dialog = &mut viewer.screen.run;
    egui::Grid::new("run").num_columns(2).spacing([10.0, 6.0]).show(ui, |ui| {
        ui.label("Test");
        let combo = egui::ComboBox::from_id_salt("test")
            .selected_text(&dialog.test)
            .width(340.0)
            .height(380.0)
            .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
            .show_ui(ui, |ui| {
                let edit = ui.add(egui::TextEdit::singleline(&mut dialog.search).hint_text("search tests…"));
                edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search tests"));
                let search = dialog.search.to_lowercase();
                for test in &tests {
                    let text = format!("{}  ({})", test.name, test.purpose);
                    if !text.to_lowercase().contains(&search) {
                        continue;
                    }
                    if ui.add(egui::Button::selectable(test.name == dialog.test, text).truncate()).clicked() {
                        dialog.test.clone_from(&test.name);
                        ui.close();
                    }
                }
            });
        combo
            .response
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Test: {}", dialog.test)));
        ui.end_row();
        let text = |ui: &mut egui::Ui, label: &str, value: &mut String, hint: &str| {
            ui.label(label);
            let edit = ui.add(egui::TextEdit::singleline(value).hint_text(hint.to_owned()).desired_width(340.0));
            edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, label));
            ui.end_row();
        };
        text(ui, "Hosts", &mut dialog.hosts, "host, host:port, …");
        text(ui, "Title", &mut dialog.title, "part of the file's name and of legends");
        ui.label("Seconds");
        ui.horizontal(|ui| {
            ui.label("load");
            ui.add(egui::DragValue::new(&mut dialog.length).range(1.0..=86_400.0).speed(1.0));
            ui.label("idle before and after");
            ui.add(egui::DragValue::new(&mut dialog.delay).range(0.0..=3600.0).speed(0.5));
            ui.label("step");
            ui.add(egui::DragValue::new(&mut dialog.step).range(0.001..=60.0).speed(0.01));
        });
        ui.end_row();
        text(ui, "Parameters", &mut dialog.params, "tcp_cong_control=cubic; …");
        text(ui, "Folder", &mut dialog.folder, "");
        ui.label("Privacy");
        ui.vertical(|ui| {
            ui.checkbox(&mut dialog.extended, "store addresses, gateways and MAC addresses, too");
            let stored = "Stored: host names, kernel, interfaces, queues, drivers and settings of both ends.";
            ui.label(RichText::new(stored).weak().small());
        });
        ui.end_row();
    });
    let request = dialog.request();
    // Planning is a dry run: it says what is wrong before anything is sent.
    let verdict = match &request {
        Err(why) => Err(why.clone()),
        Ok(request) => match &dialog.checked {
            Some((checked, verdict)) if checked == request => verdict.clone(),
            _ => {
                let verdict = measurer.plan(request).map(|plan| {
                    format!(
                        "{} flows and {} probes, {:.0} s in all",
                        plan.flows.len(),
                        plan.probes.len(),
                        plan.total_length().as_secs_f64()
                    )
                });
                dialog.checked = Some((request.clone(), verdict.clone()));
                verdict
            }
        },
    };
    match &verdict {
        Ok(text) => ui.label(format!("✔ {text}")),
        Err(why) => ui.colored_label(look::error(ui), format!("⊗ {why}")),
    };
    let running = viewer.state.running.is_some();
    let start = ui.add_enabled(verdict.is_ok() && !running, egui::Button::new(RichText::new("Start").strong()));
    if start.on_disabled_hover_text(if running { "a test is running already" } else { "see above" }).clicked()
        && let Ok(request) = request
    {
        viewer.screen.dialog = None;
        viewer.screen.act(Action::StartRun(Box::new(request)));
    }
}
