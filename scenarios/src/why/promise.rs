//! What shows that a run breaks an expectation, or what every run promises?
//!
//! Own definition. Of a share of calls it is the worst *outage*: time bins in a row in which calls were made that failed, those with most of them; the call that
//! failed first in it shows it. Of a share of time with enough members up, the longest time with too few of them, and of the calls made in it the one that failed first; if none
//! did, what led to its begin. Of being stuck, the last call that failed; of latency, the slowest call; of attempts, the call with most of them; of calls without an
//! end, the oldest. Of what is counted up, the instant at which it came to be too much, and of a length that grows while nothing happens, what had
//! happened by then. What only the whole run shows is not laid at the door of any call.

use super::down::{TooFew, too_few};
use super::turning::turning;
use super::users::{UserCall, Users};
use crate::expect::{Clause, Limit, MeasureBounds};
use crate::live::{Until, start};
use crate::scenario::ArmPlan;
use crate::search::{Failure, Judge, failure};
use crate::trace::{instant, length};
use crate::uptime::UptimeBounds;
use models::plan::Plan;
use models::record::Record;
use sim_core::observe::Observer;
use sim_core::simulation::TieBreak;
use sim_core::time::SimTime;

/// What shows that something is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shows {
    /// The call with this key.
    Call(String),
    /// What happened at this instant, in nanoseconds.
    Moment(u64),
    /// What had happened by this instant: it only took time until then.
    Until(u64),
    /// Nothing that happened: only the whole run does.
    WholeRun,
}

/// What shows it, and why this of all there is, in a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What it is.
    pub shows: Shows,
    /// Why this.
    pub why: String,
}

impl Shown {
    fn call(call: &UserCall, why: String) -> Self {
        Self { shows: Shows::Call(call.name()), why }
    }

    fn whole_run(why: &str) -> Self {
        Self { shows: Shows::WholeRun, why: why.to_owned() }
    }
}

/// What shows that the run of a seed breaks a promise: an expectation if a clause is given.
pub fn shown(judge: &Judge, arm: &ArmPlan, seed: u64, (broken, clause): (&Failure, Option<&Clause>)) -> Shown {
    let plan = arm.of_run(seed);
    let of_class = |class| seen(arm, seed, &plan, class);
    let all = || of_class(None);
    match clause.map(Clause::bare) {
        Some(Clause::Availability(bounds)) if bounds.at_least.is_some() => {
            let strikes = if bounds.outside_faults { strikes_of(arm, seed) } else { Vec::new() };
            of_failures(&of_class(bounds.class.as_deref()), &plan, &strikes)
        }
        Some(Clause::Availability(bounds)) => match of_class(bounds.class.as_deref()).first_success {
            Some(call) => Shown::call(&call, "no call may succeed, and this is the first one that does".to_owned()),
            None => Shown::whole_run("no call succeeds"),
        },
        Some(Clause::Uptime(bounds)) => of_uptime(&all(), arm, seed, bounds),
        Some(Clause::Stuck(bounds)) if bounds.at_most.is_some() => of_last(&all()),
        Some(Clause::Measure(bounds)) if bounds.at_most.is_some() || bounds.at_least.is_some() => {
            of_measure(bounds, &all(), &plan).unwrap_or_else(|| of_turning(judge, arm, seed, broken))
        }
        // A length comes to be too long while nothing happens.
        Some(Clause::Observation(bounds)) if matches!(bounds.at_most, Some(Limit::Time(_))) => match of_turning(judge, arm, seed, broken) {
            Shown { shows: Shows::Moment(at), why } => Shown { shows: Shows::Until(at), why },
            shown => shown,
        },
        Some(Clause::Observation(_) | Clause::WrongAnswers(_) | Clause::Precision(_)) => of_turning(judge, arm, seed, broken),
        Some(_) => Shown::whole_run(WHOLE),
        None if broken.property == failure::RECOVERS => of_last(&all()),
        None if broken.property == failure::ENDS => match all().oldest_open() {
            Some((key, began, count)) => {
                let why = format!("the oldest of the {count} calls that have no end, made at {}", instant(began.as_nanos()));
                Shown { shows: Shows::Call(key), why }
            }
            None => Shown::whole_run("every call that counts has an end"),
        },
        None => Shown::whole_run(WHOLE),
    }
}

