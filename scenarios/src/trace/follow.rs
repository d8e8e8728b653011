//! What led to what?
//!
//! A bystander gives every record of a run a number, in the order in which they are reported, and says which earlier record led
//! to it. It knows three things: which event was being handled, after which record that event had been scheduled, and what has
//! been seen of the call, the attempt or the message that the record is about. Nothing of it exists in a run that nobody follows.
//!
//! The cause of a record is the first of these that there is (own definition):
//!
//! - for a record about a call: the latest record of the same call, then of the same client's call, then of a fault, a node or a
//!   member, that was reported while the same event was handled; an announcement that a call led to is about that call;
//! - for an announcement: the latest record at the same node that is no announcement, one that no other announcement speaks of before one that is spoken of;
//! - for the begin and the end of a life or of standing still: the latest begin or end of a fault, while the same event was handled;
//! - for a message that a node does not hear, because it stands still: that it came to stand still;
//! - for any other record: the latest one at the same node, then the latest begin or end of a fault, then the latest one at all, while the same event was handled;
//! - what was seen last of the attempt or the call, the sending of the message, the begin of the fault;
//! - the record after which the event was scheduled that is being handled.
//!
//! So the causes of an answer lead through its own request rather than through whoever left the worker free. Calls of an open
//! population and planned faults have no cause: they are where chains begin.

use super::pending::Pending;
use super::short::in_short;
use super::under_way::{Progress, UnderWay};
use models::event::{Kind, WorldEvent};
use models::ids::{FaultId, NodeId};
use models::plan::{Callee, Plan};
use models::record::{AttemptName, CallName, Record};
use models::strategies::{Scope, ShiftAt};
use sim_core::observe::Observer;
use sim_core::simulation::Event as _;
use sim_core::time::SimTime;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A record, with what a bystander makes of it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its number, from 1.
    pub id: u64,
    /// When.
    pub at: SimTime,
    /// The number of the record that led to it, if one did.
    pub cause: Option<u64>,
    /// The number of the event during whose handling it was reported.
    pub event: u64,
    /// Where it happened, if at one node.
    pub node: Option<NodeId>,
    /// Which life of that node it was, from 1.
    pub life: u32,
    /// The node at the other end, if something travels.
    pub peer: Option<NodeId>,
    /// For the begin of a call: the attempt for whose sake it is made, if that is known.
    pub within: Option<Within>,
    /// What happened.
    pub record: Record,
    /// What a message says, in words, if it is about one of a group.
    pub says: Option<Box<str>>,
}

/// An attempt at whose server a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within {
    /// The key of its call.
    pub key: sim_core::draw::Key,
    /// Its number.
    pub number: u32,
    /// Which arrival of it.
    pub copy: u32,
}

/// Something reported while the present event is handled.
#[derive(Clone, Copy, Debug)]
struct Lately {
    id: u64,
    node: Option<NodeId>,
    /// The call that it is about: of an announcement, the one that led to it.
    call: Option<CallName>,
    is_announced: bool,
    /// Whether a fault begins or ends by it.
    is_of_fault: bool,
}

/// Follows a run and hands every record on, with its cause.
pub struct Follower<F> {
    plan: Arc<Plan>,
    pending: Pending,
    under_way: UnderWay,
    faults: BTreeMap<(FaultId, Option<u32>), u64>,
    lives: Vec<u32>,
    /// With which records nodes came to stand still that do.
    still: BTreeMap<NodeId, u64>,
    /// How many records there have been.
    records: u64,
    /// The event that is being handled: its number, its kind, and the record that led to it.
    event: (u64, Option<Kind>, Option<u64>),
    lately: Vec<Lately>,
    /// What the record says that comes next.
    says: Option<Box<str>>,
    most: usize,
    sink: F,
}

impl<F: FnMut(&Plan, &Seen)> Follower<F> {
    /// Follows a run of this plan, which must be that [of its seed](models::plan::Plan::of_run).
    pub fn new(plan: Arc<Plan>, sink: F) -> Self {
        Self {
            pending: Pending::default(),
            under_way: UnderWay::default(),
            faults: BTreeMap::new(),
            lives: vec![1; plan.nodes.len()],
            still: BTreeMap::new(),
            records: 0,
            event: (0, None, None),
            lately: Vec::new(),
            says: None,
            most: 0,
            plan,
            sink,
        }
    }

