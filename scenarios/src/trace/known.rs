//! What may be named where events of a run are chosen, and what is named that the run has not?

use super::kinds::{KINDS, kind_of};
use crate::problem::{did_you_mean, one_of};
use models::plan::Plan;
use models::record::Record;

/// The names of nodes and kinds of a run.
#[derive(Clone, Debug)]
pub struct Known<'p> {
    nodes: Vec<&'p str>,
    kinds: Vec<&'p str>,
}

impl<'p> Known<'p> {
    /// What there is in the runs of a plan.
    pub fn of(plan: &'p Plan) -> Self {
        let messages = plan.group.as_ref().map_or(&[][..], |group| group.spec.kinds());
        let more = messages.iter().copied().chain(plan.announced()).map(|word| -> &'p str { word });
        Self::new(plan.nodes.iter().map(|node| node.name.as_str()), more)
    }

    /// These nodes; the kinds that every run has, and these kinds of message and of what is announced.
    pub(super) fn new(nodes: impl Iterator<Item = &'p str>, more: impl Iterator<Item = &'p str>) -> Self {
        Self { nodes: nodes.collect(), kinds: KINDS.iter().map(|(word, _)| *word).chain(more).collect() }
    }

    /// What is wrong with a name that is to be that of a node, or of a service or group; nothing if there is one.
    pub fn problem_of_node(&self, wanted: &str) -> Option<String> {
        if self.nodes.iter().any(|node| is_of(node, wanted)) {
            return None;
        }
        let mut fleets: Vec<&str> = self.nodes.iter().map(|node| fleet(node)).collect();
        fleets.dedup();
        let hint = did_you_mean(wanted, fleets.iter().chain(&self.nodes).copied());
        let hint = hint.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        Some(format!("no node is called `{wanted}`; expected {}{hint}", one_of(fleets)))
    }

    /// What is wrong with a word that is to name a kind; nothing if there is one.
    pub fn problem_of_kind(&self, wanted: &str) -> Option<String> {
        if self.kinds.iter().any(|word| is_kind(word, wanted)) {
            return None;
        }
        let hint = did_you_mean(wanted, self.kinds.iter().copied());
        let hint = hint.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
        Some(format!("no event is of the kind `{wanted}`; expected one of {}{hint}", self.kinds.join(", ")))
    }
}

/// `checkout` of `checkout[1]`.
fn fleet(node: &str) -> &str {
    node.split_once('[').map_or(node, |(fleet, _)| fleet)
}

/// Whether a node has this name, or is one of those that have it together.
pub(crate) fn is_of(node: &str, wanted: &str) -> bool {
    node == wanted || fleet(node) == wanted
}

/// Whether a word is this kind, or one of those that begin with it: `fault` is `fault-begins` and `fault-ends`. Large letters are as good as small ones.
pub(crate) fn is_kind(word: &str, wanted: &str) -> bool {
    let (word, wanted) = (word.as_bytes(), wanted.as_bytes());
    word.get(..wanted.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(wanted)) && matches!(word.get(wanted.len()), None | Some(b'-'))
}

/// Whether a record is of this kind, tells of a message of this kind, or announces what is called so.
pub(crate) fn is_record_of_kind(record: &Record, wanted: &str) -> bool {
    let more = match record {
        Record::MemberSent(name) | Record::MemberHeard(name) | Record::MemberMissed(name, _) | Record::MemberMisheard(name) => {
            Some(name.kind)
        }
        Record::Announced(_, what, _) => Some(*what),
        _ => None,
    };
    is_kind(kind_of(record), wanted) || more.is_some_and(|word| is_kind(word, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_said_with_what_there_is_and_what_is_near() {
        let known = Known::new(["checkout[0]", "checkout[1]", "shoppers"].into_iter(), ["ping", "LeaderElected"].into_iter());
        for node in ["checkout", "checkout[1]", "shoppers"] {
            assert_eq!(known.problem_of_node(node), None);
        }
        let problem = known.problem_of_node("checkot").expect("nobody is called so");
        assert_eq!(problem, "no node is called `checkot`; expected checkout or shoppers; did you mean `checkout`?");
        assert!(known.problem_of_node("checkout[2]").is_some());
        for kind in ["send", "SEND", "fault", "fault-ends", "ping", "leaderelected"] {
            assert_eq!(known.problem_of_kind(kind), None, "{kind}");
        }
        for (kind, near) in [("sent", "send"), ("pin", "ping"), ("LeaderElectd", "LeaderElected")] {
            let problem = known.problem_of_kind(kind).expect("nothing is called so");
            assert!(problem.contains(" fault-begins, ") && problem.ends_with(&format!("did you mean `{near}`?")), "{problem}");
        }
    }
}
