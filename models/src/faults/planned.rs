//! How is a fault read together with when it strikes?
//!
//! A scenario writes `Crash(node: "shop", at: "60s", lasts: "10s")`: fields of the fault and fields of its timing side by
//! side. The fault's own type is read by its own derived code; this file stands between that and the text, and keeps the
//! fields of the timing for itself. (`#[serde(flatten)]` would do so too, and ruin every message.)

use super::{AnyFault, Timing};
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, VariantAccess, Visitor};
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;
use std::fmt;

/// A fault, and when it strikes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedFault {
    /// What happens.
    pub fault: AnyFault,
    /// When.
    pub timing: Timing,
}

impl PlannedFault {
    /// A fault that strikes once.
    pub fn once(fault: AnyFault, at: SimDuration, lasts: Option<SimDuration>) -> Self {
        Self { fault, timing: Timing::once(at, lasts) }
    }
}

impl<'de> Deserialize<'de> for PlannedFault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut timing = Timing::default();
        let fault = AnyFault::deserialize(Split { inner: deserializer, timing: &mut timing })?;
        Ok(Self { fault, timing })
    }
}

/// Stands between a type and its source, on every level from the enum down to the fields.
struct Split<'t, T> {
    inner: T,
    timing: &'t mut Timing,
}

/// A type asks for an enum first, then for the struct in its variant; nothing else is asked for.
impl<'de, D: Deserializer<'de>> Deserializer<'de> for Split<'_, D> {
    type Error = D::Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_enum(name, variants, Split { inner: visitor, timing: self.timing })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_struct(name, fields, Split { inner: visitor, timing: self.timing })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Split<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Split { inner: data, timing: self.timing })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Split { inner: map, timing: self.timing })
    }
}

impl<'de, 't, A: EnumAccess<'de>> EnumAccess<'de> for Split<'t, A> {
    type Error = A::Error;
    type Variant = Split<'t, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(seed)?;
        Ok((value, Split { inner: variant, timing: self.timing }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Split<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Split { inner: seed, timing: self.timing })
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Split { inner: visitor, timing: self.timing })
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Split<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Split { inner: deserializer, timing: self.timing })
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Split<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Field(name)) = self.inner.next_key()? {
            match Timing::FIELDS.into_iter().find(|field| *field == name) {
                Some(field) => self.timing.read(field, &mut self.inner)?,
                None => return seed.deserialize(name.into_deserializer()).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.inner.next_value_seed(seed)
    }
}

/// The name of a field.
struct Field(String);

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Field;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }
            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Field, E> {
                Ok(Field(name.to_owned()))
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}
