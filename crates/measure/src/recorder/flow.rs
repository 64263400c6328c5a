//! One flow: goodput from the receiver's counts, the reason from the sender's kernel state.

use fa_catalog::Direction;
use fa_format::RawValue;
use serde_json::{Map, Value};

use super::datagram::DatagramRecord;
use super::summary::Summary;
use super::{Clocks, Detail, Entry, Measured, raw_samples, tcp_state};
use crate::align::Samples;
use crate::event::{FlowBytes, FlowConnected, FlowEnd, FlowEnded, FlowMarks};
use crate::plan::FlowPlan;
use crate::tcp_info::TcpInfo;
use crate::time::{Span, Time, When};

/// What was told about a flow.
#[derive(Debug, Default)]
pub(super) struct FlowRecord {
    sender: EndRecord,
    receiver: EndRecord,
    pub(super) datagrams: DatagramRecord,
    pub(super) marks: Option<FlowMarks>,
    pub(super) error: Option<String>,
}

/// What one end told.
#[derive(Debug, Default)]
pub(super) struct EndRecord {
    pub(super) connected: Option<FlowConnected>,
    pub(super) intervals: Vec<FlowBytes>,
    pub(super) states: Vec<(When, TcpInfo)>,
    pub(super) ended: Option<FlowEnded>,
}

impl EndRecord {
    /// Bytes of payload: the end's own total, or what its intervals add up to while there is none.
    fn bytes(&self) -> u64 {
        let counted = || self.intervals.iter().fold(0_u64, |sum, interval| sum.saturating_add(interval.bytes));
        self.ended.as_ref().map_or_else(counted, |ended| ended.bytes)
    }

    /// First to last byte.
    fn elapsed(&self) -> Span {
        let counted = || self.intervals.iter().fold(Span::ZERO, |sum, interval| sum + interval.interval);
        self.ended.as_ref().map(|ended| ended.elapsed).filter(|&elapsed| elapsed > Span::ZERO).unwrap_or_else(counted)
    }

    /// The last kernel state that is known.
    fn last_state(&self) -> Option<TcpInfo> {
        let at_end = self.ended.as_ref().and_then(|ended| ended.info);
        at_end.or_else(|| self.states.last().map(|(_, info)| *info))
    }

    fn congestion_control(&self) -> Option<&str> {
        let at_end = self.ended.as_ref().and_then(|ended| ended.cong_control.as_deref());
        at_end.or_else(|| self.connected.as_ref()?.facts.cong_control.as_deref())
    }

    /// Mark that was asked for, or that the kernel sets without being asked.
    fn tos(&self) -> Option<u8> {
        let facts = &self.connected.as_ref()?.facts;
        facts.tos_asked.or(facts.tos)
    }

    /// What the kernel made of a mark that it did not take as it was.
    pub(super) fn tos_changed(&self) -> Option<(u8, u8)> {
        let facts = &self.connected.as_ref()?.facts;
        facts.tos_asked.zip(facts.tos).filter(|(asked, obtained)| asked != obtained)
    }

    fn tos_seen(&self) -> Option<u8> {
        let at_end = self.ended.as_ref().and_then(|ended| ended.tos_seen);
        at_end.or_else(|| self.connected.as_ref()?.facts.tos_seen)
    }
}

/// The intervals of an end, the last one joined to the one before when the end of the flow cut it short: a rate over a
/// millisecond is that of a buffer, not of a network.
pub(super) fn whole(intervals: &[FlowBytes]) -> Vec<FlowBytes> {
    let mut whole: Vec<FlowBytes> = intervals.iter().filter(|one| one.interval > Span::ZERO).copied().collect();
    if let [.., before, last] = whole.as_mut_slice()
        && last.interval.0 < before.interval.0 / 2
    {
        before.at = last.at;
        before.interval = before.interval + last.interval;
        before.bytes = before.bytes.saturating_add(last.bytes);
        whole.pop();
    }
    whole
}

impl FlowRecord {
    pub(super) fn end(&mut self, end: FlowEnd) -> &mut EndRecord {
        match end {
            FlowEnd::Sender => &mut self.sender,
            FlowEnd::Receiver => &mut self.receiver,
        }
    }

