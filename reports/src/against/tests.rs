use super::*;
use scenarios::journal::{Journal, KnownRuns};
use scenarios::sweep::{SweepOptions, saved, sweep};
use scenarios::text::Source;
use scenarios::{Extent, read};

/// Two arms; `workers` of the server decide how good they are.
fn text(workers: u32, replications: u32, first_seed: u64) -> String {
    format!(
        r#"(schema: 1, name: "small", horizon: "20s", warm_up: "2s", nodes: {{
            "clients": Clients(count: 10, arrivals: Poisson(rate: "95/s"), calls: "server"),
            "server": Service(workers: {workers}, queue: Fifo(limit: 10), demand: Exponential(mean: "20ms")) }},
            arms: {{ "plain": (), "patient": (stacks: {{ "clients -> server": [Retry(attempts: 3, backoff: Immediate())] }}) }},
            sweep: (replications: {replications}, first_seed: {first_seed}))"#
    )
}

struct Made {
    results: Results,
    contents: Vec<Vec<String>>,
}

impl Made {
    fn of(text: &str) -> Self {
        let scenario = read(Source::new("small.ron", text), "small.ron", &[], Extent::Grid)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
        let options = SweepOptions { jobs: 1, go_on: &|| true, progress: &mut |_, _| {} };
        let results = sweep(&scenario, &KnownRuns::default(), &mut Journal::nowhere(), options).expect("nothing is written");
        Self { results, contents: saved(&scenario).contents }
    }

    fn side(&self) -> Side<'_> {
        Side { results: &self.results, contents: &self.contents }
    }
}

fn against(before: &Made, after: &Made) -> Against {
    Against::of(before.side(), after.side())
}

#[test]
fn the_same_runs_are_nothing_changed_in_one_line() {
    let made = Made::of(&text(2, 8, 1));
    let same = against(&made, &Made::of(&format!("// another comment\n{}", text(2, 8, 1))));
    assert!(same.is_unchanged && !same.is_worse() && same.changes.is_empty());
    assert_eq!(same.headline("before"), "Nothing changed against before: 16 runs, all with the digests they had");
    assert!(same.notes.iter().any(|note| note.starts_with("the scenario's text differs")));
    // More seeds than there were are not nothing.
    assert!(!against(&made, &Made::of(&text(2, 9, 1))).is_unchanged);
}

#[test]
fn what_got_worse_beyond_noise_is_named_with_its_size_and_what_got_better_on_the_way_back() {
    let (strong, weak) = (Made::of(&text(3, 20, 1)), Made::of(&text(2, 20, 1)));
    let worse = against(&strong, &weak);
    let change = worse.changes.iter().find(|change| change.measure == "availability" && change.arm == 0).expect("it is compared");
    assert_eq!(change.judged, Judged::Worse, "{change:?}");
    assert_eq!(change.seeds, Some((0, 20)));
    assert!(change.difference.starts_with('-') && change.difference.ends_with("pp") && change.interval.is_some(), "{change:?}");
    assert!(worse.is_worse() && worse.notes.iter().any(|note| note == "paired seed by seed: 20 seeds"), "{:?}", worse.notes);
    assert!(worse.notes.iter().any(|note| note == "another system: `plain`, `patient`"), "{:?}", worse.notes);
    let better = against(&weak, &strong);
    assert!(!better.is_worse() && better.count(Judged::Better) >= 2, "{}", better.headline("before"));
    let table = worse.beyond_noise(&weak.results.manifest);
    assert!(table.rows.len() >= 2 && table.columns.iter().any(|column| column.name == "95 % interval"));
}

#[test]
fn other_seeds_of_the_same_system_are_unpaired_and_within_noise() {
    let other = against(&Made::of(&text(2, 20, 1)), &Made::of(&text(2, 20, 1_000)));
    assert_eq!((other.count(Judged::Worse), other.count(Judged::Better)), (0, 0), "{:?}", other.changes);
    assert!(other.notes.iter().any(|note| note.starts_with("unpaired: seeds 1 to 20 then, 1000 to 1019 now")), "{:?}", other.notes);
    assert!(other.arms.iter().all(|pair| pair.is_same_system && !pair.is_paired));
    let far = against(&Made::of(&text(3, 20, 1)), &Made::of(&text(2, 20, 1_000)));
    assert!(far.is_worse(), "a clear difference is seen without pairs");
}

#[test]
fn few_seeds_are_said_to_be_too_few() {
    let few = against(&Made::of(&text(3, 6, 1)), &Made::of(&text(2, 6, 1)));
    assert!(!few.is_worse());
    assert!(few.notes.iter().any(|note| note.starts_with("6 seeds are too few for")), "{:?}", few.notes);
}

#[test]
fn arms_and_cells_that_came_or_went_are_named() {
    let before = Made::of(&text(2, 6, 1));
    let renamed = Made::of(&text(2, 6, 1).replace("\"patient\"", "\"eager\""));
    let seen = against(&before, &renamed);
    assert!(!seen.is_unchanged && seen.arms.len() == 1 && seen.arms[0].is_equal());
    assert!(seen.notes.contains(&"the arm `eager` is new".to_owned()) && seen.notes.contains(&"the arm `patient` is gone".to_owned()));
    let varied = Made::of(&text(2, 6, 1).replace("first_seed: 1", "first_seed: 1, vary: { \"nodes.server.workers\": [2, 3] }"));
    let seen = against(&before, &varied);
    assert!(seen.arms.is_empty());
    let cells = ["the cell nodes.server.workers = 2 is new", "the cell nodes.server.workers = 3 is new", "the system as written is gone"];
    assert_eq!(seen.notes[..3], cells.map(str::to_owned));
    let fewer = Made::of(&text(2, 6, 1).replace("first_seed: 1", "first_seed: 1, vary: { \"nodes.server.workers\": [3] }"));
    let seen = against(&varied, &fewer);
    assert_eq!(seen.arms.len(), 2);
    assert_eq!(seen.notes[0], "the cell nodes.server.workers = 2 is gone");
}
