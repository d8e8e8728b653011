//! What is a layer of a stack, and what may it know and want?

use super::breaker::{Lever, State};
use super::health::{AnyHealthCheck, Check};
use crate::ids::EdgeId;
use crate::outcome::{Hint, Outcome};
use crate::registry::{Complaint, Registered};
use serde::{Deserialize, Serialize};
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::SimTime;
use std::collections::VecDeque;
use std::fmt::Debug;

/// One layer of a stack: a small state machine over the events of a call.
pub trait Strategy: Registered {
    /// What the layer remembers of one flight; dropped with it.
    type Flight: Clone + Debug + Send;
    /// What the layer remembers for all calls of a scope; made on first use.
    type Shared: Clone + Debug + Send;
    /// By whom the shared memory is shared, if there is anything worth sharing.
    fn scope(&self) -> Option<Scope> {
        None
    }
    /// The name under which layers on several edges of one caller share their memory, if they do.
    fn pool(&self) -> Option<&str> {
        None
    }
    /// The memory of a new flight.
    fn flight(&self) -> Self::Flight;
    /// The shared memory of a scope at its first use.
    fn fresh(&self, site: &Site<'_>) -> Self::Shared;
    /// A flight of this layer is started.
    fn start(&self, flight: &mut Self::Flight, shared: &mut Self::Shared, moment: &mut Moment<'_>) -> Step;
    /// A flight inside ended, and this layer still waited for it.
    fn inner_ended(&self, flight: &mut Self::Flight, shared: &mut Self::Shared, end: End, moment: &mut Moment<'_>) -> Step;
    /// The timer of the flight is due.
    fn timer(&self, flight: &mut Self::Flight, shared: &mut Self::Shared, moment: &mut Moment<'_>) -> Step;
    /// What the flight waited for in a queue of this layer has been granted: see [`Notes::grant`].
    fn granted(&self, _flight: &mut Self::Flight, _shared: &mut Self::Shared, _moment: &mut Moment<'_>) -> Step {
        unreachable!("only a layer with a queue grants anything")
    }
    /// The flight is given up by a layer further out, or with its whole call: whatever it holds of the shared memory is free again.
    fn given_up(&self, _flight: &mut Self::Flight, _shared: &mut Self::Shared, _moment: &mut Moment<'_>) {}
    /// What a chart of the shared memory shows: each number by its name.
    fn gauges(&self, _shared: &mut Self::Shared, _site: &Site<'_>, _show: &mut dyn FnMut(&'static str, f64)) {}
    /// A background call that the layer asked for with [`Notes::refresh`] ended.
    fn refreshed(&self, _shared: &mut Self::Shared, _object: u64, _outcome: Outcome, _now: SimTime) {}
    /// The active health checks of each replica that it wants from each process.
    fn health(&self) -> Option<&AnyHealthCheck> {
        None
    }
    /// A health check that it wanted ended. Answers when, by the clock of the process, the next one of the same replica is due.
    fn checked(&self, _shared: &mut Self::Shared, _check: &Check, _site: &Site<'_>, _notes: &mut Notes) -> SimTime {
        SimTime::MAX
    }
    /// What is kept by object is lost.
    fn flush(&self, _shared: &mut Self::Shared) {}
    /// How many connections the pool of each scope has, if the layer keeps one.
    fn connections(&self) -> Option<u32> {
        None
    }
    /// From now on somebody else holds so many of the connections, each as soon as it is free. Says whose turn it is because there are
    /// fewer than before.
    fn take(&self, _shared: &mut Self::Shared, _taken: u32, _now: SimTime) -> Vec<Ticket> {
        Vec::new()
    }
    /// The process whose memory it is is no more: whether what is left of it now is what the next life begins with. If not, that begins
    /// as the first one did.
    fn dies(&self, _shared: &mut Self::Shared) -> bool {
        false
    }
    /// What was counted over the run, each number by its name.
    fn counted(&self, _shared: &Self::Shared, _count: &mut dyn FnMut(&'static str, u64)) {}
    /// The other service that the layer may call.
    fn elsewhere(&self) -> Option<&str> {
        None
    }
    /// Everything wrong with it on an edge to a callee with so many replicas.
    fn check_on(&self, _replicas: u32) -> Vec<Complaint> {
        Vec::new()
    }
    /// Everything wrong with the numbers as written.
    fn check(&self) -> Vec<Complaint> {
        Vec::new()
    }
}

/// What a layer wants to happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Start a flight inside; wake the layer at this instant, if given.
    Inner {
        /// When the layer's timer is due.
        wake: Option<SimTime>,
    },
    /// Start a flight inside whose attempts go to this replica of the callee.
    At(u32),
    /// Call the service that [`Strategy::elsewhere`] names; the layer hears how that ends as of a flight inside.
    Elsewhere,
    /// Give up whatever is open inside, and wake the layer at this instant.
    GiveUp(SimTime),
    /// Wake the layer at this instant; at the end of time for a flight that waits for something else.
    Wait(SimTime),
    /// The flight ends with this outcome; what is still open inside is given up.
    End(Outcome),
}

/// How a flight inside ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Its outcome.
    pub outcome: Outcome,
    /// What the callee said about asking again, if its answer is the reason.
    pub hint: Option<Hint>,
    /// The how-manieth flight inside of this one it was, from 1.
    pub inner: u32,
    /// How many flights inside are still open.
    pub open: u32,
}

/// Whose shared memory it is, and when.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The present instant, by the clock of the caller.
    pub now: SimTime,
    /// The key of the edge.
    pub edge: Key,
    /// Where shared memory takes its random numbers from.
    pub luck: Luck<'a>,
    /// The replicas of the callee, by the keys of their names.
    pub replicas: &'a [u64],
    /// Those of them that the caller knows of, by number, rising; all of them where they do not come and go.
    pub listed: Option<&'a [u32]>,
    /// Which of them knows the client of the call, if one does or did.
    pub pinned: Option<u32>,
    /// The zone of each of them, by number.
    pub zones: &'a [u32],
    /// How many callers there are in each zone.
    pub callers: &'a [u32],
    /// The state that is forced upon breakers of this edge, if one is.
    pub lever: Option<Lever>,
}

/// What a layer may know when it is asked. All instants are of the caller's monotonic clock.
pub struct Moment<'a> {
    /// The present instant.
    pub now: SimTime,
    /// When the call was started.
    pub call_started: SimTime,
    /// When whoever waits for the call gives up on it, as far as it is known here.
    pub deadline: SimTime,
    /// How many attempts the call has put on the wire.
    pub attempts: u32,
    /// The key of the call.
    pub key: Key,
    /// What the call is about.
    pub object: u64,
    /// The number of the client that everything is done for, and the how-manieth call of its population or of its own it is.
    pub(crate) client: (u32, u32),
    /// The replicas of the callee that it may go to, if the callee says which.
    pub part: Option<Vec<u32>>,
    /// Whether the callee says that it writes.
    pub writes: bool,
    /// The replica that a layer further out has chosen.
    pub replica: Option<u32>,
    /// The zone of the caller, by number, if callee or callers have several.
    pub own_zone: Option<u32>,
    /// The layer, the outermost is 0.
    pub(crate) layer: u32,
    /// This flight, for queues.
    pub ticket: Ticket,
    /// How many waits the call has drawn since its last attempt.
    pub(crate) waits: &'a mut u32,
    /// The replicas that a balancer has sent attempts of the call to, if it wants to know.
    pub(crate) tried: &'a mut Vec<u32>,
    /// What the layer has to say beside its step.
    pub notes: &'a mut Notes,
    /// Whose shared memory it is.
    pub site: Site<'a>,
}

/// The places behind the one of a wait that further waits before the same attempt are expanded to.
const FURTHER_WAITS: u64 = 0x6_0000;

/// Those behind the one of a choice that layers' own draws are expanded to.
const OWN_DRAWS: u64 = 0x8_0000;

impl Moment<'_> {
    /// The draw of a wait before the attempt that would be put on the wire next. Asked again before that attempt is sent, because a
    /// breaker turned the retry away or a layer further out waits as well, it is another one.
    pub fn draw_of_wait(&mut self) -> Draw {
        let draw = self.site.luck.seed.draws(self.key, self.attempts + 1).wait();
        let waits = *self.waits;
        *self.waits += 1;
        if waits == 0 { draw } else { draw.further(FURTHER_WAITS + u64::from(waits)) }
    }

    /// The name of the client's call that everything is done for: the same for all its tries, and for whatever is called on its behalf.
    pub const fn root(&self) -> Key {
        root_of(self.object, self.client)
    }

    /// A draw of the layer's own that belongs to the attempt that would be put on the wire next. Asked again before that attempt is
    /// sent, after another wait, it is another one.
    pub fn draw(&self) -> Draw {
        let question = OWN_DRAWS + (u64::from(self.layer) << 32) + u64::from(*self.waits);
        self.site.luck.seed.draws(self.key, self.attempts + 1).choice().further(question)
    }
}

/// The name of a call of a client, by what it is about, the client, and the how-manieth of its calls it is. What calls of two populations
/// are about is never the same.
pub(crate) const fn root_of(object: u64, (client, ordinal): (u32, u32)) -> Key {
    Key::named("root").child(object).child((client as u64) << 32 | ordinal as u64)
}

/// A flight that waits in a queue of its layer. Opaque: the layer keeps it, and hands it back with [`Notes::grant`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

impl Ticket {
    pub(crate) const fn new(call: u32, flight: u32) -> Self {
        Self((call as u64) << 32 | flight as u64)
    }

