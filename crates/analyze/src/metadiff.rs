//! In what the metadata of runs differ.
//!
//! Keys are compared as a tree. Lists of named things (queueing disciplines, interfaces, stations) are matched by name, not by
//! position. What differs between any two runs whatever the settings (times, identities, counters, results) is left out
//! unless asked for.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use fa_catalog::glob;
use serde::Serialize;
use serde_json::{Map, Value};

/// What to compare.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DiffOptions {
    /// Keys that are equal, too.
    pub all: bool,
    /// Times, identities, counters and results, too.
    pub volatile: bool,
    /// Only keys whose path one of these globs takes; the path is written `EGRESS_INFO.qdiscs[fq_codel].params.target`.
    pub keys: Vec<String>,
}

/// One key and its values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Steps from the top: keys, and names of list members in brackets.
    pub path: Vec<String>,
    /// One per run; `None` where the run does not have the key.
    pub values: Vec<Option<Value>>,
    /// Not all runs have the same.
    pub differs: bool,
}

impl Entry {
    /// `EGRESS_INFO.qdiscs[fq_codel].params.target`
    pub fn name(&self) -> String {
        join(&self.path)
    }
}

/// Keys at any depth that say when, which one or how much came out, not how things were set.
const VOLATILE: &[&str] = &[
    "TIME",
    "T0",
    "BATCH_TIME",
    "BATCH_UUID",
    "DATA_FILENAME",
    "tc_stats_pre",
    "tc_stats_post",
    "stats",
    "IDX",
    "COMMAND",
    "COMPUTED_LATE",
];

/// Keys of `SERIES_META` that are settings; the others are results.
const SERIES_SETTINGS: &[&str] =
    &["RUNNER", "UNITS", "CONG_CONTROL", "UPSTREAM_TOS", "DOWNSTREAM_TOS", "DATA_TOS", "TCP_MSS", "REMOTE_HOST"];

/// Keys that name a member of a list, the first that all members have.
const NAMING: &[&str] = &["name", "iface", "ifname", "id", "addr", "host"];

/// The keys in which runs differ (with [`DiffOptions::all`]: all keys), in the order of the first run that has them.
///
/// ```
/// use fa_analyze::metadiff::{DiffOptions, diff};
/// let [a, b] = ["codel", "pie"].map(|qdisc| serde_json::json!({"LENGTH": 60, "EGRESS_INFO": {"qdiscs": [{"name": qdisc}]}}));
/// let entries = diff(&[a.as_object().unwrap(), b.as_object().unwrap()], &DiffOptions::default());
/// let names: Vec<String> = entries.iter().map(|entry| entry.name()).collect();
/// assert_eq!(names, ["EGRESS_INFO.qdiscs[codel].name", "EGRESS_INFO.qdiscs[pie].name"]);
/// ```
pub fn diff(runs: &[&Map<String, Value>], options: &DiffOptions) -> Vec<Entry> {
    let roots: Vec<Value> = runs.iter().map(|map| Value::Object((*map).clone())).collect();
    let nodes: Vec<Option<&Value>> = roots.iter().map(Some).collect();
    let mut entries = Vec::new();
    walk(&mut Vec::new(), &nodes, options, &mut entries);
    entries
}

fn walk(path: &mut Vec<String>, nodes: &[Option<&Value>], options: &DiffOptions, entries: &mut Vec<Entry>) {
    if !options.volatile && is_volatile(path) {
        return;
    }
    let there = || nodes.iter().copied().flatten();
    // A null is as good as a missing key.
    let objects = there().all(|v| v.is_object() || v.is_null()) && there().any(Value::is_object);
    if objects {
        for key in keys(nodes) {
            let children: Vec<Option<&Value>> = nodes.iter().map(|node| node.and_then(|v| v.get(&key))).collect();
            step(path, key, &children, options, entries);
        }
        return;
    }
    if let Some(naming) = naming_key(nodes) {
        for name in names(nodes, naming) {
            let members: Vec<Option<&Value>> = nodes.iter().map(|node| member(*node, naming, &name)).collect();
            step(path, format!("[{}{}]", name.0, numbered(name.1)), &members, options, entries);
        }
        return;
    }
    let values: Vec<Option<Value>> = nodes.iter().map(|node| node.filter(|v| !v.is_null()).cloned()).collect();
    let differs = values.iter().any(|value| !same(value.as_ref(), values.first().and_then(Option::as_ref)));
    let name = join(path);
    let wanted = options.keys.is_empty() || options.keys.iter().any(|key| glob::matches_shell(key, &name));
    if wanted && (differs || options.all) && !path.is_empty() {
        entries.push(Entry { path: path.clone(), values, differs });
    }
}

