//! Which laws does the engine keep, whatever the system?
//!
//! Systems are written as values, runs are watched record by record, and a law is stated over what was seen.

mod accounts; // what has become of requests, and how full services were
mod agreement; // what locks, commits and agreements promise, and what it takes to break that
mod alerts; // who is told that users fare badly, when, and what is made of it
mod arrivals; // calls whose rate changes: bursts, ramps, steps and recordings
mod backoffs; // waits before retries: their ranges, their draws and what they remember
mod balancers; // whom balancers choose: only whom they may, evenly, and the same for the same object
mod breakers; // every circuit breaker, whatever is tried and however it ends
mod brokers; // what brokers store, hand out, pass on and lose
mod capacity; // workers, queue places and disks that are missing
mod clocks; // timers go by their owner's clock, and members live one life at a time
mod conservation; // nothing is lost, nothing comes from nowhere, and a run is a function of its seed
mod copies; // how many copies of a call go out
mod data; // reads and writes of what services keep, and connections
mod dependency; // errors, bad deploys, and what strikes a whole fleet at once
mod disks; // what members write, and what is left of it
mod door; // who is let in at services, and what callers do not send
mod edges; // who tried again over which edge, and who got how much
mod ejectors; // whom ejectors take out of the choice, and for how long
mod endpoints; // what a health endpoint asks before it says that its service is well
mod ends; // nodes as ends of what faults do to links, and cuts that hold
mod event_logs; // states that a restart rebuilds from a log
mod experiments; // what lets faults strike, and lifts them
mod failover; // who takes the place of a primary that fails, and what is lost by it
mod faults; // what a crash, a slow node and a cut do, to the nanosecond
mod flags; // who has a flag on, and when
mod gates; // what rate limiters and throttles let pass at most, and what they remember
mod gray; // nodes that are slow for some, or more and more
mod jobs; // background work, and when it falls into step
mod kept; // what is remembered by object and by replica
mod ledger; // the books that are kept of every attempt and call
mod lies; // what dishonest members of groups say
mod limits; // what budgets allow at most, and what they remember
mod lines; // what a line does to the messages on it
mod links; // what links do to the calls over them
mod middleboxes; // what load balancers of their own pass on, and what they know
mod network; // partitions, omissions, late answers and dishonest nodes
mod orchestrator; // who kills replicas, and brings them back, to the nanosecond
mod overlaps; // every fault over every other, in every order of begin and end
mod pairing; // one strategy, client, service or fault re-rolls nothing of the others
mod partitions; // which replicas of a service a request may go to
mod pools; // connections that somebody else holds, to the nanosecond
mod probes; // who asks replicas whether they are well, when, and what is made of the answers
mod process; // nodes that stand still, to the nanosecond
mod profiles; // the order in which products decide on a retry
mod programs; // what services do for requests, to the nanosecond
mod queues; // whose turn it is at a server, and who is sent away
mod raft; // what a replicated log promises, whatever strikes its members
mod random_brokers; // every message is accounted for, whatever brokers are asked and whatever strikes them
mod read_models; // what services know that messages tell of the writes of others
mod restarts; // drains and rolling restarts
mod roles; // faults that aim at whoever leads a group
mod rollbacks; // what takes a bad deploy back, and when
mod routes; // which way is taken around a cut, and what its callers hear
mod sagas; // what takes effect as a whole or not at all, whatever dies in between
mod scaling; // how many replicas there are, and when
mod schedules; // when faults strike, for how long, and whom
mod sessions; // where clients are known, who counts as one, and who is new
mod sharing; // cores that all share, and work that grows with what is in service
mod stores; // what stores of several members promise, whoever is cut off, dies or lies
mod storms; // what a seed may throw at a system
mod talk; // what members and clocks say meets links and faults as everything else
mod timers; // who fires, and when exactly
mod told; // what strategies say of themselves
mod triggers; // faults that wait for something in the run
mod twins; // two instances of one identity
mod under_way; // limits on calls under way
mod ways; // which way a message takes
mod workload; // spikes, dips, herds and hot replicas

use models::environment::Environment;
use models::faults::{AnyFault, Crash, Cut, Names, PlannedFault, SlowNode, WhileDown};
use models::links::{Blocking, Link, USUAL_SIZE};
use models::measure::RunMeasures;
use models::plan::{Plan, SystemSpec};
use models::protocols::{Nobody, Protocol, RowProtocol};
use models::record::Record;
use models::services::{DemandOfRetry, Fifo, LateWork, Placement, Queue, Service, Threads};
use models::strategies::backoff::{AnyBackoff, Asks, BackoffMemory, Wait};
use models::strategies::{Attempts, Deadline, Layer, Retry, Timeout};
use models::workloads::{AllAtOnce, Arrivals, Clients, ClosedLoop, Poisson};
use models::world::World;
use sim_core::draw::Seed;
use sim_core::observe::Digest;
use sim_core::sample::Distribution;
use sim_core::simulation::{Simulation, Stop, TieBreak};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::{Rate, Share};
use std::sync::Arc;

/// A run of the systems here makes far fewer events than this.
const MOST_EVENTS: u64 = 20_000_000;

type Records = Vec<(SimTime, Record)>;

const fn ms(millis: u64) -> SimDuration {
    SimDuration::from_millis(millis)
}

const fn at(millis: u64) -> SimTime {
    SimTime::from_nanos(millis * 1_000_000)
}

