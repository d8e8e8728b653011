//! What is on at an instant of a trace: which faults, which nodes are dead or stand still, and which later life the others are in?
//!
//! Whoever tells only a part of a trace says by this what had begun before it and is not over.

use super::event::TraceEvent;
use std::collections::{BTreeMap, VecDeque};

/// What is on, as far as events were seen.
#[derive(Clone, Debug, Default)]
pub struct On {
    /// The begins of strikes, by what they are called, the oldest first.
    faults: BTreeMap<String, VecDeque<TraceEvent<'static>>>,
    /// Deaths that nobody has returned from, and returns that nobody has died after, by node.
    lives: BTreeMap<String, TraceEvent<'static>>,
    /// Since when nodes stand still.
    still: BTreeMap<String, TraceEvent<'static>>,
}

impl On {
    /// Whether events of this kind begin or end anything that is on or off.
    pub fn concerns(kind: &str) -> bool {
        kind.starts_with("fault-") || kind.starts_with("node-")
    }

    /// Sees an event; answers the number of that with which something began that is over by it.
    pub fn see(&mut self, event: &TraceEvent<'_>) -> Option<u64> {
        let own = || event.clone().into_owned();
        let (node, what) = (|| event.node.as_deref().unwrap_or_default().to_owned(), event.what.as_deref().unwrap_or_default());
        let over = match event.kind.as_ref() {
            "fault-begins" => {
                self.faults.entry(what.to_owned()).or_default().push_back(own());
                None
            }
            "fault-ends" => self.faults.get_mut(what).and_then(VecDeque::pop_front),
            "node-dies" | "node-returns" => {
                // Who is dead does not stand still, and who returns does so anew if at all.
                let still = self.still.remove(&node());
                self.lives.insert(node(), own()).filter(|before| before.kind == "node-dies").or(still)
            }
            "node-pauses" => {
                self.still.insert(node(), own());
                None
            }
            "node-resumes" => self.still.remove(&node()),
            _ => None,
        };
        over.map(|begin| begin.id)
    }

    /// The events with which what is on began, in order: of lives only those that are over, unless all are asked for.
    pub fn begins(&self, with_lives: bool) -> Vec<&TraceEvent<'static>> {
        let lives = self.lives.values().filter(|event| with_lives || event.kind == "node-dies");
        let mut all: Vec<_> = self.faults.values().flatten().chain(lives).chain(self.still.values()).collect();
        all.sort_by_key(|event| event.id);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_begun_is_on_until_it_is_over() {
        let mut on = On::default();
        let steps = [
            ("fault-begins", "crash", "", vec![1], None),
            ("node-dies", "", "b", vec![1, 2], None),
            ("fault-begins", "crash", "", vec![1, 2, 3], None),
            ("node-pauses", "", "a", vec![1, 2, 3, 4], None),
            ("fault-ends", "crash", "", vec![2, 3, 4], Some(1)),
            ("node-returns", "", "b", vec![3, 4], Some(2)),
            ("node-dies", "", "a", vec![3, 7], Some(4)),
            ("send", "", "a", vec![3, 7], None),
            ("fault-ends", "crash", "", vec![7], Some(3)),
        ];
        for ((kind, what, node, expected, over), id) in steps.into_iter().zip(1..) {
            let text = |text: &'static str| Some(text.into()).filter(|_| !text.is_empty());
            let event = TraceEvent { id, kind: kind.into(), what: text(what), node: text(node), ..TraceEvent::default() };
            assert_eq!(on.see(&event), over, "{kind} {id} ends something");
            let told: Vec<u64> = on.begins(false).iter().map(|event| event.id).collect();
            assert_eq!(told, expected, "after {kind} {id}");
        }
        let told: Vec<u64> = on.begins(true).iter().map(|event| event.id).collect();
        assert_eq!(told, [6, 7], "the second life of b is on");
    }
}
