//! Read models behind queues: what they have when, what their readers miss, and what messages out of order do to them.

use crate::conservation::config;
use crate::faults::instants;
use crate::*;
use models::brokers::{AfterFailure, AnyBroker, Broker, Consume, Every, Order, Redelivery, Router, Rule, Topic};
use models::faults::Pause;
use models::measure::Fold;
use models::outcome::Outcome;
use models::record::CallName;
use models::services::data::{Data, Writes};
use models::services::{For, ReadModel, Task};
use models::workloads::{Class, Classes, Keys};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn observed(ended: &Ended, name: &str, fold: Fold) -> Option<u64> {
    let found = ended.measures.observations.iter().find(|observation| observation.name == name && observation.fold == fold);
    found.map(|one| u64::try_from(one.value).expect("it is not negative"))
}

fn count(ended: &Ended, what: &str) -> u64 {
    observed(ended, &format!("listing: {what}"), Fold::Sum).expect("it is observed")
}

fn lag(ended: &Ended) -> Option<SimDuration> {
    observed(ended, "listing: lag", Fold::Most).map(SimDuration::from_nanos)
}

fn queue() -> Broker {
    Broker { store: Distribution::Constant(SimDuration::ZERO), ..Broker::new("queues") }
}

/// Everybody calls `front`: half of the calls are edits, which go to the catalogue, and the others looks, which go to the listing, of which
/// messages in the queue `edits` tell. Every way takes 1 ms, and edits 1 ms; the work of the listing takes this long.
fn system(arrivals: Arrivals, work: Distribution, consume: Consume) -> SystemSpec {
    let at = |domain: &str| Placement(vec![domain.to_owned()]);
    let by_class = For {
        class: vec!["edit".to_owned()],
        does: vec![Task::Call("catalogue".to_owned())],
        otherwise: vec![Task::Call("listing".to_owned())],
    };
    let front = Service {
        does: vec![Task::For(by_class)],
        threads: Threads::Released,
        domain: at("server"),
        ..service(Distribution::Constant(SimDuration::ZERO))
    };
    let data =
        Data { writes: Writes::Classes(vec!["edit".to_owned()]), replication: None, optimistic: None, publishes: Some("edits".to_owned()) };
    let catalogue = Service { data: Some(data), domain: at("source"), ..service(Distribution::Constant(ms(1))) };
    let listing = Service {
        read_model: Some(ReadModel { of: "catalogue".to_owned() }),
        consumes: vec![consume],
        domain: at("model"),
        ..service(work)
    };
    let mut people = clients(20, "front", arrivals);
    people.keys = Some(Keys { count: 8, skew: 0.0 });
    let class = |weight| Class { weight, priority: 0 };
    people.classes = Classes::from([("edit".to_owned(), class(1)), ("look".to_owned(), class(1))]);
    let way = |from: &str, to: &str| link(from, to, Distribution::Constant(ms(1)));
    let links =
        [("app", "server"), ("server", "source"), ("server", "model"), ("source", "queues"), ("queues", "model"), ("queues", "queues")];
    let mut spec = SystemSpec {
        clients: vec![("people".to_owned(), people)],
        services: vec![("front".to_owned(), front), ("catalogue".to_owned(), catalogue), ("listing".to_owned(), listing)],
        brokers: vec![("edits".to_owned(), AnyBroker::Broker(queue()))],
        links: links.into_iter().map(|(from, to)| way(from, to)).collect(),
        ..SystemSpec::default()
    };
    spec.clockwork.horizon = SimDuration::from_secs(5);
    spec
}

fn consume() -> Consume {
    Consume { pollers: 4, ..Consume::new("edits") }
}

