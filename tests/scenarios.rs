//! Does every shipped scenario keep its word?
//!
//! What a scenario's comment claims is either a clause of its own `expect:`, judged here over 30 seeds (29 are the fewest that can pass a `p90`), or one of the tests
//! below. Limits are the numbers of the comments with room for chance. The rankings are kept as snapshots, to be read as prose:
//! after a change that is meant to alter them, `INSTA_UPDATE=always cargo test --test main scenarios`.

use camino::Utf8Path;
use reports::export::markdown;
use reports::summary::{Ranking, fates, grid};
use scenarios::expect::{self, Judgement};
use scenarios::journal::{Journal, KnownRuns};
use scenarios::library::SHIPPED;
use scenarios::measure::{Fold, Recovery, RunMeasures, Unit};
use scenarios::results::{Results, RunOutcome};
use scenarios::sweep::{SweepOptions, sweep};
use scenarios::text::Source;
use scenarios::{Extent, Scenario, read};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

const SEEDS: u32 = 30;

fn shipped(name: &str, changes: &[(&str, &str)]) -> Scenario {
    let text = scenarios::library::find(name).expect("the scenario is shipped").text;
    let changes: Vec<_> = changes.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
    read(Source::new(name, text), name, &changes, Extent::Grid)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

fn made(mut scenario: Scenario, replications: u32) -> Results {
    scenario.sweep.replications = replications;
    let folder = tempfile::tempdir().expect("there is room for results");
    let mut journal = Journal::open(Utf8Path::from_path(folder.path()).expect("the path is text")).expect("results can be written");
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let options = SweepOptions { jobs, go_on: &|| true, progress: &mut |_, _| {} };
    sweep(&scenario, &KnownRuns::default(), &mut journal, options).expect("results can be written")
}

/// The runs of a shipped scenario, as it is compared, made once for all tests.
fn results(name: &str) -> Arc<Results> {
    static MADE: Mutex<BTreeMap<String, Arc<Results>>> = Mutex::new(BTreeMap::new());
    let mut all = MADE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Arc::clone(all.entry(name.to_owned()).or_insert_with(|| Arc::new(made(shipped(name, &[]), SEEDS))))
}

/// The runs of one arm in one cell.
#[derive(Clone, Copy)]
struct Arm<'a> {
    results: &'a Results,
    cell: u32,
    arm: u32,
}

fn arm<'a>(results: &'a Results, cell: u32, name: &str) -> Arm<'a> {
    let arm = results.manifest.arms.iter().position(|arm| arm == name).expect("the arm exists");
    Arm { results, cell, arm: arm as u32 }
}

impl<'a> Arm<'a> {
    fn runs(self) -> impl Iterator<Item = &'a RunMeasures> {
        self.results.runs_of(self.cell, self.arm).map(|(_, run)| run)
    }

    /// The middle one of what each run says.
    fn median(self, of: impl Fn(&RunMeasures) -> f64) -> f64 {
        let mut values: Vec<f64> = self.runs().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }

    fn total(self, of: impl Fn(&RunMeasures) -> u64) -> f64 {
        self.runs().map(of).sum::<u64>() as f64
    }

    /// Half of the runs recovered within so many seconds.
    fn recovery(self) -> f64 {
        self.median(|run| match &run.episodes[0].recovery {
            Recovery::Unharmed => 0.0,
            Recovery::After(length) => length.as_secs_f64(),
            Recovery::Censored(_) => f64::INFINITY,
            Recovery::Undecided(reason) => panic!("{reason}"),
        })
    }

    /// The share of the calls started in these seconds that succeed.
    fn availability(self, seconds: std::ops::Range<usize>) -> f64 {
        let bins = &self.results.series_of(self.cell, self.arm).expect("the arm was run").bins[seconds];
        bins.iter().map(|bin| bin.succeeded).sum::<u64>() as f64 / bins.iter().map(|bin| bin.started).sum::<u64>() as f64
    }

    /// Attempts per second of a run in these seconds, over all edges.
    fn load(self, seconds: std::ops::Range<usize>) -> f64 {
        let series = self.results.series_of(self.cell, self.arm).expect("the arm was run");
        let attempts = series.bins[seconds.clone()].iter().map(|bin| bin.attempts).sum::<u64>();
        attempts as f64 / (series.runs * seconds.len() as u64) as f64
    }

    /// Attempts per call.
    fn amplification(self) -> f64 {
        self.total(|run| run.edges[0].attempts) / self.total(|run| run.edges[0].calls)
    }

    /// The share of the server time that went into attempts nobody waited for.
    fn wasted(self) -> f64 {
        self.total(|run| run.wasted_work.as_nanos()) / self.total(|run| run.work.as_nanos())
    }
}