    /// How much is remembered: an entry for every pending event, and for every call and message under way.
    pub fn remembered(&self) -> usize {
        self.pending.len() + self.under_way.len()
    }

    /// How much was remembered at most.
    pub const fn most_remembered(&self) -> usize {
        self.most
    }

    /// The number of the record that led to one about this call, unless something is known that is closer to it.
    fn cause_of_call(&self, name: &CallName, own: Option<u64>) -> Option<u64> {
        let is_relative =
            |other: &CallName| (other.population, other.client, other.ordinal) == (name.population, name.client, name.ordinal);
        let lately = || self.lately.iter().rev();
        let same = lately().find(|lately| lately.call.is_some_and(|call| call.key == name.key));
        let relative = || lately().find(|lately| lately.call.as_ref().is_some_and(is_relative));
        let other = || lately().find(|lately| lately.call.is_none());
        same.or_else(relative).or_else(other).map(|lately| lately.id).or(own)
    }

    fn cause_at(&self, node: Option<NodeId>) -> Option<u64> {
        let here = self.lately.iter().rev().find(|lately| node.is_some() && lately.node == node);
        here.map(|lately| lately.id).or_else(|| self.cause_of_fault()).or_else(|| self.lately.last().map(|lately| lately.id))
    }

    /// The begin or the end of a fault with which the present event came: what befalls one node by it is no reason for what befalls another.
    fn cause_of_fault(&self) -> Option<u64> {
        self.lately.iter().rev().find(|lately| lately.is_of_fault).map(|lately| lately.id)
    }

    /// What led to an announcement: no other one, and nothing about a call of which another one speaks, unless there is nothing else at the node.
    fn cause_of_announcement(&self, node: NodeId) -> Option<Lately> {
        let here = || self.lately.iter().rev().filter(|lately| lately.node == Some(node) && !lately.is_announced);
        let speaks_of =
            |call: &CallName| self.lately.iter().any(|other| other.is_announced && other.call.is_some_and(|of| of.key == call.key));
        here().find(|lately| !lately.call.as_ref().is_some_and(speaks_of)).or_else(|| here().next()).copied()
    }

    /// Where, who is at the other end, and what led to it, as far as the record itself says.
    fn place(&mut self, id: u64, record: &Record) -> Placed {
        match record {
            Record::CallStarted(name) => self.place_start(id, name),
            Record::CallEnded(name, _) | Record::CallAbandoned(name) => {
                let (node, own) = (self.under_way.caller(&self.plan, name), self.under_way.last_of_call(name));
                let cause = self.cause_of_call(name, own);
                self.under_way.call_over(name, id);
                Placed { node: Some(node), call: Some(*name), cause, ..Placed::default() }
            }
            Record::Sent(name, server) => {
                if matches!(self.plan.edges[name.call.edge.index()].callee, Callee::Own(_)) {
                    self.under_way.called_itself(&name.call, *server);
                }
                let placed = self.place_attempt(id, (name, *server), Side::Caller);
                self.under_way.see(name, *server, id, Progress::SetsOut);
                placed
            }
            Record::Abandoned(name, server) => {
                let placed = self.place_attempt(id, (name, *server), Side::Caller);
                // A group that nobody waits for any longer says nothing more.
                if self.is_of_group(name) {
                    self.under_way.attempt_over(name);
                }
                placed
            }
            Record::Broken(name, server) | Record::Ignored(name, server) => self.place_attempt(id, (name, *server), Side::Caller),
            Record::TurnedBack(name, server, _) | Record::Delivered(name, server, _) | Record::DeliveredLate(name, server, _) => {
                let placed = self.place_attempt(id, (name, *server), Side::Caller);
                self.under_way.attempt_over(name);
                placed
            }
            Record::Replied(name, server) => {
                self.under_way.is_answer_over(name, *server);
                self.place_attempt(id, (name, *server), Side::Asker)
            }
            Record::Unheard(name, node) => self.place_unheard(id, name, *node),
            Record::Queued(name, server) => self.place_attempt(id, (name, *server), Side::Server),
            Record::Started(name, server) => {
                if self.is_of_group(name) {
                    self.under_way.asks(name, *server);
                }
                self.place_attempt(id, (name, *server), Side::Server)
            }
            Record::Answered(name, server, _) => {
                let placed = self.place_attempt(id, (name, *server), Side::Server);
                self.under_way.see(name, *server, id, Progress::Answers);
                self.under_way.served(name);
                placed
            }
            Record::Discarded(name, server) => {
                let placed = self.place_attempt(id, (name, *server), Side::Server);
                self.under_way.served(name);
                self.under_way.attempt_over(name);
                placed
            }
            Record::Altered(name, server) => self.place_attempt(id, (name, *server), Side::Receiver),
            Record::Dropped(name, server, _) => {
                // What a member was asked has reached it: what is lost then is its answer.
                let side = if self.under_way.is_answer_over(name, *server) { Side::Asker } else { Side::Receiver };
                let placed = self.place_attempt(id, (name, *server), side);
                self.under_way.attempt_over(name);
                placed
            }
            other => self.place_other(id, other),
        }
    }

