//! What can a seed throw at a system, and still be fair?
//!
//! A storm draws faults from families it is given: which of them take part (a random subset: swarm testing, A. Groce et al.,
//! "Swarm Testing", ISSTA 2012), how hard each is, when they strike, whom, and for how long. Budgets bound what may be wrong
//! at the same time; what would break one is left out. After the storm nothing strikes any more, for a quiet period in which
//! the system has to recover. Everything is drawn before time 0 from keys of the storm's own, so that it is the same in
//! every arm, and leaving a family out re-rolls no other.

use super::{AnyFault, FaultPlan, Member, PlannedFault, Timetable, Timing};
use crate::environment::{Effect, MessageEffect, NodeEffect};
use crate::ids::{FaultId, NodeId};
use crate::places::Places;
use crate::plan::{Plan, Role};
use crate::registry::{Complaint, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::draw::{Draws, Key, Seed};
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::Share;

/// A family strikes at one of so many strengths, a quarter apart.
const STRENGTHS: u64 = 4;

/// The most strikes a storm may have.
const MOST: u32 = 1_000;

/// A storm, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storm {
    /// When it begins.
    pub from: SimDuration,
    /// How long it lasts: every strike begins and ends within.
    pub lasts: SimDuration,
    /// How long nothing strikes after it.
    pub quiet: SimDuration,
    /// What may happen: faults without their timing.
    pub families: Vec<AnyFault>,
    /// How many strikes it has at most.
    #[serde(default = "ten")]
    pub most: u32,
    /// The shortest strike.
    #[serde(default = "second")]
    pub shortest: SimDuration,
    /// The longest strike; a quarter of the storm unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<SimDuration>,
    /// How many members of a service or group are down at the same time, at most. Who is cut off or misbehaves counts as down.
    #[serde(default = "one")]
    pub max_down: u32,
    /// Whether a majority of every service and group it strikes stays up.
    #[serde(default)]
    pub keep_majority: bool,
}

const fn ten() -> u32 {
    10
}

const fn one() -> u32 {
    1
}

const fn second() -> SimDuration {
    SimDuration::from_secs(1)
}

/// A storm with its names looked up.
#[derive(Clone, Debug)]
pub struct StormPlan {
    storm: Storm,
    families: Vec<Family>,
}

/// Something that may happen, at each of its strengths.
#[derive(Clone, Debug)]
struct Family {
    /// The key of its draws: by its label, and an ordinal among families of one label.
    key: Key,
    /// The fault and whom it may strike, at a quarter, a half, three quarters and all of its strength.
    strengths: Vec<(AnyFault, Vec<Member>)>,
}

impl Storm {
    /// When it is over.
    pub const fn end(&self) -> SimDuration {
        self.from.saturating_add(self.lasts)
    }

    fn longest(&self) -> SimDuration {
        self.longest.unwrap_or(self.lasts / 4).max(self.shortest)
    }

