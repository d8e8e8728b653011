//! How does RON itself take a text apart?
//!
//! The only place that drives RON's reader by hand: names, tokens, and the raw values between brackets. Everything
//! borrows from the text, so that the address of a part says where it stands. Offsets are the business of `tree.rs`.

use ron::value::RawValue;
use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Words that RON reads as values although they look like names.
const VALUE_WORDS: [&str; 8] = ["true", "false", "inf", "inff32", "inff64", "NaN", "NaNf32", "NaNf64"];

/// Returns the name at the beginning of a text, and what follows it from the next token on.
pub(super) fn name_and_rest(text: &str) -> Option<(&str, &str)> {
    any_name_and_rest(text).filter(|(name, _)| !VALUE_WORDS.contains(name))
}

/// Does what [`name_and_rest`] does, and takes `true` and the like for names, too: a field may be called so.
pub(super) fn any_name_and_rest(text: &str) -> Option<(&str, &str)> {
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
    Some((name, next_token(reader.remainder())))
}

/// Returns a text from its next token on: RON itself steps over blanks and comments.
pub(super) fn next_token(text: &str) -> &str {
    ron::Deserializer::from_str(text).map_or(text, |reader| reader.remainder())
}

/// What stands between round or square brackets.
pub(super) enum Parts<'a> {
    Fields(Vec<(&'a str, &'a RawValue)>),
    Items(Vec<&'a RawValue>),
}

impl<'a> Parts<'a> {
    pub(super) fn values(self) -> Vec<&'a RawValue> {
        match self {
            Parts::Fields(fields) => fields.into_iter().map(|(_, value)| value).collect(),
            Parts::Items(items) => items,
        }
    }
}

/// Reads the one value of a text.
pub(super) fn split<'a, T>(text: &'a str, read: impl FnOnce(&mut ron::Deserializer<'a>) -> ron::Result<T>) -> ron::Result<T> {
    let mut reader = ron::Deserializer::from_str(text)?;
    let parts = read(&mut reader)?;
    reader.end()?;
    Ok(parts)
}

/// Reads round brackets, with or without names of fields.
pub(super) fn split_round(text: &str) -> ron::Result<Parts<'_>> {
    if !text.starts_with('(') {
        return Err(ron::Error::ExpectedStructLike);
    }
    split(text, |reader| reader.deserialize_any(RoundParts))
}

/// Reads what stands in round or square brackets.
pub(super) struct RoundParts;

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

/// Reads what stands in braces.
pub(super) struct MapParts;

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
