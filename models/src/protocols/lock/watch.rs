//! Who has the lock really, and does anybody write over what another has written meanwhile?

use super::protocol::Member;
use crate::ids::InstanceId;
use crate::measure::Observations;
use crate::protocols::{Announcement, Seen, Speaker};
use sim_core::time::SimTime;
use std::collections::{BTreeMap, VecDeque};

/// So many writes are remembered, the last ones.
const MOST_WRITES: usize = 8;

/// A change of the resource.
#[derive(Clone, Copy, Debug)]
struct Written {
    version: u64,
    based_on: u64,
    /// Who made it, and with which token.
    by: (i64, u64),
    at: SimTime,
    /// The number of its announcement.
    announced: u64,
}

impl Written {
    /// That this was written over another, if that is remembered.
    fn over(&self, other: Option<&Self>) -> String {
        let ((holder, token), based_on, overwritten) = (self.by, self.based_on, self.version - 1);
        let by = other.map_or_else(String::new, |other| {
            let (holder, token) = other.by;
            format!(", which member {holder} wrote with token {token} at {}", other.at)
        });
        format!(
            "member {holder} wrote with token {token} what it made of version {based_on}, and the resource had come to version {overwritten} meanwhile{by}"
        )
    }
}

/// Who believes that it has the lock, and since when two do; and what was written last.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    holders: BTreeMap<InstanceId, SimTime>,
    two_since: Option<SimTime>,
    writes: VecDeque<Written>,
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
    pub(super) fn looks(&mut self, member: &Member, announced: Announcement, now: SimTime, observations: &mut Observations) {
        let (Member::Resource(resource), "Writes") = (member, announced.what) else { return };
        observations.count("writes", 1);
        observations.speaks_for("OneWriterAtATime");
        let (by, number) = ((announced.value, resource.token), observations.announced());
        let write = Written { version: resource.version, based_on: resource.based_on, by, at: now, announced: number };
        let is_over_another = write.based_on.wrapping_add(1) != write.version;
        if is_over_another {
            observations.violated_against("OneWriterAtATime", now, || {
                let between = self.writes.iter().filter(|other| (write.based_on.saturating_add(1)..write.version).contains(&other.version));
                (write.over(between.clone().next_back()), between.map(|other| other.announced).collect())
            });
        }
        self.writes.push_back(write);
        if self.writes.len() > MOST_WRITES {
            self.writes.pop_front();
        }
        observations.count("writes over those of another holder", u64::from(is_over_another));
    }

    pub(super) fn ends(&mut self, now: SimTime, observations: &mut Observations) {
        while let Some((&holder, _)) = self.holders.first_key_value() {
            self.released(holder, now, observations);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_over_another_says_who_made_that() {
        let write = |version, based_on, by, at| Written { version, based_on, by, at: SimTime::from_nanos(at), announced: version };
        let (stale, late) = (write(1, 0, (1, 2), 8_700_000_001), write(2, 0, (2, 5), 9_200_000_005));
        let sentence = "member 2 wrote with token 5 what it made of version 0, and the resource had come to version 1 meanwhile";
        assert_eq!(late.over(Some(&stale)), format!("{sentence}, which member 1 wrote with token 2 at 8.700000001s"));
        assert_eq!(late.over(None), sentence);
    }
}
