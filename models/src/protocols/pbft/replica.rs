//! What does a replica remember, and how is a request done when nothing is wrong?

use super::PbftRule;
use super::message::{At, Change, Message, Proposal, Request, Snapshot};
use super::protocol::PbftProtocol;
use crate::protocols::{Held, To, Turn};
use std::collections::{BTreeMap, VecDeque};

/// A replica.
#[derive(Clone, Debug, Default)]
pub struct Replica {
    pub(super) view: u64,
    /// Whether it waits for the primary of its view to begin.
    pub(super) is_changing: bool,
    /// How many views in a row have done nothing.
    pub(super) idle_views: u32,
    /// The last place that this primary has given away.
    pub(super) given: u64,
    pub(super) slots: BTreeMap<u64, Slot>,
    /// Everything up to this place is done.
    pub(super) executed: u64,
    /// What was done at the last places, the latest last.
    pub(super) recent: VecDeque<(u64, Proposal)>,
    pub(super) store: BTreeMap<u32, u64>,
    /// What was answered to the requests that were done last.
    pub(super) answers: BTreeMap<u64, u64>,
    pub(super) done: VecDeque<u64>,
    /// Requests that are not done, and who asked: attempts of a call that writes ask for the same request.
    pub(super) waiting: BTreeMap<u64, (Request, Vec<Held>)>,
    pub(super) is_timed: bool,
    /// Whether it has asked for what it lacks since something was done last.
    pub(super) has_asked: bool,
    pub(super) stable: u64,
    pub(super) snapshot: Snapshot,
    pub(super) checkpoints: BTreeMap<u64, BTreeMap<u32, u64>>,
    pub(super) fetched: BTreeMap<u32, Snapshot>,
    pub(super) changes: BTreeMap<u64, BTreeMap<u32, Change>>,
    /// By what this primary has begun its view, for those who have not heard of it.
    pub(super) begun: Vec<(u32, Change)>,
}

/// A place in the order.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    /// What was proposed there, and in which view.
    pub(super) accepted: Option<(u64, Proposal)>,
    /// What was proposed in a view that has not begun here.
    pub(super) early: Option<(u64, Proposal)>,
    /// What others say that they have heard, each in the highest view.
    pub(super) prepares: BTreeMap<u32, (u64, Proposal)>,
    pub(super) commits: BTreeMap<u32, (u64, Proposal)>,
    /// What a quorum has heard, in the highest view.
    pub(super) prepared: Option<(u64, Proposal)>,
    pub(super) is_committed: bool,
}

/// A replica remembers the answers to so many requests, and does an older one again if it is asked again: own choice.
const MOST_ANSWERS: usize = 1_024;
/// A replica keeps so many requests that are not done, and hears no others: own choice.
const MOST_WAITING: usize = 10_000;

/// Of the attempts that ask for a request that is not done it answers so many, the last ones: own choice, since most of them listen no more.
const MOST_ASKING: usize = 4;

type Now<'a, 'b> = &'a mut Turn<'b, PbftProtocol>;

impl Replica {
    /// A caller asks.
    pub(super) fn asked(&mut self, protocol: &PbftProtocol, request: Request, turn: Now<'_, '_>) {
        if let Some(&answer) = self.answers.get(&request.id) {
            return turn.send(To::Caller, Message::Reply(request.id, answer));
        }
        if self.waiting.len() >= MOST_WAITING {
            return;
        }
        let held = turn.hold();
        let (_, asking) = self.waiting.entry(request.id).or_insert((request, Vec::new()));
        asking.push(held);
        if asking.len() > MOST_ASKING {
            turn.drop_held(asking.remove(0));
        }
        self.propose_waiting(protocol, turn);
        self.watch_the_time(protocol, turn);
    }

