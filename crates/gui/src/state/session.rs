//! Session files: the workspace as JSON, `*.fa-session.json`.
//!
//! Paths are relative to the session file where they are below its folder or beside it, so that a folder can be moved as a
//! whole. Keys of newer programs are kept. Nothing in it is executed.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::workspace::{SESSION_VERSION, Workspace};

/// End of the names of session files.
pub const SUFFIX: &str = ".fa-session.json";

/// Why a session cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Not JSON, or not a session.
    #[error("{path} is not a session file: {source}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line and column.
        source: serde_json::Error,
    },
    /// Written by a newer program in a way that this one cannot understand.
    #[error("{path} is a session of version {found}; this program reads up to version {SESSION_VERSION}")]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

/// The text of a session file at `path`.
///
/// # Errors
/// None that a workspace can cause; the JSON writer's.
pub fn to_text(workspace: &Workspace, path: &Path) -> Result<String, serde_json::Error> {
    let mut session = workspace.clone();
    session.version = SESSION_VERSION;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files = session.files.as_ref().clone();
    for file in &mut files {
        file.path = relative(&file.path, folder);
    }
    session.files = Arc::new(files);
    Ok(serde_json::to_string_pretty(&session)? + "\n")
}

/// The workspace of a session file's text.
///
/// # Errors
/// See [`SessionError`].
pub fn from_text(text: &str, path: &Path) -> Result<Workspace, SessionError> {
    let syntax = |source| SessionError::Syntax { path: path.to_owned(), source };
    let mut session: Workspace = serde_json::from_str(text).map_err(syntax)?;
    if session.version > SESSION_VERSION {
        return Err(SessionError::TooNew { path: path.to_owned(), found: session.version });
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut files = session.files.as_ref().clone();
    for file in &mut files {
        file.path = tidy(&folder.join(&file.path));
    }
    session.files = Arc::new(files);
    session.scale = if session.scale.is_finite() { session.scale.clamp(0.75, 2.5) } else { 1.0 };
    Ok(session)
}

/// The path as seen from a folder; as it is where that would lead up more than two folders.
fn relative(path: &Path, folder: &Path) -> PathBuf {
    const MOST_UP: usize = 2;
    if !path.is_absolute() || !folder.is_absolute() {
        return path.to_owned();
    }
    let mut up = 0;
    let mut at = folder;
    loop {
        if let Ok(rest) = path.strip_prefix(at) {
            let mut relative: PathBuf = std::iter::repeat_n(Component::ParentDir, up).collect();
            relative.push(rest);
            return relative;
        }
        match at.parent().filter(|_| up < MOST_UP) {
            Some(parent) => at = parent,
            None => return path.to_owned(),
        }
        up += 1;
    }
}

/// Without `..` and `.`, by name.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::library::DocId;
    use super::super::workspace::FileRef;
    use super::*;

    #[test]
    fn a_moved_folder_keeps_its_session_working() {
        let mut workspace = Workspace::default();
        let file = |id, path: &str| FileRef { id: DocId(id), path: path.into(), hash: None };
        workspace.files =
            Arc::new(vec![file(1, "/data/runs/a.flent.gz"), file(2, "/data/b.flent.gz"), file(3, "/else/c.flent.gz")]);
        let text = to_text(&workspace, Path::new("/data/runs/s.fa-session.json")).unwrap();
        assert!(text.contains("\"a.flent.gz\"") && text.contains("\"../b.flent.gz\""), "{text}");
        let moved = from_text(&text, Path::new("/new/place/s.fa-session.json")).unwrap();
        let paths: Vec<String> = moved.files.iter().map(|f| f.path.display().to_string()).collect();
        assert_eq!(paths, ["/new/place/a.flent.gz", "/new/b.flent.gz", "/else/c.flent.gz"]);
    }

    #[test]
    fn keys_of_newer_programs_are_kept_and_newer_versions_refused() {
        let text = r#"{"version": 1, "shiny": {"a": [1, 2]}, "scale": 1.5}"#;
        let workspace = from_text(text, Path::new("s")).unwrap();
        assert!((workspace.scale - 1.5).abs() < f32::EPSILON);
        let again = to_text(&workspace, Path::new("s")).unwrap();
        assert!(again.contains("\"shiny\""), "{again}");
        assert!(matches!(from_text(r#"{"version": 99}"#, Path::new("s")), Err(SessionError::TooNew { found: 99, .. })));
        assert!(from_text("[1", Path::new("s")).unwrap_err().to_string().contains("line 1"));
    }
}
