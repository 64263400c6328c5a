//! A rehearsal: everything that a run does before it begins, and nothing of what it measures.
//!
//! Every far end is reached, asked to admit just this plan, asked for its facts and its clock, and reached over UDP where
//! the plan has probes that need it. Its session is gone when the connection closes.

use super::connect;
use super::far::Far;
use super::pipe::Pipe;
use super::run::{Context, tell_beginning};
use super::{LaunchOptions, NetLauncher};
use crate::clock::Clock;
use crate::host::Target;
use crate::socket::Trouble;
use fa_measure::event::{EndReason, What};
use fa_measure::plan::{ProbeKind, ProbePlan};
use fa_measure::{Event, HostId, LaunchError, Plan};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What a rehearsal brought to light.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// The events with which a run of this plan would begin, facts of all hosts included, and its end.
    pub events: Vec<Event>,
    /// Every far end of the plan, in its order.
    pub hosts: Vec<Answer>,
}

/// What became of one far end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Which.
    pub host: HostId,
    /// Why it would not take part, with what to do about it; `None`: it would.
    pub trouble: Option<String>,
    /// How long the handshake over UDP took, or why it failed; `None` where the plan needs none.
    pub udp: Option<Result<Duration, String>>,
}

impl NetLauncher {
    /// Rehearses a plan: says of every far end whether it would take part, without sending any load.
    ///
    /// Takes seconds where a host does not answer.
    ///
    /// # Errors
    /// When this host cannot even begin, for example when it has no threads left.
    pub fn rehearse(&self, plan: Plan) -> Result<Rehearsal, LaunchError> {
        let failed = |e: std::io::Error| LaunchError { what: format!("cannot ask far ends: {e}"), hint: None };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (pipe, events) = Pipe::new();
        let (_keep, stop) = watch::channel(None);
        let (plan, pipe, options) = (Arc::new(plan), Arc::new(pipe), self.options().clone());
        let context = Context { plan, options, clock: Clock::start(), pipe, stop };
        let hosts = runtime.block_on(rehearse(&context));
        // The pipe holds far more events than a rehearsal has.
        Ok(Rehearsal { events: events.try_iter().collect(), hosts })
    }
}

async fn rehearse(context: &Context) -> Vec<Answer> {
    tell_beginning(context);
    let mut asking = JoinSet::new();
    for index in 0..context.plan.hosts.len() {
        let host = HostId(index as u16);
        if context.plan.needs_server(host) {
            let (plan, options) = (context.plan.clone(), context.options.clone());
            let (clock, pipe) = (context.clock, context.pipe.clone());
            asking.spawn(async move { ask(plan, host, options, clock, pipe).await });
        }
    }
    let (mut answers, mut target) = (Vec::new(), None);
    while let Some(answer) = asking.join_next().await {
        let Ok((answer, address)) = answer else { continue };
        if context.plan.is_target(answer.host) {
            target = target.or(address);
        }
        answers.push(answer);
    }
    answers.sort_by_key(|answer| answer.host);
    context.tell_own_facts(target).await;
    context.pipe.push(context.clock.now(), What::Ended { reason: EndReason::StoppedKeep });
    answers
}

async fn ask(
    plan: Arc<Plan>,
    host: HostId,
    options: LaunchOptions,
    clock: Clock,
    pipe: Arc<Pipe>,
) -> (Answer, Option<Target>) {
    match Far::reach(&plan, host, &options, clock, pipe).await {
        Ok(far) => {
            let probe = plan.probes.iter().find(|probe| probe.host == host && probe.kind == ProbeKind::Udp);
            let udp = match probe {
                Some(probe) => Some(handshake(probe, &far).await.map_err(|trouble| trouble.to_string())),
                None => None,
            };
            (Answer { host, trouble: None, udp }, Some(Target::of(far.address)))
        }
        Err(trouble) => (Answer { host, trouble: Some(trouble.to_string()), udp: None }, None),
    }
}

async fn handshake(probe: &ProbePlan, far: &Far) -> Result<Duration, Trouble> {
    let token = far.probe_tokens.get(&probe.id).copied().ok_or_else(|| Trouble::new("it gave no token for a probe"))?;
    let begun = Instant::now();
    connect::probe(probe, far.reflector, token).await?;
    Ok(begun.elapsed())
}
