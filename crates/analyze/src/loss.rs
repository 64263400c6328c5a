//! What got lost: sequence numbers of probes and of calls, and counts of flows of datagrams.

use crate::run::Run;

/// Answered and missing sequence numbers, or received and lost datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceLoss {
    /// Sequence numbers between the first and the last one seen, both included.
    pub sent: u64,
    /// Different numbers that were answered.
    pub answered: u64,
}

impl SequenceLoss {
    /// Numbers that were not answered.
    pub fn lost(&self) -> u64 {
        self.sent - self.answered.min(self.sent)
    }

    /// Share of numbers that were not answered, 0..=1.
    pub fn ratio(&self) -> Option<f64> {
        (self.sent > 0).then(|| self.lost() as f64 / self.sent as f64)
    }
}

/// Loss of a series whose raw samples carry `seq`, or `packets` and `lost` per interval, over samples at `inside` seconds
/// of the run.
///
/// An entry marked `lost` has a number and no answer. What was sent before the first or after the last number seen is
/// unknown. A flow of datagrams counts what arrived in an interval, and what was missed then; late ones are taken back,
/// so `lost` may be below zero. `None` where nothing is numbered or counted.
pub fn sequence_loss(run: &Run, series: &str, inside: impl Fn(f64) -> bool) -> Option<SequenceLoss> {
    let (mut first, mut last, mut answered) = (f64::INFINITY, f64::NEG_INFINITY, 0u64);
    let mut counted = None;
    for set in run.sets() {
        let Some(raw) = set.raw.series(series) else { continue };
        let Some(numbers) = raw.numbers("seq") else {
            counted = add(counted, datagrams(&raw, |t| inside(t - run.t0())));
            continue;
        };
        let mut lost: Vec<usize> = raw
            .values("lost")
            .filter(|(_, value)| !matches!(value, fa_format::RawValue::Bool(false) | fa_format::RawValue::Null))
            .map(|(entry, _)| entry)
            .collect();
        lost.sort_unstable();
        for ((entry, t), seq) in numbers.entry.iter().zip(numbers.t.iter()).zip(numbers.value.iter()) {
            if seq.is_nan() || !inside(t - run.t0()) {
                continue;
            }
            first = first.min(*seq);
            last = last.max(*seq);
            answered += u64::from(lost.binary_search(&(*entry as usize)).is_err());
        }
    }
    (first <= last).then(|| SequenceLoss { sent: ((last - first) as u64).saturating_add(1), answered }).or_else(|| {
        let (received, lost): (f64, f64) = counted?;
        Some(SequenceLoss { sent: (received + lost.max(0.0)) as u64, answered: received as u64 })
    })
}

/// When numbers of a series were lost, by the definition of [`sequence_loss`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LostTimes {
    /// Seconds of the run, sorted: when an entry marked `lost` says, else between the times of the neighbours in number.
    pub times: Vec<f64>,
    /// Lost ones beyond [`LostTimes::MOST`], which have no time here.
    pub more: u64,
}

impl LostTimes {
    /// Most times that are listed: a damaged number must not fill the memory.
    pub const MOST: usize = 100_000;
}

