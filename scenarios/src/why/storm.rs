//! How many attempts did callers make, and since when?
//!
//! A *retry storm* (own definition): after a fault has begun, callers make at least half as many attempts again for a call as they did before
//! the first fault, over two seconds or more; it is over when they have not for ten seconds, and *lasts* if they still do when the last fault is over for ten
//! seconds, or at the end. Of several storms at an edge it is the longest, the first of equal ones. Per edge the amplification is attempts / calls, both counted in the second in which they are
//! made: more than a call may make at most, where those of before are tried again; along the path those of the edges multiply.

use super::survey::FaultSpan;
use crate::trace::TraceEvent;
use std::collections::BTreeMap;

const SECOND: u64 = 1_000_000_000;
/// What comes after eleven days counts as of the last second.
const MOST_SECONDS: u64 = 1_000_000;
/// So many times the attempts of before.
const MORE: f64 = 1.5;
/// After a fault is over, what is under way has so long to end.
const SETTLES: u64 = 10 * SECOND;

/// Calls and attempts over an edge in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EdgeLoad {
    /// Calls made.
    pub calls: u64,
    /// Attempts put on the wire.
    pub attempts: u64,
    /// Attempts that were given up, lost, or answered with a failure.
    pub failed: u64,
}

impl EdgeLoad {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.attempts += other.attempts;
        self.failed += other.failed;
    }

    /// Attempts / calls; none without calls.
    pub fn amplification(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.attempts as f64 / self.calls as f64)
    }
}

/// Load of every edge, second by second.
#[derive(Clone, Debug, Default)]
pub struct Storm {
    edges: BTreeMap<String, Vec<EdgeLoad>>,
    /// Nodes that were seen at the other end: what calls and is never called is a population of clients.
    servers: std::collections::BTreeSet<String>,
    order: Vec<String>,
}

/// What became of the attempts of callers.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// The edge at which most is tried again.
    pub edge: String,
    /// The fault that had begun last when it became a storm.
    pub fault: FaultSpan,
    /// From when on callers made so many more attempts, in nanoseconds.
    pub from: u64,
    /// Until when; none if they still did at the end.
    pub until: Option<u64>,
    /// From when on they did so again, later on, if they did.
    pub again: Option<u64>,
    /// Attempts for a call before the first fault, at the highest second, and over the last ten seconds.
    pub amplification: (f64, f64, f64),
}

impl Storm {
    pub(super) fn see(&mut self, event: &TraceEvent<'_>, edge: &str) {
        let what: fn(&mut EdgeLoad) = match event.kind.as_ref() {
            "call" => |load| load.calls += 1,
            "send" => |load| load.attempts += 1,
            "abandon" | "drop" | "turned" | "broken" => |load| load.failed += 1,
            "deliver" if event.outcome.as_deref() != Some("ok") => |load| load.failed += 1,
            _ => return,
        };
        if let (true, Some(server)) = (event.kind == "send", event.peer.as_deref())
            && !self.servers.contains(server)
        {
            self.servers.insert(server.to_owned());
        }
        if !self.edges.contains_key(edge) {
            self.order.push(edge.to_owned());
            self.edges.insert(edge.to_owned(), Vec::new());
        }
        let seconds = self.edges.get_mut(edge).expect("it was put there if it was missing");
        let second = (event.at / SECOND).min(MOST_SECONDS) as usize;
        if seconds.len() <= second {
            seconds.resize(second + 1, EdgeLoad::default());
        }
        what(&mut seconds[second]);
    }

    /// Whether a call is made by somebody whom nobody calls, as far as was seen.
    pub(super) fn is_of_client(&self, event: &TraceEvent<'_>) -> bool {
        event.node.as_deref().is_some_and(|node| !self.servers.contains(node))
    }

    /// The edges, in the order in which they were first used.
    pub fn edges(&self) -> &[String] {
        &self.order
    }

    /// The load of an edge between two instants, by whole seconds.
    pub fn between(&self, edge: &str, from: u64, until: u64) -> EdgeLoad {
        let seconds = self.edges.get(edge).map(Vec::as_slice).unwrap_or_default();
        let (from, until) = ((from / SECOND) as usize, (until.div_ceil(SECOND) as usize).min(seconds.len()));
        let mut sum = EdgeLoad::default();
        seconds.get(from..until).into_iter().flatten().for_each(|load| sum.add(*load));
        sum
    }

    /// The storm, if there is one: that at the edge at which it is greatest.
    pub fn course(&self, faults: &[FaultSpan], last: u64) -> Option<Course> {
        let first = faults.iter().map(|fault| fault.from).min()?;
        let over = faults.iter().map(|fault| fault.until.unwrap_or(last)).max()?;
        let courses = self.order.iter().filter_map(|edge| self.course_at(edge, (first, over, last), faults));
        courses
            .max_by(|left, right| (left.amplification.1 / left.amplification.0).total_cmp(&(right.amplification.1 / right.amplification.0)))
    }

