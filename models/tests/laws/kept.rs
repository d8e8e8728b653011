//! What is remembered by object and by replica: caches, coalesced calls, idempotency keys, probes.

use crate::*;
use models::faults::ColdCache;
use models::outcome::{Failure, Outcome};
use models::services::Task;
use models::strategies::cache::{Cache, Claim, Coalesce, Flights, Freshness, GivenRatio, IdempotencyKeys, Joined, Keeps, Keys, Store};
use models::strategies::health::{AnyHealthCheck, EnvoyHealthCheck, Health, KubernetesProbe, ProbeKind, Probed};
use models::strategies::{Scope, Ticket};
use sim_core::draw::{Draw, Key, Seed};
use sim_core::time::{SimDuration, SimTime};

const fn secs(secs: u64) -> SimDuration {
    SimDuration::from_secs(secs)
}

const fn at_s(secs: u64) -> SimTime {
    SimTime::from_nanos(secs * 1_000_000_000)
}

fn draw(ordinal: u64) -> Draw {
    Seed::new(2).draws(Key::named("kept").child(ordinal), 0).share()
}

fn cache(max_objects: u32) -> Cache {
    Cache {
        lifetime: secs(10),
        stale_while_revalidate: secs(5),
        stale_if_error: secs(30),
        hit_ratio: None,
        max_objects,
        per: Scope::Process,
    }
}

#[test]
fn a_full_cache_forgets_the_object_that_was_not_used_for_longest() {
    let rule = cache(2);
    let mut store = rule.fresh();
    for object in [1, 2] {
        rule.answered(&mut store, object, at_s(0));
    }
    assert_eq!(rule.look_up(&mut store, 1, at_s(1)), Freshness::Fresh);
    rule.answered(&mut store, 3, at_s(1));
    assert_eq!([1, 2, 3].map(|object| rule.look_up(&mut store, object, at_s(2))), [Freshness::Fresh, Freshness::Miss, Freshness::Fresh]);
    store.clear();
    assert_eq!((rule.look_up(&mut store, 1, at_s(2)), store.is_empty()), (Freshness::Miss, true));
}

#[test]
fn a_cache_never_keeps_more_than_it_may_and_a_clone_keeps_the_same() {
    let rule = cache(50);
    let mut store = rule.fresh();
    let step = |store: &mut Store, n: u64| {
        let (object, now) = (draw(n).index(200), SimTime::from_nanos(n * 100_000_000));
        let found = rule.look_up(store, object, now);
        if found == Freshness::Miss || found == (Freshness::Stale { refresh: true }) {
            match draw(n).further(1).index(4) {
                0 => drop(rule.failed(store, object, now)),
                _ => rule.answered(store, object, now),
            }
        }
        assert!(store.len() <= 50);
        found
    };
    for n in 0..5_000 {
        step(&mut store, n);
    }
    assert_eq!(store.len(), 50);
    let mut twin = store.clone();
    for n in 5_000..6_000 {
        assert_eq!(step(&mut store, n), step(&mut twin, n));
    }
}

#[test]
fn a_stale_answer_is_fetched_anew_by_one_call_at_a_time() {
    let rule = cache(10);
    let mut store = rule.fresh();
    rule.answered(&mut store, 1, at_s(0));
    let stale = |refresh| Freshness::Stale { refresh };
    assert_eq!([1, 2].map(|_| rule.look_up(&mut store, 1, at_s(12))), [stale(true), stale(false)]);
    rule.failed(&mut store, 1, at_s(13));
    assert_eq!(rule.look_up(&mut store, 1, at_s(14)), stale(true), "the fetch failed: the next call tries");
    rule.answered(&mut store, 1, at_s(14));
    assert_eq!(rule.look_up(&mut store, 1, at_s(23)), Freshness::Fresh);
}

#[test]
fn an_answer_may_be_served_when_the_callee_fails_up_to_its_last_moment() {
    let rule = cache(10);
    let mut store = rule.fresh();
    rule.answered(&mut store, 1, at_s(0));
    assert_eq!(
        (rule.failed(&mut store, 1, at_s(40)), rule.failed(&mut store, 1, at_s(41)), rule.failed(&mut store, 2, at_s(1))),
        (true, false, false)
    );
    let strict = Cache { stale_if_error: SimDuration::ZERO, ..rule };
    assert!(!strict.failed(&mut store, 1, at_s(5)), "nothing was said of errors");
}

