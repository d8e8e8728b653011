//! Does every word of a picture have its own place on the paper?
//!
//! The boxes of all texts, as the SVG lays them out in the embedded font: none leaves the picture, no two lie on each other.

use super::sample::{grids, manifest};
use reports::charts::timeline::RunSeen;
use reports::charts::{self, CHARTS};
use reports::theme::Theme;
use scenarios::expect::{Clause, RecoveryLimits};
use scenarios::lanes::{LayerLane, NodeLane, Span, Unusual};
use scenarios::measure::Bin;
use scenarios::results::{FaultWindow, Results};
use sim_core::time::{SimDuration, SimTime};
use std::collections::BTreeSet;
use std::fmt;

/// Where a text stands, in pixels.
#[derive(Clone, Debug)]
struct TextBox {
    words: String,
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl fmt::Display for TextBox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { words, left, top, right, bottom } = self;
        write!(formatter, "\"{words}\" at {left:.0}..{right:.0}, {top:.0}..{bottom:.0}")
    }
}

/// An attribute of a text, or of the group that it shares it with.
fn inherited<'a>(text: &roxmltree::Node<'a, '_>, name: &str) -> Option<&'a str> {
    text.ancestors().take_while(|node| node == text || node.has_tag_name("g")).find_map(|node| node.attribute(name))
}

impl TextBox {
    fn of(text: &roxmltree::Node<'_, '_>, fine: f64) -> Self {
        let number = |name: &str| -> f64 {
            let value = inherited(text, name).unwrap_or("0");
            value.parse().unwrap_or_else(|_| panic!("{name} of a text is a number, and not {value}"))
        };
        let (x, y, size) = (number("x") / fine, number("y") / fine, number("font-size") / fine);
        let width = number("textLength") / fine;
        let begin = match inherited(text, "text-anchor") {
            Some("middle") => -width / 2.0,
            Some("end") => -width,
            _ => 0.0,
        };
        // How far letters reach above and below the line they stand on, without what few of them have.
        let (above, below) = match text.attribute("dy") {
            Some("0.76em") => (0.04, 0.8),
            Some("0.5ex") => (0.46, 0.38),
            Some("-0.5ex") => (0.96, -0.02),
            _ => (0.76, 0.2),
        };
        let is_upright = text.attribute("transform").is_some_and(|transform| transform.starts_with("rotate(270"));
        let words = text.text().unwrap_or_default().to_owned();
        if is_upright {
            return Self { words, left: x - size * 0.6, right: x + size * 0.6, top: y - begin - width, bottom: y - begin };
        }
        Self { words, left: x + begin, right: x + begin + width, top: y - above * size, bottom: y + below * size }
    }

    fn meets(&self, other: &Self) -> bool {
        // What only touches can be read.
        const LEAST: f64 = 1.0;
        let across = self.right.min(other.right) - self.left.max(other.left);
        let down = self.bottom.min(other.bottom) - self.top.max(other.top);
        across > LEAST && down > LEAST
    }
}

/// What is wrong with the texts of a picture.
fn faults_of(svg: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(svg).expect("a picture is sound XML");
    let root = document.root_element();
    let size = |name: &str| root.attribute(name).and_then(|value| value.parse::<f64>().ok()).expect("a picture has a size");
    let (width, height) = (size("width"), size("height"));
    let of_view_box =
        root.attribute("viewBox").and_then(|all| all.split(' ').nth(2)?.parse::<f64>().ok()).expect("a picture has a view box");
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    let boxes: Vec<TextBox> = texts.map(|text| TextBox::of(&text, of_view_box / width)).filter(|one| !one.words.is_empty()).collect();
    let is_cut = |one: &&TextBox| one.left < 0.0 || one.top < 0.0 || one.right > width || one.bottom > height;
    let mut faults: Vec<String> = boxes.iter().filter(is_cut).map(|one| format!("{one} leaves the picture")).collect();
    for (index, one) in boxes.iter().enumerate() {
        faults.extend(boxes[index + 1..].iter().filter(|other| one.meets(other)).map(|other| format!("{one} lies on {other}")));
    }
    faults
}

#[test]
fn no_words_lie_on_each_other_or_leave_the_picture_with_ten_arms_of_long_names() {
    let mut found = Vec::new();
    let (mut looked_at, mut kinds) = (0, BTreeSet::new());
    let folder = super::fresh("layout");
    std::fs::create_dir_all(&folder).expect("there is room for a folder");
    for (name, results) in grids::all() {
        let pictures = charts::pictures(&results, &Theme::light());
        for picture in &pictures {
            looked_at += 1;
            // Ten arms or more are what is promised; some pictures speak of none.
            if results.manifest.arms.len() >= 10 {
                kinds.insert(picture.chart);
            }
            // Ten arms are what a page has to bear.
            let is_light = picture.svg.len() < 200_000 || results.manifest.arms.len() > 10;
            assert!(is_light, "{name} {} has {} bytes: too heavy for a page", picture.stem, picture.svg.len());
            // For whoever wants to look at them as well.
            std::fs::write(folder.join(format!("{name} {}.svg", picture.stem)), &picture.svg).expect("there is room for a picture");
            found.extend(faults_of(&picture.svg).into_iter().map(|fault| format!("{name}, {}: {fault}", picture.stem)));
        }
    }
    assert!(looked_at > 100, "{looked_at}");
    let without: Vec<&str> = CHARTS.iter().map(|chart| chart.name()).filter(|name| !kinds.contains(name)).collect();
    // Those two need rates and clients to be counted: the same chart as those along any other axis, whose pictures are there.
    assert_eq!(without, ["calls-by-clients", "completion-by-clients"]);
    assert!(found.is_empty(), "{} faults\n{}", found.len(), found.join("\n"));
}

