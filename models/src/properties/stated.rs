//! Which properties may a scenario state: those of any system, and those that its protocol's own witness watches?

use super::{AnyProperty, Evidence, Finding, Judged, Stands, Verdict, Witness};
use crate::measure::{Observation, Observations};
use crate::protocols::Group;
use crate::registry::{Complaint, complaint};
use serde::{Deserialize, Serialize};

/// A property, as a scenario states it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Stated {
    /// One that any system may have.
    Any(AnyProperty),
    /// One that the protocol of the group watches, by its name.
    OfProtocol(String),
}

impl Stated {
    /// Its name in tables.
    pub fn title(&self) -> String {
        match self {
            Self::Any(property) => property.title(),
            Self::OfProtocol(name) => name.clone(),
        }
    }

    /// Its name, whatever its numbers are.
    pub fn name(&self) -> &str {
        match self {
            Self::Any(property) => property.name(),
            Self::OfProtocol(name) => name,
        }
    }

    /// See [`Property::needs_history`](super::Property::needs_history).
    pub fn needs_history(&self) -> bool {
        matches!(self, Self::Any(property) if property.needs_history())
    }

    /// Whether it can be judged only where there is a group.
    pub fn needs_group(&self) -> bool {
        matches!(self, Self::Any(property) if property.needs_history() && !property.is_of_services_too())
    }

    /// See [`Property::waits_for`](super::Property::waits_for).
    pub fn waits_for(&self) -> Option<&str> {
        if let Self::Any(property) = self { property.waits_for() } else { None }
    }

    /// What a run counts beside, because of it: each observation once, however many properties make it.
    pub(crate) fn observe(all: &[Self], evidence: &Evidence<'_>) -> Vec<Observation> {
        let mut observed: Vec<Observation> = Vec::new();
        for property in all {
            let Self::Any(property) = property else { continue };
            let new = property.observe(evidence).into_iter().filter(|one| observed.iter().all(|known| known.title() != one.title()));
            let new: Vec<Observation> = new.collect();
            observed.extend(new);
        }
        observed
    }

    /// What came of it.
    pub fn find(&self, evidence: &Evidence<'_>, observations: &Observations) -> Finding {
        let judged = match self {
            Self::Any(property) => property.judge(evidence),
            Self::OfProtocol(name) => watched(name, observations),
        };
        let judged = match evidence.exceeded {
            Some(exceeded) => exceeded.leaves(judged, self.stands()),
            None => judged,
        };
        Finding::of(self.title(), judged)
    }

    /// See [`Property::stands`](super::Property::stands). What a witness saw it saw, and a goal that was reached was reached.
    fn stands(&self) -> Stands {
        match self {
            Self::Any(property) => property.stands(),
            Self::OfProtocol(name) => {
                let is_goal = of_protocols().iter().any(|known| known.name == name && known.is_goal);
                if is_goal { Stands::REACHED } else { Stands::VIOLATED }
            }
        }
    }

    /// What is wrong with it where these events may be announced, and with this group.
    pub(crate) fn check(&self, events: &[&str], group: Option<&Group>) -> Vec<Complaint> {
        let property = match self {
            Self::Any(property) => property,
            Self::OfProtocol(name) => {
                let known = group.map(|group| group.properties().chain(group.goals())).into_iter().flatten();
                let known: Vec<&str> = known.map(|(name, _)| name).collect();
                if known.contains(&name.as_str()) {
                    return Vec::new();
                }
                return vec![match group {
                    None => complaint("", format!("`{name}` is watched by the protocol of a group, and there is no group")),
                    Some(group) => Complaint::unknown("", &format!("property of a {}", group.name()), name, known),
                }];
            }
        };
        let unknown = property.waits_for().filter(|event| !events.contains(event));
        let unknown = unknown.map(|event| Complaint::unknown("event", "announcement", event, events.iter().copied()));
        property.check().into_iter().chain(unknown).collect()
    }
}

/// What the witness of a protocol says of a property of its own. What it reports as reached is a goal: never reached is no success, and nor is
/// a property that nothing came about of.
fn watched(name: &str, observations: &Observations) -> Judged {
    if let Some((count, at, sentence)) = observations.violations(name) {
        let shown = Witness::new(at, sentence).shown_by(observations.shown_by(name).unwrap_or_default());
        let first = Witness { against: observations.shown_against(name).to_vec(), ..shown };
        return Judged { verdict: Verdict::Violated, count, first: Some(first) };
    }
    match observations.reached_first(name) {
        Some((count, at)) => Judged { first: Some(Witness::new(at, "it was reached")), ..Judged::holds(count) },
        None if observations.spoken_for(name) == 0 && of_protocols().iter().any(|known| known.name == name) => Judged::not_reached(),
        None => Judged::holds(observations.spoken_for(name)),
    }
}

/// A property that a protocol watches itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Its name.
    pub name: &'static str,
    /// What it claims.
    pub summary: &'static str,
    /// Whether it is something to be reached, instead of something that always holds.
    pub is_goal: bool,
    /// The protocols that watch it.
    pub protocols: Vec<&'static str>,
}

/// Every property that some protocol watches itself, each name once, in the order of the protocols.
pub fn of_protocols() -> Vec<Watched> {
    let mut all: Vec<Watched> = Vec::new();
    for (protocol, is_goal, (name, summary)) in Group::all_properties() {
        match all.iter_mut().find(|known| known.name == name) {
            Some(known) => known.protocols.push(protocol),
            None => all.push(Watched { name, summary, is_goal, protocols: vec![protocol] }),
        }
    }
    all
}
