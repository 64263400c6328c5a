//! The live view on a terminal: a pseudo terminal of `script`, whose output is looked at.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::Desk;

/// A measurement on a terminal of its own.
struct Terminal {
    desk: Desk,
    script: std::process::Child,
}

impl Terminal {
    /// `None` where there is no `script` or no `stty`, which is reported.
    fn start(test: &str, columns: u32, rows: u32) -> Option<Self> {
        let there = |program: &str| {
            let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            asked.is_ok_and(|status| status.success())
        };
        if !there("script") || !there("stty") {
            println!("skipped: {test}: no script or no stty");
            return None;
        }
        let desk = Desk::new();
        let fa = desk.command();
        let run = format!(
            "stty cols {columns} rows {rows}; tty > name; stty -g > before; \
             '{}' measure rrul_be localhost -l 30 -d 0 & echo $! > fa; wait $!; echo $? > code; stty -g > after",
            fa.get_program().display()
        );
        // A shell of its own group, so that its child is in the foreground.
        let script = Command::new("script")
            .args(["-q", "-f", "-c", &run, "shown"])
            .current_dir(desk.path())
            .env("TERM", "xterm-256color")
            .env("TZ", "UTC")
            .env("SHELL", "/bin/sh")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { desk, script })
    }

    /// What has been written to the terminal so far, behind so many bytes.
    fn shown(&self, after: usize) -> String {
        let shown = std::fs::read(self.desk.file("shown")).unwrap_or_default();
        String::from_utf8_lossy(shown.get(after..).unwrap_or_default()).into_owned()
    }

    /// Bytes written so far.
    fn written(&self) -> usize {
        std::fs::metadata(self.desk.file("shown")).map_or(0, |about| about.len() as usize)
    }

    /// Waits until something is shown behind `after` bytes.
    #[track_caller]
    fn wait_for(&self, text: &str, after: usize) {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_mins(1) {
            if self.shown(after).contains(text) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{text:?} was not shown: {:?}", self.shown(after));
    }

    fn told(&self, file: &str) -> String {
        std::fs::read_to_string(self.desk.file(file)).unwrap().trim().to_owned()
    }

    fn resize(&self, columns: u32, rows: u32) {
        let done = Command::new("stty")
            .args(["-F", &self.told("name"), "cols", &columns.to_string(), "rows", &rows.to_string()])
            .status()
            .unwrap();
        assert!(done.success());
    }

    fn kill(&self, signal: &str) {
        let done = Command::new("sh").args(["-c", &format!("kill -{signal} {}", self.told("fa"))]).status().unwrap();
        assert!(done.success());
    }

    /// Waits for the end; the code that `fa` ended with.
    fn ended(&mut self) -> i32 {
        self.script.wait().unwrap();
        assert_eq!(self.told("before"), self.told("after"), "modes of the terminal");
        let shown = self.shown(0);
        // Neither another screen nor a hidden cursor nor reports of the mouse: nothing that would have to be put back.
        assert!(!shown.contains("\x1b[?"), "{shown:?}");
        assert_eq!(shown.matches("\x1b[34m").count() + shown.matches("\x1b[33m").count(), colours_ended(&shown));
        self.told("code").parse().unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        drop(self.script.kill());
        drop(self.script.wait());
    }
}

/// How often blue or yellow ended.
fn colours_ended(shown: &str) -> usize {
    let begun = |rest: &str| rest.contains("\x1b[34m") || rest.contains("\x1b[33m");
    shown.split_inclusive("\x1b[0m").filter(|part| part.ends_with("\x1b[0m") && begun(part)).count()
}

#[test]
fn a_terminal_that_changes_its_size_gets_lines_that_fit_and_is_left_as_it_was() {
    let Some(mut terminal) = Terminal::start("a terminal that changes its size", 100, 30) else { return };
    terminal.wait_for("latency", 0);
    terminal.resize(20, 5);
    // In five rows there is room for one line. The next but one is drawn by who knows.
    let begin = terminal.written();
    terminal.wait_for("…\x1b[K", begin);
    let begin = terminal.written();
    while terminal.written() < begin + 400 {
        std::thread::sleep(Duration::from_millis(50));
    }
    let shown = terminal.shown(begin);
    let lines: Vec<&str> = shown.split("\r\n").collect();
    // The first and the last one may be cut.
    for line in &lines[1..lines.len() - 1] {
        let text = line.rsplit("\x1b[1F").next().unwrap().trim_end_matches("\x1b[K").trim_start_matches("\x1b[J");
        assert!(text.chars().filter(|c| !c.is_control()).count() < 20, "{line:?}");
    }
    assert!(lines.len() > 3, "{shown:?}");
    terminal.resize(100, 30);
    terminal.wait_for("latency", begin);
    terminal.kill("USR1");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn however_a_run_ends_its_terminal_is_left_as_it_was() {
    for (signal, code) in [("INT", 130), ("TERM", 130), ("KILL", 137), ("ABRT", 134)] {
        let Some(mut terminal) = Terminal::start("ends of a run on a terminal", 80, 24) else { return };
        terminal.wait_for("latency", 0);
        terminal.kill(signal);
        assert_eq!(terminal.ended(), code, "{signal}");
    }
}
