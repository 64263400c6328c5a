//! In what the metadata of runs differ: the settings, hosts and queues that may explain why the numbers do.
//!
//! Only keys that differ, as a tree. Members of lists (queueing disciplines, interfaces) are matched by what names them, not
//! by position. What differs between any two runs (times, ids, counters, results) is counted and left out unless asked for.

mod align;
mod text;
mod volatile;

use fa_catalog::glob;
use fa_format::{Metadata, non_finite_literal};
use serde::Serialize;
use serde_json::Value;

use align::{keys, members};
use volatile::{is_volatile, lasting};

/// What to compare.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DiffOptions {
    /// Times, ids, counters and results, too.
    pub all: bool,
    /// Only what is at, or below, a path that one of these globs takes; `*` takes colons too. Empty: everything.
    ///
    /// Paths are written `EGRESS_INFO:qdiscs:fq_codel:params:target`. A path written out in full is shown even if it is a time
    /// or the like.
    pub keys: Vec<String>,
}

/// The differences of files.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetaDiff {
    /// Names of the files, in order; [`Variant::files`] are indices into this.
    pub files: Vec<String>,
    /// In the order of the first file that has the key.
    pub differences: Vec<Difference>,
    /// How many values differ that were left out as times, ids, counters or results.
    pub left_out: usize,
}

/// A key whose values differ, or with such keys below it; or both, where some files have an object and others do not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Last step of the path: a key, or what names a member of a list.
    pub key: String,
    /// All steps, joined by `:`.
    pub path: String,
    /// Unit of the values, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    /// The different values, each with the files that have it, in the order of those files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Variant>,
    /// Keys below this one that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Difference>,
}

/// One of the values of a key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variant {
    /// Indices of the files that have it.
    pub files: Vec<usize>,
    /// What they have.
    #[serde(flatten)]
    pub found: Found,
}

/// What a file has under a key.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// A value, null included, complete.
    Value(Value),
    /// The file does not have the key. (The flag is always true; it is what the JSON form shows.)
    Absent(bool),
}

impl MetaDiff {
    /// Nothing differs, but for what was left out.
    pub fn is_same(&self) -> bool {
        self.differences.is_empty()
    }

    /// How many keys differ.
    pub fn count(&self) -> usize {
        self.differences.iter().map(Difference::count).sum()
    }

    /// For people, `width` characters wide where that is possible: two files side by side, more as each value with its files.
    pub fn to_text(&self, width: usize) -> String {
        text::text(self, width)
    }
}

impl Difference {
    fn count(&self) -> usize {
        usize::from(!self.values.is_empty()) + self.keys.iter().map(Self::count).sum::<usize>()
    }

    /// What a file has here; `None` where this is only a step to the keys below.
    pub fn of_file(&self, file: usize) -> Option<&Found> {
        self.values.iter().find(|variant| variant.files.contains(&file)).map(|variant| &variant.found)
    }
}

/// A file and what it has at a place.
type Node<'v> = (usize, Option<&'v Value>);

/// In what the metadata of named files differ.
///
/// Numbers are compared by value (5 and 5.0 are the same); null, an empty list and a key that is not there are three things.
///
/// ```
/// use fa_analyze::metadiff::{DiffOptions, diff};
/// use fa_format::Metadata;
///
/// let run = |time: &str, qdisc: &str| {
///     let mut metadata = Metadata::for_new_run("rrul");
///     metadata.set("TIME", time);
///     metadata.set("EGRESS_INFO", serde_json::json!({"qdiscs": [{"name": qdisc, "parent": "root"}]}));
///     metadata
/// };
/// let (a, b) = (run("2020-01-01T00:00:00.000000Z", "codel"), run("2020-01-02T00:00:00.000000Z", "pie"));
/// let diff = diff(&[("a", &a), ("b", &b)], &DiffOptions::default());
/// assert_eq!((diff.count(), diff.left_out), (1, 1));
/// assert!(diff.to_text(80).ends_with(
///     "\
/// EGRESS_INFO
///   qdiscs
///     root
///       name  codel  pie
/// "));
/// ```
pub fn diff(files: &[(&str, &Metadata)], options: &DiffOptions) -> MetaDiff {
    let mut walk = Walk { options, path: Vec::new(), left_out: 0 };
    let roots: Vec<_> = files.iter().enumerate().map(|(i, (_, metadata))| (i, metadata.as_map())).collect();
    let differences = keys(&roots)
        .into_iter()
        .filter_map(|key| {
            let nodes: Vec<Node> = roots.iter().map(|(i, map)| (*i, map.get(key))).collect();
            walk.step(key, &nodes)
        })
        .collect();
    MetaDiff { files: files.iter().map(|(name, _)| (*name).to_owned()).collect(), differences, left_out: walk.left_out }
}

