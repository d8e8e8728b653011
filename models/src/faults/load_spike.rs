//! Load spike: an open population calls more often, or less, than it should.
//!
//! A spike is a second, independent stream of calls beside the population's own, a dip leaves calls of the population out;
//! either way the calls that are made with and without the fault are the same calls at the same instants with the same luck.

use super::{Explanation, Fault, Luck, Member, Names, Span, Timing, parameter, target};
use crate::environment::{Effect, LoadEffect, LoadFactor};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Populations call `factor` times as often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadSpike {
    /// The client populations: one, or a list.
    pub clients: Names,
    /// How many times as often they call: 0 to 1000, in thousandths.
    pub factor: f64,
}

impl Registered for LoadSpike {
    const NAME: &'static str = "LoadSpike";
    const SUMMARY: &'static str = "an open population calls more or less often by a factor";
}

impl Fault for LoadSpike {
    const EXPLANATION: Explanation = Explanation {
        meaning: "An open population calls `factor` times as often. Above 1, further calls come in an independent stream of the same kind as \
                  the population's own (Poisson or equally spaced; where the rate changes it follows that), and its own calls stay as they are, to the nanosecond. Below 1, each \
                  call is left out by a draw of its own; 0 is silence. Without `lasts` it is a step.",
        in_flight: "Calls that were made go on.",
        overlap: "Factors of one population multiply.",
        parameters: &[
            parameter("clients", "client population, or a list", "required", "who calls more often; open load only"),
            parameter("factor", "number, 0 to 1000", "required", "how many times as often"),
        ],
        example: "LoadSpike(clients: \"shoppers\", factor: 5, at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let populations = target::populations(&self.clients, places)?;
        let complaints: Vec<_> = populations
            .iter()
            .filter_map(|&population| {
                let (name, load) = places.population(population);
                let sentence = format!(
                    "`{name}` is {load} load, which has no rate to multiply; give it open arrivals such as Poisson, or write a ThunderingHerd"
                );
                (load != "open").then(|| complaint("clients", sentence))
            })
            .collect();
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let factor = LoadFactor::new(self.factor);
        let effect = |population| Effect::Load(LoadEffect::Factor { population, factor, key: 0 });
        Ok(target::by_population(populations, places, effect))
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        vec![Span { from: SimDuration::ZERO, until: lasts, effects: target::of_strike(member, luck) }]
    }

    fn label(&self) -> String {
        format!("{} times the load of {}", self.factor, self.clients.in_words())
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        if !(0.0..=1000.0).contains(&self.factor) {
            return vec![complaint("factor", format!("a factor lies between 0 and 1000, not at {}", self.factor))];
        }
        let nothing = LoadFactor::new(self.factor) == LoadFactor::ONE;
        nothing.then(|| complaint("factor", "a factor of 1 changes nothing; remove the fault if that is meant")).into_iter().collect()
    }
}
