//! What became of each arm, in one plain sentence?

use super::across;
use super::arm::{ArmSummary, Kind};
use super::besides;
use super::faults::counted_from;
use super::levels;
use super::returning::{cut_off, of_runs, recovery};
use super::violations::{self, Violations};
use super::{Ranking, reached_cell};
use crate::number;
use scenarios::expect::{Bounds, Clause, LatencyLimits};
use scenarios::results::{Manifest, Results};
use sim_core::stats::quantile::Quantile;
use sim_core::stats::survival::Reached;
use sim_core::time::SimDuration;
use std::fmt;

/// What became of one arm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// Its name.
    pub arm: String,
    /// What became of it, without a full stop.
    pub text: String,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}.", self.arm, self.text)
    }
}

/// The fate of each arm in one cell, best first.
pub fn of_arms(ranking: &Ranking) -> Vec<Fate> {
    let told = |arm: &ArmSummary, text: String| {
        let violates = Violations::of(arm).map_or_else(String::new, |violations| format!("{}; ", violations.fate()));
        Fate { arm: arm.name.clone(), text: format!("{violates}{text}") }
    };
    let of = |arm: &ArmSummary| told(arm, format!("{}{}", fate(ranking.kind, arm), remarks(ranking.kind, arm)));
    let apart = |arm: &ArmSummary| told(arm, set_apart(arm));
    let absent = |arm: &ArmSummary| told(arm, format!("no run finished, so that it has no rank{}", remarks(ranking.kind, arm)));
    ranking.arms.iter().map(of).chain(ranking.set_apart.iter().map(apart)).chain(ranking.absent.iter().map(absent)).collect()
}

/// The fate of each arm over all cells, the one that is best most often first; with one cell that in it.
pub fn over_cells(results: &Results) -> Vec<Fate> {
    match results.manifest.cells.len() {
        0 => Vec::new(),
        1 => of_arms(&Ranking::of(results, 0)),
        _ => across::fates(results),
    }
}

/// One sentence per arm, best first.
pub fn sentences(ranking: &Ranking) -> Vec<String> {
    of_arms(ranking).iter().map(Fate::to_string).collect()
}

