//! A test with its bases folded in: what is inherited, replaced, added to.

use indexmap::IndexMap;

use crate::catalog::Catalog;
use crate::doc::{AlterDoc, PlotDoc, SeriesDoc, TestDoc};
use crate::error::Fault;

/// Stands for the plots that parameters add, in a list of plot names; at the end where it is not said.
pub(crate) const MIXINS: &str = "@mixins";

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
    pub(crate) iterations: Option<&'a str>,
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
        self.iterations = self.iterations.or(below.iterations);
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
        self.iterations = doc.iterations.as_deref().or(self.iterations);
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
}

impl Catalog {
    /// A test with everything its bases give it.
    pub(crate) fn flatten(&self, name: &str) -> Result<Flat<'_>, Fault> {
        self.flatten_nested(name, 0)
    }

    fn flatten_nested(&self, name: &str, depth: usize) -> Result<Flat<'_>, Fault> {
        const DEEPEST: usize = 16;
        let (name, doc) =
            self.test(name).ok_or_else(|| Fault::new(format!("there is no test `{name}` to build on")))?;
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
                    fault = fault.within("base").within(name).within("test");
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
            let (part, shared) = self.part(part).map_err(|fault| fault.within("parts").within(name).within("test"))?;
            flat.scopes.push(Scope { table: ("part", part), plots: &shared.plot });
        }
        flat.scopes.extend(base_scopes);
        Ok(flat)
    }
}
