//! What has been seen of the calls and messages that are under way?
//!
//! A bystander keeps of each open call where it was made and what was seen of it last, and of each attempt how far it has
//! come. It forgets a call when it has ended and nothing of it is on the wire, so that its memory grows with what is under way.

use super::follow::Within;
use models::ids::NodeId;
use models::plan::{Plan, Role};
use models::record::{AttemptName, CallName, FIRST_POLL, MessageName};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// An attempt under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttemptSeen {
    name: AttemptName,
    /// Where it goes.
    server: NodeId,
    /// The number of the last record of it.
    last: u64,
    /// Whether it has reached its server.
    has_arrived: bool,
    /// Whether its server has answered.
    is_answered: bool,
}

/// What a record tells of how far an attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing.
    None,
    /// It sets out.
    SetsOut,
    /// It has reached its server.
    Arrives,
    /// Its server answers.
    Answers,
}

/// A call under way.
#[derive(Debug)]
struct CallSeen {
    name: CallName,
    caller: NodeId,
    last: u64,
    has_ended: bool,
    /// The attempt at whose server it is made.
    within: Option<AttemptName>,
    attempts: Vec<AttemptSeen>,
}

/// Whom a call is made for in the end: population, client, and which of their calls.
type Family = (u32, u32, u32);

fn family(name: &CallName) -> Family {
    (name.population.0, name.client, name.ordinal)
}

/// Everything that is under way.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    calls: BTreeMap<u64, CallSeen>,
    families: BTreeMap<Family, Vec<u64>>,
    /// Messages between members, by sender, receiver, kind and ordinal.
    letters: BTreeMap<(u32, u32, &'static str, u32), u64>,
    /// Members that an attempt has asked and that have not answered it: key of the call, number of the attempt, node.
    asked: BTreeSet<(u64, u32, u32)>,
    /// The same of calls that are over, as when their callers gave them up: the latest ones, since nothing tells when the last of them is.
    asked_late: VecDeque<(u64, u32, u32)>,
}

/// So many members are remembered that were asked when nobody waited for their answer any longer.
const MOST_ASKED_LATE: usize = 256;

impl UnderWay {
    /// A call begins; answers who makes it, and the attempt for which it is made, if that is known.
    pub(super) fn begin(&mut self, plan: &Plan, name: &CallName, id: u64) -> (NodeId, Option<Within>, Option<u64>) {
        let parent = self.parent(plan, name);
        let caller = parent.map_or_else(|| caller_by_name(plan, name), |parent| parent.server);
        let call =
            CallSeen { name: *name, caller, last: id, has_ended: false, within: parent.map(|parent| parent.name), attempts: Vec::new() };
        self.calls.insert(name.key.bits(), call);
        self.families.entry(family(name)).or_default().push(name.key.bits());
        let within = parent.map(|parent| Within { key: parent.name.call.key, number: parent.name.number, copy: parent.name.copy });
        (caller, within, parent.map(|parent| parent.last))
    }

    /// The attempt at whose server a call is made: the one whose name gives the call its key.
    fn parent(&self, plan: &Plan, name: &CallName) -> Option<AttemptSeen> {
        let relatives = self.families.get(&family(name))?;
        let attempts = relatives.iter().filter_map(|key| self.calls.get(key)).flat_map(|call| &call.attempts);
        attempts.copied().find(|attempt| {
            let Role::Replica(service) = plan.nodes[attempt.server.index()].role else { return false };
            let places = plan.services[service as usize].program.iter().map(|step| step.place);
            let makes = |place: u32| attempt.name.calls(name.edge, place).key == name.key;
            places.into_iter().any(makes)
        })
    }

    /// Who makes a call, as far as is known.
    pub(super) fn caller(&self, plan: &Plan, name: &CallName) -> NodeId {
        self.calls.get(&name.key.bits()).map_or_else(|| caller_by_name(plan, name), |call| call.caller)
    }

    /// The last record of an attempt, else of its call.
    pub(super) fn last_of_attempt(&self, name: &AttemptName) -> Option<u64> {
        self.attempt(name).map(|attempt| attempt.last).or_else(|| self.last_of_call(&name.call))
    }

    /// The last record of a call.
    pub(super) fn last_of_call(&self, name: &CallName) -> Option<u64> {
        self.calls.get(&name.key.bits()).map(|call| call.last)
    }

    /// Where an attempt goes, as far as is known.
    pub(super) fn server(&self, name: &AttemptName) -> Option<NodeId> {
        self.attempt(name).map(|attempt| attempt.server)
    }

    /// Whether the server of an attempt has answered.
    pub(super) fn is_answered(&self, name: &AttemptName) -> bool {
        self.attempt(name).is_some_and(|attempt| attempt.is_answered)
    }

    fn attempt(&self, name: &AttemptName) -> Option<&AttemptSeen> {
        let call = self.calls.get(&name.call.key.bits())?;
        // A copy is known once its server works on it; till then it shares the story of the attempt.
        let own = call.attempts.iter().find(|attempt| attempt.name == *name);
        own.or_else(|| call.attempts.iter().find(|attempt| attempt.name.number == name.number))
    }

