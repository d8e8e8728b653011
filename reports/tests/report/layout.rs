//! Does every word of a picture have its own place on the paper?
//!
//! The boxes of all texts, as the SVG lays them out in the embedded font: none leaves the picture, no two lie on each other.

use super::sample::grids;
use reports::charts;
use reports::theme::Theme;
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

impl TextBox {
    fn of(text: &roxmltree::Node<'_, '_>, fine: f64) -> Self {
        let number = |name: &str| -> f64 {
            let value = text.attribute(name).unwrap_or("0");
            value.parse().unwrap_or_else(|_| panic!("{name} of a text is a number, and not {value}"))
        };
        let (x, y, size) = (number("x") / fine, number("y") / fine, number("font-size") / fine);
        let width = number("textLength") / fine;
        let begin = match text.attribute("text-anchor") {
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
fn faults(svg: &str) -> Vec<String> {
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
    let mut looked_at = 0;
    let folder = super::fresh("layout");
    std::fs::create_dir_all(&folder).expect("there is room for a folder");
    for (name, results) in grids::all() {
        let pictures = charts::pictures(&results, &Theme::light());
        for picture in &pictures {
            looked_at += 1;
            // For whoever wants to look at them as well.
            std::fs::write(folder.join(format!("{name} {}.svg", picture.stem)), &picture.svg).expect("there is room for a picture");
            found.extend(faults(&picture.svg).into_iter().map(|fault| format!("{name}, {}: {fault}", picture.stem)));
        }
    }
    assert!(looked_at > 100, "{looked_at}");
    assert!(found.is_empty(), "{} faults\n{}", found.len(), found.join("\n"));
}

#[test]
fn words_on_each_other_and_words_cut_off_are_found() {
    let text = |x: u32, words: &str| format!("<text x=\"{x}\" y=\"500\" font-size=\"130\" textLength=\"400\">{words}</text>");
    let svg = |texts: &str| {
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100\" height=\"100\" viewBox=\"0 0 1000 1000\">{texts}</svg>")
    };
    assert!(faults(&svg(&(text(10, "left") + &text(420, "right")))).is_empty());
    assert!(faults(&svg(&(text(10, "left") + &text(380, "right"))))[0].contains("lies on"));
    assert!(faults(&svg(&text(700, "right")))[0].contains("leaves the picture"));
}
