//! How stale are partial quorums, and how often can a quorum be had?
//!
//! P. Bailis et al., "Probabilistically Bounded Staleness for Practical Partial Quorums", VLDB 2012: delays of writes (W), their
//! acknowledgements (A), reads (R) and answers (S) are drawn for each replica; a write is done when the fastest W replicas have said so, a
//! read that begins t later answers the newest of what the fastest R have. Clients of a quorum register write and read a key of their own
//! in turn, and think for t in between. The availability of a quorum is what clients meet who call while its members fail and return.

use super::page::{Section, about, here};
use super::{Estimate, measured, scenario};
use models::measure::Fold;
use scenarios::run::run_with_history;
use sim_core::simulation::TieBreak;
use sim_core::stats::quantile::Quantile;

/// The distributions of the paper's production fits, in milliseconds: Pareto (scale, shape) and exponential (rate) parts with weights.
const SSD: &str =
    r#"Mixture(parts: [(weight: 9122, of: Pareto(scale: "235us", shape: 10)), (weight: 878, of: Exponential(mean: "602.41us"))])"#;
const DISK: &str =
    r#"Mixture(parts: [(weight: 38, of: Pareto(scale: "1.05ms", shape: 1.51)), (weight: 62, of: Exponential(mean: "5.46448ms"))])"#;

/// Three replicas whose writes take so long; the rest takes as long as in the paper.
struct Store {
    write: &'static str,
    quorums: (u32, u32),
    /// What clients think between a write and its read, in microseconds.
    later: u32,
    seconds: u32,
}

