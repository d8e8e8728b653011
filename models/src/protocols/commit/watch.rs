//! Do all participants end a transaction in the same way, and for how long does one not know which?

use super::message::Transaction;
use super::protocol::Member;
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::protocols::Announcement;
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What became of transactions that are under way.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    transactions: BTreeMap<Transaction, Fate>,
    /// Those that coordinators have forgotten, the oldest first: participants may do something about them all the same.
    forgotten: VecDeque<Transaction>,
}

/// So many transactions are remembered after they were forgotten: own choice, far above what ends while a message is on its way.
const MOST_FORGOTTEN: usize = 4_096;

#[derive(Clone, Debug, Default)]
struct Fate {
    /// Who has voted yes and does not know more, and since when.
    prepared: BTreeMap<InstanceId, SimTime>,
    committed: BTreeSet<InstanceId>,
    aborted: BTreeSet<InstanceId>,
    /// Who has voted yes at all.
    yes: u32,
    /// Whether it was found that some have done it and others not.
    is_split: bool,
}

/// What the witness needs of the scenario.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) participants: u32,
    pub(super) within: Option<SimDuration>,
}

impl Watch {
    pub(super) fn sees(
        &mut self,
        (instance, member): (InstanceId, &Member),
        announced: Announcement,
        (rules, now): (Rules, SimTime),
        observations: &mut Observations,
    ) {
        let transaction = announced.value as u64;
        match announced.what {
            "Begins" => {
                self.transactions.insert(transaction, Fate::default());
            }
            "Prepares" => {
                let fate = self.transactions.entry(transaction).or_default();
                fate.prepared.insert(instance, now);
                fate.yes += 1;
            }
            "Commits" | "Aborts" => self.ended(transaction, instance, announced.what == "Commits", (rules, now), observations),
            "DecidesCommit" => observations.count("transactions committed", 1),
            "DecidesAbort" => observations.count("transactions aborted", 1),
            "Forgets" => {
                self.forgotten.push_back(transaction);
                if self.forgotten.len() > MOST_FORGOTTEN
                    && let Some(old) = self.forgotten.pop_front()
                {
                    self.transactions.remove(&old);
                }
            }
            "Recovers" => self.returned(instance, member, (rules, now), observations),
            _ => {}
        }
    }

    fn ended(
        &mut self,
        transaction: Transaction,
        instance: InstanceId,
        commits: bool,
        (rules, now): (Rules, SimTime),
        observations: &mut Observations,
    ) {
        let Some(fate) = self.transactions.get_mut(&transaction) else { return };
        ["Atomicity", "Integrity"].into_iter().for_each(|property| observations.speaks_for(property));
        if let Some(since) = fate.prepared.remove(&instance) {
            waited(now - since, (rules, now), observations);
        }
        if commits { &mut fate.committed } else { &mut fate.aborted }.insert(instance);
        if fate.committed.contains(&instance) && fate.aborted.contains(&instance) {
            observations.violated("Integrity", now, || format!("a participant has both committed and aborted transaction {transaction}"));
        }
        let wrongly = commits && fate.yes < rules.participants;
        let is_split = wrongly || !fate.committed.is_empty() && !fate.aborted.is_empty();
        observations.count("transactions split", u64::from(is_split && !fate.is_split));
        if is_split && !fate.is_split {
            fate.is_split = true;
            let (committed, aborted) = (fate.committed.len(), rules.participants as usize - fate.committed.len());
            observations.violated("Atomicity", now, || {
                format!("{committed} participants have committed transaction {transaction}, and {aborted} have not and never will, or have not voted for it")
            });
        }
    }

    /// A participant that comes back knows what it has written: of what it does not, it will never do its part.
    fn returned(&mut self, instance: InstanceId, member: &Member, rules: (Rules, SimTime), observations: &mut Observations) {
        let Member::Participant(participant) = member else { return };
        let mut forgotten = Vec::new();
        for (&transaction, fate) in &mut self.transactions {
            if let Some(since) = fate.prepared.get_mut(&instance) {
                // It could not have known more while it was down.
                *since = rules.1;
                if !participant.knows(transaction) {
                    forgotten.push(transaction);
                }
            }
        }
        forgotten.into_iter().for_each(|transaction| self.ended(transaction, instance, false, rules, observations));
    }

    pub(super) fn ends(&mut self, rules: Rules, now: SimTime, observations: &mut Observations) {
        for since in self.transactions.values().flat_map(|fate| fate.prepared.values()) {
            waited(now - *since, (rules, now), observations);
        }
        self.transactions.clear();
    }
}

fn waited(length: SimDuration, (rules, now): (Rules, SimTime), observations: &mut Observations) {
    observations.count("votes for yes", 1);
    observations.total("time from vote to decision", length);
    observations.longest("time from vote to decision", length);
    let Some(within) = rules.within else { return };
    observations.speaks_for("DecidesWithin");
    observations.count("decisions that came too late", u64::from(length > within));
    if length > within {
        observations.violated("DecidesWithin", now, || format!("a participant had voted yes and knew of no decision for {length}"));
    }
}