    pub(super) fn measured(&self, plan: &FlowPlan, clocks: &Clocks, origin: Option<Time>, detail: Detail) -> Measured {
        let mut measured = Measured { expects_values: true, ..Measured::default() };
        if let Some(datagrams) = &plan.datagrams {
            measured.columns = if datagrams.packets {
                measured.expects_values = false;
                self.datagrams.call(plan, clocks, &self.sender.intervals, &mut measured.entries)
            } else {
                let intervals = whole(&self.receiver.intervals);
                self.datagrams.flood(plan, clocks, &intervals, &mut measured.entries)
            };
            measured.meta = self.meta(plan, clocks, origin, &measured);
            for gone in ["SEND_SIZE", "TCP_MSS", "TCP_RETRANSMIT"] {
                measured.meta.remove(gone);
            }
            if datagrams.packets {
                // The unit of a call is kbit/s.
                let mean = measured.meta.get("MEAN_VALUE").and_then(Value::as_f64).map(|mbits| mbits * 1e3);
                measured.meta.insert("MEAN_VALUE".into(), mean.into());
            }
            measured.below_zero = self.datagrams.below_zero(plan, clocks);
            measured.meta.extend(self.datagrams.meta(plan, clocks, measured.below_zero));
            measured.failure = self.failure(plan);
            return measured;
        }
        for interval in whole(&self.receiver.intervals) {
            let seconds = interval.interval.as_secs_f64();
            let mbits = interval.bytes as f64 * 8.0 / seconds / 1e6;
            let t = clocks.unix_secs(clocks.here(interval.at, plan.host));
            let values = vec![("dur", RawValue::Float(seconds)), ("val", RawValue::Float(mbits))];
            measured.entries.push(Entry { t, values });
        }
        let states = [(FlowEnd::Sender, &self.sender), (FlowEnd::Receiver, &self.receiver)].map(|(which, end)| {
            let t = |at: When| clocks.unix_secs(clocks.here(at, plan.host));
            (which, end.states.iter().map(|(at, info)| (t(*at), *info)).collect::<Vec<_>>())
        });
        measured.entries.extend(states[0].1.iter().filter_map(|(t, info)| tcp_state::entry(*t, info)));
        measured.entries.sort_by(|a, b| a.t.total_cmp(&b.t));
        measured.columns = columns(&measured.entries);
        if detail != Detail::Live {
            let mut raw = raw_samples(&std::mem::take(&mut measured.entries));
            for (end, states) in &states {
                let fields = tcp_state::Columns::of(*end, states);
                fields.append_to(&mut raw);
                if detail == Detail::EverySeries {
                    measured.columns.extend(fields.series());
                }
            }
            measured.raw = Some(raw.finish());
        }
        measured.meta = self.meta(plan, clocks, origin, &measured);
        measured.failure = self.failure(plan);
        measured
    }

    /// Shares of the time in which the sender had data that its send buffer and the receiver's window held it up;
    /// `None` when the kernel does not tell.
    pub(super) fn held_up(&self) -> Option<(f64, f64)> {
        let state = self.sender.last_state()?;
        let busy = state.busy_time_us.filter(|&us| us > 0)? as f64;
        let share = |us: Option<u64>| us.map_or(0.0, |us| us as f64 / busy);
        Some((share(state.sndbuf_limited_us), share(state.rwnd_limited_us)))
    }

    /// Both ends.
    pub(super) fn ends(&self) -> [&EndRecord; 2] {
        [&self.sender, &self.receiver]
    }

    /// Whether packets with ECN bits reached the receiver: bit 16 of its kernel's options.
    pub(super) fn ecn_seen(&self) -> Option<bool> {
        Some(self.receiver.last_state()?.options? & 16 != 0)
    }

    /// Mark on the data as it arrived; of an upload that of the handshake, which never has ECN bits.
    fn tos_seen(&self) -> Option<u8> {
        self.receiver.tos_seen().or(self.marks.map(|marks| marks.tos_seen))
    }

