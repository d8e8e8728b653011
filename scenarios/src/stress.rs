//! Under which other assumptions should a ranking hold, and what changes in the scenario?
//!
//! Own definition. What a scenario assumes about its services and clients is rarely known well: each assumption here is replaced by another
//! plausible one, and nothing else. Changes are those that `--set` takes, so that everything can be repeated by hand. What arms
//! write differently is what is compared, and stays as it is.

use crate::scenario::Scenario;
use crate::text::parse::{options, parse};
use crate::text::path::{Path, locate_in};
use crate::text::tree::Element;
use crate::{Extent, read};
use models::workloads::Arrivals;
use sim_core::sample::Distribution;
use sim_core::time::SimDuration;

/// The shape of the heavy tail: of a finite variance, 4.8 times the mean squared.
const SHAPE: f64 = 2.1;

/// Another assumption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// In words.
    pub name: &'static str,
    /// What changes: paths and values, as `--set` takes them.
    pub changes: Vec<(String, String)>,
}

/// Values that another assumption puts in the place of what fields of a node say.
type Change = fn(&Node<'_>) -> Vec<(&'static str, String)>;

const ALL: [(&str, Change); 8] = [
    ("exponential demand", |node| node.demand(exponential)),
    ("heavy-tailed demand", |node| node.demand(heavy_tailed)),
    ("capacity -20 %", |node| node.demand(|demand| demand.scaled(5, 4))),
    ("capacity +20 %", |node| node.demand(|demand| demand.scaled(5, 6))),
    ("half the clients", |node| node.clients(|count| (count / 2).max(1))),
    ("twice the clients", |node| node.clients(|count| count.saturating_mul(2))),
    ("workers held during calls", |node| node.threads("Held")),
    ("workers released during calls", |node| node.threads("Released")),
];

/// One node as the scenario and its arms write it.
struct Node<'a> {
    name: String,
    /// The entry itself, and those that arms put in its place.
    written: Vec<Element<'a>>,
}

/// The assumptions under which a comparison should be made again; those that change nothing are left out.
pub fn assumptions(scenario: &Scenario) -> Vec<Assumption> {
    let nodes = nodes(scenario).unwrap_or_default();
    let of_one = |(name, change): (&'static str, Change)| {
        let path = |node: &Node<'_>, field: &str| Path::of_names(&["nodes", &node.name, field]);
        let of_node = |node| change(node).into_iter().map(move |(field, value)| (path(node, field).to_string(), value));
        let changes = nodes.iter().flat_map(of_node);
        Assumption { name, changes: changes.collect() }
    };
    ALL.into_iter().map(of_one).filter(|assumption| !assumption.changes.is_empty()).collect()
}

/// The scenario under another assumption, without its grid.
///
/// # Errors
/// What is wrong with it then, in words.
pub fn under(scenario: &Scenario, assumption: &Assumption) -> Result<Scenario, String> {
    let changed = read(scenario.source.clone(), &scenario.origin, &assumption.changes, Extent::AsWritten);
    let mut changed = changed.map_err(|(source, problems)| problems.render(&source, false).trim().to_owned())?;
    // The text held the command line's own changes already.
    changed.changes.splice(0..0, scenario.changes.iter().cloned());
    changed.sweep = scenario.sweep;
    Ok(changed)
}

fn nodes(scenario: &Scenario) -> Option<Vec<Node<'_>>> {
    let root = scenario.source.root().ok()?;
    let section = locate_in(root, &Path::of_names(&["nodes"])).ok()?;
    let names: Vec<String> = section.entries().ok()?.into_iter().map(|entry| entry.key).collect();
    let places = |name: &str| {
        let of_arm = |arm: &String| Path::of_names(&["arms", arm, "nodes", name]);
        std::iter::once(Path::of_names(&["nodes", name])).chain(scenario.arms.iter().map(of_arm)).collect::<Vec<Path>>()
    };
    let node = |name: String| Node { written: places(&name).iter().filter_map(|path| locate_in(root, path).ok()).collect(), name };
    Some(names.into_iter().map(node).collect())
}