#[test]
fn every_call_that_joins_ends_once_and_somebody_always_leads() {
    let mut flights = Flights::default();
    // Objects by leader, and tickets that have neither ended nor been given up.
    let mut leaders = [None; 5];
    let mut open: Vec<Vec<Ticket>> = vec![Vec::new(); 5];
    for n in 0..5_000 {
        let ticket = Ticket(n);
        let object = draw(n).index(5) as usize;
        match draw(n).further(1).index(4) {
            0 | 1 => {
                let joined = flights.join(object as u64, ticket);
                assert_eq!(joined == Joined::Leads, leaders[object].is_none());
                leaders[object].get_or_insert(ticket);
                open[object].push(ticket);
            }
            2 => {
                if let Some(leader) = leaders[object].take() {
                    let mut ended = flights.ended(object as u64, leader);
                    ended.push(leader);
                    ended.sort_unstable();
                    assert_eq!(ended, std::mem::take(&mut open[object]));
                }
            }
            _ => {
                if open[object].is_empty() {
                    continue;
                }
                let place = draw(n).further(2).index(open[object].len() as u64) as usize;
                let gone = open[object].remove(place);
                let next = flights.give_up(object as u64, gone);
                if leaders[object] == Some(gone) {
                    assert_eq!(next, open[object].first().copied(), "who waits longest leads");
                    leaders[object] = next;
                } else {
                    assert_eq!(next, None);
                }
            }
        }
        assert_eq!(flights.len(), leaders.iter().flatten().count());
    }
    assert_eq!(Coalesce::default().per, Scope::Process);
}

#[test]
fn a_request_is_executed_once_for_each_key_and_its_failure_is_replayed_too() {
    let rule = IdempotencyKeys { ttl: secs(10), max_keys: 100, keeps: Keeps::Results };
    let mut keys = Keys::default();
    assert_eq!([1, 1, 2].map(|parameters| rule.claim(&mut keys, 7, parameters, at_s(0))), [Claim::Execute, Claim::Held, Claim::Mismatch]);
    rule.dropped(&mut keys, 7);
    assert_eq!(rule.claim(&mut keys, 7, 2, at_s(1)), Claim::Execute, "nothing was stored of what was not executed");
    let failed = Outcome::Failed(Failure::ServerError);
    rule.executed(&mut keys, 7, failed.into(), at_s(2));
    rule.dropped(&mut keys, 7);
    assert_eq!(rule.claim(&mut keys, 7, 2, SimTime::from_nanos(11_999_999_999)), Claim::Replay(failed.into()));
    assert_eq!(rule.claim(&mut keys, 7, 2, at_s(12)), Claim::Execute, "it is kept for ten seconds");
    let (rule, mut keys) = (IdempotencyKeys { keeps: Keeps::Successes, ..rule }, Keys::default());
    for outcome in [failed, Outcome::Success] {
        assert_eq!(rule.claim(&mut keys, 7, 2, at_s(1)), Claim::Execute, "a failure had no effect");
        rule.executed(&mut keys, 7, outcome.into(), at_s(1));
    }
    assert_eq!(rule.claim(&mut keys, 7, 2, at_s(2)), Claim::Replay(Outcome::Success.into()));
}

#[test]
fn a_server_keeps_no_more_keys_than_it_may() {
    let rule = IdempotencyKeys { ttl: secs(1_000), max_keys: 100, ..IdempotencyKeys::default() };
    let mut keys = Keys::default();
    for key in 0..1_000 {
        assert_eq!(rule.claim(&mut keys, key, 0, at_s(key)), Claim::Execute);
        rule.executed(&mut keys, key, Outcome::Success.into(), at_s(key));
        assert!(keys.len() <= 100);
    }
    assert_eq!(
        (rule.claim(&mut keys, 900, 0, at_s(999)), rule.claim(&mut keys, 899, 0, at_s(999))),
        (Claim::Replay(Outcome::Success.into()), Claim::Execute)
    );
}

