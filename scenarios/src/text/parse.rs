//! What does one element mean as a Rust value?
//!
//! [`parse`] reads with the three extensions of RON that scenarios rely on and nobody has to enable: `Some` may be left
//! out, and the brackets of a wrapped struct are written once. What goes wrong is explained in `explain.rs`.

use super::explain;
use super::tree::Element;
use crate::problem::{Problem, one_of};
use ron::Options;
use ron::error::SpannedError;
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

/// Returns how scenarios are read everywhere.
pub fn options() -> Options {
    Options::default().with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES)
}

/// Returns the element as a value of type `T`, or its first problem with the place in the whole file.
///
/// An unknown variant is reported under the name of its enum: "unknown backoff `FullJiter`" for `enum Backoff`.
pub fn parse<T: DeserializeOwned>(element: Element<'_>) -> Result<T, Problem> {
    read(element, None)
}

/// Does what [`parse`] does, and calls the element itself `noun` when its variant is unknown: "unknown layer `Rtry`".
pub fn parse_as<T: DeserializeOwned>(element: Element<'_>, noun: &str) -> Result<T, Problem> {
    read(element, Some(noun))
}

fn read<T: DeserializeOwned>(element: Element<'_>, noun: Option<&str>) -> Result<T, Problem> {
    options().from_str(element.text()).map_err(|error| {
        let unnamed = explain::unnamed(element, &error);
        let fields = unnamed.and_then(|tuple| Some((tuple.variant_name()?, fields_of::<T>(element, tuple)?)));
        if let Some(problem) = what_is_missing::<T>(element, &error) {
            return problem;
        }
        let missing = all_missing::<T>(element, &error);
        let problem = explain::explain(element, noun, error);
        if let [first, .., last] = missing.as_slice() {
            let (name, before) = (explain::around(element, problem.place), &missing[..missing.len() - 1]);
            let listed: Vec<String> = before.iter().map(|field| format!("`{field}`")).collect();
            let problem = Problem { message: format!("{} and `{last}` are missing", listed.join(", ")), ..problem };
            return match name.and_then(Element::variant_name) {
                Some(name) => problem.hint(format!("`{name}({first}: ..., ...)`: `stormglass explain {name}` says what each of them is")),
                None => problem,
            };
        }
        match fields {
            Some((name, [])) => problem.hint(format!("`{name}` has no fields: write `{name}()`")),
            Some((name, [only])) => problem.hint(format!("write `{name}({only}: ...)`")),
            Some((name, fields)) => {
                problem.hint(format!("the fields of `{name}` are {}: write `{name}({}: ..., ...)`", fields.join(", "), fields[0]))
            }
            None => problem,
        }
    })
}

