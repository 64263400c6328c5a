//! Marks that a kernel did not take as they were asked for.

use std::collections::BTreeMap;

use super::flow::FlowRecord;
use crate::plan::FlowPlan;

/// A flow's series, and whether packets with ECN bits reached its receiver, where that is known.
type Marked<'a> = (&'a str, Option<bool>);

/// One sentence for each pair of a mark and what became of it, however many flows it concerns. Linux keeps the last two bits
/// of a TCP connection's TOS byte, those of explicit congestion notification, to itself.
pub(super) fn changed<'a>(flows: impl Iterator<Item = (&'a FlowPlan, &'a FlowRecord)>) -> Vec<String> {
    let mut found: BTreeMap<(u8, u8), Vec<Marked<'_>>> = BTreeMap::new();
    for (flow, record) in flows {
        let mut changes: Vec<_> = record.ends().iter().filter_map(|end| end.tos_changed()).collect();
        changes.dedup();
        for change in changes {
            found.entry(change).or_default().push((&flow.series, record.ecn_seen()));
        }
    }
    found.into_iter().map(|((asked, obtained), flows)| sentence(asked, obtained, &flows)).collect()
}

fn sentence(asked: u8, obtained: u8, flows: &[Marked<'_>]) -> String {
    let (first, others) = (flows.first().map_or("", |(series, _)| series), flows.len().saturating_sub(1));
    let others = if others == 0 { String::new() } else { format!(" and {others} more") };
    let arrived = |wanted: bool| flows.iter().filter(|(_, seen)| *seen == Some(wanted)).count();
    let seen = match (arrived(true), arrived(false)) {
        (0, 0) => String::new(),
        (0, _) => "; none of their packets arrived with ECN bits".into(),
        (_, 0) => "; packets arrived with ECN bits".into(),
        (with, without) => format!("; packets of {with} arrived with ECN bits, of {without} without"),
    };
    let why = if (asked ^ obtained) & !3 == 0 {
        ": of a TCP connection the kernel sets the ECN bits itself, when both ends agreed on ECN (sysctl net.ipv4.tcp_ecn=1)"
    } else {
        ""
    };
    format!("{first}{others}: mark {asked:#04x} was asked for and {obtained:#04x} obtained{seen}{why}")
}
