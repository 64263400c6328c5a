//! `fa gui`: the viewer, and what it needs of this program: measuring, journals, data files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use clap::Parser as _;
use fa_catalog::Catalog;
use fa_gui::state::RunRequest;
use fa_gui::state::action::Rehearsed;
use fa_gui::ui::window::{Running, WindowError, check, run as open_window};
use fa_gui::work::live::{Journal, Measurer};
use fa_measure::Launcher;
use fa_measure::event::Event;
use fa_measure::plan::{DEFAULT_PORT, Plan};
use fa_measure::recorder::Recorder;
use fa_net::{LaunchOptions, NetLauncher};

use crate::args::{Cli, GuiArgs, Verb};
use crate::failure::{Code, Failure, Outcome};
use crate::instance::{self, Instance};
use crate::output::Console;
use crate::watch::{Opening, record_in_journal};
use crate::{catalog, record, rehearsed, settings};

pub(crate) fn run(args: &GuiArgs, begun: Instant, console: Console) -> Outcome {
    let script = args.script.as_deref().map(script).transpose()?;
    let catalog = Arc::new(catalog::load(&args.catalog)?.into_owned());
    let files: Vec<PathBuf> = args.files.iter().map(|file| input(file)).collect::<Result<_, _>>()?;
    check().map_err(|e| no_window(&e))?;
    let (sender, requests) = mpsc::channel();
    let mut instance = None;
    if !args.new_window && script.is_none() && args.screenshot.is_none() {
        match instance::claim(&files) {
            Ok(Instance::Forwarded) => {
                console.note("shown in the window that is open already; --new-window opens another one");
                return Ok(Code::Ok);
            }
            Ok(Instance::First(first)) => instance = Some(first),
            Ok(Instance::Unavailable) => {}
            Err(error) => Console::warn(format!("every `fa gui` opens a window of its own: {error}")),
        }
    }
    let options = fa_gui::Options {
        files,
        plot: args.view.clone(),
        select: args.select,
        measurer: Some(Arc::new(Native { catalog: Arc::clone(&catalog) })),
        catalog: Some(catalog),
        state_dir: if script.is_some() { None } else { folder("XDG_STATE_HOME", ".local/state") },
        config: folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("config.toml")),
        cache_dir: folder("XDG_CACHE_HOME", ".cache"),
        perf: args.perf,
        thread_time: Some(thread_time),
        inline: false,
        host: None,
    };
    let (perf, told) = mpsc::channel();
    let running = Running {
        requests: Some(requests),
        waker: instance.map(|first| -> Box<dyn FnOnce(fa_gui::work::Waker) + Send> {
            Box::new(move |waker| first.listen(sender, waker))
        }),
        begun: Some(begun),
        exit_when_drawn: args.exit_when_drawn,
        screenshot: args.screenshot.clone(),
        script,
        perf: args.perf.then_some(perf),
    };
    open_window(options, running).map_err(|e| no_window(&e))?;
    if let Ok(perf) = told.try_recv() {
        console.note(perf.to_string());
    }
    Ok(Code::Ok)
}

/// Processor time of the calling thread.
fn thread_time() -> std::time::Duration {
    // Every Linux has this clock; without it the counter stands still.
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(std::time::Duration::ZERO, Into::into)
}

fn no_window(error: &WindowError) -> Failure {
    Failure::new(Code::Missing, error).hint(error.hint())
}

fn script(path: &Path) -> Result<fa_gui::ui::window::Script, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("--script {}: {e}", path.display())))?;
    fa_gui::ui::script::parse(&text).map_err(|e| Failure::usage(format!("--script {}: {e}", path.display())))
}

/// A file named on the command line; standard input becomes a file that lives as long as the system keeps temporary ones.
fn input(name: &str) -> Result<PathBuf, Failure> {
    use std::io::Read as _;
    if name != "-" {
        return Ok(std::path::absolute(name).unwrap_or_else(|_| name.into()));
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|e| Failure::failed(format!("could not read standard input: {e}")))?;
    let path = std::env::temp_dir().join(format!("standard-input-{}.flent.gz", std::process::id()));
    std::fs::write(&path, bytes).map_err(|e| Failure::failed(format!("could not write {}: {e}", path.display())))?;
    Ok(path)
}