impl Store {
    fn text(&self) -> String {
        let Self { write, quorums: (read_quorum, write_quorum), later, seconds } = self;
        format!(
            "(schema: 1, name: \"partial quorums\", horizon: \"{seconds}s\", bin: \"1s\", hold: \"1s\",
              nodes: {{ \"clients\": Clients(count: 20, arrivals: ClosedLoop(think: Constant(\"{later}us\")), calls: \"store\") }},
              groups: {{ \"store\": QuorumRegister(members: 3, read_quorum: {read_quorum}, write_quorum: {write_quorum}, keys: 20,
                asks: Alternating, versions: Counted, without: [WriteBack]) }},
              links: [Link(from: \"default\", to: \"default\", delay: {SSD}),
                Link(from: \"default\", to: \"default\", kinds: [\"write\"], delay: {write})],
              properties: [BoundedStaleness(versions: 1000000)])"
        )
    }

    /// The share of reads that answer what was written last, of each of so many seeds.
    fn fresh(&self, seeds: u64) -> Estimate {
        let scenario = scenario("store.ron", &self.text(), &[]);
        Estimate::of((1..=seeds).map(|seed| {
            let run = measured(&scenario, seed);
            let of = |name: &str| super::observed(&run, name, Fold::Sum).expect("it is observed") as f64;
            1.0 - of("stale reads") / of("reads judged")
        }))
    }

    /// How long reads and writes take, at the quantile of 99.9 %, in milliseconds, of each of so many seeds.
    fn latencies(&self, seeds: u64) -> (Estimate, Estimate) {
        let scenario = scenario("store.ron", &self.text(), &[]);
        let mut of_runs = Vec::new();
        for seed in 1..=seeds {
            let (_, history) = run_with_history(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None);
            let quantile = |is_read: bool| {
                let of_kind = history.operations.iter().filter(|one| (one.action == models::history::Action::Read) == is_read);
                let mut lengths: Vec<f64> = of_kind.filter_map(|one| Some((one.done()? - one.invoked).as_secs_f64() * 1e3)).collect();
                lengths.sort_by(f64::total_cmp);
                Quantile::new(999, 1000).of(&lengths).expect("there are many")
            };
            of_runs.push((quantile(true), quantile(false)));
        }
        (Estimate::of(of_runs.iter().map(|one| one.0)), Estimate::of(of_runs.iter().map(|one| one.1)))
    }
}

#[test]
fn reads_that_begin_when_a_write_is_done_or_later_are_fresh_as_often_as_published() {
    let mut page =
        Section::open(here!(), "P. Bailis et al., VLDB 2012, draft and CACM sources; N=3, R=W=1.", "4, seeds 1 to 4, of 20 clients.");
    for (name, write, later, published, seconds) in
        [("SSD, at once", SSD, 0, 0.974, 2), ("DISK, at once", DISK, 0, 0.439, 4), ("DISK, after 10 ms", DISK, 10_000, 0.925, 12)]
    {
        let seen = Store { write, quorums: (1, 1), later, seconds }.fresh(4);
        // The paper's numbers hold within .01; what is drawn here has an error of its own.
        page.agrees(&format!("{name}: fresh reads"), "share of reads", seen, about(published), 0.01 / published);
    }
}

#[test]
fn nearly_all_reads_are_fresh_after_the_published_time_and_not_much_earlier() {
    let mut page = Section::open(here!(), "P. Bailis et al., VLDB 2012: t at 99.9 %, of SSD; N=3.", "4, seeds 1 to 4, of 20 clients.");
    for (quorums, published) in [((1, 1), 1.85), ((1, 2), 1.79)] {
        let at = |share: f64| {
            let later = (published * share * 1e3) as u32;
            Store { write: SSD, quorums, later, seconds: 4 }.fresh(4).mean
        };
        let name = format!("R={} W={}", quorums.0, quorums.1);
        page.bound(&format!("{name}: fresh reads .85 of {published} ms after the write"), "share of reads", at(0.85), 0.99..=0.999, 4);
        page.bound(&format!("{name}: fresh reads 1.15 of {published} ms after the write"), "share of reads", at(1.15), 0.999..=1.0, 4);
    }
}

/// After how many milliseconds nearly all reads of each of so many seeds are fresh, all but `stale` of them. It lies between these two times,
/// between which the share of stale reads falls by a power, as the tail of a Pareto distribution does.
fn nearly_all_are_fresh_after(store: &Store, stale: f64, between: (u32, u32), seeds: u64) -> Estimate {
    let at = |later: u32, seed: u64| {
        let scenario = scenario("store.ron", &Store { later: later * 1_000, ..*store }.text(), &[]);
        let run = measured(&scenario, seed);
        let of = |name: &str| super::observed(&run, name, Fold::Sum).expect("it is observed") as f64;
        of("stale reads") / of("reads judged")
    };
    Estimate::of((1..=seeds).map(|seed| {
        let (sooner, later) = (f64::from(between.0), f64::from(between.1));
        let (more, less) = (at(between.0, seed), at(between.1, seed));
        let part = libm::log(more / stale) / libm::log(more / less);
        sooner * libm::pow(later / sooner, part)
    }))
}

#[test]
fn with_disks_nearly_all_reads_are_fresh_after_the_published_time() {
    let mut page = Section::open(
        here!(),
        "P. Bailis et al., VLDB 2012: t at 99.9 %, of DISK; N=3, R=1. The published times come from the tail of 50,000 draws.",
        "4, seeds 1 to 4, of 20 clients, each 42 ms and 58 ms after the write; between these the share of stale reads falls by a power.",
    );
    for (write_quorum, published) in [(1, 45.5), (2, 43.3)] {
        let store = Store { write: DISK, quorums: (1, write_quorum), later: 0, seconds: 300 };
        let seen = nearly_all_are_fresh_after(&store, 0.001, (42, 58), 4);
        page.agrees(&format!("R=1 W={write_quorum}: t at which 99.9 % of the reads are fresh"), "ms", seen, about(published), 0.15);
    }
}

#[test]
fn reads_and_writes_take_as_long_as_the_fastest_replicas() {
    let mut page = Section::open(here!(), "P. Bailis et al., VLDB 2012: latencies at 99.9 %; N=3, R=1.", "4, seeds 1 to 4, of 20 clients.");
    for (name, write, write_quorum, read, written, seconds) in [
        ("SSD W=1", SSD, 1, 0.66, 0.66, 2),
        ("SSD W=2", SSD, 2, 0.66, 1.63, 2),
        ("DISK W=1", DISK, 1, 0.66, 10.99, 8),
        ("DISK W=2", DISK, 2, 0.65, 20.97, 12),
    ] {
        let (reads, writes) = Store { write, quorums: (1, write_quorum), later: 0, seconds }.latencies(4);
        page.agrees(&format!("{name}: reads"), "ms", reads, about(read), 0.08);
        page.agrees(&format!("{name}: writes"), "ms", writes, about(written), 0.08);
    }
}

#[test]
fn quorums_that_overlap_are_never_stale() {
    let mut page = Section::open(here!(), "R + W > N.", "4, seeds 1 to 4, of 20 clients.");
    for quorums in [(2, 2), (1, 3), (3, 1)] {
        let seen = Store { write: DISK, quorums, later: 0, seconds: 2 }.fresh(4);
        assert!(seen.standard_error == 0.0, "every read of every run is fresh");
        page.equals(&format!("R={} W={}: fresh reads", quorums.0, quorums.1), "share of reads", seen.mean, 1.0, 4);
    }
}

#[test]
fn clients_of_a_quorum_meet_the_availability_of_its_majority() {
    let mut page = Section::open(here!(), "binomial distribution.", "8, seeds 1 to 8, of about 6,000 failures.");
    for (members, quorum, available) in [(3, 2, 0.972), (4, 3, 0.9477), (5, 3, 0.99144)] {
        let text = format!(
            "(schema: 1, name: \"quorums\", horizon: \"{horizon}s\", bin: \"1h\", hold: \"1h\",
              nodes: {{ \"clients\": Clients(count: 1, arrivals: Poisson(rate: \"20/s\"), calls: \"store\") }},
              groups: {{ \"store\": QuorumRegister(members: {members}, read_quorum: {quorum}, write_quorum: {quorum}) }},
              links: [Link(from: \"default\", to: \"default\", delay: Constant(\"10us\"))],
              faults: [Crash(node: \"store\", while_down: Refusal, renewal: (
                time_to_failure: Exponential(mean: \"900ms\"), time_to_repair: Exponential(mean: \"100ms\")))])",
            horizon = 6_000 / members
        );
        let scenario = scenario("quorums.ron", &text, &[]);
        let failed = Estimate::of((1..=8).map(|seed| {
            let run = measured(&scenario, seed);
            1.0 - run.succeeded as f64 / run.calls as f64
        }));
        // A call takes .04 ms, in which hardly anything fails.
        page.agrees(&format!("majority of {members} at .9: calls that fail"), "share of calls", failed, 1.0 - available, 0.1);
    }
}

#[test]
fn clients_of_a_byzantine_quorum_meet_the_availability_of_two_thirds_and_one() {
    let mut page = Section::open(
        here!(),
        "binomial distribution: 2f + 1 of 3f + 1.",
        "8, seeds 1 to 8, of about 6,000 and 11,000 failures (at .99: 32,000). Callers ask all replicas, and fail at once where too few listen.",
    );
    let rows =
        [(4, 3, (900, 100), 0.9477, 200, "20/s"), (7, 5, (900, 100), 0.974_309, 200, "20/s"), (4, 3, (990, 10), 0.999_408, 1_000, "100/s")];
    for (members, quorum, (fails, repaired), available, horizon, rate) in rows {
        let faults = (members - 1) / 3;
        let text = format!(
            "(schema: 1, name: \"byzantine quorums\", horizon: \"{horizon}s\", bin: \"1h\", hold: \"1h\",
              nodes: {{ \"clients\": Clients(count: 1, arrivals: Poisson(rate: \"{rate}\"), calls: \"value\") }},
              groups: {{ \"value\": ByzantineRegister(members: {members}, faults: {faults}, reads: \"90%\") }},
              links: [Link(from: \"default\", to: \"default\", delay: Constant(\"10us\"))],
              faults: [Crash(node: \"value\", while_down: Refusal, renewal: (
                time_to_failure: Exponential(mean: \"{fails}ms\"), time_to_repair: Exponential(mean: \"{repaired}ms\")))])"
        );
        let scenario = scenario("byzantine.ron", &text, &[]);
        let failed = Estimate::of((1..=8).map(|seed| {
            let run = measured(&scenario, seed);
            1.0 - run.succeeded as f64 / run.calls as f64
        }));
        let at = f64::from(fails) / 1e3;
        page.agrees(&format!("{quorum} of {members} at {at}: calls that fail"), "share of calls", failed, 1.0 - available, 0.1);
    }
}
