//! Can the properties that a system is to have be judged in it?

use super::Builder;
use crate::places::Places;
use crate::properties::Stated;
use crate::registry::{complaint, within};

impl Builder<'_> {
    /// The properties, checked.
    pub(super) fn properties(&mut self, known: &Places<'_>) -> Vec<Stated> {
        let stated = &self.spec.properties;
        let events: Vec<&str> = known.events().collect();
        let group = self.spec.groups.first().map(|(_, group)| group);
        for (index, property) in stated.iter().enumerate() {
            let path = format!("properties[{index}]");
            if stated[..index].iter().any(|other| other.title() == property.title()) {
                self.complaints.push(complaint(&path, format!("`{}` is stated twice; leave one of them out", property.title())));
            }
            if group.is_none() && property.needs_group() {
                let sentence = "only the operations of callers at a group are recorded, and there is no group";
                self.complaints.push(complaint(&path, sentence));
            }
            self.complaints.extend(within(&path, property.check(&events, group)));
        }
        stated.clone()
    }
}
