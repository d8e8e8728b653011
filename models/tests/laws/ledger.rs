//! What became of every attempt and every call? The books, kept from records alone; whatever does not add up is a panic.

use models::ids::NodeId;
use models::outcome::{Failure, Outcome};
use models::plan::{Callee, Plan, Role};
use models::record::{AttemptName, CallName, FIRST_PROBE, Loss, MessageName, Record};
use models::services::{IntakePlan, Step, TaskPlan, Threads, WhenFull};
use sim_core::draw::Key;
use sim_core::time::SimTime;
use std::collections::{BTreeMap, BTreeSet};

type AttemptKey = (Key, u32);

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Delivered,
    Late,
    Dropped,
    Discarded,
    /// It was queued or begun at a node when that died.
    DiedWithNode,
}

#[derive(Clone, Debug)]
struct Attempt {
    node: NodeId,
    call: Key,
    /// Whether it is queued or begun at its node, and whether it has a worker there.
    is_at_node: bool,
    is_queued: bool,
    was_begun: bool,
    has_worker: bool,
    is_answered: bool,
    is_abandoned: bool,
    fate: Option<Fate>,
}

#[derive(Clone, Debug)]
struct Call {
    attempts: u32,
    ended: bool,
    /// The attempt at a service that makes this call, if one does.
    parent: Option<AttemptKey>,
    /// Its maker is no more.
    is_orphan: bool,
    is_probe: bool,
}

/// How a request waits for a call that it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// For this one alone.
    Alone,
    /// For several at once.
    ForSeveral,
    /// Not at all.
    Not,
}

/// The calls that the program of a service may make, by the places of their keys.
fn calls_of(program: &[Step]) -> impl Iterator<Item = (u32, Waits)> + '_ {
    program.iter().flat_map(|step| match &step.does {
        TaskPlan::Call(_) | TaskPlan::Forward(_) => vec![(step.place, Waits::Alone)],
        TaskPlan::Send(_) => vec![(step.place, Waits::Not)],
        TaskPlan::Parallel(fan) => fan.calls.iter().map(|&(_, place)| (place, Waits::ForSeveral)).collect(),
        _ => Vec::new(),
    })
}

const fn key_of_call((call, number): AttemptKey, place: u32) -> Key {
    call.child((number as u64) << 32 | place as u64)
}

/// The books of one run.
pub struct Ledger<'a> {
    plan: &'a Plan,
    now: SimTime,
    attempts: BTreeMap<AttemptKey, Attempt>,
    calls: BTreeMap<Key, Call>,
    /// Keys of the calls that an attempt may make, the attempts, and how they wait for them.
    children: BTreeMap<Key, (AttemptKey, Waits)>,
    is_down: Vec<bool>,
    /// Whether any node has ever died.
    has_deaths: bool,
    /// The attempts that are queued or begun at each node.
    present: Vec<BTreeSet<AttemptKey>>,
    /// Messages between members that are on their way.
    letters: BTreeSet<(NodeId, NodeId, &'static str, u32)>,
    pub fates: BTreeMap<&'static str, u64>,
}

impl<'a> Ledger<'a> {
    /// Books a whole run.
    pub fn of(plan: &'a Plan, seen: &[(SimTime, Record)]) -> Self {
        let mut ledger = Self {
            plan,
            now: SimTime::ZERO,
            attempts: BTreeMap::new(),
            calls: BTreeMap::new(),
            children: BTreeMap::new(),
            is_down: vec![false; plan.nodes.len()],
            has_deaths: false,
            letters: BTreeSet::new(),
            present: vec![BTreeSet::new(); plan.nodes.len()],
            fates: BTreeMap::new(),
        };
        for (at, record) in seen {
            assert!(*at >= ledger.now, "virtual time ran backwards at {record:?}");
            if *at > ledger.now {
                ledger.check_servers();
                ledger.now = *at;
            }
            ledger.book(record);
        }
        ledger.check_servers();
        ledger
    }

