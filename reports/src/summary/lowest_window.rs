//! How near did a run that was not harmed come to being so?
//!
//! *Unharmed* is a verdict with a limit: no rolling window of the hold time, from the begin of the faults until the next ones or the horizon, fell below
//! 95 % of the level by more than luck. The lowest of these windows is the number behind it. Own definition; windows are those that recovery is judged
//! by (`models/src/measure/recovery.rs`).

use crate::number;
use crate::table::Cell;
use scenarios::measure::{Bin, Episode};
use scenarios::results::Manifest;
use sim_core::time::SimTime;

/// The lowest window of an episode and what it is of; nothing if no call was started in any. `next` is when the next episode begins.
pub fn lowest_window(manifest: &Manifest, bins: &[Bin], episode: &Episode, next: Option<SimTime>) -> Option<(Cell, String)> {
    let bin = manifest.bin;
    let hold = (manifest.hold / bin) as usize;
    let bins = &bins[..bins.len().min((manifest.horizon / bin) as usize)];
    let first = ((episode.begin.since_start() / bin) as usize + 1).saturating_sub(hold);
    // Calls of the last bin before the next faults may be struck by them.
    let last = next.map_or(bins.len(), |next| ((next.since_start() / bin) as usize).min(bins.len()).saturating_sub(1));
    let windows = bins.get(first..last)?.windows(hold.max(1));
    let width = number::length(manifest.hold);
    if manifest.load == "closed" {
        let least = windows.map(|window| window.iter().map(|bin| bin.completed).sum::<u64>()).min()?;
        let rate = least as f64 / manifest.hold.as_secs_f64();
        return Some((Cell::Rate(rate), format!("the fewest successes a second in any {width} from the begin of the fault on")));
    }
    let tallies = windows.map(|window| window.iter().fold((0_u64, 0_u64), |(good, all), bin| (good + bin.succeeded, all + bin.started)));
    let by_share = |a: &(u64, u64), b: &(u64, u64)| (u128::from(a.0) * u128::from(b.1)).cmp(&(u128::from(b.0) * u128::from(a.1)));
    let (good, all) = tallies.filter(|(_, all)| *all > 0).min_by(by_share)?;
    Some((
        Cell::Ratio(good, all),
        format!("the least share of the calls started in any {width} from the begin of the fault on that succeeded"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scenarios::measure::Recovery;
    use scenarios::results::Results;
    use sim_core::time::SimDuration;

    fn manifest(load: &str) -> Manifest {
        let text = r#"(schema: 1, name: "x", horizon: "10s",
            nodes: { "a": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "b"), "b": Service(workers: 1, demand: Constant("10ms")) })"#;
        let source = scenarios::text::Source::new("x.ron", text);
        let scenario = scenarios::read(source, "x", &[], scenarios::Extent::Grid).expect("the scenario is sound");
        let manifest = scenarios::sweep::manifest(&scenario);
        let (bin, hold) = (SimDuration::from_secs(1), SimDuration::from_secs(2));
        Results::nothing_yet(Manifest { load: load.to_owned(), bin, hold, ..manifest }).manifest
    }

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    fn episode(begin: u64) -> Episode {
        Episode { begin: at(begin), end: at(begin), recovery: Recovery::Unharmed, ..Episode::default() }
    }

    /// Ten calls in every second, of which so many succeed.
    fn bins(succeeded: [u64; 10]) -> Vec<Bin> {
        succeeded.map(|good| Bin { started: 10, succeeded: good, completed: good, ..Bin::default() }).to_vec()
    }

    #[test]
    fn the_lowest_window_of_an_episode_is_the_worst_of_those_that_decide_it() {
        let lowest = |load, begin, next: Option<u64>| {
            let bins = bins([0, 10, 10, 10, 9, 8, 10, 10, 7, 6]);
            lowest_window(&manifest(load), &bins, &episode(begin), next.map(at)).map(|(cell, _)| cell)
        };
        // Windows that end before the fault are not looked at, nor is what the next fault may have struck.
        assert_eq!(lowest("open", 3, Some(8)), Some(Cell::Ratio(17, 20)));
        assert_eq!(lowest("open", 3, None), Some(Cell::Ratio(13, 20)));
        assert_eq!(lowest("closed", 3, None), Some(Cell::Rate(6.5)));
        assert_eq!(lowest("open", 9, Some(9)), None);
    }
}
