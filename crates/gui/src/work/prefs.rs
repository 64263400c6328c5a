//! The file of preferences: read before the first frame, written by a thread.

use std::path::Path;

use super::Shared;
use super::files::replace;
use crate::state::commands::built_in;
use crate::state::{Action, Prefs, Problem, config};

/// Preferences of a file, and what is wrong with it. No file means the defaults.
pub(crate) fn read(path: &Path) -> (Prefs, Vec<Problem>) {
    let text = match text_of(path) {
        Ok(text) => text,
        Err(why) => return (Prefs::default(), vec![Problem::warning(why)]),
    };
    match config::parse(&text, &ids()) {
        Ok((prefs, faults)) => {
            let told = |fault| Problem::warning(format!("{}, {fault}", path.display()));
            (prefs, faults.iter().map(told).collect())
        }
        Err(fault) => {
            let text = format!("{}, {fault}; no preference of it holds", path.display());
            (Prefs::default(), vec![Problem::warning(text)])
        }
    }
}

fn ids() -> Vec<&'static str> {
    built_in().into_iter().map(|(id, _)| id).collect()
}

fn text_of(path: &Path) -> Result<String, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(format!("could not read the preferences {}: {error}", path.display())),
    }
}

/// Writes what changed of preferences into a file that may hold much more.
pub(super) fn write(path: &Path, before: &Prefs, now: &Prefs, shared: &Shared) {
    if let Err(why) = try_write(path, before, now) {
        let text = format!("could not write the preferences: {why}; they hold until the window closes");
        shared.act(Action::Problem(Problem::error(text)));
    }
}

fn try_write(path: &Path, before: &Prefs, now: &Prefs) -> Result<(), String> {
    let text = text_of(path)?;
    let edited = config::edited(&text, before, now, &ids()).map_err(|fault| format!("{}, {fault}", path.display()))?;
    if edited == text {
        return Ok(());
    }
    // A link to the file stays one.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    replace(&path, edited.as_bytes()).map_err(|e| format!("{}: {e}", path.display()))
}
