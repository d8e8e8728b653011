//! How is it told why a call, or a run, fared as it did?
//!
//! Lines of text: what happened, where the time went, attempt by attempt, what was unusual, which faults were on, and what led to the end.

mod faults;
mod parts;
mod unheard;

use faults::{faults_on, faults_since};
use parts::{short, times, unusual};
use scenarios::history::Operation;
use scenarios::trace::{TraceEvent, instant, length, line_of};
use scenarios::why::times::spans;
use scenarios::why::{AttemptStory, CallStory, Collected, FaultSpan, HeardBefore, Moment, Named, Survey};
use sim_core::time::SimDuration;
use std::collections::BTreeMap;
use unheard::unheard;

/// Calls inside calls are told this deep.
const DEEPEST: usize = 6;
/// So many attempts of one call are told one by one.
const MOST_ATTEMPTS: usize = 12;
/// So many causes.
const MOST_CAUSES: usize = 24;

/// Why a call took as long as it did, and ended as it did.
pub fn call(story: &CallStory, collected: &Collected, survey: &Survey) -> Vec<String> {
    let last = survey.last;
    let end = story.ended.as_ref().map_or(last, |(at, _)| *at);
    let mut lines = vec![headline(story, last), String::new(), "where its time went".to_owned()];
    lines.extend(times(story, last));
    lines.push(String::new());
    tell_attempts(story, survey, 0, &mut lines);
    let faults: Vec<&FaultSpan> = survey.faults_between(story.began, end).collect();
    lines.push(String::new());
    lines.extend(faults_on(&faults, story.began, survey));
    if let Some(id) = story.end_id {
        lines.push(String::new());
        lines.push("what led to its end, the latest cause first".to_owned());
        lines.extend(chain(&collected.causes(id)));
    }
    lines.extend(unheard(story, collected));
    if collected.left_out > 0 {
        lines.push(format!("({} more events are about it than are looked at)", collected.left_out));
    }
    lines
}

fn headline(story: &CallStory, last: u64) -> String {
    let tries = match story.attempts.len() {
        1 => "1 attempt".to_owned(),
        many => format!("{many} attempts"),
    };
    match &story.ended {
        Some((at, outcome)) => {
            let how = if outcome == "ok" { "succeeded".to_owned() } else { format!("failed ({outcome})") };
            let took = length(at - story.began);
            format!("{} {how} after {took} and {tries}, from {} to {}; key {}", story.name, instant(story.began), instant(*at), story.key)
        }
        None => {
            let lasts = length(last.saturating_sub(story.began));
            format!("{} began at {} and has not ended {lasts} later, after {tries}; key {}", story.name, instant(story.began), story.key)
        }
    }
}

fn tell_attempts(story: &CallStory, survey: &Survey, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    for attempt in story.attempts.iter().take(MOST_ATTEMPTS) {
        lines.push(format!(
            "{indent}attempt {} to {} at {}: {}",
            attempt.number,
            attempt.server,
            instant(attempt.sent),
            fate(attempt, survey.last)
        ));
        for sentence in unusual(story, attempt, survey) {
            lines.push(format!("{indent}  {sentence}"));
        }
        for child in &attempt.children {
            if depth + 1 >= DEEPEST {
                lines.push(format!("{indent}  and calls inside that, which are not told"));
                break;
            }
            lines.push(format!("{indent}  {}", headline(child, survey.last)));
            tell_attempts(child, survey, depth + 2, lines);
        }
    }
    let more = story.attempts.len().saturating_sub(MOST_ATTEMPTS);
    if more > 0 {
        lines.push(format!("{indent}and {more} more attempts"));
    }
}

fn fate(attempt: &AttemptStory, last: u64) -> String {
    let mut told: Vec<String> =
        spans(attempt, last).iter().map(|(from, to, part)| format!("{} {}", short(part), length(to - from))).collect();
    if let Some((at, why)) = &attempt.lost {
        told.push(format!("lost at {} ({why})", instant(*at)));
    }
    if let Some((_, outcome)) = &attempt.heard {
        told.push(outcome.clone());
    } else if let Some(at) = attempt.gone {
        told.push(format!("given up after {}", length(at - attempt.sent)));
    }
    if let Some((at, outcome)) = &attempt.late {
        told.push(format!("answered too late, at {}: {outcome}", instant(*at)));
    }
    if told.is_empty() { "nothing more is known".to_owned() } else { told.join(", ") }
}

