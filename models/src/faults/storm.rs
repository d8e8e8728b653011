//! What can a seed throw at a system, and still be fair?
//!
//! A storm draws faults from families it is given: which of them take part (a random subset: swarm testing, A. Groce et al.,
//! "Swarm Testing", ISSTA 2012), how hard each is, when they strike, whom, and for how long. Budgets bound what may be wrong
//! at the same time; what would break one is left out. Whoever leads a group may be struck, too, whoever that is at the time:
//! such a strike is planned like any other, and only whom it hits is seen in the run. After the storm nothing strikes any more, for a quiet period in which
//! the system has to recover. Everything is drawn before time 0 from keys of the storm's own, so that it is the same in
//! every arm, and leaving a family out re-rolls no other.

use super::budget::{Budget, Down, Who, downs};
use super::{AnyFault, Family, FaultPlan, Member, Pick, PlannedFault, Timetable, Timing};
use crate::ids::FaultId;
use crate::places::Places;
use crate::plan::Plan;
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
    pub families: Vec<Family>,
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
    families: Vec<FamilyPlan>,
}

/// Something that may happen, at each of its strengths.
#[derive(Clone, Debug)]
struct FamilyPlan {
    /// The key of its draws: by its label, and an ordinal among families of one label.
    key: Key,
    /// The fault and whom it may strike, at a quarter, a half, three quarters and all of its strength.
    strengths: Vec<(AnyFault, Vec<Member>)>,
    /// Whether it strikes whoever leads.
    aims: bool,
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
        if self.keep_majority && self.families.iter().any(Family::aims) {
            let sentence = "several may lead at once, and `pick: Leader` strikes them all, so that no majority can be promised";
            complaints.push(complaint("keep_majority", format!("{sentence}; leave `keep_majority` out, and say `max_down`")));
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
        let labels: Vec<String> = self.families.iter().map(Family::label).collect();
        let mut families = Vec::new();
        let mut complaints = Vec::new();
        for (index, family) in self.families.iter().enumerate() {
            let strength = |quarters| {
                let fault = family.fault.weakened(Share::percent(25 * quarters));
                fault.members(places).map(|members| (fault, members))
            };
            let aims = family.aims();
            let ordinal = labels[..index].iter().filter(|label| **label == labels[index]).count();
            let key = Key::named("storm").child(Key::named(&labels[index]).bits()).child(ordinal as u64);
            match (1..=STRENGTHS).map(strength).collect() {
                Ok(strengths) => {
                    let strengths: Vec<(AnyFault, Vec<Member>)> = strengths;
                    let names = strengths.iter().take(1).flat_map(|(_, members)| members).map(|member| member.name.as_str());
                    let wrong = aims.then(|| places.check_primary("pick", names)).flatten();
                    complaints.extend(within(&format!("families[{index}]"), wrong.into_iter().collect()));
                    families.push(FamilyPlan { key, strengths, aims });
                }
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
    /// Whom it strikes; of one that aims, everybody who may lead then.
    struck: &'a [Member],
    /// The name of the one that was drawn; none if it aims, or if there is nobody else it could have struck.
    drawn: Option<&'a str>,
}

impl StormPlan {
    /// What it is, in words: what may happen in it, each kind once.
    pub fn what(&self) -> String {
        /// More kinds than this are only counted.
        const NAMED: usize = 8;
        let whole = self.families.iter().filter_map(|family| Some((family.strengths.last()?, family.aims)));
        let mut labels: Vec<String> = Vec::new();
        for ((fault, _), aims) in whole {
            let label = Family::label_of(fault, aims);
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        let more = labels.len().saturating_sub(NAMED);
        labels.truncate(NAMED);
        let more = if more > 0 { format!("; and {more} more kinds") } else { String::new() };
        format!("drawn anew by every seed from {}{more}", labels.join("; "))
    }

    /// Begin and end.
    pub fn window(&self) -> (SimTime, SimTime) {
        (SimTime::ZERO + self.storm.from, SimTime::ZERO + self.storm.end())
    }

    /// Whom its families may strike, at all of their strength.
    pub(crate) fn members(&self) -> impl Iterator<Item = (usize, &[Member])> {
        let strongest = |family: &'_ FamilyPlan| family.strengths.len() - 1;
        (0..).zip(&self.families).map(move |(index, family)| (index, family.strengths[strongest(family)].1.as_slice()))
    }

    /// Whether something in a run decides whom it strikes.
    pub fn aims(&self) -> bool {
        self.families.iter().any(|family| family.aims)
    }

    /// The faults of a run of this plan under this seed, in order of time: as a scenario would write them.
    pub(crate) fn draw(&self, plan: &Plan, seed: &Seed) -> Vec<(PlannedFault, FaultPlan)> {
        let Storm { max_down, keep_majority, .. } = self.storm;
        let budget = Budget { max_down, keep_majority };
        let mut downs = downs(&Timetable::draw(&plan.faults, seed, plan.clockwork.horizon));
        let mut drawn: Vec<(PlannedFault, FaultPlan)> = Vec::new();
        for candidate in self.candidates(seed) {
            if drawn.len() >= self.storm.most as usize {
                break;
            }
            let family = &self.families[candidate.family];
            let label = Family::label_of(candidate.fault, family.aims);
            let timing = Timing {
                label: Some(format!("storm {}: {label}", drawn.len() + 1)),
                pick: family.aims.then_some(Pick::Primary),
                only: candidate.drawn.map(super::Names::one),
                ..Timing::once(candidate.begin, Some(candidate.lasts))
            };
            let planned = PlannedFault { fault: candidate.fault.clone(), timing };
            let ordinal = plan.faults.iter().filter(|other| other.label == planned.label()).count() as u64;
            let mut fault = FaultPlan::new(planned.fault.clone(), &planned.timing, candidate.struck.to_vec(), ordinal);
            if let Some(experiment) = &plan.experiment {
                fault.limit_to(experiment);
            }
            let new = self.downs_of(&fault, (family.aims, drawn.len()), candidate.begin, seed);
            if let Some(new) = new.filter(|new| budget.allows(plan, &downs, new)) {
                downs.extend(new);
                drawn.push((planned, fault));
            }
        }
        drawn
    }

    /// Which of these strikes break no budget under this seed: how long some of them last is drawn by it.
    pub(crate) fn allowed(&self, plan: &Plan, seed: &Seed, strikes: &[(PlannedFault, FaultPlan)]) -> Vec<bool> {
        let Storm { max_down, keep_majority, .. } = self.storm;
        let budget = Budget { max_down, keep_majority };
        let mut downs = downs(&Timetable::draw(&plan.faults, seed, plan.clockwork.horizon));
        let mut is_allowed = |(ordinal, (planned, fault)): (usize, &(PlannedFault, FaultPlan))| {
            let begin = planned.timing.at.unwrap_or_default();
            let new = self.downs_of(fault, (planned.timing.pick.is_some(), ordinal), begin, seed);
            let new = new.filter(|new| budget.allows(plan, &downs, new));
            let is_allowed = new.is_some();
            downs.extend(new.into_iter().flatten());
            is_allowed
        };
        strikes.iter().enumerate().map(&mut is_allowed).collect()
    }

    /// Who is down because of a strike; nothing if it would not be over in time. Of one that aims it is not known whom it hits, and
    /// how long it lasts may depend on that: one is down from the first begin to the last end that it may have.
    fn downs_of(&self, fault: &FaultPlan, (aims, ordinal): (bool, usize), begin: SimDuration, seed: &Seed) -> Option<Vec<Down>> {
        let (id, begin) = (FaultId(0), SimTime::ZERO + begin);
        let mut table = Timetable::default();
        if aims {
            fault.strike_primary(|_| true, (id, 0), begin, seed, &mut table);
        } else {
            fault.strike(id, 0, begin, seed, &mut table);
        }
        let is_over = |end: Option<SimTime>| end.is_some_and(|end| end <= self.window().1);
        if !table.stretches.iter().all(|stretch| is_over(stretch.end)) {
            return None;
        }
        let known = downs(&table);
        let Some(first) = known.iter().map(|down| down.begin).min().filter(|_| aims) else { return Some(known) };
        let end = known.iter().filter_map(|down| down.end).max();
        Some(vec![Down { who: Who::Leading(ordinal), begin: first, end }])
    }

    /// What the families that take part would do, in order of time.
    fn candidates(&self, seed: &Seed) -> Vec<Candidate<'_>> {
        let luck: Vec<Draws> = self.families.iter().map(|family| seed.draws(family.key, 0)).collect();
        // Each takes part or not by the toss of a coin; if all stay away, the one that was closest to taking part does not.
        let alone = (0..luck.len()).min_by_key(|&family| luck[family].choice().bits());
        let takes_part = |family: &usize| luck[*family].choice().unit() < 0.5 || alone == Some(*family);
        let mut all = Vec::new();
        for family in (0..luck.len()).filter(takes_part) {
            let FamilyPlan { key, strengths, .. } = &self.families[family];
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
        let struck = if self.families[family].aims {
            members
        } else {
            let one = luck.choice().index(members.len() as u64) as usize;
            &members[one..=one]
        };
        let drawn = if struck.len() < members.len() { struck.first().map(|member| member.name.as_str()) } else { None };
        Candidate { begin, lasts: length, family, fault, struck, drawn }
    }
}