#[test]
fn a_write_is_read_once_the_work_on_its_message_is_done() {
    let spec = system(poisson(40), Distribution::Constant(ms(20)), Consume { pollers: 50, ..consume() });
    let ended = play(&spec, 1);
    // A way to the queue, a way to the model, and the work there; every piece of work takes at least a nanosecond.
    let lag = lag(&ended).expect("something was written");
    assert!(lag >= ms(22) && lag < ms(23), "{lag}");
    assert_eq!((count(&ended, "writes lacking at the end"), count(&ended, "messages of writes it had")), (0, 0));
    let committed = observed(&ended, "writes committed", Fold::Sum);
    assert!(committed > Some(50) && committed == Some(count(&ended, "writes applied")));
    assert!(count(&ended, "stale reads") < count(&ended, "reads") / 4 && count(&ended, "stale reads") > 0);
}

#[test]
fn a_message_that_is_delivered_twice_or_too_late_changes_nothing() {
    // Hidden for less than the work takes: every message is handed out once more while it is worked on.
    let mut spec = system(poisson(40), Distribution::Constant(ms(100)), Consume { pollers: 50, ..consume() });
    spec.brokers[0].1 = AnyBroker::Broker(Broker { visibility: ms(60), max_receives: Some(2), ..queue() });
    let ended = play(&spec, 1);
    let (applied, known) = (count(&ended, "writes applied"), count(&ended, "messages of writes it had"));
    assert!(known >= applied && applied > 50, "{applied} applied, {known} known");
    assert_eq!(count(&ended, "writes lacking at the end"), 0);
}

#[test]
fn a_write_whose_message_is_lost_is_lacked_until_its_object_is_written_again() {
    let mut spec = system(poisson(40), Distribution::Constant(ms(5)), consume());
    spec.stacks = vec![("catalogue -> edits".to_owned(), vec![timeout(ms(50))])];
    spec.faults = vec![crash("edits", ms(1_000), Some(ms(300)), WhileDown::Refusal)];
    let ended = play(&spec, 2);
    assert_eq!(count(&ended, "writes lacking at the end"), 0, "every object was written again since");
    let missed = observed(&ended, "writes committed", Fold::Sum).unwrap()
        - count(&ended, "writes applied")
        - count(&ended, "messages of writes it had");
    assert!(missed > 2, "{missed} messages never came");
    assert!(lag(&ended) > Some(ms(100)), "what was written again was lacked for long");
    // The last writes of all are never told of.
    spec.faults = vec![crash("edits", ms(4_500), None, WhileDown::Refusal)];
    assert!(count(&play(&spec, 2), "writes lacking at the end") > 0);
}

#[test]
fn a_source_that_dies_between_commit_and_message_has_told_nobody() {
    let mut spec = system(poisson(40), Distribution::Constant(ms(5)), consume());
    // The way to the queue takes long, and the process that waits for the answer is gone before it would try again.
    spec.links[3].delay = Distribution::Constant(ms(200));
    spec.links[3].loss = Share::percent(50);
    spec.stacks = vec![(
        "catalogue -> edits".to_owned(),
        vec![retry(10, AnyBackoff::Immediate(models::strategies::backoff::Immediate {})), timeout(ms(500))],
    )];
    assert_eq!(count(&play(&spec, 4), "writes lacking at the end"), 0);
    spec.faults = vec![crash("catalogue", ms(4_800), None, WhileDown::Refusal)];
    let ended = play(&spec, 4);
    assert!(count(&ended, "writes lacking at the end") > 0);
    assert_eq!(ended.in_use, (0, 0));
}

#[test]
fn messages_tell_of_their_write_through_topics_routers_queues_and_dead_letters() {
    // The catalogue tells a topic, which tells a router, which fills a queue whose consumer cannot work, whose dead letters the listing reads.
    let mut spec = system(poisson(40), Distribution::Constant(ms(5)), Consume::new("dead"));
    let broken = Service {
        consumes: vec![Consume { poison: Share::ALL, ..Consume::new("queue") }],
        domain: Placement(vec!["model".to_owned()]),
        ..service(exponential(ms(1)))
    };
    spec.services.push(("broken".to_owned(), broken));
    let dying = Broker { visibility: ms(50), max_receives: Some(1), dead_letters: Some("dead".to_owned()), ..queue() };
    spec.brokers = vec![
        ("edits".to_owned(), AnyBroker::Topic(Topic::new("queues", &["router"]))),
        ("router".to_owned(), AnyBroker::Router(Router::new("queues", vec![Rule::all_to("queue")]))),
        ("queue".to_owned(), AnyBroker::Broker(dying)),
        ("dead".to_owned(), AnyBroker::Broker(queue())),
    ];
    let ended = play(&spec, 1);
    assert_eq!((count(&ended, "writes lacking at the end"), count(&ended, "writes applied") > 50), (0, true));
    assert!(lag(&ended) > Some(ms(50)));
    // Straight from a topic, over the links.
    let listing = &mut spec.services[2].1;
    listing.consumes.clear();
    spec.services.truncate(3);
    spec.brokers = vec![("edits".to_owned(), AnyBroker::Topic(Topic::new("queues", &["listing"])))];
    let ended = play(&spec, 1);
    assert_eq!((count(&ended, "writes lacking at the end"), count(&ended, "writes applied") > 50), (0, true));
}

