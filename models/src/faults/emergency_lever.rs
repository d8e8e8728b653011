//! Emergency lever: somebody holds the breakers of an edge open, or switches them off.
//!
//! What an operator does by hand in an incident: shed all load of a dependency at once, or overrule breakers that keep a healthy
//! one shut. Resilience4j calls these states FORCED_OPEN and DISABLED.

use super::rollout::Pace;
use super::{Explanation, Fault, Luck, Member, Span, Timing, parameter};
use crate::environment::Effect;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::breaker::Lever;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// The breakers of an edge are held in a state by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmergencyLever {
    /// The edge: `"checkout -> payments"`.
    pub edge: String,
    /// The state they are held in.
    pub breakers: Lever,
    /// How long after one replica of the service that calls the next one has it; at all of them at once unless said, for clients always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<SimDuration>,
    /// How long after one replica the next one lets go; as `rollout` unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<SimDuration>,
}

impl Registered for EmergencyLever {
    const NAME: &'static str = "EmergencyLever";
    const SUMMARY: &'static str = "the breakers of an edge are held open, or switched off, by hand";
}

impl Fault for EmergencyLever {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Every breaker on the edge is held in a state: `ForcedOpen` lets nothing pass, `Disabled` everything. Meanwhile they count \
                  nothing; afterwards they go on from where they were. With `rollout` the replicas of the service that calls have it one after another, as \
                  when a new version of it carries the lever, and let go in the same order. An arm whose edge has no breaker does not notice.",
        in_flight: "What was let pass goes on; breakers hear how it ends.",
        overlap: "The lever that was pulled last counts; when it is let go, the one before it counts again.",
        parameters: &[
            parameter("edge", "edge, such as \"checkout -> payments\"", "required", "whose breakers"),
            parameter("breakers", "ForcedOpen, Disabled", "required", "the state they are held in"),
            parameter("rollout", "duration", "all at once", "the time between one replica that calls and the next"),
            parameter("back", "duration", "as `rollout`", "the same when they let go; \"0s\": all at once"),
        ],
        example: "EmergencyLever(edge: \"shoppers -> shop\", breakers: ForcedOpen, at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let edge = places.edge("edge", &self.edge).map_err(|complaint| vec![complaint])?;
        let processes = if self.rollout.is_some() { places.processes(edge) } else { None };
        let effects = match processes {
            Some(processes) => (0..processes).map(|process| Effect::Lever(edge, Some(process), self.breakers)).collect(),
            None if self.rollout.is_some() => {
                let sentence = "these are clients, who deploy nothing; leave `rollout` out";
                return Err(vec![complaint("rollout", sentence)]);
            }
            None => vec![Effect::Lever(edge, None, self.breakers)],
        };
        Ok(vec![Member { name: self.edge.clone(), effects }])
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, _luck: Luck<'_>) -> Vec<Span> {
        self.pace().course(&member.effects, lasts)
    }

    fn back_after(&self, reached: SimDuration) -> SimDuration {
        self.pace().back_after(reached)
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        let is_alone = self.back.is_some() && self.rollout.is_none();
        is_alone.then(|| complaint("back", "all let go at once what they got at once; write `rollout` as well")).into_iter().collect()
    }

    fn label(&self) -> String {
        let how = match self.breakers {
            Lever::ForcedOpen => "forced open",
            Lever::Disabled => "disabled",
        };
        format!("breakers of {} {how}", self.edge)
    }
}

impl EmergencyLever {
    fn pace(&self) -> Pace {
        let out = self.rollout.unwrap_or_default();
        Pace { out, back: self.back.unwrap_or(out) }
    }
}
