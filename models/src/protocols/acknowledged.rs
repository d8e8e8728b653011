//! Is what was acknowledged still known to whoever leads now?

use crate::measure::Observations;
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// The property that is watched with it: name and summary.
pub(super) const KEEPS_ACKNOWLEDGED: (&str, &str) = ("KeepsAcknowledged", "whoever leads anew knows whatever was acknowledged before");

/// The last write of each key that was acknowledged: its value and its number.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged(BTreeMap<u32, (u64, u64)>);

impl Acknowledged {
    /// A write is acknowledged. It speaks for what is claimed unless somebody leads later who does not know it.
    pub(super) fn done(&mut self, key: u32, value: u64, number: u64, observations: &mut Observations) {
        observations.speaks_for(KEEPS_ACKNOWLEDGED.0);
        self.0.insert(key, (value, number));
    }

    /// Somebody leads anew with this store: it has the last acknowledged write to every key, or a later one. What it lacks is lost, and no
    /// later leader is asked for it.
    pub(super) fn leads(&mut self, (leader, store): (u32, &BTreeMap<u32, (u64, u64)>), now: SimTime, observations: &mut Observations) {
        let before = self.0.len();
        self.0.retain(|key, (value, number)| store.get(key).is_some_and(|(has, at)| has == value || at > number));
        let lost = before - self.0.len();
        observations.count("keys whose acknowledged value was lost", lost as u64);
        if lost > 0 {
            observations.violated(KEEPS_ACKNOWLEDGED.0, now, || {
                format!("member {leader} leads now, and does not know the last acknowledged value of {lost} keys")
            });
        }
    }
}
