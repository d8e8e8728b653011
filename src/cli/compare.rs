//! `compare` and `sweep`: every arm on the same seeds, into a results folder, ranked.

use super::dry_run::dry_run;
use super::output::{print, print_answer, print_changes, print_table, say, width, wrong};
use super::precision::{PrecisionArgs, Stopped};
use super::verdict::{Compared, VerdictArgs};
use super::{Exit, Format, OutputArgs, ScenarioArgs, WorkArgs, file_name, load, progress, stress, target, thresholds};
use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use reports::export::answer::{Answer, comparison};
use reports::summary::{Ranking, fates, verdicts};
use reports::{ReportOptions, number, write_report_telling};
use scenarios::expect::{self, Judgement, Verdict};
use scenarios::journal::{self, Journal, KnownRuns};
use scenarios::numbers::Numbers;
use scenarios::results::{Results, RunOutcome, RunRow};
use scenarios::scenario::ArmPlan;
use scenarios::sweep::{SweepOptions, saved, size, sweep as make_runs, too_large};
use scenarios::{Extent, Scenario};

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    precision: PrecisionArgs,
    /// Print what would be run, how much of it the folder holds already, and about how long it would take; write nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArgs,
    /// Print how sure the differences are as well: chances, means, recovery with runs that never came back. Of more than four cells, for the
    /// one in which the arms are farthest apart. The report has it always.
    #[arg(long)]
    evidence: bool,
    /// Make the comparison again under other plausible assumptions (demand, capacity, clients, workers), one at a time, and say which
    /// ranking holds and what each arm risks.
    #[arg(long)]
    stress: bool,
    #[command(flatten)]
    verdicts: VerdictArgs,
}

/// Arguments of `sweep`: it makes the same runs, and shows them otherwise.
#[derive(Debug, Args)]
pub struct SweepArgs {
    #[command(flatten)]
    made: CompareArgs,
    /// Go on with an interrupted sweep: it is an error if the folder holds nothing yet.
    #[arg(long, conflicts_with = "fresh")]
    resume: bool,
}

/// Runs `compare`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn compare(args: &CompareArgs) -> Result<Exit, Exit> {
    let earlier = args.verdicts.earlier()?;
    let Some(made) = work(args, false)? else { return Ok(Exit::Fine) };
    let compared = earlier.map(|earlier| Compared::of(&earlier, &made.results, &made.folder)).transpose()?;
    match &compared {
        _ if args.output.format == Format::Json => print_answer(answer("compare", &made, compared.as_ref()))?,
        Some(compared) => compared.show(&made.results, args.output, args.evidence)?,
        None => show(&made.results, args.output.format, args.evidence)?,
    }
    stress::show(&made.results, args.output.format)?;
    conclude(&made, args.output, &args.verdicts, compared.as_ref())
}

/// Runs `sweep`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn sweep(args: &SweepArgs) -> Result<Exit, Exit> {
    let output = args.made.output;
    let earlier = args.made.verdicts.earlier()?;
    let Some(made) = work(&args.made, args.resume)? else { return Ok(Exit::Fine) };
    let compared = earlier.map(|earlier| Compared::of(&earlier, &made.results, &made.folder)).transpose()?;
    if output.format == Format::Json {
        let mut answer = answer("sweep", &made, compared.as_ref());
        answer.add("runs", &reports::export::runs::table(&made.results));
        print_answer(answer)?;
    } else if let Some(compared) = &compared {
        compared.show(&made.results, output, args.made.evidence)?;
    } else if output.format == Format::Table {
        print_headline(&made.results)?;
        thresholds::show(&made.results, output.format)?;
    } else {
        print_table(&reports::export::runs::table(&made.results), output.format)?;
    }
    stress::show(&made.results, output.format)?;
    conclude(&made, output, &args.made.verdicts, compared.as_ref())
}

/// Everything that is said of a comparison, for a program.
fn answer(command: &str, made: &Made, compared: Option<&Compared>) -> Answer {
    let mut answer = comparison(command, &made.results);
    if let Some(compared) = compared {
        compared.add_to(&mut answer, &made.results);
    }
    if let Some(stopped) = &made.stopped {
        stopped.add_to(&mut answer, &made.results);
    }
    answer
}

/// Where no expectation names an observation, so many rows of them are printed.
const OBSERVED: usize = 24;

