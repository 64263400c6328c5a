//! What was typed, as types; nothing is computed here.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use fa_analyze::cutoff::Cutoff;
use fa_analyze::export::flent::FlentText;
use fa_plot::render::Format;

use crate::output::ColourChoice;
use crate::test_options::TestArgs;

/// Measure networks and explain what was measured.
#[derive(Debug, Parser)]
#[command(name = "fa", version, propagate_version = true, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// Say less: no progress, no notes (warnings and errors remain)
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more: every note, where several of a kind are told in one line otherwise
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Colour on standard output
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(crate) color: ColourChoice,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Everything the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a test against one or more hosts, write a data file, print the summary
    Measure(Box<MeasureArgs>),
    /// Be the other end: one TCP and one UDP port for many clients at once
    Serve(ServeArgs),
    /// Draw a plot of one or many data files: SVG, PNG, PDF, JSON or in the terminal
    Plot(PlotArgs),
    /// Open the viewer: files, figures, comparison, live runs
    Gui(GuiArgs),
    /// Print statistics of every series
    Stats(StatsArgs),
    /// Print the metadata of data files
    Meta(MetaArgs),
    /// Say in what the metadata of data files differ; ends with 0 if in nothing, 1 if in something, 2 on an error
    Diff(DiffArgs),
    /// Write tables for notebooks and spreadsheets
    Export(ExportArgs),
    /// Say what there is: tests, plots, series
    List(ListArgs),
    /// Make a data file from the journal of a run that was cut short
    Recover(RecoverArgs),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `fa measure`.
#[derive(Debug, Args)]
pub(crate) struct MeasureArgs {
    /// Test name (see `fa list tests`)
    pub(crate) test: String,
    /// Host that runs `fa serve`, with `:PORT` when it is not 5999; `localhost` starts its own
    #[arg(value_name = "HOST")]
    pub(crate) hosts: Vec<String>,
    /// Another host (Flent's spelling)
    #[arg(short = 'H', long = "host", value_name = "HOST")]
    pub(crate) more_hosts: Vec<String>,
    /// Seconds of load
    #[arg(short, long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) length: u32,
    /// Idle seconds before and after the load
    #[arg(short, long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=3_600))]
    pub(crate) delay: u32,
    /// Seconds between samples and between probes
    #[arg(short, long, default_value_t = 0.2, value_name = "SECONDS", value_parser = step_size)]
    pub(crate) step_size: f64,
    /// Title: part of the file name, of legends and of the figure's title
    #[arg(short, long = "title", visible_alias = "title-extra", default_value = "", value_name = "TEXT")]
    pub(crate) title: String,
    /// Free text stored in the data file
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Folder for the data file [default: the current one]
    #[arg(short = 'D', long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Parameter of the test, stored in the file; `;` separates several
    #[arg(long = "test-parameter", value_name = "KEY=VALUE")]
    pub(crate) test_parameters: Vec<String>,
    /// Use IPv4 only
    #[arg(short = '4', long = "ipv4", conflicts_with = "ipv6")]
    pub(crate) ipv4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long = "ipv6")]
    pub(crate) ipv6: bool,
    /// Store addresses, gateways and MAC addresses too
    #[arg(short = 'x', long)]
    pub(crate) extended_metadata: bool,
    /// Also store facts about this host, which runs `fa serve`; repeatable; implies --extended-metadata
    #[arg(long, value_name = "HOST")]
    pub(crate) remote_metadata: Vec<String>,
    /// Store no names of hosts and users, no addresses, no commands: placeholders take their places
    #[arg(long)]
    pub(crate) redact: bool,
    /// Every field of the kernel's TCP state at both ends as a series of its own (its samples are stored in any case)
    #[arg(long)]
    pub(crate) socket_stats: bool,
    /// Draw this plot of the result
    #[arg(short, long, value_name = "PLOT")]
    pub(crate) plot: Option<String>,
    /// Write the figure here; the suffix decides the format; repeatable
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// When interrupted, write what was measured instead of leaving the journal
    #[arg(long)]
    pub(crate) keep: bool,
    /// Print every event as a line of JSON on standard output while measuring
    #[arg(long)]
    pub(crate) json_lines: bool,
    /// Print the summary as JSON
    #[arg(long, conflicts_with = "json_lines")]
    pub(crate) json: bool,
    /// File with the key that the server was started with
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Tests and plots of your own, in a TOML file; repeatable, later ones win
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) test_options: TestArgs,
}

fn step_size(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(step) if (0.001..=60.0).contains(&step) => Ok(step),
        _ => Err("a number of seconds from 0.001 to 60".to_owned()),
    }
}

