//! What to send and what answers mean: plan, events, flow engine, protocols, recorder. No I/O.
//!
//! There are no sockets, clocks, threads or files in here: time and randomness come in as arguments, bytes as slices.
//! `fa-net` runs what this crate decides, and tests run the same with invented time.
//!
//! ```
//! use fa_measure::{Event, Time, What};
//!
//! let event = Event::new(Time::from_secs_f64(1.5), What::Warning { host: None, text: "late".into() });
//! let line = serde_json::to_string(&event)?;
//! assert_eq!(line, r#"{"v":1,"at":1500000000,"what":{"warning":{"host":null,"text":"late"}}}"#);
//! assert_eq!(serde_json::from_str::<Event>(&line)?, event);
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod access;
pub mod align;
pub mod call;
pub mod clock_offset;
pub mod collect;
pub mod control;
pub mod dns;
pub mod event;
pub mod flow;
pub mod foreign;
pub mod framing;
pub mod history;
pub mod icmp;
pub mod journal;
pub mod launcher;
pub mod observe;
pub mod options;
pub mod plan;
mod planning;
pub mod probe;
pub mod progress;
pub mod recorder;
pub mod reflect;
pub mod remark;
pub mod stream;
pub mod tcp_info;
pub mod time;
pub mod traffic;
pub mod wire;

pub use collect::CollectorId;
pub use event::{Event, What};
pub use history::History;
pub use launcher::{LaunchError, Launcher, Run, Stop};
pub use observe::Observe;
pub use plan::{FlowId, HostId, Plan, ProbeId, Settings};
pub use progress::Progress;
pub use recorder::Recorder;
pub use remark::Remark;
pub use tcp_info::TcpInfo;
pub use time::{FarTime, Span, Time, When};
