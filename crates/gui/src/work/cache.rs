//! What is known of files on disk, so that a folder of a thousand opens quickly again: metadata and statistics.
//!
//! One small file per data file in the cache's folder, named by the digest of its path. It holds the path, the size and
//! the time of change that it is true for, and a checksum: anything else is as good as nothing. It may be removed at any time.
//! Pyramids are not kept: making one takes less time than reading it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use fa_analyze::summary::{Group, Row, Summary, Verdict};
use fa_format::Metadata;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::state::library::Stamp;

/// First bytes of an entry. Another version of the program may compute statistics otherwise.
const MARK: &str = concat!("fa-known 1 ", env!("CARGO_PKG_VERSION"), "\n");
/// End of the names of entries.
const SUFFIX: &str = ".known";

/// The cache; without a folder, nothing is kept.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    folder: OnceLock<PathBuf>,
    /// Bytes that it may take; 0: nothing is kept.
    limit: AtomicU64,
}

/// What is known of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    pub(crate) metadata: Metadata,
    pub(crate) summary: Option<Summary>,
}

#[derive(Serialize)]
struct Entry<'a> {
    path: &'a Path,
    len: u64,
    modified_ns: u64,
    metadata: &'a Map<String, Value>,
    summary: Option<&'a Summary>,
}

#[derive(Deserialize)]
struct Read {
    path: PathBuf,
    len: u64,
    modified_ns: u64,
    metadata: Map<String, Value>,
    summary: Option<ReadSummary>,
}

/// A [`Summary`] as it is read.
#[derive(Deserialize)]
struct ReadSummary {
    window_secs: (f64, f64),
    rows: Vec<ReadRow>,
    verdict: Option<Verdict>,
}

/// A [`Row`] as it is read.
#[derive(Deserialize)]
struct ReadRow {
    series: String,
    group: Group,
    unit: String,
    window_secs: (f64, f64),
    n: usize,
    missing: usize,
    min: Option<f64>,
    p50: Option<f64>,
    mean: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
    std: Option<f64>,
    total: Option<f64>,
    lost: Option<u64>,
    loss: Option<f64>,
    source: String,
}

impl ReadSummary {
    /// `None` when it has a source of values that is none of ours.
    fn summary(self) -> Option<Summary> {
        let rows = self.rows.into_iter().map(ReadRow::row).collect::<Option<_>>()?;
        Some(Summary { window_secs: self.window_secs, rows, verdict: self.verdict })
    }
}

impl ReadRow {
    fn row(self) -> Option<Row> {
        let source = ["raw", "grid", "computed"].into_iter().find(|known| *known == self.source)?;
        Some(Row {
            series: self.series,
            group: self.group,
            unit: self.unit,
            window_secs: self.window_secs,
            n: self.n,
            missing: self.missing,
            min: self.min,
            p50: self.p50,
            mean: self.mean,
            p95: self.p95,
            p99: self.p99,
            max: self.max,
            std: self.std,
            total: self.total,
            lost: self.lost,
            loss: self.loss,
            source,
        })
    }
}

impl Cache {
    /// Keeps what is known in a folder from now on.
    pub(crate) fn begin(&self, folder: PathBuf) {
        // A second folder would be a mistake of ours; the first one stays.
        drop(self.folder.set(folder));
    }

    /// Takes at most so many bytes.
    pub(crate) fn set_limit(&self, bytes: u64) {
        self.limit.store(bytes, Ordering::Relaxed);
    }

    fn folder(&self) -> Option<&Path> {
        self.folder.get().map(PathBuf::as_path).filter(|_| self.limit.load(Ordering::Relaxed) > 0)
    }

    fn entry(folder: &Path, data: &Path) -> PathBuf {
        let digest = Sha256::digest(data.as_os_str().as_encoded_bytes());
        let name = digest.iter().take(16).fold(0_u128, |name, byte| name << 8 | u128::from(*byte));
        folder.join(format!("{name:032x}{SUFFIX}"))
    }

    /// What is known of a file as it is now; `None` when nothing is, or it may not be true any more.
    pub(crate) fn get(&self, data: &Path) -> Option<(Known, Stamp)> {
        let folder = self.folder()?;
        let stamp = Stamp::of(data)?;
        let bytes = std::fs::read(Self::entry(folder, data)).ok()?;
        let rest = bytes.strip_prefix(MARK.as_bytes())?;
        let (sum, text) = rest.split_first_chunk::<4>()?;
        if crc32fast::hash(text) != u32::from_le_bytes(*sum) {
            return None;
        }
        let read: Read = serde_json::from_slice(text).ok()?;
        let same = read.path == data && read.len == stamp.len && Some(read.modified_ns) == modified_ns(stamp);
        let summary = read.summary.and_then(ReadSummary::summary);
        same.then(|| (Known { metadata: Metadata::from_map(read.metadata), summary }, stamp))
    }