    /// Something was seen of an attempt at this server.
    pub(super) fn see(&mut self, name: &AttemptName, server: NodeId, id: u64, step: Progress) {
        let Some(call) = self.calls.get_mut(&name.call.key.bits()) else { return };
        call.last = id;
        match call.attempts.iter_mut().find(|attempt| attempt.name == *name) {
            Some(attempt) => {
                attempt.last = id;
                attempt.has_arrived |= matches!(step, Progress::Arrives | Progress::Answers);
                attempt.is_answered |= step == Progress::Answers;
            }
            // What was over and is told of once more, as when nobody waits for it any longer, is over all the same.
            None if step == Progress::None => {}
            None => {
                let (has_arrived, is_answered) = (step != Progress::SetsOut, step == Progress::Answers);
                call.attempts.push(AttemptSeen { name: *name, server, last: id, has_arrived, is_answered });
            }
        }
    }

    /// A member of a group is asked by an attempt.
    pub(super) fn asks(&mut self, name: &AttemptName, member: NodeId) {
        let asked = (name.call.key.bits(), name.number, member.0);
        if self.calls.contains_key(&asked.0) {
            self.asked.insert(asked);
            return;
        }
        if self.asked_late.len() == MOST_ASKED_LATE {
            self.asked_late.pop_front();
        }
        self.asked_late.push_back(asked);
    }

    /// Its answer is over, as it came or was lost; answers whether it had been asked at all.
    pub(super) fn is_answer_over(&mut self, name: &AttemptName, member: NodeId) -> bool {
        let asked = (name.call.key.bits(), name.number, member.0);
        let late = self.asked_late.iter().rposition(|late| *late == asked);
        self.asked.remove(&asked) || late.and_then(|late| self.asked_late.remove(late)).is_some()
    }

    /// A replica calls itself: its message came from there.
    pub(super) fn called_itself(&mut self, name: &CallName, node: NodeId) {
        if let Some(call) = self.calls.get_mut(&name.key.bits()) {
            call.caller = node;
        }
    }

    /// A server is done with an attempt: whatever it waits for is given up, and not all of that is told.
    pub(super) fn served(&mut self, name: &AttemptName) {
        let relatives = self.families.get(&family(&name.call)).cloned().unwrap_or_default();
        for key in relatives {
            if let Some(call) = self.calls.get_mut(&key)
                && call.within == Some(*name)
            {
                call.has_ended = true;
                let name = call.name;
                self.forget(key, &name);
            }
        }
    }

    /// An attempt is over.
    pub(super) fn attempt_over(&mut self, name: &AttemptName) {
        let key = name.call.key.bits();
        if let Some(call) = self.calls.get_mut(&key) {
            call.attempts.retain(|attempt| attempt.name != *name);
            self.forget(key, &name.call);
        }
    }

    /// A call is over for its caller.
    pub(super) fn call_over(&mut self, name: &CallName, id: u64) {
        let key = name.key.bits();
        if let Some(call) = self.calls.get_mut(&key) {
            (call.has_ended, call.last) = (true, id);
            self.forget(key, name);
        }
    }

    fn forget(&mut self, key: u64, name: &CallName) {
        if self.calls.get(&key).is_none_or(|call| !call.has_ended || !call.attempts.is_empty()) {
            return;
        }
        self.calls.remove(&key);
        let asked: Vec<_> = self.asked.range((key, 0, 0)..=(key, u32::MAX, u32::MAX)).copied().collect();
        for one in &asked {
            self.asked.remove(one);
        }
        if let Some(relatives) = self.families.get_mut(&family(name)) {
            relatives.retain(|other| *other != key);
            if relatives.is_empty() {
                self.families.remove(&family(name));
            }
        }
    }

    /// A node died, as this record tells: nothing is worked on there any longer, and nobody there waits.
    pub(super) fn node_died(&mut self, node: NodeId, id: u64) {
        let mut over = Vec::new();
        for (key, call) in &mut self.calls {
            call.has_ended |= call.caller == node;
            let before = call.attempts.len();
            call.attempts.retain(|attempt| attempt.server != node || !attempt.has_arrived || attempt.is_answered);
            if call.attempts.len() < before {
                call.last = id;
            }
            if call.has_ended && call.attempts.is_empty() {
                over.push((*key, call.name));
            }
        }
        over.into_iter().for_each(|(key, name)| self.forget(key, &name));
    }

    /// A member said something.
    pub(super) fn said(&mut self, name: &MessageName, id: u64) {
        self.letters.insert(letter(name), id);
    }

    /// A message of a member arrived, or never will: which record told of its sending, unless another copy of it was here before?
    pub(super) fn heard(&mut self, name: &MessageName) -> Option<u64> {
        self.letters.remove(&letter(name))
    }

    /// How many calls, and messages of members, are remembered.
    pub(super) fn len(&self) -> usize {
        self.calls.len() + self.letters.len() + self.asked.len() + self.asked_late.len()
    }
}

fn letter(name: &MessageName) -> (u32, u32, &'static str, u32) {
    (name.from.0, name.to.0, name.kind, name.ordinal)
}

/// Who makes a call, as its name says: the population, or the first replica of the service unless the name says which.
fn caller_by_name(plan: &Plan, name: &CallName) -> NodeId {
    let edge = &plan.edges[name.edge.index()];
    let replica = if name.ordinal >= FIRST_POLL { name.client } else { 0 };
    let named = NodeId(edge.caller.0 + replica);
    let is_sibling = plan.nodes.get(named.index()).is_some_and(|node| node.role == plan.nodes[edge.caller.index()].role);
    if is_sibling { named } else { edge.caller }
}
