//! Notes beside data files: read, and changed where others may have changed them, too.

use std::path::Path;
use std::sync::Arc;

use super::Shared;
use super::files::replace;
use crate::state::notes::{Note, carried, sidecar};
use crate::state::{Action, DocId, NotesChange, Problem};

/// Notes of a file; none where there is no file.
fn read(path: &Path) -> Result<Vec<Note>, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|error| format!("{} is no list of notes: {error}; it is left as it is", path.display())),
        // Beside a name that is as long as names can be, there are none.
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::InvalidFilename) => {
            Ok(Vec::new())
        }
        Err(error) => Err(format!("could not read the notes {}: {error}", path.display())),
    }
}

pub(super) fn tell(doc: DocId, data: &Path, shared: &Shared) {
    match read(&sidecar(data)) {
        Ok(notes) if notes.is_empty() => {}
        Ok(notes) => {
            shared.act(Action::NotesRead { doc, expected: Arc::default(), there: Arc::new(notes) });
        }
        Err(why) => shared.act(Action::Problem(Problem::warning(why).of(doc))),
    }
}

/// Makes a change in the file as it is now; what somebody else wrote since it was read stays and is told.
pub(super) fn change(change: &NotesChange, shared: &Shared) {
    match try_change(change) {
        Ok(there) if there == *change.after => {}
        Ok(there) => {
            let text =
                format!("{} was changed by somebody else: their notes and ours are in it", change.path.display());
            shared.act(Action::Problem(Problem::note(text).of(change.doc)));
            let (doc, expected) = (change.doc, Arc::clone(&change.after));
            shared.act(Action::NotesRead { doc, expected, there: Arc::new(there) });
        }
        Err(why) => {
            let text = format!("could not write notes: {why}; those of this window are kept until it closes");
            shared.act(Action::Problem(Problem::error(text).of(change.doc)));
        }
    }
}

/// Notes of the file after the change.
fn try_change(change: &NotesChange) -> Result<Vec<Note>, String> {
    let path = &change.path;
    let before = read(path)?;
    let failed = |why: String| format!("{}: {why}", path.display());
    let after = carried(&before, &change.before, &change.after);
    if after == before {
        return Ok(after);
    }
    if after.is_empty() {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error.to_string())),
            _ => {}
        }
    } else {
        let text = serde_json::to_string_pretty(&after).map_err(|e| failed(e.to_string()))?;
        replace(path, (text + "\n").as_bytes()).map_err(failed)?;
    }
    Ok(after)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn notes(texts: &[&str]) -> Arc<Vec<Note>> {
        Arc::new(texts.iter().map(|text| Note { text: (*text).into(), ..Note::default() }).collect())
    }

    fn texts(path: &Path) -> Vec<String> {
        read(path).unwrap().into_iter().map(|note| note.text).collect()
    }

    #[test]
    fn notes_of_somebody_else_stay_whatever_this_window_knew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.flent.gz.notes.json");
        let make = |before: &[&str], after: &[&str]| {
            try_change(&NotesChange { doc: DocId(1), path: path.clone(), before: notes(before), after: notes(after) })
        };
        make(&[], &["ours"]).unwrap();
        std::fs::write(&path, serde_json::to_string(&*notes(&["ours", "theirs"])).unwrap()).unwrap();
        assert_eq!(make(&["ours"], &["ours", "more"]).unwrap().len(), 3);
        assert_eq!(texts(&path), ["ours", "theirs", "more"]);
        make(&["ours", "more"], &[]).unwrap();
        assert_eq!(texts(&path), ["theirs"], "only ours are taken away");
        make(&["theirs"], &[]).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_is_no_list_of_notes_is_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.flent.gz.notes.json");
        std::fs::write(&path, "{\"newer\": true}").unwrap();
        let change = NotesChange { doc: DocId(1), path: path.clone(), before: notes(&[]), after: notes(&["x"]) };
        assert!(try_change(&change).unwrap_err().contains("left as it is"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"newer\": true}");
    }
}
