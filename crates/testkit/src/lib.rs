//! Development only: a simulated network for the engines of `fa-measure`, plan builders, approximate comparison.
//!
//! Nothing here waits: time is virtual and jumps to the next thing that happens, randomness is seeded, and the same seed
//! gives the same events on every machine.
//! The simulated streams have a simple congestion control (one more segment per round trip, half after a loss), enough to
//! fill a queue and to back off; they are no model of any real one.
//!
//! ```
//! use fa_measure::Recorder;
//! use fa_testkit::{Link, Simulation, plan};
//!
//! let link = Link::with_delay_ms(20).losing_every(5);
//! let events = Simulation::seeded(7).up(link).run(&plan("ping", 5.0));
//! let data = Recorder::replay(&events).finish()?;
//! let meta = data.metadata.series_meta("Ping (ms) ICMP").unwrap();
//! assert_eq!(meta["PACKETS_SENT"].as_u64(), Some(26));
//! assert_eq!(meta["PACKETS_RECEIVED"].as_u64(), Some(21));
//! # Ok::<(), fa_measure::recorder::RecordError>(())
//! ```

mod build;
mod close;
mod link;
mod picture;
mod random;
mod simulation;
mod stream;

pub use build::{plan, plan_with};
pub use close::assert_close;
pub use link::Link;
pub use picture::{Difference, Picture, Tolerance};
pub use random::Random;
pub use simulation::{FarClock, Simulation};
