//! `run`: one run, its measures, a timeline in the terminal, the digest, and the command that repeats it.

use super::output::{print, print_answer, print_changes, print_table, say, width, wrong};
use super::trace_file::{self, TraceArgs};
use super::{Exit, Format, OutputArgs, ScenarioArgs, load, picture};
use camino::Utf8PathBuf;
use clap::Args;
use models::properties::Verdict;
use models::record::Record;
use reports::export::answer::Answer;
use reports::table::Table;
use reports::terminal::timeline;
use scenarios::lanes::Lanes;
use scenarios::long_run::LongRun;
use scenarios::results::{CellSeries, FaultWindow, Manifest, Results};
use scenarios::run::{Run, run as make_run};
use scenarios::scenario::{ArmPlan, Scenario};
use scenarios::windows::Strikes;
use scenarios::{Extent, sweep};
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Which arm [default: the first one written].
    #[arg(long, value_name = "NAME")]
    arm: Option<String>,
    /// The seed of the run [default: the scenario's first].
    #[arg(long, value_name = "N", value_parser = super::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Make the run twice and compare the digests (exit code 4 if they differ).
    #[arg(long)]
    verify: bool,
    #[command(flatten)]
    trace: TraceArgs,
    /// Draw the run as a picture: lanes per node with its lives, faults, queue and breakers. FILE ends in .svg or .png; a .csv with the same
    /// numbers is written beside it.
    #[arg(long, value_name = "FILE")]
    chart: Option<Utf8PathBuf>,
    /// Print the defaults that decide verdicts, each with its origin, and run nothing.
    #[arg(long)]
    print_config: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// The arm a user named, or the first.
///
/// # Errors
/// [`Exit::Wrong`] if there is none of that name.
pub fn choose_arm(scenario: &Scenario, name: Option<&str>) -> Result<u32, Exit> {
    let Some(name) = name else { return Ok(0) };
    if let Some(index) = scenario.arm(name) {
        return Ok(index as u32);
    }
    let known = || scenario.arms.iter().map(String::as_str);
    let hint = scenarios::problem::did_you_mean(name, known()).map(|arm| format!("; did you mean `{arm}`?")).unwrap_or_default();
    let listed = scenario.arms.iter().map(|arm| format!("`{arm}`")).collect::<Vec<_>>();
    let listed = scenarios::problem::one_of(listed.iter().map(String::as_str));
    Err(wrong(&format!("no arm is called `{name}`; expected {listed}{hint}")))
}

/// What bystanders of the run have seen.
struct Seen {
    strikes: Strikes,
    /// Where the run is drawn.
    lanes: Option<Lanes>,
    /// Where one run may say how sure it is of its means.
    long: Option<LongRun>,
}

impl Seen {
    fn see(&mut self, at: SimTime, record: &Record) {
        self.strikes.see(at, record);
        if let Some(lanes) = &mut self.lanes {
            lanes.see(at, record);
        }
        if let Some(long) = &mut self.long {
            long.see(at, record);
        }
    }
}

/// Runs `run`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn run(args: &RunArgs) -> Result<Exit, Exit> {
    let scenario = load::load(&args.scenario, Extent::AsWritten)?;
    let manifest = sweep::manifest(&scenario);
    if args.print_config {
        print_table(&reports::summary::assumptions(&manifest), args.output.format)?;
        return Ok(Exit::Fine);
    }
    let arm = choose_arm(&scenario, args.arm.as_deref())?;
    let seed = args.seed.unwrap_or(scenario.sweep.first_seed);
    let plan = &scenario.cells[0].arms[arm as usize];
    load::warn(&scenario, &scenario.warnings, args.output.quiet);
    // The seed first: whatever happens next, it can be repeated.
    if !args.output.quiet {
        say(&format!("seed={seed} arm=\"{}\"", scenario.arms[arm as usize]));
    }
    if let Some(file) = &args.chart {
        picture::check(file)?;
    }
    let lanes = args.chart.as_ref().map(|_| Lanes::new(&plan.of_run(seed)));
    let mut seen = Seen { strikes: Strikes::default(), lanes, long: LongRun::of(plan) };
    let made = match &args.trace.trace {
        Some(file) => trace_file::traced(&args.trace, (&scenario, arm, seed), file, |at, record| seen.see(at, record))?,
        None => {
            let mut observer = |at: SimTime, record: &Record| seen.see(at, record);
            make_run(plan, seed, TieBreak::ByRank, Some(&mut observer as &mut dyn Observer<Record>))
        }
    };
    if let Some(stalled) = made.stalled {
        return Err(wrong(&format!("the run was stopped: {stalled}")));
    }
    if let (Some(file), Some(lanes)) = (&args.chart, &seen.lanes) {
        let faults = seen.strikes.windows(&plan.of_run(seed));
        picture::draw(file, &manifest, (arm, seed), &made, &faults, (lanes, &plan.of_run(seed)))?;
    }
    if args.verify {
        verify(plan, seed, &made, args.output.quiet)?;
    }
    let told = Told {
        of_arm: sweep::manifest_of_arm(&scenario, arm as usize),
        arm: &scenario.arms[arm as usize],
        seed,
        again: reports::command::run(&manifest, 0, arm, seed),
        manifest: &manifest,
        made: &made,
        windows: seen.strikes.windows(&plan.of_run(seed)),
        means: seen.long.as_ref().and_then(|long| long.means(&made.measures)).map(|means| reports::summary::long_run(&means)),
    };
    told.print(args.output.format)?;
    if !args.output.quiet {
        doubts(&manifest, arm, &made).iter().for_each(|doubt| say(&format!("warning: {doubt}")));
        if !scenario.expect.is_empty() {
            let of_many = "what it expects is judged over many runs";
            say(&format!("not judged: {of_many}, by `{}`", reports::command::compare(&manifest)));
        }
        say(&format!("again: {}", reports::command::run(&manifest, 0, arm, seed)));
    }
    Ok(judged(&made))
}

