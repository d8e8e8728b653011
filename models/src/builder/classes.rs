//! Which classes of requests are there in a system, all populations taken together?

use super::{Builder, quoted};
use crate::plan::ClassPlan;
use crate::registry::complaint;
use crate::workloads::MOST_CLASSES;

impl Builder<'_> {
    /// All classes: first that of calls without one, then the others, population by population, in the order of their names. What has one name in two populations is
    /// one class.
    pub(super) fn classes(&mut self) -> Vec<ClassPlan> {
        let mut all = vec![ClassPlan { name: String::new(), priority: 0 }];
        for (population, clients) in &self.spec.clients {
            for (name, class) in &clients.classes {
                match all.iter().find(|known| known.name == *name) {
                    None => all.push(ClassPlan { name: name.clone(), priority: class.priority }),
                    Some(known) if known.priority == class.priority => {}
                    Some(known) => {
                        let path = format!("nodes.{}.classes.{}.priority", quoted(population), quoted(name));
                        let sentence = format!(
                            "the class `{name}` has the priority {} in another population; give it one priority, or two names",
                            known.priority
                        );
                        self.complaints.push(complaint(&path, sentence));
                    }
                }
            }
        }
        if all.len() > MOST_CLASSES {
            self.complaints.push(complaint(
                "nodes",
                format!("there are {} classes of requests, and {} are the most", all.len() - 1, MOST_CLASSES - 1),
            ));
            all.truncate(1);
        }
        all
    }
}

/// The number of a class by its name; that of calls without one if there is no such class.
pub(super) fn number_of(classes: &[ClassPlan], name: &str) -> u8 {
    let position = classes.iter().position(|class| class.name == name).unwrap_or(0);
    u8::try_from(position).expect("a plan has at most 200 classes")
}
