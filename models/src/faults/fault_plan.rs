//! What is a fault once its names are looked up, and which strikes does it have in a run?
//!
//! Each draw belongs to a fault (by its label), a member (by its name) and an ordinal: leaving a fault or a member out
//! re-rolls nothing of the others.

use super::experiment::BlastRadius;
use super::renewal::RenewalPlan;
use super::{AnyFault, Experiment, Luck, Member, Pick, PlannedFault, Renewal, Span, Timetable, Timing, Trigger};
use crate::environment::Within;
use crate::ids::FaultId;
use crate::places::Places;
use crate::registry::{Complaint, complaint};
use sim_core::draw::{Key, Seed};
use sim_core::sample::{Distribution, Sampler};
use sim_core::time::{SimDuration, SimTime};
use std::ops::Range;

/// A plan that is expected to strike more often in one run is refused.
pub const MOST_STRIKES: usize = 1_000_000;

/// A fault with its names looked up and its distributions compiled.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    /// What happens, in words.
    pub label: String,
    /// The fault itself.
    pub fault: AnyFault,
    /// Whom it may strike.
    pub members: Vec<Member>,
    key: Key,
    schedule: Schedule,
    stagger: Option<Sampler>,
    pick: Option<Pick>,
    /// How many of its members it may hit, by the time of the strike.
    radius: Option<BlastRadius>,
}

#[derive(Clone, Debug)]
enum Schedule {
    /// At an instant, and perhaps again.
    Timed { at: SimTime, lasts: Option<SimDuration>, every: Option<(SimDuration, u32)> },
    /// At random.
    Renewal(RenewalPlan),
    /// When something happens.
    When(WhenPlan),
}

/// What a fault waits for, and what it does then.
#[derive(Clone, Debug)]
pub(crate) struct WhenPlan {
    pub(crate) trigger: Trigger,
    /// What happens earlier is not heard.
    pub(crate) not_before: SimTime,
    pub(crate) after: SimDuration,
    pub(crate) times: u32,
    lasts: Option<SimDuration>,
}

impl FaultPlan {
    /// A checked fault that strikes these members. `ordinal` tells apart faults of one label.
    pub fn new(fault: AnyFault, timing: &Timing, members: Vec<Member>, ordinal: u64) -> Self {
        let label = timing.label.clone().unwrap_or_else(|| fault.label());
        let at = SimTime::ZERO.saturating_add(timing.at.unwrap_or_default());
        let lasts = fault.lasts_by_itself().or(timing.lasts);
        let schedule = match (&timing.renewal, &timing.when) {
            (Some(Renewal { time_to_failure, time_to_repair, crews }), _) => Schedule::Renewal(RenewalPlan {
                from: at,
                to_failure: time_to_failure.compile(),
                to_repair: time_to_repair.compile(),
                crews: crews.map_or(usize::MAX, |crews| crews as usize),
            }),
            (None, Some(trigger)) => Schedule::When(WhenPlan {
                trigger: trigger.clone(),
                not_before: at,
                after: timing.after.unwrap_or_default().max(SimDuration::NANOSECOND),
                times: timing.times.unwrap_or(1),
                lasts,
            }),
            (None, None) => Schedule::Timed { at, lasts, every: timing.every.map(|every| (every, timing.times.unwrap_or(u32::MAX))) },
        };
        let key = Key::named("fault").child(Key::named(&label).bits()).child(ordinal);
        let stagger = timing.stagger.as_ref().map(Distribution::compile);
        Self { key, label, fault, members, schedule, stagger, pick: timing.pick, radius: None }
    }

    /// What it does, and to whom, in the words of a fault without a label; nothing if the label says that already.
    pub fn what(&self) -> Option<String> {
        Some(self.fault.label()).filter(|what| !self.label.contains(what))
    }

    /// The same, over after this; nothing if it says itself how long it lasts, or does not strike at an instant.
    #[must_use]
    pub fn shortened(&self, lasts: SimDuration) -> Option<Self> {
        let Schedule::Timed { at, every, .. } = self.schedule else { return None };
        let schedule = Schedule::Timed { at, lasts: Some(lasts), every };
        self.fault.lasts_by_itself().is_none().then(|| Self { schedule, ..self.clone() })
    }

