//! Whether the hosts that measured limited what they measured: then a result is about them and not about the network.
//!
//! | warning | when |
//! |---|---|
//! | processors busy | all of a host's processors together were busy for [`BUSY`] of the load |
//! | measuring thread busy | one of the threads that move packets used [`BUSY`] of a processor during the load |
//! | measuring thread waited | one of them was ready to run but had no processor for [`WAITED`] of the load |
//! | processors stolen | a hypervisor gave [`STOLEN`] of the host's time to others |
//! | queue of the kernel overflowed | the host dropped packets before they were processed, or found receive buffers full |
//! | buffers | a TCP sender that had data was held up by its own send buffer, or by the receiver's window, for [`HELD_UP`] of that time |
//! | datagrams | of a flow of datagrams more than [`NOT_SENT`] were due and not sent, the latest left [`LATE_FLOW`] late, the sender's kernel refused some, or the receiver's queue dropped some |
//! | lateness | more than [`LATE_SHARE`] of a probe's requests left later than a tenth of their interval, at least [`LATE_LEAST`] |
//! | receive queue | a probe's own receive queue dropped datagrams |
//!
//! The load of a host is averaged over the time in which flows send; without flows over the whole run.

use serde_json::{Map, Value, json};

use super::flow::FlowRecord;
use super::probe::ProbeRecord;
use crate::event::OwnLoad;
use crate::plan::{FlowPlan, HostId, Plan, ProbePlan};
use crate::time::{Span, Time};

/// Share of processor time from which a processor or a thread is taken for busy.
const BUSY: f64 = 0.95;
/// Share of the load that a measuring thread may wait for a processor.
const WAITED: f64 = 0.05;
/// Share of processor time that may go to others.
const STOLEN: f64 = 0.05;
/// Share of the time with data to send in which a buffer of an end may hold it up.
const HELD_UP: f64 = 0.2;
/// Share of requests that may leave late.
const LATE_SHARE: f64 = 0.01;
/// Share of datagrams that were due and not sent.
const NOT_SENT: f64 = 0.001;
/// A datagram of a flow may leave this late: a rate per step is not changed by it.
const LATE_FLOW: Span = Span::from_millis(50);
/// Less than this is never late.
const LATE_LEAST: Span = Span::from_millis(1);

/// Load of one host over a window.
#[derive(Debug, Clone, PartialEq)]
struct Load {
    processors: u32,
    busy: f64,
    stolen: f64,
    /// Name, share of a processor used, share of the time waited for one.
    threads: Vec<(String, f64, f64)>,
    dropped: u64,
    receive_errors: u64,
}

