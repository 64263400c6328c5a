//! Texts around the data: title, the line at the bottom, and why nothing is drawn.

use fa_analyze::run::Run;
use fa_catalog::{Expanded, PlotDef};
use fa_format::DataSet;

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

/// Hosts, time, length and step of the run; of several, how many there are, what they share, and from when to when.
pub(crate) fn figure_text(runs: &[Run], options: &FigureOptions) -> Vec<String> {
    let sets: Vec<&DataSet> = runs.iter().flat_map(Run::sets).collect();
    let Some(first) = sets.first().filter(|_| !options.no_annotation) else { return Vec::new() };
    let same = |of: &dyn Fn(&DataSet) -> Option<String>, several: &str| {
        let value = of(first);
        let text = value.clone().unwrap_or_else(|| "?".to_owned());
        if sets.iter().all(|set| of(set) == value) { text } else { several.to_owned() }
    };
    let local = same(&|set| set.metadata.local_host().map(str::to_owned), "several");
    let remote = same(&|set| set.metadata.host().map(str::to_owned), "several");
    let length = same(&|set| set.metadata.length_secs().map(|l| format!("{l}s")), "various");
    let steps = |run: &Run| format!("{:.2}s", run.step());
    let step = steps(&runs[0]);
    let step = if runs.iter().all(|run| steps(run) == step) { step } else { "various".to_owned() };
    let time = if sets.len() == 1 { local_time(first).unwrap_or_else(|| "?".to_owned()) } else { span(&sets) };
    let files = if sets.len() > 1 { format!("{} files - ", sets.len()) } else { String::new() };
    vec![format!("{files}Local/remote: {local}/{remote} - Time: {time} - Length/step: {length}/{step}")]
}

/// The only far host of all files.
pub(crate) fn common_host(sets: &[&DataSet]) -> Option<String> {
    let host = sets.first()?.metadata.host()?;
    let only = |set: &&DataSet| set.metadata.host() == Some(host) && set.metadata.hosts().iter().all(|h| *h == host);
    sets.iter().all(only).then(|| host.to_owned())
}

/// From the first to the last start: whole seconds, the date once where all are of one day.
fn span(sets: &[&DataSet]) -> String {
    let seconds = |set: &DataSet| local_time(set).map(|text| text.split('.').next().unwrap_or_default().to_owned());
    let mut starts: Vec<(f64, &DataSet)> =
        sets.iter().filter_map(|set| Some((set.metadata.time_unix()?, *set))).collect();
    starts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ends = starts.first().and_then(|s| seconds(s.1)).zip(starts.last().and_then(|s| seconds(s.1)));
    match ends {
        None => "?".to_owned(),
        Some((from, to)) if from == to => from,
        Some((from, to)) => match (from.split_once('T'), to.split_once('T')) {
            (Some((day, _)), Some((other, clock))) if day == other => format!("{from} to {clock}"),
            (Some((day, _)), Some((other, _))) => format!("{day} to {other}"),
            _ => format!("{from} to {to}"),
        },
    }
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
