//! A run from its first event to its last: the live line, the event stream, the journal, and the user's signals.

use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use fa_catalog::Direction;
use fa_measure::event::{EndReason, Event, Phase, Started, What};
use fa_measure::plan::Plan;
use fa_measure::progress::Progress;
use fa_measure::recorder::Recorder;
use fa_measure::{Run, Stop};
use fa_net::journal_writer::{JournalWriter, journal_path};

use crate::args::MeasureArgs;
use crate::failure::Failure;
use crate::output::{self, Console};
use crate::record;
use crate::signals::{Watch, Wish};

/// How often the live line is redrawn and signals are looked at.
const TICK: Duration = Duration::from_millis(200);

/// How a run came to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// As planned, or ended early by a user who keeps what was measured.
    Complete,
    /// The user stopped it and wants no file now.
    Interrupted,
    /// It could not go on.
    Failed(String),
}

/// A run that is over.
pub(crate) struct Watched {
    pub(crate) recorder: Recorder,
    pub(crate) journal: JournalWriter,
    pub(crate) ending: Ending,
    /// Warnings that were shown while the run went on.
    pub(crate) shown: Vec<String>,
    /// At least one byte count or round trip was recorded.
    pub(crate) has_samples: bool,
}

/// Takes in all events of a run.
///
/// # Errors
/// When the run ends before it says what it is, or the journal cannot be created or standard output not be written.
pub(crate) fn watch(
    run: Run,
    folder: &Path,
    signals: &Watch,
    args: &MeasureArgs,
    console: Console,
) -> Result<Watched, Failure> {
    let (events, stop) = run.split();
    let mut recorder = Recorder::new();
    let mut progress = Progress::new();
    let mut line = Line::new(console);
    let mut journal: Option<Opening> = None;
    let mut ending = Ending::Failed("the run ended without saying why".to_owned());
    let mut has_samples = false;
    let mut asked = Wish::Run;
    let mut shown = Vec::new();
    let mut printer = if args.json_lines { Some(Printer::start()?) } else { None };
    let mut journal_told = false;
    loop {
        let event = match events.recv_timeout(TICK) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let wish = signals.wish();
        if wish > asked {
            asked = wish;
            let keep = wish == Wish::Finish || args.keep;
            line.clear();
            console.note(if keep { "ending the run, keeping what was measured" } else { "stopping" });
            stop(if keep { Stop::Keep } else { Stop::Discard });
        }
        if let Some(event) = event {
            record_in_journal(&mut journal, &event, folder)?;
            recorder.observe(&event);
            progress.observe(&event);
            if let Some(printer) = &mut printer {
                printer.print(&event);
            }
            has_samples |= matches!(
                event.what,
                What::FlowBytes(_) | What::ProbeReply(_) | What::CollectorSample(_) | What::Fetched(_)
            );
            if let What::Warning { text, .. } = &event.what {
                shown.push(text.clone());
            }
            if let Some(text) = remark(&event) {
                line.clear();
                output::say(&text);
            }
            if let What::Ended { reason } = event.what {
                ending = match reason {
                    EndReason::Completed | EndReason::StoppedKeep => Ending::Complete,
                    EndReason::StoppedDiscard => Ending::Interrupted,
                    EndReason::Failed { error } => Ending::Failed(error),
                };
            }
        }
        if let Some(Opening::Open(journal)) = journal.as_ref().filter(|_| !journal_told)
            && let Some(trouble) = journal_trouble(journal)
        {
            line.clear();
            Console::warn(format!("{trouble}; the run goes on, but would not survive a crash"));
            journal_told = true;
        }
        line.draw(&progress);
    }
    line.clear();
    if let Some(printer) = printer {
        printer.finish();
    }
    match journal {
        Some(Opening::Open(journal)) => Ok(Watched { recorder, journal, ending, shown, has_samples }),
        _ => Err(Failure::failed(match ending {
            Ending::Failed(error) => error,
            _ => "the run ended before it began".to_owned(),
        })),
    }
}

/// A journal needs a name, which needs the start time and the test: the first two events.
pub(crate) enum Opening {
    Started(Event, Started),
    Open(JournalWriter),
}

pub(crate) fn record_in_journal(journal: &mut Option<Opening>, event: &Event, folder: &Path) -> Result<(), Failure> {
    *journal = match (journal.take(), &event.what) {
        (None, What::Started(started)) => Some(Opening::Started(event.clone(), started.clone())),
        (Some(Opening::Started(first, started)), What::Plan(plan)) => {
            let mut writer = open(&started, plan, folder)?;
            writer.record(&first);
            writer.record(event);
            Some(Opening::Open(writer))
        }
        (Some(Opening::Open(mut writer)), _) => {
            writer.record(event);
            Some(Opening::Open(writer))
        }
        (other, _) => other,
    };
    Ok(())
}

fn open(started: &Started, plan: &Plan, folder: &Path) -> Result<JournalWriter, Failure> {
    let settings = &plan.settings;
    // As TIME in the file is cut off, so that journal and file have the same name.
    let started_us = started.wall_unix_ns.div_euclid(1000);
    let name = record::file_name(&settings.test, started_us, &settings.title);
    JournalWriter::create(&journal_path(&if folder == Path::new(".") { name.into() } else { folder.join(name) }))
        .map_err(Failure::failed)
}