fn step(
    path: &mut Vec<String>,
    next: String,
    nodes: &[Option<&Value>],
    options: &DiffOptions,
    entries: &mut Vec<Entry>,
) {
    path.push(next);
    walk(path, nodes, options, entries);
    path.pop();
}

/// Numbers are compared as numbers: files write 5 and 5.0.
fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

fn is_volatile(path: &[String]) -> bool {
    let Some(last) = path.last() else { return false };
    let result = path.len() == 3 && path[0] == "SERIES_META" && !SERIES_SETTINGS.contains(&last.as_str());
    result || VOLATILE.contains(&last.as_str())
}

/// All keys of the objects, those of the first run first.
fn keys(nodes: &[Option<&Value>]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let objects = nodes.iter().filter_map(|node| node.and_then(Value::as_object));
    objects.flat_map(Map::keys).filter(|key| seen.insert((*key).clone())).cloned().collect()
}

/// The key by which members of lists are told apart: all nodes are lists of objects that have it.
fn naming_key(nodes: &[Option<&Value>]) -> Option<&'static str> {
    let lists: Vec<&Vec<Value>> = nodes.iter().filter_map(|node| node.and_then(Value::as_array)).collect();
    let all_lists = nodes.iter().flatten().all(|node| node.is_array() || node.is_null());
    let mut members = lists.iter().flat_map(|list| list.iter()).peekable();
    if !all_lists || members.peek().is_none() {
        return None;
    }
    let members: Vec<&Value> = members.collect();
    NAMING.iter().copied().find(|key| members.iter().all(|member| member.get(key).is_some_and(Value::is_string)))
}

/// A name and which one of that name, from 0.
type Name = (String, usize);

fn names(nodes: &[Option<&Value>], naming: &str) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for list in nodes.iter().filter_map(|node| node.and_then(Value::as_array)) {
        let mut of_list: Vec<Name> = Vec::new();
        for name in list.iter().filter_map(|member| member.get(naming).and_then(Value::as_str)) {
            let before = of_list.iter().filter(|(n, _)| n == name).count();
            of_list.push((name.to_owned(), before));
        }
        for name in of_list {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn member<'v>(list: Option<&'v Value>, naming: &str, (name, which): &Name) -> Option<&'v Value> {
    let named = |member: &&Value| member.get(naming).and_then(Value::as_str) == Some(name);
    list?.as_array()?.iter().filter(named).nth(*which)
}

fn numbered(which: usize) -> String {
    if which == 0 { String::new() } else { format!(" #{}", which + 1) }
}

fn join(path: &[String]) -> String {
    let mut name = String::new();
    for step in path {
        if !name.is_empty() && !step.starts_with('[') {
            name.push('.');
        }
        name.push_str(step);
    }
    name
}

/// Longest value shown in full.
const LONGEST: usize = 72;

/// The entries as a tree: keys indented, one line per run under each, runs named by `names`.
pub fn to_text(entries: &[Entry], names: &[String]) -> String {
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    let mut open: Vec<&str> = Vec::new();
    for entry in entries {
        let shared = open.iter().zip(&entry.path).take_while(|(a, b)| **a == b.as_str()).count();
        open.truncate(shared);
        for step in &entry.path[shared..] {
            let _ = writeln!(text, "{}{step}", "  ".repeat(open.len()));
            open.push(step);
        }
        let indent = "  ".repeat(open.len());
        for (name, value) in names.iter().zip(&entry.values) {
            let _ = writeln!(text, "{indent}{name:<width$}  {}", shown(value.as_ref()));
        }
    }
    text
}

