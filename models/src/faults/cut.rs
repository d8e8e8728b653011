//! Cut: nothing gets through between two ends of a way, silently (a blackhole), with a refusal, or with a reset.
//!
//! An end is a domain, with those inside it, or whoever is called by a name: a client population, a service or group, one
//! replica or member. Messages sent while the way is cut are lost, and so are those on the wire that would arrive during the
//! cut; what callers hear of it is said by [`Blocking`]. A cut that *holds* keeps what it would lose until it heals, as TCP
//! does, which sends again until it is heard. A cut between a domain and something inside it parts the inner one from the
//! rest, and leaves each of them whole. Overlapping cuts unite; of several kinds the most silent one counts, and nothing is
//! held that one of them loses.

use super::{Explanation, Fault, Member, Timing, parameter};
use crate::environment::Effect;
use crate::links::{Block, Blocking};
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};

/// Messages between two ends vanish, in both directions unless said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// One side: a domain, a client population, a service or group, or one replica or member.
    pub from: String,
    /// The other side.
    pub to: String,
    /// Whether only messages from `from` to `to` vanish.
    #[serde(default)]
    pub one_way: bool,
    /// What callers hear of it.
    #[serde(default)]
    pub how: Blocking,
    /// Whether what it would lose waits until it heals.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds: bool,
}

impl Registered for Cut {
    const NAME: &'static str = "Cut";
    const SUMMARY: &'static str =
        "nothing gets through between two domains or nodes: silently (a blackhole), with a refusal or a reset, or held until it heals";
}

/// What an end of a way may be, for explanations.
pub(super) const END: &str = "domain, client population, service, group, replica or member";

impl Fault for Cut {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Messages between two ends vanish. An end is a domain, with those inside it, or everybody of a name: clients, a service or group, \
                  one replica or member; a name that is both means the domain. With `Blackhole` nobody is told; with `Refuse` the caller hears \
                  `refused`, after twice the time its request took to the far end of the cut; with `Reset` it hears `reset` after that time, and \
                  everybody who waits for an answer over the way when the cut begins hears it at that instant. With `holds` nothing vanishes: what \
                  is sent into the cut sets out when it heals, as if it had been sent again until it was heard (TCP); who is refused is still \
                  told so. A cut between a domain and something inside it parts the inner one from the rest, and leaves each of them whole.",
        in_flight: "Messages on the wire that would arrive during the cut are lost; with `holds` they arrive at the instant it heals, in the \
                    order in which they would have come.",
        overlap: "Cuts unite: a way is open when none of them closes it. Silence wins over a reset, and a reset over a refusal; nothing is held \
                  that one of them loses, and what is held already is lost when such a cut begins.",
        parameters: &[
            parameter("from", END, "required", "one side"),
            parameter("to", END, "required", "the other side"),
            parameter("one_way", "true or false", "false", "whether only messages from `from` to `to` vanish"),
            parameter("how", "Blackhole, Refuse or Reset", "Blackhole", "what callers hear of it"),
            parameter("holds", "true or false", "false", "whether what it would lose waits until it heals; not with `Reset`"),
        ],
        example: "Cut(from: \"internet\", to: \"shop[0]\", holds: true, at: \"60s\", lasts: \"10s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        between(&self.from, &self.to, self.one_way, places, |from, to| Effect::Cut {
            from,
            to,
            block: Block { how: self.how, holds: self.holds },
        })
    }

    fn ends(&self) -> Vec<String> {
        vec![self.from.clone(), self.to.clone()]
    }

    fn label(&self) -> String {
        let what = if self.holds { "held" } else { "cut" };
        format!("{what} {} {} {}", self.from, if self.one_way { "->" } else { "<->" }, self.to)
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.from == self.to {
            complaints.push(complaint("to", "a cut runs between two different ends; one that parts nodes of one name is a Partition"));
        }
        if self.holds && self.how == Blocking::Reset {
            let sentence = "a reset ends the connections, and nothing on them is left to be held; leave `holds` or `how: Reset` out";
            complaints.push(complaint("holds", sentence));
        }
        complaints
    }
}

/// One member with an effect from one end to the other, and back unless it is one way or both ends are one.
pub(super) fn between(
    from: &str,
    to: &str,
    one_way: bool,
    places: &Places<'_>,
    effect: impl Fn(Vec<String>, Vec<String>) -> Effect,
) -> Result<Vec<Member>, Vec<Complaint>> {
    match (places.end("from", from), places.end("to", to)) {
        (Ok(here), Ok(there)) => {
            let mut effects = vec![effect(here.clone(), there.clone())];
            if !one_way && from != to {
                effects.push(effect(there, here));
            }
            Ok(vec![Member { name: format!("{from} -> {to}"), effects }])
        }
        (here, there) => Err(here.err().into_iter().chain(there.err()).collect()),
    }
}