/// Asserts that a number lies in a range, and shows it if not.
#[track_caller]
fn assert_within(what: &str, seen: f64, range: std::ops::RangeInclusive<f64>) {
    assert!(range.contains(&seen), "{what}: {seen:.4} is not in {range:?}");
}

#[test]
fn every_shipped_scenario_says_what_it_is_about_and_what_it_expects() {
    for file in SHIPPED {
        let scenario = shipped(file.name, &[]);
        assert_eq!(scenario.name, file.name, "the name inside a file is that of the file");
        assert!(!scenario.expect.is_empty(), "{} expects nothing", file.name);
        let first = scenario.description.lines().next().unwrap_or_default();
        assert!(first.ends_with(['.', '?']) && first.len() > 40, "{} begins with a sentence of one line, not with {first:?}", file.name);
        let points = first.matches('.').count();
        assert!(points <= 1, "`list` would cut the first line of {} at its first point", file.name);
        assert!(file.text.lines().count() <= 70, "{} is too long to be read", file.name);
    }
}

#[test]
fn every_file_of_the_library_is_shipped() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/library");
    for entry in std::fs::read_dir(folder).expect("the library is a folder") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("the name is text").to_owned();
        assert!(scenarios::library::find(&name).is_some(), "{name} is not in scenarios/src/library.rs");
    }
}

#[test]
fn every_shipped_scenario_keeps_its_word() {
    let mut broken = String::new();
    for name in SHIPPED.iter().map(|shipped| shipped.name) {
        let results = results(name);
        assert!(results.runs.iter().all(|row| matches!(row.outcome, RunOutcome::Finished { .. })), "a run of {name} panicked");
        let verdicts = expect::judge(&results);
        assert!(!verdicts.is_empty(), "nothing was judged of {name}");
        for verdict in verdicts.iter().filter(|verdict| verdict.judgement != Judgement::Passed) {
            let (arm, cell) = (&results.manifest.arms[verdict.arm as usize], &results.manifest.cells[verdict.cell as usize]);
            writeln!(broken, "{name}, {arm}, {cell:?}: {}, but {} ({:?})", verdict.clause, verdict.evidence, verdict.judgement)
                .expect("text can be written to a string");
        }
    }
    assert!(broken.is_empty(), "\n{broken}");
}