/// A value for people: texts bare, long ones cut with their length, a missing one as `–`.
fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => return "–".to_owned(),
        Some(Value::String(text)) => text.replace('\n', "⏎"),
        Some(other) => other.to_string(),
    };
    let length = text.chars().count();
    if length <= LONGEST {
        return text;
    }
    let head: String = text.chars().take(LONGEST).collect();
    format!("{head}… ({length} characters)")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn run(a: &Value, b: &Value, options: &DiffOptions) -> Vec<String> {
        diff(&[a.as_object().unwrap(), b.as_object().unwrap()], options).iter().map(Entry::name).collect()
    }

    #[test]
    fn only_settings_that_differ_are_shown() {
        let a = json!({"TIME": "x", "LENGTH": 60, "STEP_SIZE": 0.2, "HOST": "a", "SERIES_META": {"up": {"MEAN_VALUE": 1, "CONG_CONTROL": "cubic"}}});
        let b = json!({"TIME": "y", "LENGTH": 60.0, "STEP_SIZE": 0.1, "HOST": null, "SERIES_META": {"up": {"MEAN_VALUE": 2, "CONG_CONTROL": "bbr"}}});
        let plain = DiffOptions::default();
        assert_eq!(run(&a, &b, &plain), ["STEP_SIZE", "HOST", "SERIES_META.up.CONG_CONTROL"]);
        let all = DiffOptions { all: true, volatile: true, ..plain.clone() };
        assert_eq!(run(&a, &b, &all).len(), 6);
        let some = DiffOptions { keys: vec!["SERIES_META*".into()], ..plain };
        assert_eq!(run(&a, &b, &some), ["SERIES_META.up.CONG_CONTROL"]);
    }

    #[test]
    fn lists_are_matched_by_name_not_by_place() {
        let qdiscs = |list: Value| json!({"EGRESS_INFO": {"qdiscs": list}});
        let a = qdiscs(
            json!([{"name": "mq"}, {"name": "fq", "params": {"limit": "1"}}, {"name": "fq", "params": {"limit": "2"}}]),
        );
        let b = qdiscs(
            json!([{"name": "fq", "params": {"limit": "1"}}, {"name": "fq", "params": {"limit": "3"}}, {"name": "mq"}]),
        );
        assert_eq!(run(&a, &b, &DiffOptions::default()), ["EGRESS_INFO.qdiscs[fq #2].params.limit"]);
    }

    #[test]
    fn a_missing_branch_differs_leaf_by_leaf() {
        let a = json!({"EGRESS_INFO": {"driver": "e1000e", "bql": {"tx-0": "10"}}});
        let b = json!({"EGRESS_INFO": null});
        assert_eq!(run(&a, &b, &DiffOptions::default()), ["EGRESS_INFO.driver", "EGRESS_INFO.bql.tx-0"]);
    }

    #[test]
    fn the_text_is_a_tree() {
        let a = json!({"EGRESS_INFO": {"driver": "e1000e", "qdiscs": [{"name": "fq", "params": {"limit": "1"}}]}});
        let b = json!({"EGRESS_INFO": {"driver": "virtio", "qdiscs": [{"name": "fq", "params": {"limit": "x".repeat(90)}}]}});
        let entries = diff(&[a.as_object().unwrap(), b.as_object().unwrap()], &DiffOptions::default());
        let text = to_text(&entries, &["one".to_owned(), "second".to_owned()]);
        let cut = "x".repeat(LONGEST);
        assert_eq!(
            text,
            format!(
                "EGRESS_INFO\n  driver\n    one     e1000e\n    second  virtio\n  qdiscs\n    [fq]\n      params\n        limit\n          \
                 one     1\n          second  {cut}… (90 characters)\n"
            )
        );
    }
}
