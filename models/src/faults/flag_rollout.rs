//! Flag rollout: a flag is turned on, at one replica after another or everywhere at once, and off again.
//!
//! What a flag changes, the program of the service says (`Flag(name: ...)`). Between the first and the last replica both behaviours are there at
//! the same time, which is what makes a bad one visible before it is everywhere.

use super::rollout::Pace;
use super::{Explanation, Fault, Luck, Member, Names, Span, Timing, parameter, target};
use crate::environment::{FlagOn, NodeEffect, Within};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use crate::services::FlagId;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// A flag is on at replicas, which get it one after another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlagRollout {
    /// The service (all its replicas) or one of them, `"shop[1]"`; or a list of those.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every service replica in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// The flag, as the `does` of a service names it.
    pub flag: String,
    /// How long after one replica the next one has the flag on; all at once unless said.
    #[serde(default)]
    pub rollout: SimDuration,
    /// How long after one replica the next one has it off again; as `rollout` unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<SimDuration>,
}

impl Registered for FlagRollout {
    const NAME: &'static str = "FlagRollout";
    const SUMMARY: &'static str = "a flag is turned on replica by replica, or everywhere at once, and off again";
}

impl Fault for FlagRollout {
    const EXPLANATION: Explanation = Explanation {
        meaning: "The replicas have the flag on one after another, every `rollout`, and do what the task `Flag(name: ...)` in the `does` of their service \
                  says for it; the others do what it says otherwise. When the fault ends those that have it on have it off again in the same order, \
                  every `back`; the others never get it. A crash changes nothing: a flag belongs to the version of a replica. A service that \
                  `rolls_back` takes it back as it does a bad deploy. A service without the flag, in some arm, does not notice.",
        in_flight: "Messages are not touched. A request asks for the flag when it comes to the task; what it has begun it goes on with.",
        overlap: "A replica has a flag on as long as any fault says so. Flags of different names have nothing to do with each other.",
        parameters: &[
            parameter("node", "service, replica, or a list", "required without `domain`", "who gets the flag, in the order of the system"),
            parameter("domain", "domain, or a list", "none", "every service in it"),
            parameter("flag", "text", "required", "the name of the flag"),
            parameter("rollout", "duration", "0s", "the time between one replica and the next, on the way out"),
            parameter("back", "duration", "as `rollout`", "the same on the way back; \"0s\": everywhere at once"),
        ],
        example: "FlagRollout(node: \"shop\", flag: \"new-prices\", rollout: \"10s\", back: \"0s\", at: \"60s\", lasts: \"2m\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let flag = FlagOn { flag: FlagId::named(&self.flag), within: Within::ALL };
        let replicas = target::members_of_services(&self.node, &self.domain, places, |_| Ok(NodeEffect::Flag(flag)))?;
        // One member, so that the replicas follow each other within one strike.
        Ok(vec![Member { name: self.label(), effects: replicas.into_iter().flat_map(|replica| replica.effects).collect() }])
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, _luck: Luck<'_>) -> Vec<Span> {
        self.pace().course(&member.effects, lasts)
    }

    fn label(&self) -> String {
        format!("flag {} of {}", self.flag, target::in_words(&self.node, &self.domain))
    }

    fn back_after(&self, reached: SimDuration) -> SimDuration {
        self.pace().back_after(reached)
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.flag.is_empty() {
            complaints.push(complaint("flag", "which flag? Write the name that the service asks for, such as \"new-prices\""));
        }
        if timing.pick.is_some() {
            complaints.push(complaint("pick", "a flag goes to all its replicas one after another; name fewer of them instead"));
        }
        complaints
    }
}

impl FlagRollout {
    fn pace(&self) -> Pace {
        Pace { out: self.rollout, back: self.back.unwrap_or(self.rollout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Effect;

    #[test]
    fn a_pace_says_when_each_replica_has_a_change_and_when_it_has_lost_it() {
        let (seconds, count) = (SimDuration::from_secs, |time: SimDuration| time.as_nanos() / 1_000_000_000);
        let effects: Vec<Effect> = (0..3).map(|node| Effect::Node(crate::ids::NodeId(node), NodeEffect::Drains)).collect();
        let spans = |pace: Pace, lasts: Option<u64>| -> Vec<(u64, Option<u64>)> {
            let course = pace.course(&effects, lasts.map(seconds));
            course.iter().map(|span| (count(span.from), span.until.map(count))).collect()
        };
        let slow = Pace { out: seconds(10), back: seconds(1) };
        assert_eq!(spans(slow, Some(60)), [(0, Some(60)), (10, Some(61)), (20, Some(62))]);
        assert_eq!(spans(slow, Some(20)), [(0, Some(20)), (10, Some(21))]);
        assert_eq!(spans(slow, None), [(0, None), (10, None), (20, None)]);
        let at_once = Pace { out: SimDuration::ZERO, back: SimDuration::ZERO };
        assert_eq!(spans(at_once, Some(5)), [(0, Some(5)); 3]);
        assert_eq!((count(slow.back_after(seconds(20))), count(at_once.back_after(SimDuration::ZERO))), (2, 0));
    }
}