    fn course_at(&self, edge: &str, (first, over, last): (u64, u64, u64), faults: &[FaultSpan]) -> Option<Course> {
        let before = self.between(edge, 0, first / SECOND * SECOND).amplification()?;
        let seconds = &self.edges[edge];
        let is_high = |load: &EdgeLoad| load.calls >= 5 && load.amplification().is_some_and(|now| now >= MORE * before);
        let begin = (first / SECOND) as usize;
        let all: Vec<usize> = (begin..seconds.len()).filter(|second| is_high(&seconds[*second])).collect();
        let storms: Vec<&[usize]> = all.chunk_by(|a, b| (b - a) as u64 * SECOND <= SETTLES).filter(|storm| storm.len() >= 2).collect();
        let longest = storms.iter().map(|storm| storm.len()).max()?;
        let nth = storms.iter().position(|storm| storm.len() == longest)?;
        let high = storms[nth];
        let (start, end) = (*high.first()?, *high.last()?);
        let again = storms.get(nth + 1).map(|next| next[0] as u64 * SECOND);
        // Calls end with the horizon, and what is tried after it belongs to none that is counted.
        let made = seconds.iter().rposition(|load| load.calls >= 5)?;
        let peak = high.iter().filter_map(|second| seconds[*second].amplification()).fold(0.0, f64::max);
        let final_from = (made as u64).saturating_sub(9) * SECOND;
        let finally = self.between(edge, final_from, (made as u64 + 1) * SECOND).amplification().unwrap_or_default();
        let lasts = end + 2 >= made && (made as u64 * SECOND) > over.min(last) + SETTLES && finally >= MORE * before;
        let from = start as u64 * SECOND;
        let fault = faults.iter().filter(|fault| fault.from < from + SECOND).max_by_key(|fault| fault.from)?.clone();
        let until = (!lasts).then_some((end as u64 + 1) * SECOND);
        Some(Course {
            edge: edge.to_owned(),
            fault,
            from: from.max(fault_begin(faults, from)),
            until,
            again,
            amplification: (before, peak, finally),
        })
    }
}

/// A second in which a fault begins is a part of the storm only from then on.
fn fault_begin(faults: &[FaultSpan], second: u64) -> u64 {
    faults.iter().map(|fault| fault.from).filter(|from| (second..second + SECOND).contains(from)).min().unwrap_or(second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::CallOfEvent;

    fn storm(attempts: impl Fn(u64) -> u64) -> Storm {
        let mut storm = Storm::default();
        for second in 0..60 {
            for _ in 0..10 {
                let mut see = |kind: &'static str| {
                    let call = Some(CallOfEvent { name: "a -> b #1.0".into(), ..CallOfEvent::default() });
                    storm.see(&TraceEvent { at: second * SECOND, kind: kind.into(), call, ..TraceEvent::default() }, "a -> b");
                };
                see("call");
                (0..attempts(second)).for_each(|_| see("send"));
            }
        }
        storm
    }

    fn fault() -> Vec<FaultSpan> {
        vec![FaultSpan { name: "Crash".to_owned(), from: 20 * SECOND, until: Some(25 * SECOND), cuts: false }]
    }

    #[test]
    fn a_storm_has_a_fault_a_begin_and_an_end_or_none() {
        assert_eq!(storm(|_| 1).course(&fault(), 60 * SECOND), None);
        assert_eq!(storm(|second| if second < 20 { 1 } else { 3 }).course(&[], 60 * SECOND), None, "without a fault it is no storm");
        let lasts = storm(|second| if second < 21 { 1 } else { 3 }).course(&fault(), 60 * SECOND).expect("it is a storm");
        assert_eq!((lasts.from, lasts.until, lasts.fault.name.as_str()), (21 * SECOND, None, "Crash"));
        assert_eq!(lasts.amplification, (1.0, 3.0, 3.0));
        let passes = storm(|second| if (21..30).contains(&second) { 4 } else { 2 }).course(&fault(), 60 * SECOND).expect("it is a storm");
        assert_eq!((passes.from, passes.until, passes.amplification), (21 * SECOND, Some(30 * SECOND), (2.0, 4.0, 2.0)));
        assert_eq!(passes.again, None);
        let twice = |second| if (21..30).contains(&second) || (45..48).contains(&second) { 4 } else { 2 };
        let twice = storm(twice).course(&fault(), 60 * SECOND).expect("it is a storm");
        assert_eq!(
            (twice.from, twice.until, twice.again),
            (21 * SECOND, Some(30 * SECOND), Some(45 * SECOND)),
            "fifteen calm seconds end it"
        );
    }
}
