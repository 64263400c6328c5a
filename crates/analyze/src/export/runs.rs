//! `runs`: one row per run, its metadata flat.

use std::io::Write;

use indexmap::{IndexMap, IndexSet};

use super::{ExportRun, number, optional, utc};

const COLUMNS: [&str; 16] = [
    "run_id",
    "file",
    "size_bytes",
    "test",
    "title",
    "note",
    "tags",
    "time_utc",
    "duration_s",
    "step_s",
    "local_host",
    "hosts",
    "ip_version",
    "flent_version",
    "kernel",
    "failed_runners",
];

pub(super) fn write<W: Write>(csv: &mut csv::Writer<W>, runs: &[ExportRun]) -> csv::Result<()> {
    let parameters: Vec<IndexMap<String, String>> =
        runs.iter().map(|export| export.run.set().metadata.test_parameters()).collect();
    let tokens: Vec<IndexMap<String, String>> =
        runs.iter().map(|export| title_tokens(export.run.set().metadata.title())).collect();
    let sorted = |maps: &[IndexMap<String, String>]| -> Vec<String> {
        let mut keys: Vec<String> =
            maps.iter().flat_map(|m| m.keys().cloned()).collect::<IndexSet<_>>().into_iter().collect();
        keys.sort_unstable();
        keys
    };
    let (parameter_keys, token_keys) = (sorted(&parameters), sorted(&tokens));
    let header = COLUMNS
        .iter()
        .map(|c| (*c).to_owned())
        .chain(parameter_keys.iter().map(|k| format!("param_{k}")))
        .chain(token_keys.iter().map(|k| format!("title_{k}")));
    csv.write_record(header)?;
    for ((export, parameters), tokens) in runs.iter().zip(&parameters).zip(&tokens) {
        let mut row = known(export);
        row.extend(parameter_keys.iter().map(|k| parameters.get(k).cloned().unwrap_or_default()));
        row.extend(token_keys.iter().map(|k| tokens.get(k).cloned().unwrap_or_default()));
        csv.write_record(row)?;
    }
    Ok(())
}

fn known(export: &ExportRun) -> Vec<String> {
    let metadata = &export.run.set().metadata;
    let text = |key: &str| metadata.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let kernel = format!("{} {}", text("KERNEL_NAME"), text("KERNEL_RELEASE"));
    vec![
        export.run_id.clone(),
        export.run.set().base_name(),
        export.size_bytes.map(|n| n.to_string()).unwrap_or_default(),
        metadata.name().to_owned(),
        metadata.title().to_owned(),
        metadata.note().unwrap_or_default().to_owned(),
        // Tags live in notes beside the file, which this version does not read yet.
        String::new(),
        metadata.time_unix().map(utc).unwrap_or_default(),
        number(export.run.total_length()),
        optional(metadata.step_secs()),
        metadata.local_host().unwrap_or_default().to_owned(),
        metadata.hosts().join(" "),
        metadata.ip_version().map(|v| v.to_string()).unwrap_or_default(),
        metadata.flent_version().unwrap_or_default().to_owned(),
        kernel.trim().to_owned(),
        metadata.failed_runners().map(|n| n.to_string()).unwrap_or_default(),
    ]
}

/// `key:value` words of a title: `qdisc:codel rate:10Mbit`.
fn title_tokens(title: &str) -> IndexMap<String, String> {
    title
        .split_whitespace()
        .filter_map(|word| word.split_once(':'))
        .filter(|(key, value)| !key.is_empty() && !value.is_empty() && !value.starts_with('/'))
        .map(|(key, value)| (key.to_lowercase(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_may_hold_keys_and_values() {
        let tokens = title_tokens("qdisc:codel Rate:10Mbit/10Mbit plain http://x :y z:");
        let tokens: Vec<(&str, &str)> = tokens.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(tokens, [("qdisc", "codel"), ("rate", "10Mbit/10Mbit")]);
    }
}
