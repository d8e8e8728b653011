//! `replay`: a run again, of a scenario and a seed or of a repro file, with its trace around a moment if one is given.

use super::futures::{self, FuturesArgs};
use super::output::{print, say, wrong};
use super::run::{choose_arm, judged};
use super::{Exit, ScenarioArgs, load, repro, step};
use clap::Args;
use models::plan::Plan;
use models::record::Record;
use scenarios::live::{Until, start};
use scenarios::replay::pattern::Pattern;
use scenarios::replay::stepper::Stepper;
use scenarios::replay::window::{Moment, Window};
use scenarios::repro::Repro;
use scenarios::repro::faults::with_faults;
use scenarios::repro::playback::{Played, play};
use scenarios::run::{Run, run as make_run};
use scenarios::scenario::ArmPlan;
use scenarios::search::{Failure, Judge};
use scenarios::{Extent, Scenario, trace};
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;
use std::fmt;

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A scenario, with --seed; or a repro file as `search` writes it, which has everything in it.
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// The seed of the run.
    #[arg(long, value_name = "N", value_parser = super::seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Which arm [default: the first one written].
    #[arg(long, value_name = "NAME")]
    arm: Option<String>,
    /// Print what happened around this moment: 30s.
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "until"])]
    at: Option<SimTime>,
    /// Print what happened around this event, counted from the start of the run.
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "at", "breakpoint"], value_parser = clap::value_parser!(u64).range(1..))]
    event: Option<u64>,
    /// Print what happened around the first line that fits: "node=db[1] kind=append". Words are node=, kind= and text=.
    #[arg(long = "break", value_name = "PATTERN", id = "breakpoint", conflicts_with_all = ["from", "at"])]
    breakpoint: Option<Pattern>,
    /// Print what happened around the first violation of a property that the scenario states.
    #[arg(long, conflicts_with_all = ["from", "at", "event", "breakpoint"])]
    violation: bool,
    /// Print from this moment on.
    #[arg(long, value_name = "TIME")]
    from: Option<SimTime>,
    /// Print up to this moment.
    #[arg(long, value_name = "TIME")]
    until: Option<SimTime>,
    /// Go through the run by hand: commands are read from stdin, a line each, and `help` lists them.
    #[arg(long, conflicts_with_all = ["at", "event", "breakpoint", "violation", "from", "until", "digest"])]
    step: bool,
    #[command(flatten)]
    futures: FuturesArgs,
    /// How many lines at most; around a moment, half of them before it. With --step, how many of a movement, the last ones.
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    lines: u32,
    /// Compare with this digest, and fail with exit code 4 if the run has another.
    #[arg(long, value_name = "HEX", value_parser = digest)]
    digest: Option<u64>,
    /// Go on with a repro file of another version, or one that was edited, and say where the runs part.
    #[arg(long)]
    as_far_as_possible: bool,
    /// Say nothing on stderr but errors.
    #[arg(long, short, env = "STORMGLASS_QUIET")]
    quiet: bool,
}

/// Reads a digest as it is printed.
fn digest(text: &str) -> Result<u64, String> {
    let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = u64::from_str_radix(text, 16).ok().filter(|_| is_hex);
    value.ok_or_else(|| "a digest is 16 hexadecimal digits, as `run` prints it: c6f15c6c84b63e79".to_owned())
}

/// The run that is made again.
struct Replayed {
    scenario: Scenario,
    arm: usize,
    seed: u64,
    /// The file that holds it, if one does.
    repro: Option<Repro>,
}

impl Replayed {
    fn plan(&self) -> &ArmPlan {
        &self.scenario.cells[0].arms[self.arm]
    }
}

