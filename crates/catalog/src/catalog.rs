//! The set of definitions: reading files, inheritance, looking names up.

use std::sync::OnceLock;

use indexmap::IndexMap;

use crate::doc::{AlterDoc, FileDoc, PartDoc, PlotDoc, SeriesDoc, TestDoc};
use crate::error::{CatalogError, Fault, Step};
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

/// Stands for the plots that parameters add, in a list of plot names; at the end where it is not said.
pub(crate) const MIXINS: &str = "@mixins";

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
            .filter_map(|(name, _)| self.flatten(name).ok().map(|flat| flat.summary(name)))
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
    /// the usual plots over those roles are offered, and a note says so.
    ///
    /// # Errors
    /// Settings that the definition cannot work with.
    pub fn expand_for_file(&self, setup: &Setup, series: &[(&str, &str)]) -> Result<Expanded, CatalogError> {
        match self.expand(setup) {
            Err(CatalogError::UnknownTest { .. }) => {
                expand::recognise(self, setup, series).map_err(|fault| Self::place_setting(&setup.test, &fault))
            }
            known => known,
        }
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
        let inner = Fault { path: fault.path.iter().skip(2).cloned().collect(), problem: String::new() };
        CatalogError::Settings { test: test.to_owned(), key: inner.key(), problem: fault.problem.clone() }
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

    /// A test with everything its bases give it.
    pub(crate) fn flatten(&self, name: &str) -> Result<Flat<'_>, Fault> {
        self.flatten_nested(name, 0)
    }

    fn flatten_nested(&self, name: &str, depth: usize) -> Result<Flat<'_>, Fault> {
        const DEEPEST: usize = 16;
        let (name, owned) = self
            .tests
            .get_key_value(name)
            .ok_or_else(|| Fault::new(format!("there is no test `{name}` to build on")))?;
        let doc = &owned.doc;
        if depth > DEEPEST {
            return Err(Fault::new("the test is built on itself"));
        }
        let mut flat = Flat::default();
        let mut base_plots = Vec::new();
        let mut base_scopes = Vec::new();
        for base in &doc.base {
            let below = self.flatten_nested(base, depth + 1).map_err(|mut fault| {
                // The fault lies where the missing or circular name is written, unless a base already said where.
                if fault.path.is_empty() {
                    fault = fault.within("base").within(name.as_str()).within("test");
                }
                fault
            })?;
            base_plots.extend(below.plots.iter().cloned());
            // Flent adds the plots of parameters where the base ends.
            if doc.plots.is_some() && !below.plots.is_empty() {
                base_plots.push(MIXINS.to_owned());
            }
            base_scopes.extend(below.scopes.iter().copied());
            flat.inherit(below);
        }
        flat.lay_over(name, doc);
        flat.plots = match &doc.plots {
            None => base_plots,
            Some(own) => {
                own.iter().flat_map(|plot| if plot == "+" { base_plots.clone() } else { vec![plot.clone()] }).collect()
            }
        };
        flat.scopes = vec![Scope { table: ("test", name), plots: &doc.plot }];
        for part in doc.parts.iter().flatten() {
            let (part, owned) = self.parts.get_key_value(part).ok_or_else(|| {
                Fault::new(format!("there is no part `{part}`")).within("parts").within(name.as_str()).within("test")
            })?;
            flat.scopes.push(Scope { table: ("part", part), plots: &owned.doc.plot });
        }
        flat.scopes.extend(base_scopes);
        Ok(flat)
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

/// A table in which plot names are looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// Where it stands: `test` or `part`, and the name.
    pub(crate) table: (&'static str, &'a str),
    pub(crate) plots: &'a IndexMap<String, PlotDoc>,
}

/// One step in building the list of series.
#[derive(Debug, Clone)]
pub(crate) enum Op<'a> {
    Add { test: &'a str, series: &'a [SeriesDoc] },
    Drop(&'a [String]),
    Alter { test: &'a str, changes: &'a [AlterDoc] },
}