    /// From now on it hits no more members than the blast radius of an experiment allows.
    pub(crate) fn limit_to(&mut self, experiment: &Experiment) {
        self.radius = experiment.blast_radius();
    }

    /// Begin and end of its strikes before the horizon, as far as they are the same in every run: none of a fault that
    /// comes and goes at random, or on an event.
    pub fn windows(&self, horizon: SimDuration) -> Vec<(SimTime, Option<SimTime>)> {
        let Schedule::Timed { at, lasts, every } = self.schedule else { return Vec::new() };
        let (every, times) = every.unwrap_or((SimDuration::MAX, 1));
        let begins = std::iter::successors(Some(at), |begin| Some(begin.saturating_add(every)));
        let begins = begins.take(times as usize).take_while(|begin| begin.since_start() < horizon);
        begins.map(|begin| (begin, lasts.map(|lasts| begin.saturating_add(lasts)))).collect()
    }

    /// Whether it strikes at other times in other runs.
    pub const fn is_random(&self) -> bool {
        !matches!(self.schedule, Schedule::Timed { .. }) || self.aims() || self.stagger.is_some()
    }

    /// Begin and end of its strikes as a reader should see them: nothing of one that is random, and until the last effect is
    /// over of one that lasts as long as its members take.
    pub fn extents(&self, horizon: SimDuration, seed: &Seed) -> Vec<(SimTime, Option<SimTime>)> {
        if self.is_random() {
            return Vec::new();
        }
        let extent = |(ordinal, (begin, end)): (u64, (SimTime, Option<SimTime>))| {
            let mut table = Timetable::default();
            self.strike(FaultId(0), ordinal, begin, seed, &mut table);
            let drawn = table.strikes.first().map(|strike| strike.end);
            match (end, drawn) {
                (Some(end), Some(Some(drawn))) => (begin, Some(end.max(drawn))),
                (Some(_), Some(None)) => (begin, None),
                (None, Some(drawn)) => (begin, drawn),
                (end, None) => (begin, end),
            }
        };
        (0..).zip(self.windows(horizon)).map(extent).collect()
    }

    /// Whether it strikes whoever leads a group at that instant: nobody, if nobody does.
    pub const fn aims(&self) -> bool {
        matches!(self.pick, Some(Pick::Primary))
    }

    /// Whether its members fail and are repaired at random until the horizon.
    pub const fn renews(&self) -> bool {
        matches!(self.schedule, Schedule::Renewal(_))
    }

    /// What it waits for, if it strikes when something happens in the run.
    pub(crate) const fn when(&self) -> Option<&WhenPlan> {
        match &self.schedule {
            Schedule::When(when) => Some(when),
            Schedule::Timed { .. } | Schedule::Renewal(_) => None,
        }
    }

    /// Whether something that happens in the run decides when or whom it strikes, so that the arms of a scenario meet it at
    /// different instants or elsewhere.
    pub const fn depends_on_run(&self) -> bool {
        self.when().is_some() || self.aims()
    }

    /// How many strikes a run is expected to have, members that are struck one after another counted apart.
    pub(crate) fn expected_strikes(&self, horizon: SimDuration) -> f64 {
        let at_once = if self.stagger.is_some() { self.members.len().max(1) as f64 } else { 1.0 };
        match &self.schedule {
            Schedule::Timed { at, every, .. } => {
                let (every, times) = every.unwrap_or((SimDuration::MAX, 1));
                let room = horizon.saturating_sub(at.since_start()).as_nanos() / every.as_nanos().max(1) + 1;
                room.min(u64::from(times)) as f64 * at_once
            }
            Schedule::Renewal(renewal) => renewal.expected(self.members.len(), SimTime::ZERO.saturating_add(horizon)),
            Schedule::When(when) => f64::from(when.times) * at_once,
        }
    }

    /// What is wrong with it if it strikes more often than a run can hold.
    pub(crate) fn check_number(&self, horizon: SimDuration) -> Option<Complaint> {
        let expected = self.expected_strikes(horizon);
        let (field, remedy) = match self.schedule {
            Schedule::Timed { .. } => ("every", "let it strike less often"),
            Schedule::Renewal(_) => ("renewal", "make its times longer, or the run shorter"),
            Schedule::When(_) => ("times", "let it strike less often"),
        };
        (expected > MOST_STRIKES as f64).then(|| {
            complaint(field, format!("about {expected:.0} strikes are expected in a run, which can hold {MOST_STRIKES}; {remedy}"))
        })
    }

