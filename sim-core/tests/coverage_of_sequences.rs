//! Do intervals cover the truth as often as they say where values depend on each other, and where the values themselves decide
//! how many there are?
//!
//! Batch means on a queue with one server whose mean response time is known, and means of runs that stop when they are precise
//! enough. The tables are printed (`cargo test --release -p sim-core --test coverage_of_sequences -- --nocapture`) and stand in
//! docs/statistics.md.

use sim_core::draw::Key;
use sim_core::stats::batches::{self, Verdict};
use sim_core::stats::skewed::mean_with;
use sim_core::stats::stopping;

/// Numbers of one experiment, one after the other.
struct Numbers {
    key: Key,
    drawn: u64,
}

impl Numbers {
    fn of(experiment: u64, name: &str) -> Self {
        Self { key: Key::named(name).child(experiment), drawn: 0 }
    }

    /// Strictly between 0 and 1.
    fn unit(&mut self) -> f64 {
        self.drawn += 1;
        ((self.key.child(self.drawn).bits() >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    /// Of the exponential distribution with the mean 1.
    fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    /// Of the normal distribution around 0 with the deviation 1.
    fn normal(&mut self) -> f64 {
        sim_core::stats::normal::quantile(self.unit())
    }
}

/// The calls of a queue with one server over so many seconds, ten of which it could serve in each: by second, how long those
/// took together that arrived in it, and how many they were. It begins as it would be found at any time.
fn queue(experiment: u64, utilisation: f64, seconds: usize) -> Vec<(f64, f64)> {
    let mut numbers = Numbers::of(experiment, "queue");
    let (serves, arrives) = (10.0, 10.0 * utilisation);
    let mut cells = vec![(0.0, 0.0); seconds];
    let mut waits = if numbers.unit() < utilisation { numbers.exponential() / (serves - arrives) } else { 0.0 };
    let mut now = numbers.exponential() / arrives;
    while now < seconds as f64 {
        let service = numbers.exponential() / serves;
        let cell = &mut cells[now as usize];
        *cell = (cell.0 + waits + service, cell.1 + 1.0);
        let gap = numbers.exponential() / arrives;
        // Lindley's recursion: whoever comes next waits for what is left.
        waits = (waits + service - gap).max(0.0);
        now += gap;
    }
    cells
}

/// Of so many long runs: how many have an interval, and in how many of those it holds the truth.
fn batch_means(utilisation: f64, seconds: usize, experiments: u64) -> (u64, u64) {
    let truth = 1.0 / (10.0 - 10.0 * utilisation);
    let (mut sure, mut right) = (0, 0);
    for experiment in 0..experiments {
        if let Verdict::Sure(mean) = batches::of(&queue(experiment, utilisation, seconds)) {
            sure += 1;
            right += u64::from(mean.low <= truth && truth <= mean.high);
        }
    }
    (sure, right)
}

#[test]
fn batch_means_of_a_queue_cover_its_response_time_or_say_that_the_run_is_too_short() {
    println!("| utilisation | seconds | runs | with an interval | of these covered | wrong of all |");
    let experiments = 1_000;
    for (utilisation, seconds) in
        [(0.5, 300), (0.5, 1_000), (0.5, 10_000), (0.7, 300), (0.7, 1_000), (0.7, 10_000), (0.9, 1_000), (0.9, 10_000), (0.9, 20_000)]
    {
        let (sure, right) = batch_means(utilisation, seconds, experiments);
        let share = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
        let (shown, covered, wrong) = (share(sure, experiments), share(right, sure), share(sure - right, experiments));
        println!("| {utilisation} | {seconds} | {experiments} | {shown:.1} % | {covered:.1} % | {wrong:.1} % |");
        // Four standard errors of a share of 5 % of that many.
        let chance = 4.0 * 100.0 * (0.05 * 0.95 / experiments as f64).sqrt();
        assert!(wrong <= 6.5 + chance, "{utilisation} over {seconds} s: {wrong:.1} % of all intervals are wrong");
        if shown > 80.0 {
            assert!((93.5 - chance..=98.0 + chance).contains(&covered), "{utilisation} over {seconds} s: {covered:.1} %");
        }
        assert!(seconds < 10_000 || utilisation > 0.8 || shown > 85.0, "a long run has an interval nearly always");
    }
}

/// What a run's measure may look like: its name, its mean, and a value.
type Kind = (&'static str, f64, fn(&mut Numbers) -> f64);

const KINDS: [Kind; 5] = [
    ("normal, a third of the mean", 1.0, |numbers| 1.0 + numbers.normal() / 3.0),
    ("uniform from nothing", 0.5, Numbers::unit),
    ("exponential", 1.0, Numbers::exponential),
    ("yes or no, 30 % yes", 0.3, |numbers| f64::from(u8::from(numbers.unit() < 0.3))),
    ("a tenth of the runs fail wholly", 0.9, |numbers| f64::from(u8::from(numbers.unit() < 0.9))),
];

/// How many of so many sequential experiments cover the truth, and the mean number of runs.
fn stopped((name, truth, value): &Kind, precision: f64, most: u32, criticals: &[f64], experiments: u64) -> (f64, f64) {
    let (mut right, mut runs) = (0_u64, 0_u64);
    let rounds = stopping::rounds(most);
    for experiment in 0..experiments {
        let mut numbers = Numbers::of(experiment, name);
        let mut values = Vec::new();
        for (round, critical) in rounds.iter().zip(criticals) {
            values.extend((values.len()..*round as usize).map(|_| value(&mut numbers)));
            let mean = mean_with(&values, *critical, 1.0).expect("a round has enough values");
            if mean.reach() <= precision * mean.mean.abs() || *round == most {
                right += u64::from(mean.low <= *truth && *truth <= mean.high);
                runs += u64::from(*round);
                break;
            }
        }
    }
    (100.0 * right as f64 / experiments as f64, runs as f64 / experiments as f64)
}

#[test]
fn intervals_that_were_narrow_enough_to_stop_still_cover_the_truth() {
    const MOST: u32 = 3_000;
    println!("| values | precision | experiments | runs | covered |");
    let experiments = 10_000;
    let criticals: Vec<f64> = stopping::rounds(MOST).iter().map(|round| stopping::critical(*round as usize)).collect();
    for kind in &KINDS {
        for precision in [0.2, 0.1, 0.05] {
            let (covered, runs) = stopped(kind, precision, MOST, &criticals, experiments);
            println!("| {} | {:.0} % | {experiments} | {runs:.0} | {covered:.2} % |", kind.0, 100.0 * precision);
            assert!((93.5..=98.0).contains(&covered), "{} to {precision}: {covered:.2} %", kind.0);
        }
    }
}
