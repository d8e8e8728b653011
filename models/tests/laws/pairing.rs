//! Does one strategy, client, service or fault re-roll anything of the others?

use crate::*;
use models::strategies::backoff::{Constant, Decorrelated, EqualJitter, Exponential, FullJitter, Immediate};
use sim_core::draw::Key;
use std::collections::{BTreeMap, BTreeSet};

/// Backoffs of all kinds: with and without draws, and with a memory of their own. That this holds of everything registered is tested
/// where examples can be read, in `scenarios/tests/pairing.rs`.
fn some_backoffs() -> Vec<AnyBackoff> {
    let (base, cap) = (ms(20), ms(500));
    vec![
        AnyBackoff::Immediate(Immediate {}),
        AnyBackoff::Constant(Constant { delay: base }),
        AnyBackoff::Exponential(Exponential { base, cap, multiplier: 2.0 }),
        AnyBackoff::FullJitter(FullJitter { base, cap }),
        AnyBackoff::EqualJitter(EqualJitter { base, cap }),
        AnyBackoff::Decorrelated(Decorrelated { base, cap }),
    ]
}

/// What luck an attempt met. At a server with room for everybody nothing else takes time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Luck {
    node: String,
    request_delay: Option<SimDuration>,
    demand: Option<SimDuration>,
    reply_delay: Option<SimDuration>,
}

/// What a run drew: when each call came and from whom, and the luck of every attempt.
#[derive(Default)]
struct Drawn {
    calls: BTreeMap<Key, (SimTime, u32, u32)>,
    attempts: BTreeMap<(Key, u32), Luck>,
}

impl Drawn {
    fn of(ended: &Ended) -> Self {
        let mut drawn = Self::default();
        let mut last: BTreeMap<(Key, u32), SimTime> = BTreeMap::new();
        for &(at, record) in &ended.seen {
            match record {
                Record::CallStarted(name) => {
                    drawn.calls.insert(name.key, (at, name.client, name.ordinal));
                }
                Record::Sent(name, node) => {
                    let luck = Luck { node: ended.plan.nodes[node.index()].name.clone(), ..Luck::default() };
                    drawn.attempts.insert((name.call.key, name.number), luck);
                    last.insert((name.call.key, name.number), at);
                }
                Record::Started(name, _) | Record::Answered(name, ..) | Record::Delivered(name, ..) | Record::DeliveredLate(name, ..) => {
                    let key = (name.call.key, name.number);
                    let since = Some(at - last[&key]);
                    let luck = drawn.attempts.get_mut(&key).expect("it was sent");
                    match record {
                        Record::Started(..) => luck.request_delay = since,
                        Record::Answered(..) => luck.demand = since,
                        _ => luck.reply_delay = since,
                    }
                    last.insert(key, at);
                }
                _ => {}
            }
        }
        drawn
    }

    /// The calls whose keys belong to these, and their attempts.
    fn only(mut self, calls: &BTreeSet<Key>) -> Self {
        self.calls.retain(|key, _| calls.contains(key));
        self.attempts.retain(|(key, _), _| calls.contains(key));
        self
    }

    /// Attempts that both runs made had the same luck; answers how many these are.
    fn agree(&self, other: &Self) -> usize {
        let shared = self.attempts.iter().filter_map(|(key, luck)| other.attempts.get(key).map(|theirs| (key, luck, theirs)));
        shared.map(|(key, ours, theirs)| assert_eq!(ours, theirs, "attempt {key:?}")).count()
    }
}

/// Three replicas over a link that loses a fifth of all messages.
fn lossy(arrivals: Arrivals, backoff: AnyBackoff) -> SystemSpec {
    let way = Link { loss: Share::percent(20), ..link("app", "server", Distribution::LogNormal { median: ms(10), p99: ms(60) }) };
    let server = Service { replicas: 3, ..service(exponential(ms(5))) };
    let mut spec = pair(clients(40, "server", arrivals), server, way, vec![deadline(ms(5_000)), retry(6, backoff), timeout(ms(80))]);
    spec.clockwork.horizon = SimDuration::from_secs(3);
    spec
}

#[test]
fn another_backoff_changes_no_arrival_no_client_and_no_luck_under_open_load() {
    let drawn: Vec<_> = some_backoffs().into_iter().map(|backoff| Drawn::of(&play(&lossy(poisson(500), backoff), 11))).collect();
    assert!(drawn[0].calls.len() > 1_300 && drawn[0].attempts.len() > drawn[0].calls.len() + 300);
    for other in &drawn[1..] {
        assert_eq!(drawn[0].calls, other.calls);
        let shared = drawn[0].agree(other);
        assert!(shared > drawn[0].calls.len() + 300, "first attempts and many of the retries are shared: {shared}");
    }
}

