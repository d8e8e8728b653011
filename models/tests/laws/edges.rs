//! Who tried again over which edge, beside others or after them, and who got how much?

use crate::*;
use models::outcome::{Failure, Outcome};
use models::strategies::backoff::Immediate;
use models::strategies::hedge::AfterDelay;
use models::strategies::{Fallback, Hedge, Makeshift};
use sim_core::draw::Key;
use std::collections::{BTreeMap, BTreeSet};

/// Clients that ask too much of a server with a short queue, and try again.
fn crowded(stack: Vec<Layer>) -> SystemSpec {
    let way = link("app", "server", exponential(ms(4)));
    let server = Service { workers: 2, queue: Queue::Fifo(Fifo { limit: Some(3), ..Fifo::default() }), ..service(exponential(ms(10))) };
    let mut spec = pair(clients(30, "server", poisson(260)), server, way, stack);
    spec.clients[0].1.counts_each = true;
    spec.links[0].loss = Share::percent(3);
    spec.clockwork.horizon = SimDuration::from_secs(10);
    spec
}

fn retries() -> Layer {
    retry(4, AnyBackoff::Immediate(Immediate {}))
}

/// Retries, hedges and answers that shed, found out from records alone: what is sent while nothing of its call is waited for is a retry.
fn recounted(ended: &Ended) -> (u64, u64, u64) {
    let mut waited: BTreeMap<Key, BTreeSet<u32>> = BTreeMap::new();
    let (mut retries, mut hedges, mut shed) = (0, 0, 0);
    for (_, record) in &ended.seen {
        match record {
            Record::Sent(name, _) => {
                let open = waited.entry(name.call.key).or_default();
                retries += u64::from(name.number > 1 && open.is_empty());
                hedges += u64::from(!open.is_empty());
                open.insert(name.number);
            }
            Record::Delivered(name, _, outcome) => {
                shed += u64::from(*outcome == Outcome::Failed(Failure::Overload));
                waited.entry(name.call.key).or_default().remove(&name.number);
            }
            Record::Abandoned(name, _) => {
                waited.entry(name.call.key).or_default().remove(&name.number);
            }
            _ => {}
        }
    }
    (retries, hedges, shed)
}

#[test]
fn retries_and_hedges_and_first_attempts_are_all_attempts_and_a_recount_agrees() {
    let hedge = || Layer::Hedge(Hedge(AfterDelay { delay: ms(15), copies: 2 }.into()));
    let stacks = [vec![retries(), timeout(ms(40))], vec![hedge(), timeout(ms(80))], vec![retries(), hedge(), timeout(ms(60))]];
    for (stack, has) in stacks.into_iter().zip([(true, false), (false, true), (true, true)]) {
        let mut spec = crowded(stack);
        // Of a lost attempt no record says until when it was waited for.
        spec.links[0].loss = Share::NONE;
        let ended = play(&spec, 3);
        let edge = &ended.measures.edges[0];
        assert_eq!((edge.retries, edge.hedges, edge.shed), recounted(&ended));
        assert_eq!(edge.attempts, edge.calls + edge.retries + edge.hedges, "no layer holds a first attempt back");
        assert_eq!((edge.retries > 100, edge.hedges > 100, edge.shed > 100), (has.0, has.1, true));
    }
}

#[test]
fn a_fallback_is_counted_on_its_edge_as_often_as_an_answer_is_degraded() {
    let makeshift = Layer::Fallback(Fallback { on: None, to: Makeshift::DefaultValue });
    let ended = play(&crowded(vec![makeshift, timeout(ms(40))]), 4);
    let edge = &ended.measures.edges[0];
    assert!(edge.fallbacks > 100 && edge.fallbacks == ended.measures.degraded);
    assert_eq!(edge.failed, 0);
}

#[test]
fn what_each_client_gets_and_tries_is_what_a_recount_says() {
    let mut spec = crowded(vec![retries(), timeout(ms(40))]);
    let ended = play(&spec, 5);
    let (mut successes, mut attempts) = (vec![0_u32; 30], vec![0_u32; 30]);
    for (_, record) in &ended.seen {
        match record {
            Record::CallEnded(name, Outcome::Success) => successes[name.client as usize] += 1,
            Record::Sent(name, _) => attempts[name.call.client as usize] += 1,
            _ => {}
        }
    }
    let fairness = &ended.measures.fairness[0];
    assert_eq!((fairness.population.as_str(), fairness.clients), ("app", 30));
    for (seen, counts) in [(fairness.successes, &successes), (fairness.attempts, &attempts)] {
        assert_eq!((Some(&seen.least), Some(&seen.most)), (counts.iter().min(), counts.iter().max()));
        let (sum, squares) = counts.iter().fold((0.0, 0.0), |(sum, squares), count| {
            let count = f64::from(*count);
            (sum + count, squares + count * count)
        });
        let index = f64::from(seen.jain.expect("there are some")) / 1e9;
        assert!((index - sum * sum / (30.0 * squares)).abs() < 2e-9 && index < 1.0, "{index}");
    }
    // Who does not ask is not counted, and nothing else changes.
    spec.clients[0].1.counts_each = false;
    let other = play(&spec, 5);
    assert!(other.measures.fairness.is_empty() && other.digest == ended.digest);
}
