//! Do all who are loyal do the same, and what a loyal commander ordered?

use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::protocols::{Announcement, Seen, Speaker, Truth};
use sim_core::time::{SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet};

/// What generals decided in agreements that are under way, or were a moment ago.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    agreements: BTreeMap<u64, Fate>,
}

#[derive(Clone, Debug)]
struct Fate {
    since: SimTime,
    /// What a loyal commander ordered.
    order: Option<bool>,
    /// What loyal lieutenants do, and who of all has decided in the life it is in.
    done: Vec<bool>,
    decided: BTreeSet<InstanceId>,
    is_judged: bool,
}

impl Watch {
    pub(super) fn sees(&mut self, seen: Seen, (generals, length): (u32, SimDuration), truth: &Truth<'_>, observations: &mut Observations) {
        if let Seen::Died(_, instance) = seen {
            // What it had decided it has forgotten, and who is dead has no word to keep.
            for fate in self.agreements.values_mut() {
                fate.decided.remove(&instance);
            }
        }
        let Seen::Announced(Speaker::Member(member, instance), Announcement { what, value }) = seen else { return };
        let (agreement, attacks) = (value as u64 >> 1, value & 1 == 1);
        let is_loyal = truth.is_honest(member);
        let fate = self.agreements.entry(agreement).or_insert_with(|| Fate::begun(truth.now));
        if what == "Commands" {
            fate.order = is_loyal.then_some(attacks);
            return self.forget_old(truth.now, length, observations);
        }
        let is_again = !fate.decided.insert(instance);
        if is_loyal && is_again {
            observations.violated("Integrity", truth.now, || format!("general {member} has decided twice in one agreement"));
        }
        if is_loyal && !fate.is_judged {
            fate.done.push(attacks);
        }
        if fate.decided.len() == generals as usize - 1 {
            fate.judge(truth.now, observations);
        }
    }

    /// Who has died decides no more.
    fn forget_old(&mut self, now: SimTime, length: SimDuration, observations: &mut Observations) {
        let is_old = |fate: &Fate| now.saturating_since(fate.since) > length.saturating_mul(4);
        self.agreements.retain(|_, fate| {
            let old = is_old(fate);
            if old {
                fate.judge(now, observations);
            }
            !old
        });
    }

    pub(super) fn ends(&mut self, now: SimTime, observations: &mut Observations) {
        std::mem::take(&mut self.agreements).into_values().for_each(|mut fate| fate.judge(now, observations));
    }
}

impl Fate {
    const fn begun(since: SimTime) -> Self {
        Self { since, order: None, done: Vec::new(), decided: BTreeSet::new(), is_judged: false }
    }

    /// Judges it, once.
    fn judge(&mut self, now: SimTime, observations: &mut Observations) {
        if std::mem::replace(&mut self.is_judged, true) {
            return;
        }
        let Some(first) = self.done.first() else { return };
        observations.count("agreements", 1);
        let attacks = self.done.iter().filter(|&&attacks| attacks).count();
        let (is_split, retreats) = (self.done.iter().any(|order| order != first), self.done.len() - attacks);
        observations.count("agreements without agreement", u64::from(is_split));
        if is_split {
            observations.violated("Agreement", now, || format!("of those who are loyal {attacks} attack and {retreats} retreat"));
        }
        let disobeys = self.order.is_some_and(|ordered| self.done.iter().any(|&order| order != ordered));
        observations.count("orders disobeyed", u64::from(disobeys));
        if disobeys {
            let order = if self.order == Some(true) { "attack" } else { "retreat" };
            observations.violated("Validity", now, || {
                format!("a loyal commander ordered to {order}, and of those who are loyal {attacks} attack and {retreats} retreat")
            });
        }
    }
}
