//! How does a whole system change from event to event?
//!
//! The world holds the state of everything that is simulated and hands each event to the part it belongs to (`events`):
//!
//! - calls: `calls` (stacks and their flights), `layers` (what layers see and say), `made` (the calls that layers make), `timers`
//!   (when a call is woken), `gauges` (what layers show over time), `probes` (who asks whether replicas are well), `checks` (whom they ask in turn);
//! - messages: `wire` (requests), `answers`, `endings` (when an attempt is over), `parcels` (what becomes of messages), `cuts` (what callers and
//!   routing hear of cuts), `holding` (messages that wait for a cut to heal), `interference` (what faults at their ends make of them), `partition` (which replicas of a service they may go to);
//! - servers: `serving` (workers and queues), `queueing` (queues with a discipline), `door` (who is let in), `accounts` (what has become of requests, and how full
//!   everything was), `arriving` (what a request asks for beside a worker), `steps` (the programs of services), `fanning` (calls at once and
//!   for nobody), `forwarding` (requests that are passed on), `sharing` (cores that all share), `executed` (idempotency keys, and what is counted), `sessions` (what
//!   replicas know of clients), `sagas` and `saga_books` (what takes
//!   effect as a whole), `logs` (states that are rebuilt), `data` (reads and writes), `replication` (read replicas), `failover` (who takes the place of their primary), `pace` (nodes that are
//!   slow or stand still), `jobs` (background work);
//! - brokers: `brokering` (what they store and pass on), `consuming` (services that fetch messages);
//! - groups: `groups` (protocols and their callers), `envelopes` (what is said on its way), `members` (protocols among themselves), `claims` (what is known for judging properties), `disks` (what they write), `twins`
//!   (second instances of them), `timekeeping` (clocks);
//! - fleets: `orchestration` (who restarts replicas), `scaling` (how many there are), `fleets` (who is there, and who knows);
//! - load and misfortune: `clients` (populations), `course` (those whose rate changes), `load` (what faults add to them), `misfortune` (faults), `rollbacks` (deploys that are taken back), `triggers` (faults that
//!   wait for something), `experiment` (what lets faults strike and lifts them), `alerting` (who is told that users fare badly).

mod accounts;
mod alerting;
mod answers;
mod arriving;
mod brokering;
mod calls;
mod checks;
mod claims;
mod clients;
mod consuming;
mod course;
mod cuts;
mod data;
mod disks;
mod door;
mod endings;
mod envelopes;
mod events;
mod executed;
mod experiment;
mod failover;
mod fanning;
mod fleets;
mod forwarding;
mod gauges;
mod groups;
mod holding;
mod inspect;
mod interference;
mod jobs;
mod layers;
mod load;
mod logs;
mod made;
mod members;
mod misfortune;
mod orchestration;
mod pace;
mod parcels;
mod partition;
mod pools;
mod probes;
mod queueing;
mod read_models;
mod replication;
mod rollbacks;
mod saga_books;
mod sagas;
mod scaling;
mod serving;
mod sessions;
mod sharing;
mod steps;
mod switch;
mod timekeeping;
mod timers;
mod triggers;
mod twins;
mod wire;

pub use inspect::{MemberView, NodeView, UnderWay};
pub(crate) use orchestration::ANNOUNCED;

use crate::attempt::Attempt;
use crate::call::Call;
use crate::clocks::Clock;
use crate::environment::Environment;
use crate::faults::Timetable;
use crate::ids::{FaultId, NodeId, RouteId};
use crate::links::LineState;
use crate::measure::{Mark, Meter, Observations};
use crate::plan::Plan;
use crate::pool::Pool;
use crate::protocols::{Held, Orders, Protocol, Truth};
use crate::record::AttemptName;
use crate::services::Server;
use crate::services::connections::Pools;
use crate::strategies::cache::Keys;
use crate::strategies::{Notes, SharedMemory};
use alerting::Alerts;
use brokering::Brokers;
use claims::Claims;
use clients::PopulationState;
use data::DataState;
use envelopes::Envelope;
use executed::Executions;
use fanning::Fan;
use fleets::Fleets;
use forwarding::PassedOn;
use holding::HeldMessage;
use jobs::Jobs;
use load::ExtraLoad;
use logs::EventLog;
use members::MemberState;
use parcels::Parcel;
use probes::Prober;
use read_models::ReadModels;
use sagas::Sagas;
use sharing::SharedNode;
use sim_core::draw::{Draw, Key, Seed};
use sim_core::simulation::{Simulation, TieBreak};
use sim_core::time::SimTime;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use triggers::Listener;

