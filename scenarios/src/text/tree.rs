//! Which elements does a text consist of, and where does each of them stand in the file?
//!
//! An [`Element`] is one RON value: a slice of the file and its offset. Taking it apart gives elements again, which
//! borrow the same text. Splitting borrows `&RawValue`, so strings, comments and brackets are understood exactly as RON
//! understands them. Elements come from [`Source::root`](super::Source::root), which has checked that the whole text is
//! RON and not nested beyond RON's limit; so recursion over elements is bounded.

use super::split::{MapParts, Parts, RoundParts, any_name_and_rest, name_and_rest, next_token, split, split_round};
use crate::problem::{Problem, Problems, Span};
use ron::value::RawValue;
use serde::de::Deserializer as _;
use std::collections::BTreeMap;

/// One value of the text, without the comments around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    text: &'a str,
    offset: usize,
}

/// What an element looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `Held`: a name without brackets.
    Name,
    /// `(a: 1)`, `Name(a: 1)`, and everything with empty round brackets.
    Struct,
    /// `(1, 2)` or `Name(1)`.
    Tuple,
    /// `{ "key": 1 }`.
    Map,
    /// `[1, 2]`.
    List,
    /// `"text"` in any of its spellings.
    Text,
    /// A number, a boolean, a character, and whatever else RON knows.
    Plain,
}

/// A field of a struct, `name: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name as written.
    pub name: &'a str,
    /// Where the name stands.
    pub name_span: Span,
    /// The value.
    pub value: Element<'a>,
}

/// An entry of a map, `"key": value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The key, without quotes and escapes.
    pub key: String,
    /// Where the key stands, quotes included.
    pub key_span: Span,
    /// The value.
    pub value: Element<'a>,
}

impl<'a> Element<'a> {
    pub(super) fn new(text: &'a str, offset: usize) -> Element<'a> {
        Element { text, offset }
    }

    /// Returns the text of the element, from its first to its last character.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// Returns where the element stands in the file.
    pub fn span(self) -> Span {
        Span::new(self.offset, self.offset + self.text.len())
    }

    /// Returns what a problem with the element as a whole should point at: its name, its opening bracket, or all of a
    /// plain value.
    pub fn head(self) -> Span {
        match (self.variant_name(), self.shape()) {
            (Some(name), _) => self.span_of(name),
            (None, Shape::Struct | Shape::Tuple | Shape::Map | Shape::List) => Span::new(self.offset, self.offset + 1),
            (None, _) => self.span(),
        }
    }

    /// Returns `Poisson` of `Poisson(rate: "900/s")`, and nothing for a value that does not begin with a name.
    pub fn variant_name(self) -> Option<&'a str> {
        name_and_rest(self.text).map(|(name, _)| name)
    }

    /// Returns what the element looks like. This costs a look at its first tokens only, as RON itself looks ahead.
    pub fn shape(self) -> Shape {
        let body = self.body();
        match (body.text.chars().next(), body.variant_name()) {
            (Some('('), _) => {
                let inside = next_token(&body.text[1..]);
                let begins_field = any_name_and_rest(inside).is_some_and(|(_, rest)| rest.starts_with(':'));
                if begins_field || inside.starts_with(')') { Shape::Struct } else { Shape::Tuple }
            }
            (Some('{'), _) => Shape::Map,
            (Some('['), _) => Shape::List,
            (_, Some(_)) => Shape::Name,
            (Some('"' | 'r'), _) => Shape::Text,
            _ => Shape::Plain,
        }
    }

