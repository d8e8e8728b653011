//! How is a repro file written?

use super::recording::{Recording, record};
use super::{FORM, Repro, TRACE_FORMAT, faults::with_faults};
use crate::data::text_of;
use crate::plan_text::fault;
use crate::problem::Problem;
use crate::run::Run;
use crate::scenario::Scenario;
use crate::search::plans::Strikes;
use crate::search::{Failure, Judge};
use crate::shrink::draft::Draft;
use crate::text::cut::each;
use crate::text::parse::parse;
use crate::text::tree::Shape;
use crate::text::{Source, first_comment};
use crate::{Extent, read};
use models::faults::PlannedFault;
use sim_core::draw::Seed;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;

impl Repro {
    /// A run of a scenario as a file that reads alone, and the run. `strikes` stand in the place of what its own storm would draw.
    ///
    /// # Errors
    /// What is wrong with the scenario, or with the files it names.
    pub fn of(scenario: &Scenario, arm: usize, seed: u64, strikes: Option<&Strikes>) -> Result<(Self, Result<Run, String>), Problem> {
        let source = &scenario.source;
        let data = enclosed(source)?;
        let about = first_comment(&source.text);
        let (text, other) = match strikes {
            None => (source.root()?.text().to_owned(), None),
            Some(strikes) => {
                let planned = &scenario.cells[0].arms[arm].faults;
                let faults = planned.iter().cloned().chain(strikes.iter().map(|(one, _)| one.clone())).collect();
                let (text, other) = with_strikes(scenario, arm, seed, faults, &data)?;
                (text, Some(other))
            }
        };
        let (scenario, arm) = other.as_ref().map_or((scenario, arm), |other| (&other.0, other.1));
        let plan = &scenario.cells[0].arms[arm];
        let (recording, made) = record(plan, seed);
        let failures = Judge::of(scenario, arm).failures(seed, made.as_ref().map_err(String::as_str));
        let repro = Self {
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            behaviour: models::BEHAVIOUR_VERSION,
            trace: TRACE_FORMAT,
            scenario: text,
            about,
            data,
            arm: scenario.arms[arm].clone(),
            seed,
            drawn: plan.plan.storm_of_run(&Seed::new(seed)),
            failures,
            recording,
        };
        Ok((repro, made))
    }

    /// The file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |written: String| {
            text += &written;
            text.push('\n');
        };
        for failure in &self.failures {
            line(format!("// {}: {} ({}).", one_line(&failure.property), one_line(&failure.witness), one_line(&failure.seen)));
        }
        line("// `stormglass replay` with this file makes the same run again, `stormglass shrink` looks for a smaller one.".to_owned());
        line(format!("(\n    repro: {FORM},"));
        line(format!("    tool: {}, behaviour: {}, trace: {},", quoted(&self.tool), self.behaviour, self.trace));
        line(format!("    about: {},", quoted(&self.about)));
        line(format!("    arm: {},\n    seed: {},", quoted(&self.arm), self.seed));
        line("    failures: [".to_owned());
        for Failure { property, witness, seen } in &self.failures {
            line(format!("        (property: {}, witness: {}, seen: {}),", quoted(property), quoted(witness), quoted(seen)));
        }
        line("    ],\n    drawn: [".to_owned());
        for drawn in &self.drawn {
            line(format!("        {},", fault(drawn)));
        }
        line("    ],\n    data: {".to_owned());
        for (name, data) in &self.data {
            line(format!("        {}: {},", quoted(name), quoted(data)));
        }
        line(format!("    }},\n    scenario: {},", self.scenario));
        line(run_field(&self.recording));
        let sum = checksum(&text);
        let _ = writeln!(text, "{CHECKSUM}\"{sum}\",\n)");
        text
    }
}

/// How the line of the checksum begins.
pub(super) const CHECKSUM: &str = "    checksum: ";

/// The fingerprint of a text, however its lines end.
pub(super) fn checksum(text: &str) -> String {
    blake3::hash(text.replace("\r\n", "\n").as_bytes()).to_hex()[..32].to_owned()
}

fn run_field(recording: &Recording) -> String {
    const IN_A_LINE: usize = 8;
    let Recording { events, ended, digest, every, marks } = recording;
    let mut text =
        format!("    run: (events: {events}, ended: \"{}\", digest: \"{digest:016x}\", every: {every}, digests: [\n", ended.since_start());
    for marks in marks.chunks(IN_A_LINE) {
        let words: Vec<String> = marks.iter().map(|mark| format!("{mark:016x}")).collect();
        let _ = writeln!(text, "        \"{}\",", words.join(" "));
    }
    text + "    ]),"
}

fn quoted(text: &str) -> String {
    ron::to_string(text).expect("a text can always be written as RON")
}

/// A text that cannot end a comment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A scenario with these faults in the place of its own and of its storm, and which of its arms it is about. Where other arms have no members
/// of these names, only this arm is left.
fn with_strikes(
    scenario: &Scenario,
    arm: usize,
    seed: u64,
    faults: Vec<PlannedFault>,
    data: &BTreeMap<String, String>,
) -> Result<(String, (Scenario, usize)), Problem> {
    let source = &scenario.source;
    let again = |text: &str| {
        let alone = Source::new(source.name.clone(), text).with_enclosed(data.clone());
        read(alone, &scenario.origin, &[], Extent::AsWritten)
    };
    let written = source.root()?.text();
    let text = with_faults(written, &faults)?;
    if let Ok(whole) = again(&text) {
        return Ok((text, (whole, arm)));
    }
    let name = &scenario.arms[arm];
    let mut draft = Draft { faults, ..Draft::of_arm(written, name, seed)? };
    draft.fields.push(("arms".to_owned(), format!("{{ {}: () }}", quoted(name))));
    let text = draft.text("").trim_end().to_owned();
    let alone = again(&text).map_err(first_problem)?;
    Ok((text, (alone, 0)))
}

fn first_problem((_, problems): (Source, crate::problem::Problems)) -> Problem {
    let message = problems.sorted().first().map_or_else(String::new, |problem| problem.message.clone());
    Problem::new(format!("the scenario cannot be read with the faults of this run in it: {message}"))
}

/// The files that a scenario names, by their names.
fn enclosed(source: &Source) -> Result<BTreeMap<String, String>, Problem> {
    let mut files = source.enclosed.clone();
    let Some(folder) = &source.folder else { return Ok(files) };
    let mut names = Vec::new();
    each(source.root()?, &mut |element| {
        if element.shape() != Shape::Struct {
            return;
        }
        let fields = element.fields().unwrap_or_default();
        let file = fields.iter().find(|field| field.name == "file" && field.value.shape() == Shape::Text);
        names.extend(file.and_then(|field| parse::<String>(field.value).ok()));
    });
    for name in names {
        if let Entry::Vacant(place) = files.entry(name) {
            let text = text_of(&folder.join(place.key()))?;
            place.insert(text);
        }
    }
    Ok(files)
}
