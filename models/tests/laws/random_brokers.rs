//! Whatever is asked of brokers, and whatever strikes them, every message is accounted for.

use crate::brokers::{consume, played, queue, system};
use crate::conservation::{config, stack};
use crate::*;
use models::brokers::{Account, AfterFailure, AnyBroker, Broker, Consume, Every, Order, Redelivery, Router, Rule};
use models::environment::OmissionWay;
use models::faults::{Omission, Pause};
use models::services::Task;
use proptest::prelude::*;

fn some_queue() -> impl Strategy<Value = Broker> {
    let limit = proptest::option::of(1_u32..20);
    let order = prop_oneof![Just(Order::Standard), Just(Order::Fifo), Just(Order::PerKey)];
    let window = proptest::option::of((50_u64..2_000).prop_map(ms));
    (limit, order, 20_u64..1_000, 1_u32..4, window.clone(), window, any::<bool>()).prop_map(
        |(limit, order, visibility, most, deduplication, retention, durable)| Broker {
            limit,
            order,
            visibility: ms(visibility),
            max_receives: Some(most),
            deduplication,
            retention,
            durable,
            ..queue()
        },
    )
}

fn some_consume() -> impl Strategy<Value = Consume> {
    (1_u32..6, 1_u32..4, 0_u64..400, any::<bool>(), any::<bool>(), 0_u64..30).prop_map(
        |(batch, pollers, wait, together, returns, poison)| {
            let after_failure = if returns { AfterFailure::Return } else { AfterFailure::Lapse };
            let (rest, timeout) = (ms(50), ms(200));
            Consume {
                batch,
                pollers,
                wait: ms(wait),
                rest,
                timeout,
                together,
                after_failure,
                poison: Share::percent(poison),
                ..consume("orders")
            }
        },
    )
}

fn some_fault() -> impl Strategy<Value = PlannedFault> {
    let node = || prop_oneof![Just("orders"), Just("dead"), Just("events"), Just("worker"), Just("worker[0]"), Just("hook"), Just("front")];
    let domain = || prop_oneof![Just("app"), Just("server"), Just("workers")];
    let window = || (1_u64..1_000, 1_u64..600);
    prop_oneof![
        3 => (node(), window(), any::<bool>()).prop_map(|(node, (at, lasts), refuses)| {
            crash(node, ms(at), Some(ms(lasts)), if refuses { WhileDown::Refusal } else { WhileDown::Silence })
        }),
        1 => (node(), window()).prop_map(|(node, (at, lasts))| slow(node, 5.0, ms(at), Some(ms(lasts)))),
        2 => (node(), window()).prop_map(|(node, (at, lasts))| {
            PlannedFault::once(AnyFault::Pause(Pause { node: Names::one(node), domain: Names::default() }), ms(at), Some(ms(lasts)))
        }),
        1 => (node(), window(), 1_u64..100).prop_map(|(node, (at, lasts), percent)| {
            let (node, domain, peers, kinds) = (Names::one(node), Names::default(), Names::default(), Names::default());
            let omission = Omission { node, domain, way: OmissionWay::Both, share: Share::percent(percent), peers, kinds };
            PlannedFault::once(AnyFault::Omission(omission), ms(at), Some(ms(lasts)))
        }),
        2 => (domain(), domain(), window(), any::<bool>()).prop_filter_map("two domains", |(from, to, (at, lasts), one_way)| {
            (from != to).then(|| cut(from, to, one_way, ms(at), Some(ms(lasts))))
        }),
    ]
}

