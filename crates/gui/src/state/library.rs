//! The data files that are open: what is known of each, and how far reading it has come.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use fa_analyze::summary::{Group, Summary};
use fa_catalog::{Expanded, PlotType};
use fa_format::{DataSet, Metadata};
use serde::{Deserialize, Serialize};

/// Names a file for as long as it is known, closed and reopened by undo included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocId(pub u64);

/// How far reading a file has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DocState {
    /// Nothing is known yet.
    #[default]
    Waiting,
    /// Its metadata are known.
    Indexed,
    /// It is being read for its statistics only; its numbers are not kept.
    Surveying,
    /// Its numbers are being read.
    Loading,
    /// Everything is known.
    Ready,
    /// It cannot be read; why.
    Failed(String),
}

/// What happened to a file on disk since it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Other content.
    Rewritten,
    /// No longer there.
    Deleted,
}

/// What tells that a file is still the one that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub len: u64,
    /// When it was written, where the file system says.
    pub modified: Option<SystemTime>,
}

impl Stamp {
    /// Of a file; `None` when it is not there.
    pub fn of(path: &Path) -> Option<Self> {
        let meta = std::fs::metadata(path).ok()?;
        Some(Self { len: meta.len(), modified: meta.modified().ok() })
    }
}

/// A plot of a test, and whether a file has what it draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlotInfo {
    /// Flent's name.
    pub name: String,
    /// One line.
    pub description: String,
    /// Type.
    pub kind: PlotType,
    /// Something would be drawn.
    pub drawable: bool,
    /// Series that it names and the file lacks.
    pub missing: Vec<String>,
}

impl PlotInfo {
    /// Why it cannot be drawn; `None` if it can.
    pub fn reason(&self) -> Option<String> {
        const SHOWN: usize = 3;
        if self.drawable {
            return None;
        }
        if self.missing.is_empty() {
            return Some("the test has none of its series".to_owned());
        }
        let mut text = format!("the file lacks {}", self.missing[..self.missing.len().min(SHOWN)].join(", "));
        if self.missing.len() > SHOWN {
            text.push_str(&format!(" and {} more series", self.missing.len() - SHOWN));
        }
        Some(text)
    }

    /// Whether its horizontal axis is the time of the run.
    pub fn over_time(&self) -> bool {
        matches!(self.kind, PlotType::Timeseries | PlotType::TimeseriesCombine | PlotType::Meta)
    }
}

/// A file that is read completely.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Its numbers.
    pub set: Arc<DataSet>,
    /// Its test.
    pub expanded: Arc<Expanded>,
    /// Plots of its test, in the catalogue's order.
    pub plots: Arc<Vec<PlotInfo>>,
    /// Grows with every version of the content: figures made from another are stale.
    pub generation: u64,
    /// What the reader guessed or changed.
    pub notes: Vec<String>,
}

impl Loaded {
    /// Bytes of memory, but for small change.
    pub fn memory_bytes(&self) -> usize {
        self.set.memory_bytes()
    }

    /// A plot by name.
    pub fn plot(&self, name: &str) -> Option<&PlotInfo> {
        self.plots.iter().find(|plot| plot.name == name)
    }

    /// The plot to open with: the test's own, or the first that can be drawn.
    pub fn default_plot(&self) -> String {
        let own = &self.expanded.default_plot;
        let drawable = |name: &String| self.plot(name).is_some_and(|plot| plot.drawable);
        if drawable(own) {
            return own.clone();
        }
        self.plots.iter().find(|plot| plot.drawable).map_or_else(|| own.clone(), |plot| plot.name.clone())
    }
}

/// When probes were lost, seconds of the run, by series.
pub type Losses = BTreeMap<String, Vec<f64>>;

