//! `explain`: what one name of the language means, with parameters, units and defaults.

use super::output::{print, wrong};
use super::{Exit, guide, list};
use clap::Args;
use models::alerts::AnyAlert;
use models::clocks::AnyClock;
use models::faults::{AnyFault, Explanation, Parameter, TIMING};
use models::properties::{AnyProperty, of_protocols};
use models::protocols::Group;
use models::registry::Registered;
use models::services::data::{Optimistic, Replication};
use models::services::{AnyAdmission, AnyPartition, Connections, Queue, ReadModel};
use models::strategies::cache::IdempotencyKeys;
use models::strategies::{Family, Layer, families};
use models::workloads::Arrivals;
use models::{About, Explained};
use scenarios::expect::{ClausePage, PAGES};
use scenarios::problem::did_you_mean;
use scenarios::text::parse::fields_named;
use sim_core::sample::Distribution;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A name that a scenario can write, such as Crash (see `stormglass list`).
    name: String,
}

/// A page: the word for its kind in `list`, what one of them is, its name and summary, and what it says.
type Page = (&'static str, &'static str, &'static str, &'static str, About);

/// Strategies that say all there is to know of themselves.
fn explained() -> Vec<Page> {
    let strategies = families().into_iter().map(|Family { name, one, members }| (name, one, members));
    let others = [
        ("nodes", "a kind of node", models::nodes::explanations()),
        ("tasks", "a task", models::services::told::explanations()),
        ("queues", "a queue", Queue::explanations()),
        ("admission-controls", "an admission control", AnyAdmission::explanations()),
        ("partitions", "a partition", AnyPartition::explanations()),
        ("alerts", "an alert", AnyAlert::explanations()),
        ("properties", "a property", AnyProperty::explanations()),
        ("services", "a field of a service", fields_of_services()),
    ];
    let pages = |(kind, what, all): (_, _, Vec<_>)| all.into_iter().map(move |(name, summary, about)| (kind, what, name, summary, about));
    [("layers", "a layer", Layer::explanations())].into_iter().chain(strategies).chain(others).flat_map(pages).collect()
}

/// Name, summary and explanation of what a service may have beside workers and a queue.
fn fields_of_services() -> Vec<(&'static str, &'static str, About)> {
    vec![
        (IdempotencyKeys::NAME, IdempotencyKeys::SUMMARY, IdempotencyKeys::ABOUT),
        (Connections::NAME, Connections::SUMMARY, Connections::ABOUT),
        (Replication::NAME, Replication::SUMMARY, Replication::ABOUT),
        (Optimistic::NAME, Optimistic::SUMMARY, Optimistic::ABOUT),
        (ReadModel::NAME, ReadModel::SUMMARY, ReadModel::ABOUT),
    ]
}

/// Runs `explain`.
///
/// # Errors
/// [`Exit::Wrong`] for a name that means nothing.
pub fn explain(args: &ExplainArgs) -> Result<Exit, Exit> {
    let is_named = |name: &str| name.eq_ignore_ascii_case(&args.name);
    let fault = AnyFault::explanations().into_iter().find(|(name, ..)| is_named(name));
    let strategies = explained();
    let clause = PAGES.iter().find(|page| is_named(page.name));
    let has_page = |kind: &str| ["faults", "expectations"].contains(&kind) || strategies.iter().any(|&(explained, ..)| explained == kind);
    let is_watched = |name: &str| of_protocols().iter().any(|watched| watched.name == name);
    let others = list::everything().into_iter();
    let others: Vec<_> = others.filter(|(kind, name, _)| is_named(name) && (!has_page(kind) || is_watched(name))).collect();
    let strategies: Vec<_> = strategies.iter().filter(|&&(_, _, name, ..)| is_named(name)).collect();
    if fault.is_none() && clause.is_none() && strategies.is_empty() && others.is_empty() {
        let mentions = guide::mentions(&args.name);
        if !mentions.is_empty() {
            let pages = mentions.iter().map(|(example, meaning)| format!("{}\n\n{}", paragraph("", example), paragraph("", meaning)));
            return print(&format!("{} is part of:\n\n{}", args.name, pages.collect::<Vec<_>>().join("\n\n"))).map(|()| Exit::Fine);
        }
        let known: Vec<String> = list::everything().into_iter().map(|(_, name, _)| name).collect();
        let hint =
            did_you_mean(&args.name, known.iter().map(String::as_str)).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        return Err(wrong(&format!("nothing is called `{}`{hint} (`stormglass list` shows every name)", args.name)));
    }
    let mut pages: Vec<String> = fault.into_iter().map(|(name, summary, explanation)| page(name, summary, &explanation)).collect();
    pages.extend(strategies.into_iter().map(|&(_, kind, name, summary, about)| about_page(kind, name, summary, &about)));
    pages.extend(clause.map(clause_page));
    pages.extend(others.into_iter().map(|(kind, name, summary)| {
        let head = format!("{name} ({kind}): {summary}");
        guide::entry(&kind, &name).map_or(head.clone(), |entry| guide_page(head, &entry, fields(&kind, &name)))
    }));
    print(&pages.join("\n\n"))?;
    Ok(Exit::Fine)
}

