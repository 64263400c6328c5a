//! A far end while the run goes on, and how what it has kept is fetched when the run is over.

use super::{Far, Report};
use crate::clock::Clock;
use crate::launch::control::{ControlError, Heard};
use crate::launch::pipe::Pipe;
use fa_measure::control::{FactsAsk, FactsTold};
use fa_measure::event::What;
use fa_measure::reflect::Seen;
use fa_measure::{HostId, ProbeId, Span, Time};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Between two requests for reports while the load runs: four a second.
const REPORT_EVERY: Duration = Duration::from_millis(250);

/// How long after the run a far end may give no sign of life until it is given up. A connection that the load has broken is
/// made again within a second or two, the queues being empty by then: who does not answer is frozen or away.
pub(in crate::launch) const WAIT: Span = Span::from_millis(10_000);

/// Between two words about waiting.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// What the run wants of its far ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::launch) enum Wish {
    /// Go on.
    Run,
    /// End the flows.
    Stop,
    /// Hand over the rest.
    Collect,
    /// Forget it.
    Abandon,
}

impl Far {
    /// Passes on what the far end reports until `until` is done, then asks for the rest and lets it go.
    ///
    /// `stopped` hears when the far end has answered to being told to stop. Answers with what its reflectors saw.
    pub(in crate::launch) async fn follow(
        mut self,
        mut until: watch::Receiver<Wish>,
        stopped: mpsc::Sender<()>,
    ) -> HashMap<ProbeId, Seen> {
        let seen = match self.follow_run(&mut until, &stopped).await {
            Ok(Some(since)) => self.collect(since).await,
            Ok(None) => Ok(HashMap::new()),
            Err(e) => Err(e),
        };
        seen.unwrap_or_else(|e| {
            self.warn(format!("contact is lost for good ({e}); what it measured since is missing"));
            HashMap::new()
        })
    }

    /// Follows until what is left is to be collected: since when that has had no answer. `None`: the far end is let go.
    async fn follow_run(
        &mut self,
        until: &mut watch::Receiver<Wish>,
        stopped: &mpsc::Sender<()>,
    ) -> Result<Option<Time>, ControlError> {
        let mut told_to_stop = false;
        loop {
            let wish = *until.borrow_and_update();
            match wish {
                Wish::Abandon => {
                    let path = self.session_path();
                    // Without it the far end keeps the session a little longer.
                    let _ = self.control.get_mut().delete(&path).await;
                    return Ok(None);
                }
                Wish::Collect => return Ok(Some(self.clock.now())),
                Wish::Run | Wish::Stop => {}
            }
            let stop = wish == Wish::Stop && !told_to_stop;
            let (patience, mut over) = (self.patience(), until.clone());
            let (answered, since) = {
                let mut turn = std::pin::pin!(self.turn(stop.then_some(stopped)));
                let over = async { drop(over.wait_for(|wish| *wish == Wish::Collect).await) };
                let first = tokio::select! {
                    answered = &mut turn => Some(answered?),
                    () = over => None,
                };
                if let Some(answered) = first {
                    (answered, None)
                } else {
                    let since = patience.now();
                    (patience.wait(since, turn).await?, Some(since))
                }
            };
            told_to_stop |= stop && answered;
            if let Some(since) = since {
                return Ok(Some(if answered { self.clock.now() } else { since }));
            }
            tokio::select! {
                _ = until.changed() => {}
                () = tokio::time::sleep(REPORT_EVERY) => {}
            }
        }
    }

    /// Asks once, or tells to stop; true when the far end has answered, false when another connection is tried next.
    async fn turn(&mut self, stop: Option<&mpsc::Sender<()>>) -> Result<bool, ControlError> {
        let asked = if let Some(stopped) = stop {
            let path = self.path("stop");
            let answer = self.control.get_mut().post::<Report>(&path, &()).await;
            // Nobody waits when the run is already over.
            let _ = stopped.try_send(());
            answer
        } else {
            self.report(false).await
        };
        match asked {
            Ok(report) => {
                self.tell_contact();
                for what in report.records {
                    self.pass_on(what, false);
                }
                Ok(true)
            }
            Err(e) => self.reconnect(e).await.map(|()| false),
        }
    }

