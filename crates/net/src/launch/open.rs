//! Connections of flows and sockets of probes are opened; each that cannot be is told as failed.

use super::connect;
use super::far::{Far, addresses_of};
use super::run::Context;
use crate::bulk::NewStream;
use crate::paced::{self, NewPaced};
use crate::payload::Payload;
use crate::probe_socket::{ProbeSocket, open_icmp};
use crate::socket::Trouble;
use fa_measure::event::{FlowConnected, FlowEnd, What};
use fa_measure::flow::FlowSpec;
use fa_measure::framing::Framing;
use fa_measure::plan::{ProbeKind, ProbePlan};
use fa_measure::stream::StreamSpec;
use fa_measure::{FlowId, HostId, ProbeId, When};
use std::collections::HashMap;
use std::net::SocketAddr;
use tokio::task::JoinSet;

/// Flows connected at the same time; a server accepts only so many connections that are not flows yet.
const CONNECTING: usize = 32;

impl Context {
    pub(super) async fn connect_flows(&self, fars: &[Far]) -> (Vec<NewStream>, Vec<(FlowId, SocketAddr, SocketAddr)>) {
        let mut connecting = JoinSet::new();
        let mut flows = Vec::new();
        let payloads = self.payloads();
        let mut downloads = Vec::new();
        let by_host: HashMap<HostId, &Far> = fars.iter().map(|f| (f.host, f)).collect();
        let streams = self.plan.flows.iter().filter(|f| f.datagrams.is_none());
        let mut waiting = streams.filter_map(|f| by_host.get(&f.host).map(|far| (f, far)));
        loop {
            while connecting.len() < CONNECTING
                && let Some((plan, far)) = waiting.next()
            {
                let (plan, address, session) = (plan.clone(), far.address, far.session().to_owned());
                connecting.spawn(async move {
                    let connected = connect::flow(&plan, address, &session).await;
                    (plan, connected)
                });
            }
            let Some(done) = connecting.join_next().await else { break };
            let Ok((plan, connected)) = done else { continue };
            match connected {
                Ok(c) => {
                    let end = FlowEnd::here(plan.direction);
                    let at = When::Here(self.clock.now());
                    if end == FlowEnd::Receiver {
                        downloads.push((plan.id, c.local, c.peer));
                    }
                    self.tell(What::FlowConnected(Box::new(FlowConnected {
                        flow: plan.id,
                        end,
                        at,
                        local: c.local,
                        peer: c.peer,
                        facts: c.facts,
                    })));
                    flows.push(NewStream {
                        socket: c.socket,
                        spec: FlowSpec {
                            flow: plan.id,
                            end,
                            start: plan.start,
                            length: plan.length,
                            bytes: plan.bytes,
                        },
                        block: plan.block as usize,
                        framing: Framing::None,
                        early: if end == FlowEnd::Receiver { c.early } else { 0 },
                        payload: payloads.get(&plan.id).cloned(),
                    });
                }
                Err(Trouble { error, hint }) => self.tell(What::FlowFailed { flow: plan.id, error, hint }),
            }
        }
        flows.sort_by_key(|f| f.spec.flow);
        (flows, downloads)
    }

    /// What our senders write when that is not random. Streams that carry the same share its bytes.
    fn payloads(&self) -> HashMap<FlowId, Payload> {
        let options = &self.plan.settings.options;
        let streams = || self.plan.flows.iter().filter(|f| f.datagrams.is_none());
        let of_all = options.payload.as_deref();
        if of_all.is_some() && streams().any(|f| FlowEnd::here(f.direction) == FlowEnd::Receiver) {
            let text =
                "the payload of --test-payload is sent by this host only: downloads carry random bytes".to_owned();
            self.tell(What::Warning { host: None, text });
        }
        let mut known: HashMap<(Option<&str>, u32), Payload> = HashMap::new();
        let mut found = HashMap::new();
        for flow in streams().filter(|f| FlowEnd::here(f.direction) == FlowEnd::Sender) {
            let own = flow.payload.as_deref();
            let bytes = own.and_then(|name| options.payloads.get(name)).map(Vec::as_slice).or(of_all);
            let key = (own, flow.block);
            if let Some(same) = known.get(&key) {
                found.insert(flow.id, same.clone());
            } else if let Some(new) = bytes.and_then(|bytes| Payload::new(bytes, flow.block as usize)) {
                found.insert(flow.id, new.clone());
                known.insert(key, new);
            }
        }
        found
    }

