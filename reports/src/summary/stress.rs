//! Does the ranking hold under other assumptions?
//!
//! The rank of every arm under each assumption, and its *regret*: how far its measure is behind that of the best arm there (Savage,
//! The Theory of Statistical Decision, 1951). The arm whose most regret is least is the one to choose by somebody who does not know which assumption is true.

mod by_measure;

use super::arm::{ArmSummary, Kind};
use super::fates::named;
use super::ranking::Ranking;
use crate::number;
use crate::table::{Cell, Column, Table};
use by_measure::ByMeasure;
use scenarios::measures::Measure;
use scenarios::results::{Results, RunRow};
use sim_core::stats::quantile::Quantile;
use sim_core::stats::survival::Reached;
use sim_core::time::SimDuration;

/// What holds as the scenario is written.
const AS_WRITTEN: &str = "as written";

/// At most so many changes of place are told.
const TOLD: usize = 12;

/// A ranking with what was assumed, and the order by another measure if that is asked.
struct Under<'a> {
    assumed: &'a str,
    ranking: Ranking,
    asked: Option<ByMeasure>,
}

/// The ranking as written, and under each assumption; nothing if the comparison was not made under any.
fn rankings(results: &Results) -> Vec<Under<'_>> {
    if results.stressed.is_empty() {
        return Vec::new();
    }
    let measure = measure_asked(results);
    let under = |assumed, results: &Results| Under {
        assumed,
        ranking: Ranking::of(results, 0),
        asked: measure.as_ref().map(|measure| ByMeasure::of(results, measure)),
    };
    let stressed = results.stressed.iter().map(|one| under(one.assumption.as_str(), &one.results));
    std::iter::once(under(AS_WRITTEN, results)).chain(stressed).collect()
}

/// The measure that was asked of, if it is another one than those that rank.
fn measure_asked(results: &Results) -> Option<Measure> {
    let runs = results.runs.iter().filter_map(RunRow::measures);
    Measure::find(results.stressed_of.as_ref()?, runs).ok()
}

/// Ranks and regrets; nothing if the comparison was made under no other assumption.
pub fn stress(results: &Results) -> Vec<Table> {
    let rankings = rankings(results);
    if rankings.is_empty() {
        return Vec::new();
    }
    let kind = rankings[0].ranking.kind;
    if let Some(measure) = measure_asked(results) {
        return by_measure::tables(results, &rankings, &measure);
    }
    let mut tables = vec![ranks(results, &rankings, "Rank under each assumption")];
    if kind == Kind::Faults {
        tables.push(regrets(
            results,
            &rankings,
            "Regret: runs that did not recover, beyond those of the best arm",
            |arm| (arm.judged() > 0).then(|| -billionths(arm.not_recovered, arm.judged())),
            |behind| Cell::Points(-behind),
        ));
    }
    if kind == Kind::OneShot {
        tables.push(regrets(results, &rankings, "Regret: time until everybody is done, behind the best arm", completion, |nanos| {
            Cell::Length(SimDuration::from_nanos(nanos.unsigned_abs()))
        }));
    } else {
        let title = "Regret: availability behind the best arm";
        tables.push(regrets(results, &rankings, title, |arm| (arm.calls > 0).then(|| billionths(arm.succeeded, arm.calls)), Cell::Points));
    }
    tables
}

fn billionths(part: u64, whole: u64) -> i64 {
    (i128::from(part) * 1_000_000_000 / i128::from(whole)) as i64
}

/// The median time in nanoseconds, the other way round: less is better. Missing if half of the runs do not come to it.
fn completion(arm: &ArmSummary) -> Option<i64> {
    match arm.completion_quantile(Quantile::MEDIAN)? {
        Reached::At(nanos) => i64::try_from(nanos).ok().map(|nanos| -nanos),
        Reached::NotBy(_) => None,
    }
}

