//! Runs of a folder, whoever makes them: those being measured, those that are done, and those that were cut short.

use std::path::{Path, PathBuf};

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Its journal grows.
    Running,
    /// Its journal is there and does not grow: the program that made it is gone, or was told to stop.
    CutShort,
    /// Its data file is there, and something of it failed.
    Partly(u64),
    /// There is something with its name that cannot be read; why.
    Unreadable(String),
    /// Its data file is there.
    Done,
}

impl Stage {
    /// A sign and a word; neither means anything by its colour alone.
    pub fn text(&self) -> String {
        match self {
            Self::Running => "● measuring".to_owned(),
            Self::CutShort => "◌ cut short".to_owned(),
            Self::Partly(n) => format!("⚠ done, {n} failed"),
            Self::Unreadable(_) => "⊗ unreadable".to_owned(),
            Self::Done => "✔ done".to_owned(),
        }
    }
}

/// A run of the folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its data file, there or to be.
    pub data: PathBuf,
    /// How far it is.
    pub stage: Stage,
    /// Test; empty while unknown.
    pub test: String,
    /// Far ends.
    pub hosts: Vec<String>,
    /// Title.
    pub title: String,
    /// When it began, Unix seconds.
    pub started_unix: Option<f64>,
    /// Seconds measured so far.
    pub elapsed_secs: f64,
    /// Seconds planned.
    pub planned_secs: f64,
    /// Seconds since anything was heard of it.
    pub quiet_secs: f64,
    /// What it measures now.
    pub line: String,
    /// Names the run; empty while unknown.
    pub run_id: String,
}

impl Seen {
    /// The journal of a run that has no data file yet.
    pub fn journal(&self) -> PathBuf {
        journal_of(&self.data)
    }

    /// The command that makes a data file of a journal.
    pub fn recover(&self) -> String {
        format!("fa recover {}", super::action::quoted(&self.journal().display().to_string()))
    }
}

/// The journal beside a data file.
pub fn journal_of(data: &Path) -> PathBuf {
    let mut name = data.as_os_str().to_owned();
    name.push(".journal");
    name.into()
}

/// What is known of a folder.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Monitor {
    /// The folder.
    pub folder: PathBuf,
    /// Its runs: those being measured first, then by time, newest first.
    pub runs: Vec<Seen>,
    /// Older ones that are not listed.
    pub more: usize,
}

impl Monitor {
    /// How many are in which stage, for people.
    pub fn summary(&self) -> String {
        let count = |test: fn(&Stage) -> bool| self.runs.iter().filter(|run| test(&run.stage)).count();
        let mut parts = vec![
            (count(|s| *s == Stage::Running), "measuring"),
            (count(|s| matches!(s, Stage::Done | Stage::Partly(_))) + self.more, "done"),
            (count(|s| *s == Stage::CutShort), "cut short"),
            (count(|s| matches!(s, Stage::Unreadable(_))), "unreadable"),
        ];
        parts.retain(|(n, _)| *n > 0);
        let texts: Vec<String> = parts.into_iter().map(|(n, what)| format!("{n} {what}")).collect();
        if texts.is_empty() { "no runs".to_owned() } else { texts.join(", ") }
    }
}
