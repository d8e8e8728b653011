//! `list`: what there is, for reading or as JSON.

use super::output::{print, print_table, wrong};
use super::{Exit, Format, OutputArgs};
use clap::{Args, ValueEnum};
use models::About;
use models::alerts::AnyAlert;
use models::clocks::AnyClock;
use models::faults::{AnyFault, Trigger};
use models::properties::{AnyProperty, of_protocols};
use models::protocols::Group;
use models::services::{AnyAdmission, AnyPartition, Queue};
use models::strategies::{Layer, families};
use models::workloads::Arrivals;
use reports::charts::timeline;
use reports::table::{Cell, Column, Table};
use scenarios::library::SHIPPED;
use scenarios::text::first_comment;
use sim_core::sample::Distribution;

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// What to list; everything if not given.
    #[arg(value_enum)]
    kind: Option<Kind>,
    /// Only what has all of these words in its name, its summary or its heading.
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// A kind of thing that can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Scenarios inside the program.
    Scenarios,
    /// Kinds of nodes.
    Nodes,
    /// What a service does for a request.
    Tasks,
    /// Layers of a stack.
    Layers,
    /// Formulas for the wait before a retry.
    Backoffs,
    /// Limits on retries.
    Budgets,
    /// Circuit breakers.
    Breakers,
    /// Rate limiters.
    Limiters,
    /// Throttles that follow what became of earlier calls.
    Throttles,
    /// Fixed limits on calls under way.
    Bulkheads,
    /// Ways to ask replicas whether they are well.
    Probes,
    /// Limits on calls under way that find their own level.
    ConcurrencyLimits,
    /// Rules for further copies of a call.
    Hedges,
    /// How a replica is chosen.
    Balancers,
    /// What leaves out replicas that fail.
    Ejectors,
    /// How requests wait for a worker of a service.
    Queues,
    /// Who decides at the door of a service whether a request is let in.
    AdmissionControls,
    /// Which replicas of a service a request may go to.
    Partitions,
    /// Faults.
    Faults,
    /// What a fault can wait for.
    Triggers,
    /// Rules that say when people are told that users fare badly.
    Alerts,
    /// When a population calls.
    Arrivals,
    /// Distributions of delays and demands.
    Distributions,
    /// Protocols of groups.
    #[value(alias = "groups")]
    Protocols,
    /// Clocks of nodes.
    Clocks,
    /// Claims about every run of a scenario.
    Properties,
    /// What `expect:` can demand.
    Expectations,
    /// Numbers of a run, by the names that expectations and options take.
    Measures,
    /// Charts of a report.
    Charts,
}

impl Kind {
    fn entries(self) -> Vec<(String, String)> {
        let owned = |entries: &[(&str, &str)]| entries.iter().map(|&(name, summary)| (name.to_owned(), summary.to_owned())).collect();
        match self {
            Self::Scenarios => SHIPPED.iter().map(|shipped| (shipped.name.to_owned(), first_sentence(shipped.text))).collect(),
            Self::Nodes => told(models::nodes::explanations()),
            Self::Tasks => told(models::services::told::explanations()),
            Self::Layers => owned(Layer::ALL),
            Self::Backoffs | Self::Budgets | Self::Breakers | Self::Limiters | Self::Throttles | Self::Bulkheads | Self::Probes => {
                self.family()
            }
            Self::ConcurrencyLimits | Self::Hedges | Self::Balancers | Self::Ejectors => self.family(),
            Self::Queues => owned(Queue::ALL),
            Self::AdmissionControls => owned(AnyAdmission::ALL),
            Self::Partitions => owned(AnyPartition::ALL),
            Self::Faults => owned(AnyFault::ALL),
            Self::Triggers => owned(Trigger::ALL),
            Self::Alerts => owned(AnyAlert::ALL),
            Self::Arrivals => owned(Arrivals::ALL),
            Self::Distributions => owned(Distribution::ALL),
            Self::Protocols => owned(Group::ALL),
            Self::Clocks => owned(AnyClock::ALL),
            Self::Properties => {
                let watched = of_protocols().into_iter().map(|watched| {
                    let kind = if watched.is_goal { "reached" } else { "holds" };
                    (watched.name.to_owned(), format!("{} ({kind}; watched by {})", watched.summary, watched.protocols.join(", ")))
                });
                owned(AnyProperty::ALL).into_iter().chain(watched).collect()
            }
            Self::Expectations => owned(scenarios::expect::Clause::ALL),
            Self::Measures => scenarios::measures::list(),
            Self::Charts => {
                let of_reports = reports::charts::CHARTS.iter().map(|chart| (chart.name(), chart.summary()));
                owned(&of_reports.chain([(timeline::NAME, timeline::SUMMARY)]).collect::<Vec<_>>())
            }
        }
    }

    /// The strategies of the family of this name.
    fn family(self) -> Vec<(String, String)> {
        let name = word(self);
        let members = families().into_iter().filter(|family| family.name == name).flat_map(|family| family.members);
        members.map(|(name, summary, _)| (name.to_owned(), summary.to_owned())).collect()
    }
}

/// Name and summary of what explains itself.
fn told(explanations: Vec<(&str, &str, About)>) -> Vec<(String, String)> {
    explanations.into_iter().map(|(name, summary, _)| (name.to_owned(), summary.to_owned())).collect()
}

/// Kind, name and summary of everything that can be named.
pub fn everything() -> Vec<(String, String, String)> {
    let all = Kind::value_variants().iter();
    all.flat_map(|&kind| kind.entries().into_iter().map(move |(name, summary)| (word(kind), name, summary))).collect()
}

