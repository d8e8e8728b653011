//! What does the SVG that plotters writes still lack?
//!
//! plotters draws on whole pixels, knows no dashes and no classes. So charts are drawn ten times as large and the view box
//! brings them back to tenths of a pixel; here every line gets the dash pattern of its colour, and everything a class
//! through which a page can recolour it. What goes without saying is left out, and what neighbours share is written once: pages carry many pictures. Every text gets the length it has in the embedded font, so that a reader who has
//! only a wider one sees narrower letters and no overlap. One tag per line is what plotters writes, and all this relies on.

use super::sheet::{FAMILY, text_width};
use crate::theme::Theme;
use std::fmt::Write as _;

/// Units of the drawing per pixel of the picture.
pub(super) const FINE: f64 = 10.0;

/// The finished picture: `raw` as plotters wrote it, `size` in pixels, `title` and `text` for those who cannot see it.
pub(super) fn polished(raw: &str, size: (u32, u32), theme: &Theme, title: &str, text: &str) -> String {
    let mut out = String::with_capacity(raw.len() * 5 / 4);
    let (width, height) = size;
    let fine = |pixels: u32| f64::from(pixels) * FINE;
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" role=\"img\" font-family=\"{FAMILY}, sans-serif\">",
        fine(width),
        fine(height)
    );
    let _ = writeln!(out, "<title>{}</title>\n<desc>{}</desc>", crate::html::escaped(title), crate::html::escaped(text));
    // A label of a chart spans three lines: its tag, its text, its end.
    let mut lines = raw.lines().skip(1);
    let mut elements: Vec<Element> = Vec::new();
    while let Some(line) = lines.next() {
        let mut line = lean(&tag(line, theme));
        let mut words = String::new();
        if line.starts_with("<text") {
            let own = lines.next().unwrap_or_default().trim();
            let end = lines.next().unwrap_or_default().trim();
            if own.is_empty() {
                continue;
            }
            if let Some(length) = text_length(&line, own) {
                line.insert_str("<text".len(), &format!(" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\""));
            }
            words = format!("{own}{end}");
        }
        elements.push(Element::of(&line, words));
    }
    for run in elements.chunk_by(|one, next| one.is_like(next)) {
        match run {
            [first, _, ..] if !first.shared.is_empty() => {
                let _ = writeln!(out, "<g{}>", first.shared);
                run.iter().for_each(|one| one.write(&mut out, false));
                out.push_str("</g>\n");
            }
            _ => run.iter().for_each(|one| one.write(&mut out, true)),
        }
    }
    out
}

/// A shape or a text: what is its own, and what it may have from a group around it and its neighbours.
struct Element {
    name: String,
    own: String,
    shared: String,
    end: String,
    words: String,
}

