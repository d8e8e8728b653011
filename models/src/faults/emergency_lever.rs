//! Emergency lever: somebody holds the breakers of an edge open, or switches them off.
//!
//! What an operator does by hand in an incident: shed all load of a dependency at once, or overrule breakers that keep a healthy
//! one shut. Resilience4j calls these states FORCED_OPEN and DISABLED.

use super::{Explanation, Fault, Member, parameter};
use crate::environment::Effect;
use crate::places::Places;
use crate::registry::{Complaint, Registered};
use crate::strategies::breaker::Lever;
use serde::{Deserialize, Serialize};

/// The breakers of an edge are held in a state by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmergencyLever {
    /// The edge: `"checkout -> payments"`.
    pub edge: String,
    /// The state they are held in.
    pub breakers: Lever,
}

impl Registered for EmergencyLever {
    const NAME: &'static str = "EmergencyLever";
    const SUMMARY: &'static str = "the breakers of an edge are held open, or switched off, by hand";
}

impl Fault for EmergencyLever {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Every breaker on the edge is held in a state: `ForcedOpen` lets nothing pass, `Disabled` everything. Meanwhile they count \
                  nothing; afterwards they go on from where they were. An arm whose edge has no breaker does not notice.",
        in_flight: "What was let pass goes on; breakers hear how it ends.",
        overlap: "The lever that was pulled last counts; when it is let go, the one before it counts again.",
        parameters: &[
            parameter("edge", "edge, such as \"checkout -> payments\"", "required", "whose breakers"),
            parameter("breakers", "ForcedOpen, Disabled", "required", "the state they are held in"),
        ],
        example: "EmergencyLever(edge: \"shoppers -> shop\", breakers: ForcedOpen, at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let edge = places.edge("edge", &self.edge).map_err(|complaint| vec![complaint])?;
        Ok(vec![Member { name: self.edge.clone(), effects: vec![Effect::Lever(edge, self.breakers)] }])
    }

    fn label(&self) -> String {
        let how = match self.breakers {
            Lever::ForcedOpen => "forced open",
            Lever::Disabled => "disabled",
        };
        format!("breakers of {} {how}", self.edge)
    }
}
