//! How are a storm's strikes put in its place in the text of a scenario?

use crate::plan_text::fault;
use crate::problem::Problem;
use crate::text::Source;
use crate::text::cut::{next, span_of_field, without};
use crate::text::tree::Field;
use models::faults::PlannedFault;

/// The text of a scenario with these as its faults, and without a storm.
///
/// # Errors
/// What is wrong with a text that is no scenario.
pub fn with_faults(text: &str, faults: &[PlannedFault]) -> Result<String, Problem> {
    let mut text = text.to_owned();
    for name in ["faults", "storm"] {
        text = without_field(&text, name)?;
    }
    if faults.is_empty() {
        return Ok(text);
    }
    let lines: Vec<String> = faults.iter().map(|one| format!("        {},\n", fault(one))).collect();
    let source = Source::new("scenario", text.as_str());
    let root = source.root()?;
    let end = root.span().end() - 1;
    let written = root.fields()?;
    let last = written.last().map_or(end, |last| last.value.span().end());
    // Comments may stand behind the comma, or in its place.
    let comma = if !written.is_empty() && !next(&text[last..]).starts_with(',') { "," } else { "" };
    let (fields, comments) = (&text[..last], text[last..end].trim_end());
    Ok(format!("{fields}{comma}{comments}\n    faults: [\n{}    ],\n{}", lines.concat(), &text[end..]))
}

fn without_field(text: &str, name: &str) -> Result<String, Problem> {
    let source = Source::new("scenario", text);
    let root = source.root()?;
    let fields = root.fields()?;
    let Some(Field { name_span, value, .. }) = fields.iter().find(|field| field.name == name) else { return Ok(text.to_owned()) };
    let inside = without(root, span_of_field(*name_span, *value));
    Ok([&text[..root.span().start()], &inside, &text[root.span().end()..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::run;
    use crate::{Extent, read};
    use sim_core::draw::Seed;
    use sim_core::simulation::TieBreak;

    #[test]
    fn a_scenario_with_the_strikes_of_its_storm_has_the_same_run() {
        for (name, seed) in [("any-storm", 3), ("any-storm", 4)] {
            let text = crate::library::find(name).expect("it is shipped").text;
            let stormy = read(Source::new(name, text), name, &[], Extent::AsWritten).expect("it is sound");
            let arm = &stormy.cells[0].arms[0];
            let faults: Vec<_> = arm.faults.iter().cloned().chain(arm.plan.storm_of_run(&Seed::new(seed))).collect();
            let written = with_faults(text, &faults).expect("it is a scenario");
            let calm = read(Source::new(name, &*written), name, &[], Extent::AsWritten)
                .unwrap_or_else(|(source, problems)| panic!("{written}\n{}", problems.render(&source, false)));
            assert!(calm.cells[0].arms[0].plan.storm.is_none());
            let made = |scenario: &crate::Scenario| run(&scenario.cells[0].arms[0], seed, TieBreak::ByRank, None);
            assert_eq!(made(&calm), made(&stormy));
        }
    }

    #[test]
    fn commas_stand_where_ron_wants_them_whatever_comments_say() {
        let fault: PlannedFault = crate::text::parse::options().from_str(r#"Crash(node: "a", at: "1s")"#).expect("it is a fault");
        for text in ["(a: 1)", "(a: 1,)", "(a: 1 // x\n)", "(a: 1, // x,\n)", "(storm: X(a: 1))", "(faults: [], storm: X(), a: 1)", "()"] {
            let written = with_faults(text, std::slice::from_ref(&fault)).expect("it is a scenario");
            let source = Source::new("x", &*written);
            let root = source.root().unwrap_or_else(|problem| panic!("{written}: {}", problem.message));
            let fields = root.fields().expect("it has fields");
            assert_eq!(fields.iter().filter(|field| field.name == "faults").count(), 1, "{written}");
            assert!(fields.iter().all(|field| field.name != "storm"), "{written}");
        }
    }
}
