//! When does a fault strike, for how long, and whom of those it may strike?
//!
//! These fields are common to all faults, so no fault declares them: `at` and `lasts`; `every` and `times` for a fault
//! that comes again; `renewal` for one that comes and goes at random; `stagger` for members that are struck one after
//! another; `pick` and `only` for a fault that strikes only some; `when` for a fault that something in the run sets off.

use super::{Names, Trigger};
use crate::registry::{Complaint, complaint, within};
use serde::{Deserialize, Serialize};
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;

/// When a fault strikes, as a scenario writes it beside the fault's own fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Timing {
    /// A name of its own: for paths, traces and charts, and the key of what it draws.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it strikes, from the start of the run; with `renewal`, when the first member begins to age (the start unless said).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<SimDuration>,
    /// How long it lasts; for ever unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<SimDuration>,
    /// It strikes again whenever so much time has passed since it struck last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<SimDuration>,
    /// It strikes when this happens in the run; `at`, if it is written, says from when on that is heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<Trigger>,
    /// With `when`: how long after that it strikes; at once (a nanosecond later) unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<SimDuration>,
    /// How often it strikes in all. With `every` until the horizon unless said; with `when` once unless said, and again
    /// only after the strike before is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// It comes and goes at random, at each member apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewal: Option<Renewal>,
    /// How much later each member is struck, drawn apart; at once unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stagger: Option<Distribution>,
    /// Which of the members a strike hits: so many, drawn anew for each, or the one that leads a group; all unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pick: Option<Pick>,
    /// The members that it may strike, by name; all of them unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Names>,
}

/// A member fails, is repaired, and fails again: an alternating renewal process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// How long a member runs until it fails, from the start or from its last repair.
    pub time_to_failure: Distribution,
    /// How long its repair takes once a crew has come to it.
    pub time_to_repair: Distribution,
    /// How many members can be repaired at the same time; the others wait in the order in which they failed. No limit
    /// unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crews: Option<u32>,
}

/// Which of the members of a fault are struck: so many, drawn evenly and anew for each strike, or whoever leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pick {
    /// One of them.
    One,
    /// As many as leave a majority: fewer than half.
    Minority,
    /// The least majority.
    Majority,
    /// So many.
    Count(u32),
    /// The member of a group that leads the others at the instant of the strike, whatever its protocol calls it.
    #[serde(alias = "Leader")]
    Primary,
}

impl Pick {
    /// How many of `all` that is.
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::One => 1.min(all),
            Self::Minority => all.saturating_sub(1) / 2,
            Self::Majority => all / 2 + usize::from(all > 0),
            Self::Count(count) => (count as usize).min(all),
            Self::Primary => 1.min(all),
        }
    }
}

impl Timing {
    /// The fields that belong to every fault.
    pub const FIELDS: [&'static str; 11] =
        ["label", "at", "lasts", "every", "when", "after", "times", "renewal", "stagger", "pick", "only"];

    /// A fault that strikes once.
    pub fn once(at: SimDuration, lasts: Option<SimDuration>) -> Self {
        Self { at: Some(at), lasts, ..Self::default() }
    }

    /// Reads one of [`FIELDS`](Self::FIELDS) from the map it was met in.
    pub(super) fn read<'de, A: serde::de::MapAccess<'de>>(&mut self, field: &'static str, map: &mut A) -> Result<(), A::Error> {
        fn set<'de, T: Deserialize<'de>, A: serde::de::MapAccess<'de>>(
            slot: &mut Option<T>,
            field: &'static str,
            map: &mut A,
        ) -> Result<(), A::Error> {
            if slot.is_some() {
                return Err(serde::de::Error::duplicate_field(field));
            }
            *slot = map.next_value()?;
            Ok(())
        }
        match field {
            "label" => set(&mut self.label, field, map),
            "at" => set(&mut self.at, field, map),
            "lasts" => set(&mut self.lasts, field, map),
            "every" => set(&mut self.every, field, map),
            "when" => set(&mut self.when, field, map),
            "after" => set(&mut self.after, field, map),
            "times" => set(&mut self.times, field, map),
            "renewal" => set(&mut self.renewal, field, map),
            "stagger" => set(&mut self.stagger, field, map),
            "pick" => set(&mut self.pick, field, map),
            "only" => set(&mut self.only, field, map),
            _ => unreachable!("only the fields of a timing are read here"),
        }
    }