    /// Draws the strikes that are known before time 0.
    pub(super) fn strikes(&self, id: FaultId, seed: &Seed, horizon: SimTime, table: &mut Timetable) {
        match &self.schedule {
            // Whom it strikes is seen when it strikes.
            Schedule::Timed { .. } if self.aims() => {}
            Schedule::Timed { .. } => {
                for (ordinal, (begin, _)) in (0..).zip(self.windows(horizon.since_start())) {
                    self.strike(id, ordinal, begin, seed, table);
                }
            }
            Schedule::Renewal(renewal) => {
                let keys: Vec<Key> = (0..self.members.len()).map(|member| self.member_key(member)).collect();
                for failure in renewal.failures(seed, &keys, horizon) {
                    if !self.within_radius(failure.failed, seed).contains(&failure.member) {
                        continue;
                    }
                    let luck = Luck { seed, key: keys[failure.member].child(failure.ordinal) };
                    let lasts = Some(failure.repaired.saturating_since(failure.failed));
                    let course = self.fault.course(&self.members[failure.member], lasts, luck);
                    table.push((id, Some(failure.member as u32)), (luck.key, self.within(failure.failed)), failure.failed, course);
                }
            }
            Schedule::When(_) => {}
        }
    }

    /// One strike at all members, or at those that are picked. Answers the indices of its stretches.
    pub(crate) fn strike(&self, id: FaultId, ordinal: u64, begin: SimTime, seed: &Seed, table: &mut Timetable) -> Range<usize> {
        self.strike_members(self.picked(ordinal, begin, seed), (id, ordinal), begin, seed, table)
    }

    /// One strike at those of the members that lead now; `leads` knows them by name.
    pub(crate) fn strike_primary(
        &self,
        leads: impl Fn(&str) -> bool,
        (id, ordinal): (FaultId, u64),
        begin: SimTime,
        seed: &Seed,
        table: &mut Timetable,
    ) -> Range<usize> {
        let mut primary: Vec<_> = (0..self.members.len()).filter(|&member| leads(&self.members[member].name)).collect();
        if let Some(radius) = &self.radius {
            primary.truncate(radius.of(self.members.len(), begin));
        }
        self.strike_members(primary, (id, ordinal), begin, seed, table)
    }

    fn strike_members(
        &self,
        members: Vec<usize>,
        (id, ordinal): (FaultId, u64),
        begin: SimTime,
        seed: &Seed,
        table: &mut Timetable,
    ) -> Range<usize> {
        let lasts = match &self.schedule {
            Schedule::Timed { lasts, .. } | Schedule::When(WhenPlan { lasts, .. }) => *lasts,
            Schedule::Renewal(_) => unreachable!("a renewal strikes its members apart"),
        };
        let mut spans: Vec<Span> = Vec::new();
        for member in members {
            let luck = Luck { seed, key: self.member_key(member).child(ordinal) };
            let later = self.stagger.as_ref().map_or(SimDuration::ZERO, |stagger| stagger.sample(luck.draws(u32::MAX).wait()));
            for mut span in self.fault.course(&self.members[member], lasts, luck) {
                span.from = span.from.saturating_add(later);
                span.until = span.until.map(|until| until.saturating_add(later));
                // What begins and ends together is one stretch.
                match spans.iter_mut().find(|known| known.from == span.from && known.until == span.until) {
                    Some(known) => known.effects.append(&mut span.effects),
                    None => spans.push(span),
                }
            }
        }
        table.push((id, None), (self.key.child(ordinal), self.within(begin)), begin, spans)
    }

    /// The calls that a strike at this instant may touch.
    fn within(&self, begin: SimTime) -> Within {
        self.radius.as_ref().map_or(Within::ALL, |radius| radius.within(begin))
    }

    fn member_key(&self, member: usize) -> Key {
        self.key.child(Key::named(&self.members[member].name).bits())
    }

