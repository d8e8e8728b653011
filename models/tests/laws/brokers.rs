//! What brokers store, hand out, pass on and lose.

use crate::faults::instants;
use crate::*;
use models::brokers::{Account, AfterFailure, AnyBroker, Broker, Consume, Every, Order, Redelivery, Router, Rule, Topic};
use models::faults::Pause;
use models::outcome::Outcome;
use models::record::FIRST_POLL;

/// A queue in the domain `server`, stored in no time.
pub(crate) fn queue() -> Broker {
    Broker { store: Distribution::Constant(SimDuration::ZERO), ..Broker::new("server") }
}

pub(crate) fn consume(from: &str) -> Consume {
    Consume::new(from)
}

/// Clients call the queue `orders`, from which `worker` fetches; every way takes 10 ms.
pub(crate) fn system(clients: Clients, queue: Broker, consume: Consume, work: Distribution) -> SystemSpec {
    let worker = Service { consumes: vec![consume], domain: Placement(vec!["workers".to_owned()]), ..service(work) };
    let (there, on) = (link("app", "server", Distribution::Constant(ms(10))), link("workers", "server", Distribution::Constant(ms(10))));
    SystemSpec {
        clients: vec![("app".to_owned(), clients)],
        services: vec![("worker".to_owned(), worker)],
        brokers: vec![("orders".to_owned(), AnyBroker::Broker(queue))],
        links: vec![there, on],
        ..SystemSpec::default()
    }
}

/// A run to its end, and what became of messages.
pub(crate) fn played(spec: &SystemSpec, seed: u64, ties: TieBreak) -> (Ended, Vec<(String, Account)>) {
    let plan = plan_of(spec);
    let mut simulation = start(&plan, Nobody, seed, ties);
    assert_eq!(simulation.run_until(SimTime::MAX, MOST_EVENTS, None), Stop::Finished, "the run came to no end");
    let accounts = simulation.into_model().messages();
    (finish(start(&plan, Nobody, seed, ties)), accounts)
}

fn account_of(spec: &SystemSpec) -> Account {
    played(spec, 1, TieBreak::ByRank).1.swap_remove(0).1
}

/// When work on messages began.
fn begun(ended: &Ended, edge: &str) -> Vec<u64> {
    let edge = ended.plan.edges.iter().position(|known| known.name == edge).expect("there is such an edge");
    let is_begin = |record: &Record| matches!(record, Record::Started(name, _) if name.call.edge.index() == edge);
    instants(ended, is_begin).into_iter().map(|at| at.as_nanos() / 1_000_000).collect()
}

fn one_message(queue: Broker, consume: Consume) -> SystemSpec {
    system(clients(1, "orders", once()), queue, consume, Distribution::Constant(ms(100)))
}

#[test]
fn a_producer_is_answered_when_its_message_is_stored_and_the_message_travels_to_the_consumer_that_asked() {
    let mut queue = queue();
    queue.store = Distribution::Constant(ms(5));
    let ended = play(&one_message(queue, consume("orders")), 1);
    let produced = instants(&ended, |record| matches!(record, Record::CallEnded(name, Outcome::Success) if name.edge.index() == 0));
    // Two nanoseconds: every piece of work takes at least one, that of the broker itself as well.
    assert_eq!(produced, [ms(25) + SimDuration::NANOSECOND]);
    // Ten milliseconds there, five to store, ten to the consumer, whose poll waited.
    assert_eq!(begun(&ended, "orders -> worker"), [25]);
    let account = account_of(&one_message(self::queue(), consume("orders")));
    assert_eq!((account.stored, account.deliveries, account.deleted, account.progress.completed), (1, 1, 1, 1));
    // Ten milliseconds there and ten on, and 100 of work.
    assert_eq!(account.progress.latency.as_nanos() / 1_000_000, 120);
}

#[test]
fn a_message_that_always_fails_is_delivered_at_0_30_60_and_is_a_dead_letter_at_90() {
    let poison = Consume { poison: Share::ALL, ..consume("orders") };
    let spec = one_message(Broker { max_receives: Some(3), ..queue() }, poison);
    let ended = play(&spec, 1);
    let begun = begun(&ended, "orders -> worker");
    assert_eq!(begun.iter().map(|at| at - begun[0]).collect::<Vec<_>>(), [0, 30_000, 60_000]);
    let dead = instants(&ended, |record| matches!(record, Record::Announced(_, "message dead-lettered", _)));
    assert_eq!(dead.iter().map(|at| at.as_nanos() / 1_000_000 + 10 - begun[0]).collect::<Vec<_>>(), [90_000]);
    let account = account_of(&spec);
    assert_eq!((account.dead_lettered, account.deleted, account.deliveries, account.progress.failed), (1, 0, 3, 3));
}

