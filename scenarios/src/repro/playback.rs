//! Is a run the recorded one, and if not, where do they part?
//!
//! The run is made again piece by piece, and its fingerprint compared after each. It is never continued beyond the piece in which it parted,
//! nor beyond the recorded number of events, so that no file can make a replay go on for ever.

use super::limits::MOST_RECORDS;
use super::recording::Recording;
use crate::live::{LiveRun, Until, start};
use crate::parallel::caught;
use crate::run::Run;
use crate::scenario::ArmPlan;
use models::record::Record;
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;
use std::fmt;

/// Memory is looked at after so many events.
const LOOK_EVERY: u64 = 1 << 18;

/// What came of a repetition.
#[derive(Clone, Debug)]
pub enum Played {
    /// It is the recorded run; a message stands for a run that ended in the recorded panic.
    Same(Result<Box<Run>, String>),
    /// It is not.
    Parted(Parted),
    /// It needs more memory than a file from elsewhere may ask for.
    TooLarge(String),
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parted {
    /// After so many events they were still the same.
    pub same: u64,
    /// After so many they were not.
    pub other: u64,
    /// The instants of these two events in the repetition.
    pub between: (SimTime, SimTime),
    /// What differs then, in words.
    pub how: String,
}

impl fmt::Display for Parted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { same, other, between: (from, to), how } = self;
        write!(f, "the same up to event {same} (at {from}) and another run at event {other} (at {to}): {how}")
    }
}

/// Makes a run again and holds it against what was written down.
pub fn play(arm: &ArmPlan, seed: u64, recording: &Recording, mut observer: Option<&mut dyn Observer<Record>>) -> Played {
    let mut live = start(arm, seed, TieBreak::ByRank);
    let outcome = caught(|| follow(&mut *live, recording, &mut observer));
    match outcome {
        Ok(Ok(())) => Played::Same(Ok(Box::new(live.finish()))),
        Ok(Err(played)) => played,
        // A panic is the recorded one if it comes at the recorded event.
        Err(message) if live.events() == recording.events && live.digest().value() == recording.digest => Played::Same(Err(message)),
        Err(message) => {
            let how = format!("it ends in a panic after {} events, `{message}`", live.events());
            Played::Parted(Parted { same: 0, other: live.events(), between: (SimTime::ZERO, live.now()), how })
        }
    }
}

fn follow(live: &mut dyn LiveRun, recording: &Recording, observer: &mut Option<&mut dyn Observer<Record>>) -> Result<(), Played> {
    let mut same = (0, SimTime::ZERO);
    let parted = |same: (u64, SimTime), live: &dyn LiveRun, how: String| {
        Played::Parted(Parted { same: same.0, other: live.events(), between: (same.1, live.now()), how })
    };
    for (number, mark) in (1..).zip(&recording.marks) {
        let wanted = recording.every.saturating_mul(number);
        go_on(live, wanted, observer)?;
        if live.events() < wanted {
            let how = format!("it is over after {} events, and the recorded one after {}", live.events(), recording.events);
            return Err(parted(same, live, how));
        }
        if live.digest().value() != *mark {
            return Err(parted(same, live, format!("its digest is {}, and the recorded one {mark:016x}", live.digest())));
        }
        same = (live.events(), live.now());
    }
    // One more than were recorded shows whether it goes on.
    go_on(live, recording.events.saturating_add(1), observer)?;
    if live.events() > recording.events {
        return Err(parted(same, live, format!("it goes on, and the recorded one was over after {} events", recording.events)));
    }
    if live.events() < recording.events {
        let how = format!("it is over after {} events, and the recorded one after {}", live.events(), recording.events);
        return Err(parted(same, live, how));
    }
    if live.digest().value() != recording.digest {
        return Err(parted(same, live, format!("its digest is {}, and the recorded one {:016x}", live.digest(), recording.digest)));
    }
    Ok(())
}

fn go_on(live: &mut dyn LiveRun, events: u64, observer: &mut Option<&mut dyn Observer<Record>>) -> Result<(), Played> {
    while live.events() < events {
        let watcher = observer.as_mut().map(|observer| &mut **observer as &mut dyn Observer<Record>);
        let is_over = live.advance(Until::events(events.min(live.events() + LOOK_EVERY)), watcher);
        if live.records() > MOST_RECORDS {
            return Err(Played::TooLarge(format!(
                "after {} events (at {}) there are {} calls and attempts under way, and {MOST_RECORDS} is the most a repro file may ask for",
                live.events(),
                live.now(),
                live.records()
            )));
        }
        if is_over {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::recording::record;
    use super::*;
    use crate::text::Source;
    use crate::{Extent, Scenario, read};

    fn shipped(name: &str) -> Scenario {
        let text = crate::library::find(name).expect("it is shipped").text;
        read(Source::new(name, text), name, &[], Extent::AsWritten).expect("it is sound")
    }

    #[test]
    fn a_run_is_what_was_recorded_of_it() {
        let scenario = shipped("two-primaries");
        for arm in &scenario.cells[0].arms {
            let (recording, made) = record(arm, 5);
            let Played::Same(Ok(run)) = play(arm, 5, &recording, None) else { panic!("it is the same run") };
            assert_eq!(*run, made.expect("it does not panic"));
        }
    }

    #[test]
    fn another_run_parts_and_says_where() {
        let scenario = shipped("two-primaries");
        let arm = &scenario.cells[0].arms[0];
        let (recording, _) = record(arm, 5);
        let Played::Parted(parted) = play(arm, 6, &recording, None) else { panic!("it is another run") };
        assert_eq!((parted.same, parted.other), (0, recording.every));
        // A recording that is right up to a point parts right behind it.
        let mut wrong = recording.clone();
        wrong.marks[7] ^= 1;
        let Played::Parted(parted) = play(arm, 5, &wrong, None) else { panic!("it is another run") };
        assert_eq!((parted.same, parted.other), (7 * wrong.every, 8 * wrong.every));
        let short = Recording { events: recording.events - 1, marks: Vec::new(), ..recording.clone() };
        let Played::Parted(parted) = play(arm, 5, &short, None) else { panic!("it goes on") };
        assert!(parted.how.starts_with("it goes on"), "{parted}");
        let long = Recording { events: recording.events + 1, ..recording };
        let Played::Parted(parted) = play(arm, 5, &long, None) else { panic!("it is over") };
        assert!(parted.how.starts_with("it is over"), "{parted}");
    }
}