const WHOLE: &str = "only the whole run shows it, and no call or instant of it does by itself";

/// The calls of a run that count, and what became of them.
fn seen<'p>(arm: &ArmPlan, seed: u64, plan: &'p Plan, class: Option<&'p str>) -> Users<'p> {
    let mut users = Users::new(plan, seed, class);
    start(arm, seed, TieBreak::ByRank).advance(Until::END, Some(&mut users as &mut dyn Observer<Record>));
    users
}

/// When a strike of a fault is on: from when to when.
fn strikes_of(arm: &ArmPlan, seed: u64) -> Vec<(SimTime, SimTime)> {
    let (mut on, mut strikes) = (Vec::new(), Vec::new());
    let mut observer = |at: SimTime, record: &Record| match record {
        Record::FaultBegan(fault, member) => on.push((*fault, *member, at)),
        Record::FaultEnded(fault, member) => {
            if let Some(place) = on.iter().position(|(other, of, _)| (other, of) == (fault, member)) {
                strikes.push((on.remove(place).2, at));
            }
        }
        _ => {}
    };
    start(arm, seed, TieBreak::ByRank).advance(Until::END, Some(&mut observer as &mut dyn Observer<Record>));
    strikes.extend(on.into_iter().map(|(.., at)| (at, SimTime::MAX)));
    strikes
}

/// The worst outage of those outside of these strikes.
fn of_failures(users: &Users<'_>, plan: &Plan, strikes: &[(SimTime, SimTime)]) -> Shown {
    let bin = plan.clockwork.bin.as_nanos().max(1);
    let bin_of = |at: SimTime| at.as_nanos() / bin;
    let is_calm =
        |call: &&UserCall| !strikes.iter().any(|(from, until)| bin_of(*from) <= bin_of(call.began) && bin_of(call.began) <= bin_of(*until));
    let mut failed: Vec<UserCall> = users.failed.iter().filter(is_calm).copied().collect();
    failed.sort_by_key(|call| (call.began, call.ended));
    let outages: Vec<&[UserCall]> = failed.chunk_by(|a, b| bin_of(b.began) - bin_of(a.began) <= 1).collect();
    // Of equal ones the first.
    let worst = outages.iter().copied().reduce(|kept, next| if next.len() > kept.len() { next } else { kept });
    let Some(outage) = worst else { return Shown::whole_run("no call that counts failed: what is missing was not made, or has no end") };
    let first = outage.iter().min_by_key(|call| call.ended).unwrap_or(&outage[0]);
    let beside = if strikes.is_empty() { "" } else { " outside the faults" };
    let why = match (failed.len(), outages.len()) {
        (1, _) => format!("the one call that failed{beside}"),
        (all, 1) => format!("the call that failed first of the {all} that failed{beside}, all in one outage {}", span(outage)),
        (all, many) => format!(
            "{all} calls failed{beside}, in {many} outages; the worst, with {} of them, is that of calls made {}; this call failed first in it",
            outage.len(),
            span(outage)
        ),
    };
    Shown::call(first, why)
}

/// When the calls of an outage were made.
fn span(outage: &[UserCall]) -> String {
    let [from, until] = [&outage[0], &outage[outage.len() - 1]].map(|call| instant(call.began.as_nanos()));
    format!("from {from} to {until}")
}

