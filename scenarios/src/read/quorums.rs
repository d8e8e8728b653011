//! Does a scenario ask of a group what its quorums cannot give?
//!
//! Sizes that are too small are allowed, because what they break is worth seeing. That this is meant a scenario says by an expectation that the
//! property is violated, or by an arm or a cell beside it that is large enough.

use super::Reader;
use super::idle::{inside, value_of};
use crate::expect::Clause;
use crate::problem::{Problem, Problems};
use crate::scenario::Scenario;
use crate::text::overlay::overlay;
use crate::text::tree::Element;
use models::protocols::{Group, TooSmall};

impl<'a> Reader<'a> {
    /// Groups of which a property asks for more than they can promise.
    pub(super) fn warn_of_quorums(&self, scenario: &Scenario, arms: &[(String, Option<Element<'a>>)], warnings: &mut Problems) {
        let places = scenario.cells.iter().flat_map(|cell| cell.arms.iter().zip(arms));
        for (arm, (name, written)) in places {
            let (Some(group), Some(plan)) = (&arm.group, &arm.plan.group) else { continue };
            let Some(small) = group.too_small() else { continue };
            let asked = arm.plan.properties.iter().filter(|stated| small.breaks.contains(&stated.name()));
            let unmeant = asked.map(|stated| stated.title()).find(|title| !is_expected(scenario, title, name));
            let Some(property) = unmeant.filter(|_| !has_sound_sibling(scenario, group)) else { continue };
            let pieces = overlay(self.root, *written, &[], &mut Problems::new());
            let element = value_of(&pieces, "groups", &plan.name);
            let field = element.and_then(|element| inside(element, small.field)).or(element);
            warnings.push(Problem { place: field.map(Element::head), ..told(&property, &small) });
        }
    }
}

fn told(property: &str, small: &TooSmall) -> Problem {
    let TooSmall { sentence, remedy, .. } = small;
    let meant = format!("expect: [Violated(property: \"{property}\", at_least: \"1%\")]");
    Problem::new(format!("`{property}` cannot be promised: {sentence}")).hint(format!("{remedy}; or say that it is meant: `{meant}`"))
}

/// Whether somebody expects that this is violated in this arm.
fn is_expected(scenario: &Scenario, title: &str, arm: &str) -> bool {
    let speaks =
        |clause: &Clause| matches!(clause.bare(), Clause::Violated(bounds) if bounds.property == title && bounds.at_least.is_some());
    scenario.expect.iter().any(|clause| speaks(clause) && clause.speaks_of(arm))
}

/// Whether another arm, or the same one in another cell, has such a group that is large enough.
fn has_sound_sibling(scenario: &Scenario, group: &Group) -> bool {
    let groups = scenario.cells.iter().flat_map(|cell| &cell.arms).filter_map(|arm| arm.group.as_ref());
    groups.into_iter().any(|other| other.name() == group.name() && other.too_small().is_none())
}

#[cfg(test)]
mod tests {
    use crate::text::Source;
    use crate::{Extent, read};

    fn warned(group: &str, properties: &str, more: &str) -> String {
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "5s",
                nodes: {{ "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "store") }},
                groups: {{ "store": {group} }}, properties: [{properties}], stacks: {{ "clients -> store": [Timeout("1s")] }}, {more})"#
        );
        let scenario = read(Source::new("x.ron", text), "x.ron", &[], Extent::Grid)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)));
        scenario.warnings.render(&scenario.source, false)
    }

    #[test]
    fn quorums_that_cannot_give_what_is_asked_for_are_warned_of_with_the_field_and_a_remedy() {
        let small = "QuorumRegister(members: 3, read_quorum: 1, write_quorum: 2)";
        let told = warned(small, "Linearizable()", "");
        assert!(told.contains("`Linearizable` cannot be promised: R + W = 1 + 2 is not above N = 3"), "{told}");
        assert!(told.contains("write quorums that come to 4 or more") && told.contains("groups.store.read_quorum"), "{told}");
        for (group, property, sentence) in [
            ("Pbft(members: 3)", "Agreement()", "3 replicas cannot bear 1 that lie"),
            ("Generals(members: 3, round: \"100ms\")", "Validity()", "3 generals cannot bear 1"),
            ("ByzantineRegister(quorum: 2)", "Causal()", "two quorums of 2 among 4 replicas"),
            ("Raft(members: 4, quorum: 2)", "ElectionSafety()", "two quorums of 2 among 4 members"),
        ] {
            let told = warned(group, property, "");
            assert!(told.contains(sentence) && told.contains("cannot be promised"), "{group}: {told}");
        }
    }

    #[test]
    fn nobody_is_warned_of_what_is_enough_or_meant_or_not_asked_for() {
        let small = "QuorumRegister(members: 3, read_quorum: 1, write_quorum: 2)";
        let meant = r#"expect: [Violated(property: "Linearizable", at_least: "1%")],"#;
        let arms = r#"arms: { "small": (), "majority": (groups: { "store": QuorumRegister(members: 3) }) },"#;
        for (group, property, more) in [
            ("QuorumRegister(members: 3)", "Linearizable()", ""),
            ("QuorumRegister(members: 3, read_quorum: 1, write_quorum: 3)", "Linearizable()", ""),
            // Writes know of each other by the quorum that is asked for the newest version.
            ("QuorumRegister(members: 3, read_quorum: 3, write_quorum: 1)", "Linearizable()", ""),
            (small, "EventualConvergence(within: \"1s\")", ""),
            (small, "Linearizable()", meant),
            (small, "Linearizable()", arms),
            ("Generals(members: 3, round: \"100ms\", messages: Signed)", "Agreement()", ""),
            ("Pbft()", "Agreement()", ""),
            ("Raft(members: 4, quorum: 3)", "ElectionSafety()", ""),
        ] {
            let told = warned(group, property, more);
            assert!(!told.contains("cannot be promised"), "{group}: {told}");
        }
    }
}