#[test]
fn the_nth_call_of_a_client_has_the_same_luck_under_closed_load() {
    let runs: Vec<_> = some_backoffs().into_iter().map(|backoff| play(&lossy(closed(exponential(ms(30))), backoff), 12)).collect();
    let drawn: Vec<_> = runs.iter().map(Drawn::of).collect();
    // Client and number of a call say which key it has, in every arm.
    let names: Vec<BTreeMap<_, _>> =
        drawn.iter().map(|drawn| drawn.calls.iter().map(|(key, (_, client, ordinal))| ((*client, *ordinal), *key)).collect()).collect();
    for (other, theirs) in drawn[1..].iter().zip(&names[1..]) {
        assert!(drawn[0].agree(other) > 500);
        let shared = names[0].iter().filter(|(name, key)| theirs.get(*name).is_some_and(|their| their == *key)).count();
        assert_eq!(shared, names[0].keys().filter(|name| theirs.contains_key(*name)).count());
        assert!(shared > 500);
    }
    for other in &runs[1..] {
        let (ours, theirs) = (think_times(&runs[0]), think_times(other));
        let shared = ours.iter().filter(|(key, _)| theirs.contains_key(*key)).map(|(key, think)| assert_eq!(theirs[key], *think)).count();
        assert!(shared > 500, "think times are draws as well");
    }
}

/// How long each client thought after each of its calls.
fn think_times(ended: &Ended) -> BTreeMap<(u32, u32), SimDuration> {
    let mut over: BTreeMap<(u32, u32), SimTime> = BTreeMap::new();
    let mut thought = BTreeMap::new();
    for &(at, record) in &ended.seen {
        match record {
            Record::CallEnded(name, _) => {
                over.insert((name.client, name.ordinal), at);
            }
            Record::CallStarted(name) if name.ordinal > 0 => {
                thought.insert((name.client, name.ordinal - 1), at - over[&(name.client, name.ordinal - 1)]);
            }
            _ => {}
        }
    }
    thought
}

/// Two populations, each with a service of its own, and faults at both.
fn two_worlds() -> SystemSpec {
    let backoff = AnyBackoff::FullJitter(FullJitter { base: ms(20), cap: ms(500) });
    let mut spec = lossy(poisson(300), backoff.clone());
    spec.clients.push(("crowd".to_owned(), clients(9, "shop", closed(exponential(ms(20))))));
    let shop = Service { domain: Placement(vec!["server".to_owned()]), ..service(exponential(ms(8))) };
    spec.services.push(("shop".to_owned(), shop));
    spec.stacks.push(("crowd -> shop".to_owned(), vec![retry(4, backoff), timeout(ms(100))]));
    let (at, lasts, while_down) = (ms(1_000), Some(ms(500)), WhileDown::Silence);
    spec.faults = vec![
        slow("shop", 3.0, ms(500), Some(ms(900))),
        crash("shop", at, lasts, while_down),
        crash("server[1]", ms(1_300), lasts, while_down),
    ];
    spec
}

/// What the population `app` and the service `server` draw.
fn drawn_by_app(spec: &SystemSpec) -> Drawn {
    let ended = play(spec, 21);
    let app = ended.plan.edges.iter().position(|edge| edge.name == "app -> server").expect("it is there");
    let is_app = |(_, record): &(SimTime, Record)| match record {
        Record::CallStarted(name) if name.edge.index() == app => Some(name.key),
        _ => None,
    };
    let calls: BTreeSet<Key> = ended.seen.iter().filter_map(is_app).collect();
    Drawn::of(&ended).only(&calls)
}