fn columns(results: &Results, last: &str) -> Vec<Column> {
    let assumed = results.stressed.iter().map(|one| one.assumption.as_str());
    let mut columns = vec![Column::text("arm")];
    columns.extend(std::iter::once(AS_WRITTEN).chain(assumed).map(|name| Column::number(broken(name), "")));
    columns.push(Column::number(last, ""));
    columns
}

/// A head that may be broken at its blanks.
fn broken(name: &str) -> String {
    name.replace(' ', "\n").replace("\n%", " %")
}

fn ranks(results: &Results, rankings: &[Under<'_>], title: &str) -> Table {
    let mut table = Table::new(title, columns(results, "worst"));
    for arm in &results.manifest.arms {
        let ranks: Vec<Option<u64>> = rankings.iter().map(|under| under.rank(arm)).collect();
        let cells = ranks.iter().map(|rank| Cell::or_missing(*rank, Cell::Count));
        let worst = Cell::or_missing(ranks.iter().flatten().max().copied(), Cell::Count);
        table.push([Cell::text(arm)].into_iter().chain(cells).chain([worst]).collect());
    }
    table
}

impl Under<'_> {
    /// The rank of an arm, if it has one.
    fn rank(&self, arm: &str) -> Option<u64> {
        if let Some(asked) = &self.asked {
            return asked.rank(arm);
        }
        let place = self.ranking.arms.iter().position(|one| one.name == arm)?;
        self.ranking.ranks.get(place).copied()
    }

    /// In what an arm differs from another, with what that is for both.
    fn by_what(&self, arm: &str, other: &str) -> Option<String> {
        self.asked.as_ref().map_or_else(|| self.ranking.by_what(arm, other), |asked| asked.by_what(arm, other))
    }

    /// The last rank.
    fn last(&self) -> Option<u64> {
        match &self.asked {
            Some(asked) => asked.last(),
            None => self.ranking.ranks.iter().max().copied(),
        }
    }
}

