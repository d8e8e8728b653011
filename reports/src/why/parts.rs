//! Where did the time of a call go, and what of it is out of the ordinary?

use scenarios::trace::length;
use scenarios::why::times::{Part, of_call, spans};
use scenarios::why::{AttemptStory, CallStory, Survey};

/// A line for each part, with its share.
pub(super) fn times(story: &CallStory, last: u64) -> Vec<String> {
    let parts = of_call(story, last);
    if parts.iter().all(|(_, nanos)| *nanos == 0) {
        return vec!["  it took no time: a layer of its caller ended it at once".to_owned()];
    }
    let shares = shares(&parts.iter().map(|(_, nanos)| *nanos).collect::<Vec<_>>());
    let line = |((part, nanos), share): (&(Part, u64), u64)| format!("  {:>8}  {share:>3} %  {part}", length(*nanos));
    parts.iter().zip(shares).map(line).collect()
}

/// Shares of a sum in whole per cent, which add up to 100: each rounded down, and those that lose most by it rounded up (the method of largest remainders).
fn shares(parts: &[u64]) -> Vec<u64> {
    let all = parts.iter().map(|part| u128::from(*part)).sum::<u128>().max(1);
    let scaled = |part: u64| u128::from(part) * 100;
    let mut shares: Vec<u64> = parts.iter().map(|part| (scaled(*part) / all) as u64).collect();
    let mut places: Vec<usize> = (0..parts.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(scaled(parts[*place]) % all));
    let missing = 100_u64.saturating_sub(shares.iter().sum()) as usize;
    places.into_iter().take(missing).for_each(|place| shares[place] += 1);
    shares
}

/// What happens to an attempt, in a word.
pub(super) fn short(part: &Part) -> String {
    match part {
        Part::Request => "request".to_owned(),
        Part::Queue => "queued".to_owned(),
        Part::Service => "served".to_owned(),
        Part::Still => "stood still".to_owned(),
        Part::Downstream(edge) => format!("called {}", edge.rsplit(" -> ").next().unwrap_or(edge)),
        Part::Answer => "answer".to_owned(),
        Part::Lost => "nothing".to_owned(),
        Part::BeforeFirst | Part::RetryWait => "waited".to_owned(),
    }
}

/// All the time that an attempt spent in one way, and from when to when.
struct Spent {
    part: Part,
    length: u64,
    from: u64,
    to: u64,
}

fn spent(attempt: &AttemptStory, last: u64) -> Vec<Spent> {
    let mut all: Vec<Spent> = Vec::new();
    for (from, to, part) in spans(attempt, last) {
        match all.iter_mut().find(|spent| spent.part == part) {
            Some(spent) => (spent.length, spent.to) = (spent.length + (to - from), to),
            None => all.push(Spent { part, length: to - from, from, to }),
        }
    }
    all
}

/// Which faults were on between two instants, if any was.
fn while_on(survey: &Survey, from: u64, to: u64) -> Option<String> {
    let on: Vec<&str> = survey.faults_between(from, to).map(|fault| fault.name.as_str()).take(3).collect();
    match on.as_slice() {
        [] => None,
        [only] => Some(format!("while {only} was on")),
        several => Some(format!("while {} were on", several.join(", "))),
    }
}

/// Parts of an attempt that took longer than nearly all of their like in this run, with the faults that were on meanwhile, or what else may be the reason.
pub(super) fn unusual(story: &CallStory, attempt: &AttemptStory, survey: &Survey) -> Vec<String> {
    let edge = story.edge();
    let sentence = |Spent { part, length: took, from, to }: Spent| {
        if part == Part::Still {
            return Some(format!(
                "stood still {}, {}",
                length(took),
                while_on(survey, from, to).unwrap_or_else(|| "with no fault on".to_owned())
            ));
        }
        let usual = survey.usual.of(edge, &part)?;
        let share = usual.unusual(took)?;
        let why = while_on(survey, from, to).unwrap_or_else(|| match part {
            Part::Queue => "with no fault on: others were before it".to_owned(),
            Part::Service if survey.usual.is_to_group(edge) => "with no fault on: its members took so long".to_owned(),
            _ if usual.is_always_alike() => "with no fault on, though nearly all take the same".to_owned(),
            _ => "with no fault on: its draw was unlucky".to_owned(),
        });
        let (what, took, median) = (short(&part), length(took), length(usual.median()));
        let than = if share >= 0.9995 { "nearly all".to_owned() } else { format!("{:.1} % of all", share * 100.0) };
        Some(format!("{what} {took}: longer than {than} over {edge} (median {median}), {why}"))
    };
    spent(attempt, survey.last).into_iter().filter_map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_sum_add_up_to_a_hundred() {
        for (parts, expected) in [
            (vec![25_000_000, 15_000_000], vec![63, 37]),
            (vec![1, 1, 1], vec![34, 33, 33]),
            (vec![340, 10, 10, 5], vec![93, 3, 3, 1]),
            (vec![u64::MAX, u64::MAX], vec![50, 50]),
            (vec![999, 1], vec![100, 0]),
        ] {
            let shares = shares(&parts);
            assert_eq!(shares, expected, "{parts:?}");
            assert_eq!(shares.iter().sum::<u64>(), 100);
        }
    }
}
