//! What does every chart look like? Draws one of each from shipped scenarios into `docs/gallery/`.
//!
//! `cargo run --release --example gallery` draws all of them again, byte by byte the same, in about half a minute on two cores; with a folder as
//! its argument it draws them there. Seeds are few, so that the pictures are quickly made: they show how charts look, not how a scenario ends.

use std::fs;
use std::path::{Path, PathBuf};
use stormglass::models::record::Record;
use stormglass::reports::charts::timeline::RunSeen;
use stormglass::reports::charts::{CHARTS, Picture, pictures};
use stormglass::reports::theme::Theme;
use stormglass::scenarios::journal::{Journal, KnownRuns};
use stormglass::scenarios::lanes::Lanes;
use stormglass::scenarios::library::find;
use stormglass::scenarios::results::Results;
use stormglass::scenarios::run::run;
use stormglass::scenarios::sweep::{SweepOptions, manifest, sweep};
use stormglass::scenarios::text::Source;
use stormglass::scenarios::windows::Strikes;
use stormglass::scenarios::{Extent, Scenario, read, threshold};
use stormglass::sim_core::observe::Observer;
use stormglass::sim_core::simulation::TieBreak;
use stormglass::sim_core::time::SimTime;

/// A shipped scenario, what is changed in it, how many seeds, and which pictures of it are shown under which names.
struct Shown {
    scenario: &'static str,
    changes: &'static [(&'static str, &'static str)],
    seeds: u32,
    pictures: &'static [(&'static str, &'static str)],
}

