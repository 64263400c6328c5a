//! Runs made lately, to be made again: kept beside the recent files.

use std::path::{Path, PathBuf};

use crate::state::RunRequest;
use crate::work::Job;

/// Runs remembered.
const REMEMBERED: usize = 10;

fn file(dir: &Path) -> PathBuf {
    dir.join("runs.json")
}

/// Runs made lately, newest first; none where nothing is kept.
pub(super) fn read(dir: Option<&Path>) -> Vec<RunRequest> {
    let text = dir.and_then(|dir| std::fs::read_to_string(file(dir)).ok());
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Remembers a run; what is to be written, where anything is kept.
pub(super) fn remember(recent: &mut Vec<RunRequest>, run: &RunRequest, dir: Option<&Path>) -> Option<Job> {
    recent.retain(|known| known != run);
    recent.insert(0, run.clone());
    recent.truncate(REMEMBERED);
    let text = serde_json::to_string_pretty(recent).ok()?;
    Some(Job::Keep(file(dir?), text))
}
