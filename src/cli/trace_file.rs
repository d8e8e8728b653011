//! `run --trace`: every event of a run in a file, in the form that was asked for.

use super::Exit;
use super::output::{say, wrong};
use super::target;
use super::whole_file::WholeFile;
use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueEnum};
use models::plan::Plan;
use models::record::Record;
use reports::trace::{Chrome, Mermaid, Otlp, SpaceTime, TraceWriter};
use scenarios::run::{Run, run as make_run, run_with_history};
use scenarios::scenario::{ArmPlan, Scenario};
use scenarios::trace::{
    Follower, Header, Known, On, Only, Seen, TRACE_FORMAT, TraceEvent, TraceLines, kind_of, line_saying, write_history,
};
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;
use std::io::{self, BufWriter, Write};

/// Where a trace goes, in which form, and how much of it.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// Write every event of the run to a file.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<Utf8PathBuf>,
    /// In which form [default: by the ending of the file: .jsonl, .json (chrome), .otlp.json, .mmd,
    /// .edn (jepsen), .svg; anything else is text].
    #[arg(long, value_enum, requires = "trace", value_name = "FORMAT")]
    trace_format: Option<TraceFormat>,
    /// Write only events that fulfil all of these conditions: 'node=checkout kind=send,drop from=10s until=20s
    /// call="shoppers -> checkout #17.3"'.
    #[arg(long, requires = "trace", value_name = "CONDITIONS")]
    only: Option<String>,
}

/// A form of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TraceFormat {
    /// One aligned line for each event.
    Text,
    /// One JSON object a line; `stormglass schema trace` says what is in it.
    Jsonl,
    /// Chrome trace events, for <https://ui.perfetto.dev> and the like.
    Chrome,
    /// Spans for a tracing system: OTLP as JSON.
    Otlp,
    /// A sequence diagram for Mermaid.
    Mermaid,
    /// The history of operations on groups, as Jepsen writes one (EDN).
    Jepsen,
    /// A space-time diagram: a lane for every node, a line for every message.
    Svg,
}

impl TraceFormat {
    /// What the ending of a file says.
    pub fn of(file: &Utf8Path) -> Self {
        let name = file.file_name().unwrap_or_default();
        let has = |ending: &str| name.to_ascii_lowercase().ends_with(ending);
        let known = [
            (".jsonl", Self::Jsonl),
            (".otlp.json", Self::Otlp),
            (".json", Self::Chrome),
            (".mmd", Self::Mermaid),
            (".edn", Self::Jepsen),
            (".svg", Self::Svg),
        ];
        known.into_iter().find(|(ending, _)| has(ending)).map_or(Self::Text, |(_, format)| format)
    }
}

impl TraceArgs {
    /// What is to be written.
    ///
    /// # Errors
    /// [`Exit::Wrong`] if the conditions name nothing there is.
    pub fn only(&self, plan: &Plan) -> Result<Only, Exit> {
        let Some(text) = &self.only else { return Ok(Only::default()) };
        let refuse = |problems: Vec<String>| problems.iter().fold(Exit::Wrong, |_, problem| wrong(&format!("--only '{text}': {problem}")));
        let only = Only::parse(text).map_err(refuse)?;
        only.check(&Known::of(plan)).map_err(refuse)?;
        Ok(only)
    }
}

/// Makes a run and writes its trace as it goes, so that memory does not grow with it. `also` sees every record as well.
///
/// # Errors
/// [`Exit::Wrong`] if the file cannot be written, or the conditions are wrong.
pub fn traced(
    args: &TraceArgs,
    (scenario, arm, seed): (&Scenario, u32, u64),
    file: &Utf8Path,
    mut also: impl FnMut(SimTime, &Record),
) -> Result<Run, Exit> {
    let made: &ArmPlan = &scenario.cells[0].arms[arm as usize];
    let plan = made.of_run(seed);
    let only = args.only(&plan)?;
    target::file(file, "--trace")?;
    let cannot = |error: &io::Error| wrong(&format!("cannot write the trace: {error}"));
    let format = args.trace_format.unwrap_or_else(|| TraceFormat::of(file));
    let (whole, mut out) = WholeFile::begin(file).map_err(|error| cannot(&error))?;
    if format == TraceFormat::Jepsen {
        let run = with_history(args, (made, seed), &mut out, also).map_err(|error| cannot(&error))?;
        return out.flush().and_then(|()| whole.keep()).map_or_else(|error| Err(cannot(&error)), |()| Ok(run));
    }
    let header = Header {
        trace: TRACE_FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: scenario.name.clone(),
        arm: scenario.arms[arm as usize].clone(),
        seed,
        nodes: plan.nodes.iter().map(|node| node.name.clone()).collect(),
        only: args.only.clone(),
    };
    let mut sink = Sink::begin(format, out, &header).map_err(|error| cannot(&error))?;
    let (mut failure, mut on, mut has_begun) = (None, On::default(), false);
    let (mut events, mut chosen) = (0_u64, 0_u64);
    let mut follower = Follower::new(plan, |plan: &Plan, seen: &Seen| {
        also(seen.at, &seen.record);
        events += 1;
        if failure.is_none() && only.wants_instant(seen.at.as_nanos()) {
            let event = TraceEvent::of(plan, seen);
            if only.wants(&event) {
                chosen += 1;
                if !std::mem::replace(&mut has_begun, true) {
                    let wanted = on.begins(true).into_iter().filter(|begin| only.wants_at_any_time(begin));
                    failure = wanted.map(|begin| sink.is_on(begin)).find_map(Result::err);
                }
                failure = failure.take().or_else(|| sink.event(plan, seen, &event).err());
            }
        } else if !has_begun && On::concerns(kind_of(&seen.record)) {
            on.see(&TraceEvent::of(plan, seen));
        }
    });
    let run = make_run(made, seed, TieBreak::ByRank, Some(&mut follower as &mut dyn Observer<Record>));
    drop(follower);
    if let Some(error) = failure {
        return Err(cannot(&error));
    }
    let shown = sink.end(&run.digest.to_string()).and_then(|shown| whole.keep().map(|()| shown)).map_err(|error| cannot(&error))?;
    if shown == 0 {
        say(&format!("warning: {}", nothing_in(args, file, format, (events, chosen))));
    }
    Ok(run)
}