/// What is left of a run when nothing is pending any more.
struct Ended {
    plan: Arc<Plan>,
    seen: Records,
    digest: Digest,
    /// Records of calls and attempts in use.
    in_use: (usize, usize),
    /// Sagas that have not ended, or of which anything is under way.
    sagas: usize,
    environment: Environment,
    measures: RunMeasures,
}

fn plan_of(spec: &SystemSpec) -> Arc<Plan> {
    Arc::new(Plan::new(spec).unwrap_or_else(|complaints| panic!("{complaints:?}")))
}

/// Runs a system until nothing is pending.
fn play(spec: &SystemSpec, seed: u64) -> Ended {
    play_with(spec, seed, TieBreak::ByRank)
}

fn play_with(spec: &SystemSpec, seed: u64, ties: TieBreak) -> Ended {
    let plan = plan_of(spec).of_run(&Seed::new(seed));
    let player = Player { plan: &plan, seed, ties };
    match spec.groups.first() {
        None => player.play(Nobody),
        Some((_, group)) => player.play(group.protocol()),
    }
}

/// Runs a system to its end, whatever its group speaks.
struct Player<'a> {
    plan: &'a Arc<Plan>,
    seed: u64,
    ties: TieBreak,
}

impl Player<'_> {
    fn play<P: Protocol>(self, protocol: P) -> Ended {
        finish(start(self.plan, protocol, self.seed, self.ties))
    }
}

fn start<P: Protocol>(plan: &Arc<Plan>, protocol: P, seed: u64, ties: TieBreak) -> Simulation<World<P>> {
    World::start(Arc::clone(plan), protocol, Seed::new(seed), ties)
}

fn finish<P: Protocol>(mut simulation: Simulation<World<P>>) -> Ended {
    let mut seen = Records::new();
    let mut watch = |at: SimTime, record: &Record| seen.push((at, *record));
    let stop = simulation.run_until(SimTime::MAX, MOST_EVENTS, Some(&mut watch));
    assert_eq!(stop, Stop::Finished, "the run came to no end");
    let (digest, now, events) = (simulation.digest(), simulation.now(), simulation.events());
    let world = simulation.into_model();
    let plan = Arc::new(world.plan().clone());
    let (in_use, sagas, environment) = (world.records(), world.sagas(), world.environment().clone());
    Ended { plan, seen, digest, in_use, sagas, environment, measures: world.into_meter(now).finish(now, events).0 }
}

/// A service in a domain of its own name, with room for everybody: what is asked of it does not depend on what else is.
fn service(demand: Distribution) -> Service {
    Service { domain: Placement(vec!["server".to_owned()]), ..Service::new(1_000_000, demand) }
}

fn clients(count: u32, calls: &str, arrivals: Arrivals) -> Clients {
    Clients::new(count, arrivals, calls, "app")
}

fn once() -> Arrivals {
    Arrivals::AllAtOnce(AllAtOnce {})
}

fn poisson(per_second: u64) -> Arrivals {
    Arrivals::Poisson(Poisson { rate: Some(Rate::per_second(per_second)), rate_per_client: None })
}

fn closed(think: Distribution) -> Arrivals {
    Arrivals::ClosedLoop(ClosedLoop { think })
}

fn exponential(mean: SimDuration) -> Distribution {
    Distribution::Exponential { mean }
}

fn link(from: &str, to: &str, delay: Distribution) -> Link {
    Link::between(from, to, delay)
}

/// The wait before a retry, as the formula gives it.
fn wait_before(backoff: &AnyBackoff, memory: &mut BackoffMemory, retry: u32, draw: sim_core::draw::Draw) -> SimDuration {
    let asks = Asks { retry, elapsed: SimDuration::ZERO, failure: models::outcome::Failure::Timeout, hint: None, draw };
    match backoff.wait(memory, &asks) {
        Wait::For(length) => length,
        Wait::Stop | Wait::StopAfter(_) => panic!("the formula stopped"),
    }
}

fn retry(attempts: u32, backoff: AnyBackoff) -> Layer {
    Layer::Retry(Retry::new(Attempts::AtMost(attempts), backoff))
}

const fn timeout(after: SimDuration) -> Layer {
    Layer::Timeout(Timeout(after))
}

const fn deadline(after: SimDuration) -> Layer {
    Layer::Deadline(Deadline::new(after))
}

/// A node that crashes.
fn crash(node: &str, at: SimDuration, lasts: Option<SimDuration>, while_down: WhileDown) -> PlannedFault {
    PlannedFault::once(AnyFault::Crash(Crash { node: Names::one(node), while_down, ..Crash::default() }), at, lasts)
}

/// A node that is slow.
fn slow(node: &str, factor: f64, at: SimDuration, lasts: Option<SimDuration>) -> PlannedFault {
    PlannedFault::once(AnyFault::SlowNode(SlowNode { node: Names::one(node), factor, ..SlowNode::default() }), at, lasts)
}

/// A way that is cut.
fn cut(from: &str, to: &str, one_way: bool, at: SimDuration, lasts: Option<SimDuration>) -> PlannedFault {
    PlannedFault::once(AnyFault::Cut(Cut { from: from.to_owned(), to: to.to_owned(), one_way, ..Cut::default() }), at, lasts)
}

/// One population `app` that calls one service `server`, over a link between their domains.
fn pair(clients: Clients, service: Service, link: Link, stack: Vec<Layer>) -> SystemSpec {
    SystemSpec {
        clients: vec![("app".to_owned(), clients)],
        services: vec![("server".to_owned(), service)],
        links: vec![link],
        stacks: vec![("app -> server".to_owned(), stack)],
        ..SystemSpec::default()
    }
}
