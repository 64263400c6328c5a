//! What names stand for while a definition is filled in.

use std::cell::RefCell;

use indexmap::{IndexMap, IndexSet};

use crate::Setup;
use crate::doc::{DirWord, SeriesDoc};
use crate::error::{Fault, Step};
use crate::expr;
use crate::inherit::Flat;
use crate::template::{self, Names};

/// Everything about a run that definitions may ask for.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    pub(super) length: f64,
    pub(super) delay: f64,
    pub(super) step: f64,
    pub(super) total: f64,
    pub(super) ip_version: Option<u8>,
    /// Hosts of the test; those that only parameters name come after the first `own_hosts`.
    pub(super) hosts: Vec<String>,
    pub(super) own_hosts: usize,
    pub(super) params: IndexMap<String, String>,
    pub(super) notes: Vec<String>,
    url_lists: &'a [String],
    /// Parameters that some definition asked for.
    read: RefCell<IndexSet<String>>,
    /// Those that were asked for since the last key of a definition was begun: what is wrong with the key is theirs.
    asked: RefCell<IndexSet<String>>,
}

/// Stands in for the host where none is given, so that a test can be listed.
const NO_HOST: &str = "HOST";

impl<'a> Settings<'a> {
    pub(super) fn new(flat: &Flat<'_>, setup: &'a Setup) -> Result<Self, Fault> {
        let mut settings = Self {
            length: setup.length_secs,
            delay: setup.delay_secs,
            step: setup.step_secs,
            total: 0.0,
            ip_version: setup.ip_version,
            hosts: setup.hosts.clone(),
            own_hosts: 0,
            params: params(flat, setup),
            notes: Vec::new(),
            url_lists: &setup.url_lists,
            read: RefCell::default(),
            asked: RefCell::default(),
        };
        if let Some(delay) = flat.delay {
            settings.delay = settings.number(delay).map_err(|fault| fault.within("delay"))?;
        }
        settings.total = settings.number(flat.total.unwrap_or("L+2*D")).map_err(|fault| fault.within("total"))?;
        settings.fill_hosts(flat);
        Ok(settings)
    }

    fn fill_hosts(&mut self, flat: &Flat<'_>) {
        let wanted = flat.hosts.unwrap_or(1);
        let given = self.hosts.len();
        if given < wanted {
            let source = match (given, flat.default_hosts) {
                (0, []) => vec![NO_HOST.to_owned()],
                (0, defaults) => defaults.to_vec(),
                _ => self.hosts.clone(),
            };
            self.hosts.extend(source.iter().cycle().skip(given).take(wanted - given).cloned());
            if given > 0 {
                self.notes.push(format!("the test needs {wanted} hosts and {given} given: they are used in turn"));
            }
        }
        self.own_hosts = self.hosts.len();
    }

    /// A parameter that is set to something.
    pub(super) fn param(&self, name: &str) -> Option<&str> {
        let value = self.params.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())?;
        for names in [&self.read, &self.asked] {
            if !names.borrow().contains(name) {
                names.borrow_mut().insert(name.to_owned());
            }
        }
        Some(value)
    }

    /// Another key of a definition is read from here on.
    pub(super) fn new_field(&self) {
        self.asked.borrow_mut().clear();
    }

    /// The fault with the user's parameter that brought it about, where one did.
    pub(super) fn blamed(&self, mut fault: Fault, flat: &Flat<'_>, setup: &Setup) -> Fault {
        // A fault of an entry as a whole is nobody's value.
        if !matches!(fault.path.last(), Some(Step::Key(_))) {
            return fault;
        }
        let typed = |name: &String| {
            let alias = || flat.aliases.iter().find(|(_, of)| **of == name.as_str()).map(|(alias, _)| *alias);
            let given = setup.params.get_key_value(name).or_else(|| setup.params.get_key_value(alias()?));
            given.filter(|(_, value)| !flat.set.contains_key(name.as_str()) && !value.trim().is_empty())
        };
        let asked = self.asked.borrow();
        let given: Vec<_> = asked.iter().filter_map(typed).collect();
        // The value that the problem quotes, else the last one that was put in.
        let quoted = fault.problem.split('`').nth(1);
        let holds = |value: &str| quoted.is_some_and(|quoted| template::items(value).any(|item| item == quoted));
        let found = given.iter().find(|(_, value)| holds(value)).or(given.last());
        fault.parameter = found.map(|(name, value)| format!("{name}={value}"));
        fault
    }

    /// Parameters of the user that nothing asked for so far, or that the test sets itself.
    pub(super) fn unread(&self, flat: &Flat<'_>, setup: &Setup) -> Vec<String> {
        let read = self.read.borrow();
        let used = |name: &str| {
            let name = flat.aliases.get(name).copied().unwrap_or(name);
            read.contains(name) && !flat.set.contains_key(name)
        };
        let given = setup.params.iter().filter(|(_, value)| !value.trim().is_empty());
        given.map(|(name, _)| name).filter(|name| !used(name)).cloned().collect()
    }

    /// Index of a host: a number from 1 in the test's own list, or a name.
    pub(super) fn host(&mut self, text: &str) -> Result<usize, String> {
        if let Ok(number) = text.parse::<usize>() {
            return match number.checked_sub(1) {
                Some(index) if index < self.own_hosts => Ok(index),
                _ => Err(format!("there is no host number {number}: the test has {}", self.own_hosts)),
            };
        }
        Ok(self.hosts.iter().position(|host| host == text).unwrap_or_else(|| {
            self.hosts.push(text.to_owned());
            self.hosts.len() - 1
        }))
    }

    /// An expression over the settings alone.
    pub(super) fn number(&self, text: &str) -> Result<f64, Fault> {
        expr::evaluate(text, &|name| self.quantity(name)).map_err(Fault::new)
    }

    /// A template over parameters alone.
    pub(super) fn text(&self, text: &str) -> Result<String, Fault> {
        template::fill(text, self).map_err(Fault::new)
    }

    pub(super) fn quantity(&self, name: &str) -> Option<f64> {
        match name {
            "L" => Some(self.length),
            "D" => Some(self.delay),
            "T" => Some(self.total),
            "S" => Some(self.step),
            "hosts" => Some(self.own_hosts as f64),
            _ => None,
        }
    }
}

