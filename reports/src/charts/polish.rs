//! What does the SVG that plotters writes still lack?
//!
//! plotters draws on whole pixels, knows no dashes and no classes. So charts are drawn ten times as large and the view box
//! brings them back to tenths of a pixel; here every line gets the dash pattern of its colour, and everything a class
//! through which a page can recolour it. Every text gets the length it has in the embedded font, so that a reader who has
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
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" role=\"img\">",
        fine(width),
        fine(height)
    );
    let _ = writeln!(out, "<title>{}</title>\n<desc>{}</desc>", crate::html::escaped(title), crate::html::escaped(text));
    let own_family = format!("font-family=\"{FAMILY}\"");
    let with_fallback = format!("font-family=\"{FAMILY}, sans-serif\"");
    // A label of a chart spans three lines: its tag, its text, its end.
    let mut lines = raw.lines().skip(1);
    while let Some(line) = lines.next() {
        let mut line = tag(line, theme).replace(&own_family, &with_fallback);
        if line.starts_with("<text") {
            let words = lines.next().unwrap_or_default().trim();
            if let Some(length) = text_length(&line, words) {
                line.insert_str("<text".len(), &format!(" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\""));
            }
            out += &line;
            out += words;
            out += lines.next().unwrap_or_default().trim();
        } else {
            out += &line;
        }
        out.push('\n');
    }
    out
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