fn chain(causes: &[&TraceEvent<'static>]) -> Vec<String> {
    let mut lines = Vec::new();
    for (place, period, times) in rounds(causes) {
        let (round, rest) = (place + period, place + period * times);
        lines.extend(causes[place..round].iter().map(|event| format!("  because  {}", line_of(event))));
        if times > 1 {
            let begin = instant(causes[rest - 1].at);
            lines.push(format!("           and the same {} times before, from {begin} on", times - 1));
        }
    }
    let place = told(causes).len();
    if place < causes.len() {
        lines.push(format!("  and {} causes before", causes.len() - place));
    } else if causes.last().is_some_and(|last| last.cause.is_some()) {
        lines.push("  and what led to that, which lies too far back to be looked for".to_owned());
    }
    if lines.is_empty() {
        lines.push("  nothing that can be seen".to_owned());
    }
    lines
}

/// The causes that are told, by where they begin, how many they are and how often those come.
fn rounds(causes: &[&TraceEvent<'static>]) -> Vec<(usize, usize, usize)> {
    let (mut rounds, mut place, mut lines) = (Vec::new(), 0, 0);
    while place < causes.len() && lines < MOST_CAUSES {
        let (period, times) = repeated(&causes[place..]);
        rounds.push((place, period, times));
        lines += period + usize::from(times > 1);
        place += period * times;
    }
    rounds
}

/// The causes that are told, one by one or as the same as others.
fn told<'c, 'e>(causes: &'c [&'e TraceEvent<'static>]) -> &'c [&'e TraceEvent<'static>] {
    let end = rounds(causes).last().map_or(0, |(place, period, times)| place + period * times);
    &causes[..end]
}

/// How many causes at the beginning come again and again, three times at least, and how often: a timer and what is said then.
fn repeated(causes: &[&TraceEvent<'static>]) -> (usize, usize) {
    const LONGEST: usize = 4;
    let alike = |a: &TraceEvent<'_>, b: &TraceEvent<'_>| {
        (&a.kind, &a.node, &a.peer, &a.message, &a.what) == (&b.kind, &b.node, &b.peer, &b.message, &b.what)
            && a.says == b.says
            // Attempts of a call are told one by one.
            && a.call.is_none()
            && b.call.is_none()
    };
    let times = |period: usize| {
        let rounds = causes.chunks_exact(period);
        rounds.take_while(|round| round.iter().zip(causes).all(|(event, first)| alike(event, first))).count()
    };
    (1..=LONGEST).map(|period| (period, times(period))).find(|(_, times)| *times >= 3).unwrap_or((1, 1))
}

/// Whether callers made a retry storm, what set it off, and how attempts multiply along the path.
pub fn storm(survey: &Survey) -> Vec<String> {
    let Some(course) = survey.storm.course(&survey.faults, survey.last) else {
        let why = if survey.faults.is_empty() {
            "no fault struck"
        } else {
            "after no fault callers made half as many attempts again for a call, for two seconds"
        };
        return vec![format!("this run has no retry storm: {why}")];
    };
    let (before, peak, finally) = course.amplification;
    let fate = match course.until {
        None => format!("it lasts to the end, with {finally:.2} attempts for a call over the last ten seconds, though {}", over(survey)),
        Some(until) => format!("it is over at {}", instant(until)),
    };
    let again = course.again.map_or_else(String::new, |again| format!(", and there is another one from {} on", instant(again)));
    let set_off = course.from.saturating_sub(course.fault.from);
    let mut lines = vec![
        format!("a retry storm at {}, set off by {} at {}", course.edge, course.fault.name, instant(course.fault.from)),
        format!(
            "from {} on, {} after that, more is tried: in the worst second {peak:.2} attempts for each call that began in it, {before:.2} before the \
             first fault; {fate}{again}",
            instant(course.from),
            length(set_off)
        ),
        String::new(),
        "attempts for a call, edge by edge, and what they come to along the path".to_owned(),
    ];
    lines.extend(amplification(survey, (course.from, course.until.unwrap_or(survey.last))));
    lines
}

fn over(survey: &Survey) -> String {
    let last = survey.faults.iter().map(|fault| fault.until).max_by_key(|until| until.unwrap_or(u64::MAX)).flatten();
    last.map_or("no fault has ended".to_owned(), |at| format!("the last fault was over at {}", instant(at)))
}

/// A line for every edge: attempts for a call before the first fault and during the storm, and what is tried there for a client's call.
fn amplification(survey: &Survey, (from, until): (u64, u64)) -> Vec<String> {
    let storm = &survey.storm;
    let first = survey.faults.iter().map(|fault| fault.from).min().unwrap_or_default();
    let root = storm.edges().first().map_or(1, |edge| storm.between(edge, from, until).calls).max(1);
    let wide = storm.edges().iter().map(|edge| edge.chars().count()).max().unwrap_or_default().max(4);
    let mut lines = vec![format!("  {:<wide$}  {:>7}  {:>7}  {:>7}  {:>16}", "edge", "before", "storm", "failed", "for first call")];
    for edge in storm.edges() {
        let (before, during) = (storm.between(edge, 0, first), storm.between(edge, from, until));
        let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
        let failed = (during.attempts > 0).then(|| during.failed as f64 / during.attempts as f64 * 100.0);
        let failed = failed.map_or("-".to_owned(), |share| format!("{:.0} %", share.min(100.0)));
        let along = format!("{:.2}", during.attempts as f64 / root as f64);
        lines.push(format!(
            "  {edge:<wide$}  {:>7}  {:>7}  {failed:>7}  {along:>16}",
            number(before.amplification()),
            number(during.amplification())
        ));
    }
    lines
}

/// What led to what showed at an instant, and the faults that were on.
pub fn led_to_moment(at: u64, moment: &Moment, survey: &Survey) -> Vec<String> {
    let (mut lines, causes) = chain_of(moment);
    lines.push(String::new());
    lines.extend(faults_since(first_of(&causes).unwrap_or(at), at, &causes, survey));
    lines
}

/// What nodes had made known and what had befallen them by an instant, and the faults that were on.
pub fn until_moment(at: u64, lately: &[TraceEvent<'static>], survey: &Survey) -> Vec<String> {
    let mut lines = vec!["what nodes had made known and what had befallen them by then, the latest first".to_owned()];
    lines.extend(lately.iter().map(|event| format!("           {}", line_of(event))));
    lines.push(String::new());
    lines.extend(faults_on(&survey.faults_between(at, at).collect::<Vec<_>>(), at, survey));
    lines
}

/// The event at which something showed, what it is at odds with, what nodes were about before they stood still, and all their causes; and those of them
/// that are told.
fn chain_of(moment: &Moment) -> (Vec<String>, Vec<&TraceEvent<'static>>) {
    let mut lines = vec!["at which event that showed, and what led to it, the latest cause first".to_owned()];
    let mut all = Vec::new();
    let mut tell = |first: &[u64], lines: &mut Vec<String>| {
        for event in first.iter().filter_map(|id| moment.led.events.get(id)) {
            let causes = moment.led.causes(event.id);
            lines.push(format!("  then     {}", line_of(event)));
            lines.extend(chain(&causes));
            all.push(event);
            all.extend_from_slice(told(&causes));
        }
    };
    tell(moment.showed.as_slice(), &mut lines);
    for (title, first) in [
        ("what that is at odds with, and what led to it", &moment.against),
        ("what nodes had done last before they stood still, and what led to that", &moment.before_still),
    ] {
        if !first.is_empty() {
            lines.extend([String::new(), title.to_owned()]);
            tell(first, &mut lines);
        }
    }
    (lines, all)
}

/// The events that [`moment`] and [`led_to_moment`] tell of, each of those that come again and again once.
pub fn told_of(moment: &Moment, named: &Named) -> BTreeMap<u64, TraceEvent<'static>> {
    let first = moment.showed.iter().chain(&moment.against).chain(&moment.before_still).filter_map(|id| moment.led.events.get(id));
    let chains = first.flat_map(|event| {
        let causes = moment.led.causes(event.id);
        let once: Vec<_> = rounds(&causes).into_iter().flat_map(|(place, period, _)| causes[place..place + period].to_vec()).collect();
        std::iter::once(event).chain(once)
    });
    let heard = moment.heard.since.iter().chain(&moment.heard.messages);
    let all = chains.chain(heard).chain(&named.right).chain(&named.wrong);
    all.map(|event| (event.id, event.clone())).collect()
}

/// When the oldest of these happened.
fn first_of(causes: &[&TraceEvent<'static>]) -> Option<u64> {
    causes.iter().map(|event| event.at).min()
}

/// What led to a violation that no operation shows, and which messages brought what is said of it.
pub fn moment(property: &str, (at, sentence): (u64, &str), moment: &Moment, named: &Named, survey: &Survey) -> Vec<String> {
    let mut lines = vec![format!("{property} is violated at {}: {sentence}", instant(at)), String::new()];
    let (led, causes) = chain_of(moment);
    lines.extend(led);
    let showed = moment.showed.and_then(|id| moment.led.events.get(&id));
    lines.extend(showed.map_or_else(Vec::new, |event| heard_before(event, &moment.heard)));
    lines.extend(named_before(named));
    lines.push(String::new());
    let from = first_of(&causes).unwrap_or(at).min(at.saturating_sub(longest_in(sentence)));
    lines.extend(faults_since(from, at, &causes, survey));
    lines
}

/// The longest time that a sentence speaks of: `knew of no decision for 3.5s`.
fn longest_in(sentence: &str) -> u64 {
    let words: Vec<&str> = sentence.split_whitespace().map(|word| word.trim_end_matches([',', ';'])).collect();
    // `at 8.7s` is an instant, and no length.
    let lengths = (0..words.len()).filter(|place| *place == 0 || words[place - 1] != "at").map(|place| words[place]);
    lengths.filter_map(|word| word.parse::<SimDuration>().ok()).map(SimDuration::as_nanos).max().unwrap_or(0)
}

/// What the node had heard that made something known because it was asked: that, and not the question, is why it says so.
fn heard_before(showed: &TraceEvent<'static>, heard: &HeardBefore) -> Vec<String> {
    if heard.messages.is_empty() {
        return Vec::new();
    }
    let node = showed.node.as_deref().unwrap_or_default();
    let since = match &heard.since {
        Some(before) => {
            let said = [before.what.as_deref(), before.value.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
            format!("since it made known {said} at {}, when it was not yet so", instant(before.at))
        }
        None => "in this life".to_owned(),
    };
    let mut lines = vec![String::new(), format!("what {node} had heard {since}")];
    lines.extend(heard.messages.iter().map(|event| format!("           {}", line_of(event))));
    if heard.left_out > 0 {
        lines.push(format!("           and {} messages before these", heard.left_out));
    }
    lines
}

/// Messages that said what is named, as a part of an answer.
pub fn named_before(named: &Named) -> Vec<String> {
    let told = |title: &str, events: &[TraceEvent<'static>]| {
        let opening = (!events.is_empty()).then(|| vec![String::new(), title.to_owned()]);
        let mut lines = opening.unwrap_or_default();
        lines.extend(events.iter().map(|event| format!("           {}", line_of(event))));
        lines
    };
    let mut lines = told("who had heard of what should have been, and when first", &named.right);
    lines.extend(told("who had heard of what it names, and when first", &named.wrong));
    lines
}

/// What led to a violation: its operations and what was done for their sake.
pub fn violation(
    property: &str,
    (at, sentence): (u64, &str),
    (operations, stories): (&[Operation], &[CallStory]),
    collected: &Collected,
    survey: &Survey,
) -> Vec<String> {
    let mut lines = vec![format!("{property} is violated at {}: {sentence}", instant(at))];
    lines.push(String::new());
    lines.push("what was asked and answered, which cannot be explained together".to_owned());
    lines.extend(scenarios::history::told(operations).into_iter().map(|line| format!("  {line}")));
    let mut causes = Vec::new();
    for story in stories {
        lines.push(String::new());
        lines.push(headline(story, survey.last));
        tell_attempts(story, survey, 1, &mut lines);
        if let Some(id) = story.end_id {
            let led = collected.causes(id);
            lines.extend(chain(&led));
            causes.extend_from_slice(told(&led));
        }
    }
    let from = stories.iter().map(|story| story.began).chain(causes.iter().map(|event| event.at)).min().unwrap_or(at);
    lines.push(String::new());
    lines.extend(faults_since(from, at.max(from), &causes, survey));
    lines
}
