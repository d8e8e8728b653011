//! How does the number of replicas follow what they have to do?

use crate::faults::one_call;
use crate::orchestrator::{clean, drained, observed, restarts};
use crate::*;
use models::faults::LoadSpike;
use models::services::{Autoscale, Discovery, Scaler, Target};
use models::strategies::balance::LeastRequest;
use models::strategies::{Balance, Scope};

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

/// Between two and ten replicas of four workers, of which 60 % should be at work; a new one takes 30 s.
fn scale() -> Autoscale {
    Autoscale {
        min: 2,
        max: 10,
        target: Target::Utilisation(Share::percent(60)),
        every: secs(15),
        start_up: Distribution::Constant(secs(30)),
        tolerance: Share::percent(10),
        stabilisation_up: SimDuration::ZERO,
        stabilisation_down: secs(120),
        cooldown_up: SimDuration::ZERO,
        cooldown_down: SimDuration::ZERO,
        drain: secs(10),
        gone: WhileDown::Silence,
    }
}

/// Forty calls a second of a tenth of a second each, that is four workers at work, and three times as many from 100 s to 300 s.
fn scaled(scale: Autoscale) -> SystemSpec {
    let spike = AnyFault::LoadSpike(LoadSpike { clients: Names::one("app"), factor: 3.0 });
    let mut spec = one_call(vec![timeout(secs(2))], vec![PlannedFault::once(spike, secs(100), Some(secs(200)))]);
    spec.clients[0].1 = clients(50, "server", poisson(40));
    let server = service(Distribution::Constant(ms(100)));
    spec.services[0].1 = Service { replicas: 2, workers: 4, scales: Some(Scaler::Autoscale(Box::new(scale))), ..server };
    spec.clockwork.horizon = secs(600);
    spec
}

/// How many replicas ran, whenever that changed.
fn running(ended: &Ended, at_first: i64) -> Vec<(u64, i64)> {
    let mut count = at_first;
    let change = |(at, record): &(SimTime, Record)| {
        count += match record {
            Record::NodeReturned(_) => 1,
            Record::NodeDied(_) => -1,
            _ => return None,
        };
        Some((at.as_nanos() / 1_000_000_000, count))
    };
    ended.seen.iter().filter_map(change).collect()
}

#[test]
fn a_fleet_grows_with_its_load_and_shrinks_when_the_load_has_been_small_for_long_enough() {
    let ended = play(&scaled(scale()), 1);
    drained(&ended);
    let running = running(&ended, 2);
    // Twelve workers at work are 60 % of twenty, that is of five replicas, and more until what has piled up is done. Nobody knows before a loop has
    // looked, and nobody comes before he has started.
    let most = running.iter().map(|(_, count)| *count).max().expect("the fleet grows");
    assert!((5..=10).contains(&most), "{running:?}");
    assert!((135..=165).contains(&running[0].0), "{running:?}");
    // It is as large as the spike wants it until two minutes after that; whoever goes has ten seconds for it.
    let small = running.iter().find(|(at, count)| *at > 165 && *count < 5).expect("the fleet shrinks");
    assert!((420 + 10..=420 + 45).contains(&small.0), "{running:?}");
    assert!(running.last().is_some_and(|(_, count)| (2..=3).contains(count)), "{running:?}");
    // Nothing that was begun is lost by that: a request takes a tenth of a second.
    let end = |from: u64| ended.seen.iter().filter(move |(at, _)| at.since_start() >= secs(from));
    let lost = end(310).filter(|(_, record)| matches!(record, Record::Dropped(..))).count();
    assert_eq!(lost, 0);
    assert!(observed(&ended, "replicas added") >= 3 && observed(&ended, "replicas removed") >= 3);
}

#[test]
fn the_time_of_all_replicas_is_counted_from_the_order_to_the_end() {
    let still = Autoscale { min: 4, max: 4, ..scale() };
    let ended = play(&scaled(still), 1);
    clean(&ended);
    assert_eq!(observed(&ended, "replica time"), 4 * 600 * 1_000_000_000);
    let ended = play(&scaled(scale()), 1);
    // Two all the time, and no more than ten.
    let time = observed(&ended, "replica time") / 1_000_000_000;
    assert!((2 * 600 + 3 * 200..10 * 600).contains(&time), "{time}");
}

