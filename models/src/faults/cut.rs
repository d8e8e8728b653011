//! Cut: nothing gets through between two domains, and nobody is told (a blackhole).
//!
//! Messages sent while the way is cut are lost, and so are those on the wire that would arrive during the cut. The
//! domains inside a named domain are cut off with it; a cut between a domain and one inside it parts the inner one from the
//! rest, and leaves each of them whole. Overlapping cuts unite.

use super::Fault;
use crate::environment::Effect;
use crate::links::Blocking;
use crate::plan::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// Messages between two domains vanish, in both directions unless said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// One side: a domain.
    pub from: String,
    /// The other side: a domain.
    pub to: String,
    /// When it begins.
    pub at: SimDuration,
    /// How long it lasts; for ever unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<SimDuration>,
    /// Whether only messages from `from` to `to` vanish.
    #[serde(default)]
    pub one_way: bool,
}

impl Registered for Cut {
    const NAME: &'static str = "Cut";
    const SUMMARY: &'static str = "messages between two domains vanish, and nobody is told (a blackhole)";
}

impl Fault for Cut {
    fn at(&self) -> SimDuration {
        self.at
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn effects(&self, places: &Places<'_>) -> Result<Vec<Effect>, Vec<Complaint>> {
        let (from, to) = (places.domain("from", &self.from), places.domain("to", &self.to));
        match (from, to) {
            (Ok(()), Ok(())) => {
                let there = Effect::Cut { from: self.from.clone(), to: self.to.clone(), how: Blocking::Blackhole };
                let back = Effect::Cut { from: self.to.clone(), to: self.from.clone(), how: Blocking::Blackhole };
                Ok(if self.one_way { vec![there] } else { vec![there, back] })
            }
            (from, to) => Err(from.err().into_iter().chain(to.err()).collect()),
        }
    }

    fn label(&self) -> String {
        format!("cut {} {} {}", self.from, if self.one_way { "->" } else { "<->" }, self.to)
    }

    fn check(&self) -> Vec<Complaint> {
        let same = self.from == self.to;
        same.then(|| complaint("to", "a cut runs between two different domains")).into_iter().collect()
    }
}
