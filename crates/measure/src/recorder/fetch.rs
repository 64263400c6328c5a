//! One fetcher of web objects: how long each round took.

use fa_format::RawValue;
use serde_json::{Map, Value};

use super::summary::Summary;
use super::{Clocks, Entry, Measured};
use crate::align::Samples;
use crate::event::Fetched;
use crate::plan::FetchPlan;
use crate::time::Span;

/// What was told about a fetcher.
#[derive(Debug, Default)]
pub(super) struct FetchRecord {
    pub(super) rounds: Vec<Fetched>,
    pub(super) error: Option<String>,
}

impl FetchRecord {
    /// The time of a round counts at its end, in milliseconds; a round in which objects broke or were late has no value.
    pub(super) fn measured(&self, plan: &FetchPlan, clocks: &Clocks) -> Measured {
        let mut measured = Measured { expects_values: true, ..Measured::default() };
        let ms = |span: Option<Span>| span.map(|span| RawValue::Float(span.as_millis_f64()));
        let mut samples = Samples::default();
        for round in &self.rounds {
            let t = clocks.unix_secs(round.began + round.took);
            let mut values = Vec::new();
            if round.is_complete() {
                samples.push(t, round.took.as_millis_f64());
                values.push(("val", RawValue::Float(round.took.as_millis_f64())));
            }
            if round.failed > 0 {
                values.push(("failed", RawValue::Int(round.failed.into())));
            }
            values.extend([
                ("objects", RawValue::Int(round.objects.into())),
                ("bytes", RawValue::Int(round.bytes as i64)),
                ("connections", RawValue::Int(round.connections.into())),
            ]);
            let times = [("dns", round.name_lookup), ("connect", round.connecting), ("first_byte", round.first_byte)];
            values.extend(times.into_iter().filter_map(|(key, span)| Some((key, ms(span)?))));
            measured.entries.push(Entry { t, values });
        }
        let times = || samples.value.iter().copied();
        let summary = Summary::of(times());
        let sum = |of: fn(&Fetched) -> u64| self.rounds.iter().map(of).fold(0_u64, u64::saturating_add);
        let mean = |of: fn(&Fetched) -> Option<Span>| {
            Summary::of(self.rounds.iter().filter_map(of).map(Span::as_millis_f64)).map(|s| s.mean)
        };
        let entries = [
            ("MEAN_VALUE", Value::from(summary.map(|s| s.mean))),
            ("MIN_VALUE", Value::from(summary.map(|s| s.min))),
            ("MAX_VALUE", Value::from(summary.map(|s| s.max))),
            ("ROUNDS", Value::from(self.rounds.len())),
            ("OBJECTS", Value::from(sum(|r| r.objects.into()))),
            ("OBJECTS_FAILED", Value::from(sum(|r| r.failed.into()))),
            ("OBJECTS_REFUSED", Value::from(sum(|r| r.refused.into()))),
            ("OBJECTS_TIMED_OUT", Value::from(sum(|r| r.timed_out.into()))),
            ("BYTES_RECVD", Value::from(sum(|r| r.bytes))),
            ("CONNECTIONS", Value::from(sum(|r| r.connections.into()))),
            ("DNS_TIME_MEAN", Value::from(mean(|r| r.name_lookup))),
            ("CONNECT_TIME_MEAN", Value::from(mean(|r| r.connecting))),
            ("FIRST_BYTE_MEAN", Value::from(mean(|r| r.first_byte))),
            ("WORKERS", Value::from(plan.workers)),
        ];
        let told = entries.into_iter().filter(|(key, value)| !value.is_null() || *key == "MEAN_VALUE");
        measured.meta = told.map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>();
        let silent = || samples.t.is_empty().then(|| "no round of fetching was completed".to_owned());
        measured.failure = self.error.clone().or_else(silent);
        if !samples.t.is_empty() {
            measured.columns.push((None, samples));
        }
        measured
    }
}
