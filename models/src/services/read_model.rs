//! What is a service that answers reads from what messages have told it of the writes of another?

use crate::about::{About, Explained, parameter};
use crate::registry::Registered;
use serde::{Deserialize, Serialize};

/// A projection of what another service keeps: messages tell it of writes, and it answers reads from what it has been told so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadModel {
    /// The service whose writes it is told of, which has to publish them.
    pub of: String,
}

impl Registered for ReadModel {
    const NAME: &'static str = "ReadModel";
    const SUMMARY: &'static str = "a service answers reads from what messages have told it of another one's writes";
}

impl Explained for ReadModel {
    const ABOUT: About = About {
        meaning: "Reads are answered by a service of their own, made for them, that a burst of writes does not slow down and that goes on when the \
                  source is down. What it answers is as old as the way through the queue is long: when consumers are too few, or a message \
                  waits for another try, readers miss what was written lately, and even what they have written themselves.",
        formula: "The n-th write that the source commits has the version n, and a message tells of it that sets out at that instant. When the work on \
                  such a message ends in success, the model applies the version if it is newer than what it has of that object; messages out \
                  of order and told twice change nothing. A read is stale if, when it is answered, a write of its object was committed at \
                  the source and neither it nor a newer one is applied. All replicas of the model share what they have. No draws.",
        parameters: &[parameter("of", "service", "required", "whose writes it is told of; has `publishes` in its `data`")],
        memory: "About 50 bytes per write that the model lacks, those included whose message is lost for good until their object is written again.",
        source: "Textbook (command query responsibility segregation: G. Young, 2010); M. Kleppmann, \"Designing Data-Intensive Applications\", 2017, \
                 chapter 11, for derived data that follows a stream of changes",
        example: "read_model: (of: \"orders\")",
    };
}
