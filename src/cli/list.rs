//! `list`: what there is, for reading or as JSON.

use super::output::print_table;
use super::{Exit, OutputArgs};
use clap::{Args, ValueEnum};
use models::faults::AnyFault;
use models::protocols::Group;
use models::strategies::Layer;
use models::strategies::backoff::AnyBackoff;
use models::strategies::budget::AnyBudget;
use models::workloads::Arrivals;
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
    #[command(flatten)]
    output: OutputArgs,
}

/// A kind of thing that can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Scenarios inside the program.
    Scenarios,
    /// Layers of a stack.
    Layers,
    /// Formulas for the wait before a retry.
    Backoffs,
    /// Limits on retries.
    Budgets,
    /// Faults.
    Faults,
    /// When a population calls.
    Arrivals,
    /// Distributions of delays and demands.
    Distributions,
    /// Protocols of groups.
    Protocols,
    /// What `expect:` can demand.
    Expectations,
    /// Charts of a report.
    Charts,
}

impl Kind {
    fn entries(self) -> Vec<(String, String)> {
        let owned = |entries: &[(&str, &str)]| entries.iter().map(|&(name, summary)| (name.to_owned(), summary.to_owned())).collect();
        match self {
            Self::Scenarios => SHIPPED.iter().map(|shipped| (shipped.name.to_owned(), first_sentence(shipped.text))).collect(),
            Self::Layers => owned(Layer::ALL),
            Self::Backoffs => owned(AnyBackoff::ALL),
            Self::Budgets => owned(AnyBudget::ALL),
            Self::Faults => owned(AnyFault::ALL),
            Self::Arrivals => owned(Arrivals::ALL),
            Self::Distributions => owned(Distribution::ALL),
            Self::Protocols => owned(Group::ALL),
            Self::Expectations => owned(scenarios::expect::Clause::ALL),
            Self::Charts => reports::charts::CHARTS.iter().map(|chart| (chart.name().to_owned(), chart.summary().to_owned())).collect(),
        }
    }
}

/// The first sentence or question of the scenario's comment.
fn first_sentence(text: &str) -> String {
    let comment = first_comment(text).replace('\n', " ");
    let end = comment.find(['.', '?']).map_or(comment.len(), |end| end + 1);
    let rest = &comment[end..];
    // "Which one?" belongs to the sentence before it.
    let question = rest.find('?').filter(|&mark| !rest[..mark].contains('.')).map_or(0, |mark| mark + 1);
    comment[..end + question].to_owned()
}

/// Runs `list`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn list(args: &ListArgs) -> Result<Exit, Exit> {
    let Some(kind) = args.kind else {
        let mut table = Table::new("Everything", ["kind", "name", "summary"].map(Column::text).to_vec());
        for kind in Kind::value_variants() {
            for (name, summary) in kind.entries() {
                table.push(vec![Cell::text(word(*kind)), Cell::text(name), Cell::text(summary)]);
            }
        }
        print_table(&table, args.output.format)?;
        return Ok(Exit::Fine);
    };
    let mut table = Table::new(word(kind), ["name", "summary"].map(Column::text).to_vec());
    kind.entries().into_iter().for_each(|(name, summary)| table.push(vec![Cell::text(name), Cell::text(summary)]));
    print_table(&table, args.output.format)?;
    Ok(Exit::Fine)
}

fn word(kind: Kind) -> String {
    kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
