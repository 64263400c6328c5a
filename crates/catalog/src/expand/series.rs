//! The list of series: entries repeated, directions and tables gone through, bases changed, sources resolved.

use indexmap::{IndexMap, IndexSet};

use super::scope::{Local, Settings};
use super::source;
use crate::catalog::Catalog;
use crate::doc::{AlterDoc, SeriesDoc};
use crate::error::Fault;
use crate::inherit::Op;
use crate::template::{fill, items};
use crate::{Pattern, SeriesDef, SeriesSource, glob};

/// Most streams one entry may ask for: parameters come from files, and files from anywhere.
const MAX_STREAMS: usize = 10_000;

/// Most series of a test.
const MAX_SERIES: usize = 20_000;

/// The series of a test while it is being built.
#[derive(Debug, Default)]
pub(super) struct SeriesList {
    pub(super) series: IndexMap<String, SeriesDef>,
    /// What per-flow plots call a series.
    pub(super) shorts: IndexMap<String, String>,
    /// Names given to two series; the later one is there.
    pub(super) twice: Vec<String>,
    pub(super) notes: Vec<String>,
}

impl SeriesList {
    /// Runs the steps of a test and its bases.
    pub(super) fn apply(
        &mut self,
        catalog: &Catalog,
        ops: &[Op<'_>],
        settings: &mut Settings<'_>,
    ) -> Result<(), Fault> {
        for op in ops {
            match *op {
                Op::Add { test, series } => {
                    self.add(catalog, series, settings).map_err(|fault| owned_by(fault, "test", test))?;
                }
                Op::Drop(what) => self.series.retain(|name, def| !what.iter().any(|what| is_named(what, name, def))),
                Op::Alter { test, changes } => {
                    self.alter(changes).map_err(|fault| owned_by(fault, "test", test))?;
                }
            }
        }
        Ok(())
    }

    /// Adds what a parameter switched on; series the test itself has stay as they are.
    pub(super) fn mix_in(&mut self, catalog: &Catalog, part: &str, settings: &mut Settings<'_>) -> Result<(), Fault> {
        let mut added = Self::default();
        added.add_part(catalog, part, settings)?;
        for (name, def) in added.series {
            self.series.entry(name).or_insert(def);
        }
        for (name, short) in added.shorts {
            self.shorts.entry(name).or_insert(short);
        }
        self.twice.extend(added.twice);
        self.notes.extend(added.notes);
        Ok(())
    }

    fn add_part(&mut self, catalog: &Catalog, part: &str, settings: &mut Settings<'_>) -> Result<(), Fault> {
        let (part, doc) = catalog.part(part)?;
        self.add(catalog, &doc.series, settings).map_err(|fault| owned_by(fault, "part", part))
    }

    fn add(&mut self, catalog: &Catalog, docs: &[SeriesDoc], settings: &mut Settings<'_>) -> Result<(), Fault> {
        let mut at = 0;
        while at < docs.len() {
            if let Some(part) = &docs[at].r#use {
                self.add_part(catalog, part, settings).map_err(|fault| {
                    if fault.path.is_empty() { fault.within("use").within(at).within("series") } else { fault }
                })?;
                at += 1;
                continue;
            }
            let end = at + turn_takers(&docs[at..]);
            self.take_turns(&docs[at..end], at, settings)?;
            at = end;
        }
        Ok(())
    }

    /// Goes through neighbours that share their streams or their directions.
    fn take_turns(&mut self, docs: &[SeriesDoc], first: usize, settings: &mut Settings<'_>) -> Result<(), Fault> {
        let at = |index: usize| move |fault: Fault| fault.within(first + index).within("series");
        if let Some(repeat) = &docs[0].repeat {
            let streams = count(repeat, settings).map_err(|problem| at(0)(Fault::new(problem).within("repeat")))?;
            if streams == 0
                && let Some(length) = length_for_one(repeat, settings)
            {
                let what = docs[0].role.as_deref().unwrap_or("stream");
                let given = settings.length;
                self.notes.push(format!("no {what}: {given} s are too short for one; --length {length} is not"));
            }
            for stream in 0..streams {
                for (index, doc) in docs.iter().enumerate() {
                    for dir in directions(doc) {
                        self.entry(doc, dir, (stream, streams), settings).map_err(at(index))?;
                    }
                }
            }
        } else {
            for dir in directions(&docs[0]) {
                for (index, doc) in docs.iter().enumerate() {
                    self.entry(doc, dir, (0, 1), settings).map_err(at(index))?;
                }
            }
        }
        Ok(())
    }

