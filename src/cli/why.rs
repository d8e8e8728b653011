//! `why`: why a call took as long as it did, why callers try again and again, or what led to a violation.

use super::output::{print, say, wrong};
use super::replay::run_of_repro;
use super::run::choose_arm;
use super::trace_file::TraceFormat;
use super::whole_file::WholeFile;
use super::{Exit, ScenarioArgs, load, target};
use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use models::properties::{AnyProperty, Finding, Verdict, Witness, of_protocols};
use reports::trace::{Mermaid, SpaceTime, TraceWriter};
use scenarios::diff::{FileSource, RunSource, Source};
use scenarios::problem::did_you_mean;
use scenarios::run::{Run, run as make_run};
use scenarios::scenario::Scenario;
use scenarios::search::{Failure, Judge};
use scenarios::trace::TraceLines;
use scenarios::why::{
    CallStory, Collected, Moment, Named, Shows, Subject, Survey, collect, drawn, lately, moment, named, select, shown, stories, survey,
};
use scenarios::{Extent, trace};
use sim_core::simulation::TieBreak;
use std::collections::BTreeSet;
use std::io;

/// Arguments of `why`.
#[derive(Debug, Args)]
pub struct WhyArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// A call as traces name it ("shoppers -> checkout #17.3", #17.3, or its key); `slowest` or `first-failure`; `retry-storm`;
    /// `violation`, or the name of a property or of an expectation that the run breaks.
    #[arg(value_name = "CALL-or-VIOLATION")]
    subject: String,
    /// The seed of the run [default: the scenario's first].
    #[arg(long, value_name = "N", value_parser = super::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Which arm [default: the first one written].
    #[arg(long, value_name = "NAME")]
    arm: Option<String>,
    /// Draw the events that matter, and only them: .svg is a space-time diagram, .mmd a sequence diagram, .jsonl a trace.
    #[arg(long, value_name = "FILE")]
    draw: Option<Utf8PathBuf>,
}

/// Runs `why`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn why(args: &WhyArgs) -> Result<Exit, Exit> {
    if let Some(file) = &args.draw {
        check_ending(file)?;
        target::file(file, "--draw")?;
    }
    if args.scenario.scenario.ends_with(".jsonl") {
        return of_trace(args);
    }
    let (scenario, arm, seed) = run_that_is_meant(args)?;
    say(&format!("seed={seed} arm=\"{}\"", scenario.arms[arm as usize]));
    let (name, plan) = (&scenario.arms[arm as usize], &scenario.cells[0].arms[arm as usize]);
    let source = RunSource::new(&scenario.name, name, plan, seed);
    match subject(&args.subject, Some((&scenario, arm))) {
        Subject::Violation(property) => {
            let made = make_run(plan, seed, TieBreak::ByRank, None);
            match violated(&made.measures.findings, property.as_deref()) {
                Ok(finding) => of_violation(args, finding, &source),
                Err(nothing) => of_promise(args, (&scenario, arm, seed), &made, (property.as_deref(), nothing), &source),
            }
        }
        subject => of_source(args, &subject, &source),
    }
}

/// The run of a repro file, or of a scenario, an arm and a seed.
fn run_that_is_meant(args: &WhyArgs) -> Result<(Scenario, u32, u64), Exit> {
    let name = &args.scenario.scenario;
    if let Some((scenario, arm, seed)) = run_of_repro(name)? {
        if args.seed.is_some() || args.arm.is_some() || !args.scenario.changes.is_empty() {
            return Err(wrong(&format!("{name} is a repro file, which says all that itself; leave --seed, --arm and --set out")));
        }
        return Ok((scenario, arm as u32, seed));
    }
    let scenario = load::load(&args.scenario, Extent::AsWritten)?;
    let arm = choose_arm(&scenario, args.arm.as_deref())?;
    let seed = args.seed.unwrap_or(scenario.sweep.first_seed);
    Ok((scenario, arm, seed))
}

