//! Which part of a run a series was planned to cover, and which of its samples belong to that part.
//!
//! A flow that fills a queue drains for seconds after its end, and a far end that froze reports zeros until it is given up:
//! numbers of those seconds are measured and drawn, but they do not describe the test. So statistics count
//!
//! - a flow from its start to its planned end: from DELAY (plus its own offset) for LENGTH seconds;
//! - a probe, a collector, or a series that no test defines: from 0 to TOTAL_LENGTH;
//! - a series computed from others: where any of those counts.
//!
//! Flent's files do not record DELAY, and a guess could cut off what was planned: there everything counts from 0 to
//! TOTAL_LENGTH. A sample that stands for an interval (`dur`) belongs where the middle of the interval is, one without at its
//! stamp.

use fa_catalog::{Expanded, SeriesSource};

use crate::cutoff::{Cutoff, Window};
use crate::run::Run;

/// Stamps have microseconds, schedulers less: so much beyond an end, in seconds, is still at the end.
const SLACK_SECS: f64 = 1e-3;

/// Seconds of the run that a series was planned to cover.
pub fn planned(run: &Run, expanded: &Expanded, series: &str) -> Window {
    let whole = Window { start: 0.0, end: run.total_length() };
    // x counts runs there, each of which is over: all of them count.
    if run.is_iterated() {
        return Window { start: f64::NEG_INFINITY, end: f64::INFINITY };
    }
    if run.set().metadata.delay_secs().is_none() {
        return whole;
    }
    load_of(expanded, series, 0).map_or(whole, |window| Window { end: window.end.min(whole.end), ..window })
}

/// The window of a flow, or of the flows behind a computed series; keys of samples belong to their series.
fn load_of(expanded: &Expanded, series: &str, depth: usize) -> Option<Window> {
    // Definitions of computed series do not go round in circles; a user's might.
    if depth > 4 {
        return None;
    }
    let Some(def) = expanded.series.get(series) else {
        return fa_catalog::child::split_last(series).and_then(|(parent, _)| load_of(expanded, parent, depth + 1));
    };
    match &def.source {
        SeriesSource::Flow(flow) => Some(Window { start: flow.start_secs, end: flow.start_secs + flow.length_secs }),
        SeriesSource::Computed(computed) => {
            let windows: Option<Vec<Window>> =
                computed.sources.iter().map(|source| load_of(expanded, source, depth + 1)).collect();
            let both = |a: Window, b: Window| Window { start: a.start.min(b.start), end: a.end.max(b.end) };
            windows?.into_iter().reduce(both)
        }
        _ => None,
    }
}

/// Stamps, in seconds of the run, of the samples that belong to `planned`: see the top of this file.
pub fn stamps(run: &Run, series: &str, planned: Window) -> Window {
    if run.set().metadata.total_length_secs().is_none() {
        return Window { start: f64::NEG_INFINITY, end: f64::INFINITY };
    }
    let wide = Window { start: planned.start - SLACK_SECS, end: planned.end + SLACK_SECS };
    let Some(raw) = run.set().raw.series(series) else { return wide };
    let (Some(durations), Some(values)) = (raw.numbers("dur"), raw.numbers("val")) else { return wide };
    // Samples of a series follow each other: those inside are between the first and the last that are.
    let mut first = f64::INFINITY;
    let mut last = f64::NEG_INFINITY;
    let mut dur = vec![0.0; raw.len()];
    for (entry, value) in durations.entry.iter().zip(durations.value.iter()) {
        dur[*entry as usize] = *value;
    }
    for (entry, t) in values.entry.iter().zip(values.t.iter()) {
        let x = t - run.t0();
        let half = dur[*entry as usize] / 2.0;
        if wide.contains(if half.is_finite() { x - half } else { x }) {
            first = first.min(x);
            last = last.max(x);
        }
    }
    if first <= last { Window { start: first, end: last } } else { wide }
}

/// What counts of a series: the seconds to report and the stamps to keep. The user's cut-off is both.
pub fn counted(run: &Run, expanded: &Expanded, series: &str, cutoff: Option<Cutoff>) -> (Window, Window) {
    if let Some(cutoff) = cutoff {
        let window = cutoff.window(run.total_length());
        return (window, window);
    }
    let planned = planned(run, expanded, series);
    (planned, stamps(run, series, planned))
}