/// All there is to know about a fault.
fn page(name: &str, summary: &str, fault: &Explanation) -> String {
    [
        format!("{name} (a fault): {summary}"),
        paragraph("", fault.meaning),
        paragraph("In flight: ", fault.in_flight),
        paragraph("Overlap: ", fault.overlap),
        format!("Parameters\n{}", parameters(fault.parameters)),
        format!("When and whom, as for every fault\n{}", parameters(TIMING)),
        format!("Example\n  {}", fault.example),
    ]
    .join("\n\n")
}

/// All there is to know about a strategy; `kind` says what it is, such as "a backoff".
fn about_page(kind: &str, name: &str, summary: &str, about: &About) -> String {
    let parameters = if about.parameters.is_empty() { "  none".to_owned() } else { parameters(about.parameters) };
    [
        format!("{name} ({kind}): {summary}"),
        paragraph("", about.meaning),
        paragraph("Formula: ", about.formula),
        format!("Parameters\n{parameters}"),
        paragraph("Memory: ", about.memory),
        paragraph("Source: ", about.source),
        format!("Example\n  {}", about.example),
    ]
    .join("\n\n")
}

/// All there is to know about a clause of `expect`.
fn clause_page(page: &ClausePage) -> String {
    [
        paragraph(&format!("{} (an expectation): ", page.name), page.meaning),
        paragraph("Judged: ", page.judged),
        format!("Parameters\n{}", parameters(page.parameters)),
        format!("Example\n  {}", page.example),
    ]
    .join("\n\n")
}

/// The fields of what the guide describes, and those that have to be there.
fn fields(kind: &str, name: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    match kind {
        "protocols" => fields_named::<Group>(name),
        "distributions" => fields_named::<Distribution>(name),
        "arrivals" => fields_named::<Arrivals>(name),
        "clocks" => fields_named::<AnyClock>(name),
        _ => (Vec::new(), Vec::new()),
    }
}

/// What the guide says of a name, with all its fields.
fn guide_page(head: String, entry: &guide::Entry, (fields, required): (Vec<&str>, Vec<&str>)) -> String {
    let mut parts = vec![head, paragraph("", &entry.meaning)];
    if !entry.fields.is_empty() {
        let width = entry.fields.iter().map(|[name, ..]| name.len()).max().unwrap_or_default();
        let line = |[name, meaning, default]: &[String; 3]| format!("  {name:<width$}  {meaning}; default: {default}");
        parts.push(format!("Parameters\n{}", entry.fields.iter().map(line).collect::<Vec<_>>().join("\n")));
    }
    if !fields.is_empty() {
        let word = |field: &&str| if required.contains(field) { format!("{field} (required)") } else { (*field).to_owned() };
        parts.push(paragraph("Fields, with a default unless required: ", &fields.iter().map(word).collect::<Vec<_>>().join(", ")));
    }
    parts.push(format!("Example, with values in their units\n  {}", entry.example));
    parts.push("All of them are described in docs/language.md.".to_owned());
    parts.join("\n\n")
}

/// Text in lines of at most 100 characters.
fn paragraph(head: &str, text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in [head, text].concat().split_whitespace() {
        let line = lines.last_mut().expect("there is always a last line");
        if line.chars().count() + 1 + word.chars().count() > 100 {
            lines.push(word.to_owned());
        } else {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
    }
    lines.join("\n")
}

fn parameters(list: &[Parameter]) -> String {
    let width = list.iter().map(|parameter| parameter.name.len()).max().unwrap_or_default();
    let line = |parameter: &Parameter| {
        let Parameter { name, unit, default, meaning } = parameter;
        format!("  {name:<width$}  {meaning}\n  {:width$}  {unit}; default: {default}", "")
    };
    list.iter().map(line).collect::<Vec<_>>().join("\n")
}
