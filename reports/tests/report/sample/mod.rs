//! What could results look like? Made-up but plausible ones, from keyed draws and simple formulas.

pub mod grids;

use scenarios::measure::{Bin, CoarseHistogram, EdgeMeasures, Episode, LatencySummary, Recovery, RunMeasures, StuckEvidence};
use scenarios::results::{
    Assumption, BinTotals, CellSeries, FaultWindow, FurtherAttempts, LevelTotals, Manifest, OccupancyTotals, Results, RunOutcome, RunRow,
};
use scenarios::story::Story;
use sim_core::draw::{Draws, Key, Seed};
use sim_core::time::{SimDuration, SimTime};

/// How an arm behaves: its name, the middle of its recovery time in seconds, how many of 100 runs never recover, attempts
/// per hundred calls while down, availability in thousandths while the fault lasts.
pub type Arm = (&'static str, u64, u64, u64, u64);

/// Six arms of the payment brownout: some come back, some do not, some only sometimes.
pub const SIX: &[Arm] = &[
    ("no retries", 6, 0, 100, 300),
    ("eager retries", 0, 100, 390, 40),
    ("full jitter", 4, 35, 330, 150),
    ("jitter + budget", 3, 0, 120, 420),
    ("jitter + breaker", 5, 2, 140, 380),
    ("full jitter, worker held", 9, 0, 210, 240),
];

const HORIZON: u64 = 120;
const RATE: u64 = 900;

pub fn manifest(arms: &[&str]) -> Manifest {
    Manifest {
        synthetic: Vec::new(),
        tool_version: "0.1.0".to_owned(),
        scenario: "payment-brownout".to_owned(),
        source: "payment-brownout".to_owned(),
        description: "A payment database slows down for ten seconds. Which retry policy lets checkout recover?".to_owned(),
        scenario_hash: "9f2c41d07a".to_owned(),
        text: "( schema: 1, name: \"payment-brownout\" )".to_owned(),
        changes: Vec::new(),
        first_seed: 1,
        replications: 0,
        arms: arms.iter().map(|arm| (*arm).to_owned()).collect(),
        axes: Vec::new(),
        cells: vec![Vec::new()],
        warm_up: SimDuration::from_secs(5),
        horizon: SimDuration::from_secs(HORIZON),
        bin: SimDuration::from_secs(1),
        hold: SimDuration::from_secs(5),
        load: "open".to_owned(),
        edges: vec!["shoppers -> checkout".to_owned(), "checkout -> payments".to_owned()],
        faults: vec![vec![FaultWindow {
            label: "SlowNode \"payments\" x8".to_owned(),
            what: None,
            begin: SimTime::from_nanos(20_000_000_000),
            end: Some(SimTime::from_nanos(30_000_000_000)),
        }]],
        random_faults: Vec::new(),
        wears: false,
        instants_differ: false,
        expect: Vec::new(),
        properties: Vec::new(),
        sums: Vec::new(),
        story: Story::default(),
        assumptions: vec![
            Assumption { path: "nodes.checkout.threads".to_owned(), value: "Released".to_owned(), written: true },
            Assumption { path: "nodes.payments.late_work".to_owned(), value: "Finish".to_owned(), written: false },
        ],
    }
}

/// A fault from 20 s to 30 s of 120 s, so many runs of each of these arms.
pub fn brownout(arms: &[Arm], runs: u64) -> Results {
    let names: Vec<&str> = arms.iter().map(|arm| arm.0).collect();
    let mut results = Results::nothing_yet(Manifest { replications: runs as u32, ..manifest(&names) });
    for (index, arm) in arms.iter().enumerate() {
        let mut series =
            CellSeries { cell: 0, arm: index as u32, runs, bins: vec![BinTotals::default(); HORIZON as usize], ..CellSeries::default() };
        for seed in 1..=runs {
            let (bins, measures) = brownout_run(arm, seed);
            bins.iter().zip(&mut series.bins).for_each(|(bin, totals)| add(totals, *bin));
            results.runs.push(row(0, index, seed, measures));
        }
        series.further = series.bins.iter().map(further).collect();
        fill(&mut series, arm);
        results.series.push(series);
    }
    results
}

/// Latencies that grow from 20 ms on, most of them short, and what a service has to do meanwhile.
fn fill(series: &mut CellSeries, &(_, _, _, per_hundred, during): &Arm) {
    series.latencies.bins_of_stretch = 1;
    let mut services = [OccupancyTotals::default(), OccupancyTotals::default()];
    for ((service, name), workers) in services.iter_mut().zip(["checkout", "payments"]).zip([60, 0]) {
        (service.service, service.workers, service.runs) = (name.to_owned(), workers, series.runs);
    }
    for (second, bin) in (0_u64..).zip(&series.bins) {
        let is_down = (20..30).contains(&second);
        let mut coarse = CoarseHistogram::default();
        for step in 0..20_u64 {
            let nanos = (20 + per_hundred / 20 + step * step * if is_down { 9 } else { 1 }) * 1_000_000;
            coarse.add(nanos, bin.succeeded >> step);
            series.latencies.successes.add(nanos, bin.succeeded >> step);
        }
        series.latencies.failures.add(500_000_000 + 1_000_000 * second, bin.failed);
        series.latencies.over_time.push(coarse);
        for service in &mut services {
            let level = |thousandths: u64| {
                let mut level = LevelTotals { sum: thousandths * series.runs, ..LevelTotals::default() };
                level.runs.add(thousandths, series.runs);
                level
            };
            service.busy.push(level(if is_down { 60_000 } else { 20_000 + per_hundred * 10 }));
            service.waiting.push(level(if is_down { (second - 19) * 100_000 / during.max(1) * 20 } else { 0 }));
        }
    }
    series.occupancies = services.into_iter().filter(|_| series.runs > 0).collect();
}

/// What is more than one attempt per call: half of it second attempts, the rest later ones.
fn further(totals: &BinTotals) -> FurtherAttempts {
    let more = totals.attempts.saturating_sub(totals.started);
    FurtherAttempts([more - more / 2, more / 4, more / 2 - more / 4, 0, 0])
}

fn brownout_run(&(name, middle, never, per_hundred, during): &Arm, seed: u64) -> (Vec<Bin>, RunMeasures) {
    let luck = |n: u32| Seed::new(seed).draws(Key::named("run"), n);
    let lost = luck(0).choice().index(100) < never;
    // Shared luck plus the arm's own: paired seeds matter.
    let own = Seed::new(seed).draws(Key::named(name), 0).wait().index(1_000);
    let after = SimDuration::from_millis(middle * (300 + luck(0).wait().index(900) + own / 2));
    let back = if lost { HORIZON } else { 30 + after.as_nanos() / 1_000_000_000 };
    let bins: Vec<Bin> = (0..HORIZON).map(|second| bin(second, back, per_hundred, during, &luck(second as u32 + 1))).collect();
    let measured = &bins[5..];
    let sum = |of: fn(&Bin) -> u64| measured.iter().map(of).sum::<u64>();
    let (calls, succeeded, attempts) = (sum(|bin| bin.started), sum(|bin| bin.succeeded), sum(|bin| bin.attempts));
    let recovery = if lost { Recovery::Censored(SimDuration::from_secs(HORIZON - 30)) } else { Recovery::After(after) };
    let measures = RunMeasures {
        calls,
        succeeded,
        failed: vec![(calls - succeeded) / 2, 0, calls - succeeded - (calls - succeeded) / 2, 0, 0],
        edges: vec![
            EdgeMeasures { calls, succeeded, attempts: calls, ..EdgeMeasures::default() },
            EdgeMeasures { calls, succeeded, attempts, ..EdgeMeasures::default() },
        ],
        latency: latency(succeeded, 20 + own / 100 + per_hundred / 20),
        work: SimDuration::from_secs(500),
        wasted_work: SimDuration::from_millis(per_hundred * 300),
        episodes: vec![Episode {
            begin: SimTime::from_nanos(20_000_000_000),
            end: SimTime::from_nanos(30_000_000_000),
            recovery,
            downtime: SimDuration::from_secs(back - 20),
            calls_lost: calls - succeeded,
            relapses: 0,
            ..Episode::default()
        }],
        stuck: lost,
        stuck_evidence: lost.then(|| stuck(measured)),
        last_success: Some(SimTime::from_nanos(HORIZON * 1_000_000_000)),
        events: 40 * calls,
        ended: SimTime::from_nanos((HORIZON + 2) * 1_000_000_000),
        ..RunMeasures::default()
    };
    (bins, measures)
}

/// What the last ten seconds say of a run that is down since the 20th.
fn stuck(measured: &[Bin]) -> StuckEvidence {
    let last = &measured[measured.len() - 10..];
    let offered = last.iter().map(|bin| bin.started).sum();
    StuckEvidence {
        trigger_gone: Some(SimDuration::from_secs(HORIZON - 30)),
        watched: SimDuration::from_secs(10),
        offered,
        offered_before: 10 * RATE,
        load_as_before: true,
        succeeded: last.iter().map(|bin| bin.succeeded).sum(),
        level: offered * 999 / 1_000,
        stays_down: true,
    }
}

fn bin(second: u64, back: u64, per_hundred: u64, during: u64, luck: &Draws) -> Bin {
    let started = RATE - 60 + luck.choice().index(120);
    let is_down = (20..back).contains(&second);
    let share = if is_down { during * (800 + luck.share().index(400)) / 1_000 } else { 1_000 - luck.share().index(3) };
    let succeeded = started * share.min(1_000) / 1_000;
    let attempts = if is_down { started * per_hundred / 100 } else { started + started / 200 };
    Bin { started, succeeded, completed: succeeded, failed: started - succeeded, attempts }
}

fn latency(count: u64, millis: u64) -> LatencySummary {
    let times = |factor| SimDuration::from_millis(millis * factor);
    LatencySummary { count, mean: times(2), p50: times(1), p90: times(3), p99: times(12), p999: times(40), max: times(60) }
}

/// Everybody writes at once, as in the AWS article: writers from 10 to 200, three arms.
pub fn contention(runs: u64) -> Results {
    let arms = ["no backoff", "exponential", "full jitter"];
    let counts = [10_u64, 20, 50, 100, 200];
    let manifest = Manifest {
        scenario: "contention".to_owned(),
        source: "contention".to_owned(),
        description: "Writers compete for one row. How many calls does it take until all have written?".to_owned(),
        replications: runs as u32,
        axes: vec!["nodes.writers.count".to_owned()],
        cells: counts.iter().map(|count| vec![count.to_string()]).collect(),
        load: "one-shot".to_owned(),
        edges: vec!["writers -> row".to_owned()],
        faults: vec![Vec::new(); counts.len()],
        warm_up: SimDuration::ZERO,
        ..manifest(&arms)
    };
    let mut results = Results::nothing_yet(manifest);
    for (cell, count) in counts.into_iter().enumerate() {
        for (arm, scale) in [50, 25, 6].into_iter().enumerate() {
            for seed in 1..=runs {
                let noise = 900 + Seed::new(seed).draws(Key::named(arms[arm]), cell as u32).wait().index(200);
                let attempts = count + count * count * scale * noise / 100_000;
                let last = SimTime::from_nanos(attempts * [4_000_000, 9_000_000, 7_000_000][arm]);
                let measures = RunMeasures {
                    calls: count,
                    succeeded: count,
                    edges: vec![EdgeMeasures { calls: count, succeeded: count, attempts, ..EdgeMeasures::default() }],
                    latency: latency(count, count),
                    last_success: Some(last),
                    ended: last,
                    ..RunMeasures::default()
                };
                results.runs.push(row(cell, arm, seed, measures));
            }
            let start = BinTotals { started: count * runs, succeeded: count * runs, ..BinTotals::default() };
            results.series.push(CellSeries { cell: cell as u32, arm: arm as u32, runs, bins: vec![start], ..CellSeries::default() });
        }
    }
    results
}

/// The brownout at four rates of arrival: the higher the rate, the more runs are lost; one arm never loses any.
pub fn rates(runs: u64) -> Results {
    let arms = |never: u64| [SIX[0], (SIX[2].0, SIX[2].1, never, SIX[2].3, SIX[2].4)];
    let cells = [("600/s", 0), ("900/s", 0), ("1k/s", 40), ("1100/s", 100)];
    let mut all = brownout(&arms(0), 0);
    (all.runs, all.series) = (Vec::new(), Vec::new());
    all.manifest.replications = runs as u32;
    all.manifest.axes = vec!["nodes.shoppers.arrivals.rate".to_owned()];
    all.manifest.faults = vec![all.manifest.faults[0].clone(); cells.len()];
    all.manifest.cells = cells.iter().map(|(rate, _)| vec![(*rate).to_owned()]).collect();
    for (cell, (_, never)) in (0..).zip(cells) {
        let mut one = brownout(&arms(never), runs);
        one.runs.iter_mut().for_each(|row| row.cell = cell);
        one.series.iter_mut().for_each(|series| series.cell = cell);
        all.runs.append(&mut one.runs);
        all.series.append(&mut one.series);
    }
    all
}

/// Nothing happened: no calls, empty bins.
pub fn silence() -> Results {
    let mut results = brownout(&SIX[..2], 1);
    for run in &mut results.runs {
        run.outcome = RunOutcome::Finished { measures: RunMeasures::default(), digest: 0 };
    }
    for series in &mut results.series {
        series.bins.iter_mut().for_each(|bin| *bin = BinTotals::default());
    }
    results
}

fn row(cell: usize, arm: usize, seed: u64, measures: RunMeasures) -> RunRow {
    let digest = Key::named("digest").child(seed).child(arm as u64).bits();
    RunRow { cell: cell as u32, arm: arm as u32, seed, outcome: RunOutcome::Finished { measures, digest } }
}

fn add(totals: &mut BinTotals, bin: Bin) {
    totals.started += bin.started;
    totals.succeeded += bin.succeeded;
    totals.completed += bin.completed;
    totals.failed += bin.failed;
    totals.attempts += bin.attempts;
    if let Some(share) = (bin.succeeded * 1_000).checked_div(bin.started) {
        *totals.availability.entry(share as u16).or_default() += 1;
    }
    *totals.goodput.entry(bin.completed).or_default() += 1;
    *totals.offered.entry(bin.attempts).or_default() += 1;
}
