//! Files: finding, indexing, reading, notes, sessions.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fa_analyze::run::Run;
use fa_catalog::{Catalog, Expanded};
use fa_format::{DataSet, ReadOptions};
use fa_plot::resolve::{drawable, setup_from};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::Shared;
use super::cache::Known;
use crate::state::layouts::Layout;
use crate::state::library::{PlotInfo, Stamp};
use crate::state::{Action, DocId, Loaded, Problem, Sample, Workspace, session};

/// Suffixes that a folder is searched for; a file named by itself may be called anything.
const SUFFIXES: [&str; 6] = [".flent.gz", ".flent", ".flent.bz2", ".flnt", ".json.gz", ".json"];

/// Headers per report: the table fills while the rest is read.
const BATCH: usize = 64;

/// Whether a file is called like a data file, and not like notes or a session.
pub fn is_data_file(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    SUFFIXES.iter().any(|s| name.ends_with(s)) && !name.ends_with(".notes.json") && !name.ends_with(session::SUFFIX)
}

/// Files, folders with all below them, and patterns in the last step of a path (`*` and `?`).
pub(super) fn find(asked: &[PathBuf], shared: &Shared) {
    let mut found = Vec::new();
    for path in asked {
        let before = found.len();
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        if path.to_string_lossy().ends_with(session::SUFFIX) && path.is_file() {
            open_session(&path, shared);
        } else if path.is_dir() {
            below(&path, &mut found, 0);
            if found.len() == before {
                let text = format!("no data file below {}: looked for {}", path.display(), SUFFIXES.join(" "));
                shared.act(Action::Problem(Problem::warning(text)));
            }
        } else if path.exists() {
            found.push(path);
        } else {
            matching(&path, &mut found);
            if found.len() == before {
                let text = format!("there is no file {}, and no file matches it", path.display());
                shared.act(Action::Problem(Problem::error(text)));
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|path| seen.insert(path.clone()));
    if !found.is_empty() {
        shared.act(Action::Found(found));
    }
}

fn below(folder: &Path, found: &mut Vec<PathBuf>, depth: usize) {
    const DEEPEST: usize = 16;
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut entries: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() && depth < DEEPEST && !path.is_symlink() {
            below(&path, found, depth + 1);
        } else if is_data_file(&path) {
            found.push(path);
        }
    }
}

fn matching(path: &Path, found: &mut Vec<PathBuf>) {
    let Some(name) = path.file_name().and_then(|n| n.to_str()).filter(|n| n.contains(['*', '?'])) else { return };
    let pattern = fa_catalog::Pattern { glob: name.to_owned(), exclude: Vec::new() };
    let Ok(entries) = std::fs::read_dir(path.parent().unwrap_or(Path::new("."))) else { return };
    let fits = |p: &PathBuf| p.file_name().and_then(|n| n.to_str()).is_some_and(|n| pattern.matches(n));
    let entries = entries.filter_map(|e| Some(e.ok()?.path()));
    let mut files: Vec<PathBuf> = entries.filter(|p| p.is_file() && fits(p)).collect();
    files.sort();
    found.append(&mut files);
}

pub(super) fn index(files: &[(DocId, PathBuf)], shared: &Shared) {
    let mut fresh = false;
    for batch in files.chunks(BATCH) {
        let known: Vec<Option<(Known, Stamp)>> = batch.par_iter().map(|(_, path)| shared.cache.get(path)).collect();
        let missing: Vec<PathBuf> =
            batch.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|((_, path), _)| path.clone()).collect();
        let stamps: Vec<Option<Stamp>> = missing.iter().map(|path| Stamp::of(path)).collect();
        let mut read = fa_format::index(&missing).into_iter().zip(stamps);
        let (mut headers, mut summaries, mut to_keep) = (Vec::new(), Vec::new(), Vec::new());
        for ((doc, path), known) in batch.iter().zip(known) {
            let header = match known {
                Some((known, _)) => {
                    summaries.extend(known.summary.map(|summary| (*doc, Arc::new(summary))));
                    Ok(Arc::new(known.metadata))
                }
                None => match read.next() {
                    Some((Ok(header), stamp)) => {
                        let metadata = Arc::new(header.metadata);
                        to_keep.extend(stamp.map(|stamp| (path, stamp, Arc::clone(&metadata))));
                        Ok(metadata)
                    }
                    Some((Err(error), _)) => Err(error.to_string()),
                    // As many were asked for as are missing.
                    None => Err("the header was not read".to_owned()),
                },
            };
            headers.push((*doc, header));
        }
        if !summaries.is_empty() {
            shared.act(Action::Surveyed(summaries));
        }
        shared.act(Action::Indexed(headers));
        fresh |= !to_keep.is_empty();
        for (path, stamp, metadata) in to_keep {
            shared.cache.put(path, stamp, &metadata, None);
        }
    }
    if fresh {
        shared.cache.prune();
    }
}

