//! What becomes of verdicts beside the tables: files for CI systems and reviewers, and a comparison with earlier results.

use super::output::{print, print_table, say, wrong};
use super::whole_file::WholeFile;
use super::{Exit, Format, OutputArgs};
use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueEnum};
use reports::against::{Against, Side};
use reports::export::answer::Answer;
use reports::export::{annotations, junit, review};
use scenarios::expect::Verdict;
use scenarios::gather::{Gathered, gather};
use scenarios::journal::{self, Saved};
use scenarios::results::Results;

/// For whom verdicts are written down, and what they are compared with.
#[derive(Clone, Debug, Default, Args)]
pub struct VerdictArgs {
    /// Compare with the results folder of an earlier version of the scenario, or of the program: what changed beyond noise, and
    /// exit code 1 if anything got worse.
    #[arg(long, value_name = "DIR", help_heading = "Verdicts")]
    against: Option<Utf8PathBuf>,
    /// Write the verdicts as JUnit XML, for CI systems.
    #[arg(long, value_name = "FILE", help_heading = "Verdicts")]
    junit: Option<Utf8PathBuf>,
    /// What an undecided expectation is in the JUnit file; the exit code is 3 either way.
    #[arg(long, value_enum, default_value_t, requires = "junit", help_heading = "Verdicts")]
    undecided: Undecided,
    /// Write a short summary in Markdown, for a code review.
    #[arg(long, value_name = "FILE", help_heading = "Verdicts")]
    summary: Option<Utf8PathBuf>,
    /// Say what did not pass in a form that marks the line of the scenario, on stderr.
    #[arg(long, value_enum, value_name = "FORM", help_heading = "Verdicts")]
    annotations: Option<Annotations>,
}

/// What an undecided expectation is in a JUnit file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Undecided {
    /// A test that was skipped.
    #[default]
    Skipped,
    /// An error.
    Error,
}

/// Who marks lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Annotations {
    /// Workflow commands of GitHub Actions.
    Github,
}

/// Results of an earlier version.
pub struct Earlier {
    folder: Utf8PathBuf,
    saved: Saved,
    results: Results,
}

impl VerdictArgs {
    /// The results that are to be compared with, read before anything is run.
    ///
    /// # Errors
    /// [`Exit::Wrong`] for a folder that holds none, or in which the new ones would be kept.
    pub fn earlier(&self) -> Result<Option<Earlier>, Exit> {
        self.against.as_deref().map(Earlier::read).transpose()
    }

    /// Makes sure that the new results do not take the place of the earlier ones.
    ///
    /// # Errors
    /// [`Exit::Wrong`] if they would.
    pub fn refuse_same(&self, out: &Utf8Path) -> Result<(), Exit> {
        let Some(against) = &self.against else { return Ok(()) };
        let is_same =
            out == against || matches!((out.canonicalize_utf8(), against.canonicalize_utf8()), (Ok(out), Ok(against)) if out == against);
        if is_same {
            let sentence = format!("{against} would be compared with itself: the new results would be kept there");
            return Err(wrong(&format!("{sentence}; choose another folder with --out")));
        }
        Ok(())
    }

    /// Writes every file that is asked for, says the annotations, and answers whether anything got worse.
    ///
    /// # Errors
    /// [`Exit::Wrong`] if a file cannot be written.
    pub fn conclude(&self, results: &Results, verdicts: &[Verdict], compared: Option<&Compared>) -> Result<Exit, Exit> {
        let against = compared.map(|compared| &compared.against);
        if let Some(file) = &self.junit {
            let undecided = if self.undecided == Undecided::Error { junit::Undecided::Error } else { junit::Undecided::Skipped };
            write(file, &junit::file(results, verdicts, against, undecided))?;
        }
        if let Some(file) = &self.summary {
            let against = compared.map(|compared| (&compared.against, compared.name.as_str()));
            write(file, &review::summary(results, against))?;
        }
        if self.annotations == Some(Annotations::Github) {
            let source = &results.manifest.source;
            let file = Utf8Path::new(source).is_file().then_some(source.as_str());
            annotations::github(&results.manifest, file, verdicts, against).iter().for_each(|line| say(line));
        }
        Ok(if against.is_some_and(Against::is_worse) { Exit::Failed } else { Exit::Fine })
    }
}

