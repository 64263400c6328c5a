//! Standard error during a run: remarks as lines that stay, below them the live view, drawn anew in place.
//!
//! A thread of its own writes, because a terminal may stand still (Ctrl-S) and the recording must not. No mode of the
//! terminal is changed, neither cursor nor screen nor input: however the program ends, there is nothing to put back.

use std::io::{IsTerminal as _, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use fa_measure::history::History;
use fa_measure::progress::Progress;

use crate::live::{self, Look};
use crate::output::Console;

/// Between two drawings of the view.
const REDRAW: Duration = Duration::from_millis(200);
/// Between two lines where nothing can be drawn in place.
const SLOW: Duration = Duration::from_secs(10);
/// What may wait for a slow terminal.
const QUEUE: usize = 256;
/// How long the end of a run waits for a terminal that stands still.
const PATIENCE: Duration = Duration::from_secs(1);

/// What goes to the writing thread.
enum Message {
    Remark(String),
    View(Vec<String>),
}

/// Where remarks and the view of a run go.
pub(crate) struct Screen {
    queue: SyncSender<Message>,
    done: Receiver<()>,
    way: Way,
    /// When the view or line was sent last.
    drawn: Option<Instant>,
    missed: u64,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Not at all.
    Nothing,
    /// A line now and then: no terminal, or one that knows no cursor.
    Lines,
    /// A view in place.
    View { blocks: bool, colour: bool },
}

impl Way {
    fn of(console: Console, set: impl Fn(&str) -> Option<String>) -> Self {
        let is = |name: &str, value: &str| set(name).is_some_and(|found| found == value);
        if console.quiet {
            return Self::Nothing;
        }
        if !console.stderr_tty || is("TERM", "dumb") || set("TERM").is_none() {
            return Self::Lines;
        }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| set(name).filter(|v| !v.is_empty()));
        // Without any locale it is a bare container, whose terminals are of today.
        let blocks = locale.is_none_or(|name| name.to_uppercase().replace('-', "").contains("UTF8"));
        let colour = set("NO_COLOR").is_none_or(|value| value.is_empty()) && !console.colourless;
        Self::View { blocks, colour }
    }
}

impl Screen {
    /// Begins to write.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(console: Console) -> std::io::Result<Self> {
        let (queue, messages) = sync_channel(QUEUE);
        let (finished, done) = sync_channel(1);
        std::thread::Builder::new().name("fa-screen".to_owned()).spawn(move || {
            write_all(&messages, std::io::stderr(), terminal_size);
            // Nobody may be waiting any more.
            let _ = finished.send(());
        })?;
        let way = Way::of(console, |name| std::env::var(name).ok());
        // A log need not begin with "preparing".
        let drawn = (way == Way::Lines).then(Instant::now);
        Ok(Self { queue, done, way, drawn, missed: 0 })
    }

    /// Says something that stays.
    pub(crate) fn remark(&mut self, text: String) {
        if self.queue.try_send(Message::Remark(text)).is_err() {
            self.missed += 1;
        }
    }

    /// Shows where the run is, when it is time again.
    pub(crate) fn show(&mut self, progress: &Progress, history: &History) {
        let every = if self.way == Way::Lines { SLOW } else { REDRAW };
        if self.way == Way::Nothing || self.drawn.is_some_and(|at| at.elapsed() < every) {
            return;
        }
        self.drawn = Some(Instant::now());
        let message = match self.way {
            Way::View { blocks, colour } => {
                let (width, height) = terminal_size();
                Message::View(live::lines(progress, history, Look { width, height, blocks, colour }))
            }
            _ => Message::Remark(live::line(progress)),
        };
        // The next one tells the same and more.
        drop(self.queue.try_send(message));
    }

    /// Takes the view away; remarks stay.
    pub(crate) fn finish(self) {
        drop(self.queue);
        let stuck = self.done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
        if self.missed > 0 && !stuck {
            Console::warn(format!("{} remarks were not shown: the terminal was too slow", self.missed));
        }
    }
}

/// Columns and rows of the terminal on standard error.
fn terminal_size() -> (usize, usize) {
    let size = std::io::stderr().is_terminal().then(|| terminal_size::terminal_size_of(std::io::stderr())).flatten();
    size.map_or((80, 24), |(width, height)| (usize::from(width.0), usize::from(height.0)))
}

