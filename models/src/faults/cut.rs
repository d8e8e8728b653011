//! Cut: nothing gets through between two domains, silently (a blackhole), with a refusal, or with a reset.
//!
//! Messages sent while the way is cut are lost, and so are those on the wire that would arrive during the cut; what callers
//! hear of it is said by [`Blocking`]. The domains inside a named domain are cut off with it; a cut between a domain and one
//! inside it parts the inner one from the rest, and leaves each of them whole. Overlapping cuts unite; of several kinds the
//! most silent one counts.

use super::{Explanation, Fault, Member, Timing, parameter};
use crate::environment::Effect;
use crate::links::Blocking;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};

/// Messages between two domains vanish, in both directions unless said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// One side: a domain.
    pub from: String,
    /// The other side: a domain.
    pub to: String,
    /// Whether only messages from `from` to `to` vanish.
    #[serde(default)]
    pub one_way: bool,
    /// What callers hear of it.
    #[serde(default)]
    pub how: Blocking,
}

impl Registered for Cut {
    const NAME: &'static str = "Cut";
    const SUMMARY: &'static str = "nothing gets through between two domains: silently (a blackhole), with a refusal or with a reset";
}

impl Fault for Cut {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Messages between two domains, and the domains inside them, vanish. With `Blackhole` nobody is told; with `Refuse` the caller hears \
                  `refused`, after twice the time its request took to the far end of the cut; with `Reset` it hears `reset` after that time, and \
                  everybody who waits for an answer over the way when the cut begins hears it at that instant. A cut between a domain and \
                  one inside it parts the inner one from the rest, and leaves each of them whole.",
        in_flight: "Messages on the wire that would arrive during the cut are lost.",
        overlap: "Cuts unite: a way is open when none of them closes it. Silence wins over a reset, and a reset over a refusal.",
        parameters: &[
            parameter("from", "domain", "required", "one side"),
            parameter("to", "domain", "required", "the other side"),
            parameter("one_way", "true or false", "false", "whether only messages from `from` to `to` vanish"),
            parameter("how", "Blackhole, Refuse or Reset", "Blackhole", "what callers hear of it"),
        ],
        example: "Cut(from: \"internet\", to: \"zone-a\", at: \"60s\", lasts: \"10s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let (from, to) = (places.domain("from", &self.from), places.domain("to", &self.to));
        match (from, to) {
            (Ok(()), Ok(())) => {
                let there = Effect::Cut { from: self.from.clone(), to: self.to.clone(), how: self.how };
                let back = Effect::Cut { from: self.to.clone(), to: self.from.clone(), how: self.how };
                let effects = if self.one_way { vec![there] } else { vec![there, back] };
                Ok(vec![Member { name: format!("{} -> {}", self.from, self.to), effects }])
            }
            (from, to) => Err(from.err().into_iter().chain(to.err()).collect()),
        }
    }

    fn label(&self) -> String {
        format!("cut {} {} {}", self.from, if self.one_way { "->" } else { "<->" }, self.to)
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        let same = self.from == self.to;
        same.then(|| complaint("to", "a cut runs between two different domains")).into_iter().collect()
    }
}
