//! Bad link: messages between two ends of a way, domains or nodes, meet more delay, loss, copies, disorder or alteration than their links do to them, or a
//! narrower line.
//!
//! It acts on messages that are put on a link while it is on; what is on the wire already is not touched. Of overlapping faults
//! delays add, shares combine as `1 - (1-p)(1-q)`, and the least bandwidth counts. The conditions are those that netem of Linux
//! knows.

use super::cut::{END, between};
use super::{Explanation, Fault, Member, Names, Timing, parameter};
use crate::environment::Effect;
use crate::links::LinkChange;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::draw::Key;
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;
use sim_core::units::{Bandwidth, Share};

/// A way is worse than its links.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadLink {
    /// One side: a domain, a client population, a service or group, or one replica or member.
    pub from: String,
    /// The other side; the same name for messages inside of it.
    pub to: String,
    /// Whether only messages from `from` to `to` are concerned.
    #[serde(default)]
    pub one_way: bool,
    /// Only messages of these kinds, such as `request`, `reply`, `cancel` or what a protocol names. All unless said.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub kinds: Names,
    /// Added to the delay of every message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Distribution>,
    /// Every message is held up by up to this much more, evenly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<SimDuration>,
    /// The share that is lost.
    #[serde(default)]
    pub loss: Share,
    /// The share of which a second copy arrives.
    #[serde(default)]
    pub duplicate: Share,
    /// The share that travels without delay, and so comes before what was sent earlier.
    #[serde(default)]
    pub reorder: Share,
    /// The share that is altered on the way; the receiver finds out, and drops it.
    #[serde(default)]
    pub corrupt: Share,
    /// The share that is altered on the way without anybody noticing.
    #[serde(default)]
    pub corrupt_undetected: Share,
    /// The most that the line takes in a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
}

impl Registered for BadLink {
    const NAME: &'static str = "BadLink";
    const SUMMARY: &'static str = "a way meets more delay, jitter, loss, copies, disorder or alteration, or a narrower line";
}

impl Fault for BadLink {
    const EXPLANATION: Explanation = Explanation {
        meaning: "Messages between two ends, perhaps only those of some kinds, meet more than their links do to them. An end is a domain, with \
                  those inside it, or everybody of a name: clients, a service or group, one replica or member; a name that is both means the \
                  domain. The same name twice means messages inside of it: between the members of a group, say.",
        in_flight: "What is on the wire already is not touched; what is put on a link while the fault is on is, even if it arrives later.",
        overlap: "Delays add, shares combine as 1 - (1-p)(1-q), and the least bandwidth counts.",
        parameters: &[
            parameter("from", END, "required", "one side"),
            parameter("to", END, "required", "the other side, or the same name"),
            parameter("one_way", "true or false", "false", "whether only messages from `from` to `to` are concerned"),
            parameter("kinds", "kind of message, or a list", "all", "only messages of these kinds"),
            parameter("delay", "distribution", "none", "added to the delay of every message"),
            parameter("jitter", "duration", "none", "every message is held up by up to this much more, evenly"),
            parameter("loss", "share", "0%", "how many are lost"),
            parameter("duplicate", "share", "0%", "how many arrive a second time"),
            parameter("reorder", "share", "0%", "how many travel without delay, before what was sent earlier"),
            parameter("corrupt", "share", "0%", "how many are altered, found out, and dropped"),
            parameter("corrupt_undetected", "share", "0%", "how many are altered without anybody noticing"),
            parameter("bandwidth", "bit rate", "as the link", "the most the line takes, such as \"1Mbit/s\""),
        ],
        example: "BadLink(from: \"internet\", to: \"zone-a\", delay: Exponential(mean: \"50ms\"), loss: \"5%\", at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let kinds: Result<Vec<u8>, Complaint> = self.kinds.0.iter().map(|kind| places.kind("kinds", kind)).collect();
        let change = LinkChange { kinds: kinds.clone().unwrap_or_default(), ..self.change() };
        let members = between(&self.from, &self.to, self.one_way, places, |from, to| Effect::Link { from, to, change: change.clone() });
        match (members, kinds) {
            (Ok(members), Ok(_)) => Ok(members),
            (members, kinds) => Err(members.err().into_iter().flatten().chain(kinds.err()).collect()),
        }
    }

    fn ends(&self) -> Vec<String> {
        vec![self.from.clone(), self.to.clone()]
    }

    fn weakened(&self, strength: Share) -> Self {
        Self {
            loss: strength.of(self.loss),
            duplicate: strength.of(self.duplicate),
            reorder: strength.of(self.reorder),
            corrupt: strength.of(self.corrupt),
            corrupt_undetected: strength.of(self.corrupt_undetected),
            ..self.clone()
        }
    }

    fn label(&self) -> String {
        let of = if self.kinds.is_empty() { String::new() } else { format!(" for {}", self.kinds.in_words()) };
        format!("bad link {} {} {}{of}", self.from, if self.one_way { "->" } else { "<->" }, self.to)
    }

    fn check(&self, _timing: &Timing) -> Vec<Complaint> {
        let mut complaints: Vec<_> = self.delay.iter().flat_map(|delay| within("delay", delay.check()).collect::<Vec<_>>()).collect();
        let unchanged = LinkChange { stream: self.change().stream, ..LinkChange::default() };
        if self.change() == unchanged {
            complaints.push(complaint("", "nothing is wrong with this link; write a `delay`, a `loss` or something else"));
        }
        complaints
    }
}

impl BadLink {
    fn change(&self) -> LinkChange {
        LinkChange {
            stream: Key::named(&self.label()).bits(),
            kinds: Vec::new(),
            delay: self.delay.clone(),
            jitter: self.jitter,
            loss: self.loss,
            duplicate: self.duplicate,
            reorder: self.reorder,
            corrupt: self.corrupt,
            corrupt_undetected: self.corrupt_undetected,
            bandwidth: self.bandwidth,
        }
    }
}
