//! Is what takes effect as a whole done as a whole, or not at all?

use super::{Evidence, Judged, Property};
use crate::about::{About, Explained};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};

/// Of every saga everything is left, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllOrNothing {}

impl Registered for AllOrNothing {
    const NAME: &'static str = "AllOrNothing";
    const SUMMARY: &'static str = "every step of a saga is done once, or nothing of it is left";
}

impl Explained for AllOrNothing {
    const ABOUT: About = About {
        meaning: "Nothing is made or lost by a transaction that spans services: all of its steps take effect once, or those that did are taken back. \
                  Judged by what the participants have really executed, whatever the coordinator believes, when nothing of the saga is under way any \
                  more, or the run is over.",
        formula: "Of each step: how often it was executed, less how often its compensation was. Violated by a saga that ended as completed where that is \
                  not 1 for all steps; as compensated, where it is not 0 for all that have a compensation; or that was left half-way, where it is \
                  neither 1 for all nor 0 for all of these. Not reached if no saga ended.",
        parameters: &[],
        memory: "Two counts a step of each saga that is under way.",
        source: "H. Garcia-Molina, K. Salem, \"Sagas\", SIGMOD 1987.",
        example: "AllOrNothing()",
    };
}

impl Property for AllOrNothing {
    fn judge(&self, evidence: &Evidence<'_>) -> Judged {
        evidence.books.sagas.judge()
    }

    fn needs_history(&self) -> bool {
        false
    }
}