fn envoy() -> EnvoyHealthCheck {
    EnvoyHealthCheck {
        timeout: secs(2),
        interval: secs(5),
        unhealthy_threshold: 3,
        healthy_threshold: 2,
        no_traffic_interval: secs(60),
        unhealthy_interval: Some(secs(9)),
    }
}

#[test]
fn the_first_result_of_an_active_check_decides_alone() {
    for (probed, is_well) in [(Probed::Well, true), (Probed::Silent, false), (Probed::Unexpected, false)] {
        let mut health = Health::new(!is_well);
        assert!(envoy().probed(&mut health, probed));
        assert_eq!(health.is_well(), is_well);
    }
}

#[test]
fn an_unexpected_status_is_believed_at_once_and_silence_after_some_times() {
    let rule = AnyHealthCheck::from(envoy());
    let mut health = Health::new(true);
    let mut states = |results: &[Probed]| {
        results
            .iter()
            .map(|probed| {
                rule.probed(&mut health, *probed);
                health.is_well()
            })
            .collect::<Vec<bool>>()
    };
    use Probed::{Silent, Unexpected, Well};
    assert_eq!(states(&[Well, Silent, Silent, Well, Silent, Silent, Silent]), [true, true, true, true, true, true, false]);
    assert_eq!(states(&[Well, Silent, Well, Well]), [false, false, false, true]);
    assert_eq!(states(&[Unexpected]), [false]);
}

#[test]
fn the_wait_between_active_checks_goes_by_traffic_and_health() {
    let (well, ill) = (Health::new(true), Health::new(false));
    assert_eq!((envoy().wait(&well, true), envoy().wait(&ill, true), envoy().wait(&ill, false)), (secs(5), secs(9), secs(60)));
    let rule = EnvoyHealthCheck { unhealthy_interval: None, ..envoy() };
    assert_eq!(rule.wait(&ill, true), secs(5));
}

#[test]
fn a_kubernetes_probe_counts_results_in_a_row() {
    let rule = KubernetesProbe { success_threshold: 2, ..KubernetesProbe::default() };
    let mut health = rule.fresh();
    assert!(!health.is_well(), "nobody is ready before it was probed");
    let mut states = |results: &[Probed]| {
        results
            .iter()
            .map(|probed| {
                rule.probed(&mut health, *probed);
                health.is_well()
            })
            .collect::<Vec<bool>>()
    };
    use Probed::{Silent, Unexpected, Well};
    assert_eq!(states(&[Well, Silent, Well, Well]), [false, false, false, true]);
    assert_eq!(states(&[Silent, Unexpected, Well, Silent, Unexpected, Silent]), [true, true, true, true, true, false]);
}

#[test]
fn a_probe_that_lasts_longer_than_its_period_delays_the_next() {
    let rule = KubernetesProbe { initial_delay: secs(3), period: secs(5), ..KubernetesProbe::default() };
    assert_eq!((rule.first(at_s(1)), rule.next(at_s(4), at_s(5)), rule.next(at_s(4), at_s(11))), (at_s(4), at_s(9), at_s(11)));
}

#[test]
fn what_makes_no_sense_is_refused_by_the_name_of_its_field() {
    let fields = |complaints: Vec<models::registry::Complaint>| complaints.into_iter().map(|complaint| complaint.field).collect::<Vec<_>>();
    assert_eq!(fields(Cache { lifetime: SimDuration::ZERO, ..cache(0) }.check()), ["lifetime", "max_objects"]);
    assert_eq!(fields(IdempotencyKeys { ttl: SimDuration::ZERO, max_keys: 0, ..IdempotencyKeys::default() }.check()), ["ttl", "max_keys"]);
    let probe = KubernetesProbe { kind: ProbeKind::Liveness, success_threshold: 2, failure_threshold: 0, ..KubernetesProbe::default() };
    assert_eq!(fields(AnyHealthCheck::from(probe).check()), ["failure_threshold", "success_threshold"]);
    let check = EnvoyHealthCheck { interval: SimDuration::ZERO, unhealthy_interval: None, healthy_threshold: 0, ..envoy() };
    assert_eq!(fields(AnyHealthCheck::from(check).check()), ["interval", "unhealthy_interval", "healthy_threshold"]);
}

