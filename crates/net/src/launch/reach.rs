//! Far ends are reached, all at once; what cannot be is told as failed.

use super::far::Far;
use super::run::Context;
use crate::socket::Trouble;
use fa_measure::HostId;
use fa_measure::event::What;
use fa_measure::plan::{FetchList, ProbeKind};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Between two words to far ends that are ready while others are not; shorter than they wait.
const HEARTBEAT: std::time::Duration = std::time::Duration::from_secs(5);

impl Context {
    pub(super) async fn reach_all(&self) -> Result<Vec<Far>, Trouble> {
        let mut reaching = JoinSet::new();
        for index in 0..self.plan.hosts.len() {
            let host = HostId(index as u16);
            if !self.plan.needs_server(host) {
                continue;
            }
            let (plan, options, clock, pipe) = (self.plan.clone(), self.options.clone(), self.clock, self.pipe.clone());
            reaching.spawn(async move { (host, Far::reach(&plan, host, &options, clock, pipe).await) });
        }
        let (mut fars, mut missed) = (Vec::new(), Vec::new());
        let mut heart = tokio::time::interval(HEARTBEAT);
        loop {
            let done = tokio::select! {
                done = reaching.join_next() => done,
                _ = heart.tick() => {
                    beat(&fars).await;
                    continue;
                }
            };
            let Some(done) = done else { break };
            match done {
                Ok((_, Ok(far))) => fars.push(far),
                Ok((host, Err(trouble))) => missed.push((host, trouble)),
                Err(e) => return Err(Trouble::new(format!("reaching a host: {e}"))),
            }
        }
        fars.sort_by_key(|f| f.host);
        missed.sort_by_key(|(host, _)| *host);
        // Without any far end, a test of load is none. One of latency still has its ICMP probes.
        let echo_only =
            self.plan.flows.iter().all(|f| !f.is_load()) && self.plan.probes.iter().any(|p| p.kind == ProbeKind::Icmp);
        let reached = fars.iter().any(|far| self.plan.is_target(far.host));
        let missed_target = missed.iter().position(|(host, _)| self.plan.is_target(*host));
        if let Some(at) = missed_target.filter(|_| !reached && !echo_only) {
            return Err(missed.swap_remove(at).1);
        }
        for (host, trouble) in &missed {
            self.fail_host(*host, trouble);
        }
        Ok(fars)
    }

    /// Everything towards a host that cannot be reached has failed.
    fn fail_host(&self, host: HostId, trouble: &Trouble) {
        let (error, hint) = (&trouble.error, &trouble.hint);
        if self.plan.is_described(host) {
            // Its facts are no series that could fail.
            self.tell(What::Warning { host: None, text: format!("no metadata: {trouble}") });
        }
        for flow in self.plan.flows.iter().filter(|f| f.host == host) {
            self.tell(What::FlowFailed { flow: flow.id, error: error.clone(), hint: hint.clone() });
        }
        for probe in self.plan.probes.iter().filter(|p| p.host == host && p.kind.needs_server()) {
            self.tell(What::ProbeFailed { probe: probe.id, error: error.clone(), hint: hint.clone() });
        }
        for fetch in self.plan.fetches.iter().filter(|f| f.host == host && f.list == FetchList::Server) {
            self.tell(What::FetchFailed { fetch: fetch.id, error: error.clone(), hint: hint.clone() });
        }
        for collector in self.plan.collectors.iter().filter(|c| c.host == Some(host)) {
            let (error, hint) = (error.clone(), hint.clone());
            self.tell(What::CollectorFailed { collector: collector.id, error, hint });
        }
    }
}

/// One heartbeat for each far end.
async fn beat(fars: &[Far]) {
    for far in fars {
        far.heartbeat().await;
    }
}

/// Heartbeats until `ready` is dropped; never given up half way, which would close the connection.
pub(super) async fn heartbeats(fars: &[Far], mut ready: oneshot::Receiver<()>) {
    while tokio::time::timeout(HEARTBEAT, &mut ready).await.is_err() {
        beat(fars).await;
    }
}
