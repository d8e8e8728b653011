//! Is what was acknowledged still known to whoever leads now?

use super::told::Beginning;
use crate::measure::Observations;
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// The property that is watched with it: name and summary.
pub(super) const KEEPS_ACKNOWLEDGED: (&str, &str) = ("KeepsAcknowledged", "whoever leads anew knows whatever was acknowledged before");

/// The last write of each key that was acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged(BTreeMap<u32, Write>);

/// A write that was acknowledged.
#[derive(Clone, Copy, Debug)]
struct Write {
    value: u64,
    number: u64,
    /// The member that acknowledged it.
    by: u32,
}

impl Acknowledged {
    /// A member acknowledges a write: its key, value and number. It speaks for what is claimed unless somebody leads later who does not know it.
    pub(super) fn done(&mut self, by: u32, (key, value, number): (u32, u64, u64), observations: &mut Observations) {
        observations.speaks_for(KEEPS_ACKNOWLEDGED.0);
        self.0.insert(key, Write { value, number, by });
    }

    /// Somebody leads anew with this store: it has the last acknowledged write to every key, or a later one. What it lacks is lost, and no
    /// later leader is asked for it.
    pub(super) fn leads(&mut self, (leader, store): (u32, &BTreeMap<u32, (u64, u64)>), now: SimTime, observations: &mut Observations) {
        let mut lost: Vec<(u32, Write)> = Vec::new();
        self.0.retain(|key, write| {
            let is_known = store.get(key).is_some_and(|(has, number)| *has == write.value || *number > write.number);
            lost.extend((!is_known).then_some((*key, *write)));
            is_known
        });
        observations.count("keys whose acknowledged value was lost", lost.len() as u64);
        if let Some((key, Write { value, by, .. })) = lost.first() {
            observations.violated(KEEPS_ACKNOWLEDGED.0, now, || {
                let has = store.get(key).map_or(0, |(has, _)| *has);
                let more = match lost.len() - 1 {
                    0 => String::new(),
                    1 => ", nor of another key".to_owned(),
                    more => format!(", nor of {more} other keys"),
                };
                let (has, value) = (Beginning(has), Beginning(*value));
                format!("member {leader} leads now with {has} for key {key}, and does not know {value}, which member {by} had acknowledged{more}")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_told_with_its_key_its_value_and_who_had_acknowledged_it() {
        let (mut acknowledged, mut observations) = (Acknowledged::default(), Observations::default());
        let value = |first: u64| first << 40 | 7;
        acknowledged.done(2, (5, value(0x2313c9), 11), &mut observations);
        acknowledged.done(1, (6, value(0x5f3a21), 12), &mut observations);
        acknowledged.done(1, (7, value(0x1ae11a), 13), &mut observations);
        let knows_more = BTreeMap::from([(5, (value(1), 14)), (6, (value(0x5f3a21), 12)), (7, (value(0x1ae11a), 13))]);
        acknowledged.leads((3, &knows_more), SimTime::ZERO, &mut observations);
        assert_eq!(observations.violations(KEEPS_ACKNOWLEDGED.0), None, "a later write takes the place of what was acknowledged");
        let knows_less = BTreeMap::from([(5, (value(0xa00000), 10)), (6, (value(0x5f3a21), 12))]);
        acknowledged.leads((0, &knows_less), SimTime::ZERO, &mut observations);
        let told =
            "member 0 leads now with a00000 for key 5, and does not know 2313c9, which member 2 had acknowledged, nor of another key";
        assert_eq!(observations.violations(KEEPS_ACKNOWLEDGED.0), Some((1, SimTime::ZERO, told)));
        acknowledged.leads((0, &BTreeMap::new()), SimTime::ZERO, &mut observations);
        let counted: Vec<i64> = observations.list().into_iter().map(|one| one.value).collect();
        assert_eq!(counted, [3], "of what is lost nobody is asked again");
    }
}