/// Why there is nothing to be seen in a file, and what to do: of the events of the run so many were chosen.
fn nothing_in(args: &TraceArgs, file: &Utf8Path, format: TraceFormat, (events, chosen): (u64, u64)) -> String {
    let only = args.only.as_ref().map_or(String::new(), |only| format!(" by --only '{only}'"));
    match (chosen, events) {
        (_, 0) => format!("{file} shows nothing: nothing happens in this run"),
        (0, _) => {
            let remedy = "leave a condition out, or let from= begin earlier and until= end later";
            format!("{file} shows nothing: none of the {events} events of the run is chosen{only}; {remedy}")
        }
        _ => {
            let halves = match format {
                TraceFormat::Mermaid => "a message of which the sending was left out is left out, too",
                _ => "a call, an attempt, a wait or work of which the begin was left out is left out, too",
            };
            let remedy = "let from= begin earlier, choose whole calls with call=, or write .jsonl, which has every event";
            format!("{file} shows nothing: {chosen} of the {events} events of the run are chosen{only}, and {halves}; {remedy}")
        }
    }
}

/// Makes a run that keeps its history, and writes that: events do not tell what was asked and answered.
fn with_history(
    args: &TraceArgs,
    (made, seed): (&ArmPlan, u64),
    out: &mut impl Write,
    mut also: impl FnMut(SimTime, &Record),
) -> io::Result<Run> {
    if args.only.is_some() {
        return Err(io::Error::other("--only chooses events, and a history has operations; leave it out"));
    }
    let mut observer = |at: SimTime, record: &Record| also(at, record);
    let (run, history) = run_with_history(made, seed, TieBreak::ByRank, Some(&mut observer as &mut dyn Observer<Record>));
    if history.operations.is_empty() {
        return Err(io::Error::other("nobody asks a group for anything that a history tells of, such as reading or writing a register"));
    }
    write_history(out, &history)?;
    Ok(run)
}

/// Lines of text, or something that a library writes.
enum Sink {
    /// With the number of lines.
    Text(BufWriter<fs_err::File>, u64),
    Other(Box<dyn TraceWriter>),
}

impl Sink {
    fn begin(format: TraceFormat, out: BufWriter<fs_err::File>, header: &Header) -> io::Result<Self> {
        Ok(match format {
            TraceFormat::Text | TraceFormat::Jepsen => Self::Text(out, 0),
            TraceFormat::Jsonl => Self::Other(Box::new(TraceLines::begin(out, header)?)),
            TraceFormat::Chrome => Self::Other(Box::new(Chrome::begin(out, header)?)),
            TraceFormat::Otlp => Self::Other(Box::new(Otlp::begin(out, header)?)),
            TraceFormat::Mermaid => Self::Other(Box::new(Mermaid::begin(out, header))),
            TraceFormat::Svg => Self::Other(Box::new(SpaceTime::begin(out, header))),
        })
    }

    fn event(&mut self, plan: &Plan, seen: &Seen, event: &TraceEvent<'_>) -> io::Result<()> {
        match self {
            Self::Text(out, lines) => {
                *lines += 1;
                writeln!(out, "{}", line_saying(plan, seen.at, &seen.record, seen.says.as_deref()))
            }
            Self::Other(writer) => writer.event(event),
        }
    }

    fn is_on(&mut self, begin: &TraceEvent<'_>) -> io::Result<()> {
        match self {
            Self::Text(..) => Ok(()),
            Self::Other(writer) => writer.is_on(begin),
        }
    }

    /// How much there is to be seen.
    fn end(self, digest: &str) -> io::Result<u64> {
        match self {
            Self::Text(mut out, lines) => out.flush().map(|()| lines),
            Self::Other(writer) => writer.end(digest),
        }
    }
}
