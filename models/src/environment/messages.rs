//! Which messages are kept from leaving their senders, from being heard, or are not what they should be?
//!
//! Partitions between nodes unite: a message gets through if no partition parts its ends. Omissions are independent of each
//! other: each one that is on drops its share of what the others leave. Delays of answers add up. Of misbehaviours the one
//! that began first acts, and the next only on what that leaves alone. Failures of requests are independent of each other; a
//! refused handshake comes before an error at once, and that before any work.

use super::{Reach, Within};
use crate::ids::{NodeId, StretchId};
use crate::outcome::Failure;
use serde::{Deserialize, Serialize};
use sim_core::draw::{Draw, mix};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;
use sim_core::units::Share;
use std::collections::BTreeMap;

/// Something that happens to messages because of who sends or receives them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MessageEffect {
    /// Messages of some nodes to others vanish. Both lists ascend.
    Severed {
        /// The senders.
        from: Vec<NodeId>,
        /// The receivers.
        to: Vec<NodeId>,
    },
    /// A node does not send, or does not hear, a share of its messages.
    Omits(NodeId, Omission),
    /// A node's answers are held back for a while.
    AnswersLate(NodeId, Distribution),
    /// A node misbehaves (a Byzantine fault).
    Misbehaves(NodeId, Misbehaviour),
    /// A node fails a share of the requests made of it.
    Fails(NodeId, Failing),
}

/// Which messages a node omits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Omission {
    /// Whether it omits to send or to receive.
    pub way: OmissionWay,
    /// How many of the messages.
    pub share: Share,
    /// Only those from or to these nodes, ascending; all if empty.
    pub peers: Vec<NodeId>,
    /// Only these kinds of message, by number; all if empty.
    pub kinds: Vec<u8>,
}

/// Whether a node omits to send or to receive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OmissionWay {
    /// What it sends is not sent.
    Send,
    /// What reaches it is not heard.
    Receive,
    /// Both.
    #[default]
    Both,
}

/// How a node that is not honest treats the answers it gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Misbehaviour {
    /// It works, and never answers.
    Silent,
    /// It does not answer these callers; their nodes ascend.
    Selective(Vec<NodeId>),
    /// It answers this share of requests with a wrong value, as if nothing were amiss.
    WrongAnswers(Share),
    /// It answers this share of requests at once with an answer it gave before, without doing the work.
    Replay(Share),
    /// It lies to this share of those it speaks to, to each of them in its own way.
    Equivocates {
        /// To how many of them.
        share: Share,
        /// Tells one choice of them from another: of each strike.
        choice: u64,
    },
    /// It says this share of what it says to other members in the name of another.
    Forges(Share),
}

/// Which requests a node fails, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failing {
    /// When it fails them.
    pub stage: Stage,
    /// How many of them.
    pub share: Share,
    /// Only those of these callers, ascending; all if empty.
    pub callers: Vec<NodeId>,
    /// What it answers.
    pub answer: Failure,
    /// When the callers may come again, if it says so.
    pub retry_after: Option<SimDuration>,
}

/// How far a request comes that its server fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// It is refused before it is read.
    Handshake,
    /// It is answered with an error at once.
    AtOnce,
    /// All its work is done, and then it is answered with an error.
    AfterWork,
}

/// A message on its way, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Letter {
    /// Who sends it.
    pub from: NodeId,
    /// Whom it is for.
    pub to: NodeId,
    /// The number of its kind.
    pub kind: u8,
    /// Where its luck is drawn from.
    pub luck: Draw,
    /// Where the call stands on whose behalf it is sent.
    pub reach: Reach,
}

/// What a node does with a request, or with the answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// What it should.
    Honest,
    /// No answer.
    Withheld,
    /// A wrong one.
    Wrong,
    /// An old one, at once.
    Replayed,
    /// A wrong one, which of all there are depends on the peer alone: by this draw.
    Equivocal(Draw),
    /// The right one, in the name of another.
    Forged,
}

/// Places of the draws that decide, told apart by the stream of the effect.
const OMISSION: u64 = 0x6_0000;
const LATENESS: u64 = 0x7_0000;
const CONDUCT: u64 = 0x8_0000;
const FAILING: u64 = 0x9_0000;

/// An effect on the messages of a node.
#[derive(Clone, Debug, PartialEq)]
struct On {
    stretch: StretchId,
    /// Which numbers are drawn for it.
    stream: u64,
    /// The calls it happens to.
    within: Within,
    effect: MessageEffect,
}

/// Everything that is on about messages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Messages {
    severed: Vec<(StretchId, Vec<NodeId>, Vec<NodeId>)>,
    by_node: BTreeMap<NodeId, Vec<On>>,
}

impl Messages {
    pub(super) fn begin(&mut self, stretch: StretchId, (stream, within): (u64, Within), effect: &MessageEffect) {
        match effect {
            MessageEffect::Severed { from, to } => self.severed.push((stretch, from.clone(), to.clone())),
            MessageEffect::Omits(node, _)
            | MessageEffect::AnswersLate(node, _)
            | MessageEffect::Misbehaves(node, _)
            | MessageEffect::Fails(node, _) => {
                self.by_node.entry(*node).or_default().push(On { stretch, stream, within, effect: effect.clone() });
            }
        }
    }

