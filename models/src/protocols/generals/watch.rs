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
    /// When the commander ordered, or, of what lieutenants decide without that, when the first of them had begun to wait for it.
    since: SimTime,
    /// What the commander ordered.
    order: Option<bool>,
    /// What lieutenants do, by member, and who of all has decided in the life it is in.
    done: Vec<(u32, bool)>,
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
        let begun = SimTime::ZERO.saturating_add(truth.now.since_start().saturating_sub(length));
        let fate = self.agreements.entry(agreement).or_insert_with(|| Fate::begun(if what == "Commands" { truth.now } else { begun }));
        if what == "Commands" {
            fate.order = Some(attacks);
            return self.forget_old(length, truth, observations);
        }
        let is_again = !fate.decided.insert(instance);
        if truth.was_honest_since(member, fate.since) {
            observations.speaks_for("Integrity");
            if is_again {
                observations.violated("Integrity", truth.now, || format!("general {member} has decided twice in one agreement"));
            }
        }
        if !fate.is_judged {
            fate.done.push((member, attacks));
        }
        if fate.decided.len() == generals as usize - 1 {
            fate.judge(truth, observations);
        }
    }

    /// Who has died decides no more.
    fn forget_old(&mut self, length: SimDuration, truth: &Truth<'_>, observations: &mut Observations) {
        let is_old = |fate: &Fate| truth.now.saturating_since(fate.since) > length.saturating_mul(4);
        self.agreements.retain(|_, fate| {
            let old = is_old(fate);
            if old {
                fate.judge(truth, observations);
            }
            !old
        });
    }

    pub(super) fn ends(&mut self, truth: &Truth<'_>, observations: &mut Observations) {
        std::mem::take(&mut self.agreements).into_values().for_each(|mut fate| fate.judge(truth, observations));
    }
}

impl Fate {
    const fn begun(since: SimTime) -> Self {
        Self { since, order: None, done: Vec::new(), decided: BTreeSet::new(), is_judged: false }
    }

    /// Judges it, once. Loyal is who was so from its begin on: whoever has lied in it has perhaps done so to everybody before it stopped.
    fn judge(&mut self, truth: &Truth<'_>, observations: &mut Observations) {
        if std::mem::replace(&mut self.is_judged, true) {
            return;
        }
        let is_loyal = |member: u32| truth.was_honest_since(member, self.since);
        let done: Vec<bool> = self.done.iter().filter(|&&(member, _)| is_loyal(member)).map(|&(_, attacks)| attacks).collect();
        let Some(first) = done.first() else { return };
        observations.count("agreements", 1);
        observations.speaks_for("Agreement");
        let attacks = done.iter().filter(|&&attacks| attacks).count();
        let (is_split, retreats) = (done.iter().any(|order| order != first), done.len() - attacks);
        observations.count("agreements without agreement", u64::from(is_split));
        if is_split {
            observations.violated("Agreement", truth.now, || format!("of those who are loyal {attacks} attack and {retreats} retreat"));
        }
        let ordered = self.order.filter(|_| is_loyal(0));
        if ordered.is_some() {
            observations.speaks_for("Validity");
        }
        let disobeys = ordered.is_some_and(|ordered| done.iter().any(|&order| order != ordered));
        observations.count("orders disobeyed", u64::from(disobeys));
        if disobeys {
            let order = if ordered == Some(true) { "attack" } else { "retreat" };
            observations.violated("Validity", truth.now, || {
                format!("a loyal commander ordered to {order}, and of those who are loyal {attacks} attack and {retreats} retreat")
            });
        }
    }
}