/// Runs `replay`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn replay(args: &ReplayArgs) -> Result<Exit, Exit> {
    if let (Some(from), Some(until)) = (args.from, args.until)
        && from > until
    {
        return Err(wrong(&format!("nothing lies from {from} until {until}; exchange the two")));
    }
    let replayed = find(args)?;
    tell(args, format!("seed={} arm=\"{}\"", replayed.seed, replayed.scenario.arms[replayed.arm]));
    if args.futures.is_asked() {
        let wanted = replayed.repro.as_ref().and_then(|repro| repro.failures.first());
        // A file from elsewhere may ask for a few runs as long as its own; what is one's own may take as long as it takes.
        let most = replayed.repro.as_ref().map_or(u64::MAX, |repro| repro.recording.events.saturating_mul(10));
        return futures::show(&args.futures, &replayed.scenario, (replayed.arm, replayed.seed), wanted, most, args.quiet);
    }
    if args.step {
        // One more than were recorded shows that the run is over.
        let most = replayed.repro.as_ref().map_or(u64::MAX, |repro| repro.recording.events + 1);
        return step::step(Stepper::new(replayed.plan(), replayed.seed, most, args.lines as usize), args.quiet);
    }
    let mut window = window(args, &replayed)?;
    let drawn = replayed.plan().of_run(replayed.seed);
    let mut shown = Shown { plan: &drawn, window: &mut window, says: None };
    let observer = Some(&mut shown as &mut dyn Observer<Record>);
    let played = match &replayed.repro {
        None => Played::Same(Ok(Box::new(make_run(replayed.plan(), replayed.seed, TieBreak::ByRank, observer)))),
        Some(repro) => play(replayed.plan(), replayed.seed, &repro.recording, observer),
    };
    for line in window.lines() {
        print(line)?;
    }
    match played {
        Played::TooLarge(sentence) => Err(wrong(&sentence)),
        Played::Parted(parted) => {
            tell_of_window(args, &window, None);
            say(&format!("error: this is not the recorded run: {parted}"));
            Ok(Exit::Differs)
        }
        Played::Same(made) => conclude(args, &replayed, made, &window),
    }
}

/// Shows a run to a window.
struct Shown<'a> {
    plan: &'a Plan,
    window: &'a mut Window,
    /// What the record says that comes next.
    says: Option<String>,
}

impl Observer<Record> for Shown<'_> {
    fn record(&mut self, at: SimTime, record: &Record) {
        let says = self.says.take();
        self.window.take(at, record, || trace::line_saying(self.plan, at, record, says.as_deref()));
    }

    fn says(&mut self, words: &dyn fmt::Display) {
        self.says = Some(trace::in_short(words));
    }
}

fn tell(args: &ReplayArgs, text: String) {
    if !args.quiet {
        say(&text);
    }
}

/// The scenario, the arm and the seed of a repro file; nothing if a name is that of something else.
///
/// # Errors
/// [`Exit::Wrong`] if it means to be a repro file and cannot be believed.
pub(super) fn run_of_repro(name: &str) -> Result<Option<(Scenario, usize, u64)>, Exit> {
    let Some(repro) = repro::find(name, false)? else { return Ok(None) };
    let (scenario, arm) = repro::scenario(&repro, name)?;
    let (scenario, arm) = with_its_storm(&repro, name, scenario, arm)?;
    Ok(Some((scenario, arm, repro.seed)))
}

/// The run that is meant: that of a repro file, or of a scenario and a seed.
fn find(args: &ReplayArgs) -> Result<Replayed, Exit> {
    let name = &args.scenario.scenario;
    if let Some(repro) = repro::find(name, args.as_far_as_possible)? {
        let is_told = [(args.seed.is_some(), "--seed"), (args.arm.is_some(), "--arm"), (!args.scenario.changes.is_empty(), "--set")];
        if let Some((_, flag)) = is_told.iter().find(|(is_there, _)| *is_there) {
            return Err(wrong(&format!("{name} is a repro file, which says all that itself; leave {flag} out")));
        }
        let (scenario, arm) = repro::scenario(&repro, name)?;
        let (scenario, arm) = with_its_storm(&repro, name, scenario, arm)?;
        return Ok(Replayed { scenario, arm, seed: repro.seed, repro: Some(repro) });
    }
    let scenario = load::load(&args.scenario, Extent::AsWritten)?;
    let arm = choose_arm(&scenario, args.arm.as_deref())? as usize;
    let Some(seed) = args.seed else {
        return Err(wrong(&format!("which run of {name}? Give its seed: --seed {}", scenario.sweep.first_seed)));
    };
    Ok(Replayed { scenario, arm, seed, repro: None })
}