/// A run that was made, and what is said of it.
struct Told<'a> {
    manifest: &'a Manifest,
    of_arm: Manifest,
    arm: &'a str,
    seed: u64,
    again: String,
    made: &'a Run,
    windows: Vec<FaultWindow>,
    means: Option<Table>,
}

impl Told<'_> {
    /// For a reader everything; for a program that reads JSON as well, in one object. The other forms have room for one table.
    fn print(self, format: Format) -> Result<(), Exit> {
        let tables = self.tables();
        match format {
            Format::Json => return print_answer(self.answer(&tables)),
            Format::Csv | Format::Markdown => return print_table(&tables[0].1, format),
            Format::Table => print_changes(self.manifest)?,
        }
        for (index, (_, table)) in tables.iter().enumerate() {
            if index > 0 {
                print("")?;
            }
            print_table(table, format)?;
        }
        let violations = reports::summary::properties::violations(&self.made.measures);
        if !violations.is_empty() {
            print("")?;
            violations.iter().try_for_each(|line| print(line))?;
        }
        print(&format!("\n{}", timeline(self.manifest, &self.made.bins, &self.windows, width())))?;
        print(&format!("digest {}", self.made.digest))
    }

    /// What is shown as tables, the measures first.
    fn tables(&self) -> Vec<(&'static str, Table)> {
        let measures = &self.made.measures;
        let mut tables = vec![("measures", reports::summary::single_run(&self.of_arm, measures, &self.made.bins))];
        tables.extend(reports::summary::services(measures).map(|table| ("services", table)));
        tables.extend(reports::summary::edges(&self.of_arm, measures).map(|table| ("edges", table)));
        tables.extend(self.means.clone().map(|table| ("means", table)));
        tables
    }

    fn answer(&self, tables: &[(&'static str, Table)]) -> Answer {
        let mut answer = Answer::new("run", self.manifest);
        answer.say("arm", self.arm);
        answer.say("seed", self.seed);
        answer.say("digest", self.made.digest.to_string());
        answer.say("again", self.again.as_str());
        answer.say("violations", reports::summary::properties::violations(&self.made.measures));
        tables.iter().for_each(|(name, table)| answer.add(name, table));
        answer.add("faults", &reports::summary::strikes(&self.windows));
        answer.add("over time", &reports::summary::over_time(self.manifest, &self.made.bins));
        answer
    }
}

/// What the properties of a run say: one that is violated, or else one that is undecided.
pub fn judged(made: &Run) -> Exit {
    Exit::first(made.measures.findings.iter().map(|finding| match finding.verdict {
        Verdict::Holds => Exit::Fine,
        Verdict::Violated => Exit::Failed,
        Verdict::NotReached | Verdict::Unknown => Exit::Undecided,
    }))
}

/// What one run shows of its warm-up and its horizon.
fn doubts(manifest: &Manifest, arm: u32, made: &Run) -> Vec<String> {
    let mut series = CellSeries { arm, runs: 1, ..CellSeries::default() };
    series.course.add(manifest, 0, made);
    reports::summary::doubts(&Results { series: vec![series], ..Results::nothing_yet(manifest.clone()) })
}

fn verify(plan: &ArmPlan, seed: u64, first: &Run, quiet: bool) -> Result<(), Exit> {
    let second = make_run(plan, seed, TieBreak::ByRank, None);
    if second == *first {
        if !quiet {
            say(&format!("verified: a second run has the same digest {}", second.digest));
        }
        return Ok(());
    }
    say(&format!("error: two runs of the same seed differ: digest {} and {}; this is a bug in Stormglass", first.digest, second.digest));
    Err(Exit::Differs)
}