/// The longest time with too few members.
fn of_uptime(users: &Users<'_>, arm: &ArmPlan, seed: u64, bounds: &UptimeBounds) -> Shown {
    let members = arm.plan.fleets().into_iter().find(|(name, _)| *name == bounds.of).map_or(0, |(_, members)| members);
    let wanted = bounds.members.of(members);
    let times = too_few(arm, seed, &bounds.of, wanted);
    let longest = times.iter().reduce(|kept, next| if next.length() > kept.length() { next } else { kept });
    let Some(TooFew { from, until, down }) = longest.filter(|_| bounds.at_least.is_some()) else { return Shown::whole_run(WHOLE) };
    let down: Vec<String> = down.iter().map(|(member, since)| format!("{member} is down since {}", instant(since.as_nanos()))).collect();
    let how_often = match times.len() {
        1 => "once".to_owned(),
        many => format!("{many} times, {} in all; the longest is", length(times.iter().map(TooFew::length).sum())),
    };
    let when = format!("from {} to {}", instant(from.as_nanos()), instant(until.as_nanos()));
    let seen = format!("fewer than {wanted} of {members} members of {} are up {how_often} {when}: {}", bounds.of, down.join(", "));
    // What was under way before may have failed for another reason.
    match users.failed.iter().find(|call| (*from..=*until).contains(&call.began)) {
        Some(call) => Shown::call(call, format!("{seen}; of the calls made meanwhile this one failed first")),
        None => Shown {
            shows: Shows::Moment(from.as_nanos()),
            why: format!("{seen}; no call that was made meanwhile failed, and this is what led to its begin"),
        },
    }
}

/// The last call that failed.
fn of_last(users: &Users<'_>) -> Shown {
    match (users.failed.last(), users.slowest) {
        (Some(call), _) => {
            let count = users.failed.len();
            Shown::call(
                call,
                format!("the last of the {count} calls that failed: nothing has come back until the end, and it shows why not"),
            )
        }
        (None, Some(call)) => {
            Shown::call(&call, "no call failed, but too few were answered in time; the call that took longest".to_owned())
        }
        (None, None) => Shown::whole_run("no call that counts has ended"),
    }
}

/// By the name of a measure: what calls show it, if calls do.
fn of_measure(bounds: &MeasureBounds, users: &Users<'_>, plan: &Plan) -> Option<Shown> {
    let name = bounds.of.as_str();
    let is_any = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let told = |call: Option<UserCall>, why: &str| call.map(|call| Shown::call(&call, why.to_owned()));
    let too_much = bounds.at_most.is_some();
    if too_much && is_any(&["latency ", "completion time"]) {
        return told(users.slowest, "the call that succeeded and took longest");
    }
    if too_much && is_any(&["failure latency "]) {
        return told(users.slowest_failed(), "the call that failed and took longest");
    }
    if too_much && is_any(&["attempts", "retries of ", "offered load"]) {
        return told(users.busiest, "the call for which most attempts were made");
    }
    let of_success = ["availability", "success of ", "goodput", "successful calls", "throughput"];
    if !too_much && is_any(&of_success) || too_much && is_any(&["downtime", "calls lost", "relapses"]) {
        return Some(of_failures(users, plan, &[]));
    }
    if too_much && is_any(&["recovery time", "stuck"]) {
        return Some(of_last(users));
    }
    // Anything else that has a name in every run is a mean, a share or a sum over all of it.
    crate::measures::Measure::named(name).map(|_| Shown::whole_run(WHOLE))
}

/// The instant at which what is counted up came to be too much.
fn of_turning(judge: &Judge, arm: &ArmPlan, seed: u64, broken: &Failure) -> Shown {
    let mut judge = judge.clone();
    let breaks = |run: &crate::run::Run| judge.failures(seed, Ok(run)).iter().any(|failure| failure.is_like(broken));
    match turning(arm, seed, breaks) {
        Some(at) => {
            let why = format!("as far as the run has come then, it breaks this from {} on", instant(at.as_nanos()));
            Shown { shows: Shows::Moment(at.as_nanos()), why }
        }
        None => Shown::whole_run("it is broken from the first event on, or nothing has come to be what is wanted: no instant shows that"),
    }
}
