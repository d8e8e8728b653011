//! Where did the time of a call go?
//!
//! At every instant of a call one attempt decides: the one whose answer ended the call while that is under way, else the oldest that is. What
//! is happening to it then is what the call waits for. So the parts add up to the length of the call, whatever overlaps.

use super::story::{AttemptStory, CallStory};
use std::collections::BTreeMap;
use std::fmt;

/// What a call waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A layer of its caller has not let the first attempt out.
    BeforeFirst,
    /// A request travels.
    Request,
    /// A request waits for a worker.
    Queue,
    /// A worker works.
    Service,
    /// A node stands still: a message lies there unheard, a request waits, or the work on it does not go on.
    Still,
    /// What was called for it over this edge.
    Downstream(String),
    /// An answer travels.
    Answer,
    /// An answer that will never come: a message was lost, or the server died.
    Lost,
    /// The time before the next attempt.
    RetryWait,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeforeFirst => f.write_str("before the first attempt, in the layers of the caller"),
            Self::Request => f.write_str("requests on the wire"),
            Self::Queue => f.write_str("in queues"),
            Self::Service => f.write_str("in service"),
            Self::Still => f.write_str("at nodes that stood still"),
            Self::Downstream(edge) => write!(f, "calls over {edge}"),
            Self::Answer => f.write_str("answers on the wire"),
            Self::Lost => f.write_str("waiting for answers that never came"),
            Self::RetryWait => f.write_str("waiting to try again"),
        }
    }
}

/// What happens to an attempt, in spans that follow one another, until its caller knows or has gone.
pub fn spans(attempt: &AttemptStory, until: u64) -> Vec<(u64, u64, Part)> {
    let end = attempt.known().map_or(until, |at| at.min(until));
    let mut spans = Vec::new();
    let mut from = attempt.sent;
    let mut add = |to: u64, part: Part| {
        let to = to.min(end);
        if to > from {
            spans.push((from, to, part));
            from = to;
        }
    };
    for (at, part) in &attempt.stays {
        // Until something else happens, what was going on goes on.
        add(*at, part.clone());
    }
    match attempt.lost {
        Some((at, _)) => {
            add(at, attempt.last.clone());
            add(end, Part::Lost);
        }
        None => add(end, attempt.last.clone()),
    }
    spans.into_iter().flat_map(|span| cut_out(span, attempt)).collect()
}

/// Time in service in which something was called is time of that call, whether its node stood still then or not.
fn cut_out((from, until, part): (u64, u64, Part), attempt: &AttemptStory) -> Vec<(u64, u64, Part)> {
    if !matches!(part, Part::Service | Part::Still) {
        return vec![(from, until, part)];
    }
    let (mut spans, mut at) = (Vec::new(), from);
    let mut children: Vec<&CallStory> = attempt.children.iter().collect();
    children.sort_by_key(|child| child.began);
    for child in children {
        let (begin, end) = (child.began.max(at), child.ended.as_ref().map_or(until, |(at, _)| *at).min(until));
        if begin >= end {
            continue;
        }
        if begin > at {
            spans.push((at, begin, part.clone()));
        }
        spans.push((begin, end, Part::Downstream(child.edge().to_owned())));
        at = end;
    }
    if at < until {
        spans.push((at, until, part));
    }
    spans
}