#[test]
fn the_rankings_of_every_shipped_scenario_read_well() {
    for name in SHIPPED.iter().map(|shipped| shipped.name) {
        let results = results(name);
        let cells = results.manifest.cells.len() as u32;
        let mut text = format!("{}\n", fates::headline(&results));
        if cells > 4 {
            grid(&results).iter().for_each(|table| text += &format!("\n{}\n\n{}", table.title, markdown::table(table)));
        }
        for cell in (0..cells).filter(|_| cells <= 4) {
            let table = Ranking::of(&results, cell).table();
            text += &format!("\n{}\n\n{}", table.title, markdown::table(&table));
            if let Some(apart) = Ranking::of(&results, cell).table_of_set_apart() {
                text += &format!("\n{}\n\n{}", apart.title, markdown::table(&apart));
            }
        }
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn retry_storm_offers_what_its_table_says_and_drains_as_long_as_it_says() {
    let results = results("retry-storm");
    let by_name = |name: &str| arm(&results, 0, name);
    // In the cold seconds everybody's answers are late, some seconds after their begin.
    let offered = [
        ("no retries", 250.0),
        ("jitter + budget", 275.0),
        ("exponential", 500.0),
        ("decorrelated", 500.0),
        ("equal jitter", 562.5),
        ("full jitter", 687.5),
        ("immediate", 750.0),
    ];
    for (name, per_second) in offered {
        assert_within(name, by_name(name).load(46..50) / per_second, 0.98..=1.02);
    }
    for (name, after) in
        [("no retries", 1.0), ("jitter + budget", 2.0), ("exponential", 29.0), ("decorrelated", 29.0), ("equal jitter", 94.0)]
    {
        assert_within(name, by_name(name).recovery(), (after + 4.0) * 0.85 - 1.0..=(after + 4.0) * 1.1 + 1.0);
    }
    assert_within("no retries, long after", by_name("no retries").availability(100..200), 0.989..=0.991);
    assert_within("jitter + budget, long after", by_name("jitter + budget").availability(100..200), 0.9995..=1.0);
}

#[test]
fn retry_storm_is_over_at_once_if_the_queue_is_shorter_than_the_timeout() {
    let results = made(shipped("retry-storm", &[("nodes.service.queue.limit", "300")]), SEEDS);
    for name in &results.manifest.arms {
        assert_within(name, arm(&results, 0, name).recovery(), 0.0..=5.0);
    }
}

#[test]
fn payment_brownout_has_the_same_fates_at_every_rate_and_full_jitter_offers_as_much_as_eager_retries() {
    let results = results("payment-brownout");
    for (cell, rate) in [(0, 150.0), (1, 300.0), (2, 370.0)] {
        for name in ["eager retries", "full jitter"] {
            // Every call makes an attempt at checkout and four at payments.
            assert_within(name, arm(&results, cell, name).load(120..140) / rate, 4.9..=5.05);
        }
    }
    let after = |cell, name| arm(&results, cell, name).recovery();
    assert_within("no retries at 300/s", after(1, "no retries"), 6.0..=9.0);
    assert_within("budget at 300/s", after(1, "jitter + budget"), 7.0..=10.0);
    assert_within("budget at 370/s", after(2, "jitter + budget"), 13.0..=21.0);
}

#[test]
fn mm1_queue_agrees_with_its_closed_form() {
    let results = results("mm1-queue");
    for (cell, rate) in [(0, 20.0), (1, 50.0), (2, 80.0), (3, 90.0)] {
        let stay = 1.0 / (100.0 - rate);
        let runs = arm(&results, cell, "as written");
        let means: Vec<f64> = runs.runs().map(|run| run.latency.mean.as_secs_f64()).collect();
        let count = means.len() as f64;
        let mean = means.iter().sum::<f64>() / count;
        let variance = means.iter().map(|each| (each - mean) * (each - mean)).sum::<f64>() / (count - 1.0);
        // Within four standard errors of the mean over the runs, and these are small.
        let error = (variance / count).sqrt();
        assert!((mean - stay).abs() < 4.0 * error, "at {rate}/s: {mean:.5} s against {stay:.5} s, standard error {error:.5} s");
        assert!(error < 0.03 * stay, "at {rate}/s the standard error {error:.5} s is too large to tell");
        assert_within("median / (W ln 2)", runs.median(|run| run.latency.p50.as_secs_f64()) / stay / libm::log(2.0), 0.93..=1.07);
        assert_within("p99 / (W ln 100)", runs.median(|run| run.latency.p99.as_secs_f64()) / stay / libm::log(100.0), 0.85..=1.1);
        // Little's law: requests there at any time = rate * stay, from the calls and latencies counted.
        let there = runs.runs().map(|run| run.latency.mean.as_secs_f64() * run.latency.count as f64 / 400.0).sum::<f64>() / count;
        assert_within("L / (rate * W)", there / (rate * stay), 0.93..=1.07);
    }
}

#[test]
fn crash_and_return_loses_a_third_a_ninth_and_a_27th_and_silence_costs_the_timeout() {
    let results = results("crash-and-return");
    for cell in 0..2 {
        for (name, lost) in [("no retries", 1.0 / 3.0), ("one retry", 1.0 / 9.0), ("two retries", 1.0 / 27.0)] {
            // The calls of the last second may be answered after the return, by their second or third attempt.
            assert_within(name, (1.0 - arm(&results, cell, name).availability(30..48)) / lost, 0.93..=1.07);
        }
    }
    let p99 = |cell| arm(&results, cell, "two retries").median(|run| run.latency.p99.as_secs_f64());
    assert_within("p99 where the dead machine is silent", p99(0), 0.9..=1.2);
    assert_within("p99 where it refuses", p99(1), 0.08..=0.13);
}

#[test]
fn repair_crews_keep_as_many_machines_up_as_the_closed_form_says() {
    let results = results("repair-crews");
    for (cell, majority, all, calls) in [(0, 0.697, 0.199, 0.641), (1, 0.905, 0.315, 0.781), (2, 0.942, 0.328, 0.800)] {
        let runs = arm(&results, cell, "as written");
        let up = |members| {
            let sums = runs.runs().map(|run| run.up[0].at_least(members)).fold((0, 0), |sum, up| (sum.0 + up.0, sum.1 + up.1));
            sums.0 as f64 / sums.1 as f64
        };
        // The first half hour of twelve is without failures.
        let share = |long: f64| (long * 11.5 + 0.483) / 11.983;
        assert_within("a majority", up(3) / share(majority), 0.95..=1.05);
        assert_within("all", up(5) / share(all), 0.9..=1.1);
        assert_within("calls", runs.total(|run| run.succeeded) / runs.total(|run| run.calls) / share(calls), 0.96..=1.04);
    }
}

#[test]
fn chaos_experiment_is_aborted_borne_or_never_begun() {
    let results = results("chaos-experiment");
    let outcomes = |name| arm(&results, 0, name).runs().map(|run| run.experiment.expect("it is one")).collect::<Vec<_>>();
    let second = |at: sim_core::time::SimTime| at.as_secs_f64();
    assert!(
        outcomes("no retries").iter().all(|one| one.held_before && matches!(one.aborted.map(second), Some(66.0 | 67.0)) && one.held_after)
    );
    assert!(outcomes("two retries").iter().all(|one| one.held_before && one.aborted.is_none() && one.held_after));
    assert!(outcomes("too small").iter().all(|one| !one.held_before && one.aborted.is_none()));
    assert!(arm(&results, 0, "too small").runs().all(|run| run.episodes.is_empty()));
}

#[test]
fn second_blow_strikes_when_it_said_it_would() {
    let results = results("second-blow");
    assert!(results.manifest.instants_differ);
    for name in ["no retries", "one retry"] {
        for run in arm(&results, 0, name).runs() {
            let episode = &run.episodes[0];
            assert_eq!(episode.begin.as_nanos(), 30_000_000_000);
            let last = run.episodes.last().expect("there is one").end.as_secs_f64();
            // 10.1 s after 40 s the second ends; the third waits for a good second after 50 s, and lasts 10 s.
            assert_within(name, last, 60.9..=75.0);
        }
    }
}

#[test]
fn slow_node_loses_what_a_dead_one_loses_and_takes_longer_to_return() {
    let results = results("slow-node");
    let by_name = |name: &str| arm(&results, 0, name);
    // The first half second of the fault and the last of its queue are not yet, or no longer, lost.
    for (name, lost) in [("timeout", 1.0 / 3.0), ("one retry", 1.0 / 9.0), ("three retries", 1.0 / 81.0)] {
        assert_within(name, (1.0 - by_name(name).availability(35..60)) / lost, 0.9..=1.1);
    }
    assert_within("timeout", by_name("timeout").recovery(), 14.0..=20.0);
    assert_within("one retry", by_name("one retry").recovery(), 25.0..=33.0);
    assert_within("longest wait", by_name("wait for ever").median(|run| run.latency.max.as_secs_f64()), 20.0..=26.0);
}

#[test]
fn zone_cut_loses_everything_a_third_or_a_27th() {
    let results = results("zone-cut");
    let during = |name| arm(&results, 0, name).availability(32..49);
    assert_within("timeout 5s", during("timeout 5s"), 0.0..=0.1);
    assert_within("timeout 200ms", during("timeout 200ms"), 0.65..=0.68);
    assert_within("timeout 200ms, 3 tries", during("timeout 200ms, 3 tries"), 0.955..=0.97);
}

#[test]
fn reroute_loses_what_is_sent_until_routing_has_converged() {
    let results = results("reroute");
    for (cell, convergence) in [(0, 1.0), (1, 5.0)] {
        let lost = |name| 1.0 - arm(&results, cell, name).availability(10..60);
        assert_within("no other way", lost("no other way") / (20.0 / 50.0), 0.98..=1.02);
        // The cut also takes what is on the wire when it begins, and what is at work: up to 70 ms of calls.
        assert_within("another way", lost("another way") * 50.0 - convergence, 0.0..=0.15);
        assert_within("another way, once known", arm(&results, cell, "another way").availability(31..45), 1.0..=1.0);
    }
}

#[test]
fn lossy_link_divides_the_failures_by_ten_with_every_try() {
    let results = results("lossy-link");
    for (name, tries) in [("one try", 1), ("two tries", 2), ("three tries", 3)] {
        let expected = libm::pow(0.0975, f64::from(tries));
        let failed = (1.0 - arm(&results, 0, name).availability(10..110)) / expected;
        // Four standard errors of a count of failures among 10,000 calls of each run.
        let room = 4.0 / (expected * 10_000.0 * f64::from(SEEDS)).sqrt();
        assert_within(name, failed, 1.0 - room..=1.0 + room);
    }
}

#[test]
fn bursty_loss_defeats_tries_at_once_and_not_those_that_wait() {
    let results = results("bursty-loss");
    let failed = |name| 1.0 - arm(&results, 0, name).availability(10..310);
    assert_within("independent", failed("independent") / libm::pow(0.0975, 3.0), 0.9..=1.1);
    assert!(failed("bursts, at once") > 10.0 * failed("independent"), "{}", failed("bursts, at once"));
    assert!(failed("bursts, waiting") < failed("bursts, at once") / 4.0, "{}", failed("bursts, waiting"));
}

#[test]
fn bufferbloat_answers_everybody_too_late_or_five_of_six_in_time() {
    let results = results("bufferbloat");
    let by_name = |name: &str| arm(&results, 0, name);
    assert_within("short queue", by_name("short queue").availability(20..80), 0.825..=0.842);
    assert_within("deep queue", by_name("deep queue").availability(20..80), 0.0..=0.002);
    assert!(by_name("deep queue").runs().all(|run| run.messages.full > 0), "it does fill up");
    assert_within("short queue, longest", by_name("short queue").median(|run| run.latency.max.as_secs_f64()), 0.13..=0.152);
    assert_within("and one retry, in vain", by_name("and one retry").wasted(), 0.34..=0.42);
}

#[test]
fn backoff_immediate_mends_a_lost_packet_sooner_than_a_constant_wait() {
    let results = results("backoff-immediate");
    let p99 = |name| arm(&results, 0, name).median(|run| run.latency.p99.as_secs_f64());
    assert_within("immediate", p99("immediate"), 0.25..=0.29);
    assert_within("constant", p99("constant"), 0.45..=0.7);
}

#[test]
fn backoff_constant_comes_in_the_waves_of_its_comment() {
    let results = results("backoff-constant");
    let by_name = |name: &str| arm(&results, 0, name);
    let done = |name| by_name(name).median(|run| run.last_success.expect("somebody succeeded").since_start().as_secs_f64());
    assert!(by_name("constant").runs().all(|run| run.edges[0].attempts == 1540));
    assert_within("constant is done", done("constant"), 1.3099..=1.3101);
    assert_within("full jitter is done", done("full jitter"), 0.4..=0.5);
}

#[test]
fn backoff_exponential_asks_seldom_and_returns_late_by_its_cap() {
    let results = results("backoff-exponential");
    // The crash meets every client once: its retries are spread over all clients' calls.
    let retries = |results: &Results, name| {
        let runs = arm(results, 0, name);
        (runs.total(|run| run.edges[0].attempts) - runs.total(|run| run.edges[0].calls)) / f64::from(SEEDS) / 400.0
    };
    assert_within("constant", retries(&results, "constant"), 262.0..=275.0);
    assert_within("exponential", retries(&results, "exponential"), 8.9..=9.2);
    // A window of 10 s must be good, but it may hold half a second of outage.
    assert_within("exponential is back", arm(&results, 0, "exponential").recovery() - 9.0, 15.0..=17.0);
    let capped =
        made(shipped("backoff-exponential", &[("arms.exponential.stacks.\"clients -> service\"[0].backoff.cap", "\"2s\"")]), SEEDS);
    assert_within("exponential, cap 2s", retries(&capped, "exponential"), 18.0..=20.0);
    assert_within("exponential, cap 2s, is back", arm(&capped, 0, "exponential").recovery() - 9.0, 0.0..=3.0);
}

#[test]
fn backoff_full_jitter_saves_half_of_the_attempts_and_most_of_the_time() {
    let results = results("backoff-full-jitter");
    let done = |name| arm(&results, 0, name).median(|run| run.last_success.expect("somebody succeeded").since_start().as_secs_f64());
    assert_within("exponential", done("exponential"), 55.0..=70.0);
    assert_within("full jitter", done("full jitter"), 4.0..=6.0);
}

#[test]
fn backoff_equal_jitter_saves_the_ninth_that_full_jitter_loses() {
    let results = results("backoff-equal-jitter");
    let runs = arm(&results, 0, "full jitter");
    let lost = runs.total(|run| run.calls - run.succeeded) / runs.total(|run| run.calls);
    assert_within("lost of the calls in a restart", lost / (7.5 / 55.0) * 9.0, 0.93..=1.07);
}

#[test]
fn retry_budget_of_each_client_lasts_for_half_a_minute() {
    let results = results("retry-budget");
    assert_within("10 per client", arm(&results, 0, "10 per client").recovery(), 28.0..=38.0);
    assert_within("10 per process", arm(&results, 0, "10 per process").recovery(), 4.0..=7.0);
    assert_within("load without a budget", arm(&results, 0, "no budget").load(80..120), 735.0..=765.0);
    let per_client = |seconds| arm(&results, 0, "10 per client").load(seconds);
    assert_within("load while the buckets hold", per_client(36..40), 735.0..=765.0);
    assert_within("load 8 s after the fault", per_client(46..50), 550.0..=650.0);
    assert_within("load with empty buckets", per_client(64..70), 275.0..=340.0);
}

#[test]
fn late_work_wastes_most_if_it_is_finished_and_a_queue_that_skips_is_late_with_all_it_begins() {
    let results = results("late-work");
    let by_name = |name: &str| arm(&results, 0, name);
    assert_within("Finish is back", by_name("Finish").recovery(), 26.0..=33.0);
    assert_within("Finish", by_name("Finish").wasted(), 0.40..=0.47);
    assert_within("SkipQueued, the slow seconds", by_name("SkipQueued").availability(31..39), 0.0..=0.02);
    assert_within("Cancel, the slow seconds", by_name("Cancel").availability(31..39), 0.18..=0.26);
    for name in ["SkipQueued", "Cancel"] {
        assert_within(name, by_name(name).wasted(), 0.08..=0.14);
    }
}

#[test]
fn held_workers_limit_what_is_offered_and_released_ones_do_not() {
    let results = results("held-or-released");
    // One attempt at the front for each call, and one or four at the database.
    assert_within("held", arm(&results, 0, "held").load(70..100), 395.0..=405.0);
    assert_within("released", arm(&results, 0, "released").load(70..100), 950.0..=1010.0);
}

#[test]
fn aws_jitter_needs_the_calls_of_its_comment() {
    let results = results("aws-jitter");
    let cell = results.manifest.cells.iter().position(|values| values[0] == "100").expect("100 writers are in the grid") as u32;
    let attempts = |name| arm(&results, cell, name).amplification() * 100.0;
    let none = attempts("none");
    assert_within("none", none, 2300.0..=2550.0);
    assert_within("exponential", attempts("exponential") / none, 0.7..=0.82);
    assert_within("equal jitter", attempts("equal jitter") / none, 0.3..=0.36);
    assert_within("full jitter", attempts("full jitter") / none, 0.3..=0.36);
}

#[test]
fn a_cut_that_answers_tells_its_callers_sooner() {
    let results = results("cut-that-answers");
    let failing = |cell, name| arm(&results, cell, name).median(|run| run.failure_latency.p50.as_secs_f64());
    let cell = |how: &str| results.manifest.cells.iter().position(|values| values[0] == how).expect("it is varied") as u32;
    assert_within("silence", failing(cell("Blackhole"), "three retries"), 0.999..=1.001);
    for how in ["Refuse", "Reset"] {
        assert_within(how, failing(cell(how), "three retries"), 0.2298..=0.2302);
        assert_within(how, failing(cell(how), "deadline alone"), 0.0199..=0.0201);
    }
}

#[test]
fn a_dishonest_replica_is_wrong_as_often_as_its_comment_says_and_retries_do_not_help() {
    let results = results("dishonest-replica");
    for name in ["one attempt", "four attempts"] {
        let arm = arm(&results, 0, name);
        assert_within(name, arm.total(|run| run.wrong) / arm.total(|run| run.calls), 0.0115..=0.0135);
    }
}

#[test]
fn a_bad_deploy_hurts_as_many_replicas_as_it_reaches_before_the_rollback() {
    let results = results("bad-deploy");
    let cell = |pace: &str| results.manifest.cells.iter().position(|values| values[0] == pace).expect("it is varied") as u32;
    for (pace, one, two) in [("30s", 1.875, 0.125), ("10s", 4.69, 0.755), ("0s", 9.375, 4.69)] {
        for (name, failing) in [("one attempt", one), ("two attempts", two)] {
            let arm = arm(&results, cell(pace), name);
            let failed = 100.0 - 100.0 * arm.total(|run| run.succeeded) / arm.total(|run| run.calls);
            assert_within(&format!("{name}, {pace}"), failed, failing * 0.95 - 0.05..=failing * 1.05 + 0.05);
        }
    }
}

#[test]
fn jobs_in_step_fail_the_calls_of_two_seconds_a_round_and_jobs_out_of_step_none() {
    let results = results("synchronised-jobs");
    let available = |cell| {
        let arm = arm(&results, cell, "as written");
        100.0 * arm.total(|run| run.succeeded) / arm.total(|run| run.calls)
    };
    assert_within("in step", available(0), 91.5..=93.3);
    assert_within("out of step", available(1), 99.7..=100.0);
}

/// What the runs of an arm observed under a name, in units of the name: a count, or seconds.
fn observed(results: &Results, name: &str, what: &str, fold: Fold) -> Vec<f64> {
    let value = |run: &RunMeasures| {
        let found = run.observations.iter().find(|one| one.name == what && one.fold == fold);
        found.map(|one| one.value as f64 / if one.unit == Unit::Time { 1e9 } else { 1.0 })
    };
    arm(results, 0, name).runs().filter_map(value).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn clock_sync_is_wrong_by_half_the_difference_of_the_ways() {
    let results = results("clock-sync");
    for (name, least, most) in [("equal ways", -1e-6, 1e-6), ("busy uplink", 0.01 - 1e-6, 0.01 + 2e-6), ("jitter", -1e-6, 0.1)] {
        for fold in [Fold::Least, Fold::Most] {
            for error in observed(&results, name, "error of an estimate", fold) {
                assert_within(name, error, least..=most);
            }
        }
        assert_within(name, mean(&observed(&results, name, "estimates beyond their bound", Fold::Sum)), 0.0..=0.0);
        assert_within(name, mean(&observed(&results, name, "clocks set", Fold::Sum)), 11.0..=12.0);
    }
    assert_within("jitter", mean(&observed(&results, "jitter", "error of an estimate", Fold::Most)), 0.03..=0.06);
}

#[test]
fn a_false_ticker_misleads_a_third_of_those_who_ask_one_and_nobody_who_asks_all() {
    let results = results("false-ticker");
    let beyond = |name| {
        mean(&observed(&results, name, "estimates beyond their bound", Fold::Sum)) / mean(&observed(&results, name, "estimates", Fold::Sum))
    };
    assert_within("one of three", beyond("one of three"), 0.32..=0.35);
    assert_within("all three", beyond("all three"), 0.0..=0.0);
    assert_within("all three", mean(&observed(&results, "all three", "servers that agree", Fold::Least)), 2.0..=2.0);
}

#[test]
fn a_lease_is_held_twice_where_the_comment_says_so_and_for_as_long() {
    let results = results("lease-and-clock");
    let longest = |name| observed(&results, name, "time with two holders", Fold::Most);
    assert!(longest("good").is_empty() && longest("wall clock off").is_empty());
    let slow = longest("slow clock");
    assert_eq!(slow.len(), SEEDS as usize);
    assert_within("slow clock", mean(&slow), 0.0509..=0.0512);
    assert_within("from receipt", mean(&longest("from receipt")), 0.0499..=0.0501);
}

#[test]
fn failure_detectors_trade_speed_against_mistakes_as_the_comment_says() {
    let results = results("failure-detectors");
    let time = |name| {
        let sum = |what| observed(&results, name, what, Fold::Sum).iter().sum::<f64>();
        sum("detection time") / sum("detections")
    };
    let mistakes = |name| observed(&results, name, "false suspicions", Fold::Sum).iter().sum::<f64>() / f64::from(SEEDS);
    assert!(time("timeout 1.2s") < time("phi 3") && time("phi 3") < time("phi 8") && time("phi 8") < time("timeout 3s"));
    assert_within("timeout 3s", time("timeout 3s"), 2.0..=3.0);
    assert!(
        mistakes("timeout 1.2s") > mistakes("phi 3")
            && mistakes("phi 3") > mistakes("phi 8")
            && mistakes("phi 8") >= mistakes("timeout 3s")
    );
}

#[test]
fn a_rumour_needs_as_many_rounds_as_its_scenario_says() {
    let results = results("gossip-rounds");
    for (name, rounds) in [("push", 13.9..=15.5), ("push-pull", 7.2..=8.2), ("push, two", 8.5..=9.8)] {
        assert_within(name, mean(&observed(&results, name, "rounds until everybody knew", Fold::Most)), rounds);
    }
}