/// What the command line changed, and what came of all runs.
///
/// # Errors
/// [`Exit::Wrong`] if stdout cannot be written.
pub fn print_headline(results: &Results) -> Result<(), Exit> {
    print_changes(&results.manifest)?;
    print(&fates::headline(results))
}

/// What a comparison has made.
struct Made {
    results: Results,
    folder: Utf8PathBuf,
    /// Why no more runs were made, if their spread decided it.
    stopped: Option<Stopped>,
}

/// Makes the runs and writes the folder; nothing if that is only asked about.
fn work(args: &CompareArgs, resume: bool) -> Result<Option<Made>, Exit> {
    let (work, quiet) = (&args.work, args.output.quiet);
    let mut scenario = load::load(&args.scenario, Extent::Grid)?;
    let stressed_of = args.precision.of_stress(&scenario, args.stress)?;
    let rounds = args.precision.rounds(&scenario)?;
    let most = rounds.as_ref().map(|rounds| rounds.at_most).or(work.replications);
    scenario.sweep.replications = most.unwrap_or(scenario.sweep.replications);
    scenario.sweep.first_seed = work.seed.unwrap_or(scenario.sweep.first_seed);
    if let Some(sentence) = too_large(&scenario) {
        return Err(wrong(&sentence));
    }
    load::warn(&scenario, &scenario.warnings, quiet);
    let folder = work.out.clone().unwrap_or_else(|| Utf8PathBuf::from("results").join(file_name(&scenario.name)));
    args.verdicts.refuse_same(&folder)?;
    if args.dry_run {
        dry_run(&scenario, rounds.as_ref(), &folder, work, quiet)?;
        return Ok(None);
    }
    let known = prepare(&folder, &scenario, work.fresh, resume, quiet)?;
    let (mut results, stopped) = match rounds {
        None => (make(&scenario, &known, &folder, work, quiet)?, None),
        Some(rounds) => {
            let (results, stopped) = rounds.make(&mut scenario, known, &folder, work, quiet)?;
            (results, Some(stopped))
        }
    };
    thresholds::search(&scenario, &mut results, &folder, work, quiet)?;
    if args.stress {
        results.stressed_of = stressed_of;
        stress::compare(&scenario, &mut results, &folder, work, quiet)?;
    }
    draw(&results, &folder, quiet)?;
    Ok(Some(Made { results, folder, stopped }))
}

/// Draws everything from results and removes what an earlier report left behind; answers how many files were written.
///
/// # Errors
/// [`Exit::Wrong`] if the folder cannot be written.
pub fn draw(results: &Results, folder: &Utf8Path, quiet: bool) -> Result<usize, Exit> {
    let cannot = |error: std::io::Error| wrong(&format!("cannot write the report to {folder}: {error}"));
    let mut steps = progress::Steps::new(quiet);
    let mut tell = |what, done, of| steps.tell(what, done, of);
    let written = write_report_telling(results, folder.as_std_path(), ReportOptions { png: true }, &mut tell).map_err(cannot)?;
    for sub in ["charts", "series"] {
        for entry in folder.join(sub).read_dir_utf8().into_iter().flatten().flatten() {
            let is_drawn = matches!(entry.path().extension(), Some("csv" | "svg" | "png"));
            if is_drawn && !written.iter().any(|path| path == entry.path().as_std_path()) {
                fs_err::remove_file(entry.path()).map_err(cannot)?;
            }
        }
    }
    Ok(written.len())
}

/// Makes those runs that are not known.
///
/// # Errors
/// [`Exit::Wrong`] if they cannot be kept.
pub fn make(scenario: &Scenario, known: &KnownRuns, folder: &Utf8Path, work: &WorkArgs, quiet: bool) -> Result<Results, Exit> {
    let cannot = |error: std::io::Error| {
        wrong(&format!("cannot keep the runs in {folder}: {error}; those made so far are kept, and the same command goes on from there"))
    };
    let mut journal = Journal::open(folder).map_err(cannot)?;
    let jobs = jobs(work);
    if let Some(sentence) = memory(scenario, jobs).filter(|_| !quiet) {
        say(&format!("warning: {sentence}"));
    }
    progress::watch_for_interruption(quiet);
    let bar = progress::bar(size(scenario), quiet);
    let mut advance = |done: usize, _| bar.set_position(done as u64);
    let options = SweepOptions { jobs, go_on: &progress::go_on, progress: &mut advance };
    let results = make_runs(scenario, known, &mut journal, options).map_err(cannot);
    bar.finish_and_clear();
    results
}

