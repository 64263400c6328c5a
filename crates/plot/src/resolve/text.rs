//! Texts around the data: title, the line at the bottom, and why nothing is drawn.

use fa_analyze::run::Run;
use fa_catalog::{Expanded, PlotDef};

use super::Notes;
use super::subject::local_time;
use crate::options::FigureOptions;

/// Test, plot, and the title of the file when there is one file; one per line.
pub(crate) fn title(
    expanded: &Expanded,
    plot: &PlotDef,
    runs: &[Run],
    single: bool,
    options: &FigureOptions,
) -> Vec<String> {
    if let Some(own) = &options.override_title {
        return own.lines().map(str::to_owned).collect();
    }
    if options.no_title {
        return Vec::new();
    }
    let tests = tests(runs);
    let of_file = if single { runs[0].set().metadata.title() } else { "" };
    [tests.as_deref().unwrap_or(&expanded.purpose), plot.text.as_str(), of_file]
        .into_iter()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The names of the tests, when the files are of several: what the first one is for says nothing about the others.
fn tests(runs: &[Run]) -> Option<String> {
    const NAMED: usize = 4;
    let mut names: Vec<&str> = Vec::new();
    for set in runs.iter().flat_map(Run::sets) {
        let name = set.metadata.name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let (last, rest) = names.split_last().filter(|(_, rest)| !rest.is_empty())?;
    Some(if names.len() > NAMED {
        format!("Runs of {} tests: {} and {} more", names.len(), names[..NAMED].join(", "), names.len() - NAMED)
    } else {
        format!("Runs of {} and {last}", rest.join(", "))
    })
}

/// Hosts, time, length and step of the first run.
pub(crate) fn figure_text(run: &Run, options: &FigureOptions) -> Vec<String> {
    if options.no_annotation {
        return Vec::new();
    }
    let metadata = &run.set().metadata;
    let local = metadata.local_host().unwrap_or("?");
    let remote = metadata.host().unwrap_or("?");
    let time = local_time(run.set()).unwrap_or_else(|| "?".to_owned());
    let length = metadata.length_secs().map_or_else(|| "?".to_owned(), |l| l.to_string());
    vec![format!("Local/remote: {local}/{remote} - Time: {time} - Length/step: {length}s/{:.2}s", run.step())]
}

/// One line for a person: what is missing.
pub(crate) fn why_empty(plot: &PlotDef, notes: &Notes) -> String {
    let brief = notes.brief();
    let first = brief
        .iter()
        .find(|note| ["missing", "lack", "no `"].iter().any(|word| note.contains(word)) || note.contains(&plot.name));
    match first {
        Some(note) => format!("plot {} has nothing to show: {note}", plot.name),
        None if plot.series.is_empty() && plot.subplots.is_empty() => {
            format!("plot {} has nothing to show: the test has none of the series that it draws", plot.name)
        }
        None => format!("plot {} has nothing to show: no data in the chosen part of the run", plot.name),
    }
}
