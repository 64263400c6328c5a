//! Which parts of files correspond to each other.

use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value};

use super::Node;
use super::volatile::lasting_handle;

/// Keys that name a member of a list; the first that all members have counts.
const NAMING: [&str; 7] = ["name", "iface", "ifname", "id", "addr", "host", "ip"];

/// Which member: its name, and how many of that name came before in its list.
type Name<'v> = (&'v str, usize);

/// All keys of objects, those of the first file first.
pub(super) fn keys<'v>(objects: &[(usize, &'v Map<String, Value>)]) -> IndexSet<&'v str> {
    objects.iter().flat_map(|(_, map)| map.keys()).map(String::as_str).collect()
}

/// The members of lists of objects, each with what names it and what every file has there. `None` for lists of anything
/// else.
///
/// Members are the same if they have the same name. What is left over then is the same if it has the same `parent`: a
/// queueing discipline that took the place of another. Members without names correspond by position.
pub(super) fn members<'v>(lists: &[(usize, &'v Vec<Value>)]) -> Option<Vec<(String, Vec<Node<'v>>)>> {
    let all: Vec<&Value> = lists.iter().flat_map(|(_, list)| list.iter()).collect();
    if all.is_empty() || !all.iter().all(|member| member.is_object()) {
        return None;
    }
    let Some(naming) = NAMING.iter().find(|key| all.iter().all(|member| member.get(key).is_some_and(Value::is_string)))
    else {
        let longest = lists.iter().map(|(_, list)| list.len()).max().unwrap_or(0);
        let at = |place: usize| lists.iter().map(|(file, list)| (*file, list.get(place))).collect();
        return Some((0..longest).map(|place| (place.to_string(), at(place))).collect());
    };
    let named: Vec<(usize, IndexMap<Name, &Value>)> =
        lists.iter().map(|(file, list)| (*file, by_name(list, naming))).collect();
    let names: IndexSet<Name> = named.iter().flat_map(|(_, members)| members.keys().copied()).collect();
    let everywhere = |name: &Name| named.iter().all(|(_, members)| members.contains_key(name));

    // The place of each member in the outcome: its own, or that of its parent.
    let mut groups: IndexMap<String, Vec<Node>> = IndexMap::new();
    for name in &names {
        for (file, members) in &named {
            let Some(member) = members.get(name) else { continue };
            let place = if everywhere(name) { None } else { place(member, members, &everywhere) };
            let group = groups.entry(place.unwrap_or_else(|| label(*name))).or_default();
            group.push((*file, Some(member)));
        }
    }
    let complete = |group: Vec<Node<'v>>| -> Vec<Node<'v>> {
        let of = |file: usize| group.iter().find(|(f, _)| *f == file).and_then(|(_, member)| *member);
        named.iter().map(|(file, _)| (*file, of(*file))).collect()
    };
    Some(groups.into_iter().map(|(name, group)| (name, complete(group))).collect())
}

fn by_name<'v>(list: &'v [Value], naming: &str) -> IndexMap<Name<'v>, &'v Value> {
    let mut members: IndexMap<Name, &Value> = IndexMap::new();
    for member in list {
        let name = member.get(naming).and_then(Value::as_str).unwrap_or_default();
        let before = members.keys().filter(|(other, _)| *other == name).count();
        members.insert((name, before), member);
    }
    members
}

/// The `parent` of a left-over member, if no other left-over member of its list has the same.
fn place(member: &Value, list: &IndexMap<Name, &Value>, everywhere: &impl Fn(&Name) -> bool) -> Option<String> {
    let parent = parent_of(member)?;
    let left_over = list.iter().filter(|(name, _)| !everywhere(name)).filter(|(_, m)| parent_of(m) == Some(parent));
    (left_over.count() == 1).then(|| parent.to_owned())
}

fn parent_of(member: &Value) -> Option<&str> {
    member.get("parent").and_then(Value::as_str).map(lasting_handle)
}

fn label((name, before): Name) -> String {
    if before == 0 { name.to_owned() } else { format!("{name} #{}", before + 1) }
}