/// How many threads make runs.
pub fn jobs(work: &WorkArgs) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    work.jobs.map_or(cores, usize::from)
}

/// What very many clients need, if that is much: a client that waits for its call costs about half a kilobyte.
fn memory(scenario: &Scenario, jobs: usize) -> Option<String> {
    const EACH: u64 = 500;
    const MUCH: u64 = 4 << 30;
    let clients = |arm: &ArmPlan| arm.plan.populations.iter().map(|population| u64::from(population.count)).sum::<u64>();
    let most = scenario.cells.iter().flat_map(|cell| cell.arms.iter().map(clients)).max()?;
    let (one, all) = (most * EACH, most * EACH * jobs as u64);
    (all > MUCH).then(|| {
        format!(
            "{most} clients may need {} GiB of memory per thread, {} GiB with {jobs}; --jobs 1 needs least",
            one.div_ceil(1 << 30),
            all >> 30
        )
    })
}

/// Makes sure that the folder can be written and belongs to this scenario, before anything is run.
fn prepare(folder: &Utf8Path, scenario: &Scenario, fresh: bool, resume: bool, quiet: bool) -> Result<KnownRuns, Exit> {
    let cannot = |error: std::io::Error| wrong(&format!("cannot use {folder} for results: {error}; choose another folder with --out"));
    target::folder(folder, "results", "--out")?;
    if let Some(other) = journal::load_manifest(folder).map_err(|message| wrong(&message))?
        && other.manifest.scenario != scenario.name
    {
        let names = format!("{folder} holds the results of another scenario, `{}`, not of `{}`", other.manifest.scenario, scenario.name);
        return Err(wrong(&format!("{names}; choose another folder with --out, or remove that one")));
    }
    let known = if fresh { KnownRuns::default() } else { KnownRuns::read(folder).map_err(cannot)? };
    if resume && known.is_empty() {
        return Err(wrong(&format!("{folder} holds no finished run to go on from; leave --resume out to start")));
    }
    fs_err::create_dir_all(folder).map_err(cannot)?;
    let path = folder.join(journal::FILE);
    if known.damaged > 0 && !quiet {
        let lines = if known.damaged == 1 { "1 line".to_owned() } else { format!("{} lines", known.damaged) };
        say(&format!("warning: {lines} of {path} cannot be believed; what they held is made again"));
    }
    journal::save_manifest(folder, &saved(scenario)).map_err(cannot)?;
    if fresh && path.exists() {
        fs_err::remove_file(&path).map_err(cannot)?;
    }
    Ok(known)
}

/// Prints what the runs say.
fn show(results: &Results, format: Format, evidence: bool) -> Result<(), Exit> {
    let cells = results.manifest.cells.len();
    if format != Format::Table {
        let rankings = (0..cells as u32).map(|cell| Ranking::of(results, cell).table());
        return rankings.into_iter().try_for_each(|table| print_table(&table, format));
    }
    print_headline(results)?;
    thresholds::show(results, format)?;
    if cells > reports::summary::FEW_CELLS {
        let mut tables = reports::summary::grid(results);
        if evidence {
            let rankings = reports::summary::telling_cells(results).into_iter().map(|cell| Ranking::of(results, cell));
            tables.extend(rankings.flat_map(|ranking| std::iter::once(ranking.table()).chain(ranking.evidence())));
            tables.extend(reports::summary::sensitivity(results));
        }
        return tables.iter().try_for_each(|table| print("").and_then(|()| print_table(table, format)));
    }
    for cell in 0..cells as u32 {
        let ranking = Ranking::of(results, cell);
        print("")?;
        for sentence in fates::sentences(&ranking) {
            print(&format!("  {sentence}"))?;
        }
        let ties = fates::ties(&ranking);
        if !ties.is_empty() {
            print("")?;
        }
        ties.iter().try_for_each(|sentence| print(&format!("  {sentence}")))?;
        print("")?;
        print_table(&ranking.table(), format)?;
        if let Some(over_time) = reports::terminal::arms(results, cell, width()) {
            print(&format!("\n{over_time}"))?;
        }
        let stuck = reports::summary::episodes(results, cell).into_iter().chain(reports::summary::stuck(results, cell));
        let claims = reports::summary::consistency(results, cell).into_iter().chain(reports::summary::properties(results, cell));
        let further = claims.chain(stuck).chain(ranking.table_of_set_apart());
        let further = further.chain(reports::summary::classes(results, cell));
        let named = reports::summary::observations(results, cell);
        let observed = named.or_else(|| reports::summary::all_observations(results, cell).filter(|all| all.rows.len() <= OBSERVED));
        for further in further.chain(observed) {
            print("")?;
            print_table(&further, format)?;
        }
        for table in ranking.evidence().iter().filter(|_| evidence) {
            print("")?;
            print_table(table, format)?;
        }
    }
    let moved = reports::summary::sensitivity(results);
    moved.iter().filter(|_| evidence).try_for_each(|table| print("").and_then(|()| print_table(table, format)))
}

