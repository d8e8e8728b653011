//! How does the page look, and what does its script do?

use super::palette;

/// Sorts tables, hides arms, switches between light and dark. The page says everything without it.
pub const SCRIPT: &str = include_str!("page.js");

/// Light and dark, by the reader's system or choice, and a print style. Charts are recoloured through their classes.
pub fn css() -> String {
    format!("\n{}{}", palette::css(), include_str!("page.css"))
}