/// Quickest first: a test draws the first of these again.
const SHOWN: &[Shown] = &[
    Shown {
        scenario: "aws-jitter",
        changes: &[("sweep.vary", r#"{ "nodes.writers.count": [1, 10, 20, 30, 40, 50, 60] }"#)],
        seeds: 6,
        pictures: &[("calls-by-clients", ""), ("completion-by-clients", "")],
    },
    Shown {
        scenario: "aws-jitter",
        changes: &[("nodes.writers.count", "30"), ("sweep.vary", r#"{ "links[0].delay.mean": ["5ms", "10ms", "20ms", "40ms"] }"#)],
        seeds: 6,
        pictures: &[("attempts-along-axis", ""), ("completion-along-axis", "")],
    },
    Shown {
        scenario: "aws-jitter",
        changes: &[("sweep.vary", r#"{ "links[0].delay.mean": ["5ms", "10ms", "20ms"], "nodes.writers.count": [10, 20, 40] }"#)],
        seeds: 4,
        pictures: &[("completion-over-grid", "")],
    },
    Shown {
        scenario: "payment-brownout",
        changes: &[("nodes.shoppers.arrivals.rate", "300/s"), ("horizon", "120s")],
        seeds: 10,
        pictures: &[
            ("availability-over-time", ""),
            ("load-and-goodput", ""),
            ("attempts-by-number", ""),
            ("recovery-times", ""),
            ("recovery-ecdf", ""),
            ("paired-differences", ""),
            ("latency-by-arm", ""),
            ("latency-percentiles", ""),
            ("latency-over-time", ""),
            ("utilisation-over-time", ""),
            ("queue-over-time", ""),
            ("layers-over-time-1", ""),
        ],
    },
    Shown {
        scenario: "payment-brownout",
        changes: &[("horizon", "120s")],
        seeds: 6,
        pictures: &[("not-recovered-along-axis", ""), ("availability-along-axis", ""), ("latency-along-axis", "")],
    },
    Shown {
        scenario: "payment-brownout",
        changes: &[
            ("horizon", "100s"),
            ("sweep.vary", r#"{ "nodes.shoppers.arrivals.rate": ["150/s", "300/s", "370/s"], "nodes.payments.workers": [12, 16, 24] }"#),
        ],
        seeds: 4,
        pictures: &[("not-recovered-over-grid", ""), ("recovery-over-grid", ""), ("availability-over-grid", "")],
    },
    Shown { scenario: "stability-edge", changes: &[("horizon", "200s")], seeds: 10, pictures: &[("stability-edge", "")] },
    Shown {
        scenario: "stability-edge",
        changes: &[
            ("horizon", "200s"),
            (
                "sweep.vary",
                r#"{ "nodes.database.workers": [1, 2, 3], "nodes.callers.arrivals.rate": Bisect(from: "10/s", to: "290/s", until: Below(of: "availability", limit: "60%"), precision: "5/s") }"#,
            ),
        ],
        seeds: 6,
        pictures: &[("stability-edge", "stability-edge-over-workers")],
    },
    Shown { scenario: "priority-shedding", changes: &[], seeds: 6, pictures: &[("calls-by-class", "")] },
    Shown { scenario: "e-commerce", changes: &[], seeds: 3, pictures: &[("topology", ""), ("amplification", "")] },
];

/// One run drawn as lanes: the scenario, the arm and the seed.
const LANES: (&str, &str, u64) = ("cascade", "breaker", 1);

/// The scenario with the changes, or what is wrong with it.
fn scenario(name: &str, changes: &[(&str, &str)]) -> Scenario {
    let shipped = find(name).unwrap_or_else(|| panic!("{name} is shipped"));
    let changes: Vec<(String, String)> = changes.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    read(Source::new(name, shipped.text), name, &changes, Extent::Grid)
        .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
}

fn options(progress: &mut dyn FnMut(usize, usize)) -> SweepOptions<'_> {
    SweepOptions { jobs: 2, go_on: &|| true, progress }
}

/// Every run that is shown, kept nowhere.
fn made(shown: &Shown) -> Results {
    let mut scenario = scenario(shown.scenario, shown.changes);
    scenario.sweep.replications = shown.seeds;
    let (known, mut nowhere, mut quiet) = (KnownRuns::default(), Journal::nowhere(), |_: usize, _: usize| {});
    let mut results = sweep(&scenario, &known, &mut nowhere, options(&mut quiet)).expect("no file is written");
    for search in &scenario.searches {
        let found = threshold::search(&scenario, search, &known, &mut nowhere, options(&mut quiet)).expect("no file is written");
        results.thresholds.extend(found);
    }
    results
}

/// The pictures that are shown, each with the name of its file.
fn drawn(shown: &Shown) -> Vec<(String, Picture)> {
    let all = pictures(&made(shown), &Theme::light());
    let find = |(stem, name): &(&str, &str)| {
        let known: Vec<&str> = all.iter().map(|picture| picture.stem.as_str()).collect();
        let picture = all.iter().find(|picture| picture.stem == *stem).unwrap_or_else(|| panic!("{stem} is none of {known:?}"));
        (if name.is_empty() { picture.chart.to_owned() } else { (*name).to_owned() }, picture.clone())
    };
    shown.pictures.iter().map(find).collect()
}

/// One run as lanes.
fn lanes() -> String {
    let (name, arm, seed) = LANES;
    let scenario = scenario(name, &[]);
    let arm = scenario.arm(arm).expect("there is such an arm");
    let plan = &scenario.cells[0].arms[arm];
    let system = plan.of_run(seed);
    let (mut seen, mut strikes) = (Lanes::new(&system), Strikes::default());
    let mut observer = |at: SimTime, record: &Record| {
        seen.see(at, record);
        strikes.see(at, record);
    };
    let run = run(plan, seed, TieBreak::ByRank, Some(&mut observer as &mut dyn Observer<Record>));
    let (nodes, layers, faults) = (seen.nodes(&system), seen.layers(&system), strikes.windows(&system));
    let manifest = manifest(&scenario);
    RunSeen { manifest: &manifest, arm: arm as u32, seed, bins: &run.bins, faults: &faults, nodes: &nodes, layers: &layers }
        .svg(&Theme::light())
}

/// The page of the gallery: every chart in the order of a report, with what it shows.
fn page(shown: &[(String, Picture)]) -> String {
    let mut page = "# Gallery\n\nEvery chart of Stormglass, drawn from shipped scenarios over a few seeds by `cargo run --release --example gallery`. \
                    The command below a picture makes its runs again.\n"
        .to_owned();
    for chart in CHARTS {
        for (name, picture) in shown.iter().filter(|(_, picture)| picture.chart == chart.name()) {
            page += &format!("\n## {name}\n\n{}.\n\n![{}]({name}.svg)\n", picture.summary, picture.summary);
        }
    }
    page + "\n## timeline-of-one-run\n\nWhat the nodes of one run went through: lives, faults, queues and breakers (`stormglass run S --chart FILE.svg`).\n\n\
            ![Lanes of the nodes of one run](timeline-of-one-run.svg)\n"
}

/// Where the gallery is kept.
fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gallery")
}

/// Draws everything into a folder, and answers how many pictures there are.
fn draw_into(folder: &Path) -> usize {
    fs::create_dir_all(folder).expect("the folder can be made");
    let put = |name: &str, text: &str| fs::write(folder.join(name), text).expect("the folder can be written");
    let mut all = Vec::new();
    for shown in SHOWN {
        for (name, picture) in drawn(shown) {
            put(&format!("{name}.svg"), &picture.svg);
            all.push((name, picture));
        }
    }
    put("timeline-of-one-run.svg", &lanes());
    put("README.md", &page(&all));
    let is_shown = |name: &str| all.iter().any(|(_, picture)| picture.chart == name);
    let missing: Vec<&str> = CHARTS.iter().map(|chart| chart.name()).filter(|name| !is_shown(name)).collect();
    assert!(missing.is_empty(), "the gallery lacks {missing:?}");
    all.len() + 1
}

fn main() {
    let folder = std::env::args().nth(1).map_or_else(kept, PathBuf::from);
    println!("{} pictures in {}", draw_into(&folder), folder.display());
}

#[test]
#[ignore = "draws all of it, which takes minutes without optimisation"]
fn the_whole_gallery_drawn_again_is_the_same_files() {
    // Kept for whoever wants to see what has changed.
    let folder = tempfile::tempdir().expect("there is room for a folder").keep();
    draw_into(&folder);
    for file in fs::read_dir(&folder).expect("it was made").flatten() {
        let same = fs::read(kept().join(file.file_name())).is_ok_and(|kept| fs::read(file.path()).is_ok_and(|drawn| drawn == kept));
        assert!(same, "{} is not what the gallery holds: cargo run --release --example gallery", file.path().display());
    }
}

#[test]
fn a_picture_of_the_gallery_drawn_again_is_the_same_file() {
    let folder = kept();
    for (name, picture) in drawn(&SHOWN[0]) {
        let kept = fs::read_to_string(folder.join(format!("{name}.svg"))).expect("the gallery holds it");
        assert!(kept == picture.svg, "{name}.svg is not what is drawn now: cargo run --release --example gallery");
    }
}

#[test]
fn the_gallery_shows_every_chart_and_names_no_picture_that_it_lacks() {
    let folder = kept();
    let page = fs::read_to_string(folder.join("README.md")).expect("the gallery has a page");
    for named in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(folder.join(named).is_file(), "{named}");
    }
    for chart in CHARTS {
        assert!(page.contains(&format!("## {}", chart.name())), "the gallery lacks {}", chart.name());
    }
}