    fn failure(&self, plan: &FlowPlan) -> Option<String> {
        let broken = |end: &EndRecord| end.ended.as_ref().and_then(|ended| ended.error.clone());
        let silent = || {
            let missing = self.receiver.intervals.is_empty() && self.receiver.ended.is_none();
            let whose = if plan.direction == Direction::Up { "the far end" } else { "our end" };
            missing.then(|| format!("no byte counts from the receiver, {whose}"))
        };
        self.error.clone().or_else(|| broken(&self.sender)).or_else(|| broken(&self.receiver)).or_else(silent)
    }

    /// From the moment at which a flow of a fixed size was due to start until its receiver had all of it.
    fn completion(&self, plan: &FlowPlan, clocks: &Clocks, origin: Option<Time>) -> Option<Span> {
        let ended = self.receiver.ended.as_ref().filter(|ended| ended.bytes >= plan.bytes.unwrap_or(u64::MAX))?;
        Some(clocks.here(ended.at, plan.host) - (origin? + plan.start))
    }

    /// Says so when a flow of a fixed size was not over in its time.
    pub(super) fn unfinished(&self, plan: &FlowPlan) -> Option<String> {
        let wanted = plan.bytes.filter(|_| plan.datagrams.is_none())?;
        let arrived = self.receiver.ended.as_ref()?.bytes;
        (arrived < wanted).then(|| {
            format!(
                "{}: {arrived} of its {wanted} bytes had arrived when its time was over: it has no completion time; use a \
                 longer --length",
                plan.series
            )
        })
    }

