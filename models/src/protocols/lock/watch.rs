//! Who has the lock really, and does anybody write over what another has written meanwhile?

use super::protocol::Member;
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::protocols::{Announcement, Seen, Speaker};
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// Who believes that it has the lock, and since when two do.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    holders: BTreeMap<InstanceId, SimTime>,
    two_since: Option<SimTime>,
}

impl Watch {
    pub(super) fn sees(&mut self, seen: Seen, now: SimTime, observations: &mut Observations) {
        match seen {
            Seen::Announced(Speaker::Member(_, holder), Announcement { what: "Holds", .. }) => {
                self.holders.insert(holder, now);
                observations.count("locks held", 1);
                if self.holders.len() == 2 {
                    self.two_since = Some(now);
                    observations.count("locks held twice", 1);
                }
            }
            Seen::Announced(Speaker::Member(_, holder), Announcement { what: "Releases", .. }) | Seen::Died(_, holder) => {
                self.released(holder, now, observations);
            }
            Seen::Announced(..) | Seen::Returned(..) => {}
        }
    }

    fn released(&mut self, holder: InstanceId, now: SimTime, observations: &mut Observations) {
        if let Some(since) = self.holders.remove(&holder) {
            observations.total("time locks were held", now - since);
        }
        if self.holders.len() < 2
            && let Some(since) = self.two_since.take()
        {
            observations.total("time with two holders", now - since);
        }
    }

    /// A write is well done if nobody else has written between it and the read that it was made of.
    pub(super) fn looks(&self, member: &Member, announced: Announcement, now: SimTime, observations: &mut Observations) {
        let (Member::Resource(resource), "Writes") = (member, announced.what) else { return };
        observations.count("writes", 1);
        observations.speaks_for("OneWriterAtATime");
        let is_over_another = resource.based_on.wrapping_add(1) != resource.version;
        if is_over_another {
            observations.violated("OneWriterAtATime", now, || {
                let overwritten = resource.version - 1;
                let (holder, based_on) = (announced.value, resource.based_on);
                format!(
                    "member {holder} wrote what it made of version {based_on}, and the resource had come to version {overwritten} meanwhile"
                )
            });
        }
        observations.count("writes over those of another holder", u64::from(is_over_another));
    }

    pub(super) fn ends(&mut self, now: SimTime, observations: &mut Observations) {
        while let Some((&holder, _)) = self.holders.first_key_value() {
            self.released(holder, now, observations);
        }
    }
}
