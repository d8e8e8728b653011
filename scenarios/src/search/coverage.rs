//! Which orders of events has nobody seen before?
//!
//! Own definition. A *behaviour* is three kinds of records that follow each other at one node: `fault begins, died, returned`, or an
//! election, a vote and another election. A run shows the set of its behaviours; what no run before it has shown is new. The set is a table of
//! bits under a hash, as coverage tables of fuzzers are (M. Zalewski, AFL, technical details), so that two behaviours may share a place: the
//! count is a lower bound, by about a tenth when a fifth of the table is used. Left out: how often a behaviour is shown, and by whom.

use models::ids::NodeId;
use models::record::Record;
use sim_core::draw::{Key, mix};
use sim_core::observe::{Observer, Record as _};
use sim_core::time::SimTime;

/// Places of the table: 32 KiB of bits, far more than the behaviours of one scenario.
const PLACES: usize = 1 << 18;

/// What concerns no node.
const NOBODY: u32 = u32::MAX;

/// A set of behaviours.
#[derive(Clone, Debug)]
pub struct Behaviours {
    bits: Vec<u64>,
}

impl Default for Behaviours {
    fn default() -> Self {
        Self { bits: vec![0; PLACES / 64] }
    }
}

impl Behaviours {
    fn insert(&mut self, behaviour: u64) {
        let place = behaviour as usize % PLACES;
        self.bits[place / 64] |= 1 << (place % 64);
    }

    /// Adds those of a run, and answers how many of them are new.
    pub fn add(&mut self, others: &Self) -> u64 {
        let mut new = 0;
        for (mine, theirs) in self.bits.iter_mut().zip(&others.bits) {
            new += u64::from((theirs & !*mine).count_ones());
            *mine |= theirs;
        }
        new
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.bits.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

/// A bystander that takes note of the behaviours of a run.
#[derive(Debug, Default)]
pub struct Coverage {
    seen: Behaviours,
    /// The last two kinds of each node.
    last: Vec<[u64; 2]>,
    /// The last two kinds of what concerns no node.
    elsewhere: [u64; 2],
}

impl Coverage {
    /// What the run has shown.
    pub fn behaviours(self) -> Behaviours {
        self.seen
    }
}

impl Observer<Record> for Coverage {
    fn record(&mut self, _: SimTime, record: &Record) {
        let (node, kind) = place_and_kind(record);
        let last = if node == NOBODY {
            &mut self.elsewhere
        } else {
            let index = node as usize;
            if self.last.len() <= index {
                self.last.resize(index + 1, [0; 2]);
            }
            &mut self.last[index]
        };
        let [before, between] = *last;
        *last = [between, kind];
        self.seen.insert(mix(mix(mix(u64::from(node) ^ before).wrapping_add(between)).wrapping_add(kind)));
    }

    /// A note follows from records that are seen anyway.
    fn note(&mut self, _: SimTime, _: &Record) {}
}

/// At which node something happened, and of which kind it is: words of a protocol count as kinds of their own, numbers do not.
fn place_and_kind(record: &Record) -> (u32, u64) {
    let at = |node: NodeId, kind: u64| (node.0, mix(kind));
    let said = |node: NodeId, kind: u64, word: &str| (node.0, Key::named(word).child(kind).bits());
    match record {
        Record::Sent(_, node) => at(*node, 3),
        Record::Dropped(_, node, loss) => at(*node, 4 | (*loss as u64) << 8),
        Record::Queued(_, node) => at(*node, 5),
        Record::Started(_, node) => at(*node, 6),
        Record::Answered(_, node, outcome) => said(*node, 7, outcome.name()),
        Record::Delivered(_, node, outcome) => said(*node, 8, outcome.name()),
        Record::DeliveredLate(_, node, outcome) => said(*node, 9, outcome.name()),
        Record::Abandoned(_, node) => at(*node, 10),
        Record::Discarded(_, node) => at(*node, 11),
        Record::NodeDied(node) => at(*node, 14),
        Record::NodeReturned(node) => at(*node, 15),
        Record::Altered(_, node) => at(*node, 16),
        Record::TurnedBack(_, node, outcome) => said(*node, 17, outcome.name()),
        Record::Broken(_, node) => at(*node, 18),
        Record::Ignored(_, node) => at(*node, 19),
        Record::Replied(_, node) => at(*node, 40),
        Record::Unheard(_, node) => at(*node, 41),
        Record::MemberSent(name) => said(name.from, 21, name.kind),
        Record::MemberHeard(name) => said(name.to, 22, name.kind),
        Record::MemberMissed(name, loss) => said(name.to, 23 | (*loss as u64) << 8, name.kind),
        Record::TimerFired(node) => at(*node, 24),
        Record::Announced(node, what, _) => said(*node, 25, what),
        Record::ClockSet(node, _) => at(*node, 26),
        Record::MemberMisheard(name) => said(name.to, 27, name.kind),
        Record::JobBegan(node) => at(*node, 31),
        Record::JobEnded(node) => at(*node, 32),
        Record::NodePaused(node) => at(*node, 33),
        Record::NodeResumed(node) => at(*node, 34),
        Record::CallEnded(_, outcome) => (NOBODY, Key::named(outcome.name()).child(2).bits()),
        Record::Shifted(at) => (NOBODY, Key::named(at.shift.name()).child(35).bits()),
        Record::CallStarted(_) => (NOBODY, mix(1)),
        Record::CallAbandoned(_) => (NOBODY, mix(36)),
        // Which fault, and at whom, is what they are about.
        Record::FaultBegan(..) | Record::FaultEnded(..) | Record::Converged | Record::AlertFired(_) | Record::AlertResolved(_) => {
            (NOBODY, mix(record.fingerprint()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(records: &[Record]) -> Behaviours {
        let mut coverage = Coverage::default();
        records.iter().for_each(|record| coverage.record(SimTime::ZERO, record));
        coverage.behaviours()
    }

    #[test]
    fn what_was_seen_in_this_order_before_is_not_new() {
        let (dies, returns) = (Record::NodeDied(NodeId(1)), Record::NodeReturned(NodeId(1)));
        let mut all = Behaviours::default();
        assert_eq!(all.add(&shown(&[dies, returns, dies, returns])), 4);
        assert_eq!(all.add(&shown(&[dies, returns])), 0, "a beginning of what is known");
        assert_eq!(all.add(&shown(&[dies, dies, dies])), 2, "another order");
        assert_eq!(all.count(), 6);
    }

    #[test]
    fn what_happens_at_another_node_meanwhile_is_another_order_of_neither() {
        let (dies, returns) = (Record::NodeDied(NodeId(1)), Record::NodeReturned(NodeId(1)));
        let elsewhere = Record::NodeDied(NodeId(2));
        let (mut all, alone) = (shown(&[dies, returns]), shown(&[elsewhere]));
        all.add(&alone);
        assert_eq!(all.add(&shown(&[dies, elsewhere, returns])), 0);
    }
}