/// What a run breaks that is no property, an expectation that each run has to keep or what every run promises: told by what shows it.
fn of_promise(
    args: &WhyArgs,
    (scenario, arm, seed): (&Scenario, u32, u64),
    made: &Run,
    (wanted, nothing): (Option<&str>, String),
    source: &dyn Source,
) -> Result<Exit, Exit> {
    let mut judge = Judge::of(scenario, arm as usize);
    let all = judge.failures(seed, Ok(made));
    let Some(broken) = all.iter().find(|failure| wanted.is_none_or(|name| failure.property == name)) else {
        let is_stated = wanted.is_none_or(|name| made.measures.findings.iter().any(|finding| is_named(&finding.property, name)));
        return Err(wrong(&if is_stated { nothing } else { unknown(wanted.unwrap_or_default(), made, &all) }));
    };
    print(&format!("{}: {}; {}", broken.property, broken.witness, broken.seen))?;
    let others: Vec<String> = all.iter().filter(|other| *other != broken).map(|other| format!("`{}`", other.property)).collect();
    if !others.is_empty() {
        print(&format!("It breaks {} as well, which can be named in the place of `violation`.", others.join(", ")))?;
    }
    let clauses = judge.clone();
    let clause = judge.broken_clauses(seed, made).into_iter().find(|(failure, _)| failure == broken).map(|(_, clause)| clause);
    let shown = shown(&clauses, &scenario.cells[0].arms[arm as usize], seed, (broken, clause));
    print(&format!("\n{}", shown.why))?;
    match shown.shows {
        Shows::Call(key) => drop(of_source(args, &Subject::Call(key), source)?),
        Shows::Moment(at) => {
            let survey = survey(source).map_err(|error| wrong(&error.to_string()))?;
            let moment = moment(source, (at, None), &[]).map_err(|error| wrong(&error.to_string()))?;
            reports::why::led_to_moment(at, &moment, &survey).iter().try_for_each(|line| print(line))?;
            draw_moment(args, source, &moment, &Named::default())?;
        }
        Shows::Until(at) => {
            let survey = survey(source).map_err(|error| wrong(&error.to_string()))?;
            let lately = lately(source, at).map_err(|error| wrong(&error.to_string()))?;
            reports::why::until_moment(at, &lately, &survey).iter().try_for_each(|line| print(line))?;
        }
        Shows::WholeRun => {
            print(
                "`slowest`, `first-failure` and `retry-storm` in the place of `violation` look at its calls, and `stormglass replay` at its events",
            )?;
        }
    }
    Ok(Exit::Failed)
}

/// Why a word names nothing that can be explained.
fn unknown(word: &str, made: &Run, broken: &[Failure]) -> String {
    let properties = made.measures.findings.iter().map(|finding| finding.property.as_str());
    let mut stated: Vec<&str> = properties.collect();
    stated.extend(
        broken
            .iter()
            .map(|failure| failure.property.as_str())
            .filter(|name| !made.measures.findings.iter().any(|finding| finding.property == *name)),
    );
    let quoted = stated.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let is_property =
        AnyProperty::ALL.iter().any(|(name, _)| is_named(word, name)) || of_protocols().iter().any(|known| known.name == word);
    if is_property {
        let states = if stated.is_empty() { "it states none".to_owned() } else { format!("this run is judged by {quoted}") };
        return format!(
            "the scenario does not state the property {word}, so that no run is judged by it; {states}; add it to `properties:` of the scenario"
        );
    }
    let hint = did_you_mean(word, WORDS.into_iter().chain(stated)).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let properties = if quoted.is_empty() { String::new() } else { format!(", or {quoted}") };
    format!("`{word}` is nothing that can be explained: {CALLS}; `retry-storm`; `violation`{properties}{hint}")
}

/// A trace in a file: of it, everything but violations, which only a run can judge.
fn of_trace(args: &WhyArgs) -> Result<Exit, Exit> {
    if args.seed.is_some() || args.arm.is_some() || !args.scenario.changes.is_empty() {
        return Err(wrong("a trace is of one run: --seed, --arm and --set have no meaning with it"));
    }
    let source = FileSource::open(Utf8Path::new(&args.scenario.scenario)).map_err(|error| wrong(&error.to_string()))?;
    if let Some(only) = &source.header().only {
        say(&format!("warning: the trace has only events that were chosen ({only}): whatever was left out cannot be told"));
    }
    match subject(&args.subject, None) {
        Subject::Violation(_) => Err(wrong("whether a property is violated is not in a trace: name the scenario, the arm and the seed")),
        subject => of_source(args, &subject, &source),
    }
}