    /// The members that a strike at this instant may hit. A larger radius holds all that a smaller one does.
    fn within_radius(&self, begin: SimTime, seed: &Seed) -> Vec<usize> {
        let all = 0..self.members.len();
        let Some(radius) = &self.radius else { return all.collect() };
        let mut drawn: Vec<_> = all.map(|member| (seed.draws(self.member_key(member), 0).share().bits(), member)).collect();
        drawn.sort_unstable();
        drawn.truncate(radius.of(self.members.len(), begin));
        let mut within: Vec<_> = drawn.into_iter().map(|(_, member)| member).collect();
        within.sort_unstable();
        within
    }

    /// The members that a strike hits: those with the least numbers among all, so that one more or less re-rolls no other.
    fn picked(&self, ordinal: u64, begin: SimTime, seed: &Seed) -> Vec<usize> {
        let all = self.within_radius(begin, seed);
        let Some(pick) = self.pick else { return all };
        let mut drawn: Vec<_> =
            all.into_iter().map(|member| (seed.draws(self.member_key(member).child(ordinal), u32::MAX).choice().bits(), member)).collect();
        drawn.sort_unstable();
        let mut picked: Vec<_> = drawn.into_iter().take(pick.of(self.members.len())).map(|(_, member)| member).collect();
        picked.sort_unstable();
        picked
    }
}

/// The plans of written faults, in their order, or what is wrong with each. Distributions are compiled from checked numbers
/// only: where others are not (`sound` is false), names are looked up and nothing is planned.
pub(crate) fn plans(
    faults: &[PlannedFault],
    places: &Places<'_>,
    horizon: SimDuration,
    sound: bool,
) -> Vec<Result<Option<FaultPlan>, Vec<Complaint>>> {
    let labels: Vec<String> = faults.iter().map(PlannedFault::label).collect();
    let ordinal = |index: usize| labels[..index].iter().filter(|label| **label == labels[index]).count() as u64;
    let plan = |(index, planned): (usize, &PlannedFault)| {
        let mut complaints = planned.check_place_in_run(horizon, &labels, &places.events().collect::<Vec<_>>());
        let members = planned.members(places);
        if let (Some(Pick::Primary), Ok(members)) = (planned.timing.pick, &members) {
            complaints.extend(places.check_primary("pick", members.iter().map(|member| member.name.as_str())));
        }
        match members {
            Ok(members) if complaints.is_empty() && sound => {
                let plan = FaultPlan::new(planned.fault.clone(), &planned.timing, members, ordinal(index));
                return plan.check_number(horizon).map_or(Ok(Some(plan)), |complaint| Err(vec![complaint]));
            }
            Ok(_) => {}
            Err(unknown) => complaints.extend(unknown),
        }
        if complaints.is_empty() { Ok(None) } else { Err(complaints) }
    };
    faults.iter().enumerate().map(plan).collect()
}

impl PlannedFault {
    /// What it is called: its label, or what it does.
    pub fn label(&self) -> String {
        self.timing.label.clone().unwrap_or_else(|| self.fault.label())
    }

    /// Whom it may strike.
    ///
    /// # Errors
    /// Complaints about names that name nothing.
    pub(crate) fn members(&self, places: &Places<'_>) -> Result<Vec<Member>, Vec<Complaint>> {
        let all = self.fault.members(places)?;
        let Some(only) = &self.timing.only else { return Ok(all) };
        let known = || all.iter().map(|member| member.name.as_str());
        let unknown = only.0.iter().filter(|name| !known().any(|known| known == name.as_str()));
        let complaints: Vec<_> = unknown.map(|name| Complaint::unknown("only", "member of this fault", name, known())).collect();
        if complaints.is_empty() { Ok(all.into_iter().filter(|member| only.0.contains(&member.name)).collect()) } else { Err(complaints) }
    }

    /// What is wrong with when it strikes in a run that is so long and has faults of these labels.
    fn check_place_in_run(&self, horizon: SimDuration, labels: &[String], events: &[&'static str]) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let at = self.timing.at.unwrap_or_default();
        if at >= horizon {
            complaints.push(complaint("at", format!("it begins at {at}, when the run is over (the horizon is {horizon})")));
        }
        let names = self.timing.when.as_ref().and_then(|when| when.check_names(labels.iter().map(String::as_str), events.iter().copied()));
        complaints.extend(names.map(|complaint| complaint.inside("when")));
        complaints
    }
}