    /// Everything wrong with it as written, beside these faults in a run that is so long.
    pub fn check(&self, faults: &[PlannedFault], horizon: SimDuration) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut refuse = |wrong: bool, field: &str, sentence: String| {
            if wrong {
                complaints.push(complaint(field, sentence));
            }
        };
        refuse(self.from.is_zero(), "from", "a storm begins after the start of the run; the earliest instant is \"1ns\"".to_owned());
        refuse(self.lasts.is_zero(), "lasts", "a storm that lasts no time does nothing".to_owned());
        refuse(
            self.families.is_empty(),
            "families",
            "nothing can happen; write faults without `at`, such as Crash(node: \"shop\")".to_owned(),
        );
        refuse(!(1..=MOST).contains(&self.most), "most", format!("a storm has 1 to {MOST} strikes"));
        refuse(self.shortest.is_zero(), "shortest", "a strike that lasts no time does nothing".to_owned());
        let longest = self.longest.unwrap_or(self.lasts);
        let sentence = format!("the longest strike ({longest}) is shorter than the shortest ({})", self.shortest);
        refuse(longest < self.shortest, if self.longest.is_some() { "longest" } else { "shortest" }, sentence);
        let sentence = format!("a strike of {longest} does not fit into a storm that lasts {}", self.lasts);
        refuse(longest > self.lasts, "longest", sentence);
        refuse(self.max_down == 0, "max_down", "at least one member must be allowed to go down".to_owned());
        let over = self.end().saturating_add(self.quiet);
        let sentence = format!("storm and quiet end at {over}, after the horizon ({horizon})");
        refuse(over > horizon, "quiet", sentence);
        for (index, family) in self.families.iter().enumerate() {
            let timing = Timing::once(self.from, Some(longest));
            complaints.extend(within(&format!("families[{index}]"), family.check(&timing)));
        }
        let noisy = |at_any_time| {
            let all = faults.iter().filter(move |fault| self.is_noisy(fault) && Self::strikes_at_any_time(fault) == at_any_time);
            listed(&all.map(PlannedFault::label).collect::<Vec<_>>())
        };
        if let Some(labels) = noisy(true) {
            let sentence = "may strike at any time, so that no quiet can be promised; leave that out, or write quiet: \"0s\"";
            complaints.push(complaint("quiet", format!("{labels} {sentence}")));
        }
        if let Some(labels) = noisy(false) {
            let (from, to) = (self.end(), self.end().saturating_add(self.quiet));
            complaints.push(complaint("quiet", format!("it shall be quiet from {from} to {to}, and this is on meanwhile: {labels}")));
        }
        complaints
    }

    const fn strikes_at_any_time(fault: &PlannedFault) -> bool {
        fault.timing.renewal.is_some() || fault.timing.when.is_some()
    }

    /// Whether a written fault may strike while it shall be quiet.
    fn is_noisy(&self, fault: &PlannedFault) -> bool {
        let timing = &fault.timing;
        if self.quiet.is_zero() || Self::strikes_at_any_time(fault) {
            return !self.quiet.is_zero();
        }
        let (begin, end) = (timing.at.unwrap_or_default(), self.end().saturating_add(self.quiet));
        let strikes = timing.every.map_or(1, |_| timing.times.unwrap_or(u32::MAX));
        let last = begin.saturating_add(timing.every.unwrap_or_default().saturating_mul(u64::from(strikes) - 1));
        let over = timing.lasts.map_or(SimDuration::MAX, |lasts| last.saturating_add(lasts));
        begin < end && over > self.end()
    }

    /// Looks up the names of its families.
    ///
    /// # Errors
    /// Complaints about names that name nothing.
    pub(crate) fn plan(&self, places: &Places<'_>) -> Result<StormPlan, Vec<Complaint>> {
        let labels: Vec<String> = self.families.iter().map(AnyFault::label).collect();
        let mut families = Vec::new();
        let mut complaints = Vec::new();
        for (index, family) in self.families.iter().enumerate() {
            let strength = |quarters| {
                let fault = family.weakened(Share::percent(25 * quarters));
                fault.members(places).map(|members| (fault, members))
            };
            let ordinal = labels[..index].iter().filter(|label| **label == labels[index]).count();
            let key = Key::named("storm").child(Key::named(&labels[index]).bits()).child(ordinal as u64);
            match (1..=STRENGTHS).map(strength).collect() {
                Ok(strengths) => families.push(Family { key, strengths }),
                Err(unknown) => complaints.extend(within(&format!("families[{index}]"), unknown)),
            }
        }
        if complaints.is_empty() { Ok(StormPlan { storm: self.clone(), families }) } else { Err(complaints) }
    }
}

/// Some labels in a sentence, each once.
fn listed(labels: &[String]) -> Option<String> {
    const SHOWN: usize = 4;
    let mut each: Vec<&String> = Vec::new();
    labels.iter().for_each(|label| {
        if !each.contains(&label) {
            each.push(label);
        }
    });
    let shown: Vec<String> = each.iter().take(SHOWN).map(|label| format!("`{label}`")).collect();
    let more = each.len().saturating_sub(SHOWN);
    (!shown.is_empty()).then(|| if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) })
}

/// A strike that may become part of a storm.
struct Candidate<'a> {
    begin: SimDuration,
    lasts: SimDuration,
    family: usize,
    fault: &'a AnyFault,
    /// Whom it strikes.
    member: &'a Member,
    /// Whether there is nobody else it could have struck.
    is_only: bool,
}

/// How long a node is down.
struct Down {
    node: NodeId,
    begin: SimTime,
    end: Option<SimTime>,
}

impl Down {
    fn is_on(&self, at: SimTime) -> bool {
        self.begin <= at && self.end.is_none_or(|end| at < end)
    }
}

impl StormPlan {
    /// Begin and end.
    pub fn window(&self) -> (SimTime, SimTime) {
        (SimTime::ZERO + self.storm.from, SimTime::ZERO + self.storm.end())
    }

    /// Whom its families may strike, at all of their strength.
    pub(crate) fn members(&self) -> impl Iterator<Item = (usize, &[Member])> {
        let strongest = |family: &'_ Family| family.strengths.len() - 1;
        (0..).zip(&self.families).map(move |(index, family)| (index, family.strengths[strongest(family)].1.as_slice()))
    }

