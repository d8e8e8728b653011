//! Which elements does a text consist of, and where does each of them stand in the file?
//!
//! An [`Element`] is one RON value: a slice of the file and its offset. Taking it apart gives elements again, which
//! borrow the same text. Splitting borrows `&RawValue`, so strings, comments and brackets are understood exactly as RON
//! understands them. Elements come from [`Source::root`](super::Source::root), which has checked that the whole text is
//! RON and not nested beyond RON's limit; so recursion over elements is bounded.

use crate::problem::{Problem, Span};
use ron::value::RawValue;
use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use std::fmt;

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

    /// Returns what the element looks like.
    pub fn shape(self) -> Shape {
        let body = self.body();
        match (body.text.chars().next(), body.variant_name()) {
            (Some('('), _) if split_round(body.text).is_ok_and(|parts| matches!(&parts, Parts::Items(items) if !items.is_empty())) => {
                Shape::Tuple
            }
            (Some('('), _) => Shape::Struct,
            (Some('{'), _) => Shape::Map,
            (Some('['), _) => Shape::List,
            (_, Some(_)) => Shape::Name,
            (Some('"'), _) => Shape::Text,
            (Some('r'), _) => Shape::Text,
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
    /// A field written twice is a problem that names both places.
    pub fn fields(self) -> Result<Vec<Field<'a>>, Problem> {
        let fields = self.fields_as_written()?;
        match repeated(&fields, |field| field.name) {
            Some((first, again)) => Err(written_twice(&format!("field `{}`", again.name), first.name_span, again.name_span)),
            None => Ok(fields),
        }
    }

    pub(super) fn fields_as_written(self) -> Result<Vec<Field<'a>>, Problem> {
        match split_round(self.body().text) {
            Ok(Parts::Fields(parts)) => Ok(parts.into_iter().map(|(name, value)| self.field(name, value)).collect()),
            Ok(Parts::Items(items)) if items.is_empty() => Ok(Vec::new()),
            Ok(Parts::Items(_)) => Err(self.unlike("fields with their names, `name: value`")),
            Err(_) => Err(self.unlike("fields in round brackets, `(name: value, ...)`")),
        }
    }

    /// Returns the entries of a map in the order of writing. A key written twice is a problem that names both places.
    pub fn entries(self) -> Result<Vec<Entry<'a>>, Problem> {
        let entries = self.entries_as_written()?;
        match repeated(&entries, |entry| &entry.key) {
            Some((first, again)) => Err(written_twice(&format!("`{}`", again.key), first.key_span, again.key_span)),
            None => Ok(entries),
        }
    }

    pub(super) fn entries_as_written(self) -> Result<Vec<Entry<'a>>, Problem> {
        let wanted = "entries in braces, `{ \"name\": value, ... }`";
        let parts = split(self.text, |reader| reader.deserialize_map(MapParts)).map_err(|_| self.unlike(wanted))?;
        parts.into_iter().map(|(key, value)| self.entry(key, value)).collect()
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
        Problem::new(format!("this is {}", self.described())).at(self.head()).expected(wanted)
    }

    fn field(self, name: &'a str, value: &'a RawValue) -> Field<'a> {
        Field { name, name_span: self.span_of(name), value: self.raw(value) }
    }

    fn entry(self, key: &'a RawValue, value: &'a RawValue) -> Result<Entry<'a>, Problem> {
        let key = self.raw(key);
        let name = ron::from_str::<String>(key.text).map_err(|_| {
            let problem =
                Problem::new(format!("the key {} has no quotes", key.described())).at(key.span()).expected("a name in double quotes");
            if key.shape() == Shape::Name { problem.hint(format!("write \"{}\"", key.text)) } else { problem }
        })?;
        Ok(Entry { key: name, key_span: key.span(), value: self.raw(value) })
    }

    /// Returns a nested raw value as an element. Raw slices still carry comments and blanks; `trim` takes them away.
    fn raw(self, value: &'a RawValue) -> Element<'a> {
        self.child(value.trim().get_ron())
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

/// Words that RON reads as values although they look like names.
const VALUE_WORDS: [&str; 8] = ["true", "false", "inf", "inff32", "inff64", "NaN", "NaNf32", "NaNf64"];

/// Returns the name at the beginning of a text, and what follows it from the next token on.
pub(super) fn name_and_rest(text: &str) -> Option<(&str, &str)> {
    struct Name;
    impl<'de> Visitor<'de> for Name {
        type Value = &'de str;

        fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
            formatter.write_str("a name")
        }

        fn visit_borrowed_str<E>(self, name: &'de str) -> Result<&'de str, E> {
            Ok(name)
        }
    }
    let mut reader = ron::Deserializer::from_str(text).ok()?;
    let name = reader.deserialize_identifier(Name).ok()?;
    let rest = reader.remainder();
    let rest = ron::Deserializer::from_str(rest).map_or(rest, |reader| reader.remainder());
    (!VALUE_WORDS.contains(&name)).then_some((name, rest))
}

/// What stands between round or square brackets.
enum Parts<'a> {
    Fields(Vec<(&'a str, &'a RawValue)>),
    Items(Vec<&'a RawValue>),
}

impl<'a> Parts<'a> {
    fn values(self) -> Vec<&'a RawValue> {
        match self {
            Parts::Fields(fields) => fields.into_iter().map(|(_, value)| value).collect(),
            Parts::Items(items) => items,
        }
    }
}

fn split<'a, T>(text: &'a str, read: impl FnOnce(&mut ron::Deserializer<'a>) -> ron::Result<T>) -> ron::Result<T> {
    let mut reader = ron::Deserializer::from_str(text)?;
    let parts = read(&mut reader)?;
    reader.end()?;
    Ok(parts)
}

fn split_round(text: &str) -> ron::Result<Parts<'_>> {
    if !text.starts_with('(') {
        return Err(ron::Error::ExpectedStructLike);
    }
    split(text, |reader| reader.deserialize_any(RoundParts))
}

struct RoundParts;

impl<'de> Visitor<'de> for RoundParts {
    type Value = Parts<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("fields or items")
    }

    fn visit_unit<E>(self) -> Result<Parts<'de>, E> {
        Ok(Parts::Items(Vec::new()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry::<&str, &RawValue>()? {
            fields.push(field);
        }
        Ok(Parts::Fields(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Parts<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<&RawValue>()? {
            items.push(item);
        }
        Ok(Parts::Items(items))
    }
}

struct MapParts;

impl<'de> Visitor<'de> for MapParts {
    type Value = Vec<(&'de RawValue, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("entries")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// Returns the first pair of things with the same name.
fn repeated<T>(list: &[T], name: impl Fn(&T) -> &str) -> Option<(&T, &T)> {
    let mut seen = std::collections::BTreeMap::new();
    list.iter().find_map(|item| seen.insert(name(item), item).map(|first| (first, item)))
}

pub(super) fn written_twice(what: &str, first: Span, again: Span) -> Problem {
    Problem::new(format!("{what} is written twice")).at(again).also(first, "first written here").hint("keep one of the two, or rename it")
}
