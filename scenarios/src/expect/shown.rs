//! What do runs show of a number, and on which side of a limit is it?
//!
//! The runs that were made are a sample of all possible runs, and a clause speaks of those. A limit is kept or broken only if the whole
//! 95 % interval of the number lies on one side of it; a limit inside the interval is undecided, with how many runs might decide it.
//! Methods, and how often they are right: docs/statistics.md.
//!
//! A limit at the end of what is possible (at least 100 %, at most 0 %) is one that a single run breaks and no number of runs proves: it
//! holds if none of the runs breaks it, and the evidence says how many of all possible runs may be otherwise.

use super::Judgement;
use crate::numbers::Numbers;
use sim_core::stats::normal;
use sim_core::stats::quantile::Quantile;
use sim_core::stats::{binomial, exp, ln, pooled};
use sim_core::time::SimDuration;

/// So many runs at least say something by being alike, or by their spread: fewer than half of all possible runs are otherwise.
pub(super) const FEWEST: usize = 6;

/// More runs than this are not worth naming.
const MOST: f64 = 1e6;

/// What a reader sees of a length that is held against a limit: four digits, or all it has where four would say that it is the limit.
pub(super) fn readable(length: SimDuration, limit: SimDuration) -> String {
    let about = length.to_digits(4);
    if about == limit { length.to_string() } else { about.to_string() }
}

/// Limits of a number, in its own parts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub at_least: Option<f64>,
    pub at_most: Option<f64>,
}

/// A number, and between which bounds it lies for all that the runs show.
pub(crate) struct Shown {
    /// As the runs have it.
    pub value: f64,
    low: Option<f64>,
    high: Option<f64>,
    /// How many runs say something of it.
    pub runs: usize,
    method: Method,
    /// The least and the largest possible value, where there are such.
    range: (Option<f64>, Option<f64>),
}

/// How the interval was found.
enum Method {
    /// A mean, or a quotient of sums, over runs.
    Pooled { is_alike: bool, what: &'static str },
    /// A quantile of values, which are these in ascending order.
    Quantile(Quantile, Vec<f64>),
    /// A share of the runs.
    Share,
}

impl Shown {
    /// The quotient of sums of a part and a whole of each run; `None` if no run has a whole.
    pub(super) fn ratio(pairs: &[(f64, f64)], range: (Option<f64>, Option<f64>)) -> Option<Self> {
        Self::pooled(pairs, range, "ratio of sums over")
    }

    /// The mean of one value of each run.
    pub(super) fn mean(values: &[f64], range: (Option<f64>, Option<f64>)) -> Option<Self> {
        Self::pooled(&values.iter().map(|value| (*value, 1.0)).collect::<Vec<_>>(), range, "mean over")
    }

    fn pooled(pairs: &[(f64, f64)], range: (Option<f64>, Option<f64>), what: &'static str) -> Option<Self> {
        let runs = pairs.iter().filter(|(_, whole)| *whole > 0.0).count();
        let (part, whole) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        let found = pooled::ratio(pairs).filter(|_| runs >= FEWEST);
        let within = |end: f64| range.1.map_or(end, |most| end.min(most));
        let within = |end: f64| within(range.0.map_or(end, |least| end.max(least)));
        let is_alike = found.is_some_and(|found| found.is_alike);
        (runs > 0).then(|| Self {
            value: found.map_or(part / whole, |found| found.value),
            low: found.map(|found| within(found.interval.0)),
            high: found.map(|found| within(found.interval.1)),
            runs,
            method: Method::Pooled { is_alike, what },
            range,
        })
    }

    /// A quantile of one value of each run, by nearest rank.
    pub(super) fn quantile(quantile: Quantile, mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (low, high) = quantile.end_ranks(values.len() as u64);
        let at = |rank: Option<u64>| rank.map(|rank| values[rank as usize - 1]);
        let (value, low, high) = (quantile.of(&values)?, at(low), at(high));
        Some(Self { value, low, high, runs: values.len(), method: Method::Quantile(quantile, values), range: (None, None) })
    }