/// A test with its bases folded in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flat<'a> {
    pub(crate) purpose: Option<&'a str>,
    pub(crate) opens: Option<&'a str>,
    pub(crate) total: Option<&'a str>,
    pub(crate) delay: Option<&'a str>,
    pub(crate) hosts: Option<usize>,
    pub(crate) default_hosts: &'a [String],
    pub(crate) need: &'a [String],
    pub(crate) aliases: IndexMap<&'a str, &'a str>,
    pub(crate) set: IndexMap<&'a str, &'a str>,
    pub(crate) ops: Vec<Op<'a>>,
    pub(crate) plots: Vec<String>,
    pub(crate) scopes: Vec<Scope<'a>>,
    pub(crate) mixins: Vec<&'a str>,
}

impl<'a> Flat<'a> {
    fn inherit(&mut self, below: Self) {
        self.purpose = self.purpose.or(below.purpose);
        self.opens = self.opens.or(below.opens);
        self.total = self.total.or(below.total);
        self.delay = self.delay.or(below.delay);
        self.hosts = self.hosts.or(below.hosts);
        if self.default_hosts.is_empty() {
            self.default_hosts = below.default_hosts;
        }
        if self.need.is_empty() {
            self.need = below.need;
        }
        if self.mixins.is_empty() {
            self.mixins = below.mixins;
        }
        for (alias, name) in below.aliases {
            self.aliases.entry(alias).or_insert(name);
        }
        for (name, value) in below.set {
            self.set.entry(name).or_insert(value);
        }
        self.ops.extend(below.ops);
    }

    fn lay_over(&mut self, name: &'a str, doc: &'a TestDoc) {
        self.purpose = doc.purpose.as_deref().or(self.purpose);
        self.opens = doc.opens.as_deref().or(self.opens);
        self.total = doc.total.as_deref().or(self.total);
        self.delay = doc.delay.as_deref().or(self.delay);
        self.hosts = doc.hosts.or(self.hosts);
        self.default_hosts = doc.default_hosts.as_deref().unwrap_or(self.default_hosts);
        self.need = doc.need.as_deref().unwrap_or(self.need);
        if let Some(mixins) = &doc.mixins {
            let below = std::mem::take(&mut self.mixins);
            for mixin in mixins {
                if mixin == "+" { self.mixins.extend(&below) } else { self.mixins.push(mixin) }
            }
        }
        self.aliases.extend(doc.aliases.iter().map(|(alias, name)| (alias.as_str(), name.as_str())));
        self.set.extend(doc.set.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        if !doc.drop.is_empty() {
            self.ops.push(Op::Drop(&doc.drop));
        }
        if !doc.alter.is_empty() {
            self.ops.push(Op::Alter { test: name, changes: &doc.alter });
        }
        if !doc.series.is_empty() {
            self.ops.push(Op::Add { test: name, series: &doc.series });
        }
    }

    /// What the test still needs once its own settings are counted.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &'a str> {
        self.need.iter().map(String::as_str).filter(|name| !self.set.contains_key(name))
    }

    fn summary(&self, name: &str) -> TestSummary {
        TestSummary {
            name: name.to_owned(),
            purpose: self.purpose.unwrap_or_default().to_owned(),
            default_plot: self.opens.unwrap_or_default().to_owned(),
            needs: self.needs().map(str::to_owned).collect(),
            hosts: self.hosts.unwrap_or(1),
        }
    }
}

/// Line of the deepest part of `path` that the text has, from 1.
fn locate(text: &str, path: &[Step]) -> usize {
    use toml::de::{DeTable, DeValue};

    let Ok(document) = DeTable::parse(text) else { return 1 };
    let mut best = 0;
    let mut table = Some(document.get_ref());
    let mut list: Option<&toml::de::DeArray> = None;
    for step in path {
        let value = match step {
            Step::Key(key) => {
                let Some((found, value)) =
                    table.and_then(|table| table.iter().find(|(name, _)| name.get_ref() == key.as_str()))
                else {
                    break;
                };
                best = found.span().start;
                value
            }
            Step::Index(index) => {
                let Some(value) = list.and_then(|list| list.get(*index)) else { break };
                best = value.span().start;
                value
            }
        };
        (table, list) = match value.get_ref() {
            DeValue::Table(inner) => (Some(inner), None),
            DeValue::Array(inner) => (None, Some(inner)),
            _ => (None, None),
        };
    }
    line_of(text, best)
}

fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|&b| b == b'\n').count() + 1
}
