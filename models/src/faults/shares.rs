//! How are one or several shares written? One is a text, several are a list of texts.

use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, SeqAccess, Visitor};
use sim_core::units::Share;
use std::fmt;

/// Reads a share, or a list of shares.
pub(super) fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Share>, D::Error> {
    struct Reader;
    impl<'de> Visitor<'de> for Reader {
        type Value = Vec<Share>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a share such as \"5%\", or a list of shares, one for each step")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<Share>, E> {
            Share::deserialize(text.into_deserializer()).map(|share| vec![share])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut shares: A) -> Result<Vec<Share>, A::Error> {
            let mut all = Vec::new();
            while let Some(share) = shares.next_element()? {
                all.push(share);
            }
            Ok(all)
        }
    }
    deserializer.deserialize_any(Reader)
}
