//! `compare` and `sweep`: every arm on the same seeds, into a results folder, ranked.

use super::output::{print, print_table, say, wrong};
use super::{Exit, Format, OutputArgs, ScenarioArgs, WorkArgs, load, progress};
use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use reports::summary::{Ranking, fates};
use reports::table::{Cell, Column, Table};
use reports::{ReportOptions, write_report};
use scenarios::expect::{self, Judgement};
use scenarios::journal::{self, Journal, KnownRuns};
use scenarios::results::{Manifest, Results, RunOutcome};
use scenarios::sweep::{SweepOptions, manifest, size, sweep as make_runs};
use scenarios::{Extent, Scenario};

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Arguments of `sweep`.
#[derive(Debug, Args)]
pub struct SweepArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    output: OutputArgs,
    /// Go on with an interrupted sweep: it is an error if the folder holds nothing yet.
    #[arg(long, conflicts_with = "fresh")]
    resume: bool,
}

/// More rankings than this are not printed one by one.
const PRINTED_CELLS: usize = 4;

/// Runs `compare`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn compare(args: &CompareArgs) -> Result<Exit, Exit> {
    let (results, folder) = work(&args.scenario, &args.work, args.output.quiet, false)?;
    show(&results, args.output.format)?;
    conclude(&results, &folder, args.output)
}

/// Runs `sweep`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn sweep(args: &SweepArgs) -> Result<Exit, Exit> {
    let (results, folder) = work(&args.scenario, &args.work, args.output.quiet, args.resume)?;
    if args.output.format == Format::Table {
        print(&fates::headline(&results))?;
    } else {
        print_table(&reports::export::runs::table(&results), args.output.format)?;
    }
    conclude(&results, &folder, args.output)
}

/// Makes the runs and writes the folder.
fn work(scenario: &ScenarioArgs, work: &WorkArgs, quiet: bool, resume: bool) -> Result<(Results, Utf8PathBuf), Exit> {
    let mut scenario = load::load(scenario, Extent::Grid)?;
    scenario.sweep.replications = work.replications.unwrap_or(scenario.sweep.replications);
    scenario.sweep.first_seed = work.seed.unwrap_or(scenario.sweep.first_seed);
    let folder = work.out.clone().unwrap_or_else(|| Utf8PathBuf::from("results").join(file_name(&scenario.name)));
    let known = prepare(&folder, &scenario, work.fresh, resume)?;
    let results = make(&scenario, &known, &folder, work, quiet)?;
    let cannot = |error: std::io::Error| wrong(&format!("cannot write the results to {folder}: {error}"));
    journal::save_manifest(&folder, &results.manifest).map_err(cannot)?;
    write_report(&results, folder.as_std_path(), ReportOptions { png: true }).map_err(cannot)?;
    Ok((results, folder))
}

fn make(scenario: &Scenario, known: &KnownRuns, folder: &Utf8Path, work: &WorkArgs, quiet: bool) -> Result<Results, Exit> {
    let cannot = |error: std::io::Error| wrong(&format!("cannot write to {folder}: {error}; choose another folder with --out"));
    let mut journal = Journal::open(folder).map_err(cannot)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = work.jobs.map_or(cores, usize::from);
    progress::watch_for_interruption();
    let bar = progress::bar(size(scenario), quiet);
    let mut advance = |done: usize, _| bar.set_position(done as u64);
    let options = SweepOptions { jobs, go_on: &progress::go_on, progress: &mut advance };
    let results = make_runs(scenario, known, &mut journal, options).map_err(cannot);
    bar.finish_and_clear();
    results
}

/// Makes sure that the folder can be written and belongs to this scenario, before anything is run.
fn prepare(folder: &Utf8Path, scenario: &Scenario, fresh: bool, resume: bool) -> Result<KnownRuns, Exit> {
    let cannot = |error: std::io::Error| wrong(&format!("cannot use {folder} for results: {error}; choose another folder with --out"));
    if folder.is_file() {
        return Err(wrong(&format!("{folder} is a file; results need a folder, choose one with --out")));
    }
    if let Some(other) = journal::load_manifest(folder).map_err(|message| wrong(&message))?
        && other.scenario != scenario.name
    {
        let names = format!("{folder} holds the results of another scenario, `{}`, not of `{}`", other.scenario, scenario.name);
        return Err(wrong(&format!("{names}; choose another folder with --out, or remove that one")));
    }
    fs_err::create_dir_all(folder).map_err(cannot)?;
    let path = folder.join(journal::FILE);
    if fresh && path.exists() {
        fs_err::remove_file(&path).map_err(cannot)?;
    }
    let known = KnownRuns::read(folder).map_err(cannot)?;
    if resume && known.is_empty() {
        return Err(wrong(&format!("{folder} holds no finished run to go on from; leave --resume out to start")));
    }
    if known.damaged > 0 {
        say(&format!("warning: {} lines of {path} are damaged; their runs are made again", known.damaged));
    }
    let wanted = manifest(scenario);
    journal::save_manifest(folder, &wanted).map_err(cannot)?;
    Ok(known)
}

