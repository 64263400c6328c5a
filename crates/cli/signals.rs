//! Signals during a measurement.
//!
//! SIGINT and SIGTERM stop the run, a second one ends the program at once. SIGUSR1 ends the run gracefully; further
//! ones are ignored, while SIGINT keeps working.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use crate::failure::{Code, Failure};
use crate::output;

/// What the user has asked for so far; later wishes are stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// Nothing.
    Run,
    /// End now and keep everything.
    Finish,
    /// Stop.
    Interrupt,
}

/// Watches signals from a thread of its own.
#[derive(Debug, Clone)]
pub(crate) struct Watch(Arc<AtomicU8>, Arc<OnceLock<PathBuf>>);

impl Watch {
    /// Begins to watch. From here on the signals no longer end the program by themselves.
    pub(crate) fn start() -> Result<Self, Failure> {
        let state = Arc::new(AtomicU8::new(Wish::Run as u8));
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGUSR1])
            .map_err(|e| Failure::failed(format!("could not watch for signals: {e}")))?;
        let shared = Arc::clone(&state);
        let journal = Arc::new(OnceLock::<PathBuf>::new());
        let kept = Arc::clone(&journal);
        std::thread::Builder::new()
            .name("fa-signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    if signal == SIGUSR1 {
                        shared.fetch_max(Wish::Finish as u8, Ordering::SeqCst);
                    } else if shared.swap(Wish::Interrupt as u8, Ordering::SeqCst) == Wish::Interrupt as u8 {
                        // The journal is complete up to its last flush; nothing else is worth waiting for.
                        if let Some(journal) = kept.get().filter(|journal| journal.exists()) {
                            output::say(format_args!(
                                "interrupted again: ended at once; the journal has what was written until then\n\
                                 hint: fa recover {}",
                                journal.display()
                            ));
                        }
                        std::process::exit(Code::Interrupted as i32);
                    }
                }
            })
            .map_err(|e| Failure::failed(format!("could not start a thread for signals: {e}")))?;
        Ok(Self(state, journal))
    }

    /// Where the run is being written, for whoever does not wait for its end.
    pub(crate) fn keeps(&self, journal: &Path) {
        // Only the first one counts: a run has one.
        let _ = self.1.set(journal.to_owned());
    }

    /// The strongest wish so far.
    pub(crate) fn wish(&self) -> Wish {
        match self.0.load(Ordering::SeqCst) {
            0 => Wish::Run,
            1 => Wish::Finish,
            _ => Wish::Interrupt,
        }
    }
}