    /// One entry for one stream and one direction.
    fn entry(
        &mut self,
        doc: &SeriesDoc,
        dir: Option<crate::doc::DirWord>,
        (stream, streams): (usize, usize),
        settings: &mut Settings<'_>,
    ) -> Result<(), Fault> {
        if let (Some(letters), Some(dir)) = (&doc.letters, dir)
            && let Some(list) = settings.param(letters)
        {
            let first = &dir.word()[..1];
            if !items(list).nth(stream).is_some_and(|entry| entry.contains(first)) {
                return Ok(());
            }
        }
        let listed: Vec<Option<String>> = match &doc.items {
            Some(param) => items(settings.param(param).unwrap_or_default())
                .filter(|item| !item.is_empty())
                .map(|item| Some(item.to_owned()))
                .collect(),
            None => vec![None],
        };
        for item in &listed {
            for each in tables(doc) {
                for fold in folds(doc) {
                    let local = Local {
                        settings,
                        doc,
                        each,
                        dir,
                        item: item.as_deref(),
                        fold: fold.map(crate::doc::Fold::word),
                        stream,
                        streams,
                    };
                    let draft = source::draft(&local, fold)?;
                    self.copies(draft, &local)?;
                    // Hosts that only this series names become hosts of the test.
                    let host = local.field("host", doc.host.as_deref())?;
                    self.settle_host(host, settings)?;
                }
            }
        }
        Ok(())
    }

    /// The series itself, or its numbered copies.
    fn copies(&mut self, draft: source::Draft, local: &Local<'_>) -> Result<(), Fault> {
        let copies = match &local.doc.copies {
            None => None,
            Some(text) => {
                let problem = |problem| Fault::new(problem).within("copies");
                let text = fill(text, local).map_err(problem)?;
                if text.is_empty() { None } else { Some(streams_of(&text, local.settings).map_err(problem)?) }
            }
        };
        let Some(copies) = copies else {
            return self.insert(draft.def, draft.short);
        };
        for number in 1..=copies {
            let mut def = draft.def.clone();
            def.name = format!("{}::{number}", def.name);
            def.id = Some(number.to_string());
            let short =
                if local.doc.short.is_some() { format!("{} -- {number}", draft.short) } else { number.to_string() };
            self.insert(def, short)?;
        }
        Ok(())
    }

    /// Gives the series just added the index of the host it names.
    fn settle_host(&mut self, host: Option<String>, settings: &mut Settings<'_>) -> Result<(), Fault> {
        let Some(host) = host else { return Ok(()) };
        let index = settings.host(&host).map_err(|problem| Fault::new(problem).within("host"))?;
        if let Some((_, def)) = self.series.last_mut() {
            match &mut def.source {
                SeriesSource::Flow(flow) => flow.host = index,
                SeriesSource::Probe(probe) => probe.host = index,
                SeriesSource::Other { options, .. } => {
                    options.insert("host".to_owned(), settings.hosts[index].clone());
                }
                SeriesSource::Computed(_) | SeriesSource::Null => {}
            }
        }
        Ok(())
    }

    fn insert(&mut self, def: SeriesDef, short: String) -> Result<(), Fault> {
        if self.series.len() >= MAX_SERIES {
            return Err(Fault::new(format!("more than {MAX_SERIES} series")));
        }
        let name = def.name.clone();
        self.shorts.insert(name.clone(), short);
        if self.series.insert(name.clone(), def).is_some() && !self.twice.contains(&name) {
            self.twice.push(name);
        }
        Ok(())
    }

    fn alter(&mut self, changes: &[AlterDoc]) -> Result<(), Fault> {
        for (index, change) in changes.iter().enumerate() {
            let mut found = false;
            for (name, def) in &mut self.series {
                if glob::matches_shell(&change.name, name) {
                    found = true;
                    alter(def, change);
                }
            }
            if !found {
                let problem = format!("the base has no series that matches `{}`", change.name);
                return Err(Fault::new(problem).within("name").within(index).within("alter"));
            }
        }
        Ok(())
    }

    /// Fills in the sources of computed series, now that all names are known.
    pub(super) fn resolve_sources(&mut self) {
        let names: Vec<String> = self.series.keys().cloned().collect();
        for (own, def) in &mut self.series {
            if let SeriesSource::Computed(computed) = &mut def.source {
                computed.sources = sources(&computed.patterns, own, &names);
            }
        }
    }
}