#[test]
fn what_others_put_into_the_queue_tells_of_no_write() {
    let mut spec = system(poisson(40), Distribution::Constant(ms(5)), consume());
    spec.clients.push(("others".to_owned(), clients(5, "edits", poisson(50))));
    spec.links.push(link("app", "queues", Distribution::Constant(ms(1))));
    let ended = play(&spec, 1);
    let told = count(&ended, "writes applied") + count(&ended, "messages of writes it had");
    assert_eq!(Some(told), observed(&ended, "writes committed", Fold::Sum));
    assert!(observed(&ended, "edits: messages completed", Fold::Sum) > Some(told + 100));
}

/// A client, and which of its calls.
type Whose = (u32, u32);

/// What a model has and its readers miss, with everything remembered: the newest write of each object that is committed and that is applied.
#[derive(Default)]
struct Oracle {
    /// Of each object, in order: who has committed it, and when.
    committed: BTreeMap<u64, Vec<(Whose, SimTime)>>,
    /// The number of writes of each object up to the newest that is applied.
    applied: BTreeMap<u64, usize>,
    reads: u64,
    stale: u64,
    missed: u64,
}

impl Oracle {
    fn of(ended: &Ended, seed: u64) -> Self {
        let edge = |name: &str| ended.plan.edges.iter().position(|edge| edge.name == name);
        let (edits, looks) = (edge("front -> catalogue"), edge("front -> listing"));
        let told: BTreeSet<usize> = ["edits -> listing", "queue -> listing"].iter().filter_map(|name| edge(name)).collect();
        let objects = ended.plan.populations[0].objects.as_ref().expect("calls are about objects");
        let mut own: BTreeMap<Whose, u64> = BTreeMap::new();
        let mut asked: BTreeMap<Whose, SimTime> = BTreeMap::new();
        let mut oracle = Self::default();
        let whose = |name: &CallName| (name.client, name.ordinal);
        for (at, record) in &ended.seen {
            match record {
                Record::CallStarted(name) if name.edge.index() == 0 => {
                    own.insert(whose(name), objects.object(Seed::new(seed).draws(name.key, 1).choice()));
                }
                Record::CallStarted(name) if Some(name.edge.index()) == looks => {
                    asked.insert(whose(name), *at);
                }
                Record::Answered(name, _, Outcome::Success) => {
                    let (edge, name) = (name.call.edge.index(), &name.call);
                    if Some(edge) == edits {
                        oracle.committed.entry(own[&whose(name)]).or_default().push((whose(name), *at));
                    } else if Some(edge) == looks {
                        oracle.read(own[&whose(name)], name.client, asked[&whose(name)]);
                    } else if told.contains(&edge) {
                        oracle.apply(own[&whose(name)], whose(name));
                    }
                }
                _ => {}
            }
        }
        oracle
    }

    fn apply(&mut self, object: u64, write: Whose) {
        let position = self.committed[&object].iter().position(|(of, _)| *of == write).expect("only what was committed is told of");
        let applied = self.applied.entry(object).or_default();
        *applied = (*applied).max(position + 1);
    }

