//! What is meant by a word that belongs in another place of a scenario, or is that of another tool?
//!
//! A typing error is answered with the name that looks most like it. These are no typing errors: the word is a good one, and the name that looks
//! most like it would send its writer in a wrong direction.

use models::faults::AnyFault;
use models::strategies::Layer;
use sim_core::time::SimDuration;

/// Names of fields in other tools and in everyday speech, and what they are here.
const FIELDS: &[(&str, &str)] = &[
    ("retries", "attempts"),
    ("max_retries", "attempts"),
    ("max_attempts", "attempts"),
    ("ttl", "lifetime"),
    ("expires", "lifetime"),
    ("autoscale", "scales"),
    ("autoscaling", "scales"),
    ("from", "at"),
    ("begins", "at"),
    ("starts", "at"),
    ("to", "lasts"),
    ("until", "lasts"),
    ("ends", "lasts"),
    ("duration", "lasts"),
    ("latency", "delay"),
    ("service_time", "demand"),
    ("concurrency", "workers"),
    ("zone", "domain"),
    ("region", "domain"),
    ("calls", "does"),
    ("depends_on", "does"),
    ("dependencies", "does"),
];

/// The field of those that are known here which another word stands for.
pub(super) fn field_meant<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let ours = FIELDS.iter().filter(|(theirs, _)| *theirs == found).map(|(_, ours)| *ours);
    ours.into_iter().find_map(|ours| known.iter().find(|field| **field == ours)).copied()
}

/// Names of distributions, and of what else has a name, in books and other tools, and what is written here.
const NAMES: &[(&str, &str)] = &[
    ("Erlang", "Gamma(shape: 3, mean: \"10ms\")` for an Erlang distribution of three phases"),
    ("HyperExponential", "Mixture(parts: [(weight: 9, of: Exponential(mean: \"5ms\")), ...])` for a hyperexponential distribution"),
    ("Hyperexponential", "Mixture(parts: [(weight: 9, of: Exponential(mean: \"5ms\")), ...])` for a hyperexponential distribution"),
    ("Deterministic", "Constant(\"10ms\")` for what is always as long"),
    ("Fixed", "Constant(\"10ms\")` for what is always as long"),
    ("Gaussian", "Normal(mean: \"10ms\", sd: \"2ms\")` for the bell curve, cut off at zero"),
    ("Lognormal", "LogNormal(median: \"20ms\", p99: \"80ms\")`"),
    ("ShiftedExponential", "Plus(constant: \"1ms\", of: Exponential(mean: \"5ms\"))` for what is never shorter than something"),
    ("ProcessorSharing", "serves: Sharing(cores: 4)` beside `workers` for requests that share cores"),
    ("PS", "serves: Sharing(cores: 4)` beside `workers` for requests that share cores"),
    ("FIFO", "Fifo(limit: 100)`"),
    ("FCFS", "Fifo(limit: 100)` for first come, first served"),
    ("LIFO", "Lifo(limit: 100)`"),
    ("LCFS", "Lifo(limit: 100)` for last come, first served"),
];

const TASKS: &[&str] = &["Call", "Work", "Write", "Parallel", "Send", "Maybe", "For", "AfterOwnWrite", "Try", "Saga"];
const NODES: &[&str] = &["Clients", "Service", "Broker", "Topic", "Router"];

/// Where a name belongs that means nothing in the place where it stands.
pub(super) fn place_of(name: &str) -> Option<String> {
    if let Some((_, ours)) = NAMES.iter().find(|(theirs, _)| *theirs == name) {
        return Some(format!("write `{ours}"));
    }
    let place = if TASKS.contains(&name) {
        "a task, which stands in the `does` of a service"
    } else if NODES.contains(&name) {
        "a node, which stands in `nodes` under its name"
    } else if Layer::explanations().iter().any(|(layer, ..)| *layer == name) {
        "a layer, which stands in `stacks` under the edge that it is for: `stacks: { \"caller -> callee\": [...] }`"
    } else if AnyFault::explanations().iter().any(|(fault, ..)| *fault == name) {
        "a fault, which stands in `faults`"
    } else {
        return None;
    };
    Some(format!("`{name}` is {place}"))
}

/// What to write in place of a bare text or number, where something with a name is wanted as the value of a field.
pub(super) fn value_meant(field: Option<&str>, text: &str) -> Option<String> {
    let word = text.trim_matches('"');
    let is_text = word.len() < text.len();
    match field {
        Some("does" | "otherwise") if is_text => Some(format!("write `Call({text})`")),
        Some("to") if is_text => Some(format!("write `Service({text})`")),
        Some("queue") if word.parse::<u32>().is_ok() => Some(format!("write `Fifo(limit: {word})`")),
        Some(_) if is_text && word.parse::<SimDuration>().is_ok() => {
            Some(format!("write `Constant({text})` for what is always as long, or another distribution"))
        }
        _ => None,
    }
}

/// An example of a field that has to be there.
pub(super) fn example_of(field: &str) -> Option<&'static str> {
    Some(match field {
        "backoff" => "write one such as `backoff: FullJitter(base: \"100ms\", cap: \"10s\")`",
        "arrivals" => "write some such as `arrivals: Poisson(rate: \"100/s\")`",
        "demand" => "write one such as `demand: Exponential(mean: \"10ms\")`",
        "workers" => "write how many requests a replica works on at the same time, `workers: 8`",
        "delay" => "write one such as `delay: Constant(\"1ms\")`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_tools_are_answered_with_ours_where_we_have_them() {
        assert_eq!(field_meant("ttl", &["lifetime", "per"]), Some("lifetime"));
        assert_eq!(field_meant("ttl", &["attempts"]), None);
        assert_eq!(field_meant("from", &["at", "lasts"]), Some("at"));
    }

    #[test]
    fn a_name_in_the_wrong_place_is_sent_to_the_right_one() {
        assert!(place_of("Call").is_some_and(|hint| hint.contains("`does` of a service")));
        assert!(place_of("Retry").is_some_and(|hint| hint.contains("`stacks`")));
        assert!(place_of("SlowNode").is_some_and(|hint| hint.contains("`faults`")));
        assert_eq!(place_of("Rtry"), None);
        assert!(place_of("Erlang").is_some_and(|hint| hint.starts_with("write `Gamma(shape: 3, ")));
        assert!(place_of("ProcessorSharing").is_some_and(|hint| hint.contains("`serves: Sharing(cores: 4)`")));
    }

    #[test]
    fn a_bare_value_is_shown_with_the_name_around_it() {
        assert_eq!(value_meant(Some("does"), "\"orders\"").as_deref(), Some("write `Call(\"orders\")`"));
        assert_eq!(value_meant(Some("queue"), "100").as_deref(), Some("write `Fifo(limit: 100)`"));
        assert!(value_meant(Some("demand"), "\"20ms\"").is_some_and(|hint| hint.starts_with("write `Constant(\"20ms\")`")));
        assert_eq!(value_meant(Some("demand"), "20"), None);
    }
}
