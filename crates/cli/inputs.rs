//! Files named on the command line: paths, globs and folders to data sets, read in parallel, in order.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use fa_format::{DataSet, Header, ReadError, ReadOptions, Wanted};
use indexmap::IndexMap;
use rayon::prelude::*;

use crate::failure::{Code, Failure};
use crate::output::Console;
use crate::progress::Progress;

/// Suffixes that a folder is searched for; a file named on the command line may be called anything.
const SUFFIXES: [&str; 6] = [".flent.gz", ".flent", ".flent.bz2", ".flnt", ".json.gz", ".json"];

/// Turns arguments into paths: an existing path is that path, a folder is searched, anything else is a glob.
///
/// Order is that of the arguments; inside a glob or a folder, names ascend. A file reached twice counts once.
///
/// # Errors
/// A usage error names the pattern that matches nothing, and the only argument if there is no such file. A missing file
/// among others stays in the list: reading reports it and goes on with the rest.
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
        } else if arguments.len() > 1 && !argument.contains(['*', '?', '[']) {
            paths.push(path.to_path_buf());
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
        code_with(self.failed)
    }
}

/// The exit code of a command that did its work on all but so many files.
pub(crate) fn code_with(failed: usize) -> Code {
    if failed == 0 { Code::Ok } else { Code::Partial }
}

/// What readers guessed or changed: remarks of one kind in one line, unless all are asked for.
#[derive(Default)]
pub(crate) struct Notes {
    kinds: Vec<(std::mem::Discriminant<fa_format::Note>, Kind)>,
    files: usize,
}

/// Remarks of one kind: each text with the files it is about.
type Kind = IndexMap<String, Vec<String>>;

impl Notes {
    pub(crate) fn add(&mut self, path: &Path, notes: &[fa_format::Note]) {
        self.files += 1;
        for note in notes {
            let kind = std::mem::discriminant(note);
            let at = self.kinds.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
                self.kinds.push((kind, Kind::new()));
                self.kinds.len() - 1
            });
            self.kinds[at].1.entry(note.to_string()).or_default().push(path.display().to_string());
        }
    }

    /// The lines to print.
    fn lines(&self, verbose: bool) -> Vec<String> {
        let about = |(text, files): (&String, &Vec<String>)| match files.as_slice() {
            [first, .., last] => format!("{} of {} files ({first} … {last}): {text}", files.len(), self.files),
            [file] => format!("{file}: {text}"),
            [] => text.clone(),
        };
        let mut lines = Vec::new();
        for (_, kind) in &self.kinds {
            if verbose {
                for (text, files) in kind {
                    lines.extend(files.iter().map(|file| format!("{file}: {text}")));
                }
            } else if let Some(first) = kind.iter().next() {
                let more: usize = kind.values().skip(1).map(Vec::len).sum();
                let files: HashSet<&String> = kind.values().flatten().collect();
                let rest =
                    format!(" (and {more} more like it in {} of {} files; -v shows all)", files.len(), self.files);
                lines.push(about(first) + if more == 0 { "" } else { &rest });
            }
        }
        lines
    }

    pub(crate) fn tell(&self, console: Console) {
        for line in self.lines(console.verbose) {
            console.note(line);
        }
    }
}

/// Reads files in parallel. One that cannot be read is reported and the rest is used.
///
/// # Errors
/// When no file could be read.
pub(crate) fn load(paths: &[PathBuf], options: &ReadOptions, console: Console) -> Result<Loaded, Failure> {
    gather(paths, each(paths, console, |path| read_one(path, options, None)), console)
}

/// As [`load`], holding only what is wanted of each file: `wanted` decides, seeing the first one that can be read. That one
/// is kept whole.
///
/// # Errors
/// As [`load`], and whatever stops `wanted`.
pub(crate) fn load_wanted<W: Wanted>(
    paths: &[PathBuf],
    options: &ReadOptions,
    console: Console,
    wanted: impl FnOnce(&DataSet) -> Result<W, Failure>,
) -> Result<Loaded, Failure> {
    let mut read = Vec::with_capacity(paths.len());
    let mut rest = paths.iter();
    let first = rest.by_ref().find_map(|path| {
        read.push(read_one(path, options, None));
        read.last().is_some_and(Result::is_ok).then_some(read.len() - 1)
    });
    if let Some(Ok(first)) = first.and_then(|at| read.get(at))
        && !rest.as_slice().is_empty()
    {
        let wanted = wanted(first)?;
        read.extend(each(rest.as_slice(), console, |path| read_one(path, options, Some(&wanted))));
    }
    gather(paths, read, console)
}

