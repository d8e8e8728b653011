//! Flapping link: a way is cut and whole by turns, for random times.
//!
//! Each spell draws how long it lasts. While the way is cut it behaves as in a [`Cut`](super::Cut) of the same kind.

use super::cut::END;
use super::{Cut, Explanation, Fault, Luck, Member, Span, Timing, parameter};
use crate::links::Blocking;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;

/// Nothing gets through between two domains or nodes for a while, then everything does, and so on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlappingLink {
    /// One side: a domain, a client population, a service or group, or one replica or member.
    pub from: String,
    /// The other side.
    pub to: String,
    /// How long it is cut each time.
    pub down: Distribution,
    /// How long it is whole in between.
    pub up: Distribution,
    /// Whether only messages from `from` to `to` are concerned.
    #[serde(default)]
    pub one_way: bool,
    /// What callers hear of it.
    #[serde(default)]
    pub how: Blocking,
}

/// A fault flaps at most so often.
const MOST_SPELLS: usize = 100_000;

impl FlappingLink {
    fn cut(&self) -> Cut {
        Cut { from: self.from.clone(), to: self.to.clone(), one_way: self.one_way, how: self.how, holds: false }
    }
}

impl Registered for FlappingLink {
    const NAME: &'static str = "FlappingLink";
    const SUMMARY: &'static str = "a way between two domains or nodes is cut and whole by turns, for random times";
}

impl Fault for FlappingLink {
    const EXPLANATION: Explanation = Explanation {
        meaning: "The way is cut when the fault begins, whole after a time drawn from `down`, cut again after a time drawn from `up`, and so on \
                  until the fault ends. It needs `lasts`.",
        in_flight: "As with a Cut: messages that would arrive while the way is cut are lost.",
        overlap: "Cuts unite: a way is open when none of them closes it.",
        parameters: &[
            parameter("from", END, "required", "one side"),
            parameter("to", END, "required", "the other side"),
            parameter("down", "distribution", "required", "how long the way is cut each time"),
            parameter("up", "distribution", "required", "how long it is whole in between"),
            parameter("one_way", "true or false", "false", "whether only messages from `from` to `to` are concerned"),
            parameter("how", "Blackhole, Refuse or Reset", "Blackhole", "what callers hear of it"),
        ],
        example: "FlappingLink(from: \"internet\", to: \"zone-a\", down: Exponential(mean: \"1s\"), up: Exponential(mean: \"4s\"), at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        self.cut().members(places)
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        let (down, up, end) = (self.down.compile(), self.up.compile(), lasts.unwrap_or_default());
        let mut spans = Vec::new();
        let mut from = SimDuration::ZERO;
        while from < end && spans.len() < MOST_SPELLS {
            let draws = luck.draws(spans.len() as u32);
            let until = from.saturating_add(down.sample(draws.wait()).max(SimDuration::NANOSECOND)).min(end);
            spans.push(Span { from, until: Some(until), effects: member.effects.clone() });
            from = until.saturating_add(up.sample(draws.choice()).max(SimDuration::NANOSECOND));
        }
        spans
    }

    fn ends(&self) -> Vec<String> {
        self.cut().ends()
    }

    fn label(&self) -> String {
        format!("flapping link {} {} {}", self.from, if self.one_way { "->" } else { "<->" }, self.to)
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let mut complaints = self.cut().check(timing);
        complaints.extend(within("down", self.down.check()));
        complaints.extend(within("up", self.up.check()));
        if timing.lasts.is_none() && timing.renewal.is_none() {
            complaints.push(complaint("lasts", "a link that flaps needs an end: write how long the fault `lasts`"));
        }
        complaints
    }
}
