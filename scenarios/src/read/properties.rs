//! Which properties does a scenario state, and which of them can each of its arms have?

use super::Reader;
use crate::problem::{Problem, Problems};
use crate::text::parse::parse_as;
use crate::text::tree::Element;
use models::properties::{AnyProperty, MOST_HISTORY, Stated, USUAL_HISTORY, of_protocols};
use models::protocols::Group;

impl Reader<'_> {
    /// The properties as stated; none if one of them cannot be read.
    pub(super) fn properties(&self, problems: &mut Problems) -> Vec<Stated> {
        let Some(section) = self.field("properties") else { return Vec::new() };
        let items = problems.note(section.list()).unwrap_or_default();
        let read: Vec<Option<Stated>> = items.into_iter().map(|item| problems.note(property(item))).collect();
        read.into_iter().collect::<Option<Vec<_>>>().unwrap_or_default()
    }

    /// How many operations the history of a run has at most.
    pub(super) fn history_limit(&self, problems: &mut Problems) -> u32 {
        let Some(limit) = self.read::<u32>("history_limit", problems) else { return USUAL_HISTORY };
        if !(1..=MOST_HISTORY).contains(&limit) {
            let problem = Problem::new(format!("a history has 1 to {MOST_HISTORY} operations, not {limit}"));
            problems.push(problem.at(self.field("history_limit").expect("it was read").span()));
        }
        limit
    }

    /// Their names in tables.
    pub(super) fn titles(&self) -> Vec<String> {
        self.properties(&mut Problems::new()).iter().map(Stated::title).collect()
    }
}

/// Those properties that the arm with this group can have, by their places: one that a protocol watches is not asked of the arms whose
/// groups speak another one, unless no arm speaks it.
pub(super) fn of_arm(stated: &[Stated], group: Option<&Group>, all: &[Option<Group>]) -> Vec<(usize, Stated)> {
    let watches = |group: &Group, wanted: &str| group.properties().chain(group.goals()).any(|(name, _)| name == wanted);
    let belongs = |property: &Stated| match property {
        Stated::Any(_) => true,
        Stated::OfProtocol(name) => {
            group.is_some_and(|group| watches(group, name)) || !all.iter().flatten().any(|group| watches(group, name))
        }
    };
    stated.iter().cloned().enumerate().filter(|(_, property)| belongs(property)).collect()
}

/// A property: one that any system may have, or one that a protocol watches, which has no fields.
fn property(item: Element<'_>) -> Result<Stated, Problem> {
    let watched = of_protocols();
    let Some(name) = item.variant_name().filter(|name| watched.iter().any(|known| known.name == *name)) else {
        let known = AnyProperty::ALL.iter().map(|(name, _)| *name).chain(watched.iter().map(|known| known.name));
        return match item.variant_name() {
            Some(word) if !AnyProperty::ALL.iter().any(|(name, _)| *name == word) => {
                let known: Vec<&str> = known.collect();
                let problem = Problem::new(format!("unknown property `{word}`")).at(item.head());
                Err(problem.expected(crate::problem::one_of(known.iter().copied())).suggest(word, known))
            }
            _ => parse_as::<AnyProperty>(item, "property").map(Stated::Any),
        };
    };
    if let Some(field) = item.fields_as_written()?.first() {
        let problem = Problem::new(format!("unknown field `{}`", field.name)).at(field.name_span);
        return Err(problem.expected(format!("no fields at all: write `{name}()`")));
    }
    Ok(Stated::OfProtocol(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;
    use crate::text::Source;
    use crate::{Extent, read};

    fn text(properties: &str, groups: &str, arms: &str) -> String {
        format!(
            r#"(schema: 1, name: "x", horizon: "5s",
                nodes: {{ "clients": Clients(count: 1, arrivals: Constant(rate: "5/s"), calls: "store") }},
                groups: {{ "store": {groups} }}, properties: [{properties}]{arms})"#
        )
    }

    fn sound(properties: &str, groups: &str, arms: &str) -> Scenario {
        read(Source::new("x.ron", text(properties, groups, arms)), "x.ron", &[], Extent::Grid)
            .unwrap_or_else(|(source, problems)| panic!("{}", problems.render(&source, false)))
    }

    fn refused(properties: &str, groups: &str) -> String {
        let (source, problems) =
            read(Source::new("x.ron", text(properties, groups, "")), "x.ron", &[], Extent::Grid).expect_err("something is wrong");
        problems.render(&source, false)
    }

    #[test]
    fn what_is_wrong_with_a_property_is_said_with_its_place_and_a_remedy() {
        let message = refused("Linearisable()", "QuorumRegister()");
        assert!(message.contains("unknown property `Linearisable`") && message.contains("did you mean `Linearizable`?"), "{message}");
        let message = refused("Linearizable(), Linearizable()", "QuorumRegister()");
        assert!(message.contains("`Linearizable` is stated twice") && message.contains("properties[1]"), "{message}");
        let message = refused("OneHolder(within: \"5s\")", "Lease(holders: 2, length: \"10s\")");
        assert!(message.contains("unknown field `within`") && message.contains("write `OneHolder()`"), "{message}");
        let message = refused("OneHolder()", "QuorumRegister()");
        assert!(message.contains("no property of a QuorumRegister is called `OneHolder`"), "{message}");
        let message = refused("Never(event: \"Suspect\")", "Lease(holders: 2, length: \"10s\")");
        assert!(message.contains("no announcement is called `Suspect`"), "{message}");
        let message = refused("BoundedStaleness()", "QuorumRegister()");
        assert!(message.contains("say how old is too old"), "{message}");
    }

    #[test]
    fn a_property_of_a_protocol_is_asked_of_the_arms_that_speak_it() {
        let lease = "Lease(holders: 2, length: \"10s\")";
        let arms = format!(", arms: {{ \"register\": (), \"lease\": (groups: {{ \"store\": {lease} }}) }}");
        let scenario = sound("OneHolder(), Linearizable()", "QuorumRegister()", &arms);
        let stated: Vec<usize> = scenario.cells[0].arms.iter().map(|arm| arm.plan.properties.len()).collect();
        assert_eq!((stated, scenario.properties), (vec![1, 2], vec!["OneHolder".to_owned(), "Linearizable".to_owned()]));
    }

    #[test]
    fn no_protocol_watches_a_property_by_the_name_of_one_that_any_system_may_have() {
        for watched in super::of_protocols() {
            assert!(super::AnyProperty::ALL.iter().all(|(name, _)| *name != watched.name), "{}", watched.name);
        }
    }
}
