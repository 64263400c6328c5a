//! The set of definitions: reading files, inheritance, looking names up.

use std::sync::OnceLock;

use indexmap::IndexMap;

use crate::doc::{FileDoc, PartDoc, TestDoc};
use crate::error::{CatalogError, Fault, Step};
use crate::inherit::Flat;
use crate::locate::{line_of, locate};
use crate::{Expanded, Setup, expand};

/// Every test and plot there is: the built-in ones and those of the user's own files.
///
/// ```
/// use fa_catalog::{Catalog, Setup};
///
/// let test = Catalog::builtin().expand(&Setup::new("tcp_1up", &["example.net"]))?;
/// let names: Vec<&str> = test.series.keys().map(String::as_str).collect();
/// assert_eq!(names, ["TCP upload", "Ping (ms) ICMP"]);
/// assert_eq!(test.default_plot, "totals");
/// assert_eq!(test.plots["totals"].series[0].label.as_deref(), Some("Upload"));
/// # Ok::<(), fa_catalog::CatalogError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    files: Vec<SourceFile>,
    tests: IndexMap<String, Owned<TestDoc>>,
    parts: IndexMap<String, Owned<PartDoc>>,
    plot_text: IndexMap<String, String>,
}

/// A definition file as it was read, kept to say where a fault is.
#[derive(Debug, Clone)]
struct SourceFile {
    name: String,
    text: String,
}

/// A definition and the file it came from.
#[derive(Debug, Clone)]
struct Owned<T> {
    file: usize,
    doc: T,
}

/// One line of `fa list tests`.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TestSummary {
    /// Test name.
    pub name: String,
    /// What it is for, one line.
    pub purpose: String,
    /// The plot to open with.
    pub default_plot: String,
    /// Parameters it cannot be measured without.
    pub needs: Vec<String>,
    /// Least number of hosts.
    pub hosts: usize,
}

const BUILTIN: [(&str, &str); 9] = [
    ("texts.toml", include_str!("../data/texts.toml")),
    ("plots.toml", include_str!("../data/plots.toml")),
    ("parts.toml", include_str!("../data/parts.toml")),
    ("tcp.toml", include_str!("../data/tcp.toml")),
    ("rrul.toml", include_str!("../data/rrul.toml")),
    ("fair.toml", include_str!("../data/fair.toml")),
    ("congestion.toml", include_str!("../data/congestion.toml")),
    ("udp.toml", include_str!("../data/udp.toml")),
    ("app.toml", include_str!("../data/app.toml")),
];

