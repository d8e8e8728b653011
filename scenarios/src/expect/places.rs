//! On which line of a scenario's text does each clause stand?

use crate::text::Source;
use crate::text::path::{Path, Step, locate_in};

/// Line and column, from 1, of every clause of `expect`, and of every arm; nothing for a text that is no scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Of the clauses, in their order.
    pub clauses: Vec<(usize, usize)>,
    /// Of the arms, in their order.
    pub arms: Vec<(usize, usize)>,
}

/// Finds them.
pub fn places(text: &str) -> Places {
    let source = Source::new("", text);
    let Ok(root) = source.root() else { return Places::default() };
    let section = |name: &str| locate_in(root, &Path::from(Step::Name(name.to_owned()))).ok();
    let at = |offset: usize| source.line_and_column(offset);
    let clauses = section("expect").and_then(|section| section.list().ok()).unwrap_or_default();
    let arms = section("arms").and_then(|section| section.entries().ok()).unwrap_or_default();
    Places {
        clauses: clauses.iter().map(|clause| at(clause.head().start())).collect(),
        arms: arms.iter().map(|arm| at(arm.key_span.start())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_and_arms_are_found_where_they_begin() {
        let text = "// about\n(\n  expect: [Stuck(at_most: \"0%\"),\n    /* and */ Availability(\n      at_least: \"9%\")],\n  arms: { \"a\": (),\n \"b\": () },\n)";
        assert_eq!(places(text), Places { clauses: vec![(3, 12), (4, 15)], arms: vec![(6, 11), (7, 2)] });
        assert_eq!(places("(name: \"x\")"), Places::default());
        assert_eq!(places("nonsense ("), Places::default());
    }
}