#[test]
fn an_emptied_cache_of_a_given_ratio_gets_its_objects_back_as_coupons_are_collected() {
    let (seed, of, objects) = (Seed::new(4), Key::named("a layer"), 400_u32);
    let mut given = GivenRatio::full(objects);
    let about = |given: &GivenRatio, n: u64| given.object(Share::percent(80), (&seed, of, Key::named("call").child(n)));
    let mut hits = 0_u32;
    for n in 0..10_000 {
        hits += u32::from(about(&given, n).is_some_and(|object| given.has(object)));
        assert_eq!(about(&given, n), about(&given, n), "a retry is about what its first try was about");
    }
    // Four standard errors of 80 % of 10,000.
    assert!(hits.abs_diff(8_000) < 160, "{hits}");
    assert_eq!(given.len(), 400);
    given.clear();
    assert!(given.is_empty());
    let mut fetched = 0;
    for n in 0..1_000 {
        if let Some(object) = about(&given, n) {
            given.fetched(object, at_s(1));
            fetched += 1;
        }
        if fetched == 400 {
            break;
        }
    }
    // 1 - (1 - 1/m)^n of m objects; the standard deviation of the number of empty boxes is about sqrt(m (e^-1 - 2 e^-2)) = 6.2.
    let expected = 400.0 * (1.0 - sim_core::maths::pow(1.0 - 1.0 / 400.0, 400.0));
    assert!((given.len() as f64 - expected).abs() < 4.0 * 6.2, "{} of {expected}", given.len());
    for object in 0..400 {
        given.fetched(object, at_s(2));
    }
    assert!(given.len() == 400 && (0..400).all(|object| given.has(object)), "it is full again");
}

#[test]
fn a_process_that_starts_again_has_an_empty_cache_and_one_that_is_flushed_has_one_as_well() {
    let cache = Cache {
        lifetime: SimDuration::ZERO,
        stale_while_revalidate: SimDuration::ZERO,
        stale_if_error: SimDuration::ZERO,
        hit_ratio: Some(Share::ALL),
        max_objects: 1_000_000,
        per: Scope::Process,
    };
    let way = link("app", "server", Distribution::Constant(ms(1)));
    let mut spec = pair(clients(1, "server", poisson(100)), service(Distribution::Constant(ms(1))), way, Vec::new());
    spec.services[0].1.replicas = 2;
    spec.services[0].1.does = vec![Task::Call("store".to_owned())];
    spec.services.push(("store".to_owned(), service(Distribution::Constant(ms(1)))));
    spec.stacks = vec![("server -> store".to_owned(), vec![Layer::Cache(cache)])];
    spec.clockwork.horizon = SimDuration::from_secs(30);
    let misses = |spec: &SystemSpec| {
        let ended = play(spec, 3);
        let store = ended.plan.edges.iter().position(|edge| edge.name == "server -> store").unwrap();
        ended.seen.iter().filter(|(_, record)| matches!(record, Record::Sent(name, _) if name.call.edge.index() == store)).count()
    };
    assert_eq!(misses(&spec), 0);
    // One of two replicas, from the tenth second on: 20 s of 50 calls, of which hardly two are about the same.
    spec.faults = vec![crash("server[1]", ms(10_000), Some(ms(1)), WhileDown::Refusal)];
    assert!((850..1_150).contains(&misses(&spec)), "{}", misses(&spec));
    // Even one that dies before it was ever asked.
    spec.faults = vec![crash("server[1]", SimDuration::NANOSECOND, Some(ms(1)), WhileDown::Refusal)];
    assert!((1_350..1_650).contains(&misses(&spec)), "{}", misses(&spec));
    let flush = ColdCache { edge: "server -> store".to_owned() };
    spec.faults = vec![PlannedFault::once(AnyFault::ColdCache(flush), ms(10_000), None)];
    assert!((1_800..2_200).contains(&misses(&spec)), "{}", misses(&spec));
}