impl Catalog {
    /// The definitions in the program itself.
    pub fn builtin() -> &'static Self {
        static BUILT: OnceLock<Catalog> = OnceLock::new();
        BUILT.get_or_init(|| {
            let mut catalog = Self::default();
            for (name, text) in BUILTIN {
                // A test parses and expands every file; a fault here is a fault of the program.
                if let Err(error) = catalog.read(name, text) {
                    unreachable!("built-in definitions: {error}");
                }
            }
            catalog
        })
    }

    /// This catalogue with the definitions of one more file. A test or part of the same name is replaced; a test whose
    /// base is of its own name adds to the earlier one.
    ///
    /// `file` is only named in errors. Every test of the file is expanded once, so that a definition that could never
    /// work is refused here and not in the middle of a measurement.
    ///
    /// # Errors
    /// Bad TOML, unknown keys, and definitions that mean nothing, each with file, line and key.
    pub fn with_file(&self, file: &str, text: &str) -> Result<Self, CatalogError> {
        let mut catalog = self.clone();
        let added = catalog.read(file, text)?;
        for name in added {
            if catalog.tests[&name].doc.r#abstract {
                continue;
            }
            let mut setup = Setup::new(name.clone(), &["host1.example", "host2.example"]);
            let needs = catalog.flatten(&name).map(|flat| flat.needs().map(str::to_owned).collect::<Vec<_>>());
            setup.params.extend(needs.unwrap_or_default().into_iter().map(|need| (need, "2".to_owned())));
            if let Err(fault) = expand::expand(&catalog, &setup) {
                return Err(catalog.place(fault));
            }
        }
        Ok(catalog)
    }

    fn read(&mut self, file: &str, text: &str) -> Result<Vec<String>, CatalogError> {
        let doc: FileDoc = toml::from_str(text).map_err(|error| CatalogError::Syntax {
            file: file.to_owned(),
            line: error.span().map_or(1, |span| line_of(text, span.start)),
            problem: error.message().to_owned(),
        })?;
        let index = self.files.len();
        self.files.push(SourceFile { name: file.to_owned(), text: text.to_owned() });
        let names = doc.test.keys().cloned().collect();
        for (name, mut doc) in doc.test {
            self.keep_earlier(&name, &mut doc);
            self.tests.insert(name, Owned { file: index, doc });
        }
        for (name, doc) in doc.part {
            self.parts.insert(name, Owned { file: index, doc });
        }
        self.plot_text.extend(doc.plot_text);
        Ok(names)
    }

    /// A test built on one of its own name adds to the earlier definition, which goes on under a name of its own.
    fn keep_earlier(&mut self, name: &str, doc: &mut TestDoc) {
        let Some(base) = doc.base.iter_mut().find(|base| base.as_str() == name) else { return };
        let Some(mut earlier) = self.tests.get(name).cloned() else { return };
        let hidden = format!("{name} (earlier {})", self.tests.len());
        base.clone_from(&hidden);
        doc.r#abstract |= earlier.doc.r#abstract;
        earlier.doc.r#abstract = true;
        self.tests.insert(hidden, earlier);
    }

    /// Every test, by name.
    pub fn tests(&self) -> Vec<TestSummary> {
        let mut tests: Vec<TestSummary> = self
            .tests
            .iter()
            .filter(|(_, owned)| !owned.doc.r#abstract)
            .filter_map(|(name, _)| self.flatten(name).ok().map(|flat| TestSummary::new(name, &flat)))
            .collect();
        tests.sort_by(|a, b| a.name.cmp(&b.name));
        tests
    }

    /// The test with its hosts, parameters and times filled in.
    ///
    /// # Errors
    /// An unknown test (with the nearest name), or settings that the definition cannot work with.
    pub fn expand(&self, setup: &Setup) -> Result<Expanded, CatalogError> {
        if self.tests.get(&setup.test).is_none_or(|owned| owned.doc.r#abstract) {
            return Err(self.unknown(&setup.test));
        }
        expand::expand(self, setup).map_err(|fault| Self::place_setting(&setup.test, &fault))
    }

    /// As [`Catalog::expand`], for a file that may come from a test no catalogue knows.
    ///
    /// `series` are the file's series with their units. For an unknown test, roles are recognised from names and units,
    /// the usual plots over those roles are offered, and a note says so. For a known test, a number of streams that the
    /// metadata lacks or calls `num_cpus` is counted in the file.
    ///
    /// # Errors
    /// Settings that the definition cannot work with.
    pub fn expand_for_file(&self, setup: &Setup, series: &[(&str, &str)]) -> Result<Expanded, CatalogError> {
        match self.expand(&self.with_counted_streams(setup, series)) {
            Err(CatalogError::UnknownTest { .. }) => {
                expand::recognise(self, setup, series).map_err(|fault| Self::place_setting(&setup.test, &fault))
            }
            known => known,
        }
    }

    /// Numbers of streams that only the recording host knew (`num_cpus`, or none written down), counted in the file.
    fn with_counted_streams(&self, setup: &Setup, series: &[(&str, &str)]) -> Setup {
        let mut setup = setup.clone();
        let Ok(flat) = self.flatten(&setup.test) else { return setup };
        for need in flat.needs() {
            if setup.params.get(need).is_some_and(|value| !value.is_empty() && value != "num_cpus") {
                continue;
            }
            let word = match need {
                "upload_streams" | "bidir_streams" => "upload",
                "download_streams" => "download",
                _ => continue,
            };
            let is_stream = |name: &str| {
                crate::child::split(name).is_some_and(|(stem, rest)| {
                    stem.strip_prefix("TCP ").is_some_and(|stem| stem.starts_with(word))
                        && !rest.contains("::")
                        && !rest.starts_with("tcp_")
                })
            };
            match series.iter().filter(|(name, _)| is_stream(name)).count() {
                0 => {}
                count => {
                    setup.params.insert(need.to_owned(), count.to_string());
                }
            }
        }
        setup
    }

    fn unknown(&self, name: &str) -> CatalogError {
        let nearest = self
            .tests
            .iter()
            .filter(|(_, owned)| !owned.doc.r#abstract)
            .map(|(candidate, _)| (strsim::jaro_winkler(name, candidate), candidate))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        CatalogError::UnknownTest {
            name: name.to_owned(),
            suggestion: nearest.filter(|(score, _)| *score > 0.8).map(|(_, name)| name.clone()),
        }
    }

    fn place_setting(test: &str, fault: &Fault) -> CatalogError {
        // A path longer than the test's own is a fault of one entry: say which entry, leave `test.NAME` out.
        let inner = Fault { path: fault.path.iter().skip(2).cloned().collect(), ..Fault::new("") };
        CatalogError::Settings {
            test: test.to_owned(),
            parameter: fault.parameter.clone(),
            key: inner.key(),
            problem: fault.problem.clone(),
        }
    }

    fn place(&self, fault: Fault) -> CatalogError {
        let file = match (fault.path.first(), fault.path.get(1)) {
            (Some(Step::Key(table)), Some(Step::Key(name))) if table == "test" => {
                self.tests.get(name).map(|owned| owned.file)
            }
            (Some(Step::Key(table)), Some(Step::Key(name))) if table == "part" => {
                self.parts.get(name).map(|owned| owned.file)
            }
            _ => None,
        };
        let source = file.and_then(|file| self.files.get(file));
        CatalogError::Definition {
            file: source.map_or_else(|| "(unknown file)".to_owned(), |source| source.name.clone()),
            line: source.map_or(1, |source| locate(&source.text, &fault.path)),
            key: fault.key(),
            problem: fault.problem,
        }
    }

    /// A definition by name, with the name as the catalogue holds it.
    pub(crate) fn test(&self, name: &str) -> Option<(&str, &TestDoc)> {
        self.tests.get_key_value(name).map(|(name, owned)| (name.as_str(), &owned.doc))
    }

    pub(crate) fn part(&self, name: &str) -> Result<(&str, &PartDoc), Fault> {
        self.parts
            .get_key_value(name)
            .map(|(name, owned)| (name.as_str(), &owned.doc))
            .ok_or_else(|| Fault::new(format!("there is no part `{name}`")))
    }

    pub(crate) fn text_of_plot(&self, name: &str) -> Option<&str> {
        self.plot_text.get(name).map(String::as_str)
    }
}

impl TestSummary {
    fn new(name: &str, flat: &Flat<'_>) -> Self {
        Self {
            name: name.to_owned(),
            purpose: flat.purpose.unwrap_or_default().to_owned(),
            default_plot: flat.opens.unwrap_or_default().to_owned(),
            needs: flat.needs().map(str::to_owned).collect(),
            hosts: flat.hosts.unwrap_or(1),
        }
    }
}