/// What `of` makes of each file, handed on in the order of the paths: read in parallel, and never more than a few files per
/// thread are held, however many there are. Returns how many could not be read; those are reported.
///
/// # Errors
/// When no file could be read, or `of` or `take` fails.
pub(crate) fn stream<T: Send>(
    paths: &[PathBuf],
    options: &ReadOptions,
    console: Console,
    of: impl Fn(DataSet) -> Result<T, Failure> + Sync,
    mut take: impl FnMut(T) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    let progress = Progress::new("reading", paths.len(), console);
    let begin = Instant::now();
    let mut notes = Notes::default();
    let (mut failed, mut first) = (0, None);
    // Several per thread, so that none waits long for the slowest file of a turn.
    for some in paths.chunks(rayon::current_num_threads() * 4) {
        let made: Vec<_> = some
            .par_iter()
            .map(|path| {
                let made = read_one(path, options, None).map(|set| (set.all_notes(), of(set)));
                progress.step(begin);
                made
            })
            .collect();
        for (path, made) in some.iter().zip(made) {
            match made {
                Ok((said, made)) => {
                    notes.add(path, &said);
                    take(made?)?;
                }
                Err(e) => {
                    failed += 1;
                    if paths.len() > 1 {
                        Console::warn(format!("{e}"));
                    }
                    first.get_or_insert(e);
                }
            }
        }
    }
    progress.finish();
    notes.tell(console);
    match first {
        Some(error) if failed == paths.len() => Err(unreadable(&error)),
        _ => Ok(failed),
    }
}

/// Something from each file, in parallel and in order, with a line of progress.
pub(crate) fn each<T: Send>(paths: &[PathBuf], console: Console, of: impl Fn(&Path) -> T + Sync) -> Vec<T> {
    let progress = Progress::new("reading", paths.len(), console);
    let begin = Instant::now();
    let one = |path: &PathBuf| {
        let outcome = of(path);
        progress.step(begin);
        outcome
    };
    let read = paths.par_iter().map(one).collect();
    progress.finish();
    read
}

fn gather(paths: &[PathBuf], read: Vec<Result<DataSet, ReadError>>, console: Console) -> Result<Loaded, Failure> {
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
                first.get_or_insert(e);
            }
        }
    }
    notes.tell(console);
    match first {
        Some(error) if loaded.sets.is_empty() => Err(unreadable(&error)),
        _ => Ok(loaded),
    }
}

/// The failure to read the only file, or all.
fn unreadable(error: &ReadError) -> Failure {
    let journal = match error {
        ReadError::NotFlent { path, .. } => path.extension().is_some_and(|end| end == "journal").then_some(path),
        _ => None,
    };
    let failure = Failure::failed(error);
    match journal {
        Some(path) => failure
            .hint(format!("this looks like the journal of a run that was cut short: fa recover '{}'", path.display())),
        None => failure,
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

fn read_one(path: &Path, options: &ReadOptions, wanted: Option<&dyn Wanted>) -> Result<DataSet, ReadError> {
    match wanted {
        _ if path == Path::new("-") => fa_format::read_bytes(&standard_input(path)?, path, options),
        Some(wanted) => fa_format::read_only(path, options, wanted),
        None => fa_format::read(path, options),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::output::ColourChoice;

    fn console() -> Console {
        Console::new(true, false, ColourChoice::Never)
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

    #[test]
    fn remarks_of_a_kind_are_one_line_unless_all_are_asked_for() {
        let mut notes = Notes::default();
        let padded = |series: &str| fa_format::Note::SeriesPadded { series: series.to_owned(), got: 1, want: 2 };
        for file in ["a", "b", "c"] {
            notes.add(Path::new(file), &[fa_format::Note::NoRawValues, padded("x"), padded("y")]);
        }
        notes.add(Path::new("d"), &[]);
        let brief = notes.lines(false);
        assert_eq!(brief.len(), 2, "{brief:?}");
        assert!(brief[0].starts_with("3 of 4 files (a … c): "), "{brief:?}");
        assert!(brief[1].contains("and 3 more like it in 3 of 4 files"), "{brief:?}");
        assert_eq!(notes.lines(true).len(), 9);
    }
}