/// Body of the thread: until nobody has anything to say.
fn write_all(messages: &Receiver<Message>, mut out: impl Write, size: impl Fn() -> (usize, usize)) {
    let mut shown: Vec<usize> = Vec::new();
    for message in messages {
        let mut text = String::new();
        match message {
            Message::Remark(remark) => {
                text.push_str(&erase(&shown, size().0));
                shown.clear();
                text.push_str(&remark);
                text.push('\n');
            }
            Message::View(lines) => {
                text.push_str(&back(&shown, size().0));
                shown = lines.iter().map(|line| visible(line)).collect();
                for line in lines {
                    text.push_str(&line);
                    text.push_str("\x1b[K\n");
                }
                // What an earlier, longer view has left.
                text.push_str("\x1b[J");
            }
        }
        // In one piece, so that it does not flicker. The view is decoration: nothing depends on it having appeared.
        drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }
    let text = erase(&shown, size().0);
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}

/// Moves to the first line of what is shown. A terminal made narrower since has broken its lines.
fn back(shown: &[usize], width: usize) -> String {
    let rows: usize = shown.iter().map(|columns| columns.div_ceil(width.max(1)).max(1)).sum();
    if rows == 0 { String::new() } else { format!("\x1b[{rows}F") }
}

/// The same, and clears it.
fn erase(shown: &[usize], width: usize) -> String {
    let back = back(shown, width);
    if back.is_empty() { back } else { format!("{back}\x1b[J") }
}

/// Characters that take a column.
fn visible(line: &str) -> usize {
    let mut inside = false;
    let counts = |c: char| {
        let begins = c == '\x1b';
        let hidden = inside || begins;
        inside = begins || (inside && !c.is_ascii_alphabetic());
        !hidden
    };
    line.chars()
        .filter({
            let mut counts = counts;
            move |c| counts(*c)
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::ColourChoice;

    fn written(messages: Vec<Message>, width: usize) -> String {
        let (queue, inbox) = sync_channel(100);
        for message in messages {
            queue.try_send(message).unwrap_or_else(|_| panic!("room for a hundred"));
        }
        drop(queue);
        let mut out = Vec::new();
        write_all(&inbox, &mut out, || (width, 24));
        String::from_utf8_lossy(&out).into_owned()
    }

    fn view(lines: &[&str]) -> Message {
        Message::View(lines.iter().map(|line| (*line).to_owned()).collect())
    }

    #[test]
    fn a_view_takes_the_place_of_the_one_before_and_is_gone_at_the_end() {
        let text = written(vec![view(&["one", "two"]), view(&["three"])], 80);
        assert_eq!(text, "one\x1b[K\ntwo\x1b[K\n\x1b[J\x1b[2Fthree\x1b[K\n\x1b[J\x1b[1F\x1b[J");
    }

    #[test]
    fn remarks_stay_above_the_view() {
        let text = written(vec![view(&["one"]), Message::Remark("note".into()), view(&["two"])], 80);
        assert_eq!(text, "one\x1b[K\n\x1b[J\x1b[1F\x1b[Jnote\ntwo\x1b[K\n\x1b[J\x1b[1F\x1b[J");
    }

    #[test]
    fn lines_that_a_narrower_terminal_has_broken_are_taken_away_too() {
        let long = "x".repeat(70);
        assert!(written(vec![view(&[&long, "y"])], 40).ends_with("\x1b[3F\x1b[J"));
        assert_eq!(visible("\x1b[34mblue\x1b[0m"), 4);
    }

    #[test]
    fn the_way_to_show_depends_on_the_terminal() {
        let console = |stderr_tty, quiet| Console { stderr_tty, ..Console::new(quiet, false, ColourChoice::Auto) };
        let way = |console, vars: &[(&str, &str)]| {
            Way::of(console, |name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        let xterm = ("TERM", "xterm-256color");
        let full = Way::View { blocks: true, colour: true };
        assert_eq!(way(console(true, false), &[xterm, ("LANG", "de_DE.UTF-8")]), full);
        assert_eq!(way(console(true, false), &[xterm]), full);
        assert_eq!(way(console(true, false), &[xterm, ("LC_ALL", "C")]), Way::View { blocks: false, colour: true });
        assert_eq!(way(console(true, false), &[xterm, ("NO_COLOR", "1")]), Way::View { blocks: true, colour: false });
        assert_eq!(way(console(true, false), &[("TERM", "dumb")]), Way::Lines);
        assert_eq!(way(console(false, false), &[xterm]), Way::Lines);
        assert_eq!(way(console(true, true), &[xterm]), Way::Nothing);
    }
}
