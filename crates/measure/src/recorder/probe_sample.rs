//! What the file tells about one request of a probe: irtt's keys for UDP, ping's for ICMP, and ours.
//!
//! | key | unit | what |
//! |---|---|---|
//! | `t` | s since 1970 | when the answer arrived; of a lost request when it left |
//! | `seq` | | number of the request, from 0 |
//! | `val` | ms | round trip: (`received` − `sent`) − (`sent_there` − `received_there`) |
//! | `owd_up`, `owd_down` | ms | `received_there` − `sent` less the far clock's offset, `received` − `sent_there` and that offset: together `val` |
//! | `owd_bound` | ms | how wrong those two may be, for want of knowing that offset better; rounded up to whole microseconds |
//! | `ipdv`, `ipdv_up`, `ipdv_down` | ms | changes since the request before, where that was answered |
//! | `sent`, `received` | ms since `TIME` | our stamps, our clock |
//! | `received_there`, `sent_there` | ms since `TIME` | the reflector's stamps, its own clock as it was, not set right |
//! | `program_stamps` | | which of `sent`, `received`, `received_there` the program took because the kernel did not |
//! | `lateness` | ms | how much later than its schedule the request was handed to the kernel |
//! | `lost`, `lost_dir` | | there is no answer; on which way it was lost |
//!
//! Stamps are exact to the nanosecond as they were told, so a reader can compute every delay again.
//! `sent` is the kernel's stamp, taken before our own queue; `received_there` and `received` are those of the receiving kernels;
//! `sent_there` is always the reflector's program, just before it hands the answer over.
//! Of a lost request `sent` is when our program handed it over.

use fa_format::RawValue;

use super::{Clocks, Entry};
use crate::clock_offset::ClockOffset;
use crate::event::{ProbeReply, StampKind};
use crate::plan::ProbeKind;
use crate::time::{FarTime, Span, Time};

/// One request and what became of it.
pub(super) struct Sample<'a> {
    pub(super) kind: ProbeKind,
    pub(super) seq: u32,
    /// When it was handed to the kernel.
    pub(super) sent: Time,
    pub(super) lateness: Option<Span>,
    pub(super) outcome: Outcome<'a>,
}

/// What became of a request.
pub(super) enum Outcome<'a> {
    Answered {
        reply: &'a ProbeReply,
        delay: Delay,
        /// Of the request before this one.
        previous: Option<Delay>,
    },
    /// `up`, `down`, `other` (here), or not known.
    Lost(Option<&'static str>),
}

/// Delays of one exchange; up and down only with a reflector's stamps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delay {
    pub(super) round_trip: Span,
    pub(super) up_down: Option<(Span, Span)>,
    /// How wrong the one-way delays may be, nanoseconds.
    bound_ns: f64,
}

impl Delay {
    pub(super) fn of(reply: &ProbeReply, clock: &ClockOffset) -> Self {
        let up_down = reply.exchange().map(|exchange| clock.both_ways(&exchange));
        let bound_ns = clock.at(reply.sent).bound_ns.max(clock.at(reply.received).bound_ns);
        Self { round_trip: reply.round_trip(), up_down, bound_ns }
    }

    /// How wrong the one-way delays may be, milliseconds; infinite where nothing is known of the far clock.
    pub(super) fn bound_ms(&self) -> f64 {
        self.bound_ns / 1e6
    }
}

impl Sample<'_> {
    pub(super) fn entry(&self, clocks: &Clocks) -> Entry {
        let mut values = vec![("seq", sequence(self.kind, self.seq))];
        let t = match &self.outcome {
            Outcome::Answered { reply, delay, previous } => {
                values.extend(delays(self.kind, delay, previous.as_ref()));
                values.extend(stamps(reply, clocks));
                clocks.unix_secs(reply.received)
            }
            Outcome::Lost(direction) => {
                // No `val`, so that no figure draws it by mistake.
                let direction = direction.map_or(RawValue::Null, |direction| RawValue::Text(direction.into()));
                values.extend([("lost", RawValue::Bool(true)), ("lost_dir", direction)]);
                values.push(("sent", clocks.stamp(self.sent)));
                let answer = ["received_there", "sent_there", "received"].into_iter();
                let answer = answer.filter(|key| self.kind.needs_server() || *key == "received");
                values.extend(answer.map(|key| (key, RawValue::Null)));
                clocks.unix_secs(self.sent)
            }
        };
        values.extend(self.lateness.map(|lateness| ("lateness", milliseconds(lateness))));
        Entry { t, values }
    }
}

fn delays(kind: ProbeKind, delay: &Delay, previous: Option<&Delay>) -> Vec<(&'static str, RawValue)> {
    let mut values = vec![("val", milliseconds(delay.round_trip))];
    if let Some((up, down)) = delay.up_down {
        values.extend([("owd_up", milliseconds(up)), ("owd_down", milliseconds(down))]);
        if delay.bound_ns.is_finite() {
            values.push(("owd_bound", RawValue::Float((delay.bound_ns / 1e3).ceil() / 1e3)));
        }
    }
    if let Some(previous) = previous.filter(|_| kind.needs_server()) {
        values.push(("ipdv", milliseconds(delay.round_trip - previous.round_trip)));
        if let (Some((up, down)), Some((up_before, down_before))) = (delay.up_down, previous.up_down) {
            values.extend([("ipdv_up", milliseconds(up - up_before)), ("ipdv_down", milliseconds(down - down_before))]);
        }
    }
    values
}

fn stamps(reply: &ProbeReply, clocks: &Clocks) -> Vec<(&'static str, RawValue)> {
    let mut values = vec![("sent", clocks.stamp(reply.sent)), ("received", clocks.stamp(reply.received))];
    let mut by_program = Vec::new();
    let mut kinds = vec![("sent", reply.sent_kind), ("received", reply.received_kind)];
    if let Some(there) = reply.there {
        values.push(("received_there", clocks.far_stamp(there.received)));
        values.push(("sent_there", clocks.far_stamp(there.sent)));
        kinds.push(("received_there", there.received_kind));
    }
    by_program.extend(kinds.into_iter().filter(|(_, kind)| *kind == StampKind::Program).map(|(key, _)| key));
    if !by_program.is_empty() {
        values.push(("program_stamps", RawValue::Text(by_program.join(" "))));
    }
    values
}

fn milliseconds(span: Span) -> RawValue {
    RawValue::Float(span.as_millis_f64())
}

/// irtt writes whole numbers, ping's are read as fractions.
fn sequence(kind: ProbeKind, seq: u32) -> RawValue {
    match kind {
        ProbeKind::Udp | ProbeKind::Tcp => RawValue::Int(i64::from(seq)),
        ProbeKind::Icmp => RawValue::Float(f64::from(seq)),
    }
}

impl Clocks {
    /// A stamp of ours, milliseconds since `TIME`.
    fn stamp(&self, at: Time) -> RawValue {
        milliseconds(Span(self.wall_unix_ns.saturating_add(at.0).saturating_sub(self.zero_unix_ns())))
    }

    /// A stamp of a far end, milliseconds since `TIME` by its own clock.
    fn far_stamp(&self, at: FarTime) -> RawValue {
        milliseconds(Span(at.0.saturating_sub(self.zero_unix_ns())))
    }

    /// `TIME`, which has whole microseconds.
    fn zero_unix_ns(&self) -> i64 {
        self.wall_unix_ns.div_euclid(1000).saturating_mul(1000)
    }
}
