//! Did something happen that must not, must, or might?

use super::{Evidence, Judged, Property, Stands, Verdict, Witness};
use crate::about::{About, Explained, Parameter, parameter};
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimTime;

const EVENT: Parameter = parameter(
    "event",
    "name of an announcement",
    "required",
    "What is announced: an event of the protocol, of a layer or of a service, as `Announced` faults wait for.",
);

const MEMORY: &str = "The first and the last time of the announcement, and how often it was made.";

const SOURCE: &str = "B. Alpern, F. Schneider, \"Defining Liveness\", Information Processing Letters 21 (1985), for safety and liveness.";

/// Something never happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Never {
    /// The announcement.
    pub event: String,
}

/// Something happens before the run is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eventually {
    /// The announcement.
    pub event: String,
    /// It is made at least once, and within this time after the last fault, if there was one; by the end of the run unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<sim_core::time::SimDuration>,
}

/// Something can happen: runs in which it does not say nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reachable {
    /// The announcement.
    pub event: String,
}

impl Registered for Never {
    const NAME: &'static str = "Never";
    const SUMMARY: &'static str = "something is never announced: the opposite of it always holds";
}

impl Explained for Never {
    const ABOUT: About = About {
        meaning: "What must always hold, said by what announces that it does not. It is violated at the first announcement, and the run goes on.",
        formula: "Violated if the event is announced at least once between the start and the end of the run.",
        parameters: &[EVENT],
        memory: MEMORY,
        source: SOURCE,
        example: "Never(event: \"Suspects\")",
    };
}

impl Property for Never {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        let Some((first, heard)) = evidence.heard(&self.event) else { return Judged::holds(0) };
        let first = Witness::new(first, reached(&self.event)).shown_by(heard.first);
        Judged { verdict: Verdict::Violated, count: heard.count(), first: Some(first) }
    }

    fn needs_history(&self) -> bool {
        false
    }

    fn waits_for(&self) -> Option<&str> {
        Some(&self.event)
    }

    fn title(&self) -> String {
        format!("Never {}", self.event)
    }

    fn stands(&self) -> Stands {
        Stands::VIOLATED
    }
}

impl Registered for Eventually {
    const NAME: &'static str = "Eventually";
    const SUMMARY: &'static str = "something is announced before the run is over, or soon enough after the last fault";
}

impl Explained for Eventually {
    const ABOUT: About = About {
        meaning: "What must come about in every run, however late, or within a bound after the last fault. A run that ends before the bound \
                  is over says nothing.",
        formula: "Without `within`: violated if the event is never announced. With it: violated if no announcement is made at or after the \
                  end of the last fault, and not later than `within` after it; without faults, after the start. Not reached if the run is \
                  over before that, or a fault never ends.",
        parameters: &[EVENT, parameter("within", "duration", "the whole run", "How soon after the end of the last fault it is announced.")],
        memory: MEMORY,
        source: SOURCE,
        example: "Eventually(event: \"Holds\")",
    };
}

impl Property for Eventually {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        let heard = evidence.heard(&self.event);
        let Some(within) = self.within else {
            return match heard {
                Some((first, heard)) => Judged { first: Some(Witness::new(first, reached(&self.event))), ..Judged::holds(heard.count()) },
                None => violated(evidence.ended, format!("`{}` was never announced", self.event)),
            };
        };
        let limit = evidence.faults_end.saturating_add(within);
        let after = heard.and_then(|(_, heard)| heard.times.iter().copied().find(|time| *time >= evidence.faults_end));
        match after.filter(|time| *time <= limit) {
            Some(time) => Judged { first: Some(Witness::new(time, reached(&self.event))), ..Judged::holds(1) },
            // Of those that are not remembered one may have come in time.
            None if after.is_none() && heard.is_some_and(|(_, heard)| heard.more > 0) => {
                Judged::unknown(evidence.ended, format!("`{}` was announced too often to remember when", self.event))
            }
            None if limit == SimTime::MAX || limit > evidence.ended => Judged::not_reached(),
            None => violated(limit, format!("`{}` was not announced within {within} after the last fault", self.event)),
        }
    }

    fn needs_history(&self) -> bool {
        false
    }

    fn waits_for(&self) -> Option<&str> {
        Some(&self.event)
    }

    fn title(&self) -> String {
        match self.within {
            Some(within) => format!("Eventually {} within {within}", self.event),
            None => format!("Eventually {}", self.event),
        }
    }

    fn check(&self) -> Vec<Complaint> {
        let none = self.within.filter(|within| within.is_zero());
        none.map(|_| complaint("within", "nothing happens within no time; write a time such as \"10s\"")).into_iter().collect()
    }

    fn stands(&self) -> Stands {
        Stands::REACHED
    }
}

impl Registered for Reachable {
    const NAME: &'static str = "Reachable";
    const SUMMARY: &'static str = "something is announced in some run; runs in which it is not leave it undecided";
}

impl Explained for Reachable {
    const ABOUT: About = About {
        meaning: "What the runs of a scenario must reach for its other properties to mean anything: a test that no election was ever held \
                  in says nothing about elections. A run that does not reach it is no failure, and no success.",
        formula: "Holds in a run if the event is announced at least once, and is not reached else. Over several runs it holds if one of them \
                  reaches it, and is undecided if none does.",
        parameters: &[EVENT],
        memory: MEMORY,
        source: SOURCE,
        example: "Reachable(event: \"Suspects\")",
    };
}

impl Property for Reachable {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        evidence.heard(&self.event).map_or_else(Judged::not_reached, |(first, heard)| Judged {
            first: Some(Witness::new(first, reached(&self.event))),
            ..Judged::holds(heard.count())
        })
    }

    fn needs_history(&self) -> bool {
        false
    }

    fn waits_for(&self) -> Option<&str> {
        Some(&self.event)
    }

    fn title(&self) -> String {
        format!("Reachable {}", self.event)
    }

    fn stands(&self) -> Stands {
        Stands::REACHED
    }
}

fn reached(event: &str) -> String {
    format!("`{event}` was announced")
}

fn violated(at: SimTime, sentence: String) -> Judged {
    Judged { verdict: Verdict::Violated, count: 1, first: Some(Witness::new(at, sentence)) }
}