/// What is wrong with a journal, if anything.
pub(crate) fn journal_trouble(journal: &JournalWriter) -> Option<String> {
    journal.error().or_else(|| (journal.lost() > 0).then(|| format!("the journal missed {} events", journal.lost())))
}

/// Prints events from a thread of its own: a slow reader of standard output must not hold up the recording.
struct Printer {
    queue: SyncSender<Event>,
    thread: JoinHandle<Result<(), Failure>>,
    missed: u64,
}

/// Events that may wait for a slow reader.
const PRINT_QUEUE: usize = 16_384;

impl Printer {
    fn start() -> Result<Self, Failure> {
        let (queue, events) = sync_channel::<Event>(PRINT_QUEUE);
        let thread = std::thread::Builder::new()
            .name("fa-print".to_owned())
            .spawn(move || events.iter().try_for_each(|event| print_line(&event)))
            .map_err(|e| Failure::failed(format!("could not start a thread for printing: {e}")))?;
        Ok(Self { queue, thread, missed: 0 })
    }

    fn print(&mut self, event: &Event) {
        if self.queue.try_send(event.clone()).is_err() {
            self.missed += 1;
        }
    }

    /// Waits until everything is printed. Trouble with printing never costs the measurement.
    fn finish(self) {
        drop(self.queue);
        if let Ok(Err(failure)) = self.thread.join() {
            Console::warn(failure.message);
        }
        if self.missed > 0 {
            Console::warn(format!("{} events were not printed: the reader was too slow or went away", self.missed));
        }
    }
}

fn print_line(event: &Event) -> Result<(), Failure> {
    let mut text =
        serde_json::to_string(event).map_err(|e| Failure::failed(format!("could not print an event: {e}")))?;
    text.push('\n');
    output::print(text.as_bytes())
}

/// What is told in a line of its own while the run goes on. Some of it comes from a far end: nothing that a terminal
/// would obey, and nothing endless.
fn remark(event: &Event) -> Option<String> {
    let text = remark_text(event)?;
    Some(text.chars().filter(|c| *c == '\n' || !c.is_control()).take(REMARK_CHARS).collect())
}

/// Longest remark, characters.
const REMARK_CHARS: usize = 1000;

fn remark_text(event: &Event) -> Option<String> {
    let with_hint = |error: &str, hint: &Option<String>| match hint {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_owned(),
    };
    Some(match &event.what {
        What::Warning { text, .. } => format!("note: {text}"),
        What::FlowFailed { flow, error, hint } => format!("warning: flow {}: {}", flow.0, with_hint(error, hint)),
        What::ProbeFailed { probe, error, hint } => format!("warning: probe {}: {}", probe.0, with_hint(error, hint)),
        What::CollectorFailed { collector, error, hint } => {
            format!("warning: collector {}: {}", collector.0, with_hint(error, hint))
        }
        What::Overflow { queue, lost, .. } => format!("warning: {lost} records lost in queue {queue}"),
        _ => return None,
    })
}

/// The live line: redrawn in place on a terminal, a line every ten seconds elsewhere.
struct Line {
    tty: bool,
    quiet: bool,
    shown: bool,
    drawn: Option<std::time::Instant>,
}

/// Between lines where they cannot be redrawn.
const SLOW: Duration = Duration::from_secs(10);

impl Line {
    fn new(console: Console) -> Self {
        Self {
            tty: console.stderr_tty,
            quiet: console.quiet,
            shown: false,
            drawn: (!console.stderr_tty).then(std::time::Instant::now),
        }
    }

    fn draw(&mut self, progress: &Progress) {
        let every = if self.tty { TICK } else { SLOW };
        if self.quiet || self.drawn.is_some_and(|at| at.elapsed() < every) {
            return;
        }
        self.drawn = Some(std::time::Instant::now());
        let text = line(progress);
        if self.tty {
            drop(write!(std::io::stderr(), "\r\x1b[2K{text}"));
            // The line is decoration: nothing depends on it having appeared.
            drop(std::io::stderr().flush());
            self.shown = true;
        } else {
            output::say(&text);
        }
    }

    fn clear(&mut self) {
        if self.shown {
            drop(write!(std::io::stderr(), "\r\x1b[2K"));
            self.shown = false;
        }
    }
}

/// `load  7/20 s   down 93.1 up 18.7 Mbit/s   latency 45.2 ms`
fn line(progress: &Progress) -> String {
    let phase = match progress.phase() {
        Phase::Preparing => "preparing",
        Phase::LeadIn => "idle, before the load",
        Phase::Load => "load",
        Phase::LeadOut => "idle, after the load",
        Phase::Collecting => "collecting",
    };
    let total = progress.total().as_secs_f64();
    let mut text = phase.to_owned();
    // How long the run takes is known when it begins.
    if total > 0.0 {
        text.push_str(&format!("  {:.0}/{total:.0} s", progress.elapsed().as_secs_f64()));
    }
    for (direction, name) in [(Direction::Down, "down"), (Direction::Up, "up")] {
        if let Some(mbits) = progress.mbits(direction) {
            text.push_str(&format!("  {name} {mbits:.1} Mbit/s"));
        }
    }
    if let Some(ms) = progress.latency_ms() {
        text.push_str(&format!("  latency {ms:.1} ms"));
    }
    let (lost, _) = progress.lost_of_sent();
    if lost > 0 {
        text.push_str(&format!("  {lost} lost"));
    }
    if progress.failed() > 0 {
        text.push_str(&format!("  {} failed", progress.failed()));
    }
    text
}