/// The mean of what was told between `from` and `to`, weighted by the time each stands for.
fn mean(told: &[(Time, OwnLoad)], from: Time, to: Time) -> Option<Load> {
    let within: Vec<&OwnLoad> = told
        .iter()
        // Most of what it stands for has to lie within.
        .filter(|(at, load)| {
            let middle = *at - Span(load.interval.0 / 2);
            middle >= from && middle <= to
        })
        .map(|(_, load)| load)
        .collect();
    let seconds: f64 = within.iter().map(|load| load.interval.as_secs_f64()).sum();
    if seconds <= 0.0 {
        return None;
    }
    let over = |value: &dyn Fn(&OwnLoad) -> f64| {
        within.iter().map(|load| value(load) * load.interval.as_secs_f64()).sum::<f64>() / seconds
    };
    let mut names: Vec<&String> = within.iter().flat_map(|load| &load.threads).map(|thread| &thread.name).collect();
    names.sort();
    names.dedup();
    let of = |name: &str, value: &dyn Fn(&crate::event::ThreadLoad) -> f64| {
        over(&|load| load.threads.iter().find(|thread| thread.name == name).map_or(0.0, value))
    };
    Some(Load {
        processors: within.iter().map(|load| load.processors).max().unwrap_or(0),
        busy: over(&|load| load.busy),
        stolen: over(&|load| load.stolen),
        threads: names.iter().map(|name| ((*name).clone(), of(name, &|t| t.ran), of(name, &|t| t.waited))).collect(),
        dropped: within.iter().map(|load| load.dropped).sum(),
        receive_errors: within.iter().map(|load| load.receive_errors).sum(),
    })
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

impl Load {
    /// As metadata.
    fn facts(&self) -> Value {
        let threads: Map<String, Value> = self
            .threads
            .iter()
            .map(|(name, ran, waited)| (name.clone(), json!({ "used": ran, "waited": waited })))
            .collect();
        json!({
            "processors": self.processors,
            "busy": self.busy,
            "stolen": self.stolen,
            "threads": threads,
            "packets_dropped": self.dropped,
            "receive_buffer_errors": self.receive_errors,
        })
    }

    fn warnings(&self, host: &str) -> Vec<String> {
        let mut found = Vec::new();
        if self.busy >= BUSY {
            found.push(format!(
                "{host}: the processors were busy for {} of the load: the result may be theirs, not the network's",
                percent(self.busy)
            ));
        }
        for (name, ran, waited) in &self.threads {
            if *ran >= BUSY {
                found.push(format!(
                    "{host}: thread {name} used {} of a processor: it may have been the limit",
                    percent(*ran)
                ));
            }
            if *waited >= WAITED {
                found.push(format!(
                    "{host}: thread {name} waited for a processor for {} of the load: other programs were in its way",
                    percent(*waited)
                ));
            }
        }
        if self.stolen >= STOLEN {
            found.push(format!(
                "{host}: the hypervisor gave {} of the processors' time to others",
                percent(self.stolen)
            ));
        }
        if self.dropped > 0 {
            found.push(format!(
                "{host}: the kernel dropped {} packets for want of room before they were processed (net.core.netdev_max_backlog)",
                self.dropped
            ));
        }
        if self.receive_errors > 0 {
            found.push(format!(
                "{host}: the kernel found a full receive buffer {} times, of this or another program \
                 (net.core.rmem_max); it counts datagrams that it has joined as one",
                self.receive_errors
            ));
        }
        found
    }
}

/// What a host told about its load, on our clock; `None`: this host.
pub(super) type Told = (Option<HostId>, Vec<(Time, OwnLoad)>);

/// What is known about every host's own load: `OWN_LOAD` of the metadata, and warnings.
pub(super) fn of_hosts(plan: &Plan, origin: Option<Time>, told: &[Told]) -> (Map<String, Value>, Vec<String>) {
    let start = plan.flows.iter().map(|flow| flow.start).min();
    let end = plan.flows.iter().map(|flow| flow.start + flow.length).max();
    let (from, to) = match (origin, start, end) {
        (Some(origin), Some(start), Some(end)) => (origin + start, origin + end),
        _ => (Time(i64::MIN), Time::NEVER),
    };
    let (mut facts, mut warnings) = (Map::new(), Vec::new());
    for (host, told) in told {
        let name = match host {
            None => "this host".to_owned(),
            Some(id) => plan.host(*id).map(|host| host.name.clone()).unwrap_or_default(),
        };
        if let Some(load) = mean(told, from, to) {
            warnings.extend(load.warnings(&name));
            facts.insert(name, load.facts());
        }
    }
    (facts, warnings)
}

/// Which buffer of which end held up flows: one warning for each, with how many flows and how much at most.
pub(super) fn of_buffers<'a>(plan: &Plan, flows: impl Iterator<Item = (&'a FlowPlan, &'a FlowRecord)>) -> Vec<String> {
    let mut found: Vec<(String, &str, usize, f64)> = Vec::new();
    for (flow, record) in flows {
        let far = plan.host(flow.host).map_or("the far end", |host| host.name.as_str());
        let up = flow.direction == fa_catalog::Direction::Up;
        let (sender, receiver) = if up { ("this host", far) } else { (far, "this host") };
        let Some((send_buffer, window)) = record.held_up() else { continue };
        let kinds = [
            (sender, "by its send buffer (net.ipv4.tcp_wmem)", send_buffer),
            (receiver, "by the window it offered (net.ipv4.tcp_rmem, or it reads too slowly)", window),
        ];
        for (host, what, share) in kinds.into_iter().filter(|(_, _, share)| *share >= HELD_UP) {
            match found.iter_mut().find(|(h, w, ..)| h == host && *w == what) {
                Some((_, _, count, most)) => (*count, *most) = (*count + 1, most.max(share)),
                None => found.push((host.to_owned(), what, 1, share)),
            }
        }
    }
    found
        .into_iter()
        .map(|(host, what, count, most)| {
            let flows = if count == 1 { "1 flow was".to_owned() } else { format!("{count} flows were") };
            format!("{host}: {flows} held up {what}, for up to {} of their time", percent(most))
        })
        .collect()
}