    fn meta(&self, plan: &FlowPlan, clocks: &Clocks, origin: Option<Time>, measured: &Measured) -> Map<String, Value> {
        let (sender, receiver) = (&self.sender, &self.receiver);
        let (here, there) = match plan.direction {
            Direction::Up => (sender, receiver),
            Direction::Down => (receiver, sender),
        };
        let elapsed = receiver.elapsed().as_secs_f64();
        let mean = (elapsed > 0.0).then(|| receiver.bytes() as f64 * 8.0 / elapsed / 1e6);
        let goodput = measured.columns.iter().find(|(child, _)| child.is_none());
        let summary = goodput.and_then(|(_, samples)| Summary::of(samples.value.iter().copied()));
        let asked_here = plan.cong_control.as_ref().map(|(here, there)| match plan.direction {
            Direction::Up => here,
            Direction::Down => there,
        });
        let facts = sender.connected.as_ref().map(|connected| &connected.facts);
        let asked = asked_here.cloned().or_else(|| facts?.cong_control_asked.clone());
        let state = sender.last_state();
        let receiver_state = receiver.last_state();
        let of = |read: fn(&TcpInfo) -> Option<u32>| Value::from(state.as_ref().and_then(read));
        let wide = |read: fn(&TcpInfo) -> Option<u64>| Value::from(state.as_ref().and_then(read));
        let of_receiver = |read: fn(&TcpInfo) -> Option<u32>| Value::from(receiver_state.as_ref().and_then(read));
        let mss = facts.and_then(|facts| facts.mss).or_else(|| state?.snd_mss);
        let buffer = |end: &EndRecord, sends: bool| {
            let facts = &end.connected.as_ref()?.facts;
            if sends { facts.send_buffer } else { facts.receive_buffer }
        };
        // Bit 8 of the options: both ends agreed on explicit congestion notification.
        let ecn = state.and_then(|state| state.options).map(|options| options & 8 != 0);
        let completion = self.completion(plan, clocks, origin);
        let ended = |end: &EndRecord| (end.ended.is_some() || !end.intervals.is_empty()).then(|| end.bytes());
        let entries = [
            ("MEAN_VALUE", Value::from(mean)),
            ("MIN_VALUE", Value::from(summary.map(|summary| summary.min))),
            ("MAX_VALUE", Value::from(summary.map(|summary| summary.max))),
            ("ELAPSED_TIME", Value::from((elapsed > 0.0).then_some(elapsed))),
            ("BYTES_SENT", Value::from(ended(sender))),
            ("BYTES_RECVD", Value::from(ended(receiver))),
            ("COMPLETED", Value::from(plan.bytes.map(|_| completion.is_some()))),
            ("COMPLETION_TIME", Value::from(completion.map(Span::as_secs_f64))),
            ("FLOW_BYTES", Value::from(plan.bytes)),
            ("SEND_SIZE", Value::from(plan.block)),
            ("RECV_SIZE", Value::from(receiver.connected.as_ref().and_then(|connected| connected.facts.read_size))),
            ("PAYLOAD", Value::from(plan.payload.clone())),
            ("SEND_BUFFER", Value::from(buffer(sender, true))),
            ("RECEIVE_BUFFER", Value::from(buffer(receiver, false))),
            ("CONG_CONTROL", Value::from(sender.congestion_control())),
            ("CONG_CONTROL_ASKED", Value::from(asked)),
            ("UPSTREAM_TOS", Value::from(here.tos())),
            ("DOWNSTREAM_TOS", Value::from(there.tos())),
            ("UPSTREAM_TOS_OBTAINED", Value::from(here.tos_changed().map(|(_, obtained)| obtained))),
            ("DOWNSTREAM_TOS_OBTAINED", Value::from(there.tos_changed().map(|(_, obtained)| obtained))),
            ("DATA_TOS", Value::from(sender.tos())),
            ("DATA_TOS_SEEN", Value::from(self.tos_seen())),
            ("ECN", Value::from(ecn)),
            ("ECN_SEEN", Value::from(self.ecn_seen())),
            ("TCP_MSS", Value::from(mss)),
            ("TCP_RETRANSMIT", of(|info| info.total_retrans)),
            ("TCPI_RTT", of(|info| info.rtt_us)),
            ("TCPI_RTTVAR", of(|info| info.rttvar_us)),
            ("TCPI_MIN_RTT", of(|info| info.min_rtt_us)),
            ("TCPI_RTO", of(|info| info.rto_us)),
            ("TCPI_ATO", of(|info| info.ato_us)),
            ("TCPI_PMTU", of(|info| info.pmtu)),
            ("TCPI_RCV_SSTHRESH", of(|info| info.rcv_ssthresh)),
            ("TCPI_SND_SSTHRESH", of(|info| info.snd_ssthresh)),
            ("TCPI_REORDERING", of(|info| info.reordering)),
            ("TCPI_REORD_SEEN", of(|info| info.reord_seen)),
            ("TCPI_TOTAL_RETRANS", of(|info| info.total_retrans)),
            ("TCPI_BYTES_RETRANS", wide(|info| info.bytes_retrans)),
            ("TCPI_DELIVERED_CE", of(|info| info.delivered_ce)),
            ("TCPI_BUSY_TIME", wide(|info| info.busy_time_us)),
            ("TCPI_RWND_LIMITED", wide(|info| info.rwnd_limited_us)),
            ("TCPI_SNDBUF_LIMITED", wide(|info| info.sndbuf_limited_us)),
            ("RECEIVER_TCPI_RCV_RTT", of_receiver(|info| info.rcv_rtt_us)),
            ("RECEIVER_TCPI_RCV_SPACE", of_receiver(|info| info.rcv_space)),
            ("RECEIVER_TCPI_RCV_OOOPACK", of_receiver(|info| info.rcv_ooopack)),
            ("TCP_INFO", tcp_state::last(state.as_ref(), receiver_state.as_ref())),
        ];
        // What nobody told is left out, as in files of Flent's; the mean is always there.
        let told = entries.into_iter().filter(|(key, value)| !value.is_null() || *key == "MEAN_VALUE");
        told.map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// The series itself, then its children that have any value, in the order of [`tcp_state::CHILDREN`].
fn columns(entries: &[Entry]) -> Vec<(Option<String>, Samples)> {
    let mut columns = Vec::new();
    for key in ["val"].iter().chain(tcp_state::CHILDREN) {
        let mut samples = Samples::default();
        for entry in entries {
            if let Some((_, RawValue::Float(value))) = entry.values.iter().find(|(found, _)| found == key) {
                samples.push(entry.t, *value);
            }
        }
        if !samples.t.is_empty() {
            columns.push(((*key != "val").then(|| (*key).to_owned()), samples));
        }
    }
    columns
}