    /// The faults of a run of this plan under this seed, in order of time: as a scenario would write them.
    pub(crate) fn draw(&self, plan: &Plan, seed: &Seed) -> Vec<(PlannedFault, FaultPlan)> {
        let mut table = Timetable::draw(&plan.faults, seed, plan.clockwork.horizon);
        let mut downs = downs(&table, 0);
        let mut drawn: Vec<(PlannedFault, FaultPlan)> = Vec::new();
        for candidate in self.candidates(seed) {
            if drawn.len() >= self.storm.most as usize {
                break;
            }
            let member = candidate.member;
            let timing = Timing {
                label: Some(format!("storm {}: {}", drawn.len() + 1, candidate.fault.label())),
                only: (!candidate.is_only).then(|| super::Names::one(&member.name)),
                ..Timing::once(candidate.begin, Some(candidate.lasts))
            };
            let planned = PlannedFault { fault: candidate.fault.clone(), timing };
            let ordinal = plan.faults.iter().filter(|other| other.label == planned.label()).count() as u64;
            let mut fault = FaultPlan::new(planned.fault.clone(), &planned.timing, vec![member.clone()], ordinal);
            if let Some(experiment) = &plan.experiment {
                fault.limit_to(experiment);
            }
            let known = table.stretches.len();
            let id = FaultId((plan.faults.len() + drawn.len()) as u32);
            fault.strike(id, 0, SimTime::ZERO + candidate.begin, seed, &mut table);
            let is_over = |end: Option<SimTime>| end.is_some_and(|end| end <= self.window().1);
            let new = self::downs(&table, known);
            if table.stretches[known..].iter().all(|stretch| is_over(stretch.end)) && self.is_within_budget(plan, &downs, &new) {
                downs.extend(new);
                drawn.push((planned, fault));
            }
        }
        drawn
    }

    /// What the families that take part would do, in order of time.
    fn candidates(&self, seed: &Seed) -> Vec<Candidate<'_>> {
        let luck: Vec<Draws> = self.families.iter().map(|family| seed.draws(family.key, 0)).collect();
        // Each takes part or not by the toss of a coin; if all stay away, the one that was closest to taking part does not.
        let alone = (0..luck.len()).min_by_key(|&family| luck[family].choice().bits());
        let takes_part = |family: &usize| luck[*family].choice().unit() < 0.5 || alone == Some(*family);
        let mut all = Vec::new();
        for family in (0..luck.len()).filter(takes_part) {
            let Family { key, strengths } = &self.families[family];
            let quarters = 1 + luck[family].share().index(STRENGTHS);
            // One that strikes harder may strike more often, too.
            let most = (u64::from(self.storm.most) * quarters).div_ceil(STRENGTHS);
            let strikes = 1 + luck[family].wait().index(most);
            let (fault, members) = &strengths[quarters as usize - 1];
            all.extend((0..strikes).map(|strike| self.candidate(family, fault, members, seed.draws(key.child(strike), 1))));
        }
        all.sort_by_key(|candidate| (candidate.begin, candidate.family, candidate.lasts));
        all
    }

    fn candidate<'a>(&self, family: usize, fault: &'a AnyFault, members: &'a [Member], luck: Draws) -> Candidate<'a> {
        // Whole milliseconds where there is room for them, so that the drawn plan can be read.
        let rounded = |length: SimDuration| {
            let rest = length % SimDuration::from_millis(1);
            if length > rest { length - rest } else { length }
        };
        let Storm { from, lasts, shortest, .. } = self.storm;
        let length = rounded(luck.demand().between(shortest, self.storm.longest())).max(shortest);
        let begin = from.saturating_add(rounded(luck.wait().below(lasts.saturating_sub(length))));
        let member = &members[luck.choice().index(members.len() as u64) as usize];
        Candidate { begin, lasts: length, family, fault, member, is_only: members.len() == 1 }
    }

    /// Whether no service and no group has more members down than it may while any of `new` is.
    fn is_within_budget(&self, plan: &Plan, known: &[Down], new: &[Down]) -> bool {
        let fleet = |node: NodeId| plan.nodes[node.index()].role.fleet();
        let budget = |size: usize| {
            let most = self.storm.max_down as usize;
            if self.storm.keep_majority { most.min(size.saturating_sub(1) / 2) } else { most }
        };
        new.iter().all(|down| {
            let fleet_of = fleet(down.node);
            let size = plan.nodes.iter().filter(|node| node.role.fleet() == fleet_of).count();
            let all = || known.iter().chain(new).filter(|other| fleet(other.node) == fleet_of);
            // The number changes for the worse only where somebody goes down.
            all().map(|other| other.begin.max(down.begin)).filter(|&at| down.is_on(at)).all(|at| {
                let mut nodes: Vec<NodeId> = all().filter(|other| other.is_on(at)).map(|other| other.node).collect();
                nodes.sort_unstable();
                nodes.dedup();
                nodes.len() <= budget(size)
            })
        })
    }
}

/// Who is down when, by the stretches from this one on.
fn downs(table: &Timetable, from: usize) -> Vec<Down> {
    let stretches = table.stretches[from..].iter();
    stretches
        .flat_map(|stretch| {
            let nodes = stretch.effects.iter().flat_map(downed);
            nodes.map(|node| Down { node, begin: stretch.begin, end: stretch.end })
        })
        .collect()
}

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
            Self::Member(_) => Some(None),
        }
    }
}