    /// The same of a number that lies within these.
    #[must_use]
    pub(super) fn within(self, range: (Option<f64>, Option<f64>)) -> Self {
        Self { range, ..self }
    }

    /// The share of the runs, in so many parts, that so many of them are.
    pub(super) fn share(count: u64, runs: u64, parts: f64) -> Option<Self> {
        let (low, high) = binomial::interval(count, runs)?;
        let value = parts * count as f64 / runs as f64;
        let range = (Some(0.0), Some(parts));
        Some(Self { value, low: Some(low * parts), high: Some(high * parts), runs: runs as usize, method: Method::Share, range })
    }

    /// On which side of the limits it is, and what speaks for that; `say` puts a value into words, with numbers as they are asked for.
    pub(super) fn judge(&self, limits: Limits, numbers: Numbers, say: &dyn Fn(f64) -> String) -> (Judgement, String) {
        let sides = [(limits.at_least, 1.0), (limits.at_most, -1.0)];
        let sides: Vec<(Judgement, f64)> =
            sides.iter().filter_map(|(limit, turn)| limit.map(|limit| (self.side(limit, *turn), limit))).collect();
        let is_any = |wanted: Judgement| sides.iter().find(|(judgement, _)| *judgement == wanted);
        match (is_any(Judgement::Failed), is_any(Judgement::Undecided)) {
            (Some(_), _) => (Judgement::Failed, self.evidence(numbers, say)),
            (None, Some((_, limit))) => (Judgement::Undecided, format!("{}; {}", self.evidence(numbers, say), self.doubt(*limit, numbers))),
            (None, None) => (Judgement::Passed, self.evidence(numbers, say)),
        }
    }

    /// Whether it is at least the limit, if `turn` is 1, or at most, if it is -1.
    fn side(&self, limit: f64, turn: f64) -> Judgement {
        let more = turn > 0.0;
        let (low, high) = if more { (self.low, self.high) } else { (self.high, self.low) };
        let (least, most) = if more { self.range } else { (self.range.1, self.range.0) };
        let (value, limit) = (turn * self.value, turn * limit);
        if least.is_some_and(|least| limit <= turn * least) {
            return Judgement::Passed;
        }
        if most.is_some_and(|most| limit >= turn * most) {
            return match (value < limit, self.runs >= FEWEST) {
                (true, _) => Judgement::Failed,
                (false, true) => Judgement::Passed,
                (false, false) => Judgement::Undecided,
            };
        }
        match (low.map(|low| turn * low), high.map(|high| turn * high)) {
            (Some(low), _) if low >= limit => Judgement::Passed,
            (_, Some(high)) if high < limit => Judgement::Failed,
            _ => Judgement::Undecided,
        }
    }

    /// Interval, method and number of runs.
    fn evidence(&self, numbers: Numbers, say: &dyn Fn(f64) -> String) -> String {
        let runs = counted(self.runs, numbers);
        let how = match &self.method {
            Method::Pooled { is_alike: true, .. } => {
                let others = others(self.runs, numbers);
                return format!("the same in all {runs}, so that at most {others} of all possible runs are otherwise");
            }
            Method::Pooled { what, .. } => format!("{what} {runs}"),
            Method::Quantile(..) => format!("order statistics of {runs}"),
            Method::Share => format!("exact binomial interval of {runs}"),
        };
        let ends = match (self.low, self.high) {
            (Some(low), Some(high)) => format!("{} to {}", say(low), say(high)),
            (Some(low), None) => format!("{} or more", say(low)),
            (None, Some(high)) => format!("{} or less", say(high)),
            (None, None) => return format!("{how}, too few for an interval"),
        };
        format!("95 % interval {ends}, {how}")
    }

    /// Why a limit is not decided, and how many runs might decide it.
    fn doubt(&self, limit: f64, numbers: Numbers) -> String {
        let least = self.least();
        if self.runs < least {
            return format!("too few runs to decide, {least} would be the fewest");
        }
        match self.needed(limit) {
            Some(needed) => format!("the limit lies inside: about {} runs might decide it", numbers.of(needed)),
            None => "the limit lies inside, and too near for any number of runs: move it, or leave it undecided".to_owned(),
        }
    }

