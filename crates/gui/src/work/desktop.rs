//! The desktop's file manager.
//!
//! The file is shown selected through `org.freedesktop.FileManager1` (freedesktop.org, file manager interface); where no file
//! manager answers, its folder is opened by `xdg-open`. Neither is part of this program: when both fail, it is said why.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Shared;
use crate::state::{Action, DocId, Problem};

/// Runs a program with arguments and waits for it; an error says why it did nothing.
pub type Runner<'a> = &'a dyn Fn(&str, &[String]) -> Result<(), String>;

pub(super) fn reveal(doc: DocId, path: &Path, shared: &Shared) {
    shared.act(match reveal_with(path, &run) {
        Ok(how) => Action::Done(how),
        Err(why) => Action::Problem(Problem::error(why).of(doc)),
    });
}

/// Runs a program and waits for it; what it says on standard error when it fails.
fn run(program: &str, arguments: &[String]) -> Result<(), String> {
    let done =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).output().map_err(|error| {
            match error.kind() {
                std::io::ErrorKind::NotFound => "not installed".to_owned(),
                _ => error.to_string(),
            }
        })?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(said.lines().find(|line| !line.trim().is_empty()).map_or_else(|| done.status.to_string(), str::to_owned))
}

/// Shows a file with programs that `run` runs; what was done, or everything that was tried.
///
/// # Errors
/// The file is gone, or nothing could show it.
pub fn reveal_with(path: &Path, run: Runner<'_>) -> Result<String, String> {
    if !path.exists() {
        return Err(format!("{} is not there any more: there is nothing to show", path.display()));
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut tried = Vec::new();
    for (program, arguments) in ways(path, folder) {
        match run(program, &arguments) {
            Ok(()) => return Ok(format!("shown in the file manager: {}", path.display())),
            Err(why) => tried.push(format!("{program}: {why}")),
        }
    }
    Err(format!(
        "no file manager could show {}: {}. Its folder is {}",
        path.display(),
        tried.join("; "),
        folder.display()
    ))
}

/// Programs and their arguments, the best first.
fn ways(path: &Path, folder: &Path) -> Vec<(&'static str, Vec<String>)> {
    let text = |path: &Path| path.display().to_string();
    if cfg!(target_os = "macos") {
        return vec![("open", vec!["-R".to_owned(), text(path)])];
    }
    if cfg!(windows) {
        return vec![("explorer", vec![format!("/select,{}", text(path))])];
    }
    let show = [
        "--session",
        "--print-reply",
        "--reply-timeout=5000",
        "--dest=org.freedesktop.FileManager1",
        "/org/freedesktop/FileManager1",
        "org.freedesktop.FileManager1.ShowItems",
    ];
    let mut arguments: Vec<String> = show.map(str::to_owned).to_vec();
    arguments.extend([format!("array:string:{}", address(path)), "string:".to_owned()]);
    vec![("dbus-send", arguments), ("xdg-open", vec![text(folder)])]
}

/// A path as a `file://` address (RFC 8089, RFC 3986). Commas too are written as numbers: they separate lists.
fn address(path: &Path) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(byte);
    let mut out = "file://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if plain(byte) {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_path_becomes_an_address_whatever_is_in_it() {
        assert_eq!(address(Path::new("/a b/ü,#%.gz")), "file:///a%20b/%C3%BC%2C%23%25.gz");
    }

    #[test]
    fn what_was_tried_is_said_when_nothing_can_show_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.flent.gz");
        let gone = reveal_with(&file, &|_, _| Ok(())).unwrap_err();
        assert!(gone.contains("not there any more"), "{gone}");
        std::fs::write(&file, "x").unwrap();
        let tried = RefCell::new(Vec::new());
        let no = |program: &str, _: &[String]| {
            tried.borrow_mut().push(program.to_owned());
            Err("not installed".to_owned())
        };
        let why = reveal_with(&file, &no).unwrap_err();
        assert!(why.contains("not installed") && why.contains(&dir.path().display().to_string()), "{why}");
        assert!(!tried.borrow().is_empty());
        assert!(reveal_with(&file, &|_, _| Ok(())).unwrap().contains("a.flent.gz"));
    }
}
