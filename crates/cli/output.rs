//! Where results go: standard output for the result alone, standard error for everything about it, files atomically.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Colour and verbosity, decided once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Console {
    /// Progress and notes are wanted.
    pub(crate) quiet: bool,
    /// Every note is wanted, where several are told in one line otherwise.
    pub(crate) verbose: bool,
    /// Standard output may be coloured.
    pub(crate) colour: bool,
    /// Nothing may be coloured, whatever it is on.
    pub(crate) colourless: bool,
    /// Standard output is a terminal.
    pub(crate) stdout_tty: bool,
    /// Standard error is a terminal: a progress line may be redrawn.
    pub(crate) stderr_tty: bool,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ColourChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Console {
    pub(crate) fn new(quiet: bool, verbose: bool, choice: ColourChoice) -> Self {
        let stdout_tty = io::stdout().is_terminal();
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let colour = match choice {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto => {
                (stdout_tty && !set("NO_COLOR"))
                    || std::env::var_os("CLICOLOR_FORCE").is_some_and(|v| !v.is_empty() && v != "0")
            }
        };
        let colourless = choice == ColourChoice::Never;
        Self { quiet, verbose, colour, colourless, stdout_tty, stderr_tty: io::stderr().is_terminal() }
    }

    /// A remark about the work, on standard error.
    pub(crate) fn note(self, text: impl std::fmt::Display) {
        if !self.quiet {
            say(format_args!("note: {text}"));
        }
    }

    /// Something the user should know even when quiet.
    pub(crate) fn warn(text: impl std::fmt::Display) {
        say(format_args!("warning: {text}"));
    }
}

/// Says something on standard error. Nobody listening is no reason to end: the work goes on.
pub(crate) fn say(text: impl std::fmt::Display) {
    drop(writeln!(io::stderr(), "{text}"));
}

/// Writes a result to standard output. A reader that went away (`| head`) is success.
pub(crate) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("could not write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}

/// Replaces a file by new content in one step: nobody ever sees half a figure.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut new = Replacement::create(path)?;
    new.write(bytes)?;
    new.finish()
}

/// New content of a file, which takes the place of the old when it is complete. Dropped before, it leaves nothing.
pub(crate) struct Replacement {
    path: PathBuf,
    temporary: PathBuf,
    file: fs::File,
}

impl Replacement {
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let name = path
            .file_name()
            .ok_or_else(|| Failure::usage(format!("{}: not a file name to write to", path.display())))?;
        let folder =
            path.parent().filter(|p| !p.as_os_str().is_empty()).map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.part", std::process::id()));
        let temporary = folder.join(temporary);
        let file = fs::File::create(&temporary).map_err(|e| cannot_write(path, &e))?;
        Ok(Self { path: path.to_path_buf(), temporary, file })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes).map_err(|e| cannot_write(&self.path, &e))
    }

    pub(crate) fn finish(self) -> Result<(), Failure> {
        let put = self.file.sync_all().and_then(|()| fs::rename(&self.temporary, &self.path));
        put.map_err(|e| cannot_write(&self.path, &e))
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // After the rename there is nothing left to remove; a stray part file would only be untidy.
        drop(fs::remove_file(&self.temporary));
    }
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("could not write {}: {error}", path.display()))
        .hint("check that the folder exists, is writable and has space left")
}