/// What the ends of flows of datagrams did to them: sent too little or too late, refused to send, dropped at their queue.
pub(super) fn of_datagrams<'a>(
    plan: &Plan,
    flows: impl Iterator<Item = (&'a FlowPlan, &'a FlowRecord)>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (flow, record) in flows {
        let far = plan.host(flow.host).map_or("the far end", |host| host.name.as_str());
        let up = flow.direction == fa_catalog::Direction::Up;
        let (sends, receives) = if up { ("this host", far) } else { (far, "this host") };
        let series = &flow.series;
        if let Some(sender) = &record.datagrams.sender {
            let late = (sender.lateness >= LATE_FLOW)
                .then(|| format!("up to {:.0} ms after their time", sender.lateness.as_millis_f64()));
            let due = sender.packets.saturating_add(sender.unsent);
            if sender.unsent as f64 > NOT_SENT * due as f64 {
                let late = late.map(|late| format!(", and others left {late}")).unwrap_or_default();
                found.push(format!(
                    "{sends}: {series}: {} of {due} datagrams were not sent{late}: the rate that was asked for does not \
                     fit through its own interface or send buffer, and what was received tells nothing about the rest \
                     of the way",
                    sender.unsent
                ));
            } else if let Some(late) = late {
                found.push(format!("{sends}: {series}: datagrams left {late}"));
            }
            if sender.refused > 0 {
                found.push(format!(
                    "{sends}: {series}: its kernel refused to send {} of {due} datagrams; they count as lost",
                    sender.refused
                ));
            }
        }
        if let Some(receiver) = record.datagrams.receiver.filter(|receiver| receiver.dropped > 0) {
            found.push(format!(
                "{receives}: {series}: {} datagrams arrived and found its receive buffer full (net.core.rmem_max); they \
                 count as lost, but not in the network",
                receiver.dropped
            ));
        }
    }
    found
}

/// What our own sending and receiving did to a probe.
pub(super) fn of_probe(plan: &ProbePlan, record: &ProbeRecord) -> Vec<String> {
    let mut found = Vec::new();
    let limit = LATE_LEAST.max(Span(plan.interval.0 / 10));
    let (late, sent) = record.later_than(limit);
    if late as f64 > LATE_SHARE * sent as f64 {
        found.push(format!(
            "{}: {late} of {sent} requests left more than {limit} after their time, because of this host",
            plan.series
        ));
    }
    if let Some(totals) = &record.totals {
        let there = totals.dropped_there.unwrap_or(0);
        for (dropped, whose) in [(totals.dropped_here, "our own"), (there, "the far end's own")] {
            if dropped > 0 {
                found.push(format!("{}: {whose} receive queue dropped {dropped} datagrams", plan.series));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::event::ThreadLoad;
    use crate::time::When;

    fn told(at_ms: i64, interval_ms: i64, busy: f64, bulk: f64) -> (Time, OwnLoad) {
        let at = Time(at_ms * 1_000_000);
        let threads = vec![ThreadLoad { name: "fa-bulk".into(), ran: bulk, waited: 0.01 }];
        let (processors, stolen, dropped, receive_errors) = (2, 0.0, 0, 0);
        let interval = Span::from_millis(interval_ms);
        let load = OwnLoad {
            host: None,
            at: When::Here(at),
            interval,
            processors,
            busy,
            stolen,
            threads,
            dropped,
            receive_errors,
        };
        (at, load)
    }

    #[test]
    fn load_is_averaged_over_the_window_by_time() {
        let all = [
            told(1000, 1000, 0.1, 0.0),
            told(2000, 1000, 0.6, 0.9),
            told(4000, 2000, 0.9, 0.3),
            told(5000, 1000, 0.0, 0.0),
        ];
        let load = mean(&all, Time(1_000_000_000), Time(4_000_000_000)).unwrap();
        // One second of 0.6 and two of 0.9; one of 0.9 and two of 0.3.
        assert!((load.busy - 0.8).abs() < 1e-12);
        assert!((load.threads[0].1 - 0.5).abs() < 1e-12);
        assert_eq!(mean(&all, Time(9_000_000_000), Time::NEVER), None);
    }

    #[test]
    fn warnings_come_from_the_documented_thresholds_on() {
        let load = |busy, ran, waited, stolen, dropped| Load {
            processors: 2,
            busy,
            stolen,
            threads: vec![("fa-bulk".into(), ran, waited)],
            dropped,
            receive_errors: 0,
        };
        assert_eq!(load(0.949, 0.949, 0.049, 0.049, 0).warnings("a"), Vec::<String>::new());
        let texts = load(0.95, 0.97, 0.05, 0.05, 3).warnings("a");
        for (text, part) in
            texts.iter().zip(["busy for 95 %", "used 97 %", "waited", "hypervisor gave 5 %", "dropped 3 packets"])
        {
            assert!(text.starts_with("a: ") && text.contains(part), "{text}");
        }
        assert_eq!(texts.len(), 5);
    }
}