struct Walk<'o> {
    options: &'o DiffOptions,
    path: Vec<String>,
    left_out: usize,
}

impl Walk<'_> {
    fn step(&mut self, key: &str, nodes: &[Node]) -> Option<Difference> {
        let (_, first) = nodes.first()?;
        if nodes.iter().all(|(_, node)| same(*first, *node)) {
            return None;
        }
        self.path.push(key.to_owned());
        let difference = self.here(key, nodes);
        self.path.pop();
        difference
    }

    fn here(&mut self, key: &str, nodes: &[Node]) -> Option<Difference> {
        let path = self.path.join(":");
        if !self.options.all && is_volatile(&self.path, nodes) && !self.options.keys.contains(&path) {
            self.left_out += usize::from(self.is_wanted(&path));
            return None;
        }
        let objects: Vec<_> = nodes.iter().filter_map(|(i, node)| Some((*i, node.as_ref()?.as_object()?))).collect();
        let lists: Vec<_> = nodes.iter().filter_map(|(i, node)| Some((*i, node.as_ref()?.as_array()?))).collect();
        let mut below = Vec::new();
        let mut is_tree = false;
        if objects.len() > 1 || objects.len() == nodes.len() {
            is_tree = objects.len() == nodes.len();
            for key in keys(&objects) {
                let nodes: Vec<Node> = objects.iter().map(|(i, map)| (*i, map.get(key))).collect();
                below.extend(self.step(key, &nodes));
            }
        } else if lists.len() > 1
            && let Some(members) = members(&lists)
        {
            is_tree = lists.len() == nodes.len();
            for (name, nodes) in members {
                below.extend(self.step(&name, &nodes));
            }
        }
        let values = if is_tree || !self.is_wanted(&path) { Vec::new() } else { self.variants(nodes) };
        (!values.is_empty() || !below.is_empty()).then(|| Difference {
            key: key.to_owned(),
            unit: if values.is_empty() { None } else { unit_of(key) },
            path,
            values,
            keys: below,
        })
    }

    fn variants(&self, nodes: &[Node]) -> Vec<Variant> {
        let mut groups: Vec<(Option<Value>, Vec<usize>)> = Vec::new();
        for (file, node) in nodes {
            // Of what some files lack as a whole, the others show the settings.
            let value = node.map(|value| if self.options.all { value.clone() } else { lasting(value, &self.path) });
            match groups.iter_mut().find(|(other, _)| same(other.as_ref(), value.as_ref())) {
                Some((_, files)) => files.push(*file),
                None => groups.push((value, vec![*file])),
            }
        }
        let found = |value: Option<Value>| value.map_or(Found::Absent(true), |value| Found::Value(plain(&value)));
        groups.into_iter().map(|(value, files)| Variant { files, found: found(value) }).collect()
    }

    /// Whether the filter takes the path or one above it.
    fn is_wanted(&self, path: &str) -> bool {
        let above = || path.match_indices(':').map(|(at, _)| &path[..at]).chain([path]);
        self.options.keys.is_empty()
            || self.options.keys.iter().any(|key| above().any(|path| glob::matches_shell(key, path)))
    }
}

fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same_value(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// Equal, numbers by value: files write 5 and 5.0.
fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => a == b || (x.is_f64() || y.is_f64()) && x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same_value(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| same_value(x, y)))
        }
        _ => a == b,
    }
}

/// Without the marks of numbers that JSON does not know: they become the words they were.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        _ => non_finite_literal(value).map_or_else(|| value.clone(), Value::from),
    }
}

/// The unit of a known key.
fn unit_of(key: &str) -> Option<&'static str> {
    Some(match key {
        "LENGTH" | "TOTAL_LENGTH" | "STEP_SIZE" | "DELAY" | "ELAPSED_TIME" => "s",
        "TCP_MSS" | "SEND_SIZE" | "RECV_SIZE" | "SEND_BUFFER" | "RECEIVE_BUFFER" | "BYTES_SENT" | "BYTES_RECVD"
        | "TCPI_PMTU" | "mtu" => "bytes",
        "qlen" => "packets",
        "TCPI_RTT" | "TCPI_RTTVAR" | "TCPI_RTO" | "TCPI_ATO" | "TCPI_MIN_RTT" | "TCPI_BUSY_TIME" => "µs",
        _ if key.starts_with("RTT_") || key.starts_with("OWD_") || key.starts_with("IPDV_") => "ms",
        _ if key.ends_with("_ms") => "ms",
        _ => return None,
    })
}
