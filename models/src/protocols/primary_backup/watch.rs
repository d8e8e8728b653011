//! Does every later primary know what was acknowledged, and is there one at a time?

use super::member::{Member, Role};
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::protocols::acknowledged::Acknowledged;
use crate::protocols::{Announcement, Seen};
use sim_core::time::SimTime;
use std::collections::BTreeSet;

/// The last write of each key that was acknowledged, and who leads.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    acknowledged: Acknowledged,
    leading: BTreeSet<InstanceId>,
    two_since: Option<SimTime>,
    gone_since: Option<SimTime>,
}

impl Watch {
    pub(super) fn dies(&mut self, seen: Seen, now: SimTime, observations: &mut Observations) {
        if let Seen::Died(_, instance) = seen {
            self.stops(instance, now, observations);
        }
    }

    fn stops(&mut self, instance: InstanceId, now: SimTime, observations: &mut Observations) {
        self.leading.remove(&instance);
        if self.leading.len() < 2
            && let Some(since) = self.two_since.take()
        {
            observations.total("time with two primaries", now - since);
        }
        if self.leading.is_empty() && self.gone_since.is_none() {
            self.gone_since = Some(now);
        }
    }

    pub(super) fn sees(
        &mut self,
        (instance, member): (InstanceId, &Member),
        (leader, announced): (u32, Announcement),
        now: SimTime,
        observations: &mut Observations,
    ) {
        match announced.what {
            "Leads" => {
                // Whoever leads from the beginning takes over from nobody.
                observations.count("take-overs", u64::from(announced.value != 0));
                self.acknowledged.leads((leader, &member.state.store), now, observations);
                self.leading.insert(instance);
                if self.leading.len() == 2 {
                    self.two_since = Some(now);
                }
                if let Some(since) = self.gone_since.take() {
                    observations.total("time without a primary", now - since);
                }
            }
            "StepsDown" => self.stops(instance, now, observations),
            "Acknowledges" if member.role == Role::Primary => {
                observations.count("writes and reads acknowledged", 1);
                let found = member.done.iter().find(|(number, _)| *number == announced.value as u64);
                if let Some(&(number, (key, Some(value)))) = found {
                    self.acknowledged.done(leader, (key, value, number), observations);
                }
            }
            _ => {}
        }
    }

    pub(super) fn ends(&mut self, now: SimTime, observations: &mut Observations) {
        if let Some(since) = self.gone_since.take() {
            observations.total("time without a primary", now - since);
        }
        if let Some(since) = self.two_since.take() {
            observations.total("time with two primaries", now - since);
        }
    }
}
