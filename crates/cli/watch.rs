//! A run from its first event to its last: the live view, the event stream, the journal, and the user's signals.

use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use fa_measure::event::{EndReason, Event, Started, What};
use fa_measure::history::History;
use fa_measure::plan::Plan;
use fa_measure::progress::Progress;
use fa_measure::recorder::{LiveRedactor, Recorder};
use fa_measure::remark::Gravity;
use fa_measure::{Remark, Run, Stop, Time};
use fa_net::journal_writer::{JournalWriter, journal_path};
use serde::Serialize;

use crate::args::MeasureArgs;
use crate::failure::Failure;
use crate::output::{self, Console};
use crate::record;
use crate::screen::Screen;
use crate::signals::{Watch, Wish};

/// How often the live view is redrawn and signals are looked at.
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
    /// When the last event was told.
    pub(crate) last: Time,
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
    let mut history = History::new();
    let mut plan = None;
    let mut screen =
        Screen::start(console).map_err(|e| Failure::failed(format!("could not start a thread for the screen: {e}")))?;
    let mut journal: Option<Opening> = None;
    let mut ending = Ending::Failed("the run ended without saying why".to_owned());
    let mut has_samples = false;
    let mut asked = Wish::Run;
    let mut shown = Vec::new();
    let mut last = Time::ZERO;
    let mut printer = if args.json_lines { Some(Printer::start(args.redact)?) } else { None };
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
            if !console.quiet {
                let what = if keep { "ending the run, keeping what was measured" } else { "stopping" };
                screen.remark(format!("note: {what}"));
            }
            stop(if keep { Stop::Keep } else { Stop::Discard });
        }
        if let Some(event) = event {
            record_in_journal(&mut journal, &event, folder)?;
            if let Some(Opening::Open(journal)) = &journal {
                signals.keeps(journal.path());
            }
            last = event.at;
            recorder.observe(&event);
            progress.observe(&event);
            history.observe(&event);
            if let What::Plan(told) = &event.what {
                plan = Some(told.clone());
            }
            let remark = Remark::of(&event, plan.as_deref());
            if let Some(printer) = &mut printer {
                printer.print(&event, remark.as_ref());
            }
            has_samples |= event.what.is_sample();
            if let Some(remark) = remark {
                if remark.gravity == Gravity::Warning || !console.quiet {
                    screen.remark(line(&remark));
                }
                shown.push(remark.text);
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
            screen.remark(format!("warning: {trouble}; the run goes on, but would not survive a crash"));
            journal_told = true;
        }
        screen.show(&progress, &history);
    }
    screen.finish();
    if let Some(printer) = printer {
        printer.finish();
    }
    match journal {
        Some(Opening::Open(journal)) => Ok(Watched { recorder, journal, ending, last, shown, has_samples }),
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
    queue: SyncSender<(Event, Option<Remark>)>,
    thread: JoinHandle<Result<(), Failure>>,
    missed: u64,
}

/// Events that may wait for a slow reader.
const PRINT_QUEUE: usize = 16_384;

impl Printer {
    /// - `redact`: names of hosts, addresses and the like are replaced, as in the data file.
    fn start(redact: bool) -> Result<Self, Failure> {
        let (queue, events) = sync_channel::<(Event, Option<Remark>)>(PRINT_QUEUE);
        let thread = std::thread::Builder::new()
            .name("fa-print".to_owned())
            .spawn(move || {
                let mut redactor = redact.then(LiveRedactor::default);
                events.iter().try_for_each(|(event, remark)| match &mut redactor {
                    Some(redactor) => redactor.lines(&event, remark.as_ref()).iter().try_for_each(print_value),
                    None => print_line(&event, remark.as_ref()),
                })
            })
            .map_err(|e| Failure::failed(format!("could not start a thread for printing: {e}")))?;
        Ok(Self { queue, thread, missed: 0 })
    }

    fn print(&mut self, event: &Event, remark: Option<&Remark>) {
        if self.queue.try_send((event.clone(), remark.cloned())).is_err() {
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

/// The event, and what it has to say to a person in the words of the screen.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    event: &'a Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<&'a Remark>,
}

/// Lines for what is only known when the run is over, as warnings of its last moment.
pub(crate) fn print_late(at: Time, texts: &[String]) -> Result<(), Failure> {
    texts.iter().try_for_each(|text| {
        let event = Event::new(at, What::Warning { host: None, text: text.clone() });
        let remark = Remark::of(&event, None).map(|remark| Remark { gravity: Gravity::Warning, ..remark });
        print_line(&event, remark.as_ref())
    })
}

fn print_line(event: &Event, remark: Option<&Remark>) -> Result<(), Failure> {
    print_value(&Line { event, remark })
}

fn print_value(line: &impl Serialize) -> Result<(), Failure> {
    let mut text =
        serde_json::to_string(line).map_err(|e| Failure::failed(format!("could not print an event: {e}")))?;
    text.push('\n');
    output::print(text.as_bytes())
}

/// A line of its own while the run goes on.
fn line(remark: &Remark) -> String {
    let hint = remark.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("{}: {}{hint}", remark.word(), remark.text)
}
