//! Which replicas of a service are there, and who knows of it?
//!
//! Replicas of most services are always there, and everybody knows them. Where they come and go, a directory lists those that callers may
//! be sent to; callers without a balancer draw one of those they know.

use super::World;
use super::scaling::{Loop, loops_of};
use crate::attempt::Phase;
use crate::call::NONE;
use crate::event::Kind;
use crate::ids::NodeId;
use crate::outcome::{Failure, Outcome};
use crate::plan::{Callee, Plan, Role};
use crate::protocols::Protocol;
use crate::record::{AttemptName, Record};
use crate::services::{Directory, Sessions};
use crate::strategies::health::Health;
use sim_core::draw::{Draw, Draws, Key, Seed};
use sim_core::simulation::Ctx;
use sim_core::time::{SimDuration, SimTime};

/// The replicas of all services that come and go; empty if those of no service do.
#[derive(Clone, Debug, Default)]
pub(super) struct Fleets {
    /// By service; none of one whose replicas are always there.
    directories: Vec<Option<Directory>>,
    /// All such replicas, by node.
    pub(super) replicas: Vec<Replica>,
    /// By service: where its replicas begin, or [`NONE`].
    first: Vec<u32>,
    /// By service: which of its replicas knows which client, if it keeps sessions.
    pub(super) sessions: Vec<Option<Sessions>>,
    /// Who decides how many there are, for each service whose number of replicas follows its load.
    pub(super) loops: Vec<Loop>,
}

/// A replica that comes and goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replica {
    pub(super) node: NodeId,
    pub(super) service: u32,
    pub(super) stage: Stage,
    /// When the next thing is to be done about it, or the end of time.
    pub(super) due: SimTime,
    /// Since when it is there, whether or not it runs.
    pub(super) there_since: SimTime,
    /// Since when its process runs.
    pub(super) runs_since: SimTime,
    /// How often it has died in a row.
    pub(super) deaths: u32,
    /// How often it has been started.
    pub(super) starts: u32,
    /// Whether it has started up, so that it may be asked for more.
    pub(super) has_started: bool,
    /// Whether another machine takes the place of one that says nothing.
    pub(super) moves: bool,
    /// What probes of each kind say of it.
    pub(super) health: [Health; 3],
}

/// How far a replica has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its process runs.
    Running,
    /// Its machine says nothing; whether that has been noticed.
    Silent {
        /// Whether callers are still sent there.
        is_listed: bool,
    },
    /// It is to be started again.
    Waiting,
    /// It has been started, and does not listen yet.
    Starting,
    /// It answers what still comes, and is not listed any more.
    Leaving,
    /// It is not there.
    Absent,
}

impl Stage {
    /// Whether whoever decides how many there are counts it.
    pub(super) const fn is_wanted(self) -> bool {
        !matches!(self, Self::Leaving | Self::Absent)
    }
}

/// The phase in which a caller looks at the directory.
const LOOKS: Key = Key::named("discovery");

impl Fleets {
    /// All replicas run, and everybody knows them.
    pub(super) fn of(plan: &Plan) -> Self {
        let mut fleets = Self::default();
        if plan.services.iter().all(|service| !service.comes_and_goes) {
            return fleets;
        }
        for (index, service) in (0..).zip(&plan.services) {
            let comes_and_goes = service.comes_and_goes;
            fleets.sessions.push(service.sessions.is_some().then(Sessions::default));
            fleets.first.push(if comes_and_goes { fleets.replicas.len() as u32 } else { NONE });
            fleets.directories.push(comes_and_goes.then(|| Directory::new(service.refresh, (0..service.initial).collect())));
            let replicas = if comes_and_goes { service.replicas } else { 0 };
            fleets.replicas.extend((0..replicas).map(|replica| {
                let stage = if replica < service.initial { Stage::Running } else { Stage::Absent };
                Replica::at_first(NodeId(service.first.0 + replica), index, stage)
            }));
        }
        fleets.loops = loops_of(plan);
        fleets
    }

    /// The replicas of a service that a caller over the edge with this key knows of; `None` where they are always there.
    pub(super) fn known(&self, service: u32, (seed, edge, caller): (&Seed, Key, u32), now: SimTime) -> Option<&[u32]> {
        let directory = self.directories.get(service as usize)?.as_ref()?;
        if !directory.is_stale() {
            return Some(directory.listed());
        }
        Some(directory.known(seed.draws(edge.child(LOOKS.bits()).child(u64::from(caller)), 0).wait(), now))
    }

