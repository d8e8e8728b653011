//! Thundering herd: every client of a population calls at one instant.
//!
//! This is what a broken connection to a gateway, a push message or a full hour does: clients that had nothing to do with
//! each other ask for the same at the same time. The calls come on top of those the population makes anyway.

use super::{Explanation, Fault, Luck, Member, Names, Span, Timing, parameter, target};
use crate::environment::{Effect, LoadEffect};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Every client calls once more, at one instant or within a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThunderingHerd {
    /// The client populations: one, or a list.
    pub clients: Names,
    /// Over how much time the calls are spread evenly; all at one instant unless said.
    #[serde(default)]
    pub within: SimDuration,
}

impl Registered for ThunderingHerd {
    const NAME: &'static str = "ThunderingHerd";
    const SUMMARY: &'static str = "every client of a population makes one more call, at one instant or within a time";
}

impl Fault for ThunderingHerd {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Every client of the population makes one more call: all of them a nanosecond after the fault strikes, or each at an instant \
                  of its own, drawn evenly over `within`. Their other calls stay as they are; a client of a closed loop makes the call beside \
                  the one it is about.",
        in_flight: "Calls that were made go on.",
        overlap: "Each strike is a herd of its own. A LoadSpike neither multiplies these calls nor leaves them out.",
        parameters: &[
            parameter("clients", "client population, or a list", "required", "who calls"),
            parameter("within", "duration", "at one instant", "over how much time the calls are spread"),
        ],
        example: "ThunderingHerd(clients: \"shoppers\", within: \"2s\", at: \"60s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let populations = target::populations(&self.clients, places)?;
        let effect = |population| Effect::Load(LoadEffect::Herd { population, within: self.within, key: 0 });
        Ok(target::by_population(populations, places, effect))
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        vec![Span { from: SimDuration::ZERO, until: lasts, effects: target::of_strike(member, luck) }]
    }

    fn lasts_by_itself(&self) -> Option<SimDuration> {
        Some(self.within.max(SimDuration::NANOSECOND))
    }

    fn label(&self) -> String {
        format!("herd of {}", self.clients.in_words())
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let renewal = timing.renewal.is_some();
        renewal.then(|| complaint("renewal", "a herd needs no repair; write `at`, and `every` if it comes again")).into_iter().collect()
    }
}
