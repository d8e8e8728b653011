//! What does somebody see who looks into the members' memories and knows the true time?

use super::Patience;
use super::log::Mark;
use super::member::Member;
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::protocols::Announcement;
use crate::protocols::told::Beginning;
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};

/// What was really elected and committed.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Who was elected in each of the last terms.
    elected: BTreeMap<u64, InstanceId>,
    /// Who takes itself for the leader, and what was seen of it.
    leading: BTreeMap<InstanceId, Reign>,
    /// Since when nobody does; from the beginning on unless somebody was elected.
    without: Option<SimTime>,
    was_led: bool,
    /// Since when several do.
    several: Option<SimTime>,
    /// The entries that are known to be committed, the last ones: from the index `first` on.
    committed: VecDeque<Committed>,
    first: u64,
    /// The last entries that were seen at the ends of logs: by index and term what they stand for.
    seen: BTreeMap<(u64, u64), u64>,
}

/// An entry that is known to be committed; its term is 0 if the entry itself was not seen.
#[derive(Clone, Copy, Debug)]
struct Committed {
    term: u64,
    chain: u64,
    /// The term of whoever said so first.
    during: u64,
}

/// A leader, as it is seen.
#[derive(Clone, Copy, Debug)]
struct Reign {
    /// Since when it gets entries committed without a long pause, and when it did so last.
    since: SimTime,
    last: SimTime,
}

/// So many committed entries, ends of logs and terms are remembered: what lies further back is not judged.
const MOST: usize = 1 << 16;

/// A leader that has entries committed with shorter pauses than this has been heard by some member of every majority within the least election timeout, with
/// room for messages that are slow: own choice.
fn pause(patience: Patience) -> SimDuration {
    patience.least.scaled(1, 3)
}

impl Watch {
    /// A member has made something known.
    pub(super) fn see(
        &mut self,
        (instance, member): (InstanceId, &Member),
        announced: Announcement,
        (now, patience): (SimTime, Patience),
        observations: &mut Observations,
    ) {
        match announced.what {
            "Campaigns" => {
                observations.count("campaigns", 1);
                observations.most("term", member.term);
                self.judge_campaign((instance, member.term), (now, patience), observations);
            }
            "LeaderElected" => {
                self.leads(instance, member.term, now, observations);
                self.judge_completeness((instance, member), now, observations);
                self.judge_end((instance, member), now, observations);
            }
            "SteppedDown" => {
                observations.count("leaders that stepped down", 1);
                self.leads_no_more(instance, now, observations);
            }
            "Committed" => {
                self.judge_commit((instance, member), now, observations);
                self.judge_end((instance, member), now, observations);
                if member.leads()
                    && let Some(reign) = self.leading.get_mut(&instance)
                {
                    if now.saturating_since(reign.last) > pause(patience) {
                        reign.since = now;
                    }
                    reign.last = now;
                    observations.speaks_for("StableLeader");
                }
            }
            "LogFull" => observations.count("operations refused by a full log", 1),
            "RefusesToStart" => observations.count("members that found their disk damaged", 1),
            "DropsTorn" => observations.count("torn records dropped", 1),
            "Recovers" => observations.count("recoveries", 1),
            _ => {}
        }
    }

    fn leads(&mut self, instance: InstanceId, term: u64, now: SimTime, observations: &mut Observations) {
        observations.count("leaders elected", 1);
        observations.speaks_for("ElectionSafety");
        let other = *self.elected.entry(term).or_insert(instance);
        if other != instance {
            observations
                .violated("ElectionSafety", now, || format!("member {instance} was elected in term {term}, and so was member {other}"));
        }
        if self.elected.len() > MOST {
            self.elected.pop_first();
        }
        if self.leading.is_empty() {
            let since = self.without.take().unwrap_or(SimTime::ZERO);
            if !std::mem::replace(&mut self.was_led, true) || since > SimTime::ZERO {
                observations.total("time without a leader", now - since);
                observations.longest("time without a leader", now - since);
            }
        }
        self.leading.insert(instance, Reign { since: now, last: now });
        if self.leading.len() == 2 {
            self.several = Some(now);
        }
    }

    /// A member does not take itself for the leader any more.
    pub(super) fn leads_no_more(&mut self, instance: InstanceId, now: SimTime, observations: &mut Observations) {
        if self.leading.remove(&instance).is_none() {
            return;
        }
        if self.leading.is_empty() {
            self.without = Some(now);
        }
        if self.leading.len() < 2
            && let Some(since) = self.several.take()
        {
            observations.total("time with two leaders", now - since);
        }
    }

    /// The run is over.
    pub(super) fn conclude(&mut self, now: SimTime, observations: &mut Observations) {
        if self.leading.is_empty() {
            let since = self.without.unwrap_or(SimTime::ZERO);
            observations.total("time without a leader", now - since);
            observations.longest("time without a leader", now - since);
        }
        if let Some(since) = self.several {
            observations.total("time with two leaders", now - since);
        }
    }

