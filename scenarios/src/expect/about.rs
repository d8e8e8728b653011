//! What does `stormglass explain` say about each clause?

use models::faults::Parameter;

/// A page about one clause.
#[derive(Clone, Copy, Debug)]
pub struct ClausePage {
    /// Its name.
    pub name: &'static str,
    /// What it demands.
    pub meaning: &'static str,
    /// By which method the runs decide.
    pub judged: &'static str,
    /// Its fields, in order.
    pub parameters: &'static [Parameter],
    /// One that can be written as it stands.
    pub example: &'static str,
}

const fn field(name: &'static str, unit: &'static str, default: &'static str, meaning: &'static str) -> Parameter {
    Parameter { name, unit, default, meaning }
}

const LEAST: Parameter = field("at_least", "share", "no limit", "It is not below this.");
const MOST: Parameter = field("at_most", "share", "no limit", "It is not above this.");
const CALM: Parameter =
    field("outside_faults", "true or false", "false", "Whether only calls count that were started in bins no fault touches.");
const CLASS: Parameter = field("class", "name of a class", "all", "Only calls of this class of requests count.");
const ARMS: Parameter = field("arms", "list of names", "all", "The arms it speaks of.");

const ALERT: Parameter = field("alert", "name of an alert", "required", "The alert.");

const OVER_RUNS: &str = "The ratio of sums over runs, each run one draw: Student's t, and Hall's transformation on the long side of skewed \
                         runs. It passes or fails if the whole 95 % interval lies on one side of the limit; six runs are the fewest. A limit of \
                         0 % or 100 % is broken by one run and kept if none of six or more breaks it.";

const HALF: Parameter = field("p50", "duration", "no limit", "Half have at most this.");

