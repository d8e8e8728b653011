//! Do intervals cover the truth as often as they say, and do tests cry wolf as seldom?
//!
//! Synthetic experiments whose truth is known: every method at 20, 100 and 400 values. The table is printed
//! (`cargo test --release -p sim-core --test coverage -- --nocapture`) and stands in docs/statistics.md.

use sim_core::draw::{Draw, Key, Seed};
use sim_core::stats::binomial;
use sim_core::stats::interval;
use sim_core::stats::paired::Paired;
use sim_core::stats::pooled;
use sim_core::stats::quantile::Quantile;
use sim_core::stats::rank_sum;
use sim_core::stats::student;
use sim_core::stats::survival::{Observed, Survival, log_rank};
use sim_core::stats::wilcoxon;

/// A share near 0 of few values: up to two hits in 20 come in 92.45 % of all cases, up to three in 98.41 %, and nothing lies between.
const RARE: &str = "proportion of 5 %: Agresti and Coull";

/// How often a method was right.
struct Coverage {
    method: &'static str,
    count: u64,
    experiments: u64,
    right: u64,
}

impl Coverage {
    fn share(&self) -> f64 {
        self.right as f64 / self.experiments as f64
    }
}

/// One draw of an experiment.
fn draw(experiment: u64, of: &str, place: u64) -> Draw {
    Seed::new(experiment).draws(Key::named(of), (place / 8) as u32).numbered((place % 8) as usize)
}

fn unit(experiment: u64, of: &str, place: u64) -> f64 {
    draw(experiment, of, place).bits() as f64 / 18_446_744_073_709_551_616.0
}

/// A value of the exponential distribution with the mean 1.
fn exponential(experiment: u64, of: &str, place: u64) -> f64 {
    -libm::log(1.0 - unit(experiment, of, place))
}

fn covered(method: &'static str, count: u64, experiments: u64, is_right: impl Fn(u64) -> bool) -> Coverage {
    let right = (0..experiments).filter(|experiment| is_right(*experiment)).count() as u64;
    Coverage { method, count, experiments, right }
}

fn holds((low, high): (f64, f64), truth: f64) -> bool {
    low <= truth && truth <= high
}

/// In millionths, as results are whole numbers.
fn whole(value: f64) -> i128 {
    (value * 1e6) as i128
}

fn intervals(count: u64) -> Vec<Coverage> {
    const EXPERIMENTS: u64 = 10_000;
    let values = |experiment: u64, of: &str| -> Vec<f64> { (0..count).map(|place| exponential(experiment, of, place)).collect() };
    let share = |experiment: u64, share: f64| {
        let hits = (0..count).filter(|place| unit(experiment, "share", *place) < share).count() as u64;
        holds(interval::share(hits, count).expect("something was seen"), share)
    };
    let median = |experiment| {
        let mut sorted: Vec<i128> = values(experiment, "value").into_iter().map(whole).collect();
        sorted.sort_unstable();
        let (low, high) = Quantile::MEDIAN.interval(&sorted).expect("enough values");
        (low..=high).contains(&whole(std::f64::consts::LN_2))
    };
    let mean = |experiment| {
        // Sums of three uniform numbers: near to normal.
        let values: Vec<f64> = (0..count).map(|place| (0..3).map(|part| unit(experiment, "mean", 3 * place + part)).sum()).collect();
        holds(student::mean(&values).expect("enough values").interval, 1.5)
    };
    let skewed = |experiment| holds(pooled::mean(&values(experiment, "skewed")).expect("enough values").interval, 1.0);
    let paired = |experiment| {
        // What both owe to the seed's luck goes; what is left is the difference of two exponential numbers, and a shift of a half.
        let (one, other) = (values(experiment, "one"), values(experiment, "other"));
        let differences: Vec<i128> = one.iter().zip(other).map(|(one, other)| whole(one - other + 0.5)).collect();
        let (low, high) = Paired::of(differences).and_then(|paired| paired.interval).expect("enough values");
        (low..=high).contains(&whole(0.5))
    };
    let survival = |experiment| {
        // Waits of mean 1, cut off at uniform times up to 2.5: at 0.7 about half still wait, and about a quarter was cut off.
        let wait = |place| {
            let (ends, cut) = (exponential(experiment, "wait", place), 2.5 * unit(experiment, "cut", place));
            Observed { time: whole(ends.min(cut)) as u64, censored: cut < ends }
        };
        let curve = Survival::of((0..count).map(wait).collect()).expect("enough waits");
        holds(curve.interval_at(whole(0.7) as u64), libm::exp(-0.7))
    };
    vec![
        covered("proportion of 30 %: Agresti and Coull", count, EXPERIMENTS, |experiment| share(experiment, 0.3)),
        covered("proportion of 10 %: Agresti and Coull", count, EXPERIMENTS, |experiment| share(experiment, 0.1)),
        covered(RARE, count, EXPERIMENTS, |experiment| share(experiment, 0.05)),
        covered("median: order statistics", count, EXPERIMENTS, median),
        covered("mean: Student's t", count, EXPERIMENTS, mean),
        covered("mean of skewed values: t and Hall", count, EXPERIMENTS, skewed),
        covered("paired difference, median: order statistics", count, EXPERIMENTS, paired),
        covered("Kaplan-Meier at a point: Greenwood, log(-log)", count, EXPERIMENTS, survival),
    ]
}