/// A version that draws another storm from the same seed makes the run with the storm that was drawn then.
fn with_its_storm(repro: &Repro, name: &str, scenario: Scenario, arm: usize) -> Result<(Scenario, usize), Exit> {
    let plan = &scenario.cells[0].arms[arm];
    if plan.plan.storm_of_run(&sim_core::draw::Seed::new(repro.seed)) == repro.drawn {
        return Ok((scenario, arm));
    }
    say("warning: this version draws another storm from that seed; the run is made with the one that is in the file");
    let faults: Vec<_> = plan.faults.iter().chain(&repro.drawn).cloned().collect();
    let text = with_faults(&repro.scenario, &faults).map_err(|problem| load::refuse(problem.into(), &scenario.source))?;
    repro.scenario_of(name, text).map_err(|(source, problems)| load::refuse(problems, &source))
}

fn window(args: &ReplayArgs, replayed: &Replayed) -> Result<Window, Exit> {
    let lines = args.lines as usize;
    let until = args.until.unwrap_or(SimTime::MAX);
    let around = |moment: Moment| Window::new(moment, until, lines / 2, lines - lines / 2);
    Ok(match (args.at, args.event, &args.breakpoint) {
        _ if args.violation => around(Moment::Time(first_violation(args, replayed)?)),
        (Some(at), ..) => around(Moment::Time(at)),
        (_, Some(event), _) => around(Moment::Record(records_before(replayed, event))),
        (.., Some(pattern)) => {
            check(pattern, replayed)?;
            around(Moment::First(pattern.clone()))
        }
        _ => Window::new(Moment::Time(args.from.unwrap_or(SimTime::ZERO)), until, 0, lines),
    })
}

/// What a pattern names has to be there.
fn check(pattern: &Pattern, replayed: &Replayed) -> Result<(), Exit> {
    let refuse = |problems: Vec<String>| problems.iter().fold(Exit::Wrong, |_, problem| wrong(&format!("--break: {problem}")));
    pattern.check(&trace::Known::of(&replayed.plan().plan)).map_err(refuse)
}

/// When a property of the scenario is violated first.
fn first_violation(args: &ReplayArgs, replayed: &Replayed) -> Result<SimTime, Exit> {
    let made = match &replayed.repro {
        None => Some(make_run(replayed.plan(), replayed.seed, TieBreak::ByRank, None)),
        Some(repro) => match play(replayed.plan(), replayed.seed, &repro.recording, None) {
            Played::Same(Ok(made)) => Some(*made),
            Played::Same(Err(_)) | Played::Parted(_) | Played::TooLarge(_) => None,
        },
    };
    let findings = made.into_iter().flat_map(|made| made.measures.findings);
    let violated = findings.filter(|finding| finding.is_violated()).filter_map(|finding| Some((finding.first?.at, finding.property)));
    match violated.min() {
        Some((at, property)) => {
            tell(args, format!("{property} is violated at {at}"));
            Ok(at)
        }
        None => Err(wrong(
            "this run violates no property of its scenario; `stormglass search` looks for a seed that does, and `stormglass why ... violation` says what \
                         shows that an expectation is broken",
        )),
    }
}

