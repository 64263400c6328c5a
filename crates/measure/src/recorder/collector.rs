//! One collector: its samples as they are, its children as series.

use std::collections::HashMap;

use fa_format::{RawSeries, RawValue};
use serde_json::{Map, Value};

use super::{Clocks, Measured};
use crate::align::Samples;
use crate::collect::{Collected, CollectorPlan, Kernel, MAX_COLUMNS};
use crate::event::{CollectorColumns, CollectorSample};
use crate::plan::HostId;

/// What was told about a collector.
#[derive(Debug, Default)]
pub(super) struct CollectorRecord {
    lists: Vec<Vec<String>>,
    samples: Vec<CollectorSample>,
    pub(super) facts: Map<String, Value>,
    pub(super) error: Option<String>,
}

impl CollectorRecord {
    /// Takes in names; false when they cannot be: out of turn, or more than any collector has.
    pub(super) fn columns(&mut self, columns: &CollectorColumns) -> bool {
        let fits = columns.list as usize == self.lists.len() && columns.names.len() <= MAX_COLUMNS;
        if fits {
            self.lists.push(columns.names.clone());
        }
        fits
    }

    /// Takes in a sample; false when its names are not known.
    pub(super) fn sample(&mut self, sample: &CollectorSample) -> bool {
        let known = self.lists.get(sample.list as usize).is_some_and(|names| names.len() == sample.values.len());
        if known {
            self.samples.push(sample.clone());
        }
        known
    }

    pub(super) fn measured(&self, plan: &CollectorPlan, clocks: &Clocks) -> Measured {
        // Without a far end all stamps are ours, and the host does not matter.
        let host = plan.host.unwrap_or(HostId(0));
        let mut samples: Vec<(f64, &CollectorSample)> =
            self.samples.iter().map(|s| (clocks.unix_secs(clocks.here(s.at, host)), s)).collect();
        samples.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut raw = RawSeries::builder();
        let mut columns: Vec<(String, Samples)> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (t, sample) in samples {
            let names = &self.lists[sample.list as usize];
            let found =
                || names.iter().zip(&sample.values).filter_map(|(name, value)| Some((name.as_str(), (*value)?)));
            let values: Vec<(&str, RawValue)> = found().map(|(name, value)| (name, RawValue::Float(value))).collect();
            raw.push_nested(t, &values);
            for (name, value) in found() {
                let at = *known.entry(name).or_insert_with(|| {
                    columns.push((name.to_owned(), Samples::default()));
                    columns.len() - 1
                });
                columns[at].1.push(t, value);
            }
        }
        let own = plan.what.own_key();
        let mean = own.and_then(|key| mean(&columns.iter().find(|(name, _)| name == key)?.1));
        let columns = columns
            .into_iter()
            .filter_map(|(name, samples)| {
                if Some(name.as_str()) == own {
                    Some((None, samples))
                } else {
                    Some((Some(child(plan, &name)?), samples))
                }
            })
            .collect();
        let mut meta = Map::from_iter([("COMMAND".to_owned(), Value::from(plan.what.describe()))]);
        if let Some(mean) = mean {
            meta.insert("MEAN_VALUE".into(), mean.into());
        }
        meta.extend(self.facts.clone());
        let silent = || self.samples.is_empty().then(|| "no sample".to_owned());
        let failure = self.error.clone().or_else(silent);
        // One that has children only gets a line of nulls under its own name only when there is nothing else.
        let expects_values = own.is_some() || self.samples.is_empty();
        Measured { raw: Some(raw.finish()), columns, meta, failure, expects_values, ..Measured::default() }
    }
}

/// What a value's series is called behind the collector's name; `None` for values that are only kept in the raw samples.
fn child(plan: &CollectorPlan, name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split("::").collect();
    match (&plan.what, parts.as_slice()) {
        // Flent's files have the station inside and its series the quantity first.
        (Collected::Kernel(Kernel::Wifi { .. }), ["stations", mac, quantity]) => Some(format!("{quantity}::{mac}")),
        (_, [name]) => Some((*name).to_owned()),
        // Values of the parts of a qdisc (tins, leaves).
        _ => None,
    }
}

fn mean(samples: &Samples) -> Option<f64> {
    let finite = samples.value.iter().filter(|value| value.is_finite());
    let (sum, n) = finite.fold((0.0, 0_u32), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / f64::from(n))
}