/// When numbers between the first and the last one seen were not answered. An answer that came late or out of order is one.
/// `None` where nothing is numbered.
pub fn lost_times(run: &Run, series: &str) -> Option<LostTimes> {
    let mut entries: Vec<(f64, f64, bool)> = Vec::new();
    let mut numbered = false;
    for set in run.sets() {
        let Some(raw) = set.raw.series(series) else { continue };
        let Some(numbers) = raw.numbers("seq") else { continue };
        numbered = true;
        let lost: std::collections::HashSet<usize> = raw
            .values("lost")
            .filter(|(_, value)| !matches!(value, fa_format::RawValue::Bool(false) | fa_format::RawValue::Null))
            .map(|(entry, _)| entry)
            .collect();
        let all = numbers.entry.iter().zip(numbers.t.iter()).zip(numbers.value.iter());
        let known = all.filter(|((_, t), seq)| t.is_finite() && seq.is_finite());
        entries.extend(known.map(|((entry, t), seq)| (*seq, t - run.t0(), lost.contains(&(*entry as usize)))));
    }
    if !numbered {
        return None;
    }
    // By number; of one number, an answer before what says that there is none.
    entries.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)).then(a.1.total_cmp(&b.1)));
    entries.dedup_by(|later, first| later.0 == first.0);
    let mut found = LostTimes::default();
    let mut tell = |time: f64| {
        if found.times.len() < LostTimes::MOST {
            found.times.push(time);
            true
        } else {
            false
        }
    };
    let mut more = 0_u64;
    let mut before: Option<(f64, f64)> = None;
    for (seq, t, lost) in entries {
        if let Some((last, last_t)) = before {
            let gap = seq - last;
            let missing = (gap.ceil() - 1.0).max(0.0) as u64;
            let told = (1..=missing).take_while(|i| tell(last_t + (t - last_t) * (*i as f64) / gap)).count() as u64;
            more = more.saturating_add(missing - told);
        }
        if lost && !tell(t) {
            more = more.saturating_add(1);
        }
        before = Some((seq, t));
    }
    found.more = more;
    found.times.sort_by(f64::total_cmp);
    Some(found)
}

/// Datagrams received and lost at times `inside`; `None` where they were not counted.
fn datagrams(raw: &fa_format::RawSeries, inside: impl Fn(f64) -> bool) -> Option<(f64, f64)> {
    let sum = |key| {
        let numbers = raw.numbers(key)?;
        let inside = numbers.t.iter().zip(numbers.value.iter()).filter(|(t, value)| inside(**t) && !value.is_nan());
        Some(inside.map(|(_, value)| value).sum::<f64>())
    };
    Some((sum("packets")?, sum("lost")?))
}

fn add(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<(f64, f64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0 + b.0, a.1 + b.1)),
        (a, b) => a.or(b),
    }
}

/// Delay, jitter and loss of a call, for its mean opinion score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CallQuality {
    /// Mean one-way delay, ms; the samples' value where they carry no one-way delay.
    pub delay_ms: f64,
    /// Mean difference between the delays of neighbouring packets, ms.
    pub jitter_ms: f64,
    /// Packets lost per packet received.
    pub loss: f64,
}

/// Quality of a call from samples with `val` and `seq`, and with `owd_up` and `ipdv_up` where the tool measures them.
pub fn call_quality(run: &Run, series: &str, inside: impl Fn(f64) -> bool) -> Option<CallQuality> {
    let (mut delays, mut jitters, mut gaps) = (Vec::new(), Vec::new(), 0.0);
    for set in run.sets() {
        let Some(raw) = set.raw.series(series) else { continue };
        let (Some(values), Some(_)) = (raw.numbers("val"), raw.numbers("seq")) else { continue };
        let number = |entry: u32, key: &str| raw.value(entry as usize, key).and_then(|v| v.as_f64());
        let (mut last_delay, mut last_seq) = (None, None);
        for ((entry, t), val) in values.entry.iter().zip(values.t.iter()).zip(values.value.iter()) {
            let Some(seq) = number(*entry, "seq") else { continue };
            if val.is_nan() || !inside(t - run.t0()) {
                continue;
            }
            let delay = number(*entry, "owd_up").unwrap_or(*val);
            if let Some(jitter) = number(*entry, "ipdv_up").or_else(|| last_delay.map(|last: f64| delay - last)) {
                jitters.push(jitter.abs());
            }
            if let Some(last) = last_seq {
                gaps += f64::max(seq - last - 1.0, 0.0);
            }
            delays.push(delay);
            (last_delay, last_seq) = (Some(delay), Some(seq));
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    (!delays.is_empty()).then(|| CallQuality {
        delay_ms: mean(&delays),
        jitter_ms: mean(&jitters),
        loss: gaps / delays.len() as f64,
    })
}