fn write(file: &Utf8Path, text: &str) -> Result<(), Exit> {
    let folder = file.parent().filter(|folder| !folder.as_str().is_empty());
    let made = folder.map_or(Ok(()), fs_err::create_dir_all);
    made.and_then(|()| WholeFile::write(file, text)).map_err(|error| wrong(&format!("cannot write {file}: {error}")))
}

impl Earlier {
    fn read(folder: &Utf8Path) -> Result<Self, Exit> {
        if !folder.is_dir() {
            let what = if folder.is_file() { "is a file" } else { "does not exist" };
            return Err(wrong(&format!("{folder} {what}; --against takes a folder that `stormglass compare` or `sweep` has made")));
        }
        let Some(saved) = journal::load_manifest(folder).map_err(|message| wrong(&message))? else {
            return Err(wrong(&format!("{folder} holds no results; make some with `stormglass compare SCENARIO --out {folder}`")));
        };
        let Gathered { results, damage } = gather(&saved, folder).map_err(|error| wrong(&format!("cannot read {folder}: {error}")))?;
        if results.runs.is_empty() {
            let damaged = if !damage.is_empty() { ", or none that this version can read" } else { "" };
            return Err(wrong(&format!("{folder} holds no finished run of {}{damaged}", saved.manifest.scenario)));
        }
        Ok(Self { folder: folder.to_owned(), saved, results })
    }
}

/// What has changed, and against what.
pub struct Compared {
    against: Against,
    name: String,
}

impl Compared {
    /// Compares the results of a folder with earlier ones.
    ///
    /// # Errors
    /// [`Exit::Wrong`] if there is nothing that both have.
    pub fn of(earlier: &Earlier, results: &Results, folder: &Utf8Path) -> Result<Self, Exit> {
        let saved = journal::load_manifest(folder).map_err(|message| wrong(&message))?;
        let contents = saved.map(|saved| saved.contents).unwrap_or_default();
        let before = Side { results: &earlier.results, contents: &earlier.saved.contents };
        let against = Against::of(before, Side { results, contents: &contents });
        if against.arms.is_empty() {
            let (then, now) = (&earlier.results.manifest, &results.manifest);
            let names = if then.scenario == now.scenario {
                String::new()
            } else {
                format!(" (it holds `{}`, this is `{}`)", then.scenario, now.scenario)
            };
            return Err(wrong(&format!("nothing can be compared with {}: no arm and cell is in both{names}", earlier.folder)));
        }
        Ok(Self { against, name: earlier.folder.to_string() })
    }

    /// Adds what has changed to an answer for a program.
    pub fn add_to(&self, answer: &mut Answer, results: &Results) {
        answer.say("against", self.against.headline(&self.name));
        answer.say("notes", self.against.notes.clone());
        answer.add("changes", &self.against.all(&results.manifest));
    }

    /// Prints what has changed: beyond noise, and everything where more is asked for or a program reads it.
    ///
    /// # Errors
    /// [`Exit::Wrong`] if stdout cannot be written.
    pub fn show(&self, results: &Results, output: OutputArgs, evidence: bool) -> Result<(), Exit> {
        let manifest = &results.manifest;
        if output.format != Format::Table {
            return print_table(&self.against.all(manifest), output.format);
        }
        print(&self.against.headline(&self.name))?;
        if self.against.is_unchanged {
            return Ok(());
        }
        self.against.notes.iter().try_for_each(|note| print(&format!("  {note}")))?;
        let table = if evidence { self.against.all(manifest) } else { self.against.beyond_noise(manifest) };
        if !table.rows.is_empty() {
            print("")?;
            print_table(&table, output.format)?;
        }
        Ok(())
    }
}