    fn read(&mut self, object: u64, client: u32, asked: SimTime) {
        self.reads += 1;
        let lacking = &self.committed.get(&object).map_or(&[][..], Vec::as_slice)[self.applied.get(&object).copied().unwrap_or_default()..];
        self.stale += u64::from(!lacking.is_empty());
        self.missed += u64::from(lacking.iter().any(|((of, _), at)| *of == client && *at <= asked));
    }

    fn lacking(&self) -> u64 {
        let applied = |object: &u64| self.applied.get(object).copied().unwrap_or_default();
        self.committed.iter().map(|(object, writes)| (writes.len() - applied(object)) as u64).sum()
    }
}

fn some_fault() -> impl Strategy<Value = PlannedFault> {
    let node = || prop_oneof![Just("edits"), Just("queue"), Just("listing"), Just("listing[0]"), Just("catalogue"), Just("front")];
    let domain = || prop_oneof![Just("source"), Just("queues"), Just("model"), Just("server")];
    let window = || (100_u64..1_800, 1_u64..600);
    prop_oneof![
        3 => (node(), window(), any::<bool>()).prop_map(|(node, (at, lasts), refuses)| {
            crash(node, ms(at), Some(ms(lasts)), if refuses { WhileDown::Refusal } else { WhileDown::Silence })
        }),
        2 => (node(), window()).prop_map(|(node, (at, lasts))| slow(node, 10.0, ms(at), Some(ms(lasts)))),
        1 => (node(), window()).prop_map(|(node, (at, lasts))| {
            PlannedFault::once(AnyFault::Pause(Pause { node: Names::one(node), ..Pause::default() }), ms(at), Some(ms(lasts)))
        }),
        2 => (domain(), domain(), window()).prop_filter_map("two domains", |(from, to, (at, lasts))| {
            (from != to).then(|| cut(from, to, true, ms(at), Some(ms(lasts))))
        }),
    ]
}

/// How messages come from the catalogue to the listing.
#[derive(Clone, Copy, Debug)]
enum Way {
    Fetched,
    Pushed,
    Both,
}

