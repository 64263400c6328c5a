//! A run under way: its events become a growing data set in the window, a journal on disk, and a file at the end.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fa_catalog::Direction;
use fa_measure::event::{EndReason, Event, What};
use fa_measure::plan::Plan;
use fa_measure::progress::Progress;
use fa_measure::recorder::Recorder;
use fa_measure::remark::Gravity;
use fa_measure::{Launcher, Remark, Stop};

use super::{Shared, files};
use crate::state::action::{CheckedRun, Rehearsed};
use crate::state::{Action, DocId, Problem, RunRequest};

/// What the program around the viewer does about measuring: the viewer has no sockets, and data files are written in one
/// place only.
pub trait Measurer: Send + Sync {
    /// What is to be measured.
    ///
    /// # Errors
    /// What is wrong with the request, and what would do.
    fn plan(&self, request: &RunRequest) -> Result<Plan, String>;

    /// What starts it.
    fn launcher(&self, request: &RunRequest) -> Box<dyn Launcher>;

    /// Asks the servers of a run whether they would take part, without sending any load.
    ///
    /// # Errors
    /// Why nobody could be asked.
    fn rehearse(&self, _request: &RunRequest) -> Result<Rehearsed, String> {
        Err("this program cannot ask servers before a run".to_owned())
    }

    /// A journal in a folder.
    fn journal(&self, folder: &Path) -> Box<dyn Journal>;

    /// Writes the data file of a run into a folder, under its own name.
    ///
    /// # Errors
    /// Why it could not be written.
    fn save(&self, recorder: Recorder, folder: &Path) -> Result<PathBuf, String>;
}

/// What survives a crash.
pub trait Journal: Send {
    /// Takes an event in.
    ///
    /// # Errors
    /// Why it could not, the first time.
    fn record(&mut self, event: &Event) -> Result<(), String>;
    /// The file is safe, or nothing is wanted of the run.
    fn discard(self: Box<Self>);
    /// It stays; where.
    fn keep(self: Box<Self>) -> Option<PathBuf>;
}

/// Least time between two pictures of a run.
const EVERY: Duration = Duration::from_millis(100);

/// A picture may cost this part of the time until the next.
const DUTY: u32 = 8;

/// Ends runs from the window's thread.
#[derive(Clone, Default)]
pub struct Stopper(Arc<Mutex<Stopping>>);

#[derive(Default)]
struct Stopping {
    stop: Option<Box<dyn Fn(Stop) + Send + Sync>>,
    /// Asked for before the run had started.
    asked: Option<Stop>,
}

impl std::fmt::Debug for Stopper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stopper").finish_non_exhaustive()
    }
}

impl Stopper {
    /// Asks the run to end.
    pub fn stop(&self, how: Stop) {
        let mut stopping = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stopping.asked = Some(how);
        if let Some(stop) = &stopping.stop {
            stop(how);
        }
    }

    fn set(&self, stop: Box<dyn Fn(Stop) + Send + Sync>) {
        let mut stopping = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(how) = stopping.asked {
            stop(how);
        }
        stopping.stop = Some(stop);
    }
}

/// Measures in a thread of its own; without a thread, says so.
pub(crate) fn start(doc: DocId, request: Box<RunRequest>, measurer: Arc<dyn Measurer>, shared: &Shared) -> Stopper {
    let stopper = Stopper::default();
    let (mine, theirs) = (shared.clone(), stopper.clone());
    let thread = std::thread::Builder::new().name("fa-live".to_owned());
    let started = thread.spawn(move || {
        let ended = measure(doc, &request, &*measurer, &mine, &theirs);
        mine.act(Action::RunEnded(doc, ended));
    });
    if let Err(error) = started {
        shared.act(Action::RunEnded(doc, Err(format!("could not start a thread for measuring: {error}"))));
    }
    stopper
}

/// Asks the servers of a run in a thread of its own: one that does not answer takes seconds.
pub(crate) fn check(request: Box<RunRequest>, measurer: Arc<dyn Measurer>, shared: &Shared, inline: bool) {
    let mine = shared.clone();
    let asked = request.clone();
    let ask = move || {
        let outcome = measurer.rehearse(&request);
        mine.act(Action::ServersChecked(Box::new(CheckedRun { request: *request, outcome })));
    };
    if inline {
        ask();
    } else if let Err(error) = std::thread::Builder::new().name("fa-check".to_owned()).spawn(ask) {
        let outcome = Err(format!("could not start a thread: {error}"));
        shared.act(Action::ServersChecked(Box::new(CheckedRun { request: *asked, outcome })));
    }
}