impl Element {
    /// Attributes that texts and rectangles may have from a group around them.
    const SHARED: [&'static str; 5] = ["class", "text-anchor", "font-size", "font-weight", "fill"];

    fn of(line: &str, words: String) -> Self {
        let may_share = line.starts_with("<text") || line.starts_with("<rect");
        let Some((name, rest)) = line.split_once(' ').filter(|_| may_share) else {
            return Self { name: line.to_owned(), own: String::new(), shared: String::new(), end: String::new(), words };
        };
        let (mut own, mut shared, mut rest) = (String::new(), String::new(), rest);
        while let Some((attribute, value, after)) = rest.split_once("=\"").and_then(|(name, rest)| {
            let (value, after) = rest.split_once('"')?;
            Some((name.trim(), value, after))
        }) {
            let part = if Self::SHARED.contains(&attribute) { &mut shared } else { &mut own };
            let _ = write!(part, " {attribute}=\"{value}\"");
            rest = after;
        }
        Self { name: name.to_owned(), own, shared, end: rest.to_owned(), words }
    }

    fn is_like(&self, other: &Self) -> bool {
        !self.shared.is_empty() && (&self.name, &self.shared) == (&other.name, &other.shared)
    }

    fn write(&self, out: &mut String, with_shared: bool) {
        let Self { name, own, shared, end, words } = self;
        let shared = if with_shared { shared } else { "" };
        let _ = writeln!(out, "{name}{own}{shared}{end}{words}");
    }
}

/// The same tag without what goes without saying, and without points on the straight way from the one before to the one after.
fn lean(line: &str) -> String {
    let mut line = line.replace(&format!(" font-family=\"{FAMILY}\""), "");
    for needless in [" opacity=\"1\"", " stroke=\"none\"", " text-anchor=\"start\""] {
        line = line.replace(needless, "");
    }
    // Sizes are whole tenths of a pixel, and half ones; what they were divided by is not.
    if let Some(size) = attribute(&line, "font-size").and_then(|size| size.parse::<f64>().ok()) {
        let begin = line.find("font-size=\"").map_or(0, |at| at + "font-size=\"".len());
        let end = line[begin..].find('"').map_or(begin, |length| begin + length);
        line.replace_range(begin..end, &((size * 10.0 + 0.5).floor() / 10.0).to_string());
    }
    if let Some(points) = attribute(&line, "points") {
        let kept = straightened(points);
        line = line.replacen(points, &kept, 1);
    }
    line
}

/// Points `x,y` without those on the straight way between their neighbours.
fn straightened(points: &str) -> String {
    let read = |point: &str| point.split_once(',').and_then(|(x, y)| Some((x.parse::<i64>().ok()?, y.parse::<i64>().ok()?)));
    let mut kept: Vec<(i64, i64)> = Vec::new();
    for point in points.split_whitespace().filter_map(read) {
        while let [.., before, last] = kept[..] {
            let (to, on) = ((last.0 - before.0, last.1 - before.1), (point.0 - last.0, point.1 - last.1));
            // Onwards in the same direction, and not back.
            if to.0 * on.1 != to.1 * on.0 || to.0 * on.0 < 0 || to.1 * on.1 < 0 {
                break;
            }
            kept.pop();
        }
        kept.push(point);
    }
    kept.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}

/// One tag with its class and, if it is an opaque line, its dash pattern.
fn tag(line: &str, theme: &Theme) -> String {
    let stroke = attribute(line, "stroke").and_then(|colour| theme.class_of(colour)).map(|(name, dash)| (format!("s-{name}"), dash));
    let fill = attribute(line, "fill").and_then(|colour| theme.class_of(colour)).map(|(name, _)| (format!("f-{name}"), ""));
    let Some((class, dash)) = stroke.or(fill) else {
        return line.to_owned();
    };
    let dashed = !dash.is_empty() && line.starts_with("<polyline") && attribute(line, "opacity") == Some("1");
    let mut extra = format!(" class=\"{class}\"");
    if dashed {
        let lengths: Vec<String> = dash.split(' ').map(|length| format!("{length}0")).collect();
        let _ = write!(extra, " stroke-dasharray=\"{}\"", lengths.join(" "));
    }
    if line.starts_with("<polyline") {
        extra += " stroke-linejoin=\"round\"";
    }
    let name_end = line.find(' ').unwrap_or(line.len());
    format!("{}{extra}{}", &line[..name_end], &line[name_end..])
}

/// How long the words are in the embedded font, in units of the drawing.
fn text_length(tag: &str, words: &str) -> Option<i64> {
    let size: f64 = attribute(tag, "font-size")?.parse().ok()?;
    let words = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")]
        .into_iter()
        .fold(words.to_owned(), |words, (escaped, character)| words.replace(escaped, character));
    let width = text_width(&words, size / FINE, attribute(tag, "font-weight") == Some("bold"));
    // Half a letter has no length worth keeping to.
    (width >= 1.0).then_some((width * FINE + 0.5) as i64)
}

fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let start = line.find(&format!(" {name}=\""))? + name.len() + 3;
    line[start..].split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_a_straight_way_are_left_out_and_corners_stay() {
        assert_eq!(straightened("0,0 5,0 10,0 10,4 10,9 "), "0,0 10,0 10,9");
        assert_eq!(straightened("0,0 10,0 5,0"), "0,0 10,0 5,0", "a way back is a corner");
        assert_eq!(straightened("0,0 3,1 6,2 9,4"), "0,0 6,2 9,4");
    }

    #[test]
    fn neighbours_that_look_alike_share_what_they_look_like() {
        let rect = |x: u32, fill: &str| {
            format!("<rect x=\"{x}\" y=\"1\" width=\"2\" height=\"3\" opacity=\"1\" fill=\"{fill}\" stroke=\"none\"/>\n")
        };
        let raw = format!("<svg>\n{}{}{}</svg>\n", rect(1, "#D3E3F1"), rect(4, "#D3E3F1"), rect(7, "#08305C"));
        let svg = polished(&raw, (10, 10), &Theme::light(), "t", "d");
        let shapes = svg.split("</desc>\n").nth(1).unwrap_or_default();
        let own = |x: u32| format!("<rect x=\"{x}\" y=\"1\" width=\"2\" height=\"3\"");
        assert_eq!(shapes, format!("<g fill=\"#D3E3F1\">\n{}/>\n{}/>\n</g>\n{} fill=\"#08305C\"/>\n</svg>\n", own(1), own(4), own(7)));
    }
}