/// Statistics of a file that is not kept in memory.
pub(super) fn survey(doc: DocId, path: &Path, shared: &Shared) {
    match load(path, &shared.catalog) {
        (stamp, Ok(loaded)) => {
            let summary = Arc::new(super::figures::summary(&loaded, None));
            shared.act(Action::Surveyed(vec![(doc, Arc::clone(&summary))]));
            if let Some(stamp) = stamp {
                shared.cache.put(path, stamp, &loaded.set.metadata, Some(&summary));
            }
        }
        (stamp, Err(why)) => shared.act(Action::Loaded(doc, path.to_owned(), stamp, Err(why))),
    }
}

/// Reads a file completely.
pub(super) fn load(path: &Path, catalog: &Catalog) -> (Option<Stamp>, Result<Arc<Loaded>, String>) {
    let stamp = Stamp::of(path);
    let set = match fa_format::read(path, &ReadOptions::default()) {
        Ok(set) => set,
        Err(error) => return (stamp, Err(error.to_string())),
    };
    (stamp, loaded(set, catalog).map(Arc::new))
}

/// What a data set can show.
pub(crate) fn loaded(set: DataSet, catalog: &Catalog) -> Result<Loaded, String> {
    static GENERATIONS: AtomicU64 = AtomicU64::new(1);
    let expanded = expand(catalog, &set)?;
    let mut notes: Vec<String> = set.notes.iter().map(ToString::to_string).collect();
    notes.extend(expanded.notes.iter().cloned());
    let plots = {
        let run = Run::new(&set, &expanded);
        let info = |(name, answer): (String, fa_plot::resolve::Drawable)| {
            let def = expanded.plots.get(&name)?;
            let (drawable, missing) = (answer.drawable, answer.missing);
            Some(PlotInfo { description: def.text.clone(), kind: def.kind, drawable, missing, name })
        };
        drawable(&run, &expanded).into_iter().filter_map(info).collect()
    };
    let generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
    Ok(Loaded { set: Arc::new(set), expanded: Arc::new(expanded), plots: Arc::new(plots), generation, notes })
}

/// The test of a file, with that file's settings.
fn expand(catalog: &Catalog, set: &DataSet) -> Result<Expanded, String> {
    let units = |name: &str| {
        let meta = set.metadata.series_meta(name);
        meta.and_then(|m| m.get("UNITS")).and_then(|u| u.as_str()).unwrap_or_default().to_owned()
    };
    let names: Vec<(&str, String)> = set.series.keys().map(|name| (name.as_str(), units(name))).collect();
    let names: Vec<(&str, &str)> = names.iter().map(|(name, unit)| (*name, unit.as_str())).collect();
    catalog.expand_for_file(&setup_from(set, None), &names).map_err(|e| e.to_string())
}

/// Says so when a file that was located is another one than the session means.
pub(super) fn recognise(doc: DocId, path: &Path, hash: &str, shared: &Shared) {
    let Some(found) = digest(path).filter(|found| found != hash) else { return };
    let text = format!(
        "{} is not the file that the session means: its content is another one (digest {found}, not {hash})",
        path.display()
    );
    shared.act(Action::Problem(Problem::warning(text).of(doc)));
}