    pub(super) fn end(&mut self, stretch: StretchId) {
        self.severed.retain(|(owner, ..)| *owner != stretch);
        self.by_node.values_mut().for_each(|effects| effects.retain(|on| on.stretch != stretch));
        self.by_node.retain(|_, effects| !effects.is_empty());
    }

    pub(super) fn active(&self) -> usize {
        self.severed.len() + self.by_node.values().map(Vec::len).sum::<usize>()
    }

    /// Whether anything is on at all.
    #[inline]
    pub fn any(&self) -> bool {
        !self.severed.is_empty() || !self.by_node.is_empty()
    }

    /// Whether a partition parts two nodes in this direction.
    pub fn is_severed(&self, from: NodeId, to: NodeId) -> bool {
        self.severed.iter().any(|(_, senders, receivers)| senders.binary_search(&from).is_ok() && receivers.binary_search(&to).is_ok())
    }

    /// Whether its sender omits to send this message.
    pub fn is_unsent(&self, letter: Letter) -> bool {
        self.omits(letter.from, letter.to, OmissionWay::Send, letter)
    }

    /// Whether its receiver omits to hear this message.
    pub fn is_unheard(&self, letter: Letter) -> bool {
        self.omits(letter.to, letter.from, OmissionWay::Receive, letter)
    }

    fn omits(&self, node: NodeId, peer: NodeId, way: OmissionWay, letter: Letter) -> bool {
        let place = OMISSION + (u64::from(letter.kind) << 40) + u64::from(way == OmissionWay::Receive);
        self.on(node, letter.reach).any(|(stream, effect)| {
            let MessageEffect::Omits(_, omission) = effect else { return false };
            (omission.way == way || omission.way == OmissionWay::Both)
                && (omission.peers.is_empty() || omission.peers.binary_search(&peer).is_ok())
                && (omission.kinds.is_empty() || omission.kinds.contains(&letter.kind))
                && omission.share.holds(letter.luck.further(place.wrapping_add(stream)))
        })
    }

    /// How long the node holds this answer back.
    pub fn lateness(&self, node: NodeId, (luck, reach): (Draw, Reach)) -> SimDuration {
        self.on(node, reach).fold(SimDuration::ZERO, |sum, (stream, effect)| match effect {
            MessageEffect::AnswersLate(_, by) => sum.saturating_add(by.compile().sample(luck.further(LATENESS.wrapping_add(stream)))),
            _ => sum,
        })
    }

    /// What the node does with a request of this caller.
    pub fn conduct(&self, node: NodeId, caller: NodeId, (luck, reach): (Draw, Reach)) -> Conduct {
        let conduct = |(stream, effect): (u64, &MessageEffect)| {
            let MessageEffect::Misbehaves(_, misbehaviour) = effect else { return None };
            let holds = |share: &Share| share.holds(luck.further(CONDUCT.wrapping_add(stream)));
            match misbehaviour {
                Misbehaviour::Silent => Some(Conduct::Withheld),
                Misbehaviour::Selective(callers) => callers.binary_search(&caller).is_ok().then_some(Conduct::Withheld),
                Misbehaviour::WrongAnswers(share) => holds(share).then_some(Conduct::Wrong),
                Misbehaviour::Replay(share) => holds(share).then_some(Conduct::Replayed),
                Misbehaviour::Forges(share) => holds(share).then_some(Conduct::Forged),
                Misbehaviour::Equivocates { share, choice } => {
                    let draw = Draw::from_bits(mix(choice ^ mix(u64::from(caller.0))));
                    share.holds(draw).then(|| Conduct::Equivocal(draw.further(1)))
                }
            }
        };
        self.on(node, reach).find_map(conduct).unwrap_or(Conduct::Honest)
    }

    /// Whether the node does not always do what it should.
    pub fn misbehaves(&self, node: NodeId) -> bool {
        self.by_node.get(&node).is_some_and(|all| all.iter().any(|on| matches!(on.effect, MessageEffect::Misbehaves(..))))
    }

    /// How the node fails a request of this caller at this stage, if it does.
    pub fn fails(&self, node: NodeId, caller: NodeId, stage: Stage, (luck, reach): (Draw, Reach)) -> Option<&Failing> {
        self.on(node, reach).find_map(|(stream, effect)| {
            let MessageEffect::Fails(_, failing) = effect else { return None };
            let fails = failing.stage == stage
                && (failing.callers.is_empty() || failing.callers.binary_search(&caller).is_ok())
                && failing.share.holds(luck.further(FAILING.wrapping_add(stream)));
            fails.then_some(failing)
        })
    }

    fn on(&self, node: NodeId, reach: Reach) -> impl Iterator<Item = (u64, &MessageEffect)> {
        let all = self.by_node.get(&node).into_iter().flatten();
        all.filter(move |on| on.within.holds(reach)).map(|on| (on.stream, &on.effect))
    }
}
