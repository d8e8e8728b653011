//! What is wrong with what the reader wrote, where, and what should stand there instead?
//!
//! A scenario file is judged as a whole: every check adds its [`Problem`] to one list of [`Problems`], and the reader
//! gets all of them at once. A problem is data; how it looks on a terminal is decided in [`render`] alone.

pub mod file;
pub mod render;

use crate::text::Source;
use std::collections::BTreeSet;

/// A stretch of the scenario's text, in bytes from its beginning; the end is not part of it.
///
/// Four bytes each are enough: a file is refused beyond 16 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Returns the span from `start` up to, and without, `end`. An end before the start counts as the start.
    pub fn new(start: usize, end: usize) -> Span {
        let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { start: narrow(start), end: narrow(end.max(start)) }
    }

    /// Returns the offset of the first byte.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// Returns the offset behind the last byte.
    pub fn end(self) -> usize {
        self.end as usize
    }
}

/// Another place that belongs to the story of a problem, for example where a name was written first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Related {
    /// Where it is.
    pub place: Span,
    /// What is there, as a clause: "first written here".
    pub note: String,
}

/// One thing that is wrong with a file or a command, with its place and its remedy.
///
/// Built with [`Problem::new`] and the methods that add what is known:
///
/// ```
/// use scenarios::problem::{Problem, Span};
///
/// let problem = Problem::new("unknown node `chekout`").at(Span::new(10, 17)).hint("did you mean `checkout`?");
/// assert_eq!(problem.hint.as_deref(), Some("did you mean `checkout`?"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the text, if it is about a place in the text.
    pub place: Option<Span>,
    /// The path of the place, for example `nodes.shoppers.arrivals`. Rendering finds it from the place when it is empty.
    pub path: String,
    /// What is wrong, as a clause without a full stop.
    pub message: String,
    /// What could stand there; it reads well after the word "expected".
    pub expected: Option<String>,
    /// What the reader can do; it reads well after "hint:".
    pub hint: Option<String>,
    /// A second place that explains the first.
    pub second: Option<Box<Related>>,
}

impl Problem {
    /// Returns a problem that has a message only.
    pub fn new(message: impl Into<String>) -> Problem {
        Problem { place: None, path: String::new(), message: message.into(), expected: None, hint: None, second: None }
    }

    /// Says where in the text it is.
    #[must_use]
    pub fn at(mut self, place: Span) -> Problem {
        self.place = Some(place);
        self
    }

    /// Says which path it is about. Needed only where there is no place in the text.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Problem {
        self.path = path.into();
        self
    }

    /// Says what could stand there.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Problem {
        self.expected = Some(expected.into());
        self
    }

    /// Says what the reader can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the hint "did you mean ...?" when one of `candidates` is close to `word`.
    #[must_use]
    pub fn suggest<'a>(self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Problem {
        match did_you_mean(word, candidates) {
            Some(candidate) => self.hint(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }

    /// Adds a second place.
    #[must_use]
    pub fn also(mut self, place: Span, note: impl Into<String>) -> Problem {
        self.second = Some(Box::new(Related { place, note: note.into() }));
        self
    }
}

/// All problems of one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// Returns the empty list.
    pub fn new() -> Problems {
        Problems::default()
    }

    /// Adds one problem.
    pub fn push(&mut self, problem: Problem) {
        self.list.push(problem);
    }

    /// Returns the value, or notes the problem and returns nothing, so that the next element can be looked at.
    pub fn note<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.push(problem)).ok()
    }

    /// Says whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the problems in the order of their places, those without a place first, each one once.
    ///
    /// Two problems with the same place and message are one: two checks may stumble over the same thing.
    pub fn sorted(&self) -> Vec<&Problem> {
        let mut seen = BTreeSet::new();
        let mut list: Vec<&Problem> =
            self.list.iter().filter(|problem| seen.insert((problem.place, &problem.path, &problem.message))).collect();
        list.sort_by_key(|problem| problem.place);
        list
    }

    /// Returns `value` if nothing is wrong, else the problems.
    pub fn or<T>(self, value: T) -> Result<T, Problems> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }

    /// Returns everything as text for a terminal, ending with the count. See [`render`].
    pub fn render(&self, source: &Source, colour: bool) -> String {
        render::all(self, source, colour)
    }
}

impl Problems {
    /// Returns everything as text for a terminal, as warnings and without a count: what is run all the same.
    pub fn render_as_warnings(&self, source: &Source, colour: bool) -> String {
        render::warnings(self, source, colour)
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems { list: vec![problem] }
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        self.list.extend(problems);
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// How alike two words must be, from 0 to 1, before one is suggested for the other. From trying typing errors in
/// scenario files; the compiler of Rust is about as strict.
const ALIKE: f64 = 0.7;

/// Returns the candidate that `word` was most probably meant to be, or none if all are too different.
///
/// Capital letters do not matter, and of two candidates that are equally close the first one wins.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let mut best = None;
    let mut best_likeness = ALIKE;
    for candidate in candidates {
        let likeness = strsim::jaro_winkler(&word, &candidate.to_lowercase());
        if likeness > best_likeness {
            best_likeness = likeness;
            best = Some(candidate);
        }
    }
    best
}

/// How many names are listed before the rest is only counted.
const NAMES_SHOWN: usize = 24;

/// Returns "a", "a or b" or "one of a, b, c": a list of names that reads well after "expected".
pub fn one_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} or {other}"),
        many if many.len() <= NAMES_SHOWN => format!("one of {}", many.join(", ")),
        many => format!("one of {} and {} more", many[..NAMES_SHOWN].join(", "), many.len() - NAMES_SHOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_answered_with_the_closest_name() {
        let names = ["Constant", "Exponential", "FullJitter", "EqualJitter", "Decorrelated"];
        assert_eq!(did_you_mean("FullJiter", names), Some("FullJitter"));
        assert_eq!(did_you_mean("fulljitter", names), Some("FullJitter"));
        assert_eq!(did_you_mean("exponental", names), Some("Exponential"));
        assert_eq!(did_you_mean("Zebra", names), None);
        assert_eq!(did_you_mean("anything", []), None);
    }

    #[test]
    fn problems_come_in_the_order_of_the_text_and_each_only_once() {
        let mut problems = Problems::new();
        problems.push(Problem::new("late").at(Span::new(9, 10)));
        problems.push(Problem::new("early").at(Span::new(1, 2)));
        problems.push(Problem::new("late").at(Span::new(9, 10)));
        problems.push(Problem::new("nowhere"));
        let messages: Vec<&str> = problems.sorted().iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["nowhere", "early", "late"]);
    }

    #[test]
    fn a_list_of_names_reads_as_english() {
        assert_eq!(one_of([]), "nothing");
        assert_eq!(one_of(["a"]), "a");
        assert_eq!(one_of(["a", "b"]), "a or b");
        assert_eq!(one_of(["a", "b", "c"]), "one of a, b, c");
        assert!(one_of(["x"; 30]).ends_with("x and 6 more"));
    }
}
