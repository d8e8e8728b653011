//! How is the text of a scenario taken apart, so that every mistake in it is found at once and in its place?
//!
//! Serde stops at the first mistake. So a [`Source`] is split into [`Element`]s, each of which knows where
//! it stands in the file, and every element is parsed alone. Lexing is RON's own everywhere: elements are borrowed
//! as [`ron::value::RawValue`], never cut out by rules of ours.
//!
//! ```
//! use scenarios::problem::Problems;
//! use scenarios::text::{Source, parse};
//!
//! let source = Source::new("storm.ron", r#"(ports: [80, "http", 443, -1])"#);
//! let mut problems = Problems::new();
//! for field in source.root().unwrap().fields().unwrap() {
//!     for port in field.value.items().unwrap() {
//!         problems.note(parse::parse::<u16>(port));
//!     }
//! }
//! assert_eq!(problems.sorted().len(), 2);
//! ```
//!
//! | module | question |
//! | --- | --- |
//! | [`source`] | where does the text come from, and is it RON at all? |
//! | [`tree`] | which elements does it consist of? |
//! | [`parse`] | what does one element mean as a Rust value, and what is wrong with it? |
//! | [`path`] | which element does `nodes.shoppers.arrivals.rate` name? |
//! | [`patch`] | how is one element replaced in the text? |
//! | [`overlay`] | what does an arm change? |
//! | [`cut`] | how is one element taken out of the text? |
//! | [`comment`] | what does the scenario say about itself? |
//! | [`mod@one_line`] | how does one element read in one line? |

pub mod comment;
pub mod cut;
mod elsewhere;
mod explain;
pub mod one_line;
pub mod overlay;
pub mod parse;
pub mod patch;
pub mod path;
pub mod source;
mod split;
mod syntax;
pub mod tree;

pub use comment::first_comment;
pub use one_line::one_line;
pub use source::Source;
pub use tree::Element;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod messages;
