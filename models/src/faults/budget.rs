//! Who is down when, and is that too many at once?
//!
//! A storm leaves out what would break its budgets. A node is down that is of no more use than one whose machine is gone; of a
//! strike at whoever leads it is not known whom it hits, so that it counts as one more than everybody else.

use super::{Stretch, Timetable};
use crate::environment::{Effect, MessageEffect, NodeEffect};
use crate::ids::NodeId;
use crate::plan::{Plan, Role};
use sim_core::time::SimTime;
use sim_core::units::Share;

/// How many members of a service or group may be down at the same time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// At most so many.
    pub(super) max_down: u32,
    /// And fewer than half.
    pub(super) keep_majority: bool,
}

/// How long somebody is down.
pub(super) struct Down {
    pub(super) who: Who,
    pub(super) begin: SimTime,
    pub(super) end: Option<SimTime>,
}

/// Who is down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Node(NodeId),
    /// Whoever leads the group at this strike: another one than everybody else who is struck, for all that is known.
    Leading(usize),
}

impl Down {
    fn is_on(&self, at: SimTime) -> bool {
        self.begin <= at && self.end.is_none_or(|end| at < end)
    }
}

impl Budget {
    /// Whether no service and no group has more members down than it may while any of `new` is.
    pub(super) fn allows(self, plan: &Plan, known: &[Down], new: &[Down]) -> bool {
        let fleet = |who: Who| match who {
            Who::Node(node) => plan.nodes[node.index()].role.fleet(),
            Who::Leading(_) => GROUP,
        };
        let budget = |size: usize| {
            let most = self.max_down as usize;
            if self.keep_majority { most.min(size.saturating_sub(1) / 2) } else { most }
        };
        new.iter().all(|down| {
            let fleet_of = fleet(down.who);
            let size = plan.nodes.iter().filter(|node| node.role.fleet() == fleet_of).count();
            let all = || known.iter().chain(new).filter(|other| fleet(other.who) == fleet_of);
            // The number changes for the worse only where somebody goes down.
            all().map(|other| other.begin.max(down.begin)).filter(|&at| down.is_on(at)).all(|at| {
                let mut nodes: Vec<Who> = all().filter(|other| other.is_on(at)).map(|other| other.who).collect();
                nodes.sort_unstable();
                nodes.dedup();
                nodes.len() <= budget(size)
            })
        })
    }
}

/// Who is down when.
pub(super) fn downs(table: &Timetable) -> Vec<Down> {
    let of_stretch = |stretch: &Stretch| {
        let nodes: Vec<NodeId> = stretch.effects.iter().flat_map(downed).collect();
        let (begin, end) = (stretch.begin, stretch.end);
        nodes.into_iter().map(move |node| Down { who: Who::Node(node), begin, end })
    };
    table.stretches.iter().flat_map(of_stretch).collect()
}

/// The fleet of the members of a group, the only one in which somebody leads.
const GROUP: Option<Option<u32>> = Some(None);

/// The nodes that an effect takes out of service: those that are down, stand still, take no requests or fail all of them, are cut
/// off from others (the smaller side), deaf or mute, and those that misbehave, for they are of no more use than one that is down.
fn downed(effect: &Effect) -> Vec<NodeId> {
    match effect {
        Effect::Node(node, NodeEffect::Down { .. } | NodeEffect::Paused | NodeEffect::Drains | NodeEffect::Twin(_)) => vec![*node],
        Effect::Messages(MessageEffect::Severed { from, to }) => {
            if from.len() <= to.len() {
                from.clone()
            } else {
                to.clone()
            }
        }
        Effect::Messages(MessageEffect::Omits(node, omission)) if omission.share == Share::ALL => vec![*node],
        Effect::Messages(MessageEffect::Fails(node, failing)) if failing.share == Share::ALL => vec![*node],
        Effect::Messages(MessageEffect::Misbehaves(node, _)) => vec![*node],
        // Slow, short of workers or of a disk, or failing at times: it still serves.
        Effect::Node(..)
        | Effect::Messages(MessageEffect::Omits(..) | MessageEffect::AnswersLate(..) | MessageEffect::Fails(..))
        | Effect::Load(_)
        | Effect::Lever(..)
        | Effect::Flush(_)
        | Effect::Connections(..)
        | Effect::Cut { .. }
        | Effect::Link { .. } => Vec::new(),
    }
}

impl Role {
    /// The service or group whose member it is: services by their index, the group apart.
    const fn fleet(self) -> Option<Option<u32>> {
        match self {
            Self::Clients(_) => None,
            Self::Replica(service) => Some(Some(service)),
            Self::Member(_) => GROUP,
        }
    }
}