pub(super) fn save_session(path: &Path, mut workspace: Workspace, shared: &Shared) {
    let mut files = workspace.files.as_ref().clone();
    for file in &mut files {
        // Of a file that is missing now, what it was is still known.
        file.hash = digest(&file.path).or(file.hash.take());
    }
    workspace.files = Arc::new(files);
    let text = session::to_text(&workspace, path).map_err(|e| e.to_string());
    let free = spared(path).and(text);
    shared.act(match free.and_then(|text| replace(path, text.as_bytes())) {
        Ok(()) => Action::Done(format!("session written to {}", path.display())),
        Err(why) => Action::Problem(Problem::error(format!("could not write the session {}: {why}", path.display()))),
    });
}

/// Puts a sample's files into a folder and shows them.
pub(super) fn write_sample(sample: Sample, folder: &Path, shared: &Shared) {
    let mut paths = Vec::new();
    for (name, bytes) in sample.files() {
        let path = folder.join(name);
        let there = std::fs::read(&path).is_ok_and(|old| old == *bytes);
        let written = if there {
            Ok(())
        } else {
            std::fs::create_dir_all(folder).map_err(|e| e.to_string()).and_then(|()| replace(&path, bytes))
        };
        if let Err(why) = written {
            let text = format!("could not write the sample {}: {why}", path.display());
            return shared.act(Action::Problem(Problem::error(text)));
        }
        paths.push(path);
    }
    shared.act(Action::SampleFound(sample, paths));
}

/// Layouts saved earlier, none where there are none; and what is wrong with their file, which is put aside then.
pub(crate) fn read_layouts(path: &Path) -> (Vec<Layout>, Option<Problem>) {
    let Ok(text) = std::fs::read_to_string(path) else { return (Vec::new(), None) };
    match serde_json::from_str(&text) {
        Ok(layouts) => (layouts, None),
        Err(error) => {
            let text = format!("{} is no list of layouts: {error}; {}", path.display(), told(put_aside(path)));
            (Vec::new(), Some(Problem::warning(text)))
        }
    }
}

fn told(aside: Option<PathBuf>) -> String {
    aside.map_or("it will be written over".to_owned(), |aside| format!("it is kept as {}", aside.display()))
}

/// Gives a file of ours that cannot be understood another name, so that it is not written over.
pub(crate) fn put_aside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy();
    let free = (1..100).map(|n| path.with_file_name(format!("{name}.unreadable-{n}"))).find(|aside| !aside.exists())?;
    std::fs::rename(path, &free).ok()?;
    Some(free)
}

/// The session that was open when a window closed, as it is called.
pub(crate) fn last_session(state_dir: &Path) -> PathBuf {
    state_dir.join(format!("last{}", session::SUFFIX))
}

/// Keeps a session for the next window. One of a newer program, or a damaged one, is put aside.
pub(crate) fn keep_session(state_dir: &Path, workspace: &Workspace) {
    let path = last_session(state_dir);
    if std::fs::read_to_string(&path).is_ok_and(|old| session::from_text(&old, &path).is_err()) {
        drop(put_aside(&path));
    }
    if std::fs::create_dir_all(state_dir).is_ok()
        && let Ok(text) = session::to_text(workspace, &path)
    {
        // A convenience: the next start works without it.
        drop(replace(&path, text.as_bytes()));
    }
}

/// Whether a file may be written over when somebody says so: measurements, journals and notes are not.
///
/// # Errors
/// Why not.
pub(crate) fn spared(path: &Path) -> Result<(), String> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let ours = is_data_file(path) || name.ends_with(".journal") || name.ends_with(".notes.json");
    if ours && path.exists() {
        return Err("data files, journals and notes are never written over: give another name".to_owned());
    }
    Ok(())
}

