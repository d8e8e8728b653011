//! How are one or several names written? One is a text, several are a list of texts.

use serde::{Deserialize, Serialize};

/// A list of names as a field of its own, read by `#[serde(with = "crate::names")]`.
pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    NameList::deserialize(deserializer).map(|names| names.0)
}

/// The same list, written.
pub(crate) fn serialize<S: serde::Serializer>(names: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    NameList(names.to_vec()).serialize(serializer)
}

/// Names as written.
pub(crate) struct NameList(pub(crate) Vec<String>);

impl Serialize for NameList {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [only] => serializer.serialize_str(only),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for NameList {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> serde::de::Visitor<'de> for Reader {
            type Value = NameList;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a name such as \"zone-a\", or a list of names")
            }
            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<NameList, E> {
                Ok(NameList(vec![name.to_owned()]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut names: A) -> Result<NameList, A::Error> {
                let mut all = Vec::new();
                while let Some(name) = names.next_element()? {
                    all.push(name);
                }
                Ok(NameList(all))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
