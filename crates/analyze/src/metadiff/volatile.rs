//! What differs between any two runs, whatever the settings.

use serde_json::Value;

use super::Node;

/// Keys, at any depth, that say when, which one or how much came out, not how things were set.
const VOLATILE: [&str; 16] = [
    "TIME",
    "T0",
    "BATCH_TIME",
    "BATCH_UUID",
    "DATA_FILENAME",
    "RUN_ID",
    "SEED",
    "CLOCKS",
    "WARNINGS",
    "EVENTS_MISSING",
    "tc_stats_pre",
    "tc_stats_post",
    "stats",
    "IDX",
    "COMMAND",
    "COMPUTED_LATE",
];

/// Keys of `SERIES_META` that are settings, or tell whether a setting took effect; all others are results.
const SERIES_SETTINGS: [&str; 17] = [
    "RUNNER",
    "UNITS",
    "CONG_CONTROL",
    "CONG_CONTROL_ASKED",
    "UPSTREAM_TOS",
    "DOWNSTREAM_TOS",
    "DATA_TOS",
    "DATA_TOS_SEEN",
    "UPSTREAM_TOS_SEEN",
    "UPSTREAM_TOS_OBTAINED",
    "DOWNSTREAM_TOS_OBTAINED",
    "SEND_SIZE",
    "RECV_SIZE",
    "ECN",
    "ECN_SEEN",
    "TCP_MSS",
    "REMOTE_HOST",
];

/// Is what differs at this path volatile?
pub(super) fn is_volatile(path: &[String], nodes: &[Node]) -> bool {
    let Some((last, above)) = path.split_last() else { return false };
    let of_qdisc = || path.iter().any(|step| step == "qdiscs" || step == "classes");
    is_volatile_key(last, above) || (matches!(last.as_str(), "id" | "parent") && of_qdisc() && same_handles(nodes))
}

/// Is this key volatile whatever its values?
fn is_volatile_key(key: &str, above: &[String]) -> bool {
    let result = above.len() == 2 && above[0] == "SERIES_META" && !SERIES_SETTINGS.contains(&key);
    result || VOLATILE.contains(&key)
}

/// A value without the volatile keys in it. `path` is its own.
pub(super) fn lasting(value: &Value, path: &[String]) -> Value {
    match value {
        Value::Object(map) => {
            let below = |key: &str| [path, &[key.to_owned()]].concat();
            let kept = map.iter().filter(|(key, _)| !is_volatile_key(key, path));
            kept.map(|(key, value)| (key.clone(), lasting(value, &below(key)))).collect()
        }
        Value::Array(list) => list.iter().map(|member| lasting(member, &[path, &[String::new()]].concat())).collect(),
        other => other.clone(),
    }
}

/// Texts that differ in numbers only that the kernel gave out.
fn same_handles(nodes: &[Node]) -> bool {
    let handles: Vec<Option<&str>> =
        nodes.iter().map(|(_, node)| node.and_then(Value::as_str).map(lasting_handle)).collect();
    handles.iter().all(|handle| handle.is_some() && *handle == handles[0])
}

/// A handle of traffic control without the major number if the kernel chose that: it does so from 8000: on, `8002:1` → `:1`.
pub(super) fn lasting_handle(handle: &str) -> &str {
    let Some((major, _)) = handle.split_once(':') else { return handle };
    let chosen = major.len() == 4 && u16::from_str_radix(major, 16).is_ok_and(|major| major >= 0x8000);
    if chosen { &handle[major.len()..] } else { handle }
}