    /// Fetches everything.
    ///
    /// - `since`: when the far end was asked first without having answered.
    async fn collect(&mut self, mut since: Time) -> Result<HashMap<ProbeId, Seen>, ControlError> {
        // A far end may still be reading what was under way; it gives up before we do.
        let give_up = self.clock.now() + fa_measure::flow::DRAIN + Span::from_millis(2_000);
        let seen = loop {
            let patience = self.patience();
            let report = patience.wait(since, self.report_at_last()).await?;
            since = self.clock.now();
            let empty = report.records.is_empty();
            for what in report.records {
                self.pass_on(what, true);
            }
            if report.more {
                continue;
            }
            if report.open_flows == 0 {
                if empty {
                    break report.seen;
                }
                continue;
            }
            if self.clock.now() > give_up {
                self.warn(format!("{} flows are still open there; their end is missing", report.open_flows));
                break report.seen;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        if self.foreign > 0 {
            self.warn(format!("it told {} records that are not about its ends of flows; ignored", self.foreign));
        }
        let patience = self.patience();
        let left = patience.wait(since, self.take_leave()).await;
        if let Err(e) = left {
            self.warn(format!("its clock after the run and what that did to its queues are not known: {e}"));
        }
        Ok(seen.into_iter().collect())
    }

    /// All records, on another connection where this one is broken.
    async fn report_at_last(&mut self) -> Result<Report, ControlError> {
        if self.lost.is_some() {
            // The old one may never tell that it is dead.
            self.renew().await?;
        }
        loop {
            match self.report(true).await {
                Ok(report) => {
                    self.tell_contact();
                    return Ok(report);
                }
                Err(e) => self.reconnect(e).await?,
            }
            tokio::time::sleep(REPORT_EVERY).await;
        }
    }

    /// What is only known after the run; then the far end may forget it.
    async fn take_leave(&mut self) -> Result<(), ControlError> {
        self.compare_clocks().await?;
        let path = self.path("facts");
        let told = self.control.get_mut().post::<FactsTold>(&path, &FactsAsk {}).await?;
        self.tell_facts(told.facts);
        let path = self.session_path();
        // All is here; a far end that does not hear it forgets the session by itself.
        let _ = self.control.get_mut().delete(&path).await;
        Ok(())
    }

    fn patience(&mut self) -> Patience {
        let heard = self.control.get_mut().heard();
        Patience { clock: self.clock, pipe: self.pipe.clone(), host: self.host, heard }
    }
}

/// Waits for answers after the run, and says so.
struct Patience {
    clock: Clock,
    pipe: Arc<Pipe>,
    host: HostId,
    heard: Heard,
}

impl Patience {
    fn now(&self) -> Time {
        self.clock.now()
    }

    /// The answer, when it comes or goes on until [`WAIT`] after `since`, or after its last part.
    async fn wait<R>(
        &self,
        mut since: Time,
        answer: impl Future<Output = Result<R, ControlError>>,
    ) -> Result<R, ControlError> {
        let mut answer = std::pin::pin!(answer);
        let mut heard = self.heard.bytes();
        loop {
            tokio::select! {
                told = &mut answer => return told,
                () = tokio::time::sleep(TELL_EVERY) => {
                    let now = self.now();
                    let bytes = self.heard.bytes();
                    if std::mem::replace(&mut heard, bytes) != bytes {
                        // It is on its way.
                        since = now;
                        continue;
                    }
                    let (waited, left) = (now - since, since + WAIT - now);
                    if left <= Span::ZERO {
                        return Err(ControlError::GivenUp);
                    }
                    self.pipe.push(now, What::Waiting { host: self.host, waited, left });
                }
            }
        }
    }
}
