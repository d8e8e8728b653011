//! Who is who? Indices with types, so that a node is never mistaken for a call.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// Position in the table of its kind.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// An identity that messages are sent to: one replica of a service, one member of a group, or a whole client population.
    NodeId
}
id! {
    /// A running copy of a node. Every identity has one; a Byzantine twin is a second one of the same identity.
    InstanceId
}
id! {
    /// A failure domain: a region, a zone, a rack. Links run between domains.
    DomainId
}
id! {
    /// A caller and its callee, as named in the scenario: `shoppers -> checkout`.
    EdgeId
}
id! {
    /// A population of clients.
    PopulationId
}
id! {
    /// A way from one domain to another over one or more links, in one direction.
    RouteId
}
id! {
    /// A planned fault.
    FaultId
}
id! {
    /// A stretch of a strike of a fault: effects that begin and end together.
    StretchId
}