#[test]
fn a_message_that_is_given_back_comes_again_at_once_and_goes_to_the_queue_of_dead_letters() {
    let poison = Consume { poison: Share::ALL, after_failure: AfterFailure::Return, ..consume("orders") };
    let mut spec = one_message(Broker { max_receives: Some(3), dead_letters: Some("dead".to_owned()), ..queue() }, poison);
    spec.brokers.push(("dead".to_owned(), AnyBroker::Broker(queue())));
    spec.links.push(link("server", "server", Distribution::Constant(ms(1))));
    let (ended, accounts) = played(&spec, 1, TieBreak::ByRank);
    // After 100 ms of work: back to the broker, and on to the consumer again, that asked meanwhile or asks then.
    let begun = begun(&ended, "orders -> worker");
    assert!(begun.len() == 3 && begun.windows(2).all(|pair| (120..150).contains(&(pair[1] - pair[0]))), "{begun:?}");
    let of = |name: &str| accounts.iter().find(|(known, _)| known == name).expect("it is kept").1.clone();
    assert_eq!((of("orders").dead_lettered, of("orders dead letters to dead").deleted), (1, 1));
    assert_eq!((of("dead").stored, of("dead").waiting), (1, 1));
}

#[test]
fn who_is_slower_than_the_visibility_timeout_has_its_message_worked_on_twice() {
    let paused = |replica: &str, knows: bool| {
        let mut spec = one_message(Broker { visibility: ms(150), ..queue() }, consume("orders"));
        spec.services[0].1.replicas = 2;
        spec.services[0].1.idempotency = knows.then(Default::default);
        let pause = AnyFault::Pause(Pause { node: Names::one(replica), domain: Names::default() });
        spec.faults = vec![PlannedFault::once(pause, ms(60), Some(ms(200)))];
        played(&spec, 1, TieBreak::ByRank)
    };
    let replicas = ["worker[0]", "worker[1]"];
    let struck = replicas.into_iter().find(|replica| paused(replica, false).1[0].1.delivered_again > 0).expect("one of the two has it");
    let account = paused(struck, false).1.swap_remove(0).1;
    // The other one is done before the message comes back a second time, and the one that stood still deletes nothing any more.
    assert_eq!((account.deliveries, account.deleted, account.stale), (2, 1, 1), "{account:?}");
    assert_eq!((account.progress.completed, account.progress.completed_again), (1, 1), "{account:?}");
    // A consumer that knows what it has done does it once, and says so when it comes again.
    assert_eq!(begun(&paused(struck, false).0, "orders -> worker").len(), 2);
    let (ended, accounts) = paused(struck, true);
    assert_eq!((begun(&ended, "orders -> worker").len(), accounts[0].1.deleted), (1, 1));
    let turned_back = |one: &&models::measure::Observation| one.name == "requests turned back while being executed";
    assert!(ended.measures.observations.iter().find(turned_back).is_some_and(|one| one.value > 0), "{:?}", ended.measures.observations);
}

#[test]
fn a_retry_whose_message_was_stored_already_is_stored_again_unless_the_broker_knows_it() {
    let lossy = |deduplication| {
        let mut spec =
            system(clients(1, "orders", poisson(20)), Broker { deduplication, ..queue() }, consume("orders"), exponential(ms(5)));
        spec.links[0].back = None;
        spec.links[0].loss = Share::percent(30);
        spec.stacks = vec![(
            "app -> orders".to_owned(),
            vec![retry(8, AnyBackoff::Constant(models::strategies::backoff::Constant { delay: ms(10) })), timeout(ms(50))],
        )];
        spec.clockwork.horizon = SimDuration::from_secs(20);
        let ended = play(&spec, 3);
        (ended.measures.calls, played(&spec, 3, TieBreak::ByRank).1.swap_remove(0).1)
    };
    let (calls, twice) = lossy(None);
    let (same, once) = lossy(Some(SimDuration::from_secs(300)));
    assert_eq!(calls, same);
    assert!(twice.stored > calls && twice.duplicates == 0, "{twice:?}");
    assert!(once.stored <= calls && once.duplicates > 0, "{once:?}");
}

#[test]
fn a_full_broker_refuses_and_keeps_what_it_has() {
    let mut spec = one_message(Broker { limit: Some(3), ..queue() }, consume("orders"));
    spec.clients[0].1 = clients(10, "orders", once());
    spec.services[0].1.demand = Distribution::Constant(SimDuration::from_secs(1));
    let (ended, accounts) = played(&spec, 1, TieBreak::ByRank);
    assert_eq!((accounts[0].1.stored, accounts[0].1.refused), (3, 7));
    assert_eq!(ended.measures.failed.iter().sum::<u64>(), 7);
}

#[test]
fn a_batch_is_worked_on_message_by_message_or_as_one_and_is_poisoned_as_one() {
    let batch = |together| {
        let consume = Consume { batch: 10, together, poison: Share::percent(10), pollers: 1, ..consume("orders") };
        let mut spec = one_message(Broker { max_receives: Some(2), visibility: ms(500), ..queue() }, consume);
        spec.clients[0].1 = clients(60, "orders", once());
        account_of(&spec)
    };
    let (apart, together) = (batch(false), batch(true));
    assert!(apart.is_balanced() && together.is_balanced());
    assert!(apart.dead_lettered > 0 && together.dead_lettered > apart.dead_lettered, "{apart:?} {together:?}");
    assert_eq!(apart.progress.completed + apart.dead_lettered, 60);
}

