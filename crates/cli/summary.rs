//! The summary of a run, as text and as JSON: what `fa measure` and `fa stats` print.

use std::collections::BTreeMap;

use fa_analyze::run::Run;
use fa_analyze::summary::{Summary, SummaryOptions};
use fa_catalog::Expanded;
use fa_format::DataSet;
use serde_json::{Value, json};

use crate::record;

/// One document: an object with `files`, each a [`value`].
pub(crate) fn json(files: &[Value]) -> String {
    format!("{:#}\n", json!({ "schema": "fa.stats.1", "files": files }))
}

/// The summary of one file.
pub(crate) fn value(set: &DataSet, expanded: &Expanded, options: SummaryOptions) -> Value {
    let summary = Summary::new(&Run::new(set, expanded), expanded, options);
    json!({
        "file": set.base_name(),
        "test": set.metadata.name(),
        "title": set.metadata.title(),
        "window_secs": [summary.window_secs.0, summary.window_secs.1],
        "series": summary.rows,
        "verdict": summary.verdict,
        "warnings": record::warnings(set),
        "failed": record::failures(set).into_iter().collect::<BTreeMap<_, _>>(),
    })
}

/// A table, and how latency changed under load.
pub(crate) fn text(set: &DataSet, expanded: &Expanded, options: SummaryOptions) -> String {
    use std::io::IsTerminal as _;
    let terminal = std::io::stdout().is_terminal().then(terminal_size::terminal_size).flatten();
    let width = terminal.map_or(usize::MAX, |(width, _)| usize::from(width.0));
    Summary::new(&Run::new(set, expanded), expanded, options).to_text_within(width)
}
