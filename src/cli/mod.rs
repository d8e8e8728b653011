//! What does a user type, and which library answers?
//!
//! Data goes to stdout, everything else to stderr. One file per command; this one holds the words and the exit codes.

mod check;
mod compare;
mod diff;
mod dry_run;
mod explain;
mod export;
mod futures;
mod guide;
mod list;
mod load;
mod new;
mod output;
mod picture;
mod plan;
mod precision;
mod progress;
mod replay;
mod report;
mod repro;
mod run;
mod schema;
mod search;
mod shrink;
mod step;
mod stress;
mod target;
mod thresholds;
mod trace_file;
mod verdict;
mod whole_file;
mod why;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::process::ExitCode;

/// Simulate distributed systems under faults, deterministically, from a seed.
#[derive(Debug, Parser)]
#[command(name = "stormglass", version, about, long_about = None, after_help = EXAMPLES, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  stormglass list scenarios                  what is inside the program
  stormglass compare retry-storm             rank the arms of a scenario, with charts and a page
  stormglass run retry-storm --arm \"full jitter\" --seed 7
  stormglass new my-scenario.ron             write a first scenario of your own
  stormglass check my-scenario.ron           find everything wrong with a file, run nothing
  stormglass compare my-scenario.ron --against results/before --junit verdicts.xml

Exit codes: 0 fine, 1 an expectation failed or something got worse, 2 a command or file is wrong,
3 undecided, 4 two runs that must be equal differ, 101 a bug in Stormglass, 130 interrupted.
Of several the first of 101, 130, 4, 2, 1, 3, 0.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Make one run: measures, a timeline in the terminal, and the digest.
    Run(run::RunArgs),
    /// Run every arm on the same seeds and rank them, with charts and a page.
    Compare(compare::CompareArgs),
    /// Run the whole grid of arms, parameters and seeds into a results folder.
    Sweep(compare::SweepArgs),
    /// Try many seeds for one that breaks a promise, and write each run that does to a file.
    Search(search::SearchArgs),
    /// Repeat a run, or the run of a repro file, and print its trace.
    Replay(replay::ReplayArgs),
    /// Look for the smallest scenario that still fails as the run of a repro file does.
    Shrink(shrink::ShrinkArgs),
    /// Find the first event at which two runs part, and what led to it on both sides (exit code 4 if they do).
    Diff(diff::DiffArgs),
    /// Explain why a call was slow or failed, why callers try again and again, or what led to a violation.
    Why(why::WhyArgs),
    /// Draw everything again from a results folder, without running anything.
    Report(report::ReportArgs),
    /// Print the faults of one run, those a storm draws included, as text that can be pasted into the scenario.
    Plan(plan::PlanArgs),
    /// Find everything wrong with a scenario, without running it.
    Check(check::CheckArgs),
    /// Draw the topology of a scenario for Graphviz or Mermaid, on stdout.
    Export(export::ExportArgs),
    /// List what there is: scenarios, backoffs, layers, faults, ...
    List(list::ListArgs),
    /// Explain one name of the language: what a fault does, its parameters, units and defaults.
    Explain(explain::ExplainArgs),
    /// Print the JSON Schema of what the program writes for other programs.
    Schema(schema::SchemaArgs),
    /// Write a first scenario with comments, to be changed.
    New(new::NewArgs),
}

/// Which scenario, and what is changed in it.
#[derive(Clone, Debug, Args)]
struct ScenarioArgs {
    /// A file, or the name of a shipped scenario (see `stormglass list scenarios`).
    scenario: String,
    /// Change a value before anything is run: nodes.clients.count=500. May be given several times. A path goes by names
    /// and positions, as `vary` and messages write it: faults[0].at=20s.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    changes: Vec<String>,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns for reading.
    #[default]
    Table,
    /// JSON.
    Json,
    /// Comma-separated values, with units in the headings.
    Csv,
    /// A Markdown table.
    Markdown,
}

/// How much is said, and how.
#[derive(Clone, Copy, Debug, Args)]
struct OutputArgs {
    /// How results are printed on stdout.
    #[arg(long, value_enum, default_value_t, env = "STORMGLASS_FORMAT")]
    format: Format,
    /// Say nothing on stderr but errors.
    #[arg(long, short, env = "STORMGLASS_QUIET")]
    quiet: bool,
}

/// Where results go, and how many threads make them.
#[derive(Clone, Debug, Args)]
struct WorkArgs {
    /// Folder for the results [default: results/<name of the scenario>].
    #[arg(long, value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    /// Threads [default: one per core]. The results do not depend on it.
    #[arg(long, value_name = "N", env = "STORMGLASS_JOBS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Runs per cell and arm, instead of what the scenario says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    replications: Option<u32>,
    /// The first seed, instead of what the scenario says.
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Make every run again, even those the folder holds already.
    #[arg(long)]
    fresh: bool,
}

/// A name as part of the name of a file, whatever stands in it.
fn file_name(name: &str) -> String {
    let kept: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' }).take(100).collect();
    if kept.trim_matches('-').is_empty() { "scenario".to_owned() } else { kept }
}

/// Reads a seed.
fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

/// How a command ended; the number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum Exit {
    Fine = 0,
    Failed = 1,
    Wrong = 2,
    Undecided = 3,
    Differs = 4,
    Bug = 101,
    Interrupted = 130,
}

impl Exit {
    /// What a command ends with to which all of these apply: a bug before everything, then that it is not done, then the rest in
    /// the order of what has to be put right first.
    fn first(all: impl IntoIterator<Item = Self>) -> Self {
        const ORDER: [Exit; 7] = [Exit::Bug, Exit::Interrupted, Exit::Differs, Exit::Wrong, Exit::Failed, Exit::Undecided, Exit::Fine];
        let place = |exit: &Self| ORDER.iter().position(|known| known == exit);
        all.into_iter().min_by_key(place).unwrap_or(Self::Fine)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Reads the command line, does what it says, and answers with the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let exit = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Sweep(args) => compare::sweep(&args),
        Command::Search(args) => search::search(&args),
        Command::Replay(args) => replay::replay(&args),
        Command::Shrink(args) => shrink::shrink(&args),
        Command::Diff(args) => diff::diff(&args),
        Command::Why(args) => why::why(&args),
        Command::Report(args) => report::report(&args),
        Command::Plan(args) => plan::plan(&args),
        Command::Check(args) => check::check(&args),
        Command::Export(args) => export::export(&args),
        Command::List(args) => list::list(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Schema(args) => schema::schema(&args),
        Command::New(args) => new::new(&args),
    };
    exit.unwrap_or_else(|exit| exit).into()
}

#[cfg(test)]
mod tests {
    use super::Exit::{Bug, Differs, Failed, Fine, Interrupted, Undecided, Wrong};
    use super::*;

    #[test]
    fn of_several_ends_the_gravest_counts() {
        let order = [Bug, Interrupted, Differs, Wrong, Failed, Undecided, Fine];
        for (place, exit) in order.into_iter().enumerate() {
            assert_eq!(Exit::first(order[place..].iter().rev().copied()), exit);
        }
        assert_eq!((Exit::first([]), Exit::first([Undecided, Failed, Fine])), (Fine, Failed));
        assert_eq!(order.map(|exit| exit as u8), [101, 130, 4, 2, 1, 3, 0]);
    }
}
