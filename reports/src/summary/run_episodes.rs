//! How did one run come through its faults, episode by episode?

use super::lowest_window::lowest_window;
use super::run::Say;
use crate::number;
use crate::table::Cell;
use scenarios::measure::{Bin, Episode, Recovery, RunMeasures};
use scenarios::results::Manifest;

/// More episodes than this are summed up.
const MOST: usize = 8;

/// Recovery, downtime, calls lost and relapses of each episode, or of all together where there are many.
pub(super) fn of_run(manifest: &Manifest, (run, bins): (&RunMeasures, &[Bin]), say: Say<'_>) {
    if run.episodes.len() > MOST {
        return many(run, say);
    }
    let episodes = &run.episodes;
    for (index, episode) in episodes.iter().enumerate() {
        let name = |measure: &str| if episodes.len() == 1 { measure.to_owned() } else { format!("{measure}, episode {}", index + 1) };
        let (value, meaning) = recovery(manifest, episode);
        let shared = if episode.began_below {
            "; service was below it already when this episode began: earlier ones have their part in it"
        } else {
            ""
        };
        say(&name("recovery"), value, &format!("{meaning}{shared}"));
        let next = episodes.get(index + 1).map(|next| next.begin);
        let lowest = lowest_window(manifest, bins, episode, next).filter(|_| episode.recovery == Recovery::Unharmed);
        lowest.into_iter().for_each(|(lowest, meaning)| say(&name("lowest window"), lowest, &meaning));
        let downtime = Cell::or_missing(episode.measured_downtime(), Cell::Length);
        say(&name("downtime"), downtime, &format!("time below the level, from the begin of the fault{shared}"));
        let lost = Cell::or_missing(episode.measured_loss(), Cell::Count);
        say(&name("calls lost"), lost, &format!("successes missing against the level while below it{shared}"));
        let relapses = Cell::or_missing(episode.measured_loss(), |_| Cell::Count(u64::from(episode.relapses)));
        say(&name("relapses"), relapses, "times service came back and fell below the level again");
    }
}

fn many(run: &RunMeasures, say: Say<'_>) {
    let episodes = &run.episodes;
    let count = |of: fn(&Recovery) -> bool| Cell::Count(episodes.iter().filter(|episode| of(&episode.recovery)).count() as u64);
    let some = |cell: Cell| if cell == Cell::Count(0) { Cell::Missing } else { cell };
    say("episodes", Cell::Count(episodes.len() as u64), "faults closer than twice the hold time are one");
    say("unharmed episodes", count(|recovery| matches!(recovery, Recovery::Unharmed)), "no rolling window fell below 95 % of the level");
    let down = count(|recovery| matches!(recovery, Recovery::Censored(_)));
    say("not recovered", down, "episodes still below the level when the horizon or the next episode came");
    let cut_off = count(|recovery| matches!(recovery, Recovery::CutOff { .. }));
    say("cut off", some(cut_off), "episodes above the level when the horizon or the next episode came, but not yet for as long as `hold`");
    let undecided = count(|recovery| matches!(recovery, Recovery::Undecided(_)));
    say("undecided", some(undecided), run.untold().unwrap_or_default());
    let longest =
        episodes.iter().filter_map(|episode| if let Recovery::After(length) = episode.recovery { Some(length) } else { None }).max();
    say("longest recovery", Cell::or_missing(longest, Cell::Length), "of the episodes that recovered, after their last fault");
    say("downtime", Cell::or_missing(run.downtime(), Cell::Length), "time below the level, from the begin of the faults");
    say("calls lost", Cell::or_missing(run.calls_lost(), Cell::Count), "successes missing against the level while below it");
}

fn recovery(manifest: &Manifest, episode: &Episode) -> (Cell, String) {
    match &episode.recovery {
        Recovery::Unharmed => (
            Cell::text("unharmed"),
            "no rolling window fell below 95 % of the level: a smaller loss is no harm here, and availability tells it".to_owned(),
        ),
        Recovery::After(length) => {
            let hold = number::length(manifest.hold);
            let from = match (episode.endless, episode.end == episode.begin) {
                (false, _) => "from the fault's end",
                (true, true) => "from the fault's begin, since it has no end of its own,",
                (true, false) => "from the last end or begin of a fault, since one has no end of its own,",
            };
            (Cell::Length(*length), format!("{from} to the end of the last {hold} window below the level: back at once reads up to {hold}"))
        }
        Recovery::Censored(length) => {
            let what = if is_at_horizon(manifest, episode, *length) { "the horizon" } else { "the next episode" };
            (Cell::Censored(*length), format!("not recovered: still below the level when {what} came"))
        }
        Recovery::CutOff { after, above, by_horizon } => {
            let by = if *by_horizon { "the horizon" } else { "the next episode" };
            let (above, hold) = (number::length(*above), number::length(manifest.hold));
            let meaning =
                format!("cut off by {by} after {above} above the level, which is not long enough to say that it lasts (`hold`, {hold})");
            (Cell::Censored(*after), meaning)
        }
        Recovery::Undecided(reason) => (Cell::text("undecided"), reason.clone()),
    }
}

/// Whether an episode was watched up to the horizon, or its last whole bin.
fn is_at_horizon(manifest: &Manifest, episode: &Episode, watched: sim_core::time::SimDuration) -> bool {
    episode.end.saturating_add(watched).saturating_add(manifest.bin).since_start() > manifest.horizon
}