    /// Opens the sockets of flows of datagrams and shows the far ends that they are real.
    pub(super) async fn open_datagrams(&self, fars: &[Far]) -> Vec<NewPaced> {
        let mut opening = JoinSet::new();
        let mut flows = Vec::new();
        let mut waiting = self.plan.flows.iter().filter_map(|flow| {
            let far = fars.iter().find(|far| far.host == flow.host)?;
            Some((flow, far.reflector, *far.flow_tokens.get(&flow.id)?))
        });
        loop {
            while opening.len() < CONNECTING
                && let Some((plan, reflector, token)) = waiting.next()
            {
                let plan = plan.clone();
                opening.spawn(async move {
                    let opened = connect::datagrams(&plan, reflector, token).await;
                    (plan, token, opened)
                });
            }
            let Some(done) = opening.join_next().await else { break };
            let Ok((plan, token, opened)) = done else { continue };
            let (Some(datagrams), end) = (plan.datagrams, FlowEnd::here(plan.direction)) else { continue };
            let (traffic, packets) = (datagrams.traffic, datagrams.packets);
            let spec = StreamSpec { flow: plan.id, end, start: plan.start, length: plan.length, traffic, packets };
            match opened {
                Ok(connect::DatagramSockets { first, more, missing }) => {
                    let (tos, at) = (plan.tos.map(|(ours, _)| ours), When::Here(self.clock.now()));
                    let peer = first.peer_addr().ok().and_then(|peer| peer.as_socket());
                    if let Some(connected) = peer.and_then(|peer| paced::connected(&first, peer, &spec, tos, at)) {
                        self.tell(What::FlowConnected(Box::new(connected)));
                    }
                    if let Some(missing) = missing {
                        let (series, ports, asked) = (&plan.series, more.len() + 1, datagrams.ports);
                        let text = format!("{series}: leaves from {ports} ports instead of {asked}: {}", missing.error);
                        self.tell(What::Warning { host: None, text });
                    }
                    flows.push(NewPaced { socket: first, more, token, spec, door: None });
                }
                Err(Trouble { error, hint }) => self.tell(What::FlowFailed { flow: plan.id, error, hint }),
            }
        }
        flows.sort_by_key(|f| f.spec.flow);
        flows
    }

    pub(super) async fn open_probes(&self, fars: &[Far]) -> Vec<ProbeSocket> {
        let mut opening = JoinSet::new();
        let mut sockets = Vec::new();
        for plan in &self.plan.probes {
            let opened = match plan.kind {
                ProbeKind::Udp | ProbeKind::Tcp => {
                    let far = fars.iter().find(|f| f.host == plan.host);
                    if let Some((far, &token)) = far.and_then(|f| Some((f, f.probe_tokens.get(&plan.id)?))) {
                        let (plan, reflector, address) = (plan.clone(), far.reflector, far.address);
                        let session = far.session().to_owned();
                        opening.spawn(async move {
                            let opened = match plan.kind {
                                ProbeKind::Tcp => connect::tcp_probe(&plan, address, &session, token).await,
                                _ => connect::probe(&plan, reflector, token).await,
                            };
                            (plan.id, opened)
                        });
                    }
                    continue;
                }
                ProbeKind::Icmp => self.open_echo(plan, fars).await,
            };
            self.keep(plan.id, opened, &mut sockets);
        }
        while let Some(done) = opening.join_next().await {
            if let Ok((probe, opened)) = done {
                self.keep(probe, opened, &mut sockets);
            }
        }
        sockets.sort_by_key(|s| s.probe);
        sockets
    }

    fn keep(&self, probe: ProbeId, opened: Result<ProbeSocket, Trouble>, sockets: &mut Vec<ProbeSocket>) {
        match opened {
            Ok(socket) => sockets.push(socket),
            Err(Trouble { error, hint }) => self.tell(What::ProbeFailed { probe, error, hint }),
        }
    }

    async fn open_echo(&self, plan: &ProbePlan, fars: &[Far]) -> Result<ProbeSocket, Trouble> {
        let known = fars.iter().find(|f| f.host == plan.host).map(|f| f.address);
        let fits = |a: &SocketAddr| plan.ip_version.is_none_or(|v| a.is_ipv4() == (v.number() == 4));
        let target = if let Some(address) = known.filter(fits) {
            address
        } else {
            let host = self.plan.host(plan.host).ok_or_else(|| Trouble::new("the plan names no such host"))?;
            let addresses = addresses_of(host, &self.plan).await?;
            let error = || Trouble::new(format!("{} has no address of the version asked for", host.name));
            addresses.into_iter().find(fits).ok_or_else(error)?
        };
        let mut ident = [0; 2];
        rand::Rng::fill_bytes(&mut rand::rng(), &mut ident);
        open_icmp(plan, target, u16::from_ne_bytes(ident))
    }
}
