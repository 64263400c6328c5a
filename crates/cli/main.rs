//! `fa`: measure networks and explain what was measured.
//!
//! This file is the outline: parse the arguments, run one command, end with its exit code. Each command is one file in
//! `cmd/`; what they share is in `inputs` (files named on the command line), `figure` (a plot to its formats) and
//! `output` (streams, atomic files).

mod args;
mod catalog;
mod cmd;
mod failure;
mod figure;
mod inputs;
mod instance;
mod live;
mod output;
mod progress;
mod record;
mod rehearsed;
mod screen;
mod settings;
mod signals;
mod summary;
mod test_options;
mod watch;

use std::process::ExitCode;

use args::{Cli, Verb};
use clap::{CommandFactory as _, FromArgMatches as _};
use failure::{Code, Failure, Outcome};
use output::Console;

fn main() -> ExitCode {
    let begun = std::time::Instant::now();
    // `fa … | head`: writing fails with EPIPE, which `output::print` takes as "enough".
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let console = Console::new(cli.quiet, cli.verbose, cli.color);
    let code = run(&cli, &matches, begun, console).unwrap_or_else(|failure: Failure| {
        output::say(&failure);
        failure.code
    });
    ExitCode::from(code as u8)
}

fn run(cli: &Cli, matches: &clap::ArgMatches, begun: std::time::Instant, console: Console) -> Outcome {
    let options = || figure::options(matches.subcommand().map_or(matches, |(_, m)| m));
    match &cli.verb {
        Verb::Measure(args) => cmd::measure::run(args, &options()?, console),
        Verb::Serve(args) => cmd::serve::run(args, console),
        Verb::Plot(args) => cmd::plot::run(args, &options()?, console),
        Verb::Gui(args) => cmd::gui::run(args, begun, console),
        Verb::Stats(args) => cmd::stats::run(args, console),
        Verb::Meta(args) => cmd::meta::run(args, console),
        Verb::Diff(args) => cmd::diff::run(args, console),
        Verb::Export(args) => cmd::export::run(args, console),
        Verb::List(args) => cmd::list::run(args, console),
        Verb::Recover(args) => cmd::recover::run(args, console),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut command(), "fa", &mut script);
            output::print(&script).map(|()| Code::Ok)
        }
        Verb::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command())
                .render(&mut page)
                .map_err(|e| Failure::failed(format!("could not make the manual page: {e}")))?;
            output::print(&page).map(|()| Code::Ok)
        }
    }
}

/// The command line: the typed part, and the figure options on the verbs that draw.
fn command() -> clap::Command {
    Cli::command().mut_subcommand("plot", figure::add_options).mut_subcommand("measure", figure::add_options)
}

fn usage(error: &clap::Error) -> ExitCode {
    let code = if error.use_stderr() { Code::Usage } else { Code::Ok };
    // Nothing sensible is left to do when the message itself cannot be printed.
    drop(error.print());
    ExitCode::from(code as u8)
}