/// One run of many nodes with long names: some die, some stand still, queues grow, breakers open.
fn lanes(nodes: u64) -> (Vec<NodeLane>, Vec<LayerLane>, Vec<FaultWindow>) {
    let at = |secs: u64| SimTime::ZERO + SimDuration::from_secs(secs);
    let node = |number: u64| NodeLane {
        name: format!("recommendations-for-people-who-bought-nothing-yet[{number}]"),
        down: if number.is_multiple_of(3) { vec![Span { begin: at(20), end: Some(at(30)) }] } else { Vec::new() },
        paused: if number.is_multiple_of(4) { vec![Span { begin: at(50), end: None }] } else { Vec::new() },
        queue: (0..120).map(|second| (number * second * 11 % 5_000) as u32).collect(),
    };
    let unusual = |closed_off, half_open| Unusual { closed_off, half_open };
    let layer = |number: u64| LayerLane {
        name: format!("front-page -> recommendations-for-people-who-bought-nothing-yet, Breaker {number}"),
        steps: vec![(at(21), unusual(3, 0)), (at(26), unusual(0, 3)), (at(27), unusual(0, 0))],
    };
    let fault = |number: u64| FaultWindow {
        label: format!("crash of recommendations-for-people-who-bought-nothing-yet[{number}]"),
        what: None,
        begin: at(20 + 3 * number),
        end: Some(at(30 + 3 * number)),
    };
    ((0..nodes).map(node).collect(), (0..2).map(layer).collect(), (0..4).map(fault).collect())
}

#[test]
fn the_lanes_of_one_run_have_room_for_long_names_and_many_nodes() {
    let manifest = manifest(&[grids::TEN[0].0]);
    let bins = vec![Bin { started: 10, succeeded: 7, completed: 7, failed: 3, attempts: 14 }; 120];
    for count in [1, 5, 60] {
        let (nodes, layers, faults) = lanes(count);
        let seen = RunSeen { manifest: &manifest, arm: 0, seed: 7, bins: &bins, faults: &faults, nodes: &nodes, layers: &layers };
        let svg = seen.svg(&Theme::light());
        std::fs::create_dir_all(super::fresh("lanes")).expect("there is room for a folder");
        std::fs::write(super::fresh("lanes").with_extension(format!("{count}.svg")), &svg).expect("there is room for a picture");
        let found = faults_of(&svg);
        assert!(found.is_empty(), "{count} nodes\n{}", found.join("\n"));
        assert_eq!(svg.contains("nodes in which nothing happened, or less, are not drawn"), count == 60);
        let rows = seen.table().rows.len();
        assert!(rows > 10 * count as usize, "{rows} rows of {count} nodes");
        assert!(svg.contains("--chart"), "it says how it is made again");
    }
}

#[test]
fn numbers_of_paired_differences_stand_clear_of_every_line() {
    for results in [grids::ten(40), super::brownout(super::SIX, 40)] {
        let pictures = charts::pictures(&results, &Theme::light());
        let mut seen = 0;
        for picture in pictures.iter().filter(|picture| picture.chart == "paired-differences") {
            let document = roxmltree::Document::parse(&picture.svg).expect("a picture is sound XML");
            // Every line of the picture by its two ends, in pixels.
            let ends = |node: roxmltree::Node<'_, '_>| -> Vec<(f64, f64)> {
                let points = node.attribute("points").unwrap_or_default().split_whitespace().filter_map(|point| point.split_once(','));
                points.filter_map(|(x, y)| Some((x.parse::<f64>().ok()? / 10.0, y.parse::<f64>().ok()? / 10.0))).collect()
            };
            let drawn: Vec<Vec<(f64, f64)>> = document.descendants().filter(|node| node.has_tag_name("polyline")).map(ends).collect();
            assert!(drawn.iter().filter(|line| line.len() == 2).count() > results.manifest.arms.len(), "{drawn:?}");
            let numbers: Vec<TextBox> = document
                .descendants()
                .filter(|node| node.has_tag_name("text") && inherited(node, "font-size") == Some("115"))
                .map(|text| TextBox::of(&text, 10.0))
                .collect();
            seen += numbers.len();
            for one in numbers {
                let meets = |pair: &[(f64, f64)]| {
                    let ((a, b), (c, d)) = (pair[0], pair[1]);
                    a.min(c) < one.right && a.max(c) > one.left && b.min(d) < one.bottom && b.max(d) > one.top
                };
                assert!(!drawn.iter().any(|line| line.windows(2).any(meets)), "{one} lies on a line");
            }
        }
        assert_eq!(seen, 5 * (results.manifest.arms.len() - 1));
    }
}