/// The state of a system: services and clients, and one kind of group that speaks the protocol `P`.
#[derive(Clone, Debug)]
pub struct World<P: Protocol> {
    plan: Arc<Plan>,
    protocol: P,
    seed: Seed,
    environment: Environment,
    /// What is to happen in this run.
    timetable: Timetable,
    /// Faults that wait for something.
    listeners: Vec<Listener>,
    alerts: Alerts,
    /// Faults that look at an instant whom they strike, and the how-manieth strike of theirs it is.
    aims: Vec<(FaultId, u64)>,
    /// When an experiment lifted all faults, if it did: nothing strikes from then on.
    lifted: Option<SimTime>,
    calls: Pool<Call>,
    attempts: Pool<Attempt>,
    /// Calls that requests make at once.
    fans: Pool<Fan>,
    envelopes: Pool<Envelope<P::Message>>,
    sessions: Pool<P::Session>,
    parcels: Pool<Parcel>,
    /// Messages that wait for a cut to heal, those that have waited longest first.
    held_messages: Vec<HeldMessage>,
    /// What every direction of a link remembers, by the number of its line.
    lines: Vec<LineState>,
    /// Routes whose connections are broken just now.
    reset: Vec<RouteId>,
    /// The cuts that are on, as of the last change, and what routing is still to hear, the oldest news first.
    cuts: Vec<(String, String)>,
    news: VecDeque<Vec<(String, String)>>,
    orders: Orders<P>,
    /// Volatile memory of every server, by identity: only members of the group may have a second instance.
    servers: Vec<Server>,
    /// Those whose workers share cores, by node.
    shares: BTreeMap<u32, SharedNode>,
    /// The members of the group, by instance: the first instance of every identity comes first, in order, then those of twins.
    members: Vec<MemberState<P>>,
    /// The second instance of an identity that has, or had, a twin.
    twins: BTreeMap<u32, u32>,
    /// Since when each of them is down, if it is.
    down: Vec<Option<SimTime>>,
    /// Whether members keep what they said, because a fault may make them repeat it.
    remembers: bool,
    /// When a fault that made a member dishonest ended last.
    strayed: BTreeMap<u32, SimTime>,
    /// Members of whose answers a caller has heard another one than they should have given, or that were asked something else than the caller
    /// meant, by the slot of its attempt.
    misled: BTreeMap<u32, BTreeSet<u32>>,
    /// Callers who wait for an answer that a member gives later: which instance holds them, and their attempts.
    held: BTreeMap<Held, (u32, u32)>,
    /// What is remembered for measuring the protocol.
    witness: P::Witness,
    observations: Observations,
    /// What is known for judging properties.
    claims: Claims,
    /// The clock of every node; none if all are perfect.
    clocks: Vec<Clock>,
    populations: Vec<PopulationState>,
    extra: ExtraLoad,
    jobs: Jobs,
    /// The strikes of deploys that somebody takes back.
    rolled_back: Vec<u32>,
    /// What brokers keep, and who fetches it.
    brokers: Brokers,
    /// Who asks which replica whether it is well; none unless a layer wants to know.
    probers: Vec<Prober>,
    /// The replicas of services that come and go.
    fleets: Fleets,
    /// How many calls each client of a closed population has made, by its number among all clients.
    call_counts: Vec<u32>,
    /// Shared memory of strategies, by edge, layer and scope.
    shared: Vec<Vec<Vec<Option<SharedMemory>>>>,
    /// What layers have said beside their steps and nobody has dealt with yet.
    notes: Notes,
    /// Idempotency keys, by service.
    keys: Vec<Keys>,
    /// What services have executed, for those that are watched.
    executions: Vec<Executions>,
    /// Calls that pass requests on, by their slots.
    passed_on: Vec<PassedOn>,
    sagas: Sagas,
    /// The logs of replicas whose state is rebuilt, by node; none if no service has any.
    logs: Vec<Option<EventLog>>,
    /// What is remembered of the data of each service; none unless some service has any.
    data: Vec<DataState>,
    /// What is remembered of writes that messages tell others of.
    read_models: ReadModels,
    /// The connections of the replicas that have ever had any and limit them.
    pools: BTreeMap<NodeId, Pools>,
    /// Client calls whose callers wait.
    open_calls: u64,
    /// The wait of the call that ended last, if its first attempt ended it, as most often: the think time is read from it.
    recent_wait: Option<(Key, Draw)>,
    meter: Meter,
    /// Attempts of which nobody will hear any more, by call and flight, for whoever looks: that their callers give them up is seen nowhere else.
    unheard: BTreeMap<(u32, u32), (AttemptName, NodeId)>,
    /// Where averages over time begin and end, once they have.
    averaged: (Option<Mark>, Option<Mark>),
}

