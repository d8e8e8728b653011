//! Where the edge of the stable region is, when it is looked for.
//!
//! A database of known capacity C whose queue is long: a call that is made n times asks for n * load of it, so that the queue gets shorter only
//! below C / n; with a budget of a share r of retries below C / (1 + r). Closed form; the shipped scenario is `stability-edge`. Near the
//! edge the queue takes longer to empty than a run has time, so what is found lies a little below.

use super::page::{Section, here};
use scenarios::journal::{Journal, KnownRuns};
use scenarios::sweep::SweepOptions;
use scenarios::text::Source;
use scenarios::threshold::{Edge, Threshold, search};
use scenarios::{Extent, read};
use sim_core::stats::quantile::Quantile;

const NAMES: [&str; 3] = ["one retry", "two retries", "retries rationed"];

fn found(jobs: usize) -> Threshold {
    let text = scenarios::library::find("stability-edge").expect("it is shipped").text;
    let mut scenario = read(Source::new("stability-edge", text), "stability-edge", &[], Extent::Grid).expect("it is sound");
    scenario.sweep.replications = 7;
    let options = SweepOptions { jobs, go_on: &|| true, progress: &mut |_, _| {} };
    let threshold = &scenario.searches[0];
    search(&scenario, threshold, &KnownRuns::default(), &mut Journal::nowhere(), options)
        .expect("no files")
        .expect("it was not told to stop")
}

#[test]
fn retries_move_the_edge_to_the_capacity_divided_by_the_attempts() {
    let mut page = Section::open(
        here!(),
        "closed form: a call that is made n times asks for n * load, so that a long queue gets shorter only below capacity / n.",
        "seeds 1 to 7 of `stability-edge`, each looked for in steps of 1/s; near the edge 340 s do not suffice to get well.",
    );
    let threshold = found(2);
    let median = |arm: usize| {
        let index = Quantile::MEDIAN.of(&threshold.edges[arm].sorted(threshold.steps())).expect("every seed has an edge");
        let rate = threshold.values.get(index as usize).expect("it lies between the ends");
        rate.trim_end_matches("/s").parse::<f64>().expect("it is a rate")
    };
    for (arm, edge) in [(0, 100.0_f64 / 2.0), (1, 100.0 / 3.0), (2, 100.0 / 1.1)] {
        let bounds = (0.85 * edge).floor()..=(edge + 1.0).floor();
        page.bound(&format!("edge of \"{}\", median of the seeds, in closed form {edge:.1}/s", NAMES[arm]), "1/s", median(arm), bounds, 7);
    }
    // Far beyond the edge service is down before the fault already, and no run is called sound for that.
    let has_edge = |edge: &Edge| matches!(edge, Edge::At(_));
    assert!(threshold.edges.iter().flat_map(|edges| &edges.of_seeds).all(|(_, edge)| has_edge(edge)), "{:?}", threshold.edges);
    let contradictions: u32 = threshold.edges.iter().map(|edges| edges.contradictions).sum();
    assert_eq!(contradictions, 0, "a run is sound before its edge and stuck beyond it");
    assert_eq!(found(1), threshold, "threads decide nothing");
}