#[test]
fn an_ordered_queue_never_has_two_messages_of_a_key_in_work_and_keeps_their_order() {
    for order in [Order::Fifo, Order::PerKey] {
        let consume = Consume { batch: 5, pollers: 4, ..consume("orders") };
        let mut spec = system(clients(40, "orders", poisson(60)), Broker { order, ..queue() }, consume, exponential(ms(20)));
        spec.clients[0].1.keys = Some(models::workloads::Keys { count: 5, skew: 0.0 });
        spec.clockwork.horizon = SimDuration::from_secs(3);
        let (ended, accounts) = played(&spec, 5, TieBreak::ByRank);
        assert_eq!(accounts[0].1.deleted, accounts[0].1.stored, "{order:?}");
        let edge = ended.plan.edges.iter().position(|known| known.name == "orders -> worker").expect("there is such an edge");
        let (mut stored, mut begun) = (Vec::new(), Vec::new());
        for (_, record) in &ended.seen {
            match record {
                // The only things that a broker answers to clients are stores.
                Record::Answered(name, _, Outcome::Success) if name.call.edge.index() == 0 => {
                    stored.push((name.call.client, name.call.ordinal));
                }
                Record::Started(name, _) if name.call.edge.index() == edge => begun.push((name.call.client, name.call.ordinal)),
                _ => {}
            }
        }
        if order == Order::Fifo {
            assert_eq!(stored, begun);
        }
        assert_eq!(stored.len(), begun.len());
    }
}

#[test]
fn a_topic_copies_every_message_to_every_subscriber_and_a_router_filters_by_class_and_keeps_its_pace() {
    let topic = Topic::new("server", &["a", "b", "hook"]);
    let mut spec = system(clients(30, "events", once()), queue(), consume("orders"), exponential(ms(5)));
    spec.links.push(link("server", "server", Distribution::Constant(ms(1))));
    spec.services.push(("hook".to_owned(), service(exponential(ms(5)))));
    for name in ["a", "b"] {
        spec.brokers.push((name.to_owned(), AnyBroker::Broker(queue())));
    }
    spec.brokers.push(("events".to_owned(), AnyBroker::Topic(topic)));
    let (ended, accounts) = played(&spec, 1, TieBreak::ByRank);
    let of = |name: &str| accounts.iter().find(|(known, _)| known == name).expect("it is kept").1.clone();
    assert_eq!((of("a").stored, of("b").stored, of("events to hook").progress.completed), (30, 30, 30));
    assert_eq!(begun(&ended, "events -> hook").len(), 30);
    // Passed on at four a second, one after the other.
    let rule = Rule { rate: Some(Rate::per_second(4)), redelivery: Redelivery::Every(Every::default()), ..Rule::all_to("hook") };
    spec.brokers.last_mut().expect("there are some").1 = AnyBroker::Router(Router::new("server", vec![rule]));
    let (ended, _) = played(&spec, 1, TieBreak::ByRank);
    let begun = begun(&ended, "events -> hook");
    assert_eq!(begun.len(), 30);
    assert!(begun.windows(2).all(|pair| pair[1] - pair[0] >= 249), "{begun:?}");
}

#[test]
fn a_consumer_that_dies_forgets_its_messages_which_come_back() {
    let mut spec = one_message(queue(), consume("orders"));
    spec.faults = vec![crash("worker", ms(60), Some(ms(40)), WhileDown::Silence)];
    let ended = play(&spec, 1);
    let begun = begun(&ended, "orders -> worker");
    assert_eq!(begun.iter().map(|at| at - begun[0]).collect::<Vec<_>>(), [0, 30_000]);
    assert_eq!(ended.in_use, (0, 0));
}

#[test]
fn a_durable_broker_has_its_messages_after_a_crash_and_another_one_has_none() {
    for durable in [true, false] {
        let mut spec = one_message(Broker { durable, ..queue() }, consume("orders"));
        spec.clients[0].1 = clients(20, "orders", once());
        spec.services[0].1.workers = 1;
        spec.faults = vec![crash("orders", ms(250), Some(ms(1_000)), WhileDown::Silence)];
        let (ended, accounts) = played(&spec, 1, TieBreak::ByRank);
        let account = &accounts[0].1;
        assert_eq!(ended.in_use, (0, 0));
        assert!(account.is_balanced(), "{account:?}");
        assert_eq!(account.lost == 0, durable, "{account:?}");
        assert_eq!(account.deleted == 20, durable, "{account:?}");
    }
}

#[test]
fn a_system_without_brokers_has_no_polls() {
    let spec = pair(clients(1, "server", once()), service(exponential(ms(5))), link("app", "server", exponential(ms(1))), Vec::new());
    let ended = play(&spec, 1);
    assert!(!ended.seen.iter().any(|(_, record)| matches!(record, Record::CallStarted(name) if name.ordinal >= FIRST_POLL)));
}