/// One file.
#[derive(Debug, Clone, Default)]
pub struct Doc {
    /// Where it is.
    pub path: PathBuf,
    /// How far reading has come.
    pub state: DocState,
    /// Its metadata, as soon as the header is read.
    pub metadata: Option<Arc<Metadata>>,
    /// Its numbers.
    pub loaded: Option<Arc<Loaded>>,
    /// Its statistics over the whole run.
    pub summary: Option<Arc<Summary>>,
    /// When probes were lost.
    pub losses: Option<Arc<Losses>>,
    /// As it was when it was read.
    pub stamp: Option<Stamp>,
    /// What happened to it since.
    pub changed: Option<Changed>,
    /// Tags of its notes, each once, in the order of the alphabet.
    pub tags: Vec<String>,
    /// A run that is being measured: there is no file yet.
    pub live: bool,
    /// When it was in sight last, in actions.
    pub looked: u64,
    /// Bytes that its numbers take in memory.
    pub bytes: usize,
}

impl Doc {
    /// As it was before anything was read of it.
    pub fn begin_again(&mut self) {
        *self = Self { path: std::mem::take(&mut self.path), tags: std::mem::take(&mut self.tags), ..Self::default() };
    }

    /// Takes in its numbers.
    pub fn load(&mut self, loaded: Arc<Loaded>) {
        self.bytes = loaded.memory_bytes();
        self.loaded = Some(loaded);
    }

    /// Name of the file without folders.
    pub fn file_name(&self) -> String {
        self.path.file_name().map_or_else(|| self.path.display().to_string(), |n| n.to_string_lossy().into_owned())
    }

    /// The run's title, or the file's name where it has none.
    pub fn title(&self) -> String {
        let title = self.metadata.as_deref().map(Metadata::title).unwrap_or_default();
        if title.is_empty() { self.file_name() } else { title.to_owned() }
    }

    /// Name of the test; empty while unknown.
    pub fn test(&self) -> &str {
        self.metadata.as_deref().map(Metadata::name).unwrap_or_default()
    }

    /// Why it cannot be shown, if so.
    pub fn trouble(&self) -> Option<String> {
        if let DocState::Failed(why) = &self.state {
            return Some(why.clone());
        }
        match self.changed? {
            Changed::Rewritten => {
                Some("the file was rewritten since it was read; File › Read changed files again".to_owned())
            }
            Changed::Deleted => Some("the file is gone; what is shown is from memory".to_owned()),
        }
    }

    /// Numbers of a group of series, from the statistics: the largest sum of rates, the median of medians and so on.
    pub fn figure_of(&self, group: Group, of: impl Fn(&fa_analyze::summary::Row) -> Option<f64>) -> Vec<f64> {
        let rows = self.summary.iter().flat_map(|summary| &summary.rows);
        rows.filter(|row| row.group == group).filter_map(of).collect()
    }
}

/// All files that are or were open.
#[derive(Debug, Clone, Default)]
pub struct Library {
    docs: BTreeMap<DocId, Doc>,
}

impl Library {
    /// A file.
    pub fn get(&self, doc: DocId) -> Option<&Doc> {
        self.docs.get(&doc)
    }

    /// A file, to be changed.
    pub fn get_mut(&mut self, doc: DocId) -> Option<&mut Doc> {
        self.docs.get_mut(&doc)
    }

    /// A file's numbers, once they are read.
    pub fn loaded(&self, doc: DocId) -> Option<&Arc<Loaded>> {
        self.docs.get(&doc)?.loaded.as_ref()
    }

    /// Adds a file, or finds it again.
    pub fn ensure(&mut self, doc: DocId, path: &Path) -> &mut Doc {
        self.docs.entry(doc).or_insert_with(|| Doc { path: path.to_owned(), ..Doc::default() })
    }

    /// All files.
    pub fn iter(&self) -> impl Iterator<Item = (DocId, &Doc)> {
        self.docs.iter().map(|(id, doc)| (*id, doc))
    }

    /// Forgets a file and its numbers.
    pub fn forget(&mut self, doc: DocId) {
        self.docs.remove(&doc);
    }

    /// Bytes of all files in memory.
    pub fn memory_bytes(&self) -> usize {
        self.docs.values().filter(|doc| doc.loaded.is_some()).map(|doc| doc.bytes).sum()
    }

    /// The largest id in use.
    pub fn last_id(&self) -> u64 {
        self.docs.keys().last().map_or(0, |id| id.0)
    }
}