fn random() -> impl Strategy<Value = SystemSpec> {
    let way = prop_oneof![2 => Just(Way::Fetched), 1 => Just(Way::Pushed), 2 => Just(Way::Both)];
    let order = prop_oneof![Just(Order::Standard), Just(Order::Fifo), Just(Order::PerKey)];
    let queue_of = (order, 20_u64..500, proptest::option::of(1_u32..20), any::<bool>());
    let consumer = (1_u32..4, 1_u32..4, 1_u32..3, 0_u64..20, 1_u64..60);
    (way, queue_of, consumer, proptest::collection::vec(some_fault(), 0..4), 0_u64..15).prop_map(
        |(way, (order, visibility, limit, durable), (batch, pollers, replicas, poison, work), faults, loss)| {
            let from = if matches!(way, Way::Fetched) { "edits" } else { "queue" };
            let (rest, timeout) = (ms(50), ms(200));
            let consume = Consume {
                batch,
                pollers,
                rest,
                timeout,
                wait: ms(300),
                poison: Share::percent(poison),
                after_failure: AfterFailure::Lapse,
                ..Consume::new(from)
            };
            let mut spec = system(poisson(60), exponential(ms(work)), consume);
            let kept = Broker { order, visibility: ms(visibility), limit, durable, max_receives: Some(4), ..queue() };
            let rule = |to: &str| Rule {
                timeout: ms(300),
                redelivery: Redelivery::Every(Every { wait: ms(20), attempts: Some(5) }),
                ..Rule::all_to(to)
            };
            let listing = &mut spec.services[2].1;
            listing.replicas = replicas;
            match way {
                Way::Fetched => spec.brokers[0].1 = AnyBroker::Broker(kept),
                Way::Pushed => {
                    listing.consumes.clear();
                    spec.brokers[0].1 = AnyBroker::Router(Router::new("queues", vec![rule("listing")]));
                }
                Way::Both => {
                    spec.brokers[0].1 = AnyBroker::Router(Router::new("queues", vec![rule("listing"), rule("queue")]));
                    spec.brokers.push(("queue".to_owned(), AnyBroker::Broker(kept)));
                }
            }
            for link in &mut spec.links[1..] {
                link.loss = Share::percent(loss);
            }
            let again =
                vec![retry(3, AnyBackoff::Constant(models::strategies::backoff::Constant { delay: ms(10) })), self::timeout(ms(100))];
            spec.stacks = vec![
                ("people -> front".to_owned(), vec![self::timeout(ms(500))]),
                ("front -> catalogue".to_owned(), vec![self::timeout(ms(100))]),
                ("front -> listing".to_owned(), vec![self::timeout(ms(100))]),
                ("catalogue -> edits".to_owned(), again),
            ];
            spec.clockwork.horizon = SimDuration::from_secs(2);
            let is_there = |fault: &PlannedFault| !matches!(way, Way::Fetched | Way::Pushed) || !format!("{fault:?}").contains("queue\"");
            spec.faults = faults.into_iter().filter(is_there).collect();
            spec
        },
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_read_model_knows_what_it_lacks_as_exactly_as_who_remembers_everything(spec in random(), seed in 0_u64..1_000, key in any::<u64>()) {
        for ties in [TieBreak::ByRank, TieBreak::Shuffled(key)] {
            let ended = play_with(&spec, seed, ties);
            let oracle = Oracle::of(&ended, seed);
            let committed = oracle.committed.values().map(Vec::len).sum::<usize>() as u64;
            prop_assert_eq!(observed(&ended, "writes committed", Fold::Sum), Some(committed));
            prop_assert_eq!(count(&ended, "reads"), oracle.reads);
            prop_assert_eq!(count(&ended, "stale reads"), oracle.stale);
            prop_assert_eq!(count(&ended, "reads that missed a write of their own client"), oracle.missed);
            prop_assert_eq!(count(&ended, "writes lacking at the end"), oracle.lacking());
            prop_assert_eq!(ended.in_use, (0, 0), "everything has drained, but records are in use");
            let again = play_with(&spec, seed, ties);
            prop_assert_eq!(ended.digest, again.digest);
            prop_assert_eq!(&ended.measures, &again.measures);
        }
    }

    #[test]
    fn without_faults_a_model_has_everything_in_the_end(spec in random(), seed in 0_u64..1_000) {
        let mut spec = spec;
        spec.faults.clear();
        for link in &mut spec.links {
            link.loss = Share::NONE;
        }
        for (_, broker) in &mut spec.brokers {
            if let AnyBroker::Broker(queue) = broker {
                (queue.limit, queue.max_receives) = (None, None);
            }
        }
        spec.services[2].1.consumes.iter_mut().for_each(|consume| consume.poison = Share::NONE);
        let ended = play(&spec, seed);
        prop_assert_eq!(count(&ended, "writes lacking at the end"), 0);
        prop_assert!(count(&ended, "writes applied") > 0);
    }
}

#[test]
fn random_systems_miss_own_writes_lose_messages_and_tell_twice() {
    // The law above says something only if everything it speaks of happens.
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::new(config());
    let (mut missed, mut lacking, mut known) = (0, 0, 0);
    for seed in 0..60 {
        let ended = play(&random().new_tree(&mut runner).expect("a system is made").current(), seed);
        missed += u64::from(count(&ended, "reads that missed a write of their own client") > 0);
        lacking += u64::from(count(&ended, "writes lacking at the end") > 0);
        known += u64::from(count(&ended, "messages of writes it had") > 0);
    }
    assert!(missed > 10 && lacking > 10 && known > 10, "{missed}, {lacking}, {known}");
}

#[test]
fn who_reads_from_a_model_finds_its_reads_among_its_answers() {
    let ended = play(&system(poisson(40), Distribution::Constant(ms(5)), consume()), 3);
    let edge = ended.plan.edges.iter().position(|edge| edge.name == "front -> listing").expect("there is such an edge");
    let answers =
        instants(&ended, |record| matches!(record, Record::Answered(name, _, Outcome::Success) if name.call.edge.index() == edge));
    assert_eq!(answers.len() as u64, count(&ended, "reads"));
}