/// How a run ended.
enum Ending {
    AsWanted,
    Discarded,
    /// It did not get to its end; why.
    Early(String),
}

/// The whole run, in the calling thread.
///
/// # Errors
/// Why there is no data file.
pub(crate) fn measure(
    doc: DocId,
    request: &RunRequest,
    measurer: &dyn Measurer,
    shared: &Shared,
    stopper: &Stopper,
) -> Result<PathBuf, String> {
    let plan = measurer.plan(request)?;
    for note in &plan.notes {
        shared.act(Action::Problem(Problem::note(note.clone()).of(doc)));
    }
    let run = measurer.launcher(request).start(plan.clone()).map_err(|e| e.to_string())?;
    let (events, stop) = run.split();
    stopper.set(stop);
    let mut journal = measurer.journal(&request.folder);
    let (mut recorder, mut progress) = (Recorder::new(), Progress::new());
    let mut ending = Ending::Early("the run ended without saying why".to_owned());
    let (mut samples, mut fresh, mut journal_told) = (false, false, false);
    let mut next = Instant::now();
    loop {
        match events.recv_timeout(EVERY) {
            Ok(event) => {
                if let Err(why) = journal.record(&event)
                    && !std::mem::replace(&mut journal_told, true)
                {
                    let text = format!("{why}; the run goes on, but would not survive a crash");
                    shared.act(Action::Problem(Problem::warning(text).of(doc)));
                }
                recorder.observe(&event);
                progress.observe(&event);
                fresh = true;
                samples |= event.what.is_sample();
                if let Some(remark) = Remark::of(&event, Some(&plan)) {
                    let hint = remark.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
                    let text = format!("at {:.1} s: {}{hint}", progress.elapsed().as_secs_f64(), remark.text);
                    let problem = match remark.gravity {
                        Gravity::Note => Problem::note(text),
                        Gravity::Warning => Problem::warning(text),
                    };
                    shared.act(Action::Problem(problem.of(doc)));
                }
                if let What::Ended { reason } = event.what {
                    ending = match reason {
                        EndReason::Completed | EndReason::StoppedKeep => Ending::AsWanted,
                        EndReason::StoppedDiscard => Ending::Discarded,
                        EndReason::Failed { error } => Ending::Early(error),
                    };
                }
            }
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
        }
        if fresh && Instant::now() >= next {
            let begun = Instant::now();
            shared.act(Action::RunProgress(doc, line(&progress)));
            if samples && let Ok(loaded) = files::loaded(recorder.snapshot(), &shared.catalog) {
                shared.act(Action::RunData(doc, Arc::new(loaded)));
            }
            fresh = false;
            next = Instant::now() + EVERY.max(begun.elapsed() * DUTY);
        }
    }
    // Only what nobody wants, and what holds nothing, is thrown away.
    let trouble = match ending {
        Ending::Discarded => {
            journal.discard();
            return Err("the run was stopped and discarded".to_owned());
        }
        Ending::Early(why) if !samples => {
            journal.discard();
            return Err(why);
        }
        Ending::Early(why) => Some(why),
        Ending::AsWanted => None,
    };
    match measurer.save(recorder, &request.folder) {
        Ok(path) => {
            journal.discard();
            if let Some(error) = trouble {
                let text = format!("the run ended early: {error}; what was measured is in the file");
                shared.act(Action::Problem(Problem::warning(text).of(doc)));
            }
            Ok(path)
        }
        Err(why) => match journal.keep() {
            Some(path) => Err(format!("{why}\nthe measurement is in the journal: fa recover {}", path.display())),
            None => Err(why),
        },
    }
}

/// `7/20 s   down 93.1  up 18.7 Mbit/s   latency 45.2 ms`
pub(super) fn line(progress: &Progress) -> String {
    let mut text = format!("{:.0}/{:.0} s", progress.elapsed().as_secs_f64(), progress.total().as_secs_f64());
    for (direction, name) in [(Direction::Down, "down"), (Direction::Up, "up")] {
        if let Some(mbits) = progress.mbits(direction) {
            let digits = usize::from(mbits < 100.0);
            text.push_str(&format!("   {name} {mbits:.digits$} Mbit/s"));
        }
    }
    if let Some(ms) = progress.latency_ms() {
        let (value, unit) = if ms < 1.0 { (1e3 * ms, "µs") } else { (ms, "ms") };
        text.push_str(&format!("   latency {value:.1} {unit}"));
    }
    if progress.failed() > 0 {
        text.push_str(&format!("   {} failed", progress.failed()));
    }
    text
}