/// `fa serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on [default: all addresses, port 5999]
    #[arg(long, value_name = "ADDR[:PORT]")]
    pub(crate) listen: Option<String>,
    /// Also serve clients with a source address in this prefix; repeatable
    #[arg(long, value_name = "PREFIX")]
    pub(crate) allow: Vec<String>,
    /// Serve only clients that hold the key in this file, from any address
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Serve everybody, within tight limits
    #[arg(long)]
    pub(crate) public: bool,
    /// Let the TCP flows of one client move this much at most, Mbit/s [default: 1000 with --public, else no limit]
    #[arg(long, value_name = "MBITS", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) rate_limit: Option<u64>,
    /// Move this much in 24 hours at most, GB, all clients together [default: 500 with --public, else no limit]
    #[arg(long, value_name = "GB", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) daily_limit: Option<u64>,
    /// Keep this much of what sessions saw in memory, MB, all clients together [default: 134 with --public, else 1074]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) memory_limit: Option<u64>,
    /// When started as root: become this user as soon as all ports are bound
    #[arg(long, value_name = "NAME", default_value = "nobody", conflicts_with = "keep_privileges")]
    pub(crate) user: String,
    /// When started as root: stay root (statistics of Wi-Fi stations and congestion controls not allowed to all need it)
    #[arg(long)]
    pub(crate) keep_privileges: bool,
    /// Started by `fa measure`: print the port, end with the parent
    #[arg(long, hide = true)]
    pub(crate) child: bool,
}

/// `fa plot`; the figure options come from the option table of `fa-plot`.
#[derive(Debug, Args)]
pub(crate) struct PlotArgs {
    /// Plot name (see `fa list plots FILE`); left out: the one the test opens with
    pub(crate) plot: Option<String>,
    /// Data files, patterns or folders; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Write the figure here; the suffix decides the format; repeatable
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// Print this format on standard output, whatever the suffix of --output says
    #[arg(short, long, value_parser = figure_format, value_name = "svg|png|pdf|json|terminal")]
    pub(crate) format: Option<Format>,
    /// Idle seconds at both ends of the run, where the file does not say
    #[arg(short, long, value_name = "SECONDS")]
    pub(crate) delay: Option<f64>,
    /// Tests and plots of your own, in a TOML file; repeatable, later ones win
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Vec<PathBuf>,
    /// Of a file that is cut off, use what is there (a note says what is missing)
    #[arg(long)]
    pub(crate) keep_partial: bool,
}

/// `fa gui`.
#[derive(Debug, Args)]
pub(crate) struct GuiArgs {
    /// Data files, patterns, folders or a session; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// Plot to show, in place of the one the test opens with
    #[arg(long, value_name = "PLOT")]
    pub(crate) view: Option<String>,
    /// Part of the run to mark, for example t=10..40, seconds
    #[arg(long, value_name = "t=FROM..TO", value_parser = selection)]
    pub(crate) select: Option<(f64, f64)>,
    /// A window of its own, even if one is open
    #[arg(long, visible_alias = "new-gui-instance")]
    pub(crate) new_window: bool,
    /// Show how long frames take
    #[arg(long)]
    pub(crate) perf: bool,
    /// Tests and plots of your own, in a TOML file; repeatable, later ones win
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Vec<PathBuf>,
    /// Write a picture of the window when everything is drawn, and close it
    #[arg(long, value_name = "FILE.png", hide = true)]
    pub(crate) screenshot: Option<PathBuf>,
    /// Close the window when everything is drawn
    #[arg(long, hide = true)]
    pub(crate) exit_when_drawn: bool,
    /// What to do in the window, line by line
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) script: Option<PathBuf>,
}

fn selection(text: &str) -> Result<(f64, f64), String> {
    let (from, to) = text.trim_start_matches("t=").split_once("..").ok_or("for example t=10..40")?;
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    match (number(from), number(to)) {
        (Some(from), Some(to)) if from >= 0.0 && from < to => Ok((from, to)),
        _ => Err("two numbers of seconds, the smaller one first, for example t=10..40".to_owned()),
    }
}

fn figure_format(name: &str) -> Result<Format, String> {
    Format::named(name).ok_or_else(|| {
        let names: Vec<&str> = Format::NAMES.iter().map(|(name, _)| *name).collect();
        format!("one of {}", names.join(", "))
    })
}