    fn book(&mut self, record: &Record) {
        match record {
            Record::CallStarted(name) => self.call_started(name),
            Record::CallEnded(name, _) => {
                let call = self.calls.get_mut(&name.key).expect("a call ends after its start");
                assert!(!call.ended && !call.is_orphan, "{name:?} ended twice, or for nobody");
                call.ended = true;
            }
            Record::CallAbandoned(name) => {
                let waits = self.children.get(&name.key).map(|(_, waits)| *waits);
                assert!(matches!(waits, Some(Waits::ForSeveral | Waits::Not)), "{name:?} was given up by nobody");
                let call = self.calls.get_mut(&name.key).expect("a call is given up after its start");
                assert!(!call.ended && !call.is_orphan, "{name:?} was given up when it was over");
                call.is_orphan = true;
                *self.fates.entry("given up by who made it").or_default() += 1;
            }
            Record::Sent(name, node) => self.sent(name, *node),
            Record::Queued(name, node) => self.received(name, *node, true),
            Record::Started(name, node) if self.is_member(*node) => assert!(!self.is_down[node.index()], "{name:?} at a dead member"),
            Record::Started(name, node) => self.received(name, *node, false),
            Record::Answered(name, node, outcome) => self.answered(name, *node, *outcome),
            Record::Delivered(name, ..) => {
                let call = self.attempts[&key_of(name)].call;
                assert!(!self.calls[&call].ended, "{name:?} was delivered to a call that was over");
                assert!(!self.attempts[&key_of(name)].is_abandoned, "{name:?} was delivered though nobody waited");
                self.end(key_of(name), Fate::Delivered);
            }
            Record::DeliveredLate(name, ..) => {
                assert!(self.attempts[&key_of(name)].is_abandoned, "{name:?} was late though somebody waited");
                self.end(key_of(name), Fate::Late);
            }
            Record::Dropped(name, node, loss) => {
                assert!(*loss != Loss::Dead || self.is_down[node.index()], "{name:?} was lost at a dead node that lives");
                assert!(!self.attempts[&key_of(name)].is_at_node, "{name:?} was lost on the way while it was at its node");
                self.end(key_of(name), Fate::Dropped);
            }
            Record::Abandoned(name, _) => {
                let attempt = self.attempts.get_mut(&key_of(name)).expect("it was sent");
                // Its caller does not know that nobody hears of it any more.
                let may_be_waited_for = matches!(attempt.fate, None | Some(Fate::Dropped | Fate::DiedWithNode));
                assert!(may_be_waited_for && !attempt.is_abandoned, "{name:?} was given up twice, or when it was over");
                attempt.is_abandoned = true;
            }
            Record::Discarded(name, _) => {
                assert!(self.attempts[&key_of(name)].is_abandoned, "{name:?} was discarded though somebody waited");
                let (is_there, node) = (self.attempts[&key_of(name)].is_at_node, self.attempts[&key_of(name)].node);
                // Who waits outside has not arrived, and is given up as it is let in.
                let waits_outside = self.intake_of(node).is_some_and(|intake| intake.queue.when_full() == WhenFull::Wait);
                assert!(is_there || waits_outside, "{name:?} was discarded where it was not");
                self.end(key_of(name), Fate::Discarded);
            }
            Record::FaultBegan(..)
            | Record::FaultEnded(..)
            | Record::Shifted(_)
            | Record::AlertFired(_)
            | Record::AlertResolved(_)
            | Record::Converged
            | Record::JobBegan(_)
            | Record::JobEnded(_) => {}
            Record::NodePaused(node) | Record::NodeResumed(node) => assert!(!self.is_down[node.index()], "a dead node paused or went on"),
            Record::Replied(name, _) => assert!(!self.attempts[&key_of(name)].is_abandoned, "{name:?} was answered though nobody waited"),
            Record::Unheard(name, node) => assert!(!self.is_down[node.index()], "{name:?} lies unheard at a dead node"),
            Record::Altered(..) | Record::TurnedBack(..) | Record::Broken(..) | Record::Ignored(..) => {
                panic!("{record:?}: the books are kept for plain links and silent cuts alone; those of messages are in `links`")
            }
            Record::NodeDied(node) => {
                self.has_deaths = true;
                assert!(!std::mem::replace(&mut self.is_down[node.index()], true), "a dead node died");
                for key in self.present[node.index()].clone() {
                    self.end(key, Fate::DiedWithNode);
                }
            }
            Record::MemberSent(name) => {
                assert!(!self.is_down[name.from.index()], "{name:?} was sent by a dead member");
                assert!(self.letters.insert(letter_key(name)), "{name:?} was sent twice");
            }
            Record::MemberHeard(name) => {
                assert!(!self.is_down[name.to.index()], "{name:?} was heard by a dead member");
                assert!(self.letters.remove(&letter_key(name)), "{name:?} was heard, and was not on its way");
            }
            Record::MemberMissed(name, loss) => {
                assert!(*loss != Loss::Dead || self.is_down[name.to.index()], "{name:?} was lost at a dead member that lives");
                assert!(self.letters.remove(&letter_key(name)), "{name:?} was missed, and was not on its way");
            }
            // The books here are of systems whose links neither alter nor copy.
            Record::MemberMisheard(name) => panic!("{name:?} was altered"),
            Record::TimerFired(node) => assert!(!self.is_down[node.index()], "a timer of a dead member fired"),
            Record::Announced(..) | Record::ClockSet(..) => {}
            Record::NodeReturned(node) => assert!(std::mem::replace(&mut self.is_down[node.index()], false), "a living node returned"),
        }
    }

