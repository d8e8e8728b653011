//! What does somebody see who knows what was written, and looks into members' memories?

use super::Entry;
use super::member::Member;
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::protocols::Announcement;
use std::collections::BTreeMap;

/// What was really written and acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// The key that each value was written to.
    written: BTreeMap<u64, u32>,
    /// The writes that were acknowledged and not lost, by their slots and by who did so.
    acknowledged: BTreeMap<(u64, InstanceId), Entry>,
    /// Slot and value of the write to each key that was acknowledged last, lost or not.
    latest: BTreeMap<u32, (u64, u64)>,
}

impl Watch {
    /// A member has made something known.
    pub(super) fn see(&mut self, (instance, member): (InstanceId, &Member), announced: Announcement, observations: &mut Observations) {
        let number = announced.value.unsigned_abs();
        match announced.what {
            "Appends" => {
                if let Some(entry) = member.entry(number) {
                    self.written.insert(entry.value, entry.key);
                }
            }
            "Acknowledges" => {
                if let Some(entry) = member.entry(number) {
                    let others = self.acknowledged.range((number, InstanceId(0))..=(number, InstanceId(u32::MAX)));
                    let conflicts = others.filter(|&(&(_, by), other)| by != instance && *other != entry).count();
                    observations.count("writes acknowledged into a slot of another", conflicts as u64);
                    self.acknowledged.insert((number, instance), entry);
                    self.latest.insert(entry.key, (number, entry.value));
                }
                observations.count("writes acknowledged", 1);
            }
            "Reads" => self.judge(member, number as u32, observations),
            "Recovers" => {
                let kept =
                    |slot: u64, entry: &Entry| member.entry(slot).is_some_and(|found| (found.key, found.value) == (entry.key, entry.value));
                let before = self.acknowledged.len();
                self.acknowledged.retain(|&(slot, by), entry| by != instance || kept(slot, entry));
                observations.count("acknowledged writes lost", (before - self.acknowledged.len()) as u64);
                observations.count("recoveries", 1);
            }
            "DropsTorn" => observations.count("torn records dropped", number),
            "FindsDamaged" => observations.count("damaged records found", number),
            "FindsMissing" => observations.count("records found missing", number),
            _ => {}
        }
    }

    /// A member serves a read from its memory: what it says is what was acknowledged last, or later.
    fn judge(&self, member: &Member, key: u32, observations: &mut Observations) {
        observations.count("reads served", 1);
        let latest = self.latest.get(&key);
        match member.read(key) {
            None => observations.count("stale reads", u64::from(latest.is_some())),
            Some((_, value)) if self.written.get(&value) != Some(&key) => observations.count("corrupt reads served", 1),
            Some((slot, value)) => {
                let is_stale = latest.is_some_and(|&(last, wanted)| value != wanted && slot < last);
                observations.count("stale reads", u64::from(is_stale));
            }
        }
    }
}