/// `fa stats`.
#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    /// Data files, patterns or folders; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Seconds of the run that count; an end of 0 or less counts from the end
    ///
    /// Without it, statistics count a flow from its start to its planned end, and everything else for the whole planned run;
    /// what arrives later, as when a queue drains, is in the file but does not count.
    #[arg(long, visible_alias = "data-cutoff", value_name = "START,END", value_parser = window, allow_hyphen_values = true)]
    pub(crate) window: Option<Cutoff>,
    /// Child series too, such as `TCP upload::tcp_cwnd`
    #[arg(long)]
    pub(crate) children: bool,
    /// Tests and plots of your own, in a TOML file; repeatable, later ones win
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Vec<PathBuf>,
    /// Of a file that is cut off, use what is there (a note says what is missing)
    #[arg(long)]
    pub(crate) keep_partial: bool,
}

fn window(text: &str) -> Result<Cutoff, String> {
    let (start, end) = text.split_once(',').ok_or("two numbers of seconds with a comma between, for example 5,-5")?;
    let number =
        |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite()).ok_or(format!("{text:?} is no number"));
    Ok(Cutoff { start: number(start)?, end: number(end)? })
}

/// `fa meta`.
#[derive(Debug, Args)]
pub(crate) struct MetaArgs {
    /// Data files, patterns or folders; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// A JSON array with one object per file
    #[arg(long)]
    pub(crate) json: bool,
    /// Only this key; a path such as EGRESS_INFO:qdiscs:0:name; repeatable
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
}

/// `fa diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Data files, patterns or folders; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// One document with all values in full
    #[arg(long)]
    pub(crate) json: bool,
    /// Times, ids, counters and results too
    #[arg(long)]
    pub(crate) all: bool,
    /// Only at or below paths that match, such as EGRESS_INFO or '*:qdiscs:*'; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(crate) key: Vec<String>,
}

/// `fa export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Data files, patterns or folders; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// File format [default: by the suffix of --output, else csv]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<ExportFormat>,
    /// Which table
    #[arg(long, value_enum, default_value = "samples", value_name = "TABLE")]
    pub(crate) table: TableName,
    /// The text that Flent prints, for scripts that read it
    #[arg(long, value_name = "FORMAT", value_parser = flent_text(), conflicts_with_all = ["format", "table"])]
    pub(crate) compat: Option<FlentText>,
    /// Seconds of the run that count; an end of 0 or less counts from the end
    ///
    /// Without it, statistics count a flow from its start to its planned end, and everything else for the whole planned run;
    /// what arrives later, as when a queue drains, is in the file but does not count.
    #[arg(long, visible_alias = "data-cutoff", value_name = "START,END", value_parser = window, allow_hyphen_values = true)]
    pub(crate) window: Option<Cutoff>,
    /// In the samples every field of the kernel's TCP state at both ends, not only those that explain most
    #[arg(long)]
    pub(crate) every_field: bool,
    /// Write here instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Tests and plots of your own, in a TOML file; repeatable, later ones win
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Vec<PathBuf>,
    /// Of a file that is cut off, use what is there (a note says what is missing)
    #[arg(long)]
    pub(crate) keep_partial: bool,
}

fn flent_text() -> impl TypedValueParser<Value = FlentText> {
    PossibleValuesParser::new(FlentText::NAMES.map(|(name, _)| name)).try_map(|name| name.parse::<FlentText>())
}

/// Formats of `fa export`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ExportFormat {
    /// Comma-separated values, RFC 4180
    Csv,
}

/// Tables of `fa export`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TableName {
    /// One raw sample per row
    Samples,
    /// One time step per row, one column per series
    Wide,
    /// One series per row with its statistics
    Summary,
    /// One file per row with its metadata
    Runs,
}

/// `fa list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// What to list; left out: what can be listed
    #[arg(value_enum)]
    pub(crate) what: Option<Listing>,
    /// A test name or a data file (for plots and series)
    #[arg(value_name = "TEST|FILE")]
    pub(crate) of: Option<String>,
    /// An array of objects with `name`
    #[arg(long)]
    pub(crate) json: bool,
    /// Tests and plots of your own, in a TOML file; repeatable, later ones win
    #[arg(long, value_name = "FILE")]
    pub(crate) catalog: Vec<PathBuf>,
}

/// Things `fa list` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Listing {
    /// Tests that can be run or plotted
    Tests,
    /// Plots of a test or a file
    Plots,
    /// Series of a test or a file
    Series,
}

/// `fa recover`.
#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    /// The journal that an interrupted run left (`….journal`)
    pub(crate) journal: PathBuf,
    /// Write the data file here [default: beside the journal, under its own name]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
