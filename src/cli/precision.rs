//! `--precision`: runs in growing rounds, until means are known well enough.

use super::compare::make;
use super::output::{print, print_table, say, wrong};
use super::{Exit, Format, OutputArgs, WorkArgs, progress};
use camino::Utf8Path;
use clap::Args;
use reports::export::answer::Answer;
use reports::summary;
use scenarios::Scenario;
use scenarios::journal::{self, KnownRuns};
use scenarios::measure::RunMeasures;
use scenarios::measures::Measure;
use scenarios::precision::{Precise, Target, Wanted};
use scenarios::results::Results;
use scenarios::run::run;
use scenarios::sweep::{saved, size};
use sim_core::simulation::TieBreak;
use sim_core::stats::stopping;

/// How many runs are made, if their spread decides it.
#[derive(Clone, Debug, Args)]
pub struct PrecisionArgs {
    /// Make runs in growing rounds, 40 per cell and arm at least, until the 95 % interval of the mean of a measure reaches no farther than
    /// this in every arm: a part of the mean (5%), or a size (0.1pp of a share, 2ms of a time). The seeds go on from the first.
    #[arg(long, value_name = "SIZE", conflicts_with = "replications")]
    precision: Option<String>,
    /// The measure of --precision, or of --stress, as `stormglass list measures` names them: "latency p99", goodput, ... [default: availability;
    /// of --stress what ranks arms].
    #[arg(long, value_name = "MEASURE")]
    of: Option<String>,
    /// With --precision: judge differences from the baseline, seed by seed, instead of the arms themselves; a part is one of the
    /// baseline's mean.
    #[arg(long, requires = "precision")]
    paired: bool,
    /// With --precision: the most runs per cell and arm [default: 2000].
    #[arg(long, value_name = "N", requires = "precision", value_parser = clap::value_parser!(u32).range(i64::from(stopping::LEAST)..))]
    at_most: Option<u32>,
}

/// The most runs per cell and arm, unless said.
const AT_MOST: u32 = 2_000;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Rounds {
    wanted: Wanted,
    /// The most runs per cell and arm.
    pub at_most: u32,
}

impl PrecisionArgs {
    /// What is asked for, if anything.
    ///
    /// # Errors
    /// [`Exit::Wrong`] if it cannot be read.
    pub fn rounds(&self, scenario: &Scenario) -> Result<Option<Rounds>, Exit> {
        let Some(text) = &self.precision else { return Ok(None) };
        let measure = named(self.of.as_deref().unwrap_or("availability"), scenario)?;
        let target = Target::parse(text, &measure).map_err(|sentence| wrong(&sentence))?;
        let wanted = Wanted { measure, target, paired: self.paired };
        Ok(Some(Rounds { wanted, at_most: self.at_most.unwrap_or(AT_MOST) }))
    }
}

impl PrecisionArgs {
    /// The name of the measure that other assumptions are asked of, if it is said and that is asked.
    ///
    /// # Errors
    /// [`Exit::Wrong`] if there is no such measure, or nobody asks for it.
    pub fn of_stress(&self, scenario: &Scenario, is_stressed: bool) -> Result<Option<String>, Exit> {
        match &self.of {
            Some(name) if is_stressed => Ok(Some(named(name, scenario)?.name)),
            Some(name) if self.precision.is_none() => Err(wrong(&format!(
                "--of {name} says of which measure --precision or --stress speaks, and neither is there; add one of them"
            ))),
            _ => Ok(None),
        }
    }
}

/// The measure of this name; what only runs can know is asked of one run of every arm.
fn named(name: &str, scenario: &Scenario) -> Result<Measure, Exit> {
    if let Some(measure) = Measure::named(name) {
        return Ok(measure);
    }
    let arms = scenario.cells[0].arms.iter();
    let runs: Vec<RunMeasures> = arms.map(|arm| run(arm, scenario.sweep.first_seed, TieBreak::ByRank, None).measures).collect();
    Measure::find(name, runs.iter()).map_err(|sentence| wrong(&sentence))
}

/// What came of the rounds.
pub struct Stopped {
    rounds: Rounds,
    judged: Vec<Precise>,
}

impl Rounds {
    /// Makes round after round; each is the beginning of a longer sweep.
    ///
    /// # Errors
    /// The exit code of whatever went wrong.
    pub fn make(
        self,
        scenario: &mut Scenario,
        mut known: KnownRuns,
        folder: &Utf8Path,
        work: &WorkArgs,
        quiet: bool,
    ) -> Result<(Results, Stopped), Exit> {
        let cannot = |error: std::io::Error| wrong(&format!("cannot keep the runs in {folder}: {error}"));
        let mut round = 0;
        loop {
            let all = stopping::rounds(self.at_most);
            scenario.sweep.replications = all[round];
            // Whoever draws the folder later shall find what there is.
            journal::save_manifest(folder, &saved(scenario)).map_err(cannot)?;
            let results = make(scenario, &known, folder, work, quiet)?;
            let judged = self.wanted.judge(&results);
            if judged.iter().all(Precise::is_missing) && progress::go_on() {
                return Err(wrong(&format!("no run has a value of {}, so that nothing can be said of its mean", self.wanted.measure.name)));
            }
            let is_over = round + 1 == all.len() || results.runs.len() < size(scenario) || !progress::go_on();
            if is_over || judged.iter().all(Precise::is_enough) {
                return Ok((results, Stopped { rounds: self, judged }));
            }
            known = KnownRuns::read(folder).map_err(cannot)?;
            round += 1;
        }
    }
}

impl Stopped {
    /// Says why, and how precise everything is.
    ///
    /// # Errors
    /// [`Exit::Wrong`] if stdout cannot be written.
    pub fn show(&self, results: &Results, output: OutputArgs) -> Result<(), Exit> {
        let (manifest, wanted) = (&results.manifest, &self.rounds.wanted);
        let why = summary::why_stopped(manifest, wanted, &self.judged, self.rounds.at_most);
        if output.format != Format::Table {
            if !output.quiet {
                say(&why);
            }
            return Ok(());
        }
        print("")?;
        print_table(&summary::precision(manifest, wanted, &self.judged), output.format)?;
        print(&format!("\n{why}"))
    }

    /// Adds how precise everything is to an answer for a program.
    pub fn add_to(&self, answer: &mut Answer, results: &Results) {
        let (manifest, wanted) = (&results.manifest, &self.rounds.wanted);
        answer.say("stopped", summary::why_stopped(manifest, wanted, &self.judged, self.rounds.at_most));
        answer.add("precision", &summary::precision(manifest, wanted, &self.judged));
    }

    /// Undecided, if something is not as precise as it shall be.
    pub fn exit(&self) -> Exit {
        if self.judged.iter().all(Precise::is_enough) { Exit::Fine } else { Exit::Undecided }
    }
}