#[test]
fn removing_clients_a_service_or_a_fault_leaves_the_draws_of_the_others() {
    let all = two_worlds();
    let reference = drawn_by_app(&all);
    let mut fewer_faults = all.clone();
    fewer_faults.faults.truncate(1);
    fewer_faults.faults.extend(all.faults[2..].iter().cloned());
    let mut alone = all.clone();
    alone.clients.truncate(1);
    alone.services.truncate(1);
    alone.stacks.truncate(1);
    alone.faults = vec![all.faults[2].clone()];
    let mut swapped = all.clone();
    swapped.clients.reverse();
    swapped.services.reverse();
    for (what, other) in [("a fault of another service", fewer_faults), ("everybody else", alone), ("the order of writing", swapped)] {
        let drawn = drawn_by_app(&other);
        assert_eq!(reference.calls, drawn.calls, "{what}");
        assert_eq!(reference.attempts, drawn.attempts, "{what}");
    }
    // Without the fault that strikes it, it has other fortunes, but the same draws.
    let mut unharmed = all.clone();
    unharmed.faults.truncate(2);
    let drawn = drawn_by_app(&unharmed);
    assert_eq!(reference.calls, drawn.calls);
    for (key, luck) in &reference.attempts {
        let Some(theirs) = drawn.attempts.get(key) else { continue };
        assert_eq!(luck.node, theirs.node);
        for (ours, theirs) in
            [(luck.request_delay, theirs.request_delay), (luck.demand, theirs.demand), (luck.reply_delay, theirs.reply_delay)]
        {
            assert!(ours.is_none() || theirs.is_none() || ours == theirs);
        }
    }
}

#[test]
fn fewer_clients_of_a_population_are_the_same_clients() {
    let of = |count| {
        let mut spec = lossy(closed(exponential(ms(30))), AnyBackoff::Immediate(Immediate {}));
        spec.clients[0].1.count = count;
        Drawn::of(&play(&spec, 12))
    };
    let (many, few) = (of(40), of(39));
    assert_eq!(many.calls.iter().filter(|(_, (_, client, _))| *client < 39).collect::<Vec<_>>(), few.calls.iter().collect::<Vec<_>>());
    assert_eq!(many.agree(&few), few.attempts.len());
}

/// The waits before retries 1, 2, ... of every call, in the order of calls: from the answer of an attempt to the next one.
fn waits(ended: &Ended) -> BTreeMap<Key, Vec<SimDuration>> {
    let mut failed: BTreeMap<Key, SimTime> = BTreeMap::new();
    let mut waits: BTreeMap<Key, Vec<SimDuration>> = BTreeMap::new();
    for &(at, record) in &ended.seen {
        match record {
            Record::Delivered(name, ..) => {
                failed.insert(name.call.key, at);
            }
            Record::Sent(name, _) if name.number > 1 => waits.entry(name.call.key).or_default().push(at - failed[&name.call.key]),
            _ => {}
        }
    }
    waits
}

/// A server that is down for ever and says so: every attempt fails at once.
fn refusing(arrivals: Arrivals, count: u32, backoff: AnyBackoff) -> SystemSpec {
    let way = link("app", "server", Distribution::Constant(ms(1)));
    let mut spec = pair(clients(count, "server", arrivals), service(exponential(ms(5))), way, vec![retry(11, backoff)]);
    spec.faults = vec![crash("server", SimDuration::NANOSECOND, None, WhileDown::Refusal)];
    spec
}

#[test]
fn no_two_of_a_thousand_clients_share_their_jitter() {
    // So long a base that 10,000 waits of whole nanoseconds coincide by chance once in 20,000 tests.
    let (base, cap) = (SimDuration::from_secs(1_000), SimDuration::from_secs(30_000_000));
    for backoff in [
        AnyBackoff::FullJitter(FullJitter { base, cap }),
        AnyBackoff::EqualJitter(EqualJitter { base, cap }),
        AnyBackoff::Decorrelated(Decorrelated { base, cap }),
    ] {
        let waits = waits(&play(&refusing(once(), 1_000, backoff), 4));
        assert_eq!(waits.len(), 1_000);
        let all: Vec<_> = waits.values().flatten().copied().collect();
        assert_eq!(all.len(), 10_000);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "two waits are the same");
    }
}

#[test]
fn concurrent_calls_of_one_client_do_not_share_the_wait_before() {
    let backoff = AnyBackoff::Decorrelated(Decorrelated { base: ms(10), cap: ms(60_000) });
    let mut spec = refusing(poisson(100), 1, backoff.clone());
    spec.clockwork.horizon = SimDuration::from_secs(2);
    let waits = waits(&play(&spec, 6));
    assert!(waits.len() > 150);
    for (key, seen) in waits {
        let mut memory = backoff.fresh();
        for (retry, wait) in (1..).zip(seen) {
            let expected = wait_before(&backoff, &mut memory, retry, Seed::new(6).draws(key, retry + 1).wait());
            assert_eq!(wait, expected, "retry {retry} of {key:?}");
        }
    }
}
