//! `fa measure`: plan, run, watch, record, save, summarise, draw.

use std::path::PathBuf;

use fa_analyze::summary::SummaryOptions;
use fa_catalog::Catalog;
use fa_format::DataSet;
use fa_measure::plan::DEFAULT_PORT;
use fa_measure::{Launcher as _, Time};
use fa_net::journal_writer::JournalWriter;
use fa_net::{LaunchOptions, NetLauncher};
use fa_plot::options::FigureOptions;
use fa_plot::render::Format;

use crate::args::MeasureArgs;
use crate::failure::{Code, Failure, Outcome};
use crate::figure::{self, Request, Targets};
use crate::output::{self, Console};
use crate::record::{self, Saved};
use crate::signals::Watch;
use crate::watch::{self, Ending};
use crate::{catalog, settings, summary};

/// As `FLENT_VERSION` has it, and as far ends are told.
const VERSION: &str = concat!("fa ", env!("CARGO_PKG_VERSION"));

pub(crate) fn run(args: &MeasureArgs, options: &FigureOptions, console: Console) -> Outcome {
    let catalog = catalog::load(&args.catalog)?;
    let (plan, expanded) = settings::plan(args, &catalog)?;
    let plot = args.plot.as_ref().unwrap_or(&expanded.default_plot);
    if !expanded.plots.contains_key(plot) {
        return Err(Failure::usage(format!("test {} has no plot {plot:?}", args.test))
            .hint(format!("`fa list plots {}` names them", args.test)));
    }
    figure::formats(&args.output)?;
    for path in &args.output {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(Failure::usage(format!("--output {}: no folder {}", path.display(), folder.display())));
        }
    }
    let folder = args.data_dir.clone().unwrap_or_else(|| PathBuf::from("."));
    if !folder.is_dir() {
        return Err(Failure::usage(format!("--data-dir {}: no such folder", folder.display())));
    }
    for note in &plan.notes {
        console.note(note);
    }
    // Told once; who is quiet finds them in the file.
    let noted = plan.notes.clone();
    let key = args.key.as_deref().map(record::read_key).transpose()?;
    // Whoever names a port means a certain server, and is told when it is not there.
    let any_server = plan.hosts.iter().all(|host| host.port == DEFAULT_PORT);
    let launcher = NetLauncher::new(LaunchOptions {
        key,
        child: if any_server { LaunchOptions::this_program().child } else { None },
        version: VERSION.to_owned(),
        // As in Flent: asking others for more means telling more oneself.
        extended: args.extended_metadata || !args.remote_metadata.is_empty(),
    });
    let signals = Watch::start()?;
    let run = launcher.start(plan).map_err(Failure::failed)?;
    let watched = watch::watch(run, &folder, &signals, args, console)?;
    let failed = match watched.ending {
        Ending::Complete => None,
        Ending::Failed(error) => Some(error),
        Ending::Interrupted => {
            let trouble = watch::journal_trouble(&watched.journal);
            let journal = close(watched.journal);
            match trouble {
                None => output::say(format_args!(
                    "interrupted: no data file written, everything measured is in the journal"
                )),
                Some(trouble) => {
                    output::say(format_args!(
                        "interrupted: no data file written; the journal is incomplete: {trouble}"
                    ));
                }
            }
            output::say(format_args!("hint: fa recover {}", journal.display()));
            if args.redact {
                console.note("the journal names hosts and addresses; the file that fa recover makes of it does not");
            }
            return Ok(Code::Interrupted);
        }
    };
    if let Some(error) = failed.as_ref().filter(|_| !watched.has_samples) {
        // Nothing was measured: there is nothing to keep either.
        discard(watched.journal);
        return Err(Failure::new(Code::Missing, error));
    }
    // What cannot be written as a file is still in the journal, unless that had the same trouble.
    let trouble = watch::journal_trouble(&watched.journal);
    let spare = trouble.is_some().then(std::env::temp_dir);
    let saved = match record::save(watched.recorder, &folder, spare.as_deref()) {
        Ok(saved) => saved,
        Err(failure) => {
            let journal = close(watched.journal);
            let holds = if trouble.is_some() { "the beginning of the measurement" } else { "the measurement" };
            return Err(failure.hint(format!(
                "{holds} is in the journal; when there is room again: fa recover {}",
                journal.display()
            )));
        }
    };
    discard(watched.journal);
    let shown = [watched.shown, noted].concat();
    let code = report(args, &catalog, &saved, (&shown, watched.last), console)?;
    let drawn = draw(args, &catalog, plot, &saved.set, options, console)?;
    if let Some(error) = failed {
        return Err(Failure::failed(format!("the run ended early: {error}")));
    }
    Ok(if drawn == Code::Ok { code } else { drawn })
}