    fn is_member(&self, node: NodeId) -> bool {
        matches!(self.plan.nodes[node.index()].role, Role::Member(_))
    }

    fn intake_of(&self, node: NodeId) -> Option<&IntakePlan> {
        let Role::Replica(service) = self.plan.nodes[node.index()].role else { return None };
        self.plan.services[service as usize].intake.as_deref()
    }

    fn call_started(&mut self, name: &CallName) {
        let parent = self.children.get(&name.key).copied();
        if let Some((parent, waits)) = parent {
            let attempt = self.attempts.get_mut(&parent).expect("its maker was sent");
            assert!(attempt.fate.is_none() && attempt.is_at_node && attempt.was_begun, "{name:?} was made by nobody");
            let Role::Replica(service) = self.plan.nodes[attempt.node.index()].role else { panic!("services make calls") };
            if self.plan.services[service as usize].threads == Threads::Released && waits != Waits::Not {
                attempt.has_worker = false;
            }
        }
        let parent = parent.map(|(parent, _)| parent);
        let call = Call { attempts: 0, ended: false, parent, is_orphan: false, is_probe: name.ordinal >= FIRST_PROBE };
        assert!(self.calls.insert(name.key, call).is_none(), "two calls have one key: {name:?}");
    }

    fn sent(&mut self, name: &AttemptName, node: NodeId) {
        let call = self.calls.get_mut(&name.call.key).expect("an attempt belongs to a call");
        assert!(!call.ended && !call.is_orphan, "{name:?} was sent for a call that is over");
        call.attempts += 1;
        assert_eq!(call.attempts, name.number, "attempts are counted without gaps");
        let attempt = Attempt {
            node,
            call: name.call.key,
            is_at_node: false,
            is_queued: false,
            was_begun: false,
            has_worker: false,
            is_answered: false,
            is_abandoned: false,
            fate: None,
        };
        assert!(self.attempts.insert(key_of(name), attempt).is_none(), "{name:?} was sent twice");
        if let Callee::Service(service) = self.plan.edges[name.call.edge.index()].callee {
            for (place, waits) in calls_of(&self.plan.services[service as usize].program) {
                let known = self.children.insert(key_of_call(key_of(name), place), (key_of(name), waits));
                assert!(known.is_none(), "two calls of {name:?} have one key");
            }
        }
    }

    fn received(&mut self, name: &AttemptName, node: NodeId, is_queued: bool) {
        assert!(!self.is_down[node.index()], "{name:?} was received by a dead node");
        let attempt = self.attempts.get_mut(&key_of(name)).expect("it was sent");
        assert!(attempt.fate.is_none() && !attempt.is_answered, "{name:?} was received when it was over");
        assert_eq!(attempt.node, node, "{name:?} went elsewhere");
        assert!(!attempt.has_worker, "{name:?} has two workers");
        attempt.is_at_node = true;
        attempt.is_queued = is_queued;
        attempt.has_worker = !is_queued;
        attempt.was_begun |= !is_queued;
        self.present[node.index()].insert(key_of(name));
    }