fn regrets(results: &Results, rankings: &[Under<'_>], title: &str, score: fn(&ArmSummary) -> Option<i64>, cell: fn(i64) -> Cell) -> Table {
    let mut table = Table::new(title, columns(results, "most"));
    for arm in &results.manifest.arms {
        let all: Vec<Option<i64>> = rankings.iter().map(|under| regret(&under.ranking, arm, score)).collect();
        // Zero is the best there; who cannot be judged anywhere has no most regret.
        let most = all.iter().copied().collect::<Option<Vec<i64>>>().and_then(|all| all.into_iter().max());
        let shown = |regret: i64| if regret == 0 { Cell::text("–") } else { cell(-regret) };
        let is_barred = |under: &Under<'_>| is_barred(&under.ranking, arm);
        let barred = || Cell::text("violates");
        let cells = rankings.iter().zip(&all);
        let cells = cells.map(|(under, regret)| if is_barred(under) { barred() } else { Cell::or_missing(*regret, shown) });
        let most = if rankings.iter().any(is_barred) { barred() } else { Cell::or_missing(most, shown) };
        table.push([Cell::text(arm)].into_iter().chain(cells).chain([most]).collect());
    }
    table
}

/// Whether an arm violates a stated property where others do not: whatever else it is, it is no choice there.
fn is_barred(ranking: &Ranking, arm: &str) -> bool {
    !ranking.is_unsound() && ranking.arms.iter().any(|one| one.name == arm && !one.is_sound())
}

/// How far an arm is behind the best one of those that are a choice.
fn regret(ranking: &Ranking, arm: &str, score: fn(&ArmSummary) -> Option<i64>) -> Option<i64> {
    let best = ranking.arms.iter().filter(|one| !is_barred(ranking, &one.name)).filter_map(score).max()?;
    let own = ranking.arms.iter().find(|one| one.name == arm).and_then(score)?;
    Some(best - own)
}

/// What the tables come to, in words.
pub fn stress_sentences(results: &Results) -> Vec<String> {
    let rankings = rankings(results);
    let Some(written) = rankings.first() else { return Vec::new() };
    let count = number::counted(&results.stressed.len().to_string(), "other assumption");
    let arms = &results.manifest.arms;
    if arms.iter().all(|arm| written.rank(arm).is_none()) {
        return vec![format!(
            "Which way {} is better is not said, so that no arm is first",
            results.stressed_of.as_deref().unwrap_or("it")
        )];
    }
    let is_first = |arm: &&String| rankings.iter().all(|under| under.rank(arm) == Some(1));
    let is_never_last =
        |arm: &&String| rankings.iter().all(|under| under.rank(arm).is_some_and(|rank| rank == 1 || Some(rank) != under.last()));
    let listed = |arms: Vec<&String>| arms.into_iter().map(|arm| named(arm)).collect::<Vec<_>>().join(", ");
    let always: Vec<&String> = arms.iter().filter(is_first).collect();
    let never_last: Vec<&String> = arms.iter().filter(is_never_last).filter(|arm| !always.contains(arm)).collect();
    let by = results.stressed_of.as_ref().map_or_else(String::new, |name| format!("By {name}: "));
    let mut sentences: Vec<String> = violating(&rankings, arms).into_iter().collect();
    sentences.push(if always.is_empty() {
        format!("{by}{} arm is first under all of {count} and as written", if by.is_empty() { "No" } else { "no" })
    } else {
        let first = if by.is_empty() { "First" } else { "first" };
        format!("{by}{first}, alone or shared, as written and under {count}: {}", listed(always))
    });
    if !never_last.is_empty() {
        sentences.push(format!("Never last: {}", listed(never_last)));
    }
    let changes = changes(written, &rankings[1..], arms);
    if changes.is_empty() {
        sentences.push("No two arms change places".to_owned());
    }
    let more = changes.len().saturating_sub(TOLD);
    sentences.extend(changes.into_iter().take(TOLD));
    if more > 0 {
        sentences.push(format!("{more} further changes of place are in the table of ranks"));
    }
    sentences
}

/// Under which assumptions an arm violates what is stated of every run. An order by a measure that was asked for does not look at that.
fn violating(rankings: &[Under<'_>], arms: &[String]) -> Option<String> {
    let is_violating = |under: &&Under<'_>, arm: &str| under.ranking.arms.iter().any(|one| one.name == arm && !one.is_sound());
    let told = |arm: &String| {
        let assumed: Vec<&str> = rankings.iter().filter(|under| is_violating(under, arm)).map(|under| under.assumed).collect();
        let place = if assumed.len() == rankings.len() { "always".to_owned() } else { assumed.join(", ") };
        (!assumed.is_empty()).then(|| format!("{} ({place})", named(arm)))
    };
    let told: Vec<String> = arms.iter().filter_map(told).collect();
    let order = if rankings.iter().any(|under| under.asked.is_some()) { ", which this order does not look at" } else { "" };
    (!told.is_empty()).then(|| format!("A stated property is violated by {}{order}", told.join(", ")))
}

/// Arms that change places: one is shown to be better as written, the other under an assumption.
fn changes(written: &Under<'_>, stressed: &[Under<'_>], arms: &[String]) -> Vec<String> {
    let is_before = |under: &Under<'_>, a: &str, b: &str| under.rank(a).zip(under.rank(b)).is_some_and(|(a, b)| a < b);
    let mut sentences = Vec::new();
    for better in arms {
        for other in arms.iter().filter(|other| is_before(written, better, other)) {
            let told = |under: &Under<'_>| {
                under.by_what(better, other).map_or_else(|| under.assumed.to_owned(), |what| format!("{} ({what})", under.assumed))
            };
            let turned = stressed.iter().filter(|under| is_before(under, other, better));
            let turned: Vec<String> = turned.map(told).collect();
            if !turned.is_empty() {
                let written = told(written);
                sentences.push(format!(
                    "{} is better than {} {written}, and worse with {}",
                    named(better),
                    named(other),
                    turned.join(", ")
                ));
            }
        }
    }
    sentences
}