/// All of them, in the order of the list.
pub const PAGES: [ClausePage; 14] = [
    ClausePage {
        name: "Availability",
        meaning: "The share of measured calls of clients that succeed, over all runs together.",
        judged: OVER_RUNS,
        parameters: &[LEAST, MOST, CALM, CLASS, ARMS],
        example: "Availability(at_least: \"99.9%\", outside_faults: true)",
    },
    ClausePage {
        name: "Recovery",
        meaning: "Quantiles of the recovery times of the runs. A run that never recovers is longer than any limit.",
        judged: "Exact binomial tests of 5 % in either direction: so many runs beyond the limit come up in less than one case in twenty though \
                 the claim were just true (it fails), or so few though it were just false (it passes). `p50` passes from 5 runs on, `p90` from 29, \
                 `p99` from 299.",
        parameters: &[
            HALF,
            field("p90", "duration", "no limit", "Nine of ten runs recover within this."),
            field("p99", "duration", "no limit", "All but one in a hundred runs recover within this."),
            ARMS,
        ],
        example: "Recovery(p90: \"20s\")",
    },
    ClausePage {
        name: "Stuck",
        meaning: "The share of the runs that are not recovered at the horizon though no fault is active and the load is what it was: a \
                  metastable failure.",
        judged: "The exact binomial interval of the share of the runs. 0 % and 100 % are broken by one run.",
        parameters: &[LEAST, MOST, CALM, CLASS, ARMS],
        example: "Stuck(at_most: \"0%\")",
    },
    ClausePage {
        name: "Amplification",
        meaning: "Attempts per call on an edge, over all runs together.",
        judged: OVER_RUNS,
        parameters: &[
            field("edge", "caller -> callee", "the first edge", "The edge it speaks of."),
            field("at_least", "number", "no limit", "It is not below this."),
            field("at_most", "number", "no limit", "It is not above this."),
            ARMS,
        ],
        example: "Amplification(at_most: 1.2)",
    },
    ClausePage {
        name: "Latency",
        meaning: "Quantiles of the latency of calls that succeed: of each run its own, and of those the median over the runs.",
        judged: "Order statistics of the runs' quantiles: it passes or fails if the whole 95 % interval of the median lies on one side of the \
                 limit. Six runs are the fewest.",
        parameters: &[
            HALF,
            field("p90", "duration", "no limit", "Nine of ten calls take no longer."),
            field("p99", "duration", "no limit", "All but one in a hundred take no longer."),
            field("p999", "duration", "no limit", "All but one in a thousand take no longer."),
            CLASS,
            ARMS,
        ],
        example: "Latency(p99: \"300ms\")",
    },
    ClausePage {
        name: "WrongAnswers",
        meaning: "The share of successes that rest on a wrong answer, altered on the way or a lie, over all runs together.",
        judged: OVER_RUNS,
        parameters: &[LEAST, MOST, CALM, CLASS, ARMS],
        example: "WrongAnswers(at_most: \"0%\")",
    },
    ClausePage {
        name: "Observation",
        meaning: "What a protocol, a clock, a cache or a service observes, named as `run` prints it. A count that a run does not mention is 0.",
        judged: "Every run that was made is judged by itself, and one breaks it.",
        parameters: &[
            field("name", "name", "required", "What is observed."),
            field("at_least", "count or duration", "no limit", "It is not below this in any run."),
            field("at_most", "count or duration", "no limit", "It is not above this in any run."),
            ARMS,
        ],
        example: "Observation(name: \"elections\", at_most: 3)",
    },
    ClausePage {
        name: "Uptime",
        meaning: "The share of measured time in which at least so many members of a service or group are up, over all runs together.",
        judged: OVER_RUNS,
        parameters: &[
            field("of", "name", "required", "The service or group."),
            field("members", "One, Majority, All or Count(2)", "required", "How many of its members are up at least."),
            LEAST,
            MOST,
            ARMS,
        ],
        example: "Uptime(of: \"shop\", members: Majority, at_least: \"99.9%\")",
    },
    ClausePage {
        name: "Detection",
        meaning: "Quantiles over the runs of the time from the begin of a fault until something reacts, or until an alert fires; of a run that of its \
                  slowest episode. A fault that is not detected is longer than any limit.",
        judged: "As Recovery: exact binomial tests of 5 % in either direction.",
        parameters: &[
            field("alert", "name of an alert", "any reaction", "The alert that detects."),
            HALF,
            field("p90", "duration", "no limit", "In nine of ten runs every fault is detected within this."),
            field("p99", "duration", "no limit", "In all but one in a hundred runs."),
            ARMS,
        ],
        example: "Detection(alert: \"page\", p90: \"2m\")",
    },
    ClausePage {
        name: "Precision",
        meaning: "The share of the alarms of an alert that are not false, over all runs together.",
        judged: OVER_RUNS,
        parameters: &[ALERT, LEAST, MOST, ARMS],
        example: "Precision(alert: \"page\", at_least: \"90%\")",
    },
    ClausePage {
        name: "Recall",
        meaning: "The share of the faults that an alert detects, over all runs together. One that harms nobody counts as well.",
        judged: OVER_RUNS,
        parameters: &[ALERT, LEAST, MOST, ARMS],
        example: "Recall(alert: \"page\", at_least: \"90%\")",
    },
    ClausePage {
        name: "Violated",
        meaning: "The share of runs in which a property is violated. Without such a clause a property that the scenario states is to hold in \
                  every run: say `at_least` of a variant that is known to be broken.",
        judged: "The exact binomial interval of the share of the runs that decide it. 0 % and 100 % are broken by one run.",
        parameters: &[field("property", "name of a property", "required", "The property, as tables name it."), LEAST, MOST, ARMS],
        example: "Violated(property: \"Linearizable\", at_least: \"5%\")",
    },
    ClausePage {
        name: "Measure",
        meaning: "Any number that a run has, by name (`stormglass list measures`, and whatever runs observe): over the runs, or its difference \
                  to another arm seed by seed. Values that were cut off are longer than any other; runs without a value are left out and counted.",
        judged: "Quantiles by order statistics, each end by itself (a quantile of a tenth passes from 36 runs on, one of a hundredth from 368), means as \
                 ratios of sums, shares that a run has or has not by the exact binomial interval; `Every` run is broken by one and kept from \
                 six on.",
        parameters: &[
            field("of", "name of a measure", "required", "The measure; those of an edge, service or class end in its name."),
            field(
                "over_runs",
                "Median, Mean, P1, P10, P90, P99 or Every",
                "Median",
                "What of the values of the runs, or of the differences.",
            ),
            field("at_least", "in the measure's unit", "no limit", "It is not below this; a difference of shares is in points, \"1pp\"."),
            field("at_most", "in the measure's unit", "no limit", "It is not above this."),
            field("than", "name of an arm", "none", "The limits are of the difference to this arm, seed by seed."),
            field("better_than", "name of an arm", "none", "It is better than in this arm, by however little."),
            field("worse_than", "name of an arm", "none", "It is worse than in this arm."),
            ARMS,
        ],
        example: "Measure(of: \"latency p99\", over_runs: P90, at_most: \"2s\")",
    },
    ClausePage {
        name: "In",
        meaning: "One of the others, in those cells of the grid alone in which paths that `sweep.vary` varies have these values; it is judged in each of \
                  them apart.",
        judged: "As the clause inside it.",
        parameters: &[
            field("cell", "map from path to value", "required", "The values that a cell has; paths that are not named may have any."),
            field("expect", "another clause", "required", "What is expected there."),
        ],
        example: "In(cell: {\"nodes.shoppers.arrivals.rate\": \"900/s\"}, expect: Availability(at_least: \"99%\"))",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::Clause;
    use crate::text::parse::options;

    #[test]
    fn there_is_a_page_for_every_clause_in_the_order_of_the_list() {
        assert_eq!(PAGES.map(|page| page.name).to_vec(), Clause::ALL.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn every_example_can_be_read_and_every_field_is_explained() {
        for page in PAGES {
            let read: Clause = options().from_str(page.example).unwrap_or_else(|error| panic!("{}: {error}", page.example));
            assert_eq!(read.check(), Ok(()), "{}", page.example);
            let unknown = options().from_str::<Clause>(&format!("{}(no_such_field: 1)", page.name)).expect_err("there is no such field");
            let ron::Error::NoSuchStructField { expected, .. } = unknown.code else { panic!("{}: {unknown}", page.name) };
            let explained: Vec<&str> = page.parameters.iter().map(|parameter| parameter.name).collect();
            assert_eq!(explained, expected, "{}", page.name);
        }
    }
}
