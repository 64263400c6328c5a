//! Traffic classes of an interface: those that an operator makes (htb, hfsc, drr, qfq, ets), not the flows that fq_codel
//! and its like show as classes.
//!
//! Each is kept in the raw samples under `classes`, named as `tc -s class show` names it (`htb 1:10 parent 1:1`). Three
//! things make series: `class 1:10 mbits`, the rate since the last sample, `class 1:10 dropped`, also since then, and
//! `class 1:10 backlog_bytes`.

use super::{APP, CLASSES, TCA_KIND, TCA_STATS2, Values, common, u32_of};
use crate::host::netlink::{Message, attribute, messages, text, u32_at, u64_at};
use std::collections::HashMap;
use std::time::Instant;

const RTM_NEWTCLASS: u16 = 40;
const TCA_OPTIONS: u16 = 2;

/// Classes that are told; the others are counted as `classes_left_out`.
const MOST: usize = 64;

/// Whether an operator gives this kind of qdisc its classes.
pub(super) fn has_classes(kind: &str) -> bool {
    matches!(kind, "htb" | "hfsc" | "drr" | "qfq" | "ets")
}

/// One class.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Class {
    /// `1:10`.
    id: String,
    /// `htb 1:10 parent 1:1`.
    name: String,
    handle: u32,
    values: Vec<(&'static str, f64)>,
}

/// A handle as `tc` writes it.
fn handle_text(handle: u32) -> String {
    format!("{:x}:{:x}", handle >> 16, handle & 0xffff)
}

/// The classes of one interface in a dump, by handle.
pub(super) fn classes(answer: &[u8], interface: u32) -> Vec<Class> {
    let of = |message: Message<'_>| {
        let body = message.body;
        let (handle, parent) = (u32_at(body, 8)?, u32_at(body, 12)?);
        if u32_at(body, 4)? != interface {
            return None;
        }
        let rest = body.get(20..)?;
        let kind = text(attribute(rest, TCA_KIND)?);
        if !has_classes(&kind) {
            return None;
        }
        let id = handle_text(handle);
        let below = if parent == super::ROOT { "root".to_owned() } else { format!("parent {}", handle_text(parent)) };
        let options = attribute(rest, TCA_OPTIONS).unwrap_or_default();
        let values = values(&kind, attribute(rest, TCA_STATS2).unwrap_or_default(), options);
        Some(Class { name: format!("{kind} {id} {below}"), id, handle, values })
    };
    let mut found: Vec<Class> =
        messages(answer).filter(|message| message.kind == RTM_NEWTCLASS).filter_map(of).collect();
    found.sort_by_key(|class| class.handle);
    found
}

/// What a class counts and what it is set to.
fn values(kind: &str, stats: &[u8], options: &[u8]) -> Vec<(&'static str, f64)> {
    let mut values = Vec::new();
    let mut put = |name: &'static str, value: Option<f64>| values.extend(value.map(|value| (name, value)));
    common(stats, &mut put);
    let app = attribute(stats, APP).unwrap_or_default();
    let mbits = |bytes_per_sec: f64| bytes_per_sec * 8e-6;
    match kind {
        "htb" => {
            // `struct tc_htb_opt`: two rates of twelve bytes each, then words. Rates from 34 Gbit/s on have 64 bits.
            let settings = attribute(options, 1).unwrap_or_default();
            let wide = |kind| attribute(options, kind).and_then(|bytes| u64_at(bytes, 0)).map(|rate| rate as f64);
            put("rate_mbits", wide(6).or_else(|| u32_of(settings, 8)).map(mbits));
            put("ceil_mbits", wide(7).or_else(|| u32_of(settings, 20)).map(mbits));
            put("quantum", u32_of(settings, 32));
            put("level", u32_of(settings, 36));
            put("prio", u32_of(settings, 40));
            for (i, name) in ["lended", "borrowed", "giants"].into_iter().enumerate() {
                put(name, u32_of(app, 4 * i));
            }
            for (i, name) in ["tokens", "ctokens"].into_iter().enumerate() {
                put(name, u32_at(app, 12 + 4 * i).map(|ticks| f64::from(ticks as i32)));
            }
        }
        "hfsc" => {
            for (i, name) in ["rt_mbits", "ls_mbits", "ul_mbits"].into_iter().enumerate() {
                // The slope that lasts, of a service curve of two.
                let curve = attribute(options, 1 + i as u16).unwrap_or_default();
                put(name, u32_of(curve, 8).map(mbits));
            }
            put("work_bytes", u64_at(app, 0).map(|bytes| bytes as f64));
            put("rtwork_bytes", u64_at(app, 8).map(|bytes| bytes as f64));
            put("period", u32_of(app, 16));
            put("level", u32_of(app, 20));
        }
        "drr" => put("deficit", u32_of(app, 0)),
        "qfq" => {
            put("weight", u32_of(app, 0));
            put("lmax", u32_of(app, 4));
        }
        _ => {}
    }
    values
}