impl Names for Settings<'_> {
    fn value(&self, name: &str, _depth: usize) -> Result<Option<String>, String> {
        Ok(match name {
            "url_lists" => Some(self.url_lists.join(",")),
            // One list makes one plain series, several make numbered ones.
            "url_copies" => (self.url_lists.len() > 1).then(|| self.url_lists.len().to_string()),
            "hosts" => Some(self.own_hosts.to_string()),
            _ => self.param(name).map(str::to_owned),
        })
    }

    fn stream(&self) -> usize {
        0
    }
}

/// Parameters under their own names, with the test's fixed ones on top.
fn params(flat: &Flat<'_>, setup: &Setup) -> IndexMap<String, String> {
    let mut params = setup.params.clone();
    for (alias, name) in &flat.aliases {
        if let Some(value) = setup.params.get(*alias)
            && !setup.params.contains_key(*name)
        {
            params.insert((*name).to_owned(), value.clone());
        }
    }
    for (name, value) in &flat.set {
        params.insert((*name).to_owned(), (*value).to_owned());
    }
    params
}

/// The names in force for one series of one entry.
#[derive(Clone, Copy)]
pub(super) struct Local<'a> {
    pub(super) settings: &'a Settings<'a>,
    pub(super) doc: &'a SeriesDoc,
    pub(super) each: Option<&'a IndexMap<String, String>>,
    pub(super) dir: Option<DirWord>,
    pub(super) item: Option<&'a str>,
    pub(super) fold: Option<&'a str>,
    /// Number of this stream, from 0.
    pub(super) stream: usize,
    /// How many streams there are.
    pub(super) streams: usize,
}

impl Local<'_> {
    /// The text of a key, an `each` table's before the entry's own; `None` where absent or empty.
    pub(super) fn field(&self, key: &str, own: Option<&str>) -> Result<Option<String>, Fault> {
        let Some(text) = self.each.and_then(|each| each.get(key)).map(String::as_str).or(own) else {
            return Ok(None);
        };
        self.settings.new_field();
        let filled = template::fill(text, self).map_err(|problem| Fault::new(problem).within(key))?;
        Ok(Some(filled).filter(|text| !text.is_empty()))
    }

    /// The number of a key.
    pub(super) fn number(&self, key: &str, own: Option<&str>, default: &str) -> Result<f64, Fault> {
        let text = self.field(key, own)?;
        self.evaluate(text.as_deref().unwrap_or(default)).map_err(|problem| Fault::new(problem).within(key))
    }

    pub(super) fn evaluate(&self, text: &str) -> Result<f64, String> {
        expr::evaluate(text, &|name| match name {
            "i" => Some(self.stream as f64),
            "n" => Some(self.stream as f64 + 1.0),
            "streams" => Some(self.streams as f64),
            _ => self.settings.quantity(name),
        })
    }

    /// Whether this stream's entry of the list that the streams go through is there again later.
    fn comes_again(&self) -> bool {
        let list = self.doc.repeat.as_deref().and_then(|repeat| self.settings.param(repeat.strip_suffix("[]")?));
        let entries: Vec<&str> = template::items(list.unwrap_or_default()).collect();
        entries.get(self.stream).is_some_and(|own| entries[self.stream + 1..].contains(own))
    }

    fn host_name(&self, depth: usize) -> Result<String, String> {
        let own = self.each.and_then(|each| each.get("host")).or(self.doc.host.as_ref());
        match own {
            None => {
                let index = if self.doc.repeat.as_deref() == Some("hosts") { self.stream } else { 0 };
                Ok(self.settings.hosts.get(index).cloned().unwrap_or_default())
            }
            Some(text) => {
                let text = template::fill_nested(text, self, depth)?;
                let known = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                Ok(known.and_then(|index| self.settings.hosts.get(index)).cloned().unwrap_or(text))
            }
        }
    }
}

impl Names for Local<'_> {
    fn value(&self, name: &str, depth: usize) -> Result<Option<String>, String> {
        // Before the tables: they give a host by its number, names mean the host itself.
        if name == "host" {
            return self.host_name(depth).map(Some);
        }
        if let Some(text) = self.each.and_then(|each| each.get(name)).or_else(|| self.doc.r#let.get(name)) {
            return template::fill_nested(text, self, depth).map(Some);
        }
        Ok(match name {
            "i" => Some(self.stream.to_string()),
            "n" => Some((self.stream + 1).to_string()),
            "dir" => self.dir.map(|dir| dir.word().to_owned()),
            "item" => self.item.map(str::to_owned),
            "fold" => self.fold.map(str::to_owned),
            "twin" if self.comes_again() => Some(template::fill_nested(" ({interface})", self, depth)?),
            "twin" => None,
            "url_child" => (self.settings.url_lists.len() > 1).then(|| format!("::{}", self.stream + 1)),
            _ => self.settings.value(name, depth)?,
        })
    }

    fn stream(&self) -> usize {
        self.stream
    }
}
