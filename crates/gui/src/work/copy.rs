//! A copy of a data file with the notes beside it in its own `NOTE`. The file itself is never written.

use std::path::Path;

use fa_format::ReadOptions;

use super::Shared;
use crate::state::notes::{Note, merged};
use crate::state::{Action, Problem};

/// Writes the copy; a file that is there stays as it is.
pub(super) fn with_notes(data: &Path, notes: &[Note], copy: &Path, shared: &Shared) {
    shared.act(match try_copy(data, notes, copy) {
        Ok(()) => Action::Done(format!("copy with its notes written to {}", copy.display())),
        Err(why) => Action::Problem(Problem::error(format!("no copy of {} was made: {why}", data.display()))),
    });
}

fn try_copy(data: &Path, notes: &[Note], copy: &Path) -> Result<(), String> {
    let mut set = fa_format::read(data, &ReadOptions::default()).map_err(|e| e.to_string())?;
    let text = merged(set.metadata.note(), notes);
    set.metadata.set("NOTE", text);
    if let Some(name) = copy.file_name().and_then(|name| name.to_str()) {
        set.metadata.set("DATA_FILENAME", name);
    }
    // It refuses to write over any file, the original included.
    fa_format::save(&set, copy).map_err(|e| e.to_string())
}
