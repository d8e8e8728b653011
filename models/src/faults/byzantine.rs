//! Byzantine: some nodes answer as they please.
//!
//! At most `f` of the named nodes misbehave, drawn by the seed for each strike. Misbehaviour is a filter on what a node sends
//! (Lamport, Shostak and Pease, "The Byzantine Generals Problem", 1982): the engine of an honest node stays as it is, and what
//! leaves it is changed. A wrong answer looks like any other: it counts as a success, and as a wrong one beside, and only a caller
//! that compares answers can find it out.

use super::{Explanation, Fault, Luck, Member, Names, Span, Timing, parameter, target};
use crate::environment::{Effect, MessageEffect, Misbehaviour};
use crate::ids::NodeId;
use crate::places::Places;
use crate::registry::{Complaint, Registered, complaint};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use sim_core::units::Share;

/// At most `f` of the nodes misbehave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Byzantine {
    /// The nodes among which the dishonest ones are drawn.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub node: Names,
    /// Every server in this domain and those inside it.
    #[serde(default, skip_serializing_if = "Names::is_empty")]
    pub domain: Names,
    /// How many of them misbehave.
    pub f: u32,
    /// What they do.
    pub conduct: Conduct,
    /// Whether `f` may be more than is borne by any agreement among the nodes: a third of them, or more.
    #[serde(default)]
    pub beyond: bool,
}

/// What a dishonest node does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Conduct {
    /// It does its work and never answers.
    Silent,
    /// It answers everybody but these: nodes, services, client populations or domains.
    Selective(Names),
    /// It answers this share of requests with a wrong value, as if nothing were amiss.
    WrongAnswers(Share),
    /// It answers this share of requests at once with an answer it gave before, without doing the work.
    Replay(Share),
    /// It lies to this share of those it speaks to, to each of them in its own way, and always in the same.
    Equivocate(Share),
    /// It says this share of what it says to other members in the name of another.
    Forge(Share),
}

/// Whether a node can speak in the name of another.
fn may_forge(node: NodeId, places: &Places<'_>) -> Result<(), Complaint> {
    let sentence = match places.group(node).map(|group| group.spec.authenticated()) {
        Some(Some(false)) => return Ok(()),
        Some(Some(true)) => {
            "messages of the group are authenticated: nobody can speak in the name of another; write `authenticated: false` there"
        }
        Some(None) => "members of the group say nothing to each other",
        None => "a service speaks for itself; only members of a group can speak in each other's name",
    };
    Err(complaint("conduct", format!("`{}` cannot forge: {sentence}", places.name(node))))
}

impl Registered for Byzantine {
    const NAME: &'static str = "Byzantine";
    const SUMMARY: &'static str =
        "at most f nodes misbehave: silent, silent to some, wrong answers, old ones, another lie for each peer, or forged names";
}

impl Fault for Byzantine {
    const EXPLANATION: Explanation = Explanation {
        meaning: "The seed draws `f` of the nodes for each strike. `Silent`: they work and never answer. `Selective(names)`: they do not answer \
                  those callers. `WrongAnswers(share)`: that share of answers has a wrong value. `Replay(share)`: that share of requests gets an old \
                  answer at once, without the work. A wrong or old answer counts as a success, and as a wrong one beside; only a caller that \
                  compares answers can tell. `Equivocate(share)`: that share of those it speaks to is lied to, each in its own way and always in the same. A \
                  member of a group treats what it says to callers and to other members like answers; which lies it tells is its protocol's business, \
                  and what it repeats is one of the last messages of the same kind to the same member or to some caller. `Forge(share)`: that share of what \
                  a member says to others it says in the name of another; not where messages are `authenticated`.",
        in_flight: "What was sent before is not touched. A request that was taken before is answered as the node behaves when it answers.",
        overlap: "Of several faults at one node the one that began first acts, and the next on what that leaves alone.",
        parameters: &[
            parameter("node", "service, replica, or a list", "required without `domain`", "among whom the dishonest ones are drawn"),
            parameter("domain", "domain, or a list", "none", "every server in it"),
            parameter("f", "number", "required", "how many misbehave; a third of the nodes or more only with `beyond`"),
            parameter(
                "conduct",
                "Silent, Selective(names), or WrongAnswers, Replay, Equivocate or Forge of a share",
                "required",
                "what they do",
            ),
            parameter("beyond", "true or false", "false", "whether `f` may be a third of the nodes or more"),
        ],
        example: "Byzantine(node: \"shop\", f: 1, beyond: true, conduct: WrongAnswers(\"10%\"), at: \"60s\", lasts: \"30s\")",
    };

    fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let nodes = target::nodes(&self.node, &self.domain, places)?;
        let misbehaviour = match &self.conduct {
            Conduct::Silent => Misbehaviour::Silent,
            Conduct::Selective(names) => Misbehaviour::Selective(target::everybody("conduct", names, places)?),
            Conduct::WrongAnswers(share) => Misbehaviour::WrongAnswers(*share),
            Conduct::Replay(share) => Misbehaviour::Replay(*share),
            Conduct::Equivocate(share) => Misbehaviour::Equivocates { share: *share, choice: 0 },
            Conduct::Forge(share) => {
                nodes.iter().try_for_each(|&node| may_forge(node, places)).map_err(|wrong| vec![wrong])?;
                Misbehaviour::Forges(*share)
            }
        };
        let (count, f) = (nodes.len(), self.f as usize);
        if f > count {
            return Err(vec![complaint("f", format!("only {count} nodes are named, and {f} are to misbehave"))]);
        }
        if 3 * f >= count && !self.beyond {
            let sentence =
                format!("{f} of {count} nodes are more than any agreement bears (fewer than a third); write `beyond: true` if you mean it");
            return Err(vec![complaint("f", sentence)]);
        }
        let effect = |node| Effect::Messages(MessageEffect::Misbehaves(node, misbehaviour.clone()));
        // One member, so that which of them misbehave is drawn for the strike as a whole.
        Ok(vec![Member { name: self.label(), effects: nodes.into_iter().map(effect).collect() }])
    }

    fn course(&self, member: &Member, lasts: Option<SimDuration>, luck: Luck<'_>) -> Vec<Span> {
        let mut effects = luck.some_of(&member.effects, self.f as usize);
        for effect in &mut effects {
            if let Effect::Messages(MessageEffect::Misbehaves(_, Misbehaviour::Equivocates { choice, .. })) = effect {
                *choice = luck.draws(0).choice().bits();
            }
        }
        vec![Span { from: SimDuration::ZERO, until: lasts, effects }]
    }

    fn weakened(&self, strength: Share) -> Self {
        let conduct = match &self.conduct {
            Conduct::WrongAnswers(share) => Conduct::WrongAnswers(strength.of(*share)),
            Conduct::Replay(share) => Conduct::Replay(strength.of(*share)),
            Conduct::Equivocate(share) => Conduct::Equivocate(strength.of(*share)),
            Conduct::Forge(share) => Conduct::Forge(strength.of(*share)),
            Conduct::Silent | Conduct::Selective(_) => self.conduct.clone(),
        };
        Self { conduct, ..self.clone() }
    }

    fn label(&self) -> String {
        let what = match self.conduct {
            Conduct::Silent => "silent",
            Conduct::Selective(_) => "silent to some",
            Conduct::WrongAnswers(_) => "answering wrongly",
            Conduct::Replay(_) => "repeating old answers",
            Conduct::Equivocate(_) => "telling each peer another lie",
            Conduct::Forge(_) => "speaking in the name of others",
        };
        format!("{} of {} {what}", self.f, target::in_words(&self.node, &self.domain))
    }

    fn check(&self, timing: &Timing) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.f == 0 {
            complaints.push(complaint("f", "at least one node misbehaves; remove the fault if none should"));
        }
        if matches!(&self.conduct, Conduct::Selective(names) if names.is_empty()) {
            complaints.push(complaint("conduct", "to whom are they silent? Write Selective(\"shoppers\"), or Silent"));
        }
        if timing.pick.is_some() {
            complaints.push(complaint("pick", "`f` says how many misbehave; leave `pick` out"));
        }
        complaints
    }
}
