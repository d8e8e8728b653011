//! A comparison of which a run goes wrong.

use super::*;
use scenarios::run::run;
use scenarios::sweep::sweep_with;
use scenarios::text::Source;
use sim_core::simulation::TieBreak;

#[test]
fn a_run_that_panicked_is_a_row_of_the_report_and_exit_code_101() {
    let text = r#"(schema: 1, name: "small", horizon: "2s",
        nodes: { "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "server"), "server": Service(workers: 1, demand: Constant("10ms")) },
        sweep: (replications: 3))"#;
    let scenario = scenarios::read(Source::new("small.ron", text), "small.ron", &[], Extent::Grid).expect("the scenario is sound");
    let make = |arm: &ArmPlan, seed: u64| {
        assert!(seed != 2, "time ran backwards");
        run(arm, seed, TieBreak::ByRank, None)
    };
    let options = SweepOptions { jobs: 1, go_on: &|| true, progress: &mut |_, _| {} };
    let results = sweep_with(&scenario, &KnownRuns::default(), &mut Journal::nowhere(), options, make).expect("nothing is written");
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let folder = Utf8Path::from_path(folder.path()).expect("its name is text");
    draw(&results, folder, true).expect("a report is drawn from the others");
    let rows = fs_err::read_to_string(folder.join("runs.csv")).expect("the rows are written");
    let outcomes: Vec<_> = rows.lines().map(|row| row.split(',').nth(2).unwrap_or_default()).collect();
    assert_eq!(outcomes, ["outcome", "finished", "panicked: time ran backwards", "finished"]);
    let output = OutputArgs { format: Format::Csv, quiet: true };
    let made = Made { results, folder: folder.to_owned(), stopped: None };
    assert_eq!(conclude(&made, output, &VerdictArgs::default(), None), Ok(Exit::Bug));
}