/// Names that the patterns take, pattern by pattern, each once; a computed series never takes itself.
fn sources(patterns: &[Pattern], own: &str, names: &[String]) -> Vec<String> {
    let mut taken: IndexSet<&String> = IndexSet::new();
    for matcher in patterns.iter().map(Pattern::matcher) {
        taken.extend(names.iter().filter(|name| *name != own && matcher.matches(name)));
    }
    taken.into_iter().cloned().collect()
}

fn owned_by(fault: Fault, table: &str, name: &str) -> Fault {
    // A fault inside a part that a test uses already says which part.
    match fault.path.first() {
        Some(crate::error::Step::Key(key)) if key == "part" || key == "test" => fault,
        _ => fault.within(name).within(table),
    }
}

/// How many entries from the first on belong together.
fn turn_takers(docs: &[SeriesDoc]) -> usize {
    let first = &docs[0];
    let together = |doc: &SeriesDoc| {
        doc.r#use.is_none()
            && match &first.repeat {
                Some(repeat) => doc.repeat.as_ref() == Some(repeat),
                None => doc.repeat.is_none() && first.dir.len() > 1 && doc.dir == first.dir,
            }
    };
    1 + docs[1..].iter().take_while(|doc| together(doc)).count()
}

fn directions(doc: &SeriesDoc) -> Vec<Option<crate::doc::DirWord>> {
    if doc.dir.is_empty() { vec![None] } else { doc.dir.iter().copied().map(Some).collect() }
}

fn tables(doc: &SeriesDoc) -> Vec<Option<&IndexMap<String, String>>> {
    if doc.each.is_empty() { vec![None] } else { doc.each.iter().map(Some).collect() }
}

fn folds(doc: &SeriesDoc) -> Vec<Option<crate::doc::Fold>> {
    if doc.fold.is_empty() { vec![None] } else { doc.fold.iter().copied().map(Some).collect() }
}

/// How many streams a `repeat` asks for.
fn count(repeat: &str, settings: &Settings<'_>) -> Result<usize, String> {
    settings.new_field();
    if let Some(param) = repeat.strip_suffix("[]") {
        return Ok(settings.param(param).map_or(0, |list| items(list).count()));
    }
    streams_of(&fill(repeat, settings)?, settings)
}

/// The shortest length of the test, in seconds, at which a `repeat` that depends on it gives one at least.
fn length_for_one(repeat: &str, settings: &Settings<'_>) -> Option<u32> {
    let text = fill(repeat, settings).ok().filter(|text| text.contains('L'))?;
    let at = |secs: u32| {
        crate::expr::evaluate(&text, &|name| if name == "L" { Some(secs.into()) } else { settings.quantity(name) })
    };
    (1..=86_400).find(|&secs| at(secs).is_ok_and(|number| number >= 1.0))
}

fn streams_of(text: &str, settings: &Settings<'_>) -> Result<usize, String> {
    if text.trim() == "num_cpus" {
        return Ok(std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    }
    let number = crate::expr::evaluate(text, &|name| settings.quantity(name))
        .map_err(|problem| format!("{problem}; what is wanted is a number of streams, or num_cpus"))?;
    if number < 0.0 || number.fract() != 0.0 || number > MAX_STREAMS as f64 {
        return Err(format!("`{text}` is not a number of streams from 0 to {MAX_STREAMS}"));
    }
    Ok(number as usize)
}

/// Whether `what` is the role of a series, the beginning of its role, or a pattern for its name.
fn is_named(what: &str, name: &str, def: &SeriesDef) -> bool {
    role_within(&def.role, what) || glob::matches_shell(what, name)
}

/// Whether `role` is `what` or below it (`upload.avg` is below `upload`).
pub(super) fn role_within(role: &str, what: &str) -> bool {
    role.strip_prefix(what).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn alter(def: &mut SeriesDef, change: &AlterDoc) {
    if let Some(runner) = &change.runner {
        def.runner.clone_from(runner);
    }
    if change.ip.is_some() {
        match &mut def.source {
            SeriesSource::Flow(flow) => flow.ip_version = change.ip,
            SeriesSource::Probe(probe) => probe.ip_version = change.ip,
            SeriesSource::Computed(_) | SeriesSource::Null | SeriesSource::Other { .. } => {}
        }
    }
}
