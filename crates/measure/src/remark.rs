//! What is told to a person while a run goes on, in the same words on the terminal, in the viewer, in lines of JSON and in
//! the data file: things are called by the names of their series, hosts by theirs.

use serde::Serialize;

use crate::event::{Event, What};
use crate::plan::Plan;
use crate::time::Span;

/// Longest text, characters: some of it comes from far ends.
const LONGEST: usize = 1000;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gravity {
    /// Good to know.
    Note,
    /// Something is missing from the result.
    Warning,
}

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// How much it matters.
    pub gravity: Gravity,
    /// `Ping (ms) UDP BE: the address is already in use`. Nothing that a terminal would obey, and nothing endless.
    pub text: String,
    /// What to do about it, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Remark {
    /// What an event has to say to a person; `None` for most.
    pub fn of(event: &Event, plan: Option<&Plan>) -> Option<Self> {
        let waiting;
        let (gravity, text, hint) = match &event.what {
            What::Warning { host, text } => {
                let host = plan.zip(*host).and_then(|(plan, id)| plan.host(id));
                let text = host.map_or_else(|| text.clone(), |host| format!("{}: {text}", host.name));
                (Gravity::Note, text, &None)
            }
            What::FlowFailed { error, hint, .. }
            | What::ProbeFailed { error, hint, .. }
            | What::CollectorFailed { error, hint, .. }
            | What::FetchFailed { error, hint, .. } => {
                (Gravity::Warning, format!("{}: {error}", subject(&event.what, plan)?), hint)
            }
            What::Overflow { host, queue, lost } => {
                let host = plan.zip(*host).and_then(|(plan, id)| plan.host(id));
                let name = host.map_or("this host", |host| host.name.as_str());
                (Gravity::Warning, format!("{name}: {queue} was full: {lost} records are missing"), &None)
            }
            // Once; who watches sees it count down.
            What::Waiting { host, waited, left } if *waited < Span::from_millis(1_900) => {
                let name = plan.and_then(|plan| plan.host(*host)).map_or("a far end", |host| host.name.as_str());
                let secs = left.as_secs_f64();
                waiting = Some("stopping leaves the journal; SIGUSR1 writes the file without it".to_owned());
                let text = format!("{name} does not answer: waiting up to {secs:.0} s more for what it kept");
                (Gravity::Note, text, &waiting)
            }
            _ => return None,
        };
        Some(Self { gravity, text: spoken(&text), hint: hint.as_deref().map(spoken) })
    }

    /// The gravity as a word: `note`, `warning`.
    pub const fn word(&self) -> &'static str {
        match self.gravity {
            Gravity::Note => "note",
            Gravity::Warning => "warning",
        }
    }
}

/// The series of what failed, by its name; by its number only while no plan is known that has it.
fn subject(what: &What, plan: Option<&Plan>) -> Option<String> {
    let (kind, id) = match what {
        What::FlowFailed { flow, .. } => ("flow", flow.0),
        What::ProbeFailed { probe, .. } => ("probe", probe.0),
        What::CollectorFailed { collector, .. } => ("collector", collector.0),
        What::FetchFailed { fetch, .. } => ("fetcher", fetch.0),
        _ => return None,
    };
    Some(plan.and_then(|plan| series(plan, kind, id)).map_or_else(|| format!("{kind} {id}"), str::to_owned))
}

fn series<'p>(plan: &'p Plan, kind: &str, id: u16) -> Option<&'p str> {
    let id = usize::from(id);
    Some(match kind {
        "flow" => &plan.flows.get(id)?.series,
        "probe" => &plan.probes.get(id)?.series,
        "collector" => &plan.collectors.get(id)?.series,
        "fetcher" => &plan.fetches.get(id)?.series,
        _ => return None,
    })
}

/// A far end, which knows only numbers, speaks of `flow 3` or `probe 0` first: the same with the name of the series.
pub fn with_series(text: &str, plan: &Plan) -> String {
    let named = || {
        let (kind, rest) = text.split_once(' ')?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (id, rest) = rest.split_at(digits);
        Some(format!("{}{rest}", series(plan, kind, id.parse().ok()?)?))
    };
    named().unwrap_or_else(|| text.to_owned())
}

fn spoken(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::event::EndReason;
    use crate::plan::{FlowId, HostId};
    use crate::progress::tests::plan;
    use crate::time::Time;

    fn remark(what: What) -> Option<Remark> {
        Remark::of(&Event::new(Time::ZERO, what), Some(&plan()))
    }

    fn named() -> Plan {
        let mut plan = plan();
        plan.flows[0].series = "TCP upload BE".into();
        plan
    }

    #[test]
    fn what_failed_is_called_by_its_series_and_hosts_by_their_names() {
        let failed = What::FlowFailed { flow: FlowId(0), error: "no\u{1b}[0m way".into(), hint: Some("try".into()) };
        let event = Event::new(Time::ZERO, failed);
        let told = Remark::of(&event, Some(&named())).unwrap();
        assert_eq!((told.text.as_str(), told.hint.as_deref()), ("TCP upload BE: no[0m way", Some("try")));
        assert_eq!(Remark::of(&event, None).unwrap().text, "flow 0: no[0m way");
        let told = remark(What::Warning { host: Some(HostId(0)), text: "the clock stopped".into() }).unwrap();
        assert_eq!((told.gravity, told.text.as_str()), (Gravity::Note, "far.example: the clock stopped"));
        let told = remark(What::Overflow { host: None, queue: "journal".into(), lost: 3 }).unwrap();
        assert_eq!(told.text, "this host: journal was full: 3 records are missing");
        assert_eq!(remark(What::Ended { reason: EndReason::Completed }), None);
        let wait = |waited, left| {
            let [waited, left] = [waited, left].map(Span::from_millis);
            remark(What::Waiting { host: HostId(0), waited, left }).map(|told| told.text)
        };
        let once = "far.example does not answer: waiting up to 9 s more for what it kept";
        assert_eq!((wait(1000, 9000).as_deref(), wait(2000, 8000)), (Some(once), None));
    }

    #[test]
    fn numbers_of_a_far_end_become_names_of_series() {
        let say = |text| with_series(text, &named());
        assert_eq!(
            say("flow 0: datagrams of 9000 bytes are not possible"),
            "TCP upload BE: datagrams of 9000 bytes are not possible"
        );
        assert_eq!(say("flow 0 lasts longer than the run"), "TCP upload BE lasts longer than the run");
        for same in ["flow 99: no", "flow", "flow x", "no flow 0", ""] {
            assert_eq!(say(same), same);
        }
    }
}