    /// Keeps what is known of a file as it was at `stamp`. Failing to is no loss.
    pub(crate) fn put(&self, data: &Path, stamp: Stamp, metadata: &Metadata, summary: Option<&Summary>) {
        let (Some(folder), Some(modified_ns)) = (self.folder(), modified_ns(stamp)) else { return };
        let entry = Entry { path: data, len: stamp.len, modified_ns, metadata: metadata.as_map(), summary };
        let Ok(text) = serde_json::to_vec(&entry) else { return };
        let mut bytes = MARK.as_bytes().to_vec();
        bytes.extend(crc32fast::hash(&text).to_le_bytes());
        bytes.extend(text);
        let target = Self::entry(folder, data);
        let temporary = target.with_extension(format!("{}.part", std::process::id()));
        let write = || std::fs::write(&temporary, &bytes).and_then(|()| std::fs::rename(&temporary, &target));
        // Not synced: what a crash leaves half-written fails its checksum.
        let written = write().or_else(|_| std::fs::create_dir_all(folder).and_then(|()| write()));
        if written.is_err() {
            drop(std::fs::remove_file(&temporary));
        }
    }

    /// Files of the cache, oldest first, with their sizes.
    fn entries(folder: &Path) -> Vec<(PathBuf, u64)> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let ours = |path: &Path| {
            let end = path.extension().and_then(|end| end.to_str());
            end.is_some_and(|end| SUFFIX.ends_with(end) || end == "part")
        };
        let mut all: Vec<_> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let meta = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
                let path = entry.path();
                ours(&path).then(|| (meta.modified().ok(), path, meta.len()))
            })
            .collect();
        all.sort();
        all.into_iter().map(|(_, path, len)| (path, len)).collect()
    }

    /// Removes the oldest entries until it is below its bound.
    pub(crate) fn prune(&self) {
        let Some(folder) = self.folder() else { return };
        let all = Self::entries(folder);
        let mut bytes: u64 = all.iter().map(|(_, len)| len).sum();
        let limit = self.limit.load(Ordering::Relaxed);
        for (path, len) in all {
            if bytes <= limit {
                return;
            }
            if std::fs::remove_file(path).is_ok() {
                bytes -= len;
            }
        }
    }

    /// Removes everything; how many files and bytes that were.
    ///
    /// # Errors
    /// What could not be removed.
    pub(crate) fn clear(&self) -> Result<(usize, u64), String> {
        let Some(folder) = self.folder.get() else { return Ok((0, 0)) };
        let all = Self::entries(folder);
        for (path, _) in &all {
            std::fs::remove_file(path).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        Ok((all.len(), all.iter().map(|(_, len)| len).sum()))
    }
}

fn modified_ns(stamp: Stamp) -> Option<u64> {
    let since = stamp.modified?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn cache(dir: &Path) -> Cache {
        let cache = Cache::default();
        cache.begin(dir.join("cache"));
        cache.set_limit(1 << 20);
        cache
    }

    fn put(cache: &Cache, path: &Path, title: &str) -> Stamp {
        std::fs::write(path, title).unwrap();
        let stamp = Stamp::of(path).unwrap();
        let mut metadata = Metadata::for_new_run("rrul");
        metadata.set("TITLE", title);
        cache.put(path, stamp, &metadata, None);
        stamp
    }

    #[test]
    fn what_is_known_is_known_until_the_file_changes() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, data) = (cache(dir.path()), dir.path().join("a.flent.gz"));
        assert_eq!(cache.get(&data), None);
        let stamp = put(&cache, &data, "first");
        let (known, at) = cache.get(&data).unwrap();
        assert_eq!((known.metadata.title(), at), ("first", stamp));
        std::fs::write(&data, "other length").unwrap();
        assert_eq!(cache.get(&data), None);
    }

    #[test]
    fn a_damaged_entry_is_as_good_as_none_wherever_it_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, data) = (cache(dir.path()), dir.path().join("a.flent.gz"));
        put(&cache, &data, "first");
        let entry = Cache::entry(&dir.path().join("cache"), &data);
        let whole = std::fs::read(&entry).unwrap();
        for at in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            std::fs::write(&entry, &bytes).unwrap();
            assert_eq!(cache.get(&data), None, "byte {at}");
            std::fs::write(&entry, &whole[..at]).unwrap();
            assert_eq!(cache.get(&data), None, "{at} bytes");
        }
    }

    #[test]
    fn it_stays_below_its_bound_and_clearing_leaves_other_files_alone() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path());
        let paths: Vec<PathBuf> = (0..20).map(|n| dir.path().join(format!("{n}.flent.gz"))).collect();
        for path in &paths {
            put(&cache, path, "x");
        }
        let folder = dir.path().join("cache");
        let all = Cache::entries(&folder);
        let bytes = |entries: &[(PathBuf, u64)]| entries.iter().map(|(_, len)| len).sum::<u64>();
        cache.set_limit(bytes(&all[15..]));
        cache.prune();
        // Entries differ by a byte or two: names of files and times of writing are in them.
        let left: Vec<u64> = Cache::entries(&folder).into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(left.len(), 5);
        std::fs::write(folder.join("mine.txt"), "x").unwrap();
        assert_eq!(cache.clear().unwrap(), (5, left.iter().sum()));
        assert!(folder.join("mine.txt").exists());
        cache.set_limit(0);
        put(&cache, &paths[0], "x");
        assert!(Cache::entries(&folder).is_empty(), "0 keeps nothing");
    }
}