    /// Nobody has to begin a term as long as a leader gets its entries committed all the time.
    fn judge_campaign(&self, (by, term): (InstanceId, u64), (now, patience): (SimTime, Patience), observations: &mut Observations) {
        let is_settled = |reign: &Reign| {
            now.saturating_since(reign.last) <= pause(patience) && now.saturating_since(reign.since) >= patience.least.saturating_mul(2)
        };
        if let Some((leader, reign)) = self.leading.iter().find(|&(&leader, reign)| leader != by && is_settled(reign)) {
            let since = reign.since;
            observations.violated("StableLeader", now, || {
                format!("member {by} began term {term} while member {leader} led, which had entries committed all the time since {since}")
            });
        }
    }

    /// Whoever is elected has everything that was committed in earlier terms.
    fn judge_completeness(&self, (by, member): (InstanceId, &Member), now: SimTime, observations: &mut Observations) {
        let Some(back) = self.committed.iter().rposition(|entry| entry.during < member.term && entry.term > 0) else { return };
        observations.speaks_for("LeaderCompleteness");
        let (index, wanted) = (self.first + back as u64, self.committed[back]);
        let found = member.log.mark(index);
        if index < member.log.base().index || found.is_some_and(|found| found.chain == wanted.chain) {
            return;
        }
        observations.violated("LeaderCompleteness", now, || {
            let (index, committed, own) = self.parting(member, index);
            format!("member {by} was elected in term {}, and entry {index} of its log is {own}; committed was {committed}", member.term)
        });
    }

    /// What a member takes for committed is what others do.
    fn judge_commit(&mut self, (by, member): (InstanceId, &Member), now: SimTime, observations: &mut Observations) {
        let Some(mark) = member.log.mark(member.commit) else { return };
        let end = self.first + self.committed.len() as u64;
        if self.committed.is_empty() {
            self.first = mark.index;
        }
        for index in self.first.max(end)..=mark.index {
            let Mark { term, chain, .. } = member.log.mark(index).unwrap_or_default();
            self.committed.push_back(Committed { term, chain, during: member.term });
        }
        while self.committed.len() > MOST {
            self.committed.pop_front();
            self.first += 1;
        }
        observations.most("entries committed", mark.index);
        observations.speaks_for("StateMachineSafety");
        let known = mark.index.checked_sub(self.first).and_then(|place| self.committed.get(place as usize));
        if known.is_some_and(|known| known.term > 0 && known.chain != mark.chain) {
            observations.violated("StateMachineSafety", now, || {
                let (index, committed, own) = self.parting(member, mark.index);
                format!("member {by} took entry {index} for committed, which is {own}; committed before was {committed}")
            });
        }
    }

    /// Where a log and what was committed part, at this index or before: the index, and what is there in words.
    fn parting(&self, member: &Member, at: u64) -> (u64, String, String) {
        let committed = |index: u64| index.checked_sub(self.first).and_then(|place| self.committed.get(place as usize));
        let differs = |index: &u64| {
            let (known, own) = (committed(*index), member.log.mark(*index));
            known.is_some_and(|known| known.term > 0 && own.is_none_or(|own| own.chain != known.chain))
        };
        let first = self.first.max(member.log.base().index);
        let index = (first..=at).find(differs).unwrap_or(at);
        let (known, own) = (committed(index).copied(), member.log.mark(index));
        let terms = [known.map(|known| known.term), member.log.term(index)];
        let in_words = |term: Option<u64>| term.map_or("missing".to_owned(), |term| format!("one of term {term}"));
        let [known_in_words, own_in_words] = terms.map(in_words);
        match (known, own) {
            // Two leaders of one term: what tells their entries apart is what is in them, of which the beginning of a fingerprint is told.
            (Some(known), Some(own)) if terms[0] == terms[1] => (
                index,
                format!("another {known_in_words} ({})", Beginning(known.chain)),
                format!("{own_in_words} ({})", Beginning(own.chain)),
            ),
            _ => (index, known_in_words, own_in_words),
        }
    }

    /// Where two logs have an entry of the same index and term, they are the same up to there.
    fn judge_end(&mut self, (by, member): (InstanceId, &Member), now: SimTime, observations: &mut Observations) {
        observations.speaks_for("LogMatching");
        let end = member.log.end();
        let chain = *self.seen.entry((end.index, end.term)).or_insert(end.chain);
        if chain != end.chain {
            let Mark { index, term, .. } = end;
            observations.violated("LogMatching", now, || {
                format!("the log of member {by} up to entry {index} of term {term} is not that of another that has this entry")
            });
        }
        if self.seen.len() > MOST {
            self.seen.pop_first();
        }
    }
}
