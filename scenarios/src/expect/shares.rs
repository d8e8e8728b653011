//! Do shares lie within bounds: of calls that succeed, of answers that are wrong, of runs that are stuck?

use super::quotient::{self, Quotient};
use super::shown::Shown;
use super::{Bounds, Judged, Judgement, Limits, Runs, between};
use crate::numbers::Numbers;
use models::measure::RunMeasures;
use sim_core::units::Share;

pub(super) fn bounds_in_words(what: &str, bounds: &Bounds, numbers: Numbers) -> String {
    format!("{what} {}", between(bounds.at_least, bounds.at_most, numbers))
}

pub(super) fn limits(bounds: &Bounds) -> Limits {
    Limits { at_least: bounds.at_least.map(Share::as_f64), at_most: bounds.at_most.map(Share::as_f64) }
}

pub(super) fn availability(bounds: &Bounds, whole: &str, runs: &Runs<'_>) -> Judged {
    let what = if bounds.outside_faults { "availability outside the faults" } else { whole };
    let of = |run: &RunMeasures| if bounds.outside_faults { (run.calm_succeeded, run.calm_calls) } else { (run.succeeded, run.calls) };
    let pairs: Vec<_> =
        runs.iter().map(|(seed, run)| (*seed, of(run))).map(|(seed, (good, all))| (seed, good as f64, all as f64)).collect();
    Quotient::share(pairs, "calls", "no call was made").judge(bounds_in_words(what, bounds, runs.numbers), limits(bounds), runs.numbers)
}

pub(super) fn wrong_answers(bounds: &Bounds, runs: &Runs<'_>) -> Judged {
    let pairs = runs.iter().map(|(seed, run)| (*seed, run.wrong as f64, run.succeeded as f64)).collect();
    let clause = bounds_in_words("share of wrong answers", bounds, runs.numbers);
    Quotient::share(pairs, "successes", "no call succeeded").judge(clause, limits(bounds), runs.numbers)
}

pub(super) fn stuck(bounds: &Bounds, runs: &Runs<'_>) -> Judged {
    let numbers = runs.numbers;
    let clause = bounds_in_words("share of stuck runs", bounds, numbers);
    // Who cannot be seen to recover cannot be seen to be stuck either.
    let judged: Vec<_> = runs.iter().filter(|(_, run)| run.stuck || run.untold().is_none()).collect();
    let with = |is_stuck: bool| judged.iter().filter(move |(_, run)| run.stuck == is_stuck).map(|(seed, _)| *seed);
    let (count, all) = (with(true).count(), judged.len());
    let Some(shown) = Shown::share(count as u64, all as u64, 1.0) else {
        let reason = runs.iter().find_map(|(_, run)| run.untold()).unwrap_or("no run was finished");
        return (clause, Judgement::Undecided, reason.to_owned(), None);
    };
    let (judgement, evidence) = shown.judge(limits(bounds), runs.numbers, &|share| runs.numbers.of(quotient::percent(share)));
    let worst = if bounds.at_most.is_none() { with(false).next().or(with(true).next()) } else { with(true).next() };
    let without = match runs.len() - all {
        0 => String::new(),
        missing => format!("; of {} of {} runs it cannot be said", numbers.of(missing), numbers.of(runs.len())),
    };
    (clause, judgement, format!("{} of {} runs; {evidence}{without}", numbers.of(count), numbers.of(all)), worst)
}