impl<P: Protocol> World<P> {
    /// A run of a plan under a seed, at time zero, with its first events scheduled.
    pub fn start(plan: Arc<Plan>, protocol: P, seed: Seed, ties: TieBreak) -> Simulation<Self> {
        let clients = plan.populations.iter().map(|population| population.count as usize).sum();
        let world = Self {
            environment: Environment::new(plan.nodes.len(), plan.topology.routes().len()),
            timetable: Timetable::default(),
            listeners: Listener::all(&plan),
            alerts: Alerts::of(&plan),
            aims: Vec::new(),
            unheard: BTreeMap::new(),
            lifted: None,
            calls: Pool::default(),
            attempts: Pool::default(),
            fans: Pool::default(),
            envelopes: Pool::default(),
            sessions: Pool::default(),
            parcels: Pool::default(),
            held_messages: Vec::new(),
            lines: vec![LineState::default(); plan.topology.lines().len()],
            reset: Vec::new(),
            cuts: Vec::new(),
            news: VecDeque::new(),
            orders: Orders::default(),
            servers: vec![Server::default(); plan.nodes.len()],
            shares: SharedNode::all(&plan),
            members: members_of(&plan, &protocol),
            twins: BTreeMap::new(),
            remembers: plan.faults.iter().any(|fault| fault.fault.repeats()),
            down: vec![None; protocol.members() as usize],
            strayed: BTreeMap::new(),
            misled: BTreeMap::new(),
            held: BTreeMap::new(),
            witness: P::Witness::default(),
            observations: Observations::default(),
            claims: Claims::of(&plan),
            clocks: timekeeping::clocks_of(&plan),
            populations: plan.populations.iter().map(PopulationState::new).collect(),
            extra: ExtraLoad::default(),
            jobs: Jobs::default(),
            rolled_back: Vec::new(),
            brokers: Brokers::of(&plan),
            probers: probes::probers_of(&plan),
            fleets: Fleets::of(&plan),
            call_counts: vec![0; clients],
            shared: plan.edges.iter().map(|edge| vec![Vec::new(); edge.stack.len()]).collect(),
            notes: Notes::default(),
            keys: vec![Keys::default(); plan.services.len()],
            executions: vec![Executions::default(); plan.services.len()],
            passed_on: Vec::new(),
            sagas: Sagas::default(),
            logs: logs::logs_of(&plan),
            data: data::data_of(&plan),
            read_models: ReadModels::of(&plan),
            pools: BTreeMap::new(),
            open_calls: 0,
            recent_wait: None,
            meter: Meter::new(&plan),
            averaged: (None, None),
            plan,
            protocol,
            seed,
        };
        Simulation::new(world, ties, |world, ctx| {
            world.mention_data();
            world.plan_faults(ctx);
            world.start_clocks(ctx);
            world.start_loops(ctx);
            world.start_probers(ctx);
            world.start_pollers(ctx);
            world.schedule_members(ctx);
            world.start_populations(ctx);
            saga_books::begin_counting(&world.plan, &mut world.observations);
        })
    }

    /// What is simulated.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The conditions under which it runs just now.
    pub const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// How many client calls are under way.
    pub const fn open_calls(&self) -> u64 {
        self.open_calls
    }

    /// How many records of calls and attempts are in use: what memory grows with.
    pub const fn records(&self) -> (usize, usize) {
        (self.calls.live() + self.fans.live(), self.attempts.live())
    }

    /// How many records of calls and attempts have been in use at one instant, at most.
    pub const fn most_records(&self) -> (usize, usize) {
        (self.calls.most(), self.attempts.most())
    }

    /// Gives this run, forked off another, a future of its own: every draw not yet made comes from this seed. Draws of
    /// attempts already on the wire stay.
    pub fn reseed(&mut self, seed: Seed) {
        self.seed = seed;
        self.recent_wait = None;
        self.populations.iter_mut().for_each(PopulationState::forget_draws);
    }

    /// Ends the run, which has gone on until `now`, and hands over what was measured.
    pub fn into_meter(mut self, now: SimTime) -> Meter {
        self.protocol.conclude(&mut self.witness, &Truth::new(now, &self.down), &mut self.observations);
        self.count_sagas_left(now);
        self.count_missing_primaries(now);
        self.count_layers();
        self.count_replicas();
        self.meter.accounts = self.accounts();
        self.meter.alarms(self.alerts.take_alarms());
        self.count_unfinished();
        let mut more = self.executions_observed();
        more.extend(self.brokers.observations(&self.plan));
        more.extend(self.read_models.observations(&self.plan));
        more.extend(self.judge_properties(now));
        self.meter.observed(&self.observations, more);
        self.meter.strikes = self.timetable.strikes;
        self.meter
    }

    /// The strikes of this run's faults, as far as they are known.
    pub const fn timetable(&self) -> &Timetable {
        &self.timetable
    }

    /// The draw of the wait before the first attempt of a call.
    fn first_wait(&self, key: Key) -> Draw {
        match self.recent_wait {
            Some((of, wait)) if of == key => wait,
            _ => self.seed.draws(key, 1).wait(),
        }
    }
}

fn members_of<P: Protocol>(plan: &Plan, protocol: &P) -> Vec<MemberState<P>> {
    let Some(group) = &plan.group else { return Vec::new() };
    let name = |index: u32| plan.nodes[group.first.index() + index as usize].name.as_str();
    (0..protocol.members()).map(|index| MemberState::new(index, protocol.member(index), name(index))).collect()
}