/// The folder of ours in one of the user's, as `$XDG_STATE_HOME/fa`, else `~/.local/state/fa` (XDG Base Directory
/// Specification).
fn folder(variable_name: &str, otherwise: &str) -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = variable(variable_name).or_else(|| Some(variable("HOME")?.join(otherwise)));
    Some(folder?.join("fa"))
}

/// Measuring with the sockets of this program.
struct Native {
    catalog: Arc<Catalog>,
}

impl Measurer for Native {
    fn plan(&self, request: &RunRequest) -> Result<Plan, String> {
        // The viewer's dialog and the command line mean the same: the one is turned into the other.
        let mut words: Vec<String> = ["fa", "measure", &request.test].map(str::to_owned).to_vec();
        words.extend(request.hosts.iter().cloned());
        words.push(format!("--length={:.0}", request.length_secs));
        words.push(format!("--delay={:.0}", request.delay_secs));
        words.push(format!("--step-size={}", request.step_secs));
        words.push(format!("--title={}", request.title));
        if request.redact {
            words.push("--redact".to_owned());
        }
        words.extend(request.params.iter().map(|(key, value)| format!("--test-parameter={key}={value}")));
        let cli = Cli::try_parse_from(words).map_err(|e| e.render().to_string())?;
        let Verb::Measure(args) = &cli.verb else { return Err("not a measurement".to_owned()) };
        if let Some(path) = &request.key {
            record::read_key(path).map_err(|failure| failure.message)?;
        }
        let (plan, _) = settings::plan(args, &self.catalog).map_err(|failure| {
            failure.hint.as_ref().map_or(failure.message.clone(), |hint| format!("{}\n{hint}", failure.message))
        })?;
        Ok(plan)
    }

    fn launcher(&self, request: &RunRequest) -> Box<dyn Launcher> {
        Box::new(self.net(request))
    }

    fn rehearse(&self, request: &RunRequest) -> Result<Rehearsed, String> {
        let plan = self.plan(request)?;
        let names: Vec<String> = plan.hosts.iter().map(|host| host.name.clone()).collect();
        let rehearsal = self.net(request).rehearse(plan).map_err(|e| e.to_string())?;
        Ok(rehearsed::told(&rehearsal, &names))
    }

    fn journal(&self, folder: &Path) -> Box<dyn Journal> {
        Box::new(Kept { folder: folder.to_owned(), state: None, told: false })
    }

    fn save(&self, recorder: Recorder, folder: &Path) -> Result<PathBuf, String> {
        record::save(recorder, folder, None).map(|saved| saved.path).map_err(|failure| failure.to_string())
    }
}

impl Native {
    fn net(&self, request: &RunRequest) -> NetLauncher {
        // Whoever names a port means a certain server, and is told when it is not there.
        let named = self.plan(request).is_ok_and(|plan| plan.hosts.iter().any(|host| host.port != DEFAULT_PORT));
        NetLauncher::new(LaunchOptions {
            // Planning has read it before.
            key: request.key.as_deref().and_then(|path| record::read_key(path).ok()),
            child: if named { None } else { LaunchOptions::this_program().child },
            version: concat!("fa ", env!("CARGO_PKG_VERSION")).to_owned(),
            extended: request.extended,
        })
    }
}

/// A journal beside the data file to come.
struct Kept {
    folder: PathBuf,
    state: Option<Opening>,
    told: bool,
}

impl Journal for Kept {
    fn record(&mut self, event: &Event) -> Result<(), String> {
        if self.told {
            return Ok(());
        }
        record_in_journal(&mut self.state, event, &self.folder).map_err(|failure| {
            self.told = true;
            failure.to_string()
        })
    }

    fn discard(self: Box<Self>) {
        if let Some(Opening::Open(journal)) = self.state {
            let path = journal.path().to_path_buf();
            if let Err(error) = journal.discard() {
                Console::warn(format!("could not remove the journal {}: {error}", path.display()));
            }
        }
    }

    fn keep(self: Box<Self>) -> Option<PathBuf> {
        let Some(Opening::Open(journal)) = self.state else { return None };
        let path = journal.path().to_path_buf();
        if let Err(error) = journal.finish() {
            Console::warn(error);
        }
        Some(path)
    }
}
