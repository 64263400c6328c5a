//! "What is this file?": a card with what is known of a file before it is opened.

use std::path::PathBuf;

use eframe::egui::{self, RichText};

use super::Viewer;
use crate::state::Action;
use crate::work::Job;

/// The file asked about, and the answer once it is there.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    path: PathBuf,
    facts: Option<Vec<String>>,
}

/// Asks about a file; the card is shown with the answer.
pub(super) fn ask(viewer: &mut Viewer, path: PathBuf) {
    viewer.screen.asked = Some(Asked { path: path.clone(), facts: None });
    viewer.workers.give(Job::Identify(path));
}

/// An answer has come.
pub(super) fn arrived(viewer: &mut Viewer, path: &PathBuf, facts: Vec<String>) {
    if let Some(asked) = viewer.screen.asked.as_mut().filter(|asked| asked.path == *path) {
        asked.facts = Some(facts);
    }
}

pub(super) fn show(viewer: &mut Viewer, context: &egui::Context) {
    let Some(asked) = &viewer.screen.asked else { return };
    let (path, facts) = (asked.path.clone(), asked.facts.clone());
    let mut open = true;
    let (mut opened, mut closed) = (false, false);
    egui::Window::new("What is this file?")
        .id(egui::Id::unique("identify"))
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .anchor(egui::Align2::CENTER_CENTER, egui::Vec2::ZERO)
        .default_width(460.0)
        .show(context, |ui| {
            ui.add(egui::Label::new(RichText::new(path.display().to_string()).monospace().small()).wrap());
            ui.separator();
            let Some(facts) = &facts else {
                ui.label("Reading…");
                return;
            };
            for (i, fact) in facts.iter().enumerate() {
                let text = RichText::new(fact);
                ui.add(egui::Label::new(if i == 0 { text.strong() } else { text }).wrap());
            }
            ui.separator();
            ui.horizontal(|ui| {
                opened = ui.button("Open it").clicked();
                if ui.button("Close").clicked() {
                    closed = true;
                }
            });
        });
    if opened {
        viewer.screen.act(Action::Open(vec![path]));
    }
    if !open || opened || closed {
        viewer.screen.asked = None;
    }
}
