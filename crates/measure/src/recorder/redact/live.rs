//! Leaving out who and where from events while a run goes on.
//!
//! Hosts have the placeholders that the data file gives them. Addresses are numbered as they come, which may be another order
//! than the file's.

use serde_json::{Map, Value};

use super::Redactor;
use crate::event::{Event, What};
use crate::remark::Remark;

/// Members whose texts are words of the event vocabulary, never names: a host may be called `load`.
const VOCABULARY: [&str; 12] = [
    "phase",
    "end",
    "direction",
    "kind",
    "priority",
    "receive_stamps",
    "send_stamps",
    "icmp",
    "version",
    "run_id",
    "gravity",
    "lost_dir",
];

/// Members whose own keys are free texts, not those of the vocabulary.
const FREE_KEYS: [&str; 2] = ["facts", "params"];

/// Events as JSON without names of hosts and users, addresses, hardware addresses and commands.
///
/// ```
/// use fa_measure::event::{Event, Started, What};
/// use fa_measure::recorder::LiveRedactor;
/// use fa_measure::Time;
///
/// let mut redactor = LiveRedactor::default();
/// let started = Started { wall_unix_ns: 0, version: "1".into(), run_id: "0".into(), local_host: "laptop".into() };
/// let first = Event::new(Time::ZERO, What::Started(started));
/// // It names this host, whose placeholder comes after those of the plan: it waits for that.
/// assert!(redactor.lines(&first, None).is_empty());
/// let warning = Event::new(Time::ZERO, What::Warning { host: None, text: "laptop is slow".into() });
/// let lines = redactor.lines(&warning, None);
/// assert_eq!(lines.len(), 2);
/// assert!(lines.iter().all(|line| !line.to_string().contains("laptop")));
/// ```
#[derive(Debug, Default)]
pub struct LiveRedactor {
    redactor: Redactor,
    /// The first event, until the plan is known.
    first: Option<Event>,
}

impl LiveRedactor {
    /// The event as JSON, with what it has to say to a person under `remark`; the run's first event together with its second.
    pub fn lines(&mut self, event: &Event, remark: Option<&Remark>) -> Vec<Value> {
        match &event.what {
            What::Started(_) => {
                self.first = Some(event.clone());
                return Vec::new();
            }
            What::Plan(plan) => self.redactor.learn(plan, []),
            What::HostFacts { facts, .. } => self.redactor.networks(facts),
            What::HostReady(ready) => self.redactor.host(&ready.hostname),
            _ => {}
        }
        let mut lines = Vec::with_capacity(1);
        if let Some(first) = self.first.take() {
            if let What::Started(started) = &first.what {
                self.redactor.host(&started.local_host);
            }
            lines.push(self.line(&first, None));
        }
        lines.push(self.line(event, remark));
        lines
    }

    fn line(&mut self, event: &Event, remark: Option<&Remark>) -> Value {
        let mut line = serde_json::to_value(event).unwrap_or_default();
        if let (Value::Object(line), Some(remark)) = (&mut line, remark) {
            line.insert("remark".into(), serde_json::to_value(remark).unwrap_or_default());
        }
        self.clean(line, false)
    }

    /// - `free`: the keys of objects are free texts.
    fn clean(&mut self, value: Value, free: bool) -> Value {
        match value {
            Value::String(text) => self.redactor.text(&text).into(),
            Value::Array(values) => values.into_iter().map(|value| self.clean(value, free)).collect::<Vec<_>>().into(),
            Value::Object(map) => {
                let mut clean = Map::new();
                for (key, value) in map {
                    let value = if !free && VOCABULARY.contains(&key.as_str()) && value.is_string() {
                        value
                    } else {
                        self.clean(value, free || FREE_KEYS.contains(&key.as_str()))
                    };
                    clean.insert(if free { self.redactor.text(&key) } else { key }, value);
                }
                clean.into()
            }
            plain => plain,
        }
    }
}