fn false_alarms(count: u64) -> Vec<Coverage> {
    const EXPERIMENTS: u64 = 10_000;
    let value = |experiment, place| whole(exponential(experiment, "arm", place));
    let signed_ranks = |experiment| {
        let differences: Vec<i128> = (0..count).map(|place| value(experiment, place) - value(experiment, place + count)).collect();
        wilcoxon::two_sided(&differences) < 0.05
    };
    let waits = |experiment| {
        let wait = |place: u64| {
            let time = value(experiment, place) as u64;
            Observed { time: time.min(1_500_000), censored: time > 1_500_000 }
        };
        let (one, other): (Vec<_>, Vec<_>) = ((0..count).map(wait).collect(), (count..2 * count).map(wait).collect());
        log_rank(&one, &other) < 0.05
    };
    vec![covered("signed ranks (Wilcoxon)", count, EXPERIMENTS, signed_ranks), covered("log-rank", count, EXPERIMENTS, waits)]
}

/// What expectations are judged by: whole runs are drawn, and have many calls, few failures, or one outcome each.
fn of_runs(count: u64) -> Vec<Coverage> {
    const EXPERIMENTS: u64 = 4_000;
    let runs = |of: &dyn Fn(u64) -> (f64, f64)| (0..count).map(of).collect::<Vec<_>>();
    // From 500 to 1500 calls, of which a share fails that is the luck of the run: on average one in twenty.
    let calls = |experiment| {
        let pairs = runs(&|run| {
            let calls = 500.0 + 1_000.0 * unit(experiment, "calls", run);
            (calls * (1.0 - 0.05 * exponential(experiment, "failing", run)), calls)
        });
        holds(pooled::ratio(&pairs).expect("enough runs").interval, 0.95)
    };
    // Failures that come by themselves, three in ten runs: most runs have none.
    let rare = |experiment| {
        let pairs = runs(&|run| {
            let mut waited = exponential(experiment, "wait", 16 * run);
            let mut failures = 0.0;
            while waited < 0.3 && failures < 15.0 {
                failures += 1.0;
                waited += exponential(experiment, "wait", 16 * run + failures as u64);
            }
            (1_000.0 - failures, 1_000.0)
        });
        holds(pooled::ratio(&pairs).expect("enough runs").interval, 0.999_7)
    };
    let share = |experiment: u64, share: f64| {
        let hits = (0..count).filter(|place| unit(experiment, "stuck", *place) < share).count() as u64;
        holds(binomial::interval(hits, count).expect("something was seen"), share)
    };
    let ninety = |experiment: u64| {
        let mut values: Vec<i128> = (0..count).map(|place| whole(exponential(experiment, "ninety", place))).collect();
        values.sort_unstable();
        let (low, high) = Quantile::new(90, 100).end_ranks(count);
        let truth = whole(std::f64::consts::LN_10);
        let at = |rank: Option<u64>| rank.map(|rank| values[rank as usize - 1]);
        at(low).is_none_or(|low| low <= truth) && at(high).is_none_or(|high| truth <= high)
    };
    vec![
        covered("availability over runs of unequal luck: ratio, t and Hall", count, EXPERIMENTS, calls),
        covered("availability, failures in three of ten runs: ratio, t and Hall", count, EXPERIMENTS, rare),
        covered("share of 5 % of the runs: exact binomial", count, EXPERIMENTS, |experiment| share(experiment, 0.05)),
        covered("share of 50 % of the runs: exact binomial", count, EXPERIMENTS, |experiment| share(experiment, 0.5)),
        covered("p90 over runs: order statistics, each end by itself", count, EXPERIMENTS, ninety),
    ]
}

#[test]
fn what_expectations_are_judged_by_covers_the_truth_in_93_of_100_cases_at_least() {
    for count in [20, 100, 400] {
        let rows = of_runs(count);
        print("| method | values | experiments | covered |", &rows);
        for row in rows {
            assert!((0.93..=0.995).contains(&row.share()), "{} at {}: {}", row.method, row.count, row.share());
        }
    }
}

/// Two groups of runs of the same arm, on other seeds each.
fn unpaired_false_alarms(count: u64) -> Coverage {
    let value = |experiment, place| whole(exponential(experiment, "group", place));
    covered("rank sums (Mann and Whitney)", count, 10_000, |experiment| {
        let (one, other): (Vec<i128>, Vec<i128>) = (
            (0..count).map(|place| value(experiment, place)).collect(),
            (count..2 * count).map(|place| value(experiment, place)).collect(),
        );
        rank_sum::two_sided(&one, &other) < 0.05
    })
}

#[test]
fn the_same_arm_in_two_groups_is_another_arm_in_4_to_6_of_100_cases() {
    for count in [20, 100] {
        let row = unpaired_false_alarms(count);
        print("| test | values | experiments | rejected |", std::slice::from_ref(&row));
        assert!((0.04..=0.06).contains(&row.share()), "{} at {}: {}", row.method, row.count, row.share());
    }
}

fn print(title: &str, rows: &[Coverage]) {
    println!("{title}");
    for row in rows {
        println!("| {} | {} | {} | {:.2} % |", row.method, row.count, row.experiments, 100.0 * row.share());
    }
}

#[test]
fn intervals_of_95_percent_cover_between_93_and_a_half_and_98_percent() {
    for count in [20, 100, 400] {
        let rows = intervals(count);
        print("| method | values | experiments | covered |", &rows);
        for row in rows {
            let most = if row.method == RARE && row.count == 20 { 0.987 } else { 0.98 };
            assert!((0.935..=most).contains(&row.share()), "{} at {}: {}", row.method, row.count, row.share());
        }
    }
}

#[test]
fn the_same_arm_on_other_seeds_is_another_arm_in_4_to_6_of_100_cases() {
    for count in [20, 100, 400] {
        let rows = false_alarms(count);
        print("| test | values | experiments | rejected |", &rows);
        for row in rows {
            assert!((0.04..=0.06).contains(&row.share()), "{} at {}: {}", row.method, row.count, row.share());
        }
    }
}