/// Clients order through `front`, and at once; orders are worked on, and are announced to a hook and a second queue.
fn random() -> impl Strategy<Value = SystemSpec> {
    let late_work = prop_oneof![Just(LateWork::Finish), Just(LateWork::Cancel), Just(LateWork::SkipQueued)];
    let parts = (some_queue(), some_consume(), 1_u32..4, 1_u32..4, late_work, proptest::option::of(0_u32..6));
    let stacks = (stack(), stack(), stack(), stack(), stack());
    let more = (proptest::collection::vec(some_fault(), 0..5), 0_u64..20, 0_u64..10, 10_u64..150);
    (parts, stacks, more).prop_map(|((orders, consume, replicas, workers, late_work, limit), stacks, (faults, loss, copies, rate))| {
        let mut spec = system(
            clients(20, "front", poisson(rate)),
            Broker { dead_letters: Some("dead".to_owned()), ..orders },
            consume,
            exponential(ms(20)),
        );
        spec.clients.push(("direct".to_owned(), clients(5, "orders", poisson(rate))));
        let worker = &mut spec.services[0].1;
        (worker.replicas, worker.workers, worker.late_work, worker.queue) =
            (replicas, workers, late_work, Queue::Fifo(Fifo { limit, ..Fifo::default() }));
        worker.does = vec![Task::Call("events".to_owned())];
        let front = Service { does: vec![Task::Call("orders".to_owned())], ..service(exponential(ms(5))) };
        spec.services.push(("front".to_owned(), front));
        spec.services.push(("hook".to_owned(), service(exponential(ms(10)))));
        let dead = Broker { durable: true, ..queue() };
        spec.brokers.push(("dead".to_owned(), AnyBroker::Broker(dead)));
        let rule = |to: &str| Rule {
            timeout: ms(300),
            rate: Some(Rate::per_second(200)),
            redelivery: Redelivery::Every(Every { wait: ms(20), attempts: Some(5) }),
            ..Rule::all_to(to)
        };
        let rules = vec![rule("hook"), rule("dead")];
        let events = Router { dead_letters: Some("dead".to_owned()), ..Router::new("server", rules) };
        spec.brokers.push(("events".to_owned(), AnyBroker::Router(events)));
        spec.links.push(link("server", "server", Distribution::Constant(ms(1))));
        for link in &mut spec.links {
            (link.loss, link.duplicate) = (Share::percent(loss), Share::percent(copies));
        }
        let names = ["app -> front", "front -> orders", "direct -> orders", "worker -> orders", "orders -> worker"];
        spec.stacks = names.map(str::to_owned).into_iter().zip([stacks.0, stacks.1, stacks.2, stacks.3, stacks.4]).collect();
        // Where nothing travels a full queue refuses at once: what never rests would try again every other nanosecond.
        spec.stacks[4].1.retain(|layer| !matches!(layer, Layer::Retry(retry) if retry.never_rests()));
        spec.stacks.push(("worker -> events".to_owned(), vec![deadline(ms(300))]));
        spec.clockwork.horizon = SimDuration::from_secs(1);
        spec.faults = faults;
        spec
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn brokers_account_for_every_message_and_leave_nothing_in_use(spec in random(), seed in 0_u64..1_000, key in any::<u64>()) {
        for ties in [TieBreak::ByRank, TieBreak::Shuffled(key)] {
            let (ended, accounts) = played(&spec, seed, ties);
            for (name, account) in accounts {
                prop_assert!(account.is_balanced(), "{name}: {account:?}");
                // Only what nobody fetches is left, and what a consumer did not fetch before it was too old is gone.
                prop_assert!(account.in_flight == 0 && (account.waiting == 0 || name == "dead"), "{name}: {account:?}");
                prop_assert!(account.progress.completed <= account.stored);
            }
            let messages = ended.measures.messages;
            prop_assert_eq!(messages.sent + messages.copied, messages.arrived + messages.all_lost());
            prop_assert_eq!(ended.in_use, (0, 0), "everything has drained, but records are in use");
            prop_assert_eq!(ended.measures.unfinished, 0);
            for service in &ended.measures.services {
                prop_assert!(service.adds_up() && service.queued + service.in_service == 0, "{service:?}");
            }
            for edge in &ended.measures.edges {
                prop_assert!(edge.adds_up(), "{edge:?}");
            }
            prop_assert_eq!(&ended.environment, &Environment::new(ended.plan.nodes.len(), ended.plan.topology.routes().len()));
            let again = play_with(&spec, seed, ties);
            prop_assert_eq!(ended.digest, again.digest);
            prop_assert_eq!(&ended.measures, &again.measures);
        }
    }
}

#[test]
fn random_systems_reach_every_fate_of_a_message() {
    // The law above says something only if everything it speaks of happens.
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::new(config());
    let mut all = Account::default();
    for seed in 0..300 {
        let spec = random().new_tree(&mut runner).expect("a system is made").current();
        for (_, account) in played(&spec, seed, TieBreak::ByRank).1 {
            all.deleted += account.deleted;
            all.dead_lettered += account.dead_lettered;
            all.expired += account.expired;
            all.lost += account.lost;
            all.duplicates += account.duplicates;
            all.refused += account.refused;
            all.delivered_again += account.delivered_again;
            all.stale += account.stale;
            all.progress.failed += account.progress.failed;
            all.progress.completed_again += account.progress.completed_again;
        }
    }
    let fates = [all.deleted, all.dead_lettered, all.expired, all.lost, all.duplicates, all.refused, all.delivered_again, all.stale];
    println!("{all:?}");
    assert!(fates.into_iter().chain([all.progress.failed, all.progress.completed_again]).all(|count| count > 30), "{all:?}");
}