    fn answered(&mut self, name: &AttemptName, node: NodeId, outcome: Outcome) {
        let is_refusal = matches!(outcome, Outcome::Failed(Failure::Refused | Failure::Overload | Failure::Throttled));
        let is_shed = outcome == Outcome::Failed(Failure::Overload) && self.intake_of(node).is_some();
        assert!(outcome == Outcome::Failed(Failure::Refused) || !self.is_down[node.index()], "{name:?} was answered by a dead node");
        let attempt = self.attempts.get_mut(&key_of(name)).expect("it was sent");
        assert!(attempt.fate.is_none() && !attempt.is_answered, "{name:?} was answered twice");
        if attempt.is_at_node && is_shed {
            assert!(attempt.is_queued && !attempt.was_begun, "{name:?} was sent away after it had been begun");
        } else {
            assert_eq!(attempt.is_at_node, !is_refusal, "{name:?} was answered by a life that never saw it");
            assert!(!attempt.is_queued, "{name:?} was answered out of the queue");
        }
        (attempt.is_answered, attempt.is_at_node, attempt.is_queued, attempt.has_worker) = (true, false, false, false);
        self.present[node.index()].remove(&key_of(name));
    }

    fn end(&mut self, key: AttemptKey, fate: Fate) {
        let attempt = self.attempts.get_mut(&key).expect("it was sent");
        assert!(attempt.fate.is_none(), "attempt {key:?} ended as {:?} and as {fate:?}", attempt.fate);
        attempt.fate = Some(fate);
        (attempt.is_at_node, attempt.is_queued, attempt.has_worker) = (false, false, false);
        self.present[attempt.node.index()].remove(&key);
        let name = match fate {
            Fate::Delivered => "delivered",
            Fate::Late => "late",
            Fate::Dropped => "dropped",
            Fate::Discarded => "discarded",
            Fate::DiedWithNode => "died with its node",
        };
        *self.fates.entry(name).or_default() += 1;
        // Whoever worked on it makes no calls any more. Of calls at once and of those for nobody a record says so.
        let Role::Replica(service) = self.plan.nodes[self.attempts[&key].node.index()].role else { return };
        if matches!(fate, Fate::Discarded | Fate::DiedWithNode) {
            for (place, _) in calls_of(&self.plan.services[service as usize].program).filter(|(_, waits)| *waits == Waits::Alone) {
                if let Some(call) = self.calls.get_mut(&key_of_call(key, place)).filter(|call| !call.ended) {
                    call.is_orphan = true;
                }
            }
        }
    }

    /// What holds at the end of every instant: no more workers are busy than there are, none is idle while a request waits,
    /// and no more newcomers wait than the queue has places.
    fn check_servers(&self) {
        for (node, plan) in (0..).map(NodeId).zip(&self.plan.nodes) {
            let Role::Replica(service) = plan.role else { continue };
            let service = &self.plan.services[service as usize];
            let here: Vec<_> = self.present[node.index()].iter().map(|key| &self.attempts[key]).collect();
            let busy = here.iter().filter(|attempt| attempt.has_worker).count();
            let waiting = here.iter().filter(|attempt| attempt.is_queued).count();
            let newcomers = here.iter().filter(|attempt| attempt.is_queued && !attempt.was_begun).count();
            assert!(busy <= service.workers as usize, "{} has {busy} busy workers at {}", plan.name, self.now);
            assert!(waiting == 0 || busy == service.workers as usize, "{} lets a request wait for nothing at {}", plan.name, self.now);
            assert!(newcomers <= service.queue_limit as usize, "{} has a longer queue than it may at {}", plan.name, self.now);
        }
    }

    /// What holds when nothing is pending: every call of a client is over, and so is every attempt. A session at a group
    /// whose caller has gone ends without a record.
    pub fn check_over(&self) {
        for (key, call) in &self.calls {
            // A name does not say which process probes.
            assert!(call.ended || call.is_orphan || call.is_probe && self.has_deaths, "call {key:?} never ended");
        }
        for (key, attempt) in &self.attempts {
            let may_be_silent = self.is_member(attempt.node) && attempt.is_abandoned;
            assert!(attempt.fate.is_some() || may_be_silent, "attempt {key:?} never ended: {attempt:?}");
        }
    }

    /// How many calls clients made, and how many attempts were put on the wire in all.
    pub fn totals(&self) -> (u64, u64) {
        (self.calls.values().filter(|call| call.parent.is_none() && !call.is_probe).count() as u64, self.attempts.len() as u64)
    }
}

const fn key_of(name: &AttemptName) -> AttemptKey {
    (name.call.key, name.number)
}

fn letter_key(name: &MessageName) -> (NodeId, NodeId, &'static str, u32) {
    (name.from, name.to, name.kind, name.ordinal)
}
