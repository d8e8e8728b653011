//! Of what kind is a request? Classes: how often they come, and how important they are.
//!
//! The class of a call is drawn from a place of its own, so that classes added to a population move nothing else. Whatever is
//! called on behalf of a call is of its class.

use crate::registry::{Complaint, complaint};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sim_core::draw::{Key, Seed};
use std::collections::BTreeMap;
use std::fmt;

/// A class of requests of a population.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// How many of the calls are of this class, beside the weights of the other classes of the population; 1 unless said.
    #[serde(default = "one")]
    pub weight: u32,
    /// How important its requests are: 0 is the most important, and the greatest number is shed first. 0 unless said.
    #[serde(default)]
    pub priority: u8,
}

const fn one() -> u32 {
    1
}

/// The classes of a population, by name.
pub type Classes = BTreeMap<String, Class>;

/// Reads classes; a name that comes twice is wrong.
pub(super) fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Classes, D::Error> {
    struct Reader;
    impl<'de> Visitor<'de> for Reader {
        type Value = Classes;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map from names to classes, such as { \"buy\": (weight: 2), \"browse\": (weight: 8) }")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Classes, A::Error> {
            let mut classes = Classes::new();
            while let Some((name, class)) = map.next_entry::<String, Class>()? {
                if classes.contains_key(&name) {
                    return Err(A::Error::custom(format!("`{name}` is written twice")));
                }
                classes.insert(name, class);
            }
            Ok(classes)
        }
    }
    deserializer.deserialize_map(Reader)
}

/// At most so many classes in a scenario.
pub const MOST_CLASSES: usize = 200;

/// The classes of a population, ready to be drawn.
#[derive(Clone, Debug)]
pub struct ClassMix {
    /// For each class, its number in the plan, and the share of the calls of it and those before it, in parts of 2^64.
    parts: Vec<(u8, u64)>,
}

/// Everything wrong with the classes of a population.
pub(super) fn check(classes: &Classes) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    if !classes.is_empty() && classes.values().all(|class| class.weight == 0) {
        complaints.push(complaint("", "all classes have a weight of 0; at least one needs a weight above 0"));
    }
    complaints.extend(classes.keys().any(String::is_empty).then(|| complaint("", "a class needs a name")));
    complaints
}

impl ClassMix {
    /// The mix of these classes, each with its number in the plan; nothing if there are none.
    pub fn new(classes: &Classes, number: impl Fn(&str) -> u8) -> Option<Self> {
        let total: u128 = classes.values().map(|class| u128::from(class.weight)).sum();
        let mut sum = 0_u128;
        let part = |(name, class): (&String, &Class)| {
            sum += u128::from(class.weight);
            (number(name), u64::try_from((sum << 64) / total.max(1)).unwrap_or(u64::MAX))
        };
        (total > 0).then(|| Self { parts: classes.iter().filter(|(_, class)| class.weight > 0).map(part).collect() })
    }

    /// Which share of the calls is of this class.
    pub fn share(&self, class: u8) -> f64 {
        let place = self.parts.iter().position(|part| part.0 == class);
        place.map_or(0.0, |place| {
            (self.parts[place].1 - place.checked_sub(1).map_or(0, |before| self.parts[before].1)) as f64 / u64::MAX as f64
        })
    }

    /// The class of a call.
    pub fn class(&self, call: Key, seed: &Seed) -> u8 {
        let bits = Key::named("class").child(seed.number()).child(call.bits()).bits();
        let place = self.parts.partition_point(|(_, end)| *end <= bits);
        self.parts[place.min(self.parts.len() - 1)].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_come_in_the_proportion_of_their_weights() {
        let class = |weight| Class { weight, priority: 0 };
        let classes = Classes::from([("browse".to_owned(), class(8)), ("buy".to_owned(), class(2)), ("never".to_owned(), class(0))]);
        let mix = ClassMix::new(&classes, |name| match name {
            "browse" => 1,
            "buy" => 2,
            _ => 3,
        })
        .unwrap();
        let mut counts = [0_u32; 4];
        for call in 0..100_000_u64 {
            counts[usize::from(mix.class(Key::named("call").child(call), &Seed::new(7)))] += 1;
        }
        // Four standard errors of a share of 20 % are 506.
        assert!(counts[2].abs_diff(20_000) < 506 && counts[1] + counts[2] == 100_000, "{counts:?}");
    }
}
