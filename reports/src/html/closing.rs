//! What stands last: what the words mean, and where everything came from?

use super::escaped;
use crate::command;
use scenarios::results::{Manifest, Results};
use std::fmt::Write as _;

/// What the words of the page mean.
pub fn definitions() -> String {
    const WORDS: &[(&str, &str)] = &[
        ("availability", "successful calls / calls started after the warm-up and before the horizon; unfinished calls did not succeed"),
        ("degraded", "the share of the successful calls that ended with a makeshift or an old answer, or rest on one"),
        ("wrong", "the share of the successful calls whose answer was altered on the way or a lie, or that rest on such an answer"),
        (
            "property violated",
            "runs in which something that the scenario states of every run is not true, of the runs that were asked; what is undecided or was never reached is not violated",
        ),
        (
            "rank",
            "an arm in which any run violates a stated property ranks behind every arm in which none does; else they are ordered by the share of runs that recovered (with faults), then availability, then the median recovery, then attempts per call of a client on all edges together (goodput under closed load): the first of these that differs decides; arms share a rank if none of them differs, seed by seed, by more than luck would in one case in twenty (two-sided sign test over the seeds that differ; at least six are needed)",
        ),
        (
            "best in a cell",
            "of the first rank there, with no run that violates a stated property; where no difference between the arms is shown, none is best",
        ),
        (
            "against the baseline",
            "median over the seeds of the difference of availability, in percentage points, same seed in both arms; with a 95 % interval by order statistics, which assumes no distribution and needs six seeds",
        ),
        ("better in", "seeds in which the arm's availability was higher than the baseline's, of all seeds compared"),
        (
            "recovery",
            "from the end of the last fault of an episode until service is back at its level for good; of a run with several episodes, the slowest; it runs to the end of the last rolling window (hold) below the level, so that service that is back at once reads up to hold",
        ),
        (
            "not recovered",
            "still below the level when the horizon or the next episode came, or stuck; such a run counts as longer than any limit and is shown as \u{201c}>\u{201d}, never averaged; point at the number for the 95 % interval of the share (Agresti and Coull)",
        ),
        ("stuck", "not recovered though no fault is active and first tries are offered at the rate they had before (metastable)"),
        ("recovery p50, p99", "Kaplan-Meier quantiles over the runs"),
        (
            "attempts per call",
            "attempts put on the wire per call, on the edge that is named, where calls are tried most often; the CSV has every edge; end to end: attempts on the edge that carries most of them, or on all edges of clients if these together carry more, per call of a client",
        ),
        (
            "p-value",
            "how often luck alone would show such a difference, or a larger one, between arms that are alike; two-sided, and corrected for the number of arms (Holm). The interval beside it is of the median, and the test weighs every seed by the size of its difference: near the edge one may see a difference that the other does not",
        ),
        ("edge", "a caller and its callee"),
        (
            "latency mean, p50, p99, median run",
            "of successful calls, from the intended start: each run has a mean and quantiles of its own calls, and what is shown is the median of these over the runs",
        ),
        ("quantile", "nearest rank: the smallest observed value that at least that share of the sample does not exceed"),
        (
            "worst seed",
            "most properties violated, then not recovered before recovered, then slowest, then lowest availability, then most attempts",
        ),
    ];
    let mut html = "<section>\n<h2 id=\"definitions\">Definitions</h2>\n<dl>\n".to_owned();
    for (word, meaning) in WORDS {
        let _ = writeln!(html, "<dt>{}</dt><dd>{}.</dd>", escaped(word), escaped(meaning));
    }
    html += "</dl>\n</section>\n";
    html
}

/// Where all this came from, how to get it again, and how to see that it is the same.
pub fn provenance(results: &Results) -> String {
    let manifest: &Manifest = &results.manifest;
    format!(
        "<footer>\n<h2 id=\"provenance\">Versions and commands</h2>\n<p>Again: <code>{}</code></p>\n\
         <p>Stormglass {}, scenario hash <code>{}</code>, digest of all {} runs <code>{:016x}</code>. The digest of each run is in <code>runs.csv</code>.</p>\n\
         <details><summary>The scenario</summary>\n<pre>{}</pre>\n</details>\n</footer>\n",
        escaped(&command::compare(manifest)),
        escaped(&manifest.tool_version),
        escaped(&manifest.scenario_hash),
        results.runs.len(),
        results.digest(),
        escaped(&manifest.text)
    )
}