/// Says where everything is, and answers with the verdict.
fn conclude(made: &Made, output: OutputArgs, files: &VerdictArgs, compared: Option<&Compared>) -> Result<Exit, Exit> {
    let (results, folder) = (&made.results, &made.folder);
    let command = |row: &RunRow| reports::command::run(&results.manifest, row.cell, row.arm, row.seed);
    let panicked = results.runs.iter().filter_map(|row| match &row.outcome {
        RunOutcome::Panicked(message) => Some((row, message)),
        RunOutcome::Finished { .. } | RunOutcome::Stalled(_) => None,
    });
    let panicked: Vec<_> = panicked.collect();
    for (row, message) in panicked.iter().take(3) {
        say(&format!("bug: the run {} panicked: {message}", command(row)));
    }
    let stalled = results.runs.iter().find_map(|row| match &row.outcome {
        RunOutcome::Stalled(sentence) => Some((row, sentence)),
        RunOutcome::Finished { .. } | RunOutcome::Panicked(_) => None,
    });
    if let Some((row, sentence)) = stalled {
        say(&format!("error: the run {} was stopped: {sentence}", command(row)));
    }
    let (verdicts, judgement) = judged(results, output)?;
    let change = files.conclude(results, &verdicts, compared)?;
    let precise = match &made.stopped {
        None => Exit::Fine,
        Some(stopped) => {
            stopped.show(results, output)?;
            stopped.exit()
        }
    };
    if !output.quiet {
        reports::summary::doubts(results).iter().for_each(|doubt| say(&format!("warning: {doubt}")));
    }
    let wanted = results.manifest.cells.len() * results.manifest.arms.len() * results.manifest.replications as usize;
    let is_interrupted = results.runs.len() < wanted;
    if !output.quiet {
        let made = number::counted(&results.runs.len().to_string(), "run");
        say(&format!("\n{made}. Report: {folder}/report.html   charts: {folder}/charts   rows: {folder}/runs.csv"));
        if is_interrupted {
            say(&format!("interrupted after {} of {wanted} runs; the same command goes on from there", results.runs.len()));
        }
    }
    let ends = [
        (is_interrupted, Exit::Interrupted),
        (!panicked.is_empty(), Exit::Bug),
        (stalled.is_some(), Exit::Wrong),
        (true, judgement),
        (true, change),
        (true, precise),
    ];
    Ok(Exit::first(ends.into_iter().filter(|(applies, _)| *applies).map(|(_, exit)| exit)))
}

/// Prints the verdicts on the scenario's expectations.
fn judged(results: &Results, output: OutputArgs) -> Result<(Vec<Verdict>, Exit), Exit> {
    let judged = expect::judge(results, Numbers::Written);
    if output.format == Format::Table
        && let Some(line) = verdicts::line(&judged)
    {
        print(&format!("\n{line}"))?;
        let open = verdicts::not_passed(&results.manifest, &expect::judge(results, Numbers::Read));
        if !open.rows.is_empty() {
            print("")?;
            print_table(&open, output.format)?;
        }
    }
    let exit = match verdicts::worst(&judged) {
        None | Some(Judgement::Passed) => Exit::Fine,
        Some(Judgement::Undecided) => Exit::Undecided,
        Some(Judgement::Failed) => Exit::Failed,
    };
    Ok((judged, exit))
}

#[cfg(test)]
mod tests;
