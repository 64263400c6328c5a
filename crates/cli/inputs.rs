//! Files named on the command line: paths, globs and folders to data sets, read in parallel, in order.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use fa_format::{DataSet, Header, ReadError, ReadOptions};
use indexmap::IndexMap;
use rayon::prelude::*;

use crate::failure::{Code, Failure};
use crate::output::Console;

/// Suffixes that a folder is searched for; a file named on the command line may be called anything.
const SUFFIXES: [&str; 6] = [".flent.gz", ".flent", ".flent.bz2", ".flnt", ".json.gz", ".json"];

/// Turns arguments into paths: an existing path is that path, a folder is searched, anything else is a glob.
///
/// Order is that of the arguments; inside a glob or a folder, names ascend. A file reached twice counts once.
///
/// # Errors
/// A usage error names the argument that matches nothing.
pub(crate) fn expand(arguments: &[String], console: Console) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for argument in arguments {
        let path = Path::new(argument);
        if argument == "-" || path.is_file() {
            paths.push(path.to_path_buf());
        } else if path.is_dir() {
            let before = paths.len();
            search(path, &mut paths)?;
            if paths.len() == before {
                return Err(Failure::usage(format!("no data file in folder {argument}"))
                    .hint(format!("looked for {}", SUFFIXES.join(" "))));
            }
        } else {
            paths.extend(matches(argument)?);
        }
    }
    let mut seen = HashSet::new();
    let mut unique = Vec::with_capacity(paths.len());
    for path in paths {
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        if seen.insert(real) {
            unique.push(path);
        } else {
            console.note(format!("{} was named twice and counts once", path.display()));
        }
    }
    Ok(unique)
}

fn matches(argument: &str) -> Result<Vec<PathBuf>, Failure> {
    let missing = || {
        Failure::usage(format!("no such file, and no file matches: {argument}"))
            .hint("check the spelling; a pattern such as 'runs/*.flent.gz' may be quoted")
    };
    let found =
        glob::glob(argument).map_err(|e| Failure::usage(format!("{argument}: not a file, nor a pattern: {e}")))?;
    let mut paths = Vec::new();
    for entry in found {
        let path =
            entry.map_err(|e| Failure::failed(format!("could not look into {}: {}", e.path().display(), e.error())))?;
        if path.is_file() {
            paths.push(path);
        }
    }
    if paths.is_empty() { Err(missing()) } else { Ok(paths) }
}

fn search(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let cannot = |e: std::io::Error| Failure::failed(format!("could not list folder {}: {e}", folder.display()));
    let mut entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(cannot)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(cannot)?;
        let path = entry.path();
        if kind.is_dir() {
            search(&path, paths)?;
        } else if entry.file_name().to_str().is_some_and(|name| SUFFIXES.iter().any(|s| name.ends_with(s))) {
            paths.push(path);
        }
    }
    Ok(())
}

/// Data sets that could be read, and whether some could not.
pub(crate) struct Loaded {
    /// In the order of the paths.
    pub(crate) sets: Vec<DataSet>,
    /// Files that were reported and left out.
    pub(crate) failed: usize,
}

impl Loaded {
    /// The exit code of a command that did its work on what was loaded.
    pub(crate) fn code(&self) -> Code {
        if self.failed == 0 { Code::Ok } else { Code::Partial }
    }
}

/// What readers guessed or changed, told once per remark instead of once per file.
#[derive(Default)]
pub(crate) struct Notes(IndexMap<String, Vec<String>>);

impl Notes {
    pub(crate) fn add(&mut self, path: &Path, notes: &[fa_format::Note]) {
        for note in notes {
            self.0.entry(note.to_string()).or_default().push(path.display().to_string());
        }
    }

    pub(crate) fn tell(&self, console: Console) {
        for (note, files) in &self.0 {
            match files.as_slice() {
                [file] => console.note(format!("{file}: {note}")),
                [first, .., last] => console.note(format!("{} files ({first} … {last}): {note}", files.len())),
                [] => {}
            }
        }
    }
}

/// Reads files in parallel. One that cannot be read is reported and the rest is used.
///
/// # Errors
/// When no file could be read.
pub(crate) fn load(paths: &[PathBuf], options: &ReadOptions, console: Console) -> Result<Loaded, Failure> {
    let read: Vec<_> = paths.par_iter().map(|path| read_one(path, options)).collect();
    let mut loaded = Loaded { sets: Vec::with_capacity(read.len()), failed: 0 };
    let mut first = None;
    let mut notes = Notes::default();
    for (path, result) in paths.iter().zip(read) {
        match result {
            Ok(set) => {
                notes.add(path, &set.all_notes());
                loaded.sets.push(set);
            }
            Err(e) => {
                loaded.failed += 1;
                if paths.len() > 1 {
                    Console::warn(format!("{e}"));
                }
                first.get_or_insert(e.to_string());
            }
        }
    }
    notes.tell(console);
    match first {
        Some(message) if loaded.sets.is_empty() => Err(Failure::failed(message)),
        _ => Ok(loaded),
    }
}

/// Metadata of files, read in parallel without their arrays.
pub(crate) fn headers(paths: &[PathBuf]) -> Vec<Result<Header, ReadError>> {
    let options = ReadOptions::default();
    let read = |path: &PathBuf| match path.as_path() {
        path if path == Path::new("-") => fa_format::read_header_bytes(&standard_input(path)?, path, &options),
        path => fa_format::read_header(path, &options),
    };
    paths.par_iter().map(read).collect()
}

fn standard_input(path: &Path) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|source| ReadError::Io { path: path.to_path_buf(), source })?;
    Ok(bytes)
}

fn read_one(path: &Path, options: &ReadOptions) -> Result<DataSet, ReadError> {
    if path == Path::new("-") {
        fa_format::read_bytes(&standard_input(path)?, path, options)
    } else {
        fa_format::read(path, options)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::output::ColourChoice;

    fn console() -> Console {
        Console::new(true, ColourChoice::Never)
    }

    #[test]
    fn a_path_wins_over_a_pattern_and_doubles_count_once() {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("a[1].flent.gz");
        let plain = dir.path().join("a1.flent.gz");
        std::fs::write(&odd, "x").unwrap();
        std::fs::write(&plain, "x").unwrap();
        let odd = odd.to_str().unwrap().to_owned();
        assert_eq!(expand(std::slice::from_ref(&odd), console()).unwrap(), [PathBuf::from(&odd)]);
        let pattern = format!("{}/*.flent.gz", dir.path().display());
        let all = expand(&[plain.to_str().unwrap().to_owned(), pattern], console()).unwrap();
        assert_eq!(all, [plain, PathBuf::from(odd)]);
    }

    #[test]
    fn a_pattern_without_match_is_a_usage_error() {
        let error = expand(&["/nonexistent/*.flent.gz".to_owned()], console()).unwrap_err();
        assert_eq!(error.code, Code::Usage);
        assert!(error.message.contains("/nonexistent/*.flent.gz"), "{error}");
    }

    #[test]
    fn folders_are_searched_for_data_files_only() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        for name in ["b.flent.gz", "notes.txt", "sub/a.flent"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        let found = expand(&[dir.path().to_str().unwrap().to_owned()], console()).unwrap();
        assert_eq!(found, [dir.path().join("b.flent.gz"), dir.path().join("sub/a.flent")]);
    }
}