/// Keeps a list beside the last session.
pub(super) fn keep(path: &Path, text: &str) {
    if path.parent().is_some_and(|folder| std::fs::create_dir_all(folder).is_ok()) {
        // A convenience: nothing is lost without it.
        drop(replace(path, text.as_bytes()));
    }
}

pub(super) fn write_layouts(path: &Path, layouts: &[Layout], shared: &Shared) {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|e| e.to_string());
    let text = folder.and_then(|()| serde_json::to_string_pretty(layouts).map_err(|e| e.to_string()));
    if let Err(why) = text.and_then(|text| replace(path, text.as_bytes())) {
        let text = format!("could not keep the layouts in {}: {why}", path.display());
        shared.act(Action::Problem(Problem::error(text)));
    }
}

pub(super) fn open_session(path: &Path, shared: &Shared) {
    let read = std::fs::read_to_string(path).map_err(|e| format!("could not read {}: {e}", path.display()));
    shared.act(match read.and_then(|text| session::from_text(&text, path).map_err(|e| e.to_string())) {
        Ok(workspace) => Action::SessionRead(Box::new(workspace)),
        Err(mut why) => {
            // Nobody but us writes it, and it is written again when the window closes.
            if path.is_file() && path.parent().is_some_and(|folder| last_session(folder) == path) {
                why = format!("{why}; {}", told(put_aside(path)));
            }
            Action::Problem(Problem::error(why))
        }
    });
}

/// First 12 hexadecimal digits of the SHA-256 of a file; `None` when it cannot be read.
pub(crate) fn digest(path: &Path) -> Option<String> {
    let bytes = std::fs::read(path).ok()?;
    let digest = Sha256::digest(&bytes);
    let head = digest.iter().take(6).fold(0u64, |head, byte| head << 8 | u64::from(*byte));
    Some(format!("{head:012x}"))
}

/// Replaces a file in one step.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), String> {
    use std::io::Write as _;
    static TURNS: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or("not a file name")?.to_string_lossy();
    // Two threads that write the same file do not share it.
    let turn = TURNS.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_file_name(format!(".{name}.{}-{turn}.part", std::process::id()));
    let written = std::fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|error| {
        // The failure to write is what matters.
        drop(std::fs::remove_file(&temporary));
        error.to_string()
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_cannot_be_understood_is_put_aside_and_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let layouts = dir.path().join("layouts.json");
        assert_eq!(read_layouts(&layouts), (Vec::new(), None));
        std::fs::write(&layouts, "{\"newer\": 1}").unwrap();
        let (none, problem) = read_layouts(&layouts);
        assert!(none.is_empty() && problem.unwrap().text.ends_with("layouts.json.unreadable-1"));
        assert_eq!(std::fs::read_to_string(dir.path().join("layouts.json.unreadable-1")).unwrap(), "{\"newer\": 1}");
        // The last session of a newer program, when this one closes.
        let last = last_session(dir.path());
        std::fs::write(&last, "{\"version\": 99}").unwrap();
        keep_session(dir.path(), &Workspace::default());
        assert!(session::from_text(&std::fs::read_to_string(&last).unwrap(), &last).is_ok());
        let aside = format!("{}.unreadable-1", last.display());
        assert_eq!(std::fs::read_to_string(aside).unwrap(), "{\"version\": 99}");
        // One that can be read is simply replaced.
        keep_session(dir.path(), &Workspace::default());
        assert!(!Path::new(&format!("{}.unreadable-2", last.display())).exists());
    }

    #[test]
    fn measurements_are_not_written_over_whoever_says_so() {
        let dir = tempfile::tempdir().unwrap();
        for (name, may) in [
            ("run.flent.gz", false),
            ("run.flent.gz.journal", false),
            ("run.flent.gz.notes.json", false),
            ("figure.svg", true),
            ("table.csv", true),
            ("viewer.fa-session.json", true),
        ] {
            let path = dir.path().join(name);
            assert!(spared(&path).is_ok(), "{name} is not there yet");
            std::fs::write(&path, "x").unwrap();
            assert_eq!(spared(&path).is_ok(), may, "{name}");
        }
    }
}