    /// A primary proposes what is not proposed yet, as far as the log goes.
    pub(super) fn propose_waiting(&mut self, protocol: &PbftProtocol, turn: Now<'_, '_>) {
        if self.is_changing || protocol.primary(self.view) != turn.me() {
            return;
        }
        let is_open = |slot: &Slot, id: u64| slot.accepted.is_some_and(|(_, proposal)| proposal.is_some_and(|request| request.id == id));
        let wanted: Vec<Request> = self.waiting.values().map(|(request, _)| *request).collect();
        for request in wanted {
            if self.given >= self.stable.saturating_add(protocol.window()) {
                return;
            }
            if self.slots.values().any(|slot| is_open(slot, request.id)) {
                continue;
            }
            self.given = self.given.max(self.executed).saturating_add(1);
            let (at, proposal) = ((self.view, self.given), Some(request));
            protocol.tell_others(&Message::PrePrepare(at, proposal), turn);
            self.accept(protocol, at, proposal, turn);
        }
    }

    /// Whoever knows of a request wants it done in time.
    pub(super) fn watch_the_time(&mut self, protocol: &PbftProtocol, turn: Now<'_, '_>) {
        if self.waiting.is_empty() && !self.is_changing {
            turn.cancel_timer(());
            self.is_timed = false;
        } else if !self.is_timed {
            // In the middle of its patience it asks for what may be lost.
            let patience = protocol.spec.patience.doubled(self.idle_views.min(10));
            turn.set_timer((), if self.is_changing { patience } else { patience.scaled(1, 2) });
            self.is_timed = true;
        }
    }

    /// Whether it keeps what is said of a place. A primary proposes a window ahead of its last stable checkpoint; of whoever has not heard
    /// yet that this is stable that may be another window.
    pub(super) fn is_in_window(&self, protocol: &PbftProtocol, place: u64) -> bool {
        place > self.stable && place <= self.stable.saturating_add(2 * protocol.window())
    }

    pub(super) fn proposed(&mut self, protocol: &PbftProtocol, from: u32, at: At, proposal: Proposal, turn: Now<'_, '_>) {
        let (view, place) = at;
        if from != protocol.primary(view) || !self.is_in_window(protocol, place) || from == turn.me() {
            return;
        }
        if view > self.view || view == self.view && self.is_changing {
            self.slots.entry(place).or_default().early = Some((view, proposal));
            return;
        }
        let is_new = self.slots.get(&place).and_then(|slot| slot.accepted).is_none_or(|(accepted, _)| accepted < view);
        if view == self.view && is_new {
            self.accept(protocol, at, proposal, turn);
        }
    }

    /// It has heard what the primary of its view proposes, and says so.
    pub(super) fn accept(&mut self, protocol: &PbftProtocol, (view, place): At, proposal: Proposal, turn: Now<'_, '_>) {
        let slot = self.slots.entry(place).or_default();
        slot.accepted = Some((view, proposal));
        slot.prepares.insert(protocol.primary(view), (view, proposal));
        if protocol.primary(view) != turn.me() {
            slot.prepares.insert(turn.me(), (view, proposal));
            protocol.tell_others(&Message::Prepare((view, place), proposal), turn);
        }
        if let Some(request) = proposal
            && !self.answers.contains_key(&request.id)
            && self.waiting.len() < MOST_WAITING
        {
            self.waiting.entry(request.id).or_insert((request, Vec::new()));
            self.watch_the_time(protocol, turn);
        }
        self.look_at(protocol, place, turn);
    }

    pub(super) fn voted(&mut self, protocol: &PbftProtocol, from: u32, message: &Message, turn: Now<'_, '_>) {
        let (Message::Prepare((view, place), proposal) | Message::Commit((view, place), proposal)) = *message else { return };
        let speaks_twice = matches!(message, Message::Prepare(..)) && from == protocol.primary(view);
        if !self.is_in_window(protocol, place) || view < self.view || speaks_twice {
            return;
        }
        let slot = self.slots.entry(place).or_default();
        let votes = if matches!(message, Message::Prepare(..)) { &mut slot.prepares } else { &mut slot.commits };
        let vote = votes.entry(from).or_insert((view, proposal));
        if vote.0 < view {
            *vote = (view, proposal);
        }
        self.look_at(protocol, place, turn);
    }