    pub(crate) const fn parts(self) -> (u32, u32) {
        ((self.0 >> 32) as u32, self.0 as u32)
    }
}

/// What layers say beside their steps, until the world has dealt with it.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    pub(crate) grants: VecDeque<Ticket>,
    pub(crate) shifts: Vec<Shift>,
    pub(crate) deadline: Option<(SimTime, bool)>,
    pub(crate) is_degraded: bool,
    pub(crate) refreshes: bool,
}

impl Notes {
    /// Whether anything has been said that the world has not dealt with.
    #[inline]
    pub(crate) fn is_any(&self) -> bool {
        self.deadline.is_some() || self.is_degraded || self.refreshes || !self.shifts.is_empty()
    }

    /// Whether flights are to be told that what they waited for is theirs.
    #[inline]
    pub(crate) fn has_grants(&self) -> bool {
        !self.grants.is_empty()
    }

    /// What a flight waits for in the layer's queue is its own from now on; it is told as soon as the present step is taken.
    pub fn grant(&mut self, ticket: Ticket) {
        self.grants.push_back(ticket);
    }

    /// The layer's shared memory has gone from one state to another: a breaker opened, a replica was ejected.
    pub fn shift(&mut self, shift: Shift) {
        self.shifts.push(shift);
    }

    /// The call has until then; with `propagates`, its callees are told.
    pub fn deadline(&mut self, at: SimTime, propagates: bool) {
        self.deadline = Some((at, propagates));
    }