/// Ends a journal that stays. What is wrong with it is told, and what is in it is still worth having.
fn close(journal: JournalWriter) -> PathBuf {
    let path = journal.path().to_path_buf();
    if let Err(error) = journal.finish() {
        Console::warn(error);
    }
    path
}

/// Removes a journal that nobody needs any more. The data file is safe, so trouble is only worth a warning.
fn discard(journal: JournalWriter) {
    let path = journal.path().to_path_buf();
    if let Err(error) = journal.discard() {
        Console::warn(format!("could not remove the journal {}: {error}; it can be deleted by hand", path.display()));
    }
}

/// The summary, the failures and the name of the file.
///
/// `shown` is what was told already, and the time of the run's last event.
fn report(
    args: &MeasureArgs,
    catalog: &Catalog,
    saved: &Saved,
    (shown, last): (&[String], Time),
    console: Console,
) -> Outcome {
    let (set, path) = (&saved.set, &saved.path);
    let expanded = figure::expand(catalog, set, None)?;
    if args.json {
        output::print(summary::json(&[summary::value(set, &expanded, SummaryOptions::default())]).as_bytes())?;
    } else if !args.json_lines {
        output::print(summary::text(set, &expanded, SummaryOptions::default()).as_bytes())?;
    }
    let mut late: Vec<String> = record::warnings(set).into_iter().filter(|text| !shown.contains(text)).collect();
    let failures = record::failures(set).into_iter().map(|(series, error)| format!("{series}: {error}"));
    // While the run went on, the hint behind it was told apart.
    late.extend(failures.filter(|text| !shown.iter().any(|told| text.starts_with(told.as_str()))));
    late.iter().for_each(Console::warn);
    if args.json_lines {
        watch::print_late(last, &late)?;
    }
    let failed = set.metadata.failed_runners().unwrap_or(0);
    // The path alone on its line: ready to be copied or cut out.
    if args.json || args.json_lines {
        output::say(format_args!("{}", path.display()));
    } else {
        output::print(format!("{}\n", path.display()).as_bytes())?;
    }
    if failed > 0 {
        console.note(format!("{failed} of the test's flows, probes or collectors failed; the file says which"));
    }
    Ok(if failed > 0 { Code::Partial } else { Code::Ok })
}

fn draw(
    args: &MeasureArgs,
    catalog: &Catalog,
    plot: &str,
    set: &DataSet,
    options: &FigureOptions,
    console: Console,
) -> Outcome {
    if args.plot.is_none() && args.output.is_empty() {
        return Ok(Code::Ok);
    }
    let stdout = (args.output.is_empty() && !args.json && !args.json_lines).then_some(Format::Terminal);
    let request = Request { catalog, plot, sets: std::slice::from_ref(set), scale: &[], options, delay_secs: None };
    let drawn = figure::draw(&request, &Targets { files: &args.output, stdout }, console)?;
    for path in &args.output {
        console.note(format!("figure {plot} written to {}", path.display()));
    }
    Ok(drawn)
}
