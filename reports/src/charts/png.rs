//! How does a picture look to a program that knows no SVG?
//!
//! The SVG itself, rendered by resvg with the embedded font: the same bytes on every run.

use super::sheet::FAMILY;
use resvg::{tiny_skia, usvg};
use std::io;

/// Pixels of the PNG per pixel of the SVG: sharp on slides.
const SCALE: f32 = 2.0;

/// Renders an SVG that one of our charts drew.
pub fn render(svg: &str) -> io::Result<Vec<u8>> {
    let mut options = usvg::Options { font_family: FAMILY.to_owned(), ..usvg::Options::default() };
    options.fontdb_mut().load_font_data(notosans::REGULAR_TTF.to_vec());
    options.fontdb_mut().load_font_data(notosans::BOLD_TTF.to_vec());
    let tree = usvg::Tree::from_str(svg, &options).map_err(io::Error::other)?;
    let size = tree.size();
    let (width, height) = ((size.width() * SCALE) as u32, (size.height() * SCALE) as u32);
    let mut pixels = tiny_skia::Pixmap::new(width, height).ok_or_else(|| io::Error::other("the picture has no size"))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(io::Error::other)
}
