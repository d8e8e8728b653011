//! Does a scenario still fail in the same way?

use super::draft::Draft;
use crate::live::{Until, start};
use crate::parallel::caught;
use crate::repro::limits::{MOST_RECORDS, too_much};
use crate::search::failure::ENDS;
use crate::search::{Failure, Judge};
use crate::text::Source;
use crate::{Extent, read};
use models::record::Record;
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;
use std::collections::BTreeMap;

/// Memory is looked at after so many events.
const LOOK_EVERY: u64 = 1 << 18;

/// How large a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many events it has.
    pub events: u64,
    /// How many faults are written.
    pub faults: u64,
    /// How often one of them strikes: a fault that strikes every second is written once.
    pub strikes: u64,
    /// Its fingerprint.
    pub digest: u64,
}

/// What a smaller scenario is held against.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// The files that came with it.
    pub data: &'a BTreeMap<String, String>,
    /// How it is to fail.
    pub wanted: &'a Failure,
    /// Whether calls may be left without an end, which breaks many an expectation: only where they were from the beginning.
    pub may_be_unfinished: bool,
}

impl Trial<'_> {
    /// The size of a scenario's run, if it fails as it should within so many events.
    pub fn size_of(&self, draft: &Draft, most_events: u64) -> Option<Size> {
        let source = Source::new("smaller", draft.text("")).with_enclosed(self.data.clone());
        let scenario = read(source, "smaller", &[], Extent::AsWritten).ok()?;
        if too_much(&scenario, 0).is_some() {
            return None;
        }
        let mut live = start(&scenario.cells[0].arms[0], draft.seed, TieBreak::ByRank);
        let mut strikes = 0;
        let mut count = |_: SimTime, record: &Record| strikes += u64::from(matches!(record, Record::FaultBegan(..)));
        let ended = caught(|| {
            while live.events() <= most_events && live.records() <= MOST_RECORDS {
                let until = Until::events(most_events.saturating_add(1).min(live.events() + LOOK_EVERY));
                if live.advance(until, Some(&mut count as &mut dyn Observer<Record>)) {
                    return true;
                }
            }
            false
        });
        let size = Size { events: live.events(), faults: draft.faults.len() as u64, strikes, digest: live.digest().value() };
        let made = match ended {
            Ok(false) => return None,
            Ok(true) => Ok(live.finish()),
            Err(message) => Err(message),
        };
        let failures = Judge::of(&scenario, 0).failures(draft.seed, made.as_ref().map_err(String::as_str));
        let is_cut_short =
            !self.may_be_unfinished && self.wanted.is_expectation() && failures.iter().any(|failure| failure.property == ENDS);
        (!is_cut_short && failures.iter().any(|failure| failure.is_like(self.wanted))).then_some(size)
    }
}