/// Returns what is wrong if `Breaker()` or `Hedge(delay: "1s")` is written where one of several is to be named, or `Timeout()` where a value
/// belongs.
fn what_is_missing<T: DeserializeOwned>(element: Element<'_>, error: &SpannedError) -> Option<Problem> {
    use ron::Error::{ExpectedIdentifier, InvalidValueForType, NoSuchEnumVariant, SuggestRawIdentifier, UnexpectedChar};
    if !matches!(
        error.code,
        ExpectedIdentifier | InvalidValueForType { .. } | NoSuchEnumVariant { .. } | SuggestRawIdentifier(_) | UnexpectedChar(_)
    ) {
        return None;
    }
    let (outer, field) = explain::without_value(element, error)?;
    let name = outer.variant_name()?;
    let (names, family) = match with_body::<T>(element, outer, "(NothingIsCalledThis())") {
        NoSuchEnumVariant { expected, found, outer } if found == "NothingIsCalledThis" => (expected, outer.unwrap_or_default()),
        // What takes a value without a name says so of a number.
        _ if field.is_none() => match with_body::<T>(element, outer, "(0)") {
            InvalidValueForType { expected, found } if found.contains('0') => {
                return Some(Problem::new(format!("`{name}()` is empty")).at(outer.head()).expected(expected));
            }
            _ => return None,
        },
        _ => return None,
    };
    let message = match field {
        None => format!("`{name}()` does not say which {family}"),
        Some(field) if names.contains(&field) => return None,
        Some(field) => format!("`{name}` has no field `{field}`: it says which {family} it holds, and that has the fields"),
    };
    let has_field = |variant: &&str| {
        let body = format!("({variant}(no_field_is_called_this: 0))");
        let fields = match with_body::<T>(element, outer, &body) {
            ron::Error::NoSuchStructField { expected, .. } => expected,
            _ => &[],
        };
        field.is_some_and(|field| fields.contains(&field))
    };
    // Some can be written without a word.
    let is_whole = |variant: &&str| with_body::<T>(element, outer, &format!("({variant}())")) == ron::Error::Eof;
    let meant = names.iter().copied().find(has_field).or_else(|| names.iter().copied().find(is_whole)).or(names.first().copied())?;
    let inner = field.filter(|_| has_field(&meant)).map_or(String::new(), |field| format!("{field}: ..."));
    let problem = Problem::new(message).at(outer.head()).expected(one_of(names.iter().copied()));
    Some(problem.hint(format!("write `{name}({meant}({inner}))`")))
}

/// The fields of the member of this name of a family that a scenario can write, and those of them that have to be there; nothing if it has no
/// fields with names.
pub fn fields_named<T: DeserializeOwned>(name: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let ask = |body: &str| options().from_str::<T>(&format!("{name}{body}")).err();
    let known = match ask("(no_field_is_called_this: 0)").map(|error| error.code) {
        Some(ron::Error::NoSuchStructField { expected, .. }) => expected.to_vec(),
        _ => Vec::new(),
    };
    let source = super::Source::new("", format!("{name}()"));
    let missing = source.root().ok().zip(ask("()")).map(|(element, error)| all_missing::<T>(element, &error));
    (known, missing.unwrap_or_default())
}

/// Values of all the kinds that fields have: one of them fits a field that is missing, so that the next one shows.
const KINDS: [&str; 18] = [
    "1",
    "1.5",
    "\"1s\"",
    "\"50%\"",
    "\"1/s\"",
    "\"1kB\"",
    "\"x\"",
    "[]",
    "{}",
    "true",
    "Constant(\"1s\")",
    "Immediate()",
    "[\"1s\"]",
    "Constant(rate: \"1/s\")",
    "RoundRobin()",
    "One",
    "[1]",
    "()",
];

