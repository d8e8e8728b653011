//! Is everything the documents show true?

use models::clocks::AnyClock;
use models::faults::AnyFault;
use models::outcome::Failure;
use models::protocols::Group;
use models::strategies::Layer;
use models::strategies::backoff::AnyBackoff;
use models::strategies::budget::AnyBudget;
use models::workloads::Arrivals;
use scenarios::text::Source;
use scenarios::{Extent, FIELDS, read};
use sim_core::sample::Distribution;

const LANGUAGE: &str = include_str!("../docs/language.md");
const README: &str = include_str!("../README.md");
const DEBUGGING: &str = include_str!("../docs/debugging.md");
const CHARTS: &str = include_str!("../docs/charts.md");

/// The blocks of a document that begin with three backticks and this word.
fn blocks<'a>(document: &'a str, word: &str) -> Vec<&'a str> {
    let opening = format!("```{word}\n");
    document.split(opening.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

fn assert_reads(name: &str, text: &str) {
    if let Err((source, problems)) = read(Source::new(name, text), name, &[], Extent::Grid) {
        panic!("{}", problems.render(&source, false));
    }
}

#[test]
fn every_scenario_in_the_documents_can_be_read() {
    let mut count = 0;
    for (name, document) in [("docs/language.md", LANGUAGE), ("README.md", README)] {
        for text in blocks(document, "ron") {
            assert_reads(name, text);
            count += 1;
        }
    }
    assert!(count >= 1, "the documents show scenarios");
}

/// The flag of the examples is one that a service asks for.
const FLAGGED: &str = r#"does: [Flag(name: "new-prices", does: [Work(Constant("1ms"))])]"#;

/// What stands in backticks and looks like `Name(...)`.
fn constructors(document: &str) -> impl Iterator<Item = &str> {
    let quoted = document.split('`').skip(1).step_by(2);
    quoted.filter(|text| text.chars().next().is_some_and(char::is_uppercase) && text.ends_with(')') && !text.contains("..."))
}

#[test]
fn every_distribution_backoff_layer_and_fault_in_the_reference_can_be_read() {
    let prose = LANGUAGE.replace("```", "");
    let (mut seen, known) = (Vec::new(), |names: &[(&str, &str)], name: &str| names.iter().any(|(known, _)| *known == name));
    for text in constructors(&prose) {
        let name = text.split('(').next().unwrap_or_default();
        // The program knows no strategies from outside.
        if name == "External" {
            continue;
        }
        // The callee of the examples is called otherwise here.
        let written = text.replace("shoppers -> shop", "shoppers -> b");
        let text = written.as_str();
        let service = |demand: &str, does: &str| {
            format!(
                r#""b": Service(workers: 1, demand: {demand}, does: [{does}], domain: "zone-a"), "shop": Service(workers: 4, replicas: 5, queue: Fifo(limit: 100), demand: Constant("1ms"), {FLAGGED}, domain: "zone-a")"#
            )
        };
        let (mut demand, mut arrivals, mut layers, mut fault) = (r#"Constant("1ms")"#, r#"Poisson(rate: "1/s")"#, String::new(), "");
        let mut link = r#"Link(from: "internet", to: "zone-a", delay: Constant("1ms"))"#;
        let (mut clock, mut group_name, mut group) = ("Perfect()", "g", r#"Row(domain: "zone-a")"#.to_owned());
        // Both a distribution and a kind of arrivals are called Constant: what has a rate arrives. What has a base or a delay is a backoff, and
        // what is shared a budget.
        if known(Arrivals::ALL, name) && (name != "Constant" || text.contains("rate")) {
            arrivals = text;
        } else if known(AnyBackoff::ALL, name)
            && !text.contains("per: ")
            && (!known(Distribution::ALL, name) || text.contains("base") || text.contains("delay"))
        {
            layers = format!("Retry(attempts: 3, backoff: {text})");
        } else if known(Distribution::ALL, name) {
            if text.contains("file") {
                continue;
            }
            demand = text;
        } else if known(AnyBudget::ALL, name) {
            layers = format!("Retry(attempts: 3, backoff: Immediate(), budget: {text})");
        } else if known(Layer::ALL, name) {
            // What is shared by endpoint needs a layer outside that chooses one.
            let balance = if text.contains("Accrual(") { "Balance(policy: Random()), " } else { "" };
            layers = format!("{balance}{text}");
        } else if known(AnyFault::ALL, name) {
            fault = text;
            if name == "PoolExhausted" {
                layers = "Bulkhead(Semaphore(max_concurrent_calls: 10))".to_owned();
            }
            if text.contains("\"db[") {
                (group_name, group) = ("db", r#"KeyValue(members: 2, domain: "zone-a")"#.to_owned());
            }
        } else if name == "Link" {
            link = text;
        } else if known(AnyClock::ALL, name) {
            clock = text;
        } else if known(Group::ALL, name) {
            group = text.to_owned();
        } else {
            continue;
        }
        seen.push(name.to_owned());
        let scenario = format!(
            r#"(schema: 1, name: "x", horizon: "5m", nodes: {{ "shoppers": Clients(count: 1, arrivals: {arrivals}, calls: "b", domain: "internet"), {} }},
            links: [{link}], stacks: {{ "shoppers -> b": [{layers}] }}, faults: [{fault}], clocks: {{ "b": {clock} }}, groups: {{ "{group_name}": {group} }})"#,
            service(demand, "")
        );
        assert_reads(text, &scenario);
    }
    assert!(seen.iter().filter(|name| *name == "Link").count() >= 3, "docs/language.md shows links");
    for names in [Distribution::ALL, AnyBackoff::ALL, AnyBudget::ALL, AnyFault::ALL, Arrivals::ALL, AnyClock::ALL, Group::ALL] {
        for (name, _) in names.iter().filter(|(name, _)| !["Empirical", "External"].contains(name)) {
            assert!(seen.iter().any(|seen| seen == name), "docs/language.md shows no example of {name}");
        }
    }
}

#[test]
fn every_example_of_a_fault_can_be_read() {
    let explanations = AnyFault::explanations();
    assert!(explanations.len() > 20);
    for (name, _, explanation) in explanations {
        let service = |name: &str, zone: &str| {
            format!(
                r#""{name}": Service(workers: 4, replicas: 4, queue: Fifo(limit: 100), demand: Constant("1ms"), {FLAGGED}, domain: "{zone}")"#
            )
        };
        let scenario = format!(
            r#"(schema: 1, name: "x", horizon: "5m", nodes: {{ "shoppers": Clients(count: 1, arrivals: Poisson(rate: "1/s"), calls: "shop", domain: "internet"),
            {} }}, groups: {{ "db": KeyValue(members: 2, domain: "zone-a") }},
            links: [Link(from: "internet", to: "zone-a", delay: Constant("1ms"))], faults: [{}],
            stacks: {{ "shoppers -> shop": [Bulkhead(Semaphore(max_concurrent_calls: 10))] }})"#,
            service("shop", "zone-a"),
            explanation.example
        );
        assert_reads(name, &scenario);
    }
}