    fn is_of_group(&self, name: &AttemptName) -> bool {
        matches!(self.plan.edges[name.call.edge.index()].callee, Callee::Group)
    }

    fn place_start(&mut self, id: u64, name: &CallName) -> Placed {
        let (node, within, parent) = self.under_way.begin(&self.plan, name, id);
        // Who calls on a schedule of its own is the begin of a chain, whatever was reported when the schedule was made.
        let is_root = matches!(self.event.1, Some(Kind::Arrival | Kind::ExtraArrival | Kind::ExtraCall)) && self.lately.is_empty();
        let cause = self.cause_of_call(name, parent);
        Placed { node: Some(node), call: Some(*name), cause, within, is_root, ..Placed::default() }
    }

    fn place_attempt(&mut self, id: u64, (name, server): (&AttemptName, NodeId), side: Side) -> Placed {
        let travels = matches!(side, Side::Server | Side::Receiver | Side::Asker);
        let caller = self.under_way.caller(&self.plan, &name.call);
        let (here, there) = match side {
            Side::Caller | Side::Asker => (caller, server),
            Side::Server => (server, caller),
            Side::Receiver if self.under_way.is_answered(name) => (caller, server),
            Side::Receiver => (server, caller),
        };
        let last = self.under_way.last_of_attempt(name);
        // A caller speaks to several members at once: what led to one message is what it was sent for, and not which other arrived last.
        let own = if travels && self.is_of_group(name) { self.event.2.or(last) } else { last };
        let cause = self.cause_of_call(&name.call, own);
        let arrives = matches!(side, Side::Server);
        self.under_way.see(name, server, id, if arrives { Progress::Arrives } else { Progress::None });
        Placed { node: Some(here), peer: Some(there), call: Some(name.call), cause, ..Placed::default() }
    }

    fn place_unheard(&mut self, id: u64, name: &AttemptName, node: NodeId) -> Placed {
        let (caller, server) = (self.under_way.caller(&self.plan, &name.call), self.under_way.server(name));
        let peer = if node == caller { server } else { Some(caller) };
        let cause = self.still.get(&node).copied().or_else(|| self.under_way.last_of_attempt(name));
        self.under_way.see(name, server.unwrap_or(node), id, Progress::None);
        Placed { node: Some(node), peer, call: Some(name.call), cause, ..Placed::default() }
    }

    fn place_other(&mut self, id: u64, record: &Record) -> Placed {
        let (node, peer, own) = match record {
            Record::MemberSent(name) => {
                self.under_way.said(name, id);
                (Some(name.from), Some(name.to), None)
            }
            Record::MemberHeard(name) | Record::MemberMissed(name, _) => (Some(name.to), Some(name.from), self.under_way.heard(name)),
            Record::MemberMisheard(name) => (Some(name.to), Some(name.from), None),
            Record::FaultBegan(fault, member) => {
                self.faults.insert((*fault, *member), id);
                (None, None, None)
            }
            Record::FaultEnded(fault, member) => (None, None, self.faults.remove(&(*fault, *member))),
            Record::NodeDied(node) => {
                self.under_way.node_died(*node, id);
                return self.place_turn_of(*node, None);
            }
            Record::NodePaused(node) => return self.place_turn_of(*node, Some(id)),
            Record::NodeReturned(node) | Record::NodeResumed(node) => return self.place_turn_of(*node, None),
            Record::JobBegan(node) | Record::JobEnded(node) | Record::TimerFired(node) | Record::ClockSet(node, _) => {
                (Some(*node), None, None)
            }
            Record::Announced(node, ..) => {
                let Some(lately) = self.cause_of_announcement(*node) else {
                    return Placed { node: Some(*node), cause: self.cause_at(None), ..Placed::default() };
                };
                return Placed { node: Some(*node), call: lately.call, cause: Some(lately.id), ..Placed::default() };
            }
            Record::Shifted(at) => (Some(self.holder(at)), None, None),
            _ => (None, None, None),
        };
        Placed { node, peer, cause: self.cause_at(node).or(own), ..Placed::default() }
    }

