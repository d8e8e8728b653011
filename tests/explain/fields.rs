//! Which fields does everything registered have, as its own code reads them? Found out by offering it nothing.

use models::faults::Parameter;
use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _, VariantAccess, Visitor};
use std::cell::Cell;

/// Something that has nothing to be read, and notes what it is asked for.
pub struct Probe<'a> {
    /// The member of a registry that is asked for; empty where there is no registry.
    pub variant: &'static str,
    /// What it was asked for.
    pub fields: &'a Cell<Option<&'static [&'static str]>>,
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(serde::de::Error::custom("nothing is here"))
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, fields: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        self.fields.set(Some(fields));
        Err(serde::de::Error::custom("nothing is here"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for Probe<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        let name: StrDeserializer<'_, Error> = self.variant.into_deserializer();
        seed.deserialize(name).map(|value| (value, self))
    }
}

impl<'de> VariantAccess<'de> for Probe<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.deserialize_struct("", fields, visitor)
    }
}

/// Names in the order of the alphabet.
pub fn sorted(names: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
    let mut names: Vec<_> = names.into_iter().collect();
    names.sort_unstable();
    names
}

/// The fields of the member of this registry, if it has names for them.
pub fn fields<'de, Any: Deserialize<'de>>(name: &'static str) -> Option<&'static [&'static str]> {
    let fields = Cell::new(None);
    assert!(Any::deserialize(Probe { variant: name, fields: &fields }).is_err(), "there is nothing to be read");
    fields.get()
}

/// What is explained are the fields of the member of this registry.
pub fn assert_fields<'de, Any: Deserialize<'de>>(name: &'static str, parameters: &[Parameter]) {
    let fields = fields::<Any>(name).unwrap_or_else(|| panic!("{name} was not asked for"));
    assert_eq!(sorted(parameters.iter().map(|parameter| parameter.name)), sorted(fields.iter().copied()), "{name}");
}