fn subject(text: &str, scenario: Option<(&Scenario, u32)>) -> Subject {
    let is_property = |(scenario, arm): (&Scenario, u32)| {
        let stated = &scenario.cells[0].arms[arm as usize].plan.properties;
        stated.iter().any(|property| is_named(&property.title(), text))
    };
    let is_call = text.contains(" -> ") || text.starts_with('#') || text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text {
        "slowest" => Subject::Slowest,
        "first-failure" => Subject::FirstFailure,
        "retry-storm" => Subject::Storm,
        "violation" => Subject::Violation(None),
        name if scenario.is_some_and(is_property) => Subject::Violation(Some(name.to_owned())),
        name if is_call || scenario.is_none() => Subject::Call(name.to_owned()),
        // An expectation in words, or nothing that there is.
        name => Subject::Violation(Some(name.to_owned())),
    }
}

/// Words that are no names.
const WORDS: [&str; 4] = ["slowest", "first-failure", "retry-storm", "violation"];

/// How calls are named.
const CALLS: &str =
    "a call is named as traces name it, such as \"shoppers -> checkout #17.3\", #17.3, or by its key, or `slowest`, or `first-failure`";

/// `Linearizable` names `Linearizable(...)`, and `BoundedStaleness` names `BoundedStaleness 1 versions`.
fn is_named(property: &str, name: &str) -> bool {
    property == name || property.split(['(', ' ']).next() == Some(name)
}

/// The earliest violation; or why there is none.
fn violated<'f>(findings: &'f [Finding], property: Option<&str>) -> Result<&'f Finding, String> {
    let wanted = |finding: &&Finding| property.is_none_or(|name| is_named(&finding.property, name));
    let mut of_it = findings.iter().filter(wanted).peekable();
    if of_it.peek().is_none() {
        return Err(
            "the scenario states no property, and this run breaks no other promise; `properties:` states some, and `stormglass list \
                    properties` says which there are"
                .to_owned(),
        );
    }
    let mut told = of_it.clone().map(|finding| format!("{} {}", finding.property, finding.verdict.name()));
    let first =
        of_it.filter(|finding| finding.verdict == Verdict::Violated).min_by_key(|finding| finding.first.as_ref().map(|first| first.at));
    first.ok_or_else(|| {
        let all = told.by_ref().collect::<Vec<_>>().join(", ");
        format!("no property is violated in this run ({all}); `stormglass search` looks for a seed that violates one")
    })
}

fn of_source(args: &WhyArgs, subject: &Subject, source: &dyn Source) -> Result<Exit, Exit> {
    let survey = survey(source).map_err(|error| wrong(&error.to_string()))?;
    if *subject == Subject::Storm {
        if args.draw.is_some() {
            return Err(wrong("a retry storm is more than a picture can show; `why ... first-failure --draw FILE` draws one of its calls"));
        }
        reports::why::storm(&survey).iter().try_for_each(|line| print(line))?;
        return Ok(Exit::Fine);
    }
    let Some(key) = select(subject, &survey) else {
        return Err(wrong(&format!(
            "this run has no call that is `{subject}`: {} events, of which none ends a client's call so",
            survey.events
        )));
    };
    let collected = collect(source, &BTreeSet::from([key])).map_err(|error| wrong(&error.to_string()))?;
    let told = stories(&collected.in_order());
    let Some(story) = meant(&told, &collected.calls) else {
        return Err(wrong(&format!("no call of this run is called `{subject}`; {CALLS}")));
    };
    reports::why::call(story, &collected, &survey).iter().try_for_each(|line| print(line))?;
    draw(args, source, (&collected, 0), ([story.name.clone()], None))?;
    Ok(Exit::Fine)
}

/// The call that is meant among these and those made for their sake: what a server calls stands inside the attempt it does so for.
fn meant<'s>(stories: &'s [CallStory], calls: &BTreeSet<String>) -> Option<&'s CallStory> {
    let inside = |story: &'s CallStory| story.attempts.iter().find_map(|attempt| meant(&attempt.children, calls));
    stories.iter().find(|story| calls.contains(&story.key)).or_else(|| stories.iter().find_map(inside))
}