    /// Returns the brackets behind the variant's name, or the element itself if it has no name or no brackets.
    pub fn body(self) -> Element<'a> {
        match name_and_rest(self.text) {
            Some((_, rest)) if rest.starts_with('(') => self.child(rest),
            _ => self,
        }
    }

    /// Returns the fields of a struct in the order of writing, whether it has a name or not.
    ///
    /// A field written twice is a problem that names both places. To go on nevertheless, use [`Element::fields_noting`].
    pub fn fields(self) -> Result<Vec<Field<'a>>, Problem> {
        strictly(|problems| self.fields_noting(problems))
    }

    /// Returns the fields that can be read and notes what is wrong with the others; of a field written twice, the first
    /// is kept. This is for checks that want to find everything at once.
    pub fn fields_noting(self, problems: &mut Problems) -> Vec<Field<'a>> {
        let fields = problems.note(self.fields_as_written()).unwrap_or_default();
        each_once(fields, |field| (format!("field `{}`", field.name), field.name_span), problems)
    }

    pub(crate) fn fields_as_written(self) -> Result<Vec<Field<'a>>, Problem> {
        match split_round(self.body().text) {
            Ok(Parts::Fields(parts)) => Ok(parts.into_iter().map(|(name, value)| self.field(name, value)).collect()),
            Ok(Parts::Items(items)) if items.is_empty() => Ok(Vec::new()),
            Ok(Parts::Items(_)) => Err(self.unlike("fields with their names, `name: value`")),
            Err(_) => Err(self.unlike("fields in round brackets, `(name: value, ...)`")),
        }
    }

    /// Returns the entries of a map in the order of writing.
    ///
    /// A key written twice is a problem that names both places. To go on nevertheless, use [`Element::entries_noting`].
    pub fn entries(self) -> Result<Vec<Entry<'a>>, Problem> {
        strictly(|problems| self.entries_noting(problems))
    }

    /// Returns the entries that can be read and notes what is wrong with the others; of a key written twice, the first
    /// is kept.
    pub fn entries_noting(self, problems: &mut Problems) -> Vec<Entry<'a>> {
        let entries = problems.note(self.entries_as_written()).unwrap_or_default();
        let entries = entries.into_iter().filter_map(|entry| problems.note(entry)).collect();
        each_once(entries, |entry| (format!("`{}`", entry.key), entry.key_span), problems)
    }

    pub(super) fn entries_as_written(self) -> Result<Vec<Result<Entry<'a>, Problem>>, Problem> {
        let wanted = "entries in braces, `{ \"name\": value, ... }`";
        let parts = split(self.text, |reader| reader.deserialize_map(MapParts)).map_err(|_| self.unlike(wanted))?;
        Ok(parts.into_iter().map(|(key, value)| self.entry(key, value)).collect())
    }

    /// Returns the items of a list `[a, b]` or of a tuple `(a, b)` or `Name(a, b)`, in the order of writing.
    pub fn items(self) -> Result<Vec<Element<'a>>, Problem> {
        let body = self.body();
        let parts = match body.text.chars().next() {
            Some('[') => split(body.text, |reader| reader.deserialize_seq(RoundParts)),
            Some('(') => split_round(body.text),
            _ => return Err(self.unlike("a list in square brackets, `[a, b, ...]`")),
        };
        match parts {
            Ok(Parts::Items(items)) => Ok(items.into_iter().map(|item| self.raw(item)).collect()),
            _ => Err(self.unlike("a list in square brackets, `[a, b, ...]`")),
        }
    }

    /// Returns the items of a list `[a, b]`, and a problem for everything else. A section that is a list is read so.
    pub fn list(self) -> Result<Vec<Element<'a>>, Problem> {
        if self.shape() == Shape::List {
            return self.items();
        }
        let problem = self.unlike("a list in square brackets, `[a, b, ...]`");
        Err(if self.variant_name().is_some() { problem.hint("a list of one is written in square brackets, too") } else { problem })
    }

    /// Returns every element directly inside: values of fields and entries, items, and keys of maps.
    pub(super) fn children(self) -> Vec<Element<'a>> {
        let body = self.body();
        let raw = match body.text.chars().next() {
            Some('{') => split(body.text, |reader| reader.deserialize_map(MapParts))
                .map(|parts| parts.into_iter().flat_map(|(key, value)| [key, value]).collect()),
            Some('[') => split(body.text, |reader| reader.deserialize_seq(RoundParts)).map(Parts::values),
            Some('(') => split_round(body.text).map(Parts::values),
            _ => Ok(Vec::new()),
        };
        raw.unwrap_or_default().into_iter().map(|value| self.raw(value)).collect()
    }

    /// Returns this element, a child, a child of the child and so on: all those whose text contains `offset`.
    pub(super) fn chain_to(self, offset: usize) -> Vec<Element<'a>> {
        let mut chain = vec![self];
        let mut here = self;
        while let Some(inner) = here.children().into_iter().find(|child| child.contains(offset)) {
            chain.push(inner);
            here = inner;
        }
        chain
    }

    pub(super) fn contains(self, offset: usize) -> bool {
        (self.offset..self.offset + self.text.len()).contains(&offset)
    }

    /// Returns the element as a clause that fits after "found": its kind, and its text if that is short.
    pub fn described(self) -> String {
        match (self.shape(), self.variant_name()) {
            (Shape::Struct, None) => "a struct in round brackets".to_owned(),
            (Shape::Tuple, None) => "a tuple in round brackets".to_owned(),
            (Shape::Struct | Shape::Tuple, Some(name)) => format!("`{name}(...)`"),
            (Shape::Map, _) => "a map in braces".to_owned(),
            (Shape::List, _) => "a list".to_owned(),
            (Shape::Text, _) => format!("the text {}", self.shortened()),
            (Shape::Name, _) => format!("the name `{}`", self.shortened()),
            (Shape::Plain, _) => format!("`{}`", self.shortened()),
        }
    }

    fn shortened(self) -> String {
        const LONGEST: usize = 30;
        if self.text.chars().count() <= LONGEST {
            return self.text.to_owned();
        }
        let start: String = self.text.chars().take(LONGEST).collect();
        format!("{start}...")
    }

    fn unlike(self, wanted: &str) -> Problem {
        Problem::new(format!("{} does not fit here", self.described())).at(self.head()).expected(wanted)
    }

    fn field(self, name: &'a str, value: &'a RawValue) -> Field<'a> {
        Field { name, name_span: self.span_of(name), value: self.raw(value) }
    }

    fn entry(self, key: &'a RawValue, value: &'a RawValue) -> Result<Entry<'a>, Problem> {
        let key = self.raw(key);
        let name = ron::from_str::<String>(key.text).map_err(|_| {
            let expected = "a name in double quotes";
            if key.shape() == Shape::Name {
                let problem = Problem::new(format!("the key `{}` has no quotes", key.text)).at(key.span()).expected(expected);
                return problem.hint(format!("write \"{}\"", key.text));
            }
            Problem::new(format!("{} cannot be a key", key.described())).at(key.head()).expected(expected)
        })?;
        Ok(Entry { key: name, key_span: key.span(), value: self.raw(value) })
    }

    /// Returns a nested raw value as an element. RON has trimmed most blanks, but comments, blanks behind a comment and
    /// the two marks of writing direction may still surround it. No value itself begins or ends with such a character.
    fn raw(self, value: &'a RawValue) -> Element<'a> {
        let text = value.get_ron();
        let is_around = |c: char| c == '/' || c.is_whitespace() || matches!(c, '\u{200e}' | '\u{200f}');
        self.child(if text.starts_with(is_around) || text.ends_with(is_around) { value.trim().get_ron() } else { text })
    }

    /// Returns the element of a slice of this element's text. The distance of the two addresses is the offset.
    fn child(self, part: &'a str) -> Element<'a> {
        Element { text: part, offset: self.span_of(part).start() }
    }

    pub(super) fn span_of(self, part: &str) -> Span {
        let distance = part.as_ptr() as usize - self.text.as_ptr() as usize;
        Span::new(self.offset + distance, self.offset + distance + part.len())
    }
}

/// Returns what `read` returns if it notes no problem, else the first problem.
fn strictly<T>(read: impl FnOnce(&mut Problems) -> T) -> Result<T, Problem> {
    let mut problems = Problems::new();
    let value = read(&mut problems);
    problems.into_iter().next().map_or(Ok(value), Err)
}

/// Returns the first thing of each name, and notes every repetition with both places.
pub(super) fn each_once<T>(list: Vec<T>, name: impl Fn(&T) -> (String, Span), problems: &mut Problems) -> Vec<T> {
    let mut seen = BTreeMap::new();
    let mut kept = Vec::new();
    for item in list {
        let (word, place) = name(&item);
        if let Some(first) = seen.get(&word) {
            let problem = Problem::new(format!("{word} is written twice")).at(place).also(*first, "first written here");
            problems.push(problem.hint("keep one of the two, or rename it"));
        } else {
            seen.insert(word, place);
            kept.push(item);
        }
    }
    kept
}