#[test]
fn what_is_expected_of_each_of_ten_arms_stands_beside_its_name_and_no_line_runs_through_words() {
    let mut results = grids::ten(20);
    let names = results.manifest.arms.clone();
    let expected = |(arm, name): (u64, &String)| {
        let within = |seconds| Some(SimDuration::from_secs(seconds));
        Clause::Recovery(RecoveryLimits { p50: within(5), p90: within(8 + arm), p99: None, arms: Some(vec![name.clone()]) })
    };
    results.manifest.expect = (0..).zip(&names).map(expected).collect();
    let of_all = Clause::Recovery(RecoveryLimits { p99: Some(SimDuration::from_secs(30)), ..RecoveryLimits::default() });
    results.manifest.expect.push(of_all);
    let pictures = charts::pictures(&results, &Theme::light());
    let svg = &pictures.iter().find(|picture| picture.chart == "recovery-times").expect("runs recover").svg;
    let document = roxmltree::Document::parse(svg).expect("a picture is sound XML");
    let texts: Vec<_> = document.descendants().filter(|node| node.has_tag_name("text")).collect();
    let words: String = texts.iter().filter_map(roxmltree::Node::text).collect::<Vec<_>>().join(" ");
    for arm in 0..10 {
        assert!(words.contains(&format!("; expected: p90 within {} s)", 8 + arm)), "{arm}: {words}");
    }
    assert_eq!(words.matches("expected of every arm: p50 within 5 s, p99 within 30 s").count(), 1, "{words}");
    let points = |node: roxmltree::Node<'_, '_>| -> Vec<(f64, f64)> {
        let points = node.attribute("points").unwrap_or_default().split_whitespace().filter_map(|point| point.split_once(','));
        points.filter_map(|(x, y)| Some((x.parse::<f64>().ok()? / 10.0, y.parse::<f64>().ok()? / 10.0))).collect()
    };
    let lines: Vec<Vec<(f64, f64)>> = document.descendants().filter(|node| node.has_tag_name("polyline")).map(points).collect();
    for one in texts.iter().map(|text| TextBox::of(text, 10.0)) {
        let meets = |ends: &[(f64, f64)]| {
            let ((a, b), (c, d)) = (ends[0], ends[1]);
            a.min(c) < one.right && a.max(c) > one.left && b.min(d) < one.bottom && b.max(d) > one.top
        };
        assert!(!lines.iter().any(|line| line.windows(2).any(meets)), "a line runs through {one}");
    }
}

#[test]
fn twenty_arms_are_drawn_each_in_its_own_way_and_of_more_the_caption_names_those_that_look_alike() {
    let drawn = |results: &Results, chart: &str| {
        let pictures = charts::pictures(results, &Theme::light());
        pictures.into_iter().find(|picture| picture.chart == chart).expect("it is drawn").svg
    };
    let (ten, many) = (grids::ten(8), grids::with_classes(grids::many(8)));
    for chart in ["recovery-times", "latency-percentiles", "utilisation-over-time"] {
        assert!(!drawn(&ten, chart).contains("Drawn alike"), "{chart}");
        let svg = drawn(&many, chart);
        let caption = svg.split("<desc>").nth(1).and_then(|rest| rest.split("</desc>").next()).expect("it is described");
        let alike = caption.matches("&quot; and &quot;").count();
        assert_eq!((caption.contains("Drawn alike"), alike), (true, 4), "{chart}: {caption}");
        let first = svg.lines().filter(|line| line.starts_with("<polyline class=\"s-a1\"")).count();
        let eleventh = svg.lines().filter(|line| line.starts_with("<polyline class=\"s-a11\"")).count();
        assert!(first > 0 && eleventh > 0, "{chart}: {first} and {eleventh} lines");
    }
    // Marks and colours together tell two hundred apart.
    assert!(!drawn(&many, "calls-by-class").contains("Drawn alike"));
}

#[test]
fn words_on_each_other_and_words_cut_off_are_found() {
    let text = |x: u32, words: &str| format!("<text x=\"{x}\" y=\"500\" font-size=\"130\" textLength=\"400\">{words}</text>");
    let svg = |texts: &str| {
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"100\" viewBox=\"0 0 1000 1000\">{texts}</svg>")
    };
    assert!(faults_of(&svg(&(text(10, "left") + &text(420, "right")))).is_empty());
    assert!(faults_of(&svg(&(text(10, "left") + &text(380, "right"))))[0].contains("lies on"));
    assert!(faults_of(&svg(&text(700, "right")))[0].contains("leaves the picture"));
}