    /// A life begins or ends, or a node comes to stand still or goes on: a fault brings that about, if one began or ended just now.
    fn place_turn_of(&mut self, node: NodeId, is_still: Option<u64>) -> Placed {
        self.still.remove(&node);
        self.still.extend(is_still.map(|id| (node, id)));
        // In the middle of a strike that goes from node to node nothing of it is told: of only one that is on it is known.
        let in_strike = || self.faults.values().next().filter(|_| self.faults.len() == 1).copied();
        let otherwise = || if self.event.1 == Some(Kind::Fault) { in_strike() } else { self.cause_at(Some(node)) };
        Placed { node: Some(node), cause: self.cause_of_fault().or_else(otherwise), ..Placed::default() }
    }

    /// At which node the memory of a layer is.
    fn holder(&self, at: &ShiftAt) -> NodeId {
        let edge = &self.plan.edges[at.edge.index()];
        let process = match edge.scopes[at.layer as usize] {
            Some(Scope::Process | Scope::Client) => at.scope,
            Some(Scope::Endpoint) => at.scope / (edge.replicas.len() as u32).max(1),
            None | Some(Scope::Edge) => 0,
        };
        let named = NodeId(edge.caller.0 + process);
        if self.plan.nodes.get(named.index()).is_some_and(|node| node.role == self.plan.nodes[edge.caller.index()].role) {
            named
        } else {
            edge.caller
        }
    }
}

/// At which end something is seen.
#[derive(Clone, Copy)]
enum Side {
    Caller,
    /// A caller who hears one of several members.
    Asker,
    Server,
    /// Whoever a message is for: the server until it has answered, then the caller.
    Receiver,
}

#[derive(Clone, Copy, Default)]
struct Placed {
    node: Option<NodeId>,
    peer: Option<NodeId>,
    call: Option<CallName>,
    cause: Option<u64>,
    within: Option<Within>,
    is_root: bool,
}

impl<F: FnMut(&Plan, &Seen)> Observer<Record> for Follower<F> {
    fn record(&mut self, at: SimTime, record: &Record) {
        self.records += 1;
        let id = self.records;
        let placed = self.place(id, record);
        let scheduled_by = self.event.2.filter(|_| !placed.is_root);
        let (event, node) = (self.event.0, placed.node);
        if let Record::NodeReturned(node) = record {
            self.lives[node.index()] += 1;
        }
        let life = node.map_or(0, |node| self.lives[node.index()]);
        let seen = Seen {
            id,
            at,
            cause: placed.cause.or(scheduled_by),
            event,
            node,
            life,
            peer: placed.peer,
            within: placed.within,
            record: *record,
            says: self.says.take(),
        };
        let is_announced = matches!(record, Record::Announced(..));
        let is_of_fault = matches!(record, Record::FaultBegan(..) | Record::FaultEnded(..));
        self.lately.push(Lately { id, node, call: placed.call, is_announced, is_of_fault });
        (self.sink)(&self.plan, &seen);
    }

    fn says(&mut self, words: &dyn fmt::Display) {
        self.says = Some(in_short(words).into());
    }

    fn follows(&self) -> bool {
        true
    }

    fn begins(&mut self, number: u64, at: SimTime, rank: u64) {
        self.lately.clear();
        self.most = self.most.max(self.remembered());
        self.event = (number, Some(WorldEvent::from_rank(rank).kind), self.pending.take(at, rank));
    }

    fn scheduled(&mut self, at: SimTime, rank: u64) {
        // What no record led to began before anybody looked.
        if let Some(cause) = self.lately.last().map(|lately| lately.id).or(self.event.2) {
            self.pending.add(at, rank, cause);
        }
    }
}