#[test]
fn every_field_and_protocol_stands_in_the_reference() {
    for name in FIELDS.iter().chain(Group::ALL.iter().map(|(name, _)| name)).chain(Layer::ALL.iter().map(|(name, _)| name)) {
        assert!(
            [format!("`{name}`"), format!("`{name}("), format!(" {name}(")].iter().any(|word| LANGUAGE.contains(word)),
            "docs/language.md does not mention {name}"
        );
    }
}

#[test]
fn no_heading_stands_twice_in_the_reference() {
    // A link to a heading leads to the first of its name.
    let headings: Vec<&str> =
        LANGUAGE.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim()).collect();
    let twice: Vec<_> = headings.iter().enumerate().filter(|(index, heading)| headings[..*index].contains(heading)).collect();
    assert!(headings.len() > 20 && twice.is_empty(), "{twice:?}");
}

#[test]
fn the_table_of_failures_says_what_products_see() {
    for failure in Failure::ALL {
        let row = LANGUAGE.lines().find(|line| line.starts_with(&format!("| `{failure:?}` | {} |", failure.name())));
        let cells: Vec<&str> = row.unwrap_or_else(|| panic!("{failure:?} stands in the table")).split('|').map(str::trim).collect();
        let status = failure.status().map_or("none".to_owned(), |status| status.to_string());
        let code = serde_json::to_string(&failure.code()).expect("a status has a name").replace('"', "`");
        assert_eq!((cells[3], cells[4]), (status.as_str(), code.as_str()), "{failure:?}");
    }
}

#[test]
fn the_readme_names_the_commands_that_are_promised() {
    assert!(README.contains("cargo run --release -- compare retry-storm"));
    assert!(README.contains("cargo test --workspace"));
}

/// A shell's words: blanks part them, double quotes hold them together.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in command.chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is a first word").push(c),
        }
    }
    words
}

#[test]
fn every_chart_has_its_question_in_the_page_of_charts() {
    for chart in reports::charts::CHARTS {
        assert!(CHARTS.contains(&format!("`{}`", chart.name())), "docs/charts.md lacks {}", chart.name());
    }
}

#[test]
fn the_readme_shows_what_the_commands_print() {
    let mut count = 0;
    for block in blocks(README, "console") {
        let (command, shown) = block.split_once('\n').expect("a block has a command and its output");
        let words = words(command.strip_prefix("$ stormglass ").expect("a block begins with a command"));
        // The comparison of a hundred seeds takes too long here; the same scenario is judged over twenty in `scenarios`.
        if words[0] == "compare" {
            continue;
        }
        let mut program = assert_cmd::Command::cargo_bin("stormglass").expect("the program is built");
        let output = program.args(&words).env_remove("STORMGLASS_FORMAT").output().expect("it runs");
        let printed = String::from_utf8(output.stdout).expect("it prints text");
        let trimmed: Vec<&str> = printed.lines().map(str::trim_end).collect();
        assert_eq!(trimmed.join("\n"), shown.trim_end(), "README.md shows something else for: {command}");
        count += 1;
    }
    assert!(count >= 3, "the README shows what the program prints");
}

#[test]
fn every_command_of_the_page_on_debugging_can_be_typed() {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let mut count = 0;
    // In their order: a later one reads what an earlier one has written.
    for command in blocks(DEBUGGING, "console").into_iter().flat_map(str::lines) {
        let words = words(&command.strip_prefix("stormglass ").expect("a line is a command").replace('\'', "\""));
        let mut program = assert_cmd::Command::cargo_bin("stormglass").expect("the program is built");
        let output = program.args(&words).current_dir(&folder).env_remove("STORMGLASS_FORMAT").output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1 | 4)) && !said.contains("error:"), "{command}: {said}");
        assert!(!said.contains("shows nothing"), "{command}: {said}");
        count += 1;
    }
    assert!(count >= 25, "docs/debugging.md shows {count} commands");
    let written = |name: &str| folder.path().join(name).is_file();
    assert!(DEBUGGING.contains("abd-write-back.without.seed-8.from-seed-1.small.ron"));
    assert!(written("repros/abd-write-back.without.seed-8.from-seed-1.small.ron"), "shrink names its file as the page says");
}
