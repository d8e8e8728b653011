//! What does a scenario say of a part that its few words leave out?

use crate::scenario::Scenario;
use crate::text::path::{Path, locate};
use crate::text::{Element, one_line};

/// Settings that the words, the load or the drawing of the system tell.
const TOLD: &[&str] = &[
    "replicas",
    "workers",
    "threads",
    "demand",
    "late_work",
    "domain",
    "members",
    "count",
    "arrivals",
    "calls",
    "starts_within",
    "synthetic",
];

/// The other settings of an entry of `nodes` or `groups`, as the first arm has them; none of what no entry is about, as copies of a template are.
pub(super) fn untold(scenario: &Scenario, section: &str, name: &str) -> Vec<String> {
    let Some(element) = entry(scenario, section, name) else { return Vec::new() };
    let fields = element.fields().unwrap_or_default();
    let settings = fields.iter().filter(|field| !is_told(field.name, field.value));
    settings.map(|field| format!("{}: {}", field.name, one_line(field.value))).collect()
}

/// An entry as it is in the first arm, which replaces entries as a whole.
fn entry<'a>(scenario: &'a Scenario, section: &str, name: &str) -> Option<Element<'a>> {
    let below = |path: &[&str]| locate(&scenario.source, &Path::of_names(path)).ok();
    let of_arm = scenario.arms.first().and_then(|arm| below(&["arms", arm, section, name]));
    of_arm.or_else(|| below(&[section, name]))
}

fn is_told(name: &str, value: Element<'_>) -> bool {
    match name {
        "queue" => is_plain_queue(value),
        // Who is called is told; that it is asked now and then, or at the same time as others, is not.
        "does" => value.items().is_ok_and(|tasks| {
            tasks.iter().all(|task| task.variant_name() == Some("Call") && task.items().is_ok_and(|items| items.len() == 1))
        }),
        _ => TOLD.contains(&name),
    }
}

/// Whether it is said of a queue how long it may be, and nothing else.
fn is_plain_queue(value: Element<'_>) -> bool {
    value.variant_name() == Some("Fifo") && value.fields().is_ok_and(|fields| fields.iter().all(|field| field.name == "limit"))
}

#[cfg(test)]
mod tests {
    use crate::story::story;
    use crate::text::Source;
    use crate::{Extent, read};

    #[test]
    fn what_words_leave_out_stands_as_the_first_arm_has_it_without_comments() {
        let text = r#"(schema: 1, name: "x", horizon: "20s", nodes: {
            "people": Clients(count: 200, arrivals: Poisson(rate: "90/s"), calls: "front", classes: { "read": (weight: 8), "write": (weight: 2) }),
            "robots": Clients(count: 1, arrivals: Constant(rate: "1/s"), calls: "front"),
            "front": Service(workers: 4, queue: Fifo(limit: 50), demand: Constant("10ms"), does: [Call("db")]),
            "db": Service(workers: 1, demand: Constant("1ms"), restarts: (after: Constant("5s"))) },
            arms: { "copies": (nodes: { "db": Service(replicas: 3, workers: 1, demand: Constant("1ms"),
                data: (writes: Classes(["write"]), // the rest is read
                       replication: (lag: Constant("1s"), fails_over: (after: "15s")))) }) })"#;
        let scenario = read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid).expect("the scenario is sound");
        let told: Vec<(String, Vec<String>)> = story(&scenario).parts.into_iter().map(|part| (part.name, part.settings)).collect();
        let of =
            |name: &str, settings: &[&str]| (name.to_owned(), settings.iter().map(|setting| (*setting).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            told,
            [
                of("people", &[r#"classes: { "read": (weight: 8), "write": (weight: 2) }"#]),
                of("front", &[]),
                of("db", &[r#"data: (writes: Classes(["write"]), replication: (lag: Constant("1s"), fails_over: (after: "15s")))"#]),
            ]
        );
    }
}
