//! When does a fault strike, for how long, and whom of those it may strike?
//!
//! These fields are common to all faults, so no fault declares them: `at` and `lasts`; `every` and `times` for a fault
//! that comes again; `renewal` for one that comes and goes at random; `stagger` for members that are struck one after
//! another; `pick` for a fault that strikes only some.

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
    /// With `every`: how often it strikes in all; until the horizon unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// It comes and goes at random, at each member apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewal: Option<Renewal>,
    /// How much later each member is struck, drawn apart; at once unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stagger: Option<Distribution>,
    /// How many of the members a strike hits, drawn anew for each; all unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pick: Option<Pick>,
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

/// How many of the members of a fault are struck, drawn evenly and anew for each strike.
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
}

impl Pick {
    /// How many of `all` that is.
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::One => 1.min(all),
            Self::Minority => all.saturating_sub(1) / 2,
            Self::Majority => all / 2 + usize::from(all > 0),
            Self::Count(count) => (count as usize).min(all),
        }
    }
}

impl Timing {
    /// The fields that belong to every fault.
    pub const FIELDS: [&'static str; 8] = ["label", "at", "lasts", "every", "times", "renewal", "stagger", "pick"];

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
            "times" => set(&mut self.times, field, map),
            "renewal" => set(&mut self.renewal, field, map),
            "stagger" => set(&mut self.stagger, field, map),
            "pick" => set(&mut self.pick, field, map),
            _ => unreachable!("only the fields of a timing are read here"),
        }
    }

    /// Everything wrong with it as written.
    pub fn check(&self) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.lasts.is_some_and(SimDuration::is_zero) {
            complaints.push(complaint("lasts", "a fault that lasts no time does nothing; leave `lasts` out for one that never ends"));
        }
        match (self.at, &self.renewal) {
            (None, None) => complaints.push(complaint("", "`at` is missing: when does it strike? Write at: \"60s\"")),
            (Some(at), None) if at.is_zero() => {
                complaints.push(complaint("at", "a fault begins after the start of the run; the earliest instant is \"1ns\""));
            }
            _ => {}
        }
        if let Some(renewal) = &self.renewal {
            complaints.extend(within("renewal.time_to_failure", renewal.time_to_failure.check()));
            complaints.extend(within("renewal.time_to_repair", renewal.time_to_repair.check()));
            if renewal.crews == Some(0) {
                complaints.push(complaint("renewal.crews", "without a crew nothing is ever repaired; leave `crews` out for no limit"));
            }
            for (field, is_written) in [
                ("lasts", self.lasts.is_some()),
                ("every", self.every.is_some()),
                ("stagger", self.stagger.is_some()),
                ("pick", self.pick.is_some()),
            ] {
                if is_written {
                    complaints.push(complaint(field, format!("`renewal` says when and whom it strikes; leave `{field}` out")));
                }
            }
        }
        if let Some(every) = self.every
            && every.is_zero()
        {
            complaints.push(complaint("every", "a fault that comes again needs time in between, such as every: \"60s\""));
        }
        if self.every.is_some() && self.lasts.is_none() {
            complaints.push(complaint("every", "a fault that never ends cannot come again; write how long it `lasts`"));
        }
        if self.times.is_some() && self.every.is_none() {
            complaints.push(complaint("times", "`times` belongs to `every`: after how long does it strike again?"));
        }
        if self.times == Some(0) {
            complaints.push(complaint("times", "a fault strikes at least once; remove it if it should not"));
        }
        if self.pick == Some(Pick::Count(0)) {
            complaints.push(complaint("pick", "a strike hits at least one member"));
        }
        if let Some(stagger) = &self.stagger {
            complaints.extend(within("stagger", stagger.check()));
        }
        complaints
    }
}