fn of_violation(args: &WhyArgs, finding: &Finding, source: &dyn Source) -> Result<Exit, Exit> {
    let cannot = |error: scenarios::diff::SourceError| wrong(&error.to_string());
    let Some(witness) = &finding.first else {
        return Err(wrong(&format!("{} is violated, and nothing says when", finding.property)));
    };
    let survey: Survey = survey(source).map_err(cannot)?;
    let wanted: BTreeSet<String> = witness.operations.iter().map(|operation| format!("{:016x}", operation.call)).collect();
    if wanted.is_empty() {
        return of_moment(args, (finding, witness), source, &survey);
    }
    let collected = collect(source, &wanted).map_err(cannot)?;
    let told = stories(&collected.in_order());
    let told: Vec<_> = told.into_iter().filter(|story| wanted.contains(&story.key)).collect();
    let at = (witness.at.as_nanos(), witness.sentence.as_str());
    reports::why::violation(&finding.property, at, (&witness.operations, &told), &collected, &survey)
        .iter()
        .try_for_each(|line| print(line))?;
    draw(args, source, (&collected, 0), (told.iter().map(|story| story.name.clone()), None))?;
    Ok(Exit::Failed)
}

/// A violation that no operation shows.
fn of_moment(args: &WhyArgs, (finding, witness): (&Finding, &Witness), source: &dyn Source, survey: &Survey) -> Result<Exit, Exit> {
    let cannot = |error: scenarios::diff::SourceError| wrong(&error.to_string());
    let at = (witness.at.as_nanos(), witness.sentence.as_str());
    let moment = moment(source, (at.0, witness.announced), &witness.against).map_err(cannot)?;
    let named = named(source, at.1, at.0).map_err(cannot)?;
    reports::why::moment(&finding.property, at, &moment, &named, survey).iter().try_for_each(|line| print(line))?;
    draw_moment(args, source, &moment, &named)?;
    Ok(Exit::Failed)
}

/// Draws the events that are told of a moment, with what is needed to read them.
fn draw_moment(args: &WhyArgs, source: &dyn Source, moment: &Moment, named: &Named) -> Result<(), Exit> {
    if args.draw.is_none() {
        return Ok(());
    }
    let told = reports::why::told_of(moment, named);
    let found = drawn(source, &told).map_err(|error| wrong(&error.to_string()))?;
    // From the first message on that is told, as it was sent; of faults that are not told as a cause only what lasts until then.
    let is_shown = |event: &&trace::TraceEvent<'static>| told.contains_key(&event.id) || !trace::On::concerns(&event.kind);
    let from = found.events.values().filter(is_shown).map(|event| event.at).min().unwrap_or_default();
    draw(args, source, (&found, from), ([], moment.showed))
}

/// Draws what was collected, from an instant on, with these calls and the event that shows something in the colour of failure.
fn draw(
    args: &WhyArgs,
    source: &dyn Source,
    (collected, from): (&Collected, u64),
    (calls, shows): (impl IntoIterator<Item = String>, Option<u64>),
) -> Result<(), Exit> {
    let Some(file) = &args.draw else { return Ok(()) };
    let cannot = |error: io::Error| wrong(&format!("cannot draw {file}: {error}"));
    let (whole, out) = WholeFile::begin(file).map_err(cannot)?;
    let header = trace::Header { only: Some(format!("what matters to {}", args.subject)), ..source.header().clone() };
    let mut writer: Box<dyn TraceWriter> = match TraceFormat::of(file) {
        TraceFormat::Svg => Box::new(SpaceTime::begin(out, &header).highlighting(calls).showing(shows).since(from)),
        TraceFormat::Mermaid => Box::new(Mermaid::begin(out, &header)),
        _ => Box::new(TraceLines::begin(out, &header).map_err(cannot)?),
    };
    // Whatever happened long before would press together what is to be seen: of the time before the calls only faults are drawn.
    collected.events.values().try_for_each(|event| writer.event(event)).map_err(cannot)?;
    writer.end("0000000000000000").and_then(|_| whole.keep()).map_err(cannot)?;
    say(&format!("drawn: {file}"));
    Ok(())
}

fn check_ending(file: &Utf8Path) -> Result<(), Exit> {
    match TraceFormat::of(file) {
        TraceFormat::Svg | TraceFormat::Mermaid | TraceFormat::Jsonl => Ok(()),
        _ => Err(wrong(&format!("cannot draw {file}: give it one of the endings .svg, .mmd and .jsonl"))),
    }
}
