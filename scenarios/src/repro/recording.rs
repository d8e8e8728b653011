//! What is written down of a run, so that another can be held against it?
//!
//! The fingerprint of everything observable after every so many events. How many that are grows with the run, so that a file of any run
//! stays short.

use crate::live::{LiveRun, Until, start};
use crate::parallel::caught;
use crate::run::Run;
use crate::scenario::ArmPlan;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;

/// Fingerprints at first stand so many events apart.
const FIRST_DISTANCE: u64 = 64;

/// More fingerprints than this are thinned out.
pub const MOST_MARKS: usize = 256;

/// How a run went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// How many events it had.
    pub events: u64,
    /// The instant of its last event.
    pub ended: SimTime,
    /// Its fingerprint.
    pub digest: u64,
    /// Fingerprints stand so many events apart.
    pub every: u64,
    /// The fingerprints after `every`, twice `every`, ... events.
    pub marks: Vec<u64>,
}

/// Makes a run and writes it down.
pub fn record(arm: &ArmPlan, seed: u64) -> (Recording, Result<Run, String>) {
    let mut live = start(arm, seed, TieBreak::ByRank);
    let mut marks = Marks { every: FIRST_DISTANCE, marks: Vec::new() };
    let finished = caught(|| marks.take(&mut *live));
    let recording =
        Recording { events: live.events(), ended: live.now(), digest: live.digest().value(), every: marks.every, marks: marks.marks };
    (recording, finished.map(|()| live.finish()))
}

struct Marks {
    every: u64,
    marks: Vec<u64>,
}

impl Marks {
    fn take(&mut self, live: &mut dyn LiveRun) {
        loop {
            let next = (self.marks.len() as u64 + 1) * self.every;
            let is_over = live.advance(Until::events(next), None);
            if is_over || live.events() < next {
                return;
            }
            self.marks.push(live.digest().value());
            if self.marks.len() == MOST_MARKS {
                // Every other one: those at even multiples, which are multiples of twice the distance.
                self.marks = self.marks.iter().copied().skip(1).step_by(2).collect();
                self.every *= 2;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;
    use crate::{Extent, read};

    #[test]
    fn fingerprints_stand_at_even_distances_however_long_the_run_is() {
        let text = crate::library::find("any-storm").expect("it is shipped").text;
        let scenario = read(Source::new("any-storm", text), "any-storm", &[], Extent::AsWritten).expect("it is sound");
        let arm = &scenario.cells[0].arms[0];
        let (recording, run) = record(arm, 3);
        let run = run.expect("it does not panic");
        assert_eq!((recording.events, recording.digest), (run.measures.events, run.digest.value()));
        assert!(recording.marks.len() < MOST_MARKS && recording.marks.len() >= MOST_MARKS / 2);
        assert_eq!(recording.marks.len() as u64, recording.events / recording.every);
        for (index, mark) in (1..).zip(&recording.marks).step_by(31) {
            let mut live = start(arm, 3, TieBreak::ByRank);
            live.advance(Until::events(index * recording.every), None);
            assert_eq!(live.digest().value(), *mark);
        }
    }
}