/// The first sentences of a report: which arms violate what the scenario states, if any does; the best and the worst arm; with several cells,
/// which arm is best in how many of them, and where the arms are farthest apart.
pub fn headline(results: &Results) -> String {
    let said = match results.manifest.cells.len() {
        0 => "Nothing was run.".to_owned(),
        1 => {
            let ranking = Ranking::of(results, 0);
            let said = verdict(&ranking);
            besides::sentence(results, &ranking).map_or(said.clone(), |sentence| format!("{said} {sentence}"))
        }
        _ if results.manifest.arms.len() == 1 => {
            let said: String = across::fates(results).iter().map(|fate| format!("{}: {}.", named(&fate.arm), fate.text)).collect();
            let has_times = said.contains(" within ");
            if has_times { format!("{said} {}", window(results.manifest.hold, counted_from(results, 0))) } else { said }
        }
        _ => across::headline(results),
    };
    let all = [unfinished(results), Some(said.clone()), beside(&results.manifest, &said)];
    all.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// How many of the runs that were asked for are there, if not all are: whatever is said of the others is said of a part.
pub fn unfinished(results: &Results) -> Option<String> {
    let manifest = &results.manifest;
    let (made, wanted) = (results.runs.len(), manifest.cells.len() * manifest.arms.len() * manifest.replications as usize);
    let count = |runs: usize| number::count(runs as u64);
    (made < wanted).then(|| {
        format!(
            "Not all runs are there: {} of {} (interrupted, or damaged since); the same command makes the others, and what follows is about these.",
            count(made),
            count(wanted)
        )
    })
}

/// What no order of arms looks at, though expectations tell the arms apart by it.
fn beside(manifest: &Manifest, said: &str) -> Option<String> {
    let mut measures: Vec<&str> = manifest.expect.iter().filter(|clause| clause.arms().is_some()).map(apart_by).collect();
    measures.sort_unstable();
    measures.dedup();
    measures.retain(|measure| !measure.is_empty());
    let list = listed(&measures.iter().map(ToString::to_string).collect::<Vec<_>>());
    // Said already of single measures: not once more with the same words.
    let begin = if said.contains("This order leaves out") { "It is expected that arms differ in" } else { "This order leaves out" };
    let end = if begin.ends_with("in") { "as well" } else { "where the arms are expected to differ" };
    let comma = if end == "as well" { " " } else { ", " };
    (manifest.arms.len() > 1 && !measures.is_empty()).then(|| format!("{begin} {list}{comma}{end}."))
}

/// What a clause looks at that no order does; nothing if it is what orders arms.
fn apart_by(clause: &Clause) -> &str {
    match clause.bare() {
        Clause::Availability(Bounds { class: Some(_), .. }) | Clause::Latency(LatencyLimits { class: Some(_), .. }) => {
            "single classes of calls"
        }
        Clause::Latency(_) => "latency",
        Clause::Observation(_) => "what was observed",
        Clause::WrongAnswers(_) => "wrong answers",
        Clause::Uptime(_) => "uptime",
        Clause::Detection(_) | Clause::Precision(_) | Clause::Recall(_) => "how soon and how surely faults are noticed",
        Clause::Measure(bounds) => measured(&bounds.of),
        _ => "",
    }
}

/// What a measure is about that no order looks at; nothing for those that order, and for shares that the sentences tell.
fn measured(name: &str) -> &str {
    match name {
        _ if name.contains(" of class ") => "single classes of calls",
        _ if name.starts_with("latency") => "latency",
        "wasted work" | "unfinished calls" | "messages lost" => name,
        _ => "",
    }
}

/// The name of an arm within a sentence.
pub(super) fn named(arm: &str) -> String {
    format!("\"{arm}\"")
}

/// The arms that violate something, if any does, and the best and the worst arm of one cell.
pub fn verdict(ranking: &Ranking) -> String {
    let all = [violations::opening(ranking), Some(order(ranking)), levels::sentence(ranking), objective(ranking)];
    all.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Which arms meet the objective of the scenario, if it has one.
fn objective(ranking: &Ranking) -> Option<String> {
    let of = |arm: &ArmSummary| arm.objective.filter(|objective| objective.runs > 0);
    let share = ranking.arms.iter().find_map(of)?.shown();
    let met = |wanted: fn(u64, u64) -> bool| -> Vec<String> {
        let arms = ranking.arms.iter().filter(|arm| of(arm).is_some_and(|objective| wanted(objective.met, objective.runs)));
        arms.map(|arm| named(&arm.name)).collect()
    };
    let (always, sometimes) = (met(|met, runs| met == runs), met(|met, runs| met > 0 && met < runs));
    let say = |arms: &[String], when: &str| format!("{} met it {when}", listed(arms));
    Some(match (always.as_slice(), sometimes.as_slice()) {
        ([], []) => format!("No arm met the objective of {share} in any run."),
        (all, _) if all.len() == ranking.arms.len() => format!("The objective of {share} was met in every run."),
        (all, []) => format!("The objective of {share}: {}, no other did in any.", say(all, "in every run")),
        ([], some) => format!("The objective of {share}: {}, and no arm in all.", say(some, "in some runs")),
        (all, some) => {
            format!("The objective of {share}: {}; {}.", say(all, "in every run"), say(some, "in some"))
        }
    })
}

fn order(ranking: &Ranking) -> String {
    let fate = |arm: &ArmSummary| fate(ranking.kind, arm);
    let told = |arm: &ArmSummary| format!("{}: {}", named(&arm.name), fate(arm));
    let (said, arms) = match ranking.arms.as_slice() {
        [] if !ranking.set_apart.is_empty() => return "No arm kept the hypothesis in every run, so none is ranked.".to_owned(),
        [] => return "Nothing was compared.".to_owned(),
        [only] => (format!("{}.", told(only)), [only, only]),
        [first, ..] if ranking.is_equal() => {
            (format!("The arms do not differ in {}: {}.", ranking.measures(), fate(first)), [first, first])
        }
        [first, .., last] if ranking.is_tied() => {
            let hint = if ranking.most_runs() < FEWEST { format!(", and fewer than {FEWEST} cannot show one") } else { String::new() };
            let runs = shown_by(ranking);
            let measures = ranking.measures();
            let said = format!("No difference between the arms in {measures} is shown by {runs}{hint}. {}. {}.", told(first), told(last));
            (said, [first, last])
        }
        [first, .., last] => {
            // Attempts on edges that the sentence does not tell of.
            let is_same = fate(first) == fate(last) && first.is_sound() == last.is_sound();
            let told = |arm: &ArmSummary| if is_same { format!("{}, {}", told(arm), in_all(arm)) } else { told(arm) };
            let side = |word: &str, arms: &[ArmSummary], told_of: &ArmSummary| match arms {
                [_] => format!("{word} is {}.", told(told_of)),
                _ => format!("{word} are {}, no difference shown by {}; {}.", all_named(arms), shown_by(ranking), told(told_of)),
            };
            // Of arms that all break their word none is good.
            let [good, bad] = if ranking.is_unsound() { ["First of them", "Last"] } else { ["Best", "Worst"] };
            (format!("{} {}", side(good, ranking.best(), first), side(bad, ranking.worst(), last)), [first, last])
        }
    };
    let has_times =
        ranking.kind == Kind::Faults && arms.iter().any(|arm| arm.recovered_after.last().is_some_and(|slowest| !slowest.is_zero()));
    if has_times { format!("{said} {}", window(ranking.window, ranking.since)) } else { said }
}

/// The attempts of the median run, on all edges.
fn in_all(arm: &ArmSummary) -> String {
    let attempts = Quantile::MEDIAN.of(&arm.attempts).map_or_else(|| number::MISSING.to_owned(), number::count);
    format!("with {} in all in the median run", number::counted(&attempts, "attempt"))
}

/// Fewer seeds than this never show a difference.
pub(super) const FEWEST: u64 = 6;

/// What a recovery time includes.
fn window(hold: SimDuration, since: &str) -> String {
    let hold = number::length(hold);
    // Whoever reads "recovered within 6 s" takes it to be counted from the end.
    let from = if since == "the end of the fault" { String::new() } else { format!("from {since} ") };
    format!("Times run {from}to the end of the last {hold} window below the level: back at once reads up to {hold}.")
}

/// `100 runs`, as they have not shown something.
fn shown_by(ranking: &Ranking) -> String {
    match ranking.most_runs() {
        1 => "one run".to_owned(),
        runs => format!("{} runs", number::count(runs)),
    }
}

/// Why an arm is not ranked.
fn set_apart(arm: &ArmSummary) -> String {
    let [before, after] = arm.hypothesis_failed;
    let failed = |count: u64, when: &str| (count > 0).then(|| format!("{when} in {count}"));
    let parts = [failed(before, "before the faults, which did not strike,"), failed(after, "at the end")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("set apart and not ranked: of {} runs the hypothesis failed {}", arm.runs, parts.join(" and "))
}

/// The names of several arms: `"a", "b" and "c"`.
fn all_named(arms: &[ArmSummary]) -> String {
    listed(&arms.iter().map(|arm| named(&arm.name)).collect::<Vec<_>>())
}

/// Several words as a sentence counts them up.
pub(super) fn listed(words: &[String]) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

/// Between which arms no difference is shown, one sentence for each rank that several share.
pub fn ties(ranking: &Ranking) -> Vec<String> {
    let sentence = |(rank, arms): (u64, &[ArmSummary])| {
        format!("Rank {rank} is shared: no difference shown by {} between {}.", shown_by(ranking), all_named(arms))
    };
    ranking.shared().into_iter().map(sentence).collect()
}

fn fate(kind: Kind, arm: &ArmSummary) -> String {
    if arm.runs == 0 {
        return "no run finished".to_owned();
    }
    match kind {
        Kind::Faults if arm.calls == 0 => recovery(arm),
        Kind::Faults => format!("{}; {}", recovery(arm), succeeded(arm)),
        Kind::Steady if arm.calls == 0 => "made no calls".to_owned(),
        Kind::Steady if arm.goodput().is_some() => succeeded(arm),
        Kind::Steady => {
            let attempts = number::counted(&number::factor(arm.end_to_end.0, arm.end_to_end.1), "attempt");
            let each = arm.busiest.as_ref().map_or_else(|| "per call".to_owned(), |edge| format!("on {edge} per client call"));
            format!("{}, with {attempts} {each}", succeeded(arm))
        }
        Kind::OneShot => contention(arm),
    }
}

/// The share of calls that succeeded, and how many of those with a makeshift or a wrong answer.
fn succeeded(arm: &ArmSummary) -> String {
    let part = |count: u64, word: &str| {
        if count == 0 { String::new() } else { format!(", {} of these {word}", number::percent(count, arm.succeeded)) }
    };
    let (degraded, wrong) = (part(arm.degraded, "degraded"), part(arm.wrong, "wrong"));
    let goodput = arm.goodput().map_or_else(String::new, |goodput| format!(", {} a second", number::significant(goodput)));
    format!("{} of calls succeeded{goodput}{degraded}{wrong}", number::percent(arm.succeeded, arm.calls))
}

fn contention(arm: &ArmSummary) -> String {
    let attempts = Quantile::MEDIAN.of(&arm.attempts).map_or_else(|| number::MISSING.to_owned(), number::count);
    let attempts = number::counted(&attempts, "attempt");
    let calls = number::counted(&number::count(arm.calls / arm.runs.max(1)), "call");
    let done = match arm.completion_quantile(Quantile::MEDIAN) {
        Some(reached @ Reached::At(_)) => format!("all done after {}", reached_cell(reached).shown()),
        Some(Reached::NotBy(_)) => format!("not all done at the end ({} succeeded)", number::percent(arm.succeeded, arm.calls)),
        None => "nothing to do".to_owned(),
    };
    format!("{attempts} for {calls} in the median run, {done}")
}

fn remarks(kind: Kind, arm: &ArmSummary) -> String {
    let mut text = String::new();
    if let Some(objective) = arm.objective.filter(|objective| objective.runs > 0) {
        let met = match objective.met {
            0 => "in no run".to_owned(),
            some => format!("in {}", of_runs(some, objective.runs)),
        };
        text += &format!("; met the objective of {} {met}", objective.shown());
    }
    if kind == Kind::Faults && arm.judged() > 0 {
        for (count, what) in [(arm.undecided, "could not be judged"), (arm.unstruck, "met no fault")] {
            text += &if count > 0 { format!("; {count} {what}") } else { String::new() };
        }
        if !arm.cut_off.is_empty() {
            text += &format!("; {} {}", arm.cut_off.len(), cut_off(arm));
        }
    }
    if arm.stalled > 0 {
        text += &format!("; {} were stopped because time did not pass in them", arm.stalled);
    }
    if arm.panicked > 0 {
        text += &format!("; in {} the simulator itself failed (a bug in Stormglass)", arm.panicked);
    }
    text
}