/// Returns the fields that are missing in the brackets where one is, in the order in which RON asks for them; nothing if none is.
fn all_missing<T: DeserializeOwned>(element: Element<'_>, error: &SpannedError) -> Vec<&'static str> {
    let missing_in = |error: &ron::Error| if let ron::Error::MissingStructField { field, .. } = error { Some(*field) } else { None };
    let Some(first) = missing_in(&error.code) else { return Vec::new() };
    let mut missing = vec![first];
    let Some(outer) = explain::lacking(element, error).filter(|outer| outer.body().text().starts_with('(')) else { return missing };
    let known = fields_of::<T>(element, outer).unwrap_or_default();
    let at = outer.body().span().start() - element.span().start() + 1;
    let mut text = element.text().to_owned();
    while known.contains(&missing[missing.len() - 1]) {
        let filled = |kind: &&str| [&text[..at], missing[missing.len() - 1], ": ", kind, ", ", &text[at..]].concat();
        let next = KINDS.iter().map(filled).find_map(|text| {
            let field = missing_in(&options().from_str::<T>(&text).err()?.code)?;
            (known.contains(&field) && !missing.contains(&field)).then_some((text, field))
        });
        let Some((filled, field)) = next else { break };
        text = filled;
        missing.push(field);
    }
    missing
}

/// Returns what RON says of the element if `outer` inside it had these brackets.
fn with_body<T: DeserializeOwned>(element: Element<'_>, outer: Element<'_>, body: &str) -> ron::Error {
    let old = outer.body().span();
    let (start, end) = (old.start() - element.span().start(), old.end() - element.span().start());
    let probe = [&element.text()[..start], body, &element.text()[end..]].concat();
    options().from_str::<T>(&probe).err().map_or(ron::Error::Eof, |error| error.code)
}

/// Returns the fields that a `T` has where `tuple` stands: RON names them when it meets one that is certainly unknown.
fn fields_of<T: DeserializeOwned>(element: Element<'_>, tuple: Element<'_>) -> Option<&'static [&'static str]> {
    match with_body::<T>(element, tuple, "(no_field_is_called_this: 0)") {
        ron::Error::NoSuchStructField { expected, .. } => Some(expected),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use models::Explained;
    use models::registry::Complaint;
    use models::strategies::balance::AnyBalancer;
    use models::strategies::breaker::AnyBreaker;
    use models::strategies::bulkhead::AnyBulkhead;
    use models::strategies::cache::{Cache, Coalesce, IdempotencyKeys};
    use models::strategies::concurrency::AnyConcurrency;
    use models::strategies::ejection::AnyEjector;
    use models::strategies::health::AnyHealthCheck;
    use models::strategies::hedge::AnyHedge;
    use serde::{Deserialize, Serialize};
    use sim_core::units::Share;

    /// The layer that holds a breaker, as the examples write it.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Around {
        Breaker(AnyBreaker),
    }

    #[test]
    fn every_example_of_a_breaker_can_be_read_and_written_back() {
        for (name, _, about) in AnyBreaker::explanations() {
            let read = options().from_str::<Around>(about.example);
            let Around::Breaker(breaker) = read.as_ref().unwrap_or_else(|error| panic!("{}: {error}", about.example));
            assert_eq!((breaker.name(), breaker.check()), (name, Vec::new()));
            let written = options().to_string(read.as_ref().expect("it was read")).expect("a breaker can be written");
            assert_eq!(options().from_str::<Around>(&written), read, "{written}");
        }
    }

    #[test]
    fn a_breaker_without_a_word_has_the_numbers_of_its_product() {
        let bare = AnyBreaker::explanations().into_iter().map(|(name, ..)| name).filter(|name| *name != "ConsecutiveFailures");
        for name in bare {
            let breaker = options().from_str::<AnyBreaker>(&format!("{name}()")).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(breaker.check(), [], "{name}");
            let problem = options().from_str::<AnyBreaker>(&format!("{name}(treshold: 1)")).expect_err("there is no such field");
            assert!(problem.to_string().contains("treshold"), "{problem}");
        }
    }

    /// What chooses replicas, limits what is under way, sends copies, keeps answers and probes, as the examples write it.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shown {
        Balance {
            policy: AnyBalancer,
            #[serde(default)]
            outliers: Option<AnyEjector>,
            #[serde(default)]
            health: Option<AnyHealthCheck>,
            #[serde(default)]
            panic_threshold: Option<Share>,
        },
        Bulkhead(AnyBulkhead),
        ConcurrencyLimit(AnyConcurrency),
        Hedge(AnyHedge),
        Cache(Cache),
        Coalesce(Coalesce),
        IdempotencyKeys(IdempotencyKeys),
    }

    impl Shown {
        fn complaints(&self) -> Vec<Complaint> {
            match self {
                Self::Balance { policy, outliers, health, .. } => {
                    let of_replicas = outliers.iter().flat_map(AnyEjector::check).chain(health.iter().flat_map(AnyHealthCheck::check));
                    policy.check().into_iter().chain(of_replicas).collect()
                }
                Self::Bulkhead(inner) => inner.check(),
                Self::ConcurrencyLimit(inner) => inner.check(),
                Self::Hedge(inner) => inner.check(),
                Self::Cache(inner) => inner.check(),
                Self::Coalesce(_) => Vec::new(),
                Self::IdempotencyKeys(inner) => inner.check(),
            }
        }
    }

    #[test]
    fn every_example_of_a_balancer_ejector_limit_hedge_cache_and_probe_can_be_read_and_written_back() {
        let families = [
            AnyBalancer::explanations(),
            AnyEjector::explanations(),
            AnyBulkhead::explanations(),
            AnyConcurrency::explanations(),
            AnyHedge::explanations(),
            AnyHealthCheck::explanations(),
        ];
        let mut examples: Vec<&str> = families.concat().into_iter().map(|(_, _, about)| about.example).collect();
        examples.extend([Cache::ABOUT.example, Coalesce::ABOUT.example, IdempotencyKeys::ABOUT.example]);
        assert_eq!(examples.len(), 29);
        for example in examples {
            let read: Shown = options().from_str(example).unwrap_or_else(|error| panic!("{example}: {error}"));
            assert_eq!(read.complaints(), [], "{example}");
            let written = options().to_string(&read).expect("what was read can be written");
            assert_eq!(options().from_str::<Shown>(&written).expect("and read again"), read, "{written}");
        }
    }

    #[test]
    fn all_fields_that_are_missing_are_named_at_once() {
        let said = |text: &'static str| {
            let source = crate::text::Source::new("x.ron", text);
            let problem = parse::<Shown>(source.root().expect("it is RON")).expect_err("something is missing");
            (problem.message, problem.hint.unwrap_or_default())
        };
        let (message, hint) = said("Hedge(Tower())");
        assert_eq!(message, "`latency_percentile`, `min_data_points` and `period` are missing");
        assert!(hint.contains("stormglass explain Tower"), "{hint}");
        assert_eq!(said("Hedge(Tower(period: \"10s\"))").0, "`latency_percentile` and `min_data_points` are missing");
        assert_eq!(said("Hedge(Tower(period: \"10s\", min_data_points: 3))").0, "`latency_percentile` is missing");
    }

    #[test]
    fn one_share_of_an_experiment_needs_no_list() {
        let read = |shares: &str| {
            let text = format!(
                "(from: \"10s\", lasts: \"20s\", over: \"5s\", hypothesis: [Availability(at_least: \"90%\")], clients: {shares}, traffic: {shares}, blast_radius: {shares})"
            );
            options().from_str::<models::faults::Experiment>(&text)
        };
        let listed = read("[\"5%\"]").expect("a list of shares");
        assert_eq!(read("\"5%\"").expect("one share"), listed);
        assert_eq!(listed.traffic, [Share::percent(5)]);
        assert_eq!(read("[\"5%\", \"10%\"]").expect("two shares").clients.len(), 2);
        let wrong = read("5").expect_err("a number is no share").to_string();
        assert!(wrong.contains("or a list of shares"), "{wrong}");
        assert!(read("\"five\"").expect_err("no share").to_string().contains("five"));
    }

    #[test]
    fn what_has_defaults_in_its_product_can_be_written_without_a_word() {
        let bare = [
            "Balance(policy: LeastRequest())",
            "Balance(policy: PeakEwma(), outliers: Envoy())",
            "Balance(policy: BoundedLoad())",
            "Bulkhead(Semaphore())",
            "Bulkhead(HystrixSemaphore())",
            "ConcurrencyLimit(Vegas())",
            "ConcurrencyLimit(Gradient2(window: ()))",
            "ConcurrencyLimit(Aimd())",
            "Hedge(Polly())",
            "Hedge(AfterPercentile())",
            "Coalesce()",
            "IdempotencyKeys()",
            "Balance(policy: Random(), health: KubernetesProbe())",
        ];
        for text in bare {
            let read: Shown = options().from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(read.complaints(), [], "{text}");
        }
        let problem = options().from_str::<Shown>("Balance(policy: LeastRequest(choices: 2))").expect_err("there is no such field");
        assert!(problem.to_string().contains("choices"), "{problem}");
    }
}