/// The first sentence of the scenario's comment, with a question that follows it.
fn first_sentence(text: &str) -> String {
    let comment = first_comment(text).replace('\n', " ");
    let end = end_of_sentence(&comment).unwrap_or(comment.len());
    let rest = &comment[end..];
    // "Which one?" belongs to the sentence before it.
    let question = end_of_sentence(rest).filter(|&end| rest[..end].ends_with('?')).unwrap_or(0);
    comment[..end + question].to_owned()
}

/// Where the first sentence ends: behind a mark that a blank and a capital letter follow, or the end of the text.
/// The period of an initial, "M. Brooker", ends nothing.
fn end_of_sentence(text: &str) -> Option<usize> {
    text.char_indices().filter(|(_, c)| matches!(c, '.' | '?' | '!')).map(|(at, _)| at).find_map(|at| {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let is_initial = text[at..].starts_with('.') && word.chars().count() == 1 && word.starts_with(char::is_uppercase);
        let begins_anew = after.is_empty() || (after.starts_with(' ') && after.trim_start().starts_with(|c: char| !c.is_lowercase()));
        (begins_anew && !is_initial).then_some(at + 1)
    })
}

/// Entries under a heading of their own: cells, one for each column.
struct Section {
    title: String,
    rows: Vec<Vec<String>>,
}

impl ListArgs {
    /// What the cells mean, and the entries that are asked for.
    fn sections(&self) -> (&'static [&'static str], Vec<Section>) {
        let Some(kind) = self.kind else {
            let rows = everything().into_iter().map(|(kind, name, summary)| vec![kind, name, summary]).collect();
            return (&["kind", "name", "summary"], vec![Section { title: "Everything that a scenario can name".to_owned(), rows }]);
        };
        if kind == Kind::Scenarios {
            let subjects = SHIPPED.chunk_by(|a, b| a.subject == b.subject).map(|shipped| Section {
                title: shipped[0].subject.to_owned(),
                rows: shipped.iter().map(|one| vec![one.name.to_owned(), first_sentence(one.text)]).collect(),
            });
            return (&["name", "summary"], subjects.collect());
        }
        let rows = kind.entries().into_iter().map(|(name, summary)| vec![name, summary]).collect();
        (&["name", "summary"], vec![Section { title: word(kind), rows }])
    }

    /// Whether an entry has all the words, whatever their case.
    fn asks_for(&self, title: &str, row: &[String]) -> bool {
        let text = format!("{title} {}", row.join(" ")).to_lowercase();
        self.words.iter().all(|word| text.contains(&word.to_lowercase()))
    }
}

/// Runs `list`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn list(args: &ListArgs) -> Result<Exit, Exit> {
    let (columns, mut sections) = args.sections();
    for Section { title, rows } in &mut sections {
        rows.retain(|row| args.asks_for(title, row));
    }
    sections.retain(|section| !section.rows.is_empty());
    if sections.is_empty() {
        let kind = args.kind.map_or_else(String::new, |kind| format!(" {}", word(kind)));
        return Err(wrong(&format!(
            "nothing here has all of these words: {}\n  hint: `stormglass list{kind}` lists all",
            args.words.join(", ")
        )));
    }
    let with_subject = args.kind == Some(Kind::Scenarios);
    if args.output.format == Format::Json {
        // An array of objects, as programs that complete names want it.
        let object = |title: &str, row: &Vec<String>| {
            let mut object: serde_json::Map<String, serde_json::Value> =
                columns.iter().zip(row).map(|(name, cell)| ((*name).to_owned(), cell.as_str().into())).collect();
            if with_subject {
                object.insert("subject".to_owned(), title.into());
            }
            object
        };
        let objects = sections.iter().flat_map(|section| section.rows.iter().map(|row| object(&section.title, row)));
        print(&format!("{:#}", serde_json::json!(objects.collect::<Vec<_>>())))?;
        return Ok(Exit::Fine);
    }
    if args.output.format == Format::Csv && with_subject {
        let rows = sections.into_iter().flat_map(|Section { title, rows }| {
            rows.into_iter().map(move |mut row| {
                row.insert(1, title.clone());
                row
            })
        });
        print_table(&table("scenarios".to_owned(), &["name", "subject", "summary"], rows.collect()), Format::Csv)?;
        return Ok(Exit::Fine);
    }
    for (nth, section) in sections.into_iter().enumerate() {
        if nth > 0 {
            print("")?;
        }
        print_table(&table(section.title, columns, section.rows), args.output.format)?;
    }
    Ok(Exit::Fine)
}

fn table(title: String, columns: &[&str], rows: Vec<Vec<String>>) -> Table {
    let mut table = Table::new(title, columns.iter().copied().map(Column::text).collect());
    rows.into_iter().for_each(|row| table.push(row.into_iter().map(Cell::text).collect()));
    table
}

fn word(kind: Kind) -> String {
    kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_sentence_does_not_end_at_an_initial_or_inside_a_name() {
        assert_eq!(
            first_sentence("// By \"Jitter\" (M. Brooker, 2015): N clients. Why?\n()"),
            "By \"Jitter\" (M. Brooker, 2015): N clients. Why?"
        );
        assert_eq!(first_sentence("// It takes 1.5 s. Then it ends.\n()"), "It takes 1.5 s.");
        assert_eq!(first_sentence("// Does it help?\n// And what does it cost? More.\n()"), "Does it help? And what does it cost?");
        assert_eq!(first_sentence("// no end\n()"), "no end");
        assert_eq!(first_sentence("()"), "");
    }
}