    /// What is inside is to be called once more in the background; [`Strategy::refreshed`] hears how that ends.
    pub fn refresh(&mut self) {
        self.refreshes = true;
    }

    /// The success that the flight ends with is a makeshift: a default value, or an old answer.
    pub fn degraded(&mut self) {
        self.is_degraded = true;
    }
}

/// A change of state worth a line in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// A breaker is in another state.
    Breaker(State),
    /// A replica is left alone from now on.
    Ejected(u32),
    /// A replica may be tried again.
    Returned(u32),
}

impl Shift {
    /// The event that faults can wait for, and the word in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Breaker(State::Closed) => "BreakerClosed",
            Self::Breaker(State::HalfOpen) => "BreakerHalfOpen",
            Self::Breaker(State::Open) => "BreakerOpened",
            Self::Ejected(_) => "ReplicaEjected",
            Self::Returned(_) => "ReplicaReturned",
        }
    }

    /// What it is counted as in a run.
    pub const fn counted(self) -> &'static str {
        match self {
            Self::Breaker(State::Closed) => "breakers closed",
            Self::Breaker(State::HalfOpen) => "breakers half open",
            Self::Breaker(State::Open) => "breakers opened",
            Self::Ejected(_) => "replicas ejected",
            Self::Returned(_) => "replicas returned",
        }
    }

    /// Every event that layers announce.
    pub const ALL: [&'static str; 5] = ["BreakerClosed", "BreakerHalfOpen", "BreakerOpened", "ReplicaEjected", "ReplicaReturned"];
}

/// Where what is shared within a scope takes its random numbers from: the how-manieth that it takes names each of them.
#[derive(Clone, Copy, Debug)]
pub struct Luck<'a> {
    /// The seed of the run.
    pub seed: &'a Seed,
    /// The key of the edge, the layer and the scope.
    pub key: Key,
}

impl Luck<'_> {
    /// The random number with this ordinal: the same whenever, and by whichever call, it is taken.
    pub fn nth(&self, ordinal: u64) -> Draw {
        self.seed.draws(self.key.child(ordinal / 8), 0).numbered((ordinal % 8) as usize)
    }
}

/// By whom shared state is shared: sharing a budget among 1 or 1000 clients changes the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Each client has its own; for calls made by a service, each of its replicas.
    Client,
    /// All calls made from one process: a whole client population, or one replica of a service.
    Process,
    /// All calls over the edge, from all replicas.
    Edge,
    /// All calls of a process to one replica of the callee; only inside a layer that chooses the replica.
    Endpoint,
}

/// The announcement that a state has changed, as a record knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShiftAt {
    /// The edge.
    pub edge: EdgeId,
    /// The layer of its stack, the outermost is 0.
    pub layer: u32,
    /// Whose memory: the number of the client, process or endpoint.
    pub scope: u32,
    /// What changed.
    pub shift: Shift,
}