#[test]
fn the_load_meets_the_same_luck_however_many_serve_it() {
    let calls = |ended: &Ended| -> Vec<(SimTime, u64)> {
        let call = |(at, record): &(SimTime, Record)| match record {
            Record::CallStarted(name) => Some((*at, name.key.bits())),
            _ => None,
        };
        ended.seen.iter().filter_map(call).collect()
    };
    let (few, many) = (play(&scaled(scale()), 3), play(&scaled(Autoscale { min: 5, ..scale() }), 3));
    assert_eq!(calls(&few), calls(&many));
}

#[test]
fn callers_with_an_old_list_call_who_is_gone() {
    let spec = |refresh: Option<u64>| {
        let mut spec = scaled(scale());
        spec.services[0].1.discovery = refresh.map(|refresh| Discovery { refresh: secs(refresh) });
        spec
    };
    let dead = |ended: &Ended| ended.measures.messages.dead;
    let (fresh, fast, slow) = (play(&spec(None), 1), play(&spec(Some(9)), 1), play(&spec(Some(60)), 1));
    [&fresh, &fast, &slow].into_iter().for_each(drained);
    // Who leaves answers for ten seconds more: that is enough for callers who look every nine.
    assert_eq!((dead(&fresh), dead(&fast)), (0, 0));
    assert!(dead(&slow) > 10, "{}", dead(&slow));
}

#[test]
fn a_machine_that_is_lost_is_replaced_by_one_that_stands_by_and_in_a_zone_that_is_there() {
    let mut spec = scaled(Autoscale { min: 6, max: 12, stabilisation_down: secs(1_000), ..scale() });
    let mut watched = restarts();
    (watched.lost_after, watched.replaced_after) = (secs(20), secs(10));
    spec.services[0].1.restarts = Some(Box::new(watched));
    spec.services[0].1.domain = Placement(["server/a", "server/b", "server/c"].map(str::to_owned).to_vec());
    let zone = AnyFault::Crash(Crash { domain: Names::one("server/a"), while_down: WhileDown::Silence, ..Crash::default() });
    spec.faults = vec![PlannedFault::once(zone, secs(50), None)];
    let ended = play(&spec, 1);
    drained(&ended);
    // Two of six are gone; 30 s later two others are started, which takes 30 s, and stand elsewhere.
    let came: Vec<(u64, &str)> = ended
        .seen
        .iter()
        .filter_map(|(at, record)| match record {
            Record::NodeReturned(node) => Some((at.as_nanos() / 1_000_000_000, ended.plan.nodes[node.index()].name.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(came, [(110, "server[7]"), (110, "server[8]")]);
    assert_eq!(running(&ended, 6).last().map(|(_, count)| *count), Some(6));
}

#[test]
fn whatever_happens_to_a_fleet_that_grows_and_shrinks_everything_adds_up() {
    for seed in 1..=4 {
        let balance = Balance {
            policy: LeastRequest::default().into(),
            outliers: None,
            breakers: None,
            health: Some(Box::new(models::strategies::health::KubernetesProbe::default().into())),
            panic_threshold: None,
            zone_aware: None,
            host_selection_retry_max_attempts: 0,
            slow_start: None,
            weights: Vec::new(),
            per: Scope::Process,
        };
        let mut spec = scaled(Autoscale { every: secs(5), stabilisation_down: secs(5), drain: ms(10), ..scale() });
        spec.stacks[0].1.push(Layer::Balance(balance));
        spec.services[0].1.restarts = Some(Box::new(restarts()));
        spec.services[0].1.demand = exponential(ms(100));
        spec.services[0].1.late_work = LateWork::Cancel;
        spec.faults.extend([
            crash("server", secs(120), Some(secs(20)), WhileDown::Silence),
            process::pause("server[2]", 200_000, 30_000),
            crash("server[0]", secs(300), None, WhileDown::Refusal),
            crash("server[1]", secs(300), None, WhileDown::Silence),
        ]);
        let (one, two) = (play(&spec, seed), play(&spec, seed));
        drained(&one);
        assert_eq!(one.digest, two.digest);
        assert!(observed(&one, "replicas removed") > 3);
    }
}