    /// Everything wrong with it as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.lasts.is_some_and(SimDuration::is_zero) {
            complaints.push(complaint("lasts", "a fault that lasts no time does nothing; leave `lasts` out for one that never ends"));
        }
        match (self.at, self.renewal.is_some() || self.when.is_some()) {
            (None, false) => complaints.push(complaint("", "`at` is missing: when does it strike? Write at: \"60s\"")),
            (Some(at), false) if at.is_zero() => {
                complaints.push(complaint("at", "a fault begins after the start of the run; the earliest instant is \"1ns\""));
            }
            _ => {}
        }
        if let Some(renewal) = &self.renewal {
            complaints.extend(renewal.check().into_iter().map(|complaint| complaint.inside("renewal")));
        }
        if let Some(trigger) = &self.when {
            complaints.extend(trigger.check().map(|complaint| complaint.inside("when")));
        }
        complaints.extend(self.check_company());
        complaints.extend(self.check_repetition());
        if self.pick == Some(Pick::Count(0)) {
            complaints.push(complaint("pick", "a strike hits at least one member"));
        }
        if self.only.as_ref().is_some_and(Names::is_empty) {
            complaints.push(complaint("only", "nobody is named; leave `only` out to strike every member"));
        }
        if let Some(stagger) = &self.stagger {
            complaints.extend(within("stagger", stagger.check()));
        }
        complaints
    }

    /// Fields that cannot stand beside each other.
    fn check_company(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        let mut refuse = |is_written: bool, field: &str, sentence: &str| {
            if is_written {
                complaints.push(complaint(field, format!("{sentence}; leave `{field}` out")));
            }
        };
        if self.renewal.is_some() {
            let sentence = "`renewal` says when and whom it strikes";
            refuse(self.lasts.is_some(), "lasts", sentence);
            refuse(self.every.is_some(), "every", sentence);
            refuse(self.when.is_some(), "when", sentence);
            refuse(self.stagger.is_some(), "stagger", sentence);
            refuse(self.pick.is_some(), "pick", sentence);
        }
        if self.when.is_some() && self.renewal.is_none() {
            refuse(self.every.is_some(), "every", "`when` says when it strikes, and `times` how often");
        }
        refuse(self.after.is_some() && self.when.is_none(), "after", "`after` belongs to `when`");
        complaints
    }

    /// What is wrong with how often it strikes.
    fn check_repetition(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if let Some(every) = self.every {
            if every.is_zero() {
                complaints.push(complaint("every", "a fault that comes again needs time in between, such as every: \"60s\""));
            }
            match self.lasts {
                None => complaints.push(complaint("every", "a fault that never ends cannot come again; write how long it `lasts`")),
                // One that picks whom it strikes may well strike the next before the last is over.
                Some(lasts) if lasts > every && self.pick.is_none() => {
                    let sentence = format!("it would strike again after {every}, before it is over (it lasts {lasts})");
                    complaints.push(complaint("every", format!("{sentence}; write a longer `every`, or one strike that lasts longer")));
                }
                Some(_) => {}
            }
        }
        if self.times.is_some() && self.every.is_none() && self.when.is_none() {
            complaints.push(complaint("times", "`times` belongs to `every` or `when`: after what does it strike again?"));
        }
        if self.times == Some(0) {
            complaints.push(complaint("times", "a fault strikes at least once; remove it if it should not"));
        }
        if self.times.is_some_and(|times| times > 1) && self.when.is_some() && self.lasts.is_none() {
            complaints.push(complaint("times", "a fault that never ends cannot come again; write how long it `lasts`"));
        }
        complaints
    }
}

impl Renewal {
    /// Everything wrong with it as written.
    fn check(&self) -> Vec<Complaint> {
        let mut complaints: Vec<_> = within("time_to_failure", self.time_to_failure.check()).collect();
        complaints.extend(within("time_to_repair", self.time_to_repair.check()));
        if self.crews == Some(0) {
            complaints.push(complaint("crews", "without a crew nothing is ever repaired; leave `crews` out for no limit"));
        }
        complaints
    }
}