/// How long a call waited for what: parts that add up to its length, the longest first.
pub fn of_call(call: &CallStory, until: u64) -> Vec<(Part, u64)> {
    let end = call.ended.as_ref().map_or(until, |(at, _)| *at);
    let told: Vec<Vec<(u64, u64, Part)>> = call.attempts.iter().map(|attempt| spans(attempt, end)).collect();
    let mut instants: Vec<u64> = told.iter().flatten().flat_map(|(from, to, _)| [*from, *to]).chain([call.began, end]).collect();
    instants.sort_unstable();
    instants.dedup();
    let first = call.attempts.iter().map(|attempt| attempt.sent).min().unwrap_or(end);
    let decides = call.attempts.iter().position(|attempt| attempt.heard.as_ref().is_some_and(|(at, _)| *at == end));
    let mut sums: BTreeMap<Part, u64> = BTreeMap::new();
    for pair in instants.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        if from < call.began || to > end {
            continue;
        }
        let doing =
            |index: usize| told[index].iter().find(|(begin, until, _)| *begin <= from && *until >= to).map(|(.., part)| part.clone());
        let part = decides.and_then(doing).or_else(|| (0..told.len()).find_map(doing));
        let part = part.unwrap_or(if from < first { Part::BeforeFirst } else { Part::RetryWait });
        *sums.entry(part).or_default() += to - from;
    }
    let mut sums: Vec<(Part, u64)> = sums.into_iter().collect();
    sums.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(sent: u64) -> AttemptStory {
        AttemptStory { number: 1, sent, last: Part::Request, ..AttemptStory::default() }
    }

    #[test]
    fn the_parts_of_a_call_add_up_to_its_length() {
        let first = AttemptStory { gone: Some(50), ..attempt(10) };
        let second = AttemptStory {
            stays: vec![(75, Part::Request), (80, Part::Queue), (110, Part::Service)],
            last: Part::Answer,
            heard: Some((115, "ok".to_owned())),
            children: vec![CallStory {
                name: "b -> c #1.0".to_owned(),
                began: 85,
                ended: Some((95, "ok".to_owned())),
                ..CallStory::default()
            }],
            ..attempt(70)
        };
        let call = CallStory {
            name: "a -> b #1.0".to_owned(),
            began: 5,
            ended: Some((115, "ok".to_owned())),
            attempts: vec![first, second],
            ..CallStory::default()
        };
        let parts: BTreeMap<Part, u64> = of_call(&call, 1_000).into_iter().collect();
        let expected = [
            (Part::BeforeFirst, 5),
            (Part::Request, 45),
            (Part::Queue, 5),
            (Part::Service, 20),
            (Part::Downstream("b -> c".to_owned()), 10),
            (Part::Answer, 5),
            (Part::RetryWait, 20),
        ];
        assert_eq!(parts, expected.into_iter().collect());
        assert_eq!(parts.values().sum::<u64>(), 110);
    }

    #[test]
    fn what_is_called_counts_while_its_caller_stands_still() {
        let inner = CallStory { name: "b -> c #1.0".to_owned(), began: 30, ended: Some((60, "ok".to_owned())), ..CallStory::default() };
        let attempt = AttemptStory {
            stays: vec![(15, Part::Request), (20, Part::Still), (40, Part::Service), (80, Part::Still), (90, Part::Service)],
            last: Part::Answer,
            heard: Some((100, "ok".to_owned())),
            children: vec![inner],
            ..attempt(10)
        };
        let call = CallStory { began: 10, ended: Some((100, "ok".to_owned())), attempts: vec![attempt], ..CallStory::default() };
        let parts: BTreeMap<Part, u64> = of_call(&call, 1_000).into_iter().collect();
        let expected =
            [(Part::Request, 5), (Part::Still, 25), (Part::Service, 20), (Part::Downstream("b -> c".to_owned()), 30), (Part::Answer, 10)];
        assert_eq!(parts, expected.into_iter().collect());
    }

    #[test]
    fn an_answer_that_is_lost_is_waited_for_in_vain() {
        let lost = AttemptStory { lost: Some((30, "cut".to_owned())), gone: Some(100), ..attempt(10) };
        let call = CallStory { began: 10, ended: Some((100, "timeout".to_owned())), attempts: vec![lost], ..CallStory::default() };
        assert_eq!(of_call(&call, 1_000), [(Part::Lost, 70), (Part::Request, 20)]);
    }

    #[test]
    fn of_two_attempts_at_once_the_one_that_ended_the_call_decides_and_before_it_the_older() {
        let slow = AttemptStory { stays: vec![(20, Part::Request)], last: Part::Queue, gone: Some(60), ..attempt(10) };
        let fast = AttemptStory {
            stays: vec![(50, Part::Request), (55, Part::Service)],
            last: Part::Answer,
            heard: Some((60, "ok".to_owned())),
            ..attempt(40)
        };
        let call = CallStory { began: 10, ended: Some((60, "ok".to_owned())), attempts: vec![slow, fast], ..CallStory::default() };
        let parts: BTreeMap<Part, u64> = of_call(&call, 60).into_iter().collect();
        assert_eq!(parts, [(Part::Request, 20), (Part::Queue, 20), (Part::Service, 5), (Part::Answer, 5)].into_iter().collect());
    }
}