/// How many records there are before an event.
fn records_before(replayed: &Replayed, event: u64) -> u64 {
    let mut records = 0;
    let mut count = |_: SimTime, _: &Record| records += 1;
    let mut live = start(replayed.plan(), replayed.seed, TieBreak::ByRank);
    let last = replayed.repro.as_ref().map_or(u64::MAX, |repro| repro.recording.events);
    live.advance(Until::events(event.saturating_sub(1).min(last)), Some(&mut count as &mut dyn Observer<Record>));
    records
}

/// Says what was not printed, and why.
fn tell_of_window(args: &ReplayArgs, window: &Window, ended: Option<SimTime>) {
    if window.left_out() > 0 {
        tell(args, format!("... {} more; --lines N shows more, `run --trace FILE` writes all of them", window.left_out()));
    }
    let is_over = |begin: SimTime| ended.is_some_and(|ended| begin > ended);
    let ended = ended.map_or(String::new(), |ended| format!(": the last event was at {ended}"));
    match (window.begun(), args.event, &args.breakpoint) {
        (None, Some(event), _) => tell(args, format!("there is no event {event}{ended}")),
        (None, _, Some(_)) => tell(args, format!("no line fits{ended}")),
        (None, ..) => {
            let begin = args.at.or(args.from).unwrap_or(SimTime::ZERO);
            tell(
                args,
                match (args.until, is_over(begin)) {
                    (Some(until), false) => format!("nothing happened from {begin} until {until}"),
                    _ => format!("nothing happened at {begin} or later{ended}"),
                },
            );
        }
        (Some(_), ..) => {}
    }
}

/// The digest, what was wrong with the run, and its own exit code.
fn conclude(args: &ReplayArgs, replayed: &Replayed, made: Result<Box<Run>, String>, window: &Window) -> Result<Exit, Exit> {
    tell_of_window(args, window, made.as_ref().ok().map(|run| run.measures.ended));
    let mut judge = Judge::of(&replayed.scenario, replayed.arm);
    let failures = judge.failures(replayed.seed, made.as_deref().map_err(String::as_str));
    if let Ok(Run { stalled: Some(stalled), .. }) = made.as_deref()
        && replayed.repro.is_none()
    {
        return Err(wrong(&format!("the run was stopped: {stalled}")));
    }
    if let Ok(run) = &made {
        print(&format!("digest {}", run.digest))?;
        if let Some(expected) = args.digest.filter(|expected| *expected != run.digest.value()) {
            let sentence = "another version, scenario, arm or seed made that run";
            say(&format!("error: the digest is {}, not {expected:016x}: {sentence}", run.digest));
            return Ok(Exit::Differs);
        }
    }
    match &replayed.repro {
        None => Ok(made.as_deref().map_or(Exit::Bug, judged)),
        Some(repro) => verdict(args, repro, &failures),
    }
}

/// Holds what is wrong with the run against what the file says was wrong with it.
fn verdict(args: &ReplayArgs, repro: &Repro, failures: &[Failure]) -> Result<Exit, Exit> {
    tell(args, format!("the same run to the last of its {} events", repro.recording.events));
    for failure in failures {
        print(&format!("{}: {} ({})", failure.property, failure.witness, failure.seen))?;
    }
    let is_like = |left: &[Failure], right: &[Failure]| left.iter().all(|one| right.iter().any(|other| one.is_like(other)));
    if !is_like(failures, &repro.failures) || !is_like(&repro.failures, failures) {
        let then: Vec<String> = repro.failures.iter().map(|failure| format!("{}: {}", failure.property, failure.witness)).collect();
        let then = if then.is_empty() { "nothing".to_owned() } else { then.join("; ") };
        say(&format!("error: the run is the same, and it is judged otherwise: the file says that this was wrong with it: {then}"));
        return Ok(Exit::Differs);
    }
    let is_bug = failures.iter().any(|failure| failure.property == scenarios::search::failure::PANIC);
    Ok(if is_bug {
        Exit::Bug
    } else if failures.is_empty() {
        Exit::Fine
    } else {
        Exit::Failed
    })
}
