//! Do all who are loyal do the same, and what a loyal commander ordered?

use crate::measure::Observations;
use crate::protocols::{Announcement, Seen, Speaker, Truth};
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// What generals decided in agreements that are under way.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    agreements: BTreeMap<u64, Fate>,
}

#[derive(Clone, Debug)]
struct Fate {
    since: SimTime,
    /// What a loyal commander ordered.
    order: Option<bool>,
    /// What loyal lieutenants do, and how many of all have decided.
    done: Vec<bool>,
    decided: u32,
}

impl Watch {
    pub(super) fn sees(&mut self, seen: Seen, (generals, length): (u32, SimDuration), truth: &Truth<'_>, observations: &mut Observations) {
        let Seen::Announced(Speaker::Member(member, _), Announcement { what, value }) = seen else { return };
        let (agreement, attacks) = (value as u64 >> 1, value & 1 == 1);
        let is_loyal = truth.is_honest(member);
        let fate = self.agreements.entry(agreement).or_insert(Fate { since: truth.now, order: None, done: Vec::new(), decided: 0 });
        if what == "Commands" {
            fate.order = is_loyal.then_some(attacks);
            return self.forget_old(truth.now, length, observations);
        }
        fate.decided += 1;
        if is_loyal {
            fate.done.push(attacks);
        }
        if fate.decided == generals - 1
            && let Some(fate) = self.agreements.remove(&agreement)
        {
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
        std::mem::take(&mut self.agreements).into_values().for_each(|fate| fate.judge(now, observations));
    }
}

impl Fate {
    fn judge(&self, now: SimTime, observations: &mut Observations) {
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