/// Adds what the raw samples have of each class.
pub(super) fn put(classes: &[Class], values: &mut Values) {
    for class in classes.iter().take(MOST) {
        values.extend(class.values.iter().map(|(key, value)| (format!("{CLASSES}{}::{key}", class.name), *value)));
    }
    if classes.len() > MOST {
        values.push(("classes_left_out".to_owned(), (classes.len() - MOST) as f64));
    }
}

/// Bytes that each class had sent, and when.
#[derive(Debug, Default)]
pub(super) struct Rates(HashMap<String, (f64, Instant)>);

impl Rates {
    /// Adds what makes series, from values in which drops are already those since the last sample.
    pub(super) fn put(&mut self, at: Instant, values: &mut Values) {
        let mut series = Values::new();
        for (key, value) in values.iter() {
            let Some((name, quantity)) = key.strip_prefix(CLASSES).and_then(|rest| rest.rsplit_once("::")) else {
                continue;
            };
            let Some(id) = name.split(' ').nth(1) else { continue };
            match quantity {
                "sent_bytes" => {
                    // From the first sample on, so that the names stay the same.
                    let (before, then) = self.0.insert(name.to_owned(), (*value, at)).unwrap_or((*value, at));
                    let seconds = (at - then).as_secs_f64();
                    // A class made anew counts from zero.
                    let bytes = if *value < before { *value } else { value - before };
                    series
                        .push((format!("class {id} mbits"), if seconds > 0.0 { bytes * 8e-6 / seconds } else { 0.0 }));
                }
                "dropped" | "backlog_bytes" => series.push((format!("class {id} {quantity}"), *value)),
                _ => {}
            }
        }
        values.extend(series);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{message, padded, value, wide, words};
    use super::super::{BASIC, QUEUE, ROOT};
    use super::*;
    use std::time::Duration;

    /// A class of interface 3.
    fn class(kind: &str, handle: u32, parent: u32, sent: u64, app: &[u8], options: &[u8]) -> Vec<u8> {
        let mut basic = sent.to_ne_bytes().to_vec();
        basic.extend(words(&[10, 0]));
        let mut stats = padded(BASIC, &basic);
        stats.extend(padded(QUEUE, &words(&[2, 3000, 7, 0, 40])));
        stats.extend(padded(APP, app));
        let mut body = words(&[0, 3, handle, parent, 0]);
        body.extend(padded(TCA_KIND, format!("{kind}\0").as_bytes()));
        body.extend(padded(TCA_OPTIONS, options));
        body.extend(padded(TCA_STATS2, &stats));
        message(RTM_NEWTCLASS, &body)
    }

    fn told(dump: &[u8]) -> Values {
        let mut values = Values::new();
        put(&classes(dump, 3), &mut values);
        values
    }

    #[test]
    fn classes_of_htb_tell_their_rates_and_who_lent_to_whom() {
        // 5 and 20 Mbit/s; quantum, level, prio behind the two bursts.
        let settings = words(&[0, 0, 625_000, 0, 0, 2_500_000, 0, 0, 60_000, 0, 3]);
        let app = words(&[5, 6, 1, -200_i32 as u32, 300]);
        let mut dump = class("htb", 0x1_0010, 0x1_0001, 900, &app, &padded(1, &settings));
        let mut fast = padded(1, &settings);
        fast.extend(padded(6, &wide(&[12_500_000_000])));
        dump.extend(class("htb", 0x1_0001, ROOT, 900, &app, &fast));
        dump.extend(class("fq_codel", 0x10_0001, 0x10_0000, 900, &[], &[]));
        let values = told(&dump);
        for (name, expected) in [
            ("classes::htb 1:10 parent 1:1::sent_bytes", 900.0),
            ("classes::htb 1:10 parent 1:1::backlog_bytes", 3000.0),
            ("classes::htb 1:10 parent 1:1::rate_mbits", 5.0),
            ("classes::htb 1:10 parent 1:1::ceil_mbits", 20.0),
            ("classes::htb 1:10 parent 1:1::prio", 3.0),
            ("classes::htb 1:10 parent 1:1::borrowed", 6.0),
            ("classes::htb 1:10 parent 1:1::tokens", -200.0),
            ("classes::htb 1:1 root::rate_mbits", 100_000.0),
        ] {
            assert_eq!(value(&values, name), Some(expected), "{name}");
        }
        assert!(values[0].0.starts_with("classes::htb 1:1 root::"), "by handle, and no flows of fq_codel: {values:?}");
        assert!(values.iter().all(|(name, _)| !name.contains("fq_codel")));
    }

    #[test]
    fn classes_of_hfsc_tell_their_curves_and_work() {
        let mut options = padded(1, &words(&[1_000_000, 100, 125_000]));
        options.extend(padded(3, &words(&[0, 0, 250_000])));
        let mut app = wide(&[4000, 3000]);
        app.extend(words(&[9, 0]));
        let values = told(&class("hfsc", 0x1_0002, 0x1_0001, 1, &app, &options));
        let of = |key: &str| value(&values, &format!("classes::hfsc 1:2 parent 1:1::{key}"));
        assert_eq!((of("rt_mbits"), of("ls_mbits"), of("ul_mbits")), (Some(1.0), None, Some(2.0)));
        assert_eq!((of("work_bytes"), of("rtwork_bytes"), of("period")), (Some(4000.0), Some(3000.0), Some(9.0)));
    }

    #[test]
    fn rates_drops_and_backlog_make_series() {
        let mut rates = Rates::default();
        let start = Instant::now();
        let mut series = |sent, after_ms| {
            let mut values = told(&class("drr", 0x1_0002, 0x1_0000, sent, &words(&[1500]), &[]));
            rates.put(start + Duration::from_millis(after_ms), &mut values);
            ["mbits", "dropped", "backlog_bytes"].map(|q| value(&values, &format!("class 1:2 {q}")))
        };
        assert_eq!(series(1000, 0), [Some(0.0), Some(7.0), Some(3000.0)], "the first has nothing to compare with");
        assert_eq!(series(126_000, 500)[0], Some(2.0), "125 000 bytes in half a second");
        assert_eq!(series(125_000, 1500)[0], Some(1.0), "a class made anew, a second later");
    }

    #[test]
    fn of_very_many_classes_some_are_told_and_the_rest_is_counted() {
        let dump: Vec<u8> = (1..=100).flat_map(|n| class("htb", 0x1_0000 + n, ROOT, 1, &[], &[])).collect();
        let values = told(&dump);
        assert_eq!(value(&values, "classes_left_out"), Some(36.0));
        assert!(value(&values, "classes::htb 1:40 root::sent_bytes").is_some());
        assert!(value(&values, "classes::htb 1:41 root::sent_bytes").is_none());
    }

    #[test]
    fn cut_answers_give_what_is_whole_and_never_panic() {
        let dump = class("htb", 0x1_0010, 0x1_0001, 1, &words(&[0; 5]), &padded(1, &words(&[1; 11])));
        for cut in 0..dump.len() {
            assert_eq!(classes(&dump[..cut], 3), []);
        }
    }
}