/// Prints what the runs say.
fn show(results: &Results, format: Format) -> Result<(), Exit> {
    let cells = results.manifest.cells.len();
    if format != Format::Table {
        let rankings = (0..cells as u32).map(|cell| Ranking::of(results, cell).table());
        if format == Format::Json {
            let all = serde_json::to_string_pretty(&reports::export::runs::rankings(results));
            return print(&all.map_err(|error| wrong(&format!("cannot write JSON: {error}")))?);
        }
        return rankings.into_iter().try_for_each(|table| print_table(&table, format));
    }
    print(&fates::headline(results))?;
    if cells > PRINTED_CELLS {
        return reports::summary::grid(results).iter().try_for_each(|table| print("").and_then(|()| print_table(table, format)));
    }
    for cell in 0..cells as u32 {
        let ranking = Ranking::of(results, cell);
        print("")?;
        for sentence in fates::sentences(&ranking) {
            print(&format!("  {sentence}"))?;
        }
        print("")?;
        print_table(&ranking.table(), format)?;
    }
    Ok(())
}

/// Says where everything is, and answers with the verdict.
fn conclude(results: &Results, folder: &Utf8Path, output: OutputArgs) -> Result<Exit, Exit> {
    let panicked = results.runs.iter().filter_map(|row| match &row.outcome {
        RunOutcome::Panicked(message) => Some((row, message)),
        RunOutcome::Finished { .. } => None,
    });
    let panicked: Vec<_> = panicked.collect();
    for (row, message) in panicked.iter().take(3) {
        say(&format!("bug: the run {} panicked: {message}", reports::command::run(&results.manifest, row.cell, row.arm, row.seed)));
    }
    let judgement = judged(results, output)?;
    let wanted = results.manifest.cells.len() * results.manifest.arms.len() * results.manifest.replications as usize;
    if !output.quiet {
        say(&format!("\n{} runs. Report: {folder}/report.html   charts: {folder}/charts   rows: {folder}/runs.csv", results.runs.len()));
    }
    if results.runs.len() < wanted {
        say(&format!("interrupted after {} of {wanted} runs; the same command goes on from there", results.runs.len()));
        return Ok(Exit::Interrupted);
    }
    Ok(if panicked.is_empty() { judgement } else { Exit::Bug })
}

/// Prints the verdicts on the scenario's expectations.
fn judged(results: &Results, output: OutputArgs) -> Result<Exit, Exit> {
    let verdicts = expect::judge(results);
    let count = |wanted| verdicts.iter().filter(|verdict| verdict.judgement == wanted).count();
    let (passed, failed, undecided) = (count(Judgement::Passed), count(Judgement::Failed), count(Judgement::Undecided));
    if verdicts.is_empty() {
        return Ok(Exit::Fine);
    }
    if output.format == Format::Table {
        print(&format!("\nExpectations: {passed} passed, {failed} failed, {undecided} undecided"))?;
        let open: Vec<_> = verdicts.iter().filter(|verdict| verdict.judgement != Judgement::Passed).collect();
        if !open.is_empty() {
            print("")?;
            print_table(&verdict_table(&results.manifest, &open), output.format)?;
        }
    }
    Ok(match (failed, undecided) {
        (0, 0) => Exit::Fine,
        (0, _) => Exit::Undecided,
        _ => Exit::Failed,
    })
}

fn verdict_table(manifest: &Manifest, verdicts: &[&expect::Verdict]) -> Table {
    let columns = ["verdict", "arm", "cell", "expected", "seen", "worst run"].map(Column::text).to_vec();
    let mut table = Table::new("Not as expected", columns);
    for verdict in verdicts {
        let command = verdict.worst_seed.map(|seed| reports::command::run(manifest, verdict.cell, verdict.arm, seed));
        table.push(vec![
            Cell::text(verdict.judgement.name()),
            Cell::text(&manifest.arms[verdict.arm as usize]),
            Cell::text(reports::summary::cell_label(manifest, verdict.cell)),
            Cell::text(&verdict.clause),
            Cell::text(&verdict.evidence),
            Cell::text(command.unwrap_or_default()),
        ]);
    }
    table.without_empty_columns()
}

/// A scenario's name as the name of a folder, whatever it holds.
fn file_name(name: &str) -> String {
    let kept: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' }).take(100).collect();
    if kept.trim_matches('-').is_empty() { "scenario".to_owned() } else { kept }
}