    /// So few runs can pass.
    fn least(&self) -> usize {
        match &self.method {
            Method::Quantile(quantile, _) => {
                let tail = quantile.share().max(1.0 - quantile.share());
                (ln(0.025) / ln(tail)).ceil() as usize
            }
            Method::Pooled { .. } | Method::Share => FEWEST,
        }
    }

    /// How many runs like these would leave the limit outside, roughly; `None` if no number that anybody makes.
    fn needed(&self, limit: f64) -> Option<u64> {
        let runs = self.runs as f64;
        let z = normal::quantile(0.975);
        // For a share of the runs that is to be told from another one.
        let apart = |seen: f64, claimed: f64, spread: f64| match seen {
            _ if seen <= 0.0 => ln(0.025) / ln(1.0 - claimed),
            _ if seen >= 1.0 => ln(0.025) / ln(claimed),
            _ => z * z * spread * (1.0 - spread) / ((seen - claimed) * (seen - claimed)),
        };
        let needed = match &self.method {
            Method::Pooled { .. } => {
                let half = if limit < self.value { self.value - self.low? } else { self.high? - self.value };
                let distance = (limit - self.value).abs();
                runs * (half / distance) * (half / distance)
            }
            Method::Quantile(quantile, values) => {
                let below = values.iter().filter(|value| **value <= limit).count() as f64 / runs;
                apart(below, quantile.share(), quantile.share())
            }
            Method::Share => {
                let parts = self.range.1?;
                apart(self.value / parts, limit / parts, self.value / parts)
            }
        };
        let needed = needed.max(runs + 1.0);
        (needed <= MOST).then(|| rounded_up(needed))
    }
}

/// To two digits, upwards.
fn rounded_up(number: f64) -> u64 {
    let (mut number, mut scale) = (number.ceil() as u64, 1);
    while number > 99 {
        number = number.div_ceil(10);
        scale *= 10;
    }
    number * scale
}

fn counted(runs: usize, numbers: Numbers) -> String {
    if runs == 1 { "1 run".to_owned() } else { format!("{} runs", numbers.of(runs)) }
}

/// How many of all possible runs may be otherwise, where none of these is: the bound that holds in 95 of 100 cases.
pub(super) fn others(runs: usize, numbers: Numbers) -> String {
    numbers.of(format!("{:.1}%", 100.0 * (1.0 - exp(ln(0.05) / runs as f64))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(value: f64) -> String {
        format!("{value:.1}%")
    }

    #[test]
    fn a_length_has_four_digits_unless_these_would_be_the_limit() {
        let said = |nanos, limit| readable(SimDuration::from_nanos(nanos), SimDuration::from_millis(limit));
        assert_eq!(
            (said(102_629_375, 150), said(150_000_001, 150), said(150_000_000, 150)),
            ("102.6ms".to_owned(), "150.000001ms".to_owned(), "150ms".to_owned())
        );
    }

    const WHOLE: (Option<f64>, Option<f64>) = (Some(0.0), Some(100.0));

    fn least(limit: f64) -> Limits {
        Limits { at_least: Some(limit), at_most: None }
    }

    fn most(limit: f64) -> Limits {
        Limits { at_least: None, at_most: Some(limit) }
    }

    #[test]
    fn a_limit_inside_the_interval_is_undecided_and_so_many_runs_might_decide_it() {
        // Mean 95, deviation 2.05: plus and minus 0.77 with thirty runs.
        let values: Vec<f64> = (0..30).map(|run| if run % 2 == 0 { 93.0 } else { 97.0 }).collect();
        let shown = Shown::mean(&values, WHOLE).unwrap();
        let judged = |limits| shown.judge(limits, Numbers::Written, &percent);
        assert_eq!((judged(least(94.0)).0, judged(least(96.0)).0), (Judgement::Passed, Judgement::Failed));
        assert_eq!((judged(most(94.0)).0, judged(most(96.0)).0), (Judgement::Failed, Judgement::Passed));
        let (judgement, evidence) = judged(least(95.5));
        assert_eq!(judgement, Judgement::Undecided);
        assert_eq!(evidence, "95 % interval 94.2% to 95.8%, mean over 30 runs; the limit lies inside: about 70 runs might decide it");
        assert!(judged(least(95.0)).1.ends_with("too near for any number of runs: move it, or leave it undecided"));
        let both = judged(Limits { at_least: Some(94.0), at_most: Some(94.0) });
        assert_eq!(both.0, Judgement::Failed);
    }

    #[test]
    fn a_limit_at_the_end_of_what_is_possible_is_broken_by_one_run_and_kept_by_six() {
        let judged = |values: &[f64], limits| Shown::mean(values, WHOLE).unwrap().judge(limits, Numbers::Written, &percent).0;
        let mut values = vec![100.0; 6];
        assert_eq!((judged(&values, least(100.0)), judged(&values[..5], least(100.0))), (Judgement::Passed, Judgement::Undecided));
        values[3] = 99.9;
        assert_eq!((judged(&values, least(100.0)), judged(&values[3..4], least(100.0))), (Judgement::Failed, Judgement::Failed));
        assert_eq!((judged(&values, least(0.0)), judged(&values[..1], most(100.0))), (Judgement::Passed, Judgement::Passed));
        assert_eq!((judged(&[0.0; 6], most(0.0)), judged(&[0.0, 0.1], most(0.0))), (Judgement::Passed, Judgement::Failed));
        let evidence = Shown::mean(&[100.0; 30], WHOLE).unwrap().judge(least(100.0), Numbers::Written, &percent).1;
        assert_eq!(evidence, "the same in all 30 runs, so that at most 9.5% of all possible runs are otherwise");
    }

    #[test]
    fn few_runs_decide_nothing_by_their_spread() {
        let (judgement, evidence) = Shown::mean(&[10.0, 11.0, 10.5], WHOLE).unwrap().judge(least(99.0), Numbers::Written, &percent);
        assert_eq!(judgement, Judgement::Undecided);
        assert_eq!(evidence, "mean over 3 runs, too few for an interval; too few runs to decide, 6 would be the fewest");
    }

    #[test]
    fn a_quantile_is_judged_by_the_ranks_that_enclose_it() {
        let shown = |count: u32, quantile| Shown::quantile(quantile, (1..=count).map(f64::from).collect()).unwrap();
        let judged = |limits| shown(20, Quantile::MEDIAN).judge(limits, Numbers::Written, &percent);
        // Ranks 6 and 15 of 20.
        assert_eq!((judged(most(15.0)).0, judged(most(14.9)).0), (Judgement::Passed, Judgement::Undecided));
        assert_eq!((judged(most(6.0)).0, judged(most(5.9)).0), (Judgement::Undecided, Judgement::Failed));
        assert_eq!(judged(most(5.9)).1, "95 % interval 6.0% to 15.0%, order statistics of 20 runs");
        let p99 = shown(20, Quantile::P99).judge(most(50.0), Numbers::Written, &percent);
        assert_eq!((p99.0, p99.1.ends_with("too few runs to decide, 368 would be the fewest")), (Judgement::Undecided, true));
        assert_eq!(shown(20, Quantile::P99).judge(most(10.0), Numbers::Written, &percent).0, Judgement::Failed);
    }

    #[test]
    fn a_share_of_the_runs_is_judged_exactly() {
        let judged = |count, limits| Shown::share(count, 30, 100.0).unwrap().judge(limits, Numbers::Written, &percent);
        assert_eq!((judged(30, least(88.0)).0, judged(30, least(89.0)).0), (Judgement::Passed, Judgement::Undecided));
        let (_, evidence) = judged(30, least(95.0));
        assert_eq!(
            evidence,
            "95 % interval 88.4% to 100.0%, exact binomial interval of 30 runs; the limit lies inside: about 72 runs might decide it"
        );
        assert_eq!((judged(30, least(100.0)).0, judged(29, least(100.0)).0), (Judgement::Passed, Judgement::Failed));
        assert_eq!((judged(0, most(0.0)).0, judged(1, most(0.0)).0), (Judgement::Passed, Judgement::Failed));
    }
}