impl<'a> Node<'a> {
    /// What all write alike in this field: `None` if they differ, or none has it.
    fn field(&self, name: &str) -> Option<Element<'a>> {
        let mut found = self.written.iter().map(|element| {
            element.fields().ok().and_then(|fields| fields.into_iter().find(|field| field.name == name).map(|field| field.value))
        });
        let first = found.next()??;
        found.all(|other| other.is_some_and(|other| other.text() == first.text())).then_some(first)
    }

    fn is(&self, kind: &str) -> bool {
        self.written.iter().all(|element| element.variant_name() == Some(kind))
    }

    /// Another demand.
    fn demand(&self, other: impl Fn(&Distribution) -> Option<Distribution>) -> Vec<(&'static str, String)> {
        let demand = || parse::<Distribution>(self.field("demand").filter(|_| self.is("Service"))?).ok();
        let other = demand().and_then(|demand| other(&demand).filter(|other| *other != demand && other.check().is_empty()));
        other.and_then(|other| ron::to_string(&other).ok()).map(|other| ("demand", other)).into_iter().collect()
    }

    /// Another number of clients, each of whom calls as often as before: the rate of a whole population changes with it.
    fn clients(&self, other: impl Fn(u32) -> u32) -> Vec<(&'static str, String)> {
        let count = || parse::<u32>(self.field("count").filter(|_| self.is("Clients"))?).ok();
        let Some((count, other)) = count().map(|count| (count, other(count))).filter(|(count, other)| other != count) else {
            return Vec::new();
        };
        let arrivals = self.field("arrivals").and_then(|element| parse::<Arrivals>(element).ok());
        let scaled = arrivals.map(|arrivals| (arrivals.clone().scaled(other, count), arrivals));
        let scaled = scaled.filter(|(scaled, arrivals)| scaled != arrivals && scaled.check().is_empty());
        let arrivals = scaled.and_then(|(scaled, _)| options().to_string(&scaled).ok()).map(|scaled| ("arrivals", scaled));
        std::iter::once(("count", other.to_string())).chain(arrivals).collect()
    }

    /// What workers do while the service waits for those it calls.
    fn threads(&self, wanted: &str) -> Vec<(&'static str, String)> {
        let calls = self.is("Service") && self.written.iter().any(|element| element.text().contains("does:"));
        let written = |element: &Element<'_>| {
            let fields = element.fields().unwrap_or_default();
            fields.iter().find(|field| field.name == "threads").map_or("Held", |field| field.value.text()).to_owned()
        };
        let is_other = self.written.iter().all(|element| written(element) != wanted);
        (calls && is_other).then(|| ("threads", wanted.to_owned())).into_iter().collect()
    }
}

/// The same mean without memory.
fn exponential(demand: &Distribution) -> Option<Distribution> {
    let mean = mean(demand)?;
    Some(Distribution::Exponential { mean }).filter(|_| !matches!(demand, Distribution::Exponential { .. }))
}

/// The same mean with a tail that falls as a power.
fn heavy_tailed(demand: &Distribution) -> Option<Distribution> {
    let scale = SimDuration::from_nanos((mean(demand)?.as_nanos() as f64 * ((SHAPE - 1.0) / SHAPE)) as u64);
    Some(Distribution::Pareto { scale, shape: SHAPE })
}

fn mean(demand: &Distribution) -> Option<SimDuration> {
    let is_closed = !matches!(demand, Distribution::Empirical { file: Some(_), .. });
    let mean = (is_closed && demand.check().is_empty()).then(|| demand.compile().mean())?;
    Some(mean).filter(|mean| !mean.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn scenario(text: &str) -> Scenario {
        read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid).expect("the scenario is sound")
    }

    const SHOP: &str = r#"(schema: 1, name: "x", horizon: "20s", nodes: {
        "clients": Clients(count: 7, arrivals: Poisson(rate: "7/s"), calls: "shop"),
        "shop": Service(workers: 4, demand: Constant("12ms"), does: [Call("db")]),
        "db": Service(workers: 2, demand: Exponential(mean: "21ms")) },
        arms: { "two": (), "three": (nodes: { "db": Service(workers: 3, demand: Exponential(mean: "21ms")) }),
                "faster": (nodes: { "shop": Service(workers: 4, demand: Constant("6ms"), does: [Call("db")]) }) })"#;

    #[test]
    fn every_assumption_is_a_change_that_the_scenario_takes() {
        let scenario = scenario(SHOP);
        let found = assumptions(&scenario);
        let said = |name: &str| found.iter().find(|one| one.name == name).map(|one| one.changes.clone()).unwrap_or_default();
        let pair = |path: &str, value: &str| (path.to_owned(), value.to_owned());
        assert_eq!(said("capacity -20 %"), [pair("nodes.db.demand", r#"Exponential(mean:"26.25ms")"#)], "arms differ in the shop's demand");
        assert_eq!(said("heavy-tailed demand"), [pair("nodes.db.demand", r#"Pareto(scale:"11ms",shape:2.1)"#)]);
        let half = [pair("nodes.clients.count", "3"), pair("nodes.clients.arrivals", r#"Poisson(rate:"3/s")"#)];
        assert_eq!(said("half the clients"), half, "each calls as often as before");
        assert_eq!(
            (said("workers held during calls"), said("workers released during calls")),
            (vec![], vec![pair("nodes.shop.threads", "Released")])
        );
        assert!(said("exponential demand").is_empty(), "the database's is exponential, and the shop's is what is compared");
        for assumption in &found {
            let changed = under(&scenario, assumption).expect("it is taken");
            assert_ne!(changed.cells[0].arms[1].content, scenario.cells[0].arms[1].content, "{}: in every arm", assumption.name);
        }
    }
}