    /// The replica that knows a client, or did.
    pub(super) fn pinned(&self, service: u32, client: (u32, u32)) -> Option<u32> {
        self.sessions.get(service as usize)?.as_ref()?.place_of(client)
    }

    /// Where the replicas of a service begin here.
    pub(super) fn first_of(&self, service: u32) -> usize {
        self.first[service as usize] as usize
    }

    /// Whether callers may be sent to a replica.
    pub(super) fn is_listed(&self, plan: &Plan, node: NodeId) -> bool {
        let Role::Replica(service) = plan.nodes[node.index()].role else { return false };
        let directory = self.directories.get(service as usize).and_then(Option::as_ref);
        let replica = node.0 - plan.services[service as usize].first.0;
        directory.is_none_or(|directory| directory.listed().binary_search(&replica).is_ok())
    }

    /// The place of a replica here, if it comes and goes.
    pub(super) fn place(&self, plan: &Plan, node: NodeId) -> Option<u32> {
        let Role::Replica(service) = plan.nodes[node.index()].role else { return None };
        let first = *self.first.get(service as usize)?;
        (first != NONE).then(|| first + node.0 - plan.services[service as usize].first.0)
    }
}

impl Replica {
    const fn at_first(node: NodeId, service: u32, stage: Stage) -> Self {
        Self {
            node,
            service,
            stage,
            due: SimTime::MAX,
            there_since: SimTime::ZERO,
            runs_since: SimTime::ZERO,
            deaths: 0,
            starts: 0,
            has_started: true,
            moves: false,
            health: [Health::new(true); 3],
        }
    }
}

impl<P: Protocol> World<P> {
    /// The replica that a caller without a balancer finds, of those that it knows and that the call may go to; [`NONE`] if there is none.
    #[cold]
    pub(super) fn found_by(&self, slot: u32, service: u32, choice: Draw, now: SimTime) -> u32 {
        let call = &self.calls[slot];
        let edge = &self.plan.edges[call.name.edge.index()];
        let is_client = (call.caller.0 as usize) < self.plan.populations.len();
        let caller = if is_client { call.name.client } else { call.process };
        let known = self.fleets.known(service, (&self.seed, edge.key, caller), now);
        let part = edge.is_parted.then(|| self.part_of(slot));
        let found: Vec<u32> = match (part, known) {
            (Some(part), Some(known)) => part.into_iter().filter(|replica| known.binary_search(replica).is_ok()).collect(),
            (Some(part), None) => part,
            (None, known) => known.unwrap_or_default().to_vec(),
        };
        // Who is known somewhere goes there as long as it is there.
        if let Some(pinned) =
            self.fleets.pinned(service, (call.name.population.0, call.name.client)).filter(|pinned| found.contains(pinned))
        {
            return pinned;
        }
        if found.is_empty() { NONE } else { found[choice.index(found.len() as u64) as usize] }
    }

    /// Lists a replica as one that callers may be sent to, or takes it off the list.
    pub(super) fn list(&mut self, node: NodeId, is_listed: bool, now: SimTime) {
        let Role::Replica(service) = self.plan.nodes[node.index()].role else { return };
        let replica = node.0 - self.plan.services[service as usize].first.0;
        if let Some(directory) = &mut self.fleets.directories[service as usize] {
            directory.set(replica, is_listed, now);
        }
    }

    /// An attempt finds nobody to go to: that is refused at once, where it is made.
    #[cold]
    pub(super) fn find_nobody(
        &mut self,
        call: u32,
        attempt: u32,
        (name, draws, flight): (AttemptName, Draws, u32),
        ctx: &mut Ctx<'_, Self>,
    ) {
        let (caller, is_counted) = (self.calls[call].caller, self.calls[call].is_counted);
        let edge = &self.plan.edges[name.call.edge.index()];
        let Callee::Service(service) = edge.callee else { unreachable!("a group always has members") };
        let node = self.plan.services[service as usize].first;
        let routes = edge.routes(|| (self.plan.nodes[caller.index()].domain, self.plan.nodes[node.index()].domain));
        self.attempts[attempt].begin(name, draws, (call, flight), (caller, node, service), routes);
        self.meter.attempt_sent(name.call.edge, is_counted, ctx.now());
        self.observations.count("attempts that found nobody", 1);
        ctx.record(&Record::Sent(name, node));
        let attempt_state = &mut self.attempts[attempt];
        (attempt_state.outcome, attempt_state.phase) = (Outcome::Failed(Failure::Refused), Phase::Replying);
        self.meter.messages.sent += 1;
        self.schedule(Kind::Reply, attempt, SimDuration::NANOSECOND, ctx);
    }
}
