//! What does one element mean as a Rust value?
//!
//! [`parse`] reads with the three extensions of RON that scenarios rely on and nobody has to enable: `Some` may be left
//! out, and the brackets of a wrapped struct are written once. What goes wrong is explained in `explain.rs`.

use super::explain;
use super::tree::Element;
use crate::problem::Problem;
use ron::Options;
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

/// Returns how scenarios are read everywhere.
pub fn options() -> Options {
    Options::default().with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES)
}

/// Returns the element as a value of type `T`, or its first problem with the place in the whole file.
///
/// An unknown variant is reported under the name of its enum: "unknown backoff `FullJiter`" for `enum Backoff`.
pub fn parse<T: DeserializeOwned>(element: Element<'_>) -> Result<T, Problem> {
    options().from_str(element.text()).map_err(|error| explain::explain(element, None, error))
}

/// Does what [`parse`] does, and calls the element itself `noun` when its variant is unknown: "unknown layer `Rtry`".
pub fn parse_as<T: DeserializeOwned>(element: Element<'_>, noun: &str) -> Result<T, Problem> {
    options().from_str(element.text()).map_err(|error| explain::explain(element, Some(noun), error))
}
