//! How a command ends: exit codes with a meaning, and messages that say what to do next.

use std::fmt;

/// Exit codes, the same for every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// Everything asked for was done.
    Ok = 0,
    /// It failed.
    Failed = 1,
    /// The command line makes no sense; nothing was started.
    Usage = 2,
    /// Some inputs or runners failed, the rest was done.
    Partial = 3,
    /// The machine lacks something: a permission, a server, a display.
    Missing = 5,
    /// Stopped by a signal.
    Interrupted = 130,
}

/// Why a command stopped.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Exit code.
    pub(crate) code: Code,
    /// What happened, where, and the likely cause.
    pub(crate) message: String,
    /// The next command or the option to change.
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl fmt::Display) -> Self {
        Self { code, message: message.to_string(), hint: None }
    }

    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Code::Usage, message)
    }

    pub(crate) fn failed(message: impl fmt::Display) -> Self {
        Self::new(Code::Failed, message)
    }

    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// What every command returns.
pub(crate) type Outcome = Result<Code, Failure>;
