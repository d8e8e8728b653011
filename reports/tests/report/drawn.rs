//! Is every picture drawn as it was? As its words and the number of its shapes, and one of them down to the last bit of its PNG.

use super::sample::{SIX, brownout, contention, grids};
use reports::charts::{self, CHARTS};
use reports::theme::Theme;
use std::collections::BTreeMap;

/// What can be read in a picture, line by line, and how many of which shapes there are in which colours: enough to see what a change did, and not where
/// every tenth of a pixel went.
fn normalised(svg: &str) -> String {
    let document = roxmltree::Document::parse(svg).expect("a picture is sound XML");
    let mut shapes: BTreeMap<String, usize> = BTreeMap::new();
    let mut lines = Vec::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        match node.tag_name().name() {
            "text" => lines.push(node.text().unwrap_or_default().to_owned()),
            "polyline" | "polygon" | "rect" | "circle" => {
                let group = node.parent().filter(|parent| parent.has_tag_name("g"));
                let of = |name: &str| node.attribute(name).or(group.and_then(|group| group.attribute(name)));
                let colour = of("class").or(of("fill")).unwrap_or("none");
                *shapes.entry(format!("{} {colour}", node.tag_name().name())).or_default() += 1;
            }
            _ => {}
        }
    }
    lines.extend(shapes.into_iter().map(|(shape, count)| format!("{count} x {shape}")));
    lines.join("\n")
}

#[test]
fn every_chart_is_known_by_what_its_picture_says() {
    let samples = [
        ("brownout", brownout(SIX, 20)),
        ("contention", contention(20)),
        ("grid", grids::with_edges(grids::grid(&SIX[..2], 8))),
        ("edges", grids::with_edges(brownout(&SIX[..3], 8))),
    ];
    let mut drawn: Vec<&str> = Vec::new();
    let further = grids::further();
    for (name, results) in samples.iter().chain(&further) {
        for picture in charts::pictures(results, &Theme::light()) {
            // One picture of each chart, and both forms of the edge.
            if !drawn.contains(&picture.chart) || picture.chart == "stability-edge" && picture.view.label.is_empty() {
                drawn.push(picture.chart);
                insta::assert_snapshot!(format!("svg_{name}_{}", picture.chart), normalised(&picture.svg));
            }
        }
    }
    let without: Vec<&str> = CHARTS.iter().map(|chart| chart.name()).filter(|name| !drawn.contains(name)).collect();
    assert_eq!(without, Vec::<&str>::new());
}

#[cfg(feature = "png")]
#[test]
fn a_picture_as_png_is_the_same_to_the_last_bit() {
    let svg = charts::pictures(&contention(5), &Theme::light()).into_iter().find(|picture| picture.chart == "calls-by-clients");
    let png = charts::png::render(&svg.expect("contention has such a chart").svg).expect("what charts draw can be rendered");
    // FNV-1a: a digest that needs no library.
    let digest = png.iter().fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    insta::assert_snapshot!("png_digest", format!("{digest:016x}, {} bytes", png.len()));
}