    /// Whether enough is known to go on at a place.
    fn look_at(&mut self, protocol: &PbftProtocol, place: u64, turn: Now<'_, '_>) {
        let Some(slot) = self.slots.get_mut(&place) else { return };
        let Some((view, proposal)) = slot.accepted.filter(|&(view, _)| view == self.view && !self.is_changing) else { return };
        let matching = protocol.keeps(PbftRule::MatchingProposals);
        let count = |votes: &BTreeMap<u32, (u64, Proposal)>| {
            votes.values().filter(|&&(of, voted)| of == view && (voted == proposal || !matching)).count()
        };
        let needs_prepares = protocol.keeps(PbftRule::PrepareRound);
        let was_prepared = slot.prepared.is_some_and(|(prepared, _)| prepared == view);
        if !was_prepared && (!needs_prepares || count(&slot.prepares) >= protocol.quorum()) {
            slot.prepared = Some((view, proposal));
            slot.commits.insert(turn.me(), (view, proposal));
            protocol.tell_others(&Message::Commit((view, place), proposal), turn);
        }
        let is_prepared = slot.prepared.is_some_and(|(prepared, _)| prepared == view);
        if is_prepared && !slot.is_committed && count(&slot.commits) >= protocol.quorum() {
            slot.is_committed = true;
            self.execute(protocol, turn);
        }
    }

    /// Does what is committed, in order.
    pub(super) fn execute(&mut self, protocol: &PbftProtocol, turn: Now<'_, '_>) {
        let mut did_something = false;
        while let Some(slot) =
            self.slots.get(&(self.executed.saturating_add(1))).filter(|slot| slot.is_committed && self.executed < u64::MAX)
        {
            let proposal = slot.accepted.and_then(|(_, proposal)| proposal);
            self.executed += 1;
            self.recent.push_back((self.executed, proposal));
            if self.recent.len() as u64 > protocol.window() {
                self.recent.pop_front();
            }
            if let Some(request) = proposal {
                did_something |= self.do_request(request, turn);
            }
            turn.announce("Executes", self.executed as i64);
            if self.executed.is_multiple_of(u64::from(protocol.spec.checkpoint_every)) {
                self.take_snapshot(protocol, turn);
            }
        }
        // A primary that has nothing done, place after place, is as good as one that is silent.
        if did_something {
            (self.idle_views, self.is_timed, self.has_asked) = (0, false, false);
            self.watch_the_time(protocol, turn);
        }
    }

    /// Does a request once, and answers whoever asked. Whether it was not done before.
    fn do_request(&mut self, request: Request, turn: Now<'_, '_>) -> bool {
        let known = self.answers.get(&request.id).copied();
        let answer = known.unwrap_or_else(|| {
            let answer = match request.write {
                Some(value) => {
                    self.store.insert(request.key, value);
                    0
                }
                None => self.store.get(&request.key).copied().unwrap_or(0),
            };
            self.remember(request.id, answer);
            answer
        });
        for held in self.waiting.remove(&request.id).into_iter().flat_map(|(_, asking)| asking) {
            turn.send(To::Held(held), Message::Reply(request.id, answer));
        }
        known.is_none()
    }

    /// What it did at a place, if that is not long ago.
    pub(super) fn did(&self, place: u64) -> Proposal {
        self.recent.iter().rev().find(|(at, _)| *at == place).and_then(|(_, proposal)| *proposal)
    }

    pub(super) fn remember(&mut self, id: u64, answer: u64) {
        self.answers.insert(id, answer);
        self.done.push_back(id);
        if self.done.len() > MOST_ANSWERS
            && let Some(old) = self.done.pop_front()
        {
            self.answers.remove(&old);
        }
    }
}
