//! Deadline: give up on the whole call after a time, retries and waits included.

use crate::about::{About, Explained, parameter};
use crate::outcome::{Failure, Outcome};
use crate::registry::{Complaint, Registered, complaint};
use crate::strategies::{End, Moment, Site, Step, Strategy};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_core::time::SimDuration;
use std::fmt;

/// Fails with `deadline` when the call has not ended this long after it was started, and at once if it is asked for another
/// try after that. Written `Deadline("2s")`; so it does not travel with the request, and a callee knows nothing of it.
///
/// Written `Deadline(after: "2s", propagate: true)` it does: every callee, and whoever it calls in turn, has until the same instant.
/// Work that is to begin later than that is not begun, a downstream call ends with it (`deadline`), and no retry of theirs outlives it.
/// The instant is that of the caller, as if all clocks agreed (gRPC sends the time that is left, which comes to the same
/// less the time of travel).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// How long the call may take.
    pub after: SimDuration,
    /// Whether callees are told.
    pub propagate: bool,
}

impl Deadline {
    /// A deadline that only its caller knows of.
    pub const fn new(after: SimDuration) -> Self {
        Self { after, propagate: false }
    }
}

impl Registered for Deadline {
    const NAME: &'static str = "Deadline";
    const SUMMARY: &'static str = "gives up on the whole call after a time, retries and waits included";
}

impl Explained for Deadline {
    const ABOUT: About = About {
        meaning: "The time that the whole call has, retries and waits included. The outermost layer of most stacks: without it a call \
                  whose answer is lost may never end. Told to callees, it also keeps them from work that nobody waits for.",
        formula: "A flight of it fails with deadline as soon as now >= start of the call + after, and what is open inside is given up; \
                  asked after that, it fails at once. With propagate the instant travels with every attempt: work that would begin later \
                  is not begun, calls made for it end with it, too. No draws.",
        parameters: &[
            parameter(
                "after",
                "duration, above 0",
                "required",
                "how long the call may take; alone, it is written without its name: Deadline(\"2s\")",
            ),
            parameter("propagate", "true, false", "false", "whether callees, and those they call, are told of it"),
        ],
        memory: "Nothing beside its timer.",
        source: "own definition; gRPC sends the time that is left, which comes to the same less the time of travel.",
        example: "Deadline(after: \"2s\", propagate: true)",
    };
}

impl Strategy for Deadline {
    type Flight = ();
    type Shared = ();

    fn flight(&self) {}

    fn fresh(&self, _site: &Site<'_>) {}

    fn start(&self, _flight: &mut (), _shared: &mut (), moment: &mut Moment<'_>) -> Step {
        let over = moment.call_started.saturating_add(self.after);
        moment.notes.deadline(over, self.propagate);
        // A retry outside may come back when the time of the call is up.
        if over <= moment.now { Step::End(Outcome::Failed(Failure::Deadline)) } else { Step::Inner { wake: Some(over) } }
    }

    fn inner_ended(&self, _flight: &mut (), _shared: &mut (), end: End, _moment: &mut Moment<'_>) -> Step {
        Step::End(end.outcome)
    }

    fn timer(&self, _flight: &mut (), _shared: &mut (), _moment: &mut Moment<'_>) -> Step {
        Step::End(Outcome::Failed(Failure::Deadline))
    }

    fn check(&self) -> Vec<Complaint> {
        let zero = self.after.is_zero().then(|| complaint("", "a deadline of zero gives up before anything is sent"));
        zero.into_iter().collect()
    }
}

impl Serialize for Deadline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.propagate {
            return self.after.serialize(serializer);
        }
        let mut fields = serializer.serialize_struct("Deadline", 2)?;
        fields.serialize_field("after", &self.after)?;
        fields.serialize_field("propagate", &self.propagate)?;
        fields.end()
    }
}

impl<'de> Deserialize<'de> for Deadline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            after: SimDuration,
            #[serde(default)]
            propagate: bool,
        }
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Deadline;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as \"2s\", or (after: \"2s\", propagate: true)")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Deadline, E> {
                SimDuration::deserialize(de::value::StrDeserializer::new(text)).map(Deadline::new)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Deadline, A::Error> {
                let Fields { after, propagate } = Fields::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Deadline { after, propagate })
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
